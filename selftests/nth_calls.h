/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls, preparations of worlds, and what part of a call may be done: what the
 * programs with chains have in common.
 */
#ifndef ZXVMO_SELFTESTS_NTH_CALLS_H
#define ZXVMO_SELFTESTS_NTH_CALLS_H

#include "nth.h"

#include <linux/falloc.h>
#include <sys/uio.h>

#define SAME		ZXVMO_RIGHT_SAME_RIGHTS
#define OUT(w)		ZT_ADDRESS((w)->out)
#define OUT2(w)		ZT_ADDRESS((w)->out + 1)
#define FD(handle)	((int)ZXVMO_HANDLE_FD(handle))

/* Where leaves of the page tree meet, and what is far beyond */
#define LEAF		512ULL
#define LEAVES		(3 * LEAF)
#define FAR		(1ULL << 35)

/* Calls */

#define INFO(w, _topic)								\
	COMMAND(OBJECT_GET_INFO, object_get_info, .handle = (w)->vmo,		\
		.topic = ZXVMO_INFO_##_topic, .buffer = OUT2(w), .buffer_size = 256, \
		.out_actual = OUT(w))

/* Where nobody looks: the records name objects, which are others each time */
static zt_unused char records[4096];

#define LIST(w, _handle, _topic)						\
	COMMAND(OBJECT_GET_INFO, object_get_info, .handle = _handle,		\
		.topic = ZXVMO_INFO_##_topic, .buffer = ZT_ADDRESS(records),	\
		.buffer_size = sizeof(records), .out_avail = OUT(w))

#define MEMORY(w, verb, memory)							\
	COMMAND(PROCESS_##verb##_MEMORY, process_memory,			\
		.handle = ZXVMO_HANDLE_PROCESS_SELF, .addr = ZT_ADDRESS(memory), \
		.buffer = ZT_ADDRESS((w)->buffer), .length = 2 * PAGE, .out_actual = OUT(w))

#define COPY(w, verb, memory, first, nr)					\
	COMMAND(VMO_##verb, vmo_rw, .handle = (w)->vmo, .buffer = ZT_ADDRESS(memory), \
		.offset = (first) * PAGE, .length = (nr) * PAGE)

#define SET_SIZE(w, size)							\
	COMMAND(VMO_SET_SIZE, vmo_set_size, .handle = (w)->vmo, .vmo_size = size)

