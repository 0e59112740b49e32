/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smi.c - the readers of the vendors' tools.
 */
#include "core/smi.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/scan.h"

#define MAX_LINE    4096 /* bytes; a longer line is cut, and then refused where it matters */
#define MAX_MIB	    1e8
#define MAX_W	    1e5
#define MAX_COLUMNS 64
#define MAX_INDEX   4096

/* Lines */

struct lines {
	const char *next, *end;
	unsigned number;
	char line[MAX_LINE];
};

static struct lines lines_of(const char *text, size_t len)
{
	return (struct lines){ .next = text, .end = text + len };
}

/* The next line, in LINES->line, without the terminal's escape sequences; other bytes that are no plain text
 * become blanks. */
static bool next_line(struct lines *lines)
{
	const char *c = lines->next, *eol;
	size_t n = 0;

	if (c >= lines->end)
		return false;
	eol = memchr(c, '\n', (size_t)(lines->end - c));
	if (!eol)
		eol = lines->end;
	lines->next = eol + 1;
	lines->number++;
	while (c < eol && n < MAX_LINE - 1) {
		if (*c == 0x1b && c + 1 < eol && c[1] == '[') {
			for (c += 2; c < eol && (*c < '@' || *c > '~'); c++)
				;
			c += c < eol;
			continue;
		}
		lines->line[n++] = (unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f ? ' ' : *c;
		c++;
	}
	lines->line[n] = '\0';
	return true;
}

static const char *skip_blanks(const char *text)
{
	while (*text == ' ')
		text++;
	return text;
}

/* The number at TEXT, behind blanks; false when there is none.  *TEXT moves behind it. */
static bool get_number(const char **text, double *value)
{
	const char *start = skip_blanks(*text);
	size_t n = weft_scan_number(start, strlen(start));

	*value = n > 0 ? weft_number_value(start, n, 0) : NAN;
	*text = start + n;
	return n > 0 && isfinite(*value);
}

/* Copy LEN bytes of TEXT, blanks at both ends left out and several made one. */
static void copy_name(char name[WEFT_SMI_NAME_SIZE], const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < WEFT_SMI_NAME_SIZE - 1; i++)
		if (text[i] != ' ' || (n > 0 && name[n - 1] != ' '))
			name[n++] = text[i];
	while (n > 0 && name[n - 1] == ' ')
		n--;
	name[n] = '\0';
}

void weft_smi_clear(struct weft_smi *smi)
{
	free(smi->links);
	*smi = (struct weft_smi){ 0 };
}

static bool known_address(const struct weft_smi *smi, struct weft_pci_address address)
{
	for (size_t i = 0; i < smi->n_cards; i++)
		if (weft_pci_equal(smi->cards[i].address, address))
			return true;
	return false;
}

static const char *add_card(struct weft_smi *smi, const struct weft_smi_card *card)
{
	if (smi->n_cards >= WEFT_SMI_MAX_CARDS)
		return "more than 256 cards";
	if (known_address(smi, card->address))
		return "a PCI address comes twice";
	smi->cards[smi->n_cards++] = *card;
	return NULL;
}

/* CSV */

/* A figure between 0 and MAX, or text in brackets for "not known" (0). */
static bool csv_figure(const char *field, double max, double *value)
{
	*value = 0;
	if (*field == '[' || strcmp(field, "N/A") == 0)
		return true;
	return get_number(&field, value) && *skip_blanks(field) == '\0' && *value <= max;
}

