/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torture.c - every call of core/ that may run out of memory is made to, one at a time, and also from some
 * point on.
 *
 * Each operation either does its work or says "out of memory"; it neither crashes nor leaks, which
 * AddressSanitizer sees.  Built and run by torture.sh, whose linker options lead core's allocations to the
 * __wrap_ functions here; those of json-c and libc are not reached.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/caps.h"
#include "core/catalogue.h"
#include "core/conf.h"
#include "core/devenv.h"
#include "core/energy.h"
#include "core/file.h"
#include "core/handover.h"
#include "core/inventory.h"
#include "core/jobspec.h"
#include "core/machine.h"
#include "core/mix.h"
#include "core/plan.h"
#include "core/request.h"
#include "core/site.h"
#include "core/sites.h"
#include "core/smi.h"
#include "core/ticket.h"
#include "core/topology.h"
#include "core/tres.h"
#include "core/user_map.h"
#include "core/watts.h"

/* ---------------------------------------------------------------- allocations that fail */

static unsigned long calls, fail_at; /* FAIL_AT 0: none fails */
static int fail_rest;		     /* and all after it */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int fails(void)
{
	int yes;

	pthread_mutex_lock(&lock);
	calls++;
	yes = fail_at && (calls == fail_at || (fail_rest && calls > fail_at));
	pthread_mutex_unlock(&lock);
	if (yes)
		errno = ENOMEM;
	return yes;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t max);
FILE *__real_open_memstream(char **text, size_t *size);
int __real_fclose(FILE *f);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t max);
FILE *__wrap_open_memstream(char **text, size_t *size);
int __wrap_fclose(FILE *f);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t max)
{
	return fails() ? NULL : __real_strndup(s, max);
}

FILE *__wrap_open_memstream(char **text, size_t *size)
{
	return fails() ? NULL : __real_open_memstream(text, size);
}

/* A stream in memory that could not grow says so when it is closed, at the latest. */
int __wrap_fclose(FILE *f)
{
	int failed = fails(), rc = __real_fclose(f);

	return failed ? EOF : rc;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
	return fails() ? EAGAIN : __real_pthread_create(thread, attr, start, arg);
}

/* ---------------------------------------------------------------- what they all work on, made while nothing
 * fails */

static const char catalogue_text[] =
	"{\"format\":1,\"fabrics\":[{\"name\":\"flagcx\",\"title\":\"FlagCX\"},{\"name\":\"gloo\",\"path\":"
	"\"host\"}],"
	"\"vendors\":[{\"name\":\"nvidia\",\"title\":\"NVIDIA\",\"aliases\":[\"nv\"],"
	"\"fabrics\":[\"flagcx\",\"gloo\"],"
	"\"visible_env\":[\"CUDA_VISIBLE_DEVICES\"],\"gres_names\":[\"gpu\"]},"
	"{\"name\":\"ascend\",\"aliases\":[\"huawei\"],\"fabrics\":[\"gloo\"],"
	"\"fabric_gap\":\"why\",\"visible_env\":[\"ASCEND_RT_VISIBLE_DEVICES\"]}],"
	"\"models\":[{\"name\":\"h100-pcie\",\"family\":\"h100\",\"vendor\":\"nvidia\",\"mem_gib\":80,\"tdp_"
	"w\":350,"
	"\"gres_types\":[\"h100\"],\"tflops\":{\"bf16\":756}},"
	"{\"name\":\"h100-sxm\",\"family\":\"h100\",\"vendor\":\"nvidia\",\"mem_gib\":[80,96],\"gres_types\":"
	"[\"h100\"]},"
	"{\"name\":\"910b\",\"vendor\":\"ascend\",\"mem_gib\":64,\"tflops\":{\"bf16\":320,\"fp16\":320}}]}";
static const char site_text[] =
	"{\"vendors\":[{\"name\":\"acme\"}],\"models\":[{\"name\":\"a1\",\"vendor\":\"acme\"},"
	"{\"name\":\"910b\",\"mem_gib\":65,\"gres_types\":[\"910\",\"x910\"]}]}";
