/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_power_report.c - a report written and read again is the same; whatever is wrong with one is named.
 */
#include "core/power_report.h"

#include <check.h>
#include <dirent.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define NOW 1740819600 /* 2025-03-01T09:00:00Z */

static struct weft_report_step cluster_steps[] = { { NOW, 1200000, 1050000 }, { NOW + 3600, WEFT_REPORT_NO_CAP, 0 } },
			       row_steps[] = { { NOW, 400000, 350000 } };
static struct weft_report_zone zones[] = {
	{ "cluster", NULL, 300000, 980000, 96, cluster_steps, 2 },
	{ "row3", "gpu[1-40]", 90000, WEFT_REPORT_UNKNOWN, 0, row_steps, 1 },
};
static struct weft_report_class classes[] = { { "gpu:h100", 70, 700, 0.64, 1200 } };
static struct weft_report_waiting waiting[] = {
	{ 4711, "row3", 412000, 400000, NOW - 600, NOW + 1800, true },
	{ UINT32_MAX, "row3", 500000, 400000, NOW - 60, 0, false },
};
static struct weft_report_window windows[] = {
	{ 5, "green", false, NOW + 3600, NOW + 7200, NOW + 86400, 211.25, 352 },
	{ 6, "cheap", true, NOW, NOW + 60, 0, -0.1, NAN },
};
static struct weft_report_value prices[] = { { NOW, 41.2 }, { NOW + 3600, -3.5 }, { NOW + 7200, NAN } };

static struct weft_report sample(void)
{
	return (struct weft_report){
		.cluster = "c1",
		.time = NOW,
		.interval = 60,
		.currency = "EUR",
		.signal = { .path = "/etc/weft/signal", .state = "broken: \"x\\y\" \303\274", .modified = NOW - 1 },
		.price = { "/etc/weft/price", "used", 0, 41.2, prices, LENGTH(prices) },
		.zones = zones,
		.n_zones = LENGTH(zones),
		.classes = classes,
		.n_classes = LENGTH(classes),
		.waiting = waiting,
		.n_waiting = LENGTH(waiting),
		.windows = windows,
		.n_windows = LENGTH(windows),
	};
}

static const char sample_text[] =
	"{\n"
	"  \"version\": 1,\n"
	"  \"cluster\": \"c1\",\n"
	"  \"time\": \"2025-03-01T09:00:00Z\",\n"
	"  \"interval_s\": 60,\n"
	"  \"currency\": \"EUR\",\n"
	"  \"signal\": { \"path\": \"/etc/weft/signal\", \"state\": \"broken: \\\"x\\\\y\\\" \303\274\", "
	"\"modified\": \"2025-03-01T08:59:59Z\" },\n"
	"  \"price\": { \"path\": \"/etc/weft/price\", \"state\": \"used\", \"modified\": null, \"now\": 41.2, "
	"\"values\": [ { \"from\": \"2025-03-01T09:00:00Z\", \"value\": 41.2 }, "
	"{ \"from\": \"2025-03-01T10:00:00Z\", \"value\": -3.5 }, "
	"{ \"from\": \"2025-03-01T11:00:00Z\", \"value\": null } ] },\n"
	"  \"carbon\": null,\n"
	"  \"zones\": [\n"
	"    { \"name\": \"cluster\", \"nodes\": null, \"idle_w\": 300000, \"measured_w\": 980000, "
	"\"measured_nodes\": 96, \"steps\": [ "
	"{ \"from\": \"2025-03-01T09:00:00Z\", \"cap_w\": 1200000, \"projected_w\": 1050000 }, "
	"{ \"from\": \"2025-03-01T10:00:00Z\", \"cap_w\": null, \"projected_w\": 0 } ] },\n"
	"    { \"name\": \"row3\", \"nodes\": \"gpu[1-40]\", \"idle_w\": 90000, \"measured_w\": null, "
	"\"measured_nodes\": 0, \"steps\": [ "
	"{ \"from\": \"2025-03-01T09:00:00Z\", \"cap_w\": 400000, \"projected_w\": 350000 } ] }\n"
	"  ],\n"
	"  \"classes\": [\n"
	"    { \"class\": \"gpu:h100\", \"idle_w\": 70, \"peak_w\": 700, \"factor\": 0.64, \"samples\": 1200 }\n"
	"  ],\n"
	"  \"waiting\": [\n"
	"    { \"job\": 4711, \"zone\": \"row3\", \"needed_w\": 412000, \"cap_w\": 400000, "
	"\"since\": \"2025-03-01T08:50:00Z\", \"earliest\": \"2025-03-01T09:30:00Z\", \"reserved\": true },\n"
	"    { \"job\": 4294967295, \"zone\": \"row3\", \"needed_w\": 500000, \"cap_w\": 400000, "
	"\"since\": \"2025-03-01T08:59:00Z\", \"earliest\": null, \"reserved\": false }\n"
	"  ],\n"
	"  \"windows\": [\n"
	"    { \"job\": 5, \"goal\": \"green\", \"running\": false, \"start\": \"2025-03-01T10:00:00Z\", "
	"\"end\": \"2025-03-01T11:00:00Z\", \"deadline\": \"2025-03-02T09:00:00Z\", "
	"\"mean\": 211.25, \"mean_now\": 352 },\n"
	"    { \"job\": 6, \"goal\": \"cheap\", \"running\": true, \"start\": \"2025-03-01T09:00:00Z\", "
	"\"end\": \"2025-03-01T09:01:00Z\", \"deadline\": null, \"mean\": -0.1, \"mean_now\": null }\n"
	"  ]\n"
	"}\n";

