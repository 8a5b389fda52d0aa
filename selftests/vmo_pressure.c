// SPDX-License-Identifier: GPL-2.0-only
/*
 * Discardable VMOs when memory is short: who discards them, whose, in which order,
 * and what is kept. What happens to one that was discarded is in vmo_discard.c.
 */
#include <linux/if_xdp.h>
#include <linux/io_uring.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>

#include "cgroup_test.h"
#include "discard_test.h"
#include "io_test.h"

/* Memory cgroups */

#define HOARD	6		/* VMOs that may be discarded, */
#define PIECE	(2 * MIB)	/* each of that size */

struct hoard {
	zx_handle_t vmos[HOARD];	/* in the order of their unlocking */
};

static struct hoard hoard_create(struct __test_metadata *_metadata)
{
	struct hoard hoard;
	int i;

	for (i = 0; i < HOARD; i++)
		hoard.vmos[i] = reclaimable(_metadata, PIECE / PAGE, '0' + i);
	return hoard;
}

static unsigned int hoard_count_discarded(struct hoard *hoard)
{
	unsigned int i, n = 0;

	for (i = 0; i < HOARD; i++)
		n += vmo_is_discarded(hoard->vmos[i]);
	return n;
}

/* How many are gone; the others have all they had */
static unsigned int hoard_discarded(struct __test_metadata *_metadata, struct hoard *hoard)
{
	unsigned int i;

	for (i = 0; i < HOARD; i++)
		if (!vmo_is_discarded(hoard->vmos[i]))
			EXPECT_EQ(PIECE, vmo_span(hoard->vmos[i], 0, PIECE, '0' + i));
	return hoard_count_discarded(hoard);
}

FIXTURE(cgroup) {
	struct cgroup own, other;
	zx_handle_t foreign;	/* of the other, which may be discarded, too */
};

FIXTURE_SETUP(cgroup)
{
	cgroup_make(_metadata, &self->own);
	cgroup_make(_metadata, &self->other);
	ASSERT_EQ(0, cgroup_join(&self->other));
	self->foreign = reclaimable(_metadata, PIECE / PAGE, 'f');
	ASSERT_EQ(0, cgroup_join(&self->own));
}

static void check_others(struct __test_metadata *_metadata, FIXTURE_DATA(cgroup) *self)
{
	EXPECT_EQ(PIECE, vmo_span(self->foreign, 0, PIECE, 'f'));
	EXPECT_EQ(0, vmo_info(_metadata, self->foreign).committed_change_events);
	check_no_oom(_metadata, &self->own);
	check_no_oom(_metadata, &self->other);
}

FIXTURE_TEARDOWN_PARENT(cgroup)
{
	cgroup_remove(&self->own);
	cgroup_remove(&self->other);
	EXPECT_EQ(self->own.oom_kills, oom_kills());
}

static void cgroup_limit(struct __test_metadata *_metadata, struct cgroup *cgroup,
			 uint64_t more)
{
	ASSERT_EQ(0, write_number(cgroup_file(cgroup, "memory.max"),
				  cgroup_current(cgroup) + more));
}

/* Pages that are committed past the limit take the place of what may be discarded */
static void commit_past_the_limit(struct __test_metadata *_metadata,
				  FIXTURE_DATA(cgroup) *self, uint32_t options,
				  zx_status_t (*commit)(struct memory *memory, uint64_t size))
{
	struct hoard hoard = hoard_create(_metadata);
	struct memory memory = memory_create(_metadata, 8 * MIB, options);
	unsigned int discarded;

	if (options & ZX_VMO_DISCARDABLE)
		ASSERT_OK(vmo_lock(memory.vmo));
	ASSERT_EQ(0, madvise(memory.p, memory.size, MADV_POPULATE_READ));
	cgroup_limit(_metadata, &self->own, 2 * MIB);
	EXPECT_OK(commit(&memory, memory.size));
	EXPECT_EQ(memory.size / PAGE, vmo_pages(_metadata, memory.vmo));
	EXPECT_LT(0, zt_field(cgroup_file(&self->own, "memory.events"), "max"));
	discarded = hoard_discarded(_metadata, &hoard);
	EXPECT_LE((6 * MIB - SLACK) / PIECE, discarded);
	check_others(_metadata, self);
}

