#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Jobs of one site at others: a queue too long at home drains through the peers, and a job there comes out as one here.
# SITES_HOME and SITES_PEER say which releases (22.05, 24.11; this machine's).
. "$(dirname "$0")/burst.sh"

HOME_WEFT_CONF="BurstWait=constant
BurstFactor=0
Budget=peer:beta Limit=1000000EUR Period=total"
PEER_KEYS="Price=3600 Currency=EUR" # 1 EUR for a card and second
burst_start gamma

# remote JOB: the number of its job at beta
remote()
{
	weft job "$1" 2> /dev/null | sed -n 's/.*there it is *\([0-9]*\), as .*/\1/p' | tail -n 1
}

has_remote()
{
	[ -n "$(remote "$1")" ]
}

ended()
{
	job_state "$1" | grep -qvE 'PENDING|RUNNING|COMPLETING'
}

remote_is()
{
	[ -n "$1" ] && [ "$(site_on beta job_state "$1")" = "$2" ]
}

# there USER SBATCH_ARG...: a job that goes to beta, with a directory of its own to take along
there()
{
	local user=$1
	shift
	mkdir -p "$CLUSTER/users/$user/w"
	at chown "$user:" "/home/$user/w"
	burst "$user" -D "/home/$user/w" --burst=only,beta "$@"
}

# has FILE_OF_ALICE LINE
has()
{
	grep -qxF -- "$2" "$CLUSTER/users/alice/$1"
}

# budget FIELD: of that for beta, in micro-units
budget()
{
	ask_weftd root '{"ask": "ledger", "peer": "beta"}' | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"
}

budget_is()
{
	[ "$(budget "$1")" = "$2" ]
}

comment_ends()
{
	[[ $(job_field "$1" SystemComment) == *"$2" ]]
}

# reconciled MONTH: beta's statement, made from its own accounting, says what alpha's ledger does
reconciled()
{
	site_on beta weft ledger --conf="$CLUSTER_TOP/beta/etc/sold.conf" --for=alpha --month="$1" statement \
		> "$CLUSTER/home/beta.json" || return 1
	output=$(weft ledger --month="$1" --peer=beta reconcile "$CLUSTER/home/beta.json")
}

no_jobs_at_peers()
{
	local peer
	for peer in "${PEERS[@]}"; do
		site_on "$peer" no_jobs || return 1
	done
}

test_case "the sites are known"
ok weft sites
for peer in "${PEERS[@]}"; do
	expect_match "$output" "$peer"
done

test_case "a queue too long at home drains through the peers"
jobs=()
ok as_user alice mkdir /home/alice/w
for i in 1 2 3 4 5; do
	run as_user alice sbatch --parsable -D /home/alice/w -o "/home/alice/%j.out" -t 5 --accel=8 --burst=auto \
		--wrap 'echo "at $SLURM_CLUSTER_NAME as $(id -un) $(id -u) in $HOME"; sleep 4'
	expect_eq $status 0 "$output"
	jobs+=("$output")
done
for JOB in "${jobs[@]}"; do
	wait_job "$JOB" COMPLETED 60
done
where=$(for JOB in "${jobs[@]}"; do home_file alice "$JOB.out"; done | sort | uniq -c | awk '{ $1 = ""; print }')
expect_eq "$where" " at alpha as alice 5001 in /home/alice
 at beta as al 5002 in /home/al
 at gamma as al 6001 in /home/al"

test_case "who is who: bob has at beta the number of alice"
there bob --wrap 'id -un; id -u; cd ~ && pwd'
wait_job "$JOB" COMPLETED 60
expect_eq "$(home_file bob "$JOB.out")" "bob
5001
/home/bob"
expect_field "$JOB" NodeList beta-gw
expect_field "$JOB" Partition beta
expect_eq "$(at stat -c %U "/home/bob/$JOB.out")" bob