static const char empty_text[] =
	"{\"version\":1,\"cluster\":\"c\",\"time\":\"2025-03-01T09:00:00Z\",\"interval_s\":60,\"currency\":null,"
	"\"signal\":null,\"price\":null,\"carbon\":null,\"zones\":[],\"classes\":[],\"waiting\":[],\"windows\":[]}";

static char *text_of(const struct weft_report *r)
{
	struct weft_err err = WEFT_ERR_INIT;
	size_t len;
	char *text = weft_report_text(r, &len, &err);

	ck_assert_msg(text != NULL, "%s", err.text);
	ck_assert_uint_eq(len, strlen(text));
	return text;
}

static void parse(struct weft_report *r, const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;
	int rc = weft_report_parse(r, "f", text, strlen(text), &err);

	ck_assert_msg(rc == 0, "%s", err.text);
	ck_assert_str_eq(err.text, "");
}

START_TEST(writes)
{
	struct weft_report r = sample();
	char *text = text_of(&r);

	ck_assert_str_eq(text, sample_text);
	free(text);
}
END_TEST

START_TEST(reads)
{
	struct weft_report r;
	char *text;

	parse(&r, sample_text);
	ck_assert_str_eq(r.cluster, "c1");
	ck_assert_int_eq(r.time, NOW);
	ck_assert_uint_eq(r.interval, 60);
	ck_assert_str_eq(r.signal.state, "broken: \"x\\y\" \303\274");
	ck_assert_uint_eq(r.price.n_values, 3);
	ck_assert(isnan(r.price.values[2].value));
	ck_assert_ptr_null(r.carbon.path);
	ck_assert_uint_eq(r.n_zones, 2);
	ck_assert_ptr_null(r.zones[0].nodes);
	ck_assert_int_eq(r.zones[0].steps[1].cap, WEFT_REPORT_NO_CAP);
	ck_assert_int_eq(r.zones[1].measured, WEFT_REPORT_UNKNOWN);
	ck_assert_uint_eq(r.classes[0].samples, 1200);
	ck_assert_uint_eq(r.waiting[1].job, UINT32_MAX);
	ck_assert_int_eq(r.waiting[1].earliest, 0);
	ck_assert(r.waiting[0].reserved && !r.windows[0].running && r.windows[1].running);
	text = text_of(&r);
	ck_assert_str_eq(text, sample_text);
	free(text);
	weft_report_clear(&r);
	ck_assert_ptr_null(r.zones);
	weft_report_clear(&r); /* nothing happens */
}
END_TEST

START_TEST(passes_over_unknown_keys)
{
	struct weft_report r;

	parse(&r, empty_text);
	ck_assert_uint_eq(r.n_zones, 0);
	ck_assert_ptr_null(r.currency);
	weft_report_clear(&r);
	parse(&r, "{\"later\":[{\"a\":1}],\"version\":1,\"cluster\":\"c\",\"time\":\"2025-03-01T09:00:00Z\","
		  "\"interval_s\":60,\"currency\":null,\"signal\":null,\"price\":null,\"carbon\":null,\"zones\":[],"
		  "\"classes\":[{\"class\":\"x\",\"idle_w\":null,\"peak_w\":1e3,\"factor\":null,\"samples\":0,"
		  "\"new\":{}}],"
		  "\"waiting\":[],\"windows\":[]}");
	ck_assert_uint_eq(r.n_classes, 1);
	ck_assert(isnan(r.classes[0].idle) && r.classes[0].peak == 1000);
	weft_report_clear(&r);
}
END_TEST

