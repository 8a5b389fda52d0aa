/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The nth-failure sweep: a call is made again and again, and each time another
 * of the allocations and user copies that the kernel does for it fails, until it
 * ran through undisturbed. After each failure everything that can be seen of a
 * small world of objects is compared with what it was before the call, or with
 * what it becomes by the call.
 *
 * chain	a call, what has to be there for it, and what it may fail with
 * world	the objects it works on, made anew for each time
 * shape	all that can be seen of a world, as a list of numbers
 *
 * Allocations fail wherever the call takes the thread, user copies only below
 * functions of the module: what the core copies for itself is not our affair,
 * and the copies that switch the injection off must not fail. get_user() and
 * put_user() cannot be made to fail; abi.c gives them bad addresses.
 */
#ifndef ZXVMO_SELFTESTS_NTH_H
#define ZXVMO_SELFTESTS_NTH_H

#include "zxtest.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>

#define PAGE		((__u64)zt_page_size())
#define NTH_MAX		1000	/* no call allocates more often */
#define NTH_TRIES	50

/* What a call came to: 0, an errno, a zx_status_t, which is negative, or */
#define SIGNALED(signal)	(0x10000 + (signal))
#define SHORT			0x20000		/* part was read or written */

static const char *outcome_name(int outcome)
{
	if (outcome == SHORT)
		return "part of it";
	if (outcome >= SIGNALED(0))
		return sigabbrev_np(outcome - SIGNALED(0));
	return outcome < 0 ? zt_status_name(outcome) : zt_errno_name(outcome);
}

/* How a command is sent */
enum manner {
	TO_DEVICE,
	LONGER,		/* with a structure of a later version */
	TO_OBJECT,	/* on the VMO's own descriptor */
	NR_MANNERS,
};

#define VMO_PAGES	16
#define VIEW_PAGES	24	/* pages that a shape holds, from each of two places */
#define NR_OUT		40
#define BUFFER_PAGES	24
#define PATTERN_PAGES	64

struct chain;

struct world {
	const struct chain *chain;
	enum manner manner;
	bool to_object;		/* a command was sent to an object */
	int first_fd;		/* this one and all above, to LAST_FD, are ours */
	__u32 vmo, other, child; /* looked at; the further places are these pages */
	__u64 view, other_view, child_view;
	__u32 event;
	__u32 extra;		/* for what the call consumes; not looked at */
	__u32 values[NR_OUT];	/* more of these */
	char *map;		/* of @vmo */
	size_t map_size;
	__u64 map_offset;
	bool holes;		/* part of @map may not be mapped */
	bool map_is_private;	/* and not compared with @vmo */
	int fd, pipe[2];
	__u64 at;		/* where in @vmo written() begins */
	ssize_t done;		/* what transferred() was told */
	uint64_t out[NR_OUT];	/* for results: they differ from time to time */
	char *buffer;		/* the same for data, which do not */
};

#define LAST_FD		400	/* libzircon has its own above */
#define ALL_FDS		576
#define NOTHING_STORED	0xa5a5a5a5a5a5a5a5ULL

/* What a number is about; a failed call may leave some of it half done */
enum {
	ABOUT_DATA	= 1 << 0,	/* each page as before or as after */
	ABOUT_SIZE	= 1 << 1,
	ABOUT_STREAM	= 1 << 2,
	ABOUT_HANDLES	= 1 << 3,
	ABOUT_HOLES	= 1 << 4,	/* what of a mapping is there */
	ABOUT_PAGES	= 1 << 5,	/* these are numbers: anything between */
	ABOUT_MAPPINGS	= 1 << 6,
	ABOUT_RESULT	= 1 << 7,	/* not compared after success */
};

struct item {
	const char *role;
	const char *what;
	int index;
	unsigned int about;
	__u64 value;
};

struct shape {
	unsigned int nr;
	struct item items[320];
};

