/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_http.c - questions to a server of our own that answers well, badly, or not at all.
 *
 * The server is a thread of the test: it reads one request of each connection and hands it to the test's
 * function.
 */
#include "weftd/http.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "weftd/offer.h"

#define TOKEN "eyJhbGciOiJIUzI1NiJ9.SECRET.abc"
#define OK    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

static int listener, port;
static pthread_t thread;
static void (*serve)(int fd);
static char request[65536]; /* the last one */
static volatile int connections, requests;
static bool blind; /* it answers without reading */
static struct weft_http *link_to;
static struct weft_http_answer answer;
static struct weft_err err;

static void say(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

/* Headers, and as much of a body as they say. */
static void read_request(int fd)
{
	size_t len = 0, want = 0;

	memset(request, 0, sizeof(request));
	while (len + 1 < sizeof(request)) {
		ssize_t n = read(fd, request + len, sizeof(request) - 1 - len);
		const char *end, *length;

		if (n <= 0)
			return;
		len += (size_t)n;
		end = strstr(request, "\r\n\r\n");
		length = strstr(request, "Content-Length: ");
		if (end && length)
			want = strtoul(length + 16, NULL, 10);
		if (end && len >= (size_t)(end + 4 - request) + want) {
			requests++;
			return;
		}
	}
}

static void *run_server(void *arg)
{
	(void)arg;
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			return NULL;
		connections++;
		if (!blind)
			read_request(fd);
		serve(fd);
		close(fd);
	}
}

static void start_server(void (*how)(int fd))
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	serve = how;
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(listener, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	port = ntohs(at.sin_port);
	ck_assert_int_eq(listen(listener, 16), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, run_server, NULL), 0);
}

static void open_link(const char *host)
{
	char url[128];

	snprintf(url, sizeof(url), "http://%s:%d", host, port);
	link_to = weft_http_open(
		&(struct weft_http_options){ .url = url, .connect_ms = 500, .total_ms = 1000 }, &err);
	ck_assert_msg(link_to != NULL, "%s", err.text);
}

static enum weft_http_result ask(const char *method, const char *path, const char *body, size_t max)
{
	static const struct weft_http_as as = { TOKEN, "alice" };
	enum weft_http_result result;

	weft_http_clear(&answer);
	err.text[0] = '\0';
	result = weft_http_ask(link_to, &as, method, path, body, max, &answer, &err);
	ck_assert_ptr_null(strstr(err.text, "SECRET"));
	ck_assert((result == WEFT_HTTP_ANSWER) == (err.text[0] == '\0'));
	ck_assert((result == WEFT_HTTP_ANSWER) == (answer.text != NULL));
	return result;
}

/* A server that answers HOW, asked by a POST once. */
static enum weft_http_result post_to(void (*how)(int fd))
{
	start_server(how);
	open_link("127.0.0.1");
	return ask("POST", "/slurm/v0.0.42/job/submit", "{\"a\":1}", 1000);
}

static void tear_down(void)
{
	weft_http_clear(&answer);
	weft_http_close(link_to);
	link_to = NULL;
}

static void quiet(void)
{
	signal(SIGPIPE, SIG_IGN);
}

/* ---------------------------------------------------------------- servers */

static void serve_well(int fd)
{
	say(fd, OK "Content-Length: 9\r\n\r\n{\"ok\": 1}");
}

static void serve_many(int fd)
{
	do
		serve_well(fd);
	while (read_request(fd), request[0]);
}

static void serve_garbage(int fd)
{
	say(fd, "SSH-2.0-OpenSSH_9.2\r\n\377\376 not for you\r\n\r\n");
}

static void serve_nothing(int fd)
{
	(void)fd;
}

