// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page trees that share: snapshots of VMOs, what a write or a removal copies,
 * what nobody may change, and what goes with the last who has it.
 */
#include "zxvmo_kunit.h"

#define SPAN(level)	(1ULL << ((level) * NODE_SHIFT))
#define MAX_FROZEN	16

/* The supply of a test, and what there was before it */
struct sharing_test {
	struct zxvmo_supply supply;
	struct zxvmo_account *account;
	long nr_nodes;
	long nr_pages;
};

static long nr_nodes(void)
{
	return atomic_long_read(&zxvmo_nr_nodes);
}

static long nr_charged(void)
{
	return atomic_long_read(&zxvmo_nr_pages);
}

static int sharing_init(struct kunit *test)
{
	struct sharing_test *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	if (!s)
		return -ENOMEM;
	s->account = zxvmo_account_get();
	if (!s->account)
		return -ENOMEM;
	s->nr_nodes = nr_nodes();
	s->nr_pages = nr_charged();
	zxvmo_supply_init(&s->supply,
			  &(struct zxvmo_ptree) { .account = s->account });
	test->priv = s;
	return 0;
}

/* The VMOs that are left are freed after this. */
static void sharing_exit(struct kunit *test)
{
	struct sharing_test *s = test->priv;

	zxvmo_supply_release(&s->supply);
	zxvmo_account_put(s->account);
}

/* The test has closed all its VMOs: nothing of them is left. */
static void expect_nothing_left(struct kunit *test)
{
	struct sharing_test *s = test->priv;

	zxvmo_supply_release(&s->supply);
	KUNIT_EXPECT_EQ(test, nr_nodes(), s->nr_nodes);
	KUNIT_EXPECT_EQ(test, nr_charged(), s->nr_pages);
}

static u64 *page_value(struct page *page)
{
	return page_address(page);
}

static u64 value_at(struct zxvmo_vmo *vmo, u64 index)
{
	struct page *page = zxvmo_ptree_lookup(&vmo->tree, index);

	return page ? *page_value(page) : 0;
}

/* As a program's write: the VMO owns the page, then it is changed. */
static struct page *write_value(struct kunit *test, struct zxvmo_vmo *vmo, u64 index,
				u64 value)
{
	struct sharing_test *s = test->priv;
	struct page *page;
	int ret;

	do {
		down_write(&vmo->lock);
		ret = zxvmo_vmo_own(vmo, index, index, NULL, &s->supply);
		up_write(&vmo->lock);
		zxvmo_removed_free(&s->supply.removed);
		if (ret)
			KUNIT_ASSERT_EQ(test, zxvmo_supply_fill(&s->supply), 0);
	} while (ret);
	page = zxvmo_ptree_lookup(&vmo->tree, index);
	KUNIT_ASSERT_NOT_NULL(test, page);
	*page_value(page) = value;
	return page;
}

static int clone(struct kunit *test, struct zxvmo_vmo *child, struct zxvmo_vmo *parent,
		 u64 first, u64 nr_pages, struct list_head *pinned)
{
	struct sharing_test *s = test->priv;
	u64 last = first + nr_pages - 1;
	bool ready;

	if (first + nr_pages >= parent->size >> PAGE_SHIFT)
		last = U64_MAX;
	down_write(&parent->lock);
	down_write_nested(&child->lock, SINGLE_DEPTH_NESTING);
	ready = zxvmo_ptree_clone_ready(&parent->tree, first, last, pinned, &s->supply);
	if (ready)
		zxvmo_ptree_clone(&child->tree, &parent->tree, first, last, pinned,
				  &s->supply);
	up_write(&child->lock);
	up_write(&parent->lock);
	return ready ? 0 : -EAGAIN;
}

static struct zxvmo_vmo *snapshot(struct kunit *test, struct zxvmo_vmo *parent,
				  u64 first, u64 nr_pages)
{
	struct sharing_test *s = test->priv;
	struct zxvmo_vmo *child = test_vmo(test, nr_pages);
	LIST_HEAD(none);
	int ret;

	KUNIT_ASSERT_EQ(test, zxvmo_family_get(parent, child), 0);
	ret = clone(test, child, parent, first, nr_pages, &none);
	if (ret == -EAGAIN) {
		KUNIT_ASSERT_EQ(test, zxvmo_supply_fill(&s->supply), 0);
		ret = clone(test, child, parent, first, nr_pages, &none);
	}
	KUNIT_ASSERT_EQ(test, ret, 0);
	zxvmo_family_join(parent, child);
	return child;
}

