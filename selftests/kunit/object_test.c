// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects: signals and those who wait for them, one step at a time.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>

#include "zxvmo_kunit.h"

#define ONE	BIT(24)
#define TWO	BIT(25)
#define THREE	BIT(26)

#define PATIENCE	(10 * NSEC_PER_SEC)

static void nothing_to_free(struct zxvmo_object *object)
{
}

static const struct zxvmo_object_type plain_type = {
	.type = ZXVMO_OBJ_TYPE_EVENT,
	.name = "test",
	.user_signals = ZXVMO_SIGNAL_USER_ALL,
	.free = nothing_to_free,
};

/* An object with a file that stands for a handle */
struct object_test {
	struct zxvmo_object object;
	struct inode inode;
	struct file file;
};

static int object_init(struct kunit *test)
{
	struct object_test *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);

	if (!o)
		return -ENOMEM;
	zxvmo_object_init(&o->object, &plain_type, 0);
	o->inode.i_private = &o->object;
	o->object.inode = &o->inode;
	o->file.f_inode = &o->inode;
	test->priv = o;
	return 0;
}

static void object_exit(struct kunit *test)
{
	struct object_test *o = test->priv;

	KUNIT_EXPECT_TRUE(test, list_empty(&o->object.waiters));
	zxvmo_object_free(&o->object);
}

static unsigned int nr_waiters(struct object_test *o)
{
	struct list_head *at;
	unsigned int nr = 0;

	spin_lock(&o->object.lock);
	list_for_each(at, &o->object.waiters)
		nr++;
	spin_unlock(&o->object.lock);
	return nr;
}

/* A thread in one wait */
struct waiting {
	struct kunit *test;
	struct task_struct *thread;
	struct completion over;
	u32 value;
	u32 signals;
	s64 deadline;
	int ret;
	u32 observed;
};

static int waiting_main(void *arg)
{
	struct waiting *w = arg;
	struct object_test *o = w->test->priv;

	allow_signal(SIGUSR1);
	w->ret = zxvmo_object_wait(&o->object, &o->file, w->value, w->signals,
				   w->deadline, &w->observed);
	complete(&w->over);
	/* It stays until it is fetched. */
	while (!kthread_should_stop()) {
		flush_signals(current);
		schedule_timeout_interruptible(1);
	}
	return 0;
}

/* Goes on when the thread waits for what can only come from outside. */
static struct waiting *start(struct kunit *test, u32 signals, u32 value)
{
	struct waiting *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	struct object_test *o = test->priv;
	unsigned int before = nr_waiters(o), tries;

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->test = test;
	w->signals = signals;
	w->value = value;
	w->deadline = ktime_get() + PATIENCE;
	init_completion(&w->over);
	w->thread = kthread_run(waiting_main, w, "zxvmo_waiting");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, w->thread);
	for (tries = 0; tries < 5000 && nr_waiters(o) == before; tries++) {
		if (completion_done(&w->over))
			break;
		usleep_range(100, 1000);
	}
	return w;
}

/* What the wait gave, once it is over */
static int finish(struct waiting *w)
{
	wait_for_completion(&w->over);
	kthread_stop(w->thread);
	return w->ret;
}

static bool is_over(struct waiting *w)
{
	msleep(20);
	return completion_done(&w->over);
}

static int wait_here(struct object_test *o, u32 signals, s64 deadline, u32 *observed)
{
	return zxvmo_object_wait(&o->object, &o->file, 0, signals, deadline, observed);
}

static void what_is_set_ends_a_wait_at_once(struct kunit *test)
{
	struct object_test *o = test->priv;
	u32 observed;

	zxvmo_object_update_signals(&o->object, 0, ONE | TWO);
	KUNIT_EXPECT_EQ(test, wait_here(o, TWO | THREE, 0, &observed), 0);
	KUNIT_EXPECT_EQ(test, observed, ONE | TWO);
}

static void what_is_set_and_cleared_at_once_is_set(struct kunit *test)
{
	struct object_test *o = test->priv;
	u32 observed;

	zxvmo_object_update_signals(&o->object, 0, ONE | TWO);
	zxvmo_object_update_signals(&o->object, ONE | TWO, TWO | THREE);
	KUNIT_EXPECT_EQ(test, wait_here(o, ONE, 0, &observed), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, observed, TWO | THREE);
}

static void deadline_of_the_past_does_not_wait(struct kunit *test)
{
	static const s64 past[] = { S64_MIN, -1, 0, 1 };
	struct object_test *o = test->priv;
	u32 observed;
	size_t i;

	zxvmo_object_update_signals(&o->object, 0, TWO);
	for (i = 0; i < ARRAY_SIZE(past); i++) {
		observed = 0;
		KUNIT_EXPECT_EQ(test, wait_here(o, ONE, past[i], &observed), -ETIMEDOUT);
		KUNIT_EXPECT_EQ(test, observed, TWO);
	}
}

