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

#include "core/conf_private.h"
#include "core/file.h"
#include "core/nearest.h"
#include "core/scan.h"

#define PAIRS 24 /* as many as any kind of line takes */

const char *const weft_conf_keys[KEYS + 1] = {
	[KEY_CATALOGUE] = "Catalogue",
	[KEY_POLICY] = "DefaultPolicy",
	[KEY_INTENSITY] = "RooflineIntensity",
	[KEY_INDEX] = "Index",
	[KEY_STACK] = "BurstBufferStack",
	[KEY_CLASS] = "Class",
	[KEY_APP] = "App",
	[KEY_ZONE] = "PowerZone",
	[KEY_CAP] = "PowerCap",
	[KEY_POWER_NODE] = "PowerNode",
	[KEY_POWER_CLASS] = "PowerClass",
	[KEY_SIGNAL] = "PowerSignal",
	[KEY_PRICE] = "PowerPrice",
	[KEY_CARBON] = "PowerCarbon",
	[KEY_INTERVAL] = "PowerInterval",
	[KEY_PATIENCE] = "PowerPatience",
	[KEY_SPAN] = "EnergySpan",
	[KEY_RESTART] = "EnergyRestart",
	[KEY_PROVISION] = "PowerProvision",
	[KEY_SHED] = "PowerShed",
	[KEY_HOOK] = "PowerHook",
	[KEY_HINTS] = "PowerHints",
	[KEY_STATE] = "PowerState",
	[KEY_PEER] = "Peer",
	[KEY_BURST_WAIT] = "BurstWait",
	[KEY_BURST_FACTOR] = "BurstFactor",
	[KEY_BURST_VALUE] = "BurstValue",
	[KEY_BURST_LOG] = "BurstLog",
	[KEY_WEFTD] = "Weftd",
	[KEY_WEFTD_USER] = "WeftdUser",
	[KEY_WEFTD_STATE] = "WeftdState",
	[KEY_MUNGE_SOCKET] = "MungeSocket",
	[KEY_SITES] = "Sites",
	[KEY_POLL] = "PollInterval",
	[KEY_PUBLISH] = "Publish",
	[KEY_PUBLISH_KIND] = "PublishKind",
	[KEY_HOME_PRICE] = "HomePrice",
	[KEY_BUDGET] = "Budget",
	[KEY_MODEL] = "Model",
	[KEY_TABLE] = "Table",
	[KEY_NODES] = "Nodes",
	[KEY_WATTS] = "Watts",
	[KEY_DAYS] = "Days",
	[KEY_HOURS] = "Hours",
	[KEY_IDLE] = "Idle",
	[KEY_PEAK] = "Peak",
	[KEY_OFF] = "Off",
	[KEY_MAX_AGE] = "MaxAge",
	[KEY_CURRENCY] = "Currency",
	[KEY_URL] = "Url",
	[KEY_CA] = "CaFile",
	[KEY_TOKEN] = "Token",
	[KEY_TOKENS] = "Tokens",
	[KEY_USERS] = "Users",
	[KEY_REMOTE_ACCOUNT] = "RemoteAccount",
	[KEY_REMOTE_PARTITION] = "RemotePartition",
	[KEY_REMOTE_QOS] = "RemoteQos",
	[KEY_NODE] = "Node",
	[KEY_PARTITION] = "Partition",
	[KEY_DIRECTORY] = "Directory",
	[KEY_STAGE_IN] = "StageIn",
	[KEY_STAGE_OUT] = "StageOut",
	[KEY_FETCH] = "Fetch",
	[KEY_LINK] = "Link",
	[KEY_PEER_PRICE] = "Price",
	[KEY_OFFER] = "Offer",
	[KEY_OFFER_KEY] = "OfferKey",
	[KEY_WEFT] = "Weft",
	[KEY_LEASE] = "Lease",
	[KEY_ON_LOST] = "OnLost",
	[KEY_PUBLISH_KEY] = "PublishKey",
	[KEY_VALID] = "Valid",
	[KEY_CARDS] = "Cards",
	[KEY_LIMIT] = "Limit",
	[KEY_PERIOD] = "Period",
};

