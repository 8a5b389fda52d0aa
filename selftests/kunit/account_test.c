// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accounts: who may have how much.
 */
#include <linux/cred.h>
#include <linux/delay.h>
#include <linux/kthread.h>

#include "zxvmo_kunit.h"

/* Free pages below the ceiling that the tests set */
#define ROOM	1000UL

static int account_init(struct kunit *test)
{
	zxvmo_max_memory = (atomic_long_read(&zxvmo_nr_pages) + ROOM) * PAGE_SIZE;
	return 0;
}

static void account_exit(struct kunit *test)
{
	zxvmo_max_memory = 0;
	zxvmo_user_share = 50;
}

/* The account of a user without CAP_SYS_RESOURCE */
static struct zxvmo_account *account_of(struct kunit *test, unsigned int uid)
{
	struct cred *cred = prepare_creds();
	struct zxvmo_account *account;
	const struct cred *old;

	KUNIT_ASSERT_NOT_NULL(test, cred);
	cred->uid = KUIDT_INIT(uid);
	cap_clear(cred->cap_effective);
	old = override_creds(cred);
	account = zxvmo_account_get();
	revert_creds(old);
	put_cred(cred);
	KUNIT_ASSERT_NOT_NULL(test, account);
	return account;
}

static struct zxvmo_account *privileged_account(struct kunit *test)
{
	struct zxvmo_account *account = zxvmo_account_get();

	KUNIT_ASSERT_NOT_NULL(test, account);
	return account;
}

static void uncharge(struct zxvmo_account *account, unsigned long nr)
{
	zxvmo_account_uncharge(zxvmo_account_id(account), nr);
}

static void ceiling_is_met_exactly(struct kunit *test)
{
	struct zxvmo_account *account = privileged_account(test);

	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(account, ROOM + 1), -ENOMEM);
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(account, ROOM - 1), 0);
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(account, 2), -ENOMEM);
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(account, 1), 0);
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(account, 1), -ENOMEM);
	uncharge(account, 1);
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(account, 1), 0);
	uncharge(account, ROOM);
	zxvmo_account_put(account);
}

static void huge_requests_do_not_wrap(struct kunit *test)
{
	struct zxvmo_account *account = privileged_account(test);
	long before = atomic_long_read(&zxvmo_nr_pages);

	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(account, 1), 0);
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(account, ULONG_MAX), -ENOMEM);
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(account, LONG_MAX), -ENOMEM);
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(account, -(before + 1)), -ENOMEM);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&zxvmo_nr_pages), before + 1);
	uncharge(account, 1);
	zxvmo_account_put(account);
}

/* By nothing that was refused is anybody else's room smaller. */
static void refused_requests_leave_no_trace(struct kunit *test)
{
	struct zxvmo_account *user = account_of(test, 4711);
	struct zxvmo_account *account = privileged_account(test);
	long before = atomic_long_read(&zxvmo_nr_pages);

	/* By the share */
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(user, ROOM + before), -ENOMEM);
	/* By the ceiling, when the share has been taken already */
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(account, ROOM), 0);
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(user, 1), -ENOMEM);
	uncharge(account, ROOM);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&zxvmo_nr_pages), before);
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(user, (ROOM + before) / 2), 0);
	uncharge(user, (ROOM + before) / 2);
	zxvmo_account_put(user);
	zxvmo_account_put(account);
}

static void share_is_of_the_ceiling(struct kunit *test)
{
	static const unsigned int shares[] = { 0, 1, 33, 50, 99, 100, 101, UINT_MAX };
	unsigned long limit = zxvmo_max_memory / PAGE_SIZE;
	struct zxvmo_account *user = account_of(test, 4711);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shares); i++) {
		unsigned long share = limit * min(shares[i], 100U) / 100;

		zxvmo_user_share = shares[i];
		share = min(share, ROOM);
		KUNIT_EXPECT_EQ(test, zxvmo_account_charge(user, share + 1), -ENOMEM);
		KUNIT_EXPECT_EQ(test, zxvmo_account_charge(user, share), 0);
		KUNIT_EXPECT_EQ(test, zxvmo_account_charge(user, 1), -ENOMEM);
		uncharge(user, share);
	}
	zxvmo_account_put(user);
}

static void users_have_shares_of_their_own(struct kunit *test)
{
	unsigned long share = zxvmo_max_memory / PAGE_SIZE * 20 / 100;
	struct zxvmo_account *one = account_of(test, 4711);
	struct zxvmo_account *two = account_of(test, 4712);

	zxvmo_user_share = 20;
	KUNIT_EXPECT_PTR_NE(test, one, two);
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(one, share), 0);
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(one, 1), -ENOMEM);
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(two, share), 0);
	uncharge(one, share);
	uncharge(two, share);
	zxvmo_account_put(one);
	zxvmo_account_put(two);
}

static void privileged_users_have_no_share(struct kunit *test)
{
	struct zxvmo_account *account = privileged_account(test);

	zxvmo_user_share = 0;
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(account, ROOM), 0);
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(account, 1), -ENOMEM);
	uncharge(account, ROOM);
	zxvmo_account_put(account);
}

static void ceiling_of_zero_is_half_of_the_memory(struct kunit *test)
{
	unsigned long half = totalram_pages() / 2;
	struct zxvmo_account *account = privileged_account(test);
	long before = atomic_long_read(&zxvmo_nr_pages);

	zxvmo_max_memory = 0;
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(account, half - before + 1), -ENOMEM);
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(account, half - before), 0);
	uncharge(account, half - before);
	zxvmo_account_put(account);
}

