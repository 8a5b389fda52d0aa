// SPDX-License-Identifier: GPL-2.0-only
/*
 * zx_vmar_op_range(), and the options of zx_vmar_map() that are about pages.
 * (vmar.md 2.2, 3, 4)
 */
#include "vmar_test.h"
#include "discard_test.h"

#define OP(op, page, pages)							\
	zx_vmar_op_range(self->vmar, ZX_VMAR_OP_##op, AT(page), (pages) * PAGE, NULL, 0)
#define OP_WITH(vmar, op, page, pages)						\
	zx_vmar_op_range(vmar, op, AT(page), (pages) * PAGE, NULL, 0)
#define AT(page) (self->base + (page) * PAGE)
#define PUT(options, page, vmo, vmo_page, pages)				\
	map_at(_metadata, &self->region, options, page, vmo, vmo_page, pages)
#define CHILD(first, pages)							\
	region_make(_metadata, self->vmar, CAN_ALL | ZX_VM_SPECIFIC, (first) * PAGE, (pages) * PAGE)

static const uint32_t all_ops[] = {
	ZX_VMAR_OP_COMMIT, ZX_VMAR_OP_DECOMMIT, ZX_VMAR_OP_MAP_RANGE, ZX_VMAR_OP_ZERO,
	ZX_VMAR_OP_DONT_NEED, ZX_VMAR_OP_ALWAYS_NEED, ZX_VMAR_OP_PREFETCH,
};

#define FOR_ALL(op) for (size_t op = 0; op < ARRAY_SIZE(all_ops); op++)

FIXTURE(op)
{
	struct region region;	/* PAGES pages, everything allowed */
	zx_handle_t vmar;
	zx_handle_t vmo;	/* PAGES pages, none committed */
	zx_vaddr_t base;
	zx_vaddr_t addr;
};

FIXTURE_SETUP(op)
{
	self->region = region_make(_metadata, ROOT, CAN_ALL, 0, PAGES * PAGE);
	self->vmar = self->region.vmar;
	self->base = self->region.base;
	self->vmo = vmo_create(_metadata, PAGES * PAGE, 0);
	self->addr = 0;
}

FIXTURE_TEARDOWN(op)
{
}

/* What the page tables hold, a letter for each page: 'x' for an entry */
static const char *entries(zx_vaddr_t addr, unsigned int pages)
{
	static char texts[4][MAX_LETTERS + 1];
	static unsigned int turn;
	char *text = texts[turn++ % 4];
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry;
	unsigned int i;

	for (i = 0; i < pages && i < MAX_LETTERS; i++) {
		text[i] = '?';
		if (pread(fd, &entry, sizeof(entry), (addr / PAGE + i) * sizeof(entry)) ==
		    sizeof(entry))
			text[i] = entry >> 63 ? 'x' : '.';
	}
	text[i] = 0;
	close(fd);
	return text;
}

#define EXPECT_ENTRIES(text, page) EXPECT_STREQ(text, entries(AT(page), strlen(text)))

/* The order of the checks */

TEST_F(op, needs_a_vmar)
{
	PUT(RW, 0, self->vmo, 0, 1);
	FOR_ALL(i) {
		EXPECT_ST(ZX_ERR_BAD_HANDLE, OP_WITH(0, all_ops[i], 0, 1));
		EXPECT_ST(ZX_ERR_BAD_HANDLE,
			  OP_WITH(closed_handle(_metadata), all_ops[i], 0, 1));
		EXPECT_ST(ZX_ERR_WRONG_TYPE, OP_WITH(wrong_type(_metadata), all_ops[i], 0, 1));
		EXPECT_ST(ZX_ERR_WRONG_TYPE, OP_WITH(self->vmo, all_ops[i], 0, 1));
	}
}

TEST_F(op, needs_no_right_of_the_vmar)
{
	zx_handle_t bare = with_rights(_metadata, self->vmar, ZX_RIGHT_NONE);

	PUT(RW, 0, self->vmo, 0, 1);
	FOR_ALL(i)
		EXPECT_OK(OP_WITH(bare, all_ops[i], 0, 1));
}

TEST_F(op, works_on_the_root)
{
	PUT(RW, 0, self->vmo, 0, 1);
	/* The mapping is in a part of it */
	EXPECT_ST(ZX_ERR_INVALID_ARGS, OP_WITH(ROOT, ZX_VMAR_OP_COMMIT, 0, 1));
	EXPECT_OK(OP_WITH(ROOT, ZX_VMAR_OP_ZERO, 0, 1));
	self->base = (zx_vaddr_t)vmo_map_rw(_metadata, self->vmo, 0, PAGE);
	FOR_ALL(i)
		EXPECT_OK(OP_WITH(ROOT, all_ops[i], 0, 1));
}

TEST_F(op, unknown_op)
{
	static const uint32_t not_of_a_vmar[] = {
		0, ZX_VMO_OP_UNLOCK, 5, ZX_VMO_OP_CACHE_SYNC, ZX_VMO_OP_CACHE_INVALIDATE,
		ZX_VMO_OP_CACHE_CLEAN, ZX_VMO_OP_CACHE_CLEAN_INVALIDATE,
		ZX_VMO_OP_TRY_LOCK, 15, 16, 0x10001, UINT32_MAX,
	};

	PUT(RW, 0, self->vmo, 0, 1);
	for (size_t i = 0; i < ARRAY_SIZE(not_of_a_vmar); i++) {
		EXPECT_ST(ZX_ERR_INVALID_ARGS, OP_WITH(self->vmar, not_of_a_vmar[i], 0, 1));
		/* Before it looks where */
		EXPECT_ST(ZX_ERR_INVALID_ARGS, OP_WITH(self->vmar, not_of_a_vmar[i], PAGES, 1));
	}
}

TEST_F(op, takes_no_buffer)
{
	char buffer[8];

	PUT(RW, 0, self->vmo, 0, 1);
	FOR_ALL(i) {
		EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_op_range(self->vmar, all_ops[i], AT(0),
								PAGE, buffer, 0));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_op_range(self->vmar, all_ops[i], AT(0),
								PAGE, NULL, 8));
	}
}

