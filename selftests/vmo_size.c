// SPDX-License-Identifier: GPL-2.0-only
/*
 * The three sizes: zx_vmo_get_size() and set_size(), zx_vmo_get_stream_size()
 * and set_stream_size(), ZX_PROP_VMO_CONTENT_SIZE
 */
#include "vmo_test.h"

#define BEYOND_2_TO_THE_64	(UINT64_MAX - PAGE + 2)

/* get_size() and get_stream_size(), which take and refuse the same */

FIXTURE(get) {
	zx_handle_t vmo;
};

FIXTURE_VARIANT(get) {
	zx_status_t (*call)(zx_handle_t handle, uint64_t *size);
};

FIXTURE_VARIANT_ADD(get, size) { zx_vmo_get_size };
FIXTURE_VARIANT_ADD(get, stream_size) { zx_vmo_get_stream_size };

FIXTURE_SETUP(get)
{
	self->vmo = vmo_create(_metadata, 2 * PAGE, 0);
}

FIXTURE_TEARDOWN(get)
{
}

TEST_F(get, needs_no_right)
{
	uint64_t size = 0;

	EXPECT_OK(variant->call(with_rights(_metadata, self->vmo, ZX_RIGHT_NONE),
				&size));
	EXPECT_EQ(2 * PAGE, size);
}

TEST_F(get, bad_handle)
{
	uint64_t size = 77;

	EXPECT_ST(ZX_ERR_BAD_HANDLE, variant->call(closed_handle(_metadata), &size));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, variant->call(ZX_HANDLE_INVALID, &size));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, variant->call(ZX_HANDLE_INVALID, NULL));
	EXPECT_EQ(77, size);
}

TEST_F(get, wrong_type)
{
	uint64_t size = 77;

	EXPECT_ST(ZX_ERR_WRONG_TYPE, variant->call(wrong_type(_metadata), &size));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, variant->call(wrong_type(_metadata), NULL));
	EXPECT_EQ(77, size);
}

TEST_F(get, bad_pointer)
{
	unsigned char *hole = page_before_hole(_metadata) + PAGE;

	EXPECT_ST(ZX_ERR_INVALID_ARGS, variant->call(self->vmo, NULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, variant->call(self->vmo, (uint64_t *)hole));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, variant->call(self->vmo, (uint64_t *)(hole - 4)));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  variant->call(self->vmo, (uint64_t *)user_pages(_metadata, 1, PROT_READ)));
}

/* set_size(): the order of errors. Nothing changes when it fails. */

#define EXPECT_SIZES(size, stream_size) do {				\
	EXPECT_EQ(size, vmo_size(_metadata, self->vmo));		\
	EXPECT_EQ(stream_size, vmo_stream_size(_metadata, self->vmo));	\
} while (0)

FIXTURE(not_resizable) {
	zx_handle_t vmo;
	uint64_t size;
};

FIXTURE_VARIANT(not_resizable) {
	uint32_t options;
};

FIXTURE_VARIANT_ADD(not_resizable, fixed) { 0 };
FIXTURE_VARIANT_ADD(not_resizable, unbounded) { ZX_VMO_UNBOUNDED };

FIXTURE_SETUP(not_resizable)
{
	self->vmo = vmo_create(_metadata, 4 * PAGE - 1, variant->options);
	self->size = vmo_size(_metadata, self->vmo);
	vmo_fill(_metadata, self->vmo, 0, 4 * PAGE, 'v');
}

FIXTURE_TEARDOWN(not_resizable)
{
	EXPECT_SIZES(self->size, 4 * PAGE - 1);
	EXPECT_EQ(4 * PAGE, vmo_span(self->vmo, 0, 4 * PAGE, 'v'));
}

