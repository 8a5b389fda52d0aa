// SPDX-License-Identifier: GPL-2.0-only
/* zx_vmo_transfer_data(): pages that move from one VMO to another */
#include <sys/uio.h>

#include "vmo_test.h"

/* Whole pages */
#define MOVE(dst, offset, length, src, src_offset)				\
	zx_vmo_transfer_data(dst, 0, (offset) * PAGE, (length) * PAGE, src,	\
			     (src_offset) * PAGE)

/* A source whose pages hold 'a', 'b', ... and a destination with 'A', 'B', ... */

#define PAGES	8

FIXTURE(move) {
	zx_handle_t src, dst;
	uint64_t src_size, dst_size;
};

FIXTURE_VARIANT(move) {
	uint32_t src_options, dst_options;
};

FIXTURE_VARIANT_ADD(move, fixed_to_fixed) { 0, 0 };
FIXTURE_VARIANT_ADD(move, resizable_to_unbounded) { ZX_VMO_RESIZABLE, ZX_VMO_UNBOUNDED };
FIXTURE_VARIANT_ADD(move, unbounded_to_resizable) { ZX_VMO_UNBOUNDED, ZX_VMO_RESIZABLE };

FIXTURE_SETUP(move)
{
	int i;

	self->src = vmo_create(_metadata, PAGES * PAGE, variant->src_options);
	self->dst = vmo_create(_metadata, PAGES * PAGE, variant->dst_options);
	self->src_size = vmo_size(_metadata, self->src);
	self->dst_size = vmo_size(_metadata, self->dst);
	for (i = 0; i < PAGES; i++) {
		vmo_fill(_metadata, self->src, i * PAGE, PAGE, 'a' + i);
		vmo_fill(_metadata, self->dst, i * PAGE, PAGE, 'A' + i);
	}
}

FIXTURE_TEARDOWN(move)
{
	EXPECT_EQ(self->src_size, vmo_size(_metadata, self->src));
	EXPECT_EQ(self->dst_size, vmo_size(_metadata, self->dst));
	EXPECT_EQ(PAGES * PAGE, vmo_stream_size(_metadata, self->src));
	EXPECT_EQ(PAGES * PAGE, vmo_stream_size(_metadata, self->dst));
}

/* The content of each page as a letter, '.' for zeros, '?' for anything else */
static const char *pages_of(zx_handle_t vmo)
{
	static char text[PAGES + 1];
	unsigned char first;
	int i;

	for (i = 0; i < PAGES; i++) {
		text[i] = '?';
		if (zx_vmo_read(vmo, &first, i * PAGE, 1) == ZX_OK &&
		    vmo_span(vmo, i * PAGE, PAGE, first) == PAGE)
			text[i] = first ? first : '.';
	}
	return text;
}

#define EXPECT_CONTENT(vmo, text, pages) do {				\
	EXPECT_STREQ(text, pages_of(vmo));				\
	EXPECT_EQ(pages, vmo_pages(_metadata, vmo));			\
} while (0)

#define EXPECT_UNTOUCHED() do {						\
	EXPECT_CONTENT(self->src, "abcdefgh", PAGES);			\
	EXPECT_CONTENT(self->dst, "ABCDEFGH", PAGES);			\
} while (0)

#define DECOMMIT(vmo, offset, length) \
	zx_vmo_op_range(vmo, ZX_VMO_OP_DECOMMIT, (offset) * PAGE, (length) * PAGE, NULL, 0)

/* What it does */

TEST_F(move, pages_move)
{
	EXPECT_OK(MOVE(self->dst, 3, 2, self->src, 1));
	EXPECT_CONTENT(self->src, "a..defgh", 6);
	EXPECT_CONTENT(self->dst, "ABCbcFGH", 8);
}

TEST_F(move, everything)
{
	EXPECT_OK(MOVE(self->dst, 0, PAGES, self->src, 0));
	EXPECT_CONTENT(self->src, "........", 0);
	EXPECT_CONTENT(self->dst, "abcdefgh", 8);
	EXPECT_OK(MOVE(self->src, 0, PAGES, self->dst, 0));
	EXPECT_CONTENT(self->src, "abcdefgh", 8);
	EXPECT_CONTENT(self->dst, "........", 0);
}