#define COMMIT_TESTS(way)								\
TEST_F(cgroup, plain_memory_past_the_limit_##way)					\
{											\
	commit_past_the_limit(_metadata, self, ZX_VMO_RESIZABLE, by_##way);		\
}											\
TEST_F(cgroup, discardable_memory_past_the_limit_##way)					\
{											\
	commit_past_the_limit(_metadata, self, ZX_VMO_RESIZABLE | ZX_VMO_DISCARDABLE,	\
			      by_##way);						\
}

COMMIT_TESTS(op_commit)
COMMIT_TESTS(vmo_write)
COMMIT_TESTS(pwrite)
COMMIT_TESTS(fallocate)
COMMIT_TESTS(store)
COMMIT_TESTS(madv_populate)

/* Those that Linux commits for itself as well */
TEST_F(cgroup, ordinary_memory_past_the_limit)
{
	struct hoard hoard = hoard_create(_metadata);
	unsigned char *p = user_pages(_metadata, 8 * MIB / PAGE, PROT_RW);

	cgroup_limit(_metadata, &self->own, 2 * MIB);
	memset(p, 'o', 8 * MIB);
	EXPECT_LE((6 * MIB - SLACK) / PIECE, hoard_discarded(_metadata, &hoard));
	EXPECT_EQ(8 * MIB, mem_span(p, 8 * MIB, 'o'));
	check_others(_metadata, self);
}

/* A cache of which half is used more often than the rest, and all is more than fits */
TEST_F(cgroup, working_set_larger_than_the_limit)
{
	enum { NR = 16 };
	unsigned int round, i, hits = 0, misses = 0;
	zx_vmo_lock_state_t report;
	zx_handle_t vmos[NR];

	cgroup_limit(_metadata, &self->own, (NR - 4) * MIB);
	for (i = 0; i < NR; i++)
		vmos[i] = reclaimable(_metadata, MIB / PAGE, 'A' + i);
	for (round = 0; round < 8 * NR; round++) {
		i = round % 4 ? round % (NR / 2) : round / 4 % NR;
		ASSERT_OK(vmo_lock_state(vmos[i], &report));
		if (report.discarded_size) {
			misses++;
			EXPECT_EQ(MIB, vmo_span(vmos[i], 0, MIB, 0));
			vmo_fill(_metadata, vmos[i], 0, MIB, 'A' + i);
		} else {
			hits++;
		}
		EXPECT_EQ(MIB, vmo_span(vmos[i], 0, MIB, 'A' + i));
		ASSERT_OK(vmo_unlock(vmos[i]));
	}
	EXPECT_LT(0, misses);
	EXPECT_LT(4 * NR, hits);
	TH_LOG("%u hits, %u misses", hits, misses);
	check_others(_metadata, self);
}

/* When there is nothing left to discard the limit is what it is for others */
TEST_F(cgroup, limit_is_no_memory_when_all_is_discarded)
{
	struct hoard hoard = hoard_create(_metadata);
	struct memory memory = memory_create(_metadata, 32 * MIB, ZX_VMO_RESIZABLE);
	zx_handle_t locked = discardable(_metadata, PIECE, 0);

	vmo_fill(_metadata, locked, 0, PIECE, 'l');
	cgroup_limit(_metadata, &self->own, 4 * MIB);
	EXPECT_ST(ZX_ERR_NO_MEMORY, by_op_commit(&memory, memory.size));
	EXPECT_EQ(0, vmo_pages(_metadata, memory.vmo));
	EXPECT_EQ(HOARD, hoard_discarded(_metadata, &hoard));
	EXPECT_EQ(PIECE, vmo_span(locked, 0, PIECE, 'l'));
	EXPECT_OK(by_op_commit(&memory, 8 * MIB));
	check_others(_metadata, self);
}

/* Of an ancestor: the limit of all below it */
TEST_F(cgroup, limit_of_the_parent)
{
	struct hoard hoard = hoard_create(_metadata);
	struct memory memory = memory_create(_metadata, 8 * MIB, ZX_VMO_RESIZABLE);
	struct cgroup below = { 0 };

	/* who has processes cannot have children that have */
	ASSERT_EQ(0, cgroup_join(&self->other));
	ASSERT_EQ(0, write_text(cgroup_file(&self->own, "cgroup.subtree_control"), "+memory"));
	ASSERT_EQ(0, mkdir(strcpy(below.dir, cgroup_file(&self->own, "below")), 0755));
	ASSERT_EQ(0, cgroup_join(&below));
	cgroup_limit(_metadata, &self->own, 2 * MIB);
	EXPECT_OK(by_op_commit(&memory, memory.size));
	EXPECT_LE((6 * MIB - SLACK) / PIECE, hoard_discarded(_metadata, &hoard));
	check_others(_metadata, self);
	ASSERT_OK(zx_handle_close(memory.vmo));
	ASSERT_EQ(0, munmap(memory.p, memory.size));
	ASSERT_EQ(0, cgroup_join(&self->other));
	EXPECT_TRUE(WAIT_FOR(!rmdir(below.dir)));
}

TEST_F(cgroup, who_creates_pays_whoever_commits)
{
	zx_handle_t vmo = discardable(_metadata, 4 * MIB, 0);
	long long own, other;

	ASSERT_EQ(0, cgroup_join(&self->other));
	own = cgroup_current(&self->own);
	other = cgroup_current(&self->other);
	ASSERT_OK(vmo_op(vmo, ZX_VMO_OP_COMMIT, 0, 4 * MIB / PAGE));
	EXPECT_LE(own + 4 * MIB - SLACK, cgroup_current(&self->own));
	EXPECT_GE(own + 4 * MIB + SLACK, cgroup_current(&self->own));
	EXPECT_GE(other + (long long)SLACK, cgroup_current(&self->other));
	ASSERT_OK(vmo_unlock(vmo));
	vmo_discard(_metadata, vmo);
	EXPECT_TRUE(WAIT_FOR(drop_slab() &&
			     cgroup_current(&self->own) <= own + (long long)SLACK));
}

/* Reclaims as much as it is told to, which may be in vain in the end */
static bool cgroup_reclaim(struct cgroup *cgroup, uint64_t bytes)
{
	return !write_number(cgroup_file(cgroup, "memory.reclaim"), bytes) || errno == EAGAIN;
}

TEST_F(cgroup, memory_reclaim)
{
	struct hoard hoard = hoard_create(_metadata);
	zx_handle_t locked = discardable(_metadata, PIECE, 0), never;
	long long before;

	never = vmo_create(_metadata, PIECE, ZX_VMO_DISCARDABLE);
	vmo_fill(_metadata, locked, 0, PIECE, 'l');
	vmo_fill(_metadata, never, 0, PIECE, 'n');
	before = cgroup_current(&self->own);
	EXPECT_TRUE(WAIT_FOR(cgroup_reclaim(&self->own, MIB) &&
			     hoard_discarded(_metadata, &hoard) == HOARD));
	EXPECT_TRUE(WAIT_FOR(cgroup_reclaim(&self->own, MIB) &&
			     cgroup_current(&self->own) < before - HOARD * (long long)PIECE +
							  (long long)SLACK));
	EXPECT_EQ(PIECE, vmo_span(locked, 0, PIECE, 'l'));
	EXPECT_EQ(PIECE, vmo_span(never, 0, PIECE, 'n'));
	check_others(_metadata, self);
}

/* Who needs a page need not cost all that there is */
TEST_F(cgroup, little_past_the_limit_takes_little)
{
	struct hoard hoard = hoard_create(_metadata);
	zx_handle_t vmo = vmo_create(_metadata, PIECE, 0);
	unsigned int discarded;

	cgroup_limit(_metadata, &self->own, SLACK);
	ASSERT_OK(vmo_op(vmo, ZX_VMO_OP_COMMIT, 0, PIECE / PAGE));
	discarded = hoard_discarded(_metadata, &hoard);
	EXPECT_LT(0, discarded);
	EXPECT_GE(HOARD / 2, discarded);
	check_others(_metadata, self);
}

/* The cgroup may go: what it paid for is its parent's */
TEST_F(cgroup, cgroup_goes_before_the_vmo)
{
	zx_handle_t vmo = reclaimable(_metadata, PIECE / PAGE, 'v');
	zx_handle_t empty = discardable(_metadata, PIECE, 0);

	ASSERT_EQ(0, cgroup_join(&self->other));
	ASSERT_TRUE(WAIT_FOR(!rmdir(self->own.dir)));
	EXPECT_EQ(PIECE, vmo_span(vmo, 0, PIECE, 'v'));
	vmo_fill(_metadata, empty, 0, PIECE, 'e');
	ASSERT_OK(vmo_unlock(empty));
	vmo_discard(_metadata, vmo);
	vmo_discard(_metadata, empty);
	ASSERT_OK(vmo_lock(vmo));
	vmo_fill(_metadata, vmo, 0, PIECE, 'w');
	ASSERT_OK(vmo_unlock(vmo));
	vmo_discard(_metadata, vmo);
}

/* drop_caches, and what it leaves */

TEST(drop_caches_takes_what_was_unlocked)
{
	zx_handle_t unlocked = reclaimable(_metadata, 8, 'u');
	zx_handle_t locked = discardable(_metadata, 8 * PAGE, 0);
	zx_handle_t relocked = reclaimable(_metadata, 8, 'r');
	zx_handle_t again = reclaimable(_metadata, 8, 'a');
	zx_handle_t never = vmo_create(_metadata, 8 * PAGE, ZX_VMO_DISCARDABLE);
	zx_handle_t plain = vmo_create(_metadata, 8 * PAGE, 0);

	vmo_fill(_metadata, locked, 0, 8 * PAGE, 'l');
	vmo_fill(_metadata, never, 0, 8 * PAGE, 'n');
	vmo_fill(_metadata, plain, 0, 8 * PAGE, 'p');
	ASSERT_OK(vmo_try_lock(relocked));
	ASSERT_OK(vmo_try_lock(again));
	ASSERT_OK(vmo_unlock(again));
	discard_all(_metadata);
	vmo_discard(_metadata, again);
	EXPECT_LETTERS("!!!!!!!!", unlocked);
	EXPECT_LETTERS("llllllll", locked);
	EXPECT_LETTERS("rrrrrrrr", relocked);
	EXPECT_LETTERS("nnnnnnnn", never);
	EXPECT_LETTERS("pppppppp", plain);
}

/* The page cache alone is no reason */
TEST(drop_caches_of_the_page_cache_takes_nothing)
{
	zx_handle_t vmo = reclaimable(_metadata, 8, 'v');

	ASSERT_EQ(0, write_text(DROP_CACHES, "1"));
	EXPECT_LETTERS("vvvvvvvv", vmo);
}

/* On a long list, half of which is locked, none is lost */
TEST(many_are_taken_and_left)
{
	enum { NR = 600 };
	zx_handle_t *vmos = calloc(NR, sizeof(*vmos));
	unsigned int i, discarded = 0;

	for (i = 0; i < NR; i++) {
		vmos[i] = reclaimable(_metadata, 1 + i % 3, 'm');
		if (i % 2)
			ASSERT_OK(vmo_try_lock(vmos[i]));
	}
	discard_all(_metadata);
	for (i = 0; i < NR; i++) {
		if (i % 2) {
			EXPECT_EQ(PAGE, vmo_span(vmos[i], 0, PAGE, 'm'));
		} else {
			discarded += vmo_is_discarded(vmos[i]);
		}
	}
	EXPECT_EQ(NR / 2, discarded);
	for (i = 1; i < NR; i += 2)
		ASSERT_OK(vmo_unlock(vmos[i]));
	discard_all(_metadata);
	for (discarded = 0, i = 0; i < NR; i++) {
		discarded += vmo_is_discarded(vmos[i]);
		ASSERT_OK(zx_handle_close(vmos[i]));
	}
	EXPECT_EQ(NR, discarded);
}

/* What Linux holds is kept, and so is all of its VMO */

#define PAGES	4

FIXTURE(pinned) {
	zx_handle_t vmo;	/* "abcd", unlocked */
	unsigned char *p;
	unsigned char *buffer;	/* PAGES of ordinary memory */
	unsigned char *stall;	/* a page that does not come */
	int uffd;
	int disk;
	int fds[2];
	struct actor actor;
};

FIXTURE_VARIANT(pinned) {
	/* has page 1 held, until it is let go */
	void (*hold)(struct __test_metadata *_metadata, FIXTURE_DATA(pinned) *self);
	void (*let_go)(struct __test_metadata *_metadata, FIXTURE_DATA(pinned) *self);
	const char *after;	/* what is in the VMO then */
};

#define HOLD(name)								\
static void hold_##name(struct __test_metadata *_metadata zt_unused,		\
			FIXTURE_DATA(pinned) *self)
#define LET_GO(name)								\
static void let_go_##name(struct __test_metadata *_metadata zt_unused,		\
			  FIXTURE_DATA(pinned) *self)

HOLD(vmsplice)
{
	struct iovec iov = { self->p + PAGE, PAGE };

	ASSERT_EQ((ssize_t)PAGE, vmsplice(self->fds[1], &iov, 1, 0));
}

LET_GO(vmsplice)
{
	ASSERT_EQ((ssize_t)PAGE, read(self->fds[0], self->buffer, PAGE));
	EXPECT_MAPPED("b", self->buffer);
}

FIXTURE_VARIANT_ADD(pinned, vmsplice) { hold_vmsplice, let_go_vmsplice, "abcd" };

/* I/O on two buffers, the first in the VMO, the second one that does not come */
static void pinned_iov(FIXTURE_DATA(pinned) *self, struct iovec iov[2])
{
	iov[0] = (struct iovec){ self->p + PAGE, PAGE };
	iov[1] = (struct iovec){ self->stall, PAGE };
}

static void hold_by(struct __test_metadata *_metadata, FIXTURE_DATA(pinned) *self,
		    void (*act)(struct actor *actor))
{
	self->disk = open_disk(_metadata);
	fill_disk(_metadata, self->disk, self->buffer, 2, 1);
	memset(self->buffer, 's', PAGE);
	self->stall = user_pages(_metadata, 1, PROT_RW);
	self->uffd = stall_begin(_metadata, self->stall);
	self->actor = (struct actor){ .act = act, .arg = self, .cpu = 1 };
	actor_start(_metadata, &self->actor);
	actor_go(&self->actor);
	ASSERT_TRUE(stall_comes(self->uffd));
}

LET_GO(stalled)
{
	stall_end(_metadata, self->uffd, self->stall, self->buffer);
	actor_join(_metadata, &self->actor);
	EXPECT_OK(self->actor.status);
	close(self->uffd);
	close(self->disk);
}

static void act_direct_read(struct actor *actor)
{
	FIXTURE_DATA(pinned) *self = actor->arg;
	struct iovec iov[2];

	pinned_iov(self, iov);
	actor->status = preadv(self->disk, iov, 2, 0) == (ssize_t)(2 * PAGE) ? 0 : errno;
}

HOLD(direct_read)
{
	hold_by(_metadata, self, act_direct_read);
}

FIXTURE_VARIANT_ADD(pinned, direct_read) { hold_direct_read, let_go_stalled, "a?cd" };

static void act_direct_write(struct actor *actor)
{
	FIXTURE_DATA(pinned) *self = actor->arg;
	struct iovec iov[2];

	pinned_iov(self, iov);
	actor->status = pwritev(self->disk, iov, 2, 0) == (ssize_t)(2 * PAGE) ? 0 : errno;
}

HOLD(direct_write)
{
	hold_by(_metadata, self, act_direct_write);
}

FIXTURE_VARIANT_ADD(pinned, direct_write) { hold_direct_write, let_go_stalled, "abcd" };

static void act_uring_read(struct actor *actor)
{
	FIXTURE_DATA(pinned) *self = actor->arg;
	struct iovec iov[2];
	struct ring ring;

	pinned_iov(self, iov);
	if (ring_open(&ring))
		actor->status = errno;
	else
		actor->status = ring_submit(&ring, IORING_OP_READV, self->disk, iov, 2, 0) ==
				(int)(2 * PAGE) ? 0 : EIO;
}

HOLD(uring_read)
{
	hold_by(_metadata, self, act_uring_read);
}

FIXTURE_VARIANT_ADD(pinned, uring_read) { hold_uring_read, let_go_stalled, "a?cd" };

/* Another process's memory: the pages are held while they are copied */
static void act_process_vm_readv(struct actor *actor)
{
	FIXTURE_DATA(pinned) *self = actor->arg;
	struct iovec local = { self->stall, PAGE }, remote = { self->p + PAGE, PAGE };

	actor->status = process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)PAGE ?
			0 : errno;
}

HOLD(process_vm_readv)
{
	hold_by(_metadata, self, act_process_vm_readv);
}

FIXTURE_VARIANT_ADD(pinned, process_vm_readv) { hold_process_vm_readv, let_go_stalled, "abcd" };

/* For as long as a socket lives; later kernels do not take such memory */
HOLD(xdp)
{
	struct xdp_umem_reg umem = {
		.addr = (uintptr_t)self->p + PAGE, .len = PAGE, .chunk_size = PAGE,
	};

	if (kernel_is_at_least(6, 5))
		SKIP(return, "nothing can be pinned for long");
	self->disk = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, self->disk);
	ASSERT_EQ(0, setsockopt(self->disk, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)));
}

