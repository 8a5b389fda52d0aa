// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages and tree nodes that are allocated, cleared and charged before a lock is
 * taken. A supply belongs to the thread that uses it and needs no lock. The
 * pattern is always the same: try under the lock; if something is missing,
 * unlock, fill and try again.
 *
 * Allocations give up without waking the OOM killer; they may wait, reclaim and
 * hit a memory cgroup's limit.
 */
#include <linux/sched/signal.h>

#include "zxvmo.h"

/**
 * zxvmo_supply_init() - make an empty supply
 * @supply: the supply
 * @account: who is charged for the pages
 */
void zxvmo_supply_init(struct zxvmo_supply *supply,
		       struct zxvmo_account *account)
{
	*supply = (struct zxvmo_supply) { .pool.account = account };
	INIT_LIST_HEAD(&supply->pages);
	INIT_LIST_HEAD(&supply->removed.pages);
}

/**
 * zxvmo_supply_fill() - get what was missing
 * @supply: the supply, whose want and pool tell what that is
 *
 * Return: 0; -ENOMEM; -EINTR if the thread was killed.
 */
int zxvmo_supply_fill(struct zxvmo_supply *supply)
{
	const gfp_t gfp = GFP_HIGHUSER | __GFP_ACCOUNT | __GFP_ZERO |
			  __GFP_RETRY_MAYFAIL | __GFP_NOWARN;
	unsigned long nr = supply->want > supply->nr ?
			   supply->want - supply->nr : 0;
	int ret;

	if (nr) {
		ret = zxvmo_account_charge(supply->pool.account, nr);
		if (ret)
			return ret;
	}
	for (; nr; nr--) {
		struct page *page = alloc_page(gfp);

		if (!page || fatal_signal_pending(current)) {
			if (page)
				__free_page(page);
			zxvmo_account_uncharge(zxvmo_account_id(supply->pool.account),
					       nr);
			return page ? -EINTR : -ENOMEM;
		}
		zxvmo_page_init(page, zxvmo_account_id(supply->pool.account));
		list_add(&page->lru, &supply->pages);
		supply->nr++;
		cond_resched();
	}
	return zxvmo_node_pool_fill(&supply->pool);
}

/**
 * zxvmo_supply_take() - take a page out of a supply
 * @supply: the supply, not empty
 *
 * Return: the page; it stays charged.
 */
struct page *zxvmo_supply_take(struct zxvmo_supply *supply)
{
	struct page *page = list_first_entry(&supply->pages, struct page, lru);

	list_del(&page->lru);
	supply->nr--;
	return page;
}

/**
 * zxvmo_supply_release() - free what is left, and what was removed
 * @supply: the supply
 */
void zxvmo_supply_release(struct zxvmo_supply *supply)
{
	if (supply->nr) {
		supply->nr = 0;
		zxvmo_pages_free(&supply->pages);
	}
	if (supply->pool.nodes || supply->pool.leaf)
		zxvmo_node_pool_drain(&supply->pool);
	zxvmo_removed_free(&supply->removed);
}
