#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Jobs without --accel run exactly as without Weft: 1,000 random ones, once under Slurm as it is (no plugin of Weft is
# loaded) and once with all of Weft, are accepted or refused in the same words, start in the same order, on the same
# nodes, processors and devices, and those that wait wait for the same reason.
#
# Nothing may depend on how fast the machine is.  CompleteWait= makes both schedulers wait while a job is completing, so
# one whose epilog does not end is a gate: while it is shut, jobs are submitted, changed and cancelled; then it is opened
# until the scheduler, either backfill or the main one, has nothing more to start; then the picture is taken.
# plain-jobs.awk says what else that takes.
. "$(dirname "$0")/lib.sh"

seed=${WEFT_PLAIN_SEED:-20250101}
number=1000
groups=8

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
# No limit on how many jobs, and how long, a pass looks at.
patient="default_queue_depth=10000,max_sched_time=5,bf_continue,bf_max_job_test=10000,bf_max_time=600,bf_window=43185,bf_resolution=1,bf_yield_interval=10000000"
scheduler_main="SchedulerParameters=$patient,batch_sched_delay=0,sched_interval=1,bf_interval=-1"
scheduler_greedy="$scheduler_main,bf_min_prio_reserve=4294967293"
scheduler_backfill="SchedulerParameters=$patient,sched_interval=-1,bf_interval=1"

# ---------------------------------------------------------------- one run of the script

declare -A ids # job numbers by the number in the script

# How many passes the scheduler has made.
passes()
{
	sdiag | awk -v wanted="$phase" '
		/^Main schedule/ { part = "main" }
		/^Backfilling/ { part = "backfill" }
		/Total cycles:/ && part == (wanted == "backfill" ? wanted : "main") { print $NF }'
}

starts()
{
	ctld_log ' (Allocate|Started) JobId=' | sed -E 's/.* (Allocate|Started) JobId=/JobId=/'
}

# Every word of it, but not the times and the paths; of jobs that have ended there is nothing to be said.  When a held
# job learns that another one has ended is not the scheduler's doing; nor is which nodes are not back yet when a new
# slurmctld first looks.
picture()
{
	scontrol show job -d | awk -v RS= -v ORS='\n\n' '/JobState=(RUNNING|PENDING)/' | sed -E '
		s/(SubmitTime|EligibleTime|AccrueTime|StartTime|EndTime|LastSchedEval|RunTime|PreemptEligibleTime)=[^ ]*//g
		s/(Reason=JobHeld[A-Za-z]*) Dependency=.*/\1/
		s/Reason=ReqNodeNotAvail,_UnavailableNodes:[^ ]*/Reason=Priority/
		/^ *(Command|WorkDir|AllocNode:Sid|Std[A-Z][a-z]*)=/d'
	scontrol show node -d | grep -E '^NodeName=|Gres=|GresUsed=|AllocTRES='
}

# The gate jobs wait on their node to be ended, one for each time the gate is shut.
shut_gate()
{
	gate=${gates[0]}
	gates=("${gates[@]:1}")
	: > "$CLUSTER/home/shut-$gate"
	scancel "$gate"
	expect_field "$gate" JobState COMPLETING
}

open_gate()
{
	expect_field "$gate" JobState COMPLETING
	rm "$CLUSTER/home/shut-$gate"
}

none_completing()
{
	[ -z "$(squeue -h -t CG -o %i | grep -vx "$gate")" ]
}

# A pass may be under way when we look, so one that surely began after that is over when two more have ended.  Backfill
# does not look at anything unless something has changed.
no_more_starts()
{
	local before now last end=$((SECONDS + 60))
	before=$(starts | wc -l)
	last=$(passes)
	while [ $SECONDS -lt $end ]; do
		scontrol update JobId="$witness" Comment=look
		sleep 0.2
		now=$(passes)
		[ "$now" -ge $((last + 2)) ] || continue
		[ "$(starts | wc -l)" != "$before" ] || return 0
		before=$(starts | wc -l)
		last=$now
	done
	fail "the scheduler does not come to rest"
}

set_scheduler()
{
	phase=$1
	sed -i "s/^SchedulerParameters=.*/$(eval "echo \$scheduler_$1")/" "$CLUSTER/etc/slurm.conf"
}

# Not scontrol reconfigure: in 22.05 that sets the next job number back to the one last saved, and lets backfill make
# another pass before it learns that it is not wanted any more.
ctld_again()
{
	ctld_restart
	no_more_starts
}

# Words of the script, with @N replaced by what N became (0: it was refused).
words=()
words_of()
{
	local word n
	words=()
	for word in $1; do
		if [[ $word =~ @([0-9]+) ]]; then
			n=${BASH_REMATCH[1]}
			word=${word/@$n/${ids[$n]:-0}}
		fi
		words+=("$word")
	done
}

# What a user is told.
heard()
{
	case $output in *"Unable to contact"* | *"Zero Bytes"*) fail "$1: $output" ;; esac
	printf '%s: %s\n' "$1" "$output" >> "$results/answers"
}

