// SPDX-License-Identifier: GPL-2.0-only
/*
 * zx_vmo_op_range(): the table of operations, cell by cell, then what COMMIT,
 * DECOMMIT and ZERO do in detail. The cache operations do their work in
 * vmo_cache.c.
 */
#include "vmo_test.h"

#define ENABLE_DEBUGGING	"enable_debugging_syscalls"

#define OP(handle, op, offset, length) \
	zx_vmo_op_range(handle, op, offset, length, NULL, 0)

#define COMMIT(handle, offset, length) \
	OP(handle, ZX_VMO_OP_COMMIT, offset, length)
#define DECOMMIT(handle, offset, length) \
	OP(handle, ZX_VMO_OP_DECOMMIT, offset, length)
#define ZERO(handle, offset, length) \
	OP(handle, ZX_VMO_OP_ZERO, offset, length)

/*
 * The table: one variant for each row, one test for each column; each cell is
 * looked at on every kind of VMO.
 */

FIXTURE(op) {
	struct kind {
		const char *name;
		uint32_t options;
		zx_handle_t vmo;
		uint64_t size;
	} kinds[3];
	int debugging;
};

FIXTURE_VARIANT(op) {
	uint32_t op;
	/* Each of these rights alone is enough. */
	zx_rights_t rights;
	/* What the columns answer */
	zx_status_t inside;
	zx_status_t misaligned;
	zx_status_t past_end;
	zx_status_t empty_inside;
	zx_status_t empty_misaligned;
	zx_status_t empty_past_end;
};

#define OK		ZX_OK
#define RANGE		ZX_ERR_OUT_OF_RANGE
#define ARGS		ZX_ERR_INVALID_ARGS
#define NOT		ZX_ERR_NOT_SUPPORTED

#define ROW(name, code, ...)	FIXTURE_VARIANT_ADD(op, name) { code, __VA_ARGS__ }

/*						  inside misal. past   empty: in mis. past */
ROW(commit, ZX_VMO_OP_COMMIT, ZX_RIGHT_WRITE,		OK, OK, RANGE,	OK, OK, RANGE);
ROW(decommit, ZX_VMO_OP_DECOMMIT, ZX_RIGHT_WRITE,	OK, ARGS, RANGE, OK, OK, RANGE);
ROW(zero, ZX_VMO_OP_ZERO, ZX_RIGHT_WRITE,		OK, OK, RANGE,	OK, OK, OK);
ROW(lock, ZX_VMO_OP_LOCK, ZX_RIGHTS_IO,			NOT, NOT, NOT,	NOT, NOT, NOT);
ROW(try_lock, ZX_VMO_OP_TRY_LOCK, ZX_RIGHTS_IO,		NOT, NOT, NOT,	NOT, NOT, NOT);
ROW(unlock, ZX_VMO_OP_UNLOCK, ZX_RIGHTS_IO,		NOT, NOT, NOT,	NOT, NOT, NOT);
ROW(cache_sync, ZX_VMO_OP_CACHE_SYNC, ZX_RIGHT_READ,	OK, OK, RANGE,	ARGS, ARGS, ARGS);
ROW(cache_clean, ZX_VMO_OP_CACHE_CLEAN, ZX_RIGHT_READ,	OK, OK, RANGE,	ARGS, ARGS, ARGS);
ROW(cache_clean_invalidate, ZX_VMO_OP_CACHE_CLEAN_INVALIDATE, ZX_RIGHT_READ,
							OK, OK, RANGE,	ARGS, ARGS, ARGS);
ROW(cache_invalidate, ZX_VMO_OP_CACHE_INVALIDATE, ZX_RIGHT_WRITE,
							OK, OK, RANGE,	ARGS, ARGS, ARGS);
ROW(dont_need, ZX_VMO_OP_DONT_NEED, ZX_RIGHT_NONE,	OK, OK, OK,	OK, OK, OK);
ROW(always_need, ZX_VMO_OP_ALWAYS_NEED, ZX_RIGHT_NONE,	OK, OK, OK,	OK, OK, OK);
ROW(prefetch, ZX_VMO_OP_PREFETCH, ZX_RIGHT_READ,	OK, OK, RANGE,	OK, OK, RANGE);

static bool is_cache_op(uint32_t op)
{
	return op >= ZX_VMO_OP_CACHE_SYNC && op <= ZX_VMO_OP_CACHE_CLEAN_INVALIDATE;
}

#define for_each_kind(k) for (k = self->kinds; k < self->kinds + ARRAY_SIZE(self->kinds); k++)

FIXTURE_SETUP(op)
{
	static const struct kind kinds[] = {
		{ .name = "fixed", .options = 0 },
		{ .name = "resizable", .options = ZX_VMO_RESIZABLE },
		{ .name = "unbounded", .options = ZX_VMO_UNBOUNDED },
	};
	struct kind *k;

	self->debugging = param_get(ENABLE_DEBUGGING);
	ASSERT_LE(0, self->debugging);
	ASSERT_EQ(0, param_set(ENABLE_DEBUGGING, 1));
	memcpy(self->kinds, kinds, sizeof(kinds));
	for_each_kind(k) {
		k->vmo = vmo_create(_metadata, 4 * PAGE, k->options);
		k->size = vmo_size(_metadata, k->vmo);
	}
	if (is_cache_op(variant->op) && !have_cache_op(_metadata, variant->op))
		SKIP(return, "no primitive for this on this architecture");
}

FIXTURE_TEARDOWN_PARENT(op)
{
	param_set(ENABLE_DEBUGGING, self->debugging);
}

#define EXPECT_OP(want, handle, offset, length)					\
	EXPECT_ST(want, OP(handle, variant->op, offset, length))		\
		TH_LOG("%s, offset %#jx, length %#jx", k->name,			\
		       (uintmax_t)(offset), (uintmax_t)(length))

