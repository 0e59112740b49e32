# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# daemons.sh - configure, start and stop the daemons of a private cluster.  Sourced by lib.sh, which says how it is used.
# Everything is below $CLUSTER: etc/ log/ run/ state/ spool/ home/ dev/.  Daemons run in the foreground of a background
# process of this shell; their numbers are in run/NAME.pid.

CLUSTER_HOST=localhost
CLUSTER_PORT=6817 # slurmctld; then slurmdbd, MariaDB, slurmrestd, and the slurmds from 20 on
REST_WRAP=()      # a command to run slurmrestd under, when it is for tokens
CLUSTER_ENTER=()  # the command that brings another to where the daemons are: nothing, or as sites.sh says

# at CMD...: where the daemons are
at()
{
	"${CLUSTER_ENTER[@]}" "$@"
}

# cluster_nodes: read the node table from standard input
cluster_nodes()
{
	CLUSTER_NODE_TABLE=$(cat)
}

# Names of a bracketed range: "nv[1-2]" gives nv1 nv2.
expand_names()
{
	local prefix range
	case $1 in
	*\[*-*\])
		prefix=${1%%\[*}
		range=${1#*\[}
		range=${range%\]}
		seq -f "$prefix%g" "${range%-*}" "${range#*-}"
		;;
	*)
		echo "$1"
		;;
	esac
}

slurm_release()
{
	at slurmctld -V | awk '{ print $NF }'
}

# release_at_least 24.11
release_at_least()
{
	[ "$(printf '%s\n%s\n' "$1" "$(slurm_release)" | sort -V | head -n 1)" = "$1" ]
}

# In a network of our own every port is free; else look for a run of them in which nobody listens.
choose_ports()
{
	local tries used=/proc/net/tcp port
	[ "$WEFT_NAMESPACE" = no ] || return 0
	for ((tries = 0; tries < 50; tries++)); do
		CLUSTER_PORT=$((10000 + RANDOM % 180 * 100))
		for ((port = CLUSTER_PORT; port < CLUSTER_PORT + 100; port++)); do
			! grep -qi ":$(printf '%04X' $port) " $used || continue 2
		done
		return 0
	done
	echo "no free run of 100 ports" >&2
	return 1
}

private_host()
{
	CLUSTER_HOST=$(hostname)
	[ "$WEFT_NAMESPACE" = yes ] || return 0
	CLUSTER_HOST=weft
	hostname $CLUSTER_HOST
	ip link set lo up
	# With loopback addresses only, getaddrinfo(AI_ADDRCONFIG) finds no address for any name.
	ip address replace 192.0.2.1/32 dev lo
	printf '127.0.0.1 localhost %s\n::1 ip6-localhost\n' $CLUSTER_HOST > "$CLUSTER/etc/hosts"
	mount --bind "$CLUSTER/etc/hosts" /etc/hosts
	# What steps of another cluster left behind when it was killed is none of ours.
	mkdir -p /run/weft
	mount -t tmpfs -o mode=711 tmpfs /run/weft
}

# ---------------------------------------------------------------- configuration files