TEST_F(move, absent_pages_replace_present_ones)
{
	ASSERT_OK(DECOMMIT(self->src, 2, 3));
	EXPECT_OK(MOVE(self->dst, 1, 5, self->src, 1));
	EXPECT_CONTENT(self->src, "a.....gh", 3);
	EXPECT_CONTENT(self->dst, "Ab...fGH", 5);
}

TEST_F(move, present_pages_into_absent_ones)
{
	ASSERT_OK(DECOMMIT(self->dst, 0, PAGES));
	EXPECT_OK(MOVE(self->dst, 5, 2, self->src, 0));
	EXPECT_CONTENT(self->src, "..cdefgh", 6);
	EXPECT_CONTENT(self->dst, ".....ab.", 2);
}

TEST_F(move, nothing_to_nothing)
{
	ASSERT_OK(DECOMMIT(self->src, 0, PAGES));
	ASSERT_OK(DECOMMIT(self->dst, 0, PAGES));
	EXPECT_OK(MOVE(self->dst, 0, PAGES, self->src, 0));
	EXPECT_CONTENT(self->src, "........", 0);
	EXPECT_CONTENT(self->dst, "........", 0);
}

TEST_F(move, length_0)
{
	EXPECT_OK(MOVE(self->dst, 3, 0, self->src, 1));
	EXPECT_OK(zx_vmo_transfer_data(self->dst, 0, self->dst_size, 0, self->src, self->src_size));
	EXPECT_UNTOUCHED();
}

TEST_F(move, end_of_both)
{
	ASSERT_OK(zx_vmo_write(self->src, "x", self->src_size - 1, 1));
	EXPECT_OK(zx_vmo_transfer_data(self->dst, 0, self->dst_size - PAGE, PAGE, self->src,
				       self->src_size - PAGE));
	EXPECT_EQ(1, vmo_span(self->src, self->src_size - 1, 1, 0));
	EXPECT_EQ(1, vmo_span(self->dst, self->dst_size - 1, 1, 'x'));
}

TEST_F(move, rest_of_the_vmos_is_usable)
{
	ASSERT_OK(MOVE(self->dst, 0, 4, self->src, 4));
	vmo_fill(_metadata, self->src, 4 * PAGE, PAGE, 'x');
	vmo_fill(_metadata, self->dst, 0, PAGE, 'y');
	EXPECT_CONTENT(self->src, "abcdx...", 5);
	EXPECT_CONTENT(self->dst, "yfghEFGH", 8);
}

TEST_F(move, mappings_see_it)
{
	unsigned char *s = vmo_map_rw(_metadata, self->src, 0, PAGES * PAGE);
	unsigned char *d = vmo_map_rw(_metadata, self->dst, 0, PAGES * PAGE);
	int i;

	for (i = 0; i < PAGES; i++) {
		EXPECT_EQ('a' + i, s[i * PAGE]);
		EXPECT_EQ('A' + i, d[i * PAGE]);
	}
	EXPECT_OK(MOVE(self->dst, 0, 4, self->src, 2));
	EXPECT_EQ(PAGE, mem_span(s + PAGE, PAGE, 'b'));
	EXPECT_EQ(4 * PAGE, mem_span(s + 2 * PAGE, 4 * PAGE, 0));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(PAGE, mem_span(d + i * PAGE, PAGE, 'c' + i));
	EXPECT_EQ(PAGE, mem_span(d + 4 * PAGE, PAGE, 'E'));
	/* What is written now goes to each VMO's own pages. */
	s[2 * PAGE] = 's';
	d[0] = 'd';
	EXPECT_EQ(1, vmo_span(self->src, 2 * PAGE, 1, 's'));
	EXPECT_EQ(1, vmo_span(self->dst, 0, 1, 'd'));
	EXPECT_EQ(PAGE - 1, vmo_span(self->dst, 1, PAGE - 1, 'c'));
	EXPECT_EQ(0, s[2 * PAGE + 1]);
}

TEST_F(move, nobody_s_committed_change_event)
{
	ASSERT_OK(MOVE(self->dst, 0, PAGES, self->src, 0));
	EXPECT_EQ(0, vmo_info(_metadata, self->src).committed_change_events);
	EXPECT_EQ(0, vmo_info(_metadata, self->dst).committed_change_events);
}

/*
 * A page that a pipe still holds. Its bytes in the pipe must not change when
 * the destination is written, nor may the source see that.
 */
