// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who pays for the memory of VMOs, and what happens when there is none: memory
 * cgroups, the module's ceiling and its share for each user, the machine's end.
 */
#include <sys/sysinfo.h>

#include "cgroup_test.h"
#include "discard_test.h"

FIXTURE(cgroup) {
	struct cgroup cgroup;
};

FIXTURE_VARIANT(cgroup) {
	zx_status_t (*commit)(struct memory *memory, uint64_t size);
	bool all_or_nothing;
};

FIXTURE_VARIANT_ADD(cgroup, op_commit) { by_op_commit, true };
FIXTURE_VARIANT_ADD(cgroup, vmo_write) { by_vmo_write, false };
FIXTURE_VARIANT_ADD(cgroup, pwrite) { by_pwrite, false };
FIXTURE_VARIANT_ADD(cgroup, fallocate) { by_fallocate, true };
FIXTURE_VARIANT_ADD(cgroup, store) { by_store, false };
FIXTURE_VARIANT_ADD(cgroup, madv_populate) { by_madv_populate, false };

FIXTURE_SETUP(cgroup)
{
	cgroup_make(_metadata, &self->cgroup);
}

FIXTURE_TEARDOWN_PARENT(cgroup)
{
	cgroup_remove(&self->cgroup);
	EXPECT_EQ(self->cgroup.oom_kills, oom_kills());
}

TEST_F(cgroup, is_charged_and_uncharged)
{
	struct memory memory = memory_create(_metadata, 4 * MIB, ZX_VMO_RESIZABLE);
	long long before;

	ASSERT_EQ(0, cgroup_join(&self->cgroup));
	before = cgroup_current(&self->cgroup);
	ASSERT_OK(variant->commit(&memory, memory.size));
	EXPECT_LE(before + 4 * MIB - SLACK, cgroup_current(&self->cgroup));
	EXPECT_GE(before + 4 * MIB + SLACK, cgroup_current(&self->cgroup));
	ASSERT_OK(vmo_op(memory.vmo, ZX_VMO_OP_DECOMMIT, 0, memory.size / PAGE));
	EXPECT_GE(before + SLACK, cgroup_current(&self->cgroup));

	ASSERT_OK(variant->commit(&memory, memory.size));
	EXPECT_LE(before + 4 * MIB - SLACK, cgroup_current(&self->cgroup));
	ASSERT_EQ(0, munmap(memory.p, memory.size));
	ASSERT_OK(zx_handle_close(memory.vmo));
	EXPECT_TRUE(WAIT_FOR(cgroup_current(&self->cgroup) <= before + (long long)SLACK));
}

/*
 * Work for a process in a cgroup that may be full when it is done. Then nothing
 * there can be done any more that needs memory, not even to tell the result:
 * it waits until it is let go.
 */
struct order {
	zx_status_t (*commit)(struct memory *memory, uint64_t size);
	struct memory memory;
	uint64_t size;
	zx_status_t status;
	atomic_bool done;
	atomic_bool go_on;
};

static struct order *order_make(struct __test_metadata *_metadata)
{
	struct order *order = mmap(NULL, sizeof(*order), PROT_RW,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, order);
	return order;
}

static long order_do(void *arg)
{
	struct order *order = arg;

	order->status = order->commit(&order->memory, order->size);
	atomic_store(&order->done, true);
	while (!atomic_load(&order->go_on))
		usleep(100);
	return order->status;
}

/* What the process needs besides must be there before: tables, a signal's stack */
static long order_prepare(void *arg)
{
	struct order *order = arg;
	unsigned char byte = 0;

	atomic_store(&order->done, false);
	atomic_store(&order->go_on, false);
	try(load, NULL, &byte);
	return order->memory.p ? madvise(order->memory.p, order->memory.size,
					 MADV_POPULATE_READ) : 0;
}

static void order_start(struct __test_metadata *_metadata, struct peer *peer,
			struct order *order, uint64_t size)
{
	order->size = size;
	ASSERT_EQ(0, peer_do(_metadata, peer, order_prepare, order));
	peer_send(_metadata, peer, order_do, order);
	ASSERT_TRUE(WAIT_FOR(atomic_load(&order->done)));
}

static void order_end(struct __test_metadata *_metadata, struct peer *peer,
		      struct order *order)
{
	atomic_store(&order->go_on, true);
	EXPECT_EQ(order->status, peer_receive(_metadata, peer));
}

