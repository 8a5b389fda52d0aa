// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page tree, function by function.
 */
#include "zxvmo_kunit.h"

#define LAST	ZXVMO_LAST_INDEX
/* Indexes that a slot of a level covers */
#define SPAN(level)	(1ULL << ((level) * NODE_SHIFT))

/* Where leaves, the nodes of each level and the tree begin and end, rising */
static const u64 edges[] = {
	0, 1, 5, 6, 7, 13, 14, 15, 30, 62, 254, 510, 511, 512, 513, 1023, 1024,
	SPAN(2) - 1, SPAN(2), SPAN(2) + 1, SPAN(3) - 1, SPAN(3), SPAN(3) + 1,
	SPAN(4) - 1, SPAN(4), SPAN(4) + 1, SPAN(5) - 1, SPAN(5), SPAN(5) + 1,
	LAST - 1, LAST,
};

/* Indexes that no VMO has */
static const u64 beyond[] = {
	LAST + 1, SPAN(6) - 1, SPAN(6), SPAN(6) + 1, S64_MAX, 1ULL << 63, U64_MAX,
};

static void store_edges(struct test_tree *t, struct page **pages)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(edges); i++)
		pages[i] = test_tree_store(t, edges[i]);
}

static void empty_tree_has_nothing(struct kunit *test)
{
	struct test_tree *t = test->priv;
	LIST_HEAD(pages);
	u64 index;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		KUNIT_EXPECT_NULL(test, zxvmo_ptree_lookup(&t->tree, edges[i]));
		index = edges[i];
		KUNIT_EXPECT_NULL(test, zxvmo_ptree_next(&t->tree, &index, LAST));
		index = edges[i];
		KUNIT_EXPECT_NULL(test, zxvmo_ptree_prev(&t->tree, &index, 0));
		KUNIT_EXPECT_EQ(test, edges[i],
				zxvmo_ptree_next_absent(&t->tree, edges[i], LAST));
		KUNIT_EXPECT_LT(test, LAST, test_tree_take(t, edges[i], LAST, &pages));
	}
	KUNIT_EXPECT_EQ(test, 0, zxvmo_ptree_count(&t->tree, 0, LAST));
	KUNIT_EXPECT_TRUE(test, list_empty(&pages));
	EXPECT_SOUND(t);
}

static void lookup_finds_what_was_stored_only(struct kunit *test)
{
	struct test_tree *t = test->priv;
	struct page *pages[ARRAY_SIZE(edges)];
	size_t i;

	store_edges(t, pages);
	EXPECT_SOUND(t);
	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		KUNIT_EXPECT_PTR_EQ(test, pages[i],
				    zxvmo_ptree_lookup(&t->tree, edges[i]));
		if (i && edges[i - 1] != edges[i] - 1)
			KUNIT_EXPECT_NULL(test, zxvmo_ptree_lookup(&t->tree,
								   edges[i] - 1));
	}
	for (i = 0; i < ARRAY_SIZE(beyond); i++)
		KUNIT_EXPECT_NULL(test, zxvmo_ptree_lookup(&t->tree, beyond[i]));
	KUNIT_EXPECT_EQ(test, test_tree_nr(t), ARRAY_SIZE(edges));
}

/* A tree that is lower than the index is high must not wrap around. */
static void lookup_above_the_root_finds_nothing(struct kunit *test)
{
	struct test_tree *t = test->priv;
	unsigned int level;
	size_t i;

	for (level = 0; level < NODE_LEVELS; level++) {
		u64 only = level ? SPAN(level) : 0;

		test_tree_store(t, only);
		for (i = 0; i < ARRAY_SIZE(edges); i++) {
			u64 index = edges[i];

			if (index <= only)
				continue;
			KUNIT_EXPECT_NULL(test, zxvmo_ptree_lookup(&t->tree, index));
			KUNIT_EXPECT_NULL(test, zxvmo_ptree_next(&t->tree, &index, LAST));
			index = edges[i];
			KUNIT_EXPECT_NOT_NULL(test, zxvmo_ptree_prev(&t->tree, &index, 0));
			KUNIT_EXPECT_EQ(test, index, only);
		}
		test_tree_remove(t, 0, LAST);
	}
}

