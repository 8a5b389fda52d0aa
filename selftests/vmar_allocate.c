// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMARs: how they are made and where, what is theirs, how they end and what they
 * outlive. (vmar.md 2.0, 2.1, 2.5, 2.7)
 */
#include "vmar_test.h"

#include <sys/socket.h>

FIXTURE(allocate)
{
	struct region region;	/* PAGES pages, everything allowed */
	zx_handle_t vmo;
	zx_handle_t out;
	zx_vaddr_t addr;
};

FIXTURE_SETUP(allocate)
{
	self->region = region_make(_metadata, ROOT, CAN_ALL, 0, PAGES * PAGE);
	self->vmo = numbered_vmo(_metadata, PAGES);
	self->out = 0;
	self->addr = 0;
}

FIXTURE_TEARDOWN(allocate)
{
}

#define ALLOCATE(parent, options, offset, size)					\
	zx_vmar_allocate(parent, options, offset, size, &self->out, &self->addr)

/* What a new one is */

TEST_F(allocate, a_region_of_that_size)
{
	zx_info_vmar_t info;

	EXPECT_NE(0, self->region.base);
	EXPECT_EQ(0, self->region.base % PAGE);
	ASSERT_OK(zx_object_get_info(self->region.vmar, ZX_INFO_VMAR, &info, sizeof(info), NULL,
				     NULL));
	EXPECT_EQ(self->region.base, info.base);
	EXPECT_EQ(PAGES * PAGE, info.len);
	EXPECT_RESERVED(self->region.base);
	EXPECT_RESERVED(self->region.base + PAGES * PAGE - 1);
	EXPECT_EQ(1, count_vmas(self->region.base, self->region.base + PAGES * PAGE, RESERVED));
}

TEST_F(allocate, rights_follow_can_map)
{
	static const struct {
		zx_vm_option_t options;
		zx_rights_t rights;
	} cases[] = {
		{ 0, 0 },
		{ ZX_VM_CAN_MAP_READ, ZX_RIGHT_READ },
		{ ZX_VM_CAN_MAP_WRITE, ZX_RIGHT_WRITE },
		{ ZX_VM_CAN_MAP_EXECUTE, ZX_RIGHT_EXECUTE },
		{ ZX_VM_CAN_MAP_SPECIFIC, 0 },
		{ CAN_ALL, ZX_RIGHT_READ | ZX_RIGHT_WRITE | ZX_RIGHT_EXECUTE },
	};

	EXPECT_EQ(0x208003, ZX_DEFAULT_VMAR_RIGHTS);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_OK(ALLOCATE(ROOT, cases[i].options, 0, PAGE));
		EXPECT_EQ(ZX_DEFAULT_VMAR_RIGHTS | cases[i].rights,
			  rights_of(_metadata, self->out)) TH_LOG("case %zu", i);
	}
}

TEST_F(allocate, object_of_its_own)
{
	zx_info_handle_basic_t basic = handle_basic(_metadata, self->region.vmar);

	EXPECT_EQ(ZX_OBJ_TYPE_VMAR, basic.type);
	ASSERT_OK(ALLOCATE(self->region.vmar, 0, 0, PAGE));
	EXPECT_NE(basic.koid, handle_basic(_metadata, self->out).koid);
	EXPECT_EQ(PAGE, (uint64_t)zt_fdinfo(self->out, "vmar-len"));
}

/* Its address is for who has ZX_RIGHT_INSPECT */
TEST_F(allocate, fdinfo_tells_no_address)
{
	char path[64], line[256], base[32];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%u", ZXVMO_HANDLE_FD(self->region.vmar));
	snprintf(base, sizeof(base), "%lx", self->region.base);
	file = fopen(path, "r");
	ASSERT_NE(NULL, file);
	while (fgets(line, sizeof(line), file))
		EXPECT_EQ(NULL, strstr(line, base)) TH_LOG("%s", line);
	fclose(file);
}

TEST_F(allocate, descriptor_cannot_be_mapped_read_or_written)
{
	int fd = ZXVMO_HANDLE_FD(self->region.vmar);
	char byte = 0;

	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_NONE, MAP_SHARED, fd, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(-1, write(fd, &byte, 1));
	EXPECT_EQ(-1, ftruncate(fd, PAGE));
}

