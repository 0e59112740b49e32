#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The ticket: what a task is told of its job by way of it, in every kind of job; and what happens to one that is not right.
. "$(dirname "$0")/lib.sh"

RUN=/run/weft # below it a step has its directory

hints='GROUP|GROUP_RANK|GROUP_SIZE|WEIGHT|TOPOLOGY_FILE|HOSTFILE|POWER_BUDGET_W|DEVICE_POWER_W|EXPECTED_W|SITE|PRICE|CARBON'
hints+='|WINDOW_END|RANK|MICRO_BATCHES|LAYERS|FABRIC'
show=$CLUSTER/show # a script: every hint that is set, in alphabetical order, on one line
printf '#!/bin/sh\nenv | grep -E "^WEFT_(%s)=" | sort | paste -sd" "\n' "$hints" > "$show"
chmod 755 "$show"

# told GROUP RANK SIZE WEIGHT BUDGET LIMIT EXPECTED DIRECTORY: what SHOW prints on the cluster "weft"
told()
{
	echo "WEFT_DEVICE_POWER_W=$6 WEFT_EXPECTED_W=$7 WEFT_GROUP=$1 WEFT_GROUP_RANK=$2 WEFT_GROUP_SIZE=$3" \
		"WEFT_POWER_BUDGET_W=$5 WEFT_RANK=$2 WEFT_SITE=weft WEFT_TOPOLOGY_FILE=$RUN/$8/topology.json WEFT_WEIGHT=$4"
}

no_directories()
{
	[ -z "$(ls -A $RUN 2> /dev/null)" ]
}

# seal USER FILE: as that user
seal()
{
	as_user "$1" munge -S "$CLUSTER/run/munge.sock" < "$2"
}

# munge_text FILE: what is sealed in it, whether it was opened before or not
munge_text()
{
	munge -S "$CLUSTER/run/munge.sock" -n > /dev/null
	unmunge -S "$CLUSTER/run/munge.sock" -m /dev/null < "$1" || true
}

# The highest job number there is.
sacct_last()
{
	squeue -h -t all -o %A | sort -n | tail -n 1
}

cluster_nodes <<END
nv[1-2]  gpu:h100-sxm5-80gb:8  Feature=fast
as[1-2]  gpu:910b3:8
END
CLUSTER_CONF="Prolog=$CLUSTER/etc/prolog.sh
Epilog=$CLUSTER/etc/epilog.sh"
mkdir -p "$CLUSTER/etc"
for part in prolog epilog; do
	cat > "$CLUSTER/etc/$part.sh" <<-END
	#!/bin/sh
	echo "\$SLURM_JOB_ID \${SPANK_WEFT_TICKET%%:*}" >> $CLUSTER/log/$part.seen
	END
	chmod 755 "$CLUSTER/etc/$part.sh"
done
cluster_start


h100="0 0 1 1 1400 700 1400" # group, rank, size, weight, budget, limit, expected draw of two H100

test_case "a batch script is told its group, watts and the topology file"
submit -t 5 --accel=2:h100-sxm5-80gb --wrap "$show; cat \$WEFT_TOPOLOGY_FILE; ls -ld $RUN $RUN/*; ls -l $RUN/*/"
wait_job "$JOB" COMPLETED
out=$(job_output "$JOB")
expect_eq "$(echo "$out" | sed -n 1p)" "$(told $h100 "nv1.$JOB.batch")"
expect_match "$out" "^\\{\"format\":1,\"job\":\\{\"id\":$JOB,\"step\":\"batch\",\"hosts\":\"nv1\",\"cluster\":\"weft\",\"nodes\":1\\}"
expect_match "$out" '"node":\{"name":"nv1","index":0,"group":0,"switch_path":"nv1","switch_levels":"node"\}'
expect_match "$out" '"groups":\[\{"gres":"gpu:h100-sxm5-80gb","vendor":"nvidia","model":"h100-sxm5-80gb","nodes":1,"cards":2,"weight":1'
expect_match "$out" '"devices":\[\{"index":0,"vendor":"nvidia","model":"h100-sxm5-80gb","memory_gib":80.*,\{"index":1,'
expect_match "$out" "^drwx--x--x.* root root .* $RUN$" "directory of all"
expect_match "$out" "^drwx--x--x.* root root .* $RUN/nv1.$JOB.batch$" "directory of the step"
expect_match "$out" "^-r--------.* root root .* topology.json$" "file"
wait_for 10 no_directories

