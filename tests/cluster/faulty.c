/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * faulty.c - a bad line to a slurmrestd: faulty PORT UPSTREAM_PORT RULES LOG
 *
 * It listens on PORT of the loopback address, hands each HTTP call on to UPSTREAM_PORT, and does with it what
 * the file RULES says.  The file is read anew for each call; it may be missing, and is replaced by renaming.
 * A line is
 *
 *	WHEN METHOD PATH ACTION [ARGUMENT]
 *
 *	WHEN    *       each call that METHOD (* is any) and PATH (a pattern, as of fnmatch) fit
 *	        N       the N-th of them since the line came into the file
 *	        RUN:N   the N-th call, of all, for the sake of one run, whose name fits the pattern
 *	                RUN ("weft.*:3")
 *	        1/N     one in N, by a generator whose seed is $FAULTY_SEED
 *	ACTION  drop-request      the connection is closed, and the peer has heard nothing
 *	        drop-answer       the peer has acted, then the connection is closed
 *	        hang-request S, hang-answer S
 *	                          the same, S seconds later; with nothing said until then
 *	        delay MS          the answer comes late
 *	        drip MS           each of its bytes comes so long after the one before
 *	        cut BYTES         no more of the answer than that, then the connection is closed
 *	        before CMD, after CMD
 *	                          a command of the shell, before the peer hears of it, or before its
 *	                          answer goes back
 *	        answer FILE       this instead of asking the peer, head and all
 *	        flood BYTES       an answer of as many bytes
 *	        pour BYTES        the same, without saying how many
 *	        filter CMD        the answer's body is sent through the command
 *
 * The first line that fits is the one.  A run is known by its job's name, "weft.CLUSTER.JOB.SUBMIT.n", in the
 * path or the body, and, once the peer has answered to a submission, by the number of the job.  Commands find
 * it in $FAULTY_KEY.
 *
 * LOG gets two lines for each call: "17 > KEY CALL METHOD PATH" when it comes, "17 < STATUS ACTION" when it
 * is over; CALL counts those of the run, STATUS is the peer's, 0 if it was not asked or has not answered.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_HEAD    (64u * 1024)
#define MAX_MESSAGE (256u * 1024 * 1024)
#define MAX_RULES   1024
#define MAX_KEY	    128
#define MAX_LINE    1024

/* An HTTP message. */
struct message {
	char *text;
	size_t len, head; /* bytes in all, and of the head with its empty line */
};

struct rule {
	char line[MAX_LINE]; /* as it is in the file */
	unsigned long seen;  /* calls that fit, since it came into the file */
};

/* What is known of a run. */
struct run {
	struct run *next;
	char key[MAX_KEY];
	unsigned long calls, job; /* job: 0, not known */
};

struct call {
	unsigned long number, of_key;
	char key[MAX_KEY]; /* "-": none */
	char method[16], path[2048];
	char action[32], argument[MAX_LINE];
};

static uint16_t upstream_port;
static const char *rules_path;
static int log_fd;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* over all below */
static struct rule rules[MAX_RULES];
static size_t n_rules;
static struct run *runs;
static unsigned long n_calls;
static uint64_t dice = 88172645463325252u;

static void say(const char *text, size_t len)
{
	if (write(log_fd, text, len) != (ssize_t)len)
		perror("faulty: the log");
}

/* ---------------------------------------------------------------- rules */

static const struct rule *rule_of(const struct rule *old, size_t n, const char *line)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(old[i].line, line))
			return &old[i];
	}
	return NULL;
}

/* Lines that were there before keep their counts. */
static void read_rules(void)
{
	static struct rule fresh[MAX_RULES];
	FILE *f = fopen(rules_path, "r");
	size_t n = 0;

	while (f && n < MAX_RULES && fgets(fresh[n].line, sizeof(fresh[n].line), f)) {
		const struct rule *known;

		fresh[n].line[strcspn(fresh[n].line, "\n")] = '\0';
		if (!fresh[n].line[0] || fresh[n].line[0] == '#')
			continue;
		known = rule_of(rules, n_rules, fresh[n].line);
		fresh[n].seen = known ? known->seen : 0;
		n++;
	}
	if (f)
		fclose(f);
	memcpy(rules, fresh, n * sizeof(*rules));
	n_rules = n;
}

/* The next word of *TEXT into BUF; what is left of the line stays in *TEXT. */
static void word(const char **text, char *buf, size_t size)
{
	size_t n;

	*text += strspn(*text, " \t");
	n = strcspn(*text, " \t");
	snprintf(buf, size, "%.*s", (int)n, *text);
	*text += n;
	*text += strspn(*text, " \t");
}

