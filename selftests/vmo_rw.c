// SPDX-License-Identifier: GPL-2.0-only
/* zx_vmo_read() and zx_vmo_write(): ranges, user buffers, commitment, races */
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "vmo_test.h"

/* The first address that is no user's on x86-64 with four and five levels */
#define USER_END	0x7ffffffff000UL
#define USER_END_5	0xfffffffffff000UL

FIXTURE(rw) {
	zx_handle_t vmo;
	uint64_t size;
	unsigned char *buffer;	/* 8 pages */
};

FIXTURE_VARIANT(rw) {
	bool write;
	uint32_t options;
};

FIXTURE_VARIANT_ADD(rw, read_fixed) { false, 0 };
FIXTURE_VARIANT_ADD(rw, read_resizable) { false, ZX_VMO_RESIZABLE };
FIXTURE_VARIANT_ADD(rw, read_unbounded) { false, ZX_VMO_UNBOUNDED };
FIXTURE_VARIANT_ADD(rw, write_fixed) { true, 0 };
FIXTURE_VARIANT_ADD(rw, write_resizable) { true, ZX_VMO_RESIZABLE };
FIXTURE_VARIANT_ADD(rw, write_unbounded) { true, ZX_VMO_UNBOUNDED };

FIXTURE_SETUP(rw)
{
	self->vmo = vmo_create(_metadata, 4 * PAGE, variant->options);
	self->size = vmo_size(_metadata, self->vmo);
	self->buffer = user_pages(_metadata, 8, PROT_READ | PROT_WRITE);
}

FIXTURE_TEARDOWN(rw)
{
}

static zx_status_t transfer(const FIXTURE_VARIANT(rw) *variant,
			    zx_handle_t handle, void *buffer, uint64_t offset,
			    uint64_t length)
{
	return variant->write ? zx_vmo_write(handle, buffer, offset, length) :
				zx_vmo_read(handle, buffer, offset, length);
}

/* With the fixture's VMO */
#define RW(buffer, offset, length) \
	transfer(variant, self->vmo, buffer, offset, length)

static zx_rights_t right(const FIXTURE_VARIANT(rw) *variant)
{
	return variant->write ? ZX_RIGHT_WRITE : ZX_RIGHT_READ;
}

TEST_F(rw, inside)
{
	EXPECT_OK(RW(self->buffer, 0, 1));
	EXPECT_OK(RW(self->buffer, 0, 4 * PAGE));
	EXPECT_OK(RW(self->buffer, 1, 2 * PAGE));
	EXPECT_OK(RW(self->buffer, self->size - 4 * PAGE, 4 * PAGE));
	EXPECT_OK(RW(self->buffer, self->size - 1, 1));
}

TEST_F(rw, past_the_end)
{
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  RW(self->buffer, self->size - 4 * PAGE, 4 * PAGE + 1));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, RW(self->buffer, self->size - 1, 2));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, RW(self->buffer, self->size, 1));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, RW(self->buffer, self->size + 1, 1));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  RW(self->buffer, self->size + PAGE, PAGE));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
}

TEST_F(rw, past_2_to_the_64)
{
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, RW(self->buffer, UINT64_MAX, 1));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, RW(self->buffer, UINT64_MAX, 2));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, RW(self->buffer, 1, UINT64_MAX));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  RW(self->buffer, PAGE, UINT64_MAX - PAGE + 1));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  RW(self->buffer, UINT64_MAX, UINT64_MAX));
}

TEST_F(rw, length_0_inside_and_at_the_end)
{
	EXPECT_OK(RW(self->buffer, 0, 0));
	EXPECT_OK(RW(self->buffer, PAGE + 1, 0));
	EXPECT_OK(RW(self->buffer, self->size, 0));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
}

TEST_F(rw, length_0_does_not_look_at_the_buffer)
{
	EXPECT_OK(RW(NULL, 0, 0));
	EXPECT_OK(RW((void *)-PAGE, self->size, 0));
	EXPECT_OK(RW(page_before_hole(_metadata) + PAGE, 0, 0));
}

TEST_F(rw, length_0_past_the_end)
{
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, RW(self->buffer, self->size + 1, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  RW(self->buffer, self->size + PAGE, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, RW(self->buffer, UINT64_MAX, 0));
}

TEST_F(rw, bad_handle)
{
	zx_handle_t closed = closed_handle(_metadata);

	EXPECT_ST(ZX_ERR_BAD_HANDLE,
		  transfer(variant, closed, self->buffer, 0, 1));
	EXPECT_ST(ZX_ERR_BAD_HANDLE,
		  transfer(variant, ZX_HANDLE_INVALID, self->buffer, 0, 1));
	/* before everything else */
	EXPECT_ST(ZX_ERR_BAD_HANDLE,
		  transfer(variant, closed, NULL, UINT64_MAX, UINT64_MAX));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, transfer(variant, closed, NULL, 0, 0));
}

TEST_F(rw, wrong_type)
{
	zx_handle_t event = wrong_type(_metadata);

	EXPECT_ST(ZX_ERR_WRONG_TYPE,
		  transfer(variant, event, self->buffer, 0, 1));
	/* before range and buffer */
	EXPECT_ST(ZX_ERR_WRONG_TYPE,
		  transfer(variant, event, NULL, UINT64_MAX, UINT64_MAX));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, transfer(variant, event, NULL, 0, 0));
	EXPECT_ST(ZX_ERR_WRONG_TYPE,
		  transfer(variant, zx_vmar_root_self(), self->buffer, 0, 1));
}

