/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sight_text.c - the questions and who answers them; tables of classes, nodes and power.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/lack.h"
#include "core/match.h"
#include "core/nearest.h"
#include "core/ranges.h"
#include "core/scan.h"
#include "core/sight_private.h"

#define OLD	  2   /* s; of what is older than that, it is said how old */
#define MAX_WAITS 100 /* jobs that wait for power, that are listed */

static const char *const words[] = {
	"help", "classes", "nodes", "job", "why", "power", "quote", "json", NULL
};

/* ---------------------------------------------------------------- pieces */

const char *weft_sheet_clock(const struct weft_sheet *sheet, time_t when, char buf[WEFT_CLOCK_SIZE])
{
	bool near = when > sheet->now - 4 * 3600 && when < sheet->now + 20 * 3600;
	struct tm tm;

	if (!localtime_r(&when, &tm) || !strftime(buf, WEFT_CLOCK_SIZE, near ? "%H:%M:%S" : "%FT%T", &tm))
		snprintf(buf, WEFT_CLOCK_SIZE, "?");
	return buf;
}

void weft_sheet_job_name(struct weft_sheet *sheet, const struct weft_sight_job *job)
{
	if (job->array_id && job->array_task != WEFT_SIGHT_NONE)
		weft_say(&sheet->text, "job %" PRIu32 "_%" PRIu32, job->array_id, job->array_task);
	else
		weft_say(&sheet->text, "job %" PRIu32, job->id);
}

/* ---------------------------------------------------------------- classes */

struct counts {
	uint64_t cards, free, out; /* OUT: on nodes that cannot be used */
	uint32_t nodes, running, pending;
};

static void count_nodes(const struct weft_sight *s, struct counts *c)
{
	for (size_t i = 0; i < s->n_nodes; i++) {
		size_t n;
		const struct weft_holding *h = weft_inventory_node(s->view->inventory, (unsigned)i, &n);

		if (!s->nodes[i].name)
			continue;
		for (size_t k = 0; k < n; k++) {
			struct counts *of = &c[h[k].class_id];
			unsigned free = s->free[s->nodes[i].first_free + k];

			of->nodes++;
			of->cards += h[k].devices;
			if (weft_node_usable(s->nodes[i].state))
				of->free += free < h[k].devices ? free : h[k].devices;
			else
				of->out += h[k].devices;
		}
	}
}

static void count_running(const struct weft_sight *s, struct counts *c, uint32_t *last)
{
	for (size_t i = 0; i < s->n_uses; i++) {
		uint32_t class = s->uses[i].class_id;

		if (class == WEFT_SIGHT_NONE || last[class] == s->uses[i].job + 1)
			continue; /* the uses of a job stand together */
		last[class] = s->uses[i].job + 1;
		c[class].running++;
	}
}

/* Which classes a request may be met by; -1: out of memory. */
static int mark_request(const struct weft_sight *s, const char *accel, bool *asks)
{
	size_t n = weft_inventory_classes(s->view->inventory);
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_request *r = weft_request_parse(accel, &err);

	memset(asks, 0, n * sizeof(*asks));
	for (size_t a = 0; r && a < r->n_alts; a++) {
		struct weft_matcher m;

		weft_matcher_init(&m, &r->alts[a], s->view->catalogue);
		for (size_t i = 0; i < n; i++) {
			const struct weft_class *class = weft_inventory_class(s->view->inventory, i);
			struct weft_lack lack;

			if (weft_matcher_name(&m, class) >= 0 &&
			    weft_matcher_meets(&m, class, r->alts[a].n_predicates, &lack))
				asks[i] = true;
		}
	}
	weft_request_destroy(r);
	return r || !strstr(err.text, "out of memory") ? 0 : -1;
}

static int by_accel(const void *x, const void *y)
{
	const struct weft_sight_job *const *a = x, *const *b = y;

	return strcmp((*a)->accel, (*b)->accel);
}

