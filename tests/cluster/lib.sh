# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lib.sh - a private Slurm cluster for one test script, and the words the scripts are written in.
#
#	. "$(dirname "$0")/lib.sh"             the script's first argument is the build directory
#	cluster_nodes <<-END                   node names, what they hold, more keys of a NodeName= line
#		nv[1-2]  gpu:h100:8  Feature=ib
#		as1      npu:910b:8
#	END
#	cluster_start                          munged, slurmctld, one slurmd for each node; Weft is on
#	test_case "a job runs"
#	submit --accel=8 --wrap 'sleep 1'      sbatch; the number is in $JOB
#	wait_job $JOB COMPLETED
#	finish                                 prints "N passed, N failed"; daemons die with the script
#
# What a script may set before cluster_start:
#	CLUSTER_SELECT=weft|stock   which select plugin; stock also leaves out job_submit/weft and spank_weft
#	CLUSTER_CONF                lines for the end of slurm.conf
#	CLUSTER_PARTITIONS          PartitionName= lines instead of the default one
#	CLUSTER_WEFT_CONF           the text of weft.conf
#	CLUSTER_TOPOLOGY            the text of topology.conf
#	CLUSTER_INDEX               Index= of weft.conf (check: each answer is compared with that of cons_tres on all
#	                            nodes, and a difference fails the script)
#	CLUSTER_DBD=yes             slurmdbd on a MariaDB of its own, limits enforced
#	CLUSTER_REST=yes|jwt        slurmrestd: yes, on a socket, see rest(); jwt, on port CLUSTER_PORT + 3 of the loopback
#	                            address, for tokens, and with CLUSTER_DBD=yes for accounting too; see sites.sh
#	CLUSTER_NAME                ClusterName= (weft)
#	CLUSTER_USERS               users whom CLUSTER_DBD=yes gives an account (root,nobody)
#	CLUSTER_CTLD_WRAP           a command to run slurmctld under
#	CLUSTER_DEBUG               SlurmctldDebug= (verbose)
#	CTLD_PATIENCE               seconds that slurmctld may take to come up (30)
#	WEFT_KEEP=1                 (environment) leave the cluster's directory behind
#
# Where the kernel allows it the script runs again in namespaces of its own (processes, mounts, network, host name):
# nothing can outlive it, no port can be taken, and two can run at a time.  Where not, free ports are looked for and
# the daemons are found again by a variable in their environment.

set -eu
shopt -s inherit_errexit

# It does so with an environment of its own as well: variables such as SLURM_* and SBATCH_* change what the commands do,
# salloc runs $SHELL, and jobs get all of it.
if [ -z "${WEFT_NAMESPACE:-}" ]; then
	weft_env=(PATH="$PATH" HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LC_ALL=C.UTF-8 TZ=UTC)
	for weft_var in TMPDIR WEFT_KEEP WEFT_REST_RECORD WEFT_PLAIN_SEED WEFT_EVENTS WEFT_EVENTS_SEED WEFT_EVENTS_RUNS WEFT_LOAD_SEED \
		CLUSTER_LOG_TAIL CTLD_PATIENCE WEFT_CACHE SITES_ROOT SITES_BUILD SITES_HOME SITES_PEER SITES_THIRD FAULTS \
		FAULTS_SEED WHY_JOBS WHY_SEED; do
		[ -z "${!weft_var:-}" ] || weft_env+=("$weft_var=${!weft_var}")
	done
	weft_unshare=(unshare --pid --fork --kill-child --mount --mount-proc --net --uts)
	if "${weft_unshare[@]}" ip link set lo up 2> /dev/null; then
		weft_env+=(WEFT_NAMESPACE=yes)
	else
		weft_env+=(WEFT_NAMESPACE=no)
		weft_unshare=()
	fi
	exec env -i "${weft_env[@]}" "${weft_unshare[@]}" bash "$0" "$@" < /dev/null
fi
umask 022

CLUSTER_TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILD=$(cd "${1:?the build directory must be given}" && pwd)
PLUGIN_DIR=$(make -s -C "$BUILD" print-plugindir)
BASE_PLUGIN_DIR=$(make -s -C "$BUILD" print-SLURM_PLUGINDIR)
DATA_DIR=$(make -s -C "$BUILD" print-pkgdatadir)
BIN_DIR=$(make -s -C "$BUILD" print-bindir)
export PATH=$BIN_DIR:$PATH:/usr/sbin:/sbin