/* Verifies all VMOs of a test; gives the number of different pages they have. */
static unsigned long check(struct kunit *test, struct zxvmo_vmo **vmos, size_t nr,
			   const char *file, int line)
{
	const struct zxvmo_ptree **trees = kcalloc(nr, sizeof(*trees), GFP_KERNEL);
	struct zxvmo_ptree_state state;
	const char *flaw;
	size_t i, used = 0;

	KUNIT_ASSERT_NOT_NULL(test, trees);
	for (i = 0; i < nr; i++)
		if (vmos[i])
			trees[used++] = &vmos[i]->tree;
	flaw = zxvmo_ptree_check(trees, used, NULL, &state);
	kfree(trees);
	if (flaw)
		KUNIT_FAIL(test, "%s:%d: page %#llx: %s", file, line, state.index, flaw);
	return state.nr_pages;
}

#define EXPECT_ALL_SOUND(...) ({						\
	struct zxvmo_vmo *checked[] = { __VA_ARGS__ };				\
										\
	check(test, checked, ARRAY_SIZE(checked), __FILE__, __LINE__);		\
})

static void snapshot_of_all_shares_the_root(struct kunit *test)
{
	unsigned int level;

	for (level = 0; level < NODE_LEVELS; level++) {
		u64 index = level ? SPAN(level) : 0, nodes;
		struct zxvmo_vmo *parent = test_vmo(test, index + 3), *child;
		struct page *page = write_value(test, parent, index, 7);
		long charged = nr_charged();

		nodes = nr_nodes();
		child = snapshot(test, parent, 0, index + 3);
		KUNIT_EXPECT_EQ(test, child->tree.root, parent->tree.root);
		KUNIT_EXPECT_EQ(test, nr_nodes(), nodes);
		KUNIT_EXPECT_EQ(test, nr_charged(), charged);
		KUNIT_EXPECT_PTR_EQ(test, zxvmo_ptree_lookup(&child->tree, index), page);
		KUNIT_EXPECT_EQ(test, EXPECT_ALL_SOUND(parent, child), 1);
		test_vmo_free(test, child);
		test_vmo_free(test, parent);
		expect_nothing_left(test);
	}
}

/* Whatever its ends, and whatever is in it */
static void snapshot_of_a_part_copies_two_nodes_a_level(struct kunit *test)
{
	static const struct { u64 first, nr; } parts[] = {
		{ 0, 1 }, { 1, 1 }, { 0, 511 }, { 1, 511 }, { 511, 2 }, { 512, 512 },
		{ 3, 5000 }, { 511, SPAN(2) }, { SPAN(2) - 1, 2 }, { SPAN(2), SPAN(2) },
		{ 5, 3 * SPAN(2) }, { SPAN(2) - 700, SPAN(2) + 900 },
	};
	struct zxvmo_vmo *parent = test_vmo(test, 4 * SPAN(2)), *child;
	struct sharing_test *s = test->priv;
	u64 index;
	size_t i;

	for (index = 0; index < 4 * SPAN(2); index += 509 * 7)
		write_value(test, parent, index, index + 1);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		long nodes;

		zxvmo_supply_release(&s->supply);
		nodes = nr_nodes();
		child = snapshot(test, parent, parts[i].first, parts[i].nr);
		KUNIT_EXPECT_GE(test, nodes + 2 * 3, nr_nodes());
		KUNIT_EXPECT_EQ(test, zxvmo_ptree_count(&child->tree, 0, parts[i].nr - 1),
				zxvmo_ptree_count(&parent->tree, parts[i].first,
						  parts[i].first + parts[i].nr - 1));
		/* Nothing of what the parent has besides can be reached. */
		KUNIT_EXPECT_EQ(test, zxvmo_ptree_count(&child->tree, parts[i].nr,
							ZXVMO_LAST_INDEX - parts[i].first), 0);
		for (index = 0; zxvmo_ptree_next(&child->tree, &index, parts[i].nr - 1); index++)
			KUNIT_EXPECT_EQ(test, value_at(child, index), index + parts[i].first + 1);
		EXPECT_ALL_SOUND(parent, child);
		test_vmo_free(test, child);
		zxvmo_supply_release(&s->supply);
		KUNIT_EXPECT_EQ(test, nodes, nr_nodes());
	}
}

