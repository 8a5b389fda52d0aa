// SPDX-License-Identifier: GPL-2.0-only
/*
 * Discardable VMOs: what LOCK, TRY_LOCK and UNLOCK do in each state, what every
 * other call and every access finds there, and which error wins. The kernel is
 * made to discard; how it does under pressure is in vmo_pressure.c.
 */
#include <linux/falloc.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "discard_test.h"
#include "io_test.h"

#define PAGES	4

#define STALE	0xee	/* where nothing was written */

/* What every test may look at afterwards: that the VMO is in this state */
struct state {
	unsigned int locks;
	bool discarded;
	bool reclaimable;	/* but not discarded yet */
};

/* Makes sure of the state, and leaves another one */
static void check_state(struct __test_metadata *_metadata, zx_handle_t vmo,
			const struct state *state)
{
	zx_vmo_lock_state_t report = { .discarded_size = STALE };
	uint64_t size = vmo_size(_metadata, vmo);
	unsigned int i;

	EXPECT_EQ(state->locks, zt_fdinfo(vmo, "locks"));
	EXPECT_EQ(state->discarded, zt_fdinfo(vmo, "discarded"));
	if (state->discarded) {
		if (size)
			EXPECT_TRUE(vmo_is_discarded(vmo));
		EXPECT_EQ(0, vmo_pages(_metadata, vmo));
		EXPECT_ST(ZX_ERR_BAD_STATE, vmo_unlock(vmo));
		EXPECT_ST(ZX_ERR_UNAVAILABLE, vmo_try_lock(vmo));
		EXPECT_OK(vmo_lock_state(vmo, &report));
		EXPECT_EQ(size, report.discarded_size);
		return;
	}
	/* What is empty is never discarded */
	EXPECT_OK(zx_vmo_op_range(vmo, ZX_VMO_OP_COMMIT, 0, size ? 1 : 0, NULL, 0));
	discard_all(_metadata);
	EXPECT_EQ(state->reclaimable && size, vmo_is_discarded(vmo));
	for (i = 0; i < state->locks; i++)
		EXPECT_OK(vmo_unlock(vmo));
	EXPECT_ST(ZX_ERR_BAD_STATE, vmo_unlock(vmo));
}

/* The states, in which each operation and each other call is a test */

FIXTURE(state) {
	zx_handle_t vmo;	/* "abcd", or it was */
	struct state want;	/* in the end */
	unsigned char *p;	/* mapped for writing since before */
	unsigned char *private;
	unsigned char *buffer;	/* PAGES of ordinary memory */
	uint64_t size;
	uint64_t discards;
};

FIXTURE_VARIANT(state) {
	struct state state;
};

FIXTURE_VARIANT_ADD(state, unset) { { 0, false, false } };
FIXTURE_VARIANT_ADD(state, locked) { { 1, false, false } };
FIXTURE_VARIANT_ADD(state, locked_thrice) { { 3, false, false } };
FIXTURE_VARIANT_ADD(state, unlocked) { { 0, false, true } };
FIXTURE_VARIANT_ADD(state, discarded) { { 0, true, false } };

FIXTURE_SETUP(state)
{
	unsigned int i;

	self->want = variant->state;
	self->size = PAGES * PAGE;
	self->vmo = vmo_create(_metadata, self->size, ZX_VMO_DISCARDABLE);
	self->p = map_shared(_metadata, self->vmo, 0, PAGES);
	self->private = map_private(_metadata, self->vmo, 0, PAGES);
	self->buffer = user_pages(_metadata, PAGES, PROT_RW);
	memset(self->buffer, 'X', self->size);
	vmo_spell(_metadata, self->vmo, 0, "abcd");
	for (i = 0; i < variant->state.locks; i++)
		ASSERT_OK(vmo_lock(self->vmo));
	if (variant->state.reclaimable || variant->state.discarded) {
		ASSERT_OK(vmo_lock(self->vmo));
		ASSERT_OK(vmo_unlock(self->vmo));
	}
	if (variant->state.discarded)
		vmo_discard(_metadata, self->vmo);
	self->discards = variant->state.discarded;
}

FIXTURE_TEARDOWN(state)
{
	EXPECT_EQ(self->discards,
		  vmo_info(_metadata, self->vmo).committed_change_events);
	check_state(_metadata, self->vmo, &self->want);
	EXPECT_OK(zx_handle_close(self->vmo));
}

/* One of two results: of a VMO that was discarded, and of all others */
#define IF_DISCARDED(discarded_, other)	(variant->state.discarded ? (discarded_) : (other))
#define GONE		IF_DISCARDED(ZX_ERR_NOT_FOUND, ZX_OK)
#define LETTERS(text)	IF_DISCARDED("!!!!", text)

/* What Linux calls give, with the errno negative */
static ssize_t or_error(ssize_t n)
{
	return n < 0 ? -errno : n;
}

/* The table */

TEST_F(state, lock)
{
	zx_vmo_lock_state_t report;

	memset(&report, STALE, sizeof(report));
	EXPECT_OK(vmo_lock_state(self->vmo, &report));
	EXPECT_EQ(0, report.offset);
	EXPECT_EQ(self->size, report.size);
	EXPECT_EQ(0, report.discarded_offset);
	EXPECT_EQ(IF_DISCARDED(self->size, 0), report.discarded_size);
	EXPECT_LETTERS(IF_DISCARDED("....", "abcd"), self->vmo);
	EXPECT_EQ(IF_DISCARDED(0, PAGES), vmo_pages(_metadata, self->vmo));
	self->want = (struct state){ .locks = variant->state.locks + 1 };
}

TEST_F(state, try_lock)
{
	EXPECT_ST(IF_DISCARDED(ZX_ERR_UNAVAILABLE, ZX_OK), vmo_try_lock(self->vmo));
	EXPECT_LETTERS(LETTERS("abcd"), self->vmo);
	if (!variant->state.discarded)
		self->want = (struct state){ .locks = variant->state.locks + 1 };
}

TEST_F(state, unlock)
{
	bool locked = variant->state.locks;

	EXPECT_ST(locked ? ZX_OK : ZX_ERR_BAD_STATE, vmo_unlock(self->vmo));
	EXPECT_LETTERS(LETTERS("abcd"), self->vmo);
	if (locked) {
		self->want.locks--;
		self->want.reclaimable = !self->want.locks;
	}
}

TEST_F(state, discard)
{
	discard_all(_metadata);
	EXPECT_LETTERS(variant->state.reclaimable ? "!!!!" : LETTERS("abcd"), self->vmo);
	if (variant->state.reclaimable) {
		self->want = (struct state){ .discarded = true };
		self->discards++;
	}
}

/* LOCK takes the lock, then looks at the buffer, and then unlocks again */
TEST_F(state, lock_in_vain)
{
	EXPECT_ST(ZX_ERR_INVALID_ARGS, vmo_lock_in_vain(self->vmo));
	EXPECT_LETTERS(IF_DISCARDED("....", "abcd"), self->vmo);
	self->want.discarded = false;
	self->want.reclaimable = !variant->state.locks;
}

/* After that nobody is told that the contents have gone */
TEST_F(state, lock_after_a_lock_in_vain)
{
	zx_vmo_lock_state_t report;

	ASSERT_ST(ZX_ERR_INVALID_ARGS, vmo_lock_in_vain(self->vmo));
	EXPECT_OK(vmo_lock_state(self->vmo, &report));
	EXPECT_EQ(0, report.discarded_size);
	self->want = (struct state){ .locks = variant->state.locks + 1 };
}

TEST_F(state, try_lock_after_a_lock_in_vain)
{
	ASSERT_ST(ZX_ERR_INVALID_ARGS, vmo_lock_in_vain(self->vmo));
	EXPECT_OK(vmo_try_lock(self->vmo));
	self->want = (struct state){ .locks = variant->state.locks + 1 };
}

/* A range that is not the whole VMO is found before the state matters, or the buffer */
TEST_F(state, wrong_range_changes_nothing)
{
	static const uint32_t ops[] = {
		ZX_VMO_OP_LOCK, ZX_VMO_OP_TRY_LOCK, ZX_VMO_OP_UNLOCK,
	};
	zx_vmo_lock_state_t report;
	size_t i;

	memset(&report, STALE, sizeof(report));
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
			  zx_vmo_op_range(self->vmo, ops[i], 0, PAGE, &report, sizeof(report)));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
			  zx_vmo_op_range(self->vmo, ops[i], 0, PAGE, NULL, 0));
	}
	EXPECT_EQ(sizeof(report), mem_span(&report, sizeof(report), STALE));
	EXPECT_LETTERS(LETTERS("abcd"), self->vmo);
}

/* Calls on the contents */

TEST_F(state, read)
{
	EXPECT_ST(GONE, zx_vmo_read(self->vmo, self->buffer, 0, self->size));
	EXPECT_MAPPED(IF_DISCARDED("XXXX", "abcd"), self->buffer);
	EXPECT_ST(GONE, zx_vmo_read(self->vmo, self->buffer, self->size - 1, 1));
}

TEST_F(state, write)
{
	EXPECT_ST(GONE, zx_vmo_write(self->vmo, self->buffer, 1 * PAGE, 2 * PAGE));
	EXPECT_ST(GONE, zx_vmo_write(self->vmo, self->buffer, self->size - PAGE, 1));
	EXPECT_EQ(IF_DISCARDED(0, PAGES), vmo_pages(_metadata, self->vmo));
	EXPECT_LETTERS(LETTERS("aXX?"), self->vmo);
}

