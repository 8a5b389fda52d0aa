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
 * The tree is persistent: VMOs that are snapshots of each other share the nodes
 * that none of them has changed since, see node.c. A path from the root is
 * private as far as each node on it has one reference; the first node that has
 * more is shared and all below it with it. To change something, the path to it
 * is made private by copying, which takes at most one node for each level. All
 * relatives use the indexes of the VMO they descend from, so that nodes can be
 * shared whatever page a child begins with; @base translates.
 *
 * The first leaf is only as long as a small VMO needs; slots beyond the end of
 * a short leaf are empty, and storing there makes it longer. Every other node
 * has all its slots.
 *
 * All functions want the lock of the VMO that owns the tree, for writing if they
 * change it. What needs nodes takes them from a pool: it fails with -EAGAIN,
 * with nothing changed and the pool knowing what it wants, and is called again
 * after zxvmo_node_pool_fill(), which is called without the lock.
 */
#include <linux/log2.h>
#include <linux/nospec.h>

#include "pagetree.h"

/**
 * zxvmo_ptree_leaf_last() - last index of the leaf that holds an index
 * @tree: the tree
 * @index: the index
 *
 * Return: the last index of the same leaf.
 */
u64 zxvmo_ptree_leaf_last(const struct zxvmo_ptree *tree, u64 index)
{
	return ((index + tree->base) | (NODE_SLOTS - 1)) - tree->base;
}

static struct zxvmo_node *tree_root(const struct zxvmo_ptree *tree)
{
	return slot_node(tree->root);
}

/* The leaf that covers @at, or NULL; with @private only if its path is. */
static struct zxvmo_node *ptree_leaf(const struct zxvmo_ptree *tree, u64 at,
				     bool private)
{
	struct zxvmo_node *node = tree_root(tree);

	if (!node || at > node_last(node, 0))
		return NULL;
	while (node && !(private && !node_is_private(node))) {
		if (!node->level)
			return node;
		node = slot_node(node->slots[level_offset(at, node->level)]);
	}
	return NULL;
}

static struct page *leaf_page(const struct zxvmo_node *leaf, u64 at)
{
	unsigned int offset = level_offset(at, 0);

	if (!leaf || offset >= leaf->nr_slots)
		return NULL;
	return slot_page(leaf->slots[array_index_nospec(offset, leaf->nr_slots)]);
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
	u64 at = index + tree->base;

	return leaf_page(ptree_leaf(tree, at, false), at);
}

/**
 * zxvmo_ptree_lookup_private() - find a page that no relative can reach
 * @tree: the tree
 * @index: the index
 *
 * Return: the page, if one stands there and the path to it is private, or NULL.
 * The tree's VMO owns it if it is not SHARED.
 */
struct page *zxvmo_ptree_lookup_private(const struct zxvmo_ptree *tree, u64 index)
{
	u64 at = index + tree->base;

	return leaf_page(ptree_leaf(tree, at, true), at);
}

/**
 * zxvmo_ptree_lookup_shared() - find a page to let others hold it
 * @tree: the tree
 * @index: an index whose page the tree's VMO does not own
 *
 * Return: the page, which is SHARED from now on, or NULL.
 */
struct page *zxvmo_ptree_lookup_shared(const struct zxvmo_ptree *tree, u64 index)
{
	u64 at = index + tree->base;
	struct zxvmo_node *leaf = ptree_leaf(tree, at, false);
	struct page *page = leaf_page(leaf, at);

	if (page) {
		WRITE_ONCE(leaf->shared_pages, true);
		zxvmo_page_set_shared(page);
	}
	return page;
}

/*
 * Moves *@at to the first populated index in [*@at, @last] and gives the leaf it
 * is in, or NULL. Where a node has nothing more, the search goes on from the root
 * behind the node's span. With @private nothing counts that relatives can reach.
 */
static struct zxvmo_node *ptree_next_leaf(const struct zxvmo_ptree *tree,
					  u64 *at, u64 last, bool private)
{
	struct zxvmo_node *root = tree_root(tree);

	while (root && *at <= last && *at <= node_last(root, 0)) {
		struct zxvmo_node *node = root;

		for (;;) {
			unsigned int from = level_offset(*at, node->level);
			unsigned int offset = from;

			while (offset < node->nr_slots && !node->slots[offset])
				offset++;
			if (offset >= node->nr_slots ||
			    (private && !node_is_private(node))) {
				*at = node_last(node, *at) + 1;
				break;
			}
			if (offset != from)
				*at = node_first(node, *at) +
				      ((u64)offset << level_shift(node->level));
			if (*at > last)
				return NULL;
			if (!node->level)
				return node;
			node = slot_node(node->slots[offset]);
		}
	}
	return NULL;
}

static struct page *ptree_next(const struct zxvmo_ptree *tree, u64 *index,
			       u64 last, bool private)
{
	u64 at = *index + tree->base;
	struct zxvmo_node *leaf;

	leaf = ptree_next_leaf(tree, &at, last + tree->base, private);
	*index = at - tree->base;
	return leaf ? slot_page(leaf->slots[level_offset(at, 0)]) : NULL;
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
	return ptree_next(tree, index, last, false);
}

/**
 * zxvmo_ptree_next_owned() - find the next page that the tree's VMO owns
 * @tree: the tree
 * @index: where to begin; moved to the index of the page that is found
 * @last: last index to look at
 *
 * Costs nothing for what is below shared nodes.
 *
 * Return: the first owned page in [@index, @last], or NULL.
 */
