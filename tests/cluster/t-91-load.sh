#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A random load under caps that move: what is drawn, as Slurm's node records tell it, stays within the caps.
. "$(dirname "$0")/lib.sh"

# What is drawn can be counted by eye: 100 W a host, 10 W a processor in use, 100 W a card (amd: 50 W).
interval=2
slack=2 # s that Slurm itself may take
state=$CLUSTER/run/power.json
signal=$CLUSTER/home/signal.csv
caps=$CLUSTER/home/caps       # TIME ZONE WATTS, as they come into force
samples=$CLUSTER/home/samples # see sample()
reports=$CLUSTER/home/reports # TIME and the watts of each zone, by the state file
zones="cluster left right hall"
CLUSTER_WEFT_CONF="PowerNode=ALL Idle=100 Peak=180
PowerClass=gpu:h100 Idle=0 Peak=100
PowerClass=gpu:mi300x Idle=0 Peak=50
PowerProvision=worst
PowerInterval=$interval
PowerPatience=5
PowerState=$state
PowerSignal=$signal
PowerZone=left Nodes=nv[1-2]
PowerZone=right Nodes=nv[3-4]
PowerZone=hall Nodes=nv[1-4]
PowerCap=cluster Watts=2600
PowerCap=hall Watts=2200
PowerCap=left Watts=1000
PowerCap=right Watts=1200"
# With sched/weft slurmctld would refuse heterogeneous jobs; here select/cons_tres_weft plans.
CLUSTER_CONF="AuthInfo=socket=$CLUSTER/run/munge.sock,cred_expire=5"
cluster_nodes <<END
nv[1-4]  gpu:h100:8    CPUs=8
amd1     gpu:mi300x:8  CPUs=8
cpu1     -             CPUs=8
END

seed=${WEFT_LOAD_SEED:-16717}
RANDOM=$seed
mkdir -p "$CLUSTER/home"

# ---------------------------------------------------------------- the caps

# cap ZONE WATTS [SECONDS]: from now on, or from so many seconds on.  The file says what was said before, too.
cap()
{
	echo "$(($(date +%s) + ${3:-0})) $1 $2" >> "$caps"
	awk '{ last[$1 "," $2] = $3 } # of two for the same moment the later one
		END { for (k in last) { split(k, at, ","); print strftime("%FT%TZ", at[1], 1) "," at[2] "," last[k] } }' \
		"$caps" | cat <(echo "time,zone,watts") - > "$signal.new"
	mv "$signal.new" "$signal"
}

# ---------------------------------------------------------------- looking

# sample: BEGAN ENDED, the watts of each zone, of each zone: does a job run there that may be interrupted?  And: is a job
# completing?  It has given its cards back, and its processes may still draw: Weft counts it.
# Counted from what Slurm says of its nodes, and not by Weft.
sample()
{
	local began
	began=$(date +%s.%N)
	{
		scontrol show node -d
		squeue -h -t R -n flexible -o 'Flexible=%N'
		squeue -h -t CG -o Completing
		echo "Times=$began $(date +%s.%N)"
	} | awk -v zones="$zones" '
		function add(name, watts, flexible,   z) {
			z = "cluster" (name ~ /^nv/ ? " hall" : "") (name ~ /^nv[12]$/ ? " left" : "") \
				(name ~ /^nv[34]$/ ? " right" : "")
			n = split(z, in_zones, " ")
			for (i = 1; i <= n; i++) { drawn[in_zones[i]] += watts; any[in_zones[i]] += flexible }
		}
		/^NodeName=/ { split($1, a, "="); name = a[2]; add(name, 100, 0) }
		match($0, /CPUAlloc=[0-9]+/) { add(name, 10 * substr($0, RSTART + 9, RLENGTH - 9), 0) }
		match($0, /GresUsed=gpu:h100:[0-9]+/) { add(name, 100 * substr($0, RSTART + 18, RLENGTH - 18), 0) }
		match($0, /GresUsed=gpu:mi300x:[0-9]+/) { add(name, 50 * substr($0, RSTART + 20, RLENGTH - 20), 0) }
		/^Flexible=/ {
			text = substr($0, 10) # nv1, nv[1-2], nv[1,3], amd1,nv2
			for (k = 1; k <= 4; k++)
				if (text ~ "nv(\\[[0-9,-]*)?" k) add("nv" k, 0, 1)
			if (text ~ /amd|cpu/) add("amd1", 0, 1)
		}
		/^Completing/ { completing = 1 }
		/^Times=/ { sub(/Times=/, ""); times = $0 }
		END {
			if (drawn["cluster"] < 600) exit # slurmctld did not answer
			n = split(zones, z, " "); line = times
			for (i = 1; i <= n; i++) line = line " " drawn[z[i]]
			for (i = 1; i <= n; i++) line = line " " (any[z[i]] > 0)
			print line " " completing + 0
		}' >> "$samples"
}

