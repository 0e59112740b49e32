#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A random history of a cluster of 260 nodes - jobs are submitted, end, are cancelled, held, resized, suspended,
# preempted; nodes are drained, fail and come back; reservations come and go; Slurm is reconfigured - has the same jobs
# start in the same order on the same nodes, processors and devices, and the others wait for the same reasons and for
# the same moments, under Slurm as it is and with Weft.
#
# WEFT_EVENTS=N is the number of events (600, from 23.11 on 300), WEFT_EVENTS_SEED=N another history,
# WEFT_EVENTS_RUNS="stock weft" the runs: stock is Slurm as it is, weft has Weft as sites run it, check has Weft ask each
# question both ways.  With ten thousand events each run takes some 20 minutes:
#
#	WEFT_EVENTS=10000 WEFT_EVENTS_RUNS="stock weft check" bash tests/cluster/t-72-events.sh BUILD
#
# slurmctld is alone: polite.c stands for all nodes.
. "$(dirname "$0")/lib.sh"
. "$CLUSTER_TESTS/history.sh"
# Which nodes had not answered yet when a job was last looked at is chance.
picture_forgets='s/(Reason=ReqNodeNotAvail),_UnavailableNodes:[^ ]*/\1/'

events=600
! release_at_least 23.11 || events=300 # a slurmctld that is reconfigured begins anew, which takes longer
events=${WEFT_EVENTS:-$events}
seed=${WEFT_EVENTS_SEED:-20250101}
read -ra runs <<< "${WEFT_EVENTS_RUNS:-stock weft}"

# Two sockets, the devices on each of them next to its processors, unless GRES says "far" (no place is known) or
# "count" (no file either, so no numbers).
nodes_table()
{
	cat <<-END
	nv 80 gpu:h100:8 CPUs=32 CoresPerSocket=16 Feature=ib,new,rack1
	nva 20 gpu:h100:8 CPUs=32 CoresPerSocket=16 Feature=old,rack2 Weight=5
	nvb 20 gpu:h100:8 CPUs=48 CoresPerSocket=24 Feature=ib,new,rack2
	nvc 30 gpu:a100-sxm4-80gb:4,fpga:4:count CPUs=32 CoresPerSocket=8 ThreadsPerCore=2 Feature=old,rack1 Weight=3
	amd 40 gpu:mi300x:8 CPUs=48 CoresPerSocket=24 Feature=ib,new,rack2
	ama 4 gpu:mi300x:8:far CPUs=48 CoresPerSocket=24 RealMemory=128000 Feature=ib,old,rack2
	as 30 npu:910b3:8 CPUs=32 CoresPerSocket=16 Feature=ib,rack1
	mlu 10 gpu:mlu370-x8:8:far CPUs=16 CoresPerSocket=8 Feature=old
	mix 6 gpu:h100:4,gpu:mi300x:4 CPUs=32 CoresPerSocket=16 Feature=new,rack1 Weight=2
	cpu 20 - CPUs=64 CoresPerSocket=16 ThreadsPerCore=2 Feature=old,rack2
	END
}

# With a place, half of N are next to each of the two sockets of so many CORES.
gres_lines()
{
	local nodes=$1 name=$2 type=$3 n=$4 first=$5 place=$6 cores=$7
	case $place in
	count) echo "NodeName=$nodes Name=$name Count=$n" ;;
	far) echo "NodeName=$nodes Name=$name Type=$type File=/dev/card[$first-$((first + n - 1))]" ;;
	*)
		echo "NodeName=$nodes Name=$name Type=$type File=/dev/card[$first-$((first + n / 2 - 1))] Cores=0-$((cores - 1))"
		echo "NodeName=$nodes Name=$name Type=$type File=/dev/card[$((first + n / 2))-$((first + n - 1))]" \
			"Cores=$cores-$((2 * cores - 1))"
		;;
	esac
}