test_case "who may not: carol, of whom beta knows nothing, and root"
there carol --wrap true
wait_job "$JOB" FAILED 60
expect_match "$(home_file carol "$JOB.out")" \
	"carol may not run jobs at beta: there is no line for this user in $CLUSTER/etc/beta.users"
submit -t 5 --accel=4 --burst=only,beta --wrap true
wait_job "$JOB" FAILED 60
expect_match "$(job_output "$JOB")" "root may not run jobs at other sites"
expect_eq "$(peer_jobs beta "weft.alpha.$JOB\.")" ""

test_case "carol's job that may run at home as well comes back, waits, and runs here"
submit -t 60 --gres=gpu:h100:8 --wrap 'sleep 600'
full=$JOB
wait_job "$full" RUNNING
burst carol --burst=beta --wrap 'echo on $SLURMD_NODENAME'
is_back()
{
	job_is "$JOB" PENDING && [ "$(job_field "$JOB" Restarts)" = 1 ] && [ -z "$(squeue -h -j "$JOB" -t CG)" ]
}
wait_until 60 is_back || fail "it is not back: $(job_state "$JOB")"
ok scontrol update JobId="$JOB" StartTime=now+1
is_held_off()
{
	[ "$(job_field "$JOB" SystemComment)" = "weft: waits here; beta does not take it: \
carol may not run jobs at beta: there is no line for this user in $CLUSTER/etc/beta.users" ]
}
wait_until 30 is_held_off || fail "comment: $(job_field "$JOB" SystemComment)"
ok scancel "$full"
wait_job "$JOB" COMPLETED 60
expect_match "$(home_file carol "$JOB.out")" '^on nv1$'

test_case "a job that the peer itself does not take has failed, or comes back where it may"
sed -i 's/account=test/account=none/' "$CLUSTER/etc/beta.users"
there bob --wrap true
wait_job "$JOB" FAILED 60
expect_field "$JOB" ExitCode 215:0
expect_match "$(home_file bob "$JOB.out")" '^weft: beta does not take this job: .*[Ii]nvalid account'
submit -t 60 --gres=gpu:h100:8 --wrap 'sleep 600'
full=$JOB
wait_job "$full" RUNNING
burst bob --burst=beta --wrap 'echo on $SLURMD_NODENAME'
wait_until 60 is_back || fail "it is not back: $(job_state "$JOB")"
ok scontrol update JobId="$JOB" StartTime=now+1
wait_until 30 eval '[[ $(job_field "$JOB" SystemComment) = "weft: waits here; beta does not take it: "*[Ii]"nvalid account"* ]]' ||
	fail "comment: $(job_field "$JOB" SystemComment)"
sed -i 's/account=none/account=test/' "$CLUSTER/etc/beta.users"
ok scancel "$full"
wait_job "$JOB" COMPLETED 60
expect_match "$(home_file bob "$JOB.out")" '^on nv1$'

test_case "output comes while it runs; files go there and come back; the exit code is the script's"
mkdir -p "$CLUSTER/users/alice/runs" && echo 6 > "$CLUSTER/users/alice/runs/in"
at chown -R alice: /home/alice/runs
cat > "$CLUSTER/home/script" <<'END'
#!/bin/bash
#SBATCH -o out -e err
echo first
echo wrong >&2
n=$(cat in)
until [ -e go ]; do sleep 0.2; done; rm go
echo $((n * 7)) > result
echo "args $*"
exit 7
END
there alice -D /home/alice/runs -o out -e err "$CLUSTER/home/script" one 'two three'
wait_for 60 has runs/out first
wait_for 30 has runs/err wrong
expect_field "$JOB" JobState RUNNING
ok as_user alice "$CLUSTER_TOP/bin/door" "$CLUSTER_TOP/beta/run/door" "cd .weft/runs/alpha.$JOB.*/work && touch go"
wait_job "$JOB" FAILED 60
expect_field "$JOB" ExitCode 7:0
expect_eq "$(home_file alice runs/out)" "first
args one two three"
expect_eq "$(home_file alice runs/err)" wrong
expect_eq "$(home_file alice runs/result)" 42
expect_eq "$(at stat -c %U /home/alice/runs/result)" alice