/* Nobody gets at what a reservation covers */
TEST_F(allocate, reservation_cannot_be_opened_up)
{
	char *base = (char *)self->region.base;

	EXPECT_EQ(-1, mprotect(base, PAGE, PROT_READ));
	EXPECT_EQ(-1, mprotect(base, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(-1, mprotect(base, PAGE, PROT_EXEC));
	EXPECT_EQ(MAP_FAILED, mremap(base, PAGES * PAGE, 2 * PAGES * PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(-1, madvise(base, PAGE, MADV_POPULATE_READ));
	EXPECT_RESERVED(self->region.base);
}

/* The order of the checks: each has the mistakes of all that follow */

TEST_F(allocate, order_handle_first)
{
	zx_handle_t read_only = without_rights(_metadata, self->region.vmar, ZX_RIGHT_WRITE);
	const zx_vm_option_t bad = CAN_RW | ZX_VM_PERM_READ | ZX_VM_SPECIFIC_OVERWRITE | 1U << 20;

	EXPECT_ST(ZX_ERR_BAD_HANDLE, ALLOCATE(~0U, bad, 1, 1));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, ALLOCATE(wrong_type(_metadata), bad, 1, 1));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, ALLOCATE(self->vmo, bad, 1, 1));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, ALLOCATE(read_only, bad, 1, 1));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(self->region.vmar, bad, 1, 1));
}

TEST_F(allocate, needs_the_rights_it_passes_on)
{
	static const struct {
		zx_vm_option_t options;
		zx_rights_t right;
	} cases[] = {
		{ ZX_VM_CAN_MAP_READ, ZX_RIGHT_READ },
		{ ZX_VM_CAN_MAP_WRITE, ZX_RIGHT_WRITE },
		{ ZX_VM_CAN_MAP_EXECUTE, ZX_RIGHT_EXECUTE },
	};
	zx_handle_t bare = with_rights(_metadata, self->region.vmar, ZX_RIGHT_NONE);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		zx_handle_t without = without_rights(_metadata, self->region.vmar, cases[i].right);

		EXPECT_ST(ZX_ERR_ACCESS_DENIED, ALLOCATE(without, cases[i].options, 0, PAGE));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, ALLOCATE(bare, cases[i].options, 0, PAGE));
	}
	/* SPECIFIC and CAN_MAP_SPECIFIC need none */
	EXPECT_OK(ALLOCATE(bare, ZX_VM_SPECIFIC | ZX_VM_CAN_MAP_SPECIFIC, 0, PAGE));
}

TEST_F(allocate, refused_options)
{
	static const zx_vm_option_t options[] = {
		ZX_VM_PERM_READ, ZX_VM_PERM_WRITE, ZX_VM_PERM_EXECUTE, ZX_VM_MAP_RANGE,
		ZX_VM_SPECIFIC_OVERWRITE, ZX_VM_REQUIRE_NON_RESIZABLE, ZX_VM_ALLOW_FAULTS,
		ZX_VM_FAULT_BEYOND_STREAM_SIZE,
		1U << 16, 1U << 17, 1U << 18, 1U << 19, 1U << 20, 1U << 21, 1U << 22, 1U << 23,
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(self->region.vmar, options[i], 0, PAGE))
			TH_LOG("option %#x", options[i]);
	}
	EXPECT_OK(ALLOCATE(self->region.vmar, ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED, 0, PAGE));
}

TEST_F(allocate, alignments_that_are_none)
{
	for (zx_vm_option_t align = 1; align < 256; align++) {
		bool valid = align >= 10 && align <= 32;
		zx_status_t status = ALLOCATE(ROOT, align << ZX_VM_ALIGN_BASE, 0, PAGE);

		EXPECT_ST(valid ? ZX_OK : ZX_ERR_INVALID_ARGS, status) TH_LOG("%u", align);
		if (!status)
			EXPECT_EQ(0, self->addr % (1ULL << align)) TH_LOG("%u", align);
	}
}

/* Unlike zx_vmar_map() */
TEST_F(allocate, size_is_not_rounded)
{
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(self->region.vmar, 0, 0, PAGE + 1));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(self->region.vmar, 0, 0, 1));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(self->region.vmar, 0, 0, ~0ULL));
}

TEST_F(allocate, size_0)
{
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(self->region.vmar, 0, 0, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(ROOT, 0, 0, 0));
}

TEST_F(allocate, cannot_pass_on_what_the_region_lacks)
{
	struct region none = region_make(_metadata, ROOT, ZX_VM_CAN_MAP_SPECIFIC, 0, 4 * PAGE);

	EXPECT_ST(ZX_ERR_ACCESS_DENIED, ALLOCATE(none.vmar, ZX_VM_CAN_MAP_READ, 0, PAGE));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, ALLOCATE(none.vmar, ZX_VM_CAN_MAP_EXECUTE, 0, PAGE));
	/* But CAN_MAP_SPECIFIC it may give without having it */
	none = region_make(_metadata, ROOT, 0, 0, 4 * PAGE);
	ASSERT_OK(ALLOCATE(none.vmar, ZX_VM_CAN_MAP_SPECIFIC, 0, PAGE));
	EXPECT_OK(ALLOCATE(self->out, ZX_VM_SPECIFIC, 0, PAGE));
}

