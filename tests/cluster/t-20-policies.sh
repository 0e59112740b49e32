#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# listed, fast and soon: which alternative a job gets, and when; and the time limit that follows the cards.
. "$(dirname "$0")/lib.sh"

cluster_nodes <<END
a1    gpu:a100-sxm4-80gb:8
h1    gpu:h100:8
m1    gpu:mi300x:8
END
CLUSTER_PARTITIONS="PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=short Nodes=ALL MaxTime=90 State=UP"
CLUSTER_WEFT_CONF='App=ours Table=a100-sxm4-80gb=1,h100=2,mi300x=4
App=flipped Table=a100-sxm4-80gb=4,h100=2,mi300x=1'
cluster_start

# By the table "ours", a job of an hour on a1 takes half an hour on h1, and a quarter on m1.
any='8:a100 | 8:h100 | 8:mi300x'

# job POLICY SBATCH_ARG...: a job that may run anywhere
job()
{
	local policy=$1
	shift
	submit --accel="$any" --accel-policy="$policy" --accel-app=ours "$@" --wrap 'sleep 600'
}

# runs_on NODE
runs_on()
{
	wait_job "$JOB" RUNNING 15
	expect_field "$JOB" NodeList "$1"
}

# block TYPE MINUTES: a plain job has all cards of TYPE, and a limit of so long; its number is in $BLOCKER
block()
{
	submit --gres="gpu:$1:8" -t "$2" --wrap 'sleep 600'
	wait_job "$JOB" RUNNING
	BLOCKER=$JOB
}

comment_has()
{
	job_field "$1" SystemComment | grep -qE -e "$2"
}

# comments REGEX: the last job's SystemComment does so, now or in a moment
comments()
{
	wait_until 10 comment_has "$JOB" "$1" ||
		fail "SystemComment of $JOB: no match for /$1/ in '$(job_field "$JOB" SystemComment)'"
}

seconds()
{
	date -d "$1" +%s
}

