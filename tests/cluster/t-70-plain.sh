#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Jobs without --accel run exactly as without Weft: 1,000 random ones, once under Slurm as it is (no plugin of Weft is
# loaded) and once with all of Weft, are accepted or refused in the same words, start in the same order, on the same
# nodes, processors and devices, and those that wait wait for the same reason.
. "$(dirname "$0")/lib.sh"
. "$CLUSTER_TESTS/history.sh"

seed=${WEFT_PLAIN_SEED:-20250101}
number=1000
groups=8
runs=(stock weft)

cluster_nodes <<END
nv[1-4]  gpu:h100:8                CPUs=32 Sockets=2 CoresPerSocket=8 ThreadsPerCore=2 Feature=ib,new,rack1
nva[1-3] gpu:a100-sxm4-80gb:8      CPUs=32 Sockets=2 CoresPerSocket=16 Feature=ib,old,rack2 Weight=5
amd[1-3] gpu:mi300x:8              CPUs=48 Sockets=2 CoresPerSocket=24 Feature=new,rack2
as[1-2]  npu:910b3:8               CPUs=32 Sockets=4 CoresPerSocket=8 Feature=ib,rack1 Weight=3
mlu1     gpu:mlu370-x8:8           CPUs=16 Sockets=1 CoresPerSocket=16 Feature=old
mix1     gpu:h100:4,gpu:mi300x:4   CPUs=32 Sockets=2 CoresPerSocket=16 Feature=new,rack1 Weight=2
cpu[1-2] -                         CPUs=64 Sockets=2 CoresPerSocket=16 ThreadsPerCore=2 Feature=old,rack2
gate1    -
END

everything="nv[1-4],nva[1-3],amd[1-3],as[1-2],mlu1,mix1,cpu[1-2]"
CLUSTER_PARTITIONS="PartitionName=all Nodes=$everything Default=YES MaxTime=INFINITE
PartitionName=nvidia Nodes=nv[1-4],nva[1-3],mix1 MaxTime=INFINITE
PartitionName=amd Nodes=amd[1-3],mix1 MaxTime=INFINITE MaxNodes=2
PartitionName=low Nodes=$everything MaxTime=INFINITE PriorityTier=0
PartitionName=first Nodes=nv[3-4],mlu1 MaxTime=INFINITE PriorityTier=9
PartitionName=cpu Nodes=cpu[1-2],nv1 MaxTime=INFINITE MaxCPUsPerNode=24
PartitionName=gate Nodes=gate1 MaxTime=INFINITE"

settings="SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=1000
PriorityType=priority/basic
MaxArraySize=100
CompleteWait=65000
Epilog=$CLUSTER/home/epilog"

# ---------------------------------------------------------------- what only this history has

# A new slurmctld may look before the nodes are back.
picture_forgets='s/Reason=ReqNodeNotAvail,_UnavailableNodes:[^ ]*/Reason=Priority/'

play_pass()
{
	one_pass
}

play_phase()
{
	set_scheduler "$1"
	play_restart
}

# Not scontrol reconfigure: in 22.05 that sets the next job number back to the one last saved, and lets backfill make
# another pass before it learns that it is not wanted any more.
play_restart()
{
	ctld_restart
	no_more_starts
}

play_end()
{
	local n list=()
	shut_gate
	for n in $1; do
		[ -z "${ids[$n]:-}" ] || list+=("${ids[$n]}")
	done
	scancel --quiet "${list[@]}" || true
	wait_for 60 none_completing
}

# run_all SELECT: on a cluster of its own
run_all()
{
	CLUSTER_SELECT=$1
	CLUSTER_CONF="$settings
$scheduler_backfill"
	cluster_again
	test_case "$1: the cluster runs $number jobs"
	ok scontrol create reservation ReservationName=held Nodes=nv4,cpu2 StartTime=now Duration=UNLIMITED Users=root
	ok scontrol create reservation ReservationName=later Nodes=amd2 StartTime=now+3days Duration=1-0 Users=root
	printf '#!/bin/sh\nwhile [ -e %s/home/shut-$SLURM_JOB_ID ]; do sleep 0.1; done\n' "$CLUSTER" > "$CLUSTER/home/epilog"
	chmod +x "$CLUSTER/home/epilog"
	play_history
}

write_history plain-jobs.awk seed="$seed" jobs=$number groups=$groups
diag "seed $seed"

for run_number in "${!runs[@]}"; do
	run_all "${runs[run_number]}"
done
compare_plugins
compare_histories

test_case "there was something to compare"
at_least 350 "starts" '^JobId=' 'starts-*'
at_least 400 "times devices" 'IDX:[0-9]' 'picture-*'
at_least 200 "times a job that waits" 'JobState=PENDING' 'picture-*'
at_least 50 "refusals" 'error' 'answers-*'

finish
