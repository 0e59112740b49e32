/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_http_tls.c - who is not who the certificate says gets no question, and so no token.
 */
#include "weftd/http.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OK "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

static int listener, port;
static EVP_PKEY *key;
static X509 *certificate;
static char ca_file[] = "/tmp/weft-tls.XXXXXX", other_file[] = "/tmp/weft-tls.XXXXXX";
static const char *reply;
static bool abrupt; /* the connection ends without TLS's good-bye */
static volatile int requests;
static struct weft_http_answer answer;
static struct weft_err err;

/* A certificate for localhost, signed by itself. */
static X509 *make_certificate(EVP_PKEY *of)
{
	X509 *x = X509_new();
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost");

	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_version(x, X509_VERSION_3);
	X509_set_pubkey(x, of);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
				   (const unsigned char *)"weft", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509_add_ext(x, names, -1);
	X509_EXTENSION_free(names);
	ck_assert_int_gt(X509_sign(x, of, EVP_sha256()), 0);
	return x;
}

static void write_certificate(char *path, X509 *x)
{
	int fd = mkstemp(path);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(PEM_write_X509(f, x), 1);
	fclose(f);
}

static void serve(int fd, SSL_CTX *ctx)
{
	SSL *ssl = SSL_new(ctx);
	char request[8192];

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof(request)) > 0) {
		requests++;
		SSL_write(ssl, reply, (int)strlen(reply));
		if (!abrupt)
			SSL_shutdown(ssl);
	}
	SSL_free(ssl);
}

static void *run_server(void *arg)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	(void)arg;
	SSL_CTX_use_certificate(ctx, certificate);
	SSL_CTX_use_PrivateKey(ctx, key);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		serve(fd, ctx);
		close(fd);
	}
	return NULL;
}

static void set_up(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	EVP_PKEY *other_key = EVP_EC_gen("P-256");
	X509 *other = make_certificate(other_key);
	pthread_t thread;

	signal(SIGPIPE, SIG_IGN);
	key = EVP_EC_gen("P-256");
	certificate = make_certificate(key);
	write_certificate(ca_file, certificate);
	write_certificate(other_file, other);
	X509_free(other);
	EVP_PKEY_free(other_key);
	reply = OK "Content-Length: 2\r\n\r\n{}";
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	port = ntohs(at.sin_port);
	ck_assert_int_eq(listen(listener, 16), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, run_server, NULL), 0);
}

static void tear_down(void)
{
	weft_http_clear(&answer);
	unlink(ca_file);
	unlink(other_file);
}

static enum weft_http_result ask(const char *host, const char *ca)
{
	static const struct weft_http_as as = { "SECRET", "alice" };
	enum weft_http_result result;
	struct weft_http *link;
	char url[128];

	snprintf(url, sizeof(url), "https://%s:%d", host, port);
	link = weft_http_open(&(struct weft_http_options){ .url = url, .ca = ca, .total_ms = 5000 }, &err);
	ck_assert_msg(link != NULL, "%s", err.text);
	result = weft_http_ask(link, &as, "POST", "/slurm/v0.0.45/job/submit", "{}", 100, &answer, &err);
	weft_http_close(link);
	return result;
}

START_TEST(trusts_its_own_authority)
{
	ck_assert_msg(ask("localhost", ca_file) == WEFT_HTTP_ANSWER, "%s", err.text);
	ck_assert_str_eq(answer.text, "{}");
	ck_assert_int_eq(requests, 1);
}
END_TEST

START_TEST(trusts_nobody_else)
{
	static const char *const hosts[] = { "localhost", "localhost", "127.0.0.1", "localhost" };
	const char *files[] = { NULL, other_file, ca_file, "/nonexistent/ca.pem" };

	ck_assert_int_eq(ask(hosts[_i], files[_i]), WEFT_HTTP_UNSENT);
	ck_assert_msg(!strncmp(err.text, "no connection: ", 15), "%s", err.text);
	ck_assert_msg(strstr(err.text, "certificate") || strstr(err.text, "CA cert"), "%s", err.text);
	ck_assert_ptr_null(strstr(err.text, "SECRET"));
	usleep(50000);
	ck_assert_int_eq(requests, 0);
}
END_TEST

/* Whoever cuts the line cannot make an answer shorter. */
START_TEST(does_not_take_a_cut_answer)
{
	reply = OK "Content-Length: 1000\r\n\r\n{}";
	abrupt = _i;
	ck_assert_int_eq(ask("localhost", ca_file), WEFT_HTTP_UNKNOWN);
	ck_assert_str_eq(err.text, "the connection broke before the answer was whole");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("http_tls");
	TCase *tc = tcase_create("certificates");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, trusts_its_own_authority);
	tcase_add_loop_test(tc, trusts_nobody_else, 0, 4);
	tcase_add_loop_test(tc, does_not_take_a_cut_answer, 0, 2);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