TEST_F(not_resizable, every_size_is_unavailable)
{
	EXPECT_ST(ZX_ERR_UNAVAILABLE, zx_vmo_set_size(self->vmo, 0));
	EXPECT_ST(ZX_ERR_UNAVAILABLE, zx_vmo_set_size(self->vmo, 4 * PAGE));
	EXPECT_ST(ZX_ERR_UNAVAILABLE, zx_vmo_set_size(self->vmo, 4 * PAGE - 1));
	EXPECT_ST(ZX_ERR_UNAVAILABLE, zx_vmo_set_size(self->vmo, 9 * PAGE));
	EXPECT_ST(ZX_ERR_UNAVAILABLE, zx_vmo_set_size(self->vmo, MAX_SIZE));
}

TEST_F(not_resizable, unavailable_before_the_largest_size)
{
	EXPECT_ST(ZX_ERR_UNAVAILABLE, zx_vmo_set_size(self->vmo, MAX_SIZE + 1));
	EXPECT_ST(ZX_ERR_UNAVAILABLE,
		  zx_vmo_set_size(self->vmo, BEYOND_2_TO_THE_64 - 1));
}

TEST_F(not_resizable, wrapping_size_before_unavailable)
{
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  zx_vmo_set_size(self->vmo, BEYOND_2_TO_THE_64));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_set_size(self->vmo, UINT64_MAX));
}

TEST_F(not_resizable, write_right_before_everything)
{
	zx_handle_t handle = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);

	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_size(handle, 0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_size(handle, UINT64_MAX));
}

TEST_F(not_resizable, write_is_the_only_right_looked_at)
{
	zx_handle_t handle = with_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);

	EXPECT_ST(ZX_ERR_UNAVAILABLE, zx_vmo_set_size(handle, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_set_size(handle, UINT64_MAX));
}

FIXTURE(resizable) {
	zx_handle_t vmo;
};

FIXTURE_SETUP(resizable)
{
	self->vmo = vmo_create(_metadata, 4 * PAGE - 1, ZX_VMO_RESIZABLE);
	vmo_fill(_metadata, self->vmo, 0, 4 * PAGE, 'v');
}

FIXTURE_TEARDOWN(resizable)
{
}

TEST_F(resizable, bad_handle)
{
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_vmo_set_size(closed_handle(_metadata), 0));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_vmo_set_size(ZX_HANDLE_INVALID, UINT64_MAX));
}

TEST_F(resizable, wrong_type)
{
	EXPECT_ST(ZX_ERR_WRONG_TYPE, zx_vmo_set_size(wrong_type(_metadata), 0));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, zx_vmo_set_size(wrong_type(_metadata), UINT64_MAX));
}

TEST_F(resizable, needs_write_and_resize)
{
	zx_handle_t no_write = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);
	zx_handle_t no_resize = without_rights(_metadata, self->vmo, ZX_RIGHT_RESIZE);
	zx_handle_t just_enough = with_rights(_metadata, self->vmo,
					      ZX_RIGHT_WRITE | ZX_RIGHT_RESIZE);

	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_size(no_write, 0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_size(no_resize, 0));
	/* even for the size that it has */
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_size(no_resize, 4 * PAGE - 1));
	EXPECT_SIZES(4 * PAGE, 4 * PAGE - 1);
	EXPECT_OK(zx_vmo_set_size(just_enough, 2 * PAGE));
	EXPECT_SIZES(2 * PAGE, 2 * PAGE);
}

TEST_F(resizable, rights_before_size)
{
	zx_handle_t no_write = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);
	zx_handle_t no_resize = without_rights(_metadata, self->vmo, ZX_RIGHT_RESIZE);

	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_size(no_write, UINT64_MAX));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_size(no_resize, UINT64_MAX));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_size(no_resize, MAX_SIZE + 1));
}

TEST_F(resizable, size_out_of_range)
{
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_set_size(self->vmo, UINT64_MAX));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_set_size(self->vmo, BEYOND_2_TO_THE_64));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_set_size(self->vmo, BEYOND_2_TO_THE_64 - 1));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_set_size(self->vmo, MAX_SIZE + 1));
	EXPECT_SIZES(4 * PAGE, 4 * PAGE - 1);
	EXPECT_EQ(4 * PAGE, vmo_span(self->vmo, 0, 4 * PAGE, 'v'));
}

/* set_size(): what it does */

