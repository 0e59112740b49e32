/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * burst.c - what bursting costs and what it gains: a recorded trace of jobs on a home cluster of equal cards
 *that is too small for its peaks, beside a peer that takes money.  The trace's columns are
 * job_id,submit_s,duration_s,cards; others are passed over.
 *
 *	burst FILE.csv.gz [CARDS [QUEUE [SHORT]]]
 *
 * QUEUE is the mean time, in s, that jobs wait at the peer (0); SHORT anything to try every other setting.
 * First a table, then the same as TSV, each line beginning with "#".
 *
 * At home: first come, first served, with backfill that does not delay the first that waits and goes by time
 * limits.  Whether a job goes is decided by weft_burst_decide(), for all policies.  The waiting policies fix
 *at submission how long a job waits, and it goes then whatever the outlook.  For the forecast the outlook is
 *made each minute (each five while more than 64 wait), and who goes is found in rounds as by burst_plan.c.
 *
 * Nobody knows run times: all go by the time limit times the share of their limits that jobs have used so
 *far. Modelled, not in the trace: the limit (the run time over a share of 5 to 100 per cent, and then the
 *next of the usual round figures), 5 min of staging, and with QUEUE the wait at the peer: none in every other
 *span of 4 h on the whole, and otherwise exponential, known to within a half.  A card and hour cost 1. Random
 *figures depend on the job or span alone, so all policies see the same.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/burst.h"
#include "core/money.h"
#include "core/outlook.h"

#define STAGING	   300
#define ROUNDS	   8
#define MANY	   64	/* that wait */
#define DEPTH	   1000 /* jobs that backfill looks at */
#define SPAN	   (4 * 3600)
#define MAX_POINTS 64

struct job {
	uint64_t id;
	time_t submit, runs, limit;
	unsigned cards;
	/* the state */
	time_t start, end, ask;
};

struct trace {
	struct job *jobs;
	size_t n;
	unsigned cards;
	double queue; /* s at the peer, mean */
};

struct policy {
	const char *name;
	struct weft_conf_burst conf;
	double setting;
};

struct point {
	struct policy policy;
	double completion, wait, cost; /* h, h, card-hours */
	size_t gone;
};

struct candidate {
	size_t place; /* among those that wait */
	double gain;
};

struct site {
	const struct trace *trace;
	const struct policy *policy;
	struct job *jobs;
	unsigned *waiting, *running;
	size_t n_waiting, n_running, next;
	unsigned busy;
	double used, allowed; /* s of run time and of limits, of those that have ended */
	time_t made;	      /* when the outlook was */
	struct weft_outlook outlook;
	struct weft_outlook_running *ends;
	struct weft_outlook_waiting *queue;
	struct candidate *candidates;
	struct point point;
};

