#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a job looks like whose script runs at another site: batch, arguments, arrays, exit codes, signals, scancel, time limit,
# output while it runs, files there and back, requeue, the proxy killed, weftd stopped and started.
. "$(dirname "$0")/burst.sh"

HOME_CONF="KillWait=20
JobRequeue=1"

# written USER JOB PATTERN: has the job's output at home a line like that by now?
written()
{
	home_file "$1" "$2.out" | grep -q -- "$3"
}

# proxy_pid JOB
proxy_pid()
{
	pgrep -f "weft-proxy --conf=.* --submit=" | while read -r pid; do
		! tr '\0' '\n' < "/proc/$pid/environ" | grep -qx "SLURM_JOB_ID=$1" || echo "$pid"
	done | head -n 1
}

has_proxy()
{
	[ -n "$(proxy_pid "$JOB")" ]
}

# requeue: $JOB, which has ended, and without the pause that Slurm makes before it starts again
requeue()
{
	sleep 2 # slurmd takes no credential of the second in which it has ended the job, nor an older one
	scontrol requeue "$JOB"
	scontrol update "JobId=$JOB" StartTime=now
}

burst_start
site alpha

test_case "a batch job: output, exit code, arguments, files, environment"
cat > "$CLUSTER/users/alice/job.sh" <<'END'
#!/bin/bash
echo "args: $# $1 $2"
echo "to stderr" >&2
pwd | grep -q /.weft/runs/alpha && cat input.txt
echo "user: $(id -un) $USER $HOME mine=$MINE job=$SLURM_JOB_NAME cards=$CUDA_VISIBLE_DEVICES"
env | grep -c -e ^SLURM_SPANK -e ^WEFT_ -e JWT
echo result > result.txt
exit 3
END
echo "from home" > "$CLUSTER/users/alice/input.txt"
chown -R 5001 "$CLUSTER/users/alice"
burst alice --export=ALL,MINE=yes -J train "/home/alice/job.sh" "a b" "it's"
wait_job "$JOB" FAILED 60
expect_field "$JOB" ExitCode 3:0
expect_field "$JOB" NodeList beta-gw
expect_eq "$(home_file alice "$JOB.out")" "args: 2 a b it's
to stderr
from home
user: al al /home/al mine=yes job=train cards=0,1,2,3
0"
expect_eq "$(home_file alice result.txt)" result

# A minute and more passes until Slurm ends it.
burst alice -t 1 --wrap 'echo begun; sleep 300'
limited=$JOB

test_case "exit codes"
jobs=()
for code in 0 1 42 255; do
	burst alice --accel=1 --wrap "exit $code"
	jobs+=("$JOB")
done
for code in 0 1 42 255; do
	JOB=${jobs[0]}
	jobs=("${jobs[@]:1}")
	[ $code = 0 ] && wait_job "$JOB" COMPLETED 60 || wait_job "$JOB" FAILED 60
	expect_field "$JOB" ExitCode $code:0
done

test_case "standard error apart"
burst alice -e "/home/alice/%j.err" --wrap 'echo a; echo b >&2'
wait_job "$JOB" COMPLETED 60
expect_eq "$(home_file alice "$JOB.out")" a
expect_eq "$(home_file alice "$JOB.err")" b

test_case "an array: each task knows its number"
burst alice -a 3-5 -o "/home/alice/%A_%a.out" --wrap 'echo $SLURM_ARRAY_JOB_ID $SLURM_ARRAY_TASK_ID $SLURM_ARRAY_TASK_MAX'
first=$JOB
for task in 3 4 5; do
	wait_job "${first}_$task" COMPLETED 90
	expect_eq "$(home_file alice "${first}_$task.out")" "$first $task 5"
done

test_case "output comes while it runs, and scancel ends it there"
burst alice --wrap 'trap "echo caught; exit 9" TERM; echo begun; while :; do sleep 0.2; done'
wait_job "$JOB" RUNNING 30
wait_for 30 written alice "$JOB" begun
expect_eq "$(peer_jobs beta "weft.alpha.$JOB" | awk '{ print $3 }')" RUNNING
scancel "$JOB"
wait_job "$JOB" CANCELLED 40
wait_for 30 eval "[ -z \"\$(peer_jobs beta 'weft.alpha.$JOB.*(RUNNING|PENDING|COMPLETING)')\" ]"
expect_match "$(home_file alice "$JOB.out")" begun

test_case "the proxy is killed and the job requeued: the next proxy goes on with the run"
burst alice --open-mode=append --export=ALL,MINE=x --wrap \
	'echo run >> $HOME/count.$MINE; for i in $(seq 1 20); do echo "line $i"; sleep 0.5; done; exit 6'
