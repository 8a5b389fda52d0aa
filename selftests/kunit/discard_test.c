// SPDX-License-Identifier: GPL-2.0-only
/*
 * Discardable VMOs one step at a time: what reclaim takes, in which order, and
 * what it leaves alone.
 */
#include <linux/pagemap.h>

#include "zxvmo_kunit.h"
#include "discard.h"

#define NR_PAGES	8
#define LEAF		ZXVMO_LEAF_PAGES

static int lock_op(struct zxvmo_vmo *vmo, u32 op)
{
	const struct zxvmo_vmo_op_range arg = { .op = op, .length = vmo->size };

	return zxvmo_vmo_lock_op(vmo, &arg);
}

static int try_lock(struct zxvmo_vmo *vmo)
{
	return lock_op(vmo, ZXVMO_VMO_OP_TRY_LOCK);
}

static int unlock(struct zxvmo_vmo *vmo)
{
	return lock_op(vmo, ZXVMO_VMO_OP_UNLOCK);
}

static u64 nr_pages(struct zxvmo_vmo *vmo)
{
	return zxvmo_ptree_count(&vmo->tree, 0, ZXVMO_LAST_INDEX);
}

/* Pages of the test alone: what else there is on the machine shall not go */
static unsigned long reclaim(struct zxvmo_vmo *vmo, unsigned long nr)
{
	return zxvmo_reclaim(vmo->tree.account, nr);
}

static struct zxvmo_vmo *discardable(struct kunit *test, u64 nr)
{
	struct zxvmo_vmo *vmo = test_vmo(test, nr);

	KUNIT_ASSERT_EQ(test, zxvmo_discard_setup(vmo), 0);
	return vmo;
}

/* Full of pages, and was locked once */
static struct zxvmo_vmo *reclaimable(struct kunit *test, u64 nr)
{
	struct zxvmo_vmo *vmo = discardable(test, nr);

	test_vmo_commit(test, vmo, 0, nr - 1);
	KUNIT_ASSERT_EQ(test, try_lock(vmo), 0);
	KUNIT_ASSERT_EQ(test, unlock(vmo), 0);
	return vmo;
}

static void unlocked_vmo_is_discarded(struct kunit *test)
{
	struct zxvmo_vmo *vmo = reclaimable(test, NR_PAGES);
	long charged = atomic_long_read(&zxvmo_nr_pages);

	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), NR_PAGES);
	KUNIT_EXPECT_TRUE(test, vmo->discarded);
	KUNIT_EXPECT_EQ(test, vmo->tree.root, 0);
	KUNIT_EXPECT_EQ(test, vmo->discard->dropped.root, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&vmo->discard->lru));
	KUNIT_EXPECT_EQ(test, zxvmo_vmo_nr_discards(vmo), 1);
	KUNIT_EXPECT_LE(test, atomic_long_read(&zxvmo_nr_pages), charged - NR_PAGES);
	KUNIT_EXPECT_EQ(test, try_lock(vmo), -EPERM);
	KUNIT_EXPECT_EQ(test, zxvmo_vmo_commit(vmo, 0, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), 0);
}

/* The test has no user memory, so LOCK fails and leaves its side effect. */
static void failed_lock_makes_it_usable(struct kunit *test)
{
	struct zxvmo_vmo *vmo = reclaimable(test, NR_PAGES);

	reclaim(vmo, 1);
	KUNIT_ASSERT_TRUE(test, vmo->discarded);
	KUNIT_EXPECT_EQ(test, lock_op(vmo, ZXVMO_VMO_OP_LOCK), -EINVAL);
	KUNIT_EXPECT_FALSE(test, vmo->discarded);
	KUNIT_EXPECT_EQ(test, vmo->discard->nr_locks, 0);
	KUNIT_EXPECT_FALSE(test, list_empty(&vmo->discard->lru));
	KUNIT_EXPECT_EQ(test, try_lock(vmo), 0);
	KUNIT_EXPECT_EQ(test, nr_pages(vmo), 0);
}

static void never_locked_vmo_is_kept(struct kunit *test)
{
	struct zxvmo_vmo *vmo = discardable(test, NR_PAGES);

	test_vmo_commit(test, vmo, 0, NR_PAGES - 1);
	KUNIT_EXPECT_EQ(test, unlock(vmo), -EBADFD);
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), 0);
	KUNIT_EXPECT_EQ(test, nr_pages(vmo), NR_PAGES);
}

static void locked_vmo_is_kept_and_leaves_the_list(struct kunit *test)
{
	struct zxvmo_vmo *vmo = reclaimable(test, NR_PAGES);

	KUNIT_ASSERT_EQ(test, try_lock(vmo), 0);
	KUNIT_EXPECT_FALSE(test, list_empty(&vmo->discard->lru));
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&vmo->discard->by_account));
	KUNIT_EXPECT_EQ(test, zxvmo_reclaim(NULL, 1), 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&vmo->discard->lru));
	KUNIT_EXPECT_EQ(test, nr_pages(vmo), NR_PAGES);
	/* It comes back to be discarded. */
	KUNIT_ASSERT_EQ(test, unlock(vmo), 0);
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), NR_PAGES);
}