static void snapshot_without_nodes_changes_nothing(struct kunit *test)
{
	struct sharing_test *s = test->priv;
	struct zxvmo_vmo *parent = test_vmo(test, SPAN(2)), *child = test_vmo(test, 900);
	LIST_HEAD(none);
	long nodes;

	write_value(test, parent, 0, 1);
	write_value(test, parent, 600, 2);
	zxvmo_supply_release(&s->supply);
	nodes = nr_nodes();
	KUNIT_EXPECT_EQ(test, clone(test, child, parent, 5, 900, &none), -EAGAIN);
	KUNIT_EXPECT_EQ(test, child->tree.root, 0);
	KUNIT_EXPECT_EQ(test, nr_nodes(), nodes);
	EXPECT_ALL_SOUND(parent);
	KUNIT_ASSERT_EQ(test, zxvmo_supply_fill(&s->supply), 0);
	KUNIT_EXPECT_EQ(test, clone(test, child, parent, 5, 900, &none), 0);
	KUNIT_EXPECT_EQ(test, value_at(child, 595), 2);
	EXPECT_ALL_SOUND(parent, child);
}

/* A child of a child counts its indexes from where the parent's begin. */
static void parts_of_parts_have_their_offsets(struct kunit *test)
{
	struct zxvmo_vmo *vmos[8];
	u64 first = 0;
	size_t i;

	vmos[0] = test_vmo(test, 10000);
	for (i = 0; i < 10000; i += 100)
		write_value(test, vmos[0], i, i + 1);
	for (i = 1; i < ARRAY_SIZE(vmos); i++) {
		vmos[i] = snapshot(test, vmos[i - 1], 350 * i, 10000 - first - 350 * i);
		first += 350 * i;
		KUNIT_EXPECT_EQ(test, vmos[i]->tree.base, first);
		KUNIT_EXPECT_EQ(test, value_at(vmos[i], 9900 - first), 9901);
		KUNIT_EXPECT_EQ(test, zxvmo_ptree_next_absent(&vmos[i]->tree, 9900 - first,
							      ZXVMO_LAST_INDEX - first),
				9901 - first);
	}
	check(test, vmos, ARRAY_SIZE(vmos), __FILE__, __LINE__);
	/* Below its own first index a tree never reaches. */
	write_value(test, vmos[3], 0, 77);
	KUNIT_EXPECT_EQ(test, value_at(vmos[2], 1050), 2101);
	check(test, vmos, ARRAY_SIZE(vmos), __FILE__, __LINE__);
}

static void write_copies_the_path_once(struct kunit *test)
{
	struct zxvmo_vmo *parent = test_vmo(test, SPAN(3)), *child;
	struct page *old = write_value(test, parent, SPAN(2) + 3, 1), *new;
	struct zxvmo_node *other;
	long nodes;

	write_value(test, parent, 5, 2);
	child = snapshot(test, parent, 0, SPAN(3));
	nodes = nr_nodes();
	new = write_value(test, child, SPAN(2) + 3, 3);
	KUNIT_EXPECT_PTR_NE(test, old, new);
	KUNIT_EXPECT_PTR_EQ(test, old, zxvmo_ptree_lookup(&parent->tree, SPAN(2) + 3));
	KUNIT_EXPECT_EQ(test, *page_value(old), 1);
	KUNIT_EXPECT_EQ(test, nr_nodes(), nodes + 3);
	other = slot_node(slot_node(child->tree.root)->slots[0]);
	KUNIT_EXPECT_PTR_EQ(test, other,
			    slot_node(slot_node(parent->tree.root)->slots[0]));
	KUNIT_EXPECT_EQ(test, refcount_read(&other->refs), 2);
	EXPECT_ALL_SOUND(parent, child);

	KUNIT_EXPECT_PTR_EQ(test, write_value(test, child, SPAN(2) + 3, 4), new);
	write_value(test, child, SPAN(2) + 4, 5);
	KUNIT_EXPECT_EQ(test, nr_nodes(), nodes + 3);
	/* The parent has what is left of the path for itself. */
	KUNIT_EXPECT_PTR_EQ(test, write_value(test, parent, SPAN(2) + 3, 6), old);
	KUNIT_EXPECT_EQ(test, nr_nodes(), nodes + 3);
	KUNIT_EXPECT_EQ(test, value_at(child, SPAN(2) + 3), 4);
	EXPECT_ALL_SOUND(parent, child);
}

