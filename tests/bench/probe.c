/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.c - how often slurmctld calls the select plugin, how long each call takes, and how long the daemon's own
 * locks are held for writing.
 *
 * Preloaded (LD_PRELOAD) it stands between slurmctld and the select_g_*() functions of Slurm's library, and
 * between it and pthread's read-write locks.  It counts into the file that WEFT_PROBE names, which is mapped
 * into memory: whoever reads the file sees the present numbers, and whoever writes zeros into it starts again.
 * A record is six 64-bit numbers: calls, ns in all, ns of the longest, what tells a lock from the others, and then
 * processor time, which a busy machine changes little: ns in all, ns of the one that took most.
 * WEFT_PROBE with ".names" added gets the records' names, a line each.
 *
 * No Slurm header: the functions differ from release to release in what they are given, but all of it is words,
 * and ten words are handed on whatever there were.  (Reading more arguments than the caller passed reads stack
 * of the caller, no more, on the machines that Slurm runs on.)
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* What is called under slurmctld's locks.  job_test comes first: it has a record for each mode. */
#define FUNCTIONS(X)                                                                                         \
	X(job_begin) X(job_fini) X(job_ready) X(job_expand) X(job_resized) X(job_signal) X(job_suspend)      \
	X(job_resume) X(job_mem_reduce) X(select_nodeinfo_set) X(select_nodeinfo_set_all) X(node_init)       \
	X(reconfigure) X(update_node_config) X(job_init) X(state_save) X(state_restore) X(step_pick_nodes)   \
	X(step_start) X(step_finish) X(resv_test) X(get_info_from_plugin)

enum {
	TEST_ONLY,
	WILL_RUN,
	RUN_NOW,
	OTHER_MODE,
#define X(name) R_##name,
	FUNCTIONS(X)
#undef X
	FIRST_LOCK,
	MAX_LOCKS = 8,
	N_RECORDS = FIRST_LOCK + MAX_LOCKS
};

static const char *const names[N_RECORDS] = {
	/* numbered as in slurm's RUN_NOW = 0, TEST_ONLY = 1, WILL_RUN = 2; see record_of_mode() */
	[TEST_ONLY] = "job_test/TEST_ONLY",
	[WILL_RUN] = "job_test/WILL_RUN",
	[RUN_NOW] = "job_test/RUN_NOW",
	[OTHER_MODE] = "job_test/other",
#define X(name) [R_##name] = #name,
	FUNCTIONS(X)
#undef X
};

struct record {
	_Atomic uint64_t calls, ns, longest, address, cpu, most_cpu;
};

static struct record unmapped[N_RECORDS]; /* until there is a file */
static struct record *records = unmapped;

struct moment {
	uint64_t wall, cpu; /* ns; cpu is this thread's */
};

static uint64_t nanoseconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct moment now(void)
{
	return (struct moment){ nanoseconds(CLOCK_MONOTONIC), nanoseconds(CLOCK_THREAD_CPUTIME_ID) };
}

static void raise_to(_Atomic uint64_t *most, uint64_t value)
{
	uint64_t seen = atomic_load(most);

	while (value > seen && !atomic_compare_exchange_weak(most, &seen, value))
		;
}

static void count(int i, struct moment began)
{
	struct moment ended = now();

	atomic_fetch_add(&records[i].calls, 1);
	atomic_fetch_add(&records[i].ns, ended.wall - began.wall);
	atomic_fetch_add(&records[i].cpu, ended.cpu - began.cpu);
	raise_to(&records[i].longest, ended.wall - began.wall);
	raise_to(&records[i].most_cpu, ended.cpu - began.cpu);
}

/* ---------------------------------------------------------------- the select plugin */

typedef uintptr_t word;
typedef word function(word, word, word, word, word, word, word, word, word, word);

static function *next_of(const char *name)
{
	void *symbol = dlsym(RTLD_NEXT, name);
	function *f;

	memcpy(&f, &symbol, sizeof(f));
	return f;
}

static int record_of_mode(unsigned mode)
{
	static const int by_mode[] = { RUN_NOW, TEST_ONLY, WILL_RUN, OTHER_MODE };

	return by_mode[mode & 3];
}

