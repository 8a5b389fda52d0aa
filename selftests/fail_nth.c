// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call that the module has a part in, with each of its allocations and
 * user copies failing in turn; see nth.h. Needs a kernel with fault injection.
 *
 * A command of uapi/zxvmo.h that has no chain fails commands_have_chains.
 */
#include "nth_calls.h"

#include <linux/futex.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#define MS		1000000LL

GROUP(command)
GROUP(file)
GROUP(fault)

/* Preparations */

static void extra_handle(struct __test_metadata *_metadata, struct world *w)
{
	w->extra = zt_duplicate(w->vmo, SAME);
	ASSERT_NE(0, w->extra);
}

/* A VMO of its own, with pages, that goes with its only handle */
static void extra_vmo(struct __test_metadata *_metadata, struct world *w)
{
	w->extra = zt_vmo(0, LEAVES * PAGE);
	ASSERT_NE(0, w->extra);
	put_pages(_metadata, w->extra, 0, 1, 10);
	put_pages(_metadata, w->extra, LEAF - 1, 2, 11);
}

static void many_handles(struct __test_metadata *_metadata, struct world *w)
{
	for (int i = 0; i < NR_OUT; i++) {
		w->values[i] = zt_duplicate(w->vmo, SAME);
		ASSERT_NE(0, w->values[i]);
	}
}

static void map_private(struct __test_metadata *_metadata, struct world *w)
{
	map_pages(_metadata, w, 0, PROT_READ | PROT_WRITE, MAP_PRIVATE);
}

static void map_with_holes(struct __test_metadata *_metadata, struct world *w)
{
	map_touched(_metadata, w);
	w->holes = true;
}

/* Three mappings in one address space, the unit that Linux counts */
static void map_thrice(struct __test_metadata *_metadata, struct world *w)
{
	map_shared(_metadata, w);
	ASSERT_EQ(0, mprotect(w->map + 4 * PAGE, 4 * PAGE, PROT_READ));
}

static void two_maps(struct __test_metadata *_metadata, struct world *w)
{
	map_shared(_metadata, w);
	/* A hole divides it */
	ASSERT_EQ(0, munmap(w->map + 6 * PAGE, 2 * PAGE));
	w->holes = true;
}

static void full_pipe(struct __test_metadata *_metadata, struct world *w)
{
	open_pipe(_metadata, w);
	ASSERT_EQ(2 * (ssize_t)PAGE, write(w->pipe[1], w->buffer, 2 * PAGE));
}

/* Pages of the other VMO are in a pipe, and so cannot move */
static void transfer_busy(struct __test_metadata *_metadata, struct world *w)
{
	transfer_leaves(_metadata, w);
	hold_pages(_metadata, w, w->other, LEAF - 4, 6);
}

/* Commands */

CHAIN(command, query,
	({
		struct zxvmo_query arg = { .size = sizeof(arg) };

		send_command(w, ZXVMO_QUERY, &arg);
	}),
	.command = ZXVMO_QUERY, .fails = { EFAULT })

CHAIN(command, handle_duplicate,
	COMMAND(HANDLE_DUPLICATE, handle_duplicate, .handle = w->vmo, .rights = SAME,
		.out_handle = OUT(w)),
	.command = ZXVMO_HANDLE_DUPLICATE, .fails = { ENOMEM })

/* All descriptors in use that fit in the table as it is */
static void full_table(struct __test_metadata *_metadata, struct world *w)
{
	int fd;

	do {
		fd = dup(w->first_fd);
		ASSERT_LE(0, fd);
	} while (fd % 64 != 63);
}

CHAIN(command, handle_duplicate_table_grows,
	COMMAND(HANDLE_DUPLICATE, handle_duplicate, .handle = w->vmo, .rights = SAME,
		.out_handle = OUT(w)),
	.command = ZXVMO_HANDLE_DUPLICATE, .prepare = full_table, .fork = true,
	.fails = { ENOMEM })

/* The handle is closed once the command has begun */
static void handle_is_gone(const struct world *w, int outcome,
			   const struct shape *after zt_unused,
			   const struct shape *now zt_unused, struct shape *want)
{
	unsigned int fd = FD(w->extra);

	if (outcome == EFAULT)
		return;
	shape_find(want, "process", "descriptors", fd / 64)->value &= ~(1ULL << fd % 64);
	shape_find(want, "vmo", "handles", 0)->value--;
	shape_find(want, "module", "handles", 0)->value--;
}

CHAIN(command, handle_replace,
	COMMAND(HANDLE_REPLACE, handle_duplicate, .handle = w->extra, .rights = SAME,
		.out_handle = OUT(w)),
	.command = ZXVMO_HANDLE_REPLACE, .prepare = extra_handle,
	.fails = { ENOMEM }, .failed = handle_is_gone, .once = true)

CHAIN(command, vmo_replace_as_executable,
	COMMAND(VMO_REPLACE_AS_EXECUTABLE, vmo_replace_as_executable, .handle = w->extra,
		.out_handle = OUT(w)),
	.command = ZXVMO_VMO_REPLACE_AS_EXECUTABLE, .prepare = extra_handle,
	.fails = { ENOMEM }, .failed = handle_is_gone, .once = true)

CHAIN(command, handle_close,
	COMMAND(HANDLE_CLOSE, handle_close, .handle = w->extra),
	.command = ZXVMO_HANDLE_CLOSE, .prepare = extra_vmo)

CHAIN(command, handle_close_many,
	COMMAND(HANDLE_CLOSE_MANY, handle_close_many, .handles = ZT_ADDRESS(&w->extra),
		.num_handles = 1),
	.command = ZXVMO_HANDLE_CLOSE_MANY, .prepare = extra_vmo, .fails = { EFAULT })

/* Values are copied 32 at a time, and those before a bad copy may be closed */
static void some_are_closed(const struct world *w, int outcome zt_unused,
			    const struct shape *after zt_unused,
			    const struct shape *now, struct shape *want)
{
	struct item *handles = shape_find(want, "vmo", "handles", 0);

	if (shape_find(now, "vmo", "handles", 0)->value == handles->value)
		return;
	handles->value -= 32;
	shape_find(want, "module", "handles", 0)->value -= 32;
	for (int i = 0; i < 32; i++) {
		unsigned int fd = FD(w->values[i]);

		shape_find(want, "process", "descriptors", fd / 64)->value &=
			~(1ULL << fd % 64);
	}
}

