/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handover.c - how a job is handed to a peer so that it runs there once.
 */
#include "core/handover.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PAUSE 300 /* s */

void weft_handover_begin(struct weft_handover *h, time_t now)
{
	*h = (struct weft_handover){ .attempt = 1, .renewed = now };
}

static bool lease_is_over(const struct weft_handover *h, const struct weft_handover_rules *rules, time_t now)
{
	return now > h->renewed + (time_t)rules->lease;
}

bool weft_handover_renew(struct weft_handover *h, const struct weft_handover_rules *rules, time_t now)
{
	bool due = lease_is_over(h, rules, now); /* WAITED may be on disk */

	h->renewed = now;
	h->waited = 0;
	return due;
}

bool weft_handover_attend(struct weft_handover *h, const struct weft_handover_rules *rules, time_t now,
			  unsigned seconds)
{
	if (h->step == WEFT_HANDOVER_OVER || h->waited >= rules->grace || seconds == 0)
		return false;
	h->waited = seconds < rules->grace - h->waited ? h->waited + seconds : rules->grace;
	return lease_is_over(h, rules, now);
}

struct weft_handover weft_handover_kept(const struct weft_handover *h,
					const struct weft_handover_rules *rules, time_t now)
{
	struct weft_handover kept = *h;

	if (!lease_is_over(h, rules, now))
		kept.waited = 0;
	return kept;
}

unsigned weft_handover_pause(unsigned failures, uint32_t random)
{
	unsigned pause = failures == 0 ? 0 : failures > 8 ? MAX_PAUSE : 1u << failures;

	if (pause > MAX_PAUSE)
		pause = MAX_PAUSE;
	return pause + (pause ? random % (pause / 2 + 1) : 0);
}

time_t weft_handover_dead(const struct weft_handover *h, const struct weft_handover_rules *rules)
{
	return h->deadline + (time_t)rules->limit + (time_t)rules->slack;
}

/* Texts of a peer are kept as printable ASCII: a cut in the middle of a character would make the record
 * unreadable. */
static void keep(char *buf, size_t size, const char *text)
{
	size_t i = 0;

	for (; text[i] && i + 1 < size; i++)
		buf[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	buf[i] = '\0';
}

static void say(struct weft_handover *h, const char *why)
{
	keep(h->why, sizeof(h->why), why);
}

static void fail(struct weft_handover *h, const char *why, time_t now, uint32_t random)
{
	if (why)
		say(h, why);
	if (h->failures < 1000)
		h->failures++;
	h->not_before = now + (time_t)weft_handover_pause(h->failures, random);
}

static void over(struct weft_handover *h, enum weft_handover_end end)
{
	h->step = WEFT_HANDOVER_OVER;
	h->end = end;
	h->lost = 0;
}

void weft_handover_cancel(struct weft_handover *h, const char *why)
{
	if (h->step == WEFT_HANDOVER_OVER || h->cancel)
		return;
	h->cancel = true;
	say(h, why);
}

/* ---------------------------------------------------------------- what is to be seen */

static bool is_alive(const struct weft_rest_seen *seen)
{
	return seen->state == WEFT_REST_PENDING || seen->state == WEFT_REST_RUNNING;
}

/* The chosen copy of this attempt; an id alone does not do: after a restore another job may have it. slurmdbd
 * may tell of each time that the peer ran it: the last counts. */
static const struct weft_rest_seen *chosen(const struct weft_handover *h,
					   const struct weft_handover_copy *copies, size_t n)
{
	const struct weft_rest_seen *last = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct weft_rest_seen *seen = copies[i].seen;

		if (copies[i].attempt == h->attempt && seen->id == h->id &&
		    (!last || seen->submit >= last->submit))
			last = seen;
	}
	return last;
}

/* The one to be chosen of this attempt: one that is alive, of those the first. */
static const struct weft_rest_seen *candidate(const struct weft_handover *h,
					      const struct weft_handover_sight *sight)
{
	const struct weft_rest_seen *best = NULL;

	for (size_t i = 0; i < sight->n; i++) {
		const struct weft_rest_seen *seen = sight->copies[i].seen;

		if (sight->copies[i].attempt != h->attempt)
			continue;
		if (!best || (is_alive(seen) && !is_alive(best)) ||
		    (is_alive(seen) == is_alive(best) && seen->id < best->id))
			best = seen;
	}
	return best;
}

