#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --energy: a job runs in the window that emits or costs least, and the plan follows the forecast.
. "$(dirname "$0")/lib.sh"

carbon=$CLUSTER/home/carbon.csv
price=$CLUSTER/home/price.csv
state=$CLUSTER/run/power.json
CLUSTER_WEFT_CONF="PowerCarbon=$carbon
PowerPrice=$price Currency=CNY
PowerInterval=2
PowerState=$state"
CLUSTER_CONF="SchedulerType=sched/weft
AuthInfo=socket=$CLUSTER/run/munge.sock,cred_expire=5"
CLUSTER_PARTITIONS="PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=short Nodes=ALL DefaultTime=10 MaxTime=60 State=UP"
cluster_nodes <<END
nv[1-2]  gpu:h100:8    CPUs=8
END

# hours FILE VALUE...: an hourly series from the beginning of this hour on
hours()
{
	local file=$1 start i=0 value
	shift
	start=$(($(date +%s) / 3600 * 3600))
	hour=$start
	echo "time,value" > "$file.new"
	for value in "$@"; do
		echo "$(date -u -d "@$((start + i * 3600))" +%Y-%m-%dT%H:%M:%SZ),$value" >> "$file.new"
		i=$((i + 1))
	done
	mv "$file.new" "$file"
}

# hour_at HOURS: the beginning of an hour from that of the last series, as Slurm writes it
hour_at()
{
	date -d "@$((hour + $1 * 3600))" +%Y-%m-%dT%H:%M:%S
}

# flat VALUE: two days of it
flat()
{
	local i
	for ((i = 0; i < 48; i++)); do echo "$1"; done
}

mkdir -p "$CLUSTER/home"
# shellcheck disable=SC2046 # words
# All of it within one hour.
left=$((3600 - $(date +%s) % 3600))
[ $left -gt 240 ] || sleep $left
hours "$carbon" 400 400 300 100 100 300 $(flat 400)
# shellcheck disable=SC2046
hours "$price" 90 90 90 90 90 90 90 20 20 90 $(flat 90)
cluster_start

submit_energy()
{
	submit -n 1 --wrap 'sleep 300' "$@"
}

begins()
{
	[ "$(job_field "$1" EligibleTime)" = "$2" ]
}

reason_is()
{
	squeue -h -o %r -j "$1" | grep -qE -e "$2"
}

# window_told JOB BEGIN: Slurm takes the reason back whenever it tries the job, and this not
window_told()
{
	job_field "$1" SystemComment | grep -q "^weft: green window $2 "
}

# expect_reason JOB REGEX
expect_reason()
{
	wait_until 15 reason_is "$1" "$2" || fail "job $1: reason '$(squeue -h -o %r -j "$1")', not /$2/"
}

test_case "green: the job waits for the hours that emit least, and says so"
submit_energy -t 120 --energy=green,within=12h
green=$JOB
wait_for 10 begins "$green" "$(hour_at 3)"
expect_reason "$green" "^Weft: green window $(hour_at 3 | cut -c1-16) to $(hour_at 5 | cut -c1-16): 7[0-9] % less gCO2 than at once; deadline "
expect_match "$(job_field "$green" SystemComment)" "^weft: green window "

test_case "cheap: it goes by the price, and the deadline counts"
submit_energy -t 120 --energy=cheap,within=12h
wait_for 10 begins "$JOB" "$(hour_at 7)"
submit_energy -t 120 --energy="cheap,deadline=$(hour_at 9 | cut -c1-16)"
wait_for 10 begins "$JOB" "$(date -d "@$((hour + 7 * 3600 - 60))" +%Y-%m-%dT%H:%M:%S)"

test_case "the forecast changes: so does the plan"
# shellcheck disable=SC2046
hours "$carbon" 400 400 300 300 300 300 50 50 $(flat 400)
wait_for 10 begins "$green" "$(hour_at 6)"

test_case "the good hour is now: it starts"
# shellcheck disable=SC2046
hours "$carbon" 50 50 50 300 300 300 300 $(flat 400)
wait_job "$green" RUNNING 20
cancel_all

