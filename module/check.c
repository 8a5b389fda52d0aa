// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does everything hold that the module relies on?  Only kernels with
 * CONFIG_DEBUG_VM have this: tests ask after what they did, by
 * zxvmo_ptree_check() from inside or by reading zxvmo/check in debugfs, which
 * looks at all VMOs at one instant.
 *
 * zxvmo_check_lock protects the list of VMOs. It is above vmo->lock; of these,
 * the checker holds all at the same time, taken by rising koid.
 */
#include <linux/debugfs.h>
#include <linux/lockdep.h>
#include <linux/seq_file.h>

#include "pagetree.h"

static DEFINE_MUTEX(zxvmo_check_lock);
static LIST_HEAD(zxvmo_check_vmos);

static const char *check_page(const struct page *page, u64 index,
			      const struct address_space *mapping)
{
	if (page_count(page) < 1)
		return "a page in the tree is free";
	if (page->mapping != mapping)
		return "a page names another mapping";
	if (page->index != index)
		return "a page names another index";
	if (!PageDirty(page))
		return "a page is clean";
	if (PageLRU(page) || PageCompound(page))
		return "a page is of the wrong sort";
	return NULL;
}

/*
 * Goes down from the node at @level that should cover the indexes from @base on.
 * The recursion ends, as each node is one level below the one that names it.
 */
static const char *check_node(const struct zxvmo_node *node, unsigned int level,
			      u64 base, const struct address_space *mapping,
			      struct zxvmo_ptree_state *state)
{
	unsigned int used = 0, i;
	const char *flaw;

	state->index = base;
	if (node->level != level)
		return "a node is on the wrong level";
	if (refcount_read(&node->refs) != 1)
		return "a node has not the one reference of its place";
	if (!node->nr_slots || node->nr_slots > NODE_SLOTS)
		return "a node has a wrong number of slots";
	if (node->nr_slots < NODE_SLOTS && (level || base))
		return "a node is short and not the first leaf";
	state->nr_nodes++;
	state->nr_full_nodes += node->nr_slots == NODE_SLOTS;
	state->node_bytes += node_bytes(node);
	for (i = 0; i < node->nr_slots; i++) {
		unsigned long slot = node->slots[i];
		u64 index = base + ((u64)i << level_shift(level));

		if (!slot)
			continue;
		used++;
		state->index = index;
		switch (slot & ZXVMO_SLOT_MASK) {
		case ZXVMO_SLOT_PAGE:
			if (level)
				return "a page is above the leaves";
			flaw = check_page(slot_page(slot), index, mapping);
			state->nr_pages++;
			break;
		case ZXVMO_SLOT_NODE:
			if (!level)
				return "a node is below a leaf";
			flaw = check_node(slot_node(slot), level - 1, index,
					  mapping, state);
			break;
		default:
			return "a slot is of an unknown kind";
		}
		if (flaw)
			return flaw;
	}
	state->index = base;
	if (!used)
		return "a node is empty";
	if (used != node->nr_used)
		return "a node miscounts its slots";
	cond_resched();
	return NULL;
}

/**
 * zxvmo_ptree_check() - verify a page tree
 * @tree: the tree, with the lock of its VMO held
 * @mapping: what its pages belong to
 * @state: receives what was counted and, if something is wrong, where
 *
 * Return: NULL, or what is wrong.
 */
const char *zxvmo_ptree_check(const struct zxvmo_ptree *tree,
			      const struct address_space *mapping,
			      struct zxvmo_ptree_state *state)
{
	const char *flaw = NULL;

	*state = (struct zxvmo_ptree_state) {};
	if (tree->root) {
		if (tree->root->level >= NODE_LEVELS)
			return "the tree is too high";
		flaw = check_node(tree->root, tree->root->level, 0, mapping, state);
	}
	if (flaw)
		return flaw;
	if (state->nr_pages != tree->nr_pages)
		return "the tree miscounts its pages";
	if (state->node_bytes != tree->node_bytes)
		return "the tree miscounts the bytes of its nodes";
	return NULL;
}

