/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft.c - the command for people: which there are; requests and the catalogue, without a cluster.
 *
 * Exit status: 0, 1 when the answer is no (a request with a mistake, an unknown name), 2 for wrong usage;
 * "weft detect" has 3 for a node without accelerators.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/catalogue.h"
#include "core/conf.h"
#include "core/request.h"
#include "tools/command.h"
#include "tools/weft_ask.h"
#include "tools/weft_burst.h"
#include "tools/weft_detect.h"
#include "tools/weft_ledger.h"
#include "tools/weft_power.h"
#include "tools/weft_report.h"
#include "tools/weft_sites.h"
#include "weft_config.h"

static const char who[] = "weft";

static const char usage[] =
	"usage: weft [--catalogue=FILE] [--site=FILE] COMMAND ...\n"
	"\n"
	"  weft check REQUEST     is it a request that --accel takes?  Prints its canonical form and which "
	"models of\n"
	"                         the catalogue each alternative accepts.\n"
	"  weft models [NAME...]  what the catalogue knows of models, families or vendors\n"
	"  weft vendors           the vendors, and the variables that their runtimes read\n"
	"  weft detect            the accelerators of this node, also as lines for gres.conf and slurm.conf\n"
	"  weft power             caps, projected and measured power, price and carbon, jobs that wait for "
	"power\n"
	"  weft sites             the sites that jobs may go to: cards, forecasts, prices\n"
	"  weft job JOB           what a job asked for, has, and where it runs, also at another site\n"
	"  weft burst replay FILE  decisions of BurstLog=, made again\n"
	"  weft why JOB           why a job waits: what is missing, and what would help\n"
	"  weft quote REQUEST     what it would come to at home and elsewhere: start, finish, cost, kWh, "
	"gCO2\n"
	"  weft classes           cards of each class: free, in use, out; jobs that run and wait\n"
	"  weft nodes             the nodes of each class by state\n"
	"  weft ledger            what jobs at other sites cost, also compared with another site's statement\n"
	"  weft report            what the cards did in a period: use, waiting, energy, carbon\n"
	"  weft metrics           the same for Prometheus, as OpenMetrics\n"
	"\n"
	"  --catalogue=FILE  a catalogue instead of the installed one\n"
	"  --site=FILE       a site catalogue on top of it\n"
	"  --help, --version\n"
	"\n"
	"Examples:\n"
	"  weft check '16:nvidia/amd/ascend,mem>=64G'\n"
	"  weft models h100 ascend\n"
	"  weft why 4711\n"
	"\n"
	"weft COMMAND --help says more of burst, classes, detect, job, ledger, nodes, power, quote, sites and why.\n"
	"Exit status: 0, 1 when the answer is no or there is none, 2 for wrong usage; detect has 3.\n";

/* "80", "40-80" or "-" */
static const char *figure_text(struct weft_figure f, char *buf, size_t size)
{
	if (!weft_figure_known(f))
		snprintf(buf, size, "-");
	else if (f.lo == f.hi)
		snprintf(buf, size, "%g", f.lo);
	else
		snprintf(buf, size, "%g-%g", f.lo, f.hi);
	return buf;
}

static void print_model_head(void)
{
	printf("%-24s %-12s %9s %11s %11s %11s %9s\n", "MODEL", "VENDOR", "MEM GiB", "BW GB/s", "bf16 TFLOPS",
	       "fp16 TFLOPS", "TDP W");
}

static void print_model(const struct weft_model *m)
{
	char mem[32], bw[32], bf16[32], fp16[32], tdp[32];

	printf("%-24s %-12s %9s %11s %11s %11s %9s\n", m->name, m->vendor->name,
	       figure_text(m->mem, mem, sizeof(mem)), figure_text(m->bw, bw, sizeof(bw)),
	       figure_text(m->tflops[WEFT_BF16], bf16, sizeof(bf16)),
	       figure_text(m->tflops[WEFT_FP16], fp16, sizeof(fp16)), figure_text(m->tdp, tdp, sizeof(tdp)));
}

/* Does NAME speak of M: its vendor, its family, itself? */
static bool speaks_of(const struct weft_catalogue *cat, const char *name, const struct weft_model *m)
{
	const struct weft_vendor *vendor = weft_catalogue_find_vendor(cat, name);
	const struct weft_model *named = weft_catalogue_find_model(cat, name);

	return (vendor && m->vendor == vendor) || (named && weft_model_is(m, named));
}

static bool accepts(const struct weft_catalogue *cat, const struct weft_alternative *alt,
		    const struct weft_model *m)
{
	bool named = alt->n_names == 0;

	for (size_t i = 0; i < alt->n_names && !named; i++)
		named = speaks_of(cat, alt->names[i].text, m);
	for (size_t i = 0; i < alt->n_predicates && named; i++)
		named = weft_predicate_holds(&alt->predicates[i], m);
	return named && (!alt->compute || weft_figure_known(m->tflops[alt->dtype]));
}

static int check(const struct weft_catalogue *cat, const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_request *req = weft_request_parse(text, &err);
	char *canonical = NULL;
	int status = STATUS_NO;

	if (!req || weft_request_check(req, cat, NULL, &err))
		goto done;
	for (size_t i = 0; i < req->n_alts; i++) {
		if (weft_alternative_consistent(&req->alts[i], &err))
			goto done;
	}
	canonical = weft_request_canonical(req);
	printf("%s\n", canonical ? canonical : "");
	for (size_t i = 0; i < req->n_alts; i++) {
		printf("\nalternative %zu accepts\n", i + 1);
		print_model_head();
		for (size_t k = 0; k < weft_catalogue_models(cat); k++) {
			const struct weft_model *m = weft_catalogue_model(cat, k);

			if (!m->is_family && accepts(cat, &req->alts[i], m))
				print_model(m);
		}
	}
	status = STATUS_OK;
done:
	if (status != STATUS_OK)
		complain(who, &err);
	free(canonical);
	weft_request_destroy(req);
	return status;
}