TEST_F(cgroup, limit_is_no_memory_and_nobody_is_killed)
{
	struct order *order = order_make(_metadata);
	struct memory *memory = &order->memory;
	struct peer peer;
	long long before;
	uint64_t pages;

	order->commit = variant->commit;
	*memory = memory_create(_metadata, 32 * MIB, ZX_VMO_RESIZABLE);
	vmo_fill(_metadata, memory->vmo, 0, MIB, 'A');
	peer = peer_start(_metadata);
	ASSERT_EQ(0, peer_do(_metadata, &peer, cgroup_join, &self->cgroup));
	ASSERT_EQ(0, peer_do(_metadata, &peer, order_prepare, order));
	before = cgroup_current(&self->cgroup);
	ASSERT_EQ(0, write_number(cgroup_file(&self->cgroup, "memory.max"),
				  before + 12 * MIB));

	order_start(_metadata, &peer, order, memory->size);
	EXPECT_ST(ZX_ERR_NO_MEMORY, order->status);
	pages = vmo_pages(_metadata, memory->vmo);
	if (variant->all_or_nothing) {
		EXPECT_EQ(MIB / PAGE, pages);
		EXPECT_GE(before + SLACK, cgroup_current(&self->cgroup));
		EXPECT_EQ(MIB, vmo_span(memory->vmo, 0, 2 * MIB, 'A'));
	} else {
		EXPECT_LT(8 * MIB / PAGE, pages);
		EXPECT_GE(14 * MIB / PAGE, pages);
	}
	check_no_oom(_metadata, &self->cgroup);

	/* And all is well again with less */
	ASSERT_OK(vmo_op(memory->vmo, ZX_VMO_OP_DECOMMIT, MIB / PAGE, 31 * MIB / PAGE));
	EXPECT_EQ(MIB / PAGE, vmo_pages(_metadata, memory->vmo));
	EXPECT_GE(before + SLACK, cgroup_current(&self->cgroup));
	order_end(_metadata, &peer, order);
	order_start(_metadata, &peer, order, 4 * MIB);
	EXPECT_OK(order->status);
	order_end(_metadata, &peer, order);
	EXPECT_EQ(4 * MIB / PAGE, vmo_pages(_metadata, memory->vmo));
	check_no_oom(_metadata, &self->cgroup);

	ASSERT_OK(zx_vmo_set_size(memory->vmo, 0));
	EXPECT_GE(before + SLACK, cgroup_current(&self->cgroup));
	peer_stop(_metadata, &peer);
}

TEST_F(cgroup, who_commits_pays)
{
	struct order *order = order_make(_metadata);
	struct peer peer;
	long long before;

	order->commit = variant->commit;
	order->memory = memory_create(_metadata, 4 * MIB, ZX_VMO_RESIZABLE);
	peer = peer_start(_metadata);
	ASSERT_EQ(0, peer_do(_metadata, &peer, cgroup_join, &self->cgroup));
	before = cgroup_current(&self->cgroup);
	order_start(_metadata, &peer, order, order->memory.size);
	EXPECT_OK(order->status);
	order_end(_metadata, &peer, order);
	EXPECT_LE(before + 4 * MIB - SLACK, cgroup_current(&self->cgroup));

	/* Whoever uses it now, and when the payer is gone */
	memset(order->memory.p, 'A', order->memory.size);
	peer_stop(_metadata, &peer);
	EXPECT_LE(before + 4 * MIB - SLACK, cgroup_current(&self->cgroup));
	ASSERT_EQ(0, munmap(order->memory.p, order->memory.size));
	ASSERT_OK(zx_handle_close(order->memory.vmo));
	EXPECT_TRUE(WAIT_FOR(cgroup_current(&self->cgroup) <= (long long)SLACK));
}

TEST_F(cgroup, who_creates_does_not_pay)
{
	struct memory memory;
	struct peer peer;
	long long before;

	peer = peer_start(_metadata);
	ASSERT_EQ(0, peer_do(_metadata, &peer, cgroup_join, &self->cgroup));
	before = cgroup_current(&self->cgroup);
	memory = memory_create(_metadata, 4 * MIB, ZX_VMO_RESIZABLE);
	ASSERT_OK(variant->commit(&memory, memory.size));
	EXPECT_GE(before + SLACK, cgroup_current(&self->cgroup));
	peer_stop(_metadata, &peer);
}

/* Scattered pages need nodes of the tree, which are memory, too */

FIXTURE(scatter) {
	struct cgroup cgroup;
};

FIXTURE_SETUP(scatter)
{
	cgroup_make(_metadata, &self->cgroup);
}

FIXTURE_TEARDOWN_PARENT(scatter)
{
	cgroup_remove(&self->cgroup);
	EXPECT_EQ(self->cgroup.oom_kills, oom_kills());
}

#define SCATTER		(2 * MIB)
#define SCATTERED	1024	/* pages */

/* One page for each SCATTER bytes of @size, which becomes what was done */
static zx_status_t by_scattering(struct memory *memory, uint64_t size)
{
	zx_status_t status = ZX_OK;

	for (; memory->size < size && !status; memory->size += SCATTER)
		status = zx_vmo_write(memory->vmo, "A", memory->size, 1);
	return status;
}

