/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power_trace.c - what a power cap costs: a recorded trace of jobs on a cluster of equal cards, under several
 * ways to keep to a cap.  Its columns are job_id,submit_s,duration_s,cards; others are passed over.
 *
 *	power_trace FILE.csv.gz [CARDS [SHARE]]
 *
 * SHARE (70) per cent of what the busy cards draw above idle is the mean of the caps.  A pass each minute in
 * which something happened: first come, first served, with backfill that does not delay the first that waits.
 * Cards are one zone of the book and watts the other, so all ways plan equally well.  Modelled, not in the
 * trace: the time limit (1 to 3 times the run time), what a job draws (60 to 80 per cent of the worst case
 * above idle, by class and job), which jobs may be interrupted, the caps.  Random figures depend on the job
 * alone, so all ways see the same jobs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/power_book.h"

#define NODE_IDLE 700  /* W, of 8 cards of 50 W and the host */
#define CARD_BUSY 312  /* W above idle: 250 the card, 62 its share of the host */
#define SWING	  15   /* per cent below the mean by day, 08:00 to 20:00, and above it by night */
#define DEPTH	  300  /* jobs that backfill looks at */
#define RESTART	  300  /* s of run time that an interruption costs */
#define MIN_SPAN  3600 /* s that an interruptible job must have before the next cut */
#define DAY	  86400
#define CLASSES	  4
#define HALF_DAYS 512
#define POWER	  0 /* zones */
#define CARDS	  1

struct job {
	time_t submit, runs, limit;
	unsigned cards, class;
	double draws;	   /* of the worst case above idle */
	unsigned flexible; /* when PERCENT is above it, the job may be interrupted */
	/* the state */
	time_t left, started, ends, until; /* UNTIL: what the book knows */
	time_t restart;			   /* s to be paid in this run */
	bool begun;
};

struct way {
	const char *name;
	bool capped, dynamic, least, measured;
	unsigned percent; /* of jobs that may be interrupted */
	unsigned margin;  /* per cent that a job counts above what was measured */
};

struct figures {
	double work, wait, above, excess, drawn, cap; /* card-s; s; s above the cap, most of it; W, means */
	unsigned waiting, cuts;
};

struct trace {
	struct job *jobs;
	size_t n;
	unsigned cards, share;
	time_t end;
};

struct cluster {
	const struct trace *trace;
	const struct way *way;
	struct job *jobs;
	struct weft_book *book;
	unsigned *waiting, *running;
	size_t n_waiting, n_running, next;
	unsigned busy;
	double factor[CLASSES];
	struct figures f;
};

