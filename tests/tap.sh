# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# tap.sh - what the tests that are scripts have in common; they source it, call result(), expect(), golden() or report()
# for each test, and say how many there were: echo "1..$tests".
top=${WEFT_SRCDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
build=${WEFT_BUILDDIR:-$PWD}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tests=0
weft=("$build/weft") # the command that expect() runs
match=(grep -qxF -e) # how it looks for a text in a file: MATCH TEXT FILE
data=$top/tests/data # where golden() looks
write=${1:-}         # --write: golden() makes what is wanted anew
shopt -s lastpipe    # so that report() can count

# result NAME WELL [FILE]: one line of TAP; what is in FILE when it is not WELL (0)
result()
{
	tests=$((tests + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $tests - $1"
	else
		echo "not ok $tests - $1"
		[ $# -lt 3 ] || sed 's/^/# /' "$3"
	fi
}

# report NAME: standard input, the offending lines, is empty
report()
{
	cat > "$scratch/report"
	[ ! -s "$scratch/report" ]
	result "$1" $? "$scratch/report"
}

# golden NAME WANTED: $scratch/got is as the file WANTED
golden()
{
	[ "$write" != --write ] || cp "$scratch/got" "$data/$2"
	diff -u "$data/$2" "$scratch/got" > "$scratch/diff"
	result "$1" $? "$scratch/diff"
}

# expect NAME STATUS TEXT ARG...: weft ARG... exits with STATUS and prints TEXT, a line unless $match says otherwise; all it
# printed is then in $scratch/got, and behind that its exit status
expect()
{
	local name=$1 wanted=$2 text=$3 got=0
	shift 3
	"${weft[@]}" "$@" > "$scratch/got" 2>&1 || got=$?
	echo "exit status $got" >> "$scratch/got"
	[ $got -eq "$wanted" ] && "${match[@]}" "$text" "$scratch/got"
	result "$name" $? "$scratch/got"
}