static const char *check_vmo(struct zxvmo_vmo *vmo, struct zxvmo_ptree_state *state)
{
	const char *flaw = zxvmo_ptree_check(&vmo->tree, zxvmo_vmo_mapping(vmo), state);
	u64 index = ZXVMO_LAST_INDEX;

	if (flaw)
		return flaw;
	if (!PAGE_ALIGNED(vmo->size) || vmo->size > ZXVMO_MAX_SIZE)
		return "the size is no size";
	/* A resize that has not yet taken all pages away has the inode locked. */
	if (!inode_is_locked(vmo->object.inode) &&
	    zxvmo_ptree_prev(&vmo->tree, &index, vmo->size >> PAGE_SHIFT)) {
		state->index = index;
		return "a page is beyond the size";
	}
	return NULL;
}

/* What must hold of all VMOs together, whose locks are held. */
static const char *check_all(struct zxvmo_ptree_state *sum, u64 *koid)
{
	struct zxvmo_ptree_state state;
	struct zxvmo_vmo *vmo;
	const char *flaw;

	list_for_each_entry(vmo, &zxvmo_check_vmos, check_link) {
		/* It may be in the making, or its making has failed. */
		if (!READ_ONCE(vmo->object.inode))
			continue;
		flaw = check_vmo(vmo, &state);
		if (flaw) {
			*koid = vmo->object.koid;
			sum->index = state.index;
			return flaw;
		}
		sum->nr_pages += state.nr_pages;
		sum->nr_nodes += state.nr_nodes;
		sum->nr_full_nodes += state.nr_full_nodes;
	}
	/* Charged are also those that are about to come, and just taken out. */
	if (sum->nr_pages + sum->nr_full_nodes > atomic_long_read(&zxvmo_nr_pages))
		return "more pages are there than are charged";
	if (sum->nr_nodes > atomic_long_read(&zxvmo_nr_nodes))
		return "more nodes are there than are counted";
	return NULL;
}

static int check_show(struct seq_file *m, void *unused)
{
	struct zxvmo_ptree_state sum = {};
	struct zxvmo_vmo *vmo;
	const char *flaw;
	u64 koid = 0;

	mutex_lock(&zxvmo_check_lock);
	/* These are more locks than lockdep can count. */
	lockdep_off();
	list_for_each_entry(vmo, &zxvmo_check_vmos, check_link)
		mutex_lock(&vmo->lock);
	flaw = check_all(&sum, &koid);
	list_for_each_entry(vmo, &zxvmo_check_vmos, check_link)
		mutex_unlock(&vmo->lock);
	lockdep_on();
	mutex_unlock(&zxvmo_check_lock);

	if (WARN(flaw, "zxvmo: VMO %llu, page %#llx: %s\n", koid, sum.index, flaw))
		return -EUCLEAN;
	/* As zxvmo/stats counts them */
	seq_printf(m, "pages: %lu\n", sum.nr_pages + sum.nr_full_nodes);
	seq_printf(m, "nodes: %lu\n", sum.nr_nodes);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(check);

/**
 * zxvmo_check_add() - have a new VMO checked
 * @vmo: the VMO
 */
void zxvmo_check_add(struct zxvmo_vmo *vmo)
{
	struct zxvmo_vmo *before;

	mutex_lock(&zxvmo_check_lock);
	/* Others may have got a koid later and yet be here already. */
	list_for_each_entry_reverse(before, &zxvmo_check_vmos, check_link) {
		if (before->object.koid < vmo->object.koid)
			break;
	}
	list_add(&vmo->check_link, &before->check_link);
	mutex_unlock(&zxvmo_check_lock);
}

/**
 * zxvmo_check_remove() - undo zxvmo_check_add()
 * @vmo: the VMO, which nobody uses any more
 */
void zxvmo_check_remove(struct zxvmo_vmo *vmo)
{
	mutex_lock(&zxvmo_check_lock);
	list_del(&vmo->check_link);
	mutex_unlock(&zxvmo_check_lock);
}

/**
 * zxvmo_check_setup() - make the file "check"
 * @dir: where in debugfs
 */
void zxvmo_check_setup(struct dentry *dir)
{
	debugfs_create_file("check", 0400, dir, NULL, &check_fops);
}
