// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping, unmapping and protecting in VMARs, and what else is in an address space.
 * The root VMAR's own part is in shim.c. (vmar.md 2.2 to 2.4, 2.7, 4)
 */
#include "vmar_test.h"

#include <sched.h>
#include <sys/resource.h>

FIXTURE(vmar)
{
	struct region region;	/* PAGES pages, everything allowed */
	zx_handle_t vmar;
	zx_handle_t vmo;	/* PAGES pages with their numbers */
	zx_handle_t out;
	zx_vaddr_t base;
	zx_vaddr_t addr;
};

FIXTURE_SETUP(vmar)
{
	self->region = region_make(_metadata, ROOT, CAN_ALL, 0, PAGES * PAGE);
	self->vmar = self->region.vmar;
	self->base = self->region.base;
	self->vmo = numbered_vmo(_metadata, PAGES);
	self->out = 0;
	self->addr = 0;
}

FIXTURE_TEARDOWN(vmar)
{
}

#define MAP(vmar, options, offset, length)					\
	zx_vmar_map(vmar, options, offset, self->vmo, 0, length, &self->addr)
#define CHILD(first, pages)							\
	region_make(_metadata, self->vmar, CAN_ALL | ZX_VM_SPECIFIC, (first) * PAGE, (pages) * PAGE)
#define AT(page) (self->base + (page) * PAGE)
#define PUT(page, vmo_page, pages)						\
	map_at(_metadata, &self->region, RW, page, self->vmo, vmo_page, pages)

/* A page of something else at a place in the region */
static char *foreign(struct __test_metadata *_metadata, zx_vaddr_t at)
{
	char *p = mmap((void *)at, PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	ASSERT_EQ((void *)at, p);
	*p = 'f';
	return p;
}

/* The order of zx_vmar_map()'s checks */

TEST_F(vmar, map_needs_the_vmars_rights)
{
	static const struct {
		zx_vm_option_t options;
		zx_rights_t right;
	} cases[] = {
		{ R, ZX_RIGHT_READ }, { RW, ZX_RIGHT_WRITE }, { RX, ZX_RIGHT_EXECUTE },
	};
	zx_handle_t vmo;

	ASSERT_OK(zx_vmo_replace_as_executable(self->vmo, 0, &vmo));
	self->vmo = vmo;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		zx_handle_t without = without_rights(_metadata, self->vmar, cases[i].right);

		EXPECT_ST(ZX_ERR_ACCESS_DENIED, MAP(without, cases[i].options, 0, PAGE));
		EXPECT_OK(MAP(self->vmar, cases[i].options, 0, PAGE));
		/* No permission needs no right */
		EXPECT_OK(MAP(without, 0, 0, PAGE));
	}
}

TEST_F(vmar, map_needs_can_map)
{
	static const zx_vm_option_t can[] = { ZX_VM_CAN_MAP_READ, CAN_RW, 0 };
	zx_handle_t vmo;

	ASSERT_OK(zx_vmo_replace_as_executable(self->vmo, 0, &vmo));
	self->vmo = vmo;
	for (size_t i = 0; i < ARRAY_SIZE(can); i++) {
		struct region region = region_make(_metadata, ROOT, can[i], 0, 4 * PAGE);
		bool r = can[i] & ZX_VM_CAN_MAP_READ, w = can[i] & ZX_VM_CAN_MAP_WRITE;

		EXPECT_ST(r ? ZX_OK : ZX_ERR_ACCESS_DENIED, MAP(region.vmar, R, 0, PAGE));
		EXPECT_ST(w ? ZX_OK : ZX_ERR_ACCESS_DENIED, MAP(region.vmar, RW, 0, PAGE));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, MAP(region.vmar, RX, 0, PAGE));
		EXPECT_OK(MAP(region.vmar, 0, 0, PAGE));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, MAP(region.vmar, ZX_VM_SPECIFIC, 0, PAGE));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED,
			  MAP(region.vmar, ZX_VM_SPECIFIC_OVERWRITE, 0, PAGE));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED,
			  MAP(region.vmar, ZX_VM_OFFSET_IS_UPPER_LIMIT, 4 * PAGE, PAGE));
	}
}