/* Requests that are alike are looked at once.  -1: out of memory. */
static int count_pending(const struct weft_sight *s, struct counts *c, bool *asks)
{
	size_t n = weft_inventory_classes(s->view->inventory), found = 0;
	const struct weft_sight_job **jobs = calloc(s->n_jobs + 1, sizeof(struct weft_sight_job *));

	int rc = jobs ? 0 : -1;

	for (size_t i = 0; jobs && i < s->n_jobs; i++) {
		const struct weft_sight_job *job = &s->jobs[i];

		if (job->state != WEFT_JOB_PENDING)
			continue;
		if (job->accel)
			jobs[found++] = job;
		for (size_t k = 0; !job->accel && k < 4 && job->asks[k] < n; k++)
			c[job->asks[k]].pending++;
	}
	if (found)
		qsort(jobs, found, sizeof(*jobs), by_accel);
	for (size_t i = 0; i < found; i++) {
		if (i == 0 || strcmp(jobs[i]->accel, jobs[i - 1]->accel))
			rc = mark_request(s, jobs[i]->accel, asks) ? -1 : rc;
		for (size_t k = 0; k < n; k++)
			c[k].pending += asks[k];
	}
	free(jobs);
	return rc;
}

static const char *model_of(const struct weft_class *class)
{
	if (!class->model)
		return "not in the catalogue";
	return class->model->title ? class->model->title : class->model->name;
}

static size_t label_width(const struct weft_sight *s)
{
	size_t width = strlen("CLASS"), n = weft_inventory_classes(s->view->inventory);

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(weft_inventory_class(s->view->inventory, i)->label);

		width = len > width ? len : width;
	}
	return width;
}

static void put_class(struct weft_sheet *sheet, const struct weft_class *class, const struct counts *c)
{
	weft_sheet_open(sheet, NULL, WEFT_SHEET_OBJECT);
	weft_sheet_string(sheet, "class", class->label);
	weft_sheet_string(sheet, "model", class->model ? model_of(class) : NULL);
	weft_sheet_string(sheet, "vendor", class->model ? class->model->vendor->title : NULL);
	weft_sheet_number(sheet, "cards", (int64_t)c->cards);
	weft_sheet_number(sheet, "free", (int64_t)c->free);
	weft_sheet_number(sheet, "in_use", (int64_t)(c->cards - c->free - c->out));
	weft_sheet_number(sheet, "out", (int64_t)c->out);
	weft_sheet_number(sheet, "nodes", c->nodes);
	weft_sheet_number(sheet, "running", c->running);
	weft_sheet_number(sheet, "pending", c->pending);
	weft_sheet_close(sheet, WEFT_SHEET_OBJECT);
}

static void say_classes(struct weft_sheet *sheet)
{
	const struct weft_sight *s = sheet->s;
	size_t n = weft_inventory_classes(s->view->inventory);
	struct counts *c = calloc(n + 1, sizeof(*c));
	uint32_t *last = calloc(n + 1, sizeof(*last));
	bool *asks = calloc(n + 1, sizeof(*asks));
	int width = (int)label_width(s);

	if (!weft_sheet_may_see_nodes(sheet))
		goto out;
	if (!c || !last || !asks || count_pending(s, c, asks)) {
		weft_sheet_problem(sheet, "out of memory");
		goto out;
	}
	count_nodes(s, c);
	count_running(s, c, last);
	weft_sheet_line(sheet, "%-*s %7s %7s %7s %7s %6s %7s %7s  %s", width, "CLASS", "CARDS", "FREE",
			"IN-USE", "OUT", "NODES", "RUNNING", "PENDING", "MODEL");
	weft_sheet_open(sheet, "classes", WEFT_SHEET_LIST);
	for (size_t i = 0; i < n; i++) {
		const struct weft_class *class = weft_inventory_class(s->view->inventory, i);
		uint64_t used = c[i].cards - c[i].free - c[i].out;

		put_class(sheet, class, &c[i]);
		weft_say(&sheet->text, "%-*s %7" PRIu64 " %7" PRIu64 " %7" PRIu64 " %7" PRIu64 " %6" PRIu32,
			 width, class->label, c[i].cards, c[i].free, used, c[i].out, c[i].nodes);
		weft_sheet_line(sheet, " %7" PRIu32 " %7" PRIu32 "  %s%s%s%s", c[i].running, c[i].pending,
				model_of(class), class->model ? " (" : "",
				class->model ? class->model->vendor->title : "", class->model ? ")" : "");
	}
	weft_sheet_close(sheet, WEFT_SHEET_LIST);
	if (!n)
		weft_sheet_line(sheet, "weft: no node has an accelerator");
out:
	free(c);
	free(last);
	free(asks);
}