/* What nodes that more than one name look like */
struct frozen {
	struct zxvmo_node *node;
	u16 nr_used;
	unsigned long slots[NODE_SLOTS];
};

static size_t freeze(struct zxvmo_node *node, struct frozen *frozen, size_t nr)
{
	unsigned int i;

	if (nr == MAX_FROZEN)
		return nr;
	frozen[nr].node = node;
	frozen[nr].nr_used = node->nr_used;
	memcpy(frozen[nr].slots, node->slots, node->nr_slots * sizeof(node->slots[0]));
	nr++;
	for (i = 0; node->level && i < node->nr_slots; i++)
		if (node->slots[i])
			nr = freeze(slot_node(node->slots[i]), frozen, nr);
	return nr;
}

/* While the third one has not changed anything, its nodes stay as they are. */
static void shared_nodes_never_change(struct kunit *test)
{
	struct frozen *frozen = kunit_kcalloc(test, MAX_FROZEN, sizeof(*frozen), GFP_KERNEL);
	struct zxvmo_vmo *parent = test_vmo(test, 3000), *child, *witness;
	struct rnd_state rnd;
	size_t nr, i;
	u64 index;
	int step;

	KUNIT_ASSERT_NOT_NULL(test, frozen);
	for (index = 0; index < 3000; index += 50)
		write_value(test, parent, index, index + 1);
	child = snapshot(test, parent, 0, 3000);
	witness = snapshot(test, child, 0, 3000);
	nr = freeze(slot_node(witness->tree.root), frozen, 0);
	KUNIT_EXPECT_EQ(test, nr, 7);
	prandom_seed_state(&rnd, 1);
	for (step = 0; step < 300; step++) {
		struct zxvmo_vmo *vmo = step % 2 ? parent : child;

		index = random_below(&rnd, 3000);
		if (random_below(&rnd, 3))
			write_value(test, vmo, index, step);
		else
			zxvmo_vmo_decommit(vmo, index, min(index + 200, 2999ULL), false);
		for (i = 0; i < nr; i++) {
			struct zxvmo_node *node = frozen[i].node;

			KUNIT_ASSERT_EQ(test, node->nr_used, frozen[i].nr_used);
			KUNIT_ASSERT_EQ(test, memcmp(node->slots, frozen[i].slots,
						     node->nr_slots * sizeof(node->slots[0])), 0);
		}
	}
	for (index = 0; index < 3000; index += 50)
		KUNIT_EXPECT_EQ(test, value_at(witness, index), index + 1);
	EXPECT_ALL_SOUND(parent, child, witness);
}

/* The page is written in place again, unless somebody got hold of it. */
static void last_sharer_owns_the_page(struct kunit *test)
{
	struct zxvmo_vmo *parent = test_vmo(test, 600), *child;
	struct page *page = write_value(test, parent, 550, 1), *copy;
	long charged;

	child = snapshot(test, parent, 0, 600);
	write_value(test, child, 551, 2);	/* Now two leaves name the page. */
	KUNIT_EXPECT_EQ(test, zxvmo_page_nr_slots(page), 2);
	KUNIT_EXPECT_TRUE(test, zxvmo_page_is_shared(page));
	test_vmo_free(test, child);
	KUNIT_EXPECT_EQ(test, zxvmo_page_nr_slots(page), 1);
	charged = nr_charged();

	get_page(page);
	copy = write_value(test, parent, 550, 3);
	KUNIT_EXPECT_PTR_NE(test, copy, page);
	KUNIT_EXPECT_EQ(test, *page_value(page), 1);
	put_page(page);
	EXPECT_ALL_SOUND(parent);

	child = snapshot(test, parent, 0, 600);
	write_value(test, child, 551, 2);
	test_vmo_free(test, child);
	KUNIT_EXPECT_PTR_EQ(test, write_value(test, parent, 550, 4), copy);
	KUNIT_EXPECT_FALSE(test, zxvmo_page_is_shared(copy));
	EXPECT_ALL_SOUND(parent);
	zxvmo_supply_release(&((struct sharing_test *)test->priv)->supply);
	KUNIT_EXPECT_EQ(test, nr_charged(), charged);
}