static void serve_reset(int fd)
{
	struct linger now = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void serve_truncated(int fd)
{
	say(fd, OK "Content-Length: 1000\r\n\r\n{\"jobs\": [");
}

static void serve_truncated_chunks(int fd)
{
	say(fd, OK "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"jo");
}

static void serve_chunks(int fd)
{
	say(fd, OK "Transfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n");
}

/* A GB, or as much as is taken. */
static void serve_flood(int fd)
{
	static char block[65536];
	size_t sent = 0;
	ssize_t n = 0;

	say(fd, OK "Content-Length: 1073741824\r\n\r\n");
	memset(block, '[', sizeof(block));
	for (; sent < 1073741824; sent += (size_t)n) {
		n = write(fd, block, sizeof(block));
		if (n <= 0)
			break;
	}
	requests += sent > 64 * 1024 * 1024 ? 1000 : 0;
}

static void serve_header_flood(int fd)
{
	say(fd, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 5000; i++)
		say(fd, "X-Padding: 0123456789012345678901234567890123456789\r\n");
	say(fd, "Content-Length: 2\r\n\r\n{}");
}

static void serve_endless_100(int fd)
{
	for (int i = 0; i < 20000; i++)
		say(fd, "HTTP/1.1 100 Continue\r\n\r\n");
}

static void serve_drip(int fd)
{
	say(fd, OK "Content-Length: 1000\r\n\r\n");
	for (int i = 0; i < 30; i++) {
		say(fd, " ");
		usleep(100000);
	}
}

static void serve_hang(int fd)
{
	char byte;

	if (read(fd, &byte, 1) < 0) /* until the other end goes */
		return;
}

static void serve_late(int fd)
{
	(void)fd;
	usleep(3000000);
}

static void serve_redirect(int fd)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "HTTP/1.1 307 Temporary Redirect\r\nLocation: "
		 "http://localhost:%d/elsewhere\r\nContent-Length: 0\r\n\r\n",
		 port);
	say(fd, text);
}

static void serve_old(int fd)
{
	say(fd, "HTTP/1.0 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n\r\n{\"old\": 1}");
}

static void serve_continue(int fd)
{
	say(fd, "HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 2\r\n\r\n{}");
}

