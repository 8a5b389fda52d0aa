// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parents and children: who counts as one, ZX_VMO_ZERO_CHILDREN, what becomes of
 * the family when members go in any order, and families that are deep or wide
 */
#include <sys/resource.h>

#include "mem_test.h"

#define PAGES	8
#define SIZE	(PAGES * PAGE)

#define COW		ZX_INFO_VMO_IS_COW_CLONE

#define FOR_KINDS(kind)								\
	for (const struct child_kind *kind = child_kinds;			\
	     kind < child_kinds + ARRAY_SIZE(child_kinds); kind++)

#define EXPECT_PARENT(parent, vmo) \
	EXPECT_EQ(koid_of(_metadata, parent), vmo_info(_metadata, vmo).parent_koid)
#define EXPECT_NO_PARENT(vmo) \
	EXPECT_EQ(0, vmo_info(_metadata, vmo).parent_koid)

FIXTURE(family) {
	zx_handle_t vmo;
};

FIXTURE_SETUP(family)
{
	self->vmo = vmo_create(_metadata, SIZE, 0);
	vmo_spell(_metadata, self->vmo, 0, "abcdefgh");
}

FIXTURE_TEARDOWN(family)
{
}

/* ZX_VMO_ZERO_CHILDREN and num_children */

TEST_F(family, new_vmo_has_no_children)
{
	EXPECT_EQ(ZX_VMO_ZERO_CHILDREN, signals_of(_metadata, self->vmo));
	EXPECT_CHILDREN(0, self->vmo);
}

TEST_F(family, every_kind_counts_at_once_and_until_it_is_closed)
{
	FOR_KINDS(kind) {
		zx_handle_t child = vmo_child_of_kind(_metadata, self->vmo, kind);
		zx_handle_t second;

		EXPECT_CHILDREN(1, self->vmo);
		EXPECT_CHILDREN(0, child);
		second = vmo_child_of_kind(_metadata, self->vmo, kind);
		EXPECT_CHILDREN(2, self->vmo);
		ASSERT_OK(zx_handle_close(child));
		EXPECT_CHILDREN(1, self->vmo);
		ASSERT_OK(zx_handle_close(second));
		EXPECT_CHILDREN(0, self->vmo);
	}
}

TEST_F(family, only_direct_children_count)
{
	zx_handle_t child = vmo_snapshot(_metadata, self->vmo, 0, PAGES);

	vmo_snapshot(_metadata, child, 0, PAGES);
	vmo_slice(_metadata, child, 0, 1);
	vmo_reference(_metadata, child);
	EXPECT_CHILDREN(1, self->vmo);
	EXPECT_CHILDREN(3, child);
}

TEST_F(family, child_lives_until_its_last_handle_is_closed)
{
	FOR_KINDS(kind) {
		zx_handle_t child = vmo_child_of_kind(_metadata, self->vmo, kind);
		zx_handle_t copy = with_rights(_metadata, child, ZX_RIGHT_SAME_RIGHTS);
		int fd = dup(fd_of(copy));

		ASSERT_OK(zx_handle_close(child));
		ASSERT_OK(zx_handle_close(copy));
		EXPECT_CHILDREN(1, self->vmo);
		ASSERT_EQ(0, close(fd));
		EXPECT_CHILDREN(0, self->vmo);
	}
}

TEST_F(family, mapping_keeps_a_child_alive)
{
	FOR_KINDS(kind) {
		zx_handle_t child = vmo_child_of_kind(_metadata, self->vmo, kind);
		unsigned char *shared = map_shared(_metadata, child, 0, PAGES);
		unsigned char *private = map_private(_metadata, child, 0, PAGES);
		unsigned char *ro = map_ro(_metadata, child, 0, PAGES);

		ASSERT_OK(zx_handle_close(child));
		EXPECT_CHILDREN(1, self->vmo);
		EXPECT_MAPPED("abcdefgh", shared);
		ASSERT_EQ(0, munmap(shared, SIZE));
		ASSERT_EQ(0, munmap(ro, SIZE));
		EXPECT_CHILDREN(1, self->vmo);
		EXPECT_MAPPED("abcdefgh", private);
		/* a part is enough */
		ASSERT_EQ(0, munmap(private, SIZE - PAGE));
		EXPECT_CHILDREN(1, self->vmo);
		ASSERT_EQ(0, munmap(private + SIZE - PAGE, PAGE));
		EXPECT_CHILDREN(0, self->vmo);
	}
}