LET_GO(xdp)
{
	close(self->disk);
}

FIXTURE_VARIANT_ADD(pinned, xdp) { hold_xdp, let_go_xdp, "abcd" };

FIXTURE_SETUP(pinned)
{
	self->vmo = discardable(_metadata, PAGES * PAGE, 0);
	self->p = map_shared(_metadata, self->vmo, 0, PAGES);
	self->buffer = user_pages(_metadata, PAGES, PROT_RW);
	ASSERT_EQ(0, pipe2(self->fds, O_CLOEXEC | O_NONBLOCK));
	vmo_spell(_metadata, self->vmo, 0, "abcd");
	ASSERT_OK(vmo_unlock(self->vmo));
	variant->hold(_metadata, self);
}

FIXTURE_TEARDOWN(pinned)
{
	EXPECT_OK(zx_handle_close(self->vmo));
}

TEST_F(pinned, is_kept_until_it_is_let_go)
{
	zx_handle_t other = reclaimable(_metadata, 1, 'o');
	int i;

	for (i = 0; i < 3; i++)
		discard_all(_metadata);
	EXPECT_TRUE(vmo_is_discarded(other));
	EXPECT_LETTERS("abcd", self->vmo);
	EXPECT_MAPPED("abcd", self->p);
	EXPECT_EQ(0, vmo_info(_metadata, self->vmo).committed_change_events);
	variant->let_go(_metadata, self);
	EXPECT_LETTERS(variant->after, self->vmo);
	vmo_discard(_metadata, self->vmo);
	EXPECT_SIGBUS(self->p + PAGE);
}

