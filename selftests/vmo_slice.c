// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slices and references: the same memory through another object, whatever is
 * done to it, within the bounds of the window
 */
#include <linux/falloc.h>
#include <sys/stat.h>

#include "mem_test.h"

#define PAGES	8
#define SIZE	(PAGES * PAGE)
#define PUNCH	(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

#define EXPECT_FAILS(error, call) do {						\
	EXPECT_EQ(-1, call);							\
	EXPECT_ERRNO(error, errno);						\
} while (0)

/* A slice of pages 2 to 5 of 8; as a variant a slice of a slice, and others */

FIXTURE(slice) {
	zx_handle_t vmo;
	zx_handle_t slice;
	unsigned char *p;	/* the VMO */
	unsigned char *s;	/* the slice */
};

FIXTURE_VARIANT(slice) {
	zx_handle_t (*make)(struct __test_metadata *_metadata, zx_handle_t vmo);
	bool decommit;	/* of a VMO without copy-on-write relatives */
};

#define SLICE_OF(name, decommit)							\
static zx_handle_t slice_of_##name(struct __test_metadata *_metadata, zx_handle_t vmo);	\
FIXTURE_VARIANT_ADD(slice, of_##name) { slice_of_##name, decommit };			\
static zx_handle_t slice_of_##name(struct __test_metadata *_metadata, zx_handle_t vmo)

SLICE_OF(the_vmo, true)
{
	return vmo_slice(_metadata, vmo, 2, 4);
}

SLICE_OF(a_slice, true)
{
	return vmo_slice(_metadata, vmo_slice(_metadata, vmo, 1, 6), 1, 4);
}

SLICE_OF(a_slice_of_a_slice_that_is_closed, true)
{
	zx_handle_t outer = vmo_slice(_metadata, vmo, 1, 7);
	zx_handle_t middle = vmo_slice(_metadata, outer, 1, 5);
	zx_handle_t slice = vmo_slice(_metadata, middle, 0, 4);

	EXPECT_OK(zx_handle_close(outer));
	EXPECT_OK(zx_handle_close(middle));
	return slice;
}

SLICE_OF(a_reference, true)
{
	return vmo_slice(_metadata, vmo_reference(_metadata, vmo), 2, 4);
}

SLICE_OF(a_vmo_with_a_snapshot, false)
{
	vmo_snapshot(_metadata, vmo, 0, PAGES);
	return vmo_slice(_metadata, vmo, 2, 4);
}

FIXTURE_SETUP(slice)
{
	self->vmo = vmo_create(_metadata, SIZE, 0);
	vmo_spell(_metadata, self->vmo, 0, "abcdefgh");
	self->slice = variant->make(_metadata, self->vmo);
	self->p = map_shared(_metadata, self->vmo, 0, PAGES);
	self->s = map_shared(_metadata, self->slice, 0, 4);
}

FIXTURE_TEARDOWN(slice)
{
}

TEST_F(slice, shows_its_part)
{
	EXPECT_LETTERS("cdef", self->slice);
	EXPECT_MAPPED("cdef", self->s);
	EXPECT_EQ(4 * PAGE, vmo_size(_metadata, self->slice));
	EXPECT_EQ(4 * PAGE, vmo_stream_size(_metadata, self->slice));
}

TEST_F(slice, sees_the_parent_s_writes)
{
	vmo_spell(_metadata, self->vmo, 0, "ABC");
	memset(self->p + 3 * PAGE, 'D', PAGE);
	EXPECT_LETTERS("CDef", self->slice);
	EXPECT_MAPPED("CDef", self->s);
}

TEST_F(slice, parent_sees_its_writes)
{
	vmo_spell(_metadata, self->slice, 0, "C");
	memset(self->s + PAGE, 'D', PAGE);
	EXPECT_LETTERS("abCDefgh", self->vmo);
	EXPECT_MAPPED("abCDefgh", self->p);
}

TEST_F(slice, absent_pages_come_to_all)
{
	ASSERT_OK(vmo_pages_op(self->vmo, ZX_VMO_OP_ZERO, 0, PAGES));
	EXPECT_MAPPED("....", self->s);
	EXPECT_MAPPED("........", self->p);
	self->s[0] = 'X';
	EXPECT_EQ('X', self->p[2 * PAGE]);
	self->p[3 * PAGE] = 'Y';
	EXPECT_EQ('Y', self->s[PAGE]);
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
	check_zero_pages(_metadata);
}

TEST_F(slice, read_and_write_end_where_it_ends)
{
	unsigned char bytes[2] = "XY";

	EXPECT_OK(zx_vmo_read(self->slice, bytes, 4 * PAGE - 1, 1));
	EXPECT_EQ('f', bytes[0]);
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_read(self->slice, bytes, 4 * PAGE - 1, 2));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_write(self->slice, bytes, 4 * PAGE - 1, 2));
	EXPECT_OK(zx_vmo_read(self->slice, bytes, 4 * PAGE, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_read(self->slice, bytes, 4 * PAGE + 1, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_write(self->slice, bytes, 4 * PAGE, 1));
	/* nor does it begin earlier */
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_read(self->slice, bytes, -PAGE, 1));
	EXPECT_LETTERS("abcdefgh", self->vmo);
}