struct page *zxvmo_ptree_next_owned(const struct zxvmo_ptree *tree, u64 *index,
				    u64 last)
{
	struct page *page;

	while ((page = ptree_next(tree, index, last, true)) &&
	       zxvmo_page_is_shared(page))
		++*index;
	return page;
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
	struct zxvmo_node *root = tree_root(tree);
	u64 at = *index + tree->base;

	first += tree->base;
	if (!root)
		return NULL;
	at = min(at, node_last(root, 0));
	while (at >= first) {
		struct zxvmo_node *node = root;

		for (;;) {
			int from = level_offset(at, node->level);
			int offset = min_t(int, from, node->nr_slots - 1);

			while (offset >= 0 && !node->slots[offset])
				offset--;
			if (offset < 0) {
				at = node_first(node, at);
				if (!at--)
					return NULL;
				break;
			}
			if (offset != from)
				at = node_first(node, at) +
				     ((offset + 1ULL) << level_shift(node->level)) - 1;
			if (at < first)
				return NULL;
			if (!node->level) {
				*index = at - tree->base;
				return slot_page(node->slots[offset]);
			}
			node = slot_node(node->slots[offset]);
		}
	}
	return NULL;
}

/* The first index in [@index, @last] without a page, or one that is not owned. */
static u64 next_gap(const struct zxvmo_ptree *tree, u64 index, u64 last, bool owned)
{
	u64 at = index + tree->base;

	last += tree->base;
	while (at <= last) {
		struct zxvmo_node *leaf = ptree_leaf(tree, at, owned);
		bool look = owned && leaf && leaf->shared_pages;

		do {
			struct page *page = leaf_page(leaf, at);

			if (!page || (look && zxvmo_page_is_shared(page)))
				return at - tree->base;
		} while (++at <= last && level_offset(at, 0));
	}
	return at - tree->base;
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
	return next_gap(tree, index, last, false);
}

/**
 * zxvmo_ptree_next_unowned() - find the next index without an owned page
 * @tree: the tree
 * @index: where to begin
 * @last: last index to look at
 *
 * Return: the first index in [@index, @last] where the tree's VMO has no page of
 * its own, or @last + 1.
 */
u64 zxvmo_ptree_next_unowned(const struct zxvmo_ptree *tree, u64 index, u64 last)
{
	return next_gap(tree, index, last, true);
}

/* Counts the used slots in [@at, @end], all in @leaf; with @owned the owned pages. */
static u64 leaf_count(const struct zxvmo_node *leaf, u64 at, u64 end, bool owned)
{
	bool look = owned && leaf->shared_pages;
	u64 nr = 0;

	if (!look && at == node_first(leaf, at) && end == node_last(leaf, at))
		return leaf->nr_used;
	for (; at <= end; at++) {
		struct page *page = leaf_page(leaf, at);

		if (page && !(look && zxvmo_page_is_shared(page)))
			nr++;
	}
	return nr;
}

static u64 ptree_count(const struct zxvmo_ptree *tree, u64 first, u64 last,
		       bool owned)
{
	u64 from = first + tree->base, at = from;
	struct zxvmo_node *leaf;
	u64 nr = 0;

	last += tree->base;
	while ((leaf = ptree_next_leaf(tree, &at, last, owned))) {
		u64 end = min(last, node_last(leaf, at));

		nr += leaf_count(leaf, max(from, node_first(leaf, at)), end, owned);
		at = end + 1;
	}
	return nr;
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
	return ptree_count(tree, first, last, false);
}

/**
 * zxvmo_ptree_count_owned() - count the pages in a range that the VMO owns
 * @tree: the tree
 * @first: first index
 * @last: last index
 *
 * Return: the number of owned pages in [@first, @last].
 */
u64 zxvmo_ptree_count_owned(const struct zxvmo_ptree *tree, u64 first, u64 last)
{
	return ptree_count(tree, first, last, true);
}

static u64 nodes_bytes(const struct zxvmo_node *node)
{
	u64 bytes = node_bytes(node);
	unsigned int i;

	for (i = 0; node->level && i < node->nr_slots; i++) {
		if (node->slots[i])
			bytes += nodes_bytes(slot_node(node->slots[i]));
	}
	return bytes;
}

/**
 * zxvmo_ptree_bytes() - memory that a tree takes
 * @tree: the tree
 *
 * Return: bytes of all its nodes, shared ones in full.
 */
u64 zxvmo_ptree_bytes(const struct zxvmo_ptree *tree)
{
	return tree->root ? nodes_bytes(tree_root(tree)) : 0;
}

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

/**
 * zxvmo_ptree_get_leaf() - look at all pages of one leaf
 * @tree: the tree
 * @index: an index with a page
 * @leaf: receives what there is
 */
void zxvmo_ptree_get_leaf(const struct zxvmo_ptree *tree, u64 index,
			  struct zxvmo_leaf *leaf)
{
	struct zxvmo_node *node;
	unsigned int i;

	leaf->at = index + tree->base;
	node = ptree_leaf(tree, leaf->at, false);
	for (i = 0; i < NODE_SLOTS; i++)
		leaf->pages[i] = leaf_page(node, i);
	leaf->node = node;
	leaf->shared = node->shared_pages || !ptree_leaf(tree, leaf->at, true);
}

/**
 * zxvmo_ptree_count_sharers() - find out which pages another tree has as well
 * @tree: the other tree
 * @leaf: the pages
 * @sharers: ZXVMO_LEAF_PAGES counters, of which those of such pages are raised
 */
void zxvmo_ptree_count_sharers(const struct zxvmo_ptree *tree,
			       const struct zxvmo_leaf *leaf, u32 *sharers)
{
	struct zxvmo_node *node = ptree_leaf(tree, leaf->at, false);
	unsigned int i;

	for (i = 0; node && i < node->nr_slots; i++) {
		if (node == leaf->node || (leaf->pages[i] && leaf->pages[i] == leaf_page(node, i)))
			sharers[i]++;
	}
}
