/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handover_peer.h - a peer in miniature, for test_handover_histories.c: slurmctld, slurmdbd, nodes, and the
 * markers of the script that runs there (core/wrapper.h).  It loses, delays and forgets, and is restored from
 * old states.
 */
#ifndef WEFT_HANDOVER_PEER_H
#define WEFT_HANDOVER_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/handover.h"

#define PEER_JOBS     64
#define PEER_RUNS     4
#define PEER_ATTEMPTS 64
#define PEER_LATE     32
#define PEER_FOREIGN  (-1) /* a job that is none of ours */
#define PEER_REFUSED  213  /* exit code of a copy that another one kept from working */

struct peer_job {
	uint32_t id;
	int run; /* index, or PEER_FOREIGN */
	unsigned attempt;
	bool held;
	enum weft_rest_state state;
	int exit_status;
	time_t submit, start, end, deadline; /* by the peer's clock */
	time_t ready;			     /* when the queue lets it start; ours */
	int process;			     /* index; -1 */
};

struct peer_ctld {
	struct peer_job jobs[PEER_JOBS];
	unsigned n;
	uint32_t next_id;
};

struct peer_process {
	bool alive, working, ghost;
	uint32_t id;
	int run;
	unsigned attempt;
	time_t start, end; /* when it ends by itself; ours */
	int code;
};

enum peer_request { PEER_SUBMIT, PEER_RELEASE, PEER_CANCEL };

struct peer_late {
	time_t when;
	enum peer_request request;
	int run;
	unsigned attempt;
	uint32_t id;
	time_t deadline;
};

/* What the copies of a run leave in its directory, and what is counted. */
struct peer_marks {
	bool done;
	int code;
	uint32_t claim[PEER_ATTEMPTS];
	unsigned highest;
	unsigned completions;
	bool twice; /* two worked at the same time */
};

struct peer_random {
	uint64_t state;
};

struct peer {
	struct peer_random *random;
	bool new_release; /* 24.11: held copies go at their deadline, too */
	bool has_db, requeues, refuses, lies;
	int skew;		/* s that its clock is ahead */
	unsigned limit;		/* s */
	time_t min_age, script; /* s: MinJobAge; how long the script works */
	int code;		/* the script's exit code */
	time_t down, db_down;	/* unreachable until then */
	unsigned faults;	/* per cent of requests that something happens to */
	struct peer_ctld ctld, saved;
	bool has_saved;
	struct peer_job db[PEER_JOBS * 2],
		shadow[PEER_JOBS * 2]; /* what slurmdbd says; what it is told once it is up */
	unsigned n_db, n_shadow;
	struct peer_process processes[PEER_JOBS * 4];
	unsigned n_processes;
	struct peer_late late[PEER_LATE];
	unsigned n_late;
	struct peer_marks marks[PEER_RUNS];
	bool restored, killed; /* ever; a copy was ended by the peer itself */
	unsigned submits, releases, cancels, lates, restores, requeued, ghosts, refusals;
};

static inline unsigned peer_below(struct peer_random *random, unsigned n)
{
	random->state ^= random->state << 13;
	random->state ^= random->state >> 7;
	random->state ^= random->state << 17;
	return n ? (unsigned)((random->state >> 11) % n) : 0;
}

static inline bool peer_chance(struct peer_random *random, unsigned per_mille)
{
	return peer_below(random, 1000) < per_mille;
}

static inline bool peer_alive(const struct peer_job *job)
{
	return job->state == WEFT_REST_PENDING || job->state == WEFT_REST_RUNNING;
}

/* ---------------------------------------------------------------- slurmdbd */

static inline void peer_account(struct peer *p, const struct peer_job *job)
{
	unsigned i = 0;

	if (job->run == PEER_FOREIGN)
		return;
	while (i < p->n_shadow && !(p->shadow[i].id == job->id && p->shadow[i].run == job->run &&
				    p->shadow[i].attempt == job->attempt))
		i++;
	if (i == PEER_JOBS * 2)
		return;
	p->shadow[i] = *job;
	if (i == p->n_shadow)
		p->n_shadow++;
}

static inline void peer_account_flush(struct peer *p, time_t now)
{
	if (now < p->db_down)
		return;
	memcpy(p->db, p->shadow, sizeof(p->db));
	p->n_db = p->n_shadow;
}

/* ---------------------------------------------------------------- nodes, and the script there */

static inline void peer_kill(struct peer *p, int process)
{
	if (process >= 0)
		p->processes[process].alive = false;
}

