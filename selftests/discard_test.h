/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs that test discardable VMOs share: locks, and having the
 * kernel discard what it may.
 */
#ifndef ZXVMO_SELFTESTS_DISCARD_TEST_H
#define ZXVMO_SELFTESTS_DISCARD_TEST_H

#include "mem_test.h"

#define DROP_CACHES	"/proc/sys/vm/drop_caches"

/* LOCK, TRY_LOCK and UNLOCK take all of a VMO and nothing else */
static zt_unused zx_status_t vmo_lock_op(zx_handle_t vmo, uint32_t op, void *buffer,
					 size_t buffer_size)
{
	uint64_t size = 0;

	return zx_vmo_get_size(vmo, &size) ?:
	       zx_vmo_op_range(vmo, op, 0, size, buffer, buffer_size);
}

static zt_unused zx_status_t vmo_lock_state(zx_handle_t vmo, zx_vmo_lock_state_t *state)
{
	return vmo_lock_op(vmo, ZX_VMO_OP_LOCK, state, sizeof(*state));
}

/* Whoever locks with this does not care whether it was discarded */
static zt_unused zx_status_t vmo_lock(zx_handle_t vmo)
{
	zx_vmo_lock_state_t state;

	return vmo_lock_state(vmo, &state);
}

static zt_unused zx_status_t vmo_try_lock(zx_handle_t vmo)
{
	return vmo_lock_op(vmo, ZX_VMO_OP_TRY_LOCK, NULL, 0);
}

static zt_unused zx_status_t vmo_unlock(zx_handle_t vmo)
{
	return vmo_lock_op(vmo, ZX_VMO_OP_UNLOCK, NULL, 0);
}

/* A LOCK that takes nothing, for its buffer is bad */
static zt_unused zx_status_t vmo_lock_in_vain(zx_handle_t vmo)
{
	return vmo_lock_op(vmo, ZX_VMO_OP_LOCK, NULL, sizeof(zx_vmo_lock_state_t));
}

/* Locked once, without pages */
static zt_unused zx_handle_t discardable(struct __test_metadata *const _metadata,
					 uint64_t size, uint32_t options)
{
	zx_handle_t vmo = vmo_create(_metadata, size, ZX_VMO_DISCARDABLE | options);

	ASSERT_OK(vmo_try_lock(vmo));
	return vmo;
}

/* Of that many pages, all of them filled, and unlocked */
static zt_unused zx_handle_t reclaimable(struct __test_metadata *const _metadata,
					 uint64_t pages, unsigned char byte)
{
	zx_handle_t vmo = discardable(_metadata, pages * PAGE, 0);

	vmo_fill(_metadata, vmo, 0, pages * PAGE, byte);
	ASSERT_OK(vmo_unlock(vmo));
	return vmo;
}

/* Not for those of size 0, which nobody can read */
static zt_unused bool vmo_is_discarded(zx_handle_t vmo)
{
	unsigned char byte;

	return zx_vmo_read(vmo, &byte, 0, 1) == ZX_ERR_NOT_FOUND;
}

/* Has the kernel shrink its caches, of which the discardable VMOs are one */
static zt_unused bool drop_slab(void)
{
	return !write_text(DROP_CACHES, "2");
}

static zt_unused void vmo_discard(struct __test_metadata *const _metadata, zx_handle_t vmo)
{
	ASSERT_TRUE(WAIT_FOR(drop_slab() && vmo_is_discarded(vmo)));
}

/*
 * Discards every VMO that may be. The kernel takes the one first that was unlocked
 * first, so when it has taken the last, it has been at all of them.
 */
static zt_unused void discard_all(struct __test_metadata *const _metadata)
{
	zx_handle_t last = reclaimable(_metadata, 1, 'z');

	vmo_discard(_metadata, last);
	ASSERT_OK(zx_handle_close(last));
}

#endif /* ZXVMO_SELFTESTS_DISCARD_TEST_H */
