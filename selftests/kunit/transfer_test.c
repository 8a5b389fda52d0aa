// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moving pages between VMOs: which page stands where after it, and which is a
 * copy.
 */
#include "zxvmo_kunit.h"

#define NR_PAGES	1700
#define NR_VMOS		3

static u64 *value_at(struct zxvmo_vmo *vmo, u64 index)
{
	struct page *page = zxvmo_ptree_lookup(&vmo->tree, index);

	return page ? page_address(page) : NULL;
}

static int move(struct zxvmo_vmo *dst, u64 to, struct zxvmo_vmo *src, u64 from, u64 nr)
{
	return zxvmo_vmo_transfer(dst, to << PAGE_SHIFT, src, from << PAGE_SHIFT,
				  nr << PAGE_SHIFT);
}

static void transfer_exit(struct kunit *test)
{
	zxvmo_max_memory = 0;
}

static void pages_themselves_are_moved(struct kunit *test)
{
	struct zxvmo_vmo *src = test_vmo(test, NR_PAGES), *dst = test_vmo(test, NR_PAGES);
	struct page *pages[20];
	u64 i;

	test_vmo_commit(test, src, 500, 519);
	test_vmo_commit(test, dst, 1015, 1030);
	for (i = 0; i < 20; i++)
		pages[i] = zxvmo_ptree_lookup(&src->tree, 500 + i);
	KUNIT_EXPECT_EQ(test, move(dst, 1010, src, 500, 20), 0);
	for (i = 0; i < 20; i++) {
		KUNIT_EXPECT_PTR_EQ(test, zxvmo_ptree_lookup(&dst->tree, 1010 + i), pages[i]);
		KUNIT_EXPECT_EQ(test, page_count(pages[i]), 1);
	}
	KUNIT_EXPECT_EQ(test, src->tree.root, 0);
	/* What was there in their way is gone, what was beside it is not. */
	KUNIT_EXPECT_EQ(test, zxvmo_ptree_count(&dst->tree, 0, NR_PAGES - 1), 21);
	EXPECT_VMO_SOUND(test, src);
	EXPECT_VMO_SOUND(test, dst);
}

static void what_is_absent_becomes_absent(struct kunit *test)
{
	struct zxvmo_vmo *src = test_vmo(test, NR_PAGES), *dst = test_vmo(test, NR_PAGES);
	u64 i;

	for (i = 0; i < NR_PAGES; i += 3)
		test_vmo_commit(test, src, i, i);
	test_vmo_commit(test, dst, 0, NR_PAGES - 1);
	KUNIT_EXPECT_EQ(test, move(dst, 1, src, 0, NR_PAGES - 2), 0);
	for (i = 1; i < NR_PAGES - 1; i++)
		KUNIT_EXPECT_EQ(test, !!value_at(dst, i), i % 3 == 1);
	KUNIT_EXPECT_EQ(test, zxvmo_ptree_count(&src->tree, 0, NR_PAGES - 3), 0);
	EXPECT_VMO_SOUND(test, src);
	EXPECT_VMO_SOUND(test, dst);
}

/* Up and down, by any distance, as memmove() does it */
static void ranges_of_one_vmo_may_overlap(struct kunit *test)
{
	static const int distances[] = { 1, 2, 100, 511, 512, 513, 700 };
	size_t i;
	u64 j;

	for (i = 0; i < 2 * ARRAY_SIZE(distances); i++) {
		struct zxvmo_vmo *vmo = test_vmo(test, NR_PAGES);
		u64 distance = distances[i / 2], koid = vmo->object.koid;
		u64 low = 10, high = low + distance, nr = 900;
		u64 from = i % 2 ? low : high, to = i % 2 ? high : low;

		for (j = 0; j < nr; j += 2)
			test_vmo_commit(test, vmo, from + j, from + j);
		KUNIT_EXPECT_EQ(test, move(vmo, to, vmo, from, nr), 0);
		for (j = 0; j < nr; j++) {
			u64 *value = value_at(vmo, to + j);

			KUNIT_EXPECT_EQ(test, value ? *value : 0,
					j % 2 ? 0 : koid << 32 | (from + j));
		}
		KUNIT_EXPECT_EQ(test, zxvmo_ptree_count(&vmo->tree, 0, NR_PAGES - 1), nr / 2);
		EXPECT_VMO_SOUND(test, vmo);
		test_vmo_free(test, vmo);
	}
}

