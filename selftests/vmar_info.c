// SPDX-License-Identifier: GPL-2.0-only
/*
 * ZX_INFO_VMAR_MAPS: what is listed and in which order, what a record tells, and
 * whom it is told. (vmar.md 1.5, 1.6)
 *
 * A listing as text has a word for each record: its depth, v for a VMAR or m for a
 * mapping, its first page and number of pages; of a mapping the permissions and its
 * first page of the VMO.
 */
#include "vmar_test.h"

#define MAX_RECORDS	64

FIXTURE(info)
{
	struct region region;	/* PAGES pages, everything allowed */
	zx_handle_t vmar;
	zx_handle_t vmo;	/* PAGES pages with their numbers */
	zx_vaddr_t base;
	zx_info_maps_t maps[MAX_RECORDS];
	char text[1024];
};

FIXTURE_SETUP(info)
{
	self->region = region_make(_metadata, ROOT, CAN_ALL, 0, PAGES * PAGE);
	self->vmar = self->region.vmar;
	self->base = self->region.base;
	self->vmo = numbered_vmo(_metadata, PAGES);
}

FIXTURE_TEARDOWN(info)
{
}

#define PUT(options, page, vmo_page, pages)					\
	map_at(_metadata, &self->region, options, page, self->vmo, vmo_page, pages)
#define CHILD(region, first, pages)						\
	region_make(_metadata, (region)->vmar, CAN_ALL | ZX_VM_SPECIFIC,	\
		    (first) * PAGE, (pages) * PAGE)
#define AT(page) (self->base + (page) * PAGE)

/* All records; their number */
static size_t list(struct __test_metadata *const _metadata, zx_handle_t vmar,
		   zx_info_maps_t *maps)
{
	size_t actual = 0, avail = 0;

	memset(maps, 0xee, MAX_RECORDS * sizeof(*maps));
	ASSERT_OK(zx_object_get_info(vmar, ZX_INFO_VMAR_MAPS, maps, MAX_RECORDS * sizeof(*maps),
				     &actual, &avail));
	EXPECT_EQ(avail, actual);
	return actual;
}

static const char *listed(struct __test_metadata *const _metadata, zx_handle_t vmar,
			  zx_info_maps_t *maps, zx_vaddr_t base, char *text)
{
	size_t nr = list(_metadata, vmar, maps);
	char *at = text;

	for (zx_info_maps_t *map = maps; map < maps + nr; map++) {
		const zx_info_maps_mapping_t *mapping = &map->u.mapping;

		at += sprintf(at, "%s%zu%c%llu+%llu", at == text ? "" : " ", map->depth,
			      map->type == ZX_INFO_MAPS_TYPE_VMAR ? 'v' :
			      map->type == ZX_INFO_MAPS_TYPE_MAPPING ? 'm' : '?',
			      (unsigned long long)(map->base - base) / PAGE,
			      (unsigned long long)map->size / PAGE);
		if (map->type == ZX_INFO_MAPS_TYPE_MAPPING)
			at += sprintf(at, "%s%s%s@%llu", mapping->mmu_flags & R ? "r" : "-",
				      mapping->mmu_flags & ZX_VM_PERM_WRITE ? "w" : "-",
				      mapping->mmu_flags & ZX_VM_PERM_EXECUTE ? "x" : "-",
				      (unsigned long long)mapping->vmo_offset / PAGE);
	}
	return text;
}

#define EXPECT_LISTED_OF(expected, handle)					\
	EXPECT_STREQ(expected, listed(_metadata, handle, self->maps, self->base, self->text))
#define EXPECT_LISTED(expected) EXPECT_LISTED_OF(expected, self->vmar)

/* What is listed */

TEST_F(info, empty_region_is_one_record)
{
	const zx_info_maps_t *map = self->maps;

	EXPECT_LISTED("0v0+16");
	EXPECT_STREQ("useralloc", map->name);
	EXPECT_TRUE(zt_is_zero(map->name + 9, sizeof(map->name) - 9));
	EXPECT_EQ(self->base, map->base);
	EXPECT_EQ(PAGES * PAGE, map->size);
	EXPECT_TRUE(zt_is_zero(map->padding1, sizeof(map->padding1)));
	EXPECT_TRUE(zt_is_zero(&map->u, sizeof(map->u)));
}

