// SPDX-License-Identifier: GPL-2.0-only
/*
 * What discardable VMOs cost: their locks, and to take their memory back.
 *
 * As bench.c it is meant for a machine whose clock counts instructions and is
 * judged only there. Each row is the minimum of several samples after one that
 * warms up. Needs 2 GiB of memory.
 *
 * - The locks are ioctls on the device. Their peer, DONT_NEED, comes by the same
 *   dispatcher with the same structure, looks the same handle up and does
 *   nothing.
 * - MADV_FREE is Linux's way to say that memory may go, for anonymous memory, of
 *   which every page has been written. Nothing goes in either row.
 * - Memory is reclaimed by /proc/sys/vm/drop_caches: 2 calls all shrinkers, ours
 *   among them, 1 drops the page cache, of which a RAM disk (brd), just read, has
 *   the same number of pages, not mapped. What the same write costs when there is
 *   nothing more to reclaim is measured after each sample and taken off.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "vmo.h"

#define VMO_SIZE	(64 * MIB)
#define NR_CALLS	4000
#define NR_PASSES	4
#define NR_LOCKED	100000
#define DISK		"/dev/ram0"

static int device;

static zx_status_t try_op(zx_handle_t vmo, uint32_t op, size_t size)
{
	zx_vmo_lock_state_t state;

	return zx_vmo_op_range(vmo, op, 0, size, &state, sizeof(state));
}

static void op(zx_handle_t vmo, uint32_t number, size_t size)
{
	check_status(try_op(vmo, number, size), "zx_vmo_op_range");
}

/* Ticks of NR_CALLS times two commands */
static uint64_t pair_ticks(zx_handle_t vmo, uint32_t first, uint32_t second)
{
	struct zxvmo_vmo_lock_state state;
	struct zxvmo_vmo_op_range arg[] = {
		{ .size = sizeof(arg[0]), .op = first },
		{ .size = sizeof(arg[0]), .op = second },
	};
	uint64_t best = 0, start;
	int pass, i;

	for (i = 0; i < 2; i++) {
		arg[i].handle = vmo;
		arg[i].length = VMO_SIZE;
		arg[i].buffer = (uintptr_t)&state;
		arg[i].buffer_size = sizeof(state);
	}
	for (pass = 0; pass <= NR_PASSES; pass++) {
		pause_for_kernel();
		start = now();
		for (i = 0; i < NR_CALLS; i++)
			check_errno(!ioctl(device, ZXVMO_VMO_OP_RANGE, &arg[0]) &&
				    !ioctl(device, ZXVMO_VMO_OP_RANGE, &arg[1]), "VMO_OP_RANGE");
		keep(&best, pass, now() - start);
	}
	return best;
}

static uint64_t madv_free_ticks(void)
{
	volatile unsigned char *p = map(-1, MAP_PRIVATE | MAP_ANONYMOUS, VMO_SIZE);
	uint64_t best = 0, start;
	int pass;

	check_errno(!madvise((void *)p, VMO_SIZE, MADV_NOHUGEPAGE), "madvise");
	for (pass = 0; pass <= NR_PASSES; pass++) {
		touch(p, VMO_SIZE, 1);
		pause_for_kernel();
		start = now();
		check_errno(!madvise((void *)p, VMO_SIZE, MADV_FREE), "MADV_FREE");
		keep(&best, pass, now() - start);
	}
	unmap(p, VMO_SIZE);
	return best;
}

/* Reclaiming */

static uint64_t drop_ticks(const char *what)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	uint64_t start;

	check_errno(fd >= 0, "drop_caches");
	start = now();
	check_errno(write(fd, what, strlen(what)) > 0, "drop_caches");
	start = now() - start;
	close(fd);
	return start;
}

/* Ticks to drop what there is, beyond those to find that there is nothing */
static uint64_t drop_net_ticks(const char *what)
{
	uint64_t ticks = drop_ticks(what), nothing = drop_ticks(what);

	return ticks > nothing ? ticks - nothing : 0;
}

/* @number VMOs of VMO_SIZE together */
static uint64_t discard_ticks(size_t number, bool mapped)
{
	size_t size = VMO_SIZE / number, i;
	volatile unsigned char *p = NULL;
	uint64_t best = 0;
	zx_handle_t vmo[number];
	int pass;

	for (i = 0; i < number; i++) {
		vmo[i] = vmo_new(size, ZX_VMO_DISCARDABLE);
		if (mapped)
			p = map(ZXVMO_HANDLE_FD(vmo[i]), MAP_SHARED, size);
	}
	for (pass = 0; pass <= NR_PASSES; pass++) {
		for (i = 0; i < number; i++) {
			op(vmo[i], ZX_VMO_OP_LOCK, size);
			if (mapped)
				touch(p, size, 1);
			else
				vmo_commit(vmo[i], size);
		}
		drop_ticks("2");
		for (i = 0; i < number; i++)
			op(vmo[i], ZX_VMO_OP_UNLOCK, size);
		pause_for_kernel();
		keep(&best, pass, drop_net_ticks("2"));
		for (i = 0; i < number; i++) {
			if (try_op(vmo[i], ZX_VMO_OP_TRY_LOCK, size) != ZX_ERR_UNAVAILABLE)
				die("not all VMOs were discarded");
		}
	}
	if (mapped)
		unmap(p, size);
	for (i = 0; i < number; i++)
		vmo_close(vmo[i]);
	return best;
}