function select_g_job_test;

word select_g_job_test(word a, word b, word c, word d, word e, word mode, word g, word h, word i, word j)
{
	static function *next;
	struct moment began = now();
	word rc;

	if (!next)
		next = next_of("select_g_job_test");
	rc = next(a, b, c, d, e, mode, g, h, i, j);
	count(record_of_mode((unsigned)mode), began);
	return rc;
}

#define X(name)                                                                                              \
	function select_g_##name;                                                                            \
	word select_g_##name(word a, word b, word c, word d, word e, word f, word g, word h, word i, word j) \
	{                                                                                                    \
		static function *next;                                                                       \
		struct moment began = now();                                                              \
		word rc;                                                                                     \
                                                                                                             \
		if (!next)                                                                                   \
			next = next_of("select_g_" #name);                                                   \
		rc = next(a, b, c, d, e, f, g, h, i, j);                                                     \
		count(R_##name, began);                                                                      \
		return rc;                                                                                   \
	}
FUNCTIONS(X)
#undef X

/* ---------------------------------------------------------------- the daemon's locks: the ones in its own data */

static uintptr_t data_first, data_last; /* of the program */
static _Atomic uint64_t lock_address[MAX_LOCKS]; /* not in the file, where it may be wiped out */
static _Thread_local struct moment held_since[MAX_LOCKS];

static int find_program(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size, (void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_W))
			continue;
		data_first = info->dlpi_addr + p->p_vaddr;
		data_last = data_first + p->p_memsz;
	}
	return 1; /* the program is the first of them */
}

/* Its number, or -1 when it is not one of those, or one too many. */
static int number_of_lock(const pthread_rwlock_t *lock)
{
	uint64_t address = (uintptr_t)lock, none;

	if (address < data_first || address >= data_last)
		return -1;
	for (int i = 0; i < MAX_LOCKS; i++) {
		none = 0;
		if (atomic_load(&lock_address[i]) == address ||
		    atomic_compare_exchange_strong(&lock_address[i], &none, address) || none == address)
			return i;
	}
	return -1;
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
	static int (*next)(pthread_rwlock_t *);
	int rc, i;

	if (!next) {
		void *symbol = dlsym(RTLD_NEXT, "pthread_rwlock_wrlock");

		memcpy(&next, &symbol, sizeof(next));
	}
	rc = next(lock);
	if (rc == 0 && (i = number_of_lock(lock)) >= 0)
		held_since[i] = now();
	return rc;
}

int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
	static int (*next)(pthread_rwlock_t *);
	int i;

	if (!next) {
		void *symbol = dlsym(RTLD_NEXT, "pthread_rwlock_unlock");

		memcpy(&next, &symbol, sizeof(next));
	}
	i = number_of_lock(lock);
	if (i >= 0 && held_since[i].wall) {
		count(FIRST_LOCK + i, held_since[i]);
		for (int k = 0; k < MAX_LOCKS; k++)
			atomic_store(&records[FIRST_LOCK + k].address, lock_address[k]);
		held_since[i].wall = 0;
	}
	return next(lock);
}

/* ---------------------------------------------------------------- the file */

static void write_names(const char *path)
{
	char names_path[4096];
	FILE *f;

	snprintf(names_path, sizeof(names_path), "%s.names", path);
	f = fopen(names_path, "we");
	if (!f)
		return;
	for (int i = 0; i < FIRST_LOCK; i++)
		fprintf(f, "%s\n", names[i]);
	for (int i = 0; i < MAX_LOCKS; i++)
		fprintf(f, "lock\n");
	fclose(f);
}

/* What slurmctld starts inherits the environment, and must leave the file alone. */
__attribute__((constructor)) static void probe_start(void)
{
	const char *path = getenv("WEFT_PROBE");
	void *map;
	int fd;

	if (!path || strncmp(program_invocation_short_name, "slurmctld", 9) != 0)
		return;
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(unmapped)) < 0) {
		perror(path);
		return;
	}
	map = mmap(NULL, sizeof(unmapped), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return;
	dl_iterate_phdr(find_program, NULL);
	records = map;
	write_names(path);
}
