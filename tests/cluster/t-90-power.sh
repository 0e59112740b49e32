#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Power caps: zones, caps by time, the signal file, jobs that have to go, on real daemons.
. "$(dirname "$0")/lib.sh"

# Hosts that draw 100 W whatever they do, and cards of 0 to 100 W (amd: 50 W): what is drawn can be told by eye.
state=$CLUSTER/run/power.json
signal=$CLUSTER/home/signal.csv
hints=$CLUSTER/home/hints
hook=$CLUSTER/etc/hook
base_conf="PowerNode=ALL Idle=100 Peak=100 Off=5
PowerClass=gpu:h100 Idle=0 Peak=100
PowerClass=gpu:mi300x Idle=0 Peak=50
PowerProvision=worst
PowerInterval=2
PowerState=$state
PowerZone=left Nodes=nv1
PowerZone=right Nodes=nv[2-3]
PowerZone=hall Nodes=nv[1-3]"
CLUSTER_WEFT_CONF="$base_conf
PowerCap=right Watts=1000"
CLUSTER_CONF="SchedulerType=sched/weft
AuthInfo=socket=$CLUSTER/run/munge.sock,cred_expire=5"
cluster_nodes <<END
nv[1-3]  gpu:h100:8    CPUs=8
amd1     gpu:mi300x:8  CPUs=8
cpu1     -             CPUs=8
END
cluster_start
mkdir -p "$hints"

# conf LINE...: weft.conf is the common lines and these; slurmctld reads it
conf()
{
	printf '%s\n' "$base_conf" "Index=check" "$@" > "$CLUSTER/etc/weft.conf"
	ok scontrol reconfigure
	wait_for 30 ctld_up
	sleep 1
}

long()
{
	submit -n 1 -t 60 --wrap 'sleep 300' "$@"
}

reason()
{
	squeue -h -o %r -j "$1"
}

# expect_reason JOB REGEX
expect_reason()
{
	wait_until 15 reason_is "$1" "$2" || fail "job $1: reason '$(reason "$1")', not /$2/"
}

reason_is()
{
	reason "$1" | grep -qE -e "$2"
}

# Cards in use on the nodes, as Slurm says.
cards()
{
	scontrol show node -d "$1" | sed -n 's/.*GresUsed=gpu:[a-z0-9]*:\([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }'
}

# signal_is LINE...: what the signal file says from now on
signal_is()
{
	printf '%s\n' "time,zone,watts" "$@" > "$signal.new"
	mv "$signal.new" "$signal"
}

now()
{
	date -u "+%Y-%m-%dT%H:%M:%SZ" ${1:+-d "$1"}
}

test_case "sched/weft is there; slurmctld refuses heterogeneous jobs with any but sched/backfill"
expect_match "$(scontrol show config)" '^SchedulerType += sched/weft$'
submit_refused -n 1 -t 5 -w cpu1 --wrap true : -n 1 -w nv1
expect_match "$(ctld_log HET_JOB)" 'rejected as sched/backfill is not configured'

test_case "a zone's cap: what would break it waits, says why, and starts when it fits"
long -w nv2 --gres=gpu:h100:6
first=$JOB
wait_job "$first" RUNNING
long -w nv3 --gres=gpu:h100:4
second=$JOB
expect_reason "$second" '^Weft: power cap of zone right: 1200 of 1000 W; earliest ([0-9-]+T)?[0-9][0-9]:[0-9][0-9]$'
expect_match "$(job_field "$second" SystemComment)" '^weft: power cap of zone right: 1200 of 1000 W; earliest '
submit -n 1 -t 10 -w nv3 --gres=gpu:h100:2 --wrap 'sleep 300'
wait_job "$JOB" RUNNING
long -w nv1 --gres=gpu:h100:8
wait_job "$JOB" RUNNING
ok scancel "$first"
wait_job "$second" RUNNING
cancel_all

test_case "a cap that a job can never meet"
submit -n 2 -t 60 -w 'nv[2-3]' -N 2 --gres=gpu:h100:8 --wrap true
expect_reason "$JOB" '^Weft: power cap of zone right: 1800 of 1000 W; not with this cap$'
cancel_all