struct chain {
	const char *name;
	unsigned int command;		/* the one it is for, or 0 */
	void (*prepare)(struct __test_metadata *_metadata, struct world *w);
	int (*call)(struct world *w);
	/* What the call comes to undisturbed */
	int outcome;
	/* What it must be seen to fail with, and what else is no surprise */
	int fails[4];
	int may[4];
	/* ABOUT_ what a failed call may leave half done */
	unsigned int partly;
	/*
	 * Says more exactly what a failure has changed: @want is what was before,
	 * @now what is.
	 */
	void (*failed)(const struct world *w, int outcome, const struct shape *after,
		       const struct shape *now, struct shape *want);
	bool once;			/* it cannot be repeated after a failure */
	bool fork;			/* in a process of its own each time */
	bool bare;			/* in a world without objects */
	struct chain *next;
};

static struct chain *chains;

static zt_unused void chain_add(struct chain *chain)
{
	chain->next = chains;
	chains = chain;
}

/*
 * Define a chain as a test of a group. @expression is the call, of w; the rest
 * are fields of struct chain.
 */
#define CHAIN(group, _name, expression, ...)					\
	static int group##_##_name##_call(struct world *w zt_unused)		\
	{									\
		return expression;						\
	}									\
	static struct chain group##_##_name##_chain = {				\
		.name = #_name, .call = group##_##_name##_call, ##__VA_ARGS__	\
	};									\
	static __attribute__((constructor)) void group##_##_name##_add(void)	\
	{									\
		chain_add(&group##_##_name##_chain);				\
	}									\
	TEST_F_TIMEOUT(group, _name, 240)					\
	{									\
		sweep(_metadata, &group##_##_name##_chain);			\
	}

/* Groups are fixtures, for their time limit and their set-up */
#define GROUP(name)								\
	FIXTURE(name) {};							\
	FIXTURE_SETUP(name) { nth_setup(_metadata); }				\
	FIXTURE_TEARDOWN(name) {}

/* Steps of calls */

/* Send a command as the world's manner is */
static zt_unused int send_command(struct world *w, unsigned int command, const void *arg)
{
	union {
		__u32 words[32];
		__u64 alignment;
	} copy = {};
	int fd = zt_device();

	memcpy(&copy, arg, *(const __u32 *)arg);
	if (w->manner == LONGER && command == w->chain->command) {
		copy.words[0] += sizeof(__u64);
	} else if (w->manner == TO_OBJECT && copy.words[1] == w->vmo) {
		copy.words[1] = 0;
		fd = ZXVMO_HANDLE_FD(w->vmo);
		w->to_object = true;
	}
	return zt_ioctl(fd, command, &copy);
}

#define COMMAND(command, type, ...)						\
	send_command(w, ZXVMO_##command, &(struct zxvmo_##type){		\
		.size = sizeof(struct zxvmo_##type), ##__VA_ARGS__ })

/* The outcome of a call that gives -1 with errno */
static zt_unused int checked(long ret)
{
	return ret < 0 ? errno : 0;
}

/* The outcome of a call that reads or writes */
static zt_unused int transferred(struct world *w, ssize_t done, size_t wanted)
{
	w->done = done;
	if (done < 0)
		return errno;
	return (size_t)done < wanted ? SHORT : 0;
}

static zt_unused int faulted(struct zt_fault fault)
{
	return fault.signal ? SIGNALED(fault.signal) : 0;
}

/* Shapes */

/* The module's counters; opened once, for that takes long */
static int nth_stats = -1;

static void shape_add(struct shape *s, const char *role, const char *what, int index,
		      unsigned int about, __u64 value)
{
	if (s->nr == ARRAY_SIZE(s->items))
		abort();
	s->items[s->nr++] = (struct item){ role, what, index, about, value };
}

static struct item *shape_find(const struct shape *s, const char *role,
			       const char *what, int index)
{
	for (unsigned int i = 0; i < s->nr; i++) {
		const struct item *item = &s->items[i];

		if (item->index == index && !strcmp(item->role, role) &&
		    !strcmp(item->what, what))
			return (struct item *)item;
	}
	abort();
}

/* A number of a page's bytes; 0 if all are zero */
static __u64 page_hash(const char *page)
{
	const __u64 *words = (const void *)page;
	__u64 hash = 0;

	for (size_t i = 0; i < PAGE / sizeof(*words); i++)
		if (words[i])
			hash = (hash ^ words[i] ^ i) * 0x9e3779b97f4a7c15ULL;
	return hash;
}

static void shape_add_pages(struct shape *s, const char *role, const char *what,
			    __u32 handle, __u64 first, __u64 size)
{
	static char buffer[VIEW_PAGES][4096] __attribute__((aligned(4096)));
	__u64 nr = size / PAGE > first ? size / PAGE - first : 0;

	if (nr > VIEW_PAGES)
		nr = VIEW_PAGES;
	if (nr && zt_call(VMO_READ, vmo_rw, .handle = handle, .buffer = ZT_ADDRESS(buffer),
			  .offset = first * PAGE, .length = nr * PAGE))
		nr = 0;
	for (__u64 i = 0; i < VIEW_PAGES; i++)
		shape_add(s, role, what, i, ABOUT_DATA, i < nr ? page_hash(buffer[i]) : 0);
}

static void shape_add_object(struct shape *s, const char *role, __u32 handle)
{
	struct zxvmo_info_handle_count count = {};
	__u32 signals = 0;

	zt_call(OBJECT_WAIT_ONE, object_wait_one, .handle = handle,
		.out_observed = ZT_ADDRESS(&signals));
	shape_add(s, role, "signals", 0, 0, signals);
	zt_call(OBJECT_GET_INFO, object_get_info, .handle = handle,
		.topic = ZXVMO_INFO_HANDLE_COUNT, .buffer = ZT_ADDRESS(&count),
		.buffer_size = sizeof(count));
	shape_add(s, role, "handles", 0, ABOUT_HANDLES, count.handle_count);
}

static __u64 koid_of(__u32 handle)
{
	struct zxvmo_info_handle_basic info = {};

	zt_call(OBJECT_GET_INFO, object_get_info, .handle = handle,
		.topic = ZXVMO_INFO_HANDLE_BASIC, .buffer = ZT_ADDRESS(&info),
		.buffer_size = sizeof(info));
	return info.koid;
}

/* Which of the world's VMOs this is the koid of, for koids are never the same again */
static __u64 number_of(const struct world *w, __u64 koid)
{
	const __u32 vmos[] = { w->vmo, w->other, w->child };
	__u64 i;

	if (!koid)
		return 0;
	for (i = 0; i < ARRAY_SIZE(vmos) && (!vmos[i] || koid_of(vmos[i]) != koid); i++)
		;
	return 1 + i;
}

static void shape_add_vmo(struct shape *s, const struct world *w, const char *role,
			  __u32 handle, __u64 view)
{
	struct zxvmo_info_vmo info = {};
	__u64 stream = 0, name;

	if (!handle)
		return;
	shape_add_object(s, role, handle);
	zt_call(OBJECT_GET_INFO, object_get_info, .handle = handle, .topic = ZXVMO_INFO_VMO,
		.buffer = ZT_ADDRESS(&info), .buffer_size = sizeof(info));
	memcpy(&name, info.name, sizeof(name));
	shape_add(s, role, "name", 0, 0, name);
	shape_add(s, role, "size", 0, ABOUT_SIZE, info.size_bytes);
	zt_call(VMO_GET_STREAM_SIZE, vmo_get_size, .handle = handle,
		.out_size = ZT_ADDRESS(&stream));
	shape_add(s, role, "stream size", 0, ABOUT_STREAM, stream);
	shape_add(s, role, "flags", 0, 0, info.flags);
	shape_add(s, role, "parent", 0, 0, number_of(w, info.parent_koid));
	shape_add(s, role, "children", 0, 0, info.num_children);
	shape_add(s, role, "mappings", 0, ABOUT_MAPPINGS, info.num_mappings);
	shape_add(s, role, "committed bytes", 0, ABOUT_PAGES, info.committed_bytes);
	shape_add(s, role, "private bytes", 0, ABOUT_PAGES, info.committed_private_bytes);
	shape_add(s, role, "scaled bytes", 0, ABOUT_PAGES, info.committed_scaled_bytes);
	shape_add(s, role, "fraction of a byte", 0, ABOUT_PAGES,
		  info.committed_fractional_scaled_bytes);
	shape_add(s, role, "metadata bytes", 0, ABOUT_PAGES, info.metadata_bytes);
	shape_add_pages(s, role, "page", handle, 0, info.size_bytes);
	if (view)
		shape_add_pages(s, role, "page of view", handle, view, info.size_bytes);
}

/* What is there beside the objects: descriptors and the module's counters */
static void shape_add_rest(struct shape *s)
{
	static const char * const counters[] = { "objects", "handles", "pages", "nodes" };
	static struct pollfd fds[ALL_FDS];
	__u64 open[ALL_FDS / 64] = {};
	char text[256] = "", *field;
	unsigned int i;

	for (i = 0; i < ALL_FDS; i++)
		fds[i] = (struct pollfd){ .fd = i };
	poll(fds, ALL_FDS, 0);
	for (i = 0; i < ALL_FDS; i++)
		open[i / 64] |= (__u64)!(fds[i].revents & POLLNVAL) << i % 64;
	for (i = 0; i < ARRAY_SIZE(open); i++)
		shape_add(s, "process", "descriptors", i, ABOUT_HANDLES, open[i]);

	if (pread(nth_stats, text, sizeof(text) - 1, 0) <= 0)
		abort();
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		field = strstr(text, counters[i]);
		shape_add(s, "module", counters[i], 0, i < 2 ? ABOUT_HANDLES : ABOUT_PAGES,
			  atol(field + strlen(counters[i]) + 1));
	}
}

static void shape_take(struct shape *s, const struct world *w)
{
	unsigned char unused;

	s->nr = 0;
	shape_add_rest(s);
	if (w->chain->bare)
		return;
	shape_add_vmo(s, w, "vmo", w->vmo, w->view);
	shape_add_vmo(s, w, "other", w->other, w->other_view);
	shape_add_vmo(s, w, "child", w->child, w->child_view);
	shape_add_object(s, "event", w->event);
	for (__u64 i = 0; w->holes && i < w->map_size; i += PAGE)
		shape_add(s, "process", "mapped page", i / PAGE, ABOUT_HOLES,
			  !mincore(w->map + i, PAGE, &unused));
	for (int i = 0; i < NR_OUT; i++)
		shape_add(s, "result", "word", i, ABOUT_RESULT, w->out[i]);
	for (__u64 i = 0; i < BUFFER_PAGES; i++)
		shape_add(s, "result", "page", i, ABOUT_DATA,
			  page_hash(w->buffer + i * PAGE));
}

static bool between(__u64 value, __u64 a, __u64 b)
{
	return (a <= value && value <= b) || (b <= value && value <= a);
}

/*
 * Whether @now is as wanted. What is about @partly may as well be as in @after,
 * or between the two if it is a number of pages; @ignore is not looked at.
 */
static bool shape_is(struct __test_metadata *_metadata, const char *when,
		     const struct shape *want, const struct shape *after,
		     const struct shape *now, unsigned int partly, unsigned int ignore)
{
	bool good = want->nr == now->nr;

	if (!good)
		TH_LOG("%s: the shape has %u items, not %u", when, now->nr, want->nr);
	for (unsigned int i = 0; i < now->nr && i < want->nr; i++) {
		const struct item *item = &now->items[i];
		__u64 old = want->items[i].value;

		if (item->value == old || (item->about & ignore))
			continue;
		if ((item->about & partly) &&
		    (item->value == after->items[i].value ||
		     ((item->about & (ABOUT_PAGES | ABOUT_MAPPINGS)) &&
		      between(item->value, old, after->items[i].value))))
			continue;
		TH_LOG("%s: %s: %s %d is 0x%llx, not 0x%llx", when, item->role, item->what,
		       item->index, item->value, old);
		good = false;
	}
	return good;
}

/* Worlds */

/* Pages that differ from each other in every byte or so, made once */
static char *nth_pattern(__u64 page)
{
	static char pattern[PATTERN_PAGES][4096] __attribute__((aligned(4096)));

	if (!pattern[0][1])
		zt_fill(pattern, sizeof(pattern), 1);
	return pattern[page];
}

/* Some pages of the pattern into a VMO */
static zt_unused void put_pages(struct __test_metadata *_metadata, __u32 handle,
				__u64 first, __u64 nr, __u64 pattern)
{
	ASSERT_ERRNO(0, zt_call(VMO_WRITE, vmo_rw, .handle = handle,
				.buffer = ZT_ADDRESS(nth_pattern(pattern)),
				.offset = first * PAGE, .length = nr * PAGE));
}

static void world_open(struct __test_metadata *_metadata, struct world *w,
		       const struct chain *chain, enum manner manner)
{
	static char buffer[BUFFER_PAGES][4096] __attribute__((aligned(4096)));

	*w = (struct world){ .chain = chain, .manner = manner, .fd = -1,
			     .pipe = { -1, -1 } };
	for (int i = 0; i < NR_OUT; i++)
		w->out[i] = NOTHING_STORED;
	w->first_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, w->first_fd);
	w->buffer = buffer[0];
	memcpy(buffer, nth_pattern(PATTERN_PAGES - BUFFER_PAGES), sizeof(buffer));
	if (!chain->bare) {
		w->vmo = zt_vmo(ZXVMO_VMO_RESIZABLE, VMO_PAGES * PAGE);
		w->other = zt_vmo(0, VMO_PAGES * PAGE);
		w->event = zt_event();
		ASSERT_TRUE(w->vmo && w->other && w->event);
		ASSERT_ERRNO(0, zt_call(OBJECT_SET_PROPERTY, object_property,
					.handle = w->vmo, .property = ZXVMO_PROP_NAME,
					.value = ZT_ADDRESS("vmo"), .value_size = 4));
		ASSERT_ERRNO(0, zt_call(OBJECT_SIGNAL, object_signal, .handle = w->vmo,
					.set_mask = 1U << 31));
		put_pages(_metadata, w->vmo, 1, 2, 1);
		put_pages(_metadata, w->other, 0, 1, 2);
		put_pages(_metadata, w->other, 5, 1, 3);
	}
	if (chain->prepare)
		chain->prepare(_metadata, w);
}

static void world_close(struct world *w)
{
	if (w->map)
		munmap(w->map, w->map_size);
	syscall(SYS_close_range, w->first_fd, LAST_FD, 0);
}

/* Whether a mapping of the VMO shows its content, as far as there is any */
static void world_check_map(struct __test_metadata *_metadata, struct world *w)
{
	char *page = malloc(PAGE);
	bool compare = w->map && !w->map_is_private;
	struct zt_fault fault;
	__u64 size = 0;

	zt_call(VMO_GET_SIZE, vmo_get_size, .handle = w->vmo, .out_size = ZT_ADDRESS(&size));
	for (__u64 i = 0; compare && i < w->map_size && w->map_offset + i < size; i += PAGE) {
		fault = zt_load(w->map + i);
		if (w->holes && fault.signal == SIGSEGV)
			continue;
		ASSERT_EQ(0, fault.signal) TH_LOG("mapped page %llu", i / PAGE);
		ASSERT_ERRNO(0, zt_call(VMO_READ, vmo_rw, .handle = w->vmo,
					.buffer = ZT_ADDRESS(page),
					.offset = w->map_offset + i, .length = PAGE));
		EXPECT_EQ(0, memcmp(page, w->map + i, PAGE))
			TH_LOG("mapped page %llu", i / PAGE);
	}
	free(page);
}

/* Injection */

static const char * const nth_kinds[] = { "failslab", "fail_page_alloc", "fail_usercopy" };

#define NTH_BUDGET	1000000000

/* How many failures of each kind there were; the kernel counts them down */
static void nth_count(long counts[ARRAY_SIZE(nth_kinds)])
{
	char path[64], text[32];
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(nth_kinds); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/times", nth_kinds[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		memset(text, 0, sizeof(text));
		counts[i] = read(fd, text, sizeof(text) - 1) > 0 ? NTH_BUDGET - atol(text) : -1;
		close(fd);
	}
}

static int nth_open(void)
{
	return open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
}

static void nth_arm(int fd, int n)
{
	char text[16];

	pwrite(fd, text, snprintf(text, sizeof(text), "%d", n), 0);
}

/* Switch off what is left; whether the failure has happened */
static bool nth_disarm(int fd)
{
	char text[16] = "";
	/* A read that fails met the failure itself */
	bool happened = pread(fd, text, sizeof(text) - 1, 0) > 0 && !atoi(text);

	while (!happened && pwrite(fd, "0", 1, 0) != 1)
		;
	return happened;
}

/* One time through a chain */

struct run {
	bool happened;
	bool to_object;
	int outcome;
};

static bool is_one_of(int outcome, const int *list)
{
	for (int i = 0; i < 4; i++)
		if (list[i] && list[i] == outcome)
			return true;
	return false;
}

/*
 * Make the call with its @n-th allocation or copy failing, and look at what it
 * left. 0: undisturbed, which gives @after.
 */
static void run_once(struct __test_metadata *_metadata, const struct chain *c,
		     enum manner manner, int n, struct shape *after, struct run *run)
{
	static struct shape base, before, now;
	struct world w;
	char when[64];
	int fd = nth_open();

	ASSERT_LE(0, fd);
	base.nr = 0;
	shape_add_rest(&base);
	world_open(_metadata, &w, c, manner);
	shape_take(&before, &w);

	if (n)
		nth_arm(fd, n);
	run->outcome = c->call(&w);
	run->happened = n && nth_disarm(fd);
	run->to_object = w.to_object;
	shape_take(n ? &now : after, &w);

	snprintf(when, sizeof(when), "failure %d, %s", n, outcome_name(run->outcome));
	if (!n) {
		ASSERT_EQ(c->outcome, run->outcome)
			TH_LOG("undisturbed: %s", outcome_name(run->outcome));
	} else if (run->outcome == c->outcome) {
		EXPECT_TRUE(shape_is(_metadata, when, after, after, &now, 0, ABOUT_RESULT));
	} else {
		EXPECT_ERRNO(0, zt_check());
		EXPECT_TRUE(run->happened)
			TH_LOG("failure %d is beyond the call: %s", n,
			       outcome_name(run->outcome));
		EXPECT_TRUE(is_one_of(run->outcome, c->fails) ||
			    is_one_of(run->outcome, c->may) ||
			    (manner == LONGER && run->outcome == EFAULT))
			TH_LOG("failure %d: %s is not among what may happen", n,
			       outcome_name(run->outcome));
		if (c->failed)
			c->failed(&w, run->outcome, after, &now, &before);
		EXPECT_TRUE(shape_is(_metadata, when, &before, after, &now, c->partly, 0));
		if (!c->once && run->outcome != SHORT) {
			strcat(when, ", again");
			EXPECT_EQ(c->outcome, c->call(&w)) TH_LOG("%s", when);
			shape_take(&now, &w);
			EXPECT_TRUE(shape_is(_metadata, when, after, after, &now, 0,
					     ABOUT_RESULT));
		}
	}
	world_check_map(_metadata, &w);
	world_close(&w);

	now.nr = 0;
	shape_add_rest(&now);
	snprintf(when, sizeof(when), "failure %d, all closed", n);
	EXPECT_TRUE(shape_is(_metadata, when, &base, &base, &now, 0, 0));
	close(fd);
}

static void run(struct __test_metadata *_metadata, const struct chain *c,
		enum manner manner, int n, struct shape *after, struct run *run)
{
	pid_t pid;

	if (!c->fork) {
		run_once(_metadata, c, manner, n, after, run);
		return;
	}
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		run_once(_metadata, c, manner, n, after, run);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
}

/* Break what the call does at each place in turn */
static void sweep_manner(struct __test_metadata *_metadata, const struct chain *c,
			 enum manner manner)
{
	/* Shared with processes that a run is made in */
	struct { struct shape after; struct run run; } *shared =
		mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* Of a later version of a structure the copy must be seen to fail */
	static const int longer_fails[ARRAY_SIZE(c->fails)] = { EFAULT };
	const int *fails = manner == LONGER ? longer_fails : c->fails;
	long counts[ARRAY_SIZE(nth_kinds)], before[ARRAY_SIZE(nth_kinds)];
	int seen[ARRAY_SIZE(c->fails)] = {};
	int n, last = 0, tries = 0, failed = 0, missing;

	ASSERT_NE(MAP_FAILED, shared);
	run(_metadata, c, manner, 0, &shared->after, &shared->run);
	if (manner == TO_OBJECT && !shared->run.to_object)
		return;

	nth_count(before);
	/*
	 * All places in turn. How many there are depends on what the caches of the
	 * allocators have, and so on the call before: one can be missed each time.
	 * Then they are tried without any order. In other manners than the first it
	 * is enough to see each error.
	 */
	do {
		n = last ? 1 + random() % last : ++tries;
		ASSERT_GT(NTH_MAX, n) TH_LOG("no end");
		run(_metadata, c, manner, n, &shared->after, &shared->run);
		failed += shared->run.outcome != c->outcome;
		missing = 0;
		for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
			seen[i] |= fails[i] && shared->run.outcome == fails[i];
			missing += fails[i] && !seen[i];
		}
		if (!last && !shared->run.happened) {
			last = n + 1;
			tries = 0;
		}
		if (last && (!missing || ++tries > NTH_TRIES))
			break;
	} while (!_metadata->exit_code && (manner == TO_DEVICE || missing));

	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		EXPECT_TRUE(!fails[i] || seen[i])
			TH_LOG("%s was never seen", outcome_name(fails[i]));
	}
	nth_count(counts);
	if (manner == TO_DEVICE)
		fprintf(TH_LOG_STREAM,
			"# %s: slab %ld, page %ld, copy %ld; the call failed %d times\n",
			c->name, counts[0] - before[0], counts[1] - before[1],
			counts[2] - before[2], failed);
}