/* A ceiling that is lowered takes nothing away, but nothing is given any more. */
static void ceiling_can_be_lowered(struct kunit *test)
{
	struct zxvmo_account *account = privileged_account(test);

	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(account, 10), 0);
	zxvmo_max_memory = PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(account, 1), -ENOMEM);
	uncharge(account, 10);
	zxvmo_account_put(account);
}

static void one_user_has_one_account(struct kunit *test)
{
	struct zxvmo_account *one = account_of(test, 4711);
	struct zxvmo_account *same = account_of(test, 4711);
	struct zxvmo_account *mine = privileged_account(test);
	struct zxvmo_account *powerless = account_of(test, 0);

	KUNIT_EXPECT_PTR_EQ(test, one, same);
	/* The same user without the capability */
	KUNIT_EXPECT_PTR_NE(test, mine, powerless);
	zxvmo_account_put(one);
	/* It lives as long as somebody has it. */
	KUNIT_EXPECT_EQ(test, zxvmo_account_charge(same, 1), 0);
	one = account_of(test, 4711);
	KUNIT_EXPECT_PTR_EQ(test, one, same);
	uncharge(one, 1);
	zxvmo_account_put(one);
	zxvmo_account_put(same);
	zxvmo_account_put(mine);
	zxvmo_account_put(powerless);
}

/* Threads that charge all they can get */
struct charger {
	struct zxvmo_account *account;
	atomic_t *most;
	unsigned long granted, refused;
	u32 seed;
};

static int charger_main(void *arg)
{
	struct charger *charger = arg;
	unsigned long held = 0;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, charger->seed);
	while (!kthread_should_stop()) {
		unsigned long nr = 1 + random_below(&rnd, ROOM);
		long seen;

		if (zxvmo_account_charge(charger->account, nr)) {
			charger->refused++;
		} else {
			charger->granted++;
			held += nr;
		}
		seen = atomic_long_read(&zxvmo_nr_pages);
		if (seen > atomic_read(charger->most))
			atomic_set(charger->most, seen);
		if (held && random_below(&rnd, 2)) {
			uncharge(charger->account, held);
			held = 0;
		}
		cond_resched();
	}
	uncharge(charger->account, held);
	return 0;
}

static void ceiling_holds_at_each_instant(struct kunit *test)
{
	struct zxvmo_account *account = privileged_account(test);
	long before = atomic_long_read(&zxvmo_nr_pages);
	struct charger chargers[3] = {};
	struct task_struct *threads[3];
	atomic_t most = ATOMIC_INIT(0);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(chargers); i++) {
		chargers[i] = (struct charger) { account, &most, .seed = i };
		threads[i] = kthread_run(charger_main, &chargers[i], "zxvmo_charger");
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, threads[i]);
	}
	msleep(300);
	for (i = 0; i < ARRAY_SIZE(chargers); i++) {
		kthread_stop(threads[i]);
		KUNIT_EXPECT_LT(test, 100, chargers[i].granted);
		KUNIT_EXPECT_LT(test, 100, chargers[i].refused);
	}
	KUNIT_EXPECT_LE(test, atomic_read(&most), before + ROOM);
	KUNIT_EXPECT_LT(test, before, atomic_read(&most));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&zxvmo_nr_pages), before);
	zxvmo_account_put(account);
}

/* Threads whose VMOs come and go, and whose pages outlive them */
static int visitor_main(void *arg)
{
	unsigned long *visits = arg;

	while (!kthread_should_stop()) {
		struct zxvmo_account *account = zxvmo_account_get();
		u32 id;

		if (!account)
			continue;
		id = zxvmo_account_id(account);
		if (zxvmo_account_charge(account, 1)) {
			zxvmo_account_put(account);
			continue;
		}
		zxvmo_account_put(account);
		zxvmo_account_uncharge(id, 1);
		++*visits;
		cond_resched();
	}
	return 0;
}

static void accounts_come_and_go(struct kunit *test)
{
	unsigned long visits[4] = {};
	struct task_struct *threads[4];
	long before = atomic_long_read(&zxvmo_nr_pages);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		threads[i] = kthread_run(visitor_main, &visits[i], "zxvmo_visitor");
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, threads[i]);
	}
	msleep(500);
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		kthread_stop(threads[i]);
		KUNIT_EXPECT_LT(test, 100, visits[i]);
	}
	KUNIT_EXPECT_EQ(test, atomic_long_read(&zxvmo_nr_pages), before);
}

static struct kunit_case account_cases[] = {
	KUNIT_CASE(ceiling_is_met_exactly),
	KUNIT_CASE(huge_requests_do_not_wrap),
	KUNIT_CASE(refused_requests_leave_no_trace),
	KUNIT_CASE(share_is_of_the_ceiling),
	KUNIT_CASE(users_have_shares_of_their_own),
	KUNIT_CASE(privileged_users_have_no_share),
	KUNIT_CASE(ceiling_of_zero_is_half_of_the_memory),
	KUNIT_CASE(ceiling_can_be_lowered),
	KUNIT_CASE(one_user_has_one_account),
	KUNIT_CASE_SLOW(ceiling_holds_at_each_instant),
	KUNIT_CASE_SLOW(accounts_come_and_go),
	{}
};

struct kunit_suite zxvmo_account_suite = {
	.name = "zxvmo_account",
	.init = account_init,
	.exit = account_exit,
	.test_cases = account_cases,
};
