/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http.c - questions to a peer's slurmrestd, over libcurl.
 */
#include "weftd/http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/rest.h"
#include "weftd/token.h"

#define CONNECT_MS  3000
#define TOTAL_MS    30000
#define MAX_HEADERS (64 * 1024) /* bytes of all headers of an answer, and of what comes before it */
#define MAX_PATH    4096
#define GRACE_MS    1000 /* for what is under way when it is to end */
#define PROBE_MAX   (1024 * 1024)

struct weft_http {
	CURL *curl;
	char *base;   /* "https://gw.beta:6820/front", without a '/' at its end */
	char *socket; /* NULL: TCP */
	char *ca;
	unsigned connect_ms, total_ms;
	bool (*stops)(void *arg);
	void *arg;
};

/* An answer that comes in. */
struct taking {
	struct weft_http *link;
	bool harmless;	   /* the question may be given up at any time */
	int64_t stop_seen; /* ms of the monotonic clock; 0: it goes on */
	char *text;
	size_t len, room, max, headers;
	enum { FINE, TOO_LONG, TOO_MANY_HEADERS, NO_MEMORY } state;
};

/* ---------------------------------------------------------------- a link */

static void start_curl(void)
{
	curl_global_init(CURL_GLOBAL_ALL);
}

/* The part WHAT of URL; NULL: it has none.  To be freed with curl_free(). */
static char *part(CURLU *url, CURLUPart what)
{
	char *text = NULL;

	return curl_url_get(url, what, &text, 0) == CURLUE_OK ? text : NULL;
}

static int check_parts(CURLU *url, const char *text, struct weft_err *err)
{
	static const struct {
		CURLUPart part;
		const char *name;
	} unwanted[] = {
		{ CURLUPART_USER, "user" },
		{ CURLUPART_PASSWORD, "password" },
		{ CURLUPART_QUERY, "query" },
		{ CURLUPART_FRAGMENT, "fragment" },
	};
	char *scheme = part(url, CURLUPART_SCHEME);
	bool good = scheme && (!strcmp(scheme, "http") || !strcmp(scheme, "https"));

	curl_free(scheme);
	if (!good)
		return weft_err(err, "\"%s\" is not http://HOST:PORT, https://HOST:PORT or unix:/PATH", text);
	for (unsigned i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++) {
		char *found = part(url, unwanted[i].part);

		curl_free(found);
		if (found) /* the URL itself is not shown: a password may be in it */
			return weft_err(err, "an URL with a %s is not taken", unwanted[i].name);
	}
	return 0;
}

/* The URL in the form to which paths are added. */
static char *base_of(const char *text, struct weft_err *err)
{
	CURLU *url = curl_url();
	CURLUcode rc =
		url ? curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) : CURLUE_OUT_OF_MEMORY;
	char *whole = NULL, *base = NULL;

	if (rc == CURLUE_OUT_OF_MEMORY)
		weft_err(err, "out of memory");
	else if (rc)
		weft_err(err, "\"%s\" is not http://HOST:PORT, https://HOST:PORT or unix:/PATH", text);
	else if (check_parts(url, text, err) == 0)
		whole = part(url, CURLUPART_URL);
	if (whole)
		base = strdup(whole);
	curl_free(whole);
	curl_url_cleanup(url);
	if (!base)
		weft_err(err, "out of memory");
	for (size_t len = base ? strlen(base) : 0; len > 0 && base[len - 1] == '/'; len--)
		base[len - 1] = '\0';
	return base;
}

static int link_set_up(struct weft_http *link, const struct weft_http_options *options, struct weft_err *err)
{
	bool is_socket = !strncmp(options->url, "unix:", 5);
	const char *path = options->url + 5;

	link->connect_ms = options->connect_ms ? options->connect_ms : CONNECT_MS;
	link->total_ms = options->total_ms ? options->total_ms : TOTAL_MS;
	link->stops = options->stops;
	link->arg = options->arg;
	if (is_socket && !strncmp(path, "//", 2))
		path += 2;
	if (is_socket && path[0] != '/')
		return weft_err(err, "\"%s\" is not unix:/PATH", options->url);
	link->base = is_socket ? strdup("http://localhost") : base_of(options->url, err);
	link->socket = is_socket ? strdup(path) : NULL;
	link->ca = options->ca ? strdup(options->ca) : NULL;
	link->curl = curl_easy_init();
	if (!link->base || (is_socket && !link->socket) || (options->ca && !link->ca) || !link->curl)
		return weft_err(err, "out of memory"); /* or what was said before */
	return 0;
}

struct weft_http *weft_http_open(const struct weft_http_options *options, struct weft_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct weft_http *link = calloc(1, sizeof(*link));

	pthread_once(&once, start_curl);
	if (!link) {
		weft_err(err, "out of memory");
		return NULL;
	}
	if (link_set_up(link, options, err)) {
		weft_http_close(link);
		return NULL;
	}
	return link;
}

