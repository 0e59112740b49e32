/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_conf.c - weft.conf: every key, every message to the letter; and the value of --accel-policy.
 */
#include "core/conf.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct pair {
	const char *text, *want;
};

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

static struct weft_conf *parse(const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_conf *conf = weft_conf_parse("weft.conf", text, strlen(text), &err);

	ck_assert_msg(conf != NULL, "%s\n%s", text, err.text);
	ck_assert_str_eq(err.text, "");
	return conf;
}

static void check_error_of(const char *text, size_t len, const char *want)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_conf *conf = weft_conf_parse("weft.conf", text, len, &err);

	ck_assert_msg(conf == NULL, "%s: was understood", text);
	ck_assert_msg(!strcmp(err.text, want), "%s: got\n  %s\nnot\n  %s", text, err.text, want);
	ck_assert_ptr_null(weft_conf_parse("weft.conf", text, len, NULL));
}

START_TEST(reads_everything)
{
	struct weft_conf *conf = parse("# Weft on this site\n"
				       "\n"
				       "catalogue=/etc/slurm/weft-site.json   # ours\n"
				       "  DEFAULTPOLICY = Listed\n"
				       "RooflineIntensity=150.5\r\n"
				       "Index=Check\n"
				       "Class=gpu:a100 Model=a100-sxm4-80gb\n"
				       "Class=gpu Model=\"h100\" # no type here\n"
				       "App=resnet-50 Table=\"h100=1, a100 = 0.46\"\n"
				       "App=llama \\\n"
				       "   Table=h100=1,\\\n"
				       "910b=0.75\n"
				       "# the end \\\n"
				       "Class=npu:910b Model=ascend-910b");

	ck_assert_str_eq(conf->path, "weft.conf");
	ck_assert_str_eq(conf->catalogue, "/etc/slurm/weft-site.json");
	ck_assert_int_eq(conf->policy, WEFT_LISTED);
	ck_assert(conf->intensity == 150.5);
	ck_assert_int_eq(conf->index, WEFT_INDEX_CHECK);
	ck_assert_uint_eq(conf->n_classes, 3);
	ck_assert_str_eq(conf->classes[0].gres, "gpu:a100");
	ck_assert_str_eq(conf->classes[0].model, "a100-sxm4-80gb");
	ck_assert_uint_eq(conf->classes[0].line, 7);
	ck_assert_str_eq(conf->classes[1].gres, "gpu");
	ck_assert_str_eq(conf->classes[1].model, "h100");
	ck_assert_uint_eq(conf->classes[2].line, 14);
	ck_assert_uint_eq(conf->n_apps, 2);
	ck_assert_str_eq(conf->apps[0].name, "resnet-50");
	ck_assert_uint_eq(conf->apps[0].n_rows, 2);
	ck_assert(conf->apps[0].rows[1].rate == 0.46);
	ck_assert_str_eq(conf->apps[1].rows[1].model, "910b");
	ck_assert_ptr_eq(weft_conf_find_app(conf, "ResNet_50"), &conf->apps[0]);
	ck_assert_ptr_null(weft_conf_find_app(conf, "bert"));
	ck_assert_ptr_null(weft_conf_find_app(conf, NULL));
	weft_conf_destroy(conf);
	weft_conf_destroy(NULL);
}
END_TEST

static void check_defaults(const struct weft_conf *conf)
{
	ck_assert_ptr_null(conf->catalogue);
	ck_assert_int_eq(conf->policy, WEFT_SOON);
	ck_assert(conf->intensity == WEFT_ROOFLINE_INTENSITY);
	ck_assert_uint_eq(conf->n_classes, 0);
	ck_assert_uint_eq(conf->n_apps, 0);
}

START_TEST(empty_means_defaults)
{
	static const char *const texts[] = { "", "\n\n", "# nothing", "  \t \\\n  \\\n", "\\" };

	for (int i = 0; i < LENGTH(texts); i++) {
		struct weft_conf *conf = parse(texts[i]);

		check_defaults(conf);
		weft_conf_destroy(conf);
	}
}
END_TEST

