// SPDX-License-Identifier: GPL-2.0-only
/*
 * Discardable VMOs while a cgroup that is too small for them discards them all
 * the time: two threads lock, fill, verify, unlock, resize and replace them, and
 * others, in this process and another, look on.
 *
 * Every word of a page says which page of which VMO it is and of which generation.
 * Who works on a VMO has it for itself, but for the kernel, and knows what must be
 * in it: while it is locked no byte goes; when it was discarded, which may be at any
 * time after, LOCK tells and nothing of it is ever seen again. Onlookers know the
 * oldest generation that may be seen at all.
 *
 * ZXVMO_STRESS_SECONDS makes it longer, ZXVMO_STRESS_SEED different.
 */
#include <stdarg.h>

#include "cgroup_test.h"
#include "discard_test.h"

#define SLOTS		10	/* VMOs */
#define MAX_PAGES	96	/* of each */
#define LIMIT		(5 * MIB / 2)	/* for all of them */
#define WORKERS		2
#define ONLOOKERS	2
#define MAX_PINNED	2	/* VMOs at a time: they cannot be discarded */

/* What happened, each of which must */
#define COUNTS(X)									\
	X(kept) X(discarded) X(told_twice) X(filled) X(verified) X(read_while_unlocked)	\
	X(found_gone) X(stored_while_unlocked) X(faulted) X(nested) X(grown) X(shrunk)	\
	X(zeroed) X(decommitted) X(replaced) X(locked_in_vain) X(pinned) X(let_go)	\
	X(seen) X(not_seen) X(try_lock_refused)

enum count {
#define COUNT_ENUM(name) COUNT_##name,
	COUNTS(COUNT_ENUM)
	NR_COUNTS
};

static const char *const count_names[] = {
#define COUNT_NAME(name) #name,
	COUNTS(COUNT_NAME)
};

struct slot {
	pthread_mutex_t mutex;		/* of who works on it */
	unsigned int number;
	zx_handle_t vmo;
	unsigned char *p;		/* MAX_PAGES, whatever the size */
	uint64_t pages;			/* the size */
	uint64_t generation;		/* the last that was written */
	uint64_t written[MAX_PAGES];	/* generation of each page, 0: zeros */
	bool gone;			/* it was seen that all was discarded */
	int pipe[2];			/* holds a page, if @held_in says so */
	int held;			/* its index, -1: none */
	bool held_in;			/* and it is still in the VMO */
	/* What may still be seen is of this generation or a later one... */
	_Atomic uint64_t oldest;
	/* ... and what of the VMO that was there at first */
	_Atomic uint64_t oldest_of_first;
	bool is_first;
};

struct board {
	atomic_bool stop;
	atomic_uint errors;
	char first_error[256];
	atomic_ulong counts[NR_COUNTS];
	atomic_int pinned;
	atomic_ulong out_of_memory;
	struct slot slots[SLOTS];
};

struct worker {
	unsigned int id;
	bool sees_first;	/* the VMOs there were at first, whatever replaced them */
	uint64_t random;
	uint64_t page[512];	/* its words, see fill_page() */
	unsigned char buffer[MAX_PAGES * 4096];
};

static struct board *board;

#define WORDS	(PAGE / sizeof(uint64_t))

static void happened(enum count count)
{
	atomic_fetch_add(&board->counts[count], 1);
}

__attribute__((format(printf, 2, 3)))
static void error(struct slot *slot, const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!atomic_fetch_add(&board->errors, 1))
		snprintf(board->first_error, sizeof(board->first_error),
			 "VMO %u of %ju pages, generation %ju: %s", slot->number,
			 (uintmax_t)slot->pages, (uintmax_t)slot->generation, text);
	atomic_store(&board->stop, true);
}

static uint64_t below(struct worker *worker, uint64_t limit)
{
	worker->random ^= worker->random << 13;
	worker->random ^= worker->random >> 7;
	worker->random ^= worker->random << 17;
	return (worker->random >> 11) % limit;
}

/* Contents */

static uint64_t word_of(const struct slot *slot, unsigned int index, uint64_t generation)
{
	return generation ? generation << 16 | slot->number << 8 | index : 0;
}

static void fill_page(uint64_t *page, uint64_t word)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		page[i] = word;
}

static bool page_has(const void *page, uint64_t word)
{
	const uint64_t *words = page;

	return words[0] == word && !memcmp(words, words + 1, PAGE - sizeof(word));
}