TEST_F(rw, right_missing)
{
	zx_handle_t handle = without_rights(_metadata, self->vmo,
					    right(variant));

	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  transfer(variant, handle, self->buffer, 0, 1));
	/* before range and buffer */
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  transfer(variant, handle, NULL, 0, 1));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  transfer(variant, handle, NULL, self->size, 1));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  transfer(variant, handle, NULL, UINT64_MAX, UINT64_MAX));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  transfer(variant, handle, NULL, 0, 0));
}

TEST_F(rw, right_alone_is_enough)
{
	zx_handle_t handle = with_rights(_metadata, self->vmo, right(variant));

	EXPECT_OK(transfer(variant, handle, self->buffer, 0, 4 * PAGE));
}

TEST_F(rw, range_before_buffer)
{
	unsigned char *hole = page_before_hole(_metadata) + PAGE;

	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, RW(NULL, self->size, 1));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, RW(hole, self->size - 1, 2));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, RW((void *)-PAGE, UINT64_MAX, 1));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, RW(NULL, 1, self->size));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, RW(NULL, 0, UINT64_MAX));
}

TEST_F(rw, buffer_null)
{
	EXPECT_ST(ZX_ERR_NOT_FOUND, RW(NULL, 0, 1));
	EXPECT_ST(ZX_ERR_NOT_FOUND, RW(NULL, 0, 4 * PAGE));
}

TEST_F(rw, buffer_in_the_kernel)
{
	/* the top, the middle and, on x86-64, the lowest address of the kernel */
	EXPECT_ST(ZX_ERR_NOT_FOUND, RW((void *)-PAGE, 0, 1));
	EXPECT_ST(ZX_ERR_NOT_FOUND, RW((void *)0xffff888000000000UL, 0, PAGE));
	EXPECT_ST(ZX_ERR_NOT_FOUND, RW((void *)0xffff800000000000UL, 0, PAGE));
	/* no address at all */
	EXPECT_ST(ZX_ERR_NOT_FOUND, RW((void *)0x800000000000000UL, 0, PAGE));
}

TEST_F(rw, buffer_straddles_the_end_of_user_space)
{
	EXPECT_ST(ZX_ERR_NOT_FOUND, RW((void *)(USER_END - 8), 0, 16));
	EXPECT_ST(ZX_ERR_NOT_FOUND, RW((void *)(USER_END - PAGE), 0, 2 * PAGE));
	EXPECT_ST(ZX_ERR_NOT_FOUND, RW((void *)(USER_END_5 - PAGE), 0, 2 * PAGE));
}

TEST_F(rw, buffer_wraps_around)
{
	EXPECT_ST(ZX_ERR_NOT_FOUND, RW((void *)-8UL, 0, 16));
	EXPECT_ST(ZX_ERR_NOT_FOUND, RW((void *)-1UL, 0, 4 * PAGE));
}

TEST_F(rw, buffer_unmapped)
{
	unsigned char *p = page_before_hole(_metadata);

	EXPECT_ST(ZX_ERR_NOT_FOUND, RW(p + PAGE, 0, 1));
	EXPECT_ST(ZX_ERR_NOT_FOUND, RW(p + PAGE, 0, PAGE));
}

TEST_F(rw, buffer_runs_into_a_hole)
{
	unsigned char *p = page_before_hole(_metadata);

	EXPECT_ST(ZX_ERR_NOT_FOUND, RW(p + PAGE - 1, 0, 2));
	EXPECT_ST(ZX_ERR_NOT_FOUND, RW(p, 0, PAGE + 1));
	EXPECT_ST(ZX_ERR_NOT_FOUND, RW(p, 17, 3 * PAGE));
	EXPECT_OK(RW(p, 0, PAGE));
}

/* Copies go from low to high: what lies behind the bad part is not touched. */
TEST_F(rw, nothing_is_copied_behind_a_hole)
{
	unsigned char *p = self->buffer;

	vmo_fill(_metadata, self->vmo, 0, 4 * PAGE, 'v');
	memset(p, 'b', 4 * PAGE);
	ASSERT_EQ(0, munmap(p + PAGE, PAGE));
	EXPECT_ST(ZX_ERR_NOT_FOUND, RW(p, 0, 4 * PAGE));
	EXPECT_EQ(3 * PAGE, vmo_span(self->vmo, PAGE, 3 * PAGE, 'v'));
	EXPECT_EQ(2 * PAGE, mem_span(p + 2 * PAGE, 2 * PAGE, 'b'));
}

TEST_F(rw, buffer_without_any_permission)
{
	unsigned char *p = user_pages(_metadata, 1, PROT_NONE);

	EXPECT_ST(ZX_ERR_ACCESS_DENIED, RW(p, 0, 1));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, RW(p, 0, PAGE));
}

TEST_F(rw, buffer_runs_into_a_page_without_permission)
{
	unsigned char *p = self->buffer;

	ASSERT_EQ(0, mprotect(p + PAGE, PAGE, PROT_NONE));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, RW(p, 0, 2 * PAGE));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, RW(p + PAGE - 1, 0, 2));
}

TEST_F(rw, buffer_is_read_only)
{
	unsigned char *p = self->buffer;

	memset(p, 'b', 2 * PAGE);
	vmo_fill(_metadata, self->vmo, 0, 2 * PAGE, 'v');
	ASSERT_EQ(0, mprotect(p, 2 * PAGE, PROT_READ));
	EXPECT_ST(variant->write ? ZX_OK : ZX_ERR_ACCESS_DENIED,
		  RW(p, 0, 2 * PAGE));
	EXPECT_EQ(2 * PAGE, mem_span(p, 2 * PAGE, 'b'));
	EXPECT_EQ(2 * PAGE, vmo_span(self->vmo, 0, 2 * PAGE,
				     variant->write ? 'b' : 'v'));
}