static const char conf_text[] =
	"# all keys\nCatalogue=/etc/site.json\nDefaultPolicy=listed\nRooflineIntensity=150\nIndex=no\n"
	"Class=gpu:h100 Model=h100-sxm\nClass=npu Model=910b\n"
	"App=llm Table=h100=1,910b=0.4\nApp=cfd \\\n Table=h100=2\n"
	"PowerZone=row3 Nodes=gpu[0-3]\nPowerZone=rack31 Nodes=gpu[0-1]\n"
	"PowerCap=row3 Watts=400k Days=Mon-Fri,Sun Hours=22:00-06:00\nPowerCap=cluster Watts=1M\n"
	"PowerNode=ALL Idle=400 Peak=1200 Off=15\nPowerNode=gpu1 Idle=400 Peak=1200\n"
	"PowerClass=gpu:h100 Idle=70 Peak=700\nPowerSignal=/s MaxAge=60\nPowerPrice=/p Currency=CNY\n"
	"PowerCarbon=/c\nPowerHook=/h\nPowerHints=/d\nPowerState=/x\nPowerShed=oldest\n"
	"BurstBufferStack=burst_buffer/lua\n"
	"Peer=beta Url=https://b:6820 CaFile=/c Token=/t Users=/u RemoteAccount=a RemotePartition=p "
	"RemoteQos=q Node=n "
	"Partition=p Directory=/d/%u StageIn=i StageOut=o Fetch=f Link=1 Price=2 Currency=EUR Offer=/o "
	"OfferKey=/k\n"
	"Peer=gamma Url=unix:/r Tokens=/t Users=same Node=m "
	"Partition=q\nWeftd=h:1\nWeftdUser=w\nWeftdState=/s\n"
	"MungeSocket=/m\nSites=/j\nBurstLog=/l\nPublish=/o PublishKey=/k\nPublishKind=gpu Cards=1 Price=/p\n";
static const char request_text[] =
	"8xh100,mem>=80G,mem<200G | 4:nvidia/huawei,mem>=60G,nodes=1-9 | 1P@bf16:910b"
	" | 6:npu,per-node=3";
static const char *const gres[] = { "gpu:h100:8", "npu:910b:8(S:0-1),gpu:h100:2",
				    NULL,	  "gpu:strange:4,nvme:2",
				    "gpu:h100:3", "npu:910b:4" };
#define N_GRES (sizeof(gres) / sizeof(gres[0]))

static struct weft_catalogue *cat;
static struct weft_conf *conf;
static struct weft_inventory *inv;
static char catalogue_path[] = "/tmp/weft-torture.XXXXXX", power_conf_path[] = "/tmp/weft-torture.XXXXXX";

static void put_file(char *path, const char *text)
{
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || close(fd) < 0)
		abort();
}

/* ---------------------------------------------------------------- operations: 0, or -1 with ERR */

static int nothing(const void *result, struct weft_err *err)
{
	return result ? 0 : weft_err(err, "out of memory");
}

static int do_catalogue(struct weft_err *err)
{
	struct weft_catalogue *c = weft_catalogue_parse("base", catalogue_text, strlen(catalogue_text),
							"site", site_text, strlen(site_text), err);
	int rc = c ? 0 : -1;

	weft_catalogue_destroy(c);
	return rc;
}

static int do_file(struct weft_err *err)
{
	struct weft_catalogue *c = weft_catalogue_load(catalogue_path, NULL, err);
	int rc = c ? 0 : -1;

	weft_catalogue_destroy(c);
	return rc;
}

static int do_conf(struct weft_err *err)
{
	struct weft_conf *c = weft_conf_parse("weft.conf", conf_text, strlen(conf_text), err);
	int rc = c ? weft_conf_check(c, cat, err) : -1;

	weft_conf_destroy(c);
	return rc;
}

static int do_users(struct weft_err *err)
{
	static const char text[] = "a b\nc d account=x qos=y\ne f\n";
	struct weft_user_map *map = weft_user_map_parse("users", text, strlen(text), err);

	if (map && !weft_user_map_find(map, "c"))
		abort();
	weft_user_map_free(map);
	return map ? 0 : -1;
}