/* Each of three has pages that it alone has, that two have, and that all have. */
static void pages_go_with_the_last_who_has_them(struct kunit *test)
{
	static const u8 orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		struct zxvmo_vmo *vmos[3];
		unsigned long pages[4];

		vmos[0] = test_vmo(test, 2000);
		for (j = 0; j < 2000; j += 10)
			write_value(test, vmos[0], j, 1);
		vmos[1] = snapshot(test, vmos[0], 100, 1800);
		for (j = 0; j < 1800; j += 300)
			write_value(test, vmos[1], j, 2);
		vmos[2] = snapshot(test, vmos[1], 0, 1000);
		for (j = 0; j < 1000; j += 25)
			write_value(test, vmos[2], j, 3);
		zxvmo_vmo_decommit(vmos[0], 500, 600, false);
		zxvmo_vmo_decommit(vmos[1], 700, 1300, false);
		for (j = 0; j < 3; j++) {
			pages[j] = check(test, vmos, 3, __FILE__, __LINE__);
			if (j)
				KUNIT_EXPECT_LT(test, pages[j], pages[j - 1]);
			test_vmo_free(test, vmos[orders[i][j]]);
			vmos[orders[i][j]] = NULL;
		}
		expect_nothing_left(test);
	}
}

/* A range that is shared as a whole costs the path to it, not its pages. */
static void removal_takes_shared_nodes_whole(struct kunit *test)
{
	struct zxvmo_vmo *parent = test_vmo(test, 4 * SPAN(2)), *child;
	struct sharing_test *s = test->priv;
	struct zxvmo_removed removed = { .pages = LIST_HEAD_INIT(removed.pages) };
	unsigned int steps = 0;
	u64 index, first = 0;
	long nodes;
	int ret;

	for (index = 0; index < 4 * SPAN(2); index += 512 * 16)
		write_value(test, parent, index, index + 1);
	child = snapshot(test, parent, 0, 4 * SPAN(2));
	write_value(test, child, 4 * SPAN(2) - 1, 1);
	nodes = nr_nodes();
	do {
		down_write(&child->lock);
		ret = zxvmo_ptree_remove(&child->tree, &first, 3 * SPAN(2) - 1, NODE_LEVELS,
					 &s->supply.pool, &removed);
		up_write(&child->lock);
		if (ret == -EAGAIN)
			KUNIT_ASSERT_EQ(test, zxvmo_supply_fill(&s->supply), 0);
		zxvmo_removed_free(&removed);
		steps++;
	} while (ret);
	KUNIT_EXPECT_GE(test, 3 + 2, steps);
	KUNIT_EXPECT_EQ(test, nodes, nr_nodes());
	KUNIT_EXPECT_EQ(test, zxvmo_ptree_count(&child->tree, 0, 3 * SPAN(2) - 1), 0);
	KUNIT_EXPECT_EQ(test, zxvmo_ptree_count(&parent->tree, 0, 4 * SPAN(2)), 4 * 32);
	EXPECT_ALL_SOUND(parent, child);
}

static void removal_leaves_relatives_alone(struct kunit *test)
{
	struct zxvmo_vmo *parent = test_vmo(test, 1200), *child;
	u64 index;

	for (index = 0; index < 1200; index += 3)
		write_value(test, parent, index, index + 1);
	child = snapshot(test, parent, 6, 1194);
	zxvmo_vmo_decommit(child, 100, 700, false);
	EXPECT_ALL_SOUND(parent, child);
	for (index = 0; index < 1194; index++)
		KUNIT_EXPECT_EQ(test, value_at(child, index),
				index % 3 || (index >= 100 && index <= 700) ? 0 : index + 7);
	KUNIT_EXPECT_EQ(test, zxvmo_ptree_count(&parent->tree, 0, 1199), 400);
	zxvmo_vmo_decommit(parent, 0, 1199, false);
	KUNIT_EXPECT_EQ(test, parent->tree.root, 0);
	KUNIT_EXPECT_EQ(test, value_at(child, 99), 106);
	EXPECT_ALL_SOUND(parent, child);
}