/* Whatever slurmctld has in its structs: what is written can be read. */
START_TEST(writes_what_can_be_read)
{
	char *long_text = malloc(10001);
	struct weft_report_step steps[] = { { INT64_MIN, INT64_MAX, -7 }, { INT64_MAX, INT64_MAX - 1, INT64_MAX } };
	struct weft_report_zone zone = { "a\nb\303\50\377", long_text, -5, -9, -1, steps, 2 };
	struct weft_report_class class = { NULL, INFINITY, -INFINITY, NAN, UINT64_MAX };
	struct weft_report r = { .time = -1, .interval = UINT32_MAX, .currency = "", .zones = &zone, .n_zones = 1,
				 .classes = &class, .n_classes = 1, .carbon = { .path = "p", .now = -0.0 } }, s;
	char *text;

	memset(long_text, 'x', 10000);
	memcpy(long_text + 8191, "\303\274", 2); /* the limit cuts this letter in two */
	long_text[10000] = '\0';
	text = text_of(&r);
	parse(&s, text);
	ck_assert_str_eq(s.cluster, "");
	ck_assert_int_eq(s.time, 0);
	ck_assert_str_eq(s.zones[0].name, "a?b?(?");
	ck_assert_uint_eq(strlen(s.zones[0].nodes), WEFT_REPORT_MAX_TEXT);
	ck_assert_int_eq(s.zones[0].nodes[8191], '?');
	ck_assert_int_eq(s.zones[0].idle, 0);
	ck_assert_int_eq(s.zones[0].measured, WEFT_REPORT_UNKNOWN);
	ck_assert_int_eq(s.zones[0].measured_nodes, 0);
	ck_assert_int_eq(s.zones[0].steps[0].from, 0);
	ck_assert_int_eq(s.zones[0].steps[0].cap, WEFT_REPORT_NO_CAP);
	ck_assert_int_eq(s.zones[0].steps[0].drawn, 0);
	ck_assert_int_eq(s.zones[0].steps[1].from, WEFT_REPORT_MAX_TIME);
	ck_assert_int_eq(s.zones[0].steps[1].cap, WEFT_REPORT_MAX_WATTS);
	ck_assert_int_eq(s.zones[0].steps[1].drawn, WEFT_REPORT_MAX_WATTS);
	ck_assert(s.classes[0].idle == 1e15 && s.classes[0].peak == -1e15 && isnan(s.classes[0].factor));
	ck_assert_uint_eq(s.classes[0].samples, INT64_MAX);
	ck_assert(s.carbon.now == 0);
	weft_report_clear(&s);
	free(text);
	free(long_text);
}
END_TEST

START_TEST(refuses_disorder)
{
	struct weft_report_step steps[] = { { NOW, 1, 1 }, { NOW, 2, 2 } };
	struct weft_report_value same[] = { { NOW, 1 }, { NOW + 1, 1 }, { NOW + 1, 2 } };
	struct weft_report_zone zone = { .name = "z", .steps = steps, .n_steps = 2 };
	struct weft_report r = { .zones = &zone, .n_zones = 1, .carbon = { "p", "used", NOW, 1, same, 3 } };
	struct weft_err err = WEFT_ERR_INIT;
	size_t len;

	ck_assert_ptr_null(weft_report_text(&r, &len, &err));
	ck_assert_str_eq(err.text, "report: zones, entry 1: steps, entry 2: from: is not after the one before it");
	zone.n_steps = 0;
	err.text[0] = '\0';
	ck_assert_ptr_null(weft_report_text(&r, &len, &err));
	ck_assert_str_eq(err.text, "report: zones, entry 1: steps: must not be empty");
	zone.n_steps = 1;
	err.text[0] = '\0';
	ck_assert_ptr_null(weft_report_text(&r, &len, &err));
	ck_assert_str_eq(err.text, "report: carbon: values, entry 3: from: is not after the one before it");
}
END_TEST