# What a table of nodes makes of gres.conf, and of the node lines of slurm.conf.
write_nodes()
{
	local names gres keys name first port=$((CLUSTER_PORT + 20)) entry kind type count last i
	: > "$CLUSTER/etc/gres.conf"
	: > "$CLUSTER/etc/nodes.conf"
	: > "$CLUSTER/etc/nodes"
	while read -r names gres keys; do
		case $names in ''|\#*) continue ;; esac
		first=$port
		for name in $(expand_names "$names"); do
			echo "$name" >> "$CLUSTER/etc/nodes"
			port=$((port + 1))
		done
		last=$((port - 1))
		[ "$gres" != - ] || gres=
		echo "NodeName=$names NodeHostname=$CLUSTER_HOST NodeAddr=127.0.0.1 Port=[$first-$last]" \
			"${gres:+Gres=$gres} $(node_shape "$keys") $keys" >> "$CLUSTER/etc/nodes.conf"
		for entry in ${gres//,/ }; do
			entry=${entry%%(*}
			IFS=: read -r kind type count <<< "$entry"
			if [ -z "$count" ]; then # no type: NAME:COUNT
				count=$type
				type=
			fi
			for ((i = 0; i < count; i++)); do
				[ -e "$CLUSTER/dev/$kind$type$i" ] || mknod -m 666 "$CLUSTER/dev/$kind$type$i" c 1 3
			done
			echo "NodeName=$names Name=$kind ${type:+Type=$type} File=$CLUSTER/dev/$kind$type[0-$((count - 1))]" \
				>> "$CLUSTER/etc/gres.conf"
		done
	done <<< "$CLUSTER_NODE_TABLE"
	# Port=[7-7] is not understood.
	sed -i -E 's/Port=\[([0-9]+)-\1\]/Port=\1/' "$CLUSTER/etc/nodes.conf"
}

# Processors and memory of a node, unless the table's KEYS say.
node_shape()
{
	case " $1" in *\ CPUs=* | *\ Sockets=*) ;; *) echo -n "CPUs=64 Sockets=2 CoresPerSocket=32 ThreadsPerCore=1 " ;; esac
	case " $1" in *\ RealMemory=*) ;; *) echo -n "RealMemory=512000" ;; esac
}

gres_types()
{
	sed -n 's/.* Name=\([a-z0-9_]*\) .*/\1/p' "$CLUSTER/etc/gres.conf" | sort -u | paste -sd, -
}

write_slurm_conf()
{
	local types select=select/cons_tres plugins=$BASE_PLUGIN_DIR
	types=$(gres_types)
	[ "$CLUSTER_SELECT" = stock ] || select=select/cons_tres_weft plugins=$PLUGIN_DIR:$BASE_PLUGIN_DIR
	{
		cat <<-END
		ClusterName=$CLUSTER_NAME
		SlurmctldHost=$CLUSTER_HOST(127.0.0.1)
		SlurmctldPort=$CLUSTER_PORT
		SlurmUser=root
		SlurmdUser=root
		AuthType=auth/munge
		AuthInfo=socket=$CLUSTER/run/munge.sock
		PluginDir=$plugins
		PlugStackConfig=$CLUSTER/etc/plugstack.conf
		StateSaveLocation=$CLUSTER/state
		SlurmctldPidFile=$CLUSTER/run/slurmctld.slurm-pid
		SlurmctldLogFile=$CLUSTER/log/slurmctld.log
		SlurmctldDebug=$CLUSTER_DEBUG
		SlurmdSpoolDir=$CLUSTER/spool/%n
		SlurmdPidFile=$CLUSTER/run/%n.slurm-pid
		SlurmdLogFile=$CLUSTER/log/%n.log
		SlurmdDebug=verbose
		SlurmdParameters=config_overrides
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		JobAcctGatherType=jobacct_gather/none
		MpiDefault=none
		SwitchType=switch/none
		MailProg=/bin/true
		ReturnToService=2
		PropagateResourceLimits=NONE
		SlurmdTimeout=300
		MinJobAge=3600
		KillWait=2
		SchedulerType=sched/backfill
		SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=1,bf_resolution=1,bf_continue
		SelectType=$select
		SelectTypeParameters=CR_Core
		${types:+GresTypes=$types}
		END
		[ "$CLUSTER_SELECT" = stock ] || printf '%s\n' JobSubmitPlugins=weft BurstBufferType=burst_buffer/weft
		if [ "$CLUSTER_DBD" = yes ]; then
			cat <<-END
			AccountingStorageType=accounting_storage/slurmdbd
			AccountingStorageHost=127.0.0.1
			AccountingStoragePort=$((CLUSTER_PORT + 1))
			AccountingStoragePass=$CLUSTER/run/munge.sock
			AccountingStorageEnforce=associations,limits,qos
			AccountingStorageTRES=$(gres_types | sed 's#[^,]*#gres/&#g')
			END
		fi
		if [ "$CLUSTER_REST" = jwt ]; then
			echo AuthAltTypes=auth/jwt
			echo "AuthAltParameters=jwt_key=$CLUSTER/etc/jwt.key"
		fi
		cat "$CLUSTER/etc/nodes.conf"
		printf '%s\n%s\n' "$CLUSTER_PARTITIONS" "$CLUSTER_CONF"
	} | last_of_each_key > "$CLUSTER/etc/slurm.conf"
}