TEST_F(vmar, map_order)
{
	zx_handle_t destroyed = CHILD(0, 2).vmar, no_write;

	ASSERT_OK(zx_vmar_destroy(destroyed));
	no_write = without_rights(_metadata, destroyed, ZX_RIGHT_WRITE);
#define TRY(vmar, options, offset, vmo_offset, length)				\
	zx_vmar_map(vmar, options, offset, self->vmo, vmo_offset, length, &self->addr)
	/* Each line has the mistakes of all lines below it */
	EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(no_write, RW | ZX_VM_CAN_MAP_READ, 1, 1, ~0ULL));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, TRY(no_write, RW | ZX_VM_COMPACT, 1, 1, ~0ULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(destroyed, RW | ZX_VM_COMPACT, 1, 1, ~0ULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(destroyed, RW | ZX_VM_CAN_MAP_SPECIFIC, 1, 1, ~0ULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(destroyed, RW, 1, 1, ~0ULL));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, TRY(destroyed, RW, 1, PAGE, -PAGE));
	EXPECT_ST(ZX_ERR_BAD_STATE, TRY(destroyed, RW, 1, PAGE, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(self->vmar, RW, PAGE, PAGE, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(self->vmar, RW, PAGE, PAGE, PAGE));
}

/* Places */

TEST_F(vmar, map_in_a_region)
{
	ASSERT_OK(MAP(self->vmar, RW, 0, 4 * PAGE));
	EXPECT_LE(self->base, self->addr);
	EXPECT_GE(self->base + (PAGES - 4) * PAGE, self->addr);
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(1 + i, BYTE(self->addr + i * PAGE));
	EXPECT_EQ(0, STORE(self->addr).signal);
	EXPECT_EQ(1, count_vmas(self->addr, self->addr + PAGE, "zxvmo:vmo:"));
}

TEST_F(vmar, map_specific)
{
	PUT(3, 0, 2);
	EXPECT_EQ(1, BYTE(AT(3)));
	EXPECT_RESERVED(AT(2));
	EXPECT_RESERVED(AT(5));
	for (uint64_t page = 2; page < 5; page++) {
		EXPECT_ST(ZX_ERR_ALREADY_EXISTS,
			  MAP(self->vmar, R | ZX_VM_SPECIFIC, page * PAGE, 2 * PAGE));
	}
	EXPECT_EQ(1, BYTE(AT(3)));
}

TEST_F(vmar, map_rounds_the_length_up)
{
	ASSERT_OK(MAP(self->vmar, R | ZX_VM_SPECIFIC, 0, PAGE + 1));
	EXPECT_EQ(2, BYTE(AT(1)));
	EXPECT_RESERVED(AT(2));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, MAP(self->vmar, R, 0, PAGES * PAGE + 1));
}

TEST_F(vmar, map_fills_a_region)
{
	for (int i = 0; i < PAGES; i++)
		ASSERT_OK(MAP(self->vmar, R, 0, PAGE));
	EXPECT_ST(ZX_ERR_NO_RESOURCES, MAP(self->vmar, R, 0, PAGE));
	EXPECT_EQ(PAGES, vmo_info(_metadata, self->vmo).num_mappings);
}

/* The offset in the VMO counts, where Zircon forgets it */
TEST_F(vmar, map_upper_limit)
{
	ASSERT_OK(zx_vmar_map(self->vmar, R | ZX_VM_OFFSET_IS_UPPER_LIMIT, 2 * PAGE, self->vmo,
			      5 * PAGE, 2 * PAGE, &self->addr));
	EXPECT_EQ(self->base, self->addr);
	EXPECT_EQ(6, BYTE(self->addr));
	EXPECT_ST(ZX_ERR_NO_RESOURCES,
		  MAP(self->vmar, R | ZX_VM_OFFSET_IS_UPPER_LIMIT, 2 * PAGE, PAGE));
}

TEST_F(vmar, map_compact)
{
	struct region region = region_make(_metadata, ROOT, CAN_ALL | ZX_VM_COMPACT, 0,
					   PAGES * PAGE);

	for (int i = 0; i < 4; i++) {
		ASSERT_OK(MAP(region.vmar, R, 0, PAGE));
		EXPECT_EQ(region.base + i * PAGE, self->addr);
	}
}

/* The lowest that is reserved; what a program has taken out of the region only then */
TEST_F(vmar, map_compact_beside_holes)
{
	struct region region = region_make(_metadata, ROOT, CAN_ALL | ZX_VM_COMPACT, 0,
					   PAGES * PAGE);
	char *away = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* Reservations with their addresses as offset, elsewhere or gone */
	ASSERT_EQ(away, mremap((void *)(region.base + PAGE), 2 * PAGE, 2 * PAGE,
			       MREMAP_MAYMOVE | MREMAP_FIXED, away));
	ASSERT_EQ(0, munmap((void *)(region.base + 8 * PAGE), PAGE));
	ASSERT_OK(MAP(region.vmar, R, 0, 4 * PAGE));
	EXPECT_EQ(region.base + 3 * PAGE, self->addr);
	ASSERT_OK(MAP(region.vmar, R, 0, 2 * PAGE));
	EXPECT_EQ(region.base + 9 * PAGE, self->addr);
	for (int i = 0; i < PAGES - 6; i++)
		ASSERT_OK(MAP(region.vmar, R, 0, PAGE));
	EXPECT_ST(ZX_ERR_NO_RESOURCES, MAP(region.vmar, R, 0, PAGE));
	EXPECT_EQ(1, count_vmas((uintptr_t)away, (uintptr_t)away + 2 * PAGE, RESERVED));
}

/* A reservation that was moved to where a region is is no room of its own there */
TEST_F(vmar, map_compact_beside_a_moved_reservation)
{
	struct region region = region_make(_metadata, ROOT, CAN_ALL | ZX_VM_COMPACT, 0,
					   PAGES * PAGE);
	struct region child = region_make(_metadata, region.vmar, CAN_ALL | ZX_VM_SPECIFIC, 0,
					  4 * PAGE);

	ASSERT_EQ((void *)child.base, mremap((void *)(region.base + 8 * PAGE), PAGE, PAGE,
					     MREMAP_MAYMOVE | MREMAP_FIXED, child.base));
	for (int i = 0; i < PAGES - 4; i++) {
		ASSERT_OK(MAP(region.vmar, R, 0, PAGE));
		EXPECT_LE(region.base + 4 * PAGE, self->addr);
	}
	EXPECT_ST(ZX_ERR_NO_RESOURCES, MAP(region.vmar, R, 0, PAGE));
}

TEST_F(vmar, map_aligned)
{
	struct region region = region_make(_metadata, ROOT, CAN_ALL, 0, 2048 * PAGE);

	for (int i = 0; i < 3; i++) {
		ASSERT_OK(MAP(region.vmar, R | ZX_VM_ALIGN_2MB, 0, PAGE));
		EXPECT_EQ(0, self->addr % (2 << 20));
	}
	ASSERT_OK(MAP(ROOT, R | ZX_VM_ALIGN_1GB, 0, PAGE));
	EXPECT_EQ(0, self->addr % (1 << 30));
}

TEST_F(vmar, map_where_a_region_is)
{
	struct region child = CHILD(4, 2);

	EXPECT_ST(ZX_ERR_ALREADY_EXISTS, MAP(self->vmar, R | ZX_VM_SPECIFIC, 5 * PAGE, PAGE));
	EXPECT_OK(MAP(child.vmar, R | ZX_VM_SPECIFIC, PAGE, PAGE));
	EXPECT_EQ(AT(5), self->addr);
}

/* ZX_VM_SPECIFIC_OVERWRITE */

TEST_F(vmar, overwrite_free_range)
{
	ASSERT_OK(MAP(self->vmar, R | ZX_VM_SPECIFIC_OVERWRITE, 2 * PAGE, 2 * PAGE));
	EXPECT_EQ(AT(2), self->addr);
	EXPECT_EQ(1, BYTE(AT(2)));
}

TEST_F(vmar, overwrite_keeps_what_is_outside)
{
	PUT(2, 2, 4);
	PUT(6, 10, 2);
	/* The end of one, a hole's worth of nothing, the beginning of another */
	ASSERT_OK(MAP(self->vmar, R | ZX_VM_SPECIFIC_OVERWRITE, 4 * PAGE, 3 * PAGE));
	EXPECT_EQ(3, BYTE(AT(2)));
	EXPECT_EQ(4, BYTE(AT(3)));
	EXPECT_EQ(1, BYTE(AT(4)));
	EXPECT_EQ(3, BYTE(AT(6)));
	EXPECT_EQ(12, BYTE(AT(7)));
	EXPECT_RESERVED(AT(8));
}

TEST_F(vmar, overwrite_in_the_root)
{
	zx_vaddr_t addr;

	ASSERT_OK(MAP(ROOT, R, 0, 4 * PAGE));
	addr = self->addr;
	ASSERT_OK(zx_vmar_map(ROOT, R | ZX_VM_SPECIFIC_OVERWRITE,
			      addr + PAGE - ZXVMO_VMAR_ROOT_BASE, self->vmo, 8 * PAGE, 2 * PAGE,
			      &self->addr));
	EXPECT_EQ(addr + PAGE, self->addr);
	EXPECT_EQ(1, BYTE(addr));
	EXPECT_EQ(9, BYTE(addr + PAGE));
	EXPECT_EQ(4, BYTE(addr + 3 * PAGE));
}

TEST_F(vmar, overwrite_never_touches_a_region)
{
	struct region child = CHILD(4, 2);

	PUT(3, 0, 1);
	/* Partly, wholly, empty or not */
	for (int i = 0; i < 2; i++) {
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  MAP(self->vmar, R | ZX_VM_SPECIFIC_OVERWRITE, 3 * PAGE, 2 * PAGE));
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  MAP(self->vmar, R | ZX_VM_SPECIFIC_OVERWRITE, 3 * PAGE, 4 * PAGE));
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  MAP(self->vmar, R | ZX_VM_SPECIFIC_OVERWRITE, 5 * PAGE, 4 * PAGE));
		map_at(_metadata, &child, R, i, self->vmo, 8, 1);
	}
	EXPECT_EQ(1, BYTE(AT(3)));
	EXPECT_EQ(9, BYTE(AT(4)));
	EXPECT_OK(MAP(child.vmar, R | ZX_VM_SPECIFIC_OVERWRITE, 0, 2 * PAGE));
	EXPECT_EQ(1, BYTE(AT(4)));
}

