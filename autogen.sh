#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Make ./configure in a fresh checkout.
set -e
cd "$(dirname "$0")"
autoreconf --install --warnings=all,no-portability,no-obsolete
# Autoconf takes "core" for a core dump and tries to remove it; here it is a directory.
sed 's/rm -f core /rm -f /' configure > configure.new
cat configure.new > configure
rm configure.new
