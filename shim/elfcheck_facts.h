/* SPDX-License-Identifier: MIT */
/* What of an ELF file decides whether a library can be preloaded into it. */
#ifndef NETCOND_SHIM_ELFCHECK_FACTS_H
#define NETCOND_SHIM_ELFCHECK_FACTS_H

#include <limits.h>
#include <stdbool.h>

/* All zero for what is no ELF file. */
struct elf_facts {
	bool is_elf;
	bool is_go;
	unsigned char class;     /* ELFCLASS32 or ELFCLASS64 */
	unsigned char data;      /* byte order */
	unsigned machine;        /* EM_* */
	char loader[PATH_MAX];   /* PT_INTERP; empty: static */
};

void elf_facts_read(int fd, struct elf_facts *facts);
const struct elf_facts *elf_facts_own(void);

#endif