TEST_F(family, mapping_of_another_process_keeps_a_child_alive)
{
	zx_handle_t child = vmo_snapshot(_metadata, self->vmo, 0, PAGES);
	unsigned char *p = map_shared(_metadata, child, 0, PAGES);
	struct peer peer;

	/* the peer has no handle, for it was closed before, but the mapping */
	ASSERT_OK(zx_handle_close(child));
	peer = peer_start(_metadata);
	ASSERT_EQ(0, munmap(p, SIZE));
	EXPECT_CHILDREN(1, self->vmo);
	peer_stop(_metadata, &peer);
	EXPECT_TRUE(WAIT_FOR(vmo_info(_metadata, self->vmo).num_children == 0));
	EXPECT_CHILDREN(0, self->vmo);
}

TEST_F(family, signal_cannot_be_changed_by_users)
{
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_object_signal(self->vmo, ZX_VMO_ZERO_CHILDREN, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_object_signal(self->vmo, 0, ZX_VMO_ZERO_CHILDREN));
	EXPECT_CHILDREN(0, self->vmo);
}

static void act_wait_for_no_children(struct actor *actor)
{
	zx_signals_t seen = 0;

	actor->status = zx_object_wait_one(*(zx_handle_t *)actor->arg, ZX_VMO_ZERO_CHILDREN,
					   zx_clock_get_monotonic() + PATIENCE_NS, &seen);
	actor->value = seen & ZX_VMO_ZERO_CHILDREN ? 1 : 0;
}

TEST_F(family, waiter_is_woken_by_the_last_close)
{
	FOR_KINDS(kind) {
		zx_handle_t child = vmo_child_of_kind(_metadata, self->vmo, kind);
		zx_handle_t second = vmo_snapshot(_metadata, self->vmo, 0, 1);
		struct actor waiter = {
			.act = act_wait_for_no_children, .arg = &self->vmo, .cpu = 1,
		};

		actor_start(_metadata, &waiter);
		actor_go(&waiter);
		ASSERT_TRUE(task_sleeps(waiter.tid));
		ASSERT_OK(zx_handle_close(second));
		usleep(20000);
		EXPECT_FALSE(atomic_load(&waiter.done));
		ASSERT_OK(zx_handle_close(child));
		actor_join(_metadata, &waiter);
		EXPECT_OK(waiter.status);
		EXPECT_EQ(1, waiter.value);
	}
}

TEST_F(family, waiter_is_woken_by_the_last_unmap)
{
	zx_handle_t child = vmo_slice(_metadata, self->vmo, 0, PAGES);
	unsigned char *p = map_shared(_metadata, child, 0, PAGES);
	struct actor waiter = { .act = act_wait_for_no_children, .arg = &self->vmo, .cpu = 1 };

	ASSERT_OK(zx_handle_close(child));
	actor_start(_metadata, &waiter);
	actor_go(&waiter);
	ASSERT_TRUE(task_sleeps(waiter.tid));
	ASSERT_EQ(0, munmap(p, SIZE));
	actor_join(_metadata, &waiter);
	EXPECT_OK(waiter.status);
}

/* Re-homing */

