// SPDX-License-Identifier: GPL-2.0-only
/* Process-shared futexes, and what the C library builds on them, in VMOs */
#include <linux/futex.h>
#include <sys/syscall.h>

#include "mem_test.h"

#define PAGES	4

static long futex(volatile uint32_t *word, int op, uint32_t value, long value2,
		  volatile uint32_t *word2, uint32_t value3)
{
	return syscall(SYS_futex, word, op, value, value2, word2, value3);
}

static long futex_wake(volatile uint32_t *word)
{
	return futex(word, FUTEX_WAKE, INT32_MAX, 0, NULL, 0);
}

/* Waits for a word that is 0; 0 or an errno */
static long futex_wait(void *word)
{
	struct timespec timeout = { .tv_sec = PATIENCE_NS / 1000000000 };

	return futex(word, FUTEX_WAIT, 0, (long)&timeout, NULL, 0) ? errno : 0;
}

FIXTURE(futex) {
	zx_handle_t vmo;
	zx_handle_t other;
	volatile uint32_t *p;	/* word 0 of page 1 in one mapping */
	volatile uint32_t *q;	/* in another, at another address and offset */
	struct peer peer;
};

/* What became of the page before */
FIXTURE_VARIANT(futex) {
	void (*prepare)(struct __test_metadata *_metadata,
			FIXTURE_DATA(futex) *self);
};

#define PREPARE(name)							\
static void prepare_##name(struct __test_metadata *_metadata zt_unused,	\
			   FIXTURE_DATA(futex) *self zt_unused);	\
FIXTURE_VARIANT_ADD(futex, name) { prepare_##name };			\
static void prepare_##name(struct __test_metadata *_metadata zt_unused,	\
			   FIXTURE_DATA(futex) *self zt_unused)

PREPARE(absent)
{
}

PREPARE(read)
{
	EXPECT_EQ(0, *self->p);
	EXPECT_EQ(0, *self->q);
}

PREPARE(written)
{
	*self->q = 0;
}

PREPARE(committed)
{
	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_COMMIT, 0, PAGES));
}

PREPARE(decommitted)
{
	*self->p = 1;
	*self->q = 2;
	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 0, PAGES));
}

PREPARE(moved_in)
{
	uint32_t zero = 0;

	*self->p = 1;
	ASSERT_OK(zx_vmo_write(self->other, &zero, 0, sizeof(zero)));
	ASSERT_OK(zx_vmo_transfer_data(self->vmo, 0, PAGE, PAGE, self->other, 0));
}

FIXTURE_SETUP(futex)
{
	self->vmo = vmo_create(_metadata, PAGES * PAGE, ZX_VMO_RESIZABLE);
	self->other = vmo_create(_metadata, PAGES * PAGE, 0);
	self->p = (uint32_t *)(map_shared(_metadata, self->vmo, 0, PAGES) + PAGE);
	self->q = (uint32_t *)map_shared(_metadata, self->vmo, 1, 1);
	self->peer = peer_start(_metadata);
	variant->prepare(_metadata, self);
}

FIXTURE_TEARDOWN(futex)
{
	peer_stop(_metadata, &self->peer);
}

TEST_F(futex, wakes_another_process)
{
	peer_send(_metadata, &self->peer, futex_wait, (void *)self->p);
	ASSERT_TRUE(task_sleeps(self->peer.pid));
	*self->p = 1;
	EXPECT_TRUE(WAIT_FOR(futex_wake(self->p) == 1));
	EXPECT_EQ(0, peer_receive(_metadata, &self->peer));
}

TEST_F(futex, wakes_another_process_at_another_address)
{
	peer_send(_metadata, &self->peer, futex_wait, (void *)self->p);
	ASSERT_TRUE(task_sleeps(self->peer.pid));
	EXPECT_TRUE(WAIT_FOR(futex_wake(self->q) == 1));
	EXPECT_EQ(0, peer_receive(_metadata, &self->peer));
}

static void act_wait(struct actor *actor)
{
	actor->status = futex_wait((void *)actor->p);
}

TEST_F(futex, wakes_another_mapping)
{
	struct actor actor = { .act = act_wait, .p = (void *)self->p };

	actor_start(_metadata, &actor);
	actor_go(&actor);
	ASSERT_TRUE(task_sleeps(actor.tid));
	EXPECT_TRUE(WAIT_FOR(futex_wake(self->q) == 1));
	actor_join(_metadata, &actor);
	EXPECT_EQ(0, actor.status);
}

/* A mapping the other process made by itself, of a handle of its own */
static long map_and_wait(void *arg)
{
	FIXTURE_DATA(futex) *self = arg;
	zx_handle_t vmo;
	void *p;

	if (zx_handle_duplicate(self->vmo, ZX_RIGHT_SAME_RIGHTS, &vmo))
		return -1;
	p = mmap(NULL, PAGE, PROT_RW, MAP_SHARED, fd_of(vmo), PAGE);
	if (p == MAP_FAILED)
		return -1;
	zx_handle_close(vmo);
	return futex_wait(p);
}

