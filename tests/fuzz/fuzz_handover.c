/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_handover.c - any text as a run's record, and as the name of a job at a peer.  What is taken as a
 * record can be written and read again, and whatever is seen at the peer leads to another such record.
 */
#include <stdlib.h>
#include <string.h>

#include "core/handover.h"

static void check(const struct weft_handover *h)
{
	struct weft_handover again;
	char *line = weft_handover_write(h);

	if (!line || weft_handover_read(line, strlen(line), &again, NULL) < 0)
		abort();
	free(line);
}

static void go_on(struct weft_handover h, const uint8_t *data, size_t size)
{
	static const struct weft_handover_rules rules = { 3600, 86400, 900, 120, 1200, 60, true };
	static char text[] = "x";
	time_t now = h.sent + 100;

	for (size_t i = 0; i + 3 < size && i < 64; i += 4) {
		struct weft_rest_seen seen = { .id = data[i] % 3 && h.id ? h.id : data[i] | 1u, /* never 0 */
					       .name = text,
					       .user = text,
					       .partition = text,
					       .comment = text,
					       .reason = text,
					       .nodes = text,
					       .gres = text,
					       .state = data[i + 1] % WEFT_REST_STATES,
					       .held = data[i] & 1,
					       .submit = 1,
					       .start = 2,
					       .end = 3 };
		struct weft_handover_copy copy = { h.attempt - (data[i + 2] & 1), &seen };
		struct weft_handover_sight sight = { &copy, data[i + 2] >> 1 & 1, data[i + 2] >> 2 & 3, &copy,
						     data[i + 2] >> 4 & 1 };
		enum weft_handover_act act =
			weft_handover_next(&h, &rules, now, data[i], data[i] & 2 ? &sight : NULL);

		check(&h);
		weft_handover_answer(&h, act, data[i + 3] & 3, data[i + 3] | 1u, "y", now, data[i]);
		if (data[i + 3] & 4)
			weft_handover_cancel(&h, "z");
		weft_handover_surplus(&h, &copy);
		weft_handover_attend(&h, &rules, now, data[i + 3]);
		check(&h);
		now += (time_t)data[i + 3] * 1000;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char key[WEFT_HANDOVER_KEY], name[WEFT_HANDOVER_NAME], *text = malloc(size + 1);
	struct weft_handover h;
	const char *end;
	unsigned attempt;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (weft_handover_parse_name(text, key, sizeof(key), &attempt)) {
		weft_handover_name(name, sizeof(name), key, attempt);
		if (strcmp(name, text) != 0)
			abort();
	}
	end = strchr(text, '\n');
	if (end && weft_handover_read(text, (size_t)(end - text), &h, NULL) == 0) {
		check(&h);
		if (h.attempt < 1000000 && h.sent < (time_t)1 << 39 && h.renewed < (time_t)1 << 39)
			go_on(h, data + (end - text) + 1, size - (size_t)(end - text) - 1);
	}
	free(text);
	return 0;
}