TEST_F(info, root)
{
	zx_info_maps_t *map = self->maps;
	zx_info_vmar_t root;

	ASSERT_OK(zx_object_get_info(ROOT, ZX_INFO_VMAR, &root, sizeof(root), NULL, NULL));
	ASSERT_EQ(2, list(_metadata, ROOT, map));
	EXPECT_STREQ("root", map->name);
	EXPECT_EQ(ZX_INFO_MAPS_TYPE_VMAR, map->type);
	EXPECT_EQ(root.base, map->base);
	EXPECT_EQ(root.len, map->size);
	EXPECT_EQ(0, map->depth);
	EXPECT_STREQ("useralloc", map[1].name);
	EXPECT_EQ(self->base, map[1].base);
	EXPECT_EQ(1, map[1].depth);
}

TEST(process_without_mappings_has_one_record)
{
	size_t actual = 0, avail = 0;

	EXPECT_OK(zx_object_get_info(ROOT, ZX_INFO_VMAR_MAPS, NULL, 0, &actual, &avail));
	EXPECT_EQ(0, actual);
	EXPECT_EQ(1, avail);
}

TEST_F(info, handle_of_the_root_is_the_root)
{
	zx_handle_t root = with_rights(_metadata, ROOT, ZX_RIGHT_INSPECT);

	PUT(RW, 3, 0, 1);
	EXPECT_EQ(3, list(_metadata, root, self->maps));
	EXPECT_STREQ("root", self->maps[0].name);
}

TEST_F(info, each_region_before_what_it_holds_by_address)
{
	struct region child, grandchild;

	PUT(RW, 0, 0, 1);
	child = CHILD(&self->region, 2, 6);
	grandchild = CHILD(&child, 3, 2);
	map_at(_metadata, &grandchild, R, 1, self->vmo, 9, 1);
	map_at(_metadata, &child, RW, 1, self->vmo, 4, 1);
	PUT(R, 12, 2, 2);
	PUT(0, 8, 7, 1);
	EXPECT_LISTED("0v0+16 1m0+1rw-@0 1v2+6 2m3+1rw-@4 2v5+2 3m6+1r--@9 1m8+1---@7 1m12+2r--@2");
	EXPECT_LISTED_OF("0v2+6 1m3+1rw-@4 1v5+2 2m6+1r--@9", child.vmar);
	EXPECT_LISTED_OF("0v5+2 1m6+1r--@9", grandchild.vmar);
}

TEST_F(info, all_at_the_same_base)
{
	struct region child = CHILD(&self->region, 0, 8), grandchild = CHILD(&child, 0, 4);

	map_at(_metadata, &grandchild, R, 0, self->vmo, 0, 1);
	EXPECT_LISTED("0v0+16 1v0+8 2v0+4 3m0+1r--@0");
	EXPECT_LISTED_OF("0v0+8 1v0+4 2m0+1r--@0", child.vmar);
	map_at(_metadata, &grandchild, R, 3, self->vmo, 1, 1);
	map_at(_metadata, &child, R, 4, self->vmo, 3, 4);
	PUT(R, 8, 1, 8);
	EXPECT_LISTED("0v0+16 1v0+8 2v0+4 3m0+1r--@0 3m3+1r--@1 2m4+4r--@3 1m8+8r--@1");
}

TEST_F(info, what_is_not_from_a_vmo_is_not_listed)
{
	ASSERT_NE(MAP_FAILED, mmap((void *)AT(4), 2 * PAGE, PROT_READ, MAP_FIXED | MAP_PRIVATE |
				   MAP_ANONYMOUS, -1, 0));
	PUT(R, 8, 0, 1);
	EXPECT_LISTED("0v0+16 1m8+1r--@0");
	ASSERT_EQ(0, munmap((void *)AT(0), 2 * PAGE));
	EXPECT_LISTED("0v0+16 1m8+1r--@0");
}

