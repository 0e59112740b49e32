/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stack.h - the hooks of a burst buffer plugin, and the plugin of the site underneath ours.
 *
 * slurmctld takes one burst buffer plugin.  Where the site has one, it is loaded by ours, and gets every call
 * that ours gets.  Where there is none, each hook gives what slurmctld itself takes when no plugin is
 * configured.
 *
 * Process: slurmctld; in 22.05 run_script in a child of it.  slurmctld holds its lock on burst buffers during
 * all of them, and often the job write lock: no hook of ours may wait for a lock of Slurm's.
 */
#ifndef WEFT_COMPAT_STACK_H
#define WEFT_COMPAT_STACK_H

#include "plugin/compat/compat.h"

#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 2, 0)
#define WEFT_BB_STATUS_PARAMS (uint32_t argc, char **argv)
#define WEFT_BB_STATUS_ARGS   (argc, argv)
#define WEFT_BB_SCRIPT_PARAMS (char *func, uint32_t job_id, uint32_t argc, char **argv, char **resp_msg)
#define WEFT_BB_SCRIPT_ARGS   (func, job_id, argc, argv, resp_msg)
#define WEFT_BB_HET(X)
#define WEFT_BB_ASKER ((struct weft_asker){ .known = false })
#else
#define WEFT_BB_STATUS_PARAMS (uint32_t argc, char **argv, uint32_t uid, uint32_t gid)
#define WEFT_BB_STATUS_ARGS   (argc, argv, uid, gid)
#define WEFT_BB_SCRIPT_PARAMS                                                                                \
	(char *func, uint32_t job_id, uint32_t argc, char **argv, job_info_msg_t *job_info, char **resp_msg)
#define WEFT_BB_SCRIPT_ARGS (func, job_id, argc, argv, job_info, resp_msg)
#define WEFT_BB_HET(X)                                                                                       \
	X(char *, build_het_job_script, (char *script, uint32_t het_job_offset), (script, het_job_offset),   \
	  xstrdup(script))
#define WEFT_BB_ASKER                                                                                        \
	((struct weft_asker){ .known = true, .uid = uid, .all = !uid || uid == slurm_conf.slurm_user_id })
#endif

/* X(type, name, parameters, arguments, what slurmctld takes without a plugin), of hooks that are passed on.
 */
#define WEFT_BB_HOOKS(X)                                                                                     \
	WEFT_BB_HET(X)                                                                                       \
	X(uint64_t, get_system_size, (void), (), 0)                                                          \
	X(int, state_pack, (uid_t uid, buf_t * buffer, uint16_t version), (uid, buffer, version),            \
	  SLURM_SUCCESS)                                                                                     \
	X(int, reconfig, (void), (), SLURM_SUCCESS)                                                          \
	X(int, job_validate, (job_desc_msg_t * desc, uid_t uid, char **err_msg), (desc, uid, err_msg),       \
	  SLURM_SUCCESS)                                                                                     \
	X(int, job_validate2, (job_record_t * job, char **err_msg), (job, err_msg), SLURM_SUCCESS)           \
	X(time_t, job_get_est_start, (job_record_t * job), (job), 0)                                         \
	X(int, job_try_stage_in, (list_t * job_queue), (job_queue), SLURM_SUCCESS)                           \
	X(int, job_test_stage_in, (job_record_t * job, bool test_only), (job, test_only), 1)                 \
	X(int, job_begin, (job_record_t * job), (job), SLURM_SUCCESS)                                        \
	X(int, job_revoke_alloc, (job_record_t * job), (job), SLURM_SUCCESS)                                 \
	X(int, job_start_stage_out, (job_record_t * job), (job), SLURM_SUCCESS)                              \
	X(int, job_test_post_run, (job_record_t * job), (job), 1)                                            \
	X(int, job_test_stage_out, (job_record_t * job), (job), 1)                                           \
	X(int, job_cancel, (job_record_t * job), (job), SLURM_SUCCESS)                                       \
	X(int, run_script, WEFT_BB_SCRIPT_PARAMS, WEFT_BB_SCRIPT_ARGS, SLURM_SUCCESS)                        \
	X(char *, xlate_bb_2_tres_str, (char *burst_buffer), (burst_buffer), NULL)

#define WEFT_BB_MEMBER(type, name, params, args, without) type(*name) params;
struct weft_bb {
	WEFT_BB_HOOKS(WEFT_BB_MEMBER)
	int (*load_state)(bool init_config);
	char *(*get_status)WEFT_BB_STATUS_PARAMS;
	void (*job_set_tres_cnt)(job_record_t *job, uint64_t *tres_cnt, bool locked);
};

/* The hooks of the plugin underneath, NULL: there is none. */
extern const struct weft_bb *weft_bb_base;

/* Load burst_buffer/NAME from PluginDir and run its init(): SLURM_SUCCESS, or SLURM_ERROR after one line in
 * the log. slurmctld, once, when it loads its plugins. */
int weft_bb_open(const char *name);
int weft_bb_close(void); /* run its fini() */

#endif
