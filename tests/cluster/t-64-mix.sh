#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One job over cards of several vendors or models: which cards it gets, what its tasks are told, when it waits, and
# what is refused.  The last test runs a data-parallel program on emulated cards, with the weights and without.
. "$(dirname "$0")/lib.sh"

cluster_nodes <<END
nv[1-2]  gpu:h100:8
nva1     gpu:a100-sxm4-80gb:8
amd[1-2] gpu:mi300x:8
mlu[1-2] gpu:mlu370-x8:8
as1      gpu:910b3:8
hyg1     dcu:k100-ai:8
END
CLUSTER_WEFT_CONF='App=ours Table=mi300x=1.6,h100=1,a100-sxm4-80gb=0.5,mlu370-x8=0.4'
cluster_start

# mix REQUEST SBATCH_ARG...: a job of ten minutes; its predicted speeds are those of the table
mix()
{
	local request=$1
	shift
	submit --accel="$request" --accel-app=ours -t 10 "$@"
}

# "NODES GRES" of each line, as slurmctld allocated them to job $1
devices()
{
	scontrol show job -d "$1" | sed -n 's/^ *Nodes=\([^ ]*\) .*GRES=\([^ ]*\).*$/\1 \2/p'
}

# runs_on NODES DEVICES SPLIT [ALTERNATIVE]: the last job does, and says so
runs_on()
{
	wait_job "$JOB" RUNNING 15
	expect_field "$JOB" NodeList "$1"
	expect_eq "$(devices "$JOB")" "$2" "devices"
	expect_field "$JOB" SystemComment "weft: $3 (alternative ${4:-1 of 1}, policy soon)"
}

# planned NODES: backfill has, on these
planned()
{
	[ "$(job_field "$JOB" StartTime)" != Unknown ] && [ "$(job_field "$JOB" SchedNodeList)" = "$1" ]
}

# blocker NODE TYPE: a plain job has all cards of a node for 20 minutes
blocker()
{
	submit -w "$1" --gres="gpu:$2:8" -t 20 --wrap 'sleep 600'
	wait_job "$JOB" RUNNING
	BLOCKER=$JOB
}

# refused_mix MESSAGE REQUEST SBATCH_ARG...
refused_mix()
{
	local message=$1 request=$2
	shift 2
	submit_refused --accel="$request" --accel-app=ours -t 10 "$@" --wrap true
	expect_line "$output" "sbatch: error: weft: --accel: $message"
}

lines_are()
{
	[ "$(job_output "$JOB" | wc -l)" = "$1" ]
}

# told LINES: each task of the last job has said what it found in its environment
told()
{
	wait_for 15 lines_are "$1"
	job_output "$JOB" | sort -n
}

tell=$CLUSTER/tell
cat > "$tell" <<\END
#!/bin/sh
# SLURM_* keeps the request and the ticket; what a program reads has no such prefix.
echo "$SLURM_PROCID: $(env | grep -E '^(WEFT_(GROUP|GROUP_RANK|GROUP_SIZE|WEIGHT|VENDOR|DEVICES)|[A-Z]+_VISIBLE_DEVICES)=' |
	sort | paste -sd' ' | sed 's/0,1,2,3,4,5,6,7/0-7/g')"
END
chmod 755 "$tell"
telling="srun -Q $tell; sleep 600"

test_case "two vendors: the faster cards first, whole nodes, each node its own vendor's environment"
mix 24:nvidia/amd,mix=vendors --wrap "$telling"
runs_on "amd[1-2],nv1" "amd[1-2] gpu:mi300x:8(IDX:0-7)
nv1 gpu:h100:8(IDX:0-7)" "16 gpu:mi300x on 2 nodes and 8 gpu:h100 on 1 node, joined by flagcx, with equal shares 71% as fast"
expect_eq "$(CUDA_VISIBLE_DEVICES=7 told 3)" \
	"0: ROCR_VISIBLE_DEVICES=0-7 WEFT_DEVICES=0-7 WEFT_GROUP=0 WEFT_GROUP_RANK=0 WEFT_GROUP_SIZE=2 WEFT_VENDOR=amd WEFT_WEIGHT=0.761905
1: ROCR_VISIBLE_DEVICES=0-7 WEFT_DEVICES=0-7 WEFT_GROUP=0 WEFT_GROUP_RANK=1 WEFT_GROUP_SIZE=2 WEFT_VENDOR=amd WEFT_WEIGHT=0.761905
2: CUDA_VISIBLE_DEVICES=0-7 WEFT_DEVICES=0-7 WEFT_GROUP=1 WEFT_GROUP_RANK=0 WEFT_GROUP_SIZE=1 WEFT_VENDOR=nvidia WEFT_WEIGHT=0.238095"