/* Once it is split, what follows can be removed without a node. */
static void split_lets_the_rest_go_without_nodes(struct kunit *test)
{
	struct zxvmo_vmo *parent = test_vmo(test, 3 * SPAN(2)), *child;
	struct sharing_test *s = test->priv;
	struct zxvmo_removed *removed = &s->supply.removed;
	struct zxvmo_node_pool none = { .account = s->account };
	u64 index, first = 700;
	int ret;

	for (index = 0; index < 3 * SPAN(2); index += 2000)
		write_value(test, parent, index, index + 1);
	child = snapshot(test, parent, 0, 3 * SPAN(2));
	ret = zxvmo_ptree_split(&child->tree, first, &none, removed);
	KUNIT_EXPECT_EQ(test, ret, -EAGAIN);
	KUNIT_EXPECT_EQ(test, child->tree.root, parent->tree.root);
	KUNIT_ASSERT_EQ(test, zxvmo_node_pool_fill(&none), 0);
	down_write(&child->lock);
	KUNIT_EXPECT_EQ(test, zxvmo_ptree_split(&child->tree, first, &none, removed), 0);
	up_write(&child->lock);
	zxvmo_removed_free(removed);
	EXPECT_ALL_SOUND(parent, child);
	zxvmo_node_pool_drain(&none);
	do {
		down_write(&child->lock);
		ret = zxvmo_ptree_remove(&child->tree, &first, U64_MAX, NODE_LEVELS, &none,
					 removed);
		up_write(&child->lock);
		KUNIT_EXPECT_LE(test, 0, ret);
		zxvmo_removed_free(removed);
	} while (ret > 0);
	KUNIT_EXPECT_EQ(test, zxvmo_ptree_count(&child->tree, 0, 3 * SPAN(2)), 1);
	EXPECT_ALL_SOUND(parent, child);
}

/* A page that I/O is under way to stays the parent's; the child has it as it was. */
static void pinned_pages_are_copied(struct kunit *test)
{
	struct zxvmo_vmo *parent = test_vmo(test, 2000), *child = test_vmo(test, 2000);
	static const u64 pins[] = { 0, 40, 511, 512, 1999 };
	struct sharing_test *s = test->priv;
	LIST_HEAD(pinned);
	struct page *page;
	size_t i;

	for (i = 0; i < 2000; i++)
		write_value(test, parent, i, i + 1);
	for (i = 0; i < ARRAY_SIZE(pins); i++) {
		page = zxvmo_ptree_lookup(&parent->tree, pins[i]);
		page->index = pins[i];
		list_add_tail(&page->lru, &pinned);
	}
	KUNIT_EXPECT_EQ(test, clone(test, child, parent, 0, 2000, &pinned), -EAGAIN);
	KUNIT_EXPECT_EQ(test, s->supply.want, ARRAY_SIZE(pins));
	KUNIT_ASSERT_EQ(test, zxvmo_supply_fill(&s->supply), 0);
	KUNIT_EXPECT_EQ(test, clone(test, child, parent, 0, 2000, &pinned), 0);
	for (i = 0; i < 2000; i++)
		KUNIT_EXPECT_EQ(test, value_at(child, i), i + 1);
	for (i = 0; i < ARRAY_SIZE(pins); i++) {
		page = zxvmo_ptree_lookup(&parent->tree, pins[i]);
		KUNIT_EXPECT_FALSE(test, zxvmo_page_is_shared(page));
		KUNIT_EXPECT_EQ(test, zxvmo_page_nr_slots(page), 1);
		KUNIT_EXPECT_PTR_NE(test, page, zxvmo_ptree_lookup(&child->tree, pins[i]));
		/* And is written in place, whatever it is. */
		KUNIT_EXPECT_PTR_EQ(test, write_value(test, parent, pins[i], 9), page);
	}
	KUNIT_EXPECT_EQ(test, EXPECT_ALL_SOUND(parent, child), 2000 + ARRAY_SIZE(pins));
}