START_TEST(quotes_keep_comment_signs)
{
	struct weft_conf *conf = parse("Catalogue=\"/etc/a b#c.json\"#comment \"open\n");

	ck_assert_str_eq(conf->catalogue, "/etc/a b#c.json");
	weft_conf_destroy(conf);
}
END_TEST

static const struct pair bad[] = {
	/* keys */
	{ "\n\n\n\n\n\n\n\n\n\n\nCatalouge=/x",
	  "weft.conf:12: Catalouge: unknown key; did you mean Catalogue?" },
	{ "Wibble=1", "weft.conf:1: Wibble: unknown key" },
	{ "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg=1",
	  "weft.conf:1: aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeee...: unknown key" },
	{ "PassThrough=yes", "weft.conf:1: PassThrough: unknown key" },
	{ "Class=gpu Modle=h100", "weft.conf:1: Modle: unknown key; did you mean Model?" },
	{ "catalogue", "weft.conf:1: \"catalogue\" is not Key=Value" },
	{ "\n=x", "weft.conf:2: \"=x\" is not Key=Value" },
	{ "Catalogue /x", "weft.conf:1: \"Catalogue\" is not Key=Value" },
	{ "{\"a\": 1}", "weft.conf:1: \"{\"a\":\" is not Key=Value" },
	{ "Model=h100", "weft.conf:1: Model: belongs behind Class=, on the same line" },
	{ "Table=h100=1", "weft.conf:1: Table: belongs behind App=, on the same line" },
	{ "Catalogue=/x DefaultPolicy=soon",
	  "weft.conf:1: DefaultPolicy: does not belong on a line with Catalogue=" },
	{ "Class=gpu DefaultPolicy=soon",
	  "weft.conf:1: DefaultPolicy: does not belong on a line with Class=" },
	{ "Class=gpu Model=h100 Table=h100=1", "weft.conf:1: Table: does not belong on a line with Class=" },
	{ "Class=gpu Model=h100 Class=npu Model=910b Class=dcu",
	  "weft.conf:1: Class: does not belong on a line with Class=" },
	{ "Class=1 Class=2 Class=3 Class=4 Class=5 Class=6 Class=7 Class=8 Class=9 Class=10 Class=11 "
	  "Class=12 Class=13 "
	  "Class=14 Class=15 Class=16 Class=17 Class=18 Class=19 Class=20 Class=21 Class=22 Class=23 "
	  "Class=24 Class=25",
	  "weft.conf:1: more than 24 keys in one line" },
	/* values */
	{ "Catalogue=", "weft.conf:1: Catalogue: the value is missing" },
	{ "Catalogue = # /x", "weft.conf:1: Catalogue: the value is missing" },
	{ "Catalogue=\"\"", "weft.conf:1: Catalogue: the value is missing" },
	{ "\nCatalogue=\"/x\nDefaultPolicy=soon", "weft.conf:2: Catalogue: the closing quote is missing" },
	{ "Catalogue=\"/x\"y", "weft.conf:1: Catalogue: quotes go around the whole value" },
	{ "Catalogue=/x\"y\"", "weft.conf:1: Catalogue: quotes go around the whole value" },
	{ "Catalogue=x.json", "weft.conf:1: Catalogue: \"x.json\" is not an absolute path" },
	{ "Catalogue=/x\n#\nCatalogue=/y", "weft.conf:3: Catalogue: given in line 1 already" },
	{ "DefaultPolicy=soon\nDEFAULTPOLICY=soon", "weft.conf:2: DefaultPolicy: given in line 1 already" },
	{ "DefaultPolicy=son", "weft.conf:1: DefaultPolicy: unknown policy \"son\"; did you mean soon?" },
	{ "DefaultPolicy=soon,fast",
	  "weft.conf:1: DefaultPolicy: soon and fast are two policies; choose one" },
	{ "DefaultPolicy=soon,scale-time",
	  "weft.conf:1: DefaultPolicy: scale-time is not a policy; each job asks for it" },
	{ "Index=on", "weft.conf:1: Index: \"on\" is not yes, no or check" },
	{ "Index=no\nindex=yes", "weft.conf:2: Index: given in line 1 already" },
	{ "BurstBufferStack=a/b",
	  "weft.conf:1: BurstBufferStack: \"a/b\" is not a burst buffer plugin such as "
	  "burst_buffer/lua" },
	{ "BurstBufferStack=burst_buffer/../x",
	  "weft.conf:1: BurstBufferStack: \"burst_buffer/../x\" is not a burst "
	  "buffer plugin such as burst_buffer/lua" },
	{ "BurstBufferStack=weft",
	  "weft.conf:1: BurstBufferStack: burst_buffer/weft cannot stand on itself" },
	{ "BurstBufferStack=lua\nBurstBufferStack=lua",
	  "weft.conf:2: BurstBufferStack: given in line 1 already" },
	{ "RooflineIntensity=fast",
	  "weft.conf:1: RooflineIntensity: \"fast\" is not a number above 0 and up to 100000" },
	{ "RooflineIntensity=0",
	  "weft.conf:1: RooflineIntensity: \"0\" is not a number above 0 and up to 100000" },
	{ "RooflineIntensity=-1",
	  "weft.conf:1: RooflineIntensity: \"-1\" is not a number above 0 and up to 100000" },
	{ "RooflineIntensity=100001",
	  "weft.conf:1: RooflineIntensity: \"100001\" is not a number above 0 and up to 100000" },
	{ "RooflineIntensity=1e999",
	  "weft.conf:1: RooflineIntensity: \"1e999\" is not a number above 0 and up to 100000" },
	{ "RooflineIntensity=nan",
	  "weft.conf:1: RooflineIntensity: \"nan\" is not a number above 0 and up to 100000" },
	{ "RooflineIntensity=200x",
	  "weft.conf:1: RooflineIntensity: \"200x\" is not a number above 0 and up to 100000" },
	/* classes */
	{ "Class=gpu:a100", "weft.conf:1: Class: Model= is missing" },
	{ "Class=gpu:a100 Model=a Model=b", "weft.conf:1: Model: given twice" },
	{ "Class=gpu:a100:8 Model=a100",
	  "weft.conf:1: Class: \"gpu:a100:8\" is not a gres name and type such as gpu:a100" },
	{ "Class=gpu: Model=a100",
	  "weft.conf:1: Class: \"gpu:\" is not a gres name and type such as gpu:a100" },
	{ "Class=g*u Model=a100",
	  "weft.conf:1: Class: \"g*u\" is not a gres name and type such as gpu:a100" },
	{ "Class=gpu:a100 Model=a/100", "weft.conf:1: Model: \"a/100\" is not the name of a model" },
	{ "Class=gpu:a100 Model=a\n\nclass=GPU:A100 Model=b",
	  "weft.conf:3: Class: GPU:A100 was given in line 1 already" },
	/* tables */
	{ "App=resnet", "weft.conf:1: App: Table= is missing" },
	{ "App=resnet Model=h100", "weft.conf:1: Model: does not belong on a line with App=" },
	{ "App=res/net Table=h100=1", "weft.conf:1: App: \"res/net\" is not a name" },
	{ "App=resnet Table=h100=1\nApp=ResNet \\\nTable=a100=1",
	  "weft.conf:2: App: ResNet was given in line 1 already" },
	{ "App=resnet Table=h100=fast",
	  "weft.conf:1: Table: the rate \"fast\" of h100 at column 6 is not a positive number" },
	/* bytes */
	{ "# \x1b is fine here, and \xc3\xa4\nCatalogue=/x\x1b", "weft.conf:2: control character 0x1b" },
	{ "Catalogue=\\\n/x\\\n\x7f", "weft.conf:3: control character 0x7f" },
};