test_case "a script that dies of a signal"
there alice --wrap 'kill -SEGV $$'
wait_job "$JOB" FAILED 60
expect_field "$JOB" ExitCode 139:0 # as a shell has it

test_case "an array: each task is a run"
there alice --array=1-4%2 -o '/home/alice/a.%a' --wrap 'echo "task $SLURM_ARRAY_TASK_ID of $SLURM_ARRAY_TASK_COUNT"'
wait_for 90 no_jobs
expect_eq "$(cat "$CLUSTER"/users/alice/a.[1-4])" "task 1 of 4
task 2 of 4
task 3 of 4
task 4 of 4"

test_case "what runs there is seen here"
there alice --wrap 'echo up; sleep 300'
wait_for 60 has "$JOB.out" up
expect_eq "$(squeue -h -j "$JOB" -o '%T %P %N')" "RUNNING beta beta-gw"
id=$(remote "$JOB")
expect_match "$id" '^[0-9]+$' "number at beta"
expect_eq "$(site_on beta job_state "$id")" RUNNING

test_case "what it may cost is held: 4 cards, 600 s"
wait_for 30 budget_is held 2400000000 # once the liens of those before have ended
spent=$(budget spent)
expect_eq "$(budget left)" $((1000000000000 - 2400000000 - spent))

sleep 2 # it costs something
test_case "scancel of a job that runs there"
ok as_user alice scancel "$JOB"
wait_job "$JOB" CANCELLED 60
wait_for 30 remote_is "$id" CANCELLED

test_case "what it did cost is charged"
wait_for 30 budget_is held 0
cost=$(($(budget spent) - spent))
[ $cost -gt 0 ] && [ $cost -lt 2400000000 ] && [ $((cost % 4000000)) -eq 0 ] || fail "it cost $cost"
expect_eq "$(budget left)" $((1000000000000 - cost - spent))
ok as_user alice weft ledger --peer=beta --csv
expect_match "$output" "^$(awk "BEGIN { printf \"%d.%02d\", $cost / 1000000, 0 }"),.*,gpu.*user.*alice"

test_case "a job whose max-cost is too low waits; one whose quote does not hold has failed, and says so"
there alice --max-cost=2399.99EUR --wrap true
wait_for 30 comment_ends "$JOB" "beta costs more than max-cost"
expect_field "$JOB" JobState PENDING
ok as_user alice scancel "$JOB"
there alice --export=ALL,WEFT_QUOTE=0123456789abcdef --wrap true
wait_job "$JOB" FAILED 60
expect_match "$(home_file alice "$JOB.out")" "the quote 0123456789abcdef does not hold, or not any more"
answer=$(ask_weftd alice '{"ask": "quote", "peer": "beta", "gres": "gpu:h100", "cards": 4, "minutes": 10}')
expect_match "$answer" '"price":3600000000,"currency":"EUR","cost":2400000000,"expires":[0-9]*,"refused":null'
quote=$(sed -n 's/.*"quotes":\[{"id":"\([0-9a-f]*\)".*/\1/p' <<< "$answer")
there alice --max-cost=2400EUR --export=ALL,WEFT_QUOTE="$quote" --wrap true
wait_job "$JOB" COMPLETED 60

test_case "scancel of a job that waits there"
site beta
submit --exclusive -N2 -t 10 --wrap 'sleep 300'
full=$JOB
wait_job "$full" RUNNING
site alpha
there alice --wrap 'echo never'
wait_job "$JOB" RUNNING 60
wait_for 30 has_remote "$JOB"
id=$(remote "$JOB")
wait_for 30 remote_is "$id" PENDING
ok as_user alice scancel "$JOB"
wait_job "$JOB" CANCELLED 60
wait_for 30 remote_is "$id" CANCELLED
expect_eq "$(home_file alice "$JOB.out" | grep -c never)" 0
site_on beta scancel "$full"

