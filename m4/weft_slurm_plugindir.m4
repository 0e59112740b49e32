# SPDX-License-Identifier: GPL-2.0-or-later
# WEFT_SLURM_PLUGINDIR: two directories.
#   SLURM_PLUGINDIR   where the installed Slurm keeps its own plugins; ours find select_cons_tres.so there at run
#                     time (--with-slurm-plugindir, else the first usual place that has it, else empty)
#   plugindir         where ours are installed (--with-plugindir, else the same directory when it lies below libdir,
#                     else LIBDIR/slurm): nothing is installed outside of the prefix unless it is asked for
AC_DEFUN([WEFT_SLURM_PLUGINDIR], [
	AC_ARG_WITH([slurm-plugindir], [AS_HELP_STRING([--with-slurm-plugindir=DIR],
		[directory that holds Slurm's own select_cons_tres.so])], [], [with_slurm_plugindir=])
	AC_ARG_WITH([plugindir], [AS_HELP_STRING([--with-plugindir=DIR],
		[install the plugins into DIR])], [], [with_plugindir=])

	weft_prefix=$prefix weft_exec_prefix=$exec_prefix
	AS_IF([test "x$weft_prefix" = xNONE], [weft_prefix=$ac_default_prefix])
	AS_IF([test "x$weft_exec_prefix" = xNONE], [weft_exec_prefix=$weft_prefix])
	weft_libdir=`prefix=$weft_prefix exec_prefix=$weft_exec_prefix; eval "echo $libdir"`
	weft_multiarch=`$CC -print-multiarch 2>/dev/null`

	AC_MSG_CHECKING([for select_cons_tres.so])
	SLURM_PLUGINDIR=$with_slurm_plugindir
	AS_IF([test "x$SLURM_PLUGINDIR" != x],
		[AS_IF([test -f "$SLURM_PLUGINDIR/select_cons_tres.so"], [],
			[AC_MSG_ERROR([--with-slurm-plugindir: no select_cons_tres.so in $SLURM_PLUGINDIR])])],
		[for weft_dir in "$weft_libdir/slurm-wlm" "$weft_libdir/slurm" "/usr/lib/$weft_multiarch/slurm-wlm" \
				/usr/lib64/slurm /usr/lib/slurm; do
			AS_IF([test -f "$weft_dir/select_cons_tres.so"], [SLURM_PLUGINDIR=$weft_dir; break])
		done])
	weft_base_text=${SLURM_PLUGINDIR:+$SLURM_PLUGINDIR/}select_cons_tres.so
	AC_MSG_RESULT([${SLURM_PLUGINDIR:-not installed}])

	AS_IF([test "x$with_plugindir" != x], [plugindir=$with_plugindir], [
		AS_CASE([$SLURM_PLUGINDIR],
			["$weft_libdir"/*], [plugindir=$SLURM_PLUGINDIR],
			[AS_IF([test -d "$weft_libdir/slurm-wlm"], [plugindir='${libdir}/slurm-wlm'],
				[plugindir='${libdir}/slurm'])])])
	AC_SUBST([SLURM_PLUGINDIR])
	AC_SUBST([plugindir])
])
