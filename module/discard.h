/* SPDX-License-Identifier: GPL-2.0-only */
/* Discardable VMOs, see discard.c and reclaim.c. */
#ifndef _ZXVMO_DISCARD_H
#define _ZXVMO_DISCARD_H

#include "zxvmo.h"

/* Reclaim has the VMO in hand: it must not go. */
#define ZXVMO_DISCARD_BUSY	0

/**
 * struct zxvmo_discard - what a discardable VMO has besides
 * @vmo: the VMO, whose lock protects all but @flags
 * @lru: in the list of what may be reclaimed
 * @flags: ZXVMO_DISCARD_BUSY, set under the list's lock
 * @nr_locks: how often it is locked
 * @was_locked: it was at some time
 * @young: it was unlocked again while it was on the list
 * @next: nobody maps or holds a page below this index, unless the VMO is
 *	referenced
 * @dropped: what was discarded and is not yet freed
 * @nr_discards: how often it was discarded
 */
struct zxvmo_discard {
	struct zxvmo_vmo *vmo;
	struct list_head lru;
	unsigned long flags;
	u64 nr_locks;
	bool was_locked;
	bool young;
	u64 next;
	struct zxvmo_ptree dropped;
	u64 nr_discards;
};

/* reclaim.c */

extern atomic_long_t zxvmo_nr_discards;
extern atomic_long_t zxvmo_nr_discarded_pages;

struct zxvmo_discard *zxvmo_reclaim_alloc(void);
void zxvmo_reclaim_free(struct zxvmo_discard *discard);
void zxvmo_reclaim_add(struct zxvmo_discard *discard);

#endif /* _ZXVMO_DISCARD_H */
