// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMOs: creation, and adding and removing pages.
 *
 * A page that stands in the tree holds one reference for it, names the VMO's
 * mapping and its index, and is charged to the VMO's account. It is found only
 * under vmo->lock, so while the lock is held a page with no other reference is
 * neither mapped nor in anybody's hands, and stays so. Any other page may be
 * mapped, or a fault may be about to map it: that fault holds the page lock from
 * the moment it found the page. So who takes a page out of the tree takes and
 * drops the page lock and zaps the mappings after that; then nobody sees the
 * page through the VMO any more, and only pins (get_user_pages(), pipes, a copy
 * in flight) keep it.
 *
 * Long ranges are worked on leaf by leaf, with the lock dropped in between. The
 * sizes cannot change under a resize, which has the inode locked, but under
 * everybody else: each piece looks at them again.
 */
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "zxvmo.h"

static void vmo_free(struct zxvmo_object *object)
{
	struct zxvmo_vmo *vmo = zxvmo_to_vmo(object);

	zxvmo_check_remove(vmo);
	if (vmo->tree.nr_pages)
		zxvmo_vmo_decommit(vmo, 0, ZXVMO_LAST_INDEX, false);
	zxvmo_account_put(vmo->tree.account);
	kfree(vmo);
}

static void vmo_show(struct seq_file *m, struct zxvmo_object *object)
{
	struct zxvmo_vmo *vmo = zxvmo_to_vmo(object);
	u64 size, stream_size, nr_pages;

	mutex_lock(&vmo->lock);
	size = vmo->size;
	stream_size = vmo->stream_size;
	nr_pages = vmo->tree.nr_pages;
	mutex_unlock(&vmo->lock);
	seq_printf(m, "zx-size:\t%llu\n", size);
	seq_printf(m, "zx-stream-size:\t%llu\n", stream_size);
	seq_printf(m, "zx-committed:\t%llu\n", nr_pages << PAGE_SHIFT);
	seq_printf(m, "zx-populated:\t%llu\n", nr_pages << PAGE_SHIFT);
	seq_printf(m, "zx-options:\t0x%x\n", vmo->options);
}

const struct zxvmo_object_type zxvmo_vmo_type = {
	.type = ZXVMO_OBJ_TYPE_VMO,
	.name = "vmo",
	.user_signals = ZXVMO_SIGNAL_USER_ALL,
	.fops = &zxvmo_vmo_fops,
	.free = vmo_free,
	.show = vmo_show,
};

int zxvmo_vmo_create(struct zxvmo_cmd *cmd)
{
	const u32 known = ZXVMO_VMO_RESIZABLE | ZXVMO_VMO_DISCARDABLE |
			  ZXVMO_VMO_UNBOUNDED;
	struct zxvmo_vmo_create *arg = cmd->arg;
	u32 rights = ZXVMO_DEFAULT_VMO_RIGHTS;
	u32 options = arg->options;
	struct zxvmo_vmo *vmo;
	struct file *file;
	u64 size;

	if ((options & ZXVMO_VMO_RESIZABLE) && (options & ZXVMO_VMO_UNBOUNDED))
		return -EINVAL;
	if (options & ZXVMO_VMO_UNBOUNDED)
		size = ZXVMO_MAX_SIZE;
	else if (!zxvmo_round_up(arg->vmo_size, &size))
		return -ERANGE;
	if (options & ~known)
		return -EINVAL;
	if (arg->vmo_size > size || size > ZXVMO_MAX_SIZE)
		return -ERANGE;
	if (options & ZXVMO_VMO_DISCARDABLE)
		return -EOPNOTSUPP;
	if (options & ZXVMO_VMO_RESIZABLE)
		rights |= ZXVMO_RIGHT_RESIZE;

	vmo = kzalloc(sizeof(*vmo), GFP_KERNEL_ACCOUNT);
	if (!vmo)
		return -ENOMEM;
	vmo->tree.account = zxvmo_account_get();
	if (!vmo->tree.account) {
		kfree(vmo);
		return -ENOMEM;
	}
	vmo->options = options;
	mutex_init(&vmo->lock);
	zxvmo_object_init(&vmo->object, &zxvmo_vmo_type, ZXVMO_SIGNAL_ZERO_CHILDREN);
	zxvmo_check_add(vmo);
	file = zxvmo_handle_new(&vmo->object, rights);
	if (IS_ERR(file))
		return PTR_ERR(file);
	zxvmo_vmo_set_sizes(vmo, size, arg->vmo_size);
	return zxvmo_handle_deliver(file, arg->out_handle);
}

/**
 * zxvmo_vmo_get() - look up a handle that must be a VMO
 * @cmd: the command
 * @handle: the handle's value
 * @rights: rights it must have
 * @ref: receives the handle; to be given back to zxvmo_handle_put()
 *
 * Return: the VMO or an ERR_PTR(), see zxvmo_handle_get().
 */