/* However it came there */
TEST_F(info, mapping_of_mmap_is_listed)
{
	int fd = ZXVMO_HANDLE_FD(self->vmo);

	ASSERT_NE(MAP_FAILED, mmap((void *)AT(4), 2 * PAGE, PROT_READ, MAP_FIXED | MAP_SHARED,
				   fd, PAGE));
	ASSERT_NE(MAP_FAILED, mmap((void *)AT(9), PAGE, PROT_READ | PROT_WRITE,
				   MAP_FIXED | MAP_PRIVATE, fd, 3 * PAGE));
	EXPECT_LISTED("0v0+16 1m4+2r--@1 1m9+1rw-@3");
}

/* It is in the region that has its addresses, or in two */
TEST_F(info, mapping_across_a_border_is_two)
{
	CHILD(&self->region, 4, 4);
	ASSERT_NE(MAP_FAILED, mmap((void *)AT(2), 8 * PAGE, PROT_READ, MAP_FIXED | MAP_SHARED,
				   ZXVMO_HANDLE_FD(self->vmo), PAGE));
	EXPECT_LISTED("0v0+16 1m2+2r--@1 1v4+4 2m4+4r--@3 1m8+2r--@7");
}

TEST_F(info, protecting_the_middle_makes_three)
{
	PUT(RW, 2, 1, 6);
	EXPECT_LISTED("0v0+16 1m2+6rw-@1");
	ASSERT_OK(zx_vmar_protect(self->vmar, R, AT(4), 2 * PAGE));
	EXPECT_LISTED("0v0+16 1m2+2rw-@1 1m4+2r--@3 1m6+2rw-@5");
	ASSERT_OK(zx_vmar_protect(self->vmar, RW, AT(4), 2 * PAGE));
	EXPECT_LISTED("0v0+16 1m2+6rw-@1");
	ASSERT_OK(zx_vmar_unmap(self->vmar, AT(4), PAGE));
	EXPECT_LISTED("0v0+16 1m2+2rw-@1 1m5+3rw-@4");
}

TEST_F(info, neighbours_that_continue_are_one)
{
	zx_handle_t other = vmo_create(_metadata, PAGES * PAGE, 0);
	zx_handle_t read_only = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);

	PUT(R, 0, 0, 2);
	PUT(R, 2, 2, 2);
	EXPECT_LISTED("0v0+16 1m0+4r--@0");
	PUT(R, 4, 5, 1);	/* a page is left out */
	map_at(_metadata, &self->region, R, 5, other, 6, 1);
	map_at(_metadata, &self->region, R, 6, self->vmo, 7, 1);
	map_at(_metadata, &self->region, R, 7, read_only, 8, 1);	/* may be less */
	EXPECT_LISTED("0v0+16 1m0+4r--@0 1m4+1r--@5 1m5+1r--@6 1m6+1r--@7 1m7+1r--@8");
	ASSERT_OK(zx_vmar_unmap(self->vmar, AT(2), 14 * PAGE));
	PUT(R | ZX_VM_ALLOW_FAULTS | ZX_VM_FAULT_BEYOND_STREAM_SIZE, 2, 2, 1);
	EXPECT_LISTED("0v0+16 1m0+2r--@0 1m2+1r--@2");
}

TEST_F(info, many_records)
{
	static zx_info_maps_t maps[4 * MAX_RECORDS];
	struct region region = region_make(_metadata, ROOT, CAN_ALL, 0, 400 * PAGE);
	size_t actual = 0, avail = 0;

	for (int i = 0; i < 200; i++)
		map_at(_metadata, &region, i & 1 ? R : RW, 2 * i, self->vmo, i % PAGES, 1);
	ASSERT_OK(zx_object_get_info(region.vmar, ZX_INFO_VMAR_MAPS, maps, sizeof(maps),
				     &actual, &avail));
	ASSERT_EQ(201, actual);
	EXPECT_EQ(201, avail);
	for (int i = 0; i < 200; i++) {
		EXPECT_EQ(region.base + 2 * i * PAGE, maps[1 + i].base);
		EXPECT_EQ(PAGE, maps[1 + i].size);
		EXPECT_EQ(1, maps[1 + i].depth);
		EXPECT_EQ(i & 1 ? R : RW, maps[1 + i].u.mapping.mmu_flags);
		EXPECT_EQ(i % PAGES * PAGE, maps[1 + i].u.mapping.vmo_offset);
	}
}