void weft_http_close(struct weft_http *link)
{
	if (!link)
		return;
	curl_easy_cleanup(link->curl);
	free(link->base);
	free(link->socket);
	free(link->ca);
	free(link);
}

/* ---------------------------------------------------------------- the question */

/* Add "NAME: VALUE"; -1 with ERR.  A line break in VALUE would begin a header of its own. */
static int add_header(struct curl_slist **list, const char *name, const char *value, struct weft_err *err)
{
	struct curl_slist *more = NULL;
	size_t size = strlen(name) + strlen(value) + 3;
	char *line;

	for (const unsigned char *p = (const unsigned char *)value; *p; p++)
		if (*p <= 0x20 || *p >= 0x7f)
			return weft_err(err, "what is to be sent as %s has a character that cannot be in it",
					name);
	line = malloc(size);
	if (line) {
		snprintf(line, size, "%s: %s", name, value);
		more = curl_slist_append(*list, line);
		explicit_bzero(line, size);
	}
	free(line);
	if (!more)
		return weft_err(err, "out of memory");
	*list = more;
	return 0;
}

/* Who asks.  A token alone is not enough for Slurm 22.05. */
static int add_names(struct curl_slist **list, const struct weft_http_as *as, struct weft_err *err)
{
	char *own = as->token && !as->user ? weft_token_user(as->token) : NULL;
	const char *user = as->user ? as->user : own;
	int rc = 0;

	if ((user && add_header(list, "X-SLURM-USER-NAME", user, err)) ||
	    (as->token && add_header(list, "X-SLURM-USER-TOKEN", as->token, err)))
		rc = -1;
	free(own);
	return rc;
}

static int add_headers(struct curl_slist **list, const struct weft_http_as *as, bool body,
		       struct weft_err *err)
{
	/* An empty one keeps libcurl from waiting for a "100 Continue". */
	struct curl_slist *more = curl_slist_append(*list, "Expect:");

	if (!more)
		return weft_err(err, "out of memory");
	*list = more;
	if (add_header(list, "Accept", "application/json", err) ||
	    (body && add_header(list, "Content-Type", "application/json", err)) ||
	    (as && add_names(list, as, err)))
		return -1;
	return 0;
}

