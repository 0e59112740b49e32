#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every form of a request runs on the nodes it names, with the cards it counts: on a cluster with one gres name for all
# vendors, and on one with a name for each.
. "$(dirname "$0")/lib.sh"

# What a job holds, as the job itself sees it: "h1=gpu:h100:8 h2=gpu:h100:8".
show_cards=$(cat <<'END'
scontrol show job -d $SLURM_JOB_ID |
	sed -n 's/^ *Nodes=\([^ ]*\) .* GRES=\([^ (]*\).*/\1 \2/p' |
	while read -r names cards; do
		for name in $(scontrol show hostnames $names); do echo $name=$cards; done
	done | sort | paste -sd' '
END
)

# gets REQUEST CARDS [SBATCH_ARG...]: on an empty cluster the job holds just CARDS, a regular expression
gets()
{
	local request=$1 cards=$2
	shift 2
	submit --accel="$request" -t 10 "$@" --wrap "$show_cards"
	wait_job "$JOB" COMPLETED
	expect_match "$(job_output "$JOB")" "^$cards\$" "cards of $request"
}

# asks FIELD WANTED: how the last job asks Slurm for its cards
asks()
{
	expect_field "$JOB" "$1" "$2"
}

# How many cards the last job held in all.
total()
{
	job_output "$JOB" | tr ' ' '\n' | awk -F: '{ n += $NF } END { print n }'
}

# Where the separator of a TRES string is ':' up to 22.05 and '/' since.
gres()
{
	if release_at_least 23.02; then echo "gres/$1"; else echo "gres:$1"; fi
}

one_name_for_all()
{
	cluster_nodes <<-END
	h[1-2]   gpu:h100:8
	a[1-2]   gpu:a100-sxm4-80gb:8
	m[1-4]   gpu:mi300x:8
	i1       gpu:max-1550:6
	as[1-4]  gpu:910b3:8
	c1       gpu:mlu370-x8:4
	d1       gpu:k100-ai:4
	t1       gpu:s4000:8
	il1      gpu:bi-v150:4
	mx1      gpu:c500:8
	END
	cluster_start
}

one_name_each()
{
	CLUSTER_WEFT_CONF='Class=hpu Model=gaudi2'
	cluster_nodes <<-END
	h[1-2]   gpu:h100:8
	m1       gpu:mi300x:8
	as[1-2]  npu:910b3:8
	c1       mlu:mlu370-x8:4
	d1       dcu:k100-ai:4
	g1       hpu:8
	END
	cluster_again
}

models()
{
	test_case "$1: a model, in every spelling of a count"
	local request
	for request in '8:h100' '8xh100' '8 x H100' ' 8 * h100 '; do
		gets "$request" 'h[12]=gpu:h100:8'
	done
	asks TresPerNode "$(gres gpu:h100:8)"
	gets h100 'h[12]=gpu:h100:1'

	test_case "$1: a vendor, an alias of one, a family"
	gets 8:huawei "as[1-4]=$npu:910b3:8"
	gets 16x910b "as[1-4]=$npu:910b3:8 as[1-4]=$npu:910b3:8"
	gets 4:Cambricon "c1=$mlu:mlu370-x8:4"
	gets 3xMLU370 "c1=$mlu:mlu370-x8:3"
	gets 2:hygon "d1=$dcu:k100-ai:2"
}

