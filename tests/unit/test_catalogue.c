/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/catalogue.h"

/* JSON in C strings: 'x' stands for "x". */
static char *quoted(const char *text)
{
	char *copy = strdup(text);

	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

static struct weft_catalogue *parse(const char *base, const char *site, struct weft_err *err)
{
	char *b = quoted(base), *s = site != NULL ? quoted(site) : NULL;
	struct weft_catalogue *cat = weft_catalogue_parse("base.json", b, strlen(b), "site.json", s,
							  s != NULL ? strlen(s) : 0, err);

	free(b);
	free(s);
	return cat;
}

static struct weft_catalogue *good(const char *base, const char *site)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_catalogue *cat = parse(base, site, &err);

	ck_assert_msg(cat != NULL, "%s", err.text);
	ck_assert_str_eq(err.text, "");
	return cat;
}

static void bad(const char *base, const char *site, const char *message)
{
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_ptr_null(parse(base, site, &err));
	ck_assert_str_eq(err.text, message);
	ck_assert_ptr_null(parse(base, site, NULL)); /* nobody wants to know: no crash */
}

#define VENDORS "'vendors':[{'name':'nvidia'},{'name':'amd','aliases':['ati']}]"
#define MODELS(list) "{" VENDORS ",'models':[" list "]}"
#define MODEL(keys) MODELS("{'name':'h100x','vendor':'nvidia'," keys "}")
#define VENDOR(keys) "{'vendors':[{'name':'v'," keys "}]}"

#define IN_MODEL "base.json: model \"h100x\": "
#define IN_VENDOR "base.json: vendor \"v\": "

static bool point(struct weft_figure f, double x)
{
	return f.lo == x && f.hi == x;
}

static bool range(struct weft_figure f, double lo, double hi)
{
	return f.lo == lo && f.hi == hi;
}

/* Reading */

START_TEST(empty_is_allowed)
{
	struct weft_catalogue *cat = good("{}", "{}");

	ck_assert_uint_eq(weft_catalogue_vendors(cat), 0);
	ck_assert_uint_eq(weft_catalogue_models(cat), 0);
	ck_assert_ptr_null(weft_catalogue_vendor(cat, 0));
	ck_assert_ptr_null(weft_catalogue_model(cat, 0));
	ck_assert_ptr_null(weft_catalogue_find_type(cat, "h100"));
	ck_assert_ptr_null(weft_catalogue_nearest(cat, "h100"));
	weft_catalogue_destroy(cat);
	weft_catalogue_destroy(NULL);
}
END_TEST

START_TEST(all_keys_are_read)
{
	struct weft_catalogue *cat = good(
		"{'format':1,'_x':[],'comment':'','comment 2':1,'vendors':[{'name':'v','title':'V ü',"
		"'aliases':['w','x.1-y'],'visible_env':['A_1','b'],'other_env':['C'],'container_env':'D',"
		"'gres_names':['GPU','npu'],'device_nodes':['/dev/v#','/dev/vctl'],'pci_vendors':['10DE'],"
		"'pci_classes':['12','0B40'],"
		"'pci_other':['10DE:00FF'],"
		"'tool':'v-smi','library':'libv.so','collectives':'VCCL','backend':'vccl','_note':{'a':1}}],"
		"'models':[{'name':'m','vendor':'W','title':'M','family':'f','gres_types':['M_1'],"
		"'pci_ids':['10de:23AB','10DE:23ab/1028:00FF'],'devices_per_card':2,"
		"'mem_gib':80,'bw_gbs':3350.5,'tdp_w':700,"
		"'idle_w':[69,72],'link':'L 4','link_gbs':900,"
		"'tflops':{'fp64':1,'fp32':2,'tf32':3,'bf16':4,'fp16':5,'fp8':6,'int8':7}}]} \n", NULL);
	const struct weft_vendor *v = weft_catalogue_vendor(cat, 0);
	const struct weft_model *m = weft_catalogue_model(cat, 0);

	ck_assert_str_eq(v->name, "v");
	ck_assert_str_eq(v->title, "V ü");
	ck_assert_str_eq(v->aliases[1], "x.1-y");
	ck_assert_ptr_null(v->aliases[2]);
	ck_assert_str_eq(v->visible_env[0], "A_1");
	ck_assert_str_eq(v->other_env[0], "C");
	ck_assert_str_eq(v->container_env, "D");
	ck_assert_str_eq(v->gres_names[0], "gpu");
	ck_assert_str_eq(v->device_nodes[1], "/dev/vctl");
	ck_assert_str_eq(v->pci_vendors[0], "10de");
	ck_assert_str_eq(v->pci_classes[1], "0b40");
	ck_assert_str_eq(v->pci_other[0], "10de:00ff");
	ck_assert_str_eq(v->tool, "v-smi");
	ck_assert_str_eq(v->library, "libv.so");
	ck_assert_str_eq(v->collectives, "VCCL");
	ck_assert_str_eq(v->backend, "vccl");
	ck_assert_ptr_eq(m->vendor, v);
	ck_assert_str_eq(m->name, "m");
	ck_assert_str_eq(m->title, "M");
	ck_assert_str_eq(m->family, "f");
	ck_assert(!m->is_family);
	ck_assert_str_eq(m->gres_types[0], "m_1");
	ck_assert_str_eq(m->pci_ids[0], "10de:23ab");
	ck_assert_str_eq(m->pci_ids[1], "10de:23ab/1028:00ff");
	ck_assert_uint_eq(m->devices_per_card, 2);
	ck_assert(point(m->mem, 80));
	ck_assert(point(m->bw, 3350.5));
	ck_assert(point(m->tdp, 700));
	ck_assert(range(m->idle, 69, 72));
	ck_assert(point(m->link, 900));
	ck_assert_str_eq(m->link_name, "L 4");
	for (int i = 0; i < WEFT_DTYPES; i++)
		ck_assert(point(m->tflops[i], i + 1));
	weft_catalogue_destroy(cat);
}
END_TEST