TEST_F(slice, mapping_ends_where_it_ends)
{
	unsigned char *s = map_shared(_metadata, self->slice, 2, 4);
	unsigned char *behind = map_shared(_metadata, self->slice, 4, 1);

	EXPECT_MAPPED("ef", s);
	EXPECT_SIGBUS(s + 2 * PAGE);
	EXPECT_SIGBUS(behind);
	EXPECT_LETTERS("abcdefgh", self->vmo);
}

TEST_F(slice, mapped_privately)
{
	unsigned char *private = map_private(_metadata, self->slice, 0, 4);

	private[0] = 'X';
	EXPECT_EQ('d', private[PAGE]);
	vmo_spell(_metadata, self->vmo, 2, "CD");
	EXPECT_EQ('X', private[0]);
	EXPECT_EQ('c', private[1]);
	EXPECT_EQ('D', private[PAGE]);
	EXPECT_LETTERS("abCDefgh", self->vmo);
}

/* Operations */

TEST_F(slice, zero)
{
	EXPECT_MAPPED("cdef", self->s);
	EXPECT_OK(vmo_pages_op(self->slice, ZX_VMO_OP_ZERO, 1, 2));
	EXPECT_LETTERS("c..f", self->slice);
	EXPECT_MAPPED("c..f", self->s);
	EXPECT_MAPPED("abc..fgh", self->p);
	EXPECT_EQ(PAGES - 2, vmo_pages(_metadata, self->vmo));
	EXPECT_OK(zx_vmo_op_range(self->slice, ZX_VMO_OP_ZERO, PAGE / 2, PAGE / 2, NULL, 0));
	EXPECT_LETTERS("?..f", self->slice);
	EXPECT_OK(vmo_pages_op(self->vmo, ZX_VMO_OP_ZERO, 0, PAGES));
	EXPECT_MAPPED("....", self->s);
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, vmo_pages_op(self->slice, ZX_VMO_OP_ZERO, 3, 2));
	EXPECT_OK(vmo_pages_op(self->slice, ZX_VMO_OP_ZERO, 100, 0));
}

TEST_F(slice, commit)
{
	ASSERT_OK(vmo_pages_op(self->vmo, ZX_VMO_OP_ZERO, 0, PAGES));
	EXPECT_OK(vmo_pages_op(self->slice, ZX_VMO_OP_COMMIT, 1, 2));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(3 * PAGE, lseek(fd_of(self->vmo), 0, SEEK_DATA));
	EXPECT_EQ(5 * PAGE, lseek(fd_of(self->vmo), 3 * PAGE, SEEK_HOLE));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, vmo_pages_op(self->slice, ZX_VMO_OP_COMMIT, 0, 5));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
}

TEST_F(slice, decommit)
{
	const zx_status_t good = variant->decommit ? ZX_OK : ZX_ERR_NOT_SUPPORTED;

	EXPECT_MAPPED("cdef", self->s);
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, vmo_pages_op(self->slice, ZX_VMO_OP_DECOMMIT, 3, 2));
	EXPECT_ST(variant->decommit ? ZX_ERR_INVALID_ARGS : good,
		  zx_vmo_op_range(self->slice, ZX_VMO_OP_DECOMMIT, 1, PAGE, NULL, 0));
	EXPECT_OK(vmo_pages_op(self->slice, ZX_VMO_OP_DECOMMIT, 1, 0));
	EXPECT_ST(good, vmo_pages_op(self->slice, ZX_VMO_OP_DECOMMIT, 1, 2));
	EXPECT_MAPPED(variant->decommit ? "abc..fgh" : "abcdefgh", self->p);
	/* of the parent, too: slices are no copies */
	EXPECT_ST(good, vmo_pages_op(self->vmo, ZX_VMO_OP_DECOMMIT, 0, PAGES));
	EXPECT_MAPPED(variant->decommit ? "...." : "cdef", self->s);
}

