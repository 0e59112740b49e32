/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_conf_peer.c - the lines of weft.conf that are about other sites: every key, every message to the
 * letter.
 */
#include "core/conf.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* What a peer must have, behind its name. */
#define REST "Url=https://gw.beta:6820 Token=/t Users=same Node=beta-gw Partition=beta"
#define PEER "Peer=beta " REST

static struct weft_conf *parse(const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_conf *conf = weft_conf_parse("weft.conf", text, strlen(text), &err);

	ck_assert_msg(conf != NULL, "%s\n%s", text, err.text);
	ck_assert_str_eq(err.text, "");
	return conf;
}

START_TEST(budgets)
{
	struct weft_conf *conf = parse("Budget=account:physics Limit=5000EUR Period=Year\nBudget=user:* "
				       "Limit=2.5usd\nBudget=peer:BETA Limit=0EUR Period=total\n"
				       "Budget=peer:* Limit=1EUR Period=quarter\n" PEER);
	const struct weft_conf_budget *b = conf->budgets;

	ck_assert_uint_eq(conf->n_budgets, 4);
	ck_assert(b[0].holder == WEFT_HOLDER_ACCOUNT && b[0].period == WEFT_PERIOD_YEAR);
	ck_assert(b[0].limit == 5000000000 && b[1].limit == 2500000 && b[2].limit == 0);
	ck_assert_str_eq(b[0].name, "physics");
	ck_assert_str_eq(b[1].name, "*");
	ck_assert_str_eq(b[1].currency, "USD");
	ck_assert(b[1].holder == WEFT_HOLDER_USER && b[1].period == WEFT_PERIOD_MONTH);
	ck_assert(b[2].holder == WEFT_HOLDER_PEER && b[2].period == WEFT_PERIOD_TOTAL && b[2].line == 3);
	ck_assert_str_eq(weft_holder_name(b[2].holder), "peer");
	ck_assert_str_eq(weft_budget_period_name(b[3].period), "quarter");
	weft_conf_destroy(conf);
}
END_TEST

START_TEST(every_key)
{
	struct weft_conf *conf = parse(
		"Peer=beta Url=https://gw.beta:6820/slurm-api CaFile=/etc/beta.pem "
		"Token=/etc/weft/beta.token \\\n"
		"  Users=/etc/weft/beta.users RemoteAccount=proj@a RemotePartition=gpu RemoteQos=burst \\\n"
		"  Node=beta-gw Partition=beta Directory=/scratch/%u/weft \\\n"
		"  StageIn=\"rsync -a ./ 'beta:%d/'\" StageOut=\"rsync -a beta:%d/ ./\" \\\n"
		"  Fetch=\"ssh beta tail -c +%o %f\" Link=125.5 Price=2.10 Currency=EUR \\\n"
		"  Offer=https://gw.beta/offer.json OfferKey=/etc/weft/beta.pub Weft=Yes Lease=600 "
		"OnLost=FAIL\n");
	const struct weft_conf_peer *p = &conf->peers[0];

	ck_assert_uint_eq(conf->n_peers, 1);
	ck_assert_str_eq(p->name, "beta");
	ck_assert_str_eq(p->url, "https://gw.beta:6820/slurm-api");
	ck_assert_str_eq(p->ca, "/etc/beta.pem");
	ck_assert_str_eq(p->token, "/etc/weft/beta.token");
	ck_assert_ptr_null(p->tokens);
	ck_assert_str_eq(p->users, "/etc/weft/beta.users");
	ck_assert_str_eq(p->account, "proj@a");
	ck_assert_str_eq(p->partition, "gpu");
	ck_assert_str_eq(p->qos, "burst");
	ck_assert_str_eq(p->node, "beta-gw");
	ck_assert_str_eq(p->local_partition, "beta");
	ck_assert_str_eq(p->directory, "/scratch/%u/weft");
	ck_assert_str_eq(p->stage_in, "rsync -a ./ 'beta:%d/'");
	ck_assert_str_eq(p->stage_out, "rsync -a beta:%d/ ./");
	ck_assert_str_eq(p->fetch, "ssh beta tail -c +%o %f");
	ck_assert(p->link == 125.5);
	ck_assert_str_eq(p->price, "2.10");
	ck_assert_str_eq(p->currency, "EUR");
	ck_assert_str_eq(p->offer, "https://gw.beta/offer.json");
	ck_assert_str_eq(p->offer_key, "/etc/weft/beta.pub");
	ck_assert(p->weft);
	ck_assert_uint_eq(p->lease, 600);
	ck_assert_int_eq(p->on_lost, WEFT_LOST_FAIL);
	ck_assert_uint_eq(p->line, 1);
	weft_conf_destroy(conf);
}
END_TEST

