// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changing a page tree: adding and removing pages. What a tree is, pagetree.c
 * tells.
 *
 * All functions want the lock of the VMO that owns the tree, for writing. What
 * needs nodes, for new paths or to make shared ones private, takes them from a
 * pool: it fails with -EAGAIN, with nothing changed and the pool knowing what it
 * wants, and is called again after zxvmo_node_pool_fill(), which is called
 * without the lock.
 */
#include <linux/log2.h>

#include "pagetree.h"

/* Slots for the leaf at @at if the tree is expected to end before @end. */
static unsigned int leaf_slots(u64 at, u64 end)
{
	unsigned int nr = NODE_SLOTS;

	if (at < NODE_SLOTS && end < NODE_SLOTS) {
		/* What a slab of a power of two has room for. */
		size_t header = offsetof(struct zxvmo_node, slots);

		nr = max(at + 1, end);
		nr = (roundup_pow_of_two(header + nr * sizeof(long)) - header) /
		     sizeof(long);
	}
	return min(nr, NODE_SLOTS);
}

/* Level of the root that a tree needs to hold @at. */
static unsigned int root_level(const struct zxvmo_ptree *tree, u64 at)
{
	unsigned int level = tree->root ? tree_root(tree)->level : 0;

	while (at >> level_shift(level + 1))
		level++;
	return level;
}

static void want_leaf(struct zxvmo_node_pool *pool, unsigned int nr_slots)
{
	if (nr_slots == NODE_SLOTS)
		pool->want_nodes++;
	else
		pool->want_leaf_slots = nr_slots;
}

/* Slots of the leaf that takes the place of @leaf so that it can hold @at. */
static unsigned int new_leaf_slots(const struct zxvmo_node *leaf, u64 at, u64 end)
{
	return max_t(unsigned int, leaf->nr_slots, leaf_slots(at, end));
}

static void ptree_want(const struct zxvmo_ptree *tree, u64 at, u64 end,
		       struct zxvmo_node_pool *pool)
{
	unsigned int level = root_level(tree, at);
	struct zxvmo_node *node = tree_root(tree);
	bool private = true;

	pool->want_nodes = 0;
	pool->want_leaf_slots = 0;
	if (!node || node->level < level) {
		/* The old root goes below slot 0 of the new one, @at does not. */
		pool->want_nodes = node ? level - node->level + level - 1 : level;
		want_leaf(pool, leaf_slots(at, end));
		return;
	}
	for (; node->level; node = slot_node(node->slots[level_offset(at, node->level)])) {
		private = private && node_is_private(node);
		if (!private)
			pool->want_nodes++;
		if (!node->slots[level_offset(at, node->level)]) {
			pool->want_nodes += node->level - 1;
			want_leaf(pool, leaf_slots(at, end));
			return;
		}
	}
	if (!private || !node_is_private(node) || level_offset(at, 0) >= node->nr_slots)
		want_leaf(pool, new_leaf_slots(node, at, end));
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
	ptree_want(tree, index + tree->base, nr_hint + tree->base, pool);
	return !zxvmo_node_pool_enough(pool);
}

/* Whether the node of @level at @at is there and the path to it private. */
static bool has_private_node(const struct zxvmo_ptree *tree, u64 at,
			     unsigned int level)
{
	struct zxvmo_node *node = tree_root(tree);

	if (!node || at > node_last(node, 0) || node->level < level)
		return false;
	while (node && node_is_private(node)) {
		if (node->level == level)
			return true;
		node = slot_node(node->slots[level_offset(at, node->level)]);
	}
	return false;
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
	u64 from = first + tree->base, to = last + tree->base;
	unsigned int top = root_level(tree, to);
	unsigned int old = tree->root ? tree_root(tree)->level : top;
	struct zxvmo_node *leaf = ptree_leaf(tree, from, true);
	unsigned int nr = 0;
	unsigned int level;
	u64 i;

	/* A short leaf is replaced by a full one. */
	if (leaf && leaf->nr_slots < NODE_SLOTS)
		nr++;
	for (level = 0; level <= top; level++) {
		unsigned int shift = level_shift(level + 1);

		for (i = from >> shift; i <= to >> shift; i++) {
			if (!has_private_node(tree, i << shift, level))
				nr++;
		}
	}
	/* New roots stand at the left edge, whether the range touches it or not. */
	for (level = old + 1; tree->root && level <= top; level++) {
		if (from >> level_shift(level + 1))
			nr++;
	}
	pool->want_nodes = nr;
	pool->want_leaf_slots = 0;
}

/*
 * Puts a copy in the place of the node in @slot. A private node is only too
 * short: the copy takes over what it names.
 */