TEST_F(family, children_of_the_middle_go_to_its_parent)
{
	zx_handle_t middle = vmo_snapshot(_metadata, self->vmo, 0, PAGES);
	zx_handle_t sibling = vmo_snapshot(_metadata, self->vmo, 0, 1);
	zx_handle_t children[3], orphan;
	uint32_t flags;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(children); i++)
		children[i] = vmo_child_of_kind(_metadata, middle, &child_kinds[i]);
	orphan = vmo_snapshot(_metadata, children[0], 0, 1);
	flags = vmo_info(_metadata, children[0]).flags;
	EXPECT_PARENT(middle, children[0]);
	EXPECT_CHILDREN(2, self->vmo);
	ASSERT_OK(zx_handle_close(middle));
	for (i = 0; i < ARRAY_SIZE(children); i++) {
		EXPECT_PARENT(self->vmo, children[i]);
		EXPECT_EQ(flags, vmo_info(_metadata, children[i]).flags);
		EXPECT_LETTERS("abcdefgh", children[i]);
	}
	EXPECT_PARENT(self->vmo, sibling);
	EXPECT_PARENT(children[0], orphan);
	EXPECT_CHILDREN(4, self->vmo);
	ASSERT_OK(zx_handle_close(children[0]));
	EXPECT_PARENT(self->vmo, orphan);
	EXPECT_CHILDREN(4, self->vmo);
}

/* One whose pages a slice or a reference shows is not gone; it only has no handle. */
TEST_F(family, slices_and_references_keep_their_parent)
{
	FOR_KINDS(kind) {
		zx_handle_t middle, child, second;
		zx_koid_t koid;

		if (kind->snapshot)
			continue;
		middle = vmo_snapshot(_metadata, self->vmo, 0, PAGES);
		child = vmo_child_of_kind(_metadata, middle, kind);
		second = vmo_snapshot(_metadata, middle, 0, PAGES);
		koid = koid_of(_metadata, middle);
		ASSERT_OK(zx_handle_close(middle));
		EXPECT_EQ(koid, vmo_info(_metadata, child).parent_koid);
		EXPECT_EQ(koid, vmo_info(_metadata, second).parent_koid);
		EXPECT_CHILDREN(1, self->vmo);
		vmo_spell(_metadata, child, 0, "X");
		EXPECT_LETTERS("abcdefgh", second);
		EXPECT_LETTERS("abcdefgh", self->vmo);
		/* now it is */
		ASSERT_OK(zx_handle_close(child));
		EXPECT_PARENT(self->vmo, second);
		EXPECT_CHILDREN(1, self->vmo);
		ASSERT_OK(zx_handle_close(second));
		EXPECT_CHILDREN(0, self->vmo);
	}
}

TEST_F(family, re_homed_child_keeps_its_own_pages)
{
	zx_handle_t middle = vmo_snapshot(_metadata, self->vmo, 2, 4);
	zx_handle_t child;

	vmo_spell(_metadata, middle, 0, "CD");
	child = vmo_snapshot(_metadata, middle, 1, 4);
	vmo_spell(_metadata, child, 1, "E");
	ASSERT_OK(zx_handle_close(middle));
	vmo_spell(_metadata, self->vmo, 0, "12345678");
	EXPECT_LETTERS("DEf.", child);
	EXPECT_LETTERS("12345678", self->vmo);
}

/* The grandparent is never without children, not for an instant. */
TEST_F(family, zero_children_does_not_pulse)
{
	struct actor waiter = { .act = act_wait_for_no_children, .arg = &self->vmo, .cpu = 1 };
	zx_handle_t middle = vmo_snapshot(_metadata, self->vmo, 0, PAGES), child;
	int i;

	actor_start(_metadata, &waiter);
	actor_go(&waiter);
	ASSERT_TRUE(task_sleeps(waiter.tid));
	for (i = 0; i < 100; i++) {
		child = vmo_snapshot(_metadata, middle, 0, PAGES);
		ASSERT_OK(zx_handle_close(middle));
		middle = child;
	}
	usleep(10000);
	EXPECT_FALSE(atomic_load(&waiter.done));
	EXPECT_CHILDREN(1, self->vmo);
	ASSERT_OK(zx_handle_close(middle));
	actor_join(_metadata, &waiter);
	EXPECT_OK(waiter.status);
}