START_TEST(explains)
{
	check_error_of(bad[_i].text, strlen(bad[_i].text), bad[_i].want);
}
END_TEST

START_TEST(nul_bytes)
{
	check_error_of("\nCat\0alogue=/x", 14, "weft.conf:2: NUL byte");
}
END_TEST

START_TEST(utf8_paths)
{
	struct weft_conf *conf = parse("Catalogue=/etc/gr\xc3\xbcn.json");

	ck_assert_str_eq(conf->catalogue, "/etc/gr\xc3\xbcn.json");
	weft_conf_destroy(conf);
}
END_TEST

START_TEST(line_limit)
{
	char *text = malloc(2 * WEFT_CONF_MAX_LINE + 16);
	size_t n = 0;

	n += (size_t)snprintf(text, 16, "\nCatalogue=/");
	memset(text + n, 'x', WEFT_CONF_MAX_LINE);
	text[WEFT_CONF_MAX_LINE + 1] = '\0'; /* the newline does not count */
	weft_conf_destroy(parse(text));
	text[WEFT_CONF_MAX_LINE + 1] = 'x';
	text[WEFT_CONF_MAX_LINE + 2] = '\0';
	check_error_of(text, strlen(text), "weft.conf:2: the line has more than 8192 bytes");
	/* nor does a backslash help */
	text[100] = '\\';
	text[101] = '\n';
	memset(text + WEFT_CONF_MAX_LINE + 2, 'x', 10);
	text[WEFT_CONF_MAX_LINE + 12] = '\0';
	check_error_of(text, strlen(text), "weft.conf:2: the line has more than 8192 bytes");
	free(text);
}
END_TEST