TEST_F(rw, buffer_is_a_mapping_without_permission)
{
	zx_handle_t other = vmo_create(_metadata, PAGE, 0);
	unsigned char *p;

	p = vmo_map(_metadata, other, ZX_VM_PERM_READ, 0, PAGE);
	EXPECT_ST(variant->write ? ZX_OK : ZX_ERR_ACCESS_DENIED,
		  RW(p, 0, PAGE));
	p = vmo_map(_metadata, other, 0, 0, PAGE);
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, RW(p, 0, PAGE));
	EXPECT_EQ(0, vmo_pages(_metadata, other));
}

TEST_F(rw, buffer_is_a_mapping_past_the_end_of_its_vmo)
{
	zx_handle_t other = vmo_create(_metadata, PAGE, 0);
	unsigned char *p = vmo_map_rw(_metadata, other, 0, 2 * PAGE);

	EXPECT_OK(RW(p, 0, PAGE));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, RW(p + PAGE, 0, 1));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, RW(p + PAGE - 1, 0, 2));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, RW(p, 0, 2 * PAGE));
	p = vmo_map_rw(_metadata, other, 16 * PAGE, PAGE);
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, RW(p, 0, PAGE));
}

TEST_F(rw, buffer_permission_before_the_end_of_its_vmo)
{
	zx_handle_t other = vmo_create(_metadata, 0, 0);
	unsigned char *p;

	p = vmo_map(_metadata, other, 0, 0, PAGE);
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, RW(p, 0, PAGE));
	p = vmo_map(_metadata, other, ZX_VM_PERM_READ, 0, PAGE);
	EXPECT_ST(variant->write ? ZX_ERR_OUT_OF_RANGE : ZX_ERR_ACCESS_DENIED,
		  RW(p, 0, PAGE));
}

TEST_F(rw, buffer_of_every_sort_of_memory)
{
	unsigned char stack[64];
	zx_handle_t other = vmo_create(_metadata, PAGE, 0);
	int fd = memfd_create("buffer", MFD_CLOEXEC);
	void *shared, *private, *anon;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, PAGE));
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	private = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	anon = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	ASSERT_NE(MAP_FAILED, private);
	ASSERT_NE(MAP_FAILED, anon);
	EXPECT_OK(RW(stack, PAGE - 32, sizeof(stack)));
	EXPECT_OK(RW(shared, 0, PAGE));
	EXPECT_OK(RW(private, 1, PAGE));
	EXPECT_OK(RW(anon, 2, PAGE));
	EXPECT_OK(RW(vmo_map_rw(_metadata, other, 0, PAGE), 3, PAGE));
}

TEST_F(rw, stream_size_is_no_limit)
{
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, 0));
	EXPECT_OK(RW(self->buffer, 0, 4 * PAGE));
	EXPECT_OK(RW(self->buffer, self->size - 1, 1));
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, PAGE + 1));
	EXPECT_OK(RW(self->buffer, PAGE, PAGE));
	EXPECT_EQ(PAGE + 1, vmo_stream_size(_metadata, self->vmo));
}

TEST_F(rw, mapped_vmo)
{
	vmo_map_rw(_metadata, self->vmo, 0, 4 * PAGE);
	EXPECT_OK(RW(self->buffer, 0, 4 * PAGE));
}

/*
 * A length that no buffer can have fits into an unbounded VMO: then the buffer
 * decides, after what was there has been copied.
 */
TEST_F(rw, length_of_2_to_the_62)
{
	unsigned char *p = page_before_hole(_metadata);
	zx_status_t want = variant->options & ZX_VMO_UNBOUNDED ?
			   ZX_ERR_NOT_FOUND : ZX_ERR_OUT_OF_RANGE;

	EXPECT_QUICK(EXPECT_ST(want, RW(p, 0, 1ULL << 62)));
}

/* A VMO whose size is 0 has one legal range. */
TEST(empty_vmo)
{
	zx_handle_t vmo = vmo_create(_metadata, 0, 0);
	char byte;

	EXPECT_OK(zx_vmo_read(vmo, &byte, 0, 0));
	EXPECT_OK(zx_vmo_write(vmo, "x", 0, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_read(vmo, &byte, 0, 1));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_write(vmo, "x", 0, 1));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_read(vmo, &byte, 1, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_write(vmo, "x", 1, 0));
}

TEST(limit_follows_a_resize)
{
	unsigned char *p = user_pages(_metadata, 6, PROT_READ | PROT_WRITE);
	zx_handle_t vmo = vmo_create(_metadata, 4 * PAGE, ZX_VMO_RESIZABLE);

	ASSERT_OK(zx_vmo_set_size(vmo, PAGE + 1));
	EXPECT_OK(zx_vmo_write(vmo, p, PAGE, PAGE));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_write(vmo, p, 2 * PAGE, 1));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_read(vmo, p, PAGE, PAGE + 1));
	ASSERT_OK(zx_vmo_set_size(vmo, 6 * PAGE));
	EXPECT_OK(zx_vmo_write(vmo, p, 0, 6 * PAGE));
	EXPECT_OK(zx_vmo_read(vmo, p, 0, 6 * PAGE));
	ASSERT_OK(zx_vmo_set_size(vmo, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_read(vmo, p, 0, 1));
	EXPECT_OK(zx_vmo_read(vmo, p, 0, 0));
}

/* Contents */

FIXTURE(contents) {
	zx_handle_t vmo;
	unsigned char *buffer;	/* 16 pages */
};

KIND_VARIANTS(contents);

FIXTURE_SETUP(contents)
{
	self->vmo = vmo_create(_metadata, 16 * PAGE, variant->options);
	self->buffer = user_pages(_metadata, 16, PROT_READ | PROT_WRITE);
}

FIXTURE_TEARDOWN(contents)
{
}

