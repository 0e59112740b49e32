# SPDX-License-Identifier: GPL-2.0-or-later
# plain-jobs.awk - a history of random plain jobs for t-70-plain.sh, the same for the same -v seed=N and -v release=R of
# Slurm.  Needs random.awk before it.
#
# -v jobs=N are submitted in groups, as many as -v groups=N.  What is written, one per line:
#	submit N ARG...   sbatch; N counts from 1 and names the job, as @N, in what follows
#	do CMD...         run CMD
#	pass              let the scheduler work until it has no more to start, then look
#	end N...          scancel
#	phase main        from here on with the main scheduler; it begins with backfill
#	phase greedy      the main scheduler again, but a job that has to wait does not keep others waiting
#	restart           slurmctld anew
#
# Decisions of backfill compare predicted moments, which must come out alike in two runs that are some seconds apart.
# So the time limits of jobs that may run together differ by half hours, and all are of the form 4k + 1 half hours: a sum
# of two is never one of them.  Only the tasks of an array share one; these do not live long enough to drift apart.

function typed(count)
{
	return one_of("h100: h100: h100: mi300x: mi300x: a100-sxm4-80gb: a100-sxm4-80gb: mlu370-x8:") count
}

function maybe_typed(count)
{
	return chance(60) ? typed(count) : count
}

# Most jobs are small, so that many run at a time.
function few(high)
{
	return chance(80) ? between(1, 2) : between(1, high)
}

function cards(    form)
{
	form = random(100)
	if (form < 25)
		return "--gres=gpu:" typed(few(8)) (chance(20) ? " -N " few(3) : "")
	if (form < 33)
		return "--gres=gpu:" few(6) (chance(20) ? " -N " few(3) : "")
	if (form < 53)
		return "--gpus=" maybe_typed(few(12)) (chance(20) ? " -N " few(3) : "")
	if (form < 65)
		return "--gpus-per-node=" maybe_typed(few(8)) " -N " few(2)
	if (form < 77)
		return "--gpus-per-task=" maybe_typed(few(3)) " -n " few(6)
	if (form < 87)
		return "--gres=npu:" (chance(50) ? "910b3:" : "") few(8) (chance(20) ? " -N 2" : "")
	if (form < 90)
		return "--gres=gpu:h100:" few(3) ",gpu:mi300x:" few(3)
	if (form < 93)
		return "--gpus=" few(8) " --cpus-per-gpu=" between(1, 4)
	if (form < 95)
		return "--gpus=" few(8) " --mem-per-gpu=" between(1, 8) "G"
	if (form < 97)
		return "--gpus=" few(6) " --ntasks-per-gpu=" between(1, 2)
	if (form < 99)
		return "--gpus-per-socket=" few(2) " --sockets-per-node=" between(1, 2) " -N " few(2)
	return "--gres=gpu:nosuch:1"
}

function cpus(    form)
{
	form = random(4)
	if (form == 0)
		return "-n " between(1, 24)
	if (form == 1)
		return "-N " few(4) " --ntasks-per-node=" between(1, 6)
	if (form == 2)
		return "-n " few(6) " -c " between(1, 6)
	return "-N 1-" between(1, 3) " -n " between(3, 12)
}

function submit(    args)
{
	n++
	args = chance(20) ? cpus() : cards()
	if (chance(15))
		args = args " -n " few(8)
	if (chance(10))
		args = args " -c " between(1, 4)
	if (chance(12))
		args = args " -C " one_of("ib ib&new ib|old new old [rack1|rack2] rack1*1&rack2*1 nosuch")
	if (chance(12))
		args = args " -p " one_of("nvidia nvidia amd,nvidia amd low first,all cpu")
	if (chance(5))
		args = args " --exclusive"
	if (chance(8))
		args = args " --mem=" between(1, 60) "G"
	if (chance(4))
		args = args " " one_of(PLACEMENT)
	if (chance(3))
		args = args " --reservation=held"
	if (chance(30))
		args = args " --priority=" between(1, 40) "000"
	else if (chance(20))
		args = args " --nice=" between(1, 300)
	if (chance(6)) {
		args = args " --array=0-" between(1, 7) (chance(40) ? "%2" : "")
		array[n] = group
	}
	if (n > 20 && chance(8))
		args = args " -d " one_of("afterany afterany afterok afternotok after") ":@" n - between(1, 20)
	else if (chance(3))
		args = args " -d singleton --job-name=alone" random(3)
	if (chance(4))
		args = args " -H"
	if (chance(5))
		args = args " --begin=now" one_of(" +3hours +2days")
	if (chance(5))
		args = args " --comment=" one_of("accelerated accel accelerators=8 8:h100")
	gsub("~", " ", args)
	print "submit", n, "-t", 30 * (4 * (n * 157 % LIMITS) + 1), args
	alive[n] = 1
}

# What users and administrators do to jobs that wait (some do not: then it is refused in both runs).
function meddle(    job, what)
{
	job = "@" between(n > 60 ? n - 60 : 1, n)
	what = one_of("scontrol~hold~" job " scontrol~release~" job " scancel~" job \
		" scontrol~update~JobId=" job "~Nice=" between(1, 99) " scontrol~update~JobId=" job "~Priority=" between(1, 50) "000" \
		" scontrol~update~JobId=" job "~Partition=" one_of("all nvidia") \
		" scontrol~update~JobId=" job "~NumNodes=" between(1, 2) " scontrol~top~" job)
	gsub("~", " ", what)
	print "do", what
}

BEGIN {
	LIMITS = 360
	PLACEMENT = "-w~nv2 -x~nv1,amd1 --contiguous --hint=nomultithread --use-min-nodes --cores-per-socket=4 -s"
	# slurmctld 24.11 dies of --spread-job with --gpus, Weft or not: in src/plugins/topology/common/eval_nodes.c,
	# _eval_nodes_spread() gives eval_nodes_cpus_to_use() no max_tasks, which eval_nodes_gres() then reads.
	if (release !~ /^24[.]11/)
		PLACEMENT = PLACEMENT " --spread-job"
	for (group = 1; group <= groups; group++) {
		while (n < jobs * group / groups) {
			submit()
			if (chance(6))
				meddle()
		}
		print "pass"
		# Not while the gate is shut: nodes that register again might open it.
		if (group == int(groups / 2))
			print "phase main"
		if (group == int(groups / 2) + 1)
			print "phase greedy"
		if (group == groups - 1)
			print "restart"
		line = "end"
		for (i = 1; i <= n; i++) {
			if (alive[i] && (chance(70) || i < n - LIMITS + 1.1 * jobs / groups ||
					 ((i in array) && array[i] < group - 1))) {
				line = line " " i
				alive[i] = 0
			}
		}
		print line
	}
}
