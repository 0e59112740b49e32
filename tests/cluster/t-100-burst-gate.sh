#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --burst: which jobs may start on the node of another site, and when.  What weftd would say is written by the test; the
# proxies find no weftd, and wait.
. "$(dirname "$0")/lib.sh"

sites=$CLUSTER/run/sites.json
log=$CLUSTER/log/burst.log
peers="Peer=beta Url=http://192.0.2.9:6820 Token=/etc/none Users=same Node=beta-gw Partition=beta
Peer=gamma Url=http://192.0.2.10:6820 Token=/etc/none Users=same Node=gamma-gw Partition=gamma
Sites=$sites
BurstLog=$log"
CLUSTER_WEFT_CONF="$peers
BurstWait=constant
BurstFactor=0"
CLUSTER_PARTITIONS="PartitionName=all Nodes=nv1,as1 Default=YES MaxTime=INFINITE State=UP
PartitionName=beta Nodes=beta-gw MaxTime=INFINITE State=UP
PartitionName=gamma Nodes=gamma-gw MaxTime=INFINITE State=UP"
cluster_nodes <<END
nv1       gpu:h100:8               CPUs=16
as1       npu:910b3:8              CPUs=16
beta-gw   gpu:h100:64              CPUs=1024 Sockets=1 CoresPerSocket=1024 ThreadsPerCore=1
gamma-gw  gpu:h200:64,gpu:h100:64     CPUs=1024 Sockets=1 CoresPerSocket=1024 ThreadsPerCore=1
END