static int do_sites(struct weft_err *err)
{
	static const char json[] =
		"{\"version\":1,\"made\":5,\"peers\":[{\"name\":\"b\",\"open\":true,\"why\":\"\",\"release\":"
		"\"\",\"api\":42,"
		"\"seen\":null,\"error\":null,\"judged\":0,\"kinds\":[{\"gres\":\"gpu\",\"price\":1,"
		"\"currency\":\"EUR\","
		"\"carbon\":1.5,\"cards\":8,\"free\":[[1,2],[3,4]]}]}],"
		"\"runs\":[{\"job\":1,\"peer\":\"b\",\"remote_id\":null,\"state\":\"RUNNING\"}]}";
	struct weft_sites *sites = weft_sites_read("sites.json", json, strlen(json), err);
	size_t len;
	char *text = sites ? weft_sites_write(sites, &len, err) : NULL;
	int rc = text ? 0 : -1;

	free(text);
	weft_sites_free(sites);
	return rc;
}

/* A signal, and the steps of three zones over a change of clocks. */
static int do_caps(struct weft_err *err)
{
	static const char csv[] =
		"time,zone,watts\n2025-03-29T12:00Z,row3,100k\n2025-03-29T18:00Z,cluster,none\n"
		"2025-03-30T00:00Z,row3,schedule\n2025-03-30T06:00Z,rack31,1k\n";
	struct weft_signal *signal = weft_signal_parse("caps.csv", csv, strlen(csv), conf, err);
	struct weft_cap *caps = NULL;
	unsigned n = 0;
	int rc = -1;

	if (signal) {
		rc = weft_caps_make(&caps, &n, conf, signal, 1743242400, 4 * 24 * 3600);
		if (rc < 0 && !caps && n == 0)
			weft_err(err, "out of memory");
	}
	weft_caps_destroy(caps, n);
	weft_signal_destroy(signal);
	return rc;
}

static void no_log(bool is_error, const char *line)
{
	(void)is_error;
	(void)line;
}

/* Node 3, whatever the list. */
static int expand(const char *nodes, void (*each)(unsigned index, void *to), void *to, struct weft_err *err,
		  void *arg)
{
	(void)nodes;
	(void)err;
	(void)arg;
	each(3, to);
	return 0;
}

static int do_watts(struct weft_err *err)
{
	static const struct weft_expander expander = { expand, NULL };
	struct weft_zones *zones = weft_zones_create(conf, 3000, &expander, err);
	struct weft_watts *w = zones ? weft_watts_create(inv, conf, &expander, err) : NULL;
	int rc = w ? 0 : -1;

	weft_watts_destroy(w);
	weft_zones_destroy(zones);
	return rc;
}

static int do_inventory(struct weft_err *err)
{
	struct weft_inventory *i = weft_inventory_create(cat, conf);
	int rc = nothing(i, err);

	for (unsigned k = 0; rc == 0 && k < N_GRES; k++)
		rc = weft_inventory_add(i, k, gres[k], err);
	weft_inventory_destroy(i);
	return rc;
}

static int do_request(struct weft_err *err)
{
	struct weft_request *req = weft_request_parse(request_text, err);
	struct weft_plan plan = { 0 };
	char *text = NULL;
	int rc = req ? 0 : -1;

	if (rc == 0)
		rc = weft_request_check(req, cat, weft_inventory_words(inv), err);
	for (size_t i = 0; rc == 0 && i < req->n_alts; i++)
		rc = weft_alternative_consistent(&req->alts[i], err);
	if (rc == 0) {
		text = weft_request_canonical(req);
		rc = nothing(text, err);
		free(text);
	}
	if (rc == 0) {
		text = weft_predicates_text(&req->alts[0]);
		rc = nothing(text, err);
		free(text);
	}
	if (rc == 0)
		rc = weft_plan_make(&plan, req, inv, NULL, weft_conf_find_app(conf, "llm"), 200, err);
	if (rc == 0 && plan.n < 3)
		rc = weft_err(err, "%zu candidates only", plan.n);
	weft_plan_clear(&plan);
	weft_request_destroy(req);
	return rc;
}

