// SPDX-License-Identifier: GPL-2.0-only
/*
 * zx_vmo_create_child(): what it checks and in which order, what it refuses, and
 * what the child is: rights, name, sizes, parent, flags
 */
#include <sys/resource.h>
#include <sys/uio.h>

#include "mem_test.h"

#define TOO_LARGE	(MAX_SIZE + PAGE)	/* does not wrap when it is rounded */
#define SNAPSHOTS	(ZX_VMO_CHILD_SNAPSHOT | ZX_VMO_CHILD_SNAPSHOT_AT_LEAST_ON_WRITE | \
			 ZX_VMO_CHILD_SNAPSHOT_MODIFIED)
#define REFERENCE	ZX_VMO_CHILD_REFERENCE
#define RESIZABLE	ZX_VMO_CHILD_RESIZABLE
#define NO_WRITE	ZX_VMO_CHILD_NO_WRITE
#define SNAPSHOT	ZX_VMO_CHILD_SNAPSHOT
#define SLICE		ZX_VMO_CHILD_SLICE

/* The status of creating a child that is closed again */
static zx_status_t try_child(zx_handle_t parent, uint32_t options, uint64_t offset, uint64_t size)
{
	zx_handle_t child = 0x5a5a5a5a;
	zx_status_t status = zx_vmo_create_child(parent, options, offset, size, &child);

	if (status == ZX_OK)
		zx_handle_close(child);
	else if (child != 0x5a5a5a5a)
		return ZX_ERR_INTERNAL;	/* stored on an error */
	return status;
}

/* Each of the three kinds that are a snapshot */
#define FOR_SNAPSHOTS(kind)							\
	for (const struct child_kind *kind = child_kinds; kind->snapshot; kind++)
#define FOR_KINDS(kind)								\
	for (const struct child_kind *kind = child_kinds;			\
	     kind < child_kinds + ARRAY_SIZE(child_kinds); kind++)

/* A parent of 8 pages of each kind there is */

FIXTURE(child) {
	zx_handle_t vmo;
	uint64_t size;
};

KIND_VARIANTS(child);

FIXTURE_SETUP(child)
{
	self->vmo = vmo_create(_metadata, 8 * PAGE, variant->options);
	self->size = vmo_size(_metadata, self->vmo);
	vmo_spell(_metadata, self->vmo, 0, "abcdefgh");
}

FIXTURE_TEARDOWN(child)
{
	EXPECT_CHILDREN(0, self->vmo);
	EXPECT_EQ(self->size, vmo_size(_metadata, self->vmo));
	EXPECT_LETTERS("abcdefgh", self->vmo);
}

#define CAN_RESIZE	(variant->options == ZX_VMO_RESIZABLE)

/* The order of the checks */

TEST_F(child, size_that_wraps_comes_before_the_handle)
{
	const zx_handle_t bad[] = { 0, closed_handle(_metadata), wrong_type(_metadata) };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, try_child(bad[i], SNAPSHOT, 0, UINT64_MAX));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, try_child(bad[i], 0, 1, UINT64_MAX - PAGE + 2));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
			  try_child(bad[i], NO_WRITE | RESIZABLE, 1, UINT64_MAX));
	}
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, try_child(self->vmo, ~0U, 1, UINT64_MAX));
}

TEST_F(child, no_write_with_resizable_comes_before_the_handle)
{
	const zx_handle_t bad[] = { 0, closed_handle(_metadata), wrong_type(_metadata) };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  try_child(bad[i], SNAPSHOT | NO_WRITE | RESIZABLE, 0, PAGE));
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  try_child(bad[i], NO_WRITE | RESIZABLE | 1U << 31, 1, TOO_LARGE));
	}
}

TEST_F(child, bad_handles)
{
	EXPECT_ST(ZX_ERR_BAD_HANDLE, try_child(0, SNAPSHOT, 0, PAGE));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, try_child(closed_handle(_metadata), SNAPSHOT, 0, PAGE));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, try_child(closed_handle(_metadata), 0, 1, TOO_LARGE));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, try_child(wrong_type(_metadata), SNAPSHOT, 0, PAGE));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, try_child(wrong_type(_metadata), ~0U & ~NO_WRITE, 1, 0));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, try_child(zx_vmar_root_self(), SNAPSHOT, 0, PAGE));
}