TEST_F(vmar, overwrite_never_touches_foreign_mappings)
{
	char *in_root, *inside = foreign(_metadata, AT(3));

	EXPECT_ST(ZX_ERR_ALREADY_EXISTS,
		  MAP(self->vmar, R | ZX_VM_SPECIFIC_OVERWRITE, 2 * PAGE, 4 * PAGE));
	EXPECT_ST(ZX_ERR_ALREADY_EXISTS, MAP(self->vmar, R | ZX_VM_SPECIFIC, 3 * PAGE, PAGE));
	EXPECT_EQ('f', *inside);
	EXPECT_RESERVED(AT(2));
	EXPECT_RESERVED(AT(4));

	in_root = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*in_root = 'f';
	EXPECT_ST(ZX_ERR_ALREADY_EXISTS,
		  MAP(ROOT, R | ZX_VM_SPECIFIC_OVERWRITE,
		      (uintptr_t)in_root - ZXVMO_VMAR_ROOT_BASE, PAGE));
	EXPECT_EQ('f', *in_root);
}

/* Ceilings */

TEST_F(vmar, both_handles_bound_the_permissions)
{
	zx_handle_t read_vmar = without_rights(_metadata, self->vmar, ZX_RIGHT_WRITE);
	zx_handle_t read_vmo = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);

	/* The VMAR's handle */
	ASSERT_OK(zx_vmar_map(read_vmar, R | ZX_VM_SPECIFIC, 0, self->vmo, 0, PAGE, &self->addr));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_protect(self->vmar, RW, self->addr, PAGE));
	EXPECT_EQ(-1, mprotect((void *)self->addr, PAGE, PROT_READ | PROT_WRITE));
	/* The VMO's */
	ASSERT_OK(zx_vmar_map(self->vmar, R | ZX_VM_SPECIFIC, PAGE, read_vmo, 0, PAGE, &self->addr));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_protect(self->vmar, RW, self->addr, PAGE));
	EXPECT_EQ(-1, mprotect((void *)self->addr, PAGE, PROT_READ | PROT_WRITE));
	/* Neither, and both handles are gone by then */
	ASSERT_OK(MAP(self->vmar, R | ZX_VM_SPECIFIC, 2 * PAGE, PAGE));
	ASSERT_OK(zx_handle_close(self->vmo));
	EXPECT_OK(zx_vmar_protect(self->vmar, RW, self->addr, PAGE));
	EXPECT_EQ(0, STORE(self->addr).signal);
}

