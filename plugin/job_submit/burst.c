/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * burst.c - --burst at submission.
 *
 * A peer is a partition at home.  A job that may go there has it in its list of partitions, and Slurm does
 * the rest: it tries them all.  That nothing starts there before it is to is for the select plugin to see to.
 */
#include "plugin/job_submit/burst.h"

#include "core/burst.h"
#include "plugin/compat/desc.h"
#include "plugin/compat/host.h"
#include "plugin/compat/job.h"

char *weft_burst_of_desc(const job_desc_msg_t *desc)
{
	const char *text = weft_env_get(desc->spank_job_env, desc->spank_job_env_size, WEFT_ENV_BURST);

	if (!text && desc->script && desc->environment)
		text = weft_env_get(desc->environment, desc->env_size, WEFT_ENV_BURST);
	if (text && text[0])
		return xstrdup(text);
	return weft_comment_value(desc->comment, "burst");
}

/* ---------------------------------------------------------------- checks */

int weft_burst_check_partitions(const char *list, const struct weft_view *view, struct weft_err *err)
{
	part_record_t *fallback = list && list[0] ? NULL : weft_host_default_partition();
	char *copy = xstrdup(fallback ? fallback->name : list), *rest = copy, *name;
	const struct weft_conf_peer *peer = NULL;

	while (!peer && (name = strsep(&rest, ",")))
		peer = weft_conf_peer_of_partition(view->conf, name);
	xfree(copy);
	if (!peer)
		return 0;
	return weft_err(err, "--partition: jobs go to site %s from %s; ask for it with --burst=only,%s",
			peer->name, peer->local_partition, peer->name);
}

int weft_burst_check_job(const job_desc_msg_t *desc, struct weft_err *err)
{
	if (desc->het_job_offset != NO_VAL)
		return weft_err(err, "--burst: a heterogeneous job cannot go to another site");
	if (!desc->script)
		return weft_err(err, "--burst: only a batch job can go to another site; use sbatch");
	if (desc->shared == JOB_SHARED_NONE)
		return weft_err(err, "--burst: --exclusive does not go with it; nodes of another site are "
				     "not taken whole");
	return 0;
}

static int check_placement(const job_desc_msg_t *desc, const struct weft_wish *wish, struct weft_err *err)
{
	if (desc->req_nodes && desc->req_nodes[0])
		return weft_err(err, "--burst: --nodelist does not go with it; the nodes are this site's");
	if (wish->min_nodes > 1)
		return weft_err(
			err, "--burst: --nodes does not go with it; use nodes= or per-node= in the request");
	return 0;
}

static int check_sites(const struct weft_burst_wish *burst, const struct weft_conf *conf,
		       struct weft_err *err)
{
	const char *names[WEFT_CONF_MAX_PEERS + 1] = { NULL };

	if (!conf->n_peers)
		return weft_err(err, "--burst: there is no other site to go to (weft.conf has no Peer=)");
	for (size_t i = 0; i < conf->n_peers; i++)
		names[i] = conf->peers[i].name;
	return weft_burst_check(burst, names, err);
}

/* ---------------------------------------------------------------- partitions */

/* The partitions of the peers that can run it, after LIST and a comma; WHY: the first reason why one cannot.
 */
static void add_peers(char **list, const struct weft_burst_wish *burst, const struct weft_wish *wish,
		      const struct weft_view *view, struct weft_err *why)
{
	struct weft_wish there = *wish;

	for (size_t i = 0; i < view->conf->n_peers; i++) {
		const struct weft_conf_peer *peer = &view->conf->peers[i];
		struct weft_err lack = WEFT_ERR_INIT;

		if (!weft_burst_names(burst, peer->name))
			continue;
		there.partition = peer->local_partition;
		if (!weft_desc_partitions_exist(peer->local_partition))
			weft_err(why, "%s: there is no partition %s", peer->name, peer->local_partition);
		else if (weft_fill_can(&there, view, &lack))
			weft_err(why, "%s: %s", peer->name, lack.text);
		else
			xstrfmtcat(*list, "%s%s", *list ? "," : "", peer->local_partition);
	}
}

/* The user's own partitions. */
static char *own_partitions(const job_desc_msg_t *desc)
{
	part_record_t *fallback = weft_host_default_partition();

	if (desc->partition && desc->partition[0])
		return xstrdup(desc->partition);
	return fallback ? xstrdup(fallback->name) : NULL;
}

static int put_burst(job_desc_msg_t *desc, const struct weft_burst_wish *burst, const char *own,
		     struct weft_err *err)
{
	char *text = weft_burst_text(burst);

	if (!text) {
		weft_err(err, "--burst: out of memory");
		return ENOMEM;
	}
	weft_env_set(&desc->spank_job_env, &desc->spank_job_env_size, WEFT_ENV_BURST, text);
	weft_env_set(&desc->spank_job_env, &desc->spank_job_env_size, WEFT_ENV_HOME, own);
	free(text);
	return SLURM_SUCCESS;
}

/* With the nodes of PARTITIONS; where the peers' come to them, one node must do. */
static int fill(job_desc_msg_t *desc, const struct weft_wish *wish, const char *partitions, const char *peers,
		const struct weft_view *view, struct weft_err *err)
{
	struct weft_wish there = *wish;
	int rc;

	there.partition = partitions;
	rc = weft_fill(desc, &there, view, err);
	if (rc == SLURM_SUCCESS && peers)
		desc->min_nodes = 1;
	return rc;
}

static int fill_for(job_desc_msg_t *desc, const struct weft_wish *wish, const struct weft_burst_wish *burst,
		    const struct weft_view *view, struct weft_err *err)
{
	struct weft_err why = WEFT_ERR_INIT, ignored = WEFT_ERR_INIT;
	char *own = own_partitions(desc), *peers = NULL, *all = NULL;
	struct weft_wish here = *wish;
	bool home;
	int rc = ESLURM_REQUESTED_NODE_CONFIG_UNAVAILABLE;

	here.partition = own;
	add_peers(&peers, burst, wish, view, &why);
	home = burst->mode == WEFT_BURST_AUTO && (!peers || !weft_fill_can(&here, view, &ignored));
	if (!home && !peers) {
		weft_err(err, "--burst: %s", why.text);
		goto done;
	}
	rc = fill(desc, wish, home ? own : peers, peers, view, err);
	if (rc == SLURM_SUCCESS)
		rc = put_burst(desc, burst, own, err);
	if (rc != SLURM_SUCCESS)
		goto done;
	xstrfmtcat(all, "%s%s%s", home ? own : "", home && peers ? "," : "", peers ? peers : "");
	weft_desc_set(&desc->partition, all);
done:
	xfree(own);
	xfree(peers);
	xfree(all);
	return rc;
}

int weft_burst_fill(job_desc_msg_t *desc, const struct weft_wish *wish, const char *text,
		    const struct weft_view *view, struct weft_err *err)
{
	struct weft_burst_wish burst;
	int rc = ESLURM_NOT_SUPPORTED;

	if (weft_burst_parse(text, &burst, err))
		return rc;
	if (burst.mode == WEFT_BURST_NO) {
		weft_env_set(&desc->spank_job_env, &desc->spank_job_env_size, WEFT_ENV_BURST, NULL);
		rc = weft_fill(desc, wish, view, err);
	} else if (!check_sites(&burst, view->conf, err) && !check_placement(desc, wish, err)) {
		rc = fill_for(desc, wish, &burst, view, err);
	}
	weft_burst_clear(&burst);
	return rc;
}