static void wait_ends_at_its_deadline(struct kunit *test)
{
	struct object_test *o = test->priv;
	s64 deadline = ktime_get() + 30 * NSEC_PER_MSEC;
	u32 observed = ONE;

	KUNIT_EXPECT_EQ(test, wait_here(o, ONE, deadline, &observed), -ETIMEDOUT);
	KUNIT_EXPECT_LE(test, deadline, ktime_get());
	KUNIT_EXPECT_EQ(test, observed, 0);
}

static void wait_for_nothing_ends_at_its_deadline(struct kunit *test)
{
	struct object_test *o = test->priv;
	u32 observed;

	zxvmo_object_update_signals(&o->object, 0, ZXVMO_SIGNAL_USER_ALL);
	KUNIT_EXPECT_EQ(test, wait_here(o, 0, ktime_get() + NSEC_PER_MSEC, &observed),
			-ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, observed, ZXVMO_SIGNAL_USER_ALL);
}

/* Even if it is gone before the thread runs */
static void change_is_not_missed(struct kunit *test)
{
	struct object_test *o = test->priv;
	struct waiting *w = start(test, ONE, 0);

	zxvmo_object_update_signals(&o->object, 0, ONE);
	zxvmo_object_update_signals(&o->object, ONE, TWO);
	KUNIT_EXPECT_EQ(test, finish(w), 0);
	KUNIT_EXPECT_EQ(test, w->observed, ONE);
}

static void change_of_other_signals_ends_no_wait(struct kunit *test)
{
	struct object_test *o = test->priv;
	struct waiting *w = start(test, ONE, 0);

	zxvmo_object_update_signals(&o->object, 0, TWO);
	zxvmo_object_update_signals(&o->object, TWO, 0);
	zxvmo_object_update_signals(&o->object, ONE, THREE);
	KUNIT_EXPECT_FALSE(test, is_over(w));
	KUNIT_EXPECT_EQ(test, nr_waiters(o), 1);
	zxvmo_object_update_signals(&o->object, 0, ONE);
	KUNIT_EXPECT_EQ(test, finish(w), 0);
	KUNIT_EXPECT_EQ(test, w->observed, ONE | THREE);
}

static void each_waiter_waits_for_its_own(struct kunit *test)
{
	struct object_test *o = test->priv;
	struct waiting *one = start(test, ONE, 0);
	struct waiting *two = start(test, TWO, 0);
	struct waiting *both = start(test, ONE | TWO, 0);

	KUNIT_EXPECT_EQ(test, nr_waiters(o), 3);
	zxvmo_object_update_signals(&o->object, 0, TWO);
	KUNIT_EXPECT_EQ(test, finish(two), 0);
	KUNIT_EXPECT_EQ(test, finish(both), 0);
	KUNIT_EXPECT_FALSE(test, is_over(one));
	KUNIT_EXPECT_EQ(test, nr_waiters(o), 1);
	zxvmo_object_update_signals(&o->object, TWO, ONE);
	KUNIT_EXPECT_EQ(test, finish(one), 0);
	KUNIT_EXPECT_EQ(test, both->observed, TWO);
	KUNIT_EXPECT_EQ(test, one->observed, ONE);
}

static void spurious_wakeup_ends_no_wait(struct kunit *test)
{
	struct object_test *o = test->priv;
	struct waiting *w = start(test, ONE, 0);
	int i;

	for (i = 0; i < 20; i++) {
		wake_up_process(w->thread);
		usleep_range(100, 500);
	}
	KUNIT_EXPECT_FALSE(test, is_over(w));
	zxvmo_object_update_signals(&o->object, 0, ONE);
	KUNIT_EXPECT_EQ(test, finish(w), 0);
}

static void signal_of_the_thread_ends_its_wait(struct kunit *test)
{
	struct object_test *o = test->priv;
	struct waiting *w = start(test, ONE, 0), *other = start(test, ONE, 0);

	send_sig(SIGUSR1, w->thread, 1);
	KUNIT_EXPECT_EQ(test, finish(w), -ERESTARTSYS);
	KUNIT_EXPECT_EQ(test, nr_waiters(o), 1);
	zxvmo_object_update_signals(&o->object, 0, ONE);
	KUNIT_EXPECT_EQ(test, finish(other), 0);
}

/* What was observed is told, though the thread was also interrupted. */
static void success_goes_before_a_signal(struct kunit *test)
{
	struct object_test *o = test->priv;
	struct waiting *w = start(test, ONE, 0);

	zxvmo_object_update_signals(&o->object, 0, ONE);
	send_sig(SIGUSR1, w->thread, 1);
	KUNIT_EXPECT_EQ(test, finish(w), 0);
	KUNIT_EXPECT_EQ(test, w->observed, ONE);
}