TEST_F(allocate, order_of_places)
{
	const zx_vm_option_t limit = ZX_VM_OFFSET_IS_UPPER_LIMIT, here = ZX_VM_SPECIFIC;
	struct region not_specific = region_make(_metadata, ROOT, CAN_RW, 0, 4 * PAGE);
	const uint64_t end = 4 * PAGE;

	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(not_specific.vmar, here | limit, PAGE, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(not_specific.vmar, 0, PAGE, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(not_specific.vmar, here, 1, PAGE));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, ALLOCATE(not_specific.vmar, here, end, 2 * end));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, ALLOCATE(not_specific.vmar, limit, 2 * end, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(not_specific.vmar, 0, 0, 2 * end));
}

TEST_F(allocate, place_outside)
{
	const zx_vm_option_t limit = ZX_VM_OFFSET_IS_UPPER_LIMIT, here = ZX_VM_SPECIFIC;
	const uint64_t end = PAGES * PAGE;
	zx_handle_t vmar = self->region.vmar;

	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(vmar, here, end, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(vmar, here, end - PAGE, 2 * PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(vmar, here, -PAGE, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(vmar, here, PAGE, -PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(vmar, limit, end + PAGE, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(vmar, limit, PAGE, 2 * PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(vmar, limit, 0, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(vmar, 0, 0, end + PAGE));
	/* The end of the region itself is a limit */
	EXPECT_OK(ALLOCATE(vmar, limit, end, end));
}

TEST_F(allocate, bad_pointers)
{
	long long before = zt_stat("objects");
	zx_vaddr_t addr;
	zx_handle_t out;

	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmar_allocate(self->region.vmar, 0, 0, PAGES * PAGE, NULL, &addr));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmar_allocate(self->region.vmar, 0, 0, PAGES * PAGE, &out, NULL));
	EXPECT_EQ(before, zt_stat("objects"));
	/* No region stayed */
	EXPECT_OK(ALLOCATE(self->region.vmar, 0, 0, PAGES * PAGE));
}

/* Where */

TEST_F(allocate, specific)
{
	ASSERT_OK(ALLOCATE(self->region.vmar, ZX_VM_SPECIFIC, 3 * PAGE, 2 * PAGE));
	EXPECT_EQ(self->region.base + 3 * PAGE, self->addr);
	/* The place is taken, wholly, partly, from inside and around */
	for (uint64_t page = 2; page < 5; page++) {
		EXPECT_ST(ZX_ERR_ALREADY_EXISTS,
			  ALLOCATE(self->region.vmar, ZX_VM_SPECIFIC, page * PAGE, 2 * PAGE))
			TH_LOG("page %lu", page);
	}
	EXPECT_ST(ZX_ERR_ALREADY_EXISTS,
		  ALLOCATE(self->region.vmar, ZX_VM_SPECIFIC, 0, PAGES * PAGE));
	EXPECT_OK(ALLOCATE(self->region.vmar, ZX_VM_SPECIFIC, 2 * PAGE, PAGE));
	EXPECT_OK(ALLOCATE(self->region.vmar, ZX_VM_SPECIFIC, 5 * PAGE, PAGE));
}

TEST_F(allocate, specific_where_a_mapping_is)
{
	map_at(_metadata, &self->region, R, 4, self->vmo, 0, 1);
	EXPECT_ST(ZX_ERR_ALREADY_EXISTS,
		  ALLOCATE(self->region.vmar, ZX_VM_SPECIFIC, 3 * PAGE, 2 * PAGE));
	EXPECT_EQ(1, BYTE(self->region.base + 4 * PAGE));
}

/* The absolute address is what is aligned */
TEST_F(allocate, specific_alignment)
{
	const uint64_t size = 64 * PAGE;
	struct region region = region_make(_metadata, ROOT, CAN_ALL | ZX_VM_ALIGN_256KB, 0, size);
	struct region odd = region_make(_metadata, region.vmar, CAN_ALL | ZX_VM_SPECIFIC, PAGE,
					size - PAGE);

	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  ALLOCATE(odd.vmar, ZX_VM_SPECIFIC | ZX_VM_ALIGN_8KB, 2 * PAGE, PAGE));
	EXPECT_OK(ALLOCATE(odd.vmar, ZX_VM_SPECIFIC | ZX_VM_ALIGN_8KB, PAGE, PAGE));
	/* Less than a page means a page */
	EXPECT_OK(ALLOCATE(odd.vmar, ZX_VM_SPECIFIC | ZX_VM_ALIGN_1KB, 2 * PAGE, PAGE));
}

TEST_F(allocate, aligned_within_a_region)
{
	const uint64_t size = 1024 * PAGE;
	struct region region = region_make(_metadata, ROOT, CAN_ALL | ZX_VM_ALIGN_4MB, 0, size);

	for (int i = 0; i < 4; i++) {
		ASSERT_OK(ALLOCATE(region.vmar, ZX_VM_ALIGN_1MB, 0, PAGE));
		EXPECT_EQ(0, self->addr % (1 << 20));
	}
	/* The fifth megabyte is not there */
	EXPECT_ST(ZX_ERR_NO_RESOURCES, ALLOCATE(region.vmar, ZX_VM_ALIGN_1MB, 0, PAGE));
	EXPECT_OK(ALLOCATE(region.vmar, ZX_VM_ALIGN_512KB, 0, PAGE));
}

TEST_F(allocate, alignment_larger_than_the_region)
{
	struct region odd = region_make(_metadata, self->region.vmar, ZX_VM_SPECIFIC, PAGE, PAGE);

	EXPECT_ST(odd.base % (1ULL << 32) ? ZX_ERR_NO_RESOURCES : ZX_OK,
		  ALLOCATE(odd.vmar, ZX_VM_ALIGN_4GB, 0, PAGE));
}

TEST_F(allocate, upper_limit)
{
	const zx_vm_option_t limit = ZX_VM_OFFSET_IS_UPPER_LIMIT;

	for (int i = 0; i < 4; i++) {
		ASSERT_OK(ALLOCATE(self->region.vmar, limit, 4 * PAGE, PAGE));
		EXPECT_GE(self->region.base + 3 * PAGE, self->addr);
	}
	EXPECT_ST(ZX_ERR_NO_RESOURCES, ALLOCATE(self->region.vmar, limit, 4 * PAGE, PAGE));
	EXPECT_OK(ALLOCATE(self->region.vmar, limit, 5 * PAGE, PAGE));
}

TEST_F(allocate, upper_limit_in_the_root)
{
	const uint64_t limit = 1ULL << 32;

	ASSERT_OK(ALLOCATE(ROOT, ZX_VM_OFFSET_IS_UPPER_LIMIT, limit, PAGES * PAGE));
	EXPECT_GE(ZXVMO_VMAR_ROOT_BASE + limit, self->addr + PAGES * PAGE);
}

TEST_F(allocate, compact_is_lowest_first)
{
	struct region region = region_make(_metadata, ROOT, ZX_VM_COMPACT | CAN_ALL, 0,
					   PAGES * PAGE);
	zx_handle_t second = 0;

	for (int i = 0; i < 4; i++) {
		ASSERT_OK(ALLOCATE(region.vmar, 0, 0, PAGE));
		EXPECT_EQ(region.base + i * PAGE, self->addr);
		if (i == 1)
			second = self->out;
	}
	ASSERT_OK(zx_vmar_destroy(second));
	ASSERT_OK(ALLOCATE(region.vmar, 0, 0, 2 * PAGE));
	EXPECT_EQ(region.base + 4 * PAGE, self->addr);
	ASSERT_OK(ALLOCATE(region.vmar, 0, 0, PAGE));
	EXPECT_EQ(region.base + PAGE, self->addr);
}

TEST_F(allocate, random_otherwise)
{
	struct region region = region_make(_metadata, ROOT, CAN_ALL, 0, 4096 * PAGE);
	unsigned int rising = 0;
	zx_vaddr_t last = 0;

	for (int i = 0; i < 64; i++) {
		ASSERT_OK(ALLOCATE(region.vmar, 0, 0, PAGE));
		rising += self->addr > last;
		last = self->addr;
	}
	EXPECT_LT(5, rising);
	EXPECT_GT(59, rising);
}

TEST_F(allocate, every_page_can_be_had)
{
	bool seen[PAGES] = {};

	for (int i = 0; i < PAGES; i++) {
		unsigned int page;

		ASSERT_OK(ALLOCATE(self->region.vmar, 0, 0, PAGE));
		page = (self->addr - self->region.base) / PAGE;
		ASSERT_GT(PAGES, page);
		EXPECT_FALSE(seen[page]);
		seen[page] = true;
	}
	EXPECT_ST(ZX_ERR_NO_RESOURCES, ALLOCATE(self->region.vmar, 0, 0, PAGE));
}

TEST_F(allocate, no_room_in_pieces)
{
	for (uint64_t page = 1; page < PAGES; page += 2)
		ASSERT_OK(ALLOCATE(self->region.vmar, ZX_VM_SPECIFIC, page * PAGE, PAGE));
	EXPECT_ST(ZX_ERR_NO_RESOURCES, ALLOCATE(self->region.vmar, 0, 0, 2 * PAGE));
	EXPECT_OK(ALLOCATE(self->region.vmar, 0, 0, PAGE));
}

TEST_F(allocate, root_range)
{
	zx_info_vmar_t info;

	ASSERT_OK(zx_object_get_info(ROOT, ZX_INFO_VMAR, &info, sizeof(info), NULL, NULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(ROOT, 0, 0, info.len + PAGE));
	EXPECT_ST(ZX_ERR_NO_RESOURCES, ALLOCATE(ROOT, 0, 0, info.len));
	EXPECT_ST(ZX_ERR_ALREADY_EXISTS,
		  ALLOCATE(ROOT, ZX_VM_SPECIFIC, self->region.base - info.base, PAGE));
}

#ifdef __x86_64__
/* Above that Linux maps only what asks for it, if the machine has more */
TEST_F(allocate, root_ends_at_47_bits)
{
	zx_info_vmar_t info;

	ASSERT_OK(zx_object_get_info(ROOT, ZX_INFO_VMAR, &info, sizeof(info), NULL, NULL));
	EXPECT_EQ((1ULL << 47) - PAGE, info.base + info.len);
}
#endif

/* A stack has room to grow into, which Linux's own searches leave it */
TEST_F(allocate, not_directly_below_a_stack)
{
	const uint64_t pages = 1024, stack = 512, gap = 256;
	struct region region = region_make(_metadata, ROOT, CAN_ALL, 0, pages * PAGE);
	uint64_t at = region.base + stack * PAGE, nr = 0;

	ASSERT_EQ((void *)at, mmap((void *)at, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE |
				   MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0));
	while (!ALLOCATE(region.vmar, 0, 0, PAGE)) {
		EXPECT_TRUE(self->addr < at - gap * PAGE || self->addr > at);
		ASSERT_OK(zx_handle_close(self->out));
		nr++;
	}
	EXPECT_EQ(pages - gap - 1, nr);
	EXPECT_OK(ALLOCATE(region.vmar, ZX_VM_SPECIFIC, (stack - 1) * PAGE, PAGE));
}

/* Nothing of Linux's own comes where a region is */
TEST_F(allocate, space_is_reserved)
{
	void *p = mmap((void *)self->region.base, PAGE, PROT_READ,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	EXPECT_EQ(MAP_FAILED, p);
	for (int i = 0; i < 64; i++) {
		p = mmap((void *)self->region.base, PAGES * PAGE, PROT_READ,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ASSERT_NE(MAP_FAILED, p);
		EXPECT_TRUE((uintptr_t)p >= self->region.base + PAGES * PAGE ||
			    (uintptr_t)p + PAGES * PAGE <= self->region.base);
	}
}

TEST_F(allocate, nested_a_thousand_deep)
{
	zx_handle_t vmar = self->region.vmar;

	for (int i = 0; i < 1000; i++) {
		ASSERT_OK(ALLOCATE(vmar, CAN_ALL | ZX_VM_SPECIFIC, 0, PAGES * PAGE));
		ASSERT_OK(zx_handle_close(vmar));
		vmar = self->out;
	}
	ASSERT_OK(zx_vmar_map(vmar, R | ZX_VM_SPECIFIC, 0, self->vmo, 0, PAGE, &self->addr));
	EXPECT_EQ(1, BYTE(self->addr));
	EXPECT_OK(zx_vmar_unmap(ROOT, self->region.base, PAGES * PAGE));
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmar_destroy(vmar));
	EXPECT_NOTHING(self->region.base);
}

/* The end */

TEST_F(allocate, destroy_unmaps_all)
{
	zx_handle_t child;

	ASSERT_OK(ALLOCATE(self->region.vmar, CAN_ALL | ZX_VM_SPECIFIC, 8 * PAGE, 4 * PAGE));
	child = self->out;
	map_at(_metadata, &self->region, RW, 0, self->vmo, 0, 2);
	ASSERT_OK(zx_vmar_map(child, R, 0, self->vmo, 0, PAGE, &self->addr));
	EXPECT_OK(zx_vmar_destroy(self->region.vmar));
	EXPECT_NOTHING(self->region.base);
	EXPECT_NOTHING(self->addr);
	EXPECT_EQ(0, vmo_info(_metadata, self->vmo).num_mappings);
	EXPECT_EQ(0, count_vmas(self->region.base, self->region.base + PAGES * PAGE, ""));
}

TEST_F(allocate, destroyed_is_bad_state)
{
	const zx_vaddr_t base = self->region.base;
	zx_handle_t vmar = self->region.vmar, child;

	ASSERT_OK(ALLOCATE(vmar, CAN_ALL, 0, PAGE));
	child = self->out;
	ASSERT_OK(zx_vmar_destroy(vmar));
	for (int i = 0; i < 2; i++, vmar = child) {
		zx_vaddr_t at = i ? self->addr : base;
		zx_vaddr_t out;

		EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmar_destroy(vmar));
		EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmar_map(vmar, R, 0, self->vmo, 0, PAGE, &out));
		EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmar_map(vmar, R, 0, self->vmo, 0, 0, &out));
		EXPECT_ST(ZX_ERR_BAD_STATE, ALLOCATE(vmar, 0, 0, 0));
		EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmar_unmap(vmar, at, PAGE));
		EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmar_unmap(vmar, PAGE, PAGE));
		EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmar_protect(vmar, R, at, PAGE));
		/* What is checked before */
		EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(vmar, at, 0));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_protect(vmar, R, at + 1, PAGE));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, ALLOCATE(vmar, 0, 0, 1));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_map(vmar, R, 0, self->vmo, 1, PAGE, &out));
	}
}

