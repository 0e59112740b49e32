#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What happens to jobs with --accel when others preempt them, and when nodes go.
. "$(dirname "$0")/lib.sh"

CLUSTER_CONF="PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=0"
CLUSTER_PARTITIONS="PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=10"
cluster_nodes <<END
nv[1-2]  gpu:h100:8
amd1     gpu:mi300x:8
as1      npu:910b3:8
END
cluster_start

three="8:h100|8:mi300x|8:910b3"
show='echo "$SLURMD_NODENAME $WEFT_VENDOR"'

# expect_on JOB NODES GRES: it runs there with that on each node
expect_on()
{
	wait_job "$1" RUNNING
	expect_field "$1" NodeList "$2"
	expect_eq "$(job_field "$1" TresPerNode | sed 's,^gres[:/],,')" "$3" "job $1 TresPerNode"
}

# expect_used NODE CARDS: as Slurm counts them ("gpu:h100:8(IDX:0-7)")
expect_used()
{
	local used
	used=$(scontrol show node -d "$1" | sed -n 's/^ *GresUsed=//p')
	expect_line "$(printf '%s\n' "$used" | sed 's/),/)\n/g')" "$2" "cards in use on $1"
}

# Listed, for as long as the test wants.
long()
{
	submit -t 60 --requeue --accel-policy=listed --wrap "$show; sleep 300" "$@"
}

# runs_again JOB: 22.05 puts off by two minutes what is requeued
runs_again()
{
	scontrol update JobId="$1" StartTime=now
	job_is "$1" RUNNING && [ "$(job_field "$1" Restarts)" = 1 ]
}

test_case "preemption: not where another alternative is free"
long --accel=16:h100
low=$JOB
expect_on "$low" 'nv[1-2]' gpu:h100:8
for policy in listed soon; do
	long -p urgent --accel-policy=$policy --accel="8:h100|8:910b3"
	expect_on "$JOB" as1 npu:910b3:8
	expect_field "$low" JobState RUNNING
	expect_field "$low" Restarts 0
	ok scancel "$JOB"
	wait_job "$JOB" CANCELLED
done
cancel_all

for policy in listed soon fast; do
	test_case "preemption, $policy: where none is, the job that is preempted takes another vendor's cards"
	long --accel="8:mi300x|8:910b3"
	low=$JOB
	expect_on "$low" amd1 gpu:mi300x:8
	long -p urgent --accel-policy=$policy --accel=8:mi300x
	expect_on "$JOB" amd1 gpu:mi300x:8
	wait_for 20 runs_again "$low"
	expect_on "$low" as1 npu:910b3:8
	expect_field "$low" Restarts 1
	wait_for 10 grep -q as1 "$CLUSTER/home/$low.out"
	expect_eq "$(cat "$CLUSTER/home/$low.out")" "as1 ascend" "output of the second run"
	expect_used amd1 "gpu:mi300x:8(IDX:0-7)"
	cancel_all
done

test_case "preemption: of two alternatives that are taken, one that can be preempted is"
long -p urgent --accel=8:mi300x
first=$JOB
expect_on "$first" amd1 gpu:mi300x:8
long --accel=8:910b3
second=$JOB
expect_on "$second" as1 npu:910b3:8
long -p urgent --accel="8:mi300x|8:910b3"
expect_on "$JOB" as1 npu:910b3:8
expect_field "$first" JobState RUNNING
expect_field "$second" JobState PENDING
cancel_all

test_case "a node goes down: its job is requeued and runs on another vendor's cards"
long --accel="8:mi300x|8:910b3"
expect_on "$JOB" amd1 gpu:mi300x:8
ok scontrol update NodeName=amd1 State=DOWN Reason=test
wait_for 20 runs_again "$JOB"
expect_on "$JOB" as1 npu:910b3:8
wait_for 10 grep -q as1 "$CLUSTER/home/$JOB.out"
long --accel="8:mi300x|8:910b3"
sleep 1.5
expect_field "$JOB" JobState PENDING
ok scontrol update NodeName=amd1 State=RESUME
expect_on "$JOB" amd1 gpu:mi300x:8
cancel_all

test_case "a node is drained: its job goes on, new ones go elsewhere"
long --accel=4:mi300x
first=$JOB
expect_on "$first" amd1 gpu:mi300x:4
ok scontrol update NodeName=amd1 State=DRAIN Reason=test
for policy in listed soon; do
	long --accel-policy=$policy --accel="4:mi300x|4:910b3"
	expect_on "$JOB" as1 npu:910b3:4
done
submit -t 60 --accel=1:mi300x --wrap true # it can run one day: not refused
expect_field "$first" JobState RUNNING
ok scontrol update NodeName=amd1 State=RESUME
wait_job "$JOB" COMPLETED
expect_field "$JOB" NodeList amd1
cancel_all

finish