static void serve_html(int fd)
{
	say(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>");
}

static void serve_error(int fd)
{
	say(fd, "HTTP/1.1 500 Internal\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\noops");
}

static void serve_bad_length(int fd)
{
	say(fd, OK "Content-Length: -5\r\n\r\n{}");
}

static void serve_echo(int fd)
{
	char text[512];
	const char *token = strstr(request, "X-SLURM-USER-TOKEN: ");

	snprintf(text, sizeof(text), "HTTP/1.1 307 %.60s\r\nLocation: /%.60s\r\nContent-Length: 0\r\n\r\n",
		 token ? token + 20 : "none", token ? token + 20 : "none");
	say(fd, text);
}

/* ---------------------------------------------------------------- good answers */

START_TEST(asks_and_answers)
{
	ck_assert_int_eq(post_to(serve_well), WEFT_HTTP_ANSWER);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_uint_eq(answer.len, 9);
	ck_assert_str_eq(answer.text, "{\"ok\": 1}");
	ck_assert_ptr_nonnull(strstr(request, "POST /slurm/v0.0.42/job/submit HTTP/1.1\r\n"));
	ck_assert_ptr_nonnull(strstr(request, "\r\nX-SLURM-USER-NAME: alice\r\n"));
	ck_assert_ptr_nonnull(strstr(request, "\r\nX-SLURM-USER-TOKEN: " TOKEN "\r\n"));
	ck_assert_ptr_nonnull(strstr(request, "\r\nContent-Type: application/json\r\n"));
	ck_assert_ptr_nonnull(strstr(request, "\r\nAccept: application/json\r\n"));
	ck_assert_ptr_null(strstr(request, "Expect"));
	ck_assert_ptr_nonnull(strstr(request, "\r\n\r\n{\"a\":1}"));
}
END_TEST

START_TEST(methods_and_bodies)
{
	start_server(serve_well);
	open_link("127.0.0.1");
	ck_assert_int_eq(ask("DELETE", "/slurm/v0.0.42/job/5?signal=9", NULL, 100), WEFT_HTTP_ANSWER);
	ck_assert_ptr_nonnull(strstr(request, "DELETE /slurm/v0.0.42/job/5?signal=9 HTTP/1.1\r\n"));
	ck_assert_ptr_null(strstr(request, "Content-Type"));
	ck_assert_int_eq(ask("POST", "/x", NULL, 100), WEFT_HTTP_ANSWER);
	ck_assert_ptr_nonnull(strstr(request, "POST /x HTTP/1.1\r\n"));
	ck_assert_ptr_nonnull(strstr(request, "Content-Length: 0\r\n"));
	ck_assert_int_eq(ask("GET", "/y", NULL, 100), WEFT_HTTP_ANSWER);
	ck_assert_ptr_nonnull(strstr(request, "GET /y HTTP/1.1\r\n"));
	ck_assert_int_eq(weft_http_ask(link_to, NULL, "GET", "/z", NULL, 100, &answer, &err),
			 WEFT_HTTP_ANSWER);
	ck_assert_ptr_null(strstr(request, "X-SLURM"));
}
END_TEST

/* Slurm 22.05 wants a name with each token. */
START_TEST(a_token_alone_names_its_user)
{
	static const struct weft_http_as none[] = { { "no.token", NULL },
						    { "eyJhbGci.!!!!.abc", NULL },
						    { "eyJhbGci.eyJzdW4iOjd9.abc", NULL } };
	static const struct weft_http_as root = { "eyJhbGci.eyJzdW4iOiJyb290IiwiZXhwIjoxNzk1MDAwMDAwfQ.abc",
						  NULL };

	start_server(serve_well);
	open_link("127.0.0.1");
	ck_assert_int_eq(weft_http_ask(link_to, &root, "GET", "/z", NULL, 100, &answer, &err),
			 WEFT_HTTP_ANSWER);
	ck_assert_ptr_nonnull(strstr(request, "\r\nX-SLURM-USER-NAME: root\r\n"));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		weft_http_clear(&answer);
		ck_assert_int_eq(weft_http_ask(link_to, &none[i], "GET", "/z", NULL, 100, &answer, &err),
				 WEFT_HTTP_ANSWER);
		ck_assert_ptr_null(strstr(request, "X-SLURM-USER-NAME"));
		ck_assert_ptr_nonnull(strstr(request, "X-SLURM-USER-TOKEN"));
	}
}
END_TEST

/* A question that changes something never goes over a kept connection, on which libcurl may send it twice. */
START_TEST(keeps_connections_for_questions_only)
{
	start_server(serve_many);
	open_link("127.0.0.1");
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(ask("GET", "/y", NULL, 100), WEFT_HTTP_ANSWER);
	ck_assert_int_eq(connections, 1);
	weft_http_close(link_to);
	usleep(50000);
	open_link("127.0.0.1");
	serve = serve_well;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(ask("POST", "/y", "{}", 100), WEFT_HTTP_ANSWER);
	ck_assert_int_eq(connections, 4);
}
END_TEST

START_TEST(other_good_answers)
{
	ck_assert_int_eq(post_to(serve_chunks), WEFT_HTTP_ANSWER);
	ck_assert_str_eq(answer.text, "{\"a\":1}");
	serve = serve_old;
	ck_assert_int_eq(ask("GET", "/", NULL, 100), WEFT_HTTP_ANSWER);
	ck_assert_str_eq(answer.text, "{\"old\": 1}");
	serve = serve_continue;
	ck_assert_int_eq(ask("POST", "/", "{}", 100), WEFT_HTTP_ANSWER);
	ck_assert_str_eq(answer.text, "{}");
	serve = serve_error;
	ck_assert_int_eq(ask("POST", "/", "{}", 100), WEFT_HTTP_ANSWER);
	ck_assert_int_eq(answer.status, 500);
	ck_assert_str_eq(answer.text, "oops");
	serve = serve_well;
	ck_assert_int_eq(ask("POST", "/", "{}", 9), WEFT_HTTP_ANSWER); /* just fits */
}
END_TEST

