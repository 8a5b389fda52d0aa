// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMO_TRANSFER_DATA: moving pages between VMOs, or within one.
 *
 * The range is moved in pieces that lie in one leaf of the destination and, in
 * one VMO, are no longer than the distance, so that a piece never overlaps
 * itself. A piece moves under the locks of both VMOs: first both ranges are
 * unmapped; then all that might fail is got ready, and if something is missing
 * the locks are dropped and it begins again; then the pages change places.
 *
 * A page that somebody else holds after it was unmapped (I/O in flight, a pipe,
 * a copy) does not move: its holder was given the source, not the destination.
 * The destination gets a copy.
 */
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "zxvmo.h"

/**
 * struct transfer - one transfer
 * @dst: destination
 * @src: source
 * @first: first index in @dst
 * @src_first: first index in @src
 * @nr: number of pages
 * @supply: pages for copies and nodes for @dst, charged to the owner of @dst
 */
struct transfer {
	struct zxvmo_vmo *dst;
	struct zxvmo_vmo *src;
	u64 first;
	u64 src_first;
	u64 nr;
	struct zxvmo_supply supply;
};

static void transfer_lock(struct transfer *t)
{
	struct zxvmo_vmo *low = t->dst, *high = t->src;

	if (low->object.koid > high->object.koid)
		swap(low, high);
	mutex_lock(&low->lock);
	if (low != high)
		mutex_lock_nested(&high->lock, SINGLE_DEPTH_NESTING);
}

static void transfer_unlock(struct transfer *t)
{
	mutex_unlock(&t->dst->lock);
	if (t->src != t->dst)
		mutex_unlock(&t->src->lock);
}

static int transfer_check(struct transfer *t)
{
	u64 length = t->nr << PAGE_SHIFT;

	return zxvmo_vmo_check_range(t->src, t->src_first << PAGE_SHIFT, length) ?:
	       zxvmo_vmo_check_range(t->dst, t->first << PAGE_SHIFT, length);
}

/*
 * Gets ready what moving @nr pages to @first takes. -EAGAIN: the supply must be
 * filled first. On success the destination has a slot for each page that will
 * move, and is charged.
 */
static int transfer_prepare(struct transfer *t, u64 first, u64 src_first, u64 nr)
{
	u64 src_last = src_first + nr - 1, dst_last = 0;
	u64 nr_hint = t->dst->size >> PAGE_SHIFT;
	unsigned long moving = 0, busy = 0;
	struct page *page;
	u64 index;
	int ret;

	for (index = src_first;
	     (page = zxvmo_ptree_next(&t->src->tree, &index, src_last)); index++) {
		moving++;
		busy += page_count(page) > 1;
		dst_last = first + index - src_first;
	}
	if (!moving)
		return 0;

	t->supply.want = busy;
	zxvmo_ptree_want(&t->dst->tree, dst_last, nr_hint, &t->supply.pool);
	if (busy > t->supply.nr)
		return -EAGAIN;
	if (t->dst->tree.account != t->src->tree.account) {
		ret = zxvmo_account_charge(t->dst->tree.account, moving);
		if (ret)
			return ret;
	}
	/* One leaf holds them all, so the last one's slot means all slots. */
	ret = zxvmo_ptree_reserve(&t->dst->tree, dst_last, nr_hint, &t->supply.pool);
	if (ret && t->dst->tree.account != t->src->tree.account)
		zxvmo_account_uncharge(t->dst->tree.account, moving);
	return ret;
}

/*
 * Moves one page, which was charged to the destination; what is left over is
 * added to @freed. Its holders may have come and gone since they were counted:
 * none is left, or one has come that needs no copy, such as a memory error.
 */
static void transfer_page(struct transfer *t, u64 index, u64 src_index,
			  struct page *page, struct list_head *freed)
{
	bool charged = t->dst->tree.account != t->src->tree.account;
	struct page *old, *new = page;
	LIST_HEAD(taken);

	if (page_count(page) > 1 && t->supply.nr) {
		new = zxvmo_supply_take(&t->supply);
		copy_highpage(new, page);
		zxvmo_page_disown(page);
		/* The copy was charged in the supply. */
		if (charged)
			zxvmo_account_uncharge(t->dst->tree.account, 1);
	}
	/* Stored before it is removed: the leaf may be the same and only have it. */
	old = zxvmo_vmo_store(t->dst, index, new);
	zxvmo_ptree_remove(&t->src->tree, src_index, src_index, &taken);
	if (new == page)
		list_del(&page->lru);
	else
		list_splice(&taken, freed);
	if (new != page || charged)
		zxvmo_account_uncharge(t->src->tree.account, 1);
	if (old) {
		zxvmo_page_disown(old);
		zxvmo_account_uncharge(t->dst->tree.account, 1);
		list_add(&old->lru, freed);
	}
}

/* Moves @nr pages from @src_first to @first; see transfer_prepare(). */
static int transfer_piece(struct transfer *t, u64 first, u64 src_first, u64 nr,
			  struct list_head *freed)
{
	u64 src_last = src_first + nr - 1, last = first + nr - 1;
	struct page *page;
	u64 index, gap = first;
	int ret;

