# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tools here share: the cache, and Debian packages unpacked into it, never installed.

CACHE=${ZXVMO_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/zxvmo}
SELF=${0##*/}

die()
{
	echo "$SELF: $*" >&2
	exit 1
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

apt_update()
{
	as_root apt-get -qq -o Acquire::Retries=3 update >&2
}

# candidate PACKAGE: the version apt would install, or nothing
candidate()
{
	LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p' | grep -v '(none)'
}

# depends PACKAGE: its direct dependencies, one a line
depends()
{
	LC_ALL=C apt-cache depends "$1" 2>/dev/null | sed -n 's/^[ |]*Depends: //p'
}

# download DIR PACKAGE...
download()
{
	# As root apt would drop to a user who cannot write there
	(cd "$1" && apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 download "${@:2}" >&2)
}

# try_twice COMMAND...: old versions vanish from mirrors, so what fails is tried again with fresh package lists
try_twice()
{
	"$@" || { apt_update && "$@"; }
}

# cached GLOB: the newest complete directory of that pattern in the cache
cached()
{
	# Names are package names and versions: no white space
	# shellcheck disable=SC2086
	(cd "$CACHE" 2>/dev/null && ls -d $1 2>/dev/null) | sort -V | tail -n 1 || :
}