bool weft_handover_surplus(const struct weft_handover *h, const struct weft_handover_copy *copy)
{
	if (!is_alive(copy->seen))
		return false;
	if (!h || h->cancel || h->step == WEFT_HANDOVER_OVER || copy->attempt != h->attempt)
		return true;
	return h->id && copy->seen->id != h->id;
}

static void note(struct weft_handover *h, const struct weft_rest_seen *seen)
{
	h->state = seen->state;
	h->submitted = seen->submit;
	h->lost = 0;
	if (seen->state == WEFT_REST_PENDING) {
		if (!seen->held && !h->predicted)
			h->predicted = seen->start;
		h->started = 0; /* the peer may have requeued it */
	} else {
		/* slurmctld says of one that was cancelled while it waited that it began and ended then. */
		h->started = seen->state == WEFT_REST_CANCELLED && seen->end <= seen->start ? 0 : seen->start;
	}
	h->ended = is_alive(seen) ? 0 : seen->end;
	h->exit_status = is_alive(seen) ? 0 : seen->exit_status;
	keep(h->nodes, sizeof(h->nodes), seen->nodes);
	keep(h->tres, sizeof(h->tres), seen->gres);
}

/* ---------------------------------------------------------------- steps */

static enum weft_handover_act submit(struct weft_handover *h, const struct weft_handover_rules *rules,
				     time_t now)
{
	if (h->cancel) {
		over(h, WEFT_HANDOVER_CANCELLED);
		return WEFT_HANDOVER_WAIT;
	}
	if (now < h->not_before)
		return WEFT_HANDOVER_WAIT;
	h->step = WEFT_HANDOVER_SUBMITTED;
	h->sent = now;
	h->deadline = now + (time_t)rules->allowance + (time_t)rules->limit;
	return WEFT_HANDOVER_SUBMIT;
}

/* Safe only when no copy of this attempt can ever work: none was released, or all that were are dead. */
static enum weft_handover_act try_anew(struct weft_handover *h, const struct weft_handover_rules *rules,
				       time_t now, uint32_t random, const char *why)
{
	h->step = WEFT_HANDOVER_NEW;
	h->attempt++;
	h->id = 0;
	h->lost = 0;
	h->state = WEFT_REST_PENDING;
	h->submitted = h->started = h->ended = 0;
	h->nodes[0] = h->tres[0] = '\0';
	fail(h, h->cancel ? NULL : why, now, random);
	return submit(h, rules, now);
}

static enum weft_handover_act has_ended(struct weft_handover *h, const struct weft_handover_rules *rules,
					time_t now, uint32_t random, const struct weft_rest_seen *seen)
{
	note(h, seen);
	if (seen->state == WEFT_REST_DEADLINE) /* it was waiting, and waits no more */
		return try_anew(h, rules, now, random, "it waited at the peer until its deadline there");
	over(h,
	     h->cancel && seen->state == WEFT_REST_CANCELLED ? WEFT_HANDOVER_CANCELLED : WEFT_HANDOVER_ENDED);
	return WEFT_HANDOVER_WAIT;
}

static enum weft_handover_act release(struct weft_handover *h, time_t now)
{
	if (h->cancel || now < h->not_before)
		return WEFT_HANDOVER_WAIT;
	h->step = WEFT_HANDOVER_RELEASED;
	return WEFT_HANDOVER_RELEASE;
}

/* A released copy is there: follow it. */
static enum weft_handover_act follow(struct weft_handover *h, const struct weft_handover_rules *rules,
				     time_t now, uint32_t random, const struct weft_rest_seen *seen)
{
	if (!is_alive(seen))
		return has_ended(h, rules, now, random, seen);
	note(h, seen);
	if (seen->held) /* the release did not come through, or slurmctld has gone back in time */
		return release(h, now);
	h->failures = 0;
	if (!h->cancel)
		h->why[0] = '\0';
	return WEFT_HANDOVER_WAIT;
}

/* Nothing of this attempt was released by us. */
static enum weft_handover_act held(struct weft_handover *h, const struct weft_handover_rules *rules,
				   time_t now, uint32_t random, const struct weft_handover_sight *sight)
{
	const struct weft_rest_seen *seen = h->id ? chosen(h, sight->copies, sight->n) : NULL;

	if (!seen)
		seen = candidate(h, sight);
	if (!seen) {
		if (h->cancel) {
			over(h, WEFT_HANDOVER_CANCELLED);
			return WEFT_HANDOVER_WAIT;
		}
		if (h->step == WEFT_HANDOVER_SUBMITTED && now < h->sent + (time_t)rules->late)
			return WEFT_HANDOVER_WAIT;
		return try_anew(h, rules, now, random, "the peer does not know the copy that was submitted");
	}
	h->id = seen->id;
	if (is_alive(seen) && seen->held) {
		h->step = WEFT_HANDOVER_HELD;
		note(h, seen);
		if (!h->cancel)
			return release(h, now);
		over(h, WEFT_HANDOVER_CANCELLED);
		return WEFT_HANDOVER_WAIT;
	}
	h->step = WEFT_HANDOVER_RELEASED; /* somebody at the peer did */
	return follow(h, rules, now, random, seen);
}

