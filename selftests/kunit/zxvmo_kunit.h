/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the KUnit suites share: page trees and VMOs that no file leads to, whose
 * pages and nodes are allocated, charged and freed as those of any other.
 *
 * Helpers end the test if what they need cannot be had.
 */
#ifndef ZXVMO_KUNIT_H
#define ZXVMO_KUNIT_H

#include <kunit/test.h>
#include <linux/prandom.h>

#include "pagetree.h"

extern struct kunit_suite zxvmo_account_suite;
extern struct kunit_suite zxvmo_check_suite;
extern struct kunit_suite zxvmo_discard_suite;
extern struct kunit_suite zxvmo_object_suite;
extern struct kunit_suite zxvmo_pagetree_suite;
extern struct kunit_suite zxvmo_pagetree_random_suite;
extern struct kunit_suite zxvmo_sharing_suite;
extern struct kunit_suite zxvmo_supply_suite;
extern struct kunit_suite zxvmo_transfer_suite;

/**
 * struct test_tree - a page tree and who uses it
 * @test: the test
 * @tree: the tree
 * @pool: nodes for it
 * @mapping: what pages belong to that it owns and that were mapped
 * @nr_indexes: size of what would be the VMO, in pages
 */
struct test_tree {
	struct kunit *test;
	struct zxvmo_ptree tree;
	struct zxvmo_node_pool pool;
	struct address_space mapping;
	u64 nr_indexes;
};

static inline struct zxvmo_node *test_tree_root(struct test_tree *t)
{
	return slot_node(t->tree.root);
}

static inline u64 test_tree_nr(struct test_tree *t)
{
	return zxvmo_ptree_count(&t->tree, 0, ZXVMO_LAST_INDEX);
}

static inline u64 test_tree_bytes(struct test_tree *t)
{
	return zxvmo_ptree_bytes(&t->tree);
}

int test_tree_init(struct kunit *test);
void test_tree_exit(struct kunit *test);
void test_tree_reserve(struct test_tree *t, u64 index);
struct page *test_tree_page(struct test_tree *t, u64 index);
struct page *test_tree_store(struct test_tree *t, u64 index);
unsigned long test_tree_remove(struct test_tree *t, u64 first, u64 last);
void test_tree_check(struct test_tree *t, const char *file, int line);
u64 test_tree_take(struct test_tree *t, u64 first, u64 last, struct list_head *pages);

/* Whether all holds that must; tells where it was asked */
#define EXPECT_SOUND(t) test_tree_check(t, __FILE__, __LINE__)

struct zxvmo_vmo *test_vmo(struct kunit *test, u64 nr_pages);
void test_vmo_free(struct kunit *test, struct zxvmo_vmo *vmo);
void test_vmo_commit(struct kunit *test, struct zxvmo_vmo *vmo, u64 first, u64 last);
void test_vmo_check(struct kunit *test, struct zxvmo_vmo *vmo, const char *file,
		    int line);

#define EXPECT_VMO_SOUND(test, vmo) test_vmo_check(test, vmo, __FILE__, __LINE__)

static inline u64 random_below(struct rnd_state *rnd, u64 limit)
{
	u64 high = prandom_u32_state(rnd);

	return (high << 32 | prandom_u32_state(rnd)) % limit;
}

#endif /* ZXVMO_KUNIT_H */