TEST_F(slice, cache_operations_and_hints)
{
	static const uint32_t ops[] = {
		ZX_VMO_OP_CACHE_SYNC, ZX_VMO_OP_CACHE_CLEAN, ZX_VMO_OP_CACHE_CLEAN_INVALIDATE,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		if (!have_cache_op(_metadata, ops[i]))
			continue;
		EXPECT_OK(vmo_pages_op(self->slice, ops[i], 0, 4));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, vmo_pages_op(self->slice, ops[i], 0, 0));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, vmo_pages_op(self->slice, ops[i], 1, 4));
	}
	EXPECT_OK(vmo_pages_op(self->slice, ZX_VMO_OP_PREFETCH, 0, 4));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, vmo_pages_op(self->slice, ZX_VMO_OP_PREFETCH, 1, 4));
	EXPECT_OK(vmo_pages_op(self->slice, ZX_VMO_OP_DONT_NEED, 0, 4));
	EXPECT_OK(vmo_pages_op(self->slice, ZX_VMO_OP_ALWAYS_NEED, 0, 4));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, vmo_pages_op(self->slice, ZX_VMO_OP_LOCK, 0, 4));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, vmo_pages_op(self->slice, ZX_VMO_OP_TRY_LOCK, 0, 4));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, vmo_pages_op(self->slice, ZX_VMO_OP_UNLOCK, 0, 4));
	EXPECT_LETTERS("abcdefgh", self->vmo);
}

TEST_F(slice, transfer_from_it)
{
	zx_handle_t other = vmo_create(_metadata, 4 * PAGE, 0);

	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  zx_vmo_transfer_data(other, 0, 0, 2 * PAGE, self->slice, 3 * PAGE));
	EXPECT_OK(zx_vmo_transfer_data(other, 0, 0, 2 * PAGE, self->slice, PAGE));
	EXPECT_LETTERS("de..", other);
	EXPECT_MAPPED("c..f", self->s);
	EXPECT_MAPPED("abc..fgh", self->p);
}

TEST_F(slice, transfer_to_it)
{
	zx_handle_t other = vmo_create(_metadata, 4 * PAGE, 0);

	vmo_spell(_metadata, other, 0, "WXYZ");
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  zx_vmo_transfer_data(self->slice, 0, 3 * PAGE, 2 * PAGE, other, 0));
	EXPECT_LETTERS("WXYZ", other);
	EXPECT_OK(zx_vmo_transfer_data(self->slice, 0, PAGE, 2 * PAGE, other, 0));
	EXPECT_MAPPED("abcWXfgh", self->p);
	EXPECT_LETTERS("..YZ", other);
}

/* Two names of the same memory, with ranges that overlap in it */
TEST_F(slice, transfer_between_it_and_its_parent)
{
	EXPECT_OK(zx_vmo_transfer_data(self->slice, 0, 0, PAGE, self->vmo, 0));
	EXPECT_MAPPED(".badefgh", self->p);
	EXPECT_MAPPED("adef", self->s);
	EXPECT_OK(zx_vmo_transfer_data(self->vmo, 0, 3 * PAGE, 3 * PAGE, self->slice, 0));
	EXPECT_MAPPED(".b.adegh", self->p);
	/* onto itself, which changes nothing */
	EXPECT_OK(zx_vmo_transfer_data(self->vmo, 0, 3 * PAGE, 2 * PAGE, self->slice, PAGE));
	EXPECT_MAPPED(".b.adegh", self->p);
}

TEST_F(slice, cannot_be_resized)
{
	EXPECT_ST(ZX_ERR_UNAVAILABLE, zx_vmo_set_size(self->slice, PAGE));
	EXPECT_ST(ZX_ERR_UNAVAILABLE, zx_vmo_set_size(self->slice, 4 * PAGE));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_set_size(self->slice, UINT64_MAX));
	EXPECT_EQ(4 * PAGE, vmo_size(_metadata, self->slice));
	EXPECT_LETTERS("abcdefgh", self->vmo);
}

/* Its stream size is its own; what it zeroes ends with the slice. */
TEST_F(slice, stream_size)
{
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_set_stream_size(self->slice, 4 * PAGE + 1));
	EXPECT_OK(zx_vmo_set_stream_size(self->slice, PAGE));
	EXPECT_EQ(PAGE, vmo_stream_size(_metadata, self->slice));
	EXPECT_EQ(SIZE, vmo_stream_size(_metadata, self->vmo));
	EXPECT_MAPPED("abc...gh", self->p);
	EXPECT_OK(zx_vmo_set_stream_size(self->vmo, 0));
	EXPECT_EQ(PAGE, vmo_stream_size(_metadata, self->slice));
	EXPECT_MAPPED("....", self->s);
}

/* As a Linux file */

TEST_F(slice, file_read_and_write)
{
	int fd = fd_of(self->slice);
	unsigned char bytes[8];
	struct stat st;

	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(4 * PAGE, (uint64_t)st.st_size);
	EXPECT_EQ(2, pread(fd, bytes, 2, PAGE - 1));
	EXPECT_EQ(0, memcmp(bytes, "cd", 2));
	EXPECT_EQ(1, pread(fd, bytes, 8, 4 * PAGE - 1));
	EXPECT_EQ(0, pread(fd, bytes, 8, 4 * PAGE));
	EXPECT_EQ(0, pread(fd, bytes, 8, 5 * PAGE));
	EXPECT_EQ(8, pwrite(fd, "XXXXXXXX", 8, PAGE - 4));
	EXPECT_LETTERS("ab??efgh", self->vmo);
	/* as much as there is room for */
	EXPECT_EQ(3, pwrite(fd, "YYYYYYYY", 8, 4 * PAGE - 3));
	EXPECT_FAILS(EFBIG, pwrite(fd, "Y", 1, 4 * PAGE));
	EXPECT_LETTERS("ab??e?gh", self->vmo);
	EXPECT_EQ(4 * PAGE, vmo_size(_metadata, self->slice));
}

