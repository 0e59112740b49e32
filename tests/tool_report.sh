#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tool_report.sh - "weft report" and "weft metrics" with a sacct and a scontrol that print what was recorded: what is shown,
# compared as a whole; messages and exit status; the page; OpenMetrics, and the dashboard that is made of it.
# After a change that is meant, "tests/tool_report.sh --write" in a build directory makes the wanted outputs anew.
set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
data=$top/tests/data/report
weft+=("--catalogue=$top/data/catalogue.json")
export TZ=UTC LC_ALL=C.UTF-8 REPORT_RUNS=$data/runs REPORT_NODES=$data/nodes REPORT_CODE=0
unset COLUMNS

mkdir "$scratch/bin"
cat > "$scratch/bin/sacct" << 'END'
#!/bin/bash
for arg in "$@"; do
	case $arg in --delimiter=*) delimiter=${arg#*=} ;; esac
done
printf '%s\n' "$@" > "$(dirname "$0")/../asked"
sed "s/<|>/$delimiter/g" "$REPORT_RUNS"
exit "$REPORT_CODE"
END
cat > "$scratch/bin/scontrol" << 'END'
#!/bin/bash
cat "$REPORT_NODES"
END
chmod +x "$scratch/bin/sacct" "$scratch/bin/scontrol"
export PATH=$scratch/bin:$PATH SLURM_CONF=$scratch/slurm.conf # beside which weft.conf is

cat > "$scratch/flat.csv" << END
2025-03-01T00:00Z,500
2025-03-02T00:00Z,500
END
cat > "$scratch/weft.conf" << END
PowerClass=gpu:h100 Idle=0 Peak=3600
PowerClass=npu:910b Idle=0 Peak=1800
PowerCarbon=$scratch/flat.csv
PowerPrice=$scratch/flat.csv Currency=EUR
END

report=("${weft[@]}" report "--conf=$scratch/weft.conf" --start=2025-03-01 --end=2025-03-01T00:10)

"${report[@]}" > "$scratch/got" 2>&1
golden "shows all" shown.txt
COLUMNS=72 "${report[@]}" > "$scratch/got" 2>&1
golden "fits 72 columns" narrow.txt
"${report[@]}" --json 2>&1 | grep -v -e '^ *[0-9.e-]*,*$' -e '"time":' > "$scratch/got"
golden "says it as JSON" shown.json
grep -qx -e uts1740787200 "$scratch/asked" && grep -qx -e uts1740787800 "$scratch/asked" && grep -qx -e -D "$scratch/asked"
result "asks for the period" $? "$scratch/asked"
"${report[@]}" --account=ml > /dev/null 2>&1
tail -n 1 "$scratch/asked" | grep -qx ml
result "asks for the account" $? "$scratch/asked"

: > "$scratch/wide"
for ((width = 40; width <= 130; width += 3)); do
	COLUMNS=$width "${report[@]}" | awk -v width="$width" 'length > width { print width ": " $0 }' >> "$scratch/wide"
done
[ ! -s "$scratch/wide" ]
result "is never wider than the terminal" $? "$scratch/wide"

# Names as nobody should give them; a line of submission that looks like two runs.
now=$(date +%s)
printf '%s\n' "1<|><b>\"x\"&'y\\<|>RUNNING<|>$((now - 4000))<|>$((now - 4000))<|>$((now - 3600))<|>Unknown<|>gres/gpu=4<|>nv1<|>0<|>sbatch --wrap x" \
	'99|root|COMPLETED|1|1|1|9|gres/gpu=8|nv1|0|x' \
	"2<|>ml<|>RUNNING<|>$((now - 4000))<|>$((now - 4000))<|>$((now - 3600))<|>Unknown<|>gres/npu=8<|>as1<|>0<|>sbatch --accel=8:h100|8:ascend" \
	> "$scratch/runs"
REPORT_RUNS=$scratch/runs "${weft[@]}" report "--conf=$scratch/weft.conf" --start=2h --html="$scratch/page.html" > "$scratch/got" 2>&1
result "writes a page" $? "$scratch/got"
grep -qF '&lt;b&gt;&quot;x&quot;&amp;&#39;y\' "$scratch/page.html" && ! grep -qF -e '<b>"x' "$scratch/page.html"
result "escapes names there" $?
grep -oiE '<script|<link|<img|https?:|url\(|@import|javascript:' "$scratch/page.html" > "$scratch/got"
[ ! -s "$scratch/got" ]
result "needs nothing else, and runs nothing" $? "$scratch/got"
awk '{ while (match($0, /<\/?[a-zA-Z0-9]+[^>]*>/)) {
		tag = substr($0, RSTART, RLENGTH); $0 = substr($0, RSTART + RLENGTH)
		name = tag; gsub(/^<\/?|[ >\/].*$/, "", name)
		if (tag ~ /\/>$/ || name == "meta") continue
		if (tag ~ /^<\//) { if (stack[n--] != name) { print "line " NR ": " tag; exit 1 } }
		else stack[++n] = name
	} }
	END { exit n != 0 }' "$scratch/page.html" > "$scratch/got"