/* Half of them begin where their parent begins */
TEST_F(info, nested_many_times)
{
	enum { LEVELS = 100 };
	static zx_info_maps_t maps[2 * LEVELS];
	struct region outer = region_make(_metadata, ROOT, CAN_ALL, 0, 2 * LEVELS * PAGE);
	struct region region = outer;
	size_t actual = 0, avail = 0;

	for (int i = 1; i < LEVELS; i++)
		region = CHILD(&region, i & 1, 2 * LEVELS - i);
	map_at(_metadata, &region, R, 0, self->vmo, 5, 1);
	ASSERT_OK(zx_object_get_info(outer.vmar, ZX_INFO_VMAR_MAPS, maps, sizeof(maps),
				     &actual, &avail));
	ASSERT_EQ(LEVELS + 1, actual);
	EXPECT_EQ(LEVELS + 1, avail);
	for (int i = 0; i < LEVELS; i++) {
		EXPECT_EQ(i, maps[i].depth);
		EXPECT_EQ(ZX_INFO_MAPS_TYPE_VMAR, maps[i].type);
		EXPECT_EQ(outer.base + (i + 1) / 2 * PAGE, maps[i].base);
		EXPECT_EQ((2 * LEVELS - i) * PAGE, maps[i].size);
	}
	EXPECT_EQ(LEVELS, maps[LEVELS].depth);
	EXPECT_EQ(ZX_INFO_MAPS_TYPE_MAPPING, maps[LEVELS].type);
	EXPECT_EQ(region.base, maps[LEVELS].base);
}

/* What the record of a mapping tells */

TEST_F(info, names_and_koid)
{
	zx_info_maps_t *map = self->maps + 1;

	PUT(RW, 2, 0, 2);
	ASSERT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, "one", 3));
	ASSERT_EQ(2, list(_metadata, self->vmar, self->maps));
	EXPECT_STREQ("one", map->name);
	EXPECT_TRUE(zt_is_zero(map->name + 3, sizeof(map->name) - 3));
	EXPECT_EQ(koid_of(_metadata, self->vmo), map->u.mapping.vmo_koid);
	EXPECT_TRUE(zt_is_zero(map->u.mapping.padding1, 4));
	ASSERT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, "another", 7));
	ASSERT_OK(zx_handle_close(self->vmo));
	ASSERT_EQ(2, list(_metadata, self->vmar, self->maps));
	EXPECT_STREQ("another", map->name);
}

#define EXPECT_MEMORY(record, all, private, scaled) do {			\
	const zx_info_maps_mapping_t *__mapping = &self->maps[record].u.mapping;	\
										\
	EXPECT_EQ(all, __mapping->committed_bytes);				\
	EXPECT_EQ(all, __mapping->populated_bytes);				\
	EXPECT_EQ(private, __mapping->committed_private_bytes);			\
	EXPECT_EQ(private, __mapping->populated_private_bytes);			\
	EXPECT_EQ(scaled, __mapping->committed_scaled_bytes);			\
	EXPECT_EQ(scaled, __mapping->populated_scaled_bytes);			\
} while (0)

TEST_F(info, committed_bytes_are_those_of_the_range)
{
	self->vmo = vmo_create(_metadata, PAGES * PAGE, 0);
	vmo_spell(_metadata, self->vmo, 0, "a.bc.d..........");
	PUT(R, 0, 0, 4);
	PUT(R, 5, 4, 2);
	PUT(R, 8, 5, 1);
	PUT(R, 10, 6, 2);
	PUT(R, 13, 15, 3);	/* its end is beyond the VMO's */
	ASSERT_EQ(6, list(_metadata, self->vmar, self->maps));
	EXPECT_MEMORY(1, 3 * PAGE, 3 * PAGE, 3 * PAGE);
	EXPECT_MEMORY(2, PAGE, PAGE, PAGE);
	EXPECT_MEMORY(3, PAGE, PAGE, PAGE);
	EXPECT_MEMORY(4, 0, 0, 0);
	EXPECT_MEMORY(5, 0, 0, 0);
}