TEST_F(futex, wakes_whoever_mapped_it_elsewhere)
{
	peer_send(_metadata, &self->peer, map_and_wait, self);
	ASSERT_TRUE(task_sleeps(self->peer.pid));
	EXPECT_TRUE(WAIT_FOR(futex_wake(self->q) == 1));
	EXPECT_EQ(0, peer_receive(_metadata, &self->peer));
}

TEST_F(futex, wakes_after_its_page_was_removed)
{
	peer_send(_metadata, &self->peer, futex_wait, (void *)self->p);
	ASSERT_TRUE(task_sleeps(self->peer.pid));
	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 0, PAGES));
	EXPECT_EQ(0, *self->q);
	EXPECT_TRUE(WAIT_FOR(futex_wake(self->q) == 1));
	EXPECT_EQ(0, peer_receive(_metadata, &self->peer));
}

/* The futex is a place in a VMO, whichever page lies there */
TEST_F(futex, stays_when_its_page_moves)
{
	volatile uint32_t *moved;

	moved = (uint32_t *)(map_shared(_metadata, self->other, 0, PAGES) + PAGE);
	peer_send(_metadata, &self->peer, futex_wait, (void *)self->p);
	ASSERT_TRUE(task_sleeps(self->peer.pid));
	ASSERT_OK(zx_vmo_transfer_data(self->other, 0, PAGE, PAGE, self->vmo, PAGE));
	EXPECT_EQ(0, futex_wake(moved));
	EXPECT_TRUE(WAIT_FOR(futex_wake(self->p) == 1));
	EXPECT_EQ(0, peer_receive(_metadata, &self->peer));
}

TEST_F(futex, is_not_woken_from_elsewhere)
{
	volatile uint32_t *other, *private;

	other = (uint32_t *)(map_shared(_metadata, self->other, 0, PAGES) + PAGE);
	private = (uint32_t *)map_private(_metadata, self->vmo, 1, 1);
	*private = 5;
	peer_send(_metadata, &self->peer, futex_wait, (void *)self->p);
	ASSERT_TRUE(task_sleeps(self->peer.pid));
	EXPECT_EQ(0, futex_wake(other));
	EXPECT_EQ(0, futex_wake(private));
	EXPECT_EQ(0, futex_wake(self->p + 1));
	EXPECT_EQ(0, futex_wake(self->p - PAGE / 4));
	EXPECT_TRUE(WAIT_FOR(futex_wake(self->p) == 1));
	EXPECT_EQ(0, peer_receive(_metadata, &self->peer));
}

TEST_F(futex, compares_what_others_wrote)
{
	uint32_t one = 1;

	ASSERT_OK(zx_vmo_write(self->vmo, &one, PAGE, sizeof(one)));
	EXPECT_EQ(EAGAIN, peer_do(_metadata, &self->peer, futex_wait,
				  (void *)self->p));
	*self->q = 0;
	peer_send(_metadata, &self->peer, futex_wait, (void *)self->p);
	ASSERT_TRUE(task_sleeps(self->peer.pid));
	EXPECT_TRUE(WAIT_FOR(futex_wake(self->p) == 1));
	EXPECT_EQ(0, peer_receive(_metadata, &self->peer));
}

TEST_F(futex, requeues)
{
	volatile uint32_t *end = self->p + PAGE / 4;	/* in page 2 */

	peer_send(_metadata, &self->peer, futex_wait, (void *)self->p);
	ASSERT_TRUE(task_sleeps(self->peer.pid));
	EXPECT_EQ(1, futex(self->q, FUTEX_CMP_REQUEUE, 0, INT32_MAX, end, 0));
	EXPECT_EQ(0, futex_wake(self->p));
	EXPECT_TRUE(WAIT_FOR(futex_wake(end) == 1));
	EXPECT_EQ(0, peer_receive(_metadata, &self->peer));
}

TEST_F(futex, beyond_the_end_is_efault)
{
	ASSERT_OK(zx_vmo_set_size(self->vmo, PAGE));
	EXPECT_EQ(EFAULT, futex_wait((void *)self->p));
	EXPECT_EQ(-1, futex_wake(self->q));
	EXPECT_EQ(EFAULT, errno);
}

TEST_F(futex, waits_in_a_read_only_mapping)
{
	volatile uint32_t *ro = (uint32_t *)map_ro(_metadata, self->vmo, 1, 1);
	struct actor actor = { .act = act_wait, .p = (void *)ro };

	*self->p = 0;
	actor_start(_metadata, &actor);
	actor_go(&actor);
	ASSERT_TRUE(task_sleeps(actor.tid));
	EXPECT_TRUE(WAIT_FOR(futex_wake(self->q) == 1));
	actor_join(_metadata, &actor);
	EXPECT_EQ(0, actor.status);
}

