# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# measure.sh - numbers out of a running slurmctld: sdiag, the probe (probe.c), /proc.  Sourced by scale.

note()
{
	echo "$(date +%T) $*" >&2
}

# put MEASURE VALUE: a line of the table of single values
put()
{
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$(slurm_release)" "$SCENARIO" "$NODES" "$QUEUE" "$MODE" "$REP" "$1" "$2" \
		>> "$TSV"
}

# ---------------------------------------------------------------- sdiag

# Everything counts from now on.
restart_statistics()
{
	sdiag -r > /dev/null
	dd if=/dev/zero of="$CLUSTER/probe" conv=notrunc bs="$(stat_file_size)" count=1 2> /dev/null
}

stat_file_size()
{
	wc -c < "$CLUSTER/probe"
}

# read_statistics: sdiag as lines of NAME VALUE, for figure()
read_statistics()
{
	STATISTICS=$(sdiag | awk '
		/^Main schedule/ { part = "main" }
		/^Backfilling/ { part = "bf" }
		/^Remote Procedure/ { part = "" }
		part && /Total cycles:/ { print part "_cycles", $NF }
		part && /Mean cycle:/ { print part "_mean", $NF }
		part && /Max cycle:/ { print part "_max", $NF }
		part && /Last cycle:/ { print part "_last", $NF }
		part && /Mean depth cycle:/ { print part "_depth", $NF }
		part && /Last depth cycle:/ { print part "_last_depth", $NF }
		part && /Depth Mean \(try depth\):/ { print part "_try", $NF }
		part && /Last queue length:/ { print part "_queue", $NF }
		/REQUEST_SUBMIT_BATCH_JOB / { print "submit_mean", value("ave_time") }
		/REQUEST_JOB_WILL_RUN / { print "willrun_mean", value("ave_time") }
		function value(key,    at)
		{
			at = length(key) + 1
			return match($0, key ":[0-9]+") ? substr($0, RSTART + at, RLENGTH - at) : 0
		}
	')
}

# figure NAME: of what read_statistics read; 0 when it is not there
figure()
{
	awk -v name="$1" '$1 == name { found = $2 } END { print found + 0 }' <<< "$STATISTICS"
}

# per SUM COUNT
per()
{
	awk -v a="$(figure "$1")" -v b="$(figure "$2")" 'BEGIN { printf "%.0f\n", b ? a / b : 0 }'
}

# at_least NAME N: has sdiag counted so many?
at_least()
{
	read_statistics
	[ "$(figure "$1")" -ge "$2" ]
}

# A reason for another cycle, which changes nothing.  Until its first cycle slurmctld takes sched_interval for a minute.
nudge()
{
	scontrol update NodeName=nv1 Comment="$RANDOM"
}

# nudge_until NAME N
nudge_until()
{
	local limit=$((SECONDS + 1800)) before
	read_statistics
	until [ "$(figure "$1")" -ge "$2" ]; do
		[ $SECONDS -lt $limit ] || give_up "$1 is $(figure "$1"), not $2"
		before=$(figure "$1")
		nudge
		wait_until 1800 at_least "$1" $((before + 1)) || give_up "$1 does not grow"
	done
}

# main_cycles N: wait for so many, not counting the first one of this slurmctld
main_cycles()
{
	local before
	nudge_until main_cycles 1
	restart_statistics
	before=$(thread_cpu sched_agent)
	wait_until 900 at_least main_cycles "$1" || give_up "too few cycles of the main scheduler"
	MAIN_CPU=$((($(thread_cpu sched_agent) - before) / $(figure main_cycles) / 1000))
}

main_cycles_on_demand()
{
	local before
	nudge_until main_cycles 1
	restart_statistics
	before=$(thread_cpu sched_agent)
	nudge_until main_cycles "$1"
	MAIN_CPU=$((($(thread_cpu sched_agent) - before) / $(figure main_cycles) / 1000))
}

# Backfill runs once by itself when slurmctld is up.  A nudge would wait for its locks, and end the cycle at the first
# chance it gets.
backfill_cycle()
{
	wait_until 3600 at_least bf_cycles 1 || give_up "no cycle of backfill"
}

# ---------------------------------------------------------------- /proc

# thread_cpu NAME: processor time that threads of this name have used, ns
thread_cpu()
{
	local task sum=0 used _
	for task in "/proc/$CTLD/task"/*; do
		if [ "$(cat "$task/comm" 2> /dev/null)" = "$1" ] && read -r used _ < "$task/schedstat"; then
			sum=$((sum + used))
		fi
	done
	echo $sum
}

put_memory()
{
	local key value _
	while read -r key value _; do
		case $key in
		VmRSS:) put "$1.rss_kib" "$value" ;;
		VmHWM:) put "$1.hwm_kib" "$value" ;;
		esac
	done < "/proc/$CTLD/status"
}

# ---------------------------------------------------------------- the probe

build_tools()
{
	local cc=("${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2)
	"${cc[@]}" -shared -fPIC -o "$CLUSTER/probe.so" "$HERE/probe.c" -ldl &&
		"${cc[@]}" -o "$CLUSTER/deaf" "$HERE/deaf.c" || give_up "the probe cannot be built"
	CLUSTER_CTLD_WRAP="env LD_PRELOAD=$CLUSTER/probe.so WEFT_PROBE=$CLUSTER/probe"
}

# The probe's table: NAME CALLS TOTAL_US MAX_US CPU_US MAX_CPU_US.  The locks of slurmctld are an array of
# pthread_rwlock_t in this order; the first, of the configuration, has been held for writing at start-up.
read_probe()
{
	od -An -v -tu8 -w48 "$CLUSTER/probe" | paste -d ' ' "$CLUSTER/probe.names" - | awk -v bytes=56 '
		BEGIN { split("config job node partition federation select", name, " ") }
		$1 != "lock" && $2 { print_line($1) }
		$1 == "lock" && $5 { if (!lowest || $5 < lowest) lowest = $5; line[$5] = $0 }
		END {
			for (address in line) {
				$0 = line[address]
				i = 1 + (address - lowest) / bytes
				if ($2)
					print_line("lock/" (i in name ? name[i] : "other"))
			}
		}
		function print_line(what) { printf "%s %d %d %d %d %d\n", what, $2, $3 / 1000, $4 / 1000, $6 / 1000, $7 / 1000 }'
}

# put_probes PREFIX: all of it
put_probes()
{
	local name calls total longest cpu longest_cpu
	read_probe | while read -r name calls total longest cpu longest_cpu; do
		put "$1:$name.calls" "$calls"
		put "$1:$name.total" "$total"
		put "$1:$name.mean" $((total / calls))
		put "$1:$name.max" "$longest"
		put "$1:$name.cpu" $((cpu / calls))
		put "$1:$name.max_cpu" "$longest_cpu"
	done
}
