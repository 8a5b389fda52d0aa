// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations on a page tree, done at the same time on an xarray; after
 * each every function is asked for the same answer, now and then the tree is
 * verified.
 */
#include <linux/xarray.h>

#include "zxvmo_kunit.h"

#define STEPS	1500

/* Places where pages come in great numbers */
struct profile {
	const char *name;
	u64 size;	/* largest size, in pages */
	unsigned int nr_spots;
	u64 spots[8];
};

static const struct profile profiles[] = {
	{ "first leaf", 600, 3, { 0, 30, 500 } },
	{ "few leaves", 5000, 4, { 0, 505, 1020, 4096 } },
	{ "second level", 1 << 20, 4, { 0, 511 << 9, 512 << 9, (1 << 18) - 1 } },
	{ "all levels", ZXVMO_LAST_INDEX + 1, 8, {
		0, 512, 1ULL << 18, 1ULL << 27, 1ULL << 36, 1ULL << 45, 1ULL << 51,
		ZXVMO_LAST_INDEX - 20,
	} },
};

struct random_test {
	struct test_tree *t;
	const struct profile *profile;
	struct xarray model;
	struct rnd_state rnd;
	unsigned int step;
};

static u64 any_index(struct random_test *r)
{
	u64 index = r->profile->spots[random_below(&r->rnd, r->profile->nr_spots)] +
		    random_below(&r->rnd, 20);

	return min(index, r->profile->size - 1);
}

static void any_range(struct random_test *r, u64 *first, u64 *last)
{
	*first = any_index(r);
	*last = random_below(&r->rnd, 3) ? *first + random_below(&r->rnd, 10) :
					   any_index(r);
	if (*last < *first)
		swap(*first, *last);
	*last = min(*last, ZXVMO_LAST_INDEX);
}

static void do_store(struct random_test *r)
{
	struct test_tree *t = r->t;
	u64 index = any_index(r);
	struct page *page, *old;
	LIST_HEAD(pages);

	if (index >= t->nr_indexes)
		return;
	page = test_tree_page(t, index);
	test_tree_reserve(t, index);
	old = zxvmo_ptree_store(&t->tree, index, page);
	KUNIT_EXPECT_PTR_EQ(t->test, old, xa_store(&r->model, index, page, GFP_KERNEL));
	if (old) {
		list_add(&old->lru, &pages);
		zxvmo_pages_free(&pages);
	}
}

/* The tree's pages of [first, last], in order, are those of the model. */
static void remove(struct random_test *r, u64 first, u64 last)
{
	struct test_tree *t = r->t;
	struct page *page;
	LIST_HEAD(pages);
	unsigned long at = first;

	while (first <= last)
		first = test_tree_take(t, first, last, &pages);
	list_for_each_entry(page, &pages, lru) {
		KUNIT_EXPECT_PTR_EQ(t->test, page, xa_find(&r->model, &at, last, XA_PRESENT));
		KUNIT_EXPECT_EQ(t->test, page->index, at);
		xa_erase(&r->model, at);
	}
	KUNIT_EXPECT_NULL(t->test, xa_find(&r->model, &at, last, XA_PRESENT));
	zxvmo_pages_free(&pages);
}

static void do_remove(struct random_test *r)
{
	u64 first, last;

	any_range(r, &first, &last);
	remove(r, first, last);
}

static void do_resize(struct random_test *r)
{
	u64 size = random_below(&r->rnd, 4) ? any_index(r) + 1 : r->profile->size;

	if (size < r->t->nr_indexes)
		remove(r, size, ZXVMO_LAST_INDEX);
	r->t->nr_indexes = size;
}

static void compare(struct random_test *r)
{
	const struct zxvmo_ptree *tree = &r->t->tree;
	unsigned long at, absent, prev = 0;
	struct page *page, *last_page = NULL;
	struct kunit *test = r->t->test;
	u64 first, last, index, nr = 0;

	any_range(r, &first, &last);
	KUNIT_EXPECT_PTR_EQ(test, zxvmo_ptree_lookup(tree, first), xa_load(&r->model, first));

	absent = first;
	xa_for_each_range(&r->model, at, page, first, last) {
		if (at == absent)
			absent++;
		nr++;
		last_page = page;
		prev = at;
	}
	KUNIT_EXPECT_EQ(test, zxvmo_ptree_count(tree, first, last), nr);
	KUNIT_EXPECT_EQ(test, zxvmo_ptree_next_absent(tree, first, last), absent);

	index = first;
	at = first;
	page = xa_find(&r->model, &at, last, XA_PRESENT);
	KUNIT_EXPECT_PTR_EQ(test, zxvmo_ptree_next(tree, &index, last), page);
	if (page)
		KUNIT_EXPECT_EQ(test, index, at);

	index = last;
	KUNIT_EXPECT_PTR_EQ(test, zxvmo_ptree_prev(tree, &index, first), last_page);
	if (last_page)
		KUNIT_EXPECT_EQ(test, index, prev);
}

static void tree_is_as_the_model(struct kunit *test)
{
	struct random_test r = {
		.t = test->priv,
		.profile = test->param_value,
	};

	xa_init(&r.model);
	prandom_seed_state(&r.rnd, 1);
	for (r.step = 0; r.step < STEPS && test->status == KUNIT_SUCCESS; r.step++) {
		switch (random_below(&r.rnd, 10)) {
		case 0 ... 6:
			do_store(&r);
			break;
		case 7 ... 8:
			do_remove(&r);
			break;
		default:
			do_resize(&r);
			break;
		}
		if (r.step % 8 == 0)
			EXPECT_SOUND(r.t);
		compare(&r);
	}
	KUNIT_EXPECT_EQ_MSG(test, r.step, STEPS, "failed in step %u", r.step);
	remove(&r, 0, ZXVMO_LAST_INDEX);
	xa_destroy(&r.model);
}

static void describe(const struct profile *profile, char *text)
{
	strscpy(text, profile->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(profile, profiles, describe);

static struct kunit_case random_cases[] = {
	KUNIT_CASE_PARAM_ATTR(tree_is_as_the_model, profile_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

struct kunit_suite zxvmo_pagetree_random_suite = {
	.name = "zxvmo_pagetree_random",
	.init = test_tree_init,
	.exit = test_tree_exit,
	.test_cases = random_cases,
};
