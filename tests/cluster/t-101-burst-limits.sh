#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --burst and the limits of associations: what runs at another site counts, and an open gate opens nothing else.
. "$(dirname "$0")/lib.sh"

sites=$CLUSTER/run/sites.json
log=$CLUSTER/log/burst.log
CLUSTER_DBD=yes
CLUSTER_CONF="AccountingStorageTRES=gres/gpu,gres/gpu:h100"
CLUSTER_WEFT_CONF="Peer=beta Url=http://192.0.2.9:6820 Token=/etc/none Users=same Node=beta-gw Partition=beta
Sites=$sites
BurstLog=$log
BurstWait=constant
BurstFactor=0"
CLUSTER_PARTITIONS="PartitionName=all Nodes=nv1 Default=YES MaxTime=INFINITE State=UP
PartitionName=beta Nodes=beta-gw MaxTime=60 State=UP"
cluster_nodes <<END
nv1      gpu:h100:8   CPUs=16
beta-gw  gpu:h100:32  CPUs=64
END

mkdir -p "$CLUSTER/run"
now=$(date +%s)
echo "{\"version\":1,\"made\":$((now + 100)),\"peers\":[{\"name\":\"beta\",\"open\":true,\"why\":\"\",\"release\":\"24.11.5\",\"api\":42,
	\"seen\":$now,\"error\":null,\"judged\":0,\"kinds\":[{\"gres\":\"gpu:h100\",\"price\":1000000,\"currency\":\"EUR\",
	\"carbon\":null,\"cards\":64,\"free\":[[$now,64]]}]}],\"runs\":[]}" > "$sites"
cluster_start

reason_is()
{
	squeue -h -o %r -j "$1" | grep -qE -e "$2"
}

test_case "a group's limit on cards holds for those elsewhere"
ok sacctmgr -iQ modify account test set GrpTRES=gres/gpu=12
submit -A test -t 10 --accel=8:h100 --burst=only --wrap 'sleep 300'
first=$JOB
wait_job "$first" RUNNING 45
expect_field "$first" NodeList beta-gw
submit -A test -t 10 --accel=8:h100 --burst=only --wrap 'sleep 300'
second=$JOB
wait_for 30 reason_is "$second" '^AssocGrpGRES$'
sleep 8
expect_field "$second" JobState PENDING
expect_match "$(squeue -h -o %r -j "$second")" '^AssocGrpGRES$'
expect_match "$(grep -c "\"job\":$second," "$log")" "^[01]\$" "decisions about it"
ok sacctmgr -iQ modify account test set GrpTRES=gres/gpu=16
wait_job "$second" RUNNING 45
expect_match "$(sacct -n -X -P -o partition,nodelist -j "$second")" '^beta\|beta-gw$'

test_case "a partition's limit on time holds there alone"
ok scancel "$first" "$second"
submit -A test -t 120 --accel=8:h100 --burst=auto --wrap 'sleep 300'
wait_job "$JOB" RUNNING 45
expect_field "$JOB" NodeList nv1
submit -A test -t 120 --accel=8:h100 --burst=auto --wrap 'sleep 300'
sleep 8
expect_field "$JOB" JobState PENDING
cancel_all

finish
