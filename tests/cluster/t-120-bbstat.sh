#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# scontrol show bbstat: what it says of classes, nodes, jobs and power, to whom; and that "why" is right: of random jobs
# that wait, those for which is done what it says would help start.
# WHY_JOBS is how many of these there are (20), WHY_SEED which.
. "$(dirname "$0")/lib.sh"

CLUSTER_DBD=yes
CLUSTER_CONF="AccountingStorageTRES=gres/gpu,gres/gpu:h100,gres/gpu:910b
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=1000"
CLUSTER_PARTITIONS="PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE
PartitionName=second Nodes=ALL MaxTime=INFINITE"
cluster_nodes <<END
nv[1-3]  gpu:h100:8  Feature=new
as[1-2]  gpu:910b:8  Feature=old
cpu1     -
END
cluster_start

# ask_with COMMAND...: $output is the answer, from a copy of the state as it is now
ask_with()
{
	local i
	for ((i = 0; i < 40; i++)); do
		ok "$@"
		case $output in
		*"ask again in a second"* | *"s ago"*) sleep 0.15 ;;
		*) break ;;
		esac
	done
}

ask()
{
	ask_with scontrol show bbstat "$@"
}

# What has changed within the last second may have been looked at before it did.
settle()
{
	sleep 3.1 # an answer from a copy that is older says so
}

# expect_answer TEXT WORD...
expect_answer()
{
	local wanted=$1
	shift
	ask "$@"
	expect_eq "$output" "$wanted" "bbstat $*"
}

long()
{
	submit -A test -t 60 --wrap 'sleep 600' "$@"
}

long_accel()
{
	local accel=$1
	shift
	long --accel-policy=listed --accel="$accel" "$@"
}

# ---------------------------------------------------------------- questions

test_case "help, and words that are none"
expect_answer "scontrol show bbstat classes   cards of each class: free, in use, out; jobs that run and wait
scontrol show bbstat nodes     the nodes of each class by state
scontrol show bbstat job N     what job N asked for, and what was decided
scontrol show bbstat why N     why job N waits: what is missing, and what would help
scontrol show bbstat power     power zones, and the jobs that wait for power
scontrol show bbstat quote REQUEST [TIME]   when it would start, at home and at other sites, and what it costs
scontrol show bbstat json ...    any of these, for a program" help
help=$output
expect_answer "$help"
expect_answer 'weft: unknown question "wy"; did you mean why?' wy 3
expect_answer 'weft: unknown question "clases"; did you mean classes?' clases
expect_answer 'weft: unknown question "jobs"; did you mean job?' jobs
expect_answer 'weft: unknown question "teapot"; "help" lists those that there are' teapot
expect_answer 'weft: unknown question "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..."; "help" lists those that there are' \
	"$(printf 'a%.0s' {1..5000})"
expect_answer 'weft: why takes the number of one job' why
expect_answer 'weft: job takes the number of one job' job 1 2
expect_answer 'weft: nodes takes nothing behind it' nodes nv1
expect_answer 'weft: "x1" is not the number of a job' why x1
expect_answer 'weft: "1-" is not the number of a job' why 1-
expect_answer 'weft: there is no job 4711' why 4711
expect_answer 'weft: there is no job 4711_3' job 4711_3
expect_answer "weft: weft.conf says nothing of power" power

# expect_wordless ANSWER WORD...: to words of which those that are "-" are not there
expect_wordless()
{
	local wanted=$1
	shift
	ask_with "$CLUSTER/run/wordless" "$@"
	expect_eq "$output" "$wanted" "wordless $*"
}

test_case "words that are not there: scontrol cannot send them, another client can"
build_client wordless "$CLUSTER/run"
expect_wordless 'weft: unknown question ""; "help" lists those that there are' -
expect_wordless 'weft: unknown question ""; "help" lists those that there are' - -
expect_wordless 'weft: "" is not the number of a job' why -
expect_wordless 'weft: nodes takes nothing behind it' nodes -
expect_wordless '{"version":1,"error":"unknown question \"\"; \"help\" lists those that there are"}' json -
expect_answer "$help"