TEST_F(resizable, rounds_up_to_pages)
{
	EXPECT_OK(zx_vmo_set_size(self->vmo, 1));
	EXPECT_SIZES(PAGE, 1);
	EXPECT_OK(zx_vmo_set_size(self->vmo, PAGE));
	EXPECT_SIZES(PAGE, PAGE);
	EXPECT_OK(zx_vmo_set_size(self->vmo, PAGE + 1));
	EXPECT_SIZES(2 * PAGE, PAGE + 1);
	EXPECT_OK(zx_vmo_set_size(self->vmo, 0));
	EXPECT_SIZES(0, 0);
}

TEST_F(resizable, sets_the_stream_size_both_ways)
{
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, 10));
	EXPECT_OK(zx_vmo_set_size(self->vmo, 8 * PAGE + 5));
	EXPECT_SIZES(9 * PAGE, 8 * PAGE + 5);
	EXPECT_OK(zx_vmo_set_size(self->vmo, 3));
	EXPECT_SIZES(PAGE, 3);
}

TEST_F(resizable, same_size)
{
	EXPECT_OK(zx_vmo_set_size(self->vmo, 4 * PAGE));
	EXPECT_SIZES(4 * PAGE, 4 * PAGE);
	EXPECT_EQ(4 * PAGE, vmo_span(self->vmo, 0, 4 * PAGE, 'v'));
	EXPECT_EQ(4, vmo_pages(_metadata, self->vmo));
}

