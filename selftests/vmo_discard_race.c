// SPDX-License-Identifier: GPL-2.0-only
/*
 * Races with reclaim of discardable VMOs: it is held at a named place in the
 * kernel while the other side runs.
 *
 * Reclaim is what a thread that writes to drop_caches does.
 */
#include "delay.h"

/* A VMO that is in use goes to the end of the lists; its lock is held */
#define ROTATE		"zxvmo_account_list_add"
/* A VMO is discarded, its lock is held */
#define TAKE		"zxvmo_ptree_count"
/* Pages that were taken out are freed; no lock is held */
#define FREE		"zxvmo_removed_free"
/* A mapped VMO is about to be unmapped, its lock is held */
#define UNMAP		"unmap_mapping_pages"
/* Its lock was given up, and nobody else may begin with it before that is known */
#define UNLOCKED	"up_write@return"

#define POINTS	ROTATE "," TAKE "," FREE "," UNMAP "," UNLOCKED

#define LEAF	512
#define PAGES	(3 * LEAF)
#define SIZE	(PAGES * PAGE)

FIXTURE(race) {
	zx_handle_t vmo;	/* unlocked and, but for its lock, to be discarded */
	unsigned char *p;	/* mapping of its first page, or NULL */
	zx_status_t locked;	/* what LOCK says */
	zx_vmo_lock_state_t state;
	int loaded;		/* byte that was loaded through @p, or -1 */
	zx_status_t read;
};

FIXTURE_SETUP(race)
{
	ASSERT_EQ(0, delay_error);
	/* What else there is to reclaim shall not come in between. */
	ASSERT_EQ(0, write_text("/proc/sys/vm/drop_caches", "3"));
	self->vmo = vmo_create(_metadata, SIZE, ZX_VMO_DISCARDABLE);
}

FIXTURE_TEARDOWN(race)
{
	ASSERT_EQ(0, write_text("/proc/sys/vm/drop_caches", "2"));
	zt_check();
}

static zx_status_t lock_op(zx_handle_t vmo, uint32_t op, zx_vmo_lock_state_t *state)
{
	return zx_vmo_op_range(vmo, op, 0, SIZE, state, sizeof(*state));
}

/* Makes it reclaimable, with @pages pages full of 'A', mapped or not. */
static void make_reclaimable(struct __test_metadata *_metadata, FIXTURE_DATA(race) *self,
			     size_t pages, bool mapped)
{
	size_t i;

	for (i = 0; i < pages; i++)
		ASSERT_OK(zx_vmo_write(self->vmo, "A", i * PAGE, 1));
	if (mapped) {
		self->p = map_shared(_metadata, self->vmo, 0, 1);
		ASSERT_EQ('A', self->p[0]);
	}
	ASSERT_OK(lock_op(self->vmo, ZX_VMO_OP_LOCK, &self->state));
	ASSERT_OK(zx_vmo_op_range(self->vmo, ZX_VMO_OP_UNLOCK, 0, SIZE, NULL, 0));
}

static void act_reclaim(struct actor *actor)
{
	actor->status = write_text("/proc/sys/vm/drop_caches", "2");
}

static void act_close(struct actor *actor)
{
	FIXTURE_DATA(race) *self = actor->arg;

	actor->status = zx_handle_close(self->vmo);
}

static void act_reclaim_and_close(struct actor *actor)
{
	act_reclaim(actor);
	if (!actor->status)
		act_close(actor);
}

static void act_lock(struct actor *actor)
{
	FIXTURE_DATA(race) *self = actor->arg;

	self->locked = lock_op(self->vmo, ZX_VMO_OP_LOCK, &self->state);
	actor->status = self->locked;
}

/* Looks at the first byte in both ways. */
static void act_look(struct actor *actor)
{
	FIXTURE_DATA(race) *self = actor->arg;
	unsigned char byte = 0;

	self->loaded = try(load, self->p, &byte).signal ? -1 : byte;
	self->read = zx_vmo_read(self->vmo, &byte, 0, 1);
	actor->status = ZX_OK;
}

