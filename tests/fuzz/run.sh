#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# run.sh DIR SECONDS: build every fuzz_*.c here with libFuzzer, ASan and UBSan in DIR, and run each for SECONDS on its
# corpus, as many at a time as there are processors.  A finding is printed with the input's path.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
seconds=$2
cc=${CLANG:-clang}

command -v "$cc" > /dev/null || { echo "fuzz: $cc is not installed"; exit 1; }
cd "$dir"
flags="-std=c11 -D_GNU_SOURCE -O1 -g -I$top -DWEFT_DATADIR=\"$top/data\" -fno-omit-frame-pointer -fno-sanitize-recover=all"
flags="$flags $(pkg-config --cflags json-c hwloc)"
libs="$(pkg-config --libs json-c hwloc) -lm"
export WEFT_SRCDIR=$top

objects=
for source in "$top"/core/*.c; do
	object=$(basename "$source" .c).o
	if [ ! -e "$object" ] || [ -n "$(find "$top/core" -newer "$object" -name '*.[ch]' -print -quit)" ]; then
		$cc $flags -fsanitize=fuzzer-no-link,address,undefined -c "$source" -o "$object"
	fi
	objects="$objects $object"
done

# fuzz SOURCE
fuzz()
{
	local name seeds
	name=$(basename "$1" .c)
	$cc $flags -fsanitize=fuzzer,address,undefined "$1" $objects $libs -o "$name" || return 1
	mkdir -p "found-$name"
	seeds=$here/corpus/${name#fuzz_}
	[ -d "$seeds" ] || seeds=
	if ! "./$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$dir/$name-" "found-$name" $seeds > "$name.log" 2>&1; then
		tail -n 60 "$name.log"
		echo "not ok - $name: see $dir/$name-*"
		return 1
	fi
	awk -v name="$name" '
		/stat::number_of_executed_units/ { runs = $2 }
		/^#[0-9]+.*cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") edges = $(i + 1) }
		END { printf "ok - %s: %d inputs, %d edges\n", name, runs, edges }' "$name.log"
}

# By a file, since the status of one that ended may be lost when its process number is used again.
rm -f failed
count=0
for source in "$here"/fuzz_*.c; do
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do sleep 0.1; done
	fuzz "$source" || touch failed &
	count=$((count + 1))
done
wait
[ ! -e failed ] || exit 1
echo "$count fuzzers, no finding"
