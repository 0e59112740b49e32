/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * deaf.c - a compute node that never answers: it listens on a port of the loopback, and that is all.
 *
 * slurmctld asks every node to register a few seconds after it has started, and takes a node that refuses for
 * gone.  One that keeps it waiting (MessageTimeout is long) stays up, and so do the jobs on it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_port = htons((uint16_t)strtoul(argc > 1 ? argv[1] : "0", NULL, 10));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 4096)) {
		perror("deaf");
		return 1;
	}
	for (;;)
		pause();
}
