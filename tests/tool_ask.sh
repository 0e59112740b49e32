#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tool_ask.sh - "weft why", "classes", "nodes" and "job", with a scontrol that answers from a file: what they print, how
# it fits, their messages to the letter, their exit status.
set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
mkdir "$scratch/bin" "$scratch/empty"
cat > "$scratch/bin/scontrol" <<'END'
#!/bin/sh
echo "$*" >> "$SCRATCH/asked"
[ -e "$SCRATCH/answer" ] || exit 1
cat "$SCRATCH/answer"
END
chmod +x "$scratch/bin/scontrol"
export SCRATCH=$scratch PATH="$scratch/bin:$PATH" TZ=UTC
unset COLUMNS NO_COLOR

# whole TEXT FILE: FILE is TEXT, and the exit status
whole()
{
	[ "$(sed '$d' "$2")" = "$1" ]
}
match=(whole)

# answer TEXT: of scontrol, from now on
answer()
{
	printf '%s' "$1" > "$scratch/answer"
}

now=$(($(date +%s) + 100000)) # ahead, so that no answer grows old while this runs
answer "{\"version\":1,\"question\":\"why\",\"taken\":$now,\"job\":14,\"user\":\"alice\",\"partition\":\"all\",
\"state\":\"PENDING\",\"name\":\"job 14\",\"reason\":\"Resources: what it asks for is in use\",
\"topics\":[{\"what\":\"held\",\"text\":\"by its user\",\"would_help\":[\"scontrol release 14\"]}],
\"alternatives\":[{\"alternative\":1,\"cards\":8,\"class\":\"gpu:h100\",\"nodes\":1,\"kind\":\"busy\",\"jobs\":[12],
\"missing\":\"2 more h100 on one node: nv3 has 6 free\",\"would_help\":[\"job 12 ends 13:00:00 at the latest\"],
\"free_by\":1740834000},
{\"alternative\":2,\"cards\":16,\"class\":\"npu:910b3\",\"nodes\":2,\"kind\":\"nothing\",
\"missing\":\"nothing; it could start now\"}],\"partial\":0,\"predicted\":1740837900}"
expect "says why a job waits" 0 "job 14 of alice, partition all: PENDING
  reason: Resources: what it asks for is in use
  held: by its user
    would help: scontrol release 14
  alternative 1: 8 gpu:h100 on 1 node
    missing: 2 more h100 on one node: nv3 has 6 free
    would help: job 12 ends 13:00:00 at the latest
    free by: 2025-03-01
  alternative 2: 16 npu:910b3 on 2 nodes
    missing: nothing; it could start now
  predicted start: 2025-03-01, by the scheduler" why 14
[ "$(cat "$scratch/asked")" = "show bbstat json why 14" ]
result "asks scontrol once" $? "$scratch/asked"
export COLUMNS=40
expect "breaks long lines" 0 "job 14 of alice, partition all: PENDING
  reason: Resources: what it asks for is
    in use
  held: by its user
    would help: scontrol release 14
  alternative 1: 8 gpu:h100 on 1 node
    missing: 2 more h100 on one node:
      nv3 has 6 free
    would help: job 12 ends 13:00:00 at
      the latest
    free by: 2025-03-01
  alternative 2: 16 npu:910b3 on 2 nodes
    missing: nothing; it could start now
  predicted start: 2025-03-01, by the
    scheduler" why 14
unset COLUMNS NO_COLOR
"${weft[@]}" why --json 14 | tr -d ' \n' | cut -c1-40 > "$scratch/got"
[ "$(cat "$scratch/got")" = '{"version":1,"question":"why","taken":'"${now:0:2}" ]
result "prints JSON" $? "$scratch/got"

# Colour is for terminals, and for those who want it.
if command -v script > /dev/null; then
	for case in "yes xterm" "no dumb" "no xterm NO_COLOR=1"; do
		read -r wanted term more <<< "$case"
		got=$(env TERM="$term" ${more:+"$more"} script -qec "'$build/weft' why 14" /dev/null | grep -c $'\033\\[32m')
		[ "$got" -eq 0 ] && has=no || has=yes
		[ $has = "$wanted" ]
		result "colour: $case" $?
	done
fi

answer "{\"version\":1,\"taken\":$now,\"classes\":[{\"class\":\"gpu:h100\",\"model\":\"h100\",\"vendor\":\"NVIDIA\",
\"cards\":24,\"free\":14,\"in_use\":10,\"out\":0,\"nodes\":3,\"running\":1,\"pending\":3},{\"class\":\"gpu:x\",\"model\":null,
\"vendor\":null,\"cards\":1,\"free\":1,\"in_use\":0,\"out\":0,\"nodes\":1,\"running\":0,\"pending\":0}]}"
expect "shows classes" 0 "CLASS     CARDS  FREE  IN-USE  OUT  NODES  RUNNING  PENDING  MODEL  VENDOR
gpu:h100     24    14      10    0      3        1        3  h100   NVIDIA
gpu:x         1     1       0    0      1        0        0  ?" classes
COLUMNS=60 expect "leaves columns out where there is no room" 0 "CLASS     CARDS  FREE  IN-USE  OUT  NODES  RUNNING  PENDING
gpu:h100     24    14      10    0      3        1        3
gpu:x         1     1       0    0      1        0        0" classes
answer "{\"version\":1,\"taken\":$(($(date +%s) - 300)),\"groups\":[{\"class\":\"gpu:h100\",\"state\":\"idle\",\"nodes\":2,\"cards\":16,
\"free\":16,\"names\":\"nv[1-2]\"}]}"
expect "shows nodes, and how old they are" 0 "CLASS     STATE  NODES  CARDS  FREE  NAMES
gpu:h100  idle       2     16    16  nv[1-2]
as of 5 minutes ago" nodes
answer "{\"version\":1,\"taken\":$now,\"job\":11,\"user\":\"alice\",\"partition\":\"all\",\"state\":\"RUNNING\",\"name\":\"job 11\",
\"accel\":\"8:h100\",\"alternatives\":[{\"alternative\":1,\"cards\":8,\"class\":\"gpu:h100\",\"nodes\":1}],
\"has\":[{\"cards\":8,\"class\":\"gpu:h100\",\"nodes\":1}],\"nodes\":\"nv1\",\"started\":1740834000,\"ends_by\":null}"
echo > "$scratch/weft.conf"
expect "shows a job at home" 0 "job 11 of alice, partition all: RUNNING
  accel        8:h100
  alternative  1: 8 gpu:h100 on 1 node
  has          8 gpu:h100 on 1 node
  nodes        nv1
  started      2025-03-01" job --conf="$scratch/weft.conf" 11

answer '{"version":1,"made":1740830400,"seconds":3600,"left_out":0,"waiting_left_out":7,"offers":[
{"site":null,"alternative":1,"cards":8,"class":"gpu:h100","start":1740841200,"finish":1740844800,"cost":0,"currency":"",
"kwh":5.6,"gco2":2800,"cheapest":1,"soonest":0,"greenest":0,"note":""},
{"site":"beta","alternative":1,"cards":8,"class":"gpu:h100","start":1740830400,"finish":1740834000,"cost":16800000,
"currency":"EUR","kwh":5.6,"gco2":560,"cheapest":0,"soonest":1,"greenest":1,"note":""},
{"site":"gamma","alternative":1,"cards":8,"class":"gpu:h100","start":null,"finish":null,"cost":null,"currency":"",
"kwh":null,"gco2":null,"cheapest":0,"soonest":0,"greenest":0,"note":"it takes no jobs now"}]}'
expect "shows a quote" 0 "SITE   ALT  CARDS       START  FINISH       COST   KWH  GCO2  BEST
home     1  8 gpu:h100  15:00  16:00        free  5.60  2800  cheapest
beta     1  8 gpu:h100  now    13:00   16.80 EUR  5.60   560  soonest, greenest
gamma    1  8 gpu:h100  ?      ?               ?     ?     ?  it takes no jobs now
7 of the jobs that wait are not reckoned with: it may be later" quote 8:h100 1h
[ "$(tail -n 1 "$scratch/asked")" = "show bbstat json quote 8:h100 1h" ]
result "asks for a quote" $? "$scratch/asked"
answer '{"version":1,"error":"there is no job 9"}'
expect "passes on what slurmctld says" 1 "weft why: there is no job 9" why 9
answer ""
expect "says what slurm.conf lacks" 1 "weft why: slurmctld does not know the question: slurm.conf needs \
BurstBufferType=burst_buffer/weft (doc/bbstat.md)" why 9
answer '{"version":1'
expect "says what is wrong with an answer" 1 "weft nodes: slurmctld's answer:1: the text ends too early" nodes
rm "$scratch/answer"
expect "says that slurmctld does not answer" 1 "weft classes: slurmctld does not answer (scontrol: exit status 1)" classes

# begins TEXT FILE: FILE begins with TEXT
begins()
{
	[[ $(cat "$2") = "$1"* ]]
}
match=(begins)
expect "wants a job" 2 $'weft why: takes the number of one job\n' why
expect "wants no argument" 2 $'weft nodes: takes no argument\n' nodes this
for command in classes nodes quote why; do
	expect "$command has help" 0 "usage: weft $command " $command --help
done
echo "1..$tests"