test_case "classes and nodes of an idle cluster"
expect_answer "CLASS      CARDS    FREE  IN-USE     OUT  NODES RUNNING PENDING  MODEL
gpu:910b      16      16       0       0      2       0       0  910b (Huawei Ascend)
gpu:h100      24      24       0       0      3       0       0  h100 (NVIDIA)" classes
expect_answer "CLASS    STATE      NODES   CARDS    FREE  NAMES
gpu:910b idle           2      16      16  as[1-2]
gpu:h100 idle           3      24      24  nv[1-3]" nodes

test_case "jobs that run and wait, and nodes that are out"
long_accel 8:h100 -w nv1
a=$JOB
wait_job "$a" RUNNING
long_accel 6:h100 -w nv2
b=$JOB
wait_job "$b" RUNNING
ok scontrol update NodeName=as2 State=DRAIN Reason="a fan"
long_accel '16:h100 | 16:910b'
c=$JOB
long --gres=gpu:910b:4 -w as2
d=$JOB
settle
expect_answer "CLASS      CARDS    FREE  IN-USE     OUT  NODES RUNNING PENDING  MODEL
gpu:910b      16       8       0       8      2       0       2  910b (Huawei Ascend)
gpu:h100      24      10      14       0      3       2       1  h100 (NVIDIA)" classes
ask nodes
expect_line "$output" "gpu:910b idle           1       8       8  as1"
expect_line "$output" "gpu:910b drained        1       8       0  as2"
expect_line "$output" "gpu:h100 idle           1       8       8  nv3"
expect_match "$output" '^gpu:h100 (mixed|allocated) +[12] +(8|16) +[02]  nv(1|2|\[1-2\])$'

test_case "a job that waits: each alternative, and what would help"
ends=$(date -d "$(job_field "$b" EndTime)" +%H:%M:%S)
ask why "$c"
expect_line "$output" "job $c of root, partition all: PENDING"
expect_line "$output" "  alternative 1: 16 gpu:h100 on 2 nodes"
expect_line "$output" "    missing: 1 more node with 8 h100 free; there is 1"
expect_line "$output" "    would help: job $a ends $(date -d "$(job_field "$a" EndTime)" +%H:%M:%S) at the latest"
expect_line "$output" "  alternative 2: 16 gpu:910b on 2 nodes"
expect_line "$output" "    missing: 1 more node with 8 910b free; there is 1"
expect_line "$output" "    would help: resume as2 (drained: a fan)"
ask job "$c"
expect_line "$output" "  accel        16:h100|16:910b"
expect_line "$output" "  policy       listed"
expect_line "$output" "  alternative  1: 16 gpu:h100 on 2 nodes"
expect_line "$output" "  alternative  2: 16 gpu:910b on 2 nodes"

test_case "weft asks the same"
ok weft why "$c"
expect_line "$output" "job $c of root, partition all: PENDING"
expect_line "$output" "    missing: 1 more node with 8 h100 free; there is 1"
expect_line "$output" "    would help: resume as2 (drained: a fan)"
ok weft job "$c"
expect_line "$output" "  accel        16:h100|16:910b"
ok weft classes
expect_match "$output" '^gpu:h100 +24 +10 +14 +0 +3 +2 +1 '
ok weft nodes --json
expect_match "$output" '"names":"as2"'
run weft why 4711
expect_eq "$status $output" "1 weft why: there is no job 4711" "weft why 4711"
ok weft quote '8:h100 | 16:h100' 2h
expect_match "$output" '^home +1 +8 gpu:h100 .* free .* cheapest'
expect_match "$output" '^home +2 +16 gpu:h100 '

test_case "a job without --accel waits for a reason in words"
ask why "$d"
expect_line "$output" "job $d of root, partition all: PENDING"
expect_match "$output" '^  reason: (ReqNodeNotAvail|NodeDown|Resources): [a-z ]+$'

test_case "one node too small: how many are missing where"
long_accel 8:h100 --exclude=nv1,nv3
e=$JOB
settle
ask why "$e"
expect_line "$output" "  alternative 1: 8 gpu:h100 on 1 node"
expect_line "$output" "    missing: 6 more h100 on one node: nv2 has 2 free"
expect_line "$output" "    would help: job $b ends $ends at the latest"
expect_line "$output" "    free by: $ends"