/* slurmctld does not know the released copy, and neither does slurmdbd know of its end. */
static enum weft_handover_act missing(struct weft_handover *h, const struct weft_handover_rules *rules,
				      time_t now, uint32_t random, enum weft_handover_db db)
{
	if (!h->lost) {
		h->lost = now;
		if (!h->cancel)
			say(h, "the peer does not know the job any more");
	}
	if (now <= weft_handover_dead(h, rules) || db == WEFT_HANDOVER_DB_SILENT)
		return WEFT_HANDOVER_WAIT;
	if (h->cancel)
		over(h, WEFT_HANDOVER_CANCELLED);
	else if (rules->rerun)
		return try_anew(h, rules, now, random,
				"the peer had lost the job; nothing of it can run any more");
	else
		over(h, WEFT_HANDOVER_LOST);
	return WEFT_HANDOVER_WAIT;
}

static enum weft_handover_act released(struct weft_handover *h, const struct weft_handover_rules *rules,
				       time_t now, uint32_t random, const struct weft_handover_sight *sight)
{
	const struct weft_rest_seen *seen = chosen(h, sight->copies, sight->n);

	if (seen)
		return follow(h, rules, now, random, seen);
	if (sight->db == WEFT_HANDOVER_DB_NOT_ASKED)
		return WEFT_HANDOVER_ASK_DB;
	if (sight->db == WEFT_HANDOVER_DB_ANSWERED)
		seen = chosen(h, sight->db_copies, sight->n_db);
	if (seen && !is_alive(seen) && !seen->requeued)
		return has_ended(h, rules, now, random, seen);
	return missing(h, rules, now, random, sight->db);
}

/* The peer cannot be asked.  It may come back and know: only what is to be cancelled is given up. */
static enum weft_handover_act blind(struct weft_handover *h, const struct weft_handover_rules *rules,
				    time_t now)
{
	/* What is there is held, and will be found; or it cannot run any more. */
	if (h->cancel && (h->step != WEFT_HANDOVER_RELEASED || now > weft_handover_dead(h, rules)))
		over(h, WEFT_HANDOVER_CANCELLED);
	return WEFT_HANDOVER_WAIT;
}

/* Our clock was wrong, and is put back: nothing may hang on a moment that is far away now. */
static void clock_put_back(struct weft_handover *h, time_t now)
{
	if (h->renewed > now)
		h->renewed = now;
	if (h->sent > now)
		h->sent = now;
	if (h->not_before > now + 2 * MAX_PAUSE)
		h->not_before = now;
}

enum weft_handover_act weft_handover_next(struct weft_handover *h, const struct weft_handover_rules *rules,
					  time_t now, uint32_t random,
					  const struct weft_handover_sight *sight)
{
	char why[80];

	if (h->step == WEFT_HANDOVER_OVER)
		return WEFT_HANDOVER_WAIT;
	clock_put_back(h, now);
	if (lease_is_over(h, rules, now) && h->waited >= rules->grace) {
		snprintf(why, sizeof(why), "nobody at home has asked for it for %u s", rules->lease);
		weft_handover_cancel(h, why);
	}
	if (h->step == WEFT_HANDOVER_NEW)
		return sight || h->cancel ? submit(h, rules, now) : WEFT_HANDOVER_WAIT;
	if (!sight)
		return blind(h, rules, now);
	if (h->step == WEFT_HANDOVER_RELEASED)
		return released(h, rules, now, random, sight);
	return held(h, rules, now, random, sight);
}

/* ---------------------------------------------------------------- answers */

static void submitted(struct weft_handover *h, enum weft_handover_answer answer, uint32_t id,
		      const char *words, time_t now, uint32_t random)
{
	if (answer == WEFT_HANDOVER_DONE) {
		h->step = WEFT_HANDOVER_HELD;
		h->id = id;
		h->failures = 0;
		h->not_before = 0;
	} else if (answer == WEFT_HANDOVER_UNSENT) {
		h->step = WEFT_HANDOVER_NEW;
		fail(h, words, now, random);
	} else if (answer == WEFT_HANDOVER_NO) {
		over(h, h->cancel ? WEFT_HANDOVER_CANCELLED : WEFT_HANDOVER_REFUSED);
		say(h, words ? words : "the peer does not take it");
	} else {
		fail(h, words, now, random);
	}
}