TEST_F(child, needs_duplicate_and_read)
{
	zx_handle_t least = with_rights(_metadata, self->vmo, ZX_RIGHT_DUPLICATE | ZX_RIGHT_READ);
	const zx_handle_t less[] = {
		without_rights(_metadata, self->vmo, ZX_RIGHT_DUPLICATE),
		without_rights(_metadata, self->vmo, ZX_RIGHT_READ),
		with_rights(_metadata, self->vmo, ZX_RIGHT_NONE),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(less); i++) {
		FOR_KINDS(kind)
			EXPECT_ST(ZX_ERR_ACCESS_DENIED, try_child(less[i], kind->option, 0, 0));
		/* before the options and the range are looked at */
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, try_child(less[i], 0, 1, TOO_LARGE));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, try_child(less[i], 0x80000002, 1, TOO_LARGE));
	}
	FOR_SNAPSHOTS(kind)
		EXPECT_OK(try_child(least, kind->option, 0, PAGE));
	EXPECT_OK(try_child(least, SNAPSHOT | RESIZABLE, 0, PAGE));
	EXPECT_OK(try_child(least, REFERENCE, 0, 0));
	EXPECT_ST(CAN_RESIZE ? ZX_ERR_NOT_SUPPORTED : ZX_OK, try_child(least, SLICE, 0, PAGE));
}

TEST_F(child, resizable_reference_needs_resize)
{
	zx_handle_t not = without_rights(_metadata, self->vmo, ZX_RIGHT_RESIZE);

	EXPECT_ST(ZX_ERR_ACCESS_DENIED, try_child(not, REFERENCE | RESIZABLE, 0, 0));
	EXPECT_ST(CAN_RESIZE ? ZX_OK : ZX_ERR_ACCESS_DENIED,
		  try_child(self->vmo, REFERENCE | RESIZABLE, 0, 0));
	/* before the other options and the range */
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, try_child(not, REFERENCE | RESIZABLE | 2, 1, PAGE));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, try_child(not, REFERENCE | RESIZABLE | SLICE, 1, PAGE));
	/* RESIZE is for nothing else */
	EXPECT_OK(try_child(not, REFERENCE, 0, 0));
	FOR_SNAPSHOTS(kind)
		EXPECT_OK(try_child(not, kind->option | RESIZABLE, 0, PAGE));
}

static zx_status_t status_of_options(uint32_t options, bool resizable)
{
	uint32_t kind = options & ~(NO_WRITE | RESIZABLE);

	if ((options & NO_WRITE) && (options & RESIZABLE))
		return ZX_ERR_INVALID_ARGS;
	if ((options & REFERENCE) && (options & RESIZABLE) && !resizable)
		return ZX_ERR_ACCESS_DENIED;
	if (kind == SLICE && !(options & RESIZABLE))
		return resizable ? ZX_ERR_NOT_SUPPORTED : ZX_OK;
	if (kind == REFERENCE)
		return ZX_OK;
	return (kind & SNAPSHOTS) == kind && __builtin_popcount(kind) == 1 ? ZX_OK :
									    ZX_ERR_INVALID_ARGS;
}

TEST_F(child, every_set_of_options)
{
	uint32_t options;

	for (options = 0; options < 0x200; options++)
		EXPECT_ST(status_of_options(options, CAN_RESIZE),
			  try_child(self->vmo, options, 0, 0))
			TH_LOG("options %#x", options);
	for (options = 0x200; options; options <<= 1) {
		FOR_KINDS(kind)
			EXPECT_ST(ZX_ERR_INVALID_ARGS,
				  try_child(self->vmo, kind->option | options, 0, 0));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, options, 0, 0));
	}
}

TEST_F(child, options_come_before_the_range)
{
	EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, 0, 0, TOO_LARGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, SNAPSHOT | 2, 0, TOO_LARGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, SLICE | RESIZABLE, 0, TOO_LARGE));
}

/* Slices */

