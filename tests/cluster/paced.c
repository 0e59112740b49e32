/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paced.c - a data-parallel training job, small but whole, on cards that are emulated by their speed.
 *
 *	paced --share=weight|equal [--steps=N] [--step=SECONDS] MODEL=RATE...
 *
 * Each task computes the gradient of a linear model on its part of a step's samples, the gradients are summed
 *over TCP (task 0 listens at MASTER_ADDR:MASTER_PORT, the others connect), and every task takes the same step
 *downhill. The arithmetic is real and takes no time; what a part would take on the task's cards it sleeps: it
 *is as fast as RATE says of WEFT_MODEL, times the cards in WEFT_DEVICES.
 *
 * The parts are the only thing that --share changes: by WEFT_WEIGHT and WEFT_GROUP_SIZE, or the same for each
 *task. A step has as many samples as all tasks together can do in --step seconds, so that is the bound.  Task
 *0 prints, on one line, means over the steps, and what was learnt, which must not depend on the shares:
 *
 *	tasks=5 samples=1600 bound=0.2000 step=0.2004 slowest=0.2000 loss=0.01234567 model=0.123456
 *
 * where slowest is the time that the task with the longest part takes for it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_TASKS   64
#define FEATURES     8
#define SAMPLES	     5000 /* of a step, enough for weights of three digits */
#define PATIENCE_S   30	  /* for task 0 to listen */
#define DESCENT_RATE 0.5

struct world {
	unsigned rank, size;
	int peer[MOST_TASKS]; /* sockets: task 0 has one for each other task, the others have peer[0] */
};

static void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("paced: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static const char *env_text(const char *name)
{
	const char *text = getenv(name);

	if (!text || !text[0])
		die("%s is not set", name);
	return text;
}

static double number(const char *what, const char *text, double min, double max)
{
	char *end;
	double x = strtod(text, &end);

	if (end == text || *end || !(x >= min && x <= max))
		die("%s is \"%s\", and not a number from %g to %g", what, text, min, max);
	return x;
}

static double env_number(const char *name, double min, double max)
{
	return number(name, env_text(name), min, max);
}

/* ---------------------------------------------------------------- the tasks among each other */

static void whole(int fd, void *data, size_t size, bool out)
{
	char *at = data;

	while (size) {
		ssize_t n = out ? send(fd, at, size, MSG_NOSIGNAL) : recv(fd, at, size, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			die("a task is gone: %s", n ? strerror(errno) : "its connection was closed");
		at += n;
		size -= (size_t)n;
	}
}

static int new_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		die("socket: %s", strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return fd;
}

static void gather_tasks(struct world *w, const struct sockaddr_in *where)
{
	int listener = new_socket();

	if (bind(listener, (const struct sockaddr *)where, sizeof(*where)) || listen(listener, MOST_TASKS))
		die("cannot listen at MASTER_ADDR: %s", strerror(errno));
	for (unsigned i = 1; i < w->size; i++) {
		int fd = accept(listener, NULL, NULL), on = 1;
		uint32_t rank;

		if (fd < 0)
			die("accept: %s", strerror(errno));
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		whole(fd, &rank, sizeof(rank), false);
		if (rank == 0 || rank >= w->size || w->peer[rank] >= 0)
			die("task %u has connected, which cannot be", (unsigned)rank);
		w->peer[rank] = fd;
	}
	close(listener);
}

static void join_tasks(struct world *w, const struct sockaddr_in *where)
{
	uint32_t rank = w->rank;

	for (unsigned tries = 0; tries < PATIENCE_S * 20; tries++) {
		int fd = new_socket();

		if (!connect(fd, (const struct sockaddr *)where, sizeof(*where))) {
			whole(fd, &rank, sizeof(rank), true);
			w->peer[0] = fd;
			return;
		}
		close(fd);
		clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ .tv_nsec = 50000000 }, NULL);
	}
	die("nobody listens at MASTER_ADDR");
}

static void open_world(struct world *w)
{
	struct sockaddr_in where = { .sin_family = AF_INET };

	w->size = (unsigned)env_number("SLURM_NTASKS", 1, MOST_TASKS);
	w->rank = (unsigned)env_number("SLURM_PROCID", 0, w->size - 1);
	for (unsigned i = 0; i < MOST_TASKS; i++)
		w->peer[i] = -1;
	where.sin_port = htons((uint16_t)env_number("MASTER_PORT", 1, 65535));
	if (inet_pton(AF_INET, env_text("MASTER_ADDR"), &where.sin_addr) != 1)
		die("MASTER_ADDR is \"%s\", and not an IPv4 address", getenv("MASTER_ADDR"));
	if (w->rank)
		join_tasks(w, &where);
	else
		gather_tasks(w, &where);
}

/* Sum X over all tasks; the sum is the same, to the bit, in each of them. */
static void sum_up(const struct world *w, double *x, unsigned n)
{
	double theirs[MOST_TASKS];
	size_t size = n * sizeof(*x);

	if (w->rank) {
		whole(w->peer[0], x, size, true);
		whole(w->peer[0], x, size, false);
		return;
	}
	for (unsigned i = 1; i < w->size; i++) {
		whole(w->peer[i], theirs, size, false);
		for (unsigned k = 0; k < n; k++)
			x[k] += theirs[k];
	}
	for (unsigned i = 1; i < w->size; i++)
		whole(w->peer[i], x, size, true);
}

/* ---------------------------------------------------------------- what a task is given */

/* Cards times the rate of their model. */
static double own_speed(char **rates)
{
	const char *model = env_text("WEFT_MODEL"), *devices = env_text("WEFT_DEVICES");
	size_t length = strlen(model);
	unsigned cards = 1;

	for (const char *comma = devices; (comma = strchr(comma, ',')); comma++)
		cards++;
	for (; *rates; rates++) {
		if (!strncmp(*rates, model, length) && (*rates)[length] == '=')
			return cards * number(model, *rates + length + 1, 1e-6, 1e6);
	}
	die("there is no rate for %s", model);
}

