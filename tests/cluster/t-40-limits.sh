#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Limits of associations and QOS hold for the alternative that is chosen, and accounting tells which one it was.
. "$(dirname "$0")/lib.sh"

CLUSTER_DBD=yes
CLUSTER_CONF="AccountingStorageTRES=gres/gpu,gres/npu,gres/gpu:h100,gres/gpu:mi300x,gres/npu:910b3"
cluster_nodes <<END
nv[1-2]  gpu:h100:8
amd1     gpu:mi300x:8
as[1-2]  npu:910b3:8
END
cluster_start

# expect_on JOB NODES GRES: it runs there with that on each node
expect_on()
{
	wait_job "$1" RUNNING
	expect_field "$1" NodeList "$2"
	expect_eq "$(job_field "$1" TresPerNode | sed 's,^gres[:/],,')" "$3" "job $1 TresPerNode"
}

# Listed, for as long as the test wants.
long()
{
	submit -A test -t 60 --accel-policy=listed --wrap 'sleep 300' "$@"
}

reason_is()
{
	[ "$(job_field "$1" JobState) $(job_field "$1" Reason)" = "PENDING $2" ]
}

# expect_waits JOB REASON
expect_waits()
{
	wait_until 40 reason_is "$1" "$2" ||
		fail "job $1 is $(job_state "$1"), reason $(job_field "$1" Reason); expected PENDING, $2"
}

# limit WHAT...: sacctmgr, and slurmctld knows
limit()
{
	ok sacctmgr -iQ modify "$@"
	sleep 0.5
}

sacct_says()
{
	[ "$(sacct -X -n -P -j "$1" -o "$2")" = "$3" ]
}

# expect_sacct JOB FIELD VALUE
expect_sacct()
{
	wait_until 10 sacct_says "$1" "$2" "$3" ||
		fail "sacct, job $1 $2: got '$(sacct -X -n -P -j "$1" -o "$2")', expected '$3'"
}

test_case "association, GrpTRES=gres/npu=8: the next alternative, or wait with Slurm's reason"
limit account test set GrpTRES=gres/npu=8
long --accel="8:910b3|8:h100"
first=$JOB
expect_on "$first" as1 npu:910b3:8
long --accel="8:910b3|8:h100"
second=$JOB
expect_on "$second" nv1 gpu:h100:8
long --accel=4:910b3
third=$JOB
expect_waits "$third" AssocGrpGRES
long --accel="8:910b3|16:h100" # as2 is free but not allowed; h100 is allowed but not free
expect_waits "$JOB" AssocGrpGRES
long --accel="1:h100|1:910b3"
expect_on "$JOB" nv2 gpu:h100:1
ok scancel "$first"
expect_on "$third" as1 npu:910b3:4
cancel_all

# By the catalogue's figures an MI300X is faster than an H100, which "soon" and "fast" go by.
test_case "association, GrpTRES=gres/gpu:mi300x=4: soon takes what is allowed, fast waits for the fastest"
limit account test set GrpTRES=gres/npu=-1,gres/gpu:mi300x=4
long --accel=4:mi300x
first=$JOB
expect_on "$first" amd1 gpu:mi300x:4
long --accel-policy=soon --accel="4:mi300x|4:h100"
expect_on "$JOB" nv1 gpu:h100:4
long --accel-policy=fast --accel="4:mi300x|4:h100"
expect_waits "$JOB" AssocGrpGRES
ok scancel "$first"
expect_on "$JOB" amd1 gpu:mi300x:4
cancel_all
limit account test set GrpTRES=gres/gpu:mi300x=-1

test_case "association, GrpTRES=gres/gpu:h100=8: a limit on one model"
limit account test set GrpTRES=gres/gpu:h100=8
long --accel="8:h100|8:mi300x"
expect_on "$JOB" nv1 gpu:h100:8
long --accel="8:h100|8:mi300x"
expect_on "$JOB" amd1 gpu:mi300x:8
long --accel="8:h100|8:mi300x"
expect_waits "$JOB" AssocGrpGRES
cancel_all
limit account test set GrpTRES=gres/gpu:h100=-1

