/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of the page tree: its nodes and slots. Only for pagetree.c,
 * pagetree_change.c, node.c and clone.c, which tell what they mean, and check.c.
 */
#ifndef _ZXVMO_PAGETREE_H
#define _ZXVMO_PAGETREE_H

#include "zxvmo.h"

#define NODE_SHIFT	9
#define NODE_SLOTS	((unsigned int)ZXVMO_LEAF_PAGES)
#define NODE_LEVELS	6

/**
 * enum zxvmo_slot - kinds of slots
 * @ZXVMO_SLOT_EMPTY: no page
 * @ZXVMO_SLOT_PAGE: struct page of one page, level 0 only
 * @ZXVMO_SLOT_FOLIO: folio of order 9, level 1 only (not used yet)
 * @ZXVMO_SLOT_NODE: node of the level below
 * @ZXVMO_SLOT_ZERO: all of the slot's span reads zero, whatever a parent has
 *	(not used yet)
 * @ZXVMO_SLOT_MASK: the bits that tell the kind
 */
enum zxvmo_slot {
	ZXVMO_SLOT_EMPTY = 0,
	ZXVMO_SLOT_PAGE = 1,
	ZXVMO_SLOT_FOLIO = 2,
	ZXVMO_SLOT_NODE = 3,
	ZXVMO_SLOT_ZERO = 4,
	ZXVMO_SLOT_MASK = 7,
};

/**
 * struct zxvmo_node - node of a page tree
 * @refs: how many slots and roots name the node
 * @account: number of the account that is charged for it, if it is full
 * @level: 0 for a leaf
 * @nr_slots: length of @slots
 * @nr_used: slots that are not empty
 * @shared_pages: a leaf that may have SHARED pages; never reset, and the only
 *	thing that changes in a node that is shared
 * @slots: see enum zxvmo_slot
 */
struct zxvmo_node {
	refcount_t refs;
	u32 account;
	u16 level;
	u16 nr_slots;
	u16 nr_used;
	bool shared_pages;
	unsigned long slots[];
};

static inline unsigned int level_shift(unsigned int level)
{
	return level * NODE_SHIFT;
}

static inline unsigned int level_offset(u64 index, unsigned int level)
{
	return (index >> level_shift(level)) & (NODE_SLOTS - 1);
}

static inline struct page *slot_page(unsigned long slot)
{
	if (!slot)
		return NULL;
	WARN_ON_ONCE((slot & ZXVMO_SLOT_MASK) != ZXVMO_SLOT_PAGE);
	return (struct page *)(slot & ~(unsigned long)ZXVMO_SLOT_MASK);
}

static inline unsigned long page_slot(struct page *page)
{
	return (unsigned long)page | ZXVMO_SLOT_PAGE;
}

static inline struct zxvmo_node *slot_node(unsigned long slot)
{
	if (!slot)
		return NULL;
	WARN_ON_ONCE((slot & ZXVMO_SLOT_MASK) != ZXVMO_SLOT_NODE);
	return (struct zxvmo_node *)(slot & ~(unsigned long)ZXVMO_SLOT_MASK);
}

static inline unsigned long node_slot(struct zxvmo_node *node)
{
	return (unsigned long)node | ZXVMO_SLOT_NODE;
}

/* Last index below @node if @index is one. */
static inline u64 node_last(const struct zxvmo_node *node, u64 index)
{
	return index | (((u64)NODE_SLOTS << level_shift(node->level)) - 1);
}

/* First index below @node if @index is one. */
static inline u64 node_first(const struct zxvmo_node *node, u64 index)
{
	return index & ~(((u64)NODE_SLOTS << level_shift(node->level)) - 1);
}

/* Whether only one slot or root names the node, which the caller holds. */
static inline bool node_is_private(const struct zxvmo_node *node)
{
	if (refcount_read(&node->refs) != 1)
		return false;
	/* What the others read of it before they let go, they have read. */
	smp_acquire__after_ctrl_dep();
	return true;
}

static inline struct zxvmo_node *tree_root(const struct zxvmo_ptree *tree)
{
	return slot_node(tree->root);
}

/* pagetree.c */
struct zxvmo_node *ptree_leaf(const struct zxvmo_ptree *tree, u64 at, bool private);
struct zxvmo_node *ptree_next_leaf(const struct zxvmo_ptree *tree, u64 *at,
				   u64 last, bool private);

/* node.c */
size_t node_bytes(const struct zxvmo_node *node);
struct zxvmo_node *node_pool_take(struct zxvmo_node_pool *pool,
				  unsigned int level, unsigned int nr_slots);
void node_pool_return(struct zxvmo_node_pool *pool, struct zxvmo_node *node);
void node_copy(struct zxvmo_node *copy, struct zxvmo_node *node);
void node_free(struct zxvmo_node *node);
void node_put(struct zxvmo_node *node, struct list_head *pages);

#endif /* _ZXVMO_PAGETREE_H */
