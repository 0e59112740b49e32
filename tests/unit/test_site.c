/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_site.c - the view of the site: start, node table, reload, broken files, readers beside writers. */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/site.h"

static const char catalogue_text[] = "{\"vendors\":[{\"name\":\"nvidia\"}],\"models\":[{\"name\":\"h100\","
				     "\"vendor\":\"nvidia\",\"mem_gib\":80}]}";

static char dir[64], conf_path[96], catalogue_path[96];
static char logged[8192];
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

static void to_log(bool is_error, const char *line)
{
	size_t used;

	pthread_mutex_lock(&log_lock);
	used = strlen(logged);
	snprintf(logged + used, sizeof(logged) - used, "%c %s\n", is_error ? 'E' : 'I', line);
	pthread_mutex_unlock(&log_lock);
}

static void setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/weft-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(conf_path, sizeof(conf_path), "%s/weft.conf", dir);
	snprintf(catalogue_path, sizeof(catalogue_path), "%s/catalogue.json", dir);
	put_file(catalogue_path, catalogue_text);
	logged[0] = '\0';
}

static void teardown(void)
{
	weft_site_stop();
	unlink(conf_path);
	unlink(catalogue_path);
	rmdir(dir);
}

static void start(void)
{
	weft_site_start(&(struct weft_site_options){
		.conf_path = conf_path, .catalogue_path = catalogue_path, .log = to_log });
}

START_TEST(nothing_before_start)
{
	const char *gres[] = { "gpu:h100:8" };

	ck_assert_ptr_null(weft_site_view());
	weft_view_put(NULL);
	weft_site_set_nodes(gres, 1);
	weft_site_reload();
	weft_site_settle();
	ck_assert_ptr_null(weft_site_view());
	weft_site_stop();
}
END_TEST

START_TEST(starts_without_a_configuration)
{
	const char *gres[] = { "gpu:h100:8", NULL, "npu:x1:4" };
	const struct weft_view *view;

	start();
	start(); /* ignored */
	view = weft_site_view();
	ck_assert_str_eq(view->broken.text, "");
	ck_assert_uint_eq(weft_inventory_classes(view->inventory), 0);
	weft_view_put(view);

	weft_site_set_nodes(gres, 3);
	view = weft_site_view();
	ck_assert_uint_eq(weft_inventory_classes(view->inventory), 2);
	ck_assert_ptr_nonnull(weft_inventory_find(view->inventory, "gpu", "h100")->model);
	weft_view_put(view);
}
END_TEST

START_TEST(warns_once_of_an_unknown_type)
{
	const char *gres[] = { "gpu:strange:8", "gpu:h100:8" };

	start();
	weft_site_set_nodes(gres, 2);
	weft_site_set_nodes(gres, 2);
	weft_site_reload();
	weft_site_settle();
	ck_assert_str_eq(
		logged,
		"E gres type \"gpu:strange\" is not in the catalogue: it is scheduled by its name only\n");
}
END_TEST

START_TEST(leaves_out_a_node_it_cannot_read)
{
	const char *gres[] = { "gpu:h100:8", "gpu:h100:" };
	const struct weft_view *view;

	start();
	weft_site_set_nodes(gres, 2);
	view = weft_site_view();
	ck_assert_uint_eq(weft_inventory_find(view->inventory, "gpu", "h100")->nodes, 1);
	weft_view_put(view);
	ck_assert_ptr_nonnull(strstr(logged, "E node 1 is left out: "));
}
END_TEST