/* Linux calls that make new mappings of old ones do not lift the ceiling */
TEST_F(vmar, ceiling_holds_from_outside)
{
	zx_handle_t read_vmar = without_rights(_metadata, self->vmar, ZX_RIGHT_WRITE);
	char *p, *away;

	ASSERT_OK(zx_vmar_map(read_vmar, R | ZX_VM_SPECIFIC, 0, self->vmo, 0, 4 * PAGE,
			      &self->addr));
	p = (char *)self->addr;
	remap_file_pages(p, PAGE, 0, 2, 0);
	EXPECT_EQ(-1, mprotect(p, PAGE, PROT_READ | PROT_WRITE));
	away = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, away);
	ASSERT_EQ(away, mremap(p + PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, away));
	EXPECT_EQ(2, *away);
	EXPECT_EQ(-1, mprotect(away, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(SIGSEGV, STORE(away).signal);
	/* A copy of the mapping (old size 0) */
	away = mremap(p + 2 * PAGE, 0, PAGE, MREMAP_MAYMOVE);
	if (away != MAP_FAILED)
		EXPECT_EQ(-1, mprotect(away, PAGE, PROT_READ | PROT_WRITE));
}

TEST_F(vmar, no_permission_can_be_raised)
{
	ASSERT_OK(MAP(self->vmar, 0, 0, PAGE));
	EXPECT_EQ(SIGSEGV, LOAD(self->addr).signal);
	EXPECT_OK(zx_vmar_protect(self->vmar, RW, self->addr, PAGE));
	EXPECT_EQ(1, BYTE(self->addr));
}

TEST_F(vmar, map_bad_address_pointer)
{
	uint64_t mappings = vmo_info(_metadata, self->vmo).num_mappings;

	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmar_map(self->vmar, R | ZX_VM_SPECIFIC, 0, self->vmo, 0, PAGE, NULL));
	EXPECT_EQ(mappings, vmo_info(_metadata, self->vmo).num_mappings);
	EXPECT_RESERVED(AT(0));
	EXPECT_EQ(1, count_vmas(self->base, AT(PAGES), ""));
}

/* zx_vmar_unmap() */

