# SPDX-License-Identifier: GPL-2.0-or-later
# plot_burst.awk - what burst.c printed, as SVG: cost over the mean wait (logarithmic), a line for each policy, the forecast
# blue and the others grey.
#
#	awk -v title='512 cards' -f plot_burst.awk FILE > burst.svg

BEGIN {
	FS = "\t"
	width = 760; height = 460; left = 80; right = 130; top = 46; bottom = 56
	dashes["cost"] = ""; dashes["run time"] = "7 4"; dashes["constant"] = "2 3"; dashes["forecast"] = ""
}

/^#/ && $6 > 0 {
	name = $3 == "zero" ? "constant" : $3
	if (!(name in count))
		order[++n_names] = name
	k = ++count[name]
	x[name, k] = $6; y[name, k] = $7
	if (!low || $6 < low) low = $6
	if ($6 > high) high = $6
	if ($7 > most) most = $7
}

END {
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n", width, height
	printf "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n", width, height
	printf "<text x=\"%d\" y=\"24\" font-size=\"15\">%s</text>\n", left, title
	if (n_names) {
		axes()
		for (i = 1; i <= n_names; i++)
			draw(order[i], i)
	} else
		printf "<text x=\"%d\" y=\"%d\">nothing was measured</text>\n", left, height / 2
	print "</svg>"
}

function px(v)
{
	return high == low ? (left + width - right) / 2 : left + (width - left - right) * log(v / low) / log(high / low)
}

function py(v)
{
	return height - bottom - (height - top - bottom) * v / most
}

function axes(    v, step, e)
{
	step = 10 ^ int(log(most) / log(10))
	if (most / step < 3) step /= 2
	for (v = 0; v <= most; v += step) {
		printf "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", left, width - right, py(v), py(v)
		printf "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n", left - 8, py(v) + 4, v
	}
	for (e = -3; e < 4; e++)
		for (v = 1; v <= 5; v += v < 2 ? 1 : 3) {
			if (v * 10 ^ e < low || v * 10 ^ e > high)
				continue
			printf "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#ddd\"/>\n", px(v * 10 ^ e), px(v * 10 ^ e), top, height - bottom
			printf "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g</text>\n", px(v * 10 ^ e), height - bottom + 18, v * 10 ^ e
		}
	printf "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">mean wait, h</text>\n", (left + width - right) / 2, height - 14
	printf "<text x=\"%d\" y=\"%d\">cost</text>\n", left - 60, top - 8
}

# Its points in the order of their waits.
function draw(name, place,    i, k, t, path, colour, ly)
{
	for (i = 2; i <= count[name]; i++)
		for (k = i; k > 1 && x[name, k] < x[name, k - 1]; k--) {
			t = x[name, k]; x[name, k] = x[name, k - 1]; x[name, k - 1] = t
			t = y[name, k]; y[name, k] = y[name, k - 1]; y[name, k - 1] = t
		}
	colour = name == "forecast" ? "#06c" : "#888"
	for (k = 1; k <= count[name]; k++) {
		path = path sprintf("%s%.1f,%.1f", k > 1 ? " " : "", px(x[name, k]), py(y[name, k]))
		printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", px(x[name, k]), py(y[name, k]), colour
	}
	printf "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>\n", path, colour, dashes[name]
	ly = top + 16 * place
	printf "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>\n", width - right + 12, width - right + 40, ly - 4, ly - 4, colour, dashes[name]
	printf "<text x=\"%d\" y=\"%d\">%s</text>\n", width - right + 46, ly, name
}