static void check_page(struct slot *slot, unsigned int index, const void *page, const char *how)
{
	const uint64_t *words = page, want = word_of(slot, index, slot->written[index]);
	unsigned int i;

	if (page_has(page, want))
		return;
	for (i = 0; words[i] == want; i++)
		;
	error(slot, "%s: page %u, word %u is %#jx instead of %#jx", how, index, i,
	      (uintmax_t)words[i], (uintmax_t)want);
}

/* All that was written is gone, and nobody may see it again */
static void forget(struct slot *slot)
{
	if (slot->held_in)
		error(slot, "discarded while page %d was held", slot->held);
	memset(slot->written, 0, sizeof(slot->written));
	slot->gone = false;
	atomic_store(&slot->oldest, ++slot->generation);
	if (slot->is_first)
		atomic_store(&slot->oldest_of_first, slot->generation);
}

/* What was found gone stays gone until it is locked */
static void found_gone(struct slot *slot)
{
	happened(COUNT_found_gone);
	if (slot->held_in)
		error(slot, "gone while page %d was held", slot->held);
	slot->gone = true;
}

static struct zt_fault load_word(volatile uint64_t *p, uint64_t *word)
{
	return ZT_TRY(*word = *p);
}

static struct zt_fault store_word(volatile uint64_t *p, uint64_t word)
{
	return ZT_TRY(*p = word);
}

static bool no_memory(void)
{
	atomic_fetch_add(&board->out_of_memory, 1);
	return false;
}

/* Verify, while it is locked */

static void verify(struct worker *worker, struct slot *slot, bool all)
{
	unsigned int first = 0, nr = slot->pages, i;
	zx_status_t status;

	if (!nr)
		return;
	if (!all) {
		first = below(worker, nr);
		nr = 1 + below(worker, nr - first);
	}
	if (below(worker, 2)) {
		for (i = first; i < first + nr; i++)
			check_page(slot, i, slot->p + i * PAGE, "mapped");
	} else {
		status = zx_vmo_read(slot->vmo, worker->buffer, first * PAGE, nr * PAGE);
		if (status)
			error(slot, "read: %s", zt_status_name(status));
		for (i = 0; i < nr && !status; i++)
			check_page(slot, first + i, worker->buffer + i * PAGE, "read");
	}
	happened(COUNT_verified);
}

/* Writes a page in one of several ways; false if there was no memory for it */
static bool write_page(struct worker *worker, struct slot *slot, unsigned int index)
{
	uint64_t word = word_of(slot, index, ++slot->generation);
	struct zt_fault fault;
	zx_status_t status;
	ssize_t n;

	fill_page(worker->page, word);
	switch (below(worker, 3)) {
	case 0:
		status = zx_vmo_write(slot->vmo, worker->page, index * PAGE, PAGE);
		if (status == ZX_ERR_NO_MEMORY)
			return no_memory();
		if (status)
			error(slot, "write: %s", zt_status_name(status));
		break;
	case 1:
		n = pwrite(fd_of(slot->vmo), worker->page, PAGE, index * PAGE);
		if (n < 0 && errno == ENOMEM)
			return no_memory();
		if (n != (ssize_t)PAGE)
			error(slot, "pwrite: %zd, %s", n, zt_errno_name(errno));
		break;
	default:
		fault = ZT_TRY(memcpy(slot->p + index * PAGE, worker->page, PAGE));
		if (fault.signal && slot->written[index])
			error(slot, "store to page %u: signal %d", index, fault.signal);
		if (fault.signal)
			return no_memory();
		break;
	}
	slot->written[index] = slot->generation;
	return true;
}

static void fill(struct worker *worker, struct slot *slot)
{
	unsigned int first, nr, i;

	if (!slot->pages)
		return;
	first = below(worker, slot->pages);
	nr = 1 + below(worker, slot->pages - first);
	for (i = first; i < first + nr && write_page(worker, slot, i); i++)
		;
	happened(COUNT_filled);
}

/* A page that leaves the VMO keeps what it held in a pipe, but holds nothing back */
static void left(struct slot *slot, unsigned int first, unsigned int end)
{
	if (slot->held_in && slot->held >= (int)first && slot->held < (int)end)
		slot->held_in = false;
	for (; first < end; first++)
		slot->written[first] = 0;
}

