# SPDX-License-Identifier: GPL-2.0-or-later
# WEFT_COMPILER_FLAGS: sets WEFT_CFLAGS and WEFT_LDFLAGS, which every object of the project is built with.
#   --enable-werror       warnings are errors (CI; off by default, so that a newer compiler does not break a build)
#   --enable-sanitizers   address and undefined-behaviour sanitizers: for the unit tests, not for plugins in a daemon
#   --enable-coverage     gcov
AC_DEFUN([WEFT_COMPILER_FLAGS], [
	WEFT_CFLAGS="-std=c11 -Wall -Wextra"
	WEFT_LDFLAGS=

	AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [treat warnings as errors])],
		[], [enable_werror=no])
	AS_IF([test "x$enable_werror" = xyes], [WEFT_CFLAGS="$WEFT_CFLAGS -Werror"])

	AC_ARG_ENABLE([sanitizers], [AS_HELP_STRING([--enable-sanitizers],
		[build with the address and undefined-behaviour sanitizers])], [], [enable_sanitizers=no])
	AS_IF([test "x$enable_sanitizers" = xyes], [
		weft_san="-fsanitize=address,undefined -fno-sanitize-recover=all"
		WEFT_CFLAGS="$WEFT_CFLAGS $weft_san -fno-omit-frame-pointer"
		WEFT_LDFLAGS="$WEFT_LDFLAGS $weft_san"])

	AC_ARG_ENABLE([coverage], [AS_HELP_STRING([--enable-coverage], [build with gcov counters])],
		[], [enable_coverage=no])
	AS_IF([test "x$enable_coverage" = xyes], [
		WEFT_CFLAGS="$WEFT_CFLAGS --coverage -O0"
		WEFT_LDFLAGS="$WEFT_LDFLAGS --coverage"])

	AC_SUBST([WEFT_CFLAGS])
	AC_SUBST([WEFT_LDFLAGS])
])