static inline void peer_start(struct peer *p, struct peer_job *job, time_t now)
{
	struct peer_process *process;
	struct peer_marks *marks;

	job->state = WEFT_REST_RUNNING;
	job->start = now + p->skew;
	peer_account(p, job);
	if (p->n_processes == PEER_JOBS * 4)
		return;
	job->process = (int)p->n_processes++;
	process = &p->processes[job->process];
	*process = (struct peer_process){ .alive = true,
					  .id = job->id,
					  .run = job->run,
					  .attempt = job->attempt,
					  .start = now,
					  .end = now };
	if (job->run == PEER_FOREIGN) {
		process->end = now + 50;
		return;
	}
	marks = &p->marks[job->run];
	if (marks->done) {
		process->code = marks->code;
		return;
	}
	if (!marks->claim[job->attempt])
		marks->claim[job->attempt] = job->id;
	if (job->attempt > marks->highest)
		marks->highest = job->attempt;
	if (marks->claim[job->attempt] != job->id || marks->highest > job->attempt) {
		process->code = PEER_REFUSED;
		p->refusals++;
		return;
	}
	for (unsigned i = 0; i < p->n_processes; i++) {
		const struct peer_process *other = &p->processes[i];

		/* Two jobs of one run; and two runs, unless the peer has brought a cancelled one back. */
		marks->twice =
			marks->twice || (other->alive && other->working && other->run != PEER_FOREIGN &&
					 (other->run == job->run || !p->restored));
	}
	process->working = true;
	process->end = now + p->script;
	process->code = p->code;
}

static inline void peer_end(struct peer *p, struct peer_job *job, enum weft_rest_state state, int exit_status,
			    time_t now)
{
	peer_kill(p, job->process);
	job->state = state;
	job->exit_status = exit_status;
	job->end = now + p->skew;
	if (!job->start || job->start > job->end || state == WEFT_REST_DEADLINE)
		job->start = job->end;
	peer_account(p, job);
}

static inline void peer_process_tick(struct peer *p, struct peer_process *process, time_t now)
{
	struct peer_marks *marks = process->run >= 0 ? &p->marks[process->run] : NULL;

	if (!process->alive)
		return;
	if (process->ghost && now >= process->start + (time_t)p->limit) {
		process->alive = false;
		return;
	}
	if (now < process->end)
		return;
	process->alive = false;
	if (process->working && marks) {
		marks->completions++;
		marks->done = true;
		marks->code = process->code;
	}
}

/* ---------------------------------------------------------------- slurmctld */

static inline struct peer_job *peer_find(struct peer *p, uint32_t id)
{
	for (unsigned i = 0; i < p->ctld.n; i++) {
		if (p->ctld.jobs[i].id == id)
			return &p->ctld.jobs[i];
	}
	return NULL;
}

static inline uint32_t peer_add(struct peer *p, int run, unsigned attempt, time_t deadline, time_t now)
{
	struct peer_job *job;

	if (p->ctld.n == PEER_JOBS)
		return 0;
	job = &p->ctld.jobs[p->ctld.n++];
	*job = (struct peer_job){ .id = p->ctld.next_id++,
				  .run = run,
				  .attempt = attempt,
				  .held = run != PEER_FOREIGN,
				  .state = WEFT_REST_PENDING,
				  .submit = now + p->skew,
				  .deadline = deadline,
				  .ready = now + 5 + (time_t)peer_below(p->random, 120),
				  .process = -1 };
	peer_account(p, job);
	return job->id;
}

static inline void peer_node_fails(struct peer *p, struct peer_job *job, time_t now)
{
	peer_kill(p, job->process);
	if (!p->requeues) {
		p->killed = true;
		peer_end(p, job, WEFT_REST_NODE_FAIL, 1, now);
		return;
	}
	p->requeued++;
	job->state = WEFT_REST_PENDING;
	job->submit = now + p->skew;
	job->start = 0;
	job->process = -1;
	job->ready = now + 20 + (time_t)peer_below(p->random, 60);
	peer_account(p, job);
}

static inline void peer_job_tick(struct peer *p, struct peer_job *job, time_t now)
{
	if (job->state == WEFT_REST_PENDING && job->run != PEER_FOREIGN && (!job->held || p->new_release) &&
	    now + p->skew + (time_t)p->limit > job->deadline) {
		peer_end(p, job, WEFT_REST_DEADLINE, 1, now);
	} else if (job->state == WEFT_REST_PENDING && !job->held && now >= job->ready) {
		peer_start(p, job, now);
	} else if (job->state == WEFT_REST_RUNNING && job->process >= 0 &&
		   !p->processes[job->process].alive) {
		int code = p->processes[job->process].code;

		peer_end(p, job, code ? WEFT_REST_FAILED : WEFT_REST_COMPLETED, code << 8, now);
	} else if (job->state == WEFT_REST_RUNNING && now + p->skew >= job->start + (time_t)p->limit) {
		p->killed = true;
		peer_end(p, job, WEFT_REST_TIMEOUT, 0, now);
	}
}

static inline void peer_purge(struct peer *p, time_t now)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->ctld.n; i++) {
		if (peer_alive(&p->ctld.jobs[i]) || now + p->skew < p->ctld.jobs[i].end + p->min_age)
			p->ctld.jobs[n++] = p->ctld.jobs[i];
	}
	p->ctld.n = n;
}

/* slurmctld starts with what it was when it was saved; what runs on the nodes and is not its own is killed,
 * at once or much later. */