/* May be done at any time: to what was discarded it does nothing */
static void remove_pages(struct worker *worker, struct slot *slot)
{
	uint32_t op = below(worker, 2) ? ZX_VMO_OP_ZERO : ZX_VMO_OP_DECOMMIT;
	unsigned int first, nr;
	zx_status_t status;

	if (!slot->pages)
		return;
	first = below(worker, slot->pages);
	nr = 1 + below(worker, slot->pages - first);
	/* or else there would soon be nothing to discard */
	if (nr > 4)
		nr = 4;
	status = vmo_op(slot->vmo, op, first, nr);
	if (status)
		error(slot, "operation %u: %s", op, zt_status_name(status));
	left(slot, first, first + nr);
	happened(op == ZX_VMO_OP_ZERO ? COUNT_zeroed : COUNT_decommitted);
}

static void resize(struct worker *worker, struct slot *slot)
{
	uint64_t pages = below(worker, 4) ? MAX_PAGES - below(worker, MAX_PAGES / 4) :
					    below(worker, MAX_PAGES + 1);
	zx_status_t status = zx_vmo_set_size(slot->vmo, pages * PAGE);

	if (status)
		error(slot, "set_size: %s", zt_status_name(status));
	happened(pages < slot->pages ? COUNT_shrunk : COUNT_grown);
	left(slot, pages, MAX_PAGES);
	slot->pages = pages;
}

/* Locking */

/* Finds out what became of the contents. It is locked then. */
static void relock(struct worker *worker, struct slot *slot)
{
	zx_vmo_lock_state_t report = { 0 };
	zx_status_t status;

	if (below(worker, 2)) {
		status = vmo_try_lock(slot->vmo);
		if (status == ZX_OK) {
			if (slot->gone)
				error(slot, "TRY_LOCK of what was gone");
			happened(COUNT_kept);
			return;
		}
		if (status != ZX_ERR_UNAVAILABLE)
			error(slot, "TRY_LOCK: %s", zt_status_name(status));
		slot->gone = true;
		happened(COUNT_try_lock_refused);
	}
	status = vmo_lock_state(slot->vmo, &report);
	if (status)
		error(slot, "LOCK: %s", zt_status_name(status));
	if (report.size != slot->pages * PAGE || report.offset || report.discarded_offset)
		error(slot, "LOCK reports size %#jx", (uintmax_t)report.size);
	if (report.discarded_size && report.discarded_size != report.size)
		error(slot, "LOCK reports %#jx discarded", (uintmax_t)report.discarded_size);
	if (slot->gone && !report.discarded_size && slot->pages)
		error(slot, "LOCK does not report what was gone");
	if (report.discarded_size || slot->gone) {
		forget(slot);
		happened(COUNT_discarded);
	} else {
		happened(COUNT_kept);
	}
}

static void unlock(struct slot *slot)
{
	zx_status_t status = vmo_unlock(slot->vmo);

	if (status)
		error(slot, "UNLOCK: %s", zt_status_name(status));
}

static void work_locked(struct worker *worker, struct slot *slot)
{
	unsigned int i, locks = 1;
	zx_vmo_lock_state_t report;

	for (i = below(worker, 8); i; i--) {
		switch (below(worker, 8)) {
		case 0 ... 2:
			fill(worker, slot);
			break;
		case 3 ... 4:
			verify(worker, slot, false);
			break;
		case 5:
			if (below(worker, 2))
				remove_pages(worker, slot);
			else
				resize(worker, slot);
			break;
		case 6:
			if (vmo_lock_state(slot->vmo, &report) || report.discarded_size)
				error(slot, "LOCK of what is locked: %#jx discarded",
				      (uintmax_t)report.discarded_size);
			else
				happened(COUNT_told_twice);
			locks++;
			happened(COUNT_nested);
			break;
		default:
			if (vmo_lock_in_vain(slot->vmo) != ZX_ERR_INVALID_ARGS)
				error(slot, "LOCK without a buffer");
			if (locks > 1) {
				unlock(slot);
				locks--;
			}
			break;
		}
	}
	verify(worker, slot, !below(worker, 4));
	while (locks--)
		unlock(slot);
}

/* What one may do without a lock, when the contents may go between any two steps */

static void read_unlocked(struct worker *worker, struct slot *slot)
{
	zx_status_t status;
	unsigned int i;

	if (!slot->pages)
		return;
	status = zx_vmo_read(slot->vmo, worker->buffer, 0, slot->pages * PAGE);
	if (status == ZX_ERR_NOT_FOUND) {
		found_gone(slot);
		return;
	}
	if (status || slot->gone)
		error(slot, "read without a lock: %s", zt_status_name(status));
	for (i = 0; i < slot->pages && !status; i++)
		check_page(slot, i, worker->buffer + i * PAGE, "read without a lock");
	happened(COUNT_read_while_unlocked);
}

