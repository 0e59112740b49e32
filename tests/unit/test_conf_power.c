/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_conf_power.c - the lines of weft.conf that are about power: every key, every message to the letter.
 */
#include "core/conf.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/scan.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

static struct weft_conf *parse(const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_conf *conf = weft_conf_parse("weft.conf", text, strlen(text), &err);

	ck_assert_msg(conf != NULL, "%s\n%s", text, err.text);
	ck_assert_str_eq(err.text, "");
	return conf;
}

static void check_cap(const struct weft_conf_cap *cap, unsigned zone, int64_t watts, unsigned days,
		      unsigned from, unsigned to)
{
	ck_assert_uint_eq(cap->zone, zone);
	ck_assert_int_eq(cap->watts, watts);
	ck_assert_uint_eq(cap->days, days);
	ck_assert_uint_eq(cap->from, from);
	ck_assert_uint_eq(cap->to, to);
}

START_TEST(zones_and_caps)
{
	struct weft_conf *conf = parse("PowerZone=row3 Nodes=gpu[1-40]\n"
				       "powerzone=Rack_31 nodes=gpu[1-8,17],login1\n"
				       "PowerCap=cluster Watts=1.2M\n"
				       "PowerCap=ROW3 Watts=400k Days=Mon-Fri Hours=08:00-20:00\n"
				       "PowerCap=rack-31 Hours=22:00-6:00 Days=sat-Mon,wed Watts=99.9\n"
				       "PowerCap=row3 Watts=None Hours=20:00-00:00\n"
				       "PowerCap=row3 Watts=5kW Hours=00:00-24:00\n");

	ck_assert_uint_eq(conf->n_zones, 2);
	ck_assert_str_eq(conf->zones[0].name, "row3");
	ck_assert_str_eq(conf->zones[0].nodes, "gpu[1-40]");
	ck_assert_uint_eq(conf->zones[1].line, 2);
	ck_assert_str_eq(conf->zones[1].nodes, "gpu[1-8,17],login1");
	ck_assert_uint_eq(conf->n_caps, 5);
	check_cap(&conf->caps[0], 0, 1200000, 0x7f, 0, 1440);
	check_cap(&conf->caps[1], 1, 400000, 0x3e, 480, 1200);
	check_cap(&conf->caps[2], 2, 99, 0x4b, 1320, 360);
	check_cap(&conf->caps[3], 1, WEFT_NO_CAP, 0x7f, 1200, 1440);
	check_cap(&conf->caps[4], 1, 5000, 0x7f, 0, 1440);
	ck_assert_int_eq(weft_conf_find_zone(conf, "Cluster"), 0);
	ck_assert_int_eq(weft_conf_find_zone(conf, "rack-31"), 2);
	ck_assert_int_eq(weft_conf_find_zone(conf, "row4"), -1);
	ck_assert_str_eq(weft_conf_zone_name(conf, 0), "cluster");
	ck_assert_str_eq(weft_conf_zone_name(conf, 2), "Rack_31");
	weft_conf_destroy(conf);
}
END_TEST

START_TEST(hosts_and_devices)
{
	struct weft_conf *conf = parse("PowerNode=ALL Idle=150 Peak=0.7k\n"
				       "PowerNode=gpu[1-80] Idle=400 Peak=1200 Off=8.5\n"
				       "PowerClass=gpu:h100 Peak=700 Idle=70\n"
				       "PowerClass=npu Idle=0 Peak=0\n");

	ck_assert_uint_eq(conf->n_power_nodes, 2);
	ck_assert_str_eq(conf->power_nodes[0].nodes, "ALL");
	ck_assert(conf->power_nodes[0].idle == 150);
	ck_assert(conf->power_nodes[0].peak == 700);
	ck_assert(conf->power_nodes[0].off == 15);
	ck_assert(conf->power_nodes[1].off == 8.5);
	ck_assert_uint_eq(conf->power_nodes[1].line, 2);
	ck_assert_uint_eq(conf->n_power_classes, 2);
	ck_assert_str_eq(conf->power_classes[0].gres, "gpu:h100");
	ck_assert(conf->power_classes[0].idle == 70);
	ck_assert(conf->power_classes[0].peak == 700);
	ck_assert(conf->power_classes[1].peak == 0);
	weft_conf_destroy(conf);
}
END_TEST

