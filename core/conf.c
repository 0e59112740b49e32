/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf.c - reads weft.conf.
 *
 * Text is cut into logical lines (comments gone, continued lines joined), a line into Key=Value pairs, and
 * the first key of a line decides what the line is about.  Everything goes into a fresh struct weft_conf.
 */
#include "core/conf.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/file.h"
#include "core/nearest.h"
#include "core/scan.h"

#define PAIRS 4 /* more than any kind of line takes */

enum key { KEY_CATALOGUE, KEY_POLICY, KEY_INTENSITY, KEY_INDEX, KEY_CLASS, KEY_APP, KEY_MODEL, KEY_TABLE, KEYS };

static const char *const key_names[KEYS + 1] = {
	"Catalogue", "DefaultPolicy", "RooflineIntensity", "Index", "Class", "App", "Model", "Table", NULL
};

struct reader {
	const char *path;
	const char *text;
	size_t len, pos;
	unsigned next; /* number of the line at POS */
	unsigned line; /* where the logical line begins */
	char buf[WEFT_CONF_MAX_LINE + 1];
	size_t used;
	struct weft_conf *conf;
	unsigned seen[KEYS]; /* line of each key that may be given once; 0: not yet */
	unsigned *app_lines; /* by index of conf->apps */
	struct weft_err *err;
};

/* Both point into reader.buf. */
struct pair {
	enum key key;
	char *value;
};

