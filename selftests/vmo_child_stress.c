// SPDX-License-Identifier: GPL-2.0-only
/*
 * Snapshots while others write: on both processors, from other processes, through
 * mappings and calls. Whatever a snapshot shows at first it must show for ever,
 * and that must be what was there at one instant.
 *
 * ZXVMO_STRESS_SECONDS makes each test longer.
 */
#include "mem_test.h"

#define HALF	24	/* pages of each writer */
#define PAGES	(2 * HALF)
#define SIZE	(PAGES * PAGE)
#define KEPT	8	/* snapshots at a time */

static int64_t time_to_stop(void)
{
	const char *seconds = getenv("ZXVMO_STRESS_SECONDS");

	return zx_deadline_after(1000000000LL * (seconds ? atoi(seconds) : 2));
}

static const char *const counters[] = { "objects", "handles", "pages", "nodes" };

static void counters_get(struct __test_metadata *_metadata, long long *values)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		values[i] = zt_stat(counters[i]);
		ASSERT_LE(0, values[i]);
	}
}

static void counters_check(struct __test_metadata *_metadata, const long long *values)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		if (!WAIT_FOR(zt_stat(counters[i]) == values[i]))
			EXPECT_EQ(values[i], zt_stat(counters[i])) TH_LOG("%s", counters[i] ?: "");
}

/*
 * The first writer puts the number of its round into each page of the first half,
 * in their order, and then on the board; the second one copies it from there
 * into the pages of the second half. So at every instant the numbers never rise
 * from page to page, and those of the first half differ by no more than one.
 */

struct board {
	atomic_bool stop;
	atomic_ulong round;	/* that the first writer has finished */
	atomic_ulong errors;
	atomic_ulong writes[2];
};

struct scene {
	struct board *board;
	zx_handle_t vmo;
	unsigned char *p;	/* all of it */
	bool (*write)(const struct scene *scene, unsigned int page, uint64_t number);
};

static void *write_first(void *arg)
{
	struct scene *scene = arg;
	struct board *board = scene->board;
	uint64_t round;
	unsigned int page;

	pin_to(0);
	for (round = 1; !atomic_load(&board->stop); round++) {
		for (page = 0; page < HALF; page++)
			if (!scene->write(scene, page, round))
				atomic_fetch_add(&board->errors, 1);
		atomic_store(&board->round, round);
		atomic_fetch_add(&board->writes[0], 1);
	}
	return NULL;
}

static void *write_second(void *arg)
{
	struct scene *scene = arg;
	struct board *board = scene->board;
	uint64_t round;
	unsigned int page;

	pin_to(1);
	while (!atomic_load(&board->stop)) {
		round = atomic_load(&board->round);
		for (page = HALF; page < PAGES; page++)
			if (!scene->write(scene, page, round))
				atomic_fetch_add(&board->errors, 1);
		atomic_fetch_add(&board->writes[1], 1);
	}
	return NULL;
}

FIXTURE(instant) {
	struct scene scene;
	long long before[ARRAY_SIZE(counters)];
};

FIXTURE_VARIANT(instant) {
	bool (*write)(const struct scene *scene, unsigned int page, uint64_t number);
	bool processes;
};