TEST_F(state, read_of_nothing)
{
	EXPECT_OK(zx_vmo_read(self->vmo, self->buffer, 0, 0));
	EXPECT_OK(zx_vmo_read(self->vmo, NULL, self->size, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_read(self->vmo, self->buffer, self->size + 1, 0));
}

TEST_F(state, write_of_nothing)
{
	EXPECT_OK(zx_vmo_write(self->vmo, self->buffer, 0, 0));
	EXPECT_OK(zx_vmo_write(self->vmo, NULL, self->size, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_write(self->vmo, self->buffer, self->size + 1, 0));
}

/* The range comes before the state */
TEST_F(state, read_and_write_past_the_end)
{
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_read(self->vmo, self->buffer, PAGE, self->size));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_write(self->vmo, self->buffer, PAGE, self->size));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_read(self->vmo, self->buffer, self->size, 1));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_write(self->vmo, self->buffer, self->size, 1));
}

/* A bad buffer is NOT_FOUND, too */
TEST_F(state, read_and_write_with_a_bad_buffer)
{
	unsigned char *hole = page_before_hole(_metadata) + PAGE;

	EXPECT_ST(ZX_ERR_NOT_FOUND, zx_vmo_read(self->vmo, hole, 0, 1));
	EXPECT_ST(ZX_ERR_NOT_FOUND, zx_vmo_write(self->vmo, hole, 0, 1));
}

TEST_F(state, commit)
{
	EXPECT_ST(GONE, vmo_op(self->vmo, ZX_VMO_OP_COMMIT, 0, PAGES));
	EXPECT_ST(GONE, vmo_op(self->vmo, ZX_VMO_OP_COMMIT, 1, 1));
	EXPECT_EQ(IF_DISCARDED(0, PAGES), vmo_pages(_metadata, self->vmo));
}

TEST_F(state, commit_of_nothing)
{
	EXPECT_OK(vmo_op(self->vmo, ZX_VMO_OP_COMMIT, 0, 0));
	EXPECT_OK(vmo_op(self->vmo, ZX_VMO_OP_COMMIT, PAGES, 0));
}

TEST_F(state, commit_past_the_end)
{
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, vmo_op(self->vmo, ZX_VMO_OP_COMMIT, 1, PAGES));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, vmo_op(self->vmo, ZX_VMO_OP_COMMIT, PAGES + 1, 0));
}

TEST_F(state, decommit)
{
	EXPECT_OK(vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 1, 2));
	EXPECT_LETTERS(LETTERS("a..d"), self->vmo);
	EXPECT_OK(vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 0, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 1, PAGES));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmo_op_range(self->vmo, ZX_VMO_OP_DECOMMIT, 1, PAGE, NULL, 0));
}

TEST_F(state, zero)
{
	EXPECT_OK(vmo_op(self->vmo, ZX_VMO_OP_ZERO, 1, 2));
	EXPECT_LETTERS(LETTERS("a..d"), self->vmo);
	EXPECT_OK(vmo_op(self->vmo, ZX_VMO_OP_ZERO, 0, PAGES));
	EXPECT_LETTERS(LETTERS("...."), self->vmo);
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
}

TEST_F(state, zero_of_parts_of_pages)
{
	EXPECT_OK(zx_vmo_op_range(self->vmo, ZX_VMO_OP_ZERO, 100, PAGE, NULL, 0));
	EXPECT_LETTERS(LETTERS("??cd"), self->vmo);
	EXPECT_EQ(IF_DISCARDED(0, PAGES), vmo_pages(_metadata, self->vmo));
}

TEST_F(state, cache_operations)
{
	static const uint32_t ops[] = {
		ZX_VMO_OP_CACHE_SYNC, ZX_VMO_OP_CACHE_CLEAN, ZX_VMO_OP_CACHE_CLEAN_INVALIDATE,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		if (!have_cache_op(_metadata, ops[i]))
			continue;
		EXPECT_OK(vmo_op(self->vmo, ops[i], 0, PAGES)) TH_LOG("operation %u", ops[i]);
		EXPECT_ST(ZX_ERR_INVALID_ARGS, vmo_op(self->vmo, ops[i], 0, 0));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, vmo_op(self->vmo, ops[i], 1, PAGES));
	}
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, vmo_op(self->vmo, ZX_VMO_OP_CACHE_INVALIDATE, 0, PAGES));
	EXPECT_LETTERS(LETTERS("abcd"), self->vmo);
}

TEST_F(state, hints)
{
	EXPECT_OK(vmo_op(self->vmo, ZX_VMO_OP_DONT_NEED, 0, PAGES));
	EXPECT_OK(vmo_op(self->vmo, ZX_VMO_OP_ALWAYS_NEED, 0, PAGES));
	EXPECT_LETTERS(LETTERS("abcd"), self->vmo);
}

TEST_F(state, prefetch)
{
	EXPECT_OK(vmo_op(self->vmo, ZX_VMO_OP_PREFETCH, 0, PAGES));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, vmo_op(self->vmo, ZX_VMO_OP_PREFETCH, 1, PAGES));
	EXPECT_LETTERS(LETTERS("abcd"), self->vmo);
}

TEST_F(state, transfer_out)
{
	zx_handle_t plain = vmo_create(_metadata, self->size, 0);

	vmo_spell(_metadata, plain, 0, "wxyz");
	EXPECT_ST(GONE, zx_vmo_transfer_data(plain, 0, 0, 2 * PAGE, self->vmo, PAGE));
	EXPECT_LETTERS(IF_DISCARDED("wxyz", "bcyz"), plain);
	EXPECT_LETTERS(LETTERS("a..d"), self->vmo);
	EXPECT_OK(zx_handle_close(plain));
}

TEST_F(state, transfer_in)
{
	zx_handle_t plain = vmo_create(_metadata, self->size, 0);

	vmo_spell(_metadata, plain, 0, "wxyz");
	EXPECT_ST(GONE, zx_vmo_transfer_data(self->vmo, 0, 0, 2 * PAGE, plain, PAGE));
	EXPECT_LETTERS(IF_DISCARDED("wxyz", "w..z"), plain);
	EXPECT_LETTERS(LETTERS("xycd"), self->vmo);
	EXPECT_OK(zx_handle_close(plain));
}

TEST_F(state, transfer_within)
{
	EXPECT_ST(GONE, zx_vmo_transfer_data(self->vmo, 0, PAGE, 2 * PAGE, self->vmo, 0));
	EXPECT_LETTERS(LETTERS(".abd"), self->vmo);
}

/* Where it is already: not even the range is looked at */
TEST_F(state, transfer_to_the_same_place)
{
	EXPECT_OK(zx_vmo_transfer_data(self->vmo, 0, PAGE, 2 * PAGE, self->vmo, PAGE));
	EXPECT_OK(zx_vmo_transfer_data(self->vmo, 0, self->size, PAGE, self->vmo, self->size));
	EXPECT_LETTERS(LETTERS("abcd"), self->vmo);
}

/* Sizes */

TEST_F(state, sizes)
{
	EXPECT_EQ(self->size, vmo_size(_metadata, self->vmo));
	EXPECT_EQ(self->size, vmo_stream_size(_metadata, self->vmo));
}

TEST_F(state, set_size_of_what_is_not_resizable)
{
	EXPECT_ST(ZX_ERR_UNAVAILABLE, zx_vmo_set_size(self->vmo, PAGE));
	EXPECT_LETTERS(LETTERS("abcd"), self->vmo);
}

TEST_F(state, set_stream_size)
{
	EXPECT_OK(zx_vmo_set_stream_size(self->vmo, 2 * PAGE));
	EXPECT_EQ(2 * PAGE, vmo_stream_size(_metadata, self->vmo));
	EXPECT_LETTERS(LETTERS("ab.."), self->vmo);
	EXPECT_OK(zx_vmo_set_stream_size(self->vmo, 3 * PAGE));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_set_stream_size(self->vmo, self->size + 1));
	EXPECT_EQ(self->size, vmo_size(_metadata, self->vmo));
}

TEST_F(state, set_content_size)
{
	uint64_t size = PAGE + 5;

	EXPECT_OK(zx_object_set_property(self->vmo, ZX_PROP_VMO_CONTENT_SIZE, &size,
					 sizeof(size)));
	EXPECT_EQ(size, vmo_stream_size(_metadata, self->vmo));
	EXPECT_LETTERS(LETTERS("a?.."), self->vmo);
}

/* What it is */

TEST_F(state, info)
{
	zx_info_vmo_t info = vmo_info(_metadata, self->vmo);

	EXPECT_EQ(ZX_INFO_VMO_TYPE_PAGED | ZX_INFO_VMO_DISCARDABLE | ZX_INFO_VMO_VIA_HANDLE,
		  info.flags);
	EXPECT_EQ(koid_of(_metadata, self->vmo), info.koid);
	EXPECT_EQ(self->size, info.size_bytes);
	EXPECT_EQ(IF_DISCARDED(0, self->size), info.committed_bytes);
	EXPECT_EQ(IF_DISCARDED(0, self->size), info.populated_bytes);
	EXPECT_EQ(IF_DISCARDED(0, self->size), info.committed_private_bytes);
	EXPECT_EQ(IF_DISCARDED(0, self->size), info.committed_scaled_bytes);
	EXPECT_EQ(0, info.committed_fractional_scaled_bytes);
	EXPECT_EQ(variant->state.discarded, !info.metadata_bytes);
	EXPECT_EQ(IF_DISCARDED(1, 0), info.committed_change_events);
	EXPECT_EQ(2, info.num_mappings);
	EXPECT_EQ(0, info.num_children);
	EXPECT_EQ(0, info.parent_koid);
	EXPECT_EQ(ZX_CACHE_POLICY_CACHED, info.cache_policy);
}

