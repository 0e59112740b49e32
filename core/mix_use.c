/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mix_use.c - what a job's program is told about its mix: shares of the work, meshes, a hostfile.
 */
#include "core/mix.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/lack.h"
#include "core/share.h"

static int share(const struct weft_mix *mix, const char *what, unsigned total, int least_one, unsigned *shares,
		 struct weft_err *err)
{
	double *weights;
	int rv;

	if (total == 0 || total > WEFT_SHARE_MAX)
		return weft_err(err, "%u %s cannot be shared; it may be 1 to %u", total, what, WEFT_SHARE_MAX);
	weights = calloc(mix->n_groups ? mix->n_groups : 1, sizeof(*weights));
	if (!weights)
		return weft_err(err, "out of memory");
	for (size_t i = 0; i < mix->n_groups; i++)
		weights[i] = mix->groups[i].weight;
	rv = weft_share(weights, mix->n_groups, total, least_one, shares);
	free(weights);
	return rv < 0 ? weft_err(err, "out of memory") : 0;
}

int weft_mix_micro_batches(const struct weft_mix *mix, unsigned micro_batches, unsigned *shares, struct weft_err *err)
{
	return share(mix, "micro-batches", micro_batches, 0, shares, err);
}

int weft_mix_layers(const struct weft_mix *mix, unsigned layers, unsigned *shares, struct weft_err *err)
{
	return share(mix, "layers", layers, 1, shares, err);
}

double weft_mix_throughput(const struct weft_mix *mix, const unsigned *shares)
{
	double work = 0, longest = 0;

	for (size_t i = 0; i < mix->n_groups; i++) {
		const struct weft_mix_group *g = &mix->groups[i];
		double part = shares ? shares[i] : g->devices, time = part / g->rate;

		work += part;
		longest = time > longest ? time : longest;
	}
	return longest > 0 ? work / longest : 0;
}

int weft_mix_mesh(const struct weft_mix *mix, unsigned tp, unsigned pp, unsigned *dp, struct weft_err *err)
{
	uint64_t pipeline = (uint64_t)tp * pp;

	if (!pipeline)
		return weft_err(err, "tp=%u and pp=%u: both must be at least 1", tp, pp);
	for (size_t i = 0; i < mix->n_groups; i++) {
		const struct weft_mix_group *g = &mix->groups[i];

		if (g->per_node % tp)
			return weft_err(err, "%u %s on a node cannot be used with tp=%u: %u is not a multiple of %u",
					g->per_node, weft_class_called(g->class), tp, g->per_node, tp);
		if (g->devices % pipeline)
			return weft_err(err,
					"%u %s cannot be used with tp=%u and pp=%u: %u is not a multiple of %llu",
					g->devices, weft_class_called(g->class), tp, pp, g->devices,
					(unsigned long long)pipeline);
		dp[i] = (unsigned)(g->devices / pipeline);
	}
	return 0;
}

static void write_type(FILE *f, const struct weft_vendor *vendor)
{
	const char *text = vendor->mix_type ? vendor->mix_type : vendor->name;

	for (; *text; text++) /* names are in lower case */
		fputc(!vendor->mix_type && *text >= 'a' && *text <= 'z' ? *text - 'a' + 'A' : *text, f);
}

char *weft_mix_hostfile(const struct weft_mix *mix, const char *const *hosts)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int bad;

	if (!f)
		return NULL;
	for (size_t i = 0; i < mix->n_groups; i++) {
		const struct weft_mix_group *g = &mix->groups[i];

		for (unsigned k = 0; k < g->nodes; k++) {
			fprintf(f, "%s slots=%u type=", hosts[g->first_node + k], g->per_node);
			write_type(f, g->class->model->vendor);
			fputc('\n', f);
		}
	}
	bad = ferror(f);
	if (fclose(f) == 0 && !bad)
		return text;
	free(text);
	return NULL;
}