TEST_F(allocate, destroyed_still_has_its_information)
{
	zx_info_vmar_t info;

	ASSERT_OK(zx_vmar_destroy(self->region.vmar));
	ASSERT_OK(zx_object_get_info(self->region.vmar, ZX_INFO_VMAR, &info, sizeof(info), NULL,
				     NULL));
	EXPECT_EQ(self->region.base, info.base);
	EXPECT_EQ(PAGES * PAGE, info.len);
	EXPECT_OK(zx_handle_duplicate(self->region.vmar, ZX_RIGHT_SAME_RIGHTS, &self->out));
	EXPECT_OK(zx_handle_close(self->region.vmar));
}

TEST_F(allocate, destroy_needs_op_children)
{
	zx_handle_t without = without_rights(_metadata, self->region.vmar, ZX_RIGHT_OP_CHILDREN);

	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_vmar_destroy(ZX_HANDLE_INVALID));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, zx_vmar_destroy(self->vmo));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_destroy(without));
	EXPECT_OK(zx_vmar_destroy(self->region.vmar));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_destroy(without));
}

TEST_F(allocate, root_cannot_be_destroyed)
{
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, zx_vmar_destroy(ROOT));
	ASSERT_OK(zx_handle_duplicate(ROOT, ZX_RIGHT_SAME_RIGHTS, &self->out));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, zx_vmar_destroy(self->out));
}

