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
 * A page that somebody else holds after it was unmapped (I/O in flight, a pipe)
 * does not move: its holder was given the source, not the destination. Nor does
 * one that relatives of the source share, or one to or from a discardable VMO.
 * The destination gets a copy.
 */
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "zxvmo.h"

/**
 * struct transfer - one transfer
 * @dst_vmo: destination as the caller sees it
 * @src_vmo: source as the caller sees it
 * @dst: the owner of its pages
 * @src: the owner of its pages
 * @first: first index in @dst
 * @src_first: first index in @src
 * @nr: number of pages
 * @want: pages that are to be charged and could not be
 * @copies: which pages of the piece do not move, as it was decided before
 * @supply: pages for copies and nodes for @dst, charged to the creator of @dst;
 *	receives what is left over
 * @src_supply: nodes for @src
 */
struct transfer {
	struct zxvmo_vmo *dst_vmo;
	struct zxvmo_vmo *src_vmo;
	struct zxvmo_vmo *dst;
	struct zxvmo_vmo *src;
	u64 first;
	u64 src_first;
	u64 nr;
	unsigned long want;
	DECLARE_BITMAP(copies, ZXVMO_LEAF_PAGES);
	struct zxvmo_supply supply;
	struct zxvmo_supply src_supply;
};

static void transfer_lock(struct transfer *t)
{
	struct zxvmo_vmo *low = t->dst, *high = t->src;

	if (low->object.koid > high->object.koid)
		swap(low, high);
	down_write(&low->lock);
	if (low != high)
		down_write_nested(&high->lock, SINGLE_DEPTH_NESTING);
}

static void transfer_unlock(struct transfer *t)
{
	up_write(&t->dst->lock);
	if (t->src != t->dst)
		up_write(&t->src->lock);
}

static int transfer_check(struct transfer *t)
{
	u64 src_offset = (t->src_first << PAGE_SHIFT) - t->src_vmo->offset;
	u64 offset = (t->first << PAGE_SHIFT) - t->dst_vmo->offset;
	u64 length = t->nr << PAGE_SHIFT;
	int ret;

	ret = zxvmo_vmo_check_range(t->src_vmo, src_offset, length) ?:
	      zxvmo_vmo_check_range(t->dst_vmo, offset, length);
	if (!ret && length && (t->src->discarded || t->dst->discarded))
		ret = -ENOENT;
	return ret;
}

/* Whether pages may change hands: those of a discardable VMO are its cgroup's. */
static bool transfer_may_move(struct transfer *t)
{
	return t->src == t->dst || !(t->src->discard || t->dst->discard);
}