/* WHAT of the sample's text replaced by WITH gives MESSAGE. */
static const struct {
	const char *what, *with, *message;
} mistakes[] = {
	{ "\"version\": 1", "\"version\": 2", "f: version: is 2, and must be 1" },
	{ "\"version\": 1", "\"version\": \"1\"", "f: version: must be a number, not a string" },
	{ "\"version\": 1,", "", "f: version: missing" },
	{ "\"cluster\": \"c1\",", "", "f: cluster: missing" },
	{ "\"c1\"", "1", "f: cluster: must be a string, not a number" },
	{ "\"c1\"", "null", "f: cluster: must be a string, not null" },
	{ "\"c1\"", "\"c\\u001b[1m\"", "f: cluster: may have no control characters" },
	{ "\"c1\"", "\"c\\u0000\"", "f: cluster: may have no control characters" },
	{ "\"c1\"", "\"c\377\"", "f:3: not UTF-8" },
	{ "\"c1\"", "c1", "f:3: not JSON: unexpected character" },
	{ "\"EUR\"", "[]", "f: currency: must be a string or null, not a list" },
	{ "2025-03-01T09:00:00Z", "2025-02-29T09:00:00Z",
	  "f: time: \"2025-02-29T09:00:00Z\" is not a time such as 2025-03-01T08:00:00Z" },
	{ "2025-03-01T09:00:00Z", "2025-03-01T09:00:00",
	  "f: time: \"2025-03-01T09:00:00\" is not a time such as 2025-03-01T08:00:00Z" },
	{ "2025-03-01T09:00:00Z", "2025-03-01T09:00+00Z",
	  "f: time: \"2025-03-01T09:00+00Z\" is not a time such as 2025-03-01T08:00:00Z" },
	{ "\"2025-03-01T09:00:00Z\"", "1740819600", "f: time: must be a string, not a number" },
	{ "\"interval_s\": 60", "\"interval_s\": 4294967296", "f: interval_s: must be 0 to 4294967295" },
	{ "\"interval_s\": 60", "\"interval_s\": -1", "f: interval_s: must be 0 to 4294967295" },
	{ "\"interval_s\": 60", "\"interval_s\": 60.5", "f: interval_s: must be a whole number" },
	{ "\"interval_s\": 60", "\"interval_s\": null", "f: interval_s: must be a number, not null" },
	{ "\"carbon\": null", "\"carbon\": false", "f: carbon: must be an object, not true or false" },
	{ "\"carbon\": null", "\"carbon\": {}", "f: carbon: path: missing" },
	{ "\"now\": 41.2", "\"now\": \"41.2\"", "f: price: now: must be a number or null, not a string" },
	{ "\"now\": 41.2", "\"now\": 1e16", "f: price: now: must be -1e15 to 1e15" },
	{ "\"now\": 41.2", "\"now\": -1e999", "f: price: now: must be -1e15 to 1e15" },
	{ "10:00:00Z\", \"value\"", "08:00:00Z\", \"value\"",
	  "f: price: values, entry 2: from: is not after the one before it" },
	{ "\"idle_w\": 90000", "\"idle_w\": 1000000000000001",
	  "f: zones, entry 2: idle_w: must be 0 to 1000000000000000" },
	{ "\"idle_w\": 90000", "\"idle_w\": 18446744073709551615",
	  "f: zones, entry 2: idle_w: must be 0 to 1000000000000000" },
	{ "\"cap_w\": 400000, \"projected_w\": 350000", "\"cap_w\": \"none\"",
	  "f: zones, entry 2: steps, entry 1: cap_w: must be a number or null, not a string" },
	{ "\"cap_w\": null, \"projected_w\": 0", "\"cap_w\": null",
	  "f: zones, entry 1: steps, entry 2: projected_w: missing" },
	{ "{ \"from\": \"2025-03-01T09:00:00Z\", \"cap_w\": 400000, \"projected_w\": 350000 }", "",
	  "f: zones, entry 2: steps: must not be empty" },
	{ "{ \"from\": \"2025-03-01T09:00:00Z\", \"cap_w\": 400000, \"projected_w\": 350000 }", "7",
	  "f: zones, entry 2: steps, entry 1: must be an object, not a number" },
	{ "10:00:00Z\", \"cap_w\"", "09:00:00Z\", \"cap_w\"",
	  "f: zones, entry 1: steps, entry 2: from: is not after the one before it" },
	{ "\"samples\": 1200", "\"samples\": -1", "f: classes, entry 1: samples: must be 0 to 9223372036854775807" },
	{ "\"reserved\": false", "\"reserved\": 0",
	  "f: waiting, entry 2: reserved: must be true or false, not a number" },
	{ "\"windows\": [", "\"windows\": null, \"x\": [", "f: windows: must be a list, not null" },
	{ "\"goal\": \"cheap\"", "\"aim\": \"cheap\"", "f: windows, entry 2: goal: missing" },
};

START_TEST(names_mistakes)
{
	const char *at = strstr(sample_text, mistakes[_i].what);
	struct weft_report r, zero = { 0 };
	struct weft_err err = WEFT_ERR_INIT;
	char text[8192];

	ck_assert_ptr_nonnull(at);
	ck_assert_int_lt(snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - sample_text), sample_text,
				  mistakes[_i].with, at + strlen(mistakes[_i].what)),
			 sizeof(text));
	memset(&r, 0xff, sizeof(r));
	ck_assert_int_eq(weft_report_parse(&r, "f", text, strlen(text), &err), -1);
	ck_assert_str_eq(err.text, mistakes[_i].message);
	ck_assert_int_eq(memcmp(&r, &zero, sizeof(r)), 0);
}
END_TEST