static void store_gives_the_old_page_back(struct kunit *test)
{
	struct test_tree *t = test->priv;
	struct page *old = test_tree_store(t, 700);
	struct page *new = test_tree_page(t, 700);
	unsigned long bytes = test_tree_bytes(t);
	LIST_HEAD(pages);

	KUNIT_EXPECT_PTR_EQ(test, old, zxvmo_ptree_store(&t->tree, 700, new));
	KUNIT_EXPECT_PTR_EQ(test, new, zxvmo_ptree_lookup(&t->tree, 700));
	KUNIT_EXPECT_EQ(test, page_count(old), 1);
	KUNIT_EXPECT_EQ(test, test_tree_nr(t), 1);
	KUNIT_EXPECT_EQ(test, test_tree_bytes(t), bytes);
	EXPECT_SOUND(t);
	list_add(&old->lru, &pages);
	zxvmo_pages_free(&pages);
}

static void next_visits_all_in_order(struct kunit *test)
{
	struct test_tree *t = test->priv;
	struct page *pages[ARRAY_SIZE(edges)];
	u64 index = 0;
	size_t i;

	store_edges(t, pages);
	for (i = 0; i < ARRAY_SIZE(edges); i++, index++) {
		KUNIT_EXPECT_PTR_EQ(test, pages[i],
				    zxvmo_ptree_next(&t->tree, &index, LAST));
		KUNIT_EXPECT_EQ(test, index, edges[i]);
	}
	KUNIT_EXPECT_NULL(test, zxvmo_ptree_next(&t->tree, &index, LAST));
}

static void next_stops_at_the_last_index(struct kunit *test)
{
	struct test_tree *t = test->priv;
	struct page *pages[ARRAY_SIZE(edges)];
	size_t i;

	store_edges(t, pages);
	for (i = 1; i < ARRAY_SIZE(edges); i++) {
		u64 index = edges[i - 1] + 1;

		/* The range may be empty, too. */
		KUNIT_EXPECT_NULL(test, zxvmo_ptree_next(&t->tree, &index, edges[i] - 1));
		index = edges[i - 1] + 1;
		KUNIT_EXPECT_PTR_EQ(test, pages[i],
				    zxvmo_ptree_next(&t->tree, &index, edges[i]));
		KUNIT_EXPECT_EQ(test, index, edges[i]);
	}
}

static void prev_visits_all_in_falling_order(struct kunit *test)
{
	struct test_tree *t = test->priv;
	struct page *pages[ARRAY_SIZE(edges)];
	u64 index = U64_MAX;
	size_t i;

	store_edges(t, pages);
	for (i = ARRAY_SIZE(edges); i--; index--) {
		KUNIT_EXPECT_PTR_EQ(test, pages[i],
				    zxvmo_ptree_prev(&t->tree, &index, 0));
		KUNIT_EXPECT_EQ(test, index, edges[i]);
	}
}

static void prev_stops_at_the_first_index(struct kunit *test)
{
	struct test_tree *t = test->priv;
	struct page *pages[ARRAY_SIZE(edges)];
	size_t i;

	store_edges(t, pages);
	for (i = 1; i < ARRAY_SIZE(edges); i++) {
		u64 index = edges[i] - 1;

		KUNIT_EXPECT_NULL(test, zxvmo_ptree_prev(&t->tree, &index,
							 edges[i - 1] + 1));
		index = edges[i] - 1;
		KUNIT_EXPECT_PTR_EQ(test, pages[i - 1],
				    zxvmo_ptree_prev(&t->tree, &index, edges[i - 1]));
		KUNIT_EXPECT_EQ(test, index, edges[i - 1]);
	}
}