/* Ranges that are whole pages inside the VMO, small enough to be committed */
TEST_F(op, inside)
{
	struct kind *k;

	for_each_kind(k) {
		EXPECT_OP(variant->inside, k->vmo, 0, PAGE);
		EXPECT_OP(variant->inside, k->vmo, 0, 4 * PAGE);
		EXPECT_OP(variant->inside, k->vmo, PAGE, 2 * PAGE);
		EXPECT_OP(variant->inside, k->vmo, k->size - PAGE, PAGE);
		EXPECT_OP(variant->inside, k->vmo, k->size - 4 * PAGE, 4 * PAGE);
	}
}

TEST_F(op, misaligned)
{
	struct kind *k;

	for_each_kind(k) {
		EXPECT_OP(variant->misaligned, k->vmo, 1, PAGE);
		EXPECT_OP(variant->misaligned, k->vmo, 0, PAGE - 1);
		EXPECT_OP(variant->misaligned, k->vmo, 0, 1);
		EXPECT_OP(variant->misaligned, k->vmo, 17, 100);
		EXPECT_OP(variant->misaligned, k->vmo, PAGE - 1, 2);
		EXPECT_OP(variant->misaligned, k->vmo, k->size - 1, 1);
		EXPECT_OP(variant->misaligned, k->vmo, k->size - PAGE, 5);
	}
}

TEST_F(op, past_the_end)
{
	struct kind *k;

	for_each_kind(k) {
		EXPECT_OP(variant->past_end, k->vmo, k->size - PAGE, 2 * PAGE);
		EXPECT_OP(variant->past_end, k->vmo, 0, k->size + PAGE);
		EXPECT_OP(variant->past_end, k->vmo, k->size, PAGE);
		EXPECT_OP(variant->past_end, k->vmo, k->size + PAGE, PAGE);
	}
}

/* Of the two errors the range wins. */
TEST_F(op, misaligned_and_past_the_end)
{
	struct kind *k;

	for_each_kind(k) {
		EXPECT_OP(variant->past_end, k->vmo, 1, k->size);
		EXPECT_OP(variant->past_end, k->vmo, 0, k->size + 1);
		EXPECT_OP(variant->past_end, k->vmo, k->size, 1);
		EXPECT_OP(variant->past_end, k->vmo, k->size - 1, 2);
		EXPECT_OP(variant->past_end, k->vmo, k->size + 1, 1);
	}
}

TEST_F(op, past_2_to_the_64)
{
	struct kind *k;

	for_each_kind(k) {
		EXPECT_OP(variant->past_end, k->vmo, PAGE, UINT64_MAX - PAGE + 1);
		EXPECT_OP(variant->past_end, k->vmo, 2 * PAGE, UINT64_MAX - PAGE + 1);
		EXPECT_OP(variant->past_end, k->vmo, UINT64_MAX, UINT64_MAX);
		EXPECT_OP(variant->past_end, k->vmo, UINT64_MAX, 1);
		EXPECT_OP(variant->past_end, k->vmo, 1, UINT64_MAX);
		/* only when it is rounded to pages */
		EXPECT_OP(variant->past_end, k->vmo, 0, UINT64_MAX);
		EXPECT_OP(variant->past_end, k->vmo, UINT64_MAX - PAGE + 2, 1);
	}
}

TEST_F(op, empty_inside)
{
	struct kind *k;

	for_each_kind(k) {
		EXPECT_OP(variant->empty_inside, k->vmo, 0, 0);
		EXPECT_OP(variant->empty_inside, k->vmo, PAGE, 0);
		EXPECT_OP(variant->empty_inside, k->vmo, k->size, 0);
		EXPECT_EQ(0, vmo_pages(_metadata, k->vmo));
	}
}

TEST_F(op, empty_misaligned)
{
	struct kind *k;

	for_each_kind(k) {
		EXPECT_OP(variant->empty_misaligned, k->vmo, 1, 0);
		EXPECT_OP(variant->empty_misaligned, k->vmo, PAGE - 1, 0);
		EXPECT_OP(variant->empty_misaligned, k->vmo, k->size - 1, 0);
	}
}

TEST_F(op, empty_past_the_end)
{
	struct kind *k;

	for_each_kind(k) {
		EXPECT_OP(variant->empty_past_end, k->vmo, k->size + PAGE, 0);
		EXPECT_OP(variant->empty_past_end, k->vmo, k->size + 1, 0);
		EXPECT_OP(variant->empty_past_end, k->vmo, UINT64_MAX - PAGE + 1, 0);
		EXPECT_OP(variant->empty_past_end, k->vmo, UINT64_MAX, 0);
	}
}

/*
 * The right comes before everything that is wrong with the range or the VMO.
 * Where no right is needed a handle without any is as good as another.
 */
TEST_F(op, without_the_right)
{
	const bool needed = variant->rights;
	zx_handle_t handle;
	struct kind *k;

	for_each_kind(k) {
		handle = needed ? without_rights(_metadata, k->vmo, variant->rights) :
				  with_rights(_metadata, k->vmo, ZX_RIGHT_NONE);
		EXPECT_OP(needed ? ZX_ERR_ACCESS_DENIED : variant->inside, handle, 0, PAGE);
		EXPECT_OP(needed ? ZX_ERR_ACCESS_DENIED : variant->empty_inside, handle, 0, 0);
		EXPECT_OP(needed ? ZX_ERR_ACCESS_DENIED : variant->past_end, handle, k->size, PAGE);
		EXPECT_OP(needed ? ZX_ERR_ACCESS_DENIED : variant->past_end, handle, 1, k->size);
		EXPECT_OP(needed ? ZX_ERR_ACCESS_DENIED : variant->past_end, handle,
			  UINT64_MAX, UINT64_MAX);
	}
}

TEST_F(op, with_the_right_alone)
{
	zx_rights_t rights;
	struct kind *k;

	for_each_kind(k) {
		for (rights = variant->rights; rights; rights &= rights - 1)
			EXPECT_OP(variant->inside,
				  with_rights(_metadata, k->vmo, rights & -rights), 0, PAGE);
		/* More rights never hurt. */
		EXPECT_OP(variant->inside, k->vmo, 0, PAGE);
	}
}