test_case "--accel: a smaller or a more frugal alternative starts instead"
conf "PowerCap=hall Watts=700" "PowerCap=cluster Watts=1200"
long --accel-policy=listed --accel="8:h100|4:h100"
wait_job "$JOB" RUNNING
expect_eq "$(job_field "$JOB" TresPerNode | sed 's,^gres[:/],,')" gpu:h100:4
long --accel-policy=listed --accel="4:h100|4:mi300x"
wait_job "$JOB" RUNNING
expect_field "$JOB" NodeList amd1
cancel_all

test_case "zones lie within each other: each cap holds"
conf "PowerCap=right Watts=1000" "PowerCap=hall Watts=1500" "PowerCap=cluster Watts=2000"
long -w nv2 --gres=gpu:h100:8
wait_job "$JOB" RUNNING
long -w nv3 --gres=gpu:h100:1
expect_reason "$JOB" '^Weft: power cap of zone right: 1100 of 1000 W; '
long -w nv1 --gres=gpu:h100:5
expect_reason "$JOB" '^Weft: power cap of zone hall: 1600 of 1500 W; '
submit -n 1 -t 10 -w nv1 --gres=gpu:h100:4 --wrap 'sleep 300'
wait_job "$JOB" RUNNING
long -w amd1 --gres=gpu:mi300x:8
expect_reason "$JOB" '^Weft: power cap of the cluster: 2100 of 2000 W; '
cancel_all

test_case "a cap by time of day: only what ends before it falls may start above it"
conf "PowerCap=right Watts=400 Hours=$(date +%H:%M -d '+3 minutes')-$(date +%H:%M -d '+6 hours')"
long -w nv2 --gres=gpu:h100:4
slow=$JOB
submit -n 1 -t 1 -w nv3 --gres=gpu:h100:4 --wrap 'sleep 5'
wait_job "$JOB" COMPLETED
expect_reason "$slow" '^Weft: power cap of zone right: 600 of 400 W; earliest '
long -w nv3 --gres=gpu:h100:2
wait_job "$JOB" RUNNING
cancel_all

test_case "restart of slurmctld in the middle: what runs is counted, what waits still waits"
conf "PowerCap=right Watts=1000"
long -w nv2 --gres=gpu:h100:6
wait_job "$JOB" RUNNING
long -w nv3 --gres=gpu:h100:4
waits=$JOB
expect_reason "$waits" '^Weft: power cap of zone right: 1200 of 1000 W; '
ctld_restart
sleep 5
expect_reason "$waits" '^Weft: power cap of zone right: 1200 of 1000 W; '
expect_field "$waits" JobState PENDING

test_case "reconfigure with a higher cap lets it start; with a broken weft.conf the old cap stays, or Weft steps aside"
conf "PowerCap=rigth Watts=2000"
expect_match "$(ctld_log 'rigth')" 'PowerCap: unknown zone "?rigth"?'
# From 23.11 on slurmctld starts anew, and has no old one.
release_at_least 23.11 || expect_field "$waits" JobState PENDING
conf "PowerCap=right Watts=1200"
wait_job "$waits" RUNNING
cancel_all

