/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wrapper.c - the script that runs at a peer in the place of a user's.
 */
#include "core/wrapper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/shell.h"

#define PULSE	10 /* s from one beat to the next */
#define SILENCE 90 /* s without one after which who worked is dead; NFS may show a file a minute late */

/* The parts of the script that are always the same.  In front of them stand the assignments of key, attempt,
 * job's directory, interpreter and its argument. */

static const char prologue[] =
	"weft_job=${SLURM_JOB_ID:-0}\n"
	"weft_mask=$(umask)\n"
	"weft_path=${PATH-/usr/local/bin:/usr/bin:/bin}\n"
	"PATH=/usr/local/bin:/usr/bin:/bin\n"
	"umask 077\n"
	"\n"
	"weft_end()\n"
	"{\n"
	"	printf 'weft: %s\\n' \"$2\" >&2\n"
	"	exit \"$1\"\n"
	"}\n"
	"\n"
	"# Who one is here, not where the job came from.\n"
	"weft_user=$(getent passwd \"$(id -u)\" 2>/dev/null)\n"
	"[ -n \"$weft_user\" ] || weft_user=$(grep \"^[^:]*:[^:]*:$(id -u):\" /etc/passwd 2>/dev/null)\n"
	"weft_rest=${weft_user%:*}\n"
	"[ -n \"$HOME\" ] || HOME=${weft_rest##*:}\n"
	"[ -n \"$SHELL\" ] || SHELL=${weft_user##*:}\n"
	"USER=${USER:-${weft_user%%:*}}\n"
	"LOGNAME=${LOGNAME:-$USER}\n"
	"export HOME SHELL USER LOGNAME\n";

static const char claim[] =
	"weft_dir=$weft_top/$weft_key\n"
	"mkdir -p \"$weft_dir/work\" && chmod 700 \"$weft_dir\" || weft_end 212 \"$weft_dir cannot be "
	"made\"\n"
	"\n"
	"weft_look()\n"
	"{\n"
	"	[ -e \"$weft_dir/done\" ] || return 0\n"
	"	weft_code=\n"
	"	read -r weft_code weft_i < \"$weft_dir/done\"\n"
	"	case $weft_code/$weft_i in\n"
	"	/* | */ | *[!0-9/]*) weft_end 211 \"$weft_dir/done: the run has ended, its exit code is "
	"lost\" ;;\n"
	"	esac\n"
	"	[ \"$weft_i\" -ge \"$weft_first\" ] || return 0\n"
	"	weft_end \"$weft_code\" \"the run $weft_key is done already; it ended with $weft_code\"\n"
	"}\n"
	"\n"
	"# A link is made once, by one of all that try, and the file is whole when it appears.\n"
	"weft_look\n"
	"weft_mine=$weft_dir/.run.$weft_job.$$\n"
	"weft_again=${SLURM_RESTART_COUNT:-0}\n"
	"weft_run=$weft_dir/run.$weft_attempt\n"
	"printf '%s\\n' \"$weft_job $weft_again\" > \"$weft_mine\" || weft_end 212 \"$weft_mine cannot be "
	"written\"\n"
	"weft_new=\n"
	"ln \"$weft_mine\" \"$weft_run\" 2>/dev/null && weft_new=1\n"
	"rm -f \"$weft_mine\"\n"
	"weft_who=\n"
	"{ read -r weft_who weft_then < \"$weft_run\"; } 2>/dev/null\n"
	"[ -n \"$weft_who\" ] || weft_end 212 \"$weft_run cannot be written\"\n"
	"[ \"$weft_who\" = \"$weft_job\" ] || weft_end 213 \"job $weft_who does the work of $weft_key; this "
	"one does not\"\n"
	"\n"
	"# A slurmctld that has lost its last seconds starts a job that runs already.  What it requeues it "
	"counts,\n"
	"# this it does not.  As long as there are new beats, the other one works.\n"
	"weft_beat=$weft_dir/beat.$weft_attempt\n"
	"if [ -z \"$weft_new\" ]; then\n"
	"	weft_old=\n"
	"	weft_now=\n"
	"	{ read -r weft_now < \"$weft_beat\"; } 2>/dev/null\n"
	"	[ \"$weft_again\" -gt \"${weft_then:-0}\" ] 2>/dev/null || weft_old=none\n"
	"	while [ -n \"$weft_old\" ] && [ \"$weft_now\" != \"$weft_old\" ]; do\n"
	"		weft_old=${weft_now:-none}\n"
	"		weft_i=0\n"
	"		while [ \"$weft_i\" -lt \"$weft_silence\" ]; do\n"
	"			weft_look\n"
	"			sleep 1\n"
	"			weft_i=$((weft_i + 1))\n"
	"		done\n"
	"		weft_now=none\n"
	"		{ read -r weft_now < \"$weft_beat\"; } 2>/dev/null\n"
	"	done\n"
	"	printf '%s\\n' \"$weft_job $weft_again\" > \"$weft_mine\" && mv -f \"$weft_mine\" "
	"\"$weft_run\" ||\n"
	"		weft_end 212 \"$weft_run cannot be written\"\n"
	"fi\n"
	"for weft_file in \"$weft_dir\"/run.*; do\n"
	"	[ \"${weft_file##*/run.}\" -le \"$weft_attempt\" ] ||\n"
	"		weft_end 213 \"attempt ${weft_file##*/run.} of $weft_key has come; attempt "
	"$weft_attempt does not work\"\n"
	"done\n"
	"weft_look\n"
	"(\n"
	"	trap '' HUP INT QUIT ALRM TERM USR1 USR2 XCPU\n"
	"	weft_i=0\n"
	"	while kill -0 $$ 2>/dev/null; do\n"
	"		weft_i=$((weft_i + 1))\n"
	"		printf '%s\\n' \"$$ $weft_i\" > \"$weft_beat\"\n"
	"		sleep \"$weft_pulse\"\n"
	"	done\n"
	") < /dev/null > /dev/null 2>&1 &\n"
	"weft_heart=$!\n";

