/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_request.c - the request language: what is understood, its canonical form, and every message to the
 * letter.
 */
#include "core/request.h"

#include <check.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/quantity.h"
#include "core/scan.h"

struct pair {
	const char *text, *want;
};

static struct weft_request *parse(const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_request *req = weft_request_parse(text, &err);

	ck_assert_msg(req != NULL, "%s: %s", text, err.text);
	ck_assert_str_eq(err.text, "");
	return req;
}

static void check_canonical(const char *text, const char *want)
{
	struct weft_request *req = parse(text), *again;
	char *canonical = weft_request_canonical(req), *twice;

	ck_assert_msg(!strcmp(canonical, want), "%s: got %s, not %s", text, canonical, want);
	again = parse(canonical);
	twice = weft_request_canonical(again);
	ck_assert_str_eq(twice, canonical);
	weft_request_destroy(again);
	weft_request_destroy(req);
	free(twice);
	free(canonical);
}

static void check_error(const char *text, const char *want)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_request *req = weft_request_parse(text, &err);

	ck_assert_msg(req == NULL, "%s was understood", text);
	ck_assert_msg(!strcmp(err.text, want), "%s: got\n  %s\nnot\n  %s", text, err.text, want);
	ck_assert_ptr_null(weft_request_parse(text, NULL));
}

static void check_inconsistent(const char *text, const char *want)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_request *req = parse(text);

	if (want) {
		ck_assert_msg(weft_alternative_consistent(&req->alts[0], &err) == -1, "%s", text);
		ck_assert_str_eq(err.text, want);
	} else {
		ck_assert_msg(weft_alternative_consistent(&req->alts[0], &err) == 0, "%s: %s", text, err.text);
	}
	weft_request_destroy(req);
}

static const struct pair good[] = {
	{ "16:nvidia/amd/ascend,mem>=64G", "16:nvidia/amd/ascend,mem>=64G" },
	{ "8xh100 | 16xa100 | 16x910b", "8:h100|16:a100|16:910b" },
	{ "2P@bf16", "2P@bf16" },
	{ "2 p @ BF16 : NVIDIA / Ascend", "2P@bf16:nvidia/ascend" },
	{ "2P@bf16 x nvidia", "2P@bf16:nvidia" },
	{ "2P@bf16*nvidia", "2P@bf16:nvidia" },
	{ "2P@bf16:any", "2P@bf16" },
	{ "2PFLOPS@bf16", "2P@bf16" },
	{ "600Tops@int8", "600T@int8" },
	{ "1e3T@bf16", "1P@bf16" },
	{ "2E@fp8", "2E@fp8" },
	{ "2e3T@fp8", "2P@fp8" },
	{ "+2P@bf16", "2P@bf16" },
	{ ".5P@bf16", "500T@bf16" },
	{ "1.P@bf16", "1P@bf16" },
	{ "1000000000T@bf16", "1000E@bf16" },
	{ "1K@bf16", "1K@bf16" },
	{ "1000M@bf16", "1G@bf16" },
	{ "8", "8" },
	{ "008", "8" },
	{ "1000000", "1000000" },
	{ "*", "1" },
	{ "any", "1" },
	{ "ANY", "1" },
	{ "8:any", "8" },
	{ "8*any", "8" },
	{ "8**", "8" },
	{ "8x*", "8" },
	{ "8 x any", "8" },
	{ "h100", "1:h100" },
	{ "  H100\t", "1:h100" },
	{ "8 x H100", "8:h100" },
	{ "8 X H100", "8:h100" },
	{ "8x h100", "8:h100" },
	{ "8 xh100", "8:h100" },
	{ "8*h100", "8:h100" },
	{ "8 : h100", "8:h100" },
	{ "8xxpu", "8:xpu" },
	{ "910b", "1:910b" },
	{ "16x910B", "16:910b" },
	{ "8:4090", "8:4090" },
	{ "7900xtx", "7900:tx" },
	{ "1:7900xtx", "1:7900xtx" },
	{ "8:tesla_p100-pcie-16gb/a.b+c", "8:tesla_p100-pcie-16gb/a.b+c" },
	{ "8:nvidia / amd/NVIDIA", "8:nvidia/amd" },
	{ "8:anyone/company", "8:anyone/company" },
	{ "h100,mem >= 64 GiB , bw>2TB/s", "1:h100,mem>=64G,bw>2T" },
	{ "h100,bw>2000G/s", "1:h100,bw>2T" },
	{ "h100,mem=>64g,mem=<80GB", "1:h100,mem>=64G,mem<=80G" },
	{ "h100,mem<64G,mem>16G", "1:h100,mem>16G,mem<64G" },
	{ "h100,mem==64G,mem=64G", "1:h100,mem=64G" },
	{ "h100,mem>=65536M", "1:h100,mem>=64G" },
	{ "h100,mem>=0.5T", "1:h100,mem>=512G" },
	{ "h100,mem>=0.5G", "1:h100,mem>=512M" },
	{ "h100,mem>=1100G", "1:h100,mem>=1100G" },
	{ "h100,mem>=1536G", "1:h100,mem>=1.5T" },
	{ "h100,mem>=3.3333333333G", "1:h100,mem>=3.3333333333G" },
	{ "h100,tdp<=0.4kW", "1:h100,tdp<=400W" },
	{ "h100,tdp<=1500w", "1:h100,tdp<=1.5kW" },
	{ "h100,bw>=1555G,bw>=3.35T", "1:h100,bw>=1555G,bw>=3.35T" },
	{ "h100,int8>=2POPS,fp8>=1P,fp16>=1979TFLOPS,bf16>=300T,tf32>=150T,fp32>=40T,fp64>=20T",
	  "1:h100,fp64>=20T,fp32>=40T,tf32>=150T,bf16>=300T,fp16>=1979T,fp8>=1P,int8>=2P" },
	{ "16:h100,nodes=2,per_node=8,mem>=64G", "16:h100,mem>=64G,per-node=8,nodes=2" },
	{ "16:h100,pernode = 8 , Nodes == 2 - 4", "16:h100,per-node=8,nodes=2-4" },
	{ "16:h100,Per_Node=8,nodes=2-2", "16:h100,per-node=8,nodes=2" },
	{ "8:h100,\r\n  mem>=64G\r\n", "8:h100,mem>=64G" },
};