# kind GRES PRICE CARDS [FREE [AT_MINUTES FREE]...]: free now, and again other numbers in so many minutes
kind()
{
	local now free="[$(($(date +%s) - 10)),${4:-$3}]" gres=$1 price=$2 cards=$3
	now=$(date +%s)
	shift $(($# < 4 ? $# : 4))
	while [ $# -ge 2 ]; do
		free="$free,[$((now + $1 * 60)),$2]"
		shift 2
	done
	echo "{\"gres\":\"$gres\",\"price\":$price,\"currency\":\"EUR\",\"carbon\":null,\"cards\":$cards,\"free\":[$free]}"
}

# peer NAME OPEN WHY KIND...
peer()
{
	local name=$1 open=$2 why=$3 IFS=,
	shift 3
	echo "{\"name\":\"$name\",\"open\":$open,\"why\":\"$why\",\"release\":\"24.11.5\",\"api\":42," \
		"\"seen\":$(date +%s),\"error\":null,\"judged\":0,\"kinds\":[$*]}"
}

runs=
refusals=
# snapshot [AGE] PEER...: what weftd knows; AGE in s
snapshot()
{
	local age=0 IFS=,
	case $1 in *[!0-9]*) ;; *) age=$1 && shift ;; esac
	echo "{\"version\":1,\"made\":$(($(date +%s) - age)),\"peers\":[$*],\"runs\":[$runs],\"refusals\":[$refusals]}" > "$sites.new"
	mv "$sites.new" "$sites"
}

# one KIND...: beta alone is open, and has KIND
one()
{
	snapshot "$(peer beta true "" "$@")" "$(peer gamma false "set aside" "$(kind gpu:h100 1000000 64)")"
}

none()
{
	snapshot "$(peer beta false "set aside")" "$(peer gamma false "set aside")"
}

burst()
{
	submit -t 10 --wrap 'echo on $SLURMD_NODENAME; sleep 300' "$@"
}

comment_is()
{
	job_field "$1" SystemComment | grep -qE -e "$2"
}

# expect_comment JOB REGEX
expect_comment()
{
	wait_until 15 comment_is "$1" "$2" || fail "job $1: comment '$(job_field "$1" SystemComment)', not /$2/"
}

reason_is()
{
	squeue -h -o %r -j "$1" | grep -qE -e "$2"
}

is_back()
{
	job_is "$JOB" PENDING && [ -z "$(squeue -h -j "$JOB" -t CG)" ] && [ -z "$(sinfo -h -N -t completing)" ]
}

# conf LINE...: weft.conf is these lines; slurmctld reads it
conf()
{
	printf '%s\n' "Index=check" "$@" > "$CLUSTER/etc/weft.conf"
	ok scontrol reconfigure
	wait_for 30 ctld_up
	wait_for 30 nodes_up
	sleep 2
}

# ours PATTERN: lines of the log that are Weft's own
ours()
{
	ctld_log "weft: .*$1"
}

mkdir -p "$CLUSTER/run"
none
cluster_start
# One that fills home.
submit -t 60 --gres=gpu:h100:8 --wrap 'sleep 900'
full=$JOB
wait_job "$full" RUNNING

test_case "what cannot go is refused at once, in words"
submit_refused --burst=auto --wrap true
expect_line "$output" "sbatch: error: weft: --burst: the job needs --accel"
submit_refused --accel=8:h100 --burst=bta --wrap true
expect_line "$output" 'sbatch: error: weft: --burst: unknown site "bta"; did you mean beta?'
submit_refused --accel=8:h100 --burst=auto,max-wait=soon --wrap true
expect_match "$output" '^sbatch: error: --burst: max-wait=soon is not a time '
submit_refused --accel=8:h100 --max-cost=5EUR --wrap true
expect_line "$output" "sbatch: error: --max-cost: it is for jobs with --burst"
submit_refused --accel=8:h100 --burst=auto -w nv1 --wrap true
expect_line "$output" "sbatch: error: weft: --burst: --nodelist does not go with it; the nodes are this site's"
submit_refused --accel=8:h100 --burst=auto -N 2 --wrap true
expect_line "$output" "sbatch: error: weft: --burst: --nodes does not go with it; use nodes= or per-node= in the request"
submit_refused --accel=8:h100 --burst=auto --exclusive --wrap true
expect_line "$output" \
	"sbatch: error: weft: --burst: --exclusive does not go with it; nodes of another site are not taken whole"
submit_refused --accel=8:h100 --burst=auto -p beta --wrap true
expect_line "$output" "sbatch: error: weft: --partition: jobs go to site beta from beta; ask for it with --burst=only,beta"
submit_refused -p all,gamma --wrap true
expect_line "$output" "sbatch: error: weft: --partition: jobs go to site gamma from gamma; ask for it with --burst=only,gamma"
submit_refused --accel=8:h200 --burst=beta,only --wrap true
expect_match "$output" '^sbatch: error: --burst: '
submit_refused --accel=8:h200 --burst=only,beta --wrap true
expect_line "$output" "sbatch: error: weft: --burst: beta: no node of partition beta has h200; nodes outside of it do"
refused srun --accel=8:h100 --burst=auto true
expect_line "$output" "srun: error: weft: --burst: only a batch job can go to another site; use sbatch"
cat > "$CLUSTER/home/het" <<'END'
#!/bin/bash
#SBATCH --accel=1:h100 --burst=auto
#SBATCH hetjob
#SBATCH --accel=1:h100
true
END
submit_refused "$CLUSTER/home/het"
expect_match "$output" '^sbatch: error: (0: )?weft: --burst: a heterogeneous job cannot go to another site$'

test_case "nobody is open: it waits, and says why; plain jobs know nothing of it"
burst --accel=8:h100 --burst=auto
auto=$JOB
expect_field "$auto" Partition all,beta,gamma
expect_comment "$auto" '^weft: waits here; beta takes no jobs now$'
wait_for 10 reason_is "$auto" '^(Resources|Priority)$'
burst --accel=8:h100 --burst=only
only=$JOB
expect_field "$only" Partition beta,gamma
expect_comment "$only" '^weft: waits for another site; beta takes no jobs now$'
wait_for 10 reason_is "$only" '^Weft: waits for another site; beta takes no jobs now$'
submit --gres=gpu:h100:8 -t 1 --wrap true
plain=$JOB
submit --accel=1:910b3 --wrap true
wait_job "$JOB" COMPLETED
expect_field "$plain" Partition all
expect_field "$plain" SystemComment ""
expect_field "$auto" JobState PENDING
expect_field "$only" JobState PENDING
expect_eq "$(ctld_log 'never runnable|non-runnable')" "" "what Slurm says of jobs that are held"
has_start()
{
	squeue --start -h -o %S -j "$auto" | grep -q "^20"
}
wait_for 10 has_start

test_case "a peer opens: they start there, on what they were let go for, and say so"
one "$(kind gpu:h100 2000000 64)"
wait_job "$auto" RUNNING 45
wait_job "$only" RUNNING 45
expect_field "$auto" NodeList beta-gw
expect_field "$only" NodeList beta-gw
expect_comment "$auto" '^weft: at beta: 8 gpu:h100$'
expect_field "$plain" JobState PENDING

test_case "what the peer makes of it is told"
runs="{\"job\":$auto,\"peer\":\"beta\",\"remote_id\":345,\"state\":\"PENDING\"},{\"job\":$only,\"peer\":\"beta\",\"remote_id\":346,\"state\":\"RUNNING\"}"
one "$(kind gpu:h100 2000000 64)"
expect_comment "$auto" '^weft: at beta: 8 gpu:h100, remote job 345 PENDING$'
expect_comment "$only" '^weft: at beta: 8 gpu:h100, remote job 346 RUNNING$'
runs="{\"job\":$auto,\"peer\":\"beta\",\"remote_id\":345,\"state\":\"RUNNING\"},{\"job\":$only,\"peer\":\"beta\",\"remote_id\":346,\"state\":\"RUNNING\"}"
one "$(kind gpu:h100 2000000 64)"
expect_comment "$auto" '^weft: at beta: 8 gpu:h100, remote job 345 RUNNING$'
runs=

test_case "each decision is in the log, once, and can be decided again"
expect_eq "$(grep -c "\"job\":$auto,.*\"verdict\":\"stay\"" "$log")" 1
expect_eq "$(grep -c "\"job\":$auto,.*\"verdict\":\"go\",\"peer\":\"beta\"" "$log")" 1
expect_eq "$(grep -c "\"job\":$plain," "$log")" 0
expect_eq "$(stat -c %a "$log")" 640
ok weft burst replay "$log"
expect_match "$output" '^[1-9][0-9]* decisions, 0 come out differently, 0 cannot be read$'