#define WRITER(name, processes)								\
static bool by_##name(const struct scene *scene, unsigned int page, uint64_t number);	\
FIXTURE_VARIANT_ADD(instant, name) { by_##name, processes };				\
static bool by_##name(const struct scene *scene, unsigned int page, uint64_t number)

WRITER(stores, false)
{
	*(volatile uint64_t *)(scene->p + page * PAGE) = number;
	return true;
}

WRITER(stores_of_other_processes, true)
{
	return by_stores(scene, page, number);
}

WRITER(vmo_write, false)
{
	return zx_vmo_write(scene->vmo, &number, page * PAGE, sizeof(number)) == ZX_OK;
}

WRITER(pwrite, true)
{
	return pwrite(fd_of(scene->vmo), &number, sizeof(number), page * PAGE) ==
	       (ssize_t)sizeof(number);
}

/* The kernel writes into a mapping. */
WRITER(vmo_read, false)
{
	zx_handle_t vmo;
	bool good;

	if (page % 8)
		return by_stores(scene, page, number);
	if (zx_vmo_create(sizeof(number), 0, &vmo))
		return false;
	good = zx_vmo_write(vmo, &number, 0, sizeof(number)) == ZX_OK &&
	       zx_vmo_read(vmo, scene->p + page * PAGE, 0, sizeof(number)) == ZX_OK;
	zx_handle_close(vmo);
	return good;
}

/* The kernel gets hold of the page and then writes. */
WRITER(process_vm_writev, true)
{
	struct iovec from = { &number, sizeof(number) };
	struct iovec to = { scene->p + page * PAGE, sizeof(number) };

	return process_vm_writev(getpid(), &from, 1, &to, 1, 0) == (ssize_t)sizeof(number);
}

/* Now this way, now that */
WRITER(all_of_these, true)
{
	switch ((page + number) % 4) {
	case 0:
		return by_vmo_write(scene, page, number);
	case 1:
		return by_pwrite(scene, page, number);
	case 2:
		return by_process_vm_writev(scene, page, number);
	default:
		return by_stores(scene, page, number);
	}
}

FIXTURE_SETUP(instant)
{
	struct scene *scene = &self->scene;

	counters_get(_metadata, self->before);
	scene->board = mmap(NULL, sizeof(*scene->board), PROT_RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, scene->board);
	scene->vmo = vmo_create(_metadata, SIZE, 0);
	scene->p = map_shared(_metadata, scene->vmo, 0, PAGES);
	scene->write = variant->write;
}

FIXTURE_TEARDOWN(instant)
{
	ASSERT_EQ(0, munmap(self->scene.p, SIZE));
	ASSERT_OK(zx_handle_close(self->scene.vmo));
	counters_check(_metadata, self->before);
}

struct writers {
	pthread_t threads[2];
	pid_t pids[2];
};

static void writers_start(struct __test_metadata *_metadata, struct scene *scene,
			  struct writers *writers, bool processes)
{
	void *(*const fns[])(void *) = { write_first, write_second };
	int i;

	for (i = 0; i < 2; i++) {
		if (!processes) {
			ASSERT_EQ(0, pthread_create(&writers->threads[i], NULL, fns[i], scene));
			continue;
		}
		writers->pids[i] = fork();
		ASSERT_LE(0, writers->pids[i]);
		if (!writers->pids[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			fns[i](scene);
			_exit(0);
		}
	}
}

static void writers_stop(struct __test_metadata *_metadata, struct scene *scene,
			 struct writers *writers, bool processes)
{
	int i, status;

	atomic_store(&scene->board->stop, true);
	for (i = 0; i < 2; i++) {
		if (!processes) {
			ASSERT_EQ(0, pthread_join(writers->threads[i], NULL));
		} else {
			ASSERT_EQ(writers->pids[i], waitpid(writers->pids[i], &status, 0));
			EXPECT_EQ(0, status);
		}
		EXPECT_LT(0, atomic_load(&scene->board->writes[i]));
	}
	EXPECT_EQ(0, atomic_load(&scene->board->errors));
}

struct kept {
	zx_handle_t vmo;
	unsigned char *bytes;	/* as they were when it was made */
};

/* Where the numbers are not those of one instant, or PAGES */
static unsigned int inconsistent(const unsigned char *bytes)
{
	uint64_t first = *(uint64_t *)bytes, last = first, number;
	unsigned int page;

	for (page = 0; page < PAGES; page++, last = number) {
		number = *(uint64_t *)(bytes + page * PAGE);
		if (number > last || (page < HALF && number + 1 < first))
			break;
	}
	return page;
}

static void snapshot_keep(struct __test_metadata *_metadata, zx_handle_t vmo, struct kept *kept,
			  bool no_write)
{
	unsigned int page;

	kept->vmo = vmo_child(_metadata, vmo, ZX_VMO_CHILD_SNAPSHOT |
			      (no_write ? ZX_VMO_CHILD_NO_WRITE : 0), 0, SIZE);
	ASSERT_OK(zx_vmo_read(kept->vmo, kept->bytes, 0, SIZE));
	page = inconsistent(kept->bytes);
	if (page < PAGES)
		ASSERT_EQ(PAGES, page)
			TH_LOG("%ju in the first page, %ju in page %u, %ju in the next",
			       (uintmax_t)*(uint64_t *)kept->bytes,
			       (uintmax_t)*(uint64_t *)(kept->bytes + (page - 1) * PAGE), page - 1,
			       (uintmax_t)*(uint64_t *)(kept->bytes + page * PAGE));
}

static void snapshot_check(struct __test_metadata *_metadata, struct kept *kept,
			   unsigned char *buffer)
{
	unsigned char *q = map_ro(_metadata, kept->vmo, 0, PAGES);

	ASSERT_EQ(0, memcmp(q, kept->bytes, SIZE));
	ASSERT_OK(zx_vmo_read(kept->vmo, buffer, 0, SIZE));
	ASSERT_EQ(0, memcmp(buffer, kept->bytes, SIZE));
	ASSERT_EQ(0, munmap(q, SIZE));
}

TEST_F_TIMEOUT(instant, snapshots_in_a_loop, 3600)
{
	struct kept kept[KEPT] = {};
	unsigned char *buffer = user_pages(_metadata, PAGES, PROT_RW);
	unsigned long made = 0, i;
	struct writers writers;
	int64_t end;

	for (i = 0; i < KEPT; i++)
		kept[i].bytes = user_pages(_metadata, PAGES, PROT_RW);
	writers_start(_metadata, &self->scene, &writers, variant->processes);
	ASSERT_TRUE(WAIT_FOR(atomic_load(&self->scene.board->writes[1]) > 1));
	for (end = time_to_stop(); zx_clock_get_monotonic() < end || made < 4 * KEPT; made++) {
		struct kept *k = &kept[made % KEPT];

		if (k->vmo) {
			snapshot_check(_metadata, k, buffer);
			ASSERT_OK(zx_handle_close(k->vmo));
		}
		snapshot_keep(_metadata, self->scene.vmo, k, made % 2);
		snapshot_check(_metadata, k, buffer);
		/* who is written to by its owner disturbs nobody either */
		if (made % 4 == 0) {
			zx_handle_t other = vmo_snapshot(_metadata, k->vmo, 0, PAGES);

			ASSERT_OK(zx_vmo_write(other, buffer, made % SIZE / 2, SIZE / 2));
			ASSERT_OK(zx_handle_close(other));
		}
	}
	writers_stop(_metadata, &self->scene, &writers, variant->processes);
	for (i = 0; i < KEPT; i++) {
		snapshot_check(_metadata, &kept[i], buffer);
		ASSERT_OK(zx_handle_close(kept[i].vmo));
	}
	TH_LOG("%lu snapshots, %lu and %lu rounds of the writers", made,
	       (unsigned long)self->scene.board->writes[0],
	       (unsigned long)self->scene.board->writes[1]);
	EXPECT_CHILDREN(0, self->scene.vmo);
}

/*
 * Many relatives of one VMO, in several threads and processes, each of which does
 * as it likes to its own and knows what must be there
 */

#define TREE_PAGES	600	/* more than a leaf of the page tree */
#define OWN		5	/* relatives that a worker has */
#define WORKERS		6

struct relative {
	zx_handle_t vmo;
	uint64_t pages;
	uint8_t text[TREE_PAGES];	/* what fills each page */
};

struct worker {
	unsigned int id;
	uint64_t random;
	zx_handle_t root;
	struct board *board;
	struct relative own[OWN];
	unsigned char page[4096];
	char error[128];
};

static uint8_t root_byte(uint64_t page)
{
	return page % 7 ? 1 + page % 100 : 0;
}

static uint64_t below(struct worker *w, uint64_t n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (w->random >> 11) % n;
}

static bool good(struct worker *w, zx_status_t status, const char *what)
{
	if (status != ZX_OK && !w->error[0])
		snprintf(w->error, sizeof(w->error), "%s: %s", what, zt_status_name(status));
	return status == ZX_OK;
}

static void check_page(struct worker *w, struct relative *r, uint64_t page, const char *when)
{
	if (page >= r->pages || w->error[0])
		return;
	if (good(w, zx_vmo_read(r->vmo, w->page, page * PAGE, sizeof(w->page)), when) &&
	    mem_span(w->page, sizeof(w->page), r->text[page]) != sizeof(w->page))
		snprintf(w->error, sizeof(w->error), "worker %u: page %ju is %#x, not %#x after %s",
			 w->id, (uintmax_t)page, w->page[0], r->text[page], when);
}

/* A snapshot of the root or of another of its own */
static void renew(struct worker *w, struct relative *r)
{
	struct relative *from = &w->own[below(w, OWN)];
	uint64_t skip = below(w, 3) ? 0 : below(w, 20), i;
	zx_handle_t parent = w->root;

	if (!from->vmo || from == r || from->pages <= skip || !below(w, 4))
		from = NULL;
	else
		parent = from->vmo;
	if (r->vmo)
		zx_handle_close(r->vmo);
	r->vmo = 0;
	r->pages = TREE_PAGES - below(w, 100);
	if (!good(w, zx_vmo_create_child(parent, ZX_VMO_CHILD_SNAPSHOT | ZX_VMO_CHILD_RESIZABLE,
					 skip * PAGE, r->pages * PAGE, &r->vmo), "create_child"))
		return;
	for (i = 0; i < r->pages; i++) {
		uint64_t page = i + skip;

		if (from)
			r->text[i] = page < from->pages ? from->text[page] : 0;
		else
			r->text[i] = page < TREE_PAGES ? root_byte(page) : 0;
	}
}

static void step(struct worker *w)
{
	struct relative *r = &w->own[below(w, OWN)], *other = &w->own[below(w, OWN)];
	uint64_t page, n, i;
	uint8_t byte = 1 + below(w, 255);
	const char *what = "nothing";
	zx_info_vmo_t info;
	zx_status_t status = ZX_OK;
	void *p;

	if (!r->vmo || !r->pages || below(w, 20) == 0) {
		renew(w, r);
		return;
	}
	page = below(w, r->pages);
	n = 1 + below(w, 4);
	if (n > r->pages - page)
		n = r->pages - page;
	switch (below(w, 8)) {
	case 0 ... 1:
		what = "write";
		memset(w->page, byte, sizeof(w->page));
		for (i = 0; i < n && !status; i++)
			status = zx_vmo_write(r->vmo, w->page, (page + i) * PAGE, sizeof(w->page));
		memset(r->text + page, byte, n);
		break;
	case 2 ... 3:
		what = "store";
		p = mmap(NULL, n * PAGE, PROT_RW, MAP_SHARED, fd_of(r->vmo), page * PAGE);
		if (p == MAP_FAILED) {
			status = ZX_ERR_NO_MEMORY;
			break;
		}
		memset(p, byte, n * PAGE);
		munmap(p, n * PAGE);
		memset(r->text + page, byte, n);
		break;
	case 4:
		what = "ZERO";
		n = below(w, 2) ? n : r->pages - page;
		status = vmo_pages_op(r->vmo, ZX_VMO_OP_ZERO, page, n);
		memset(r->text + page, 0, n);
		break;
	case 5:
		what = "COMMIT";
		status = vmo_pages_op(r->vmo, ZX_VMO_OP_COMMIT, page, n);
		break;
	case 6:
		what = "set_size";
		i = r->pages;
		r->pages = below(w, 4) ? i - below(w, 3) : TREE_PAGES;
		if (r->pages > i)
			memset(r->text + i, 0, r->pages - i);
		status = zx_vmo_set_size(r->vmo, r->pages * PAGE);
		break;
	default:
		what = "transfer_data";
		if (other == r || !other->vmo || page + n > other->pages)
			break;
		i = below(w, r->pages - n + 1);
		status = zx_vmo_transfer_data(r->vmo, 0, i * PAGE, n * PAGE, other->vmo,
					      page * PAGE);
		memcpy(r->text + i, other->text + page, n);
		memset(other->text + page, 0, n);
		check_page(w, r, i, what);
		break;
	}
	good(w, status, what);
	check_page(w, r, page, what);
	check_page(w, r, below(w, TREE_PAGES), "something else");
	if (below(w, 16) == 0) {
		good(w, zx_object_get_info(r->vmo, ZX_INFO_VMO, &info, sizeof(info), NULL, NULL),
		     "get_info");
		if (info.committed_private_bytes > info.committed_bytes ||
		    info.committed_scaled_bytes > info.committed_bytes)
			snprintf(w->error, sizeof(w->error), "attribution");
	}
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	uint64_t i, page;

	while (!atomic_load(&w->board->stop) && !w->error[0]) {
		step(w);
		atomic_fetch_add(&w->board->writes[0], 1);
	}
	for (i = 0; i < OWN; i++) {
		if (!w->own[i].vmo)
			continue;
		for (page = 0; page < w->own[i].pages; page++)
			check_page(w, &w->own[i], page, "all");
		zx_handle_close(w->own[i].vmo);
	}
	if (w->error[0]) {
		fprintf(stderr, "# %s\n", w->error);
		atomic_fetch_add(&w->board->errors, 1);
		atomic_store(&w->board->stop, true);
	}
	return NULL;
}

static void family_process(zx_handle_t root, struct board *board, unsigned int process)
{
	struct worker *workers = calloc(WORKERS / 2, sizeof(*workers));
	pthread_t threads[WORKERS / 2];
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < WORKERS / 2; i++) {
		workers[i].id = process * WORKERS / 2 + i;
		workers[i].random = (workers[i].id + 1) * 0x9e3779b97f4a7c15ULL;
		workers[i].root = root;
		workers[i].board = board;
		pthread_create(&threads[i], NULL, worker_main, &workers[i]);
	}
	for (i = 0; i < WORKERS / 2; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}

FIXTURE(relatives) {
	struct board *board;
	long long before[ARRAY_SIZE(counters)];
};

FIXTURE_SETUP(relatives)
{
	counters_get(_metadata, self->before);
	self->board = mmap(NULL, sizeof(*self->board), PROT_RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->board);
}

FIXTURE_TEARDOWN(relatives)
{
	counters_check(_metadata, self->before);
}

TEST_F_TIMEOUT(relatives, do_not_disturb_each_other, 3600)
{
	zx_handle_t root = vmo_create(_metadata, TREE_PAGES * PAGE, 0);
	struct board *board = self->board;
	unsigned long wrong = 0;
	unsigned int i;
	int status;
	pid_t pids[2];

	for (i = 0; i < TREE_PAGES; i++)
		if (root_byte(i))
			vmo_fill(_metadata, root, i * PAGE, PAGE, root_byte(i));
	for (i = 0; i < 2; i++) {
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i])
			family_process(root, board, i);
	}
	for (int64_t end = time_to_stop(); zx_clock_get_monotonic() < end;) {
		usleep(50000);
		vmo_info(_metadata, root);
	}
	atomic_store(&board->stop, true);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	EXPECT_EQ(0, atomic_load(&board->errors));
	EXPECT_LT(100, atomic_load(&board->writes[0]));
	for (i = 0; i < TREE_PAGES; i++)
		wrong += vmo_span(root, i * PAGE, PAGE, root_byte(i)) != PAGE;
	EXPECT_EQ(0, wrong);
	EXPECT_CHILDREN(0, root);
	ASSERT_OK(zx_handle_close(root));
}

TEST_HARNESS_MAIN
