// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMOs: creation, and adding and removing pages.
 *
 * A page is found only under the lock of the VMO in whose tree it stands, so while
 * the lock is held for writing, a page with no other reference than the slots' is
 * neither mapped nor in anybody's hands, and stays so. Any other page may be
 * mapped, or a fault may be about to map it: that fault holds the page lock from
 * the moment it found the page. So who takes a page away from a VMO takes and
 * drops the page lock and zaps the VMO's mappings after that; then nobody sees it
 * through this VMO any more, and only pins (get_user_pages(), pipes) keep it.
 *
 * Only a page that the VMO owns, see page.c, is changed or mapped for writing.
 * What it has in common with relatives is copied first.
 *
 * Long ranges are worked on leaf by leaf, with the lock dropped in between. The
 * sizes cannot change under a resize, which has the inode locked, but under
 * everybody else: each piece looks at them again.
 *
 * What takes a vmo works on slices and references as well, and counts as they do;
 * what takes an owner wants the VMO that has the tree, and counts as that does.
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
	zxvmo_discard_free(vmo);
	zxvmo_family_leave(vmo);
	if (vmo->owner != vmo) {
		if (object->inode)
			object->inode->i_mapping = &object->inode->i_data;
		iput(vmo->owner->object.inode);
	}
	zxvmo_ptree_free(&vmo->tree);
	if (vmo->tree.account)
		zxvmo_account_put(vmo->tree.account);
	kfree(vmo);
}

static void vmo_show(struct seq_file *m, struct zxvmo_object *object)
{
	struct zxvmo_vmo *vmo = zxvmo_to_vmo(object);
	struct zxvmo_vmo *owner = vmo->owner;
	u64 size, stream_size, nr_pages = 0;

	down_read(&owner->lock);
	size = vmo->sizes->size;
	stream_size = vmo->sizes->stream_size;
	if (owner == vmo)
		nr_pages = zxvmo_ptree_count(&vmo->tree, 0, ZXVMO_LAST_INDEX);
	up_read(&owner->lock);
	seq_printf(m, "zx-size:\t%llu\n", size);
	seq_printf(m, "zx-stream-size:\t%llu\n", stream_size);
	seq_printf(m, "zx-committed:\t%llu\n", nr_pages << PAGE_SHIFT);
	seq_printf(m, "zx-populated:\t%llu\n", nr_pages << PAGE_SHIFT);
	seq_printf(m, "zx-options:\t0x%x\n", vmo->options);
	seq_printf(m, "zx-child-options:\t0x%x\n", vmo->child_options);
	zxvmo_discard_show(m, vmo);
}

const struct zxvmo_object_type zxvmo_vmo_type = {
	.type = ZXVMO_OBJ_TYPE_VMO,
	.name = "vmo",
	.user_signals = ZXVMO_SIGNAL_USER_ALL,
	.fops = &zxvmo_vmo_fops,
	.free = vmo_free,
	.show = vmo_show,
};

/**
 * zxvmo_vmo_alloc() - make a VMO that has no inode and no sizes yet
 * @options: ZXVMO_VMO_ bits
 *
 * Return: the VMO or NULL.
 */
struct zxvmo_vmo *zxvmo_vmo_alloc(u32 options)
{
	struct zxvmo_vmo *vmo = kzalloc(sizeof(*vmo), GFP_KERNEL_ACCOUNT);

	if (!vmo)
		return NULL;
	vmo->tree.account = zxvmo_account_get();
	if (!vmo->tree.account) {
		kfree(vmo);
		return NULL;
	}
	vmo->options = options;
	vmo->owner = vmo;
	vmo->sizes = vmo;
	INIT_LIST_HEAD(&vmo->children);
	INIT_LIST_HEAD(&vmo->relative);
	init_rwsem(&vmo->lock);
	zxvmo_object_init(&vmo->object, &zxvmo_vmo_type, ZXVMO_SIGNAL_ZERO_CHILDREN);
	zxvmo_check_add(vmo);
	return vmo;
}

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
	if (options & ZXVMO_VMO_RESIZABLE)
		rights |= ZXVMO_RIGHT_RESIZE;

	vmo = zxvmo_vmo_alloc(options);
	if (!vmo)
		return -ENOMEM;
	if ((options & ZXVMO_VMO_DISCARDABLE) && zxvmo_discard_setup(vmo)) {
		zxvmo_object_free(&vmo->object);
		return -ENOMEM;
	}
	file = zxvmo_handle_new(&vmo->object, NULL, rights);
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
 * @vmo: the VMO, whose owner is locked
 * @offset: first byte
 * @length: number of bytes
 *
 * Return: 0 or -ERANGE.
 */