TEST_F(scatter, pages_are_charged_with_their_nodes)
{
	struct order *order = order_make(_metadata);
	struct memory *memory = &order->memory;
	struct peer peer;
	long long before;
	unsigned int i;

	order->commit = by_scattering;
	memory->vmo = vmo_create(_metadata, 0, ZX_VMO_UNBOUNDED);
	peer = peer_start(_metadata);
	ASSERT_EQ(0, peer_do(_metadata, &peer, cgroup_join, &self->cgroup));
	before = cgroup_current(&self->cgroup);
	order_start(_metadata, &peer, order, SCATTERED * SCATTER);
	EXPECT_OK(order->status);
	order_end(_metadata, &peer, order);
	EXPECT_LE(before + 2 * SCATTERED * PAGE - SLACK,
		  cgroup_current(&self->cgroup));
	EXPECT_LE(SCATTERED * PAGE,
		  vmo_info(_metadata, memory->vmo).metadata_bytes);

	/* Pages and nodes come in turn: now the one is too much, now the other */
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, write_number(cgroup_file(&self->cgroup, "memory.max"),
					  cgroup_current(&self->cgroup) + MIB +
					  i * PAGE));
		order_start(_metadata, &peer, order, UINT64_MAX / 2);
		EXPECT_ST(ZX_ERR_NO_MEMORY, order->status);
		EXPECT_GT(2 * SCATTERED * SCATTER, memory->size);
		check_no_oom(_metadata, &self->cgroup);
		ASSERT_OK(vmo_op(memory->vmo, ZX_VMO_OP_DECOMMIT, 0, MAX_SIZE / PAGE));
		order_end(_metadata, &peer, order);
		memory->size = 0;
	}
	EXPECT_GE(before + SLACK, cgroup_current(&self->cgroup));
	EXPECT_EQ(0, vmo_info(_metadata, memory->vmo).metadata_bytes);
	peer_stop(_metadata, &peer);
}

/* The ceiling of the module and the share of each user */

#define PARAMETERS	"/sys/module/zxvmo/parameters/"
#define MAX_MEMORY	PARAMETERS "max_memory"
#define USER_SHARE	PARAMETERS "user_share"

#define USER	10001	/* without any capability */

FIXTURE(limit) {
	long long max_memory;
	long long user_share;
	uint64_t used;
};

/* With the nodes that keep track of the pages: they count, too */
static uint64_t used_memory(void)
{
	return zt_stat("pages") * PAGE;
}

#define NODES	(128 * KIB)	/* what they need at most */

#define EXPECT_USED(want) do {				\
	uint64_t __used = used_memory();		\
							\
	EXPECT_LE(want, __used);			\
	EXPECT_GE((want) + NODES, __used);		\
} while (0)

FIXTURE_SETUP(limit)
{
	self->max_memory = read_number(MAX_MEMORY);
	self->user_share = read_number(USER_SHARE);
	ASSERT_LE(0, self->max_memory);
	ASSERT_LE(0, self->user_share);
	self->used = used_memory();
}

FIXTURE_TEARDOWN_PARENT(limit)
{
	if (self->max_memory >= 0)
		EXPECT_EQ(0, write_number(MAX_MEMORY, self->max_memory));
	if (self->user_share >= 0)
		EXPECT_EQ(0, write_number(USER_SHARE, self->user_share));
	/* Nothing of what failed stays on the bill */
	EXPECT_TRUE(WAIT_FOR(used_memory() == self->used));
}

static void set_limits(struct __test_metadata *_metadata, uint64_t max_memory,
		       unsigned int user_share)
{
	ASSERT_EQ(0, write_number(MAX_MEMORY, max_memory));
	ASSERT_EQ(0, write_number(USER_SHARE, user_share));
}

TEST_F(limit, defaults)
{
	EXPECT_EQ(0, self->max_memory);
	EXPECT_EQ(50, self->user_share);
}