TEST_F(child, slice_checks_alignment_then_size_then_range_then_parent)
{
	zx_status_t last = CAN_RESIZE ? ZX_ERR_NOT_SUPPORTED : ZX_OK;

	EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, SLICE, 1, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, SLICE, PAGE - 1, TOO_LARGE));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, try_child(self->vmo, SLICE, 0, TOO_LARGE));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, try_child(self->vmo, SLICE, PAGE, MAX_SIZE + 1));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, SLICE, PAGE, self->size));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, SLICE, self->size, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, SLICE, self->size, 1));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, SLICE, self->size + PAGE, 0));
	/* offset and size wrap */
	EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, SLICE, -PAGE, 2 * PAGE));
	EXPECT_ST(last, try_child(self->vmo, SLICE, self->size, 0));
	EXPECT_ST(last, try_child(self->vmo, SLICE, self->size - PAGE, 1));
	EXPECT_ST(last, try_child(self->vmo, SLICE, 0, self->size));
	EXPECT_ST(last, try_child(self->vmo, SLICE | NO_WRITE, 0, self->size));
}

TEST_F(child, slice_of_a_reference_is_as_of_its_root)
{
	zx_handle_t reference = vmo_reference(_metadata, self->vmo);

	EXPECT_ST(CAN_RESIZE ? ZX_ERR_NOT_SUPPORTED : ZX_OK, try_child(reference, SLICE, 0, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(reference, SLICE, self->size, PAGE));
	EXPECT_OK(zx_handle_close(reference));
}

/* References */

TEST_F(child, reference_takes_neither_offset_nor_size)
{
	EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, REFERENCE, PAGE, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, REFERENCE, 1, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, REFERENCE, 0, 1));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, REFERENCE, 0, self->size));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, REFERENCE, 0, TOO_LARGE));
	EXPECT_OK(try_child(self->vmo, REFERENCE, 0, 0));
	EXPECT_OK(try_child(self->vmo, REFERENCE | NO_WRITE, 0, 0));
}

TEST_F(child, reference_of_a_reference)
{
	zx_handle_t reference = vmo_reference(_metadata, self->vmo);

	EXPECT_OK(try_child(reference, REFERENCE, 0, 0));
	EXPECT_OK(zx_handle_close(reference));
}

/* The handle of a reference that is not resizable has no RESIZE to give. */
TEST_F(child, resizable_reference_of_one_that_is_not)
{
	zx_handle_t reference = vmo_reference(_metadata, self->vmo);

	EXPECT_ST(ZX_ERR_ACCESS_DENIED, try_child(reference, REFERENCE | RESIZABLE, 0, 0));
	EXPECT_OK(zx_handle_close(reference));
}

/* Snapshots */

TEST_F(child, snapshot_checks_alignment_then_size_then_range)
{
	FOR_SNAPSHOTS(kind) {
		EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, kind->option, 1, PAGE));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(self->vmo, kind->option, 1, TOO_LARGE));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, try_child(self->vmo, kind->option, 0, TOO_LARGE));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, try_child(self->vmo, kind->option, 0, MAX_SIZE + 1));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
			  try_child(self->vmo, kind->option, -PAGE, 2 * PAGE));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
			  try_child(self->vmo, kind->option, 1ULL << 63, (1ULL << 63) + PAGE));
	}
}

TEST_F(child, snapshot_may_leave_the_parent)
{
	FOR_SNAPSHOTS(kind) {
		EXPECT_OK(try_child(self->vmo, kind->option, 0, MAX_SIZE));
		EXPECT_OK(try_child(self->vmo, kind->option, self->size - PAGE, 8 * PAGE));
		EXPECT_OK(try_child(self->vmo, kind->option, self->size, PAGE));
		EXPECT_OK(try_child(self->vmo, kind->option, self->size + PAGE, PAGE));
		EXPECT_OK(try_child(self->vmo, kind->option, self->size, 0));
		EXPECT_OK(try_child(self->vmo, kind->option, 1ULL << 63, 1ULL << 62));
	}
}

