/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_listener.c - questions and answers between a client and a listener, with a munged of the test's own;
 * and what others may send to the same port.  Without the daemon's program there is nothing to test.
 */
#include "weftd/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "tests/unit/own_munged.h"
#include "weftd/client.h"
#include "weftd/wire.h"

static struct weft_listener *listener;
static struct weft_conf *conf;
static uid_t asked_by;
static unsigned answered;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Says what was asked, or what it is told to. */
static char *answer(void *arg, uid_t uid, const char *text, size_t len)
{
	json_object *question = json_tokener_parse(text), *say = NULL, *out = json_object_new_object();
	char *line;

	(void)arg;
	ck_assert_uint_eq(strlen(text), len);
	pthread_mutex_lock(&lock);
	asked_by = uid;
	answered++;
	pthread_mutex_unlock(&lock);
	json_object_object_add(out, "weftd", json_object_new_int(1));
	json_object_object_add(out, "id", json_object_get(json_object_object_get(question, "id")));
	json_object_object_add(out, "ok", json_object_new_boolean(true));
	if (json_object_object_get_ex(question, "say", &say)) {
		json_object_object_foreach(say, key, value)
			json_object_object_add(out, key, json_object_get(value));
	}
	json_object_object_add(out, "back", json_object_get(json_object_object_get(question, "there")));
	line = strdup(json_object_to_json_string(out));
	json_object_put(out);
	json_object_put(question);
	return line;
}

static uid_t last_asker(void)
{
	uid_t uid;

	pthread_mutex_lock(&lock);
	uid = asked_by;
	pthread_mutex_unlock(&lock);
	return uid;
}

static unsigned so_many(void)
{
	unsigned n;

	pthread_mutex_lock(&lock);
	n = answered;
	pthread_mutex_unlock(&lock);
	return n;
}

static struct weft_conf *make_conf(unsigned port)
{
	struct weft_err err = WEFT_ERR_INIT;
	char text[512];
	struct weft_conf *c;

	snprintf(text, sizeof(text), "Weftd=127.0.0.1:%u\nWeftdUser=%s\nMungeSocket=%s\n", port,
		 getpwuid(geteuid())->pw_name, munged_socket);
	c = weft_conf_parse("weft.conf", text, strlen(text), &err);
	ck_assert_msg(c != NULL, "%s", err.text);
	return c;
}

static void start(unsigned connections, unsigned seconds)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_listener_options o = { .host = "127.0.0.1",
					   .port = "0",
					   .munge = munged_socket,
					   .connections = connections,
					   .seconds = seconds,
					   .answer = answer };

	munged_start();
	listener = weft_listener_start(&o, &err);
	ck_assert_msg(listener != NULL, "%s", err.text);
	conf = make_conf(weft_listener_port(listener));
}

static void stop(void)
{
	weft_listener_stop(listener);
	weft_conf_destroy(conf);
	listener = NULL;
}

static json_object *question(const char *there)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "ask", json_object_new_string("test"));
	json_object_object_add(o, "there", json_object_new_string(there));
	return o;
}

static const char *back_of(json_object *o)
{
	return json_object_get_string(json_object_object_get(o, "back"));
}

START_TEST(asked_and_answered)
{
	struct weft_err err = WEFT_ERR_INIT;
	enum weft_client_result result = WEFT_CLIENT_NOBODY;
	json_object *o;

	start(0, 0);
	o = weft_client_ask(conf, question("hello \u00e9"), 10, &result, &err);
	ck_assert_msg(o != NULL, "%s", err.text);
	ck_assert_int_eq(result, WEFT_CLIENT_ANSWER);
	ck_assert_str_eq(back_of(o), "hello \u00e9");
	ck_assert_uint_eq(last_asker(), geteuid());
	json_object_put(o);
	stop();
}
END_TEST

static void check_said(const char *say, enum weft_client_result want, const char *words)
{
	struct weft_err err = WEFT_ERR_INIT;
	enum weft_client_result result = WEFT_CLIENT_ANSWER;
	json_object *q = question("x");

	json_object_object_add(q, "say", json_tokener_parse(say));
	ck_assert_ptr_null(weft_client_ask(conf, q, 10, &result, &err));
	ck_assert_int_eq(result, want);
	ck_assert_msg(strstr(err.text, words) != NULL, "%s", err.text);
}