	zxvmo_vmo_unmap_pages(t->src, src_first, src_last);
	zxvmo_vmo_unmap_pages(t->dst, first, last);
	ret = transfer_prepare(t, first, src_first, nr);
	if (ret)
		return ret;

	for (index = src_first;
	     (page = zxvmo_ptree_next(&t->src->tree, &index, src_last)); index++) {
		u64 to = first + index - src_first;

		transfer_page(t, to, index, page, freed);
		/* Where the source has nothing the destination becomes zero. */
		if (to > gap)
			zxvmo_vmo_detach(t->dst, gap, to - 1, freed);
		gap = to + 1;
	}
	if (gap <= last)
		zxvmo_vmo_detach(t->dst, gap, last, freed);
	zxvmo_vmo_zap_zero_pages(t->dst, first, last);
	return 0;
}

/*
 * The pages of the transfer are numbered from 0; [@begin, @end) are left.
 * Narrows them at the side where the work goes on to what is populated on
 * either side: where both have nothing, nothing is to be done.
 */
static void transfer_skip(struct transfer *t, bool backwards, u64 *begin, u64 *end)
{
	u64 src = t->src_first, dst = t->first;

	if (backwards) {
		u64 index = src + *end - 1, dst_index = dst + *end - 1;
		u64 last = *begin;

		if (zxvmo_ptree_prev(&t->src->tree, &index, src + *begin))
			last = index - src + 1;
		if (zxvmo_ptree_prev(&t->dst->tree, &dst_index, dst + *begin))
			last = max(last, dst_index - dst + 1);
		*end = last;
	} else {
		u64 index = src + *begin, dst_index = dst + *begin;
		u64 first = *end;

		if (zxvmo_ptree_next(&t->src->tree, &index, src + *end - 1))
			first = index - src;
		if (zxvmo_ptree_next(&t->dst->tree, &dst_index, dst + *end - 1))
			first = min(first, dst_index - dst);
		*begin = first;
	}
}

/* Moves the next piece of [*@begin, *@end), which it narrows. */
static int transfer_step(struct transfer *t, bool backwards, u64 *begin, u64 *end,
			 struct list_head *freed)
{
	u64 nr, at;
	int ret;

	ret = transfer_check(t);
	if (ret || *begin == *end)
		return ret;
	transfer_skip(t, backwards, begin, end);
	if (*begin == *end)
		return 0;
	if (backwards)
		nr = ((t->first + *end - 1) & (ZXVMO_LEAF_PAGES - 1)) + 1;
	else
		nr = ZXVMO_LEAF_PAGES -
		     ((t->first + *begin) & (ZXVMO_LEAF_PAGES - 1));
	nr = min(nr, *end - *begin);
	if (t->src == t->dst)
		nr = min(nr, max(t->first, t->src_first) -
			     min(t->first, t->src_first));
	at = backwards ? *end - nr : *begin;
	ret = transfer_piece(t, t->first + at, t->src_first + at, nr, freed);
	if (ret)
		return ret;
	if (backwards)
		*end -= nr;
	else
		*begin += nr;
	return 0;
}

static int transfer_run(struct transfer *t)
{
	bool backwards = t->src == t->dst && t->first > t->src_first;
	u64 begin = 0, end = t->nr;
	int ret;

	do {
		LIST_HEAD(freed);

		transfer_lock(t);
		ret = transfer_step(t, backwards, &begin, &end, &freed);
		transfer_unlock(t);
		zxvmo_pages_free(&freed);
		if (ret == -EAGAIN)
			ret = zxvmo_supply_fill(&t->supply);
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	} while (!ret && begin < end);
	return ret;
}

int zxvmo_vmo_transfer_data(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmo_transfer_data *arg = cmd->arg;
	struct zxvmo_ref dst_ref, src_ref;
	struct transfer t;
	int ret;

	if (arg->options || !PAGE_ALIGNED(arg->offset) ||
	    !PAGE_ALIGNED(arg->length) || !PAGE_ALIGNED(arg->src_offset))
		return -EINVAL;
	t.dst = zxvmo_vmo_get(cmd, arg->handle, ZXVMO_RIGHT_WRITE, &dst_ref);
	if (IS_ERR(t.dst))
		return PTR_ERR(t.dst);
	t.src = zxvmo_vmo_get(cmd, arg->src_handle,
			      ZXVMO_RIGHT_READ | ZXVMO_RIGHT_WRITE, &src_ref);
	if (IS_ERR(t.src)) {
		ret = PTR_ERR(t.src);
		goto out;
	}
	t.first = arg->offset >> PAGE_SHIFT;
	t.src_first = arg->src_offset >> PAGE_SHIFT;
	t.nr = arg->length >> PAGE_SHIFT;
	ret = 0;
	if (t.src != t.dst || t.first != t.src_first) {
		zxvmo_supply_init(&t.supply, t.dst->tree.account);
		ret = transfer_run(&t);
		zxvmo_supply_release(&t.supply);
	}
	zxvmo_handle_put(&src_ref);
out:
	zxvmo_handle_put(&dst_ref);
	return ret;
}
