#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# weft.conf and the site's catalogue: what they change, when they are read, and what happens when they are broken.
. "$(dirname "$0")/lib.sh"

cluster_nodes <<END
a1    gpu:a100:8
h1    gpu:h20:8
t1    gpu:t9:4
END
cluster_start
conf=$CLUSTER/etc/weft.conf
site=$CLUSTER/etc/site.json

# From 23.11 on scontrol reconfigure starts slurmctld anew: what was is gone.
if release_at_least 23.11; then
	broken="--accel is refused until this is mended"
else
	broken="the configuration stays as it was"
fi
as_slurm="the device environment stays as Slurm sets it" # a node has no earlier configuration

reconfigure()
{
	ok scontrol reconfigure
	wait_for 30 ctld_up
	wait_for 30 nodes_up
}

# new_conf LINE...: weft.conf, and slurmctld is told
new_conf()
{
	printf '%s\n' "$@" > "$conf"
	reconfigure
}

# new_site TEXT: the site's catalogue
new_site()
{
	printf '%s\n' "$1" > "$site"
	new_conf "Catalogue=$site"
}

in_log()
{
	sed 's/^\[[^]]*\] //' "$CLUSTER/log/slurmctld.log" | grep -qxF -e "$1"
}

# says LINE: slurmctld's log does, or will in a moment
says()
{
	wait_for 10 in_log "error: weft: $1"
}

accepts()
{
	sbatch --test-only -t 1 "$@" --wrap true
}

refuses()
{
	! accepts "$@"
}

# gets CARDS SBATCH_ARG...
gets()
{
	local cards=$1
	shift
	submit -t 1 "$@" --wrap 'echo $SLURMD_NODENAME $WEFT_MODEL'
	wait_job "$JOB" COMPLETED
	expect_line "$(job_output "$JOB")" "$cards" "of $*"
}

test_case "without weft.conf: defaults, and a100 may be anything"
gets "h1 h20" --accel='8:h20 | 8:a100' --accel-policy=listed
gets "a1 a100" --accel='8:h20 | 8:a100'
expect_field "$JOB" SystemComment "weft: 8 gpu:a100 on 1 node (alternative 2 of 2, policy soon)"
submit_refused --accel='8:a100,mem>=64G' --wrap true
expect_line "$output" \
	"sbatch: error: weft: --accel: a100 may have 40G to 80G: set Class=gpu:a100 Model=... in weft.conf"
submit_refused --accel=8 --accel-app=ours --wrap true
expect_line "$output" 'sbatch: error: weft: --accel-app: unknown table "ours"'

test_case "Class= says what a type is; scontrol reconfigure is enough"
new_conf "# ours" "Class=gpu:a100 Model=a100-sxm4-80gb"
wait_for 10 accepts --accel='8:a100,mem>=64G'
gets "a1 a100-sxm4-80gb" --accel='8:a100,mem>=64G'

test_case "DefaultPolicy="
new_conf "DefaultPolicy=listed"
wait_for 10 refuses --accel='8:a100,mem>=64G'
gets "h1 h20" --accel='8:h20 | 8:a100'
expect_field "$JOB" SystemComment "weft: 8 gpu:h20 on 1 node (alternative 1 of 2, policy listed)"
gets "a1 a100" --accel='8:h20 | 8:a100' --accel-policy=fast

test_case "App= tables, and RooflineIntensity="
new_conf "App=ours Table=h20=2,a100=1" 'App=theirs Table="a100 = 2, h20 = 1"' "RooflineIntensity = 10"
wait_for 10 accepts --accel=1 --accel-app=ours
gets "h1 h20" --accel='8:a100/h20' --accel-app=ours
gets "a1 a100" --accel='8:a100/h20' --accel-app=Theirs
gets "h1 h20" --accel='8:a100/h20'
submit_refused --accel=8 --accel-app=our --wrap true
expect_line "$output" 'sbatch: error: weft: --accel-app: unknown table "our"; did you mean ours?'

test_case "the site's catalogue adds a model, and changes one"
new_site '{ "format": 1,
  "vendors": [ { "name": "acme", "visible_env": ["ACME_VISIBLE_DEVICES"] } ],
  "models": [ { "name": "t9", "vendor": "acme", "mem_gib": 48, "bw_gbs": 900, "tflops": {"bf16": 120} },
              { "name": "a100-sxm4-80gb", "gres_types": ["a100"] } ] }'
wait_for 10 accepts --accel='4:acme,mem>=48G'
gets "t1 t9" --accel='4:acme,mem>=48G'
gets "a1 a100-sxm4-80gb" --accel='4:a100,mem>=80G'

if ! release_at_least 23.11; then
	test_case "a broken file at reconfigure: what was stays"
	new_conf "Catalogue=$site" "" "Catalouge=/etc/x.json"
	says "$conf:3: Catalouge: unknown key; did you mean Catalogue?; $broken"
	gets "t1 t9" --accel='4:acme,mem>=48G' # the node goes by the ticket, and reads nothing
	run salloc -Q -t 1 --accel=4:acme sh -c 'SLURM_SPANK_WEFT_TICKET=none srun -Q sh -c "echo \$SLURMD_NODENAME \$WEFT_MODEL"'
	expect_line "$output" t1
	expect_line "$output" "weft: $conf:3: Catalouge: unknown key; did you mean Catalogue?; $as_slurm"
	wait_for 10 accepts --accel='4:a100,mem>=80G'