# So that CLUSTER_CONF may override: 22.05 takes the last line of a key, but every command complains.
last_of_each_key()
{
	tac | awk -F= '/^(NodeName|PartitionName|NodeSet|DownNodes|SlurmctldHost|Include)/ || !seen[$1]++' | tac
}

write_config()
{
	write_nodes
	write_slurm_conf
	: > "$CLUSTER/etc/plugstack.conf"
	[ "$CLUSTER_SELECT" = stock ] ||
		echo "required $PLUGIN_DIR/spank_weft.so" > "$CLUSTER/etc/plugstack.conf"
	printf '%s\n' "$CLUSTER_WEFT_CONF" ${CLUSTER_INDEX:+"Index=$CLUSTER_INDEX"} > "$CLUSTER/etc/weft.conf"
	[ -z "$CLUSTER_TOPOLOGY" ] || printf '%s\n' "$CLUSTER_TOPOLOGY" > "$CLUSTER/etc/topology.conf"
	# No job of these clusters needs a control group, and a container may have none to give.
	if release_at_least 23.11; then
		echo CgroupPlugin=disabled > "$CLUSTER/etc/cgroup.conf"
	fi
	export SLURM_CONF=$CLUSTER/etc/slurm.conf
}

# ---------------------------------------------------------------- one daemon

# start NAME CMD...
start()
{
	local name=$1
	shift
	setsid "${CLUSTER_ENTER[@]}" "$@" < /dev/null >> "$CLUSTER/log/$name.out" 2>&1 &
	echo $! > "$CLUSTER/run/$name.pid"
	disown $! # or bash reports its end
}

# stop NAME [SIGNAL]: and wait until it is gone
stop()
{
	local file=$CLUSTER/run/$1.pid pid
	[ -e "$file" ] || return 0
	pid=$(cat "$file")
	rm -f "$file"
	kill -"${2:-TERM}" "$pid" 2> /dev/null || return 0
	if ! wait_until 20 process_gone "$pid"; then
		diag "$1 did not stop"
		kill -KILL "$pid" 2> /dev/null || true
	fi
}

# True for a zombie too: it is ours, and waits for us to ask.
process_gone()
{
	! grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status" 2> /dev/null
}