TEST_F(family, middle_lives_as_long_as_it_is_mapped)
{
	zx_handle_t middle = vmo_snapshot(_metadata, self->vmo, 0, PAGES);
	unsigned char *p = map_shared(_metadata, middle, 0, PAGES);
	zx_handle_t child = vmo_snapshot(_metadata, middle, 0, PAGES);
	zx_koid_t koid = koid_of(_metadata, middle);

	ASSERT_OK(zx_handle_close(middle));
	EXPECT_EQ(koid, vmo_info(_metadata, child).parent_koid);
	memset(p, 'X', PAGE);
	EXPECT_LETTERS("abcdefgh", child);
	ASSERT_EQ(0, munmap(p, SIZE));
	EXPECT_PARENT(self->vmo, child);
	EXPECT_CHILDREN(1, self->vmo);
}

TEST_F(family, without_grandparent_there_is_no_parent)
{
	FOR_KINDS(kind) {
		zx_handle_t root, child;

		if (!kind->snapshot)
			continue;
		root = vmo_create(_metadata, SIZE, 0);
		vmo_spell(_metadata, root, 0, "abcdefgh");
		child = vmo_child_of_kind(_metadata, root, kind);
		EXPECT_EQ(COW, vmo_info(_metadata, child).flags & COW);
		ASSERT_OK(zx_handle_close(root));
		EXPECT_NO_PARENT(child);
		EXPECT_EQ(0, vmo_info(_metadata, child).flags & COW);
		EXPECT_LETTERS("abcdefgh", child);
		EXPECT_CHILDREN(0, child);
		ASSERT_OK(zx_handle_close(child));
	}
}

TEST_F(family, orphans_stay_isolated)
{
	zx_handle_t one = vmo_snapshot(_metadata, self->vmo, 0, PAGES);
	zx_handle_t two = vmo_snapshot(_metadata, self->vmo, 0, PAGES);
	zx_handle_t inner = vmo_snapshot(_metadata, one, 0, PAGES);

	ASSERT_OK(zx_handle_close(self->vmo));
	EXPECT_NO_PARENT(one);
	EXPECT_NO_PARENT(two);
	EXPECT_PARENT(one, inner);
	vmo_spell(_metadata, one, 0, "A");
	vmo_spell(_metadata, two, 1, "B");
	vmo_spell(_metadata, inner, 2, "C");
	EXPECT_LETTERS("Abcdefgh", one);
	EXPECT_LETTERS("aBcdefgh", two);
	EXPECT_LETTERS("abCdefgh", inner);
	ASSERT_OK(zx_handle_close(one));
	EXPECT_NO_PARENT(inner);
	EXPECT_LETTERS("aBcdefgh", two);
	EXPECT_LETTERS("abCdefgh", inner);
}

/* Closing in any order: a tree of ten, over and over, against what it should be */

#define MEMBERS		10
#define ROUNDS		60

struct member {
	zx_handle_t vmo;
	int parent;
	bool alive;
	uint64_t first;		/* page of the root that is its page 0 */
	char text[PAGES + 1];
};

static unsigned int dice(uint64_t *random, unsigned int n)
{
	*random = *random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*random >> 33) % n;
}

