/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weftd.c - the daemon that talks to other sites: options, user, signals (doc/weftd.md).
 *
 * Exit status: 0, 1 when it could not start or a check found something, 2 for wrong usage.
 */
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"
#include "weft_config.h"
#include "weftd/answer.h"
#include "weftd/client.h"
#include "weftd/listener.h"
#include "weftd/log.h"
#include "weftd/offer.h"
#include "weftd/token.h"

enum { STATUS_OK, STATUS_FAILED, STATUS_USAGE };

#define TICK 5 /* s between two looks at what is due */

static const char usage[] =
	"usage: weftd [OPTION]...\n"
	"\n"
	"Hands jobs over to other sites and follows them; doc/weftd.md.\n"
	"\n"
	"  --conf=FILE         weft.conf, when it is not beside slurm.conf\n"
	"  --listen=HOST:PORT  instead of all addresses, with the port of Weftd=\n"
	"  --slurm=DIR         where squeue and scontrol are, when that is not in PATH\n"
	"  --syslog            log to syslog, not to standard error\n"
	"  --verbose           log more\n"
	"  --check             say what is wrong with weft.conf, the users, the tokens and the keys, and "
	"end\n"
	"  --make-key=FILE     make a key for this site's offer in FILE, and FILE.pub for others\n"
	"  --version, --help\n";

struct options {
	char conf[PATH_MAX];
	const char *listen, *make_key, *slurm;
	bool syslog, verbose, check;
};

static int complain(const struct weft_err *err)
{
	fprintf(stderr, "weftd: %s\n", err->text);
	return STATUS_FAILED;
}

/* ---------------------------------------------------------------- who it is */

static int find_user(const char *name, struct passwd *pw, char *buf, size_t size, struct weft_err *err)
{
	struct passwd *found = NULL;
	int rc = getpwnam_r(name, pw, buf, size, &found);

	if (!found)
		return weft_err(err, "WeftdUser=%s: %s", name, rc ? strerror(rc) : "there is no such user");
	return 0;
}

/* What systemd would have made. */
static void make_directory(const char *path, mode_t mode, const struct passwd *pw)
{
	if (mkdir(path, mode) == 0 && chown(path, pw->pw_uid, pw->pw_gid) < 0)
		weft_log(WEFT_LOG_ERROR, "%s: %s", path, strerror(errno));
}

static void make_directories(const struct weft_conf *conf, const struct passwd *pw)
{
	char path[PATH_MAX];

	make_directory(conf->burst.state, 0700, pw);
	if ((size_t)snprintf(path, sizeof(path), "%s", conf->burst.sites) < sizeof(path))
		make_directory(dirname(path), 0755, pw);
}

static int become_user(const struct weft_conf *conf, struct weft_err *err)
{
	struct passwd pw;
	char buf[16384];

	if (find_user(conf->burst.user, &pw, buf, sizeof(buf), err) < 0)
		return -1;
	if (geteuid() == 0)
		make_directories(conf, &pw);
	if (geteuid() == 0 && pw.pw_uid != 0 &&
	    (initgroups(pw.pw_name, pw.pw_gid) < 0 || setgid(pw.pw_gid) < 0 || setuid(pw.pw_uid) < 0))
		return weft_err(err, "cannot become %s: %s", conf->burst.user, strerror(errno));
	if (geteuid() != pw.pw_uid)
		return weft_err(err, "must be started as %s (WeftdUser=) or as root", conf->burst.user);
	/* Tokens pass through its memory. */
	prctl(PR_SET_DUMPABLE, 0);
	umask(077);
	return 0;
}

/* ---------------------------------------------------------------- --check */