/* FORMAT, which takes a number, for each number below N. */
static char *many(const char *format, int n, size_t *len)
{
	char *text = malloc((size_t)n * 64);

	*len = 0;
	for (int i = 0; i < n; i++)
		*len += (size_t)snprintf(text + *len, 64, format, i);
	return text;
}

START_TEST(counts_are_limited)
{
	size_t len;
	char *text = many("Class=gpu:t%d Model=h100\n", WEFT_CONF_MAX_CLASSES + 1, &len);

	check_error_of(text, len, "weft.conf:4097: Class: more than 4096 classes");
	free(text);
	text = many("App=a%d Table=h100=1\n", WEFT_CONF_MAX_APPS + 1, &len);
	check_error_of(text, len, "weft.conf:1025: App: more than 1024 tables");
	free(text);
}
END_TEST

START_TEST(size_limit)
{
	char *text = malloc(WEFT_CONF_MAX_BYTES + 1);

	memset(text, '\n', WEFT_CONF_MAX_BYTES + 1);
	check_error_of(text, WEFT_CONF_MAX_BYTES + 1,
		       "weft.conf: the file has 1048577 bytes; at most 1048576 are allowed");
	weft_conf_destroy(weft_conf_parse("weft.conf", text, WEFT_CONF_MAX_BYTES, NULL));
	free(text);
}
END_TEST

/* Files */

static char dir[] = "/tmp/test_conf.XXXXXX";
static char path[64];

static void make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/weft.conf", dir);
}

static void remove_dir(void)
{
	unlink(path);
	rmdir(path);
	rmdir(dir);
}

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void check_load_error(const char *want_after_path)
{
	struct weft_err err = WEFT_ERR_INIT;
	char want[256];

	snprintf(want, sizeof(want), "%s%s", path, want_after_path);
	ck_assert_ptr_null(weft_conf_load(path, 0, &err));
	ck_assert_str_eq(err.text, want);
}

