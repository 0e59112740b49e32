# SPDX-License-Identifier: GPL-2.0-or-later
# events.awk - a random history of a cluster for t-72-events.sh, the same for the same -v seed=N and -v release=R of
# Slurm.  Needs random.awk before it.
#
# -v events=N are written in rounds, one event per line:
#	submit N ARG...   sbatch; N counts from 1 and names the job, as @N, in what follows
#	do CMD...         run CMD
#	complete @N       the job ends by itself
#	mend NODES        they are resumed
#	reconfigure       scontrol reconfigure
# What follows is not counted:
#	pass              let the scheduler work until it has no more to start, then look
#	phase P           slurmctld anew, from here on with backfill, with main: the main scheduler, or with greedy: the
#	                  main scheduler, but a job that has to wait does not keep others waiting; it begins with backfill
#
# Decisions compare predicted moments, which must come out alike in two runs that are some seconds apart.  So the time
# limits of jobs that may run together differ by multiples of two hours, and all are 15 minutes more than such a
# multiple: only a sum of nine is one of them.  The starts of reservations are seven minutes from all that, and the end
# of bf_window is eight.  The tasks of an array share one limit, and live for one pass only; where their ends count,
# which is in backfill, one runs at a time, for whether two start in the same second is chance.  Most jobs say the
# priority that Slurm would give them in their turn: on 24.11 one that it gives is given anew when the job is requeued.

# Most jobs are small, but the large ones hold most of the nodes.
function size(    form)
{
	form = random(100)
	return form < 45 ? 1 : form < 65 ? between(2, 4) : form < 85 ? between(5, 20) : between(21, 50)
}

function few(high)
{
	return chance(70) ? between(1, 2) : between(1, high)
}

function minutes()
{
	limits++
	return 15 * (8 * (limits * 157 % LIMITS) + 1)
}

# Some nodes of one class: a name, or a range of at most MOST.
function nodes(most,    class, first, last)
{
	class = random(split(CLASSES, class_of, " ")) + 1
	split(class_of[class], class_parts, ":")
	if (class_parts[2] == 1)
		return class_parts[1] "1"
	first = between(1, class_parts[2])
	last = first + random(most)
	if (last > class_parts[2])
		last = class_parts[2]
	return class_parts[1] (first == last ? first : "[" first "-" last "]")
}

# ---------------------------------------------------------------- jobs

function typed()
{
	return one_of("h100 h100 h100 h100 a100-sxm4-80gb mi300x mi300x mlu370-x8")
}

function cards(    form, n, type)
{
	form = random(100)
	n = size()
	type = typed()
	if (form < 24)
		return "--gres=gpu:" type ":" (chance(50) ? 8 : between(1, 8)) " -N " n
	if (form < 30)
		return "--gres=gpu:" few(8) " -N " n
	if (form < 42)
		return "--gpus=" type ":" n * between(1, 8) (chance(40) ? " -N " n : "")
	if (form < 46)
		return "--gpus=" few(24)
	if (form < 56)
		return "--gpus-per-node=" type ":" between(1, 8) " -N " n
	if (form < 64)
		return "--gpus-per-task=" (chance(60) ? type ":" : "") few(3) " -n " n
	if (form < 76)
		return "--gres=npu:" (chance(50) ? "910b3:" : "") (chance(50) ? 8 : few(8)) " -N " n
	if (form < 80)
		return "--gres=gpu:h100:" few(4) ",gpu:mi300x:" few(4) " -N " few(3)
	if (form < 86)
		return "--gres=fpga:" few(4) (chance(50) ? ",gpu:" few(4) : "") " -N " (n > 12 ? 12 : n)
	if (form < 89)
		return "--gpus=" few(16) " --cpus-per-gpu=" between(1, 4)
	if (form < 92)
		return "--gpus=" few(16) " --mem-per-gpu=" between(1, 8) "G"
	if (form < 95)
		return "--gpus=" few(12) " --ntasks-per-gpu=" between(1, 2)
	if (form < 98)
		return "--gpus-per-socket=" few(4) " --sockets-per-node=" between(1, 2) " -N " (n > 4 ? 4 : n)
	return "--gres=gpu:h100:9"
}

function cpus(    form)
{
	form = random(4)
	if (form == 0)
		return "-n " between(1, 120)
	if (form == 1)
		return "-N " size() " --ntasks-per-node=" between(1, 8)
	if (form == 2)
		return "-n " few(40) " -c " between(1, 8)
	return "-N 1-" between(1, 9) " -n " between(3, 40)
}

function submit(    args)
{
	n++
	args = chance(15) ? cpus() : cards()
	if (chance(12))
		args = args " -n " few(16)
	if (chance(8))
		args = args " -c " between(1, 4)
	if (chance(14))
		args = args " -C " one_of("ib ib&new ib|old new old old rack1 [rack1|rack2] rack1*1&rack2*2")
	if (chance(65))
		args = args " -p " one_of("low low low low low scav scav scav scav first first nvidia nvidia,low amd shared")
	if (chance(6))
		args = args " --exclusive"
	if (chance(8))
		args = args " --mem=" between(1, 200) "G"
	if (chance(6))
		args = args " " one_of(PLACEMENT)
	if (chance(3))
		args = args " -w " nodes(3)
	if (chance(4))
		args = args " -x " nodes(20)
	if (n_reservations && chance(5))
		args = args " --reservation=" reservations[random(n_reservations)]
	if (chance(25))
		args = args " --priority=" between(1, 40) "000"
	else if (chance(20))
		args = args " --nice=" between(1, 300)
	else
		args = args " --priority=" 2000000000 - n
	if (chance(4)) {
		args = args " --array=0-" between(1, 5) (phases[phase % 4 + 1] == "backfill" ? "%1" : "")
		array[n] = 1
		dies[n] = round
	} else {
		dies[n] = round + between(3, 8)
	}
	if (n > 20 && chance(6))
		args = args " -d " one_of("afterany afterany afterok afternotok after") ":@" n - between(1, 20)
	if (chance(4))
		args = args " -H"
	if (chance(2))
		args = args " --begin=now+3hours"
	if (chance(4))
		args = args " --no-requeue"
	gsub("~", " ", args)
	if (args ~ / -N ([5-9]|[1-9][0-9])/)
		large[n_large++] = n
	print "submit", n, "-t", minutes(), args
}

