#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a task finds in its environment: its vendor's variables, and nobody else's.  In batch scripts, steps, tasks with cards of
# their own, salloc; on clusters with one gres name for all vendors and with one for each.
. "$(dirname "$0")/lib.sh"

# One line with every variable by which some vendor's runtime finds its cards, in alphabetical order.
all_vars=$(grep -oE '"(visible|other)_env": *\[[^]]*\]' "$DATA_DIR/catalogue.json" | grep -oE '"[A-Z_]+"' | tr -d '"' | sort -u)
show="env | grep -E '^($(echo $all_vars | tr ' ' '|')|WEFT_(VENDOR|MODEL|DEVICES))=' | sort | paste -sd' '"

# sorted TEXT: its lines in order, since tasks write in any
sorted()
{
	printf '%s\n' "$1" | sort
}

# in_batch EXPECTED SBATCH_OPTION...
in_batch()
{
	local expected=$1
	shift
	submit -t 5 "$@" --wrap "$show"
	wait_job "$JOB" COMPLETED
	expect_eq "$(job_output "$JOB")" "$expected" "environment of $*"
}

cluster_nodes <<END
nv1  gpu:h100:8
am1  gpu:mi300x:8
in1  gpu:max-1550:8
as1  gpu:910b3:8
ca1  gpu:mlu370-x8:8
hy1  gpu:k100-ai:8
mt1  gpu:s4000:8
il1  gpu:bi-v150:8
me1  gpu:c500-oam:8
ku1  gpu:p800:8
bi1  gpu:br104:8
en1  gpu:s60:8
ha1  gpu:gaudi2:8
th1  gpu:hanguang-800:8
aw1  gpu:inferentia2:8
END
cluster_start

# environment DEVICES MODEL VENDOR VARIABLE...: what SHOW prints of it
environment()
{
	local devices=$1 model=$2 vendor=$3
	shift 3
	printf '%s\n' "${@/%/=$devices}" "WEFT_DEVICES=$devices" "WEFT_MODEL=$model" "WEFT_VENDOR=$vendor" | sort | paste -sd' '
}

# with_all CMD...: every variable is set, as if the user had other plans
with_all()
{
	env $(printf '%s=7 ' $all_vars) "$@"
}

expect_eq "$(echo "$all_vars" | wc -l)" 19 "variables in the catalogue"
while read -r -u 3 model vendor vars; do # salloc reads the standard input
	test_case "$vendor: batch, step, a card for each task, salloc; all other variables are unset"
	# shellcheck disable=SC2086 # words
	{
		both=$(environment 0,1 "$model" "$vendor" $vars)
		each="$(environment 0 "$model" "$vendor" $vars)
$(environment 1 "$model" "$vendor" $vars)"
	}
	JOB=$(with_all sbatch --parsable -D "$CLUSTER/home" -o "$CLUSTER/home/%j.out" -t 5 -n 2 --accel="2:$model" \
		--wrap "$show; srun -Q -n1 sh -c \"$show\"; srun -Q -n2 --gpus-per-task=1 sh -c \"$show\" | sort")
	wait_job "$JOB" COMPLETED
	expect_eq "$(job_output "$JOB")" "$both
$both
$each"
	ok with_all salloc -Q -t 5 --accel="2:$model" srun -Q sh -c "$show"
	expect_eq "$output" "$both" "in salloc"
done 3<<END
h100 nvidia CUDA_VISIBLE_DEVICES
mi300x amd ROCR_VISIBLE_DEVICES
max-1550 intel ZE_AFFINITY_MASK
910b3 ascend ASCEND_RT_VISIBLE_DEVICES
mlu370-x8 cambricon MLU_VISIBLE_DEVICES
k100-ai hygon HIP_VISIBLE_DEVICES
s4000 mthreads MUSA_VISIBLE_DEVICES
bi-v150 iluvatar CUDA_VISIBLE_DEVICES ILUVATAR_VISIBLE_DEVICES
c500-oam metax CUDA_VISIBLE_DEVICES MACA_VISIBLE_DEVICES
p800 kunlunxin CUDA_VISIBLE_DEVICES XPU_VISIBLE_DEVICES
br104 biren SUPA_VISIBLE_DEVICES
s60 enflame TOPS_VISIBLE_DEVICES
gaudi2 habana HABANA_VISIBLE_MODULES
hanguang-800 t-head CUDA_VISIBLE_DEVICES
END