START_TEST(what_is_left_out_is_unknown)
{
	struct weft_catalogue *cat = good(MODELS("{'name':'m','vendor':'amd'}"), NULL);
	const struct weft_vendor *v = weft_catalogue_vendor(cat, 0);
	const struct weft_model *m = weft_catalogue_model(cat, 0);

	ck_assert_str_eq(v->title, "nvidia");
	ck_assert_ptr_null(v->visible_env[0]);
	ck_assert_ptr_null(v->tool);
	ck_assert_str_eq(m->title, "m");
	ck_assert_ptr_null(m->family);
	ck_assert_ptr_null(m->gres_types[0]);
	ck_assert_ptr_null(m->link_name);
	ck_assert_uint_eq(m->devices_per_card, 1);
	ck_assert(!weft_figure_known(m->mem) && !weft_figure_known(m->bw) && !weft_figure_known(m->tdp));
	ck_assert(!weft_figure_known(m->idle) && !weft_figure_known(m->link));
	for (int i = 0; i < WEFT_DTYPES; i++)
		ck_assert(!weft_figure_known(m->tflops[i]));
	weft_catalogue_destroy(cat);
}
END_TEST

START_TEST(site_overrides_key_by_key)
{
	struct weft_catalogue *cat = good(
		"{'vendors':[{'name':'v','tool':'old','library':'lib','aliases':['w']}],'models':["
		"{'name':'a','vendor':'v','family':'f','gres_types':['t1','t2'],'mem_gib':40,'bw_gbs':1,"
		"'tflops':{'fp16':10,'bf16':20},'link':'L'},"
		"{'name':'b','vendor':'v','family':'f','mem_gib':80}]}",
		"{'vendors':[{'name':'v','tool':'new'},{'name':'own'}],'models':["
		"{'name':'a','mem_gib':41,'bw_gbs':null,'gres_types':['t3'],'tflops':{'fp16':11},'link':null},"
		"{'name':'b','vendor':'own','family':null,'title':'B'},"
		"{'name':'c','vendor':'own','family':'g','mem_gib':[1,2]},{'name':'d','vendor':'own','family':'g'}]}");
	const struct weft_model *a = weft_catalogue_find_model(cat, "a");
	const struct weft_model *b = weft_catalogue_find_model(cat, "b");

	ck_assert_uint_eq(weft_catalogue_vendors(cat), 2);
	ck_assert_str_eq(weft_catalogue_find_vendor(cat, "v")->tool, "new");
	ck_assert_str_eq(weft_catalogue_find_vendor(cat, "v")->library, "lib");
	ck_assert_str_eq(weft_catalogue_find_vendor(cat, "W")->name, "v");
	ck_assert_uint_eq(weft_catalogue_models(cat), 6); /* a, b, c, d; f and g */
	ck_assert(point(a->mem, 41));
	ck_assert(!weft_figure_known(a->bw));
	ck_assert(point(a->tflops[WEFT_FP16], 11));
	ck_assert(point(a->tflops[WEFT_BF16], 20));
	ck_assert_ptr_null(a->link_name);
	ck_assert_ptr_null(weft_catalogue_find_type(cat, "t1"));
	ck_assert_ptr_eq(weft_catalogue_find_type(cat, "T3"), a);
	ck_assert_str_eq(b->vendor->name, "own");
	ck_assert_ptr_null(b->family);
	ck_assert(point(b->mem, 80));
	ck_assert(point(weft_catalogue_find_model(cat, "f")->mem, 41)); /* families come after the site's word */
	ck_assert(range(weft_catalogue_find_model(cat, "g")->mem, 1, 2));
	weft_catalogue_destroy(cat);
}
END_TEST

START_TEST(null_takes_away)
{
	struct weft_catalogue *cat = good(MODEL("'tflops':{'fp16':1,'fp8':2},'devices_per_card':2,'mem_gib':1"),
					  "{'models':[{'name':'h100x','tflops':{'fp16':null},'devices_per_card':null,"
					  "'gres_types':null}],'vendors':[{'name':'amd','aliases':null}]}");
	const struct weft_model *m = weft_catalogue_find_model(cat, "h100x");

	ck_assert(!weft_figure_known(m->tflops[WEFT_FP16]));
	ck_assert(point(m->tflops[WEFT_FP8], 2));
	ck_assert_uint_eq(m->devices_per_card, 1);
	ck_assert_ptr_null(weft_catalogue_find_vendor(cat, "ati"));
	weft_catalogue_destroy(cat);
	cat = good(MODEL("'tflops':{'fp16':1,'fp8':2}"), "{'models':[{'name':'h100x','tflops':null}]}");
	m = weft_catalogue_find_model(cat, "h100x");
	ck_assert(!weft_figure_known(m->tflops[WEFT_FP8]));
	weft_catalogue_destroy(cat);
}
END_TEST

