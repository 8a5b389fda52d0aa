// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test only: KUnit suites of what user space cannot reach, or not one step at a
 * time. They run when the module is loaded, on debug kernels; selftests/kunit.c
 * does that and prints what they found.
 */
#include <linux/module.h>

#include "zxvmo_kunit.h"

static void tree_free(struct test_tree *t)
{
	test_tree_remove(t, 0, ZXVMO_LAST_INDEX);
	zxvmo_node_pool_drain(&t->pool);
	zxvmo_account_put(t->tree.account);
}

/**
 * test_tree_init() - give a test an empty tree, as its priv
 * @test: the test
 *
 * Return: 0 or -ENOMEM.
 */
int test_tree_init(struct kunit *test)
{
	struct test_tree *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->test = test;
	t->tree.account = zxvmo_account_get();
	if (!t->tree.account)
		return -ENOMEM;
	t->pool.account = t->tree.account;
	t->nr_indexes = ZXVMO_LAST_INDEX + 1;
	test->priv = t;
	return 0;
}

/**
 * test_tree_exit() - free the tree; nothing may be left
 * @test: the test
 */
void test_tree_exit(struct kunit *test)
{
	struct test_tree *t = test->priv;

	tree_free(t);
	KUNIT_EXPECT_PTR_EQ(test, test_tree_root(t), NULL);
	KUNIT_EXPECT_EQ(test, test_tree_nr(t), 0);
	KUNIT_EXPECT_EQ(test, test_tree_bytes(t), 0);
}

/**
 * test_tree_reserve() - make sure that there is a slot, as the module does it
 * @t: the tree
 * @index: the index
 */
void test_tree_reserve(struct test_tree *t, u64 index)
{
	int ret = zxvmo_ptree_reserve(&t->tree, index, t->nr_indexes, &t->pool);

	if (ret == -EAGAIN) {
		KUNIT_ASSERT_EQ(t->test, zxvmo_node_pool_fill(&t->pool), 0);
		ret = zxvmo_ptree_reserve(&t->tree, index, t->nr_indexes, &t->pool);
	}
	KUNIT_ASSERT_EQ(t->test, ret, 0);
}

/**
 * test_tree_page() - make a page that may stand in a tree
 * @t: the tree
 * @index: its index
 *
 * Return: the page.
 */
struct page *test_tree_page(struct test_tree *t, u64 index)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

	KUNIT_ASSERT_NOT_NULL(t->test, page);
	KUNIT_ASSERT_EQ(t->test, zxvmo_account_charge(t->tree.account, 1), 0);
	zxvmo_page_init(page, zxvmo_account_id(t->tree.account));
	page->index = index;
	return page;
}

/**
 * test_tree_store() - add a page where there is none
 * @t: the tree
 * @index: its index
 *
 * Return: the page.
 */
struct page *test_tree_store(struct test_tree *t, u64 index)
{
	struct page *page = test_tree_page(t, index);

	test_tree_reserve(t, index);
	KUNIT_EXPECT_PTR_EQ(t->test, zxvmo_ptree_store(&t->tree, index, page), NULL);
	return page;
}

/**
 * test_tree_take() - take the next pages out
 * @t: the tree
 * @first: first index
 * @last: last index
 * @pages: list they are added to
 *
 * Return: where to go on, beyond @last if nothing is left.
 */
u64 test_tree_take(struct test_tree *t, u64 first, u64 last, struct list_head *pages)
{
	struct zxvmo_removed removed = { .pages = LIST_HEAD_INIT(removed.pages) };
	int ret;

	ret = zxvmo_ptree_remove(&t->tree, &first, last, NODE_LEVELS, &t->pool, &removed);
	if (ret == -EAGAIN) {
		KUNIT_ASSERT_EQ(t->test, zxvmo_node_pool_fill(&t->pool), 0);
		ret = zxvmo_ptree_remove(&t->tree, &first, last, NODE_LEVELS, &t->pool,
					 &removed);
	}
	KUNIT_ASSERT_LE(t->test, 0, ret);
	list_splice_tail(&removed.pages, pages);
	if (removed.node)
		node_put(removed.node, pages);
	return ret ? first : last + 1;
}

/**
 * test_tree_remove() - take pages out and free them
 * @t: the tree
 * @first: first index
 * @last: last index
 *
 * Return: in how many steps it went.
 */