test_case "a job that runs, and one that is over"
ask job "$b"
expect_line "$output" "job $b of root, partition all: RUNNING"
expect_line "$output" "  has          6 gpu:h100 on 1 node"
expect_line "$output" "  nodes        nv2"
expect_line "$output" "  ends by      $ends"
expect_line "$output" "  decision     weft: 6 gpu:h100 on 1 node (alternative 1 of 1, policy listed)"
expect_answer "job $b of root, partition all: RUNNING
  it does not wait" why "$b"
scancel "$e"
settle
expect_answer "job $e of root, partition all: CANCELLED
  it does not wait" why "$e"

test_case "the cards are free and the processors are not"
long -w nv3 -n 60 --mem=0
f=$JOB
wait_job "$f" RUNNING
long_accel 1:h100 -n 8 --exclude=nv1,nv2
e=$JOB
settle
ask why "$e"
expect_line "$output" "    missing: the cards are free, but of 8 processors on a node nv3 has 4 free"
expect_line "$output" "    would help: job $f ends $(date -d "$(job_field "$f" EndTime)" +%H:%M:%S) at the latest"
cancel_all
ok scontrol update NodeName=as2 State=RESUME

test_case "held, too early, after another, in a partition that is down"
long_accel 1:h100 -H
a=$JOB
long_accel 1:h100 -b now+3600
b=$JOB
long_accel 1:h100
c=$JOB
long_accel 1:h100 -d "afterany:$c"
d=$JOB
ok scontrol update PartitionName=second State=DOWN
long_accel 1:h100 -p second
e=$JOB
settle
ask why "$a"
expect_line "$output" "  held: by its user"
expect_line "$output" "    would help: scontrol release $a"
expect_line "$output" "    missing: nothing; it could start now"
ask why "$b"
expect_line "$output" "  begins: not before $(date -d "$(job_field "$b" EligibleTime)" +%H:%M:%S)"
expect_line "$output" "    would help: to wait until then"
ask why "$d"
expect_line "$output" "  depends: afterany:$c(unfulfilled)"
expect_line "$output" "    would help: that these jobs end so"
ask why "$e"
expect_line "$output" "  partition: second is DOWN"
expect_line "$output" "    would help: scontrol update PartitionName=second State=UP"
ok scontrol update PartitionName=second State=UP
cancel_all

test_case "tasks of an array are asked for by their own numbers"
submit -A test -t 10 --array=1-3%1 --accel=1:h100 --wrap 'sleep 600'
wait_for 20 job_is "${JOB}_1" RUNNING
settle
ask job "${JOB}_1"
expect_match "$output" "^job ${JOB}_1 of root, partition all: RUNNING\$"
ask why "${JOB}_3"
expect_line "$output" "  reason: JobArrayTaskLimit: as many tasks of its array run as may run at a time"
cancel_all

test_case "reservations keep others out, and let their own in"
ok scontrol create reservation ReservationName=mine StartTime=now Duration=60 Nodes=nv[1-2] Users=root
wait_for 60 sh -c "scontrol show bbstat nodes | grep -q '^gpu:h100 reserved .* nv\[1-2\]$'"
settle
ask nodes
expect_line "$output" "gpu:h100 reserved       2      16       0  nv[1-2]"
long_accel 16:h100
a=$JOB
settle
ask why "$a"
expect_line "$output" "    would help: the reservation ends on nv1 (reserved)"
long_accel 16:h100 --reservation=mine
wait_job "$JOB" RUNNING
cancel_all
wait_for 20 scontrol delete ReservationName=mine

# ---------------------------------------------------------------- rights

test_case "everybody may ask"
long_accel 1:h100 -H
a=$JOB
run as_user nobody sbatch --parsable -A test -H --accel=1:h100 -o /dev/null --wrap true
b=$output
settle
ask why "$a"
run as_user nobody scontrol show bbstat why "$a"
expect_line "$output" "    would help: scontrol release $a"