static void depth_of_the_family_costs_nothing(struct kunit *test)
{
	enum { DEPTH = 200 };
	struct zxvmo_vmo **vmos = kunit_kcalloc(test, DEPTH, sizeof(*vmos), GFP_KERNEL);
	struct rnd_state rnd;
	size_t i, left;
	long nodes;

	KUNIT_ASSERT_NOT_NULL(test, vmos);
	vmos[0] = test_vmo(test, 1024);
	for (i = 0; i < 1024; i += 100)
		write_value(test, vmos[0], i, 1000);
	for (i = 1; i < DEPTH; i++) {
		nodes = nr_nodes();
		vmos[i] = snapshot(test, vmos[i - 1], 0, 1024);
		KUNIT_EXPECT_EQ(test, nodes, nr_nodes());
		write_value(test, vmos[i], i, i);
		/* The root and one leaf */
		KUNIT_EXPECT_GE(test, nodes + 2, nr_nodes());
	}
	KUNIT_EXPECT_EQ(test, slot_node(vmos[DEPTH - 1]->tree.root)->level, 1);
	for (i = 1; i < DEPTH; i++) {
		KUNIT_EXPECT_EQ(test, value_at(vmos[DEPTH - 1], i), i);
		KUNIT_EXPECT_EQ(test, value_at(vmos[i], i), i);
		if (i < DEPTH - 1 && (i + 1) % 100)
			KUNIT_EXPECT_EQ(test, value_at(vmos[i], i + 1), 0);
	}
	check(test, vmos, DEPTH, __FILE__, __LINE__);
	prandom_seed_state(&rnd, 2);
	for (left = DEPTH; left; left--) {
		i = random_below(&rnd, left);
		test_vmo_free(test, vmos[i]);
		swap(vmos[i], vmos[left - 1]);
		vmos[left - 1] = NULL;
		if (left % 32 == 0)
			check(test, vmos, left - 1, __FILE__, __LINE__);
	}
	expect_nothing_left(test);
}

/*
 * What each is told to have of the pages, taken together, is all the pages but
 * for what dividing by three and such loses: a few units of 2^-63 byte.
 */
static void expect_attribution_adds_up(struct kunit *test, struct zxvmo_vmo **vmos,
				       size_t nr, unsigned long nr_pages)
{
	u64 bytes = 0, fraction = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		struct zxvmo_info_vmo info = {};

		if (!vmos[i])
			continue;
		KUNIT_ASSERT_EQ(test, zxvmo_vmo_kin_info(vmos[i], &info), 0);
		KUNIT_EXPECT_EQ(test, info.committed_bytes >> PAGE_SHIFT,
				zxvmo_ptree_count(&vmos[i]->tree, 0, ZXVMO_LAST_INDEX -
						  vmos[i]->tree.base));
		KUNIT_EXPECT_LE(test, info.committed_private_bytes,
				info.committed_scaled_bytes);
		KUNIT_EXPECT_LE(test, info.committed_scaled_bytes, info.committed_bytes);
		KUNIT_EXPECT_GT(test, 1ULL << 63, info.committed_fractional_scaled_bytes);
		bytes += info.committed_scaled_bytes;
		fraction += info.committed_fractional_scaled_bytes;
		if (fraction >> 63) {
			fraction -= 1ULL << 63;
			bytes++;
		}
	}
	if (fraction) {
		/* Each share of each page is short of less than PAGE_SIZE units. */
		KUNIT_EXPECT_GT(test, nr_pages * nr * nr * PAGE_SIZE, (1ULL << 63) - fraction);
		bytes++;
	}
	KUNIT_EXPECT_EQ(test, bytes, (u64)nr_pages << PAGE_SHIFT);
}

static void attribution_adds_up(struct kunit *test)
{
	struct zxvmo_vmo *vmos[7];
	size_t i, j;

	vmos[0] = test_vmo(test, 1500);
	for (i = 0; i < 1500; i += 7)
		write_value(test, vmos[0], i, 1);
	expect_attribution_adds_up(test, vmos, 1, 215);
	for (i = 1; i < ARRAY_SIZE(vmos); i++) {
		vmos[i] = snapshot(test, vmos[i / 2], i * 14, 1000);
		for (j = 0; j < 1000; j += 100 + i)
			write_value(test, vmos[i], j, 1);
		expect_attribution_adds_up(test, vmos, i + 1,
					   check(test, vmos, i + 1, __FILE__, __LINE__));
	}
	for (i = 0; i < ARRAY_SIZE(vmos); i++) {
		test_vmo_free(test, vmos[i]);
		vmos[i] = NULL;
		expect_attribution_adds_up(test, vmos, ARRAY_SIZE(vmos),
					   check(test, vmos, ARRAY_SIZE(vmos), __FILE__,
						 __LINE__));
	}
	expect_nothing_left(test);
}

