#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the libraries export and what they ask for, as TAP.  Slurm binds a plugin's calls when they are first made, so
# a symbol that nobody has would show only then; here it shows in "make check".
# The second half needs the Slurm that the plugins were built for to be installed.
set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
base=${SLURM_PLUGINDIR:-}
version=${SLURM_VERSION:-}
libs=$build/.libs

skip()
{
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

defined()
{
	local file
	for file in "$@"; do
		nm -D --defined-only "$file" | awk '{ print $NF }' | sed 's/@.*//'
	done | sort -u
}

# Symbols without a version: those with one were checked by the linker.  Weak ones may stay undefined.
undefined()
{
	nm -D --undefined-only "$1" | awk '$1 == "U" && $2 !~ /@/ { print $2 }' | sort -u
}

# Symbols whose address must be known when the library is loaded, lazy binding or not.
undefined_data()
{
	local wanted
	wanted=$(undefined "$1")
	readelf -W --relocs "$1" | awk '$3 ~ /GLOB_DA|_64$|ABS64|_COPY/ { print $5 }' | sed 's/@.*//' | sort -u |
		comm -12 - <(printf '%s\n' "$wanted")
}

exports_only()
{
	defined "$1" | grep -vxE "$2" | report "$(basename "$1") exports its interface only"
}

exports()
{
	comm -13 <(defined "$1") <(printf '%s\n' $2 | sort) | report "$(basename "$1") exports $2"
}

exports_only "$libs/libweft.so" 'weft_[a-z0-9_]+'

if [ ! -e "$libs/select_cons_tres_weft.so" ]; then
	skip "the plugins export their interfaces only" "built without --with-slurm-source"
	echo "1..$tests"
	exit 0
fi

constants='plugin_name plugin_type plugin_version'
exports_only "$libs/select_cons_tres_weft.so" 'plugin_(name|type|version|id)|init|fini|(select_p|node_select)_[a-z_]+'
exports_only "$libs/job_submit_weft.so" '(min_plug|plugin)_version|plugin_(name|type)|init|fini|job_submit|job_modify'
exports_only "$libs/burst_buffer_weft.so" 'plugin_(name|type|version)|init|fini|bb_p_[a-z0-9_]+'
exports_only "$libs/spank_weft.so" '(spank_)?plugin_version|plugin_(name|type)|slurm_spank_[a-z_]+'
exports "$libs/select_cons_tres_weft.so" "$constants plugin_id init fini"
exports "$libs/job_submit_weft.so" "$constants init fini job_submit job_modify"
exports "$libs/burst_buffer_weft.so" "$constants init fini bb_p_get_status bb_p_job_test_stage_in bb_p_xlate_bb_2_tres_str"
exports "$libs/spank_weft.so" "$constants"
exports_only "$libs/spank_weft_hook.so" '(spank_)?plugin_version|plugin_(name|type)|slurm_spank_job_(pro|epi)log'
exports "$libs/spank_weft_hook.so" "$constants slurm_spank_job_prolog slurm_spank_job_epilog"

for lib in "$libs"/*_weft.so; do
	readelf -d "$lib" | grep -E 'R(UN)?PATH' | grep -F "$build/.libs"
done | report "no plugin remembers the build directory"
readelf -d "$libs/select_cons_tres_weft.so" | grep -q 'NEEDED.*\[select_cons_tres.so\]' || echo "no DT_NEEDED" |
	report "select_cons_tres_weft.so depends on the plugin it stacks on"

installed=$( (slurmctld -V) 2> /dev/null | awk 'NR == 1 { print $NF }')
full=
for dir in "$base" "$base/.."; do
	[ -n "$base" ] && [ -e "$dir/libslurmfull.so" ] && full=$dir/libslurmfull.so
done
if [ "$installed" != "$version" ] || [ -z "$full" ]; then
	skip "every symbol that the plugins ask for is there" "Slurm $version is not installed"
	echo "1..$tests"
	exit 0
fi

# missing LIB HOST: what LIB asks for and neither HOST, libslurmfull nor libweft has
missing()
{
	comm -23 <(undefined "$1") <(defined "$2" "$full" "$libs/libweft.so" "$base/select_cons_tres.so")
}

ctld=$(command -v slurmctld)
for lib in select_cons_tres_weft job_submit_weft burst_buffer_weft; do
	missing "$libs/$lib.so" "$ctld" | report "slurmctld has every symbol that $lib.so asks for"
done
for host in sbatch srun salloc slurmd slurmstepd; do
	path=$(command -v $host)
	if [ -z "$path" ]; then
		skip "$host has every symbol that spank_weft.so asks for" "$host is not installed"
		continue
	fi
	comm -23 <(undefined "$libs/spank_weft.so") <(defined "$path" "$full" "$libs/libweft.so") |
		report "$host has every symbol that spank_weft.so asks for"
done
missing "$libs/spank_weft_hook.so" "$(command -v slurmstepd || echo /usr/sbin/slurmstepd)" |
	report "slurmstepd has every symbol that spank_weft_hook.so asks for"
# Up to 24.11 the client commands load every select plugin too.
comm -23 <(undefined_data "$libs/select_cons_tres_weft.so") \
	<(defined "$(command -v sinfo)" "$full" "$libs/libweft.so" "$base/select_cons_tres.so") |
	report "a client command can load select_cons_tres_weft.so"

echo "1..$tests"
