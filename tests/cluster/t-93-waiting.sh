#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Power and what else may happen to a job: ageing, salloc and srun, requeue, suspend, resize, arrays, components.
. "$(dirname "$0")/lib.sh"

state=$CLUSTER/run/power.json
signal=$CLUSTER/home/signal.csv
base_conf="PowerNode=ALL Idle=100 Peak=100
PowerClass=gpu:h100 Idle=0 Peak=100
PowerProvision=worst
PowerInterval=1
PowerState=$state
PowerCap=cluster Watts=1000"
CLUSTER_WEFT_CONF="$base_conf"
CLUSTER_CONF="AuthInfo=socket=$CLUSTER/run/munge.sock,cred_expire=5"
CLUSTER_PARTITIONS="PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=other Nodes=ALL MaxTime=INFINITE State=UP"
cluster_nodes <<END
nv[1-4]  gpu:h100:8    CPUs=16
END
cluster_start

# conf LINE...: weft.conf is the common lines and these; slurmctld reads it
conf()
{
	printf '%s\n' "$base_conf" "Index=check" "$@" > "$CLUSTER/etc/weft.conf"
	ok scontrol reconfigure
	wait_for 30 ctld_up
	sleep 1
}

reason_is()
{
	squeue -h -o %r -j "$1" | grep -qE -e "$2"
}

# expect_reason JOB REGEX
expect_reason()
{
	wait_until 15 reason_is "$1" "$2" || fail "job $1: reason '$(squeue -h -o %r -j "$1")', not /$2/"
}

# What the state file says of the whole cluster, W.
projected()
{
	awk 'match($0, /"name": "cluster".*"steps": [^"]*"from[^}]*"projected_w": [0-9]+/) {
		sub(/.*"steps": /, ""); match($0, /"projected_w": [0-9]+/); print substr($0, RSTART + 15, RLENGTH - 15)
	}' "$state"
}

projected_is()
{
	[ "$(projected)" = "$1" ]
}

# expect_projected WATTS WHAT
expect_projected()
{
	wait_until 8 projected_is "$1" || fail "$2: $(projected) W are projected, not $1"
}

# Small jobs that end one after the other; together they leave no room for a large one.
small()
{
	submit -J small -t 1 -n 1 --gres=gpu:h100:2 --wrap 'sleep 6'
}

# Three of them run.
stream()
{
	local i
	for ((i = 0; i < 3; i++)); do
		small
		wait_job "$JOB" RUNNING
		sleep 1
	done
}

# more COUNT: these wait for their places
more()
{
	local i
	for ((i = 0; i < $1; i++)); do small; done
}

test_case "small jobs stream past a large one that waits for power; after PowerPatience it gets its turn"
conf "PowerPatience=3"
stream
submit -J large -t 1 -n 1 --gres=gpu:h100:5 --wrap 'sleep 1'
large=$JOB
expect_reason "$large" '^Weft: power cap of the cluster: '
more 12
wait_for 15 grep -q "\"job\": $large, .*\"reserved\": true" "$state"
wait_job "$large" COMPLETED 60
small_after=$(squeue -h -n small -o %i | wc -l)
[ "$small_after" -gt 0 ] || fail "no small job had to wait for it"
cancel_all

test_case "without that rule it would not"
conf "PowerPatience=100000"
stream
submit -J large -t 1 -n 1 --gres=gpu:h100:5 --wrap 'sleep 1'
large=$JOB
expect_reason "$large" '^Weft: power cap of the cluster: '
more 9
no_small_waits()
{
	[ "$(squeue -h -n small -t PD -o %i | wc -l)" -eq 0 ]
}
wait_for 60 no_small_waits
expect_field "$large" JobState PENDING
expect_match "$(cat "$state")" "\"job\": $large, .*\"reserved\": false"
cancel_all

test_case "one that is held, or that cannot start yet, keeps no power from others"
conf "PowerPatience=0"
submit -t 10 -n 1 --gres=gpu:h100:4 --wrap 'sleep 300'
wait_job "$JOB" RUNNING
first=$JOB
submit -t 10 -n 1 --gres=gpu:h100:4 --wrap 'sleep 300'
waits=$JOB
wait_for 15 grep -q "\"job\": $waits, .*\"reserved\": true" "$state"
ok scontrol update JobId="$waits" StartTime=now+1hour
ok scancel "$first"
submit -t 10 -n 1 --gres=gpu:h100:6 --wrap 'sleep 300'
wait_job "$JOB" RUNNING
cancel_all

test_case "nor does one whose partition is down"
submit -t 10 -n 1 --gres=gpu:h100:4 --wrap 'sleep 300'
wait_job "$JOB" RUNNING
first=$JOB
submit -p other -t 10 -n 1 --gres=gpu:h100:4 --wrap 'sleep 300'
wait_for 15 grep -q "\"job\": $JOB, .*\"reserved\": true" "$state"
ok scontrol update PartitionName=other State=DOWN
ok scancel "$first"
submit -t 10 -n 1 --gres=gpu:h100:6 --wrap 'sleep 300'
wait_job "$JOB" RUNNING
cancel_all