CHAIN(command, handle_close_many_in_pieces,
	COMMAND(HANDLE_CLOSE_MANY, handle_close_many, .handles = ZT_ADDRESS(w->values),
		.num_handles = NR_OUT),
	.command = ZXVMO_HANDLE_CLOSE_MANY, .prepare = many_handles, .fails = { EFAULT },
	.failed = some_are_closed, .once = true)

CHAIN(command, handle_from_fd,
	COMMAND(HANDLE_FROM_FD, handle_from_fd, .fd = FD(w->vmo), .out_handle = OUT(w)),
	.command = ZXVMO_HANDLE_FROM_FD)

CHAIN(command, object_signal,
	COMMAND(OBJECT_SIGNAL, object_signal, .handle = w->vmo, .set_mask = 1U << 24),
	.command = ZXVMO_OBJECT_SIGNAL)

CHAIN(command, object_wait_one,
	COMMAND(OBJECT_WAIT_ONE, object_wait_one, .handle = w->vmo,
		.signals = ZXVMO_SIGNAL_ZERO_CHILDREN, .out_observed = OUT(w)),
	.command = ZXVMO_OBJECT_WAIT_ONE)

CHAIN(command, object_wait_one_times_out,
	COMMAND(OBJECT_WAIT_ONE, object_wait_one, .handle = w->event,
		.signals = ZXVMO_SIGNAL_SIGNALED,
		.deadline = zx_clock_get_monotonic() + MS, .out_observed = OUT(w)),
	.command = ZXVMO_OBJECT_WAIT_ONE, .outcome = ETIMEDOUT)

CHAIN(command, object_get_info_handle_valid, INFO(w, HANDLE_VALID),
	.command = ZXVMO_OBJECT_GET_INFO)

CHAIN(command, object_get_info_handle_basic, INFO(w, HANDLE_BASIC),
	.command = ZXVMO_OBJECT_GET_INFO, .fails = { EFAULT })

CHAIN(command, object_get_info_handle_count, INFO(w, HANDLE_COUNT),
	.command = ZXVMO_OBJECT_GET_INFO, .fails = { EFAULT })

CHAIN(command, object_get_info_vmo, INFO(w, VMO),
	.command = ZXVMO_OBJECT_GET_INFO, .fails = { EFAULT })

CHAIN(command, object_get_info_mapped, INFO(w, VMO),
	.command = ZXVMO_OBJECT_GET_INFO, .prepare = map_thrice,
	.fails = { ENOMEM, EFAULT })

CHAIN(command, object_get_info_vmar,
	COMMAND(OBJECT_GET_INFO, object_get_info, .handle = ZXVMO_HANDLE_VMAR_ROOT_SELF,
		.topic = ZXVMO_INFO_VMAR, .buffer = OUT2(w),
		.buffer_size = sizeof(struct zxvmo_info_vmar), .out_actual = OUT(w)),
	.command = ZXVMO_OBJECT_GET_INFO, .fails = { EFAULT })

CHAIN(command, object_get_info_vmar_maps,
	LIST(w, ZXVMO_HANDLE_VMAR_ROOT_SELF, VMAR_MAPS),
	.command = ZXVMO_OBJECT_GET_INFO, .prepare = map_thrice, .fails = { ENOMEM, EFAULT })

CHAIN(command, object_get_info_process_maps,
	LIST(w, ZXVMO_HANDLE_PROCESS_SELF, PROCESS_MAPS),
	.command = ZXVMO_OBJECT_GET_INFO, .prepare = map_thrice, .fails = { ENOMEM, EFAULT })

CHAIN(command, object_get_info_process_vmos,
	LIST(w, ZXVMO_HANDLE_PROCESS_SELF, PROCESS_VMOS),
	.command = ZXVMO_OBJECT_GET_INFO, .prepare = map_thrice, .fails = { ENOMEM, EFAULT })

#define PROPERTY(w, verb, _property, _value, size)				\
	COMMAND(OBJECT_##verb##_PROPERTY, object_property, .handle = (w)->vmo,	\
		.property = ZXVMO_PROP_##_property, .value = ZT_ADDRESS(_value), \
		.value_size = size)

CHAIN(command, object_get_property_name,
	PROPERTY(w, GET, NAME, w->out, ZXVMO_MAX_NAME_LEN),
	.command = ZXVMO_OBJECT_GET_PROPERTY, .fails = { EFAULT })

CHAIN(command, object_get_property_content_size,
	PROPERTY(w, GET, VMO_CONTENT_SIZE, w->out, sizeof(__u64)),
	.command = ZXVMO_OBJECT_GET_PROPERTY)

CHAIN(command, object_set_property_name,
	PROPERTY(w, SET, NAME, "a name", 7),
	.command = ZXVMO_OBJECT_SET_PROPERTY, .fails = { EFAULT })

CHAIN(command, object_set_property_content_size,
	PROPERTY(w, SET, VMO_CONTENT_SIZE, ((__u64[]){ PAGE + 100 }), sizeof(__u64)),
	.command = ZXVMO_OBJECT_SET_PROPERTY)

CHAIN(command, event_create,
	COMMAND(EVENT_CREATE, event_create, .out_handle = OUT(w)),
	.command = ZXVMO_EVENT_CREATE, .fails = { ENOMEM })

#define CREATE(w, _options, _size)						\
	COMMAND(VMO_CREATE, vmo_create, .options = _options, .vmo_size = _size,	\
		.out_handle = OUT(w))

CHAIN(command, vmo_create, CREATE(w, 0, PAGE),
	.command = ZXVMO_VMO_CREATE, .fails = { ENOMEM })

CHAIN(command, vmo_create_resizable, CREATE(w, ZXVMO_VMO_RESIZABLE, 0),
	.command = ZXVMO_VMO_CREATE, .fails = { ENOMEM })