cluster_of_one_name()
{
	npu=gpu mlu=gpu dcu=gpu
	models "one name"

	test_case "one name: the vendors that are less often seen"
	gets 6:intel i1=gpu:max-1550:6
	gets 2:pvc i1=gpu:max-1550:2
	gets 8:musa t1=gpu:s4000:8
	gets 4xbi-v150 il1=gpu:bi-v150:4
	gets 8:metax mx1=gpu:c500:8

	test_case "one name: a set of vendors gives the fastest of them"
	gets '16:nvidia/amd/ascend,mem>=64G' 'm[1-4]=gpu:mi300x:8 m[1-4]=gpu:mi300x:8'
	expect_eq "$(job_field "$JOB" SystemComment)" \
		"weft: 16 gpu:mi300x on 2 nodes (alternative 1 of 1, policy soon)" "SystemComment"
	gets '4:910b1/910b3' as[1-4]=gpu:910b3:4
	gets '4:gpu,mem<=48G' t1=gpu:s4000:4

	test_case "one name: a count for each alternative"
	gets '8xh100 | 16xa100 | 16x910b' 'h[12]=gpu:h100:8' --accel-policy=listed
	gets '8xh100 | 16xa100 | 16x910b' 'a1=gpu:a100-sxm4-80gb:8 a2=gpu:a100-sxm4-80gb:8' \
		--accel-policy=listed -x h1,h2
	gets '8xh100 | 16xa100 | 16x910b' 'as[1-4]=gpu:910b3:8 as[1-4]=gpu:910b3:8' \
		--accel-policy=listed -x h1,h2,a2
	gets '64:h100 | 3:k100-ai' d1=gpu:k100-ai:3
	asks TresPerNode "$(gres gpu:k100-ai:3)"

	test_case "one name: predicates"
	gets '4:any,bf16>=300T,tdp<=400W' 'a[12]=gpu:a100-sxm4-80gb:4'
	gets '*,mem >= 80 GiB, bw > 2 TB/s' 'm[1-4]=gpu:mi300x:1'
	gets '4:nvidia,tdp<=0.4kW' 'a[12]=gpu:a100-sxm4-80gb:4'
	gets '8,bf16>=300TFLOPS' 'm[1-4]=gpu:mi300x:8'
	gets '2:any,mem=48G,bw<700G' c1=gpu:mlu370-x8:2
	gets '2:nvidia,fp8>=4P | 2,mem>100G,mem<192G' i1=gpu:max-1550:2

	test_case "one name: a number alone"
	gets 8 'm[1-4]=gpu:mi300x:8'
	gets 8:any 'm[1-4]=gpu:mi300x:8'

	test_case "one name: an amount of compute"
	gets 2P@bf16:h100 'h[12]=gpu:h100:3'
	gets 2P@bf16:amd 'm[1-4]=gpu:mi300x:2'
	gets 2P@bf16:nvidia/ascend 'a[12]=gpu:a100-sxm4-80gb:7'
	gets 2P@bf16:h100,per-node=2 'h1=gpu:h100:2 h2=gpu:h100:2'
	gets 300T@fp16:ascend as[1-4]=gpu:910b3:1
	gets 2P@bf16 'a[12]=gpu:a100-sxm4-80gb:7'

	test_case "one name: cards on each node, and numbers of nodes"
	gets 32:mi300x,per-node=8 'm1=gpu:mi300x:8 m2=gpu:mi300x:8 m3=gpu:mi300x:8 m4=gpu:mi300x:8'
	gets 16:910b,nodes=2-4 'as[1-4]=gpu:910b3:8 as[1-4]=gpu:910b3:8'
	gets 16:h100,per_node=8 'h1=gpu:h100:8 h2=gpu:h100:8'
	gets 4:910b,pernode=1 'as1=gpu:910b3:1 as2=gpu:910b3:1 as3=gpu:910b3:1 as4=gpu:910b3:1'
	gets 8:910b,nodes=4 'as1=gpu:910b3:2 as2=gpu:910b3:2 as3=gpu:910b3:2 as4=gpu:910b3:2'
	gets 9:910b,nodes=2-4 'as[1-4]=gpu:910b3:3 as[1-4]=gpu:910b3:3 as[1-4]=gpu:910b3:3'

	test_case "one name: --nodes and --ntasks together with --accel"
	gets 8:h100 'h1=gpu:h100:4 h2=gpu:h100:4' -N 2
	gets 9:910b 'as[1-4]=gpu:910b3:3 as[1-4]=gpu:910b3:3 as[1-4]=gpu:910b3:3' -N 2-3
	gets 16:h100 'h1=gpu:h100:8 h2=gpu:h100:8' --ntasks-per-node=8
	asks NumTasks 16
	gets 16:mi300x 'm[1-4]=gpu:mi300x:8 m[1-4]=gpu:mi300x:8' -n 16 -c 2
	asks NumCPUs 32

	test_case "one name: a number that the nodes do not divide"
	gets 3:h100 'h[12]=gpu:h100:3'
	gets 12:h100 'h1=gpu:h100:6 h2=gpu:h100:6'
	gets 9:h100 'h1=gpu:h100:[1-8] h2=gpu:h100:[1-8]'
	asks TresPerJob "$(gres gpu:h100:9)"
	asks NumNodes 2
	expect_eq "$(total)" 9 "cards on both nodes"
	gets 17:910b,nodes=3 'as[1-4]=gpu:910b3:[1-8] as[1-4]=gpu:910b3:[1-8] as[1-4]=gpu:910b3:[1-8]'
	expect_eq "$(total)" 17 "cards on three nodes"

	test_case "one name: features, node lists and node sizes bound the choice"
	gets '8:nvidia/amd' 'h2=gpu:h100:8' -w h2
	gets '8:any' 'mx1=gpu:c500:8' -w mx1
	gets '2:any' 'd1=gpu:k100-ai:2' -x 'h[1-2],a[1-2],m[1-4],i1,as[1-4],c1,t1,il1,mx1'

	commands "one name" 'm[1-4]=gpu:mi300x'
}

