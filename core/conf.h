/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf.h - weft.conf: Key=Value lines in Slurm's style, next to slurm.conf.  doc/weft.conf.md lists the keys.
 */
#ifndef WEFT_CONF_H
#define WEFT_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/speed.h"

#define WEFT_CONF_MAX_BYTES (1024u * 1024)
#define WEFT_CONF_MAX_LINE 8192      /* bytes of one line, those that a backslash joins to it included */
#define WEFT_CONF_MAX_CLASSES 4096
#define WEFT_CONF_MAX_APPS 1024
#define WEFT_CONF_MAX_INTENSITY 1e5  /* FLOP per byte */
#define WEFT_CONF_MAX_ZONES 1023     /* PowerZone= lines; with "cluster" 1024 zones */
#define WEFT_CONF_MAX_CAPS 8192      /* PowerCap= lines */
#define WEFT_CONF_MAX_POWER 1024     /* PowerNode= lines, and PowerClass= lines */
#define WEFT_CONF_MAX_SECONDS (30u * 24 * 3600) /* of MaxAge= and PowerPatience= */
#define WEFT_POWER_OFF 15.0	     /* W of a host that is powered down, unless Off= says otherwise */
#define WEFT_POWER_STATE "/run/slurmctld/weft-power.json"

enum weft_policy { WEFT_SOON, WEFT_LISTED, WEFT_FAST };

/* Index=: does slurmctld keep an index of free devices, and ask cons_tres about the nodes only that can
 * matter?  "check" does it both ways and logs each difference, for tests. */
enum weft_index_mode { WEFT_INDEX_ON, WEFT_INDEX_OFF, WEFT_INDEX_CHECK };

/* Class=gpu:a100 Model=a100-sxm4-80gb : what a gres name and type mean on this site. */
struct weft_conf_class {
	char *gres;  /* "gpu:a100", or "gpu" for cards without a type */
	char *model; /* name in the catalogue */
	unsigned line;
};

#define WEFT_NO_CAP INT64_MAX /* W */
#define WEFT_DAY_MINUTES (24 * 60)

/* PowerZone=row3 Nodes=gpu[1-40] : the plugin expands the list (node_set.h). */
struct weft_conf_zone {
	char *name;
	char *nodes; /* a list of nodes as Slurm writes them, or "ALL" */
	unsigned line;
};

/* PowerCap=row3 Watts=400k Days=Mon-Fri Hours=08:00-20:00, in the local time of the controller. */
struct weft_conf_cap {
	unsigned zone;	   /* 0: cluster; i + 1: zones[i] */
	int64_t watts;	   /* W; WEFT_NO_CAP */
	unsigned days;	   /* bit 0: begins on Sundays, bit 6: on Saturdays */
	unsigned from, to; /* minutes of the day; FROM > TO: until TO of the next day */
};

/* PowerNode=gpu[1-80] Idle=400 Peak=1200 Off=15 : hosts without their accelerators, in W. */
struct weft_conf_power_node {
	char *nodes;
	double idle, peak, off;
	unsigned line;
};

/* PowerClass=gpu:h100 Idle=70 Peak=700 : one device, in W. */
struct weft_conf_power_class {
	char *gres;
	double idle, peak;
	unsigned line;
};

/* PowerProvision=: is a running job counted with what its devices may draw, or with what such devices were
 * measured to draw? */
enum weft_provision { WEFT_MEASURED, WEFT_WORST };

/* PowerShed=: which flexible job goes first when a cap falls: the one that started last, the one that started
 * first, the one that draws most, the one of the lowest priority. */
enum weft_shed { WEFT_SHED_YOUNGEST, WEFT_SHED_OLDEST, WEFT_SHED_LARGEST, WEFT_SHED_LOWEST };

struct weft_conf_power {
	char *signal;	  /* PowerSignal=: a file of caps; NULL: none */
	unsigned max_age; /* MaxAge=, s: an older signal does not count */
	char *price;	  /* PowerPrice=: a file of prices per MWh; NULL: none */
	char currency[4]; /* Currency=: ISO 4217; "": not said */
	char *carbon;	  /* PowerCarbon=: a file of gCO2/kWh; NULL: none */
	unsigned interval; /* PowerInterval=, s */
	unsigned patience; /* PowerPatience=, s: how long a job waits for power before its start is reserved */
	unsigned span;	   /* EnergySpan=, s: a job that may be interrupted runs for as long at least */
	unsigned restart;  /* EnergyRestart=, s: what an interruption costs it */
	enum weft_provision provision;
	enum weft_shed shed;
	char *hook;  /* PowerHook=: a program of the site; NULL: none */
	char *hints; /* PowerHints=: a directory of hints to jobs; NULL: none */
	char *state; /* PowerState=: what "weft power" shows; never NULL */
};

