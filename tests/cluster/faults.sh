#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Faults: runs are handed to a peer while calls are lost on the way there and back, the line is cut, daemons are killed, clocks
# are wrong, and the peer's slurmctld is put back to an earlier state.  Each job says itself when it starts, lives and ends:
# none may run twice, none may be lost, none may outlive its lease.
#
#	FAULTS=1000 bash tests/cluster/faults.sh BUILD
#
# is the long form; FAULTS is the number of runs (30), FAULTS_SEED says which faults come by chance, SITES_HOME and SITES_PEER
# are the releases.  ./check leaves it out: it takes minutes to hours.  The script stands in for the proxies: what it knows of
# a run it asks weftd, and now and then it starts from nothing, as a proxy does that was killed.
. "$(dirname "$0")/burst.sh"

total=${FAULTS:-30} # so that each fault comes at each call once
RANDOM=${FAULTS_SEED:-1}
wave_size=$((total > 30 ? 20 : 30))
lease=60    # s, as burst.sh has it
late=30     # s after it, until the peer has ended what was left

PEER_NODES="hp[1-3]  gpu:h100:8"
PEER_CONF="SlurmdTimeout=60"

# At home there is only what weftd needs.
home_start()
{
	site_new alpha "$SITES_HOME" <<-END
	alice 5001
	weft  5099
	END
	cluster_nodes <<< "nv1  gpu:h100:8"
	weftd_config
	write_config
	make_keys
	munged_start
	weftd_start
}

burst_start
marks=$CLUSTER_TOP/marks
mkdir -m 1777 "$marks"
touch "$marks/all"
chmod 666 "$marks/all"

# ---------------------------------------------------------------- daemons

victims=(beta/slurmctld beta/slurmrestd beta/slurmdbd beta/hp1 alpha/weftd)

# kill_line SITE/DAEMON: for a shell
kill_line()
{
	echo "kill -KILL \$(cat $CLUSTER_TOP/${1%/*}/run/${1#*/}.pid)"
}

# step_clock DAEMON +60s: its clock is as much wrong, from now on
faketime=
for file in /usr/lib/*/faketime/libfaketimeMT.so.1; do
	[ ! -e "$file" ] || faketime=$file
done
step_clock()
{
	echo "$2" > "$CLUSTER_TOP/clock-$1.new"
	chmod 644 "$CLUSTER_TOP/clock-$1.new"
	mv "$CLUSTER_TOP/clock-$1.new" "$CLUSTER_TOP/clock-$1"
}

# set_clock DAEMON +60s: the same, and it is started anew
set_clock()
{
	touch "$CLUSTER_TOP/hands-off"
	sleep 1
	kill -KILL "$(cat "$CLUSTER_TOP"/*/run/"$1".pid)" 2> /dev/null || true
	step_clock "$1" "$2"
	rm "$CLUSTER_TOP/hands-off"
}

# clock_of DAEMON: words to put before its command.  Its clock is wrong then; with the file "time-passes" time itself is faster.
clock_of()
{
	[ -s "$CLUSTER_TOP/clock-$1" ] || return 0
	echo "env LD_PRELOAD=$faketime FAKETIME_TIMESTAMP_FILE=$CLUSTER_TOP/clock-$1 FAKETIME_NO_CACHE=1"
	[ -e "$CLUSTER_TOP/time-passes" ] || echo "FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_FORCE_MONOTONIC_FIX=0"
}

# start_again SITE/DAEMON: as systemd would
start_again()
{
	site "${1%/*}"
	read -ra REST_WRAP <<< "$(clock_of slurmrestd | paste -sd' ')"
	read -ra WEFTD_WRAP <<< "$(clock_of weftd | paste -sd' ')"
	case $1 in
	*/slurmctld) start slurmctld slurmctld -D ;;
	*/slurmdbd) start slurmdbd slurmdbd -D ;;
	*/slurmrestd) rest_process ;;
	*/weftd) weftd_process ;;
	*) node_start "${1#*/}" ;;
	esac
}