static void next_absent_finds_the_first_hole(struct kunit *test)
{
	struct test_tree *t = test->priv;
	u64 index;

	/* From the middle of one leaf to that of the next but one */
	for (index = 300; index < 1400; index++)
		if (index != 600)
			test_tree_store(t, index);
	KUNIT_EXPECT_EQ(test, 0, zxvmo_ptree_next_absent(&t->tree, 0, LAST));
	KUNIT_EXPECT_EQ(test, 299, zxvmo_ptree_next_absent(&t->tree, 299, LAST));
	KUNIT_EXPECT_EQ(test, 600, zxvmo_ptree_next_absent(&t->tree, 300, LAST));
	KUNIT_EXPECT_EQ(test, 600, zxvmo_ptree_next_absent(&t->tree, 511, LAST));
	KUNIT_EXPECT_EQ(test, 600, zxvmo_ptree_next_absent(&t->tree, 512, 600));
	KUNIT_EXPECT_EQ(test, 600, zxvmo_ptree_next_absent(&t->tree, 300, 599));
	KUNIT_EXPECT_EQ(test, 512, zxvmo_ptree_next_absent(&t->tree, 300, 511));
	KUNIT_EXPECT_EQ(test, 1400, zxvmo_ptree_next_absent(&t->tree, 601, LAST));
	KUNIT_EXPECT_EQ(test, 1024, zxvmo_ptree_next_absent(&t->tree, 1023, 1023));
	KUNIT_EXPECT_EQ(test, LAST, zxvmo_ptree_next_absent(&t->tree, LAST, LAST));
	test_tree_store(t, LAST);
	KUNIT_EXPECT_EQ(test, LAST + 1, zxvmo_ptree_next_absent(&t->tree, LAST, LAST));
}

static void next_absent_finds_the_end_of_a_short_leaf(struct kunit *test)
{
	struct test_tree *t = test->priv;
	u64 index;

	t->nr_indexes = 6;
	for (index = 0; index < 6; index++)
		test_tree_store(t, index);
	KUNIT_EXPECT_LT(test, test_tree_root(t)->nr_slots, NODE_SLOTS);
	KUNIT_EXPECT_EQ(test, 6, zxvmo_ptree_next_absent(&t->tree, 0, LAST));
	KUNIT_EXPECT_EQ(test, 6, zxvmo_ptree_next_absent(&t->tree, 0, 5));
	KUNIT_EXPECT_EQ(test, 100, zxvmo_ptree_next_absent(&t->tree, 100, LAST));
}

static void count_counts_each_range(struct kunit *test)
{
	struct test_tree *t = test->priv;
	struct page *pages[ARRAY_SIZE(edges)];
	size_t i, j;

	store_edges(t, pages);
	for (i = 0; i < ARRAY_SIZE(edges); i++)
		for (j = i; j < ARRAY_SIZE(edges); j++)
			KUNIT_EXPECT_EQ(test, j - i + 1,
					zxvmo_ptree_count(&t->tree, edges[i], edges[j]));
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(edges), zxvmo_ptree_count(&t->tree, 0, LAST));
	KUNIT_EXPECT_EQ(test, 0, zxvmo_ptree_count(&t->tree, SPAN(2) + 2, SPAN(3) - 2));
}

static void remove_goes_leaf_by_leaf(struct kunit *test)
{
	struct test_tree *t = test->priv;
	struct page *first, *second, *third;
	LIST_HEAD(pages);

	first = test_tree_store(t, 510);
	second = test_tree_store(t, 511);
	third = test_tree_store(t, 512);
	KUNIT_EXPECT_EQ(test, 512, test_tree_take(t, 0, LAST, &pages));
	KUNIT_EXPECT_PTR_EQ(test, list_first_entry(&pages, struct page, lru), first);
	KUNIT_EXPECT_PTR_EQ(test, list_last_entry(&pages, struct page, lru), second);
	KUNIT_EXPECT_EQ(test, page_count(first), 1);
	KUNIT_EXPECT_EQ(test, test_tree_nr(t), 1);
	KUNIT_EXPECT_PTR_EQ(test, zxvmo_ptree_lookup(&t->tree, 512), third);
	EXPECT_SOUND(t);
	zxvmo_pages_free(&pages);
}