/* Families and look-ups */

#define FAMILY \
	"{'name':'a100-40','vendor':'nvidia','family':'a100','gres_types':['nvidia_a100','a_40'],'mem_gib':40," \
	"'bw_gbs':1555,'tflops':{'bf16':312},'devices_per_card':2,'idle_w':[50,58]}," \
	"{'name':'a100-80','vendor':'nvidia','family':'a100','gres_types':['nvidia_a100','odd'],'mem_gib':80," \
	"'tflops':{'bf16':312}}," \
	"{'name':'a100-x','vendor':'nvidia','family':'a100','gres_types':['odd']}," \
	"{'name':'mi300x','vendor':'amd','gres_types':['odd','mi300x']}," \
	"{'name':'t4','vendor':'nvidia','family':'t4','mem_gib':16,'gres_types':['tesla_t4','tesla-t4']}"

START_TEST(a_family_spans_its_variants)
{
	struct weft_catalogue *cat = good(MODELS(FAMILY), NULL);
	const struct weft_model *f = weft_catalogue_find_model(cat, "A100");

	ck_assert_uint_eq(weft_catalogue_models(cat), 6);
	ck_assert_ptr_eq(f, weft_catalogue_model(cat, 5));
	ck_assert(f->is_family);
	ck_assert_str_eq(f->name, "a100");
	ck_assert_str_eq(f->family, "a100");
	ck_assert_str_eq(f->vendor->name, "nvidia");
	ck_assert(range(f->mem, 40, 80));
	ck_assert(point(f->bw, 1555));
	ck_assert(point(f->tflops[WEFT_BF16], 312));
	ck_assert(range(f->idle, 50, 58));
	ck_assert(!weft_figure_known(f->tdp));
	ck_assert_uint_eq(f->devices_per_card, 1); /* its variants disagree */
	weft_catalogue_destroy(cat);
}
END_TEST

START_TEST(types_are_found)
{
	struct weft_catalogue *cat = good(MODELS(FAMILY), NULL);
	const struct weft_model *a40 = weft_catalogue_find_model(cat, "a100-40");
	const struct weft_model *family = weft_catalogue_find_model(cat, "a100");
	const struct weft_model *t4 = weft_catalogue_find_model(cat, "t4");

	ck_assert_ptr_eq(weft_catalogue_find_type(cat, "A-40"), a40);        /* one model's spelling */
	ck_assert_ptr_eq(weft_catalogue_find_type(cat, "a100_40"), a40);     /* its name */
	ck_assert_ptr_eq(weft_catalogue_find_type(cat, "a100"), family);
	ck_assert_ptr_eq(weft_catalogue_find_type(cat, "nvidia_a100"), family); /* two variants' spelling */
	ck_assert_ptr_null(weft_catalogue_find_type(cat, "odd"));            /* of models with nothing in common */
	ck_assert_ptr_eq(weft_catalogue_find_type(cat, "tesla_t4"), t4);     /* twice, but of one model */
	ck_assert_ptr_eq(weft_catalogue_find_type(cat, "t4"), t4);
	ck_assert(!t4->is_family);
	ck_assert_ptr_nonnull(weft_catalogue_find_type(cat, "mi300x"));
	ck_assert_ptr_null(weft_catalogue_find_type(cat, "nvidia_a100_3g.20gb"));
	ck_assert_ptr_null(weft_catalogue_find_type(cat, ""));
	ck_assert_ptr_null(weft_catalogue_find_type(cat, NULL));
	weft_catalogue_destroy(cat);
}
END_TEST

/* A site can say what "a100" is there. */
START_TEST(a_listed_type_goes_before_a_family)
{
	struct weft_catalogue *cat = good(MODELS(FAMILY), "{'models':[{'name':'a100-80','gres_types':['a100']}]}");

	ck_assert_str_eq(weft_catalogue_find_type(cat, "a100")->name, "a100-80");
	ck_assert(weft_catalogue_find_model(cat, "a100")->is_family);
	weft_catalogue_destroy(cat);
}
END_TEST

START_TEST(model_is)
{
	struct weft_catalogue *cat = good(MODELS(FAMILY), NULL);
	const struct weft_model *a40 = weft_catalogue_find_model(cat, "a100-40");
	const struct weft_model *a80 = weft_catalogue_find_model(cat, "a100-80");
	const struct weft_model *family = weft_catalogue_find_model(cat, "a100");
	const struct weft_model *mi = weft_catalogue_find_model(cat, "mi300x");
	const struct weft_model *t4 = weft_catalogue_find_model(cat, "t4");

	ck_assert(weft_model_is(a40, a40));
	ck_assert(!weft_model_is(a40, a80));
	ck_assert(weft_model_is(a40, family));
	ck_assert(weft_model_is(family, family));
	ck_assert(!weft_model_is(family, a40)); /* any variant is not a certain one */
	ck_assert(!weft_model_is(mi, family));
	ck_assert(!weft_model_is(t4, family));
	ck_assert(weft_model_is(t4, t4));
	weft_catalogue_destroy(cat);
}
END_TEST

