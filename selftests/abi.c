// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctl boundary: what holds for every command of uapi/zxvmo.h, whatever it
 * does. One table tells what the commands have in common; the tests go through
 * it, take a call that works and spoil one thing at a time.
 *
 * Raw ioctls only: built a second time for 32 bits, this is how such a program
 * sees the same kernel.
 */
#include "zxtest.h"

#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MAX_FIELDS	2
#define SAME		ZXVMO_RIGHT_SAME_RIGHTS
#define RW_PAGES	2

/* What a handle in a structure has to be */
enum want {
	WANT_NOTHING,	/* no further field */
	WANT_ANY,
	WANT_VMO,
	WANT_VMAR,
	WANT_PROCESS,
	WANT_CONSUMED,	/* any object; the command closes the handle */
};

struct command {
	const char *name;
	unsigned int number;
	__u32 size;		/* of its structure in the first version */
	bool device_only;
	bool makes_handle;
	struct {
		size_t offset;
		enum want want;
		__u32 rights;
	} handles[MAX_FIELDS];
	/* __u32 fields that must be 0; none is at offset 0 */
	size_t zeros[MAX_FIELDS];
	/* Fields with addresses that results are stored to */
	struct {
		size_t offset;
		size_t width;
		bool optional;
	} outs[MAX_FIELDS];
};