START_TEST(asks_over_a_socket)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/weft-http.XXXXXX", url[128];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/sock", dir);
	snprintf(url, sizeof(url), "unix:%s/sock", dir);
	serve = serve_well;
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(listener, 16), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, run_server, NULL), 0);
	link_to = weft_http_open(&(struct weft_http_options){ .url = url }, &err);
	ck_assert_msg(link_to != NULL, "%s", err.text);
	ck_assert_int_eq(ask("GET", "/slurm/v0.0.42/ping", NULL, 100), WEFT_HTTP_ANSWER);
	unlink(at.sun_path);
	ck_assert_int_eq(ask("POST", "/slurm/v0.0.42/ping", "{}", 100), WEFT_HTTP_UNSENT);
	ck_assert_str_eq(err.text, "no connection: No such file or directory");
	rmdir(dir);
}
END_TEST

START_TEST(adds_a_path_in_front)
{
	char url[128];

	start_server(serve_well);
	snprintf(url, sizeof(url), "http://localhost:%d/beta//", port);
	link_to = weft_http_open(&(struct weft_http_options){ .url = url }, &err);
	ck_assert_msg(link_to != NULL, "%s", err.text);
	ck_assert_int_eq(ask("GET", "/slurm/x", NULL, 100), WEFT_HTTP_ANSWER);
	ck_assert_ptr_nonnull(strstr(request, "GET /beta/slurm/x HTTP/1.1\r\n"));
}
END_TEST

/* ---------------------------------------------------------------- answers that never came */

START_TEST(nobody_listens)
{
	start_server(serve_well);
	close(listener);
	shutdown(listener, SHUT_RDWR);
	open_link("127.0.0.1");
	port = 1;
	weft_http_close(link_to);
	open_link("127.0.0.1");
	ck_assert_int_eq(ask("POST", "/x", "{}", 100), WEFT_HTTP_UNSENT);
	ck_assert_str_eq(err.text, "no connection: Connection refused");
}
END_TEST

START_TEST(no_such_host)
{
	port = 80;
	open_link("nowhere.invalid");
	ck_assert_int_eq(ask("POST", "/x", "{}", 100), WEFT_HTTP_UNSENT);
	ck_assert(!strcmp(err.text, "no connection: the name of the host is not known") ||
		  !strcmp(err.text, "no connection within 500 ms"));
}
END_TEST

/* A peer that speaks no TLS has seen nothing of the question. */
START_TEST(no_tls)
{
	char url[128];

	blind = true;
	start_server(serve_garbage);
	snprintf(url, sizeof(url), "https://127.0.0.1:%d", port);
	link_to = weft_http_open(&(struct weft_http_options){ .url = url, .total_ms = 1000 }, &err);
	ck_assert_int_eq(ask("POST", "/x", "{}", 100), WEFT_HTTP_UNSENT);
	ck_assert_msg(!strncmp(err.text, "no connection: SSL connect error", 32), "%s", err.text);
}
END_TEST

static atomic_bool is_over;

static bool over(void *arg)
{
	(void)arg;
	return is_over;
}

static void *end_it(void *arg)
{
	(void)arg;
	usleep(300 * 1000);
	is_over = true;
	return NULL;
}

/* Told to end it does not wait for a peer that hangs, and asks no more. */
START_TEST(told_to_end)
{
	const char *method = _i ? "POST" : "GET";
	struct timespec from, to;
	pthread_t other;
	char url[128];

	start_server(serve_hang);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", port);
	link_to = weft_http_open(&(struct weft_http_options){ .url = url, .stops = over }, &err);
	ck_assert_ptr_nonnull(link_to);
	clock_gettime(CLOCK_MONOTONIC, &from);
	ck_assert_int_eq(pthread_create(&other, NULL, end_it, NULL), 0);
	ck_assert_int_eq(ask(method, "/x", _i ? "{}" : NULL, 100), WEFT_HTTP_UNKNOWN);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ck_assert_str_eq(err.text, "given up: weftd ends");
	ck_assert_int_lt(to.tv_sec - from.tv_sec, 15); /* of 30 */
	ck_assert_int_eq(requests, 1);
	ck_assert_int_eq(ask(method, "/x", _i ? "{}" : NULL, 100), WEFT_HTTP_UNSENT);
	ck_assert_str_eq(err.text, "given up: weftd ends");
	ck_assert_int_eq(requests, 1);
	pthread_join(other, NULL);
}
END_TEST