START_TEST(the_planner)
{
	struct weft_conf *conf =
		parse("PowerSignal=/run/grid/caps.csv MaxAge=60\n"
		      "PowerPrice=/run/grid/price.csv Currency=CNY\n"
		      "PowerCarbon=\"/run/grid/carbon 1.json\"\n"
		      "PowerInterval=5\nPowerPatience=0\nPowerProvision=WORST\nPowerShed=largest\n"
		      "PowerHook=/usr/libexec/limit\nPowerHints=/run/hints\n"
		      "PowerState=/var/lib/weft/power.json\n");
	const struct weft_conf_power *p = &conf->power;

	ck_assert_str_eq(p->signal, "/run/grid/caps.csv");
	ck_assert_uint_eq(p->max_age, 60);
	ck_assert_str_eq(p->price, "/run/grid/price.csv");
	ck_assert_str_eq(p->currency, "CNY");
	ck_assert_str_eq(p->carbon, "/run/grid/carbon 1.json");
	ck_assert_uint_eq(p->interval, 5);
	ck_assert_uint_eq(p->patience, 0);
	ck_assert_int_eq(p->provision, WEFT_WORST);
	ck_assert_int_eq(p->shed, WEFT_SHED_LARGEST);
	ck_assert_str_eq(p->hook, "/usr/libexec/limit");
	ck_assert_str_eq(p->hints, "/run/hints");
	ck_assert_str_eq(p->state, "/var/lib/weft/power.json");
	weft_conf_destroy(conf);
}
END_TEST

START_TEST(every_word)
{
	static const struct {
		const char *text;
		int provision, shed;
	} words[] = {
		{ "PowerProvision=measured\nPowerShed=youngest", WEFT_MEASURED, WEFT_SHED_YOUNGEST },
		{ "PowerProvision=worst\nPowerShed=oldest", WEFT_WORST, WEFT_SHED_OLDEST },
		{ "PowerShed=lowest", WEFT_MEASURED, WEFT_SHED_LOWEST },
	};

	for (int i = 0; i < LENGTH(words); i++) {
		struct weft_conf *conf = parse(words[i].text);

		ck_assert_int_eq(conf->power.provision, words[i].provision);
		ck_assert_int_eq(conf->power.shed, words[i].shed);
		weft_conf_destroy(conf);
	}
}
END_TEST

START_TEST(defaults)
{
	struct weft_conf *conf = parse("PowerSignal=/x\nPowerPrice=/y\n");
	const struct weft_conf_power *p = &conf->power;

	ck_assert_uint_eq(p->max_age, 900);
	ck_assert_str_eq(p->currency, "");
	ck_assert_ptr_null(p->carbon);
	ck_assert_uint_eq(p->interval, 30);
	ck_assert_uint_eq(p->patience, 3600);
	ck_assert_int_eq(p->provision, WEFT_MEASURED);
	ck_assert_int_eq(p->shed, WEFT_SHED_YOUNGEST);
	ck_assert_ptr_null(p->hook);
	ck_assert_ptr_null(p->hints);
	ck_assert_str_eq(p->state, "/run/slurmctld/weft-power.json");
	ck_assert_uint_eq(conf->n_zones + conf->n_caps + conf->n_power_nodes + conf->n_power_classes, 0);
	weft_conf_destroy(conf);
}
END_TEST

