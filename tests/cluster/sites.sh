# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# sites.sh - several complete sites on one machine, each with its own daemons, keys, users and home directories, and, where a
# Debian 13 root is at hand, its own release of Slurm.  For a script in tests/cluster:
#
#	. "$(dirname "$0")/sites.sh"
#	sites_start                            once; leaves the script where the kernel allows no namespaces
#	site_new alpha 22.05 <<-END            a site, from now on the one that is spoken of
#		alice 5001                     its users, and their numbers
#	END
#	cluster_nodes <<-END ...               and the CLUSTER_* settings of lib.sh, for this site
#	site_begin                             its daemons
#	site_new beta 24.11 <<-END ...
#	site alpha                             the words of lib.sh (submit, wait_job, job_field ...) mean this one again
#
# A site is a directory, $CLUSTER, in $CLUSTER_TOP, with a name, $SITE; and a mount namespace with its own /etc/passwd,
# /etc/group, /home (in $CLUSTER/users) and /run.  One of another release than this machine's lives in the Debian 13 root.
# Slurm's commands are functions here, which go to the site that is spoken of; "at" takes other commands there.
#
#	SITES_ROOT    (environment) the Debian 13 root ($WEFT_CACHE/trixie, which ./check makes)
#	SITES_BUILD   (environment) the build in it, as a path in it (/weft/build-RELEASE, which ./check makes, too)

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SITES_ROOT=${SITES_ROOT:-${WEFT_CACHE:-/var/cache/weft}/trixie}
SITES=()  # names
SITE=
SITE_PID= # the process that keeps the site's namespace
SITE_BIN= # where Weft's commands are
declare -A SITE_KEPT=()
site_variables=(CLUSTER CLUSTER_NAME CLUSTER_USERS CLUSTER_PORT CLUSTER_SELECT CLUSTER_CONF CLUSTER_PARTITIONS
	CLUSTER_WEFT_CONF CLUSTER_TOPOLOGY CLUSTER_INDEX CLUSTER_DBD CLUSTER_REST CLUSTER_CTLD_WRAP CLUSTER_DEBUG
	CLUSTER_NODE_TABLE PLUGIN_DIR BASE_PLUGIN_DIR SLURM_CONF SITE_PID SITE_BIN)

# at's words, as functions, so that those of lib.sh need not know of sites.
for site_command in sbatch squeue scontrol sinfo scancel sacct sacctmgr srun salloc sshare sdiag munge weft; do
	eval "$site_command() { at $site_command \"\$@\"; }"
done
unset site_command

# The release of a slurmctld in ROOT ("": here), "22.05"; "" when there is none.
release_in()
{
	local at=()
	[ -z "$1" ] || at=(chroot "$1")
	"${at[@]}" slurmctld -V 2> /dev/null | sed -n 's/.* \([0-9]*\.[0-9]*\).*/\1/p'
}

# sites_root RELEASE: prints where it is: nothing for this machine itself.  False: it is nowhere.
sites_root()
{
	[ "$(release_in "")" != "$1" ] || return 0
	[ -x "$SITES_ROOT/usr/sbin/slurmctld" ] && [ "$(release_in "$SITES_ROOT")" = "$1" ] || return 1
	echo "$SITES_ROOT"
}

sites_start()
{
	if [ "$WEFT_NAMESPACE" = no ]; then
		test_case "several sites"
		skip_case "the kernel allows no namespaces here"
		finish
	fi
	mkdir -p "$CLUSTER_TOP/etc"
	private_host
}

