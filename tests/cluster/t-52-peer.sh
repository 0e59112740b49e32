#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What core/rest says to a real slurmrestd, and what it understands of its answers, in each version that the installed one
# has.  With WEFT_REST_RECORD=DIR the answers are kept there, as data for tests/unit/test_rest.c.
. "$(dirname "$0")/lib.sh"

CLUSTER_SELECT=stock
CLUSTER_DBD=yes
CLUSTER_REST=yes
cluster_nodes <<END
nv[1-2]  gpu:h100:8
as1      npu:910b3:8
END
cluster_start

make -s -C "$BUILD" tests/cluster/peer > "$CLUSTER/log/peer.out" 2>&1 || give_up "tests/cluster/peer cannot be built"
peer=$BUILD/tests/cluster/peer

versions=38
! release_at_least 23.11 || versions="40 41 42"
began=$(date +%s)
script='#!/bin/bash
echo "$WHO says hello"
sleep ${NAP:-0}
exit ${CODE:-0}'

# keep NAME: the last answer, when answers are recorded, without this cluster's directory
keep()
{
	[ -n "${WEFT_REST_RECORD:-}" ] || return 0
	printf '%s\n' "$output" | sed -e "s,${CLUSTER//\//\\\\/},/peer,g" -e "s,$CLUSTER,/peer,g" \
		-e 's/"operating_system": "[^"]*"/"operating_system": "Linux"/' \
		> "$WEFT_REST_RECORD/$(slurm_release | cut -d. -f1-2)-v0.0.$version-$1.json"
}

# said FIELD: its value in the first line of what was understood
said()
{
	printf '%s\n' "$understood" | head -n 1 | sed -n "s/.*\b$1=\([^ ]*\).*/\1/p"
}

# understand WHAT: the last answer
understand()
{
	understood=$(printf '%s\n' "$output" | "$peer" "$1") || true
}

# hand_over KEY=VALUE...: submit; JOB gets the number
hand_over()
{
	local body
	body=$(printf '%s\n' "$script" | "$peer" submit "$version" directory="$CLUSTER/home" output="$CLUSTER/home/%j.out" \
		env=PATH=/usr/bin:/bin "$@") || fail "no body: $body"
	run rest POST "/slurm/v0.0.$version/job/submit" "$body"
	understand submitted
	case $understood in
	[1-9]*) JOB=$understood ;;
	*) JOB= ;;
	esac
}

# ask METHOD PATH [BODY]: in the version that is tested
ask()
{
	run rest "$1" "${2/VERSION/v0.0.$version}" "${@:3}"
}

# told FIELD WANTED: by slurmctld of the job
told()
{
	ask GET "/slurm/VERSION/job/$JOB"
	understand jobs
	expect_eq "$(said "$1")" "$2" "$1 of job $JOB"
}

# db_has_end NAME: slurmdbd hears of a short job's end first, and calls it "allocation" until it hears more, seconds later
db_has_end()
{
	ask GET "/slurmdb/VERSION/job/$JOB"
	understand dbjobs
	[ "$(said id)" = "$JOB" ] && [ "$(said name)" = "$1" ] && [ "$(said end)" -gt 0 ] && [ "$(said state)" != RUNNING ]
}

test_case "weftd finds the newest version"
cp "$peer" "$CLUSTER/peer" # where the user who may ask can reach it
run as_user nobody "$CLUSTER/peer" probe "unix:$CLUSTER/rest/rest.sock"
expect_eq "$output" "version=${versions##* } db=1"