test_case "salloc and srun wait for power too"
conf
submit -t 10 -n 1 --gres=gpu:h100:6 --wrap 'sleep 300'
first=$JOB
wait_job "$first" RUNNING
expect_projected 1000 "with 6 cards"
salloc -J interactive -t 5 -n 1 --gres=gpu:h100:1 true > "$CLUSTER/home/salloc.out" 2>&1 &
srun -J interactive -t 5 -n 1 --gres=gpu:h100:1 sleep 1 > "$CLUSTER/home/srun.out" 2>&1 &
waiting_for_power()
{
	[ "$(squeue -h -n interactive -t PD -o %r | grep -c '^Weft: power cap of the cluster: 1100 of 1000 W')" -eq 2 ]
}
wait_for 15 waiting_for_power
ok scancel "$first"
wait_for 30 no_jobs
expect_eq "$(sed -n 's/.*JobState=\([A-Z]*\).*/\1/p' <(scontrol show job) | sort | uniq -c | tr -s ' ' | grep -c FAILED)" 0

test_case "requeued by an administrator: it draws nothing, then as before"
submit -t 10 -n 1 --gres=gpu:h100:4 --wrap 'sleep 300'
wait_job "$JOB" RUNNING
expect_projected 800 "with 4 cards"
ok scontrol requeuehold "$JOB"
expect_projected 400 "requeued and held"
ok scontrol release "$JOB"
wait_job "$JOB" RUNNING 40
expect_projected 800 "once more"

test_case "suspended: what it may draw again any moment stays its own"
ok scontrol suspend "$JOB"
wait_job "$JOB" SUSPENDED
submit -t 10 -n 1 --gres=gpu:h100:3 --wrap 'sleep 300'
expect_reason "$JOB" '^Weft: power cap of the cluster: 1100 of 1000 W'
expect_projected 800 "suspended"
ok scontrol resume "$(squeue -h -t S -o %i)"
expect_projected 800 "resumed"
cancel_all

test_case "a job that gives nodes back draws less"
submit -t 10 -N 3 -n 3 --gres=gpu:h100:2 --wrap 'sleep 300'
wait_job "$JOB" RUNNING
expect_projected 1000 "on three nodes"
large=$JOB
submit -t 10 -n 1 --gres=gpu:h100:2 --wrap 'sleep 300'
expect_reason "$JOB" '^Weft: power cap of the cluster: 1200 of 1000 W'
ok scontrol update JobId="$large" NumNodes=1
wait_job "$JOB" RUNNING
expect_projected 800 "on one node, and another"
cancel_all

test_case "an array: as many of its tasks as fit, each counted"
submit -t 10 -n 1 --array=1-5 --gres=gpu:h100:2 --wrap 'sleep 300'
running()
{
	[ "$(squeue -h -j "$JOB" -r -t R -o %i | wc -l)" -eq "$1" ]
}
wait_for 20 running 3
expect_projected 1000 "with three tasks"
sleep 3
wait_for 1 running 3
ok scancel "${JOB}_1"
wait_for 20 running 3
expect_projected 1000 "with three tasks again"
cancel_all

test_case "a heterogeneous job: its components fit together, or none starts"
submit -t 10 -n 1 --gres=gpu:h100:2 --wrap 'sleep 300'
wait_job "$JOB" RUNNING
first=$JOB
submit -t 2 -n 1 --gres=gpu:h100:3 --wrap 'sleep 300' : -n 1 --gres=gpu:h100:3
expect_reason "$JOB+0" '^Weft: power cap of the cluster: 1200 of 1000 W'
expect_eq "$(ctld_log 'Deallocate .* due to hetjob start failure')" "" "components that were started alone"
ok scancel "$first"
wait_job "$JOB+0" RUNNING
expect_projected 1000 "with both components"
cancel_all

test_case "--energy with arrays and heterogeneous jobs: interrupted when a cap falls, by task and as a whole"
echo "time,zone,watts" > "$signal"
conf "PowerSignal=$signal" "PowerShed=youngest"
submit -t 10 -n 1 --array=1-2 --gres=gpu:h100:1 --energy=now,interrupt=yes --wrap 'sleep 300'
array=$JOB
wait_for 20 running 2
sleep 1
submit -t 10 -n 1 --gres=gpu:h100:1 --energy=now,interrupt=yes --wrap 'sleep 300' : \
	-n 1 --gres=gpu:h100:2 --energy=now,interrupt=yes
het=$JOB
wait_job "$het+1" RUNNING
expect_projected 900 "all"
printf 'time,zone,watts\n%s,cluster,650\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" > "$signal.new"
mv "$signal.new" "$signal"
wait_job "$het+0" PENDING 8
wait_job "$het+1" PENDING 8
JOB=$array
wait_for 1 running 2
expect_projected 600 "the array"
printf 'time,zone,watts\n%s,cluster,500\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" > "$signal.new"
mv "$signal.new" "$signal"
wait_for 8 running 1
expect_projected 500 "one task of it"
rm "$signal"
wait_for 40 running 2
wait_job "$het+1" RUNNING 40
cancel_all

finish