START_TEST(understands)
{
	check_canonical(good[_i].text, good[_i].want);
}
END_TEST

START_TEST(fills_in_the_struct)
{
	struct weft_request *req = parse(" 16:nvidia/AMD,mem>=64G,per-node=8,nodes=2-4 | 2P@fp8:910b");
	const struct weft_alternative *a = &req->alts[0], *b = &req->alts[1];

	ck_assert_uint_eq(req->n_alts, 2);
	ck_assert_uint_eq(a->devices, 16);
	ck_assert(a->compute == 0);
	ck_assert_uint_eq(a->column, 2);
	ck_assert_uint_eq(a->n_names, 2);
	ck_assert_str_eq(a->names[1].text, "amd");
	ck_assert_uint_eq(a->names[1].column, 12);
	ck_assert_uint_eq(a->n_predicates, 1);
	ck_assert_uint_eq(a->predicates[0].field, WEFT_FIELD_MEM);
	ck_assert_int_eq(a->predicates[0].op, WEFT_GE);
	ck_assert(a->predicates[0].value == 64);
	ck_assert_uint_eq(a->predicates[0].column, 16);
	ck_assert_uint_eq(a->per_node, 8);
	ck_assert_uint_eq(a->min_nodes, 2);
	ck_assert_uint_eq(a->max_nodes, 4);
	ck_assert_uint_eq(b->devices, 0);
	ck_assert(b->compute == 2000);
	ck_assert_int_eq(b->dtype, WEFT_FP8);
	ck_assert_uint_eq(b->column, 48);
	ck_assert_uint_eq(b->names[0].column, 55);
	ck_assert_uint_eq(b->per_node + b->min_nodes + b->max_nodes, 0);
	weft_request_destroy(req);
	weft_request_destroy(NULL);
}
END_TEST

/* What a vendor prints as 3350 GB/s must be what a user writes as 3.35T. */
START_TEST(decimal_units_are_exact)
{
	struct weft_request *req = parse("h100,bw>=3.35T,bw>=1.555T,bf16>=0.9895P,tdp>=0.7kW");

	ck_assert(req->alts[0].predicates[0].value == 1555);
	ck_assert(req->alts[0].predicates[1].value == 3350);
	ck_assert(req->alts[0].predicates[2].value == 700);
	ck_assert(req->alts[0].predicates[3].value == 989.5);
	weft_request_destroy(req);
}
END_TEST

