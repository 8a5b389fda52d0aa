// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cloning a part of a page tree: a new tree that shares with the old one every
 * node that lies in the range. Only nodes that reach across the range's ends are
 * copied, at most two for each level. So are those with a pinned page below, a
 * page that the kernel is using for I/O on behalf of the old tree's VMO, which
 * goes on owning it: the new tree gets a copy of the page.
 */
#include <linux/highmem.h>

#include "pagetree.h"

/**
 * struct clone - a clone being made
 * @first: first index, counted as the nodes count
 * @last: last index, likewise
 * @base: what to add to the index of a pinned page
 * @pinned: pinned pages that are still to come, by rising index
 * @end: head of the list of them
 * @supply: nodes and pages for the new tree
 */
struct clone {
	u64 first;
	u64 last;
	u64 base;
	struct list_head *pinned;
	struct list_head *end;
	struct zxvmo_supply *supply;
};

/* The next pinned page if it is below @node, which has @at below it, or NULL. */
static struct page *next_pinned(const struct clone *clone,
				const struct zxvmo_node *node, u64 at)
{
	struct page *page;

	if (clone->pinned == clone->end)
		return NULL;
	page = list_entry(clone->pinned, struct page, lru);
	return page->index + clone->base <= node_last(node, at) ? page : NULL;
}

/* Whether the new tree can use @node, with @at below it, as it is. */
static bool is_whole(const struct clone *clone, const struct zxvmo_node *node, u64 at)
{
	return clone->first <= node_first(node, at) &&
	       clone->last >= node_last(node, at) && !next_pinned(clone, node, at);
}

/* The part of the range that is below @node, as offsets of its slots. */
static void clip(const struct clone *clone, const struct zxvmo_node *node, u64 at,
		 unsigned int *from, unsigned int *to)
{
	*from = level_offset(max(clone->first, node_first(node, at)), node->level);
	*to = level_offset(min(clone->last, node_last(node, at)), node->level);
	*to = min_t(unsigned int, *to + 1, node->nr_slots);
}

static u64 slot_index(const struct zxvmo_node *node, u64 at, unsigned int offset)
{
	return node_first(node, at) + ((u64)offset << level_shift(node->level));
}

/* Counts the nodes and pages that clone_node() takes. Six levels at most. */
static void clone_want(struct clone *clone, const struct zxvmo_node *node, u64 at)
{
	struct zxvmo_node_pool *pool = &clone->supply->pool;
	unsigned int i, to;

	if (is_whole(clone, node, at))
		return;
	if (node->nr_slots == NODE_SLOTS)
		pool->want_nodes++;
	else
		pool->want_leaf_slots = node->nr_slots;
	if (!node->level) {
		for (; next_pinned(clone, node, at); clone->pinned = clone->pinned->next)
			clone->supply->want++;
		return;
	}
	for (clip(clone, node, at, &i, &to); i < to; i++) {
		if (node->slots[i])
			clone_want(clone, slot_node(node->slots[i]),
				   slot_index(node, at, i));
	}
}

static struct page *clone_page(struct clone *clone, struct page *page)
{
	struct page *copy;

	if (clone->pinned == clone->end || page != list_entry(clone->pinned, struct page, lru)) {
		zxvmo_page_add_slot(page);
		return page;
	}
	clone->pinned = clone->pinned->next;
	copy = zxvmo_supply_take(clone->supply);
	copy_highpage(copy, page);
	cond_resched();
	return copy;
}

static void clone_leaf(struct clone *clone, struct zxvmo_node *copy,
		       struct zxvmo_node *leaf, u64 at)
{
	unsigned int i, to;

	for (clip(clone, leaf, at, &i, &to); i < to; i++) {
		if (!leaf->slots[i])
			continue;
		copy->slots[i] = page_slot(clone_page(clone, slot_page(leaf->slots[i])));
		copy->nr_used++;
	}
	copy->shared_pages = true;
	WRITE_ONCE(leaf->shared_pages, true);
}

/* What the new tree has in the place of @node, with a reference, or NULL. */
static struct zxvmo_node *clone_node(struct clone *clone, struct zxvmo_node *node,
				     u64 at)
{
	struct zxvmo_node *copy, *child;
	unsigned int i, to;

	if (is_whole(clone, node, at)) {
		refcount_inc(&node->refs);
		return node;
	}
	copy = node_pool_take(&clone->supply->pool, node->level, node->nr_slots);
	if (!node->level) {
		clone_leaf(clone, copy, node, at);
	} else {
		for (clip(clone, node, at, &i, &to); i < to; i++) {
			child = slot_node(node->slots[i]);
			if (child)
				child = clone_node(clone, child, slot_index(node, at, i));
			if (!child)
				continue;
			copy->slots[i] = node_slot(child);
			copy->nr_used++;
		}
	}
	if (copy->nr_used)
		return copy;
	node_pool_return(&clone->supply->pool, copy);
	return NULL;
}

static void clone_init(struct clone *clone, const struct zxvmo_ptree *src, u64 first,
		       u64 last, struct list_head *pinned, struct zxvmo_supply *supply)
{
	*clone = (struct clone) {
		/* A tree has nothing before its index 0. */
		.first = first ? first + src->base : 0,
		.last = last == U64_MAX ? U64_MAX : last + src->base,
		.base = src->base,
		.pinned = pinned->next,
		.end = pinned,
		.supply = supply,
	};
}

/**
 * zxvmo_ptree_clone_ready() - whether all is there that a clone takes
 * @src: the tree to clone
 * @first: first index
 * @last: last index; U64_MAX if @src has nothing beyond the range
 * @pinned: pages of @src that it keeps for itself, by rising index
 * @supply: where nodes and copies of pages come from
 *
 * Return: false if @supply must be filled first, which knows with what.
 */
bool zxvmo_ptree_clone_ready(const struct zxvmo_ptree *src, u64 first, u64 last,
			     struct list_head *pinned,
			     struct zxvmo_supply *supply)
{
	struct zxvmo_node *root = slot_node(src->root);
	struct clone clone;

	supply->want = 0;
	supply->pool.want_nodes = 0;
	supply->pool.want_leaf_slots = 0;
	clone_init(&clone, src, first, last, pinned, supply);
	if (root && clone.first <= node_last(root, 0))
		clone_want(&clone, root, 0);
	return supply->nr >= supply->want && zxvmo_node_pool_enough(&supply->pool);
}

/**
 * zxvmo_ptree_clone() - make an empty tree share a range of another one
 * @dst: the empty tree; index 0 there is @first of @src
 * @src: the other tree
 * @first: first index
 * @last: last index; U64_MAX if @src has nothing beyond the range
 * @pinned: pages of @src that it keeps for itself, by rising index
 * @supply: where nodes and copies of pages come from, of which
 *	zxvmo_ptree_clone_ready() has found enough
 */
void zxvmo_ptree_clone(struct zxvmo_ptree *dst, const struct zxvmo_ptree *src,
		       u64 first, u64 last, struct list_head *pinned,
		       struct zxvmo_supply *supply)
{
	struct zxvmo_node *root = slot_node(src->root);
	struct clone clone;

	clone_init(&clone, src, first, last, pinned, supply);
	dst->base = first + src->base;
	if (root && clone.first <= node_last(root, 0))
		root = clone_node(&clone, root, 0);
	else
		root = NULL;
	dst->root = root ? node_slot(root) : ZXVMO_SLOT_EMPTY;
}
