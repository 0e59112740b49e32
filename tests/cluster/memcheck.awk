# SPDX-License-Identifier: GPL-2.0-or-later
# memcheck.awk - of valgrind's reports in XML, what concerns Weft: one line for each finding that has a Weft object in its
# stack, and a last line with the number of complete reports and of findings left out.
#
# With -v lax=1 a leak is ours only when Weft asked for the memory: itself, or through a function of Slurm's library
# (xstrdup(), list_create() and the like).  What a command allocates while Weft calls it is then its own affair.

function value(line)
{
	sub(/^[^>]*>/, "", line)
	sub(/<.*/, "", line)
	return line
}

function is_weft(object)
{
	return object ~ /weft[^\/]*$/
}

function add_frame()
{
	n++
	objects[n] = object
	where = where (where ? " < " : "") (func_name ? func_name : "?") "(" (source ? source ":" line_no : object) ")"
	func_name = source = line_no = object = ""
}

function ours(    i)
{
	for (i = 1; i <= n; i++) {
		if (is_weft(objects[i]))
			return 1
		if (lax && kind ~ /^Leak_/ && objects[i] !~ /\/(vgpreload[^\/]*|libslurm[^\/]*|libc[.-][^\/]*)$/)
			return 0
	}
	return 0
}

/<error>/ { kind = text = where = ""; n = 0; stacks = 0; in_error = 1 }
/<kind>/ { kind = value($0) }
/<what>|<text>/ { if (!text) text = value($0) }
/<stack>/ { stacks++ }
# Only the first stack: others say where a block came from.
/<fn>/ { func_name = value($0) }
/<obj>/ { object = value($0); sub(/.*\//, "/", object) }
/<file>/ { source = value($0) }
/<line>/ { line_no = value($0) }
/<\/frame>/ { if (in_error && stacks == 1) add_frame(); func_name = source = line_no = object = "" }
/<\/error>/ {
	if (ours())
		print kind ": " text ": " where
	else
		others++
	in_error = 0
}
/<\/valgrindoutput>/ { complete++ }
END { printf "%d complete reports, %d findings of others\n", complete, others }
