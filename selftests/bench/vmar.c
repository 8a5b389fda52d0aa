// SPDX-License-Identifier: GPL-2.0-only
/*
 * What VMARs cost: mapping, unmapping and protecting beside the same on a memfd,
 * and whether a region with many others in it makes the next one more expensive.
 *
 * As bench.c it is meant for a machine whose clock counts instructions and is
 * judged only there. Each row is the minimum of several samples after one that
 * warms up.
 *
 * - Objects are 64 KiB and all their pages were written before. Where a mapping
 *   is touched, each of its pages is written once more: a read fault of a memfd
 *   would map all of them.
 * - zx_vmar_protect() is a look at the range by the module and an mprotect(2).
 * - MAP_RANGE is of 64 MiB, all committed, none of it in page tables, beside a memfd
 *   that is the same. It gives pages of a writable mapping no permission to write,
 *   as MADV_POPULATE_READ does not.
 * - Regions are of one page, in one that has room for twice as many. Their handles
 *   are closed outside the measured time; they stay without.
 */
#include "vmo.h"

#include <fcntl.h>

#define SIZE		(64 * 1024UL)
#define RANGE_SIZE	(64 * MIB)
#define NR_CALLS	2000
#define NR_PASSES	5
#define NR_REGIONS	10000
#define NR_COUNTED	1000	/* of these, first and last */

static size_t page_size;

static volatile unsigned char *vmar_map(zx_handle_t vmar, zx_handle_t vmo, size_t size)
{
	zx_vaddr_t addr;

	check_status(zx_vmar_map(vmar, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, vmo, 0, size, &addr),
		     "zx_vmar_map");
	return (void *)addr;
}

static void vmar_unmap(zx_handle_t vmar, volatile unsigned char *p, size_t size)
{
	check_status(zx_vmar_unmap(vmar, (uintptr_t)p, size), "zx_vmar_unmap");
}

static zx_handle_t region_new(zx_handle_t parent, zx_vm_option_t options, size_t size,
			      zx_vaddr_t *addr)
{
	zx_handle_t vmar;

	check_status(zx_vmar_allocate(parent, options, 0, size, &vmar, addr),
		     "zx_vmar_allocate");
	return vmar;
}

/* A VMO and a memfd with the same content */

static zx_handle_t written_vmo(void)
{
	zx_handle_t vmo = vmo_new(SIZE, 0);
	volatile unsigned char *p = vmar_map(zx_vmar_root_self(), vmo, SIZE);

	touch(p, SIZE, 1);
	vmar_unmap(zx_vmar_root_self(), p, SIZE);
	return vmo;
}

static int memfd_new(size_t size)
{
	int fd = memfd_create("bench", MFD_CLOEXEC);

	check_errno(fd >= 0 && !ftruncate(fd, size) && !fallocate(fd, 0, 0, size),
		    "memfd_create");
	return fd;
}

static int written_memfd(void)
{
	int fd = memfd_new(SIZE);
	volatile unsigned char *p = map(fd, MAP_SHARED, SIZE);

	touch(p, SIZE, 1);
	unmap(p, SIZE);
	return fd;
}

/* What is called again and again, and with what */
struct work {
	zx_handle_t vmar;
	zx_handle_t vmo;
	int fd;
	bool touched;
	volatile unsigned char *p;	/* a mapping that stays */
};

static uint64_t best_ticks(void (*call)(const struct work *work, int nr),
			   const struct work *work)
{
	uint64_t best = 0, start;
	int pass, i;

	for (pass = 0; pass <= NR_PASSES; pass++) {
		pause_for_kernel();
		start = now();
		for (i = 0; i < NR_CALLS; i++)
			call(work, i);
		keep(&best, pass, now() - start);
	}
	return best;
}

static void by_vmar(const struct work *work, int nr)
{
	volatile unsigned char *p = vmar_map(work->vmar, work->vmo, SIZE);

	(void)nr;
	if (work->touched)
		touch(p, SIZE, 2);
	vmar_unmap(work->vmar, p, SIZE);
}

static void by_mmap(const struct work *work, int nr)
{
	volatile unsigned char *p = map(work->fd, MAP_SHARED, SIZE);

	(void)nr;
	if (work->touched)
		touch(p, SIZE, 2);
	unmap(p, SIZE);
}

/* The permission to write goes and comes back. */

static void protect(const struct work *work, int nr)
{
	check_status(zx_vmar_protect(work->vmar, ZX_VM_PERM_READ | (nr % 2 ? ZX_VM_PERM_WRITE : 0),
				     (uintptr_t)work->p, SIZE), "zx_vmar_protect");
}

static void protect_by_mprotect(const struct work *work, int nr)
{
	check_errno(!mprotect((void *)work->p, SIZE, PROT_READ | (nr % 2 ? PROT_WRITE : 0)),
		    "mprotect");
}

/* Pages that are there are entered into the page tables. */

static uint64_t map_range_ticks(void)
{
	zx_handle_t vmo = vmo_new(RANGE_SIZE, 0), root = zx_vmar_root_self();
	uint64_t best = 0, start;
	int pass;

	check_status(zx_vmo_op_range(vmo, ZX_VMO_OP_COMMIT, 0, RANGE_SIZE, NULL, 0), "COMMIT");
	for (pass = 0; pass <= NR_PASSES; pass++) {
		volatile unsigned char *p = vmar_map(root, vmo, RANGE_SIZE);

		start = now();
		check_status(zx_vmar_op_range(root, ZX_VMAR_OP_MAP_RANGE, (uintptr_t)p, RANGE_SIZE,
					      NULL, 0), "MAP_RANGE");
		keep(&best, pass, now() - start);
		vmar_unmap(root, p, RANGE_SIZE);
	}
	check_status(zx_handle_close(vmo), "zx_handle_close");
	return best;
}

