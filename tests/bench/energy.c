/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * energy.c - how much of what perfect foresight would save do energy windows save, on series in the format of
 * doc/energy.md?
 *
 *	energy [--stride=HOURS] [--keep=PHI] FILE...
 *
 * Jobs of 1, 6 and 24 h that must have ended within 12, 24 or 48 h are submitted every HOURS (41) from the
 *15th day of a series on, and planned again at each hour with what is known then, until they start (or have
 *ended, when they may be interrupted: spans of an hour at least, 5 min for a restart).  What is known is
 *	persistence  the hours up to the present one; all else is the series' own rule
 *	5 %, 14 %    the same, and a forecast of 72 h: truth x (1 + error), the error's mean absolute value
 *being that; a new one each day at 0:00 UTC; from one hour to the next an error keeps PHI (0.9) of itself The
 *seed is fixed.  Saved is the mean of the series over the run, against a run from submission on.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/energy.h"
#include "core/when.h"

#define HOUR	 3600
#define DAY	 (24 * HOUR)
#define HISTORY	 360 /* h */
#define AHEAD	 72  /* h of a forecast */
#define MIN_SPAN 3600
#define RESTART	 300
#define GOAL	 80.0
#define LINE	 64

enum { PERFECT, PERSISTENCE, ERROR_5, ERROR_14, KINDS };

static const unsigned works[] = { 1, 6, 24 }, windows[] = { 12, 24, 48 }; /* h */
static const double errors[KINDS] = { [ERROR_5] = 0.05, [ERROR_14] = 0.14 };

static unsigned stride = 41;
static double keep = 0.9;

struct sums {
	double now, run[KINDS]; /* means of the series, relative to its own, added up over jobs */
	unsigned jobs, missed;
};

static struct sums by_shape[3][3][2];

struct truth {
	struct weft_series *series;
	time_t start;
	unsigned hours;
	double mean;
	char *lines;		/* LINE bytes for each hour, padded with blanks */
	double (*error)[AHEAD]; /* of each day's forecast, standard normal */
};

struct job {
	time_t submit, end;
	unsigned work, window; /* which of works[] and windows[] */
	time_t left;
	double sum; /* of the series over what has run */
	bool runs, done, late;
};

/* ---------------------------------------------------------------- chance */

static unsigned long long state;