test_case "aws, of which Weft sets nothing: the user's own variable stays, other vendors' go"
ok with_all srun -Q -t 5 --accel=2:inferentia2 sh -c "$show"
expect_eq "$output" "NEURON_RT_VISIBLE_CORES=7 WEFT_DEVICES=0,1 WEFT_MODEL=inferentia2 WEFT_VENDOR=aws"

test_case "a plain job has what Slurm gives it"
submit -t 5 --gres=gpu:910b3:2 --wrap "$show"
wait_job "$JOB" COMPLETED
expect_eq "$(job_output "$JOB")" \
	"CUDA_VISIBLE_DEVICES=0,1 GPU_DEVICE_ORDINAL=0,1 ROCR_VISIBLE_DEVICES=0,1 ZE_AFFINITY_MASK=0,1"

test_case "part of a node: two jobs have different cards"
submit -t 5 --accel=3:910b3 --wrap "$show; sleep 60"
first=$JOB
wait_job "$first" RUNNING
in_batch "ASCEND_RT_VISIBLE_DEVICES=3,4 WEFT_DEVICES=3,4 WEFT_MODEL=910b3 WEFT_VENDOR=ascend" --accel=2:910b3
expect_eq "$(job_output "$first")" "ASCEND_RT_VISIBLE_DEVICES=0,1,2 WEFT_DEVICES=0,1,2 WEFT_MODEL=910b3 WEFT_VENDOR=ascend"
cancel_all

test_case "steps of a batch job: all cards, some, none"
submit -t 5 -n 1 --accel=4:910b3 --wrap "srun -Q sh -c \"$show\"; srun -Q --gres=gpu:1 sh -c \"$show\"; srun -Q --gres=none sh -c \"$show\""
wait_job "$JOB" COMPLETED
expect_eq "$(job_output "$JOB" | sed -n 1p)" \
	"ASCEND_RT_VISIBLE_DEVICES=0,1,2,3 WEFT_DEVICES=0,1,2,3 WEFT_MODEL=910b3 WEFT_VENDOR=ascend"
expect_eq "$(job_output "$JOB" | sed -n 2p)" "ASCEND_RT_VISIBLE_DEVICES=0 WEFT_DEVICES=0 WEFT_MODEL=910b3 WEFT_VENDOR=ascend"
expect_eq "$(job_output "$JOB" | sed -n 3p)" "ASCEND_RT_VISIBLE_DEVICES= WEFT_DEVICES= WEFT_MODEL=910b3 WEFT_VENDOR=ascend"

test_case "tasks with cards of their own: --gpus-per-task, --gpu-bind"
submit -t 5 -n 2 --accel=4:910b3 --wrap "srun -Q -n2 --gpus-per-task=2 sh -c \"$show\""
wait_job "$JOB" COMPLETED
expect_eq "$(sorted "$(job_output "$JOB")" | sed 's/ .*//' | paste -sd' ')" \
	"ASCEND_RT_VISIBLE_DEVICES=0,1 ASCEND_RT_VISIBLE_DEVICES=2,3"
submit -t 5 -n 4 --accel=4:mi300x --wrap "srun -Q -n4 --gpu-bind=single:1 sh -c \"$show\""
wait_job "$JOB" COMPLETED
expect_eq "$(sorted "$(job_output "$JOB")" | sed 's/ .*//' | paste -sd' ')" \
	"ROCR_VISIBLE_DEVICES=0 ROCR_VISIBLE_DEVICES=1 ROCR_VISIBLE_DEVICES=2 ROCR_VISIBLE_DEVICES=3"
submit -t 5 -n 2 --accel=4:c500-oam --wrap "srun -Q -n2 --gpu-bind=map_gpu:2,0 sh -c \"$show\""
wait_job "$JOB" COMPLETED
expect_eq "$(sorted "$(job_output "$JOB")" | awk '{ print $1, $2 }' | paste -sd' ')" \
	"CUDA_VISIBLE_DEVICES=0 MACA_VISIBLE_DEVICES=0 CUDA_VISIBLE_DEVICES=2 MACA_VISIBLE_DEVICES=2"

test_case "srun with a job of its own, and salloc with srun"
run srun -t 5 --accel=2:mlu370-x8 sh -c "$show"
expect_line "$output" "MLU_VISIBLE_DEVICES=0,1 WEFT_DEVICES=0,1 WEFT_MODEL=mlu370-x8 WEFT_VENDOR=cambricon"
run salloc -t 5 --accel=2:s4000 srun sh -c "$show"
expect_line "$output" "MUSA_VISIBLE_DEVICES=0,1 WEFT_DEVICES=0,1 WEFT_MODEL=s4000 WEFT_VENDOR=mthreads"