TEST_F(pinned, can_be_locked_and_unlocked)
{
	discard_all(_metadata);
	ASSERT_OK(vmo_try_lock(self->vmo));
	discard_all(_metadata);
	ASSERT_OK(vmo_unlock(self->vmo));
	discard_all(_metadata);
	EXPECT_LETTERS("abcd", self->vmo);
	variant->let_go(_metadata, self);
	EXPECT_LETTERS(variant->after, self->vmo);
	vmo_discard(_metadata, self->vmo);
}

/* It may have left the VMO: then it is nobody's reason to keep the others */
TEST_F(pinned, page_that_left_keeps_nothing)
{
	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 1, 1));
	EXPECT_LETTERS("a.cd", self->vmo);
	vmo_discard(_metadata, self->vmo);
	variant->let_go(_metadata, self);
	EXPECT_LETTERS("!!!!", self->vmo);
	ASSERT_OK(vmo_lock(self->vmo));
	EXPECT_LETTERS("....", self->vmo);
}

/* Of an absent page a zero page is held, which is none of the VMO's */
TEST(held_zero_page_keeps_nothing)
{
	zx_handle_t vmo = discardable(_metadata, 2 * PAGE, 0);
	unsigned char *p = map_shared(_metadata, vmo, 0, 2), byte;
	struct iovec iov = { p + PAGE, PAGE };
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	p[0] = 'A';
	ASSERT_EQ((ssize_t)PAGE, vmsplice(fds[1], &iov, 1, 0));
	ASSERT_OK(vmo_unlock(vmo));
	vmo_discard(_metadata, vmo);
	EXPECT_SIGBUS(p + PAGE);
	ASSERT_EQ(1, read(fds[0], &byte, 1));
	EXPECT_EQ(0, byte);
	check_zero_pages(_metadata);
}