/* Makes the paths to all pages of a range private. */
static int transfer_split(struct transfer *t, u64 first, u64 last)
{
	struct zxvmo_supply *supply = t->src == t->dst ? &t->supply : &t->src_supply;
	u64 nr_hint = t->src->size >> PAGE_SHIFT;
	u64 index;
	int ret;

	for (index = first; zxvmo_ptree_next(&t->src->tree, &index, last);
	     index = zxvmo_ptree_leaf_last(&t->src->tree, index) + 1) {
		ret = zxvmo_ptree_reserve(&t->src->tree, index, nr_hint, &supply->pool);
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * Gets ready what moving @nr pages to @first takes. -EAGAIN: the supplies must be
 * filled first. On success the destination has a slot for each page that will
 * move, and is charged.
 */
static int transfer_prepare(struct transfer *t, u64 first, u64 src_first, u64 nr)
{
	u32 account = zxvmo_account_id(t->dst->tree.account);
	u64 src_last = src_first + nr - 1, dst_last = 0;
	u64 nr_hint = t->dst->size >> PAGE_SHIFT;
	unsigned long moving = 0, foreign = 0;
	struct page *page;
	u64 index;
	int ret;

	t->supply.want = 0;
	ret = transfer_split(t, src_first, src_last);
	if (ret)
		return ret;
	bitmap_zero(t->copies, ZXVMO_LEAF_PAGES);
	for (index = src_first;
	     (page = zxvmo_ptree_next(&t->src->tree, &index, src_last)); index++) {
		moving++;
		dst_last = first + index - src_first;
		/* What its holders do from now on makes no difference. */
		if (zxvmo_page_nr_slots(page) > 1 || page_count(page) > 1 ||
		    !transfer_may_move(t)) {
			__set_bit(index - src_first, t->copies);
			t->supply.want++;
		}
		if (zxvmo_page_account(page) != account)
			foreign++;
	}
	if (!moving)
		return 0;

	zxvmo_ptree_want(&t->dst->tree, dst_last, nr_hint, &t->supply.pool);
	if (t->supply.want > t->supply.nr)
		return -EAGAIN;
	if (foreign && zxvmo_account_charge(t->dst->tree.account, foreign)) {
		t->want = foreign;
		return -EAGAIN;
	}
	/* One leaf holds them all, so the last one's slot means all slots. */
	ret = zxvmo_ptree_reserve(&t->dst->tree, dst_last, nr_hint, &t->supply.pool);
	if (ret && foreign)
		zxvmo_account_uncharge(account, foreign);
	return ret;
}

/* Moves one page; the destination was charged for it if it was another's. */
static void transfer_page(struct transfer *t, u64 index, u64 src_index,
			  struct page *page, bool copy)
{
	u32 account = zxvmo_account_id(t->dst->tree.account);
	u32 src_account = zxvmo_page_account(page);
	struct zxvmo_removed taken = { .pages = LIST_HEAD_INIT(taken.pages) };
	struct page *old, *new = page;

	if (copy) {
		new = zxvmo_supply_take(&t->supply);
		copy_highpage(new, page);
		/* The copy was charged in the supply. */
		if (src_account != account)
			zxvmo_account_uncharge(account, 1);
	}
	/* Stored before it is removed: the leaf may be the same and only have it. */
	old = zxvmo_ptree_store(&t->dst->tree, index, new);
	zxvmo_ptree_remove(&t->src->tree, &src_index, src_index, 0,
			   &t->src_supply.pool, &taken);
	if (new == page) {
		list_del(&page->lru);
		zxvmo_page_disown(page);
		zxvmo_page_move(page, account);
		if (src_account != account)
			zxvmo_account_uncharge(src_account, 1);
	} else {
		list_splice(&taken.pages, &t->supply.removed.pages);
	}
	if (old && zxvmo_page_drop_slot(old))
		list_add(&old->lru, &t->supply.removed.pages);
}

/* Moves @nr pages from @src_first to @first; see transfer_prepare(). */
static int transfer_piece(struct transfer *t, u64 first, u64 src_first, u64 nr)
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

		transfer_page(t, to, index, page,
			      test_bit(index - src_first, t->copies));
		/* Where the source has nothing the destination becomes zero. */
		if (to > gap)
			zxvmo_vmo_remove(t->dst, &gap, to - 1, &t->supply);
		gap = to + 1;
	}
	/* The leaf may be shared still if nothing was moved. */
	if (gap <= last) {
		ret = zxvmo_vmo_remove(t->dst, &gap, last, &t->supply);
		if (ret < 0)
			return ret;
	}
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
static int transfer_step(struct transfer *t, bool backwards, u64 *begin, u64 *end)
{
	u64 nr, at;
	int ret;

	ret = transfer_check(t);
	if (ret || *begin == *end)
		return ret;
	transfer_skip(t, backwards, begin, end);
	if (*begin == *end)
		return 0;
	/* The rest of the leaf of the first or the last index. */
	at = zxvmo_ptree_leaf_last(&t->dst->tree,
				   t->first + (backwards ? *end - 1 : *begin));
	if (backwards)
		nr = ZXVMO_LEAF_PAGES - (at - (t->first + *end - 1));
	else
		nr = at - (t->first + *begin) + 1;
	nr = min(nr, *end - *begin);
	if (t->src == t->dst)
		nr = min(nr, max(t->first, t->src_first) -
			     min(t->first, t->src_first));
	at = backwards ? *end - nr : *begin;
	ret = transfer_piece(t, t->first + at, t->src_first + at, nr);
	if (ret)
		return ret;
	if (backwards)
		*end -= nr;
	else
		*begin += nr;
	return 0;
}

/* Gets what was missing, with nothing locked. */
static int transfer_fill(struct transfer *t)
{
	struct zxvmo_account *account = t->dst->tree.account;
	int ret = 0;

	if (t->want) {
		/* Room, not the charge: it is too early for that. */
		ret = zxvmo_account_charge_reclaim(account, t->want);
		if (!ret)
			zxvmo_account_uncharge(zxvmo_account_id(account), t->want);
		t->want = 0;
	}
	return ret ?: zxvmo_supply_fill(&t->supply) ?: zxvmo_supply_fill(&t->src_supply);
}

static int transfer_run(struct transfer *t)
{
	bool backwards = t->src == t->dst && t->first > t->src_first;
	u64 begin = 0, end = t->nr;
	int ret;

	do {
		transfer_lock(t);
		ret = transfer_step(t, backwards, &begin, &end);
		transfer_unlock(t);
		zxvmo_removed_free(&t->supply.removed);
		if (ret == -EAGAIN)
			ret = transfer_fill(t);
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	} while (!ret && begin < end);
	return ret;
}

/**
 * zxvmo_vmo_transfer() - move pages
 * @dst: destination
 * @offset: first byte there
 * @src: source
 * @src_offset: first byte there
 * @length: number of bytes, like the offsets a multiple of the page size
 *
 * Return: 0; -ERANGE: a range leaves its VMO; -ENOMEM, or -EINTR if killed: part
 * of the range may have been moved.
 */
int zxvmo_vmo_transfer(struct zxvmo_vmo *dst, u64 offset, struct zxvmo_vmo *src,
		       u64 src_offset, u64 length)
{
	struct transfer t = {
		.dst_vmo = dst,
		.src_vmo = src,
		.dst = dst->owner,
		.src = src->owner,
		.nr = length >> PAGE_SHIFT,
	};
	int ret;

	/* The same bytes: not even the range matters. */
	if (dst == src && offset == src_offset)
		return 0;
	if (check_add_overflow(offset, dst->offset, &offset) ||
	    check_add_overflow(src_offset, src->offset, &src_offset))
		return -ERANGE;
	t.first = offset >> PAGE_SHIFT;
	t.src_first = src_offset >> PAGE_SHIFT;
	if (t.dst == t.src && t.first == t.src_first) {
		down_read(&t.dst->lock);
		ret = transfer_check(&t);
		up_read(&t.dst->lock);
		return ret;
	}
	zxvmo_supply_init(&t.supply, &t.dst->tree);
	zxvmo_supply_init(&t.src_supply, &t.src->tree);
	ret = transfer_run(&t);
	zxvmo_supply_release(&t.src_supply);
	zxvmo_supply_release(&t.supply);
	return ret;
}

int zxvmo_vmo_transfer_data(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmo_transfer_data *arg = cmd->arg;
	struct zxvmo_ref dst_ref, src_ref;
	struct zxvmo_vmo *dst, *src;
	int ret;

	if (arg->options || !PAGE_ALIGNED(arg->offset) ||
	    !PAGE_ALIGNED(arg->length) || !PAGE_ALIGNED(arg->src_offset))
		return -EINVAL;
	dst = zxvmo_vmo_get(cmd, arg->handle, ZXVMO_RIGHT_WRITE, &dst_ref);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	src = zxvmo_vmo_get(cmd, arg->src_handle,
			    ZXVMO_RIGHT_READ | ZXVMO_RIGHT_WRITE, &src_ref);
	if (IS_ERR(src)) {
		ret = PTR_ERR(src);
	} else {
		ret = zxvmo_vmo_transfer(dst, arg->offset, src, arg->src_offset,
					 arg->length);
		zxvmo_handle_put(&src_ref);
	}
	zxvmo_handle_put(&dst_ref);
	return ret;
}
