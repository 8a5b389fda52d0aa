// SPDX-License-Identifier: GPL-2.0-only
/*
 * What other threads do in a region while a command is held in the middle, see
 * delay.h.
 */
#include "delay.h"

#undef RW
#include "vmar_test.h"

/* The command has looked at what is there, and maps with what it knows */
#define MMAP		"vm_mmap"
/* It has mapped, and not yet told the program where */
#define MAPPED		"zxvmo_aspace_unlock@return"

FIXTURE(held)
{
	struct region region;	/* PAGES pages, everything allowed */
	zx_handle_t vmo;	/* PAGES pages with their numbers */
	zx_handle_t child;
	unsigned int page;	/* where the other thread maps */
};

FIXTURE_SETUP(held)
{
	ASSERT_EQ(0, delay_error);
	self->region = region_make(_metadata, ROOT, CAN_ALL, 0, PAGES * PAGE);
	self->vmo = numbered_vmo(_metadata, PAGES);
}

FIXTURE_TEARDOWN(held)
{
}

#define AT(page) (self->region.base + (page) * PAGE)

static void act_unmap(struct actor *actor)
{
	FIXTURE_DATA(held) *self = actor->arg;

	actor->status = zx_vmar_unmap(self->region.vmar, AT(7), 2 * PAGE);
}

/* What a program may do itself: the mapping is the region's then */
static void act_mmap(struct actor *actor)
{
	FIXTURE_DATA(held) *self = actor->arg;

	actor->p = mmap((void *)AT(self->page), 2 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED,
			ZXVMO_HANDLE_FD(self->vmo), 4 * PAGE);
}

/* The room around is taken in by the reservation that is mapped then */
static void unmap_beside(struct __test_metadata *_metadata, FIXTURE_DATA(held) *self,
			 unsigned int page)
{
	struct actor first = { .act = act_unmap, .arg = self };
	struct actor second = { .act = act_mmap, .arg = self };

	self->page = page;
	map_at(_metadata, &self->region, R, 7, self->vmo, 0, 2);
	EXPECT_TRUE(interleave(_metadata, MMAP, &first, &second));
	ASSERT_EQ((void *)AT(page), second.p);
	EXPECT_OK(first.status);
	for (unsigned int i = 0; i < PAGES; i++) {
		if (i == page || i == page + 1) {
			EXPECT_EQ(5 + i - page, BYTE(AT(i)));
		} else {
			EXPECT_RESERVED(AT(i));
		}
	}
}

TEST_F(held, unmap_keeps_what_comes_before)
{
	unmap_beside(_metadata, self, 2);
}

TEST_F(held, unmap_keeps_what_comes_behind)
{
	unmap_beside(_metadata, self, 12);
}

TEST_F(held, unmap_keeps_what_comes_next_to_it)
{
	unmap_beside(_metadata, self, 5);
	EXPECT_OK(zx_vmar_unmap(self->region.vmar, AT(5), 2 * PAGE));
	unmap_beside(_metadata, self, 9);
}

static void act_map_nowhere(struct actor *actor)
{
	FIXTURE_DATA(held) *self = actor->arg;

	actor->status = zx_vmar_map(self->region.vmar, R | ZX_VM_SPECIFIC, 4 * PAGE, self->vmo, 0,
				    2 * PAGE, NULL);
}

/* The other thread has seen where it is, and puts a region there */
static void act_replace(struct actor *actor)
{
	FIXTURE_DATA(held) *self = actor->arg;
	zx_vaddr_t addr;

	actor->status = zx_vmar_unmap(self->region.vmar, AT(4), 2 * PAGE) ?:
			zx_vmar_allocate(self->region.vmar, CAN_ALL | ZX_VM_SPECIFIC, 5 * PAGE,
					 2 * PAGE, &self->child, &addr) ?:
			zx_vmar_map(self->child, R, 0, self->vmo, 8 * PAGE, 2 * PAGE, &addr);
}

TEST_F(held, failed_map_leaves_what_came_in_its_place)
{
	struct actor first = { .act = act_map_nowhere, .arg = self };
	struct actor second = { .act = act_replace, .arg = self };

	EXPECT_TRUE(interleave(_metadata, MAPPED, &first, &second));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, first.status);
	ASSERT_OK(second.status);
	EXPECT_RESERVED(AT(4));
	EXPECT_EQ(9, BYTE(AT(5)));
	EXPECT_EQ(10, BYTE(AT(6)));
	EXPECT_OK(zx_vmar_destroy(self->child));
}

int main(int argc, char **argv)
{
	delay_load(MMAP "," MAPPED);
	atexit(delay_unload);
	return test_harness_run(argc, argv);
}