test_case "requeue: it is decided anew; restart of slurmctld: it goes on"
none
sleep 4
ok scontrol requeue "$auto"
wait_job "$auto" PENDING 20
expect_eq "$(job_field "$auto" Partition | tr , '\n' | sort | paste -sd, -)" all,beta,gamma
ctld_restart
expect_field "$only" JobState RUNNING
sleep 5
expect_field "$auto" JobState PENDING
expect_comment "$only" '^weft: at beta: 8 gpu:h100$'
ok scancel "$auto" "$only"
wait_job "$only" CANCELLED

# Home has the cards, and the peer is set aside.
test_case "requeue: what may run on at the peer starts there and nowhere else"
one "$(kind gpu:h100 2000000 8)"
burst --accel=8:h100 --burst=auto
wait_job "$JOB" RUNNING
expect_field "$JOB" NodeList beta-gw
ok scontrol requeue "$JOB"
ok scancel --nodelist=nv1
wait_for 40 is_back
ok scontrol update JobId="$JOB" StartTime=now+3
expect_comment "$JOB" '^weft: waits to hear whether it runs on at beta$'
expect_field "$JOB" JobState PENDING
runs="{\"job\":$JOB,\"peer\":\"beta\",\"remote_id\":345,\"state\":\"RUNNING\"}"
none
wait_job "$JOB" RUNNING
expect_field "$JOB" NodeList beta-gw
expect_comment "$JOB" '^weft: at beta: 8 gpu:h100, remote job 345 RUNNING$'
ok scontrol requeue "$JOB"
wait_for 40 is_back
runs=
sleep 1 # what weftd knows is to be newer than the requeue
none
ok scancel --nodelist=nv1
ok scontrol update JobId="$JOB" StartTime=now+3
wait_job "$JOB" RUNNING
expect_field "$JOB" NodeList nv1
ok scancel "$JOB"
submit -t 60 --gres=gpu:h100:8 --wrap 'sleep 900'
full=$JOB
wait_job "$full" RUNNING

