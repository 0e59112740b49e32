/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_app.h - the value of --accel-app.  Knows nothing of SPANK.
 */
#ifndef WEFT_SPANK_APP_H
#define WEFT_SPANK_APP_H

#include "core/error.h"

/* What WEFT_ACCEL_APP becomes for --accel-app=VALUE: the name of a site's table, or "=" and the table
 * that the file VALUE holds. VALUE names a file when it has a '/' in it or when there is such a file.
 * malloc()ed; NULL with ERR. Runs as the user. */
char *weft_app_option(const char *value, struct weft_err *err);

#endif