CHAIN(command, vmo_create_unbounded, CREATE(w, ZXVMO_VMO_UNBOUNDED, 5),
	.command = ZXVMO_VMO_CREATE, .fails = { ENOMEM })

CHAIN(command, vmo_create_discardable, CREATE(w, ZXVMO_VMO_DISCARDABLE, PAGE),
	.command = ZXVMO_VMO_CREATE, .fails = { ENOMEM })

/* The first object of a user, who has no account yet */
static int create_as_user(struct world *w)
{
	int ret = checked(seteuid(12345)) ?: CREATE(w, 0, PAGE);

	while (seteuid(0))
		;
	return ret;
}

CHAIN(command, vmo_create_first_of_user, create_as_user(w),
	.command = ZXVMO_VMO_CREATE, .fails = { ENOMEM })

/* Copies that fail are made again, for the page may just be out of memory */
CHAIN(command, vmo_read, COPY(w, READ, w->buffer, 0, 4), .command = ZXVMO_VMO_READ)

CHAIN(command, vmo_read_many, COPY(w, READ, w->buffer, 0, VMO_PAGES),
	.command = ZXVMO_VMO_READ)

CHAIN(command, vmo_write_present, COPY(w, WRITE, w->buffer, 1, 2),
	.command = ZXVMO_VMO_WRITE, .partly = ABOUT_DATA)

CHAIN(command, vmo_write_absent, COPY(w, WRITE, w->buffer, 4, 1),
	.command = ZXVMO_VMO_WRITE, .fails = { ENOMEM })

CHAIN(command, vmo_write_many, COPY(w, WRITE, w->buffer, LEAF - 6, BUFFER_PAGES),
	.command = ZXVMO_VMO_WRITE, .prepare = leaves, .fails = { ENOMEM },
	.partly = ABOUT_DATA | ABOUT_PAGES)

CHAIN(command, vmo_write_far, COPY(w, WRITE, w->buffer, FAR, 1),
	.command = ZXVMO_VMO_WRITE, .prepare = far, .fails = { ENOMEM })

/* The user's memory is a mapping that needs memory itself */
CHAIN(command, vmo_read_into_mapping,
	COMMAND(VMO_READ, vmo_rw, .handle = w->other, .buffer = ZT_ADDRESS(w->map + 3 * PAGE),
		.length = 8 * PAGE),
	.command = ZXVMO_VMO_READ, .prepare = map_shared, .fails = { ENOENT },
	.partly = ABOUT_DATA | ABOUT_PAGES)

CHAIN(command, vmo_write_from_mapping,
	COMMAND(VMO_WRITE, vmo_rw, .handle = w->other, .buffer = ZT_ADDRESS(w->map),
		.length = 8 * PAGE),
	.command = ZXVMO_VMO_WRITE, .prepare = map_shared, .fails = { ENOMEM },
	.may = { ENOENT }, .partly = ABOUT_DATA | ABOUT_PAGES)

/* More of them are in fail_nth_child */
CHAIN(command, vmo_create_child,
	COMMAND(VMO_CREATE_CHILD, vmo_create_child, .handle = w->vmo,
		.options = ZXVMO_VMO_CHILD_SNAPSHOT, .vmo_size = VMO_PAGES * PAGE,
		.out_handle = OUT(w)),
	.command = ZXVMO_VMO_CREATE_CHILD, .fails = { ENOMEM })

CHAIN(command, vmo_get_size,
	COMMAND(VMO_GET_SIZE, vmo_get_size, .handle = w->vmo, .out_size = OUT(w)),
	.command = ZXVMO_VMO_GET_SIZE)

CHAIN(command, vmo_get_stream_size,
	COMMAND(VMO_GET_STREAM_SIZE, vmo_get_size, .handle = w->vmo, .out_size = OUT(w)),
	.command = ZXVMO_VMO_GET_STREAM_SIZE)

CHAIN(command, vmo_set_size_grow, SET_SIZE(w, LEAVES * PAGE + 1),
	.command = ZXVMO_VMO_SET_SIZE)

CHAIN(command, vmo_set_size_shrink, SET_SIZE(w, PAGE + 5),
	.command = ZXVMO_VMO_SET_SIZE, .prepare = map_touched)

CHAIN(command, vmo_set_stream_size,
	COMMAND(VMO_SET_STREAM_SIZE, vmo_set_size, .handle = w->vmo, .vmo_size = PAGE + 5),
	.command = ZXVMO_VMO_SET_STREAM_SIZE, .prepare = map_touched)

CHAIN(command, commit, OP(w, COMMIT, 0, VMO_PAGES),
	.command = ZXVMO_VMO_OP_RANGE, .fails = { ENOMEM })

CHAIN(command, commit_mapped, OP(w, COMMIT, 0, VMO_PAGES),
	.command = ZXVMO_VMO_OP_RANGE, .prepare = map_touched, .fails = { ENOMEM })

CHAIN(command, commit_leaves, OP(w, COMMIT, LEAF - 8, 16),
	.command = ZXVMO_VMO_OP_RANGE, .prepare = leaves, .fails = { ENOMEM })

CHAIN(command, commit_far, OP(w, COMMIT, FAR, 2),
	.command = ZXVMO_VMO_OP_RANGE, .prepare = far, .fails = { ENOMEM })

CHAIN(command, decommit, OP(w, DECOMMIT, 0, 2),
	.command = ZXVMO_VMO_OP_RANGE, .prepare = map_touched)

CHAIN(command, zero, COMMAND(VMO_OP_RANGE, vmo_op_range, .handle = w->vmo,
			     .op = ZXVMO_VMO_OP_ZERO, .offset = 100, .length = 2 * PAGE),
	.command = ZXVMO_VMO_OP_RANGE, .prepare = map_touched)

/* A discardable VMO with pages, that nobody has locked */
static void extra_discardable(struct __test_metadata *_metadata, struct world *w)
{
	w->extra = zt_vmo(ZXVMO_VMO_DISCARDABLE, LEAVES * PAGE);
	ASSERT_NE(0, w->extra);
	put_pages(_metadata, w->extra, 0, 1, 10);
	put_pages(_metadata, w->extra, LEAF - 1, 2, 11);
}