/* Places are counted from the start of the first ancestor. */
TEST_F(child, snapshot_whose_place_in_the_root_wraps)
{
	const uint64_t half = 1ULL << 63;
	zx_handle_t middle = vmo_child(_metadata, self->vmo, SNAPSHOT, half, 2 * PAGE);
	zx_handle_t inner = vmo_child(_metadata, middle, SNAPSHOT, half / 2, 2 * PAGE);

	FOR_SNAPSHOTS(kind) {
		EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(middle, kind->option, half, PAGE));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(middle, kind->option, PAGE, half));
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  try_child(inner, kind->option, half / 4, half / 2));
		EXPECT_OK(try_child(middle, kind->option, half / 2, half / 4));
		/* what wraps by itself is told first */
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, try_child(middle, kind->option, -PAGE, 2 * PAGE));
	}
	EXPECT_OK(zx_handle_close(inner));
	EXPECT_OK(zx_handle_close(middle));
}

TEST_F(child, growing_until_the_place_in_the_root_wraps)
{
	const uint64_t half = 1ULL << 63;
	zx_handle_t far = vmo_child(_metadata, self->vmo, SNAPSHOT | RESIZABLE, half, 2 * PAGE);

	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmo_set_size(far, half + PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmo_set_size(far, MAX_SIZE));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_set_size(far, TOO_LARGE));
	EXPECT_EQ(2 * PAGE, vmo_size(_metadata, far));
	EXPECT_OK(zx_vmo_set_size(far, half / 2));
	EXPECT_OK(zx_handle_close(far));
}

/* Refusals of vmo.md 4.6: what can be made of what */

TEST(of_a_slice)
{
	zx_handle_t vmo = vmo_create(_metadata, 4 * PAGE, 0);
	zx_handle_t snapshot = vmo_snapshot(_metadata, vmo, 0, 4);
	zx_handle_t slices[] = {
		vmo_slice(_metadata, vmo, 0, 4), vmo_slice(_metadata, snapshot, 1, 2),
		vmo_slice(_metadata, vmo_slice(_metadata, vmo, 0, 2), 0, 1),
		vmo_slice(_metadata, vmo_reference(_metadata, vmo), 0, 2),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(slices); i++) {
		FOR_SNAPSHOTS(kind) {
			EXPECT_ST(ZX_ERR_NOT_SUPPORTED, try_child(slices[i], kind->option, 0, 0));
			EXPECT_ST(ZX_ERR_NOT_SUPPORTED,
				  try_child(slices[i], kind->option, 0, PAGE));
			/* told last */
			EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(slices[i], kind->option, 1, PAGE));
			EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
				  try_child(slices[i], kind->option, 0, TOO_LARGE));
			EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
				  try_child(slices[i], kind->option, -PAGE, 2 * PAGE));
		}
		EXPECT_ST(ZX_ERR_NOT_SUPPORTED, try_child(slices[i], REFERENCE, 0, 0));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, try_child(slices[i], REFERENCE, 0, PAGE));
		EXPECT_OK(try_child(slices[i], SLICE, 0, PAGE));
		EXPECT_OK(try_child(slices[i], SLICE, 0, 0));
	}
}

TEST(of_a_snapshot)
{
	zx_handle_t vmo = vmo_create(_metadata, 4 * PAGE, 0);
	uint32_t resizable;

	FOR_SNAPSHOTS(parent)
		for (resizable = 0; resizable <= RESIZABLE; resizable += RESIZABLE) {
			zx_handle_t snapshot = vmo_child(_metadata, vmo,
							 parent->option | resizable, PAGE, 4 * PAGE);

			FOR_SNAPSHOTS(kind)
				EXPECT_OK(try_child(snapshot, kind->option, 0, PAGE));
			EXPECT_ST(resizable ? ZX_ERR_NOT_SUPPORTED : ZX_OK,
				  try_child(snapshot, SLICE, 0, PAGE));
			EXPECT_OK(try_child(snapshot, REFERENCE, 0, 0));
			EXPECT_OK(zx_handle_close(snapshot));
		}
}

TEST(of_a_reference)
{
	zx_handle_t vmo = vmo_create(_metadata, 4 * PAGE, 0);
	zx_handle_t parents[] = {
		vmo_reference(_metadata, vmo),
		vmo_reference(_metadata, vmo_snapshot(_metadata, vmo, 0, 4)),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parents); i++) {
		FOR_SNAPSHOTS(kind)
			EXPECT_OK(try_child(parents[i], kind->option, 0, 4 * PAGE));
		EXPECT_OK(try_child(parents[i], SLICE, 0, PAGE));
		EXPECT_OK(try_child(parents[i], REFERENCE, 0, 0));
	}
}

