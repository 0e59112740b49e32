/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listener.c - takes questions over TCP and hands them to a few threads.
 *
 * A connection is read by the loop until it has given a line; then it is a thread's until that has made the
 * answer; then the loop writes it.  Who says nothing costs a slot, never a thread.
 */
#include "weftd/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "weftd/log.h"
#include "weftd/wire.h"

#define MAX_SOCKETS 8
#define BACKLOG	    128
#define CHUNK	    16384
#define MAX_HELD    (64u << 20) /* bytes of lines, of all connections */
#define PAUSE	    1000	/* ms without new ones when there are no descriptors */
#define LAST_MS	    1000	/* ms for the last answers to be taken, when it is over */

enum state { READING, WORKING, WRITING };

struct conn {
	int fd;
	enum state state;
	int64_t end; /* ms of the monotonic clock */
	char *line;
	size_t len, room;
	char *answer;
	size_t answer_len, sent;
	struct conn *next; /* in the queue of those to be answered, or of those that are */
};

struct weft_listener {
	int sockets[MAX_SOCKETS];
	unsigned n_sockets, port;
	unsigned n_threads, max, n; /* threads; connections */
	int64_t ms;
	weft_listener_answer answer;
	void *arg;
	char *munge;
	pthread_t loop, *threads;
	bool loop_runs;
	int wake; /* eventfd: something is answered, or it is over */
	/* of the loop alone */
	struct conn **conns;
	struct pollfd *polls;
	size_t held;	/* bytes in lines */
	int64_t paused; /* until then */
	/* of all threads */
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct conn *first, **last; /* to be answered */
	struct conn *done;
	bool stop;
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void wake(struct weft_listener *l)
{
	uint64_t one = 1;

	if (write(l->wake, &one, sizeof(one)) < 0)
		return; /* it is awake */
}

/* ---------------------------------------------------------------- the threads that answer */

/* "ERROR ..." of what can be told to anyone. */
static char *error_line(const struct weft_err *err)
{
	size_t size = strlen(err->text) + sizeof(WEFT_WIRE_ERROR) + 1;
	char *line = malloc(size);

	if (line)
		snprintf(line, size, WEFT_WIRE_ERROR "%s", err->text);
	return line;
}

static char *answer_line(struct weft_listener *l, const char *sealed)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *text, *answer = NULL, *line = NULL;
	size_t len = 0;
	uid_t uid = (uid_t)-1;

	text = weft_wire_open(l->munge, sealed, &len, &uid, &err);
	if (text) {
		answer = l->answer(l->arg, uid, text, len);
		if (!answer)
			weft_err(&err, "out of memory");
	}
	if (answer)
		line = weft_wire_seal(l->munge, uid, answer, strlen(answer), &err);
	if (!line) {
		weft_log(WEFT_LOG_DEBUG, "a question is not answered: %s", err.text);
		line = error_line(&err);
	}
	free(text);
	free(answer);
	return line;
}

/* The next one to be answered; NULL: it is over. */
static struct conn *take_work(struct weft_listener *l)
{
	struct conn *c;

	pthread_mutex_lock(&l->lock);
	while (!l->first && !l->stop)
		pthread_cond_wait(&l->work, &l->lock);
	c = l->first;
	if (c) {
		l->first = c->next;
		if (!l->first)
			l->last = &l->first;
	}
	pthread_mutex_unlock(&l->lock);
	return c;
}

static void *answer_thread(void *arg)
{
	struct weft_listener *l = arg;
	struct conn *c;

	while ((c = take_work(l))) {
		c->answer = answer_line(l, c->line);
		c->answer_len = c->answer ? strlen(c->answer) : 0;
		if (c->answer)
			c->answer[c->answer_len++] = '\n'; /* in the place of the NUL */
		pthread_mutex_lock(&l->lock);
		c->next = l->done;
		l->done = c;
		pthread_mutex_unlock(&l->lock);
		wake(l);
	}
	return NULL;
}

/* ---------------------------------------------------------------- the loop */

static void drop(struct weft_listener *l, unsigned i)
{
	struct conn *c = l->conns[i];

	l->held -= c->room;
	close(c->fd);
	free(c->line);
	free(c->answer);
	free(c);
	l->conns[i] = l->conns[--l->n];
}

/* Of those that have not said all yet the one that began first; false: there is none. */
static bool drop_oldest(struct weft_listener *l)
{
	unsigned oldest = l->n;

	for (unsigned i = 0; i < l->n; i++) {
		if (l->conns[i]->state == READING &&
		    (oldest == l->n || l->conns[i]->end < l->conns[oldest]->end))
			oldest = i;
	}
	if (oldest == l->n)
		return false;
	drop(l, oldest);
	return true;
}

