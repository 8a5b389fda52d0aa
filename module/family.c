// SPDX-License-Identifier: GPL-2.0-only
/*
 * Families: which VMO is whose child, and whom a page is shared with.
 *
 * A VMO gets a family with its first child and shares it with all descendants.
 * A child does not keep its parent: when a VMO goes, its own parent takes its
 * children, without ever having been without. (A slice or a reference does keep
 * the owner of its pages, which is why that one may outlive its handles.)
 *
 * Each VMO in the family that has a page tree is on its list of owners. Pages are
 * shared within a family only, and only at the same index as the nodes count.
 * So who shares a page is found out when somebody asks, leaf by leaf, by a look
 * at the same place of each relative's tree; nothing is kept for it.
 *
 * family->lock protects the links between members and the list of owners. It
 * comes before the locks of the VMOs.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "zxvmo.h"

/* ONE_BYTE - unit of zxvmo_info_vmo's fractional fields */
#define ONE_BYTE	BIT_ULL(63)

/**
 * struct zxvmo_family - VMOs that descend from one
 * @lock: protects @owners and the links of the members
 * @refs: members
 * @owners: the members with a page tree, through their relative
 * @nr_owners: their number
 */
struct zxvmo_family {
	struct mutex lock;		/* above vmo->lock */
	refcount_t refs;
	struct list_head owners;
	unsigned long nr_owners;
};

/* The family, once it has been made. */
static struct zxvmo_family *vmo_family(struct zxvmo_vmo *vmo)
{
	/* With all that zxvmo_family_get() put into it. */
	return smp_load_acquire(&vmo->family);
}

static void family_put(struct zxvmo_family *family)
{
	if (refcount_dec_and_test(&family->refs))
		kfree(family);
}

/**
 * zxvmo_family_get() - let a child belong to its parent's family
 * @parent: the parent
 * @child: a new VMO, which nobody sees as a child before zxvmo_family_join()
 *
 * Return: 0 or -ENOMEM.
 */
int zxvmo_family_get(struct zxvmo_vmo *parent, struct zxvmo_vmo *child)
{
	struct zxvmo_family *new;

	if (!vmo_family(parent)) {
		new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
		if (!new)
			return -ENOMEM;
		mutex_init(&new->lock);
		refcount_set(&new->refs, 1);
		INIT_LIST_HEAD(&new->owners);
		new->nr_owners = 1;
		/* Who has no family is no slice and no reference. */
		down_write(&parent->lock);
		if (!parent->family) {
			list_add(&parent->relative, &new->owners);
			/* Pairs with vmo_family(). */
			smp_store_release(&parent->family, new);
			new = NULL;
		}
		up_write(&parent->lock);
		kfree(new);
	}
	refcount_inc(&parent->family->refs);
	child->family = parent->family;
	return 0;
}

/**
 * zxvmo_family_join() - make a VMO the child of another
 * @parent: the parent
 * @child: the child
 */
void zxvmo_family_join(struct zxvmo_vmo *parent, struct zxvmo_vmo *child)
{
	struct zxvmo_family *family = child->family;

	mutex_lock(&family->lock);
	child->parent = parent;
	list_add_tail(&child->sibling, &parent->children);
	if (!parent->nr_children++)
		zxvmo_object_update_signals(&parent->object,
					    ZXVMO_SIGNAL_ZERO_CHILDREN, 0);
	if (child->owner == child) {
		list_add_tail(&child->relative, &family->owners);
		WRITE_ONCE(family->nr_owners, family->nr_owners + 1);
	}
	mutex_unlock(&family->lock);
}

/**
 * zxvmo_family_leave() - a VMO is gone
 * @vmo: the VMO
 *
 * Its children become its parent's.
 */
void zxvmo_family_leave(struct zxvmo_vmo *vmo)
{
	struct zxvmo_family *family = vmo->family;
	struct zxvmo_vmo *parent, *child;

	if (!family)
		return;
	mutex_lock(&family->lock);
	parent = vmo->parent;
	list_for_each_entry(child, &vmo->children, sibling)
		child->parent = parent;
	if (parent) {
		list_splice_tail(&vmo->children, &vmo->sibling);
		list_del(&vmo->sibling);
		parent->nr_children += vmo->nr_children - 1;
		if (!parent->nr_children)
			zxvmo_object_update_signals(&parent->object, 0,
						    ZXVMO_SIGNAL_ZERO_CHILDREN);
	} else {
		while (!list_empty(&vmo->children))
			list_del_init(vmo->children.next);
	}
	if (!list_empty(&vmo->relative)) {
		list_del(&vmo->relative);
		WRITE_ONCE(family->nr_owners, family->nr_owners - 1);
	}
	mutex_unlock(&family->lock);
	family_put(family);
}

/**
 * zxvmo_vmo_has_relatives() - whether there may be others that share pages
 * @owner: a VMO with a page tree
 *
 * Return: true if the family has another VMO with a page tree.
 */
bool zxvmo_vmo_has_relatives(struct zxvmo_vmo *owner)
{
	struct zxvmo_family *family = vmo_family(owner);

	return family && READ_ONCE(family->nr_owners) > 1;
}

/**
 * struct attribution - what is counted for one VMO
 * @memory: what has been counted
 * @leaf: the leaf that is looked at
 * @sharers: for each page of the leaf how many see it
 */
struct attribution {
	struct zxvmo_memory memory;
	struct zxvmo_leaf leaf;
	u32 sharers[ZXVMO_LEAF_PAGES];
};

