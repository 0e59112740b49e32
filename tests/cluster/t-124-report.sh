#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# weft report and weft metrics: jobs of known length on known cards, as slurmdbd has them, against what the report says.
. "$(dirname "$0")/lib.sh"

flat=$CLUSTER/home/flat.csv
conf_lines="PowerClass=gpu:h100 Idle=0 Peak=3600
PowerClass=npu:910b Idle=0 Peak=1800
PowerCarbon=$flat
PowerPrice=$flat Currency=EUR"
CLUSTER_WEFT_CONF=$conf_lines
CLUSTER_DBD=yes
cluster_nodes <<END
nv[1-2]  gpu:h100:8
as1      npu:910b:8
mx1      gpu:h100:4,gpu:a100:4
cpu1     -
END
mkdir -p "$CLUSTER/home"
for days in -2 -1 0 1; do
	echo "$(date -u -d "$days days" +%Y-%m-%dT00:00Z),500"
done > "$flat"
cluster_start
sacctmgr -iQ add account other cluster=weft > /dev/null
sacctmgr -iQ add user root account=other > /dev/null
export TZ=UTC

# length JOB: s, as slurmctld says
length()
{
	echo $(($(date -d "$(job_field "$1" EndTime)" +%s) - $(date -d "$(job_field "$1" StartTime)" +%s)))
}

db_has_ends()
{
	[ "$(sacct -aXn -S now-1hour -P -o State | grep -cv -e PENDING -e RUNNING)" -eq "$1" ]
}

db_has_waiting()
{
	sacct -aXn -S now-1hour -P -o JobIDRaw,State | grep -q "^$JOB|PENDING"
}

metrics_say()
{
	weft metrics | grep -qxF "$1"
}

# figure KEY [AFTER]: of the report in JSON, the first value of KEY behind AFTER
figure()
{
	awk -v key="\"$1\":" -v after="${2:-}" '
		index($0, after) { found = 1 }
		found && index($0, key) { sub(/^[^:]*:/, ""); sub(/,$/, ""); print; exit }' "$CLUSTER/report.json"
}

# expect_figure GOT WANTED WHAT: they differ by less than a millionth
expect_figure()
{
	awk -v a="$1" -v b="$2" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(a != "" && d <= 1e-6 * (b < 0 ? -b : b)) }' ||
		fail "$3: got '$1', expected '$2'"
}

calc()
{
	awk "BEGIN { printf \"%.9g\", $* }"
}

test_case "jobs run, on two nodes, on another vendor's cards, on a node of two classes, without cards"
submit -A test --accel='16:h100' --wrap 'sleep 3'
wide=$JOB
submit -A other --accel='8:ascend' --accel-policy=listed --wrap 'sleep 2'
npu=$JOB
submit -A test --accel='4:a100' --wrap 'sleep 1'
mixed=$JOB
submit -A other --wrap 'sleep 1'
submit -A test --accel='8:ascend|8:h100' --accel-policy=listed --wrap 'sleep 1' # its first choice is taken
second=$JOB
submit -A test --hold --accel=8:h100 --wrap true
for job in "$wide" "$npu" "$mixed" "$second"; do
	wait_job "$job" COMPLETED
done
wait_for 60 db_has_ends 5

test_case "the report says what each had, to the second"
run weft report --start=1h --json
expect_eq "$status" 0
printf '%s\n' "$output" > "$CLUSTER/report.json"
wide_s=$(length "$wide") npu_s=$(length "$npu") mixed_s=$(length "$mixed") second_s=$(length "$second")
case $(job_field "$second" NodeList) in
as1) h100=$((16 * wide_s)) npu=$((8 * npu_s + 8 * second_s)) ;;
*) h100=$((16 * wide_s + 8 * second_s)) npu=$((8 * npu_s)) ;;
esac
expect_figure "$(figure card_hours '"class":"gpu:h100"')" "$(calc $h100/3600)" "card-hours of gpu:h100"
expect_figure "$(figure card_hours '"class":"npu:910b"')" "$(calc $npu/3600)" "card-hours of npu:910b"
expect_eq "$(figure cards '"class":"gpu:h100"')" 20
expect_figure "$(figure owned_card_hours '"class":"gpu:h100"')" 20 "card-hours owned"
expect_figure "$(figure utilisation '"class":"gpu:h100"')" "$(calc $h100/72000)" "utilisation"
expect_figure "$(figure unplaced_card_hours)" "$(calc 4*$mixed_s/3600)" "of a class that cannot be told"
expect_eq "$(figure waiting)" 0 "jobs that wait: who is held does not"

test_case "energy, carbon and cost by account are the cards' watts times time"
kwh=$(calc "($h100 * 3600 + $npu * 1800) / 3.6e6")
expect_figure "$(figure reckoned_kwh '"total"')" "$kwh" "kWh"
expect_figure "$(figure measured_kwh '"total"')" 0 "kWh measured"
expect_figure "$(figure co2_kg '"total"')" "$(calc $kwh*0.5)" "CO2"
expect_eq "$(figure unknown_card_hours '"total"' | cut -c1-6)" "$(calc 4*$mixed_s/3600 | cut -c1-6)" "energy that is not known"
micro=$(figure energy_cost_micro '"total"')
awk -v a="$micro" -v b="$(calc "$kwh * 0.5 * 1e6")" 'BEGIN { exit !(a - b < 5 && b - a < 5) }' || fail "cost: $micro"
expect_eq "$(figure runs '"account":"other"')" 2
expect_eq "$(figure runs '"account":"test"')" 3

test_case "waiting is by class and policy"
expect_match "$(cat "$CLUSTER/report.json")" '"policy":"listed"'
expect_match "$(cat "$CLUSTER/report.json")" '"policy":"soon"'

test_case "of one account alone"
run weft report --start=1h --json --account=other
printf '%s\n' "$output" > "$CLUSTER/report.json"
expect_eq "$status" 0
expect_eq "$(figure runs '"total"')" 2
expect_eq "$(figure account)" '"other"'

test_case "tables, a page, and OpenMetrics"
ok weft report --start=1h
expect_match "$output" '^gpu:h100 +20 +[0-9.]+ %'
ok weft report --start=1h --html="$CLUSTER/page.html"
expect_match "$(tail -n 1 "$CLUSTER/page.html")" '</html>$'
ok weft metrics
printf '%s\n' "$output" > "$CLUSTER/metrics"
run awk -f "$CLUSTER_TESTS/../openmetrics.awk" "$CLUSTER/metrics"
expect_eq "$output" ""
expect_line "$(cat "$CLUSTER/metrics")" 'weft_cards{class="gpu:h100"} 20'

test_case "cards that are in use now, and nodes that take no jobs"
submit -A test --accel='6:ascend' --wrap 'sleep 100'
wait_job "$JOB" RUNNING
submit -A test --accel='8:ascend' --wrap true
wait_for 60 db_has_waiting
ok scontrol update nodename=nv1 state=drain reason=test
wait_for 30 metrics_say 'weft_jobs_waiting 1'
ok weft metrics
expect_line "$output" 'weft_cards_in_use{class="npu:910b"} 6'
expect_line "$output" 'weft_cards_free{class="npu:910b"} 2'
expect_line "$output" 'weft_jobs_waiting 1'
expect_line "$output" 'weft_cards_out{class="gpu:h100"} 8'
cancel_all

test_case "without accounting it says so"
stop slurmdbd
run weft report
expect_match "$output" '^weft report: sacct: exit status 1; does this cluster have slurmdbd\?$'
expect_eq "$status" 1

finish