test_case "while it runs, the next one gets the fastest of what is free"
mix 16:nvidia/amd/cambricon,mix=vendors --wrap 'sleep 600'
runs_on "mlu1,nv2" "mlu1 gpu:mlu370-x8:8(IDX:0-7)
nv2 gpu:h100:8(IDX:0-7)" "8 gpu:h100 on 1 node and 8 gpu:mlu370-x8 on 1 node, joined by flagcx, with equal shares 57% as fast"
cancel_all

test_case "three vendors, two tasks on each node, other vendors' variables unset"
mix 40:h100/amd/cambricon,mix=vendors -N 5 -n 10 --ntasks-per-node=2 \
	--export=ALL,CUDA_VISIBLE_DEVICES=6,ROCR_VISIBLE_DEVICES=6,MLU_VISIBLE_DEVICES=6,WEFT_WEIGHT=9 --wrap "$telling"
runs_on "amd[1-2],mlu1,nv[1-2]" "amd[1-2] gpu:mi300x:8(IDX:0-7)
mlu1 gpu:mlu370-x8:8(IDX:0-7)
nv[1-2] gpu:h100:8(IDX:0-7)" \
	"16 gpu:mi300x on 2 nodes, 16 gpu:h100 on 2 nodes and 8 gpu:mlu370-x8 on 1 node, joined by flagcx, with equal shares 36% as fast"
out=$(told 10) # groups are numbered in the order of the nodes, as tasks are
expect_line "$out" "3: ROCR_VISIBLE_DEVICES=0-7 WEFT_DEVICES=0-7 WEFT_GROUP=0 WEFT_GROUP_RANK=3 WEFT_GROUP_SIZE=4 WEFT_VENDOR=amd WEFT_WEIGHT=0.571429"
expect_line "$out" "5: MLU_VISIBLE_DEVICES=0-7 WEFT_DEVICES=0-7 WEFT_GROUP=1 WEFT_GROUP_RANK=1 WEFT_GROUP_SIZE=2 WEFT_VENDOR=cambricon WEFT_WEIGHT=0.071429"
expect_line "$out" "9: CUDA_VISIBLE_DEVICES=0-7 WEFT_DEVICES=0-7 WEFT_GROUP=2 WEFT_GROUP_RANK=3 WEFT_GROUP_SIZE=4 WEFT_VENDOR=nvidia WEFT_WEIGHT=0.357143"
cancel_all

test_case "unit: parts of nodes, two jobs on one"
mix 12:nvidia/amd,mix=vendors,unit=4 --wrap "$telling"
runs_on "amd1,nv1" "amd1 gpu:mi300x:8(IDX:0-7)
nv1 gpu:h100:4(IDX:0-3)" "8 gpu:mi300x on 1 node and 4 gpu:h100 on 1 node, joined by flagcx, with equal shares 71% as fast"
expect_line "$(told 2)" "1: CUDA_VISIBLE_DEVICES=0,1,2,3 WEFT_DEVICES=0,1,2,3 WEFT_GROUP=1 WEFT_GROUP_RANK=0 WEFT_GROUP_SIZE=1 WEFT_VENDOR=nvidia WEFT_WEIGHT=0.238095"
mix 8:h100/amd,mix=vendors,unit=4 -x nv2 --wrap 'sleep 600'
runs_on "amd2,nv1" "amd2 gpu:mi300x:4(IDX:0-3)
nv1 gpu:h100:4(IDX:4-7)" "4 gpu:mi300x on 1 node and 4 gpu:h100 on 1 node, joined by flagcx, with equal shares 77% as fast"
cancel_all

test_case "unit: more cards on one node of a class than on the other"
mix 16:h100/amd,mix=vendors,unit=4 --wrap "$telling"
runs_on "amd[1-2],nv1" "amd1 gpu:mi300x:8(IDX:0-7)
amd2 gpu:mi300x:4(IDX:0-3)
nv1 gpu:h100:4(IDX:0-3)" "8 gpu:mi300x on 1 node, 4 gpu:mi300x on 1 node and 4 gpu:h100 on 1 node, joined by flagcx, with equal shares 69% as fast"
cancel_all