static bool one_in(unsigned long n)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return n && dice % n == 0;
}

static bool hits(const char *when, unsigned long seen, const struct call *c)
{
	const char *colon = strchr(when, ':');
	char pattern[MAX_KEY];

	if (!strcmp(when, "*"))
		return true;
	if (colon) {
		snprintf(pattern, sizeof(pattern), "%.*s", (int)(colon - when), when);
		return c->of_key == strtoul(colon + 1, NULL, 10) && !fnmatch(pattern, c->key, 0);
	}
	if (!strncmp(when, "1/", 2))
		return one_in(strtoul(when + 2, NULL, 10));
	return seen == strtoul(when, NULL, 10);
}

/* Every rule counts the call, the first that hits says what is done. */
static void choose(struct call *c)
{
	read_rules();
	for (size_t i = 0; i < n_rules; i++) {
		char when[MAX_KEY], method[16], path[512];
		const char *rest = rules[i].line;

		word(&rest, when, sizeof(when));
		word(&rest, method, sizeof(method));
		word(&rest, path, sizeof(path));
		if ((strcmp(method, "*") && strcmp(method, c->method)) || fnmatch(path, c->path, 0))
			continue;
		rules[i].seen++;
		if (c->action[0] || !hits(when, rules[i].seen, c))
			continue;
		word(&rest, c->action, sizeof(c->action));
		snprintf(c->argument, sizeof(c->argument), "%s", rest);
	}
}

/* ---------------------------------------------------------------- runs */

static struct run *run_of_key(const char *key)
{
	struct run *r;

	for (r = runs; r; r = r->next) {
		if (!strcmp(r->key, key))
			return r;
	}
	r = calloc(1, sizeof(*r));
	if (!r)
		abort();
	snprintf(r->key, sizeof(r->key), "%s", key);
	r->next = runs;
	runs = r;
	return r;
}

static struct run *run_of_job(unsigned long job)
{
	for (struct run *r = runs; r; r = r->next) {
		if (r->job == job)
			return r;
	}
	return NULL;
}

/* The name of a run, that TEXT has after BEFORE. */
static bool find_key(const char *text, const char *before, char *key)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	const char *at = strstr(text, before);

	if (!at)
		return false;
	at = strstr(at, "weft.");
	snprintf(key, MAX_KEY, "%.*s", (int)strspn(at, letters), at);
	return true;
}

/* For whose sake the call is made: by the path, the body, or the number of a job. */
static void find_run(struct call *c, const struct message *request)
{
	struct run *r = NULL;
	const char *job = strstr(c->path, "/job/");

	if (find_key(c->path, "weft.", c->key) || find_key(request->text + request->head, "\"weft.", c->key))
		r = run_of_key(c->key);
	else if (job && strtoul(job + 5, NULL, 10))
		r = run_of_job(strtoul(job + 5, NULL, 10));
	snprintf(c->key, sizeof(c->key), "%s", r ? r->key : "-");
	if (r)
		c->of_key = ++r->calls;
}

/* The number that the peer gave to the run's job. */
static void learn_job(const struct call *c, const struct message *answer)
{
	const char *at = answer->text + answer->head;

	if (!strcmp(c->key, "-") || !strstr(c->path, "/job/submit"))
		return;
	while ((at = strstr(at, "\"job_id\":"))) {
		unsigned long job;

		at += strlen("\"job_id\":");
		job = strtoul(at, NULL, 10);
		if (job) {
			pthread_mutex_lock(&lock);
			run_of_key(c->key)->job = job;
			pthread_mutex_unlock(&lock);
			return;
		}
	}
}

/* ---------------------------------------------------------------- HTTP */

