#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tsan.sh DIR: build core/ and test_site, the test with threads in it, with ThreadSanitizer in DIR and run it.  Ends with
# "N passed, N failed".
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
mkdir -p "$1"
cd "$1"
cc=${CC:-gcc}

flags="-std=c11 -D_GNU_SOURCE -O1 -g -I$top -pthread $(pkg-config --cflags json-c hwloc check)"
# shellcheck disable=SC2046,SC2086 # words
$cc $flags -fsanitize=thread "$here/test_site.c" "$top"/core/*.c $(pkg-config --libs json-c hwloc check) -lm -o test_site
# libcheck forks a process for each test; a report in one of them makes it exit with 66, which libcheck counts.
export WEFT_SRCDIR=$top TSAN_OPTIONS="halt_on_error=1 exitcode=66" CK_VERBOSITY=verbose
if ./test_site > test_site.log 2>&1 && ! grep -q 'WARNING: ThreadSanitizer' test_site.log; then
	echo "ok - test_site under ThreadSanitizer: $(grep '^[0-9]*%:' test_site.log)"
	echo "1 passed, 0 failed"
else
	cat test_site.log
	echo "0 passed, 1 failed"
	exit 1
fi