START_TEST(nearest)
{
	struct weft_catalogue *cat = good(MODELS(FAMILY), NULL);

	ck_assert_str_eq(weft_catalogue_nearest(cat, "nvdia"), "nvidia");
	ck_assert_str_eq(weft_catalogue_nearest(cat, "a1000"), "a100");
	ck_assert_str_eq(weft_catalogue_nearest(cat, "ait"), "ati");
	ck_assert_str_eq(weft_catalogue_nearest(cat, "MI300"), "mi300x");
	ck_assert_ptr_null(weft_catalogue_nearest(cat, "tenstorrent"));
	weft_catalogue_destroy(cat);
}
END_TEST

START_TEST(dtypes)
{
	for (int i = 0; i < WEFT_DTYPES; i++)
		ck_assert_int_eq(weft_dtype_parse(weft_dtype_name((enum weft_dtype)i)), i);
	ck_assert_int_eq(weft_dtype_parse("BF16"), WEFT_BF16);
	ck_assert_int_eq(weft_dtype_parse("bf17"), -1);
	ck_assert_int_eq(weft_dtype_parse(""), -1);
	ck_assert_str_eq(weft_dtype_name(WEFT_DTYPES), "?");
}
END_TEST

/* Refusing */

static const struct {
	const char *text, *message;
} mistakes[] = {
	/* the document */
	{ "[]", "base.json: must be an object, not a list" },
	{ "null\n", "base.json: must be an object, not null" },
	{ "{'vendors':{}}", "base.json: vendors: must be a list, not an object" },
	{ "{'models':'x'}", "base.json: models: must be a list, not a string" },
	{ "{'modles':[]}", "base.json: modles: unknown key; did you mean models?" },
	{ "{'format':2}", "base.json: format: must be 1; this version of Weft reads no other" },
	{ "{'format':'1'}", "base.json: format: must be 1; this version of Weft reads no other" },
	{ "", "base.json:1: the text ends too early" },
	{ "{'vendors':[\n{'name':'v'},\n", "base.json:3: the text ends too early" },
	/* entries */
	{ "{'models':[true]}", "base.json: models, entry 1: must be an object, not true or false" },
	{ MODELS("{'name':'a','vendor':'amd'},{}"), "base.json: models, entry 2: name: missing" },
	{ "{'vendors':[{'title':'x'}]}", "base.json: vendors, entry 1: name: missing" },
	{ MODELS("{'name':null}"), "base.json: models, entry 1: name: must be a string, not null" },
	{ MODELS("{'name':7}"), "base.json: models, entry 1: name: must be a string, not a number" },
	{ MODELS("{'name':''}"), "base.json: models, entry 1: name: \"\" must begin with a letter or a digit" },
	{ MODELS("{'name':'-a'}"), "base.json: models, entry 1: name: \"-a\" must begin with a letter or a digit" },
	{ MODELS("{'name':'H100'}"),
	  "base.json: models, entry 1: name: \"H100\" may have only a-z, 0-9, '.' and '-'" },
	{ MODELS("{'name':'k100_ai'}"),
	  "base.json: models, entry 1: name: \"k100_ai\" may have only a-z, 0-9, '.' and '-'" },
	{ MODELS("{'name':'a,b'}"), "base.json: models, entry 1: name: \"a,b\" may have only a-z, 0-9, '.' and '-'" },
	{ MODELS("{'name':'a\\nb'}"),
	  "base.json: models, entry 1: name: \"a?b\" may have only a-z, 0-9, '.' and '-'" },
	{ MODELS("{'name':'a\\u0000b'}"),
	  "base.json: models, entry 1: name: may have no NUL character" },
	{ MODELS("{'name':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}"),
	  "base.json: models, entry 1: name: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" "
	  "has more than 64 characters" },
	{ MODELS("{'name':'a','vendor':'amd'},{'name':'b','vendor':'amd'},{'name':'a','vendor':'amd'}"),
	  "base.json: models, entries 1 and 3: both have the name \"a\"" },
	{ "{'vendors':[{'name':'v'},{'name':'v'}]}",
	  "base.json: vendors, entries 1 and 2: both have the name \"v\"" },
	/* models */
	{ MODELS("{'name':'h100x'}"), IN_MODEL "vendor: missing" },
	{ MODELS("{'name':'h100x','vendor':null}"), IN_MODEL "vendor: must be a string, not null" },
	{ MODELS("{'name':'h100x','vendor':'nvdia'}"),
	  IN_MODEL "vendor: unknown vendor \"nvdia\"; did you mean nvidia?" },
	{ MODELS("{'name':'h100x','vendor':'acme'}"), IN_MODEL "vendor: unknown vendor \"acme\"" },
	{ MODELS("{'name':'h100x','vendor':['amd']}"), IN_MODEL "vendor: must be a string, not a list" },
	{ MODEL("'mem_gb':80"), IN_MODEL "mem_gb: unknown key; did you mean mem_gib?" },
	{ MODEL("'something':80"), IN_MODEL "something: unknown key" },
	{ MODEL("'mem_gib':'80'"), IN_MODEL "mem_gib: must be a number, not a string" },
	{ MODEL("'mem_gib':{}"), IN_MODEL "mem_gib: must be a number, not an object" },
	{ MODEL("'mem_gib':0"), IN_MODEL "mem_gib: must be more than 0 and at most 1000000" },
	{ MODEL("'mem_gib':-80"), IN_MODEL "mem_gib: must be more than 0 and at most 1000000" },
	{ MODEL("'mem_gib':1e7"), IN_MODEL "mem_gib: must be more than 0 and at most 1000000" },
	{ MODEL("'mem_gib':1e999"), IN_MODEL "mem_gib: must be more than 0 and at most 1000000" },
	{ MODEL("'mem_gib':NaN"), IN_MODEL "mem_gib: must be more than 0 and at most 1000000" },
	{ MODEL("'mem_gib':Infinity"), IN_MODEL "mem_gib: must be more than 0 and at most 1000000" },
	{ MODEL("'mem_gib':1e26"), IN_MODEL "mem_gib: must be more than 0 and at most 1000000" },
	{ MODEL("'idle_w':[1]"), IN_MODEL "idle_w: a range must be two numbers, [low, high]" },
	{ MODEL("'idle_w':[1,2,3]"), IN_MODEL "idle_w: a range must be two numbers, [low, high]" },
	{ MODEL("'idle_w':[1,'2']"), IN_MODEL "idle_w: must be a number, not a string" },
	{ MODEL("'idle_w':[1,null]"), IN_MODEL "idle_w: must be a number, not null" },
	{ MODEL("'idle_w':[72,69]"), IN_MODEL "idle_w: the range begins at 72 and ends at 69" },
	{ MODEL("'devices_per_card':1.5"), IN_MODEL "devices_per_card: must be a whole number" },
	{ MODEL("'devices_per_card':65"), IN_MODEL "devices_per_card: must be more than 0 and at most 64" },
	{ MODEL("'tflops':989"), IN_MODEL "tflops: must be an object, not a number" },
	{ MODEL("'tflops':{'bf61':989}"), IN_MODEL "tflops.bf61: unknown key; did you mean bf16?" },
	{ MODEL("'tflops':{'bf16':'989'}"), IN_MODEL "tflops.bf16: must be a number, not a string" },
	{ MODEL("'gres_types':'h100'"), IN_MODEL "gres_types: must be a list of strings, not a string" },
	{ MODEL("'gres_types':['h100',7]"), IN_MODEL "gres_types, entry 2: must be a string, not a number" },
	{ MODEL("'gres_types':['gpu:h100']"), IN_MODEL "gres_types, entry 1: \"gpu:h100\" must be one gres name or "
	  "type, without ':', ',', '=', '(', ')' and blanks" },
	{ MODEL("'gres_types':['']"), IN_MODEL "gres_types, entry 1: \"\" must be one gres name or type, without "
	  "':', ',', '=', '(', ')' and blanks" },
	{ MODEL("'gres_types':['a\\u001b']"), IN_MODEL "gres_types, entry 1: \"a?\" may have no control characters" },
	{ MODEL("'gres_types':['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa']"),
	  IN_MODEL "gres_types, entry 1: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" "
	  "has more than 64 characters" },
	{ MODEL("'pci_ids':['10de']"),
	  IN_MODEL "pci_ids, entry 1: \"10de\" must be two times four hex digits, as in 10de:2330" },
	{ MODEL("'pci_ids':['10de:23301']"),
	  IN_MODEL "pci_ids, entry 1: \"10de:23301\" must be two times four hex digits, as in 10de:2330" },
	{ MODEL("'title':''"), IN_MODEL "title: \"\" must not be empty" },
	{ MODEL("'title':null"), IN_MODEL "title: must be a string, not null" },
	{ MODEL("'link':false"), IN_MODEL "link: must be a string, not true or false" },
	{ MODEL("'family':'H 1'"), IN_MODEL "family: \"H 1\" may have only a-z, 0-9, '.' and '-'" },
	/* vendors */
	{ VENDOR("'visible_env':['A B']"),
	  IN_VENDOR "visible_env, entry 1: \"A B\" must be the name of an environment variable" },
	{ VENDOR("'visible_env':['1A']"),
	  IN_VENDOR "visible_env, entry 1: \"1A\" must be the name of an environment variable" },
	{ VENDOR("'container_env':''"), IN_VENDOR "container_env: \"\" must be the name of an environment variable" },
	{ VENDOR("'device_nodes':['/etc/shadow']"),
	  IN_VENDOR "device_nodes, entry 1: \"/etc/shadow\" must be a path below /dev/" },
	{ VENDOR("'device_nodes':['/dev/../etc/x']"),
	  IN_VENDOR "device_nodes, entry 1: \"/dev/../etc/x\" must be a path below /dev/" },
	{ VENDOR("'pci_classes':['030']"),
	  IN_VENDOR "pci_classes, entry 1: \"030\" must be two or four hex digits" },
	{ VENDOR("'pci_other':['10de:0001/10de:0002']"),
	  IN_VENDOR "pci_other, entry 1: \"10de:0001/10de:0002\" must be two times four hex digits, as in "
		    "10de:2330" },
	{ MODEL("'pci_ids':['10de:2330/10de']"),
	  IN_MODEL "pci_ids, entry 1: \"10de:2330/10de\" must be two times four hex digits, as in "
		   "10de:2330" },
	{ VENDOR("'pci_vendors':['10d']"), IN_VENDOR "pci_vendors, entry 1: \"10d\" must be four hex digits" },
	{ VENDOR("'visible_en':[]"), IN_VENDOR "visible_en: unknown key; did you mean visible_env?" },
	{ "{'vendors':[{'name':'v','aliases':['w']},{'name':'w'}]}",
	  "base.json: vendors \"v\" and \"w\": both go by the name \"w\"" },
	{ "{'vendors':[{'name':'v','aliases':['x']},{'name':'w','aliases':['x']}]}",
	  "base.json: vendors \"v\" and \"w\": both go by the name \"x\"" },
	/* fabrics */
	{ "{'fabrics':{}}", "base.json: fabrics: must be a list, not an object" },
	{ "{'fabrics':[{'name':'F'}]}",
	  "base.json: fabrics, entry 1: name: \"F\" may have only a-z, 0-9, '.' and '-'" },
	{ "{'fabrics':[{'name':'f'},{'name':'f'}]}",
	  "base.json: fabrics, entries 1 and 2: both have the name \"f\"" },
	{ "{'fabrics':[{'name':'f','path':'tcp'}]}",
	  "base.json: fabric \"f\": path: \"tcp\" must be device or host" },
	{ "{'fabrics':[{'name':'f','path':null}]}", "base.json: fabric \"f\": path: must be a string, not null" },
	{ "{'fabrics':[{'name':'f','pth':'host'}]}",
	  "base.json: fabric \"f\": pth: unknown key; did you mean path?" },
	{ VENDOR("'fabrics':['f']"), IN_VENDOR "fabrics, entry 1: unknown fabric \"f\"" },
	{ "{'fabrics':[{'name':'flagcx'}],'vendors':[{'name':'v','fabrics':['flagcx','flagxc']}]}",
	  IN_VENDOR "fabrics, entry 2: unknown fabric \"flagxc\"; did you mean flagcx?" },
	{ VENDOR("'fabrics':'f'"), IN_VENDOR "fabrics: must be a list of strings, not a string" },
	{ VENDOR("'fabric_gap':''"), IN_VENDOR "fabric_gap: \"\" must not be empty" },
	/* one name for two things */
	{ MODELS("{'name':'ati','vendor':'amd'}"), "base.json: model \"ati\": name: vendor \"amd\" goes by it too" },
	{ MODELS("{'name':'x1','vendor':'amd','family':'nvidia'}"),
	  "base.json: family \"nvidia\": name: vendor \"nvidia\" goes by it too" },
	{ MODELS("{'name':'x','vendor':'amd','family':'x'},{'name':'y','vendor':'amd','family':'x'}"),
	  "base.json: model \"x\": family: \"x\" is the name of a model" },
	{ MODELS("{'name':'x','vendor':'amd'},{'name':'y','vendor':'amd','family':'x'}"),
	  "base.json: model \"y\": family: \"x\" is the name of a model" },
	{ MODELS("{'name':'x','vendor':'amd','family':'f'},{'name':'y','vendor':'nvidia','family':'f'}"),
	  "base.json: model \"y\": family: \"f\" is of vendor amd, not nvidia" },
};