# A job that may be alive.
function some_job(    i, job)
{
	for (i = 0; i < 9; i++) {
		job = between(n > 150 ? n - 150 : 1, n)
		if (job in dies)
			break
	}
	return job
}

# Most that can shrink are too small to.
function large_job()
{
	return n_large ? large[n_large > 20 ? n_large - 1 - random(20) : random(n_large)] : some_job()
}

function end_job(job)
{
	print chance(50) || (job in array) ? "do scancel" : "complete", "@" job
	delete dies[job]
}

# ---------------------------------------------------------------- nodes and reservations

function break_nodes(state,    which)
{
	which = nodes(state == "DOWN" ? 2 : 8)
	print "do scontrol update NodeName=" which " State=" state " Reason=test"
	broken[last_broken++] = which
}

# At the end of the round: it takes them a moment to be there, and a job that is submitted then may hear so.
function mend_nodes()
{
	if (first_broken < last_broken)
		mended[n_mended++] = broken[first_broken++]
	else
		mended[n_mended++] = nodes(3)
}

# One that has begun, or one that will long after the test; some take what is free, or wait for nothing.  Those keep
# their nodes (STATIC_ALLOC), or slurmctld would look now and then for others in the place of nodes that are down.
function reserve(    name, text, flags)
{
	name = "r" ++reserved
	text = "scontrol create reservation ReservationName=" name " Users=root"
	if (chance(50))
		text = text " StartTime=now Duration=UNLIMITED"
	else
		text = text " StartTime=now+" 120 * between(0, 200) + 67 "minutes Duration=" 120 * between(1, 50)
	flags = chance(50) ? one_of("IGNORE_JOBS IGNORE_JOBS,MAINT FLEX,IGNORE_JOBS") : ""
	if (chance(60)) {
		text = text " Nodes=" nodes(6)
	} else {
		text = text " NodeCnt=" between(1, 8) " PartitionName=" one_of("all nvidia amd")
		flags = "STATIC_ALLOC" (flags ? "," flags : "")
	}
	print "do", text (flags ? " Flags=" flags : "")
	reservations[n_reservations++] = name
}

function unreserve(    i)
{
	i = random(n_reservations)
	print "do scontrol delete ReservationName=" reservations[i]
	reservations[i] = reservations[--n_reservations]
}

# ---------------------------------------------------------------- events

function meddle(job,    what)
{
	what = one_of("Nice=" between(1, 99) " Priority=" between(1, 50) "000 Partition=" one_of("all low first") \
		" Features=" one_of("ib new old") " NumNodes=" between(1, 12) " ReqNodeList=" nodes(2))
	print "do scontrol update JobId=@" job, what
}

function event(    form)
{
	form = random(1000)
	if (n < 30 || form < 560) {
		submit()
		return
	}
	if (form < 670)
		end_job(some_job())
	else if (form < 695)
		break_nodes("DRAIN")
	else if (form < 715)
		break_nodes("DOWN")
	else if (form < 770)
		mend_nodes()
	else if (form < 800)
		print "do scontrol update JobId=@" (chance(30) ? some_job() : large_job()) " NumNodes=" between(1, 4)
	else if (form < 820)
		print "do scontrol hold @" some_job()
	else if (form < 840)
		print "do scontrol release @" some_job()
	else if (form < 870)
		print "do scontrol update JobId=@" some_job() " TimeLimit=" minutes()
	else if (form < 895)
		print "do scontrol suspend @" (suspended[last_suspended++] = some_job())
	else if (form < 920)
		print "do scontrol resume @" (last_suspended ? suspended[--last_suspended] : some_job())
	else if (form < 940)
		print "do scontrol requeue @" some_job()
	else if (form < 957)
		reserve()
	else if (form < 974 && n_reservations)
		unreserve()
	else if (form < 977)
		print "reconfigure"
	else
		meddle(some_job())
}

BEGIN {
	LIMITS = 360
	CLASSES = "nv:80 nv:80 nva:20 nvb:20 nvc:30 amd:40 ama:4 as:30 mlu:10 mix:6 cpu:20"
	PLACEMENT = "--contiguous --hint=nomultithread --use-min-nodes --cores-per-socket=4 -s --mincpus=20" \
		" --gres-flags=enforce-binding --gres-flags=disable-binding --switches=1"
	# As in plain-jobs.awk.
	if (release !~ /^24[.]11/)
		PLACEMENT = PLACEMENT " --spread-job"
	split("backfill main backfill greedy", phases, " ")
	per_phase = events > 3000 ? 600 : events / 4
	for (done = 0; done < events;) {
		round++
		for (i = 1; i <= n; i++) {
			if ((i in dies) && dies[i] < round) {
				end_job(i)
				done++
			}
		}
		for (last = done + between(25, 55); done < last && done < events; done++)
			event()
		if (round == 3) {
			print "reconfigure"
			done++
		}
		for (i = 0; i < n_mended; i++)
			print "mend", mended[i]
		n_mended = 0
		print "pass"
		if (int(done / per_phase) > phase && done < events)
			print "phase", phases[++phase % 4 + 1]
	}
}