/* What is told when nothing fits takes memory too; without it the message may be shorter, but there is one.
 */
static int do_lack(struct weft_err *err)
{
	struct weft_request *req = weft_request_parse("99:h100 | 4:h100,mem>=900G | 2:acme | 1,tdp<=1W", err);
	struct weft_plan plan = { 0 };
	struct weft_err why = WEFT_ERR_INIT;
	int rc = req ? 0 : -1;

	if (rc == 0 && weft_plan_make(&plan, req, inv, NULL, NULL, 200, &why) == 0)
		rc = weft_err(err, "a plan was made");
	if (rc == 0 && (strstr(why.text, "out of memory") || !why.text[0]))
		rc = weft_err(err, "%s", why.text);
	weft_plan_clear(&plan);
	weft_request_destroy(req);
	return rc;
}

/* Mixes that are made, in each way, and used. */
static int do_mix(struct weft_err *err)
{
	static const char *const gpus[] = { "gpu:h100:8", "gpu:910b:6", "gpu:910b:6", "gpu:h100:8",
					    "gpu:x910:4" };
	static const struct weft_scope anywhere = { 0 };
	struct weft_app table = { 0 };
	struct weft_mix_options options = { .app = &table, .intensity = 200, .micro_batches = 32 };
	struct weft_inventory *i = weft_inventory_create(cat, conf);
	struct weft_supply supply = { 0 };
	struct weft_request *req = NULL;
	struct weft_mix mix;
	unsigned shares[8];
	int rc = nothing(i, err);

	for (unsigned k = 0; rc == 0 && k < 5; k++)
		rc = weft_inventory_add(i, k, gpus[k], err);
	if (rc == 0)
		rc = weft_app_parse(&table, NULL, "h100=3,910b=2,a1=1", err);
	if (rc == 0)
		rc = weft_supply_count(&supply, i, &anywhere, err);
	req = rc == 0 ? weft_request_parse(
				"24:h100/910b,mix=vendors,fabric=gloo,unit=4|24:h100/910b,mix=vendors,"
				"fabric=gloo|16:h100/910b,mix=vendors,fabric=gloo,split=even,unit=4",
				err)
		      : NULL;
	rc = req ? 0 : -1;
	for (unsigned k = 0; rc == 0 && k < 3; k++) {
		rc = weft_mix_make(&mix, &req->alts[k], &supply, &options, err);
		if (rc == 0 && mix.n_groups > 8)
			rc = weft_err(err, "%zu groups", mix.n_groups);
		if (rc == 0)
			rc = weft_mix_micro_batches(&mix, 61, shares, err);
		weft_mix_clear(&mix);
	}
	weft_request_destroy(req);
	weft_supply_clear(&supply);
	weft_app_clear(&table);
	weft_inventory_destroy(i);
	return rc;
}

/* Mixes that cannot be: there is a reason, or no memory to find it. */
static int do_no_mix(struct weft_err *err)
{
	struct weft_request *req = weft_request_parse("24:h100/910b,mix=vendors|99:mix=models|"
						      "16:mix=vendors,fabric=gloo|4:acme,mix=vendors",
						      err);
	static const struct weft_scope anywhere = { 0 };
	const struct weft_mix_options options = { .intensity = 200 };
	struct weft_supply supply = { 0 };
	struct weft_mix mix;
	int rc = req ? weft_supply_count(&supply, inv, &anywhere, err) : -1;

	for (unsigned k = 0; rc == 0 && k < req->n_alts; k++) {
		struct weft_err why = WEFT_ERR_INIT;

		if (weft_mix_make(&mix, &req->alts[k], &supply, &options, &why) == 0)
			rc = weft_err(err, "mix %u was made", k);
		else if (strstr(why.text, "out of memory") || !why.text[0])
			rc = weft_err(err, "%s", why.text);
	}
	weft_supply_clear(&supply);
	weft_request_destroy(req);
	return rc;
}