TEST_F(limit, reached_exactly)
{
	struct memory memory = memory_create(_metadata, 16 * MIB, ZX_VMO_RESIZABLE);
	uint64_t fit = 8 * MIB / PAGE, limit;

	ASSERT_OK(vmo_op(memory.vmo, ZX_VMO_OP_COMMIT, 0, fit));
	EXPECT_USED(self->used + 8 * MIB);
	limit = used_memory();
	ASSERT_OK(vmo_op(memory.vmo, ZX_VMO_OP_DECOMMIT, 0, fit));
	EXPECT_EQ(self->used, used_memory());

	set_limits(_metadata, limit, 50);
	EXPECT_ST(ZX_ERR_NO_MEMORY, vmo_op(memory.vmo, ZX_VMO_OP_COMMIT, 0, fit + 1));
	EXPECT_EQ(0, vmo_pages(_metadata, memory.vmo));
	EXPECT_EQ(self->used, used_memory());
	EXPECT_OK(vmo_op(memory.vmo, ZX_VMO_OP_COMMIT, 0, fit));
	EXPECT_EQ(limit, used_memory());
	EXPECT_ST(ZX_ERR_NO_MEMORY, vmo_op(memory.vmo, ZX_VMO_OP_COMMIT, fit, 1));
	EXPECT_OK(vmo_op(memory.vmo, ZX_VMO_OP_COMMIT, 0, fit));
	EXPECT_OK(vmo_op(memory.vmo, ZX_VMO_OP_DECOMMIT, 5, 1));
	EXPECT_OK(vmo_op(memory.vmo, ZX_VMO_OP_COMMIT, 0, fit));
	EXPECT_EQ(fit, vmo_pages(_metadata, memory.vmo));
}

TEST_F(limit, holds_for_every_way_to_commit)
{
	static const struct {
		zx_status_t (*commit)(struct memory *memory, uint64_t size);
		bool all_or_nothing;
	} ways[] = {
		{ by_op_commit, true }, { by_vmo_write, false },
		{ by_pwrite, false }, { by_fallocate, true },
		{ by_store, false }, { by_madv_populate, false },
	};
	struct memory memory = memory_create(_metadata, 4 * MIB, ZX_VMO_RESIZABLE);
	uint64_t committed;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		set_limits(_metadata, self->used + MIB, 50);
		EXPECT_ST(ZX_ERR_NO_MEMORY, ways[i].commit(&memory, memory.size));
		committed = vmo_pages(_metadata, memory.vmo) * PAGE;
		if (ways[i].all_or_nothing) {
			EXPECT_EQ(0, committed) TH_LOG("way %zu", i);
		} else {
			EXPECT_GE(MIB, committed) TH_LOG("way %zu", i);
			EXPECT_LE(MIB - NODES, committed) TH_LOG("way %zu", i);
		}
		/* More is allowed at once where it is set */
		set_limits(_metadata, self->used + 4 * MIB + NODES, 50);
		EXPECT_OK(ways[i].commit(&memory, memory.size));
		EXPECT_EQ(4 * MIB / PAGE, vmo_pages(_metadata, memory.vmo));
		ASSERT_OK(vmo_op(memory.vmo, ZX_VMO_OP_ZERO, 0, memory.size / PAGE));
		EXPECT_EQ(self->used, used_memory());
	}
}

TEST_F(limit, lowering_it_takes_nothing_away)
{
	struct memory memory = memory_create(_metadata, 4 * MIB, ZX_VMO_RESIZABLE);

	memset(memory.p, 'A', 2 * MIB);
	set_limits(_metadata, PAGE, 50);
	EXPECT_EQ(2 * MIB, mem_span(memory.p, 2 * MIB, 'A'));
	EXPECT_EQ(2 * MIB, mem_span(memory.p + 2 * MIB, 2 * MIB, 0));
	EXPECT_ST(ZX_ERR_NO_MEMORY, by_op_commit(&memory, memory.size));
	EXPECT_FAULT(SIGBUS, BUS_ADRERR, store, memory.p + 2 * MIB);
	EXPECT_OK(vmo_op(memory.vmo, ZX_VMO_OP_DECOMMIT, 0, memory.size / PAGE));
}

TEST_F(limit, default_is_half_of_the_memory)
{
	struct sysinfo info;
	uint64_t half;
	zx_handle_t vmo;

	ASSERT_EQ(0, sysinfo(&info));
	half = info.totalram * info.mem_unit / 2 / PAGE;
	vmo = vmo_create(_metadata, (half + 1) * PAGE, 0);
	set_limits(_metadata, 0, 50);
	EXPECT_QUICK(EXPECT_ST(ZX_ERR_NO_MEMORY,
			       vmo_op(vmo, ZX_VMO_OP_COMMIT, 0, half + 1)));
	EXPECT_OK(vmo_op(vmo, ZX_VMO_OP_COMMIT, 0, 1));
}

TEST_F(limit, far_too_much_is_refused_at_once)
{
	zx_handle_t vmo = vmo_create(_metadata, 0, ZX_VMO_UNBOUNDED);

	EXPECT_QUICK(EXPECT_ST(ZX_ERR_NO_MEMORY,
			       vmo_op(vmo, ZX_VMO_OP_COMMIT, 0, MAX_SIZE / PAGE)));
	EXPECT_QUICK(EXPECT_ST(ZX_ERR_NO_MEMORY,
			       vmo_op(vmo, ZX_VMO_OP_COMMIT, MAX_SIZE / PAGE / 2,
				      MAX_SIZE / PAGE / 2)));
	EXPECT_EQ(0, vmo_pages(_metadata, vmo));
}