TEST_F(vmar, unmap_gives_room_back)
{
	PUT(4, 0, 4);
	ASSERT_OK(zx_vmar_unmap(self->vmar, AT(5), 2 * PAGE));
	EXPECT_EQ(1, BYTE(AT(4)));
	EXPECT_RESERVED(AT(5));
	EXPECT_RESERVED(AT(6));
	EXPECT_EQ(4, BYTE(AT(7)));
	/* It is the region's, nobody else's */
	EXPECT_EQ(MAP_FAILED, mmap((void *)AT(5), PAGE, PROT_READ,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	PUT(5, 8, 1);
	EXPECT_EQ(9, BYTE(AT(5)));
}

TEST_F(vmar, unmap_free_range)
{
	EXPECT_OK(zx_vmar_unmap(self->vmar, self->base, PAGES * PAGE));
	EXPECT_OK(zx_vmar_unmap(self->vmar, AT(3), 1));
	EXPECT_EQ(1, count_vmas(self->base, AT(PAGES), RESERVED));
}

/* However often one maps and unmaps, there is one reservation for each hole */
TEST_F(vmar, reservations_do_not_grow)
{
	uint64_t random = 7;

	for (int i = 0; i < 2000; i++) {
		unsigned int page, nr;

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		page = (random >> 33) % PAGES;
		nr = 1 + (random >> 45) % 4;
		if (nr > PAGES - page)
			nr = PAGES - page;
		if (random >> 60 & 1)
			ASSERT_OK(MAP(self->vmar, R | ZX_VM_SPECIFIC_OVERWRITE, page * PAGE,
				      nr * PAGE));
		else
			ASSERT_OK(zx_vmar_unmap(self->vmar, AT(page), nr * PAGE));
		ASSERT_GE(PAGES / 2 + 1, count_vmas(self->base, AT(PAGES), RESERVED));
	}
	ASSERT_OK(zx_vmar_unmap(self->vmar, self->base, PAGES * PAGE));
	EXPECT_EQ(1, count_vmas(self->base, AT(PAGES), ""));
}

TEST_F(vmar, unmap_rounds_up)
{
	PUT(0, 0, 3);
	EXPECT_OK(zx_vmar_unmap(self->vmar, AT(0), PAGE + 1));
	EXPECT_RESERVED(AT(1));
	EXPECT_EQ(3, BYTE(AT(2)));
}

TEST_F(vmar, unmap_order)
{
	zx_handle_t destroyed = CHILD(0, 2).vmar;

	ASSERT_OK(zx_vmar_destroy(destroyed));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_vmar_unmap(ZX_HANDLE_INVALID, 1, 0));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, zx_vmar_unmap(self->vmo, 1, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(destroyed, 1, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(destroyed, PAGE, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(destroyed, PAGE, ~0ULL));
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmar_unmap(destroyed, PAGE, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(self->vmar, AT(PAGES), PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(self->vmar, AT(0) - PAGE, 2 * PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(self->vmar, AT(PAGES - 1), 2 * PAGE));
}

TEST_F(vmar, unmap_needs_no_right)
{
	zx_handle_t bare = with_rights(_metadata, self->vmar, ZX_RIGHT_NONE);

	PUT(0, 0, 1);
	EXPECT_OK(zx_vmar_unmap(bare, AT(0), PAGE));
	EXPECT_RESERVED(AT(0));
}

TEST_F(vmar, unmap_of_regions)
{
	zx_handle_t without = without_rights(_metadata, self->vmar, ZX_RIGHT_OP_CHILDREN);
	struct region child = CHILD(4, 4);

	map_at(_metadata, &child, R, 0, self->vmo, 0, 4);
	PUT(2, 0, 2);
	/* Partly, or without the right: nothing changes */
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(self->vmar, AT(2), 3 * PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(self->vmar, AT(5), PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(self->vmar, AT(6), 4 * PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(without, AT(2), 6 * PAGE));
	EXPECT_EQ(1, BYTE(AT(2)));
	EXPECT_EQ(4, BYTE(AT(7)));
	/* Wholly */
	EXPECT_OK(zx_vmar_unmap(self->vmar, AT(2), 6 * PAGE));
	EXPECT_RESERVED(AT(2));
	EXPECT_RESERVED(AT(7));
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmar_unmap(child.vmar, AT(4), PAGE));
	EXPECT_EQ(1, count_vmas(self->base, AT(PAGES), ""));
}

TEST_F(vmar, unmap_of_the_second_region_partly)
{
	struct region first = CHILD(2, 2), second = CHILD(6, 4);

	map_at(_metadata, &first, R, 0, self->vmo, 0, 1);
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(self->vmar, AT(0), 8 * PAGE));
	EXPECT_EQ(1, BYTE(AT(2)));
	EXPECT_OK(zx_vmar_unmap(self->vmar, AT(0), 10 * PAGE));
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmar_destroy(first.vmar));
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmar_destroy(second.vmar));
}

TEST_F(vmar, unmap_leaves_foreign_mappings)
{
	char *inside;

	PUT(0, 0, 6);
	inside = foreign(_metadata, AT(3));
	EXPECT_OK(zx_vmar_unmap(self->vmar, self->base, PAGES * PAGE));
	EXPECT_EQ('f', *inside);
	EXPECT_RESERVED(AT(2));
	EXPECT_RESERVED(AT(4));
	EXPECT_OK(zx_vmar_destroy(self->vmar));
	EXPECT_EQ('f', *inside);
	EXPECT_NOTHING(AT(2));
	EXPECT_NOTHING(AT(4));
}

/* Room that a program took from the region comes back when it is asked for */
TEST_F(vmar, hole_that_munmap_made)
{
	ASSERT_EQ(0, munmap((void *)AT(4), 4 * PAGE));
	EXPECT_NOTHING(AT(4));
	PUT(5, 0, 1);
	EXPECT_EQ(1, BYTE(AT(5)));
	EXPECT_OK(zx_vmar_unmap(self->vmar, AT(4), 4 * PAGE));
	EXPECT_RESERVED(AT(4));
	EXPECT_RESERVED(AT(7));
}

TEST_F(vmar, region_whose_reservation_is_gone)
{
	struct region child = CHILD(4, 4);

	ASSERT_EQ(0, munmap((void *)AT(4), 4 * PAGE));
	/* It still has its place */
	EXPECT_ST(ZX_ERR_ALREADY_EXISTS, MAP(self->vmar, R | ZX_VM_SPECIFIC, 5 * PAGE, PAGE));
	for (int i = 0; i < PAGES - 4; i++)
		ASSERT_OK(MAP(self->vmar, R, 0, PAGE));
	EXPECT_ST(ZX_ERR_NO_RESOURCES, MAP(self->vmar, R, 0, PAGE));
	EXPECT_OK(MAP(child.vmar, R, 0, 4 * PAGE));
	EXPECT_EQ(4, BYTE(AT(7)));
}

/* A mapping that a program makes or moves itself belongs to where it is */
TEST_F(vmar, mappings_of_the_program)
{
	int fd = ZXVMO_HANDLE_FD(self->vmo);
	char *p;

	p = mmap((void *)AT(2), 2 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
	ASSERT_EQ((void *)AT(2), p);
	EXPECT_OK(zx_vmar_protect(self->vmar, 0, AT(2), PAGE));
	EXPECT_OK(zx_vmar_unmap(self->vmar, AT(2), 2 * PAGE));
	EXPECT_RESERVED(AT(2));
	/* Moved in, moved out */
	ASSERT_OK(MAP(ROOT, R, 0, PAGE));
	ASSERT_EQ((void *)AT(2), mremap((void *)self->addr, PAGE, PAGE,
					MREMAP_MAYMOVE | MREMAP_FIXED, AT(2)));
	EXPECT_OK(zx_vmar_protect(self->vmar, 0, AT(2), PAGE));
	ASSERT_EQ((void *)self->addr, mremap((void *)AT(2), PAGE, PAGE,
					     MREMAP_MAYMOVE | MREMAP_FIXED, self->addr));
	EXPECT_NOTHING(AT(2));
	EXPECT_OK(zx_vmar_destroy(self->vmar));
	EXPECT_OK(zx_vmar_protect(ROOT, R, self->addr, PAGE));
	EXPECT_EQ(1, BYTE(self->addr));
}

/* A mapping that has left the region does not keep it */
TEST_F(vmar, moved_out_mapping_holds_no_region)
{
	long long before = zt_stat("objects");
	struct region region = region_make(_metadata, ROOT, CAN_ALL, 0, PAGE);
	char *p;

	map_at(_metadata, &region, R, 0, self->vmo, 0, 1);
	ASSERT_OK(zx_handle_close(region.vmar));
	EXPECT_EQ(before + 1, zt_stat("objects"));
	p = mremap((void *)region.base, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		   mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(1, *p);
	EXPECT_EQ(before, zt_stat("objects"));
}

/* zx_vmar_protect() */

TEST_F(vmar, protect_needs_rights)
{
	zx_handle_t without = without_rights(_metadata, self->vmar, ZX_RIGHT_WRITE);

	PUT(0, 0, 2);
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_protect(without, RW, AT(0), PAGE));
	/* Before all else */
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_vmar_protect(without, ZX_VM_PERM_WRITE | ZX_VM_SPECIFIC, 1, 0));
	EXPECT_OK(zx_vmar_protect(without, R, AT(0), PAGE));
	without = with_rights(_metadata, self->vmar, ZX_RIGHT_NONE);
	EXPECT_OK(zx_vmar_protect(without, 0, AT(0), PAGE));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_protect(without, R, AT(0), PAGE));
}

TEST_F(vmar, protect_order)
{
	zx_handle_t destroyed = CHILD(0, 2).vmar;

	ASSERT_OK(zx_vmar_destroy(destroyed));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_protect(destroyed, ZX_VM_PERM_WRITE, PAGE, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_protect(destroyed, R, 1, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_protect(destroyed, R | ZX_VM_SPECIFIC, PAGE, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_protect(destroyed, R, PAGE, 0));
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmar_protect(destroyed, R, PAGE, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_protect(self->vmar, R, AT(PAGES), PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_protect(self->vmar, R, AT(0) - PAGE, 2 * PAGE));
}

TEST_F(vmar, protect_first_problem_by_address)
{
	zx_handle_t read_only = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);

	PUT(0, 0, 1);
	map_at(_metadata, &self->region, R, 1, read_only, 0, 1);
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_protect(self->vmar, RW, AT(0), 4 * PAGE));
	EXPECT_ST(ZX_ERR_NOT_FOUND, zx_vmar_protect(self->vmar, R, AT(0), 3 * PAGE));
	ASSERT_OK(zx_vmar_unmap(self->vmar, AT(0), PAGE));
	EXPECT_ST(ZX_ERR_NOT_FOUND, zx_vmar_protect(self->vmar, RW, AT(0), 2 * PAGE));
	EXPECT_EQ(1, BYTE(AT(1)));
}

TEST_F(vmar, protect_all_or_nothing)
{
	PUT(0, 0, 2);
	EXPECT_ST(ZX_ERR_NOT_FOUND, zx_vmar_protect(self->vmar, R, AT(0), 3 * PAGE));
	EXPECT_EQ(0, STORE(AT(0)).signal);
}

TEST_F(vmar, protect_several_mappings)
{
	PUT(0, 0, 2);
	PUT(2, 8, 2);
	EXPECT_OK(zx_vmar_protect(self->vmar, R, AT(1), 2 * PAGE));
	EXPECT_EQ(0, STORE(AT(0)).signal);
	EXPECT_EQ(SIGSEGV, STORE(AT(1)).signal);
	EXPECT_EQ(SEGV_ACCERR, STORE(AT(2)).code);
	EXPECT_EQ(0, STORE(AT(3)).signal);
	EXPECT_EQ(9, BYTE(AT(2)));
}

TEST_F(vmar, protect_in_regions)
{
	zx_handle_t without = without_rights(_metadata, self->vmar, ZX_RIGHT_OP_CHILDREN);
	struct region child = CHILD(2, 2);

	PUT(0, 0, 2);
	map_at(_metadata, &child, RW, 0, self->vmo, 4, 2);
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_protect(without, R, AT(1), 2 * PAGE));
	EXPECT_OK(zx_vmar_protect(without, RW, AT(0), 2 * PAGE));
	/* Reducing goes through the parent, adding does not */
	EXPECT_OK(zx_vmar_protect(self->vmar, RW, AT(2), 2 * PAGE));
	EXPECT_OK(zx_vmar_protect(self->vmar, R, AT(1), 2 * PAGE));
	EXPECT_EQ(SIGSEGV, STORE(AT(2)).signal);
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_protect(self->vmar, RW, AT(1), 2 * PAGE));
	EXPECT_EQ(SIGSEGV, STORE(AT(1)).signal);
	/* The child's own handle adds up to the ceiling */
	EXPECT_OK(zx_vmar_protect(child.vmar, RW, AT(2), 2 * PAGE));
	EXPECT_EQ(0, STORE(AT(2)).signal);
}

TEST_F(vmar, protect_empty_region_is_a_hole)
{
	PUT(0, 0, 2);
	CHILD(2, 2);
	PUT(4, 0, 1);
	EXPECT_ST(ZX_ERR_NOT_FOUND, zx_vmar_protect(self->vmar, R, AT(0), 5 * PAGE));
	EXPECT_EQ(0, STORE(AT(0)).signal);
}

TEST_F(vmar, protect_foreign_mapping_is_a_hole)
{
	char *inside = foreign(_metadata, AT(1));

	PUT(0, 0, 1);
	EXPECT_ST(ZX_ERR_NOT_FOUND, zx_vmar_protect(self->vmar, R, AT(0), 2 * PAGE));
	*inside = 'g';
}

/* What mappings see */

TEST_F(vmar, handles_may_be_closed)
{
	PUT(0, 0, 2);
	ASSERT_OK(zx_handle_close(self->vmo));
	ASSERT_OK(zx_handle_close(self->vmar));
	EXPECT_EQ(2, BYTE(AT(1)));
	EXPECT_EQ(0, STORE(AT(0)).signal);
	EXPECT_RESERVED(AT(2));
	EXPECT_OK(zx_vmar_unmap(ROOT, AT(0), PAGES * PAGE));
	EXPECT_NOTHING(AT(0));
}

TEST_F(vmar, mapped_child_keeps_zero_children_off)
{
	zx_signals_t observed;
	zx_handle_t child;

	ASSERT_OK(zx_vmo_create_child(self->vmo, ZX_VMO_CHILD_SNAPSHOT, 0, PAGE, &child));
	map_at(_metadata, &self->region, R, 0, child, 0, 1);
	ASSERT_OK(zx_handle_close(child));
	EXPECT_ST(ZX_ERR_TIMED_OUT,
		  zx_object_wait_one(self->vmo, ZX_VMO_ZERO_CHILDREN, 0, &observed));
	ASSERT_OK(zx_vmar_unmap(self->vmar, AT(0), PAGE));
	EXPECT_OK(zx_object_wait_one(self->vmo, ZX_VMO_ZERO_CHILDREN,
				     zx_deadline_after(ZX_SEC(60)), &observed));
}

TEST_F(vmar, mapped_vmo_keeps_its_cache_policy)
{
	PUT(0, 0, 1);
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_CACHED));
	ASSERT_OK(zx_vmar_destroy(self->vmar));
	EXPECT_OK(zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_CACHED));
}