/* What joins vendors; a site may add to it and take it away. */
START_TEST(fabrics_are_read)
{
	struct weft_catalogue *cat = good(
		"{'fabrics':[{'name':'flagcx','title':'FlagCX','path':'device'},{'name':'open-x','path':'host'}],"
		"'vendors':[{'name':'v','fabrics':['open-x','flagcx'],'fabric_gap':'because'},"
		"{'name':'w','fabrics':['flagcx']},{'name':'x'}]}",
		"{'fabrics':[{'name':'flagcx','title':'FlagCX 2'},{'name':'own'}],'vendors':["
		"{'name':'w','fabrics':null},{'name':'x','fabrics':['own']}]}");
	const struct weft_fabric *flagcx = weft_catalogue_fabric(cat, 0), *open_x = weft_catalogue_fabric(cat, 1);
	const struct weft_vendor *v = weft_catalogue_vendor(cat, 0), *w = weft_catalogue_vendor(cat, 1);
	const struct weft_vendor *x = weft_catalogue_vendor(cat, 2);

	ck_assert_uint_eq(weft_catalogue_fabrics(cat), 3);
	ck_assert_ptr_null(weft_catalogue_fabric(cat, 3));
	ck_assert_str_eq(flagcx->name, "flagcx");
	ck_assert_str_eq(flagcx->title, "FlagCX 2");
	ck_assert(!flagcx->host && open_x->host);
	ck_assert_str_eq(open_x->title, "open-x");
	ck_assert_ptr_eq(weft_catalogue_find_fabric(cat, "FLAGCX"), flagcx);
	ck_assert_ptr_eq(weft_catalogue_find_fabric(cat, "open_x"), open_x);
	ck_assert_ptr_null(weft_catalogue_find_fabric(cat, "gloo"));
	ck_assert(weft_vendor_has_fabric(v, flagcx) && weft_vendor_has_fabric(v, open_x));
	ck_assert(!weft_vendor_has_fabric(w, flagcx) && !weft_vendor_has_fabric(x, flagcx));
	ck_assert(weft_vendor_has_fabric(x, weft_catalogue_find_fabric(cat, "own")));
	ck_assert_str_eq(v->fabric_gap, "because");
	ck_assert_ptr_null(w->fabric_gap);
	weft_catalogue_destroy(cat);
}
END_TEST