#define LOCK_OP(w, _op)								\
	COMMAND(VMO_OP_RANGE, vmo_op_range, .handle = (w)->extra,		\
		.op = ZXVMO_VMO_OP_##_op, .length = LEAVES * PAGE,		\
		.buffer = OUT2(w), .buffer_size = sizeof(struct zxvmo_vmo_lock_state))

/* Where it cannot be told, nothing is locked */
CHAIN(command, lock, LOCK_OP(w, LOCK),
	.command = ZXVMO_VMO_OP_RANGE, .prepare = extra_discardable, .fails = { EINVAL })

CHAIN(command, try_lock_and_unlock, LOCK_OP(w, TRY_LOCK) ?: LOCK_OP(w, UNLOCK),
	.command = ZXVMO_VMO_OP_RANGE, .prepare = extra_discardable)

CHAIN(command, commit_discardable,
	COMMAND(VMO_OP_RANGE, vmo_op_range, .handle = w->extra, .op = ZXVMO_VMO_OP_COMMIT,
		.length = 8 * PAGE),
	.command = ZXVMO_VMO_OP_RANGE, .prepare = extra_discardable, .fails = { ENOMEM })

CHAIN(command, cache_and_hints,
	OP(w, CACHE_SYNC, 0, 4) ?: OP(w, CACHE_CLEAN_INVALIDATE, 0, 4) ?:
	OP(w, DONT_NEED, 0, 4) ?: OP(w, ALWAYS_NEED, 0, 4) ?: OP(w, PREFETCH, 0, 4),
	.command = ZXVMO_VMO_OP_RANGE)

CHAIN(command, vmo_set_cache_policy,
	COMMAND(VMO_SET_CACHE_POLICY, vmo_set_cache_policy, .handle = w->vmo),
	.command = ZXVMO_VMO_SET_CACHE_POLICY)

CHAIN(command, transfer, TRANSFER(w, w->vmo, w->other, 4, 0, 8),
	.command = ZXVMO_VMO_TRANSFER_DATA)

/* Two pieces, each of which needs a node */
CHAIN(command, transfer_leaves, TRANSFER(w, w->vmo, w->other, LEAF - 4, LEAF - 4, 6),
	.command = ZXVMO_VMO_TRANSFER_DATA, .prepare = transfer_leaves,
	.fails = { ENOMEM }, .partly = ABOUT_PAGES, .failed = some_have_moved, .once = true)

CHAIN(command, transfer_busy, TRANSFER(w, w->vmo, w->other, LEAF - 4, LEAF - 4, 6),
	.command = ZXVMO_VMO_TRANSFER_DATA, .prepare = transfer_busy,
	.fails = { ENOMEM }, .partly = ABOUT_PAGES, .failed = some_have_moved, .once = true)

CHAIN(command, transfer_within, TRANSFER(w, w->vmo, w->vmo, LEAF + 2, LEAF - 4, 6),
	.command = ZXVMO_VMO_TRANSFER_DATA, .prepare = transfer_leaves, .fails = { ENOMEM })

CHAIN(command, transfer_far, TRANSFER(w, w->vmo, w->other, FAR, 0, 1),
	.command = ZXVMO_VMO_TRANSFER_DATA, .prepare = far, .fails = { ENOMEM })

#define MAP(w, _options, _vmar_offset)						\
	COMMAND(VMAR_MAP, vmar_map, .handle = ZXVMO_HANDLE_VMAR_ROOT_SELF,	\
		.options = ZXVMO_VM_PERM_READ | ZXVMO_VM_PERM_WRITE | (_options), \
		.vmo = (w)->vmo, .vmar_offset = _vmar_offset,			\
		.length = VMO_PAGES * PAGE, .out_addr = OUT(w))

/* What was mapped belongs to the world */
static int mapped(struct world *w, int outcome)
{
	if (!outcome) {
		w->map = (char *)(uintptr_t)w->out[0];
		w->map_size = VMO_PAGES * PAGE;
	}
	return outcome;
}

CHAIN(command, vmar_map, mapped(w, MAP(w, 0, 0)),
	.command = ZXVMO_VMAR_MAP, .fails = { ENOMEM })

CHAIN(command, vmar_map_specific, mapped(w, MAP(w, ZXVMO_VM_SPECIFIC, 0x30000000)),
	.command = ZXVMO_VMAR_MAP, .fails = { ENOMEM })

#define RANGE(w, command, _options, first, nr)					\
	COMMAND(command, vmar_range, .handle = ZXVMO_HANDLE_VMAR_ROOT_SELF,	\
		.options = _options, .addr = ZT_ADDRESS((w)->map + (first) * PAGE), \
		.length = (nr) * PAGE)

/* ... and what is not mapped does not */
static int unmapped(struct world *w, int outcome)
{
	if (!outcome)
		w->map = NULL;
	return outcome;
}

CHAIN(command, vmar_unmap, unmapped(w, RANGE(w, VMAR_UNMAP, 0, 0, VMO_PAGES)),
	.command = ZXVMO_VMAR_UNMAP, .prepare = map_touched, .fails = { ENOMEM })

CHAIN(command, vmar_unmap_middle, RANGE(w, VMAR_UNMAP, 0, 4, 8),
	.command = ZXVMO_VMAR_UNMAP, .prepare = map_with_holes, .fails = { ENOMEM },
	.partly = ABOUT_MAPPINGS)

/* The end of one mapping, then the beginning of another: the first may be gone */
CHAIN(command, vmar_unmap_two, RANGE(w, VMAR_UNMAP, 0, 3, 8),
	.command = ZXVMO_VMAR_UNMAP, .prepare = two_maps, .fails = { ENOMEM },
	.partly = ABOUT_MAPPINGS | ABOUT_HOLES)

