/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mixture.c - from the groups of a mix to nodes.
 */
#include "plugin/select/mixture.h"

#include "plugin/compat/gres.h"
#include "plugin/compat/host.h"
#include "plugin/compat/job.h"
#include "plugin/select/free_index.h"
#include "plugin/select/narrow.h"

struct placing {
	struct weft_ask *ask;
	const struct weft_mix *mix;
	const struct weft_class *whole;
	const struct weft_view *view;
	bitstr_t *left;	  /* nodes that no group has */
	bitstr_t *chosen; /* nodes that one has */
	/* The groups' cards, where nodes have different numbers of them: asked for as a whole, any would do. */
	struct weft_picks picks;
	/* The whole job's, while a part of it is in the record. */
	struct weft_job_saved saved;
	uint32_t num_tasks;
	bitstr_t *required; /* --nodelist */
};

static uint32_t part_of(uint32_t whole, unsigned nodes, unsigned of)
{
	return whole ? ((uint64_t)whole * nodes + of - 1) / of : 0;
}

/* Make the record ask for DEVICES cards of CLASS, PER_NODE (0: not the same everywhere) on each of NODES nodes. */
static int put(const struct placing *p, const struct weft_class *class, unsigned devices, unsigned per_node,
	       unsigned nodes)
{
	struct weft_candidate c = { .class = class, .devices = devices, .per_node = per_node, .nodes = nodes };

	return weft_job_ask_for(p->ask->job, p->view->inventory, &c);
}

static void restore_whole(struct placing *p)
{
	weft_job_restore(p->ask->job, &p->saved);
	p->ask->job->details->num_tasks = p->num_tasks;
	if (p->ask->job->details->req_node_bitmap != p->required)
		FREE_NULL_BITMAP(p->ask->job->details->req_node_bitmap);
	p->ask->job->details->req_node_bitmap = p->required;
}

/* Those of the required nodes that are for a group of N on NODES.  That none is left over shows when the
 * whole job is tested. */
static bitstr_t *required_of(const struct placing *p, const bitstr_t *nodes, uint32_t n)
{
	bitstr_t *mine;

	if (!p->required)
		return NULL;
	mine = bit_copy(p->required);
	bit_and(mine, (bitstr_t *)nodes);
	while ((uint32_t)bit_set_count(mine) > n)
		bit_clear(mine, bit_fls(mine));
	/* A job that requires an empty set of nodes gets none in some releases. */
	if (bit_ffs(mine) < 0)
		FREE_NULL_BITMAP(mine);
	return mine;
}

static int ask_on(struct placing *p, bitstr_t *nodes, unsigned n)
{
	struct weft_ask sub = *p->ask;

	sub.nodes = nodes;
	sub.min_nodes = sub.max_nodes = sub.req_nodes = n;
	sub.preemptee_candidates = NULL;
	return weft_narrow_job_test(&sub, weft_view_index(p->view));
}

static int place_group(struct placing *p, const struct weft_mix_group *g)
{
	job_record_t *job = p->ask->job;
	struct weft_kind kind = weft_kind_of(g->class->name, g->class->type);
	bitstr_t *nodes = bit_copy(p->left);
	int rc;

	bit_and(nodes, (bitstr_t *)weft_free_index_total(kind, g->per_node));
	job->details->num_tasks = part_of(p->num_tasks, g->nodes, p->mix->nodes);
	job->details->min_cpus = part_of(p->saved.min_cpus, g->nodes, p->mix->nodes);
	job->details->req_node_bitmap = required_of(p, nodes, g->nodes);
	rc = put(p, g->class, g->devices, g->per_node, g->nodes);
	if (rc == SLURM_SUCCESS)
		rc = ask_on(p, nodes, g->nodes);
	if (rc == SLURM_SUCCESS && (uint32_t)bit_set_count(nodes) != g->nodes)
		rc = ESLURM_NODES_BUSY;
	if (rc == SLURM_SUCCESS) {
		if (!p->mix->per_node)
			weft_picks_keep(&p->picks, job, nodes);
		bit_or(p->chosen, nodes);
		bit_and_not(p->left, nodes);
	}
	weft_job_drop_allocation(job);
	restore_whole(p);
	FREE_NULL_BITMAP(nodes);
	return rc;
}