/* What a failed call leaves behind: nothing */

TEST_F(child, bad_out_pointer)
{
	int fds = zt_open_fds();

	FOR_KINDS(kind) {
		if (kind->option == SLICE && CAN_RESIZE)
			continue;
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  zx_vmo_create_child(self->vmo, kind->option, 0, 0, NULL));
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  zx_vmo_create_child(self->vmo, kind->option, 0, 0, (void *)8));
		EXPECT_CHILDREN(0, self->vmo);
	}
	EXPECT_EQ(fds, zt_open_fds());
}

TEST_F(child, no_descriptor_left)
{
	struct rlimit limit;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = zt_open_fds();
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	/* holes below the limit are filled */
	while (dup(0) >= 0)
		;
	FOR_KINDS(kind) {
		if (kind->option == SLICE && CAN_RESIZE)
			continue;
		EXPECT_ST(ZX_ERR_NO_RESOURCES, try_child(self->vmo, kind->option, 0, 0));
		EXPECT_CHILDREN(0, self->vmo);
	}
}

/* Rights */

static zx_rights_t rights_of_child(zx_rights_t parent, uint32_t options)
{
	zx_rights_t rights = parent & ~ZX_RIGHT_RESIZE;

	rights |= ZX_RIGHT_GET_PROPERTY | ZX_RIGHT_SET_PROPERTY;
	if (options & RESIZABLE)
		rights |= ZX_RIGHT_RESIZE;
	if (options & NO_WRITE)
		rights &= ~ZX_RIGHT_WRITE;
	else if (options & SNAPSHOTS)
		rights = (rights | ZX_RIGHT_WRITE) & ~ZX_RIGHT_EXECUTE;
	return rights;
}

#define EXPECT_RIGHTS(parent, option) do {						\
	uint32_t __options = option;							\
	zx_handle_t __child = vmo_child(_metadata, parent, __options, 0, 0);		\
											\
	EXPECT_EQ(rights_of_child(rights_of(_metadata, parent), __options),		\
		  rights_of(_metadata, __child))					\
		TH_LOG("options %#x, parent's rights %#x", __options,			\
		       rights_of(_metadata, parent));					\
	EXPECT_OK(zx_handle_close(__child));						\
} while (0)

TEST_F(child, rights)
{
	zx_handle_t executable;
	zx_rights_t all, less;

	ASSERT_OK(zx_vmo_replace_as_executable(self->vmo, ZX_HANDLE_INVALID, &executable));
	self->vmo = executable;
	all = rights_of(_metadata, executable);
	/* with every right but one and with no right but the two and one */
	for (less = 1; less <= ZX_RIGHT_RESIZE; less <<= 1) {
		const zx_rights_t needed = ZX_RIGHT_DUPLICATE | ZX_RIGHT_READ;
		zx_handle_t parents[2];
		int i;

		if (!(all & less))
			continue;
		parents[0] = with_rights(_metadata, executable, (all & ~less) | needed);
		parents[1] = with_rights(_metadata, executable, needed | less);
		for (i = 0; i < 2; i++) {
			FOR_KINDS(kind) {
				if (kind->option == SLICE && CAN_RESIZE)
					continue;
				EXPECT_RIGHTS(parents[i], kind->option);
				EXPECT_RIGHTS(parents[i], kind->option | NO_WRITE);
				if (kind->snapshot)
					EXPECT_RIGHTS(parents[i], kind->option | RESIZABLE);
			}
			EXPECT_OK(zx_handle_close(parents[i]));
		}
	}
	if (CAN_RESIZE)
		EXPECT_RIGHTS(executable, REFERENCE | RESIZABLE);
}

/* Whatever the handle, the child's is good for what its rights tell. */
TEST_F(child, snapshot_of_a_handle_without_write_can_be_written)
{
	zx_handle_t ro = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);

	FOR_SNAPSHOTS(kind) {
		zx_handle_t child = vmo_child(_metadata, ro, kind->option, 0, 8 * PAGE);
		unsigned char *p = vmo_map_rw(_metadata, child, 0, 8 * PAGE);

		p[0] = 'X';
		vmo_spell(_metadata, child, 1, "Y");
		EXPECT_LETTERS("?Ycdefgh", child);
		vmo_unmap(_metadata, p, 8 * PAGE);
		EXPECT_OK(zx_handle_close(child));
	}
}

