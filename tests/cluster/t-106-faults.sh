#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Faults: runs are handed to a peer while calls are lost on the way there and back, the line is cut, daemons and proxies are
# killed, clocks are wrong, and the peer's slurmctld is put back by seconds, or an hour.  Each job says itself when it starts,
# lives and ends: none may run twice, none may be lost, none may outlive its lease.
#
#	FAULTS=1000 WEFT_TEST_TIMEOUT=36000 bash tests/cluster/run BUILD t-106
#
# is the long form, which takes an hour and more.  FAULTS is the number of runs (20), FAULTS_SEED says which faults come by
# chance (1), SITES_HOME and SITES_PEER are the releases.  Of five runs one is a job at home with all that belongs to it (sbatch,
# slurmctld, SPANK, proxy); in the others the script stands in for the job and its proxy: what it knows of a run it asks
# weftd, and now and then it starts from nothing, as a proxy does that was killed.
#
# The short form leaves out the waves in which the peer's slurmctld goes back in time, and lets a slurmctld write down what it
# knows before it is killed; the long form does not.  What Slurm itself does when a slurmctld has lost its last seconds, and
# may therefore come to pass: it gives numbers again, drains a node that knows one ("Duplicate jobid"), ends a job of which it
# knows nothing, and says of one that it has ended as CANCELLED, NODE_FAIL or FAILED with 1.  That is what the user is told
# then, and not a run that is lost: see verdict().
. "$(dirname "$0")/burst.sh"

total=${FAULTS:-20} # each fault comes once or twice; of 30, at either call
seed=${FAULTS_SEED:-1}
RANDOM=$seed
short=no
[ "$total" -gt 100 ] || short=yes
wave_size=20
[ $short = no ] || wave_size=$total
lease=60    # s, as burst.sh has it
late=120    # s after it, until a slow peer has ended what was left
base=500000 # stand-ins are jobs from this number on

STAND_INS=yes
HOME_CONF="JobRequeue=1"
PEER_NODES="hp[1-3]  gpu:h100:8"
burst_start
site alpha
marks=$CLUSTER_TOP/marks
mkdir -m 1777 "$marks"
touch "$marks/all" "$marks/over" "$CLUSTER_TOP/restarts"
chmod 666 "$marks/all"

# ---------------------------------------------------------------- daemons

victims=(beta/slurmctld beta/slurmrestd beta/slurmdbd beta/hp1 alpha/weftd)
watched=("${victims[@]}" beta/hp2 beta/hp3 alpha/slurmctld alpha/beta-gw)

pid_of()
{
	cat "$CLUSTER_TOP/${1%/*}/run/${1#*/}.pid"
}

kill_daemon()
{
	kill -KILL "$(pid_of "$1")" 2> /dev/null || true
}

# kill_line SITE/DAEMON: for a shell
kill_line()
{
	local wait=
	[ $short$1 != yesbeta/slurmctld ] || wait="$CLUSTER_TOP/bin/when-saved $CLUSTER_TOP/beta/state; "
	echo "${wait}kill -KILL \$(cat $CLUSTER_TOP/${1%/*}/run/${1#*/}.pid)"
}

# when-saved STATE: waits until slurmctld has written down what it knew when the question came.  It does so within seconds
# of a change; the file may be of a look from before, but not the one after it.  Gives up where nothing changes.
cat > "$CLUSTER_TOP/bin/when-saved" <<'END'
#!/bin/bash
i=0
for n in 1 2; do
	mark=$(mktemp)
	while [ $((i += 1)) -lt 120 ] && [ ! "$1/job_state" -nt "$mark" ]; do sleep 0.1; done
	rm -f "$mark"
done
exit 0
END
chmod 755 "$CLUSTER_TOP/bin/when-saved"

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

# set_clock SITE/DAEMON +60s: the same, and it is started anew by the watcher
set_clock()
{
	local pid
	pid=$(pid_of "$1")
	kill -STOP "$pid" 2> /dev/null || true
	step_clock "${1#*/}" "$2"
	touch "$CLUSTER_TOP/clock-set"
	kill -KILL "$pid" 2> /dev/null || true
	wait_until 60 started_since "$1" "$CLUSTER_TOP/clock-set" || true
}

