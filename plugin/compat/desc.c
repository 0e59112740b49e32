/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * desc.c - read and write job descriptions.
 */
#include "plugin/compat/desc.h"

#include "plugin/compat/host.h"

bool weft_desc_partitions_exist(const char *list)
{
	char *copy, *name, *rest;
	bool all = true;

	copy = rest = xstrdup(list);
	while (all && (name = strsep(&rest, ",")))
		all = find_part_record(name);
	xfree(copy);
	return all;
}

/* Call EACH for every partition that LIST names. */
static void partitions(const char *list, void (*each)(part_record_t *part, void *arg), void *arg)
{
	char *copy, *name, *rest;

	if (!list || !list[0]) {
		part_record_t *part = weft_host_default_partition();

		if (part)
			each(part, arg);
		return;
	}
	copy = rest = xstrdup(list);
	while ((name = strsep(&rest, ","))) {
		part_record_t *part = find_part_record(name);

		if (part)
			each(part, arg);
	}
	xfree(copy);
}

static void add_nodes(part_record_t *part, void *arg)
{
	bitstr_t **nodes = arg;

	if (!part->node_bitmap)
		return;
	if (*nodes)
		bit_or(*nodes, part->node_bitmap);
	else
		*nodes = bit_copy(part->node_bitmap);
}

bitstr_t *weft_desc_partition_nodes(const char *list)
{
	bitstr_t *nodes = NULL;

	partitions(list, add_nodes, &nodes);
	return nodes;
}

static void longer(part_record_t *part, void *arg)
{
	uint32_t *minutes = arg;

	*minutes = MAX(*minutes, part->max_time);
}

uint32_t weft_desc_max_time(const char *list)
{
	uint32_t minutes = 0;

	partitions(list, longer, &minutes);
	return minutes ? minutes : INFINITE;
}

static void longer_default(part_record_t *part, void *arg)
{
	uint32_t *minutes = arg;

	*minutes = MAX(*minutes, part->default_time != NO_VAL ? part->default_time : part->max_time);
}

uint32_t weft_desc_default_time(const char *list)
{
	uint32_t minutes = 0;

	partitions(list, longer_default, &minutes);
	return minutes ? minutes : INFINITE;
}

uint32_t weft_desc_required_nodes(const job_desc_msg_t *desc)
{
	weft_hostlist hosts;
	uint32_t n;

	if (!desc->req_nodes || !desc->req_nodes[0])
		return 0;
	hosts = hostlist_create(desc->req_nodes);
	if (!hosts)
		return 0;
	hostlist_uniq(hosts);
	n = hostlist_count(hosts);
	hostlist_destroy(hosts);
	return n;
}

void weft_desc_clear_scratch(job_desc_msg_t *desc)
{
	for (uint32_t i = 0; i < desc->spank_job_env_size; i++)
		xfree(desc->spank_job_env[i]);
	xfree(desc->spank_job_env);
	xfree(desc->tres_per_job);
	xfree(desc->tres_per_node);
}

void weft_desc_set(char **field, const char *text)
{
	xfree(*field);
	*field = text ? xstrdup(text) : NULL;
}
