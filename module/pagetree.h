/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How nodes of a page tree look inside: for pagetree.c, which tells what they
 * mean, and check.c.
 */
#ifndef _ZXVMO_PAGETREE_H
#define _ZXVMO_PAGETREE_H

#include <linux/refcount.h>

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
 * @level: 0 for a leaf
 * @nr_slots: length of @slots
 * @nr_used: slots that are not empty
 * @slots: see enum zxvmo_slot
 */
struct zxvmo_node {
	refcount_t refs;
	u16 level;
	u16 nr_slots;
	u16 nr_used;
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

static inline struct zxvmo_node *slot_node(unsigned long slot)
{
	if (!slot)
		return NULL;
	WARN_ON_ONCE((slot & ZXVMO_SLOT_MASK) != ZXVMO_SLOT_NODE);
	return (struct zxvmo_node *)(slot & ~(unsigned long)ZXVMO_SLOT_MASK);
}

static inline size_t node_bytes(const struct zxvmo_node *node)
{
	return struct_size(node, slots, node->nr_slots);
}

/* Highest index that a tree with this root can hold. */
static inline u64 node_span_last(const struct zxvmo_node *node)
{
	return ((u64)NODE_SLOTS << level_shift(node->level)) - 1;
}

#endif /* _ZXVMO_PAGETREE_H */
