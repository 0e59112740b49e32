#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Slurm's options and commands that touch a job's cards or its turn, with --accel.
. "$(dirname "$0")/lib.sh"

CLUSTER_CONF="Licenses=sim:1
PriorityType=priority/basic
PreemptMode=GANG,SUSPEND
PreemptType=preempt/partition_prio"
cluster_nodes <<END
nv[1-2]  gpu:h100:8
amd1     gpu:mi300x:8
as1      npu:910b3:8
cpu1     -
END
cluster_start

three="8:h100|8:mi300x|8:910b3"

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

long()
{
	submit -t 60 --accel-policy=listed --wrap 'sleep 300' "$@"
}

test_case "--test-only: where it would start, and nothing is submitted"
run sbatch --test-only -t 60 --accel-policy=listed --accel="$three" --wrap true
expect_eq "$status" 0 "status"
expect_match "$output" 'Job [0-9]+ to start at .* using 1 processors on nodes nv1 in partition all'
run srun --test-only -t 60 --accel=8:910b3 true
expect_match "$output" 'Job [0-9]+ to start at .* using 1 processors on nodes as1 in partition all'
run sbatch --test-only -t 60 --accel=3:h200 --wrap true
expect_eq "$status" 1 "status"
expect_match "$output" 'weft: --accel: no node has h200; there is 910b3, h100 and mi300x'
expect_eq "$(squeue -h | wc -l)" 0 "jobs"
long --accel=16:h100
expect_on "$JOB" 'nv[1-2]' gpu:h100:8
run sbatch --test-only -t 60 --accel-policy=listed --accel="$three" --wrap true
expect_match "$output" 'on nodes amd1 in partition all'
run sbatch --test-only -t 60 --accel-policy=fast --accel="8:mi300x|8:910b3" --wrap true
expect_match "$output" 'on nodes amd1 in partition all'
expect_used nv1 "gpu:h100:8(IDX:0-7)"
expect_used amd1 "gpu:mi300x:0(IDX:N/A)"
cancel_all

test_case "--exclusive: the whole node, of the vendor that has a free one"
long --accel=1:h100 -w nv1
expect_on "$JOB" nv1 gpu:h100:1
long --accel=1:h100 -w nv2
expect_on "$JOB" nv2 gpu:h100:1
long --exclusive --accel="2:h100|2:mi300x"
expect_on "$JOB" amd1 gpu:mi300x:2
expect_field "$JOB" NumCPUs 64
long --accel="1:mi300x|1:910b3"
expect_on "$JOB" as1 npu:910b3:1
cancel_all

test_case "--begin and afterok: they wait for it, and then run"
long --begin=now+3 --accel="$three"
later=$JOB
submit -t 60 --accel=2:h100 --wrap 'sleep 1'
first=$JOB
long --dependency=afterok:"$first" --accel=1:910b3
expect_field "$later" Reason BeginTime
expect_field "$JOB" Reason Dependency
wait_job "$first" COMPLETED
expect_on "$JOB" as1 npu:910b3:1
expect_on "$later" nv1 gpu:h100:8
submit -t 60 --accel=1:h100 --wrap 'exit 3'
first=$JOB
long --dependency=afterok:"$first" --accel=1:910b3
wait_job "$first" FAILED
wait_for 10 eval '[ "$(job_field $JOB Reason)" = DependencyNeverSatisfied ]'
cancel_all

test_case "a job shrinks: the node it gives back is free for others"
long --accel=16:h100
big=$JOB
expect_on "$big" 'nv[1-2]' gpu:h100:8
ok env -C "$CLUSTER/home" scontrol update JobId="$big" NumNodes=1 # it writes files
expect_field "$big" NodeList nv1
long --accel=8:h100
expect_on "$JOB" nv2 gpu:h100:8
expect_used nv1 "gpu:h100:8(IDX:0-7)"
ok scancel "$big"
wait_job "$big" CANCELLED
expect_used nv1 "gpu:h100:0(IDX:N/A)"
cancel_all

test_case "suspend and resume: the cards stay with the job"
long --accel=8:mi300x
first=$JOB
expect_on "$first" amd1 gpu:mi300x:8
ok scontrol suspend "$first"
wait_job "$first" SUSPENDED
long --accel=1:mi300x
long --accel="1:mi300x|1:910b3"
expect_on "$JOB" as1 npu:910b3:1
expect_used amd1 "gpu:mi300x:8(IDX:0-7)"
ok scontrol resume "$first"
expect_on "$first" amd1 gpu:mi300x:8
expect_eq "$(squeue -h -t PD -o %T | wc -l)" 1 "jobs that wait"
cancel_all

test_case "licenses: a job waits for one although cards are free"
long --licenses=sim:1 --accel=1:h100
first=$JOB
expect_on "$first" nv1 gpu:h100:1
long --licenses=sim:1 --accel="$three"
wait_for 10 eval '[ "$(job_field $JOB Reason)" = Licenses ]'
ok scancel "$first"
expect_on "$JOB" nv1 gpu:h100:8
cancel_all

test_case "scontrol top and nice: a job of two that wait goes first"
long --accel=8:910b3
first=$JOB
expect_on "$first" as1 npu:910b3:8
long --accel=8:910b3
second=$JOB
long --accel=8:910b3
ok scontrol update JobId="$second" Nice=100
run scontrol top "$JOB"
ok scancel "$first"
expect_on "$JOB" as1 npu:910b3:8
expect_field "$second" JobState PENDING
cancel_all

test_case "steps: a share of the job's cards each, and no more than it has"
submit -t 5 --accel=8:910b3 -n 2 --wrap '
srun -n1 --exact --gres=npu:3 bash -c "echo a \$ASCEND_RT_VISIBLE_DEVICES; sleep 2" &
sleep 0.5
srun -n1 --exact --gres=npu:5 bash -c "echo b \$ASCEND_RT_VISIBLE_DEVICES" &
wait
srun -n1 --overlap bash -c "echo c \$ASCEND_RT_VISIBLE_DEVICES"
srun -n1 --overlap --gres=none bash -c "echo d \${ASCEND_RT_VISIBLE_DEVICES-unset}"
srun -n1 --overlap --gres=npu:9 true || echo e $?
srun -n1 --overlap --accel=1:any true || echo f $?'
wait_job "$JOB" COMPLETED
expect_line "$(job_output "$JOB")" "a 0,1,2"
expect_line "$(job_output "$JOB")" "b 3,4,5,6,7"
expect_line "$(job_output "$JOB")" "c 0,1,2,3,4,5,6,7"
expect_match "$(job_output "$JOB")" '^d( unset)?$'
expect_line "$(job_output "$JOB")" "e 1"
expect_match "$(job_output "$JOB")" 'srun: error: --accel asks for a job.s cards; inside a job use --gres or --gpus'

test_case "what --accel and Slurm's own options say twice is refused"
for option in --gres=gpu:1 --gpus=h100:1 --gpus-per-node=1 --gpus-per-task=1 --gres=npu:910b3:1; do
	submit_refused --accel=1:h100 -n1 $option --wrap true
	expect_match "$output" 'weft: --accel asks for all of the job.s cards; ".*" asks for them a second time'
done

finish
