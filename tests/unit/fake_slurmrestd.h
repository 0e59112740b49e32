/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake_slurmrestd.h - a thread that speaks as much of slurmrestd's v0.0.42 as the book of runs asks of it,
 * and can be told to do it badly.
 */
#ifndef WEFT_FAKE_SLURMRESTD_H
#define WEFT_FAKE_SLURMRESTD_H

#include <arpa/inet.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FAKE_JOBS 64

struct fake_job {
	unsigned id;
	char name[200], user[64], comment[100], script[4096];
	char state[32];	 /* "PENDING" ... */
	bool held, gone; /* GONE: slurmctld does not know it any more, slurmdbd does */
	int code;
	long long start, end, deadline;
};

enum fake_fault { FAKE_NONE, FAKE_NO_ANSWER, FAKE_NOT_DONE, FAKE_REFUSED, FAKE_BUSY };

/* One server; FAKE_LOCK guards all but the first line. */
struct fake_server {
	int listener, port;
	pthread_t thread;
	struct fake_job jobs[FAKE_JOBS];
	unsigned n_jobs, submits, releases, cancels, looks;
	enum fake_fault submit, release; /* what goes wrong with the next one */
	bool down, lists_fail;
	char last_user[64], last_token[256];
};
static struct fake_server fake;
static pthread_mutex_t fake_lock = PTHREAD_MUTEX_INITIALIZER;

static void fake_send(int fd, int status, const char *body)
{
	char head[200];

	snprintf(head, sizeof(head),
		 "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nConnection: "
		 "close\r\n\r\n",
		 status, strlen(body));
	if (write(fd, head, strlen(head)) < 0 || write(fd, body, strlen(body)) < 0)
		return;
}

static void fake_jobs(int fd, bool db)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	const char *comma = "";

	fprintf(f, "{\"jobs\":[");
	for (unsigned i = 0; i < fake.n_jobs; i++) {
		const struct fake_job *job = &fake.jobs[i];

		if (job->gone != db)
			continue;
		fprintf(f, "%s{\"job_id\":%u,\"name\":\"%s\",\"partition\":\"p\",\"nodes\":\"n1\",", comma,
			job->id, job->name);
		if (db)
			fprintf(f,
				"\"user\":\"%s\",\"state\":{\"current\":[\"%s\"]},\"time\":{\"submission\":"
				"1000,\"start\":%lld,"
				"\"end\":%lld,\"limit\":{\"set\":true,\"infinite\":false,\"number\":60}},"
				"\"exit_code\":{\"status\":[\"X\"],\"return_code\":{\"set\":true,"
				"\"infinite\":false,\"number\":%d},"
				"\"signal\":{\"id\":{\"set\":false,\"infinite\":false,\"number\":0},\"name\":"
				"\"\"}}}",
				job->user, job->state, job->start, job->end, job->code);
		else
			fprintf(f,
				"\"user_name\":\"%s\",\"job_state\":[\"%s\"],\"hold\":%s,\"comment\":\"%s\","
				"\"priority\":{\"set\":true,\"infinite\":false,\"number\":%d},"
				"\"submit_time\":{\"set\":true,\"infinite\":false,\"number\":1000},"
				"\"start_time\":{\"set\":true,\"infinite\":false,\"number\":%lld},"
				"\"end_time\":{\"set\":true,\"infinite\":false,\"number\":%lld},"
				"\"deadline\":{\"set\":true,\"infinite\":false,\"number\":%lld},"
				"\"time_limit\":{\"set\":true,\"infinite\":false,\"number\":60},"
				"\"gres_detail\":[\"gpu:h100:8(IDX:0-7)\"],"
				"\"exit_code\":{\"status\":[\"X\"],\"return_code\":{\"set\":true,"
				"\"infinite\":false,\"number\":%d},"
				"\"signal\":{\"id\":{\"set\":false,\"infinite\":false,\"number\":0},\"name\":"
				"\"\"}}}",
				job->user, job->state, job->held ? "true" : "false", job->comment,
				job->held ? 0 : 100, job->start, job->end, job->deadline, job->code);
		comma = ",";
	}
	fprintf(f, "],\"errors\":[],\"warnings\":[]}");
	fclose(f);
	fake_send(fd, 200, text);
	free(text);
}

static const char *fake_text(json_object *job, const char *name)
{
	json_object *value;

	return json_object_object_get_ex(job, name, &value) ? json_object_get_string(value) : "";
}

static unsigned fake_add(const char *name, const char *user, const char *comment, const char *script,
			 bool held)
{
	struct fake_job *job = &fake.jobs[fake.n_jobs++];

	*job = (struct fake_job){ .id = 100 + fake.n_jobs, .held = held };
	snprintf(job->name, sizeof(job->name), "%s", name);
	snprintf(job->user, sizeof(job->user), "%s", user);
	snprintf(job->comment, sizeof(job->comment), "%s", comment);
	snprintf(job->script, sizeof(job->script), "%s", script);
	snprintf(job->state, sizeof(job->state), "PENDING");
	return job->id;
}