static const char *csv_card(char *line, struct weft_smi_card *card)
{
	char *fields[6], *rest = line;
	double index;
	size_t n = 0;

	while (rest && n < 6) {
		fields[n] = (char *)skip_blanks(rest);
		rest = strchr(rest, ',');
		if (rest)
			*rest++ = '\0';
		for (size_t len = strlen(fields[n]); len > 0 && fields[n][len - 1] == ' ';)
			fields[n][--len] = '\0';
		n++;
	}
	*card = (struct weft_smi_card){ .index = -1 };
	if (n != 5)
		return "five fields are wanted";
	if (!csv_figure(fields[0], MAX_INDEX, &index) || *fields[0] == '[' || index != floor(index))
		return "the first field must be a number";
	card->index = (int)index;
	n = weft_pci_parse(fields[1], &card->address);
	if (n == 0 || fields[1][n] != '\0')
		return "the second field must be a PCI address";
	copy_name(card->name, fields[2], strlen(fields[2]));
	if (!csv_figure(fields[3], MAX_MIB, &card->memory_mib))
		return "the fourth field must be the memory in MiB";
	if (!csv_figure(fields[4], MAX_W, &card->power_w))
		return "the fifth field must be the power limit in W";
	return NULL;
}

int weft_smi_parse_csv(struct weft_smi *smi, const char *text, size_t len, struct weft_err *err)
{
	struct lines lines = lines_of(text, len);

	while (next_line(&lines)) {
		struct weft_smi_card card;
		const char *why;

		if (*skip_blanks(lines.line) == '\0')
			continue;
		why = csv_card(lines.line, &card);
		if (!why)
			why = add_card(smi, &card);
		if (why) {
			smi->n_cards = 0;
			return weft_err(err, "line %u: %s", lines.number, why);
		}
	}
	return 0;
}

/* Tables */

/* Is it a rule, a line of nothing but these? */
static bool is_rule(const char *line)
{
	line = skip_blanks(line);
	return strlen(line) >= 8 && strspn(line, "+-=|: ") == strlen(line) && strpbrk(line, "-=");
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The unit at TEXT: how many characters, 0 when it is not one of A and B. */
static size_t unit(const char *text, const char *a, const char *b)
{
	const char *units[] = { a, b };

	text = skip_blanks(text);
	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(units[i]);

		if (strncmp(text, units[i], n) == 0 && !is_letter(text[n]))
			return n;
	}
	return 0;
}

/* "A / B" at TEXT, both with one of two units (or without, when BARE), also "A(B)".  B, or 0 when it is not
 * there. */
static double pair_at(const char *text, const char *one, const char *other, bool bare)
{
	double a, b;
	size_t n;
	bool closed;

	if (!get_number(&text, &a))
		return 0;
	n = unit(text, one, other);
	if (n > 0)
		text = skip_blanks(text) + n;
	text = skip_blanks(text);
	closed = *text == '(' && n > 0;
	if (*text != '/' && !closed)
		return 0;
	text++;
	if (!get_number(&text, &b))
		return 0;
	n = unit(text, one, other);
	if (n == 0 && !bare)
		return 0;
	return a <= b ? b : 0;
}

/* The largest such B in LINE. */
static double largest_pair(const char *line, const char *one, const char *other, bool bare, double max)
{
	double best = 0;

	for (const char *c = line; *c != '\0'; c++) {
		double b;

		if (*c < '0' || *c > '9' || (c > line && (weft_scan_name(c - 1, 1) || c[-1] == '/')))
			continue; /* not the begin of a number */
		b = pair_at(c, one, other, bare);
		if (b > best && b <= max)
			best = b;
	}
	return best;
}

/* A group of lines that is being read. */
struct group {
	struct weft_smi_card card;
	bool has_address, several, started;
};

/* The number and the name in the first cell of a group: "| 0     910B3   | OK". */
static void read_first_cell(struct group *group, const char *line)
{
	const char *cell = line + strspn(line, "| "), *end;
	double index;

	group->started = true;
	end = strchr(cell, '|');
	if (!end)
		end = cell + strlen(cell);
	if (get_number(&cell, &index) && (*cell == ' ' || *cell == '|') && index == floor(index) &&
	    index <= MAX_INDEX)
		group->card.index = (int)index;
	else
		return; /* no card begins so */
	cell = skip_blanks(cell);
	if (cell < end)
		copy_name(group->card.name, cell, (size_t)(end - cell));
}

