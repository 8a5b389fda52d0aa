// SPDX-License-Identifier: GPL-2.0-only
/*
 * Discardable VMOs: their locks, which keep the kernel from taking the pages away.
 *
 *	unset		was never locked: nothing is taken
 *	unreclaimable	locked, at least once
 *	reclaimable	not locked any more: reclaim.c may take all pages at once,
 *	discarded	and then did. There is nothing to read, write or map until
 *			the VMO is locked again and starts anew with zeros.
 *
 * Locks are counted and belong to the VMO, not to a handle or process. Taking and
 * dropping one looks at no page and at no list, except that the last unlock puts
 * the VMO on reclaim's lists if it is not there. It stays there when it is locked
 * again, and reclaim takes it off when it comes across it. The first lock after a
 * discard frees what reclaim has not got round to.
 *
 * No VMO of this kind has relatives: its tree is its own alone.
 */
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "discard.h"

/**
 * zxvmo_discard_setup() - make a new VMO discardable
 * @vmo: the VMO, which nobody knows yet
 *
 * Its pages will be charged to the memory cgroup of the current thread, whoever
 * commits them, so that the cgroup whose limit is reached is the one that has
 * them on its list.
 *
 * Return: 0 or -ENOMEM; the VMO is to be freed by zxvmo_object_free() then too.
 */
int zxvmo_discard_setup(struct zxvmo_vmo *vmo)
{
	struct mem_cgroup *memcg = get_mem_cgroup_from_mm(current->mm), *old;

	/* What is on the list is charged to whom the list belongs to. */
	old = set_active_memcg(memcg);
	vmo->discard = zxvmo_reclaim_alloc();
	set_active_memcg(old);
	if (!vmo->discard) {
		mem_cgroup_put(memcg);
		return -ENOMEM;
	}
	vmo->discard->vmo = vmo;
	vmo->discard->zero_first = U64_MAX;
	vmo->tree.memcg = memcg;
	vmo->tree.reclaimable = true;
	return 0;
}

/**
 * zxvmo_discard_free() - free what a discardable VMO has besides
 * @vmo: the VMO, which nobody uses any more
 */
void zxvmo_discard_free(struct zxvmo_vmo *vmo)
{
	if (!vmo->discard)
		return;
	zxvmo_reclaim_free(vmo->discard);
	mem_cgroup_put(vmo->tree.memcg);
}

/**
 * zxvmo_discard_show() - the lines in fdinfo
 * @m: where to
 * @vmo: the VMO
 */
void zxvmo_discard_show(struct seq_file *m, struct zxvmo_vmo *vmo)
{
	u64 nr_locks, nr_discards;
	bool discarded;

	if (!vmo->discard)
		return;
	down_read(&vmo->lock);
	nr_locks = vmo->discard->nr_locks;
	nr_discards = vmo->discard->nr_discards;
	discarded = vmo->discarded;
	up_read(&vmo->lock);
	seq_printf(m, "zx-locks:\t%llu\n", nr_locks);
	seq_printf(m, "zx-discarded:\t%d\n", discarded);
	seq_printf(m, "zx-discards:\t%llu\n", nr_discards);
}

/**
 * zxvmo_vmo_nr_discards() - how often a VMO was discarded
 * @vmo: the VMO
 *
 * Return: the number, 0 if it is not discardable.
 */
u64 zxvmo_vmo_nr_discards(struct zxvmo_vmo *vmo)
{
	u64 nr;

	if (!vmo->discard)
		return 0;
	down_read(&vmo->lock);
	nr = vmo->discard->nr_discards;
	up_read(&vmo->lock);
	return nr;
}

/**
 * zxvmo_discard_zero_mapped() - a fault is about to map a zero page
 * @vmo: the VMO, locked for reading
 * @index: where
 */
void zxvmo_discard_zero_mapped(struct zxvmo_vmo *vmo, u64 index)
{
	struct zxvmo_discard *discard = vmo->discard;
	u64 first = READ_ONCE(discard->zero_first), last = READ_ONCE(discard->zero_last);

	while (index < first && !try_cmpxchg(&discard->zero_first, &first, index))
		;
	while (index > last && !try_cmpxchg(&discard->zero_last, &last, index))
		;
}

static int discard_unlock(struct zxvmo_vmo *vmo)
{
	struct zxvmo_discard *discard = vmo->discard;

	if (!discard->nr_locks)
		return -EBADFD;
	if (!--discard->nr_locks)
		zxvmo_reclaim_add(discard);
	return 0;
}

/*
 * Executes the operation. @discarded_size: see struct zxvmo_vmo_lock_state; @rest
 * receives what is to be freed.
 */
static int discard_execute(struct zxvmo_vmo *vmo, const struct zxvmo_vmo_op_range *arg,
			   u64 *discarded_size, struct zxvmo_ptree *rest)
{
	lockdep_assert_held_write(&vmo->lock);
	if (arg->offset || arg->length != vmo->size)
		return -ERANGE;
	switch (arg->op) {
	case ZXVMO_VMO_OP_TRY_LOCK:
		if (vmo->discarded)
			return -EPERM;
		fallthrough;
	case ZXVMO_VMO_OP_LOCK:
		if (vmo->discarded) {
			*discarded_size = vmo->size;
			*rest = vmo->discard->dropped;
			vmo->discard->dropped.root = 0;
			vmo->discarded = false;
		}
		vmo->discard->nr_locks++;
		return 0;
	default:
		return discard_unlock(vmo);
	}
}

/**
 * zxvmo_vmo_lock_op() - LOCK, TRY_LOCK and UNLOCK
 * @vmo: the VMO
 * @arg: the command
 *
 * LOCK takes the lock before it looks at the buffer, and drops it if that is bad.
 * Then a VMO that had been discarded is not any more, and nobody was told.
 *
 * Return: 0; -EOPNOTSUPP: not discardable; -ERANGE: not the whole VMO; -EPERM:
 * TRY_LOCK of a discarded one; -EBADFD: UNLOCK without a lock; -EINVAL: the buffer.
 */
int zxvmo_vmo_lock_op(struct zxvmo_vmo *vmo, const struct zxvmo_vmo_op_range *arg)
{
	struct zxvmo_vmo_lock_state state = {
		.offset = arg->offset,
		.size = arg->length,
	};
	struct zxvmo_ptree rest = {};
	int ret;

	if (!vmo->discard)
		return -EOPNOTSUPP;
	down_write(&vmo->lock);
	ret = discard_execute(vmo, arg, &state.discarded_size, &rest);
	up_write(&vmo->lock);
	zxvmo_ptree_free(&rest);
	if (ret || arg->op != ZXVMO_VMO_OP_LOCK)
		return ret;
	if (arg->buffer_size >= sizeof(state) &&
	    !copy_to_user(u64_to_user_ptr(arg->buffer), &state, sizeof(state)))
		return 0;
	down_write(&vmo->lock);
	/* Somebody else may have unlocked it once too often meanwhile. */
	discard_unlock(vmo);
	up_write(&vmo->lock);
	return -EINVAL;
}
