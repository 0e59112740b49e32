# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# host.sh - what ./check and ./demo need of a Debian machine: packages, Slurm's source, a build, a Debian 13 root.
# To be sourced by a script in the top directory.
#
# Environment:
#	WEFT_CACHE          where Slurm's source and the Debian 13 root are kept (/var/cache/weft)
#	WEFT_SLURM_SOURCE   a source tree of the installed Slurm, to be used instead of fetching one

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
WEFT_CACHE=${WEFT_CACHE:-/var/cache/weft}
export PATH=$PATH:/usr/sbin:/sbin DEBIAN_FRONTEND=noninteractive

# shellcheck disable=SC2034 # the scripts that source this file use them
{
	packages_build="gcc libc6-dev make autoconf automake libtool pkg-config libjson-c-dev libhwloc-dev libmunge-dev libcurl4-openssl-dev libsqlite3-dev libssl-dev check binutils xz-utils bzip2"
	packages_cluster="slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge iproute2 util-linux procps"
	packages_tests="ca-certificates clang slurmdbd slurm-wlm-mysql-plugin slurm-wlm-jwt-plugin slurmrestd libfaketime mariadb-server mariadb-client curl valgrind liblua5.1-0 liblua5.4-0"
	packages_root="debootstrap"
}

die()
{
	echo "$(basename "$0"): $*" >&2
	exit 1
}

need_root()
{
	[ "$(id -u)" -eq 0 ] || die "must be run as root: it installs packages and starts Slurm's daemons"
	[ -e /etc/debian_version ] || die "is made for Debian 12 and 13; doc/install.md tells how to build elsewhere"
}

codename()
{
	(. /etc/os-release && echo "${VERSION_CODENAME:?}")
}

installed()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null)" = installed ]
}

# install_packages NAME...: those that are missing; no service is started by it
install_packages()
{
	local name missing=() policy=/usr/sbin/policy-rc.d ours=no rc=0
	for name in "$@"; do
		installed "$name" || missing+=("$name")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "installing ${missing[*]}"
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' > $policy
		chmod 755 $policy
		ours=yes
	fi
	apt_quietly -o Acquire::Check-Valid-Until=false update &&
		apt_quietly install -y --no-install-recommends "${missing[@]}" || rc=$?
	[ $ours = no ] || rm -f $policy
	[ $rc -eq 0 ] || die "could not install ${missing[*]}"
}

# apt-get, with its output shown only when it fails
apt_quietly()
{
	local log rc=0
	log=$(mktemp)
	apt-get -q "$@" > "$log" 2>&1 < /dev/null || rc=$?
	[ $rc -eq 0 ] || tail -n 30 "$log" >&2
	rm -f "$log"
	return $rc
}

# The machine's own Debian archives, as one line for each suite: OPTION URI SUITE COMPONENTS, where OPTION is
# [signed-by=FILE], [trusted=yes] or [].  Other archives are left out.
archives()
{
	local release
	release=$(codename)
	{
		cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2> /dev/null |
			sed -n -E 's/^deb[[:space:]]+(\[[^]]*\])?[[:space:]]*([^[:space:]]+)[[:space:]]+([^[:space:]]+)[[:space:]]+(.*)$/\1|\2|\3|\4/p' |
			awk -F'|' '{
				option = match($1, /(trusted|signed-by)=[^] ]+/) ? "[" substr($1, RSTART, RLENGTH) "]" : "[]"
				print option, $2, $3, $4
			}'
		cat /dev/null /etc/apt/sources.list.d/*.sources 2> /dev/null | awk '
			function flush(  i, j) {
				if (types ~ /(^| )deb( |$)/ && enabled != "no")
					for (i = 1; i <= split(uris, u, " "); i++)
						for (j = 1; j <= split(suites, s, " "); j++)
							print (key ? "[signed-by=" key "]" : "[]"), u[i], s[j], components
				types = uris = suites = components = key = enabled = ""
			}
			/^[[:space:]]*$/ { flush(); next }
			/^#/ { next }
			/^Types:/ { sub(/^[^:]*: */, ""); types = $0 }
			/^URIs:/ { sub(/^[^:]*: */, ""); uris = $0 }
			/^Suites:/ { sub(/^[^:]*: */, ""); suites = $0 }
			/^Components:/ { sub(/^[^:]*: */, ""); components = $0 }
			/^Signed-By: *\// { sub(/^[^:]*: */, ""); key = $0 }
			/^Enabled:/ { sub(/^[^:]*: */, ""); enabled = $0 }
			END { flush() }'
	} | awk -v release="$release" '$3 == release || index($3, release "-") == 1' | awk '!seen[$0]++'
}

# The archive that holds the machine's release itself.
mirror()
{
	archives | awk -v release="$(codename)" '$3 == release { print $2; exit }'
}

# ---------------------------------------------------------------- Slurm's source

slurm_version()
{
	slurmctld -V | awk '{ print $NF }'
}

