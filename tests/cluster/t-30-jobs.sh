#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Slurm's own kinds of jobs, and its own commands, with --accel.
. "$(dirname "$0")/lib.sh"

cluster_nodes <<END
nv[1-2]  gpu:h100:8
amd1     gpu:mi300x:8
as1      npu:910b3:8
cpu1     -
END
cluster_start

three="8:h100|8:mi300x|8:910b3"
show='echo "$SLURMD_NODENAME $WEFT_VENDOR ${CUDA_VISIBLE_DEVICES-none} ${ROCR_VISIBLE_DEVICES-none} ${ASCEND_RT_VISIBLE_DEVICES-none}"'
on_nv1="nv1 nvidia 0,1,2,3,4,5,6,7 none none"
on_amd1="amd1 amd none 0,1,2,3,4,5,6,7 none"
on_as1="as1 ascend none none 0,1,2,3,4,5,6,7"

# expect_cards JOB GRES: what it asks Slurm for, on each node ("gpu:h100:8")
expect_cards()
{
	expect_eq "$(job_field "$1" TresPerNode | sed 's,^gres[:/],,')" "$2" "job $1 TresPerNode"
}

# expect_on JOB NODES GRES: it runs there with that
expect_on()
{
	wait_job "$1" RUNNING
	expect_field "$1" NodeList "$2"
	expect_cards "$1" "$3"
}

# Listed, eight cards of whoever has them, for as long as the test wants.
long()
{
	submit -t 60 --accel-policy=listed --accel="$three" "$@" --wrap "$show; sleep 300"
}

no_job_on()
{
	[ -z "$(squeue -h -w "$1")" ]
}

# runs_again JOB RESTARTS: 22.05 puts off by two minutes what is requeued
runs_again()
{
	scontrol update JobId="$1" StartTime=now
	job_is "$1" RUNNING && [ "$(job_field "$1" Restarts)" = "$2" ]
}

# refused_update WHY FIELDS...: scontrol update fails; with a reason for the user where Slurm lets us, else in the log
refused_update()
{
	local why=$1
	shift
	refused scontrol update "$@"
	if release_at_least 23.02; then
		expect_match "$output" "weft: $why"
	else
		wait_for 5 grep -qF "weft: refused for uid 0: $why" "$CLUSTER/log/slurmctld.log"
	fi
}

test_case "job array: its tasks go to one vendor after the other"
submit -t 60 --array=0-4 -o "$CLUSTER/home/array-%a.out" --accel-policy=listed --accel="$three" \
	--wrap "$show; sleep 300"
array=$JOB
expect_on "${array}_0" nv1 gpu:h100:8
expect_on "${array}_1" nv2 gpu:h100:8
expect_on "${array}_2" amd1 gpu:mi300x:8
expect_on "${array}_3" as1 npu:910b3:8
expect_eq "$(job_state "${array}_4")" PENDING "state of the fifth task"
wait_for 10 grep -q . "$CLUSTER/home/array-3.out"
expect_line "$(cat "$CLUSTER/home/array-0.out")" "$on_nv1"
expect_line "$(cat "$CLUSTER/home/array-2.out")" "$on_amd1"
expect_line "$(cat "$CLUSTER/home/array-3.out")" "$on_as1"
ok scancel "${array}_2"
expect_on "${array}_4" amd1 gpu:mi300x:8
wait_for 10 grep -q . "$CLUSTER/home/array-4.out"
expect_line "$(cat "$CLUSTER/home/array-4.out")" "$on_amd1"
cancel_all

test_case "job array: one task's request is changed, the others keep theirs"
submit -t 60 --array=0-1 --hold -o "$CLUSTER/home/%A-%a.out" --accel-policy=listed --accel="$three" --wrap 'sleep 300'
ok scontrol update JobId="${JOB}_1" Comment="accel=2:910b3"
ok scontrol release "$JOB"
expect_on "${JOB}_0" nv1 gpu:h100:8
expect_on "${JOB}_1" as1 npu:910b3:2
cancel_all

test_case "hetjob: each component has its own request, one has none"
submit -t 5 --accel=4:910b3 -n1 : --accel=2:h100 -n1 : -n1 -w cpu1 --wrap "srun --het-group=0-2 -l bash -c '$show'"
wait_job "$JOB" COMPLETED
expect_cards "$JOB+0" npu:910b3:4
expect_field "$JOB+0" NodeList as1
expect_cards "$JOB+1" gpu:h100:2
expect_field "$JOB+1" NodeList nv1
expect_field "$JOB+2" TresPerNode ""
expect_line "$(job_output "$JOB")" "0: as1 ascend none none 0,1,2,3"
expect_line "$(job_output "$JOB")" "1: nv1 nvidia 0,1 none none"
expect_line "$(job_output "$JOB")" "2: cpu1  none none none"

test_case "hetjob: the component with the batch script has no request"
submit -t 5 -n1 -w cpu1 : --accel=4:910b3 -n1 --wrap "srun --het-group=0-1 -l bash -c '$show'"
wait_job "$JOB" COMPLETED
expect_line "$(job_output "$JOB")" "0: cpu1  none none none"
expect_line "$(job_output "$JOB")" "1: as1 ascend none none 0,1,2,3"

test_case "hetjob: one component that can never run refuses all"
submit_refused --accel=2:h100 : --accel=2:h200 --wrap true
expect_line "$output" "sbatch: error: 1: weft: --accel: no node has h200; there is 910b3, h100 and mi300x"