static void check_members(struct __test_metadata *_metadata, struct member *members)
{
	int i, j, parent, children;

	for (i = 0; i < MEMBERS; i++) {
		struct member *m = &members[i];

		if (!m->alive)
			continue;
		for (parent = m->parent; parent >= 0 && !members[parent].alive;)
			parent = members[parent].parent;
		m->parent = parent;
	}
	for (i = 0; i < MEMBERS; i++) {
		struct member *m = &members[i];

		if (!m->alive)
			continue;
		for (children = 0, j = 0; j < MEMBERS; j++)
			children += members[j].alive && members[j].parent == i;
		EXPECT_CHILDREN(children, m->vmo);
		if (m->parent < 0) {
			EXPECT_NO_PARENT(m->vmo);
		} else {
			EXPECT_PARENT(members[m->parent].vmo, m->vmo);
		}
		EXPECT_LETTERS(m->text, m->vmo);
		EXPECT_EQ(PAGES - m->first, vmo_pages(_metadata, m->vmo));
	}
}

TEST_F_TIMEOUT(family, members_go_in_any_order, 120)
{
	struct member members[MEMBERS], *m;
	uint64_t random = 1;
	int round, i, left;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < MEMBERS; i++) {
			m = &members[i];
			m->parent = i ? (int)dice(&random, i) : -1;
			m->alive = true;
			if (i) {
				struct member *parent = &members[m->parent];
				unsigned int skip = parent->first < PAGES - 2 ?
						    dice(&random, 2) : 0;

				m->first = parent->first + skip;
				m->vmo = vmo_snapshot(_metadata, parent->vmo, skip,
						      PAGES - m->first);
				strcpy(m->text, parent->text + skip);
			} else {
				m->first = 0;
				m->vmo = vmo_create(_metadata, SIZE, 0);
				strcpy(m->text, "abcdefgh");
				vmo_spell(_metadata, m->vmo, 0, m->text);
			}
			/* some change before the next child, some after */
			m->text[i % (PAGES - m->first)] = '0' + i;
			vmo_spell(_metadata, m->vmo, 0, m->text);
		}
		check_members(_metadata, members);
		for (left = MEMBERS; left; left--) {
			for (i = dice(&random, MEMBERS); !members[i].alive;)
				i = (i + 1) % MEMBERS;
			ASSERT_OK(zx_handle_close(members[i].vmo));
			members[i].alive = false;
			check_members(_metadata, members);
		}
		if (_metadata->exit_code == KSFT_FAIL) {
			TH_LOG("round %d", round);
			break;
		}
	}
}

/* Deep families */

#define DEPTH	1000

static void raise_descriptors(struct __test_metadata *_metadata, rlim_t n)
{
	struct rlimit limit = { n, n };

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit)) TH_LOG("%m");
}

/* A snapshot of a snapshot of ..., each of which has written its own byte */
static zx_handle_t *deep_family(struct __test_metadata *_metadata, zx_handle_t root)
{
	zx_handle_t *vmos = calloc(DEPTH, sizeof(*vmos));
	uint16_t mark;
	int i;

	ASSERT_NE(NULL, vmos);
	raise_descriptors(_metadata, DEPTH + 200);
	for (i = 0; i < DEPTH; i++) {
		vmos[i] = vmo_snapshot(_metadata, i ? vmos[i - 1] : root, 0, PAGES);
		mark = i;
		ASSERT_OK(zx_vmo_write(vmos[i], &mark, i % PAGES * PAGE, sizeof(mark)));
	}
	return vmos;
}

/* What page @page of generation @i begins with: who wrote there last */
static unsigned int mark_of(int i, int page)
{
	int last = i - ((i - page) % PAGES + PAGES) % PAGES;

	return last >= 0 ? (unsigned int)last : 0x0101u * ('a' + page);
}

static int wrong_marks(zx_handle_t vmo, int i)
{
	int page, wrong = 0;
	uint16_t mark;

	for (page = 0; page < (int)PAGES; page++)
		wrong += zx_vmo_read(vmo, &mark, page * PAGE, sizeof(mark)) != ZX_OK ||
			 mark != mark_of(i, page);
	return wrong;
}

#define NR_LINE	32

/* A line of generations, of which each of two threads closes every second one */
struct line {
	zx_handle_t generations[NR_LINE];
	pthread_barrier_t *together;
	int first;
	zx_status_t status;
};