test_case "what the catalogue does not know of a card is not told"
submit -t 5 --accel=2:910b3 --wrap "$show"
wait_job "$JOB" COMPLETED
expect_eq "$(job_output "$JOB")" \
	"WEFT_GROUP=0 WEFT_GROUP_RANK=0 WEFT_GROUP_SIZE=1 WEFT_RANK=0 WEFT_SITE=weft WEFT_TOPOLOGY_FILE=$RUN/as1.$JOB.batch/topology.json WEFT_WEIGHT=1"

test_case "variables of those names that a user sets are replaced or unset"
ok env WEFT_GROUP=7 WEFT_PRICE=0 WEFT_CARBON=0 WEFT_HOSTFILE=/etc/passwd WEFT_WINDOW_END=1 WEFT_WEIGHT=0.5 sbatch --parsable \
	-o "$CLUSTER/home/%j.out" -t 5 --accel=2:h100-sxm5-80gb --wrap "$show"
wait_job "$output" COMPLETED
expect_eq "$(job_output "$output")" "$(told $h100 "nv1.$output.batch")"

test_case "a plain job is told nothing, and no file is made for it"
submit -t 5 --gres=gpu:h100-sxm5-80gb:2 --wrap "$show; ls $RUN; env | grep -c WEFT_TICKET"
wait_job "$JOB" FAILED
expect_eq "$(job_output "$JOB")" "
0"

test_case "steps of a batch job: ranks over the nodes of a group"
submit -t 5 -N 2 -n 4 --ntasks-per-node=2 --accel=16:h100-sxm5-80gb \
	--wrap "srun -Q sh -c 'echo \$SLURM_PROCID \$WEFT_GROUP_RANK \$WEFT_GROUP_SIZE'; srun -Q -m cyclic sh -c 'echo \$SLURM_PROCID \$WEFT_GROUP_RANK'
		srun -Q -N 1 -n 1 -w nv2 $show"
wait_job "$JOB" COMPLETED
expect_eq "$(job_output "$JOB" | sed -n 1,4p | sort | paste -sd,)" "0 0 4,1 1 4,2 2 4,3 3 4"
expect_eq "$(job_output "$JOB" | sed -n 5,8p | sort | paste -sd,)" "0 0,1 1,2 2,3 3"
expect_eq "$(job_output "$JOB" | sed -n 9p)" "$(told 0 0 1 1 5600 700 5600 "nv2.$JOB.2")"

# With --ntasks-per-node and no -N, sbatch and srun reckon with one node, salloc with those that it got.
test_case "numbers of tasks are those of the same job with --gpus"
tasks="env | grep -E '^SLURM_(NTASKS|NPROCS|TASKS_PER_NODE|NTASKS_PER_NODE|NNODES)=' | sort | paste -sd' '
srun -Q sh -c 'echo \$SLURMD_NODENAME' | sort | uniq -c"
# numbers OPTION...: of a batch job, an srun and an salloc
numbers()
{
	wait_for 20 no_jobs
	submit -t 5 --ntasks-per-node=8 "$@" --wrap "$tasks"
	wait_job "$JOB" COMPLETED
	job_output "$JOB"
	wait_for 20 no_jobs
	srun -Q -t 5 --ntasks-per-node=8 "$@" sh -c 'echo $SLURMD_NODENAME' | sort | uniq -c
	wait_for 20 no_jobs
	salloc -Q -t 5 --ntasks-per-node=8 "$@" sh -c "$tasks"
}
for nodes in "" "-N 2"; do
	# shellcheck disable=SC2086 # two words, or none
	expect_eq "$(numbers --accel=16:h100-sxm5-80gb $nodes)" "$(numbers --gpus=h100-sxm5-80gb:16 $nodes)" "numbers, with '$nodes'"