TEST_F(move, page_in_use_is_copied)
{
	unsigned char *s = vmo_map_rw(_metadata, self->src, 0, PAGE);
	struct iovec iov = { s, PAGE };
	unsigned char *buffer = user_pages(_metadata, 1, PROT_READ | PROT_WRITE);
	int pipe_fds[2];

	ASSERT_EQ(0, pipe(pipe_fds));
	ASSERT_EQ(PAGE, vmsplice(pipe_fds[1], &iov, 1, 0));
	EXPECT_OK(MOVE(self->dst, 2, 1, self->src, 0));
	EXPECT_CONTENT(self->src, ".bcdefgh", 7);
	EXPECT_CONTENT(self->dst, "ABaDEFGH", 8);
	vmo_fill(_metadata, self->dst, 2 * PAGE, PAGE, 'x');
	ASSERT_EQ(PAGE, read(pipe_fds[0], buffer, PAGE));
	EXPECT_EQ(PAGE, mem_span(buffer, PAGE, 'a'));
	EXPECT_CONTENT(self->dst, "ABxDEFGH", 8);
}

/* Within one VMO: as memmove() */

FIXTURE(within) {
	zx_handle_t vmo;
};

FIXTURE_VARIANT(within) {
	int to, length, from;
	const char *before, *after;
	uint64_t pages;
};

FIXTURE_VARIANT_ADD(within, apart_up) { 5, 2, 1, "abcdefgh", "a..debch", 6 };
FIXTURE_VARIANT_ADD(within, apart_down) { 0, 3, 4, "abcdefgh", "efgd...h", 5 };
FIXTURE_VARIANT_ADD(within, adjacent_up) { 4, 4, 0, "abcdefgh", "....abcd", 4 };
FIXTURE_VARIANT_ADD(within, adjacent_down) { 0, 4, 4, "abcdefgh", "efgh....", 4 };
FIXTURE_VARIANT_ADD(within, overlap_up_by_one) { 2, 5, 1, "abcdefgh", "a.bcdefh", 7 };
FIXTURE_VARIANT_ADD(within, overlap_down_by_one) { 1, 5, 2, "abcdefgh", "acdefg.h", 7 };
FIXTURE_VARIANT_ADD(within, overlap_up_by_three) { 3, 5, 0, "abcdefgh", "...abcde", 5 };
FIXTURE_VARIANT_ADD(within, overlap_down_by_three) { 0, 5, 3, "abcdefgh", "defgh...", 5 };
FIXTURE_VARIANT_ADD(within, overlap_up_with_holes) { 2, 6, 0, "a.c.e.gh", "..a.c.e.", 3 };
FIXTURE_VARIANT_ADD(within, overlap_down_with_holes) { 0, 6, 1, "a.c.e.gh", ".c.e.g.h", 4 };
FIXTURE_VARIANT_ADD(within, same_place) { 2, 4, 2, "abcdefgh", "abcdefgh", 8 };

FIXTURE_SETUP(within)
{
	int i;

	self->vmo = vmo_create(_metadata, PAGES * PAGE, 0);
	for (i = 0; i < PAGES; i++)
		if (variant->before[i] != '.')
			vmo_fill(_metadata, self->vmo, i * PAGE, PAGE, variant->before[i]);
}

FIXTURE_TEARDOWN(within)
{
}

TEST_F(within, one_vmo)
{
	EXPECT_OK(MOVE(self->vmo, variant->to, variant->length, self->vmo, variant->from));
	EXPECT_CONTENT(self->vmo, variant->after, variant->pages);
}

TEST_F(within, one_vmo_by_two_handles)
{
	zx_handle_t copy = with_rights(_metadata, self->vmo, ZX_RIGHT_SAME_RIGHTS);

	EXPECT_OK(MOVE(copy, variant->to, variant->length, self->vmo, variant->from));
	EXPECT_CONTENT(self->vmo, variant->after, variant->pages);
}

TEST_F(within, mapped)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, PAGES * PAGE);
	int i;

	for (i = 0; i < PAGES; i++)
		EXPECT_EQ(variant->before[i] == '.' ? 0 : variant->before[i], p[i * PAGE]);
	EXPECT_OK(MOVE(self->vmo, variant->to, variant->length, self->vmo, variant->from));
	for (i = 0; i < PAGES; i++)
		EXPECT_EQ(PAGE, mem_span(p + i * PAGE, PAGE,
					 variant->after[i] == '.' ? 0 : variant->after[i]));
	EXPECT_CONTENT(self->vmo, variant->after, variant->pages);
}