static void access_unlocked(struct worker *worker, struct slot *slot)
{
	unsigned int index = slot->pages ? below(worker, slot->pages) : 0;
	volatile uint64_t *p = (uint64_t *)(slot->p + index * PAGE);
	uint64_t word, want;
	struct zt_fault fault;

	if (!slot->pages || !slot->written[index])
		return;
	if (below(worker, 2)) {
		want = word_of(slot, index, slot->written[index]);
		fault = load_word(p + below(worker, WORDS), &word);
		if (!fault.signal && (word != want || slot->gone))
			error(slot, "page %u without a lock: %#jx instead of %#jx%s", index,
			      (uintmax_t)word, (uintmax_t)want, slot->gone ? ", gone" : "");
	} else {
		/* the word there is already: what matters is that it can be stored */
		want = word_of(slot, index, slot->written[index]);
		fault = store_word(p + below(worker, WORDS), want);
		if (!fault.signal && slot->gone)
			error(slot, "page %u was stored to, and was gone", index);
		if (!fault.signal)
			happened(COUNT_stored_while_unlocked);
	}
	if (fault.signal) {
		found_gone(slot);
		happened(COUNT_faulted);
	}
}

/* Stays in the VMO if the VMO stays */
static void write_unlocked(struct worker *worker, struct slot *slot)
{
	unsigned int index = slot->pages ? below(worker, slot->pages) : 0;
	zx_status_t status;

	if (!slot->pages)
		return;
	fill_page(worker->page, word_of(slot, index, ++slot->generation));
	status = zx_vmo_write(slot->vmo, worker->page, index * PAGE, PAGE);
	if (status == ZX_ERR_NOT_FOUND) {
		found_gone(slot);
	} else if (status == ZX_ERR_NO_MEMORY) {
		no_memory();
	} else if (status || slot->gone) {
		error(slot, "write without a lock: %s", zt_status_name(status));
	} else {
		slot->written[index] = slot->generation;
	}
}

/*
 * If it had been discarded, or is in this instant, nobody is told: what is there is
 * all, or nothing.
 */
static void lock_in_vain(struct worker *worker, struct slot *slot)
{
	zx_vmo_lock_state_t report;
	unsigned int i, zeros = 0, written = 0;

	if (vmo_lock_in_vain(slot->vmo) != ZX_ERR_INVALID_ARGS)
		error(slot, "LOCK without a buffer");
	if (vmo_lock_state(slot->vmo, &report))
		error(slot, "LOCK after a LOCK in vain");
	happened(COUNT_locked_in_vain);
	if (report.discarded_size && slot->gone)
		error(slot, "LOCK after a LOCK in vain reports what was forgotten");
	for (i = 0; i < slot->pages && !report.discarded_size && !slot->gone; i++) {
		if (!slot->written[i])
			continue;
		written++;
		zeros += page_has(slot->p + i * PAGE, 0);
	}
	if (report.discarded_size || slot->gone || (written && zeros == written))
		forget(slot);
	verify(worker, slot, true);
	unlock(slot);
}

/* A page goes into a pipe as it is; as long as it is there nothing is discarded */
static void pin(struct worker *worker, struct slot *slot)
{
	unsigned int index = slot->pages ? below(worker, slot->pages) : 0;
	struct iovec iov = { slot->p + index * PAGE, PAGE };

	if (!slot->pages || !slot->written[index] || slot->held >= 0)
		return;
	if (atomic_fetch_add(&board->pinned, 1) >= MAX_PINNED) {
		atomic_fetch_sub(&board->pinned, 1);
		return;
	}
	if (vmsplice(slot->pipe[1], &iov, 1, SPLICE_F_NONBLOCK) != (ssize_t)PAGE) {
		if (errno == EFAULT)
			found_gone(slot);
		else if (errno == ENOMEM)
			no_memory();
		else
			error(slot, "vmsplice: %s", zt_errno_name(errno));
		atomic_fetch_sub(&board->pinned, 1);
		return;
	}
	if (slot->gone)
		error(slot, "page %u was held, and was gone", index);
	slot->held = index;
	slot->held_in = true;
	happened(COUNT_pinned);
}