test_case "what weftd does not hand over comes home, and is held off from there"
one "$(kind gpu:h100 2000000 8)"
burst --accel=8:h100 --burst=auto
wait_job "$JOB" RUNNING
expect_field "$JOB" NodeList beta-gw
refusals="{\"job\":$JOB,\"uid\":1,\"peer\":\"beta\",\"why\":\"of another user\"}"
one "$(kind gpu:h100 2000000 8)"
sleep 5
expect_field "$JOB" JobState RUNNING
refusals="{\"job\":$JOB,\"uid\":0,\"peer\":\"beta\",\"why\":\"root has no budget\"}"
one "$(kind gpu:h100 2000000 8)"
wait_for 40 is_back
sleep 1.1 # what weftd wrote in the second of the requeue may be older than that
one "$(kind gpu:h100 2000000 8)"
ok scontrol update JobId="$JOB" StartTime=now+1
expect_comment "$JOB" '^weft: waits here; beta does not take it: root has no budget$'
expect_field "$JOB" JobState PENDING
refusals=
one "$(kind gpu:h100 2000000 8)"
wait_job "$JOB" RUNNING
expect_field "$JOB" NodeList beta-gw
ok scancel "$JOB"

test_case "cards there are counted, before the peer says so: the next one would start after the first"
one "$(kind gpu:h100 2000000 8)"
burst --accel=8:h100 --burst=auto
first=$JOB
wait_job "$first" RUNNING 45
burst --accel=8:h100 --burst=auto
wait_for 15 grep -q "\"job\":$JOB," "$log"
later=$(grep "\"job\":$JOB," "$log" | head -n 1 | sed -n 's/.*"now":\([0-9]*\),.*"name":"beta","start":\([0-9]*\),.*/\2-\1/p')
expect_match "$((later))" '^5[5-9][0-9]$|^600$' "seconds until it would start there"
cancel_all

test_case "max-cost: of the whole time limit; max-wait: at home first"
submit -t 60 --gres=gpu:h100:8 --wrap 'sleep 900'
full=$JOB
wait_job "$full" RUNNING
one "$(kind gpu:h100 6000000 64)"
burst --accel=8:h100 --burst=auto --max-cost=7.99EUR
expect_comment "$JOB" '^weft: waits here; beta costs more than max-cost$'
burst --accel=8:h100 --burst=auto --max-cost=8EUR
wait_job "$JOB" RUNNING 45
burst --accel=8:h100 --burst=auto --max-cost=80USD
expect_comment "$JOB" '^weft: waits here; beta is priced in another currency than max-cost$'
burst --accel=8:h100 --burst=auto,max-wait=1h
expect_comment "$JOB" '^weft: waits here; may go to beta in (60 min|59 min|1 h 00 min)$'
burst --accel=8:h100 --burst=auto,max-wait=10s
wait_job "$JOB" RUNNING 60
expect_field "$JOB" NodeList beta-gw

test_case "named sites, other cards, a request in the environment or in the comment"
snapshot "$(peer beta true "" "$(kind gpu:h100 2000000 64)")" \
	"$(peer gamma true "" "$(kind gpu:h200 3000000 64)" "$(kind gpu:h100 1000000 64)")"
burst --accel=8:h100 --burst=gamma
wait_job "$JOB" RUNNING 45
expect_field "$JOB" NodeList gamma-gw
burst --accel=8:h200 --burst=auto # home has none
expect_field "$JOB" Partition gamma
wait_job "$JOB" RUNNING 45
expect_comment "$JOB" '^weft: at gamma: 8 gpu:h200$'
burst "--accel=4:h200|4:h100" --burst=only,beta
wait_job "$JOB" RUNNING 45
expect_comment "$JOB" '^weft: at beta: 4 gpu:h100$'
burst --comment="accel=2:h100; burst=only,beta"
wait_job "$JOB" RUNNING 45
expect_field "$JOB" NodeList beta-gw
run env WEFT_ACCEL=2:h200 WEFT_BURST=only sbatch --parsable -t 10 -o /dev/null --wrap 'sleep 300'
JOB=$output
wait_job "$JOB" RUNNING 45
expect_field "$JOB" NodeList gamma-gw