test_case "a requeue at the peer is not allowed, so that nothing runs twice"
there alice --wrap 'echo up; sleep 300'
wait_for 60 has "$JOB.out" up
wait_for 10 has_remote "$JOB"
id=$(remote "$JOB")
refused site_on beta scontrol requeue "$id"

test_case "a node that fails at the peer: the job here has failed, and says why"
node=$(site_on beta job_field "$id" NodeList)
ok site_on beta scontrol update "NodeName=$node" State=DOWN Reason=test
wait_job "$JOB" FAILED 90
expect_match "$(home_file alice "$JOB.out")" "job $id at beta ended in state NODE_FAIL"
run site_on beta scontrol update "NodeName=$node" State=RESUME # unless it has come back by itself
wait_for 30 site_on beta nodes_up

test_case "nobody asks for, or ends, a run of another"
there alice --wrap 'echo up; sleep 300'
wait_for 60 has "$JOB.out" up
key=$(basename "$(ls -d "$CLUSTER_TOP/beta/users/al/.weft/runs/alpha.$JOB."*)")
for ask in '"status", "renew": true' '"cancel"' '"settle"'; do
	run ask_weftd bob "{\"ask\": $ask, \"key\": \"$key\"}"
	expect_match "$output" "\"error\":\"$key is a job of another user\",\"code\":\"no\""
done
expect_eq "$(as_user bob weft job --json "$JOB" 2>&1 > /dev/null)" "weft job: job $JOB of yours is at no other site"
expect_match "$(ask_weftd alice "{\"ask\": \"status\", \"key\": \"$key\", \"renew\": true}")" '"phase":"running"'
ok as_user alice scancel "$JOB"

test_case "tokens are seen by weftd alone"
there alice --wrap 'env; tr "\0" "\n" < /proc/$$/environ; sleep 300'
wait_for 60 test -s "$CLUSTER/users/alice/$JOB.out"
tokens=$CLUSTER/etc/tokens
(umask 077 && cat "$CLUSTER"/etc/*.token > "$tokens")
expect_eq "$(cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2> /dev/null | tr '\0' '\n' | grep -cF -f "$tokens")" 0 \
	"tokens in command lines and environments"
found=$(grep -rlaF -f "$tokens" "$CLUSTER_TOP"/*/{log,home,users,state,spool} "$CLUSTER"/weftd-* 2> /dev/null || true)
expect_eq "$found" "" "files with a token"
found=$(find "$CLUSTER_TOP" -type f -perm /077 -exec grep -laF -f "$tokens" {} + 2> /dev/null || true)
expect_eq "$found" "" "files of others with a token"
ok as_user alice scancel "$JOB"

test_case "nothing is left at the peers"
wait_for 60 no_jobs
wait_for 60 no_jobs_at_peers

test_case "what beta sold is what alpha bought, by both sites' own books"
wait_for 30 budget_is held 0
echo "PublishKind=gpu:h100 Cards=16 $PEER_KEYS" > "$CLUSTER_TOP/beta/etc/sold.conf"
month=$(date -u +%Y-%m)
wait_for 60 reconciled "$month" # slurmdbd hears of the last job a moment later
expect_match "$output" '^[1-9][0-9]* lines here, [1-9][0-9]* there, 0 differences$'
sed -i '0,/"amount":/s/"amount":/"amount":1/' "$CLUSTER/home/beta.json" # ten times as much, and more
run weft ledger --month="$month" --peer=beta reconcile "$CLUSTER/home/beta.json"
expect_eq $status 1
expect_match "$output" ': altered: .* EUR here, .* EUR there$'
expect_match "$output" ', 1 differences$'

finish