TEST_F(allocate, destroyed_place_is_free)
{
	ASSERT_OK(ALLOCATE(self->region.vmar, CAN_ALL | ZX_VM_SPECIFIC, 0, 4 * PAGE));
	ASSERT_OK(zx_vmar_map(self->out, R, 0, self->vmo, 0, 4 * PAGE, &self->addr));
	ASSERT_OK(zx_vmar_destroy(self->out));
	EXPECT_RESERVED(self->region.base);
	map_at(_metadata, &self->region, R, 0, self->vmo, 4, 4);
	EXPECT_EQ(5, BYTE(self->region.base));
}

/* Handles and what stays without them */

TEST_F(allocate, stays_without_handles)
{
	ASSERT_OK(ALLOCATE(self->region.vmar, CAN_ALL | ZX_VM_SPECIFIC, 0, 4 * PAGE));
	ASSERT_OK(zx_vmar_map(self->out, R | ZX_VM_SPECIFIC, 0, self->vmo, 0, PAGE, &self->addr));
	ASSERT_OK(zx_handle_close(self->out));
	EXPECT_EQ(1, BYTE(self->addr));
	EXPECT_RESERVED(self->addr + PAGE);
	EXPECT_ST(ZX_ERR_ALREADY_EXISTS, ALLOCATE(self->region.vmar, ZX_VM_SPECIFIC, PAGE, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(self->region.vmar, self->addr, PAGE));
	EXPECT_OK(zx_vmar_unmap(self->region.vmar, self->addr, 4 * PAGE));
	EXPECT_RESERVED(self->addr);
}

/* The same with nothing left that is free */
TEST_F(allocate, stays_without_handles_when_full)
{
	ASSERT_OK(ALLOCATE(self->region.vmar, CAN_ALL | ZX_VM_SPECIFIC, 0, 4 * PAGE));
	ASSERT_OK(zx_vmar_map(self->out, R, 0, self->vmo, 0, 4 * PAGE, &self->addr));
	ASSERT_OK(zx_handle_close(self->out));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(self->region.vmar, self->addr, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_map(self->region.vmar, R | ZX_VM_SPECIFIC_OVERWRITE,
						   PAGE, self->vmo, 0, PAGE, &self->addr));
	EXPECT_EQ(4, BYTE(self->region.base + 3 * PAGE));
}

TEST_F(allocate, nothing_stays_behind)
{
	long long objects = zt_stat("objects"), handles = zt_stat("handles");

	for (int i = 0; i < 100; i++) {
		zx_handle_t child, grandchild;

		ASSERT_OK(ALLOCATE(self->region.vmar, CAN_ALL, 0, 8 * PAGE));
		child = self->out;
		ASSERT_OK(ALLOCATE(child, CAN_ALL, 0, 4 * PAGE));
		grandchild = self->out;
		ASSERT_OK(zx_vmar_map(grandchild, R, 0, self->vmo, 0, 4 * PAGE, &self->addr));
		if (i % 2) {
			ASSERT_OK(zx_vmar_destroy(child));
			ASSERT_OK(zx_handle_close(child));
			ASSERT_OK(zx_handle_close(grandchild));
		} else {
			ASSERT_OK(zx_handle_close(grandchild));
			ASSERT_OK(zx_handle_close(child));
			ASSERT_OK(zx_vmar_unmap(self->region.vmar, self->region.base,
						PAGES * PAGE));
		}
	}
	EXPECT_EQ(objects, zt_stat("objects"));
	EXPECT_EQ(handles, zt_stat("handles"));
	EXPECT_EQ(1, count_vmas(self->region.base, self->region.base + PAGES * PAGE, ""));
}

/* A handle of a VMAR that was destroyed is no reason for its parent to stay */
TEST_F(allocate, destroyed_does_not_hold_its_parent)
{
	long long before = zt_stat("objects");
	struct region parent = region_make(_metadata, self->region.vmar, CAN_ALL, 0, 4 * PAGE);

	ASSERT_OK(ALLOCATE(parent.vmar, CAN_ALL, 0, PAGE));
	ASSERT_OK(zx_vmar_destroy(parent.vmar));
	EXPECT_EQ(before + 2, zt_stat("objects"));
	ASSERT_OK(zx_handle_close(parent.vmar));
	EXPECT_EQ(before + 1, zt_stat("objects"));
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmar_destroy(self->out));
	ASSERT_OK(zx_handle_close(self->out));
	EXPECT_EQ(before, zt_stat("objects"));
}