test_case "QOS, MaxTRESPerUser=gres/npu=8"
ok sacctmgr -iQ add qos small MaxTRESPerUser=gres/npu=8
limit user root,nobody set QOS=normal,small DefaultQOS=normal
long --qos=small --accel="8:910b3|8:mi300x"
expect_on "$JOB" as1 npu:910b3:8
long --qos=small --accel="8:910b3|8:mi300x"
expect_on "$JOB" amd1 gpu:mi300x:8
long --qos=small --accel="8:910b3"
expect_waits "$JOB" QOSMaxGRESPerUser
long --accel="8:910b3" # another QOS has no such limit
expect_on "$JOB" as2 npu:910b3:8
cancel_all

test_case "QOS, MaxTRESPerJob=gres/npu=4: each alternative is one job's"
ok sacctmgr -iQ add qos job MaxTRESPerJob=gres/npu=4
limit user root,nobody set QOS=normal,small,job DefaultQOS=normal
long --qos=job --accel="8:910b3|8:mi300x"
expect_on "$JOB" amd1 gpu:mi300x:8
long --qos=job --accel="8:910b3|4:910b3"
expect_on "$JOB" as1 npu:910b3:4
long --qos=job --accel="8:910b3|8:mi300x"
expect_waits "$JOB" QOSMaxGRESPerJob
cancel_all

# Slurm asks this of the request that it is shown, which is the first alternative.
test_case "QOS, DenyOnLimit: refused at once when the first alternative is over the limit"
ok sacctmgr -iQ add qos deny MaxTRESPerJob=gres/npu=4 Flags=DenyOnLimit
limit user root,nobody set QOS=normal,small,job,deny DefaultQOS=normal
submit_refused -A test --qos=deny --accel="8:910b3|8:h100" --wrap true
expect_line "$output" "sbatch: error: QOSMaxGRESPerJob"
long --qos=deny --accel="8:mi300x|8:910b3"
expect_on "$JOB" amd1 gpu:mi300x:8
long --qos=deny --accel="8:mi300x|8:910b3" # amd1 is taken, as1 is free but not allowed
expect_waits "$JOB" QOSMaxGRESPerJob
cancel_all

test_case "a limit of the user nobody, whose jobs these are"
limit user nobody set MaxTRES=gres/gpu=2
run as_user nobody sbatch --parsable -o /dev/null -t 5 --accel="4:h100|4:910b3" --wrap 'sleep 300'
expect_on "$output" as1 npu:910b3:4
run as_user nobody sbatch --parsable -o /dev/null -t 5 --accel="4:h100|4:mi300x" --wrap 'sleep 300'
expect_waits "$output" AssocMaxGRESPerJob
ok as_user nobody scancel "$output"
scancel -u nobody

test_case "sacct: the cards that were got"
long --accel=16:h100
submit -t 10 --accel-policy=listed --accel="8:h100|4:910b3" --wrap 'exit 0'
wait_job "$JOB" COMPLETED
expect_sacct "$JOB" AllocTRES "billing=1,cpu=1,gres/npu:910b3=4,gres/npu=4,node=1"
expect_sacct "$JOB" NodeList as1
expect_field "$JOB" SystemComment "weft: 4 npu:910b3 on 1 node (alternative 2 of 2, policy listed)"
cancel_all

test_case "sacct: the time limit that followed the cards"
submit -t 10 --hold --accel-policy=listed,scale-time --accel="16:h100|8:h100|4:h100" --wrap 'sleep 1'
expect_field "$JOB" TimeLimit 00:40:00
ok scontrol release "$JOB"
wait_job "$JOB" COMPLETED
expect_field "$JOB" TimeLimit 00:10:00
expect_sacct "$JOB" Timelimit 00:10:00
long --accel=8:h100
submit -t 10 --accel-policy=listed,scale-time --accel="16:h100|8:h100" --wrap 'sleep 1'
wait_job "$JOB" COMPLETED
expect_sacct "$JOB" Timelimit 00:20:00
cancel_all

test_case "usage: what ran is no longer counted"
used=$(scontrol show assoc_mgr flags=assoc | grep -A40 'Account=test UserName= ' | grep -m1 GrpTRES=)
expect_match "$used" 'gres/gpu=N\(0\).*gres/gpu:h100=N\(0\).*gres/npu=N\(0\)'

finish
