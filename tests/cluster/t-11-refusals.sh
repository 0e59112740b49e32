#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Bad input: each kind is refused with a message that says what and where, and slurmctld goes on.
. "$(dirname "$0")/lib.sh"

cluster_nodes <<END
h[1-2]  gpu:h100:8  Feature=ib
a1      gpu:a100:8
n1      gpu:h20:8
as1     npu:910b3:8
z1      gpu:zx9000:4
c1      -
END
CLUSTER_PARTITIONS="PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=old Nodes=a1 MaxTime=60 State=UP"
cluster_start
ctld_pid=$(pgrep -x slurmctld)

# says_no MESSAGE SBATCH_ARG...: sbatch is refused with just this line
says_no()
{
	local message=$1
	shift
	submit_refused -t 1 "$@" --wrap true
	expect_line "$output" "sbatch: error: $message"
}

# accel_says_no MESSAGE REQUEST: what is wrong is seen by sbatch; slurmctld says the same of a request that comes to it
# without passing sbatch's check
accel_says_no()
{
	says_no "--accel: $1" --accel="$2"
	WEFT_ACCEL=$2 says_no "weft: --accel: $1"
}

# all_say_no MESSAGE ARG...: sbatch, srun and salloc
all_say_no()
{
	local message=$1 command
	shift
	says_no "$message" "$@"
	for command in srun salloc; do
		refused $command -t 1 "$@" true
		expect_line "$output" "$command: error: $message"
	done
}

test_case "unknown names, with the nearest known one and the column in the user's own text"
all_say_no 'weft: --accel: unknown model "h10" at column 3; did you mean h100?' --accel=8:h10
all_say_no 'weft: --accel: unknown model "nvidai" at column 1; did you mean nvidia?' --accel=nvidai
all_say_no 'weft: --accel: unknown model "h10" at column 14; did you mean h100?' --accel='8xh100 | 8 x h10'
all_say_no 'weft: --accel: unknown model "zzzz" at column 4' --accel=16:zzzz
says_no 'weft: --accel: unknown model "gpx" at column 3; did you mean gpu?' --accel=8:gpx
says_no 'weft: --accel: unknown model "nvdia" at column 7; did you mean nvidia?' --accel=8:amd/nvdia,mem\>=64G

test_case "unknown units, conditions and number formats"
accel_says_no '"64" at column 8 needs a unit, for example 64G' '8,mem>=64'
accel_says_no 'unknown unit "X" in "64X" at column 8; mem takes M, G or T' '8,mem>=64X'
accel_says_no 'unknown option "speed" at column 3' '8,speed>=3T'
accel_says_no 'unknown option "pernod" at column 8; did you mean per-node?' '8:h100,pernod=4'
accel_says_no 'unknown number format "bf61" at column 4; did you mean bf16?' 2P@bf61
accel_says_no 'unknown comparison "!=" at column 6; use >=, >, <=, < or =' '8,mem!=64G'

test_case "counts that cannot be"
accel_says_no 'the count 0 at column 1 is not allowed; it may be 1 to 1000000' 0:h100
accel_says_no 'the count 9999999 at column 1 is not allowed; it may be 1 to 1000000' 9999999:h100
accel_says_no 'the count 99999999999999999999 at column 1 is not allowed; it may be 1 to 1000000' \
	99999999999999999999:h100
accel_says_no '"-1" at column 1 is not a count; a count is a whole number from 1 to 1000000' -1:h100
accel_says_no '"8.5" at column 1 is not a count; a count is a whole number from 1 to 1000000' 8.5:h100
accel_says_no 'per-node takes a whole number from 1 to 1000000, not "0", at column 17' 8:h100,per-node=0
accel_says_no 'nodes=4-2 at column 9: the smaller number comes first' 8,nodes=4-2

test_case "texts that are no request"
says_no '--accel: the request is empty' --accel=
says_no '--accel: the request is empty' --accel='  '
accel_says_no 'an option is missing at column 8' 8:h100,
accel_says_no 'a ":" is missing before "h100" at column 3' '8 h100'
accel_says_no 'count comes first: write 8:h100, at column 1' h100:8
accel_says_no 'a name has no gres prefix: write 8:h100 in place of gpu:h100:8, at column 1' gpu:h100:8
accel_says_no 'empty alternative at column 8' '8:h100|'

test_case "control characters, other alphabets, and 100 kB of text"
accel_says_no 'control character 0x1b at column 5' $'8:h1\e[31m00'
accel_says_no 'control character 0x07 at column 7' $'8:h100\a'
accel_says_no 'byte 0xe2 at column 11 is not ASCII' '8:h100,mem≥80G'
long=$(printf '%0100000d' 8)
accel_says_no 'the request has 100000 bytes; at most 4096 are allowed' "$long"
many=$(printf '1:h100|%.0s' {1..17})1:h100
accel_says_no 'more than 16 alternatives at column 113' "$many"