TEST_F(allocate, goes_with_the_process)
{
	long long objects = zt_stat("objects");
	pid_t pid = fork();

	if (!pid) {
		struct region region = region_make(_metadata, ROOT, CAN_ALL, 0, PAGES * PAGE);

		map_at(_metadata, &region, RW, 0, self->vmo, 0, 4);
		ALLOCATE(region.vmar, CAN_ALL, 0, PAGE);
		zx_handle_close(region.vmar);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	/* Its files are put when it is reaped or a little later. */
	for (int i = 0; i < 1000 && zt_stat("objects") != objects; i++)
		usleep(10000);
	EXPECT_EQ(objects, zt_stat("objects"));
}

/* The root */

TEST_F(allocate, root_is_an_object)
{
	zx_info_handle_basic_t basic = handle_basic(_metadata, ROOT);
	zx_handle_t copy;

	EXPECT_EQ(ZX_OBJ_TYPE_VMAR, basic.type);
	EXPECT_EQ(0x20801f, basic.rights);
	EXPECT_OK(zx_object_get_info(ROOT, ZX_INFO_HANDLE_VALID, NULL, 0, NULL, NULL));
	ASSERT_OK(zx_handle_duplicate(ROOT, ZX_RIGHT_SAME_RIGHTS, &copy));
	basic = handle_basic(_metadata, copy);
	EXPECT_EQ(0x20801f, basic.rights);
	/* While there is a handle of it, all mean one object */
	EXPECT_EQ(basic.koid, handle_basic(_metadata, ROOT).koid);
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_object_signal(ROOT, 0, ZX_USER_SIGNAL_0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_object_wait_one(copy, 0, 0, NULL));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_close(ROOT));
}