static const struct pair bad[] = {
	/* emptiness */
	{ "", "the request is empty" },
	{ " \t\r\n", "the request is empty" },
	{ "|h100", "empty alternative at column 1" },
	{ "h100|", "empty alternative at column 6" },
	{ "h100| |a100", "empty alternative at column 7" },
	{ ",mem>=4G", "unexpected \",\" at column 1; a count or a name is expected" },
	{ ":h100", "unexpected \":\" at column 1; a count or a name is expected" },
	{ "\"8:h100\"", "unexpected \"\"\" at column 1; a count or a name is expected" },
	{ "8:", "a name is missing at column 3" },
	{ "8:,mem>=4G", "a name is missing at column 3" },
	{ "8*", "a name is missing at column 3" },
	{ "8x", "a name is missing at column 3" },
	{ "8:/h100", "a name is missing at column 3" },
	{ "8:h100/", "a name is missing at column 8" },
	{ "8:h100//a100", "a name is missing at column 8" },
	{ "16:nvidia,", "an option is missing at column 11" },
	{ "16:nvidia,,mem>=4G", "an option is missing at column 11" },
	{ "16:nvidia,|h100", "an option is missing at column 11" },
	{ "16:nvidia,>=4G", "unexpected \">\" at column 11; an option such as mem>=64G is expected" },
	/* counts */
	{ "0", "the count 0 at column 1 is not allowed; it may be 1 to 1000000" },
	{ "0xh100", "the count 0 at column 1 is not allowed; it may be 1 to 1000000" },
	{ "h100|1000001:a100", "the count 1000001 at column 6 is not allowed; it may be 1 to 1000000" },
	{ "99999999999999999999999",
	  "the count 99999999999999999999999 at column 1 is not allowed; it may be 1 to 1000000" },
	{ "-8:h100", "\"-8\" at column 1 is not a count; a count is a whole number from 1 to 1000000" },
	{ "8.5", "\"8.5\" at column 1 is not a count; a count is a whole number from 1 to 1000000" },
	{ "8 h100", "a \":\" is missing before \"h100\" at column 3" },
	{ "2P@bf16 h100", "a \":\" is missing before \"h100\" at column 9" },
	/* names */
	{ "8:-h100", "\"-h100\" at column 3 is not a name; it must start with a letter or a digit" },
	{ "8::h100", "unexpected \":\" at column 3; a name is expected" },
	{ "8:\"h100\"", "unexpected \"\"\" at column 3; a name is expected" },
	{ "8:h100/any", "\"any\" at column 8 means every card; it cannot be one name of several" },
	{ "8:*/h100", "\"*\" at column 3 means every card; it cannot be one name of several" },
	{ "8:h100;mem>=4G", "unexpected \";\" at column 7; \",\" or \"|\" is expected" },
	{ "8:h100 a100", "unexpected \"a100\" at column 8; \",\" or \"|\" is expected" },
	{ "h100 x 8", "unexpected \"x\" at column 6; \",\" or \"|\" is expected" },
	/* the order of gres users */
	{ "h100:8", "count comes first: write 8:h100, at column 1" },
	{ "a100|h100 : 8", "count comes first: write 8:h100, at column 6" },
	{ "nvidia/amd*8", "count comes first: write 8:nvidia/amd, at column 1" },
	{ "gpu:h100", "a name has no gres prefix: write h100 in place of gpu:h100, at column 1" },
	{ "gpu:h100:8", "a name has no gres prefix: write 8:h100 in place of gpu:h100:8, at column 1" },
	{ "8:gpu:h100", "a name has no gres prefix: write h100 in place of gpu:h100, at column 3" },
	{ "8:h100:8", "unexpected \":\" at column 7; \",\" or \"|\" is expected" },
	{ "h100:", "unexpected \":\" at column 5; a count comes first, as in 8:h100" },
	{ "h100::8", "unexpected \":\" at column 5; a count comes first, as in 8:h100" },
	/* amounts of compute */
	{ "2@bf16", "\"2\" at column 1 needs a unit, for example 2P" },
	{ "@bf16", "\"@\" at column 1 needs an amount of compute before it, for example 2P@bf16" },
	{ "h100@bf16", "\"@\" at column 5 needs an amount of compute before it, for example 2P@bf16" },
	{ "2P@", "a number format is missing at column 4, for example 2P@bf16" },
	{ "2P@,mem>=4G", "a number format is missing at column 4, for example 2P@bf16" },
	{ "2P@bf61", "unknown number format \"bf61\" at column 4; did you mean bf16?" },
	{ "2P@zzzzz", "unknown number format \"zzzzz\" at column 4" },
	{ "2P 3@bf16", "unexpected \"3\" at column 4; \"@\" is expected after an amount of compute" },
	{ "2X@bf16", "unknown unit \"X\" in \"2X\" at column 1; an amount of compute takes K, M, G, T, P or E" },
	{ "-2P@bf16", "\"-2P\" at column 1 must be more than zero" },
	{ "0P@bf16", "\"0P\" at column 1 must be more than zero" },
	{ "9999E@bf16", "\"9999E\" at column 1 is too large; an amount of compute is at most 1000E" },
	{ "0.5K@bf16", "\"0.5K\" at column 1 is too small; an amount of compute is at least 1K" },
	{ "$2P@bf16", "\"$2P\" at column 1 is not a number" },
	/* quantities */
	{ "16,mem>=64", "\"64\" at column 9 needs a unit, for example 64G" },
	{ "8,bw>=2000", "\"2000\" at column 7 needs a unit, for example 2000G" },
	{ "8,tdp<=+400", "\"+400\" at column 8 needs a unit, for example 400W" },
	{ "8,bf16>=300,mem>4G", "\"300\" at column 9 needs a unit, for example 300T" },
	{ "16,mem>=64X", "unknown unit \"X\" in \"64X\" at column 9; mem takes M, G or T" },
	{ "8,mem>=64 foo", "unknown unit \"foo\" in \"64 foo\" at column 8; mem takes M, G or T" },
	{ "8,mem>=64GBs", "unknown unit \"GBs\" in \"64GBs\" at column 8; mem takes M, G or T" },
	{ "8,bw>=64M", "unknown unit \"M\" in \"64M\" at column 7; bw takes G or T" },
	{ "8,tdp<=4MW", "unknown unit \"MW\" in \"4MW\" at column 8; tdp takes W or kW" },
	{ "8,bf16>=3K", "unknown unit \"K\" in \"3K\" at column 9; bf16 takes T or P" },
	{ "8,mem>=64G foo", "unexpected \"foo\" at column 12; \",\" or \"|\" is expected" },
	{ "8,mem>=nan", "\"nan\" at column 8 is not a number" },
	{ "8,mem>=infG", "\"infG\" at column 8 is not a number" },
	{ "8,mem>=.G", "\".G\" at column 8 is not a number" },
	{ "8,mem>=0x10G", "\"0x10G\" at column 8 must be more than zero" },
	{ "8,mem>=1e999G", "\"1e999G\" at column 8 is too large; mem is at most 1024T" },
	{ "8,mem>=1e99999999999999G", "\"1e99999999999999G\" at column 8 is too large; mem is at most 1024T" },
	{ "8,mem>=1e-999G", "\"1e-999G\" at column 8 must be more than zero" },
	{ "8,mem>=0", "\"0\" at column 8 must be more than zero" },
	{ "8,mem>=-64G", "\"-64G\" at column 8 must be more than zero" },
	{ "8,mem>=2048T", "\"2048T\" at column 8 is too large; mem is at most 1024T" },
	{ "8,mem>=0.5M", "\"0.5M\" at column 8 is too small; mem is at least 1M" },
	{ "8,bw>=2000T", "\"2000T\" at column 7 is too large; bw is at most 1000T" },
	{ "8,bw>=0.5G", "\"0.5G\" at column 7 is too small; bw is at least 1G" },
	{ "8,tdp>=0.5W", "\"0.5W\" at column 8 is too small; tdp is at least 1W" },
	{ "8,tdp>=2000kW", "\"2000kW\" at column 8 is too large; tdp is at most 1000kW" },
	{ "8,int8>=2000P", "\"2000P\" at column 9 is too large; int8 is at most 1000P" },
	{ "8,fp8>=1e-5T", "\"1e-5T\" at column 8 is too small; fp8 is at least 0.001T" },
	{ "8,mem>=00000000000000000000000000000000000000000000000000000000000000001G",
	  "the number at column 8 has 65 characters; at most 64 are allowed" },
	/* options and comparisons */
	{ "16:h100,pernod=8", "unknown option \"pernod\" at column 9; did you mean per-node?" },
	{ "8,mme>=4G", "unknown option \"mme\" at column 3; did you mean mem?" },
	{ "16:nvidia,amd", "unknown option \"amd\" at column 11; names are joined with \"/\"" },
	{ "16:nvidia,amd/ascend", "unknown option \"amd\" at column 11; names are joined with \"/\"" },
	{ "8,aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg=1",
	  "unknown option \"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeee...\" at column 3" },
	{ "8,mem", "mem at column 3 needs a comparison, for example mem>=64G" },
	{ "8,bw,mem>4G", "bw at column 3 needs a comparison, for example bw>=2T" },
	{ "8,tdp 400W", "tdp at column 3 needs a comparison, for example tdp<=400W" },
	{ "8,fp64", "fp64 at column 3 needs a comparison, for example fp64>=20T" },
	{ "8,fp32", "fp32 at column 3 needs a comparison, for example fp32>=40T" },
	{ "8,tf32", "tf32 at column 3 needs a comparison, for example tf32>=150T" },
	{ "8,bf16", "bf16 at column 3 needs a comparison, for example bf16>=300T" },
	{ "8,fp16", "fp16 at column 3 needs a comparison, for example fp16>=300T" },
	{ "8,fp8", "fp8 at column 3 needs a comparison, for example fp8>=1P" },
	{ "8,int8", "int8 at column 3 needs a comparison, for example int8>=600T" },
	{ "8,mem>=", "mem at column 3 needs a value, for example mem>=64G" },
	{ "8,mem>= ,bw>2T", "mem at column 3 needs a value, for example mem>=64G" },
	{ "8,mem!=64G", "unknown comparison \"!=\" at column 6; use >=, >, <=, < or =" },
	{ "8,mem<>64G", "unknown comparison \"<>\" at column 6; use >=, >, <=, < or =" },
	{ "8,mem>>64G", "unknown comparison \">>\" at column 6; use >=, >, <=, < or =" },
	{ "8,per-node~8", "unknown comparison \"~\" at column 11; use >=, >, <=, < or =" },
	{ "8,per-node", "per-node at column 3 needs a value, for example per-node=8" },
	{ "8,per-node 8", "per-node at column 3 needs a value, for example per-node=8" },
	{ "8,per-node=", "per-node at column 3 needs a value, for example per-node=8" },
	{ "8,per-node>=8", "per-node at column 3 takes \"=\" only, for example per-node=8" },
	{ "8,per-node=8x", "per-node takes a whole number from 1 to 1000000, not \"8x\", at column 12" },
	{ "8,per-node=8.5", "per-node takes a whole number from 1 to 1000000, not \"8.5\", at column 12" },
	{ "8,per-node=0", "per-node takes a whole number from 1 to 1000000, not \"0\", at column 12" },
	{ "8,per-node=-1", "per-node takes a whole number from 1 to 1000000, not \"-1\", at column 12" },
	{ "8,per-node=9999999", "per-node takes a whole number from 1 to 1000000, not \"9999999\", at column 12" },
	{ "8,per-node=8,per_node=8", "per-node is given twice, at columns 3 and 14" },
	{ "8,nodes=2,nodes=3", "nodes is given twice, at columns 3 and 11" },
	{ "8,nodes", "nodes at column 3 needs a value, for example nodes=2 or nodes=2-4" },
	{ "8,nodes<4", "nodes at column 3 takes \"=\" only, for example nodes=2 or nodes=2-4" },
	{ "8,nodes=0", "nodes takes a whole number from 1 to 100000, not \"0\", at column 9" },
	{ "8,nodes=100001", "nodes takes a whole number from 1 to 100000, not \"100001\", at column 9" },
	{ "8,nodes=2-", "nodes=2- at column 3 needs a second number, for example nodes=2-4" },
	{ "8,nodes=2-,mem>4G", "nodes=2- at column 3 needs a second number, for example nodes=2-4" },
	{ "8,nodes=2-x", "nodes takes a whole number from 1 to 100000, not \"x\", at column 11" },
	{ "8,nodes=4-2", "nodes=4-2 at column 9: the smaller number comes first" },
	/* bytes */
	{ "8:h1\x1b[31m", "control character 0x1b at column 5" },
	{ "h100\x7f", "control character 0x7f at column 5" },
	{ "8:\xc3\xa4", "byte 0xc3 at column 3 is not ASCII" },
	{ "8,mem\xe2\x89\xa5"
	  "4G",
	  "byte 0xe2 at column 6 is not ASCII" },
};