# In the place of lib.sh's.
write_nodes()
{
	local prefix count gres shape nodes item name type n place first cores
	: > "$CLUSTER/etc/nodes"
	: > "$CLUSTER/etc/gres.conf"
	echo "NodeName=gate1 State=CLOUD NodeAddr=127.0.0.1 Port=$((CLUSTER_PORT + 21)) CPUs=4096 RealMemory=100000" \
		> "$CLUSTER/etc/nodes.conf"
	while read -r prefix count gres shape; do
		nodes="${prefix}[1-$count]"
		case $shape in *RealMemory*) ;; *) shape="$shape RealMemory=256000" ;; esac
		cores=${shape#*CoresPerSocket=}
		cores=${cores%% *}
		first=0
		[ "$gres" != - ] || gres=
		for item in ${gres//,/ }; do
			IFS=: read -r name type n place <<< "$item"
			[ "$n" != count ] || n=$type type='' place=count
			gres_lines "$nodes" "$name" "$type" "$n" $first "$place" "$cores" >> "$CLUSTER/etc/gres.conf"
			first=$((first + n))
		done
		gres=${gres//:far/}
		gres=${gres//:count/}
		echo "NodeName=$nodes State=CLOUD NodeAddr=127.0.0.1 Port=$((CLUSTER_PORT + 20)) Sockets=2 $shape" \
			"${gres:+Gres=$gres}" >> "$CLUSTER/etc/nodes.conf"
	done < <(nodes_table)
}

everything="nv[1-80],nva[1-20],nvb[1-20],nvc[1-30],amd[1-40],ama[1-4],as[1-30],mlu[1-10],mix[1-6],cpu[1-20]"
nvidia="nv[1-80],nva[1-20],nvb[1-20],nvc[1-30],mix[1-6]"
CLUSTER_PARTITIONS="PartitionName=all Nodes=$everything Default=YES MaxTime=INFINITE PriorityTier=5 PreemptMode=REQUEUE
PartitionName=nvidia Nodes=$nvidia MaxTime=INFINITE PriorityTier=5 PreemptMode=OFF
PartitionName=amd Nodes=amd[1-40],ama[1-4],mix[1-6] MaxTime=INFINITE MaxNodes=12 PriorityTier=5 PreemptMode=REQUEUE
PartitionName=low Nodes=$everything MaxTime=INFINITE PriorityTier=2 PreemptMode=REQUEUE
PartitionName=scav Nodes=$everything MaxTime=INFINITE PriorityTier=1 PreemptMode=CANCEL
PartitionName=first Nodes=nv[41-80],nva[1-10],amd[21-40],as[1-30],cpu[1-10] MaxTime=INFINITE PriorityTier=9 PreemptMode=OFF
PartitionName=shared Nodes=nv[1-40],mlu[1-10] MaxTime=INFINITE PriorityTier=3 PreemptMode=OFF OverSubscribe=YES:2
PartitionName=gate Nodes=gate1 MaxTime=INFINITE DefMemPerCPU=1 PreemptMode=OFF"

# A job that is requeued may start when its credential has expired: by then the test is over, and it starts when we say.
# With ReturnToService=2 a node that is set down is back as soon as it answers to the end of a job that it had, unless
# slurmctld is reconfigured or begins anew before that: what then starts where is chance, without Weft too.
settings="AuthInfo=socket=$CLUSTER/run/munge.sock,cred_expire=86400
ReturnToService=1
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=1000
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PriorityType=priority/basic
MaxArraySize=5000
MaxJobCount=50000
TreeWidth=1000
MessageTimeout=300
SlurmdTimeout=65000
BatchStartTimeout=65000
CompleteWait=65000"

# ---------------------------------------------------------------- what only this history has

# On 24.11 a job that is requeued gets a new priority when its last node has answered, so of two the order is chance.
# Those that are not held get one of ours, which no job of the history has: of equal ones the earlier is first, and the
# second in which a job was requeued is chance.
release_requeued()
{
	local list job
	list=$(awk -v RS= -v now="$(date +%Y-%m-%dT%H:%M:%S)" '
		/JobState=PENDING/ && !/Restarts=0/ && match($0, /EligibleTime=[^ ]*/) &&
			substr($0, RSTART + 13, RLENGTH - 13) > now {
			match($0, /JobId=[0-9]+/)
			print substr($0, RSTART + 6, RLENGTH - 6)
		}' "$CLUSTER/home/jobs" | sort -n | paste -sd,)
	[ -n "$list" ] || return 0
	ok scontrol update JobId="$list" StartTime=now
	for job in ${list//,/ }; do
		[ "$(job_field "$job" Priority)" = 0 ] || ok scontrol update JobId="$job" Priority=$((1999000000 - job))
	done
}

play_pass()
{
	one_pass
	shut_gate
	release_requeued
}

play_phase()
{
	set_scheduler "$1"
	ctld_stop
	ctld_start
	wait_for 60 all_respond
}

# slurmctld believes it of a job that waits, and does nothing.
play_complete()
{
	play_do "complete $1"
	play_do "scancel --state=PENDING $1"
}

complete()
{
	"$keep/polite" complete "$1"
}

# The nodes are any, and there may be nothing to resume.
play_mend()
{
	wait_for 60 all_respond
	run scontrol update State=RESUME NodeName="$1"
	[[ $output != *"Invalid node state specified"* ]] || output=
	heard "scontrol update State=RESUME NodeName=$1"
}

# In 22.05 it sets the next job number back to the one last saved.  On 24.11 slurmctld begins anew, and a job that it
# finds on its way to its end is not all that it was.
play_reconfigure()
{
	wait_for 60 none_completing
	: > "$CLUSTER/home/now"
	scontrol update JobId="$witness" Comment=save
	wait_for 30 test "$CLUSTER/state/job_state" -nt "$CLUSTER/home/now"
	ok scontrol reconfigure
	wait_for 30 ctld_up
	wait_for 60 all_respond
	expect_field "$gate" JobState COMPLETING
}

# ---------------------------------------------------------------- the runs

# As cluster_start, with one process for the gate's node and one for all the others.
cluster_of_polite_nodes()
{
	end_case
	cluster_stop
	rm -rf "${CLUSTER:?}"/*
	mkdir -p "$CLUSTER"/{etc,log,run,state,spool,home}
	chmod 1777 "$CLUSTER/home"
	private_host
	choose_ports
	write_config
	make_keys
	munged_start
	start polite "$keep/polite" $((CLUSTER_PORT + 20))
	start polite-gate "$keep/polite" $((CLUSTER_PORT + 21)) "$CLUSTER/home"
	ctld_start
	ctld_restart # there is no power saving, and for a slurmctld that finds cloud nodes powered down they are up
}

# run_all RUN
run_all()
{
	local began=$SECONDS
	CLUSTER_SELECT=weft CLUSTER_INDEX=yes
	case $1 in
	stock) CLUSTER_SELECT=stock ;;
	check) CLUSTER_INDEX=check ;;
	esac
	CLUSTER_CONF="$settings
$scheduler_backfill"
	cluster_of_polite_nodes
	test_case "$1: the cluster lives through $events events"
	play_history
	! grep -q 'weft: index: ' "$results/weft-log" || fail "$(grep 'weft: index: ' "$results/weft-log" | head -n 20)"
	diag "$1: $((SECONDS - began)) s"
}

# How many events of each kind were not refused, as lines "N KIND".
accepted()
{
	sed -n -E '
		s/^(submit|complete|scancel) @?[0-9]+: [0-9]*$/\1/p
		s/^scontrol (hold|release|suspend|resume|requeue|create|delete) .*: (Reservation created: .*)?$/\1/p
		s/^scontrol update JobId=@[0-9]+ ([A-Za-z]+)=.*: $/\1/p
		s/^scontrol update .*State=([A-Z]+).*: $/\1/p' "$keep"/0/answers-* | sort | uniq -c
}

write_history events.awk seed="$seed" events="$events"
# shellcheck disable=SC2046 # words
build_client polite "$keep"
diag "seed $seed${WEFT_KEEP:+, results in $keep}"

for run_number in "${!runs[@]}"; do
	run_all "${runs[run_number]}"
done
compare_plugins
compare_histories

test_case "there was something to compare"
at_least $((events / 5)) "starts" '^JobId=' 'starts-*'
at_least 1 "jobs preempted" '^preempted' 'starts-*'
at_least 0 "jobs shrunk" '^set nodes' 'starts-*'
at_least "$events" "times the devices of a job on some nodes" 'IDX:[0-9]' 'picture-*'
at_least $((events / 5)) "times a job that waits" 'JobState=PENDING' 'picture-*'
at_least $((events / 20)) "times a predicted start" '^   Start=[1-9]' 'picture-*'
at_least $((events / 20)) "refusals" 'error' 'answers-*'
accepted > "$keep/accepted"
diag "accepted: $(awk '{ print $2, $1 }' "$keep/accepted" | paste -sd, | sed 's/,/, /g')"
for kind in submit complete scancel hold release suspend resume requeue DRAIN DOWN RESUME TimeLimit; do
	grep -q " $kind\$" "$keep/accepted" || fail "none of them: $kind"
done

finish
