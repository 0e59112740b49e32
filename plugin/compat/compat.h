/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compat.h - Slurm's own headers, and the differences between its releases that show in a type or a
 * signature.
 *
 * plugin/compat/ is the only directory in which a Slurm version number appears.  HOST_INTERFACE in this
 * directory lists every host function and struct field that Weft touches.
 */
#ifndef WEFT_COMPAT_H
#define WEFT_COMPAT_H

/* config.h is ours (three lines, see configure.ac); slurm_xlator.h must come before any other host header. */
#include "config.h"

#include "src/common/slurm_xlator.h"

#include "src/common/assoc_mgr.h"
#include "src/common/bitstring.h"
#include "src/common/hostlist.h"
#include "src/common/list.h"
#include "src/common/log.h"
#include "src/common/node_conf.h"
#include "src/common/read_config.h"
#include "src/common/run_in_daemon.h"
#include "src/common/xmalloc.h"
#include "src/common/xstring.h"
#include "src/slurmctld/acct_policy.h"
#include "src/slurmctld/locks.h"
#include "src/slurmctld/slurmctld.h"
#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 2, 0)
#include "src/common/gres.h"
#include "src/common/select.h"
#include "src/common/slurm_accounting_storage.h"
#else
#include "src/interfaces/accounting_storage.h"
#include "src/interfaces/gres.h"
#include "src/interfaces/select.h"
#endif

/* Data of slurmctld itself.  The client commands of 22.05 and 24.11 load the select plugin too, and there
 * these do not exist. */
#pragma weak acct_db_conn
#pragma weak avail_node_bitmap
#pragma weak default_part_loc
#pragma weak job_list
#pragma weak last_job_update
#pragma weak part_list
#pragma weak slurmctld_config

#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 2, 0)
typedef struct xlist list_t;
typedef hostlist_t weft_hostlist;
typedef struct job_details job_details_t;
#define WEFT_TRES_PREFIX "gres:"
#else
typedef hostlist_t *weft_hostlist;
#define WEFT_TRES_PREFIX "gres/"
#endif

/* 22.05 to 24.11 load every select plugin in PluginDir and die on a number that occurs twice; 26.05 loads
 * only the configured one and asks whether its number is that of cons_tres. */
#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(25, 5, 0)
#define WEFT_SELECT_PLUGIN_ID 187
#else
#define WEFT_SELECT_PLUGIN_ID SELECT_PLUGIN_CONS_TRES
#endif

/* The arguments of select_p_job_test() that Weft hands through untouched. */
#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 11, 0)
#define WEFT_JOB_TEST_REST_PARAMS bitstr_t *exc_core_bitmap
#define WEFT_JOB_TEST_REST_INIT	  .exc_core_bitmap = exc_core_bitmap
#else
#define WEFT_JOB_TEST_REST_PARAMS resv_exc_t *resv_exc_ptr, will_run_data_t *will_run_ptr
#define WEFT_JOB_TEST_REST_INIT	  .resv_exc_ptr = resv_exc_ptr, .will_run_ptr = will_run_ptr
#endif

/* job_modify() has no way to say why before 23.02: the reason goes to the log only. */
#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 2, 0)
#define WEFT_JOB_MODIFY_PARAMS job_desc_msg_t *desc, job_record_t *job, uint32_t uid
#define WEFT_JOB_MODIFY_ERR    ((char **)NULL)
#else
#define WEFT_JOB_MODIFY_PARAMS job_desc_msg_t *desc, job_record_t *job, uint32_t uid, char **err_msg
#define WEFT_JOB_MODIFY_ERR    err_msg
#endif

#endif
