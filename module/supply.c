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
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "zxvmo.h"

/**
 * zxvmo_supply_init() - make an empty supply
 * @supply: the supply
 * @tree: what it is for
 */
void zxvmo_supply_init(struct zxvmo_supply *supply, const struct zxvmo_ptree *tree)
{
	*supply = (struct zxvmo_supply) {
		.memcg = tree->memcg,
		.reclaimable = tree->reclaimable,
		.pool.account = tree->account,
	};
	INIT_LIST_HEAD(&supply->pages);
	INIT_LIST_HEAD(&supply->removed.pages);
}

static int supply_fill_pages(struct zxvmo_supply *supply)
{
	const gfp_t gfp = GFP_HIGHUSER | __GFP_ACCOUNT | __GFP_ZERO |
			  __GFP_RETRY_MAYFAIL | __GFP_NOWARN;
	unsigned long nr = supply->want > supply->nr ?
			   supply->want - supply->nr : 0;
	int ret;

	if (nr) {
		ret = zxvmo_account_charge_reclaim(supply->pool.account, nr);
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
		if (supply->reclaimable)
			zxvmo_page_set_reclaimable(page);
		list_add(&page->lru, &supply->pages);
		supply->nr++;
		cond_resched();
	}
	return 0;
}

/**
 * zxvmo_supply_fill() - get what was missing
 * @supply: the supply, whose want and pool tell what that is
 *
 * Return: 0; -ENOMEM; -EINTR if the thread was killed.
 */
int zxvmo_supply_fill(struct zxvmo_supply *supply)
{
	struct mem_cgroup *old = NULL;
	int ret;

	if (supply->memcg)
		old = set_active_memcg(supply->memcg);
	ret = supply_fill_pages(supply) ?: zxvmo_node_pool_fill(&supply->pool);
	if (supply->memcg)
		set_active_memcg(old);
	return ret;
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