test_case "a request that contradicts itself"
all_say_no 'weft: --accel: mem>=80G at column 3 and mem<40G at column 14 contradict each other' \
	--accel='8,mem >= 80G,mem<40G'
says_no 'weft: --accel: 8 cards on 16 nodes: each node needs at least one' --accel=8:h100,nodes=16
says_no 'weft: --accel: 8 cards with 3 on each node: 8 is not a multiple of 3' --accel=8:h100,per-node=3
says_no 'weft: --accel: 8 cards on 3 nodes with 4 on each: 3 x 4 is 12' --accel=8:h100,per-node=4,nodes=3

test_case "a request that no node can ever meet: by how much"
all_say_no 'weft: --accel: no node has 16 cards with mem>=100G; the largest is h20: 96G' --accel='16,mem>=100G'
all_say_no 'weft: --accel: there are 16 h100 in all; 24 are asked for' --accel=24:h100
says_no 'weft: --accel: no node has 8 cards with tdp<=5W; the smallest is a100: 250W' --accel='8:any,tdp<=5W'
says_no 'weft: --accel: there are 16 h100 in all; 4E@bf16 takes 5292' --accel=4E@bf16
says_no 'weft: --accel: no node has 16 h100; the most is 8' --accel=16:h100,nodes=1
says_no 'weft: --accel: no node has 16 h100; the most is 8' --accel=16:h100 -N 1
says_no 'weft: --accel: no node has 16 h100; the most is 8' --accel=16:h100,per-node=16
says_no 'weft: --accel: 3 nodes with h100 are asked for; there are 2' --accel=3:h100,nodes=3
says_no 'weft: --accel: 3 nodes with h100 are asked for; there are 2' --accel=8:h100 -N 3
says_no 'weft: --accel: no node has mi300x; there is 910b3, a100, h100, h20 and zx9000' --accel=8:mi300x
says_no 'weft: --accel: no node has amd or intel; there is 910b3, a100, h100, h20 and zx9000' --accel=8:amd/intel
says_no 'weft: --accel: alternative 1 (24:h100): there are 16 h100 in all; 24 are asked for; alternative 2 (16:a100):'\
' there are 8 a100 in all; 16 are asked for; alternative 3 (9:910b): there are 8 910b3 in all; 9 are asked for' \
	--accel='24xh100|16xa100|9x910b'
expect_line "$output" "sbatch: error: Batch job submission failed: Requested node configuration is not available"

test_case "a figure that nobody knows, or that the type leaves open"
says_no 'weft: --accel: the bf16 of 910b3 is not known' --accel=2P@bf16:910b
says_no 'weft: --accel: a100 may have 40G to 80G: set Class=gpu:a100 Model=... in weft.conf' --accel='8:a100,mem>=64G'

test_case "nodes that the job may not use"
says_no 'weft: --accel: no node of partition old has h100; nodes outside of it do' --accel=8:h100 -p old
says_no 'weft: --accel: partition old has 8 a100 in all; 9 are asked for' --accel=9:a100 -p old
not_there="Batch job submission failed: Requested node configuration is not available"
says_no "$not_there" --accel=8:h100 -w a1
says_no "$not_there" --accel=16:h100 -x h1
says_no "$not_there" --accel=8:a100 -C ib
says_no 'Batch job submission failed: Invalid feature specification' --accel=8:h100 -C nosuch

test_case "cards asked for twice"
all_say_no 'weft: --accel asks for all of the job'\''s cards; "gpu:1" asks for them a second time' \
	--accel=8:h100 --gres=gpu:1
all_say_no 'weft: --accel asks for all of the job'\''s cards; "gpu:4" asks for them a second time' \
	--accel=8:h100 --gpus=4
all_say_no 'weft: --accel asks for all of the job'\''s cards; "npu:910b3:2" asks for them a second time' \
	--accel=8:h100 --gres=npu:910b3:2
says_no 'weft: --accel asks for all of the job'\''s cards; "gpu:4" asks for them a second time' \
	--accel=8:h100 --gpus-per-node=4
one=gpu:1
! release_at_least 23.11 || one=gpu=1
says_no "weft: --accel asks for all of the job's cards; \"$one\" asks for them a second time" \
	--accel=8:h100 --gpus-per-task=1 -n 8

test_case "Slurm's own commands do not take memory and tasks for each card together with --accel"
says_no 'Invalid generic resource (gres) specification' --accel='8:h100|8:910b3' --mem-per-gpu=1G
says_no 'Invalid generic resource (gres) specification' --accel='8:h100|8:910b3' --ntasks-per-gpu=1

test_case "how many nodes a job is spread over is in the request"
says_no 'weft: --spread-job does not go with --accel; use per-node= or nodes= in the request' --accel=11:h100 --spread-job