#define RANGE_OP(w, _op)								\
	COMMAND(VMAR_OP_RANGE, vmar_op_range, .handle = ZXVMO_HANDLE_VMAR_ROOT_SELF, \
		.op = ZXVMO_VMAR_OP_##_op, .addr = ZT_ADDRESS((w)->map),		\
		.length = VMO_PAGES * PAGE)

CHAIN(command, vmar_map_range, mapped(w, MAP(w, ZXVMO_VM_MAP_RANGE, 0)),
	.command = ZXVMO_VMAR_MAP, .fails = { ENOMEM })

CHAIN(command, vmar_op_map_range, RANGE_OP(w, MAP_RANGE),
	.command = ZXVMO_VMAR_OP_RANGE, .prepare = map_shared, .fails = { ENOMEM })

/* Two mappings, so half of it, or all of it without entries */
CHAIN(command, vmar_op_commit, RANGE_OP(w, COMMIT),
	.command = ZXVMO_VMAR_OP_RANGE, .prepare = map_thrice, .fails = { ENOMEM },
	.partly = ABOUT_PAGES)

CHAIN(command, vmar_op_zero, RANGE_OP(w, ZERO),
	.command = ZXVMO_VMAR_OP_RANGE, .prepare = map_touched, .fails = { ENOMEM })

CHAIN(command, vmar_protect, RANGE(w, VMAR_PROTECT, ZXVMO_VM_PERM_READ, 2, 4),
	.command = ZXVMO_VMAR_PROTECT, .prepare = map_touched, .fails = { ENOMEM })

/* A region with a mapping of the VMO in its middle */
#define REGION		0x30000000ULL
#define REGION_PAGES	(2 * VMO_PAGES)

static void region(struct __test_metadata *_metadata, struct world *w)
{
	__u64 addr;

	ASSERT_ERRNO(0, zt_call(VMAR_ALLOCATE, vmar_allocate,
				.handle = ZXVMO_HANDLE_VMAR_ROOT_SELF,
				.options = ZXVMO_VM_SPECIFIC | ZXVMO_VM_CAN_MAP_SPECIFIC |
					   ZXVMO_VM_CAN_MAP_READ | ZXVMO_VM_CAN_MAP_WRITE,
				.vmar_offset = REGION, .length = REGION_PAGES * PAGE,
				.out_handle = ZT_ADDRESS(&w->values[0]),
				.out_addr = ZT_ADDRESS(&addr)));
	w->map = (char *)(uintptr_t)addr;
	w->map_size = REGION_PAGES * PAGE;
	w->map_is_private = true;
	w->holes = true;
}

#define MAP_IN_REGION(w, _options, page)					\
	zt_call(VMAR_MAP, vmar_map, .handle = (w)->values[0],			\
		.options = ZXVMO_VM_PERM_READ | (_options), .vmo = (w)->vmo,	\
		.vmar_offset = (page) * PAGE, .length = VMO_PAGES * PAGE,	\
		.out_addr = OUT2(w))

static void mapped_region(struct __test_metadata *_metadata, struct world *w)
{
	region(_metadata, w);
	ASSERT_ERRNO(0, MAP_IN_REGION(w, ZXVMO_VM_SPECIFIC, 8));
}

/* The same with a region in it */
static void nested_region(struct __test_metadata *_metadata, struct world *w)
{
	mapped_region(_metadata, w);
	ASSERT_ERRNO(0, zt_call(VMAR_ALLOCATE, vmar_allocate, .handle = w->values[0],
				.length = 2 * PAGE, .out_handle = ZT_ADDRESS(&w->values[1]),
				.out_addr = OUT2(w)));
}

#define ALLOCATE(w, parent)							\
	COMMAND(VMAR_ALLOCATE, vmar_allocate, .handle = parent, .length = 4 * PAGE, \
		.out_handle = OUT(w), .out_addr = OUT2(w))

/* What was made in the root goes with its reservation */
static int allocated(struct world *w, int outcome)
{
	if (!outcome) {
		w->map = (char *)(uintptr_t)w->out[1];
		w->map_size = 4 * PAGE;
		w->map_is_private = true;
	}
	return outcome;
}

CHAIN(command, vmar_allocate, allocated(w, ALLOCATE(w, ZXVMO_HANDLE_VMAR_ROOT_SELF)),
	.command = ZXVMO_VMAR_ALLOCATE, .fails = { ENOMEM })

CHAIN(command, vmar_allocate_in_region, ALLOCATE(w, w->values[0]),
	.command = ZXVMO_VMAR_ALLOCATE, .prepare = mapped_region, .fails = { ENOMEM })

CHAIN(command, vmar_map_in_region,
	COMMAND(VMAR_MAP, vmar_map, .handle = w->values[0],
		.options = ZXVMO_VM_PERM_READ | ZXVMO_VM_SPECIFIC, .vmo = w->vmo,
		.vmar_offset = 8 * PAGE, .length = VMO_PAGES * PAGE, .out_addr = OUT(w)),
	.command = ZXVMO_VMAR_MAP, .prepare = region, .fails = { ENOMEM })

/* What it should have replaced may be gone, and is reserved then */
CHAIN(command, vmar_map_overwrite,
	COMMAND(VMAR_MAP, vmar_map, .handle = w->values[0],
		.options = ZXVMO_VM_PERM_READ | ZXVMO_VM_SPECIFIC_OVERWRITE, .vmo = w->vmo,
		.vmar_offset = 12 * PAGE, .length = 4 * PAGE, .out_addr = OUT(w)),
	.command = ZXVMO_VMAR_MAP, .prepare = mapped_region, .fails = { ENOMEM },
	.partly = ABOUT_MAPPINGS)

/* What cannot be reserved at once is unmapped and reserved then */
CHAIN(command, vmar_unmap_in_region,
	COMMAND(VMAR_UNMAP, vmar_range, .handle = w->values[0],
		.addr = ZT_ADDRESS(w->map + 10 * PAGE), .length = 4 * PAGE),
	.command = ZXVMO_VMAR_UNMAP, .prepare = mapped_region)

CHAIN(command, vmar_destroy, COMMAND(VMAR_DESTROY, vmar_destroy, .handle = w->values[0]),
	.command = ZXVMO_VMAR_DESTROY, .prepare = nested_region, .may = { ENOMEM },
	.partly = ABOUT_MAPPINGS | ABOUT_HOLES)

