#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A random history of a cluster of 260 nodes - jobs are submitted, end, are cancelled, held, resized, suspended,
# preempted; nodes are drained, fail and come back; reservations come and go; Slurm is reconfigured - has the same jobs
# start in the same order on the same nodes, processors and devices, and the others wait for the same reasons and for
# the same moments, under Slurm as it is (stock), with Weft as sites run it (weft), and with Weft asking each question
# both ways (check).
#
# WEFT_EVENTS=N is the number of events (600); with ten thousand each of the runs takes half an hour, which is why this
# is not one of the tests that "run" runs:
#
#	WEFT_EVENTS=10000 bash tests/cluster/events.sh BUILD
#
# WEFT_EVENTS_SEED=N is another history.  WEFT_EVENTS_RUNS="stock stock weft" are other runs; each is compared with the
# first.
#
# slurmctld is alone: polite.c stands for all nodes.  As in t-70-plain.sh a job that does not come to its end is a gate
# (CompleteWait=): while it is shut, events happen; then it is opened until the scheduler has nothing more to start;
# then the picture is taken.  events.awk says what else it takes that nothing depends on how fast the machine is.
. "$(dirname "$0")/lib.sh"

events=${WEFT_EVENTS:-600}
seed=${WEFT_EVENTS_SEED:-20250101}
read -ra runs <<< "${WEFT_EVENTS_RUNS:-stock weft check}"

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

# Half of N at a time, on the processors FROM-TO of a socket.
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
settings="AuthInfo=socket=$CLUSTER/run/munge.sock,cred_expire=86400
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
patient="default_queue_depth=10000,max_sched_time=5,bf_continue,bf_max_job_test=10000,bf_max_time=600,bf_window=43193,bf_resolution=1,bf_yield_interval=10000000"
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

# What started, and what had to end or to shrink for it, since the last pass.
starts()
{
	tail -c "+$((log_seen + 1))" "$CLUSTER/log/slurmctld.log" | sed -n -E '
		s/.* (Allocate|Started) JobId=/JobId=/p
		s/.* (preempted JobId=.* to reclaim resources for)/\1/p
		s/.* (set nodes to .* for JobId=)/\1/p'
}

# Of jobs that have ended there is nothing to be said.  A start in the future is given in quarters of an hour from now.
# When a held job learns that another one has ended is not the scheduler's doing.
picture()
{
	awk -v RS= -v ORS='\n\n' -v now="$(date +%s)" '
		function seconds(text) { gsub(/[-T:]/, " ", text); return mktime(text) }
		/JobState=(RUNNING|PENDING|SUSPENDED)/ {
			if (/JobState=PENDING/ && match($0, / StartTime=[0-9][^ ]*/))
				$0 = $0 "\n   Start=" int((seconds(substr($0, RSTART + 11, RLENGTH - 11)) - now + 720) / 900)
			print
		}' "$CLUSTER/home/jobs" | sed -E '
		s/(SubmitTime|EligibleTime|AccrueTime|StartTime|EndTime|LastSchedEval|RunTime|PreemptEligibleTime)=[^ ]*//g
		s/(ResizeTime|SuspendTime|SecsPreSuspend|PreemptTime|Deadline)=[^ ]*//g
		s/(Reason=JobHeld[A-Za-z]*) Dependency=.*/\1/
		/^ *(Command|WorkDir|AllocNode:Sid|Std[A-Z][a-z]*)=/d'
	scontrol show node -d | grep -E '^NodeName=|Gres=|GresUsed=|AllocTRES='
	scontrol show reservation | grep -oE '(ReservationName|Nodes|NodeCnt|CoreCnt|State|Flags)=[^ ]*' || true
}

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
	wait_for 60 all_respond
	wait_for 60 none_completing
	expect_field "$gate" JobState COMPLETING
	rm "$CLUSTER/home/shut-$gate"
	gate=
}

none_completing()
{
	[ -z "$(squeue -h -t CG -o %A | grep -vx "$gate")" ]
}

# A node that was resumed is not used before it has answered.
all_respond()
{
	! sinfo -h -o %T | grep -q -e '\*' -e unknown
}

# A pass may be under way when we look, so one that surely began after that is over when two more have ended.  Backfill
# does not look at anything unless something has changed, and nobody does while a job that is preempted comes to its end.
no_more_starts()
{
	local before= now last=0 passes end=$((SECONDS + 120))
	while [ $SECONDS -lt $end ]; do
		passes=$(passes)
		now=$(starts | wc -l)
		if [ "$now" != "$before" ] || ! none_completing; then
			before=$now last=$passes
		fi
		[ "$passes" -lt $((last + 2)) ] || return 0
		scontrol update JobId="$witness" Comment=look
		sleep 0.1
	done
	fail "the scheduler does not come to rest"
}