static void remove_keeps_what_is_outside(struct kunit *test)
{
	struct test_tree *t = test->priv;
	u64 index;

	for (index = 500; index < 530; index++)
		test_tree_store(t, index);
	test_tree_remove(t, 505, 520);
	for (index = 500; index < 530; index++)
		KUNIT_EXPECT_EQ(test, index < 505 || index > 520,
				!!zxvmo_ptree_lookup(&t->tree, index));
	KUNIT_EXPECT_EQ(test, test_tree_nr(t), 14);
	EXPECT_SOUND(t);
}

/* With the last page of a node goes the node, at each level. */
static void remove_frees_empty_nodes(struct kunit *test)
{
	struct test_tree *t = test->priv;
	unsigned long nodes = atomic_long_read(&zxvmo_nr_nodes);
	unsigned int level;

	test_tree_store(t, LAST);
	for (level = 0; level < NODE_LEVELS; level++) {
		unsigned long bytes = test_tree_bytes(t);
		u64 index = LAST ^ SPAN(level);

		test_tree_store(t, index);
		if (level)
			KUNIT_EXPECT_LT(test, bytes, test_tree_bytes(t));
		test_tree_remove(t, index, index);
		KUNIT_EXPECT_EQ(test, bytes, test_tree_bytes(t));
		EXPECT_SOUND(t);
	}
	test_tree_remove(t, LAST, LAST);
	KUNIT_EXPECT_NULL(test, test_tree_root(t));
	KUNIT_EXPECT_EQ(test, test_tree_bytes(t), 0);
	KUNIT_EXPECT_EQ(test, nodes, atomic_long_read(&zxvmo_nr_nodes));
}

/* Steps follow the leaves that are there, not the length of the range. */
static void remove_visits_populated_leaves_only(struct kunit *test)
{
	struct test_tree *t = test->priv;

	test_tree_store(t, 3);
	test_tree_store(t, SPAN(3));
	test_tree_store(t, SPAN(3) + 5);
	test_tree_store(t, LAST);
	KUNIT_EXPECT_GE(test, 4, test_tree_remove(t, 0, LAST));
	KUNIT_EXPECT_EQ(test, test_tree_nr(t), 0);
}

static void root_rises_with_the_highest_index(struct kunit *test)
{
	struct test_tree *t = test->priv;
	unsigned int level;

	for (level = 0; level < NODE_LEVELS; level++) {
		test_tree_store(t, level ? SPAN(level) : 0);
		KUNIT_EXPECT_EQ(test, test_tree_root(t)->level, level);
		EXPECT_SOUND(t);
	}
	test_tree_store(t, LAST);
	KUNIT_EXPECT_EQ(test, test_tree_root(t)->level, NODE_LEVELS - 1);
	for (level = 0; level < NODE_LEVELS; level++)
		KUNIT_EXPECT_NOT_NULL(test, zxvmo_ptree_lookup(&t->tree, level ? SPAN(level) : 0));
}

/* From any height to any other at once */
static void root_rises_by_several_levels(struct kunit *test)
{
	struct test_tree *t = test->priv;
	unsigned int from, to;

	for (from = 0; from < NODE_LEVELS; from++) {
		for (to = from + 1; to < NODE_LEVELS; to++) {
			struct page *low = test_tree_store(t, from ? SPAN(from) : 0);
			struct page *high = test_tree_store(t, SPAN(to) + 1);

			KUNIT_EXPECT_EQ(test, test_tree_root(t)->level, to);
			KUNIT_EXPECT_PTR_EQ(test, low, zxvmo_ptree_lookup(&t->tree,
									  from ? SPAN(from) : 0));
			KUNIT_EXPECT_PTR_EQ(test, high, zxvmo_ptree_lookup(&t->tree, SPAN(to) + 1));
			EXPECT_SOUND(t);
			test_tree_remove(t, 0, LAST);
		}
	}
}