CHAIN(command, vmar_destroy_in_region,
	COMMAND(VMAR_DESTROY, vmar_destroy, .handle = w->values[1]),
	.command = ZXVMO_VMAR_DESTROY, .prepare = nested_region)

CHAIN(command, process_read_memory, MEMORY(w, READ, w->map),
	.command = ZXVMO_PROCESS_READ_MEMORY, .prepare = map_shared, .fails = { ENOMEM })

CHAIN(command, process_write_memory, MEMORY(w, WRITE, w->map + 4 * PAGE),
	.command = ZXVMO_PROCESS_WRITE_MEMORY, .prepare = map_shared, .fails = { ENOMEM })

CHAIN(command, handle_duplicate_root,
	COMMAND(HANDLE_DUPLICATE, handle_duplicate, .handle = ZXVMO_HANDLE_VMAR_ROOT_SELF,
		.rights = SAME, .out_handle = OUT(w)),
	.command = ZXVMO_HANDLE_DUPLICATE, .fails = { ENOMEM })

CHAIN(command, vmar_export, COMMAND(VMAR_EXPORT, vmar_export,
				    .handle = ZXVMO_HANDLE_VMAR_ROOT_SELF, .rights = SAME,
				    .out_handle = OUT(w)),
	.command = ZXVMO_VMAR_EXPORT, .fails = { ENOMEM })

/* File operations */

/* Nobody has the device open and there is no object: the file system is mounted */
static void close_device(struct __test_metadata *_metadata, struct world *w)
{
	w->fd = zt_device();
	ASSERT_EQ(0, close(w->fd));
}

CHAIN(file, open_first, checked(open("/dev/zxvmo", O_RDWR | O_CLOEXEC)),
	.prepare = close_device, .bare = true, .fails = { ENOMEM })

CHAIN(file, open_again, checked(open("/dev/zxvmo", O_RDWR | O_CLOEXEC)),
	.fails = { ENOMEM })

CHAIN(file, close, checked(close(FD(w->extra))), .prepare = extra_vmo)

CHAIN(file, dup, checked(dup(FD(w->vmo))))

#define PREAD(w, first, nr)							\
	transferred(w, pread(FD((w)->vmo), (w)->buffer, (nr) * PAGE, (first) * PAGE), \
		    (nr) * PAGE)
CHAIN(file, read, PREAD(w, 0, VMO_PAGES))

CHAIN(file, write_present, PWRITE(w, 1, 2))

CHAIN(file, write_absent, PWRITE(w, 4, 2), .fails = { ENOMEM })

CHAIN(file, write_many, PWRITE(w, LEAF - 6, BUFFER_PAGES), .prepare = leaves,
	.fails = { ENOMEM }, .may = { SHORT }, .partly = ABOUT_PAGES,
	.failed = part_is_written)

/* The VMO may stay larger, but not the file */
CHAIN(file, write_grow, PWRITE(w, VMO_PAGES + 1, 7), .fails = { ENOMEM },
	.partly = ABOUT_SIZE)

static int append(struct world *w)
{
	struct iovec iov[] = {
		{ w->buffer, 2 * PAGE },
		{ w->buffer + 4 * PAGE, 6 * PAGE },
	};

	w->at = VMO_PAGES * PAGE;
	return transferred(w, pwritev2(FD(w->vmo), iov, 2, 0, RWF_APPEND), 8 * PAGE);
}

CHAIN(file, append, append(w), .fails = { ENOMEM }, .partly = ABOUT_SIZE)

CHAIN(file, fallocate, FALLOCATE(w, 0, LEAF - 8, 16), .prepare = leaves,
	.fails = { ENOMEM })

CHAIN(file, fallocate_grow, FALLOCATE(w, 0, VMO_PAGES - 1, 4), .fails = { ENOMEM },
	.partly = ABOUT_SIZE)

CHAIN(file, fallocate_keep_size, FALLOCATE(w, FALLOC_FL_KEEP_SIZE, 0, VMO_PAGES),
	.fails = { ENOMEM })

CHAIN(file, fallocate_punch_hole,
	FALLOCATE(w, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 2),
	.prepare = map_touched)

CHAIN(file, ftruncate_grow, checked(ftruncate(FD(w->vmo), LEAVES * PAGE)))

CHAIN(file, ftruncate_shrink, checked(ftruncate(FD(w->vmo), PAGE + 5)),
	.prepare = map_touched)

CHAIN(file, lseek,
	lseek(FD(w->vmo), 0, SEEK_DATA) != (off_t)PAGE ||
	lseek(FD(w->vmo), PAGE, SEEK_HOLE) != 3 * (off_t)PAGE)

/* A failed splice leaves nothing in the pipe */
static int splice_out(struct world *w)
{
	ssize_t done = splice(FD(w->vmo), &(off64_t){ 0 }, w->pipe[1], NULL, 4 * PAGE, 0);
	int error = errno, left = 0;

	if (done > 0)
		done = read(w->pipe[0], w->buffer, 4 * PAGE);
	ioctl(w->pipe[0], FIONREAD, &left);
	errno = left ? EBADMSG : error;
	return transferred(w, left ? -1 : done, 4 * PAGE);
}

CHAIN(file, splice_out, splice_out(w), .prepare = open_pipe, .fails = { ENOMEM },
	.may = { SHORT }, .partly = ABOUT_DATA)

CHAIN(file, splice_in,
	transferred(w, splice(w->pipe[0], NULL, FD(w->vmo),
			      &(off64_t){ w->at = 6 * PAGE }, 2 * PAGE, 0), 2 * PAGE),
	.prepare = full_pipe, .fails = { ENOMEM }, .may = { SHORT },
	.partly = ABOUT_PAGES, .failed = part_is_written)

CHAIN(file, sendfile,
	({
		w->at = 8 * PAGE;
		lseek(FD(w->vmo), w->at, SEEK_SET);
		transferred(w, sendfile(FD(w->vmo), FD(w->other), &(off_t){ 0 }, 6 * PAGE),
			    6 * PAGE);
	}),
	.fails = { ENOMEM }, .may = { SHORT }, .partly = ABOUT_PAGES,
	.failed = part_is_written)