one_pass()
{
	passed=$((passed + 1))
	open_gate
	no_more_starts
	scontrol show job -d > "$CLUSTER/home/jobs"
	picture > "$results/picture-$passed"
	starts > "$results/starts-$passed"
	log_seen=$(stat -c %s "$CLUSTER/log/slurmctld.log")
	shut_gate
	release_requeued
}

release_requeued()
{
	local list
	list=$(awk -v RS= -v now="$(date +%Y-%m-%dT%H:%M:%S)" '
		/JobState=PENDING/ && !/Restarts=0/ && match($0, /EligibleTime=[^ ]*/) &&
			substr($0, RSTART + 13, RLENGTH - 13) > now {
			match($0, /JobId=[0-9]+/)
			print substr($0, RSTART + 6, RLENGTH - 6)
		}' "$CLUSTER/home/jobs" | sort -n | paste -sd,)
	[ -z "$list" ] || ok scontrol update JobId="$list" StartTime=now
}

set_phase()
{
	local name=scheduler_$1
	phase=$1
	sed -i "s/^SchedulerParameters=.*/${!name}/" "$CLUSTER/etc/slurm.conf"
	ctld_stop
	ctld_start
	wait_for 60 all_respond
}

# In 22.05 it sets the next job number back to the one last saved.
reconfigure()
{
	: > "$CLUSTER/home/now"
	scontrol update JobId="$witness" Comment=save
	wait_for 30 test "$CLUSTER/state/job_state" -nt "$CLUSTER/home/now"
	ok scontrol reconfigure
	wait_for 30 ctld_up
	wait_for 60 all_respond
	expect_field "$gate" JobState COMPLETING
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

ask()
{
	words_of "$1"
	run "${words[@]}"
	while [[ $output = *"temporarily unavailable"* ]]; do # a scheduler has just the job in its hands
		sleep 0.2
		run "${words[@]}"
	done
	heard "$1"
}

complete()
{
	"$keep/polite" complete "$1"
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
		do) ask "$rest" ;;
		complete) ask "complete $rest" ;;
		mend)
			wait_for 60 all_respond # or the answer depends on whether they have since an earlier one
			ask "scontrol update State=RESUME NodeName=$rest"
			;;
		pass) one_pass ;;
		phase) set_phase "$rest" ;;
		reconfigure) reconfigure ;;
		esac
	done < "$1"
	set +f
}

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
	munge_key
	munged_start
	start polite "$keep/polite" $((CLUSTER_PORT + 20))
	start polite-gate "$keep/polite" $((CLUSTER_PORT + 21)) "$CLUSTER/home"
	ctld_start
	ctld_restart # there is no power saving, and for a slurmctld that finds cloud nodes powered down they are up
}

# run_all N: the Nth run, on a cluster of its own
run_all()
{
	local i began=$SECONDS rounds
	run=${runs[$1]}
	CLUSTER_SELECT=weft CLUSTER_INDEX=yes
	case $run in
	stock) CLUSTER_SELECT=stock ;;
	check) CLUSTER_INDEX=check ;;
	esac
	rounds=$(grep -c '^pass' "$keep/script")
	CLUSTER_CONF="$settings
$scheduler_backfill"
	phase=backfill
	gate=
	log_seen=0
	cluster_of_polite_nodes
	test_case "$run: the cluster lives through $events events"
	printf '#!/bin/sh\nexec sleep 10000\n' > "$CLUSTER/home/job"
	submit -H "$CLUSTER/home/job"
	witness=$JOB
	gates=()
	for ((i = 0; i <= rounds; i++)); do
		submit -p gate -n 1 "$CLUSTER/home/job"
		gates+=("$JOB")
	done
	wait_job "$JOB" RUNNING
	submit -p gate -n 4096 --priority=1 "$CLUSTER/home/job" # with nothing to look at there is no pass
	shut_gate
	mkdir "$keep/$1"
	play "$keep/script" "$keep/$1"
	scontrol show config | grep -E '^(SelectType|JobSubmitPlugins) ' > "$keep/$1/plugins"
	ctld_log 'weft: ' > "$keep/$1/weft-log"
	[ -z "$(grep 'weft: index: ' "$keep/$1/weft-log")" ] ||
		fail "$(grep 'weft: index: ' "$keep/$1/weft-log" | head -n 20)"
	diag "$run: $((SECONDS - began)) s"
}