TEST_F(info, shared_pages_are_told_apart)
{
	zx_handle_t child, third;

	PUT(R, 2, 3, 4);
	child = vmo_snapshot(_metadata, self->vmo, 0, PAGES);
	vmo_spell(_metadata, child, 4, "x");
	map_at(_metadata, &self->region, R, 8, child, 3, 4);
	ASSERT_EQ(3, list(_metadata, self->vmar, self->maps));
	EXPECT_MEMORY(1, 4 * PAGE, PAGE, 3 * PAGE / 2 + PAGE);
	EXPECT_MEMORY(2, 4 * PAGE, PAGE, 3 * PAGE / 2 + PAGE);

	third = vmo_snapshot(_metadata, self->vmo, 5, 2);
	map_at(_metadata, &self->region, R, 13, third, 0, 1);
	ASSERT_EQ(4, list(_metadata, self->vmar, self->maps));
	EXPECT_MEMORY(3, PAGE, 0, PAGE / 3);
	EXPECT_EQ(PAGE % 3 * ((1ULL << 63) / 3),
		  self->maps[3].u.mapping.committed_fractional_scaled_bytes);
	EXPECT_EQ(PAGE % 3 * ((1ULL << 63) / 3),
		  self->maps[3].u.mapping.populated_fractional_scaled_bytes);
}

/* Ranges that begin and end within leaves of the page tree, which relatives share */
TEST_F(info, shared_pages_of_large_ranges)
{
	static const struct {
		unsigned int first, pages;
	} ranges[] = {
		{ 0, 2048 }, { 1, 511 }, { 511, 2 }, { 512, 512 }, { 513, 1 }, { 300, 1400 },
		{ 1023, 1 }, { 1024, 1 }, { 2047, 100 },
	};
	zx_handle_t vmo = vmo_create(_metadata, 2048 * PAGE, 0), child;
	struct region region = region_make(_metadata, ROOT, CAN_ALL, 0, 2048 * PAGE);

	ASSERT_OK(vmo_pages_op(vmo, ZX_VMO_OP_COMMIT, 0, 2048));
	ASSERT_OK(vmo_pages_op(vmo, ZX_VMO_OP_DECOMMIT, 1300, 100));
	/* The child counts from page 100 of the parent, and so do its leaves. */
	child = vmo_snapshot(_metadata, vmo, 100, 1948);
	ASSERT_OK(zx_handle_close(vmo));
	vmo = child;
	child = vmo_snapshot(_metadata, vmo, 0, 1000);
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		uint64_t all = 0, private = 0;
		zx_vaddr_t addr = map_at(_metadata, &region, R, 0, vmo, ranges[i].first,
					 ranges[i].pages);

		for (unsigned int page = ranges[i].first;
		     page < ranges[i].first + ranges[i].pages && page < 1948; page++) {
			bool absent = page >= 1200 && page < 1300;

			all += absent ? 0 : PAGE;
			private += absent || page < 1000 ? 0 : PAGE;
		}
		ASSERT_EQ(2, list(_metadata, region.vmar, self->maps));
		EXPECT_MEMORY(1, all, private, (all - private) / 2 + private);
		ASSERT_OK(zx_vmar_unmap(region.vmar, addr, ranges[i].pages * PAGE));
	}
}

/* Slices count in themselves and have no pages of their own */
TEST_F(info, mapping_of_a_slice)
{
	zx_handle_t slice = vmo_slice(_metadata, self->vmo, 4, 8);

	ASSERT_OK(zx_object_set_property(slice, ZX_PROP_NAME, "slice", 5));
	map_at(_metadata, &self->region, R, 2, slice, 1, 3);
	EXPECT_LISTED("0v0+16 1m2+3r--@1");
	EXPECT_STREQ("slice", self->maps[1].name);
	EXPECT_EQ(koid_of(_metadata, slice), self->maps[1].u.mapping.vmo_koid);
	EXPECT_MEMORY(1, 0, 0, 0);
}