done

test_case "srun and salloc without a batch script"
wait_for 20 no_jobs
ok srun -Q -t 5 --accel=2:h100-sxm5-80gb sh -c "$show; echo \$SLURM_JOB_ID"
expect_eq "$(echo "$output" | sed -n 1p)" "$(told $h100 "nv1.$(echo "$output" | sed -n 2p).0")"
wait_for 20 no_jobs
ok salloc -Q -t 5 --accel=2:h100-sxm5-80gb sh -c "echo \$SLURM_JOB_ID; srun -Q $show"
expect_eq "$(echo "$output" | sed -n 2p)" "$(told $h100 "nv1.$(echo "$output" | sed -n 1p).0")"

test_case "an srun that has to wait for its cards"
wait_for 20 no_jobs
submit -t 5 --accel=16:h100-sxm5-80gb --wrap 'sleep 60'
first=$JOB
wait_job "$first" RUNNING
srun -Q -t 5 --accel=2:h100-sxm5-80gb sh -c "$show; echo \$SLURM_JOB_ID" > "$CLUSTER/home/waited" 2>&1 &
waiting=$!
wait_for 10 eval '[ "$(squeue -h -t PD | wc -l)" = 1 ]'
scancel "$first"
wait "$waiting" || fail "srun: $(cat "$CLUSTER/home/waited")"
# Either node may be free first.
expect_eq "$(sed -n '1s#/nv2\.#/nv1.#p;1t;1p' "$CLUSTER/home/waited")" "$(told $h100 "nv1.$(sed -n 2p "$CLUSTER/home/waited").0")"

test_case "each task of a job array has a ticket of its own"
submit -t 5 --array=1-3 --accel=2:h100-sxm5-80gb -o "$CLUSTER/home/array.%A.%a" --wrap "env | grep -c WEFT_GROUP=; srun -Q $show"
wait_job "${JOB}_3" COMPLETED
wait_for 20 no_jobs
for task in 1 2 3; do
	expect_match "$(sed -n 2p "$CLUSTER/home/array.$JOB.$task")" "WEFT_GROUP=0 WEFT_GROUP_RANK=0 WEFT_GROUP_SIZE=1 .*WEFT_SITE=weft" "task $task"
done

# Slurm may take a job for finished that is changed while it comes to its end.
is_back()
{
	job_is "$JOB" PENDING && [ -z "$(squeue -h -j "$JOB" -t CG)" ] && [ -z "$(sinfo -h -N -t completing)" ]
}

test_case "after a requeue the ticket is that of the new run"
submit -t 5 --requeue --accel=2:h100-sxm5-80gb --wrap "$show; echo \"\$SLURM_SPANK_WEFT_TICKET\" > $CLUSTER/home/run.\${SLURM_RESTART_COUNT:-0}; sleep 30"
wait_job "$JOB" RUNNING
wait_for 10 test -s "$CLUSTER/home/run.0"
ok scontrol requeue "$JOB"
wait_for 40 is_back
# 22.05 puts it off by two minutes; slurmd refuses what was granted in the second in which the first run was revoked.
ok scontrol update JobId="$JOB" StartTime=now+3
wait_job "$JOB" RUNNING
wait_for 10 test -s "$CLUSTER/home/run.1"
expect_eq "$(job_output "$JOB" | tail -n 1)" "$(told $h100 "nv1.$JOB.batch")"
expect_match "$(munge_text "$CLUSTER/home/run.1")" "^job cluster=weft id=$JOB uid=0 restarts=1 "
expect_match "$(munge_text "$CLUSTER/home/run.0")" "^job cluster=weft id=$JOB uid=0 restarts=0 "
cancel_all

test_case "components of a heterogeneous job: batch, salloc"
wait_for 20 no_jobs
submit -t 5 --accel=2:h100-sxm5-80gb : --accel=2:910b3 \
	--wrap "$show; srun -Q --het-group=0 $show; srun -Q --het-group=1 $show"