CHAIN(file, poll, poll(&(struct pollfd){ FD(w->vmo), POLLIN | POLLPRI, 0 }, 1, 0) != 1)

static void open_epoll(struct __test_metadata *_metadata, struct world *w)
{
	w->fd = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, w->fd);
}

CHAIN(file, epoll,
	checked(epoll_ctl(w->fd, EPOLL_CTL_ADD, FD(w->event),
			  &(struct epoll_event){ .events = EPOLLIN })),
	.prepare = open_epoll, .fails = { ENOMEM })

static int read_fdinfo(struct world *w)
{
	char path[64], text[1024] = "";
	int fd, error;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", FD(w->vmo));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	error = checked(read(fd, text, sizeof(text) - 1));
	close(fd);
	return error ?: !strstr(text, "zx-size:");
}

CHAIN(file, fdinfo, read_fdinfo(w), .fails = { ENOMEM }, .may = { ENOENT })

#define MMAP(w, flags)								\
	({									\
		void *__p = mmap(NULL, VMO_PAGES * PAGE, PROT_READ | PROT_WRITE, \
				 flags, FD((w)->vmo), 0);			\
										\
		(w)->out[0] = ZT_ADDRESS(__p);					\
		__p == MAP_FAILED ? errno : 0;					\
	})

/* mmap(2) has its result in no memory of the program's */
static int mmapped(struct world *w, int outcome)
{
	if (outcome)
		w->out[0] = NOTHING_STORED;
	return mapped(w, outcome);
}

CHAIN(file, mmap_shared, mmapped(w, MMAP(w, MAP_SHARED)), .fails = { ENOMEM })

CHAIN(file, mmap_private, mmapped(w, MMAP(w, MAP_PRIVATE)), .fails = { ENOMEM })

/* What cannot be populated is left for faults */
CHAIN(file, mmap_populate, mmapped(w, MMAP(w, MAP_SHARED | MAP_POPULATE)),
	.fails = { ENOMEM })

CHAIN(file, munmap_middle, checked(munmap(w->map + 4 * PAGE, 8 * PAGE)),
	.prepare = map_with_holes, .fails = { ENOMEM },
	.partly = ABOUT_MAPPINGS)

CHAIN(file, mprotect_middle, checked(mprotect(w->map + 4 * PAGE, 8 * PAGE, PROT_READ)),
	.prepare = map_touched, .fails = { ENOMEM }, .partly = ABOUT_MAPPINGS)

/* Faults: SIGBUS, or what a system call that meets one says */

static void map_leaf(struct __test_metadata *_metadata, struct world *w)
{
	leaves(_metadata, w);
	map_pages(_metadata, w, LEAF, PROT_READ | PROT_WRITE, MAP_SHARED);
}

static void map_far(struct __test_metadata *_metadata, struct world *w)
{
	far(_metadata, w);
	map_pages(_metadata, w, FAR, PROT_READ | PROT_WRITE, MAP_SHARED);
}

/* Private, with a page table already, so that copies alone need memory */
static void map_private_stored(struct __test_metadata *_metadata, struct world *w)
{
	map_private(_metadata, w);
	ASSERT_EQ(0, zt_load(w->map + 1 * PAGE).signal);
	ASSERT_EQ(0, zt_load(w->map + 4 * PAGE).signal);
	w->map_is_private = true;
}

static void map_and_pipe(struct __test_metadata *_metadata, struct world *w)
{
	map_shared(_metadata, w);
	full_pipe(_metadata, w);
}

CHAIN(fault, read_absent, LOAD(w, 4), .prepare = map_shared)

CHAIN(fault, read_present, LOAD(w, 1), .prepare = map_shared)

CHAIN(fault, write_absent, STORE(w, 4), .prepare = map_shared,
	.fails = { SIGNALED(SIGBUS) })

CHAIN(fault, write_zero_page, STORE(w, 4), .prepare = map_touched,
	.fails = { SIGNALED(SIGBUS) })

CHAIN(fault, write_present, STORE(w, 1), .prepare = map_shared)

CHAIN(fault, write_read_page, STORE(w, 1), .prepare = map_touched)

CHAIN(fault, write_new_leaf, STORE(w, 3), .prepare = map_leaf,
	.fails = { SIGNALED(SIGBUS) })

CHAIN(fault, write_far, STORE(w, 3), .prepare = map_far, .fails = { SIGNALED(SIGBUS) })

CHAIN(fault, read_far, LOAD(w, 3), .prepare = map_far)

/* A private copy is Linux's own; it tries until there is memory */
CHAIN(fault, private_read, LOAD(w, 4), .prepare = map_private)

CHAIN(fault, private_write_absent, STORE(w, 4), .prepare = map_private_stored)

CHAIN(fault, private_write_present, STORE(w, 1), .prepare = map_private_stored)

/* A system call stores; a copy that meets a fault tries once more, byte by byte */
CHAIN(fault, by_read,
	transferred(w, read(w->pipe[0], w->map + (w->at = 4 * PAGE), 2 * PAGE), 2 * PAGE),
	.prepare = map_and_pipe, .may = { EFAULT, SHORT }, .partly = ABOUT_PAGES,
	.failed = part_is_written)

CHAIN(fault, by_put_user, checked(ioctl(w->pipe[0], FIONREAD, w->map + 4 * PAGE)),
	.prepare = map_and_pipe, .fails = { EFAULT })

static int write_remotely(struct world *w)
{
	struct iovec from = { w->buffer, 4 * PAGE }, to = { w->map + 4 * PAGE, 4 * PAGE };

	w->at = 4 * PAGE;
	return transferred(w, process_vm_writev(getpid(), &from, 1, &to, 1, 0), 4 * PAGE);
}

CHAIN(fault, by_process_vm_writev, write_remotely(w), .prepare = map_shared,
	.fails = { EFAULT }, .may = { SHORT, ENOMEM }, .partly = ABOUT_PAGES,
	.failed = part_is_written)