# In the background, until the file "watch" is gone.
watch_daemons()
{
	local victim file
	while [ -e "$CLUSTER_TOP/watch" ]; do
		for victim in "${victims[@]}"; do
			file=$CLUSTER_TOP/${victim%/*}/run/${victim#*/}.pid
			[ ! -e "$CLUSTER_TOP/hands-off" ] || continue
			process_gone "$(cat "$file" 2> /dev/null)" || continue
			echo "$(date +%s) $victim" >> "$CLUSTER_TOP/restarts"
			start_again "$victim"
		done
		sleep 0.5
	done
}

# ---------------------------------------------------------------- faults

# What is done to one of the calls that are made for the sake of a run: 1 submits it, 2 releases it; later ones are tries
# again, and cancel.
kinds=(drop-request drop-answer "hang-answer 4" "cut 40" "delay 2500")
for victim in "${victims[@]}"; do
	kinds+=("before $(kill_line "$victim")" "after $(kill_line "$victim")")
done

# rule I: what happens to run I
rule()
{
	local n=$((i - 1))
	echo "weft.alpha.$1.*:$((1 + n % 2)) * * ${kinds[n / 2 % ${#kinds[@]}]}"
}

# What happens to all in a wave: to looks at the peer, the line, clocks, the peer's memory.
waves=(stepped restored cut noise fast-weftd fast-rest slow-weftd killing)
rule_of_wave()
{
	case $1 in
	noise) echo "1/12 * * drop-answer" ;;
	killing)
		echo "7 GET */jobs* before $(kill_line beta/slurmctld)"
		echo "15 GET */jobs* after $(kill_line beta/slurmrestd)"
		echo "19 GET */jobs* after $(kill_line alpha/weftd)"
		;;
	esac
}

# During the wave, next to its runs.
events_of_wave()
{
	case $1 in
	stepped)
		sleep 5
		step_clock weftd +300s
		;;
	cut)
		sleep 3
		kill -STOP "$(cat "$CLUSTER_TOP/beta/run/faulty.pid")"
		sleep 12
		kill -CONT "$(cat "$CLUSTER_TOP/beta/run/faulty.pid")"
		;;
	restored)
		sleep $((2 + RANDOM % 4))
		rm -rf "$CLUSTER_TOP/beta/state.old"
		cp -a "$CLUSTER_TOP/beta/state" "$CLUSTER_TOP/beta/state.old" 2> /dev/null || true
		sleep $((3 + RANDOM % 6))
		touch "$CLUSTER_TOP/hands-off"
		kill -KILL "$(cat "$CLUSTER_TOP/beta/run/slurmctld.pid")" 2> /dev/null || true
		sleep 1
		rm -rf "$CLUSTER_TOP/beta/state"
		mv "$CLUSTER_TOP/beta/state.old" "$CLUSTER_TOP/beta/state"
		rm "$CLUSTER_TOP/hands-off"
		;;
	esac
}

clock_of_wave()
{
	case $1 in
	fast-weftd) set_clock weftd +60s ;;
	slow-weftd) set_clock weftd -60s ;;
	fast-rest) set_clock slurmrestd +60s ;;
	esac
}

clock_after_wave()
{
	case $1 in
	*-weftd | stepped) set_clock weftd +0s ;;
	*-rest) set_clock slurmrestd +0s ;;
	esac
}

# ---------------------------------------------------------------- runs

# What becomes of run I: most end by themselves, some are cancelled, some have a proxy that never comes back.
fate()
{
	case $(($1 % 20)) in
	7 | 13) echo cancelled ;;
	17) echo left ;;
	*) echo ends ;;
	esac
}

# The job writes to $marks/all, and keeps a lock while it lives.
job_text()
{
	local seconds=$((1 + $1 % 5))
	[ "$(fate "$1")" = ends ] || seconds=600
	printf '%s\\n' '#!/bin/bash' "exec 9>> $marks/$1.lock" \
		"flock -n 9 || echo twice $1 >> $marks/all" "echo start $1 \$SLURM_JOB_ID >> $marks/all" \
		"for ((i = 0; i < $seconds; i++)); do echo alive $1 \$(date +%s) >> $marks/all; sleep 1; done" \
		"echo end $1 \$SLURM_JOB_ID >> $marks/all" "echo out $1" "exit $(($1 % 7))"
}