START_TEST(what_a_peer_has_by_itself)
{
	struct weft_conf *conf =
		parse("Peer=beta Url=unix:/run/restd Tokens=/etc/tokens Users=SAME Node=n Partition=p");
	const struct weft_conf_peer *p = &conf->peers[0];

	ck_assert_str_eq(p->url, "unix:/run/restd");
	ck_assert_ptr_null(p->token);
	ck_assert_str_eq(p->tokens, "/etc/tokens");
	ck_assert_str_eq(p->users, "same");
	ck_assert_str_eq(p->directory, "~/.weft/runs");
	ck_assert(!p->ca && !p->account && !p->partition && !p->qos);
	ck_assert(!p->stage_in && !p->stage_out && !p->fetch && !p->price && !p->offer && !p->offer_key);
	ck_assert(p->link == 0);
	ck_assert_str_eq(p->currency, "");
	ck_assert(!p->weft);
	ck_assert_uint_eq(p->lease, 1200);
	ck_assert_int_eq(p->on_lost, WEFT_LOST_RERUN);
	weft_conf_destroy(conf);
}
END_TEST

START_TEST(peers_are_found)
{
	struct weft_conf *conf =
		parse(PEER "\nPeer=Gamma_2 Url=http://g Token=/t Users=same Node=g1 Partition=g2 "
			   "Price=/run/prices.csv");

	ck_assert_ptr_eq(weft_conf_find_peer(conf, "BETA"), &conf->peers[0]);
	ck_assert_ptr_eq(weft_conf_find_peer(conf, "gamma-2"), &conf->peers[1]);
	ck_assert_ptr_null(weft_conf_find_peer(conf, "delta"));
	ck_assert_ptr_eq(weft_conf_peer_of_node(conf, "g1"), &conf->peers[1]);
	ck_assert_ptr_null(weft_conf_peer_of_node(conf, "G1"));
	ck_assert_ptr_eq(weft_conf_peer_of_partition(conf, "beta"), &conf->peers[0]);
	ck_assert_ptr_null(weft_conf_peer_of_partition(conf, "g1"));
	ck_assert_str_eq(conf->peers[1].price, "/run/prices.csv");
	weft_conf_destroy(conf);
}
END_TEST

START_TEST(the_burst_keys)
{
	struct weft_conf *conf =
		parse("BurstWait=Cost\nBurstFactor=180.5\nBurstValue=2.50eur\nBurstLog=/var/log/b.json\n"
		      "Weftd=ctl.home:7000\nWeftdUser=slurm\nWeftdState=/srv/weft\n"
		      "MungeSocket=/run/m2\nSites=/srv/sites.json\nPollInterval=5\n"
		      "Publish=/srv/offer.json PublishKey=/etc/weft/offer.key Valid=600\n"
		      "PublishKind=gpu:h100 Cards=64 Price=2.10 Currency=EUR\n"
		      "PublishKind=npu Cards=1\n"
		      "HomePrice=gpu:h100 Price=1.80 Currency=EUR\n"
		      "HomePrice=npu Price=/etc/weft/npu.csv\n");
	const struct weft_conf_burst *b = &conf->burst;

	ck_assert_int_eq(b->wait, WEFT_BURST_WAIT_COST);
	ck_assert(b->factor == 180.5);
	ck_assert_int_eq(b->value, 2500000);
	ck_assert_str_eq(b->currency, "EUR");
	ck_assert_str_eq(b->log, "/var/log/b.json");
	ck_assert_str_eq(b->weftd, "ctl.home:7000");
	ck_assert_str_eq(b->user, "slurm");
	ck_assert_str_eq(b->state, "/srv/weft");
	ck_assert_str_eq(b->munge, "/run/m2");
	ck_assert_str_eq(b->sites, "/srv/sites.json");
	ck_assert_uint_eq(b->poll, 5);
	ck_assert_str_eq(b->publish, "/srv/offer.json");
	ck_assert_str_eq(b->publish_key, "/etc/weft/offer.key");
	ck_assert_uint_eq(b->valid, 600);
	ck_assert_uint_eq(b->n_sales, 2);
	ck_assert_str_eq(b->sales[0].gres, "gpu:h100");
	ck_assert_uint_eq(b->sales[0].cards, 64);
	ck_assert_str_eq(b->sales[0].price, "2.10");
	ck_assert_str_eq(b->sales[0].currency, "EUR");
	ck_assert_ptr_null(b->sales[1].price);
	ck_assert_uint_eq(b->n_prices, 2);
	ck_assert_str_eq(b->prices[0].gres, "gpu:h100");
	ck_assert_str_eq(b->prices[0].price, "1.80");
	ck_assert_str_eq(b->prices[0].currency, "EUR");
	ck_assert_str_eq(b->prices[1].price, "/etc/weft/npu.csv");
	ck_assert_str_eq(b->prices[1].currency, "");
	weft_conf_destroy(conf);
}
END_TEST