# is_about TIME WANTED: within a minute
is_about()
{
	local apart
	apart=$(($(seconds "$1") - $(seconds "$2")))
	[ ${apart#-} -le 60 ] || fail "$1 is $apart s from $2"
}

# Has backfill planned a start of job $1 on node $2?
planned_on()
{
	[ "$(job_field "$1" SchedNodeList)" = "$2" ]
}

limit_is()
{
	[ "$(job_field "$1" TimeLimit)" = "$2" ]
}

# lasts LIMIT: the running job's
lasts()
{
	wait_until 10 limit_is "$JOB" "$1" || fail "TimeLimit of $JOB: $(job_field "$JOB" TimeLimit), not $1"
	expect_eq $(($(seconds "$(job_field "$JOB" EndTime)") - $(seconds "$(job_field "$JOB" StartTime)"))) \
		$(($(seconds "1970-01-01 $1 UTC"))) "seconds from start to end"
}

test_case "everything is free: listed the first, fast and soon the fastest"
job listed -t 60
runs_on a1
comments '^weft: 8 gpu:a100-sxm4-80gb on 1 node \(alternative 1 of 3, policy listed\)$'
cancel_all
job fast -t 60
runs_on m1
comments '^weft: 8 gpu:mi300x on 1 node \(alternative 3 of 3, policy fast\)$'
cancel_all
job soon -t 60
runs_on m1
comments '^weft: 8 gpu:mi300x on 1 node \(alternative 3 of 3, policy soon\)$'
cancel_all

test_case "a table of the site, a file of the user, and the roofline say what is fast"
submit -t 60 --accel="$any" --accel-policy=fast --accel-app=flipped --wrap 'sleep 600'
runs_on a1
printf '# images/s\nMI300X 100\nh100 = 250\na100-sxm4-80gb,120\n' > "$CLUSTER/home/rates"
submit -t 60 --accel="$any" --accel-policy=fast --accel-app="$CLUSTER/home/rates" --wrap 'sleep 600'
runs_on h1
submit -t 60 --accel="$any" --accel-policy=fast --wrap 'sleep 600'
runs_on m1
cancel_all

test_case "listed takes the first that fits, and of what comes free later the earliest"
block a100-sxm4-80gb 600
job listed -t 60
runs_on h1
first=$JOB
block mi300x 10
job listed -t 60
wait_for 10 planned_on "$JOB" m1
is_about "$(job_field "$JOB" StartTime)" "$(job_field "$BLOCKER" EndTime)"
scancel "$first"
runs_on h1
cancel_all

test_case "fast waits for the fastest that the job may use, however long"
block mi300x 600
job fast -t 60
expect_match "$(job_field "$JOB" JobState)" PENDING
waiting=$JOB
job fast -t 60 -x m1
runs_on h1
wait_for 10 planned_on "$waiting" m1
expect_field "$waiting" JobState PENDING
scancel "$BLOCKER"
JOB=$waiting
runs_on m1
cancel_all

test_case "soon does not wait for what finishes later"
block mi300x 60
job soon -t 60
runs_on h1
comments '^weft: 8 gpu:h100 on 1 node \(alternative 2 of 3, policy soon\)$'
cancel_all

test_case "soon waits for what finishes sooner, says so, and gets it"
block mi300x 10
job soon -t 60
waits='^weft: waits for 8 gpu:mi300x on 1 node, which should finish first; predicted start 2'
comments "$waits"
is_about "$(job_field "$JOB" SystemComment | sed 's/.* //')" "$(job_field "$BLOCKER" EndTime)"
wait_for 10 planned_on "$JOB" m1
expect_field "$JOB" JobState PENDING
scancel "$BLOCKER"
runs_on m1
comments '^weft: 8 gpu:mi300x on 1 node \(alternative 3 of 3, policy soon\)$'
cancel_all

test_case "soon stops waiting once that promises no more"
block mi300x 10
job soon -t 60
comments "$waits"
ok scontrol update JobId="$BLOCKER" TimeLimit=60
runs_on h1
cancel_all

test_case "in backfill soon plans the earliest finish, listed the earliest start, fast the fastest"
block h100 600
block a100-sxm4-80gb 10
a1_end=$(job_field "$BLOCKER" EndTime)
block mi300x 20
m1_end=$(job_field "$BLOCKER" EndTime)
job soon -t 40
wait_for 10 planned_on "$JOB" m1
is_about "$(job_field "$JOB" StartTime)" "$m1_end"
scancel "$JOB"
job listed -t 40
wait_for 10 planned_on "$JOB" a1
is_about "$(job_field "$JOB" StartTime)" "$a1_end"
scancel "$JOB"
job soon -t 12
wait_for 10 planned_on "$JOB" a1
is_about "$(job_field "$JOB" StartTime)" "$a1_end"
scancel "$JOB"
job fast -t 12
wait_for 10 planned_on "$JOB" m1
is_about "$(job_field "$JOB" StartTime)" "$m1_end"
cancel_all

# A job of higher priority that waits for m1 and will have h1 as well, ten minutes from now.
block_both()
{
	block mi300x 10
	submit -N 2 -x a1 --gres=gpu:8 -t 60 --priority=4294960000 --wrap 'sleep 600'
	wait_for 10 planned_on "$JOB" 'h1,m1'
}

test_case "behind a blocked job of higher priority, backfill takes what is not reserved"
block_both
job soon -t 60
runs_on a1
expect_field "$JOB" Scheduler Backfill
cancel_all

test_case "there, too, an alternative fits that ends in time"
block_both
block a100-sxm4-80gb 600
job soon -t 5
runs_on h1
expect_field "$JOB" Scheduler Backfill
cancel_all

test_case "scale-time: a pending job has the longest limit, a running one that of its cards"
any='8:h100 | 8:a100 | 8:mi300x' # the first is what the limit is for
job listed,scale-time -t 30 -H
expect_field "$JOB" TimeLimit 01:00:00
ok scontrol release "$JOB"
runs_on h1
lasts 00:30:00
job fast,scale-time -t 30
runs_on m1
lasts 00:15:00
job listed,scale-time -t 30
runs_on a1
lasts 01:00:00
cancel_all
job listed,scale-time -t 0:45 -w m1
runs_on m1
lasts 00:01:00
cancel_all

test_case "scale-time: a requeued job gets the limit of its new cards"
job listed,scale-time -t 30
runs_on h1
lasts 00:30:00
ok scontrol requeuehold "$JOB"
wait_job "$JOB" PENDING
requeued=$JOB
submit -t 60 --accel=8:h100 --wrap 'sleep 300'
wait_job "$JOB" RUNNING
ok scontrol update JobId="$requeued" StartTime=now # not two minutes later
ok scontrol release "$requeued"
JOB=$requeued
runs_on a1
lasts 01:00:00
cancel_all

test_case "scale-time: a changed policy changes the limit"
job listed,scale-time -t 30 -H
ok scontrol update JobId="$JOB" Comment="accel=8:h100 | 8:a100; accel-policy=listed"
expect_field "$JOB" TimeLimit 00:30:00
ok scontrol update JobId="$JOB" Comment="accel=8:h100 | 8:a100; accel-policy=listed,scale-time; accel-app=ours"
expect_field "$JOB" TimeLimit 01:00:00
ok scontrol release "$JOB"
runs_on h1
lasts 00:30:00
cancel_all

test_case "scale-time: backfill starts a job with the same limits"
block_both
block a100-sxm4-80gb 600
job soon,scale-time -t 4 -H
expect_field "$JOB" TimeLimit 00:08:00
ok scontrol release "$JOB"
runs_on h1
expect_field "$JOB" Scheduler Backfill
lasts 00:04:00
sleep 1.5 # another pass of backfill
lasts 00:04:00
cancel_all

test_case "scale-time: salloc and srun"
ok salloc -t 30 --accel="$any" --accel-policy=fast,scale-time --accel-app=ours \
	sh -c 'sleep 1; squeue -h -j $SLURM_JOB_ID -o "%N %l"'
expect_line "$output" "m1 15:00"
ok srun -t 30 --accel="$any" --accel-policy=listed,scale-time --accel-app=ours -x h1 \
	sh -c 'sleep 1; squeue -h -j $SLURM_JOB_ID -o "%N %l"'
expect_line "$output" "a1 1:00:00"

test_case "scale-time alone keeps the default policy"
job scale-time -t 30
runs_on m1
comments ', policy soon\)$'
lasts 00:15:00
cancel_all

test_case "scale-time: no longer than the partition allows"
job listed,scale-time -t 60 -p short -H
expect_field "$JOB" TimeLimit 01:30:00
ok scontrol release "$JOB"
runs_on h1
lasts 01:00:00
cancel_all
job listed,scale-time -t 60 -p short -w a1
runs_on a1
lasts 01:30:00
cancel_all

test_case "scale-time: a limit that somebody sets stays"
job fast,scale-time -t 30 -H
ok scontrol update JobId="$JOB" TimeLimit=20
expect_field "$JOB" TimeLimit 00:20:00
ok scontrol release "$JOB"
runs_on m1
lasts 00:20:00
job listed,scale-time -t 30
runs_on h1
lasts 00:30:00
ok scontrol update JobId="$JOB" TimeLimit=50
sleep 1.5
lasts 00:50:00
cancel_all

test_case "scale-time: needs a limit"
submit_refused --accel="$any" --accel-policy=scale-time --wrap true
expect_line "$output" "sbatch: error: weft: --accel-policy: scale-time needs a time limit (--time)"
submit_refused --accel="$any" --accel-policy=scale-time -t UNLIMITED --wrap true
expect_line "$output" "sbatch: error: weft: --accel-policy: scale-time needs a time limit (--time)"
submit_refused --accel="$any" --accel-policy=scale-time -t 30 --time-min=10 --wrap true
expect_line "$output" "sbatch: error: weft: --accel-policy: scale-time and --time-min exclude each other"
finish