value_of()
{
	sed -n "s/.*\"$2\":\"\{0,1\}\([^,\"}]*\).*/\1/p" <<< "$1"
}

# proxy I: as weft-proxy does.  Leaves "I PHASE STATUS" in $marks/over.
proxy()
{
	local key=alpha.$1.$submit answer='' began=$SECONDS attach cancelled=
	attach='{"ask": "attach", "peer": "beta", "cluster": "alpha", "job": '$1', "submit": '$submit', "restarts": 0,
		"script": "'$(job_text "$1")'", "environment": ["PATH=/usr/bin:/bin"], "minutes": 15, "gres": "gpu:h100:1"}'
	while :; do
		if [ -z "$cancelled" ] && { [ $((RANDOM % 8)) -eq 0 ] || [ -z "$(value_of "$answer" phase)" ]; }; then
			answer=$(ask_weftd alice "${attach//$'\n'/ }" 2> /dev/null) || answer=
		else
			answer=$(ask_weftd alice '{"ask": "status", "key": "'"$key"'", "renew": true}' 2> /dev/null) || answer=
		fi
		echo "$answer" > "$marks/$1.answer"
		case $(fate "$1") in
		cancelled)
			if [ $((SECONDS - began)) -gt $((3 + $1 % 9)) ]; then
				! ask_weftd alice '{"ask": "cancel", "key": "'"$key"'"}' 2> /dev/null | grep -q '"ok":true' || cancelled=yes
			fi
			;;
		left)
			if grep -q "^start $1 " "$marks/all"; then
				echo "$1 left $(date +%s)" >> "$marks/over"
				return 0
			fi
			;;
		esac
		if [ "$(value_of "$answer" over)" = true ]; then
			echo "$1 $(value_of "$answer" phase) $(value_of "$answer" exit_status) $(value_of "$answer" state)" >> "$marks/over"
			until ask_weftd alice '{"ask": "settle", "key": "'"$key"'"}' > /dev/null 2>&1; do sleep 1; done
			return 0
		fi
		sleep 1.$((RANDOM % 10))
	done
}

# A slurmctld that has lost its last seconds gives a number again, and drains a node that knows it ("Duplicate jobid").
nodes_resume()
{
	site_on beta scontrol update NodeName="hp[1-3]" State=RESUME > /dev/null 2>&1 || true
}

wave_over()
{
	local i
	for ((i = $1; i <= $2; i++)); do
		grep -q "^$i " "$marks/over" || return 1
	done
}