#define WEFT_CONF_MAX_PEERS 64
#define WEFT_CONF_MAX_BUDGETS 4096
#define WEFT_CONF_MAX_SALES 64	 /* PublishKind= lines, and as many HomePrice= lines */
#define WEFT_CONF_MAX_WORD 255	 /* bytes of an account, a partition ... */
#define WEFT_CONF_MAX_AMOUNT 1e9 /* of money */
#define WEFT_CONF_LEASE 1200	 /* s, of Lease= */
#define WEFT_SITES_FILE "/run/weftd/sites.json"
#define WEFTD_STATE "/var/lib/weft"
#define WEFTD_USER "weft"

/* OnLost=: what becomes of a job that the peer no longer knows although it was let go there.  Once no copy can
 * run any more (its deadline at the peer has passed), it runs again, or it fails. */
enum weft_on_lost { WEFT_LOST_RERUN, WEFT_LOST_FAIL };

/* Peer=beta Url=https://gw.beta:6820 Node=beta-gw Partition=beta ... : another site that takes jobs. */
struct weft_conf_peer {
	char *name;
	char *url;	       /* Url=: of its slurmrestd (or what stands before it) */
	char *ca;	       /* CaFile=; NULL: the system's */
	char *token;	       /* Token=: a file with a token that may act for others; NULL */
	char *tokens;	       /* Tokens=: a directory with a file for each local user; NULL.  One of both is given */
	char *users;	       /* Users=: a file of lines "LOCAL REMOTE [account=A] [partition=P] [qos=Q]", or "same" */
	char *account, *partition, *qos; /* RemoteAccount= ...: unless the user's line says; NULL */
	char *node;	       /* Node=: the node at home that stands for the peer */
	char *local_partition; /* Partition=: the one at home that holds the node */
	char *directory;       /* Directory=: where jobs work there, each in KEY below it; absolute or "~/..."; %u: the
				  user there */
	char *stage_in;	       /* StageIn=: a command, run by /bin/sh as the user on the gateway; NULL: none */
	char *stage_out;       /* StageOut=; NULL */
	char *fetch;	       /* Fetch=: prints the file %f of the peer from byte %o on; NULL: StageOut= brings it */
	double link;	       /* Link=: MB/s of the way there; 0: not said */
	char *price;	       /* Price=: amount for a card and hour, or a file (path) of prices over time; NULL */
	char currency[4];      /* Currency=; "": not said */
	char *offer, *offer_key; /* Offer=: file or URL of its signed offer; OfferKey=: its public key (PEM); NULL */
	bool weft;	       /* Weft=yes: it runs Weft too and takes --accel */
	unsigned lease;	       /* Lease=: s for which a run outlives its proxy (1200) */
	enum weft_on_lost on_lost;
	unsigned line;
};

/* BurstWait=: how long a job waits at home before it may go: BurstFactor= seconds, times its run time in hours, or
 * times its cost there in units of money; or until it pays, by the forecasts. */
enum weft_burst_wait {
	WEFT_BURST_WAIT_FORECAST,
	WEFT_BURST_WAIT_CONSTANT,
	WEFT_BURST_WAIT_RUNTIME,
	WEFT_BURST_WAIT_COST
};

/* PublishKind=gpu:h100 Cards=64 Price=2.10 Currency=EUR : what this site offers to others;
 * HomePrice=gpu:h100 Price=1.80 Currency=EUR : what its own users are told that such a card costs. */
struct weft_conf_sale {
	char *gres;
	uint32_t cards; /* 0: HomePrice= */
	char *price; /* as of a peer; NULL: not said */
	char currency[4];
	unsigned line;
};

struct weft_conf_burst {
	enum weft_burst_wait wait;
	double factor;	   /* BurstFactor=; not given: 0, 3600, 1800, 240, by BurstWait=; 0: at once; INFINITY: never */
	int64_t value;	   /* BurstValue=: micro-units that an hour of waiting is worth; for the forecast policy */
	char currency[4];  /* of BurstValue= ("1.50EUR"); "": not said, and taken for any */
	char *log;	   /* BurstLog=: decisions, a line of JSON each; NULL: none */
	char *weftd;	   /* Weftd=: "host" or "host:port" of weftd; NULL: localhost */
	char *user;	   /* WeftdUser=: who weftd runs as, whose answers are believed ("weft"); never NULL */
	char *munge;	   /* MungeSocket=; NULL: libmunge's own */
	char *sites;	   /* Sites=: the snapshot file, written by weftd (/run/weftd/sites.json); never NULL */
	char *state;	   /* WeftdState=: weftd's directory (/var/lib/weft); never NULL */
	unsigned poll;	   /* PollInterval=: s from one look at a peer to the next (30) */
	char *publish;	   /* Publish=: where this site's signed offer is written; NULL: none is */
	char *publish_key; /* PublishKey=: the private key it is signed with; NULL without PUBLISH */
	unsigned valid;	   /* Valid=: s for which an offer holds (3600) */
	struct weft_conf_sale *sales;
	size_t n_sales;
	struct weft_conf_sale *prices;
	size_t n_prices;
};