/* ---------------------------------------------------------------- nodes */

/* The nodes of one class in one state, as a chain through the holdings. */
struct group {
	uint64_t cards, free;
	uint32_t nodes;
	size_t first, last; /* holdings, as indexes of weft_sight.free */
};

struct link {
	uint32_t node;
	size_t next;
};

static void group_node(const struct weft_sight *s, size_t i, struct group *groups, struct link *links)
{
	size_t n;
	const struct weft_holding *h = weft_inventory_node(s->view->inventory, (unsigned)i, &n);

	for (size_t k = 0; k < n; k++) {
		struct group *g = &groups[h[k].class_id * WEFT_NODE_STATES + s->nodes[i].state];
		size_t at = s->nodes[i].first_free + k;

		links[at].node = (uint32_t)i;
		if (g->nodes++)
			links[g->last].next = at;
		else
			g->first = at;
		g->last = at;
		g->cards += h[k].devices;
		if (weft_node_usable(s->nodes[i].state))
			g->free += s->free[at] < h[k].devices ? s->free[at] : h[k].devices;
	}
}

static void say_group(struct weft_sheet *sheet, const struct group *g, const struct link *links,
		      const char *label, int width, int state)
{
	struct weft_ranges ranges = { .text = &sheet->text };
	size_t at = g->first;

	weft_sheet_open(sheet, NULL, WEFT_SHEET_OBJECT);
	weft_sheet_string(sheet, "class", label);
	weft_sheet_string(sheet, "state", weft_node_state_names[state]);
	weft_sheet_number(sheet, "nodes", g->nodes);
	weft_sheet_number(sheet, "cards", (int64_t)g->cards);
	weft_sheet_number(sheet, "free", (int64_t)g->free);
	sheet->key = "names";
	if (!sheet->json)
		weft_say(&sheet->text, "%-*s %-9s %6" PRIu32 " %7" PRIu64 " %7" PRIu64 "  ", width, label,
			 weft_node_state_names[state], g->nodes, g->cards, g->free);
	for (uint32_t i = 0; i < g->nodes; i++, at = links[at].next)
		weft_ranges_add(&ranges, sheet->s->nodes[links[at].node].name);
	weft_ranges_end(&ranges);
	weft_sheet_end_line(sheet);
	weft_sheet_close(sheet, WEFT_SHEET_OBJECT);
}

static void say_nodes(struct weft_sheet *sheet)
{
	const struct weft_sight *s = sheet->s;
	size_t n = weft_inventory_classes(s->view->inventory);
	struct group *groups = calloc(n * WEFT_NODE_STATES + 1, sizeof(*groups));
	struct link *links = calloc(s->n_free + 1, sizeof(*links));
	int width = (int)label_width(s);

	if (!groups || !links) {
		weft_sheet_problem(sheet, "out of memory");
	} else if (weft_sheet_may_see_nodes(sheet)) {
		weft_sheet_line(sheet, "%-*s %-9s %6s %7s %7s  %s", width, "CLASS", "STATE", "NODES", "CARDS",
				"FREE", "NAMES");
		for (size_t i = 0; i < s->n_nodes; i++) {
			if (s->nodes[i].name)
				group_node(s, i, groups, links);
		}
		weft_sheet_open(sheet, "groups", WEFT_SHEET_LIST);
		for (size_t i = 0; i < n * WEFT_NODE_STATES; i++) {
			const struct weft_class *class =
				weft_inventory_class(s->view->inventory, i / WEFT_NODE_STATES);

			if (groups[i].nodes)
				say_group(sheet, &groups[i], links, class->label, width,
					  (int)(i % WEFT_NODE_STATES));
		}
		weft_sheet_close(sheet, WEFT_SHEET_LIST);
	}
	free(groups);
	free(links);
}

/* ---------------------------------------------------------------- power */

static void say_grid(struct weft_sheet *sheet)
{
	const struct weft_sight *s = sheet->s;
	const char *currency = s->view->conf->power.currency;

	weft_sheet_figure(sheet, "price", s->price);
	weft_sheet_string(sheet, "currency", currency);
	weft_sheet_figure(sheet, "carbon", s->carbon);
	if (!isnan(s->price))
		weft_sheet_line(sheet, "price now: %.2f%s%s per MWh", s->price, currency[0] ? " " : "",
				currency);
	if (!isnan(s->carbon))
		weft_sheet_line(sheet, "carbon now: %.0f gCO2/kWh", s->carbon);
}