START_TEST(explains)
{
	check_error(bad[_i].text, bad[_i].want);
}
END_TEST

/* PART, N times with SEPARATOR between. */
static char *repeat(const char *part, const char *separator, size_t n)
{
	size_t size = n * (strlen(part) + strlen(separator)) + 1, used = 0;
	char *text = calloc(1, size);

	for (size_t i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? separator : "", part);
	return text;
}

static void check_repeated(const char *head, const char *part, const char *separator, size_t n, const char *want)
{
	char *tail = repeat(part, separator, n), *text = NULL;

	ck_assert_int_gt(asprintf(&text, "%s%s", head, tail), 0);
	if (want)
		check_error(text, want);
	else
		weft_request_destroy(parse(text));
	free(text);
	free(tail);
}

START_TEST(limits)
{
	char name[WEFT_NAME_MAX + 2] = "", names[WEFT_REQUEST_MAX_NAMES * 4 + 8] = "8:n0";
	size_t used;

	check_repeated("", "a", "", 102400, "the request has 102400 bytes; at most 4096 are allowed");
	check_repeated("8", " ", "", 4095, NULL);
	check_repeated("8", " ", "", 4096, "the request has 4097 bytes; at most 4096 are allowed");
	check_repeated("", "h100", "|", 16, NULL);
	check_repeated("", "h100", "|", 17, "more than 16 alternatives at column 81");
	check_repeated("8,", "mem>4G", ",", 16, NULL);
	check_repeated("8,", "mem>4G", ",", 17, "more than 16 conditions at column 115");

	memset(name, 'a', WEFT_NAME_MAX);
	check_repeated("8:", name, "", 1, NULL);
	name[WEFT_NAME_MAX] = 'a';
	check_repeated("8:", name, "", 1, "the name at column 3 has 65 characters; at most 64 are allowed");
	check_repeated("2P@", name, "", 1,
		       "unknown number format \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\" at column 4");

	used = strlen(names);
	for (int i = 1; i < WEFT_REQUEST_MAX_NAMES; i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "/n%d", i);
	check_canonical(names, names);
	snprintf(names + used, sizeof(names) - used, "/n99");
	check_error(names, "more than 32 names in one set at column 121");
}
END_TEST