START_TEST(breaks_off)
{
	static void (*const servers[])(int) = { serve_nothing, serve_reset, serve_truncated,
						serve_truncated_chunks };

	start_server(serve_nothing);
	open_link("127.0.0.1");
	serve = servers[_i];
	ck_assert_int_eq(ask("POST", "/x", "{}", 10000), WEFT_HTTP_UNKNOWN);
	ck_assert_str_eq(err.text, "the connection broke before the answer was whole");
	ck_assert_int_eq(requests, 1); /* and it was not sent again */
}
END_TEST

START_TEST(takes_too_long)
{
	static void (*const servers[])(int) = { serve_drip, serve_late };
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	ck_assert_int_eq(post_to(servers[_i]), WEFT_HTTP_UNKNOWN);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ck_assert_str_eq(err.text, "no whole answer within 1000 ms");
	ck_assert_int_le(to.tv_sec - from.tv_sec, 5);
	ck_assert_int_eq(requests, 1);
}
END_TEST

/* ---------------------------------------------------------------- answers that are not taken */

START_TEST(refused)
{
	static const struct {
		void (*serve)(int fd);
		const char *text;
	} cases[] = {
		{ serve_garbage, "an answer that is not HTTP: Unsupported protocol" },
		{ serve_flood, "an answer of more than 1000 bytes" },
		{ serve_header_flood, "an answer with more than 65536 bytes of headers" },
		{ serve_endless_100, "an answer with more than 65536 bytes of headers" },
		{ serve_redirect, "a redirect (307), which is not followed" },
		{ serve_echo, "a redirect (307), which is not followed" },
		{ serve_html, "an answer of the type text/html, not application/json" },
		{ serve_bad_length, "an answer that is not HTTP: Weird server reply" },
	};

	ck_assert_int_eq(post_to(cases[_i].serve), WEFT_HTTP_REFUSED);
	ck_assert_str_eq(err.text, cases[_i].text);
	usleep(20000);
	ck_assert_int_eq(requests, 1); /* not sent again, and not elsewhere */
}
END_TEST

/* ---------------------------------------------------------------- what is not even tried */

START_TEST(wrong_urls)
{
	static const char *const cases[][2] = {
		{ "ftp://x", "\"ftp://x\" is not http://HOST:PORT, https://HOST:PORT or unix:/PATH" },
		{ "file:///etc/passwd",
		  "\"file:///etc/passwd\" is not http://HOST:PORT, https://HOST:PORT or unix:/PATH" },
		{ "", "\"\" is not http://HOST:PORT, https://HOST:PORT or unix:/PATH" },
		{ "beta:6820", "\"beta:6820\" is not http://HOST:PORT, https://HOST:PORT or unix:/PATH" },
		{ "http://beta:99999",
		  "\"http://beta:99999\" is not http://HOST:PORT, https://HOST:PORT or unix:/PATH" },
		{ "unix:relative", "\"unix:relative\" is not unix:/PATH" },
		{ "https://me:SECRET@beta", "an URL with a user is not taken" },
		{ "https://beta/?a=b", "an URL with a query is not taken" },
		{ "https://beta/#a", "an URL with a fragment is not taken" },
	};

	ck_assert_ptr_null(weft_http_open(&(struct weft_http_options){ .url = cases[_i][0] }, &err));
	ck_assert_str_eq(err.text, cases[_i][1]);
}
END_TEST