test_case "--accel-policy and --accel-app"
all_say_no '--accel-policy: there is no --accel to apply it to' --accel-policy=fast
all_say_no '--accel-policy: unknown policy "quick"; it may be soon, listed or fast' --accel=8 --accel-policy=quick
says_no '--accel-policy: unknown policy "son"; did you mean soon?' --accel=8 --accel-policy=son
says_no '--accel-policy: fast and soon are two policies; choose one' --accel=8 --accel-policy=fast,soon
says_no '--accel-policy: a policy is missing; write soon, listed or fast' --accel=8 --accel-policy=
all_say_no '--accel-app: there is no --accel to apply it to' --accel-app=resnet
all_say_no 'weft: --accel-app: unknown table "nosuch"' --accel=8 --accel-app=nosuch
says_no '--accel-app: ./nosuch: No such file or directory' --accel=8 --accel-app=./nosuch
says_no '--accel-app: /dev/null: not a regular file' --accel=8 --accel-app=/dev/null
printf 'h100 1\na100 0.5\nH100 2\n' > "$CLUSTER/home/rates"
says_no "--accel-app: $CLUSTER/home/rates:3: h100 is listed twice" --accel=8 --accel-app="$CLUSTER/home/rates"
says_no 'weft: --accel-app: the rate "fast" of h100 at column 6 is not a positive number' \
	--export=ALL,WEFT_ACCEL=8:h100,WEFT_ACCEL_APP==h100=fast

test_case "an #SBATCH line, a comment, a step, an ordinary user"
printf '#!/bin/sh\n#SBATCH --accel="8:h10"\n' > "$CLUSTER/home/job.sh"
submit_refused "$CLUSTER/home/job.sh"
expect_line "$output" 'sbatch: error: weft: --accel: unknown model "h10" at column 3; did you mean h100?'
submit_refused -t 1 --comment='accel=8:h10; accel-policy=fast' --wrap true
expect_line "$output" 'sbatch: error: weft: --accel: unknown model "h10" at column 3; did you mean h100?'
refused srun -t 1 --comment='accel=8:h100' true
expect_line "$output" "srun: error: weft: only a batch job may have its request in a comment; use --accel"
refused salloc -t 1 --accel=h100 srun --accel=h100 true
expect_line "$output" "srun: error: --accel asks for a job's cards; inside a job use --gres or --gpus"
refused as_user nobody sbatch -t 1 --accel=8:h10 --wrap true
expect_line "$output" 'sbatch: error: weft: --accel: unknown model "h10" at column 3; did you mean h100?'

test_case "nothing of it became a job that could run"
# Those that Slurm itself refused for their nodes it keeps for a while, as failed.
expect_eq "$(squeue -h -t all -o '%T %j' | sort | uniq -c | sed 's/^ *//' | paste -sd' ')" \
	"1 FAILED interactive 3 FAILED wrap" "jobs"

test_case "a gres type that the catalogue does not know is scheduled by its name"
submit -t 1 --accel=4:zx9000 --wrap 'echo "$SLURMD_NODENAME $WEFT_MODEL $WEFT_VENDOR."'
wait_job "$JOB" COMPLETED
expect_line "$(job_output "$JOB")" "z1 zx9000 ."
submit -t 1 --accel='3:ZX9000' --wrap 'echo "$SLURMD_NODENAME"'
wait_job "$JOB" COMPLETED
expect_line "$(job_output "$JOB")" z1
submit -t 1 --accel='8:any | 4:zx9000' -w z1 --wrap 'echo "$SLURMD_NODENAME"'
wait_job "$JOB" COMPLETED
expect_line "$(job_output "$JOB")" z1
says_no 'weft: --accel: the mem of zx9000 is not known' --accel='4:zx9000,mem>=1G'
says_no 'weft: --accel: there are 4 zx9000 in all; 8 are asked for' --accel=8:zx9000

test_case "the log tells of it once, whatever is reconfigured"
warning='weft: gres type "gpu:zx9000" is not in the catalogue: it is scheduled by its name only'
starts=1
for _ in 1 2 3; do
	ok scontrol reconfigure
	wait_for 30 ctld_up
	! release_at_least 23.11 || starts=$((starts + 1)) # there it starts a new process
done
wait_for 30 nodes_up
submit -t 1 --accel=4:zx9000 --wrap true
wait_job "$JOB" COMPLETED
expect_eq "$(ctld_log 'gres type "' | grep -cF "$warning")" $starts "warnings"
expect_eq "$(ctld_log 'gres type "' | wc -l)" $starts "warnings of any type"

test_case "slurmctld is as it was, and complains of nothing else"
release_at_least 23.11 || expect_eq "$(pgrep -x slurmctld)" "$ctld_pid" "slurmctld's process"
usual='state (save )?file|mpi/|MPI: |slurm_send_node_msg|gres type "gpu:zx9000"'
expect_eq "$(ctld_log ' (error|fatal): ' | grep -vE "$usual")" "" "errors"
expect_match "$(ctld_log 'weft: refused')" \
	'weft: refused for uid 0: --accel: there are 16 h100 in all; 24 are asked for$' "the log"
finish
