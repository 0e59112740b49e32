#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Nodes with a power meter (Slurm's acct_gather_energy): what cards really draw is learned, shown, and counted.
. "$(dirname "$0")/lib.sh"

state=$CLUSTER/run/power.json
base_conf="PowerNode=ALL Idle=100 Peak=100
PowerClass=gpu:h100 Idle=0 Peak=100
PowerInterval=1
PowerState=$state
PowerZone=nv Nodes=nv[1-3]
PowerCap=nv Watts=1800"
CLUSTER_WEFT_CONF=$base_conf
CLUSTER_CONF="SchedulerType=sched/weft
PluginDir=$CLUSTER/plugins:$PLUGIN_DIR:$BASE_PLUGIN_DIR
AcctGatherEnergyType=acct_gather_energy/meter
AcctGatherNodeFreq=1"
cluster_nodes <<END
nv[1-3]  gpu:h100:8  CPUs=8
cpu1     -           CPUs=8
END
mkdir -p "$CLUSTER/plugins" "$CLUSTER/meter"
${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O2 -shared -fPIC -I"$BUILD/compat-include" \
	-isystem "$(make -s -C "$BUILD" print-SLURM_SOURCE)" -o "$CLUSTER/plugins/acct_gather_energy_meter.so" \
	"$CLUSTER_TESTS/meter.c"
export WEFT_METER=$CLUSTER/meter
cluster_start

# meter NODE WATTS
meter()
{
	echo "$2" > "$WEFT_METER/$1.new"
	mv "$WEFT_METER/$1.new" "$WEFT_METER/$1"
}

factor()
{
	sed -n 's/.*"class": "gpu:h100".*"factor": \([0-9.]*\),.*/\1/p' "$state"
}

factor_is_between()
{
	factor | awk -v low="$1" -v high="$2" '{ exit !($1 >= low && $1 <= high) } END { if (!NR) exit 1 }'
}

long()
{
	submit -n 1 -t 60 --wrap 'sleep 300' "$@"
}

test_case "what is measured is shown"
for node in nv1 nv2 nv3; do meter $node 100; done
wait_for 20 grep -q '"name": "nv".*"measured_w": 300, "measured_nodes": 3' "$state"
ok weft power --file "$state"
expect_match "$output" '^nv +'

test_case "cards that draw all they may are counted with that"
meter nv1 900
wait_for 20 grep -q '"name": "nv".*"measured_w": 1100,' "$state"
long -w nv1 --gres=gpu:h100:8
wait_job "$JOB" RUNNING
long -w nv2 --gres=gpu:h100:8
second=$JOB
wait_until 15 sh -c "squeue -h -o %r -j $second | grep -q '^Weft: power cap of zone nv: 1900 of 1800 W'" ||
	fail "reason: $(squeue -h -o %r -j "$second")"

test_case "cards that draw 60 % are counted with that, and more jobs fit under the same cap"
meter nv1 580
wait_for 60 factor_is_between 0.55 0.85
wait_job "$second" RUNNING 30
expect_match "$(grep '"name": "nv"' "$state" | grep -oE '"projected_w": [0-9]+' | head -n 1)" ' 1[0-7][0-9][0-9]$'

test_case "they draw more again: that is learned at once"
meter nv1 900
meter nv2 900
wait_for 30 factor_is_between 0.9 1

test_case "PowerProvision=worst: what was learned is shown and not counted"
cancel_all
printf '%s\n' "$base_conf" "PowerProvision=worst" > "$CLUSTER/etc/weft.conf"
ok scontrol reconfigure
wait_for 30 ctld_up
meter nv1 100
meter nv2 100
sleep 2
long -w nv1 --gres=gpu:h100:8
wait_job "$JOB" RUNNING
meter nv1 500
wait_for 60 factor_is_between 0.3 0.8
long -w nv2 --gres=gpu:h100:8
wait_until 15 sh -c "squeue -h -o %r -j $JOB | grep -q '^Weft: power cap of zone nv: 1900 of 1800 W'" ||
	fail "reason: $(squeue -h -o %r -j "$JOB")"
cancel_all

finish
