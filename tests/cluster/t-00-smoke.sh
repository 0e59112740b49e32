#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The cluster comes up, and a plain job runs on each kind of node, with and without Weft.
. "$(dirname "$0")/lib.sh"

cluster_nodes <<END
nv[1-2]  gpu:h100:8
amd1     gpu:mi300x:8
as[1-2]  gpu:910b:8
mlu1     mlu:mlu370:4
cpu1     -
END

plain_jobs()
{
	local kind
	for kind in h100 mi300x 910b; do
		submit -N 1 --gres="gpu:$kind:2" --wrap 'echo "on $SLURMD_NODENAME"'
		wait_job "$JOB" COMPLETED
		expect_match "$(job_field "$JOB" TresPerNode)" "gpu:$kind:2"
		expect_match "$(job_output "$JOB")" '^on '
	done
	submit -N 1 --gres=mlu:mlu370:4 --wrap 'echo "on $SLURMD_NODENAME"'
	wait_job "$JOB" COMPLETED
	expect_line "$(job_output "$JOB")" "on mlu1"
	submit -N 1 -w cpu1 --wrap true
	wait_job "$JOB" COMPLETED
	run srun -N 2 -w nv1,as2 --gres=gpu:1 hostname
	expect_eq "$status" 0 "srun"
	expect_eq "$(printf '%s\n' "$output" | wc -l)" 2 "lines of srun"
}

CLUSTER_SELECT=stock
cluster_start
test_case "stock: a plain job on each kind of node"
plain_jobs

CLUSTER_SELECT=weft
cluster_again
test_case "weft: a plain job on each kind of node"
plain_jobs
test_case "weft: the plugins are in use"
expect_match "$(scontrol show config | grep -E '^(SelectType|JobSubmitPlugins) ')" 'select/cons_tres_weft'
expect_eq "$(ctld_log ' (error|fatal): ' | grep -ciE 'weft' || true)" 0 "errors about weft in the log"

finish
