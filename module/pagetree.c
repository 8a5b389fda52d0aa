// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page tree: which page stands at which index of a VMO.
 *
 * A radix tree with 512 slots to a node, like a page table: level 0 nodes are
 * leaves, a slot of level 1 spans exactly one 2 MiB block. Indexes have 52
 * bits, so six levels suffice; the tree is only as high as its highest page
 * needs. Nodes that hold nothing do not exist: cost follows the populated
 * pages, never the size of the VMO.
 *
 * A slot is a pointer with its kind in the low bits, see enum zxvmo_slot. The
 * numbers of kinds that later parts need are fixed already; bits 3 and 4 are
 * free for the state of a page under a pager.
 *
 * The first leaf is only as long as a small VMO needs; slots beyond the end of
 * a short leaf are empty, and storing there makes it longer. Every other node
 * has all its slots.
 *
 * Nodes are reference-counted. A node is changed in place only while the tree
 * alone holds it, which so far is always so.
 *
 * All functions want the lock of the VMO that owns the tree, but those on
 * struct zxvmo_node_pool, which is private to its user: nodes are allocated
 * without the lock and put in by zxvmo_ptree_reserve() under it.
 */
#include <linux/log2.h>
#include <linux/nospec.h>
#include <linux/slab.h>

#include "pagetree.h"

/** zxvmo_nr_nodes - nodes of all trees and pools */
atomic_long_t zxvmo_nr_nodes = ATOMIC_LONG_INIT(0);

static struct kmem_cache *zxvmo_node_cache;

/* A full node counts as a page; a short leaf is part of what a VMO costs. */
static struct zxvmo_node *node_alloc(struct zxvmo_account *account,
				     unsigned int nr_slots)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN |
			  __GFP_RETRY_MAYFAIL;
	struct zxvmo_node *node;

	if (nr_slots == NODE_SLOTS) {
		if (zxvmo_account_charge(account, 1))
			return NULL;
		node = kmem_cache_alloc(zxvmo_node_cache, gfp);
		if (!node)
			zxvmo_account_uncharge(account, 1);
	} else {
		node = kmalloc(struct_size(node, slots, nr_slots), gfp);
	}
	if (!node)
		return NULL;
	refcount_set(&node->refs, 1);
	node->nr_slots = nr_slots;
	atomic_long_inc(&zxvmo_nr_nodes);
	return node;
}

static void node_put(struct zxvmo_account *account, struct zxvmo_node *node)
{
	if (!refcount_dec_and_test(&node->refs))
		return;
	atomic_long_dec(&zxvmo_nr_nodes);
	if (node->nr_slots == NODE_SLOTS) {
		zxvmo_account_uncharge(account, 1);
		kmem_cache_free(zxvmo_node_cache, node);
	} else {
		kfree(node);
	}
}

/**
 * zxvmo_ptree_leaf_last() - last index of the leaf that holds an index
 * @index: the index
 *
 * Return: the last index of the same leaf.
 */
u64 zxvmo_ptree_leaf_last(u64 index)
{
	return index | (NODE_SLOTS - 1);
}

/* The node of @level that covers @index, or NULL. */
static struct zxvmo_node *ptree_node(const struct zxvmo_ptree *tree, u64 index,
				     unsigned int level)
{
	struct zxvmo_node *node = tree->root;

	if (!node || node->level < level || index > node_span_last(node))
		return NULL;
	while (node && node->level > level)
		node = slot_node(node->slots[level_offset(index, node->level)]);
	return node;
}

/* The leaf that covers @index, or NULL; it may be too short to have the slot. */
static struct zxvmo_node *ptree_leaf(const struct zxvmo_ptree *tree, u64 index)
{
	return ptree_node(tree, index, 0);
}

/**
 * zxvmo_ptree_lookup() - find the page at an index
 * @tree: the tree
 * @index: the index
 *
 * Return: the page, without a reference of its own, or NULL.
 */
struct page *zxvmo_ptree_lookup(const struct zxvmo_ptree *tree, u64 index)
{
	struct zxvmo_node *leaf = ptree_leaf(tree, index);
	unsigned int offset = level_offset(index, 0);