/* Buffers */

TEST_F(info, buffer_of_any_size)
{
	const size_t size = sizeof(zx_info_maps_t);

	EXPECT_EQ(152, size);
	for (int i = 0; i < 4; i++)
		PUT(R, 2 * i, i, 1);
	for (size_t room = 0; room <= 7 * size; room += size / 2) {
		size_t actual = 99, avail = 99, want = room / size < 5 ? room / size : 5;

		memset(self->maps, 0xee, sizeof(self->maps));
		EXPECT_OK(zx_object_get_info(self->vmar, ZX_INFO_VMAR_MAPS, self->maps, room,
					     &actual, &avail));
		EXPECT_EQ(want, actual) TH_LOG("%zu bytes", room);
		EXPECT_EQ(5, avail) TH_LOG("%zu bytes", room);
		if (want)
			EXPECT_EQ(want - 1, self->maps[want - 1].depth ? want - 1 : 0);
		EXPECT_EQ(sizeof(self->maps) - want * size,
			  mem_span(self->maps + want, sizeof(self->maps) - want * size, 0xee));
	}
	EXPECT_OK(zx_object_get_info(self->vmar, ZX_INFO_VMAR_MAPS, NULL, 0, NULL, NULL));
}

TEST_F(info, bad_buffers)
{
	unsigned char *hole = page_before_hole(_metadata) + PAGE;
	const size_t size = sizeof(zx_info_maps_t);
	size_t actual = 99;

	PUT(R, 0, 0, 1);
#define INFO(buffer, size, actual)						\
	zx_object_get_info(self->vmar, ZX_INFO_VMAR_MAPS, buffer, size, actual, NULL)
	EXPECT_ST(ZX_ERR_INVALID_ARGS, INFO(NULL, size, &actual));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, INFO(hole, size, &actual));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, INFO(hole - size, 2 * size, &actual));
	EXPECT_EQ(99, actual);
	EXPECT_OK(INFO(hole - 2 * size, 1 << 20, &actual));
	EXPECT_EQ(2, actual);
	EXPECT_OK(INFO(hole - size, 2 * size - 1, &actual));
	EXPECT_EQ(1, actual);
	EXPECT_ST(ZX_ERR_INVALID_ARGS, INFO(hole - size, size, (size_t *)hole));
	/* The buffer may be the very thing that is listed. */
	PUT(RW, 4, 4, 1);
	EXPECT_OK(INFO((void *)AT(4), PAGE, &actual));
	EXPECT_EQ(3, actual);
	EXPECT_EQ(AT(4), ((zx_info_maps_t *)AT(4))[2].base);
}

/* Who is told */

TEST_F(info, order_of_checks)
{
	zx_handle_t blind = without_rights(_metadata, self->vmar, ZX_RIGHT_INSPECT);

#define ASK(handle, topic) zx_object_get_info(handle, topic, NULL, 152, NULL, NULL)
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, ASK(~0U, ZX_INFO_VMAR_MAPS | 1U << 28));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, ASK(~0U, ZX_INFO_VMAR_MAPS));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, ASK(0, ZX_INFO_VMAR_MAPS));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, ASK(wrong_type(_metadata), ZX_INFO_VMAR_MAPS));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, ASK(self->vmo, ZX_INFO_VMAR_MAPS));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, ASK(zx_process_self(), ZX_INFO_VMAR_MAPS));
	ASSERT_OK(zx_vmar_destroy(self->vmar));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, ASK(blind, ZX_INFO_VMAR_MAPS));
	EXPECT_ST(ZX_ERR_BAD_STATE, ASK(self->vmar, ZX_INFO_VMAR_MAPS));
}

