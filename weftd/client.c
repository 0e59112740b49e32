/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.c - ask weftd: one connection, a line there, a line back.
 */
#include "weftd/client.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/json.h"
#include "core/scan.h"
#include "weftd/wire.h"

#define MAX_DEPTH 32
#define ID_BYTES  16
#define CHUNK	  65536

/* A talk with weftd, which must be over by END. */
struct talk {
	const char *address;
	int fd;
	int64_t end; /* ms of the monotonic clock */
	struct weft_err *err;
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int fail(struct talk *t, const char *why)
{
	return weft_err(t->err, "weftd at %s: %s", t->address, why);
}

const char *weft_client_conf_path(char *buf, size_t size)
{
	const char *slurm_conf = getenv("SLURM_CONF");
	const char *slash = slurm_conf ? strrchr(slurm_conf, '/') : NULL;

	if (slash)
		snprintf(buf, size, "%.*s/weft.conf", (int)(slash - slurm_conf), slurm_conf);
	else
		snprintf(buf, size, "/etc/slurm/weft.conf");
	return buf;
}

int weft_client_address(const char *address, char *host, size_t size, char port[8], struct weft_err *err)
{
	const char *start = address ? address : "localhost", *end, *colon;

	if (*start == '[') {
		end = strchr(++start, ']');
		colon = end ? end + 1 : NULL;
	} else {
		colon = end = start + strcspn(start, ":");
	}
	snprintf(port, 8, "%d", WEFTD_PORT);
	if (!end || end == start || (size_t)(end - start) >= size ||
	    (*colon && (*colon != ':' || strlen(colon) > 6)))
		return weft_err(err, "\"%s\" is not a host or host:port",
				weft_snip(address, strlen(address)).text);
	snprintf(host, size, "%.*s", (int)(end - start), start);
	if (*colon)
		snprintf(port, 8, "%s", colon + 1);
	return 0;
}

/* ---------------------------------------------------------------- the connection */

static int wait_for(struct talk *t, short events)
{
	struct pollfd p = { .fd = t->fd, .events = events };
	int rc;

	do {
		int64_t left = t->end - now_ms();

		if (left <= 0)
			return fail(t, "no answer in time");
		rc = poll(&p, 1, (int)left);
	} while (rc == 0 || (rc < 0 && errno == EINTR));
	return rc < 0 ? fail(t, strerror(errno)) : 0;
}

static int connect_to(struct talk *t, const struct addrinfo *a)
{
	int error = 0;
	socklen_t len = sizeof(error);

	t->fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->fd < 0)
		return fail(t, strerror(errno));
	if (connect(t->fd, a->ai_addr, a->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return fail(t, strerror(errno));
	if (wait_for(t, POLLOUT) < 0)
		return -1;
	getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error ? fail(t, strerror(error)) : 0;
}

static int reach(struct talk *t)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	struct weft_err *err = t->err;
	char host[256], port[8];
	int rc;

	if (weft_client_address(t->address, host, sizeof(host), port, err) < 0)
		return -1;
	rc = getaddrinfo(host, port, &hints, &list);
	if (rc)
		return fail(t, gai_strerror(rc));
	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		struct weft_err why = WEFT_ERR_INIT;

		t->err = &why;
		rc = connect_to(t, a);
		t->err = err;
		if (rc == 0)
			break;
		if (t->fd >= 0)
			close(t->fd);
		t->fd = -1;
		if (!a->ai_next)
			weft_err(err, "%s", why.text);
	}
	freeaddrinfo(list);
	return t->fd >= 0 ? 0 : fail(t, "no address");
}

static int send_line(struct talk *t, const char *line)
{
	size_t len = strlen(line);
	char *text = malloc(len + 1);

	if (!text)
		return fail(t, "out of memory");
	memcpy(text, line, len);
	text[len++] = '\n';
	for (size_t sent = 0; sent < len;) {
		ssize_t n = send(t->fd, text + sent, len - sent, MSG_NOSIGNAL);

		if (n > 0) {
			sent += (size_t)n;
		} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
			/* It may have answered before it closed: "ERROR ...". */
			break;
		} else if (wait_for(t, POLLOUT) < 0) {
			free(text);
			return -1;
		}
	}
	free(text);
	return 0;
}

/* The line that comes back, without its end; malloc()ed. */
static char *receive_line(struct talk *t)
{
	size_t len = 0, room = 0;
	char *line = NULL, *nl;

	for (;;) {
		ssize_t n;

		if (len + 1 >= room) {
			char *more = realloc(line, room + CHUNK);

			if (!more) {
				fail(t, "out of memory");
				break;
			}
			line = more;
			room += CHUNK;
		}
		n = recv(t->fd, line + len, room - len - 1, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (wait_for(t, POLLIN) < 0)
				break;
			continue;
		}
		if (n <= 0) {
			fail(t, n < 0 ? strerror(errno) : "it closed the connection");
			break;
		}
		nl = memchr(line + len, '\n', (size_t)n);
		len += (size_t)n;
		if (nl) {
			*nl = '\0';
			return line;
		}
		if (len > WEFT_WIRE_MAX_LINE) {
			fail(t, "the answer is too long");
			break;
		}
	}
	free(line);
	return NULL;
}