/* As long as there is a VMAR in it, or a handle of it */
TEST_F(allocate, root_keeps_its_koid)
{
	zx_koid_t koid = handle_basic(_metadata, ROOT).koid;
	char expected[64], link[64] = "";
	char path[64];

	EXPECT_EQ(koid, handle_basic(_metadata, ROOT).koid);
	ASSERT_OK(zx_handle_duplicate(ROOT, ZX_RIGHT_SAME_RIGHTS, &self->out));
	EXPECT_EQ(koid, handle_basic(_metadata, self->out).koid);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ZXVMO_HANDLE_FD(self->out));
	snprintf(expected, sizeof(expected), "zxvmo:vmar:[%lu]", koid);
	EXPECT_LT(0, readlink(path, link, sizeof(link) - 1));
	EXPECT_STREQ(expected, link);
	ASSERT_OK(zx_handle_close(self->out));
	EXPECT_EQ(koid, handle_basic(_metadata, ROOT).koid);
}

TEST_F(allocate, handle_of_the_root_works_as_the_root)
{
	zx_info_vmar_t root, info;
	zx_handle_t copy, poor;

	ASSERT_OK(zx_handle_duplicate(ROOT, ZX_RIGHT_SAME_RIGHTS, &copy));
	ASSERT_OK(zx_object_get_info(ROOT, ZX_INFO_VMAR, &root, sizeof(root), NULL, NULL));
	ASSERT_OK(zx_object_get_info(copy, ZX_INFO_VMAR, &info, sizeof(info), NULL, NULL));
	EXPECT_EQ(root.base, info.base);
	EXPECT_EQ(root.len, info.len);
	ASSERT_OK(zx_vmar_map(copy, RW, 0, self->vmo, 0, PAGE, &self->addr));
	EXPECT_EQ(1, BYTE(self->addr));
	EXPECT_OK(zx_vmar_protect(copy, R, self->addr, PAGE));
	EXPECT_OK(zx_vmar_unmap(copy, self->addr, PAGE));
	EXPECT_NOTHING(self->addr);
	EXPECT_OK(ALLOCATE(copy, CAN_ALL, 0, PAGE));
	/* With fewer rights it maps less */
	poor = without_rights(_metadata, copy, ZX_RIGHT_WRITE);
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_map(poor, RW, 0, self->vmo, 0, PAGE, &self->addr));
	EXPECT_OK(zx_vmar_map(poor, R, 0, self->vmo, 0, PAGE, &self->addr));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_protect(ROOT, RW, self->addr, PAGE));
}