/* 16 alternatives that fill 4096 bytes, each of which grows by "1:" in the canonical form. */
START_TEST(canonical_form_is_within_the_limit_too)
{
	char text[WEFT_REQUEST_MAX_BYTES + 1] = "", alt[257], want[128];
	size_t used = 0;

	for (int i = 0; i < 16; i++) {
		size_t n = i == 15 ? 256 : 255;

		memset(alt, 'a', n);
		for (size_t k = 50; k < n; k += 50)
			alt[k] = '/';
		for (size_t k = 0; k < n; k += 50) /* all different */
			alt[k + (k ? 1 : 0)] = (char)('b' + k / 50);
		alt[n] = '\0';
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? "|" : "", alt);
	}
	ck_assert_uint_eq(used, WEFT_REQUEST_MAX_BYTES);
	snprintf(want, sizeof(want), "the request has %zu bytes in its canonical form; at most 4096 are allowed",
		 used + 32);
	check_error(text, want);
	text[used - 32] = '\0';
	weft_request_destroy(parse(text));
}
END_TEST

static const struct pair inconsistent[] = {
	{ "8:h100,mem>=80G,mem<40G", "mem>=80G at column 8 and mem<40G at column 17 contradict each other" },
	{ "8:h100,mem<40G,mem>=80G", "mem<40G at column 8 and mem>=80G at column 16 contradict each other" },
	{ "8,mem>80G,mem<=80G", "mem>80G at column 3 and mem<=80G at column 11 contradict each other" },
	{ "8,mem>=80G,mem<80G", "mem>=80G at column 3 and mem<80G at column 12 contradict each other" },
	{ "8,mem>80G,mem<80G", "mem>80G at column 3 and mem<80G at column 11 contradict each other" },
	{ "8,mem=80G,mem=81G", "mem=80G at column 3 and mem=81G at column 11 contradict each other" },
	{ "8,mem=80G,mem>=81G", "mem=80G at column 3 and mem>=81G at column 11 contradict each other" },
	{ "8,mem=80G,mem>80G", "mem=80G at column 3 and mem>80G at column 11 contradict each other" },
	{ "8,mem<80G,mem=80G", "mem<80G at column 3 and mem=80G at column 11 contradict each other" },
	{ "8,mem<=79G,mem=80G", "mem<=79G at column 3 and mem=80G at column 12 contradict each other" },
	{ "8,bf16>=2P,bf16<=300T", "bf16>=2P at column 3 and bf16<=300T at column 12 contradict each other" },
	{ "8,mem>=80G,mem<=80G", NULL },
	{ "8,mem=80G,mem>=80G,mem<=80G", NULL },
	{ "8,mem>=80G,mem>=40G,mem<100G,mem<=200G", NULL },
	{ "8,mem>=80G,bw<=40G", NULL },
	{ "8,bf16>=300T,fp16<=200T", NULL },
	{ "8:h100,nodes=3,per-node=4", "8 cards on 3 nodes with 4 on each: 3 x 4 is 12" },
	{ "8:h100,nodes=1,per-node=4", "8 cards on 1 node with 4 on each: 1 x 4 is 4" },
	{ "8:h100,nodes=8,per-node=1000000", "8 cards on 8 nodes with 1000000 on each: 8 x 1000000 is 8000000" },
	{ "1000000:h100,nodes=100000,per-node=1000000",
	  "1000000 cards on 100000 nodes with 1000000 on each: 100000 x 1000000 is 100000000000" },
	{ "8:h100,nodes=3-5,per-node=4", "8 cards on 3-5 nodes with 4 on each: that takes 2" },
	{ "16:h100,nodes=1-2,per-node=4", "16 cards on 1-2 nodes with 4 on each: that takes 4" },
	{ "8:h100,per-node=3", "8 cards with 3 on each node: 8 is not a multiple of 3" },
	{ "8:h100,per-node=16", "8 cards with 16 on each node: 16 is more than 8" },
	{ "h100,per-node=2", "1 card with 2 on each node: 2 is more than 1" },
	{ "h100,nodes=2", "1 card on 2 nodes: each node needs at least one" },
	{ "8:h100,nodes=16", "8 cards on 16 nodes: each node needs at least one" },
	{ "8:h100,nodes=12-16,per-node=1", "8 cards on 12-16 nodes: each node needs at least one" },
	{ "8:h100,nodes=2,per-node=4", NULL },
	{ "8:h100,nodes=1-4,per-node=4", NULL },
	{ "8:h100,nodes=4-16", NULL },
	{ "10:h100,nodes=4", NULL },
	{ "8:h100,per-node=8", NULL },
	{ "8:h100,nodes=8", NULL },
	{ "2P@bf16,nodes=3,per-node=7", NULL },
};

