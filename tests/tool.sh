#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tool.sh - the weft command: what it prints, its messages to the letter, its exit status.
set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
weft+=("--catalogue=$top/data/catalogue.json")
match=(grep -qE -e) # a line that matches

expect "prints the canonical form" 0 '^16:nvidia/amd,mem>=64G$' check ' 16 : NVIDIA / amd , mem >= 64 GiB'
expect "lists what an alternative accepts" 0 '^mi300x +amd +192 ' check '16:amd,mem>=64G'
expect "leaves out what has no such figure" 0 '^h100-sxm5-80gb ' check '2P@bf16:h100-sxm5-80gb'
expect "explains a mistake" 1 '^weft: unknown model "h10" at column 3; did you mean h100\?$' check 8:h10
expect "explains a contradiction" 1 '^weft: .*mem' check '8:any,mem>=80G,mem<40G'
expect "shows models of a family" 0 '^910b3 +ascend ' models 910b
expect "shows models of a vendor" 0 '^mlu370-x8 ' models cambricon
expect "does not know every model" 1 '^weft: unknown model "h1000"; did you mean h100\?$' models h1000
expect "shows vendors and their variables" 0 '^ascend .*ASCEND_RT_VISIBLE_DEVICES' vendors
expect "has help" 0 '^usage: weft ' --help
expect "has a version" 0 '^weft [0-9]' --version
expect "wants a command" 2 '^weft: which command\?$'
expect "wants a command that exists" 2 '^weft: there is no such command$' frobnicate
expect "wants one request" 2 '^weft: check takes one request$' check
expect "takes no unknown option" 2 '^usage: weft ' --frobnicate
expect "says which catalogue is not there" 1 '^weft: /nonexistent.*' --catalogue=/nonexistent/c.json vendors

# weft detect; what it prints of each machine is in tests/unit/test_detect.c
machines=$top/tests/data/machines
mkdir "$scratch/bad" "$scratch/loop" "$scratch/huge" "$scratch/xml" "$scratch/words"
echo 'weft-machine 2' > "$scratch/bad/machine"
ln -s machine "$scratch/loop/machine"
truncate -s 2M "$scratch/huge/machine"
for name in xml words; do echo 'weft-machine 1' > "$scratch/$name/machine"; done
echo '<topology' > "$scratch/xml/topology.xml"
echo '{"models":[{"name":"a9000","vendor":"nvidia","pci_ids":["10de:3fff"]}]}' > "$scratch/site.json"

expect "shows a recorded machine" 0 '^ 7  h100-sxm5-80gb +nvidia +0000:df:00.0 +1  56-111 +/dev/nvidia7 +79.65 +700  7 x 18 NV$' \
	detect --root="$machines/h100-8"
expect "prints lines for gres.conf" 0 '^NodeName=n1 Name=npu Type=910b3 File=/dev/davinci7 Cores=48-71 Links=(1,){7}-1$' \
	detect --root="$machines/ascend-910b-8" --gres-conf --split-names --node-name=n1
expect "prints lines for slurm.conf" 0 '^NodeName=NODE .* Gres=xpu:t4:1,xpu:a10:1 Feature=nvidia,t4,a10$' \
	detect --root="$machines/t4-a10" --slurm-conf --gres-name=xpu
expect "prints node features" 0 '^nvidia,amd,a40,mi210,nvlink,xgmi$' detect --root="$machines/nvidia-amd" --features
expect "prints JSON" 0 '^  "format": 1,$' detect --root="$machines/mi300x-8" --json
expect "says that there is no accelerator" 3 '^no accelerator found$' detect --root="$machines/none"
expect "says so also with lines" 3 '^weft: no accelerator found$' detect --root="$machines/none" --slurm-conf
expect "tells notes with lines" 0 '^weft: .*0000:98:00.0/local_cpulist: holds no list of CPUs$' \
	detect --root="$machines/doubtful" --gres-conf
expect "takes a site's PCI ids" 0 '^ 0  a9000 +nvidia +0000:17:00.0 ' \
	--site="$scratch/site.json" \
	detect --root="$machines/doubtful"