TEST_F(op, address_is_aligned_and_size_rounded)
{
	PUT(RW, 0, self->vmo, 0, 2);
	FOR_ALL(i) {
#define TRY(addr, size) zx_vmar_op_range(self->vmar, all_ops[i], addr, size, NULL, 0)
		EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(AT(0) + 1, PAGE));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(AT(1) - 1, PAGE));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(AT(0), 0));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(AT(0), UINT64_MAX));
		EXPECT_OK(TRY(AT(0), 1));
		EXPECT_OK(TRY(AT(0), PAGE + 1));
		EXPECT_ST(ZX_ERR_BAD_STATE, TRY(AT(0), 2 * PAGE + 1));
	}
}

TEST_F(op, one_byte_is_a_page)
{
	PUT(RW, 0, self->vmo, 0, 2);
	vmo_spell(_metadata, self->vmo, 0, "ab");
	ASSERT_OK(zx_vmar_op_range(self->vmar, ZX_VMAR_OP_DECOMMIT, AT(0), 1, NULL, 0));
	EXPECT_LETTERS(".b", self->vmo);
	ASSERT_OK(zx_vmar_op_range(self->vmar, ZX_VMAR_OP_ZERO, AT(1), 1, NULL, 0));
	EXPECT_LETTERS("..", self->vmo);
	ASSERT_OK(zx_vmar_op_range(self->vmar, ZX_VMAR_OP_COMMIT, AT(0), PAGE + 1, NULL, 0));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
}

TEST_F(op, outside_the_vmar)
{
	PUT(RW, 0, self->vmo, 0, PAGES);
	FOR_ALL(i) {
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP_WITH(self->vmar, all_ops[i], -1, 1));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP_WITH(self->vmar, all_ops[i], -1, PAGES + 2));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP_WITH(self->vmar, all_ops[i], PAGES, 1));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP_WITH(self->vmar, all_ops[i], 1, PAGES));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
			  zx_vmar_op_range(self->vmar, all_ops[i], AT(1), -PAGE, NULL, 0));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
			  zx_vmar_op_range(self->vmar, all_ops[i], 0, PAGE, NULL, 0));
		EXPECT_OK(OP_WITH(self->vmar, all_ops[i], 0, PAGES));
	}
}

TEST_F(op, destroyed_vmar)
{
	ASSERT_OK(zx_vmar_destroy(self->vmar));
	FOR_ALL(i) {
		EXPECT_ST(ZX_ERR_BAD_STATE, OP_WITH(self->vmar, all_ops[i], 0, 1));
		/* These come first */
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP_WITH(self->vmar, all_ops[i], PAGES, 1));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, OP_WITH(self->vmar, all_ops[i], PAGES, 0));
	}
}

/* What is in the range */

TEST_F(op, holes)
{
	PUT(RW, 1, self->vmo, 1, 2);
	PUT(RW, 4, self->vmo, 4, 1);
	FOR_ALL(i) {
		EXPECT_ST(ZX_ERR_BAD_STATE, OP_WITH(self->vmar, all_ops[i], 0, 1));
		EXPECT_ST(ZX_ERR_BAD_STATE, OP_WITH(self->vmar, all_ops[i], 0, 2));
		EXPECT_ST(ZX_ERR_BAD_STATE, OP_WITH(self->vmar, all_ops[i], 1, 4));
		EXPECT_ST(ZX_ERR_BAD_STATE, OP_WITH(self->vmar, all_ops[i], 4, 2));
		EXPECT_OK(OP_WITH(self->vmar, all_ops[i], 1, 2));
	}
}

TEST_F(op, what_is_done_before_a_hole_stays_done)
{
	PUT(RW, 0, self->vmo, 0, 2);
	PUT(RW, 3, self->vmo, 3, 2);
	EXPECT_ST(ZX_ERR_BAD_STATE, OP(COMMIT, 0, 5));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
	vmo_spell(_metadata, self->vmo, 0, "abcde");
	EXPECT_ST(ZX_ERR_BAD_STATE, OP(DECOMMIT, 1, 4));
	EXPECT_LETTERS("a.cde", self->vmo);
	/* Nothing comes before this one */
	EXPECT_ST(ZX_ERR_BAD_STATE, OP(ZERO, 2, 3));
	EXPECT_LETTERS("a.cde", self->vmo);
}

