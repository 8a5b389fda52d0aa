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
 * - Regions are of one page, in one that has room for twice as many. Their handles
 *   are closed outside the measured time; they stay without.
 */
#include "vmo.h"

#define SIZE		(64 * 1024UL)
#define NR_CALLS	2000
#define NR_PASSES	5
#define NR_REGIONS	10000
#define NR_COUNTED	1000	/* of these, first and last */

static size_t page_size;

static volatile unsigned char *vmar_map(zx_handle_t vmar, zx_handle_t vmo)
{
	zx_vaddr_t addr;

	check_status(zx_vmar_map(vmar, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, vmo, 0, SIZE, &addr),
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
	volatile unsigned char *p = vmar_map(zx_vmar_root_self(), vmo);

	touch(p, SIZE, 1);
	vmar_unmap(zx_vmar_root_self(), p, SIZE);
	return vmo;
}

static int written_memfd(void)
{
	int fd = memfd_create("bench", MFD_CLOEXEC);
	volatile unsigned char *p;

	check_errno(fd >= 0 && !ftruncate(fd, SIZE), "memfd_create");
	p = map(fd, MAP_SHARED, SIZE);
	touch(p, SIZE, 1);
	unmap(p, SIZE);
	return fd;
}

/* Mapping and unmapping */

static uint64_t vmar_map_ticks(zx_handle_t vmar, zx_handle_t vmo, bool touched)
{
	uint64_t best = 0, start;
	int pass, i;

	for (pass = 0; pass <= NR_PASSES; pass++) {
		pause_for_kernel();
		start = now();
		for (i = 0; i < NR_CALLS; i++) {
			volatile unsigned char *p = vmar_map(vmar, vmo);

			if (touched)
				touch(p, SIZE, 2);
			vmar_unmap(vmar, p, SIZE);
		}
		keep(&best, pass, now() - start);
	}
	return best;
}

static uint64_t mmap_ticks(int fd, bool touched)
{
	uint64_t best = 0, start;
	int pass, i;

	for (pass = 0; pass <= NR_PASSES; pass++) {
		pause_for_kernel();
		start = now();
		for (i = 0; i < NR_CALLS; i++) {
			volatile unsigned char *p = map(fd, MAP_SHARED, SIZE);

			if (touched)
				touch(p, SIZE, 2);
			unmap(p, SIZE);
		}
		keep(&best, pass, now() - start);
	}
	return best;
}

/* Protecting: taking the permission to write away and giving it back */

static uint64_t vmar_protect_ticks(zx_handle_t vmo)
{
	volatile unsigned char *p = vmar_map(zx_vmar_root_self(), vmo);
	uint64_t best = 0, start;
	int pass, i;

	touch(p, SIZE, 2);
	for (pass = 0; pass <= NR_PASSES; pass++) {
		pause_for_kernel();
		start = now();
		for (i = 0; i < NR_CALLS; i++)
			check_status(zx_vmar_protect(zx_vmar_root_self(), ZX_VM_PERM_READ |
						     (i % 2 ? ZX_VM_PERM_WRITE : 0),
						     (uintptr_t)p, SIZE), "zx_vmar_protect");
		keep(&best, pass, now() - start);
	}
	vmar_unmap(zx_vmar_root_self(), p, SIZE);
	return best;
}

static uint64_t mprotect_ticks(int fd)
{
	volatile unsigned char *p = map(fd, MAP_SHARED, SIZE);
	uint64_t best = 0, start;
	int pass, i;

	touch(p, SIZE, 2);
	for (pass = 0; pass <= NR_PASSES; pass++) {
		pause_for_kernel();
		start = now();
		for (i = 0; i < NR_CALLS; i++)
			check_errno(!mprotect((void *)p, SIZE,
					      PROT_READ | (i % 2 ? PROT_WRITE : 0)), "mprotect");
		keep(&best, pass, now() - start);
	}
	unmap(p, SIZE);
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
	zx_handle_t vmo, vmar;
	zx_vaddr_t addr;
	uint64_t peer;
	int fd;

	page_size = zx_system_get_page_size();
	judged = clock_counts_instructions();
	print_machine();
	printf("minimum of %d samples after one to warm up\n", NR_PASSES);
	print_unit(judged);
	printf("\n%-44s %10s  %-28s %10s %8s %7s\n", "operation", "cost", "peer", "cost", "ratio",
	       "target");

	vmo = written_vmo();
	fd = written_memfd();
	vmar = region_new(zx_vmar_root_self(), ZX_VM_CAN_MAP_READ | ZX_VM_CAN_MAP_WRITE, 16 * MIB,
			  &addr);
	peer = mmap_ticks(fd, false);
	print_row("map + unmap of 64 KiB", vmar_map_ticks(zx_vmar_root_self(), vmo, false),
		  NR_CALLS, "mmap + munmap", peer, NR_CALLS, 1.4);
	print_row("the same in a region", vmar_map_ticks(vmar, vmo, false),
		  NR_CALLS, "mmap + munmap", peer, NR_CALLS, 0);
	peer = mmap_ticks(fd, true);
	print_row("map + write 16 pages + unmap", vmar_map_ticks(zx_vmar_root_self(), vmo, true),
		  NR_CALLS, "mmap + the same + munmap", peer, NR_CALLS, 1.2);
	print_row("the same in a region", vmar_map_ticks(vmar, vmo, true),
		  NR_CALLS, "mmap + the same + munmap", peer, NR_CALLS, 0);
	print_row("protect of 64 KiB", vmar_protect_ticks(vmo), NR_CALLS, "mprotect",
		  mprotect_ticks(fd), NR_CALLS, 1.4);
	print_regions("the last 1000 of 10000 regions", "1000 where others were", 0);
	print_regions("the last 1000 of 10000 regions, COMPACT", "1000 where others were, COMPACT",
		      ZX_VM_COMPACT);
	return print_verdict(judged, missed);
}