static void *close_every_second(void *arg)
{
	struct line *line = arg;
	int i;

	pthread_barrier_wait(line->together);
	for (i = line->first; i < NR_LINE && line->status == ZX_OK; i += 2)
		line->status = zx_handle_close(line->generations[i]);
	return NULL;
}

/* Whoever goes must leave the parent it has then, not one that has gone. */
TEST_F_TIMEOUT(family, generations_go_at_the_same_time, 120)
{
	pthread_barrier_t together;
	struct line lines[2] = {};
	int round, i, k;

	ASSERT_EQ(0, pthread_barrier_init(&together, NULL, 2));
	for (round = 0; round < 300; round++) {
		zx_handle_t last = self->vmo;
		pthread_t threads[2];

		for (i = 0; i < NR_LINE; i++) {
			last = vmo_reference(_metadata, last);
			lines[0].generations[i] = lines[1].generations[i] = last;
		}
		for (k = 0; k < 2; k++) {
			lines[k].together = &together;
			lines[k].first = k;
			ASSERT_EQ(0, pthread_create(&threads[k], NULL, close_every_second,
						    &lines[k]));
		}
		for (k = 0; k < 2; k++) {
			ASSERT_EQ(0, pthread_join(threads[k], NULL));
			ASSERT_OK(lines[k].status);
		}
		ASSERT_EQ(0, vmo_info(_metadata, self->vmo).num_children);
	}
}

FIXTURE(deep) {
	zx_handle_t root;
	long long pages;
};

FIXTURE_VARIANT(deep) {
	/* the place of the one to go next */
	int (*next)(int n);
};

static int oldest_first(int n)
{
	return n;
}

static int youngest_first(int n)
{
	return DEPTH - 1 - n;
}

/* 371 and the number of them have no divisor in common */
static int here_and_there(int n)
{
	return (n + 1) * 371 % DEPTH;
}

FIXTURE_VARIANT_ADD(deep, oldest_first) { oldest_first };
FIXTURE_VARIANT_ADD(deep, youngest_first) { youngest_first };
FIXTURE_VARIANT_ADD(deep, here_and_there) { here_and_there };

FIXTURE_SETUP(deep)
{
	self->pages = stat_at_rest("pages");
	self->root = vmo_create(_metadata, SIZE, 0);
	vmo_spell(_metadata, self->root, 0, "abcdefgh");
}

FIXTURE_TEARDOWN(deep)
{
}

TEST_F_TIMEOUT(deep, thousand_generations_are_closed, 120)
{
	zx_handle_t *vmos = deep_family(_metadata, self->root);
	int i, closed, wrong = 0;

	for (i = 0; i < DEPTH; i++)
		wrong += wrong_marks(vmos[i], i);
	EXPECT_EQ(0, wrong);
	EXPECT_LETTERS("abcdefgh", self->root);
	for (closed = 0; closed < DEPTH; closed++) {
		i = variant->next(closed);
		ASSERT_NE(0, vmos[i]);
		ASSERT_OK(zx_handle_close(vmos[i]));
		vmos[i] = 0;
		if (closed % 100)
			continue;
		for (i = 0; i < DEPTH; i++)
			wrong += vmos[i] && wrong_marks(vmos[i], i);
	}
	EXPECT_EQ(0, wrong);
	EXPECT_CHILDREN(0, self->root);
	EXPECT_EQ(PAGES, vmo_info(_metadata, self->root).committed_private_bytes / PAGE);
	EXPECT_LETTERS("abcdefgh", self->root);
	/* what nobody can reach any more is freed at once */
	EXPECT_EQ(self->pages + PAGES, stat_at_rest("pages"));
}