START_TEST(loads_a_file)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_conf *conf;

	make_dir();
	write_file("DefaultPolicy=fast\n");
	conf = weft_conf_load(path, 0, &err);
	ck_assert_msg(conf != NULL, "%s", err.text);
	ck_assert_str_eq(conf->path, path);
	ck_assert_int_eq(conf->policy, WEFT_FAST);
	weft_conf_destroy(conf);
	write_file("DefaultPolicy=fats\n");
	check_load_error(":1: DefaultPolicy: unknown policy \"fats\"; did you mean fast?");
	remove_dir();
}
END_TEST

START_TEST(a_missing_file)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_conf *conf;

	make_dir();
	check_load_error(": No such file or directory");
	conf = weft_conf_load(path, 1, &err);
	ck_assert_ptr_nonnull(conf);
	ck_assert_str_eq(err.text, "");
	ck_assert_ptr_null(conf->path);
	check_defaults(conf);
	weft_conf_destroy(conf);
	remove_dir();
}
END_TEST

START_TEST(not_a_plain_file)
{
	struct weft_err err = WEFT_ERR_INIT;
	int fd;

	make_dir();
	ck_assert_int_eq(mkdir(path, 0700), 0);
	check_load_error(": not a regular file");
	ck_assert_ptr_null(weft_conf_load(path, 1, &err));
	rmdir(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0); /* must not wait for a writer */
	check_load_error(": not a regular file");
	unlink(path);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	ck_assert_int_eq(ftruncate(fd, 50 * 1024 * 1024), 0);
	close(fd);
	check_load_error(": the file has 52428800 bytes; at most 1048576 are allowed");
	remove_dir();
}
END_TEST

/* Policies */

struct option {
	const char *text;
	int policy; /* -1: as it was */
	int scale_time;
	const char *error;
};

static const struct option options[] = {
	{ "soon", WEFT_SOON, 0, NULL },
	{ "listed", WEFT_LISTED, 0, NULL },
	{ " Fast , Scale_Time ", WEFT_FAST, 1, NULL },
	{ "scaletime,listed", WEFT_LISTED, 1, NULL },
	{ "scale-time", -1, 1, NULL },
	{ "son", -1, 0, "unknown policy \"son\"; did you mean soon?" },
	{ "soon,scale-tme", -1, 0, "unknown policy \"scale-tme\"; did you mean scale-time?" },
	{ "wibble", -1, 0, "unknown policy \"wibble\"; it may be soon, listed or fast" },
	{ "", -1, 0, "a policy is missing; write soon, listed or fast" },
	{ "soon,", -1, 0, "a policy is missing; write soon, listed or fast" },
	{ ",soon", -1, 0, "a policy is missing; write soon, listed or fast" },
	{ "soon,SOON", -1, 0, "soon is given twice" },
	{ "soon,fast", -1, 0, "soon and fast are two policies; choose one" },
	{ "scale-time,fast,scale_time", -1, 0, "scale-time is given twice" },
	{ "fast\x1b[0m", -1, 0, "unknown policy \"fast?[0m\"; it may be soon, listed or fast" },
};

START_TEST(policy_options)
{
	const struct option *o = &options[_i];
	enum weft_policy policy = (enum weft_policy)42;
	struct weft_err err = WEFT_ERR_INIT;
	int scale_time = 7, rv = weft_policy_option(o->text, &policy, &scale_time, &err);

	ck_assert_str_eq(err.text, o->error ? o->error : "");
	ck_assert_int_eq(rv, o->error ? -1 : 0);
	ck_assert_int_eq(policy, o->policy < 0 ? 42 : o->policy);
	ck_assert_int_eq(scale_time, o->error ? 7 : o->scale_time);
}
END_TEST

