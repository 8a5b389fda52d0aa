// SPDX-License-Identifier: GPL-2.0-only
/*
 * Races of snapshots with faults: one side is held at a named place in the kernel,
 * see delay.h, while the other runs. Afterwards the snapshot is what it was when
 * the call returned, the store is in the parent, and all who look agree.
 */
#include "delay.h"

/* The page is locked, but not at mkwrite's entry */
#define UNLOCK		"up_read@return"
#define FAULT_RETURN	"zxvmo_vma_fault@return"
#define FINISH		"finish_fault"
#define MKWRITE		"zxvmo_vma_page_mkwrite"
#define MKWRITE_RETURN	"zxvmo_vma_page_mkwrite@return"
/* A snapshot has changed the tree and not yet the mappings */
#define ZAP		"unmap_mapping_pages"
/* A page is about to be copied for one who writes */
#define OWN		"zxvmo_vmo_own"

#define POINTS								\
	UNLOCK "," FAULT_RETURN "," FINISH "," MKWRITE ","		\
	MKWRITE_RETURN "," ZAP "," OWN

#define PAGES	4
#define SIZE	(PAGES * PAGE)
#define TARGET	2	/* the page that is fought for */

enum state {
	ABSENT,
	READ_ABSENT,	/* @p maps a zero page */
	PRESENT,	/* not mapped */
	READ_PRESENT,	/* @p maps it read-only */
	WRITTEN,	/* @p maps it writable */
	SHARED,		/* with a snapshot there is, not mapped */
	READ_SHARED,	/* with a snapshot there is, mapped read-only */
};

FIXTURE(race) {
	zx_handle_t vmo;
	zx_handle_t first;	/* the snapshot there is */
	zx_handle_t child;	/* the snapshot of the race */
	unsigned char *p, *q;	/* two mappings of the VMO */
	char before;		/* what the page is full of */
	char seen[PAGES + 1];	/* the child at first */
};

FIXTURE_VARIANT(race) {
	enum state state;
};

FIXTURE_VARIANT_ADD(race, absent) { ABSENT };
FIXTURE_VARIANT_ADD(race, read_absent) { READ_ABSENT };
FIXTURE_VARIANT_ADD(race, present) { PRESENT };
FIXTURE_VARIANT_ADD(race, read_present) { READ_PRESENT };
FIXTURE_VARIANT_ADD(race, written) { WRITTEN };
FIXTURE_VARIANT_ADD(race, shared) { SHARED };
FIXTURE_VARIANT_ADD(race, read_shared) { READ_SHARED };

FIXTURE_SETUP(race)
{
	ASSERT_EQ(0, delay_error);
	self->vmo = vmo_create(_metadata, SIZE, 0);
	self->p = map_shared(_metadata, self->vmo, 0, PAGES);
	self->q = map_shared(_metadata, self->vmo, 0, PAGES);
	self->before = variant->state <= READ_ABSENT ? '.' : 'a';
	if (variant->state == WRITTEN)
		memset(self->p + TARGET * PAGE, 'a', PAGE);
	else if (variant->state > READ_ABSENT)
		vmo_spell(_metadata, self->vmo, TARGET, "a");
	if (variant->state >= SHARED)
		self->first = vmo_snapshot(_metadata, self->vmo, 0, PAGES);
	/* so that there is something to look for in the mappings */
	self->p[0] = 'p';
	if (variant->state == READ_ABSENT || variant->state == READ_PRESENT ||
	    variant->state == READ_SHARED) {
		ASSERT_EQ(self->before == '.' ? 0 : self->before, self->p[TARGET * PAGE]);
	}
}

FIXTURE_TEARDOWN(race)
{
	check_zero_pages(_metadata);
}

static void act_snapshot(struct actor *actor)
{
	FIXTURE_DATA(race) *self = actor->arg;

	actor->status = zx_vmo_create_child(self->vmo, ZX_VMO_CHILD_SNAPSHOT, 0, SIZE,
					    &self->child);
	strcpy(self->seen, vmo_letters(self->child, 0, PAGES));
}

/* One byte: the rest of the page tells what it was made from. */
static void act_store(struct actor *actor)
{
	FIXTURE_DATA(race) *self = actor->arg;

	self->p[TARGET * PAGE + 9] = 'X';
}

static void act_load(struct actor *actor)
{
	FIXTURE_DATA(race) *self = actor->arg;

	actor->value = *(volatile unsigned char *)(self->p + TARGET * PAGE);
}