test_case "PrivateData= hides what it hides elsewhere"
echo PrivateData=jobs,nodes >> "$CLUSTER/etc/slurm.conf"
ctld_restart
settle
run scontrol show bbstat why "$a"
sleep 1
as_other()
{
	run as_user nobody scontrol show bbstat "$@"
	sleep 0.3
	run as_user nobody scontrol show bbstat "$@"
}
if release_at_least 23.11; then
	ask why "$a"
	expect_line "$output" "    would help: scontrol release $a"
	as_other why "$a"
	expect_eq "$output" "weft: there is no job $a" "of another user"
	as_other why "$b"
	expect_line "$output" "    would help: scontrol release $b"
	as_other nodes
	expect_eq "$output" "weft: PrivateData=nodes: nodes are shown to operators"
	ok sacctmgr -iQ modify user nobody set adminlevel=operator
	# Who is an operator is looked at again within five seconds of a question.
	wait_for 20 as_user nobody sh -c "scontrol show bbstat why $a | grep -q 'would help: scontrol release $a'"
	as_other classes
	expect_match "$output" '^gpu:h100 +24 '
else
	expect_answer "weft: PrivateData=jobs, and this release of Slurm does not say who asks: jobs are not shown" \
		why "$a"
	expect_answer "weft: PrivateData=nodes, and this release of Slurm does not say who asks: nodes are not shown" \
		classes
fi
sed -i '/^PrivateData=/d' "$CLUSTER/etc/slurm.conf"
ctld_restart
scancel "$a" "$b"

# ---------------------------------------------------------------- power

# cap WATTS: of the cluster, from now on
cap()
{
	cat > "$CLUSTER/etc/weft.conf" <<-END
	Index=check
	PowerState=$CLUSTER/run/weft-power.json
	PowerInterval=1
	PowerNode=ALL Idle=0 Peak=0
	PowerClass=gpu:h100 Idle=0 Peak=500
	PowerClass=gpu:910b Idle=0 Peak=500
	PowerCap=cluster Watts=$1
	END
	ok scontrol reconfigure
	sleep 2
	wait_for 30 nodes_up
}

test_case "a job that waits for power says so, and starts with a higher cap"
cap 5k
long_accel 8:h100
a=$JOB
wait_job "$a" RUNNING
long_accel 8:h100
b=$JOB
settle
sleep 2
ask power
expect_match "$output" '^cluster +0 +4000 +5000$'
expect_match "$output" "^job $b waits: power cap of the cluster: 8000 of 5000 W; earliest "
ask why "$b"
expect_match "$output" '^  power: power cap of the cluster: 8000 of 5000 W; earliest '
expect_line "$output" "    would help: a higher cap, or that jobs in the zone end"
expect_line "$output" "    missing: nothing; it could start now"
cap 9k
wait_job "$b" RUNNING
cancel_all
: > "$CLUSTER/etc/weft.conf"
ok scontrol reconfigure
sleep 2

# ---------------------------------------------------------------- answers under load

test_case "questions do not stop slurmctld, however many"
end=$((SECONDS + 8))
for i in 1 2 3 4; do
	(while [ $SECONDS -lt $end ]; do
		scontrol show bbstat why 1 > /dev/null
		scontrol show bbstat nodes > /dev/null
	done) &
done
for i in 1 2 3 4 5 6 7 8; do
	submit -A test --accel=8:h100 --wrap 'sleep 0.2'
	sleep 0.5
done
wait
wait_for 60 no_jobs
expect_eq "$(sacct -X -n -P -o state -j "$JOB")" COMPLETED "the last job"

# ---------------------------------------------------------------- why is right

jobs=${WHY_JOBS:-8} # 200 for certainty
RANDOM=${WHY_SEED:-1202}
requests=(8:h100 16:h100 4:h100 24:h100 '8:h100|8:910b' '16:910b' '12:h100,per-node=6' '12:h100' '5:910b' '20:h100')
passes=0 waited=0 started=0

ok sacctmgr -iQ modify qos normal set MaxTRESPerUser=gres/gpu=100