TEST_F(op, what_is_not_from_a_vmo_is_a_hole)
{
	char *p = mmap((void *)AT(1), PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	ASSERT_EQ((void *)AT(1), p);
	*p = 'f';
	PUT(RW, 0, self->vmo, 0, 1);
	FOR_ALL(i) {
		EXPECT_ST(ZX_ERR_BAD_STATE, OP_WITH(self->vmar, all_ops[i], 0, 2));
		EXPECT_ST(ZX_ERR_BAD_STATE, OP_WITH(self->vmar, all_ops[i], 1, 1));
	}
	EXPECT_EQ('f', *p);
	EXPECT_ST(ZX_ERR_BAD_STATE,
		  zx_vmar_op_range(ROOT, ZX_VMAR_OP_ZERO, (zx_vaddr_t)p, PAGE, NULL, 0));
	EXPECT_EQ('f', *p);
}

TEST_F(op, several_mappings)
{
	zx_handle_t other = vmo_create(_metadata, 4 * PAGE, 0);

	PUT(RW, 0, self->vmo, 5, 2);
	PUT(RW, 2, other, 1, 2);
	PUT(RW, 4, self->vmo, 0, 1);
	EXPECT_OK(OP(COMMIT, 1, 4));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(2, vmo_pages(_metadata, other));
	vmo_spell(_metadata, self->vmo, 0, "abcdefg");
	vmo_spell(_metadata, other, 0, "ABCD");
	EXPECT_OK(OP(DECOMMIT, 1, 4));
	EXPECT_LETTERS(".bcdef.", self->vmo);
	EXPECT_LETTERS("A..D", other);
}

TEST_F(op, a_mapping_in_a_child)
{
	struct region child = CHILD(2, 2);
	zx_handle_t bare = without_rights(_metadata, self->vmar, ZX_RIGHT_OP_CHILDREN);

	PUT(RW, 0, self->vmo, 0, 2);
	map_at(_metadata, &child, RW, 0, self->vmo, 2, 2);
	FOR_ALL(i) {
		bool own = all_ops[i] == ZX_VMAR_OP_COMMIT || all_ops[i] == ZX_VMAR_OP_DECOMMIT ||
			   all_ops[i] == ZX_VMAR_OP_PREFETCH;

		EXPECT_ST(own ? ZX_ERR_INVALID_ARGS : ZX_OK,
			  OP_WITH(self->vmar, all_ops[i], 0, 4));
		EXPECT_ST(own ? ZX_ERR_INVALID_ARGS : ZX_OK,
			  OP_WITH(self->vmar, all_ops[i], 3, 1));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, OP_WITH(bare, all_ops[i], 0, 4));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, OP_WITH(bare, all_ops[i], 2, 1));
		EXPECT_OK(OP_WITH(bare, all_ops[i], 0, 2));
		/* Its own handle needs nothing */
		EXPECT_OK(OP_WITH(with_rights(_metadata, child.vmar, 0), all_ops[i], 2, 2));
	}
}

TEST_F(op, what_is_done_before_a_child_stays_done)
{
	struct region child = CHILD(2, 2);

	PUT(RW, 0, self->vmo, 0, 2);
	map_at(_metadata, &child, RW, 0, self->vmo, 2, 2);
	vmo_spell(_metadata, self->vmo, 0, "abcd");
	EXPECT_ST(ZX_ERR_INVALID_ARGS, OP(DECOMMIT, 1, 3));
	EXPECT_LETTERS("a.cd", self->vmo);
	EXPECT_OK(OP(ZERO, 0, 3));
	EXPECT_LETTERS("...d", self->vmo);
}

TEST_F(op, what_is_free_in_a_child_is_a_hole)
{
	struct region child = CHILD(1, 4);

	PUT(RW, 0, self->vmo, 0, 1);
	FOR_ALL(i)
		EXPECT_ST(ZX_ERR_BAD_STATE, OP_WITH(self->vmar, all_ops[i], 0, 2));
	map_at(_metadata, &child, RW, 0, self->vmo, 1, 2);
	FOR_ALL(i) {
		EXPECT_ST(ZX_ERR_BAD_STATE, OP_WITH(self->vmar, all_ops[i], 3, 1));
		EXPECT_ST(ZX_ERR_BAD_STATE, OP_WITH(child.vmar, all_ops[i], 2, 2));
	}
	EXPECT_ST(ZX_ERR_BAD_STATE, OP(ZERO, 0, 4));
}

TEST_F(op, a_mapping_in_a_childs_child)
{
	struct region child = CHILD(1, 4);
	struct region grandchild = region_make(_metadata, child.vmar, CAN_ALL | ZX_VM_SPECIFIC,
					       PAGE, PAGE);

	map_at(_metadata, &child, RW, 0, self->vmo, 1, 1);
	map_at(_metadata, &grandchild, RW, 0, self->vmo, 2, 1);
	vmo_spell(_metadata, self->vmo, 0, "abcd");
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  OP_WITH(child.vmar, ZX_VMAR_OP_DECOMMIT, 1, 2));
	EXPECT_LETTERS("a.cd", self->vmo);
	EXPECT_OK(OP(ZERO, 1, 2));
	EXPECT_LETTERS("a..d", self->vmo);
}

/* What a mapping may be */

TEST_F(op, needs_what_the_mapping_may_be)
{
	static const struct {
		uint32_t op;
		zx_rights_t right;
	} needs[] = {
		{ ZX_VMAR_OP_COMMIT, ZX_RIGHT_WRITE },
		{ ZX_VMAR_OP_DECOMMIT, ZX_RIGHT_WRITE },
		{ ZX_VMAR_OP_MAP_RANGE, 0 },
		{ ZX_VMAR_OP_ZERO, ZX_RIGHT_WRITE },
		{ ZX_VMAR_OP_DONT_NEED, 0 },
		{ ZX_VMAR_OP_ALWAYS_NEED, 0 },
		{ ZX_VMAR_OP_PREFETCH, ZX_RIGHT_READ },
	};
	zx_handle_t vmos[] = {
		self->vmo,
		without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE),
		without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE | ZX_RIGHT_READ),
	};
	const zx_rights_t has[] = { ZX_RIGHT_READ | ZX_RIGHT_WRITE, ZX_RIGHT_READ, 0 };

	for (size_t v = 0; v < ARRAY_SIZE(vmos); v++) {
		PUT(0, v, vmos[v], v, 1);
		for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
			EXPECT_ST(needs[i].right & ~has[v] ? ZX_ERR_ACCESS_DENIED : ZX_OK,
				  OP_WITH(self->vmar, needs[i].op, v, 1));
	}
}

TEST_F(op, needs_what_the_vmars_handle_had_then)
{
	zx_handle_t r = without_rights(_metadata, self->vmar, ZX_RIGHT_WRITE);

	ASSERT_OK(zx_vmar_map(r, R | ZX_VM_SPECIFIC, 0, self->vmo, 0, PAGE, &self->addr));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, OP(COMMIT, 0, 1));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, OP(DECOMMIT, 0, 1));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, OP(ZERO, 0, 1));
	EXPECT_OK(OP(PREFETCH, 0, 1));
}

