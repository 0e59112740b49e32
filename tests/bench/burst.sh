#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# burst.sh PROGRAM TRACE OUT [short]: tests/bench/burst.c with home clusters of several sizes and with a queue at the peer.
# Tables on standard output; they and a plot of each go to the directory OUT.
set -eu
program=$1
trace=$2
out=$3
short=${4:-}
here=$(cd "$(dirname "$0")" && pwd)

mkdir -p "$out"
for of in "512 0" "448 0" "512 1800"; do
	read -r cards queue <<< "$of"
	name=$out/burst-$cards-$queue
	# shellcheck disable=SC2086 # no argument when it is empty
	"$program" "$trace" "$cards" "$queue" $short > "$name.txt"
	grep -v '^#' "$name.txt"
	echo
	awk -v title="$cards cards at home, mean wait at the peer $queue s" -f "$here/plot_burst.awk" "$name.txt" > "$name.svg"
done