/* Errors, in their order */

TEST_F(move, options)
{
	uint32_t bit;

	for (bit = 1; bit; bit <<= 1)
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  zx_vmo_transfer_data(self->dst, bit, 0, PAGE, self->src, 0));
	EXPECT_UNTOUCHED();
}

TEST_F(move, alignment)
{
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmo_transfer_data(self->dst, 0, 1, PAGE, self->src, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmo_transfer_data(self->dst, 0, 0, PAGE - 1, self->src, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmo_transfer_data(self->dst, 0, 0, PAGE, self->src, PAGE / 2));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmo_transfer_data(self->dst, 0, 5, 0, self->src, 5));
	EXPECT_UNTOUCHED();
}

TEST_F(move, options_and_alignment_before_handles)
{
	zx_handle_t event = wrong_type(_metadata);

	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmo_transfer_data(ZX_HANDLE_INVALID, 1, 0, PAGE, ZX_HANDLE_INVALID, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmo_transfer_data(event, 1, 0, PAGE, event, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmo_transfer_data(ZX_HANDLE_INVALID, 0, 1, PAGE, ZX_HANDLE_INVALID, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmo_transfer_data(event, 0, 0, 1, event, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmo_transfer_data(event, 0, 0, PAGE, event, 1));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmo_transfer_data(with_rights(_metadata, self->dst, ZX_RIGHT_NONE), 0, 7,
				       PAGE, self->src, 0));
}

/* The destination's handle is judged before the source's, and both before ranges. */
TEST_F(move, handles)
{
	zx_handle_t event = wrong_type(_metadata);
	zx_handle_t none = with_rights(_metadata, self->dst, ZX_RIGHT_NONE);
	zx_handle_t closed = with_rights(_metadata, self->dst, ZX_RIGHT_NONE);

	ASSERT_OK(zx_handle_close(closed));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, MOVE(closed, 0, 1, self->src, 0));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, MOVE(ZX_HANDLE_INVALID, 0, 1, self->src, 0));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, MOVE(event, 0, 1, self->src, 0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, MOVE(none, 0, 1, self->src, 0));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, MOVE(self->dst, 0, 1, closed, 0));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, MOVE(self->dst, 0, 1, ZX_HANDLE_INVALID, 0));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, MOVE(self->dst, 0, 1, event, 0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, MOVE(self->dst, 0, 1, none, 0));
	/* both bad */
	EXPECT_ST(ZX_ERR_BAD_HANDLE, MOVE(closed, 0, 1, event, 0));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, MOVE(event, 0, 1, closed, 0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, MOVE(none, 0, 1, event, 0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, MOVE(none, 0, 1, closed, 0));
	/* and the ranges as well */
	EXPECT_ST(ZX_ERR_BAD_HANDLE,
		  zx_vmo_transfer_data(self->dst, 0, -PAGE, PAGE, closed, -PAGE));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_vmo_transfer_data(none, 0, -PAGE, PAGE, self->src, -PAGE));
	EXPECT_UNTOUCHED();
}

TEST_F(move, rights)
{
	zx_handle_t dst_w = with_rights(_metadata, self->dst, ZX_RIGHT_WRITE);
	zx_handle_t dst_no_w = without_rights(_metadata, self->dst, ZX_RIGHT_WRITE);
	zx_handle_t src_rw = with_rights(_metadata, self->src, ZX_RIGHTS_IO);
	zx_handle_t src_no_r = without_rights(_metadata, self->src, ZX_RIGHT_READ);
	zx_handle_t src_no_w = without_rights(_metadata, self->src, ZX_RIGHT_WRITE);

	EXPECT_ST(ZX_ERR_ACCESS_DENIED, MOVE(dst_no_w, 0, 1, self->src, 0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, MOVE(self->dst, 0, 1, src_no_r, 0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, MOVE(self->dst, 0, 1, src_no_w, 0));
	EXPECT_UNTOUCHED();
	EXPECT_OK(MOVE(dst_w, 0, 1, src_rw, 0));
	EXPECT_CONTENT(self->dst, "aBCDEFGH", 8);
}

TEST_F(move, rights_before_ranges)
{
	zx_handle_t dst_no_w = without_rights(_metadata, self->dst, ZX_RIGHT_WRITE);
	zx_handle_t src_no_w = without_rights(_metadata, self->src, ZX_RIGHT_WRITE);

	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_vmo_transfer_data(dst_no_w, 0, self->dst_size, PAGE, self->src, 0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_vmo_transfer_data(self->dst, 0, 0, PAGE, src_no_w, self->src_size));
}

TEST_F(move, source_out_of_range)
{
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  zx_vmo_transfer_data(self->dst, 0, 0, PAGE, self->src, self->src_size));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  zx_vmo_transfer_data(self->dst, 0, 0, 2 * PAGE, self->src,
				       self->src_size - PAGE));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  zx_vmo_transfer_data(self->dst, 0, 0, PAGE, self->src, -PAGE));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  zx_vmo_transfer_data(self->dst, 0, 0, -PAGE, self->src, PAGE));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  zx_vmo_transfer_data(self->dst, 0, 0, 0, self->src, self->src_size + PAGE));
	EXPECT_UNTOUCHED();
}