START_TEST(finds_contradictions)
{
	check_inconsistent(inconsistent[_i].text, inconsistent[_i].want);
}
END_TEST

static const char catalogue_text[] =
	"{\"format\": 1, \"vendors\": [{\"name\": \"nvidia\", \"title\": \"NVIDIA\"},"
	" {\"name\": \"ascend\", \"title\": \"Ascend\", \"aliases\": [\"huawei\"]}],"
	" \"models\": ["
	"{\"name\": \"h100-sxm5-80gb\", \"vendor\": \"nvidia\", \"title\": \"SXM\", \"family\": \"h100\","
	" \"gres_types\": [\"h100sxm\"], \"mem_gib\": 80, \"bw_gbs\": 3350, \"tdp_w\": 700,"
	" \"tflops\": {\"bf16\": 989.4}},"
	"{\"name\": \"h100-pcie-80gb\", \"vendor\": \"nvidia\", \"title\": \"PCIe\", \"family\": \"h100\","
	" \"mem_gib\": 80, \"bw_gbs\": 2039, \"tdp_w\": 350, \"tflops\": {\"bf16\": 756}},"
	"{\"name\": \"ascend-910b\", \"vendor\": \"ascend\", \"title\": \"910B\", \"gres_types\": [\"910b\"],"
	" \"mem_gib\": 64}]}";

static struct weft_catalogue *catalogue(void)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_catalogue *cat =
		weft_catalogue_parse("test.json", catalogue_text, strlen(catalogue_text), NULL, NULL, 0, &err);

	ck_assert_msg(cat != NULL, "%s", err.text);
	return cat;
}

static const struct pair names[] = {
	{ "8:h100", NULL },
	{ "8:nvidia/Huawei/ascend", NULL },
	{ "8:910b/ascend_910b/H100_SXM5-80GB/h100sxm", NULL },
	{ "8:gpu|8:mi300_x/MI300-X", NULL },
	{ "2P@bf16", NULL },
	{ "8:h10", "unknown model \"h10\" at column 3; did you mean h100?" },
	{ "8:zzz", "unknown model \"zzz\" at column 3" },
	{ "8:h100|8:nvidia/nvidai", "unknown model \"nvidai\" at column 17; did you mean nvidia?" },
	{ "8:huawie", "unknown model \"huawie\" at column 3; did you mean huawei?" },
	{ "8:mi300y", "unknown model \"mi300y\" at column 3; did you mean mi300_x?" },
	{ "8:gpux", "unknown model \"gpux\" at column 3; did you mean gpu?" },
};

START_TEST(knows_names)
{
	char gpu[] = "gpu", type[] = "mi300_x", *words[] = { gpu, type, NULL };
	struct weft_catalogue *cat = catalogue();
	struct weft_request *req = parse(names[_i].text);
	struct weft_err err = WEFT_ERR_INIT;
	int rv = weft_request_check(req, cat, words, &err);

	ck_assert_msg(rv == (names[_i].want ? -1 : 0), "%s: %s", names[_i].text, err.text);
	ck_assert_str_eq(err.text, names[_i].want ? names[_i].want : "");
	weft_request_destroy(req);
	weft_catalogue_destroy(cat);
}
END_TEST

START_TEST(cluster_words_may_be_missing)
{
	struct weft_catalogue *cat = catalogue();
	struct weft_request *req = parse("8:gpu");
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_int_eq(weft_request_check(req, cat, NULL, &err), -1);
	ck_assert_str_eq(err.text, "unknown model \"gpu\" at column 3");
	weft_request_destroy(req);
	weft_catalogue_destroy(cat);
}
END_TEST

