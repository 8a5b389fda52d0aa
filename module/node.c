// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nodes of page trees: their memory, their references, and pools of them that
 * are filled ahead of a lock.
 *
 * A node is named by slots of other nodes and by roots, each of which holds a
 * reference. Whoever finds that it holds the only one, and nobody else can come
 * by another, may change the node; before that it is never changed. A copy first
 * takes its references on what the slots name and then drops the one on the
 * original, so that whoever is left with the original sees that it shares
 * everything below.
 */
#include <linux/slab.h>

#include "pagetree.h"

/** zxvmo_nr_nodes - nodes of all trees and pools */
atomic_long_t zxvmo_nr_nodes = ATOMIC_LONG_INIT(0);

static struct kmem_cache *zxvmo_node_cache;

/* Memory that a node takes. */
size_t node_bytes(const struct zxvmo_node *node)
{
	return struct_size(node, slots, node->nr_slots);
}

/* A full node counts as a page; a short leaf is part of what a VMO costs. */
static struct zxvmo_node *node_alloc(struct zxvmo_account *account,
				     unsigned int nr_slots)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN |
			  __GFP_RETRY_MAYFAIL;
	struct zxvmo_node *node;

	if (nr_slots == NODE_SLOTS) {
		if (zxvmo_account_charge_reclaim(account, 1))
			return NULL;
		node = kmem_cache_alloc(zxvmo_node_cache, gfp);
		if (!node)
			zxvmo_account_uncharge(zxvmo_account_id(account), 1);
	} else {
		node = kmalloc(struct_size(node, slots, nr_slots), gfp);
	}
	if (!node)
		return NULL;
	refcount_set(&node->refs, 1);
	node->account = zxvmo_account_id(account);
	node->nr_slots = nr_slots;
	atomic_long_inc(&zxvmo_nr_nodes);
	return node;
}

/* Frees a node and leaves alone what its slots name. */
void node_free(struct zxvmo_node *node)
{
	u32 account = node->account;

	atomic_long_dec(&zxvmo_nr_nodes);
	if (node->nr_slots == NODE_SLOTS) {
		kmem_cache_free(zxvmo_node_cache, node);
		zxvmo_account_uncharge(account, 1);
	} else {
		kfree(node);
	}
}

/*
 * Drops a reference on a node. If it was the last one, all goes that can be
 * reached by it alone; pages are added to @pages, or freed leaf by leaf if that
 * is NULL, which may sleep and take long.
 */
void node_put(struct zxvmo_node *node, struct list_head *pages)
{
	struct {
		struct zxvmo_node *node;
		unsigned int next;
	} path[NODE_LEVELS], *at = path;
	LIST_HEAD(freed);

	if (!refcount_dec_and_test(&node->refs))
		return;
	at->node = node;
	at->next = 0;
	for (;;) {
		unsigned long slot = 0;

		node = at->node;
		while (at->next < node->nr_slots && !slot)
			slot = node->slots[at->next++];
		if (!slot) {
			node_free(node);
			if (!pages) {
				zxvmo_pages_free(&freed);
				cond_resched();
			}
			if (at-- == path)
				return;
		} else if (!node->level) {
			struct page *page = slot_page(slot);

			if (zxvmo_page_drop_slot(page))
				list_add_tail(&page->lru, pages ?: &freed);
		} else if (refcount_dec_and_test(&slot_node(slot)->refs)) {
			at++;
			at->node = slot_node(slot);
			at->next = 0;
		}
	}
}

/* Fills an empty node with what another one names, which is shared from now on. */
void node_copy(struct zxvmo_node *copy, struct zxvmo_node *node)
{
	unsigned int i;

	for (i = 0; i < node->nr_slots; i++) {
		unsigned long slot = node->slots[i];

		if (!slot)
			continue;
		if (node->level)
			refcount_inc(&slot_node(slot)->refs);
		else
			zxvmo_page_add_slot(slot_page(slot));
		copy->slots[i] = slot;
	}
	copy->nr_used = node->nr_used;
	if (!node->level) {
		copy->shared_pages = true;
		WRITE_ONCE(node->shared_pages, true);
	}
}

/* An empty node out of a pool that has enough. */
struct zxvmo_node *node_pool_take(struct zxvmo_node_pool *pool,
				  unsigned int level, unsigned int nr_slots)
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
	node->level = level;
	return node;
}

/* Puts an empty node back. */
void node_pool_return(struct zxvmo_node_pool *pool, struct zxvmo_node *node)
{
	node->shared_pages = false;
	if (node->nr_slots == NODE_SLOTS) {
		node->slots[0] = (unsigned long)pool->nodes;
		pool->nodes = node;
		pool->nr++;
	} else {
		pool->leaf = node;
	}
}

/**
 * zxvmo_node_pool_enough() - whether a pool has what it is wanted to have
 * @pool: the pool
 *
 * Return: false if zxvmo_node_pool_fill() must get more.
 */
bool zxvmo_node_pool_enough(const struct zxvmo_node_pool *pool)
{
	return pool->nr >= pool->want_nodes &&
	       (!pool->want_leaf_slots ||
		(pool->leaf && pool->leaf->nr_slots >= pool->want_leaf_slots));
}

/**
 * zxvmo_node_pool_fill() - get the nodes that are missing
 * @pool: the pool
 *
 * Return: 0 or -ENOMEM; zxvmo_node_pool_drain() frees what there is.
 */
int zxvmo_node_pool_fill(struct zxvmo_node_pool *pool)
{
	struct zxvmo_node *node;

	if (pool->leaf && pool->leaf->nr_slots < pool->want_leaf_slots) {
		node_free(pool->leaf);
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
		node_pool_return(pool, node);
	}
	pool->want_nodes = 0;
	pool->want_leaf_slots = 0;
	return 0;
}

/**
 * zxvmo_node_pool_drain() - free the nodes that were not needed
 * @pool: the pool
 */
void zxvmo_node_pool_drain(struct zxvmo_node_pool *pool)
{
	while (pool->nr)
		node_free(node_pool_take(pool, 0, NODE_SLOTS));
	if (pool->leaf)
		node_free(pool->leaf);
	pool->leaf = NULL;
}

/**
 * zxvmo_removed_free() - free what was taken out of a tree
 * @removed: it; empty afterwards
 *
 * May sleep, and take long if a node was taken out.
 */
void zxvmo_removed_free(struct zxvmo_removed *removed)
{
	if (removed->node)
		node_put(removed->node, NULL);
	removed->node = NULL;
	if (!list_empty(&removed->pages))
		zxvmo_pages_free(&removed->pages);
}

/**
 * zxvmo_ptree_free() - free a tree that nobody uses any more
 * @tree: the tree
 */
void zxvmo_ptree_free(struct zxvmo_ptree *tree)
{
	if (tree->root)
		node_put(slot_node(tree->root), NULL);
	tree->root = ZXVMO_SLOT_EMPTY;
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