TEST_F(op, buffer_is_not_looked_at)
{
	void *hole = page_before_hole(_metadata) + PAGE;
	struct kind *k;

	for_each_kind(k) {
		EXPECT_ST(variant->inside,
			  zx_vmo_op_range(k->vmo, variant->op, 0, PAGE, NULL, 17));
		EXPECT_ST(variant->inside,
			  zx_vmo_op_range(k->vmo, variant->op, 0, PAGE, (void *)-1, SIZE_MAX));
		EXPECT_ST(variant->inside,
			  zx_vmo_op_range(k->vmo, variant->op, 0, PAGE, hole, 1));
	}
}

/* A VMO of size 0 has only empty ranges. An unbounded one never has size 0. */
TEST_F(op, vmo_of_size_0)
{
	struct kind *k;

	for (k = self->kinds; k < self->kinds + 2; k++) {
		zx_handle_t vmo = vmo_create(_metadata, 0, k->options);

		EXPECT_OP(variant->empty_inside, vmo, 0, 0);
		EXPECT_OP(variant->empty_past_end, vmo, PAGE, 0);
		EXPECT_OP(variant->past_end, vmo, 0, PAGE);
		EXPECT_OP(variant->past_end, vmo, 0, 1);
		EXPECT_EQ(0, vmo_pages(_metadata, vmo));
	}
}

/* Order before the table: handle, type, operation */

static const uint32_t all_ops[] = {
	ZX_VMO_OP_COMMIT, ZX_VMO_OP_DECOMMIT, ZX_VMO_OP_LOCK, ZX_VMO_OP_UNLOCK,
	ZX_VMO_OP_CACHE_SYNC, ZX_VMO_OP_CACHE_INVALIDATE, ZX_VMO_OP_CACHE_CLEAN,
	ZX_VMO_OP_CACHE_CLEAN_INVALIDATE, ZX_VMO_OP_ZERO, ZX_VMO_OP_TRY_LOCK,
	ZX_VMO_OP_DONT_NEED, ZX_VMO_OP_ALWAYS_NEED, ZX_VMO_OP_PREFETCH,
};

/* 5 was an operation once; bits beyond the codes are not masked off. */
static const uint32_t unknown_ops[] = {
	0, 5, 15, 16, 64, 0x80000000, 0x80000001, 0x10001, 0x10a, UINT32_MAX,
};

TEST(operations_have_their_numbers)
{
	EXPECT_EQ(1, ZX_VMO_OP_COMMIT);
	EXPECT_EQ(2, ZX_VMO_OP_DECOMMIT);
	EXPECT_EQ(3, ZX_VMO_OP_LOCK);
	EXPECT_EQ(4, ZX_VMO_OP_UNLOCK);
	EXPECT_EQ(6, ZX_VMO_OP_CACHE_SYNC);
	EXPECT_EQ(7, ZX_VMO_OP_CACHE_INVALIDATE);
	EXPECT_EQ(8, ZX_VMO_OP_CACHE_CLEAN);
	EXPECT_EQ(9, ZX_VMO_OP_CACHE_CLEAN_INVALIDATE);
	EXPECT_EQ(10, ZX_VMO_OP_ZERO);
	EXPECT_EQ(11, ZX_VMO_OP_TRY_LOCK);
	EXPECT_EQ(12, ZX_VMO_OP_DONT_NEED);
	EXPECT_EQ(13, ZX_VMO_OP_ALWAYS_NEED);
	EXPECT_EQ(14, ZX_VMO_OP_PREFETCH);
}

TEST(bad_handle_before_everything)
{
	zx_handle_t closed = closed_handle(_metadata);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all_ops); i++) {
		EXPECT_ST(ZX_ERR_BAD_HANDLE, OP(closed, all_ops[i], 0, PAGE));
		EXPECT_ST(ZX_ERR_BAD_HANDLE, OP(closed, all_ops[i], UINT64_MAX, UINT64_MAX));
		EXPECT_ST(ZX_ERR_BAD_HANDLE, OP(ZX_HANDLE_INVALID, all_ops[i], 0, 0));
	}
	for (i = 0; i < ARRAY_SIZE(unknown_ops); i++)
		EXPECT_ST(ZX_ERR_BAD_HANDLE, OP(closed, unknown_ops[i], 0, PAGE));
}

TEST(wrong_type_before_operation_and_right)
{
	zx_handle_t event = wrong_type(_metadata);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all_ops); i++) {
		EXPECT_ST(ZX_ERR_WRONG_TYPE, OP(event, all_ops[i], 0, PAGE));
		EXPECT_ST(ZX_ERR_WRONG_TYPE, OP(event, all_ops[i], UINT64_MAX, UINT64_MAX));
		EXPECT_ST(ZX_ERR_WRONG_TYPE, OP(zx_vmar_root_self(), all_ops[i], 0, PAGE));
	}
	for (i = 0; i < ARRAY_SIZE(unknown_ops); i++)
		EXPECT_ST(ZX_ERR_WRONG_TYPE, OP(event, unknown_ops[i], 0, PAGE));
}

TEST(unknown_operation_before_right_and_range)
{
	zx_handle_t vmo = vmo_create(_metadata, 4 * PAGE, 0);
	zx_handle_t none = with_rights(_metadata, vmo, ZX_RIGHT_NONE);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unknown_ops); i++) {
		EXPECT_ST(ZX_ERR_INVALID_ARGS, OP(vmo, unknown_ops[i], 0, PAGE))
			TH_LOG("operation %#x", unknown_ops[i]);
		EXPECT_ST(ZX_ERR_INVALID_ARGS, OP(none, unknown_ops[i], 0, PAGE));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, OP(none, unknown_ops[i], UINT64_MAX, UINT64_MAX));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, OP(vmo, unknown_ops[i], 4 * PAGE, PAGE));
	}
}

/* The operations are numbers: COMMIT with DECOMMIT is LOCK. */
TEST(operations_cannot_be_combined)
{
	zx_handle_t vmo = vmo_create(_metadata, 4 * PAGE, 0);

	EXPECT_ST(ZX_ERR_NOT_SUPPORTED,
		  OP(vmo, ZX_VMO_OP_COMMIT | ZX_VMO_OP_DECOMMIT, 0, PAGE));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED,
		  OP(vmo, ZX_VMO_OP_COMMIT | ZX_VMO_OP_TRY_LOCK, 0, PAGE));
	EXPECT_EQ(0, vmo_pages(_metadata, vmo));
}