TEST_F(contents, what_was_written_is_read)
{
	static const struct {
		uint8_t page, length_pages;
		int16_t offset, length;
	} cases[] = {
		{ 0, 0, 0, 1 }, { 0, 0, 1, 1 }, { 0, 0, 63, 130 },
		{ 1, 0, -1, 2 }, { 1, 0, -3, 3 }, { 1, 0, 0, 5 },
		{ 1, 1, 0, 0 }, { 1, 1, 1, 0 }, { 2, 1, -1, 2 },
		{ 3, 4, 0, 0 }, { 3, 4, 77, -154 }, { 5, 3, -2, 3 },
		{ 0, 16, 0, 0 }, { 0, 16, 1, -1 }, { 0, 16, 0, -1 },
	};
	unsigned char *expected = user_pages(_metadata, 16, PROT_READ | PROT_WRITE);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t offset = cases[i].page * PAGE + cases[i].offset;
		size_t length = cases[i].length_pages * PAGE + cases[i].length;

		zt_fill(expected + offset, length, i + 1);
		ASSERT_OK(zx_vmo_write(self->vmo, expected + offset, offset, length));
		memset(self->buffer, 0xee, 16 * PAGE);
		ASSERT_OK(zx_vmo_read(self->vmo, self->buffer + offset, offset, length));
		EXPECT_EQ(0, memcmp(self->buffer + offset, expected + offset, length))
			TH_LOG("case %zu", i);
		/* not a byte more */
		EXPECT_EQ(offset, mem_span(self->buffer, offset, 0xee));
		EXPECT_EQ(16 * PAGE - offset - length,
			  mem_span(self->buffer + offset + length,
				   16 * PAGE - offset - length, 0xee));
		/* and the neighbours in the VMO are what they were */
		ASSERT_OK(zx_vmo_read(self->vmo, self->buffer, 0, 16 * PAGE));
		EXPECT_EQ(0, memcmp(self->buffer, expected, 16 * PAGE))
			TH_LOG("case %zu", i);
	}
}

/* The two sides of a copy need not be aligned to each other. */
TEST_F(contents, misaligned_buffer)
{
	size_t shift;

	for (shift = 1; shift < 64; shift = shift * 2 + 1) {
		zt_fill(self->buffer, 3 * PAGE, shift);
		ASSERT_OK(zx_vmo_write(self->vmo, self->buffer + shift, 5, 2 * PAGE));
		memset(self->buffer + 8 * PAGE, 0, 4 * PAGE);
		ASSERT_OK(zx_vmo_read(self->vmo, self->buffer + 8 * PAGE + 3, 5, 2 * PAGE));
		EXPECT_EQ(0, memcmp(self->buffer + shift,
				    self->buffer + 8 * PAGE + 3, 2 * PAGE));
	}
}

TEST_F(contents, write_commits_the_pages_it_touches)
{
	ASSERT_OK(zx_vmo_write(self->vmo, "x", 3 * PAGE + 7, 1));
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	ASSERT_OK(zx_vmo_write(self->vmo, "xy", 6 * PAGE - 1, 2));
	EXPECT_EQ(3, vmo_pages(_metadata, self->vmo));
	ASSERT_OK(zx_vmo_write(self->vmo, self->buffer, 3 * PAGE, 4 * PAGE));
	EXPECT_EQ(4, vmo_pages(_metadata, self->vmo));
	/* the rest of a new page is zero */
	EXPECT_EQ(9 * PAGE, vmo_span(self->vmo, 7 * PAGE, 9 * PAGE, 0));
}

TEST_F(contents, rest_of_a_new_page_is_zero)
{
	ASSERT_OK(zx_vmo_write(self->vmo, "xy", 2 * PAGE - 1, 2));
	EXPECT_EQ(2 * PAGE - 1, vmo_span(self->vmo, 0, 2 * PAGE - 1, 0));
	EXPECT_EQ(14 * PAGE - 1, vmo_span(self->vmo, 2 * PAGE + 1, 14 * PAGE - 1, 0));
}

TEST_F(contents, write_of_zeros_commits)
{
	ASSERT_OK(zx_vmo_write(self->vmo, self->buffer, 0, 2 * PAGE));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
	ASSERT_OK(zx_vmo_write(self->vmo, self->buffer, 5 * PAGE + 1, 1));
	EXPECT_EQ(3, vmo_pages(_metadata, self->vmo));
}

TEST_F(contents, read_commits_nothing)
{
	ASSERT_OK(zx_vmo_read(self->vmo, self->buffer, 0, 16 * PAGE));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(0, vmo_info(_metadata, self->vmo).metadata_bytes);
	ASSERT_OK(zx_vmo_write(self->vmo, "x", 4 * PAGE, 1));
	ASSERT_OK(zx_vmo_read(self->vmo, self->buffer, 0, 16 * PAGE));
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
}

TEST_F(contents, absent_pages_read_as_zero_among_present_ones)
{
	vmo_fill(_metadata, self->vmo, PAGE, PAGE, 'a');
	vmo_fill(_metadata, self->vmo, 3 * PAGE, PAGE, 'b');
	memset(self->buffer, 0xee, 16 * PAGE);
	ASSERT_OK(zx_vmo_read(self->vmo, self->buffer, 0, 5 * PAGE));
	EXPECT_EQ(PAGE, mem_span(self->buffer, PAGE, 0));
	EXPECT_EQ(PAGE, mem_span(self->buffer + PAGE, PAGE, 'a'));
	EXPECT_EQ(PAGE, mem_span(self->buffer + 2 * PAGE, PAGE, 0));
	EXPECT_EQ(PAGE, mem_span(self->buffer + 3 * PAGE, PAGE, 'b'));
	EXPECT_EQ(PAGE, mem_span(self->buffer + 4 * PAGE, PAGE, 0));
	EXPECT_EQ(PAGE, mem_span(self->buffer + 5 * PAGE, PAGE, 0xee));
}

