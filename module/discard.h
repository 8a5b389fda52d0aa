/* SPDX-License-Identifier: GPL-2.0-only */
/* Discardable VMOs, see discard.c and reclaim.c. */
#ifndef _ZXVMO_DISCARD_H
#define _ZXVMO_DISCARD_H

#include "zxvmo.h"

/* Reclaim has the VMO in hand: it must not go. */
#define ZXVMO_DISCARD_BUSY	0

/**
 * struct zxvmo_discard - what a discardable VMO has besides
 * @vmo: the VMO, whose lock protects all but @flags, @zero_first and @zero_last
 * @lru: in the list of its memory cgroup
 * @by_account: in the list of its account
 * @flags: ZXVMO_DISCARD_BUSY, set under the lock of a list
 * @nr_locks: how often it is locked
 * @young: it was unlocked again while it was on the lists
 * @next: nobody maps or holds a page below this index, unless the VMO is
 *	referenced
 * @zero_next: likewise for zero pages
 * @zero_first: no zero page was mapped below this index since the last discard
 * @zero_last: nor above this one
 * @dropped: what was discarded and is not yet freed
 * @nr_discards: how often it was discarded
 */
struct zxvmo_discard {
	struct zxvmo_vmo *vmo;
	struct list_head lru;
	struct list_head by_account;
	unsigned long flags;
	u64 nr_locks;
	bool young;
	u64 next;
	u64 zero_next;
	u64 zero_first;
	u64 zero_last;
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