static bool meanwhile(struct __test_metadata *_metadata, FIXTURE_DATA(race) *self,
		      const char *point, void (*act)(struct actor *))
{
	struct actor reclaim = { .act = act_reclaim, .arg = self };
	struct actor other = { .act = act, .arg = self };
	bool overtook = interleave(_metadata, point, &reclaim, &other);

	EXPECT_EQ(0, reclaim.status);
	EXPECT_OK(other.status);
	return overtook;
}

/* It has no pages, so nothing is gained by a discard. */
TEST_F(race, close_while_it_goes_to_the_end_of_the_list)
{
	make_reclaimable(_metadata, self, 0, false);
	meanwhile(_metadata, self, ROTATE, act_close);
}

TEST_F(race, close_while_it_is_discarded)
{
	make_reclaimable(_metadata, self, PAGES, false);
	EXPECT_FALSE(meanwhile(_metadata, self, TAKE, act_close));
}

TEST_F(race, close_while_its_pages_are_freed)
{
	make_reclaimable(_metadata, self, PAGES, false);
	EXPECT_TRUE(meanwhile(_metadata, self, FREE, act_close));
}

TEST_F(race, another_reclaims_the_rest_while_its_pages_are_freed)
{
	make_reclaimable(_metadata, self, PAGES, false);
	EXPECT_TRUE(meanwhile(_metadata, self, FREE, act_reclaim_and_close));
}

/* Whoever did could free it while the first is still about to let go. */
TEST_F(race, nobody_reclaims_the_rest_of_what_another_has)
{
	make_reclaimable(_metadata, self, PAGES, false);
	EXPECT_FALSE(meanwhile(_metadata, self, UNLOCKED, act_reclaim_and_close));
}

TEST_F(race, lock_while_it_is_discarded_learns_of_it)
{
	make_reclaimable(_metadata, self, PAGES, false);
	EXPECT_FALSE(meanwhile(_metadata, self, TAKE, act_lock));
	EXPECT_EQ(SIZE, self->state.discarded_size);
	EXPECT_EQ(PAGES, vmo_span(self->vmo, 0, PAGES * PAGE, 0) / PAGE);
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
}

TEST_F(race, lock_while_its_pages_are_freed_frees_the_rest)
{
	make_reclaimable(_metadata, self, PAGES, false);
	EXPECT_TRUE(meanwhile(_metadata, self, FREE, act_lock));
	EXPECT_EQ(SIZE, self->state.discarded_size);
	ASSERT_OK(zx_vmo_write(self->vmo, "B", 0, 1));
	EXPECT_EQ(1, vmo_span(self->vmo, 0, 1, 'B'));
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
}

/* While it is unmapped it is discarded by what follows, or it was looked at before. */
TEST_F(race, access_while_it_is_unmapped)
{
	make_reclaimable(_metadata, self, LEAF, true);
	EXPECT_FALSE(meanwhile(_metadata, self, UNMAP, act_look) && self->loaded != 'A');
	if (self->loaded < 0) {
		EXPECT_ST(ZX_ERR_NOT_FOUND, self->read);
	} else {
		EXPECT_EQ('A', self->loaded);
	}
	ASSERT_OK(lock_op(self->vmo, ZX_VMO_OP_LOCK, &self->state));
	EXPECT_EQ(self->state.discarded_size ? 0 : 'A', self->p[0]);
}

TEST_F(race, lock_while_it_is_unmapped)
{
	make_reclaimable(_metadata, self, LEAF, true);
	EXPECT_FALSE(meanwhile(_metadata, self, UNMAP, act_lock));
	/* One leaf is unmapped and discarded at one go. */
	EXPECT_EQ(SIZE, self->state.discarded_size);
	EXPECT_EQ(0, self->p[0]);
}

/* Three are not: between them it can be locked, or used. */
TEST_F(race, lock_while_the_first_leaf_is_unmapped)
{
	make_reclaimable(_metadata, self, PAGES, true);
	EXPECT_FALSE(meanwhile(_metadata, self, UNMAP, act_lock));
	EXPECT_EQ(self->state.discarded_size ? 0 : 'A', self->p[0]);
	EXPECT_EQ(1, vmo_span(self->vmo, (PAGES - 1) * PAGE, 1,
			      self->state.discarded_size ? 0 : 'A'));
}

int main(int argc, char **argv)
{
	delay_load(POINTS);
	atexit(delay_unload);
	return test_harness_run(argc, argv);
}