# Has it been started since the file was touched?  Else it is ended, for the clock that it has is another.
started_since()
{
	[ "$CLUSTER_TOP/${1%/*}/run/${1#*/}.pid" -nt "$2" ] || { kill_daemon "$1"; return 1; }
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
	local victim
	while [ -e "$CLUSTER_TOP/watch" ]; do
		for victim in "${watched[@]}"; do
			[ ! -e "$CLUSTER_TOP/hands-off" ] || continue
			process_gone "$(pid_of "$victim" 2> /dev/null)" || continue
			echo "$(date +%s) $victim" >> "$CLUSTER_TOP/restarts"
			start_again "$victim"
		done
		sleep 0.5
	done
}

restarts()
{
	grep -c " $1\$" "$CLUSTER_TOP/restarts" || true
}

# ---------------------------------------------------------------- faults

# What is done to one of the calls that are made for the sake of a run: 1 submits it, 2 releases it; later ones are tries
# again, and cancel.
kinds=(drop-request drop-answer "hang-answer 4" "cut 40" "delay 2500")
for victim in "${victims[@]}"; do
	kinds+=("before $(kill_line "$victim")" "after $(kill_line "$victim")")
done

# rule I: what happens to run I, in its first attempt
rule()
{
	local n=$(($1 - 1))
	echo "weft.alpha.${jobs[$1]}.*.1:$((1 + n % 2)) * * ${kinds[n % ${#kinds[@]}]}"
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

# cut_line SECONDS: nothing comes through, and nothing is lost
cut_line()
{
	kill -STOP "$(pid_of beta/faulty)"
	sleep "$1"
	kill -CONT "$(pid_of beta/faulty)"
}

# first_copy: of the state of the peer's slurmctld
first_copy()
{
	printf '%s\n' "$CLUSTER_TOP"/beta/state.* | head -n 1
}

# wait_an_hour: until that is as old
wait_an_hour()
{
	local copy left
	copy=$(first_copy)
	left=$((${copy##*.} + 3600 - $(date +%s)))
	[ $left -le 0 ] || sleep $left
}

# put_back [COPY]: the peer's slurmctld, to what it knew then; without COPY, to what it knew some seconds ago
put_back()
{
	local copy
	sleep $((2 + RANDOM % 4))
	copy=$CLUSTER_TOP/beta/state.$(date +%s)
	cp -a "$CLUSTER_TOP/beta/state" "$copy" 2> /dev/null || true
	copy=${1:-$copy}
	sleep $((3 + RANDOM % 6))
	touch "$CLUSTER_TOP/hands-off"
	sleep 1
	kill_daemon beta/slurmctld
	sleep 1
	diag "beta's slurmctld is put back by $(($(date +%s) - ${copy##*.})) s"
	rm -rf "$CLUSTER_TOP/beta/state"
	cp -a "$copy" "$CLUSTER_TOP/beta/state"
	rm "$CLUSTER_TOP/hands-off"
}

# During the wave, next to its runs.
events_of_wave()
{
	case $1 in
	stepped)
		sleep 5
		[ $short = no ] || cut_line 3
		step_clock weftd +60s
		;;
	cut)
		sleep 3
		cut_line 12
		;;
	restored) put_back ;;
	aged) put_back "$(first_copy)" ;;
	esac
}

clock_of_wave()
{
	case $1 in
	fast-weftd) set_clock alpha/weftd +60s ;;
	slow-weftd) set_clock alpha/weftd -60s ;;
	fast-rest) set_clock beta/slurmrestd +60s ;;
	esac
}

clock_after_wave()
{
	case $1 in
	*-weftd | stepped) set_clock alpha/weftd +0s ;;
	*-rest) set_clock beta/slurmrestd +0s ;;
	esac
}

# ---------------------------------------------------------------- runs

jobs=() # run I's number at home

# Is run I a job at home?
is_real()
{
	[ $(($1 % 5)) -eq 3 ]
}