/* On every kind of VMO, on four written pages "vvvv" */

FIXTURE(plain) {
	zx_handle_t vmo;
	uint64_t size;
};

KIND_VARIANTS(plain);

FIXTURE_SETUP(plain)
{
	self->vmo = vmo_create(_metadata, 4 * PAGE, variant->options);
	self->size = vmo_size(_metadata, self->vmo);
	vmo_fill(_metadata, self->vmo, 0, 4 * PAGE, 'v');
}

FIXTURE_TEARDOWN(plain)
{
	/* No operation moves a size. */
	EXPECT_EQ(self->size, vmo_size(_metadata, self->vmo));
	EXPECT_EQ(4 * PAGE, vmo_stream_size(_metadata, self->vmo));
	EXPECT_EQ(0, vmo_info(_metadata, self->vmo).committed_change_events);
}

#define EXPECT_SPAN(offset, length, byte) \
	EXPECT_EQ(length, vmo_span(self->vmo, offset, length, byte))
#define EXPECT_PAGES(pages) \
	EXPECT_EQ(pages, vmo_pages(_metadata, self->vmo))

TEST_F(plain, what_does_not_change_contents_changes_nothing)
{
	size_t i;

	ASSERT_OK(DECOMMIT(self->vmo, PAGE, PAGE));
	for (i = 0; i < ARRAY_SIZE(all_ops); i++) {
		if (all_ops[i] == ZX_VMO_OP_COMMIT || all_ops[i] == ZX_VMO_OP_DECOMMIT ||
		    all_ops[i] == ZX_VMO_OP_ZERO)
			continue;
		OP(self->vmo, all_ops[i], 0, 4 * PAGE);
		EXPECT_PAGES(3) TH_LOG("operation %u", all_ops[i]);
		EXPECT_SPAN(0, PAGE, 'v');
		EXPECT_SPAN(PAGE, PAGE, 0);
		EXPECT_SPAN(2 * PAGE, 2 * PAGE, 'v');
	}
}

TEST_F(plain, what_fails_changes_nothing)
{
	static const uint32_t ops[] = {
		ZX_VMO_OP_COMMIT, ZX_VMO_OP_DECOMMIT, ZX_VMO_OP_ZERO,
	};
	size_t i;

	ASSERT_OK(DECOMMIT(self->vmo, PAGE, PAGE));
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP(self->vmo, ops[i], 0, self->size + 1));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP(self->vmo, ops[i], 0, self->size + PAGE));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP(self->vmo, ops[i], PAGE, UINT64_MAX - PAGE));
		EXPECT_PAGES(3) TH_LOG("operation %u", ops[i]);
		EXPECT_SPAN(0, PAGE, 'v');
		EXPECT_SPAN(2 * PAGE, 2 * PAGE, 'v');
	}
	EXPECT_ST(ZX_ERR_INVALID_ARGS, DECOMMIT(self->vmo, 0, 2 * PAGE + 1));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, DECOMMIT(self->vmo, 1, 2 * PAGE));
	EXPECT_PAGES(3);
}

/* COMMIT */

TEST_F(plain, commit_makes_zero_pages)
{
	ASSERT_OK(DECOMMIT(self->vmo, 0, 4 * PAGE));
	EXPECT_OK(COMMIT(self->vmo, PAGE, 2 * PAGE));
	EXPECT_PAGES(2);
	EXPECT_SPAN(0, 4 * PAGE, 0);
}

TEST_F(plain, commit_keeps_what_is_there)
{
	ASSERT_OK(DECOMMIT(self->vmo, PAGE, PAGE));
	EXPECT_OK(COMMIT(self->vmo, 0, 4 * PAGE));
	EXPECT_PAGES(4);
	EXPECT_SPAN(0, PAGE, 'v');
	EXPECT_SPAN(PAGE, PAGE, 0);
	EXPECT_SPAN(2 * PAGE, 2 * PAGE, 'v');
	EXPECT_OK(COMMIT(self->vmo, 0, 4 * PAGE));
	EXPECT_PAGES(4);
}

TEST_F(plain, commit_rounds_outwards)
{
	ASSERT_OK(DECOMMIT(self->vmo, 0, 4 * PAGE));
	EXPECT_OK(COMMIT(self->vmo, 1, 1));
	EXPECT_PAGES(1);
	EXPECT_OK(COMMIT(self->vmo, 2 * PAGE - 1, 2));
	EXPECT_PAGES(3);
	EXPECT_OK(COMMIT(self->vmo, 1, 4 * PAGE - 1));
	EXPECT_PAGES(4);
}

TEST_F(plain, commit_of_nothing_at_a_page_boundary)
{
	ASSERT_OK(DECOMMIT(self->vmo, 0, 4 * PAGE));
	EXPECT_OK(COMMIT(self->vmo, 0, 0));
	EXPECT_OK(COMMIT(self->vmo, PAGE, 0));
	EXPECT_PAGES(0);
}

TEST_F(plain, commit_of_nothing_inside_a_page_is_a_page)
{
	ASSERT_OK(DECOMMIT(self->vmo, 0, 4 * PAGE));
	EXPECT_OK(COMMIT(self->vmo, PAGE + 1, 0));
	EXPECT_PAGES(1);
	ASSERT_OK(DECOMMIT(self->vmo, PAGE, PAGE));
	EXPECT_PAGES(0);
	EXPECT_OK(COMMIT(self->vmo, self->size - 1, 0));
	EXPECT_PAGES(1);
	ASSERT_OK(DECOMMIT(self->vmo, self->size - PAGE, PAGE));
	EXPECT_PAGES(0);
}

TEST_F(plain, commit_needs_no_write_to_stay)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, 4 * PAGE);

	ASSERT_OK(DECOMMIT(self->vmo, 0, 4 * PAGE));
	EXPECT_OK(COMMIT(self->vmo, 0, 4 * PAGE));
	EXPECT_EQ(4 * PAGE, mem_span(p, 4 * PAGE, 0));
	EXPECT_PAGES(4);
	memset(p, 'm', 4 * PAGE);
	EXPECT_PAGES(4);
	EXPECT_SPAN(0, 4 * PAGE, 'm');
}