for version in $versions; do
	test_case "v0.0.$version: everything that is asked for is in the record"
	deadline=$(($(date +%s) + 7200))
	hand_over name=weft.home.7.1700000000.1 hold=1 requeue=1 gres=gpu:h100:8 nodes=1 tasks=2 cpus=3 memory=1000 minutes=5 \
		deadline=$deadline comment="a comment" env=WHO=alice account=test partition=all qos=normal
	keep submit-held
	expect_field "$JOB" JobName weft.home.7.1700000000.1
	expect_field "$JOB" Reason JobHeldUser
	expect_field "$JOB" Priority 0
	expect_field "$JOB" Requeue 1
	expect_field "$JOB" TimeLimit 00:05:00
	expect_field "$JOB" Deadline "$(date -u -d @$deadline +%FT%T)"
	expect_field "$JOB" Comment "a comment"
	expect_field "$JOB" WorkDir "$CLUSTER/home"
	expect_field "$JOB" CPUs/Task 3
	expect_match "$(job_field "$JOB" TresPerJob)" '^gres[:/]gpu:h100:8$'
	expect_match "$(job_field "$JOB" MinMemoryNode)" '^1000M$'
	ask GET "/slurm/VERSION/job/$JOB"
	keep job-held
	understand jobs
	submitted=$(said submit)
	expect_eq "$understood" "id=$JOB name=weft.home.7.1700000000.1 user=nobody partition=all state=PENDING held=1 requeued=0 exit=-1 gres=gpu:h100:8 nodes= priority=0 minutes=5 submit=$submitted start=0 end=0 deadline=$deadline reason=JobHeldUser comment=a comment"

	test_case "v0.0.$version: released twice, it runs once"
	ask POST "/slurm/VERSION/job/$JOB" '{"hold": false}'
	keep release
	understand complaint
	expect_eq "$understood" "code=0 "
	ask POST "/slurm/VERSION/job/$JOB" '{"hold": false}'
	understand complaint
	expect_match "$understood" '^code=(0 |2084 Job has already finished )'
	wait_job "$JOB" COMPLETED
	expect_eq "$(job_output "$JOB")" "alice says hello"
	told exit 0
	keep job-completed
	told gres gpu:h100:8
	ask POST "/slurm/VERSION/job/$JOB" '{"hold": false}'
	keep release-ended
	understand complaint
	expect_eq "$understood" "code=2084 Job has already finished (2084)"

	test_case "v0.0.$version: a failed job, as slurmctld and slurmdbd tell it"
	hand_over name=fails gres=npu:910b3:4 minutes=5 env=CODE=3 env=WHO=bob
	keep submit
	expect_match "$(job_field "$JOB" TresPerJob)$(job_field "$JOB" TresPerNode)" '^gres[:/]npu:910b3:4$'
	expect_field "$JOB" Requeue 0
	wait_job "$JOB" FAILED
	told exit 768
	keep job-failed
	told state FAILED
	wait_for 30 db_has_end fails
	keep db-failed
	expect_eq "$(said state)" FAILED
	expect_eq "$(said gres)" npu:4
	expect_eq "$(said minutes)" 5
	expect_eq "$(said user)" nobody
	if [ "$version" = 38 ]; then
		expect_eq "$(said exit)" -1
	else
		expect_eq "$(said exit)" 768
	fi
	fails=$JOB
	ask GET "/slurmdb/VERSION/jobs?job_name=fails&start_time=uts$began"
	understand dbjobs
	expect_match "$understood" "^id=$fails name=fails "

	test_case "v0.0.$version: two nodes, and a job that is cancelled while it runs"
	hand_over name=wide gres=gpu:h100:16 nodes=2 minutes=5 env=NAP=100 env=WHO=carol
	wait_job "$JOB" RUNNING
	told state RUNNING
	keep job-running
	told nodes "nv[1-2]"
	told gres gpu:h100:16
	ask GET /slurm/VERSION/nodes
	keep nodes
	understand nodes
	expect_match "$understood" '^name=nv1 gres=gpu:h100:8 used=gpu:h100:8\(IDX:0-7\)(,npu:0)? partitions=all up=1$'
	ok scontrol update nodename=as1 state=drain reason=test
	ask GET /slurm/VERSION/nodes
	keep nodes-drained
	understand nodes
	expect_match "$understood" '^name=as1 gres=npu:910b3:8 .* partitions=all up=0$'
	ok scontrol update nodename=as1 state=resume
	ask DELETE "/slurm/VERSION/job/$JOB"
	keep cancel
	wait_job "$JOB" CANCELLED
	told state CANCELLED
	ask DELETE "/slurm/VERSION/job/$JOB"
	keep cancel-again
	understand complaint
	expect_eq "$understood" "code=0 "

	test_case "v0.0.$version: a job killed by a signal"
	script='#!/bin/bash