START_TEST(burst_by_itself)
{
	static const struct {
		const char *text;
		double factor;
	} waits[] = { { "", 0 },
		      { "BurstWait=forecast", 0 },
		      { "BurstWait=constant", 3600 },
		      { "BurstWait=runtime", 1800 },
		      { "BurstWait=cost", 240 },
		      { "BurstWait=cost\nBurstFactor=0", 0 },
		      { "BurstFactor=Never\nBurstWait=cost", INFINITY } };
	struct weft_conf *conf = weft_conf_load("/nonexistent/weft.conf", 1, NULL);

	ck_assert(conf->burst.factor == 0);
	ck_assert_str_eq(conf->burst.sites, "/run/weftd/sites.json");
	ck_assert_str_eq(conf->burst.state, "/var/lib/weft");
	ck_assert_str_eq(conf->burst.user, "weft");
	ck_assert(!conf->burst.weftd && !conf->burst.munge && !conf->burst.log && !conf->burst.publish);
	ck_assert_uint_eq(conf->burst.poll, 30);
	ck_assert_uint_eq(conf->burst.valid, 3600);
	weft_conf_destroy(conf);
	for (int i = 0; i < LENGTH(waits); i++) {
		conf = parse(waits[i].text);
		ck_assert_msg(conf->burst.factor == waits[i].factor, "%s: %g", waits[i].text,
			      conf->burst.factor);
		weft_conf_destroy(conf);
	}
}
END_TEST

START_TEST(addresses)
{
	static const char *const good[] = { "ctl", "ctl:1", "10.1.2.3:65535", "[::1]",
					    "[fe80::1%eth0]:6829" };
	static const char *const wrong[] = { ":6829", "ctl:", "ctl:0", "ctl:65536",
					     "ctl:x", "[::1", "[]:1",  "c/tl" };
	char text[64], want[128];

	for (int i = 0; i < LENGTH(good); i++) {
		struct weft_conf *conf;

		snprintf(text, sizeof(text), "Weftd=%s", good[i]);
		conf = parse(text);
		ck_assert_str_eq(conf->burst.weftd, good[i]);
		weft_conf_destroy(conf);
	}
	for (int i = 0; i < LENGTH(wrong); i++) {
		struct weft_err err = WEFT_ERR_INIT;

		snprintf(text, sizeof(text), "Weftd=%s", wrong[i]);
		snprintf(want, sizeof(want), "weft.conf:1: Weftd: \"%s\" is not a host or host:port",
			 wrong[i]);
		ck_assert_ptr_null(weft_conf_parse("weft.conf", text, strlen(text), &err));
		ck_assert_str_eq(err.text, want);
	}
}
END_TEST