# What the state file says: TIME and the watts of each zone, cluster first, then as in weft.conf.  And: is some of it reserved
# for a job that may start by now?
report()
{
	awk '/^  "time": / { time = $2; gsub(/[",]/, "", time); gsub(/[^0-9]+/, " "); print mktime($0) }
		match($0, /"projected_w": [0-9]+/) { print substr($0, RSTART + 15, RLENGTH - 15) }
		/"reserved": true/ && match($0, /"earliest": "[^"]+"/) && substr($0, RSTART + 13, RLENGTH - 14) <= time { due = 1 }
		END { print due + 0 }' "$state" 2> /dev/null |
		paste -sd ' ' >> "$reports"
}

watch_all()
{
	while [ -e "$CLUSTER/home/watching" ]; do
		sample
		report
		sleep 0.3
	done
}

# ---------------------------------------------------------------- the load

pick()
{
	shift $((RANDOM % $#))
	echo "$1"
}

# One random job.
random_job()
{
	local name=rigid run limit args=()
	run="sleep $((1 + RANDOM % 5))"
	limit=$(pick 1 1 2 10 60)
	if [ $((RANDOM % 3)) -gt 0 ]; then
		name=flexible
		args+=(--energy=now,interrupt=yes)
	fi
	case $((RANDOM % 8)) in
	0 | 1 | 2) args+=(-n "$(pick 1 1 2)" -N 1 --gres="gpu:h100:$(pick 1 2 3 4 6)") ;;
	3) args+=(-N 2 -n 2 --gres="gpu:h100:$(pick 1 2)") ;;
	4 | 5) args+=(-n 1 --accel="$(pick '4:h100|4:mi300x' '6:h100|3:h100' '8:mi300x|2:h100' 2:any)") ;;
	6) args+=(-n "$(pick 1 2 4)") ;;
	7) args+=(-n 1 --gres=gpu:h100:1 --array=1-"$(pick 2 3)") ;;
	esac
	submit -J "$name" -t "$limit" "${args[@]}" --wrap "$run"
}

# ---------------------------------------------------------------- judging

# What a machine that is busy with other things took from all that runs here: the longest pause between two looks.
pause()
{
	awk 'NR > 1 && $1 - last > most { most = $1 - last } { last = $1 } END { print most + 0 }' "$samples"
}

# judge: what breaks the rules, by zone and moment
judge()
{
	awk -v zones="$zones" -v late=$((interval + slack)) -v pause="$(pause)" '
		function cap_at(zone, t,   i, cap) {
			for (i = 1; i <= n_caps && caps_time[i] <= t; i++) if (caps_zone[i] == zone) cap = caps_watts[i]
			return cap
		}
		# The last moment up to T at which the cap of ZONE fell; 0: never.
		function fell_at(zone, t,   i, cap, fell) {
			for (i = 1; i <= n_caps && caps_time[i] <= t; i++) {
				if (caps_zone[i] != zone) continue
				if (caps_watts[i] < cap) fell = caps_time[i]
				cap = caps_watts[i]
			}
			return fell + 0
		}
		FNR == NR { n_caps++; caps_time[n_caps] = $1; caps_zone[n_caps] = $2; caps_watts[n_caps] = $3; next }
		{
			n = split(zones, z, " ")
			for (i = 1; i <= n; i++) {
				drawn = $(2 + i); flexible = $(2 + n + i); cap = cap_at(z[i], $1); fell = fell_at(z[i], $1)
				if (cap_at(z[i], $2) > cap) cap = cap_at(z[i], $2)
				where = sprintf("%s at %.1f: %d of %d W", z[i], $1, drawn, cap)
				if (drawn > cap && $1 > fell + late + pause) {
					if (flexible) print where ", though what may be interrupted runs there, " $1 - fell " s after a fall"
					if (drawn > last[i]) print where ", " last[i] " W before: something was let in"
				}
				last[i] = drawn
			}
		}' <(sort -n "$caps") "$samples"
}