TEST_F(child, no_write_child_cannot_be_changed)
{
	unsigned char byte = 'X';
	zx_vaddr_t addr;

	FOR_KINDS(kind) {
		uint64_t size = kind->option == REFERENCE ? 0 : 8 * PAGE;
		zx_handle_t child;

		if (kind->option == SLICE && CAN_RESIZE)
			continue;
		child = vmo_child(_metadata, self->vmo, kind->option | NO_WRITE, 0, size);
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_write(child, &byte, 0, 1));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, vmo_pages_op(child, ZX_VMO_OP_ZERO, 0, 1));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, vmo_pages_op(child, ZX_VMO_OP_COMMIT, 0, 1));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, vmo_pages_op(child, ZX_VMO_OP_DECOMMIT, 0, 1));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_size(child, 0));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_stream_size(child, 0));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED,
			  zx_vmo_transfer_data(child, 0, 0, PAGE, self->vmo, 0));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED,
			  zx_vmo_transfer_data(self->vmo, 0, 0, PAGE, child, 0));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED,
			  zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0,
				      child, 0, PAGE, &addr));
		EXPECT_ERRNO(EACCES, try_mmap(child, PROT_RW, MAP_SHARED, 0, PAGE));
		EXPECT_EQ(-1, pwrite(fd_of(child), &byte, 1, 0));
		EXPECT_LETTERS("abcdefgh", child);
		EXPECT_OK(zx_handle_close(child));
	}
}

TEST_F(child, of_a_no_write_snapshot_can_be_written)
{
	zx_handle_t frozen = vmo_child(_metadata, self->vmo, SNAPSHOT | NO_WRITE, 0, 8 * PAGE);

	FOR_SNAPSHOTS(kind) {
		zx_handle_t child = vmo_child(_metadata, frozen, kind->option, 0, 8 * PAGE);

		vmo_spell(_metadata, child, 1, "XY");
		EXPECT_LETTERS("aXYdefgh", child);
		EXPECT_LETTERS("abcdefgh", frozen);
		EXPECT_OK(zx_handle_close(child));
	}
	EXPECT_OK(zx_handle_close(frozen));
}

/* Names */

static const char *name_of(struct __test_metadata *_metadata, zx_handle_t vmo)
{
	static char names[4][ZX_MAX_NAME_LEN];
	static int turn;
	char *name = names[turn++ % 4];

	ASSERT_OK(zx_object_get_property(vmo, ZX_PROP_NAME, name, ZX_MAX_NAME_LEN));
	return name;
}

TEST_F(child, name)
{
	zx_handle_t shy = without_rights(_metadata, self->vmo, ZX_RIGHT_GET_PROPERTY);

	ASSERT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, "Eve", 3));
	FOR_KINDS(kind) {
		zx_handle_t child;

		if (kind->option == SLICE && CAN_RESIZE)
			continue;
		child = vmo_child(_metadata, self->vmo, kind->option, 0, 0);
		EXPECT_STREQ("Eve", name_of(_metadata, child));
		EXPECT_STREQ("Eve", vmo_info(_metadata, child).name);
		/* from then on each has its own */
		ASSERT_OK(zx_object_set_property(child, ZX_PROP_NAME, "Abel", 4));
		EXPECT_STREQ("Eve", name_of(_metadata, self->vmo));
		ASSERT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, "Eva", 3));
		EXPECT_STREQ("Abel", name_of(_metadata, child));
		ASSERT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, "Eve", 3));
		EXPECT_OK(zx_handle_close(child));

		child = vmo_child(_metadata, shy, kind->option, 0, 0);
		EXPECT_STREQ("", name_of(_metadata, child));
		EXPECT_OK(zx_handle_close(child));
	}
}

/* Sizes */

