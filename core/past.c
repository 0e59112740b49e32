/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * past.c - lines of accounting, read.
 */
#include "core/past.h"

#include <string.h>

#include "core/scan.h"

#define MAX_TIME   7258118399 /* the end of the year 2199 */
#define MAX_JOULES 1000000000000000000u

/* In the order of WEFT_PAST_FIELDS. */
enum field { ID, ACCOUNT, STATE, SUBMIT, ELIGIBLE, START, END, TRES, NODES, ENERGY, LINE, FIELDS };

static const char *const names[FIELDS] = {
	"JobIDRaw", "Account",		 "State",     "Submit", "Eligible", "Start", "End", "AllocTRES",
	"NodeList", "ConsumedEnergyRaw", "SubmitLine"
};

/* A whole number up to MAX; a text that begins with no digit is 0 ("Unknown", ""). */
static int number(char *const *fields, enum field field, uint64_t max, uint64_t *value, struct weft_err *err)
{
	const char *s = fields[field];

	*value = 0;
	if (*s < '0' || *s > '9')
		return 0;
	for (; *s >= '0' && *s <= '9' && *value <= max; s++)
		*value = *value * 10 + (uint64_t)(*s - '0');
	if (*s == '\0' && *value <= max)
		return 0;
	return weft_err(err, "job %s: %s: \"%s\" is not a number up to %llu",
			weft_snip(fields[ID], strlen(fields[ID])).text, names[field],
			weft_snip(fields[field], strlen(fields[field])).text, (unsigned long long)max);
}

static int moment(char *const *fields, enum field field, time_t *when, struct weft_err *err)
{
	uint64_t value;

	if (number(fields, field, MAX_TIME, &value, err) < 0)
		return -1;
	*when = (time_t)value;
	return 0;
}

/* Cut LINE at DELIMITER; how many pieces there are, of which FIELDS at most are cut off. */
static unsigned cut(char *line, const char *delimiter, char *fields[FIELDS])
{
	size_t len = strlen(delimiter);
	unsigned n = 0;

	for (;;) {
		char *next = n + 1 < FIELDS ? strstr(line, delimiter) : NULL;

		fields[n++] = line;
		if (!next)
			return n;
		*next = '\0';
		line = next + len;
	}
}

int weft_past_read(struct weft_past_job *job, char *line, const char *delimiter, struct weft_err *err)
{
	char *fields[FIELDS];
	unsigned n;

	if (!strstr(line, delimiter))
		return 0;
	n = cut(line, delimiter, fields);
	if (n != FIELDS)
		return weft_err(err, "job %s: %u fields instead of %d",
				weft_snip(fields[ID], strlen(fields[ID])).text, n, FIELDS);
	*job = (struct weft_past_job){ .account = fields[ACCOUNT],
				       .pending = strncmp(fields[STATE], "PENDING", 7) == 0,
				       .tres = fields[TRES],
				       .nodes = fields[NODES],
				       .line = fields[LINE] };
	if (moment(fields, SUBMIT, &job->submit, err) < 0 ||
	    moment(fields, ELIGIBLE, &job->eligible, err) < 0 ||
	    moment(fields, START, &job->start, err) < 0 || moment(fields, END, &job->end, err) < 0 ||
	    number(fields, ENERGY, MAX_JOULES, &job->joules, err) < 0)
		return -1;
	return 1;
}