/* A user without capabilities, in a process of its own */

struct user_order {
	uid_t uid;
	zx_handle_t vmo;	/* to use, if it is one */
	uint64_t size;
};

static long become_user(void *arg)
{
	struct user_order *order = arg;
	zx_handle_t vmo;

	/* The library opens the device once: who could, may */
	if (zx_vmo_create(0, 0, &vmo) || zx_handle_close(vmo))
		return -1;
	return setresgid(order->uid, order->uid, order->uid) ||
	       setresuid(order->uid, order->uid, order->uid) ? -1 : 0;
}

/* Commits in a VMO of its own, which stays */
static long user_commits(void *arg)
{
	struct user_order *order = arg;
	zx_status_t status;
	zx_handle_t vmo;

	status = zx_vmo_create(order->size, 0, &vmo);
	return status ?: zx_vmo_op_range(vmo, ZX_VMO_OP_COMMIT, 0, order->size,
					 NULL, 0);
}

static long user_commits_in_it(void *arg)
{
	struct user_order *order = arg;

	return zx_vmo_op_range(order->vmo, ZX_VMO_OP_COMMIT, 0, order->size, NULL, 0);
}

static struct user_order *user_order(struct __test_metadata *_metadata, uid_t uid)
{
	struct user_order *order = mmap(NULL, sizeof(*order), PROT_RW,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, order);
	order->uid = uid;
	return order;
}

static struct peer user_start(struct __test_metadata *_metadata,
			      struct user_order *order)
{
	struct peer peer = peer_start(_metadata);

	ASSERT_EQ(0, peer_do(_metadata, &peer, become_user, order));
	return peer;
}

TEST_F(limit, user_has_a_share)
{
	struct user_order *order = user_order(_metadata, USER);
	struct peer peer = user_start(_metadata, order);

	set_limits(_metadata, self->used + 16 * MIB, 25);
	order->size = 16 * MIB / 4 + self->used / 4 + PAGE;
	EXPECT_ST(ZX_ERR_NO_MEMORY, peer_do(_metadata, &peer, user_commits, order));
	EXPECT_EQ(self->used, used_memory());
	order->size = 3 * MIB;
	EXPECT_OK(peer_do(_metadata, &peer, user_commits, order));
	EXPECT_ST(ZX_ERR_NO_MEMORY, peer_do(_metadata, &peer, user_commits, order));
	EXPECT_USED(self->used + 3 * MIB);
	order->size = 512 * KIB;
	EXPECT_OK(peer_do(_metadata, &peer, user_commits, order));

	/* It is a share of what is set now */
	set_limits(_metadata, self->used + 16 * MIB, 50);
	order->size = 3 * MIB;
	EXPECT_OK(peer_do(_metadata, &peer, user_commits, order));
	peer_stop(_metadata, &peer);
}

TEST_F(limit, users_have_shares_of_their_own)
{
	struct user_order *one = user_order(_metadata, USER);
	struct user_order *two = user_order(_metadata, USER + 1);
	struct peer first = user_start(_metadata, one);
	struct peer again = user_start(_metadata, one);
	struct peer second = user_start(_metadata, two);
	zx_handle_t vmo = vmo_create(_metadata, 16 * MIB, 0);

	set_limits(_metadata, self->used + 16 * MIB, 50);
	one->size = 6 * MIB;
	two->size = 6 * MIB;
	EXPECT_OK(peer_do(_metadata, &first, user_commits, one));
	/* All processes of a user count together */
	EXPECT_ST(ZX_ERR_NO_MEMORY, peer_do(_metadata, &again, user_commits, one));
	EXPECT_OK(peer_do(_metadata, &second, user_commits, two));
	/* Root has no share, but there is only so much */
	EXPECT_ST(ZX_ERR_NO_MEMORY, vmo_op(vmo, ZX_VMO_OP_COMMIT, 0, 8 * MIB / PAGE));
	EXPECT_OK(vmo_op(vmo, ZX_VMO_OP_COMMIT, 0, 3 * MIB / PAGE));
	/* Nor does a share help when all is given away */
	two->size = MIB;
	EXPECT_ST(ZX_ERR_NO_MEMORY, peer_do(_metadata, &second, user_commits, two));
	peer_stop(_metadata, &second);
	ASSERT_TRUE(WAIT_FOR(used_memory() < self->used + 10 * MIB));
	EXPECT_OK(vmo_op(vmo, ZX_VMO_OP_COMMIT, 0, 9 * MIB / PAGE));
	peer_stop(_metadata, &again);
	peer_stop(_metadata, &first);
}