TEST_F(child, size_is_rounded_and_stream_size_is_not)
{
	static const struct { uint64_t bytes, pages; } sizes[] = {
		{ 0, 0 }, { 1, 1 }, { 4095, 1 }, { 4096, 1 }, { 4097, 2 }, { 3 * 4096 + 5, 4 },
	};
	size_t i;

	if (PAGE != 4096)
		SKIP(return, "the numbers are for pages of 4096 bytes");
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		FOR_KINDS(kind) {
			zx_handle_t child;

			if (kind->option == REFERENCE || (kind->option == SLICE && CAN_RESIZE))
				continue;
			child = vmo_child(_metadata, self->vmo, kind->option, PAGE, sizes[i].bytes);
			EXPECT_EQ(sizes[i].pages * PAGE, vmo_size(_metadata, child));
			EXPECT_EQ(sizes[i].bytes, vmo_stream_size(_metadata, child));
			EXPECT_OK(zx_handle_close(child));
		}
}

TEST_F(child, reference_has_the_sizes_of_its_root)
{
	zx_handle_t child = vmo_reference(_metadata, self->vmo);

	EXPECT_EQ(self->size, vmo_size(_metadata, child));
	EXPECT_EQ(8 * PAGE, vmo_stream_size(_metadata, child));
	EXPECT_OK(zx_handle_close(child));
}

TEST_F(child, resizable_only_if_it_was_asked_for)
{
	FOR_SNAPSHOTS(kind) {
		zx_handle_t child = vmo_child(_metadata, self->vmo, kind->option, 0, 8 * PAGE);
		zx_handle_t less;

		EXPECT_ST(ZX_ERR_UNAVAILABLE, zx_vmo_set_size(child, PAGE));
		EXPECT_EQ(8 * PAGE, vmo_size(_metadata, child));
		EXPECT_OK(zx_handle_close(child));
		child = vmo_child(_metadata, self->vmo, kind->option | RESIZABLE, 0, 8 * PAGE);
		EXPECT_OK(zx_vmo_set_size(child, PAGE));
		EXPECT_EQ(PAGE, vmo_size(_metadata, child));
		less = without_rights(_metadata, child, ZX_RIGHT_RESIZE);
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_size(less, 0));
		EXPECT_OK(zx_handle_close(less));
		EXPECT_OK(zx_handle_close(child));
	}
}

/* Who it is: koids, parents and flags */

TEST_F(child, parent_koid)
{
	zx_koid_t koid = koid_of(_metadata, self->vmo);

	EXPECT_EQ(0, vmo_info(_metadata, self->vmo).parent_koid);
	FOR_KINDS(kind) {
		zx_handle_t child;

		if (kind->option == SLICE && CAN_RESIZE)
			continue;
		child = vmo_child(_metadata, self->vmo, kind->option, 0, 0);
		EXPECT_EQ(koid, vmo_info(_metadata, child).parent_koid);
		EXPECT_NE(koid, koid_of(_metadata, child));
		EXPECT_CHILDREN(1, self->vmo);
		EXPECT_CHILDREN(0, child);
		EXPECT_OK(zx_handle_close(child));
	}
}

TEST_F(child, made_through_a_reference_is_the_reference_s)
{
	zx_handle_t reference = vmo_reference(_metadata, self->vmo);
	zx_koid_t koid = koid_of(_metadata, reference);

	FOR_KINDS(kind) {
		zx_handle_t child;

		if (kind->option == SLICE && CAN_RESIZE)
			continue;
		child = vmo_child(_metadata, reference, kind->option, 0, 0);
		EXPECT_EQ(koid, vmo_info(_metadata, child).parent_koid) TH_LOG("%s", kind->name);
		EXPECT_CHILDREN(1, reference);
		EXPECT_CHILDREN(1, self->vmo);
		EXPECT_OK(zx_handle_close(child));
		EXPECT_CHILDREN(0, reference);
	}
	EXPECT_OK(zx_handle_close(reference));
}

#define EXPECT_FLAGS(expected, parent, options) do {					\
	zx_handle_t __child = vmo_child(_metadata, parent, options, 0, 0);		\
											\
	EXPECT_EQ((expected) | ZX_INFO_VMO_TYPE_PAGED | ZX_INFO_VMO_VIA_HANDLE,		\
		  vmo_info(_metadata, __child).flags) TH_LOG("options %#x", options);	\
	EXPECT_OK(zx_handle_close(__child));						\
} while (0)