TEST_F(op, permissions_of_now_do_not_count)
{
	PUT(RW, 0, self->vmo, 0, 2);
	ASSERT_OK(zx_vmar_protect(self->vmar, 0, AT(0), PAGE));
	ASSERT_OK(zx_handle_close(without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE)));
	FOR_ALL(i)
		EXPECT_OK(OP_WITH(self->vmar, all_ops[i], 0, 2));
	EXPECT_OK(OP(COMMIT, 0, 1));
	EXPECT_LT(0, vmo_pages(_metadata, self->vmo));
}

TEST_F(op, closed_handles_do_not_count)
{
	zx_handle_t slice = vmo_slice(_metadata, self->vmo, 4, 2);

	PUT(RW, 0, slice, 0, 2);
	ASSERT_OK(zx_handle_close(slice));
	EXPECT_OK(OP(COMMIT, 0, 2));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
	vmo_spell(_metadata, self->vmo, 3, "abcd");
	EXPECT_OK(OP(DECOMMIT, 1, 1));
	EXPECT_LETTERS_AT(3, "ab.d", self->vmo);
}

TEST_F(op, a_denied_mapping_ends_it)
{
	zx_handle_t r = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);

	PUT(RW, 0, self->vmo, 0, 1);
	PUT(R, 1, r, 1, 1);
	PUT(RW, 2, self->vmo, 2, 1);
	vmo_spell(_metadata, self->vmo, 0, "abc");
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, OP(DECOMMIT, 0, 3));
	EXPECT_LETTERS(".bc", self->vmo);
}

/* The operations */

TEST_F(op, commit_commits_and_enters)
{
	PUT(RW, 0, self->vmo, 3, 6);
	EXPECT_OK(OP(COMMIT, 1, 4));
	EXPECT_EQ(4, vmo_pages(_metadata, self->vmo));
	EXPECT_ENTRIES(".xxxx.", 0);
	vmo_spell(_metadata, self->vmo, 3, "abcdef");
	EXPECT_MAPPED("abcdef", (void *)AT(0));
}

TEST_F(op, commit_beyond_the_vmo)
{
	PUT(RW, 0, self->vmo, PAGES - 2, 4);
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP(COMMIT, 0, 3));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP(COMMIT, 2, 1));
	EXPECT_OK(OP(COMMIT, 0, 2));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
}

TEST_F(op, commit_of_a_snapshot)
{
	zx_handle_t snapshot;

	vmo_spell(_metadata, self->vmo, 0, "abcd");
	snapshot = vmo_snapshot(_metadata, self->vmo, 0, 4);
	PUT(RW, 0, snapshot, 0, 4);
	EXPECT_OK(OP(COMMIT, 1, 2));
	EXPECT_EQ(2 * PAGE, vmo_info(_metadata, snapshot).committed_private_bytes);
	STORE(AT(1));
	EXPECT_LETTERS("abcd", self->vmo);
	EXPECT_MAPPED("a?cd", (void *)AT(0));
}

TEST_F(op, decommit_takes_pages_from_all_mappings)
{
	unsigned char *other = vmo_map_rw(_metadata, self->vmo, 0, 4 * PAGE);

	PUT(RW, 0, self->vmo, 0, 4);
	vmo_spell(_metadata, self->vmo, 0, "abcd");
	EXPECT_MAPPED("abcd", other);
	EXPECT_MAPPED("abcd", (void *)AT(0));
	EXPECT_OK(OP(DECOMMIT, 1, 2));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
	EXPECT_ENTRIES("x..x", 0);
	EXPECT_MAPPED("a..d", other);
	EXPECT_MAPPED("a..d", (void *)AT(0));
	STORE(AT(1));
	EXPECT_EQ('s', other[PAGE]);
	EXPECT_EQ(3, vmo_pages(_metadata, self->vmo));
}

TEST_F(op, decommit_beyond_the_vmo)
{
	vmo_spell(_metadata, self->vmo, PAGES - 2, "ab");
	PUT(RW, 0, self->vmo, PAGES - 2, 4);
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP(DECOMMIT, 0, 3));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP(ZERO, 0, 3));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
}

TEST_F(op, decommit_of_relatives)
{
	zx_handle_t snapshot;

	vmo_spell(_metadata, self->vmo, 0, "abcd");
	snapshot = vmo_snapshot(_metadata, self->vmo, 0, 4);
	PUT(RW, 0, self->vmo, 0, 4);
	PUT(RW, 4, snapshot, 0, 4);
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, OP(DECOMMIT, 0, 1));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, OP(DECOMMIT, 4, 1));
	/* That works on everything */
	EXPECT_OK(OP(ZERO, 3, 2));
	EXPECT_LETTERS("abc.", self->vmo);
	EXPECT_LETTERS(".bcd", snapshot);
}

TEST_F(op, map_range_enters_what_is_there)
{
	PUT(RW, 0, self->vmo, 2, 8);
	vmo_spell(_metadata, self->vmo, 0, "abc..fg..j");
	EXPECT_OK(OP(MAP_RANGE, 0, 8));
	EXPECT_ENTRIES("x..xx..x", 0);
	EXPECT_MAPPED("c..fg..j", (void *)AT(0));
	EXPECT_EQ(6, vmo_pages(_metadata, self->vmo));
}

TEST_F(op, map_range_of_a_part)
{
	PUT(R, 0, self->vmo, 2, 8);
	vmo_spell(_metadata, self->vmo, 0, "abcdefghij");
	EXPECT_OK(OP(MAP_RANGE, 2, 3));
	EXPECT_ENTRIES("..xxx...", 0);
	EXPECT_OK(OP(MAP_RANGE, 0, 8));
	EXPECT_ENTRIES("xxxxxxxx", 0);
	EXPECT_MAPPED("cdefghij", (void *)AT(0));
}

