#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tool.sh - the weft command: what it prints, its messages to the letter, its exit status.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
weft=("${WEFT_BUILDDIR:-.}/weft" "--catalogue=${WEFT_SRCDIR:-$here}/data/catalogue.json")
tests=0

# expect NAME STATUS REGEX ARG...: weft ARG... exits with STATUS and prints a line that matches REGEX
expect()
{
	local name=$1 wanted=$2 regex=$3 got=0 output
	shift 3
	tests=$((tests + 1))
	output=$("${weft[@]}" "$@" 2>&1) || got=$?
	if [ $got -eq "$wanted" ] && printf '%s\n' "$output" | grep -qE -e "$regex"; then
		echo "ok $tests - $name"
	else
		echo "not ok $tests - $name"
		printf '%s\n' "exit status $got" "$output" | sed 's/^/# /'
	fi
}

expect "prints the canonical form" 0 '^16:nvidia/amd,mem>=64G$' check ' 16 : NVIDIA / amd , mem >= 64 GiB'
expect "lists what an alternative accepts" 0 '^mi300x +amd +192 ' check '16:amd,mem>=64G'
expect "leaves out what has no such figure" 0 '^h100-sxm5-80gb ' check '2P@bf16:h100-sxm5-80gb'
expect "explains a mistake" 1 '^weft: unknown model "h10" at column 3; did you mean h100\?$' check 8:h10
expect "explains a contradiction" 1 '^weft: .*mem' check '8:any,mem>=80G,mem<40G'
expect "shows models of a family" 0 '^910b3 +ascend ' models 910b
expect "shows models of a vendor" 0 '^mlu370-x8 ' models cambricon
expect "does not know every model" 1 '^weft: unknown model "h1000"; did you mean h100\?$' models h1000
expect "shows vendors and their variables" 0 '^ascend .*ASCEND_RT_VISIBLE_DEVICES' vendors
expect "has help" 0 '^usage: weft ' --help
expect "has a version" 0 '^weft [0-9]' --version
expect "wants a command" 2 '^weft: which command\?$'
expect "wants a command that exists" 2 '^weft: there is no such command$' frobnicate
expect "wants one request" 2 '^weft: check takes one request$' check
expect "takes no unknown option" 2 '^usage: weft ' --frobnicate
expect "says which catalogue is not there" 1 '^weft: /nonexistent.*' --catalogue=/nonexistent/c.json vendors
echo "1..$tests"