TEST_F_TIMEOUT(deep, root_goes_first, 120)
{
	zx_handle_t *vmos = deep_family(_metadata, self->root);
	int i, wrong = 0;

	ASSERT_OK(zx_handle_close(self->root));
	EXPECT_NO_PARENT(vmos[0]);
	EXPECT_PARENT(vmos[DEPTH - 2], vmos[DEPTH - 1]);
	for (i = 0; i < DEPTH; i++)
		wrong += wrong_marks(vmos[i], i);
	EXPECT_EQ(0, wrong);
	for (i = 0; i < DEPTH - 1; i++)
		ASSERT_OK(zx_handle_close(vmos[variant->next(i)]));
	i = variant->next(DEPTH - 1);
	EXPECT_EQ(0, wrong_marks(vmos[i], i));
	EXPECT_NO_PARENT(vmos[i]);
	EXPECT_EQ(PAGES, vmo_info(_metadata, vmos[i]).committed_private_bytes / PAGE);
	EXPECT_EQ(self->pages + PAGES, stat_at_rest("pages"));
}

/* All at once, by the end of a process */
TEST_F_TIMEOUT(family, thousand_generations_exit, 120)
{
	long long pages = stat_at_rest("pages"), objects = zt_stat("objects");
	int status;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		deep_family(_metadata, self->vmo);
		_exit(_metadata->exit_code);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(WAIT_FOR(zt_stat("objects") == objects));
	EXPECT_EQ(pages, stat_at_rest("pages"));
	EXPECT_CHILDREN(0, self->vmo);
	EXPECT_LETTERS("abcdefgh", self->vmo);
}

static int64_t time_of_reading(zx_handle_t vmo)
{
	int64_t best = INT64_MAX, start, time;
	int round, i;
	char byte;

	for (round = 0; round < 20; round++) {
		start = zx_clock_get_monotonic();
		for (i = 0; i < 200; i++)
			zx_vmo_read(vmo, &byte, i % PAGES * PAGE, 1);
		time = zx_clock_get_monotonic() - start;
		if (time < best)
			best = time;
	}
	return best;
}

TEST_F_TIMEOUT(family, lookup_does_not_depend_on_the_depth, 120)
{
	int64_t first = time_of_reading(self->vmo), last;
	zx_handle_t *vmos = deep_family(_metadata, self->vmo);
	zx_handle_t vmo = vmos[DEPTH - 1];

	last = time_of_reading(vmo);
	EXPECT_GT(2 * first, last);
	/* nor does a snapshot, or a write to what is shared by all */
	EXPECT_QUICK(vmo = vmo_snapshot(_metadata, vmo, 0, PAGES));
	EXPECT_QUICK(vmo_spell(_metadata, vmo, 0, "ABCDEFGH"));
	EXPECT_LETTERS("ABCDEFGH", vmo);
}

/* Chains of windows, too */
TEST_F_TIMEOUT(family, thousand_slices_of_slices, 120)
{
	zx_handle_t vmo = vmo_create(_metadata, (DEPTH + 1) * PAGE, 0), slice = vmo;
	zx_handle_t *slices = calloc(DEPTH, sizeof(*slices));
	int i;

	raise_descriptors(_metadata, DEPTH + 200);
	for (i = 0; i < DEPTH; i++)
		slice = slices[i] = vmo_slice(_metadata, slice, 1, DEPTH - i);
	vmo_spell(_metadata, slice, 0, "X");
	EXPECT_LETTERS_AT(DEPTH, "X", vmo);
	EXPECT_MAPPED("X", map_shared(_metadata, slice, 0, 1));
	for (i = 0; i < DEPTH - 1; i++)
		ASSERT_OK(zx_handle_close(slices[i]));
	EXPECT_LETTERS("X", slice);
	EXPECT_PARENT(vmo, slice);
	EXPECT_CHILDREN(1, vmo);
	ASSERT_OK(zx_handle_close(vmo));
	EXPECT_LETTERS("X", slice);
}

