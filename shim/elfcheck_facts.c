/* SPDX-License-Identifier: MIT */
/* What of an ELF file decides whether a library can be preloaded into it. */
#include "shim/elfcheck_facts.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#define HEADERS_MAX 1024 /* program or section headers that are looked at */

static bool has_read(int fd, void *buf, size_t len, off_t offset)
{
	return pread(fd, buf, len, offset) == (ssize_t)len;
}

static void read_loader(int fd, const ElfW(Ehdr) *ehdr, struct elf_facts *facts)
{
	for (unsigned i = 0; i < ehdr->e_phnum && i < HEADERS_MAX; i++) {
		ElfW(Phdr) phdr;
		off_t offset = ehdr->e_phoff + i * sizeof(phdr);

		if (!has_read(fd, &phdr, sizeof(phdr), offset))
			return;
		if (phdr.p_type != PT_INTERP)
			continue;
		if (phdr.p_filesz > 0 &&
		    phdr.p_filesz < sizeof(facts->loader) &&
		    has_read(fd, facts->loader, phdr.p_filesz, phdr.p_offset))
			facts->loader[phdr.p_filesz] = 0;
		else
			facts->loader[0] = 0;
		return;
	}
}

static bool is_go_section(int fd, const ElfW(Shdr) *names,
                          const ElfW(Shdr) *section)
{
	char name[32] = "";
	ssize_t got;

	got = pread(fd, name, sizeof(name) - 1,
	            names->sh_offset + section->sh_name);
	if (got <= 0)
		return false;
	return !strcmp(name, ".note.go.buildid") ||
	       !strcmp(name, ".gopclntab") ||
	       !strcmp(name, ".data.rel.ro.gopclntab");
}

/* Go's runtime enters the kernel by itself even when cgo made the file a
 * dynamic one. Its linker names its tables so, stripped or not.
 */
static void read_sections(int fd, const ElfW(Ehdr) *ehdr,
                          struct elf_facts *facts)
{
	ElfW(Shdr) names, section;

	if (ehdr->e_shentsize != sizeof(section) ||
	    ehdr->e_shstrndx >= ehdr->e_shnum ||
	    !has_read(fd, &names, sizeof(names),
	              ehdr->e_shoff + ehdr->e_shstrndx * sizeof(names)))
		return;
	for (unsigned i = 0; i < ehdr->e_shnum && i < HEADERS_MAX; i++) {
		if (!has_read(fd, &section, sizeof(section),
		              ehdr->e_shoff + i * sizeof(section)))
			return;
		if (is_go_section(fd, &names, &section)) {
			facts->is_go = true;
			return;
		}
	}
}

/* Read what decides about the file behind fd; whatever its bytes say, only what
 * is inside it is read. facts->is_elf is false for anything else.
 */
void elf_facts_read(int fd, struct elf_facts *facts)
{
	ElfW(Ehdr) ehdr = { 0 };

	memset(facts, 0, sizeof(*facts));
	if (!has_read(fd, &ehdr, EI_NIDENT + 4, 0) ||
	    memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0)
		return;
	facts->is_elf = true;
	facts->class = ehdr.e_ident[EI_CLASS];
	facts->data = ehdr.e_ident[EI_DATA];
	facts->machine = ehdr.e_machine;
	if (facts->class != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
	    !has_read(fd, &ehdr, sizeof(ehdr), 0) ||
	    ehdr.e_phentsize != sizeof(ElfW(Phdr)))
		return;
	read_loader(fd, &ehdr, facts);
	read_sections(fd, &ehdr, facts);
}

/* Our own executable's facts: what the library was made for. */
const struct elf_facts *elf_facts_own(void)
{
	static struct elf_facts facts;
	int fd;

	if (facts.is_elf)
		return &facts;
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		elf_facts_read(fd, &facts);
		close(fd);
	}
	return &facts;
}