void weft_handover_answer(struct weft_handover *h, enum weft_handover_act act,
			  enum weft_handover_answer answer, uint32_t id, const char *words, time_t now,
			  uint32_t random)
{
	if (h->cancel)
		words = NULL; /* why it is cancelled is more to the point */
	if (act == WEFT_HANDOVER_SUBMIT && h->step == WEFT_HANDOVER_SUBMITTED)
		submitted(h, answer, id, words, now, random);
	else if (act == WEFT_HANDOVER_RELEASE && h->step == WEFT_HANDOVER_RELEASED &&
		 answer != WEFT_HANDOVER_DONE)
		fail(h, words, now, random); /* the next look says what came of it */
}

/* Slurm's numbers (slurm_errno.h) of what may pass and was surely not done. */
static bool is_not_now(int code)
{
	static const int codes[] = {
		2027,			/* in standby mode */
		2037,			/* disabled */
		2041,			/* no takeover yet */
		2049,			/* needs a restart */
		2050,			/* a limit of the account: other jobs count, too */
		2074,			/* a threshold of the QOS */
		2105,			/* submissions are disabled */
		2131,			/* in standby, use the backup */
		6000, 6001, 6004, 6007, /* the token */
		7000, 7008,		/* its slurmdbd is not there */
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i] == code)
			return true;
	}
	return false;
}

enum weft_handover_answer weft_handover_judge(long status, int code)
{
	if (weft_rest_in_doubt(status, code))
		return WEFT_HANDOVER_UNKNOWN;
	if (is_not_now(code))
		return WEFT_HANDOVER_UNSENT;
	if (code == 0 && (status == 401 || status == 403 || status == 404 || status == 405 || status == 407 ||
			  status == 425 || status == 429))
		return WEFT_HANDOVER_UNSENT;
	return WEFT_HANDOVER_NO;
}

/* ---------------------------------------------------------------- names */

static bool is_name(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)s[i]) && s[i] != '_' && s[i] != '-')
			return false;
	}
	return len > 0;
}

int weft_handover_key(char *buf, size_t size, const char *cluster, uint32_t job, time_t submit,
		      struct weft_err *err)
{
	int n;

	if (!is_name(cluster, strlen(cluster)))
		return weft_err(err, "\"%.64s\" is no name of a cluster", cluster);
	n = snprintf(buf, size, "%s.%u.%lld", cluster, job, (long long)submit);
	if (n < 0 || (size_t)n >= size)
		return weft_err(err, "%.64s...: the cluster's name is too long", cluster);
	return 0;
}

void weft_handover_name(char *buf, size_t size, const char *key, unsigned attempt)
{
	snprintf(buf, size, WEFT_HANDOVER_PREFIX "%s.%u", key, attempt);
}

/* Digits without a leading zero, up to END. */
static bool is_number(const char *s, const char *end)
{
	if (s == end || end - s > 19 || (*s == '0' && end - s > 1))
		return false;
	for (; s < end; s++) {
		if (!isdigit((unsigned char)*s))
			return false;
	}
	return true;
}

bool weft_handover_parse_name(const char *name, char *key, size_t size, unsigned *attempt)
{
	const char *part[3], *end;
	size_t prefix = strlen(WEFT_HANDOVER_PREFIX);
	unsigned long number;

	if (strncmp(name, WEFT_HANDOVER_PREFIX, prefix) != 0 || strlen(name) >= WEFT_HANDOVER_NAME)
		return false;
	name += prefix;
	end = name + strlen(name);
	part[0] = strchr(name, '.');
	part[1] = part[0] ? strchr(part[0] + 1, '.') : NULL;
	part[2] = part[1] ? strchr(part[1] + 1, '.') : NULL;
	if (!part[2] || !is_name(name, (size_t)(part[0] - name)) || !is_number(part[0] + 1, part[1]) ||
	    !is_number(part[1] + 1, part[2]) || !is_number(part[2] + 1, end) || end - part[2] > 10 ||
	    (size_t)(part[2] - name) >= size)
		return false;
	number = strtoul(part[2] + 1, NULL, 10);
	if (number == 0)
		return false;
	snprintf(key, size, "%.*s", (int)(part[2] - name), name);
	*attempt = (unsigned)number;
	return true;
}
