#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# weftd and a real slurmrestd: what it sees of a peer, how it sets one aside, and what it keeps to itself.  The peer is the
# cluster itself.
. "$(dirname "$0")/lib.sh"

CLUSTER_SELECT=stock
CLUSTER_REST=jwt
cluster_nodes <<END
nv[1-2]  gpu:h100:8
as1      npu:910b3:8
END
cluster_start

weftd=$BUILD/weftd/weftd
url=http://127.0.0.1:$((CLUSTER_PORT + 3))
token=$CLUSTER/etc/peer.token
snapshot=$CLUSTER/weftd/sites.json
(umask 077 && scontrol token username=root lifespan=86400 | sed -n 's/^SLURM_JWT=//p' > "$token")
mkdir -p "$CLUSTER/weftd"
cat > "$CLUSTER/etc/weftd.conf" <<END
Weftd=127.0.0.1:$((CLUSTER_PORT + 12))
WeftdUser=root
WeftdState=$CLUSTER/weftd/state
Sites=$snapshot
MungeSocket=$CLUSTER/run/munge.sock
PollInterval=1
Peer=beta Url=$url Token=$token Users=same Node=beta-gw Partition=beta Price=2.10 Currency=EUR
END

sites()
{
	run "$BUILD/weft" sites --conf="$CLUSTER/etc/weftd.conf" "$@"
}

# shows REGEX: a line of "weft sites" is like it
shows()
{
	sites
	[ $status -eq 0 ] && printf '%s\n' "$output" | grep -qE -e "$1"
}

weftd_start()
{
	start weftd "$weftd" --conf="$CLUSTER/etc/weftd.conf" --verbose
}

test_case "weftd sees the cards of a peer, and what is free"
weftd_start
wait_for 20 shows "^beta +open +gpu:h100 +16 +16 +now +2\.10 EUR +- +$(slurm_release)"
sites
expect_match "$output" "^beta +open +npu:910b3 +8 +8 +now"

test_case "a job there takes its cards, until it ends by its time limit"
submit --gres=gpu:h100:8 --time=10 --wrap="sleep 600"
wait_for 20 shows "^beta +open +gpu:h100 +16 +8 +now"
run "$BUILD/weft" sites --conf="$CLUSTER/etc/weftd.conf" --cards=16
expect_match "$output" "^beta +open +gpu:h100 +16 +8 +[0-9][0-9]:[0-9][0-9] "
ok scancel "$JOB"
wait_for 20 shows "^beta +open +gpu:h100 +16 +16 +now"

test_case "anyone may look"
sites --json
expect_match "$output" '"name":"beta","open":true,"why":""'
run as_user nobody "$BUILD/weft" sites --conf="$CLUSTER/etc/weftd.conf"
expect_eq "$status" 0 "exit status"
expect_match "$output" "^beta +open"

test_case "without slurmrestd the peer is set aside, and taken again"
stop slurmrestd
wait_for 20 shows "^beta: no answer since .*: no connection: Connection refused"
sites
expect_match "$output" "^beta +set aside +gpu:h100"
rest_start
wait_for 30 shows "^beta +open +gpu:h100"

test_case "with a token that is not good, too"
cp -p "$token" "$token.good"
printf 'a.b.c\n' > "$token"
wait_for 30 shows "^beta +set aside"
cat "$token.good" > "$token"
wait_for 60 shows "^beta +open"
chmod 644 "$token"
wait_for 30 shows "^beta: no answer since .*: $token: a token's file must be for its owner alone \(mode 644\)"
chmod 600 "$token"
wait_for 60 shows "^beta +open"

test_case "the token is nowhere but in its file"
secret=$(cat "$token")
expect_eq "$(grep -rlF -- "$secret" "$CLUSTER/log" "$CLUSTER/weftd" | grep -v slurmrestd || true)" "" "files with the token"
expect_eq "$(tr '\0' '\n' < "/proc/$(cat "$CLUSTER/run/weftd.pid")/cmdline" | grep -cF -- "$secret")" 0 "in argv"
expect_eq "$(tr '\0' '\n' < "/proc/$(cat "$CLUSTER/run/weftd.pid")/environ" | grep -cF -- "$secret")" 0 "in the environment"

test_case "--check, signals, and the end"
ok "$weftd" --conf="$CLUSTER/etc/weftd.conf" --check
expect_eq "$output" "1 peers, nothing is wrong"
kill -HUP "$(cat "$CLUSTER/run/weftd.pid")"
wait_for 10 grep -q "weftd.conf is as it was" "$CLUSTER/log/weftd.out"
echo "Price=" >> "$CLUSTER/etc/weftd.conf"
kill -HUP "$(cat "$CLUSTER/run/weftd.pid")"
wait_for 10 grep -q "Price: the value is missing; what was read before stays in use" "$CLUSTER/log/weftd.out"
sed -i '/^Price=$/d' "$CLUSTER/etc/weftd.conf"
stop weftd
expect_match "$(tail -n 1 "$CLUSTER/log/weftd.out")" "ends: signal 15"
sites
expect_eq "$status" 1 "exit status"
expect_match "$output" "^weft sites: weftd at 127.0.0.1:$((CLUSTER_PORT + 12)): Connection refused"
expect_eq "$(stat -c %a "$CLUSTER/weftd/state" "$snapshot" | paste -sd' ')" "700 644" "modes"

finish