static const struct weft_sight_job *job_of(const struct weft_sight *s, uint32_t id);

static void put_wait(struct weft_sheet *sheet, const struct weft_sight_wait *w)
{
	weft_sheet_open(sheet, NULL, WEFT_SHEET_OBJECT);
	weft_sheet_number(sheet, "job", w->id);
	weft_sheet_string(sheet, "text", w->text);
	weft_sheet_moment(sheet, "earliest", w->never ? 0 : w->when);
	weft_sheet_close(sheet, WEFT_SHEET_OBJECT);
}

static void say_waits(struct weft_sheet *sheet)
{
	const struct weft_sight *s = sheet->s;
	size_t shown = 0, more = 0;
	char clock[WEFT_CLOCK_SIZE];

	weft_sheet_open(sheet, "waits", WEFT_SHEET_LIST);
	for (size_t i = 0; i < s->n_waits; i++) {
		const struct weft_sight_wait *w = &s->waits[i];
		const struct weft_sight_job *job = shown < MAX_WAITS ? job_of(s, w->id) : NULL;

		if (shown == MAX_WAITS || !job || !weft_sheet_may_see(sheet, job)) {
			more++;
			continue;
		}
		shown++;
		put_wait(sheet, w);
		weft_say(&sheet->text, "job %" PRIu32 " waits: %s", w->id, w->text ? w->text : "power");
		if (w->never)
			weft_say(&sheet->text, "; not with this cap");
		else if (w->when)
			weft_say(&sheet->text, "; earliest %s", weft_sheet_clock(sheet, w->when, clock));
		weft_sheet_end_line(sheet);
	}
	weft_sheet_close(sheet, WEFT_SHEET_LIST);
	weft_sheet_number(sheet, "more_waits", (int64_t)more);
	if (more)
		weft_sheet_line(sheet, "%zu %sjob%s for power", more, shown ? "more " : "",
				more == 1 ? " waits" : "s wait");
}

static void put_zone(struct weft_sheet *sheet, const struct weft_sight_zone *z)
{
	weft_sheet_open(sheet, NULL, WEFT_SHEET_OBJECT);
	weft_sheet_string(sheet, "zone", z->name);
	weft_sheet_number(sheet, "idle", z->base);
	weft_sheet_number(sheet, "projected", z->drawn);
	if (z->cap == WEFT_NO_CAP)
		weft_sheet_string(sheet, "cap", NULL);
	else
		weft_sheet_number(sheet, "cap", z->cap);
	weft_sheet_close(sheet, WEFT_SHEET_OBJECT);
}

static void say_power(struct weft_sheet *sheet)
{
	const struct weft_sight *s = sheet->s;
	int width = (int)strlen("ZONE");

	if (!weft_sheet_may_see_nodes(sheet))
		return;
	if (!s->n_zones) {
		weft_sheet_open(sheet, "zones", WEFT_SHEET_LIST);
		weft_sheet_close(sheet, WEFT_SHEET_LIST);
		weft_sheet_line(sheet, "weft: weft.conf says nothing of power");
		return;
	}
	for (size_t i = 0; i < s->n_zones; i++)
		width = (int)strlen(s->zones[i].name) > width ? (int)strlen(s->zones[i].name) : width;
	weft_sheet_line(sheet, "%-*s %12s %12s %12s", width, "ZONE", "IDLE-W", "PROJECTED-W", "CAP-W");
	weft_sheet_open(sheet, "zones", WEFT_SHEET_LIST);
	for (size_t i = 0; i < s->n_zones; i++) {
		const struct weft_sight_zone *z = &s->zones[i];

		put_zone(sheet, z);
		weft_say(&sheet->text, "%-*s %12" PRId64 " %12" PRId64, width, z->name, z->base, z->drawn);
		if (z->cap == WEFT_NO_CAP)
			weft_sheet_line(sheet, " %12s", "-");
		else
			weft_sheet_line(sheet, " %12" PRId64, z->cap);
	}
	weft_sheet_close(sheet, WEFT_SHEET_LIST);
	say_grid(sheet);
	say_waits(sheet);
}