	if (!leaf || offset >= leaf->nr_slots)
		return NULL;
	return slot_page(leaf->slots[array_index_nospec(offset, leaf->nr_slots)]);
}

/*
 * Moves *@index to the first populated index in [*@index, @last] and gives the
 * leaf it is in, or NULL. Where a node has nothing more, the search goes on
 * from the root behind the node's span.
 */
static struct zxvmo_node *ptree_next_leaf(const struct zxvmo_ptree *tree,
					  u64 *index, u64 last)
{
	while (tree->root && *index <= last &&
	       *index <= node_span_last(tree->root)) {
		struct zxvmo_node *node = tree->root;
		u64 base = 0;

		for (;;) {
			unsigned int shift = level_shift(node->level);
			unsigned int from = (*index - base) >> shift;
			unsigned int offset = from;

			while (offset < node->nr_slots && !node->slots[offset])
				offset++;
			if (offset >= node->nr_slots) {
				*index = base + node_span_last(node) + 1;
				break;
			}
			if (offset != from)
				*index = base + ((u64)offset << shift);
			if (*index > last)
				return NULL;
			if (!node->level)
				return node;
			base += (u64)offset << shift;
			node = slot_node(node->slots[offset]);
		}
	}
	return NULL;
}

/**
 * zxvmo_ptree_next() - find the next page
 * @tree: the tree
 * @index: where to begin; moved to the index of the page that is found
 * @last: last index to look at
 *
 * Return: the first page in [@index, @last], or NULL.
 */
struct page *zxvmo_ptree_next(const struct zxvmo_ptree *tree, u64 *index,
			      u64 last)
{
	struct zxvmo_node *leaf = ptree_next_leaf(tree, index, last);

	return leaf ? slot_page(leaf->slots[level_offset(*index, 0)]) : NULL;
}

/**
 * zxvmo_ptree_prev() - find the page before
 * @tree: the tree
 * @index: where to begin; moved to the index of the page that is found
 * @first: last index to look at, going down
 *
 * Return: the last page in [@first, @index], or NULL.
 */
struct page *zxvmo_ptree_prev(const struct zxvmo_ptree *tree, u64 *index,
			      u64 first)
{
	if (!tree->root)
		return NULL;
	*index = min(*index, node_span_last(tree->root));
	while (*index >= first) {
		struct zxvmo_node *node = tree->root;
		u64 base = 0;

		for (;;) {
			unsigned int shift = level_shift(node->level);
			int from = (*index - base) >> shift;
			int offset = min_t(int, from, node->nr_slots - 1);

			while (offset >= 0 && !node->slots[offset])
				offset--;
			if (offset < 0) {
				if (!base)
					return NULL;
				*index = base - 1;
				break;
			}
			if (offset != from)
				*index = base + ((offset + 1ULL) << shift) - 1;
			if (*index < first)
				return NULL;
			if (!node->level)
				return slot_page(node->slots[offset]);
			base += (u64)offset << shift;
			node = slot_node(node->slots[offset]);
		}
	}
	return NULL;
}

/**
 * zxvmo_ptree_next_absent() - find the next index without a page
 * @tree: the tree
 * @index: where to begin
 * @last: last index to look at
 *
 * Return: the first index in [@index, @last] that has no page, or @last + 1.
 */
u64 zxvmo_ptree_next_absent(const struct zxvmo_ptree *tree, u64 index, u64 last)
{
	while (index <= last) {
		struct zxvmo_node *leaf = ptree_leaf(tree, index);

		if (!leaf)
			return index;
		do {
			unsigned int offset = level_offset(index, 0);

			if (offset >= leaf->nr_slots || !leaf->slots[offset])
				return index;
		} while (++index <= last && level_offset(index, 0));
	}
	return index;
}

/**
 * zxvmo_ptree_count() - count the pages in a range
 * @tree: the tree
 * @first: first index
 * @last: last index
 *
 * Return: the number of pages in [@first, @last].
 */