fi

test_case "each mistake in weft.conf is told with its line and key"
new_conf "Class=gpu:a100" "Model=a100-sxm4-80gb"
says "$conf:1: Class: Model= is missing; $broken"
new_conf "DefaultPolicy=fast" "Class=gpu:a100 Model=a100-sxm4-80gb" "Class=GPU:A100 Model=a100-sxm4-40gb"
says "$conf:3: Class: GPU:A100 was given in line 2 already; $broken"
new_conf "Class=gpu:t9 Model=a100-sxm4-80bg"
says "$conf:1: Model: unknown model \"a100-sxm4-80bg\"; did you mean a100-sxm4-80gb?; $broken"
new_conf "DefaultPolicy=son"
says "$conf:1: DefaultPolicy: unknown policy \"son\"; did you mean soon?; $broken"
new_conf "App=ours Table=h100=fast"
says "$conf:1: Table: the rate \"fast\" of h100 at column 6 is not a positive number; $broken"
new_conf "Catalogue=$CLUSTER/etc/nosuch.json"
says "$CLUSTER/etc/nosuch.json: No such file or directory; $broken"
head -c 2000000 /dev/zero | tr '\0' '#' > "$conf"
reconfigure
says "$conf: the file has 2000000 bytes; at most 1048576 are allowed; $broken"
rm "$conf"
mkfifo "$conf"
reconfigure
says "$conf: not a regular file; $broken"
rm "$conf"

test_case "each mistake in the site's catalogue is told with its entry and key, or line"
new_site '{ "models": [ { "name": "t9", "vendor": "nvidia", "mem_gib": "48" } ] }'
says "$site: model \"t9\": mem_gib: must be a number, not a string; $broken"
new_site '{ "models": [ { "name": "t9", "mem_gib": 48 } ] }'
says "$site: model \"t9\": vendor: missing; $broken"
new_site '{ "models": [ { "vendor": "nvidia" } ] }'
says "$site: models, entry 1: name: missing; $broken"
new_site '{ "models": [ { "name": "t9", "vendor": "nvidia" }, { "name": "t9", "vendor": "amd" } ] }'
says "$site: models, entries 1 and 2: both have the name \"t9\"; $broken"
new_site '{ "models": [ { "name": "t9", "vendor": "nvdia" } ] }'
says "$site: model \"t9\": vendor: unknown vendor \"nvdia\"; did you mean nvidia?; $broken"
new_site '[ 1, 2 ]'
says "$site: must be an object, not a list; $broken"
new_site '{
  "models": [
    { "name": "t9" ]'
wait_for 10 grep -qE "error: weft: $site:3: not JSON: .*; $broken\$" "$CLUSTER/log/slurmctld.log"
printf '{ "models": [\n' > "$site"
reconfigure
says "$site:2: the text ends too early; $broken"
head -c 50000000 /dev/zero | tr '\0' ' ' > "$site"
reconfigure
says "$site: the file has 50000000 bytes; at most 4194304 are allowed; $broken"

test_case "broken at the start: --accel is refused with the reason, plain jobs run"
rm "$conf"
reconfigure
wait_for 10 accepts --accel=8:a100
submit -t 10 -w a1 --exclusive --wrap 'sleep 600'
blocker=$JOB
wait_job "$blocker" RUNNING
submit -t 1 --accel=2:a100 --wrap true
waiting=$JOB
printf 'DefaultPolicy=fast\nClass=gpu:a100 Model=\n' > "$conf"
ctld_restart
says "$conf:2: Model: the value is missing; --accel is refused until this is mended"
submit_refused --accel=8:a100 --wrap true
expect_line "$output" "sbatch: error: weft: --accel is refused: $conf:2: Model: the value is missing"
refused srun -t 1 --accel=8:a100 true
expect_line "$output" "srun: error: weft: --accel is refused: $conf:2: Model: the value is missing"
scancel "$blocker"
submit -t 1 --gres=gpu:a100:8 --wrap true
wait_job "$JOB" COMPLETED
expect_field "$waiting" JobState PENDING
expect_no_match "$(job_field "$waiting" Reason)" BadConstraints

test_case "mended: a reconfigure is enough, and what waited starts"
new_conf "Class=gpu:a100 Model=a100-sxm4-80gb"
wait_for 10 accepts --accel='8:a100,mem>=80G'
wait_job "$waiting" COMPLETED
gets "a1 a100-sxm4-80gb" --accel='8:a100,mem>=80G'

test_case "switched off: SelectType= is stock, job_submit/weft is still there"
submit -H -t 1 --accel='2:a100|2:h20' --accel-policy=listed --wrap 'echo $SLURMD_NODENAME'
waiting=$JOB
sed -i 's#^SelectType=.*#SelectType=select/cons_tres#' "$CLUSTER/etc/slurm.conf"
ctld_stop
for node in a1 h1 t1; do node_stop $node; done
ctld_start
for node in a1 h1 t1; do node_start $node; done
wait_for 30 nodes_up
submit_refused --accel=8:a100 --wrap true
expect_line "$output" \
	"sbatch: error: weft: --accel is refused: SelectType=select/cons_tres_weft is not set in slurm.conf"
submit -t 1 --gres=gpu:h20:8 --wrap true
wait_job "$JOB" COMPLETED
ok scontrol release "$waiting"
wait_job "$waiting" COMPLETED 60
expect_line "$(job_output "$waiting")" a1
finish