# wave KIND FIRST LAST
wave()
{
	local i rules=() pids=() kind=$1 skew
	submit=$(date +%s)
	nodes_resume
	for ((i = $2; i <= $3; i++)); do
		rules+=("$(rule "$i")")
	done
	mapfile -O ${#rules[@]} -t rules < <(rule_of_wave "$kind")
	site_on beta faulty_rules "${rules[@]}"
	clock_of_wave "$kind"
	for ((i = $2; i <= $3; i++)); do
		(RANDOM=$((i * 7)); proxy "$i") &
		pids+=($!)
	done
	events_of_wave "$kind"
	# weftd looks for two minutes for what may have been submitted, and for a week for what nobody at the peer knows any
	# more, until it cannot run: they pass fast.
	for skew in 0 600 691200 691500; do
		[ "$kind $skew" != "stepped 600" ] || continue # there two minutes have passed
		[ $skew = 0 ] || set_clock weftd +${skew}s
		[ $skew -lt 691500 ] || site_on beta faulty_rules
		! wait_until 12 wave_over "$2" "$3" || break
	done
	for ((i = 0; i < 10; i++)); do
		! wait_until 15 wave_over "$2" "$3" || break
		nodes_resume
	done
	wave_over "$2" "$3" || for ((i = $2; i <= $3; i++)); do
		grep -q "^$i " "$marks/over" || fail "run $i goes on: $(cat "$marks/$i.answer")"
	done
	[ $skew = 0 ] || set_clock weftd +0s
	kill "${pids[@]}" 2> /dev/null || true
	clock_after_wave "$kind"
}

# ---------------------------------------------------------------- counting

# verdict I: what is wrong with the run; nothing.  A lease begins anew when weftd starts.  Where the peer has forgotten, or
# says that a job was cancelled which nobody has cancelled, or that it failed with 1 (a slurmctld that lost its last seconds
# does), that is what the user is told; the line begins with "told" then.
verdict()
{
	awk -v run="$1" -v fate="$(fate "$1")" -v over="$(grep -m 1 "^$1 " "$marks/over" | cut -d' ' -f2-)" \
		-v code="$((256 * ($1 % 7)))" -v keep="$((lease + late))" '
		function bad(text) { printf "run %d (%s, %s): %s; %d starts, %d ends\n", run, fate, over, text, starts, ends }
		FILENAME != ARGV[ARGC - 1] { if ($2 == "alpha/weftd") weftd[++n] = $1; next }
		$2 != run { next }
		$1 == "twice" { bad("two at a time") }
		$1 == "start" { starts++; if (ends) bad("again after its end") }
		$1 == "alive" { last = $3 }
		$1 == "end" { ends++ }
		END {
			split(over, o, " ")
			for (i = 1; i <= n && fate == "left"; i++)
				if (weftd[i] > o[2] && weftd[i] <= last) o[2] = weftd[i]
			if (fate == "ends" && ends == 1 && o[1] == "ended" && ((o[3] != "FAILED" && o[3] != "COMPLETED") ||
				(o[3] == "FAILED" && o[2] == 256 && code != 256)))
				print "told that run " run " ended as " o[3] ", though its script ended with " code / 256
			else if (fate == "ends" && (ends != 1 || o[1] != "ended" || o[2] != code))
				bad("not once, or not as it ended")
			if (fate == "cancelled" && (ends || o[1] != "cancelled")) bad("not cancelled")
			if (fate == "left" && last > o[2] + keep) bad("outlives its lease by " last - o[2] - keep " s")
		}' "$CLUSTER_TOP/restarts" "$marks/all"
}

test_case "$total runs, each with a fault"
[ -n "$faketime" ] || fail "libfaketime is missing"
touch "$CLUSTER_TOP/watch" "$CLUSTER_TOP/restarts" "$marks/over"
set_clock weftd +0s
watch_daemons &
watcher=$!
number=0
for ((first = 1; first <= total; first += wave_size)); do
	kind=${waves[number % ${#waves[@]}]}
	number=$((number + 1))
	last=$((first + wave_size - 1 < total ? first + wave_size - 1 : total))
	began=$SECONDS
	wave "$kind" $first $last
	diag "runs $first to $last ($kind): $((SECONDS - began)) s"
done
site_on beta faulty_rules

test_case "nothing outlives its lease, and nothing is left at the peer"
if [ "$total" -le 100 ]; then # a lease passes fast
	touch "$CLUSTER_TOP/time-passes"
	set_clock weftd +0s
	wait_until 20 weft sites || fail "weftd is not back"
	step_clock weftd +$((lease + 5))s
fi
wait_until $((lease + late)) site_on beta no_jobs || fail "left at beta: $(peer_jobs beta 'PENDING|RUNNING|COMPLETING')"
rm "$CLUSTER_TOP/watch"
wait $watcher

test_case "each run was done once"
for ((i = 1; i <= total; i++)); do
	text=$(verdict $i)
	case $text in
	'') ;;
	told*) diag "$text" ;;
	*) fail "$text" ;;
	esac
done
diag "faults: $(sed -n 's/^[0-9]* < [0-9]* //p' "$CLUSTER_TOP/beta/log/faulty.calls" | sort | uniq -c | paste -sd, | tr -s ' ')"
diag "started again: $(awk '{ print $2 }' "$CLUSTER_TOP/restarts" | sort | uniq -c | paste -sd, | tr -s ' ')"
finish