# What becomes of run I: most end by themselves, some are cancelled, some have a proxy that never comes back.
fate()
{
	case $(($1 % 20)) in
	7 | 13) echo cancelled ;;
	17) echo left ;;
	18) [ $(($1 / 20 % 2)) -eq 0 ] && echo ends || echo left ;;
	*) echo ends ;;
	esac
}

# The job writes to $marks/all, and keeps a lock while it lives.
job_text()
{
	local seconds=$((1 + $1 % 5))
	[ "$(fate "$1")" = ends ] || seconds=600
	printf '%s\n' '#!/bin/bash' "exec 9>> $marks/$1.lock" \
		"flock -n 9 || echo twice $1 >> $marks/all" "echo start $1 \$SLURM_JOB_ID >> $marks/all" \
		"for ((i = 0; i < $seconds; i++)); do echo alive $1 \$(date +%s) >> $marks/all; sleep 1; done" \
		"echo end $1 \$SLURM_JOB_ID >> $marks/all" "echo out $1" "exit $(($1 % 7))"
}

value_of()
{
	sed -n "s/.*\"$2\":\"\{0,1\}\([^,\"}]*\).*/\1/p" <<< "$1"
}

has_begun()
{
	grep -q "^start $1 " "$marks/all"
}

# over I PHASE [STATUS [STATE]]
over()
{
	echo "$*" >> "$marks/over"
}

# stand_for I: as weft-proxy does
stand_for()
{
	local number=${jobs[$1]} answer='' began=$SECONDS attach cancelled='' key script
	key=alpha.$number.$submit
	script=$(job_text "$1")
	attach='{"ask": "attach", "peer": "beta", "cluster": "alpha", "job": '$number', "submit": '$submit', "restarts": 0,
		"script": "'${script//$'\n'/\\n}'\n", "environment": ["PATH=/usr/bin:/bin"], "minutes": 15, "gres": "gpu:h100:1",
		"ticket": "'$(stand_in "$number" "$submit" 1 15)'"}'
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
			if has_begun "$1"; then
				over "$1" left "$(date +%s)"
				return 0
			fi
			;;
		esac
		if [ "$(value_of "$answer" over)" = true ]; then
			over "$1" "$(value_of "$answer" phase)" "$(value_of "$answer" exit_status)" "$(value_of "$answer" state)"
			until ask_weftd alice '{"ask": "settle", "key": "'"$key"'"}' > /dev/null 2>&1; do sleep 1; done
			return 0
		fi
		sleep 1.$((RANDOM % 10))
	done
}

# submit_real I: held, until there is a rule for it
submit_real()
{
	mkdir -p "$CLUSTER/users/alice/w$1"
	job_text "$1" > "$CLUSTER/users/alice/w$1/job.sh"
	at chown -R alice: "/home/alice/w$1"
	# A cluster whose slurmctld was killed a moment ago may say no; the job is there once, under its name.
	JOB=
	for ((try = 0; try < 60; try++)); do
		JOB=$(squeue -h -t all -n "real$1" -o %i 2> /dev/null | tail -n 1) || JOB=
		[ -z "$JOB" ] || break
		as_user alice sbatch --parsable -H -J "real$1" -D "/home/alice/w$1" -o "/home/alice/real$1.out" --open-mode=append -t 15 \
			--accel=1 --burst=only "/home/alice/w$1/job.sh" > "$marks/$1.answer" 2>&1 || sleep 1
	done
	[ -n "$JOB" ] || fail "run $1 was not taken at home: $(cat "$marks/$1.answer")"
	jobs[$1]=$JOB
}

# proxy_pid JOB
proxy_pid()
{
	pgrep -f "weft-proxy --conf=.* --submit=" | while read -r pid; do
		! tr '\0' '\n' 2> /dev/null < "/proc/$pid/environ" | grep -qx "SLURM_JOB_ID=$1" || echo "$pid"
	done | head -n 1
}

has_proxy()
{
	[ -n "$(proxy_pid "$1")" ]
}