TEST_F(contents, coherent_with_mappings)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, 4 * PAGE);

	/* A mapped read of an absent page does not hide what is written later. */
	EXPECT_EQ(0, p[PAGE]);
	ASSERT_OK(zx_vmo_write(self->vmo, "x", PAGE, 1));
	EXPECT_EQ('x', p[PAGE]);
	p[PAGE + 1] = 'y';
	p[2 * PAGE] = 'z';
	EXPECT_EQ(1, vmo_span(self->vmo, PAGE + 1, 1, 'y'));
	EXPECT_EQ(1, vmo_span(self->vmo, 2 * PAGE, 1, 'z'));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
}

TEST_F(contents, one_mebibyte)
{
	const size_t length = 1 << 20;
	zx_handle_t vmo = vmo_create(_metadata, 2 * length, variant->options);
	unsigned char *a = malloc(length), *b = malloc(length);

	ASSERT_NE(NULL, a);
	ASSERT_NE(NULL, b);
	zt_fill(a, length, 99);
	ASSERT_OK(zx_vmo_write(vmo, a, length / 2 + 1, length));
	ASSERT_OK(zx_vmo_read(vmo, b, length / 2 + 1, length));
	EXPECT_EQ(0, memcmp(a, b, length));
	EXPECT_EQ(length / PAGE + 1, vmo_pages(_metadata, vmo));
}

TEST_F(contents, two_handles_one_vmo)
{
	zx_handle_t copy = with_rights(_metadata, self->vmo, ZX_RIGHT_SAME_RIGHTS);

	ASSERT_OK(zx_vmo_write(copy, "x", 77, 1));
	ASSERT_OK(zx_handle_close(copy));
	EXPECT_EQ(1, vmo_span(self->vmo, 77, 1, 'x'));
}

/* Offsets where the tree, loff_t or arithmetic could change their mind */
TEST(sparse_offsets_up_to_the_end)
{
	static const uint64_t offsets[] = {
		0, 1ULL << 21, 1ULL << 30, 1ULL << 31, 1ULL << 32, 1ULL << 39,
		1ULL << 44, 1ULL << 48, 1ULL << 57, 1ULL << 62, 1ULL << 63,
		0xc000000000000000ULL, 0xfffffffff0000000ULL,
	};
	zx_handle_t vmo = vmo_create(_metadata, MAX_SIZE, 0);
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		unsigned char in[2] = { 2 * i + 1, 2 * i + 2 };
		uint64_t offset = offsets[i] ? offsets[i] - 1 : 0;

		EXPECT_QUICK(EXPECT_OK(zx_vmo_write(vmo, in, offset, 2)));
		pages += offsets[i] ? 2 : 1;
	}
	EXPECT_OK(zx_vmo_write(vmo, "e", MAX_SIZE - 1, 1));
	EXPECT_EQ(pages + 1, vmo_pages(_metadata, vmo));
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		uint64_t offset = offsets[i] ? offsets[i] - 1 : 0;
		unsigned char out[4];

		EXPECT_QUICK(EXPECT_OK(zx_vmo_read(vmo, out, offset, 4)));
		EXPECT_EQ(2 * i + 1, out[0]) TH_LOG("%#jx", (uintmax_t)offset);
		EXPECT_EQ(2 * i + 2, out[1]) TH_LOG("%#jx", (uintmax_t)offset);
		EXPECT_EQ(0, out[2]);
		EXPECT_EQ(0, out[3]);
	}
	EXPECT_EQ(1, vmo_span(vmo, MAX_SIZE - 1, 1, 'e'));
	EXPECT_EQ(PAGE - 1, vmo_span(vmo, MAX_SIZE - PAGE, PAGE - 1, 0));
	EXPECT_QUICK(EXPECT_OK(zx_handle_close(vmo)));
}

/* The lock is not held while user memory is touched. */

TEST(read_into_a_mapping_of_itself)
{
	zx_handle_t vmo = vmo_create(_metadata, 8 * PAGE, 0);
	unsigned char *p = vmo_map_rw(_metadata, vmo, 0, 8 * PAGE);
	unsigned char *expected = malloc(4 * PAGE);

	ASSERT_NE(NULL, expected);
	zt_fill(expected, 4 * PAGE, 1);
	ASSERT_OK(zx_vmo_write(vmo, expected, 0, 4 * PAGE));
	/* into absent pages, which the copy commits */
	EXPECT_OK(zx_vmo_read(vmo, p + 4 * PAGE, 0, 4 * PAGE));
	EXPECT_EQ(0, memcmp(p + 4 * PAGE, expected, 4 * PAGE));
	EXPECT_EQ(8, vmo_pages(_metadata, vmo));
	/* onto itself */
	EXPECT_OK(zx_vmo_read(vmo, p, 0, 4 * PAGE));
	EXPECT_EQ(0, memcmp(p, expected, 4 * PAGE));
	/* absent pages into absent pages of the mapping */
	ASSERT_OK(zx_vmo_op_range(vmo, ZX_VMO_OP_DECOMMIT, 0, 8 * PAGE, NULL, 0));
	EXPECT_OK(zx_vmo_read(vmo, p + 4 * PAGE, 0, 4 * PAGE));
	EXPECT_EQ(4, vmo_pages(_metadata, vmo));
}