u64 zxvmo_ptree_count(const struct zxvmo_ptree *tree, u64 first, u64 last)
{
	struct zxvmo_node *leaf;
	u64 nr = 0;

	while ((leaf = ptree_next_leaf(tree, &first, last))) {
		u64 end = min(last, zxvmo_ptree_leaf_last(first));

		do {
			unsigned int offset = level_offset(first, 0);

			if (offset < leaf->nr_slots && leaf->slots[offset])
				nr++;
		} while (first++ < end);
	}
	return nr;
}

/* Slots for the leaf at @index of a tree that is expected to have @nr_hint. */
static unsigned int leaf_slots(u64 index, u64 nr_hint)
{
	unsigned int nr = NODE_SLOTS;

	if (index < NODE_SLOTS && nr_hint < NODE_SLOTS) {
		/* What a slab of a power of two has room for. */
		size_t header = offsetof(struct zxvmo_node, slots);

		nr = max(index + 1, nr_hint);
		nr = (roundup_pow_of_two(header + nr * sizeof(long)) - header) /
		     sizeof(long);
	}
	return min(nr, NODE_SLOTS);
}

static struct zxvmo_node *pool_take(struct zxvmo_ptree *tree,
				    struct zxvmo_node_pool *pool,
				    unsigned int nr_slots)
{
	struct zxvmo_node *node;

	if (nr_slots == NODE_SLOTS) {
		node = pool->nodes;
		pool->nodes = (struct zxvmo_node *)node->slots[0];
		pool->nr--;
		node->slots[0] = 0;
	} else {
		node = pool->leaf;
		pool->leaf = NULL;
	}
	tree->node_bytes += node_bytes(node);
	return node;
}

/* Level of the root that a tree needs to hold @index. */
static unsigned int root_level(const struct zxvmo_ptree *tree, u64 index)
{
	unsigned int level = tree->root ? tree->root->level : 0;

	while (index >> level_shift(level + 1))
		level++;
	return level;
}

/* Nodes that are missing between the root and the leaf for @index. */
static unsigned int missing_nodes(const struct zxvmo_ptree *tree, u64 index)
{
	unsigned int level = root_level(tree, index);
	struct zxvmo_node *node = tree->root;

	if (!node)
		return level;
	/* The old root is below slot 0 of the new one, @index is not. */
	if (node->level < level)
		return level - node->level + level - 1;
	while (node->level) {
		level = node->level;
		node = slot_node(node->slots[level_offset(index, level)]);
		if (!node)
			return level - 1;
	}
	return 0;
}

/* Only the first leaf can be too short: it is the root or below its slot 0. */
static void replace_first_leaf(struct zxvmo_ptree *tree,
			       struct zxvmo_node *leaf)
{
	struct zxvmo_node *parent = NULL;
	struct zxvmo_node *old = tree->root;

	while (old->level) {
		parent = old;
		old = slot_node(old->slots[0]);
	}
	memcpy(leaf->slots, old->slots, old->nr_slots * sizeof(old->slots[0]));
	leaf->nr_used = old->nr_used;
	if (parent)
		parent->slots[0] = (unsigned long)leaf | ZXVMO_SLOT_NODE;
	else
		tree->root = leaf;
	tree->node_bytes -= node_bytes(old);
	node_put(tree->account, old);
}

/**
 * zxvmo_ptree_want() - find out which nodes a new page would take
 * @tree: the tree
 * @index: its index
 * @nr_hint: number of indexes that the VMO has
 * @pool: its want_ fields are set
 *
 * Return: true if @pool has too few, so that zxvmo_node_pool_fill() must get
 * more.
 */
bool zxvmo_ptree_want(const struct zxvmo_ptree *tree, u64 index, u64 nr_hint,
		      struct zxvmo_node_pool *pool)
{
	unsigned int nr_slots = leaf_slots(index, nr_hint);
	struct zxvmo_node *leaf = ptree_leaf(tree, index);

	pool->want_nodes = 0;
	pool->want_leaf_slots = 0;
	if (leaf && level_offset(index, 0) < leaf->nr_slots)
		return false;
	pool->want_nodes = missing_nodes(tree, index);
	if (nr_slots == NODE_SLOTS)
		pool->want_nodes++;
	else
		pool->want_leaf_slots = nr_slots;
	return pool->nr < pool->want_nodes ||
	       (pool->want_leaf_slots &&
		(!pool->leaf || pool->leaf->nr_slots < nr_slots));
}