static int unknown_name(const struct weft_catalogue *cat, const char *name)
{
	const char *near = weft_catalogue_nearest(cat, name);
	struct weft_err err = WEFT_ERR_INIT;

	if (near)
		weft_err(&err, "unknown model \"%s\"; did you mean %s?", name, near);
	else
		weft_err(&err, "unknown model \"%s\"", name);
	return complain(who, &err);
}

static int models(const struct weft_catalogue *cat, char **names)
{
	for (char **name = names; *name; name++) {
		if (!weft_catalogue_find_vendor(cat, *name) && !weft_catalogue_find_model(cat, *name))
			return unknown_name(cat, *name);
	}
	print_model_head();
	for (size_t k = 0; k < weft_catalogue_models(cat); k++) {
		const struct weft_model *m = weft_catalogue_model(cat, k);
		bool wanted = !*names && !m->is_family;

		for (char **name = names; *name && !wanted; name++)
			wanted = speaks_of(cat, *name, m);
		if (wanted)
			print_model(m);
	}
	return STATUS_OK;
}

static void print_list(char *const *list)
{
	for (size_t i = 0; list && list[i]; i++)
		printf("%s%s", i ? "," : "", list[i]);
}

static int vendors(const struct weft_catalogue *cat)
{
	printf("%-14s %-18s %-14s %s\n", "VENDOR", "TITLE", "COLLECTIVES", "VARIABLES");
	for (size_t i = 0; i < weft_catalogue_vendors(cat); i++) {
		const struct weft_vendor *v = weft_catalogue_vendor(cat, i);

		printf("%-14s %-18s %-14s ", v->name, v->title ? v->title : "-",
		       v->collectives ? v->collectives : "-");
		print_list(v->visible_env);
		printf("\n");
	}
	return STATUS_OK;
}

/* The commands that show what the catalogue says. */
static int show(const char *path, const char *site, int argc, char **argv)
{
	struct weft_err err = WEFT_ERR_INIT;
	const char *name = argv[0], *flaw = NULL;
	struct weft_catalogue *cat;
	int status;

	if (!strcmp(name, "check"))
		flaw = argc == 2 ? NULL : "check takes one request";
	else if (!strcmp(name, "vendors"))
		flaw = argc == 1 ? NULL : "vendors takes no argument";
	else if (strcmp(name, "models") != 0)
		flaw = "there is no such command";
	if (flaw)
		return usage_error(who, usage, flaw);
	cat = weft_catalogue_load(path, site, &err);
	if (!cat)
		return complain(who, &err);
	if (!strcmp(name, "check"))
		status = check(cat, argv[1]);
	else if (!strcmp(name, "vendors"))
		status = vendors(cat);
	else
		status = models(cat, argv + 1);
	weft_catalogue_destroy(cat);
	return status;
}

/* Commands that need no catalogue.  A new one goes into man/weft.1 and contrib/completion/weft, too. */
static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} plain[] = {
	/* clang-format off */
	{ "burst", weft_burst_command },
	{ "classes", weft_ask },
	{ "job", weft_job },
	{ "ledger", weft_ledger_command },
	{ "nodes", weft_ask },
	{ "power", weft_power },
	{ "quote", weft_ask },
	{ "sites", weft_sites },
	{ "why", weft_ask },
	{ NULL, NULL },
	/* clang-format on */
};

static int run(int argc, char **argv)
{
	static const struct option options[] = { { "catalogue", required_argument, NULL, 'c' },
						 { "site", required_argument, NULL, 's' },
						 { "help", no_argument, NULL, 'h' },
						 { "version", no_argument, NULL, 'V' },
						 { 0 } };
	const char *path = WEFT_CATALOGUE_PATH, *site = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "+hV", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			path = optarg;
			break;
		case 's':
			site = optarg;
			break;
		case 'V':
			puts("weft " PACKAGE_VERSION);
			return STATUS_OK;
		default:
			return other_option(c, who, usage);
		}
	}
	if (optind == argc)
		return usage_error(who, usage, "which command?");
	for (size_t i = 0; plain[i].name; i++) {
		if (!strcmp(argv[optind], plain[i].name))
			return plain[i].run(argc - optind, argv + optind);
	}
	if (!strcmp(argv[optind], "detect"))
		return weft_detect(path, site, argc - optind, argv + optind);
	if (!strcmp(argv[optind], "metrics"))
		return weft_metrics(path, site, argc - optind, argv + optind);
	if (!strcmp(argv[optind], "report"))
		return weft_report(path, site, argc - optind, argv + optind);
	return show(path, site, argc - optind, argv + optind);
}

int main(int argc, char **argv)
{
	int status = run(argc, argv);
	bool lost = ferror(stdout) != 0;
	struct weft_err err = WEFT_ERR_INIT;

	if (fflush(stdout) != 0)
		weft_err(&err, "standard output: %s", strerror(errno));
	else if (lost)
		weft_err(&err, "standard output: not all of it could be written");
	else
		return status;
	return complain(who, &err);
}