/* VMARs count as pages, also those that only what is in them holds */
static long user_nests_vmars(void *arg zt_unused)
{
	zx_handle_t vmar = zx_vmar_root_self(), child;
	zx_vaddr_t addr;
	long nr = 0;

	while (nr < 1000 && !zx_vmar_allocate(vmar, 0, 0, PAGE, &child, &addr)) {
		if (nr++)
			zx_handle_close(vmar);
		vmar = child;
	}
	return nr;
}

TEST_F(limit, vmars_count)
{
	struct peer peer = user_start(_metadata, user_order(_metadata, USER));
	zx_handle_t vmars[3], out;
	zx_vaddr_t addr;

	set_limits(_metadata, self->used + 3 * PAGE, 50);
	for (int i = 0; i < 3; i++) {
		ASSERT_OK(zx_vmar_allocate(zx_vmar_root_self(), 0, 0, PAGE, &vmars[i], &addr));
		EXPECT_EQ(self->used + (i + 1) * PAGE, used_memory());
	}
	EXPECT_ST(ZX_ERR_NO_MEMORY,
		  zx_vmar_allocate(zx_vmar_root_self(), 0, 0, PAGE, &out, &addr));
	for (int i = 0; i < 3; i++) {
		ASSERT_OK(zx_vmar_destroy(vmars[i]));
		ASSERT_OK(zx_handle_close(vmars[i]));
	}
	EXPECT_EQ(self->used, used_memory());

	set_limits(_metadata, self->used + 200 * PAGE, 25);
	EXPECT_EQ((self->used / PAGE + 200) / 4, peer_do(_metadata, &peer, user_nests_vmars, NULL));
	peer_stop(_metadata, &peer);
}

static long enter_namespace(void *arg zt_unused)
{
	return unshare(CLONE_NEWUSER) ? errno : 0;
}

/* Whoever is root, or many users, in a namespace of its own making is still one */
TEST_F(limit, user_namespace_brings_no_share)
{
	struct user_order *order = user_order(_metadata, USER);
	struct peer first = user_start(_metadata, order);
	struct peer second = user_start(_metadata, order);

	set_limits(_metadata, self->used + 16 * MIB, 50);
	order->size = 6 * MIB;
	EXPECT_OK(peer_do(_metadata, &first, user_commits, order));
	EXPECT_ERRNO(0, peer_do(_metadata, &second, enter_namespace, NULL));
	EXPECT_ST(ZX_ERR_NO_MEMORY, peer_do(_metadata, &second, user_commits, order));
	order->size = MIB;
	EXPECT_OK(peer_do(_metadata, &second, user_commits, order));
	peer_stop(_metadata, &second);
	peer_stop(_metadata, &first);
}

TEST_F(limit, who_created_the_vmo_counts)
{
	struct user_order *order = user_order(_metadata, USER);
	struct peer peer;

	order->vmo = vmo_create(_metadata, 8 * MIB, 0);
	order->size = 8 * MIB;
	peer = user_start(_metadata, order);
	set_limits(_metadata, self->used + 16 * MIB, 10);
	/* Of root: without a share, whoever commits */
	EXPECT_OK(peer_do(_metadata, &peer, user_commits_in_it, order));
	/* So the user still has all of its own */
	order->size = MIB;
	EXPECT_OK(peer_do(_metadata, &peer, user_commits, order));
	EXPECT_ST(ZX_ERR_NO_MEMORY, peer_do(_metadata, &peer, user_commits, order));
	peer_stop(_metadata, &peer);
}

static long user_creates(void *arg)
{
	struct user_order *order = arg;

	return zx_vmo_create(order->size, 0, &order->vmo);
}