/* Counts the pages in slots @begin to @end of the leaf. */
static void attribute_leaf(struct attribution *a, size_t begin, size_t end)
{
	struct zxvmo_memory *memory = &a->memory;
	size_t i;

	for (i = begin; i <= end; i++) {
		u32 nr = a->sharers[i];

		if (!a->leaf.pages[i])
			continue;
		memory->bytes += PAGE_SIZE;
		if (nr == 1)
			memory->private_bytes += PAGE_SIZE;
		memory->scaled_bytes += PAGE_SIZE / nr;
		memory->fraction += PAGE_SIZE % nr * (ONE_BYTE / nr);
		if (memory->fraction >= ONE_BYTE) {
			memory->fraction -= ONE_BYTE;
			memory->scaled_bytes++;
		}
	}
}

/* Finds out who of the family has the pages of @a's leaf as well. */
static int count_sharers(struct zxvmo_vmo *vmo, struct attribution *a)
{
	struct zxvmo_family *family = vmo->family;
	struct zxvmo_vmo *other;
	int ret = 0;

	if (!a->leaf.shared)
		return 0;
	/* Who wants to leave the family waits for one leaf, not for all. */
	if (mutex_lock_killable(&family->lock))
		return -EINTR;
	list_for_each_entry(other, &family->owners, relative) {
		if (other == vmo)
			continue;
		down_read(&other->lock);
		zxvmo_ptree_count_sharers(&other->tree, &a->leaf, a->sharers);
		up_read(&other->lock);
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		cond_resched();
	}
	mutex_unlock(&family->lock);
	return ret;
}

static int attribute(struct zxvmo_vmo *vmo, u64 first, u64 last, struct attribution *a)
{
	u64 index, leaf_last;
	bool found;

	for (index = first; index <= last; index = leaf_last + 1) {
		down_read(&vmo->lock);
		found = zxvmo_ptree_next(&vmo->tree, &index, last);
		if (found)
			zxvmo_ptree_get_leaf(&vmo->tree, index, &a->leaf);
		up_read(&vmo->lock);
		if (!found)
			break;

		memset32(a->sharers, 1, ARRAY_SIZE(a->sharers));
		if (count_sharers(vmo, a))
			return -EINTR;
		leaf_last = zxvmo_ptree_leaf_last(&vmo->tree, index);
		/* The first leaf may begin below index 0. */
		attribute_leaf(a, ZXVMO_LEAF_PAGES - 1 -
				  min(leaf_last - first, ZXVMO_LEAF_PAGES - 1),
			       ZXVMO_LEAF_PAGES - 1 - (leaf_last - min(leaf_last, last)));
		cond_resched();
	}
	return 0;
}

/**
 * zxvmo_vmo_attribute() - whose memory the pages of a range are
 * @vmo: the VMO
 * @first: first index, as its owner counts
 * @last: last index
 * @memory: receives it: nothing for a slice or a reference, which has no pages
 *
 * Return: 0; -ENOMEM; -EINTR if killed.
 */
int zxvmo_vmo_attribute(struct zxvmo_vmo *vmo, u64 first, u64 last,
			struct zxvmo_memory *memory)
{
	struct attribution *a;
	int ret;

	*memory = (struct zxvmo_memory) {};
	if (vmo->owner != vmo)
		return 0;
	if (!zxvmo_vmo_has_relatives(vmo)) {
		down_read(&vmo->lock);
		memory->bytes = zxvmo_ptree_count(&vmo->tree, first, last) << PAGE_SHIFT;
		up_read(&vmo->lock);
		memory->private_bytes = memory->bytes;
		memory->scaled_bytes = memory->bytes;
		return 0;
	}
	a = kvzalloc(sizeof(*a), GFP_KERNEL_ACCOUNT);
	if (!a)
		return -ENOMEM;
	ret = attribute(vmo, first, last, a);
	if (!ret)
		*memory = a->memory;
	kvfree(a);
	return ret;
}

/**
 * zxvmo_vmo_kin_info() - what information there is on relatives and pages
 * @vmo: the VMO
 * @info: its fields for these are set
 *
 * Return: 0; -ENOMEM; -EINTR if killed.
 */
int zxvmo_vmo_kin_info(struct zxvmo_vmo *vmo, struct zxvmo_info_vmo *info)
{
	struct zxvmo_family *family = vmo_family(vmo);
	struct zxvmo_memory memory;
	int ret;

	if (vmo->owner == vmo) {
		down_read(&vmo->lock);
		info->metadata_bytes = zxvmo_ptree_bytes(&vmo->tree);
		up_read(&vmo->lock);
	}
	if (family) {
		ret = mutex_lock_killable(&family->lock);
		if (ret)
			return ret;
		if (vmo->parent) {
			info->parent_koid = vmo->parent->object.koid;
			if (vmo->owner == vmo)
				info->flags |= ZXVMO_INFO_VMO_IS_COW_CLONE;
		}
		info->num_children = vmo->nr_children;
		mutex_unlock(&family->lock);
	}
	ret = zxvmo_vmo_attribute(vmo, 0, ZXVMO_LAST_INDEX, &memory);
	if (ret)
		return ret;
	info->committed_bytes = memory.bytes;
	info->populated_bytes = memory.bytes;
	info->committed_private_bytes = memory.private_bytes;
	info->populated_private_bytes = memory.private_bytes;
	info->committed_scaled_bytes = memory.scaled_bytes;
	info->populated_scaled_bytes = memory.scaled_bytes;
	info->committed_fractional_scaled_bytes = memory.fraction;
	info->populated_fractional_scaled_bytes = memory.fraction;
	return 0;
}