wait_job "$JOB" RUNNING 30
wait_for 30 written alice "$JOB" "line 3"
kill -9 "$(proxy_pid "$JOB")" || fail "there is no proxy"
wait_job "$JOB" FAILED 30
requeue
wait_job "$JOB" FAILED 150
expect_field "$JOB" ExitCode 6:0
expect_eq "$(home_file alice "$JOB.out" | grep line)" "$(seq -f 'line %g' 1 20)"
expect_eq "$(wc -l < "$CLUSTER_TOP/beta/users/al/count.x")" 1

test_case "weftd is stopped for a while"
burst alice --wrap 'for i in $(seq 1 30); do echo "line $i"; sleep 0.5; done; exit 4'
wait_for 30 written alice "$JOB" "line 3"
stop weftd
wait_for 30 written alice "$JOB" "weftd cannot be asked"
wait_for 30 written alice "$JOB" "line 12"
weftd_start
wait_job "$JOB" FAILED 90
expect_field "$JOB" ExitCode 4:0
expect_eq "$(home_file alice "$JOB.out" | grep -c "weft: weftd")" 2
expect_eq "$(home_file alice "$JOB.out" | grep line)" "$(seq -f 'line %g' 1 30)"

test_case "files that cannot be brought: the job does not go"
mv "$CLUSTER_TOP/bin/beta-in" "$CLUSTER_TOP/bin/beta-in.away"
burst alice --wrap 'echo never'
wait_job "$JOB" FAILED 60
expect_field "$JOB" ExitCode 214:0
expect_match "$(home_file alice "$JOB.out")" "^weft: StageIn=: exit status 127"
expect_eq "$(peer_jobs beta "weft.alpha.$JOB")" ""
mv "$CLUSTER_TOP/bin/beta-in.away" "$CLUSTER_TOP/bin/beta-in"

test_case "a requeue of a job that has ended is a new run in the same directory"
burst alice --wrap 'echo "was: $(cat mark 2>/dev/null)"; echo there > mark; exit 1'
wait_job "$JOB" FAILED 60
requeue
wait_for 60 eval "[ \"\$(job_field $JOB Restarts)\" = 1 ]"
wait_job "$JOB" FAILED 90
expect_match "$(home_file alice "$JOB.out")" "^was: there$"

test_case "a time limit at home ends it there"
wait_job "$limited" TIMEOUT 150
expect_match "$(home_file alice "$limited.out")" begun
wait_for 30 eval "[ -z \"\$(peer_jobs beta 'weft.alpha.$limited.*(RUNNING|PENDING|COMPLETING)')\" ]"

test_case "no step runs on the gateway"
burst alice --wrap 'sleep 60'
wait_job "$JOB" RUNNING 30
run as_user alice srun --jobid="$JOB" --overlap --accel= hostname
[ "$status" -ne 0 ] || fail "a step ran on the gateway: $output"

# attach JOB TICKET: alice asks for a run of hers as that job's proxy would
attach()
{
	ask_weftd alice "{\"ask\": \"attach\", \"peer\": \"beta\", \"cluster\": \"alpha\", \"job\": $1, \"submit\": $submit, \"restarts\": 0,
		\"minutes\": 10, \"gres\": \"gpu:h100:4\", \"environment\": [], \"script\": \"#!/bin/sh\\n\", \"ticket\": \"$2\"}"
}

test_case "weftd takes no job that slurmctld has not let go, or that is over"
wait_for 30 has_proxy
proxy=$(proxy_pid "$JOB")
submit=$(tr '\0' '\n' < "/proc/$proxy/cmdline" | sed -n 's/^--submit=//p')
ticket=$(tr '\0' '\n' < "/proc/$proxy/environ" | sed -n 's/^SLURM_SPANK_WEFT_TICKET=//p')
expect_match "$(attach "$JOB" "$ticket")" "\"key\":\"alpha.$JOB.$submit\".*\"ok\":true"
gone=$JOB
run as_user alice sbatch --parsable -D /home/alice -o /dev/null -t 10 --wrap 'sleep 60'
wait_job "$output" RUNNING 30
expect_match "$(attach "$output" "$ticket")" "\"error\":\"the ticket is for job $gone, not $output\",\"code\":\"no\""
expect_match "$(attach "$output" "$(as_user alice munge -S "$CLUSTER/run/munge.sock" -n)")" \
	'"error":"there is nothing in the credential"'
expect_match "$(attach "$output" "$(as_user alice munge -S "$CLUSTER/run/munge.sock" -s x)")" \
	'"error":"the ticket was sealed by uid 5001, and not by slurmctld"'
scancel "$gone" "$output"
wait_job "$gone" CANCELLED 60
expect_match "$(attach "$gone" "$ticket")" "\"error\":\"job $gone does not run at home: it is CANCELLED\",\"code\":\"no\""
finish
