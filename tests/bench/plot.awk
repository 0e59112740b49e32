# SPDX-License-Identifier: GPL-2.0-or-later
# plot.awk - one measure of scale.tsv over the number of nodes, both axes logarithmic, as SVG: a line for each
# scenario, queue and mode, grey without Weft and blue with it.
#
#	awk -v measure=main.cpu -v title='main cycle' -v unit=µs -f plot.awk scale.tsv > main.svg

BEGIN {
	FS = "\t"
	width = 760; height = 460; left = 80; right = 190; top = 46; bottom = 56
	if (!title) title = measure
	dashes[1] = ""; dashes[2] = "7 4"; dashes[3] = "2 3"; dashes[4] = "10 3 2 3"
}

FNR > 1 && $7 == measure && $8 > 0 && $2 != "alternatives" {
	series = $2 ", " $4 " jobs" FS $5
	if (!(series in seen)) {
		seen[series] = 1
		order[++n_series] = series
	}
	values[series, $3] = values[series, $3] " " $8
	sizes[$3] = 1
}

END {
	for (s = 1; s <= n_series; s++)
		for (size in sizes)
			if ((order[s], size) in values)
				extend(size + 0, at[order[s], size] = median(values[order[s], size]))
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n", width, height
	printf "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n", width, height
	printf "<text x=\"%d\" y=\"24\" font-size=\"15\">%s%s</text>\n", left, title, unit == "µs" ? "" : ", " unit
	if (n_series) {
		axes()
		for (s = 1; s <= n_series; s++)
			draw(s)
	} else
		printf "<text x=\"%d\" y=\"%d\">nothing was measured</text>\n", left, height / 2
	print "</svg>"
}

function extend(x, y)
{
	if (!low_x || x < low_x) low_x = x
	if (x > high_x) high_x = x
	if (!low_y || y < low_y) low_y = y
	if (y > high_y) high_y = y
}

function log10(x)
{
	return log(x) / log(10)
}

function px(x)
{
	return high_x == low_x ? (left + width - right) / 2 :
		left + (width - left - right) * (log(x) - log(low_x)) / (log(high_x) - log(low_x))
}

function py(y)
{
	return height - bottom - (height - top - bottom) * (log10(y) - first) / (last - first)
}

function axes(    e, size)
{
	first = floor(log10(low_y)); last = floor(log10(high_y)) + 1
	for (e = first; e <= last; e++) {
		printf "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", left, width - right, py(10 ^ e), py(10 ^ e)
		printf "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", left - 8, py(10 ^ e) + 4, power(e)
	}
	for (size in sizes) {
		printf "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#ddd\"/>\n", px(size), px(size), top, height - bottom
		printf "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", px(size), height - bottom + 18, size
	}
	printf "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">nodes of 8 cards</text>\n", (left + width - right) / 2, height - 14
}

function power(e)
{
	if (unit != "µs")
		return 10 ^ e
	return e < 3 ? 10 ^ e " µs" : e < 6 ? 10 ^ (e - 3) " ms" : 10 ^ (e - 6) " s"
}

function draw(s,    part, path, i, n, sorted, colour, name, y, x)
{
	split(order[s], part, FS)
	if (!(part[1] in dash_of))
		dash_of[part[1]] = dashes[++n_dashes > 4 ? 4 : n_dashes]
	colour = part[2] == "stock" ? "#888" : "#06c"
	n = 0
	for (i in sizes)
		if ((order[s], i) in at)
			sorted[++n] = i + 0
	sort(sorted, n)
	for (i = 1; i <= n; i++) {
		x = px(sorted[i]); y = py(at[order[s], sorted[i]])
		path = path sprintf("%s%.1f,%.1f", i > 1 ? " " : "", x, y)
		printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", x, y, colour
	}
	printf "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>\n", path, colour, dash_of[part[1]]
	y = top + 16 * s
	printf "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>\n", width - right + 12, width - right + 40, y - 4, y - 4, colour, dash_of[part[1]]
	printf "<text x=\"%d\" y=\"%d\">%s, %s</text>\n", width - right + 46, y, part[2], part[1]
}

function floor(x)
{
	return x < int(x) ? int(x) - 1 : int(x)
}

function sort(v, n,    i, k, x)
{
	for (i = 2; i <= n; i++) {
		x = v[i]
		for (k = i - 1; k >= 1 && v[k] > x; k--)
			v[k + 1] = v[k]
		v[k + 1] = x
	}
}

function median(text,    v, n)
{
	n = split(text, v, " ")
	for (i = 1; i <= n; i++)
		v[i] += 0
	sort(v, n)
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