CHAIN(fault, by_populate_write,
	checked(madvise(w->map + 4 * PAGE, 4 * PAGE, MADV_POPULATE_WRITE)),
	.prepare = map_shared, .fails = { EFAULT }, .may = { ENOMEM },
	.partly = ABOUT_PAGES)

CHAIN(fault, by_populate_read,
	checked(madvise(w->map, VMO_PAGES * PAGE, MADV_POPULATE_READ)),
	.prepare = map_shared, .may = { ENOMEM, EFAULT })

/* The key of a shared futex is its page, which is made for it */
CHAIN(fault, by_futex,
	checked(syscall(SYS_futex, w->map + 4 * PAGE, FUTEX_WAKE, 1, NULL, NULL, 0)),
	.prepare = map_shared, .fails = { EFAULT }, .may = { ENOMEM })

/* The library: the same as statuses, and nothing leaks from it either */

FIXTURE(library) {};

FIXTURE_SETUP(library)
{
	zx_handle_t event;

	nth_setup(_metadata);
	if (_metadata->exit_code)
		return;
	/* It opens the device at its first call */
	ASSERT_OK(zx_event_create(0, &event));
	ASSERT_OK(zx_handle_close(event));
}

FIXTURE_TEARDOWN(library) {}

#define HANDLE_OUT(w)	((zx_handle_t *)(w)->out)

/* The library's own descriptor of the device */
static int library_fd(void)
{
	char path[64], name[32];

	for (int fd = LAST_FD + 1; fd < ALL_FDS; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		memset(name, 0, sizeof(name));
		if (readlink(path, name, sizeof(name) - 1) > 0 &&
		    !strcmp(name, "/dev/zxvmo"))
			return fd;
	}
	return -1;
}

static void close_library_fd(struct __test_metadata *_metadata,
			     struct world *w zt_unused)
{
	ASSERT_EQ(0, close(library_fd()));
}

/* The device is found before the command fails */
static void device_is_open(const struct world *w zt_unused, int outcome zt_unused,
			   const struct shape *after, const struct shape *now,
			   struct shape *want)
{
	for (int i = LAST_FD / 64; i < ALL_FDS / 64; i++) {
		struct item *item = shape_find(after, "process", "descriptors", i);

		if (shape_find(now, "process", "descriptors", i)->value == item->value)
			shape_find(want, "process", "descriptors", i)->value = item->value;
	}
}

CHAIN(library, first_call, zx_event_create(0, HANDLE_OUT(w)),
	.prepare = close_library_fd, .fails = { ZX_ERR_NO_MEMORY },
	.failed = device_is_open)

CHAIN(library, zx_vmo_create, zx_vmo_create(PAGE, 0, HANDLE_OUT(w)),
	.fails = { ZX_ERR_NO_MEMORY })

CHAIN(library, zx_handle_duplicate,
	zx_handle_duplicate(w->vmo, ZX_RIGHT_SAME_RIGHTS, HANDLE_OUT(w)),
	.fails = { ZX_ERR_NO_MEMORY })

CHAIN(library, zx_handle_replace,
	zx_handle_replace(w->extra, ZX_RIGHT_SAME_RIGHTS, HANDLE_OUT(w)),
	.prepare = extra_handle, .fails = { ZX_ERR_NO_MEMORY },
	.failed = handle_is_gone, .once = true)

CHAIN(library, zx_vmo_write, zx_vmo_write(w->vmo, w->buffer, 4 * PAGE, 4 * PAGE),
	.fails = { ZX_ERR_NO_MEMORY })

CHAIN(library, zx_vmo_op_range_commit,
	zx_vmo_op_range(w->vmo, ZX_VMO_OP_COMMIT, 0, VMO_PAGES * PAGE, NULL, 0),
	.fails = { ZX_ERR_NO_MEMORY })

CHAIN(library, zx_vmo_transfer_data,
	zx_vmo_transfer_data(w->vmo, 0, FAR * PAGE, PAGE, w->other, 0),
	.prepare = far, .fails = { ZX_ERR_NO_MEMORY })

CHAIN(library, zx_object_get_info,
	zx_object_get_info(w->vmo, ZX_INFO_VMO, w->out + 1, sizeof(zx_info_vmo_t),
			   w->out, NULL),
	.prepare = map_thrice, .fails = { ZX_ERR_NO_MEMORY, ZX_ERR_INVALID_ARGS })

CHAIN(library, zx_object_set_property,
	zx_object_set_property(w->vmo, ZX_PROP_NAME, "a name", 7),
	.fails = { ZX_ERR_INVALID_ARGS })

CHAIN(library, zx_vmar_map,
	mapped(w, zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0,
			      w->vmo, 0, VMO_PAGES * PAGE, w->out)),
	.fails = { ZX_ERR_NO_MEMORY })

CHAIN(library, zx_vmar_protect,
	zx_vmar_protect(zx_vmar_root_self(), ZX_VM_PERM_READ,
			ZT_ADDRESS(w->map + 4 * PAGE), 8 * PAGE),
	.prepare = map_touched, .fails = { ZX_ERR_NO_MEMORY },
	.partly = ABOUT_MAPPINGS)

CHAIN(library, zx_vmar_unmap,
	zx_vmar_unmap(zx_vmar_root_self(), ZT_ADDRESS(w->map + 4 * PAGE), 8 * PAGE),
	.prepare = map_with_holes, .fails = { ZX_ERR_NO_MEMORY },
	.partly = ABOUT_MAPPINGS)

TEST(commands_have_chains)
{
	static const struct { const char *name; unsigned int number; } commands[] = {
#define X(name) { #name, ZXVMO_##name },
#include "commands.h"
	};
	const struct chain *c;

	ASSERT_LT(20, ARRAY_SIZE(commands));
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		for (c = chains; c && c->command != commands[i].number; c = c->next)
			;
		EXPECT_NE(NULL, c) TH_LOG("%s has no chain", commands[i].name);
	}
}

int main(int argc, char **argv)
{
	return nth_main(argc, argv);
}