/* Relatives that change at random, and what each should read */
#define RELATIVES	6
#define RANDOM_PAGES	1600

struct relatives {
	struct zxvmo_vmo *vmos[RELATIVES];
	u16 values[RELATIVES][RANDOM_PAGES];
};

static void random_snapshot(struct kunit *test, struct relatives *r,
			    struct rnd_state *rnd, size_t to)
{
	size_t from = random_below(rnd, RELATIVES);
	u64 first, nr, i;

	memset(r->values[to], 0, sizeof(r->values[to]));
	if (!r->vmos[from]) {
		r->vmos[to] = test_vmo(test, RANDOM_PAGES);
		return;
	}
	nr = r->vmos[from]->size >> PAGE_SHIFT;
	first = random_below(rnd, 2) ? 0 : random_below(rnd, nr);
	nr = random_below(rnd, 2) ? nr - first : 1 + random_below(rnd, nr - first);
	r->vmos[to] = snapshot(test, r->vmos[from], first, nr);
	for (i = 0; i < nr; i++)
		r->values[to][i] = r->values[from][first + i];
}

static void random_relatives(struct kunit *test)
{
	struct relatives *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int step;
	size_t i;
	u64 index, last, nr;

	KUNIT_ASSERT_NOT_NULL(test, r);
	prandom_seed_state(&rnd, 3);
	for (step = 1; step <= 1000 && test->status == KUNIT_SUCCESS; step++) {
		i = random_below(&rnd, RELATIVES);
		if (!r->vmos[i]) {
			random_snapshot(test, r, &rnd, i);
			continue;
		}
		nr = r->vmos[i]->size >> PAGE_SHIFT;
		index = random_below(&rnd, nr);
		switch (random_below(&rnd, 20)) {
		case 0:
			test_vmo_free(test, r->vmos[i]);
			r->vmos[i] = NULL;
			break;
		case 1 ... 3:
			last = index + random_below(&rnd, nr - index);
			zxvmo_vmo_decommit(r->vmos[i], index, last, false);
			memset(&r->values[i][index], 0, (last - index + 1) * sizeof(u16));
			break;
		default:
			write_value(test, r->vmos[i], index, step);
			r->values[i][index] = step;
			break;
		}
		if (step % 16)
			continue;
		expect_attribution_adds_up(test, r->vmos, RELATIVES,
					   check(test, r->vmos, RELATIVES, __FILE__,
						 __LINE__));
		for (i = 0; i < RELATIVES; i++)
			for (index = 0; r->vmos[i] && index < RANDOM_PAGES; index++)
				if (value_at(r->vmos[i], index) != r->values[i][index])
					KUNIT_FAIL(test, "%u: VMO %zu, page %#llx: %llu, not %u",
						   step, i, index, value_at(r->vmos[i], index),
						   r->values[i][index]);
	}
	for (i = 0; i < RELATIVES; i++)
		if (r->vmos[i])
			test_vmo_free(test, r->vmos[i]);
	expect_nothing_left(test);
}

static struct kunit_case sharing_cases[] = {
	KUNIT_CASE(snapshot_of_all_shares_the_root),
	KUNIT_CASE_SLOW(snapshot_of_a_part_copies_two_nodes_a_level),
	KUNIT_CASE(snapshot_without_nodes_changes_nothing),
	KUNIT_CASE(parts_of_parts_have_their_offsets),
	KUNIT_CASE(write_copies_the_path_once),
	KUNIT_CASE(shared_nodes_never_change),
	KUNIT_CASE(last_sharer_owns_the_page),
	KUNIT_CASE_SLOW(pages_go_with_the_last_who_has_them),
	KUNIT_CASE(removal_takes_shared_nodes_whole),
	KUNIT_CASE(removal_leaves_relatives_alone),
	KUNIT_CASE_SLOW(split_lets_the_rest_go_without_nodes),
	KUNIT_CASE_SLOW(pinned_pages_are_copied),
	KUNIT_CASE_SLOW(depth_of_the_family_costs_nothing),
	KUNIT_CASE_SLOW(attribution_adds_up),
	KUNIT_CASE_SLOW(random_relatives),
	{}
};

struct kunit_suite zxvmo_sharing_suite = {
	.name = "zxvmo_sharing",
	.init = sharing_init,
	.exit = sharing_exit,
	.test_cases = sharing_cases,
};
