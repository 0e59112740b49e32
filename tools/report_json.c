/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_json.c - indicators as JSON; doc/report.md describes it.
 */
#include <json-c/json.h>
#include <math.h>
#include <string.h>

#include "core/when.h"
#include "tools/report.h"

/* json-c says nothing when memory ends, but gives NULL, which is "null" in a document: so that counts. */
struct maker {
	bool failed;
};

static void put(struct maker *m, json_object *to, const char *key, json_object *value)
{
	if (!value || !to || json_object_object_add(to, key, value) < 0)
		m->failed = true;
}

static json_object *real(struct maker *m, double value)
{
	char text[32];
	json_object *o;

	snprintf(text, sizeof(text), "%.9g", value);
	o = json_object_new_double_s(value, text);
	m->failed |= !o;
	return o;
}

/* NAN is null. */
static void put_real(struct maker *m, json_object *to, const char *key, double value)
{
	if (isnan(value))
		m->failed |= json_object_object_add(to, key, NULL) < 0;
	else
		put(m, to, key, real(m, value));
}

static void put_whole(struct maker *m, json_object *to, const char *key, int64_t value)
{
	put(m, to, key, json_object_new_int64(value));
}

/* NULL is null. */
static void put_text(struct maker *m, json_object *to, const char *key, const char *text)
{
	if (text)
		put(m, to, key, json_object_new_string(text));
	else
		m->failed |= json_object_object_add(to, key, NULL) < 0;
}

static void put_time(struct maker *m, json_object *to, const char *key, time_t when)
{
	char text[WEFT_WHEN_SIZE];

	put_text(m, to, key, weft_when_text(when, text));
}

static json_object *object_in(struct maker *m, json_object *list)
{
	json_object *o = json_object_new_object();

	if (!o || json_object_array_add(list, o) < 0)
		m->failed = true;
	return o;
}

static json_object *list_in(struct maker *m, json_object *to, const char *key)
{
	json_object *list = json_object_new_array();

	put(m, to, key, list);
	return list;
}

static void put_slots(struct maker *m, json_object *to, const char *key, const double *slots, double factor)
{
	json_object *list = list_in(m, to, key);

	for (unsigned i = 0; i < WEFT_USAGE_SLOTS && !m->failed; i++)
		m->failed = json_object_array_add(list, real(m, slots[i] * factor)) < 0 || m->failed;
}

static void put_class(struct maker *m, json_object *o, const struct report *report, unsigned i,
		      const struct report_sum *sum)
{
	struct report_class c = report_class(report, i);
	bool known = !isnan(c.now->tflops);

	put_text(m, o, "class", c.class->label);
	put_text(m, o, "model", c.class->model ? c.class->model->name : NULL);
	put_whole(m, o, "cards", (int64_t)c.now->cards);
	put_whole(m, o, "in_use", (int64_t)c.now->in_use);
	put_whole(m, o, "free", (int64_t)c.free);
	put_whole(m, o, "out", (int64_t)c.now->out);
	put_whole(m, o, "runs", (int64_t)c.use->runs);
	put_real(m, o, "card_hours", c.use->used / 3600);
	put_real(m, o, "owned_card_hours", c.owned / 3600);
	put_real(m, o, "utilisation", c.utilisation);
	put_text(m, o, "dtype", known ? weft_dtype_name(c.now->dtype) : NULL);
	put_real(m, o, "owned_tflops", c.owned_tflops);
	put_real(m, o, "used_tflops", c.used_tflops);
	put_real(m, o, "owned_share",
		 known && sum->owned_tflops > 0 ? c.owned_tflops / sum->owned_tflops : NAN);
	put_real(m, o, "used_share", known && sum->used_tflops > 0 ? c.used_tflops / sum->used_tflops : NAN);
	put_real(m, o, "card_watts", c.now->watts);
	put_real(m, o, "usual_cards", c.use->usual ? c.use->usual : NAN);
	put_real(m, o, "stranded", c.use->usual ? (double)c.use->stranded : NAN);
	put_real(m, o, "fragmentation", c.fragmentation);
	put_slots(m, o, "utilisation_over_time", c.use->slots, c.owned > 0 ? WEFT_USAGE_SLOTS / c.owned : 0);
}