TEST_F(state, fdinfo)
{
	EXPECT_EQ(variant->state.locks, zt_fdinfo(self->vmo, "locks"));
	EXPECT_EQ(variant->state.discarded, zt_fdinfo(self->vmo, "discarded"));
	EXPECT_EQ(variant->state.discarded, zt_fdinfo(self->vmo, "discards"));
}

TEST_F(state, name)
{
	char name[ZX_MAX_NAME_LEN];

	EXPECT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, "tiles", 5));
	EXPECT_OK(zx_object_get_property(self->vmo, ZX_PROP_NAME, name, sizeof(name)));
	EXPECT_STREQ("tiles", name);
}

TEST_F(state, signals)
{
	EXPECT_EQ(ZX_VMO_ZERO_CHILDREN, signals_of(_metadata, self->vmo));
	EXPECT_OK(zx_object_signal(self->vmo, 0, ZX_USER_SIGNAL_3));
	EXPECT_EQ(ZX_VMO_ZERO_CHILDREN | ZX_USER_SIGNAL_3, signals_of(_metadata, self->vmo));
}

/* The state is the VMO's, whatever handles there are */
TEST_F(state, replaced_handle)
{
	zx_handle_t handle;

	EXPECT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_SAME_RIGHTS, &handle));
	EXPECT_OK(zx_handle_close(self->vmo));
	EXPECT_LETTERS(LETTERS("abcd"), handle);
	EXPECT_OK(zx_handle_replace(handle, ZX_RIGHT_SAME_RIGHTS, &self->vmo));
	EXPECT_LETTERS(LETTERS("abcd"), self->vmo);
}

TEST_F(state, replace_as_executable)
{
	EXPECT_OK(zx_vmo_replace_as_executable(self->vmo, ZX_HANDLE_INVALID, &self->vmo));
	EXPECT_LETTERS(LETTERS("abcd"), self->vmo);
}

/* Refused before the options are looked at */
TEST_F(state, children)
{
	static const uint32_t options[] = {
		0, UINT32_MAX & ~ZX_VMO_CHILD_RESIZABLE, ZX_VMO_CHILD_NO_WRITE,
		ZX_VMO_CHILD_SNAPSHOT | ZX_VMO_CHILD_SLICE, ZX_VMO_CHILD_RESIZABLE,
	};
	zx_handle_t child = ZX_HANDLE_INVALID;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(child_kinds); i++) {
		EXPECT_ST(ZX_ERR_NOT_SUPPORTED,
			  zx_vmo_create_child(self->vmo, child_kinds[i].option, 0, PAGE, &child))
			TH_LOG("%s", child_kinds[i].name);
		/* with everything else wrong that is seen later */
		EXPECT_ST(ZX_ERR_NOT_SUPPORTED,
			  zx_vmo_create_child(self->vmo, child_kinds[i].option | 1U << 31, 1,
					      MAX_SIZE, NULL));
	}
	for (i = 0; i < ARRAY_SIZE(options); i++)
		EXPECT_ST(ZX_ERR_NOT_SUPPORTED,
			  zx_vmo_create_child(self->vmo, options[i], 1, PAGE, &child))
			TH_LOG("options %#x", options[i]);
	EXPECT_EQ(ZX_HANDLE_INVALID, child);
	EXPECT_CHILDREN(0, self->vmo);
}

/* Mappings */

TEST_F(state, load)
{
	if (variant->state.discarded) {
		EXPECT_FAULT(SIGBUS, BUS_ADRERR, load, self->p);
		EXPECT_FAULT(SIGBUS, BUS_ADRERR, load, self->p + self->size - 1);
	} else {
		EXPECT_MAPPED("abcd", self->p);
	}
}

TEST_F(state, store)
{
	if (variant->state.discarded) {
		EXPECT_FAULT(SIGBUS, BUS_ADRERR, store, self->p);
		EXPECT_FAULT(SIGBUS, BUS_ADRERR, store, self->p + self->size - 1);
	} else {
		memset(self->p + PAGE, 'B', PAGE);
	}
	EXPECT_LETTERS(LETTERS("aBcd"), self->vmo);
	EXPECT_EQ(IF_DISCARDED(0, PAGES), vmo_pages(_metadata, self->vmo));
}

TEST_F(state, load_from_a_private_mapping)
{
	if (variant->state.discarded) {
		EXPECT_FAULT(SIGBUS, BUS_ADRERR, load, self->private);
	} else {
		EXPECT_MAPPED("abcd", self->private);
	}
}

TEST_F(state, store_to_a_private_mapping)
{
	if (variant->state.discarded) {
		EXPECT_FAULT(SIGBUS, BUS_ADRERR, store, self->private);
	} else {
		memset(self->private + PAGE, 'B', PAGE);
		EXPECT_MAPPED("aBcd", self->private);
	}
	EXPECT_LETTERS(LETTERS("abcd"), self->vmo);
}

TEST_F(state, map)
{
	unsigned char *p = vmo_map(_metadata, self->vmo,
				   ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_ALLOW_FAULTS,
				   0, self->size);
	unsigned char *q = map_ro(_metadata, self->vmo, 0, PAGES);

	if (variant->state.discarded) {
		EXPECT_SIGBUS(p);
		EXPECT_FAULT(SIGBUS, BUS_ADRERR, load, q);
	} else {
		*p = 'A';
		EXPECT_MAPPED("?bcd", p);
		EXPECT_MAPPED("?bcd", q);
	}
	vmo_unmap(_metadata, p, self->size);
}

TEST_F(state, map_needs_allow_faults)
{
	zx_vaddr_t addr = 0;

	EXPECT_ST(ZX_ERR_NOT_SUPPORTED,
		  zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ, 0, self->vmo, 0, PAGE, &addr));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED,
		  zx_vmar_map(zx_vmar_root_self(), 0, 0, self->vmo, 0, PAGE, &addr));
	EXPECT_EQ(0, addr);
	EXPECT_EQ(2, vmo_info(_metadata, self->vmo).num_mappings);
}

/* Who reaches a mapping from the kernel: get_user_pages() fails as the access does */
TEST_F(state, process_vm_calls)
{
	struct iovec local = { self->buffer, 2 * PAGE }, remote = { self->p + PAGE, 2 * PAGE };
	ssize_t want = IF_DISCARDED(-EFAULT, (ssize_t)(2 * PAGE));

	EXPECT_EQ(want, or_error(process_vm_readv(getpid(), &local, 1, &remote, 1, 0)));
	EXPECT_MAPPED(IF_DISCARDED("XXXX", "bcXX"), self->buffer);
	memset(self->buffer, 'Y', 2 * PAGE);
	EXPECT_EQ(want, or_error(process_vm_writev(getpid(), &local, 1, &remote, 1, 0)));
	EXPECT_LETTERS(LETTERS("aYYd"), self->vmo);
}

TEST_F(state, direct_io)
{
	ssize_t want = IF_DISCARDED(-EFAULT, (ssize_t)PAGE);
	int disk = open_disk(_metadata);

	fill_disk(_metadata, disk, self->buffer, 1, 1);
	EXPECT_EQ(want, or_error(pread(disk, self->p + PAGE, PAGE, 0)));
	EXPECT_EQ(want, or_error(pwrite(disk, self->p + 2 * PAGE, PAGE, 0)));
	EXPECT_LETTERS(LETTERS("a?cd"), self->vmo);
	close(disk);
}

TEST_F(state, write_from_a_mapping_to_a_pipe)
{
	ssize_t want = IF_DISCARDED(-EFAULT, (ssize_t)PAGE);
	struct iovec iov = { self->p, PAGE };
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	EXPECT_EQ(want, or_error(write(fds[1], self->p, PAGE)));
	EXPECT_EQ(want, or_error(vmsplice(fds[1], &iov, 1, 0)));
	close(fds[0]);	/* or the pipe would keep the page */
	close(fds[1]);
}

TEST_F(state, buffer_of_another_vmo)
{
	zx_handle_t plain = vmo_create(_metadata, self->size, 0);

	vmo_spell(_metadata, plain, 0, "wxyz");
	EXPECT_ST(GONE, zx_vmo_read(plain, self->p, PAGE, PAGE));
	EXPECT_ST(GONE, zx_vmo_write(plain, self->p + 3 * PAGE, 0, PAGE));
	EXPECT_LETTERS(LETTERS("xbcd"), self->vmo);
	EXPECT_LETTERS(IF_DISCARDED("wxyz", "dxyz"), plain);
	EXPECT_OK(zx_handle_close(plain));
}

TEST_F(state, populate)
{
	int want = IF_DISCARDED(-EFAULT, 0);

	EXPECT_EQ(want, or_error(madvise(self->p, self->size, MADV_POPULATE_READ)));
	EXPECT_EQ(want, or_error(madvise(self->p, self->size, MADV_POPULATE_WRITE)));
	EXPECT_EQ(IF_DISCARDED(0, PAGES), vmo_pages(_metadata, self->vmo));
}

TEST_F(state, advise)
{
	EXPECT_EQ(0, madvise(self->p, self->size, MADV_DONTNEED));
	EXPECT_EQ(0, madvise(self->p, self->size, MADV_WILLNEED));
	EXPECT_LETTERS(LETTERS("abcd"), self->vmo);
	EXPECT_EQ(0, madvise(self->p + PAGE, PAGE, MADV_REMOVE));
	EXPECT_LETTERS(LETTERS("a.cd"), self->vmo);
}

/* Stores in the second page 16 more than is in the first */
static long peer_touches(void *arg)
{
	unsigned char *p = arg, byte;
	struct zt_fault fault = try(load, p, &byte);

	if (fault.signal)
		return -fault.signal;
	byte += 16;
	fault = try(store, p + PAGE, &byte);
	return fault.signal ? -fault.signal : byte;
}