#include "tests/unit/torture_burst.h"
#include "tests/unit/torture_power.h"
#include "tests/unit/torture_rest.h"
#include "tests/unit/torture_sight.h"
#include "tests/unit/torture_statement.h"
#include "tests/unit/torture_usage.h"

static int do_jobspec(struct weft_err *err)
{
	struct weft_jobspec spec;
	char *text;

	if (weft_jobspec_make(&spec, request_text, "fast,scale-time", "=h100=1,910b=0.5", conf, err))
		return -1;
	text = weft_app_canonical(spec.app);
	weft_jobspec_clear(&spec);
	free(text);
	return nothing(text, err);
}

static int do_unknown_app(struct weft_err *err)
{
	struct weft_jobspec spec;
	struct weft_err why = WEFT_ERR_INIT;

	if (weft_jobspec_make(&spec, "8:h100", "soon", "lmm", conf, &why) == 0) {
		weft_jobspec_clear(&spec);
		return weft_err(err, "there is a table lmm");
	}
	return why.text[0] ? 0 : weft_err(err, "no reason was given");
}

static int do_table(struct weft_err *err)
{
	struct weft_app app = { 0 };
	int rc = weft_app_parse_file(&app, "table", "# t\nh100 1\n910b 0.4\na1 3\n", 24, err);

	weft_app_clear(&app);
	return rc;
}

static int do_tres(struct weft_err *err)
{
	const struct weft_candidate c = {
		.class = weft_inventory_class(inv, 0), .devices = 8, .nodes = 2, .per_node = 4
	};
	struct weft_tres_request r = weft_tres_of_candidate(inv, &c, "gres:gpu:h100:8,license:x:1",
							    "gres:gpu:h100:8,gres:nvme:2", "gres:");
	int rc = nothing(r.per_job && r.per_node ? &r : NULL, err);

	weft_tres_clear(&r);
	return rc;
}

static int do_devenv(struct weft_err *err)
{
	size_t n;
	struct weft_env_change *changes = weft_devenv_changes(cat, weft_catalogue_vendor(cat, 0), "0,1", &n);

	weft_devenv_free(changes, n);
	return nothing(changes, err);
}

/* Slurm's daemon must live on whatever the site could get. */
static int do_site(struct weft_err *err)
{
	const struct weft_view *view;
	int rc;

	weft_site_start(&(struct weft_site_options){
		.conf_path = "/nonexistent/weft.conf", .catalogue_path = catalogue_path, .log = no_log });
	weft_site_set_nodes(gres, N_GRES);
	view = weft_site_view();
	rc = view && !view->broken.text[0] && view->inventory ? 0 : weft_err(err, "out of memory");
	weft_site_stop();
	weft_view_put(view);
	return rc;
}

static const char machine_text[] =
	"weft-machine 1\nproc/meminfo:MemTotal = 1000000 kB\n"
	"sys/bus/pci/devices/0000:01:00.0/vendor = 0x10de\nsys/bus/pci/devices/0000:01:00.0/device = 0x2330\n"
	"sys/bus/pci/devices/0000:01:00.0/class = 0x030200\nsys/bus/pci/devices/0000:01:00.0/numa_node = 1\n"
	"sys/bus/pci/devices/0000:01:00.0/hwmon/hwmon1/power1_cap = 300000000\n"
	"sys/bus/pci/devices/0000:01:00.0/drm/renderD128\nsys/bus/pci/devices/0000:01:00.0/extra = bad\\n\n"
	"sys/bus/pci/devices/0000:02:00.0/vendor = 0x10de\nsys/bus/pci/devices/0000:02:00.0/device = 0x2330\n"
	"sys/bus/pci/devices/0000:02:00.0/class = 0x030200\n"
	"sys/bus/pci/devices/0000:02:00.0/local_cpulist = nonsense\ndev/nvidia0\ndev/nvidia1\n"
	"sys/bus/pci/devices/0000:03:00.0/vendor = 0x15b3\nsys/bus/pci/devices/0000:03:00.0/device = 0x1021\n"
	"sys/bus/pci/devices/0000:03:00.0/class = 0x020000\nsys/bus/pci/devices/0000:03:00.0/net/eth0\n"
	"sys/class/kfd/kfd/topology/nodes/1/properties:location_id = 256\n"
	"sys/class/kfd/kfd/topology/nodes/2/properties:location_id = 512\n"
	"sys/class/kfd/kfd/topology/nodes/1/io_links/0/properties:node_to = 2\n"
	"sys/class/kfd/kfd/topology/nodes/1/io_links/0/properties:type = 11\n"
	"tool/nvidia-smi/0000:01:00.0/link/0000:02:00.0 = 4 NV\n";