static void short_leaf_follows_the_size(struct kunit *test)
{
	struct test_tree *t = test->priv;
	u64 size;

	for (size = 1; size < NODE_SLOTS; size++) {
		size_t needed = struct_size_t(struct zxvmo_node, slots, size);

		t->nr_indexes = size;
		test_tree_store(t, 0);
		KUNIT_EXPECT_LE(test, size, test_tree_root(t)->nr_slots);
		KUNIT_EXPECT_LE(test, needed, test_tree_bytes(t));
		KUNIT_EXPECT_GT(test, 2 * needed, test_tree_bytes(t));
		if (is_power_of_2(size))
			EXPECT_SOUND(t);
		test_tree_remove(t, 0, LAST);
	}
}

/* It is not charged as a page, unlike a full node. */
static void short_leaf_is_not_charged(struct kunit *test)
{
	struct test_tree *t = test->priv;
	long charged = atomic_long_read(&zxvmo_nr_pages);

	t->nr_indexes = 1;
	test_tree_store(t, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&zxvmo_nr_pages), charged + 1);
	t->nr_indexes = NODE_SLOTS;
	test_tree_store(t, NODE_SLOTS - 1);
	KUNIT_EXPECT_EQ(test, test_tree_root(t)->nr_slots, NODE_SLOTS);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&zxvmo_nr_pages), charged + 2 + 1);
	test_tree_store(t, NODE_SLOTS);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&zxvmo_nr_pages), charged + 3 + 3);
	test_tree_remove(t, 0, LAST);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&zxvmo_nr_pages), charged);
}

static void short_leaf_grows_with_its_pages(struct kunit *test)
{
	struct test_tree *t = test->priv;
	unsigned long nodes = atomic_long_read(&zxvmo_nr_nodes);
	struct page *pages[10];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		u64 index = (1 << i) - 1;

		t->nr_indexes = index + 1;
		pages[i] = test_tree_store(t, index);
		KUNIT_EXPECT_LT(test, index, test_tree_root(t)->nr_slots);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&zxvmo_nr_nodes), nodes + 1);
		for (j = 0; j <= i; j++)
			KUNIT_EXPECT_PTR_EQ(test, pages[j],
					    zxvmo_ptree_lookup(&t->tree, (1 << j) - 1));
		EXPECT_SOUND(t);
	}
	KUNIT_EXPECT_EQ(test, test_tree_root(t)->nr_slots, NODE_SLOTS);
}

/* Where the tree has become high, the short leaf is deep below it. */
static void short_leaf_grows_below_other_nodes(struct kunit *test)
{
	struct test_tree *t = test->priv;
	unsigned int level;

	for (level = 1; level < NODE_LEVELS; level++) {
		struct page *first, *high;

		t->nr_indexes = 1;
		first = test_tree_store(t, 0);
		t->nr_indexes = LAST + 1;
		high = test_tree_store(t, SPAN(level));
		EXPECT_SOUND(t);
		test_tree_store(t, 300);
		EXPECT_SOUND(t);
		KUNIT_EXPECT_PTR_EQ(test, zxvmo_ptree_lookup(&t->tree, 0), first);
		KUNIT_EXPECT_PTR_EQ(test, zxvmo_ptree_lookup(&t->tree, SPAN(level)), high);
		KUNIT_EXPECT_EQ(test, test_tree_nr(t), 3);
		test_tree_remove(t, 0, LAST);
	}
}