TEST_F(resizable, largest_size_and_back)
{
	EXPECT_QUICK(EXPECT_OK(zx_vmo_set_size(self->vmo, MAX_SIZE)));
	EXPECT_SIZES(MAX_SIZE, MAX_SIZE);
	EXPECT_EQ(4 * PAGE, vmo_span(self->vmo, 0, 4 * PAGE, 'v'));
	ASSERT_OK(zx_vmo_write(self->vmo, "e", MAX_SIZE - 1, 1));
	EXPECT_EQ(5, vmo_pages(_metadata, self->vmo));
	EXPECT_QUICK(EXPECT_OK(zx_vmo_set_size(self->vmo, 3 * PAGE)));
	EXPECT_EQ(3, vmo_pages(_metadata, self->vmo));
	EXPECT_QUICK(EXPECT_OK(zx_vmo_set_size(self->vmo, MAX_SIZE)));
	EXPECT_EQ(3, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(1, vmo_span(self->vmo, MAX_SIZE - 1, 1, 0));
}

TEST_F(resizable, shrink_frees_and_grown_range_is_zero)
{
	EXPECT_OK(zx_vmo_set_size(self->vmo, PAGE));
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	EXPECT_OK(zx_vmo_set_size(self->vmo, 4 * PAGE));
	EXPECT_EQ(PAGE, vmo_span(self->vmo, 0, PAGE, 'v'));
	EXPECT_EQ(3 * PAGE, vmo_span(self->vmo, PAGE, 3 * PAGE, 0));
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
}

TEST_F(resizable, shrink_to_0_frees_everything)
{
	EXPECT_OK(zx_vmo_set_size(self->vmo, 0));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
	EXPECT_OK(zx_vmo_set_size(self->vmo, 4 * PAGE));
	EXPECT_EQ(4 * PAGE, vmo_span(self->vmo, 0, 4 * PAGE, 0));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
}

TEST_F(resizable, tail_of_the_last_page_is_zeroed)
{
	EXPECT_OK(zx_vmo_set_size(self->vmo, 2 * PAGE + 100));
	EXPECT_EQ(2 * PAGE + 100, vmo_span(self->vmo, 0, 2 * PAGE + 100, 'v'));
	EXPECT_EQ(PAGE - 100, vmo_span(self->vmo, 2 * PAGE + 100, PAGE - 100, 0));
	EXPECT_EQ(3, vmo_pages(_metadata, self->vmo));
	EXPECT_OK(zx_vmo_set_size(self->vmo, 4 * PAGE));
	EXPECT_EQ(2 * PAGE - 100, vmo_span(self->vmo, 2 * PAGE + 100, 2 * PAGE - 100, 0));
}

/* The number of pages stays, yet the size is another one. */
TEST_F(resizable, tail_is_zeroed_within_the_same_page)
{
	EXPECT_OK(zx_vmo_set_size(self->vmo, 3 * PAGE + 7));
	EXPECT_SIZES(4 * PAGE, 3 * PAGE + 7);
	EXPECT_EQ(3 * PAGE + 7, vmo_span(self->vmo, 0, 3 * PAGE + 7, 'v'));
	EXPECT_EQ(PAGE - 7, vmo_span(self->vmo, 3 * PAGE + 7, PAGE - 7, 0));
}

TEST_F(resizable, tail_of_an_absent_page_is_not_committed)
{
	ASSERT_OK(zx_vmo_set_size(self->vmo, 0));
	EXPECT_OK(zx_vmo_set_size(self->vmo, 3 * PAGE + 7));
	EXPECT_OK(zx_vmo_set_size(self->vmo, 2 * PAGE + 7));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
}

TEST_F(resizable, grow_keeps_contents)
{
	EXPECT_OK(zx_vmo_set_size(self->vmo, 8 * PAGE));
	EXPECT_EQ(4 * PAGE, vmo_span(self->vmo, 0, 4 * PAGE, 'v'));
	EXPECT_EQ(4 * PAGE, vmo_span(self->vmo, 4 * PAGE, 4 * PAGE, 0));
	EXPECT_EQ(4, vmo_pages(_metadata, self->vmo));
	EXPECT_OK(zx_vmo_write(self->vmo, "x", 8 * PAGE - 1, 1));
}

/* A tree grows and shrinks by levels: each step keeps what is below. */
TEST_F(resizable, every_power_of_two)
{
	uint64_t size, pages = 4;

	for (size = 8 * PAGE; size && size <= MAX_SIZE; size <<= 1) {
		EXPECT_OK(zx_vmo_set_size(self->vmo, size));
		EXPECT_OK(zx_vmo_write(self->vmo, "x", size - 1, 1));
		EXPECT_EQ(++pages, vmo_pages(_metadata, self->vmo))
			TH_LOG("size %#jx", (uintmax_t)size);
	}
	EXPECT_OK(zx_vmo_set_size(self->vmo, MAX_SIZE));
	for (size = 1ULL << 63; size >= 8 * PAGE; size >>= 1) {
		EXPECT_OK(zx_vmo_set_size(self->vmo, size));
		EXPECT_EQ(1, vmo_span(self->vmo, size - 1, 1, 'x'));
		EXPECT_EQ(pages--, vmo_pages(_metadata, self->vmo))
			TH_LOG("size %#jx", (uintmax_t)size);
	}
	EXPECT_OK(zx_vmo_set_size(self->vmo, 4 * PAGE));
	EXPECT_EQ(4, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(4 * PAGE, vmo_span(self->vmo, 0, 4 * PAGE, 'v'));
}

TEST_F(resizable, mapping_faults_past_the_end_until_it_grows)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, 4 * PAGE);

	EXPECT_EQ(4 * PAGE, mem_span(p, 4 * PAGE, 'v'));
	EXPECT_OK(zx_vmo_set_size(self->vmo, 2 * PAGE));
	EXPECT_EQ(2 * PAGE, mem_span(p, 2 * PAGE, 'v'));
	EXPECT_EQ(SIGBUS, zt_load(p + 2 * PAGE).signal);
	EXPECT_EQ(SIGBUS, zt_store(p + 2 * PAGE, 1).signal);
	EXPECT_EQ(SIGBUS, zt_load(p + 4 * PAGE - 1).signal);
	EXPECT_OK(zx_vmo_set_size(self->vmo, 3 * PAGE));
	EXPECT_EQ(PAGE, mem_span(p + 2 * PAGE, PAGE, 0));
	EXPECT_EQ(0, zt_store(p + 2 * PAGE, 1).signal);
	EXPECT_EQ(SIGBUS, zt_load(p + 3 * PAGE).signal);
	EXPECT_OK(zx_vmo_set_size(self->vmo, 0));
	EXPECT_EQ(SIGBUS, zt_load(p).signal);
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
	EXPECT_OK(zx_vmo_set_size(self->vmo, 4 * PAGE));
	EXPECT_EQ(4 * PAGE, mem_span(p, 4 * PAGE, 0));
}