TEST_F(vmar, beyond_the_end_of_the_vmo)
{
	struct zt_fault fault;

	map_at(_metadata, &self->region, RW, 0, self->vmo, PAGES - 1, 2);
	EXPECT_EQ(PAGES, BYTE(AT(0)));
	fault = LOAD(AT(1));
	EXPECT_EQ(SIGBUS, fault.signal);
	EXPECT_EQ(BUS_ADRERR, fault.code);
	EXPECT_EQ((void *)AT(1), fault.address);
	/* Permission is looked at before size */
	ASSERT_OK(zx_vmar_protect(self->vmar, R, AT(1), PAGE));
	EXPECT_EQ(SIGSEGV, STORE(AT(1)).signal);
}

TEST_F(vmar, no_access_and_back_keeps_data)
{
	PUT(0, 0, 1);
	EXPECT_EQ(0, STORE(AT(0)).signal);
	ASSERT_OK(zx_vmar_protect(self->vmar, 0, AT(0), PAGE));
	EXPECT_EQ(SEGV_ACCERR, LOAD(AT(0)).code);
	ASSERT_OK(zx_vmar_protect(self->vmar, R, AT(0), PAGE));
	EXPECT_EQ('s', BYTE(AT(0)));
}

/* Limits */

TEST_F(vmar, reservations_count_towards_the_address_space)
{
	struct rlimit limit;
	pid_t pid = fork();
	int status;

	if (!pid) {
		limit.rlim_cur = limit.rlim_max = 1ULL << 32;
		setrlimit(RLIMIT_AS, &limit);
		EXPECT_ST(ZX_ERR_NO_MEMORY,
			  zx_vmar_allocate(ROOT, 0, 0, 1ULL << 33, &self->out, &self->addr));
		EXPECT_OK(zx_vmar_allocate(ROOT, 0, 0, 1ULL << 30, &self->out, &self->addr));
		_exit(_metadata->exit_code);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Sets the limit of mappings there may be, and gives what it was */
static int max_mappings(int limit)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", "r+");
	int old = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &old) == 1) {
		rewind(file);
		fprintf(file, "%d", limit);
	}
	fclose(file);
	return old;
}