static uint64_t populate_ticks(void)
{
	uint64_t best = 0, start;
	int pass, fd = memfd_new(RANGE_SIZE);

	for (pass = 0; pass <= NR_PASSES; pass++) {
		volatile unsigned char *p = map(fd, MAP_SHARED, RANGE_SIZE);

		start = now();
		check_errno(!madvise((void *)p, RANGE_SIZE, MADV_POPULATE_READ),
			    "MADV_POPULATE_READ");
		keep(&best, pass, now() - start);
		unmap(p, RANGE_SIZE);
	}
	close(fd);
	return best;
}

/* Regions in a region */

struct regions {
	uint64_t first, last;	/* ticks of the first and the last of them */
	uint64_t again;		/* of as many in places of others that went */
};

static uint64_t allocate(zx_handle_t parent, zx_vaddr_t *addr)
{
	uint64_t start = now(), ticks;
	zx_handle_t vmar = region_new(parent, 0, page_size, addr);

	ticks = now() - start;
	check_status(zx_handle_close(vmar), "zx_handle_close");
	return ticks;
}

static struct regions regions_ticks(zx_vm_option_t options)
{
	static zx_vaddr_t addrs[NR_REGIONS];
	struct regions best = {}, ticks;
	zx_handle_t parent;
	zx_vaddr_t base;
	int pass, i;

	for (pass = 0; pass <= 2; pass++) {
		ticks = (struct regions){};
		parent = region_new(zx_vmar_root_self(), options, 2 * NR_REGIONS * page_size, &base);
		pause_for_kernel();
		for (i = 0; i < NR_REGIONS; i++) {
			uint64_t one = allocate(parent, &addrs[i]);

			if (i < NR_COUNTED)
				ticks.first += one;
			if (i >= NR_REGIONS - NR_COUNTED)
				ticks.last += one;
		}
		/* 9973 is a prime: these are all over the region. */
		for (i = 0; i < NR_COUNTED; i++)
			vmar_unmap(parent, (void *)addrs[i * 9973 % NR_REGIONS], page_size);
		pause_for_kernel();
		for (i = 0; i < NR_COUNTED; i++)
			ticks.again += allocate(parent, &base);
		keep(&best.first, pass, ticks.first);
		keep(&best.last, pass, ticks.last);
		keep(&best.again, pass, ticks.again);
		check_status(zx_vmar_destroy(parent), "zx_vmar_destroy");
		check_status(zx_handle_close(parent), "zx_handle_close");
	}
	return best;
}

static void print_regions(const char *last, const char *again, zx_vm_option_t options)
{
	struct regions ticks = regions_ticks(options);

	print_row(last, ticks.last, NR_COUNTED, "the first 1000", ticks.first, NR_COUNTED, 1.3);
	print_row(again, ticks.again, NR_COUNTED, "the first 1000", ticks.first, NR_COUNTED, 1.3);
}

int main(void)
{
	struct work root, region, memfd;
	zx_vaddr_t addr;
	uint64_t peer;
	int touched;

	page_size = zx_system_get_page_size();
	judged = clock_counts_instructions();
	print_machine();
	printf("minimum of %d samples after one to warm up\n", NR_PASSES);
	print_unit(judged);
	printf("\n%-44s %10s  %-28s %10s %8s %7s\n", "operation", "cost", "peer", "cost", "ratio",
	       "target");

	root = (struct work){ .vmar = zx_vmar_root_self(), .vmo = written_vmo() };
	region = root;
	region.vmar = region_new(root.vmar, ZX_VM_CAN_MAP_READ | ZX_VM_CAN_MAP_WRITE, 16 * MIB,
				 &addr);
	memfd = (struct work){ .fd = written_memfd() };
	for (touched = 0; touched < 2; touched++) {
		root.touched = region.touched = memfd.touched = touched;
		peer = best_ticks(by_mmap, &memfd);
		print_row(touched ? "map + write 16 pages + unmap" : "map + unmap of 64 KiB",
			  best_ticks(by_vmar, &root), NR_CALLS, "the same on a memfd", peer,
			  NR_CALLS, touched ? 1.2 : 1.4);
		print_row("in a region", best_ticks(by_vmar, &region), NR_CALLS,
			  "the same on a memfd", peer, NR_CALLS, 0);
	}
	root.p = vmar_map(root.vmar, root.vmo, SIZE);
	memfd.p = map(memfd.fd, MAP_SHARED, SIZE);
	touch(root.p, SIZE, 2);
	touch(memfd.p, SIZE, 2);
	print_row("protect of 64 KiB", best_ticks(protect, &root), NR_CALLS, "mprotect",
		  best_ticks(protect_by_mprotect, &memfd), NR_CALLS, 1.4);
	print_row("MAP_RANGE of 64 MiB, a page", map_range_ticks(), RANGE_SIZE / page_size,
		  "MADV_POPULATE_READ", populate_ticks(), RANGE_SIZE / page_size, 0.3);
	print_regions("the last 1000 of 10000 regions", "1000 where others were", 0);
	print_regions("the last 1000 of 10000 regions, COMPACT", "1000 where others were, COMPACT",
		      ZX_VM_COMPACT);
	return print_verdict(judged, missed);
}