static zt_unused void sweep(struct __test_metadata *_metadata, const struct chain *c)
{
	for (int manner = 0; manner < (c->command ? NR_MANNERS : 1) &&
	     !_metadata->exit_code; manner++)
		sweep_manner(_metadata, c, manner);
}

/* The program as a whole */

#define NTH_CGROUP	"/sys/fs/cgroup/zxvmo-nth"

static void nth_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		ksft_exit_fail_msg("cannot write %s to %s: %m\n", text, path);
	close(fd);
}

/* The range of addresses that the module's functions lie in */
static void nth_module(unsigned long long *start, unsigned long long *end)
{
	unsigned long long size = 0;
	char line[512];
	FILE *file = fopen("/proc/modules", "re");

	*start = 0;
	while (!*start && fgets(line, sizeof(line), file))
		sscanf(line, "zxvmo %llu %*s %*s %*s %llx", &size, start);
	fclose(file);
	*end = *start + size;
}

static bool nth_possible(void)
{
	return !access("/proc/thread-self/fail-nth", F_OK);
}

/* Let everything fail that can, and say nothing about it */
static void nth_configure(void)
{
	unsigned long long start, end;
	char path[64], text[32];

	for (size_t i = 0; i < ARRAY_SIZE(nth_kinds); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/verbose", nth_kinds[i]);
		nth_write(path, "0");
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/times", nth_kinds[i]);
		snprintf(text, sizeof(text), "%d", NTH_BUDGET);
		nth_write(path, text);
	}
	nth_write("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	nth_write("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	nth_write("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N");
	nth_write("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	nth_module(&start, &end);
	snprintf(text, sizeof(text), "0x%llx", start);
	nth_write("/sys/kernel/debug/fail_usercopy/require-start", text);
	snprintf(text, sizeof(text), "0x%llx", end);
	nth_write("/sys/kernel/debug/fail_usercopy/require-end", text);
}

static void nth_leave(void)
{
	nth_write("/sys/fs/cgroup/cgroup.procs", "0");
	rmdir(NTH_CGROUP);
}

/*
 * The sweeps of a program. In a memory cgroup of their own, for in the root group
 * nothing is accounted for, which makes the ways of allocations shorter.
 */
static zt_unused int nth_main(int argc, char **argv)
{
	nth_stats = open(zt_debugfs("stats"), O_RDONLY | O_CLOEXEC);
	if (nth_stats < 0)
		ksft_exit_fail_msg("no module\n");
	if (nth_possible()) {
		nth_configure();
		nth_write("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
		if (mkdir(NTH_CGROUP, 0755))
			ksft_exit_fail_msg("cannot make %s: %m\n", NTH_CGROUP);
		nth_write(NTH_CGROUP "/cgroup.procs", "0");
		atexit(nth_leave);
	}
	return test_harness_run(argc, argv);
}

static zt_unused void nth_setup(struct __test_metadata *_metadata)
{
	if (!nth_possible())
		SKIP(return, "a kernel without fault injection");
	ASSERT_LE(0, zt_device());
	/* What the program itself needs does not fail */
	ASSERT_EQ(0, mlockall(MCL_CURRENT));
}

#endif /* ZXVMO_SELFTESTS_NTH_H */