/* Who holds it was given the source, and shall not see the destination. */
static void pages_that_are_held_are_copied(struct kunit *test)
{
	struct zxvmo_vmo *src = test_vmo(test, NR_PAGES), *dst = test_vmo(test, NR_PAGES);
	long charged = atomic_long_read(&zxvmo_nr_pages);
	u64 koid = src->object.koid;
	struct page *held, *moved;

	test_vmo_commit(test, src, 0, 1);
	held = zxvmo_ptree_lookup(&src->tree, 0);
	moved = zxvmo_ptree_lookup(&src->tree, 1);
	get_page(held);
	KUNIT_EXPECT_EQ(test, move(dst, 7, src, 0, 2), 0);
	KUNIT_EXPECT_PTR_NE(test, zxvmo_ptree_lookup(&dst->tree, 7), held);
	KUNIT_EXPECT_PTR_EQ(test, zxvmo_ptree_lookup(&dst->tree, 8), moved);
	*(u64 *)page_address(held) = 0;
	KUNIT_EXPECT_EQ(test, *value_at(dst, 7), koid << 32);
	KUNIT_EXPECT_EQ(test, src->tree.root, 0);
	EXPECT_VMO_SOUND(test, dst);
	put_page(held);
	/* Two pages; a VMO of this size has full leaves, and a root. */
	KUNIT_EXPECT_EQ(test, atomic_long_read(&zxvmo_nr_pages), charged + 2 + 1);
}

static void a_range_beyond_the_end_moves_nothing(struct kunit *test)
{
	struct zxvmo_vmo *src = test_vmo(test, 10), *dst = test_vmo(test, 20);

	test_vmo_commit(test, src, 0, 9);
	KUNIT_EXPECT_EQ(test, move(dst, 0, src, 1, 10), -ERANGE);
	KUNIT_EXPECT_EQ(test, move(dst, 11, src, 0, 10), -ERANGE);
	KUNIT_EXPECT_EQ(test, move(dst, (1ULL << 52) - 1, src, 0, 10), -ERANGE);
	KUNIT_EXPECT_EQ(test, move(dst, 0, src, (1ULL << 52) - 1, 10), -ERANGE);
	KUNIT_EXPECT_EQ(test, zxvmo_ptree_count(&src->tree, 0, 9), 10);
	KUNIT_EXPECT_EQ(test, dst->tree.root, 0);
	/* But in its own place it is not looked at. */
	KUNIT_EXPECT_EQ(test, move(src, 5, src, 5, 10), 0);
}

/* Without memory for copies no byte is lost: it is here or there. */
static void without_memory_nothing_is_lost(struct kunit *test)
{
	struct zxvmo_vmo *src = test_vmo(test, NR_PAGES), *dst = test_vmo(test, NR_PAGES);
	u64 koid = src->object.koid, i;
	struct page **held;
	u64 here = 0;

	held = kunit_kcalloc(test, NR_PAGES, sizeof(*held), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, held);
	test_vmo_commit(test, src, 0, NR_PAGES - 1);
	for (i = 0; i < NR_PAGES; i++) {
		held[i] = zxvmo_ptree_lookup(&src->tree, i);
		get_page(held[i]);
	}
	zxvmo_max_memory = (atomic_long_read(&zxvmo_nr_pages) + 700) * PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, move(dst, 0, src, 0, NR_PAGES), 0);
	for (i = 0; i < NR_PAGES; i++)
		put_page(held[i]);
	/* Now with room for not even one leaf's copies */
	for (i = 0; i < NR_PAGES; i++) {
		held[i] = zxvmo_ptree_lookup(&dst->tree, i);
		get_page(held[i]);
	}
	zxvmo_max_memory = (atomic_long_read(&zxvmo_nr_pages) + 200) * PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, move(src, 0, dst, 0, NR_PAGES), -ENOMEM);
	for (i = 0; i < NR_PAGES; i++) {
		u64 *value = value_at(src, i) ?: value_at(dst, i);

		KUNIT_ASSERT_NOT_NULL(test, value);
		KUNIT_EXPECT_EQ(test, *value, koid << 32 | i);
		here += !!value_at(dst, i);
		put_page(held[i]);
	}
	KUNIT_EXPECT_EQ(test, here, NR_PAGES);
	EXPECT_VMO_SOUND(test, src);
	EXPECT_VMO_SOUND(test, dst);
}

