#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tool_ledger.sh - "weft ledger statement" with a sacct that prints what it is given: the statement, messages, exit status.
set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
export TZ=UTC LC_ALL=C.UTF-8 LEDGER_CODE=0 LEDGER_JOBS=$scratch/jobs SLURM_CONF=$scratch/slurm.conf # beside which weft.conf is

mkdir "$scratch/bin"
cat > "$scratch/bin/sacct" << 'END'
#!/bin/bash
for arg in "$@"; do
	case $arg in --delimiter=*) delimiter=${arg#*=} ;; esac
done
printf '%s\n' "$@" | grep -v '^--delimiter=|[0-9a-f]*|$' | tr '\n' ' ' > "$(dirname "$0")/../asked"
echo "$SLURM_TIME_FORMAT" >> "$(dirname "$0")/../asked"
sed "s/<|>/$delimiter/g" "$LEDGER_JOBS"
exit "$LEDGER_CODE"
END
chmod +x "$scratch/bin/sacct"
export PATH=$scratch/bin:$PATH

# jobs LINE...: what sacct prints
jobs()
{
	printf '%s\n' "$@" | sed 's/|/<|>/g' > "$LEDGER_JOBS"
}

echo 'PublishKind=gpu:h100 Cards=64 Price=2.10 Currency=EUR' > "$scratch/weft.conf"
jobs '5001|1793491200|1793491300|1793494900|60|cpu=8,gres/gpu:h100=8,gres/gpu=8|weft.alpha.77.1793490000.1' \
	'5002|1793491200|1793491300|1793494900|60|cpu=8,gres/gpu:h100=8,gres/gpu=8|train' \
	'of two lines' \
	'5003|1793491200|1793491300|1793494900|60|cpu=8,gres/gpu:h100=8,gres/gpu=8|weft.gamma.77.1793490000.1' \
	'5004|1793491200|1793494800|1793494801|60|cpu=8,gres/gpu:h100=1,gres/gpu=1|weft.alpha.78.1793490000.2'

cat > "$scratch/wanted" << 'END'
{
  "weft_statement":1,
  "side":"sold",
  "peer":null,
  "from":1793491200,
  "to":1796083200,
  "made":0,
  "lines":[
    {
      "key":"alpha.77.1793490000",
      "remote_id":5001,
      "peer":null,
      "user":null,
      "account":null,
      "gres":"gpu:h100",
      "cards":8,
      "start":1793491300,
      "end":1793494900,
      "seconds":3600,
      "price":2100000,
      "amount":16800000,
      "currency":"EUR"
    },
    {
      "key":"alpha.78.1793490000",
      "remote_id":5004,
      "peer":null,
      "user":null,
      "account":null,
      "gres":"gpu:h100",
      "cards":1,
      "start":1793494800,
      "end":1793494801,
      "seconds":1,
      "price":2100000,
      "amount":583,
      "currency":"EUR"
    }
  ],
  "head":null,
  "transactions":null
}
END
got=0
"${weft[@]}" ledger --for=alpha --month=2026-11 --account=guests statement > "$scratch/out" 2>&1 || got=$?
sed 's/"made":[0-9]*/"made":0/' "$scratch/out" | diff "$scratch/wanted" - > "$scratch/got" && [ $got -eq 0 ]
result "makes the statement of what was sold" $? "$scratch/got"
fields=JobIDRaw,Submit,Start,End,TimelimitRaw,AllocTRES,JobName
echo "-n -P -X -a -S uts1793491200 -o $fields -A guests %s" | diff - "$scratch/asked" > "$scratch/got"
result "asks for the jobs of that account" $? "$scratch/got"
"${weft[@]}" ledger statement --for=alpha --month=2026-11 | sed 's/"made":[0-9]*/"made":0/' | diff "$scratch/wanted" - \
	> "$scratch/got"
result "takes its options in any place" $? "$scratch/got"
echo "-n -P -X -a -S uts1793491200 -o $fields %s" | diff - "$scratch/asked" > "$scratch/got"
result "asks for the jobs of all accounts" $? "$scratch/got"

jobs '5001|1793491200|1793491300|1793494900|60|cpu=8|weft.alpha.77.1793490000.1'
expect "says what it leaves out, and fails" 1 \
	'weft ledger: left out: job 5001 (alpha.77.1793490000): Slurm says of no cards of a PublishKind= that it had' \
	ledger statement --for=alpha --month=2026-11
grep -qF '"lines":[' "$scratch/got" && ! grep -q remote_id "$scratch/got"
result "prints the rest of it" $? "$scratch/got"
: > "$LEDGER_JOBS"
LEDGER_CODE=1 expect "says that sacct failed" 1 'weft ledger: sacct: exit status 1; does this cluster have slurmdbd?' \
	ledger statement --for=alpha --month=2026-11
expect "says that weft.conf is not there" 1 "weft ledger: $scratch/none: No such file or directory" \
	ledger statement --for=alpha --month=2026-11 --conf="$scratch/none"
echo "PublishKind=gpu:h100 Cards=64 Price=$scratch/none Currency=EUR" > "$scratch/weft.conf"
expect "says that a price is not there" 1 "weft ledger: $scratch/none: No such file or directory" \
	ledger statement --for=alpha --month=2026-11

expect "needs to know for whom" 2 'weft ledger: statement needs --for=SITE and --month=MONTH' ledger statement --month=2026-11
expect "needs a month" 2 'weft ledger: statement needs --for=SITE and --month=MONTH' ledger statement --for=alpha
expect "needs a real month" 2 'weft ledger: --month takes a month such as 2026-11' ledger statement --for=alpha --month=2026-13
expect "makes no table of it" 2 'weft ledger: statement goes with neither --peer nor --csv' \
	ledger statement --for=alpha --month=2026-11 --csv
expect "has no buyer elsewhere" 2 'weft ledger: --for goes with statement' ledger --for=alpha reconcile "$scratch/out"
expect "takes one word" 2 'weft ledger: takes options, and statement, or reconcile and a file' ledger statement twice
echo "1..$tests"