START_TEST(fabrics_have_a_limit)
{
	char text[WEFT_CATALOGUE_MAX_FABRICS * 24 + 64];
	size_t len = (size_t)snprintf(text, sizeof(text), "{'fabrics':[{'name':'f'}");

	for (int i = 1; i <= WEFT_CATALOGUE_MAX_FABRICS; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, ",{'name':'f%d'}", i);
	snprintf(text + len, sizeof(text) - len, "]}");
	bad(text, NULL, "base.json: fabric \"f64\": more than 64 fabrics");
}
END_TEST

START_TEST(each_mistake_is_explained)
{
	bad(mistakes[_i].text, NULL, mistakes[_i].message);
}
END_TEST

START_TEST(mistakes_in_the_site_file_name_it)
{
	bad(MODEL("'mem_gib':80"), "{'models':[{'name':'h100x','mem_gib':'96'}]}",
	    "site.json: model \"h100x\": mem_gib: must be a number, not a string");
	bad(MODEL("'mem_gib':80"), "{'models':[{'name':'new','mem_gib':96}]}",
	    "site.json: model \"new\": vendor: missing");
	bad(MODELS(FAMILY), "{'models':[{'name':'a100','vendor':'nvidia'}]}",
	    "site.json: model \"a100-40\": family: \"a100\" is the name of a model");
	bad(MODELS(FAMILY), "{'vendors':[{'name':'ati','tool':'x'}]}",
	    "site.json: vendor \"ati\": this is another name of vendor \"amd\"; use that one");
	bad(MODELS(FAMILY), "{'vendors':[{'name':'nvidia','aliases':['t4']}]}",
	    "site.json: model \"t4\": name: vendor \"nvidia\" goes by it too");
	bad(MODELS(FAMILY), "{'vendors':[{'name':'nvidia','aliases':['ati']}]}",
	    "site.json: vendors \"nvidia\" and \"amd\": both go by the name \"ati\"");
	bad(MODELS(FAMILY), "{", "site.json:1: the text ends too early");
}
END_TEST