static void fake_submit(int fd, const char *body)
{
	json_object *root = json_tokener_parse(body), *job, *value;
	enum fake_fault fault = fake.submit;
	char answer[200];
	unsigned id = 0;

	fake.submit = FAKE_NONE;
	if (fault == FAKE_REFUSED) {
		fake_send(fd, 500,
			  "{\"errors\":[{\"error_number\":2045,\"error\":\"Invalid account or "
			  "account/partition combination "
			  "specified\"}]}");
	} else if (fault == FAKE_BUSY) {
		fake_send(fd, 502, "");
	} else if (fault != FAKE_NOT_DONE && json_object_object_get_ex(root, "job", &job)) {
		bool held = json_object_object_get_ex(job, "hold", &value) && json_object_get_boolean(value);

		id = fake_add(fake_text(job, "name"), fake.last_user, fake_text(job, "comment"),
			      fake_text(job, "script"), held);
		fake.jobs[fake.n_jobs - 1].deadline =
			json_object_object_get_ex(job, "deadline", &value) ? json_object_get_int64(value) : 0;
		fake.submits++;
	}
	snprintf(answer, sizeof(answer),
		 "{\"job_id\":%u,\"step_id\":\"batch\",\"errors\":[],\"warnings\":[]}", id);
	if (fault == FAKE_NONE)
		fake_send(fd, 200, answer);
	json_object_put(root);
}

static void fake_touch(int fd, unsigned id, bool cancel)
{
	enum fake_fault fault = cancel ? FAKE_NONE : fake.release;

	if (!cancel)
		fake.release = FAKE_NONE;
	for (unsigned i = 0; i < fake.n_jobs && fault != FAKE_NOT_DONE; i++) {
		struct fake_job *job = &fake.jobs[i];

		if (job->id != id || job->gone)
			continue;
		if (cancel) {
			snprintf(job->state, sizeof(job->state), "CANCELLED");
			fake.cancels++;
		} else {
			job->held = false;
			fake.releases++;
		}
	}
	if (fault == FAKE_NONE)
		fake_send(fd, 200, "{\"errors\":[],\"warnings\":[]}");
}

static void fake_header(const char *request, const char *name, char *to, size_t size)
{
	const char *at = strcasestr(request, name);

	at = at ? at + strlen(name) : "";
	snprintf(to, size, "%.*s", (int)strcspn(at, "\r"), at);
}

static void fake_answer(int fd, const char *request)
{
	const char *body = strstr(request, "\r\n\r\n") + 4, *path = strchr(request, ' ') + 1;
	bool cancel = strncmp(request, "DELETE", 6) == 0;

	fake_header(request, "X-SLURM-USER-NAME: ", fake.last_user, sizeof(fake.last_user));
	fake_header(request, "X-SLURM-USER-TOKEN: ", fake.last_token, sizeof(fake.last_token));
	if (strncmp(path, "/slurm/v0.0.42/job/submit", 25) == 0) {
		fake_submit(fd, body);
	} else if (strncmp(path, "/slurm/v0.0.42/jobs", 19) == 0) {
		fake.looks++;
		if (fake.lists_fail)
			fake_send(fd, 504,
				  "{\"errors\":[{\"error_number\":1800,\"error\":\"Unable to contact "
				  "slurmctld\"}]}");
		else
			fake_jobs(fd, false);
	} else if (strncmp(path, "/slurm/v0.0.42/job/", 19) == 0) {
		fake_touch(fd, (unsigned)strtoul(path + 19, NULL, 10), cancel);
	} else if (strncmp(path, "/slurmdb/v0.0.42/job", 20) == 0) {
		fake_jobs(fd, true);
	} else if (strncmp(path, "/slurm/v0.0.42/ping", 19) == 0) {
		fake_send(fd, 200, "{\"pings\":[],\"errors\":[]}");
	} else {
		fake_send(fd, 404, ""); /* as slurmrestd answers for what it does not serve */
	}
}

static void fake_serve(int fd)
{
	static char request[65536];
	size_t len = 0, want = 0;
	bool whole = false;

	memset(request, 0, sizeof(request));
	while (!whole && len + 1 < sizeof(request)) {
		ssize_t n = read(fd, request + len, sizeof(request) - 1 - len);
		const char *end, *length;

		if (n <= 0)
			return;
		len += (size_t)n;
		end = strstr(request, "\r\n\r\n");
		length = strcasestr(request, "Content-Length: ");
		want = end && length && length < end ? strtoul(length + 16, NULL, 10) : 0;
		whole = end && len >= (size_t)(end + 4 - request) + want;
	}
	pthread_mutex_lock(&fake_lock);
	if (!fake.down)
		fake_answer(fd, request);
	pthread_mutex_unlock(&fake_lock);
}

static void *fake_run(void *arg)
{
	(void)arg;
	for (;;) {
		int fd = accept(fake.listener, NULL, NULL);

		if (fd < 0)
			return NULL;
		fake_serve(fd);
		close(fd);
	}
}

static int fake_start(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	fake.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fake.listener < 0 || bind(fake.listener, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    getsockname(fake.listener, (struct sockaddr *)&at, &len) < 0 || listen(fake.listener, 64) < 0)
		return -1;
	fake.port = ntohs(at.sin_port);
	return pthread_create(&fake.thread, NULL, fake_run, NULL) ? -1 : 0;
}

static void fake_stop(void)
{
	shutdown(fake.listener, SHUT_RDWR);
	pthread_join(fake.thread, NULL);
	close(fake.listener);
}

#endif
