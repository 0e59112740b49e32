#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Peers that lie, are slow, or are dead: each is set aside with the reason, weftd stays small, jobs at home start as fast as
# with no peers at all, and a peer that is good does its work.  All peers are the cluster itself; faulty.c tells the lies.
. "$(dirname "$0")/lib.sh"

CLUSTER_REST=jwt
liars="garbage flood pour redirect half drip mute gone cards numbers price"
peers="$liars ids good"
pages=$CLUSTER/pages
token=$CLUSTER/etc/peer.token
first_port=60 # from CLUSTER_PORT; the slurmds are before it

port_of()
{
	local i=0 name
	for name in $peers elsewhere; do
		[ "$name" != "$1" ] || break
		i=$((i + 1))
	done
	echo $((CLUSTER_PORT + first_port + i))
}

# faulty stands before all but the one that is gone and the good one.
write_peers()
{
	local peer port more
	CLUSTER_WEFT_CONF="Weftd=127.0.0.1:$((CLUSTER_PORT + 12))
WeftdUser=root
WeftdState=$CLUSTER/weftd
Sites=$CLUSTER/run/sites.json
MungeSocket=$CLUSTER/run/munge.sock
PollInterval=1"
	CLUSTER_PARTITIONS="PartitionName=all Nodes=nv1 Default=YES MaxTime=INFINITE State=UP"
	for peer in $peers; do
		port=$(port_of "$peer") more=
		[ "$peer" != good ] || port=$((CLUSTER_PORT + 3))
		[ "$peer" != price ] || more="Offer=http://127.0.0.1:$port/offer OfferKey=$pages/offer.pub"
		CLUSTER_PARTITIONS+=$'\n'"PartitionName=$peer Nodes=$peer-gw MaxTime=INFINITE State=UP"
		CLUSTER_WEFT_CONF+=$'\n'"Peer=$peer Url=http://127.0.0.1:$port Token=$token Users=same Node=$peer-gw Partition=$peer"
		CLUSTER_WEFT_CONF+=" RemotePartition=all Directory=$CLUSTER/home/%u $more"
	done
}

choose_ports
choose_ports() # they are in weft.conf
{
	:
}

write_peers
cluster_nodes <<END
nv1  gpu:h100:8  CPUs=16
$(for peer in $peers; do echo "$peer-gw  gpu:h100:8"; done)
END
cluster_start
(umask 077 && scontrol token username=root lifespan=86400 | sed -n 's/^SLURM_JWT=//p' > "$token")
make -s -C "$BUILD" tests/cluster/faulty || give_up "faulty"

# ---------------------------------------------------------------- the liars

# page NAME HEADER...: an answer, whose body is standard input
page()
{
	local name=$1 body
	shift
	body=$(cat)
	printf 'HTTP/1.1 %s\r\n' "$1" > "$pages/$name"
	shift
	printf '%s\r\n' "$@" '' >> "$pages/$name"
	printf '%s' "$body" >> "$pages/$name"
}

# liar NAME RULE...
liar()
{
	local name=$1
	shift
	printf '%s\n' "$@" > "$pages/$name.rules"
	start "faulty-$name" "$BUILD/tests/cluster/faulty" "$(port_of "$name")" $((CLUSTER_PORT + 3)) "$pages/$name.rules" "$pages/$name.calls"
}

mkdir "$pages"
page garbage "200 OK" "Content-Type: application/json" "Content-Length: 20" <<< '{"meta": [[[], "a"]x'
page redirect "302 Found" "Location: http://127.0.0.1:$(port_of elsewhere)/" "Content-Length: 0" < /dev/null
page half "200 OK" "Content-Type: application/json" "Content-Length: 2000" <<< '{"nodes": [{"name": '
# {"version":1,"site":"price","made":1767225600,"expires":7258118399,"kinds":[{"gres":"gpu:h100","cards":8,"price":-2000000,
# "currency":"EUR"}]}, signed with a key that is thrown away.
page offer "200 OK" "Content-Type: application/json" "Connection: close" <<END
{"offer":"eyJ2ZXJzaW9uIjoxLCJzaXRlIjoicHJpY2UiLCJtYWRlIjoxNzY3MjI1NjAwLCJleHBpcmVzIjo3MjU4MTE4Mzk5LCJraW5kcyI6W3siZ3Jlcy\
I6ImdwdTpoMTAwIiwiY2FyZHMiOjgsInByaWNlIjotMjAwMDAwMCwiY3VycmVuY3kiOiJFVVIifV19",
"signature":"1oP5dZgcy6E7kIkFxhlMVI+qhzMyCd9H4ChzIQd5EOgNt1Pi6DwRUFDIspmnXNX/jkAYck9oJE4gbfzZaRCRBw=="}
END
cat > "$pages/offer.pub" <<END
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAPha6MkLDoQMjdVMnF8563nnCMTyjCFu6kBtFCG9F2Cg=
-----END PUBLIC KEY-----
END
liar garbage "* GET */nodes answer $pages/garbage"
liar flood "* GET */nodes flood 1073741824"
liar pour "* GET */nodes pour 1073741824"
liar redirect "* * * answer $pages/redirect"
liar half "* GET */nodes answer $pages/half"
liar drip "* * * drip 1000"
liar mute "* * * hang-answer 100"
liar cards "* GET */nodes filter sed 's/gpu:h100:8/gpu:h100:-8/g'"
liar numbers "* GET */jobs filter sed 's/\"job_id\": *[0-9]*/\"job_id\": -7/g'"
liar price "* GET /offer answer $pages/offer"
liar ids "* POST */job/submit filter sed 's/\"job_id\": *[0-9]*/\"job_id\": 4242/g'"
liar elsewhere

