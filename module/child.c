// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMO_CREATE_CHILD: snapshots, slices and references.
 *
 * A slice or a reference is an object without pages: it names the owner of the
 * pages and holds its inode. A snapshot gets a page tree that shares the nodes of
 * its parent's, see clone.c. That happens under the parent's lock, and at that
 * instant nothing of the range may be writable through a mapping: the pages that
 * the parent owns are unmapped first. Those that somebody has pinned then, who
 * may go on writing, stay the parent's own, and the child gets copies. What the
 * parent does not own is not mapped for writing anyway, so each snapshot costs
 * what was touched since the one before.
 */
#include <linux/pagemap.h>

#include "zxvmo.h"

#define CHILD_SNAPSHOTS	(ZXVMO_VMO_CHILD_SNAPSHOT | \
			 ZXVMO_VMO_CHILD_SNAPSHOT_AT_LEAST_ON_WRITE | \
			 ZXVMO_VMO_CHILD_SNAPSHOT_MODIFIED)

/*
 * Takes the pages of a range that the VMO owns out of its mappings. They are
 * nobody's own after that, but those that somebody has pinned.
 */
static void unmap_owned(struct zxvmo_vmo *owner, u64 first, u64 last,
			struct list_head *pinned)
{
	u64 index, begin = U64_MAX, end = 0;
	struct page *page;

	if (!owner->mapped)
		return;
	for (index = first;
	     (page = zxvmo_ptree_next_owned(&owner->tree, &index, last)); index++) {
		if (!(index % ZXVMO_LEAF_PAGES))
			cond_resched();
		if (page_count(page) == 1)
			continue;
		zxvmo_page_wait(page);
		begin = min(begin, index);
		end = index;
	}
	if (begin <= end)
		unmap_mapping_pages(zxvmo_vmo_mapping(owner), begin,
				    end - begin + 1, false);
	for (index = first;
	     (page = zxvmo_ptree_next_owned(&owner->tree, &index, last)); index++) {
		if (!(index % ZXVMO_LEAF_PAGES))
			cond_resched();
		if (page_count(page) == 1) {
			page->mapping = NULL;
		} else {
			page->index = index;
			list_add_tail(&page->lru, pinned);
		}
	}
}

/* Shares @nr pages from @first on with the child, as far as there are any. */
static int share(struct zxvmo_vmo *owner, struct zxvmo_vmo *child, u64 first,
		 u64 nr, struct zxvmo_supply *supply)
{
	u64 nr_pages = owner->size >> PAGE_SHIFT;
	struct page *page, *next;
	LIST_HEAD(pinned);
	int ret = -EAGAIN;
	u64 last;

	lockdep_assert_held_write(&owner->lock);
	child->tree.base = owner->tree.base + first;
	if (!nr || first >= nr_pages)
		return 0;
	last = first + min(nr, nr_pages - first) - 1;
	if (last == nr_pages - 1)
		last = U64_MAX;
	/* Nothing is unmapped for nothing. */
	if (!zxvmo_ptree_clone_ready(&owner->tree, first, last, &pinned, supply))
		return -EAGAIN;
	unmap_owned(owner, first, min(last, ZXVMO_LAST_INDEX), &pinned);
	if (zxvmo_ptree_clone_ready(&owner->tree, first, last, &pinned, supply)) {
		zxvmo_ptree_clone(&child->tree, &owner->tree, first, last, &pinned,
				  supply);
		ret = 0;
	}
	list_for_each_entry_safe(page, next, &pinned, lru)
		list_del(&page->lru);
	return ret;
}

static int snapshot(struct zxvmo_vmo *owner, struct zxvmo_vmo *child, u64 first,
		    u64 nr)
{
	struct inode *inode = owner->object.inode;
	struct zxvmo_supply supply;
	int ret;

	/* Not while a resize cuts the tree, see size.c. */
	ret = down_read_killable(&inode->i_rwsem);
	if (ret)
		return ret;
	zxvmo_supply_init(&supply, &child->tree);
	do {
		down_write(&owner->lock);
		ret = share(owner, child, first, nr, &supply);
		up_write(&owner->lock);
	} while (ret == -EAGAIN && !(ret = zxvmo_supply_fill(&supply)));
	inode_unlock_shared(inode);
	zxvmo_supply_release(&supply);
	return ret;
}

static int check_slice(struct zxvmo_vmo *parent, u64 offset, u64 size)
{
	int ret;

	if (!PAGE_ALIGNED(offset))
		return -EINVAL;
	if (size > ZXVMO_MAX_SIZE)
		return -ERANGE;
	down_read(&parent->owner->lock);
	ret = zxvmo_vmo_check_range(parent, offset, size);
	up_read(&parent->owner->lock);
	if (ret)
		return -EINVAL;
	return parent->owner->options & ZXVMO_VMO_RESIZABLE ? -EOPNOTSUPP : 0;
}

static int check_reference(struct zxvmo_vmo *parent, u32 options, u64 offset,
			   u64 size)
{
	if (offset || size)
		return -EINVAL;
	if (parent->child_options & ZXVMO_VMO_CHILD_SLICE)
		return -EOPNOTSUPP;
	if ((options & ZXVMO_VMO_CHILD_RESIZABLE) &&
	    !(parent->options & ZXVMO_VMO_RESIZABLE))
		return -EOPNOTSUPP;
	return 0;
}