static void locks_are_counted(struct kunit *test)
{
	struct zxvmo_vmo *vmo = reclaimable(test, NR_PAGES);
	int i;

	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, try_lock(vmo), 0);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), 0);
		KUNIT_EXPECT_EQ(test, unlock(vmo), 0);
	}
	KUNIT_EXPECT_EQ(test, unlock(vmo), -EBADFD);
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), NR_PAGES);
}

static void empty_vmo_is_not_discarded(struct kunit *test)
{
	struct zxvmo_vmo *vmo = discardable(test, NR_PAGES);

	KUNIT_ASSERT_EQ(test, try_lock(vmo), 0);
	KUNIT_ASSERT_EQ(test, unlock(vmo), 0);
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), 0);
	KUNIT_EXPECT_FALSE(test, vmo->discarded);
	/* It is still on the list when it has something. */
	test_vmo_commit(test, vmo, 3, 3);
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), 1);
	KUNIT_EXPECT_TRUE(test, vmo->discarded);
}

static void oldest_unlock_goes_first(struct kunit *test)
{
	struct zxvmo_vmo *vmos[4];
	int i;

	for (i = 0; i < 4; i++)
		vmos[i] = reclaimable(test, NR_PAGES);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_FALSE(test, vmos[i]->discarded);
		KUNIT_EXPECT_EQ(test, reclaim(vmos[i], 1), NR_PAGES);
		KUNIT_EXPECT_TRUE(test, vmos[i]->discarded);
	}
}

static void unlocked_again_goes_round_once_more(struct kunit *test)
{
	struct zxvmo_vmo *first = reclaimable(test, NR_PAGES);
	struct zxvmo_vmo *second = reclaimable(test, NR_PAGES);

	KUNIT_ASSERT_EQ(test, try_lock(first), 0);
	KUNIT_ASSERT_EQ(test, unlock(first), 0);
	KUNIT_EXPECT_EQ(test, reclaim(first, 1), NR_PAGES);
	KUNIT_EXPECT_FALSE(test, first->discarded);
	KUNIT_EXPECT_TRUE(test, second->discarded);
	KUNIT_EXPECT_EQ(test, reclaim(first, 1), NR_PAGES);
	KUNIT_EXPECT_TRUE(test, first->discarded);
}

static void vmo_that_is_in_use_is_passed_over(struct kunit *test)
{
	struct zxvmo_vmo *first = reclaimable(test, NR_PAGES);
	struct zxvmo_vmo *second = reclaimable(test, NR_PAGES);

	down_read(&first->lock);
	KUNIT_EXPECT_EQ(test, reclaim(second, 1), NR_PAGES);
	KUNIT_EXPECT_EQ(test, reclaim(second, 1), 0);
	up_read(&first->lock);
	KUNIT_EXPECT_FALSE(test, first->discarded);
	KUNIT_EXPECT_TRUE(test, second->discarded);
	KUNIT_EXPECT_EQ(test, reclaim(first, 1), NR_PAGES);
}

static void held_page_keeps_the_vmo(struct kunit *test)
{
	struct zxvmo_vmo *vmo = reclaimable(test, 2 * LEAF);
	struct page *page = zxvmo_ptree_lookup(&vmo->tree, 2 * LEAF - 1);

	/* One who has it got it through a mapping. */
	get_page(page);
	vmo->mapped = true;
	vmo->referenced = true;
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), 0);
	KUNIT_EXPECT_EQ(test, nr_pages(vmo), 2 * LEAF);
	KUNIT_EXPECT_FALSE(test, vmo->discarded);
	put_page(page);
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 2 * LEAF), 2 * LEAF);
	KUNIT_EXPECT_FALSE(test, vmo->mapped);
}

static void locked_page_keeps_the_vmo(struct kunit *test)
{
	struct zxvmo_vmo *vmo = reclaimable(test, NR_PAGES);
	struct page *page = zxvmo_ptree_lookup(&vmo->tree, 5);

	vmo->mapped = true;
	SetPageDirty(page);
	page->index = 5;
	page->mapping = zxvmo_vmo_mapping(vmo);
	lock_page(page);
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), 0);
	KUNIT_EXPECT_FALSE(test, vmo->discarded);
	unlock_page(page);
	EXPECT_VMO_SOUND(test, vmo);
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), NR_PAGES);
}

