#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# coverage.sh DIR MIN: build core/ and its unit tests with gcov counters in DIR, run them, print the lines covered per
# file, and fail when the whole is below MIN per cent.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
min=$2
cc=${CC:-gcc}

rm -rf "$dir"/*
cd "$dir"
flags="-std=c11 -D_GNU_SOURCE -O0 -g --coverage -I$top -DWEFT_DATADIR=\"$top/data\" $(pkg-config --cflags json-c hwloc check)"
libs="$(pkg-config --libs json-c hwloc check) -lm"
export WEFT_SRCDIR=$top WEFT_BUILDDIR=$dir CK_VERBOSITY=minimal

objects=
for source in "$top"/core/*.c; do
	object=$(basename "$source" .c).o
	$cc $flags -c "$source" -o "$object"
	objects="$objects $object"
done
for source in "$top"/tests/unit/test_*.c; do
	! $cc $flags -MM "$source" | grep -qE "$top/(weftd|proxy|plugin|spank|tools)/" || continue # not of core/
	test=$(basename "$source" .c)
	$cc ${flags/--coverage/} -c "$source" -o "$test.o"
	$cc --coverage "$test.o" $objects $libs -o "$test"
	"./$test" > "$test.log" 2>&1 || { cat "$test.log"; echo "$test failed"; exit 1; }
done

# gcov prints two lines for each file: File 'NAME' and Lines executed:P% of N.
for source in "$top"/core/*.c; do
	gcov -n "$(basename "$source" .c).o" 2> /dev/null | awk -v wanted="core/$(basename "$source")" -v q="'" '
		index($0, "File " q) == 1 { mine = index($0, wanted q) > 0 }
		mine && /^Lines executed:/ {
			split($0, part, /[:% ]+/)
			printf "%s %.0f %d\n", wanted, part[3] * part[5] / 100, part[5]; exit
		}
		mine && /^No executable lines/ { exit }'
done | awk -v min="$min" '
	{ printf "%7.2f %%  %5d of %5d lines  %s\n", 100 * $2 / $3, $2, $3, $1; hit += $2; all += $3 }
	END {
		if (!all) { print "coverage: no counters were found"; exit 1 }
		printf "%7.2f %%  %5d of %5d lines  core/ (at least %s %% wanted)\n", 100 * hit / all, hit, all, min
		exit 100 * hit / all < min
	}'