TEST(write_from_a_mapping_of_itself)
{
	zx_handle_t vmo = vmo_create(_metadata, 8 * PAGE, 0);
	unsigned char *p = vmo_map_rw(_metadata, vmo, 0, 8 * PAGE);
	unsigned char *expected = malloc(4 * PAGE);

	ASSERT_NE(NULL, expected);
	zt_fill(expected, 4 * PAGE, 2);
	ASSERT_OK(zx_vmo_write(vmo, expected, 0, 4 * PAGE));
	EXPECT_OK(zx_vmo_write(vmo, p, 4 * PAGE, 4 * PAGE));
	EXPECT_EQ(0, memcmp(p + 4 * PAGE, expected, 4 * PAGE));
	EXPECT_OK(zx_vmo_write(vmo, p, 0, 4 * PAGE));
	EXPECT_EQ(0, memcmp(p, expected, 4 * PAGE));
	/* absent pages are read as zero and written */
	ASSERT_OK(zx_vmo_op_range(vmo, ZX_VMO_OP_DECOMMIT, 0, 8 * PAGE, NULL, 0));
	EXPECT_OK(zx_vmo_write(vmo, p, 4 * PAGE, 4 * PAGE));
	EXPECT_EQ(4, vmo_pages(_metadata, vmo));
	EXPECT_EQ(8 * PAGE, vmo_span(vmo, 0, 8 * PAGE, 0));
}

struct cross {
	zx_handle_t from;
	unsigned char *to;
	bool write;
	zx_status_t status;
};

static void *cross_thread(void *arg)
{
	struct cross *c = arg;
	int i;

	for (i = 0; i < 100 && c->status == ZX_OK; i++) {
		/* Every other time the pages fault again. */
		if (i & 1)
			madvise(c->to, 4 * PAGE, MADV_DONTNEED);
		c->status = c->write ? zx_vmo_write(c->from, c->to, 0, 4 * PAGE) :
				       zx_vmo_read(c->from, c->to, 0, 4 * PAGE);
	}
	return NULL;
}

static void run_cross(struct __test_metadata *const _metadata, bool write)
{
	zx_handle_t a = vmo_create(_metadata, 4 * PAGE, 0);
	zx_handle_t b = vmo_create(_metadata, 4 * PAGE, 0);
	struct cross cross[] = {
		{ a, vmo_map_rw(_metadata, b, 0, 4 * PAGE), write, ZX_OK },
		{ b, vmo_map_rw(_metadata, a, 0, 4 * PAGE), write, ZX_OK },
	};
	pthread_t threads[2];
	int i;

	vmo_fill(_metadata, a, 0, 4 * PAGE, 'x');
	vmo_fill(_metadata, b, 0, 4 * PAGE, 'x');
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, cross_thread, &cross[i]));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	EXPECT_OK(cross[0].status);
	EXPECT_OK(cross[1].status);
	EXPECT_EQ(4 * PAGE, vmo_span(a, 0, 4 * PAGE, 'x'));
	EXPECT_EQ(4 * PAGE, vmo_span(b, 0, 4 * PAGE, 'x'));
}

TEST(two_vmos_read_into_each_other_from_two_threads)
{
	run_cross(_metadata, false);
}

TEST(two_vmos_written_from_each_other_from_two_threads)
{
	run_cross(_metadata, true);
}

/*
 * Four pages of buffer of which the second is missing. Whoever touches it
 * waits until the thread has done what the test wants to happen meanwhile.
 */
struct stall {
	unsigned char *buffer;
	int uffd;
	zx_handle_t vmo;
	zx_status_t (*meanwhile)(struct stall *stall);
	zx_status_t status;
	bool stalled;
	pthread_t thread;
};

static void *stall_thread(void *arg)
{
	struct stall *stall = arg;
	struct pollfd pollfd = { .fd = stall->uffd, .events = POLLIN };
	struct uffdio_zeropage zero = {
		.range = { (uintptr_t)stall->buffer + PAGE, PAGE },
	};
	struct uffd_msg msg;

	if (poll(&pollfd, 1, 5000) != 1 ||
	    read(stall->uffd, &msg, sizeof(msg)) != sizeof(msg))
		return NULL;
	stall->stalled = true;
	stall->status = stall->meanwhile(stall);
	ioctl(stall->uffd, UFFDIO_ZEROPAGE, &zero);
	return NULL;
}

static void stall_start(struct __test_metadata *const _metadata,
			struct stall *stall)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	stall->buffer = user_pages(_metadata, 4, PROT_READ | PROT_WRITE);
	memset(stall->buffer, 'b', PAGE);
	memset(stall->buffer + 2 * PAGE, 'b', 2 * PAGE);
	stall->uffd = syscall(__NR_userfaultfd, O_CLOEXEC);
	ASSERT_LE(0, stall->uffd);
	ASSERT_EQ(0, ioctl(stall->uffd, UFFDIO_API, &api));
	reg.range.start = (uintptr_t)stall->buffer + PAGE;
	reg.range.len = PAGE;
	ASSERT_EQ(0, ioctl(stall->uffd, UFFDIO_REGISTER, &reg));
	ASSERT_EQ(0, pthread_create(&stall->thread, NULL, stall_thread, stall));
}

static void stall_end(struct __test_metadata *const _metadata,
		      struct stall *stall)
{
	ASSERT_EQ(0, pthread_join(stall->thread, NULL));
	ASSERT_TRUE(stall->stalled);
	EXPECT_OK(stall->status);
}

/* Everything that wants the VMO goes on while a copy waits for its buffer. */
static zx_status_t use_everything(struct stall *stall)
{
	zx_status_t status;
	char byte = 'm';

	status = zx_vmo_write(stall->vmo, &byte, 0, 1);
	status = status ?: zx_vmo_read(stall->vmo, &byte, 3 * PAGE, 1);
	status = status ?: zx_vmo_op_range(stall->vmo, ZX_VMO_OP_COMMIT, 0, 4 * PAGE, NULL, 0);
	status = status ?: zx_vmo_op_range(stall->vmo, ZX_VMO_OP_ZERO, 3 * PAGE, 1, NULL, 0);
	status = status ?: zx_vmo_set_stream_size(stall->vmo, 4 * PAGE);
	status = status ?: zx_vmo_set_size(stall->vmo, 5 * PAGE);
	return status;
}