START_TEST(no_and_later)
{
	start(0, 0);
	check_said("{\"ok\":false,\"error\":\"never\",\"code\":\"no\"}", WEFT_CLIENT_NO, "never");
	check_said("{\"ok\":false,\"error\":\"soon\",\"code\":\"later\"}", WEFT_CLIENT_LATER, "soon");
	check_said("{\"id\":\"another\"}", WEFT_CLIENT_NOBODY, "the answer is to another question");
	check_said("{\"weftd\":2}", WEFT_CLIENT_NOBODY, "the answer is to another question");
	stop();
}
END_TEST

static void *ask_many(void *arg)
{
	char text[32];

	for (int i = 0; i < 20; i++) {
		struct weft_err err = WEFT_ERR_INIT;
		json_object *o;

		snprintf(text, sizeof(text), "%p-%d", arg, i);
		o = weft_client_ask(conf, question(text), 20, NULL, &err);
		ck_assert_msg(o != NULL, "%s", err.text);
		ck_assert_str_eq(back_of(o), text);
		json_object_put(o);
	}
	return NULL;
}

START_TEST(many_at_once)
{
	pthread_t threads[12];
	char marks[12];

	start(0, 0);
	for (int i = 0; i < 12; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_many, &marks[i]), 0);
	for (int i = 0; i < 12; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(so_many(), 240);
	stop();
}
END_TEST

/* ---------------------------------------------------------------- what others send */

static int connected(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)weft_listener_port(listener)),
				 .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* Send LEN bytes of TEXT, and what comes back until the other side closes; "" when nothing does. */
static const char *said_to(const char *text, size_t len)
{
	static char back[4096];
	int fd = connected();
	size_t have = 0, sent = 0;
	ssize_t n;

	while (sent < len && (n = send(fd, text + sent, len - sent, MSG_NOSIGNAL)) > 0)
		sent += (size_t)n;
	while (have + 1 < sizeof(back) && (n = recv(fd, back + have, sizeof(back) - 1 - have, 0)) > 0)
		have += (size_t)n;
	back[have] = '\0';
	back[strcspn(back, "\n")] = '\0';
	close(fd);
	return back;
}

/* A credential of munge's command line, with a newline. */
static void sealed_by_command(const char *options, char *buf, size_t size)
{
	char command[512];
	FILE *f;

	snprintf(command, sizeof(command), "munge --socket=%s %s", munged_socket, options);
	f = popen(command, "r");
	ck_assert(f && fgets(buf, (int)size, f));
	ck_assert_int_eq(pclose(f), 0);
}

START_TEST(bad_credentials)
{
	char sealed[4096];

	start(0, 0);
	ck_assert_int_eq(strncmp(said_to("MUNGE:AAAA:\n", 12), "ERROR munged: Invalid credential", 32), 0);
	sealed_by_command("--string=x", sealed, sizeof(sealed));
	sealed[30] = sealed[30] == 'A' ? 'B' : 'A';
	ck_assert_int_eq(strncmp(said_to(sealed, strlen(sealed)), "ERROR munged: ", 14), 0);
	sealed_by_command("--no-input", sealed, sizeof(sealed));
	ck_assert_str_eq(said_to(sealed, strlen(sealed)), "ERROR there is nothing in the credential");
	sealed_by_command("--ttl=1 --string=x", sealed, sizeof(sealed));
	sleep(3);
	ck_assert_str_eq(said_to(sealed, strlen(sealed)), "ERROR munged: Expired credential");
	ck_assert_uint_eq(so_many(), 0);
	stop();
}
END_TEST

START_TEST(replayed)
{
	char sealed[4096];

	start(0, 0);
	sealed_by_command("--string='{\"id\":\"1\"}'", sealed, sizeof(sealed));
	ck_assert_int_eq(strncmp(said_to(sealed, strlen(sealed)), "MUNGE:", 6), 0);
	ck_assert_str_eq(said_to(sealed, strlen(sealed)), "ERROR munged: Replayed credential");
	ck_assert_uint_eq(so_many(), 1);
	stop();
}
END_TEST