TEST_F(child, flags)
{
	const uint32_t plain = vmo_info(_metadata, self->vmo).flags;
	const uint32_t cow = ZX_INFO_VMO_IS_COW_CLONE;

	FOR_SNAPSHOTS(kind) {
		EXPECT_FLAGS(cow, self->vmo, kind->option);
		EXPECT_FLAGS(cow | ZX_INFO_VMO_RESIZABLE, self->vmo, kind->option | RESIZABLE);
		EXPECT_FLAGS(cow | (kind->option == SNAPSHOT ? ZX_INFO_VMO_IMMUTABLE : 0),
			     self->vmo, kind->option | NO_WRITE);
	}
	if (!CAN_RESIZE) {
		EXPECT_FLAGS(0, self->vmo, SLICE);
		EXPECT_FLAGS(0, self->vmo, SLICE | NO_WRITE);
	} else {
		EXPECT_FLAGS(ZX_INFO_VMO_RESIZABLE, self->vmo, REFERENCE | RESIZABLE);
	}
	EXPECT_FLAGS(0, self->vmo, REFERENCE);
	EXPECT_FLAGS(0, self->vmo, REFERENCE | NO_WRITE);
	/* the parent's never change */
	EXPECT_EQ(plain, vmo_info(_metadata, self->vmo).flags);
	EXPECT_EQ(0, plain & (ZX_INFO_VMO_IS_COW_CLONE | ZX_INFO_VMO_IMMUTABLE));
}

TEST_F(child, every_version_of_the_information_tells_of_the_child)
{
	static const uint32_t topics[] = {
		ZX_INFO_VMO_V1, ZX_INFO_VMO_V2, ZX_INFO_VMO_V3, ZX_INFO_VMO,
	};
	zx_handle_t child = vmo_snapshot(_metadata, self->vmo, 0, 8);
	zx_info_vmo_t info;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(topics); i++) {
		memset(&info, 0, sizeof(info));
		ASSERT_OK(zx_object_get_info(child, topics[i], &info, sizeof(info), NULL, NULL));
		EXPECT_EQ(koid_of(_metadata, self->vmo), info.parent_koid);
		EXPECT_TRUE(info.flags & ZX_INFO_VMO_IS_COW_CLONE);
		EXPECT_EQ(8 * PAGE, info.committed_bytes);
		EXPECT_EQ(rights_of(_metadata, child), info.handle_rights);
	}
	EXPECT_OK(zx_handle_close(child));
}

TEST_F(child, is_a_handle_as_any_other)
{
	FOR_KINDS(kind) {
		zx_handle_t child;

		if (kind->option == SLICE && CAN_RESIZE)
			continue;
		child = vmo_child(_metadata, self->vmo, kind->option, 0, 0);
		EXPECT_EQ(ZX_OBJ_TYPE_VMO, handle_basic(_metadata, child).type);
		EXPECT_EQ(0, handle_basic(_metadata, child).related_koid);
		EXPECT_EQ(ZXVMO_HANDLE_FIXED_BITS_MASK, child & ZXVMO_HANDLE_FIXED_BITS_MASK);
		EXPECT_EQ(FD_CLOEXEC, fcntl(fd_of(child), F_GETFD));
		EXPECT_OK(zx_handle_close(child));
	}
}

/* vmo.md 2.8 */
TEST_F(child, neither_parent_nor_child_takes_a_cache_policy)
{
	FOR_KINDS(kind) {
		zx_handle_t child;

		if (kind->option == SLICE && CAN_RESIZE)
			continue;
		EXPECT_OK(zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_CACHED));
		child = vmo_child(_metadata, self->vmo, kind->option, 0, 0);
		EXPECT_ST(ZX_ERR_BAD_STATE,
			  zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_CACHED));
		EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmo_set_cache_policy(child, ZX_CACHE_POLICY_CACHED));
		EXPECT_OK(zx_handle_close(child));
	}
	EXPECT_OK(zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_CACHED));
}

/* The module tells that it can do all this */
TEST(feature)
{
	struct zxvmo_query query = { .size = sizeof(query) };

	ASSERT_EQ(0, ioctl(zt_device(), ZXVMO_QUERY, &query));
	EXPECT_TRUE(query.out_features & ZXVMO_FEATURE_CHILDREN);
}

TEST_HARNESS_MAIN
