// SPDX-License-Identifier: GPL-2.0-only
/*
 * What snapshots cost, beside fork(2), which is Linux's way to copy memory later,
 * and a private mapping of a memfd, which is its way to do so one-way.
 *
 * As bench.c it is meant for a machine whose clock counts instructions and is
 * judged only there. Each row is the minimum of several samples after one that
 * warms up. Needs 3 GiB of memory.
 *
 * - The VMOs of the first rows are committed and not mapped. What is measured is
 *   zx_vmo_create_child() alone; the child is closed after each sample.
 * - fork() is measured in the parent until it returns; the child waits to be
 *   killed meanwhile. Its memory is touched, in pages of 4 KiB and then as huge
 *   ones.
 * - A first write stores one byte into each page of a mapping in which all pages
 *   were written before: the kernel faults, copies the page and maps the copy.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "vmo.h"

#define GIB		(1024 * MIB)
#define TIB		(1024 * GIB)
#define SMALL		(64 * MIB)
#define WRITTEN		(32 * MIB)	/* by the rows that write */
#define NR_PASSES	6
#define SPARSE_PAGES	64
#define MAX_MEMORY	"/sys/module/zxvmo/parameters/max_memory"

static zx_handle_t vmo_snapshot(zx_handle_t vmo, size_t size)
{
	zx_handle_t child;

	check_status(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SNAPSHOT, 0, size, &child),
		     "zx_vmo_create_child");
	return child;
}

static zx_info_vmo_t vmo_info(zx_handle_t vmo)
{
	zx_info_vmo_t info;

	check_status(zx_object_get_info(vmo, ZX_INFO_VMO, &info, sizeof(info), NULL, NULL),
		     "ZX_INFO_VMO");
	return info;
}

/* Ticks to store a byte in each page */
static uint64_t time_to_touch(volatile unsigned char *p, size_t size)
{
	uint64_t start = now();

	touch(p, size, 2);
	return now() - start;
}

/* Making a copy of everything */

static uint64_t snapshot_ticks(zx_handle_t vmo, size_t size)
{
	uint64_t best = 0, start, ticks;
	zx_handle_t child;
	int pass;

	for (pass = 0; pass <= NR_PASSES; pass++) {
		pause_for_kernel();
		start = now();
		child = vmo_snapshot(vmo, size);
		ticks = now() - start;
		keep(&best, pass, ticks);
		if (vmo_info(child).committed_bytes != vmo_info(vmo).committed_bytes)
			die("a snapshot does not have what its parent has");
		vmo_close(child);
	}
	return best;
}

/* A child that does nothing until it is killed */
static pid_t forked(uint64_t *ticks)
{
	uint64_t start = now();
	pid_t pid = fork();

	*ticks = now() - start;
	check_errno(pid >= 0, "fork");
	if (!pid)
		for (;;)
			pause();
	return pid;
}

static void end(pid_t pid)
{
	check_errno(!kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid, "waitpid");
}

static uint64_t fork_ticks(size_t size, int advice)
{
	/* room to begin where a huge page does */
	volatile unsigned char *p = map(-1, MAP_PRIVATE | MAP_ANONYMOUS, size + 2 * MIB);
	volatile unsigned char *start = p + (-(uintptr_t)p & (2 * MIB - 1));
	uint64_t best = 0, ticks;
	int pass;

	check_errno(!madvise((void *)start, size, advice), "madvise");
	touch(start, size, 1);
	for (pass = 0; pass <= NR_PASSES / 2; pass++) {
		pause_for_kernel();
		end(forked(&ticks));
		keep(&best, pass, ticks);
	}
	unmap(p, size + 2 * MIB);
	return best;
}

/* The first write afterwards */

static uint64_t write_after_snapshot_ticks(void)
{
	zx_handle_t vmo = vmo_new(WRITTEN, 0), child;
	volatile unsigned char *p = map(ZXVMO_HANDLE_FD(vmo), MAP_SHARED, WRITTEN);
	uint64_t best = 0;
	int pass;

	for (pass = 0; pass <= NR_PASSES; pass++) {
		touch(p, WRITTEN, 1);
		child = vmo_snapshot(vmo, WRITTEN);
		pause_for_kernel();
		keep(&best, pass, time_to_touch(p, WRITTEN));
		if (vmo_info(child).committed_private_bytes != WRITTEN)
			die("not every page was copied");
		vmo_close(child);
	}
	unmap(p, WRITTEN);
	vmo_close(vmo);
	return best;
}

static uint64_t write_after_fork_ticks(void)
{
	volatile unsigned char *p = map(-1, MAP_PRIVATE | MAP_ANONYMOUS, WRITTEN);
	uint64_t best = 0, ticks;
	int pass;

	check_errno(!madvise((void *)p, WRITTEN, MADV_NOHUGEPAGE), "madvise");
	for (pass = 0; pass <= NR_PASSES; pass++) {
		pid_t pid;

		touch(p, WRITTEN, 1);
		pid = forked(&ticks);
		pause_for_kernel();
		keep(&best, pass, time_to_touch(p, WRITTEN));
		end(pid);
	}
	unmap(p, WRITTEN);
	return best;
}