test_case "another number of nodes than the fastest of all mixes has"
submit -w amd2 --gres=gpu:mi300x:8 -t 20 --wrap 'sleep 600'
wait_job "$JOB" RUNNING
mix 16:h100/amd,mix=vendors,unit=4 --wrap "$telling"
runs_on "amd1,nv1" "amd1 gpu:mi300x:8(IDX:0-7)
nv1 gpu:h100:8(IDX:0-7)" "8 gpu:mi300x on 1 node and 8 gpu:h100 on 1 node, joined by flagcx, with equal shares 77% as fast"
told 2 > /dev/null
cancel_all

test_case "split=even: as many of each"
mix 16:nvidia/amd,mix=vendors,unit=4,split=even --wrap 'sleep 600'
runs_on "amd1,nv1" "amd1 gpu:mi300x:8(IDX:0-7)
nv1 gpu:h100:8(IDX:0-7)" "8 gpu:mi300x on 1 node and 8 gpu:h100 on 1 node, joined by flagcx, with equal shares 77% as fast"
cancel_all

test_case "mix=models: two of one vendor"
mix 24:mix=models --wrap "$telling"
runs_on "nv[1-2],nva1" "nv[1-2] gpu:h100:8(IDX:0-7)
nva1 gpu:a100-sxm4-80gb:8(IDX:0-7)" "16 gpu:h100 on 2 nodes and 8 gpu:a100-sxm4-80gb on 1 node, joined by NCCL, with equal shares 60% as fast"
expect_line "$(told 3)" "2: CUDA_VISIBLE_DEVICES=0-7 WEFT_DEVICES=0-7 WEFT_GROUP=1 WEFT_GROUP_RANK=0 WEFT_GROUP_SIZE=1 WEFT_VENDOR=nvidia WEFT_WEIGHT=0.2"
cancel_all

test_case "a fabric by name; a mix where one kind will not do"
submit --accel=16:h100/ascend,mix=vendors,fabric=gloo -t 10 --wrap 'sleep 600'
runs_on "as1,nv1" "as1 gpu:910b3:8(IDX:0-7)
nv1 gpu:h100:8(IDX:0-7)" "8 gpu:h100 on 1 node and 8 gpu:910b3 on 1 node, joined by gloo, with equal shares 87% as fast"
mix '24:h100 | 16:h100/amd,mix=vendors' --wrap 'sleep 600'
runs_on "amd1,nv2" "amd1 gpu:mi300x:8(IDX:0-7)
nv2 gpu:h100:8(IDX:0-7)" "8 gpu:mi300x on 1 node and 8 gpu:h100 on 1 node, joined by flagcx, with equal shares 77% as fast" "2 of 2"
cancel_all

test_case "what cannot be is refused, with the reason"
submit_refused --accel=16:nvidia/ascend,mix=vendors -t 10 --wrap true
expect_line "$output" "sbatch: error: weft: --accel: no communication library joins nvidia and ascend: nvidia has flagcx, ascend has none (HCCL has no operation between vendors); fabric=gloo would, through the hosts' memory"
refused_mix "there are 16 mi300x, 16 h100 and 8 a100-sxm4-80gb on whole nodes, 40 in all; 48 are asked for" \
	48:nvidia/amd,mix=vendors
submit_refused --accel=16:mi300x/hygon,mix=vendors -t 10 --wrap true
expect_line "$output" "sbatch: error: weft: --accel: gpu:mi300x and dcu:k100-ai have different gres names, and a job asks the same gres of all its nodes: give the cards of all vendors one gres name (doc/install.md), or submit a heterogeneous job"
refused_mix "mix=vendors takes two vendors or more; all cards that would do are of nvidia" 16:nvidia,mix=vendors
refused_mix "20 cards cannot be made of whole nodes of 8 mi300x and 8 h100; unit=N makes them of parts of N cards" \
	20:mi300x/h100,mix=vendors
refused_mix "the fastest mix takes 3 nodes; at most 2 are allowed" 24:mi300x/h100,mix=vendors -N 2

test_case "it waits when too few cards are free; backfill plans it, and it starts when they come free"
blocker nv1 h100
mix 32:mi300x/h100,mix=vendors --wrap 'sleep 600'
wait_for 20 planned "amd[1-2],nv[1-2]"
expect_eq "$(job_field "$JOB" StartTime)" "$(job_field "$BLOCKER" EndTime)" "planned start"
expect_field "$JOB" JobState PENDING
first=$JOB
# What ends before then may go first; what does not, may not.
submit --accel=8:mi300x -t 60 --wrap 'sleep 600'
late=$JOB
submit --accel=8:mi300x -t 5 --wrap 'sleep 600'
wait_job "$JOB" RUNNING
expect_field "$late" JobState PENDING
scancel "$JOB" "$late" "$BLOCKER"
JOB=$first
runs_on "amd[1-2],nv[1-2]" "amd[1-2] gpu:mi300x:8(IDX:0-7)
nv[1-2] gpu:h100:8(IDX:0-7)" "16 gpu:mi300x on 2 nodes and 16 gpu:h100 on 2 nodes, joined by flagcx, with equal shares 77% as fast"
cancel_all