TEST(stalled_read_blocks_nobody)
{
	struct stall stall = { .meanwhile = use_everything };

	stall.vmo = vmo_create(_metadata, 4 * PAGE, ZX_VMO_RESIZABLE);
	vmo_fill(_metadata, stall.vmo, 0, 4 * PAGE, 'v');
	stall_start(_metadata, &stall);
	EXPECT_OK(zx_vmo_read(stall.vmo, stall.buffer, 0, 4 * PAGE));
	stall_end(_metadata, &stall);
	EXPECT_EQ(PAGE, mem_span(stall.buffer + PAGE, PAGE, 'v'));
	EXPECT_EQ('m', *(unsigned char *)vmo_map_rw(_metadata, stall.vmo, 0, PAGE));
}

TEST(stalled_write_blocks_nobody)
{
	struct stall stall = { .meanwhile = use_everything };

	stall.vmo = vmo_create(_metadata, 4 * PAGE, ZX_VMO_RESIZABLE);
	vmo_fill(_metadata, stall.vmo, 0, 4 * PAGE, 'v');
	stall_start(_metadata, &stall);
	EXPECT_OK(zx_vmo_write(stall.vmo, stall.buffer, 0, 4 * PAGE));
	stall_end(_metadata, &stall);
	EXPECT_EQ(1, vmo_span(stall.vmo, 0, 1, 'm'));
	EXPECT_EQ(PAGE, vmo_span(stall.vmo, PAGE, PAGE, 0));
	EXPECT_EQ(2 * PAGE, vmo_span(stall.vmo, 2 * PAGE, 2 * PAGE, 'b'));
}

static zx_status_t shrink_to_one_page(struct stall *stall)
{
	return zx_vmo_set_size(stall->vmo, PAGE);
}

TEST(shrink_under_a_stalled_read)
{
	struct stall stall = { .meanwhile = shrink_to_one_page };

	stall.vmo = vmo_create(_metadata, 4 * PAGE, ZX_VMO_RESIZABLE);
	vmo_fill(_metadata, stall.vmo, 0, 4 * PAGE, 'v');
	stall_start(_metadata, &stall);
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  zx_vmo_read(stall.vmo, stall.buffer, 0, 4 * PAGE));
	stall_end(_metadata, &stall);
	EXPECT_EQ(2 * PAGE, mem_span(stall.buffer + 2 * PAGE, 2 * PAGE, 'b'));
}

/* The page that is being waited for is the last one and goes away itself. */
TEST(shrink_under_a_read_stalled_in_its_last_page)
{
	struct stall stall = { .meanwhile = shrink_to_one_page };

	stall.vmo = vmo_create(_metadata, 2 * PAGE, ZX_VMO_RESIZABLE);
	stall_start(_metadata, &stall);
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  zx_vmo_read(stall.vmo, stall.buffer, 0, 2 * PAGE));
	stall_end(_metadata, &stall);
}

TEST(shrink_under_a_stalled_write)
{
	struct stall stall = { .meanwhile = shrink_to_one_page };

	stall.vmo = vmo_create(_metadata, 4 * PAGE, ZX_VMO_RESIZABLE);
	stall_start(_metadata, &stall);
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  zx_vmo_write(stall.vmo, stall.buffer, 0, 4 * PAGE));
	stall_end(_metadata, &stall);
	/* No page was left behind the end. */
	EXPECT_EQ(1, vmo_pages(_metadata, stall.vmo));
	ASSERT_OK(zx_vmo_set_size(stall.vmo, 4 * PAGE));
	EXPECT_EQ(3 * PAGE, vmo_span(stall.vmo, PAGE, 3 * PAGE, 0));
	EXPECT_EQ(1, vmo_pages(_metadata, stall.vmo));
}

static zx_status_t shrink_and_grow(struct stall *stall)
{
	zx_status_t status = zx_vmo_set_size(stall->vmo, 0);

	return status ?: zx_vmo_set_size(stall->vmo, 4 * PAGE);
}

/* What a resize took away does not come back through a copy in flight. */
TEST(shrink_and_grow_under_a_stalled_read)
{
	struct stall stall = { .meanwhile = shrink_and_grow };
	zx_status_t status;

	stall.vmo = vmo_create(_metadata, 4 * PAGE, ZX_VMO_RESIZABLE);
	vmo_fill(_metadata, stall.vmo, 0, 4 * PAGE, 'v');
	stall_start(_metadata, &stall);
	status = zx_vmo_read(stall.vmo, stall.buffer, 0, 4 * PAGE);
	stall_end(_metadata, &stall);
	EXPECT_OK(status);
	EXPECT_EQ(2 * PAGE, mem_span(stall.buffer + 2 * PAGE, 2 * PAGE, 0));
	EXPECT_EQ(4 * PAGE, vmo_span(stall.vmo, 0, 4 * PAGE, 0));
}

static zx_status_t close_handle(struct stall *stall)
{
	return zx_handle_close(stall->vmo);
}