int weft_conf_no_memory(struct weft_conf_reader *r)
{
	return weft_err(r->err, "%s: out of memory", r->path);
}

char *weft_conf_copy(struct weft_conf_reader *r, const char *text)
{
	char *s = strdup(text);

	if (!s)
		weft_conf_no_memory(r);
	return s;
}

void *weft_conf_grow(struct weft_conf_reader *r, void *array, size_t n, size_t size)
{
	char *grown = array;

	if ((n & (n - 1)) == 0) /* it is full: there is room for the next power of two */
		grown = realloc(array, (n ? 2 * n : 1) * size);
	if (grown)
		memset(grown + n * size, 0, size);
	else
		weft_conf_no_memory(r);
	return grown;
}

/* Add the line at POS to BUF, without its comment.  *CONTINUED: it ended in a backslash. */
static int read_physical(struct weft_conf_reader *r, bool *quoted, bool *continued)
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
static int read_logical(struct weft_conf_reader *r)
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

static int find_key(struct weft_conf_reader *r, const char *name, size_t len, enum weft_key *key)
{
	char buf[WEFT_NAME_MAX + 1];
	const char *near;

	for (int k = 0; k < KEYS; k++) {
		if (strlen(weft_conf_keys[k]) == len && !strncasecmp(weft_conf_keys[k], name, len)) {
			*key = (enum weft_key)k;
			return 0;
		}
	}
	if (len > WEFT_NAME_MAX)
		return FAIL(r, KEYS, "%s: unknown key", weft_snip(name, len).text);
	memcpy(buf, name, len);
	buf[len] = '\0';
	near = weft_nearest(buf, weft_conf_keys);
	return FAIL(r, KEYS, "%s: unknown key%s%s%s", buf, near ? "; did you mean " : "", near ? near : "",
		    near ? "?" : "");
}

/* The value at S, bare or quoted; ends it with NUL.  Returns what follows, or NULL. */
static char *cut_value(struct weft_conf_reader *r, struct weft_pair *pair, char *s)
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
static int cut_pairs(struct weft_conf_reader *r, struct weft_pair *pairs, size_t *n)
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

int weft_conf_take(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n,
		   struct weft_take *takes, size_t n_takes)
{
	for (size_t i = 1; i < n; i++) {
		size_t k = 0;

		while (k < n_takes && takes[k].key != pairs[i].key)
			k++;
		if (k == n_takes)
			return FAIL(r, pairs[i].key,
				    "does not belong on a line with %s=", weft_conf_keys[pairs[0].key]);
		if (takes[k].value)
			return FAIL(r, pairs[i].key, "given twice");
		takes[k].value = pairs[i].value;
	}
	for (size_t k = 0; k < n_takes; k++) {
		if (takes[k].required && !takes[k].value)
			return FAIL(r, pairs[0].key, "%s= is missing", weft_conf_keys[takes[k].key]);
	}
	return 0;
}

int weft_conf_once(struct weft_conf_reader *r, enum weft_key key)
{
	if (r->seen[key])
		return FAIL(r, key, "given in line %u already", r->seen[key]);
	r->seen[key] = r->line;
	return 0;
}

int weft_conf_path(struct weft_conf_reader *r, enum weft_key key, const char *value, char **path)
{
	if (value[0] != '/')
		return FAIL(r, key, "\"%s\" is not an absolute path", weft_snip(value, strlen(value)).text);
	*path = weft_conf_copy(r, value);
	return *path ? 0 : -1;
}

