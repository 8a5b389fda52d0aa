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
#include <linux/xarray.h>

#include "discard.h"
#include "pagetree.h"

static DEFINE_MUTEX(zxvmo_check_lock);
static LIST_HEAD(zxvmo_check_vmos);

/**
 * struct check - a check of one or more trees
 * @nodes: how many slots and roots name each node, by address, which is a
 *	multiple of 8
 * @pages: how many slots name each page, by frame number
 * @tree: the tree that is looked at
 * @mapping: what the pages that its VMO owns belong to
 * @state: what was counted
 */
struct check {
	struct xarray nodes;
	struct xarray pages;
	const struct zxvmo_ptree *tree;
	const struct address_space *mapping;
	struct zxvmo_ptree_state *state;
};

static const char check_no_memory[] = "no memory";

static void check_init(struct check *check, struct zxvmo_ptree_state *state)
{
	xa_init(&check->nodes);
	xa_init(&check->pages);
	check->state = state;
	*state = (struct zxvmo_ptree_state) {};
}

static void check_exit(struct check *check)
{
	xa_destroy(&check->nodes);
	xa_destroy(&check->pages);
}

/* Counts that what has a number is named. Returns 0 or how often it was. */
static unsigned long check_named(struct xarray *counts, unsigned long index)
{
	void *entry = xa_load(counts, index);
	unsigned long nr = (entry ? xa_to_value(entry) : 0) + 1;

	return xa_err(xa_store(counts, index, xa_mk_value(nr), GFP_KERNEL)) ? 0 : nr;
}

static const char *check_page(struct check *check, struct page *page, u64 at,
			      bool private)
{
	unsigned long nr = check_named(&check->pages, page_to_pfn(page));

	if (!nr)
		return check_no_memory;
	check->state->nr_pages += nr == 1;
	if (page_count(page) < 1)
		return "a page in the tree is free";
	if (zxvmo_page_nr_slots(page) < nr)
		return "a page miscounts its slots";
	if (PageLRU(page) || PageCompound(page))
		return "a page is of the wrong sort";
	if (!page->mapping)
		return NULL;
	if (!private || zxvmo_page_is_shared(page))
		return "a page that is not owned names a mapping";
	if (page->mapping != check->mapping)
		return "a page names another mapping";
	if (page->index != at - check->tree->base)
		return "a page names another index";
	if (!PageDirty(page))
		return "a page is clean";
	return NULL;
}

/*
 * Goes down from the node at @level that should cover the indexes from @base on.
 * The recursion ends, as each node is one level below the one that names it.
 */