TEST_F(resizable, mapping_sees_the_zeroed_tail)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, 4 * PAGE);

	p[2 * PAGE + 99] = 'm';
	EXPECT_OK(zx_vmo_set_size(self->vmo, 2 * PAGE + 50));
	EXPECT_EQ(2 * PAGE + 50, mem_span(p, 2 * PAGE + 50, 'v'));
	EXPECT_EQ(PAGE - 50, mem_span(p + 2 * PAGE + 50, PAGE - 50, 0));
}

TEST_F(resizable, mapping_in_the_grown_part_works)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 6 * PAGE, PAGE);

	EXPECT_EQ(SIGBUS, zt_load(p).signal);
	EXPECT_OK(zx_vmo_set_size(self->vmo, 7 * PAGE));
	EXPECT_EQ(0, zt_store(p, 1).signal);
	p[1] = 'm';
	EXPECT_EQ(1, vmo_span(self->vmo, 6 * PAGE + 1, 1, 'm'));
	EXPECT_EQ(5, vmo_pages(_metadata, self->vmo));
}

struct resize {
	zx_handle_t vmo;
	uint64_t pages;
	zx_status_t status;
};

static void *resize_thread(void *arg)
{
	struct resize *r = arg;
	int i;

	for (i = 0; i < 1000 && r->status == ZX_OK; i++)
		r->status = zx_vmo_set_size(r->vmo, (i % r->pages) * PAGE + r->pages);
	return NULL;
}

TEST_F(resizable, resizers_do_not_disturb_each_other)
{
	struct resize r[] = { { self->vmo, 5, ZX_OK }, { self->vmo, 9, ZX_OK } };
	uint64_t size, stream_size;
	pthread_t threads[2];
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, resize_thread, &r[i]));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
		EXPECT_OK(r[i].status);
	}
	/* Both sizes are of the same call. */
	size = vmo_size(_metadata, self->vmo);
	stream_size = vmo_stream_size(_metadata, self->vmo);
	EXPECT_EQ(size, (stream_size + PAGE - 1) / PAGE * PAGE);
	EXPECT_GE(size / PAGE, vmo_pages(_metadata, self->vmo));
}

/* set_stream_size() */

FIXTURE(stream) {
	zx_handle_t vmo;
	uint64_t size;
};

KIND_VARIANTS(stream);

FIXTURE_SETUP(stream)
{
	self->vmo = vmo_create(_metadata, 4 * PAGE, variant->options);
	self->size = vmo_size(_metadata, self->vmo);
	vmo_fill(_metadata, self->vmo, 0, 4 * PAGE, 'v');
}

FIXTURE_TEARDOWN(stream)
{
	EXPECT_EQ(self->size, vmo_size(_metadata, self->vmo));
}

TEST_F(stream, bad_handle)
{
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_vmo_set_stream_size(closed_handle(_metadata), 0));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_vmo_set_stream_size(ZX_HANDLE_INVALID, UINT64_MAX));
}

TEST_F(stream, wrong_type)
{
	EXPECT_ST(ZX_ERR_WRONG_TYPE, zx_vmo_set_stream_size(wrong_type(_metadata), 0));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, zx_vmo_set_stream_size(wrong_type(_metadata), UINT64_MAX));
}

TEST_F(stream, needs_write_and_nothing_else)
{
	zx_handle_t no_write = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);
	zx_handle_t only_write = with_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);

	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_stream_size(no_write, 0));
	/* even for the stream size that it has, and before the range */
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_stream_size(no_write, 4 * PAGE));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_stream_size(no_write, UINT64_MAX));
	EXPECT_OK(zx_vmo_set_stream_size(only_write, PAGE));
	EXPECT_SIZES(self->size, PAGE);
}

