/* SPDX-License-Identifier: MIT */
/*
 * What the demonstrations share: claims that are checked, what the kernel says of
 * the machine's memory, and digests. Included by one program at a time.
 */
#ifndef ZXVMO_SAMPLES_SHOW_H
#define ZXVMO_SAMPLES_SHOW_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>
#include <zircon/zxvmo.h>

#define KIB		1024UL
#define MIB		(1024 * KIB)
/* What all else on the machine may take meanwhile */
#define MEMORY_NOISE	(4 * MIB)

/* Signs of the picture */
enum cell { CELL_FULL, CELL_PART, CELL_ZERO, CELL_BEYOND };

static const struct signs {
	const char *cell[4];
	const char *top_left, *top_right, *bottom_left, *bottom_right;
	const char *horizontal, *vertical;
	const char *yes, *no, *arrow;
} utf8_signs = {
	.cell = { "█", "▒", "·", " " },
	.top_left = "┌", .top_right = "┐", .bottom_left = "└", .bottom_right = "┘",
	.horizontal = "─", .vertical = "│",
	.yes = "✓", .no = "✗ WRONG:", .arrow = "→",
}, ascii_signs = {
	.cell = { "#", "+", ".", " " },
	.top_left = "+", .top_right = "+", .bottom_left = "+", .bottom_right = "+",
	.horizontal = "-", .vertical = "|",
	.yes = "ok", .no = "WRONG:", .arrow = "->",
}, *signs = &utf8_signs;

static size_t page_size;
static int checks_failed;
static int checks_done;

static void __attribute__((format(printf, 1, 2), noreturn)) die(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, format);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

/* For what must succeed so that the demonstration can go on */
static inline void must(zx_status_t status, const char *what)
{
	if (status)
		die("%s: %s", what, zx_status_get_string(status));
}

static bool __attribute__((format(printf, 2, 3))) check(bool ok, const char *format, ...)
{
	va_list args;

	printf("  %s ", ok ? signs->yes : signs->no);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	checks_done++;
	checks_failed += !ok;
	return ok;
}

/* Returns the number after "@name:" in a file of such lines. */
static uint64_t read_number(const char *path, const char *name)
{
	size_t len = strlen(name);
	char line[256];
	FILE *file = fopen(path, "r");

	if (!file)
		die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, name, len) && line[len] == ':') {
			fclose(file);
			return strtoull(line + len + 1, NULL, 0);
		}
	}
	die("%s does not tell %s", path, name);
}

/* Free pages in the per-CPU lists, megabytes perhaps, which MemFree leaves out */
static uint64_t count_hidden_pages(void)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	uint64_t nr, sum = 0;
	char line[256];

	if (!file)
		die("/proc/zoneinfo: %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " count: %" SCNu64, &nr) == 1)
			sum += nr;
	}
	fclose(file);
	return sum;
}

static inline uint64_t memory_in_use(void)
{
	static const char * const not_in_use[] = { "MemFree", "Buffers", "Cached",
						   "SReclaimable" };
	uint64_t kib = read_number("/proc/meminfo", "MemTotal");
	size_t i;

	for (i = 0; i < sizeof(not_in_use) / sizeof(not_in_use[0]); i++)
		kib -= read_number("/proc/meminfo", not_in_use[i]);
	return kib * KIB - count_hidden_pages() * page_size;
}

static double mib(uint64_t bytes)
{
	return (double)bytes / MIB;
}

static void __attribute__((format(printf, 1, 2))) heading(const char *format, ...)
{
	static int step;
	va_list args;

	printf("\n%d. ", ++step);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n\n");
}

/* Content */

struct digest {
	char hex[2 * EVP_MAX_MD_SIZE + 1];
};

static inline bool same(const struct digest *a, const struct digest *b)
{
	return a->hex[0] && !strcmp(a->hex, b->hex);
}

static EVP_MD_CTX *digest_begin(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL))
		die("libcrypto has no SHA-256");
	return ctx;
}

static void digest_add(EVP_MD_CTX *ctx, const void *data, size_t size)
{
	if (!EVP_DigestUpdate(ctx, data, size))
		die("EVP_DigestUpdate failed");
}

static struct digest digest_end(EVP_MD_CTX *ctx)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	struct digest digest = {};
	unsigned int len, i;

	if (!EVP_DigestFinal_ex(ctx, bytes, &len))
		die("EVP_DigestFinal_ex failed");
	EVP_MD_CTX_free(ctx);
	for (i = 0; i < len; i++)
		sprintf(digest.hex + 2 * i, "%02x", bytes[i]);
	return digest;
}

static inline struct digest digest_memory(const void *addr, size_t size)
{
	EVP_MD_CTX *ctx = digest_begin();

	digest_add(ctx, addr, size);
	return digest_end(ctx);
}

/* What sha256sum(1) says about the file */
static inline struct digest digest_by_coreutils(const char *path)
{
	struct digest digest = {};
	int fds[2], status;
	FILE *file;
	pid_t pid;

	if (pipe(fds) || (pid = fork()) < 0)
		die("cannot start sha256sum: %s", strerror(errno));
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		execlp("sha256sum", "sha256sum", "--", path, NULL);
		_exit(127);
	}
	close(fds[1]);
	file = fdopen(fds[0], "r");
	/* A backslash announces a name with odd characters. */
	if (!file || (fscanf(file, "\\") == EOF) ||
	    fscanf(file, "%64[0-9a-f]", digest.hex) != 1)
		digest.hex[0] = '\0';
	if (file)
		fclose(file);
	if (waitpid(pid, &status, 0) != pid || status)
		digest.hex[0] = '\0';
	return digest;
}

/* Before anything is printed: UTF-8 if the terminal has it and nobody minds */
static void show_begin(bool ascii)
{
	setlocale(LC_ALL, "");
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (ascii || strcmp(nl_langinfo(CODESET), "UTF-8"))
		signs = &ascii_signs;
	page_size = zx_system_get_page_size();
}

/* Returns the exit status. */
static int show_end(void)
{
	if (checks_failed)
		printf("\n%d of %d claims are WRONG.\n", checks_failed, checks_done);
	else
		printf("\nAll %d claims hold.\n", checks_done);
	return checks_failed ? 1 : 0;
}

#endif /* ZXVMO_SAMPLES_SHOW_H */