/* Nobody but who asked can open an answer, and one of anyone but weftd is not believed. */
START_TEST(of_whom_and_for_whom)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *sealed;
	size_t len = 0;
	uid_t uid = (uid_t)-1;
	int fds[2], status;
	char buf[128] = "";

	if (geteuid() != 0)
		return;
	start(0, 0);
	sealed = weft_wire_seal(munged_socket, 65534, "secret", 6, &err);
	ck_assert_msg(sealed != NULL, "%s", err.text);
	ck_assert_ptr_null(weft_wire_open(munged_socket, sealed, &len, &uid, &err));
	ck_assert_msg(strstr(err.text, "munged: Unauthorized credential") != NULL, "%s", err.text);
	free(sealed);
	ck_assert_int_eq(pipe(fds), 0);
	if (fork() == 0) { /* a client that weftd is not the user of */
		enum weft_client_result result;
		json_object *o;

		if (setgid(65534) || setuid(65534))
			_exit(1);
		err.text[0] = '\0';
		o = weft_client_ask(conf, question("x"), 10, &result, &err);
		_exit(o && result == WEFT_CLIENT_ANSWER && write(fds[1], "yes", 3) == 3 ? 0 : 1);
	}
	wait(&status);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(read(fds[0], buf, sizeof(buf)), 3);
	ck_assert_uint_eq(last_asker(), 65534);
	free(conf->burst.user);
	conf->burst.user = strdup("nobody"); /* now the answer of root is not weftd's */
	err.text[0] = '\0';
	ck_assert_ptr_null(weft_client_ask(conf, question("x"), 10, NULL, &err));
	ck_assert_msg(strstr(err.text, "Unauthorized credential") != NULL, "%s", err.text);
	stop();
}
END_TEST

/* A process that has taken the port answers as another user. */
static void *impostor(void *arg)
{
	int fd = accept(*(int *)arg, NULL, NULL);
	char c = 0, line[4096];

	while (c != '\n' && recv(fd, &c, 1, 0) == 1)
		continue;
	sealed_by_command("--uid=65534 --string='{\"weftd\":1,\"id\":\"x\",\"ok\":true}'", line,
			  sizeof(line));
	ck_assert_int_gt(send(fd, line, strlen(line), 0), 0);
	close(fd);
	return NULL;
}

START_TEST(an_impostor)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);
	struct weft_err err = WEFT_ERR_INIT;
	enum weft_client_result result = WEFT_CLIENT_ANSWER;
	pthread_t thread;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (geteuid() != 0)
		return;
	munged_start();
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	conf = make_conf(ntohs(a.sin_port));
	ck_assert_int_eq(pthread_create(&thread, NULL, impostor, &fd), 0);
	ck_assert_ptr_null(weft_client_ask(conf, question("x"), 10, &result, &err));
	pthread_join(thread, NULL);
	ck_assert_int_eq(result, WEFT_CLIENT_NOBODY);
	ck_assert_msg(strstr(err.text, "the answer is of user 65534, not of root") != NULL, "%s", err.text);
	weft_conf_destroy(conf);
	close(fd);
}
END_TEST

START_TEST(garbage)
{
	size_t len = 3u << 20;
	char *text = malloc(len);
	unsigned seed = 1;
	json_object *o;

	start(0, 0);
	for (size_t i = 0; i < len; i++)
		text[i] = (char)((seed = seed * 1103515245 + 12345) >> 16);
	ck_assert_str_eq(said_to(text, len), "");
	ck_assert_str_eq(said_to("\n", 1), "");
	ck_assert_str_eq(said_to("GET / HTTP/1.1\r\n\r\n", 18), "");
	memset(text, 'A', len);
	memcpy(text, "MUNGE:", 6);
	ck_assert_str_eq(said_to(text, len), ""); /* a line without an end */
	text[5000] = '\0';
	text[WEFT_WIRE_MAX_LINE / 2] = '\n';
	ck_assert_int_eq(strncmp(said_to(text, WEFT_WIRE_MAX_LINE / 2 + 1), "ERROR munged: ", 14), 0);
	o = weft_client_ask(conf, question("still there"), 10, NULL, NULL);
	ck_assert_str_eq(back_of(o), "still there");
	json_object_put(o);
	free(text);
	stop();
}
END_TEST

/* 2,000 connections that say nothing, or half a line, are in nobody's way. */
START_TEST(silent_ones)
{
	struct rlimit limit;
	struct weft_err err = WEFT_ERR_INIT;
	int fds[2000], n = 2000;
	struct timespec from, to;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < 2600)
		n = (int)limit.rlim_max - 600;
	start(256, 30);
	for (int i = 0; i < n; i++) {
		fds[i] = connected();
		if (i % 2)
			ck_assert_int_eq(send(fds[i], "MUNGE:AwQ", 9, MSG_NOSIGNAL), 9);
	}
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < 20; i++) {
		json_object *o = weft_client_ask(conf, question("me too"), 10, NULL, &err);

		ck_assert_msg(o != NULL, "%s", err.text);
		json_object_put(o);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	ck_assert_msg(to.tv_sec - from.tv_sec < 5, "20 questions took %ld s",
		      (long)(to.tv_sec - from.tv_sec));
	for (int i = 0; i < n; i++)
		close(fds[i]);
	stop();
}
END_TEST