static void check_afterwards(struct __test_metadata *_metadata, FIXTURE_DATA(race) *self,
			     bool stored, bool overtook)
{
	unsigned char rest = self->before == '.' ? 0 : self->before, byte[2];
	unsigned char *at = self->p + TARGET * PAGE;
	unsigned char *c = map_shared(_metadata, self->child, 0, PAGES);

	/* the parent */
	EXPECT_EQ(9, mem_span(at, 9, rest));
	EXPECT_EQ(stored ? 'X' : rest, at[9]);
	EXPECT_EQ(PAGE - 10, mem_span(at + 10, PAGE - 10, rest));
	EXPECT_EQ(0, memcmp(at, self->q + TARGET * PAGE, PAGE));
	ASSERT_OK(zx_vmo_read(self->vmo, byte, TARGET * PAGE + 8, 2));
	EXPECT_EQ(0, memcmp(byte, at + 8, 2));

	/* the snapshot: as before the store, if that came later */
	EXPECT_LETTERS(self->seen, self->child);
	EXPECT_MAPPED(self->seen, c);
	if (overtook || !stored) {
		EXPECT_EQ(self->before, self->seen[TARGET]);
	}
	at[10] = 'Y';
	self->q[TARGET * PAGE + 11] = 'Z';
	EXPECT_EQ('Z', at[11]);
	EXPECT_MAPPED(self->seen, c);
	EXPECT_LETTERS(self->seen, self->child);
	c[TARGET * PAGE + 12] = 'C';
	EXPECT_NE('C', at[12]);
	if (self->first) {
		EXPECT_EQ(PAGE, vmo_span(self->first, TARGET * PAGE, PAGE, rest));
	}
}

/* A fault is held; most points are met in some of the states only. */
static bool meets(const char *point, enum state state, bool store)
{
	if (!strcmp(point, MKWRITE) || !strcmp(point, MKWRITE_RETURN))
		return store && state != WRITTEN;
	if (!strcmp(point, OWN))
		return store && state != WRITTEN && state != PRESENT && state != READ_PRESENT;
	/* ->fault was called before, or is not at all */
	return state == ABSENT || state == PRESENT || state == SHARED;
}

#define FAULT_HELD(name, point, access, stored)						\
TEST_F(race, name)									\
{											\
	struct actor first = { .act = access, .arg = self };				\
	struct actor second = { .act = act_snapshot, .arg = self };			\
	bool overtook;									\
											\
	if (!meets(point, variant->state, stored)) {					\
		/* nobody comes there: the same without anybody held */			\
		access(&first);								\
		act_snapshot(&second);							\
		overtook = false;							\
	} else {									\
		overtook = interleave(_metadata, point, &first, &second);		\
	}										\
	ASSERT_OK(second.status);							\
	check_afterwards(_metadata, self, stored, overtook);				\
}

FAULT_HELD(load_after_unlock, UNLOCK, act_load, false)
FAULT_HELD(load_after_lookup, FAULT_RETURN, act_load, false)
FAULT_HELD(load_before_it_is_mapped, FINISH, act_load, false)
FAULT_HELD(store_before_the_page_is_its_own, OWN, act_store, true)
FAULT_HELD(store_after_lookup, FAULT_RETURN, act_store, true)
FAULT_HELD(store_before_mkwrite, MKWRITE, act_store, true)
FAULT_HELD(store_after_mkwrite, MKWRITE_RETURN, act_store, true)
FAULT_HELD(store_before_it_is_mapped, FINISH, act_store, true)

/* The snapshot is held. */

TEST_F(race, store_before_the_zap)
{
	struct actor first = { .act = act_snapshot, .arg = self };
	struct actor second = { .act = act_store, .arg = self };

	interleave(_metadata, ZAP, &first, &second);
	ASSERT_OK(first.status);
	check_afterwards(_metadata, self, true, false);
}

TEST_F(race, load_before_the_zap)
{
	struct actor first = { .act = act_snapshot, .arg = self };
	struct actor second = { .act = act_load, .arg = self };

	interleave(_metadata, ZAP, &first, &second);
	ASSERT_OK(first.status);
	EXPECT_EQ(self->before == '.' ? 0 : self->before, second.value);
	check_afterwards(_metadata, self, false, false);
}

int main(int argc, char **argv)
{
	delay_load(POINTS);
	atexit(delay_unload);
	return test_harness_run(argc, argv);
}
