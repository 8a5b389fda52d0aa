// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checker of the tree: it finds each flaw, or its silence means nothing.
 */
#include "zxvmo_kunit.h"

#define HIGH	515ULL
/* The checker cannot tell where it is. */
#define ANYWHERE	U64_MAX

/* A tree of two levels: a root, the first leaf and another with one page */
static int check_init(struct kunit *test)
{
	struct test_tree *t;
	int ret = test_tree_init(test);

	if (ret)
		return ret;
	t = test->priv;
	test_tree_store(t, 0);
	test_tree_store(t, 1);
	test_tree_store(t, HIGH);
	EXPECT_SOUND(t);
	return 0;
}

static struct zxvmo_node *high_leaf(struct test_tree *t)
{
	return slot_node(test_tree_root(t)->slots[1]);
}

static void expect_flaw(struct kunit *test, const char *what, u64 where)
{
	struct test_tree *t = test->priv;
	const struct zxvmo_ptree *tree = &t->tree;
	struct zxvmo_ptree_state state;
	const char *flaw;

	flaw = zxvmo_ptree_check(&tree, 1, &t->mapping, &state);
	KUNIT_EXPECT_STREQ(test, flaw ?: "nothing", what);
	if (where != ANYWHERE)
		KUNIT_EXPECT_EQ(test, state.index, where);
}

/* Change something, look whether that is found, change it back */
#define EXPECT_FOUND(lvalue, value, what, where) do {				\
	typeof(lvalue) *changed = &(lvalue);					\
	typeof(lvalue) good = *changed;						\
										\
	*changed = value;							\
	expect_flaw(test, what, where);						\
	*changed = good;							\
	EXPECT_SOUND(test->priv);						\
} while (0)

static void finds_wrong_counts(struct kunit *test)
{
	struct test_tree *t = test->priv;

	EXPECT_FOUND(test_tree_root(t)->nr_used, 1, "a node miscounts its slots", 0);
	EXPECT_FOUND(high_leaf(t)->nr_used, 2, "a node miscounts its slots", 512);
}

static void finds_wrong_nodes(struct kunit *test)
{
	struct test_tree *t = test->priv;

	EXPECT_FOUND(test_tree_root(t)->level, NODE_LEVELS, "the tree is too high", 0);
	EXPECT_FOUND(high_leaf(t)->level, 1, "a node is on the wrong level", 512);
	EXPECT_FOUND(high_leaf(t)->nr_slots, 4, "a node is short and not the first leaf", 512);
	EXPECT_FOUND(test_tree_root(t)->nr_slots, 4, "a node is short and not the first leaf", 0);
	EXPECT_FOUND(high_leaf(t)->nr_slots, 0, "a node has a wrong number of slots", 512);
	refcount_inc(&high_leaf(t)->refs);
	expect_flaw(test, "a node has references from nowhere", ANYWHERE);
	refcount_dec(&high_leaf(t)->refs);
	/* The same node at two places */
	EXPECT_FOUND(test_tree_root(t)->slots[2], test_tree_root(t)->slots[1],
		     "a node miscounts its references", 1024);
}

static void finds_an_empty_node(struct kunit *test)
{
	struct test_tree *t = test->priv;

	EXPECT_FOUND(high_leaf(t)->slots[3], ZXVMO_SLOT_EMPTY, "a node is empty", 512);
}

static void finds_wrong_slots(struct kunit *test)
{
	struct test_tree *t = test->priv;
	unsigned long page = high_leaf(t)->slots[3];
	unsigned long node = test_tree_root(t)->slots[1];

	EXPECT_FOUND(high_leaf(t)->slots[3], page | ZXVMO_SLOT_MASK,
		     "a slot is of an unknown kind", HIGH);
	EXPECT_FOUND(high_leaf(t)->slots[3], node, "a node is below a leaf", HIGH);
	EXPECT_FOUND(test_tree_root(t)->slots[1], page, "a page is above the leaves", 512);
}

static void finds_wrong_pages(struct kunit *test)
{
	struct test_tree *t = test->priv;
	struct page *page = zxvmo_ptree_lookup(&t->tree, HIGH);

	page->mapping = &t->mapping;
	SetPageDirty(page);
	EXPECT_SOUND(t);
	EXPECT_FOUND(page->mapping, (void *)test, "a page names another mapping", HIGH);
	EXPECT_FOUND(page->index, HIGH + 1, "a page names another index", HIGH);
	ClearPageDirty(page);
	expect_flaw(test, "a page is clean", HIGH);
	page->mapping = NULL;
	EXPECT_SOUND(t);
	SetPageLRU(page);
	expect_flaw(test, "a page is of the wrong sort", HIGH);
	ClearPageLRU(page);
	page_ref_sub(page, 1);
	expect_flaw(test, "a page in the tree is free", HIGH);
	set_page_count(page, 1);
	/* The same page at two places */
	EXPECT_FOUND(high_leaf(t)->slots[4], high_leaf(t)->slots[3],
		     "a page miscounts its slots", HIGH + 1);
	EXPECT_SOUND(t);
}

/* What may be in others' hands */
static void finds_wrong_shared_pages(struct kunit *test)
{
	struct test_tree *t = test->priv;
	struct page *page = zxvmo_ptree_lookup(&t->tree, HIGH);
	unsigned long word = page_private(page);

	page->mapping = &t->mapping;
	SetPageDirty(page);
	zxvmo_page_set_shared(page);
	expect_flaw(test, "a page that is not owned names a mapping", HIGH);
	page->mapping = NULL;
	expect_flaw(test, "a leaf does not know of its shared page", HIGH);
	high_leaf(t)->shared_pages = true;
	EXPECT_SOUND(t);
	zxvmo_page_add_slot(page);
	expect_flaw(test, "a page counts slots that do not name it", ANYWHERE);
	set_page_private(page, word);
	EXPECT_SOUND(t);
}

static struct kunit_case check_cases[] = {
	KUNIT_CASE(finds_wrong_counts),
	KUNIT_CASE(finds_wrong_nodes),
	KUNIT_CASE(finds_an_empty_node),
	KUNIT_CASE(finds_wrong_slots),
	KUNIT_CASE(finds_wrong_pages),
	KUNIT_CASE(finds_wrong_shared_pages),
	{}
};

struct kunit_suite zxvmo_check_suite = {
	.name = "zxvmo_check",
	.init = check_init,
	.exit = test_tree_exit,
	.test_cases = check_cases,
};