static struct zxvmo_node *replace_node(unsigned long *slot,
				       struct zxvmo_node_pool *pool,
				       unsigned int nr_slots, struct list_head *pages)
{
	struct zxvmo_node *node = slot_node(*slot);
	struct zxvmo_node *copy = node_pool_take(pool, node->level, nr_slots);

	if (node_is_private(node)) {
		memcpy(copy->slots, node->slots,
		       node->nr_slots * sizeof(node->slots[0]));
		copy->nr_used = node->nr_used;
		copy->shared_pages = node->shared_pages;
		node_free(node);
	} else {
		node_copy(copy, node);
		node_put(node, pages);
	}
	*slot = node_slot(copy);
	return copy;
}

/**
 * zxvmo_ptree_reserve() - make sure that there is a slot for an index
 * @tree: the tree
 * @index: the index
 * @nr_hint: number of indexes that the VMO has
 * @pool: where nodes come from
 *
 * The path to the slot is private after it. Follow it by zxvmo_ptree_store()
 * under the same lock: a tree has no empty nodes.
 *
 * Return: 0; -EAGAIN if @pool has too few nodes. Then nothing has changed, and
 * @pool knows what zxvmo_node_pool_fill() has to get.
 */
int zxvmo_ptree_reserve(struct zxvmo_ptree *tree, u64 index, u64 nr_hint,
			struct zxvmo_node_pool *pool)
{
	u64 at = index + tree->base, end = nr_hint + tree->base;
	unsigned int level = root_level(tree, at);
	struct zxvmo_node *node;
	unsigned long *slot;
	LIST_HEAD(pages);

	node = ptree_leaf(tree, at, true);
	if (node && level_offset(at, 0) < node->nr_slots)
		return 0;
	if (zxvmo_ptree_want(tree, index, nr_hint, pool))
		return -EAGAIN;

	while (tree->root && tree_root(tree)->level < level) {
		node = node_pool_take(pool, tree_root(tree)->level + 1, NODE_SLOTS);
		node->slots[0] = tree->root;
		node->nr_used = 1;
		tree->root = node_slot(node);
	}
	slot = &tree->root;
	node = NULL;
	for (;; level--) {
		if (!*slot) {
			*slot = node_slot(node_pool_take(pool, level, level ? NODE_SLOTS :
							 leaf_slots(at, end)));
			if (node)
				node->nr_used++;
		}
		node = slot_node(*slot);
		if (!node_is_private(node) || (!level && level_offset(at, 0) >= node->nr_slots))
			node = replace_node(slot, pool, level ? NODE_SLOTS :
					    new_leaf_slots(node, at, end), &pages);
		if (!level)
			break;
		slot = &node->slots[level_offset(at, level)];
	}
	/* The copies name all that the originals did: none was the last. */
	WARN_ON_ONCE(!list_empty(&pages));
	return 0;
}

/**
 * zxvmo_ptree_store() - put a page into a slot
 * @tree: the tree
 * @index: an index that zxvmo_ptree_reserve() has made a slot for
 * @page: the page, whose slot this is
 *
 * Return: the page that was there, or NULL. It is up to the caller to give it to
 * zxvmo_page_drop_slot().
 */
struct page *zxvmo_ptree_store(struct zxvmo_ptree *tree, u64 index,
			       struct page *page)
{
	u64 at = index + tree->base;
	struct zxvmo_node *leaf = ptree_leaf(tree, at, true);
	unsigned long *slot = &leaf->slots[level_offset(at, 0)];
	struct page *old = slot_page(*slot);

	if (!old)
		leaf->nr_used++;
	*slot = page_slot(page);
	return old;
}

/* Empties the slots of a private leaf in [@at, @end]. */
static void leaf_remove(struct zxvmo_node *leaf, u64 at, u64 end,
			struct list_head *pages)
{
	for (; at <= end && level_offset(at, 0) < leaf->nr_slots; at++) {
		unsigned long *slot = &leaf->slots[level_offset(at, 0)];
		struct page *page = slot_page(*slot);

		if (!page)
			continue;
		*slot = ZXVMO_SLOT_EMPTY;
		leaf->nr_used--;
		if (zxvmo_page_drop_slot(page))
			list_add_tail(&page->lru, pages);
	}
}

/* Whether a removal can take a shared node with all below it as a whole. */
static bool goes_whole(const struct zxvmo_node *node, u64 at, u64 from, u64 to,
		       unsigned int max_level)
{
	return node->level <= max_level && node_first(node, at) >= from &&
	       node_last(node, at) <= to;
}

