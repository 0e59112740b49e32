/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mix_use.c - how fast a mix is with the work shared in whole pieces.
 */
#include "core/mix.h"

#include <stdlib.h>

#include "core/share.h"

int weft_mix_micro_batches(const struct weft_mix *mix, unsigned micro_batches, unsigned *shares, struct weft_err *err)
{
	double *weights;
	int rv;

	if (micro_batches == 0 || micro_batches > WEFT_SHARE_MAX)
		return weft_err(err, "%u micro-batches cannot be shared; it may be 1 to %u", micro_batches,
				WEFT_SHARE_MAX);
	weights = calloc(mix->n_groups ? mix->n_groups : 1, sizeof(*weights));
	if (!weights)
		return weft_err(err, "out of memory");
	for (size_t i = 0; i < mix->n_groups; i++)
		weights[i] = mix->groups[i].weight;
	rv = weft_share(weights, mix->n_groups, micro_batches, 0, shares);
	free(weights);
	return rv < 0 ? weft_err(err, "out of memory") : 0;
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