static void put_wait(struct maker *m, json_object *o, const struct report *report,
		     const struct weft_usage_wait *w)
{
	put_text(m, o, "class", report_class(report, w->class_id).class->label);
	put_text(m, o, "policy", w->policy == WEFT_USAGE_NO_POLICY ? NULL : report_policy(w->policy));
	put_whole(m, o, "runs", (int64_t)w->runs);
	put_real(m, o, "mean_s", w->mean);
	put_whole(m, o, "median_s", w->median);
	put_whole(m, o, "p95_s", w->p95);
}

static void put_account(struct maker *m, json_object *o, const struct report *report,
			const struct weft_usage_account *a)
{
	put_whole(m, o, "runs", (int64_t)a->runs);
	put_real(m, o, "card_hours", a->used / 3600);
	put_real(m, o, "elsewhere_card_hours", a->elsewhere / 3600);
	put_real(m, o, "measured_kwh", a->measured);
	put_real(m, o, "reckoned_kwh", a->reckoned);
	put_real(m, o, "unknown_card_hours", a->unknown / 3600);
	put_real(m, o, "co2_kg", report->g->carbon ? a->grams / 1000 : NAN);
	put_real(m, o, "no_carbon_kwh", a->no_carbon);
	if (report->g->price)
		put_whole(m, o, "energy_cost_micro", a->cost);
	else
		put_real(m, o, "energy_cost_micro", NAN);
	put_real(m, o, "no_price_kwh", a->no_price);
}

static void put_all(struct maker *m, json_object *root, const struct report *report)
{
	const struct weft_usage_result *r = report->r;
	struct report_sum sum = report_sum(report);
	json_object *list, *o;

	put_whole(m, root, "version", REPORT_VERSION);
	put_time(m, root, "time", report->g->now);
	put_time(m, root, "start", r->from);
	put_time(m, root, "end", r->to);
	put_text(m, root, "account", report->account);
	put_text(m, root, "currency",
		 *report->g->conf->power.currency ? report->g->conf->power.currency : NULL);
	put_whole(m, root, "waiting", (int64_t)r->waiting);
	put_real(m, root, "unplaced_card_hours", r->unplaced / 3600);
	put_real(m, root, "owned_tflops", sum.owned_tflops);
	put_real(m, root, "used_tflops", sum.used_tflops);
	list = list_in(m, root, "classes");
	for (unsigned i = 0; i < r->n_classes && !m->failed; i++)
		put_class(m, object_in(m, list), report, i, &sum);
	list = list_in(m, root, "waits");
	for (size_t i = 0; i < r->n_waits && !m->failed; i++)
		put_wait(m, object_in(m, list), report, &r->waits[i]);
	o = json_object_new_object();
	put(m, root, "alternatives", o);
	put_whole(m, o, "runs", (int64_t)r->saved.runs);
	put_whole(m, o, "compared", (int64_t)r->saved.compared);
	put_real(m, o, "saved_s", r->saved.compared ? r->saved.seconds : NAN);
	list = list_in(m, root, "accounts");
	for (size_t i = 0; i < r->n_accounts && !m->failed; i++) {
		o = object_in(m, list);
		put_text(m, o, "account", r->accounts[i].name);
		put_account(m, o, report, &r->accounts[i]);
	}
	o = json_object_new_object();
	put(m, root, "total", o);
	put_account(m, o, report, &r->total);
	put_slots(m, root, "kwh_over_time", r->energy, 1);
}

int report_json(const struct report *report, FILE *f, struct weft_err *err)
{
	json_object *root = json_object_new_object();
	struct maker m = { .failed = !root };
	const char *text;

	if (root)
		put_all(&m, root, report);
	text = m.failed ? NULL
			: json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
								       JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		fprintf(f, "%s\n", text);
	json_object_put(root);
	return text ? 0 : weft_err(err, "out of memory");
}
