# SPDX-License-Identifier: GPL-2.0-or-later
# queue.awk - the jobs of a queue, a line of sbatch arguments for each: "-N1 --gres=gpu:h100:8 -t 60".
#
#	awk -v kind=KIND -v n=JOBS -v most=NODES -v types='gpu:h100 gpu:mi300x ...' -f queue.awk
#
# NODES is the size of the largest job.  The kinds:
#	class      plain requests for the first type: 1 to 8 cards of a node, 2 to NODES nodes, --gpus, arrays
#	mixed      the same for all types, taking turns
#	start      small plain jobs of all types, which all find a place in a cluster that is empty
#	accel      the jobs of "class" as --accel, with one alternative
#	accel4     the same with four alternatives: the same number of cards of each type
#
# The same arguments give the same jobs.  Sizes, limits and users follow one another with periods that have no
# common factor, so that a few tens of jobs already have all of them, and some jobs of a queue are identical.

BEGIN {
	n_types = split(types, type, " ")
	n_limits = split("60 120 30 480 1440 10 240", limit, " ")
	n_users = split("root nobody daemon bin sys", user, " ")
	n_shapes = split("1x8 1x1 2x8 1x4 4x8 1x2 8x8 16x8 1x8 32x8 1x3 64x8 G16", shape, " ")
	n_small = split("1x8 1x1 1x4 2x8 1x2 1x8 4x8", small, " ")
	for (i = 0; i < n; i++)
		print job(i)
}

function job(i,    t, what, common)
{
	common = "-t " limit[1 + i % n_limits] " --uid=" user[1 + int(i / 3) % n_users]
	if (kind == "start")
		return gres(small[1 + i % n_small], type[1 + i % n_types]) " " common
	what = shape[1 + i % n_shapes]
	if (kind == "accel" || kind == "accel4")
		return accel(what, kind == "accel" ? 1 : n_types) " " common
	t = type[1 + (kind == "mixed" ? i % n_types : 0)]
	if (i % 19 == 18)
		common = common " --array=1-20"
	return gres(what, t) " " common
}

# what: NODESxCARDS, or Gn for n cards wherever they are; t: NAME:TYPE
function gres(what, t,    part)
{
	if (what ~ /^G/) {
		if (t ~ /^gpu:/)
			return "--gpus=" substr(t, 5) ":" substr(what, 2)
		what = "2x8"
	}
	split(what, part, "x")
	return "-N" at_most(part[1]) " --gres=" t ":" part[2]
}

function accel(what, alternatives,    part, text, i, one)
{
	if (what ~ /^G/)
		what = "2x8"
	split(what, part, "x")
	for (i = 1; i <= alternatives; i++) {
		one = type[i]
		sub(/.*:/, "", one)
		text = text (i > 1 ? "|" : "") at_most(part[1]) * part[2] ":" one
	}
	return "--accel=" text
}

function at_most(nodes)
{
	return nodes > most ? most : nodes
}