CLUSTER_NAME=weft
CLUSTER_USERS=root,nobody
CLUSTER_SELECT=weft
CLUSTER_CONF=
CLUSTER_PARTITIONS="PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP"
CLUSTER_WEFT_CONF=
CLUSTER_TOPOLOGY=
CLUSTER_INDEX=check
CLUSTER_DBD=no
CLUSTER_REST=no
CLUSTER_CTLD_WRAP=
CLUSTER_DEBUG=verbose
CLUSTER_NODE_TABLE=

CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/slurm-cluster.XXXXXX")
chmod 755 "$CLUSTER"
CLUSTER_TOP=$CLUSTER # what goes when the script ends; with sites.sh each site has a directory in it
export WEFT_CLUSTER=$CLUSTER

# ---------------------------------------------------------------- counting

tests_passed=0
tests_failed=0
test_name=
test_failed=no
status=0
output=
JOB=

diag()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

# test_case NAME: what follows, up to the next one, is one test
test_case()
{
	end_case
	test_name=$1
	test_failed=no
}

end_case()
{
	[ -n "$test_name" ] || return 0
	[ $test_failed = yes ] || ! ctld_died || fail "slurmctld is no more"
	if [ $test_failed = no ]; then
		tests_passed=$((tests_passed + 1))
		echo "ok $((tests_passed + tests_failed)) - $test_name"
	else
		tests_failed=$((tests_failed + 1))
		echo "not ok $((tests_passed + tests_failed)) - $test_name"
	fi
	test_name=
}

# fail WHY...: the test case has failed; the script goes on, unless slurmctld is no more
fail()
{
	local first=$test_failed
	test_failed=yes
	[ "$first" = yes ] || diag "--- $test_name"
	diag "line $(caller_line): $*"
	if [ "$first" = no ] && [ -s "$CLUSTER/log/slurmctld.log" ]; then
		diag "the last of slurmctld.log:"
		tail -n "${CLUSTER_LOG_TAIL:-12}" "$CLUSTER/log/slurmctld.log" | cut -c1-300 | sed 's/^/#   /'
	fi
	if ctld_died; then
		diag "slurmctld has died:"
		tail -n 5 "$CLUSTER/log/slurmctld.out" | cut -c1-300 | sed 's/^/#   /'
		exit 1
	fi
	return 0
}

