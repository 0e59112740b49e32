/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.c - what all three ways to show indicators have in common.
 */
#include "tools/report.h"

#include <math.h>
#include <string.h>

#include "core/money.h"

#define CENT (WEFT_MICRO / 100)

struct report_class report_class(const struct report *report, unsigned i)
{
	struct report_class c = { .class = weft_inventory_class(weft_fleet_inventory(report->g->fleet), i),
				  .now = weft_fleet_class(report->g->fleet, i),
				  .use = &report->r->classes[i] };
	double length = (double)(report->r->to - report->r->from);

	c.owned = (double)c.now->cards * length;
	c.utilisation = c.owned > 0 ? c.use->used / c.owned : NAN;
	c.owned_tflops = c.now->tflops * (double)c.now->cards;
	c.used_tflops = c.now->tflops * c.use->used / length;
	c.free = c.now->cards - c.now->in_use - c.now->out;
	c.fragmentation = c.free > 0 && c.use->usual > 0 ? (double)c.use->stranded / (double)c.free : NAN;
	return c;
}

struct report_sum report_sum(const struct report *report)
{
	struct report_sum sum = { 0 };

	for (unsigned i = 0; i < report->r->n_classes; i++) {
		struct report_class c = report_class(report, i);

		sum.cards += (double)c.now->cards;
		sum.owned += c.owned;
		sum.used += c.use->used;
		if (isnan(c.now->tflops)) {
			sum.unknown_cards += (double)c.now->cards;
			continue;
		}
		sum.owned_tflops += c.owned_tflops;
		sum.used_tflops += c.used_tflops;
	}
	return sum;
}

const char *report_policy(unsigned policy)
{
	return policy == WEFT_USAGE_NO_POLICY ? "-" : weft_policy_name((enum weft_policy)policy);
}

const char *report_moment(time_t when, bool year, char buf[REPORT_TEXT_SIZE])
{
	struct tm tm;

	buf[0] = '\0';
	if (localtime_r(&when, &tm))
		strftime(buf, REPORT_TEXT_SIZE, year ? "%Y-%m-%d %H:%M" : "%d %b %H:%M", &tm);
	return buf;
}

const char *report_seconds(double seconds, char buf[REPORT_TEXT_SIZE])
{
	double s = fabs(seconds);

	if (s < 120)
		snprintf(buf, REPORT_TEXT_SIZE, "%.0f s", seconds);
	else if (s < 7200)
		snprintf(buf, REPORT_TEXT_SIZE, "%.0f min", seconds / 60);
	else if (s < 172800)
		snprintf(buf, REPORT_TEXT_SIZE, "%.1f h", seconds / 3600);
	else
		snprintf(buf, REPORT_TEXT_SIZE, "%.1f d", seconds / 86400);
	return buf;
}

const char *report_tflops(double tflops, char buf[REPORT_TEXT_SIZE])
{
	if (isnan(tflops))
		snprintf(buf, REPORT_TEXT_SIZE, "-");
	else if (tflops < 1000)
		snprintf(buf, REPORT_TEXT_SIZE, "%.4g TFLOPS", tflops);
	else if (tflops < 1e6)
		snprintf(buf, REPORT_TEXT_SIZE, "%.4g PFLOPS", tflops / 1e3);
	else
		snprintf(buf, REPORT_TEXT_SIZE, "%.4g EFLOPS", tflops / 1e6);
	return buf;
}

const char *report_per_cent(double part, char buf[REPORT_TEXT_SIZE])
{
	if (isnan(part))
		snprintf(buf, REPORT_TEXT_SIZE, "-");
	else
		snprintf(buf, REPORT_TEXT_SIZE, "%.1f %%", part * 100);
	return buf;
}

const char *report_number(double value, char buf[REPORT_TEXT_SIZE])
{
	double size = fabs(value);

	snprintf(buf, REPORT_TEXT_SIZE, "%.*f",
		 size >= 1000 || size == 0 ? 0
		 : size >= 100		   ? 1
		 : size >= 1		   ? 2
					   : 3,
		 value);
	return buf;
}

const char *report_cost(const struct report *report, const struct weft_usage_account *a,
			char buf[REPORT_TEXT_SIZE])
{
	char text[WEFT_MONEY_SIZE];
	int64_t cost = a->cost;

	if (cost >= WEFT_MICRO || cost <= -WEFT_MICRO) /* cents are enough */
		cost = (cost + (cost > 0 ? CENT / 2 : -CENT / 2)) / CENT * CENT;
	if (!report->g->price)
		snprintf(buf, REPORT_TEXT_SIZE, "-");
	else
		snprintf(buf, REPORT_TEXT_SIZE, "%s%s",
			 weft_money_text(cost, report->g->conf->power.currency, text),
			 a->no_price > 0 ? " +?" : "");
	return buf;
}

const char *report_carbon(const struct report *report, const struct weft_usage_account *a,
			  char buf[REPORT_TEXT_SIZE])
{
	char text[REPORT_TEXT_SIZE];

	if (!report->g->carbon)
		snprintf(buf, REPORT_TEXT_SIZE, "-");
	else
		snprintf(buf, REPORT_TEXT_SIZE, "%.40s%s", report_number(a->grams / 1000, text),
			 a->no_carbon > 0 ? " +?" : "");
	return buf;
}

/* The I-th of the notes that apply. */
const char *report_note(const struct report *report, unsigned i, char *buf, size_t size)
{
	const struct weft_usage_account *t = &report->r->total;
	double unplaced = report->r->unplaced, unknown = report_sum(report).unknown_cards;
	char x[REPORT_TEXT_SIZE];
	const struct {
		bool holds;
		const char *text;
		double value;
	} notes[] = {
		{ t->measured > 0, "kWh as Slurm measured them", t->measured },
		{ t->reckoned > 0,
		  "kWh are the cards' watts (weft.conf, catalogue) times time, without their hosts",
		  t->reckoned },
		{ t->unknown > 0, "card-hours of which neither energy nor watts are known",
		  t->unknown / 3600 },
		{ report->g->carbon && t->no_carbon > 0,
		  "kWh at times of which the carbon intensity is not known", t->no_carbon },
		{ report->g->price && t->no_price > 0, "kWh at times of which the price is not known",
		  t->no_price },
		{ unplaced > 0,
		  "card-hours of which the class cannot be told; they are in no class's utilisation",
		  unplaced / 3600 },
		{ t->elsewhere > 0, "card-hours at other sites; they are in no class's utilisation",
		  t->elsewhere / 3600 },
		{ unknown > 0, "cards whose compute the catalogue does not know; they are in no FLOPS",
		  unknown },
	};

	for (unsigned k = 0; k < sizeof(notes) / sizeof(notes[0]); k++) {
		if (!notes[k].holds || i-- > 0)
			continue;
		snprintf(buf, size, "%s %s", report_number(notes[k].value, x), notes[k].text);
		return buf;
	}
	return NULL;
}