TEST_F(stream, up_to_the_size)
{
	EXPECT_OK(zx_vmo_set_stream_size(self->vmo, self->size));
	EXPECT_SIZES(self->size, self->size);
	EXPECT_OK(zx_vmo_set_stream_size(self->vmo, self->size - 1));
	EXPECT_SIZES(self->size, self->size - 1);
	EXPECT_OK(zx_vmo_set_stream_size(self->vmo, 0));
	EXPECT_SIZES(self->size, 0);
}

TEST_F(stream, beyond_the_size)
{
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_set_stream_size(self->vmo, self->size + 1));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_set_stream_size(self->vmo, UINT64_MAX));
	EXPECT_SIZES(self->size, 4 * PAGE);
	EXPECT_EQ(4 * PAGE, vmo_span(self->vmo, 0, 4 * PAGE, 'v'));
}

TEST_F(stream, shrinking_zeroes_to_the_end)
{
	EXPECT_OK(zx_vmo_set_stream_size(self->vmo, PAGE + 10));
	EXPECT_EQ(PAGE + 10, vmo_span(self->vmo, 0, PAGE + 10, 'v'));
	EXPECT_EQ(3 * PAGE - 10, vmo_span(self->vmo, PAGE + 10, 3 * PAGE - 10, 0));
}

TEST_F(stream, growing_zeroes_from_the_old_one)
{
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, PAGE));
	vmo_fill(_metadata, self->vmo, 0, 4 * PAGE, 'w');
	EXPECT_OK(zx_vmo_set_stream_size(self->vmo, 3 * PAGE));
	EXPECT_EQ(PAGE, vmo_span(self->vmo, 0, PAGE, 'w'));
	EXPECT_EQ(3 * PAGE, vmo_span(self->vmo, PAGE, 3 * PAGE, 0));
}

TEST_F(stream, same_value_changes_nothing)
{
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, PAGE));
	vmo_fill(_metadata, self->vmo, 0, 4 * PAGE, 'w');
	EXPECT_OK(zx_vmo_set_stream_size(self->vmo, PAGE));
	EXPECT_EQ(4 * PAGE, vmo_span(self->vmo, 0, 4 * PAGE, 'w'));
	EXPECT_EQ(4, vmo_pages(_metadata, self->vmo));
}

TEST_F(stream, whole_pages_are_freed)
{
	EXPECT_OK(zx_vmo_set_stream_size(self->vmo, PAGE + 10));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
	EXPECT_OK(zx_vmo_set_stream_size(self->vmo, PAGE));
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	EXPECT_OK(zx_vmo_set_stream_size(self->vmo, 0));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
}

TEST_F(stream, absent_pages_stay_absent)
{
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, 0));
	EXPECT_OK(zx_vmo_set_stream_size(self->vmo, 3 * PAGE + 1));
	EXPECT_OK(zx_vmo_set_stream_size(self->vmo, PAGE + 1));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
}

TEST_F(stream, mappings_see_the_zeros)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, 4 * PAGE);
	unsigned char *q = vmo_map_rw(_metadata, self->vmo, PAGE, PAGE);

	EXPECT_EQ(4 * PAGE, mem_span(p, 4 * PAGE, 'v'));
	EXPECT_EQ(PAGE, mem_span(q, PAGE, 'v'));
	EXPECT_OK(zx_vmo_set_stream_size(self->vmo, PAGE + 10));
	EXPECT_EQ(PAGE + 10, mem_span(p, PAGE + 10, 'v'));
	EXPECT_EQ(3 * PAGE - 10, mem_span(p + PAGE + 10, 3 * PAGE - 10, 0));
	EXPECT_EQ(PAGE - 10, mem_span(q + 10, PAGE - 10, 0));
	/* and can go on to use what lies beyond */
	p[3 * PAGE] = 'm';
	EXPECT_EQ(1, vmo_span(self->vmo, 3 * PAGE, 1, 'm'));
}