/* The samples of a task: it gets those from FIRST on up to END, of all. */
struct part {
	unsigned long first, end, all;
	double bound, slowest; /* what a step takes at best, and what the longest part takes, s */
	double own;	       /* this one, s */
};

static struct part part_of(const struct world *w, double share, double speed, double step)
{
	double shares[MOST_TASKS] = { 0 }, speeds[MOST_TASKS] = { 0 }, sum = 0, before = 0, total = 0,
	       samples_s;
	struct part p = { .all = SAMPLES, .bound = step };

	shares[w->rank] = share;
	speeds[w->rank] = speed;
	sum_up(w, shares, w->size);
	sum_up(w, speeds, w->size);
	for (unsigned i = 0; i < w->size; i++) {
		sum += speeds[i];
		total += shares[i];
	}
	if (fabs(total - 1) > 1e-4)
		die("the shares of all tasks are %g together, and not 1", total);
	samples_s = SAMPLES / step / sum; /* at speed 1 */
	for (unsigned i = 0; i < w->size; i++) {
		unsigned long first = (unsigned long)lround(before / total * SAMPLES), end;
		double takes;

		before += shares[i];
		end = (unsigned long)lround(before / total * SAMPLES);
		takes = (double)(end - first) / (speeds[i] * samples_s);
		p.slowest = fmax(p.slowest, takes);
		if (i != w->rank)
			continue;
		p.first = first;
		p.end = end;
		p.own = takes;
	}
	return p;
}

/* ---------------------------------------------------------------- what it learns */

/* The same sample I of a step for every task: inputs X, and the output of a model that is to be found. */
static double sample(unsigned long step, unsigned long i, double x[FEATURES])
{
	uint64_t state = (step << 32) + i;
	double y = 0;

	for (unsigned k = 0; k < FEATURES; k++) {
		uint64_t z = state += 0x9e3779b97f4a7c15u; /* splitmix64 */

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
		z = (z ^ z >> 27) * 0x94d049bb133111ebu;
		x[k] = (double)((z ^ z >> 31) >> 11) / 0x1p52 - 1;
		y += x[k] * (k + 1);
	}
	return y;
}

/* Sums over the part: SUM[0..FEATURES-1] the gradient, SUM[FEATURES] the squared error, and then the samples.
 */
static void learn_part(const struct part *p, unsigned long step, const double *model, double *sum)
{
	double x[FEATURES];

	memset(sum, 0, (FEATURES + 2) * sizeof(*sum));
	for (unsigned long i = p->first; i < p->end; i++) {
		double error = -sample(step, i, x);

		for (unsigned k = 0; k < FEATURES; k++)
			error += model[k] * x[k];
		for (unsigned k = 0; k < FEATURES; k++)
			sum[k] += error * x[k];
		sum[FEATURES] += error * error;
		sum[FEATURES + 1]++;
	}
}

static double seconds_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

/* Sleep until SECONDS after THEN: what the cards of this task would take. */
static void pace(const struct timespec *then, double seconds)
{
	double nanoseconds = (double)then->tv_nsec + seconds * 1e9;
	struct timespec until = { .tv_sec = then->tv_sec + (time_t)(nanoseconds / 1e9),
				  .tv_nsec = (long)fmod(nanoseconds, 1e9) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

static void train(const struct world *w, const struct part *p, unsigned steps)
{
	double model[FEATURES] = { 0 }, sum[FEATURES + 2], loss = 0, all_steps = 0;
	struct timespec began;

	for (unsigned s = 0; s < steps; s++) {
		clock_gettime(CLOCK_MONOTONIC, &began);
		learn_part(p, s, model, sum);
		pace(&began, p->own);
		sum_up(w, sum, FEATURES + 2);
		if (sum[FEATURES + 1] != (double)p->all)
			die("step %u: %g samples were done, and not %lu", s, sum[FEATURES + 1], p->all);
		for (unsigned k = 0; k < FEATURES; k++)
			model[k] -= DESCENT_RATE * sum[k] / (double)p->all;
		loss = sum[FEATURES] / (double)p->all;
		all_steps += seconds_since(&began);
	}
	if (!w->rank)
		printf("tasks=%u samples=%lu bound=%.4f step=%.4f slowest=%.4f loss=%.6f model=%.6f\n",
		       w->size, p->all, p->bound, all_steps / steps, p->slowest, loss, model[FEATURES - 1]);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "share", required_argument, NULL, 's' },
						 { "steps", required_argument, NULL, 'n' },
						 { "step", required_argument, NULL, 't' },
						 { 0 } };
	const char *share = NULL;
	double step = 0.2, part, speed;
	struct world w;
	struct part p;
	unsigned steps = 20;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's')
			share = optarg;
		else if (c == 'n')
			steps = (unsigned)number("--steps", optarg, 1, 1e6);
		else if (c == 't')
			step = number("--step", optarg, 1e-3, 1e3);
		else
			return 1;
	}
	if (!share || (strcmp(share, "weight") != 0 && strcmp(share, "equal") != 0))
		die("--share=weight or --share=equal must be given");
	speed = own_speed(argv + optind);
	open_world(&w);
	if (!strcmp(share, "weight"))
		part = env_number("WEFT_WEIGHT", 0, 1) / env_number("WEFT_GROUP_SIZE", 1, MOST_TASKS);
	else
		part = 1.0 / w.size;
	p = part_of(&w, part, speed, step);
	train(&w, &p, steps);
	return 0;
}
