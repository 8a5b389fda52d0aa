#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check.sh DIR: tests the library built in DIR without the kernel module, in
# TAP 13. `make check` calls it with CC, CXX, NM and the flags in the
# environment.

# The compilers and their flags are lists of words.
# shellcheck disable=SC2086

cd "$(dirname "$0")/.." || exit 1
out=$1
strict='-Wall -Wextra -Werror -pedantic'
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# result NAME COMMAND...: one test; the output of a failing command is shown.
result()
{
	description=$1
	shift
	if "$@" >"$tmp/log" 2>&1; then
		echo "ok - $description"
	else
		echo "not ok - $description"
		sed 's/^/# /' "$tmp/log"
	fi
}

headers=$(cd include && find zircon -name '*.h' | LC_ALL=C sort)

# includes HEADER...: a file that includes them and is not empty
includes()
{
	printf '#include <%s>\n' "$@"
	echo 'extern int declaration;'
}

# compiles FILE: in every dialect of its language
compiles()
{
	case $1 in
	*.c)
		for std in c11 c17 gnu11; do
			$CC -std=$std $strict $CPPFLAGS -fsyntax-only "$1" || return
		done ;;
	*)
		for std in c++11 c++17 c++20; do
			$CXX -std=$std $strict $CPPFLAGS -fsyntax-only "$1" || return
		done ;;
	esac
}

# The functions the headers declare, without those with an underscore
declared()
{
	grep -rhoE '^[a-z][a-z_0-9 ]* \*?(zx|zxvmo)_[a-z_0-9]+\(' include |
		grep -v inline | grep -oE '[a-z_0-9]+\($' | tr -d '(' | LC_ALL=C sort
}

# Prints each name read, and what it is also called.
both_names()
{
	sed '/^zx_/ { p; s/^/_/; }' | LC_ALL=C sort
}

exported()
{
	$NM -D --defined-only "$out/libzircon.so" |
		awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort
}

same()
{
	diff "$tmp/$1" "$tmp/$2"
}

documented()
{
	while read -r name; do
		grep -rqF " * $name() - " include || { echo "$name"; return 1; }
	done <"$tmp/declared"
}

only_our_names()
{
	! $NM --defined-only --extern-only "$out/libzircon.a" | awk 'NF == 3 { print $3 }' |
		grep -vE '^(_?zx|zxvmo)_'
}

# A program may have functions of its own in libc's place that use the library: it must not come back to them.
nothing_of_libc()
{
	! $NM --undefined-only "$out/libzircon.a" | awk 'NF == 2 { print $2 }' |
		grep -vE '^(zxvmo_|clock_|sched_yield$|sysconf$|mem(cpy|set)$|__clear_cache$|_GLOBAL_OFFSET_TABLE_$|__(asan|ubsan|stack_chk)_)'
}

# A program that calls each function under both names, as an address
program()
{
	includes $headers
	echo '#include <stdio.h>'
	echo 'typedef void (*function)(void);'
	echo 'function functions[] = {'
	while read -r name; do
		echo "	(function)$name,"
	done <"$tmp/named"
	echo '};'
	echo 'int main(void)'
	echo '{'
	echo '	return puts(zx_status_get_string(ZX_OK)) < 0 || !functions[0];'
	echo '}'
}

# runs COMPILER SOURCE: builds it with the shared library and runs it
runs()
{
	$1 -Wall -Wextra -Werror -Wno-cast-function-type $CPPFLAGS $CFLAGS -o "$tmp/program" "$2" \
		$LDFLAGS -L"$out" -lzircon || return
	LD_LIBRARY_PATH=$out "$tmp/program"
}

all_tests()
{
	for header in $headers; do
		for language in c cc; do
			includes "$header" >"$tmp/one.$language"
			result "<$header> alone in .$language" compiles "$tmp/one.$language"
		done
	done
	for language in c cc; do
		includes $headers $headers >"$tmp/all.$language"
		result "all headers, twice, in .$language" compiles "$tmp/all.$language"
	done

	declared >"$tmp/declared"
	both_names <"$tmp/declared" >"$tmp/named"
	grep -oE '_?zx(vmo)?_[a-z_0-9]+;' libzircon.map | tr -d ';' | LC_ALL=C sort >"$tmp/mapped"
	exported >"$tmp/exported"
	result "the headers declare functions" test -s "$tmp/declared"
	result "the map names what the headers declare" same named mapped
	result "the library exports what the map names" same mapped exported
	result "every function is documented" documented
	result "the static library defines no foreign name" only_our_names
	result "the library uses nothing of libc but clocks and the page size" nothing_of_libc
	program >"$tmp/program.c"
	program >"$tmp/program.cc"
	result "a C program with the shared library" runs "$CC" "$tmp/program.c"
	result "a C++ program with the shared library" runs "$CXX" "$tmp/program.cc"

	"$out/shim_host"
	status=$?
	[ $status -le 1 ] || echo "not ok - shim_host ends with status $status"
}

all_tests | awk '
BEGIN { print "TAP version 13" }
/^(not )?ok - / { sub(/ok -/, "ok " ++count " -"); failed += /^not/ }
{ print; fflush() }
END { print "1.." count; exit !count || failed > 0 }'
