#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which nodes a job with --accel may use: partitions, features, lists, weights, reservations.
. "$(dirname "$0")/lib.sh"

CLUSTER_PARTITIONS="PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=green Nodes=nv[1-2] MaxTime=INFINITE State=UP
PartitionName=other Nodes=amd1,as1,cpu1 MaxTime=INFINITE State=UP"
cluster_nodes <<END
nv1   gpu:h100:8    Feature=ib  Weight=20
nv2   gpu:h100:8    Weight=10
amd1  gpu:mi300x:8  Feature=ib
as1   npu:910b3:8   Feature=ib,liquid
cpu1  -             Feature=ib
END
cluster_start

three="8:h100|8:mi300x|8:910b3"

# expect_on JOB NODES GRES: it runs there with that on each node
expect_on()
{
	wait_job "$1" RUNNING "${4:-15}"
	expect_field "$1" NodeList "$2"
	expect_eq "$(job_field "$1" TresPerNode | sed 's,^gres[:/],,')" "$3" "job $1 TresPerNode"
}

long()
{
	submit -t 60 --wrap 'sleep 300' "$@"
}

test_case "a partition without the cards: refused, with what it has"
submit_refused -p green --accel=1:mi300x --wrap true
expect_line "$output" "sbatch: error: weft: --accel: no node of partition green has mi300x; nodes outside of it do"
submit_refused -p green,other --accel=1:h200 --wrap true
expect_line "$output" \
	"sbatch: error: weft: --accel: no node of partition green,other has h200; there is 910b3, h100 and mi300x"
submit_refused -p other --accel="9:mi300x|9:910b3" --wrap true
expect_match "$output" 'weft: --accel: alternative 1 \(9:mi300x\): partition other has 8 mi300x in all; 9 are asked for; alternative 2 '
submit_refused -p nosuch --accel=1:h100 --wrap true
expect_match "$output" 'invalid partition|Invalid partition'

test_case "a partition decides which alternative it can be"
long -p other --accel-policy=listed --accel="$three"
expect_on "$JOB" amd1 gpu:mi300x:8
long -p green --accel-policy=listed --accel="8:910b3|16:h100"
expect_on "$JOB" 'nv[1-2]' gpu:h100:8
cancel_all

test_case "two partitions: the plan is made for each"
long -p green --accel=16:h100
expect_on "$JOB" 'nv[1-2]' gpu:h100:8
long -p green,other --accel-policy=listed --accel="16:h100|8:mi300x"
expect_on "$JOB" amd1 gpu:mi300x:8
expect_field "$JOB" Partition other
long -p green,other --accel=8:910b3
expect_on "$JOB" as1 npu:910b3:8
expect_field "$JOB" Partition other
cancel_all
long -p other,green --accel=16:h100
expect_on "$JOB" 'nv[1-2]' gpu:h100:8
expect_field "$JOB" Partition green
cancel_all

test_case "weights: the lighter node of the vendor that was chosen"
long --accel=4:h100
expect_on "$JOB" nv2 gpu:h100:4
cancel_all

for policy in listed soon fast; do
	test_case "features, $policy: an alternative whose nodes lack them is none"
	long -C ib --accel-policy=$policy --accel="16:h100|8:910b3"
	expect_on "$JOB" as1 npu:910b3:8
	long -C ib --accel-policy=$policy --accel=8:h100
	expect_on "$JOB" nv1 gpu:h100:8
	cancel_all
	long -C liquid --accel-policy=$policy --accel="$three"
	expect_on "$JOB" as1 npu:910b3:8
	cancel_all

	test_case "--nodelist and --exclude, $policy"
	long -w as1 --accel-policy=$policy --accel="$three"
	expect_on "$JOB" as1 npu:910b3:8
	long -x amd1,nv2 --accel-policy=$policy --accel="8:mi300x|8:h100"
	expect_on "$JOB" nv1 gpu:h100:8
	long -w 'nv[1-2]' --accel-policy=$policy --accel="8:h100"
	long -x 'amd1,nv[1-2]' --accel-policy=$policy --accel="4:h100|4:910b3"
	cancel_all
	long -w 'nv[1-2]' --accel-policy=$policy --accel="8:h100"
	expect_on "$JOB" 'nv[1-2]' gpu:h100:4
	cancel_all
done

test_case "features and lists that leave no alternative: Slurm refuses"
submit_refused -C liquid --accel=8:h100 --wrap true
expect_match "$output" 'Requested node configuration is not available'
submit_refused -C ib --accel=16:h100 --wrap true
expect_match "$output" 'Requested node configuration is not available'
submit_refused -w amd1 --accel=8:h100 --wrap true
expect_match "$output" 'Requested node configuration is not available'
submit_refused -w amd1,as1 --accel="16:mi300x|16:910b3" --wrap true
submit_refused -w amd1,as1 --accel="8:mi300x|8:910b3" --wrap true
submit_refused -x amd1 --accel=8:mi300x --wrap true

# By the catalogue's figures an MI300X is faster than an H100, which "soon" and "fast" go by.
test_case "a node that is reserved is not waited for"
ok scontrol create reservation ReservationName=amd StartTime=now Duration=2:00:00 Users=root Nodes=amd1
for policy in listed soon; do
	long --accel-policy=$policy --accel="8:mi300x|8:h100"
	expect_on "$JOB" nv2 gpu:h100:8 6
	cancel_all
done
long --accel=8:mi300x
only=$JOB

for policy in listed soon fast; do
	test_case "inside a reservation, $policy: the alternatives that it has"
	long --reservation=amd --accel-policy=$policy --accel="8:h100|8:mi300x|8:910b3"
	expect_on "$JOB" amd1 gpu:mi300x:8
	ok scancel "$JOB"
	wait_job "$JOB" CANCELLED
done

test_case "outside of a reservation: the job waits, and runs when it ends"
expect_field "$only" JobState PENDING
ok scontrol delete ReservationName=amd
expect_on "$only" amd1 gpu:mi300x:8
cancel_all

test_case "inside a reservation without the fastest, fast: the fastest that it has"
ok scontrol create reservation ReservationName=nv StartTime=now Duration=2:00:00 Users=root Nodes=nv1
long --reservation=nv --accel-policy=fast --accel="$three"
expect_on "$JOB" nv1 gpu:h100:8
cancel_all
ok scontrol delete ReservationName=nv

test_case "a reservation to come: no job is planned into it"
ok scontrol create reservation ReservationName=later StartTime=now+600 Duration=2:00:00 Users=root Nodes=amd1
long --accel-policy=soon --accel="8:mi300x|8:h100"
expect_on "$JOB" nv2 gpu:h100:8 6
submit -t 5 --accel-policy=soon --accel="8:mi300x|8:h100" --wrap 'sleep 300'
expect_on "$JOB" amd1 gpu:mi300x:8 6
cancel_all
ok scontrol delete ReservationName=later

finish
