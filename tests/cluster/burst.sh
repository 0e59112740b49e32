# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# burst.sh - a site whose jobs may go to others, with weftd and a gateway for each peer.  For a script in tests/cluster:
#
#	. "$(dirname "$0")/burst.sh"
#	burst_start                            alpha is home, beta its peer; SITES_HOME and SITES_PEER are their releases
#	burst_start gamma                      gamma is another one, of the release SITES_THIRD
#
# What a script may set before:
#	HOME_NODES PEER_NODES     tables as of cluster_nodes
#	HOME_CONF PEER_CONF       lines for slurm.conf
#	HOME_WEFT_CONF            lines for weft.conf
#	PEER_KEYS                 more keys of the Peer= lines
#	STAND_INS=yes             weftd believes in jobs that stand_in names, besides those that slurmctld knows
#
# alice, bob and carol are users at home; alice and bob may go to beta, where they are al and bob, with each other's
# numbers.  Files go there and back by door.c, and questions through faulty.c.

. "$(dirname "${BASH_SOURCE[0]}")/sites.sh"

SITES_HOME=${SITES_HOME:-$(release_in "")}
SITES_PEER=${SITES_PEER:-$SITES_HOME}
SITES_THIRD=${SITES_THIRD:-$SITES_PEER}
HOME_NODES="nv1  gpu:h100:8"
PEER_NODES="hp[1-2]  gpu:h100:8"
HOME_CONF=
PEER_CONF=
HOME_WEFT_CONF=
PEER_KEYS=
STAND_INS=no
PEERS=()
WEFTD_WRAP=() # a command to run weftd under

# burst_start PEER...: beta, and these
burst_start()
{
	local peer
	PEERS=(beta "$@")
	sites_start
	make -s -C "$BUILD" tests/cluster/faulty tests/cluster/door || give_up "faulty and door"
	mkdir -p "$CLUSTER_TOP/bin"
	cp "$BUILD"/tests/cluster/{faulty,door} "$CLUSTER_TOP/bin"
	peer_start beta "$SITES_PEER" <<-END
	al   5002
	bob  5001
	END
	for peer in "$@"; do
		peer_start "$peer" "$SITES_THIRD" <<-END
		al   6001
		bob  6002
		END
	done
	home_start
}

# peer_start NAME RELEASE < users
peer_start()
{
	site_new "$1" "$2"
	CLUSTER_SELECT=stock CLUSTER_CONF=$PEER_CONF
	cluster_nodes <<< "$PEER_NODES"
	site_begin
	faulty_start
	door_start
	site_token root "$CLUSTER/etc/service.token"
}

# Who comes through the door: alice and bob.
door_start()
{
	printf '5001 al\n5002 bob\n' > "$CLUSTER/etc/door.map"
	start door "$CLUSTER_TOP/bin/door" serve "$CLUSTER/run/door" "$CLUSTER/etc/door.map"
	wait_until 10 test -S "$CLUSTER/run/door" || give_up "door"
	door_scripts "$CLUSTER_TOP/bin/$SITE-" "$CLUSTER_TOP/bin/door $CLUSTER/run/door"
}

# door_scripts PREFIX DOOR: what StageIn=, StageOut= and Fetch= are
door_scripts()
{
	# What the job writes at home comes by Fetch=, and must not be overwritten by what it was when it went.
	printf '#!/bin/sh\ntar --warning=no-file-changed -cf - --exclude="./*.out" --exclude="./*.err" --exclude=./out --exclude=./err . |' > "$1in"
	printf ' %s "mkdir -p $1 && tar -C $1 -xf -"\n' "$2" >> "$1in"
	printf '#!/bin/sh\n%s "tar -C $1 -cf - ." | tar -xf -\n' "$2" > "$1out"
	printf '#!/bin/sh\nexec %s "tail -c +$2 $1"\n' "$2" > "$1fetch"
	chmod 755 "$1in" "$1out" "$1fetch"
}

home_start()
{
	local peer nodes=$HOME_NODES
	site_new alpha "$SITES_HOME" <<-END
	alice 5001
	bob   5002
	carol 5003
	weft  5099
	END
	CLUSTER_CONF=$HOME_CONF
	CLUSTER_PARTITIONS="PartitionName=own Nodes=$(awk '{ print $1 }' <<< "$HOME_NODES" | paste -sd,) Default=YES MaxTime=INFINITE"
	for peer in "${PEERS[@]}"; do
		nodes+=$'\n'"$peer-gw gpu:h100:64"
		CLUSTER_PARTITIONS+=$'\n'"PartitionName=$peer Nodes=$peer-gw MaxTime=INFINITE"
	done
	cluster_nodes <<< "$nodes"
	weftd_config
	[ $STAND_INS = no ] || stand_ins_start
	site_begin
	weftd_start
}