/* zx_vmo_read() and zx_vmo_write() hold nothing while the buffer does not come */

struct copy {
	zx_handle_t vmo;
	unsigned char *stall;
	zx_status_t (*copy)(struct copy *copy);
};

static zx_status_t copy_read(struct copy *copy)
{
	return zx_vmo_read(copy->vmo, copy->stall, 0, PAGE);
}

static zx_status_t copy_write(struct copy *copy)
{
	return zx_vmo_write(copy->vmo, copy->stall, 0, PAGE);
}

static void act_copy(struct actor *actor)
{
	struct copy *copy = actor->arg;

	actor->status = copy->copy(copy);
}

FIXTURE(copy) {
};

FIXTURE_VARIANT(copy) {
	zx_status_t (*copy)(struct copy *copy);
};

FIXTURE_VARIANT_ADD(copy, read) { copy_read };
FIXTURE_VARIANT_ADD(copy, write) { copy_write };

FIXTURE_SETUP(copy)
{
}

FIXTURE_TEARDOWN(copy)
{
}

TEST_F(copy, that_stalls_finds_the_contents_gone)
{
	struct copy copy = {
		.vmo = reclaimable(_metadata, 2, 'v'),
		.stall = user_pages(_metadata, 1, PROT_RW),
		.copy = variant->copy,
	};
	struct actor actor = { .act = act_copy, .arg = &copy, .cpu = 1 };
	unsigned char *contents = user_pages(_metadata, 1, PROT_RW);
	int uffd = stall_begin(_metadata, copy.stall);

	actor_start(_metadata, &actor);
	actor_go(&actor);
	ASSERT_TRUE(stall_comes(uffd));
	vmo_discard(_metadata, copy.vmo);
	memset(contents, 's', PAGE);
	stall_end(_metadata, uffd, copy.stall, contents);
	actor_join(_metadata, &actor);
	EXPECT_ST(ZX_ERR_NOT_FOUND, actor.status);
	EXPECT_MAPPED("s", copy.stall);
	ASSERT_OK(vmo_lock(copy.vmo));
	EXPECT_LETTERS("..", copy.vmo);
}