#define COMMAND(_number, _size, ...)						\
	{ .name = #_number, .number = ZXVMO_##_number, .size = _size, ##__VA_ARGS__ }
#define HANDLE(type, field, want, rights)					\
	{ offsetof(struct zxvmo_##type, field), WANT_##want, rights }
#define ZERO(type, field) offsetof(struct zxvmo_##type, field)
#define OUT(type, field, width) { offsetof(struct zxvmo_##type, field), width, false }
#define OPTIONAL_OUT(type, field, width) { offsetof(struct zxvmo_##type, field), width, true }

#define RIGHT(name) ZXVMO_RIGHT_##name

static const struct command commands[] = {
	COMMAND(QUERY, 32, .zeros = { ZERO(query, flags) }),
	COMMAND(HANDLE_DUPLICATE, 24, .makes_handle = true,
		.handles = { HANDLE(handle_duplicate, handle, ANY, RIGHT(DUPLICATE)) },
		.zeros = { ZERO(handle_duplicate, __reserved) },
		.outs = { OUT(handle_duplicate, out_handle, 4) }),
	COMMAND(HANDLE_REPLACE, 24, .makes_handle = true,
		.handles = { HANDLE(handle_duplicate, handle, CONSUMED, 0) },
		.zeros = { ZERO(handle_duplicate, __reserved) },
		.outs = { OUT(handle_duplicate, out_handle, 4) }),
	COMMAND(HANDLE_CLOSE, 8,
		.handles = { HANDLE(handle_close, handle, CONSUMED, 0) }),
	COMMAND(HANDLE_CLOSE_MANY, 24,
		.zeros = { ZERO(handle_close_many, __reserved) }),
	COMMAND(HANDLE_FROM_FD, 16,
		.outs = { OUT(handle_from_fd, out_handle, 4) }),
	COMMAND(OBJECT_SIGNAL, 16,
		.handles = { HANDLE(object_signal, handle, ANY, RIGHT(SIGNAL)) }),
	COMMAND(OBJECT_WAIT_ONE, 32,
		.handles = { HANDLE(object_wait_one, handle, ANY, RIGHT(WAIT)) },
		.zeros = { ZERO(object_wait_one, __reserved) },
		.outs = { OPTIONAL_OUT(object_wait_one, out_observed, 4) }),
	COMMAND(OBJECT_GET_INFO, 48,
		.handles = { HANDLE(object_get_info, handle, VMO, 0) },
		.zeros = { ZERO(object_get_info, __reserved) },
		.outs = { OPTIONAL_OUT(object_get_info, out_actual, 8),
			  OPTIONAL_OUT(object_get_info, out_avail, 8) }),
	COMMAND(OBJECT_GET_PROPERTY, 32,
		.handles = { HANDLE(object_property, handle, ANY, RIGHT(GET_PROPERTY)) },
		.zeros = { ZERO(object_property, __reserved) }),
	COMMAND(OBJECT_SET_PROPERTY, 32,
		.handles = { HANDLE(object_property, handle, ANY, RIGHT(SET_PROPERTY)) },
		.zeros = { ZERO(object_property, __reserved) }),
	COMMAND(EVENT_CREATE, 16,
		.device_only = true, .makes_handle = true,
		.zeros = { ZERO(event_create, options) },
		.outs = { OUT(event_create, out_handle, 4) }),
	COMMAND(VMO_CREATE, 24,
		.device_only = true, .makes_handle = true,
		.outs = { OUT(vmo_create, out_handle, 4) }),
	COMMAND(VMO_READ, 32,
		.handles = { HANDLE(vmo_rw, handle, VMO, RIGHT(READ)) }),
	COMMAND(VMO_WRITE, 32,
		.handles = { HANDLE(vmo_rw, handle, VMO, RIGHT(WRITE)) }),
	COMMAND(VMO_GET_SIZE, 16,
		.handles = { HANDLE(vmo_get_size, handle, VMO, 0) },
		.outs = { OUT(vmo_get_size, out_size, 8) }),
	COMMAND(VMO_SET_SIZE, 16,
		.handles = { HANDLE(vmo_set_size, handle, VMO, RIGHT(WRITE) | RIGHT(RESIZE)) }),
	COMMAND(VMO_GET_STREAM_SIZE, 16,
		.handles = { HANDLE(vmo_get_size, handle, VMO, 0) },
		.outs = { OUT(vmo_get_size, out_size, 8) }),
	COMMAND(VMO_SET_STREAM_SIZE, 16,
		.handles = { HANDLE(vmo_set_size, handle, VMO, RIGHT(WRITE)) }),
	COMMAND(VMO_OP_RANGE, 48,
		.handles = { HANDLE(vmo_op_range, handle, VMO, RIGHT(WRITE)) },
		.zeros = { ZERO(vmo_op_range, __reserved) }),
	COMMAND(VMO_SET_CACHE_POLICY, 16,
		.handles = { HANDLE(vmo_set_cache_policy, handle, VMO, RIGHT(MAP)) },
		.zeros = { ZERO(vmo_set_cache_policy, __reserved) }),
	COMMAND(VMO_REPLACE_AS_EXECUTABLE, 24,
		.makes_handle = true,
		.handles = { HANDLE(vmo_replace_as_executable, handle, CONSUMED, 0) },
		.zeros = { ZERO(vmo_replace_as_executable, __reserved) },
		.outs = { OUT(vmo_replace_as_executable, out_handle, 4) }),
	COMMAND(VMO_TRANSFER_DATA, 40,
		.handles = { HANDLE(vmo_transfer_data, handle, VMO, RIGHT(WRITE)),
			     HANDLE(vmo_transfer_data, src_handle, VMO,
				    RIGHT(READ) | RIGHT(WRITE)) },
		.zeros = { ZERO(vmo_transfer_data, options) }),
	COMMAND(VMO_CREATE_CHILD, 40,
		.makes_handle = true,
		.handles = { HANDLE(vmo_create_child, handle, VMO,
				    RIGHT(DUPLICATE) | RIGHT(READ)) },
		.zeros = { ZERO(vmo_create_child, __reserved) },
		.outs = { OUT(vmo_create_child, out_handle, 4) }),
	COMMAND(VMAR_MAP, 48,
		.handles = { HANDLE(vmar_map, handle, VMAR, 0),
			     HANDLE(vmar_map, vmo, VMO,
				    RIGHT(MAP) | RIGHT(READ) | RIGHT(WRITE)) },
		.outs = { OUT(vmar_map, out_addr, 8) }),
	COMMAND(VMAR_UNMAP, 32,
		.handles = { HANDLE(vmar_range, handle, VMAR, 0) },
		.zeros = { ZERO(vmar_range, options), ZERO(vmar_range, __reserved) }),
	COMMAND(VMAR_PROTECT, 32,
		.handles = { HANDLE(vmar_range, handle, VMAR, 0) },
		.zeros = { ZERO(vmar_range, __reserved) }),
	COMMAND(VMAR_ALLOCATE, 48,
		.makes_handle = true,
		.handles = { HANDLE(vmar_allocate, handle, VMAR, 0) },
		.zeros = { ZERO(vmar_allocate, __reserved) },
		.outs = { OUT(vmar_allocate, out_handle, 4), OUT(vmar_allocate, out_addr, 8) }),
	COMMAND(VMAR_DESTROY, 8,
		.handles = { HANDLE(vmar_destroy, handle, VMAR, 0) }),
	COMMAND(VMAR_OP_RANGE, 48,
		.handles = { HANDLE(vmar_op_range, handle, VMAR, 0) },
		.zeros = { ZERO(vmar_op_range, __reserved) }),
	COMMAND(VMAR_EXPORT, 24, .makes_handle = true,
		.handles = { HANDLE(vmar_export, handle, VMAR, 0) },
		.zeros = { ZERO(vmar_export, __reserved) },
		.outs = { OUT(vmar_export, out_handle, 4) }),
	COMMAND(PROCESS_READ_MEMORY, 40,
		.handles = { HANDLE(process_memory, handle, PROCESS, 0) },
		.outs = { OUT(process_memory, out_actual, 8) }),
	COMMAND(PROCESS_WRITE_MEMORY, 40,
		.handles = { HANDLE(process_memory, handle, PROCESS, 0) },
		.outs = { OUT(process_memory, out_actual, 8) }),
};

#define for_each_command(c) \
	for (const struct command *c = commands; c < commands + ARRAY_SIZE(commands); c++)

union argument {
	__u32 size;
	char bytes[64];
	__u32 words[16];
	__u64 _alignment;
};

static __u32 *word(union argument *arg, size_t offset)
{
	return &arg->words[offset / 4];
}

static void set_address(union argument *arg, size_t offset, __u64 address)
{
	memcpy(arg->bytes + offset, &address, sizeof(address));
}

/* What the working calls are about. Made anew for each, for some consume it. */
struct world {
	unsigned int first_fd;	/* this one and all above are ours */
	__u32 vmo;
	__u32 source;
	__u32 event;
	__u32 consumable;
	__u32 vmar;
	__u64 vmar_addr;
	void *mapping;
	__u64 out[MAX_FIELDS];
	char buffer[256];
};

/*
 * Memory that some or all access fails to. It lies low, where no mapping comes
 * by itself: the hole stays one.
 */
static char *last_page, *hole, *read_only, *no_access;

static void map_memory(void)
{
	size_t page = zt_page_size();

	last_page = mmap((void *)0x20000000, 4 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	hole = last_page + page;
	munmap(hole, page);
	read_only = hole + page;
	no_access = read_only + page;
	mprotect(read_only, page, PROT_READ);
	mprotect(no_access, page, PROT_NONE);
}

static bool world_open(struct world *w)
{
	size_t size = RW_PAGES * zt_page_size();

	memset(w, 0, sizeof(*w));
	zt_device();
	if (!last_page)
		map_memory();
	w->first_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	w->vmo = zt_vmo(ZXVMO_VMO_RESIZABLE, size);
	w->source = zt_vmo(0, size);
	w->event = zt_event();
	w->consumable = zt_duplicate(w->vmo, SAME);
	zt_call(VMAR_ALLOCATE, vmar_allocate, .handle = ZXVMO_HANDLE_VMAR_ROOT_SELF,
		.length = zt_page_size(), .out_handle = ZT_ADDRESS(&w->vmar),
		.out_addr = ZT_ADDRESS(&w->vmar_addr));
	w->mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			  ZXVMO_HANDLE_FD(w->source), 0);
	return w->vmar && w->vmo && w->source && w->event && w->consumable &&
	       w->mapping != MAP_FAILED;
}

/* A region goes with its reservation. */
static void unreserve(__u64 address)
{
	munmap((void *)(uintptr_t)address, zt_page_size());
}

static void world_close(struct world *w)
{
	if (w->vmar_addr)
		unreserve(w->vmar_addr);
	munmap(w->mapping, RW_PAGES * zt_page_size());
	syscall(SYS_close_range, w->first_fd, ~0U, 0);
}

/* The arguments of a call that works */
static void fill(const struct command *c, struct world *w, union argument *arg)
{
	size_t page = zt_page_size();

	memset(arg, 0, sizeof(*arg));
#define FILL(type, ...) (*(struct zxvmo_##type *)arg = (struct zxvmo_##type){ __VA_ARGS__ })
	switch (c->number) {
	case ZXVMO_HANDLE_DUPLICATE:
		FILL(handle_duplicate, .handle = w->vmo, .rights = SAME);
		break;
	case ZXVMO_HANDLE_REPLACE:
		FILL(handle_duplicate, .handle = w->consumable, .rights = SAME);
		break;
	case ZXVMO_HANDLE_CLOSE:
		FILL(handle_close, .handle = w->consumable);
		break;
	case ZXVMO_HANDLE_CLOSE_MANY:
		FILL(handle_close_many, .handles = ZT_ADDRESS(&w->consumable),
		     .num_handles = 1);
		break;
	case ZXVMO_HANDLE_FROM_FD:
		FILL(handle_from_fd, .fd = ZXVMO_HANDLE_FD(w->vmo));
		break;
	case ZXVMO_OBJECT_SIGNAL:
		FILL(object_signal, .handle = w->vmo, .set_mask = 1U << 24);
		break;
	case ZXVMO_OBJECT_WAIT_ONE:
		FILL(object_wait_one, .handle = w->vmo,
		     .signals = ZXVMO_SIGNAL_ZERO_CHILDREN);
		break;
	case ZXVMO_OBJECT_GET_INFO:
		FILL(object_get_info, .handle = w->vmo, .topic = ZXVMO_INFO_VMO,
		     .buffer = ZT_ADDRESS(w->buffer), .buffer_size = sizeof(w->buffer));
		break;
	case ZXVMO_OBJECT_GET_PROPERTY:
	case ZXVMO_OBJECT_SET_PROPERTY:
		FILL(object_property, .handle = w->vmo, .property = ZXVMO_PROP_NAME,
		     .value = ZT_ADDRESS(w->buffer), .value_size = ZXVMO_MAX_NAME_LEN);
		break;
	case ZXVMO_VMO_CREATE:
		FILL(vmo_create, .vmo_size = 1);
		break;
	case ZXVMO_VMO_READ:
	case ZXVMO_VMO_WRITE:
		FILL(vmo_rw, .handle = w->vmo, .buffer = ZT_ADDRESS(w->buffer),
		     .length = sizeof(w->buffer));
		break;
	case ZXVMO_VMO_GET_SIZE:
	case ZXVMO_VMO_GET_STREAM_SIZE:
		FILL(vmo_get_size, .handle = w->vmo);
		break;
	case ZXVMO_VMO_SET_SIZE:
	case ZXVMO_VMO_SET_STREAM_SIZE:
		FILL(vmo_set_size, .handle = w->vmo, .vmo_size = page);
		break;
	case ZXVMO_VMO_OP_RANGE:
		FILL(vmo_op_range, .handle = w->vmo, .op = ZXVMO_VMO_OP_COMMIT,
		     .length = page);
		break;
	case ZXVMO_VMO_SET_CACHE_POLICY:
		FILL(vmo_set_cache_policy, .handle = w->vmo);
		break;
	case ZXVMO_VMO_REPLACE_AS_EXECUTABLE:
		FILL(vmo_replace_as_executable, .handle = w->consumable);
		break;
	case ZXVMO_VMO_TRANSFER_DATA:
		FILL(vmo_transfer_data, .handle = w->vmo, .src_handle = w->source,
		     .length = page);
		break;
	case ZXVMO_VMO_CREATE_CHILD:
		FILL(vmo_create_child, .handle = w->vmo,
		     .options = ZXVMO_VMO_CHILD_SNAPSHOT, .vmo_size = page);
		break;
	case ZXVMO_VMAR_MAP:
		FILL(vmar_map, .handle = ZXVMO_HANDLE_VMAR_ROOT_SELF, .vmo = w->vmo,
		     .options = ZXVMO_VM_PERM_READ | ZXVMO_VM_PERM_WRITE, .length = page);
		break;
	case ZXVMO_VMAR_UNMAP:
		FILL(vmar_range, .handle = ZXVMO_HANDLE_VMAR_ROOT_SELF,
		     .addr = ZT_ADDRESS(w->mapping), .length = page);
		break;
	case ZXVMO_VMAR_PROTECT:
		FILL(vmar_range, .handle = ZXVMO_HANDLE_VMAR_ROOT_SELF,
		     .options = ZXVMO_VM_PERM_READ, .addr = ZT_ADDRESS(w->mapping),
		     .length = page);
		break;
	case ZXVMO_VMAR_ALLOCATE:
		FILL(vmar_allocate, .handle = ZXVMO_HANDLE_VMAR_ROOT_SELF, .length = page);
		break;
	case ZXVMO_VMAR_DESTROY:
		FILL(vmar_destroy, .handle = w->vmar);
		break;
	case ZXVMO_VMAR_OP_RANGE:
		FILL(vmar_op_range, .handle = ZXVMO_HANDLE_VMAR_ROOT_SELF,
		     .op = ZXVMO_VMAR_OP_COMMIT, .addr = ZT_ADDRESS(w->mapping), .length = page);
		break;
	case ZXVMO_VMAR_EXPORT:
		FILL(vmar_export, .handle = w->vmar, .rights = SAME);
		break;
	case ZXVMO_PROCESS_READ_MEMORY:
	case ZXVMO_PROCESS_WRITE_MEMORY:
		FILL(process_memory, .handle = ZXVMO_HANDLE_PROCESS_SELF,
		     .addr = ZT_ADDRESS(w->mapping), .buffer = ZT_ADDRESS(w->buffer),
		     .length = sizeof(w->buffer));
		break;
	}
	arg->size = c->size;
	for (int i = 0; i < MAX_FIELDS && c->outs[i].width; i++)
		set_address(arg, c->outs[i].offset, ZT_ADDRESS(&w->out[i]));
}

/* Call, and forget the mapping or region that a successful call leaves */
static int call(const struct command *c, struct world *w, int fd, const void *arg)
{
	int error = zt_ioctl(fd, c->number, arg);

	if (!error && c->number == ZXVMO_VMAR_MAP)
		munmap((void *)(uintptr_t)w->out[0], zt_page_size());
	if (!error && c->number == ZXVMO_VMAR_ALLOCATE)
		unreserve(w->out[1]);
	if (!error && c->number == ZXVMO_VMAR_DESTROY)
		w->vmar_addr = 0;
	return error;
}

/* What must not change when a command fails */
struct snapshot {
	int fds;
	long long objects;
	long long handles;
};

static struct snapshot take_snapshot(void)
{
	return (struct snapshot){ zt_open_fds(), zt_stat("objects"), zt_stat("handles") };
}

#define EXPECT_SNAPSHOT(c, before) do {						\
	struct snapshot __now = take_snapshot();				\
										\
	ASSERT_LT(0, __now.objects);						\
	EXPECT_EQ((before).fds, __now.fds) TH_LOG("%s: descriptors", (c)->name); \
	EXPECT_EQ((before).objects, __now.objects) TH_LOG("%s: objects", (c)->name); \
	EXPECT_EQ((before).handles, __now.handles) TH_LOG("%s: handles", (c)->name); \
} while (0)

/* All tests but the first rest on this */
TEST(every_command_works)
{
	union argument arg;
	struct world w;

	for_each_command(c) {
		ASSERT_TRUE(world_open(&w));
		fill(c, &w, &arg);
		EXPECT_ERRNO(0, call(c, &w, zt_device(), &arg)) TH_LOG("%s", c->name);
		world_close(&w);
	}
}

/* Layout */

#define EXPECT_FIELD(type, field, offset, width) do {				\
	EXPECT_EQ(offset, offsetof(struct zxvmo_##type, field));		\
	EXPECT_EQ(width, sizeof(((struct zxvmo_##type *)0)->field));		\
} while (0)

TEST(layout_of_commands)
{
	EXPECT_EQ(32, sizeof(struct zxvmo_query));
	EXPECT_FIELD(query, size, 0, 4);
	EXPECT_FIELD(query, flags, 4, 4);
	EXPECT_FIELD(query, out_api_version, 8, 4);
	EXPECT_FIELD(query, out_page_size, 12, 4);
	EXPECT_FIELD(query, out_features, 16, 8);
	EXPECT_FIELD(query, out_errata, 24, 8);

	EXPECT_EQ(24, sizeof(struct zxvmo_handle_duplicate));
	EXPECT_FIELD(handle_duplicate, handle, 4, 4);
	EXPECT_FIELD(handle_duplicate, rights, 8, 4);
	EXPECT_FIELD(handle_duplicate, __reserved, 12, 4);
	EXPECT_FIELD(handle_duplicate, out_handle, 16, 8);

	EXPECT_EQ(8, sizeof(struct zxvmo_handle_close));
	EXPECT_FIELD(handle_close, handle, 4, 4);

	EXPECT_EQ(24, sizeof(struct zxvmo_handle_close_many));
	EXPECT_FIELD(handle_close_many, __reserved, 4, 4);
	EXPECT_FIELD(handle_close_many, handles, 8, 8);
	EXPECT_FIELD(handle_close_many, num_handles, 16, 8);

	EXPECT_EQ(16, sizeof(struct zxvmo_handle_from_fd));
	EXPECT_FIELD(handle_from_fd, fd, 4, 4);
	EXPECT_FIELD(handle_from_fd, out_handle, 8, 8);

	EXPECT_EQ(16, sizeof(struct zxvmo_object_signal));
	EXPECT_FIELD(object_signal, handle, 4, 4);
	EXPECT_FIELD(object_signal, clear_mask, 8, 4);
	EXPECT_FIELD(object_signal, set_mask, 12, 4);

	EXPECT_EQ(32, sizeof(struct zxvmo_object_wait_one));
	EXPECT_FIELD(object_wait_one, handle, 4, 4);
	EXPECT_FIELD(object_wait_one, signals, 8, 4);
	EXPECT_FIELD(object_wait_one, __reserved, 12, 4);
	EXPECT_FIELD(object_wait_one, deadline, 16, 8);
	EXPECT_FIELD(object_wait_one, out_observed, 24, 8);

	EXPECT_EQ(48, sizeof(struct zxvmo_object_get_info));
	EXPECT_FIELD(object_get_info, handle, 4, 4);
	EXPECT_FIELD(object_get_info, topic, 8, 4);
	EXPECT_FIELD(object_get_info, __reserved, 12, 4);
	EXPECT_FIELD(object_get_info, buffer, 16, 8);
	EXPECT_FIELD(object_get_info, buffer_size, 24, 8);
	EXPECT_FIELD(object_get_info, out_actual, 32, 8);
	EXPECT_FIELD(object_get_info, out_avail, 40, 8);

	EXPECT_EQ(32, sizeof(struct zxvmo_object_property));
	EXPECT_FIELD(object_property, handle, 4, 4);
	EXPECT_FIELD(object_property, property, 8, 4);
	EXPECT_FIELD(object_property, __reserved, 12, 4);
	EXPECT_FIELD(object_property, value, 16, 8);
	EXPECT_FIELD(object_property, value_size, 24, 8);

	EXPECT_EQ(16, sizeof(struct zxvmo_event_create));
	EXPECT_FIELD(event_create, options, 4, 4);
	EXPECT_FIELD(event_create, out_handle, 8, 8);

	EXPECT_EQ(24, sizeof(struct zxvmo_vmo_create));
	EXPECT_FIELD(vmo_create, options, 4, 4);
	EXPECT_FIELD(vmo_create, vmo_size, 8, 8);
	EXPECT_FIELD(vmo_create, out_handle, 16, 8);

	EXPECT_EQ(32, sizeof(struct zxvmo_vmo_rw));
	EXPECT_FIELD(vmo_rw, handle, 4, 4);
	EXPECT_FIELD(vmo_rw, buffer, 8, 8);
	EXPECT_FIELD(vmo_rw, offset, 16, 8);
	EXPECT_FIELD(vmo_rw, length, 24, 8);

	EXPECT_EQ(16, sizeof(struct zxvmo_vmo_get_size));
	EXPECT_FIELD(vmo_get_size, handle, 4, 4);
	EXPECT_FIELD(vmo_get_size, out_size, 8, 8);

	EXPECT_EQ(16, sizeof(struct zxvmo_vmo_set_size));
	EXPECT_FIELD(vmo_set_size, handle, 4, 4);
	EXPECT_FIELD(vmo_set_size, vmo_size, 8, 8);

	EXPECT_EQ(48, sizeof(struct zxvmo_vmo_op_range));
	EXPECT_FIELD(vmo_op_range, handle, 4, 4);
	EXPECT_FIELD(vmo_op_range, op, 8, 4);
	EXPECT_FIELD(vmo_op_range, __reserved, 12, 4);
	EXPECT_FIELD(vmo_op_range, offset, 16, 8);
	EXPECT_FIELD(vmo_op_range, length, 24, 8);
	EXPECT_FIELD(vmo_op_range, buffer, 32, 8);
	EXPECT_FIELD(vmo_op_range, buffer_size, 40, 8);

	EXPECT_EQ(16, sizeof(struct zxvmo_vmo_set_cache_policy));
	EXPECT_FIELD(vmo_set_cache_policy, handle, 4, 4);
	EXPECT_FIELD(vmo_set_cache_policy, policy, 8, 4);
	EXPECT_FIELD(vmo_set_cache_policy, __reserved, 12, 4);

	EXPECT_EQ(24, sizeof(struct zxvmo_vmo_replace_as_executable));
	EXPECT_FIELD(vmo_replace_as_executable, handle, 4, 4);
	EXPECT_FIELD(vmo_replace_as_executable, vmex, 8, 4);
	EXPECT_FIELD(vmo_replace_as_executable, __reserved, 12, 4);
	EXPECT_FIELD(vmo_replace_as_executable, out_handle, 16, 8);

	EXPECT_EQ(40, sizeof(struct zxvmo_vmo_transfer_data));
	EXPECT_FIELD(vmo_transfer_data, handle, 4, 4);
	EXPECT_FIELD(vmo_transfer_data, options, 8, 4);
	EXPECT_FIELD(vmo_transfer_data, src_handle, 12, 4);
	EXPECT_FIELD(vmo_transfer_data, offset, 16, 8);
	EXPECT_FIELD(vmo_transfer_data, length, 24, 8);
	EXPECT_FIELD(vmo_transfer_data, src_offset, 32, 8);

	EXPECT_EQ(40, sizeof(struct zxvmo_vmo_create_child));
	EXPECT_FIELD(vmo_create_child, handle, 4, 4);
	EXPECT_FIELD(vmo_create_child, options, 8, 4);
	EXPECT_FIELD(vmo_create_child, __reserved, 12, 4);
	EXPECT_FIELD(vmo_create_child, offset, 16, 8);
	EXPECT_FIELD(vmo_create_child, vmo_size, 24, 8);
	EXPECT_FIELD(vmo_create_child, out_handle, 32, 8);

	EXPECT_EQ(48, sizeof(struct zxvmo_vmar_map));
	EXPECT_FIELD(vmar_map, handle, 4, 4);
	EXPECT_FIELD(vmar_map, options, 8, 4);
	EXPECT_FIELD(vmar_map, vmo, 12, 4);
	EXPECT_FIELD(vmar_map, vmar_offset, 16, 8);
	EXPECT_FIELD(vmar_map, vmo_offset, 24, 8);
	EXPECT_FIELD(vmar_map, length, 32, 8);
	EXPECT_FIELD(vmar_map, out_addr, 40, 8);

	EXPECT_EQ(48, sizeof(struct zxvmo_vmar_allocate));
	EXPECT_FIELD(vmar_allocate, handle, 4, 4);
	EXPECT_FIELD(vmar_allocate, options, 8, 4);
	EXPECT_FIELD(vmar_allocate, __reserved, 12, 4);
	EXPECT_FIELD(vmar_allocate, vmar_offset, 16, 8);
	EXPECT_FIELD(vmar_allocate, length, 24, 8);
	EXPECT_FIELD(vmar_allocate, out_handle, 32, 8);
	EXPECT_FIELD(vmar_allocate, out_addr, 40, 8);

	EXPECT_EQ(8, sizeof(struct zxvmo_vmar_destroy));
	EXPECT_FIELD(vmar_destroy, handle, 4, 4);

	EXPECT_EQ(48, sizeof(struct zxvmo_vmar_op_range));
	EXPECT_FIELD(vmar_op_range, handle, 4, 4);
	EXPECT_FIELD(vmar_op_range, op, 8, 4);
	EXPECT_FIELD(vmar_op_range, __reserved, 12, 4);
	EXPECT_FIELD(vmar_op_range, addr, 16, 8);
	EXPECT_FIELD(vmar_op_range, length, 24, 8);
	EXPECT_FIELD(vmar_op_range, buffer, 32, 8);
	EXPECT_FIELD(vmar_op_range, buffer_size, 40, 8);

	EXPECT_EQ(24, sizeof(struct zxvmo_vmar_export));
	EXPECT_FIELD(vmar_export, handle, 4, 4);
	EXPECT_FIELD(vmar_export, rights, 8, 4);
	EXPECT_FIELD(vmar_export, __reserved, 12, 4);
	EXPECT_FIELD(vmar_export, out_handle, 16, 8);

	EXPECT_EQ(40, sizeof(struct zxvmo_process_memory));
	EXPECT_FIELD(process_memory, handle, 4, 4);
	EXPECT_FIELD(process_memory, addr, 8, 8);
	EXPECT_FIELD(process_memory, buffer, 16, 8);
	EXPECT_FIELD(process_memory, length, 24, 8);
	EXPECT_FIELD(process_memory, out_actual, 32, 8);

	EXPECT_EQ(32, sizeof(struct zxvmo_vmar_range));
	EXPECT_FIELD(vmar_range, handle, 4, 4);
	EXPECT_FIELD(vmar_range, options, 8, 4);
	EXPECT_FIELD(vmar_range, __reserved, 12, 4);
	EXPECT_FIELD(vmar_range, addr, 16, 8);
	EXPECT_FIELD(vmar_range, length, 24, 8);
}

TEST(layout_of_records)
{
	EXPECT_EQ(32, sizeof(struct zxvmo_info_handle_basic));
	EXPECT_FIELD(info_handle_basic, koid, 0, 8);
	EXPECT_FIELD(info_handle_basic, rights, 8, 4);
	EXPECT_FIELD(info_handle_basic, type, 12, 4);
	EXPECT_FIELD(info_handle_basic, related_koid, 16, 8);
	EXPECT_FIELD(info_handle_basic, reserved, 24, 4);

	EXPECT_EQ(4, sizeof(struct zxvmo_info_handle_count));

	EXPECT_EQ(152, sizeof(struct zxvmo_info_maps));
	EXPECT_FIELD(info_maps, name, 0, 32);
	EXPECT_FIELD(info_maps, base, 32, 8);
	EXPECT_FIELD(info_maps, size, 40, 8);
	EXPECT_FIELD(info_maps, depth, 48, 8);
	EXPECT_FIELD(info_maps, type, 56, 4);
	EXPECT_FIELD(info_maps, padding, 60, 4);
	EXPECT_FIELD(info_maps, mapping, 64, 88);
	EXPECT_FIELD(info_maps_mapping, mmu_flags, 0, 4);
	EXPECT_FIELD(info_maps_mapping, padding, 4, 4);
	EXPECT_FIELD(info_maps_mapping, vmo_koid, 8, 8);
	EXPECT_FIELD(info_maps_mapping, vmo_offset, 16, 8);
	EXPECT_FIELD(info_maps_mapping, committed_bytes, 24, 8);
	EXPECT_FIELD(info_maps_mapping, populated_bytes, 32, 8);
	EXPECT_FIELD(info_maps_mapping, committed_private_bytes, 40, 8);
	EXPECT_FIELD(info_maps_mapping, populated_private_bytes, 48, 8);
	EXPECT_FIELD(info_maps_mapping, committed_scaled_bytes, 56, 8);
	EXPECT_FIELD(info_maps_mapping, populated_scaled_bytes, 64, 8);
	EXPECT_FIELD(info_maps_mapping, committed_fractional_scaled_bytes, 72, 8);
	EXPECT_FIELD(info_maps_mapping, populated_fractional_scaled_bytes, 80, 8);
	EXPECT_EQ(16, sizeof(struct zxvmo_info_vmar));
	EXPECT_FIELD(info_vmar, base, 0, 8);
	EXPECT_FIELD(info_vmar, len, 8, 8);

	EXPECT_EQ(176, sizeof(struct zxvmo_info_vmo));
	EXPECT_FIELD(info_vmo, koid, 0, 8);
	EXPECT_FIELD(info_vmo, name, 8, 32);
	EXPECT_FIELD(info_vmo, size_bytes, 40, 8);
	EXPECT_FIELD(info_vmo, parent_koid, 48, 8);
	EXPECT_FIELD(info_vmo, num_children, 56, 8);
	EXPECT_FIELD(info_vmo, num_mappings, 64, 8);
	EXPECT_FIELD(info_vmo, share_count, 72, 8);
	EXPECT_FIELD(info_vmo, flags, 80, 4);
	EXPECT_FIELD(info_vmo, committed_bytes, 88, 8);
	EXPECT_FIELD(info_vmo, handle_rights, 96, 4);
	EXPECT_FIELD(info_vmo, cache_policy, 100, 4);
	EXPECT_FIELD(info_vmo, metadata_bytes, ZXVMO_INFO_VMO_V1_SIZE, 8);
	EXPECT_FIELD(info_vmo, committed_change_events, 112, 8);
	EXPECT_FIELD(info_vmo, populated_bytes, ZXVMO_INFO_VMO_V2_SIZE, 8);
	EXPECT_FIELD(info_vmo, committed_private_bytes, ZXVMO_INFO_VMO_V3_SIZE, 8);
	EXPECT_FIELD(info_vmo, populated_private_bytes, 136, 8);
	EXPECT_FIELD(info_vmo, committed_scaled_bytes, 144, 8);
	EXPECT_FIELD(info_vmo, populated_scaled_bytes, 152, 8);
	EXPECT_FIELD(info_vmo, committed_fractional_scaled_bytes, 160, 8);
	EXPECT_FIELD(info_vmo, populated_fractional_scaled_bytes, 168, 8);
}

/* Numbers that programs are compiled with can never change */
TEST(command_numbers)
{
	EXPECT_EQ(0xda00, ZXVMO_QUERY);
	EXPECT_EQ(0xda10, ZXVMO_HANDLE_DUPLICATE);
	EXPECT_EQ(0xda11, ZXVMO_HANDLE_REPLACE);
	EXPECT_EQ(0xda12, ZXVMO_HANDLE_CLOSE);
	EXPECT_EQ(0xda13, ZXVMO_HANDLE_CLOSE_MANY);
	EXPECT_EQ(0xda14, ZXVMO_HANDLE_FROM_FD);
	EXPECT_EQ(0xda20, ZXVMO_OBJECT_SIGNAL);
	EXPECT_EQ(0xda21, ZXVMO_OBJECT_WAIT_ONE);
	EXPECT_EQ(0xda22, ZXVMO_OBJECT_GET_INFO);
	EXPECT_EQ(0xda23, ZXVMO_OBJECT_GET_PROPERTY);
	EXPECT_EQ(0xda24, ZXVMO_OBJECT_SET_PROPERTY);
	EXPECT_EQ(0xda30, ZXVMO_EVENT_CREATE);
	EXPECT_EQ(0xda40, ZXVMO_VMO_CREATE);
	EXPECT_EQ(0xda41, ZXVMO_VMO_READ);
	EXPECT_EQ(0xda42, ZXVMO_VMO_WRITE);
	EXPECT_EQ(0xda43, ZXVMO_VMO_GET_SIZE);
	EXPECT_EQ(0xda44, ZXVMO_VMO_SET_SIZE);
	EXPECT_EQ(0xda45, ZXVMO_VMO_GET_STREAM_SIZE);
	EXPECT_EQ(0xda46, ZXVMO_VMO_SET_STREAM_SIZE);
	EXPECT_EQ(0xda47, ZXVMO_VMO_OP_RANGE);
	EXPECT_EQ(0xda48, ZXVMO_VMO_SET_CACHE_POLICY);
	EXPECT_EQ(0xda49, ZXVMO_VMO_REPLACE_AS_EXECUTABLE);
	EXPECT_EQ(0xda4a, ZXVMO_VMO_TRANSFER_DATA);
	EXPECT_EQ(0xda4b, ZXVMO_VMO_CREATE_CHILD);
	EXPECT_EQ(0xda60, ZXVMO_VMAR_MAP);
	EXPECT_EQ(0xda61, ZXVMO_VMAR_UNMAP);
	EXPECT_EQ(0xda62, ZXVMO_VMAR_PROTECT);
	EXPECT_EQ(0xda63, ZXVMO_VMAR_ALLOCATE);
	EXPECT_EQ(0xda64, ZXVMO_VMAR_DESTROY);
	EXPECT_EQ(0xda65, ZXVMO_VMAR_OP_RANGE);
	EXPECT_EQ(0xda66, ZXVMO_VMAR_EXPORT);
	EXPECT_EQ(0xda70, ZXVMO_PROCESS_READ_MEMORY);
	EXPECT_EQ(0xda71, ZXVMO_PROCESS_WRITE_MEMORY);
}

TEST(constants_are_those_of_zircon)
{
	EXPECT_EQ(0xd003, ZXVMO_DEFAULT_EVENT_RIGHTS);
	EXPECT_EQ(0xd0ef, ZXVMO_DEFAULT_VMO_RIGHTS);
	EXPECT_EQ(0xc003, ZXVMO_RIGHTS_BASIC);
	EXPECT_EQ(0xc, ZXVMO_RIGHTS_IO);
	EXPECT_EQ(0xc0, ZXVMO_RIGHTS_PROPERTY);
	EXPECT_EQ(0x400000, ZXVMO_RIGHT_RESIZE);
	EXPECT_EQ(0x80000000, ZXVMO_RIGHT_SAME_RIGHTS);
	EXPECT_EQ(0x17, ZXVMO_INFO_VMO_V1);
	EXPECT_EQ(0x10000017, ZXVMO_INFO_VMO_V2);
	EXPECT_EQ(0x20000017, ZXVMO_INFO_VMO_V3);
	EXPECT_EQ(0x30000017, ZXVMO_INFO_VMO);
	EXPECT_EQ(0xfffffffffffe0000ULL, ZXVMO_VMO_MAX_SIZE);
	EXPECT_EQ(INT64_MAX, ZXVMO_TIME_INFINITE);
}

/* A status is told by its errno, so neither may stand in the table twice */
TEST(status_table_is_one_to_one)
{
	static const struct {
		const char *name;
		int status;
		int error;
	} rows[] = {
#define ROW(name, status, error) { #name, status, error },
		ZXVMO_STATUS_TABLE(ROW)
	};
	static const int without_status[] = { ENOTTY, E2BIG, EFAULT, EINTR };

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_GT(0, rows[i].status);
		EXPECT_LT(0, rows[i].error);
		for (unsigned int j = 0; j < i; j++) {
			EXPECT_NE(rows[i].status, rows[j].status)
				TH_LOG("%s, %s", rows[i].name, rows[j].name);
			EXPECT_NE(rows[i].error, rows[j].error)
				TH_LOG("%s, %s", rows[i].name, rows[j].name);
		}
		for (unsigned int j = 0; j < ARRAY_SIZE(without_status); j++) {
			EXPECT_NE(rows[i].error, without_status[j])
				TH_LOG("%s", rows[i].name);
		}
	}
}

TEST(handle_macros)
{
	EXPECT_EQ(0xffffffff, ZXVMO_HANDLE(1023, ZXVMO_HANDLE_MAX_FD - 1));
	EXPECT_EQ(0x00400003, ZXVMO_HANDLE(1, 0));
	EXPECT_EQ(1023, ZXVMO_HANDLE_TAG(0xffffffff));
	EXPECT_EQ(ZXVMO_HANDLE_MAX_FD - 1, ZXVMO_HANDLE_FD(0xffffffff));
	EXPECT_EQ(0, ZXVMO_HANDLE_TAG(ZXVMO_HANDLE_VMAR_ROOT_SELF));
	EXPECT_EQ(0, ZXVMO_HANDLE_TAG(ZXVMO_HANDLE_PROCESS_SELF));
}

/* The structure's size */

TEST(short_structure_einval)
{
	union argument arg;
	struct world w;

	ASSERT_TRUE(world_open(&w));
	for_each_command(c) {
		struct snapshot before = take_snapshot();

		fill(c, &w, &arg);
		for (arg.size = 0; arg.size < c->size; arg.size++) {
			EXPECT_ERRNO(EINVAL, call(c, &w, zt_device(), &arg))
				TH_LOG("%s of %u bytes", c->name, arg.size);
		}
		EXPECT_SNAPSHOT(c, before);
	}
	world_close(&w);
}

/* A structure is read as far as it says it goes, and no further */
TEST(structure_at_the_end_of_memory)
{
	union argument arg;
	struct world w;

	for_each_command(c) {
		char *place;

		ASSERT_TRUE(world_open(&w));
		fill(c, &w, &arg);
		place = hole - c->size;
		memcpy(place, &arg, c->size);
		EXPECT_ERRNO(0, call(c, &w, zt_device(), place)) TH_LOG("%s", c->name);
		world_close(&w);
	}
}

TEST(zero_tail_accepted)
{
	__u32 tails[] = { 1, 4, 8, 1000, 0 };
	char *place = calloc(1, zt_page_size());
	union argument arg;
	struct world w;

	for_each_command(c) {
		tails[4] = zt_page_size() - c->size;
		for (unsigned int i = 0; i < ARRAY_SIZE(tails); i++) {
			ASSERT_TRUE(world_open(&w));
			fill(c, &w, &arg);
			arg.size = c->size + tails[i];
			memset(place, 0, sizeof(arg));
			memcpy(place, &arg, c->size);
			EXPECT_ERRNO(0, call(c, &w, zt_device(), place))
				TH_LOG("%s with %u more", c->name, tails[i]);
			world_close(&w);
		}
	}
	free(place);
}

TEST(nonzero_tail_e2big)
{
	static const __u32 tails[] = { 1, 8, 1000 };
	char place[2000];
	union argument arg;
	struct world w;

	ASSERT_TRUE(world_open(&w));
	for_each_command(c) {
		struct snapshot before = take_snapshot();

		for (unsigned int i = 0; i < ARRAY_SIZE(tails); i++) {
			fill(c, &w, &arg);
			arg.size = c->size + tails[i];
			memset(place, 0, sizeof(place));
			memcpy(place, &arg, c->size);
			place[c->size] = 1;
			EXPECT_ERRNO(E2BIG, call(c, &w, zt_device(), place))
				TH_LOG("%s, first of %u", c->name, tails[i]);
			place[c->size] = 0;
			place[arg.size - 1] = 0x80;
			EXPECT_ERRNO(E2BIG, call(c, &w, zt_device(), place))
				TH_LOG("%s, last of %u", c->name, tails[i]);
		}
		EXPECT_SNAPSHOT(c, before);
	}
	world_close(&w);
}

/* More than a page is not even looked at, be it zero or not there */
TEST(huge_structure_e2big)
{
	const __u32 sizes[] = { zt_page_size() + 1, 1U << 20, 1U << 31, ~0U };
	char *zeros = calloc(1, 1 << 20);
	union argument arg;
	struct world w;

	ASSERT_TRUE(world_open(&w));
	for_each_command(c) {
		struct snapshot before = take_snapshot();

		for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
			char *places[] = { zeros, hole - c->size };

			fill(c, &w, &arg);
			arg.size = sizes[i];
			for (unsigned int j = 0; j < ARRAY_SIZE(places); j++) {
				memcpy(places[j], &arg, c->size);
				EXPECT_ERRNO(E2BIG, call(c, &w, zt_device(), places[j]))
					TH_LOG("%s of %u bytes", c->name, sizes[i]);
			}
		}
		EXPECT_SNAPSHOT(c, before);
	}
	world_close(&w);
	free(zeros);
}

/* A page or less is looked at as far as it is there */
TEST(tail_not_there_efault)
{
	static const __u32 tails[] = { 1, 8, 1000, 3000 };
	union argument arg;
	struct world w;

	ASSERT_TRUE(world_open(&w));
	for_each_command(c) {
		struct snapshot before = take_snapshot();

		for (unsigned int i = 0; i < ARRAY_SIZE(tails); i++) {
			char *place = hole - c->size - tails[i] / 2;

			fill(c, &w, &arg);
			arg.size = c->size + tails[i];
			memset(place, 0, hole - place);
			memcpy(place, &arg, c->size);
			EXPECT_ERRNO(EFAULT, call(c, &w, zt_device(), place))
				TH_LOG("%s of %u bytes", c->name, arg.size);
		}
		EXPECT_SNAPSHOT(c, before);
	}
	world_close(&w);
}

/* The structure's address */

TEST(bad_structure_address_efault)
{
	union argument arg;
	struct world w;

	ASSERT_TRUE(world_open(&w));
	for_each_command(c) {
		struct snapshot before = take_snapshot();
		__u32 there[] = { 1, 3, 4, c->size / 2, c->size - 1 };

		EXPECT_ERRNO(EFAULT, call(c, &w, zt_device(), NULL))
			TH_LOG("%s: null", c->name);
		EXPECT_ERRNO(EFAULT, call(c, &w, zt_device(), hole))
			TH_LOG("%s: not mapped", c->name);
		EXPECT_ERRNO(EFAULT, call(c, &w, zt_device(), no_access))
			TH_LOG("%s: no access", c->name);
		EXPECT_ERRNO(EFAULT, call(c, &w, zt_device(), (void *)(uintptr_t)ZT_KERNEL_ADDR))
			TH_LOG("%s: of the kernel", c->name);
		EXPECT_ERRNO(EFAULT, call(c, &w, zt_device(), (void *)((uintptr_t)0 - c->size)))
			TH_LOG("%s: wraps", c->name);
		fill(c, &w, &arg);
		for (unsigned int i = 0; i < ARRAY_SIZE(there); i++) {
			char *place = hole - there[i];

			memcpy(place, &arg, there[i]);
			EXPECT_ERRNO(EFAULT, call(c, &w, zt_device(), place))
				TH_LOG("%s: only %u bytes mapped", c->name, there[i]);
		}
		EXPECT_SNAPSHOT(c, before);
	}
	world_close(&w);
}

TEST(read_only_structure)
{
	union argument arg;
	struct world w;

	for_each_command(c) {
		int expected = c->number == ZXVMO_QUERY ? EFAULT : 0;

		ASSERT_TRUE(world_open(&w));
		fill(c, &w, &arg);
		mprotect(read_only, zt_page_size(), PROT_READ | PROT_WRITE);
		memcpy(read_only, &arg, c->size);
		mprotect(read_only, zt_page_size(), PROT_READ);
		EXPECT_ERRNO(expected, call(c, &w, zt_device(), read_only))
			TH_LOG("%s", c->name);
		world_close(&w);
	}
}

/* Only QUERY answers in the structure */
TEST(structure_is_left_alone)
{
	union argument arg, same;
	struct world w;

	for_each_command(c) {
		if (c->number == ZXVMO_QUERY)
			continue;
		ASSERT_TRUE(world_open(&w));
		fill(c, &w, &arg);
		same = arg;
		EXPECT_ERRNO(0, call(c, &w, zt_device(), &arg)) TH_LOG("%s", c->name);
		EXPECT_EQ(0, memcmp(&arg, &same, sizeof(arg))) TH_LOG("%s", c->name);
		world_close(&w);
	}
}

/* Numbers of commands */

static bool is_command(unsigned int number)
{
	for_each_command(c)
		if (c->number == number)
			return true;
	return false;
}

TEST(unknown_number_enotty)
{
	struct world w;
	char zeros[64] = {};

	ASSERT_TRUE(world_open(&w));
	int fds[] = { zt_device(), ZXVMO_HANDLE_FD(w.vmo), ZXVMO_HANDLE_FD(w.event) };

	for (unsigned int nr = 0; nr < 256; nr++) {
		if (is_command(_IO(ZXVMO_IOC_TYPE, nr)))
			continue;
		for (unsigned int i = 0; i < ARRAY_SIZE(fds); i++) {
			EXPECT_ERRNO(ENOTTY, zt_ioctl(fds[i], _IO(ZXVMO_IOC_TYPE, nr), zeros))
				TH_LOG("number %#x", nr);
			EXPECT_ERRNO(ENOTTY, zt_ioctl(fds[i], _IO(ZXVMO_IOC_TYPE, nr), NULL))
				TH_LOG("number %#x, no structure", nr);
		}
	}
	world_close(&w);
}

TEST(wrong_type_byte_enotty)
{
	static const unsigned int types[] = { ZXVMO_IOC_TYPE - 1, ZXVMO_IOC_TYPE + 1, 0x5a, 0xff };
	union argument arg;
	struct world w;

	ASSERT_TRUE(world_open(&w));
	for_each_command(c) {
		fill(c, &w, &arg);
		for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
			unsigned int number = _IO(types[i], _IOC_NR(c->number));

			EXPECT_ERRNO(ENOTTY, zt_ioctl(zt_device(), number, &arg))
				TH_LOG("%s, type %#x", c->name, types[i]);
			EXPECT_ERRNO(ENOTTY, zt_ioctl(ZXVMO_HANDLE_FD(w.vmo), number, &arg))
				TH_LOG("%s, type %#x", c->name, types[i]);
		}
	}
	world_close(&w);
}

/* A number does not say how large the structure is or which way it goes */
TEST(number_with_direction_or_size_enotty)
{
	union argument arg;
	struct world w;

	ASSERT_TRUE(world_open(&w));
	for_each_command(c) {
		unsigned int nr = _IOC_NR(c->number);
		unsigned int numbers[] = {
			_IOC(_IOC_WRITE, ZXVMO_IOC_TYPE, nr, c->size),
			_IOC(_IOC_READ | _IOC_WRITE, ZXVMO_IOC_TYPE, nr, c->size),
			_IOC(_IOC_READ, ZXVMO_IOC_TYPE, nr, 0),
			_IOC(_IOC_NONE, ZXVMO_IOC_TYPE, nr, c->size),
		};

		fill(c, &w, &arg);
		for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++) {
			EXPECT_ERRNO(ENOTTY, zt_ioctl(zt_device(), numbers[i], &arg))
				TH_LOG("%s, %#x", c->name, numbers[i]);
			EXPECT_ERRNO(ENOTTY, zt_ioctl(ZXVMO_HANDLE_FD(w.event), numbers[i], &arg))
				TH_LOG("%s, %#x", c->name, numbers[i]);
		}
	}
	world_close(&w);
}

TEST(device_only_commands_enotty_on_objects)
{
	unsigned int n = 0;
	union argument arg;
	struct world w;

	ASSERT_TRUE(world_open(&w));
	for_each_command(c) {
		struct snapshot before = take_snapshot();

		if (!c->device_only)
			continue;
		n++;
		fill(c, &w, &arg);
		EXPECT_ERRNO(ENOTTY, call(c, &w, ZXVMO_HANDLE_FD(w.vmo), &arg))
			TH_LOG("%s", c->name);
		EXPECT_ERRNO(ENOTTY, call(c, &w, ZXVMO_HANDLE_FD(w.event), &arg))
			TH_LOG("%s", c->name);
		/* Not known is not known, whatever it is given */
		EXPECT_ERRNO(ENOTTY, call(c, &w, ZXVMO_HANDLE_FD(w.event), NULL))
			TH_LOG("%s", c->name);
		EXPECT_SNAPSHOT(c, before);
	}
	EXPECT_EQ(2, n);
	world_close(&w);
}

TEST(all_other_commands_work_on_objects)
{
	union argument arg;
	struct world w;

	for_each_command(c) {
		if (c->device_only)
			continue;
		ASSERT_TRUE(world_open(&w));
		fill(c, &w, &arg);
		/* In the root, who was only passed an object makes no regions. */
		if (c->number == ZXVMO_VMAR_ALLOCATE)
			*word(&arg, c->handles[0].offset) = w.vmar;
		EXPECT_ERRNO(0, call(c, &w, ZXVMO_HANDLE_FD(w.event), &arg))
			TH_LOG("%s", c->name);
		world_close(&w);
		ASSERT_TRUE(world_open(&w));
		fill(c, &w, &arg);
		if (c->number == ZXVMO_VMAR_ALLOCATE)
			*word(&arg, c->handles[0].offset) = w.vmar;
		EXPECT_ERRNO(0, call(c, &w, ZXVMO_HANDLE_FD(w.vmo), &arg))
			TH_LOG("%s", c->name);
		world_close(&w);
	}
}

/* The device takes commands and nothing else */
TEST(device_is_no_file)
{
	char byte = 0;

	EXPECT_EQ(-1, read(zt_device(), &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(zt_device(), &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 1, PROT_READ, MAP_SHARED, zt_device(), 0));
	EXPECT_EQ(ENODEV, errno);
}

/* Fields that must be 0 */

TEST(reserved_field_einval)
{
	static const __u32 values[] = { 1, 2, 0x80000000, 0xffffffff };
	union argument arg;
	struct world w;

	for_each_command(c) {
		ASSERT_TRUE(world_open(&w));
		for (int i = 0; i < MAX_FIELDS && c->zeros[i]; i++) {
			for (unsigned int j = 0; j < ARRAY_SIZE(values); j++) {
				fill(c, &w, &arg);
				*word(&arg, c->zeros[i]) = values[j];
				EXPECT_ERRNO(EINVAL, call(c, &w, zt_device(), &arg))
					TH_LOG("%s, %#x at %zu", c->name, values[j], c->zeros[i]);
			}
		}
		world_close(&w);
	}
}

/* Handles */

#define for_each_handle(c, i) \
	for (int i = 0; i < MAX_FIELDS && (c)->handles[i].want != WANT_NOTHING; i++)

/* Expect an errno from each command that is given this handle, in each field */
static void expect_each(struct __test_metadata *_metadata, struct world *w,
			__u32 handle, int expected, const char *what)
{
	union argument arg;

	for_each_command(c) {
		struct snapshot before = take_snapshot();

		for_each_handle(c, i) {
			fill(c, w, &arg);
			*word(&arg, c->handles[i].offset) = handle;
			EXPECT_ERRNO(expected, call(c, w, zt_device(), &arg))
				TH_LOG("%s, field %d: %s", c->name, i, what);
		}
		EXPECT_SNAPSHOT(c, before);
	}
}

/* 0 is the object that a command is sent to, and the device is none */
TEST(handle_0_on_the_device_ebadf)
{
	union argument arg;
	struct world w;

	ASSERT_TRUE(world_open(&w));
	for_each_command(c) {
		for_each_handle(c, i) {
			fill(c, &w, &arg);
			*word(&arg, c->handles[i].offset) = ZXVMO_HANDLE_INVALID;
			EXPECT_ERRNO(c->number == ZXVMO_HANDLE_CLOSE ? 0 : EBADF,
				     call(c, &w, zt_device(), &arg))
				TH_LOG("%s, field %d", c->name, i);
		}
	}
	world_close(&w);
}

TEST(handle_0_on_an_object_is_that_object)
{
	union argument arg;
	struct world w;

	for_each_command(c) {
		for_each_handle(c, i) {
			__u32 self;

			if (c->handles[i].want == WANT_CONSUMED ||
			    c->handles[i].want == WANT_VMAR ||
			    c->handles[i].want == WANT_PROCESS)
				continue;
			ASSERT_TRUE(world_open(&w));
			self = c->number == ZXVMO_VMO_TRANSFER_DATA && i ? w.source : w.vmo;
			fill(c, &w, &arg);
			*word(&arg, c->handles[i].offset) = ZXVMO_HANDLE_INVALID;
			EXPECT_ERRNO(0, call(c, &w, ZXVMO_HANDLE_FD(self), &arg))
				TH_LOG("%s, field %d", c->name, i);
			world_close(&w);
		}
	}

	/* That object, not some object */
	ASSERT_TRUE(world_open(&w));
	struct zxvmo_info_handle_basic vmo, event;

	ASSERT_ERRNO(0, zt_command(ZXVMO_HANDLE_FD(w.vmo), OBJECT_GET_INFO, object_get_info,
				   .topic = ZXVMO_INFO_HANDLE_BASIC,
				   .buffer = ZT_ADDRESS(&vmo), .buffer_size = sizeof(vmo)));
	ASSERT_ERRNO(0, zt_command(ZXVMO_HANDLE_FD(w.event), OBJECT_GET_INFO, object_get_info,
				   .topic = ZXVMO_INFO_HANDLE_BASIC,
				   .buffer = ZT_ADDRESS(&event), .buffer_size = sizeof(event)));
	EXPECT_EQ(ZXVMO_OBJ_TYPE_VMO, vmo.type);
	EXPECT_EQ(ZXVMO_OBJ_TYPE_EVENT, event.type);
	EXPECT_NE(vmo.koid, event.koid);
	world_close(&w);
}

/* The rights are those of the file that the command came on */
TEST(handle_0_has_the_rights_of_its_file)
{
	union argument arg;
	struct world w;
	__u32 bare;

	ASSERT_TRUE(world_open(&w));
	bare = zt_duplicate(w.vmo, ZXVMO_RIGHT_NONE);
	ASSERT_NE(0, bare);
	for_each_command(c) {
		if (!c->handles[0].rights)
			continue;
		fill(c, &w, &arg);
		*word(&arg, c->handles[0].offset) = ZXVMO_HANDLE_INVALID;
		EXPECT_ERRNO(EACCES, call(c, &w, ZXVMO_HANDLE_FD(bare), &arg))
			TH_LOG("%s", c->name);
	}
	world_close(&w);
}

/* What consumes a handle needs its value: 0 says nothing about descriptors */
TEST(consumed_handle_is_not_0)
{
	union argument arg;
	struct world w;

	ASSERT_TRUE(world_open(&w));
	for_each_command(c) {
		struct snapshot before = take_snapshot();

		if (c->handles[0].want != WANT_CONSUMED)
			continue;
		fill(c, &w, &arg);
		*word(&arg, c->handles[0].offset) = ZXVMO_HANDLE_INVALID;
		EXPECT_ERRNO(c->number == ZXVMO_HANDLE_CLOSE ? 0 : EBADF,
			     call(c, &w, ZXVMO_HANDLE_FD(w.vmo), &arg))
			TH_LOG("%s", c->name);
		EXPECT_SNAPSHOT(c, before);
	}
	world_close(&w);
}

TEST(closed_handle_ebadf)
{
	struct world w;
	__u32 closed;

	ASSERT_TRUE(world_open(&w));
	closed = zt_duplicate(w.vmo, SAME);
	ASSERT_NE(0, closed);
	ASSERT_ERRNO(0, zt_close(closed));
	expect_each(_metadata, &w, closed, EBADF, "closed");
	world_close(&w);
}

/* The descriptor is that of another handle now, even of the same object */
TEST(stale_tag_ebadf)
{
	struct world w;
	__u32 stale, reused;

	ASSERT_TRUE(world_open(&w));
	stale = zt_duplicate(w.vmo, SAME);
	ASSERT_NE(0, stale);
	ASSERT_ERRNO(0, zt_close(stale));
	reused = zt_duplicate(w.vmo, SAME);
	ASSERT_EQ(ZXVMO_HANDLE_FD(stale), ZXVMO_HANDLE_FD(reused));
	ASSERT_NE(stale, reused);
	expect_each(_metadata, &w, stale, EBADF, "stale");
	world_close(&w);
}

TEST(every_other_tag_ebadf)
{
	struct world w;
	__u64 size;

	ASSERT_TRUE(world_open(&w));
	for (__u32 tag = 0; tag < 1024; tag++) {
		__u32 value = ZXVMO_HANDLE(tag, ZXVMO_HANDLE_FD(w.vmo));

		EXPECT_ERRNO(tag == ZXVMO_HANDLE_TAG(w.vmo) ? 0 : EBADF,
			     zt_call(VMO_GET_SIZE, vmo_get_size, .handle = value,
				     .out_size = ZT_ADDRESS(&size)))
			TH_LOG("tag %u", tag);
	}
	world_close(&w);
}

TEST(tag_0_ebadf)
{
	struct world w;

	ASSERT_TRUE(world_open(&w));
	expect_each(_metadata, &w, ZXVMO_HANDLE(0, ZXVMO_HANDLE_FD(w.vmo)), EBADF, "tag 0");
	world_close(&w);
}

TEST(fixed_bits_wrong_ebadf)
{
	struct world w;

	ASSERT_TRUE(world_open(&w));
	for (__u32 bits = 0; bits < ZXVMO_HANDLE_FIXED_BITS_MASK; bits++)
		expect_each(_metadata, &w, (w.vmo & ~ZXVMO_HANDLE_FIXED_BITS_MASK) | bits,
			    EBADF, "fixed bits");
	world_close(&w);
}

TEST(descriptor_not_open_ebadf)
{
	struct world w;
	__u32 tag;

	ASSERT_TRUE(world_open(&w));
	tag = ZXVMO_HANDLE_TAG(w.vmo);
	expect_each(_metadata, &w, ZXVMO_HANDLE(tag, 1000), EBADF, "not open");
	expect_each(_metadata, &w, ZXVMO_HANDLE(tag, ZXVMO_HANDLE_MAX_FD - 1), EBADF, "highest");
	expect_each(_metadata, &w, ~0U, EBADF, "all bits");
	world_close(&w);
}

/* Files of others dressed as handles, with tags that handles have */
TEST(foreign_descriptor_ebadf)
{
	struct world w;
	int pipefd[2];

	ASSERT_TRUE(world_open(&w));
	ASSERT_EQ(0, pipe2(pipefd, O_CLOEXEC));
	struct {
		const char *name;
		int fd;
	} foreign[] = {
		{ "pipe", pipefd[0] },
		{ "/dev/null", open("/dev/null", O_RDWR | O_CLOEXEC) },
		{ "memfd", memfd_create("abi", MFD_CLOEXEC) },
		{ "directory", open("/", O_RDONLY | O_CLOEXEC) },
		{ "the device", zt_device() },
		{ "another open device", open("/dev/zxvmo", O_RDWR | O_CLOEXEC) },
		/* With tag 0, descriptors 0 and 1 are the pseudo-handles. */
		{ "standard error", 2 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(foreign); i++) {
		struct stat st;

		ASSERT_LE(0, foreign[i].fd);
		expect_each(_metadata, &w, ZXVMO_HANDLE(ZXVMO_HANDLE_TAG(w.vmo), foreign[i].fd),
			    EBADF, foreign[i].name);
		/* What other files keep where ours have the tag is often little or nothing */
		expect_each(_metadata, &w, ZXVMO_HANDLE(0, foreign[i].fd), EBADF, foreign[i].name);
		expect_each(_metadata, &w, ZXVMO_HANDLE(1, foreign[i].fd), EBADF, foreign[i].name);
		EXPECT_EQ(0, fstat(foreign[i].fd, &st)) TH_LOG("%s", foreign[i].name);
	}
	world_close(&w);
}

/* All but those that take any object, and those that consume it */
TEST(wrong_type_emediumtype)
{
	union argument arg;
	struct world w;
	__u32 bare;

	ASSERT_TRUE(world_open(&w));
	/* Without rights: the type is looked at first */
	bare = zt_duplicate(w.event, ZXVMO_RIGHT_NONE);
	ASSERT_NE(0, bare);
	for_each_command(c) {
		for_each_handle(c, i) {
			if (c->handles[i].want != WANT_VMO && c->handles[i].want != WANT_VMAR &&
			    c->handles[i].want != WANT_PROCESS)
				continue;
			fill(c, &w, &arg);
			*word(&arg, c->handles[i].offset) = w.event;
			EXPECT_ERRNO(EMEDIUMTYPE, call(c, &w, zt_device(), &arg))
				TH_LOG("%s, field %d", c->name, i);
			*word(&arg, c->handles[i].offset) = bare;
			EXPECT_ERRNO(EMEDIUMTYPE, call(c, &w, zt_device(), &arg))
				TH_LOG("%s, field %d, no rights", c->name, i);
			*word(&arg, c->handles[i].offset) = c->handles[i].want == WANT_VMO ?
							    ZXVMO_HANDLE_VMAR_ROOT_SELF : w.vmo;
			EXPECT_ERRNO(EMEDIUMTYPE, call(c, &w, zt_device(), &arg))
				TH_LOG("%s, field %d, the other type", c->name, i);
			*word(&arg, c->handles[i].offset) =
				c->handles[i].want == WANT_PROCESS ? ZXVMO_HANDLE_VMAR_ROOT_SELF :
								     ZXVMO_HANDLE_PROCESS_SELF;
			EXPECT_ERRNO(EMEDIUMTYPE, call(c, &w, zt_device(), &arg))
				TH_LOG("%s, field %d, the other pseudo-handle", c->name, i);
			*word(&arg, c->handles[i].offset) = ZXVMO_HANDLE_INVALID;
			EXPECT_ERRNO(EMEDIUMTYPE, call(c, &w, ZXVMO_HANDLE_FD(w.event), &arg))
				TH_LOG("%s, field %d, on its own descriptor", c->name, i);
		}
	}
	world_close(&w);
}

/*
 * The root VMAR is no descriptor: nothing can be done to descriptor 0 by it, and to
 * itself nothing but making another handle
 */
TEST(root_vmar_is_no_descriptor)
{
	union argument arg;
	struct world w;
	struct stat st;

	ASSERT_TRUE(world_open(&w));
	ASSERT_EQ(0, fstat(0, &st));
	for_each_command(c) {
		struct snapshot before = take_snapshot();

		if (c->handles[0].want != WANT_ANY && c->handles[0].want != WANT_CONSUMED)
			continue;
		fill(c, &w, &arg);
		*word(&arg, c->handles[0].offset) = ZXVMO_HANDLE_VMAR_ROOT_SELF;
		if (c->number == ZXVMO_HANDLE_DUPLICATE) {
			EXPECT_ERRNO(0, call(c, &w, zt_device(), &arg));
			continue;
		}
		EXPECT_NE(0, call(c, &w, zt_device(), &arg)) TH_LOG("%s", c->name);
		EXPECT_SNAPSHOT(c, before);
	}
	EXPECT_EQ(0, fstat(0, &st));
	world_close(&w);
}

/* Rights */

TEST(missing_right_eacces)
{
	union argument arg;
	struct world w;
	__u32 all, poor;
	unsigned int n = 0;

	ASSERT_TRUE(world_open(&w));
	all = ZXVMO_DEFAULT_VMO_RIGHTS | ZXVMO_RIGHT_RESIZE;
	for_each_command(c) {
		struct snapshot before;

		for_each_handle(c, i) {
			for (__u32 right = 1; right; right <<= 1) {
				if (!(c->handles[i].rights & right))
					continue;
				n++;
				poor = zt_duplicate(w.vmo, all & ~right);
				ASSERT_NE(0, poor);
				before = take_snapshot();
				fill(c, &w, &arg);
				*word(&arg, c->handles[i].offset) = poor;
				EXPECT_ERRNO(EACCES, call(c, &w, zt_device(), &arg))
					TH_LOG("%s, field %d without %#x", c->name, i, right);
				EXPECT_SNAPSHOT(c, before);
				ASSERT_ERRNO(0, zt_close(poor));
			}
		}
	}
	EXPECT_EQ(20, n);
	world_close(&w);
}

TEST(needed_rights_suffice)
{
	union argument arg;
	struct world w;

	for_each_command(c) {
		for_each_handle(c, i) {
			__u32 *handle, barely;

			if (c->handles[i].want == WANT_VMAR ||
			    c->handles[i].want == WANT_PROCESS)
				continue;
			ASSERT_TRUE(world_open(&w));
			fill(c, &w, &arg);
			handle = word(&arg, c->handles[i].offset);
			barely = zt_duplicate(*handle, c->handles[i].rights);
			ASSERT_NE(0, barely);
			*handle = barely;
			EXPECT_ERRNO(0, call(c, &w, zt_device(), &arg))
				TH_LOG("%s, field %d", c->name, i);
			world_close(&w);
		}
	}
}

TEST(rights_of_range_operations)
{
	static const struct {
		__u32 op;
		__u32 rights;	/* any of them; 0: needs none */
		int with;
	} ops[] = {
		{ ZXVMO_VMO_OP_COMMIT, RIGHT(WRITE), 0 },
		{ ZXVMO_VMO_OP_DECOMMIT, RIGHT(WRITE), 0 },
		{ ZXVMO_VMO_OP_ZERO, RIGHT(WRITE), 0 },
		{ ZXVMO_VMO_OP_LOCK, RIGHT(READ) | RIGHT(WRITE), EOPNOTSUPP },
		{ ZXVMO_VMO_OP_TRY_LOCK, RIGHT(READ) | RIGHT(WRITE), EOPNOTSUPP },
		{ ZXVMO_VMO_OP_UNLOCK, RIGHT(READ) | RIGHT(WRITE), EOPNOTSUPP },
#if defined(__x86_64__) || defined(__i386__) /* have primitives for all of them */
		{ ZXVMO_VMO_OP_CACHE_SYNC, RIGHT(READ), 0 },
		{ ZXVMO_VMO_OP_CACHE_CLEAN, RIGHT(READ), 0 },
		{ ZXVMO_VMO_OP_CACHE_CLEAN_INVALIDATE, RIGHT(READ), 0 },
#endif
		{ ZXVMO_VMO_OP_DONT_NEED, 0, 0 },
		{ ZXVMO_VMO_OP_ALWAYS_NEED, 0, 0 },
		{ ZXVMO_VMO_OP_PREFETCH, RIGHT(READ), 0 },
	};
	struct world w;

	ASSERT_TRUE(world_open(&w));
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
		__u32 without = zt_duplicate(w.vmo, ZXVMO_DEFAULT_VMO_RIGHTS & ~ops[i].rights);

		ASSERT_NE(0, without);
		EXPECT_ERRNO(ops[i].rights ? EACCES : ops[i].with,
			     zt_call(VMO_OP_RANGE, vmo_op_range, .handle = without,
				     .op = ops[i].op, .length = zt_page_size()))
			TH_LOG("operation %u without its right", ops[i].op);
		for (__u32 right = 1; right; right <<= 1) {
			__u32 with;

			if (right != (ops[i].rights & right) && (ops[i].rights || right != 1))
				continue;
			with = zt_duplicate(w.vmo, ops[i].rights & right);
			ASSERT_NE(0, with);
			EXPECT_ERRNO(ops[i].with,
				     zt_call(VMO_OP_RANGE, vmo_op_range, .handle = with,
					     .op = ops[i].op, .length = zt_page_size()))
				TH_LOG("operation %u with %#x only", ops[i].op, right);
		}
	}
	world_close(&w);
}

/* Addresses that results go to */

TEST(bad_out_address_efault)
{
	struct {
		const char *name;
		__u64 address;
	} bad[] = {
		{ "null", 0 },
		{ "not mapped", 0 },
		{ "read-only", 0 },
		{ "no access", 0 },
		{ "of the kernel", ZT_KERNEL_ADDR },
		{ "not canonical", 1ULL << 62 },
		{ "wraps", ~0ULL },
	};
	union argument arg;
	struct world w;

	ASSERT_TRUE(world_open(&w));
	bad[1].address = ZT_ADDRESS(hole);
	bad[2].address = ZT_ADDRESS(read_only);
	bad[3].address = ZT_ADDRESS(no_access);
	world_close(&w);
	for_each_command(c) {
		for (int i = 0; i < MAX_FIELDS && c->outs[i].width; i++) {
			/* The last address straddles what is mapped and what is not */
			for (unsigned int j = 0; j <= ARRAY_SIZE(bad); j++) {
				bool straddles = j == ARRAY_SIZE(bad);
				__u64 address = straddles ?
					ZT_ADDRESS(hole) - c->outs[i].width / 2 : bad[j].address;
				struct snapshot before;

				if (c->outs[i].optional && !address)
					continue;
				ASSERT_TRUE(world_open(&w));
				before = take_snapshot();
				fill(c, &w, &arg);
				set_address(&arg, c->outs[i].offset, address);
				EXPECT_ERRNO(EFAULT, call(c, &w, zt_device(), &arg))
					TH_LOG("%s, output %d: %s", c->name, i,
					       straddles ? "straddles" : bad[j].name);
				if (c->handles[0].want == WANT_CONSUMED) {
					before.fds--;
					before.handles--;
				}
				EXPECT_SNAPSHOT(c, before);
				world_close(&w);
			}
		}
	}
}

TEST(optional_out_address_0)
{
	union argument arg;
	struct world w;
	unsigned int n = 0;

	ASSERT_TRUE(world_open(&w));
	for_each_command(c) {
		for (int i = 0; i < MAX_FIELDS && c->outs[i].width; i++) {
			if (!c->outs[i].optional)
				continue;
			n++;
			fill(c, &w, &arg);
			set_address(&arg, c->outs[i].offset, 0);
			EXPECT_ERRNO(0, call(c, &w, zt_device(), &arg))
				TH_LOG("%s, output %d", c->name, i);
		}
	}
	EXPECT_EQ(3, n);
	world_close(&w);
}

/* An output is stored whole and not a byte more, wherever it lies */
TEST(out_value_width)
{
	union argument arg;
	struct world w;

	for_each_command(c) {
		for (int i = 0; i < MAX_FIELDS && c->outs[i].width; i++) {
			const size_t width = c->outs[i].width;
			unsigned char *place;

			ASSERT_TRUE(world_open(&w));
			place = (unsigned char *)hole - 64 + 5;
			memset(hole - 64, 0xee, 64);
			fill(c, &w, &arg);
			set_address(&arg, c->outs[i].offset, ZT_ADDRESS(place));
			/* What call() unmaps */
			w.out[0] = w.out[1] = ZT_ADDRESS(w.mapping);
			EXPECT_ERRNO(0, call(c, &w, zt_device(), &arg)) TH_LOG("%s", c->name);
			EXPECT_EQ(0xee, place[-1]) TH_LOG("%s, output %d", c->name, i);
			EXPECT_EQ(0xee, place[width]) TH_LOG("%s, output %d", c->name, i);
			EXPECT_NE(0, memcmp(place, "\xee\xee\xee\xee\xee\xee\xee\xee", width))
				TH_LOG("%s, output %d", c->name, i);
			if (width == 8 && c->outs[i].offset &&
			    (c->number == ZXVMO_VMAR_MAP || c->number == ZXVMO_VMAR_ALLOCATE)) {
				__u64 address;

				memcpy(&address, place, sizeof(address));
				munmap((void *)(uintptr_t)address, zt_page_size());
			}
			world_close(&w);
		}
	}
}

/* A command that fails stores nothing */
TEST(failure_stores_nothing)
{
	union argument arg;
	struct world w;

	ASSERT_TRUE(world_open(&w));
	for_each_command(c) {
		if (!c->outs[0].width || !c->handles[0].want)
			continue;
		fill(c, &w, &arg);
		w.out[0] = w.out[1] = 0xeeeeeeeeeeeeeeeeULL;
		*word(&arg, c->handles[0].offset) = ~0U;
		EXPECT_ERRNO(EBADF, call(c, &w, zt_device(), &arg)) TH_LOG("%s", c->name);
		EXPECT_EQ(0xeeeeeeeeeeeeeeeeULL, w.out[0]) TH_LOG("%s", c->name);
		EXPECT_EQ(0xeeeeeeeeeeeeeeeeULL, w.out[1]) TH_LOG("%s", c->name);
	}
	world_close(&w);
}

/* A mapping that cannot be told of does not stay */
TEST(map_with_bad_out_address_leaves_nothing_mapped)
{
	struct zxvmo_info_vmo info;
	struct world w;

	ASSERT_TRUE(world_open(&w));
	EXPECT_ERRNO(EFAULT, zt_call(VMAR_MAP, vmar_map, .handle = ZXVMO_HANDLE_VMAR_ROOT_SELF,
				     .vmo = w.vmo, .options = ZXVMO_VM_PERM_READ,
				     .length = zt_page_size(), .out_addr = ZT_ADDRESS(hole)));
	ASSERT_ERRNO(0, zt_call(OBJECT_GET_INFO, object_get_info, .handle = w.vmo,
				.topic = ZXVMO_INFO_VMO, .buffer = ZT_ADDRESS(&info),
				.buffer_size = sizeof(info)));
	EXPECT_EQ(0, info.num_mappings);
	world_close(&w);
}

/* A thread of the kernel, which has 64 bits whoever it works for, looks for room */
TEST(exported_root_ends_where_the_root_does)
{
	struct zxvmo_info_vmar root;
	__u64 *addr = mmap(NULL, zt_page_size(), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	__u32 exported = 0;
	struct world w;
	int status;
	pid_t pid;

	ASSERT_TRUE(world_open(&w));
	ASSERT_ERRNO(0, zt_call(OBJECT_GET_INFO, object_get_info,
				.handle = ZXVMO_HANDLE_VMAR_ROOT_SELF, .topic = ZXVMO_INFO_VMAR,
				.buffer = ZT_ADDRESS(&root), .buffer_size = sizeof(root)));
	ASSERT_ERRNO(0, zt_call(VMAR_EXPORT, vmar_export, .handle = ZXVMO_HANDLE_VMAR_ROOT_SELF,
				.rights = SAME, .out_handle = ZT_ADDRESS(&exported)));
	pid = fork();
	if (!pid)
		_exit(!!zt_call(VMAR_MAP, vmar_map, .handle = exported, .vmo = w.vmo,
				.options = ZXVMO_VM_PERM_READ, .length = zt_page_size(),
				.out_addr = ZT_ADDRESS(addr)));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	EXPECT_LE(root.base, *addr);
	EXPECT_GE(root.base + root.len, *addr + zt_page_size());
	EXPECT_ERRNO(0, zt_call(VMAR_UNMAP, vmar_range, .handle = exported, .addr = *addr,
				.length = zt_page_size()));
	munmap(addr, zt_page_size());
	world_close(&w);
}

TEST(consumed_handle_is_closed_whatever_happens)
{
	struct world w;
	__u32 handle, out = 0;
	__u64 size;

	ASSERT_TRUE(world_open(&w));
#define EXPECT_CONSUMED(expected, command, type, object, ...) do {		\
	handle = zt_duplicate(object, SAME);					\
	ASSERT_NE(0, handle);							\
	EXPECT_ERRNO(expected, zt_call(command, type, .handle = handle, ##__VA_ARGS__)); \
	EXPECT_EQ(-1, fcntl(ZXVMO_HANDLE_FD(handle), F_GETFD));			\
	EXPECT_ERRNO(EBADF, zt_close(handle));					\
} while (0)
	EXPECT_CONSUMED(0, HANDLE_CLOSE, handle_close, w.vmo);
	EXPECT_CONSUMED(EINVAL, HANDLE_REPLACE, handle_duplicate, w.vmo,
			.rights = ZXVMO_RIGHT_EXECUTE, .out_handle = ZT_ADDRESS(&out));
	EXPECT_CONSUMED(EFAULT, HANDLE_REPLACE, handle_duplicate, w.vmo,
			.rights = SAME, .out_handle = ZT_ADDRESS(hole));
	EXPECT_CONSUMED(EBADF, VMO_REPLACE_AS_EXECUTABLE, vmo_replace_as_executable, w.event,
			.out_handle = ZT_ADDRESS(&out));
	EXPECT_CONSUMED(EBADF, VMO_REPLACE_AS_EXECUTABLE, vmo_replace_as_executable, w.event,
			.vmex = w.event, .out_handle = ZT_ADDRESS(&out));
	EXPECT_CONSUMED(EBADF, VMO_REPLACE_AS_EXECUTABLE, vmo_replace_as_executable, w.vmo,
			.vmex = ~0U, .out_handle = ZT_ADDRESS(&out));
	EXPECT_CONSUMED(EMEDIUMTYPE, VMO_REPLACE_AS_EXECUTABLE, vmo_replace_as_executable, w.vmo,
			.vmex = w.event, .out_handle = ZT_ADDRESS(&out));
	EXPECT_CONSUMED(EFAULT, VMO_REPLACE_AS_EXECUTABLE, vmo_replace_as_executable, w.vmo,
			.out_handle = ZT_ADDRESS(hole));
	EXPECT_EQ(0, out);
	EXPECT_ERRNO(0, zt_call(VMO_GET_SIZE, vmo_get_size, .handle = w.vmo,
				.out_size = ZT_ADDRESS(&size)));
	world_close(&w);
}

TEST(new_descriptor_is_close_on_exec)
{
	union argument arg;
	struct world w;

	for_each_command(c) {
		if (!c->makes_handle)
			continue;
		ASSERT_TRUE(world_open(&w));
		fill(c, &w, &arg);
		ASSERT_ERRNO(0, call(c, &w, zt_device(), &arg)) TH_LOG("%s", c->name);
		EXPECT_EQ(FD_CLOEXEC, fcntl(ZXVMO_HANDLE_FD((__u32)w.out[0]), F_GETFD))
			TH_LOG("%s", c->name);
		EXPECT_EQ(ZXVMO_HANDLE_FIXED_BITS_MASK,
			  w.out[0] & ZXVMO_HANDLE_FIXED_BITS_MASK) TH_LOG("%s", c->name);
		EXPECT_NE(0, ZXVMO_HANDLE_TAG((__u32)w.out[0])) TH_LOG("%s", c->name);
		world_close(&w);
	}
}

/* Addresses that are data of a command */

TEST(info_buffer_efault)
{
	__u64 bad[] = { 0, ZT_ADDRESS(hole), 0, 0, ZT_KERNEL_ADDR };
	static const __u32 topics[] = {
		ZXVMO_INFO_HANDLE_BASIC, ZXVMO_INFO_HANDLE_COUNT, ZXVMO_INFO_VMO_V1,
		ZXVMO_INFO_VMO_V2, ZXVMO_INFO_VMO_V3, ZXVMO_INFO_VMO,
	};
	struct world w;

	ASSERT_TRUE(world_open(&w));
	bad[1] = ZT_ADDRESS(hole);
	bad[2] = ZT_ADDRESS(read_only);
	bad[3] = ZT_ADDRESS(hole) - 2;
	for (unsigned int i = 0; i < ARRAY_SIZE(topics); i++) {
		for (unsigned int j = 0; j < ARRAY_SIZE(bad); j++) {
			EXPECT_ERRNO(EFAULT, zt_call(OBJECT_GET_INFO, object_get_info,
						     .handle = w.vmo, .topic = topics[i],
						     .buffer = bad[j], .buffer_size = 4096))
				TH_LOG("topic %#x, address %#llx", topics[i], bad[j]);
		}
	}
	world_close(&w);
}

TEST(property_value_address)
{
	struct world w;

	ASSERT_TRUE(world_open(&w));
#define PROPERTY(which, address)						\
	zt_call(OBJECT_##which##_PROPERTY, object_property, .handle = w.vmo,	\
		.property = ZXVMO_PROP_NAME, .value = (address),		\
		.value_size = ZXVMO_MAX_NAME_LEN)
	EXPECT_ERRNO(EINVAL, PROPERTY(GET, 0));
	EXPECT_ERRNO(EINVAL, PROPERTY(SET, 0));
	EXPECT_ERRNO(EFAULT, PROPERTY(GET, ZT_ADDRESS(hole)));
	EXPECT_ERRNO(EFAULT, PROPERTY(SET, ZT_ADDRESS(hole)));
	EXPECT_ERRNO(EFAULT, PROPERTY(GET, ZT_ADDRESS(read_only)));
	EXPECT_ERRNO(0, PROPERTY(SET, ZT_ADDRESS(read_only)));
	EXPECT_ERRNO(EFAULT, PROPERTY(GET, ZT_KERNEL_ADDR));
	EXPECT_ERRNO(EFAULT, PROPERTY(SET, ZT_KERNEL_ADDR));
	EXPECT_ERRNO(EFAULT, PROPERTY(GET, ZT_ADDRESS(hole) - 8));
	world_close(&w);
}

/* The two commands that tell of their buffer by other errnos */
TEST(read_and_write_buffer_address)
{
	struct world w;

	ASSERT_TRUE(world_open(&w));
#define RW(which, address) zt_call(VMO_##which, vmo_rw, .handle = w.vmo,	\
				   .buffer = (address), .length = 16)
	EXPECT_ERRNO(ENOENT, RW(READ, 0));
	EXPECT_ERRNO(ENOENT, RW(WRITE, 0));
	EXPECT_ERRNO(ENOENT, RW(READ, ZT_ADDRESS(hole)));
	EXPECT_ERRNO(ENOENT, RW(WRITE, ZT_ADDRESS(hole)));
	EXPECT_ERRNO(ENOENT, RW(READ, ZT_ADDRESS(hole) - 8));
	EXPECT_ERRNO(ENOENT, RW(WRITE, ZT_ADDRESS(hole) - 8));
	EXPECT_ERRNO(ENOENT, RW(READ, ZT_KERNEL_ADDR));
	EXPECT_ERRNO(ENOENT, RW(WRITE, ZT_KERNEL_ADDR));
	EXPECT_ERRNO(EACCES, RW(READ, ZT_ADDRESS(read_only)));
	EXPECT_ERRNO(0, RW(WRITE, ZT_ADDRESS(read_only)));
	EXPECT_ERRNO(EACCES, RW(READ, ZT_ADDRESS(no_access)));
	EXPECT_ERRNO(EACCES, RW(WRITE, ZT_ADDRESS(no_access)));
	world_close(&w);
}

TEST(close_many_address)
{
	struct snapshot before;
	struct world w;
	__u32 *list;

	ASSERT_TRUE(world_open(&w));
#define CLOSE_MANY(address, n)							\
	zt_call(HANDLE_CLOSE_MANY, handle_close_many, .handles = (address), .num_handles = (n))
	before = take_snapshot();
	EXPECT_ERRNO(0, CLOSE_MANY(0, 0));
	EXPECT_ERRNO(0, CLOSE_MANY(ZT_ADDRESS(hole), 0));
	EXPECT_ERRNO(EFAULT, CLOSE_MANY(0, 1));
	EXPECT_ERRNO(EFAULT, CLOSE_MANY(ZT_ADDRESS(hole), 1));
	EXPECT_ERRNO(EFAULT, CLOSE_MANY(ZT_ADDRESS(no_access), 1));
	EXPECT_ERRNO(EFAULT, CLOSE_MANY(ZT_KERNEL_ADDR, 1));
	EXPECT_ERRNO(EFAULT, CLOSE_MANY(ZT_ADDRESS(hole) - 2, 1));
	EXPECT_SNAPSHOT((&(struct command){ .name = "close_many" }), before);

	/* Counts that are lies: zeros as far as memory goes, then nothing */
	memset(last_page, 0, zt_page_size());
	EXPECT_ERRNO(EFAULT, CLOSE_MANY(ZT_ADDRESS(last_page), 1ULL << 40));
	EXPECT_ERRNO(EFAULT, CLOSE_MANY(ZT_ADDRESS(last_page), ~0ULL));
	EXPECT_ERRNO(EFAULT, CLOSE_MANY(ZT_ADDRESS(last_page), 1ULL << 62));
	EXPECT_ERRNO(EFAULT, CLOSE_MANY(ZT_ADDRESS(last_page), 1ULL << 63));
	EXPECT_SNAPSHOT((&(struct command){ .name = "close_many" }), before);

	list = (__u32 *)hole - 2;
	list[0] = zt_duplicate(w.vmo, SAME);
	list[1] = zt_duplicate(w.vmo, SAME);
	EXPECT_ERRNO(0, CLOSE_MANY(ZT_ADDRESS(list), 2));
	EXPECT_SNAPSHOT((&(struct command){ .name = "close_many" }), before);
	world_close(&w);
}

TEST(from_fd_of_what_is_no_object_ebadf)
{
	struct world w;
	__u32 out = 0xeeeeeeee;

	ASSERT_TRUE(world_open(&w));
	int fds[] = { -1, INT32_MIN, INT32_MAX, ZXVMO_HANDLE_MAX_FD, 1000, 0, 1,
		      zt_device(), memfd_create("abi", MFD_CLOEXEC) };

	for (unsigned int i = 0; i < ARRAY_SIZE(fds); i++) {
		EXPECT_ERRNO(EBADF, zt_call(HANDLE_FROM_FD, handle_from_fd, .fd = fds[i],
					    .out_handle = ZT_ADDRESS(&out)))
			TH_LOG("descriptor %d", fds[i]);
	}
	EXPECT_EQ(0xeeeeeeee, out);
	EXPECT_ERRNO(0, zt_call(HANDLE_FROM_FD, handle_from_fd, .fd = ZXVMO_HANDLE_FD(w.event),
				.out_handle = ZT_ADDRESS(&out)));
	EXPECT_EQ(w.event, out);
	world_close(&w);
}

/* QUERY */

TEST(query_contents)
{
	struct world w;

	ASSERT_TRUE(world_open(&w));
	int fds[] = { zt_device(), ZXVMO_HANDLE_FD(w.vmo), ZXVMO_HANDLE_FD(w.event) };

	for (unsigned int i = 0; i < ARRAY_SIZE(fds); i++) {
		struct zxvmo_query query;

		memset(&query, 0xee, sizeof(query));
		query.size = sizeof(query);
		query.flags = 0;
		ASSERT_ERRNO(0, zt_ioctl(fds[i], ZXVMO_QUERY, &query));
		EXPECT_EQ(sizeof(query), query.size);
		EXPECT_EQ(0, query.flags);
		EXPECT_EQ(ZXVMO_API_VERSION, query.out_api_version);
		EXPECT_EQ(zt_page_size(), query.out_page_size);
		EXPECT_EQ(ZXVMO_FEATURE_VMO | ZXVMO_FEATURE_CHILDREN |
			  ZXVMO_FEATURE_DISCARDABLE | ZXVMO_FEATURE_VMAR |
			  ZXVMO_FEATURE_PROCESS,
			  query.out_features);
		EXPECT_EQ(0, query.out_errata);
	}
	world_close(&w);
}

TEST(query_of_a_longer_structure)
{
	struct {
		struct zxvmo_query query;
		__u64 newer[2];
		__u64 beyond;
	} longer = { .beyond = 0xeeeeeeee };

	longer.query.size = sizeof(longer.query) + sizeof(longer.newer);
	ASSERT_ERRNO(0, zt_ioctl(zt_device(), ZXVMO_QUERY, &longer));
	EXPECT_EQ(ZXVMO_API_VERSION, longer.query.out_api_version);
	EXPECT_EQ(0, longer.newer[0]);
	EXPECT_EQ(0, longer.newer[1]);
	EXPECT_EQ(0xeeeeeeee, longer.beyond);
}

/* Which error wins, where the specification says */

#define BAD	(~0U)
#define CREATE(opt, bytes)							\
	zt_call(VMO_CREATE, vmo_create, .options = (opt), .vmo_size = (bytes),	\
		.out_handle = ZT_ADDRESS(&out))

TEST(order_create)
{
	const __u64 wraps = ~0ULL, large = ZXVMO_VMO_MAX_SIZE + 1;
	__u32 out;

	EXPECT_ERRNO(EINVAL, CREATE(ZXVMO_VMO_RESIZABLE | ZXVMO_VMO_UNBOUNDED, wraps));
	EXPECT_ERRNO(ERANGE, CREATE(1, wraps));
	EXPECT_ERRNO(ERANGE, CREATE(1U << 31, wraps));
	EXPECT_ERRNO(EINVAL, CREATE(1, large));
	EXPECT_ERRNO(EINVAL, CREATE(ZXVMO_VMO_TRAP_DIRTY, large));
	EXPECT_ERRNO(EINVAL, CREATE(1 | ZXVMO_VMO_DISCARDABLE, 0));
	EXPECT_ERRNO(ERANGE, CREATE(0, large));
	EXPECT_ERRNO(ERANGE, CREATE(ZXVMO_VMO_UNBOUNDED, wraps));
	EXPECT_ERRNO(ERANGE, CREATE(ZXVMO_VMO_DISCARDABLE, large));
	EXPECT_ERRNO(0, CREATE(ZXVMO_VMO_DISCARDABLE, 0));
	EXPECT_ERRNO(0, zt_close(out));
	EXPECT_ERRNO(EINVAL, zt_call(VMO_CREATE, vmo_create, .options = 1));
	EXPECT_ERRNO(EINVAL, zt_call(EVENT_CREATE, event_create, .options = 1));
}

TEST(order_handle_calls)
{
	struct world w;
	__u32 poor, out;

	ASSERT_TRUE(world_open(&w));
	poor = zt_duplicate(w.vmo, ZXVMO_RIGHT_READ);
	ASSERT_NE(0, poor);
	/* The right, then the new rights, then where the value goes */
	EXPECT_ERRNO(EACCES, zt_call(HANDLE_DUPLICATE, handle_duplicate, .handle = poor,
				     .rights = ZXVMO_RIGHT_EXECUTE));
	EXPECT_ERRNO(EBADF, zt_call(HANDLE_DUPLICATE, handle_duplicate, .handle = BAD,
				    .rights = ZXVMO_RIGHT_EXECUTE));
	EXPECT_ERRNO(EINVAL, zt_call(HANDLE_DUPLICATE, handle_duplicate, .handle = w.vmo,
				     .rights = ZXVMO_RIGHT_EXECUTE));
	EXPECT_ERRNO(EBADF, zt_call(HANDLE_REPLACE, handle_duplicate, .handle = BAD,
				    .rights = ZXVMO_RIGHT_EXECUTE));
	/* The value, then the type, then what is wrong with vmex */
	EXPECT_ERRNO(EBADF, zt_call(VMO_REPLACE_AS_EXECUTABLE, vmo_replace_as_executable,
				    .handle = BAD, .vmex = w.event,
				    .out_handle = ZT_ADDRESS(&out)));
	EXPECT_ERRNO(EBADF, zt_call(VMO_REPLACE_AS_EXECUTABLE, vmo_replace_as_executable,
				    .handle = w.event, .vmex = w.vmo,
				    .out_handle = ZT_ADDRESS(&out)));
	world_close(&w);
}

TEST(order_object_calls)
{
	__u64 actual, avail;
	char buffer[32] = {};
	struct world w;
	__u32 bare, no_write;

	ASSERT_TRUE(world_open(&w));
	bare = zt_duplicate(w.vmo, ZXVMO_RIGHT_NONE);
	no_write = zt_duplicate(w.vmo, ZXVMO_RIGHTS_PROPERTY);
	ASSERT_NE(0, bare);
	ASSERT_NE(0, no_write);

	/* The right, then the mask */
	EXPECT_ERRNO(EACCES, zt_call(OBJECT_SIGNAL, object_signal, .handle = bare, .set_mask = 1));
	EXPECT_ERRNO(EBADF, zt_call(OBJECT_SIGNAL, object_signal, .handle = BAD, .set_mask = 1));

	/* The topic before all else */
#define INFO(which, about, bytes)						\
	zt_call(OBJECT_GET_INFO, object_get_info, .handle = (about), .topic = (which),	\
		.buffer = ZT_ADDRESS(buffer), .buffer_size = (bytes),		\
		.out_actual = ZT_ADDRESS(&actual), .out_avail = ZT_ADDRESS(&avail))
	EXPECT_ERRNO(EOPNOTSUPP, INFO(0, BAD, 0));
	EXPECT_ERRNO(EOPNOTSUPP, INFO(999, BAD, 0));
	EXPECT_ERRNO(EOPNOTSUPP, INFO(ZXVMO_INFO_TOPIC(23U, 4U), BAD, 0));
	EXPECT_ERRNO(EOPNOTSUPP, INFO(ZXVMO_INFO_TOPIC(2U, 1U), BAD, 0));
	EXPECT_ERRNO(EBADF, INFO(ZXVMO_INFO_VMO, BAD, 0));
	EXPECT_ERRNO(EMEDIUMTYPE, INFO(ZXVMO_INFO_VMO, w.event, 0));
	EXPECT_ERRNO(EACCES, INFO(ZXVMO_INFO_HANDLE_COUNT, bare, 0));
	actual = avail = 99;
	EXPECT_ERRNO(EMSGSIZE, INFO(ZXVMO_INFO_HANDLE_COUNT, w.vmo, 3));
	EXPECT_EQ(0, actual);
	EXPECT_EQ(1, avail);
	/* Too small is found before it is touched */
	EXPECT_ERRNO(EMSGSIZE, zt_call(OBJECT_GET_INFO, object_get_info, .handle = w.vmo,
				       .topic = ZXVMO_INFO_VMO, .buffer = ZT_ADDRESS(hole),
				       .buffer_size = ZXVMO_INFO_VMO_V3_SIZE));

	/* The address, the handle, the right, the size */
#define VALUE(which, about, prop, address, bytes)				\
	zt_call(OBJECT_##which##_PROPERTY, object_property, .handle = (about),	\
		.property = (prop), .value = (address), .value_size = (bytes))
	EXPECT_ERRNO(EINVAL, VALUE(GET, BAD, ZXVMO_PROP_NAME, 0, 0));
	EXPECT_ERRNO(EINVAL, VALUE(SET, BAD, ZXVMO_PROP_NAME, 0, 0));
	EXPECT_ERRNO(EBADF, VALUE(GET, BAD, 999, ZT_ADDRESS(buffer), 0));
	EXPECT_ERRNO(EACCES, VALUE(GET, bare, 999, ZT_ADDRESS(buffer), 0));
	EXPECT_ERRNO(EACCES, VALUE(SET, bare, 999, ZT_ADDRESS(buffer), 0));
	EXPECT_ERRNO(EACCES, VALUE(GET, w.event, ZXVMO_PROP_VMO_CONTENT_SIZE,
				   ZT_ADDRESS(buffer), 8));
	EXPECT_ERRNO(EOPNOTSUPP, VALUE(GET, w.vmo, 999, ZT_ADDRESS(buffer), 32));
	EXPECT_ERRNO(EOPNOTSUPP, VALUE(SET, w.vmo, 999, ZT_ADDRESS(buffer), 32));
	EXPECT_ERRNO(EMSGSIZE, VALUE(GET, w.vmo, ZXVMO_PROP_NAME, ZT_ADDRESS(hole), 31));
	EXPECT_ERRNO(EMSGSIZE, VALUE(GET, w.vmo, ZXVMO_PROP_VMO_CONTENT_SIZE, ZT_ADDRESS(hole), 7));
	EXPECT_ERRNO(EMSGSIZE, VALUE(SET, w.vmo, ZXVMO_PROP_VMO_CONTENT_SIZE, ZT_ADDRESS(hole), 7));
	EXPECT_ERRNO(EACCES, VALUE(SET, no_write, ZXVMO_PROP_VMO_CONTENT_SIZE,
				   ZT_ADDRESS(hole), 7));
	EXPECT_ERRNO(0, VALUE(SET, no_write, ZXVMO_PROP_NAME, ZT_ADDRESS(buffer), 1));
	world_close(&w);
}

TEST(order_vmo_calls)
{
	const __u64 page = zt_page_size(), end = RW_PAGES * page;
	struct world w;
	__u32 bare, fixed_bare, no_resize;

	ASSERT_TRUE(world_open(&w));
	bare = zt_duplicate(w.vmo, ZXVMO_RIGHT_NONE);
	fixed_bare = zt_duplicate(w.source, ZXVMO_RIGHT_NONE);
	no_resize = zt_duplicate(w.vmo, ZXVMO_RIGHT_WRITE);
	ASSERT_TRUE(bare && fixed_bare && no_resize);

	/* The range is looked at before the buffer */
#define RANGE(which, about, at, bytes, address)					\
	zt_call(VMO_##which, vmo_rw, .handle = (about), .buffer = (address),	\
		.offset = (at), .length = (bytes))
	EXPECT_ERRNO(EACCES, RANGE(READ, bare, ~0ULL, 2, 0));
	EXPECT_ERRNO(ERANGE, RANGE(READ, w.vmo, ~0ULL, 2, 0));
	EXPECT_ERRNO(ERANGE, RANGE(WRITE, w.vmo, end, 1, 0));
	EXPECT_ERRNO(ERANGE, RANGE(WRITE, w.vmo, end + 1, 0, 0));
	EXPECT_ERRNO(0, RANGE(READ, w.vmo, end, 0, 0));

#define SET_SIZE(about, bytes)							\
	zt_call(VMO_SET_SIZE, vmo_set_size, .handle = (about), .vmo_size = (bytes))
	EXPECT_ERRNO(EACCES, SET_SIZE(bare, ~0ULL));
	EXPECT_ERRNO(EACCES, SET_SIZE(no_resize, ~0ULL));
	EXPECT_ERRNO(EACCES, SET_SIZE(fixed_bare, page));
	EXPECT_ERRNO(ERANGE, SET_SIZE(w.source, ~0ULL));
	EXPECT_ERRNO(EPERM, SET_SIZE(w.source, ZXVMO_VMO_MAX_SIZE + 1));
	EXPECT_ERRNO(ERANGE, SET_SIZE(w.vmo, ZXVMO_VMO_MAX_SIZE + 1));

#define OP(operation, about, at, bytes)						\
	zt_call(VMO_OP_RANGE, vmo_op_range, .handle = (about), .op = (operation),	\
		.offset = (at), .length = (bytes))
	EXPECT_ERRNO(EMEDIUMTYPE, OP(999, w.event, 0, 0));
	EXPECT_ERRNO(EINVAL, OP(999, bare, ~0ULL, 0));
	EXPECT_ERRNO(EINVAL, OP(0, bare, ~0ULL, 0));
	EXPECT_ERRNO(EINVAL, OP(5, bare, ~0ULL, 0));
	EXPECT_ERRNO(EACCES, OP(ZXVMO_VMO_OP_DECOMMIT, bare, 1, ~0ULL));
	EXPECT_ERRNO(EACCES, OP(ZXVMO_VMO_OP_LOCK, bare, 1, ~0ULL));
	EXPECT_ERRNO(EOPNOTSUPP, OP(ZXVMO_VMO_OP_LOCK, w.vmo, 1, ~0ULL));
	EXPECT_ERRNO(ERANGE, OP(ZXVMO_VMO_OP_DECOMMIT, w.vmo, 1, end));
	EXPECT_ERRNO(EINVAL, OP(ZXVMO_VMO_OP_DECOMMIT, w.vmo, 1, page));
	EXPECT_ERRNO(0, OP(ZXVMO_VMO_OP_DECOMMIT, w.vmo, 1, 0));
	EXPECT_ERRNO(0, OP(ZXVMO_VMO_OP_ZERO, w.vmo, ~0ULL, 0));

#define POLICY(about, value)							\
	zt_call(VMO_SET_CACHE_POLICY, vmo_set_cache_policy, .handle = (about), .policy = (value))
	EXPECT_ERRNO(EINVAL, POLICY(BAD, ZXVMO_CACHE_POLICY_MASK + 1));
	EXPECT_ERRNO(EBADF, POLICY(BAD, ZXVMO_CACHE_POLICY_UNCACHED));
	EXPECT_ERRNO(EMEDIUMTYPE, POLICY(w.event, ZXVMO_CACHE_POLICY_UNCACHED));
	EXPECT_ERRNO(EACCES, POLICY(bare, ZXVMO_CACHE_POLICY_UNCACHED));
	EXPECT_ERRNO(EBADFD, POLICY(w.source, ZXVMO_CACHE_POLICY_UNCACHED));
	EXPECT_ERRNO(EOPNOTSUPP, POLICY(w.vmo, ZXVMO_CACHE_POLICY_UNCACHED));

#define TRANSFER(to, opt, at, bytes, from, from_at)				\
	zt_call(VMO_TRANSFER_DATA, vmo_transfer_data, .handle = (to), .options = (opt),	\
		.src_handle = (from), .offset = (at), .length = (bytes), .src_offset = (from_at))
	EXPECT_ERRNO(EINVAL, TRANSFER(BAD, 1, 0, 0, BAD, 0));
	EXPECT_ERRNO(EINVAL, TRANSFER(BAD, 0, 1, 0, BAD, 0));
	EXPECT_ERRNO(EINVAL, TRANSFER(BAD, 0, 0, 1, BAD, 0));
	EXPECT_ERRNO(EINVAL, TRANSFER(BAD, 0, 0, 0, BAD, 1));
	EXPECT_ERRNO(EBADF, TRANSFER(BAD, 0, 0, page, w.event, 0));
	EXPECT_ERRNO(EMEDIUMTYPE, TRANSFER(w.event, 0, 0, page, BAD, 0));
	EXPECT_ERRNO(EACCES, TRANSFER(bare, 0, 0, page, BAD, 0));
	EXPECT_ERRNO(EBADF, TRANSFER(w.vmo, 0, end, page, BAD, 0));
	EXPECT_ERRNO(EACCES, TRANSFER(w.vmo, 0, end, page, no_resize, 0));
	EXPECT_ERRNO(0, TRANSFER(w.vmo, 0, end, page, w.vmo, end));
	EXPECT_ERRNO(ERANGE, TRANSFER(w.vmo, 0, end, page, w.source, 0));
	world_close(&w);
}

TEST(order_vmar_calls)
{
	const __u64 page = zt_page_size(), wraps = -page;
	const __u32 root = ZXVMO_HANDLE_VMAR_ROOT_SELF;
	const __u32 r = ZXVMO_VM_PERM_READ, w_ = ZXVMO_VM_PERM_WRITE;
	__u32 bare, no_write;
	struct world w;
	__u64 out;

	ASSERT_TRUE(world_open(&w));
	bare = zt_duplicate(w.vmo, ZXVMO_RIGHT_NONE);
	no_write = zt_duplicate(w.vmo, ZXVMO_RIGHT_MAP | ZXVMO_RIGHT_READ);
	ASSERT_TRUE(bare && no_write);
#define MAP(vmar, opt, at, object, from, bytes)					\
	zt_call(VMAR_MAP, vmar_map, .handle = (vmar), .options = (opt), .vmo = (object),	\
		.vmar_offset = (at), .vmo_offset = (from), .length = (bytes),	\
		.out_addr = ZT_ADDRESS(&out))
	/* Each line has the mistakes of all lines below it */
	EXPECT_ERRNO(EBADF, MAP(BAD, w_, 0, BAD, wraps + 1, 0));
	EXPECT_ERRNO(EMEDIUMTYPE, MAP(w.vmo, w_, 0, BAD, wraps + 1, 0));
	EXPECT_ERRNO(EBADF, MAP(root, w_, 0, BAD, wraps + 1, 0));
	EXPECT_ERRNO(EMEDIUMTYPE, MAP(root, w_, 0, w.event, wraps + 1, 0));
	EXPECT_ERRNO(EACCES, MAP(root, w_, 0, bare, wraps + 1, 0));
	EXPECT_ERRNO(EINVAL, MAP(root, w_, 0, no_write, wraps + 1, 0));
	EXPECT_ERRNO(EINVAL, MAP(root, r | w_ | ZXVMO_VM_CAN_MAP_READ, 0, no_write, 0, page));
	EXPECT_ERRNO(EACCES, MAP(root, r | w_ | 1U << 20, 0, no_write, 0, page));
	EXPECT_ERRNO(EINVAL, MAP(root, r | 1U << 20 | ZXVMO_VM_REQUIRE_NON_RESIZABLE, 0,
				 w.vmo, 0, page));
	EXPECT_ERRNO(EOPNOTSUPP, MAP(root, r | ZXVMO_VM_REQUIRE_NON_RESIZABLE, 0, w.vmo, 1, 0));
	EXPECT_ERRNO(EINVAL, MAP(root, r, 0, w.vmo, wraps + 1, 0));
	EXPECT_ERRNO(ERANGE, MAP(root, r, 0, w.vmo, wraps, 2 * page));
	EXPECT_ERRNO(ERANGE, MAP(root, r, 0, w.vmo, 0, ~0ULL));
	EXPECT_ERRNO(EINVAL, MAP(root, r, 0, w.vmo, 0, 0));
	EXPECT_ERRNO(EINVAL, MAP(root, r, page, w.vmo, 0, page));
	EXPECT_ERRNO(EINVAL, MAP(root, r | ZXVMO_VM_SPECIFIC, 1, w.vmo, 0, page));
	EXPECT_ERRNO(EINVAL, MAP(root, r | ZXVMO_VM_SPECIFIC, ~0ULL - page + 1, w.vmo, 0, page));
	EXPECT_ERRNO(EEXIST, MAP(root, r | ZXVMO_VM_SPECIFIC,
				 ZT_ADDRESS(w.mapping) - ZXVMO_VMAR_ROOT_BASE, w.vmo, 0, page));

#define UNMAP(vmar, at, bytes)							\
	zt_call(VMAR_UNMAP, vmar_range, .handle = (vmar), .addr = (at), .length = (bytes))
	EXPECT_ERRNO(EBADF, UNMAP(BAD, 1, 0));
	EXPECT_ERRNO(EMEDIUMTYPE, UNMAP(w.event, 1, 0));
	EXPECT_ERRNO(EINVAL, UNMAP(root, ZT_ADDRESS(w.mapping) + 1, page));
	EXPECT_ERRNO(EINVAL, UNMAP(root, ZT_ADDRESS(w.mapping), 0));
	EXPECT_ERRNO(EINVAL, UNMAP(root, ZT_ADDRESS(w.mapping), ~0ULL));
	EXPECT_ERRNO(EINVAL, UNMAP(root, 0, page));

#define PROTECT(vmar, opt, at, bytes)						\
	zt_call(VMAR_PROTECT, vmar_range, .handle = (vmar), .options = (opt),	\
		.addr = (at), .length = (bytes))
	EXPECT_ERRNO(EBADF, PROTECT(BAD, w_, 1, 0));
	EXPECT_ERRNO(EMEDIUMTYPE, PROTECT(w.vmo, w_, 1, 0));
	EXPECT_ERRNO(EINVAL, PROTECT(root, w_, ZT_ADDRESS(hole), page));
	EXPECT_ERRNO(EINVAL, PROTECT(root, r | ZXVMO_VM_SPECIFIC, ZT_ADDRESS(hole), page));
	EXPECT_ERRNO(EINVAL, PROTECT(root, r, ZT_ADDRESS(hole) + 1, page));
	EXPECT_ERRNO(EINVAL, PROTECT(root, r, ZT_ADDRESS(hole), 0));
	EXPECT_ERRNO(ENOENT, PROTECT(root, r, ZT_ADDRESS(hole), page));
	EXPECT_ERRNO(ENOENT, PROTECT(root, r, ZT_ADDRESS(last_page), page));
	world_close(&w);
}

TEST_HARNESS_MAIN