#define OP(w, _op, first, nr)							\
	COMMAND(VMO_OP_RANGE, vmo_op_range, .handle = (w)->vmo,			\
		.op = ZXVMO_VMO_OP_##_op, .offset = (first) * PAGE, .length = (nr) * PAGE)

#define TRANSFER(w, to, from, at, source, nr)					\
	COMMAND(VMO_TRANSFER_DATA, vmo_transfer_data, .handle = to, .src_handle = from, \
		.offset = (at) * PAGE, .length = (nr) * PAGE, .src_offset = (source) * PAGE)

#define PWRITE(w, first, nr)							\
	transferred(w, pwrite(FD((w)->vmo), (w)->buffer, (nr) * PAGE,		\
			      (w)->at = (first) * PAGE), (nr) * PAGE)

#define FALLOCATE(w, mode, first, nr)						\
	checked(fallocate(FD((w)->vmo), mode, (first) * PAGE, (nr) * PAGE))

#define LOAD(w, page)	faulted(zt_load((w)->map + (page) * PAGE))
#define STORE(w, page)	faulted(zt_store((w)->map + (page) * PAGE, 'S'))

/* What part of a call is done when it fails */

/* Writing ends after whole pages */
static zt_unused void part_is_written(const struct world *w, int outcome,
				      const struct shape *after,
				      const struct shape *now zt_unused,
				      struct shape *want)
{
	struct item *stream = shape_find(want, "vmo", "stream size", 0);
	__u64 first = w->at / PAGE, last;

	if (outcome != SHORT)
		return;
	if (stream->value < w->at + w->done)
		stream->value = w->at + w->done;
	last = first + w->done / PAGE - 1;
	for (__u64 i = 0; i < VIEW_PAGES; i++) {
		if (first <= i && i <= last)
			shape_find(want, "vmo", "page", i)->value =
				shape_find(after, "vmo", "page", i)->value;
		if (w->view && first <= w->view + i && w->view + i <= last)
			shape_find(want, "vmo", "page of view", i)->value =
				shape_find(after, "vmo", "page of view", i)->value;
	}
}

/* Part of it may have moved, page by page, and no byte is lost */
static zt_unused void some_have_moved(const struct world *w zt_unused, int outcome,
				      const struct shape *after,
				      const struct shape *now, struct shape *want)
{
	if (outcome != ENOMEM)
		return;
	for (int i = 0; i < VIEW_PAGES; i++) {
		struct item *to = shape_find(want, "vmo", "page of view", i);
		struct item *from = shape_find(want, "other", "page of view", i);

		if (to->value == shape_find(now, "vmo", "page of view", i)->value)
			continue;
		to->value = shape_find(after, "vmo", "page of view", i)->value;
		from->value = shape_find(after, "other", "page of view", i)->value;
	}
}

/* Preparations */

static zt_unused int set_size(__u32 handle, __u64 pages)
{
	return zt_call(VMO_SET_SIZE, vmo_set_size, .handle = handle,
		       .vmo_size = pages * PAGE);
}

/* A VMO of three leaves, looked at where the first two meet */
static zt_unused void leaves(struct __test_metadata *_metadata, struct world *w)
{
	ASSERT_ERRNO(0, set_size(w->vmo, LEAVES));
	w->view = LEAF - 8;
}

/* One so large that its tree is high */
static zt_unused void far(struct __test_metadata *_metadata, struct world *w)
{
	ASSERT_ERRNO(0, set_size(w->vmo, 2 * FAR));
	w->view = FAR - 8;
}

/* Where nothing is around, so that faults need page tables of all levels */
#define LONELY	((char *)0x100000000000)

static zt_unused void map_pages(struct __test_metadata *_metadata, struct world *w,
				__u64 first, int prot, int flags)
{
	w->map_size = VMO_PAGES * PAGE;
	w->map_offset = first * PAGE;
	w->map = mmap(LONELY, w->map_size, prot, flags | MAP_FIXED_NOREPLACE, FD(w->vmo),
		      w->map_offset);
	ASSERT_EQ(LONELY, w->map);
}

static zt_unused void map_shared(struct __test_metadata *_metadata, struct world *w)
{
	map_pages(_metadata, w, 0, PROT_READ | PROT_WRITE, MAP_SHARED);
}

/* With everything mapped that there is: pages and zero pages */
static zt_unused void map_touched(struct __test_metadata *_metadata, struct world *w)
{
	map_shared(_metadata, w);
	for (int i = 0; i < VMO_PAGES; i++)
		ASSERT_EQ(0, zt_load(w->map + i * PAGE).signal);
}

static zt_unused void open_pipe(struct __test_metadata *_metadata, struct world *w)
{
	ASSERT_EQ(0, pipe2(w->pipe, O_CLOEXEC | O_NONBLOCK));
}

/* The other VMO: three leaves, populated where the first two meet */
static zt_unused void transfer_leaves(struct __test_metadata *_metadata,
				      struct world *w)
{
	leaves(_metadata, w);
	w->other = zt_vmo(ZXVMO_VMO_RESIZABLE, LEAVES * PAGE);
	ASSERT_NE(0, w->other);
	w->other_view = LEAF - 8;
	put_pages(_metadata, w->other, LEAF - 4, 6, 20);
	put_pages(_metadata, w->vmo, LEAF - 2, 1, 21);
}

/* Some pages of a VMO are in a pipe */
static zt_unused void hold_pages(struct __test_metadata *_metadata, struct world *w,
				 __u32 handle, __u64 first, __u64 nr)
{
	struct iovec iov;
	char *p;

	open_pipe(_metadata, w);
	p = mmap(NULL, nr * PAGE, PROT_READ, MAP_SHARED, FD(handle), first * PAGE);
	ASSERT_NE(MAP_FAILED, p);
	iov = (struct iovec){ p, nr * PAGE };
	ASSERT_EQ((ssize_t)(nr * PAGE), vmsplice(w->pipe[1], &iov, 1, 0));
	ASSERT_EQ(0, munmap(p, nr * PAGE));
}

#endif /* ZXVMO_SELFTESTS_NTH_CALLS_H */
