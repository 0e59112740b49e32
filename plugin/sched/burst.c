/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * burst.c - look, plan, open and close.
 */
#include "plugin/sched/burst.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/burst_gate.h"
#include "core/burst_plan.h"
#include "plugin/compat/backlog.h"
#include "plugin/compat/host.h"
#include "plugin/sched/orders.h"
#include "plugin/sched/snapshot.h"
#include "plugin/sched/ways.h"

#define EVERY	    3	 /* s from one pass to the next */
#define LAZINESS    20	 /* and at least so many times as long as one takes */
#define SAY_EVERY   60	 /* s; so often at most a job is told something new about the same place */
#define MAX_REASONS 1000 /* jobs whose reason is written again each second */
#define MAX_LOG	    (8u * 1024 * 1024) /* bytes, of one pass */
#define MEMORY	    0.98 /* what a job that has ended counts less with each one that ends after it */
#define FEW	    20.0 /* limits, in hours, below which what ran is not taken for the rule */

/* What a job was told last, and what was decided last. */
struct told {
	uint32_t job;
	bool decided, go;
	char peer[WEFT_GATE_MAX_NAME];
	char text[WEFT_ORDER_TEXT];
	time_t when;
};

static struct {
	struct told *told; /* by job */
	size_t n_told;
	struct weft_orders reasons; /* of those that wait for another site alone: Slurm empties the reason */
	double ran, allowed;	    /* h */
	time_t looked;		    /* when jobs that ended were last looked for */
	int64_t next;		    /* ms, of the monotonic clock */
	const struct weft_view *view; /* that was checked, held */
	char log_error[WEFT_ERR_SIZE];
	bool any; /* is a gate open? */
} self;

struct pass {
	const struct weft_view *view;
	const struct weft_conf *conf;
	const struct weft_sites *sites;	   /* NULL: not known */
	const struct weft_site_run **runs; /* of SITES, by job */
	time_t now;
	struct weft_backlog backlog;
	struct weft_burst_site places[WEFT_CONF_MAX_PEERS];
	struct weft_orders orders;
	struct told *told;
	size_t n_told;
	struct weft_gate *gates;
	size_t n_gates;
	char *log;
	size_t log_len;
	bool wake;
};

static int64_t milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool weft_burst_wanted(const struct weft_view *view)
{
	return view && !view->broken.text[0] && view->inventory && view->conf && view->conf->n_peers;
}

/* ---------------------------------------------------------------- telling */

static int by_job(const void *x, const void *y)
{
	const struct told *a = x, *b = y;

	return (a->job > b->job) - (a->job < b->job);
}

static const struct told *told_before(uint32_t job)
{
	struct told key = { .job = job };

	return self.n_told ? bsearch(&key, self.told, self.n_told, sizeof(key), by_job) : NULL;
}

/* JOB shall know TEXT, about PEER ("": none). */
static void tell(struct pass *p, uint32_t job, bool decided, bool go, const char *peer, const char *text)
{
	const struct told *old = told_before(job);
	struct told *t = &p->told[p->n_told++];
	struct weft_order *o;
	bool same = old && old->decided == decided && old->go == go && !xstrcmp(old->peer, peer);

	*t = (struct told){ .job = job, .decided = decided, .go = go, .when = p->now };
	snprintf(t->peer, sizeof(t->peer), "%s", peer);
	snprintf(t->text, sizeof(t->text), "weft: %s", text);
	if (same && (!xstrcmp(old->text, t->text) ||
		     (decided && p->now >= old->when && p->now < old->when + SAY_EVERY))) {
		t->when = old->when;
		snprintf(t->text, sizeof(t->text), "%s", old->text);
		return;
	}
	o = weft_orders_add(&p->orders, WEFT_ORDER_COMMENT, job);
	snprintf(o->text, sizeof(o->text), "%s", t->text);
}

/* ---------------------------------------------------------------- outcomes */

static void add_to_log(struct pass *p, const char *line)
{
	size_t len = strlen(line);

	if (p->log_len + len + 2 > MAX_LOG)
		return;
	xrealloc(p->log, p->log_len + len + 2);
	memcpy(p->log + p->log_len, line, len);
	p->log[p->log_len + len] = '\n';
	p->log_len += len + 1;
}