static bool holds(const char *predicate, const struct weft_model *model)
{
	struct weft_request *req;
	char text[64];
	bool yes;

	snprintf(text, sizeof(text), "1,%s", predicate);
	req = parse(text);
	yes = weft_predicate_holds(&req->alts[0].predicates[0], model);
	weft_request_destroy(req);
	return yes;
}

/* A family holds a predicate only when all its variants do; what is not known holds nothing. */
START_TEST(predicates_hold_for_certain)
{
	struct weft_catalogue *cat = catalogue();
	const struct weft_model *sxm = weft_catalogue_find_model(cat, "h100-sxm5-80gb");
	const struct weft_model *family = weft_catalogue_find_model(cat, "h100");
	const struct weft_model *b = weft_catalogue_find_model(cat, "ascend-910b");
	struct weft_predicate strange = { .field = WEFT_FIELD_MEM, .op = (enum weft_op)99 };

	ck_assert(holds("mem>=80G", sxm) && !holds("mem>80G", sxm) && holds("mem>79G", sxm));
	ck_assert(holds("mem<=80G", sxm) && !holds("mem<80G", sxm) && holds("mem<81G", sxm));
	ck_assert(holds("mem=80G", sxm) && !holds("mem=81G", sxm));
	ck_assert(holds("bw>=3.35T", sxm) && holds("tdp<=700W", sxm) && holds("bf16>=0.98P", sxm));
	ck_assert(holds("mem=80G", family) && !holds("bw=2039G", family));
	ck_assert(holds("bw>=2039G", family) && !holds("bw>=2040G", family));
	ck_assert(holds("tdp<=700W", family) && !holds("tdp<=600W", family) && !holds("tdp<700W", family));
	ck_assert(holds("mem>=64G", b) && !holds("bw>=1G", b) && !holds("bw<=900T", b) && !holds("fp8>=1T", b));
	ck_assert(!holds("mem>=1M", NULL) && !holds("mem<=1T", NULL));
	ck_assert(!weft_predicate_holds(&strange, sxm));
	strange = (struct weft_predicate){ .field = WEFT_FIELDS, .op = WEFT_GE };
	ck_assert(!weft_predicate_holds(&strange, sxm));
	weft_catalogue_destroy(cat);
}
END_TEST

static void check_quantity(unsigned field, double value, const char *want)
{
	char buf[64];

	ck_assert_str_eq(weft_quantity_text(field, value, buf, sizeof(buf)), want);
}

START_TEST(quantities)
{
	check_quantity(WEFT_FIELD_MEM, 96, "96G");
	check_quantity(WEFT_FIELD_MEM, 0, "0G");
	check_quantity(WEFT_FIELD_MEM, 0.25, "256M");
	check_quantity(WEFT_FIELD_MEM, 2048, "2T");
	check_quantity(WEFT_FIELD_MEM, NAN, "unknown");
	check_quantity(WEFT_FIELD_MEM, INFINITY, "unknown");
	check_quantity(WEFT_FIELD_BW, 3350, "3.35T");
	check_quantity(WEFT_FIELD_BW, 4000, "4T");
	check_quantity(WEFT_FIELD_TDP, 700, "700W");
	check_quantity(WEFT_FIELD_TFLOPS + WEFT_BF16, 989.4, "989.4T");
	check_quantity(WEFT_COMPUTE, 1e6, "1E");
	check_quantity(WEFT_FIELD_BW, -5, "-5G");
	check_quantity(WEFT_FIELD_BW, 1234567, "1234567G");
	ck_assert_str_eq(weft_field_name(WEFT_FIELD_MEM), "mem");
	ck_assert_str_eq(weft_field_name(WEFT_FIELD_BW), "bw");
	ck_assert_str_eq(weft_field_name(WEFT_FIELD_TDP), "tdp");
	ck_assert_str_eq(weft_field_name(WEFT_FIELD_TFLOPS + WEFT_INT8), "int8");
}
END_TEST

START_TEST(parts_of_a_request)
{
	struct weft_request *req = parse("8:h100,bw>=2T,nodes=1,mem>=64G|16:a100");
	char *text = weft_alternative_canonical(&req->alts[1]);

	ck_assert_str_eq(text, "16:a100");
	free(text);
	text = weft_predicates_text(&req->alts[0]);
	ck_assert_str_eq(text, "mem>=64G,bw>=2T");
	free(text);
	text = weft_predicates_text(&req->alts[1]);
	ck_assert_str_eq(text, "");
	free(text);
	weft_request_destroy(req);
}
END_TEST

/* slurmctld and sbatch may run where people write 1,5. */
START_TEST(locale_does_not_matter)
{
	static const char *const locales[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE", NULL };
	bool set = false;

	for (const char *const *l = locales; *l && !set; l++)
		set = setlocale(LC_ALL, *l) != NULL;
	if (!set)
		fprintf(stderr, "no locale with a decimal comma is installed; tested with the default one\n");
	check_canonical("1.5P@bf16,mem>=2.5G", "1.5P@bf16,mem>=2.5G");
	setlocale(LC_ALL, "C");
}
END_TEST

/* Random requests: what is written is what is read. */

#define SEED UINT64_C(20240229)
#define ROUNDS 5000

static uint64_t state;

static unsigned rnd(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 16) % n);
}

static double random_value(unsigned field)
{
	const struct weft_measure *m = weft_measure_of(field);
	const double kinds[] = { 1 + rnd(2000), (1 + rnd(100000)) / 1000.0,
				 m->min * exp(rnd(1000000) / 1e6 * log(m->max / m->min)),
				 ldexp(1 + rnd(1u << 30), -20) };
	double v = kinds[rnd(4)];

	return v < m->min ? m->min : v > m->max ? m->max : v;
}