static void short_leaf_reads_absent_beyond_its_end(struct kunit *test)
{
	struct test_tree *t = test->priv;
	LIST_HEAD(pages);
	u64 index;

	t->nr_indexes = 1;
	test_tree_store(t, 0);
	for (index = 1; index < 600; index++)
		KUNIT_EXPECT_NULL(test, zxvmo_ptree_lookup(&t->tree, index));
	index = 1;
	KUNIT_EXPECT_NULL(test, zxvmo_ptree_next(&t->tree, &index, LAST));
	index = 511;
	KUNIT_EXPECT_NULL(test, zxvmo_ptree_prev(&t->tree, &index, 1));
	index = 511;
	KUNIT_EXPECT_NOT_NULL(test, zxvmo_ptree_prev(&t->tree, &index, 0));
	KUNIT_EXPECT_EQ(test, zxvmo_ptree_count(&t->tree, 1, LAST), 0);
	KUNIT_EXPECT_LT(test, LAST, test_tree_take(t, 100, LAST, &pages));
	KUNIT_EXPECT_EQ(test, zxvmo_ptree_count(&t->tree, 0, LAST), 1);
}

static void reserve_fails_without_nodes_and_changes_nothing(struct kunit *test)
{
	struct test_tree *t = test->priv;
	struct zxvmo_node *root;
	unsigned long bytes;
	unsigned int level;

	for (level = 0; level < NODE_LEVELS; level++) {
		u64 index = level ? SPAN(level) : 0;

		root = test_tree_root(t);
		bytes = test_tree_bytes(t);
		KUNIT_EXPECT_EQ(test, -EAGAIN,
				zxvmo_ptree_reserve(&t->tree, index, LAST + 1, &t->pool));
		/* Above the first leaf: a root, and a node on each level below it */
		KUNIT_EXPECT_EQ(test, level + 1, t->pool.want_nodes);
		/* One is not enough of several. */
		while (t->pool.nr + 1 < t->pool.want_nodes) {
			unsigned int want = t->pool.want_nodes;

			t->pool.want_nodes = t->pool.nr + 1;
			KUNIT_ASSERT_EQ(test, zxvmo_node_pool_fill(&t->pool), 0);
			KUNIT_EXPECT_EQ(test, -EAGAIN,
					zxvmo_ptree_reserve(&t->tree, index, LAST + 1,
							    &t->pool));
			KUNIT_EXPECT_EQ(test, want, t->pool.want_nodes);
		}
		KUNIT_EXPECT_PTR_EQ(test, root, test_tree_root(t));
		KUNIT_EXPECT_EQ(test, bytes, test_tree_bytes(t));
		EXPECT_SOUND(t);
		test_tree_store(t, index);
		KUNIT_EXPECT_EQ(test, 0, t->pool.nr);
	}
}

static void reserve_of_a_slot_that_is_there_takes_nothing(struct kunit *test)
{
	struct test_tree *t = test->priv;
	struct zxvmo_node_pool none = { .account = t->tree.account };
	u64 index;

	test_tree_store(t, SPAN(3));
	for (index = SPAN(3); index < SPAN(3) + NODE_SLOTS; index++) {
		KUNIT_EXPECT_FALSE(test, zxvmo_ptree_want(&t->tree, index, LAST + 1, &none));
		KUNIT_EXPECT_EQ(test, none.want_nodes, 0);
		KUNIT_EXPECT_EQ(test, none.want_leaf_slots, 0);
		KUNIT_EXPECT_EQ(test, 0, zxvmo_ptree_reserve(&t->tree, index, LAST + 1,
							     &none));
	}
	EXPECT_SOUND(t);
}

