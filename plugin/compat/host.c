/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host.c - ask the process around us.
 */
#include "plugin/compat/host.h"

#include "core/site.h"

bool weft_host_uses(const char *type)
{
	return running_in_slurmctld() && !xstrcasecmp(slurm_conf.select_type, type);
}

char *weft_host_conf_path(const char *name)
{
	return get_extra_conf_path((char *)name);
}

void weft_host_log(bool is_error, const char *line)
{
	if (is_error)
		error("weft: %s", line);
	else
		info("weft: %s", line);
}

void weft_host_publish_nodes(void)
{
	const char **gres = xcalloc(node_record_count + 1, sizeof(*gres));

	for (int i = 0; i < node_record_count; i++) {
		const node_record_t *node = node_record_table_ptr[i];

		if (node && node->config_ptr)
			gres[i] = node->config_ptr->gres;
	}
	weft_site_set_nodes(gres, node_record_count);
	xfree(gres);
}

bool weft_host_in_bitmap(unsigned index, void *arg)
{
	bitstr_t *nodes = arg;

	return index < (unsigned)bit_size(nodes) && bit_test(nodes, index);
}

part_record_t *weft_host_default_partition(void)
{
	return default_part_loc;
}
