#!/bin/bash
# SPDX-License-Identifier: MIT
# The layer check: an include points down or sideways along
#
#     service > stack > fastpath > bpf      and      shim
#
# service/ takes nothing but shim/proto/ of the shim, tests take anything, and
# each third party's headers appear in one folder. One line a fault.
set -u
cd "$(dirname "$0")/../.." || exit 2

# What files of a folder may include of ours, as a regular expression.
declare -A may_include=(
	[bpf]='^bpf/'
	[fastpath]='^(fastpath|bpf)/'
	[stack]='^(stack|fastpath)/'
	[shim]='^shim/'
	[service]='^(service|stack|fastpath)/|^shim/proto/'
	[tests]='.'
)
# HEADERS:FOLDER, the only one that may see them; tests/ stands outside.
owners=(
	'^(lwip|netif|arch)/:stack'
	'^lwipopts\.h$:stack'
	'^(bpf|xdp)/(bpf|libbpf|btf|xsk|libxdp)\.h$:fastpath'
	'^bpf/bpf_[^/]*\.h$:bpf'
	'^rte_:fastpath'
)
faults=0

fault() { # FILE LINE TEXT
	printf '%s:%s: %s\n' "$1" "$2" "$3"
	faults=$((faults + 1))
}

check_include() { # FILE LINE HEADER IS_QUOTED
	local folder=${1%%/*} row
	if [[ $folder != tests ]]; then
		for row in "${owners[@]}"; do
			[[ ! $3 =~ ${row%:*} || $folder = "${row##*:}" ]] ||
				fault "$1" "$2" "only ${row##*:}/ sees <$3>"
		done
	fi
	if [[ $1 = shim/proto/* && $4 = yes && $3 != shim/proto/* ]]; then
		fault "$1" "$2" "shim/proto/ stands alone, not on $3"
	fi
	[[ $4 = yes ]] || return 0
	# stack/port holds what lwIP includes by bare names.
	if [[ $1 = stack/port/* && ! -e $3 ]]; then return 0; fi
	if [[ ! -e $3 && ! $3 =~ ^(lwip|netif|arch)/ ]]; then
		fault "$1" "$2" "\"$3\" is not named from the top folder"
	elif [[ ! $3 =~ ${may_include[$folder]} && -e $3 ]]; then
		fault "$1" "$2" "$folder/ may not include $3"
	fi
}

re='^[[:space:]]*#[[:space:]]*include[[:space:]]*([<"])([^>"]+)[>"]'
while IFS=: read -r file line text; do
	[[ $text =~ $re ]] || continue
	quoted=no
	[[ ${BASH_REMATCH[1]} = '<' ]] || quoted=yes
	check_include "$file" "$line" "${BASH_REMATCH[2]}" $quoted
done < <(grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include' \
	bpf fastpath stack shim service tests)

[ $faults = 0 ]