/* A mapped read of an absent page shows a zero page; then a real one comes. */
TEST_F(plain, commit_replaces_the_mapped_zero_page)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, 4 * PAGE);

	ASSERT_OK(DECOMMIT(self->vmo, 0, 4 * PAGE));
	EXPECT_EQ(4 * PAGE, mem_span(p, 4 * PAGE, 0));
	EXPECT_PAGES(0);
	EXPECT_OK(COMMIT(self->vmo, 0, 4 * PAGE));
	ASSERT_OK(zx_vmo_write(self->vmo, "x", 5, 1));
	EXPECT_EQ('x', p[5]);
	p[6] = 'y';
	EXPECT_SPAN(6, 1, 'y');
	EXPECT_PAGES(4);
}

/* All of the missing pages or none of them */
TEST_F(plain, commit_of_more_than_there_is)
{
	uint64_t size = 1ULL << 50;
	zx_handle_t vmo = vmo_create(_metadata, size, variant->options);

	vmo_fill(_metadata, vmo, 3 * PAGE, PAGE, 'v');
	EXPECT_ST(ZX_ERR_NO_MEMORY, COMMIT(vmo, 0, size));
	EXPECT_EQ(1, vmo_pages(_metadata, vmo));
	EXPECT_EQ(PAGE, vmo_span(vmo, 3 * PAGE, PAGE, 'v'));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, COMMIT(vmo, 1, vmo_size(_metadata, vmo)));
	EXPECT_OK(COMMIT(vmo, 0, 4 * PAGE));
	EXPECT_EQ(4, vmo_pages(_metadata, vmo));
	EXPECT_OK(zx_handle_close(vmo));
}

/* DECOMMIT */

TEST_F(plain, decommit_frees_and_reads_zero)
{
	EXPECT_OK(DECOMMIT(self->vmo, PAGE, 2 * PAGE));
	EXPECT_PAGES(2);
	EXPECT_SPAN(0, PAGE, 'v');
	EXPECT_SPAN(PAGE, 2 * PAGE, 0);
	EXPECT_SPAN(3 * PAGE, PAGE, 'v');
	EXPECT_PAGES(2);
}

TEST_F(plain, decommit_of_absent_pages)
{
	ASSERT_OK(DECOMMIT(self->vmo, 0, 4 * PAGE));
	EXPECT_OK(DECOMMIT(self->vmo, 0, 4 * PAGE));
	EXPECT_OK(DECOMMIT(self->vmo, self->size - PAGE, PAGE));
	EXPECT_PAGES(0);
}

TEST_F(plain, decommit_of_nothing_does_nothing)
{
	EXPECT_OK(DECOMMIT(self->vmo, PAGE, 0));
	EXPECT_OK(DECOMMIT(self->vmo, PAGE + 1, 0));
	EXPECT_PAGES(4);
	EXPECT_SPAN(0, 4 * PAGE, 'v');
}

TEST_F(plain, decommitted_page_can_be_written_again)
{
	ASSERT_OK(DECOMMIT(self->vmo, 0, 4 * PAGE));
	ASSERT_OK(zx_vmo_write(self->vmo, "x", PAGE + 9, 1));
	EXPECT_PAGES(1);
	EXPECT_SPAN(PAGE, 9, 0);
	EXPECT_SPAN(PAGE + 9, 1, 'x');
	EXPECT_SPAN(PAGE + 10, PAGE - 10, 0);
}

TEST_F(plain, decommit_shows_in_the_mapping)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, 4 * PAGE);

	EXPECT_EQ(4 * PAGE, mem_span(p, 4 * PAGE, 'v'));
	EXPECT_OK(DECOMMIT(self->vmo, 0, PAGE));
	EXPECT_EQ(PAGE, mem_span(p, PAGE, 0));
	EXPECT_PAGES(3);
	/* the next page's mapping is intact */
	EXPECT_EQ(3 * PAGE, mem_span(p + PAGE, 3 * PAGE, 'v'));
	p[PAGE] = 'm';
	EXPECT_SPAN(PAGE, 1, 'm');
	/* and the first can be used again */
	p[0] = 'n';
	EXPECT_SPAN(0, 1, 'n');
	EXPECT_SPAN(1, PAGE - 1, 0);
	EXPECT_PAGES(4);
}

TEST_F(plain, decommit_shows_in_every_mapping)
{
	unsigned char *whole = vmo_map_rw(_metadata, self->vmo, 0, 4 * PAGE);
	unsigned char *tail = vmo_map_rw(_metadata, self->vmo, 2 * PAGE, 2 * PAGE);
	unsigned char *ro = vmo_map(_metadata, self->vmo, ZX_VM_PERM_READ, 3 * PAGE, PAGE);
	unsigned char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	volatile unsigned char *go = shared;
	int status;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, shared);
	EXPECT_EQ(4 * PAGE, mem_span(whole, 4 * PAGE, 'v'));
	EXPECT_EQ(2 * PAGE, mem_span(tail, 2 * PAGE, 'v'));
	EXPECT_EQ(PAGE, mem_span(ro, PAGE, 'v'));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) { /* in another process, too */
		if (mem_span(tail, 2 * PAGE, 'v') != 2 * PAGE)
			_exit(1);
		go[0] = 1;
		while (!go[1])
			usleep(1000);
		_exit(mem_span(tail, PAGE, 'v') != PAGE || mem_span(ro, PAGE, 0) != PAGE);
	}
	while (!go[0] && !waitpid(pid, &status, WNOHANG))
		usleep(1000);
	ASSERT_EQ(1, go[0]);
	EXPECT_OK(DECOMMIT(self->vmo, 3 * PAGE, PAGE));
	EXPECT_EQ(PAGE, mem_span(whole + 3 * PAGE, PAGE, 0));
	EXPECT_EQ(PAGE, mem_span(tail + PAGE, PAGE, 0));
	EXPECT_EQ(PAGE, mem_span(ro, PAGE, 0));
	go[1] = 1;
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_PAGES(3);
}