TEST_F(slice, file_append)
{
	int fd = fd_of(self->slice);

	ASSERT_OK(zx_vmo_set_stream_size(self->slice, 2 * PAGE));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_APPEND));
	EXPECT_EQ(5, write(fd, "XXXXX", 5));
	EXPECT_EQ(2 * PAGE + 5, vmo_stream_size(_metadata, self->slice));
	EXPECT_EQ(2 * PAGE + 5, (uint64_t)lseek(fd, 0, SEEK_CUR));
	EXPECT_EQ(5, vmo_span(self->vmo, 4 * PAGE, PAGE, 'X'));
	EXPECT_LETTERS("abcd?.gh", self->vmo);
	EXPECT_EQ(SIZE, vmo_stream_size(_metadata, self->vmo));
	/* up to the end of the slice */
	ASSERT_OK(zx_vmo_set_stream_size(self->slice, 4 * PAGE - 2));
	EXPECT_EQ(2, write(fd, "YYYYY", 5));
	EXPECT_FAILS(EFBIG, write(fd, "YYYYY", 5));
	EXPECT_EQ(PAGE, vmo_span(self->vmo, 6 * PAGE, PAGE, 'g'));
}

TEST_F(slice, file_ftruncate)
{
	int fd = fd_of(self->slice);

	EXPECT_EQ(0, ftruncate(fd, PAGE + 1));
	EXPECT_EQ(PAGE + 1, vmo_stream_size(_metadata, self->slice));
	EXPECT_EQ(4 * PAGE, vmo_size(_metadata, self->slice));
	EXPECT_LETTERS("abc?..gh", self->vmo);
	EXPECT_EQ(0, ftruncate(fd, 4 * PAGE));
	EXPECT_FAILS(EFBIG, ftruncate(fd, 4 * PAGE + 1));
	EXPECT_LETTERS("abc?..gh", self->vmo);
	EXPECT_EQ(SIZE, vmo_stream_size(_metadata, self->vmo));
}

TEST_F(slice, file_lseek)
{
	int fd = fd_of(self->slice);

	EXPECT_EQ(4 * PAGE, (uint64_t)lseek(fd, 0, SEEK_END));
	ASSERT_OK(vmo_pages_op(self->vmo, ZX_VMO_OP_ZERO, 3, 2));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_DATA));
	EXPECT_EQ(PAGE, (uint64_t)lseek(fd, 0, SEEK_HOLE));
	EXPECT_EQ(3 * PAGE, (uint64_t)lseek(fd, PAGE, SEEK_DATA));
	/* what lies behind the slice is none of its data */
	EXPECT_EQ(4 * PAGE, (uint64_t)lseek(fd, 3 * PAGE, SEEK_HOLE));
	EXPECT_FAILS(ENXIO, lseek(fd, 4 * PAGE, SEEK_DATA));
	ASSERT_OK(vmo_pages_op(self->vmo, ZX_VMO_OP_ZERO, 5, 1));
	EXPECT_FAILS(ENXIO, lseek(fd, PAGE, SEEK_DATA));
}

TEST_F(slice, file_fallocate)
{
	int fd = fd_of(self->slice);

	ASSERT_OK(vmo_op(self->slice, ZX_VMO_OP_ZERO, 1, 1));
	ASSERT_OK(vmo_op(self->slice, ZX_VMO_OP_ZERO, 3, 1));
	EXPECT_EQ(PAGES - 2, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(0, fallocate(fd, 0, 0, 4 * PAGE));
	EXPECT_EQ(PAGES, vmo_pages(_metadata, self->vmo));
	EXPECT_FAILS(EFBIG, fallocate(fd, 0, 0, 5 * PAGE));
	EXPECT_FAILS(EFBIG, fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 5 * PAGE));
	EXPECT_EQ(4 * PAGE, vmo_stream_size(_metadata, self->slice));
	EXPECT_MAPPED("abc.e.gh", self->p);
}

/* Both come as one call, which would not know whether to count in the slice or the VMO */
TEST_F(slice, punches_no_holes)
{
	int fd = fd_of(self->slice);

	EXPECT_FAILS(EOPNOTSUPP, fallocate(fd, PUNCH, PAGE, PAGE));
	EXPECT_FAILS(EOPNOTSUPP, madvise(self->s, PAGE, MADV_REMOVE));
	EXPECT_MAPPED("abcdefgh", self->p);
}