static double uniform(void) /* in (0, 1) */
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return ((double)(state >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
	return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

/* ---------------------------------------------------------------- what is known when */

static void put_line(char *line, time_t when, double value)
{
	char time[WEFT_WHEN_SIZE];
	int n = snprintf(line, LINE, "%s,%.9g", weft_when_text(when, time), value);

	memset(line + n, ' ', (size_t)(LINE - 1 - n));
	line[LINE - 1] = '\n';
}

static int make_truth(struct truth *t, const char *path)
{
	struct weft_err err = WEFT_ERR_INIT;
	unsigned days;

	t->series = weft_series_load(path, &err);
	if (!t->series) {
		fprintf(stderr, "energy: %s\n", err.text);
		return -1;
	}
	t->start = weft_series_next(t->series, 0);
	t->hours = (unsigned)((weft_series_last(t->series) - t->start) / HOUR);
	t->mean = weft_series_mean(t->series, t->start, t->start + (time_t)t->hours * HOUR);
	if (isnan(t->mean) || t->hours < HISTORY + 96) {
		fprintf(stderr, "energy: %s: too short, or it has gaps that nothing can fill\n", path);
		return -1;
	}
	days = t->hours / 24 + 1;
	t->lines = malloc((size_t)t->hours * LINE);
	t->error = malloc(days * sizeof(*t->error));
	if (!t->lines || !t->error)
		return -1;
	for (unsigned i = 0; i < t->hours; i++) {
		time_t at = t->start + (time_t)i * HOUR;

		put_line(t->lines + (size_t)i * LINE, at, weft_series_mean(t->series, at, at + HOUR));
	}
	state = 88172645463325252ull;
	for (unsigned d = 0; d < days; d++) {
		t->error[d][0] = normal();
		for (unsigned i = 1; i < AHEAD; i++)
			t->error[d][i] = keep * t->error[d][i - 1] + sqrt(1 - keep * keep) * normal();
	}
	return 0;
}

/* The series as it would be in the file at the beginning of HOUR_NOW. */
static struct weft_series *known(const struct truth *t, unsigned hour, int kind)
{
	char text[(HISTORY + AHEAD) * LINE];
	unsigned first = hour + 1 > HISTORY ? hour + 1 - HISTORY : 0, n = hour + 1 - first;
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_series *s;

	memcpy(text, t->lines + (size_t)first * LINE, (size_t)n * LINE);
	if (kind != PERSISTENCE) {
		unsigned issued = hour / 24 * 24;

		/* |normal| has a mean of sqrt(2 / pi) */
		for (unsigned i = hour + 1; i < issued + AHEAD && i < t->hours; i++, n++) {
			time_t at = t->start + (time_t)i * HOUR;
			double e = errors[kind] / sqrt(2 / M_PI) * t->error[issued / 24][i - issued];

			put_line(text + (size_t)n * LINE, at,
				 weft_series_mean(t->series, at, at + HOUR) * (1 + e));
		}
	}
	s = weft_series_parse("known", text, (size_t)n * LINE, &err);
	if (!s) {
		fprintf(stderr, "energy: %s\n", err.text);
		exit(2);
	}
	return s;
}

/* ---------------------------------------------------------------- jobs */

/* One hour of JOB from NOW on, as PLAN has it. */
static void live(struct job *job, const struct truth *t, const struct weft_energy_plan *plan, time_t now,
		 bool interrupt)
{
	time_t until = now + HOUR;

	if (!interrupt) { /* once it runs, it runs */
		if (plan->spans[0].start >= until)
			return;
		until = plan->spans[0].start + job->left;
	}
	for (unsigned i = 0; i < plan->n && plan->spans[i].start < until && !job->done; i++) {
		time_t from = plan->spans[i].start,
		       to = plan->spans[i].end < until ? plan->spans[i].end : until;

		if (job->runs && from > now && i == 0) /* paused: to go on takes a restart */
			job->left += RESTART;
		else if (i > 0)
			job->left += RESTART;
		if (job->left <= to - from) {
			to = from + job->left;
			job->done = true;
		}
		job->sum += weft_series_mean(t->series, from, to) * (double)(to - from);
		job->left -= to - from;
		job->runs = !job->done && to == until;
		if (job->done && to > job->end)
			job->late = true;
	}
	if (job->runs && plan->spans[0].start >= until) { /* paused for all of this hour */
		job->left += RESTART;
		job->runs = false;
	}
}

/* Remember a job that is done, its run relative to the series' mean. */
static void count(struct sums *a, struct sums *b, const struct truth *t, const struct job *job, int kind)
{
	double length = works[job->work] * (double)HOUR, run = job->sum / length / t->mean;

	a->run[kind] += run;
	b->run[kind] += run;
	a->missed += job->late;
	b->missed += job->late;
	if (kind == PERFECT) {
		double now = weft_series_mean(t->series, job->submit, job->submit + (time_t)length) / t->mean;

		a->now += now;
		b->now += now;
		a->jobs++;
		b->jobs++;
	}
}

static unsigned make_jobs(struct job *jobs, const struct truth *t)
{
	unsigned n = 0;

	for (unsigned hour = HISTORY; hour + 49 < t->hours; hour += stride) {
		for (unsigned w = 0; w < 3; w++) {
			for (unsigned k = 0; k < 3; k++) {
				time_t submit = t->start + (time_t)hour * HOUR;

				if (works[w] >= windows[k]) /* nothing to choose */
					continue;
				jobs[n++] = (struct job){ .submit = submit,
							  .end = submit + (time_t)windows[k] * HOUR,
							  .work = w,
							  .window = k,
							  .left = (time_t)works[w] * HOUR };
			}
		}
	}
	return n;
}

/* Plan JOB again at NOW, with what S says, and let an hour pass. */
static void pass(struct sums *sums, const struct truth *t, const struct weft_series *s, struct job *job,
		 time_t now, int kind, bool interrupt)
{
	struct weft_energy_plan plan;

	if (job->done)
		return;
	weft_energy_plan(&plan, s, now, job->end, (unsigned)job->left, interrupt, MIN_SPAN, RESTART,
			 job->runs);
	live(job, t, &plan, now, interrupt);
	if (job->done)
		count(&sums[interrupt], &by_shape[job->work][job->window][interrupt], t, job, kind);
}

/* All jobs of one series, with one kind of forecast: those of one span (JOBS[0]) and those that may have
 * more. */
static void simulate(struct sums *sums, const struct truth *t, struct job *const jobs[2], int kind)
{
	unsigned n = make_jobs(jobs[0], t), first = 0;

	memcpy(jobs[1], jobs[0], n * sizeof(*jobs[0]));
	for (unsigned hour = HISTORY; hour < t->hours && first < n; hour++) {
		time_t now = t->start + (time_t)hour * HOUR;
		struct weft_series *s;

		if (jobs[0][first].submit > now)
			continue;
		s = kind == PERFECT ? t->series : known(t, hour, kind);
		for (unsigned i = first; i < n && jobs[0][i].submit <= now; i++)
			for (int interrupt = 0; interrupt < 2; interrupt++)
				pass(sums, t, s, &jobs[interrupt][i], now, kind, interrupt);
		while (first < n && jobs[0][first].done && jobs[1][first].done)
			first++;
		if (kind != PERFECT)
			weft_series_destroy(s);
	}
}

/* ---------------------------------------------------------------- the report */

static double saved(const struct sums *s, int kind)
{
	return s->now > 0 ? 100 * (s->now - s->run[kind]) / s->now : 0;
}

static void head(const char *what)
{
	printf("\n| %s | jobs | perfect | persistence | 5 %% error | 14 %% error | missed |\n"
	       "|---|--:|--:|--:|--:|--:|--:|\n",
	       what);
}

/* Counts the cells that fall short of the goal. */
static unsigned row(const char *name, const char *how, const struct sums *s)
{
	unsigned low = 0;

	printf("| %s%s | %u | %.1f %% |", name, how, s->jobs, saved(s, PERFECT));
	for (int kind = PERSISTENCE; kind < KINDS; kind++) {
		double share = 100 * saved(s, kind) / saved(s, PERFECT);

		printf(" %.1f %% (%.0f) |", saved(s, kind), share);
		low += !(share >= GOAL);
	}
	printf(" %u |\n", s->missed);
	return low;
}

/* "CISO" of "/tmp/x/CISO.csv". */
static void short_name(char *name, size_t size, const char *path)
{
	const char *base = strrchr(path, '/');

	snprintf(name, size, "%s", base ? base + 1 : path);
	if (strrchr(name, '.'))
		*strrchr(name, '.') = '\0';
}

static int one_file(const char *path, unsigned *low, unsigned *missed)
{
	struct sums sums[2] = { { .jobs = 0 } };
	struct truth t = { 0 };
	struct job *jobs[2] = { NULL, NULL };
	char name[64];
	int rc = -1;

	if (make_truth(&t, path))
		goto out;
	for (int i = 0; i < 2; i++) {
		jobs[i] = calloc((t.hours / stride + 1) * 9, sizeof(*jobs[i]));
		if (!jobs[i])
			goto out;
	}
	for (int kind = 0; kind < KINDS; kind++)
		simulate(sums, &t, jobs, kind);
	short_name(name, sizeof(name), path);
	for (int interrupt = 0; interrupt < 2; interrupt++) {
		*low += row(name, interrupt ? ", interrupted" : "", &sums[interrupt]);
		*missed += sums[interrupt].missed;
	}
	fflush(stdout);
	rc = 0;
out:
	free(jobs[0]);
	free(jobs[1]);
	weft_series_destroy(t.series);
	free(t.lines);
	free(t.error);
	return rc;
}

int main(int argc, char **argv)
{
	unsigned low = 0, missed = 0;
	int i = 1, rc = 0;

	for (; i < argc && !strncmp(argv[i], "--", 2); i++) {
		if (!strncmp(argv[i], "--stride=", 9))
			stride = (unsigned)strtoul(argv[i] + 9, NULL, 10);
		else if (!strncmp(argv[i], "--keep=", 7))
			keep = strtod(argv[i] + 7, NULL);
		else
			break;
	}
	if (i == argc || argv[i][0] == '-' || stride == 0 || !(keep >= 0 && keep < 1)) {
		fprintf(stderr, "usage: energy [--stride=HOURS] [--keep=PHI] FILE...\n");
		return 2;
	}
	printf("Saved against starting at once; in parentheses the share, in per cent, of what perfect "
	       "foresight saves.\n");
	head("series");
	for (; i < argc; i++)
		if (one_file(argv[i], &low, &missed))
			rc = 2;
	head("job, window");
	for (unsigned w = 0; w < 3; w++) {
		for (unsigned k = 0; k < 3; k++) {
			for (unsigned interrupt = 0; interrupt < 2; interrupt++) {
				char name[32];

				snprintf(name, sizeof(name), "%u h within %u h", works[w], windows[k]);
				if (by_shape[w][k][interrupt].jobs > 0)
					row(name, interrupt ? ", interrupted" : "",
					    &by_shape[w][k][interrupt]);
			}
		}
	}
	printf("\n%u of the series' cells are below %.0f %%; %u deadlines missed\n", low, GOAL, missed);
	return rc ? rc : missed > 0;
}