# weft.conf, and what weftd needs of files.
weftd_config()
{
	local peer port
	install -d -m 755 -o 5099 "$CLUSTER/weftd-run"
	install -d -m 700 -o 5099 "$CLUSTER/weftd-state"
	CLUSTER_WEFT_CONF="Weftd=localhost:$((CLUSTER_PORT + 12))
		WeftdState=$CLUSTER/weftd-state
		Sites=$CLUSTER/weftd-run/sites.json
		MungeSocket=$CLUSTER/run/munge.sock
		PollInterval=1
		BurstLog=$CLUSTER/log/burst.log
		$HOME_WEFT_CONF"
	for peer in "${PEERS[@]}"; do
		port=$(site_of "$peer" CLUSTER_PORT)
		install -m 600 -o 5099 "$CLUSTER_TOP/$peer/etc/service.token" "$CLUSTER/etc/$peer.token"
		printf 'alice al\nbob bob account=test\n' > "$CLUSTER/etc/$peer.users"
		CLUSTER_WEFT_CONF+=$'\n'"Peer=$peer Url=http://127.0.0.1:$((port + 4)) Token=$CLUSTER/etc/$peer.token \\
			Users=$CLUSTER/etc/$peer.users RemotePartition=all RemoteAccount=test \\
			Node=$peer-gw Partition=$peer Lease=60 \\
			StageIn=\"$CLUSTER_TOP/bin/$peer-in %d\" StageOut=\"$CLUSTER_TOP/bin/$peer-out %d\" \\
			Fetch=\"$CLUSTER_TOP/bin/$peer-fetch %f %n\" $PEER_KEYS"
	done
}

weftd_process()
{
	local option=()
	[ $STAND_INS = no ] || option=(--slurm="$CLUSTER/stand-ins")
	start weftd "${WEFTD_WRAP[@]}" weftd --verbose "${option[@]}"
}

# weftd's squeue, which knows the stand-ins first.
stand_ins_start()
{
	mkdir -p "$CLUSTER/stand-ins/jobs"
	printf '#!/bin/sh\nfor word; do case $word in --jobs=*) job=${word#--jobs=};; esac; done\n' > "$CLUSTER/stand-ins/squeue"
	printf '[ -e "%s/jobs/$job" ] && exec cat "%s/jobs/$job"\nexec squeue "$@"\n' "$CLUSTER/stand-ins" "$CLUSTER/stand-ins" \
		>> "$CLUSTER/stand-ins/squeue"
	printf '#!/bin/sh\nexec scontrol "$@"\n' > "$CLUSTER/stand-ins/scontrol"
	chmod 755 "$CLUSTER/stand-ins"/{squeue,scontrol}
}

# stand_in JOB SUBMIT CARDS MINUTES: there is a job of alice's by that number, which runs on beta-gw; prints its ticket, as
# slurmctld would have sealed it
stand_in()
{
	echo "$1 5001 RUNNING 0 beta beta-gw" > "$CLUSTER/stand-ins/jobs/$1"
	munge -S "$CLUSTER/run/munge.sock" <<-END
	weft-ticket 1
	job cluster=alpha id=$1 uid=5001 restarts=0 issued=$2
	group gres=gpu:h100 cards=$3
	runs 0
	burst peer=beta submit=$2 minutes=$4
	end
	END
}

weftd_start()
{
	weftd_process
	wait_until 20 weft sites || give_up "weftd"
}

# burst USER SBATCH_ARG...: a job of USER's with --burst; JOB gets the number, "" when it was refused
burst()
{
	local user=$1
	shift
	JOB=
	run as_user "$user" sbatch --parsable -D "/home/$user" -o "/home/$user/%j.out" -t 10 --accel=4 --burst=only "$@"
	[ $status -eq 0 ] || fail "'sbatch $*' of $user exited with $status: $output"
	[ $status -ne 0 ] || JOB=$(tail -n 1 <<< "$output")
}

# home_file USER NAME: what is in it
home_file()
{
	cat "$CLUSTER/users/$1/$2" 2> /dev/null || true
}

# peer_jobs PEER NAME_PATTERN: "ID NAME STATE" of the jobs there
peer_jobs()
{
	site_on "$1" squeue -h -a -t all -o '%i %j %T' | grep -E -- "$2" || true
}

# ask_weftd USER JSON: a question of USER's in weftd's own language (doc/weftd.md), and its answer; {"weftd": 1, "id": "t",
# is put before it
ask_weftd()
{
	local socket=$CLUSTER/run/munge.sock answer
	exec 8<> "/dev/tcp/127.0.0.1/$((CLUSTER_PORT + 12))" || return 1
	printf '{"weftd": 1, "id": "t", %s' "${2#\{}" | as_user "$1" munge -S "$socket" --restrict-uid=weft >&8 || return 1
	read -r -t 20 answer <&8 || return 1
	exec 8>&-
	printf '%s' "$answer" | as_user "$1" unmunge -S "$socket" --metadata=/dev/null
}