/* Whatever the tree holds and whatever is added: not one node too many */
static void want_tells_what_reserve_takes(struct kunit *test)
{
	struct test_tree *t = test->priv;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		for (j = 0; j < ARRAY_SIZE(edges); j++) {
			unsigned long nodes;
			bool leaf;

			if (i == j)
				continue;
			t->nr_indexes = edges[i] + 1;
			test_tree_store(t, edges[i]);
			t->nr_indexes = max(edges[i], edges[j]) + 1;
			nodes = atomic_long_read(&zxvmo_nr_nodes);
			zxvmo_ptree_want(&t->tree, edges[j], t->nr_indexes, &t->pool);
			leaf = t->pool.want_leaf_slots;
			nodes += t->pool.want_nodes + leaf;
			test_tree_store(t, edges[j]);
			KUNIT_EXPECT_EQ(test, t->pool.nr, 0);
			KUNIT_EXPECT_NULL(test, t->pool.leaf);
			/* A first leaf that was replaced is gone. */
			KUNIT_EXPECT_GE(test, nodes, atomic_long_read(&zxvmo_nr_nodes));
			KUNIT_EXPECT_LE(test, nodes, atomic_long_read(&zxvmo_nr_nodes) + 1);
			if (i == j + 1)
				EXPECT_SOUND(t);
			test_tree_remove(t, 0, LAST);
		}
	}
}

static void store_without_filling(struct test_tree *t, u64 index)
{
	if (zxvmo_ptree_lookup(&t->tree, index))
		return;
	KUNIT_ASSERT_EQ_MSG(t->test, 0,
			    zxvmo_ptree_reserve(&t->tree, index, t->nr_indexes, &t->pool),
			    "at %#llx", index);
	zxvmo_ptree_store(&t->tree, index, test_tree_page(t, index));
}

/* One fill, then the first and the last page of each leaf without another */
static void store_range(struct test_tree *t, u64 first, u64 last)
{
	struct kunit *test = t->test;
	u64 index, end;

	zxvmo_ptree_want_range(&t->tree, first, last, &t->pool);
	KUNIT_ASSERT_EQ(test, zxvmo_node_pool_fill(&t->pool), 0);
	for (index = first; index <= last; index = end + 1) {
		end = min(last, zxvmo_ptree_leaf_last(&t->tree, index));
		store_without_filling(t, index);
		store_without_filling(t, end);
	}
	KUNIT_EXPECT_EQ_MSG(test, t->pool.nr, 0, "[%#llx, %#llx]", first, last);
	KUNIT_EXPECT_NULL(test, t->pool.leaf);
	EXPECT_SOUND(t);
	test_tree_remove(t, 0, LAST);
	zxvmo_node_pool_drain(&t->pool);
}

static void want_range_tells_what_all_of_it_takes(struct kunit *test)
{
	static const u64 lengths[] = { 512, 513, 2000 };
	struct test_tree *t = test->priv;
	size_t i, j, k;

	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		for (j = 0; j < ARRAY_SIZE(lengths); j++) {
			u64 first = edges[i], last = first + lengths[j];

			if (last > LAST)
				continue;
			store_range(t, first, last);
			/* The same with something there already */
			for (k = 0; k < ARRAY_SIZE(edges); k += 10) {
				t->nr_indexes = edges[k] + 1;
				test_tree_store(t, edges[k]);
				t->nr_indexes = LAST + 1;
				store_range(t, first, last);
			}
		}
	}
}

static void pool_replaces_a_leaf_that_is_too_short(struct kunit *test)
{
	struct test_tree *t = test->priv;
	unsigned long nodes = atomic_long_read(&zxvmo_nr_nodes);

	zxvmo_ptree_want(&t->tree, 0, 1, &t->pool);
	KUNIT_ASSERT_EQ(test, zxvmo_node_pool_fill(&t->pool), 0);
	KUNIT_EXPECT_TRUE(test, zxvmo_ptree_want(&t->tree, 0, 400, &t->pool));
	KUNIT_ASSERT_EQ(test, zxvmo_node_pool_fill(&t->pool), 0);
	KUNIT_EXPECT_FALSE(test, zxvmo_ptree_want(&t->tree, 0, 400, &t->pool));
	KUNIT_EXPECT_LE(test, 400, t->pool.leaf->nr_slots);
	/* One that is longer than needed will do. */
	KUNIT_EXPECT_FALSE(test, zxvmo_ptree_want(&t->tree, 0, 100, &t->pool));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&zxvmo_nr_nodes), nodes + 1);
	zxvmo_node_pool_drain(&t->pool);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&zxvmo_nr_nodes), nodes);
}