# The line of the test script that is being executed.
caller_line()
{
	local i
	for ((i = 1; i < ${#BASH_SOURCE[@]}; i++)); do
		if [ "${BASH_SOURCE[i]}" != "${BASH_SOURCE[0]}" ]; then
			echo "${BASH_LINENO[i - 1]}"
			return
		fi
	done
	echo "?"
}

skip_case()
{
	tests_passed=$((tests_passed + 1))
	echo "ok $((tests_passed + tests_failed)) - $test_name # SKIP $*"
	test_name=
}

finish()
{
	end_case
	local differences
	differences=$(cat "$CLUSTER_TOP"/log/slurmctld.log "$CLUSTER_TOP"/*/log/slurmctld.log 2> /dev/null |
		grep 'weft: index: ' | head -n 20) || true
	if [ -n "$differences" ]; then
		test_case "the index of free devices changes no answer of cons_tres"
		fail "$differences"
		end_case
	fi
	echo "$tests_passed passed, $tests_failed failed"
	[ $tests_failed -eq 0 ] || exit 1
	exit 0
}

# ---------------------------------------------------------------- expectations

# run CMD...: $output gets what it printed (both streams), $status its exit status
run()
{
	status=0
	output=$("$@" 2>&1) || status=$?
}

# ok CMD...: as run, and it must exit with 0
ok()
{
	run "$@"
	[ $status -eq 0 ] || fail "'$*' exited with $status: $output"
}

# refused CMD...: as run, and it must exit with something else
refused()
{
	run "$@"
	[ $status -ne 0 ] || fail "'$*' was expected to fail, and printed: $output"
}

# expect_eq GOT WANTED [WHAT]
expect_eq()
{
	[ "$1" = "$2" ] || fail "${3:-value}: got '$1', expected '$2'"
}

# expect_match TEXT EXTENDED_REGEX [WHAT]
expect_match()
{
	printf '%s\n' "$1" | grep -qE -e "$2" || fail "${3:-text}: no match for /$2/ in '$1'"
}

expect_no_match()
{
	! printf '%s\n' "$1" | grep -qE -e "$2" || fail "${3:-text}: /$2/ is in '$1'"
}

# expect_line TEXT LINE [WHAT]: one line of TEXT is exactly LINE
expect_line()
{
	printf '%s\n' "$1" | grep -qxF -e "$2" || fail "${3:-text}: no line '$2' in '$1'"
}

# wait_until SECONDS CMD...: poll; false when the time is over
wait_until()
{
	local limit=$((SECONDS + $1))
	shift
	until "$@" > /dev/null 2>&1; do
		[ $SECONDS -lt $limit ] || return 1
		sleep 0.1
	done
}

# wait_for SECONDS CMD...: as wait_until, and failing is a failure of the test
wait_for()
{
	wait_until "$@" || fail "gave up after $1 s waiting for: ${*:2}"
}

# ---------------------------------------------------------------- jobs

# submit SBATCH_ARG...: JOB gets the number, "" when it was refused, which is a failure of the test
submit()
{
	JOB=
	run sbatch --parsable -D "$CLUSTER/home" -o "$CLUSTER/home/%j.out" "$@"
	if [ $status -ne 0 ]; then
		fail "'sbatch $*' exited with $status: $output"
		return 0
	fi
	JOB=$(printf '%s\n' "$output" | tail -n 1)
	JOB=${JOB%%;*}
}

# submit_refused SBATCH_ARG...: the message is in $output
submit_refused()
{
	refused sbatch --parsable -D "$CLUSTER/home" -o "$CLUSTER/home/%j.out" "$@"
}

# job_field JOB FIELD: of scontrol show job; a free text (Comment, SystemComment, Command ...) is taken whole
job_field()
{
	scontrol show job "$1" 2> /dev/null | awk -v field="$2" '
		{
			line = $0; sub(/^ +/, "", line)
			if (index(line, field "=") == 1) at = 1
			else { at = index(line, " " field "="); if (at) at++ }
			if (!at) next
			value = substr(line, at + length(field) + 1)
			if (field !~ /Comment$|^Command$|^WorkDir$|^Std/) sub(/ .*/, "", value)
			sub(/ $/, "", value) # some lines of scontrol end in one
			print value; exit
		}'
}

job_state()
{
	job_field "$1" JobState
}

job_is()
{
	[ "$(job_state "$1")" = "$2" ]
}

# wait_job JOB STATE [SECONDS]
wait_job()
{
	if [ -z "$1" ]; then
		fail "there is no job to wait for"
		return 0
	fi
	wait_until "${3:-30}" job_is "$1" "$2" ||
		fail "job $1 is $(job_state "$1") ($(job_field "$1" Reason)), not $2, after ${3:-30} s"
}

# expect_field JOB FIELD WANTED
expect_field()
{
	expect_eq "$(job_field "$1" "$2")" "$3" "job $1 $2"
}

# job_output JOB: what its batch script wrote; the job must have ended
job_output()
{
	cat "$CLUSTER/home/$1.out" 2> /dev/null || true
}

cancel_all()
{
	scancel --quiet --state=PENDING --user=root || true
	scancel --quiet --full --signal=KILL --user=root || true
	scancel --quiet --user=root || true
	wait_for 30 no_jobs
}

no_jobs()
{
	[ -z "$(squeue -h -t PD,R,CG,CF,S -o %i)" ]
}

# as_user USER CMD...: with no other groups
as_user()
{
	local user=$1
	shift
	(cd "$CLUSTER/home" && at setpriv --reuid "$user" --regid "$(at id -g "$user")" --clear-groups "$@")
}

# build_client NAME DIR: DIR/NAME, from NAME.c, which speaks Slurm's protocol by Slurm's own library
build_client()
{
	${CC:-cc} -std=c11 -D_GNU_SOURCE -O2 -I"$BUILD/compat-include" \
		-isystem "$(make -s -C "$BUILD" print-SLURM_SOURCE)" -o "$2/$1" "$CLUSTER_TESTS/$1.c" \
		"$BASE_PLUGIN_DIR/libslurmfull.so" -Wl,-rpath,"$BASE_PLUGIN_DIR"
}

# rest METHOD PATH [JSON]: ask slurmrestd as the user nobody, who is the one it serves
rest()
{
	local data=()
	[ $# -lt 3 ] || data=(-H 'Content-Type: application/json' --data-binary "$3")
	as_user nobody curl -sS --unix-socket "$CLUSTER/rest/rest.sock" -X "$1" "${data[@]}" "http://localhost$2"
}

# ---------------------------------------------------------------- the cluster

. "$CLUSTER_TESTS/daemons.sh"

cleanup()
{
	local rc=${1:-$?}
	trap '' EXIT INT TERM HUP
	if [ -n "$test_name" ]; then
		test_failed=yes
		diag "the script ended early, in '$test_name', with $rc"
		end_case
		echo "$tests_passed passed, $tests_failed failed"
		[ $rc -ne 0 ] || rc=1
	fi
	cluster_stop
	if [ -n "${WEFT_KEEP:-}" ]; then
		diag "left behind: $CLUSTER_TOP"
	else
		rm -rf "$CLUSTER_TOP"
	fi
	exit $rc
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
