#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tsan.sh DIR: build core/, weftd/ and the tests with threads in them, with ThreadSanitizer in DIR and run them.  Ends with
# "N passed, N failed".
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
mkdir -p "$1"
cd "$1"
cc=${CC:-gcc}

packages="json-c hwloc check libcurl sqlite3 libcrypto munge"
# shellcheck disable=SC2086 # words
flags="-std=c11 -D_GNU_SOURCE -O1 -g -I$top -I. -pthread -fsanitize=thread $(pkg-config --cflags $packages)"
# shellcheck disable=SC2086
libs="$(pkg-config --libs $packages) -lm"
echo '#define PACKAGE_VERSION "0"' > weft_config.h
# shellcheck disable=SC2086 # words
for source in "$top"/core/*.c "$top"/weftd/*.c; do
	[ "$source" != "$top/weftd/weftd.c" ] || continue # the main program
	$cc $flags -c "$source" -o "$(basename "$(dirname "$source")")-$(basename "$source" .c).o"
done
# libcheck forks a process for each test; a report in one of them makes it exit with 66, which libcheck counts.
export WEFT_SRCDIR=$top TSAN_OPTIONS="halt_on_error=1 exitcode=66" CK_VERBOSITY=verbose
passed=0 failed=0
for test in test_site test_power_views test_listener test_answer test_runs; do
	# shellcheck disable=SC2086 # words
	$cc $flags "$here/$test.c" ./*.o $libs -o $test
	if ./$test > $test.log 2>&1 && ! grep -q 'WARNING: ThreadSanitizer' $test.log; then
		echo "ok - $test under ThreadSanitizer: $(grep '^[0-9]*%:' $test.log)"
		passed=$((passed + 1))
	else
		cat $test.log
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