static int place_whole(struct placing *p)
{
	const struct weft_mix *mix = p->mix;
	int rc = put(p, p->whole, mix->devices, mix->per_node, mix->nodes);

	if (rc == SLURM_SUCCESS)
		rc = ask_on(p, p->chosen, mix->nodes);
	if (rc == SLURM_SUCCESS && p->picks.n)
		weft_picks_put(&p->picks, p->ask->job);
	if (rc == SLURM_SUCCESS)
		bit_copybits(p->ask->nodes, p->chosen);
	return rc;
}

int weft_mixture_job_test(struct weft_ask *ask, const struct weft_mix *mix, const struct weft_class *whole,
			  const struct weft_view *view)
{
	struct placing p = { .ask = ask, .mix = mix, .whole = whole, .view = view };
	int rc = SLURM_SUCCESS;

	p.left = bit_copy(ask->nodes);
	p.chosen = bit_alloc(bit_size(ask->nodes));
	p.num_tasks = ask->job->details->num_tasks;
	p.required = ask->job->details->req_node_bitmap;
	p.picks.gres_id = weft_kind_of(whole->name, NULL).gres_id;
	weft_job_save(ask->job, &p.saved);
	for (size_t i = 0; i < mix->n_groups && rc == SLURM_SUCCESS; i++)
		rc = place_group(&p, &mix->groups[i]);
	if (rc == SLURM_SUCCESS)
		rc = place_whole(&p);
	FREE_NULL_BITMAP(p.left);
	FREE_NULL_BITMAP(p.chosen);
	weft_picks_clear(&p.picks);
	return rc;
}

/* ---------------------------------------------------------------- what there is */

static unsigned cards_free(unsigned index, unsigned class_id, unsigned has, void *arg)
{
	const struct weft_class *class = weft_inventory_class(arg, class_id);
	uint64_t free = weft_free_index_count(weft_kind_of(class->name, class->type), index).free;

	return MIN(free, has);
}

int weft_mixture_of(struct weft_mix *mix, const struct weft_alternative *alt, const struct weft_view *view,
		    const struct weft_app *app, const bitstr_t *nodes, bool free)
{
	struct weft_scope scope = { .usable = weft_host_in_bitmap, .arg = (bitstr_t *)nodes };
	struct weft_mix_options options = { .app = app, .intensity = view->conf->intensity };
	struct weft_err ignored = WEFT_ERR_INIT;
	struct weft_supply supply;
	int rc;

	rc = free ? weft_supply_count_free(&supply, view->inventory, &scope, cards_free, view->inventory, &ignored)
		  : weft_supply_count(&supply, view->inventory, &scope, &ignored);
	if (rc)
		return -1;
	rc = weft_mix_make(mix, alt, &supply, &options, &ignored);
	weft_supply_clear(&supply);
	return rc;
}

char *weft_mixture_text(const struct weft_mix *mix)
{
	char *text = NULL;

	for (size_t i = 0; i < mix->n_groups; i++) {
		const struct weft_mix_group *g = &mix->groups[i];

		xstrfmtcat(text, "%s%u %s on %u node%s", !i ? "" : i + 1 < mix->n_groups ? ", " : " and ",
			   g->devices, g->class->label, g->nodes, g->nodes == 1 ? "" : "s");
	}
	if (mix->fabric)
		xstrfmtcat(text, ", joined by %s", mix->fabric);
	if (mix->even_efficiency < 0.995)
		xstrfmtcat(text, ", with equal shares %.0f%% as fast", mix->even_efficiency * 100);
	return text;
}
