// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that work in the same VMAR, and behind its back, at the same time. Memory
 * that is not from a VMO holds a pattern that its owner looks at: whatever else
 * happens, nobody unmaps or replaces it.
 */
#include "vmar_test.h"

#include <pthread.h>
#include <stdatomic.h>

#define SECONDS		3
#define RACE_PAGES	64
#define VMO_PAGES	8

struct race {
	struct region region;
	zx_handle_t vmo;
	bool meddled;	/* there may be holes */
	atomic_bool stop;
	atomic_uint failures;
	atomic_uint mapped, unmapped, allocated, destroyed, moved;
	pthread_barrier_t start;
};

struct racer {
	struct race *race;
	void (*step)(struct racer *racer);
	uint64_t random;
};

static uint64_t next(struct racer *racer, uint64_t n)
{
	racer->random = racer->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (racer->random >> 33) % n;
}

/* Any place in the region */
static void pick(struct racer *racer, uint64_t *page, uint64_t *nr)
{
	*page = next(racer, RACE_PAGES);
	*nr = 1 + next(racer, 8);
	if (*nr > RACE_PAGES - *page)
		*nr = RACE_PAGES - *page;
}

static void expect(struct race *race, bool truth, const char *what, zx_status_t status)
{
	if (truth)
		return;
	if (!atomic_fetch_add(&race->failures, 1))
		fprintf(stderr, "# %s: %d\n", what, status);
}

static void maps(struct racer *racer)
{
	static const zx_vm_option_t kinds[] = {
		0, ZX_VM_SPECIFIC, ZX_VM_SPECIFIC_OVERWRITE, ZX_VM_OFFSET_IS_UPPER_LIMIT,
	};
	struct race *race = racer->race;
	zx_vm_option_t kind = kinds[next(racer, 4)];
	zx_vaddr_t addr, base = race->region.base;
	zx_status_t status;
	uint64_t page, nr;

	pick(racer, &page, &nr);
	status = zx_vmar_map(race->region.vmar, RW | kind, kind ? page * PAGE : 0,
			     race->vmo, 0, nr * PAGE, &addr);
	race->mapped += !status;
	if (!status)
		expect(race, addr >= base && addr + nr * PAGE <= base + RACE_PAGES * PAGE,
		       "mapped elsewhere", status);
	else
		expect(race, status == ZX_ERR_ALREADY_EXISTS ||
		       status == ZX_ERR_NO_RESOURCES || status == ZX_ERR_INVALID_ARGS,
		       "map", status);
}

static void unmaps(struct racer *racer)
{
	struct race *race = racer->race;
	zx_status_t status;
	uint64_t page, nr;

	pick(racer, &page, &nr);
	status = zx_vmar_unmap(race->region.vmar, race->region.base + page * PAGE,
			       nr * PAGE);
	race->unmapped += !status;
	expect(race, !status || status == ZX_ERR_INVALID_ARGS, "unmap", status);
	pick(racer, &page, &nr);
	status = zx_vmar_protect(race->region.vmar, next(racer, 2) ? R : RW,
				 race->region.base + page * PAGE, nr * PAGE);
	expect(race, !status || status == ZX_ERR_NOT_FOUND ||
	       status == ZX_ERR_ACCESS_DENIED ||
	       (race->meddled && status == ZX_ERR_NO_MEMORY), "protect", status);
}

static void allocates(struct racer *racer)
{
	struct race *race = racer->race;
	zx_status_t status;
	uint64_t page, nr;
	zx_handle_t vmar;
	zx_vaddr_t addr;

	pick(racer, &page, &nr);
	status = zx_vmar_allocate(race->region.vmar, CAN_ALL, 0, nr * PAGE, &vmar, &addr);
	expect(race, !status || status == ZX_ERR_NO_RESOURCES, "allocate", status);
	if (status)
		return;
	race->allocated++;
	status = zx_vmar_map(vmar, RW, 0, race->vmo, 0, PAGE, &addr);
	expect(race, !status || status == ZX_ERR_BAD_STATE || status == ZX_ERR_NO_RESOURCES,
	       "map in a new region", status);
	if (next(racer, 2)) {
		status = zx_vmar_destroy(vmar);
		race->destroyed += !status;
		expect(race, !status || status == ZX_ERR_BAD_STATE, "destroy", status);
	}
	expect(race, !zx_handle_close(vmar), "close", 0);
}

/* Memory of the program's own comes and goes */
static void allocates_memory(struct racer *racer)
{
	struct race *race = racer->race;
	uint64_t size = (1 + next(racer, 4)) * PAGE;
	unsigned char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return;
	memset(p, 0xa5, size);
	sched_yield();
	for (uint64_t i = 0; i < size; i += PAGE / 2)
		expect(race, p[i] == 0xa5, "memory that is not theirs", p[i]);
	munmap(p, size);
}