TEST_F(state, access_by_another_process)
{
	struct peer peer = peer_start(_metadata);

	EXPECT_EQ(IF_DISCARDED(-SIGBUS, 'q'), peer_do(_metadata, &peer, peer_touches, self->p));
	EXPECT_LETTERS(LETTERS("a?cd"), self->vmo);
	peer_stop(_metadata, &peer);
}

/* Calls on the descriptor */

#define GONE_FILE(n)	IF_DISCARDED(-ENOENT, (ssize_t)(n))

TEST_F(state, file_read)
{
	int fd = fd_of(self->vmo);

	EXPECT_EQ(GONE_FILE(self->size), or_error(pread(fd, self->buffer, self->size, 0)));
	EXPECT_MAPPED(IF_DISCARDED("XXXX", "abcd"), self->buffer);
	EXPECT_EQ(GONE_FILE(1), or_error(read(fd, self->buffer, 1)));
	EXPECT_EQ(IF_DISCARDED(0, 1), lseek(fd, 0, SEEK_CUR));
}

TEST_F(state, file_write)
{
	int fd = fd_of(self->vmo);

	EXPECT_EQ(GONE_FILE(PAGE), or_error(pwrite(fd, self->buffer, PAGE, PAGE)));
	EXPECT_LETTERS(LETTERS("aXcd"), self->vmo);
	EXPECT_EQ(GONE_FILE(1), or_error(write(fd, self->buffer, 1)));
	EXPECT_EQ(IF_DISCARDED(0, 1), lseek(fd, 0, SEEK_CUR));
}

TEST_F(state, file_calls_on_nothing)
{
	int fd = fd_of(self->vmo);

	EXPECT_EQ(0, or_error(read(fd, self->buffer, 0)));
	EXPECT_EQ(0, or_error(write(fd, self->buffer, 0)));
	EXPECT_EQ(0, or_error(pread(fd, self->buffer, 1, self->size)));
	EXPECT_EQ(-EFBIG, or_error(pwrite(fd, self->buffer, 1, self->size)));
}

TEST_F(state, file_splice)
{
	loff_t offset = 0;
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	EXPECT_EQ(GONE_FILE(PAGE),
		  or_error(splice(fd_of(self->vmo), &offset, fds[1], NULL, PAGE, 0)));
	offset = PAGE;
	if (variant->state.discarded)
		ASSERT_EQ((ssize_t)PAGE, write(fds[1], self->buffer, PAGE));
	EXPECT_EQ(GONE_FILE(PAGE),
		  or_error(splice(fds[0], NULL, fd_of(self->vmo), &offset, PAGE, 0)));
	EXPECT_LETTERS(LETTERS("aacd"), self->vmo);
	close(fds[0]);
	close(fds[1]);
}

TEST_F(state, file_sendfile)
{
	zx_handle_t plain = vmo_create(_metadata, self->size, 0);
	off_t offset = PAGE;

	EXPECT_EQ(GONE_FILE(PAGE),
		  or_error(sendfile(fd_of(plain), fd_of(self->vmo), &offset, PAGE)));
	EXPECT_LETTERS(IF_DISCARDED("....", "b..."), plain);
	EXPECT_OK(zx_handle_close(plain));
}

TEST_F(state, file_seek)
{
	int fd = fd_of(self->vmo);

	EXPECT_EQ(IF_DISCARDED(-ENXIO, (off_t)PAGE), or_error(lseek(fd, PAGE, SEEK_DATA)));
	EXPECT_EQ((off_t)IF_DISCARDED(PAGE, self->size), or_error(lseek(fd, PAGE, SEEK_HOLE)));
	EXPECT_EQ((off_t)self->size, lseek(fd, 0, SEEK_END));
}

TEST_F(state, file_stat)
{
	struct stat stat;

	ASSERT_EQ(0, fstat(fd_of(self->vmo), &stat));
	EXPECT_EQ(self->size, stat.st_size);
	EXPECT_EQ(IF_DISCARDED(0, self->size / 512), stat.st_blocks);
}

TEST_F(state, file_fallocate)
{
	int fd = fd_of(self->vmo);

	EXPECT_EQ(GONE_FILE(0), or_error(fallocate(fd, 0, 0, self->size)));
	EXPECT_EQ(GONE_FILE(0), or_error(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, PAGE)));
	EXPECT_EQ(0, fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, PAGE, PAGE));
	EXPECT_LETTERS(LETTERS("a.cd"), self->vmo);
	EXPECT_EQ(IF_DISCARDED(0, PAGES - 1), vmo_pages(_metadata, self->vmo));
}

TEST_F(state, file_truncate)
{
	EXPECT_EQ(0, ftruncate(fd_of(self->vmo), PAGE + 1));
	EXPECT_EQ(PAGE + 1, vmo_stream_size(_metadata, self->vmo));
	EXPECT_LETTERS(LETTERS("a?.."), self->vmo);
}

TEST_F(state, file_sync)
{
	EXPECT_EQ(0, fsync(fd_of(self->vmo)));
	EXPECT_EQ(0, msync(self->p, self->size, MS_SYNC));
}

/* The same states of one that is resizable: its size is looked at when it is locked */

FIXTURE(resize) {
	zx_handle_t vmo;	/* "abcd", or it was */
	struct state want;
	unsigned char *p;	/* twice as much */
};

FIXTURE_VARIANT(resize) {
	struct state state;
};

FIXTURE_VARIANT_ADD(resize, unset) { { 0, false, false } };
FIXTURE_VARIANT_ADD(resize, locked) { { 2, false, false } };
FIXTURE_VARIANT_ADD(resize, unlocked) { { 0, false, true } };
FIXTURE_VARIANT_ADD(resize, discarded) { { 0, true, false } };

FIXTURE_SETUP(resize)
{
	unsigned int i;

	self->want = variant->state;
	self->vmo = vmo_create(_metadata, PAGES * PAGE, ZX_VMO_DISCARDABLE | ZX_VMO_RESIZABLE);
	self->p = map_shared(_metadata, self->vmo, 0, 2 * PAGES);
	vmo_spell(_metadata, self->vmo, 0, "abcd");
	for (i = 0; i < variant->state.locks; i++)
		ASSERT_OK(vmo_lock(self->vmo));
	if (variant->state.reclaimable || variant->state.discarded) {
		ASSERT_OK(vmo_lock(self->vmo));
		ASSERT_OK(vmo_unlock(self->vmo));
	}
	if (variant->state.discarded)
		vmo_discard(_metadata, self->vmo);
}

FIXTURE_TEARDOWN(resize)
{
	EXPECT_EQ(variant->state.discarded,
		  vmo_info(_metadata, self->vmo).committed_change_events);
	check_state(_metadata, self->vmo, &self->want);
	EXPECT_OK(zx_handle_close(self->vmo));
}

TEST_F(resize, info)
{
	EXPECT_EQ(ZX_INFO_VMO_TYPE_PAGED | ZX_INFO_VMO_RESIZABLE | ZX_INFO_VMO_DISCARDABLE |
		  ZX_INFO_VMO_VIA_HANDLE, vmo_info(_metadata, self->vmo).flags);
}

TEST_F(resize, grow)
{
	EXPECT_OK(zx_vmo_set_size(self->vmo, 6 * PAGE));
	EXPECT_LETTERS(IF_DISCARDED("!!!!!!", "abcd.."), self->vmo);
	if (variant->state.discarded) {
		EXPECT_SIGBUS(self->p + 5 * PAGE);
	} else {
		EXPECT_MAPPED("abcd..", self->p);
	}
	EXPECT_SIGBUS(self->p + 6 * PAGE);
}

TEST_F(resize, shrink)
{
	EXPECT_OK(zx_vmo_set_size(self->vmo, 2 * PAGE));
	EXPECT_LETTERS(IF_DISCARDED("!!", "ab"), self->vmo);
	EXPECT_SIGBUS(self->p + 2 * PAGE);
}

TEST_F(resize, shrink_and_grow)
{
	EXPECT_OK(zx_vmo_set_size(self->vmo, PAGE + 1));
	EXPECT_OK(zx_vmo_set_size(self->vmo, 4 * PAGE));
	EXPECT_LETTERS(IF_DISCARDED("!!!!", "a?.."), self->vmo);
}

TEST_F(resize, shrink_to_nothing)
{
	EXPECT_OK(zx_vmo_set_size(self->vmo, 0));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
	EXPECT_SIGBUS(self->p);
}

TEST_F(resize, shrink_to_nothing_and_grow)
{
	EXPECT_OK(zx_vmo_set_size(self->vmo, 0));
	EXPECT_OK(zx_vmo_set_size(self->vmo, 2 * PAGE));
	EXPECT_LETTERS(IF_DISCARDED("!!", ".."), self->vmo);
}

TEST_F(resize, file_truncate)
{
	EXPECT_EQ(0, ftruncate(fd_of(self->vmo), 6 * PAGE));
	EXPECT_EQ(0, ftruncate(fd_of(self->vmo), 2 * PAGE));
	EXPECT_LETTERS(IF_DISCARDED("!!", "ab"), self->vmo);
}

/* It may have grown, and can be seen to */
TEST_F(resize, file_write_beyond_the_end)
{
	EXPECT_EQ(IF_DISCARDED(-ENOENT, 1),
		  or_error(pwrite(fd_of(self->vmo), "e", 1, 4 * PAGE)));
	EXPECT_EQ(4 * PAGE + IF_DISCARDED(0, 1), vmo_stream_size(_metadata, self->vmo));
}

