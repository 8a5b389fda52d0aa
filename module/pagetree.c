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
 * Here is what looks at a tree; pagetree_change.c has what changes it. All
 * functions want the lock of the VMO that owns the tree.
 */
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

/* The leaf that covers @at, or NULL; with @private only if its path is. */
struct zxvmo_node *ptree_leaf(const struct zxvmo_ptree *tree, u64 at, bool private)
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
 * zxvmo_ptree_set_shared() - a page is given to somebody
 * @tree: the tree
 * @index: an index with a page that the tree's VMO does not own
 *
 * The page is SHARED from now on.
 */
void zxvmo_ptree_set_shared(const struct zxvmo_ptree *tree, u64 index)
{
	u64 at = index + tree->base;
	struct zxvmo_node *leaf = ptree_leaf(tree, at, false);

	WRITE_ONCE(leaf->shared_pages, true);
	zxvmo_page_set_shared(leaf_page(leaf, at));
}

/*
 * Moves *@at to the first populated index in [*@at, @last] and gives the leaf it
 * is in, or NULL. Where a node has nothing more, the search goes on from the root
 * behind the node's span. With @private nothing counts that relatives can reach.
 */
struct zxvmo_node *ptree_next_leaf(const struct zxvmo_ptree *tree, u64 *at,
				   u64 last, bool private)
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
 * zxvmo_ptree_run() - find pages that stand side by side
 * @tree: the tree
 * @index: where to begin; moved to the index of the first page that is found
 * @last: last index to look at
 * @pages: receives the pages
 * @max: how many there can be in @pages
 * @mapping: mapping of the VMO
 * @owned: receives whether all of them carry @mapping
 *
 * Return: their number; 0 if there is none in [@index, @last].
 */
unsigned int zxvmo_ptree_run(const struct zxvmo_ptree *tree, u64 *index, u64 last,
			     struct page **pages, unsigned int max,
			     const struct address_space *mapping, bool *owned)
{
	u64 at = *index + tree->base;
	const struct zxvmo_node *leaf = ptree_next_leaf(tree, &at, last + tree->base, false);
	const unsigned long *slot;
	unsigned int nr;

	*index = at - tree->base;
	*owned = true;
	if (!leaf)
		return 0;
	slot = &leaf->slots[level_offset(at, 0)];
	max = min3((u64)max, last - *index + 1, (u64)leaf->nr_slots - level_offset(at, 0));
	for (nr = 0; nr < max && slot[nr]; nr++) {
		pages[nr] = slot_page(slot[nr]);
		if (READ_ONCE(pages[nr]->mapping) != mapping)
			*owned = false;
	}
	return nr;
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

/*
 * The first index in [@index, @last] without a page; with @owned also one whose
 * page is not owned, which @page receives.
 */
static u64 next_gap(const struct zxvmo_ptree *tree, u64 index, u64 last, bool owned,
		    struct page **page)
{
	u64 at = index + tree->base;

	last += tree->base;
	while (at <= last) {
		struct zxvmo_node *leaf = ptree_leaf(tree, at, false);
		bool shared = owned && leaf && !ptree_leaf(tree, at, true);
		bool look = owned && leaf && leaf->shared_pages;

		do {
			*page = leaf_page(leaf, at);
			if (!*page || shared ||
			    (look && zxvmo_page_is_shared(*page)))
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
	struct page *page;

	return next_gap(tree, index, last, false, &page);
}

/**
 * zxvmo_ptree_next_unowned() - find the next index without an owned page
 * @tree: the tree
 * @index: where to begin
 * @last: last index to look at
 * @page: receives the page that is there and not owned, or NULL
 *
 * Return: the first index in [@index, @last] where the tree's VMO has no page of
 * its own, or @last + 1.
 */
u64 zxvmo_ptree_next_unowned(const struct zxvmo_ptree *tree, u64 index, u64 last,
			     struct page **page)
{
	return next_gap(tree, index, last, true, page);
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