/* What a program should not do: take things out of the region and put others in */
static void meddles(struct racer *racer)
{
	struct race *race = racer->race;
	uint64_t page, nr;
	char *at, *own;

	pick(racer, &page, &nr);
	at = (char *)race->region.base + page * PAGE;
	switch (next(racer, 3)) {
	case 0:
		munmap(at, nr * PAGE);
		break;
	case 1:
		own = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (own != MAP_FAILED &&
		    mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, own) !=
			    MAP_FAILED)
			race->moved++;
		if (own != MAP_FAILED)
			munmap(own, PAGE);
		break;
	default:
		own = mmap(at, PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		if (own == MAP_FAILED)
			break;
		/* It is there until we take it away: no call of theirs does */
		expect(race, !zt_store(own, 'o').signal && *own == 'o',
		       "a foreign mapping went", 0);
		munmap(own, PAGE);
	}
}

static void *run(void *arg)
{
	struct racer *racer = arg;

	pthread_barrier_wait(&racer->race->start);
	while (!atomic_load(&racer->race->stop))
		racer->step(racer);
	return NULL;
}

static void race(struct __test_metadata *_metadata, struct race *race,
		 void (*const *steps)(struct racer *racer), unsigned int nr)
{
	const char *seconds = getenv("ZXVMO_STRESS_SECONDS");
	struct racer racers[8];
	pthread_t threads[8];

	race->region = region_make(_metadata, ROOT, CAN_ALL, 0, RACE_PAGES * PAGE);
	race->vmo = numbered_vmo(_metadata, VMO_PAGES);
	zt_fault_catch();
	pthread_barrier_init(&race->start, NULL, nr);
	for (unsigned int i = 0; i < nr; i++) {
		racers[i] = (struct racer){ race, steps[i], 1 + i };
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, run, &racers[i]));
	}
	sleep(seconds ? atoi(seconds) : SECONDS);
	race->stop = true;
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, race->failures);
	EXPECT_LT(0, race->mapped);
	EXPECT_LT(0, race->unmapped);
	EXPECT_LT(0, race->allocated);

	/* All of it can still go, and the VMO is as it was */
	EXPECT_OK(zx_vmar_destroy(race->region.vmar));
	EXPECT_EQ(0, vmo_info(_metadata, race->vmo).num_mappings);
	EXPECT_EQ(0, count_vmas(race->region.base, race->region.base + RACE_PAGES * PAGE,
				"zxvmo:"));
	for (unsigned int i = 0; i < VMO_PAGES; i++) {
		char byte;

		EXPECT_OK(zx_vmo_read(race->vmo, &byte, i * PAGE, 1));
		EXPECT_EQ(1 + i, byte);
	}
}

/* Only calls that may be made: then nothing is ever lost from the region */
TEST(threads_in_one_region)
{
	static void (*const steps[])(struct racer *racer) = {
		maps, maps, unmaps, allocates, allocates_memory,
	};
	long long objects = zt_stat("objects");
	struct race world = {};

	race(_metadata, &world, steps, ARRAY_SIZE(steps));
	EXPECT_LT(0, world.destroyed);
	ASSERT_OK(zx_handle_close(world.region.vmar));
	ASSERT_OK(zx_handle_close(world.vmo));
	EXPECT_EQ(objects, zt_stat("objects"));
}

/* No thread has memory of its own here: Linux would put it where munmap(2) hits next */
TEST(threads_behind_its_back)
{
	static void (*const steps[])(struct racer *racer) = {
		maps, maps, unmaps, allocates, meddles,
	};
	struct race world = { .meddled = true };

	race(_metadata, &world, steps, ARRAY_SIZE(steps));
	EXPECT_LT(0, world.moved);
}

/* Region after region comes and goes while others map in it */
struct turnover {
	_Atomic zx_handle_t vmar;
	zx_handle_t vmo;
	atomic_bool stop;
	atomic_uint mapped, failures;
};

static void *map_in_whatever(void *arg)
{
	struct turnover *turnover = arg;

	while (!turnover->stop) {
		zx_vaddr_t addr;
		zx_status_t status = zx_vmar_map(turnover->vmar, R, 0, turnover->vmo, 0, PAGE,
						 &addr);

		turnover->mapped += !status;
		if (status && status != ZX_ERR_BAD_STATE && status != ZX_ERR_BAD_HANDLE &&
		    status != ZX_ERR_NO_RESOURCES)
			turnover->failures++;
	}
	return NULL;
}

TEST(regions_end_while_others_map_in_them)
{
	struct turnover turnover = {};
	int64_t end = zx_deadline_after(ZX_SEC(SECONDS));
	pthread_t threads[2];

	turnover.vmo = numbered_vmo(_metadata, 1);
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, map_in_whatever, &turnover));
	while (zx_clock_get_monotonic() < end) {
		struct region region = region_make(_metadata, ROOT, CAN_ALL, 0, PAGES * PAGE);

		turnover.vmar = region.vmar;
		sched_yield();
		EXPECT_OK(zx_vmar_destroy(region.vmar));
		EXPECT_OK(zx_handle_close(region.vmar));
	}
	turnover.stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	EXPECT_LT(0, turnover.mapped);
	EXPECT_EQ(0, turnover.failures);
	EXPECT_EQ(0, vmo_info(_metadata, turnover.vmo).num_mappings);
}

TEST_HARNESS_MAIN
