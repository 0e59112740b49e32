#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slurmctld, sbatch, slurmd and slurmstepd with the plugins under valgrind: no invalid access and no use of uninitialised
# memory anywhere below our code, and no memory that our code asked for is lost.  memcheck.awk reads the reports.
. "$(dirname "$0")/lib.sh"

# Without --run-libc-freeres=no glibc lets go of the libraries first, and what their variables point to looks lost.
valgrind="valgrind --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --run-libc-freeres=no
	--keep-debuginfo=yes --num-callers=60 --fair-sched=yes --error-limit=no --child-silent-after-fork=yes --xml=yes"
reports=$CLUSTER/reports

cluster_nodes <<END
nv[1-2]  gpu:h100:8
amd1     gpu:mi300x:8
as1      npu:910b3:8
mlu1     gpu:mlu370-x8:4
END

CLUSTER_WEFT_CONF="App=llm Table=h100=1,mi300x=1.1,910b3=0.4"
CLUSTER_CONF="SchedulerType=sched/weft"
CLUSTER_CTLD_WRAP="$valgrind --xml-file=$reports/slurmctld.%p"
CTLD_PATIENCE=120

# clean_report NAME [AWK_OPTION...]: what was run as NAME has left a whole report, and none of our code is in it
clean_report()
{
	run awk "${@:2}" -f "$CLUSTER_TESTS/memcheck.awk" "$reports/$1".*
	diag "$1: $(printf '%s\n' "$output" | tail -n 1)"
	expect_match "$output" '^[1-9][0-9]* complete reports' "reports of $1"
	expect_eq "$(printf '%s\n' "$output" | sed '$d')" "" "findings in $1"
}

# From 23.11 on a reconfigured slurmctld is a new process, which valgrind would not follow.
lives=2
reconfigure()
{
	if release_at_least 23.11; then
		ctld_restart
		lives=$((lives + 1))
	else
		ok scontrol reconfigure
	fi
}

# weft_conf TEXT: slurmctld reads that now
weft_conf()
{
	printf '%s\n' "$1" > "$CLUSTER/etc/weft.conf"
	reconfigure
}

logged()
{
	ctld_log "$1" | grep -q .
}

mkdir "$reports"
cluster_start

# questions JOB: each of them, twice, so that the job has been looked at
questions()
{
	local i
	for i in 1 2; do
		ok scontrol show bbstat classes
		ok scontrol show bbstat nodes
		ok scontrol show bbstat power
		ok scontrol show bbstat wy
		ok scontrol show bbstat job "$1"
		ok scontrol show bbstat why "$1"
		sleep 1
	done
}

test_case "slurmctld: plain jobs and --accel jobs of many kinds"
submit --gres=gpu:h100:2 -t 5 --wrap true
jobs=("$JOB")
for request in 8xh100 '8xh100 | 8x910b3 | 4xmi300x' '16:nvidia/amd/ascend,mem>=64G' '3:any,bf16>=300T,tdp<=900W' '2P@bf16' \
	'16:h100,per-node=8' '10:h100,nodes=2' 'npu'; do
	submit -t 5 --accel="$request" --wrap true
	jobs+=("$JOB")
done
for policy in listed fast soon soon,scale-time; do
	submit -t 5 --accel='4xh100 | 4xmi300x' --accel-policy=$policy --accel-app=llm --wrap true
	jobs+=("$JOB")
done
submit -t 5 --array=0-2 --accel='2:mi300x|2:h100' --wrap true
jobs+=("${JOB}_2")
run srun -t 5 --accel=1:amd true
expect_eq "$status" 0 "srun"
submit --hold -t 5 --accel=4:h100 --wrap true
ok scontrol update JobId="$JOB" Comment='accel=2:mi300x; accel-policy=listed'
refused scontrol update JobId="$JOB" Comment=accel=99:mi300x
refused scontrol update JobId="$JOB" Gres=gpu:h100:1
ok scontrol update JobId="$JOB" TimeLimit=7
ok scontrol release "$JOB"
for JOB in "${jobs[@]}" "$JOB"; do
	wait_job "$JOB" COMPLETED 90
done

test_case "slurmctld: jobs that wait, requeue, end early"
submit -t 100 -N 2 --gres=gpu:h100:8 --wrap 'sleep 1000'
blocker=$JOB
wait_job "$blocker" RUNNING
submit -t 200 --accel='8:h100 | 8:910b3' --accel-app=llm --wrap 'sleep 1000' # waits for the faster one
waits=$JOB
submit -t 10 --accel=8:h100 --wrap true
cancelled=$JOB
submit -t 5 --accel=2:mi300x --wrap 'sleep 1000'
requeued=$JOB
wait_job "$requeued" RUNNING
ok scontrol requeue "$requeued"
ok scontrol hold "$requeued"
questions "$requeued"
questions "$waits"
expect_match "$output" '^  alternative 1: 8 gpu:h100 on 1 node$'
wait_until 30 sh -c "scontrol show job $waits | grep -q 'weft: waits for'" || fail "job $waits does not wait for h100"
ok scancel "$cancelled"
ok scancel "$requeued" "$blocker"
wait_job "$waits" RUNNING 60
ok scancel "$waits"
ok scontrol update NodeName=as1 State=DRAIN Reason=test
submit -t 5 --accel=1:910b3 --wrap true
ok scontrol update NodeName=as1 State=RESUME
wait_job "$JOB" COMPLETED 60

