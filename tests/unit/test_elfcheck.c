/* SPDX-License-Identifier: MIT */
/* Which programs can be intercepted: files made for each verdict. ELF files are
 * copies of this very program with a field changed, so that no compiler and no
 * package is needed.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/elfcheck.h"
#include "tests/unit/unit.h"

#define ID_NOBODY 65534

static char dir[] = "/tmp/test_elfcheck.XXXXXX";
static struct elfcheck check;
static char *image;      /* this program's file */
static size_t image_len;

static void set_up(void)
{
	struct stat st;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	CU_ASSERT_EQUAL_FATAL(fstat(fd, &st), 0);
	image_len = (size_t)st.st_size;
	image = malloc(image_len);
	CU_ASSERT_EQUAL_FATAL(read(fd, image, image_len), (ssize_t)image_len);
	close(fd);
}

static void tear_down(void)
{
	char command[128];

	free(image);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	CU_ASSERT_EQUAL(system(command), 0);
}

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static const char *make_file(const char *name, const void *data, size_t len,
                             mode_t mode)
{
	const char *path = path_of(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	CU_ASSERT_EQUAL_FATAL(write(fd, data, len), (ssize_t)len);
	CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static const char *make_script(const char *name, const char *text)
{
	return make_file(name, text, strlen(text), 0755);
}

static const char *make_image(const char *name)
{
	return make_file(name, image, image_len, 0755);
}

/* The verdict for the file, whose sentence must have the text in it. */
static void expect(enum elfcheck_verdict verdict, const char *path,
                   const char *text)
{
	CU_ASSERT_EQUAL(elfcheck_program(path, &check), verdict);
	CU_ASSERT_EQUAL(check.verdict, verdict);
	if (verdict == ELFCHECK_OK || strstr(check.why, text))
		return;
	printf("\n%s: verdict %d: %s\n", path, check.verdict, check.why);
	CU_FAIL("the sentence lacks what it should say");
}

static ElfW(Phdr) *find_interp(void)
{
	ElfW(Ehdr) *ehdr = (void *)image;
	ElfW(Phdr) *phdr = (void *)(image + ehdr->e_phoff);

	for (int i = 0; i < ehdr->e_phnum; i++)
		if (phdr[i].p_type == PT_INTERP)
			return &phdr[i];
	CU_FAIL_FATAL("this program has no loader");
	return NULL;
}

static void test_ordinary(void)
{
	expect(ELFCHECK_OK, make_image("ordinary"), "");
	CU_ASSERT_STRING_EQUAL(check.path, path_of("ordinary"));
	CU_ASSERT_STRING_EQUAL(check.loaded, path_of("ordinary"));
	CU_ASSERT_STRING_EQUAL(check.why, "");
}

static void test_missing(void)
{
	expect(ELFCHECK_MISSING, path_of("nothing"), "nothing'");
	expect(ELFCHECK_MISSING, "", "''");
	expect(ELFCHECK_MISSING, "no-such-program-anywhere",
	       "'no-such-program-anywhere' in $PATH");
	make_image("file");
	expect(ELFCHECK_MISSING, path_of("file/below"), "below'");
}

static void test_path_search(void)
{
	const char *saved = getenv("PATH");
	char *copy = strdup(saved ? saved : "");
	char path[128];

	setenv("PATH", "/nonexistent", 1);
	expect(ELFCHECK_MISSING, "only-here", "$PATH");
	snprintf(path, sizeof(path), "/nonexistent:%s", dir);
	setenv("PATH", path, 1);
	make_script("only-here", "#!/bin/sh\n");
	expect(ELFCHECK_OK, "only-here", "");
	CU_ASSERT_STRING_EQUAL(check.path, path_of("only-here"));
	CU_ASSERT_EQUAL(chmod(path_of("only-here"), 0644), 0);
	expect(ELFCHECK_NOT_EXECUTABLE, "only-here", "chmod +x");
	setenv("PATH", copy, 1);
	free(copy);
}

static void test_not_executable(void)
{
	expect(ELFCHECK_NOT_EXECUTABLE, dir, "a directory");
	expect(ELFCHECK_NOT_EXECUTABLE, "/dev/null", "not a regular file");
	expect(ELFCHECK_NOT_EXECUTABLE,
	       make_file("plain", image, image_len, 0644), "chmod +x");
	expect(ELFCHECK_NOT_EXECUTABLE,
	       make_file("junk", "\x80\0\x81\n", 4, 0755), "neither");
}

static void test_static(void)
{
	find_interp()->p_type = PT_NULL;
	expect(ELFCHECK_STATIC, make_image("static"), "statically linked");
}

static void test_foreign(void)
{
	ElfW(Ehdr) *ehdr = (void *)image;
	char *loader = image + find_interp()->p_offset;

	ehdr->e_machine ^= 0x100;
	expect(ELFCHECK_FOREIGN, make_image("machine"), "another machine");
	ehdr->e_machine ^= 0x100;
	ehdr->e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
	expect(ELFCHECK_FOREIGN, make_image("class"), "-bit program");
	ehdr->e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
	strcpy(loader, "/lib/ld-musl.so.1");
	expect(ELFCHECK_FOREIGN, make_image("musl"), "another C library");
}

static void test_loader_missing(void)
{
	char *loader = image + find_interp()->p_offset;

	loader[1] = 'X';
	expect(ELFCHECK_BAD_INTERPRETER, make_image("loader"),
	       "does not exist");
}

/* A section's name is all that tells Go's programs. */
static void test_go(void)
{
	ElfW(Ehdr) *ehdr = (void *)image;
	ElfW(Shdr) *names = (ElfW(Shdr) *)(image + ehdr->e_shoff) +
	                    ehdr->e_shstrndx;
	char *table = image + names->sh_offset;
	char *comment = memmem(table, names->sh_size, ".eh_frame_hdr", 14);

	CU_ASSERT_PTR_NOT_NULL_FATAL(comment);
	strcpy(comment, ".gopclntab");
	expect(ELFCHECK_RAW_SYSCALLS, make_image("go"), "a Go program");
}

/* Headers that point anywhere: no verdict but a static or foreign one. */
static void test_garbage(void)
{
	ElfW(Ehdr) *ehdr = (void *)image;
	ElfW(Ehdr) good = *ehdr;

	ehdr->e_phoff = (ElfW(Off))-8;
	expect(ELFCHECK_STATIC, make_image("phoff"), "static");
	*ehdr = good;
	ehdr->e_shoff = (ElfW(Off))-8;
	expect(ELFCHECK_OK, make_image("shoff"), "");
	*ehdr = good;
	ehdr->e_shstrndx = 0xffff;
	expect(ELFCHECK_OK, make_image("shstrndx"), "");
	*ehdr = good;
	find_interp()->p_filesz = (ElfW(Xword))-1;
	expect(ELFCHECK_STATIC, make_image("filesz"), "static");
	for (size_t len = 0; len < sizeof(good); len++) {
		make_file("cut", image, len, 0755);
		CU_ASSERT(elfcheck_program(path_of("cut"), &check) !=
		          ELFCHECK_INVALID);
	}
}

static void test_secure(void)
{
	if (geteuid() != 0)
		UNIT_SKIP("only root can make a file of another user");
	make_image("setuid");
	CU_ASSERT_EQUAL(chown(path_of("setuid"), ID_NOBODY, ID_NOBODY), 0);
	CU_ASSERT_EQUAL(chmod(path_of("setuid"), 04755), 0);
	expect(ELFCHECK_SECURE, path_of("setuid"), "is setuid");
	CU_ASSERT_EQUAL(chmod(path_of("setuid"), 02755), 0);
	expect(ELFCHECK_SECURE, path_of("setuid"), "is setgid");
	/* Without group execution the bit means locking: stat(2). */
	CU_ASSERT_EQUAL(chmod(path_of("setuid"), 02705), 0);
	expect(ELFCHECK_OK, path_of("setuid"), "");
	/* To the user that runs it already, nothing is raised. */
	CU_ASSERT_EQUAL(chown(path_of("setuid"), geteuid(), getegid()), 0);
	CU_ASSERT_EQUAL(chmod(path_of("setuid"), 06755), 0);
	expect(ELFCHECK_OK, path_of("setuid"), "");
}

static void test_scripts(void)
{
	char text[256];

	expect(ELFCHECK_OK, make_script("sh", "#!/bin/sh\n"), "");
	CU_ASSERT_EQUAL(check.script_count, 1);
	CU_ASSERT_STRING_EQUAL(check.loaded, "/bin/sh");
	expect(ELFCHECK_OK, make_script("blank", "#! \t/bin/sh -e\n"), "");
	expect(ELFCHECK_OK, make_script("no-newline", "#!/bin/sh"), "");
	expect(ELFCHECK_OK, make_script("no-line", "echo\n"), "");
	CU_ASSERT_STRING_EQUAL(check.loaded, "/bin/sh");
	expect(ELFCHECK_OK, make_script("empty", ""), "");
	expect(ELFCHECK_BAD_INTERPRETER, make_script("none", "#!\n"),
	       "names no interpreter");
	expect(ELFCHECK_BAD_INTERPRETER,
	       make_script("gone", "#!/nonexistent/sh\n"),
	       "'/nonexistent/sh'");
	memset(text, 'x', sizeof(text));
	memcpy(text, "#!/", 3);
	make_file("long", text, sizeof(text), 0755);
	expect(ELFCHECK_BAD_INTERPRETER, path_of("long"), "no interpreter");
}

static void test_script_chain(void)
{
	char text[160], name[16];

	find_interp()->p_type = PT_NULL;
	make_image("0");
	for (int i = 1; i <= ELFCHECK_SCRIPT_MAX + 1; i++) {
		snprintf(name, sizeof(name), "%d", i - 1);
		snprintf(text, sizeof(text), "#!%s\n", path_of(name));
		snprintf(name, sizeof(name), "%d", i);
		make_script(name, text);
	}
	expect(ELFCHECK_STATIC, path_of("5"), "is a script");
	CU_ASSERT_EQUAL(check.script_count, 5);
	expect(ELFCHECK_BAD_INTERPRETER, path_of("6"), "more than 5");
	snprintf(text, sizeof(text), "#!%s\n", path_of("loop"));
	make_script("loop", text);
	expect(ELFCHECK_BAD_INTERPRETER, path_of("loop"), "more than 5");
}

static void test_library(void)
{
	char why[ELFCHECK_WHY_LEN];

	CU_ASSERT_EQUAL(elfcheck_library(make_image("library.so"), why), 0);
	CU_ASSERT_EQUAL(elfcheck_library(path_of("none.so"), why), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "none.so'"));
	make_script("text.so", "text");
	CU_ASSERT_EQUAL(elfcheck_library(path_of("text.so"), why), -ENOEXEC);
	make_image("a:b.so");
	CU_ASSERT_EQUAL(elfcheck_library(path_of("a:b.so"), why), -EINVAL);
	make_image("a b.so");
	CU_ASSERT_EQUAL(elfcheck_library(path_of("a b.so"), why), -EINVAL);
}

static void test_statuses(void)
{
	CU_ASSERT_EQUAL(elfcheck_status(ELFCHECK_OK), 0);
	CU_ASSERT_EQUAL(elfcheck_status(ELFCHECK_MISSING), 127);
	CU_ASSERT_EQUAL(elfcheck_status(ELFCHECK_NOT_EXECUTABLE), 126);
	CU_ASSERT_EQUAL(elfcheck_status(ELFCHECK_STATIC), 125);
	CU_ASSERT_EQUAL(elfcheck_status(ELFCHECK_INVALID), 125);
}

static void test_no_descriptor_is_left(void)
{
	unsigned before = unit_fd_count();

	elfcheck_program("/bin/sh", &check);
	elfcheck_program(make_script("script", "#!/bin/sh\n"), &check);
	elfcheck_program(make_file("junk", "\0", 1, 0755), &check);
	elfcheck_program(dir, &check);
	CU_ASSERT_EQUAL(unit_fd_count(), before);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_ordinary),
		UNIT_TEST(test_missing),
		UNIT_TEST(test_path_search),
		UNIT_TEST(test_not_executable),
		UNIT_TEST(test_static),
		UNIT_TEST(test_foreign),
		UNIT_TEST(test_loader_missing),
		UNIT_TEST(test_go),
		UNIT_TEST(test_garbage),
		UNIT_TEST(test_secure),
		UNIT_TEST(test_scripts),
		UNIT_TEST(test_script_chain),
		UNIT_TEST(test_library),
		UNIT_TEST(test_statuses),
		UNIT_TEST(test_no_descriptor_is_left),
		{ 0 }
	};

	return unit_run("elfcheck", set_up, tear_down, tests);
}