test_case "--begin counts too"
# shellcheck disable=SC2046
hours "$carbon" 50 50 50 300 100 300 300 $(flat 400)
submit_energy -t 60 --begin="$(hour_at 3)" --energy=green,within=12h
wait_for 10 begins "$JOB" "$(hour_at 4)"

test_case "a job that its user holds says so, for he could not release it otherwise"
ok scontrol uhold "$JOB"
# shellcheck disable=SC2046
hours "$carbon" 50 50 50 300 300 100 300 $(flat 400)
wait_for 10 begins "$JOB" "$(hour_at 5)"
expect_field "$JOB" Reason JobHeldUser
ok scontrol release "$JOB"
wait_for 15 window_told "$JOB" "$(hour_at 5 | cut -c1-16)"

test_case "what cannot be is refused at once, in words"
submit_refused -t 60 --energy=geen,within=12h --wrap true
expect_match "$output" '^sbatch: error: --energy: .*geen.*did you mean green\?$'
submit_refused -t 60 --energy=green --wrap true
expect_match "$output" '^sbatch: error: --energy: .*within'
submit_refused -t 60 --energy=green,within=30m --wrap true
expect_line "$output" "sbatch: error: weft: --energy: a time limit of 60 min does not fit before the deadline"
submit_refused --energy=green,within=12h --wrap true
expect_line "$output" "sbatch: error: weft: --energy: the job needs a time limit (--time)"
submit -p short -n 1 --energy=green,within=12h --wrap true

test_case "a job with --accel has both, and is told: price, carbon, the end of its window"
# shellcheck disable=SC2046
hours "$carbon" 50 50 300 300 $(flat 400)
before=$(date +%s)
submit -t 10 --accel=4:h100 --energy=green,within=12h --wrap 'env | grep ^WEFT_; sleep 2'
wait_job "$JOB" COMPLETED
expect_line "$(job_output "$JOB")" "WEFT_PRICE=90CNY/MWh"
expect_line "$(job_output "$JOB")" "WEFT_CARBON=50g/kWh"
end=$(job_output "$JOB" | sed -n 's/^WEFT_WINDOW_END=//p')
[ "$end" -ge $((before + 600)) ] && [ "$end" -le $(($(date +%s) + 600)) ] || fail "its window ends at $end, and it began after $before"

test_case "weft power shows the windows"
submit_energy -t 120 --energy=cheap,within=12h
wait_for 10 begins "$JOB" "$(hour_at 7)"
wait_for 10 grep -q "\"job\": $JOB, \"goal\": \"cheap\"" "$state"
ok weft power --file "$state"
expect_match "$output" "^ *$JOB +cheap"
cancel_all

# reconfigured LINE...: weft.conf is these lines
reconfigured()
{
	printf '%s\n' "Index=check" "PowerInterval=1" "PowerState=$state" "$@" > "$CLUSTER/etc/weft.conf"
	ok scontrol reconfigure
	wait_for 30 ctld_up
	sleep 2
}

test_case "a job that may be interrupted is, when the forecast turns, and goes on later with what is left"
reconfigured "PowerCarbon=$carbon" "EnergySpan=5" "EnergyRestart=1"
# shellcheck disable=SC2046
hours "$carbon" 50 50 50 300 $(flat 400)
submit -n 1 -t 60 --energy=green,within=12h,interrupt=yes --wrap 'sleep 300'
wait_job "$JOB" RUNNING
sleep 6
# shellcheck disable=SC2046
hours "$carbon" 400 400 400 50 50 50 $(flat 400)
wait_job "$JOB" PENDING
wait_for 10 begins "$JOB" "$(hour_at 3)"
expect_field "$JOB" Restarts 1
expect_match "$(ctld_log requeued)" "JobId=$JOB is requeued: Weft: green window $(hour_at 3 | cut -c1-16) to "
cancel_all

test_case "a site without the series: it runs at once"
reconfigured "PowerCarbon=$carbon"
submit_energy -t 120 --energy=cheap,within=12h
wait_job "$JOB" RUNNING
cancel_all

finish