struct model {
	struct zxvmo_vmo *vmos[NR_VMOS];
	u64 values[NR_VMOS][NR_PAGES];
};

static void compare(struct kunit *test, struct model *m, unsigned int step)
{
	size_t i, j;

	for (i = 0; i < NR_VMOS; i++) {
		for (j = 0; j < NR_PAGES; j++) {
			u64 *value = value_at(m->vmos[i], j);

			if ((value ? *value : 0) != m->values[i][j])
				KUNIT_FAIL(test, "step %u: VMO %zu, page %zu: %#llx, not %#llx",
					   step, i, j, value ? *value : 0, m->values[i][j]);
		}
		EXPECT_VMO_SOUND(test, m->vmos[i]);
	}
}

static void random_moves(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	u64 *moved = kunit_kcalloc(test, NR_PAGES, sizeof(*moved), GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int step;
	size_t i;

	KUNIT_ASSERT_TRUE(test, m && moved);
	for (i = 0; i < NR_VMOS; i++)
		m->vmos[i] = test_vmo(test, NR_PAGES);
	prandom_seed_state(&rnd, 4);
	for (step = 1; step <= 600 && test->status == KUNIT_SUCCESS; step++) {
		size_t dst = random_below(&rnd, NR_VMOS), src = random_below(&rnd, NR_VMOS);
		u64 nr = 1 + random_below(&rnd, random_below(&rnd, 2) ? 30 : NR_PAGES);
		u64 from = random_below(&rnd, NR_PAGES - nr + 1);
		u64 to = random_below(&rnd, NR_PAGES - nr + 1);

		if (random_below(&rnd, 2)) {
			nr = min(nr, 20ULL);
			test_vmo_commit(test, m->vmos[dst], to, to + nr - 1);
			for (i = to; i < to + nr; i++)
				m->values[dst][i] = m->vmos[dst]->object.koid << 32 | i;
		} else {
			KUNIT_EXPECT_EQ(test, move(m->vmos[dst], to, m->vmos[src], from, nr), 0);
			if (dst == src && to == from)
				continue;
			memcpy(moved, &m->values[src][from], nr * sizeof(u64));
			memset(&m->values[src][from], 0, nr * sizeof(u64));
			memcpy(&m->values[dst][to], moved, nr * sizeof(u64));
		}
		if (step % 10 == 0)
			compare(test, m, step);
	}
}

static struct kunit_case transfer_cases[] = {
	KUNIT_CASE(pages_themselves_are_moved),
	KUNIT_CASE(what_is_absent_becomes_absent),
	KUNIT_CASE_SLOW(ranges_of_one_vmo_may_overlap),
	KUNIT_CASE(pages_that_are_held_are_copied),
	KUNIT_CASE(a_range_beyond_the_end_moves_nothing),
	KUNIT_CASE_SLOW(without_memory_nothing_is_lost),
	KUNIT_CASE_SLOW(random_moves),
	{}
};

struct kunit_suite zxvmo_transfer_suite = {
	.name = "zxvmo_transfer",
	.exit = transfer_exit,
	.test_cases = transfer_cases,
};
