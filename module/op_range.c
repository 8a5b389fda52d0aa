// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMO_OP_RANGE: what each operation asks of the handle and of the range, in the
 * order of Zircon, and who does the work.
 */
#include <linux/moduleparam.h>

#include "zxvmo.h"

static bool enable_debugging_syscalls;
module_param(enable_debugging_syscalls, bool, 0644);
MODULE_PARM_DESC(enable_debugging_syscalls, "allow the CACHE_INVALIDATE operation");

/* Whether [@offset, @offset + @length) is in the VMO at this instant. */
static int op_check_range(struct zxvmo_vmo *vmo, u64 offset, u64 length)
{
	int ret;

	down_read(&vmo->owner->lock);
	ret = zxvmo_vmo_check_range(vmo, offset, length);
	up_read(&vmo->owner->lock);
	return ret;
}

static int op_commit(struct zxvmo_vmo *vmo, u64 offset, u64 length)
{
	u64 first = offset >> PAGE_SHIFT;
	u64 end;
	int ret;

	/* Zircon rounds before it looks: the page of a bare offset counts. */
	if (check_add_overflow(offset, length, &end) || !zxvmo_round_up(end, &end))
		return -ERANGE;
	offset = first << PAGE_SHIFT;
	ret = op_check_range(vmo, offset, end - offset);
	if (ret || end == offset)
		return ret;
	return zxvmo_vmo_commit(vmo, first, (end >> PAGE_SHIFT) - 1);
}

static int op_decommit(struct zxvmo_vmo *vmo, u64 offset, u64 length)
{
	int ret;

	ret = op_check_range(vmo, offset, length);
	if (ret || !length)
		return ret;
	/* What it takes away must not be what somebody else still sees. */
	if (zxvmo_vmo_has_relatives(vmo->owner))
		return -EOPNOTSUPP;
	if (!PAGE_ALIGNED(offset) || !PAGE_ALIGNED(length))
		return -EINVAL;
	return zxvmo_vmo_decommit(vmo, offset >> PAGE_SHIFT,
				  ((offset + length) >> PAGE_SHIFT) - 1, true);
}

static int op_zero(struct zxvmo_vmo *vmo, u64 offset, u64 length)
{
	int ret;

	if (!length)
		return 0;
	ret = op_check_range(vmo, offset, length);
	return ret ?: zxvmo_vmo_zero(vmo, offset, length, true);
}

static int op_cache(struct zxvmo_vmo *vmo, u32 op, u64 offset, u64 length)
{
	int ret;

	if (!length)
		return -EINVAL;
	ret = op_check_range(vmo, offset, length);
	return ret ?: zxvmo_vmo_cache_op(vmo, op, offset, length);
}

/**
 * zxvmo_vmo_op() - carry an operation on a range out
 * @vmo: the VMO
 * @rights: rights of who asks for it
 * @arg: the operation and its range; the handle does not count
 *
 * Return: 0 or a negative errno; see struct zxvmo_vmo_op_range.
 */
int zxvmo_vmo_op(struct zxvmo_vmo *vmo, u32 rights,
		 const struct zxvmo_vmo_op_range *arg)
{
	switch (arg->op) {
	case ZXVMO_VMO_OP_COMMIT:
		if (!(rights & ZXVMO_RIGHT_WRITE))
			return -EACCES;
		return op_commit(vmo, arg->offset, arg->length);
	case ZXVMO_VMO_OP_DECOMMIT:
		if (!(rights & ZXVMO_RIGHT_WRITE))
			return -EACCES;
		return op_decommit(vmo, arg->offset, arg->length);
	case ZXVMO_VMO_OP_ZERO:
		if (!(rights & ZXVMO_RIGHT_WRITE))
			return -EACCES;
		return op_zero(vmo, arg->offset, arg->length);
	case ZXVMO_VMO_OP_LOCK:
	case ZXVMO_VMO_OP_TRY_LOCK:
	case ZXVMO_VMO_OP_UNLOCK:
		if (!(rights & (ZXVMO_RIGHT_READ | ZXVMO_RIGHT_WRITE)))
			return -EACCES;
		return zxvmo_vmo_lock_op(vmo, arg);
	case ZXVMO_VMO_OP_CACHE_INVALIDATE:
		if (!READ_ONCE(enable_debugging_syscalls))
			return -EOPNOTSUPP;
		if (!(rights & ZXVMO_RIGHT_WRITE))
			return -EACCES;
		return op_cache(vmo, arg->op, arg->offset, arg->length);
	case ZXVMO_VMO_OP_CACHE_SYNC:
	case ZXVMO_VMO_OP_CACHE_CLEAN:
	case ZXVMO_VMO_OP_CACHE_CLEAN_INVALIDATE:
		if (!(rights & ZXVMO_RIGHT_READ))
			return -EACCES;
		return op_cache(vmo, arg->op, arg->offset, arg->length);
	case ZXVMO_VMO_OP_DONT_NEED:
	case ZXVMO_VMO_OP_ALWAYS_NEED:
		/* What is reclaimed goes whole: no page is older than another. */
		return 0;
	case ZXVMO_VMO_OP_PREFETCH:
		if (!(rights & ZXVMO_RIGHT_READ))
			return -EACCES;
		/* Whatever is there is in memory. */
		return op_check_range(vmo, arg->offset, arg->length);
	default:
		return -EINVAL;
	}
}

int zxvmo_vmo_op_range(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmo_op_range *arg = cmd->arg;
	struct zxvmo_vmo *vmo;
	struct zxvmo_ref ref;
	int ret;

	if (arg->__reserved)
		return -EINVAL;
	vmo = zxvmo_vmo_get(cmd, arg->handle, 0, &ref);
	if (IS_ERR(vmo))
		return PTR_ERR(vmo);
	ret = zxvmo_vmo_op(vmo, ref.rights, arg);
	zxvmo_handle_put(&ref);
	return ret;
}