int weft_conf_seconds(struct weft_conf_reader *r, enum weft_key key, const char *value, unsigned min,
		      unsigned max, unsigned *seconds)
{
	size_t len = strlen(value);
	double v = strspn(value, "0123456789") == len ? weft_number_value(value, len, 0) : NAN;

	if (!(v >= min && v <= max))
		return FAIL(r, key, "\"%s\" is not a number of seconds from %u to %u",
			    weft_snip(value, len).text, min, max);
	*seconds = (unsigned)v;
	return 0;
}

int weft_conf_currency(struct weft_conf_reader *r, const char *value, char currency[4])
{
	if (strlen(value) != 3 || strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
		return FAIL(r, KEY_CURRENCY, "\"%s\" is not a code of three capitals such as EUR",
			    weft_snip(value, strlen(value)).text);
	memcpy(currency, value, 4);
	return 0;
}

int weft_conf_word(struct weft_conf_reader *r, enum weft_key key, const char *value, const char *const *words,
		   const char *list)
{
	const char *near = weft_nearest(value, words);

	for (int i = 0; words[i]; i++) {
		if (!strcasecmp(value, words[i]))
			return i;
	}
	return FAIL(r, key, "\"%s\" is not %s%s%s%s", weft_snip(value, strlen(value)).text, list,
		    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* "gpu:a100" or "gpu" */
bool weft_conf_is_gres(const char *text)
{
	const char *colon = strchr(text, ':');

	if (!colon)
		return weft_is_name(text, strlen(text));
	return weft_is_name(text, (size_t)(colon - text)) && weft_is_name(colon + 1, strlen(colon + 1));
}

static int read_class(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	struct weft_take take = { KEY_MODEL, true, NULL };
	const char *gres = pairs[0].value, *model;
	struct weft_conf *conf = r->conf;
	struct weft_conf_class *classes;

	if (weft_conf_take(r, pairs, n, &take, 1) < 0)
		return -1;
	model = take.value;
	if (!weft_conf_is_gres(gres))
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
	classes = weft_conf_grow(r, conf->classes, conf->n_classes, sizeof(*classes));
	if (!classes)
		return -1;
	conf->classes = classes;
	classes += conf->n_classes++;
	classes->line = r->line;
	classes->gres = weft_conf_copy(r, gres);
	classes->model = weft_conf_copy(r, model);
	return classes->gres && classes->model ? 0 : -1;
}

/* Room for one more app, and for its line. */
static int grow_apps(struct weft_conf_reader *r)
{
	size_t n = r->conf->n_apps;
	struct weft_app *apps = weft_conf_grow(r, r->conf->apps, n, sizeof(*apps));
	unsigned *lines;

	if (!apps)
		return -1;
	r->conf->apps = apps;
	lines = weft_conf_grow(r, r->app_lines, n, sizeof(*lines));
	if (!lines)
		return -1;
	r->app_lines = lines;
	return 0;
}

static int read_app(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	struct weft_take table = { KEY_TABLE, true, NULL };
	const char *name = pairs[0].value;
	struct weft_conf *conf = r->conf;
	struct weft_err why = WEFT_ERR_INIT;

	if (weft_conf_take(r, pairs, n, &table, 1) < 0)
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
	if (weft_app_parse(&conf->apps[conf->n_apps], name, table.value, &why) < 0)
		return FAIL(r, KEY_TABLE, "%s", why.text);
	r->app_lines[conf->n_apps++] = r->line;
	return 0;
}

static int read_intensity(struct weft_conf_reader *r, const char *value)
{
	size_t len = strlen(value);
	double x = weft_scan_number(value, len) == len ? weft_number_value(value, len, 0) : NAN;

	if (!(x > 0 && x <= WEFT_CONF_MAX_INTENSITY))
		return FAIL(r, KEY_INTENSITY, "\"%s\" is not a number above 0 and up to %.0f",
			    weft_snip(value, len).text, WEFT_CONF_MAX_INTENSITY);
	r->conf->intensity = x;
	return 0;
}

static int read_policy(struct weft_conf_reader *r, const char *value)
{
	struct weft_err why = WEFT_ERR_INIT;
	int scale_time = 0;

	if (weft_policy_option(value, &r->conf->policy, &scale_time, &why) < 0)
		return FAIL(r, KEY_POLICY, "%s", why.text);
	if (scale_time)
		return FAIL(r, KEY_POLICY, "scale-time is not a policy; each job asks for it");
	return 0;
}

static int read_index(struct weft_conf_reader *r, const char *value)
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

/* "burst_buffer/lua" or "lua" */
static int read_stack(struct weft_conf_reader *r, const char *value)
{
	static const char type[] = "burst_buffer/";
	const char *name = strncmp(value, type, strlen(type)) ? value : value + strlen(type);

	if (!weft_is_name(name, strlen(name)) || strchr(name, '.'))
		return FAIL(r, KEY_STACK, "\"%s\" is not a burst buffer plugin such as burst_buffer/lua",
			    weft_snip(value, strlen(value)).text);
	if (!strcmp(name, "weft"))
		return FAIL(r, KEY_STACK, "burst_buffer/weft cannot stand on itself");
	r->conf->stack = weft_conf_copy(r, name);
	return r->conf->stack ? 0 : -1;
}

/* A key that stands alone and may be given once. */
static int read_scalar(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	enum weft_key key = pairs[0].key;
	const char *value = pairs[0].value;

	if (weft_conf_take(r, pairs, n, NULL, 0) < 0 || weft_conf_once(r, key) < 0)
		return -1;
	if (key == KEY_INTENSITY)
		return read_intensity(r, value);
	if (key == KEY_POLICY)
		return read_policy(r, value);
	if (key == KEY_INDEX)
		return read_index(r, value);
	if (key == KEY_STACK)
		return read_stack(r, value);
	return weft_conf_path(r, key, value, &r->conf->catalogue);
}

/* Behind which key KEY belongs. */
static const char *owner(enum weft_key key)
{
	switch (key) {
	case KEY_MODEL:
		return "Class=";
	case KEY_TABLE:
		return "App=";
	case KEY_NODES:
		return "PowerZone=";
	case KEY_WATTS:
	case KEY_DAYS:
	case KEY_HOURS:
		return "PowerCap=";
	case KEY_IDLE:
	case KEY_PEAK:
		return "PowerNode= or PowerClass=";
	case KEY_OFF:
		return "PowerNode=";
	case KEY_MAX_AGE:
		return "PowerSignal=";
	case KEY_CURRENCY:
		return "PowerPrice=, Peer=, PublishKind= or HomePrice=";
	case KEY_PEER_PRICE:
		return "Peer=, PublishKind= or HomePrice=";
	case KEY_CARDS:
		return "PublishKind=";
	case KEY_LIMIT:
	case KEY_PERIOD:
		return "Budget=";
	case KEY_PUBLISH_KEY:
	case KEY_VALID:
		return "Publish=";
	default: /* the others behind it are a peer's */
		return key >= KEY_URL ? "Peer=" : NULL;
	}
}

static int read_line(struct weft_conf_reader *r)
{
	struct weft_pair pairs[PAIRS];
	size_t n;

	if (cut_pairs(r, pairs, &n) < 0)
		return -1;
	if (n == 0)
		return 0;
	if (owner(pairs[0].key))
		return FAIL(r, pairs[0].key, "belongs behind %s, on the same line", owner(pairs[0].key));
	if (pairs[0].key == KEY_CLASS)
		return read_class(r, pairs, n);
	if (pairs[0].key == KEY_APP)
		return read_app(r, pairs, n);
	if (pairs[0].key == KEY_BUDGET)
		return weft_conf_budget_line(r, pairs, n);
	if (pairs[0].key >= KEY_PEER)
		return weft_conf_peer_line(r, pairs, n);
	return pairs[0].key < KEY_ZONE ? read_scalar(r, pairs, n) : weft_conf_power_line(r, pairs, n);
}

static int read_all(struct weft_conf_reader *r)
{
	if (r->len > WEFT_CONF_MAX_BYTES)
		return weft_err(r->err, "%s: the file has %zu bytes; at most %u are allowed", r->path, r->len,
				WEFT_CONF_MAX_BYTES);
	while (r->pos < r->len) {
		if (read_logical(r) < 0 || read_line(r) < 0)
			return -1;
	}
	return weft_conf_budget_finish(r);
}

static struct weft_conf *defaults(struct weft_err *err)
{
	struct weft_conf *conf = calloc(1, sizeof(*conf));

	if (!conf || weft_conf_power_defaults(conf) < 0 || weft_conf_peer_defaults(conf) < 0) {
		weft_err(err, "out of memory");
		weft_conf_destroy(conf);
		return NULL;
	}
	conf->policy = WEFT_SOON;
	conf->intensity = WEFT_ROOFLINE_INTENSITY;
	return conf;
}

struct weft_conf *weft_conf_parse(const char *path, const char *text, size_t len, struct weft_err *err)
{
	struct weft_conf_reader *r = calloc(1, sizeof(*r));
	struct weft_conf *conf = defaults(err);
	int rv = -1;

	if (!r || !conf) {
		weft_err(err, "out of memory");
		goto out;
	}
	*r = (struct weft_conf_reader){
		.path = path, .text = text, .len = len, .next = 1, .conf = conf, .err = err
	};
	conf->path = weft_conf_copy(r, path);
	if (conf->path)
		rv = read_all(r);
	weft_conf_peer_finish(conf);
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

	if (!text && errno == ENOENT && missing_ok) {
		conf = defaults(err);
		if (conf)
			weft_conf_peer_finish(conf);
		return conf;
	}
	if (!text) {
		weft_err(err, "%s", why.text);
		return NULL;
	}
	conf = weft_conf_parse(path, text, len, err);
	free(text);
	return conf;
}

/* The line of BurstBufferStack= alone; what the others say does not matter. */
static int stack_of_lines(struct weft_conf_reader *r)
{
	struct weft_err *err = r->err, ignored;

	while (r->pos < r->len) {
		struct weft_pair pairs[PAIRS];
		size_t at = r->pos, n;

		ignored = (struct weft_err)WEFT_ERR_INIT;
		r->err = &ignored;
		if (read_logical(r) < 0) {
			const char *nl = memchr(r->text + at, '\n', r->len - at);

			r->pos = nl ? (size_t)(nl - r->text) + 1 : r->len;
			continue;
		}
		if (cut_pairs(r, pairs, &n) < 0 || n == 0 || pairs[0].key != KEY_STACK)
			continue;
		r->err = err;
		return read_scalar(r, pairs, n);
	}
	r->err = err;
	return 0;
}

int weft_conf_stack(const char *path, char **stack, struct weft_err *err)
{
	struct weft_err why = WEFT_ERR_INIT;
	struct weft_conf_reader *r;
	struct weft_conf *conf;
	size_t len = 0;
	char *text = weft_file_read(path, WEFT_CONF_MAX_BYTES, &len, &why);
	int rv = -1;

	*stack = NULL;
	if (!text)
		return errno == ENOENT ? 0 : -weft_err(err, "%s", why.text);
	r = calloc(1, sizeof(*r));
	conf = calloc(1, sizeof(*conf));
	if (r && conf) {
		*r = (struct weft_conf_reader){
			.path = path, .text = text, .len = len, .next = 1, .conf = conf, .err = err
		};
		rv = stack_of_lines(r);
		*stack = conf->stack;
	} else {
		weft_err(err, "out of memory");
	}
	free(conf);
	free(r);
	free(text);
	return rv;
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
	weft_conf_power_clear(conf);
	weft_conf_budget_clear(conf);
	weft_conf_peer_clear(conf);
	free(conf->classes);
	free(conf->apps);
	free(conf->catalogue);
	free(conf->stack);
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