kill_proxy()
{
	local pid
	pid=$(proxy_pid "$1")
	[ -n "$pid" ] && kill -KILL "$pid"
}

# fault_at_home I: what happens to a real one besides what happens to its calls
fault_at_home()
{
	sleep $((RANDOM % 4)).$((RANDOM % 10))
	case $(($1 / 5 % 4)) in
	0 | 2) wait_until 60 kill_proxy "${jobs[$1]}" || true ;;
	1) kill_daemon alpha/beta-gw ;;
	3)
		# What it has not written down is Slurm's loss, and there would be no job at home to look at.
		"$CLUSTER_TOP/bin/when-saved" "$CLUSTER_TOP/alpha/state"
		kill_daemon alpha/slurmctld
		;;
	esac
}

# again JOB: a job that was killed with its proxy, or that slurmd did not start, as an administrator would.  slurmd takes no
# credential of the second in which it has ended the job.
again()
{
	sleep 2
	scontrol requeue "$1" > /dev/null 2>&1 || true
}

# follow_real I: until the job is over at home
follow_real()
{
	local job=${jobs[$1]} state code began=$SECONDS
	wait_until 240 has_proxy "$job" || true
	[ "$(fate "$1")" != ends ] || fault_at_home "$1"
	while :; do
		sleep 1.$((RANDOM % 10))
		state=$(job_state "$job")
		code=$(job_field "$job" ExitCode)
		echo "at home: job $job $state $code $(job_field "$job" Reason)" > "$marks/$1.answer"
		case $(fate "$1")/$state/$code in
		left/*)
			if has_begun "$1" && kill_proxy "$job"; then
				over "$1" left "$(date +%s)"
				return 0
			fi
			;;
		cancelled/RUNNING/* | cancelled/PENDING/*)
			[ $((SECONDS - began)) -le $((3 + $1 % 9)) ] || scancel "$job" > /dev/null 2>&1 || true
			;;
		ends/FAILED/0:9 | ends/NODE_FAIL/*) again "$job" ;;
		*/PENDING/*)
			scontrol update "JobId=$job" StartTime=now > /dev/null 2>&1 || true
			scontrol release "$job" > /dev/null 2>&1 || true
			scontrol update NodeName=beta-gw State=RESUME > /dev/null 2>&1 || true
			;;
		esac
		case $state in
		CANCELLED)
			over "$1" cancelled 0 "$state"
			return 0
			;;
		COMPLETED | FAILED)
			[ "$code" != 0:9 ] || continue
			# The proxy says so in the job's output when it was told another end than that of the script.
			state=$(sed -n 's/^weft: job [0-9]* at beta ended in state \([A-Z_]*\).*/\1/p' "$CLUSTER/users/alice/real$1.out" | tail -n 1)
			over "$1" ended $((256 * ${code%:*} + ${code#*:})) "${state:-$(job_state "$job")}"
			return 0
			;;
		esac
	done
}

# nodes_tell: the peer's slurmds are killed and started, and tell slurmctld what they have.  It may have lost the word that a
# job has ended, and would ask only after a quarter of an hour.
nodes_tell()
{
	local node
	for node in hp1 hp2 hp3; do
		kill_daemon beta/$node
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

# at_rest FIRST LAST: none of those that shall end, and are not over, lives; and slurmctld has had time to find its nodes.
# Only then may weftd be told that a week has passed, for nothing runs for a week.
at_rest()
{
	local i restarted
	for ((i = $1; i <= $2; i++)); do
		grep -q "^$i " "$marks/over" || [ ! -e "$marks/$i.lock" ] || flock -n "$marks/$i.lock" true || return 1
	done
	restarted=$(awk '$2 == "beta/slurmctld" { t = $1 } END { print t + 0 }' "$CLUSTER_TOP/restarts")
	[ $(($(date +%s) - restarted)) -gt 20 ]
}

# wave KIND FIRST LAST
wave()
{
	local i rules=() pids=() held=() kind=$1 skew submit
	nodes_resume
	clock_of_wave "$kind"
	for ((i = $2; i <= $3; i++)); do
		if is_real "$i"; then
			submit_real "$i"
			held+=("${jobs[i]}")
		else
			jobs[i]=$((base + i))
		fi
		rules+=("$(rule "$i")")
	done
	mapfile -O ${#rules[@]} -t rules < <(rule_of_wave "$kind")
	site_on beta faulty_rules "${rules[@]}"
	submit=$(date +%s)
	[ ${#held[@]} -eq 0 ] || wait_for 60 scontrol release "$(IFS=,; echo "${held[*]}")"
	for ((i = $2; i <= $3; i++)); do
		(
			RANDOM=$((seed * 1000 + i * 7))
			set +e
			is_real "$i" && follow_real "$i" || stand_for "$i"
		) &
		pids+=($!)
	done
	events_of_wave "$kind"
	# weftd looks for two minutes for what may have been submitted, and for a week for what nobody at the peer knows any
	# more, until it cannot run: they pass fast.
	for skew in 0 200 691200 691500; do
		if [ $skew -ge 691200 ]; then
			wait_until 120 at_rest "$2" "$3" || true
			nodes_tell
			! wait_until 12 wave_over "$2" "$3" || break
		fi
		# For slurmctld weftd's file is too old, or too new, by five minutes.
		[ $skew -ne 200 ] || step_clock weftd +${skew}s
		[ $skew -le 200 ] || set_clock alpha/weftd +${skew}s
		[ $skew -lt 691500 ] || site_on beta faulty_rules
		! wait_until $((skew == 200 ? 30 : 15)) wave_over "$2" "$3" || break
	done
	for ((i = 0; i < 20; i++)); do
		! wait_until 15 wave_over "$2" "$3" || break
		# To a site whose file is of another time no job goes that has to start there again.
		[ $i -ne 1 ] || set_clock alpha/weftd +0s
		nodes_tell
		nodes_resume
	done
	wave_over "$2" "$3" || for ((i = $2; i <= $3; i++)); do
		grep -q "^$i " "$marks/over" || fail "run $i ($(fate "$i")) goes on: $(cat "$marks/$i.answer")"
	done
	[ $skew = 0 ] || set_clock alpha/weftd +0s
	kill "${pids[@]}" 2> /dev/null || true
	clock_after_wave "$kind"
}

# ---------------------------------------------------------------- counting

# In the background, until the file "watch" is gone: what the peer itself says of its jobs.  A slurmctld that is killed in
# the next second forgets it, and accounting never hears of it.
watch_peer()
{
	while [ -e "$CLUSTER_TOP/watch" ]; do
		site_on beta timeout 2 squeue -h -a -t all -o '%j %T' >> "$marks/seen" 2> /dev/null || true
		sleep 0.3
	done
}

# What the peer itself has said of its jobs, by name: "weft.alpha.12.1700000000.1 CANCELLED".
told_by_peer()
{
	sort -u "$marks/seen"
	site_on beta sacct -D -X -a -n -P -S now-1days -o JobName,State | sed 's/|\([A-Z_]*\).*/ \1/'
}

# verdict I: what is wrong with the run; nothing.  A lease begins anew when weftd starts.  Where the peer's slurmctld or a
# slurmd of its was killed, it may say that a job was cancelled which nobody has cancelled, or that its node failed, or that
# it failed with 1: so the user is told, and the line begins with "told" then.  The peer must have said so.
verdict()
{
	awk -v run="$1" -v fate="$(fate "$1")" -v over="$(grep -m 1 "^$1 " "$marks/over" | cut -d' ' -f2-)" \
		-v code="$((256 * ($1 % 7)))" -v keep="$((lease + late))" -v name="weft.alpha.${jobs[$1]}." '
		function bad(text) { printf "run %d (%s, %s): %s; %d starts, %d ends\n", run, fate, over, text, starts, ends }
		FILENAME ~ /restarts$/ { if ($2 == "alpha/weftd") weftd[++n] = $1; next }
		FILENAME ~ /told$/ { if (index($1, name) == 1) told[$2] = 1; next }
		$2 != run { next }
		$1 == "twice" { bad("two at a time") }
		$1 == "start" { starts++; if (ends) bad("again after its end") }
		$1 == "alive" { last = $3 }
		$1 == "end" { ends++ }
		END {
			split(over, o, " ")
			for (i = 1; i <= n && fate == "left"; i++)
				if (weftd[i] > o[2] && weftd[i] <= last) o[2] = weftd[i]
			fine = fate == "ends" && ends == 1 && o[1] == "ended" && o[2] == code
			if (fate == "ends" && !fine && o[1] == "ended" && o[3] != "COMPLETED" && told[o[3]] &&
			    (o[3] != "FAILED" || o[2] == 256))
				print "told that run " run " ended as " o[3] "; " starts + 0 " starts, " ends + 0 " ends"
			else if (fate == "ends" && !fine)
				bad("not once, or not as it ended")
			if (fate == "cancelled" && (ends || o[1] != "cancelled")) bad("not cancelled")
			if (fate == "left" && last > o[2] + keep) bad("outlives its lease by " last - o[2] - keep " s")
		}' "$CLUSTER_TOP/restarts" "$marks/told" "$marks/all"
}

# How often weftd has begun to look at the peer's jobs, since it was started and before.
looks_of_weftd()
{
	grep -c "beta: REST" "$CLUSTER/log/weftd.out"
}

all_up()
{
	site_on alpha ctld_up && site_on beta ctld_up && weft sites
}

test_case "$total runs, each with a fault (FAULTS_SEED=$seed)"
[ -n "$faketime" ] || fail "libfaketime is missing"
touch "$CLUSTER_TOP/watch"
watch_daemons &
watchers=$!
watch_peer &
watchers="$watchers $!"
set_clock alpha/weftd +0s
number=0
for ((first = 1; first <= total; first += wave_size)); do
	kind=${waves[number % ${#waves[@]}]}
	number=$((number + 1))
	last=$((first + wave_size - 1 < total ? first + wave_size - 1 : total))
	# In the last wave of the long form jobs of the second, more than an hour ago, come back.
	if [ $short = no ] && [ $last -eq $total ]; then
		kind=aged
		wait_an_hour
	fi
	began=$SECONDS
	wave "$kind" $first $last
	diag "runs $first to $last ($kind): $((SECONDS - began)) s"
done
site_on beta faulty_rules
wait_for 120 all_up

test_case "nothing outlives its lease, and nothing is left at the peer"
if [ $short = yes ]; then # a lease passes fast
	touch "$CLUSTER_TOP/time-passes"
	looks=$(looks_of_weftd)
	set_clock alpha/weftd +0s
	wait_until 60 eval '[ "$(looks_of_weftd)" -gt "$looks" ]' || fail "weftd does not look at beta"
	step_clock weftd +$((2 * lease + 10))s
fi
wait_until $((lease + late)) site_on beta no_jobs || fail "left at beta: $(peer_jobs beta 'PENDING|RUNNING|COMPLETING')"
rm "$CLUSTER_TOP/watch"
# shellcheck disable=SC2086 # words
wait $watchers

test_case "each run was done once"
wait_for 120 all_up
told_by_peer > "$marks/told"
told=0
for ((i = 1; i <= total; i++)); do
	text=$(verdict $i)
	case $text in
	'') ;;
	told*)
		told=$((told + 1))
		diag "$text"
		;;
	*) fail "$text" ;;
	esac
done
diag "runs: $total, of which $(grep -c '^start' "$marks/all") starts, $(grep -c '^end' "$marks/all") ends, $told told another end"
diag "faults: $(sed -n 's/^[0-9]* < [0-9]* //p' "$CLUSTER_TOP/beta/log/faulty.calls" | sed "s# .*[ /]\(.*\)/run/\(.*\).pid)# \2#" |
	sort | uniq -c | paste -sd, | tr -s ' ')"
diag "started again: $(awk '{ print $2 }' "$CLUSTER_TOP/restarts" | sort | uniq -c | paste -sd, | tr -s ' ')"
finish