static void let_go(struct slot *slot)
{
	uint64_t page[512];

	if (slot->held < 0)
		return;
	if (read(slot->pipe[0], page, PAGE) != (ssize_t)PAGE)
		error(slot, "pipe: %s", zt_errno_name(errno));
	if (!page_has(page, page[0]) || (page[0] & 0xffff) != (slot->number << 8 | slot->held))
		error(slot, "page %d in the pipe has %#jx", slot->held, (uintmax_t)page[0]);
	if (slot->held_in && page[0] != word_of(slot, slot->held, slot->written[slot->held]))
		error(slot, "page %d in the pipe has %#jx, in the VMO generation %#jx", slot->held,
		      (uintmax_t)page[0], (uintmax_t)slot->written[slot->held]);
	slot->held = -1;
	slot->held_in = false;
	atomic_fetch_sub(&board->pinned, 1);
	happened(COUNT_let_go);
}

/* Another VMO at the same place */
static void replace(struct slot *slot)
{
	zx_status_t status;
	zx_handle_t vmo;

	let_go(slot);
	status = zx_vmo_create(MAX_PAGES * PAGE, ZX_VMO_DISCARDABLE | ZX_VMO_RESIZABLE, &vmo);
	if (status) {
		if (status == ZX_ERR_NO_MEMORY)
			no_memory();
		else
			error(slot, "create: %s", zt_status_name(status));
		return;
	}
	if (mmap(slot->p, MAX_PAGES * PAGE, PROT_RW, MAP_SHARED | MAP_FIXED, fd_of(vmo), 0) ==
	    MAP_FAILED) {
		zx_handle_close(vmo);
		no_memory();
		return;
	}
	if (slot->vmo && zx_handle_close(slot->vmo))
		error(slot, "close");
	slot->vmo = vmo;
	slot->pages = MAX_PAGES;
	if (vmo_lock(vmo))
		error(slot, "LOCK of a new one");
	slot->is_first = !slot->generation;
	forget(slot);
	happened(COUNT_replaced);
	unlock(slot);
}

static void work_unlocked(struct worker *worker, struct slot *slot)
{
	unsigned int i;

	for (i = below(worker, 6); i; i--) {
		switch (below(worker, 16)) {
		case 0 ... 4:
			read_unlocked(worker, slot);
			break;
		case 5 ... 9:
			access_unlocked(worker, slot);
			break;
		case 10:
			write_unlocked(worker, slot);
			break;
		case 11:
			remove_pages(worker, slot);
			break;
		case 12:
			resize(worker, slot);
			break;
		case 13:
			pin(worker, slot);
			break;
		case 14:
			let_go(slot);
			break;
		default:
			if (!below(worker, 4))
				replace(slot);
			else
				lock_in_vain(worker, slot);
			break;
		}
	}
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	struct slot *slot;

	pin_to(worker->id);
	while (!atomic_load(&board->stop)) {
		slot = &board->slots[below(worker, SLOTS)];
		if (pthread_mutex_trylock(&slot->mutex))
			continue;
		relock(worker, slot);
		work_locked(worker, slot);
		work_unlocked(worker, slot);
		pthread_mutex_unlock(&slot->mutex);
	}
	return NULL;
}

/* Sees what there is at any time: nothing that went before it began to look */
static void *onlooker_main(void *arg)
{
	struct worker *worker = arg;

	pin_to(worker->id);
	while (!atomic_load(&board->stop)) {
		struct slot *slot = &board->slots[below(worker, SLOTS)];
		unsigned int index = below(worker, MAX_PAGES);
		volatile uint64_t *p = (uint64_t *)(slot->p + index * PAGE);
		uint64_t oldest = atomic_load(worker->sees_first ? &slot->oldest_of_first :
								   &slot->oldest);
		uint64_t word;

		if (load_word(p + below(worker, WORDS), &word).signal) {
			happened(COUNT_not_seen);
		} else if (word && ((word & 0xffff) != (slot->number << 8 | index) ||
				    word >> 16 < oldest)) {
			error(slot, "onlooker %u sees %#jx in page %u, generation %#jx being the oldest",
			      worker->id, (uintmax_t)word, index, (uintmax_t)oldest);
		} else {
			happened(COUNT_seen);
		}
		/* They need not look all the time */
		if (!below(worker, 8))
			usleep(300);
	}
	return NULL;
}

/* Asks for more than the limit does by itself, and where nobody needs it */
static void *reclaimer_main(void *arg)
{
	struct cgroup *cgroup = arg;

	while (!atomic_load(&board->stop)) {
		write_number(cgroup_file(cgroup, "memory.reclaim"), 256 * KIB);
		usleep(20000);
	}
	return NULL;
}