static int check_snapshot(struct zxvmo_vmo *parent, u64 offset, u64 size)
{
	u64 base = (parent->owner->tree.base << PAGE_SHIFT) + parent->offset;
	u64 end;

	if (!PAGE_ALIGNED(offset))
		return -EINVAL;
	if (size > ZXVMO_MAX_SIZE || check_add_overflow(offset, size, &end))
		return -ERANGE;
	if (check_add_overflow(base, offset, &end) ||
	    check_add_overflow(end, size, &end))
		return -EINVAL;
	return parent->child_options & ZXVMO_VMO_CHILD_SLICE ? -EOPNOTSUPP : 0;
}

static int check_options(struct zxvmo_vmo *parent, u32 options, u64 offset, u64 size)
{
	u32 kind;

	if (parent->discard)
		return -EOPNOTSUPP;
	options &= ~ZXVMO_VMO_CHILD_NO_WRITE;
	if (options & ZXVMO_VMO_CHILD_SLICE) {
		if (options != ZXVMO_VMO_CHILD_SLICE)
			return -EINVAL;
		return check_slice(parent, offset, size);
	}
	kind = options & ~ZXVMO_VMO_CHILD_RESIZABLE;
	if (options & ZXVMO_VMO_CHILD_REFERENCE) {
		if (kind != ZXVMO_VMO_CHILD_REFERENCE)
			return -EINVAL;
		return check_reference(parent, options, offset, size);
	}
	if ((kind & ~CHILD_SNAPSHOTS) || !is_power_of_2(kind))
		return -EINVAL;
	return check_snapshot(parent, offset, size);
}

static u32 child_rights(u32 rights, u32 options)
{
	rights &= ~ZXVMO_RIGHT_RESIZE;
	rights |= ZXVMO_RIGHTS_PROPERTY;
	if (options & ZXVMO_VMO_CHILD_RESIZABLE)
		rights |= ZXVMO_RIGHT_RESIZE;
	if (options & ZXVMO_VMO_CHILD_NO_WRITE)
		rights &= ~ZXVMO_RIGHT_WRITE;
	else if (options & CHILD_SNAPSHOTS)
		rights = (rights | ZXVMO_RIGHT_WRITE) & ~ZXVMO_RIGHT_EXECUTE;
	return rights;
}

/* Makes the child and its handle; it shows nothing yet if it is a snapshot. */
static struct file *new_child(struct zxvmo_ref *ref, const struct zxvmo_vmo_create_child *arg,
			      u64 size)
{
	struct zxvmo_vmo *parent = zxvmo_to_vmo(ref->object);
	struct zxvmo_vmo *child;
	char name[ZXVMO_MAX_NAME_LEN];
	struct file *file;

	child = zxvmo_vmo_alloc(arg->options & ZXVMO_VMO_CHILD_RESIZABLE ?
				ZXVMO_VMO_RESIZABLE : 0);
	if (!child)
		return ERR_PTR(-ENOMEM);
	child->child_options = arg->options;
	if (!(arg->options & CHILD_SNAPSHOTS)) {
		child->owner = parent->owner;
		ihold(child->owner->object.inode);
		child->offset = parent->offset + arg->offset;
	}
	if (arg->options & ZXVMO_VMO_CHILD_REFERENCE)
		child->sizes = parent->sizes;
	if (ref->rights & ZXVMO_RIGHT_GET_PROPERTY) {
		zxvmo_object_get_name(&parent->object, name);
		zxvmo_object_set_name(&child->object, name, sizeof(name) - 1);
	}
	if (zxvmo_family_get(parent, child)) {
		zxvmo_object_free(&child->object);
		return ERR_PTR(-ENOMEM);
	}
	file = zxvmo_handle_new(&child->object, ref->file,
				child_rights(ref->rights, arg->options));
	if (IS_ERR(file))
		return file;
	if (child->sizes == child)
		zxvmo_vmo_set_sizes(child, size, arg->vmo_size);
	else	/* The VFS must not stop before we do, who know the size. */
		i_size_write(child->object.inode, MAX_LFS_FILESIZE);
	return file;
}

int zxvmo_vmo_create_child(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmo_create_child *arg = cmd->arg;
	const u32 resizable_reference = ZXVMO_VMO_CHILD_REFERENCE |
					ZXVMO_VMO_CHILD_RESIZABLE;
	u32 rights = ZXVMO_RIGHT_DUPLICATE | ZXVMO_RIGHT_READ;
	struct zxvmo_vmo *parent;
	struct zxvmo_ref ref;
	struct file *file;
	u64 size;
	int ret;

	if (arg->__reserved)
		return -EINVAL;
	if (!zxvmo_round_up(arg->vmo_size, &size))
		return -ERANGE;
	if ((arg->options & ZXVMO_VMO_CHILD_NO_WRITE) &&
	    (arg->options & ZXVMO_VMO_CHILD_RESIZABLE))
		return -EINVAL;
	if ((arg->options & resizable_reference) == resizable_reference)
		rights |= ZXVMO_RIGHT_RESIZE;
	parent = zxvmo_vmo_get(cmd, arg->handle, rights, &ref);
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	ret = check_options(parent, arg->options, arg->offset, size);
	if (ret)
		goto out;
	file = new_child(&ref, arg, size);
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
		goto out;
	}
	if (arg->options & CHILD_SNAPSHOTS)
		ret = snapshot(parent->owner, zxvmo_file_vmo(file),
			       arg->offset >> PAGE_SHIFT, size >> PAGE_SHIFT);
	if (ret) {
		fput(file);
		goto out;
	}
	zxvmo_family_join(parent, zxvmo_file_vmo(file));
	ret = zxvmo_handle_deliver(file, arg->out_handle);
out:
	zxvmo_handle_put(&ref);
	return ret;
}