static void on_decision(const struct weft_burst_case *c, const struct weft_burst_answer *answer, void *arg)
{
	const struct told *old = told_before(c->job);
	bool go = answer->verdict == WEFT_BURST_GO;
	struct pass *p = arg;
	char *line;

	if (!p->conf->burst.log || (old && old->decided && old->go == go &&
				    (!go || !xstrcmp(old->peer, c->peers[answer->peer].name))))
		return;
	line = weft_burst_record(&p->conf->burst, c, answer);
	if (line)
		add_to_log(p, line);
	free(line);
}

static void open_gate(struct pass *p, const struct weft_burst_waiter *w, uint32_t go,
		      const struct weft_burst_way *way)
{
	const char *peer = p->conf->peers[way->site].name;
	struct weft_gate *gate = &p->gates[p->n_gates++];

	*gate = (struct weft_gate){ .job = w->job, .stay = w->tasks > go ? w->tasks - go : 0 };
	snprintf(gate->peer, sizeof(gate->peer), "%s", peer);
	snprintf(gate->gres, sizeof(gate->gres), "%s", way->gres);
	p->wake = p->wake || !weft_gate_is_open(w->job, peer, w->tasks, NULL, 0);
}

static void on_outcome(const struct weft_burst_waiter *w, const struct weft_burst_answer *answer, uint32_t go,
		       const struct weft_burst_way *way, void *arg)
{
	bool only = w->ask->wish.mode == WEFT_BURST_ONLY;
	const char *start = go ? "may go to" : only ? "waits for another site;" : "waits here;";
	char text[WEFT_ORDER_TEXT];
	struct pass *p = arg;

	snprintf(text, sizeof(text), "%s %s", start, answer->why);
	tell(p, w->job, true, go > 0, go ? p->conf->peers[way->site].name : "", text);
	if (go) {
		open_gate(p, w, go, way);
	} else if (only && self.reasons.n < MAX_REASONS) {
		struct weft_order *o = weft_orders_add(&self.reasons, WEFT_ORDER_REASON, w->job);

		snprintf(o->text, sizeof(o->text), "Weft: %s",
			 p->told[p->n_told - 1].text + strlen("weft: "));
	}
}

/* ---------------------------------------------------------------- what runs at peers */

static int by_run(const void *x, const void *y)
{
	const struct weft_site_run *a = *(const struct weft_site_run *const *)x,
				   *b = *(const struct weft_site_run *const *)y;

	return (a->job > b->job) - (a->job < b->job);
}

static void sort_runs(struct pass *p)
{
	if (!p->sites || !p->sites->n_runs)
		return;
	p->runs = xcalloc(p->sites->n_runs, sizeof(*p->runs));
	for (unsigned i = 0; i < p->sites->n_runs; i++)
		p->runs[i] = &p->sites->runs[i];
	qsort(p->runs, p->sites->n_runs, sizeof(*p->runs), by_run);
}

static const struct weft_site_run *run_of(const struct pass *p, uint32_t job)
{
	struct weft_site_run key = { .job = job };
	const struct weft_site_run *at = &key, **found;

	if (!p->runs)
		return NULL;
	found = bsearch(&at, p->runs, p->sites->n_runs, sizeof(*p->runs), by_run);
	return found ? *found : NULL;
}

static bool is_for(const struct weft_site_refusal *r, const struct weft_backlog_job *job)
{
	return r->job == job->id && r->uid == job->uid;
}

/* What weftd said when JOB was to be handed to PEER; NULL: nothing, or not lately. */
static const char *refusal_of(const struct pass *p, const struct weft_backlog_job *job, const char *peer)
{
	for (unsigned i = 0; p->sites && i < p->sites->n_refusals; i++) {
		const struct weft_site_refusal *r = &p->sites->refusals[i];

		if (is_for(r, job) && !xstrcmp(r->peer, peer))
			return r->why;
	}
	return NULL;
}

/* "at beta: 8 gpu:h100, remote job 345 RUNNING" */
static void tell_running(struct pass *p, const struct weft_backlog_job *job)
{
	const char *peer = p->conf->peers[job->peer].name;
	const struct weft_site_run *run = run_of(p, job->id);
	char text[WEFT_ORDER_TEXT], what[96] = "", remote[96] = "";

	if (job->class_id >= 0)
		snprintf(what, sizeof(what), ": %u %s", job->cards,
			 weft_inventory_class(p->view->inventory, job->class_id)->label);
	if (run && !xstrcmp(run->peer, peer) && run->remote_id)
		snprintf(remote, sizeof(remote), ", remote job %u %.32s", run->remote_id, run->state);
	snprintf(text, sizeof(text), "at %s%s%s", peer, what, remote);
	tell(p, job->id, false, true, peer, text);
}

