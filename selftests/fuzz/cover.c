// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which code of the module was reached, and the programs that did it first.
 *
 * KCOV tells the addresses that a thread passes, of code built for it: the
 * module's alone, see Kbuild. New pairs of them, one after the other, make a
 * program worth keeping. All of it lies in memory that the processes share and
 * is only ever added to.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kcov.h>

#define KCOV_WORDS	(1U << 15)

void fz_cover_setup(struct fz_shared *shared)
{
	FILE *file = fopen("/sys/module/zxvmo/sections/.text", "re");
	unsigned long text = 0;

	if (file && fscanf(file, "%lx", &text) == 1)
		shared->text = text;
	if (file)
		fclose(file);
	shared->guided = shared->text && !access("/sys/kernel/debug/kcov", R_OK | W_OK);
}

bool fz_cover_open(struct fz_thread *t)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	void *words;

	if (fd < 0 || ioctl(fd, KCOV_INIT_TRACE, KCOV_WORDS))
		return false;
	words = mmap(NULL, KCOV_WORDS * sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (words == MAP_FAILED || ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		return false;
	t->kcov = words;
	return true;
}

static bool add_bit(_Atomic uint8_t *bits, uint64_t bit)
{
	uint8_t mask = 1 << bit % 8;

	if (bits[bit / 8] & mask)
		return false;
	return !(atomic_fetch_or(&bits[bit / 8], mask) & mask);
}

/* Takes over what the thread has passed since fz_arm(). */
void fz_cover_collect(struct fz_thread *t)
{
	struct fz_shared *shared = t->run->shared;
	unsigned long nr = __atomic_load_n(&t->kcov[0], __ATOMIC_RELAXED), i;
	uint64_t last = 0;

	for (i = 1; i <= nr && i < KCOV_WORDS; i++) {
		uint64_t offset = t->kcov[i] - shared->text;

		if (offset >= FZ_CODE)
			continue;
		add_bit(shared->code, offset);
		t->new_edges += add_bit(shared->edges, (last * 0x9e3779b1U ^ offset) % FZ_EDGES);
		last = offset;
	}
	__atomic_store_n(&t->kcov[0], 0, __ATOMIC_RELAXED);
}

static unsigned int count(const _Atomic uint8_t *bits, size_t bytes)
{
	unsigned int nr = 0;
	size_t i;

	for (i = 0; i < bytes; i++)
		nr += __builtin_popcount(bits[i]);
	return nr;
}

unsigned int fz_cover_count(const struct fz_shared *shared)
{
	return count(shared->code, sizeof(shared->code));
}

/* Offsets into the code, a line each */
void fz_cover_save(const struct fz_shared *shared, const char *path)
{
	FILE *file = fopen(path, "we");
	size_t i;

	if (!file) {
		perror(path);
		return;
	}
	for (i = 0; i < FZ_CODE; i++)
		if (shared->code[i / 8] >> i % 8 & 1)
			fprintf(file, "%#zx\n", i);
	fclose(file);
}

/* Programs worth keeping */

void fz_corpus_add(struct fz_shared *shared, const struct fz_program *program)
{
	unsigned int at;

	if (shared->corpus_claimed >= FZ_CORPUS)
		return;
	at = atomic_fetch_add(&shared->corpus_claimed, 1);
	if (at >= FZ_CORPUS)
		return;
	shared->corpus[at] = *program;
	shared->corpus_ready[at] = true;
}

static unsigned int corpus_size(const struct fz_shared *shared)
{
	unsigned int nr = shared->corpus_claimed;

	return nr < FZ_CORPUS ? nr : FZ_CORPUS;
}

const struct fz_program *fz_corpus_pick(struct fz_shared *shared, uint64_t *random, bool racing)
{
	unsigned int nr = corpus_size(shared), tries, at;

	for (tries = 0; nr && tries < 8; tries++) {
		at = fz_below(random, nr);
		if (shared->corpus_ready[at] && !shared->corpus[at].threads == !racing)
			return &shared->corpus[at];
	}
	return NULL;
}

void fz_corpus_load(struct fz_shared *shared, const char *path)
{
	FILE *file = fopen(path, "re");
	struct fz_program program;
	char error[128];

	while (file && fz_read(file, &program, error, sizeof(error)))
		fz_corpus_add(shared, &program);
	if (file)
		fclose(file);
}

void fz_corpus_save(struct fz_shared *shared, const char *path)
{
	FILE *file = fopen(path, "we");
	char text[FZ_TEXT];
	unsigned int i;

	if (!file) {
		perror(path);
		return;
	}
	for (i = 0; i < corpus_size(shared); i++) {
		fz_print(&shared->corpus[i], text, sizeof(text));
		fputs(text, file);
	}
	fclose(file);
}