/**
 * zxvmo_ptree_want_range() - find out which nodes a range would take
 * @tree: the tree
 * @first: first index
 * @last: last index, in another leaf than @first
 * @pool: its want_ fields are set
 */
void zxvmo_ptree_want_range(const struct zxvmo_ptree *tree, u64 first, u64 last,
			    struct zxvmo_node_pool *pool)
{
	unsigned int top = root_level(tree, last);
	unsigned int root = tree->root ? tree->root->level : top;
	unsigned int nr = tree->root ? top - root : 1;
	struct zxvmo_node *leaf = ptree_leaf(tree, first);
	unsigned int level;
	u64 i;

	/* A short leaf is replaced by a full one. */
	if (leaf && leaf->nr_slots < NODE_SLOTS)
		nr++;
	for (level = 0; level < top; level++) {
		unsigned int shift = level_shift(level + 1);

		for (i = first >> shift; i <= last >> shift; i++) {
			/* The leftmost ones above the old root are new roots. */
			if (!ptree_node(tree, i << shift, level) &&
			    (i || level <= root))
				nr++;
		}
	}
	pool->want_nodes = nr;
	pool->want_leaf_slots = 0;
}

/**
 * zxvmo_ptree_reserve() - make sure that there is a slot for an index
 * @tree: the tree
 * @index: the index
 * @nr_hint: number of indexes that the VMO has
 * @pool: where nodes come from
 *
 * Follow it by zxvmo_ptree_store() under the same lock: a tree has no empty
 * nodes.
 *
 * Return: 0; -EAGAIN if @pool has too few nodes. Then nothing has changed, and
 * @pool knows what zxvmo_node_pool_fill() has to get.
 */
int zxvmo_ptree_reserve(struct zxvmo_ptree *tree, u64 index, u64 nr_hint,
			struct zxvmo_node_pool *pool)
{
	unsigned int nr_slots = leaf_slots(index, nr_hint);
	struct zxvmo_node *node = ptree_leaf(tree, index);
	unsigned int level = root_level(tree, index);

	if (node && level_offset(index, 0) < node->nr_slots)
		return 0;
	if (zxvmo_ptree_want(tree, index, nr_hint, pool))
		return -EAGAIN;
	if (node) {
		replace_first_leaf(tree, pool_take(tree, pool, nr_slots));
		return 0;
	}
	if (!tree->root) {
		tree->root = pool_take(tree, pool, level ? NODE_SLOTS : nr_slots);
		tree->root->level = level;
	}
	while (tree->root->level < level) {
		node = pool_take(tree, pool, NODE_SLOTS);
		node->level = tree->root->level + 1;
		node->slots[0] = (unsigned long)tree->root | ZXVMO_SLOT_NODE;
		node->nr_used = 1;
		tree->root = node;
	}
	for (node = tree->root; node->level;) {
		unsigned long *slot =
			&node->slots[level_offset(index, node->level)];
		struct zxvmo_node *child = slot_node(*slot);

		if (!child) {
			child = pool_take(tree, pool,
					  node->level == 1 ? nr_slots : NODE_SLOTS);
			child->level = node->level - 1;
			*slot = (unsigned long)child | ZXVMO_SLOT_NODE;
			node->nr_used++;
		}
		node = child;
	}
	return 0;
}

/**
 * zxvmo_ptree_store() - put a page into a slot
 * @tree: the tree
 * @index: an index that zxvmo_ptree_reserve() has made a slot for, or one that
 *	has a page
 * @page: the page, whose reference passes to the tree
 *
 * Return: the page that was there, with its reference, or NULL.
 */
struct page *zxvmo_ptree_store(struct zxvmo_ptree *tree, u64 index,
			       struct page *page)
{
	struct zxvmo_node *leaf = ptree_leaf(tree, index);
	unsigned long *slot = &leaf->slots[level_offset(index, 0)];
	struct page *old = slot_page(*slot);

