#!/bin/bash
# SPDX-License-Identifier: MIT
# make lint: the whole of it, every finding shown, one word for each part.
#
#   usage: run.sh [FILE...]    (default: every C file)
#
# Environment: CC, CLANG, CLANG_TIDY, CPPCHECK name the tools; LWIP_DIR names
# lwIP's tree. A tool that is missing is named and counts as a fault.
set -u
cd "$(dirname "$0")/../.." || exit 2

CC=${CC:-gcc} CLANG=${CLANG:-clang} CLANG_TIDY=${CLANG_TIDY:-clang-tidy}
CPPCHECK=${CPPCHECK:-cppcheck} LWIP_DIR=${LWIP_DIR:-build/lwip}
JOBS=${JOBS:-$(nproc)}
flags=(-std=gnu11 -D_GNU_SOURCE -I. -isystem "$LWIP_DIR/src/include"
	-Istack/port)
warnings=(-Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes
	-Wpointer-arith -Wundef -Wvla -Werror)
faults=0

if [ $# -gt 0 ]; then
	files=("$@")
else
	mapfile -t files < <(find fastpath stack shim service tests \
		-name '*.c' | sort)
fi
# The files that need DPDK's headers are looked at where those are.
if dpdk=$(pkg-config --cflags libdpdk 2>/dev/null); then
	read -ra dpdk <<<"${dpdk//-I/-isystem }"
	flags+=("${dpdk[@]}")
else
	echo "skip the files that need DPDK: pkg-config does not find libdpdk"
	mapfile -t files < <(printf '%s\n' "${files[@]}" | grep -v \
		-e '^fastpath/netdev_dpdk\.c$' \
		-e '^fastpath/dpdk_\(eal\|port\|tx\|wake\)\.c$')
fi

part() { # NAME COMMAND...
	local name=$1
	shift
	if "$@"; then
		printf 'ok   %s\n' "$name"
	else
		printf 'FAIL %s\n' "$name"
		faults=$((faults + 1))
	fi
}

each_file() { # COMMAND... , with the file's name appended
	printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$JOBS" "$@"
}

compile_with() { # COMPILER
	each_file "$1" "${flags[@]}" "${warnings[@]}" -O2 -fsyntax-only
}

tidy_one() {
	local out
	out=$("$CLANG_TIDY" --quiet "$1" -- "${flags[@]}" 2>/dev/null) && return
	# The path that the analyzer walked is for whoever asks: V=1.
	[ -n "${V:-}" ] || out=$(grep -E ': (error|warning): ' <<<"$out")
	printf '%s\n' "$out"
	return 1
}

run_tidy() {
	command -v "$CLANG_TIDY" >/dev/null || {
		echo "$CLANG_TIDY is missing"
		return 1
	}
	each_file "$0" --tidy-one
}

run_cppcheck() {
	"$CPPCHECK" --quiet --error-exitcode=1 --inline-suppr -j "$JOBS" \
		--std=c11 --library=bsd --enable=warning,performance,portability -I. \
		-D_GNU_SOURCE --suppressions-list=tests/lint/cppcheck.supp \
		"${files[@]}"
}

if [ "${1:-}" = --tidy-one ]; then
	tidy_one "$2"
	exit
fi
part "$CC, warnings as errors" compile_with "$CC"
part "$CLANG, warnings as errors" compile_with "$CLANG"
part "layers" tests/lint/layers.sh
part "form of the files" tests/lint/files.sh
part "$CPPCHECK" run_cppcheck
part "$CLANG_TIDY" run_tidy
[ $faults = 0 ]