static const char *check_node(struct check *check, const struct zxvmo_node *node,
			      unsigned int level, u64 base, bool private)
{
	struct zxvmo_ptree_state *state = check->state;
	unsigned long nr = check_named(&check->nodes, (long)node >> 3);
	unsigned int used = 0, i;
	const char *flaw;

	state->index = base;
	if (!nr)
		return check_no_memory;
	if (refcount_read(&node->refs) < nr)
		return "a node miscounts its references";
	if (node->level != level)
		return "a node is on the wrong level";
	/* Seen below another tree */
	if (nr > 1)
		return NULL;
	private = private && refcount_read(&node->refs) == 1;
	if (!node->nr_slots || node->nr_slots > NODE_SLOTS)
		return "a node has a wrong number of slots";
	if (node->nr_slots < NODE_SLOTS && (level || base))
		return "a node is short and not the first leaf";
	state->nr_nodes++;
	state->nr_full_nodes += node->nr_slots == NODE_SLOTS;
	state->node_bytes += node_bytes(node);
	for (i = 0; i < node->nr_slots; i++) {
		unsigned long slot = node->slots[i];
		u64 at = base + ((u64)i << level_shift(level));

		if (!slot)
			continue;
		used++;
		state->index = at;
		switch (slot & ZXVMO_SLOT_MASK) {
		case ZXVMO_SLOT_PAGE:
			if (level)
				return "a page is above the leaves";
			flaw = check_page(check, slot_page(slot), at, private);
			/* Only leaves that know look at the pages. */
			if (!flaw && private && !node->shared_pages &&
			    zxvmo_page_is_shared(slot_page(slot)))
				flaw = "a leaf does not know of its shared page";
			break;
		case ZXVMO_SLOT_NODE:
			if (!level)
				return "a node is below a leaf";
			flaw = check_node(check, slot_node(slot), level - 1, at, private);
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

static const char *check_tree(struct check *check, const struct zxvmo_ptree *tree,
			      const struct address_space *mapping)
{
	struct zxvmo_node *root = slot_node(tree->root);

	check->tree = tree;
	check->mapping = mapping;
	if (!root)
		return NULL;
	if (root->level >= NODE_LEVELS)
		return "the tree is too high";
	return check_node(check, root, root->level, 0, true);
}

/* Nothing has been named more often than was seen. */
static const char *check_counts(struct check *check)
{
	unsigned long index;
	void *nr;

	xa_for_each(&check->nodes, index, nr) {
		if (refcount_read(&((struct zxvmo_node *)(index << 3))->refs) !=
		    xa_to_value(nr))
			return "a node has references from nowhere";
	}
	xa_for_each(&check->pages, index, nr) {
		if (zxvmo_page_nr_slots(pfn_to_page(index)) != xa_to_value(nr))
			return "a page counts slots that do not name it";
	}
	return NULL;
}

/**
 * zxvmo_ptree_check() - verify page trees
 * @trees: the trees; nobody else has a part in them, or changes them
 * @nr: number of @trees
 * @mapping: what pages that are owned belong to, if they were mapped
 * @state: receives what was counted and, if something is wrong, where
 *
 * Return: NULL, or what is wrong.
 */
const char *zxvmo_ptree_check(const struct zxvmo_ptree *const *trees, size_t nr,
			      const struct address_space *mapping,
			      struct zxvmo_ptree_state *state)
{
	const char *flaw = NULL;
	struct check check;
	size_t i;

	check_init(&check, state);
	for (i = 0; i < nr && !flaw; i++)
		flaw = check_tree(&check, trees[i], mapping);
	if (!flaw)
		flaw = check_counts(&check);
	check_exit(&check);
	return flaw;
}

static const char *check_vmo(struct check *check, struct zxvmo_vmo *vmo)
{
	const char *flaw = check_tree(check, &vmo->tree, zxvmo_vmo_mapping(vmo));
	u64 index = ZXVMO_LAST_INDEX;

	if (!flaw && vmo->discard)
		flaw = check_tree(check, &vmo->discard->dropped, NULL);
	if (flaw)
		return flaw;
	if (vmo->discarded && vmo->tree.root)
		return "a discarded VMO has pages";
	if (!PAGE_ALIGNED(vmo->size) || vmo->size > ZXVMO_MAX_SIZE)
		return "the size is no size";
	if (vmo->owner != vmo && vmo->tree.root)
		return "a slice or reference has pages";
	/* A resize that has not yet taken all pages away has the inode locked. */
	if (!inode_is_locked(vmo->object.inode) &&
	    zxvmo_ptree_prev(&vmo->tree, &index, vmo->size >> PAGE_SHIFT)) {
		check->state->index = index;
		return "a page is beyond the size";
	}
	return NULL;
}

/* What must hold of all VMOs together, whose locks are held. */
static const char *check_all(struct zxvmo_ptree_state *sum, u64 *koid)
{
	const char *flaw = NULL;
	struct zxvmo_vmo *vmo;
	struct check check;

	check_init(&check, sum);
	list_for_each_entry(vmo, &zxvmo_check_vmos, check_link) {
		/* It may be in the making, see zxvmo_handle_new(), or that has failed. */
		if (!smp_load_acquire(&vmo->object.inode))
			continue;
		flaw = check_vmo(&check, vmo);
		if (flaw) {
			*koid = vmo->object.koid;
			break;
		}
	}
	check_exit(&check);
	if (flaw)
		return flaw;
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
		down_write(&vmo->lock);
	flaw = check_all(&sum, &koid);
	list_for_each_entry(vmo, &zxvmo_check_vmos, check_link)
		up_write(&vmo->lock);
	lockdep_on();
	mutex_unlock(&zxvmo_check_lock);

	if (flaw == check_no_memory)
		return -ENOMEM;
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