TEST_F(op, map_range_keeps_what_is_entered)
{
	PUT(RW, 0, self->vmo, 0, 4);
	vmo_spell(_metadata, self->vmo, 0, "a.cd");
	STORE(AT(2));
	EXPECT_EQ(0, BYTE(AT(1)));
	EXPECT_ENTRIES(".xx.", 0);
	EXPECT_OK(OP(MAP_RANGE, 0, 4));
	EXPECT_OK(OP(MAP_RANGE, 0, 4));
	EXPECT_ENTRIES("xxxx", 0);
	EXPECT_MAPPED("a.?d", (void *)AT(0));
	EXPECT_EQ(3, vmo_pages(_metadata, self->vmo));
	/* The absent page is still that */
	STORE(AT(1));
	EXPECT_EQ(4, vmo_pages(_metadata, self->vmo));
}

TEST_F(op, map_range_beyond_the_vmo_is_trimmed)
{
	PUT(RW, 0, self->vmo, PAGES - 1, 3);
	vmo_spell(_metadata, self->vmo, PAGES - 1, "a");
	EXPECT_OK(OP(MAP_RANGE, 0, 3));
	EXPECT_OK(OP(MAP_RANGE, 1, 2));
	EXPECT_ENTRIES("x..", 0);
	EXPECT_EQ(SIGBUS, LOAD(AT(1)).signal);
}

TEST_F(op, map_range_of_an_empty_vmo)
{
	PUT(RW, 0, vmo_create(_metadata, 0, 0), 0, 2);
	PUT(RW, 2, self->vmo, 0, 2);
	EXPECT_OK(OP(MAP_RANGE, 0, 4));
	EXPECT_ENTRIES("....", 0);
}

TEST_F(op, map_range_skips_what_nobody_may_access)
{
	PUT(RW, 0, self->vmo, 0, 3);
	vmo_spell(_metadata, self->vmo, 0, "abc");
	ASSERT_OK(zx_vmar_protect(self->vmar, 0, AT(1), PAGE));
	EXPECT_OK(OP(MAP_RANGE, 0, 3));
	EXPECT_ENTRIES("x.x", 0);
}

TEST_F(op, map_range_lets_nobody_write_who_must_not)
{
	zx_handle_t snapshot;

	vmo_spell(_metadata, self->vmo, 0, "abcd");
	snapshot = vmo_snapshot(_metadata, self->vmo, 0, 4);
	PUT(RW, 0, self->vmo, 0, 4);
	PUT(RW, 4, snapshot, 0, 4);
	PUT(R, 8, self->vmo, 0, 4);
	EXPECT_OK(OP(MAP_RANGE, 0, 12));
	EXPECT_ENTRIES("xxxxxxxxxxxx", 0);
	EXPECT_EQ(0, STORE(AT(1)).signal);
	EXPECT_EQ(0, STORE(AT(6)).signal);
	EXPECT_EQ(SIGSEGV, STORE(AT(11)).signal);
	EXPECT_LETTERS("a?cd", self->vmo);
	EXPECT_LETTERS("ab?d", snapshot);
	EXPECT_MAPPED("a?cdab?da?cd", (void *)AT(0));
}

/* A handle without WRITE; to Linux its file is not open for writing. */
TEST_F(op, map_range_through_a_handle_that_only_reads)
{
	vmo_spell(_metadata, self->vmo, 0, "ab.d");
	PUT(R, 0, without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE), 0, 4);
	EXPECT_OK(OP(MAP_RANGE, 0, 4));
	EXPECT_ENTRIES("xx.x", 0);
	EXPECT_EQ(SIGSEGV, STORE(AT(0)).signal);
	EXPECT_MAPPED("ab.d", (void *)AT(0));
}

TEST_F(op, map_range_before_a_snapshot)
{
	zx_handle_t snapshot;

	vmo_spell(_metadata, self->vmo, 0, "abcd");
	PUT(RW, 0, self->vmo, 0, 4);
	EXPECT_OK(OP(MAP_RANGE, 0, 4));
	EXPECT_EQ(0, STORE(AT(0)).signal);
	snapshot = vmo_snapshot(_metadata, self->vmo, 0, 4);
	EXPECT_EQ(0, STORE(AT(1)).signal);
	EXPECT_LETTERS("?bcd", snapshot);
	EXPECT_LETTERS("??cd", self->vmo);
}

TEST_F(op, entered_pages_are_taken_away)
{
	zx_handle_t vmo = vmo_create(_metadata, 4 * PAGE, ZX_VMO_RESIZABLE);

	vmo_spell(_metadata, vmo, 0, "abcd");
	PUT(RW, 0, vmo, 0, 4);
	EXPECT_OK(OP(MAP_RANGE, 0, 4));
	ASSERT_OK(vmo_pages_op(vmo, ZX_VMO_OP_DECOMMIT, 1, 1));
	EXPECT_ENTRIES("x.xx", 0);
	ASSERT_OK(zx_vmo_set_size(vmo, 2 * PAGE));
	EXPECT_ENTRIES("x...", 0);
	EXPECT_EQ(SIGBUS, LOAD(AT(2)).signal);
	EXPECT_MAPPED("a.", (void *)AT(0));
	ASSERT_OK(zx_vmar_unmap(self->vmar, AT(0), 4 * PAGE));
	EXPECT_RESERVED(AT(0));
	EXPECT_LETTERS("a.", vmo);
}