/* Too many mappings: nothing is lost, and what is there can still go */
TEST_F(vmar, too_many_mappings)
{
	const uint64_t pages = 1000;
	struct region region = region_make(_metadata, ROOT, CAN_ALL, 0, 2 * pages * PAGE);
	int old = max_mappings(500);
	zx_status_t status = ZX_OK;
	uint64_t i;

	if (old < 0)
		SKIP(return, "no limit can be set");
	for (i = 0; !status && i < pages; i++)
		status = zx_vmar_map(region.vmar, R | ZX_VM_SPECIFIC, 2 * i * PAGE,
				     self->vmo, 0, PAGE, &self->addr);
	EXPECT_ST(ZX_ERR_NO_MEMORY, status);
	EXPECT_LT(100, i);
	EXPECT_EQ(i - 1, vmo_info(_metadata, self->vmo).num_mappings);
	EXPECT_OK(zx_vmar_unmap(region.vmar, region.base, PAGE));
	EXPECT_OK(zx_vmar_destroy(region.vmar));
	EXPECT_EQ(0, vmo_info(_metadata, self->vmo).num_mappings);
	max_mappings(old);
}

/* Where room cannot be reserved again, what is unmapped goes all the same */
TEST_F(vmar, unmap_beyond_the_limit_of_mappings)
{
	struct region child = CHILD(8, 4);
	int old;

	PUT(0, 0, 2);
	PUT(4, 0, 3);
	map_at(_metadata, &child, R, 1, self->vmo, 0, 2);
	old = max_mappings(4);
	if (old < 0)
		SKIP(return, "no limit can be set");
	EXPECT_OK(zx_vmar_unmap(self->vmar, AT(0), 2 * PAGE));
	EXPECT_NOTHING(AT(0));
	EXPECT_OK(zx_vmar_unmap(child.vmar, child.base, 4 * PAGE));
	EXPECT_OK(zx_vmar_destroy(child.vmar));
	EXPECT_NOTHING(child.base + PAGE);
	/* Nobody can make two of one */
	EXPECT_ST(ZX_ERR_NO_MEMORY, zx_vmar_unmap(self->vmar, AT(5), PAGE));
	EXPECT_EQ(3, BYTE(AT(6)));
	max_mappings(old);
	EXPECT_OK(zx_vmar_unmap(self->vmar, AT(5), PAGE));
	/* It is the region's, and comes back with the next unmapping */
	PUT(0, 0, 1);
	EXPECT_OK(zx_vmar_unmap(self->vmar, AT(0), PAGES * PAGE));
	EXPECT_EQ(1, count_vmas(self->base, AT(PAGES), ""));
	EXPECT_EQ(1, count_vmas(self->base, AT(PAGES), RESERVED));
}