/* The command came on the file itself: that stays open as long as it waits. */
static void flush_leaves_a_wait_without_a_value(struct kunit *test)
{
	struct object_test *o = test->priv;
	struct waiting *w = start(test, ONE, 0);

	zxvmo_object_flush(&o->file, NULL);
	KUNIT_EXPECT_FALSE(test, is_over(w));
	zxvmo_object_update_signals(&o->object, 0, ONE);
	KUNIT_EXPECT_EQ(test, finish(w), 0);
}

/* It was closed between the look-up and the wait. */
static void wait_with_a_value_that_is_gone_is_canceled(struct kunit *test)
{
	struct object_test *o = test->priv;
	struct waiting *w;

	zxvmo_object_update_signals(&o->object, 0, TWO);
	w = start(test, ONE, ZXVMO_HANDLE(1, ZXVMO_HANDLE_MAX_FD - 1));
	KUNIT_EXPECT_EQ(test, finish(w), -ECANCELED);
	KUNIT_EXPECT_EQ(test, w->observed, TWO | ZXVMO_SIGNAL_HANDLE_CLOSED);
}

/* One thread answers the other through the object's signals, again and again. */
static int echo_main(void *arg)
{
	struct object_test *o = arg;
	u32 observed;

	while (!kthread_should_stop()) {
		if (zxvmo_object_wait(&o->object, &o->file, 0, ONE,
				      ktime_get() + NSEC_PER_MSEC, &observed))
			continue;
		zxvmo_object_update_signals(&o->object, ONE, TWO);
	}
	return 0;
}

static void no_change_is_lost_between_threads(struct kunit *test)
{
	struct object_test *o = test->priv;
	struct task_struct *thread = kthread_run(echo_main, o, "zxvmo_echo");
	u32 observed;
	int i, ret = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread);
	for (i = 0; i < 1000 && !ret; i++) {
		zxvmo_object_update_signals(&o->object, TWO, ONE);
		ret = wait_here(o, TWO, ktime_get() + PATIENCE, &observed);
	}
	kthread_stop(thread);
	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "in round %d", i);
}

static void name_is_cut_and_padded(struct kunit *test)
{
	struct object_test *o = test->priv;
	char name[ZXVMO_MAX_NAME_LEN];

	zxvmo_object_set_name(&o->object, "a name of thirty-one characters", 31);
	zxvmo_object_get_name(&o->object, name);
	KUNIT_EXPECT_STREQ(test, name, "a name of thirty-one characters");
	zxvmo_object_set_name(&o->object, "short", 3);
	zxvmo_object_get_name(&o->object, name);
	KUNIT_EXPECT_STREQ(test, name, "sho");
	KUNIT_EXPECT_NULL(test, memchr_inv(name + 3, 0, sizeof(name) - 3));
	zxvmo_object_set_name(&o->object, "ab\0cd", 5);
	zxvmo_object_get_name(&o->object, name);
	KUNIT_EXPECT_STREQ(test, name, "ab");
	KUNIT_EXPECT_NULL(test, memchr_inv(name + 2, 0, sizeof(name) - 2));
}

static void koids_rise(struct kunit *test)
{
	struct object_test *o = test->priv;
	struct zxvmo_object *more = kunit_kcalloc(test, 3, sizeof(*more), GFP_KERNEL);
	u64 last = o->object.koid;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, more);
	KUNIT_EXPECT_LE(test, 1024, last);
	for (i = 0; i < 3; i++) {
		zxvmo_object_init(&more[i], &plain_type, 0);
		KUNIT_EXPECT_LT(test, last, more[i].koid);
		last = more[i].koid;
		zxvmo_object_free(&more[i]);
	}
}

static struct kunit_case object_cases[] = {
	KUNIT_CASE(what_is_set_ends_a_wait_at_once),
	KUNIT_CASE(what_is_set_and_cleared_at_once_is_set),
	KUNIT_CASE(deadline_of_the_past_does_not_wait),
	KUNIT_CASE(wait_ends_at_its_deadline),
	KUNIT_CASE(wait_for_nothing_ends_at_its_deadline),
	KUNIT_CASE(change_is_not_missed),
	KUNIT_CASE(change_of_other_signals_ends_no_wait),
	KUNIT_CASE(each_waiter_waits_for_its_own),
	KUNIT_CASE(spurious_wakeup_ends_no_wait),
	KUNIT_CASE(signal_of_the_thread_ends_its_wait),
	KUNIT_CASE(success_goes_before_a_signal),
	KUNIT_CASE(flush_leaves_a_wait_without_a_value),
	KUNIT_CASE(wait_with_a_value_that_is_gone_is_canceled),
	KUNIT_CASE_SLOW(no_change_is_lost_between_threads),
	KUNIT_CASE(name_is_cut_and_padded),
	KUNIT_CASE(koids_rise),
	{}
};

struct kunit_suite zxvmo_object_suite = {
	.name = "zxvmo_object",
	.init = object_init,
	.exit = object_exit,
	.test_cases = object_cases,
};