static void take_connection(struct weft_listener *l, int socket)
{
	int fd = accept4(socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct conn *c;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			if (!drop_oldest(l))
				l->paused = now_ms() + PAUSE;
		}
		return;
	}
	c = l->n < l->max || drop_oldest(l) ? calloc(1, sizeof(*c)) : NULL;
	if (!c) {
		close(fd);
		return;
	}
	c->fd = fd;
	c->end = now_ms() + l->ms;
	l->conns[l->n++] = c;
}

/* -1: it is over, nobody would take it. */
static int hand_over(struct weft_listener *l, struct conn *c)
{
	bool stop;

	pthread_mutex_lock(&l->lock);
	stop = l->stop;
	if (!stop) {
		c->state = WORKING;
		c->next = NULL;
		*l->last = c;
		l->last = &c->next;
		pthread_cond_signal(&l->work);
	}
	pthread_mutex_unlock(&l->lock);
	return stop ? -1 : 0;
}

static int make_room(struct weft_listener *l, struct conn *c)
{
	size_t room = c->room ? 2 * c->room : CHUNK;
	char *line;

	if (c->room - c->len > 1)
		return 0;
	if (room > WEFT_WIRE_MAX_LINE)
		room = WEFT_WIRE_MAX_LINE;
	if (room <= c->room || l->held + room - c->room > MAX_HELD)
		return -1;
	line = realloc(c->line, room);
	if (!line)
		return -1;
	l->held += room - c->room;
	c->line = line;
	c->room = room;
	return 0;
}

/* -1: nothing good comes from it. */
static int read_some(struct weft_listener *l, struct conn *c)
{
	ssize_t n;
	char *nl;

	if (make_room(l, c) < 0)
		return -1;
	n = recv(c->fd, c->line + c->len, c->room - c->len - 1, 0);
	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
	nl = memchr(c->line + c->len, '\n', (size_t)n);
	c->len += (size_t)n;
	c->line[c->len] = '\0';
	/* Whoever does not begin as a credential does is not listened to any longer. */
	if (strncmp(c->line, WEFT_WIRE_SEALED,
		    c->len < strlen(WEFT_WIRE_SEALED) ? c->len : strlen(WEFT_WIRE_SEALED)) != 0)
		return -1;
	if (!nl)
		return 0;
	*nl = '\0';
	return hand_over(l, c);
}

/* 1: all of it is written. */
static int write_some(struct conn *c)
{
	ssize_t n = send(c->fd, c->answer + c->sent, c->answer_len - c->sent, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	c->sent += (size_t)n;
	return c->sent == c->answer_len;
}

static void collect_done(struct weft_listener *l)
{
	struct conn *c;

	pthread_mutex_lock(&l->lock);
	c = l->done;
	l->done = NULL;
	pthread_mutex_unlock(&l->lock);
	for (; c; c = c->next) {
		c->state = WRITING;
		c->end = c->answer ? now_ms() + l->ms : 0;
		l->held -= c->room;
		c->room = 0;
		free(c->line);
		c->line = NULL;
	}
}

/* Fill POLLS: the wake-up, the sockets, the connections.  How long to wait in ms. */
static int prepare(struct weft_listener *l)
{
	int64_t now = now_ms(), wait = 60000;

	l->polls[0] = (struct pollfd){ .fd = l->wake, .events = POLLIN };
	for (unsigned i = 0; i < l->n_sockets; i++)
		l->polls[1 + i] =
			(struct pollfd){ .fd = now < l->paused ? -1 : l->sockets[i], .events = POLLIN };
	if (now < l->paused)
		wait = l->paused - now;
	for (unsigned i = 0; i < l->n; i++) {
		const struct conn *c = l->conns[i];
		struct pollfd *p = &l->polls[1 + l->n_sockets + i];

		*p = (struct pollfd){ .fd = c->state == WORKING ? -1 : c->fd,
				      .events = c->state == READING ? POLLIN : POLLOUT };
		if (c->state != WORKING && c->end - now < wait)
			wait = c->end - now;
	}
	return wait > 0 ? (int)wait : 0;
}

/* Backwards, since what is dropped is replaced by the last one. */
static void serve(struct weft_listener *l)
{
	int64_t now = now_ms();

	for (unsigned i = l->n; i-- > 0;) {
		struct conn *c = l->conns[i];
		bool ready = l->polls[1 + l->n_sockets + i].revents != 0, over = false;

		if (c->state == WORKING)
			continue;
		if (ready)
			over = (c->state == READING ? read_some(l, c) : write_some(c)) != 0;
		if (over || (c->state != WORKING && c->end <= now))
			drop(l, i);
	}
}

static bool stopped(struct weft_listener *l)
{
	bool stop;

	pthread_mutex_lock(&l->lock);
	stop = l->stop;
	pthread_mutex_unlock(&l->lock);
	return stop;
}

/* When it is over no new ones are taken; those that a thread has are still answered. */
static bool goes_on(struct weft_listener *l)
{
	int64_t soon = now_ms() + LAST_MS;

	if (!stopped(l))
		return true;
	l->paused = INT64_MAX;
	for (unsigned i = l->n; i-- > 0;) {
		if (l->conns[i]->state == READING)
			drop(l, i);
		else if (l->conns[i]->end > soon)
			l->conns[i]->end = soon;
	}
	return l->n > 0;
}

static void *loop_thread(void *arg)
{
	struct weft_listener *l = arg;
	uint64_t count;

	while (goes_on(l)) {
		int timeout = prepare(l);
		unsigned n = l->n;

		if (poll(l->polls, 1 + l->n_sockets + n, timeout) < 0)
			continue;
		serve(l);
		if (l->polls[0].revents && read(l->wake, &count, sizeof(count)) < 0)
			continue;
		collect_done(l);
		for (unsigned i = 0; i < l->n_sockets; i++) {
			if (l->polls[1 + i].revents)
				take_connection(l, l->sockets[i]);
		}
	}
	return NULL;
}

/* ---------------------------------------------------------------- start and stop */

static unsigned port_of(int fd)
{
	struct sockaddr_storage a = { 0 };
	socklen_t len = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		return 0;
	if (a.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&a)->sin6_port);
	return ntohs(((struct sockaddr_in *)&a)->sin_port);
}