START_TEST(nothing_slips_into_headers)
{
	static const struct weft_http_as evil = { TOKEN "\r\nX-SLURM-USER-NAME: root", "alice" },
					 spaced = { TOKEN, "alice root" };

	start_server(serve_well);
	open_link("127.0.0.1");
	ck_assert_int_eq(weft_http_ask(link_to, &evil, "GET", "/", NULL, 100, &answer, &err),
			 WEFT_HTTP_UNSENT);
	ck_assert_str_eq(err.text,
			 "what is to be sent as X-SLURM-USER-TOKEN has a character that cannot be in it");
	err.text[0] = '\0';
	ck_assert_int_eq(weft_http_ask(link_to, &spaced, "GET", "/", NULL, 100, &answer, &err),
			 WEFT_HTTP_UNSENT);
	ck_assert_str_eq(err.text,
			 "what is to be sent as X-SLURM-USER-NAME has a character that cannot be in it");
	ck_assert_int_eq(ask("GET", "/a b", NULL, 100), WEFT_HTTP_UNSENT);
	ck_assert_str_eq(err.text, "\"/a b\" is not a path of an URL");
	ck_assert_int_eq(ask("GET", "x", NULL, 100), WEFT_HTTP_UNSENT);
	ck_assert_int_eq(ask("GET", "/x\r\nHost: y", NULL, 100), WEFT_HTTP_UNSENT);
	ck_assert_int_eq(connections, 0);
}
END_TEST

/* Where a proxy, or a file of passwords, is in the environment, it is passed by. */
START_TEST(environment_does_not_count)
{
	char home[] = "/tmp/weft-http.XXXXXX", path[64];
	FILE *f;

	ck_assert_ptr_nonnull(mkdtemp(home));
	snprintf(path, sizeof(path), "%s/.netrc", home);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "machine 127.0.0.1 login root password x\n");
	fclose(f);
	setenv("HOME", home, 1);
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	ck_assert_int_eq(post_to(serve_well), WEFT_HTTP_ANSWER);
	ck_assert_ptr_null(strstr(request, "Authorization"));
	ck_assert_ptr_null(strstr(request, "Cookie"));
	unlink(path);
	rmdir(home);
}
END_TEST

/* ---------------------------------------------------------------- which version */

static const char *newest = "v0.0.42", *no_db = "", *bad_status = "";

static void serve_version(int fd)
{
	if (bad_status[0]) {
		say(fd, bad_status);
	} else if (strstr(request, newest) && !(no_db[0] && strstr(request, no_db))) {
		serve_well(fd);
	} else if (strstr(request, newest) && strstr(request, "/job/1")) {
		say(fd, "HTTP/1.1 404 NOT FOUND\r\nContent-Length: 8\r\n\r\nno such.");
	} else {
		say(fd, "HTTP/1.1 404 NOT FOUND\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\nno "
			"such.");
	}
}

START_TEST(finds_the_version)
{
	static const struct weft_http_as as = { TOKEN, "alice" };
	bool db;

	start_server(serve_version);
	open_link("127.0.0.1");
	ck_assert_int_eq(weft_http_probe(link_to, &as, &db, &err), 42);
	ck_assert(db);
	newest = "v0.0.38";
	no_db = "/slurmdb/";
	ck_assert_int_eq(weft_http_probe(link_to, &as, &db, &err), 38);
	ck_assert(!db);
	newest = "v0.0.99";
	ck_assert_int_eq(weft_http_probe(link_to, &as, &db, &err), 0);
	ck_assert_str_eq(err.text,
			 "it has none of the versions of slurmrestd's interface that are known here");
	err.text[0] = '\0';
	bad_status = "HTTP/1.1 401 UNAUTHORIZED\r\nContent-Length: 0\r\n\r\n";
	ck_assert_int_eq(weft_http_probe(link_to, &as, &db, &err), 0);
	ck_assert_str_eq(err.text,
			 "/slurm/v0.0.45/ping answers with the status 401: the token is not accepted");
	err.text[0] = '\0';
	bad_status = "HTTP/1.1 500 INTERNAL\r\nContent-Length: 0\r\n\r\n";
	ck_assert_int_eq(weft_http_probe(link_to, &as, &db, &err), 0);
	ck_assert_str_eq(err.text, "/slurm/v0.0.45/ping answers with the status 500");
}
END_TEST