# ---------------------------------------------------------------- the speed at home

no_local_jobs()
{
	[ -z "$(squeue -h -n local -o %i)" ]
}

# local_jobs: TOOK gets how many ms it takes until 16 jobs that have nothing to do with peers have run
local_jobs()
{
	local began i
	began=$(date +%s%N)
	for ((i = 0; i < 16; i++)); do
		sbatch -Q -D "$CLUSTER/home" -o /dev/null -t 1 -J local --accel=1 --wrap true > "$CLUSTER/log/sbatch.out" || fail "sbatch"
	done
	wait_until 60 no_local_jobs || fail "local jobs wait"
	took=$((($(date +%s%N) - began) / 1000000))
}

# peer_job PEER: of nobody's, with cards at PEER; it leaves a line in home/ran.PEER each time that it works
peer_job()
{
	run as_user nobody env HOME="$CLUSTER/home" sbatch --parsable -D "$CLUSTER/home" -o "$CLUSTER/home/%j.out" -t 5 --accel=2 \
		--burst=only,"$1" --wrap "echo \$SLURM_JOB_ID >> $CLUSTER/home/ran.$1"
	[ $status -eq 0 ] || fail "sbatch for $1: $output"
	JOB=$(tail -n 1 <<< "$output")
}

weftd_start()
{
	start weftd "$BUILD/weftd/weftd" --verbose
	wait_until 20 weft sites || give_up "weftd"
}

# The fastest of some times on either side, for other things go on here as well.  A wait for a peer would be one of 3 s, or 30.
test_case "jobs at home start as fast with $(wc -w <<< "$liars") liars as without weftd"
submit --hold --wrap true # there is a job to tell of
with=999999 without=999999
for side in without with with with without; do
	[ "$side" != with ] || [ -e "$CLUSTER/run/weftd.pid" ] || weftd_start
	[ "$side" = with ] || stop weftd
	local_jobs
	[ $took -ge ${!side} ] || printf -v $side %d $took
done
diag "16 jobs: $without ms without weftd, $with ms with it"
[ $with -le $((2 * without + 2000)) ] || fail "$with ms with liars, and $without ms without"
weftd_start

# ---------------------------------------------------------------- what is said of them

# said PEER: why it was set aside, with the time of its last good answer left out
said()
{
	weft sites 2> /dev/null | sed -n "s/^$1: //p" | sed -E 's/ since [-0-9T:]+Z?: /: /'
}

# says PEER WORDS
says()
{
	[ "$(said "$1")" = "$2" ]
}

peer_job good
good=$JOB
peer_job ids
ids=$JOB
peer_job flood
flood=$JOB
test_case "each is set aside, with the reason"
patience=60
while IFS=: read -r peer words; do
	wait_until $patience says "$peer" "${words# }" || fail "$peer: '$(said "$peer")', not '${words# }'"
	[ $test_failed = no ] || patience=1
done <<END
garbage: its answers cannot be: not JSON: the text ends too early at byte 21
flood: its answers cannot be: an answer of more than 268435456 bytes
pour: its answers cannot be: an answer of more than 268435456 bytes
redirect: no answer: a redirect (302), which is not followed
half: no answer: the connection broke before the answer was whole
drip: no answer: no whole answer within 30000 ms
mute: no answer: no whole answer within 30000 ms
gone: no answer: no connection: Connection refused
cards: its answers cannot be: nodes, entry 1: gres has a number below zero
numbers: its answers cannot be: jobs, entry 1: job_id must be 1 to 4294967293, not -7
price: its answers cannot be: http://127.0.0.1:$(port_of price)/offer: price: must be 0 to 1000000000000000000
END
expect_eq "$(weft sites | awk '$2 == "open" { print $1 }' | paste -sd' ')" "ids good" "peers that are open"
expect_eq "$(wc -l < "$pages/elsewhere.calls")" 0 "calls at the other place"

# Two answers of 1 GiB came at the same time: of each 256 MiB are taken.
test_case "weftd stays small"
hwm=$(awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$(cat "$CLUSTER/run/weftd.pid")/status")
diag "$hwm MiB at most"
[ "$hwm" -le 640 ] || fail "$hwm MiB"

test_case "a good peer beside them does its work, and so does one whose answers name wrong jobs"
for peer in good ids; do
	wait_job "${!peer}" COMPLETED 60
	expect_eq "$(wc -l < "$CLUSTER/home/ran.$peer")" 1 "times that the job at $peer worked"
done
expect_field "$flood" JobState PENDING
expect_field "$flood" SystemComment "weft: waits for another site; flood takes no jobs now"
finish