/* "weft.conf:12: Class: ..."; KEY may be KEYS: none. */
#define FAIL(r, key, fmt, ...)                                                                               \
	weft_err((r)->err, "%s:%u: %s%s" fmt, (r)->path, (r)->line, (key) < KEYS ? key_names[key] : "",      \
		 (key) < KEYS ? ": " : "", ##__VA_ARGS__)

static int out_of_memory(struct reader *r)
{
	return weft_err(r->err, "%s: out of memory", r->path);
}

static char *copy(struct reader *r, const char *text)
{
	char *s = strdup(text);

	if (!s)
		out_of_memory(r);
	return s;
}

/* Add the line at POS to BUF, without its comment.  *CONTINUED: it ended in a backslash. */
static int read_physical(struct reader *r, bool *quoted, bool *continued)
{
	const char *nl = memchr(r->text + r->pos, '\n', r->len - r->pos);
	size_t end = nl ? (size_t)(nl - r->text) : r->len, next = nl ? end + 1 : end;

	while (end > r->pos && r->text[end - 1] == '\r')
		end--;
	*continued = false;
	for (size_t i = r->pos; i < end; i++) {
		unsigned char c = (unsigned char)r->text[i];

		if (c == '#' && !*quoted)
			break;
		if (c == '\\' && i + 1 == end) {
			*continued = true;
			break;
		}
		if (c == '\0')
			return weft_err(r->err, "%s:%u: NUL byte", r->path, r->next);
		if ((c < 0x20 && !weft_is_space((char)c)) || c == 0x7f)
			return weft_err(r->err, "%s:%u: control character 0x%02x", r->path, r->next, c);
		if (r->used == WEFT_CONF_MAX_LINE)
			return weft_err(r->err, "%s:%u: the line has more than %d bytes", r->path, r->line,
					WEFT_CONF_MAX_LINE);
		if (c == '"')
			*quoted = !*quoted;
		r->buf[r->used++] = (char)c;
	}
	r->pos = next;
	r->next++;
	return 0;
}

/* The next logical line into BUF. */
static int read_logical(struct reader *r)
{
	bool quoted = false, continued = true;

	r->line = r->next;
	r->used = 0;
	while (continued && r->pos < r->len) {
		if (read_physical(r, &quoted, &continued) < 0)
			return -1;
	}
	r->buf[r->used] = '\0';
	return 0;
}

static char *skip_space(char *s)
{
	while (weft_is_space(*s))
		s++;
	return s;
}

static int find_key(struct reader *r, const char *name, size_t len, enum key *key)
{
	char buf[WEFT_NAME_MAX + 1];
	const char *near;

	for (int k = 0; k < KEYS; k++) {
		if (strlen(key_names[k]) == len && !strncasecmp(key_names[k], name, len)) {
			*key = (enum key)k;
			return 0;
		}
	}
	if (len > WEFT_NAME_MAX)
		return FAIL(r, KEYS, "%s: unknown key", weft_snip(name, len).text);
	memcpy(buf, name, len);
	buf[len] = '\0';
	near = weft_nearest(buf, key_names);
	return FAIL(r, KEYS, "%s: unknown key%s%s%s", buf, near ? "; did you mean " : "", near ? near : "",
		    near ? "?" : "");
}

/* The value at S, bare or quoted; ends it with NUL.  Returns what follows, or NULL. */
static char *cut_value(struct reader *r, struct pair *pair, char *s)
{
	bool quoted = *s == '"';
	size_t n = quoted ? strcspn(s + 1, "\"") : strcspn(s, " \t\r\n\"");
	char *end = s + n + (quoted ? 1 : 0);

	if (quoted && *end == '\0') {
		FAIL(r, pair->key, "the closing quote is missing");
		return NULL;
	}
	pair->value = quoted ? s + 1 : s;
	if (n == 0) {
		FAIL(r, pair->key, "the value is missing");
		return NULL;
	}
	s = quoted ? end + 1 : end;
	if (*s != '\0' && !weft_is_space(*s)) {
		FAIL(r, pair->key, "quotes go around the whole value");
		return NULL;
	}
	if (*s != '\0')
		s++;
	*end = '\0';
	return s;
}

/* Cut BUF into pairs; *N of them, 0 for an empty line. */
static int cut_pairs(struct reader *r, struct pair *pairs, size_t *n)
{
	char *s = skip_space(r->buf);

	for (*n = 0; *s != '\0'; s = skip_space(s)) {
		size_t len = weft_scan_name(s, strlen(s));
		char *equals = skip_space(s + len);

		if (len == 0 || *equals != '=') {
			len = len ? len : strcspn(s, " \t\r\n");
			return FAIL(r, KEYS, "\"%s\" is not Key=Value", weft_snip(s, len).text);
		}
		if (*n == PAIRS)
			return FAIL(r, KEYS, "more than %d keys in one line", PAIRS);
		if (find_key(r, s, len, &pairs[*n].key) < 0)
			return -1;
		s = cut_value(r, &pairs[*n], skip_space(equals + 1));
		if (!s)
			return -1;
		(*n)++;
	}
	return 0;
}

/* What stands beside pairs[0], which must be one KEY; NULL with the error. */
static const char *companion(struct reader *r, const struct pair *pairs, size_t n, enum key key)
{
	enum key first = pairs[0].key;

	for (size_t i = 1; i < n; i++) {
		if (pairs[i].key != key) {
			FAIL(r, pairs[i].key, "does not belong on a line with %s=", key_names[first]);
			return NULL;
		}
	}
	if (n > 2) {
		FAIL(r, key, "given twice");
		return NULL;
	}
	if (n < 2) {
		FAIL(r, first, "%s= is missing", key_names[key]);
		return NULL;
	}
	return pairs[1].value;
}

/* "gpu:a100" or "gpu" */
static bool is_gres(const char *text)
{
	const char *colon = strchr(text, ':');

	if (!colon)
		return weft_is_name(text, strlen(text));
	return weft_is_name(text, (size_t)(colon - text)) && weft_is_name(colon + 1, strlen(colon + 1));
}

static int read_class(struct reader *r, const struct pair *pairs, size_t n)
{
	const char *gres = pairs[0].value, *model = companion(r, pairs, n, KEY_MODEL);
	struct weft_conf *conf = r->conf;
	struct weft_conf_class *classes;

	if (!model)
		return -1;
	if (!is_gres(gres))
		return FAIL(r, KEY_CLASS, "\"%s\" is not a gres name and type such as gpu:a100",
			    weft_snip(gres, strlen(gres)).text);
	if (!weft_is_name(model, strlen(model)))
		return FAIL(r, KEY_MODEL, "\"%s\" is not the name of a model",
			    weft_snip(model, strlen(model)).text);
	for (size_t i = 0; i < conf->n_classes; i++) {
		if (weft_name_equal(conf->classes[i].gres, gres))
			return FAIL(r, KEY_CLASS, "%s was given in line %u already", gres,
				    conf->classes[i].line);
	}
	if (conf->n_classes == WEFT_CONF_MAX_CLASSES)
		return FAIL(r, KEY_CLASS, "more than %d classes", WEFT_CONF_MAX_CLASSES);
	classes = realloc(conf->classes, (conf->n_classes + 1) * sizeof(*classes));
	if (!classes)
		return out_of_memory(r);
	conf->classes = classes;
	classes += conf->n_classes++;
	classes->line = r->line;
	classes->gres = copy(r, gres);
	classes->model = copy(r, model);
	return classes->gres && classes->model ? 0 : -1;
}

/* Room for one more app, and for its line. */
static int grow_apps(struct reader *r)
{
	size_t n = r->conf->n_apps;
	struct weft_app *apps = realloc(r->conf->apps, (n + 1) * sizeof(*apps));
	unsigned *lines;

	if (!apps)
		return out_of_memory(r);
	r->conf->apps = apps;
	lines = realloc(r->app_lines, (n + 1) * sizeof(*lines));
	if (!lines)
		return out_of_memory(r);
	r->app_lines = lines;
	return 0;
}

static int read_app(struct reader *r, const struct pair *pairs, size_t n)
{
	const char *name = pairs[0].value, *table = companion(r, pairs, n, KEY_TABLE);
	struct weft_conf *conf = r->conf;
	struct weft_err why = WEFT_ERR_INIT;

	if (!table)
		return -1;
	if (!weft_is_name(name, strlen(name)))
		return FAIL(r, KEY_APP, "\"%s\" is not a name", weft_snip(name, strlen(name)).text);
	for (size_t i = 0; i < conf->n_apps; i++) {
		if (weft_name_equal(conf->apps[i].name, name))
			return FAIL(r, KEY_APP, "%s was given in line %u already", name, r->app_lines[i]);
	}
	if (conf->n_apps == WEFT_CONF_MAX_APPS)
		return FAIL(r, KEY_APP, "more than %d tables", WEFT_CONF_MAX_APPS);
	if (grow_apps(r) < 0)
		return -1;
	if (weft_app_parse(&conf->apps[conf->n_apps], name, table, &why) < 0)
		return FAIL(r, KEY_TABLE, "%s", why.text);
	r->app_lines[conf->n_apps++] = r->line;
	return 0;
}

static int read_intensity(struct reader *r, const char *value)
{
	size_t len = strlen(value);
	double x = weft_scan_number(value, len) == len ? weft_number_value(value, len, 0) : NAN;

	if (!(x > 0 && x <= WEFT_CONF_MAX_INTENSITY))
		return FAIL(r, KEY_INTENSITY, "\"%s\" is not a number above 0 and up to %.0f",
			    weft_snip(value, len).text, WEFT_CONF_MAX_INTENSITY);
	r->conf->intensity = x;
	return 0;
}

static int read_policy(struct reader *r, const char *value)
{
	struct weft_err why = WEFT_ERR_INIT;
	int scale_time = 0;

	if (weft_policy_option(value, &r->conf->policy, &scale_time, &why) < 0)
		return FAIL(r, KEY_POLICY, "%s", why.text);
	if (scale_time)
		return FAIL(r, KEY_POLICY, "scale-time is not a policy; each job asks for it");
	return 0;
}

static int read_index(struct reader *r, const char *value)
{
	static const char *const names[] = { "yes", "no", "check", NULL };

	for (int i = 0; names[i]; i++) {
		if (strcasecmp(value, names[i]))
			continue;
		r->conf->index = i; /* the order of enum weft_index_mode */
		return 0;
	}
	return FAIL(r, KEY_INDEX, "\"%s\" is not yes, no or check", weft_snip(value, strlen(value)).text);
}

/* A key that stands alone and may be given once. */
static int read_scalar(struct reader *r, const struct pair *pairs, size_t n)
{
	enum key key = pairs[0].key;
	const char *value = pairs[0].value;

	if (n > 1)
		return FAIL(r, pairs[1].key, "does not belong on a line with %s=", key_names[key]);
	if (r->seen[key])
		return FAIL(r, key, "given in line %u already", r->seen[key]);
	r->seen[key] = r->line;
	if (key == KEY_INTENSITY)
		return read_intensity(r, value);
	if (key == KEY_POLICY)
		return read_policy(r, value);
	if (key == KEY_INDEX)
		return read_index(r, value);
	if (value[0] != '/')
		return FAIL(r, key, "\"%s\" is not an absolute path", weft_snip(value, strlen(value)).text);
	r->conf->catalogue = copy(r, value);
	return r->conf->catalogue ? 0 : -1;
}

static int read_line(struct reader *r)
{
	struct pair pairs[PAIRS];
	size_t n;

	if (cut_pairs(r, pairs, &n) < 0)
		return -1;
	if (n == 0)
		return 0;
	switch (pairs[0].key) {
	case KEY_CLASS:
		return read_class(r, pairs, n);
	case KEY_APP:
		return read_app(r, pairs, n);
	case KEY_MODEL:
		return FAIL(r, KEY_MODEL, "belongs behind Class=, on the same line");
	case KEY_TABLE:
		return FAIL(r, KEY_TABLE, "belongs behind App=, on the same line");
	default:
		return read_scalar(r, pairs, n);
	}
}

static int read_all(struct reader *r)
{
	if (r->len > WEFT_CONF_MAX_BYTES)
		return weft_err(r->err, "%s: the file has %zu bytes; at most %u are allowed", r->path, r->len,
				WEFT_CONF_MAX_BYTES);
	while (r->pos < r->len) {
		if (read_logical(r) < 0 || read_line(r) < 0)
			return -1;
	}
	return 0;
}

static struct weft_conf *defaults(struct weft_err *err)
{
	struct weft_conf *conf = calloc(1, sizeof(*conf));

	if (!conf) {
		weft_err(err, "out of memory");
		return NULL;
	}
	conf->policy = WEFT_SOON;
	conf->intensity = WEFT_ROOFLINE_INTENSITY;
	return conf;
}

struct weft_conf *weft_conf_parse(const char *path, const char *text, size_t len, struct weft_err *err)
{
	struct reader *r = calloc(1, sizeof(*r));
	struct weft_conf *conf = defaults(err);
	int rv = -1;

	if (!r || !conf) {
		weft_err(err, "out of memory");
		goto out;
	}
	*r = (struct reader){ .path = path, .text = text, .len = len, .next = 1, .conf = conf, .err = err };
	conf->path = copy(r, path);
	if (conf->path)
		rv = read_all(r);
	free(r->app_lines);
out:
	free(r);
	if (rv == 0)
		return conf;
	weft_conf_destroy(conf);
	return NULL;
}

struct weft_conf *weft_conf_load(const char *path, int missing_ok, struct weft_err *err)
{
	struct weft_err why = WEFT_ERR_INIT;
	struct weft_conf *conf;
	size_t len = 0;
	char *text = weft_file_read(path, WEFT_CONF_MAX_BYTES, &len, &why);

	if (!text && errno == ENOENT && missing_ok)
		return defaults(err);
	if (!text) {
		weft_err(err, "%s", why.text);
		return NULL;
	}
	conf = weft_conf_parse(path, text, len, err);
	free(text);
	return conf;
}

void weft_conf_destroy(struct weft_conf *conf)
{
	if (!conf)
		return;
	for (size_t i = 0; i < conf->n_classes; i++) {
		free(conf->classes[i].gres);
		free(conf->classes[i].model);
	}
	for (size_t i = 0; i < conf->n_apps; i++)
		weft_app_clear(&conf->apps[i]);
	free(conf->classes);
	free(conf->apps);
	free(conf->catalogue);
	free(conf->path);
	free(conf);
}

const struct weft_app *weft_conf_find_app(const struct weft_conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_apps; i++) {
		if (weft_name_equal(conf->apps[i].name, name))
			return &conf->apps[i];
	}
	return NULL;
}