/* LOCK, TRY_LOCK and UNLOCK take the size there is now, and report it */
TEST_F(resize, operations_take_the_current_size)
{
	static const uint32_t ops[] = {
		ZX_VMO_OP_LOCK, ZX_VMO_OP_TRY_LOCK, ZX_VMO_OP_UNLOCK,
	};
	zx_vmo_lock_state_t report;
	uint64_t size;
	size_t i;

	for (size = 0; size <= 6 * PAGE; size += 3 * PAGE) {
		ASSERT_OK(zx_vmo_set_size(self->vmo, size));
		for (i = 0; i < ARRAY_SIZE(ops); i++) {
			EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
				  zx_vmo_op_range(self->vmo, ops[i], 0, PAGES * PAGE, &report,
						  sizeof(report)));
		}
	}
	EXPECT_OK(zx_vmo_op_range(self->vmo, ZX_VMO_OP_LOCK, 0, 6 * PAGE, &report, sizeof(report)));
	EXPECT_EQ(6 * PAGE, report.size);
	EXPECT_EQ(IF_DISCARDED(6 * PAGE, 0), report.discarded_size);
	EXPECT_OK(zx_vmo_op_range(self->vmo, ZX_VMO_OP_UNLOCK, 0, 6 * PAGE, NULL, 0));
	self->want.discarded = false;
	self->want.reclaimable = !variant->state.locks;
}

/* Order of checks */

static const uint32_t lock_ops[] = { ZX_VMO_OP_LOCK, ZX_VMO_OP_TRY_LOCK, ZX_VMO_OP_UNLOCK };

#define for_each_lock_op(op)	\
	for (const uint32_t *op = lock_ops; op < lock_ops + ARRAY_SIZE(lock_ops); op++)

/* Locked and unlocked, of each kind; with all that is right for the call */
FIXTURE(order) {
	zx_handle_t vmo;
	uint64_t size;
	zx_vmo_lock_state_t report;
};

FIXTURE_VARIANT(order) {
	uint32_t options;
};

FIXTURE_VARIANT_ADD(order, fixed) { 0 };
FIXTURE_VARIANT_ADD(order, resizable) { ZX_VMO_RESIZABLE };
FIXTURE_VARIANT_ADD(order, unbounded) { ZX_VMO_UNBOUNDED };

FIXTURE_SETUP(order)
{
	self->vmo = vmo_create(_metadata, PAGES * PAGE, ZX_VMO_DISCARDABLE | variant->options);
	self->size = vmo_size(_metadata, self->vmo);
	memset(&self->report, STALE, sizeof(self->report));
}

FIXTURE_TEARDOWN(order)
{
	EXPECT_EQ(sizeof(self->report), mem_span(&self->report, sizeof(self->report), STALE));
	EXPECT_EQ(0, zt_fdinfo(self->vmo, "locks"));
	/* Nothing has been locked */
	EXPECT_ST(ZX_ERR_BAD_STATE, vmo_unlock(self->vmo));
	vmo_fill(_metadata, self->vmo, 0, PAGE, 'a');
	discard_all(_metadata);
	EXPECT_EQ(PAGE, vmo_span(self->vmo, 0, 2 * PAGE, 'a'));
	EXPECT_OK(zx_handle_close(self->vmo));
}

#define OP(handle, op, offset, length)							\
	zx_vmo_op_range(handle, op, offset, length, &self->report, sizeof(self->report))

TEST_F(order, right_before_everything)
{
	zx_handle_t neither = without_rights(_metadata, self->vmo, ZX_RIGHTS_IO);
	zx_handle_t plain = without_rights(_metadata, vmo_create(_metadata, PAGE, 0), ZX_RIGHTS_IO);

	for_each_lock_op(op) {
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, OP(neither, *op, 0, self->size));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, OP(neither, *op, 0, 1));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, OP(neither, *op, UINT64_MAX, UINT64_MAX));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_op_range(neither, *op, 0, self->size,
								NULL, 0));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, OP(plain, *op, 0, PAGE));
	}
}

TEST_F(order, range_before_state_and_buffer)
{
	const struct {
		uint64_t offset, length;
	} ranges[] = {
		{ 0, 0 }, { 0, 1 }, { 0, PAGE }, { 0, self->size - 1 }, { 0, self->size + 1 },
		{ 0, self->size - PAGE }, { 0, self->size + PAGE }, { 0, UINT64_MAX },
		{ 1, self->size }, { 1, self->size - 1 }, { PAGE, self->size - PAGE },
		{ PAGE, self->size }, { self->size, 0 }, { self->size, self->size },
		{ UINT64_MAX, 1 }, { UINT64_MAX, UINT64_MAX }, { UINT64_MAX - PAGE + 1, PAGE },
		{ PAGE, UINT64_MAX - PAGE + 1 },
	};
	size_t i;

	for_each_lock_op(op) {
		for (i = 0; i < ARRAY_SIZE(ranges); i++) {
			EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
				  OP(self->vmo, *op, ranges[i].offset, ranges[i].length))
				TH_LOG("operation %u, range %zu", *op, i);
			EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
				  zx_vmo_op_range(self->vmo, *op, ranges[i].offset,
						  ranges[i].length, NULL, 0));
		}
	}
}

/* The unrounded size is not the VMO's */
TEST_F(order, stream_size_is_not_the_size)
{
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, PAGE + 5));
	for_each_lock_op(op)
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP(self->vmo, *op, 0, PAGE + 5));
}

TEST_F(order, children_are_refused_after_handle_and_size)
{
	zx_handle_t no_read = without_rights(_metadata, self->vmo, ZX_RIGHT_READ);
	zx_handle_t no_duplicate = without_rights(_metadata, self->vmo, ZX_RIGHT_DUPLICATE);
	zx_handle_t out = 0;

	EXPECT_ST(ZX_ERR_OUT_OF_RANGE,
		  zx_vmo_create_child(self->vmo, ZX_VMO_CHILD_SNAPSHOT, 0, UINT64_MAX, &out));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmo_create_child(self->vmo, ZX_VMO_CHILD_SNAPSHOT | ZX_VMO_CHILD_NO_WRITE |
				      ZX_VMO_CHILD_RESIZABLE, 0, PAGE, &out));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_vmo_create_child(no_read, ZX_VMO_CHILD_SNAPSHOT, 0, PAGE, &out));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_vmo_create_child(no_duplicate, ZX_VMO_CHILD_SNAPSHOT, 0, PAGE, &out));
	EXPECT_ST(variant->options == ZX_VMO_RESIZABLE ? ZX_ERR_NOT_SUPPORTED : ZX_ERR_ACCESS_DENIED,
		  zx_vmo_create_child(self->vmo, ZX_VMO_CHILD_REFERENCE | ZX_VMO_CHILD_RESIZABLE,
				      0, 0, &out));
	EXPECT_EQ(0, out);
}

#define MAP(options, vmo, offset, length)						\
	zx_vmar_map(zx_vmar_root_self(), options, 0, vmo, offset, length, &addr)

TEST_F(order, allow_faults_after_rights_before_range)
{
	zx_handle_t no_map = without_rights(_metadata, self->vmo, ZX_RIGHT_MAP);
	zx_handle_t no_write = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);
	zx_vm_option_t rw = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
	zx_vaddr_t addr = 0;

	EXPECT_ST(ZX_ERR_ACCESS_DENIED, MAP(rw, no_map, 0, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, MAP(ZX_VM_PERM_WRITE, self->vmo, 0, PAGE));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, MAP(rw, no_write, 0, PAGE));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, MAP(rw, self->vmo, 0, PAGE));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, MAP(rw, self->vmo, 1, PAGE));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, MAP(rw, self->vmo, 0, 0));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, MAP(rw, self->vmo, 0, UINT64_MAX));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, MAP(rw | ZX_VM_ALLOW_FAULTS, self->vmo, 1, PAGE));
	EXPECT_EQ(0, addr);
	EXPECT_OK(MAP(rw | ZX_VM_ALLOW_FAULTS, self->vmo, 0, PAGE));
	vmo_unmap(_metadata, (void *)addr, PAGE);
}

TEST_F(order, cache_policy)
{
	zx_handle_t no_map = without_rights(_metadata, self->vmo, ZX_RIGHT_MAP);
	zx_vaddr_t addr;

	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_MASK + 1));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_cache_policy(no_map, ZX_CACHE_POLICY_CACHED));
	EXPECT_OK(zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_CACHED));
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_UNCACHED));
	EXPECT_ST(ZX_ERR_BAD_STATE,
		  zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_UNCACHED_DEVICE));
	EXPECT_ST(ZX_ERR_BAD_STATE,
		  zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_WRITE_COMBINING));
	ASSERT_OK(MAP(ZX_VM_PERM_READ | ZX_VM_ALLOW_FAULTS, self->vmo, 0, PAGE));
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_CACHED));
	vmo_unmap(_metadata, (void *)addr, PAGE);
	EXPECT_OK(zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_CACHED));
}

/* Not the whole of it, not locked, no buffer: what is not discardable is that first */
TEST(not_supported_before_range_and_buffer)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGE, ZX_VMO_RESIZABLE);

	for_each_lock_op(op) {
		EXPECT_ST(ZX_ERR_NOT_SUPPORTED, zx_vmo_op_range(vmo, *op, 0, PAGE, NULL, 0));
		EXPECT_ST(ZX_ERR_NOT_SUPPORTED, zx_vmo_op_range(vmo, *op, 1, PAGE, NULL, 0));
		EXPECT_ST(ZX_ERR_NOT_SUPPORTED,
			  zx_vmo_op_range(vmo, *op, UINT64_MAX, UINT64_MAX, NULL, 0));
	}
}