int zxvmo_vmo_check_range(struct zxvmo_vmo *vmo, u64 offset, u64 length)
{
	u64 end;

	lockdep_assert_held(&vmo->owner->lock);
	if (check_add_overflow(offset, length, &end) || end > vmo->sizes->size)
		return -ERANGE;
	return 0;
}

/*
 * Takes the page at @index, which others hold too, out of the VMO's mappings. It
 * cannot be mapped again until the lock is dropped.
 */
static void unmap_page(struct zxvmo_vmo *owner, u64 index, struct page *page)
{
	if (!owner->mapped || page_count(page) == 1)
		return;
	zxvmo_page_wait(page);
	unmap_mapping_pages(zxvmo_vmo_mapping(owner), index, 1, false);
}

/*
 * Makes the VMO own a page at @index: @page, which it does not own, a copy of
 * that, or a new one if it is NULL.
 */
static int own_page(struct zxvmo_vmo *owner, u64 index, struct page *page,
		    struct page *held, struct zxvmo_supply *supply)
{
	u64 nr_hint = owner->size >> PAGE_SHIFT;
	struct page *new;
	int ret;

	if (page && zxvmo_page_nr_slots(page) == 1 &&
	    zxvmo_ptree_lookup_private(&owner->tree, index)) {
		unmap_page(owner, index, page);
		if (zxvmo_page_reown(page, page == held ? 2 : 1))
			return 0;
	}
	if (!supply->nr) {
		zxvmo_ptree_want(&owner->tree, index, nr_hint, &supply->pool);
		return -EAGAIN;
	}
	ret = zxvmo_ptree_reserve(&owner->tree, index, nr_hint, &supply->pool);
	if (ret)
		return ret;
	new = zxvmo_supply_take(supply);
	if (page)
		copy_highpage(new, page);
	zxvmo_ptree_store(&owner->tree, index, new);
	if (page) {
		unmap_page(owner, index, page);
		if (zxvmo_page_drop_slot(page))
			list_add(&page->lru, &supply->removed.pages);
	}
	return 0;
}

/**
 * zxvmo_vmo_own() - make a VMO own all pages of a range
 * @owner: the VMO
 * @first: first index, within its size
 * @last: last index, in the same leaf or not far away
 * @held: a page that the caller has a reference to, or NULL
 * @supply: where new pages come from: for those that are missing, and for copies
 *	of those that relatives may have
 *
 * Return: 0; -EAGAIN: @supply ran out. It knows what is missing; what was done
 * stays.
 */
int zxvmo_vmo_own(struct zxvmo_vmo *owner, u64 first, u64 last,
		  struct page *held, struct zxvmo_supply *supply)
{
	struct page *page;
	bool added = false;
	u64 index = first;
	int ret = 0;

	lockdep_assert_held_write(&owner->lock);
	supply->want = 0;
	for (;; index++) {
		index = zxvmo_ptree_next_unowned(&owner->tree, index, last, &page);
		if (index > last)
			break;
		if (!ret)
			ret = own_page(owner, index, page, held, supply);
		if (ret)
			supply->want++;
		else
			added = true;
	}
	if (added)
		zxvmo_vmo_zap_zero_pages(owner, first, last);
	return ret;
}

/**
 * zxvmo_vmo_lock_owned() - lock a VMO that owns what page it has at an index
 * @owner: the VMO
 * @index: the index
 * @page: receives the page, or NULL if there is none
 *
 * Return: 0, with the lock held for writing; -ENOMEM; -EINTR if killed.
 */