START_TEST(a_broken_start_steps_aside_and_a_reload_mends_it)
{
	const char *gres[] = { "gpu:h100:8" };
	const struct weft_view *view;
	char expected[256];

	put_file(conf_path, "Nonsense=1\n");
	start();
	weft_site_set_nodes(gres, 1);
	view = weft_site_view();
	snprintf(expected, sizeof(expected), "%s:1: Nonsense: unknown key", conf_path);
	ck_assert_str_eq(view->broken.text, expected);
	ck_assert_ptr_null(view->inventory);
	weft_view_put(view);

	put_file(conf_path, "DefaultPolicy=fast\n");
	weft_site_reload();
	weft_site_settle();
	view = weft_site_view();
	ck_assert_str_eq(view->broken.text, "");
	ck_assert_int_eq(view->conf->policy, WEFT_FAST);
	ck_assert_uint_eq(weft_inventory_classes(view->inventory), 1);
	weft_view_put(view);
}
END_TEST

START_TEST(a_broken_reload_keeps_the_old)
{
	const struct weft_view *view;
	char expected[256];

	put_file(conf_path, "DefaultPolicy=fast\n");
	start();
	put_file(conf_path, "DefaultPolicy=fast\nClass=gpu:x Model=h1000\n");
	weft_site_reload();
	weft_site_settle();
	view = weft_site_view();
	ck_assert_str_eq(view->broken.text, "");
	ck_assert_int_eq(view->conf->policy, WEFT_FAST);
	weft_view_put(view);
	snprintf(expected, sizeof(expected),
		 "%s:2: Model: unknown model \"h1000\"; did you mean h100?; the configuration "
		 "stays as it was",
		 conf_path);
	ck_assert_msg(strstr(logged, expected) != NULL, "%s", logged);
}
END_TEST

START_TEST(a_held_view_outlives_its_successors)
{
	const char *one[] = { "gpu:h100:8" }, *two[] = { "gpu:h100:4" };
	const struct weft_view *old;

	start();
	weft_site_set_nodes(one, 1);
	old = weft_site_view();
	weft_site_set_nodes(two, 1);
	weft_site_reload();
	weft_site_settle();
	weft_site_stop();
	ck_assert_uint_eq(weft_inventory_find(old->inventory, "gpu", "h100")->devices, 8);
	weft_view_put(old);
}
END_TEST

START_TEST(steps_aside_for_good)
{
	const char *gres[] = { "gpu:h100:8" };
	const struct weft_view *view;

	weft_site_break("nothing is started yet");
	start();
	weft_site_set_nodes(gres, 1);
	view = weft_site_view();
	ck_assert_str_eq(view->broken.text, "");
	weft_view_put(view);
	weft_site_break("another host");
	weft_site_break("a later reason");
	weft_site_reload();
	weft_site_settle();
	weft_site_set_nodes(gres, 1);
	view = weft_site_view();
	ck_assert_str_eq(view->broken.text, "another host");
	ck_assert_ptr_null(view->inventory);
	weft_view_put(view);
}
END_TEST

static void *reader(void *arg)
{
	(void)arg;
	for (int i = 0; i < 2000; i++) {
		const struct weft_view *view = weft_site_view();

		if (view && view->inventory && weft_inventory_classes(view->inventory) > 1)
			return (void *)1;
		weft_view_put(view);
	}
	return NULL;
}

START_TEST(readers_beside_writers)
{
	const char *gres[] = { "gpu:h100:8", "gpu:h100:4" };
	pthread_t threads[4];
	void *failed;

	start();
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, reader, NULL), 0);
	for (int i = 0; i < 200; i++) {
		weft_site_set_nodes(gres, 1 + i % 2);
		weft_site_reload();
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &failed);
		ck_assert_ptr_null(failed);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("site");
	TCase *tc = tcase_create("site");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, nothing_before_start);
	tcase_add_test(tc, starts_without_a_configuration);
	tcase_add_test(tc, warns_once_of_an_unknown_type);
	tcase_add_test(tc, leaves_out_a_node_it_cannot_read);
	tcase_add_test(tc, a_broken_start_steps_aside_and_a_reload_mends_it);
	tcase_add_test(tc, a_broken_reload_keeps_the_old);
	tcase_add_test(tc, a_held_view_outlives_its_successors);
	tcase_add_test(tc, steps_aside_for_good);
	tcase_add_test(tc, readers_beside_writers);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
