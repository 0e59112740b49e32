# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# history.sh - play the same history on one cluster after the other, and compare what their schedulers do.
#
#	runs=(stock weft)             one cluster each; every one is compared with the first
#	. "$(dirname "$0")/lib.sh"
#	. "$CLUSTER_TESTS/history.sh"
#	write_history AWK NAME=VALUE...
#	for run_number in "${!runs[@]}"; do
#		...                   a cluster whose settings end in $scheduler_backfill, with a partition gate of one node
#		play_history
#	done
#	compare_plugins
#	compare_histories
#
# Nothing may depend on how fast the machine is.  CompleteWait= makes both schedulers wait while a job is completing, so
# one that does not come to its end is a gate: while it is shut, jobs are submitted, changed and ended; then it is opened
# until the scheduler, either backfill or the main one, has nothing more to start; then the picture is taken.  How a
# file $CLUSTER/home/shut-JOB keeps a gate job from its end is the script's business.
#
# The history is a file with one event per line, its first word being one of these, or X where the script has
# play_X():
#	submit N ARG...   sbatch; N names the job, as @N, in what follows
#	do CMD...         run CMD
#	pass              let the scheduler work, then look: one_pass
#
# No limit on how many jobs, and how long, a pass looks at.  The awk scripts say why bf_window is what it is.
patient="default_queue_depth=10000,max_sched_time=5,bf_continue,bf_max_job_test=10000,bf_max_time=600,bf_window=43193,bf_resolution=1,bf_yield_interval=10000000"
# shellcheck disable=SC2034 # chosen by set_scheduler
scheduler_main="SchedulerParameters=$patient,batch_sched_delay=0,sched_interval=1,bf_interval=-1"
# shellcheck disable=SC2034
scheduler_greedy="$scheduler_main,bf_min_prio_reserve=4294967293"
scheduler_backfill="SchedulerParameters=$patient,sched_interval=-1,bf_interval=1"

keep=$(mktemp -d) # the history, and in KEEP/RUN what became of it
mkdir -p "$CLUSTER"
trap 'rc=$?; [ -n "${WEFT_KEEP:-}" ] || rm -rf "$keep"; cleanup $rc' EXIT

picture_forgets= # more for sed to leave out of the picture

# write_history AWK NAME=VALUE...
write_history()
{
	local script=$1 values=() value
	shift
	for value in "$@" release="$(slurm_release)"; do
		values+=(-v "$value")
	done
	awk "${values[@]}" -f "$CLUSTER_TESTS/random.awk" -f "$CLUSTER_TESTS/$script" > "$keep/history"
}

# ---------------------------------------------------------------- the gate

gate=
gates=()