	if (!old) {
		leaf->nr_used++;
		tree->nr_pages++;
	}
	*slot = (unsigned long)page | ZXVMO_SLOT_PAGE;
	return old;
}

/**
 * zxvmo_ptree_remove() - take pages out, one leaf at a time
 * @tree: the tree
 * @first: first index
 * @last: last index
 * @pages: list that the pages are added to, in rising order, with their
 *	references
 *
 * Return: the index where to go on; nothing is left in [@first, @last] if it is
 * greater than @last.
 */
u64 zxvmo_ptree_remove(struct zxvmo_ptree *tree, u64 first, u64 last,
		       struct list_head *pages)
{
	struct zxvmo_node *path[NODE_LEVELS];
	struct zxvmo_node *node = ptree_next_leaf(tree, &first, last);
	u64 index = first;
	u64 end;

	if (!node)
		return last + 1;

	end = min(last, zxvmo_ptree_leaf_last(first));
	do {
		unsigned int offset = level_offset(index, 0);
		struct page *page;

		if (offset >= node->nr_slots)
			break;
		page = slot_page(node->slots[offset]);
		if (!page)
			continue;
		node->slots[offset] = ZXVMO_SLOT_EMPTY;
		node->nr_used--;
		tree->nr_pages--;
		list_add_tail(&page->lru, pages);
	} while (index++ < end);
	if (node->nr_used)
		return end + 1;

	for (node = tree->root; node->level;
	     node = slot_node(node->slots[level_offset(first, node->level)]))
		path[node->level] = node;
	while (!node->nr_used) {
		unsigned int level = node->level + 1;

		tree->node_bytes -= node_bytes(node);
		if (node == tree->root) {
			tree->root = NULL;
			node_put(tree->account, node);
			break;
		}
		node_put(tree->account, node);
		node = path[level];
		node->slots[level_offset(first, level)] = ZXVMO_SLOT_EMPTY;
		node->nr_used--;
	}
	return end + 1;
}

/**
 * zxvmo_node_pool_fill() - get the nodes that zxvmo_ptree_reserve() missed
 * @pool: the pool
 *
 * Return: 0 or -ENOMEM; zxvmo_node_pool_drain() frees what there is.
 */
int zxvmo_node_pool_fill(struct zxvmo_node_pool *pool)
{
	struct zxvmo_node *node;

	if (pool->leaf && pool->leaf->nr_slots < pool->want_leaf_slots) {
		node_put(pool->account, pool->leaf);
		pool->leaf = NULL;
	}
	if (pool->want_leaf_slots && !pool->leaf) {
		pool->leaf = node_alloc(pool->account, pool->want_leaf_slots);
		if (!pool->leaf)
			return -ENOMEM;
	}
	while (pool->nr < pool->want_nodes) {
		node = node_alloc(pool->account, NODE_SLOTS);
		if (!node)
			return -ENOMEM;
		node->slots[0] = (unsigned long)pool->nodes;
		pool->nodes = node;
		pool->nr++;
	}
	return 0;
}

/**
 * zxvmo_node_pool_drain() - free the nodes that were not needed
 * @pool: the pool
 */
void zxvmo_node_pool_drain(struct zxvmo_node_pool *pool)
{
	while (pool->nodes) {
		struct zxvmo_node *node = pool->nodes;

		pool->nodes = (struct zxvmo_node *)node->slots[0];
		node_put(pool->account, node);
	}
	pool->nr = 0;
	if (pool->leaf)
		node_put(pool->account, pool->leaf);
	pool->leaf = NULL;
}

/**
 * zxvmo_ptree_setup() - prepare what all page trees share
 *
 * Return: 0 or -ENOMEM.
 */
int zxvmo_ptree_setup(void)
{
	zxvmo_node_cache = kmem_cache_create("zxvmo_node",
					     offsetof(struct zxvmo_node, slots[NODE_SLOTS]),
					     0, SLAB_ACCOUNT, NULL);
	return zxvmo_node_cache ? 0 : -ENOMEM;
}

/** zxvmo_ptree_cleanup() - undo zxvmo_ptree_setup() */
void zxvmo_ptree_cleanup(void)
{
	kmem_cache_destroy(zxvmo_node_cache);
}
