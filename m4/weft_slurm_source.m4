# SPDX-License-Identifier: GPL-2.0-or-later
# WEFT_SLURM_SOURCE: --with-slurm-source=DIR names the source tree of the exact Slurm release that the plugins are
# for.  The tree is only read, and Slurm's own configure is never run: of its config.h only three names matter to
# a plugin, and they are written to compat-include/ in the build directory together with slurm_version.h.
# USE_ALIAS decides under which names libslurm's functions are called, so it must be there.
#
# Sets SLURM_SOURCE, SLURM_VERSION, SLURM_CPPFLAGS and the conditional HAVE_SLURM_SOURCE.
AC_DEFUN([WEFT_SLURM_SOURCE], [
	AC_ARG_WITH([slurm-source], [AS_HELP_STRING([--with-slurm-source=DIR],
		[source tree of the Slurm release to build the plugins for])], [], [with_slurm_source=no])
	weft_slurm_source=
	AS_CASE([$with_slurm_source],
		[no|''], [],
		[yes], [AC_MSG_ERROR([--with-slurm-source needs a directory])],
		[weft_slurm_source=`cd "$with_slurm_source" 2>/dev/null && pwd`
		 AS_IF([test "x$weft_slurm_source" = x],
			[AC_MSG_ERROR([--with-slurm-source: there is no directory $with_slurm_source])])])

	AS_IF([test "x$weft_slurm_source" != x], [
		AC_MSG_CHECKING([for the Slurm release of $weft_slurm_source])
		for weft_file in META slurm/slurm_version.h.in src/slurmctld/slurmctld.h; do
			AS_IF([test -f "$weft_slurm_source/$weft_file"], [],
				[AC_MSG_ERROR([$weft_slurm_source is no Slurm source tree: $weft_file is not there])])
		done
		weft_meta() {
			$AWK -v key="$[1]:" '$[1] == key { print $[2]; exit }' "$weft_slurm_source/META"
		}
		SLURM_VERSION=`weft_meta Version`
		weft_major=`weft_meta Major` weft_minor=`weft_meta Minor` weft_micro=`weft_meta Micro`
		AS_CASE([$weft_major.$weft_minor.$weft_micro],
			[*[[!0-9.]]*|.*|*.|*..*], [AC_MSG_ERROR([$weft_slurm_source/META: cannot read Major, Minor and Micro])])
		# META writes 05, which printf would take for octal; 08 and 09 would not even parse.
		SLURM_VERSION_NUMBER=`printf '0x%02x%02x%02x' "${weft_major#0}" "${weft_minor#0}" "${weft_micro#0}"`
		AC_MSG_RESULT([$SLURM_VERSION ($SLURM_VERSION_NUMBER)])

		weft_installed=`(slurmctld -V) 2>/dev/null | $AWK 'NR == 1 { print $NF }'`
		AS_IF([test "x$weft_installed" != x && test "x$weft_installed" != "x$SLURM_VERSION"],
			[AC_MSG_WARN([the installed slurmctld is $weft_installed and will refuse plugins for $SLURM_VERSION])])

		SLURM_CPPFLAGS="-I\$(abs_builddir)/compat-include -isystem $weft_slurm_source"
		AC_CONFIG_COMMANDS([compat-include], [
			mkdir -p compat-include/slurm
			{
				echo "/* What a plugin needs of Slurm's config.h; written by configure. */"
				echo "#define USE_ALIAS 1"
				echo "#define SLURM_VERSION_NUMBER $weft_number"
				echo "#define SLURM_VERSION_STRING \"$weft_version\""
			} > compat-include/config.h.new
			sed "s/^#undef SLURM_VERSION_NUMBER/#undef SLURM_VERSION_NUMBER\\
#define SLURM_VERSION_NUMBER $weft_number/" "$weft_source/slurm/slurm_version.h.in" > compat-include/slurm_version.h.new
			# An unchanged file keeps its date, so that a reconfigure does not rebuild everything.
			cmp -s compat-include/config.h.new compat-include/config.h ||
				cp compat-include/config.h.new compat-include/config.h
			cmp -s compat-include/slurm_version.h.new compat-include/slurm/slurm_version.h ||
				cp compat-include/slurm_version.h.new compat-include/slurm/slurm_version.h
			rm -f compat-include/config.h.new compat-include/slurm_version.h.new
		], [weft_source='$weft_slurm_source' weft_number=$SLURM_VERSION_NUMBER weft_version=$SLURM_VERSION])
	])

	# Only its header: the plugins load the library when they first need it.
	AS_IF([test "x$weft_slurm_source" != x], [
		AC_CHECK_HEADER([munge.h], [], [AC_MSG_ERROR([munge.h is not there (libmunge-dev, munge-devel)])])])

	SLURM_SOURCE=$weft_slurm_source
	AC_SUBST([SLURM_SOURCE])
	AC_SUBST([SLURM_VERSION])
	AC_SUBST([SLURM_CPPFLAGS])
	AM_CONDITIONAL([HAVE_SLURM_SOURCE], [test "x$weft_slurm_source" != x])
])