static void large_vmo_goes_at_once_and_is_freed_leaf_by_leaf(struct kunit *test)
{
	struct zxvmo_vmo *vmo = reclaimable(test, 3 * LEAF + 1);
	struct zxvmo_vmo *next = reclaimable(test, NR_PAGES);
	int i;

	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), LEAF);
		KUNIT_EXPECT_TRUE(test, vmo->discarded);
		KUNIT_EXPECT_EQ(test, nr_pages(vmo), 0);
		KUNIT_EXPECT_NE(test, vmo->discard->dropped.root, 0);
		KUNIT_EXPECT_FALSE(test, list_empty(&vmo->discard->lru));
	}
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), 1);
	KUNIT_EXPECT_EQ(test, vmo->discard->dropped.root, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&vmo->discard->lru));
	KUNIT_EXPECT_FALSE(test, next->discarded);
}

static void vmo_is_used_again_while_it_is_freed(struct kunit *test)
{
	unsigned long before = zxvmo_pages_nr_reclaimable();
	struct zxvmo_vmo *vmo = reclaimable(test, 3 * LEAF);

	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), LEAF);
	/* Whoever locks it frees what is left. */
	KUNIT_ASSERT_EQ(test, lock_op(vmo, ZXVMO_VMO_OP_LOCK), -EINVAL);
	KUNIT_EXPECT_EQ(test, vmo->discard->dropped.root, 0);
	KUNIT_EXPECT_EQ(test, zxvmo_pages_nr_reclaimable(), before);
	KUNIT_ASSERT_EQ(test, try_lock(vmo), 0);
	test_vmo_commit(test, vmo, 0, NR_PAGES - 1);
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 2 * LEAF), 0);
	KUNIT_EXPECT_EQ(test, nr_pages(vmo), NR_PAGES);
	EXPECT_VMO_SOUND(test, vmo);
	KUNIT_ASSERT_EQ(test, unlock(vmo), 0);
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), NR_PAGES);
	KUNIT_EXPECT_EQ(test, zxvmo_vmo_nr_discards(vmo), 2);
}

static void vmo_is_closed_while_it_is_freed(struct kunit *test)
{
	long charged = atomic_long_read(&zxvmo_nr_pages);
	unsigned long before = zxvmo_pages_nr_reclaimable();
	struct zxvmo_vmo *vmo = reclaimable(test, 3 * LEAF);

	KUNIT_EXPECT_EQ(test, zxvmo_pages_nr_reclaimable(), before + 3 * LEAF);
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), LEAF);
	KUNIT_EXPECT_EQ(test, zxvmo_pages_nr_reclaimable(), before + 2 * LEAF);
	test_vmo_free(test, vmo);
	KUNIT_EXPECT_EQ(test, zxvmo_pages_nr_reclaimable(), before);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&zxvmo_nr_pages), charged);
}

/* At the ceiling a commit makes room for itself. */
static void ceiling_is_made_room_under(struct kunit *test)
{
	struct zxvmo_vmo *vmo = reclaimable(test, LEAF);
	struct zxvmo_vmo *other = test_vmo(test, LEAF);

	zxvmo_max_memory = atomic_long_read(&zxvmo_nr_pages) * PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, zxvmo_vmo_commit(other, 0, NR_PAGES - 1), 0);
	KUNIT_EXPECT_TRUE(test, vmo->discarded);
	/* What cannot be had in any case costs nobody anything. */
	KUNIT_ASSERT_EQ(test, lock_op(vmo, ZXVMO_VMO_OP_LOCK), -EINVAL);
	test_vmo_commit(test, vmo, 0, 0);
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge_reclaim(vmo->tree.account, ULONG_MAX),
			-ENOMEM);
	KUNIT_EXPECT_FALSE(test, vmo->discarded);
}

/* Mapped or not: zero pages are taken out in pieces, of a limited range. */
static void zero_pages_are_zapped_in_pieces(struct kunit *test)
{
	struct zxvmo_vmo *vmo = reclaimable(test, NR_PAGES);
	u64 index;

	for (index = 0; index < 4; index++)
		zxvmo_discard_zero_mapped(vmo, 100000 * index);
	KUNIT_EXPECT_EQ(test, vmo->discard->zero_first, 0);
	KUNIT_EXPECT_EQ(test, vmo->discard->zero_last, 300000);
	vmo->zero_mapped = true;
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), NR_PAGES);
	KUNIT_EXPECT_FALSE(test, vmo->zero_mapped);
	KUNIT_EXPECT_GT(test, vmo->discard->zero_first, vmo->discard->zero_last);
}

static void zero_pages_far_apart_keep_the_vmo(struct kunit *test)
{
	struct zxvmo_vmo *vmo = reclaimable(test, NR_PAGES);

	zxvmo_discard_zero_mapped(vmo, 1);
	zxvmo_discard_zero_mapped(vmo, 1ULL << 40);
	vmo->zero_mapped = true;
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), 0);
	KUNIT_EXPECT_FALSE(test, vmo->discarded);
}