test_case "a job that waits is changed: --burst comes and goes, its own partition too"
none
burst --accel=8:h100
expect_field "$JOB" Partition all
ok scontrol update JobId="$JOB" Comment="burst=auto"
expect_field "$JOB" Partition all,beta,gamma
ok scontrol update JobId="$JOB" Comment="burst=only,beta"
expect_field "$JOB" Partition beta
ok scontrol update JobId="$JOB" Comment="burst=no"
expect_field "$JOB" Partition all
refused scontrol update JobId="$JOB" Partition=beta
expect_field "$JOB" Partition all
expect_match "$(ours 'refused')" '--partition: jobs go to site beta from beta; ask for it with --burst=only,beta'

test_case "an array splits: its tasks start here and there"
cancel_all
one "$(kind gpu:h100 2000000 16)"
submit -t 10 --array=1-4 --accel=8:h100 --burst=auto --wrap 'sleep 300'
array=$JOB
three()
{
	[ "$(squeue -h -t R -o %N -j "$array" | sort | paste -sd, -)" = beta-gw,beta-gw,nv1 ]
}
wait_for 60 three
expect_eq "$(squeue -h -t PD -o %P -j "$array" | tr , '\n' | sort | paste -sd, -)" all,beta,gamma
sleep 5
expect_eq "$(squeue -h -t R -o %N -j "$array" | wc -l)" 3 "tasks that run"
cancel_all

test_case "a snapshot that is stale, broken, huge or gone closes all, and is said once"
submit -t 60 --gres=gpu:h100:8 --wrap 'sleep 900'
wait_job "$JOB" RUNNING
snapshot 400 "$(peer beta true "" "$(kind gpu:h100 2000000 64)")"
burst --accel=8:h100 --burst=auto
auto=$JOB
expect_comment "$auto" '^weft: waits here; beta takes no jobs now$'
wait_for 10 grep -qE "weft: $sites is stale: it was made at .*; no job goes to another site" "$CLUSTER/log/slurmctld.log"
echo '{"version":1,"made":' > "$sites"
wait_for 10 grep -qE "weft: $sites:.*; no job goes to another site" "$CLUSTER/log/slurmctld.log"
truncate -s 20M "$sites"
wait_for 10 grep -qE "weft: $sites: .*bytes.*; no job goes to another site" "$CLUSTER/log/slurmctld.log"
rm "$sites"
wait_for 10 grep -qE "weft: $sites: No such file or directory; no job goes to another site" "$CLUSTER/log/slurmctld.log"
sleep 8
expect_eq "$(ours 'no job goes to another site' | grep -c 'No such file')" 1 "lines about a missing file"
expect_field "$auto" JobState PENDING
one "$(kind gpu:h100 2000000 64)"
wait_for 10 grep -qE "weft: $sites is as it should be" "$CLUSTER/log/slurmctld.log"
wait_job "$auto" RUNNING 45
wait_for 30 grep -q 'weftd cannot be asked' "$CLUSTER/home/$auto.out"

test_case "weft.conf names the peer no more: what waits stays here, what runs there runs"
none
burst --accel=8:h100 --burst=auto
waits=$JOB
conf
sleep 6
expect_field "$waits" JobState PENDING
expect_field "$auto" JobState RUNNING
submit_refused --accel=8:h100 --burst=auto --wrap true
expect_line "$output" "sbatch: error: weft: --burst: there is no other site to go to (weft.conf has no Peer=)"
cancel_all

test_case "a peer's node elsewhere, or not there, is said"
conf "$peers" "Peer=delta Url=http://192.0.2.11:6820 Token=/etc/none Users=same Node=delta-gw Partition=all"
wait_for 10 grep -q 'weft: Peer=delta: there is no node delta-gw' "$CLUSTER/log/slurmctld.log"

finish
