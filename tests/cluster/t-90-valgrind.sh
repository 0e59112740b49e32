#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slurmctld and sbatch with the plugins under valgrind, for a short run: no error and no leak with our code in its stack.
# What Slurm itself does is not looked at.
. "$(dirname "$0")/lib.sh"

# Without --run-libc-freeres=no glibc lets go of the libraries first, and what their variables point to looks lost.
valgrind_options="--leak-check=full --show-leak-kinds=definite --run-libc-freeres=no --keep-debuginfo=yes"
valgrind_options="$valgrind_options --num-callers=40 --suppressions=$CLUSTER_TESTS/valgrind.supp"

cluster_nodes <<END
nv[1-2]  gpu:h100:8
amd1     gpu:mi300x:8
as1      npu:910b3:8
END

# findings FILE: the paragraphs of valgrind's report that name one of our files or libraries
findings()
{
	sed 's/^==[0-9]*== \{0,1\}//' "$1" | awk -v RS= '
		/(libweft|_weft)\.so|\((weft_[a-z]*|decide|memory|settler|fill|wish|base|desc|host|job|site|plan|policy)\.c:[0-9]/ &&
		/(Invalid|uninitialised|lost in loss record|Mismatched|overlap)/'
}

CLUSTER_CTLD_WRAP="valgrind $valgrind_options --log-file=$CLUSTER/valgrind.ctld"
CTLD_PATIENCE=120
cluster_start

test_case "jobs run on a slurmctld under valgrind"
submit --accel='8xh100 | 8x910b' --wrap 'sleep 1'
first=$JOB
submit --accel=16:nvidia/amd/ascend,mem\>=64G --wrap 'sleep 1'
second=$JOB
submit --array=1-4 --accel=1:any --accel-policy=fast --wrap true
array=$JOB
submit --gres=gpu:h100:2 --wrap true
plain=$JOB
submit_refused --accel=8xh10 --wrap true
submit_refused --accel=64xh100 --wrap true
submit --hold --accel=4xmi300x --wrap true
held=$JOB
ok scontrol reconfigure
ok scontrol update JobId="$held" Comment=accel=2xh100
ok scontrol release "$held"
for JOB in "$first" "$second" "${array}_4" "$plain" "$held"; do
	wait_job "$JOB" COMPLETED 90
done

test_case "sbatch under valgrind"
# shellcheck disable=SC2086
ok valgrind $valgrind_options --log-file="$CLUSTER/valgrind.sbatch" sbatch --parsable -D "$CLUSTER/work" \
	-o /dev/null --accel='2P@bf16' --accel-policy=listed --wrap true
expect_eq "$(findings "$CLUSTER/valgrind.sbatch")" "" "findings"

test_case "slurmctld ends with no finding"
ctld_stop
expect_match "$(cat "$CLUSTER/valgrind.ctld")" 'ERROR SUMMARY' "valgrind's report"
expect_eq "$(findings "$CLUSTER/valgrind.ctld")" "" "findings"

finish