# Sets SLURM_TREE to the source of the installed Slurm, fetched from the machine's own archives when it is not in the
# cache.  Only the upstream tarball is asked for.  The machine's apt configuration is not changed.
slurm_source()
{
	local version source apt=$WEFT_CACHE/apt-$$ options
	version=$(slurm_version)
	SLURM_TREE=${WEFT_SLURM_SOURCE:-$WEFT_CACHE/slurm-$version}
	[ ! -e "$SLURM_TREE/META" ] || return 0
	[ -z "${WEFT_SLURM_SOURCE:-}" ] || die "WEFT_SLURM_SOURCE: there is no META in $WEFT_SLURM_SOURCE"

	echo "fetching the source of Slurm $version"
	mkdir -p "$apt/lists/partial" "$apt/unpacked"
	archives | sed -e 's/^\[\] //' -e 's/^/deb-src /' > "$apt/sources.list"
	options=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$apt/lists"
		-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Acquire::Check-Valid-Until=false
		-o Acquire::Languages=none -o APT::Sandbox::User=root)
	apt_quietly "${options[@]}" update || die "cannot read the archives' source lists"
	source=$(dpkg-query -W -f '${source:Version}' slurmctld)
	# The very version that is installed, or else any of the same upstream release.
	(cd "$apt" &&
		{ apt_quietly "${options[@]}" source --download-only --tar-only "slurm-wlm=$source" 2> /dev/null ||
			apt_quietly "${options[@]}" source --download-only --tar-only slurm-wlm; }) ||
		die "cannot fetch the source of slurm-wlm"
	ls "$apt"/slurm-wlm_"$version"*.orig.tar.* > /dev/null 2>&1 ||
		die "the archives have no source of Slurm $version; name a tree in WEFT_SLURM_SOURCE"
	tar -xf "$apt"/slurm-wlm_"$version"*.orig.tar.* -C "$apt/unpacked" --strip-components=1
	rm -rf "$SLURM_TREE"
	mv "$apt/unpacked" "$SLURM_TREE"
	rm -rf "$apt"
}

# ---------------------------------------------------------------- a build

# configure_in DIR CONFIGURE_OPTION...: unless it was configured so before
configure_in()
{
	local dir=$1
	shift
	[ -x "$TOP/configure" ] || "$TOP/autogen.sh" || return 1
	mkdir -p "$dir"
	if [ ! -e "$dir/config.status" ] || [ "$(cat "$dir/configured-for" 2> /dev/null)" != "$*" ]; then
		(cd "$dir" && "$TOP/configure" -q "$@") || return 1
		echo "$*" > "$dir/configured-for"
	fi
}

# build_for_slurm [CONFIGURE_OPTION...]: sets BUILD to a build for the installed Slurm, installed into BUILD/inst
build_for_slurm()
{
	local version
	version=$(slurm_version)
	BUILD=$TOP/build-${version%.*}
	configure_in "$BUILD" --prefix="$BUILD/inst" --with-slurm-source="$SLURM_TREE" "$@" || return 1
	make -s -C "$BUILD" -j"$(nproc)" && make -s -C "$BUILD" install > "$BUILD/install.log" 2>&1 && return 0
	[ ! -e "$BUILD/install.log" ] || tail -n 20 "$BUILD/install.log"
	return 1
}

# ---------------------------------------------------------------- a Debian 13 root

# Can this process have mounts of its own?
can_mount()
{
	unshare --mount true 2> /dev/null
}

# make_root DIR: with debootstrap, unless it is there
make_root()
{
	local root=$1
	if [ ! -e "$root/etc/debian_version" ]; then
		echo "making a Debian 13 root in $root"
		rm -rf "$root.new"
		mkdir -p "$(dirname "$root")"
		debootstrap --variant=minbase --include=ca-certificates trixie "$root.new" "$(mirror)" \
			> "$root.log" 2>&1 || { tail -n 20 "$root.log"; return 1; }
		rm -rf "$root"
		mv "$root.new" "$root"
	fi
	# It reaches the network as this machine does, and starts no service.
	cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
	{
		echo 'Acquire::Check-Valid-Until "false";'
		apt-config dump | grep -E '^Acquire::https?::' || true
	} > "$root/etc/apt/apt.conf.d/90weft"
	printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
}

# in_root DIR CMD...: with mounts that go when CMD ends
in_root()
{
	local root=$1
	shift
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount --fork bash -c '
		root=$1; shift
		mount --bind "$root" "$root" && # or there can be no mount namespace inside
		mount --rbind /dev "$root/dev" && mount -t proc proc "$root/proc" &&
		mount --rbind /sys "$root/sys" && mount -t tmpfs tmpfs "$root/tmp" &&
		exec chroot "$root" "$@"' in_root "$root" "$@"
}

# copy_to_root DIR: the project, without what was built, to /weft there
copy_to_root()
{
	mkdir -p "$1/weft"
	find "$1/weft" -mindepth 1 -maxdepth 1 ! -name 'build-*' -exec rm -rf {} +
	tar -C "$TOP" --exclude=./.git --exclude='./build*' --exclude=./autom4te.cache --exclude=./configure \
		--exclude='./m4/l[ti]*' -cf - . | tar -C "$1/weft" -xf -
}
