#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# torture.sh DIR: build core/ and torture.c with ASan and UBSan in DIR and run it.  Ends with "N passed, N failed".
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
mkdir -p "$1"
cd "$1"
cc=${CC:-gcc}

flags="-std=c11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -I$top -pthread $(pkg-config --cflags json-c hwloc)"
flags="$flags -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=all -fno-builtin"
wraps=
for name in malloc calloc realloc strdup strndup open_memstream fclose pthread_create; do
	wraps="$wraps -Wl,--wrap=$name"
done
# shellcheck disable=SC2046,SC2086 # words
$cc $flags $wraps "$here/torture.c" "$top"/core/*.c $(pkg-config --libs json-c hwloc) -lm -o torture
if ! ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 ./torture; then
	echo "not ok - torture"
	exit 1
fi