static const struct {
	const char *text, *want;
} bad[] = {
	/* zones */
	{ "PowerZone=row3", "weft.conf:1: PowerZone: Nodes= is missing" },
	{ "PowerZone=row/3 Nodes=a", "weft.conf:1: PowerZone: \"row/3\" is not a name" },
	{ "PowerZone=Cluster Nodes=a",
	  "weft.conf:1: PowerZone: Cluster is the zone of all nodes; choose another name" },
	{ "PowerZone=row3 Nodes=a\n\nPowerZone=ROW3 Nodes=b",
	  "weft.conf:3: PowerZone: ROW3 was given in line 1 already" },
	{ "PowerZone=row3 Nodes=gpu[1-",
	  "weft.conf:1: Nodes: \"gpu[1-\" is not a list of nodes such as gpu[1-40]" },
	{ "PowerZone=row3 Nodes=gpu]1[",
	  "weft.conf:1: Nodes: \"gpu]1[\" is not a list of nodes such as gpu[1-40]" },
	{ "PowerZone=row3 Nodes=\"a b\"",
	  "weft.conf:1: Nodes: \"a b\" is not a list of nodes such as gpu[1-40]" },
	{ "PowerZone=row3 Watts=4", "weft.conf:1: Watts: does not belong on a line with PowerZone=" },
	{ "Nodes=a", "weft.conf:1: Nodes: belongs behind PowerZone=, on the same line" },
	/* caps */
	{ "PowerZone=row3 Nodes=a\nPowerCap=row4 Watts=1k",
	  "weft.conf:2: PowerCap: unknown zone \"row4\"; did you mean row3?" },
	{ "PowerCap=clutser Watts=1k",
	  "weft.conf:1: PowerCap: unknown zone \"clutser\"; did you mean cluster?" },
	{ "PowerCap=row3 Watts=1k\nPowerZone=row3 Nodes=a",
	  "weft.conf:1: PowerCap: unknown zone \"row3\"; its PowerZone= line must stand above" },
	{ "PowerCap=cluster", "weft.conf:1: PowerCap: Watts= is missing" },
	{ "PowerCap=cluster Days=Mon Hours=8:00-9:00", "weft.conf:1: PowerCap: Watts= is missing" },
	{ "PowerCap=cluster Watts=1 watts=2", "weft.conf:1: Watts: given twice" },
	{ "PowerCap=cluster Watts=1 Idle=2", "weft.conf:1: Idle: does not belong on a line with PowerCap=" },
	{ "PowerCap=cluster Watts=1 Days=Mon Hours=8:00-9:00 Watts=1",
	  "weft.conf:1: Watts: given twice" },
	{ "PowerCap=cluster Watts=lots",
	  "weft.conf:1: Watts: \"lots\" is not a number of watts such as 400000, 400k or 1.2M" },
	{ "PowerCap=cluster Watts=-1",
	  "weft.conf:1: Watts: \"-1\" is not a number of watts such as 400000, 400k or 1.2M" },
	{ "PowerCap=cluster Watts=1e12k",
	  "weft.conf:1: Watts: \"1e12k\" is not a number of watts such as 400000, 400k or 1.2M" },
	{ "PowerCap=cluster Watts=1 Days=Mo",
	  "weft.conf:1: Days: \"Mo\" is not a list of days such as Mon-Fri,Sun" },
	{ "PowerCap=cluster Watts=1 Days=Mon,",
	  "weft.conf:1: Days: \"Mon,\" is not a list of days such as Mon-Fri,Sun" },
	{ "PowerCap=cluster Watts=1 Days=Mon-Fri-Sun",
	  "weft.conf:1: Days: \"Mon-Fri-Sun\" is not a list of days such as Mon-Fri,Sun" },
	{ "PowerCap=cluster Watts=1 Days=Monday",
	  "weft.conf:1: Days: \"Monday\" is not a list of days such as Mon-Fri,Sun" },
	{ "PowerCap=cluster Watts=1 Hours=8-20",
	  "weft.conf:1: Hours: \"8-20\" is not a time of day such as 08:00-20:00" },
	{ "PowerCap=cluster Watts=1 Hours=08:00-24:01",
	  "weft.conf:1: Hours: \"08:00-24:01\" is not a time of day such as 08:00-20:00" },
	{ "PowerCap=cluster Watts=1 Hours=08:60-20:00",
	  "weft.conf:1: Hours: \"08:60-20:00\" is not a time of day such as 08:00-20:00" },
	{ "PowerCap=cluster Watts=1 Hours=24:00-08:00",
	  "weft.conf:1: Hours: \"24:00-08:00\" is not a time of day such as 08:00-20:00" },
	{ "PowerCap=cluster Watts=1 Hours=08:00",
	  "weft.conf:1: Hours: \"08:00\" is not a time of day such as 08:00-20:00" },
	{ "PowerCap=cluster Watts=1 Hours=08:00-20:00h",
	  "weft.conf:1: Hours: \"08:00-20:00h\" is not a time of day such as 08:00-20:00" },
	{ "PowerCap=cluster Watts=1 Hours=08:00-08:00",
	  "weft.conf:1: Hours: \"08:00-08:00\" ends when it begins; for the whole day write 00:00-24:00" },
	{ "Watts=1", "weft.conf:1: Watts: belongs behind PowerCap=, on the same line" },
	{ "Days=Mon", "weft.conf:1: Days: belongs behind PowerCap=, on the same line" },
	{ "Hours=8:00-9:00", "weft.conf:1: Hours: belongs behind PowerCap=, on the same line" },
	/* hosts and devices */
	{ "PowerNode=a Idle=1", "weft.conf:1: PowerNode: Peak= is missing" },
	{ "PowerNode=a Peak=1", "weft.conf:1: PowerNode: Idle= is missing" },
	{ "PowerNode=a Idle=1k Peak=900", "weft.conf:1: Peak: 900 W are less than the 1k W of Idle=" },
	{ "PowerNode=a Idle=x Peak=900",
	  "weft.conf:1: Idle: \"x\" is not a number of watts such as 400000, 400k or 1.2M" },
	{ "PowerNode=a Idle=1 Peak=2 Off=none",
	  "weft.conf:1: Off: \"none\" is not a number of watts such as 400000, 400k or 1.2M" },
	{ "PowerNode=a[ Idle=1 Peak=2",
	  "weft.conf:1: PowerNode: \"a[\" is not a list of nodes such as gpu[1-40]" },
	{ "PowerClass=gpu:h100 Idle=1 Peak=2 Off=1",
	  "weft.conf:1: Off: does not belong on a line with PowerClass=" },
	{ "PowerClass=gpu:h100:8 Idle=1 Peak=2",
	  "weft.conf:1: PowerClass: \"gpu:h100:8\" is not a gres name and type such as gpu:a100" },
	{ "PowerClass=gpu:h100 Idle=1 Peak=2\nPowerClass=GPU:H100 Idle=1 Peak=2",
	  "weft.conf:2: PowerClass: GPU:H100 was given in line 1 already" },
	{ "Idle=1", "weft.conf:1: Idle: belongs behind PowerNode= or PowerClass=, on the same line" },
	{ "Peak=1", "weft.conf:1: Peak: belongs behind PowerNode= or PowerClass=, on the same line" },
	{ "Off=1", "weft.conf:1: Off: belongs behind PowerNode=, on the same line" },
	/* the planner */
	{ "PowerSignal=caps.csv", "weft.conf:1: PowerSignal: \"caps.csv\" is not an absolute path" },
	{ "PowerSignal=/a\nPowerSignal=/b", "weft.conf:2: PowerSignal: given in line 1 already" },
	{ "PowerSignal=/a MaxAge=0",
	  "weft.conf:1: MaxAge: \"0\" is not a number of seconds from 1 to 2592000" },
	{ "MaxAge=60", "weft.conf:1: MaxAge: belongs behind PowerSignal=, on the same line" },
	{ "PowerPrice=/a Currency=euro",
	  "weft.conf:1: Currency: \"euro\" is not a code of three capitals such as EUR" },
	{ "PowerPrice=a", "weft.conf:1: PowerPrice: \"a\" is not an absolute path" },
	{ "PowerPrice=/a\nPowerPrice=/a", "weft.conf:2: PowerPrice: given in line 1 already" },
	{ "Currency=EUR",
	  "weft.conf:1: Currency: belongs behind PowerPrice=, Peer=, PublishKind= or HomePrice=, on the same line" },
	{ "PowerCarbon=/a MaxAge=3", "weft.conf:1: MaxAge: does not belong on a line with PowerCarbon=" },
	{ "PowerCarbon=a", "weft.conf:1: PowerCarbon: \"a\" is not an absolute path" },
	{ "PowerInterval=0", "weft.conf:1: PowerInterval: \"0\" is not a number of seconds from 1 to 3600" },
	{ "PowerInterval=1m",
	  "weft.conf:1: PowerInterval: \"1m\" is not a number of seconds from 1 to 3600" },
	{ "PowerInterval=3601",
	  "weft.conf:1: PowerInterval: \"3601\" is not a number of seconds from 1 to 3600" },
	{ "PowerPatience=2592001",
	  "weft.conf:1: PowerPatience: \"2592001\" is not a number of seconds from 0 to 2592000" },
	{ "PowerProvision=wurst",
	  "weft.conf:1: PowerProvision: \"wurst\" is not measured or worst; did you mean worst?" },
	{ "PowerShed=random",
	  "weft.conf:1: PowerShed: \"random\" is not youngest, oldest, largest or lowest" },
	{ "PowerHook=a", "weft.conf:1: PowerHook: \"a\" is not an absolute path" },
	{ "PowerHints=a", "weft.conf:1: PowerHints: \"a\" is not an absolute path" },
	{ "PowerState=a", "weft.conf:1: PowerState: \"a\" is not an absolute path" },
	{ "PowerState=/a\nPowerState=/a", "weft.conf:2: PowerState: given in line 1 already" },
	{ "PowerCapp=/a", "weft.conf:1: PowerCapp: unknown key; did you mean PowerCap?" },
};