/* More than one batch, leaf and page table */
TEST_F(op, map_range_of_many_pages)
{
	const unsigned int pages = 2000;
	zx_handle_t vmo = vmo_create(_metadata, pages * PAGE, 0);
	char *p = (char *)vmo_map_rw(_metadata, vmo, 0, pages * PAGE);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	static uint64_t entry[2000];

	ASSERT_OK(vmo_pages_op(vmo, ZX_VMO_OP_COMMIT, 0, pages));
	for (unsigned int i = 0; i < pages; i += 3)
		ASSERT_OK(zx_vmo_write(vmo, &i, i * PAGE, sizeof(i)));
	for (unsigned int i = 600; i < 700; i++)
		ASSERT_OK(vmo_pages_op(vmo, ZX_VMO_OP_DECOMMIT, i, 1));
	ASSERT_EQ(0, p[1300 * PAGE + 100]);
	ASSERT_OK(zx_vmar_op_range(ROOT, ZX_VMAR_OP_MAP_RANGE, (zx_vaddr_t)p, pages * PAGE,
				   NULL, 0));
	ASSERT_EQ((ssize_t)sizeof(entry),
		  pread(fd, entry, sizeof(entry), (zx_vaddr_t)p / PAGE * sizeof(*entry)));
	close(fd);
	for (unsigned int i = 0; i < pages; i++) {
		bool there = i < 600 || i >= 700;

		ASSERT_EQ(there, entry[i] >> 63);
		ASSERT_EQ(there && i % 3 == 0 ? i : 0, *(unsigned int *)(p + i * PAGE));
	}
}

TEST_F(op, map_range_of_a_slice_and_a_reference)
{
	zx_handle_t resizable = vmo_create(_metadata, 4 * PAGE, ZX_VMO_RESIZABLE);

	vmo_spell(_metadata, self->vmo, 0, "abcdef");
	vmo_spell(_metadata, resizable, 0, "ABCD");
	PUT(RW, 0, vmo_slice(_metadata, self->vmo, 2, 3), 1, 4);
	PUT(RW, 4, vmo_reference(_metadata, resizable), 1, 4);
	EXPECT_OK(OP(MAP_RANGE, 0, 8));
	EXPECT_ENTRIES("xx..xxx.", 0);
	EXPECT_MAPPED("de", (void *)AT(0));
	EXPECT_MAPPED("BCD", (void *)AT(4));
	EXPECT_EQ(SIGBUS, LOAD(AT(2)).signal);
}

TEST_F(op, a_private_mapping_keeps_its_copies)
{
	char *p = mmap((void *)AT(0), 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED,
		       ZXVMO_HANDLE_FD(self->vmo), 0);

	ASSERT_EQ((void *)AT(0), p);
	vmo_spell(_metadata, self->vmo, 0, "abcd");
	p[PAGE] = 'P';
	EXPECT_OK(OP(MAP_RANGE, 0, 4));
	EXPECT_OK(OP(COMMIT, 0, 4));
	EXPECT_OK(OP(ZERO, 0, 2));
	EXPECT_EQ('P', p[PAGE]);
	EXPECT_LETTERS("..cd", self->vmo);
	EXPECT_MAPPED(".?cd", p);
}

TEST_F(op, fork_after_map_range)
{
	pid_t pid;
	int status;

	vmo_spell(_metadata, self->vmo, 0, "abcd");
	PUT(RW, 0, self->vmo, 0, 4);
	EXPECT_OK(OP(MAP_RANGE, 0, 4));
	pid = fork();
	if (!pid) {
		BYTE(AT(1)) = 'C';
		_exit(BYTE(AT(0)) != 'a' || BYTE(AT(3)) != 'd');
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ('C', BYTE(AT(1)));
	ASSERT_OK(vmo_pages_op(self->vmo, ZX_VMO_OP_DECOMMIT, 0, 4));
	EXPECT_MAPPED("....", (void *)AT(0));
}

TEST_F(op, hints_do_not_look_at_the_size)
{
	PUT(RW, 0, self->vmo, PAGES - 1, 3);
	vmo_spell(_metadata, self->vmo, PAGES - 1, "a");
	EXPECT_OK(OP(DONT_NEED, 0, 3));
	EXPECT_ENTRIES("...", 0);
	EXPECT_OK(OP(ALWAYS_NEED, 0, 3));
	EXPECT_ENTRIES("x..", 0);
	EXPECT_OK(OP(DONT_NEED, 0, 3));
	EXPECT_ENTRIES("x..", 0);
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
}

TEST_F(op, prefetch_enters)
{
	PUT(R, 0, self->vmo, PAGES - 3, 4);
	vmo_spell(_metadata, self->vmo, PAGES - 3, "a.c");
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP(PREFETCH, 0, 4));
	EXPECT_ENTRIES("....", 0);
	EXPECT_OK(OP(PREFETCH, 0, 3));
	EXPECT_ENTRIES("x.x.", 0);
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
}

TEST_F(op, a_discarded_vmo)
{
	zx_handle_t vmo = reclaimable(_metadata, 4, 'd');

	PUT(RW | ZX_VM_ALLOW_FAULTS, 0, vmo, 0, 4);
	vmo_discard(_metadata, vmo);
	EXPECT_ST(ZX_ERR_NOT_FOUND, OP(MAP_RANGE, 0, 4));
	EXPECT_ST(ZX_ERR_NOT_FOUND, OP(COMMIT, 0, 4));
	EXPECT_OK(OP(DONT_NEED, 0, 4));
	EXPECT_OK(OP(ALWAYS_NEED, 0, 4));
	EXPECT_OK(OP(PREFETCH, 0, 4));
	EXPECT_ENTRIES("....", 0);
	ASSERT_OK(vmo_lock(vmo));
	EXPECT_OK(OP(COMMIT, 0, 4));
	EXPECT_ENTRIES("xxxx", 0);
}

/* Entered pages count as those that faults have mapped: the VMO is in use */
TEST_F(op, an_entered_vmo_is_discarded)
{
	zx_handle_t vmo = reclaimable(_metadata, 4, 'd');

	PUT(RW | ZX_VM_ALLOW_FAULTS, 0, vmo, 0, 4);
	EXPECT_OK(OP(MAP_RANGE, 0, 4));
	EXPECT_MAPPED("dddd", (void *)AT(0));
	vmo_discard(_metadata, vmo);
	EXPECT_ENTRIES("....", 0);
	EXPECT_EQ(SIGBUS, LOAD(AT(0)).signal);
}

