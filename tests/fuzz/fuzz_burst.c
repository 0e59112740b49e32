/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_burst.c - any text as --burst, as an amount of money, and as a line of the log of decisions.  What is
 * read can be written and read again, and is the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/burst.h"
#include "core/money.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void try_money(const char *text)
{
	char currency[4], again[4], buf[WEFT_MONEY_SIZE];
	int64_t micro, twice;

	if (weft_money_parse(text, strlen(text), &micro, currency))
		return;
	must(micro >= 0 && micro <= WEFT_MONEY_MAX);
	weft_money_text(micro, currency, buf);
	must(weft_money_parse(buf, strlen(buf), &twice, again) == 0 && twice == micro &&
	     !strcmp(again, currency));
}

/* A job with this wish: whatever is decided is decided again. */
static void try_decision(const struct weft_burst_wish *wish)
{
	static const struct weft_burst_place peers[] = {
		{ "beta", 1000, 60, 5, 2000000, "EUR", true },
		{ "gamma", 0, 30, 5, -1, "", true },
		{ "delta", WEFT_BURST_NEVER, 30, 5, 0, "USD", false },
	};
	struct weft_burst_case c = { .now = 1000,
				     .eligible = 10,
				     .wish = *wish,
				     .home = { "home", 5000, 60, 0, 0, "", true },
				     .peers = peers,
				     .n_peers = 3 };
	struct weft_conf_burst conf = { .factor = 100, .value = 1500000 };
	struct weft_burst_answer answer;

	for (int wait = WEFT_BURST_WAIT_FORECAST; wait <= WEFT_BURST_WAIT_COST; wait++) {
		char *line;

		conf.wait = (enum weft_burst_wait)wait;
		weft_burst_decide(&conf, &c, &answer);
		must(answer.why[0] != '\0' && answer.peer < c.n_peers);
		line = weft_burst_record(&conf, &c, &answer);
		must(line && weft_burst_replay(line, NULL) == 0);
		free(line);
	}
}

static void try_wish(const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_burst_wish wish, again;
	char *canonical, *twice;
	int rc = weft_burst_parse(text, &wish, &err);

	must((rc < 0) == (err.text[0] != '\0'));
	must(rc == 0 || !strncmp(err.text, "--burst: ", 9));
	if (rc)
		return;
	canonical = weft_burst_text(&wish);
	must(canonical && weft_burst_parse(canonical, &again, NULL) == 0);
	twice = weft_burst_text(&again);
	must(twice && !strcmp(canonical, twice));
	try_decision(&wish);
	weft_burst_clear(&wish);
	weft_burst_clear(&again);
	free(canonical);
	free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *text = malloc(size + 1);
	int rc;

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	try_wish(text);
	try_money(text);
	rc = weft_burst_replay(text, &err);
	must((rc != 0) == (err.text[0] != '\0'));
	must(rc == 0 || !strncmp(err.text, "burst log", 9));
	free(text);
	return 0;
}