static int check_peer(struct weft_users *users, const struct weft_conf_peer *peer)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_user_there there;
	char *token = weft_token_read(peer->token, peer->tokens, "weftd", &err);
	bool later = false;
	int rc = token ? 0 : -1;

	if (!token)
		printf("%s: %s\n", peer->name, err.text);
	weft_token_free(token);
	err = (struct weft_err)WEFT_ERR_INIT;
	/* No user has such a name: what counts is whether the file can be read. */
	if (weft_users_find(users, peer, "-", &there, &later, &err) < 0 && later) {
		printf("%s: %s\n", peer->name, err.text);
		rc = -1;
	}
	return rc;
}

static char *make_offer(const struct weft_conf *conf, struct weft_err *err)
{
	struct weft_offer *offer = malloc(sizeof(*offer));
	char *text = NULL;

	if (!offer)
		weft_err(err, "out of memory");
	else if (weft_offer_own(conf, time(NULL), offer, err) == 0)
		text = weft_offer_sign(offer, conf->burst.publish_key, err);
	free(offer);
	return text;
}

static int check(const struct weft_conf *conf)
{
	struct weft_users *users = weft_users_open(conf);
	struct weft_err err = WEFT_ERR_INIT;
	char *offer;
	int rc = users ? 0 : -1;

	for (size_t i = 0; users && i < conf->n_peers; i++)
		rc |= check_peer(users, &conf->peers[i]);
	if (conf->burst.publish) {
		offer = make_offer(conf, &err);
		if (!offer) {
			printf("Publish: %s\n", err.text);
			rc = -1;
		}
		free(offer);
	}
	weft_users_close(users);
	if (rc == 0)
		printf("%zu peers, nothing is wrong\n", conf->n_peers);
	return rc ? STATUS_FAILED : STATUS_OK;
}

/* ---------------------------------------------------------------- while it runs */

static void publish(const struct weft_conf *conf, time_t *next)
{
	struct weft_err err = WEFT_ERR_INIT;
	time_t now = time(NULL);
	char *text;

	if (!conf->burst.publish || now < *next)
		return;
	*next = now + conf->burst.valid / 2;
	text = make_offer(conf, &err);
	if (!text || weft_file_replace(conf->burst.publish, text, strlen(text), 0644, &err) < 0)
		weft_log(WEFT_LOG_ERROR, "the offer is not published: %s", err.text);
	free(text);
}

/* What a restart would change, as far as its text tells. */
static void look_at_conf(const struct options *o, const char *text, size_t len)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_conf *conf = weft_conf_load(o->conf, 0, &err);
	size_t now_len = 0;
	char *now = conf ? weft_file_read(o->conf, WEFT_CONF_MAX_BYTES, &now_len, &err) : NULL;

	if (!now)
		weft_log(WEFT_LOG_ERROR, "%s; what was read before stays in use", err.text);
	else if (now_len != len || memcmp(now, text, len) != 0)
		weft_log(WEFT_LOG_INFO,
			 "%s has changed; a restart takes it up, and what runs at peers goes on", o->conf);
	else
		weft_log(WEFT_LOG_INFO, "%s is as it was", o->conf);
	free(now);
	weft_conf_destroy(conf);
}

static void run_until_told(const struct options *o, const struct weft_conf *conf, const sigset_t *signals,
			   const char *text, size_t len)
{
	time_t next_offer = 0;
	int sig;

	do {
		publish(conf, &next_offer);
		sig = sigtimedwait(signals, NULL, &(struct timespec){ .tv_sec = TICK });
		if (sig == SIGHUP)
			look_at_conf(o, text, len);
	} while (sig != SIGTERM && sig != SIGINT);
	weft_log(WEFT_LOG_INFO, "ends: signal %d", sig);
}

static struct weft_listener *start_listening(const struct options *o, struct weft_answerer *answerer,
					     struct weft_err *err)
{
	const struct weft_conf *conf = answerer->conf;
	char host[256], port[8];
	struct weft_listener_options options = {
		.port = port, .munge = conf->burst.munge, .answer = weft_answer, .arg = answerer
	};