TEST(one_right_is_enough)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGE, ZX_VMO_DISCARDABLE);
	zx_handle_t handles[] = {
		with_rights(_metadata, vmo, ZX_RIGHT_READ), with_rights(_metadata, vmo, ZX_RIGHT_WRITE),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(handles); i++) {
		EXPECT_OK(vmo_lock(handles[i]));
		EXPECT_OK(vmo_try_lock(handles[i]));
		EXPECT_OK(vmo_unlock(handles[i]));
		EXPECT_OK(vmo_unlock(handles[i]));
	}
	EXPECT_ST(ZX_ERR_BAD_STATE, vmo_unlock(vmo));
}

/* What LOCK reports, and where */

FIXTURE(report) {
	zx_handle_t vmo;	/* discarded */
	unsigned char *p;
};

FIXTURE_SETUP(report)
{
	self->vmo = reclaimable(_metadata, PAGES, 'v');
	self->p = map_shared(_metadata, self->vmo, 0, PAGES);
	vmo_discard(_metadata, self->vmo);
}

FIXTURE_TEARDOWN(report)
{
	EXPECT_OK(zx_handle_close(self->vmo));
}

TEST_F(report, comes_once)
{
	zx_vmo_lock_state_t report;

	EXPECT_OK(vmo_lock_state(self->vmo, &report));
	EXPECT_EQ(PAGES * PAGE, report.discarded_size);
	EXPECT_OK(vmo_lock_state(self->vmo, &report));
	EXPECT_EQ(0, report.discarded_size);
	EXPECT_OK(vmo_unlock(self->vmo));
	EXPECT_OK(vmo_unlock(self->vmo));
	EXPECT_OK(vmo_lock_state(self->vmo, &report));
	EXPECT_EQ(0, report.discarded_size);
}

TEST_F(report, goes_to_whoever_locks_first)
{
	zx_handle_t copy = with_rights(_metadata, self->vmo, ZX_RIGHT_READ);
	zx_vmo_lock_state_t report;

	EXPECT_OK(vmo_lock_state(copy, &report));
	EXPECT_EQ(PAGES * PAGE, report.discarded_size);
	EXPECT_OK(vmo_lock_state(self->vmo, &report));
	EXPECT_EQ(0, report.discarded_size);
}

TEST_F(report, has_32_bytes)
{
	unsigned char buffer[100];

	EXPECT_EQ(32, sizeof(zx_vmo_lock_state_t));
	memset(buffer, STALE, sizeof(buffer));
	EXPECT_OK(vmo_lock_op(self->vmo, ZX_VMO_OP_LOCK, buffer, sizeof(buffer)));
	EXPECT_EQ(PAGES * PAGE, ((zx_vmo_lock_state_t *)buffer)->discarded_size);
	EXPECT_EQ(sizeof(buffer) - 32, mem_span(buffer + 32, sizeof(buffer) - 32, STALE));
}

TEST_F(report, fits_exactly_before_a_hole)
{
	unsigned char *p = page_before_hole(_metadata) + PAGE - 32;

	EXPECT_OK(vmo_lock_op(self->vmo, ZX_VMO_OP_LOCK, p, 32));
	EXPECT_EQ(PAGES * PAGE, ((zx_vmo_lock_state_t *)p)->discarded_size);
	EXPECT_OK(vmo_lock_op(self->vmo, ZX_VMO_OP_LOCK, p, SIZE_MAX));
	EXPECT_EQ(0, ((zx_vmo_lock_state_t *)p)->discarded_size);
}

TEST_F(report, needs_no_alignment)
{
	unsigned char *p = page_before_hole(_metadata);
	zx_vmo_lock_state_t report;

	EXPECT_OK(vmo_lock_op(self->vmo, ZX_VMO_OP_LOCK, p + 3, 32));
	memcpy(&report, p + 3, sizeof(report));
	EXPECT_EQ(PAGES * PAGE, report.size);
	EXPECT_EQ(PAGES * PAGE, report.discarded_size);
}

/* It is locked by then, so that its own memory is there */
TEST_F(report, may_go_to_the_vmo_itself)
{
	zx_vmo_lock_state_t report;

	EXPECT_OK(vmo_lock_op(self->vmo, ZX_VMO_OP_LOCK, self->p + PAGE, 32));
	EXPECT_OK(zx_vmo_read(self->vmo, &report, PAGE, sizeof(report)));
	EXPECT_EQ(PAGES * PAGE, report.discarded_size);
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
}

TEST_F(report, cannot_go_to_another_that_was_discarded)
{
	zx_handle_t other = reclaimable(_metadata, 1, 'o');
	unsigned char *p = map_shared(_metadata, other, 0, 1);

	vmo_discard(_metadata, other);
	EXPECT_ST(ZX_ERR_INVALID_ARGS, vmo_lock_op(self->vmo, ZX_VMO_OP_LOCK, p, 32));
	EXPECT_OK(vmo_try_lock(self->vmo));
	EXPECT_ST(ZX_ERR_UNAVAILABLE, vmo_try_lock(other));
}

TEST_F(report, needs_a_buffer_of_32_bytes)
{
	unsigned char buffer[32];
	size_t size;

	memset(buffer, STALE, sizeof(buffer));
	for (size = 0; size < 32; size++)
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  vmo_lock_op(self->vmo, ZX_VMO_OP_LOCK, buffer, size));
	EXPECT_EQ(sizeof(buffer), mem_span(buffer, sizeof(buffer), STALE));
	EXPECT_EQ(0, zt_fdinfo(self->vmo, "locks"));
}

TEST_F(report, needs_a_buffer_that_can_be_written)
{
	unsigned char *hole = page_before_hole(_metadata) + PAGE;
	void *bad[] = {
		NULL, hole, hole - 31, user_pages(_metadata, 1, PROT_READ),
		(void *)ZT_KERNEL_ADDR, (void *)-1L,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_ST(ZX_ERR_INVALID_ARGS, vmo_lock_op(self->vmo, ZX_VMO_OP_LOCK, bad[i], 32))
			TH_LOG("buffer %zu", i);
	EXPECT_EQ(0, zt_fdinfo(self->vmo, "locks"));
}

/* Only LOCK reports */
TEST_F(report, other_operations_do_not_look_at_the_buffer)
{
	unsigned char buffer[32], *hole = page_before_hole(_metadata) + PAGE;

	memset(buffer, STALE, sizeof(buffer));
	EXPECT_ST(ZX_ERR_UNAVAILABLE,
		  vmo_lock_op(self->vmo, ZX_VMO_OP_TRY_LOCK, buffer, sizeof(buffer)));
	ASSERT_OK(vmo_lock(self->vmo));
	EXPECT_OK(vmo_lock_op(self->vmo, ZX_VMO_OP_TRY_LOCK, buffer, sizeof(buffer)));
	EXPECT_OK(vmo_lock_op(self->vmo, ZX_VMO_OP_TRY_LOCK, hole, 1));
	EXPECT_OK(vmo_lock_op(self->vmo, ZX_VMO_OP_UNLOCK, buffer, sizeof(buffer)));
	EXPECT_OK(vmo_lock_op(self->vmo, ZX_VMO_OP_UNLOCK, hole, SIZE_MAX));
	EXPECT_OK(vmo_lock_op(self->vmo, ZX_VMO_OP_UNLOCK, NULL, 0));
	EXPECT_EQ(sizeof(buffer), mem_span(buffer, sizeof(buffer), STALE));
}

/* A raw call tells INVALID_ARGS from EFAULT elsewhere, but not here */
TEST_F(report, errors_of_the_command)
{
	const __u64 size = PAGES * PAGE;

#define LOCK_AT(address, bytes)								\
	zt_call(VMO_OP_RANGE, vmo_op_range, .handle = self->vmo, .op = ZXVMO_VMO_OP_LOCK,	\
		.length = size, .buffer = (address), .buffer_size = (bytes))
#define OP_ALL(operation)								\
	zt_call(VMO_OP_RANGE, vmo_op_range, .handle = self->vmo,			\
		.op = ZXVMO_VMO_OP_##operation, .length = size)
	EXPECT_ERRNO(EPERM, OP_ALL(TRY_LOCK));
	EXPECT_ERRNO(EBADFD, OP_ALL(UNLOCK));
	EXPECT_ERRNO(ENOENT, OP_ALL(COMMIT));
	EXPECT_ERRNO(EINVAL, LOCK_AT(0, 32));
	EXPECT_ERRNO(EINVAL, LOCK_AT(ZT_ADDRESS(&size), 31));
	EXPECT_ERRNO(0, OP_ALL(TRY_LOCK));
}

/* Locks */

/* Which tell whether they hold by what is left of the contents */
#define EXPECT_LOCKED(vmo, text) do {				\
	discard_all(_metadata);					\
	EXPECT_LETTERS(text, vmo);				\
} while (0)

TEST(locks_survive_the_handle_that_took_them)
{
	zx_handle_t vmo = vmo_create(_metadata, 2 * PAGE, ZX_VMO_DISCARDABLE);
	zx_handle_t copy = with_rights(_metadata, vmo, ZX_RIGHT_SAME_RIGHTS);

	vmo_spell(_metadata, vmo, 0, "ab");
	ASSERT_OK(vmo_lock(copy));
	ASSERT_OK(zx_handle_close(copy));
	EXPECT_LOCKED(vmo, "ab");
	EXPECT_OK(vmo_unlock(vmo));
	EXPECT_ST(ZX_ERR_BAD_STATE, vmo_unlock(vmo));
	EXPECT_LOCKED(vmo, "!!");
}

TEST(locks_are_counted_over_all_handles)
{
	zx_handle_t vmo = vmo_create(_metadata, 2 * PAGE, ZX_VMO_DISCARDABLE);
	zx_handle_t copy = with_rights(_metadata, vmo, ZX_RIGHT_READ);

	vmo_spell(_metadata, vmo, 0, "ab");
	ASSERT_OK(vmo_lock(copy));
	ASSERT_OK(vmo_try_lock(vmo));
	EXPECT_OK(vmo_unlock(copy));
	EXPECT_LOCKED(vmo, "ab");
	EXPECT_OK(vmo_unlock(copy));
	EXPECT_ST(ZX_ERR_BAD_STATE, vmo_unlock(vmo));
	EXPECT_LOCKED(vmo, "!!");
}

static long peer_locks(void *arg)
{
	return vmo_lock(*(zx_handle_t *)arg);
}

static long peer_unlocks(void *arg)
{
	return vmo_unlock(*(zx_handle_t *)arg);
}

TEST(locks_survive_the_process_that_took_them)
{
	zx_handle_t vmo = vmo_create(_metadata, 2 * PAGE, ZX_VMO_DISCARDABLE);
	struct peer peer;
	int status;

	vmo_spell(_metadata, vmo, 0, "ab");
	peer = peer_start(_metadata);
	EXPECT_OK(peer_do(_metadata, &peer, peer_locks, &vmo));
	ASSERT_EQ(0, kill(peer.pid, SIGKILL));
	ASSERT_EQ(peer.pid, waitpid(peer.pid, &status, 0));
	EXPECT_EQ(1, zt_fdinfo(vmo, "locks"));
	EXPECT_LOCKED(vmo, "ab");
	EXPECT_OK(vmo_unlock(vmo));
	EXPECT_LOCKED(vmo, "!!");
}

TEST(another_process_may_unlock)
{
	zx_handle_t vmo = vmo_create(_metadata, 2 * PAGE, ZX_VMO_DISCARDABLE);
	struct peer peer = peer_start(_metadata);

	vmo_spell(_metadata, vmo, 0, "ab");
	ASSERT_OK(vmo_lock(vmo));
	EXPECT_OK(peer_do(_metadata, &peer, peer_unlocks, &vmo));
	EXPECT_ST(ZX_ERR_BAD_STATE, peer_do(_metadata, &peer, peer_unlocks, &vmo));
	EXPECT_LOCKED(vmo, "!!");
	peer_stop(_metadata, &peer);
}

TEST(locks_nest_as_deep_as_one_likes)
{
	zx_handle_t vmo = vmo_create(_metadata, 2 * PAGE, ZX_VMO_DISCARDABLE);
	int i;

	vmo_spell(_metadata, vmo, 0, "ab");
	for (i = 0; i < 3000; i++)
		ASSERT_OK(i % 2 ? vmo_lock(vmo) : vmo_try_lock(vmo));
	for (i = 0; i < 2999; i++)
		ASSERT_OK(vmo_unlock(vmo));
	EXPECT_LOCKED(vmo, "ab");
	ASSERT_OK(vmo_unlock(vmo));
	EXPECT_ST(ZX_ERR_BAD_STATE, vmo_unlock(vmo));
	EXPECT_LOCKED(vmo, "!!");
}

#define LOCKERS		4
#define LOCK_ROUNDS	2000

static void act_lock_and_unlock(struct actor *actor)
{
	zx_handle_t vmo = *(zx_handle_t *)actor->arg;
	int i;

	for (i = 0; i < LOCK_ROUNDS && !actor->status; i++)
		actor->status = (i % 2 ? vmo_lock(vmo) : vmo_try_lock(vmo)) ?: vmo_unlock(vmo);
	/* and one more that stays */
	if (!actor->status)
		actor->status = vmo_lock(vmo);
}

TEST(locks_taken_at_the_same_time_are_all_counted)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGE, ZX_VMO_DISCARDABLE);
	struct actor actors[LOCKERS] = {};
	int i;

	for (i = 0; i < LOCKERS; i++) {
		actors[i] = (struct actor){ .act = act_lock_and_unlock, .arg = &vmo, .cpu = i };
		actor_start(_metadata, &actors[i]);
	}
	for (i = 0; i < LOCKERS; i++)
		actor_go(&actors[i]);
	for (i = 0; i < LOCKERS; i++) {
		actor_join(_metadata, &actors[i]);
		EXPECT_OK(actors[i].status);
	}
	EXPECT_EQ(LOCKERS, zt_fdinfo(vmo, "locks"));
	for (i = 0; i < LOCKERS; i++)
		EXPECT_OK(vmo_unlock(vmo));
	EXPECT_ST(ZX_ERR_BAD_STATE, vmo_unlock(vmo));
}