/* ---------------------------------------------------------------- the offer of a peer (weftd/offer.h) */

static char *offer_answer; /* the whole of it */

static void serve_offer(int fd)
{
	say(fd, offer_answer);
}

/* What is at the URL is taken when it is signed, and else it is said what it is. */
START_TEST(an_offer)
{
	struct weft_offer offer = { .site = "beta", .made = 1000, .expires = 2000, .n_kinds = 1 }, got;
	char dir[] = "/tmp/weft-offer-XXXXXX", key[64], public[72], url[64], want[128], command[64], *text;
	const char *heads[] = { OK, OK, "HTTP/1.1 404 Not Found\r\n",
				"HTTP/1.1 302 Found\r\nLocation: /x\r\n",
				"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" };
	const char *wants[] = { "", "%s: the offer has expired", "%s: HTTP status 404",
				"a redirect (302), which is not followed",
				"an answer of the type text/html, not application/json" };

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(key, sizeof(key), "%s/key", dir);
	snprintf(public, sizeof(public), "%s.pub", key);
	ck_assert_int_eq(weft_offer_make_key(key, &err), 0);
	offer.kinds[0] = (struct weft_offer_kind){ "gpu:h100", 8, 2100000, "EUR", NAN };
	text = weft_offer_sign(&offer, key, &err);
	ck_assert_msg(text != NULL, "%s", err.text);
	ck_assert_int_gt(
		asprintf(&offer_answer, "%sContent-Length: %zu\r\n\r\n%s", heads[_i], strlen(text), text), 0);
	start_server(serve_offer);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/pub/offer.json", port);
	ck_assert_int_eq(weft_offer_get(&(struct weft_offer_place){ .where = url, .key = public },
					_i == 1 ? 2000 : 1999, &got, &err),
			 _i ? -1 : 0);
	snprintf(want, sizeof(want), wants[_i], url);
	ck_assert_str_eq(err.text, want);
	ck_assert_ptr_nonnull(strstr(request, "GET /pub/offer.json HTTP/1.1\r\n"));
	ck_assert_ptr_null(strstr(request, "X-SLURM"));
	if (_i == 0) {
		ck_assert_str_eq(got.site, "beta");
		ck_assert_int_eq(got.kinds[0].price, 2100000);
	}
	free(text);
	free(offer_answer);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("http");
	TCase *good = tcase_create("answers"), *none = tcase_create("no answers"),
	      *bad = tcase_create("bad answers"), *never = tcase_create("not even asked");
	TCase *all[] = { good, none, bad, never };
	SRunner *runner;
	int failed;

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		tcase_add_checked_fixture(all[i], quiet, tear_down);
		tcase_set_timeout(all[i], 30);
		suite_add_tcase(s, all[i]);
	}
	tcase_add_test(good, asks_and_answers);
	tcase_add_test(good, methods_and_bodies);
	tcase_add_test(good, a_token_alone_names_its_user);
	tcase_add_test(good, keeps_connections_for_questions_only);
	tcase_add_test(good, other_good_answers);
	tcase_add_test(good, asks_over_a_socket);
	tcase_add_test(good, adds_a_path_in_front);
	tcase_add_test(good, finds_the_version);
	tcase_add_loop_test(good, an_offer, 0, 5);
	tcase_add_test(none, nobody_listens);
	tcase_add_test(none, no_such_host);
	tcase_add_test(none, no_tls);
	tcase_add_loop_test(none, told_to_end, 0, 2);
	tcase_add_loop_test(none, breaks_off, 0, 4);
	tcase_add_loop_test(none, takes_too_long, 0, 2);
	tcase_add_loop_test(bad, refused, 0, 8);
	tcase_add_loop_test(never, wrong_urls, 0, 9);
	tcase_add_test(never, nothing_slips_into_headers);
	tcase_add_test(never, environment_does_not_count);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