TEST_F_TIMEOUT(family, thousand_references_of_references, 120)
{
	zx_handle_t *vmos = calloc(DEPTH, sizeof(*vmos)), vmo = self->vmo;
	int i;

	raise_descriptors(_metadata, DEPTH + 200);
	for (i = 0; i < DEPTH; i++)
		vmo = vmos[i] = vmo_reference(_metadata, vmo);
	vmo_spell(_metadata, vmo, 0, "X");
	EXPECT_LETTERS("Xbcdefgh", self->vmo);
	for (i = DEPTH - 2; i >= 0; i--)
		ASSERT_OK(zx_handle_close(vmos[i]));
	EXPECT_PARENT(self->vmo, vmo);
	EXPECT_LETTERS("Xbcdefgh", vmo);
}

/* Wide families */

#define WIDTH	10000

TEST_F_TIMEOUT(family, ten_thousand_siblings, 240)
{
	zx_handle_t *vmos = calloc(WIDTH, sizeof(*vmos));
	long long pages = stat_at_rest("pages");
	unsigned int i, at, wrong = 0;
	uint16_t mark;

	ASSERT_NE(NULL, vmos);
	raise_descriptors(_metadata, WIDTH + 200);
	for (i = 0; i < WIDTH; i++) {
		vmos[i] = vmo_snapshot(_metadata, self->vmo, i % 4, 4);
		mark = i;
		if (i % 8 == 0)
			ASSERT_OK(zx_vmo_write(vmos[i], &mark, PAGE, sizeof(mark)));
	}
	EXPECT_CHILDREN(WIDTH, self->vmo);
	EXPECT_EQ(pages + WIDTH / 8, stat_at_rest("pages"));
	vmo_spell(_metadata, self->vmo, 0, "12345678");
	for (i = 0; i < WIDTH; i++) {
		wrong += zx_vmo_read(vmos[i], &mark, PAGE, sizeof(mark)) != ZX_OK;
		wrong += mark != (i % 8 ? 0x0101u * ('b' + i % 4) : i);
	}
	EXPECT_EQ(0, wrong);
	/* 3331 and the number of them have no divisor in common */
	for (i = 0; i < WIDTH; i++) {
		at = (i * 3331UL + 17) % WIDTH;
		ASSERT_OK(zx_handle_close(vmos[at]));
		if (i % 1000 == 0)
			EXPECT_CHILDREN(WIDTH - 1 - i, self->vmo);
	}
	EXPECT_CHILDREN(0, self->vmo);
	EXPECT_LETTERS("12345678", self->vmo);
	EXPECT_EQ(PAGES, vmo_info(_metadata, self->vmo).committed_private_bytes / PAGE);
	EXPECT_EQ(pages, stat_at_rest("pages"));
}

TEST_F_TIMEOUT(family, ten_thousand_siblings_without_their_parent, 240)
{
	zx_handle_t *vmos = calloc(WIDTH, sizeof(*vmos));
	unsigned int i, wrong = 0;
	char byte;

	ASSERT_NE(NULL, vmos);
	raise_descriptors(_metadata, WIDTH + 200);
	for (i = 0; i < WIDTH; i++)
		vmos[i] = vmo_snapshot(_metadata, self->vmo, 0, PAGES);
	EXPECT_CHILDREN(WIDTH, self->vmo);
	EXPECT_QUICK(ASSERT_OK(zx_handle_close(self->vmo)));
	for (i = 0; i < WIDTH; i++)
		wrong += zx_vmo_read(vmos[i], &byte, i % PAGES * PAGE, 1) != ZX_OK ||
			 byte != 'a' + (char)(i % PAGES);
	EXPECT_EQ(0, wrong);
	EXPECT_NO_PARENT(vmos[0]);
	EXPECT_NO_PARENT(vmos[WIDTH - 1]);
	for (i = 0; i < WIDTH; i++)
		ASSERT_OK(zx_handle_close(vmos[i]));
}

TEST_HARNESS_MAIN
