/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * polite.c - compute nodes that say yes to everything slurmctld asks of them, and do nothing.
 *
 *	polite PORT [DIR]       listen on the loopback, for as many nodes as have this port in slurm.conf; a job is
 *	                        over as soon as slurmctld wants it ended, but not while there is a file DIR/shut-JOB
 *	polite complete JOB     tell slurmctld that JOB has ended by itself, with status 0
 *
 * It speaks Slurm's protocol by Slurm's own library, and needs SLURM_CONF and munge.
 */
#include "config.h"

#include "src/common/slurm_protocol_api.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A node that has nothing left of a job answers so, and is then taken for done with it. */
static void answer_kill(slurm_msg_t *msg, const char *dir)
{
	const kill_job_msg_t *kill_job = msg->data;
	char path[4096];
	pid_t child = -1;

	snprintf(path, sizeof(path), "%s/shut-%u", dir ? dir : "", kill_job->step_id.job_id);
	if (dir && access(path, F_OK) == 0)
		child = fork(); /* somebody has to wait */
	if (child > 0)
		return;
	while (child == 0 && access(path, F_OK) == 0)
		usleep(20000);
	slurm_send_rc_msg(msg, ESLURMD_KILL_JOB_ALREADY_COMPLETE);
	if (child == 0)
		_exit(0);
}

static void answer(slurm_msg_t *msg, const char *dir)
{
	switch (msg->msg_type) {
	case REQUEST_KILL_PREEMPTED:
	case REQUEST_KILL_TIMELIMIT:
	case REQUEST_TERMINATE_JOB:
		answer_kill(msg, dir);
		break;
	default:
		slurm_send_rc_msg(msg, SLURM_SUCCESS);
		break;
	}
}

static int serve(const char *port, const char *dir)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 4096)) {
		perror("polite");
		return 1;
	}
	for (;;) {
		int conn = accept(fd, NULL, NULL);
		slurm_msg_t msg;

		if (conn < 0)
			continue;
		slurm_msg_t_init(&msg);
		if (slurm_receive_msg(conn, &msg, 0) == SLURM_SUCCESS)
			answer(&msg, dir);
		else
			perror("polite: a message");
		slurm_free_msg_members(&msg);
		close(conn);
	}
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: polite PORT [DIR] | polite complete JOB\n");
		return 2;
	}
	signal(SIGCHLD, SIG_IGN);
	slurm_init(NULL);
	if (!strcmp(argv[1], "complete") && argc == 3) {
		if (slurm_complete_job((uint32_t)strtoul(argv[2], NULL, 10), 0) == SLURM_SUCCESS)
			return 0;
		slurm_perror("polite");
		return 1;
	}
	return serve(argv[1], argc == 3 ? argv[2] : NULL);
}