START_TEST(too_late)
{
	int fd;
	char c;

	start(0, 1);
	fd = connected();
	ck_assert_int_eq(send(fd, "MUNGE:", 6, 0), 6);
	ck_assert_int_eq(recv(fd, &c, 1, 0), 0); /* it is closed */
	close(fd);
	stop();
}
END_TEST

/* Text of LEN bytes that zlib can make three quarters of. */
static char *like_base64(size_t len)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
	char *text = malloc(len + 1);
	unsigned seed = 7;

	for (size_t i = 0; i < len; i++)
		text[i] = set[(seed = seed * 1103515245 + 12345) >> 16 & 63];
	text[len] = '\0';
	return text;
}

START_TEST(the_longest)
{
	struct weft_err err = WEFT_ERR_INIT;
	enum weft_client_result result = WEFT_CLIENT_ANSWER;
	char *text = like_base64(WEFTD_MAX_MESSAGE);
	json_object *o;

	start(0, 0);
	ck_assert_ptr_null(weft_client_ask(conf, question(text), 20, &result, &err));
	ck_assert_int_eq(result, WEFT_CLIENT_NO);
	ck_assert_msg(strstr(err.text, " bytes; at most 921600 are allowed") != NULL, "%s", err.text);
	text[WEFTD_MAX_MESSAGE - 200] = '\0';
	err.text[0] = '\0';
	o = weft_client_ask(conf, question(text), 20, &result, &err);
	ck_assert_msg(o != NULL, "%s", err.text);
	ck_assert_str_eq(back_of(o), text);
	json_object_put(o);
	free(text);
	stop();
}
END_TEST

START_TEST(nobody_there)
{
	struct weft_err err = WEFT_ERR_INIT, err2 = WEFT_ERR_INIT;
	enum weft_client_result result = WEFT_CLIENT_ANSWER;
	char want[128];

	start(0, 0);
	snprintf(want, sizeof(want), "weftd at 127.0.0.1:%u: Connection refused",
		 weft_listener_port(listener));
	weft_listener_stop(listener);
	ck_assert_ptr_null(weft_client_ask(conf, question("x"), 2, &result, &err));
	ck_assert_int_eq(result, WEFT_CLIENT_NOBODY);
	ck_assert_str_eq(err.text, want);
	free(conf->burst.user);
	conf->burst.user = strdup("no-such-user-here");
	ck_assert_ptr_null(weft_client_ask(conf, question("x"), 2, NULL, &err2));
	ck_assert_str_eq(err2.text, "WeftdUser=no-such-user-here: there is no such user");
	weft_conf_destroy(conf);
}
END_TEST

START_TEST(port_in_use)
{
	struct weft_err err = WEFT_ERR_INIT;
	char port[8], want[128];
	struct weft_listener_options o = { .host = "127.0.0.1", .port = port, .answer = answer };

	start(0, 0);
	snprintf(port, sizeof(port), "%u", weft_listener_port(listener));
	ck_assert_ptr_null(weft_listener_start(&o, &err));
	snprintf(want, sizeof(want), "127.0.0.1:%s: Address already in use", port);
	ck_assert_str_eq(err.text, want);
	stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("listener");
	TCase *tc = tcase_create("listener");
	SRunner *sr;
	int failed;

	if (!munged_program()) {
		puts("1..0 # SKIP munged is not installed");
		return 0;
	}
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, munged_setup, munged_teardown);
	tcase_add_test(tc, asked_and_answered);
	tcase_add_test(tc, no_and_later);
	tcase_add_test(tc, many_at_once);
	tcase_add_test(tc, bad_credentials);
	tcase_add_test(tc, replayed);
	tcase_add_test(tc, of_whom_and_for_whom);
	tcase_add_test(tc, an_impostor);
	tcase_add_test(tc, garbage);
	tcase_add_test(tc, silent_ones);
	tcase_add_test(tc, too_late);
	tcase_add_test(tc, the_longest);
	tcase_add_test(tc, nobody_there);
	tcase_add_test(tc, port_in_use);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