FIXTURE(discard) {
	struct cgroup cgroup;
	long long discards;
};

FIXTURE_SETUP(discard)
{
	cgroup_make(_metadata, &self->cgroup);
	self->discards = zt_stat("discards");
	board = mmap(NULL, sizeof(*board), PROT_RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, board);
}

FIXTURE_TEARDOWN_PARENT(discard)
{
	cgroup_remove(&self->cgroup);
	EXPECT_EQ(self->cgroup.oom_kills, oom_kills());
}

static void make_slots(struct __test_metadata *_metadata)
{
	pthread_mutexattr_t attr;
	unsigned int i;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	for (i = 0; i < SLOTS; i++) {
		struct slot *slot = &board->slots[i];

		pthread_mutex_init(&slot->mutex, &attr);
		slot->number = i + 1;
		slot->held = -1;
		ASSERT_EQ(0, pipe2(slot->pipe, O_CLOEXEC | O_NONBLOCK));
		slot->p = mmap(NULL, MAX_PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);
		ASSERT_NE(MAP_FAILED, slot->p);
		replace(slot);
	}
}

static struct worker *worker_new(struct __test_metadata *_metadata, unsigned int id,
				 uint64_t seed)
{
	struct worker *worker = malloc(sizeof(*worker));

	/* It is all there before memory is short */
	ASSERT_NE(NULL, worker);
	memset(worker, 0, sizeof(*worker));
	worker->id = id;
	worker->random = (seed * 1000 + id + 1) * 0x9e3779b97f4a7c15ULL | 1;
	return worker;
}

static bool all_happened(void)
{
	unsigned int i;

	for (i = 0; i < NR_COUNTS; i++)
		if (!atomic_load(&board->counts[i]))
			return false;
	return true;
}

TEST_F_TIMEOUT(discard, is_never_seen_and_never_too_early, 3600)
{
	const char *seconds = getenv("ZXVMO_STRESS_SECONDS");
	const char *text = getenv("ZXVMO_STRESS_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : 1;
	pthread_t threads[WORKERS + ONLOOKERS + 1];
	struct worker *workers[WORKERS + ONLOOKERS];
	unsigned int i, nr = 0;
	int64_t end, late;
	long long before;
	int status;
	pid_t pid;

	ASSERT_EQ(0, cgroup_join(&self->cgroup));
	make_slots(_metadata);
	/* Mappings of the first VMOs, which stay there when these are replaced */
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct worker *worker = worker_new(_metadata, 100, seed);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		worker->sees_first = true;
		onlooker_main(worker);
		_exit(0);
	}
	for (i = 0; i < WORKERS + ONLOOKERS; i++)
		workers[i] = worker_new(_metadata, i, seed);
	before = cgroup_current(&self->cgroup);
	for (i = 0; i < WORKERS + ONLOOKERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[nr++], NULL,
					    i < WORKERS ? worker_main : onlooker_main,
					    workers[i]));
	ASSERT_EQ(0, write_number(cgroup_file(&self->cgroup, "memory.max"), before + LIMIT));
	ASSERT_EQ(0, pthread_create(&threads[nr++], NULL, reclaimer_main, &self->cgroup));

	end = zx_deadline_after(1000000000LL * (seconds ? atoi(seconds) : 5));
	late = end + PATIENCE_NS;
	while (!atomic_load(&board->stop) &&
	       (zx_clock_get_monotonic() < end ||
		(!all_happened() && zx_clock_get_monotonic() < late))) {
		usleep(100000);
		ASSERT_ERRNO(0, zt_check());
	}
	atomic_store(&board->stop, true);
	for (i = 0; i < nr; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, atomic_load(&board->errors)) TH_LOG("%s", board->first_error);
	for (i = 0; i < NR_COUNTS; i++) {
		EXPECT_LT(0, atomic_load(&board->counts[i]))
			TH_LOG("never %s", count_names[i]);
	}
	TH_LOG("%lld discards, %lu kept, %lu found discarded, %lu times no memory",
	       zt_stat("discards") - self->discards, atomic_load(&board->counts[COUNT_kept]),
	       atomic_load(&board->counts[COUNT_discarded]),
	       atomic_load(&board->out_of_memory));
	check_no_oom(_metadata, &self->cgroup);
	EXPECT_ERRNO(0, zt_check());
	check_zero_pages(_metadata);
}

TEST_HARNESS_MAIN