# What is in the way of the next job: SEEDS of running jobs, then one thing for itself.
make_scene()
{
	local i n=$((RANDOM % 5 + 1))
	block=$((RANDOM % 7))
	for ((i = 0; i < n; i++)); do
		case $((RANDOM % 3)) in
		0) long_accel $((RANDOM % 8 + 1)):h100 ;;
		1) long --gres=gpu:910b:$((RANDOM % 8 + 1)) ;;
		2) long -n $((RANDOM % 60 + 1)) -N 1 ;;
		esac
	done
	[ $block -ne 1 ] || ok scontrol update NodeName=nv$((RANDOM % 3 + 1)) State=DRAIN Reason=test
	[ $block -ne 2 ] || ok scontrol update PartitionName=second State=DOWN
	[ $block -ne 3 ] || ok sacctmgr -iQ modify qos normal set MaxTRESPerUser=gres/gpu=3
	sleep 2.5
}

make_target()
{
	local more=()
	case $block in
	2) more=(-p second) ;;
	4) more=(-H) ;;
	5) more=(-b now+6) ;;
	6) more=(-d "afterany:$JOB") ;;
	esac
	[ $((RANDOM % 4)) -ne 0 ] || more+=(-n $((RANDOM % 48 + 1)))
	request=${requests[RANDOM % ${#requests[@]}]}
	submit -A test -t 60 --accel-policy=listed --wrap 'sleep 600' --accel="$request" "${more[@]}"
}

# do_line TEXT: what one "would help:" says
do_line()
{
	local text=$1 word
	case $text in
	"scontrol "*) ok $text ;;
	"to wait until then") sleep 6 ;;
	"that these jobs end so")
		scancel $(printf '%s\n' "$answer" | sed -n 's/^  depends: //p' | grep -oE '[0-9]+') ;;
	"a higher limit"*) ok sacctmgr -iQ modify qos normal set MaxTRESPerUser=gres/gpu=100 ;;
	resume*)
		for word in $(printf '%s\n' "$text" | grep -oE '\b(nv|as)[0-9]+'); do
			ok scontrol update NodeName="$word" State=RESUME
		done ;;
	job*)
		for word in $(printf '%s\n' "$text" | grep -oE 'job [0-9]+' | cut -d' ' -f2); do
			scancel "$word"
		done ;;
	*) fail "what is to be done about '$text'?" ;;
	esac
}

# do_what_helps JOB: what is in the way of the job, then that of one of its alternatives
do_what_helps()
{
	local line which n
	ask why "$1"
	answer=$output
	n=$(printf '%s\n' "$answer" | grep -c '^  alternative ')
	which=$((RANDOM % (n ? n : 1) + 1))
	while IFS= read -r line; do
		do_line "$line"
	done < <(printf '%s\n' "$answer" | awk -v which=$which '
		/^  alternative / { at++ }
		/^    would help: / && (!at || at == which) { sub(/^    would help: /, ""); print }')
}

starts_within()
{
	wait_until "$1" job_is "$JOB" RUNNING
}

test_case "why is right: $jobs random jobs start when what it says would help is done"
while [ $waited -lt "$jobs" ] && [ $((waited - started)) -lt 5 ]; do
	make_scene
	make_target
	target=$JOB
	if ! starts_within 3; then
		waited=$((waited + 1))
		: > "$CLUSTER/log/why"
		# What kept it from being looked at may have hidden a limit.
		for pass in 1 2 3; do
			do_what_helps "$target"
			printf '%s\n' "$answer" >> "$CLUSTER/log/why"
			JOB=$target
			passes=$((passes + 1))
			! starts_within $((pass < 3 ? 8 : 60)) || break
		done
		if job_is "$target" RUNNING; then
			started=$((started + 1))
		else
			fail "job $target ($request) still waits: $(job_field "$target" Reason); $(cat "$CLUSTER/log/why")
now: $(scontrol show bbstat why "$target")
$(squeue -o '%i %T %r %N %b %C' )"
		fi
	fi
	cancel_all
	scontrol update NodeName=nv[1-3] State=RESUME > /dev/null 2>&1 || true
	ok scontrol update PartitionName=second State=UP
	[ $block -ne 3 ] || ok sacctmgr -iQ modify qos normal set MaxTRESPerUser=gres/gpu=100
done
diag "$started of $waited jobs started, after $passes answers"
expect_eq "$started" "$jobs" "jobs that waited and started"

finish