test_case "nodes that it must have, may not have, or that are drained"
mix 16:mi300x/h100,mix=vendors -w amd2,nv2 --wrap 'sleep 600'
runs_on "amd2,nv2" "amd2 gpu:mi300x:8(IDX:0-7)
nv2 gpu:h100:8(IDX:0-7)" "8 gpu:mi300x on 1 node and 8 gpu:h100 on 1 node, joined by flagcx, with equal shares 77% as fast"
cancel_all
mix 16:mi300x/h100,mix=vendors -w nv2 --wrap 'sleep 600'
runs_on "amd1,nv2" "amd1 gpu:mi300x:8(IDX:0-7)
nv2 gpu:h100:8(IDX:0-7)" "8 gpu:mi300x on 1 node and 8 gpu:h100 on 1 node, joined by flagcx, with equal shares 77% as fast"
cancel_all
# The fastest mix has none of these.
submit_refused --accel=16:mi300x/h100/mlu370-x8,mix=vendors --accel-app=ours -t 10 -w mlu1 --wrap true
expect_line "$output" "sbatch: error: Batch job submission failed: Requested node configuration is not available"
mix 24:mi300x/h100,mix=vendors -x amd1 --wrap 'sleep 600'
runs_on "amd2,nv[1-2]" "amd2 gpu:mi300x:8(IDX:0-7)
nv[1-2] gpu:h100:8(IDX:0-7)" "8 gpu:mi300x on 1 node and 16 gpu:h100 on 2 nodes, joined by flagcx, with equal shares 83% as fast"
cancel_all
ok scontrol update NodeName=amd2 State=DRAIN Reason=test
blocker nv2 h100
mix 24:mi300x/h100,mix=vendors --wrap 'sleep 600'
wait_for 20 planned "amd1,nv[1-2]"
expect_eq "$(job_field "$JOB" StartTime)" "$(job_field "$BLOCKER" EndTime)" "planned start"
ok scontrol update NodeName=amd2 State=RESUME
runs_on "amd[1-2],nv1" "amd[1-2] gpu:mi300x:8(IDX:0-7)
nv1 gpu:h100:8(IDX:0-7)" "16 gpu:mi300x on 2 nodes and 8 gpu:h100 on 1 node, joined by flagcx, with equal shares 71% as fast"
cancel_all

test_case "requeued, it gets what is free then"
mix 16:mi300x/h100/mlu370-x8,mix=vendors --requeue --wrap 'sleep 600'
runs_on "amd1,nv1" "amd1 gpu:mi300x:8(IDX:0-7)
nv1 gpu:h100:8(IDX:0-7)" "8 gpu:mi300x on 1 node and 8 gpu:h100 on 1 node, joined by flagcx, with equal shares 77% as fast"
requeued=$JOB
ok scontrol requeuehold "$requeued"
wait_job "$requeued" PENDING
blocker nv1 h100
blocker nv2 h100
ok scontrol release "$requeued"
ok scontrol update JobId="$requeued" StartTime=now
JOB=$requeued
runs_on "amd1,mlu1" "amd1 gpu:mi300x:8(IDX:0-7)
mlu1 gpu:mlu370-x8:8(IDX:0-7)" "8 gpu:mi300x on 1 node and 8 gpu:mlu370-x8 on 1 node, joined by flagcx, with equal shares 40% as fast"
cancel_all

test_case "an array, sbatch --test-only, srun"
mix 16:mi300x/h100,mix=vendors --array=1-3 -o "$CLUSTER/home/array.%a" \
	--wrap "srun -Q sh -c 'echo \$WEFT_VENDOR \$WEFT_GROUP'; touch $CLUSTER/home/done.\$SLURM_ARRAY_TASK_ID; sleep 600"