/* The call began with a handle and needs no other to come to its end. */
TEST(close_under_a_stalled_read)
{
	struct stall stall = { .meanwhile = close_handle };

	stall.vmo = vmo_create(_metadata, 4 * PAGE, 0);
	vmo_fill(_metadata, stall.vmo, 0, 4 * PAGE, 'v');
	stall_start(_metadata, &stall);
	EXPECT_OK(zx_vmo_read(stall.vmo, stall.buffer, 0, 4 * PAGE));
	stall_end(_metadata, &stall);
	EXPECT_EQ(4 * PAGE, mem_span(stall.buffer, 4 * PAGE, 'v'));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_vmo_read(stall.vmo, stall.buffer, 0, 1));
}

static zx_status_t unmap_end_of_buffer(struct stall *stall)
{
	return munmap(stall->buffer + 3 * PAGE, PAGE) ? ZX_ERR_INTERNAL : ZX_OK;
}

TEST(unmap_of_the_buffer_under_a_stalled_read)
{
	struct stall stall = { .meanwhile = unmap_end_of_buffer };

	stall.vmo = vmo_create(_metadata, 4 * PAGE, 0);
	vmo_fill(_metadata, stall.vmo, 0, 4 * PAGE, 'v');
	stall_start(_metadata, &stall);
	EXPECT_ST(ZX_ERR_NOT_FOUND, zx_vmo_read(stall.vmo, stall.buffer, 0, 4 * PAGE));
	stall_end(_metadata, &stall);
	EXPECT_EQ(3 * PAGE, mem_span(stall.buffer, 3 * PAGE, 'v'));
}

static zx_status_t decommit_all(struct stall *stall)
{
	return zx_vmo_op_range(stall->vmo, ZX_VMO_OP_DECOMMIT, 0, 4 * PAGE, NULL, 0);
}

/* What was written before is gone, what is written after stays. */
TEST(decommit_under_a_stalled_write)
{
	struct stall stall = { .meanwhile = decommit_all };

	stall.vmo = vmo_create(_metadata, 4 * PAGE, 0);
	vmo_fill(_metadata, stall.vmo, 0, 4 * PAGE, 'v');
	stall_start(_metadata, &stall);
	EXPECT_OK(zx_vmo_write(stall.vmo, stall.buffer, 0, 4 * PAGE));
	stall_end(_metadata, &stall);
	EXPECT_EQ(2 * PAGE, vmo_span(stall.vmo, 0, 2 * PAGE, 0));
	EXPECT_EQ(2 * PAGE, vmo_span(stall.vmo, 2 * PAGE, 2 * PAGE, 'b'));
}

/* A reader beside somebody who resizes sees all of it or OUT_OF_RANGE. */
struct resizer {
	zx_handle_t vmo;
	atomic_bool stop;
	zx_status_t status;
};

static void *resizer_thread(void *arg)
{
	struct resizer *r = arg;
	bool small = true;

	while (!r->stop && r->status == ZX_OK) {
		r->status = zx_vmo_set_size(r->vmo, (small ? 2 : 8) * PAGE);
		small = !small;
	}
	return NULL;
}

TEST(read_and_write_beside_a_resizer)
{
	struct resizer r = { .vmo = vmo_create(_metadata, 8 * PAGE, ZX_VMO_RESIZABLE) };
	unsigned char *buffer = user_pages(_metadata, 8, PROT_READ | PROT_WRITE);
	int64_t end = zx_clock_get_monotonic() + 500000000;
	zx_status_t status;
	pthread_t thread;
	int ok = 0, out = 0;

	memset(buffer, 'w', 8 * PAGE);
	ASSERT_EQ(0, pthread_create(&thread, NULL, resizer_thread, &r));
	do {
		status = ok & 1 ? zx_vmo_read(r.vmo, buffer, 0, 8 * PAGE) :
				  zx_vmo_write(r.vmo, buffer, 0, 8 * PAGE);
		if (status == ZX_OK)
			ok++;
		else if (status == ZX_ERR_OUT_OF_RANGE)
			out++;
		else
			break;
	} while (zx_clock_get_monotonic() < end);
	EXPECT_NE(0, ok + out);
	EXPECT_TRUE(status == ZX_OK || status == ZX_ERR_OUT_OF_RANGE)
		TH_LOG("%s", zt_status_name(status));
	r.stop = true;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_OK(r.status);
	ASSERT_OK(zx_vmo_set_size(r.vmo, 2 * PAGE));
	EXPECT_GE(2, vmo_pages(_metadata, r.vmo));
	ASSERT_OK(zx_vmo_set_size(r.vmo, 8 * PAGE));
	EXPECT_EQ(6 * PAGE, vmo_span(r.vmo, 2 * PAGE, 6 * PAGE, 0));
}

static void count_alarm(int sig)
{
	(void)sig;
}

/* Signals do not show: no call returns an error or does half its work. */
TEST(signals_do_not_interrupt)
{
	const size_t length = 4 << 20;
	struct sigaction action = { .sa_handler = count_alarm };
	struct itimerval timer = { { 0, 1000 }, { 0, 1000 } };
	zx_handle_t vmo = vmo_create(_metadata, length, 0);
	unsigned char *in = malloc(length), *out = malloc(length);
	int i;

	ASSERT_NE(NULL, in);
	ASSERT_NE(NULL, out);
	zt_fill(in, length, 3);
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
	for (i = 0; i < 4; i++) {
		EXPECT_OK(zx_vmo_op_range(vmo, ZX_VMO_OP_DECOMMIT, 0, length, NULL, 0));
		EXPECT_OK(zx_vmo_op_range(vmo, ZX_VMO_OP_COMMIT, 0, length, NULL, 0));
		EXPECT_OK(zx_vmo_write(vmo, in, 0, length));
		memset(out, 0, length);
		EXPECT_OK(zx_vmo_read(vmo, out, 0, length));
		EXPECT_EQ(0, memcmp(in, out, length));
	}
	memset(&timer, 0, sizeof(timer));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
}

TEST_HARNESS_MAIN