START_TEST(limits)
{
	struct weft_report r;
	struct weft_err err = WEFT_ERR_INIT;
	char *text = malloc(20000);

	ck_assert_int_eq(weft_report_parse(&r, "f", "", 0, &err), -1);
	ck_assert_str_eq(err.text, "f:1: the text ends too early");
	err.text[0] = '\0';
	ck_assert_int_eq(weft_report_parse(&r, "f", "[]", 2, &err), -1);
	ck_assert_str_eq(err.text, "f: must be an object, not a list");
	err.text[0] = '\0';
	ck_assert_int_eq(weft_report_parse(&r, "f", "null\n", 5, &err), -1);
	ck_assert_str_eq(err.text, "f: must be an object, not null");
	err.text[0] = '\0';
	ck_assert_int_eq(weft_report_parse(&r, "f", "", WEFT_REPORT_MAX_BYTES + 1, &err), -1); /* unread */
	ck_assert_str_eq(err.text, "f: 67108865 bytes; at most 67108864 are allowed");
	err.text[0] = '\0';
	snprintf(text, 20000, "{\"version\":1,\"cluster\":\"%08193d\"}", 0);
	ck_assert_int_eq(weft_report_parse(&r, "f", text, strlen(text), &err), -1);
	ck_assert_str_eq(err.text, "f: cluster: has more than 8192 bytes");
	free(text);
}
END_TEST

/* How many files are in DIR. */
static unsigned files_in(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

START_TEST(saves)
{
	char dir[] = "/tmp/weft-report-XXXXXX", path[64], old[64], message[128];
	struct weft_report r = sample(), s;
	struct weft_err err = WEFT_ERR_INIT;
	struct stat st;
	size_t len;
	char *text;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/power.json", dir);
	snprintf(old, sizeof(old), "%s/old", dir);
	ck_assert_int_eq(weft_report_save(&r, path, &err), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0644);
	/* who has the old one open keeps it */
	ck_assert_int_eq(link(path, old), 0);
	r.interval = 30;
	ck_assert_int_eq(weft_report_save(&r, path, &err), 0);
	ck_assert_int_eq(weft_report_load(&s, path, &err), 0);
	ck_assert_uint_eq(s.interval, 30);
	weft_report_clear(&s);
	text = weft_file_read(old, 100000, &len, &err);
	ck_assert_str_eq(text, sample_text);
	free(text);
	ck_assert_str_eq(err.text, "");
	ck_assert_uint_eq(files_in(dir), 2);

	/* a directory is in the way: nothing is left behind */
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_int_eq(weft_report_save(&r, path, &err), -1);
	snprintf(message, sizeof(message), "%s: Is a directory", path);
	ck_assert_str_eq(err.text, message);
	ck_assert_uint_eq(files_in(dir), 2);
	ck_assert_int_eq(weft_report_load(&s, path, NULL), -1);
	rmdir(path);
	err.text[0] = '\0';
	ck_assert_int_eq(weft_report_load(&s, path, &err), -1);
	snprintf(message, sizeof(message), "%s: No such file or directory", path);
	ck_assert_str_eq(err.text, message);
	unlink(old);
	rmdir(dir);
	err.text[0] = '\0';
	ck_assert_int_eq(weft_report_save(&r, path, &err), -1); /* no directory */
	ck_assert_str_eq(err.text, message);
}
END_TEST

START_TEST(saves_no_endless_path)
{
	struct weft_report r = sample();
	struct weft_err err = WEFT_ERR_INIT;
	char path[5000];

	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(weft_report_save(&r, path, &err), -1);
	ck_assert_str_eq(err.text, "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...: "
				   "the path is too long");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("power_report");
	TCase *tc = tcase_create("power_report");

	tcase_add_test(tc, writes);
	tcase_add_test(tc, reads);
	tcase_add_test(tc, passes_over_unknown_keys);
	tcase_add_test(tc, writes_what_can_be_read);
	tcase_add_test(tc, refuses_disorder);
	tcase_add_loop_test(tc, names_mistakes, 0, LENGTH(mistakes));
	tcase_add_test(tc, limits);
	tcase_add_test(tc, saves);
	tcase_add_test(tc, saves_no_endless_path);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(suite());
	int failed;

	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
