# SPDX-License-Identifier: GPL-2.0-or-later
# openmetrics.awk - is standard input OpenMetrics text?  Prints what is wrong with it, line by line, and ends with 1.
# Stricter than the standard: every family has TYPE and HELP, in the order TYPE, UNIT, HELP; gauges and counters alone.

function bad(what)
{
	print "line " NR ": " what ": " $0
	wrong = 1
}

# The labels of TEXT, which begins with {; what is behind them, or "" after a complaint.
function labels(text,    name, seen)
{
	text = substr(text, 2)
	split("", seen)
	while (1) {
		if (!match(text, /^[a-zA-Z_][a-zA-Z0-9_]*="/)) { bad("no label"); return "" }
		name = substr(text, 1, RLENGTH - 2)
		if (name in seen) bad("label " name " twice")
		seen[name] = 1
		text = substr(text, RLENGTH + 1)
		if (!match(text, /^([^\\"]|\\[\\n"])*"/)) { bad("the value of " name); return "" }
		text = substr(text, RLENGTH + 1)
		if (substr(text, 1, 1) == "}") return substr(text, 2)
		if (substr(text, 1, 1) != ",") { bad("behind the label " name); return "" }
		text = substr(text, 2)
	}
}

ended { bad("behind # EOF") }
/^# EOF$/ { ended = 1; next }

/^# TYPE / {
	if (NF != 4 || $3 !~ /^[a-z][a-z0-9_]*$/ || $4 !~ /^(gauge|counter)$/) bad("TYPE")
	if ($3 in type) bad("family twice")
	family = $3; type[$3] = $4; stage = 1
	if ($3 ~ /_total$/) bad("a family's name ends in _total")
	next
}
/^# UNIT / {
	if (NF != 4 || $3 != family || stage != 1) bad("UNIT")
	if (substr($3, length($3) - length($4)) != "_" $4) bad("the name does not end in its unit")
	stage = 2
	next
}
/^# HELP / {
	if (NF < 4 || $3 != family || stage > 2) bad("HELP")
	stage = 3
	next
}
/^#/ || /^$/ { bad("neither a sample nor about one"); next }
{
	if (!match($0, /^[a-z][a-z0-9_]*/)) { bad("no name"); next }
	name = substr($0, 1, RLENGTH)
	rest = substr($0, RLENGTH + 1)
	if (name != family (type[family] == "counter" ? "_total" : "") || stage != 3) bad("not of the family " family)
	if (substr(rest, 1, 1) == "{") rest = labels(rest)
	if (rest !~ /^ -?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?$/) bad("value")
	if (type[family] == "counter" && rest ~ /^ -/) bad("a counter below 0")
	key = substr($0, 1, length($0) - length(rest))
	if (key in keys) bad("sample twice")
	keys[key] = 1
	samples++
}
END {
	if (!ended) { print "there is no # EOF"; wrong = 1 }
	if (!samples) { print "there is no sample"; wrong = 1 }
	exit wrong
}