kill -9 $$'
	hand_over name=killed minutes=5 env=WHO=x
	wait_job "$JOB" FAILED
	told exit 9
	keep job-killed
	script='#!/bin/bash
echo "$WHO says hello"
sleep ${NAP:-0}
exit ${CODE:-0}'

	test_case "v0.0.$version: the runs of a job that was requeued"
	hand_over name=again requeue=1 minutes=5 env=NAP=100 env=WHO=x
	wait_job "$JOB" RUNNING
	sleep 1.5
	ok scontrol requeuehold "$JOB"
	wait_job "$JOB" PENDING
	told state PENDING
	told held 1
	keep job-requeued
	wait_for 30 db_has_end again
	keep db-requeued
	expect_match "$understood" "^id=$JOB name=again .* requeued=1 "
	ask DELETE "/slurm/VERSION/job/$JOB"

	test_case "v0.0.$version: refusals, in the peer's words"
	hand_over name=x minutes=5 partition=nope env=A=b
	keep submit-no-partition
	expect_match "$understood" '^error=Invalid partition name specified \(2000\)$'
	hand_over name=x minutes=5 account=nope env=A=b
	keep submit-no-account
	expect_eq "$understood" "error=Invalid account or account/partition combination specified (2045)"
	hand_over name=x minutes=5 gres=gpu:a100:8 env=A=b
	keep submit-no-gres
	expect_eq "$understood" "error=Requested node configuration is not available (2014)"
	if [ "$version" != 38 ]; then # which takes the job, and ends it at once
		hand_over name=x minutes=5 deadline=$(($(date +%s) + 10)) env=A=b
		keep submit-late
		expect_eq "$understood" "error=Requested time limit is invalid (missing or exceeds some limit) (2051)"
	fi

	test_case "v0.0.$version: what is not there"
	ask GET /slurm/VERSION/job/99999
	keep job-unknown
	expect_eq "$(printf '%s\n' "$output" | "$peer" jobs; echo $?)" 0
	ask GET /slurmdb/VERSION/job/99999
	keep db-unknown
	expect_eq "$(printf '%s\n' "$output" | "$peer" dbjobs; echo $?)" 0
	ask GET "/slurmdb/VERSION/jobs?job_name=nope&start_time=uts$began"
	expect_eq "$(printf '%s\n' "$output" | "$peer" dbjobs; echo $?)" 0
	ask POST /slurm/VERSION/job/99999 '{"hold": false}'
	keep release-unknown
	understand complaint
	expect_eq "$understood" "code=2017 Invalid job id specified (2017)"
	ask GET /slurm/VERSION/job/xyz
	keep job-no-number
	understand jobs
	expect_match "$understood" '^error=.+ \(900[02]\)$'

	test_case "v0.0.$version: all jobs together"
	ask GET /slurm/VERSION/jobs
	keep jobs
	understand jobs
	expect_match "$understood" "^id=$fails name=fails "
	expect_no_match "$understood" '^error='

	test_case "v0.0.$version: slurmctld is not there"
	ctld_stop
	ask GET /slurm/VERSION/jobs
	keep no-ctld
	understand jobs
	expect_match "$understood" '^error=(Failed while looking for jobs: Unspecified error|Unable to contact slurm controller \(connect failure\) \(1800\))$'
	hand_over name=x minutes=5 env=A=b
	keep submit-no-ctld
	expect_match "$understood" '^error=.*Unable to contact slurm controller \(connect failure\) \(1800\)'
	ctld_start
	wait_for 60 nodes_up
done

finish