/* What the machine tells */

static long long meminfo(const char *name)
{
	return zt_field("/proc/meminfo", name) * KIB;
}

#define MUCH	(24 * MIB)
#define NEARLY	(MUCH - 4 * MIB)	/* others allocate and free as well */

TEST(reclaimable_memory_is_counted)
{
	zx_handle_t vmo = discardable(_metadata, MUCH, 0);
	zx_handle_t plain = vmo_create(_metadata, MUCH, 0);
	long long before, after;

	discard_all(_metadata);	/* and the other slab caches */
	before = meminfo("KReclaimable");
	ASSERT_OK(vmo_op(plain, ZX_VMO_OP_COMMIT, 0, MUCH / PAGE));
	EXPECT_GT(before + 4 * MIB, meminfo("KReclaimable"));
	ASSERT_OK(vmo_op(vmo, ZX_VMO_OP_COMMIT, 0, MUCH / PAGE));
	after = meminfo("KReclaimable");
	EXPECT_LE(before + NEARLY, after);

	/* Pages that come, go and move are */
	ASSERT_OK(vmo_op(vmo, ZX_VMO_OP_DECOMMIT, 0, MUCH / 2 / PAGE));
	EXPECT_GT(after - NEARLY / 2, meminfo("KReclaimable"));
	ASSERT_OK(zx_vmo_transfer_data(plain, 0, 0, MUCH, vmo, 0));
	EXPECT_GT(before + 4 * MIB, meminfo("KReclaimable"));
	ASSERT_OK(zx_vmo_transfer_data(vmo, 0, 0, MUCH / 2, plain, MUCH / 2));
	EXPECT_LE(before + NEARLY / 2, meminfo("KReclaimable"));
	ASSERT_OK(zx_vmo_transfer_data(vmo, 0, 0, MUCH / 2, plain, 0));

	ASSERT_OK(vmo_op(vmo, ZX_VMO_OP_COMMIT, 0, MUCH / PAGE));
	ASSERT_OK(vmo_unlock(vmo));
	vmo_discard(_metadata, vmo);
	EXPECT_TRUE(WAIT_FOR(drop_slab() && meminfo("KReclaimable") < before + 4 * (long long)MIB));

	ASSERT_OK(vmo_lock(vmo));
	ASSERT_OK(vmo_op(vmo, ZX_VMO_OP_COMMIT, 0, MUCH / PAGE));
	EXPECT_LE(before + NEARLY, meminfo("KReclaimable"));
	ASSERT_OK(zx_handle_close(vmo));
	EXPECT_TRUE(WAIT_FOR(meminfo("KReclaimable") < before + 4 * (long long)MIB));
}

/* Tracepoints, which also tell the order */

#define TRACING	"/sys/kernel/tracing/"

FIXTURE(trace) {
	struct cgroup cgroup;
	zx_handle_t vmo;	/* locked */
};

FIXTURE_SETUP(trace)
{
	int fd;

	cgroup_make(_metadata, &self->cgroup);
	ASSERT_EQ(0, cgroup_join(&self->cgroup));
	if (access(TRACING "trace", F_OK))
		mount("tracefs", TRACING, "tracefs", 0, NULL);
	fd = open(TRACING "trace", O_WRONLY | O_TRUNC | O_CLOEXEC);
	ASSERT_LE(0, fd);
	close(fd);
	self->vmo = discardable(_metadata, 700 * PAGE, 0);
	ASSERT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, "glyphs of 12", 12));
	vmo_fill(_metadata, self->vmo, 0, 700 * PAGE, 'g');
	ASSERT_EQ(0, write_text(TRACING "events/zxvmo/enable", "1"));
}

FIXTURE_TEARDOWN_PARENT(trace)
{
	EXPECT_EQ(0, write_text(TRACING "events/zxvmo/enable", "0"));
	cgroup_remove(&self->cgroup);
}

/* The number of the first line with all of these; 0 if there is none */
static unsigned int traced(const char *event, const char *one, const char *two,
			   const char *three)
{
	FILE *file = fopen(TRACING "trace", "re");
	unsigned int number = 0, found = 0;
	char line[512];

	while (!found && fgets(line, sizeof(line), file)) {
		number++;
		if (strstr(line, event) && strstr(line, one) && strstr(line, two) &&
		    strstr(line, three))
			found = number;
	}
	fclose(file);
	return found;
}