# site_new NAME RELEASE < users ("NAME UID"): the settings are those of lib.sh, with accounting and slurmrestd
site_new()
{
	local root
	[ -z "$SITE" ] || site_keep
	root=$(sites_root "$2") || give_up "there is no Slurm $2 here, nor in $SITES_ROOT"
	SITE=$1
	SITES+=("$1")
	CLUSTER=$CLUSTER_TOP/$1
	CLUSTER_NAME=$1
	CLUSTER_PORT=$((6717 + 100 * ${#SITES[@]}))
	CLUSTER_SELECT=weft CLUSTER_CONF='' CLUSTER_WEFT_CONF='' CLUSTER_TOPOLOGY='' CLUSTER_INDEX=check
	CLUSTER_PARTITIONS="PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP"
	CLUSTER_DBD=yes CLUSTER_REST=jwt CLUSTER_CTLD_WRAP='' CLUSTER_DEBUG=verbose CLUSTER_NODE_TABLE=
	mkdir -p "$CLUSTER"/{etc,log,run,state,spool,home,dev,users}
	chmod 1777 "$CLUSTER/home"
	site_users "$root"
	site_place "$root"
	site_build "$root" "$2"
	export SLURM_CONF=$CLUSTER/etc/slurm.conf
}

# Its passwd and group, from those of ROOT and the table on standard input; homes that nobody else may look into.
site_users()
{
	local name uid
	cat "$1/etc/passwd" > "$CLUSTER/etc/passwd"
	cat "$1/etc/group" > "$CLUSTER/etc/group"
	CLUSTER_USERS=root,nobody
	while read -r name uid; do
		[ -n "$name" ] || continue
		echo "$name:x:$uid:$uid::/home/$name:/bin/bash" >> "$CLUSTER/etc/passwd"
		echo "$name:x:$uid:" >> "$CLUSTER/etc/group"
		install -d -m 700 -o "$uid" -g "$uid" "$CLUSTER/users/$name"
		CLUSTER_USERS+=,$name
	done
}

# Its namespace, which lasts as long as the process SITE_PID.
site_place()
{
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount bash -c '
		set -e
		root=$1 top=$2 site=$3
		if [ -n "$root" ]; then
			mount --bind "$root" "$root"
			cd "$root" # over which something has been mounted
			mount --rbind /dev "$root/dev"
			mount -t proc proc "$root/proc"
			mount --rbind /sys "$root/sys"
			mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
			mount -t tmpfs -o mode=755 tmpfs "$root/run"
			mkdir -p "$root$top"
			mount --bind "$top" "$root$top"
			mount --bind /etc/hosts "$root/etc/hosts"
		fi
		mkdir -p "$root/run/weft" "$root/home"
		mount -t tmpfs -o mode=711 tmpfs "$root/run/weft"
		mount --bind "$site/etc/passwd" "$root/etc/passwd"
		mount --bind "$site/etc/group" "$root/etc/group"
		mount --bind "$site/users" "$root/home"
		echo ready > "$site/run/place"
		[ -z "$root" ] || exec chroot "$root" sleep infinity
		exec sleep infinity
		' site_place "$1" "$CLUSTER_TOP" "$CLUSTER" < /dev/null > "$CLUSTER/log/place.out" 2>&1 &
	SITE_PID=$!
	disown $!
	wait_until 10 test -s "$CLUSTER/run/place" || give_up "$SITE: no namespace"
	wait_until 10 grep -qx sleep "/proc/$SITE_PID/comm" || give_up "$SITE: no namespace"
}

# Where its Weft is.
site_build()
{
	local build=$BUILD
	[ -z "$1" ] || build=${SITES_BUILD:-/weft/build-$2}
	SITE_BIN=
	site_enter
	PLUGIN_DIR=$(at make -s -C "$build" print-plugindir) || give_up "$SITE: there is no build in $1$build"
	BASE_PLUGIN_DIR=$(at make -s -C "$build" print-SLURM_PLUGINDIR)
	SITE_BIN=$(at make -s -C "$build" print-bindir):$(at make -s -C "$build" print-sbindir)
	site_enter
}

site_enter()
{
	CLUSTER_ENTER=(nsenter --target "$SITE_PID" --mount --root --wdns="$CLUSTER/home"
		env PATH="${SITE_BIN:+$SITE_BIN:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
}

site_keep()
{
	local name
	for name in "${site_variables[@]}"; do
		SITE_KEPT[$SITE,$name]=${!name}
	done
}

# site NAME: from now on the one that is spoken of
site()
{
	local name
	[ "$1" != "$SITE" ] || return 0
	site_keep
	SITE=$1
	for name in "${site_variables[@]}"; do
		printf -v "$name" %s "${SITE_KEPT[$SITE,$name]}"
	done
	site_enter
}

# site_of NAME VARIABLE: its value there
site_of()
{
	[ "$1" != "$SITE" ] || site_keep
	printf '%s' "${SITE_KEPT[$1,$2]}"
}

# site_on NAME CMD...: for one command or function, from the site that is spoken of
site_on()
{
	local back=$SITE rc=0
	site "$1"
	shift
	"$@" || rc=$?
	site "$back"
	return $rc
}

site_begin()
{
	cluster_begin
}

# Of all sites, as lib.sh's is of one; it is only called at the end of the script.
cluster_stop()
{
	local file
	for file in "$CLUSTER_TOP"/*/run/*.pid; do
		[ ! -e "$file" ] || kill -KILL "$(cat "$file")" 2> /dev/null || true
	done
	leftovers_stop
	umount /etc/hosts 2> /dev/null || true
}

# as_user of lib.sh, as a login would make it
as_user()
{
	local user=$1
	shift
	at setpriv --reuid "$user" --regid "$(at id -g "$user")" --init-groups \
		env HOME="/home/$user" USER="$user" LOGNAME="$user" "$@"
}

# ---------------------------------------------------------------- slurmrestd

# site_token USER FILE [SECONDS]: into a file that only root can read; no token is ever an argument or a variable
site_token()
{
	(umask 077 && scontrol token username="$1" lifespan="${3:-86400}" | sed -n 's/^SLURM_JWT=//p' > "$2")
	[ -s "$2" ] || fail "$SITE: no token for $1"
}

# ask_rest TOKEN_FILE USER METHOD PATH [JSON]: as USER; the answer, and after it a line with the HTTP status
ask_rest()
{
	local data=()
	[ $# -lt 5 ] || data=(-H 'Content-Type: application/json' --data-binary "$5")
	curl -sS --max-time 30 -w '\n%{http_code}\n' -X "$3" "${data[@]}" \
		-H @<(printf 'X-SLURM-USER-NAME: %s\nX-SLURM-USER-TOKEN: %s\n' "$2" "$(cat "$1")") \
		"http://127.0.0.1:${REST_PORT:-$((CLUSTER_PORT + 3))}$4"
}

# The version of the interface that the site is asked in.
rest_version()
{
	if release_at_least 26.05; then echo v0.0.45
	elif release_at_least 24.11; then echo v0.0.42
	else echo v0.0.38; fi
}

# ---------------------------------------------------------------- a bad line to it

# faulty_start: a line on port CLUSTER_PORT + 4 to the site's slurmrestd (faulty.c); FAULTY_LOG has its calls
faulty_start()
{
	local CLUSTER_ENTER=() # it is this machine's, whatever the site is
	make -s -C "$BUILD" tests/cluster/faulty || give_up "faulty"
	: > "$CLUSTER/log/faulty.calls"
	faulty_rules
	start faulty env FAULTY_SEED="${FAULTS_SEED:-1}" "$BUILD/tests/cluster/faulty" \
		$((CLUSTER_PORT + 4)) $((CLUSTER_PORT + 3)) "$CLUSTER/etc/faulty.rules" "$CLUSTER/log/faulty.calls"
	wait_until 10 curl -s "http://127.0.0.1:$((CLUSTER_PORT + 4))/" || give_up "faulty"
}

# faulty_rules LINE...: from the next call on; none: a good line
faulty_rules()
{
	[ $# -eq 0 ] || printf '%s\n' "$@" > "$CLUSTER/etc/faulty.rules.new"
	[ $# -gt 0 ] || : > "$CLUSTER/etc/faulty.rules.new"
	mv "$CLUSTER/etc/faulty.rules.new" "$CLUSTER/etc/faulty.rules"
}

# faulty_calls PATTERN: how many calls came so far ("POST .*/job/submit")
faulty_calls()
{
	grep -cE -- "^[0-9]+ > .* $1" "$CLUSTER/log/faulty.calls" || true
}