test_case "slurmctld: refusals"
for request in 8xh10 64xh100 '4:h100,mem>=900G' '4:h100,mem>=80G,mem<40G' '4:nvidia,tdp<=1W' '|' '9:h100,nodes=4-2'; do
	refused env WEFT_ACCEL="$request" sbatch -t 5 -o /dev/null --wrap true
	submit_refused -t 5 --accel="$request" --wrap true
	submit_refused -t 5 --comment="accel=$request" --wrap true
done
submit_refused -t 5 --accel=4:h100 --gres=gpu:1 --wrap true
submit_refused --accel=4:h100 --accel-policy=soon,scale-time --wrap true
submit_refused -t 5 --accel=4:h100 --accel-app=nosuch --wrap true

test_case "slurmctld: configurations, good and broken"
weft_conf "Policy=soon"
wait_for 30 logged 'weft: .*weft.conf:1: Policy: .*; (the configuration stays|--accel is refused)'
weft_conf "Catalogue=/nonexistent.json"
weft_conf "$(printf 'App=llm Table=h100=1\nDefaultPolicy=listed\nClass=gpu:h100 Model=h100-sxm5-80gb')"
reconfigure
submit -t 5 --accel='2:mi300x|2:h100' --wrap true
wait_job "$JOB" COMPLETED 60
expect_match "$(job_field "$JOB" SystemComment)" 'policy listed'

test_case "slurmctld: power caps, a signal that falls, windows, broken files"
power="PowerNode=ALL Idle=100 Peak=200
PowerClass=gpu:h100 Idle=0 Peak=100
PowerZone=nv Nodes=nv[1-2]
PowerCap=nv Watts=1500 Hours=00:00-24:00
PowerCap=cluster Watts=10k Days=Mon-Fri
PowerSignal=$CLUSTER/home/signal MaxAge=600
PowerPrice=$CLUSTER/home/price Currency=EUR
PowerInterval=1
PowerHints=$CLUSTER/home
PowerHook=/bin/true
PowerState=$CLUSTER/run/power.json"
hour=$(date -u +%Y-%m-%dT%H:00Z)
printf '%s\n' time,value "$hour,50" "$(date -u -d '+1 hour' +%Y-%m-%dT%H:00Z),10" > "$CLUSTER/home/price"
printf '%s\n' time,zone,watts "$hour,nv,1500" > "$CLUSTER/home/signal"
weft_conf "$power"
submit -t 60 -w nv1 --gres=gpu:h100:8 --energy=now,interrupt=yes,signal=USR1 --wrap 'sleep 1000'
runs=$JOB
wait_job "$runs" RUNNING 60
submit -t 60 -w nv2 --gres=gpu:h100:8 --wrap 'sleep 1000'
waits=$JOB
wait_until 60 sh -c "squeue -h -o %r -j $waits | grep -q 'Weft: power cap of zone nv'" || fail "job $waits: no reason"
submit -t 60 --accel='8:mi300x|8:h100' --energy=cheap,within=3h --wrap true
printf '%s\n' time,zone,watts "$hour,nv,500" > "$CLUSTER/home/signal"
wait_job "$runs" PENDING 60
echo broken > "$CLUSTER/home/signal"
echo broken > "$CLUSTER/home/price"
sleep 5
wait_until 30 logged 'what the file said before stays' || fail "broken files are not told of"
ok scancel "$runs" "$waits" "$JOB"
weft_conf "App=llm Table=h100=1"

test_case "slurmctld: a second life, with jobs from the first and a broken weft.conf"
submit -t 5 --accel=8:mi300x --wrap 'sleep 1000'
wait_job "$JOB" RUNNING
submit -t 5 --accel=8:mi300x --wrap true
echo 'Policy=soon' > "$CLUSTER/etc/weft.conf"
ctld_restart
submit_refused -t 5 --accel=1:h100 --wrap true
expect_match "$output" 'weft: --accel is refused: .*Policy'
weft_conf "App=llm Table=h100=1"
ok scancel $((JOB - 1))
wait_job "$JOB" COMPLETED 60

test_case "slurmctld: no finding in any of its lives"
ctld_stop
clean_report slurmctld
expect_eq "$(ls "$reports"/slurmctld.* | wc -l)" $lives "reports"
CLUSTER_CTLD_WRAP=
ctld_start

test_case "sbatch and srun: no finding"
ok $valgrind --xml-file="$reports/client.%p" sbatch -t 5 -o /dev/null --accel='2P@bf16|16:nvidia/amd,mem>=64G' --accel-policy=listed \
	--accel-app=llm --wrap true
refused $valgrind --xml-file="$reports/client.%p" sbatch -t 5 -o /dev/null --accel='8:h100,mem>=64' --wrap true
ok $valgrind --xml-file="$reports/client.%p" srun -t 5 --accel='1:910b3' true
clean_report client -v lax=1 # sbatch loses what spank_unset_job_env() makes

test_case "slurmd and slurmstepd: no finding"
node_stop nv1
start nv1 $valgrind --trace-children=yes --trace-children-skip='*/sh,*/bash,*/true,*/env,*/sleep' --xml-file="$reports/slurmd.%p" \
	"$(command -v slurmd)" -D -N nv1
wait_for 60 nodes_up
submit -t 5 -w nv1 --accel=2:h100 --wrap 'env | grep -E "^(CUDA|WEFT)_"; srun env'
wait_job "$JOB" COMPLETED 90
expect_line "$(job_output "$JOB")" "WEFT_VENDOR=nvidia"
expect_line "$(job_output "$JOB")" "CUDA_VISIBLE_DEVICES=0,1"
submit -t 5 -w nv1 --gres=gpu:1 --wrap true
wait_job "$JOB" COMPLETED 90
node_stop nv1
clean_report slurmd -v lax=1

finish