struct zxvmo_vmo *zxvmo_vmo_get(struct zxvmo_cmd *cmd, u32 handle, u32 rights,
				struct zxvmo_ref *ref)
{
	int ret = zxvmo_handle_get(cmd, handle, &zxvmo_vmo_type, rights, ref);

	return ret ? ERR_PTR(ret) : zxvmo_to_vmo(ref->object);
}

/**
 * zxvmo_vmo_check_range() - whether a range lies in a VMO
 * @vmo: the VMO
 * @offset: first byte
 * @length: number of bytes
 *
 * Return: 0 or -ERANGE.
 */
int zxvmo_vmo_check_range(struct zxvmo_vmo *vmo, u64 offset, u64 length)
{
	u64 end;

	lockdep_assert_held(&vmo->lock);
	if (check_add_overflow(offset, length, &end) || end > vmo->size)
		return -ERANGE;
	return 0;
}

/**
 * zxvmo_vmo_store() - put a page into the tree
 * @vmo: the VMO
 * @index: an index with a slot, see zxvmo_ptree_store()
 * @page: a charged page that nobody else has a reference to
 *
 * Return: the page that stood there before, with its reference, or NULL.
 */
struct page *zxvmo_vmo_store(struct zxvmo_vmo *vmo, u64 index, struct page *page)
{
	lockdep_assert_held(&vmo->lock);
	/*
	 * A clean page with a mapping would be taken for page cache that may be
	 * evicted (on a memory error, say). Nobody ever writes this one back.
	 */
	SetPageDirty(page);
	page->mapping = vmo->object.inode->i_mapping;
	page->index = index;
	return zxvmo_ptree_store(&vmo->tree, index, page);
}

/**
 * zxvmo_vmo_populate() - add the pages that are missing in a range
 * @vmo: the VMO
 * @first: first index, within the VMO's size
 * @last: last index, in the same leaf or not far away
 * @supply: where the pages come from
 *
 * Return: 0; -EAGAIN: @supply ran out. It knows what is missing; pages that were
 * added stay.
 */
int zxvmo_vmo_populate(struct zxvmo_vmo *vmo, u64 first, u64 last,
		       struct zxvmo_supply *supply)
{
	u64 nr_hint = vmo->size >> PAGE_SHIFT;
	bool added = false;
	int ret = 0;
	u64 index;

	lockdep_assert_held(&vmo->lock);
	supply->want = 0;
	for (index = zxvmo_ptree_next_absent(&vmo->tree, first, last);
	     index <= last;
	     index = zxvmo_ptree_next_absent(&vmo->tree, index + 1, last)) {
		if (!ret && !supply->nr) {
			zxvmo_ptree_want(&vmo->tree, index, nr_hint, &supply->pool);
			ret = -EAGAIN;
		}
		if (!ret)
			ret = zxvmo_ptree_reserve(&vmo->tree, index, nr_hint,
						  &supply->pool);
		if (ret) {
			supply->want++;
			continue;
		}
		zxvmo_vmo_store(vmo, index, zxvmo_supply_take(supply));
		added = true;
	}
	if (added)
		zxvmo_vmo_zap_zero_pages(vmo, first, last);
	return ret;
}

/* Gathers all that a commit takes, if nobody changes the VMO meanwhile. */
static int commit_gather(struct zxvmo_vmo *vmo, u64 first, u64 last,
			 struct zxvmo_supply *supply)
{
	int ret;

	mutex_lock(&vmo->lock);
	supply->want = last - first + 1 -
		       zxvmo_ptree_count(&vmo->tree, first, last);
	mutex_unlock(&vmo->lock);
	ret = zxvmo_supply_fill(supply);
	/* In one leaf, all nodes are there before the first page is. */
	if (ret || !supply->want || last <= zxvmo_ptree_leaf_last(first))
		return ret;

	/* The pages are there, so this loop is no longer than memory is large. */
	mutex_lock(&vmo->lock);
	zxvmo_ptree_want_range(&vmo->tree, first, last, &supply->pool);
	mutex_unlock(&vmo->lock);
	return zxvmo_supply_fill(supply);
}

/**
 * zxvmo_vmo_commit() - make sure that all pages of a range are there
 * @vmo: the VMO
 * @first: first index
 * @last: last index
 *
 * Everything is gathered before the first page is added, so that a commit that
 * fails leaves all as it was. What another thread frees meanwhile is committed
 * again; what it cuts off by a resize is left out.
 *
 * Return: 0, -ENOMEM, or -EINTR if killed.
 */
int zxvmo_vmo_commit(struct zxvmo_vmo *vmo, u64 first, u64 last)
{
	struct zxvmo_supply supply;
	int ret;

	zxvmo_supply_init(&supply, vmo->tree.account);
	ret = commit_gather(vmo, first, last, &supply);
	while (!ret && first <= last) {
		u64 end = min(last, zxvmo_ptree_leaf_last(first));

		mutex_lock(&vmo->lock);
		if (first >= vmo->size >> PAGE_SHIFT) {
			mutex_unlock(&vmo->lock);
			break;
		}
		end = min(end, (vmo->size >> PAGE_SHIFT) - 1);
		ret = zxvmo_vmo_populate(vmo, first, end, &supply);
		mutex_unlock(&vmo->lock);
		if (!ret)
			first = end + 1;
		else if (ret == -EAGAIN)
			ret = zxvmo_supply_fill(&supply);
		cond_resched();
	}
	zxvmo_supply_release(&supply);
	return ret;
}