static void pool_gives_back_what_it_was_charged(struct kunit *test)
{
	struct test_tree *t = test->priv;
	long charged = atomic_long_read(&zxvmo_nr_pages);

	t->pool.want_nodes = 7;
	KUNIT_ASSERT_EQ(test, zxvmo_node_pool_fill(&t->pool), 0);
	KUNIT_EXPECT_EQ(test, t->pool.nr, 7);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&zxvmo_nr_pages), charged + 7);
	/* Nothing is missing: nothing happens. */
	KUNIT_ASSERT_EQ(test, zxvmo_node_pool_fill(&t->pool), 0);
	KUNIT_EXPECT_EQ(test, t->pool.nr, 7);
	zxvmo_node_pool_drain(&t->pool);
	KUNIT_EXPECT_EQ(test, t->pool.nr, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&zxvmo_nr_pages), charged);
}

static void leaf_last_is_in_the_same_leaf(struct kunit *test)
{
	struct test_tree *t = test->priv;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		u64 last = zxvmo_ptree_leaf_last(&t->tree, edges[i]);

		KUNIT_EXPECT_EQ(test, last / NODE_SLOTS, edges[i] / NODE_SLOTS);
		KUNIT_EXPECT_EQ(test, last % NODE_SLOTS, NODE_SLOTS - 1);
	}
}

static struct kunit_case pagetree_cases[] = {
	KUNIT_CASE(empty_tree_has_nothing),
	KUNIT_CASE(lookup_finds_what_was_stored_only),
	KUNIT_CASE(lookup_above_the_root_finds_nothing),
	KUNIT_CASE(store_gives_the_old_page_back),
	KUNIT_CASE(next_visits_all_in_order),
	KUNIT_CASE(next_stops_at_the_last_index),
	KUNIT_CASE(prev_visits_all_in_falling_order),
	KUNIT_CASE(prev_stops_at_the_first_index),
	KUNIT_CASE(next_absent_finds_the_first_hole),
	KUNIT_CASE(next_absent_finds_the_end_of_a_short_leaf),
	KUNIT_CASE(count_counts_each_range),
	KUNIT_CASE(remove_goes_leaf_by_leaf),
	KUNIT_CASE(remove_keeps_what_is_outside),
	KUNIT_CASE(remove_frees_empty_nodes),
	KUNIT_CASE(remove_visits_populated_leaves_only),
	KUNIT_CASE(root_rises_with_the_highest_index),
	KUNIT_CASE(root_rises_by_several_levels),
	KUNIT_CASE(short_leaf_follows_the_size),
	KUNIT_CASE(short_leaf_is_not_charged),
	KUNIT_CASE(short_leaf_grows_with_its_pages),
	KUNIT_CASE(short_leaf_grows_below_other_nodes),
	KUNIT_CASE(short_leaf_reads_absent_beyond_its_end),
	KUNIT_CASE(reserve_fails_without_nodes_and_changes_nothing),
	KUNIT_CASE(reserve_of_a_slot_that_is_there_takes_nothing),
	KUNIT_CASE_SLOW(want_tells_what_reserve_takes),
	KUNIT_CASE_SLOW(want_range_tells_what_all_of_it_takes),
	KUNIT_CASE(pool_replaces_a_leaf_that_is_too_short),
	KUNIT_CASE(pool_gives_back_what_it_was_charged),
	KUNIT_CASE(leaf_last_is_in_the_same_leaf),
	{}
};

struct kunit_suite zxvmo_pagetree_suite = {
	.name = "zxvmo_pagetree",
	.init = test_tree_init,
	.exit = test_tree_exit,
	.test_cases = pagetree_cases,
};