static uint64_t page_cache_ticks(void)
{
	static char buffer[64 * 1024];
	uint64_t best = 0;
	size_t done;
	int fd, pass;

	check_errno(!system("modprobe brd rd_nr=1 rd_size=131072"), "brd");
	fd = open(DISK, O_RDONLY | O_CLOEXEC);
	check_errno(fd >= 0, DISK);
	for (pass = 0; pass <= NR_PASSES; pass++) {
		drop_ticks("1");
		for (done = 0; done < VMO_SIZE; done += sizeof(buffer))
			check_errno(pread(fd, buffer, sizeof(buffer), done) == sizeof(buffer), DISK);
		pause_for_kernel();
		keep(&best, pass, drop_net_ticks("1"));
	}
	close(fd);
	return best;
}

/* Ticks to pass over VMOs that are locked and stand on the list nevertheless */
static uint64_t locked_ticks(uint64_t *again)
{
	zx_handle_t *vmo = calloc(NR_LOCKED, sizeof(*vmo));
	size_t size = zx_system_get_page_size(), i;
	uint64_t best = 0;
	int pass;

	check_errno(vmo, "calloc");
	for (i = 0; i < NR_LOCKED; i++)
		vmo[i] = vmo_new(size, ZX_VMO_DISCARDABLE);
	for (pass = 0; pass <= 1; pass++) {
		for (i = 0; i < NR_LOCKED; i++)
			op(vmo[i], ZX_VMO_OP_LOCK, size);
		drop_ticks("2");
		for (i = 0; i < NR_LOCKED; i++) {
			op(vmo[i], ZX_VMO_OP_UNLOCK, size);
			op(vmo[i], ZX_VMO_OP_LOCK, size);
		}
		pause_for_kernel();
		keep(&best, pass, drop_net_ticks("2"));
		keep(again, pass, drop_net_ticks("2"));
		for (i = 0; i < NR_LOCKED; i++)
			op(vmo[i], ZX_VMO_OP_UNLOCK, size);
	}
	for (i = 0; i < NR_LOCKED; i++)
		vmo_close(vmo[i]);
	free(vmo);
	return best;
}

static void print_pages(const char *name, uint64_t ticks, uint64_t pages)
{
	printf("%-44s %10.0f\n", name, ticks ? 1e6 * pages / ticks : 0);
}

int main(void)
{
	const struct rlimit limit = { NR_LOCKED + 1000, NR_LOCKED + 1000 };
	uint64_t pages = VMO_SIZE / zx_system_get_page_size();
	uint64_t large, small, mapped, cache, locked, again;
	zx_handle_t vmo;

	judged = clock_counts_instructions();
	check_errno(!setrlimit(RLIMIT_NOFILE, &limit), "RLIMIT_NOFILE");
	device = open("/dev/zxvmo", O_RDWR | O_CLOEXEC);
	check_errno(device >= 0, "/dev/zxvmo");
	print_machine();
	printf("VMOs of %lu MiB, minimum of %d samples after one to warm up\n", VMO_SIZE / MIB,
	       NR_PASSES);
	print_unit(judged);
	printf("\n%-44s %10s  %-28s %10s %8s %7s\n", "operation", "cost", "peer", "cost", "ratio",
	       "target");

	vmo = vmo_new(VMO_SIZE, ZX_VMO_DISCARDABLE);
	vmo_commit(vmo, VMO_SIZE);
	print_row("LOCK and UNLOCK", pair_ticks(vmo, ZX_VMO_OP_LOCK, ZX_VMO_OP_UNLOCK), NR_CALLS,
		  "DONT_NEED twice", pair_ticks(vmo, ZX_VMO_OP_DONT_NEED, ZX_VMO_OP_DONT_NEED),
		  NR_CALLS, 1.3);
	print_row("TRY_LOCK and UNLOCK of 64 MiB, committed",
		  pair_ticks(vmo, ZX_VMO_OP_TRY_LOCK, ZX_VMO_OP_UNLOCK), NR_CALLS,
		  "MADV_FREE of 64 MiB", madv_free_ticks(), 1, 0);
	vmo_close(vmo);

	large = discard_ticks(1, false);
	small = discard_ticks(1024, false);
	mapped = discard_ticks(1, true);
	cache = page_cache_ticks();
	print_row("discard of one VMO, per page", large, pages, "page cache of a RAM disk", cache,
		  pages, 1);
	print_row("discard of 1024 VMOs, per page", small, pages, "page cache of a RAM disk",
		  cache, pages, 0);
	print_row("discard of one VMO, mapped, per page", mapped, pages,
		  "page cache of a RAM disk", cache, pages, 0);
	locked = locked_ticks(&again);
	print_row("first scan of a locked VMO, one of 100000", locked, NR_LOCKED,
		  "page cache of a RAM disk", cache, pages, 0);
	print_row("the next scans", again, NR_LOCKED, "page cache of a RAM disk", cache, pages, 0);

	printf("\npages reclaimed in a million instructions\n");
	print_pages("one VMO", large, pages);
	print_pages("1024 VMOs", small, pages);
	print_pages("one VMO, mapped", mapped, pages);
	print_pages("page cache of a RAM disk", cache, pages);
	return print_verdict(judged, missed);
}