TEST(slice_from_the_start_punches_holes)
{
	zx_handle_t vmo = vmo_create(_metadata, 2 * PAGE, 0), slice;
	unsigned char *p;

	vmo_fill(_metadata, vmo, 0, 2 * PAGE, 'A');
	ASSERT_OK(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SLICE, 0, PAGE, &slice));
	p = map_shared(_metadata, slice, 0, 1);
	EXPECT_EQ(0, madvise(p, PAGE, MADV_REMOVE));
	EXPECT_EQ(PAGE, vmo_span(vmo, 0, PAGE, 0));
	EXPECT_EQ(PAGE, vmo_span(vmo, PAGE, PAGE, 'A'));
	vmo_fill(_metadata, vmo, 0, PAGE, 'B');
	EXPECT_EQ(0, fallocate(fd_of(slice), PUNCH, 0, 2 * PAGE));
	EXPECT_EQ(PAGE, vmo_span(vmo, 0, PAGE, 0));
	EXPECT_EQ(PAGE, vmo_span(vmo, PAGE, PAGE, 'A'));
}

/* What is told of it */

TEST_F(slice, is_charged_nothing)
{
	zx_info_vmo_t info = vmo_info(_metadata, self->slice);

	EXPECT_EQ(0, info.committed_bytes);
	EXPECT_EQ(0, info.populated_bytes);
	EXPECT_EQ(0, info.committed_private_bytes);
	EXPECT_EQ(0, info.committed_scaled_bytes);
	EXPECT_EQ(0, info.committed_fractional_scaled_bytes);
	EXPECT_EQ(0, info.flags & (ZX_INFO_VMO_IS_COW_CLONE | ZX_INFO_VMO_RESIZABLE));
}

TEST_F(slice, mappings_are_counted_where_they_were_made)
{
	unsigned char *second = map_shared(_metadata, self->slice, 0, 1);

	EXPECT_EQ(2, vmo_info(_metadata, self->slice).num_mappings);
	EXPECT_EQ(1, vmo_info(_metadata, self->vmo).num_mappings);
	ASSERT_EQ(0, munmap(second, PAGE));
	EXPECT_EQ(1, vmo_info(_metadata, self->slice).num_mappings);
}

TEST_F(slice, outlives_its_parent)
{
	ASSERT_EQ(0, munmap(self->p, SIZE));
	ASSERT_OK(zx_handle_close(self->vmo));
	EXPECT_LETTERS("cdef", self->slice);
	EXPECT_MAPPED("cdef", self->s);
	self->s[0] = 'X';
	vmo_spell(_metadata, self->slice, 1, "D");
	EXPECT_MAPPED("?Def", self->s);
	EXPECT_OK(vmo_pages_op(self->slice, ZX_VMO_OP_ZERO, 2, 1));
	EXPECT_MAPPED("?D.f", self->s);
	EXPECT_OK(vmo_pages_op(self->slice, ZX_VMO_OP_COMMIT, 0, 4));
	EXPECT_EQ(0, vmo_pages(_metadata, self->slice));
}

/* The last of the three, a mapping, holds it all. */
TEST_F(slice, mapping_outlives_both)
{
	ASSERT_EQ(0, munmap(self->p, SIZE));
	ASSERT_OK(zx_handle_close(self->vmo));
	ASSERT_OK(zx_handle_close(self->slice));
	EXPECT_MAPPED("cdef", self->s);
	self->s[0] = 'X';
	EXPECT_MAPPED("?def", self->s);
}

TEST_F(slice, snapshot_of_the_parent_is_isolated_from_it)
{
	zx_handle_t snapshot = vmo_snapshot(_metadata, self->vmo, 0, PAGES);

	self->s[0] = 'X';
	vmo_spell(_metadata, self->slice, 1, "D");
	EXPECT_LETTERS("abcdefgh", snapshot);
	EXPECT_LETTERS("ab?Defgh", self->vmo);
	EXPECT_MAPPED("ab?Defgh", self->p);
	vmo_spell(_metadata, snapshot, 0, "12345678");
	EXPECT_LETTERS("?Def", self->slice);
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, vmo_pages_op(self->slice, ZX_VMO_OP_DECOMMIT, 0, 1));
}

TEST(slice_of_a_snapshot)
{
	zx_handle_t vmo = vmo_create(_metadata, SIZE, 0), snapshot, slice;
	unsigned char *s;

	vmo_spell(_metadata, vmo, 0, "abcdefgh");
	snapshot = vmo_snapshot(_metadata, vmo, 1, PAGES);
	slice = vmo_slice(_metadata, snapshot, 5, 3);
	s = map_shared(_metadata, slice, 0, 3);
	EXPECT_MAPPED("gh.", s);
	vmo_spell(_metadata, vmo, 6, "GH");
	EXPECT_MAPPED("gh.", s);
	memset(s + 2 * PAGE, 'i', PAGE);
	vmo_spell(_metadata, slice, 0, "X");
	EXPECT_LETTERS("bcdefXhi", snapshot);
	EXPECT_LETTERS("abcdefGH", vmo);
	ASSERT_OK(zx_handle_close(snapshot));
	ASSERT_OK(zx_handle_close(vmo));
	EXPECT_MAPPED("Xhi", s);
}