/* A page that was taken away and came back is seen at once, whoever enters pages */

struct enterer {
	pthread_t thread;
	zx_handle_t vmar;
	zx_vaddr_t addr;
	uint64_t size;
	atomic_bool stop;
	unsigned long count;
	zx_status_t status;
};

static void *enter_all_day(void *arg)
{
	struct enterer *enterer = arg;

	while (!enterer->stop && !enterer->status) {
		enterer->status = zx_vmar_op_range(enterer->vmar, ZX_VMAR_OP_MAP_RANGE,
						   enterer->addr, enterer->size, NULL, 0);
		enterer->count++;
	}
	return NULL;
}

TEST_F(op, map_range_beside_changes)
{
	struct enterer enterers[2];
	zx_handle_t snapshot = 0;
	int64_t end;
	unsigned int n = 0;

	PUT(RW, 0, self->vmo, 0, 8);
	for (int i = 0; i < 2; i++) {
		enterers[i] = (struct enterer){
			.vmar = self->vmar, .addr = AT(0), .size = 8 * PAGE,
		};
		ASSERT_EQ(0, pthread_create(&enterers[i].thread, NULL, enter_all_day, &enterers[i]));
	}
	end = zx_deadline_after(ZX_SEC(3));
	while (zx_clock_get_monotonic() < end) {
		unsigned int page = ++n % 8;
		zx_vaddr_t at = AT(page);

		if (n % 64 == 0) {
			if (snapshot)
				ASSERT_OK(zx_handle_close(snapshot));
			snapshot = vmo_snapshot(_metadata, self->vmo, 0, 8);
		}
		ASSERT_OK(vmo_pages_op(self->vmo, ZX_VMO_OP_ZERO, page, 1));
		ASSERT_EQ(0, *(volatile unsigned int *)at);
		ASSERT_OK(zx_vmo_write(self->vmo, &n, page * PAGE, sizeof(n)));
		ASSERT_EQ(n, *(volatile unsigned int *)at);
		*(volatile unsigned int *)at = ~n;
		ASSERT_OK(zx_vmo_read(self->vmo, &page, page * PAGE, sizeof(page)));
		ASSERT_EQ(~n, page);
	}
	for (int i = 0; i < 2; i++) {
		enterers[i].stop = true;
		ASSERT_EQ(0, pthread_join(enterers[i].thread, NULL));
		EXPECT_OK(enterers[i].status);
		EXPECT_LT(10, enterers[i].count);
	}
	EXPECT_EQ(0, zt_check());
}

/* ZX_VM_MAP_RANGE */

#define MAP(options, page, vmo, vmo_page, pages)				\
	zx_vmar_map(self->vmar, options, (page) * PAGE, vmo, (vmo_page) * PAGE,	\
		    (pages) * PAGE, &self->addr)

TEST_F(op, map_with_map_range)
{
	vmo_spell(_metadata, self->vmo, 0, "ab..ef");
	EXPECT_OK(MAP(RW | ZX_VM_MAP_RANGE | ZX_VM_SPECIFIC, 1, self->vmo, 1, 6));
	EXPECT_ENTRIES(".x..xx..", 0);
	EXPECT_MAPPED("b..ef.", (void *)AT(1));
	EXPECT_EQ(4, vmo_pages(_metadata, self->vmo));
	/* Beyond the end, and without any permission */
	EXPECT_OK(MAP(R | ZX_VM_MAP_RANGE | ZX_VM_SPECIFIC, 8, self->vmo, PAGES - 1, 4));
	EXPECT_OK(MAP(ZX_VM_MAP_RANGE | ZX_VM_SPECIFIC, 12, self->vmo, 0, 2));
	EXPECT_ENTRIES("......", 8);
}

TEST_F(op, map_with_map_range_and_overwrite)
{
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  MAP(RW | ZX_VM_MAP_RANGE | ZX_VM_SPECIFIC_OVERWRITE, 0, self->vmo, 0, 1));
}

TEST_F(op, map_with_map_range_of_a_discarded_vmo)
{
	zx_handle_t vmo = reclaimable(_metadata, 4, 'd');

	vmo_discard(_metadata, vmo);
	EXPECT_ST(ZX_ERR_NOT_FOUND, MAP(RW | ZX_VM_MAP_RANGE | ZX_VM_ALLOW_FAULTS |
					ZX_VM_SPECIFIC, 0, vmo, 0, 4));
	EXPECT_RESERVED(AT(0));
	EXPECT_EQ(0, vmo_info(_metadata, vmo).num_mappings);
	EXPECT_OK(MAP(ZX_VM_MAP_RANGE | ZX_VM_ALLOW_FAULTS, 0, vmo, 0, 4));
}

/* ZX_VM_FAULT_BEYOND_STREAM_SIZE */

#define TO_STREAM (ZX_VM_FAULT_BEYOND_STREAM_SIZE | ZX_VM_ALLOW_FAULTS)

TEST_F(op, to_stream_needs_allow_faults)
{
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  MAP(RW | ZX_VM_FAULT_BEYOND_STREAM_SIZE, 0, self->vmo, 0, 1));
	EXPECT_OK(MAP(RW | TO_STREAM, 0, self->vmo, 0, 1));
}

TEST_F(op, to_stream_ends_with_the_streams_page)
{
	vmo_spell(_metadata, self->vmo, 0, "abcd");
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, PAGE + 1));
	PUT(RW | TO_STREAM, 0, self->vmo, 0, 4);
	EXPECT_EQ(0, LOAD(AT(2) - 1).signal);
	EXPECT_EQ(0, STORE(AT(2) - 1).signal);
	EXPECT_EQ(SIGBUS, LOAD(AT(2)).signal);
	EXPECT_EQ(SIGBUS, STORE(AT(3)).signal);
	EXPECT_EQ((void *)AT(3), STORE(AT(3)).address);
	/* Others are not concerned */
	PUT(RW, 4, self->vmo, 0, 4);
	EXPECT_EQ(0, STORE(AT(6)).signal);
	EXPECT_EQ(SIGBUS, LOAD(AT(2)).signal);
	/* To the byte, to nothing, and to all */
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, PAGE));
	EXPECT_EQ(SIGBUS, LOAD(AT(1)).signal);
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, 0));
	EXPECT_EQ(SIGBUS, LOAD(AT(0)).signal);
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, PAGES * PAGE));
	EXPECT_EQ(0, LOAD(AT(3)).signal);
}