static void read_address(struct group *group, const char *line)
{
	for (const char *c = line; *c != '\0'; c++) {
		struct weft_pci_address address;
		size_t n;

		if (c > line && (weft_scan_name(c - 1, 1) || c[-1] == ':'))
			continue;
		n = weft_pci_parse(c, &address);
		if (n < 10 || weft_scan_name(c + n, 1)) /* with a domain only */
			continue;
		group->several = group->several || group->has_address;
		group->has_address = true;
		group->card.address = address;
		c += n - 1;
	}
}

static void read_group_line(struct group *group, const char *line, bool bare)
{
	double memory = largest_pair(line, "MiB", "MB", bare, MAX_MIB);
	double power = largest_pair(line, "W", "W", false, MAX_W);

	if (!group->started)
		read_first_cell(group, line);
	read_address(group, line);
	if (memory > group->card.memory_mib)
		group->card.memory_mib = memory;
	if (power > 0)
		group->card.power_w = power;
}

/* A group has ended: is it a card? */
static const char *end_group(struct weft_smi *smi, struct group *group)
{
	const char *why = NULL;

	if (group->has_address && !group->several && group->card.index >= 0)
		why = add_card(smi, &group->card);
	else if (group->several)
		why = "two PCI addresses between two rules";
	*group = (struct group){ .card = { .index = -1 } };
	return why;
}

int weft_smi_parse_table(struct weft_smi *smi, const char *text, size_t len, int bare, struct weft_err *err)
{
	struct lines lines = lines_of(text, len);
	struct group group = { .card = { .index = -1 } };
	const char *why = NULL;

	while (!why && next_line(&lines)) {
		if (is_rule(lines.line))
			why = end_group(smi, &group);
		else if (*skip_blanks(lines.line) != '\0')
			read_group_line(&group, lines.line, bare);
	}
	if (!why)
		why = end_group(smi, &group);
	if (!why && smi->n_cards == 0)
		return weft_err(err, "there is no card in the table");
	if (why) {
		smi->n_cards = 0;
		return weft_err(err, "line %u: %s", lines.number, why);
	}
	return 0;
}

/* Matrices */

/* The next word of *TEXT; its length, 0 at the end. */
static size_t next_word(const char **text, const char **word)
{
	const char *start = *text + strspn(*text, " |");
	size_t n = strcspn(start, " |");

	*word = start;
	*text = start + n;
	return n;
}

/* A card's label, letters and a number ("GPU0"): the number, or -1. */
static int label(const char *word, size_t len)
{
	size_t letters = 0, digits;
	double value;

	while (letters < len && ((word[letters] >= 'A' && word[letters] <= 'Z') ||
				 (word[letters] >= 'a' && word[letters] <= 'z')))
		letters++;
	digits = weft_scan_number(word + letters, len - letters);
	value = weft_number_value(word + letters, digits, 0);
	/* NIC0 and its like are rows too, but not of cards. */
	if (letters < 3 || digits == 0 || letters + digits != len || value != floor(value) ||
	    value > MAX_INDEX || strncmp(word, "NIC", 3) == 0 || strncmp(word, "mlx", 3) == 0)
		return -1;
	return (int)value;
}

static bool word_is(const char *word, size_t len, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == len && strncmp(word, *words, len) == 0)
			return true;
	return false;
}