static const char machine_catalogue[] =
	"{\"vendors\":[{\"name\":\"nvidia\",\"pci_vendors\":[\"10de\"],\"tool\":\"nvidia-smi\","
	"\"device_nodes\":[\"/dev/nvidia#\"]}],\"models\":[]}";

/* A recorded machine, its processors and all that is printed of it. */
static int do_machine(struct weft_err *err)
{
	static const char words[] = "Package:2 [NUMANode] Core:2 PU:1";
	struct weft_catalogue *c =
		weft_catalogue_parse("c", machine_catalogue, strlen(machine_catalogue), NULL, NULL, 0, err);
	struct weft_tree *tree = c ? weft_tree_parse("m", machine_text, strlen(machine_text), err) : NULL;
	struct weft_cpus *cpus = tree ? weft_cpus_from_words("w", words, strlen(words), err) : NULL;
	struct weft_machine *machine = NULL;
	FILE *null = fopen("/dev/null", "w");
	int rc = -1;

	if (cpus)
		machine = weft_machine_detect(tree, cpus, c, &(struct weft_detect_options){ .tools = true },
					      err);
	if (machine && null) {
		weft_machine_print(machine, null);
		weft_machine_print_gres(machine, NULL, NULL, null);
		weft_machine_print_slurm(machine, NULL, NULL, null);
		weft_machine_print_json(machine, NULL, null);
		rc = machine->n == 2 ? 0 : weft_err(err, "%zu devices", machine->n);
	}
	if (null)
		__real_fclose(null);
	weft_machine_destroy(machine);
	weft_tree_destroy(tree);
	weft_catalogue_destroy(c);
	return rc;
}

/* A live machine, what its tools say, and what is kept of it. */
static int do_record(struct weft_err *err)
{
	static const char matrix[] = " GPU0 GPU1\nGPU0 X NV4\nGPU1 NV4 X\n";
	struct weft_tree *tree = weft_tree_live("/");
	struct weft_smi smi = { 0 };
	struct weft_names names;
	char text[64];
	int rc = nothing(tree, err);

	if (rc == 0)
		rc = weft_smi_parse_matrix(&smi, matrix, strlen(matrix), err);
	weft_smi_clear(&smi);
	if (rc == 0) {
		weft_tree_record(tree, true);
		weft_tree_field(tree, text, sizeof(text), "MemTotal", "proc/meminfo");
		weft_tree_exists(tree, "proc/meminfo:MemTotal");
		weft_tree_read(tree, text, sizeof(text), "proc"); /* a note */
		rc = weft_tree_list(tree, &names, "self", "proc");
		weft_names_clear(&names);
		rc |= weft_tree_keep(tree, "1", "tool/x/y");
		rc |= weft_tree_keep(tree, "2", "tool/x/y");
		rc = rc ? weft_err(err, "out of memory") : 0;
	}
	if (rc == 0) {
		FILE *null = fopen("/dev/null", "w");

		rc = null ? weft_tree_write(tree, null, err) : weft_err(err, "no /dev/null");
		if (null)
			__real_fclose(null);
	}
	weft_tree_destroy(tree);
	return rc;
}