static inline void peer_restore(struct peer *p, time_t now)
{
	p->restored = true;
	p->restores++;
	if (now < p->db_down) { /* what slurmdbd was to be told was in slurmctld's state, too */
		memcpy(p->shadow, p->db, sizeof(p->db));
		p->n_shadow = p->n_db;
	}
	p->ctld = p->saved;
	for (unsigned i = 0; i < p->n_processes; i++) {
		struct peer_process *process = &p->processes[i];
		struct peer_job *job = peer_find(p, process->id);

		if (!process->alive)
			continue;
		if (job && (job->state != WEFT_REST_RUNNING || job->process != (int)i)) {
			process->alive = false;
		} else if (!job) {
			process->ghost = !peer_chance(p->random, 600);
			process->alive = process->ghost;
			p->ghosts += process->ghost;
		}
	}
	for (unsigned i = 0; i < p->ctld.n; i++) {
		struct peer_job *job = &p->ctld.jobs[i];

		if (job->state == WEFT_REST_RUNNING && job->process >= 0 && !p->processes[job->process].alive)
			peer_node_fails(p, job, now);
	}
}

static inline void peer_act(struct peer *p, const struct peer_late *r, uint32_t *id, time_t now)
{
	struct peer_job *job = r->request == PEER_SUBMIT ? NULL : peer_find(p, r->id);

	if (r->request == PEER_SUBMIT) {
		*id = peer_add(p, r->run, r->attempt, r->deadline, now);
		p->submits++;
	} else if (r->request == PEER_RELEASE && job && job->state == WEFT_REST_PENDING && job->held &&
		   job->run != PEER_FOREIGN) { /* which is another user's */
		job->held = false;
		if (job->ready < now)
			job->ready = now;
		peer_account(p, job);
		p->releases++;
	} else if (r->request == PEER_CANCEL && job && peer_alive(job) && job->run != PEER_FOREIGN) {
		peer_end(p, job, WEFT_REST_CANCELLED, 0, now);
		p->cancels++;
	}
}

/* A request of ours.  *ID: of a submitted job. */
static inline enum weft_handover_answer peer_ask(struct peer *p, struct peer_late r, uint32_t *id, time_t now)
{
	if (now < p->down)
		return peer_chance(p->random, 700) ? WEFT_HANDOVER_UNSENT : WEFT_HANDOVER_UNKNOWN;
	if (p->refuses && r.request == PEER_SUBMIT)
		return WEFT_HANDOVER_NO;
	if (peer_below(p->random, 100) < p->faults) {
		switch (peer_below(p->random, 4)) {
		case 0:
			return WEFT_HANDOVER_UNSENT;
		case 1:
			return WEFT_HANDOVER_UNKNOWN;
		case 2:
			peer_act(p, &r, id, now);
			return WEFT_HANDOVER_UNKNOWN;
		default:
			if (p->n_late == PEER_LATE)
				return WEFT_HANDOVER_UNKNOWN;
			p->lates++;
			r.when = now + 5 + (time_t)peer_below(p->random, 400);
			p->late[p->n_late++] = r;
			return WEFT_HANDOVER_UNKNOWN;
		}
	}
	peer_act(p, &r, id, now);
	if (r.request == PEER_SUBMIT && *id == 0)
		return WEFT_HANDOVER_UNSENT; /* full */
	if (p->lies && r.request == PEER_SUBMIT && peer_chance(p->random, 300))
		*id += 1 + peer_below(p->random, 3);
	return WEFT_HANDOVER_DONE;
}

static inline void peer_tick(struct peer *p, time_t now)
{
	for (unsigned i = 0; i < p->n_processes; i++)
		peer_process_tick(p, &p->processes[i], now);
	for (unsigned i = 0; i < p->n_late && now >= p->down;) {
		uint32_t id;

		if (p->late[i].when > now) {
			i++;
			continue;
		}
		peer_act(p, &p->late[i], &id, now);
		p->late[i] = p->late[--p->n_late];
	}
	for (unsigned i = 0; i < p->ctld.n; i++)
		peer_job_tick(p, &p->ctld.jobs[i], now);
	peer_purge(p, now);
	peer_account_flush(p, now);
}

/* ---------------------------------------------------------------- what is to be seen */

static inline struct weft_rest_seen peer_seen(const struct peer_job *job)
{
	static char empty[] = "";

	return (struct weft_rest_seen){ .id = job->id,
					.name = empty,
					.user = empty,
					.partition = empty,
					.comment = empty,
					.reason = empty,
					.nodes = empty,
					.gres = empty,
					.state = job->state,
					.held = job->held && job->state == WEFT_REST_PENDING,
					.exit_status = job->exit_status,
					.submit = job->submit,
					.start = job->start,
					.end = job->end,
					.deadline = job->deadline };
}

/* The copies of RUN (of all of ours when RUN < 0) among N JOBS. */
static inline size_t peer_copies(const struct peer_job *jobs, size_t n, int run, struct weft_rest_seen *seen,
				 struct weft_handover_copy *copies, int *runs)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		const struct peer_job *job = &jobs[i];

		if (job->run == PEER_FOREIGN || (run >= 0 && job->run != run))
			continue;
		seen[found] = peer_seen(job);
		copies[found] = (struct weft_handover_copy){ job->attempt, &seen[found] };
		if (runs)
			runs[found] = job->run;
		found++;
	}
	return found;
}

#endif