static int listen_on(struct weft_listener *l, const struct addrinfo *a)
{
	int one = 1, fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (a->ai_family == AF_INET6) /* IPv4 has a socket of its own */
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	l->sockets[l->n_sockets++] = fd;
	return 0;
}

static int listen_all(struct weft_listener *l, const char *host, const char *port, struct weft_err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *list = NULL;
	const char *name = host ? host : "*";
	int rc = getaddrinfo(host, port, &hints, &list), error = 0;

	if (rc)
		return weft_err(err, "%s:%s: %s", name, port, gai_strerror(rc));
	for (const struct addrinfo *a = list; a && l->n_sockets < MAX_SOCKETS; a = a->ai_next) {
		if (!strcmp(port, "0") && l->n_sockets > 0)
			break; /* another socket would get another port */
		if (listen_on(l, a) < 0)
			error = errno;
	}
	freeaddrinfo(list);
	if (l->n_sockets == 0)
		return weft_err(err, "%s:%s: %s", name, port, strerror(error));
	l->port = port_of(l->sockets[0]);
	return 0;
}

static int start_threads(struct weft_listener *l, unsigned threads, struct weft_err *err)
{
	for (l->n_threads = 0; l->n_threads < threads; l->n_threads++) {
		int rc = pthread_create(&l->threads[l->n_threads], NULL, answer_thread, l);

		if (rc)
			return weft_err(err, "no thread: %s", strerror(rc));
	}
	if (pthread_create(&l->loop, NULL, loop_thread, l))
		return weft_err(err, "no thread");
	l->loop_runs = true;
	return 0;
}

struct weft_listener *weft_listener_start(const struct weft_listener_options *o, struct weft_err *err)
{
	struct weft_listener *l = calloc(1, sizeof(*l));
	unsigned threads = o->threads ? o->threads : 8;

	if (!l) {
		weft_err(err, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->work, NULL);
	l->last = &l->first;
	l->max = o->connections ? o->connections : 256;
	l->ms = 1000 * (int64_t)(o->seconds ? o->seconds : 10);
	l->answer = o->answer;
	l->arg = o->arg;
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->munge = o->munge ? strdup(o->munge) : NULL;
	l->threads = calloc(threads, sizeof(*l->threads));
	l->conns = calloc(l->max, sizeof(struct conn *));
	l->polls = calloc(1 + MAX_SOCKETS + l->max, sizeof(*l->polls));
	if (l->wake < 0 || (o->munge && !l->munge) || !l->threads || !l->conns || !l->polls)
		weft_err(err, "out of memory");
	else if (listen_all(l, o->host, o->port, err) == 0 && start_threads(l, threads, err) == 0)
		return l;
	weft_listener_stop(l);
	return NULL;
}

unsigned weft_listener_port(const struct weft_listener *l)
{
	return l->port;
}

void weft_listener_stop(struct weft_listener *l)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_broadcast(&l->work);
	pthread_mutex_unlock(&l->lock);
	if (l->wake >= 0)
		wake(l);
	for (unsigned i = 0; i < l->n_threads; i++)
		pthread_join(l->threads[i], NULL);
	if (l->loop_runs)
		pthread_join(l->loop, NULL);
	while (l->n > 0)
		drop(l, 0);
	for (unsigned i = 0; i < l->n_sockets; i++)
		close(l->sockets[i]);
	if (l->wake >= 0)
		close(l->wake);
	pthread_cond_destroy(&l->work);
	pthread_mutex_destroy(&l->lock);
	free(l->threads);
	free(l->conns);
	free(l->polls);
	free(l->munge);
	free(l);
}