/* What is locked is not pinned: nothing is there that was not written */
TEST(lock_commits_nothing)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGES * PAGE, ZX_VMO_DISCARDABLE);

	ASSERT_OK(vmo_lock(vmo));
	EXPECT_EQ(0, vmo_pages(_metadata, vmo));
	EXPECT_LETTERS("....", vmo);
	EXPECT_EQ(0, vmo_pages(_metadata, vmo));
	ASSERT_OK(vmo_op(vmo, ZX_VMO_OP_COMMIT, 1, 1));
	ASSERT_OK(vmo_op(vmo, ZX_VMO_OP_DECOMMIT, 0, PAGES));
	EXPECT_EQ(0, vmo_pages(_metadata, vmo));
}

TEST(vmo_of_size_0_can_be_locked)
{
	zx_handle_t vmo = vmo_create(_metadata, 0, ZX_VMO_DISCARDABLE);
	zx_vmo_lock_state_t report;

	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmo_op_range(vmo, ZX_VMO_OP_UNLOCK, 0, 0, NULL, 0));
	memset(&report, STALE, sizeof(report));
	EXPECT_OK(zx_vmo_op_range(vmo, ZX_VMO_OP_LOCK, 0, 0, &report, sizeof(report)));
	EXPECT_TRUE(zt_is_zero(&report, sizeof(report)));
	EXPECT_OK(zx_vmo_op_range(vmo, ZX_VMO_OP_TRY_LOCK, 0, 0, NULL, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_op_range(vmo, ZX_VMO_OP_UNLOCK, 0, PAGE, NULL, 0));
	EXPECT_OK(zx_vmo_op_range(vmo, ZX_VMO_OP_UNLOCK, 0, 0, NULL, 0));
	EXPECT_OK(zx_vmo_op_range(vmo, ZX_VMO_OP_UNLOCK, 0, 0, NULL, 0));
	discard_all(_metadata);
	EXPECT_OK(zx_vmo_op_range(vmo, ZX_VMO_OP_TRY_LOCK, 0, 0, NULL, 0));
}

TEST(lock_that_was_taken_with_another_size_is_the_same_lock)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGE, ZX_VMO_DISCARDABLE | ZX_VMO_RESIZABLE);
	zx_vmo_lock_state_t report;

	EXPECT_OK(zx_vmo_op_range(vmo, ZX_VMO_OP_LOCK, 0, PAGE, &report, sizeof(report)));
	EXPECT_EQ(PAGE, report.size);
	ASSERT_OK(zx_vmo_set_size(vmo, 2 * PAGE));
	vmo_spell(_metadata, vmo, 0, "ab");
	EXPECT_LOCKED(vmo, "ab");
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_op_range(vmo, ZX_VMO_OP_UNLOCK, 0, PAGE, NULL, 0));
	EXPECT_LOCKED(vmo, "ab");
	EXPECT_OK(zx_vmo_op_range(vmo, ZX_VMO_OP_UNLOCK, 0, 2 * PAGE, NULL, 0));
	EXPECT_LOCKED(vmo, "!!");
}

/* Discards */

/* Of all kinds, with pages here and there */
FIXTURE(discard) {
	zx_handle_t vmo;	/* locked once */
	uint64_t size;
};

FIXTURE_VARIANT(discard) {
	uint32_t options;
};

FIXTURE_VARIANT_ADD(discard, fixed) { 0 };
FIXTURE_VARIANT_ADD(discard, resizable) { ZX_VMO_RESIZABLE };
FIXTURE_VARIANT_ADD(discard, unbounded) { ZX_VMO_UNBOUNDED };

FIXTURE_SETUP(discard)
{
	self->vmo = discardable(_metadata, 2000 * PAGE, variant->options);
	self->size = vmo_size(_metadata, self->vmo);
}

FIXTURE_TEARDOWN(discard)
{
	EXPECT_EQ(self->size, vmo_size(_metadata, self->vmo));
	EXPECT_EQ(2000 * PAGE, vmo_stream_size(_metadata, self->vmo));
	EXPECT_OK(zx_handle_close(self->vmo));
}

#define TAKE_ALL(self) do {				\
	ASSERT_OK(vmo_unlock((self)->vmo));		\
	vmo_discard(_metadata, (self)->vmo);		\
} while (0)

TEST_F(discard, takes_all_pages_wherever_they_are)
{
	const uint64_t last = self->size / PAGE - 1;
	const uint64_t places[] = { 0, 1, 511, 512, 1024, 1999, last / 2, last };
	long long pages = zt_stat("pages");
	zx_vmo_lock_state_t report;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		ASSERT_OK(zx_vmo_write(self->vmo, "p", places[i] * PAGE, 1));
	TAKE_ALL(self);
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(0, vmo_info(_metadata, self->vmo).metadata_bytes);
	EXPECT_TRUE(WAIT_FOR(drop_slab() && zt_stat("pages") <= pages));
	ASSERT_OK(vmo_lock_state(self->vmo, &report));
	EXPECT_EQ(self->size, report.size);
	EXPECT_EQ(self->size, report.discarded_size);
	for (i = 0; i < ARRAY_SIZE(places); i++)
		EXPECT_EQ(1, vmo_span(self->vmo, places[i] * PAGE, 1, 0));
}

