#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tool_power.sh - "weft power": what it shows of tests/data/power/day.json, compared as a whole; messages and exit status.
# After a change that is meant, "tests/tool_power.sh --write" in a build directory makes the wanted outputs anew.
set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
data=$top/tests/data/power
weft+=(power)
export TZ='CET-1CEST,M3.5.0,M10.5.0/3' LC_ALL=C.UTF-8
unset COLUMNS
export TERM=dumb # no headings in bold

# shows NAME WANTED COMMAND...: COMMAND prints what the file WANTED holds
shows()
{
	local name=$1 wanted=$2
	shift 2
	# The age of the report is the one thing that changes from run to run.
	"$@" 2> /dev/null | tr -d '\r' | sed '1s/, [0-9]* [a-z]* ago/, AGE ago/' > "$scratch/got"
	golden "$name" "$wanted"
}

# dated OFFSET SED: day.json, OFFSET seconds from now, edited with SED
dated()
{
	sed -e "s/\"time\": \"[^\"]*\"/\"time\": \"$(date -u -d "$1 seconds" +%Y-%m-%dT%H:%M:%SZ)\"/" -e "$2" \
		"$data/day.json" > "$scratch/report.json"
}

shows "shows all in ASCII where there is no terminal" day.txt "${weft[@]}" --file="$data/day.json"
shows "fits 60 columns" day-60.txt env COLUMNS=60 "${weft[@]}" --file="$data/day.json"
shows "shows one zone" row3.txt env COLUMNS=80 "${weft[@]}" --file="$data/day.json" --zone=Row3
shows "shows tables alone" tables.txt env COLUMNS=80 "${weft[@]}" --file="$data/day.json" --no-plot
shows "shows a cluster where nothing happens" quiet.txt env COLUMNS=80 "${weft[@]}" --file="$data/quiet.json"
if script -qec true /dev/null > /dev/null 2>&1; then
	shows "shows blocks on a UTF-8 terminal" day-utf8.txt \
		env COLUMNS=80 script -qec "'$build/weft' power --file='$data/day.json' 2> /dev/null" /dev/null
	shows "shows ASCII on another terminal" day-80.txt \
		env COLUMNS=80 LC_ALL=C script -qec "'$build/weft' power --file='$data/day.json' 2> /dev/null" /dev/null
	shows "asks the terminal for its width" day-60.txt \
		env LC_ALL=C script -qec "stty cols 60; '$build/weft' power --file='$data/day.json' 2> /dev/null" /dev/null
else
	echo "# no terminal can be had: its three tests are left out"
fi

: > "$scratch/wide"
for ((width = 40; width <= 140; width++)); do
	COLUMNS=$width "${weft[@]}" --file="$data/day.json" --all 2> /dev/null |
		awk -v width="$width" 'length > width { print width ": " $0 }' >> "$scratch/wide"
done
[ ! -s "$scratch/wide" ]
result "is never wider than the terminal" $? "$scratch/wide"

"${weft[@]}" --file="$data/day.json" --json 2> /dev/null | cmp -s - "$data/day.json"
result "prints the file as it is" $?

# Twenty-seven jobs.
awk '/"job": 4711/ { for (i = 0; i < 24; i++) { line = $0; sub(/4711/, 100 + i, line); print line } } { print }' \
	"$data/day.json" > "$scratch/many.json"
expect "shows the first twenty jobs" 0 'and 7 more jobs; --all shows them' --file="$scratch/many.json"
expect "counts them all" 0 'Waiting for power: 27 jobs' --file="$scratch/many.json"
[ "$("${weft[@]}" --file="$scratch/many.json" --all 2> /dev/null | grep -cE '^ *[0-9]+  (row3|cluster) ')" -eq 27 ]
result "shows all jobs with --all" $?

dated 0 ''
expect "a report of now is not late" 0 'exit status 0' --file="$scratch/report.json"
! grep -q '^weft power:' "$scratch/got"
result "and nothing is said of it" $? "$scratch/got"
dated -720 ''
expect "warns of a late report" 0 'weft power: this is 12 minutes old: is slurmctld running, with sched/weft?' \
	--file="$scratch/report.json"
expect "warns of it with --json" 0 'weft power: this is 12 minutes old: is slurmctld running, with sched/weft?' \
	--file="$scratch/report.json" --json
dated +7300 ''
"${weft[@]}" --file="$scratch/report.json" 2>&1 > /dev/null |
	grep -qE '^weft power: its clock is 2 hours|^weft power: its clock is 121 minutes'
result "warns of a clock that is ahead" $?

dated 0 's/"c1"/"c\\u009b31m"/'
LC_ALL=C.UTF-8 "${weft[@]}" --file="$scratch/report.json" | grep -q '^Cluster c??31m, '
result "sends no terminal what it may take for an order" $?

expect "says which file is not there" 1 \
	'weft power: /nonexistent/p.json: No such file or directory; slurmctld writes it when weft.conf has a Power line' \
	--file=/nonexistent/p.json
expect "says which file is no file" 1 'weft power: /dev/null: not a regular file' --file=/dev/null
echo '{"version": 1' > "$scratch/report.json"
expect "says that a file is cut off" 1 "weft power: $scratch/report.json:2: the text ends too early" \
	--file="$scratch/report.json"
dated 0 's/"needed_w": 412000/"needed_w": "412 kW"/'
expect "says what is wrong in a file" 1 \
	"weft power: $scratch/report.json: waiting, entry 1: needed_w: must be a number, not a string" \
	--file="$scratch/report.json"
expect "prints no broken file" 1 'exit status 1' --file="$scratch/report.json" --json
[ "$(wc -l < "$scratch/got")" -eq 2 ]
result "but a message alone" $? "$scratch/got"
expect "knows which zone was meant" 1 'weft power: unknown zone "rwo3"; did you mean row3?' \
	--file="$data/day.json" --zone=rwo3
expect "does not know every zone" 1 'weft power: unknown zone "basement"' --file="$data/day.json" --zone=basement
expect "has help" 0 'usage: weft power [OPTION]...' --help
expect "takes no argument" 2 'weft power: takes no argument' now
expect "takes no unknown option" 2 'usage: weft power [OPTION]...' --frobnicate
expect "shows JSON alone" 2 'weft power: --json goes with --file alone' --json --zone=row3

if [ -w /dev/full ]; then
	got=0
	"${weft[@]}" --file="$data/day.json" > /dev/full 2> "$scratch/got" || got=$?
	[ $got -eq 1 ] && grep -qxF 'weft: standard output: No space left on device' "$scratch/got"
	result "says that its output was lost" $? "$scratch/got"
fi
echo "1..$tests"