static void check_error_of(const char *text, size_t len, const char *want)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_conf *conf = weft_conf_parse("weft.conf", text, len, &err);

	ck_assert_msg(conf == NULL, "%s: was understood", text);
	ck_assert_msg(!strcmp(err.text, want), "%s: got\n  %s\nnot\n  %s", text, err.text, want);
	ck_assert_ptr_null(weft_conf_parse("weft.conf", text, len, NULL));
}

START_TEST(explains)
{
	check_error_of(bad[_i].text, strlen(bad[_i].text), bad[_i].want);
}
END_TEST

/* FORMAT, which takes a number, for each number below N is one too many. */
static void check_limit(const char *format, int n, const char *want)
{
	char *text = malloc((size_t)n * 64);
	size_t len = 0;

	for (int i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, 64, format, i);
	check_error_of(text, len, want);
	while (text[--len - 1] != '\n')
		continue;
	text[len] = '\0';
	weft_conf_destroy(parse(text));
	free(text);
}

START_TEST(counts_are_limited)
{
	check_limit("PowerZone=z%d Nodes=a\n", 1024, "weft.conf:1024: PowerZone: more than 1023 zones");
	check_limit("PowerCap=cluster Watts=%d\n", 8193, "weft.conf:8193: PowerCap: more than 8192 caps");
	check_limit("PowerNode=n%d Idle=1 Peak=2\n", 1025, "weft.conf:1025: PowerNode: more than 1024 lines");
	check_limit("PowerClass=gpu:g%d Idle=1 Peak=2\n", 1025,
		    "weft.conf:1025: PowerClass: more than 1024 lines");
}
END_TEST