test_case "requeue: lands on another vendor, with that one's environment"
long --requeue
expect_on "$JOB" nv1 gpu:h100:8
first=$JOB
wait_for 10 grep -q nv1 "$CLUSTER/home/$first.out"
ok scontrol requeuehold "$first"
wait_for 20 job_is "$first" PENDING
submit -t 60 --accel=16:h100 --wrap 'sleep 300'
expect_on "$JOB" 'nv[1-2]' gpu:h100:8
ok scontrol release "$first"
wait_for 20 runs_again "$first" 1
expect_on "$first" amd1 gpu:mi300x:8
wait_for 10 grep -q amd1 "$CLUSTER/home/$first.out"
expect_eq "$(cat "$CLUSTER/home/$first.out")" "$on_amd1" "what the second run printed"
ok scancel "$JOB"
wait_for 20 no_job_on nv1
ok scontrol requeue "$first"
wait_for 20 runs_again "$first" 2
expect_on "$first" nv1 gpu:h100:8
cancel_all

test_case "hold and release"
long --hold
sleep 1
expect_field "$JOB" JobState PENDING
expect_field "$JOB" Reason JobHeldUser
expect_cards "$JOB" gpu:h100:8
ok scontrol release "$JOB"
expect_on "$JOB" nv1 gpu:h100:8

test_case "update of a running job: its request stands, other fields can change"
refused_update "--accel can be changed only while the job is pending" JobId="$JOB" Comment="accel=4:mi300x"
ok scontrol update JobId="$JOB" TimeLimit=30 Comment="nothing of that kind"
expect_field "$JOB" TimeLimit 00:30:00
expect_match "$(job_field "$JOB" Comment)" '^nothing of that kind *$'
expect_cards "$JOB" gpu:h100:8
cancel_all

test_case "update of a pending job: the comment changes the request"
long --hold
ok scontrol update JobId="$JOB" Comment="accel=4:mi300x"
ok scontrol release "$JOB"
expect_on "$JOB" amd1 gpu:mi300x:4
expect_match "$(job_field "$JOB" Comment)" '^accel=4:mi300x *$'
submit --hold -t 60 --accel=1:h100 --wrap 'sleep 300'
ok scontrol update JobId="$JOB" Comment="accel=4 x 910B3 | 4:h100 ; accel-policy=listed"
ok scontrol release "$JOB"
expect_on "$JOB" as1 npu:910b3:4
expect_match "$(job_field "$JOB" SystemComment)" '4 npu:910b3 on 1 node \(alternative 1 of 2, policy listed\)'
cancel_all

test_case "update of a pending job: one that had no request gets one, and its device environment"
submit --hold -t 60 --wrap "$show; srun bash -c '$show'"
ok scontrol update JobId="$JOB" Comment="accel=8:910b3"
ok scontrol release "$JOB"
wait_job "$JOB" COMPLETED
expect_cards "$JOB" npu:910b3:8
expect_eq "$(job_output "$JOB" | sort -u)" "$on_as1" "output"

test_case "update of a pending job: it may need other nodes, or more of them"
submit -t 60 --hold --accel=8:h100 --wrap 'sleep 300'
ok scontrol update JobId="$JOB" Comment="accel=16:h100"
ok scontrol release "$JOB"
expect_on "$JOB" 'nv[1-2]' gpu:h100:8
cancel_all

test_case "update of a pending job: nodes, partition, time limit"
ok scontrol create PartitionName=few Nodes=amd1,as1 MaxTime=INFINITE State=UP
submit -t 60 --hold --accel-policy=listed --accel="8:h100|8:910b3" --wrap 'sleep 300'
ok scontrol update JobId="$JOB" NumNodes=2
ok scontrol release "$JOB"
expect_on "$JOB" 'nv[1-2]' gpu:h100:4
cancel_all
long --hold
# Without accounting Slurm takes an errno that something left behind for an error of this update (_retrieve_new_assoc).
wait_for 10 scontrol update JobId="$JOB" Partition=few TimeLimit=7
ok scontrol release "$JOB"
expect_on "$JOB" amd1 gpu:mi300x:8
expect_field "$JOB" TimeLimit 00:07:00
cancel_all

test_case "update refused: what can never run, and the old request stands"
long --hold
refused_update "--accel: partition all has 16 h100 in all; 32 are asked for" JobId="$JOB" Comment="accel=32:h100"
refused_update "--accel: count comes first: write 8:h100, at column 1" JobId="$JOB" Comment="accel=h100:8"
refused_update "--accel: no node of partition few has h100" JobId="$JOB" Comment="accel=8:h100" Partition=few
for field in Gres=gpu:mi300x:1 TresPerNode=gres:gpu:2; do
	refused_update "the job's cards come from --accel; change it with Comment=\"accel=REQUEST\"" \
		JobId="$JOB" "$field"
done
refused scontrol update JobId="$JOB" Comment="accel=1:mi300x" Partition=nosuch
refused as_user nobody scontrol update JobId="$JOB" Comment="accel=1:910b3"
refused as_user nobody scontrol update JobId="$JOB" Comment="accel=1:910b3" NumNodes=2
expect_field "$JOB" Partition all
expect_field "$JOB" Comment ""
ok scontrol release "$JOB"
expect_on "$JOB" nv1 gpu:h100:8
cancel_all

finish