expect "has help for detect" 0 '^usage: weft detect ' detect --help
expect "takes no unknown option of detect" 2 '^usage: weft detect ' detect --frobnicate
expect "takes no argument of detect" 2 '^weft: detect: takes no argument$' detect this
expect "records the live machine only" 2 '^weft: detect: --root and --record do not go together$' \
	detect --root=a --record=b
expect "prints JSON alone" 2 '^weft: detect: --json goes with no other output$' detect --json --features
expect "wants a gres name" 2 "^weft: detect: --gres-name takes a name of letters, digits, '-', '_' and '.'\$" \
	detect --gres-name='a b'
expect "wants a node name" 2 "^weft: detect: --node-name takes a name of letters, digits, '-', '_' and '.'\$" \
	detect --node-name=
expect "says which recording is not there" 1 '^weft: /nonexistent/machine: No such file or directory$' \
	detect --root=/nonexistent
expect "says what is wrong with a recording" 1 '^weft: .*/bad/machine:1: the first line must be "weft-machine 1"$' \
	detect --root="$scratch/bad"
expect "does not follow a loop" 1 '^weft: .*/loop/machine: Too many levels of symbolic links$' \
	detect --root="$scratch/loop"
expect "reads no huge file" 1 '^weft: .*/huge/machine: the file has 2097152 bytes; at most 1048576 are allowed$' \
	detect --root="$scratch/huge"
expect "says which topology is broken" 1 '^weft: .*/xml/topology.xml: hwloc cannot read it$' \
	detect --root="$scratch/xml"
expect "says which topology is not there" 1 '^weft: .*/words/topology.txt: No such file or directory$' \
	detect --root="$scratch/words"

# weft burst replay: a line as slurmctld writes it, the same with another verdict, and one that is broken
cp "$top/tests/fuzz/corpus/burst/line" "$scratch/log"
expect "makes the decisions of a log again" 0 '^1 decisions, 0 come out differently, 0 cannot be read$' \
	burst replay "$scratch/log"
sed 's/"verdict":"[a-z]*","peer":"[a-z]*"/"verdict":"go","peer":"delta"/' "$scratch/log" > "$scratch/other"
{ cat "$scratch/log" && echo && echo && echo '{"format":1}' && cat "$scratch/other"; } > "$scratch/log.3"
expect "counts those that come out differently" 1 '^3 decisions, 1 come out differently, 1 cannot be read$' \
	burst replay "$scratch/log.3"
expect "names each of them" 1 '/log.3:4: job [0-9]+: was go to delta, is ' burst replay "$scratch/log.3"
expect "says what cannot be read" 1 '/log.3:3: wait: missing$' burst replay "$scratch/log.3"
if [ -w /dev/full ]; then
	"${weft[@]}" burst replay "$scratch/log.3" > /dev/full 2> "$scratch/got"
	[ $? -eq 1 ] && grep -qxF 'weft: standard output: No space left on device' "$scratch/got"
	result "says that its output was lost, when the answer is no" $? "$scratch/got"
fi
expect "says which log is not there" 1 '^weft burst: /nonexistent: No such file or directory$' burst replay /nonexistent
expect "has help for burst" 0 '^usage: weft burst replay FILE$' burst --help
expect "wants a log" 2 '^usage: weft burst replay FILE$' burst replay

# This machine: with or without accelerators, a recording of it shows what it showed.
live=$("${weft[@]}" detect --no-tools --record="$scratch/rec" 2>&1)
live_status=$?
again=$("${weft[@]}" detect --root="$scratch/rec" 2>&1)
again_status=$?
printf '%s\n' "exit status $live_status, $again_status" "$live" "$again" > "$scratch/got"
[ "$live" = "$again" ] && [ $live_status -eq $again_status ] &&
	{ [ $live_status -eq 0 ] || [ $live_status -eq 3 ]; } && [ -s "$scratch/rec/topology.xml" ] &&
	! grep -qwF -e "$(hostname)" "$scratch/rec/machine" "$scratch/rec/topology.xml"
result "records this machine" $? "$scratch/got"
expect "records into a new directory only" 1 '^weft: .*/rec: File exists$' detect --record="$scratch/rec"
echo "1..$tests"