TEST_F(vmar, unmap_beyond_the_limit_of_locked_memory)
{
	struct rlimit limit = { 3 * PAGE, 3 * PAGE };
	pid_t pid = fork();
	struct region child;
	int status;

	if (!pid) {
		self->region = region_make(_metadata, ROOT, CAN_ALL, 0, PAGES * PAGE);
		self->vmar = self->region.vmar;
		self->base = self->region.base;
		child = CHILD(8, 4);
		PUT(0, 0, 2);
		PUT(2, 0, 4);
		map_at(_metadata, &child, R, 0, self->vmo, 0, 4);
		ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
		ASSERT_EQ(0, mlockall(MCL_FUTURE));
		ASSERT_EQ(0, setresuid(65534, 65534, 65534));
		EXPECT_EQ(MAP_FAILED, mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
					   -1, 0));
		EXPECT_OK(zx_vmar_unmap(self->vmar, AT(0), 2 * PAGE));
		EXPECT_RESERVED(AT(0));
		EXPECT_OK(zx_vmar_unmap(self->vmar, AT(2), 4 * PAGE));
		EXPECT_NOTHING(AT(2));
		EXPECT_OK(zx_vmar_destroy(child.vmar));
		EXPECT_NOTHING(AT(8));
		EXPECT_ST(ZX_ERR_NO_MEMORY, MAP(self->vmar, R | ZX_VM_SPECIFIC, 2 * PAGE, 4 * PAGE));
		EXPECT_OK(MAP(self->vmar, R | ZX_VM_SPECIFIC, 3 * PAGE, PAGE));
		EXPECT_OK(zx_vmar_destroy(self->vmar));
		_exit(_metadata->exit_code);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* A destroy that fails halfway leaves a region that can be used, and destroyed later */
TEST_F(vmar, destroy_that_fails_halfway)
{
	struct region child = CHILD(4, 8);

#ifndef SYS_mseal
#define SYS_mseal 462
#endif
	foreign(_metadata, child.base + 4 * PAGE);
	map_at(_metadata, &child, R, 6, self->vmo, 0, 1);
	if (syscall(SYS_mseal, child.base + 6 * PAGE, PAGE, 0))
		SKIP(return, "nothing can be sealed");
	map_at(_metadata, &child, R, 1, self->vmo, 0, 2);
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_destroy(child.vmar));
	/* The room below is reserved for the parent now, and still the child's */
	EXPECT_RESERVED(child.base + PAGE);
	map_at(_metadata, &child, R, 0, self->vmo, 4, 3);
	EXPECT_EQ(5, BYTE(child.base));
	EXPECT_ST(ZX_ERR_ALREADY_EXISTS, MAP(self->vmar, R | ZX_VM_SPECIFIC, 7 * PAGE, PAGE));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_destroy(child.vmar));
}

/* A process in this memory, at whose end nobody unmaps it, until it is killed */
static int search(void *arg)
{
	FIXTURE_DATA(vmar) *self = arg;
	zx_vaddr_t addr;

	while (!self->vmar)
		pause();
	for (;;)
		zt_call(VMAR_MAP, vmar_map, .handle = self->vmar, .vmo = self->vmo,
			.length = 2 * PAGE, .out_addr = ZT_ADDRESS(&addr));
	return 0;
}

/* How long it runs on, in ns: what it waits for at its end does not count */
static int64_t runs_on(struct __test_metadata *_metadata, FIXTURE_DATA(vmar) *self)
{
	static char stack[64 * 1024] __attribute__((aligned(16)));
	pid_t pid = clone(search, stack + sizeof(stack), CLONE_VM | SIGCHLD, self);
	struct timespec before;
	struct rusage usage;
	clockid_t clock;

	ASSERT_LT(0, pid);
	usleep(50000);
	ASSERT_EQ(0, clock_getcpuclockid(pid, &clock));
	ASSERT_EQ(0, clock_gettime(clock, &before));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, wait4(pid, NULL, 0, &usage));
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec - before.tv_sec) * 1000000000LL +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000LL - before.tv_nsec;
}

static int by_time(const void *a, const void *b)
{
	int64_t diff = *(const int64_t *)a - *(const int64_t *)b;

	return diff < 0 ? -1 : diff > 0;
}

TEST_F(vmar, search_ends_when_killed)
{
	const uint64_t pages = 30000;
	FIXTURE_DATA(vmar) idle;
	int64_t one, late[21], middle = INT64_MAX;

	self->vmar = region_make(_metadata, ROOT, CAN_ALL, 0, 2 * pages * PAGE).vmar;
	/* Open for all of them */
	ASSERT_LE(0, zt_device());
	for (uint64_t i = 0; i < pages; i++)
		ASSERT_OK(MAP(self->vmar, R | ZX_VM_SPECIFIC, 2 * i * PAGE, PAGE));
	one = zx_clock_get_monotonic();
	EXPECT_ST(ZX_ERR_NO_RESOURCES, MAP(self->vmar, R, 0, 2 * PAGE));
	one = zx_clock_get_monotonic() - one;
	idle = *self;
	idle.vmar = 0;
	/* It would be half a search, beyond what any process does at its end */
	for (int tries = 0; tries < 5 && middle > one / 4; tries++) {
		for (size_t i = 0; i < ARRAY_SIZE(late); i++)
			late[i] = runs_on(_metadata, self) - runs_on(_metadata, &idle);
		qsort(late, ARRAY_SIZE(late), sizeof(late[0]), by_time);
		middle = late[ARRAY_SIZE(late) / 2];
	}
	EXPECT_GT(one / 4, middle);
}

TEST_HARNESS_MAIN