/* What json-c says of it differs between its releases. */
START_TEST(broken_json_names_the_line)
{
	static const struct {
		const char *text, *begin;
	} cases[] = {
		{ "{'vendors':[],\n'models':[\n}", "base.json:3: not JSON: " },
		{ "{'vendors':[],}", "base.json:1: not JSON: " },
		{ "{'vendors':[]}\n\n x", "base.json:3: not JSON: " },
		{ "{'vendors':[]}{}", "base.json:1: not JSON: " },
		{ "{/* no comments */}", "base.json:1: not JSON: " },
		{ "{vendors:[]}", "base.json:1: not JSON: " },
		{ "{'models':[{'a':[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}]}", "base.json:1: not JSON: " },
		{ "{'vendors':\n[{'name':'\xff\xfe'}]}", "base.json:2: not UTF-8" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct weft_err err = WEFT_ERR_INIT;

		ck_assert_ptr_null(parse(cases[i].text, NULL, &err));
		ck_assert_msg(strncmp(err.text, cases[i].begin, strlen(cases[i].begin)) == 0, "%s", err.text);
	}
}
END_TEST

START_TEST(a_nul_byte_is_refused)
{
	static const char text[] = "{\n\0}", after[] = "{}\n\0";
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_ptr_null(weft_catalogue_parse("x.json", text, sizeof(text) - 1, NULL, NULL, 0, &err));
	ck_assert_str_eq(err.text, "x.json:2: a NUL byte; this is no text file");
	ck_assert_ptr_null(weft_catalogue_parse("x.json", after, sizeof(after) - 1, NULL, NULL, 0, NULL));
}
END_TEST

START_TEST(long_strings_and_lists_are_refused)
{
	char text[4096], name[130], message[256];
	size_t len;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), "{'vendors':[{'name':'v','title':'%s'}]}", name);
	bad(text, NULL, "base.json: vendor \"v\": title: has more than 128 bytes");
	snprintf(text, sizeof(text), "{'vendors':[{'name':'v','%s':1}]}", name);
	snprintf(message, sizeof(message), "base.json: vendor \"v\": %.64s: unknown key", name);
	bad(text, NULL, message);
	len = (size_t)snprintf(text, sizeof(text), "{'vendors':[{'name':'v','aliases':[");
	for (int i = 0; i < 65; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s'a%d'", i > 0 ? "," : "", i);
	snprintf(text + len, sizeof(text) - len, "]}]}");
	bad(text, NULL, "base.json: vendor \"v\": aliases: 65 entries; at most 64 are allowed");
}
END_TEST

/* N models (or vendors) with names of their own, beginning at FIRST. */
static char *many(const char *list, int n, int first)
{
	size_t size = 128 + (size_t)n * 40, len = 0;
	bool models = strcmp(list, "models") == 0;
	char *text = malloc(size);

	len += (size_t)snprintf(text, size, "{%s'%s':[", models ? VENDORS "," : "", list);
	for (int i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, size - len, "%s{'name':'m%d'%s}", i > 0 ? "," : "", first + i,
					models ? ",'vendor':'amd'" : "");
	snprintf(text + len, size - len, "]}");
	return text;
}

