#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A plugin that finds other structs than those it was built for passes everything through and refuses --accel.
# It is made by changing the number that marks a job record in a copy of the plugin.
. "$(dirname "$0")/lib.sh"

cluster_nodes <<END
nv1  gpu:h100:8
as1  gpu:910b3:8
END
cluster_start

test_case "job records are not what the plugin was built for"
other=$CLUSTER/other-plugins
cp -a "$PLUGIN_DIR" "$other"
cp -a "$(dirname "$PLUGIN_DIR")/weft/." "$other/" # where the plugins look for libweft first
perl -0777 -pi -e '$n = s/\x2c\x39\xb7\xf0/\x2d\x39\xb7\xf0/g; END { exit !$n }' "$other/select_cons_tres_weft.so"
ctld_stop
sed -i "s,^PluginDir=$PLUGIN_DIR:,PluginDir=$other:," "$SLURM_CONF"
ctld_start
wait_for 30 nodes_up
why="job records are not those of Slurm $(slurm_release), for which this plugin was built: it steps aside"
submit -t 5 --gres=gpu:910b3:3 --wrap 'echo "on $SLURMD_NODENAME"'
wait_job "$JOB" COMPLETED
expect_line "$(job_output "$JOB")" "on as1"
submit -t 5 -N 2 --wrap 'true'
wait_job "$JOB" COMPLETED
expect_eq "$(ctld_log ' error: weft: ' | sed 's/^\[[^]]*\] //' | sort -u)" "error: weft: $why"
submit_refused -t 5 --accel=1:h100 --wrap true
expect_line "$output" "sbatch: error: weft: --accel is refused: $why"
run scontrol ping
expect_eq "$status" 0 "scontrol ping"

finish
