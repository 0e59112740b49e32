#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# demo.sh BUILD: the part of ./demo that has a cluster.
. "$(dirname "$0")/lib.sh"

# One gres name for most vendors, and the vendors' own names for three, as sites have it.
cluster_nodes <<END
nv[1-2]  gpu:h100:8
nva[1-2] gpu:a100-sxm4-80gb:8
amd1     gpu:mi300x:8
intel1   gpu:max-1550:6
mt1      gpu:s4000:8
ilu1     gpu:bi-v150:8
metax1   gpu:c500-oam:8
as[1-2]  npu:910b3:8
cam1     mlu:mlu370-x8:8
hyg1     dcu:k100:8
END

bold=
plain=
if [ -t 1 ]; then
	bold=$(printf '\033[1m')
	plain=$(printf '\033[0m')
fi

say()
{
	printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

# Show a command as a user would type it, and what it prints.
show()
{
	printf '  $ %s\n' "$(printf ' %q' "$@" | sed -E "s/^ //; s/\\\\([|,=:>@])/\\1/g")"
	run "$@"
	[ -z "$output" ] || printf '%s\n' "$output" | sed 's/^/    /'
}

jobs=()
declare -A asked

# What the jobs print: the environment that their vendor uses.
print="env | grep -E '_VISIBLE_|WEFT_(VENDOR|MODEL|DEVICES)|ZE_AFFINITY' | sort"

# want SECONDS SBATCH_OPTION...: submit a job that runs so long
want()
{
	local seconds=$1 option text=
	shift
	for option in "$@"; do
		case $option in
		--wrap=*) ;;
		*=*[\ \|\>]*) text+=" ${option%%=*}=\"${option#*=}\"" ;;
		*) text+=" $option" ;;
		esac
	done
	run sbatch --parsable -D "$CLUSTER/home" -o "$CLUSTER/home/%j.out" -J demo "$@" --wrap "$print; sleep $seconds"
	printf '  $ sbatch%s\n' "$text"
	printf '%s\n' "$output" | sed 's/^/    /'
	if [ $status -eq 0 ]; then
		JOB=${output##*$'\n'}
		jobs+=("$JOB")
		asked[$JOB]=$text
	fi
}

# What became of the jobs so far.
table()
{
	local job
	printf '\n  %s%-4s %-10s %-14s %-22s %s%s\n' "$bold" JOB STATE NODES CARDS "WHY" "$plain"
	for job in "${jobs[@]}"; do
		printf '  %-4s %-10s %-14s %-22s %s\n' "$job" "$(job_state "$job")" \
			"$(job_field "$job" NodeList | sed 's/(null)/-/')" \
			"$(job_field "$job" TresPerNode | sed 's/gres[:/]//g')" \
			"$(job_field "$job" SystemComment)"
	done
}

say "A cluster with the cards of ten vendors"
cluster_start
show sinfo -N -o '%8N %20G %6t'

say "Any of three vendors, each card with at least 64 GiB: sixteen cards, whoever made them"
want 20 --accel=16:nvidia/amd/ascend,mem\>=64G

say "Another number of cards for each alternative"
want 20 --accel='8xh100 | 16xa100 | 16x910b'
want 20 --accel='8xh100 | 16xa100 | 16x910b'

say "Two PFLOPS of dense bf16, however many cards that is"
want 20 --accel=2P@bf16

say "The order that the user gave, not the speed"
want 20 --accel='8xmlu370 | 8xk100' --accel-policy=listed

say "One job over the cards of two vendors at once"
print="srun -Q sh -c 'echo \$SLURMD_NODENAME: \$WEFT_MODEL, \$WEFT_VISIBLE_ENV=\$WEFT_DEVICES, weight \$WEFT_WEIGHT' | sort"
want 20 --accel=16:amd/mthreads,mix=vendors
print=true

say "Mistakes are explained at once"
want 1 --accel=8xh10
want 1 --accel='16:any,mem>=300G'
want 1 --accel=16:nvidia/ascend,mix=vendors

wait_until 10 job_is "${jobs[-1]}" RUNNING || true
sleep 2
say "What happened, and why"
table

say "What the first jobs found in their environment"
for JOB in "${jobs[@]}"; do
	printf '  job %s:%s\n' "$JOB" "${asked[$JOB]}"
	job_output "$JOB" | sed 's/^/    /'
done

say "Cleaning up"
cancel_all
test_name=