# How often something was above its cap, and how many samples there are.
above()
{
	awk -v zones="$zones" '
		function cap_at(zone, t,   i, cap) {
			for (i = 1; i <= n_caps && caps_time[i] <= t; i++) if (caps_zone[i] == zone) cap = caps_watts[i]
			return cap
		}
		FNR == NR { n_caps++; caps_time[n_caps] = $1; caps_zone[n_caps] = $2; caps_watts[n_caps] = $3; next }
		{ n = split(zones, z, " "); for (i = 1; i <= n; i++) if ($(2 + i) > cap_at(z[i], $1)) { k++; break } }
		END { print k + 0 }' <(sort -n "$caps") "$samples"
}

# compare: of the reports in a time when nothing changed, how many there are; and a line for each that differs, if there are
# two: a job of a second may come and go between two looks, and one report sees it
compare()
{
	awk '
		FNR == NR { n++; t[n] = $1; text[n] = $3 " " $4 " " $5 " " $6 ($NF ? " " n : ""); next }
		NF < 6 || seen[$1]++ || $NF { next }
		{
			mine = $2 " " $3 " " $4 " " $5; same = ""; quiet = 0
			for (i = 1; i <= n; i++) {
				if (t[i] < $1 - 2 || t[i] > $1 + 2) continue
				if (same == "" ) same = text[i]
				quiet = same == text[i] ? quiet + 1 : -100
			}
			if (quiet < 4) next
			all++
			if (mine != same) differs[++bad] = "report of " $1 ": " mine ", and Slurm has " same
		}
		END {
			for (i = 1; i <= bad && bad > 1; i++) print differs[i]
			print all + 0
		}' "$samples" "$reports"
}

# ---------------------------------------------------------------- the play

# In force from the beginning, as weft.conf has it.
for zone in "cluster 2600" "hall 2200" "left 1000" "right 1200"; do
	echo "0 $zone" >> "$caps"
done
echo "time,zone,watts" > "$signal"
cluster_start
diag "WEFT_LOAD_SEED=$seed"

test_case "60 random jobs while the caps move: all of them end"
touch "$CLUSTER/home/watching"
watch_all &
watcher=$!
# So that the cut comes while more runs than it allows.
for node in nv3 nv4; do
	submit -J flexible -t 5 -n 1 -w $node --gres=gpu:h100:4 --energy=now,interrupt=yes --wrap 'sleep 8'
	wait_job "$JOB" RUNNING
done
for ((i = 0; i < 11; i++)); do random_job; done
submit -J rigid -t 2 -n 1 --gres=gpu:h100:2 --wrap 'sleep 2' : -n 1 --gres=gpu:h100:3
cap right 500                     # a cut under load
for ((i = 0; i < 12; i++)); do random_job; done
sleep 3
cap right 1200
cap hall 900 6                    # announced
for ((i = 0; i < 12; i++)); do random_job; done
sleep 8
cap hall 2200
cap cluster 1100 2
cap cluster 2000 9
for ((i = 0; i < 12; i++)); do random_job; done
sleep 7
for ((i = 0; i < 12; i++)); do
	random_job
	[ $((i % 4)) -ne 0 ] || cap "$(pick left right hall cluster)" $((800 + RANDOM % 8 * 100))
	sleep 1
done
sleep 3
for zone in "left 1000" "right 1200" "hall 2200" "cluster 2600"; do
	# shellcheck disable=SC2086 # words
	cap $zone
done
wait_for 400 no_jobs
sleep 6 # some moments at which nothing changes
rm "$CLUSTER/home/watching"
wait $watcher
expect_eq "$(scontrol show job | grep -o 'JobState=[A-Z_]*' | grep -v COMPLETED | sort | uniq -c)" "" "jobs that did not complete"

test_case "by no admission is a cap broken, and after a cut it is met within an interval"
expect_eq "$(judge)" "" "broken rules"
diag "$(wc -l < "$samples") samples, $(above) of them above a cap; $(ctld_log 'is requeued: Weft: requeued' | wc -l) requeues; at most $(pause) s between two looks"
expect_match "$(ctld_log 'is requeued')" 'Weft: requeued: power cap of '
[ "$(wc -l < "$samples")" -gt 60 ] || fail "only $(wc -l < "$samples") samples"

test_case "the state file projects what Slurm's records say"
run compare
expect_eq "$(printf '%s\n' "$output" | grep -v '^[0-9]*$')" "" "reports that differ"
[ "$(printf '%s\n' "$output" | tail -n 1)" -ge 1 ] || fail "only so many quiet moments: $output"

finish
