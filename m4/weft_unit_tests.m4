# SPDX-License-Identifier: GPL-2.0-or-later
# WEFT_UNIT_TESTS: the unit tests need libcheck; without it they are left out and everything else is built.
AC_DEFUN([WEFT_UNIT_TESTS], [
	PKG_CHECK_MODULES([CHECK], [check >= 0.11], [weft_have_check=yes], [weft_have_check=no])
	AM_CONDITIONAL([HAVE_CHECK], [test "x$weft_have_check" = xyes])
])