/* ---------------------------------------------------------------- question and answer */

static int find_user(const struct weft_conf *conf, uid_t *uid, struct weft_err *err)
{
	struct passwd pw, *found = NULL;
	char buf[16384];
	int rc = getpwnam_r(conf->burst.user, &pw, buf, sizeof(buf), &found);

	if (!found)
		return weft_err(err, "WeftdUser=%s: %s", conf->burst.user,
				rc ? strerror(rc) : "there is no such user");
	*uid = pw.pw_uid;
	return 0;
}

/* What tells this answer from any other. */
static int make_id(char id[2 * ID_BYTES + 1], struct weft_err *err)
{
	unsigned char bytes[ID_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return weft_err(err, "no random numbers: %s", strerror(errno));
	for (int i = 0; i < ID_BYTES; i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static char *seal_question(const struct weft_conf *conf, json_object *question, uid_t weftd, const char *id,
			   enum weft_client_result *result, struct weft_err *err)
{
	const char *text;

	json_object_object_add(question, "weftd", json_object_new_int(WEFT_WIRE_VERSION));
	json_object_object_add(question, "id", json_object_new_string(id));
	text = json_object_to_json_string_ext(question, JSON_C_TO_STRING_PLAIN);
	if (!text) {
		weft_err(err, "out of memory");
		return NULL;
	}
	if (strlen(text) > WEFTD_MAX_MESSAGE) {
		*result = WEFT_CLIENT_NO; /* the same question would have the same end */
		weft_err(err, "the question has %zu bytes; at most %u are allowed", strlen(text),
			 WEFTD_MAX_MESSAGE);
		return NULL;
	}
	return weft_wire_seal(conf->burst.munge, weftd, text, strlen(text), err);
}

static const char *string_of(json_object *object, const char *key)
{
	json_object *value;

	if (!json_object_object_get_ex(object, key, &value) || !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

/* What was opened: is it the answer to ID, and what does it say? */
static enum weft_client_result judge(struct talk *t, json_object *answer, const char *id)
{
	json_object *version, *ok;

	if (!json_object_is_type(answer, json_type_object) ||
	    !json_object_object_get_ex(answer, "weftd", &version) ||
	    json_object_get_int(version) != WEFT_WIRE_VERSION || strcmp(string_of(answer, "id"), id) != 0 ||
	    !json_object_object_get_ex(answer, "ok", &ok)) {
		fail(t, "the answer is to another question");
		return WEFT_CLIENT_NOBODY;
	}
	if (json_object_get_boolean(ok))
		return WEFT_CLIENT_ANSWER;
	weft_err(t->err, "%s", string_of(answer, "error"));
	return !strcmp(string_of(answer, "code"), "later") ? WEFT_CLIENT_LATER : WEFT_CLIENT_NO;
}

static enum weft_client_result open_answer(struct talk *t, const struct weft_conf *conf, const char *line,
					   uid_t weftd, const char *id, json_object **answer)
{
	struct weft_err why = WEFT_ERR_INIT;
	enum weft_client_result result;
	size_t len = 0;
	uid_t uid = (uid_t)-1;
	char *text;

	if (!strncmp(line, WEFT_WIRE_ERROR, strlen(WEFT_WIRE_ERROR))) {
		fail(t, line + strlen(WEFT_WIRE_ERROR));
		return WEFT_CLIENT_NOBODY;
	}
	text = weft_wire_open(conf->burst.munge, line, &len, &uid, &why);
	if (!text) {
		fail(t, why.text);
		return WEFT_CLIENT_NOBODY;
	}
	if (uid != weftd)
		weft_err(t->err, "weftd at %s: the answer is of user %lu, not of %s", t->address,
			 (unsigned long)uid, conf->burst.user);
	if (uid != weftd || weft_json_parse(answer, "weftd's answer", text, len, MAX_DEPTH, t->err) < 0) {
		free(text);
		return WEFT_CLIENT_NOBODY;
	}
	free(text);
	result = judge(t, *answer, id);
	if (result != WEFT_CLIENT_ANSWER) {
		json_object_put(*answer);
		*answer = NULL;
	}
	return result;
}

json_object *weft_client_ask(const struct weft_conf *conf, json_object *question, unsigned seconds,
			     enum weft_client_result *result, struct weft_err *err)
{
	struct talk t = { .address = conf->burst.weftd ? conf->burst.weftd : "localhost",
			  .fd = -1,
			  .err = err };
	enum weft_client_result what = WEFT_CLIENT_NOBODY;
	json_object *answer = NULL;
	char id[2 * ID_BYTES + 1], *line = NULL, *back = NULL;
	uid_t weftd = 0;

	t.end = now_ms() + (int64_t)seconds * 1000;
	if (find_user(conf, &weftd, err) == 0 && make_id(id, err) == 0)
		line = seal_question(conf, question, weftd, id, &what, err);
	if (line && reach(&t) == 0 && send_line(&t, line) == 0)
		back = receive_line(&t);
	if (back)
		what = open_answer(&t, conf, back, weftd, id, &answer);
	if (t.fd >= 0)
		close(t.fd);
	free(line);
	free(back);
	json_object_put(question);
	if (result)
		*result = what;
	return answer;
}