static const struct {
	const char *text, *want;
} bad[] = {
	{ "Peer=be/ta " REST, "weft.conf:1: Peer: \"be/ta\" is not a name" },
	{ "Peer=a234567890123456789012345678901234567890123456789012345678901234 " REST,
	  "weft.conf:1: Peer: \"a2345678901234567890123456789012345678901234...\" is not a name" },
	{ "Peer=Auto " REST, "weft.conf:1: Peer: Auto is a word of --burst; choose another name" },
	{ "Peer=max_cost " REST, "weft.conf:1: Peer: max_cost is a word of --burst; choose another name" },
	{ PEER "\n\nPeer=BETA Url=http://b Token=/t Users=same Node=x Partition=y",
	  "weft.conf:3: Peer: BETA was given in line 1 already" },
	{ "Peer=beta Token=/t Users=same Node=n Partition=p", "weft.conf:1: Peer: Url= is missing" },
	{ "Peer=beta Url=http://b Token=/t Node=n Partition=p", "weft.conf:1: Peer: Users= is missing" },
	{ "Peer=beta Url=http://b Token=/t Users=same Partition=p", "weft.conf:1: Peer: Node= is missing" },
	{ "Peer=beta Url=http://b Token=/t Users=same Node=n", "weft.conf:1: Peer: Partition= is missing" },
	{ "Peer=beta Url=gw.beta:6820 Token=/t Users=same Node=n Partition=p",
	  "weft.conf:1: Url: \"gw.beta:6820\" is not a URL such as https://gw.beta:6820" },
	{ "Peer=beta Url=https:// Token=/t Users=same Node=n Partition=p",
	  "weft.conf:1: Url: \"https://\" is not a URL such as https://gw.beta:6820" },
	{ "Peer=beta Url=https://:6820 Token=/t Users=same Node=n Partition=p",
	  "weft.conf:1: Url: \"https://:6820\" is not a URL such as https://gw.beta:6820" },
	{ "Peer=beta Url=http://root:secret@gw Token=/t Users=same Node=n Partition=p",
	  "weft.conf:1: Url: \"http://root:secret@gw\" is not a URL such as https://gw.beta:6820" },
	{ "Peer=beta Url=unix:/ Token=/t Users=same Node=n Partition=p",
	  "weft.conf:1: Url: \"unix:/\" is not a URL such as https://gw.beta:6820" },
	{ "Peer=beta Url=http://b CaFile=/c Token=/t Users=same Node=n Partition=p",
	  "weft.conf:1: CaFile: goes with an https:// URL alone" },
	{ PEER " CaFile=c", "weft.conf:1: CaFile: \"c\" is not an absolute path" },
	{ "Peer=beta Url=http://b Users=same Node=n Partition=p",
	  "weft.conf:1: Peer: Token= or Tokens= is missing" },
	{ PEER " Tokens=/d", "weft.conf:1: Tokens: either Token= or Tokens= is given, not both" },
	{ "Peer=beta Url=http://b Token=t Users=same Node=n Partition=p",
	  "weft.conf:1: Token: \"t\" is not an absolute path" },
	{ "Peer=beta Url=http://b Token=/t Users=any Node=n Partition=p",
	  "weft.conf:1: Users: \"any\" is neither \"same\" nor an absolute path" },
	{ PEER " RemoteAccount=\"a b\"", "weft.conf:1: RemoteAccount: \"a b\" is not a name" },
	{ PEER " RemotePartition=a,b", "weft.conf:1: RemotePartition: \"a,b\" is not a name" },
	{ PEER " RemoteQos='q'", "weft.conf:1: RemoteQos: \"'q'\" is not a name" },
	{ PEER "\nPeer=gamma Url=http://b Token=/t Users=same Node=beta-gw Partition=y",
	  "weft.conf:2: Node: beta-gw is that of beta in line 1" },
	{ PEER "\nPeer=gamma Url=http://b Token=/t Users=same Node=x Partition=beta",
	  "weft.conf:2: Partition: beta is that of beta in line 1" },
	{ PEER " Directory=runs",
	  "weft.conf:1: Directory: \"runs\" is neither an absolute path nor one that begins with ~/" },
	{ PEER " Directory=/home/%U",
	  "weft.conf:1: Directory: \"/home/%U\": only %u, the user there, and %% may follow a %" },
	{ PEER " Directory=/home/%",
	  "weft.conf:1: Directory: \"/home/%\": only %u, the user there, and %% may follow a %" },
	{ PEER " StageIn=\"rsync %s/ %u@gw:%x\"",
	  "weft.conf:1: StageIn: %x: not known here; %% stands for one %" },
	{ PEER " StageOut=\"cp %f %d\"", "weft.conf:1: StageOut: %f: not known here; %% stands for one %" },
	{ PEER "\n\nPeer=gamma Url=http://b Token=/t Users=same Node=x Partition=y Fetch=\"cat %f %\"",
	  "weft.conf:3: Fetch: it ends with a %; %% stands for one" },
	{ PEER " Fetch=\"cat '%f\"", "weft.conf:1: Fetch: a ' is not closed" },
	{ PEER " Link=0", "weft.conf:1: Link: \"0\" is not a number of MB/s above 0 and up to 1000000" },
	{ PEER " Link=fast",
	  "weft.conf:1: Link: \"fast\" is not a number of MB/s above 0 and up to 1000000" },
	{ PEER " Price=-1",
	  "weft.conf:1: Price: \"-1\" is neither an amount such as 2.10 nor an absolute path" },
	{ PEER " Price=prices.csv",
	  "weft.conf:1: Price: \"prices.csv\" is neither an amount such as 2.10 nor an absolute path" },
	{ PEER " Price=1 Currency=euro",
	  "weft.conf:1: Currency: \"euro\" is not a code of three capitals such as EUR" },
	{ PEER " Currency=EUR", "weft.conf:1: Currency: goes with Price=, which is missing" },
	{ PEER " Offer=/o", "weft.conf:1: Offer: goes with OfferKey=, which is missing" },
	{ PEER " OfferKey=/o", "weft.conf:1: OfferKey: goes with Offer=, which is missing" },
	{ PEER " Offer=ftp://x/y OfferKey=/o", "weft.conf:1: Offer: \"ftp://x/y\" is neither an absolute "
					       "path nor a URL such as https://gw.beta/offer.json" },
	{ PEER " Weft=maybe", "weft.conf:1: Weft: \"maybe\" is not yes or no" },
	{ PEER " OnLost=rerum", "weft.conf:1: OnLost: \"rerum\" is not rerun or fail; did you mean rerun?" },
	{ PEER " Lease=59", "weft.conf:1: Lease: \"59\" is not a number of seconds from 60 to 2592000" },
	{ PEER " Lease=60 Lease=70", "weft.conf:1: Lease: given twice" },
	{ PEER " Cards=1", "weft.conf:1: Cards: does not belong on a line with Peer=" },
	{ "Url=http://b", "weft.conf:1: Url: belongs behind Peer=, on the same line" },
	{ "OnLost=fail", "weft.conf:1: OnLost: belongs behind Peer=, on the same line" },
	{ "Price=1",
	  "weft.conf:1: Price: belongs behind Peer=, PublishKind= or HomePrice=, on the same line" },
	{ "Cards=1", "weft.conf:1: Cards: belongs behind PublishKind=, on the same line" },
	{ "Valid=1", "weft.conf:1: Valid: belongs behind Publish=, on the same line" },
	{ "BurstWait=constand", "weft.conf:1: BurstWait: \"constand\" is not forecast, constant, runtime or "
				"cost; did you mean constant?" },
	{ "BurstFactor=-1",
	  "weft.conf:1: BurstFactor: \"-1\" is not a number from 0 to 1000000000, nor never" },
	{ "Budget=physics Limit=1EUR", "weft.conf:1: Budget: \"physics\" is not such as account:physics, "
				       "user:alice, peer:beta or user:*" },
	{ "Budget=qos:x Limit=1EUR",
	  "weft.conf:1: Budget: \"qos:x\" is not such as account:physics, user:alice, peer:beta or user:*" },
	{ "Budget=user: Limit=1EUR",
	  "weft.conf:1: Budget: \"user:\" is not such as account:physics, user:alice, peer:beta or user:*" },
	{ "Budget=user:a", "weft.conf:1: Budget: Limit= is missing" },
	{ "Budget=user:a Limit=5",
	  "weft.conf:1: Limit: \"5\" is not an amount with its currency, such as 5000EUR" },
	{ "Budget=user:a Limit=-5EUR",
	  "weft.conf:1: Limit: \"-5EUR\" is not an amount with its currency, such as 5000EUR" },
	{ "Budget=user:a Limit=5EUR Period=mont",
	  "weft.conf:1: Period: \"mont\" is not month, quarter, year or total; did you mean month?" },
	{ "Budget=user:a Limit=5EUR\nBudget=user:a Limit=6EUR",
	  "weft.conf:2: Budget: user:a was given for each month in line 1 already" },
	{ "Limit=5EUR", "weft.conf:1: Limit: belongs behind Budget=, on the same line" },
	{ "Budget=peer:bta Limit=5EUR\n" PEER,
	  "weft.conf:1: Budget: there is no peer \"bta\"; did you mean beta?" },
	{ "Budget=peer:zz Limit=5EUR", "weft.conf:1: Budget: there is no peer \"zz\"" },
	{ "BurstValue=1e10", "weft.conf:1: BurstValue: \"1e10\" is not an amount such as 2.50 or 2.50EUR" },
	{ "BurstValue=1\nBurstValue=1", "weft.conf:2: BurstValue: given in line 1 already" },
	{ "BurstLog=x", "weft.conf:1: BurstLog: \"x\" is not an absolute path" },
	{ "WeftdUser=\"a b\"", "weft.conf:1: WeftdUser: \"a b\" is not a name" },
	{ "WeftdState=x", "weft.conf:1: WeftdState: \"x\" is not an absolute path" },
	{ "MungeSocket=x", "weft.conf:1: MungeSocket: \"x\" is not an absolute path" },
	{ "Sites=x", "weft.conf:1: Sites: \"x\" is not an absolute path" },
	{ "PollInterval=0", "weft.conf:1: PollInterval: \"0\" is not a number of seconds from 1 to 3600" },
	{ "Publish=/x", "weft.conf:1: Publish: PublishKey= is missing" },
	{ "Publish=x PublishKey=/k", "weft.conf:1: Publish: \"x\" is not an absolute path" },
	{ "Publish=/x PublishKey=/k Valid=5",
	  "weft.conf:1: Valid: \"5\" is not a number of seconds from 60 to 2592000" },
	{ "PublishKind=gpu", "weft.conf:1: PublishKind: Cards= is missing" },
	{ "HomePrice=gpu", "weft.conf:1: HomePrice: Price= is missing" },
	{ "HomePrice=gpu:a:b Price=1",
	  "weft.conf:1: HomePrice: \"gpu:a:b\" is not a gres name and type such as gpu:a100" },
	{ "HomePrice=gpu Price=-1",
	  "weft.conf:1: Price: \"-1\" is neither an amount such as 2.10 nor an absolute path" },
	{ "HomePrice=gpu Price=1\nPublishKind=gpu Cards=1\nHomePrice=GPU Price=2",
	  "weft.conf:3: HomePrice: GPU was given in line 1 already" },
	{ "PublishKind=gpu:a:b Cards=1",
	  "weft.conf:1: PublishKind: \"gpu:a:b\" is not a gres name and type such as gpu:a100" },
	{ "PublishKind=gpu Cards=0", "weft.conf:1: Cards: \"0\" is not a number of cards from 1 to 1000000" },
	{ "PublishKind=gpu Cards=1.5",
	  "weft.conf:1: Cards: \"1.5\" is not a number of cards from 1 to 1000000" },
	{ "PublishKind=gpu Cards=1\nPublishKind=GPU Cards=2",
	  "weft.conf:2: PublishKind: GPU was given in line 1 already" },
	{ "Peers=beta", "weft.conf:1: Peers: unknown key; did you mean Peer?" },
};