/* A plan needs no memory to be one: without it there is one span. */
static int do_energy(struct weft_err *err)
{
	static const char csv[] = "2025-03-01T00:00Z,9\n2025-03-01T01:00Z,1\n2025-03-01T02:00Z,9\n"
				  "2025-03-01T03:00Z,\n2025-03-02T03:00Z,1\n2025-03-02T04:00Z,9\n";
	static const char json[] = "[{\"time\":\"2025-03-01T00:00Z\",\"value\":9}]";
	struct weft_series *s = weft_series_parse("csv", csv, strlen(csv), err), *j;
	struct weft_energy_wish wish;
	struct weft_energy_plan plan;
	char *text = NULL;
	int rc = s ? 0 : -1;

	if (rc == 0) {
		weft_energy_plan(&plan, s, 1740787200, 1740787200 + 4 * 86400, 7200, true, 600, 60, false);
		if (plan.n < 1 || plan.n > 4)
			rc = weft_err(err, "%u spans", plan.n);
	}
	weft_series_destroy(s);
	j = rc == 0 ? weft_series_parse("json", json, strlen(json), err) : NULL;
	rc = j ? rc : -1;
	weft_series_destroy(j);
	if (rc == 0)
		rc = weft_energy_parse("green,within=12h", &wish, err);
	if (rc == 0) {
		text = weft_energy_text(&wish);
		rc = nothing(text, err);
	}
	free(text);
	return rc;
}

/* The record of a run at a peer, written and read. */
static int do_handover(struct weft_err *err)
{
	struct weft_handover h, again;
	char *line;
	int rc;

	weft_handover_begin(&h, 1000);
	line = weft_handover_write(&h);
	rc = line ? weft_handover_read(line, strlen(line), &again, err) : weft_err(err, "out of memory");
	free(line);
	return rc;
}

/* A ticket of all classes, written, read, and as the files of a step. */
static int do_ticket(struct weft_err *err)
{
	const struct weft_ticket_job job = { .id = 1, .uid = 2 };
	char *hosts[] = { "a", "b", "c", "d", "e", "f", NULL };
	struct weft_ticket *made = weft_ticket_create("c", &job, 3), *ticket = NULL;
	struct weft_topology topo = { .n_cards = 0 };
	struct weft_topo_step step = { .topo = &topo, .step = "0", .node = "a" };
	char *text = NULL, *shares = NULL, *files[2] = { NULL, NULL };
	struct weft_catalogue *own = NULL;
	struct weft_conf *classes = NULL;
	size_t len;
	int rc = made ? 0 : weft_err(err, "out of memory");

	for (size_t i = 0; rc == 0 && i < weft_inventory_classes(inv); i++) {
		int group = weft_ticket_add_class(made, weft_inventory_class(inv, i), 1, 8, 0xff, err);

		rc = group < 0 ? -1 : weft_ticket_add_node(made, group, 8, 0xff, err);
	}
	if (rc == 0 && weft_ticket_set(&made->site, "alpha"))
		rc = weft_err(err, "out of memory");
	rc = rc == 0 ? weft_ticket_add_catalogue(made, cat, err) : rc;
	text = rc == 0 ? weft_ticket_text(made, &len, err) : NULL;
	ticket = text ? weft_ticket_parse(text, len, err) : NULL;
	rc = ticket ? weft_ticket_site(ticket, &own, &classes, err) : -1;
	shares = rc == 0 ? weft_ticket_shares(ticket, 80, true, err) : NULL;
	rc = shares ? weft_topology_read(&topo, "/sys", own, err) : -1;
	if (rc == 0) {
		step.ticket = ticket;
		files[0] = weft_topology_json(&step, &len);
		files[1] = weft_topology_hostfile(ticket, hosts, &len);
		rc = files[0] && files[1] ? 0 : weft_err(err, "out of memory");
	}
	weft_topology_clear(&topo);
	weft_ticket_destroy(made);
	weft_ticket_destroy(ticket);
	weft_conf_destroy(classes);
	weft_catalogue_destroy(own);
	free(shares);
	free(text);
	free(files[0]);
	free(files[1]);
	return rc;
}