/**
 * zxvmo_page_disown() - make a page that leaves a tree nobody's
 * @page: the page
 *
 * Waits for a fault that is mapping it; zap it after that.
 *
 * Return: true if somebody else has references to it.
 */
bool zxvmo_page_disown(struct page *page)
{
	if (page_count(page) == 1) {
		page->mapping = NULL;
		return false;
	}
	lock_page(page);
	page->mapping = NULL;
	unlock_page(page);
	return true;
}

/**
 * zxvmo_vmo_unmap_pages() - take pages out of all mappings
 * @vmo: the VMO
 * @first: first index
 * @last: last index
 *
 * They cannot be mapped again until vmo->lock is dropped.
 */
void zxvmo_vmo_unmap_pages(struct zxvmo_vmo *vmo, u64 first, u64 last)
{
	struct page *page;
	bool zap = false;
	u64 index;

	lockdep_assert_held(&vmo->lock);
	for (index = first;
	     (page = zxvmo_ptree_next(&vmo->tree, &index, last)); index++) {
		if (page_count(page) == 1)
			continue;
		lock_page(page);
		unlock_page(page);
		zap = true;
	}
	if (zap)
		unmap_mapping_pages(zxvmo_vmo_mapping(vmo), first,
				    last - first + 1, false);
}

/**
 * zxvmo_vmo_detach() - take the pages of one leaf out of the tree and mappings
 * @vmo: the VMO
 * @first: first index
 * @last: last index
 * @pages: list that they are added to, for zxvmo_pages_free() without the lock
 *
 * Return: the index where to go on; nothing is left if it is greater than @last.
 */
u64 zxvmo_vmo_detach(struct zxvmo_vmo *vmo, u64 first, u64 last,
		     struct list_head *pages)
{
	u64 begin = U64_MAX, end = 0;
	unsigned long nr = 0;
	LIST_HEAD(detached);
	struct page *page;
	u64 next;

	lockdep_assert_held(&vmo->lock);
	next = zxvmo_ptree_remove(&vmo->tree, first, last, &detached);
	list_for_each_entry(page, &detached, lru) {
		nr++;
		if (zxvmo_page_disown(page)) {
			begin = min_t(u64, begin, page->index);
			end = page->index;
		}
	}
	if (begin <= end)
		unmap_mapping_pages(zxvmo_vmo_mapping(vmo), begin,
				    end - begin + 1, false);
	zxvmo_account_uncharge(vmo->tree.account, nr);
	list_splice(&detached, pages);
	return next;
}

/**
 * zxvmo_vmo_decommit() - take the pages of a range away
 * @vmo: the VMO
 * @first: first index
 * @last: last index
 * @killable: give up if the thread is killed
 *
 * Return: 0, or -EINTR if killed.
 */
int zxvmo_vmo_decommit(struct zxvmo_vmo *vmo, u64 first, u64 last, bool killable)
{
	while (first <= last) {
		LIST_HEAD(pages);

		mutex_lock(&vmo->lock);
		first = zxvmo_vmo_detach(vmo, first, last, &pages);
		mutex_unlock(&vmo->lock);
		zxvmo_pages_free(&pages);
		if (killable && fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static void zero_partial_page(struct zxvmo_vmo *vmo, u64 offset, size_t length)
{
	size_t start = offset_in_page(offset);
	struct page *page;

	mutex_lock(&vmo->lock);
	page = zxvmo_ptree_lookup(&vmo->tree, offset >> PAGE_SHIFT);
	if (page)
		folio_zero_segment(page_folio(page), start, start + length);
	mutex_unlock(&vmo->lock);
}

/**
 * zxvmo_vmo_zero() - make a range read as zero
 * @vmo: the VMO
 * @offset: first byte
 * @length: number of bytes
 * @killable: give up if the thread is killed
 *
 * Whole pages are taken away, of the others the part is cleared. Nothing is
 * ever allocated.
 *
 * Return: 0, or -EINTR if killed.
 */
int zxvmo_vmo_zero(struct zxvmo_vmo *vmo, u64 offset, u64 length, bool killable)
{
	size_t head = offset_in_page(-offset);
	int ret = 0;

	if (head) {
		head = min_t(u64, head, length);
		zero_partial_page(vmo, offset, head);
		offset += head;
		length -= head;
	}
	if (length >> PAGE_SHIFT)
		ret = zxvmo_vmo_decommit(vmo, offset >> PAGE_SHIFT,
					 ((offset + length) >> PAGE_SHIFT) - 1,
					 killable);
	if (!ret && offset_in_page(length))
		zero_partial_page(vmo, offset + round_down(length, PAGE_SIZE),
				  offset_in_page(length));
	return ret;
}
