#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The house rules that a script can hold, as TAP.  Each test prints the offending lines.
#   layers    core/ knows nothing of Slurm; a Slurm version number appears in plugin/compat/ only
#   size      files, functions, lines, and the plugins' entry files
#   safety    no call that cannot be told how long its buffer is, or that cannot report an error
set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
cd "$top" || exit 1

max_file=800     # lines
max_entry=300    # lines of a plugin's entry file: constants, init, fini and hooks
max_function=120 # lines
max_line=120     # columns, a tab being 8; 110 is the aim

mapfile -t sources < <(find core plugin spank tools weftd proxy tests -name '*.[ch]' 2> /dev/null | sort)
mapfile -t scripts < <(find . -path './build*' -prune -o \( -name '*.sh' -o -name '*.m4' -o -name Makefile.am \
	-o -name configure.ac \) -print | grep -v -e '/build-aux/' -e '/m4/l[ti]' -e /aclocal.m4 | sort)

# without_comments FILE: the same lines with comments blanked, so that line numbers stay true
without_comments()
{
	awk '
	{
		line = $0; out = ""
		while (line != "") {
			if (inside) {
				end = index(line, "*/")
				if (!end) break
				line = substr(line, end + 2); inside = 0
			} else {
				start = index(line, "/*")
				if (!start) { out = out line; break }
				out = out substr(line, 1, start - 1); line = substr(line, start + 2); inside = 1
			}
		}
		print out
	}' "$1"
}

# grep_code PATTERN FILE...: matches outside of comments, as FILE:LINE:TEXT
grep_code()
{
	local pattern=$1 file
	shift
	for file in "$@"; do
		without_comments "$file" | grep -nE "$pattern" | sed "s|^|$file:|"
	done
}

under()
{
	printf '%s\n' "${sources[@]}" | grep -E "$1"
}

if [ ${#sources[@]} -eq 0 ]; then
	echo "Bail out! no sources below $PWD"
	exit 1
fi

mapfile -t core < <(under '^core/')
mapfile -t no_slurm < <(under '^(core|tools|weftd|proxy)/')
mapfile -t outside_compat < <(under '^(core|plugin|spank|tools|weftd|proxy)/' | grep -v '^plugin/compat/')
mapfile -t entries < <(under '^plugin/[^/]+/[a-z_]*_weft\.c$')

grep_code '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"](slurm|src)/' "${no_slurm[@]}" |
	report "core/, tools/, weftd/ and proxy/ include no Slurm header"
grep_code '\b(slurm_|xmalloc|xfree|xstrdup|job_record_t|bitstr_t|list_t)' "${core[@]}" |
	report "core/ names nothing of Slurm"
grep_code '^[[:space:]]*#[[:space:]]*include[[:space:]]*"(plugin|spank|tools|weftd|proxy)/' "${core[@]}" |
	report "core/ includes nothing of the layers above it"
grep_code 'SLURM_VERSION_(NUMBER|NUM|STRING)|SLURM_[0-9]+_[0-9]+_PROTOCOL_VERSION' "${outside_compat[@]}" |
	grep -vE 'plugin_version[[:space:]]*=[[:space:]]*SLURM_VERSION_NUMBER;' |
	report "a Slurm version number appears in plugin/compat/ only"

wc -l "${sources[@]}" | awk -v max=$max_file '$2 != "total" && $1 > max { print $2 ": " $1 " lines, at most " max }' |
	report "no source file is longer than $max_file lines"
wc -l /dev/null "${entries[@]}" | awk -v max=$max_entry '$2 != "total" && $1 > max { print $2 ": " $1 " lines, at most " max }' |
	report "no plugin's entry file is longer than $max_entry lines"
awk -v max=$max_function '
	/^{$/ { start = FNR }
	/^}/ && start { if (FNR - start > max) print FILENAME ":" start ": a function of " FNR - start " lines"; start = 0 }
' "${sources[@]}" | report "no function is longer than $max_function lines"
for file in "${sources[@]}"; do
	expand "$file" | awk -v max=$max_line -v file="$file" 'length > max { print file ":" FNR ": " length " columns" }'
done | report "no line is wider than $max_line columns"

grep_code '\b(strtok(_r)?|v?sprintf|strcpy|stpcpy|strcat|ato[ifl]|atoll|v?sscanf|gets|alloca)[[:space:]]*\(' "${sources[@]}" |
	report "none of strtok, sprintf, strcpy, strcat, atoi, sscanf and their like is called"
mapfile -t no_compat < <(under . | grep -v '^plugin/compat/') # which gives old releases the names of new ones
grep_code 'typedef[[:space:]]+(struct|union)\b' "${no_compat[@]}" | report "no struct hides behind a typedef"
for file in "${sources[@]}"; do
	head -n 1 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' || echo "$file"
done | report "every source file starts with its licence"
grep -nE '[[:space:]]+$' /dev/null "${sources[@]}" "${scripts[@]}" | report "no white space at the end of a line"
for file in "${sources[@]}"; do
	case $file in tests/fuzz/* | tests/bench/* | tests/cluster/*) continue ;; esac # named as directories
	grep -qF "${file%.c}" Makefile.am || echo "$file"
done | report "Makefile.am names every source file"
find core plugin spank tools -name '*.map' | while read -r file; do
	tr '\n\t' '  ' < "$file" | grep -q 'local: *\*;' || echo "$file"
done |
	report "every linker map makes all other symbols local"

echo "1..$tests"
