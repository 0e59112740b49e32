/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.c - what the proxy asks weftd, and its patience with it.
 */
#include "proxy/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/wrapper.h"
#include "weftd/client.h"

#define ANSWER_WITHIN 20    /* s */
#define FIRST_PAUSE   1000  /* ms before the second try; doubled each time */
#define LAST_PAUSE    30000 /* ms */

/* ---------------------------------------------------------------- answers */

static int get_text(json_object *run, const char *name, char *text, size_t size, struct weft_err *err)
{
	json_object *value;
	int n;

	text[0] = '\0';
	if (!json_object_object_get_ex(run, name, &value) || !value)
		return 0;
	if (!json_object_is_type(value, json_type_string))
		return weft_err(err, "weftd's answer: %s is no string", name);
	n = snprintf(text, size, "%s", json_object_get_string(value));
	if (n < 0 || (size_t)n >= size)
		return weft_err(err, "weftd's answer: %s is longer than %zu bytes", name, size - 1);
	return 0;
}

static int get_number(json_object *run, const char *name, int64_t max, int64_t *number, struct weft_err *err)
{
	json_object *value;

	*number = 0;
	if (!json_object_object_get_ex(run, name, &value) || !value)
		return 0;
	if (json_object_is_type(value, json_type_int))
		*number = json_object_get_int64(value);
	if (!json_object_is_type(value, json_type_int) || *number < 0 || *number > max)
		return weft_err(err, "weftd's answer: %s is no number from 0 to %lld", name, (long long)max);
	return 0;
}

static int read_phase(json_object *answer, enum weft_proxy_phase *phase, struct weft_err *err)
{
	static const char *const words[] = { [WEFT_PROXY_NONE] = "",
					     [WEFT_PROXY_WAITING] = "waiting",
					     [WEFT_PROXY_RUNNING] = "running",
					     [WEFT_PROXY_ENDED] = "ended",
					     [WEFT_PROXY_CANCELLED] = "cancelled",
					     [WEFT_PROXY_REFUSED] = "refused",
					     [WEFT_PROXY_LOST] = "lost" };
	char word[32];

	if (get_text(answer, "phase", word, sizeof(word), err))
		return -1;
	for (int i = WEFT_PROXY_NONE; i <= WEFT_PROXY_LOST; i++) {
		if (!strcmp(words[i], word)) {
			*phase = (enum weft_proxy_phase)i;
			return 0;
		}
	}
	return weft_err(err, "weftd's answer: phase is \"%s\"", word);
}

/* What commands are filled with must be what it says it is. */
static int check(const struct weft_proxy_run *run, struct weft_err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (!run->key[0] || run->key[0] == '.' || run->key[strspn(run->key, letters)] != '\0')
		return weft_err(err, "weftd's answer: key is \"%s\"", run->key);
	if (run->phase != WEFT_PROXY_NONE && (run->first == 0 || run->attempt < run->first))
		return weft_err(err, "weftd's answer: attempt %u of a run that begins with %u", run->attempt,
				run->first);
	return 0;
}

int weft_proxy_run_read(json_object *answer, struct weft_proxy_run *run, struct weft_err *err)
{
	json_object *settled, *over;
	int64_t id, first, attempt, status;

	*run = (struct weft_proxy_run){ .phase = WEFT_PROXY_NONE };
	if (get_text(answer, "key", run->key, sizeof(run->key), err) ||
	    get_text(answer, "remote_top", run->remote_top, sizeof(run->remote_top), err) ||
	    get_text(answer, "remote_user", run->remote_user, sizeof(run->remote_user), err) ||
	    get_text(answer, "state", run->state, sizeof(run->state), err) ||
	    get_text(answer, "why", run->why, sizeof(run->why), err) ||
	    get_number(answer, "remote_id", UINT32_MAX, &id, err) ||
	    get_number(answer, "first", UINT32_MAX, &first, err) ||
	    get_number(answer, "attempt", UINT32_MAX, &attempt, err) ||
	    get_number(answer, "exit_status", 0xffff, &status, err) || read_phase(answer, &run->phase, err))
		return -1;
	run->remote_id = (uint32_t)id;
	run->first = (unsigned)first;
	run->attempt = (unsigned)attempt;
	run->status = (int)status;
	if (!run->remote_top[0])
		snprintf(run->remote_top, sizeof(run->remote_top), "%s", WEFT_WRAPPER_TOP);
	run->over = json_object_object_get_ex(answer, "over", &over) && json_object_get_boolean(over);
	if (json_object_object_get_ex(answer, "settled", &settled) && json_object_get_boolean(settled))
		run->phase = WEFT_PROXY_NONE;
	return check(run, err);
}

/* ---------------------------------------------------------------- questions */

void weft_proxy_nap(unsigned ms)
{
	struct timespec ts;
	long long with_jitter;

	clock_gettime(CLOCK_MONOTONIC, &ts); /* good enough to keep proxies out of step */
	with_jitter = (long long)ms * (800 + ts.tv_nsec / 1000 % 401) / 1000;
	ts.tv_sec = with_jitter / 1000;
	ts.tv_nsec = (long)(with_jitter % 1000) * 1000000;
	nanosleep(&ts, NULL);
}

static json_object *compose(const char *question, json_object *more)
{
	json_object *o = NULL, *ask = json_object_new_string(question);

	/* The client takes a question over, and this one may be asked again. */
	if (!ask || json_object_deep_copy(more, &o, NULL) || json_object_object_add(o, "ask", ask)) {
		json_object_put(ask);
		json_object_put(o);
		return NULL;
	}
	return o;
}

static void tell(struct weft_proxy_link *link, bool answered, const char *why)
{
	if (!answered && !link->told)
		fprintf(stderr, "weft: weftd cannot be asked, and is until it answers: %s\n", why);
	else if (answered && link->told)
		fprintf(stderr, "weft: weftd answers again\n");
	link->told = !answered;
}

/* Once.  True: that was the last time; *ANSWER may be NULL, with ERR. */
static bool ask_once(struct weft_proxy_link *link, const char *question, json_object *more,
		     json_object **answer, struct weft_err *err)
{
	enum weft_client_result result = WEFT_CLIENT_NOBODY;
	json_object *o = compose(question, more);
	bool answered;

	if (!o) {
		weft_err(err, "out of memory");
		return true;
	}
	*answer = weft_client_ask(link->conf, o, ANSWER_WITHIN, &result, err);
	answered = result == WEFT_CLIENT_ANSWER || result == WEFT_CLIENT_NO;
	tell(link, answered, err->text);
	return answered;
}

json_object *weft_proxy_ask(struct weft_proxy_link *link, const char *question, json_object *more,
			    bool *stopped, struct weft_err *err)
{
	json_object *answer = NULL;
	struct weft_err why = WEFT_ERR_INIT;
	unsigned pause = FIRST_PAUSE;
	bool stop = false;

	while (!ask_once(link, question, more, &answer, &why)) {
		stop = link->stop && link->stop();
		if (stop)
			break;
		weft_proxy_nap(pause);
		pause = pause * 2 < LAST_PAUSE ? pause * 2 : LAST_PAUSE;
		why = (struct weft_err)WEFT_ERR_INIT;
	}
	if (!answer)
		weft_err(err, "%s", why.text);
	json_object_put(more);
	if (stopped)
		*stopped = stop;
	return answer;
}