/* Two reclaimers never have the same one. */
static void busy_vmo_is_left_alone(struct kunit *test)
{
	struct zxvmo_vmo *vmo = reclaimable(test, NR_PAGES);

	set_bit(ZXVMO_DISCARD_BUSY, &vmo->discard->flags);
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), 0);
	KUNIT_EXPECT_EQ(test, zxvmo_reclaim(NULL, 1), 0);
	KUNIT_EXPECT_EQ(test, nr_pages(vmo), NR_PAGES);
	clear_bit(ZXVMO_DISCARD_BUSY, &vmo->discard->flags);
	KUNIT_EXPECT_EQ(test, zxvmo_reclaim(NULL, 1), NR_PAGES);
}

/* At its own limit a user finds its VMOs behind any number of others' */
static void account_has_a_list_of_its_own(struct kunit *test)
{
	struct zxvmo_vmo *vmo = reclaimable(test, NR_PAGES);
	int i;

	KUNIT_EXPECT_FALSE(test, list_empty(&vmo->discard->by_account));
	for (i = 0; i < 300; i++)
		KUNIT_ASSERT_EQ(test, try_lock(reclaimable(test, 1)), 0);
	KUNIT_ASSERT_EQ(test, try_lock(vmo), 0);
	KUNIT_ASSERT_EQ(test, unlock(vmo), 0);
	KUNIT_EXPECT_EQ(test, reclaim(vmo, 1), NR_PAGES);
	KUNIT_EXPECT_TRUE(test, list_empty(&vmo->discard->by_account));
}

static void pages_are_copied_in_and_out(struct kunit *test)
{
	struct zxvmo_vmo *vmo = discardable(test, NR_PAGES);
	struct zxvmo_vmo *plain = test_vmo(test, NR_PAGES);
	struct page *page;

	test_vmo_commit(test, vmo, 0, 0);
	page = zxvmo_ptree_lookup(&vmo->tree, 0);
	KUNIT_EXPECT_EQ(test, zxvmo_vmo_transfer(plain, 0, vmo, 0, PAGE_SIZE), 0);
	KUNIT_EXPECT_PTR_NE(test, zxvmo_ptree_lookup(&plain->tree, 0), page);
	page = zxvmo_ptree_lookup(&plain->tree, 0);
	KUNIT_EXPECT_EQ(test, zxvmo_vmo_transfer(vmo, 0, plain, 0, PAGE_SIZE), 0);
	KUNIT_EXPECT_PTR_NE(test, zxvmo_ptree_lookup(&vmo->tree, 0), page);
	/* At home they move. */
	page = zxvmo_ptree_lookup(&vmo->tree, 0);
	KUNIT_EXPECT_EQ(test, zxvmo_vmo_transfer(vmo, PAGE_SIZE, vmo, 0, PAGE_SIZE), 0);
	KUNIT_EXPECT_PTR_EQ(test, zxvmo_ptree_lookup(&vmo->tree, 1), page);
	EXPECT_VMO_SOUND(test, vmo);
	EXPECT_VMO_SOUND(test, plain);
}

static void discard_exit(struct kunit *test)
{
	zxvmo_max_memory = 0;
}

static struct kunit_case discard_cases[] = {
	KUNIT_CASE(unlocked_vmo_is_discarded),
	KUNIT_CASE(failed_lock_makes_it_usable),
	KUNIT_CASE(never_locked_vmo_is_kept),
	KUNIT_CASE(locked_vmo_is_kept_and_leaves_the_list),
	KUNIT_CASE(locks_are_counted),
	KUNIT_CASE(empty_vmo_is_not_discarded),
	KUNIT_CASE(oldest_unlock_goes_first),
	KUNIT_CASE(unlocked_again_goes_round_once_more),
	KUNIT_CASE(vmo_that_is_in_use_is_passed_over),
	KUNIT_CASE(held_page_keeps_the_vmo),
	KUNIT_CASE(locked_page_keeps_the_vmo),
	KUNIT_CASE(large_vmo_goes_at_once_and_is_freed_leaf_by_leaf),
	KUNIT_CASE(vmo_is_used_again_while_it_is_freed),
	KUNIT_CASE(vmo_is_closed_while_it_is_freed),
	KUNIT_CASE(ceiling_is_made_room_under),
	KUNIT_CASE(zero_pages_are_zapped_in_pieces),
	KUNIT_CASE(zero_pages_far_apart_keep_the_vmo),
	KUNIT_CASE(busy_vmo_is_left_alone),
	KUNIT_CASE(account_has_a_list_of_its_own),
	KUNIT_CASE(pages_are_copied_in_and_out),
	{}
};

struct kunit_suite zxvmo_discard_suite = {
	.name = "zxvmo_discard",
	.exit = discard_exit,
	.test_cases = discard_cases,
};