	if (weft_client_address(o->listen ? o->listen : conf->burst.weftd, host, sizeof(host), port, err) < 0)
		return NULL;
	options.host = o->listen ? host : NULL;
	return weft_listener_start(&options, err);
}

static int serve(const struct options *o, const struct weft_conf *conf, struct weft_err *err)
{
	struct weft_answerer by = { .conf = conf };
	struct weft_listener *listener = NULL;
	sigset_t signals;
	size_t len = 0;
	char *text;
	int rc = -1;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before there are threads */
	text = weft_file_read(o->conf, WEFT_CONF_MAX_BYTES, &len, err);
	by.users = text ? weft_users_open(conf) : NULL;
	if (text && !by.users)
		weft_err(err, "out of memory");
	by.home = by.users ? weft_home_open(o->slurm, err) : NULL;
	by.runs = by.home ? weft_runs_open(conf->burst.state, conf, err) : NULL;
	by.watch = by.runs ? weft_watch_start(conf, by.runs, err) : NULL;
	listener = by.watch ? start_listening(o, &by, err) : NULL;
	if (listener) {
		weft_log(WEFT_LOG_INFO, "weftd %s: port %u, %zu peers", PACKAGE_VERSION,
			 weft_listener_port(listener), conf->n_peers);
		run_until_told(o, conf, &signals, text, len);
		rc = 0;
	}
	if (by.home)
		weft_home_stop(by.home);
	weft_listener_stop(listener);
	weft_watch_stop(by.watch);
	if (by.runs)
		weft_runs_close(by.runs);
	weft_home_close(by.home);
	weft_users_close(by.users);
	free(text);
	return rc;
}

/* ---------------------------------------------------------------- options */

static int usage_error(const char *what)
{
	if (what)
		fprintf(stderr, "weftd: %s\n", what);
	fputs(usage, stderr);
	return STATUS_USAGE;
}

/* An exit status, or -1: go on. */
static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "conf", required_argument, NULL, 'c' },     { "listen", required_argument, NULL, 'l' },
		{ "slurm", required_argument, NULL, 'S' },    { "syslog", no_argument, NULL, 's' },
		{ "verbose", no_argument, NULL, 'v' },	      { "check", no_argument, NULL, 'C' },
		{ "make-key", required_argument, NULL, 'k' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },	      { 0 }
	};
	int c;

	weft_client_conf_path(o->conf, sizeof(o->conf));
	while ((c = getopt_long(argc, argv, "vhV", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			if ((size_t)snprintf(o->conf, sizeof(o->conf), "%s", optarg) >= sizeof(o->conf))
				return usage_error("--conf: the path is too long");
			break;
		case 'l':
			o->listen = optarg;
			break;
		case 'S':
			o->slurm = optarg;
			break;
		case 's':
			o->syslog = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'C':
			o->check = true;
			break;
		case 'k':
			o->make_key = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return STATUS_OK;
		case 'V':
			puts("weftd " PACKAGE_VERSION);
			return STATUS_OK;
		default:
			return usage_error(NULL);
		}
	}
	return optind == argc ? -1 : usage_error("takes options alone");
}

int main(int argc, char **argv)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct options o = { 0 };
	struct weft_conf *conf;
	int status = read_options(argc, argv, &o);

	if (status >= 0)
		return status;
	if (o.make_key)
		return weft_offer_make_key(o.make_key, &err) < 0 ? complain(&err) : STATUS_OK;
	conf = weft_conf_load(o.conf, 0, &err);
	if (!conf)
		return complain(&err);
	weft_log_open(o.syslog, o.verbose ? WEFT_LOG_DEBUG : WEFT_LOG_INFO);
	if (become_user(conf, &err) < 0)
		status = complain(&err);
	else if (o.check)
		status = check(conf);
	else
		status = serve(&o, conf, &err) < 0 ? complain(&err) : STATUS_OK;
	weft_conf_destroy(conf);
	return status;
}