/* ---------------------------------------------------------------- looking */

static void say_lines(char *lines)
{
	char *rest = lines, *line;

	while (rest && (line = strsep(&rest, "\n"))) {
		if (line[0])
			weft_host_log(true, line);
	}
	xfree(lines);
}

static bool look(struct pass *p)
{
	slurmctld_lock_t locks = {
		.conf = READ_LOCK, .job = READ_LOCK, .node = READ_LOCK, .part = READ_LOCK
	};
	bool can = false, is_new = self.view != p->view;
	char *misfits = NULL;

	lock_slurmctld(locks);
	if (job_list && !slurmctld_config.shutdown_time) {
		weft_backlog_look(&p->backlog, p->view, self.looked ? self.looked : p->now);
		if (is_new)
			misfits = weft_backlog_misfits(&p->backlog, p->view);
		can = true;
	}
	unlock_slurmctld(locks);
	if (can && is_new) {
		weft_view_put(self.view);
		self.view = weft_view_hold(p->view);
	}
	say_lines(misfits);
	return can;
}

/* Of their limits jobs run so much, on the whole. */
static void learn(const struct weft_backlog *b, time_t now)
{
	double n = b->allowed / 3600;

	self.looked = now;
	if (n > 0) {
		self.ran = self.ran * MEMORY + b->ran / 3600;
		self.allowed = self.allowed * MEMORY + n;
	}
}

static double scale(void)
{
	double s = self.allowed >= FEW ? self.ran / self.allowed : 1;

	return s < 0.05 ? 0.05 : s > 1 ? 1 : s;
}

static void find_places(struct pass *p)
{
	for (size_t i = 0; i < p->conf->n_peers; i++)
		p->places[i] = (struct weft_burst_site){
			.name = p->conf->peers[i].name,
			.open = p->backlog.nodes[i] >= 0 && p->backlog.up[i],
			.seen = p->sites ? weft_sites_peer(p->sites, p->conf->peers[i].name) : NULL
		};
}

/* ---------------------------------------------------------------- planning */

struct thought {
	struct weft_burst_waiter *waiting;
	struct weft_burst_runner *running;
	struct weft_burst_ask *asks;
	struct weft_burst_refusal *refusals;
	size_t n_waiting, n_running, n_asks, n_refusals;
	struct weft_ways *ways;
};

/* JOB is on the node of a peer, and weftd does not hand it over, or the peer refuses it.  One that may run at
 * home as well goes back to wait. */
static void send_home(struct pass *p, const struct weft_backlog_job *job)
{
	const char *why = refusal_of(p, job, p->conf->peers[job->peer].name);
	struct weft_burst_wish wish = { .mode = WEFT_BURST_ONLY };
	struct weft_err ignored = WEFT_ERR_INIT;

	if (!why || run_of(p, job->id) || !job->burst || weft_burst_parse(job->burst, &wish, &ignored))
		return;
	if (wish.mode != WEFT_BURST_ONLY)
		snprintf(weft_orders_add(&p->orders, WEFT_ORDER_REQUEUE, job->id)->text, WEFT_ORDER_TEXT,
			 "weft: %s does not take it: %.150s", p->conf->peers[job->peer].name, why);
	weft_burst_clear(&wish);
}

static void add_running(struct pass *p, struct thought *t, const struct weft_backlog_job *job)
{
	struct weft_burst_runner *r = &t->running[t->n_running];
	const struct weft_site_run *run = job->peer == WEFT_HOME ? NULL : run_of(p, job->id);

	if (job->peer != WEFT_HOME) {
		tell_running(p, job);
		send_home(p, job);
	}
	if (job->class_id < 0 || !job->cards || (run && !xstrcmp(run->state, "RUNNING")))
		return; /* what runs there is in what the peer says of itself */
	*r = (struct weft_burst_runner){
		.site = job->peer, .class_id = job->class_id, .cards = job->cards, .end = job->end
	};
	snprintf(r->gres, sizeof(r->gres), "%s",
		 weft_inventory_class(p->view->inventory, job->class_id)->label);
	t->n_running++;
}