/* Mutexes and conditions */

#define ROUNDS	500

struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	volatile unsigned int counter;
	volatile unsigned int turn;
};

FIXTURE(mutex) {
	struct shared *shared;	/* across a page boundary of the VMO, almost */
	struct shared *alias;	/* the same at another address */
	struct peer peer;
};

FIXTURE_VARIANT(mutex) {
	int robust;
	int protocol;
};

FIXTURE_VARIANT_ADD(mutex, normal) { PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE };
FIXTURE_VARIANT_ADD(mutex, robust) { PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE };
FIXTURE_VARIANT_ADD(mutex, inherit) { PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT };

FIXTURE_SETUP(mutex)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGES * PAGE, 0);
	pthread_mutexattr_t mutex_attr;
	pthread_condattr_t cond_attr;

	self->shared = (struct shared *)map_shared(_metadata, vmo, 2, 1);
	self->alias = (struct shared *)
		      (map_shared(_metadata, vmo, 0, PAGES) + 2 * PAGE);
	pthread_mutexattr_init(&mutex_attr);
	pthread_mutexattr_setpshared(&mutex_attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&mutex_attr, variant->robust);
	ASSERT_EQ(0, pthread_mutexattr_setprotocol(&mutex_attr, variant->protocol));
	ASSERT_EQ(0, pthread_mutex_init(&self->shared->mutex, &mutex_attr));
	pthread_condattr_init(&cond_attr);
	pthread_condattr_setpshared(&cond_attr, PTHREAD_PROCESS_SHARED);
	ASSERT_EQ(0, pthread_cond_init(&self->shared->cond, &cond_attr));
	self->peer = peer_start(_metadata);
}

FIXTURE_TEARDOWN(mutex)
{
}

static long count(void *arg)
{
	struct shared *shared = arg;
	unsigned int i, seen;

	for (i = 0; i < ROUNDS; i++) {
		if (pthread_mutex_lock(&shared->mutex))
			return -1;
		seen = shared->counter;
		if (i % 16 == 0)
			sched_yield();
		shared->counter = seen + 1;
		pthread_mutex_unlock(&shared->mutex);
	}
	return 0;
}

TEST_F(mutex, excludes_another_process)
{
	peer_send(_metadata, &self->peer, count, self->alias);
	EXPECT_EQ(0, count(self->shared));
	EXPECT_EQ(0, peer_receive(_metadata, &self->peer));
	EXPECT_EQ(2 * ROUNDS, self->shared->counter);
	peer_stop(_metadata, &self->peer);
}

static long take_turns(struct shared *shared, unsigned int mine)
{
	unsigned int i;

	for (i = 0; i < ROUNDS / 10; i++) {
		pthread_mutex_lock(&shared->mutex);
		while (shared->turn % 2 != mine)
			pthread_cond_wait(&shared->cond, &shared->mutex);
		shared->turn++;
		pthread_cond_signal(&shared->cond);
		pthread_mutex_unlock(&shared->mutex);
	}
	return 0;
}

static long take_odd_turns(void *arg)
{
	return take_turns(arg, 1);
}

TEST_F(mutex, condition_wakes_another_process)
{
	peer_send(_metadata, &self->peer, take_odd_turns, self->alias);
	EXPECT_EQ(0, take_turns(self->shared, 0));
	EXPECT_EQ(0, peer_receive(_metadata, &self->peer));
	EXPECT_EQ(2 * (ROUNDS / 10), self->shared->turn);
	peer_stop(_metadata, &self->peer);
}

static long lock(void *arg)
{
	struct shared *shared = arg;

	return pthread_mutex_lock(&shared->mutex);
}

static void act_lock(struct actor *actor)
{
	actor->status = lock(actor->arg);
	pthread_mutex_unlock(&((struct shared *)actor->arg)->mutex);
}

TEST_F(mutex, death_of_the_owner_is_told)
{
	struct actor actor = { .act = act_lock, .arg = self->shared };
	struct timespec soon;

	ASSERT_EQ(0, peer_do(_metadata, &self->peer, lock, self->alias));
	if (variant->robust == PTHREAD_MUTEX_ROBUST) {
		actor_start(_metadata, &actor);
		actor_go(&actor);
		ASSERT_TRUE(task_sleeps(actor.tid));
	}
	peer_stop(_metadata, &self->peer);
	if (variant->robust == PTHREAD_MUTEX_ROBUST) {
		actor_join(_metadata, &actor);
		EXPECT_EQ(EOWNERDEAD, actor.status);
	} else {
		clock_gettime(CLOCK_REALTIME, &soon);
		EXPECT_EQ(ETIMEDOUT, pthread_mutex_timedlock(&self->shared->mutex,
							     &soon));
	}
}

TEST_HARNESS_MAIN
