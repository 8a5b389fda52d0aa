// SPDX-License-Identifier: GPL-2.0-only
/*
 * Supplies: what is allocated ahead of a lock, and the way back and forth
 * between who needs it and who gets it.
 */
#include "zxvmo_kunit.h"

static int supply_init(struct kunit *test)
{
	struct zxvmo_supply *supply = kunit_kzalloc(test, sizeof(*supply), GFP_KERNEL);
	struct zxvmo_account *account = zxvmo_account_get();

	if (!supply || !account)
		return -ENOMEM;
	zxvmo_supply_init(supply, &(struct zxvmo_ptree) { .account = account });
	test->priv = supply;
	return 0;
}

static void supply_exit(struct kunit *test)
{
	struct zxvmo_supply *supply = test->priv;

	zxvmo_max_memory = 0;
	zxvmo_supply_release(supply);
	zxvmo_account_put(supply->pool.account);
}

static long charged(void)
{
	return atomic_long_read(&zxvmo_nr_pages);
}

static void fill_brings_zeroed_charged_pages(struct kunit *test)
{
	struct zxvmo_supply *supply = test->priv;
	long before = charged();
	struct page *page;
	unsigned long nr = 0;

	supply->want = 5;
	KUNIT_ASSERT_EQ(test, zxvmo_supply_fill(supply), 0);
	KUNIT_EXPECT_EQ(test, supply->nr, 5);
	KUNIT_EXPECT_EQ(test, charged(), before + 5);
	list_for_each_entry(page, &supply->pages, lru) {
		KUNIT_EXPECT_NULL(test, memchr_inv(page_address(page), 0, PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, page_count(page), 1);
		nr++;
	}
	KUNIT_EXPECT_EQ(test, nr, 5);
}

static void fill_brings_what_is_missing_only(struct kunit *test)
{
	struct zxvmo_supply *supply = test->priv;
	long before = charged();

	supply->want = 5;
	KUNIT_ASSERT_EQ(test, zxvmo_supply_fill(supply), 0);
	KUNIT_ASSERT_EQ(test, zxvmo_supply_fill(supply), 0);
	supply->want = 2;
	KUNIT_ASSERT_EQ(test, zxvmo_supply_fill(supply), 0);
	KUNIT_EXPECT_EQ(test, supply->nr, 5);
	supply->want = 6;
	KUNIT_ASSERT_EQ(test, zxvmo_supply_fill(supply), 0);
	KUNIT_EXPECT_EQ(test, supply->nr, 6);
	KUNIT_EXPECT_EQ(test, charged(), before + 6);
}

static void fill_brings_nodes_too(struct kunit *test)
{
	struct zxvmo_supply *supply = test->priv;
	long before = charged();

	supply->want = 1;
	supply->pool.want_nodes = 3;
	KUNIT_ASSERT_EQ(test, zxvmo_supply_fill(supply), 0);
	KUNIT_EXPECT_EQ(test, supply->pool.nr, 3);
	KUNIT_EXPECT_EQ(test, charged(), before + 4);
	zxvmo_supply_release(supply);
	KUNIT_EXPECT_EQ(test, supply->pool.nr, 0);
	KUNIT_EXPECT_EQ(test, charged(), before);
}

/* A page that was taken stays charged when the rest goes. */
static void take_keeps_the_charge(struct kunit *test)
{
	struct zxvmo_supply *supply = test->priv;
	long before = charged();
	LIST_HEAD(pages);

	supply->want = 3;
	KUNIT_ASSERT_EQ(test, zxvmo_supply_fill(supply), 0);
	list_add(&zxvmo_supply_take(supply)->lru, &pages);
	KUNIT_EXPECT_EQ(test, supply->nr, 2);
	zxvmo_supply_release(supply);
	KUNIT_EXPECT_TRUE(test, list_empty(&supply->pages));
	KUNIT_EXPECT_EQ(test, charged(), before + 1);
	zxvmo_pages_free(&pages);
	KUNIT_EXPECT_EQ(test, charged(), before);
}

static void fill_at_the_limit_leaves_nothing_charged(struct kunit *test)
{
	struct zxvmo_supply *supply = test->priv;
	long before = charged();

	zxvmo_max_memory = (before + 10) * PAGE_SIZE;
	supply->want = 11;
	KUNIT_EXPECT_EQ(test, zxvmo_supply_fill(supply), -ENOMEM);
	KUNIT_EXPECT_EQ(test, charged(), before);
	/* The pages fit, the nodes do not: release gives all back. */
	supply->want = 8;
	supply->pool.want_nodes = 3;
	KUNIT_EXPECT_EQ(test, zxvmo_supply_fill(supply), -ENOMEM);
	zxvmo_supply_release(supply);
	KUNIT_EXPECT_EQ(test, charged(), before);
	supply->want = 7;
	KUNIT_EXPECT_EQ(test, zxvmo_supply_fill(supply), 0);
	KUNIT_EXPECT_EQ(test, charged(), before + 10);
}

/* Nothing happens without a supply, but it learns what it should have. */
static void own_says_what_it_misses(struct kunit *test)
{
	struct zxvmo_supply *supply = test->priv;
	struct zxvmo_vmo *vmo = test_vmo(test, 2000);

	down_write(&vmo->lock);
	KUNIT_EXPECT_EQ(test, zxvmo_vmo_own(vmo, 600, 609, NULL, supply), -EAGAIN);
	up_write(&vmo->lock);
	KUNIT_EXPECT_EQ(test, supply->want, 10);
	KUNIT_EXPECT_EQ(test, supply->pool.want_nodes, 2);
	KUNIT_EXPECT_EQ(test, vmo->tree.root, 0);

	KUNIT_ASSERT_EQ(test, zxvmo_supply_fill(supply), 0);
	down_write(&vmo->lock);
	KUNIT_EXPECT_EQ(test, zxvmo_vmo_own(vmo, 600, 609, NULL, supply), 0);
	KUNIT_EXPECT_EQ(test, zxvmo_ptree_count(&vmo->tree, 600, 609), 10);
	up_write(&vmo->lock);
	KUNIT_EXPECT_EQ(test, supply->nr, 0);
	KUNIT_EXPECT_EQ(test, supply->pool.nr, 0);
	EXPECT_VMO_SOUND(test, vmo);
}

/* What it could add stays; the second time it wants the rest. */
static void own_adds_what_it_has(struct kunit *test)
{
	struct zxvmo_supply *supply = test->priv;
	struct zxvmo_vmo *vmo = test_vmo(test, 2000);

	test_vmo_commit(test, vmo, 603, 603);
	supply->want = 4;
	KUNIT_ASSERT_EQ(test, zxvmo_supply_fill(supply), 0);
	down_write(&vmo->lock);
	KUNIT_EXPECT_EQ(test, zxvmo_vmo_own(vmo, 600, 609, NULL, supply), -EAGAIN);
	KUNIT_EXPECT_EQ(test, zxvmo_ptree_count(&vmo->tree, 600, 609), 5);
	up_write(&vmo->lock);
	KUNIT_EXPECT_EQ(test, supply->want, 5);
	KUNIT_EXPECT_EQ(test, supply->nr, 0);
	EXPECT_VMO_SOUND(test, vmo);
}

static void commit_is_all_or_nothing(struct kunit *test)
{
	struct zxvmo_vmo *vmo = test_vmo(test, 5000);
	long before = charged();

	test_vmo_commit(test, vmo, 700, 700);
	zxvmo_max_memory = (charged() + 1000) * PAGE_SIZE;
	/* 1000 pages, of which one is there, and three nodes, of which one is */
	KUNIT_EXPECT_EQ(test, zxvmo_vmo_commit(vmo, 200, 1199), -ENOMEM);
	KUNIT_EXPECT_EQ(test, zxvmo_ptree_count(&vmo->tree, 0, 4999), 1);
	KUNIT_EXPECT_EQ(test, charged(), before + 3);
	zxvmo_max_memory += PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, zxvmo_vmo_commit(vmo, 200, 1199), 0);
	KUNIT_EXPECT_EQ(test, zxvmo_ptree_count(&vmo->tree, 200, 1199), 1000);
	KUNIT_EXPECT_EQ(test, charged(), before + 1004);
	EXPECT_VMO_SOUND(test, vmo);
}

static struct kunit_case supply_cases[] = {
	KUNIT_CASE(fill_brings_zeroed_charged_pages),
	KUNIT_CASE(fill_brings_what_is_missing_only),
	KUNIT_CASE(fill_brings_nodes_too),
	KUNIT_CASE(take_keeps_the_charge),
	KUNIT_CASE(fill_at_the_limit_leaves_nothing_charged),
	KUNIT_CASE(own_says_what_it_misses),
	KUNIT_CASE(own_adds_what_it_has),
	KUNIT_CASE(commit_is_all_or_nothing),
	{}
};

struct kunit_suite zxvmo_supply_suite = {
	.name = "zxvmo_supply",
	.init = supply_init,
	.exit = supply_exit,
	.test_cases = supply_cases,
};