TEST_F(stream, writing_does_not_move_it)
{
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, 10));
	vmo_fill(_metadata, self->vmo, 0, 4 * PAGE, 'w');
	ASSERT_OK(zx_vmo_op_range(self->vmo, ZX_VMO_OP_ZERO, 0, 4 * PAGE, NULL, 0));
	ASSERT_OK(zx_vmo_op_range(self->vmo, ZX_VMO_OP_COMMIT, 0, 4 * PAGE, NULL, 0));
	EXPECT_SIZES(self->size, 10);
}

TEST(stream_size_of_2_to_the_64_is_quick)
{
	zx_handle_t vmo = vmo_create(_metadata, 0, ZX_VMO_UNBOUNDED);

	vmo_fill(_metadata, vmo, MAX_SIZE - PAGE, PAGE, 'v');
	EXPECT_QUICK(EXPECT_OK(zx_vmo_set_stream_size(vmo, MAX_SIZE - 5)));
	EXPECT_EQ(0, vmo_pages(_metadata, vmo));
	vmo_fill(_metadata, vmo, MAX_SIZE - PAGE, PAGE, 'v');
	EXPECT_QUICK(EXPECT_OK(zx_vmo_set_stream_size(vmo, MAX_SIZE)));
	EXPECT_EQ(PAGE - 5, vmo_span(vmo, MAX_SIZE - PAGE, PAGE, 'v'));
	EXPECT_QUICK(EXPECT_OK(zx_vmo_set_stream_size(vmo, 1)));
	EXPECT_EQ(0, vmo_pages(_metadata, vmo));
}

/* ZX_PROP_VMO_CONTENT_SIZE is the stream size by another name */

static zx_status_t get_content_size(zx_handle_t vmo, uint64_t *size)
{
	return zx_object_get_property(vmo, ZX_PROP_VMO_CONTENT_SIZE, size, sizeof(*size));
}

static zx_status_t set_content_size(zx_handle_t vmo, uint64_t size)
{
	return zx_object_set_property(vmo, ZX_PROP_VMO_CONTENT_SIZE, &size, sizeof(size));
}

TEST_F(stream, content_size_is_the_stream_size)
{
	uint64_t size;

	EXPECT_OK(get_content_size(self->vmo, &size));
	EXPECT_EQ(4 * PAGE, size);
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, 77));
	EXPECT_OK(get_content_size(self->vmo, &size));
	EXPECT_EQ(77, size);
	EXPECT_OK(set_content_size(self->vmo, 99));
	EXPECT_SIZES(self->size, 99);
}

TEST_F(stream, shrinking_content_zeroes_to_the_end)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, 4 * PAGE);

	EXPECT_EQ(4 * PAGE, mem_span(p, 4 * PAGE, 'v'));
	EXPECT_OK(set_content_size(self->vmo, PAGE + 10));
	EXPECT_EQ(PAGE + 10, vmo_span(self->vmo, 0, PAGE + 10, 'v'));
	EXPECT_EQ(3 * PAGE - 10, vmo_span(self->vmo, PAGE + 10, 3 * PAGE - 10, 0));
	EXPECT_EQ(3 * PAGE - 10, mem_span(p + PAGE + 10, 3 * PAGE - 10, 0));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
}

/* The property accepts what the call refuses. */
TEST_F(stream, content_size_beyond_the_size)
{
	uint64_t size = self->size + 15643;

	EXPECT_OK(set_content_size(self->vmo, size));
	EXPECT_SIZES(self->size, size);
	EXPECT_EQ(4 * PAGE, vmo_span(self->vmo, 0, 4 * PAGE, 'v'));
	EXPECT_OK(set_content_size(self->vmo, UINT64_MAX));
	EXPECT_SIZES(self->size, UINT64_MAX);
	/* It limits nothing, and the way back is open. */
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_write(self->vmo, "x", self->size, 1));
	EXPECT_OK(zx_vmo_set_stream_size(self->vmo, 2 * PAGE));
	EXPECT_EQ(2 * PAGE, vmo_span(self->vmo, 0, 2 * PAGE, 'v'));
	EXPECT_EQ(2 * PAGE, vmo_span(self->vmo, 2 * PAGE, 2 * PAGE, 0));
	EXPECT_SIZES(self->size, 2 * PAGE);
}