test_case "a heterogeneous job: each component its own vendor"
submit -t 5 --accel=1:h100 : --accel=2:910b3 --wrap "srun -Q --het-group=0,1 sh -c \"$show\""
wait_job "$JOB" COMPLETED
expect_eq "$(sorted "$(job_output "$JOB")")" \
	"ASCEND_RT_VISIBLE_DEVICES=0,1 WEFT_DEVICES=0,1 WEFT_MODEL=910b3 WEFT_VENDOR=ascend
CUDA_VISIBLE_DEVICES=0 WEFT_DEVICES=0 WEFT_MODEL=h100 WEFT_VENDOR=nvidia"

CLUSTER_CONF="LaunchParameters=use_interactive_step"
cluster_nodes <<END
nv1  gpu:h100:8
as1  npu:910b3:8
ca1  mlu:mlu370-x8:8
hy1  dcu:k100-ai:8
END
cluster_again

test_case "a name for each vendor: batch scripts"
in_batch "CUDA_VISIBLE_DEVICES=0,1 WEFT_DEVICES=0,1 WEFT_MODEL=h100 WEFT_VENDOR=nvidia" --accel=2:nvidia
in_batch "ASCEND_RT_VISIBLE_DEVICES=0,1,2 WEFT_DEVICES=0,1,2 WEFT_MODEL=910b3 WEFT_VENDOR=ascend" --accel=3:ascend
in_batch "MLU_VISIBLE_DEVICES=0 WEFT_DEVICES=0 WEFT_MODEL=mlu370-x8 WEFT_VENDOR=cambricon" --accel=mlu
in_batch "HIP_VISIBLE_DEVICES=0,1,2,3,4,5,6,7 WEFT_DEVICES=0,1,2,3,4,5,6,7 WEFT_MODEL=k100-ai WEFT_VENDOR=hygon" --accel=8:dcu

test_case "a name for each vendor: steps, and jobs beside each other"
submit -t 5 --accel=2:npu --wrap 'sleep 60'
wait_job "$JOB" RUNNING
submit -t 5 -n 1 --accel=4:npu --wrap "srun -Q sh -c \"$show\"; srun -Q --gres=npu:1 sh -c \"$show\""
wait_job "$JOB" COMPLETED
expect_eq "$(job_output "$JOB" | sed -n 1p)" \
	"ASCEND_RT_VISIBLE_DEVICES=2,3,4,5 WEFT_DEVICES=2,3,4,5 WEFT_MODEL=910b3 WEFT_VENDOR=ascend"
expect_eq "$(job_output "$JOB" | sed -n 2p)" "ASCEND_RT_VISIBLE_DEVICES=2 WEFT_DEVICES=2 WEFT_MODEL=910b3 WEFT_VENDOR=ascend"
cancel_all

test_case "the shell of salloc, where it runs on the node"
run salloc -t 5 --accel=2:npu < <(printf '%s\n' "$show")
expect_match "$output" 'ASCEND_RT_VISIBLE_DEVICES=0,1 WEFT_DEVICES=0,1 WEFT_MODEL=910b3 WEFT_VENDOR=ascend'

# ---------------------------------------------------------------- islands

cluster_nodes <<END
nv1  gpu:h100:8
END
CLUSTER_CONF=
cluster_again
# Cards 0 to 3 are linked, and 4 to 7.
cluster_stop
awk -v file="$CLUSTER/dev/gpuh100" 'BEGIN {
	for (i = 0; i < 8; i++) {
		links = ""
		for (k = 0; k < 8; k++)
			links = links (k ? "," : "") (k == i ? -1 : int(k / 4) == int(i / 4) ? 4 : 0)
		print "NodeName=nv1 Name=gpu Type=h100 File=" file i " Links=" links
	}
}' > "$CLUSTER/etc/gres.conf"
cluster_resume

test_case "part of a node: cards that are linked, where there are so many"
submit -t 5 --accel=1:h100 --wrap 'sleep 60'
wait_job "$JOB" RUNNING
in_batch "CUDA_VISIBLE_DEVICES=4,5,6,7 WEFT_DEVICES=4,5,6,7 WEFT_MODEL=h100 WEFT_VENDOR=nvidia" --accel=4:h100
in_batch "CUDA_VISIBLE_DEVICES=1,2 WEFT_DEVICES=1,2 WEFT_MODEL=h100 WEFT_VENDOR=nvidia" --accel=2:h100
cancel_all

finish