/* Pages by the thousand go in pieces, but all at the same instant */
TEST_F(discard, takes_many_pages)
{
	vmo_fill(_metadata, self->vmo, 0, 2000 * PAGE, 'm');
	TAKE_ALL(self);
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
	ASSERT_OK(vmo_lock(self->vmo));
	EXPECT_EQ(2000 * PAGE, vmo_span(self->vmo, 0, 2000 * PAGE, 0));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
}

TEST_F(discard, again_and_again)
{
	zx_vmo_lock_state_t report;
	unsigned int i;

	for (i = 1; i <= 3; i++) {
		vmo_spell(_metadata, self->vmo, i, "xyz");
		TAKE_ALL(self);
		EXPECT_EQ(i, vmo_info(_metadata, self->vmo).committed_change_events);
		EXPECT_EQ(i, zt_fdinfo(self->vmo, "discards"));
		ASSERT_OK(vmo_lock_state(self->vmo, &report));
		EXPECT_EQ(self->size, report.discarded_size);
		EXPECT_EQ(4 * PAGE, vmo_span(self->vmo, 0, 4 * PAGE, 0));
	}
}

/* What it is stays as it was */
TEST_F(discard, keeps_all_but_the_contents)
{
	zx_info_vmo_t before, after;
	char name[ZX_MAX_NAME_LEN];

	ASSERT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, "sprites", 7));
	ASSERT_OK(zx_object_signal(self->vmo, 0, ZX_USER_SIGNAL_0));
	vmo_spell(_metadata, self->vmo, 0, "ab");
	map_shared(_metadata, self->vmo, 0, 2);
	before = vmo_info(_metadata, self->vmo);
	TAKE_ALL(self);
	after = vmo_info(_metadata, self->vmo);
	EXPECT_EQ(before.koid, after.koid);
	EXPECT_EQ(before.flags, after.flags);
	EXPECT_EQ(before.handle_rights, after.handle_rights);
	EXPECT_EQ(before.num_mappings, after.num_mappings);
	EXPECT_EQ(before.share_count, after.share_count);
	EXPECT_OK(zx_object_get_property(self->vmo, ZX_PROP_NAME, name, sizeof(name)));
	EXPECT_STREQ("sprites", name);
	EXPECT_EQ(ZX_VMO_ZERO_CHILDREN | ZX_USER_SIGNAL_0, signals_of(_metadata, self->vmo));
}

TEST_F(discard, counts_in_the_module)
{
	long long discards = zt_stat("discards"), pages = zt_stat("discarded_pages");

	ASSERT_LE(0, discards);
	ASSERT_LE(0, pages);
	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_COMMIT, 3, 700));
	TAKE_ALL(self);
	EXPECT_LE(discards + 1, zt_stat("discards"));
	EXPECT_TRUE(WAIT_FOR(drop_slab() && zt_stat("discarded_pages") >= pages + 700));
}

/* There is nothing to gain, and nobody to be told */
TEST_F(discard, leaves_what_is_empty)
{
	ASSERT_OK(vmo_unlock(self->vmo));
	discard_all(_metadata);
	EXPECT_OK(vmo_try_lock(self->vmo));
	vmo_spell(_metadata, self->vmo, 0, "ab");
	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 0, 2));
	ASSERT_OK(vmo_unlock(self->vmo));
	discard_all(_metadata);
	EXPECT_OK(vmo_try_lock(self->vmo));
	EXPECT_EQ(0, vmo_info(_metadata, self->vmo).committed_change_events);
	EXPECT_LETTERS("..", self->vmo);
}

/* ... but when it is filled after all */
TEST_F(discard, takes_what_came_after_the_unlock)
{
	ASSERT_OK(vmo_unlock(self->vmo));
	discard_all(_metadata);
	vmo_spell(_metadata, self->vmo, 0, "ab");
	EXPECT_LETTERS("ab", self->vmo);
	discard_all(_metadata);
	EXPECT_LETTERS("!!", self->vmo);
}

/* Mapped before, and mapped again after */
TEST_F(discard, mappings_work_again_after_lock)
{
	unsigned char *p = map_shared(_metadata, self->vmo, 0, 4);
	unsigned char *ro = map_ro(_metadata, self->vmo, 0, 4), *late;

	memset(p, 'A', 2 * PAGE);
	EXPECT_EQ(0, p[2 * PAGE]);	/* maps a zero page */
	EXPECT_EQ('A', ro[0]);
	TAKE_ALL(self);
	late = map_shared(_metadata, self->vmo, 0, 4);
	EXPECT_SIGBUS(p);
	EXPECT_SIGBUS(p + 2 * PAGE);
	EXPECT_SIGBUS(p + 3 * PAGE);
	EXPECT_FAULT(SIGBUS, BUS_ADRERR, load, ro);
	EXPECT_SIGBUS(late);

	ASSERT_OK(vmo_lock(self->vmo));
	EXPECT_MAPPED("....", ro);
	EXPECT_MAPPED("....", p);
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
	memset(p + PAGE, 'B', 2 * PAGE);
	EXPECT_MAPPED(".BB.", ro);
	EXPECT_MAPPED(".BB.", late);
	EXPECT_LETTERS(".BB.", self->vmo);
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
}

/* Zero pages are mapped and none of the VMO's: the access that follows must not pass */
TEST_F(discard, zero_pages_are_unmapped_too)
{
	unsigned char *p = map_shared(_metadata, self->vmo, 0, 40);

	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_COMMIT, 100, 1));
	EXPECT_EQ(40 * PAGE, mem_span(p, 40 * PAGE, 0));
	TAKE_ALL(self);
	EXPECT_SIGBUS(p);
	EXPECT_SIGBUS(p + 39 * PAGE);
	ASSERT_OK(vmo_lock(self->vmo));
	EXPECT_EQ(40 * PAGE, mem_span(p, 40 * PAGE, 0));
	p[5 * PAGE] = 'A';
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	check_zero_pages(_metadata);
}

/* A private mapping's own copies are no pages of the VMO */
TEST_F(discard, private_copies_stay)
{
	unsigned char *private = map_private(_metadata, self->vmo, 0, 4);

	vmo_spell(_metadata, self->vmo, 0, "abcd");
	memset(private + PAGE, 'B', PAGE);
	EXPECT_MAPPED("aBcd", private);
	TAKE_ALL(self);
	EXPECT_FAULT(SIGBUS, BUS_ADRERR, load, private);
	EXPECT_FAULT(SIGBUS, BUS_ADRERR, store, private + 2 * PAGE);
	EXPECT_MAPPED("B", private + PAGE);
	memset(private + PAGE, 'C', PAGE);
	EXPECT_MAPPED("C", private + PAGE);
	ASSERT_OK(vmo_lock(self->vmo));
	EXPECT_MAPPED(".C..", private);
	vmo_spell(_metadata, self->vmo, 0, "wxyz");
	EXPECT_MAPPED("wCyz", private);
}

TEST_F(discard, reaches_what_is_only_mapped)
{
	unsigned char *p = map_shared(_metadata, self->vmo, 0, 2);

	memset(p, 'A', 2 * PAGE);
	ASSERT_OK(vmo_unlock(self->vmo));
	ASSERT_OK(zx_handle_close(self->vmo));
	discard_all(_metadata);
	EXPECT_SIGBUS(p);
	EXPECT_SIGBUS(p + PAGE);
	ASSERT_EQ(0, munmap(p, 2 * PAGE));
	self->vmo = vmo_create(_metadata, 2000 * PAGE, variant->options);
}

TEST_F(discard, locked_and_only_mapped_stays)
{
	unsigned char *p = map_shared(_metadata, self->vmo, 0, 2);

	memset(p, 'A', 2 * PAGE);
	ASSERT_OK(zx_handle_close(self->vmo));
	discard_all(_metadata);
	EXPECT_MAPPED("AA", p);
	ASSERT_EQ(0, munmap(p, 2 * PAGE));
	self->vmo = vmo_create(_metadata, 2000 * PAGE, variant->options);
}

/* Where a process was forked its copies of the mappings go with the others */
TEST_F(discard, reaches_other_processes)
{
	unsigned char *p = map_shared(_metadata, self->vmo, 0, 2), byte;
	struct peer peer;

	memset(p, 'A', 2 * PAGE);
	peer = peer_start(_metadata);
	EXPECT_EQ('Q', peer_do(_metadata, &peer, peer_touches, p));
	TAKE_ALL(self);
	EXPECT_EQ(-SIGBUS, peer_do(_metadata, &peer, peer_touches, p));
	ASSERT_OK(vmo_lock(self->vmo));
	EXPECT_EQ(16, peer_do(_metadata, &peer, peer_touches, p));
	EXPECT_EQ(0, try(load, p + PAGE, &byte).signal);
	EXPECT_EQ(16, byte);
	peer_stop(_metadata, &peer);
}

/* Which nobody has locked yet */
TEST(new_one_has_no_locks)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGE, ZX_VMO_DISCARDABLE);

	EXPECT_EQ(0, zt_fdinfo(vmo, "locks"));
	EXPECT_EQ(0, zt_fdinfo(vmo, "discarded"));
	EXPECT_EQ(0, zt_fdinfo(vmo, "discards"));
	EXPECT_EQ(0, vmo_info(_metadata, vmo).committed_change_events);
}

/* They have no such lines, and never will be discarded */
TEST(others_are_not_discardable)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGE, 0);

	EXPECT_EQ(0, vmo_info(_metadata, vmo).flags & ZX_INFO_VMO_DISCARDABLE);
	EXPECT_EQ(-1, zt_fdinfo(vmo, "locks"));
	EXPECT_EQ(-1, zt_fdinfo(vmo, "discards"));
	vmo_fill(_metadata, vmo, 0, PAGE, 'a');
	discard_all(_metadata);
	EXPECT_LETTERS("a", vmo);
}

TEST_HARNESS_MAIN