START_TEST(too_many_entries_are_refused)
{
	char *most = many("models", 10000, 0), *more = many("models", 10001, 0), *others = many("models", 1, 20000);
	char *vendors = many("vendors", 10000, 0), *other_vendors = many("vendors", 1, 20000);
	struct weft_catalogue *cat = good(most, NULL);

	ck_assert_uint_eq(weft_catalogue_models(cat), 10000);
	ck_assert_str_eq(weft_catalogue_find_model(cat, "m9999")->name, "m9999");
	weft_catalogue_destroy(cat);
	bad(more, NULL, "base.json: models: 10001 entries; at most 10000 are allowed");
	bad(most, others, "site.json: model \"m20000\": more than 10000 models");
	bad(vendors, other_vendors, "site.json: vendor \"m20000\": more than 10000 vendors");
	free(most);
	free(more);
	free(others);
	free(vendors);
	free(other_vendors);
}
END_TEST

/* Files */

static char dir[] = "/tmp/weft-catalogue-XXXXXX";
static char file[sizeof(dir) + 16];

static void make_dir(void)
{
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/c.json", dir);
}

static void remove_dir(void)
{
	unlink(file);
	rmdir(dir);
}

static void write_file(const char *text)
{
	FILE *f = fopen(file, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void load_fails(const char *path, const char *site, const char *name, const char *what)
{
	struct weft_err err = WEFT_ERR_INIT;
	char message[WEFT_ERR_SIZE];

	snprintf(message, sizeof(message), "%s%s", name, what);
	ck_assert_ptr_null(weft_catalogue_load(path, site, &err));
	ck_assert_str_eq(err.text, message);
}

START_TEST(files_are_loaded)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_catalogue *cat;

	write_file("{\"vendors\":[{\"name\":\"v\"}]}");
	cat = weft_catalogue_load(file, file, &err);
	ck_assert_msg(cat != NULL, "%s", err.text);
	ck_assert_uint_eq(weft_catalogue_vendors(cat), 1);
	weft_catalogue_destroy(cat);
	load_fails(file, "/nonexistent/site.json", "/nonexistent/site.json", ": No such file or directory");
	write_file("{\"vendors\":7}");
	load_fails(file, NULL, file, ": vendors: must be a list, not a number");
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
	load_fails(file, NULL, file, ": No such file or directory");
	load_fails(dir, NULL, dir, ": not a regular file");
	load_fails("/dev/zero", NULL, "/dev/zero", ": not a regular file");
	ck_assert_int_eq(mkfifo(file, 0600), 0);
	load_fails(file, NULL, file, ": not a regular file"); /* and does not wait for a writer */
	unlink(file);
	write_file("");
	load_fails(file, NULL, file, ":1: the text ends too early");
}
END_TEST

START_TEST(a_huge_file_is_refused_unread)
{
	write_file("{}");
	ck_assert_int_eq(truncate(file, 50 * 1024 * 1024), 0);
	load_fails(file, NULL, file, ": the file has 52428800 bytes; at most 4194304 are allowed");
}
END_TEST

START_TEST(a_huge_text_is_refused)
{
	struct weft_err err = WEFT_ERR_INIT;
	size_t len = WEFT_CATALOGUE_MAX_BYTES + 1;
	char *text = malloc(len);

	memset(text, ' ', len);
	ck_assert_ptr_null(weft_catalogue_parse("x", text, len, NULL, NULL, 0, &err));
	ck_assert_str_eq(err.text, "x: 4194305 bytes; at most 4194304 are allowed");
	free(text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("catalogue");
	TCase *reading = tcase_create("reading"), *looking = tcase_create("looking up");
	TCase *refusing = tcase_create("refusing"), *files = tcase_create("files");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(reading, empty_is_allowed);
	tcase_add_test(reading, all_keys_are_read);
	tcase_add_test(reading, fabrics_are_read);
	tcase_add_test(reading, fabrics_have_a_limit);
	tcase_add_test(reading, what_is_left_out_is_unknown);
	tcase_add_test(reading, site_overrides_key_by_key);
	tcase_add_test(reading, null_takes_away);
	suite_add_tcase(s, reading);
	tcase_add_test(looking, a_family_spans_its_variants);
	tcase_add_test(looking, types_are_found);
	tcase_add_test(looking, a_listed_type_goes_before_a_family);
	tcase_add_test(looking, model_is);
	tcase_add_test(looking, nearest);
	tcase_add_test(looking, dtypes);
	suite_add_tcase(s, looking);
	tcase_set_timeout(refusing, 30);
	tcase_add_loop_test(refusing, each_mistake_is_explained, 0, sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_test(refusing, mistakes_in_the_site_file_name_it);
	tcase_add_test(refusing, broken_json_names_the_line);
	tcase_add_test(refusing, a_nul_byte_is_refused);
	tcase_add_test(refusing, long_strings_and_lists_are_refused);
	tcase_add_test(refusing, too_many_entries_are_refused);
	suite_add_tcase(s, refusing);
	tcase_add_checked_fixture(files, make_dir, remove_dir);
	tcase_add_test(files, files_are_loaded);
	tcase_add_test(files, what_is_no_file_is_refused);
	tcase_add_test(files, a_huge_file_is_refused_unread);
	tcase_add_test(files, a_huge_text_is_refused);
	suite_add_tcase(s, files);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed;
}
