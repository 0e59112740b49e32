#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# burst_buffer/weft on top of burst_buffer/lua: each call that the site's plugin got without Weft it gets with it, and
# its answers count; and a BurstBufferStack= that cannot be.
. "$(dirname "$0")/lib.sh"

cluster_nodes <<END
nv1  gpu:h100:8
END

lua_files()
{
	mkdir -p "$CLUSTER/etc" "$CLUSTER/home"
	touch "$CLUSTER/home/lua.calls"
	chmod 666 "$CLUSTER/home/lua.calls"
	cat > "$CLUSTER/etc/burst_buffer.conf" <<-END
	Directive=BB_lua
	StageInTimeout=60
	END
	cat > "$CLUSTER/etc/burst_buffer.lua" <<-END
	local function note(what)
		local f = io.open("$CLUSTER/home/lua.calls", "a")
		f:write(what .. "\n")
		f:close()
	end
	function slurm_bb_job_process(job_script)
		local contents = io.open(job_script):read("*all")
		note("process")
		if string.find(contents, "impossible") then
			return slurm.ERROR, "this cannot be staged"
		end
		return slurm.SUCCESS
	end
	function slurm_bb_pools()
		return slurm.SUCCESS, '{"pools":[{"id":"pool1","quantity":1000,"granularity":1}]}'
	end
	function slurm_bb_job_teardown(job_id) note("teardown " .. job_id) return slurm.SUCCESS end
	function slurm_bb_setup(job_id) note("setup " .. job_id) return slurm.SUCCESS end
	function slurm_bb_data_in(job_id) note("data_in " .. job_id) return slurm.SUCCESS end
	function slurm_bb_test_data_in(job_id) return slurm.SUCCESS, "NOT_BUSY" end
	function slurm_bb_real_size(job_id) return slurm.SUCCESS end
	function slurm_bb_paths(job_id) note("paths " .. job_id) return slurm.SUCCESS end
	function slurm_bb_pre_run(job_id) note("pre_run " .. job_id) return slurm.SUCCESS end
	function slurm_bb_post_run(job_id) note("post_run " .. job_id) return slurm.SUCCESS end
	function slurm_bb_data_out(job_id) note("data_out " .. job_id) return slurm.SUCCESS end
	function slurm_bb_test_data_out(job_id) return slurm.SUCCESS, "NOT_BUSY" end
	function slurm_bb_get_status(...)
		local args = {...}
		return slurm.SUCCESS, "lua was asked: " .. table.concat(args, " ") .. "\n"
	end
	END
	printf '#!/bin/sh\n#BB_lua pool=pool1 capacity=10\nsleep 1\n' > "$CLUSTER/etc/staged.sh"
	printf '#!/bin/sh\n#BB_lua pool=pool1 capacity=10 impossible\nsleep 1\n' > "$CLUSTER/etc/impossible.sh"
}

# Root may not have burst buffers.
submit_staged()
{
	JOB=
	run as_user nobody sbatch --parsable -o /dev/null "$@"
	[ $status -ne 0 ] || JOB=$output
}

# What a site with burst_buffer/lua sees.  $seen: all of it, without job numbers and places in memory.
play()
{
	seen=
	submit_staged "$CLUSTER/etc/staged.sh"
	wait_job "$JOB" COMPLETED 60
	wait_until 20 grep -q teardown "$CLUSTER/home/lua.calls" || true
	sleep 1
	seen+=$(sed "s/ $JOB\$/ N/" "$CLUSTER/home/lua.calls")$'\n'
	submit_staged "$CLUSTER/etc/impossible.sh"
	seen+="$status $output"$'\n'
	scancel ${JOB:+"$JOB"} > /dev/null 2>&1 || true
	submit --wrap 'sleep 1'
	wait_job "$JOB" COMPLETED
	run scontrol show bbstat one two
	seen+=$output$'\n'
	run scontrol show burst
	seen+=$(printf '%s\n' "$output" | sed -E 's/JobID=[0-9]+/JobID=N/; s/CreateTime=[^ ]*//')$'\n'
}

if [ ! -e "$BASE_PLUGIN_DIR/burst_buffer_lua.so" ] || ! ldconfig -p | grep -q 'liblua.*5'; then
	test_case "burst_buffer/weft on top of burst_buffer/lua"
	skip_case "burst_buffer/lua or its Lua is not installed"
	finish
fi

CLUSTER_CONF="BurstBufferType=burst_buffer/lua
DebugFlags=BurstBuffer"
lua_files
test_case "burst_buffer/lua as it is"
cluster_start
play
expect_match "$seen" '^lua was asked: (0 0 )?one two$' "bbstat"
expect_match "$seen" '^pre_run N$' "calls"
expect_match "$seen" '^1 .*this cannot be staged' "refusal"
alone=$seen

CLUSTER_CONF="BurstBufferType=burst_buffer/weft
DebugFlags=BurstBuffer"
CLUSTER_WEFT_CONF="BurstBufferStack=burst_buffer/lua"
end_case
cluster_stop
rm -rf "${CLUSTER:?}"/*
lua_files
test_case "the same with burst_buffer/weft on top of it"
cluster_start
expect_match "$(ctld_log 'weft: burst_buffer/lua')" 'weft: burst_buffer/lua is underneath burst_buffer/weft$'
play
# The name of the plugin comes from slurmctld.
expect_eq "$seen" "$alone" "what the site sees"

test_case "Weft's own words are Weft's"
ok scontrol show bbstat help
expect_line "$output" "Other words go to burst_buffer/lua."
sleep 1
ok scontrol show bbstat classes
expect_match "$output" '^gpu:h100 +8 +8 '
build_client wordless "$CLUSTER/run"
ok "$CLUSTER/run/wordless" - two
expect_match "$output" '^lua was asked: (0 0 )? two$' "words of which one is not there"

test_case "a mistake elsewhere in weft.conf does not leave the site without its plugin"
ctld_stop
printf 'Policy=what\nBurstBufferStack=lua\n' > "$CLUSTER/etc/weft.conf"
: > "$CLUSTER/home/lua.calls"
ctld_start
wait_for 30 nodes_up
submit_staged "$CLUSTER/etc/staged.sh"
wait_job "$JOB" COMPLETED 60
expect_match "$(cat "$CLUSTER/home/lua.calls")" "^pre_run $JOB\$"
ok scontrol show bbstat classes
expect_match "$output" '^weft: .*weft.conf:1: Policy: unknown key'

test_case "without the plugin that is to be underneath, slurmctld does not start, and says why"
ctld_stop
echo 'BurstBufferStack=nothere' > "$CLUSTER/etc/weft.conf"
run timeout 20 slurmctld -D
expect_match "$(ctld_log 'BurstBufferStack')" 'weft: BurstBufferStack: there is no burst_buffer/nothere in PluginDir$'
expect_eq "$status" 1 "slurmctld's exit status"
echo 'BurstBufferStack=burst_buffer/weft' > "$CLUSTER/etc/weft.conf"
run timeout 20 slurmctld -D
expect_match "$(ctld_log 'BurstBufferStack')" \
	'weft: .*weft.conf:1: BurstBufferStack: burst_buffer/weft cannot stand on itself$'
echo > "$CLUSTER/etc/weft.conf"
ctld_start

finish
