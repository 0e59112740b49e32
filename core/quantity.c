/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quantity.c - units of memory, bandwidth, power and compute, read and written.
 *
 * Memory counts in steps of 1024 (1T is 1024G), as Slurm's own memory options do; all else in steps of 1000.
 */
#include "core/quantity.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/scan.h"

static const struct weft_unit mem_units[] = {
	{ "M", 0, -10 }, { "G", 0, 0 }, { "T", 0, 10 }, { NULL, 0, 0 }
};
static const struct weft_unit bw_units[] = { { "G", 0, 0 }, { "T", 3, 0 }, { NULL, 0, 0 } };
static const struct weft_unit tdp_units[] = { { "W", 0, 0 }, { "kW", 3, 0 }, { NULL, 0, 0 } };
static const struct weft_unit dtype_units[] = { { "T", 0, 0 }, { "P", 3, 0 }, { NULL, 0, 0 } };
static const struct weft_unit compute_units[] = { { "K", -9, 0 }, { "M", -6, 0 }, { "G", -3, 0 },
						  { "T", 0, 0 },  { "P", 3, 0 },  { "E", 6, 0 },
						  { NULL, 0, 0 } };

static const char *const mem_suffixes[] = { "b", "ib", NULL };
static const char *const bw_suffixes[] = { "b", "b/s", "/s", NULL };
static const char *const no_suffixes[] = { NULL };
static const char *const flops_suffixes[] = { "flops", "ops", NULL };

static const struct weft_measure mem_measure = {
	.example = "mem>=64G",
	.takes = "M, G or T",
	.usual = "G",
	.suffixes = mem_suffixes,
	.min = 1.0 / 1024,
	.max = 1024.0 * 1024,
	.units = mem_units,
};

static const struct weft_measure bw_measure = {
	.example = "bw>=2T",
	.takes = "G or T",
	.usual = "G",
	.suffixes = bw_suffixes,
	.min = 1,
	.max = 1e6,
	.units = bw_units,
};

static const struct weft_measure tdp_measure = {
	.example = "tdp<=400W",
	.takes = "W or kW",
	.usual = "W",
	.suffixes = no_suffixes,
	.min = 1,
	.max = 1e6,
	.units = tdp_units,
};

static const struct weft_measure compute_measure = {
	.example = "2P@bf16",
	.takes = "K, M, G, T, P or E",
	.usual = "P",
	.suffixes = flops_suffixes,
	.min = 1e-9,
	.max = 1e9,
	.units = compute_units,
};

/* They differ in the example only. */
#define DTYPE_MEASURE(text)                                                                                  \
	{                                                                                                    \
		.example = text, .takes = "T or P", .usual = "T", .suffixes = flops_suffixes, .min = 1e-3,   \
		.max = 1e6, .units = dtype_units                                                             \
	}

static const struct weft_measure dtype_measures[WEFT_DTYPES] = {
	[WEFT_FP64] = DTYPE_MEASURE("fp64>=20T"),  [WEFT_FP32] = DTYPE_MEASURE("fp32>=40T"),
	[WEFT_TF32] = DTYPE_MEASURE("tf32>=150T"), [WEFT_BF16] = DTYPE_MEASURE("bf16>=300T"),
	[WEFT_FP16] = DTYPE_MEASURE("fp16>=300T"), [WEFT_FP8] = DTYPE_MEASURE("fp8>=1P"),
	[WEFT_INT8] = DTYPE_MEASURE("int8>=600T"),
};

const struct weft_measure *weft_measure_of(unsigned field)
{
	switch (field) {
	case WEFT_FIELD_MEM:
		return &mem_measure;
	case WEFT_FIELD_BW:
		return &bw_measure;
	case WEFT_FIELD_TDP:
		return &tdp_measure;
	default:
		return field < WEFT_FIELDS ? &dtype_measures[field - WEFT_FIELD_TFLOPS] : &compute_measure;
	}
}

const struct weft_unit *weft_measure_unit(unsigned field, const char *text, size_t len)
{
	const struct weft_measure *m = weft_measure_of(field);

	for (const struct weft_unit *u = m->units; u->name; u++) {
		size_t n = strlen(u->name);

		if (len < n || strncasecmp(text, u->name, n))
			continue;
		if (len == n)
			return u;
		for (const char *const *s = m->suffixes; *s; s++) {
			if (len - n == strlen(*s) && !strncasecmp(text + n, *s, len - n))
				return u;
		}
	}
	return NULL;
}

const char *weft_field_name(unsigned field)
{
	switch (field) {
	case WEFT_FIELD_MEM:
		return "mem";
	case WEFT_FIELD_BW:
		return "bw";
	case WEFT_FIELD_TDP:
		return "tdp";
	default:
		return field < WEFT_FIELDS ? weft_dtype_name(field - WEFT_FIELD_TFLOPS)
					   : "an amount of compute";
	}
}

/* The unit that FIELD's values are kept in. */
static const struct weft_unit *base_unit(const struct weft_measure *m)
{
	const struct weft_unit *u = m->units;

	while (u->exp10 != 0 || u->exp2 != 0)
		u++;
	return u;
}

const char *weft_quantity_text(unsigned field, double value, char *buf, size_t size)
{
	const struct weft_measure *m = weft_measure_of(field);
	const struct weft_unit *best = base_unit(m);
	char text[WEFT_NUMBER_SIZE], best_text[WEFT_NUMBER_SIZE] = "";

	if (!isfinite(value)) {
		snprintf(buf, size, "unknown");
		return buf;
	}
	weft_number_text(value, 0, 0, best_text);
	/* 1536G is 1.5T, but 1100G is not 1.07421875T; and nobody wants 0.5T for 512G. */
	for (const struct weft_unit *u = m->units; u->name && value > 0; u++) {
		bool below_one = value < ldexp(pow(10, u->exp10), u->exp2);
		bool best_below_one = value < ldexp(pow(10, best->exp10), best->exp2);

		if ((below_one && u != m->units) || !weft_number_text(value, u->exp10, u->exp2, text))
			continue;
		if (best_below_one ||
		    strlen(text) + strlen(u->name) <= strlen(best_text) + strlen(best->name)) {
			best = u;
			memcpy(best_text, text, sizeof(text));
		}
	}
	snprintf(buf, size, "%s%s", best_text, best->name);
	return buf;
}