# give_up WHAT: the cluster cannot start; the script ends
give_up()
{
	local name
	diag "the cluster did not start: $1"
	for name in "$CLUSTER"/log/*; do
		if [ -s "$name" ]; then
			diag "$(basename "$name"):"
			tail -n 15 "$name" | cut -c1-300 | sed 's/^/#   /'
		fi
	done
	[ -n "$test_name" ] || test_name="the cluster starts"
	exit 1
}

# Those of MUNGE and, for slurmrestd, of its tokens.
make_keys()
{
	(umask 077 && head -c 128 /dev/urandom > "$CLUSTER/etc/munge.key" && head -c 32 /dev/urandom > "$CLUSTER/etc/jwt.key")
}

munged_start()
{
	start munged munged --foreground --force --num-threads=2 --socket="$CLUSTER/run/munge.sock" \
		--key-file="$CLUSTER/etc/munge.key" --pid-file="$CLUSTER/run/munge.pid-file" \
		--log-file="$CLUSTER/log/munged.log" --seed-file="$CLUSTER/state/munge.seed"
	wait_until 10 at munge -S "$CLUSTER/run/munge.sock" -n || give_up "munged"
}

mariadb_start()
{
	start mariadbd "$(command -v mariadbd)" --no-defaults --user=root --datadir="$CLUSTER/db" \
		--port=$((CLUSTER_PORT + 2)) --bind-address=127.0.0.1 --socket="$CLUSTER/run/db.sock" \
		--pid-file="$CLUSTER/run/db.pid-file" \
		--skip-name-resolve --innodb-log-file-size=4M --innodb-flush-log-at-trx-commit=0 \
		--innodb-lock-wait-timeout=900 --performance-schema=OFF
	wait_until 60 at mariadb --no-defaults -u root -S "$CLUSTER/run/db.sock" -e 'SELECT 1' || give_up "mariadbd"
}

# MariaDB with a throw-away password, then slurmdbd with one account for the users.
dbd_start()
{
	local password
	password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	at mariadb-install-db --no-defaults --user=root --datadir="$CLUSTER/db" --skip-test-db \
		--auth-root-authentication-method=normal --innodb-log-file-size=4M \
		> "$CLUSTER/log/mariadb-install.out" 2>&1 || give_up "mariadb-install-db"
	mariadb_start
	at mariadb --no-defaults -u root -S "$CLUSTER/run/db.sock" <<-END
	CREATE USER 'slurm'@'127.0.0.1' IDENTIFIED BY '$password';
	GRANT ALL ON slurm.* TO 'slurm'@'127.0.0.1';
	END
	(umask 077 && cat > "$CLUSTER/etc/slurmdbd.conf" <<-END
	DbdHost=localhost
	DbdAddr=127.0.0.1
	DbdPort=$((CLUSTER_PORT + 1))
	SlurmUser=root
	AuthType=auth/munge
	AuthInfo=socket=$CLUSTER/run/munge.sock
	PluginDir=$BASE_PLUGIN_DIR
	PidFile=$CLUSTER/run/slurmdbd.slurm-pid
	LogFile=$CLUSTER/log/slurmdbd.log
	StorageType=accounting_storage/mysql
	StorageHost=127.0.0.1
	StoragePort=$((CLUSTER_PORT + 2))
	StorageUser=slurm
	StoragePass=$password
	StorageLoc=slurm
	END
	[ "$CLUSTER_REST" != jwt ] || cat >> "$CLUSTER/etc/slurmdbd.conf" <<-END
	AuthAltTypes=auth/jwt
	AuthAltParameters=jwt_key=$CLUSTER/etc/jwt.key
	END
	)
	start slurmdbd slurmdbd -D
	wait_until 60 sacctmgr -n show cluster || give_up "slurmdbd"
	sacctmgr -iQ add cluster "$CLUSTER_NAME" > "$CLUSTER/log/sacctmgr.out" 2>&1 || give_up "sacctmgr"
	sacctmgr -iQ add account test cluster="$CLUSTER_NAME" >> "$CLUSTER/log/sacctmgr.out" 2>&1 || give_up "sacctmgr"
	sacctmgr -iQ add user "$CLUSTER_USERS" account=test >> "$CLUSTER/log/sacctmgr.out" 2>&1 || give_up "sacctmgr"
}

ctld_up()
{
	scontrol ping | grep -q 'is UP'
}

ctld_up_or_dead()
{
	ctld_up || ctld_died
}

ctld_start()
{
	# shellcheck disable=SC2086
	start slurmctld $CLUSTER_CTLD_WRAP "$(command -v slurmctld)" -D
	wait_until "${CTLD_PATIENCE:-30}" ctld_up_or_dead && ctld_up || give_up "slurmctld"
}

# It was not stopped, and is no more.
ctld_died()
{
	[ -e "$CLUSTER/run/slurmctld.pid" ] && process_gone "$(cat "$CLUSTER/run/slurmctld.pid")"
}

ctld_stop()
{
	stop slurmctld
}

# With the jobs as they are.
ctld_restart()
{
	ctld_stop
	ctld_start
	wait_for 30 nodes_up
}

# ctld_log PATTERN: its matching lines
ctld_log()
{
	grep -E -e "$1" "$CLUSTER/log/slurmctld.log" || true
}

node_start()
{
	start "$1" slurmd -D -N "$1"
}

node_stop()
{
	stop "$1"
}

# No node is unknown, down or not responding (a trailing *).
nodes_up()
{
	! sinfo -h -N -o %T | grep -qE 'unknown|down|\*|inval'
}

# node_in NODE STATE
node_in()
{
	sinfo -h -n "$1" -o %T | grep -qx "$2"
}

# It serves the one user that it runs as, or whoever has a token; root it refuses to be.
rest_process()
{
	local openapi=openapi/v0.0.36,openapi/v0.0.37,openapi/v0.0.38 as
	as=(setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups)
	# Without a list it wants to serve accounting as well.
	! release_at_least 23.11 || openapi=openapi/slurmctld
	if [ "$CLUSTER_DBD" = yes ]; then
		! release_at_least 23.11 || openapi+=,openapi/slurmdbd
		release_at_least 23.11 || openapi+=,openapi/dbv0.0.38
	fi
	if [ "$CLUSTER_REST" = jwt ]; then
		start slurmrestd "${as[@]}" env SLURM_JWT=daemon "${REST_WRAP[@]}" \
			slurmrestd -a rest_auth/jwt -s "$openapi" "127.0.0.1:$((CLUSTER_PORT + 3))"
	else
		start slurmrestd "${as[@]}" slurmrestd -a rest_auth/local -s "$openapi" "unix:$CLUSTER/rest/rest.sock"
	fi
}

rest_start()
{
	mkdir -p "$CLUSTER/rest"
	chown nobody "$CLUSTER/rest"
	rest_process
	if [ "$CLUSTER_REST" = jwt ]; then
		wait_until 20 curl -s "http://127.0.0.1:$((CLUSTER_PORT + 3))/" || give_up "slurmrestd"
	else
		wait_until 20 test -S "$CLUSTER/rest/rest.sock" || give_up "slurmrestd"
	fi
}

# ---------------------------------------------------------------- all of them

cluster_start()
{
	mkdir -p "$CLUSTER"/{etc,log,run,state,spool,home,dev}
	chmod 1777 "$CLUSTER/home"
	private_host
	choose_ports
	cluster_begin
}

# In the place that there is now.
cluster_begin()
{
	local name
	if [ "$CLUSTER_SELECT" = weft ] && ! at test -e "$PLUGIN_DIR/select_cons_tres_weft.so"; then
		give_up "there is no plugin in $PLUGIN_DIR; run 'make install' in $BUILD"
	fi
	write_config
	make_keys
	munged_start
	[ "$CLUSTER_DBD" = no ] || dbd_start
	ctld_start
	while read -r name; do
		node_start "$name"
	done < "$CLUSTER/etc/nodes"
	wait_until 60 nodes_up || give_up "$(sinfo -N -o '%N %T %E')"
	[ "$CLUSTER_REST" = no ] || rest_start
}

# The daemons of this cluster.
daemons_stop()
{
	local file
	[ -d "$CLUSTER/run" ] || return 0
	if [ -e "$CLUSTER/run/slurmctld.pid" ]; then
		scancel --quiet --full --signal=KILL --user=root 2> /dev/null || true
		stop slurmctld
	fi
	for file in "$CLUSTER"/run/*.pid; do
		[ ! -e "$file" ] || kill -KILL "$(cat "$file")" 2> /dev/null || true
	done
	rm -f "$CLUSTER"/run/*.pid
}

cluster_stop()
{
	[ -d "$CLUSTER/run" ] || return 0
	daemons_stop
	leftovers_stop
	[ "$WEFT_NAMESPACE" = no ] || umount /etc/hosts 2> /dev/null || true
}

# Job steps and what they left; every one of them has our variable, and only this shell may stay.
leftovers_stop()
{
	local file environ
	for environ in /proc/[0-9]*/environ; do
		file=${environ#/proc/}
		file=${file%/environ}
		[ "$file" != $$ ] && [ "$file" != "$BASHPID" ] || continue
		if tr '\0' '\n' 2> /dev/null < "$environ" | grep -qxF "WEFT_CLUSTER=$CLUSTER_TOP"; then
			kill -KILL "$file" 2> /dev/null || true
		fi
	done
}

# The daemons again, with the configuration files as they are now.
cluster_resume()
{
	local name
	# cluster_stop has taken the private /etc/hosts away.
	private_host
	munged_start
	ctld_start
	while read -r name; do
		node_start "$name"
	done < "$CLUSTER/etc/nodes"
	wait_for 60 nodes_up
}

# Another cluster from scratch in the same script: change the settings, then this.
cluster_again()
{
	end_case
	cluster_stop
	rm -rf "${CLUSTER:?}"/*
	cluster_start
}