static void check_error_of(const char *text, size_t len, const char *want)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_conf *conf = weft_conf_parse("weft.conf", text, len, &err);

	ck_assert_msg(conf == NULL, "%s: was understood", text);
	ck_assert_msg(!strcmp(err.text, want), "%s: got\n  %s\nnot\n  %s", text, err.text, want);
	ck_assert_ptr_null(weft_conf_parse("weft.conf", text, len, NULL));
}

START_TEST(explains)
{
	check_error_of(bad[_i].text, strlen(bad[_i].text), bad[_i].want);
}
END_TEST

START_TEST(counts_are_limited)
{
	char *text = malloc(65 * 128);
	size_t len = 0;

	for (int i = 0; i < 65; i++)
		len += (size_t)snprintf(text + len, 128,
					"Peer=p%d Url=http://b Token=/t Users=same Node=n%d Partition=p%d\n",
					i, i, i);
	check_error_of(text, len, "weft.conf:65: Peer: more than 64 peers");
	len = 0;
	for (int i = 0; i < 65; i++)
		len += (size_t)snprintf(text + len, 128, "PublishKind=gpu:g%d Cards=1\n", i);
	check_error_of(text, len, "weft.conf:65: PublishKind: more than 64 kinds");
	free(text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conf_peer");
	TCase *t = tcase_create("conf_peer");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, every_key);
	tcase_add_test(t, budgets);
	tcase_add_test(t, what_a_peer_has_by_itself);
	tcase_add_test(t, peers_are_found);
	tcase_add_test(t, the_burst_keys);
	tcase_add_test(t, burst_by_itself);
	tcase_add_test(t, addresses);
	tcase_add_loop_test(t, explains, 0, LENGTH(bad));
	tcase_add_test(t, counts_are_limited);
	suite_add_tcase(s, t);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