static uint64_t mixed(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static double random_of(uint64_t job, unsigned which) /* 0 to 1 */
{
	return (double)(mixed(job * 16 + which + UINT64_C(0x9e3779b97f4a7c15)) >> 11) / 9007199254740992.0;
}

/* ---------------------------------------------------------------- the trace */

static int add_job(struct trace *t, size_t *size, const char *line)
{
	char *end;
	struct job job = { 0 };
	uint64_t id = strtoull(line, &end, 10);

	if (t->n == *size) {
		size_t more = *size ? 2 * *size : 65536;
		struct job *jobs = realloc(t->jobs, more * sizeof(*jobs));

		if (!jobs)
			return -1;
		t->jobs = jobs;
		*size = more;
	}
	if (*end == ',')
		job.submit = strtoll(end + 1, &end, 10);
	if (*end == ',')
		job.runs = strtoll(end + 1, &end, 10);
	if (*end == ',')
		job.cards = (unsigned)strtoul(end + 1, &end, 10);
	if (job.runs <= 0 || job.cards == 0 || job.cards > t->cards)
		return 0;
	job.limit = ((time_t)((double)job.runs * (1 + 2 * random_of(id, 0))) / 600 + 1) * 600;
	job.class = (unsigned)(CLASSES * random_of(id, 1));
	job.draws = 0.6 + 0.04 * job.class + 0.08 * random_of(id, 2);
	job.flexible = (unsigned)(100 * random_of(id, 3));
	job.left = job.runs;
	t->end = job.submit > t->end ? job.submit : t->end;
	t->jobs[t->n++] = job;
	return 0;
}

static int by_submit(const void *a, const void *b)
{
	time_t x = ((const struct job *)a)->submit, y = ((const struct job *)b)->submit;

	return (x > y) - (x < y);
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

/* ---------------------------------------------------------------- the book */

static int64_t base_of(const struct trace *t)
{
	return (int64_t)t->cards / 8 * NODE_IDLE;
}

static int set_caps(struct cluster *c)
{
	static struct weft_step steps[HALF_DAYS];
	const struct trace *t = c->trace;
	struct weft_step cards = { 0, t->cards };
	struct weft_cap caps[] = { { steps, 1 }, { &cards, 1 } };
	int64_t mean = base_of(t) + (int64_t)t->cards * CARD_BUSY * t->share / 100;

	steps[0] = (struct weft_step){ 0, c->way->capped ? mean : WEFT_NO_CAP };
	if (c->way->least)
		steps[0].watts = mean * (100 - SWING) / 100;
	for (unsigned i = 0; c->way->dynamic && i < HALF_DAYS; i++) {
		steps[i].from = (time_t)i * (DAY / 2) - DAY / 6;
		steps[i].watts = mean * (i % 2 ? 100 - SWING : 100 + SWING) / 100;
		caps[POWER].n = i + 1;
	}
	weft_book_set_base(c->book, POWER, base_of(t));
	return weft_book_set_caps(c->book, caps, 2);
}

static void draws_of(const struct cluster *c, const struct job *job, struct weft_draw draws[2])
{
	double factor = c->way->measured ? c->factor[job->class] * (100 + c->way->margin) / 100 : 1;

	draws[0] = (struct weft_draw){ POWER, (int64_t)ceil(CARD_BUSY * job->cards * factor) };
	draws[1] = (struct weft_draw){ CARDS, job->cards };
}

static int enter(struct cluster *c, unsigned i, time_t start, time_t end)
{
	struct weft_draw draws[2];

	draws_of(c, &c->jobs[i], draws);
	return weft_book_add(c->book, i + 1, draws, 2, start, end);
}

/* Until when may job I run from NOW on?  0: not at all. */
static time_t may_run(struct cluster *c, unsigned i, time_t now, uint64_t except)
{
	const struct job *job = &c->jobs[i];
	time_t end = now + job->limit - (job->runs - job->left) + job->restart;
	struct weft_power_lack lack;
	struct weft_draw draws[2];

	draws_of(c, job, draws);
	if (weft_book_fits(c->book, draws, 2, now, end, except, &lack))
		return end;
	if (job->flexible < c->way->percent && lack.zone == POWER && lack.when - now >= MIN_SPAN)
		return lack.when;
	return 0;
}

/* ---------------------------------------------------------------- a minute */

static int start(struct cluster *c, size_t place, time_t now, time_t until)
{
	unsigned i = c->waiting[place];
	struct job *job = &c->jobs[i];

	c->n_waiting--;
	memmove(&c->waiting[place], &c->waiting[place + 1], (c->n_waiting - place) * sizeof(*c->waiting));
	c->running[c->n_running++] = i;
	c->busy += job->cards;
	if (!job->begun)
		c->f.wait += (double)(now - job->submit);
	job->begun = true;
	job->started = now;
	job->until = until;
	job->ends = now + job->restart + job->left;
	return enter(c, i, now, until);
}

/* It stops at NOW, its own end or not. */
static void stop(struct cluster *c, size_t place, time_t now)
{
	unsigned i = c->running[place];
	struct job *job = &c->jobs[i];
	time_t done = now - job->started - job->restart;

	done = done < 0 ? 0 : done > job->left ? job->left : done;
	c->f.work += (double)done * job->cards;
	job->left -= done;
	c->busy -= job->cards;
	c->running[place] = c->running[--c->n_running];
	weft_book_remove(c->book, i + 1);
}

static void wait_again(struct cluster *c, unsigned i)
{
	size_t place = c->n_waiting++;

	for (; place > 0 && c->waiting[place - 1] > i; place--)
		c->waiting[place] = c->waiting[place - 1];
	c->waiting[place] = i;
	c->jobs[i].restart = RESTART;
	c->f.cuts++;
}

/* Those that end; of those that must stop, who may go on.  True: something happened. */
static bool end_jobs(struct cluster *c, time_t now)
{
	bool any = false;

	for (size_t k = c->n_running; k-- > 0;) {
		unsigned i = c->running[k];
		struct job *job = &c->jobs[i];

		if (job->ends > now && job->until > now)
			continue;
		any = true;
		if (job->ends > now) {
			time_t paid = job->restart, until;

			job->restart = 0;
			until = may_run(c, i, now, i + 1);
			job->restart = paid;
			if (until) {
				job->until = until;
				enter(c, i, now, until);
				continue;
			}
		}
		stop(c, k, job->ends > now ? now : job->ends);
		if (job->left > 0)
			wait_again(c, i);
	}
	return any;
}

/* First come, first served; those behind the first that must wait may not delay it. */
static int pass(struct cluster *c, time_t now)
{
	unsigned first = 0, looked = 0;
	struct weft_draw draws[2];
	int rc = 0;

	for (size_t k = 0; k < c->n_waiting && looked < DEPTH && c->busy < c->trace->cards && rc == 0;
	     looked++) {
		unsigned i = c->waiting[k];
		time_t until = may_run(c, i, now, 0), when;

		if (until) {
			rc = start(c, k, now, until);
			continue;
		}
		k++;
		if (first)
			continue;
		draws_of(c, &c->jobs[i], draws);
		until = c->jobs[i].limit - (c->jobs[i].runs - c->jobs[i].left) + c->jobs[i].restart;
		if (weft_book_earliest(c->book, draws, 2, until, now, 0, &when, NULL)) {
			first = i + 1;
			rc = enter(c, i, when, when + until);
		}
	}
	weft_book_remove(c->book, first);
	return rc;
}

/* What runs draws is measured each hour, and then what it is thought to draw changes. */
static int learn(struct cluster *c, time_t now)
{
	int rc = 0;

	for (size_t k = 0; k < c->n_running; k++) {
		const struct job *job = &c->jobs[c->running[k]];

		c->factor[job->class] += (job->draws - c->factor[job->class]) / 100;
	}
	for (size_t k = 0; k < c->n_running && rc == 0; k++)
		rc = enter(c, c->running[k], now, c->jobs[c->running[k]].until);
	return rc;
}

static void measure(struct cluster *c, time_t now)
{
	double drawn = (double)base_of(c->trace), cap = (double)weft_book_cap(c->book, POWER, now);

	for (size_t k = 0; k < c->n_running; k++) {
		const struct job *job = &c->jobs[c->running[k]];

		drawn += CARD_BUSY * job->cards * job->draws;
	}
	c->f.drawn += 60 * drawn;
	c->f.cap += c->way->capped ? 60 * cap : 0;
	if (c->way->capped && drawn > cap) {
		c->f.above += 60;
		c->f.excess = fmax(c->f.excess, drawn / cap - 1);
	}
}

static int minute(struct cluster *c, time_t now)
{
	bool any = end_jobs(c, now);

	for (; c->next < c->trace->n && c->jobs[c->next].submit <= now; any = true)
		c->waiting[c->n_waiting++] = (unsigned)c->next++;
	if (c->way->measured && now % 3600 == 0 && learn(c, now))
		return -1;
	if ((any || now % 1800 == 0) && pass(c, now))
		return -1;
	measure(c, now);
	return 0;
}

static int play(const struct trace *t, const struct way *way, struct figures *f)
{
	struct cluster c = { .trace = t, .way = way, .factor = { 1, 1, 1, 1 } };
	int rc = -1;

	c.jobs = malloc(t->n * sizeof(*c.jobs));
	c.waiting = calloc(t->n, sizeof(*c.waiting));
	c.running = calloc(t->n, sizeof(*c.running));
	c.book = weft_book_create(2);
	if (c.jobs && c.waiting && c.running && c.book && set_caps(&c) == 0) {
		memcpy(c.jobs, t->jobs, t->n * sizeof(*c.jobs));
		rc = 0;
	}
	for (time_t now = 0; now <= t->end && rc == 0; now += 60)
		rc = minute(&c, now);
	while (rc == 0 && c.n_running)
		stop(&c, 0, t->end);
	for (size_t k = 0; k < c.n_waiting; k++) {
		if (c.jobs[c.waiting[k]].begun)
			continue;
		c.f.waiting++; /* its wait goes on, and counts as far as it is seen */
		c.f.wait += (double)(t->end - c.jobs[c.waiting[k]].submit);
	}
	*f = c.f;
	weft_book_destroy(c.book);
	free(c.jobs);
	free(c.waiting);
	free(c.running);
	return rc;
}

static void report(const struct trace *t, const struct way *way, const struct figures *f)
{
	double seconds = (double)t->end;

	printf("%-46s %6.1f %8.1f %7u %7u %7.1f %7.2f %7.1f\n", way->name,
	       100 * f->work / (seconds * t->cards), f->wait / 3600 / (double)t->n, f->waiting, f->cuts,
	       f->cap > 0 ? 100 * f->drawn / f->cap : 0, 100 * f->above / seconds, 100 * f->excess);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "no cap", false, false, false, false, 0, 0 },
		{ "fixed at the mean, worst case (licences)", true, false, false, false, 0, 0 },
		{ "fixed at the least, worst case (licences)", true, false, true, false, 0, 0 },
		{ "dynamic, worst case", true, true, false, false, 0, 0 },
		{ "dynamic, worst case, 50 % interruptible", true, true, false, false, 50, 0 },
		{ "dynamic, worst case, all interruptible", true, true, false, false, 100, 0 },
		{ "fixed at the mean, measured", true, false, false, true, 0, 0 },
		{ "dynamic, measured", true, true, false, true, 0, 0 },
		{ "dynamic, measured, 50 % interruptible", true, true, false, true, 50, 0 },
		{ "dynamic, measured and 1 %, 50 % interruptible", true, true, false, true, 50, 1 },
	};
	struct trace t = { .cards = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 512,
			   .share = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 70 };
	FILE *there = argc > 1 ? fopen(argv[1], "r") : NULL;
	double demand = 0;
	int rc = 0;

	if (!there) {
		puts("power_trace: skipped: data not here");
		return 0;
	}
	fclose(there);
	if (read_trace(&t, argv[1])) {
		fprintf(stderr, "power_trace: cannot read %s\n", argv[1]);
		return 1;
	}
	for (size_t i = 0; i < t.n; i++)
		demand += (double)t.jobs[i].runs * t.jobs[i].cards;
	printf("%zu jobs, %.0f days, %u cards; all jobs would keep %.0f cards busy; mean cap %u %% of what "
	       "they draw\n",
	       t.n, (double)t.end / DAY, t.cards, demand / (double)t.end, t.share);
	printf("%-46s %6s %8s %7s %7s %7s %7s %7s\n", "", "use %", "wait h", "unbegun", "cuts", "drawn %",
	       "above %", "by %");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]) && rc == 0; i++) {
		struct figures f;

		rc = play(&t, &ways[i], &f);
		if (rc == 0)
			report(&t, &ways[i], &f);
	}
	free(t.jobs);
	if (rc)
		fprintf(stderr, "power_trace: out of memory\n");
	return rc ? 1 : 0;
}