one_pass()
{
	passed=$((passed + 1))
	open_gate
	no_more_starts
	picture > "$results/picture-$passed"
	starts > "$results/starts-$passed"
}

end_jobs()
{
	local n list=()
	shut_gate
	for n in $1; do
		[ -z "${ids[$n]:-}" ] || list+=("${ids[$n]}")
	done
	scancel --quiet "${list[@]}" || true
	wait_for 60 none_completing
}

# play SCRIPT RESULTS
play()
{
	local what rest
	results=$2
	passed=0
	ids=()
	set -f
	while read -r what rest; do
		case $what in
		submit)
			words_of "${rest#* }"
			run sbatch --parsable -D "$CLUSTER/home" -o /dev/null "${words[@]}" "$CLUSTER/home/job"
			heard "submit ${rest%% *}"
			[ $status -ne 0 ] || ids[${rest%% *}]=${output##*$'\n'}
			;;
		do)
			words_of "$rest"
			run "${words[@]}"
			while [[ $output = *"temporarily unavailable"* ]]; do # a scheduler has just the job in its hands
				sleep 0.2
				run "${words[@]}"
			done
			heard "$rest"
			;;
		pass) one_pass ;;
		end) end_jobs "$rest" ;;
		phase)
			set_scheduler "$rest"
			ctld_again
			;;
		restart) ctld_again ;;
		esac
	done < "$1"
	set +f
}

# run_all SELECT: on a cluster of its own
run_all()
{
	CLUSTER_SELECT=$1
	CLUSTER_CONF="$settings
$scheduler_backfill"
	phase=backfill
	cluster_again
	test_case "$1: the cluster runs $number jobs"
	ok scontrol create reservation ReservationName=held Nodes=nv4,cpu2 StartTime=now Duration=UNLIMITED Users=root
	ok scontrol create reservation ReservationName=later Nodes=amd2 StartTime=now+3days Duration=1-0 Users=root
	printf '#!/bin/sh\nexec sleep 10000\n' > "$CLUSTER/home/job"
	printf '#!/bin/sh\nwhile [ -e %s/home/shut-$SLURM_JOB_ID ]; do sleep 0.1; done\n' "$CLUSTER" > "$CLUSTER/home/epilog"
	chmod +x "$CLUSTER/home/epilog"
	submit -H "$CLUSTER/home/job"
	witness=$JOB
	gates=()
	for ((i = 0; i <= groups; i++)); do
		submit -p gate "$CLUSTER/home/job"
		gates+=("$JOB")
	done
	wait_job "$JOB" RUNNING
	shut_gate
	mkdir "$keep/$1"
	play "$keep/script" "$keep/$1"
	scontrol show config | grep -E '^(SelectType|JobSubmitPlugins) ' > "$keep/$1/plugins"
	ctld_log 'weft: ' > "$keep/$1/weft-log"
}

# ---------------------------------------------------------------- two runs

keep=$(mktemp -d)
awk -v seed="$seed" -v jobs=$number -v groups=$groups -v release="$(slurm_release)" \
	-f "$CLUSTER_TESTS/plain-jobs.awk" > "$keep/script"
mkdir -p "$CLUSTER"
trap 'rc=$?; rm -rf "$keep"; cleanup $rc' EXIT
diag "seed $seed"

run_all stock
run_all weft

# same FILE: in both runs
same()
{
	cmp -s "$keep/stock/$1" "$keep/weft/$1" && return
	fail "$1 differs (seed $seed; < stock, > weft):"
	diff "$keep/stock/$1" "$keep/weft/$1" | head -n 30 | sed 's/^/#   /' || true
}

test_case "one run had none of Weft, the other one all of it"
expect_no_match "$(cat "$keep/stock/plugins" "$keep/stock/weft-log")" 'weft'
expect_match "$(cat "$keep/weft/plugins")" '^SelectType += select/cons_tres_weft$'
expect_match "$(cat "$keep/weft/plugins")" '^JobSubmitPlugins += weft$'

test_case "the same jobs are accepted, and the others refused in the same words"
same answers
for ((i = 1; i <= groups; i++)); do
	test_case "group $i: started in the same order on the same nodes"
	same "starts-$i"
	test_case "group $i: the same devices and processors, and the same reasons to wait"
	same "picture-$i"
done

test_case "there was something to compare"
started=$(cut -d' ' -f1 "$keep"/weft/starts-* | sort -u | wc -l)
devices=$(cat "$keep"/weft/picture-* | grep -c 'IDX:[0-9]' || true)
waiting=$(cat "$keep"/weft/picture-* | grep -c 'JobState=PENDING' || true)
refusals=$(grep -c 'error' "$keep/weft/answers" || true)
diag "$started jobs and tasks started; $devices times devices, $waiting times a job that waits; $refusals refusals"
[ "$started" -ge 350 ] || fail "only $started jobs started"
[ "$devices" -ge 400 ] || fail "only $devices times devices"
[ "$waiting" -ge 200 ] || fail "only $waiting times a job that waits"

finish