TEST_F(info, of_what_was_destroyed)
{
	struct region child = CHILD(&self->region, 2, 4), inner = CHILD(&child, 1, 2);
	size_t actual = 99;

	ASSERT_OK(zx_vmar_destroy(child.vmar));
	EXPECT_LISTED("0v0+16");
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_object_get_info(inner.vmar, ZX_INFO_VMAR_MAPS, NULL, 0,
						       &actual, NULL));
	EXPECT_EQ(99, actual);
	/* Its place is still told. */
	EXPECT_OK(zx_object_get_info(inner.vmar, ZX_INFO_VMAR, self->maps, 16, NULL, NULL));
}

TEST_F(info, not_in_another_process)
{
	zx_info_vmar_t info;
	int status;
	pid_t pid;

	PUT(R, 2, 0, 2);
	pid = fork();
	if (!pid) {
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, ASK(self->vmar, ZX_INFO_VMAR_MAPS));
		EXPECT_OK(zx_object_get_info(self->vmar, ZX_INFO_VMAR, &info, sizeof(info),
					     NULL, NULL));
		/* The mapping is here, too, but no region. */
		EXPECT_EQ(2, list(_metadata, ROOT, self->maps));
		EXPECT_EQ(AT(2), self->maps[1].base);
		EXPECT_EQ(1, self->maps[1].depth);
		_exit(_metadata->exit_code);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* While others work on it */

struct shared {
	struct region region;
	zx_handle_t vmo;
	atomic_bool stop;
};

static void *change(void *data)
{
	struct shared *shared = data;
	unsigned int seed = (uintptr_t)&seed;

	while (!shared->stop) {
		unsigned int page = rand_r(&seed) % 64, pages = 1 + rand_r(&seed) % 8;
		zx_handle_t child;
		zx_vaddr_t addr;

		switch (rand_r(&seed) % 4) {
		case 0:
			zx_vmar_unmap(shared->region.vmar, shared->region.base + page * PAGE,
				      pages * PAGE);
			break;
		case 1:
			if (!zx_vmar_allocate(shared->region.vmar, CAN_ALL | ZX_VM_SPECIFIC,
					      page * PAGE, pages * PAGE, &child, &addr)) {
				zx_vmar_map(child, R, 0, shared->vmo, 0, PAGE, &addr);
				zx_handle_close(child);
			}
			break;
		case 2:
			zx_vmar_map(shared->region.vmar, RW | ZX_VM_SPECIFIC_OVERWRITE,
				    page * PAGE, shared->vmo, 0, pages * PAGE, &addr);
			break;
		case 3:
			munmap((char *)shared->region.base + page * PAGE, pages * PAGE);
		}
	}
	return NULL;
}

TEST_F_TIMEOUT(info, while_others_change_it, 600)
{
	struct shared shared = {
		.region = region_make(_metadata, ROOT, CAN_ALL, 0, 72 * PAGE),
		.vmo = self->vmo,
	};
	static zx_info_maps_t maps[200];
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, change, &shared));
	for (int round = 0; round < 150; round++) {
		size_t actual = 0;

		ASSERT_OK(zx_object_get_info(shared.region.vmar, ZX_INFO_VMAR_MAPS, maps,
					     sizeof(maps), &actual, NULL));
		ASSERT_LE(1, actual);
		for (size_t i = 1; i < actual; i++) {
			/* In order, and each within what is above it at least in part */
			ASSERT_LE(maps[i - 1].base, maps[i].base);
			ASSERT_LE(1, maps[i].depth);
			ASSERT_GE(2, maps[i].depth);
			ASSERT_LE(maps[i].base + maps[i].size,
				  shared.region.base + 72 * PAGE);
			if (maps[i - 1].type == ZX_INFO_MAPS_TYPE_MAPPING)
				ASSERT_LE(maps[i - 1].base + maps[i - 1].size, maps[i].base);
			if (maps[i].type == ZX_INFO_MAPS_TYPE_MAPPING)
				ASSERT_EQ(koid_of(_metadata, self->vmo),
					  maps[i].u.mapping.vmo_koid);
		}
	}
	shared.stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, zt_check());
}

TEST_HARNESS_MAIN