static unsigned int traced_discard(struct __test_metadata *_metadata, zx_handle_t vmo,
				   const char *name, const char *pages)
{
	char koid[64];

	snprintf(koid, sizeof(koid), "koid=%llu ",
		 (unsigned long long)koid_of(_metadata, vmo));
	return traced("zxvmo_discard:", koid, name, pages);
}

TEST_F(trace, discard_tells_which)
{
	discard_all(_metadata);
	EXPECT_EQ(0, traced_discard(_metadata, self->vmo, "", ""));
	ASSERT_OK(vmo_unlock(self->vmo));
	vmo_discard(_metadata, self->vmo);
	EXPECT_LT(0, traced_discard(_metadata, self->vmo, "name=glyphs of 12 ", "nr_pages=700"));
}

TEST_F(trace, scan_tells_how_much)
{
	ASSERT_OK(vmo_unlock(self->vmo));
	vmo_discard(_metadata, self->vmo);
	EXPECT_LT(0, traced("zxvmo_scan:", "nid=0 ", "nr_to_scan=", "nr_freed="));
}

/*
 * Whether they are discarded in this order. The kernel passes over a VMO that
 * somebody looks at in this instant: then there is another attempt.
 */
static bool goes_in_order(struct __test_metadata *_metadata, struct cgroup *cgroup,
			  struct hoard *hoard)
{
	unsigned int i, at, last = 0;
	bool in_order = true;

	ASSERT_TRUE(WAIT_FOR(cgroup_reclaim(cgroup, MIB) &&
			     hoard_count_discarded(hoard) == HOARD));
	for (i = 0; i < HOARD; i++) {
		at = traced_discard(_metadata, hoard->vmos[i], "", "");
		EXPECT_LT(0, at);
		in_order &= last < at;
		last = at;
		ASSERT_OK(zx_handle_close(hoard->vmos[i]));
	}
	return in_order;
}

TEST_F(trace, oldest_goes_first)
{
	unsigned int attempt;
	bool good = false;

	for (attempt = 0; attempt < 5 && !good; attempt++) {
		struct hoard hoard = hoard_create(_metadata);

		good = goes_in_order(_metadata, &self->cgroup, &hoard);
	}
	EXPECT_TRUE(good);
}

/* From the time when it was unlocked, not when it was made, locked or written */
TEST_F(trace, unlocking_counts)
{
	unsigned int attempt, i;
	bool good = false;

	for (attempt = 0; attempt < 5 && !good; attempt++) {
		struct hoard hoard = { 0 };

		for (i = HOARD; i-- > 0;) {
			hoard.vmos[i] = discardable(_metadata, PIECE, 0);
			vmo_fill(_metadata, hoard.vmos[i], 0, PIECE, '0');
		}
		for (i = 0; i < HOARD; i++)
			ASSERT_OK(vmo_unlock(hoard.vmos[i]));
		for (i = 0; i < HOARD; i += 2)
			vmo_fill(_metadata, hoard.vmos[i], 0, PAGE, '1');
		good = goes_in_order(_metadata, &self->cgroup, &hoard);
	}
	EXPECT_TRUE(good);
}

/* What was locked and unlocked again while it was in the list gets a second chance */
TEST_F(trace, used_again_goes_last)
{
	unsigned int attempt;
	bool good = false;

	for (attempt = 0; attempt < 5 && !good; attempt++) {
		struct hoard hoard = hoard_create(_metadata);
		zx_handle_t first = hoard.vmos[0];

		ASSERT_OK(vmo_try_lock(first));
		ASSERT_OK(vmo_unlock(first));
		memmove(hoard.vmos, hoard.vmos + 1, (HOARD - 1) * sizeof(first));
		hoard.vmos[HOARD - 1] = first;
		good = goes_in_order(_metadata, &self->cgroup, &hoard);
	}
	EXPECT_TRUE(good);
}

/* The shrinker itself, on kernels that let it be seen */

FIXTURE(shrinker) {
	char dir[300];
};

FIXTURE_SETUP(shrinker)
{
	struct dirent *entry;
	DIR *dir;

	zt_debugfs("stats");	/* mounts it */
	dir = opendir("/sys/kernel/debug/shrinker");
	if (!dir)
		SKIP(return, "no CONFIG_SHRINKER_DEBUG");
	while ((entry = readdir(dir)))
		if (!strncmp(entry->d_name, "zxvmo-", 6))
			snprintf(self->dir, sizeof(self->dir), "/sys/kernel/debug/shrinker/%s/",
				 entry->d_name);
	closedir(dir);
	ASSERT_NE(0, self->dir[0]);
}

FIXTURE_TEARDOWN(shrinker)
{
}

/* Of the cgroup that the machine begins with */
static long long shrinker_count(FIXTURE_DATA(shrinker) *self)
{
	long long memcg, count, found = 0;
	char path[320];
	FILE *file;

	snprintf(path, sizeof(path), "%scount", self->dir);
	file = fopen(path, "re");
	while (file && fscanf(file, "%lld %lld", &memcg, &count) == 2)
		found = memcg == 1 ? count : found;
	fclose(file);
	return found;
}

