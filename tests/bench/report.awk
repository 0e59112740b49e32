# SPDX-License-Identifier: GPL-2.0-or-later
# report.awk - from scale.tsv to tables in Markdown: medians, ratios, goals.
#
#	awk -v margin=1 -f report.awk scale.tsv
#
# Goals are held against processor times, which a busy machine changes little; the times that sdiag gives are in the
# table too.  The goal of the main cycle is for 12,500 nodes and more; on fewer, what Slurm itself does for each job of
# a queue weighs more, and a weaker one keeps watch.  A difference of less than FLOOR µs is none: that is what a cycle
# without jobs may vary by.
# Ends with 1 when a ratio is more than MARGIN times its goal.

BEGIN {
	FS = "\t"
	FLOOR = 100
	if (!margin) margin = 1

	row("main.cpu", "main cycle, processor time")
	row("main.mean", "main cycle, mean")
	row("main.max", "main cycle, longest")
	row("main.depth", "main cycle, jobs looked at")
	row("deep.cpu_per_job", "deep main cycle, processor time per job tried")
	row("deep.per_job", "deep main cycle, per job tried")
	row("backfill.cpu_per_test", "backfill, processor time per test")
	row("backfill.per_test", "backfill, per test")
	row("backfill.mean", "backfill cycle")
	row("backfill.tests", "backfill, tests in a cycle")
	row("submit:lock/job.cpu", "submit RPC, processor time")
	row("submit.mean", "submit RPC, mean")
	row("test-only.mean", "sbatch --test-only RPC, mean")
	row("start.cycle", "cycle that starts all jobs")
	row("start.per_second", "jobs started per second")
	row("main:job_test/RUN_NOW.cpu", "job_test, RUN_NOW, processor time")
	row("main:job_test/TEST_ONLY.cpu", "job_test, TEST_ONLY, processor time")
	row("backfill:job_test/WILL_RUN.cpu", "job_test, WILL_RUN, processor time")
	row("backfill:job_test/WILL_RUN.calls", "job_test, WILL_RUN, calls")
	row("start:job_test/RUN_NOW.cpu", "job_test, RUN_NOW, processor time, jobs start")
	row("start:job_begin.cpu", "job_begin, processor time")
	row("main:lock/job.max_cpu", "job lock held, main cycles, most processor time at a time")
	row("deep:lock/job.max_cpu", "job lock held, deep main cycles, most processor time")
	row("backfill:lock/job.max_cpu", "job lock held, start and backfill, most processor time")
	row("submit:lock/job.max_cpu", "job lock held, submitting, most processor time")
	row("submit:lock/job.max", "job lock held, submitting, longest")
	row("start.ms", "slurmctld starts, ms")
	row("main.rss_kib", "RSS after main cycles, KiB")
	row("backfill.rss_kib", "RSS after backfill, KiB")
	row("idle.rss_kib", "RSS, no jobs, KiB")
	row("start.rss_kib", "RSS after starting jobs, KiB")

	for (i = 1; i <= split("full all", s, " "); i++) {
		goal[s[i], "main.cpu"] = 0.05
		goal[s[i], "backfill.cpu_per_test"] = 0.2
		goal[s[i], "submit:lock/job.cpu"] = 0.3
		goal[s[i], "main.rss_kib"] = goal[s[i], "backfill.rss_kib"] = 1.1
	}
	goal["small", "main.cpu"] = goal["idle", "main.cpu"] = 1.02
	goal["idle", "idle.rss_kib"] = goal["idle", "start.rss_kib"] = goal["small", "main.rss_kib"] = 1.1
	goal["alternatives", "main.cpu"] = goal["alternatives", "deep.cpu_per_job"] = 1.2
	goal["alternatives", "backfill.cpu_per_test"] = 1.2
}

FNR == 1 { next }

{
	group = $1 FS $2 FS $3 FS $4
	if (!(group in seen)) {
		seen[group] = 1
		groups[++n_groups] = group
	}
	key = group FS $7 FS $5
	values[key] = values[key] " " $8
}

END {
	for (g = 1; g <= n_groups; g++)
		table(groups[g])
	print missed ? missed " goals missed" : "no goal missed"
	exit missed > 0
}

function row(measure, text)
{
	rows[++n_rows] = measure
	title[measure] = text
}

function table(group,    part, i, a, b, old, new)
{
	split(group, part, FS)
	old = part[2] == "alternatives" ? "one" : "stock"
	new = part[2] == "alternatives" ? "four" : "weft"
	printf "\n### %s: %d nodes%s, Slurm %s\n\n", part[2], part[3], part[2] == "idle" ? "" : ", " part[4] " jobs", part[1]
	printf "| measure | %s | %s | ratio | goal | met |\n|---|---:|---:|---:|---:|---|\n", old, new
	for (i = 1; i <= n_rows; i++) {
		a = median(values[group FS rows[i] FS old])
		b = median(values[group FS rows[i] FS new])
		if (a != "" && b != "")
			line(part[2], part[3] + 0, rows[i], a, b)
	}
}

function line(scenario, nodes, measure, a, b,    ratio, want, met)
{
	ratio = a > 0 ? b / a : 1
	want = goal[scenario, measure]
	if (want == 0.05 && nodes < 12500)
		want = 0.25
	if (want) {
		met = ratio <= want || (want > 1 && measure !~ /kib/ && b - a < FLOOR) ? "yes" : "**no**"
		if (met != "yes" && ratio > want * margin)
			missed++
	}
	printf "| %s | %s | %s | %s | %s | %s |\n", title[measure], number(a), number(b), decimals(ratio), want ? want : "", met
}

function median(text,    v, n, i, k, x)
{
	n = split(text, v, " ")
	if (!n)
		return ""
	for (i = 2; i <= n; i++) {
		x = v[i] + 0
		for (k = i - 1; k >= 1 && v[k] + 0 > x; k--)
			v[k + 1] = v[k]
		v[k + 1] = x
	}
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}

# 1234567 -> 1,234,567
function number(x,    text, out)
{
	if (x != int(x))
		return sprintf("%.1f", x)
	text = sprintf("%d", x)
	while (length(text) > 3) {
		out = "," substr(text, length(text) - 2) out
		text = substr(text, 1, length(text) - 3)
	}
	return text out
}

function decimals(x)
{
	return sprintf(x < 0.1 ? "%.4f" : "%.2f", x)
}