/* What making the path to @at private takes, down to what goes as a whole. */
static void want_split(const struct zxvmo_ptree *tree, u64 at, u64 from, u64 to,
		       unsigned int max_level, struct zxvmo_node_pool *pool)
{
	struct zxvmo_node *node = tree_root(tree);
	bool private = true;

	pool->want_nodes = 0;
	pool->want_leaf_slots = 0;
	for (;; node = slot_node(node->slots[level_offset(at, node->level)])) {
		private = private && node_is_private(node);
		if (!private && goes_whole(node, at, from, to, max_level))
			return;
		if (!private)
			want_leaf(pool, node->nr_slots);
		if (!node->level)
			return;
	}
}

/*
 * Makes the path to the populated index @at private, down to its leaf, which is
 * returned, or to a shared node that goes as a whole. @path receives the slots.
 */
static struct zxvmo_node *ptree_split(struct zxvmo_ptree *tree, u64 at, u64 from,
				      u64 to, unsigned int max_level,
				      struct zxvmo_node_pool *pool,
				      unsigned long **path, bool *whole,
				      struct list_head *pages)
{
	unsigned long *slot = &tree->root;

	want_split(tree, at, from, to, max_level, pool);
	if (!zxvmo_node_pool_enough(pool))
		return NULL;
	for (;;) {
		struct zxvmo_node *node = slot_node(*slot);

		path[node->level] = slot;
		*whole = false;
		if (!node_is_private(node)) {
			*whole = goes_whole(node, at, from, to, max_level);
			if (*whole)
				return node;
			node = replace_node(slot, pool, node->nr_slots, pages);
		}
		if (!node->level)
			return node;
		slot = &node->slots[level_offset(at, node->level)];
	}
}

/* The last index of a range as the nodes count. */
static u64 range_last(const struct zxvmo_ptree *tree, u64 last)
{
	return last == U64_MAX ? U64_MAX : last + tree->base;
}

/**
 * zxvmo_ptree_split() - let all that follows an index be removed without nodes
 * @tree: the tree
 * @first: the index
 * @pool: where copies of nodes come from
 * @removed: receives what nobody needs any more
 *
 * That holds until the tree is cloned.
 *
 * Return: 0; -EAGAIN if @pool has too few nodes, with nothing changed.
 */
int zxvmo_ptree_split(struct zxvmo_ptree *tree, u64 first,
		      struct zxvmo_node_pool *pool, struct zxvmo_removed *removed)
{
	u64 from = first + tree->base, at = from;
	unsigned long *path[NODE_LEVELS];
	bool whole;

	if (!ptree_next_leaf(tree, &at, U64_MAX, false))
		return 0;
	return ptree_split(tree, at, from, U64_MAX, NODE_LEVELS, pool, path, &whole,
			   &removed->pages) ? 0 : -EAGAIN;
}

/**
 * zxvmo_ptree_remove() - take the next pages out
 * @tree: the tree
 * @first: first index; moved to where to go on
 * @last: last index; U64_MAX: to the end
 * @max_level: a node that relatives share goes as a whole, if the range covers
 *	it, up to this level
 * @pool: where copies of nodes come from
 * @removed: receives what was taken out; its node must be empty
 *
 * Takes out the pages of one leaf, or a shared node with all below it.
 *
 * Return: 1 if something was taken out, 0 if nothing is left; -EAGAIN if @pool
 * has too few nodes, with nothing changed.
 */
int zxvmo_ptree_remove(struct zxvmo_ptree *tree, u64 *first, u64 last,
		       unsigned int max_level, struct zxvmo_node_pool *pool,
		       struct zxvmo_removed *removed)
{
	u64 from = *first + tree->base, to = range_last(tree, last), at = from;
	unsigned long *path[NODE_LEVELS];
	struct zxvmo_node *node;
	unsigned int level;
	bool whole;

	if (!ptree_next_leaf(tree, &at, to, false))
		return 0;
	node = ptree_split(tree, at, from, to, max_level, pool, path, &whole,
			   &removed->pages);
	if (!node)
		return -EAGAIN;

	level = node->level;
	to = min(to, node_last(node, at));
	*first = to + 1 - tree->base;
	if (!whole) {
		leaf_remove(node, at, to, &removed->pages);
		if (node->nr_used)
			return 1;
		node_free(node);
	} else {
		removed->node = node;
	}
	/* Nodes that hold nothing go. */
	while (*path[level] = ZXVMO_SLOT_EMPTY, path[level] != &tree->root) {
		node = slot_node(*path[++level]);
		if (--node->nr_used)
			break;
		node_free(node);
	}
	return 1;
}
