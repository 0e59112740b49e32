/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * why_reason.c - Slurm's reasons in words.
 */
#include <string.h>

#include "core/why.h"

static const struct {
	const char *name, *words;
} reasons[] = {
	{ "None", "the scheduler has not looked at it yet" },
	{ "Priority", "other jobs go first" },
	{ "Resources", "what it asks for is in use" },
	{ "Dependency", "it waits for other jobs" },
	{ "DependencyNeverSatisfied", "a job that it depends on ended so that it can never start" },
	{ "BeginTime", "it is not to start yet" },
	{ "JobHeldUser", "it is held by its user" },
	{ "JobHeldAdmin", "it is held by an administrator" },
	{ "JobHoldMaxRequeue", "it was requeued too often, and is held" },
	{ "PartitionDown", "its partition is down" },
	{ "PartitionInactive", "its partition is inactive" },
	{ "PartitionNodeLimit", "it asks for more or fewer nodes than its partition allows" },
	{ "PartitionTimeLimit", "its time limit is longer than its partition allows" },
	{ "PartitionConfig", "its partition cannot give what it asks for" },
	{ "NodeDown", "a node that it requires is down" },
	{ "ReqNodeNotAvail", "nodes that it requires cannot be used now" },
	{ "ReservationDeleted", "its reservation is gone" },
	{ "Reservation", "its reservation has not begun" },
	{ "Licenses", "licenses are in use" },
	{ "Cleaning", "it is being cleaned up before it runs again" },
	{ "BadConstraints", "no node can meet what it asks for" },
	{ "AccountingPolicy", "a limit of its account" },
	{ "InvalidAccount", "its account is not valid" },
	{ "InvalidQOS", "its QOS is not valid" },
	{ "QOSNotAllowed", "its QOS may not be used there" },
	{ "AccountNotAllowed", "its account may not be used there" },
	{ "JobArrayTaskLimit", "as many tasks of its array run as may run at a time" },
	{ "JobLaunchFailure", "it could not be launched, and is held" },
	{ "launch failed requeued held", "it could not be launched, and is held" },
	{ "Prolog", "the prolog runs" },
	{ "SystemFailure", "Slurm failed" },
	{ "BurstBufferResources", "burst buffers are in use" },
	{ "BurstBufferStageIn", "its burst buffer is being filled" },
	{ "NodeNotAvail", "nodes that it requires cannot be used now" },
	{ "FedJobLock", "another cluster of the federation considers it" },
	{ "DeadLine", "its deadline is over" },
};

bool weft_why_is_limit(const char *name)
{
	return !strncmp(name, "Assoc", 5) || (!strncmp(name, "QOS", 3) && strcmp(name, "QOSNotAllowed"));
}

const char *weft_why_reason(const char *name)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (!strcmp(reasons[i].name, name))
			return reasons[i].words;
	}
	if (!weft_why_is_limit(name))
		return NULL;
	if (!strncmp(name, "QOS", 3))
		return strstr(name, "PerJob") || strstr(name, "PerNode")
			       ? "it asks for more than its QOS allows a job"
			       : "a limit of its QOS is reached";
	return strstr(name, "PerJob") || strstr(name, "PerNode")
		       ? "it asks for more than its association allows a job"
		       : "a limit of its association is reached";
}