TEST_F(plain, metadata_follows_the_pages)
{
	EXPECT_LT(0, vmo_info(_metadata, self->vmo).metadata_bytes);
	ASSERT_OK(DECOMMIT(self->vmo, 0, 4 * PAGE));
	EXPECT_OK(COMMIT(self->vmo, PAGE, PAGE));
	EXPECT_LT(0, vmo_info(_metadata, self->vmo).metadata_bytes);
}

/* ZERO */

TEST_F(plain, zero_frees_whole_pages)
{
	EXPECT_OK(ZERO(self->vmo, PAGE, 2 * PAGE));
	EXPECT_PAGES(2);
	EXPECT_SPAN(0, PAGE, 'v');
	EXPECT_SPAN(PAGE, 2 * PAGE, 0);
	EXPECT_SPAN(3 * PAGE, PAGE, 'v');
	EXPECT_OK(ZERO(self->vmo, 0, 4 * PAGE));
	EXPECT_PAGES(0);
	EXPECT_SPAN(0, 4 * PAGE, 0);
}

TEST_F(plain, zero_of_a_part_of_a_page_keeps_it)
{
	EXPECT_OK(ZERO(self->vmo, PAGE + 100, 200));
	EXPECT_PAGES(4);
	EXPECT_SPAN(0, PAGE + 100, 'v');
	EXPECT_SPAN(PAGE + 100, 200, 0);
	EXPECT_SPAN(PAGE + 300, 3 * PAGE - 300, 'v');
	EXPECT_OK(ZERO(self->vmo, 0, 1));
	EXPECT_SPAN(0, 1, 0);
	EXPECT_SPAN(1, PAGE + 99, 'v');
	EXPECT_OK(ZERO(self->vmo, 4 * PAGE - 1, 1));
	EXPECT_SPAN(PAGE + 300, 3 * PAGE - 301, 'v');
	EXPECT_SPAN(4 * PAGE - 1, 1, 0);
	EXPECT_PAGES(4);
}

TEST_F(plain, zero_across_a_page_boundary)
{
	EXPECT_OK(ZERO(self->vmo, 2 * PAGE - 3, 7));
	EXPECT_SPAN(0, 2 * PAGE - 3, 'v');
	EXPECT_SPAN(2 * PAGE - 3, 7, 0);
	EXPECT_SPAN(2 * PAGE + 4, 2 * PAGE - 4, 'v');
	EXPECT_PAGES(4);
}

TEST_F(plain, zero_from_half_to_half_frees_the_middle)
{
	EXPECT_OK(ZERO(self->vmo, PAGE / 2, 2 * PAGE));
	EXPECT_PAGES(3);
	EXPECT_SPAN(0, PAGE / 2, 'v');
	EXPECT_SPAN(PAGE / 2, 2 * PAGE, 0);
	EXPECT_SPAN(2 * PAGE + PAGE / 2, PAGE + PAGE / 2, 'v');
}

TEST_F(plain, zero_of_a_part_of_an_absent_page_commits_nothing)
{
	ASSERT_OK(DECOMMIT(self->vmo, 0, 4 * PAGE));
	EXPECT_OK(ZERO(self->vmo, 1, 1));
	EXPECT_OK(ZERO(self->vmo, PAGE / 2, 2 * PAGE));
	EXPECT_OK(ZERO(self->vmo, self->size - 1, 1));
	EXPECT_PAGES(0);
}

TEST_F(plain, zero_of_a_part_of_a_zero_page)
{
	ASSERT_OK(ZERO(self->vmo, 0, 4 * PAGE));
	ASSERT_OK(COMMIT(self->vmo, 0, PAGE));
	EXPECT_OK(ZERO(self->vmo, 10, 10));
	EXPECT_PAGES(1);
	EXPECT_SPAN(0, PAGE, 0);
}

TEST_F(plain, zero_of_nothing_does_nothing)
{
	EXPECT_OK(ZERO(self->vmo, 1, 0));
	EXPECT_OK(ZERO(self->vmo, self->size + 5 * PAGE, 0));
	EXPECT_OK(ZERO(self->vmo, UINT64_MAX, 0));
	EXPECT_PAGES(4);
	EXPECT_SPAN(0, 4 * PAGE, 'v');
}

TEST_F(plain, zero_shows_in_the_mapping)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, 4 * PAGE);
	unsigned char *q = vmo_map(_metadata, self->vmo, ZX_VM_PERM_READ, 2 * PAGE, PAGE);

	EXPECT_EQ(4 * PAGE, mem_span(p, 4 * PAGE, 'v'));
	EXPECT_EQ(PAGE, mem_span(q, PAGE, 'v'));
	EXPECT_OK(ZERO(self->vmo, PAGE - 10, 2 * PAGE + 20));
	EXPECT_EQ(PAGE - 10, mem_span(p, PAGE - 10, 'v'));
	EXPECT_EQ(2 * PAGE + 20, mem_span(p + PAGE - 10, 2 * PAGE + 20, 0));
	EXPECT_EQ(PAGE - 10, mem_span(p + 3 * PAGE + 10, PAGE - 10, 'v'));
	EXPECT_EQ(PAGE, mem_span(q, PAGE, 0));
	EXPECT_PAGES(2);
	/* It can be written again and starts from zero. */
	p[PAGE + 5] = 'm';
	EXPECT_SPAN(PAGE, 5, 0);
	EXPECT_SPAN(PAGE + 5, 1, 'm');
	EXPECT_EQ(0, q[0]);
	EXPECT_PAGES(3);
}

/* Costs follow populated pages, not the range. */