/* Pages that move to a VMO of somebody else are the other's from then on */
TEST_F(limit, transfer_moves_the_bill)
{
	struct user_order *order = user_order(_metadata, USER);
	zx_handle_t vmo = vmo_create(_metadata, 8 * MIB, 0);
	zx_handle_t theirs;
	struct peer peer;
	int pidfd, fd;

	peer = user_start(_metadata, order);
	order->size = 8 * MIB;
	ASSERT_OK(peer_do(_metadata, &peer, user_creates, order));
	pidfd = syscall(SYS_pidfd_open, peer.pid, 0);
	ASSERT_LE(0, pidfd);
	fd = syscall(SYS_pidfd_getfd, pidfd, fd_of(order->vmo), 0);
	ASSERT_LE(0, fd);
	theirs = ZXVMO_HANDLE(ZXVMO_HANDLE_TAG(order->vmo), fd);

	set_limits(_metadata, self->used + 16 * MIB, 50);
	vmo_fill(_metadata, vmo, 0, 8 * MIB, 'A');
	set_limits(_metadata, self->used + 16 * MIB, 25);
	/* More than the user's share: part of it may move, no byte is lost */
	EXPECT_ST(ZX_ERR_NO_MEMORY, zx_vmo_transfer_data(theirs, 0, 0, 8 * MIB, vmo, 0));
	EXPECT_USED(self->used + 8 * MIB);
	EXPECT_EQ(8 * MIB / PAGE, vmo_pages(_metadata, vmo) +
				  vmo_pages(_metadata, theirs));
	EXPECT_GE(4 * MIB / PAGE + self->used / PAGE / 4,
		  vmo_pages(_metadata, theirs));

	/* What is the user's is nobody else's: the share is free again */
	ASSERT_OK(zx_vmo_transfer_data(vmo, 0, 0, 8 * MIB, theirs, 0));
	ASSERT_OK(vmo_op(vmo, ZX_VMO_OP_DECOMMIT, 0, 8 * MIB / PAGE));
	EXPECT_EQ(self->used, used_memory());
	vmo_fill(_metadata, vmo, 0, 3 * MIB, 'B');
	ASSERT_OK(zx_vmo_transfer_data(theirs, 0, 0, 3 * MIB, vmo, 0));
	EXPECT_EQ(3 * MIB, vmo_span(theirs, 0, 8 * MIB, 'B'));
	order->size = 2 * MIB;
	EXPECT_ST(ZX_ERR_NO_MEMORY, peer_do(_metadata, &peer, user_commits, order));
	ASSERT_OK(zx_vmo_transfer_data(vmo, 0, 0, 3 * MIB, theirs, 0));
	EXPECT_OK(peer_do(_metadata, &peer, user_commits, order));
	peer_stop(_metadata, &peer);
}

/* Discardable memory gives way to whatever is committed, before that is refused */

TEST_F(limit, discards_before_it_is_no_memory)
{
	static zx_status_t (*const ways[])(struct memory *memory, uint64_t size) = {
		by_op_commit, by_vmo_write, by_pwrite, by_fallocate, by_store, by_madv_populate,
	};
	struct memory memory = memory_create(_metadata, 4 * MIB, ZX_VMO_RESIZABLE);
	zx_handle_t locked = discardable(_metadata, MIB, 0), vmo;
	size_t i;

	vmo_fill(_metadata, locked, 0, MIB, 'l');
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		vmo = reclaimable(_metadata, 2 * MIB / PAGE, 'v');
		set_limits(_metadata, self->used + 5 * MIB + NODES, 50);
		EXPECT_OK(ways[i](&memory, memory.size)) TH_LOG("way %zu", i);
		EXPECT_TRUE(vmo_is_discarded(vmo)) TH_LOG("way %zu", i);
		/* What is locked does not */
		EXPECT_EQ(MIB, vmo_span(locked, 0, MIB, 'l'));
		set_limits(_metadata, 0, 50);
		ASSERT_OK(vmo_op(memory.vmo, ZX_VMO_OP_DECOMMIT, 0, memory.size / PAGE));
		ASSERT_OK(zx_handle_close(vmo));
	}
}

/* What would not do is not taken: it is refused as it would be without it */
TEST_F(limit, discards_nothing_in_vain)
{
	zx_handle_t vmo = reclaimable(_metadata, 2 * MIB / PAGE, 'v');
	struct memory memory = memory_create(_metadata, 16 * MIB, 0);

	set_limits(_metadata, self->used + 4 * MIB, 50);
	EXPECT_ST(ZX_ERR_NO_MEMORY, by_op_commit(&memory, memory.size));
	EXPECT_EQ(2 * MIB, vmo_span(vmo, 0, 2 * MIB, 'v'));
}

/* Makes one that may be discarded */
static long user_hoards(void *arg)
{
	struct user_order *order = arg;
	zx_status_t status;

	status = zx_vmo_create(2 * MIB, ZX_VMO_DISCARDABLE, &order->vmo) ?:
		 vmo_try_lock(order->vmo) ?:
		 zx_vmo_op_range(order->vmo, ZX_VMO_OP_COMMIT, 0, 2 * MIB, NULL, 0);
	return status ?: vmo_unlock(order->vmo);
}

static long user_hoard_is_gone(void *arg)
{
	struct user_order *order = arg;

	return vmo_is_discarded(order->vmo);
}

