// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making children, and changing what relatives share, with each allocation and
 * user copy failing in turn; see nth.h. After each failure both relatives show
 * their own bytes and pay for what they paid for.
 *
 * Most chains come twice, in the parent and in the child: a preparation for the
 * child exchanges the two, so that the same call on w->vmo is one on the child.
 */
#include "nth_calls.h"

GROUP(create)
GROUP(change)
GROUP(window)
GROUP(close)

static __u32 make_child(__u32 parent, __u32 options, __u64 first, __u64 nr)
{
	__u32 out = 0;

	zt_call(VMO_CREATE_CHILD, vmo_create_child, .handle = parent, .options = options,
		.offset = first * PAGE, .vmo_size = nr * PAGE,
		.out_handle = ZT_ADDRESS(&out));
	return out;
}

#define SNAPSHOT	ZXVMO_VMO_CHILD_SNAPSHOT
#define RESIZABLE	ZXVMO_VMO_CHILD_RESIZABLE
#define SLICE		ZXVMO_VMO_CHILD_SLICE
#define REFERENCE	ZXVMO_VMO_CHILD_REFERENCE
#define NO_WRITE	ZXVMO_VMO_CHILD_NO_WRITE

/* Preparations: relatives */

static void snapshot(struct __test_metadata *_metadata, struct world *w)
{
	__u64 size = 0;

	zt_call(VMO_GET_SIZE, vmo_get_size, .handle = w->vmo, .out_size = ZT_ADDRESS(&size));
	w->child = make_child(w->vmo, SNAPSHOT | RESIZABLE, 0, size / PAGE);
	ASSERT_NE(0, w->child);
	w->child_view = w->view;
}

static void exchange(struct world *w)
{
	__u32 parent = w->vmo;

	w->vmo = w->child;
	w->child = parent;
}

static void in_parent(struct __test_metadata *_metadata, struct world *w)
{
	put_pages(_metadata, w->vmo, 5, 3, 30);
	snapshot(_metadata, w);
}

static void in_child(struct __test_metadata *_metadata, struct world *w)
{
	in_parent(_metadata, w);
	exchange(w);
}

/* The same, populated where two leaves meet */
static void in_parent_leaves(struct __test_metadata *_metadata, struct world *w)
{
	leaves(_metadata, w);
	put_pages(_metadata, w->vmo, LEAF - 4, 8, 30);
	snapshot(_metadata, w);
}

static void in_child_leaves(struct __test_metadata *_metadata, struct world *w)
{
	in_parent_leaves(_metadata, w);
	exchange(w);
}

/* Everything mapped, what is shared for reading */
static void in_parent_mapped(struct __test_metadata *_metadata, struct world *w)
{
	in_parent(_metadata, w);
	map_touched(_metadata, w);
}

static void in_child_mapped(struct __test_metadata *_metadata, struct world *w)
{
	in_child(_metadata, w);
	map_touched(_metadata, w);
}

static void in_parent_to_map(struct __test_metadata *_metadata, struct world *w)
{
	in_parent(_metadata, w);
	map_shared(_metadata, w);
}

static void in_child_to_map(struct __test_metadata *_metadata, struct world *w)
{
	in_child(_metadata, w);
	map_shared(_metadata, w);
}

/* A stream that ends where shared pages go on */
static void shorten(struct __test_metadata *_metadata, struct world *w)
{
	ASSERT_ERRNO(0, zt_call(VMO_SET_STREAM_SIZE, vmo_set_size, .handle = w->vmo,
				.vmo_size = 5 * PAGE + 100));
	put_pages(_metadata, w->vmo, 5, 3, 40);
	w->extra = make_child(w->vmo, SNAPSHOT, 0, VMO_PAGES);
	ASSERT_NE(0, w->extra);
}

static void in_parent_short(struct __test_metadata *_metadata, struct world *w)
{
	in_parent(_metadata, w);
	shorten(_metadata, w);
}

