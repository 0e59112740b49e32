# SPDX-License-Identifier: GPL-2.0-or-later
# random.awk - random numbers for the scripts that write histories: the same for the same -v seed=N and every awk.

# A whole number from 0 to N - 1 (Park and Miller: exact in the doubles of every awk).
function random(n)
{
	seed = seed * 16807 % 2147483647
	return int(seed / 2147483647 * n)
}

function chance(percent)
{
	return random(100) < percent
}

function between(low, high)
{
	return low + random(high - low + 1)
}

# One word of LIST.
function one_of(list,    words)
{
	return words[random(split(list, words, " ")) + 1]
}