int zxvmo_vmo_lock_owned(struct zxvmo_vmo *owner, u64 index, struct page **page)
{
	struct zxvmo_supply supply;
	int ret;

	zxvmo_supply_init(&supply, &owner->tree);
	for (;;) {
		down_write(&owner->lock);
		*page = zxvmo_ptree_lookup(&owner->tree, index);
		if (!*page)
			break;
		ret = zxvmo_vmo_own(owner, index, index, NULL, &supply);
		*page = zxvmo_ptree_lookup(&owner->tree, index);
		if (!ret)
			break;
		up_write(&owner->lock);
		ret = zxvmo_supply_fill(&supply);
		if (ret) {
			zxvmo_supply_release(&supply);
			return ret;
		}
	}
	zxvmo_supply_release(&supply);
	return 0;
}

/* Gathers all that a commit takes, if nobody changes the VMO meanwhile. */
static int commit_gather(struct zxvmo_vmo *owner, u64 first, u64 last,
			 struct zxvmo_supply *supply)
{
	int ret;

	down_read(&owner->lock);
	supply->want = last - first + 1 -
		       zxvmo_ptree_count_owned(&owner->tree, first, last);
	ret = owner->discarded ? -ENOENT : 0;
	up_read(&owner->lock);
	if (!ret)
		ret = zxvmo_supply_fill(supply);
	/* In one leaf, all nodes are there before the first page is. */
	if (ret || !supply->nr || last <= zxvmo_ptree_leaf_last(&owner->tree, first))
		return ret;

	/* The pages are there, so this loop is no longer than memory is large. */
	down_read(&owner->lock);
	zxvmo_ptree_want_range(&owner->tree, first, last, &supply->pool);
	up_read(&owner->lock);
	return zxvmo_supply_fill(supply);
}

/**
 * zxvmo_vmo_commit() - make sure that a VMO owns all pages of a range
 * @vmo: the VMO
 * @first: first index
 * @last: last index
 *
 * Everything is gathered before the first page is added, so that a commit that
 * fails leaves all as it was. What another thread frees meanwhile is committed
 * again; what it cuts off by a resize is left out.
 *
 * Return: 0; -ENOMEM; -ENOENT if the VMO is discarded; -EINTR if killed.
 */
int zxvmo_vmo_commit(struct zxvmo_vmo *vmo, u64 first, u64 last)
{
	struct zxvmo_vmo *owner = vmo->owner;
	struct zxvmo_supply supply;
	int ret;

	first += vmo->offset >> PAGE_SHIFT;
	last += vmo->offset >> PAGE_SHIFT;
	zxvmo_supply_init(&supply, &owner->tree);
	ret = commit_gather(owner, first, last, &supply);
	while (!ret && first <= last) {
		u64 end = min(last, zxvmo_ptree_leaf_last(&owner->tree, first));

		down_write(&owner->lock);
		if (owner->discarded || first >= owner->size >> PAGE_SHIFT) {
			ret = owner->discarded ? -ENOENT : 0;
			up_write(&owner->lock);
			break;
		}
		end = min(end, (owner->size >> PAGE_SHIFT) - 1);
		ret = zxvmo_vmo_own(owner, first, end, NULL, &supply);
		up_write(&owner->lock);
		if (!ret)
			first = end + 1;
		else if (ret == -EAGAIN)
			ret = zxvmo_supply_fill(&supply);
		zxvmo_removed_free(&supply.removed);
		cond_resched();
	}
	zxvmo_supply_release(&supply);
	return ret;
}

/**
 * zxvmo_vmo_unmap_pages() - take pages out of all mappings
 * @owner: the VMO
 * @first: first index
 * @last: last index
 *
 * They cannot be mapped again until the lock is dropped.
 */
void zxvmo_vmo_unmap_pages(struct zxvmo_vmo *owner, u64 first, u64 last)
{
	struct page *page;
	bool zap = false;
	u64 index;

	lockdep_assert_held_write(&owner->lock);
	if (!owner->mapped)
		return;
	for (index = first;
	     (page = zxvmo_ptree_next(&owner->tree, &index, last)); index++) {
		if (page_count(page) == 1)
			continue;
		zxvmo_page_wait(page);
		zap = true;
	}
	if (zap)
		unmap_mapping_pages(zxvmo_vmo_mapping(owner), first,
				    last - first + 1, false);
}

