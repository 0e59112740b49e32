/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * door.c - the way of files from one site to another in tests, in the place of ssh: a user's command is run
 *as another user.
 *
 *	door serve SOCKET MAP     as root, where commands are to run; MAP has lines "UID NAME": who comes, and
 *who he is here door SOCKET COMMAND       runs it there, by a shell in the home directory, with this one's
 *standard input, output and error; exits as it does, or with 255
 *
 * Who comes is known from the socket.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_COMMAND 8192

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "door: %s: %s\n", what, strerror(errno));
	exit(255);
}

static int socket_at(const char *path, struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(at->sun_path, sizeof(at->sun_path), "%s", path);
	if (fd < 0)
		die("socket");
	return fd;
}

/* ---------------------------------------------------------------- who runs it */

/* A command with the three descriptors that come with it. */
static int receive(int fd, char *command, int *fds)
{
	char control[CMSG_SPACE(3 * sizeof(int))];
	struct iovec text = { .iov_base = command, .iov_len = MAX_COMMAND - 1 };
	struct msghdr m = {
		.msg_iov = &text, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	ssize_t n = recvmsg(fd, &m, 0);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;

	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(3 * sizeof(int)))
		return -1;
	memcpy(fds, CMSG_DATA(c), 3 * sizeof(int));
	command[n] = '\0';
	return 0;
}

static const struct passwd *who(const char *map, uid_t uid)
{
	FILE *f = fopen(map, "r");
	char line[256], *name;
	const struct passwd *pw = NULL;

	while (f && !pw && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strtoul(line, &name, 10) == uid && *name == ' ')
			pw = getpwnam(name + 1);
	}
	if (f)
		fclose(f);
	return pw;
}

static void become_and_run(const struct passwd *pw, const char *command, const int *fds)
{
	for (int i = 0; i < 3; i++) {
		if (dup2(fds[i], i) < 0)
			die("dup2");
	}
	if (initgroups(pw->pw_name, pw->pw_gid) || setgid(pw->pw_gid) || setuid(pw->pw_uid) ||
	    chdir(pw->pw_dir))
		die(pw->pw_name);
	clearenv();
	setenv("HOME", pw->pw_dir, 1);
	setenv("PATH", "/usr/bin:/bin", 1);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	die("/bin/sh");
}

/* In a child of its own for each that comes. */
static int serve_one(int fd, const char *map)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	char command[MAX_COMMAND];
	const struct passwd *pw;
	int fds[3], status;
	pid_t pid;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) || receive(fd, command, fds))
		return 255;
	pw = who(map, peer.uid);
	if (!pw) {
		dprintf(fds[2], "door: nobody here is uid %u\n", (unsigned)peer.uid);
		return 255;
	}
	signal(SIGCHLD, SIG_DFL);
	pid = fork();
	if (!pid)
		become_and_run(pw, command, fds);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 255;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int serve(const char *path, const char *map)
{
	struct sockaddr_un at;
	int fd = socket_at(path, &at);

	signal(SIGCHLD, SIG_IGN);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || chmod(path, 0777) || listen(fd, 64))
		die(path);
	for (;;) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

		if (client < 0)
			die("accept");
		if (!fork()) {
			unsigned char rc = (unsigned char)serve_one(client, map);

			return write(client, &rc, 1) == 1 ? 0 : 1;
		}
		close(client);
	}
}

/* ---------------------------------------------------------------- who asks for it */

static int ask(const char *path, const char *command)
{
	char control[CMSG_SPACE(3 * sizeof(int))] = { 0 };
	struct iovec text = { .iov_base = (void *)(uintptr_t)command, .iov_len = strlen(command) };
	struct msghdr m = {
		.msg_iov = &text, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	const int fds[3] = { 0, 1, 2 };
	struct sockaddr_un at;
	int fd = socket_at(path, &at);
	unsigned char rc;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	if (strlen(command) >= MAX_COMMAND || connect(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    sendmsg(fd, &m, 0) < 0)
		die(path);
	return read(fd, &rc, 1) == 1 ? rc : 255;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "serve"))
		return serve(argv[2], argv[3]);
	if (argc == 3)
		return ask(argv[1], argv[2]);
	fprintf(stderr, "usage: door SOCKET COMMAND, door serve SOCKET MAP\n");
	return 255;
}