START_TEST(long_policy_options)
{
	struct weft_err err = WEFT_ERR_INIT;
	enum weft_policy policy;
	char text[300];
	int scale_time;

	memset(text, 'a', sizeof(text));
	text[256] = '\0';
	ck_assert_int_eq(weft_policy_option(text, &policy, &scale_time, &err), -1);
	ck_assert_str_eq(err.text, "unknown policy \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\";"
				   " it may be soon, listed or fast");
	text[256] = 'a';
	text[257] = '\0';
	err.text[0] = '\0';
	ck_assert_int_eq(weft_policy_option(text, &policy, &scale_time, &err), -1);
	ck_assert_str_eq(err.text, "the policy has 257 bytes; at most 256 are allowed");
}
END_TEST

START_TEST(policy_names)
{
	enum weft_policy policy;
	int scale_time;

	for (int p = WEFT_SOON; p <= WEFT_FAST; p++) {
		const char *name = weft_policy_name((enum weft_policy)p);

		ck_assert_int_eq(weft_policy_option(name, &policy, &scale_time, NULL), 0);
		ck_assert_int_eq(policy, p);
	}
	ck_assert_int_eq(weft_policy_option("LISTED", &policy, &scale_time, NULL), 0);
	ck_assert_int_eq(policy, WEFT_LISTED);
	ck_assert_int_eq(weft_policy_option("", &policy, &scale_time, NULL), -1);
}
END_TEST

/* Whatever the other lines say. */
START_TEST(stack_of_any_file)
{
	static const struct {
		const char *text, *stack, *error;
	} files[] = {
		{ "BurstBufferStack=burst_buffer/lua\n", "lua", "" },
		{ "Nonsense here\nX=\"1\nburstbufferstack = datawarp # why\n", "datawarp", "" },
		{ "Policy=\001\nBurstBufferStack=lua", "lua", "" },
		{ "# BurstBufferStack=lua\nIndex=yes\n", NULL, "" },
		{ "", NULL, "" },
		{ "X\nBurstBufferStack=.\n", NULL,
		  ":2: BurstBufferStack: \".\" is not a burst buffer plugin such as burst_buffer/lua" },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[] = "/tmp/weft-conf.XXXXXX", wanted[256] = "", *stack;
		struct weft_err err = WEFT_ERR_INIT;
		int fd = mkstemp(path);

		ck_assert_int_eq(write(fd, files[i].text, strlen(files[i].text)),
				 (ssize_t)strlen(files[i].text));
		close(fd);
		ck_assert_int_eq(weft_conf_stack(path, &stack, &err), files[i].error[0] ? -1 : 0);
		if (files[i].error[0])
			snprintf(wanted, sizeof(wanted), "%s%s", path, files[i].error);
		ck_assert_str_eq(err.text, wanted);
		ck_assert_pstr_eq(stack, files[i].stack);
		free(stack);
		unlink(path);
		ck_assert_int_eq(weft_conf_stack(path, &stack, &err), 0);
		ck_assert_ptr_null(stack);
	}
}
END_TEST

START_TEST(stack_of_no_file)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *stack;

	ck_assert_int_eq(weft_conf_stack("/", &stack, &err), 1);
	ck_assert_ptr_null(stack);
	ck_assert_str_ne(err.text, "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conf");
	TCase *t = tcase_create("conf");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, stack_of_any_file);
	tcase_add_test(t, stack_of_no_file);
	tcase_add_test(t, reads_everything);
	tcase_add_test(t, empty_means_defaults);
	tcase_add_test(t, quotes_keep_comment_signs);
	tcase_add_loop_test(t, explains, 0, LENGTH(bad));
	tcase_add_test(t, nul_bytes);
	tcase_add_test(t, utf8_paths);
	tcase_add_test(t, line_limit);
	tcase_add_test(t, counts_are_limited);
	tcase_add_test(t, size_limit);
	tcase_add_test(t, loads_a_file);
	tcase_add_test(t, a_missing_file);
	tcase_add_test(t, not_a_plain_file);
	tcase_add_loop_test(t, policy_options, 0, LENGTH(options));
	tcase_add_test(t, long_policy_options);
	tcase_add_test(t, policy_names);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