TEST(slices_may_overlap)
{
	zx_handle_t vmo = vmo_create(_metadata, SIZE, 0);
	zx_handle_t one = vmo_slice(_metadata, vmo, 0, 5), two = vmo_slice(_metadata, vmo, 3, 5);
	unsigned char *p = map_shared(_metadata, one, 0, 5), *q = map_shared(_metadata, two, 0, 5);

	memset(p + 3 * PAGE, 'd', PAGE);
	memset(q + PAGE, 'e', PAGE);
	EXPECT_MAPPED("...de", p);
	EXPECT_MAPPED("de...", q);
	EXPECT_LETTERS("...de...", vmo);
}

TEST(slice_of_no_bytes)
{
	zx_handle_t vmo = vmo_create(_metadata, SIZE, 0), slice = vmo_slice(_metadata, vmo, 8, 0);
	unsigned char *s = map_shared(_metadata, slice, 0, 1);

	EXPECT_EQ(0, vmo_size(_metadata, slice));
	EXPECT_LETTERS("!", slice);
	EXPECT_OK(vmo_pages_op(slice, ZX_VMO_OP_COMMIT, 0, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, vmo_pages_op(slice, ZX_VMO_OP_COMMIT, 0, 1));
	EXPECT_SIGBUS(s);
}

TEST(slice_with_half_a_page)
{
	zx_handle_t vmo = vmo_create(_metadata, SIZE, 0), slice;

	vmo_spell(_metadata, vmo, 0, "abcdefgh");
	slice = vmo_child(_metadata, vmo, ZX_VMO_CHILD_SLICE, PAGE, PAGE + PAGE / 2);
	EXPECT_EQ(2 * PAGE, vmo_size(_metadata, slice));
	EXPECT_LETTERS("bc", slice);
	EXPECT_EQ(PAGE + PAGE / 2, (uint64_t)lseek(fd_of(slice), 0, SEEK_END));
	EXPECT_LETTERS("abcdefgh", vmo);
}

TEST(slice_at_the_end_of_the_largest_vmo)
{
	zx_handle_t vmo = vmo_create(_metadata, MAX_SIZE, 0);
	zx_handle_t slice = vmo_child(_metadata, vmo, ZX_VMO_CHILD_SLICE, MAX_SIZE - 2 * PAGE,
				      2 * PAGE);

	EXPECT_OK(zx_vmo_write(slice, "X", 2 * PAGE - 1, 1));
	EXPECT_EQ(1, vmo_span(vmo, MAX_SIZE - 1, 1, 'X'));
	EXPECT_OK(vmo_pages_op(slice, ZX_VMO_OP_COMMIT, 0, 2));
	EXPECT_EQ(2, vmo_pages(_metadata, vmo));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_write(slice, "XX", 2 * PAGE - 1, 2));
}

/* References: of a resizable VMO, made with and without RESIZABLE */

FIXTURE(reference) {
	zx_handle_t vmo;
	zx_handle_t reference;
	unsigned char *p;	/* the VMO, with room to grow */
	unsigned char *r;	/* the reference, the same */
};

FIXTURE_VARIANT(reference) {
	bool resizable;
	bool twice;	/* a reference of a reference that is closed */
};

FIXTURE_VARIANT_ADD(reference, fixed) { false, false };
FIXTURE_VARIANT_ADD(reference, resizable) { true, false };
FIXTURE_VARIANT_ADD(reference, fixed_of_a_reference) { false, true };
FIXTURE_VARIANT_ADD(reference, resizable_of_a_reference) { true, true };

FIXTURE_SETUP(reference)
{
	uint32_t options = ZX_VMO_CHILD_REFERENCE |
			   (variant->resizable ? ZX_VMO_CHILD_RESIZABLE : 0);
	zx_handle_t middle;

	self->vmo = vmo_create(_metadata, SIZE, ZX_VMO_RESIZABLE);
	vmo_spell(_metadata, self->vmo, 0, "abcdefgh");
	self->reference = vmo_child(_metadata, self->vmo, options, 0, 0);
	if (variant->twice) {
		middle = self->reference;
		self->reference = vmo_child(_metadata, middle, options, 0, 0);
		ASSERT_OK(zx_handle_close(middle));
	}
	self->p = map_shared(_metadata, self->vmo, 0, 2 * PAGES);
	self->r = map_shared(_metadata, self->reference, 0, 2 * PAGES);
}

FIXTURE_TEARDOWN(reference)
{
}