START_TEST(watts)
{
	static const struct {
		const char *text;
		double want; /* negative: none */
	} texts[] = {
		{ "0", 0 },	   { "12", 12 },      { "1.5", 1.5 },	  { "400k", 4e5 },
		{ "400K", 4e5 },   { "1.2M", 1.2e6 }, { "1.2mw", 1.2e6 }, { "2GW", 2e9 },
		{ "1e12", 1e12 },  { "1000G", 1e12 }, { "7W", 7 },	  { "3.35k", 3350 },
		{ "1e12W", 1e12 }, { "1000.1G", -1 }, { "", -1 },	  { "W", -1 },
		{ "k", -1 },	   { "kW", -1 },      { "4kk", -1 },	  { "4Wk", -1 },
		{ "4WW", -1 },	   { "4T", -1 },      { " 4", -1 },	  { "4 k", -1 },
		{ "0x10", -1 },	   { "nan", -1 },     { "inf", -1 },	  { "-4", -1 },
	};

	for (int i = 0; i < LENGTH(texts); i++) {
		double v = weft_watts_value(texts[i].text, strlen(texts[i].text));

		ck_assert_msg(texts[i].want < 0 ? v != v : v == texts[i].want, "%s: %g", texts[i].text, v);
	}
	ck_assert(weft_watts_value("400k", 3) == 400);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conf_power");
	TCase *t = tcase_create("conf_power");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, zones_and_caps);
	tcase_add_test(t, hosts_and_devices);
	tcase_add_test(t, the_planner);
	tcase_add_test(t, every_word);
	tcase_add_test(t, defaults);
	tcase_add_loop_test(t, explains, 0, LENGTH(bad));
	tcase_add_test(t, counts_are_limited);
	tcase_add_test(t, watts);
	suite_add_tcase(s, t);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