test_case "the signal file lowers a cap under load: flexible jobs go, the youngest first, within an interval"
signal_is "$(now '-1 minute'),right,none"
conf "PowerSignal=$signal MaxAge=60" "PowerCap=right Watts=1800" "PowerHints=$hints"
cat > "$CLUSTER/home/watch" <<'END'
#!/bin/bash
trap 'echo told >> "told.$SLURM_JOB_ID"' USR1
for ((i = 0; i < 600; i++)); do sleep 0.5; done
END
chmod 755 "$CLUSTER/home/watch"
submit -n 1 -t 60 -w nv2 --gres=gpu:h100:4 --energy=now,interrupt=yes,signal=USR1 "$CLUSTER/home/watch"
old=$JOB
wait_job "$old" RUNNING
sleep 1
submit -n 1 -t 60 -w nv3 --gres=gpu:h100:4 --energy=now,interrupt=yes,signal=USR1 "$CLUSTER/home/watch"
young=$JOB
submit -n 1 -t 60 -w nv3 --gres=gpu:h100:2 --energy=now,signal=USR1 "$CLUSTER/home/watch"
stays=$JOB
wait_job "$young" RUNNING
wait_job "$stays" RUNNING
expect_eq "$(cards 'nv[2-3]')" 10 "cards in use"
signal_is "$(now '-1 minute'),right,none" "$(now),right,800"
wait_job "$young" PENDING 8
expect_eq "$(cards 'nv[2-3]')" 6 "cards in use"
expect_field "$old" JobState RUNNING
expect_field "$stays" JobState RUNNING
expect_match "$(ctld_log "requeued")" "JobId=$young is requeued: Weft: requeued: power cap of zone right: 1200 of 800 W"
expect_eq "$(job_field "$stays" Restarts)" 0

test_case "what cannot go is told: by a file and a signal"
signal_is "$(now '-1 minute'),right,none" "$(now),right,740"
sleep 4
expect_field "$old" JobState PENDING
signal_is "$(now '-1 minute'),right,none" "$(now),right,350"
wait_for 10 grep -q '"share": 0.750, "budget_w": 150, "expected_w": 200 ' "$hints/$stays.json"
wait_for 5 test -s "$CLUSTER/home/told.$stays"

test_case "and when it rises again the job goes on"
signal_is "$(now '-1 minute'),right,none" "$(now),right,1800"
wait_job "$young" RUNNING 40
wait_job "$old" RUNNING 40
wait_for 10 grep -q '"share": 1.000' "$hints/$stays.json"

test_case "a signal file that is wrong: what it said before stays"
echo "not a signal" > "$signal"
wait_for 10 grep -q 'what the file said before stays in use' "$CLUSTER/log/slurmctld.log"
expect_field "$young" JobState RUNNING

test_case "a signal file that nobody writes any more: the caps of weft.conf hold"
signal_is "$(now '-1 minute'),right,1000"
wait_for 10 grep -q 'is requeued: Weft: requeued: power cap of zone right: 1200 of 1000 W' "$CLUSTER/log/slurmctld.log"
touch -d '-2 minutes' "$signal"
wait_for 10 grep -qF "$signal is stale" "$CLUSTER/log/slurmctld.log"
wait_job "$young" RUNNING 40
wait_job "$old" RUNNING 40
cancel_all

test_case "the site's program sets limits: they count, and nobody has to go"
rm -f "$signal"
cat > "$hook" <<END
#!/bin/sh
cp "\$1" $CLUSTER/home/limits
END
chmod 755 "$hook"
signal_is "$(now '-1 minute'),right,none"
conf "PowerSignal=$signal" "PowerCap=right Watts=1800" "PowerHook=$hook"
submit -n 1 -t 60 -w nv2 --gres=gpu:h100:8 --energy=now,interrupt=yes --wrap 'sleep 300'
wait_job "$JOB" RUNNING
signal_is "$(now '-1 minute'),right,none" "$(now),right,800"
wait_for 10 grep -qF "\"job\": $JOB, \"share\": 0.750, \"budget_w\": 600, \"expected_w\": 800 " "$CLUSTER/home/limits"
sleep 3
expect_field "$JOB" JobState RUNNING
long -w nv3 --gres=gpu:h100:1
expect_reason "$JOB" '^Weft: power cap of zone right: 900 of 800 W; '

test_case "a program that fails: its limits do not count"
printf '#!/bin/sh\nexit 3\n' > "$hook"
signal_is "$(now '-1 minute'),right,none" "$(now),right,700"
wait_for 10 grep -q "PowerHook $hook: exit status 3" "$CLUSTER/log/slurmctld.log"
wait_for 10 grep -q 'is requeued: Weft: requeued: power cap of zone right: 1000 of 700 W' "$CLUSTER/log/slurmctld.log"
cancel_all

finish