/* A job that was at a peer when it was requeued: is it to start there again, and nowhere else?  As long as
 * weftd has something of it: a run that goes on there, or one that has ended and whose output is to be
 * brought home. */
static bool goes_on(struct pass *p, const struct weft_backlog_job *job)
{
	const struct weft_site_run *run = run_of(p, job->id);
	char text[WEFT_ORDER_TEXT];

	if (!run && p->sites && p->sites->made > job->submit) {
		weft_orders_add(&p->orders, WEFT_ORDER_FREE, job->id);
		return false;
	}
	snprintf(text, sizeof(text), run ? "goes on at %s" : "waits to hear whether it runs on at %s",
		 job->at);
	tell(p, job->id, false, true, job->at, text);
	if (run && p->gates) {
		struct weft_gate *gate = &p->gates[p->n_gates++];

		*gate = (struct weft_gate){ .job = job->id };
		snprintf(gate->peer, sizeof(gate->peer), "%s", job->at);
		if (job->class_id >= 0)
			snprintf(gate->gres, sizeof(gate->gres), "%s",
				 weft_inventory_class(p->view->inventory, job->class_id)->label);
		p->wake = p->wake || !weft_gate_is_open(job->id, job->at, 1, NULL, 0);
	}
	return true;
}

/* A limit that shows when the job is to start there must not close the gate, for then Slurm would no longer
 * see it, and the gate would open again. */
static void keep(struct pass *p, const struct weft_backlog_job *job)
{
	const struct told *old = told_before(job->id);
	struct weft_gate gate;

	if (old)
		p->told[p->n_told++] = *old;
	if (!weft_gate_of(job->id, &gate))
		return;
	for (size_t i = 0; i < p->conf->n_peers; i++) {
		const struct weft_burst_site *place = &p->places[i];

		if (!xstrcmp(place->name, gate.peer) && place->open && place->seen && place->seen->open &&
		    p->gates)
			p->gates[p->n_gates++] = gate;
	}
}

static void add_refusals(struct pass *p, struct thought *t, struct weft_burst_waiter *w,
			 const struct weft_backlog_job *job)
{
	w->refusals = t->refusals + t->n_refusals;
	for (unsigned i = 0; p->sites && i < p->sites->n_refusals; i++) {
		const struct weft_site_refusal *r = &p->sites->refusals[i];
		const struct weft_conf_peer *peer =
			is_for(r, job) ? weft_conf_find_peer(p->conf, r->peer) : NULL;

		if (peer && t->n_refusals < p->sites->n_refusals) {
			t->refusals[t->n_refusals++] =
				(struct weft_burst_refusal){ (unsigned)(peer - p->conf->peers), r->why };
			w->n_refusals++;
		}
	}
}

static void add_waiting(struct pass *p, struct thought *t, const struct weft_backlog_job *job)
{
	struct weft_burst_waiter *w = &t->waiting[t->n_waiting];
	struct weft_burst_ask *ask = &t->asks[t->n_asks];
	struct weft_err ignored = WEFT_ERR_INIT;

	*w = (struct weft_burst_waiter){ .job = job->id,
					 .tasks = job->tasks,
					 .priority = job->priority,
					 .eligible = job->eligible,
					 .start = job->start,
					 .seconds = job->seconds,
					 .class_id = job->at_home && job->cards ? job->class_id : -1,
					 .cards = job->cards };
	if (job->burst && !weft_burst_parse(job->burst, &ask->wish, &ignored)) {
		ask->ways = weft_ways_of(t->ways, job, &ask->n_ways);
		w->ask = ask;
		t->n_asks++;
		add_refusals(p, t, w, job);
	}
	if (w->ask || w->class_id >= 0)
		t->n_waiting++;
}