# N gate jobs that wait on their node to be ended, one that is never looked at, and one that always is, but does not
# start: with nothing to look at there is no pass.
make_gates()
{
	local i
	printf '#!/bin/sh\nexec sleep 10000\n' > "$CLUSTER/home/job"
	submit -H "$CLUSTER/home/job"
	witness=$JOB
	gates=()
	for ((i = 0; i < $1; i++)); do
		submit -p gate -n 1 "$CLUSTER/home/job"
		gates+=("$JOB")
	done
	wait_job "$JOB" RUNNING
	submit -p gate --exclusive --priority=1 "$CLUSTER/home/job"
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

# ---------------------------------------------------------------- the scheduler

# set_scheduler backfill|main|greedy: what the next slurmctld will have
set_scheduler()
{
	local name=scheduler_$1
	scheduler=$1
	sed -i "s/^SchedulerParameters=.*/${!name}/" "$CLUSTER/etc/slurm.conf"
}

# How many passes it has made.
passes()
{
	sdiag | awk -v wanted="$scheduler" '
		/^Main schedule/ { part = "main" }
		/^Backfilling/ { part = "backfill" }
		/Total cycles:/ && part == (wanted == "backfill" ? wanted : "main") { print $NF }'
}

# What started, and what had to end or to shrink for it, since the last picture.
starts()
{
	tail -c "+$((log_seen + 1))" "$CLUSTER/log/slurmctld.log" | sed -n -E '
		s/.* (Allocate|Started) JobId=/JobId=/p
		s/.* (preempted JobId=.* to reclaim resources for)/\1/p
		s/.* (set nodes to .* for JobId=)/\1/p'
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

# Every word of it, but not the times and the paths.  Of jobs that have ended there is nothing to be said.  A start in
# the future is given in quarters of an hour from now.  When a held job learns that another one has ended is not the
# scheduler's doing, nor is the order in which jobs that are requeued get new priorities.
picture()
{
	awk -v RS= -v ORS='\n\n' -v now="$(date +%s)" '
		# Slurm says "in a year" when it cannot tell, and when it last said so is chance.
		function quarters(s) { return s > 360 * 86400 ? "unknown" : int((s + 720) / 900) }
		function seconds(text) { gsub(/[-T:]/, " ", text); return mktime(text) }
		/JobState=(RUNNING|PENDING|SUSPENDED)/ {
			if (/JobState=PENDING/ && !/Restarts=0/)
				sub(/Priority=[1-9][0-9]*/, "Priority=new")
			if (/JobState=PENDING/ && match($0, / StartTime=[0-9][^ ]*/))
				$0 = $0 "\n   Start=" quarters(seconds(substr($0, RSTART + 11, RLENGTH - 11)) - now)
			print
		}' "$CLUSTER/home/jobs" | sed -E "
		s/(SubmitTime|EligibleTime|AccrueTime|StartTime|EndTime|LastSchedEval|RunTime|PreemptEligibleTime)=[^ ]*//g
		s/(ResizeTime|SuspendTime|SecsPreSuspend|PreemptTime|Deadline)=[^ ]*//g
		s/(Reason=JobHeld[A-Za-z]*) Dependency=.*/\1/
		/^ *(Command|WorkDir|AllocNode:Sid|Std[A-Z][a-z]*)=/d
		$picture_forgets"
	scontrol show node -d | grep -E '^NodeName=|Gres=|GresUsed=|AllocTRES='
	scontrol show reservation | grep -oE '(ReservationName|Nodes|NodeCnt|CoreCnt|State|Flags)=[^ ]*' || true
}

# ---------------------------------------------------------------- the history

pictures=() # how many each run has
declare -A ids # job numbers by the number in the history

# Words of the history, with @N replaced by what N became (0: it was refused).
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
	printf '%s: %s\n' "$1" "$output" >> "$results/answers-$((passed + 1))"
}

play_do()
{
	words_of "$1"
	run "${words[@]}"
	while [[ $output = *"temporarily unavailable"* ]]; do # a scheduler has just the job in its hands
		sleep 0.2
		run "${words[@]}"
	done
	heard "$1"
}

play_submit()
{
	words_of "${1#* }"
	run sbatch --parsable -D "$CLUSTER/home" -o /dev/null "${words[@]}" "$CLUSTER/home/job"
	heard "submit ${1%% *}"
	[ $status -ne 0 ] || ids[${1%% *}]=${output##*$'\n'}
}

one_pass()
{
	passed=$((passed + 1))
	open_gate
	no_more_starts
	scontrol show job -d > "$CLUSTER/home/jobs"
	picture > "$results/picture-$passed"
	starts > "$results/starts-$passed"
	pictures[run_number]=$passed
	log_seen=$(stat -c %s "$CLUSTER/log/slurmctld.log")
}

# After a difference the histories are two.
as_before()
{
	local what
	for what in answers starts picture; do
		cmp -s "$keep/0/$what-$passed" "$results/$what-$passed" || return
	done
}

# All of it, or up to the first difference, on a cluster that has just come up.
play_history()
{
	local what rest
	scheduler=backfill
	log_seen=0
	passed=0
	ids=()
	results=$keep/$run_number
	mkdir "$results"
	make_gates $(($(grep -c '^pass' "$keep/history") + 1))
	shut_gate
	set -f
	while read -r what rest; do
		"play_$what" "$rest"
		[ "$what" != pass ] || as_before || break
	done < "$keep/history"
	set +f
	scontrol show config | grep -E '^(SelectType|JobSubmitPlugins) ' > "$results/plugins"
	ctld_log 'weft: ' > "$results/weft-log"
}

# ---------------------------------------------------------------- comparing

compare_plugins()
{
	local n
	test_case "the runs had what they were to have of Weft: ${runs[*]}"
	for n in "${!runs[@]}"; do
		if [ "${runs[n]}" = stock ]; then
			expect_no_match "$(cat "$keep/$n/plugins" "$keep/$n/weft-log")" 'weft'
		else
			expect_match "$(cat "$keep/$n/plugins")" '^SelectType += select/cons_tres_weft$'
			expect_match "$(cat "$keep/$n/plugins")" '^JobSubmitPlugins += weft$'
		fi
	done
}

# same FILE: in the runs run_number and the first
same()
{
	cmp -s "$keep/0/$1" "$keep/$run_number/$1" && return
	fail "$1 differs (seed $seed; < ${runs[0]}, > ${runs[run_number]}):"
	diff "$keep/0/$1" "$keep/$run_number/$1" | head -n 30 | sed 's/^/#   /' || true
}

compare_histories()
{
	local i run
	for ((run_number = 1; run_number < ${#runs[@]}; run_number++)); do
		run=${runs[run_number]}
		passed=${pictures[run_number]}
		test_case "$run: all commands are answered in the same words"
		for ((i = 1; i <= passed; i++)); do
			[ $test_failed = yes ] || same "answers-$i"
		done
		test_case "$run: $passed times, the same jobs start in the same order on the same nodes, and preempt the same"
		for ((i = 1; i <= passed; i++)); do
			[ $test_failed = yes ] || same "starts-$i"
		done
		test_case "$run: the same devices and processors, the same reasons to wait and predicted starts"
		for ((i = 1; i <= passed; i++)); do
			[ $test_failed = yes ] || same "picture-$i"
		done
	done
}

# at_least N WHAT PATTERN FILES: so often does the pattern match a line of these files of the first run
at_least()
{
	local wanted=$1 what=$2 n
	# shellcheck disable=SC2086 # a pattern too
	n=$(cd "$keep/0" && cat $4 | grep -c -e "$3" || true)
	diag "$n $what"
	[ "$n" -ge "$wanted" ] || fail "$n $what, not $wanted"
}