unsigned long test_tree_remove(struct test_tree *t, u64 first, u64 last)
{
	unsigned long steps = 0;

	while (first <= last) {
		LIST_HEAD(pages);

		first = test_tree_take(t, first, last, &pages);
		zxvmo_pages_free(&pages);
		steps++;
	}
	return steps;
}

/**
 * test_tree_check() - expect that a tree is sound
 * @t: the tree
 * @file: source file that asks
 * @line: line there
 */
void test_tree_check(struct test_tree *t, const char *file, int line)
{
	const struct zxvmo_ptree *tree = &t->tree;
	struct zxvmo_ptree_state state;
	const char *flaw = zxvmo_ptree_check(&tree, 1, &t->mapping, &state);

	if (flaw)
		KUNIT_FAIL(t->test, "%s:%d: page %#llx: %s", file, line, state.index,
			   flaw);
}

static void vmo_free(void *vmo)
{
	struct inode *inode = ((struct zxvmo_vmo *)vmo)->object.inode;

	zxvmo_object_free(&((struct zxvmo_vmo *)vmo)->object);
	kfree(inode);
}

/**
 * test_vmo() - make a VMO that only the test knows, and the checker
 * @test: the test
 * @nr_pages: its size
 *
 * Return: the VMO; it is freed when the test ends.
 */
struct zxvmo_vmo *test_vmo(struct kunit *test, u64 nr_pages)
{
	struct inode *inode = kzalloc(sizeof(*inode), GFP_KERNEL);
	struct zxvmo_vmo *vmo = zxvmo_vmo_alloc(0);

	KUNIT_ASSERT_TRUE(test, vmo && inode);
	inode_init_once(inode);
	init_rwsem(&inode->i_rwsem);
	inode->i_mapping = &inode->i_data;
	inode->i_private = &vmo->object;
	vmo->size = nr_pages << PAGE_SHIFT;
	vmo->stream_size = vmo->size;
	WRITE_ONCE(vmo->object.inode, inode);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, vmo_free, vmo), 0);
	return vmo;
}

/**
 * test_vmo_free() - free a VMO before the test ends
 * @test: the test
 * @vmo: the VMO
 */
void test_vmo_free(struct kunit *test, struct zxvmo_vmo *vmo)
{
	kunit_release_action(test, vmo_free, vmo);
}

/**
 * test_vmo_commit() - commit pages and number them in their first word
 * @test: the test
 * @vmo: the VMO
 * @first: first index
 * @last: last index
 */
void test_vmo_commit(struct kunit *test, struct zxvmo_vmo *vmo, u64 first, u64 last)
{
	KUNIT_ASSERT_EQ(test, zxvmo_vmo_commit(vmo, first, last), 0);
	for (; first <= last; first++) {
		struct page *page = zxvmo_ptree_lookup(&vmo->tree, first);

		KUNIT_ASSERT_NOT_NULL(test, page);
		*(u64 *)page_address(page) = vmo->object.koid << 32 | first;
	}
}

/**
 * test_vmo_check() - expect that a VMO is sound
 * @test: the test
 * @vmo: the VMO
 * @file: source file that asks
 * @line: line there
 */
void test_vmo_check(struct kunit *test, struct zxvmo_vmo *vmo, const char *file,
		    int line)
{
	const struct zxvmo_ptree *tree = &vmo->tree;
	struct zxvmo_ptree_state state;
	const char *flaw;

	down_write(&vmo->lock);
	flaw = zxvmo_ptree_check(&tree, 1, zxvmo_vmo_mapping(vmo), &state);
	up_write(&vmo->lock);
	if (flaw)
		KUNIT_FAIL(test, "%s:%d: page %#llx: %s", file, line, state.index,
			   flaw);
}

kunit_test_suites(&zxvmo_account_suite,
		  &zxvmo_check_suite,
		  &zxvmo_discard_suite,
		  &zxvmo_object_suite,
		  &zxvmo_pagetree_suite,
		  &zxvmo_pagetree_random_suite,
		  &zxvmo_sharing_suite,
		  &zxvmo_supply_suite,
		  &zxvmo_transfer_suite);

MODULE_DESCRIPTION("KUnit suites of zxvmo");
MODULE_AUTHOR("zxvmo maintainers");
MODULE_LICENSE("GPL");