TEST_F(stream, content_size_rights)
{
	const zx_rights_t both = ZX_RIGHT_SET_PROPERTY | ZX_RIGHT_WRITE;
	zx_handle_t no_write = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);
	zx_handle_t no_set = without_rights(_metadata, self->vmo, ZX_RIGHT_SET_PROPERTY);
	zx_handle_t no_get = without_rights(_metadata, self->vmo, ZX_RIGHT_GET_PROPERTY);
	zx_handle_t enough = with_rights(_metadata, self->vmo, both);
	uint64_t size = 0;

	EXPECT_ST(ZX_ERR_ACCESS_DENIED, set_content_size(no_write, 1));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, set_content_size(no_set, 1));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, get_content_size(no_get, &size));
	EXPECT_SIZES(self->size, 4 * PAGE);
	EXPECT_OK(get_content_size(no_write, &size));
	EXPECT_EQ(4 * PAGE, size);
	EXPECT_OK(set_content_size(enough, 1));
	EXPECT_SIZES(self->size, 1);
}

TEST_F(stream, content_size_buffer)
{
	uint64_t value = 1, two[2] = { 0, 0x55 };
	void *hole = page_before_hole(_metadata) + PAGE;

	EXPECT_ST(ZX_ERR_BUFFER_TOO_SMALL,
		  zx_object_get_property(self->vmo, ZX_PROP_VMO_CONTENT_SIZE, &value, 7));
	EXPECT_ST(ZX_ERR_BUFFER_TOO_SMALL,
		  zx_object_set_property(self->vmo, ZX_PROP_VMO_CONTENT_SIZE, &value, 7));
	EXPECT_ST(ZX_ERR_BUFFER_TOO_SMALL,
		  zx_object_set_property(self->vmo, ZX_PROP_VMO_CONTENT_SIZE, &value, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_object_get_property(self->vmo, ZX_PROP_VMO_CONTENT_SIZE, hole, 8));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_object_set_property(self->vmo, ZX_PROP_VMO_CONTENT_SIZE, hole, 8));
	EXPECT_SIZES(self->size, 4 * PAGE);
	EXPECT_EQ(1, value);
	/* A longer buffer is fine; only 8 bytes are used. */
	EXPECT_OK(zx_object_get_property(self->vmo, ZX_PROP_VMO_CONTENT_SIZE, two, 16));
	EXPECT_EQ(4 * PAGE, two[0]);
	EXPECT_EQ(0x55, two[1]);
	EXPECT_OK(zx_object_set_property(self->vmo, ZX_PROP_VMO_CONTENT_SIZE, two, 16));
	EXPECT_SIZES(self->size, 4 * PAGE);
}

/* set: rights, then the size of the buffer, then the buffer itself */
TEST_F(stream, content_size_order)
{
	zx_handle_t no_write = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);
	zx_handle_t none = with_rights(_metadata, self->vmo, ZX_RIGHT_NONE);
	void *hole = page_before_hole(_metadata) + PAGE;
	uint64_t value = 0;

	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_object_set_property(no_write, ZX_PROP_VMO_CONTENT_SIZE, &value, 7));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_object_set_property(none, ZX_PROP_VMO_CONTENT_SIZE, hole, 7));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_object_get_property(none, ZX_PROP_VMO_CONTENT_SIZE, &value, 7));
	EXPECT_ST(ZX_ERR_BUFFER_TOO_SMALL,
		  zx_object_set_property(self->vmo, ZX_PROP_VMO_CONTENT_SIZE, hole, 7));
	EXPECT_ST(ZX_ERR_BUFFER_TOO_SMALL,
		  zx_object_get_property(self->vmo, ZX_PROP_VMO_CONTENT_SIZE, hole, 7));
	EXPECT_SIZES(self->size, 4 * PAGE);
}

TEST_HARNESS_MAIN
