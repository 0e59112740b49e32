#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tool_help.sh - what tells people how to use Weft is complete: --help, the man pages and the completion of bash know the
# same commands and options, and weft.conf(5) all keys.
set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
export PATH=$build:$PATH

mapfile -t commands < <(weft --help | sed -n 's/^  weft \([a-z]*\) .*/\1/p' | sort -u)
{ [ ${#commands[@]} -ge 12 ] || echo "only ${#commands[@]}"; } | report "weft --help lists commands"

# complete WORD...: what Tab offers behind the words, the last of which is begun
complete_words()
{
	COMP_WORDS=(weft "$@")
	COMP_CWORD=$#
	_weft 2> /dev/null
	[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}"
}
. "$top/contrib/completion/weft"

printf '%s\n' "${commands[@]}" | diff - <(complete_words "" | grep -v '^--' | sort) | report "completion knows the commands"
for command in "${commands[@]}"; do
	case $command in check | models | vendors) continue ;; esac
	weft --catalogue=/nowhere "$command" --help | grep -o '^  --[a-z-]*=\?' | tr -d ' ' | sort -u |
		diff - <(complete_words "$command" -- | sort -u) | report "completion knows the options of $command"
done
if [ -w /dev/full ]; then
	for command in "${commands[@]}"; do
		case $command in check | models | vendors) set -- --help ;; *) set -- "$command" --help ;; esac
		got=0
		weft "$@" > /dev/full 2> "$scratch/got" || got=$?
		[ $got -eq 1 ] && grep -qxF 'weft: standard output: No space left on device' "$scratch/got" || echo "$command: $got"
	done | report "weft says that its output was lost"
fi
complete_words wh | diff <(echo why) - | report "completion completes a command"
complete_words why --j | diff <(echo --json) - | report "completion completes an option"
complete_words --site = /a/b nod | diff <(echo nodes) - | report "completion passes over options"

for command in "${commands[@]}"; do
	grep -qE "Cm $command( |$)" "$top/man/weft.1" || echo "$command"
done | report "weft(1) knows the commands"
grep -oE '"--[a-z-]+|"  --[a-z-]+' "$top/weftd/weftd.c" | grep -oE '[a-z]+(-[a-z]+)*$' | sort -u | while read -r option; do
	grep -qF -e "Fl -$option" "$top/man/weftd.8" || echo "$option"
done | report "weftd(8) knows the options"
sed -n 's/.*{ "\([a-z-]*\)", "[A-Za-z].*/\1/p' "$top/spank/spank_weft.c" | while read -r option; do
	grep -qF -e "Fl -$option " "$top/man/weft.7" || echo "$option"
done | report "weft(7) knows the options of sbatch"
sed -n 's/^\t\[KEY_[A-Z_]*\] = "\([A-Za-z]*\)",.*/\1=/p' "$top/core/conf.c" > "$scratch/keys"
[ "$(wc -l < "$scratch/keys")" -ge 60 ] || echo "only $(wc -l < "$scratch/keys") keys" >> "$scratch/keys"
while read -r key; do
	grep -qE "^\.Sy \[*$key" "$top/man/weft.conf.5" || echo "$key"
done < "$scratch/keys" | report "weft.conf(5) knows the keys"
while read -r key; do
	grep -qE "[^A-Za-z]$key" "$top/doc/weft.conf.md" || echo "$key"
done < "$scratch/keys" | report "doc/weft.conf.md knows the keys"
grep -nE '[[:space:]]$|^$' "$top"/man/* | report "the man pages have no empty lines"
echo "1..$tests"