/* Who has spent the share pays with what is the user's own, and nobody else does */
TEST_F(limit, share_discards_the_users_own)
{
	struct user_order *one = user_order(_metadata, USER);
	struct user_order *two = user_order(_metadata, USER + 1);
	struct peer first = user_start(_metadata, one);
	struct peer second = user_start(_metadata, two);
	zx_handle_t vmo = reclaimable(_metadata, MIB / PAGE, 'v');

	EXPECT_OK(peer_do(_metadata, &second, user_hoards, two));
	EXPECT_OK(peer_do(_metadata, &first, user_hoards, one));
	set_limits(_metadata, self->used + 16 * MIB, 25);
	one->size = 3 * MIB;
	EXPECT_OK(peer_do(_metadata, &first, user_commits, one));
	EXPECT_EQ(1, peer_do(_metadata, &first, user_hoard_is_gone, one));
	EXPECT_EQ(0, peer_do(_metadata, &second, user_hoard_is_gone, two));
	EXPECT_EQ(MIB, vmo_span(vmo, 0, MIB, 'v'));
	EXPECT_ST(ZX_ERR_NO_MEMORY, peer_do(_metadata, &first, user_commits, one));
	EXPECT_EQ(0, peer_do(_metadata, &second, user_hoard_is_gone, two));
	peer_stop(_metadata, &second);
	peer_stop(_metadata, &first);
}

/* The end of the machine's memory, and of patience */

static uint64_t total_ram(void)
{
	struct sysinfo info;

	sysinfo(&info);
	return (uint64_t)info.totalram * info.mem_unit;
}

static uint64_t free_ram(void)
{
	return zt_field("/proc/meminfo", "MemFree") * KIB;
}

/* In a child of its own: result in shared memory, if it lives to tell */
static pid_t start_huge_commit(struct __test_metadata *_metadata, uint64_t size,
			       atomic_int *result)
{
	zx_handle_t vmo;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		/* If anybody must be killed for want of memory */
		if (write_text("/proc/self/oom_score_adj", "1000") ||
		    zx_vmo_create(size, 0, &vmo))
			_exit(1);
		atomic_store(result, zx_vmo_op_range(vmo, ZX_VMO_OP_COMMIT, 0,
						     size, NULL, 0));
		_exit(0);
	}
	return pid;
}

TEST_F(limit, kill_ends_a_huge_commit)
{
	uint64_t before = free_ram(), size = total_ram() / 2;
	atomic_int *result = mmap(NULL, PAGE, PROT_RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t now, least = before;
	int status;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, result);
	atomic_store(result, 1);
	set_limits(_metadata, total_ram(), 50);
	pid = start_huge_commit(_metadata, size, result);
	ASSERT_TRUE(WAIT_FOR(free_ram() + size / 8 < before));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	/* It ends where it is: no more memory goes */
	while (!waitpid(pid, &status, WNOHANG)) {
		now = free_ram();
		if (now < least)
			least = now;
	}
	EXPECT_GT(size * 3 / 4, before - least);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(1, atomic_load(result));
	EXPECT_TRUE(WAIT_FOR(used_memory() == self->used));
	EXPECT_TRUE(WAIT_FOR(free_ram() + size / 8 > before));
}

/* Reads what the kernel has logged: did any call of the module wake the killer? */
static bool module_woke_oom_killer(int kmsg)
{
	bool report = false, woke = false;
	char record[1024];
	ssize_t n;

	while ((n = read(kmsg, record, sizeof(record) - 1)) > 0 || errno == EPIPE) {
		record[n > 0 ? n : 0] = 0;
		if (strstr(record, "invoked oom-killer"))
			report = true;
		else if (strstr(record, "Mem-Info"))
			report = false;
		else if (report && strstr(record, "[zxvmo]"))
			woke = true;
	}
	return woke;
}

/*
 * With the ceiling out of the way, the machine has no more to give. Whoever else
 * needs a page at this moment may wake the killer, who takes the child: then
 * that is done over.
 */
TEST_F_TIMEOUT(limit, machine_without_memory, 600)
{
	atomic_int *result = mmap(NULL, PAGE, PROT_RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	zx_handle_t vmo = vmo_create(_metadata, MIB, 0);
	int status, tries = 10;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, result);
	ASSERT_LE(0, kmsg);
	lseek(kmsg, 0, SEEK_END);
	set_limits(_metadata, 4 * total_ram(), 50);
	/* Most of it goes faster this way */
	ASSERT_NE(MAP_FAILED, mmap(NULL, free_ram() * 3 / 4, PROT_RW,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1,
				   0));
	do {
		atomic_store(result, 1);
		pid = start_huge_commit(_metadata, 2 * total_ram(), result);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
	} while (WIFSIGNALED(status) && --tries);
	EXPECT_EQ(0, status);
	EXPECT_ST(ZX_ERR_NO_MEMORY, atomic_load(result));
	EXPECT_FALSE(module_woke_oom_killer(kmsg));
	EXPECT_TRUE(WAIT_FOR(used_memory() == self->used));
	EXPECT_OK(vmo_op(vmo, ZX_VMO_OP_COMMIT, 0, MIB / PAGE));
	ASSERT_OK(zx_handle_close(vmo));
}

TEST_HARNESS_MAIN
