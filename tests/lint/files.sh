#!/bin/bash
# SPDX-License-Identifier: MIT
# The form of each file: SPDX first, a purpose, width, length, no blanks at line
# ends. One line a fault.
set -u
cd "$(dirname "$0")/../.." || exit 2

WIDTH_MAX=100    # columns, a tab being 8
LINES_MAX=400
faults=0

fault() { # FILE LINE TEXT
	printf '%s:%s: %s\n' "$1" "$2" "$3"
	faults=$((faults + 1))
}

c_files() {
	find bpf fastpath stack shim service tests -name '*.[ch]' | sort
}
script_files() {
	grep -rlE '^#!' --include='*.sh' --include='run' build-aux tests .ci
	echo Makefile
}

# Findings of one awk pass: "LINE TEXT".
scan() { # FILE
	awk -v width_max=$WIDTH_MAX -v lines_max=$LINES_MAX '
		{
			line = $0; width = 0
			gsub(/[\300-\377][\200-\277]+/, "x", line)
			for (i = 1; i <= length(line); i++)
				width += substr(line, i, 1) == "\t" ? \
					8 - width % 8 : 1
			if (width > width_max)
				print NR, width " columns, at most " width_max
			if (line ~ /[ \t]$/)
				print NR, "blanks at the end of the line"
		}
		END {
			if (FILENAME ~ /\.[ch]$/ && NR > lines_max)
				print NR, NR " lines, at most " lines_max
		}' "$1"
}

check_head() { # FILE
	local first second
	{ read -r first; read -r second; } <"$1"
	if [[ $1 = *.[ch] ]]; then
		[[ $first = '/* SPDX-License-Identifier: '*' */' ]] ||
			fault "$1" 1 "the first line is no SPDX identifier"
		[[ $second = '/* '* ]] ||
			fault "$1" 2 "no purpose after the SPDX identifier"
	else
		[[ $first$second = *'SPDX-License-Identifier: '* ]] ||
			fault "$1" 1 "no SPDX identifier at the top"
	fi
}

while read -r file; do
	check_head "$file"
	while read -r line text; do
		fault "$file" "$line" "$text"
	done < <(LC_ALL=C scan "$file")
done < <(c_files; script_files)

[ $faults = 0 ]
