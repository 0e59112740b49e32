#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slurmctld restarts, reads its configuration again, goes on without Weft and with it again: jobs and their cards stay.
. "$(dirname "$0")/lib.sh"

cluster_nodes <<END
nv[1-2]  gpu:h100:8
amd1     gpu:mi300x:8
as1      npu:910b3:8
END
cluster_start

# expect_on JOB NODES GRES: it runs there with that on each node
expect_on()
{
	wait_job "$1" RUNNING
	expect_field "$1" NodeList "$2"
	expect_eq "$(job_field "$1" TresPerNode | sed 's,^gres[:/],,')" "$3" "job $1 TresPerNode"
}

# expect_used NODE CARDS: as Slurm counts them ("gpu:h100:8(IDX:0-7)")
expect_used()
{
	local used
	used=$(scontrol show node -d "$1" | sed -n 's/^ *GresUsed=//p')
	expect_line "$(printf '%s\n' "$used" | sed 's/),/)\n/g')" "$2" "cards in use on $1"
}

# Listed, for as long as the test wants.
long()
{
	submit -t 60 --accel-policy=listed --wrap 'sleep 300' "$@"
}

# Two run, one waits for either's cards, and one is held with a request that was changed.
four_jobs()
{
	long --accel=16:h100
	big=$JOB
	expect_on "$big" 'nv[1-2]' gpu:h100:8
	long --accel=5:mi300x
	part=$JOB
	expect_on "$part" amd1 gpu:mi300x:5
	long --accel="8:h100|8:mi300x"
	waits=$JOB
	long --hold --accel=1:h100
	held=$JOB
	ok scontrol update JobId="$held" Comment="accel=2:mi300x"
}

# The same cards are in use as before, and go to nobody else.
cards_kept()
{
	expect_on "$big" 'nv[1-2]' gpu:h100:8
	expect_on "$part" amd1 gpu:mi300x:5
	expect_field "$waits" JobState PENDING
	for node in nv1 nv2; do
		expect_used $node "gpu:h100:8(IDX:0-7)"
	done
	expect_used amd1 "gpu:mi300x:5(IDX:0-4)"
	submit -t 60 --accel=3:mi300x --wrap 'echo "cards $ROCR_VISIBLE_DEVICES"; sleep 1'
	expect_on "$JOB" amd1 gpu:mi300x:3
	expect_used amd1 "gpu:mi300x:8(IDX:0-7)"
	wait_job "$JOB" COMPLETED
	expect_line "$(job_output "$JOB")" "cards 5,6,7"
	ok scontrol release "$held"
	expect_on "$held" amd1 gpu:mi300x:2
	expect_match "$(job_field "$part" SystemComment)" '5 gpu:mi300x on 1 node'
	ok scancel "$big"
	wait_job "$waits" RUNNING
	expect_match "$(job_field "$waits" NodeList)" '^nv[12]$' # whichever is free first
	cancel_all
	expect_used nv1 "gpu:h100:0(IDX:N/A)"
	expect_used amd1 "gpu:mi300x:0(IDX:N/A)"
}

test_case "slurmctld restarts: requests and cards are kept"
four_jobs
ctld_restart
cards_kept

test_case "slurmctld is killed and starts again: requests and cards are kept"
four_jobs
sleep 6 # it saves its state every five seconds
stop slurmctld KILL
ctld_start
wait_for 30 nodes_up
cards_kept

test_case "scontrol reconfigure: requests and cards are kept"
four_jobs
ok scontrol reconfigure
wait_for 30 ctld_up
cards_kept

slurmds_restart()
{
	local node
	for node in nv1 nv2 amd1 as1; do
		node_stop $node
		node_start $node
	done
	wait_for 30 nodes_up
}

# As doc/install.md says.
test_case "switched off and on again: jobs run on as plain jobs, --accel is refused meanwhile"
four_jobs
ctld_stop
sed -i 's,^SelectType=.*,SelectType=select/cons_tres,' "$SLURM_CONF"
ctld_start
slurmds_restart
submit_refused --accel=1:h100 --wrap true
expect_line "$output" \
	"sbatch: error: weft: --accel is refused: SelectType=select/cons_tres_weft is not set in slurm.conf"
expect_used nv1 "gpu:h100:8(IDX:0-7)"
submit -t 60 --gres=gpu:mi300x:3 --wrap 'sleep 300'
expect_on "$JOB" amd1 gpu:mi300x:3
ok scancel "$JOB"
ctld_stop
sed -i 's,^SelectType=.*,SelectType=select/cons_tres_weft,' "$SLURM_CONF"
ctld_start
slurmds_restart
cards_kept

finish
