// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of VMOs: who pays for a page, how many slots of page trees name it, and
 * whether a VMO may change it in place.
 *
 * All slots together hold one reference. The private word of the page keeps
 *
 *	bits 63 to 32	the number of the account that is charged
 *	bit 31		SHARED
 *	bit 30		RECLAIMABLE, which the kernel was told: it belongs to a VMO
 *			that can be discarded
 *	bits 29 to 0	the number of slots
 *
 * SHARED is set, for good, when a second slot comes to name the page, and before
 * it is mapped through a node that others can reach as well. So a page that only
 * one VMO can reach and that is not SHARED is in nobody else's hands: the VMO
 * owns it and changes it in place, whoever has pinned it through that VMO. A
 * SHARED page may have been given to readers of a relative that is gone by now;
 * it is owned again when one slot names it and nobody else has a reference.
 *
 * An owned page that was mapped carries the mapping of its VMO and its index, so
 * that futexes in it work; they are set and cleared under the page lock. Nobody
 * else's page has them.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "zxvmo.h"

#define WORD_SHARED	BIT(31)
#define WORD_RECLAIMABLE	BIT(30)
#define WORD_SLOTS	(WORD_RECLAIMABLE - 1)

static atomic_long_t page_nr_reclaimable = ATOMIC_LONG_INIT(0);

static atomic_long_t *page_word(struct page *page)
{
	return (atomic_long_t *)&page->private;
}

/**
 * zxvmo_page_init() - make a new page one that belongs into a tree
 * @page: the page
 * @account: number of the account that was charged for it
 */
void zxvmo_page_init(struct page *page, u32 account)
{
	atomic_long_set(page_word(page), (u64)account << 32 | 1);
}

/**
 * zxvmo_page_move() - a page that nobody shares goes to another VMO
 * @page: the page
 * @account: number of the account that is charged for it from now on
 */
void zxvmo_page_move(struct page *page, u32 account)
{
	long word = atomic_long_read(page_word(page));

	atomic_long_set(page_word(page),
			(u64)account << 32 | (word & WORD_RECLAIMABLE) | 1);
}

/**
 * zxvmo_page_set_reclaimable() - a new page is for a discardable VMO
 * @page: the page
 */
void zxvmo_page_set_reclaimable(struct page *page)
{
	atomic_long_or(WORD_RECLAIMABLE, page_word(page));
	mod_node_page_state(page_pgdat(page), NR_KERNEL_MISC_RECLAIMABLE, 1);
	atomic_long_inc(&page_nr_reclaimable);
}

/**
 * zxvmo_pages_nr_reclaimable() - how many pages discardable VMOs have
 *
 * Return: the number.
 */
unsigned long zxvmo_pages_nr_reclaimable(void)
{
	return atomic_long_read(&page_nr_reclaimable);
}

/**
 * zxvmo_page_account() - who pays for a page
 * @page: the page
 *
 * Return: the number of the account.
 */
u32 zxvmo_page_account(struct page *page)
{
	return (u64)atomic_long_read(page_word(page)) >> 32;
}

/**
 * zxvmo_page_is_shared() - whether a page may be in a relative's hands
 * @page: the page
 *
 * Return: true if it must not be changed in place without zxvmo_page_reown().
 */
bool zxvmo_page_is_shared(struct page *page)
{
	return atomic_long_read(page_word(page)) & WORD_SHARED;
}

/**
 * zxvmo_page_set_shared() - a page is given to somebody who shares it
 * @page: the page
 */
void zxvmo_page_set_shared(struct page *page)
{
	if (!zxvmo_page_is_shared(page))
		atomic_long_or(WORD_SHARED, page_word(page));
}

/**
 * zxvmo_page_add_slot() - another slot names a page
 * @page: the page
 */
void zxvmo_page_add_slot(struct page *page)
{
	zxvmo_page_set_shared(page);
	atomic_long_inc(page_word(page));
}

/**
 * zxvmo_page_drop_slot() - a slot does not name a page any more
 * @page: the page
 *
 * Return: true if it was the last one: the page goes to zxvmo_pages_free().
 */
bool zxvmo_page_drop_slot(struct page *page)
{
	/* Who has the only slot has it alone. */
	if (zxvmo_page_nr_slots(page) == 1) {
		smp_acquire__after_ctrl_dep();
		return true;
	}
	return !(atomic_long_dec_return(page_word(page)) & WORD_SLOTS);
}

/**
 * zxvmo_page_nr_slots() - how many slots name a page
 * @page: the page
 *
 * Return: the number.
 */
unsigned int zxvmo_page_nr_slots(struct page *page)
{
	return atomic_long_read(page_word(page)) & WORD_SLOTS;
}

/**
 * zxvmo_page_reown() - own a page again that was shared
 * @page: a page that only the caller's VMO can reach and does not map
 * @refs: references of the caller and the slots
 *
 * Return: true if nobody else has it: it may be changed in place.
 */
bool zxvmo_page_reown(struct page *page, int refs)
{
	if (zxvmo_page_nr_slots(page) != 1 || page_count(page) != refs)
		return false;
	/* What others did with it is over. */
	smp_acquire__after_ctrl_dep();
	atomic_long_andnot(WORD_SHARED, page_word(page));
	return true;
}

/**
 * zxvmo_page_wait() - wait for the faults that are about to map a page
 * @page: a page that no new fault finds
 */
void zxvmo_page_wait(struct page *page)
{
	lock_page(page);
	unlock_page(page);
}

/**
 * zxvmo_page_disown() - make a page that leaves its owner nobody's
 * @page: the page
 */
void zxvmo_page_disown(struct page *page)
{
	if (!page->mapping)
		return;
	lock_page(page);
	page->mapping = NULL;
	unlock_page(page);
}

/**
 * zxvmo_page_try_disown() - zxvmo_page_disown() that does not wait
 * @page: the page
 *
 * Return: false if the page is locked.
 */
bool zxvmo_page_try_disown(struct page *page)
{
	if (!page->mapping)
		return true;
	if (!trylock_page(page))
		return false;
	page->mapping = NULL;
	unlock_page(page);
	return true;
}

/**
 * zxvmo_pages_free() - drop the trees' references on pages
 * @pages: list of pages that no slot names, linked through their lru; empty
 *	afterwards
 *
 * Somebody else may hold a page for longer: get_user_pages(), a pipe.
 */
void zxvmo_pages_free(struct list_head *pages)
{
	struct page *page, *next;
	struct page *batch[32];
	unsigned long nr_charged = 0, nr_reclaimable = 0;
	u32 account = 0;
	int nr = 0;

	list_for_each_entry_safe(page, next, pages, lru) {
		list_del(&page->lru);
		zxvmo_page_disown(page);
		if (zxvmo_page_account(page) != account) {
			if (nr_charged)
				zxvmo_account_uncharge(account, nr_charged);
			account = zxvmo_page_account(page);
			nr_charged = 0;
		}
		nr_charged++;
		if (atomic_long_read(page_word(page)) & WORD_RECLAIMABLE) {
			mod_node_page_state(page_pgdat(page),
					    NR_KERNEL_MISC_RECLAIMABLE, -1);
			nr_reclaimable++;
		}
		set_page_private(page, 0);
		batch[nr++] = page;
		if (nr == ARRAY_SIZE(batch)) {
			release_pages(batch, nr);
			cond_resched();
			nr = 0;
		}
	}
	release_pages(batch, nr);
	if (nr_charged)
		zxvmo_account_uncharge(account, nr_charged);
	if (nr_reclaimable)
		atomic_long_sub(nr_reclaimable, &page_nr_reclaimable);
}
