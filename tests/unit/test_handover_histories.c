/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_handover_histories.c - random histories of a job that is handed to a peer (handover_peer.h), with
 * requests and answers lost, delayed by minutes and refused, the peer unreachable, restarted, restored from
 * an old state, its nodes failing, its ids used again, its clock wrong, proxies killed, adopted or gone for
 * good, and weftd killed between any two steps.  In each of them:
 *   - the script completes at most once in a run, and never works twice at the same time;
 *   - a run ends, and what is said of its end is true: nothing is lost but what the peer lost;
 *   - nothing runs longer than the lease once nobody at home asks for it, however often weftd starts anew,
 * and nothing ends for the lease before weftd was there to be asked for a while;
 *   - no copy is left at the peer.
 *
 * WEFT_HISTORIES=100000 for as many; WEFT_HISTORY=N for that one alone.
 */
#include <check.h>
#include <stdlib.h>

#include "tests/unit/handover_peer.h"

#define HISTORIES 3000
#define TICK	  5		       /* s */
#define ZERO	  ((time_t)1700000000) /* when a history begins */
#define DISTURBED 4000		       /* s; then all is well */
#define PATIENCE  400		       /* s in which a late request comes at last */

struct run {
	struct weft_handover h;
	char disk[WEFT_HANDOVER_MAX_RECORD]; /* as it was written last; "": never */
	bool begun, judged, wanted_cancel;
	time_t written;	       /* as it asked last, on disk */
	time_t starts;	       /* of weftd, since the lease is over */
	time_t asked;	       /* when the proxy did last */
	time_t heard, overdue; /* s of weftd's time since; and of those, since the lease is over */
};

struct history {
	unsigned long number;
	struct peer_random random;
	struct peer peer;
	struct weft_handover_rules rules;
	struct run runs[PEER_RUNS];
	unsigned n_runs, max_runs;
	time_t now, poll;
	time_t weftd_down; /* until then */
	time_t attended;   /* until then weftd's time was counted */
	time_t clear;	   /* since when weftd is up and the peer answers */
	time_t proxy_down;
	bool proxy_gone; /* for good */
	bool died;	 /* weftd has, and was not started again */
	unsigned deadly; /* per mille of its steps */
};

static struct {
	unsigned long histories, runs, ends[WEFT_HANDOVER_LOST + 1], attempts, surplus, kills, restores,
		lates, requeued, ghosts, refusals, lost_found;
} seen;