TEST(whole_sparse_vmo_is_quick)
{
	static const uint64_t written[] = {
		0, 1ULL << 30, 1ULL << 40, 1ULL << 50, 1ULL << 63, 0xffffffff00000000ULL,
	};
	static const struct {
		uint32_t op;
		uint64_t pages;
	} ops[] = {
		{ ZX_VMO_OP_PREFETCH, 6 }, { ZX_VMO_OP_DONT_NEED, 6 },
		{ ZX_VMO_OP_ALWAYS_NEED, 6 }, { ZX_VMO_OP_ZERO, 0 },
		{ ZX_VMO_OP_DECOMMIT, 0 },
	};
	zx_handle_t vmo = vmo_create(_metadata, MAX_SIZE, 0);
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		for (j = 0; j < ARRAY_SIZE(written); j++)
			ASSERT_OK(zx_vmo_write(vmo, "x", written[j], 1));
		EXPECT_EQ(ARRAY_SIZE(written), vmo_pages(_metadata, vmo));
		EXPECT_QUICK(EXPECT_OK(OP(vmo, ops[i].op, 0, MAX_SIZE)));
		EXPECT_EQ(ops[i].pages, vmo_pages(_metadata, vmo))
			TH_LOG("operation %u", ops[i].op);
	}
}

TEST(misaligned_zero_of_a_sparse_vmo_is_quick)
{
	zx_handle_t vmo = vmo_create(_metadata, MAX_SIZE, 0);

	ASSERT_OK(zx_vmo_write(vmo, "xyz", 0, 3));
	ASSERT_OK(zx_vmo_write(vmo, "xyz", MAX_SIZE - 3, 3));
	ASSERT_OK(zx_vmo_write(vmo, "xyz", 1ULL << 63, 3));
	EXPECT_QUICK(EXPECT_OK(ZERO(vmo, 1, MAX_SIZE - 2)));
	EXPECT_EQ(2, vmo_pages(_metadata, vmo));
	EXPECT_EQ(1, vmo_span(vmo, 0, 1, 'x'));
	EXPECT_EQ(PAGE - 1, vmo_span(vmo, 1, PAGE - 1, 0));
	EXPECT_EQ(1, vmo_span(vmo, MAX_SIZE - 1, 1, 'z'));
}

TEST(commit_of_what_is_committed_is_quick)
{
	zx_handle_t vmo = vmo_create(_metadata, MAX_SIZE, 0);

	EXPECT_QUICK(EXPECT_OK(COMMIT(vmo, MAX_SIZE - 512 * PAGE, 512 * PAGE)));
	EXPECT_QUICK(EXPECT_OK(COMMIT(vmo, (1ULL << 63) - 512 * PAGE, 1024 * PAGE)));
	EXPECT_EQ(1536, vmo_pages(_metadata, vmo));
	EXPECT_QUICK(EXPECT_OK(COMMIT(vmo, (1ULL << 63) - 512 * PAGE, 1024 * PAGE)));
	EXPECT_EQ(1536, vmo_pages(_metadata, vmo));
}

/* Ranges that begin and end inside, at and beyond nodes of 512 pages */
TEST(ranges_around_512_pages)
{
	static const uint16_t edges[] = { 0, 1, 510, 511, 512, 513, 1023, 1024, 1025, 1536 };
	zx_handle_t vmo = vmo_create(_metadata, 1536 * PAGE, 0);
	uint64_t from, length;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		for (j = i; j < ARRAY_SIZE(edges); j++) {
			from = edges[i];
			length = edges[j] - from;
			ASSERT_OK(COMMIT(vmo, from * PAGE, length * PAGE));
			EXPECT_EQ(length, vmo_pages(_metadata, vmo))
				TH_LOG("%ju to %u", (uintmax_t)from, edges[j]);
			if (length) { /* the outermost pages, and no others */
				ASSERT_OK(DECOMMIT(vmo, from * PAGE, PAGE));
				ASSERT_OK(ZERO(vmo, (edges[j] - 1) * PAGE, PAGE));
				EXPECT_EQ(length > 2 ? length - 2 : 0, vmo_pages(_metadata, vmo));
			}
			ASSERT_OK(COMMIT(vmo, from * PAGE, length * PAGE));
			EXPECT_EQ(length, vmo_pages(_metadata, vmo));
			if (from)
				ASSERT_OK(DECOMMIT(vmo, 0, from * PAGE));
			ASSERT_OK(DECOMMIT(vmo, edges[j] * PAGE, (1536 - edges[j]) * PAGE));
			EXPECT_EQ(length, vmo_pages(_metadata, vmo));
			ASSERT_OK(DECOMMIT(vmo, from * PAGE, length * PAGE));
			EXPECT_EQ(0, vmo_pages(_metadata, vmo));
		}
	}
}

/* Races: nothing crashes, nothing stale shows, the numbers add up. */

#define RACE_NS	400000000LL

struct race {
	zx_handle_t vmo;
	unsigned char *mapping;
	atomic_ulong dropped;	/* Values up to this one must not be seen again. */
	atomic_bool stop;
	unsigned long rounds;
	zx_status_t status;
};

static void *mapped_writer(void *arg)
{
	struct race *race = arg;
	unsigned long i;

	for (i = 0; !race->stop; i++)
		race->mapping[i % (4 * PAGE)] = 'w';
	race->rounds = i;
	return NULL;
}

static void *calling_writer(void *arg)
{
	struct race *race = arg;
	char buffer[3000];

	memset(buffer, 'w', sizeof(buffer));
	while (!race->stop && race->status == ZX_OK) {
		race->status = zx_vmo_write(race->vmo, buffer, (race->rounds * 1000) % (3 * PAGE),
					    sizeof(buffer));
		race->rounds++;
	}
	return NULL;
}

FIXTURE(writers) {
	struct race race;
};

FIXTURE_VARIANT(writers) {
	void *(*writer)(void *race);
	uint32_t op;
	uint64_t offset, length;
};

FIXTURE_VARIANT_ADD(writers, mapped_decommit) {
	mapped_writer, ZX_VMO_OP_DECOMMIT, 0, 4,
};
FIXTURE_VARIANT_ADD(writers, mapped_zero) { mapped_writer, ZX_VMO_OP_ZERO, 0, 4 };
FIXTURE_VARIANT_ADD(writers, mapped_commit) { mapped_writer, ZX_VMO_OP_COMMIT, 0, 4 };
FIXTURE_VARIANT_ADD(writers, calling_decommit) {
	calling_writer, ZX_VMO_OP_DECOMMIT, 1, 2,
};
FIXTURE_VARIANT_ADD(writers, calling_zero) { calling_writer, ZX_VMO_OP_ZERO, 1, 2 };
FIXTURE_VARIANT_ADD(writers, calling_commit) { calling_writer, ZX_VMO_OP_COMMIT, 0, 4 };