static uint64_t write_of_private_memfd_ticks(void)
{
	int fd = memfd_create("bench", MFD_CLOEXEC);
	volatile unsigned char *p;
	uint64_t best = 0;
	int pass;

	check_errno(fd >= 0 && !ftruncate(fd, WRITTEN), "memfd_create");
	p = map(fd, MAP_SHARED, WRITTEN);
	touch(p, WRITTEN, 1);
	unmap(p, WRITTEN);
	for (pass = 0; pass <= NR_PASSES; pass++) {
		p = map(fd, MAP_PRIVATE, WRITTEN);
		pause_for_kernel();
		keep(&best, pass, time_to_touch(p, WRITTEN));
		unmap(p, WRITTEN);
	}
	check_errno(!close(fd), "close");
	return best;
}

/*
 * Writes to pages that nobody shares: by zx_vmo_write() of a page, and by a store
 * in a new mapping. After: a snapshot of them was made and closed.
 */
static uint64_t unshared_write_ticks(bool after, bool mapped)
{
	static unsigned char page[4096];
	uint64_t best = 0, start;
	size_t offset;
	int pass;

	for (pass = 0; pass <= NR_PASSES; pass++) {
		zx_handle_t vmo = vmo_new(WRITTEN, 0);
		volatile unsigned char *p = map(ZXVMO_HANDLE_FD(vmo), MAP_SHARED, WRITTEN);

		touch(p, WRITTEN, 1);
		unmap(p, WRITTEN);
		if (after)
			vmo_close(vmo_snapshot(vmo, WRITTEN));
		p = map(ZXVMO_HANDLE_FD(vmo), MAP_SHARED, WRITTEN);
		pause_for_kernel();
		start = now();
		if (mapped)
			touch(p, WRITTEN, 2);
		else
			for (offset = 0; offset < WRITTEN; offset += sizeof(page))
				check_status(zx_vmo_write(vmo, page, offset, sizeof(page)),
					     "zx_vmo_write");
		keep(&best, pass, now() - start);
		unmap(p, WRITTEN);
		vmo_close(vmo);
	}
	return best;
}

static void print_metadata(const char *name, zx_handle_t vmo)
{
	size_t page_size = zx_system_get_page_size();
	zx_info_vmo_t info = vmo_info(vmo);

	printf("%-44s %10.1f bytes for each of %" PRIu64 " pages\n", name,
	       (double)info.metadata_bytes * page_size / info.committed_bytes,
	       info.committed_bytes / page_size);
}

static void allow_memory(size_t bytes)
{
	FILE *file = fopen(MAX_MEMORY, "w");

	check_errno(file && fprintf(file, "%zu", bytes) > 0 && !fclose(file), MAX_MEMORY);
}

int main(void)
{
	const char *const names[] = {
		"snapshot of 64 MiB, committed", "snapshot of 1 GiB, committed",
		"snapshot of 1 TiB, sparse",
	};
	const size_t sizes[] = { SMALL, GIB, TIB };
	zx_handle_t vmos[3], child;
	uint64_t ticks[3], least, fork_small, fork_huge, before, pages;
	size_t i;

	judged = clock_counts_instructions();
	pages = WRITTEN / zx_system_get_page_size();
	print_machine();
	printf("minimum of %d samples after one to warm up\n", NR_PASSES);
	print_unit(judged);
	printf("\n%-44s %10s  %-28s %10s %8s %7s\n", "operation", "cost", "peer", "cost", "ratio",
	       "target");

	allow_memory(GIB + GIB / 4);
	for (i = 0; i < 3; i++) {
		vmos[i] = vmo_new(sizes[i], 0);
		if (sizes[i] < TIB)
			vmo_commit(vmos[i], sizes[i]);
	}
	for (i = 0; i < SPARSE_PAGES; i++)
		check_status(zx_vmo_write(vmos[2], "x", i * (TIB / SPARSE_PAGES), 1),
			     "zx_vmo_write");
	for (i = 0; i < 3; i++)
		ticks[i] = snapshot_ticks(vmos[i], sizes[i]);
	least = ticks[0];
	for (i = 1; i < 3; i++)
		if (ticks[i] < least)
			least = ticks[i];
	for (i = 0; i < 3; i++)
		print_row(names[i], ticks[i], 1, "the cheapest of these", least, 1, 1.5);
	print_metadata("metadata of 64 MiB", vmos[0]);
	print_metadata("metadata of 1 GiB", vmos[1]);
	print_metadata("metadata of 1 TiB, sparse", vmos[2]);
	child = vmo_snapshot(vmos[1], GIB);
	print_metadata("metadata of a snapshot of 1 GiB, all shared", child);
	vmo_close(child);
	for (i = 0; i < 3; i++)
		vmo_close(vmos[i]);
	allow_memory(0);

	fork_small = fork_ticks(GIB, MADV_NOHUGEPAGE);
	fork_huge = fork_ticks(GIB, MADV_HUGEPAGE);
	print_row(names[1], ticks[1], 1, "fork, 1 GiB in small pages", fork_small, 1, 0.01);
	print_row(names[1], ticks[1], 1, "fork, 1 GiB in huge pages", fork_huge, 1, 0);

	before = write_after_snapshot_ticks();
	print_row("first write after a snapshot, per page", before, pages,
		  "after fork", write_after_fork_ticks(), pages, 1.2);
	print_row("first write after a snapshot, per page", before, pages,
		  "memfd mapped private", write_of_private_memfd_ticks(), pages, 0);
	print_row("write after the last relative went, per page",
		  unshared_write_ticks(true, false), pages, "before there was one",
		  unshared_write_ticks(false, false), pages, 1.05);
	print_row("the same in a mapping, first touch",
		  unshared_write_ticks(true, true), pages, "before there was one",
		  unshared_write_ticks(false, true), pages, 1.05);
	return print_verdict(judged, missed);
}