#define HOLDS(h, condition)                                                                                  \
	do {                                                                                                 \
		if (!(condition))                                                                            \
			ck_abort_msg("history %lu, second %lld: not %s", (h)->number,                        \
				     (long long)((h)->now - ZERO), #condition);                              \
	} while (0)

static bool calm(const struct history *h)
{
	return h->now >= ZERO + DISTURBED;
}

/* ---------------------------------------------------------------- weftd */

/* At any point between two steps. */
static bool dies(struct history *h)
{
	if (!calm(h) && peer_chance(&h->random, h->deadly)) {
		h->died = true;
		h->weftd_down = h->now + (time_t)peer_below(&h->random, h->number % 5 ? 300 : 1500);
		seen.kills++;
	}
	return h->died;
}

static bool save(struct history *h, struct run *run)
{
	struct weft_handover kept = weft_handover_kept(&run->h, &h->rules, h->now);
	char *line;

	if (dies(h))
		return false;
	line = weft_handover_write(&kept);
	HOLDS(h, line && strlen(line) < sizeof(run->disk));
	memcpy(run->disk, line, strlen(line) + 1);
	run->written = run->h.renewed;
	free(line);
	return !dies(h);
}

static void reload(struct history *h)
{
	for (unsigned i = 0; i < h->n_runs; i++) {
		struct run *run = &h->runs[i];
		struct weft_err err = WEFT_ERR_INIT;

		if (weft_handover_read(run->disk, strlen(run->disk), &run->h, &err) < 0)
			ck_abort_msg("history %lu: %s: %s", h->number, err.text, run->disk);
		run->written = run->h.renewed;
		run->starts++;
	}
	h->died = false;
	h->poll = h->attended = h->now;
}

/* A new run begins once the one before it is over. */
static void begin(struct history *h)
{
	struct run *run = &h->runs[h->n_runs++];

	memset(run, 0, sizeof(*run));
	weft_handover_begin(&run->h, h->now);
	run->asked = h->now;
	run->begun = true;
	run->written = h->now;
	h->died = false;
	char *line = weft_handover_write(&run->h);
	memcpy(run->disk, line, strlen(line) + 1);
	free(line);
	seen.runs++;
}

static void look_db(struct history *h, int i, struct weft_handover_sight *sight, struct weft_rest_seen *rows,
		    struct weft_handover_copy *copies)
{
	struct peer *p = &h->peer;

	if (!p->has_db) {
		sight->db = WEFT_HANDOVER_DB_NONE;
	} else if (h->now < p->down || h->now < p->db_down || peer_below(&h->random, 100) < p->faults) {
		sight->db = WEFT_HANDOVER_DB_SILENT;
	} else {
		sight->db = WEFT_HANDOVER_DB_ANSWERED;
		sight->n_db = peer_copies(p->db, p->n_db, i, rows, copies, NULL);
		sight->db_copies = copies;
	}
}

static void send(struct history *h, int i, enum weft_handover_act act)
{
	struct weft_handover *record = &h->runs[i].h;
	struct peer_late request = { .request = act == WEFT_HANDOVER_SUBMIT ? PEER_SUBMIT : PEER_RELEASE,
				     .run = i,
				     .attempt = record->attempt,
				     .id = record->id,
				     .deadline = record->deadline };
	enum weft_handover_answer answer;
	uint32_t id = 0;

	HOLDS(h, record->attempt < PEER_ATTEMPTS);
	answer = peer_ask(&h->peer, request, &id, h->now);
	if (dies(h))
		return;
	weft_handover_answer(record, act, answer, id, answer == WEFT_HANDOVER_DONE ? NULL : "it did not work",
			     h->now, peer_below(&h->random, 1000));
	save(h, &h->runs[i]);
}

static void work(struct history *h, int i, const struct weft_handover_sight *seen_now)
{
	static struct weft_rest_seen rows[PEER_JOBS * 2];
	static struct weft_handover_copy copies[PEER_JOBS * 2];
	struct run *run = &h->runs[i];
	struct weft_handover_sight sight = { 0 };
	struct weft_handover before = run->h;
	enum weft_handover_act act;

	if (seen_now)
		sight = *seen_now;
	act = weft_handover_next(&run->h, &h->rules, h->now, peer_below(&h->random, 1000),
				 seen_now ? &sight : NULL);
	if (act == WEFT_HANDOVER_ASK_DB) {
		look_db(h, i, &sight, rows, copies);
		act = weft_handover_next(&run->h, &h->rules, h->now, peer_below(&h->random, 1000), &sight);
		HOLDS(h, act != WEFT_HANDOVER_ASK_DB);
	}
	seen.lost_found += before.lost && !run->h.lost;
	/* For its lease.  What was not written down of its last words is forgotten. */
	if (run->h.cancel && !before.cancel)
		HOLDS(h, h->now > run->asked + (time_t)(h->rules.lease - h->rules.lease / 8) &&
				 run->heard + TICK >= (time_t)h->rules.grace);
	if (memcmp(&before, &run->h, sizeof(before)) != 0 && !save(h, run))
		return;
	if (act != WEFT_HANDOVER_WAIT)
		send(h, i, act);
}

static void reap(struct history *h, const struct weft_handover_copy *copies, const int *runs, size_t n)
{
	for (size_t i = 0; i < n && !h->died; i++) {
		struct weft_handover *record = (unsigned)runs[i] < h->n_runs ? &h->runs[runs[i]].h : NULL;
		uint32_t id;

		if (!weft_handover_surplus(record, &copies[i]))
			continue;
		seen.surplus++;
		peer_ask(&h->peer,
			 (struct peer_late){
				 .request = PEER_CANCEL, .run = runs[i], .id = copies[i].seen->id },
			 &id, h->now);
		dies(h);
	}
}

static void cycle(struct history *h)
{
	static struct weft_rest_seen rows[PEER_JOBS];
	static struct weft_handover_copy copies[PEER_JOBS];
	struct peer *p = &h->peer;
	int runs[PEER_JOBS];
	size_t n = 0;
	bool answered = h->now >= p->down && peer_below(&h->random, 100) >= p->faults;
	unsigned passed = (unsigned)(h->now - h->attended);

	h->attended = h->now;
	for (unsigned i = 0; i < h->n_runs && !h->died; i++) {
		if (weft_handover_attend(&h->runs[i].h, &h->rules, h->now, passed))
			save(h, &h->runs[i]);
	}
	h->poll = h->now + TICK + (time_t)peer_below(&h->random, 15);
	if (answered)
		n = peer_copies(p->ctld.jobs, p->ctld.n, -1, rows, copies, runs);
	for (unsigned i = 0; i < h->n_runs && !h->died; i++) {
		struct weft_handover_copy mine[PEER_JOBS];
		struct weft_handover_sight sight = { .copies = mine };

		if (h->runs[i].h.step == WEFT_HANDOVER_OVER)
			continue;
		for (size_t k = 0; k < n; k++) {
			if (runs[k] == (int)i)
				mine[sight.n++] = copies[k];
		}
		work(h, (int)i, answered ? &sight : NULL);
	}
	if (answered && !h->died)
		reap(h, copies, runs, n);
}

/* ---------------------------------------------------------------- home */

/* What the proxies do, and the user. */
static void home(struct history *h)
{
	struct run *run = &h->runs[h->n_runs - 1];
	bool weftd = h->now >= h->weftd_down && !h->died;

	if (!calm(h) && peer_chance(&h->random, 5))
		h->proxy_down = h->now + (time_t)peer_below(&h->random, 500);
	if (!h->proxy_gone && peer_chance(&h->random, 1) && peer_chance(&h->random, 300))
		h->proxy_gone = true;
	if (h->proxy_gone || h->now < h->proxy_down || !weftd)
		return;
	/* On disk now and then, as in weftd/runs.c.  What should be and is not was not heard. */
	if (run->h.step != WEFT_HANDOVER_OVER &&
	    (weft_handover_renew(&run->h, &h->rules, h->now) ||
	     h->now >= run->written + (time_t)h->rules.lease / 8) &&
	    !save(h, run) && run->written != h->now)
		return;
	run->asked = h->now;
	run->heard = run->overdue = run->starts = 0;
	if (h->died)
		return;
	if (run->h.step == WEFT_HANDOVER_OVER) {
		/* Requeued after it was cancelled: a new run. */
		if (run->h.end == WEFT_HANDOVER_CANCELLED && !calm(h) && h->n_runs < h->max_runs)
			begin(h);
		return;
	}
	if (!calm(h) && !run->wanted_cancel && peer_chance(&h->random, 3)) {
		weft_handover_cancel(&run->h, "scancel at home");
		run->wanted_cancel = save(h, run) || run->wanted_cancel;
	}
}

static void disturb(struct history *h)
{
	struct peer *p = &h->peer;

	if (calm(h)) {
		p->faults = 0;
		p->lies = false;
		return;
	}
	if (peer_chance(&h->random, 4))
		p->down = h->now + (time_t)peer_below(&h->random, 600);
	if (peer_chance(&h->random, 3))
		p->db_down = h->now + (time_t)peer_below(&h->random, 600);
	if (peer_chance(&h->random, 10))
		peer_add(p, PEER_FOREIGN, 0, 0, h->now);
	if (peer_chance(&h->random, 8) || !p->has_saved) {
		p->saved = p->ctld;
		p->has_saved = true;
	}
	if (h->number % 3 == 0 && peer_chance(&h->random, 2))
		peer_restore(p, h->now);
	for (unsigned i = 0; i < p->ctld.n; i++) {
		if (p->ctld.jobs[i].state == WEFT_REST_RUNNING && peer_chance(&h->random, 6))
			peer_node_fails(p, &p->ctld.jobs[i], h->now);
		else if (p->ctld.jobs[i].run >= 0 && peer_alive(&p->ctld.jobs[i]) && !p->ctld.jobs[i].held &&
			 h->number % 7 == 0 && peer_chance(&h->random, 1)) {
			p->killed = true; /* by somebody there */
			peer_end(p, &p->ctld.jobs[i], WEFT_REST_CANCELLED, 0, h->now);
		}
	}
}

/* ---------------------------------------------------------------- what must hold */

static bool works(const struct history *h, int i, bool ghosts)
{
	for (unsigned k = 0; k < h->peer.n_processes; k++) {
		const struct peer_process *process = &h->peer.processes[k];

		if (process->alive && process->working && process->run == i && (ghosts || !process->ghost))
			return true;
	}
	return false;
}

/* While a run goes on, too, its other copies go. */
static bool has_surplus(const struct history *h, int i)
{
	const struct weft_handover *record = &h->runs[i].h;

	for (unsigned k = 0; k < h->peer.ctld.n; k++) {
		const struct peer_job *job = &h->peer.ctld.jobs[k];

		if (job->run == i && peer_alive(job) && record->id && job->id != record->id &&
		    job->submit - h->peer.skew + 120 < h->now)
			return true;
	}
	return false;
}

/* The lease of RUN. */
static void check_lease(struct history *h, struct run *run)
{
	if (h->died || run->h.step == WEFT_HANDOVER_OVER)
		return;
	run->heard += TICK;
	if (h->now > run->asked + (time_t)h->rules.lease)
		run->overdue += TICK;
	/* Of each of its lives what came after the last look is not counted. */
	HOLDS(h, run->overdue <= (time_t)h->rules.grace + 25 * (1 + run->starts) || run->h.cancel);
}

/* What is said of the end of run I is true. */
static void judge(struct history *h, int i)
{
	struct run *run = &h->runs[i];
	const struct weft_handover *record = &run->h;
	const struct peer *p = &h->peer;
	const struct peer_marks *marks = &p->marks[i];

	run->judged = true;
	seen.ends[record->end]++;
	seen.attempts += record->attempt;
	switch (record->end) {
	case WEFT_HANDOVER_ENDED:
		HOLDS(h, record->id);
		if (record->state == WEFT_REST_COMPLETED || record->state == WEFT_REST_FAILED)
			HOLDS(h, marks->completions == 1 && record->exit_status == marks->code << 8);
		else
			HOLDS(h, p->killed || p->restored || run->wanted_cancel || record->cancel);
		break;
	case WEFT_HANDOVER_CANCELLED:
		HOLDS(h, record->cancel);
		HOLDS(h, !works(h, i, true));
		break;
	case WEFT_HANDOVER_REFUSED:
		HOLDS(h, p->refuses && p->submits == 0);
		break;
	case WEFT_HANDOVER_LOST:
		HOLDS(h, !h->rules.rerun && (p->restored || !p->has_db));
		HOLDS(h, !works(h, i, true));
		break;
	case WEFT_HANDOVER_NOT_OVER:
		HOLDS(h, record->end != WEFT_HANDOVER_NOT_OVER);
	}
}

static void check(struct history *h)
{
	bool up = !h->died && h->now >= h->weftd_down && h->now >= h->peer.down && calm(h);

	if (!up)
		h->clear = h->now;
	for (unsigned i = 0; i < h->n_runs; i++) {
		struct run *run = &h->runs[i];

		check_lease(h, run);
		HOLDS(h, h->peer.marks[i].completions <= 1);
		HOLDS(h, !h->peer.marks[i].twice);
		if (run->h.step == WEFT_HANDOVER_OVER && !run->judged && !h->died)
			judge(h, (int)i);
		if (h->now > run->asked + (time_t)h->rules.lease + 120 && h->now > h->clear + 120)
			HOLDS(h, !works(h, (int)i, false));
		if (h->now > h->clear + 120)
			HOLDS(h, !has_surplus(h, (int)i));
	}
}

static bool all_over(const struct history *h)
{
	return !h->died && h->runs[h->n_runs - 1].h.step == WEFT_HANDOVER_OVER;
}

static void check_end(struct history *h)
{
	const struct peer *p = &h->peer;

	for (unsigned i = 0; i < p->ctld.n; i++)
		HOLDS(h, p->ctld.jobs[i].run == PEER_FOREIGN || !peer_alive(&p->ctld.jobs[i]));
	for (unsigned i = 0; i < h->n_runs; i++) {
		const struct run *run = &h->runs[i];

		if (!run->h.cancel && !p->killed && !p->refuses && run->h.end != WEFT_HANDOVER_LOST)
			HOLDS(h, run->h.end == WEFT_HANDOVER_ENDED &&
					 (p->marks[i].completions == 1 || p->restored));
	}
	seen.histories++;
	seen.restores += p->restores;
	seen.lates += p->lates;
	seen.requeued += p->requeued;
	seen.ghosts += p->ghosts;
	seen.refusals += p->refusals;
}

/* ---------------------------------------------------------------- a history */

static void set_up(struct history *h, unsigned long number)
{
	struct peer *p = &h->peer;

	memset(h, 0, sizeof(*h));
	h->number = number;
	h->random.state = (number + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
	for (int i = 0; i < 4; i++)
		peer_below(&h->random, 2);
	h->now = ZERO;
	p->random = &h->random;
	p->new_release = peer_below(&h->random, 2);
	p->has_db = peer_below(&h->random, 4) > 0;
	p->requeues = peer_below(&h->random, 3) > 0;
	p->refuses = peer_below(&h->random, 40) == 0;
	p->lies = peer_below(&h->random, 10) == 0;
	p->skew = (int)peer_below(&h->random, 121) - 60;
	p->limit = 60 + peer_below(&h->random, 600);
	p->min_age = 15 + (time_t)peer_below(&h->random, 300);
	p->script = peer_below(&h->random, 10) ? (time_t)peer_below(&h->random, p->limit - 20)
					       : (time_t)p->limit + 50;
	p->code = peer_below(&h->random, 2) ? 0 : 3;
	p->faults = peer_below(&h->random, 3) * peer_below(&h->random, 30);
	h->deadly = peer_below(&h->random, 3) * peer_below(&h->random, 60);
	p->ctld.next_id = 1;
	h->rules = (struct weft_handover_rules){
		.limit = p->limit,
		.allowance = 200 + peer_below(&h->random, 2500),
		.slack = 150,
		.late = 60,
		.lease = 200 + peer_below(&h->random, 800),
		.grace = 60,
		.rerun = peer_below(&h->random, 3) > 0,
	};
	h->max_runs = 1 + peer_below(&h->random, PEER_RUNS);
	begin(h);
}

static void live(unsigned long number)
{
	static struct history h;
	time_t over = 0, last;

	set_up(&h, number);
	last = ZERO + DISTURBED + 6 * (time_t)(h.rules.allowance + h.rules.limit + h.rules.slack) + 5000;
	for (; h.now < last && (!over || h.now < over + 2 * PATIENCE); h.now += TICK) {
		disturb(&h);
		peer_tick(&h.peer, h.now);
		if (h.died && h.now >= h.weftd_down)
			reload(&h);
		home(&h);
		if (!h.died && h.now >= h.poll)
			cycle(&h);
		check(&h);
		if (!over && calm(&h) && all_over(&h))
			over = h.now;
	}
	HOLDS(&h, over);
	check_end(&h);
}

START_TEST(histories)
{
	const char *number = getenv("WEFT_HISTORIES"), *one = getenv("WEFT_HISTORY");
	unsigned long n = number ? strtoul(number, NULL, 10) : HISTORIES;

	if (one) {
		live(strtoul(one, NULL, 10));
		return;
	}
	for (unsigned long i = 0; i < n; i++)
		live(i);
	printf("%lu histories, %lu runs: %lu ended, %lu cancelled, %lu refused, %lu lost; %lu attempts, %lu "
	       "surplus copies "
	       "seen, %lu kills of weftd, %lu restores, %lu late requests, %lu requeues there, %lu left on "
	       "nodes, %lu found "
	       "again, %lu kept from working\n",
	       seen.histories, seen.runs, seen.ends[WEFT_HANDOVER_ENDED], seen.ends[WEFT_HANDOVER_CANCELLED],
	       seen.ends[WEFT_HANDOVER_REFUSED], seen.ends[WEFT_HANDOVER_LOST], seen.attempts, seen.surplus,
	       seen.kills, seen.restores, seen.lates, seen.requeued, seen.ghosts, seen.lost_found,
	       seen.refusals);
	for (int i = WEFT_HANDOVER_ENDED; i <= WEFT_HANDOVER_LOST; i++)
		ck_assert(n < HISTORIES || seen.ends[i]);
	ck_assert(n < HISTORIES || (seen.surplus && seen.kills && seen.restores && seen.lates &&
				    seen.ghosts && seen.lost_found));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("handover_histories");
	TCase *tcase = tcase_create("histories");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 0);
	tcase_add_test(tcase, histories);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