/* Only now is SCRIPT written: nobody else does at the same time. */
static const char unpack[] = "base64 -d > \"$weft_dir/.script\" <<'WEFT_END' || weft_end 212 "
			     "\"$weft_dir/script cannot be written\"\n";

static const char run[] =
	"mv -f \"$weft_dir/.script\" \"$weft_dir/script\" || weft_end 212 \"$weft_dir/script cannot be "
	"written\"\n"
	"chmod 700 \"$weft_dir/script\"\n"
	"\n"
	"set --\n"
	"weft_i=1\n"
	"while [ \"$weft_i\" -le \"${WEFT_ARGC:-0}\" ]; do\n"
	"	eval \"set -- \\\"\\$@\\\" \\\"\\$WEFT_ARG_$weft_i\\\"; unset WEFT_ARG_$weft_i\"\n"
	"	weft_i=$((weft_i + 1))\n"
	"done\n"
	"SLURM_SUBMIT_DIR=$weft_dir/work\n"
	"export SLURM_SUBMIT_DIR\n"
	"# A name counts when there is such a variable: a value may have lines that look like one.\n"
	"for weft_i in $(env | sed -n 's/^WEFT_KEEP_\\([A-Za-z_][A-Za-z_0-9]*\\)=.*/\\1/p'); do\n"
	"	eval \"[ -n \\\"\\${WEFT_KEEP_$weft_i+x}\\\" ] && $weft_i=\\$WEFT_KEEP_$weft_i && export "
	"$weft_i\"\n"
	"	unset \"WEFT_KEEP_$weft_i\"\n"
	"done\n"
	"weft_out=$weft_dir/out.$weft_first\n"
	"weft_err=$weft_dir/err.$weft_first\n"
	"[ \"$WEFT_JOIN\" != 1 ] || weft_err=$weft_out\n"
	"unset WEFT_ARGC WEFT_JOIN\n"
	"\n"
	"# The shell makes what it starts in the background deaf to these two, and only GNU env knows a "
	"remedy.\n"
	"weft_hear=\n"
	"if /usr/bin/env --default-signal=INT,QUIT true 2>/dev/null; then\n"
	"	weft_hear='/usr/bin/env --default-signal=INT,QUIT'\n"
	"fi\n"
	"\n"
	"weft_pid=\n"
	"weft_got=\n"
	"weft_late=\n"
	"weft_term=\n"
	"weft_pass()\n"
	"{\n"
	"	weft_got=1\n"
	"	[ \"$1\" != TERM ] || weft_term=1\n"
	"	if [ -n \"$weft_pid\" ]; then\n"
	"		kill -s \"$1\" \"$weft_pid\" 2>/dev/null\n"
	"	else\n"
	"		weft_late=\"$weft_late $1\"\n"
	"	fi\n"
	"}\n"
	"for weft_i in HUP INT QUIT ALRM TERM USR1 USR2 XCPU; do\n"
	"	# shellcheck disable=SC2064 # the name as it is now\n"
	"	trap \"weft_pass $weft_i\" \"$weft_i\"\n"
	"done\n"
	"[ -w \"$weft_dir\" ] && : >> \"$weft_out\" && : >> \"$weft_err\" || weft_end 212 "
	"\"$weft_out cannot be written\"\n"
	"(\n"
	"	umask \"$weft_mask\"\n"
	"	PATH=$weft_path\n"
	"	export PATH\n"
	"	cd \"$weft_dir/work\" || exit 212\n"
	"	# shellcheck disable=SC2086 # words\n"
	"	exec $weft_hear \"$weft_shell\" ${weft_option:+\"$weft_option\"} \"$weft_dir/script\" "
	"\"$@\"\n"
	") < /dev/null >> \"$weft_out\" 2>> \"$weft_err\" &\n"
	"weft_pid=$!\n"
	"for weft_i in $weft_late; do\n"
	"	kill -s \"$weft_i\" \"$weft_pid\" 2>/dev/null\n"
	"done\n"
	"\n"
	"# A signal ends wait, not the script; a shell may have told its exit code then, and knows it no "
	"more.\n"
	"weft_got=\n"
	"wait \"$weft_pid\"\n"
	"weft_code=$?\n"
	"while [ -n \"$weft_got\" ]; do\n"
	"	weft_got=\n"
	"	if kill -0 \"$weft_pid\" 2>/dev/null; then\n"
	"		wait \"$weft_pid\"\n"
	"		weft_code=$?\n"
	"	else\n"
	"		wait \"$weft_pid\" 2>/dev/null\n"
	"		weft_i=$?\n"
	"		[ \"$weft_i\" -eq 127 ] || weft_code=$weft_i\n"
	"	fi\n"
	"done\n"
	"trap '' HUP INT QUIT ALRM TERM USR1 USR2 XCPU\n"
	"\n"
	"if [ -z \"$weft_term\" ]; then\n"
	"	if printf '%s\\n' \"$weft_code $weft_attempt\" > \"$weft_dir/.done\"; then\n"
	"		sync \"$weft_dir/.done\" 2>/dev/null\n"
	"		mv -f \"$weft_dir/.done\" \"$weft_dir/done\"\n"
	"	fi || printf 'weft: %s\\n' \"$weft_dir/done cannot be written\" >&2\n"
	"fi\n"
	"{ kill -s KILL \"$weft_heart\" && wait \"$weft_heart\"; } 2>/dev/null # without a word\n"
	"exit \"$weft_code\"\n";

