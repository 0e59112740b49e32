#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Power caps beside Slurm's own power saving: what is powered down draws little, and to wake it costs.
. "$(dirname "$0")/lib.sh"

state=$CLUSTER/run/power.json
CLUSTER_WEFT_CONF="PowerNode=ALL Idle=200 Peak=200 Off=10
PowerClass=gpu:h100 Idle=0 Peak=100
PowerProvision=worst
PowerInterval=1
PowerState=$state
PowerZone=right Nodes=nv[2-3]
PowerCap=right Watts=650
PowerCap=cluster Watts=2000"
CLUSTER_CONF="SchedulerType=sched/weft
AuthInfo=socket=$CLUSTER/run/munge.sock,cred_expire=5
SuspendProgram=$CLUSTER/etc/suspend
ResumeProgram=$CLUSTER/etc/resume
SuspendTime=86400
SuspendTimeout=2
ResumeTimeout=60"
cluster_nodes <<END
nv[1-3]  gpu:h100:4    CPUs=8
END

# What Slurm calls with a list of nodes.  Its environment is not ours.
program()
{
	{
		echo "#!/bin/bash"
		echo "export PATH=$PATH SLURM_CONF=$CLUSTER/etc/slurm.conf WEFT_CLUSTER=$CLUSTER"
		cat
	} > "$CLUSTER/etc/$1"
	chmod 755 "$CLUSTER/etc/$1"
}

mkdir -p "$CLUSTER/etc"
program suspend <<'END'
for node in $(scontrol show hostnames "$1"); do
	kill "$(cat "$WEFT_CLUSTER/run/$node.pid")"
done
END
program resume <<'END'
while [ -e "$WEFT_CLUSTER/home/slow" ]; do sleep 0.2; done
for node in $(scontrol show hostnames "$1"); do
	setsid slurmd -D -b -N "$node" < /dev/null >> "$WEFT_CLUSTER/log/$node.out" 2>&1 &
	echo $! > "$WEFT_CLUSTER/run/$node.pid"
done
sleep 1 # what is not in a session of its own when this ends is killed
END
cluster_start

reason_is()
{
	squeue -h -o %r -j "$1" | grep -qE -e "$2"
}

# expect_reason JOB REGEX
expect_reason()
{
	wait_until 15 reason_is "$1" "$2" || fail "job $1: reason '$(squeue -h -o %r -j "$1")', not /$2/"
}

# ZONE FIELD: of the state file, now
figure()
{
	sed -n "s/.*\"name\": \"$1\".*\"idle_w\": \([0-9]*\).*\"steps\": [^}]*\"projected_w\": \([0-9]*\) }.*/\\$2/p" "$state"
}

idle_is()
{
	[ "$(figure "$1" 1)" = "$2" ]
}

projected_is()
{
	[ "$(figure "$1" 2)" = "$2" ]
}

expect_idle()
{
	wait_until "${3:-10}" idle_is "$1" "$2" || fail "zone $1 draws $(figure "$1" 1) W idle, not $2"
}

expect_projected()
{
	wait_until 10 projected_is "$1" "$2" || fail "zone $1: $(figure "$1" 2) W are projected, not $2"
}

powered_down()
{
	sinfo -h -n "$1" -o %T | grep -q '~'
}

test_case "nodes that are powered down count as off, and those on their way down as on"
expect_idle right 400
ok scontrol update NodeName=nv[2-3] State=POWER_DOWN
expect_idle right 20 30
wait_for 1 powered_down nv2
expect_idle cluster 220

test_case "a job that wakes a node is counted with what the node draws idle"
touch "$CLUSTER/home/slow"
submit -t 10 -n 1 -w nv2 --gres=gpu:h100:4 --wrap 'sleep 300'
first=$JOB
wait_until 20 test "$(job_field "$first" JobState)" != PENDING || true
wait_for 20 projected_is right 610
sleep 3
expect_eq "$(figure right 2)" 610 "projected while it boots"
rm "$CLUSTER/home/slow"

test_case "one that would have to wake another is told so, and waits"
submit -t 10 -n 1 -w nv3 --gres=gpu:h100:1 --wrap 'sleep 300'
waits=$JOB
expect_reason "$waits" '^Weft: power cap of zone right: 900 of 650 W; '
wait_job "$first" RUNNING 40
expect_field "$waits" JobState PENDING
expect_eq "$(figure right 2)" 610 "projected when it is up"

test_case "and starts when there is room for both"
ok scancel "$first"
wait_job "$waits" RUNNING 60
expect_projected right 500
expect_eq "$(figure right 2)" 500 "projected when nv3 is up"
expect_eq "$(ctld_log 'error: weft')" ""
cancel_all

finish