static int send_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n <= 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The value of a header, or NULL. */
static const char *header(const struct message *m, const char *name)
{
	for (const char *line = m->text; line < m->text + m->head; line = strchr(line, '\n') + 1) {
		if (!strncasecmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			return line + strlen(name) + 1;
	}
	return NULL;
}

/* More bytes of FD: how many; 0 at its end. */
static size_t more(int fd, struct message *m, size_t want)
{
	char *text = m->len + want < MAX_MESSAGE ? realloc(m->text, m->len + want + 1) : NULL;
	ssize_t n;

	if (!text)
		return 0;
	m->text = text;
	n = recv(fd, text + m->len, want, 0);
	if (n <= 0)
		return 0;
	m->len += (size_t)n;
	text[m->len] = '\0';
	return (size_t)n;
}

/* A whole message from FD.  -1: there is none, or only a part. */
static int receive(int fd, struct message *m, bool is_answer)
{
	const char *end, *length;
	size_t body;

	*m = (struct message){ 0 };
	do {
		if (m->len > MAX_HEAD || !more(fd, m, 16384))
			return -1;
		end = strstr(m->text, "\r\n\r\n");
	} while (!end);
	m->head = (size_t)(end - m->text) + 4;
	length = header(m, "Content-Length");
	if (!length && is_answer) { /* it ends with the connection */
		while (more(fd, m, 65536))
			;
		return 0;
	}
	body = length ? strtoul(length, NULL, 10) : 0;
	while (m->len < m->head + body) {
		if (!more(fd, m, m->head + body - m->len))
			return -1;
	}
	return 0;
}

static int connect_upstream(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(upstream_port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Ask the peer, over a connection for this call alone: none can be stale. */
static int ask_peer(const struct message *request, struct message *answer)
{
	int fd = connect_upstream(), rc = -1;

	if (fd < 0)
		return -1;
	if (!send_all(fd, request->text, request->len))
		rc = receive(fd, answer, true);
	close(fd);
	return rc;
}

static unsigned long status_of(const struct message *answer)
{
	const char *space = answer->text ? strchr(answer->text, ' ') : NULL;

	return space ? strtoul(space, NULL, 10) : 0;
}

/* ---------------------------------------------------------------- actions */

static void sleep_ms(unsigned long ms)
{
	struct timespec t = { .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static void run_command(const struct call *c)
{
	char command[MAX_LINE + 512];

	snprintf(command, sizeof(command), "FAULTY_KEY='%s' FAULTY_CALL=%lu; %s", c->key, c->of_key,
		 c->argument);
	if (system(command) < 0)
		perror("faulty: system");
}

/* What is in the file, as a message. */
static int read_message(const char *path, struct message *m)
{
	FILE *f = fopen(path, "r");
	struct stat st;

	*m = (struct message){ 0 };
	if (!f || fstat(fileno(f), &st) || !(m->text = calloc(1, (size_t)st.st_size + 1))) {
		perror(path);
		if (f)
			fclose(f);
		return -1;
	}
	m->len = fread(m->text, 1, (size_t)st.st_size, f);
	fclose(f);
	return 0;
}

/* The body of ANSWER becomes what the command makes of it. */
static void filter(const struct call *c, struct message *answer)
{
	char in[64], out[64], command[MAX_LINE + 256], head[512];
	struct message body;
	FILE *f;
	int n;

	snprintf(in, sizeof(in), "/tmp/faulty.%d.%lu.in", (int)getpid(), c->number);
	snprintf(out, sizeof(out), "/tmp/faulty.%d.%lu.out", (int)getpid(), c->number);
	f = fopen(in, "w");
	if (!f || fwrite(answer->text + answer->head, 1, answer->len - answer->head, f) !=
			  answer->len - answer->head)
		perror(in);
	if (f)
		fclose(f);
	snprintf(command, sizeof(command), "{ %s\n} < %s > %s", c->argument, in, out);
	if (system(command) < 0)
		perror("faulty: system");
	if (!read_message(out, &body)) {
		n = snprintf(head, sizeof(head),
			     "HTTP/1.1 %lu Answer\r\nContent-Type: application/json\r\nContent-Length: "
			     "%zu\r\n\r\n",
			     status_of(answer), body.len);
		free(answer->text);
		answer->head = (size_t)n;
		answer->len = answer->head + body.len;
		answer->text = calloc(1, answer->len + 1);
		if (!answer->text)
			abort();
		memcpy(answer->text, head, answer->head);
		memcpy(answer->text + answer->head, body.text, body.len);
		free(body.text);
	}
	unlink(in);
	unlink(out);
}

/* SAID: how many they are. */
static void flood(int client, unsigned long bytes, bool said)
{
	char filler[65536], head[128], length[48] = "Connection: close";
	int n;

	if (said)
		snprintf(length, sizeof(length), "Content-Length: %lu", bytes);
	n = snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%s\r\n\r\n",
		     length);

	memset(filler, ' ', sizeof(filler));
	if (send_all(client, head, (size_t)n))
		return;
	while (bytes) {
		size_t part = bytes < sizeof(filler) ? bytes : sizeof(filler);

		if (send_all(client, filler, part))
			return;
		bytes -= part;
	}
}

static bool is(const struct call *c, const char *action)
{
	return !strcmp(c->action, action);
}

/* What keeps the question from the peer.  True: the call is over. */
static bool act_before(int client, const struct call *c)
{
	struct message m;

	if (is(c, "before"))
		run_command(c);
	if (is(c, "hang-request"))
		sleep_ms(1000 * strtoul(c->argument, NULL, 10));
	if (is(c, "flood") || is(c, "pour"))
		flood(client, strtoul(c->argument, NULL, 10), is(c, "flood"));
	if (is(c, "answer") && !read_message(c->argument, &m)) {
		send_all(client, m.text, m.len);
		free(m.text);
	}
	return is(c, "drop-request") || is(c, "hang-request") || is(c, "answer") || is(c, "flood") ||
	       is(c, "pour");
}

static void drip(int client, const struct message *answer, unsigned long ms)
{
	for (size_t i = 0; i < answer->len && !send_all(client, answer->text + i, 1); i++)
		sleep_ms(ms);
}

/* What becomes of the answer.  True: the connection stays. */
static bool act_after(int client, const struct call *c, struct message *answer)
{
	if (is(c, "after"))
		run_command(c);
	if (is(c, "hang-answer"))
		sleep_ms(1000 * strtoul(c->argument, NULL, 10));
	if (is(c, "drop-answer") || is(c, "hang-answer"))
		return false;
	if (is(c, "delay"))
		sleep_ms(strtoul(c->argument, NULL, 10));
	if (is(c, "filter"))
		filter(c, answer);
	if (is(c, "drip")) {
		drip(client, answer, strtoul(c->argument, NULL, 10));
		return false;
	}
	if (is(c, "cut")) {
		size_t part = strtoul(c->argument, NULL, 10);

		send_all(client, answer->text, part < answer->len ? part : answer->len);
		return false;
	}
	return !send_all(client, answer->text, answer->len) && header(answer, "Content-Length");
}

/* ---------------------------------------------------------------- calls */

/* Number the call, know whose it is, choose what is done with it, and note that it came. */
static void begin(struct call *c, const struct message *request)
{
	char line[4096];
	const char *at = request->text;
	size_t n;

	*c = (struct call){ 0 };
	n = strcspn(at, " \r\n");
	snprintf(c->method, sizeof(c->method), "%.*s", (int)n, at);
	at += n + strspn(at + n, " ");
	snprintf(c->path, sizeof(c->path), "%.*s", (int)strcspn(at, " \r\n"), at);
	pthread_mutex_lock(&lock);
	c->number = ++n_calls;
	find_run(c, request);
	choose(c);
	n = (size_t)snprintf(line, sizeof(line), "%lu > %s %lu %s %s\n", c->number, c->key, c->of_key,
			     c->method, c->path);
	say(line, n);
	pthread_mutex_unlock(&lock);
}

/* True: the connection stays for another. */
static bool one_call(int client, const struct message *request)
{
	struct message answer = { 0 };
	bool stays = false;
	struct call c;
	char line[256];
	int n;

	begin(&c, request);
	if (!act_before(client, &c) && !ask_peer(request, &answer)) {
		learn_job(&c, &answer);
		stays = act_after(client, &c, &answer);
	}
	n = snprintf(line, sizeof(line), "%lu < %lu %s\n", c.number, status_of(&answer),
		     c.action[0] ? c.action : "pass");
	say(line, (size_t)n);
	free(answer.text);
	return stays;
}

static void *serve(void *arg)
{
	int client = (int)(intptr_t)arg;
	struct message request;
	bool stays = true;

	while (stays && !receive(client, &request, false)) {
		stays = one_call(client, &request);
		free(request.text);
		request.text = NULL;
	}
	free(stays ? request.text : NULL);
	close(client);
	return NULL;
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 128)) {
		perror("faulty: listen");
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	const char *seed = getenv("FAULTY_SEED");
	pthread_attr_t detached;
	int fd;

	if (argc != 5) {
		fprintf(stderr, "usage: faulty PORT UPSTREAM_PORT RULES LOG\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	upstream_port = (uint16_t)strtoul(argv[2], NULL, 10);
	rules_path = argv[3];
	log_fd = open(argv[4], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (log_fd < 0) {
		perror(argv[4]);
		return 1;
	}
	if (seed)
		dice ^= strtoul(seed, NULL, 10) * 2654435761u;
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	fd = listen_on((uint16_t)strtoul(argv[1], NULL, 10));
	for (;;) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		pthread_t thread;

		if (client < 0)
			sleep_ms(10); /* no more files, say */
		else if (pthread_create(&thread, &detached, serve, (void *)(intptr_t)client))
			close(client);
	}
}