TEST_F(reference, is_the_same_memory)
{
	EXPECT_MAPPED("abcdefgh", self->r);
	vmo_spell(_metadata, self->vmo, 0, "A");
	vmo_spell(_metadata, self->reference, 1, "B");
	memset(self->p + 2 * PAGE, 'C', PAGE);
	memset(self->r + 3 * PAGE, 'D', PAGE);
	EXPECT_OK(vmo_pages_op(self->reference, ZX_VMO_OP_ZERO, 4, 1));
	EXPECT_OK(vmo_pages_op(self->reference, ZX_VMO_OP_DECOMMIT, 5, 1));
	EXPECT_OK(vmo_pages_op(self->vmo, ZX_VMO_OP_DECOMMIT, 6, 1));
	EXPECT_MAPPED("ABCD...h", self->p);
	EXPECT_MAPPED("ABCD...h", self->r);
	EXPECT_LETTERS("ABCD...h", self->vmo);
	EXPECT_LETTERS("ABCD...h", self->reference);
	EXPECT_EQ(5, vmo_pages(_metadata, self->vmo));
	EXPECT_OK(vmo_pages_op(self->reference, ZX_VMO_OP_COMMIT, 0, PAGES));
	EXPECT_EQ(PAGES, vmo_pages(_metadata, self->vmo));
}

TEST_F(reference, size_is_that_of_the_root)
{
	EXPECT_OK(zx_vmo_set_size(self->vmo, 3 * PAGE + 7));
	EXPECT_EQ(4 * PAGE, vmo_size(_metadata, self->reference));
	EXPECT_EQ(3 * PAGE + 7, vmo_stream_size(_metadata, self->reference));
	EXPECT_EQ(4 * PAGE, vmo_info(_metadata, self->reference).size_bytes);
	EXPECT_LETTERS("abc?!", self->reference);
	EXPECT_SIGBUS(self->r + 4 * PAGE);
	EXPECT_OK(zx_vmo_set_size(self->vmo, 10 * PAGE));
	EXPECT_MAPPED("abc?......", self->r);
	EXPECT_EQ(10 * PAGE, vmo_size(_metadata, self->reference));
}

TEST_F(reference, resizes_the_root_if_it_may)
{
	if (!variant->resizable) {
		EXPECT_ST(ZX_ERR_UNAVAILABLE, zx_vmo_set_size(self->reference, PAGE));
		EXPECT_EQ(SIZE, vmo_size(_metadata, self->vmo));
		EXPECT_EQ(0, rights_of(_metadata, self->reference) & ZX_RIGHT_RESIZE);
		return;
	}
	EXPECT_OK(zx_vmo_set_size(self->reference, 3 * PAGE));
	EXPECT_EQ(3 * PAGE, vmo_size(_metadata, self->vmo));
	EXPECT_EQ(3 * PAGE, vmo_stream_size(_metadata, self->vmo));
	EXPECT_MAPPED("abc", self->p);
	EXPECT_SIGBUS(self->p + 3 * PAGE);
	EXPECT_OK(zx_vmo_set_size(self->reference, SIZE));
	EXPECT_MAPPED("abc.....", self->p);
	EXPECT_EQ(3, vmo_pages(_metadata, self->vmo));
}

TEST_F(reference, shares_the_stream_size)
{
	uint64_t size = 4 * PAGE;

	EXPECT_OK(zx_vmo_set_stream_size(self->reference, 6 * PAGE));
	EXPECT_EQ(6 * PAGE, vmo_stream_size(_metadata, self->vmo));
	EXPECT_MAPPED("abcdef..", self->p);
	EXPECT_OK(zx_object_set_property(self->vmo, ZX_PROP_VMO_CONTENT_SIZE, &size, sizeof(size)));
	EXPECT_EQ(4 * PAGE, vmo_stream_size(_metadata, self->reference));
	EXPECT_MAPPED("abcd....", self->r);
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_set_stream_size(self->reference, SIZE + 1));
}

TEST_F(reference, file_size_is_shared)
{
	int fd = fd_of(self->reference);
	unsigned char bytes[4];

	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, 2 * PAGE + 2));
	EXPECT_EQ(2 * PAGE + 2, (uint64_t)lseek(fd, 0, SEEK_END));
	EXPECT_EQ(2, pread(fd, bytes, 4, 2 * PAGE));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_APPEND));
	EXPECT_EQ(3, write(fd, "XXX", 3));
	EXPECT_EQ(2 * PAGE + 5, vmo_stream_size(_metadata, self->vmo));
	EXPECT_EQ(2 * PAGE + 5, (uint64_t)lseek(fd_of(self->vmo), 0, SEEK_END));
	EXPECT_EQ(3, vmo_span(self->vmo, 2 * PAGE + 2, PAGE, 'X'));
	EXPECT_EQ(4, pwrite(fd_of(self->vmo), "YYYY", 4, 3 * PAGE));
	EXPECT_EQ(4, pread(fd, bytes, 4, 3 * PAGE));
	EXPECT_EQ(0, memcmp(bytes, "YYYY", 4));
}

