#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Requests that come through slurmrestd: in the job's environment, or in its comment.
. "$(dirname "$0")/lib.sh"

CLUSTER_REST=yes
cluster_nodes <<END
nv[1-2]  gpu:h100:8
amd1     gpu:mi300x:8
as1      npu:910b3:8
END
cluster_start

versions="v0.0.36 v0.0.37 v0.0.38"
! release_at_least 23.11 || versions="v0.0.40 v0.0.41 v0.0.42"
latest=${versions##* }

echo='echo $SLURMD_NODENAME $WEFT_VENDOR ${CUDA_VISIBLE_DEVICES-none} ${ROCR_VISIBLE_DEVICES-none} ${ASCEND_RT_VISIBLE_DEVICES-none}'
script="#!/bin/bash\\n$echo\\n"
tail= # more lines for the script

# environment NAME=VALUE...: as JSON; up to 22.05's versions an object, then a list
environment()
{
	local item sep=
	if release_at_least 23.11; then
		printf '["PATH=/usr/bin:/bin"'
		for item in "$@"; do printf ', "%s"' "$item"; done
		printf ']'
	else
		printf '{"PATH": "/usr/bin:/bin"'
		for item in "$@"; do printf ', "%s": "%s"' "${item%%=*}" "${item#*=}"; done
		printf '}'
	fi
}

# job KEYS ENVIRONMENT...: a job description
job()
{
	local keys=$1
	shift
	cat <<-END
	{"name": "t", "tasks": 1, "time_limit": 60, "current_working_directory": "$CLUSTER/home",
	 "standard_output": "$CLUSTER/home/%j.out", "environment": $(environment "$@")${keys:+, $keys}}
	END
}

# post VERSION KEYS ENVIRONMENT...: submit a job; JOB gets its number, "" when it was refused; the answer is in $output
post()
{
	local version=$1
	shift
	run rest POST "/slurm/$version/job/submit" "{\"script\": \"$script$tail\", \"job\": $(job "$@")}"
	JOB=$(printf '%s\n' "$output" | sed -n 's/^  "job_id": \([1-9][0-9]*\).*/\1/p')
}

# expect_ran NODE GRES LINE: the job has
expect_ran()
{
	wait_job "$JOB" COMPLETED
	expect_field "$JOB" NodeList "$1"
	expect_eq "$(job_field "$JOB" TresPerNode | sed 's,^gres[:/],,')" "$2" "job $JOB TresPerNode"
	expect_eq "$(job_output "$JOB")" "$3" "output"
}

# expect_refused TEXT SLURMS_TEXT: the text is in the answer where Slurm hands it on, else only Slurm's own; and in the log
expect_refused()
{
	expect_eq "$JOB" "" "number of a job that should be refused"
	expect_match "$output" "\"error\": \"$2\""
	wait_for 5 grep -qF "weft: refused for uid $(id -u nobody): $1" "$CLUSTER/log/slurmctld.log"
}

for version in $versions; do
	test_case "$version: a request in the environment"
	post "$version" "" "WEFT_ACCEL=8x910b3"
	expect_ran as1 npu:910b3:8 "as1 ascend none none 0,1,2,3,4,5,6,7"

	test_case "$version: a request in the comment"
	post "$version" '"comment": "accel=4:h100 | 4:mi300x; accel-policy=listed"'
	expect_ran nv1 gpu:h100:4 "nv1 nvidia 0,1,2,3 none none"
	expect_match "$(job_field "$JOB" SystemComment)" 'weft: 4 gpu:h100 on 1 node \(alternative 1 of 2, policy listed\)'

	test_case "$version: refusals"
	post "$version" "" "WEFT_ACCEL=8:h200"
	expect_refused "--accel: no node has h200; there is 910b3, h100 and mi300x" \
		"Requested node configuration is not available"
	post "$version" '"comment": "accel=h100:8"'
	expect_refused "--accel: count comes first: write 8:h100, at column 1" \
		"Invalid generic resource \(gres\) specification"
	post "$version" '"comment": "accel=8:h100; accel-policy=son"'
	expect_refused '--accel-policy: unknown policy "son"; did you mean soon?' \
		"Invalid generic resource \(gres\) specification"
done

test_case "a policy in the environment; steps see what the job has"
tail='srun --overlap -n1 bash -c \"echo step $WEFT_MODEL $ROCR_VISIBLE_DEVICES\"\n'
post "$latest" "" "WEFT_ACCEL=2:h100|2:mi300x" WEFT_ACCEL_POLICY=fast
tail=
expect_ran amd1 gpu:mi300x:2 "amd1 amd none 0,1 none
step mi300x 0,1"

test_case "a comment of another kind, and a job without a request"
post "$latest" '"comment": "accelerate the paper; accel it"'
wait_job "$JOB" COMPLETED
expect_match "$(job_output "$JOB")" '^[a-z0-9]+ none none none$'
expect_field "$JOB" TresPerNode ""

test_case "a job that waits is changed by its owner, not by another"
tail='sleep 300\n'
post "$latest" '"hold": true' "WEFT_ACCEL=8:h100"
tail=
expect_field "$JOB" Reason JobHeldUser
run rest POST "/slurm/$latest/job/$JOB" '{"comment": "accel=3:mi300x"}'
expect_field "$JOB" Comment "accel=3:mi300x"
ok scontrol release "$JOB"
wait_job "$JOB" RUNNING
expect_field "$JOB" NodeList amd1
wait_for 5 grep -q . "$CLUSTER/home/$JOB.out"
expect_eq "$(job_output "$JOB")" "amd1 amd none 0,1,2 none" "output"
submit --hold -t 60 --accel=1:910b3 --wrap true # root's
run rest POST "/slurm/$latest/job/$JOB" '{"comment": "accel=1:h100"}'
expect_field "$JOB" Comment ""
ok scontrol release "$JOB"
wait_job "$JOB" COMPLETED
expect_field "$JOB" NodeList as1

test_case "a heterogeneous job, each component with a request of its own"
run rest POST "/slurm/$latest/job/submit" "{\"script\": \"#!/bin/bash\nsrun -l --het-group=0,1 bash -c '$echo'\n\",
	\"jobs\": [$(job '"comment": "accel=2:910b3"'), $(job '"comment": "accel=2:h100"')]}"
JOB=$(printf '%s\n' "$output" | sed -n 's/^  "job_id": \([1-9][0-9]*\).*/\1/p')
wait_job "$JOB" COMPLETED
expect_line "$(job_output "$JOB")" "0: as1 ascend none none 0,1"
expect_line "$(job_output "$JOB")" "1: nv1 nvidia 0,1 none none"

finish