/**
 * zxvmo_vmo_remove() - take the next pages of a range out of tree and mappings
 * @owner: the VMO
 * @first: first index; moved to where to go on
 * @last: last index
 * @supply: gives nodes and receives what was taken out, which must be freed
 *	before the next step
 *
 * Return: 1 if there may be more, 0 if not; -EAGAIN if @supply must be filled
 * first.
 */
int zxvmo_vmo_remove(struct zxvmo_vmo *owner, u64 *first, u64 last,
		     struct zxvmo_supply *supply)
{
	u64 index = *first;

	lockdep_assert_held_write(&owner->lock);
	supply->want = 0;
	if (!owner->mapped)
		return zxvmo_ptree_remove(&owner->tree, first, last, U16_MAX,
					  &supply->pool, &supply->removed);
	if (!zxvmo_ptree_next(&owner->tree, &index, last))
		return 0;
	/* Leaf by leaf, since each of the pages has to be looked at. */
	last = min(last, zxvmo_ptree_leaf_last(&owner->tree, index));
	zxvmo_vmo_unmap_pages(owner, index, last);
	return zxvmo_ptree_remove(&owner->tree, first, last, 0, &supply->pool,
				  &supply->removed);
}

/**
 * zxvmo_vmo_decommit() - take the pages of a range away
 * @vmo: the VMO
 * @first: first index
 * @last: last index
 * @killable: give up if the thread is killed
 *
 * Return: 0; -ENOMEM: pages are shared with relatives, and there is no memory to
 * note that they are not any more; -EINTR if killed.
 */
int zxvmo_vmo_decommit(struct zxvmo_vmo *vmo, u64 first, u64 last, bool killable)
{
	struct zxvmo_vmo *owner = vmo->owner;
	struct zxvmo_supply supply;
	int ret;

	first += vmo->offset >> PAGE_SHIFT;
	last += vmo->offset >> PAGE_SHIFT;
	zxvmo_supply_init(&supply, &owner->tree);
	do {
		down_write(&owner->lock);
		ret = first <= last ? zxvmo_vmo_remove(owner, &first, last, &supply) : 0;
		up_write(&owner->lock);
		if (ret == -EAGAIN)
			ret = zxvmo_supply_fill(&supply) ?: 1;
		zxvmo_removed_free(&supply.removed);
		if (ret > 0 && killable && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	} while (ret > 0);
	zxvmo_supply_release(&supply);
	return ret;
}

static int zero_partial_page(struct zxvmo_vmo *owner, u64 offset, size_t length)
{
	size_t start = offset_in_page(offset);
	struct page *page;
	int ret;

	ret = zxvmo_vmo_lock_owned(owner, offset >> PAGE_SHIFT, &page);
	if (ret)
		return ret;
	if (page)
		folio_zero_segment(page_folio(page), start, start + length);
	up_write(&owner->lock);
	return 0;
}

/**
 * zxvmo_vmo_zero() - make a range read as zero
 * @vmo: the VMO
 * @offset: first byte
 * @length: number of bytes
 * @killable: give up if the thread is killed
 *
 * Whole pages are taken away, of the others the part is cleared. Nothing is
 * allocated unless relatives share it.
 *
 * Return: 0; -ENOMEM, see zxvmo_vmo_decommit(); -EINTR if killed.
 */
int zxvmo_vmo_zero(struct zxvmo_vmo *vmo, u64 offset, u64 length, bool killable)
{
	struct zxvmo_vmo *owner = vmo->owner;
	size_t head;
	int ret = 0;

	offset += vmo->offset;
	head = offset_in_page(-offset);
	if (head) {
		head = min_t(u64, head, length);
		ret = zero_partial_page(owner, offset, head);
		offset += head;
		length -= head;
	}
	if (!ret && length >> PAGE_SHIFT)
		ret = zxvmo_vmo_decommit(owner, offset >> PAGE_SHIFT,
					 ((offset + length) >> PAGE_SHIFT) - 1,
					 killable);
	if (!ret && offset_in_page(length))
		ret = zero_partial_page(owner, offset + round_down(length, PAGE_SIZE),
					offset_in_page(length));
	return ret;
}