/* ---------------------------------------------------------------- which job */

/* "12", or "12_3"; false: neither. */
static bool read_job(const char *text, uint32_t *id, uint32_t *task)
{
	char *end;
	unsigned long n, t = WEFT_SIGHT_NONE;

	if (text[0] < '0' || text[0] > '9' || strlen(text) > 21)
		return false;
	n = strtoul(text, &end, 10);
	if (*end == '_' && end[1] >= '0' && end[1] <= '9')
		t = strtoul(end + 1, &end, 10);
	if (*end || !n || n >= UINT32_MAX || t > UINT32_MAX)
		return false;
	*id = (uint32_t)n;
	*task = (uint32_t)t;
	return true;
}

static const struct weft_sight_job *job_of(const struct weft_sight *s, uint32_t id)
{
	for (size_t i = 0; i < s->n_jobs; i++) {
		if (s->jobs[i].id == id)
			return &s->jobs[i];
	}
	return NULL;
}

static const struct weft_sight_job *task_of(const struct weft_sight *s, uint32_t array, uint32_t task)
{
	const struct weft_sight_job *rest = NULL;

	for (size_t i = 0; i < s->n_jobs; i++) {
		const struct weft_sight_job *job = &s->jobs[i];

		if (job->array_id != array)
			continue;
		if (job->array_task == task)
			return job;
		if (job->array_task == WEFT_SIGHT_NONE)
			rest = job;
	}
	return rest;
}

/* "json" in front of a question: the answer is for a program. */
static bool skip_json(unsigned *argc, char *const **argv)
{
	if (*argc < 1 || strcmp((*argv)[0], "json"))
		return false;
	--*argc;
	++*argv;
	return true;
}

uint32_t weft_sight_asked_job(const struct weft_sight *s, unsigned argc, char *const *argv)
{
	const struct weft_sight_job *job;
	uint32_t id, task;

	skip_json(&argc, &argv);
	if (argc < 2 || (strcmp(argv[0], "job") && strcmp(argv[0], "why")))
		return 0;
	if (!read_job(argv[1], &id, &task))
		return 0;
	job = s && task != WEFT_SIGHT_NONE ? task_of(s, id, task) : NULL;
	return job ? job->id : id;
}

/* That which the second word names; NULL after a line that says why not. */
static const struct weft_sight_job *find_job(struct weft_sheet *sheet, const char *text)
{
	const struct weft_sight_job *job;
	uint32_t id, task;

	if (!read_job(text, &id, &task)) {
		weft_sheet_problem(sheet, "\"%s\" is not the number of a job",
				   weft_snip(text, strlen(text)).text);
		return NULL;
	}
	job = task == WEFT_SIGHT_NONE ? job_of(sheet->s, id) : task_of(sheet->s, id, task);
	if (job && weft_sheet_may_see(sheet, job))
		return job;
	if (sheet->s->hide_jobs && !sheet->asker->known)
		weft_sheet_problem(sheet,
				   "PrivateData=jobs, and this release of Slurm does not say who asks: "
				   "jobs are not shown");
	else
		weft_sheet_problem(sheet, "there is no job %s", text); /* or it is none of the asker's */
	return NULL;
}

/* ---------------------------------------------------------------- questions */

static void help(struct weft_sheet *sheet, const char *other)
{
	weft_sheet_line(
		sheet, "scontrol show bbstat classes   cards of each class: free, in use, out; jobs that run "
		       "and wait");
	weft_sheet_line(sheet, "scontrol show bbstat nodes     the nodes of each class by state");
	weft_sheet_line(sheet, "scontrol show bbstat job N     what job N asked for, and what was decided");
	weft_sheet_line(
		sheet,
		"scontrol show bbstat why N     why job N waits: what is missing, and what would help");
	weft_sheet_line(sheet,
			"scontrol show bbstat power     power zones, and the jobs that wait for power");
	weft_sheet_line(sheet,
			"scontrol show bbstat quote REQUEST [TIME]   when it would start, at home and at "
			"other sites, and what it costs");
	weft_sheet_line(sheet, "scontrol show bbstat json ...    any of these, for a program");
	if (other)
		weft_sheet_line(sheet, "Other words go to burst_buffer/%s.", other);
}