static void in_child_short(struct __test_metadata *_metadata, struct world *w)
{
	in_child(_metadata, w);
	shorten(_metadata, w);
}

#define TWICE(_name, expression, where, ...)					\
	CHAIN(change, _name##_in_parent, expression, .prepare = in_parent##where, \
	      ##__VA_ARGS__)							\
	CHAIN(change, _name##_in_child, expression, .prepare = in_child##where,	\
	      ##__VA_ARGS__)

/* Creation */

#define CHILD(w, _options, first, nr)						\
	COMMAND(VMO_CREATE_CHILD, vmo_create_child, .handle = (w)->vmo,		\
		.options = _options, .offset = (first) * PAGE, .vmo_size = (nr) * PAGE, \
		.out_handle = OUT(w))

/* What was made is looked at */
static int made(struct world *w, int outcome)
{
	if (!outcome) {
		w->child = w->out[0];
		w->child_view = w->view ? 1 : 0;
	}
	return outcome;
}

static void populated(struct __test_metadata *_metadata, struct world *w)
{
	leaves(_metadata, w);
	put_pages(_metadata, w->vmo, LEAF - 4, 8, 30);
	put_pages(_metadata, w->vmo, 2 * LEAF, 1, 31);
}

static void populated_far(struct __test_metadata *_metadata, struct world *w)
{
	far(_metadata, w);
	put_pages(_metadata, w->vmo, FAR, 1, 30);
}

/* Pages are in a pipe, so that they cannot be shared */
static void populated_busy(struct __test_metadata *_metadata, struct world *w)
{
	populated(_metadata, w);
	hold_pages(_metadata, w, w->vmo, LEAF - 4, 8);
}

static void fixed_parent(struct __test_metadata *_metadata zt_unused, struct world *w)
{
	__u32 resizable = w->vmo;

	w->vmo = w->other;
	w->other = resizable;
}

#define CREATES .command = ZXVMO_VMO_CREATE_CHILD, .fails = { ENOMEM }

CHAIN(create, snapshot, made(w, CHILD(w, SNAPSHOT, 0, VMO_PAGES)), CREATES)

CHAIN(create, snapshot_of_empty, made(w, CHILD(w, SNAPSHOT, 8, 4)), CREATES)

CHAIN(create, snapshot_larger, made(w, CHILD(w, SNAPSHOT | RESIZABLE, 1, LEAVES)), CREATES)

CHAIN(create, snapshot_mapped, made(w, CHILD(w, SNAPSHOT, 0, VMO_PAGES)),
	.prepare = map_touched, CREATES)

CHAIN(create, snapshot_leaves, made(w, CHILD(w, SNAPSHOT, 0, LEAVES)),
	.prepare = populated, CREATES)

CHAIN(create, snapshot_part, made(w, CHILD(w, SNAPSHOT, LEAF - 2, LEAF)),
	.prepare = populated, CREATES)

CHAIN(create, snapshot_busy, made(w, CHILD(w, SNAPSHOT, LEAF - 2, LEAF)),
	.prepare = populated_busy, CREATES)

CHAIN(create, snapshot_far, made(w, CHILD(w, SNAPSHOT, FAR - 1, 2)),
	.prepare = populated_far, CREATES)

/* The first of a snapshot's own, and another one of the same parent */
CHAIN(create, snapshot_of_snapshot, CHILD(w, SNAPSHOT, 0, VMO_PAGES),
	.prepare = in_child, CREATES)

CHAIN(create, second_snapshot, CHILD(w, SNAPSHOT | NO_WRITE, 0, VMO_PAGES),
	.prepare = in_parent, CREATES)

CHAIN(create, slice, made(w, CHILD(w, SLICE, 0, 4)), .prepare = fixed_parent, CREATES)

CHAIN(create, reference, made(w, CHILD(w, REFERENCE | RESIZABLE, 0, 0)), CREATES)

/* Changes of what is shared */

TWICE(write, COPY(w, WRITE, w->buffer, 1, 2),,
	.command = ZXVMO_VMO_WRITE, .fails = { ENOMEM })

TWICE(write_leaves, COPY(w, WRITE, w->buffer, LEAF - 3, 12), _leaves,
	.command = ZXVMO_VMO_WRITE, .fails = { ENOMEM }, .partly = ABOUT_DATA | ABOUT_PAGES)

TWICE(store, STORE(w, 1), _to_map, .fails = { SIGNALED(SIGBUS) })

TWICE(store_mapped, STORE(w, 1), _mapped, .fails = { SIGNALED(SIGBUS) })

TWICE(store_zero_page, STORE(w, 4), _mapped, .fails = { SIGNALED(SIGBUS) })

TWICE(load, LOAD(w, 1), _to_map)

TWICE(commit, OP(w, COMMIT, 0, VMO_PAGES),,
	.command = ZXVMO_VMO_OP_RANGE, .fails = { ENOMEM })

TWICE(commit_mapped, OP(w, COMMIT, 0, VMO_PAGES), _mapped,
	.command = ZXVMO_VMO_OP_RANGE, .fails = { ENOMEM })

TWICE(commit_leaves, OP(w, COMMIT, LEAF - 3, 10), _leaves,
	.command = ZXVMO_VMO_OP_RANGE, .fails = { ENOMEM })

/* Pages that are zeroed before one is not stay so */
TWICE(zero, OP(w, ZERO, 5, 2),,
	.command = ZXVMO_VMO_OP_RANGE, .fails = { ENOMEM }, .partly = ABOUT_PAGES)

TWICE(zero_bytes, COMMAND(VMO_OP_RANGE, vmo_op_range, .handle = w->vmo,
			  .op = ZXVMO_VMO_OP_ZERO, .offset = 5 * PAGE + 100,
			  .length = 2 * PAGE), _mapped,
	.command = ZXVMO_VMO_OP_RANGE, .fails = { ENOMEM },
	.partly = ABOUT_DATA | ABOUT_PAGES)

TWICE(zero_leaves, OP(w, ZERO, LEAF - 3, 6), _leaves,
	.command = ZXVMO_VMO_OP_RANGE, .fails = { ENOMEM },
	.partly = ABOUT_DATA | ABOUT_PAGES)

TWICE(set_size, SET_SIZE(w, 6 * PAGE + 5), _mapped,
	.command = ZXVMO_VMO_SET_SIZE, .fails = { ENOMEM }, .partly = ABOUT_PAGES)

TWICE(set_size_leaves, SET_SIZE(w, (LEAF + 1) * PAGE + 5), _leaves,
	.command = ZXVMO_VMO_SET_SIZE, .fails = { ENOMEM }, .partly = ABOUT_PAGES)

TWICE(set_stream_size,
	COMMAND(VMO_SET_STREAM_SIZE, vmo_set_size, .handle = w->vmo,
		.vmo_size = (LEAF - 1) * PAGE + 5), _leaves,
	.command = ZXVMO_VMO_SET_STREAM_SIZE, .fails = { ENOMEM },
	.partly = ABOUT_DATA | ABOUT_PAGES)

TWICE(transfer_from, TRANSFER(w, w->other, w->vmo, 2, 5, 3),,
	.command = ZXVMO_VMO_TRANSFER_DATA, .fails = { ENOMEM }, .partly = ABOUT_PAGES)

TWICE(transfer_to, TRANSFER(w, w->vmo, w->other, 5, 4, 3),,
	.command = ZXVMO_VMO_TRANSFER_DATA, .fails = { ENOMEM }, .partly = ABOUT_PAGES)

TWICE(transfer_between, TRANSFER(w, w->vmo, w->child, 6, 5, 3),,
	.command = ZXVMO_VMO_TRANSFER_DATA, .fails = { ENOMEM }, .partly = ABOUT_PAGES)

TWICE(pwrite, PWRITE(w, 1, 2),, .fails = { ENOMEM })

/*
 * Beyond the end of the stream pages have come or gone, and more would have done
 * the opposite: their number is what zt_check() finds right.
 */
static void pages_are_counted(const struct world *w zt_unused, int outcome zt_unused,
			      const struct shape *after zt_unused,
			      const struct shape *now, struct shape *want)
{
	for (unsigned int i = 0; i < want->nr; i++)
		if (want->items[i].about & ABOUT_PAGES)
			want->items[i].value = now->items[i].value;
}

/* What lies between the end of the stream and the write becomes zero */
TWICE(pwrite_beyond_stream, PWRITE(w, 9, 2), _short, .fails = { ENOMEM },
	.partly = ABOUT_DATA, .failed = pages_are_counted)

TWICE(fallocate, FALLOCATE(w, 0, 0, VMO_PAGES), _short, .fails = { ENOMEM },
	.partly = ABOUT_DATA, .failed = pages_are_counted)

TWICE(punch_hole,
	checked(fallocate(FD(w->vmo), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  5 * PAGE + 9, 2 * PAGE)),, .fails = { ENOMEM },
	.partly = ABOUT_DATA | ABOUT_PAGES)

TWICE(ftruncate, checked(ftruncate(FD(w->vmo), 6 * PAGE + 5)), _mapped,
	.fails = { ENOMEM }, .partly = ABOUT_PAGES)

/* What it takes to count sharers it finds in small pieces if not in one */
TWICE(info, INFO(w, VMO),, .command = ZXVMO_OBJECT_GET_INFO, .fails = { EFAULT },
	.may = { ENOMEM })

TWICE(maps, LIST(w, ZXVMO_HANDLE_PROCESS_SELF, PROCESS_MAPS), _to_map,
	.command = ZXVMO_OBJECT_GET_INFO, .fails = { EFAULT, ENOMEM })

/* A mapping is the way to the VMO, which makes its own copies */
TWICE(write_memory, MEMORY(w, WRITE, w->map + 4 * PAGE), _to_map,
	.command = ZXVMO_PROCESS_WRITE_MEMORY, .fails = { ENOMEM })

/* Through a window on another VMO's pages */

static void through_slice(struct __test_metadata *_metadata, struct world *w)
{
	fixed_parent(_metadata, w);
	w->child = make_child(w->vmo, SLICE, 1, 8);
	ASSERT_NE(0, w->child);
	exchange(w);
}

/* One on pages that a snapshot shares */
static void through_slice_of_shared(struct __test_metadata *_metadata, struct world *w)
{
	fixed_parent(_metadata, w);
	w->extra = make_child(w->vmo, SNAPSHOT, 0, VMO_PAGES);
	ASSERT_NE(0, w->extra);
	w->child = make_child(w->vmo, SLICE, 1, 8);
	ASSERT_NE(0, w->child);
	exchange(w);
}

static void through_slice_mapped(struct __test_metadata *_metadata, struct world *w)
{
	through_slice_of_shared(_metadata, w);
	w->map_size = 8 * PAGE;
	w->map = mmap(LONELY, w->map_size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_FIXED_NOREPLACE, FD(w->vmo), 0);
	ASSERT_EQ(LONELY, w->map);
	for (int i = 0; i < 8; i++)
		ASSERT_EQ(0, zt_load(w->map + i * PAGE).signal);
}

static void through_reference(struct __test_metadata *_metadata, struct world *w)
{
	in_parent(_metadata, w);
	w->extra = w->child;
	w->child = make_child(w->vmo, REFERENCE | RESIZABLE, 0, 0);
	ASSERT_NE(0, w->child);
	exchange(w);
}

static void through_reference_mapped(struct __test_metadata *_metadata, struct world *w)
{
	through_reference(_metadata, w);
	map_touched(_metadata, w);
}

CHAIN(window, slice_write, COPY(w, WRITE, w->buffer, 4, 2), .prepare = through_slice,
	.command = ZXVMO_VMO_WRITE, .fails = { ENOMEM })

CHAIN(window, slice_commit, OP(w, COMMIT, 0, 8), .prepare = through_slice_of_shared,
	.command = ZXVMO_VMO_OP_RANGE, .fails = { ENOMEM })

CHAIN(window, slice_store, STORE(w, 4), .prepare = through_slice_mapped,
	.fails = { SIGNALED(SIGBUS) })

CHAIN(window, slice_transfer, TRANSFER(w, w->other, w->vmo, 8, 4, 2),
	.prepare = through_slice_of_shared, .command = ZXVMO_VMO_TRANSFER_DATA,
	.fails = { ENOMEM }, .partly = ABOUT_PAGES)

CHAIN(window, reference_write, COPY(w, WRITE, w->buffer, 5, 2),
	.prepare = through_reference, .command = ZXVMO_VMO_WRITE, .fails = { ENOMEM })

CHAIN(window, reference_store, STORE(w, 5), .prepare = through_reference_mapped,
	.fails = { SIGNALED(SIGBUS) })

CHAIN(window, reference_set_size, SET_SIZE(w, 6 * PAGE + 5),
	.prepare = through_reference_mapped, .command = ZXVMO_VMO_SET_SIZE,
	.fails = { ENOMEM }, .partly = ABOUT_PAGES)

CHAIN(window, reference_pwrite, PWRITE(w, VMO_PAGES, 2), .prepare = through_reference,
	.fails = { ENOMEM }, .partly = ABOUT_SIZE)

/* The last handle of one of them goes; closing cannot fail */

/* Between a parent and a child that both stay */
static void middle(struct __test_metadata *_metadata, struct world *w)
{
	populated(_metadata, w);
	w->extra = make_child(w->vmo, SNAPSHOT, 0, LEAVES);
	ASSERT_NE(0, w->extra);
	put_pages(_metadata, w->extra, LEAF, 1, 40);
	w->child = make_child(w->extra, SNAPSHOT, 0, LEAVES);
	ASSERT_NE(0, w->child);
	w->child_view = w->view;
}

/* Without descendants, and without ancestors */
static void youngest(struct __test_metadata *_metadata, struct world *w)
{
	populated(_metadata, w);
	w->extra = make_child(w->vmo, SNAPSHOT, 0, LEAVES);
	ASSERT_NE(0, w->extra);
	put_pages(_metadata, w->extra, LEAF, 1, 40);
}

static void oldest(struct __test_metadata *_metadata, struct world *w)
{
	populated(_metadata, w);
	w->extra = w->vmo;
	w->vmo = make_child(w->extra, SNAPSHOT | RESIZABLE, 0, LEAVES);
	ASSERT_NE(0, w->vmo);
	put_pages(_metadata, w->vmo, LEAF, 1, 40);
}

/* The owner of a slice's pages lives on without a handle */
static void owner_of_slice(struct __test_metadata *_metadata, struct world *w)
{
	through_slice(_metadata, w);
	w->extra = w->child;
	w->child = 0;
}

#define CLOSE(w) COMMAND(HANDLE_CLOSE, handle_close, .handle = (w)->extra)

CHAIN(close, middle, CLOSE(w), .prepare = middle, .command = ZXVMO_HANDLE_CLOSE)

CHAIN(close, youngest, CLOSE(w), .prepare = youngest, .command = ZXVMO_HANDLE_CLOSE)

CHAIN(close, oldest, CLOSE(w), .prepare = oldest, .command = ZXVMO_HANDLE_CLOSE)

CHAIN(close, owner_of_slice, CLOSE(w), .prepare = owner_of_slice,
	.command = ZXVMO_HANDLE_CLOSE)

int main(int argc, char **argv)
{
	return nth_main(argc, argv);
}