/* The token was in one of them. */
static void free_headers(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

static size_t take_header(char *data, size_t size, size_t n, void *arg)
{
	struct taking *t = arg;

	(void)data;
	t->headers += size * n;
	if (t->headers <= MAX_HEADERS)
		return size * n;
	t->state = TOO_MANY_HEADERS;
	return 0;
}

static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
	struct taking *t = arg;
	size_t more = size * n;

	if (more > t->max - t->len) {
		t->state = TOO_LONG;
		return 0;
	}
	if (t->len + more + 1 > t->room) {
		size_t room = (t->len + more) / 2 * 3 + 1024;
		char *text = realloc(t->text, room);

		if (!text) {
			t->state = NO_MEMORY;
			return 0;
		}
		t->text = text;
		t->room = room;
	}
	memcpy(t->text + t->len, data, more);
	t->len += more;
	return more;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool stops(const struct weft_http *link)
{
	return link->stops && link->stops(link->arg);
}

/* libcurl asks at least once a second; other than 0: give up. */
static int go_on(void *arg, curl_off_t all_down, curl_off_t down, curl_off_t all_up, curl_off_t up)
{
	struct taking *t = arg;

	(void)all_down;
	(void)down;
	(void)all_up;
	(void)up;
	if (!stops(t->link))
		return 0;
	if (!t->stop_seen)
		t->stop_seen = now_ms();
	return t->harmless || now_ms() - t->stop_seen >= GRACE_MS;
}

/* Everything that could lead elsewhere, or say something twice, is off. */
static int set_options(struct weft_http *link, const char *method, const char *url, const char *body,
		       struct curl_slist *headers, struct taking *t)
{
	CURL *c = link->curl;
	bool get = !strcmp(method, "GET");
	CURLcode rc = CURLE_OK;

	curl_easy_reset(c); /* connections stay */
#define SET(option, value)                                                                                   \
	do {                                                                                                 \
		if (rc == CURLE_OK)                                                                          \
			rc = curl_easy_setopt(c, CURLOPT_##option, value);                                   \
	} while (0)
	SET(NOSIGNAL, 1L);
	SET(PROTOCOLS_STR, "http,https");
	SET(FOLLOWLOCATION, 0L);
	SET(PROXY, "");
	SET(NOPROXY, "*");
	SET(NETRC, (long)CURL_NETRC_IGNORED);
	SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(HTTP09_ALLOWED, 0L);
	SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CONNECTTIMEOUT_MS, (long)link->connect_ms);
	SET(TIMEOUT_MS, (long)link->total_ms);
	SET(QUICK_EXIT, 1L); /* a name server that hangs is not waited for */
	SET(NOPROGRESS, 0L);
	SET(XFERINFOFUNCTION, go_on);
	SET(XFERINFODATA, t);
	SET(USERAGENT, "weftd");
	SET(PATH_AS_IS, 1L);
	SET(URL, url);
	SET(HTTPHEADER, headers);
	SET(HEADERFUNCTION, take_header);
	SET(HEADERDATA, t);
	SET(WRITEFUNCTION, take_body);
	SET(WRITEDATA, t);
	/* On a kept connection that turns out to be dead libcurl sends once more: it may do so only with what
	 * changes nothing. */
	SET(FRESH_CONNECT, get ? 0L : 1L);
	if (link->socket)
		SET(UNIX_SOCKET_PATH, link->socket);
	if (link->ca) {
		SET(CAINFO, link->ca);
		SET(CAPATH, (char *)NULL);
	}
	if (get) {
		SET(HTTPGET, 1L);
	} else if (body || !strcmp(method, "POST")) {
		SET(POSTFIELDSIZE_LARGE, (curl_off_t)(body ? strlen(body) : 0));
		SET(POSTFIELDS, body ? body : "");
	}
	SET(CUSTOMREQUEST, method);
#undef SET
	return rc == CURLE_OK ? 0 : -1;
}

/* ---------------------------------------------------------------- the answer */

static enum weft_http_result no_connection(struct weft_http *link, CURLcode rc, const char *tls,
					   struct weft_err *err)
{
	long os_error = 0;

	curl_easy_getinfo(link->curl, CURLINFO_OS_ERRNO, &os_error);
	switch (rc) {
	case CURLE_COULDNT_RESOLVE_HOST:
		weft_err(err, "no connection: the name of the host is not known");
		break;
	case CURLE_OPERATION_TIMEDOUT:
		weft_err(err, "no connection within %u ms",
			 link->connect_ms < link->total_ms ? link->connect_ms : link->total_ms);
		break;
	case CURLE_COULDNT_CONNECT:
		weft_err(err, "no connection: %s",
			 os_error ? strerror((int)os_error) : curl_easy_strerror(rc));
		break;
	default:
		weft_err(err, "no connection: %s%s%s", curl_easy_strerror(rc), tls[0] ? ": " : "", tls);
		break;
	}
	return WEFT_HTTP_UNSENT;
}

static enum weft_http_result failed(struct weft_http *link, CURLcode rc, const struct taking *t,
				    const char *tls, struct weft_err *err)
{
	long sent = 0;

	if (t->state == TOO_LONG) {
		weft_err(err, "an answer of more than %zu bytes", t->max);
		return WEFT_HTTP_REFUSED;
	}
	if (t->state == TOO_MANY_HEADERS) {
		weft_err(err, "an answer with more than %d bytes of headers", MAX_HEADERS);
		return WEFT_HTTP_REFUSED;
	}
	if (t->state == NO_MEMORY || rc == CURLE_OUT_OF_MEMORY) {
		weft_err(err, "out of memory");
		return WEFT_HTTP_UNKNOWN;
	}
	curl_easy_getinfo(link->curl, CURLINFO_REQUEST_SIZE, &sent);
	if (rc == CURLE_ABORTED_BY_CALLBACK) {
		weft_err(err, "given up: weftd ends");
		return sent == 0 ? WEFT_HTTP_UNSENT : WEFT_HTTP_UNKNOWN;
	}
	if (sent == 0 && t->headers == 0)
		return no_connection(link, rc, tls, err);
	switch (rc) {
	case CURLE_OPERATION_TIMEDOUT:
		weft_err(err, "no whole answer within %u ms", link->total_ms);
		return WEFT_HTTP_UNKNOWN;
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
		weft_err(err, "the connection broke before the answer was whole");
		return WEFT_HTTP_UNKNOWN;
	default:
		weft_err(err, "an answer that is not HTTP: %s", curl_easy_strerror(rc));
		return WEFT_HTTP_REFUSED;
	}
}

/* Is it one that is taken?  Only errors may be other than JSON. */
static enum weft_http_result judge(struct weft_http *link, long status, struct weft_err *err)
{
	const char *type = NULL;

	if (status >= 300 && status < 400) {
		weft_err(err, "a redirect (%ld), which is not followed", status);
		return WEFT_HTTP_REFUSED;
	}
	if (status < 200 || status > 599) {
		weft_err(err, "an answer with the status %ld", status);
		return WEFT_HTTP_REFUSED;
	}
	curl_easy_getinfo(link->curl, CURLINFO_CONTENT_TYPE, &type);
	if (status < 300 && type && strncasecmp(type, "application/json", 16) != 0) {
		weft_err(err, "an answer of the type %.60s, not application/json", type);
		return WEFT_HTTP_REFUSED;
	}
	return WEFT_HTTP_ANSWER;
}

/* Ask, with everything made ready. */
static enum weft_http_result perform(struct weft_http *link, struct taking *t,
				     struct weft_http_answer *answer, struct weft_err *err)
{
	char tls[CURL_ERROR_SIZE] = "";
	enum weft_http_result result;
	CURLcode rc;

	curl_easy_setopt(link->curl, CURLOPT_ERRORBUFFER, tls);
	rc = curl_easy_perform(link->curl);
	curl_easy_setopt(link->curl, CURLOPT_ERRORBUFFER, NULL);
	if (rc != CURLE_OK)
		return failed(link, rc, t, tls, err);
	curl_easy_getinfo(link->curl, CURLINFO_RESPONSE_CODE, &answer->status);
	result = judge(link, answer->status, err);
	if (result != WEFT_HTTP_ANSWER)
		return result;
	answer->text = t->text ? t->text : calloc(1, 1);
	answer->len = t->len;
	if (!answer->text) {
		weft_err(err, "out of memory");
		return WEFT_HTTP_UNKNOWN;
	}
	answer->text[t->len] = '\0';
	t->text = NULL;
	return WEFT_HTTP_ANSWER;
}

static bool is_path(const char *path)
{
	if (path[0] != '/' || strlen(path) > MAX_PATH)
		return false;
	for (const unsigned char *p = (const unsigned char *)path; *p; p++)
		if (*p <= 0x20 || *p >= 0x7f || *p == '#')
			return false;
	return true;
}

enum weft_http_result weft_http_ask(struct weft_http *link, const struct weft_http_as *as, const char *method,
				    const char *path, const char *body, size_t max,
				    struct weft_http_answer *answer, struct weft_err *err)
{
	struct taking t = { .link = link, .harmless = !strcmp(method, "GET"), .max = max };
	struct curl_slist *headers = NULL;
	enum weft_http_result result = WEFT_HTTP_UNSENT;
	size_t size = strlen(link->base) + strlen(path) + 1;
	char *url = malloc(size);

	*answer = (struct weft_http_answer){ 0 };
	if (!url)
		weft_err(err, "out of memory");
	else if (!is_path(path))
		weft_err(err, "\"%.60s\" is not a path of an URL", path);
	else if (stops(link))
		weft_err(err, "given up: weftd ends");
	else if (add_headers(&headers, as, body != NULL, err) == 0) {
		snprintf(url, size, "%s%s", link->base, path);
		if (set_options(link, method, url, body, headers, &t))
			weft_err(err, "out of memory");
		else
			result = perform(link, &t, answer, err);
	}
	curl_easy_reset(link->curl); /* it points to what is freed now */
	free_headers(headers);
	free(t.text);
	free(url);
	return result;
}

void weft_http_clear(struct weft_http_answer *answer)
{
	free(answer->text);
	*answer = (struct weft_http_answer){ 0 };
}

/* ---------------------------------------------------------------- which version it has */

/* GET PATH: 1: it is served, 0: it is not (404, not in slurmrestd's own words), -1 with ERR. */
static int is_served(struct weft_http *link, const struct weft_http_as *as, const char *path, long *status,
		     struct weft_err *err)
{
	struct weft_http_answer answer;
	int served = -1;

	if (weft_http_ask(link, as, "GET", path, NULL, PROBE_MAX, &answer, err) == WEFT_HTTP_ANSWER) {
		*status = answer.status;
		served = answer.status != 404 || answer.text[0] == '{';
	}
	weft_http_clear(&answer);
	return served;
}

int weft_http_probe(struct weft_http *link, const struct weft_http_as *as, bool *db, struct weft_err *err)
{
	char path[64];
	long status = 0;

	*db = false;
	for (const int *v = weft_rest_versions; *v; v++) {
		int served;

		snprintf(path, sizeof(path), "/slurm/v0.0.%d/ping", *v);
		served = is_served(link, as, path, &status, err);
		if (served < 0)
			return 0;
		if (!served)
			continue;
		if (status != 200) {
			weft_err(err, "%s answers with the status %ld%s", path, status,
				 status == 401 || status == 403 || status == 511
					 ? ": the token is not accepted"
					 : "");
			return 0;
		}
		snprintf(path, sizeof(path), "/slurmdb/v0.0.%d/job/1", *v);
		served = is_served(link, as, path, &status, err);
		*db = served > 0;
		return served < 0 ? 0 : *v;
	}
	weft_err(err, "it has none of the versions of slurmrestd's interface that are known here");
	return 0;
}