wait_job "${JOB}_1" RUNNING
wait_job "${JOB}_2" RUNNING
expect_field "${JOB}_1" NodeList "amd1,nv1"
expect_field "${JOB}_2" NodeList "amd2,nv2"
expect_field "${JOB}_3" JobState PENDING
wait_for 15 test -e "$CLUSTER/home/done.2"
expect_eq "$(sort "$CLUSTER/home/array.2" | paste -sd,)" "amd 0,nvidia 1"
ok sbatch --test-only --accel=16:mlu370-x8/a100-sxm4-80gb,mix=vendors -t 10 --wrap true
expect_match "$output" "^sbatch: Job [0-9]+ to start at .* on nodes mlu1,nva1 in partition all$"
refused sbatch --test-only --accel=64:h100/mlu370-x8,mix=vendors -t 10 --wrap true
expect_line "$output" "sbatch: error: weft: --accel: there are 16 h100 and 16 mlu370-x8 on whole nodes, 32 in all; 64 are asked for"
cancel_all
ok srun -Q -t 5 --accel=16:mi300x/h100,mix=vendors --accel-app=ours sh -c 'echo $WEFT_VENDOR $WEFT_WEIGHT'
expect_eq "$(printf '%s\n' "$output" | sort | paste -sd,)" "amd 0.615385,nvidia 0.384615"
wait_for 20 no_jobs

# figure NAME: of the line $paced
figure()
{
	printf '%s\n' "$paced" | tr ' ' '\n' | sed -n "s/^$1=//p"
}

# step_within PER_CENT SECONDS: the mean step took SECONDS, or at most so much more
step_within()
{
	awk -v a="$(figure step)" -v b="$2" -v most="$1" 'BEGIN { exit !(a >= b * 0.999 && a <= b * (1 + most / 100)) }' ||
		fail "a step takes $(figure step) s, and not $2 s or at most $1 % more: $paced"
}

test_case "data-parallel training: by weight as fast as all cards together, in equal parts as slow as the slowest"
ok make -s -C "$BUILD" tests/cluster/paced
cat > "$CLUSTER/home/train.sh" <<END
#!/bin/bash
MASTER_ADDR=\$(scontrol show node "\$SLURMD_NODENAME" | sed -n 's/.*NodeAddr=\([^ ]*\).*/\1/p')
export MASTER_ADDR MASTER_PORT=$((CLUSTER_PORT + 90))
for share in weight equal; do
	srun -Q $BUILD/tests/cluster/paced --share=\$share --steps=10 --step=0.4 mi300x=1.6 h100=1 mlu370-x8=0.4
done
END
mix 40:h100/amd/cambricon,mix=vendors "$CLUSTER/home/train.sh"
wait_job "$JOB" COMPLETED 60
out=$(job_output "$JOB")
diag "$out"
expect_eq "$(echo "$out" | wc -l)" 2 "lines"
expect_eq "$(echo "$out" | sed 's/.*loss=/loss=/' | uniq | wc -l)" 1 "what is learnt, by weight and in equal parts"
# 44.8 samples for 44.8 of speed: each node does as much as it can.
paced=$(echo "$out" | sed -n 1p)
expect_eq "$(figure tasks) $(figure bound)" "5 0.4000"
step_within 3 0.4
# 8.96 for each node, of which the slowest can do 3.2.
paced=$(echo "$out" | sed -n 2p)
expect_eq "$(figure slowest)" 1.1200
step_within 3 1.12

# Slurm has its nodes in the order of their names, so here a vendor's are not side by side.
CLUSTER_NODE_TABLE='a1 gpu:h100:8
b1 gpu:mi300x:8
c1 gpu:h100:8'
cluster_again

test_case "vendors whose nodes lie apart: ranks and hostfile have each vendor in one piece"
cat > "$CLUSTER/tell" <<\END
#!/bin/sh
echo "$SLURM_PROCID: $SLURMD_NODENAME $WEFT_GROUP $WEFT_GROUP_RANK $WEFT_GROUP_SIZE $WEFT_RANK $WEFT_MICRO_BATCHES $WEFT_LAYERS"
END
chmod 755 "$CLUSTER/tell"
WEFT_HINTS=hostfile,micro-batches=18,layers=80 mix 24:h100/mi300x,mix=vendors -N 3 -n 6 --ntasks-per-node=2 \
	--wrap "srun -Q $CLUSTER/tell; cat \$WEFT_HOSTFILE"
wait_job "$JOB" COMPLETED
expect_eq "$(job_output "$JOB" | head -n 6 | sort -n)" "0: a1 0 0 4 0 10,8 44,36
1: a1 0 1 4 1 10,8 44,36
2: b1 1 0 2 4 10,8 44,36
3: b1 1 1 2 5 10,8 44,36
4: c1 0 2 4 2 10,8 44,36
5: c1 0 3 4 3 10,8 44,36" "task, node, group, place in it, its size, rank, shares"
expect_eq "$(job_output "$JOB" | tail -n 3)" "a1 slots=8 type=h100
c1 slots=8 type=h100
b1 slots=8 type=mi300x" "hostfile"

finish