static void gather(struct pass *p, struct thought *t)
{
	size_t n = p->backlog.n;

	t->waiting = xcalloc(n + 1, sizeof(*t->waiting));
	t->running = xcalloc(n + 1, sizeof(*t->running));
	t->asks = xcalloc(n + 1, sizeof(*t->asks));
	t->refusals = xcalloc((p->sites ? p->sites->n_refusals : 0) + 1, sizeof(*t->refusals));
	t->ways = weft_ways_open(p->view, &p->backlog);
	p->told = xcalloc(n + 1, sizeof(*p->told));
	for (size_t i = 0; i < n; i++) {
		if (p->backlog.jobs[i].running)
			add_running(p, t, &p->backlog.jobs[i]);
		else if (p->backlog.jobs[i].at && goes_on(p, &p->backlog.jobs[i]))
			continue;
		else if (p->backlog.jobs[i].limited)
			keep(p, &p->backlog.jobs[i]);
		else
			add_waiting(p, t, &p->backlog.jobs[i]);
	}
}

static void clear_thought(struct thought *t)
{
	for (size_t i = 0; i < t->n_asks; i++)
		weft_burst_clear(&t->asks[i].wish);
	weft_ways_close(t->ways);
	xfree(t->waiting);
	xfree(t->running);
	xfree(t->refusals);
	xfree(t->asks);
}

static void decide(struct pass *p)
{
	struct thought t = { 0 };
	struct weft_burst_plan plan;

	p->gates = calloc(p->backlog.n + 1, sizeof(*p->gates));
	gather(p, &t);
	plan = (struct weft_burst_plan){ .conf = &p->conf->burst,
					 .now = p->now,
					 .scale = scale(),
					 .cards = p->backlog.cards,
					 .n_classes = p->backlog.n_classes,
					 .running = t.running,
					 .n_running = t.n_running,
					 .waiting = t.waiting,
					 .n_waiting = t.n_waiting,
					 .sites = p->places,
					 .n_sites = p->conf->n_peers,
					 .decided = on_decision,
					 .outcome = on_outcome,
					 .arg = p };
	self.reasons.n = 0;
	if (t.n_asks && (!p->gates || weft_burst_plan_make(&plan)))
		weft_host_log(true, "out of memory: no job goes to another site");
	clear_thought(&t);
}

/* ---------------------------------------------------------------- acting */

/* A new file each time, so that one that was moved away is left alone. */
static void write_log(struct pass *p)
{
	const char *path = p->conf->burst.log;
	struct weft_err err = WEFT_ERR_INIT;
	int fd;

	if (!path || !p->log_len)
		return;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0640);
	if (fd < 0 || write(fd, p->log, p->log_len) != (ssize_t)p->log_len)
		weft_err(&err, "BurstLog %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (err.text[0] && strcmp(err.text, self.log_error) != 0)
		weft_host_log(true, err.text);
	snprintf(self.log_error, sizeof(self.log_error), "%s", err.text);
}

static void remember(struct pass *p)
{
	if (p->n_told)
		qsort(p->told, p->n_told, sizeof(*p->told), by_job);
	xfree(self.told);
	self.told = p->told;
	self.n_told = p->n_told;
	p->told = NULL;
}

static void act(struct pass *p)
{
	self.any = p->n_gates;
	weft_gates_set(p->gates, p->n_gates);
	p->gates = NULL;
	if (p->wake)
		weft_orders_add(&p->orders, WEFT_ORDER_WAKE, 0);
	weft_orders_carry_out(&p->orders);
	write_log(p);
	remember(p);
}

static void full_pass(const struct weft_view *view)
{
	struct pass p = { .view = view, .conf = view->conf, .now = time(NULL) };

	p.sites = weft_snapshot_refresh(p.conf, p.now);
	if (look(&p)) {
		learn(&p.backlog, p.now);
		find_places(&p);
		sort_runs(&p);
		decide(&p);
		act(&p);
	}
	weft_backlog_clear(&p.backlog);
	xfree(p.runs);
	xfree(p.log);
}

/* Slurm takes the reason back whenever it tries the job. */
static void say_reasons_again(void)
{
	weft_steer(self.reasons.list, self.reasons.n);
}

void weft_burst_pass(const struct weft_view *view)
{
	int64_t began = milliseconds();

	if (!weft_burst_wanted(view)) {
		if (self.any || self.view)
			weft_burst_forget();
		return;
	}
	if (began >= self.next) {
		full_pass(view);
		self.next = began + MAX(EVERY * 1000, LAZINESS * (milliseconds() - began));
	}
	say_reasons_again();
}

void weft_burst_forget(void)
{
	weft_gates_forget();
	weft_snapshot_forget();
	weft_view_put(self.view);
	xfree(self.told);
	xfree(self.reasons.list);
	memset(&self, 0, sizeof(self));
}