TEST_F(allocate, info_needs_inspect)
{
	zx_handle_t without = without_rights(_metadata, self->region.vmar, ZX_RIGHT_INSPECT);
	zx_info_vmar_t info;

	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_object_get_info(without, ZX_INFO_VMAR, &info, sizeof(info), NULL, NULL));
}

/* Other processes */

/* fork(2) copies what is mapped and no region */
TEST_F(allocate, after_fork)
{
	pid_t pid;
	int status;

	map_at(_metadata, &self->region, RW, 0, self->vmo, 0, 2);
	pid = fork();
	if (!pid) {
		zx_handle_t vmar = self->region.vmar;
		zx_vaddr_t addr = self->region.base;

		EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_destroy(vmar));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_unmap(vmar, addr, PAGE));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_protect(vmar, R, addr, PAGE));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, ALLOCATE(vmar, 0, 0, PAGE));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED,
			  zx_vmar_map(vmar, R, 0, self->vmo, 0, PAGE, &self->addr));
		EXPECT_EQ(2, BYTE(addr + PAGE));
		EXPECT_NOTHING(addr + 2 * PAGE);
		EXPECT_OK(zx_vmar_protect(ROOT, R, addr, 2 * PAGE));
		EXPECT_OK(zx_vmar_unmap(ROOT, addr, PAGE));
		EXPECT_NOTHING(addr);
		EXPECT_OK(zx_vmar_map(ROOT, R | ZX_VM_SPECIFIC, addr - ZXVMO_VMAR_ROOT_BASE,
				      self->vmo, 2 * PAGE, PAGE, &addr));
		EXPECT_EQ(3, BYTE(addr));
		_exit(_metadata->exit_code);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(1, BYTE(self->region.base));
	EXPECT_RESERVED(self->region.base + 2 * PAGE);
	EXPECT_OK(zx_vmar_destroy(self->region.vmar));
}

/* The handle of a process that is gone */
TEST_F(allocate, handle_outlives_the_process)
{
	zx_info_vmar_t info;
	zx_handle_t vmar;
	int sockets[2];
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	pid = fork();
	if (!pid) {
		vmar = region_make(_metadata, ROOT, CAN_ALL, 0, PAGES * PAGE).vmar;
		_exit(!pass_handle(sockets[1], vmar));
	}
	vmar = receive_handle(sockets[0]);
	ASSERT_NE(0, vmar);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_OK(zx_object_get_info(vmar, ZX_INFO_VMAR, &info, sizeof(info), NULL, NULL));
	EXPECT_EQ(PAGES * PAGE, info.len);
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_destroy(vmar));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_vmar_map(vmar, R, 0, self->vmo, 0, PAGE, &self->addr));
	EXPECT_OK(zx_handle_close(vmar));
}

/* On an object's own descriptor */

TEST_F(allocate, on_its_own_descriptor)
{
	int fd = ZXVMO_HANDLE_FD(self->region.vmar);

	EXPECT_ERRNO(0, zt_command(fd, VMAR_ALLOCATE, vmar_allocate, .length = PAGE,
				   .out_handle = ZT_ADDRESS(&self->out),
				   .out_addr = ZT_ADDRESS(&self->addr)));
	EXPECT_OK(zx_vmar_destroy(self->out));
	EXPECT_ERRNO(0, zt_command(fd, VMAR_MAP, vmar_map, .vmo = self->vmo, .options = R,
				   .length = PAGE, .out_addr = ZT_ADDRESS(&self->addr)));
	EXPECT_EQ(1, BYTE(self->addr));
	EXPECT_ERRNO(0, zt_command(fd, VMAR_DESTROY, vmar_destroy));
	EXPECT_NOTHING(self->addr);
	/* Who was passed an object makes no regions with it */
	EXPECT_ERRNO(EACCES, zt_command(ZXVMO_HANDLE_FD(self->vmo), VMAR_ALLOCATE, vmar_allocate,
					.handle = ROOT, .length = PAGE,
					.out_handle = ZT_ADDRESS(&self->out),
					.out_addr = ZT_ADDRESS(&self->addr)));
}

TEST_HARNESS_MAIN