TEST_F(op, to_stream_loses_what_was_mapped)
{
	PUT(RW | TO_STREAM, 0, self->vmo, 0, 6);
	PUT(RW, 6, self->vmo, 0, 6);
	vmo_spell(_metadata, self->vmo, 0, "abc");
	EXPECT_MAPPED("abc...", (void *)AT(0));
	EXPECT_ENTRIES("xxxxxx", 0);
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, 2 * PAGE));
	EXPECT_EQ(0, LOAD(AT(1)).signal);
	for (int page = 2; page < 6; page++)
		EXPECT_EQ(SIGBUS, LOAD(AT(page)).signal);
	EXPECT_MAPPED("ab....", (void *)AT(6));
	/* Also what came there by another way */
	vmo_spell(_metadata, self->vmo, 2, "cdef");
	for (int page = 2; page < 6; page++)
		EXPECT_EQ(SIGBUS, LOAD(AT(page)).signal);
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, 3 * PAGE));
	EXPECT_EQ(0, LOAD(AT(2)).signal);
	EXPECT_EQ(SIGBUS, LOAD(AT(3)).signal);
}

TEST_F(op, to_stream_in_ranges)
{
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, 2 * PAGE - 1));
	PUT(RW | TO_STREAM, 0, self->vmo, 0, 4);
	FOR_ALL(i) {
		EXPECT_OK(OP_WITH(self->vmar, all_ops[i], 0, 2));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP_WITH(self->vmar, all_ops[i], 0, 3));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP_WITH(self->vmar, all_ops[i], 2, 1));
	}
}

TEST_F(op, to_stream_with_map_range)
{
	vmo_spell(_metadata, self->vmo, 0, "abcd");
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, PAGE));
	ASSERT_OK(vmo_pages_op(self->vmo, ZX_VMO_OP_COMMIT, 0, 4));
	PUT(RW | TO_STREAM | ZX_VM_MAP_RANGE, 0, self->vmo, 0, 4);
	EXPECT_ENTRIES("x...", 0);
	PUT(RW | TO_STREAM | ZX_VM_MAP_RANGE, 4, self->vmo, 2, 2);
	EXPECT_ENTRIES("..", 4);
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, 0));
	ASSERT_OK(vmo_pages_op(self->vmo, ZX_VMO_OP_COMMIT, 0, 4));
	PUT(RW | TO_STREAM | ZX_VM_MAP_RANGE, 8, self->vmo, 0, 4);
	EXPECT_ENTRIES("....", 8);
}

TEST_F(op, to_stream_of_a_slice_and_a_reference)
{
	zx_handle_t resizable = vmo_create(_metadata, 4 * PAGE, ZX_VMO_RESIZABLE);
	zx_handle_t slice = vmo_slice(_metadata, self->vmo, 2, 4);

	PUT(RW | TO_STREAM, 0, slice, 0, 4);
	PUT(RW | TO_STREAM, 4, vmo_reference(_metadata, resizable), 0, 4);
	EXPECT_EQ(0, STORE(AT(3)).signal);
	EXPECT_EQ(0, STORE(AT(7)).signal);
	/* That of the slice's parent is another */
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, 0));
	EXPECT_EQ(0, STORE(AT(3)).signal);
	ASSERT_OK(zx_vmo_set_stream_size(slice, 3 * PAGE));
	EXPECT_EQ(SIGBUS, LOAD(AT(3)).signal);
	EXPECT_EQ(0, STORE(AT(2)).signal);
	ASSERT_OK(zx_vmo_set_stream_size(resizable, PAGE));
	EXPECT_EQ(SIGBUS, LOAD(AT(7)).signal);
	EXPECT_EQ(SIGBUS, LOAD(AT(5)).signal);
	EXPECT_EQ(0, STORE(AT(4)).signal);
}

TEST_F(op, to_stream_when_the_vmo_shrinks)
{
	zx_handle_t vmo = vmo_create(_metadata, 4 * PAGE, ZX_VMO_RESIZABLE);

	PUT(RW | TO_STREAM, 0, vmo, 0, 4);
	EXPECT_EQ(0, STORE(AT(3)).signal);
	ASSERT_OK(zx_vmo_set_size(vmo, 2 * PAGE));
	EXPECT_EQ(SIGBUS, LOAD(AT(2)).signal);
	EXPECT_EQ(0, STORE(AT(1)).signal);
	ASSERT_OK(zx_vmo_set_size(vmo, 4 * PAGE));
	EXPECT_EQ(0, LOAD(AT(3)).signal);
}

TEST_F(op, to_stream_as_a_buffer)
{
	zx_handle_t from = vmo_create(_metadata, 4 * PAGE, 0);

	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, PAGE));
	PUT(RW | TO_STREAM, 0, self->vmo, 0, 4);
	EXPECT_OK(zx_vmo_read(from, (void *)AT(0), 0, PAGE));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_read(from, (void *)AT(0), 0, PAGE + 1));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_write(from, (void *)AT(1), 0, 1));
}

TEST_F(op, to_stream_after_fork)
{
	pid_t pid;
	int status;

	PUT(RW | TO_STREAM, 0, self->vmo, 0, 4);
	EXPECT_EQ(0, STORE(AT(1)).signal);
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, PAGE));
	pid = fork();
	if (!pid)
		_exit(LOAD(AT(0)).signal || LOAD(AT(1)).signal != SIGBUS);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