bool weft_sight_knows(const char *word)
{
	for (size_t i = 0; words[i]; i++) {
		if (!strcmp(word, words[i]))
			return true;
	}
	return false;
}

/* weft_nearest() leaves words of two letters alone; here there are few words, all unlike. */
static const char *nearest(const char *word)
{
	const char *near = weft_nearest(word, words);

	for (size_t i = 0; !near && word[0] && word[1] && words[i]; i++) {
		if (weft_distance(word, words[i], 1) <= 1)
			near = words[i];
	}
	return near;
}

static void unknown(struct weft_sheet *sheet, const char *word)
{
	const char *near = nearest(word);
	struct weft_snip snip = weft_snip(word, strlen(word));

	if (near)
		weft_sheet_problem(sheet, "unknown question \"%s\"; did you mean %s?", snip.text, near);
	else
		weft_sheet_problem(sheet, "unknown question \"%s\"; \"help\" lists those that there are",
				   snip.text);
}

static bool is_ready(struct weft_sheet *sheet)
{
	const struct weft_sight *s = sheet->s;

	if (!s || !s->view) {
		weft_sheet_problem(sheet, "nothing is known yet; ask again in a second");
		return false;
	}
	if (s->view->broken.text[0])
		weft_sheet_problem(sheet, "%s", s->view->broken.text);
	else if (!s->view->inventory)
		weft_sheet_problem(sheet, "the nodes are not known yet; ask again in a second");
	return !s->view->broken.text[0] && s->view->inventory;
}

static void answer(struct weft_sheet *sheet, unsigned argc, char *const *argv, const char *other)
{
	const char *word = argc ? argv[0] : "help";
	bool of_job = !strcmp(word, "job") || !strcmp(word, "why"), of_quote = !strcmp(word, "quote");
	const struct weft_sight_job *job = NULL;
	char clock[WEFT_CLOCK_SIZE];

	if (!strcmp(word, "help") && !sheet->json) {
		help(sheet, other);
		return;
	}
	if (!weft_sight_knows(word) || (sheet->json && (!strcmp(word, "help") || !strcmp(word, "json")))) {
		unknown(sheet, word);
		return;
	}
	if (of_job && argc != 2) {
		weft_sheet_problem(sheet, "%s takes the number of one job", word);
		return;
	}
	if (of_quote && (argc < 2 || argc > 3)) {
		weft_sheet_problem(sheet, "quote takes one request, and perhaps a time");
		return;
	}
	if (!of_job && !of_quote && argc > 1) {
		weft_sheet_problem(sheet, "%s takes nothing behind it", word);
		return;
	}
	if (!is_ready(sheet))
		return;
	if (of_job)
		job = find_job(sheet, argv[1]);
	weft_sheet_number(sheet, "version", WEFT_SIGHT_VERSION);
	weft_sheet_string(sheet, "question", word);
	weft_sheet_number(sheet, "taken", sheet->s->taken);
	if (job && !strcmp(word, "job"))
		weft_sight_job(sheet, job);
	else if (job)
		weft_sight_why(sheet, job);
	else if (!strcmp(word, "classes"))
		say_classes(sheet);
	else if (!strcmp(word, "nodes"))
		say_nodes(sheet);
	else if (!strcmp(word, "power"))
		say_power(sheet);
	else if (of_quote)
		weft_sight_quote(sheet, argv[1], argc > 2 ? argv[2] : NULL);
	if (sheet->now > sheet->s->taken + OLD)
		weft_sheet_line(sheet, "as of %s, %ld s ago", weft_sheet_clock(sheet, sheet->s->taken, clock),
				(long)(sheet->now - sheet->s->taken));
}

char *weft_sight_answer(const struct weft_sight *s, const struct weft_asker *asker, unsigned argc,
			char *const *argv, const char *other, time_t now)
{
	struct weft_sheet sheet = { .s = s, .asker = asker, .now = now };

	sheet.json = skip_json(&argc, &argv);
	if (weft_sheet_make(&sheet))
		return NULL;
	weft_sheet_open(&sheet, NULL, WEFT_SHEET_OBJECT);
	answer(&sheet, argc, argv, other);
	weft_sheet_close(&sheet, WEFT_SHEET_OBJECT);
	return weft_sheet_finish(&sheet);
}