wait_job "$JOB" COMPLETED
expect_eq "$(job_output "$JOB" | sed -n 1p)" "$(told $h100 "nv1.$JOB.batch")"
expect_eq "$(job_output "$JOB" | sed -n 2p)" "$(told $h100 "nv1.$JOB.0")"
expect_match "$(job_output "$JOB" | sed -n 3p)" "^WEFT_GROUP=0 WEFT_GROUP_RANK=0 WEFT_GROUP_SIZE=1 WEFT_RANK=0 WEFT_SITE=weft WEFT_TOPOLOGY_FILE=$RUN/as1.$((JOB + 1))\.1/"
ok salloc -Q -t 5 --accel=2:h100-sxm5-80gb : --accel=2:910b3 sh -c "srun -Q --het-group=0 $show; srun -Q --het-group=1 $show"
expect_match "$(echo "$output" | sed -n 1p)" "^WEFT_DEVICE_POWER_W=700 .*WEFT_GROUP=0 WEFT_GROUP_RANK=0 WEFT_GROUP_SIZE=1"
expect_match "$(echo "$output" | sed -n 2p)" "^WEFT_GROUP=0 WEFT_GROUP_RANK=0 WEFT_GROUP_SIZE=1"

test_case "the file of another user's job cannot be read"
chmod 777 "$CLUSTER/home"
cat > "$CLUSTER/home/users.sh" <<END
#!/bin/sh
head -c 10 \$WEFT_TOPOLOGY_FILE; echo
echo x >> \$WEFT_TOPOLOGY_FILE; rm -f \$WEFT_TOPOLOGY_FILE; touch \${WEFT_TOPOLOGY_FILE%/*}/mine
cat \$WEFT_TOPOLOGY_FILE > $CLUSTER/home/copy
sleep 30
END
JOB=$(as_user nobody sbatch --parsable -D "$CLUSTER/home" -o "$CLUSTER/home/%j.out" -t 5 --accel=2:h100-sxm5-80gb "$CLUSTER/home/users.sh")
wait_job "$JOB" RUNNING
wait_for 10 test -s "$CLUSTER/home/copy"
expect_eq "$(job_output "$JOB" | head -n 1)" '{"format":'
expect_match "$(cat "$CLUSTER/home/copy")" '^\{"format":1,.*\}$'
expect_eq "$(as_user daemon cat "$RUN/nv1.$JOB.batch/topology.json" 2>&1)" \
	"cat: $RUN/nv1.$JOB.batch/topology.json: Permission denied"
expect_eq "$(stat -c %U "$RUN/nv1.$JOB.batch/topology.json")" root
scancel "$JOB"
wait_for 20 no_jobs
wait_for 10 no_directories

test_case "files on request: hostfile; a word that is none; too long a list"
submit -t 5 -N 2 --accel=12:h100-sxm5-80gb --export=ALL,WEFT_HINTS=hostfile --wrap 'cat $WEFT_HOSTFILE'
wait_job "$JOB" COMPLETED
expect_eq "$(job_output "$JOB" | awk '{ print $1, $3 }' | paste -sd,)" "nv1 type=h100-sxm5-80gb,nv2 type=h100-sxm5-80gb"
expect_eq "$(job_output "$JOB" | sed 's/.*slots=\([0-9]*\).*/\1/' | awk '{ n += $1 } END { print n }')" 12
wait_for 20 no_jobs
WEFT_HINTS=hostfile,horoscope run srun -Q -t 5 --accel=2:h100-sxm5-80gb sh -c 'cat $WEFT_HOSTFILE'
expect_line "$output" 'weft: WEFT_HINTS: unknown word "horoscope"; there are nccl, hostfile, micro-batches= and layers=; tasks get fewer hints'
expect_line "$output" "nv1 slots=2 type=h100-sxm5-80gb"
WEFT_HINTS=$(printf 'x%.0s' $(seq 100)) run srun -Q -t 5 --accel=2:h100-sxm5-80gb true
expect_line "$output" 'weft: WEFT_HINTS is longer than 64 bytes; tasks get fewer hints'
WEFT_HINTS=nccl run srun -Q -t 5 --accel=2:h100-sxm5-80gb sh -c 'echo "<$NCCL_TOPO_FILE>"'
expect_line "$output" 'weft: WEFT_HINTS: nccl: this node does not tell where card 0 is; tasks get fewer hints'
expect_line "$output" '<>'

# ---------------------------------------------------------------- tickets that are not right

# with_ticket TICKET: as user nobody, what a task is told when the step brings TICKET, and what srun says
with_ticket()
{
	printf '%s' "$1" > "$CLUSTER/home/forged"
	chmod 644 "$CLUSTER/home/forged"
	wait_for 20 no_jobs
	run as_user nobody salloc -Q -t 5 --accel=2:h100-sxm5-80gb sh -c \
		"SLURM_SPANK_WEFT_TICKET=\$(cat $CLUSTER/home/forged) srun -Q $show 2>&1"
	expect_eq "$status" 0 "exit status"
	# Only the file about the node itself is left.
	expect_no_match "$output" 'WEFT_(GROUP|WEIGHT|POWER|SITE|PRICE|DEVICE_POWER|EXPECTED)'
	expect_match "$output" "WEFT_TOPOLOGY_FILE=$RUN/nv1"
}

good()
{
	wait_for 20 no_jobs
	run as_user nobody salloc -Q -t 5 --accel=2:h100-sxm5-80gb sh -c "echo \$SLURM_SPANK_WEFT_TICKET; echo \$SLURM_JOB_ID"
}

says()
{
	expect_line "$output" "weft: $1; tasks get fewer hints"
}

test_case "a ticket that a user sealed"
good
echo "$output" | sed -n 1p > "$CLUSTER/home/good"
munge_text "$CLUSTER/home/good" | sed 's/limit=700/limit=2000/' > "$CLUSTER/home/text"
with_ticket "$(seal nobody "$CLUSTER/home/text")"
says "the ticket was sealed by uid $(id -u nobody), and not by slurmctld"

test_case "a ticket that was altered"
with_ticket "$(sed 's/^\(MUNGE:.\{60\}\)./\1A/; t; s/./B/80' "$CLUSTER/home/good" | sed 's/[a-f]/b/50')"
expect_match "$output" "^weft: munged: .*; tasks get fewer hints$"

test_case "a ticket of another job"
with_ticket "$(cat "$CLUSTER/home/good")"
says "the ticket is for job $(sed -n 's/^job .* id=\([0-9]*\) .*/\1/p' "$CLUSTER/home/text"), not $(sacct_last)"

test_case "slurmctld's seal on something else"
echo "hello" > "$CLUSTER/home/text"
with_ticket "$(seal root "$CLUSTER/home/text")"
says 'ticket: line 1: "hello" where "weft-ticket" was expected'

test_case "no ticket, an empty one, rubbish, one that is too long"
with_ticket ""
expect_match "$output" "^weft: munged: .*; tasks get fewer hints$"
with_ticket "MUNGE:rubbish:"
expect_match "$output" "^weft: munged: .*; tasks get fewer hints$"
with_ticket "$(head -c 120000 /dev/zero | tr '\0' x)"
says "SLURM_SPANK_WEFT_TICKET is longer than 98304 bytes"
# srun asks slurmctld for what the environment lacks.
run as_user nobody salloc -Q -t 5 --accel=2:h100-sxm5-80gb sh -c "unset SLURM_SPANK_WEFT_TICKET; srun -Q $show 2>&1"
expect_match "$output" "WEFT_GROUP=0 "

test_case "a ticket that was opened before is still good"
run as_user nobody salloc -Q -t 5 --accel=2:h100-sxm5-80gb sh -c "for i in 1 2 3; do srun -Q $show 2>&1; done"
expect_eq "$(echo "$output" | grep -c WEFT_GROUP=0)" 3

test_case "a variable of a megabyte"
{
	printf 'SLURM_SPANK_WEFT_TICKET='
	head -c 1000000 /dev/zero | tr '\0' x
	printf '\0PATH=%s\0' "$PATH"
} > "$CLUSTER/home/environment"
submit -t 5 --accel=2:h100-sxm5-80gb --export-file="$CLUSTER/home/environment" --wrap "$show"
# slurmctld's own ticket takes its place.
wait_job "$JOB" COMPLETED
expect_eq "$(job_output "$JOB")" "$(told $h100 "nv1.$JOB.batch")"
expect_eq "$(sinfo -h -N -o %T | sort -u)" idle

# Slurm itself needs munged to launch a job: it is back as soon as the ticket was given up, while Slurm still tries.
test_case "munged dead when a job starts: it runs, with fewer hints"
wait_for 20 no_jobs
submit -t 5 --begin=now+3 --accel=2:h100-sxm5-80gb --wrap "$show"
stop munged KILL
wait_for 30 eval '[ -n "$(ctld_log "starts without a ticket")" ]'
died=$SECONDS
munged_start
wait_job "$JOB" COMPLETED
expect_eq "$(job_output "$JOB")" "WEFT_TOPOLOGY_FILE=$RUN/nv1.$JOB.batch/topology.json"
expect_eq "$(ctld_log 'starts without a ticket' | sed 's/^[^ ]* //')" \
	"weft: JobId=$JOB starts without a ticket: munged: Failed to connect to \"$CLUSTER/run/munge.sock\": Connection refused"

test_case "it is left in peace for half a minute; then there are tickets again"
submit -t 5 --accel=2:h100-sxm5-80gb --wrap "$show"
wait_job "$JOB" COMPLETED
expect_eq "$(job_output "$JOB")" "WEFT_TOPOLOGY_FILE=$RUN/nv1.$JOB.batch/topology.json"
expect_eq "$(ctld_log 'starts without a ticket' | sed 's/^[^ ]* //' | tail -n 1)" \
	"weft: JobId=$JOB starts without a ticket: munged did not answer a moment ago"
sleep $((died + 31 - SECONDS))
submit -t 5 --accel=2:h100-sxm5-80gb --wrap "$show"
wait_job "$JOB" COMPLETED
expect_eq "$(job_output "$JOB")" "$(told $h100 "nv1.$JOB.batch")"

test_case "prolog and epilog have the ticket"
expect_match "$(cat "$CLUSTER/log/prolog.seen")" "^1 MUNGE$" "prolog"
expect_match "$(cat "$CLUSTER/log/epilog.seen")" "^1 MUNGE$" "epilog"
expect_eq "$(ctld_log 'starts without a ticket' | wc -l)" 2

# ---------------------------------------------------------------- the site's hook

test_case "the hook: from the ticket, as root, at the job's start and end"
cat > "$CLUSTER/etc/hook" <<END
#!/bin/sh
{ echo "\$1"; id -u; env | sort; } >> $CLUSTER/log/hook.\$WEFT_JOB_ID
END
chmod 755 "$CLUSTER/etc/hook"
cluster_stop
echo "required $PLUGIN_DIR/spank_weft_hook.so hook=$CLUSTER/etc/hook" >> "$CLUSTER/etc/plugstack.conf"
echo "PrologFlags=Alloc" >> "$CLUSTER/etc/slurm.conf"
cluster_resume

# hook_log JOB: what the hook wrote, without what a shell adds
hook_log()
{
	grep -vE '^(PWD|SHLVL|_|OLDPWD)=' "$CLUSTER/log/hook.$1" 2> /dev/null | paste -sd' '
}

submit -t 5 --accel=2:h100-sxm5-80gb --wrap true
wait_job "$JOB" COMPLETED
wait_for 10 eval "[ \"\$(grep -c '^WEFT_JOB_ID' $CLUSTER/log/hook.$JOB)\" = 2 ]"
told="WEFT_DEVICES=0,1 WEFT_DEVICE_POWER_W=700 WEFT_DEVICE_TDP_W=700 WEFT_JOB_ID=$JOB WEFT_JOB_UID=0 WEFT_MODEL=h100-sxm5-80gb WEFT_VENDOR=nvidia"
path="PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
expect_eq "$(hook_log "$JOB")" "start 0 $path $told end 0 $path $told"

test_case "the hook: second job on the node, other cards; a plain job: not run"
submit -t 5 --accel=2:h100-sxm5-80gb --wrap 'sleep 30'
first=$JOB
wait_job "$first" RUNNING
submit -t 5 --accel=1:h100-sxm5-80gb --wrap true
wait_job "$JOB" COMPLETED
wait_for 10 eval "[ \"\$(grep -c '^WEFT_JOB_ID' $CLUSTER/log/hook.$JOB)\" = 2 ]"
expect_match "$(hook_log "$JOB")" "WEFT_DEVICES=2 "
submit -t 5 --gres=gpu:h100-sxm5-80gb:1 --wrap true
wait_job "$JOB" COMPLETED
[ ! -e "$CLUSTER/log/hook.$JOB" ] || fail "the hook was run for a plain job"
cancel_all

test_case "the hook: one that others may write to is not run, and the job runs all the same"
chmod 777 "$CLUSTER/etc/hook"
submit -t 5 --accel=1:h100-sxm5-80gb --wrap true
wait_job "$JOB" COMPLETED
[ ! -e "$CLUSTER/log/hook.$JOB" ] || fail "it was run"
expect_match "$(cat "$CLUSTER/log/nv1.log" "$CLUSTER/log/nv1.out")" \
	"weft: hook $CLUSTER/etc/hook: it must be root's program, and nobody else may write to it"
expect_eq "$(sinfo -h -N -o %T | sort -u)" idle

# ---------------------------------------------------------------- switches

# write_path: a script that prints "NODE PATH LEVELS" of its node's file
write_path()
{
	cat > "$CLUSTER/path" <<-'END'
	#!/bin/sh
	sed 's/.*"node":{"name":"\([^"]*\)",.*"switch_path":"\([^"]*\)","switch_levels":"\([^"]*\)"}.*/\1 \2 \3/' "$WEFT_TOPOLOGY_FILE"
	END
	chmod 755 "$CLUSTER/path"
}

CLUSTER_NODE_TABLE="nv[1-4]  gpu:h100-sxm5-80gb:8"
CLUSTER_CONF="TopologyPlugin=topology/tree"
CLUSTER_TOPOLOGY="SwitchName=leaf1 Nodes=nv[1-2]
SwitchName=leaf2 Nodes=nv[3-4]
SwitchName=spine Switches=leaf[1-2]"
cluster_again
test_case "topology/tree: the switches above each node"
write_path
submit -t 5 --accel=32:h100-sxm5-80gb --wrap "srun -Q $CLUSTER/path"
wait_job "$JOB" COMPLETED
expect_eq "$(job_output "$JOB" | sort)" "nv1 spine.leaf1.nv1 switch.switch.node
nv2 spine.leaf1.nv2 switch.switch.node
nv3 spine.leaf2.nv3 switch.switch.node
nv4 spine.leaf2.nv4 switch.switch.node"

if release_at_least 24.05; then
	CLUSTER_CONF="TopologyPlugin=topology/block"
	CLUSTER_TOPOLOGY="BlockName=b1 Nodes=nv[1-2]
BlockName=b2 Nodes=nv[3-4]
BlockSizes=2"
	cluster_again
	test_case "topology/block: the block of each node"
	write_path
	submit -t 5 --accel=32:h100-sxm5-80gb --wrap "srun -Q $CLUSTER/path"
	wait_job "$JOB" COMPLETED
	expect_eq "$(job_output "$JOB" | sort)" "nv1 b1.nv1 block.node
nv2 b1.nv2 block.node
nv3 b2.nv3 block.node
nv4 b2.nv4 block.node"
fi
finish
