/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cards.h - a small catalogue for the tests of inventory and plan; its figures are made up to be easy to reckon with.
 */
#ifndef WEFT_TESTS_CARDS_H
#define WEFT_TESTS_CARDS_H

#define CARD(name, vendor, family, mem, bw, bf16, tdp, types) \
	"{\"name\":\"" name "\",\"vendor\":\"" vendor "\",\"family\":\"" family "\",\"mem_gib\":" mem \
	",\"bw_gbs\":" bw ",\"tdp_w\":" tdp ",\"tflops\":{\"bf16\":" bf16 "},\"gres_types\":[" types "]}"

static const char cards[] =
	"{\"vendors\":[{\"name\":\"nvidia\",\"gres_names\":[\"gpu\"]},{\"name\":\"amd\",\"gres_names\":[\"gpu\"]},"
	"{\"name\":\"ascend\",\"aliases\":[\"huawei\"],\"gres_names\":[\"npu\"]},"
	"{\"name\":\"oddity\",\"gres_names\":[\"odd\"]}],\"models\":["
	CARD("h100-sxm5-80gb", "nvidia", "h100", "80", "3000", "1000", "700", "\"nvidia_h100_80gb_hbm3\"") ","
	CARD("h100-pcie-80gb", "nvidia", "h100", "80", "2000", "800", "350", "\"nvidia_h100_pcie\"") ","
	CARD("a100-sxm4-40gb", "nvidia", "a100", "40", "1500", "300", "400", "\"nvidia_a100\"") ","
	CARD("a100-sxm4-80gb", "nvidia", "a100", "80", "2000", "300", "400", "\"nvidia_a100\"") ","
	CARD("h20", "nvidia", "h20-line", "96", "4000", "150", "400", "\"nvidia_h20\"") ","
	CARD("mi300x", "amd", "mi300", "192", "5000", "1300", "750", "\"mi300\"") ","
	CARD("ascend910b3", "ascend", "910b", "64", "1600", "313", "400", "\"910b3\"") ","
	"{\"name\":\"oddball\",\"vendor\":\"oddity\",\"mem_gib\":32,"
	"\"tflops\":{\"bf16\":100.1}}]}";

#endif
