/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quantity.h - the quantities of the request language: what is measured, in which units, within which bounds.
 */
#ifndef WEFT_QUANTITY_H
#define WEFT_QUANTITY_H

#include "core/request.h"

/* One more kind of quantity than there are fields: the total compute of a request, in TFLOPS. */
#define WEFT_FIELDS (WEFT_FIELD_TFLOPS + WEFT_DTYPES)
#define WEFT_COMPUTE WEFT_FIELDS

struct weft_unit {
	const char *name; /* "G" */
	int exp10, exp2;  /* a field's value is number x 10^exp10 x 2^exp2 */
};

struct weft_measure {
	const char *example;	       /* "mem>=64G" */
	const char *takes;	       /* "M, G or T" */
	const char *usual;	       /* the unit people mean when they leave it out */
	const char *const *suffixes;   /* what may follow the letter, lower case; NULL-terminated */
	double min, max;	       /* in the field's unit; beyond this it is a mistake */
	const struct weft_unit *units; /* small to large; name NULL ends them */
};

/* FIELD is an enum weft_field (plus dtype) or WEFT_COMPUTE. */
const struct weft_measure *weft_measure_of(unsigned field);

/* The unit written as the LEN bytes of TEXT, case ignored; NULL when FIELD has no such unit. */
const struct weft_unit *weft_measure_unit(unsigned field, const char *text, size_t len);

#endif