/* One cell: how many links, and of which kind.  False when it cannot be a cell. */
static bool cell(const char *word, size_t len, struct weft_smi_link *link)
{
	static const char *const none[] = { "X",   "SYS", "NODE", "PHB", "PXB", "PXN", "PIX", "PIX_SW",
					    "PSB", "NA",  "N/A",  "NS",	 "-",	"SOC", "QPI", NULL };
	size_t letters = 0, digits;

	link->count = 0;
	link->kind[0] = '\0';
	if (word_is(word, len, none))
		return true;
	while (letters < len && ((word[letters] >= 'A' && word[letters] <= 'Z') || word[letters] == '_' ||
				 word[letters] == '-'))
		letters++;
	digits = len - letters;
	if (letters < 2 || letters >= WEFT_SMI_LINK_SIZE || digits > 3 ||
	    strspn(word + letters, "0123456789") < digits)
		return false;
	link->count = digits > 0 ? (unsigned)weft_number_value(word + letters, digits, 0) : 1;
	memcpy(link->kind, word, letters);
	link->kind[letters] = '\0';
	return link->count > 0;
}

static int columns(const char *line, unsigned labels[MAX_COLUMNS])
{
	const char *word;
	int n = 0;

	for (size_t len; (len = next_word(&line, &word)) > 0;) {
		int number = label(word, len);

		if (number < 0)
			break;
		if (n >= MAX_COLUMNS)
			return -1;
		labels[n++] = (unsigned)number;
	}
	return n;
}

struct matrix {
	unsigned labels[MAX_COLUMNS];
	int n; /* columns; 0: the header was not there yet */
	struct weft_smi_link cells[MAX_COLUMNS][MAX_COLUMNS];
	bool seen[MAX_COLUMNS];
};

/* A row; what is wrong with it, or NULL. */
static const char *read_row(struct matrix *m, const char *line)
{
	const char *word;
	size_t len = next_word(&line, &word);
	int number = label(word, len), row = 0;

	if (len == 0 || number < 0)
		return NULL; /* a network card, or the legend */
	while (row < m->n && m->labels[row] != (unsigned)number)
		row++;
	if (row == m->n || m->seen[row])
		return "a row has no column, or comes twice";
	m->seen[row] = true;
	for (int i = 0; i < m->n; i++) {
		len = next_word(&line, &word);
		if (len == 0 || !cell(word, len, &m->cells[row][i]))
			return "a cell says what no link is";
		if ((i == row) != (len == 1 && *word == 'X'))
			return "X must stand for a card and itself";
		m->cells[row][i].a = m->labels[row];
		m->cells[row][i].b = m->labels[i];
	}
	return NULL;
}

static const char *check_matrix(const struct matrix *m)
{
	for (int i = 0; i < m->n; i++) {
		if (!m->seen[i])
			return "a row is missing";
		for (int k = 0; k < i; k++)
			if (m->cells[i][k].count != m->cells[k][i].count || m->labels[i] == m->labels[k])
				return "the matrix is not symmetric";
	}
	return NULL;
}

static int take_links(struct weft_smi *smi, const struct matrix *m)
{
	size_t pairs = (size_t)m->n * (size_t)(m->n + 1) / 2;
	struct weft_smi_link *links = realloc(smi->links, (smi->n_links + pairs + 1) * sizeof(*links));

	if (!links)
		return -1;
	smi->links = links;
	for (int i = 0; i < m->n; i++)
		for (int k = i + 1; k < m->n; k++)
			if (m->cells[i][k].count > 0)
				links[smi->n_links++] = m->cells[i][k];
	return 0;
}

int weft_smi_parse_matrix(struct weft_smi *smi, const char *text, size_t len, struct weft_err *err)
{
	struct lines lines = lines_of(text, len);
	struct matrix *m = calloc(1, sizeof(*m));
	const char *why = m ? NULL : "out of memory";

	while (!why && next_line(&lines)) {
		int n = m->n ? 0 : columns(lines.line, m->labels);

		if (n < 0)
			why = "more than 64 columns";
		else if (n > 0)
			m->n = n;
		else if (m->n)
			why = read_row(m, lines.line);
	}
	if (!why && m->n == 0)
		why = "there is no matrix";
	if (!why)
		why = check_matrix(m);
	if (!why && take_links(smi, m) < 0)
		why = "out of memory";
	free(m);
	return why ? weft_err(err, "line %u: %s", lines.number, why) : 0;
}