TEST_F(reference, file_grows_if_it_may)
{
	int fd = fd_of(self->reference);

	if (!variant->resizable) {
		EXPECT_FAILS(EFBIG, ftruncate(fd, SIZE + 1));
		EXPECT_FAILS(EFBIG, pwrite(fd, "X", 1, SIZE));
		EXPECT_FAILS(EFBIG, fallocate(fd, 0, SIZE, PAGE));
		EXPECT_EQ(SIZE, vmo_size(_metadata, self->vmo));
		EXPECT_EQ(0, ftruncate(fd, PAGE));
		EXPECT_EQ(SIZE, vmo_size(_metadata, self->vmo));
		EXPECT_EQ(PAGE, vmo_stream_size(_metadata, self->vmo));
		return;
	}
	EXPECT_EQ(1, pwrite(fd, "X", 1, SIZE));
	EXPECT_EQ(SIZE + PAGE, vmo_size(_metadata, self->vmo));
	EXPECT_EQ(SIZE + 1, vmo_stream_size(_metadata, self->vmo));
	EXPECT_EQ(0, fallocate(fd, 0, SIZE, 2 * PAGE));
	EXPECT_EQ(SIZE + 2 * PAGE, vmo_size(_metadata, self->vmo));
	EXPECT_EQ(PAGES + 2, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(0, ftruncate(fd, PAGE));
	EXPECT_EQ(PAGE, vmo_size(_metadata, self->vmo));
}

TEST_F(reference, is_charged_nothing_even_alone)
{
	EXPECT_EQ(0, vmo_pages(_metadata, self->reference));
	ASSERT_EQ(0, munmap(self->p, 2 * SIZE));
	ASSERT_OK(zx_handle_close(self->vmo));
	EXPECT_MAPPED("abcdefgh", self->r);
	EXPECT_LETTERS("abcdefgh", self->reference);
	EXPECT_EQ(0, vmo_pages(_metadata, self->reference));
	EXPECT_EQ(SIZE, vmo_size(_metadata, self->reference));
	memset(self->r, 'A', PAGE);
	EXPECT_LETTERS("Abcdefgh", self->reference);
	EXPECT_ST(variant->resizable ? ZX_OK : ZX_ERR_UNAVAILABLE,
		  zx_vmo_set_size(self->reference, PAGE));
}

TEST_F(reference, snapshot_of_it_is_one_of_the_root)
{
	zx_handle_t snapshot = vmo_snapshot(_metadata, self->reference, 1, PAGES);

	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, vmo_pages_op(self->vmo, ZX_VMO_OP_DECOMMIT, 0, 1));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, vmo_pages_op(self->reference, ZX_VMO_OP_DECOMMIT, 0, 1));
	memset(self->p + 2 * PAGE, 'C', PAGE);
	memset(self->r + 3 * PAGE, 'D', PAGE);
	EXPECT_LETTERS("bcdefgh.", snapshot);
	vmo_spell(_metadata, snapshot, 0, "1234567");
	EXPECT_MAPPED("abCDefgh", self->p);
	EXPECT_MAPPED("abCDefgh", self->r);
	ASSERT_OK(zx_handle_close(snapshot));
	EXPECT_OK(vmo_pages_op(self->reference, ZX_VMO_OP_DECOMMIT, 0, 1));
}

TEST_F(reference, transfer_between_it_and_its_root)
{
	/* the same object under another name */
	EXPECT_OK(zx_vmo_transfer_data(self->reference, 0, 0, 2 * PAGE, self->vmo, 4 * PAGE));
	EXPECT_MAPPED("efcd..gh", self->p);
	EXPECT_OK(zx_vmo_transfer_data(self->vmo, 0, PAGE, 3 * PAGE, self->reference, 0));
	EXPECT_MAPPED(".efc..gh", self->r);
	/* onto itself, which changes nothing */
	EXPECT_OK(zx_vmo_transfer_data(self->vmo, 0, PAGE, 3 * PAGE, self->reference, PAGE));
	EXPECT_MAPPED(".efc..gh", self->p);
}

TEST_F(reference, file_is_as_long_as_the_stream)
{
	zx_handle_t other = vmo_create(_metadata, 2 * PAGE, 0);
	loff_t in = 0, out = 0;

	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, PAGE + 5));
	vmo_fill(_metadata, self->vmo, 0, PAGE + 5, 'F');
	EXPECT_EQ((ssize_t)PAGE + 5, copy_file_range(fd_of(self->reference), &in,
						     fd_of(other), &out, 2 * PAGE, 0));
	EXPECT_EQ(PAGE + 5, vmo_span(other, 0, PAGE + 5, 'F'));
}

TEST_HARNESS_MAIN