# same FILE: in the runs RUN and the first
same()
{
	cmp -s "$keep/0/$1" "$keep/$run_number/$1" && return
	fail "$1 differs (seed $seed; < ${runs[0]}, > ${runs[run_number]}):"
	diff "$keep/0/$1" "$keep/$run_number/$1" | head -n 30 | sed 's/^/#   /' || true
}

keep=$(mktemp -d)
mkdir -p "$CLUSTER"
trap 'rc=$?; [ -n "${WEFT_KEEP:-}" ] || rm -rf "$keep"; cleanup $rc' EXIT
awk -v seed="$seed" -v events="$events" -v release="$(slurm_release)" -f "$CLUSTER_TESTS/events.awk" > "$keep/script"
# shellcheck disable=SC2046 # words
${CC:-cc} -std=c11 -D_GNU_SOURCE -O2 -I"$BUILD/compat-include" -isystem "$(make -s -C "$BUILD" print-SLURM_SOURCE)" \
	-o "$keep/polite" "$CLUSTER_TESTS/polite.c" "$BASE_PLUGIN_DIR/libslurmfull.so" -Wl,-rpath,"$BASE_PLUGIN_DIR"
diag "seed $seed${WEFT_KEEP:+, results in $keep}"

for n in "${!runs[@]}"; do
	run_all "$n"
done

test_case "the first run had none of Weft, the others had what they were to have"
for n in "${!runs[@]}"; do
	if [ "${runs[n]}" = stock ]; then
		expect_no_match "$(cat "$keep/$n/plugins" "$keep/$n/weft-log")" 'weft'
	else
		expect_match "$(cat "$keep/$n/plugins")" '^SelectType += select/cons_tres_weft$'
		expect_match "$(cat "$keep/$n/plugins")" '^JobSubmitPlugins += weft$'
	fi
done

for ((run_number = 1; run_number < ${#runs[@]}; run_number++)); do
	run=${runs[run_number]}
	test_case "$run: all commands are answered in the same words"
	same answers
	test_case "$run: $passed times, the same jobs start in the same order on the same nodes, and preempt the same jobs"
	for ((i = 1; i <= passed; i++)); do
		[ $test_failed = yes ] || same "starts-$i"
	done
	test_case "$run: the same devices and processors, the same reasons to wait and predicted starts"
	for ((i = 1; i <= passed; i++)); do
		[ $test_failed = yes ] || same "picture-$i"
	done
done

# How many events of each kind were not refused, as lines "N KIND".
accepted()
{
	sed -n -E '
		s/^(submit|complete|scancel) [^:]*: [0-9]*$/\1/p
		s/^scontrol (hold|release|suspend|resume|requeue|create|delete) .*: (Reservation created: .*)?$/\1/p
		s/^scontrol update JobId=@[0-9]+ ([A-Za-z]+)=.*: $/\1/p
		s/^scontrol update .*State=([A-Z]+).*: $/\1/p' "$keep/0/answers" | sort | uniq -c
}

test_case "there was something to compare"
# at_least PART WHAT PATTERN FILE...: in the files of the first run the pattern matches once or more for PART events
at_least()
{
	local part=$1 what=$2 n
	n=$(cd "$keep/0" && cat $4 | grep -c -e "$3" || true)
	diag "$n $what"
	[ "$n" -ge $((events / part)) ] || fail "only $n $what"
}

at_least 5 "starts" '^JobId=' 'starts-*'
at_least 100 "jobs preempted" '^preempted' 'starts-*'
at_least 300 "jobs shrunk" '^set nodes' 'starts-*'
at_least 1 "times the devices of a job on some nodes" 'IDX:[0-9]' 'picture-*'
at_least 5 "times a job that waits" 'JobState=PENDING' 'picture-*'
at_least 10 "times a predicted start" '^   Start=[1-9]' 'picture-*'
at_least 20 "refusals" 'error' answers
accepted > "$keep/accepted"
diag "accepted: $(awk '{ print $2, $1 }' "$keep/accepted" | paste -sd, | sed 's/,/, /g')"
for kind in submit complete scancel hold release suspend resume requeue create delete DRAIN DOWN RESUME NumNodes TimeLimit; do
	n=$(awk -v kind=$kind '$2 == kind { print $1 }' "$keep/accepted")
	[ "${n:-0}" -ge $((events / 600)) ] || fail "too few: $kind"
done

finish