result "closes each element that it opens" $? "$scratch/got"
REPORT_RUNS=$scratch/runs "${weft[@]}" report --start=2h --html=- | grep -q '^<!DOCTYPE html>$'
result "writes it to standard output" $?

REPORT_RUNS=$scratch/runs "${weft[@]}" metrics "--conf=$scratch/weft.conf" > "$scratch/metrics" 2>&1
result "metrics" $? "$scratch/metrics"
awk -f "$top/tests/openmetrics.awk" "$scratch/metrics" > "$scratch/got"
result "are OpenMetrics" $? "$scratch/got"
for sample in 'weft_cards{class="gpu:h100"} 20' 'weft_cards_in_use{class="npu:910b"} 6' \
	'weft_starts{class="npu:910b",policy="soon"} 1' 'weft_starts{class="gpu:h100",policy="none"} 1' \
	'weft_wait_p95_seconds{class="npu:910b",policy="soon"} 400' 'weft_alternative_starts 1' 'weft_cards_usual{class="npu:910b"} 8' \
	'weft_energy_joules_total{account="<b>\"x\"&'"'"'y\\",source="measured"} 0' '# EOF'; do
	grep -qxF -e "$sample" "$scratch/metrics"
	result "have $sample" $?
done
for wrong in 's/^# EOF$//' 's/^# TYPE weft_cards gauge$/# TYPE weft_cards histogram/' 's/_total{/{/' 's/"gpu:h100"/"gpu:\\h100"/' \
	's/^# HELP weft_cards_free.*//' 's/ 20$/ twenty/' '/^weft_cards{/p' 's/^# UNIT weft_card_seconds.*/# UNIT weft_card_seconds watts/'; do
	! sed -e "$wrong" "$scratch/metrics" | awk -f "$top/tests/openmetrics.awk" > /dev/null
	result "the checker refuses what $wrong makes" $?
done
grep -o 'weft_[a-z0-9_]*' "$top/contrib/grafana/weft.json" | sort -u > "$scratch/named"
sed -n 's/^\(weft_[a-z0-9_]*\).*/\1/p' "$scratch/metrics" | sort -u > "$scratch/there"
comm -23 "$scratch/named" "$scratch/there" > "$scratch/got"
[ ! -s "$scratch/got" ] && [ "$(wc -l < "$scratch/named")" -ge 18 ]
result "the dashboard names metrics that there are" $? "$scratch/got"

REPORT_CODE=1 expect "says that sacct failed" 1 'weft report: sacct: exit status 1; does this cluster have slurmdbd?' report
echo '7<|>ml<|>RUNNING' > "$scratch/runs"
REPORT_RUNS=$scratch/runs expect "says what it cannot read" 1 'weft report: sacct: job 7: 3 fields instead of 11' report
REPORT_NODES=$scratch/runs expect "says it of nodes" 1 'weft metrics: "7<|>ml<|>RUNNING" is not a line about a node' metrics
: > "$scratch/none"
REPORT_RUNS=$scratch/none REPORT_NODES=$scratch/none expect "shows a cluster without nodes" 0 'all        0     -           0  0 TFLOPS  0 TFLOPS' report
head -c 17000000 /dev/zero | tr '\0' x > "$scratch/runs"
REPORT_RUNS=$scratch/runs expect "does not read any line" 1 'weft report: sacct: a line has more than 16777216 bytes' report
expect "says which file it cannot write" 1 'weft report: /nonexistent/x.html: No such file or directory' report --html=/nonexistent/x.html
expect "has help" 0 'usage: weft report [OPTION]...' report --help
expect "has help on metrics" 0 'usage: weft metrics [OPTION]...' metrics --help
expect "takes no argument" 2 'weft report: takes no argument' report now
expect "wants a time" 2 'weft report: --start= is a time such as 2025-03-01, or how long ago, such as 7d' report --start=yesterday
expect "wants a period" 2 'weft report: the period must begin before it ends, and before now' report --start=2025-03-02 --end=2025-03-01
expect "wants one form" 2 'weft report: either --json or --html' report --json --html=-
expect "wants one account" 2 'weft report: --account= is the name of one account' report --account=a,b
expect "takes no argument either" 2 'weft metrics: takes no argument' metrics now

if [ -w /dev/full ]; then
	got=0
	"${report[@]}" > /dev/full 2> "$scratch/got" || got=$?
	[ $got -eq 1 ] && grep -qxF 'weft: standard output: No space left on device' "$scratch/got"
	result "says that its output was lost" $? "$scratch/got"
fi
echo "1..$tests"