static int check_key(const char *key, struct weft_err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t len = strlen(key);

	if (len == 0 || len > WEFT_WRAPPER_MAX_KEY)
		return weft_err(err, "a run's key has 1 to %d characters, not %zu", WEFT_WRAPPER_MAX_KEY,
				len);
	if (key[0] == '.' || strspn(key, letters) != len)
		return weft_err(
			err, "%s: a run's key has letters, digits, '.', '_' and '-', and begins with no '.'",
			key);
	return 0;
}

static int check(const char *key, unsigned first, unsigned attempt, const char *top, const char *script,
		 struct weft_err *err)
{
	size_t len = strlen(script);

	if (check_key(key, err))
		return -1;
	if (first == 0 || attempt < first)
		return weft_err(err, "%s: attempt %u of a run that begins with %u: they count from 1", key,
				attempt, first);
	if (top[0] != '/' && strncmp(top, "~/", 2) != 0)
		return weft_err(err, "%s: a directory at the peer is absolute, or begins with ~/", top);
	if (len > WEFT_WRAPPER_MAX_SCRIPT)
		return weft_err(err, "the script has %zu bytes; at most %u are allowed", len,
				WEFT_WRAPPER_MAX_SCRIPT);
	return 0;
}

/* NAME='VALUE' with LEN bytes of VALUE. */
static int assign(FILE *f, const char *name, const char *value, size_t len)
{
	char *copy = strndup(value, len), *word = copy ? weft_shell_quote(copy) : NULL;

	if (word)
		fprintf(f, "%s=%s\n", name, word);
	free(word);
	free(copy);
	return word ? 0 : -1;
}

/* What runs SCRIPT, by its first line, as the kernel reads that: a path, and at most one argument with all
 * that follows.  Said out loud, since the directory may be mounted so that nothing in it can be executed. */