TEST_F(shrinker, counts_what_may_be_discarded)
{
	zx_handle_t vmo;

	discard_all(_metadata);
	EXPECT_EQ(0, shrinker_count(self));
	vmo = reclaimable(_metadata, 100, 'v');
	EXPECT_LT(0, shrinker_count(self));
	ASSERT_OK(vmo_try_lock(vmo));
	discard_all(_metadata);
	EXPECT_EQ(0, shrinker_count(self));
	ASSERT_OK(vmo_unlock(vmo));
	EXPECT_LT(0, shrinker_count(self));
}

TEST_F(shrinker, scans_as_much_as_it_is_told)
{
	zx_handle_t first, second;
	char path[320];

	discard_all(_metadata);
	first = reclaimable(_metadata, 100, '1');
	second = reclaimable(_metadata, 100, '2');
	snprintf(path, sizeof(path), "%sscan", self->dir);
	ASSERT_TRUE(WAIT_FOR(!write_text(path, "1 0 50") && vmo_is_discarded(first)));
	EXPECT_FALSE(vmo_is_discarded(second));
	ASSERT_TRUE(WAIT_FOR(!write_text(path, "1 0 50") && vmo_is_discarded(second)));
}

/* The whole machine is short of memory */

#define MAX_MEMORY	"/sys/module/zxvmo/parameters/max_memory"

static uint64_t total_ram(void)
{
	struct sysinfo info;

	sysinfo(&info);
	return (uint64_t)info.totalram * info.mem_unit;
}

FIXTURE(machine) {
	long long oom_kills;
};

FIXTURE_SETUP(machine)
{
	self->oom_kills = oom_kills();
	ASSERT_EQ(0, write_number(MAX_MEMORY, 4 * total_ram()));
}

FIXTURE_TEARDOWN_PARENT(machine)
{
	EXPECT_EQ(0, write_number(MAX_MEMORY, 0));
	EXPECT_EQ(self->oom_kills, oom_kills());
}

#define LARGE	(4 * MIB)

#define ROOM	(256 * MIB)	/* the rest is taken before the test begins */

/* A third of what is free is filled with them, and then more is needed than is left */
static void fill_machine(struct __test_metadata *_metadata,
			 bool (*more)(struct __test_metadata *_metadata, uint64_t size))
{
	zx_handle_t *vmos, locked, never;
	unsigned int nr, i, discarded = 0;
	uint64_t ballast = meminfo("MemFree");
	void *p;

	ballast = ballast > ROOM ? ballast - ROOM : PAGE;
	p = mmap(NULL, ballast, PROT_RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, p);
	madvise(p, ballast, MADV_HUGEPAGE);	/* which is quicker */
	ASSERT_EQ(0, madvise(p, ballast, MADV_POPULATE_WRITE));
	nr = meminfo("MemFree") / 3 / LARGE;
	vmos = calloc(nr, sizeof(*vmos));

	locked = discardable(_metadata, LARGE, 0);
	vmo_fill(_metadata, locked, 0, LARGE, 'l');
	never = vmo_create(_metadata, LARGE, ZX_VMO_DISCARDABLE);
	vmo_fill(_metadata, never, 0, LARGE, 'n');
	for (i = 0; i < nr; i++)
		vmos[i] = reclaimable(_metadata, LARGE / PAGE, 'v');
	/* Not all that is free can be had */
	EXPECT_TRUE(more(_metadata, meminfo("MemFree") + nr / 4 * LARGE));
	for (i = 0; i < nr; i++) {
		if (vmo_is_discarded(vmos[i]))
			discarded++;
		else
			EXPECT_EQ(LARGE, vmo_span(vmos[i], 0, LARGE, 'v'));
		ASSERT_OK(zx_handle_close(vmos[i]));
	}
	EXPECT_LE(nr / 4, discarded);
	TH_LOG("%u of %u discarded", discarded, nr);
	EXPECT_EQ(LARGE, vmo_span(locked, 0, LARGE, 'l'));
	EXPECT_EQ(LARGE, vmo_span(never, 0, LARGE, 'n'));
}

static bool more_ordinary_memory(struct __test_metadata *_metadata, uint64_t size)
{
	pid_t pid = fork();
	int status;

	ASSERT_LE(0, pid);
	if (!pid) {
		write_text("/proc/self/oom_score_adj", "1000");
		_exit(mmap(NULL, size, PROT_RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) ==
		      MAP_FAILED);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	return !status;
}

TEST_F_TIMEOUT(machine, ordinary_memory, 600)
{
	fill_machine(_metadata, more_ordinary_memory);
}

static bool more_of_a_vmo(struct __test_metadata *_metadata, uint64_t size)
{
	zx_handle_t vmo = vmo_create(_metadata, size, 0);
	zx_status_t status = vmo_op(vmo, ZX_VMO_OP_COMMIT, 0, size / PAGE);

	EXPECT_OK(status);
	ASSERT_OK(zx_handle_close(vmo));
	return !status;
}

TEST_F_TIMEOUT(machine, memory_of_a_vmo, 600)
{
	fill_machine(_metadata, more_of_a_vmo);
}

TEST_HARNESS_MAIN