# The same in a #SBATCH line, from srun and from salloc.
commands()
{
	local fastest=$2

	test_case "$1: #SBATCH lines"
	cat > "$CLUSTER/home/job.sh" <<-END
	#!/bin/bash
	#SBATCH --accel="2:nvidia/amd/ascend, mem >= 64G"
	#SBATCH --accel-policy="fast"
	#SBATCH --time=10
	$show_cards
	END
	submit "$CLUSTER/home/job.sh"
	wait_job "$JOB" COMPLETED
	expect_match "$(job_output "$JOB")" "^$fastest:2\$"
	submit --accel=3xmlu370-x8 "$CLUSTER/home/job.sh"
	wait_job "$JOB" COMPLETED
	expect_line "$(job_output "$JOB")" "c1=$mlu:mlu370-x8:3" "the command line goes before the #SBATCH line"

	test_case "$1: srun"
	ok srun -D "$CLUSTER/home" -t 10 --accel='8xh100' bash -c "$show_cards"
	expect_match "$output" '^h[12]=gpu:h100:8$'
	ok srun -D "$CLUSTER/home" -t 10 -n 2 -l --accel='16:910b' hostname
	expect_eq "$(printf '%s\n' "$output" | sort | paste -sd' ')" "0: $CLUSTER_HOST 1: $CLUSTER_HOST" "tasks"

	test_case "$1: salloc, and srun in it"
	ok salloc -D "$CLUSTER/home" -t 10 --accel='2:hygon | 2:h100' --accel-policy=listed \
		bash -c "$show_cards; srun sh -c 'echo step on \$SLURMD_NODENAME'"
	expect_line "$output" "d1=$dcu:k100-ai:2"
	expect_line "$output" "step on d1"
}

cluster_of_many_names()
{
	npu=npu mlu=mlu dcu=dcu
	models "many names"

	test_case "many names: alternatives across names"
	gets '16:nvidia/ascend,mem>=64G' 'h1=gpu:h100:8 h2=gpu:h100:8'
	gets '16:nvidia/ascend,mem>=64G' 'as1=npu:910b3:8 as2=npu:910b3:8' -x h1
	asks TresPerNode "$(gres npu:910b3:8)"
	gets '12xh100 | 4xmlu370 | 4:dcu' 'd1=dcu:k100-ai:4' -x h1,c1
	gets '9:ascend | 1:amd' 'as1=npu:910b3:[1-8] as2=npu:910b3:[1-8]' --accel-policy=listed
	asks TresPerJob "$(gres npu:910b3:9)"
	gets '9:ascend | 1:amd' m1=gpu:mi300x:1 --accel-policy=listed -x as2

	test_case "many names: a gres name, and a name without types"
	gets 4:npu 'as[12]=npu:910b3:4'
	gets 2:dcu/mlu 'd1=dcu:k100-ai:2'
	gets 8:gaudi2 g1=hpu:8
	gets '2:hpu,mem>=96G' g1=hpu:2
	asks TresPerNode "$(gres hpu:2)"
	gets '1P@bf16:habana' g1=hpu:3

	test_case "many names: predicates and compute look at all names"
	gets '4:any,mem<=48G' c1=mlu:mlu370-x8:4
	gets '500T@bf16:dcu/hpu,mem<96G' d1=dcu:k100-ai:3
	gets 8 m1=gpu:mi300x:8

	test_case "many names: processors for each card are refused"
	if release_at_least 24.11; then # its commands take --cpus-per-gpu together with --gpus only
		submit_refused --accel=4:h100 --cpus-per-gpu=2 --wrap true
		expect_line "$output" "sbatch: error: Requested cpus_per_tres=gres/gpu:2 but did not request any GPU."
	else
		submit_refused --accel=4:h100 --cpus-per-gpu=2 --wrap true
		expect_line "$output" \
			"sbatch: error: weft: --cpus-per-gpu does not go with --accel; use --cpus-per-task"
	fi

	commands "many names" m1=gpu:mi300x
}

# What slurmctld complained of since it was up.
no_errors()
{
	test_case "$1: slurmctld has nothing to complain of"
	expect_eq "$(ctld_log ' (error|fatal): ' | grep -vE 'state (save )?file|mpi/|MPI: |slurm_send_node_msg')" "" \
		"errors"
}

one_name_for_all
cluster_of_one_name
no_errors "one name"
one_name_each
cluster_of_many_names
no_errors "many names"
finish