static int put_interpreter(FILE *f, const char *script)
{
	const char *from = script + 2, *end, *stop;

	if (strncmp(script, "#!", 2) != 0)
		return assign(f, "weft_shell", "/bin/sh", 7) || assign(f, "weft_option", "", 0) ? -1 : 0;
	end = from + strcspn(from, "\n");
	while (end > from && strchr(" \t\r", end[-1]))
		end--;
	from += strspn(from, " \t");
	if (from >= end)
		return assign(f, "weft_shell", "/bin/sh", 7) || assign(f, "weft_option", "", 0) ? -1 : 0;
	stop = from + strcspn(from, " \t\r\n");
	if (assign(f, "weft_shell", from, (size_t)(stop - from)))
		return -1;
	from = stop + strspn(stop, " \t");
	return assign(f, "weft_option", from, from < end ? (size_t)(end - from) : 0);
}

static int put_top(FILE *f, const char *top)
{
	if (top[0] == '/')
		return assign(f, "weft_top", top, strlen(top));
	if (assign(f, "weft_top", top + 1, strlen(top + 1)))
		return -1;
	fputs("weft_top=$HOME$weft_top\n", f);
	return 0;
}

static void put_base64(FILE *f, const char *text, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		unsigned long b = (unsigned long)(unsigned char)text[i] << 16;

		b |= i + 1 < len ? (unsigned long)(unsigned char)text[i + 1] << 8 : 0;
		b |= i + 2 < len ? (unsigned char)text[i + 2] : 0;
		fputc(digits[b >> 18 & 63], f);
		fputc(digits[b >> 12 & 63], f);
		fputc(i + 1 < len ? digits[b >> 6 & 63] : '=', f);
		fputc(i + 2 < len ? digits[b & 63] : '=', f);
		if (i % 57 == 54 || i + 3 >= len)
			fputc('\n', f);
	}
}

char *weft_base64(const char *text, size_t len)
{
	char *digits = NULL;
	size_t size;
	FILE *f = open_memstream(&digits, &size);

	if (!f)
		return NULL;
	put_base64(f, text, len);
	if (fclose(f)) {
		free(digits);
		return NULL;
	}
	return digits;
}

static int put_all(FILE *f, const char *key, unsigned first, unsigned attempt, const char *top,
		   const char *script)
{
	size_t len = strlen(script);

	fputs("#!/bin/sh\n# Made by Weft: runs the script of another site's job, once.\n", f);
	fprintf(f, "weft_key=%s\nweft_first=%u\nweft_attempt=%u\nweft_pulse=%d\nweft_silence=%d\n", key,
		first, attempt, PULSE, SILENCE);
	if (put_interpreter(f, script))
		return -1;
	fputs(prologue, f);
	if (put_top(f, top))
		return -1;
	fputs(claim, f);
	fputs(unpack, f);
	put_base64(f, script, len);
	fputs("WEFT_END\n", f);
	fprintf(f,
		"[ \"$(wc -c < \"$weft_dir/.script\")\" -eq %zu ] || weft_end 212 \"$weft_dir/script is not "
		"whole\"\n",
		len);
	fputs(run, f);
	return 0;
}

char *weft_wrapper_text(const char *key, unsigned first, unsigned attempt, const char *top,
			const char *script, struct weft_err *err)
{
	char *text = NULL;
	size_t len;
	FILE *f;
	int rc;

	if (!top)
		top = WEFT_WRAPPER_TOP;
	if (check(key, first, attempt, top, script, err))
		return NULL;
	f = open_memstream(&text, &len);
	rc = f ? put_all(f, key, first, attempt, top, script) : -1;
	if (!f || fclose(f) || rc) {
		free(text);
		weft_err(err, "out of memory");
		return NULL;
	}
	return text;
}

char *weft_wrapper_path(const char *key, const char *top, const char *what)
{
	char *path;

	if (!top)
		top = WEFT_WRAPPER_TOP;
	if (!strncmp(top, "~/", 2))
		top += 2;
	if (asprintf(&path, "%s/%s%s%s", top, key, what[0] ? "/" : "", what) < 0)
		return NULL;
	return path;
}

const char *weft_wrapper_excuse(int code)
{
	switch (code) {
	case WEFT_WRAPPER_BROKEN:
		return "the run ended at the peer, but its exit code can no longer be read there";
	case WEFT_WRAPPER_NO_DIR:
		return "the run's directory at the peer could not be made or written, so the script was not "
		       "started";
	case WEFT_WRAPPER_SECOND:
		return "another copy of the run works, or worked, at the peer, so the script was not started "
		       "again";
	default:
		return NULL;
	}
}