FIXTURE_SETUP(writers)
{
	self->race.vmo = vmo_create(_metadata, 4 * PAGE, 0);
	self->race.mapping = vmo_map_rw(_metadata, self->race.vmo, 0, 4 * PAGE);
}

FIXTURE_TEARDOWN(writers)
{
}

TEST_F(writers, race_with_operations)
{
	int64_t end = zx_clock_get_monotonic() + RACE_NS;
	unsigned char buffer[4096];
	unsigned long rounds = 0;
	uint64_t offset, i;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, variant->writer, &self->race));
	do {
		ASSERT_OK(OP(self->race.vmo, variant->op, variant->offset * PAGE,
			     variant->length * PAGE));
		rounds++;
	} while (zx_clock_get_monotonic() < end);
	self->race.stop = true;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_OK(self->race.status);
	EXPECT_LT(0, rounds);
	EXPECT_LT(0, self->race.rounds);
	EXPECT_GE(4, vmo_pages(_metadata, self->race.vmo));
	/* Each byte is what the writer wrote or zero. */
	for (offset = 0; offset < 4 * PAGE; offset += sizeof(buffer)) {
		ASSERT_OK(zx_vmo_read(self->race.vmo, buffer, offset, sizeof(buffer)));
		for (i = 0; i < sizeof(buffer); i++)
			ASSERT_TRUE(buffer[i] == 'w' || buffer[i] == 0);
	}
	ASSERT_OK(DECOMMIT(self->race.vmo, 0, 4 * PAGE));
	EXPECT_EQ(0, vmo_pages(_metadata, self->race.vmo));
	EXPECT_EQ(4 * PAGE, mem_span(self->race.mapping, 4 * PAGE, 0));
}

/* Sees a value only while it was not decommitted before the look. */
static void *stale_reader(void *arg)
{
	struct race *race = arg;
	volatile unsigned long *word = (void *)race->mapping;
	unsigned long dropped, value;

	while (!race->stop && race->status == ZX_OK) {
		dropped = race->dropped;
		value = *word;
		if (value && value <= dropped)
			race->status = ZX_ERR_IO_DATA_INTEGRITY;
		race->rounds++;
	}
	return NULL;
}

FIXTURE(dropping) {
	struct race race;
};

FIXTURE_VARIANT(dropping) {
	uint32_t op;
};

FIXTURE_VARIANT_ADD(dropping, decommit) { ZX_VMO_OP_DECOMMIT };
FIXTURE_VARIANT_ADD(dropping, zero) { ZX_VMO_OP_ZERO };

FIXTURE_SETUP(dropping)
{
	self->race.vmo = vmo_create(_metadata, 2 * PAGE, 0);
	self->race.mapping = vmo_map_rw(_metadata, self->race.vmo, 0, PAGE);
}

FIXTURE_TEARDOWN(dropping)
{
}

TEST_F(dropping, readers_never_see_what_is_gone)
{
	int64_t end = zx_clock_get_monotonic() + RACE_NS;
	unsigned long value = 0;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, stale_reader, &self->race));
	do {
		value++;
		ASSERT_OK(zx_vmo_write(self->race.vmo, &value, 0, sizeof(value)));
		ASSERT_OK(OP(self->race.vmo, variant->op, 0, PAGE));
		self->race.dropped = value;
	} while (zx_clock_get_monotonic() < end);
	self->race.stop = true;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_OK(self->race.status);
	EXPECT_LT(0, self->race.rounds);
}

/* The rest of a COMMIT is dropped where the VMO has shrunk meanwhile. */
static void *committer(void *arg)
{
	struct race *race = arg;

	while (!race->stop && (race->status == ZX_OK || race->status == ZX_ERR_OUT_OF_RANGE)) {
		race->status = COMMIT(race->vmo, 0, 64 * PAGE);
		race->rounds++;
	}
	return NULL;
}

TEST(commit_races_with_resize)
{
	struct race race = { .vmo = vmo_create(_metadata, 64 * PAGE, ZX_VMO_RESIZABLE) };
	int64_t end = zx_clock_get_monotonic() + RACE_NS;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, committer, &race));
	do {
		ASSERT_OK(zx_vmo_set_size(race.vmo, 0));
		ASSERT_OK(zx_vmo_set_size(race.vmo, 64 * PAGE));
		ASSERT_OK(zx_vmo_set_size(race.vmo, 3 * PAGE));
		EXPECT_GE(3, vmo_pages(_metadata, race.vmo));
		ASSERT_OK(zx_vmo_set_size(race.vmo, 64 * PAGE));
	} while (zx_clock_get_monotonic() < end);
	race.stop = true;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_TRUE(race.status == ZX_OK || race.status == ZX_ERR_OUT_OF_RANGE)
		TH_LOG("%s", zt_status_name(race.status));
	EXPECT_LT(0, race.rounds);
	ASSERT_OK(zx_vmo_set_size(race.vmo, 0));
	EXPECT_EQ(0, vmo_pages(_metadata, race.vmo));
}

/* Who is killed does not finish his work first, and leaves a usable VMO. */
TEST(killed_in_the_middle)
{
	const uint64_t size = 16384 * PAGE;
	zx_handle_t vmo = vmo_create(_metadata, size, 0);
	int64_t start;
	int i, status;
	pid_t pid;

	for (i = 0; i < 5; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			while (COMMIT(vmo, 0, size) == ZX_OK && DECOMMIT(vmo, 0, size) == ZX_OK)
				;
			_exit(1);
		}
		usleep(1 << 2 * (i + 4));
		start = zx_clock_get_monotonic();
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_GT(QUICK_NS, zx_clock_get_monotonic() - start);
		EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		EXPECT_GE(size / PAGE, vmo_pages(_metadata, vmo));
		ASSERT_OK(DECOMMIT(vmo, 0, size));
		EXPECT_EQ(0, vmo_pages(_metadata, vmo));
	}
}

TEST_HARNESS_MAIN
