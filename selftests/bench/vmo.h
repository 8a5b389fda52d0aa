/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the benchmarks of single operations share: VMOs, mappings, and a table of
 * rows. All functions end the program if they fail.
 */
#ifndef ZXVMO_SELFTESTS_BENCH_VMO_H
#define ZXVMO_SELFTESTS_BENCH_VMO_H

#include <sys/mman.h>

#include "bench.h"

static bool judged;
static int missed;

/* The targets are judged only if the clock counts instructions. */
static inline void print_row(const char *name, uint64_t ticks, uint64_t units, const char *peer,
		      uint64_t peer_ticks, uint64_t peer_units, double target)
{
	double mine = (double)ticks / units, theirs = peer ? (double)peer_ticks / peer_units : 0;

	printf("%-44s %10.0f", name, mine);
	if (peer)
		printf("  %-28s %10.0f %8.4f", peer, theirs, mine / theirs);
	if (peer && target && judged) {
		printf(" %7.2f %s", target, mine <= target * theirs ? "met" : "MISSED");
		missed += mine > target * theirs;
	}
	putchar('\n');
}

/* For the kernel to finish what the sample before has left */
static inline void pause_for_kernel(void)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000000 };

	nanosleep(&pause, NULL);
}

static inline zx_handle_t vmo_new(size_t size, uint32_t options)
{
	zx_handle_t vmo;

	check_status(zx_vmo_create(size, options, &vmo), "zx_vmo_create");
	return vmo;
}

static inline void vmo_commit(zx_handle_t vmo, size_t size)
{
	check_status(zx_vmo_op_range(vmo, ZX_VMO_OP_COMMIT, 0, size, NULL, 0), "COMMIT");
}

static inline void vmo_close(zx_handle_t vmo)
{
	check_status(zx_handle_close(vmo), "zx_handle_close");
}

static inline volatile unsigned char *map(int fd, int flags, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	check_errno(p != MAP_FAILED, "mmap");
	return p;
}

static inline void unmap(volatile unsigned char *p, size_t size)
{
	check_errno(!munmap((void *)p, size), "munmap");
}

static inline void touch(volatile unsigned char *p, size_t size, unsigned char byte)
{
	size_t page_size = zx_system_get_page_size(), offset;

	for (offset = 0; offset < size; offset += page_size)
		p[offset] = byte;
}

/* Keeps the smaller; pass 0 warms up and does not count. */
static inline void keep(uint64_t *best, int pass, uint64_t ticks)
{
	if (pass <= 1 || ticks < *best)
		*best = ticks;
}

#endif /* ZXVMO_SELFTESTS_BENCH_VMO_H */