static void random_alternative(struct weft_alternative *alt)
{
	static const char *const some[] = { "h100", "910b", "nvidia", "amd", "a.b", "x-1_2", "4090", "7900xtx" };

	memset(alt, 0, sizeof(*alt));
	alt->names = calloc(8, sizeof(*alt->names));
	alt->predicates = calloc(8, sizeof(*alt->predicates));
	if (rnd(3) == 0) {
		alt->compute = random_value(WEFT_COMPUTE);
		alt->dtype = (enum weft_dtype)rnd(WEFT_DTYPES);
	} else {
		alt->devices = 1 + rnd(rnd(2) ? 16 : WEFT_REQUEST_MAX_DEVICES);
	}
	for (unsigned i = 0, skip = rnd(3); i < 8 && rnd(2); i += 1 + skip)
		snprintf(alt->names[alt->n_names++].text, WEFT_NAME_MAX + 1, "%s", some[i]);
	for (unsigned f = rnd(WEFT_FIELDS); f < WEFT_FIELDS && alt->n_predicates < 8; f += 1 + rnd(4)) {
		struct weft_predicate *p = &alt->predicates[alt->n_predicates++];

		p->field = f;
		p->op = (enum weft_op)rnd(5);
		p->value = random_value(f);
	}
	alt->per_node = rnd(2) ? 1 + rnd(16) : 0;
	alt->min_nodes = rnd(2) ? 1 + rnd(WEFT_REQUEST_MAX_NODES) : 0;
	alt->max_nodes = alt->min_nodes ? alt->min_nodes + rnd(WEFT_REQUEST_MAX_NODES + 1 - alt->min_nodes) : 0;
}

static bool same_alternative(const struct weft_alternative *a, const struct weft_alternative *b)
{
	if (a->devices != b->devices || a->compute != b->compute || a->dtype != b->dtype ||
	    a->per_node != b->per_node || a->min_nodes != b->min_nodes || a->max_nodes != b->max_nodes ||
	    a->n_names != b->n_names || a->n_predicates != b->n_predicates)
		return false;
	for (size_t i = 0; i < a->n_names; i++) {
		if (strcmp(a->names[i].text, b->names[i].text))
			return false;
	}
	for (size_t i = 0; i < a->n_predicates; i++) {
		const struct weft_predicate *p = &a->predicates[i], *q = &b->predicates[i];

		if (p->field != q->field || p->op != q->op || p->value != q->value)
			return false;
	}
	return true;
}

static bool same_request(const struct weft_request *a, const struct weft_request *b)
{
	if (a->n_alts != b->n_alts)
		return false;
	for (size_t i = 0; i < a->n_alts; i++) {
		if (!same_alternative(&a->alts[i], &b->alts[i]))
			return false;
	}
	return true;
}

/* TEXT with random case, and white space where it is forgiven. */
static char *disguise(const char *text)
{
	char *out = calloc(1, 4 * strlen(text) + 4);
	size_t n = 0;

	for (; *text; text++) {
		bool joint = strchr(",|:/@", *text) != NULL;

		if (joint && rnd(2))
			out[n++] = " \t"[rnd(2)];
		out[n++] = *text >= 'a' && *text <= 'z' && rnd(2) ? (char)(*text - 'a' + 'A') : *text;
		if (joint && rnd(2))
			out[n++] = ' ';
	}
	return out;
}

START_TEST(random_requests_survive)
{
	printf("random requests: seed %" PRIu64 ", %d rounds\n", SEED, ROUNDS);
	state = SEED;
	for (int round = 0; round < ROUNDS; round++) {
		struct weft_alternative alts[3];
		struct weft_request req = { .alts = alts, .n_alts = 1 + rnd(3) }, *plain, *disguised;
		char *text, *other;

		for (size_t i = 0; i < req.n_alts; i++)
			random_alternative(&alts[i]);
		text = weft_request_canonical(&req);
		other = disguise(text);
		plain = parse(text);
		disguised = parse(other);
		ck_assert_msg(same_request(&req, plain), "round %d: %s", round, text);
		ck_assert_msg(same_request(&req, disguised), "round %d: %s", round, other);
		for (size_t i = 0; i < req.n_alts; i++) {
			free(alts[i].names);
			free(alts[i].predicates);
		}
		weft_request_destroy(disguised);
		weft_request_destroy(plain);
		free(other);
		free(text);
	}
}
END_TEST

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
	Suite *s = suite_create("request");
	TCase *t = tcase_create("request");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, understands, 0, LENGTH(good));
	tcase_add_test(t, fills_in_the_struct);
	tcase_add_test(t, decimal_units_are_exact);
	tcase_add_loop_test(t, explains, 0, LENGTH(bad));
	tcase_add_test(t, limits);
	tcase_add_test(t, canonical_form_is_within_the_limit_too);
	tcase_add_loop_test(t, finds_contradictions, 0, LENGTH(inconsistent));
	tcase_add_loop_test(t, knows_names, 0, LENGTH(names));
	tcase_add_test(t, cluster_words_may_be_missing);
	tcase_add_test(t, predicates_hold_for_certain);
	tcase_add_test(t, quantities);
	tcase_add_test(t, parts_of_a_request);
	tcase_add_test(t, locale_does_not_matter);
	tcase_add_test(t, random_requests_survive);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