/* ---------------------------------------------------------------- each of them, over and over */

static const struct {
	const char *name;
	int (*run)(struct weft_err *err);
} operations[] = {
	{ "catalogue, with a site's", do_catalogue },
	{ "catalogue from a file", do_file },
	{ "weft.conf", do_conf },
	{ "caps", do_caps },
	{ "snapshot of the sites", do_sites },
	{ "users there", do_users },
	{ "capacity", do_capacity },
	{ "inventory", do_inventory },
	{ "zones and watts", do_watts },
	{ "request, check, canonical form, plan", do_request },
	{ "request that cannot be met", do_lack },
	{ "mixes", do_mix },
	{ "mixes that cannot be", do_no_mix },
	{ "power: the book, the queue and its plan", do_power },
	{ "power: shared, from view to view", do_shared_power },
	{ "jobspec with a table of its own", do_jobspec },
	{ "jobspec with an unknown table", do_unknown_app },
	{ "table from a file", do_table },
	{ "TRES strings", do_tres },
	{ "device environment", do_devenv },
	{ "site", do_site },
	{ "energy: series, plan, text", do_energy },
	{ "burst: wish, outlook, decision, replay, wrapper", do_burst },
	{ "ticket, and the files of a step", do_ticket },
	{ "power report, as a file", do_report },
	{ "the record of a run at a peer", do_handover },
	{ "submissions to a slurmrestd", do_rest_submit },
	{ "answers of a slurmrestd", do_rest_answers },
	{ "scontrol show bbstat", do_sight },
	{ "weft.conf: BurstBufferStack", do_stack },
	{ "what the cards did", do_usage },
	{ "a statement, and one of what was sold", do_statement },
	{ "recorded machine", do_machine },
	{ "live machine, recorded", do_record },
};

/* Fail call AT (0: none) of operation I.  Returns how many calls there were, or -1 after telling what went
 * wrong. */
static long attempt(size_t i, unsigned long at)
{
	struct weft_err err = WEFT_ERR_INIT;
	int rc;

	calls = 0;
	fail_at = at;
	rc = operations[i].run(&err);
	fail_at = 0;
	if (rc == 0 || (at && strstr(err.text, "out of memory")))
		return (long)calls;
	printf("# %s, call %lu%s: \"%s\"\n", operations[i].name, at, fail_rest ? " and all after it" : "",
	       err.text);
	return -1;
}

static int torture(size_t i)
{
	long n = attempt(i, 0);
	int bad = n <= 0;

	for (fail_rest = 0; fail_rest < 2; fail_rest++) {
		for (long at = 1; at <= n; at++)
			bad += attempt(i, (unsigned long)at) < 0;
	}
	fail_rest = 0;
	printf("%sok %zu - %s: %ld calls that may fail\n", bad ? "not " : "", i + 1, operations[i].name, n);
	fflush(stdout);
	return bad != 0;
}

int main(void)
{
	size_t n = sizeof(operations) / sizeof(operations[0]);
	int failed = 0;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	put_file(catalogue_path, catalogue_text);
	put_file(power_conf_path, "PowerZone=row3 Nodes=n[0-1]\nPowerCap=row3 Watts=800\nBurstBufferStack=lua\n");
	cat = weft_catalogue_parse("base", catalogue_text, strlen(catalogue_text), "site", site_text,
				   strlen(site_text), NULL);
	conf = weft_conf_parse("weft.conf", conf_text, strlen(conf_text), NULL);
	inv = cat && conf ? weft_inventory_create(cat, conf) : NULL;
	for (unsigned k = 0; inv && k < N_GRES; k++)
		weft_inventory_add(inv, k, gres[k], NULL);
	for (size_t i = 0; inv && i < n; i++)
		failed += torture(i);
	printf("%zu passed, %d failed\n", inv ? n - failed : 0, inv ? failed : 1);
	unlink(catalogue_path);
	unlink(power_conf_path);
	weft_inventory_destroy(inv);
	weft_conf_destroy(conf);
	weft_catalogue_destroy(cat);
	return !inv || failed;
}