static uint64_t mixed(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static double random_of(uint64_t what, unsigned which) /* 0 to 1 */
{
	return (double)(mixed(what * 16 + which + UINT64_C(0x9e3779b97f4a7c15)) >> 11) / 9007199254740992.0;
}

/* ---------------------------------------------------------------- the trace */

static time_t limit_of(uint64_t id, time_t runs)
{
	static const unsigned usual[] = { 10,	 20,	30,    60,    120,   240,   360,   480,
					  720,	 1440,	2880,  4320,  5760,  7200,  10080, 14400,
					  20160, 30240, 40320, 60480, 86400, 129600 };
	time_t want = (time_t)((double)runs / (0.05 + 0.95 * random_of(id, 0)));

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if ((time_t)usual[i] * 60 >= want)
			return (time_t)usual[i] * 60;
	return want;
}

static int add_job(struct trace *t, size_t *size, const char *line)
{
	struct job job = { 0 };
	char *end;

	if (t->n == *size) {
		size_t more = *size ? 2 * *size : 65536;
		struct job *jobs = realloc(t->jobs, more * sizeof(*jobs));

		if (!jobs)
			return -1;
		t->jobs = jobs;
		*size = more;
	}
	job.id = strtoull(line, &end, 10);
	if (*end == ',')
		job.submit = strtoll(end + 1, &end, 10);
	if (*end == ',')
		job.runs = strtoll(end + 1, &end, 10);
	if (*end == ',')
		job.cards = (unsigned)strtoul(end + 1, &end, 10);
	if (job.runs <= 0 || job.cards == 0 || job.cards > t->cards)
		return 0;
	job.limit = limit_of(job.id, job.runs);
	t->jobs[t->n++] = job;
	return 0;
}

static int by_submit(const void *a, const void *b)
{
	const struct job *x = a, *y = b;

	if (x->submit != y->submit)
		return x->submit < y->submit ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static int read_trace(struct trace *t, const char *path)
{
	char line[512];
	size_t size = 0;
	FILE *f;
	int rc = setenv("WEFT_TRACE", path, 1);

	f = rc == 0 ? popen("exec gzip -dc < \"$WEFT_TRACE\"", "r") : NULL;
	if (!f)
		return -1;
	while (rc == 0 && fgets(line, sizeof(line), f)) {
		if (line[0] >= '0' && line[0] <= '9')
			rc = add_job(t, &size, line);
	}
	if (pclose(f))
		rc = -1;
	if (t->n)
		qsort(t->jobs, t->n, sizeof(*t->jobs), by_submit);
	return t->n ? rc : -1;
}

/* ---------------------------------------------------------------- the home cluster */

static void drop(struct site *s, size_t place)
{
	s->n_waiting--;
	memmove(&s->waiting[place], &s->waiting[place + 1], (s->n_waiting - place) * sizeof(*s->waiting));
}

static void start(struct site *s, size_t place, time_t now)
{
	unsigned i = s->waiting[place];

	drop(s, place);
	s->running[s->n_running++] = i;
	s->jobs[i].start = now;
	s->jobs[i].end = now + s->jobs[i].runs;
	s->busy += s->jobs[i].cards;
}

static bool end_jobs(struct site *s, time_t now)
{
	bool any = false;

	for (size_t k = s->n_running; k-- > 0;) {
		const struct job *job = &s->jobs[s->running[k]];

		if (job->end > now)
			continue;
		any = true;
		s->busy -= job->cards;
		s->used += (double)job->runs;
		s->allowed += (double)job->limit;
		s->running[k] = s->running[--s->n_running];
	}
	return any;
}

static int by_end(const void *a, const void *b)
{
	time_t x = ((const struct weft_outlook_running *)a)->end,
	       y = ((const struct weft_outlook_running *)b)->end;

	return (x > y) - (x < y);
}

static void list_ends(struct site *s)
{
	for (size_t k = 0; k < s->n_running; k++) {
		const struct job *job = &s->jobs[s->running[k]];

		s->ends[k] = (struct weft_outlook_running){ job->cards, job->start + job->limit };
	}
}

/* By their limits, when CARDS will be free; *EXTRA are then left over. */
static time_t reserve(struct site *s, unsigned cards, unsigned *extra)
{
	unsigned free = s->trace->cards - s->busy;
	time_t when = 0;

	list_ends(s);
	qsort(s->ends, s->n_running, sizeof(*s->ends), by_end);
	for (size_t k = 0; free < cards && k < s->n_running; k++) {
		free += s->ends[k].cards;
		when = s->ends[k].end;
	}
	*extra = free - cards;
	return when;
}

/* First come, first served; those behind the first that must wait may not delay it. */
static void schedule(struct site *s, time_t now)
{
	time_t reserved = 0;
	unsigned extra = 0;
	bool blocked = false;

	for (size_t k = 0, looked = 0; k < s->n_waiting && looked < DEPTH && s->busy < s->trace->cards;
	     looked++) {
		const struct job *job = &s->jobs[s->waiting[k]];
		bool fits = job->cards <= s->trace->cards - s->busy;
		bool late = blocked && now + job->limit > reserved;

		if (fits && (!late || job->cards <= extra)) {
			extra -= late ? job->cards : 0;
			start(s, k, now);
			continue;
		}
		if (!blocked)
			reserved = reserve(s, job->cards, &extra);
		blocked = true;
		k++;
	}
}

/* ---------------------------------------------------------------- the peer */

static double share_used(const struct site *s)
{
	return s->allowed > 0 ? s->used / s->allowed : 0.5;
}

/* s that a job waits at the peer when it comes at NOW. */
static double queue_at(const struct trace *t, time_t now)
{
	uint64_t span = (uint64_t)(now / SPAN);

	if (t->queue <= 0 || random_of(span, 4) < 0.5)
		return 0;
	return -log(1 - random_of(span, 5)) * 2 * t->queue;
}

static double queue_known(const struct trace *t, time_t now)
{
	return queue_at(t, now) * (0.5 + random_of((uint64_t)(now / SPAN), 6));
}

static struct weft_burst_case case_of(const struct site *s, unsigned i, time_t now,
				      struct weft_burst_place *peer)
{
	const struct job *job = &s->jobs[i];
	double run = (double)job->limit * share_used(s);

	*peer = (struct weft_burst_place){
		.name = "peer",
		.start = now + (time_t)queue_known(s->trace, now),
		.run = run,
		.staging = STAGING,
		.cost = weft_money_cost(WEFT_MICRO, job->cards, (uint64_t)run),
		.open = true,
	};
	return (struct weft_burst_case){
		.job = (uint32_t)i,
		.now = now,
		.eligible = job->submit,
		.wish = { .mode = WEFT_BURST_AUTO, .max_cost = -1, .max_wait = -1 },
		.home = { .name = "home", .run = run, .open = true },
		.peers = peer,
		.n_peers = 1,
	};
}

static void go(struct site *s, size_t place, time_t now)
{
	struct job *job = &s->jobs[s->waiting[place]];

	drop(s, place);
	job->start = now + STAGING + (time_t)queue_at(s->trace, now);
	job->end = job->start + job->runs;
	s->point.cost += (double)job->runs * job->cards / 3600;
	s->point.gone++;
}

/* ---------------------------------------------------------------- who goes */

static bool goes(const struct site *s, unsigned i, time_t now)
{
	struct weft_burst_place peer;
	struct weft_burst_case c = case_of(s, i, now, &peer);
	struct weft_burst_answer answer;

	weft_burst_decide(&s->policy->conf, &c, &answer);
	return answer.verdict == WEFT_BURST_GO;
}

/* Until when a job that is submitted now is to wait: a power of two, and then by halves. */
static time_t patience(const struct site *s, unsigned i, time_t now)
{
	time_t low = -1, high = 1;

	while (high < ((time_t)1 << 32) && !goes(s, i, now + high)) {
		low = high;
		high *= 2;
	}
	while (high - low > 1) {
		time_t middle = low + (high - low) / 2;

		if (goes(s, i, now + middle))
			high = middle;
		else
			low = middle;
	}
	return now + high;
}

static bool send_patient(struct site *s, time_t now)
{
	bool any = false;

	for (size_t k = 0; k < s->n_waiting;) {
		struct job *job = &s->jobs[s->waiting[k]];

		if (job->ask == 0)
			job->ask = patience(s, s->waiting[k], job->submit);
		if (job->ask <= now) {
			go(s, k, now);
			any = true;
		} else {
			k++;
		}
	}
	return any;
}

static void make_outlook(struct site *s, time_t now)
{
	list_ends(s);
	for (size_t k = 0; k < s->n_waiting; k++) {
		const struct job *job = &s->jobs[s->waiting[k]];

		s->queue[k] = (struct weft_outlook_waiting){ .cards = job->cards,
							     .seconds = (uint32_t)job->limit,
							     .id = s->waiting[k] };
	}
	if (weft_outlook_make(&s->outlook, s->trace->cards, now, share_used(s), s->ends, s->n_running,
			      s->queue, s->n_waiting)) {
		fprintf(stderr, "burst: out of memory\n");
		exit(1);
	}
}

static int by_gain(const void *a, const void *b)
{
	double x = ((const struct candidate *)a)->gain, y = ((const struct candidate *)b)->gain;

	return (x < y) - (x > y);
}

static int last_first(const void *a, const void *b)
{
	size_t x = ((const struct candidate *)a)->place, y = ((const struct candidate *)b)->place;

	return (x < y) - (x > y);
}

/* Those that would go; the outlook's queue is in the order of those that wait. */
static size_t find_candidates(struct site *s, time_t now)
{
	size_t n = 0;

	for (size_t k = 0; k < s->n_waiting; k++) {
		struct weft_burst_place peer;
		struct weft_burst_case c = case_of(s, s->waiting[k], now, &peer);
		struct weft_burst_answer answer;

		c.home.start = s->queue[k].start;
		weft_burst_decide(&s->policy->conf, &c, &answer);
		if (answer.verdict == WEFT_BURST_GO)
			s->candidates[n++] = (struct candidate){ k, answer.gain };
	}
	return n;
}

/* As burst_plan.c does: the better half goes, and the rest is asked again when the outlook is without them.
 */
static bool send_gaining(struct site *s, time_t now)
{
	bool any = false;

	if (now < s->made + (s->n_waiting > MANY ? 300 : 60))
		return false;
	s->made = now;
	for (int round = 1; round <= ROUNDS && s->n_waiting > 0; round++) {
		size_t n;

		make_outlook(s, now);
		n = find_candidates(s, now);
		if (n == 0)
			break;
		qsort(s->candidates, n, sizeof(*s->candidates), by_gain);
		n = round == ROUNDS ? n : (n + 1) / 2;
		qsort(s->candidates, n, sizeof(*s->candidates), last_first);
		for (size_t i = 0; i < n; i++)
			go(s, s->candidates[i].place, now);
		any = true;
	}
	return any;
}

/* ---------------------------------------------------------------- a run of it all */

static void minute(struct site *s, time_t now)
{
	bool any = end_jobs(s, now), gone;

	for (; s->next < s->trace->n && s->jobs[s->next].submit <= now; any = true)
		s->waiting[s->n_waiting++] = (unsigned)s->next++;
	if (any)
		schedule(s, now);
	if (s->n_waiting == 0)
		return;
	gone = s->policy->conf.wait == WEFT_BURST_WAIT_FORECAST ? send_gaining(s, now) : send_patient(s, now);
	if (gone)
		schedule(s, now);
}

static int play(const struct trace *t, const struct policy *policy, struct point *point)
{
	struct site s = { .trace = t, .policy = policy, .point = { .policy = *policy } };
	int rc = -1;

	s.jobs = malloc(t->n * sizeof(*s.jobs));
	s.waiting = calloc(t->n, sizeof(*s.waiting));
	s.running = calloc(t->n, sizeof(*s.running));
	s.ends = calloc(t->n, sizeof(*s.ends));
	s.queue = calloc(t->n, sizeof(*s.queue));
	s.candidates = calloc(t->n, sizeof(*s.candidates));
	if (s.jobs && s.waiting && s.running && s.ends && s.queue && s.candidates) {
		memcpy(s.jobs, t->jobs, t->n * sizeof(*s.jobs));
		rc = 0;
	}
	for (time_t now = 0; rc == 0 && (s.next < t->n || s.n_waiting || s.n_running); now += 60)
		minute(&s, now);
	for (size_t i = 0; rc == 0 && i < t->n; i++) {
		s.point.completion += (double)(s.jobs[i].end - s.jobs[i].submit) / 3600 / (double)t->n;
		s.point.wait += (double)(s.jobs[i].start - s.jobs[i].submit) / 3600 / (double)t->n;
	}
	*point = s.point;
	free(s.jobs);
	free(s.waiting);
	free(s.running);
	free(s.ends);
	free(s.queue);
	free(s.candidates);
	return rc;
}

/* ---------------------------------------------------------------- what came out */

/* What CURVE costs at a mean wait of WAIT, between its points along straight lines in the logarithm of the
 * wait; INFINITY: it does not reach there. */
static double cost_at(const struct point *points, size_t n, enum weft_burst_wait curve, double wait)
{
	const struct point *below = NULL, *above = NULL;
	double part;

	for (size_t i = 0; i < n; i++) {
		const struct point *p = &points[i];

		if (p->policy.conf.wait != curve)
			continue;
		if (p->wait <= wait && (!below || p->wait > below->wait))
			below = p;
		if (p->wait >= wait && (!above || p->wait < above->wait))
			above = p;
	}
	if (!below || !above)
		return INFINITY;
	part = above->wait > below->wait ? log(wait / below->wait) / log(above->wait / below->wait) : 0;
	return below->cost + part * (above->cost - below->cost);
}

static void report(const struct trace *t, const struct point *points, size_t n)
{
	static const enum weft_burst_wait others[] = { WEFT_BURST_WAIT_CONSTANT, WEFT_BURST_WAIT_RUNTIME,
						       WEFT_BURST_WAIT_COST };

	printf("%-16s %10s %10s %10s %12s %8s %10s\n", "", "setting", "mean h", "wait h", "cost", "gone",
	       "cost, %");
	for (size_t i = 0; i < n; i++) {
		const struct point *p = &points[i];
		double best = INFINITY;

		for (unsigned k = 0; k < 3; k++)
			best = fmin(best, cost_at(points, n, others[k], p->wait));
		printf("%-16s %10g %10.3f %10.3f %12.0f %8zu", p->policy.name, p->policy.setting,
		       p->completion, p->wait, p->cost, p->gone);
		if (p->policy.conf.wait == WEFT_BURST_WAIT_FORECAST && best < INFINITY)
			printf(" %+10.1f", 100 * (p->cost / best - 1));
		printf("\n");
	}
	for (size_t i = 0; i < n; i++)
		printf("#%u\t%g\t%s\t%g\t%.4f\t%.4f\t%.0f\n", t->cards, t->queue, points[i].policy.name,
		       points[i].policy.setting, points[i].completion, points[i].wait, points[i].cost);
}

static double milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* How long an outlook takes with 10,000 that wait for 8,192 cards, and 2,000 that run. */
static int time_outlook(void)
{
	enum { WAIT = 10000, RUN = 2000 };
	static struct weft_outlook_waiting waiting[WAIT];
	static struct weft_outlook_running running[RUN];
	static struct weft_outlook o;
	double best = INFINITY;

	for (unsigned round = 0; round < 5; round++) {
		double began;

		for (unsigned i = 0; i < RUN; i++)
			running[i] =
				(struct weft_outlook_running){ 1 + (unsigned)(8 * random_of(i, round)),
							       1000 + (time_t)(80000 * random_of(i, 9)) };
		for (unsigned i = 0; i < WAIT; i++)
			waiting[i] = (struct weft_outlook_waiting){
				.cards = 1u << (unsigned)(7 * random_of(i, round + 1)),
				.seconds = 60 + (uint32_t)(90000 * random_of(i, 10)),
				.priority = (int64_t)(1000 * random_of(i, 11)),
				.id = i
			};
		began = milliseconds();
		if (weft_outlook_make(&o, 8192, 1000, 0.5, running, RUN, waiting, WAIT))
			return -1;
		best = fmin(best, milliseconds() - began);
	}
	printf("an outlook of %d that run and %d that wait: %.1f ms of processor time (goal 50)\n\n", RUN,
	       WAIT, best);
	return 0;
}

static const struct policy policies[] = {
	{ "zero", { .wait = WEFT_BURST_WAIT_CONSTANT }, 0 },
	{ "constant", { .wait = WEFT_BURST_WAIT_CONSTANT }, 600 },
	{ "constant", { .wait = WEFT_BURST_WAIT_CONSTANT }, 3600 },
	{ "constant", { .wait = WEFT_BURST_WAIT_CONSTANT }, 4 * 3600 },
	{ "constant", { .wait = WEFT_BURST_WAIT_CONSTANT }, 12 * 3600 },
	{ "run time", { .wait = WEFT_BURST_WAIT_RUNTIME }, 60 },
	{ "run time", { .wait = WEFT_BURST_WAIT_RUNTIME }, 600 },
	{ "run time", { .wait = WEFT_BURST_WAIT_RUNTIME }, 1800 },
	{ "run time", { .wait = WEFT_BURST_WAIT_RUNTIME }, 7200 },
	{ "run time", { .wait = WEFT_BURST_WAIT_RUNTIME }, 18000 },
	{ "cost", { .wait = WEFT_BURST_WAIT_COST }, 2 },
	{ "cost", { .wait = WEFT_BURST_WAIT_COST }, 10 },
	{ "cost", { .wait = WEFT_BURST_WAIT_COST }, 30 },
	{ "cost", { .wait = WEFT_BURST_WAIT_COST }, 120 },
	{ "cost", { .wait = WEFT_BURST_WAIT_COST }, 240 },
	{ "cost", { .wait = WEFT_BURST_WAIT_COST }, 600 },
	{ "cost", { .wait = WEFT_BURST_WAIT_COST }, 1500 },
	{ "cost", { .wait = WEFT_BURST_WAIT_COST }, 4000 },
	{ "cost", { .wait = WEFT_BURST_WAIT_COST }, 10000 },
	{ "forecast", { .wait = WEFT_BURST_WAIT_FORECAST }, 60 },
	{ "forecast", { .wait = WEFT_BURST_WAIT_FORECAST }, 30 },
	{ "forecast", { .wait = WEFT_BURST_WAIT_FORECAST }, 10 },
	{ "forecast", { .wait = WEFT_BURST_WAIT_FORECAST }, 4 },
	{ "forecast", { .wait = WEFT_BURST_WAIT_FORECAST }, 2 },
	{ "forecast", { .wait = WEFT_BURST_WAIT_FORECAST }, 1 },
	{ "forecast", { .wait = WEFT_BURST_WAIT_FORECAST }, 0.5 },
	{ "forecast", { .wait = WEFT_BURST_WAIT_FORECAST }, 0.3 },
};

static int play_all(const struct trace *t, bool few)
{
	static struct point points[MAX_POINTS];
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]) && rc == 0; i++) {
		struct policy p = policies[i];

		if (few && i % 2)
			continue;
		p.conf.factor = p.setting;
		p.conf.value = (int64_t)(p.setting * WEFT_MICRO);
		rc = play(t, &p, &points[n++]);
	}
	if (rc == 0)
		report(t, points, n);
	return rc;
}

int main(int argc, char **argv)
{
	struct trace t = { .cards = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 512,
			   .queue = argc > 3 ? strtod(argv[3], NULL) : 0 };
	FILE *there = argc > 1 ? fopen(argv[1], "r") : NULL;
	double demand = 0;
	int rc;

	if (!there) {
		puts("burst: skipped: data not here");
		return 0;
	}
	fclose(there);
	if (read_trace(&t, argv[1])) {
		fprintf(stderr, "burst: cannot read %s\n", argv[1]);
		return 1;
	}
	for (size_t i = 0; i < t.n; i++)
		demand += (double)t.jobs[i].runs * t.jobs[i].cards / 3600;
	rc = time_outlook();
	printf("%zu jobs of %.0f card-hours, %u cards at home; mean wait at the peer %g s\n", t.n, demand,
	       t.cards, t.queue);
	if (rc == 0)
		rc = play_all(&t, argc > 4);
	free(t.jobs);
	if (rc)
		fprintf(stderr, "burst: out of memory\n");
	return rc ? 1 : 0;
}