/* Unlike on Zircon nothing is lost: the source keeps what could not be moved. */
TEST_F(move, destination_out_of_range)
{
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  zx_vmo_transfer_data(self->dst, 0, self->dst_size, PAGE, self->src, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  zx_vmo_transfer_data(self->dst, 0, self->dst_size - PAGE, 2 * PAGE,
				       self->src, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  zx_vmo_transfer_data(self->dst, 0, -PAGE, PAGE, self->src, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  zx_vmo_transfer_data(self->dst, 0, -PAGE, 2 * PAGE, self->src, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  zx_vmo_transfer_data(self->dst, 0, self->dst_size + PAGE, 0, self->src, 0));
	EXPECT_UNTOUCHED();
}

/* The same bytes: nothing to do, and nothing is looked at but the handles. */
TEST_F(move, same_place_has_no_range)
{
	zx_handle_t copy = with_rights(_metadata, self->src, ZX_RIGHTS_IO);
	zx_handle_t no_write = without_rights(_metadata, self->src, ZX_RIGHT_WRITE);

	EXPECT_OK(MOVE(self->src, 0, PAGES, self->src, 0));
	EXPECT_OK(zx_vmo_transfer_data(self->src, 0, self->src_size, PAGE, self->src,
				       self->src_size));
	EXPECT_OK(zx_vmo_transfer_data(self->src, 0, -PAGE, -PAGE, self->src, -PAGE));
	EXPECT_OK(zx_vmo_transfer_data(copy, 0, -PAGE, -PAGE, self->src, -PAGE));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, MOVE(no_write, 0, 1, self->src, 0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, MOVE(self->src, 0, 1, no_write, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmo_transfer_data(self->src, 0, 1, PAGE, self->src, 1));
	EXPECT_UNTOUCHED();
}

/* Costs follow populated pages. */

TEST(sparse_vmos_are_quick)
{
	static const uint64_t offsets[] = {
		0, 1ULL << 30, (1ULL << 40) + 4096 * 511, 1ULL << 57, (1ULL << 63) - 65536,
	};
	zx_handle_t src = vmo_create(_metadata, MAX_SIZE, 0);
	zx_handle_t dst = vmo_create(_metadata, MAX_SIZE, 0);
	const uint64_t shift = MAX_SIZE - (1ULL << 63);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++)
		ASSERT_OK(zx_vmo_write(src, "x", offsets[i], 1));
	ASSERT_OK(zx_vmo_write(dst, "gone", 1ULL << 45, 4));
	EXPECT_QUICK(EXPECT_OK(zx_vmo_transfer_data(dst, 0, 0, MAX_SIZE, src, 0)));
	EXPECT_EQ(0, vmo_pages(_metadata, src));
	EXPECT_EQ(ARRAY_SIZE(offsets), vmo_pages(_metadata, dst));
	EXPECT_EQ(1, vmo_span(dst, 1ULL << 45, 1, 0));
	/* to other offsets, where nothing is aligned to what it was */
	EXPECT_QUICK(EXPECT_OK(zx_vmo_transfer_data(src, 0, shift, 1ULL << 63, dst, 0)));
	EXPECT_EQ(0, vmo_pages(_metadata, dst));
	EXPECT_EQ(ARRAY_SIZE(offsets), vmo_pages(_metadata, src));
	for (i = 0; i < ARRAY_SIZE(offsets); i++)
		EXPECT_EQ(1, vmo_span(src, shift + offsets[i], 1, 'x'))
			TH_LOG("offset %#jx", (uintmax_t)offsets[i]);
}

TEST(sparse_vmo_within_itself_is_quick)
{
	zx_handle_t vmo = vmo_create(_metadata, MAX_SIZE, 0);

	ASSERT_OK(zx_vmo_write(vmo, "a", 0, 1));
	ASSERT_OK(zx_vmo_write(vmo, "b", 1ULL << 50, 1));
	ASSERT_OK(zx_vmo_write(vmo, "c", MAX_SIZE - PAGE, 1));
	/* up by a page: the last one is replaced by the absent one before it */
	EXPECT_QUICK(EXPECT_OK(zx_vmo_transfer_data(vmo, 0, PAGE, MAX_SIZE - PAGE, vmo, 0)));
	EXPECT_EQ(2, vmo_pages(_metadata, vmo));
	EXPECT_EQ(1, vmo_span(vmo, 0, 1, 0));
	EXPECT_EQ(1, vmo_span(vmo, PAGE, 1, 'a'));
	EXPECT_EQ(1, vmo_span(vmo, (1ULL << 50) + PAGE, 1, 'b'));
	EXPECT_EQ(1, vmo_span(vmo, MAX_SIZE - PAGE, 1, 0));
	/* and down again */
	EXPECT_QUICK(EXPECT_OK(zx_vmo_transfer_data(vmo, 0, 0, MAX_SIZE - PAGE, vmo, PAGE)));
	EXPECT_EQ(2, vmo_pages(_metadata, vmo));
	EXPECT_EQ(1, vmo_span(vmo, 0, 1, 'a'));
	EXPECT_EQ(1, vmo_span(vmo, 1ULL << 50, 1, 'b'));
}

TEST(many_pages)
{
	const uint64_t pages = 1500;
	zx_handle_t src = vmo_create(_metadata, pages * PAGE, 0);
	zx_handle_t dst = vmo_create(_metadata, 2 * pages * PAGE, 0);
	uint64_t i, value;

	for (i = 0; i < pages; i++)
		ASSERT_OK(zx_vmo_write(src, &i, i * PAGE + 8, sizeof(i)));
	EXPECT_OK(MOVE(dst, 700, pages, src, 0));
	EXPECT_EQ(0, vmo_pages(_metadata, src));
	EXPECT_EQ(pages, vmo_pages(_metadata, dst));
	for (i = 0; i < pages; i++) {
		ASSERT_OK(zx_vmo_read(dst, &value, (700 + i) * PAGE + 8, sizeof(value)));
		ASSERT_EQ(i, value);
	}
	/* over each other by less than the length of a node */
	EXPECT_OK(MOVE(dst, 600, pages, dst, 700));
	EXPECT_EQ(pages, vmo_pages(_metadata, dst));
	for (i = 0; i < pages; i++) {
		ASSERT_OK(zx_vmo_read(dst, &value, (600 + i) * PAGE + 8, sizeof(value)));
		ASSERT_EQ(i, value);
	}
}

/* Races: two directions at once do not block each other for good. */

struct mover {
	zx_handle_t dst, src;
	atomic_bool *stop;
	unsigned long rounds;
	zx_status_t status;
};

static void *mover_thread(void *arg)
{
	struct mover *m = arg;

	while (!*m->stop && m->status == ZX_OK) {
		m->status = MOVE(m->dst, 0, PAGES, m->src, 0);
		m->rounds++;
	}
	return NULL;
}

TEST_F(move, both_directions_at_once)
{
	unsigned char *s = vmo_map_rw(_metadata, self->src, 0, PAGES * PAGE);
	int64_t end = zx_clock_get_monotonic() + 300000000;
	atomic_bool stop = false;
	struct mover movers[] = {
		{ .dst = self->dst, .src = self->src, .stop = &stop },
		{ .dst = self->src, .src = self->dst, .stop = &stop },
	};
	pthread_t threads[2];
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, mover_thread, &movers[i]));
	while (zx_clock_get_monotonic() < end)
		for (i = 0; i < PAGES; i++)
			s[i * PAGE] = 'm';
	stop = true;
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
		EXPECT_OK(movers[i].status);
		EXPECT_LT(0, movers[i].rounds);
	}
	EXPECT_GE(2 * PAGES, vmo_pages(_metadata, self->src) + vmo_pages(_metadata, self->dst));
}

TEST_HARNESS_MAIN