/* Budget=account:physics Limit=5000EUR Period=month : what may be spent at other sites (weftd/ledger.h). */
enum weft_holder { WEFT_HOLDER_ACCOUNT, WEFT_HOLDER_USER, WEFT_HOLDER_PEER };
enum weft_budget_period { WEFT_PERIOD_MONTH, WEFT_PERIOD_QUARTER, WEFT_PERIOD_YEAR, WEFT_PERIOD_TOTAL };

struct weft_conf_budget {
	enum weft_holder holder;
	char *name;	  /* case counts; "*": each that has no budget of its own for this period */
	int64_t limit;	  /* micro-units */
	char currency[4]; /* never "" */
	enum weft_budget_period period; /* by the calendar, in UTC */
	unsigned line;
};

const char *weft_holder_name(enum weft_holder holder); /* "account" */
const char *weft_budget_period_name(enum weft_budget_period period); /* "month" */

struct weft_conf {
	char *path;             /* file it came from; NULL: built-in defaults */
	char *catalogue;        /* Catalogue=: site catalogue; NULL: none */
	enum weft_policy policy; /* DefaultPolicy=soon|listed|fast */
	double intensity;       /* RooflineIntensity=: FLOP per byte, see speed.h */
	enum weft_index_mode index; /* Index=yes|no|check */
	char *stack;            /* BurstBufferStack=: "lua"; NULL: none */
	struct weft_conf_class *classes;
	size_t n_classes;
	struct weft_app *apps;  /* App=NAME Table=h100=1,a100=0.46 */
	size_t n_apps;
	struct weft_conf_zone *zones; /* caps, power_nodes and power_classes: in the order of the file */
	size_t n_zones;
	struct weft_conf_cap *caps;
	size_t n_caps;
	struct weft_conf_power_node *power_nodes;
	size_t n_power_nodes;
	struct weft_conf_power_class *power_classes;
	size_t n_power_classes;
	struct weft_conf_power power;
	struct weft_conf_peer *peers;
	size_t n_peers;
	struct weft_conf_burst burst;
	struct weft_conf_budget *budgets; /* in the order of the file */
	size_t n_budgets;
};

/* Read PATH; a missing file gives the defaults when MISSING_OK.  Returns what weft_conf_destroy() frees, or
 * NULL with ERR "weft.conf:12: Catalouge: unknown key; did you mean Catalogue?".  Reads a file: not under a
 * Slurm lock. */
struct weft_conf *weft_conf_load(const char *path, int missing_ok, struct weft_err *err);
struct weft_conf *weft_conf_parse(const char *path, const char *text, size_t len, struct weft_err *err);
void weft_conf_destroy(struct weft_conf *conf); /* NULL is allowed */

/* The peer of this name, with this node at home, or with this partition at home; NULL when there is none.  Case
 * counts in names of nodes and partitions. */
const struct weft_conf_peer *weft_conf_find_peer(const struct weft_conf *conf, const char *name);
const struct weft_conf_peer *weft_conf_peer_of_node(const struct weft_conf *conf, const char *node);
const struct weft_conf_peer *weft_conf_peer_of_partition(const struct weft_conf *conf, const char *partition);

/* The value of BurstBufferStack= in PATH, whatever mistakes its other lines have; malloc()ed.  0 and *STACK NULL: there
 * is none, or no file; -1 with ERR: the value is wrong; 1 with ERR: the file cannot be read.  Reads a file. */
int weft_conf_stack(const char *path, char **stack, struct weft_err *err);

/* The throughput table of this name, case ignored, '_' and '-' alike; NULL when there is none. */
const struct weft_app *weft_conf_find_app(const struct weft_conf *conf, const char *name);

/* The number of the zone NAME, case ignored, '_' and '-' alike: 0 for "cluster"; -1: there is none. */
int weft_conf_find_zone(const struct weft_conf *conf, const char *name);
const char *weft_conf_nearest_zone(const struct weft_conf *conf, const char *name); /* NULL: none is near */
const char *weft_conf_zone_name(const struct weft_conf *conf, unsigned zone);

const char *weft_policy_name(enum weft_policy policy);

/* An --accel-policy value: POLICY[,scale-time], in any order.  *POLICY keeps its value when TEXT names none;
 * *SCALE_TIME becomes 0 or 1.  Returns 0, or -1 with ERR naming the nearest word and both unchanged. */
int weft_policy_option(const char *text, enum weft_policy *policy, int *scale_time, struct weft_err *err);

#endif
