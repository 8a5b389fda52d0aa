// SPDX-License-Identifier: GPL-2.0-only
/*
 * The process: what its pseudo-handle is good for, what it tells of its address space
 * and its VMOs, reading and writing its memory. (vmar.md 1.5, 1.6, 4;
 * pager-port-handle-bti.md 2.4)
 */
#include "discard_test.h"

#include <sys/resource.h>
#include <zircon/zxvmo.h>

#define SELF	zx_process_self()
#define ROOT	zx_vmar_root_self()
#define R	ZX_VM_PERM_READ
#define RW	(ZX_VM_PERM_READ | ZX_VM_PERM_WRITE)
#define MAX	(64UL << 20)

/* The pseudo-handle */

TEST(it_is_a_process)
{
	zx_info_handle_basic_t basic = handle_basic(_metadata, SELF);
	size_t actual = 9, avail = 9;

	EXPECT_EQ(7, SELF);
	EXPECT_EQ(SELF, _zx_process_self());
	EXPECT_EQ(ZX_OBJ_TYPE_PROCESS, basic.type);
	EXPECT_EQ(1, basic.type);
	EXPECT_EQ(ZX_RIGHT_READ | ZX_RIGHT_WRITE | ZX_RIGHT_INSPECT, basic.rights);
	EXPECT_EQ(0, basic.related_koid);
	EXPECT_OK(zx_object_get_info(SELF, ZX_INFO_HANDLE_VALID, NULL, 0, NULL, NULL));
	EXPECT_ST(ZX_ERR_BUFFER_TOO_SMALL,
		  zx_object_get_info(SELF, ZX_INFO_HANDLE_BASIC, &basic, sizeof(basic) - 1,
				     &actual, &avail));
	EXPECT_EQ(0, actual);
	EXPECT_EQ(1, avail);
}

static void *koid_of_thread(void *koid)
{
	zx_info_handle_basic_t basic = {};

	zx_object_get_info(SELF, ZX_INFO_HANDLE_BASIC, &basic, sizeof(basic), NULL, NULL);
	*(zx_koid_t *)koid = basic.koid;
	return NULL;
}

TEST(each_process_has_its_koid)
{
	zx_koid_t koid = koid_of(_metadata, SELF), other = 0;
	zx_handle_t vmo = vmo_create(_metadata, 0, 0);
	pthread_t thread;
	int status;
	pid_t pid;

	EXPECT_EQ(1, koid >> 62);
	EXPECT_EQ(0, koid_of(_metadata, vmo) >> 62);
	EXPECT_EQ(koid, koid_of(_metadata, SELF));
	ASSERT_EQ(0, pthread_create(&thread, NULL, koid_of_thread, &other));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(koid, other);
	pid = fork();
	if (!pid) {
		EXPECT_NE(koid, koid_of(_metadata, SELF));
		_exit(_metadata->exit_code);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST(it_stays_what_it_is)
{
	zx_handle_t out, handles[] = { SELF, 0 };
	char name[ZX_MAX_NAME_LEN];
	int fd;

	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_handle_duplicate(SELF, ZX_RIGHT_SAME_RIGHTS, &out));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_replace(SELF, ZX_RIGHT_SAME_RIGHTS, &out));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_close(SELF));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_close_many(handles, 2));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zxvmo_handle_to_fd(SELF, &fd));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_object_signal(SELF, 0, 1U << 24));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_object_wait_one(SELF, 1U << 24, 0, NULL));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_object_get_property(SELF, ZX_PROP_NAME, name, sizeof(name)));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_object_set_property(SELF, ZX_PROP_NAME, "n", 1));
}

TEST(it_is_nothing_else)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGE, 0), out;
	unsigned char buffer[256];
	zx_vaddr_t addr;

#define ASK(handle, topic)							\
	zx_object_get_info(handle, topic, buffer, sizeof(buffer), NULL, NULL)
	EXPECT_ST(ZX_ERR_WRONG_TYPE, ASK(SELF, ZX_INFO_VMO));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, ASK(SELF, ZX_INFO_VMAR));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, ASK(SELF, ZX_INFO_VMAR_MAPS));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, ASK(SELF, ZX_INFO_HANDLE_COUNT));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, ASK(SELF, 99));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, zx_vmo_read(SELF, buffer, 0, 1));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, zx_vmo_create_child(SELF, ZX_VMO_CHILD_SNAPSHOT, 0, PAGE,
							 &out));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, zx_vmar_map(SELF, R, 0, vmo, 0, PAGE, &addr));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, zx_vmar_map(ROOT, R, 0, SELF, 0, PAGE, &addr));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, zx_vmo_replace_as_executable(vmo, SELF, &out));
}

TEST(what_is_asked_of_it_is_asked_of_nothing_else)
{
	static const uint32_t topics[] = {
		ZX_INFO_PROCESS_MAPS_V1, ZX_INFO_PROCESS_MAPS_V2, ZX_INFO_PROCESS_MAPS,
		ZX_INFO_PROCESS_VMOS_V1, ZX_INFO_PROCESS_VMOS_V2, ZX_INFO_PROCESS_VMOS_V3,
		ZX_INFO_PROCESS_VMOS,
	};
	zx_handle_t vmo = vmo_create(_metadata, PAGE, 0);
	unsigned char buffer[256];
	size_t actual = 99;

	for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
		EXPECT_ST(ZX_ERR_WRONG_TYPE, ASK(vmo, topics[i]));
		EXPECT_ST(ZX_ERR_WRONG_TYPE, ASK(ROOT, topics[i]));
		EXPECT_ST(ZX_ERR_WRONG_TYPE, ASK(wrong_type(_metadata), topics[i]));
		EXPECT_ST(ZX_ERR_BAD_HANDLE, ASK(ZX_HANDLE_INVALID, topics[i]));
		EXPECT_ST(ZX_ERR_BAD_HANDLE, ASK(~0U, topics[i]));
		EXPECT_OK(ASK(SELF, topics[i]));
		EXPECT_OK(zx_object_get_info(SELF, topics[i], NULL, 0, &actual, NULL));
		EXPECT_EQ(0, actual);
	}
	EXPECT_ST(ZX_ERR_WRONG_TYPE,
		  zx_process_read_memory(vmo, (zx_vaddr_t)buffer, buffer, 1, &actual));
	EXPECT_ST(ZX_ERR_WRONG_TYPE,
		  zx_process_write_memory(ROOT, (zx_vaddr_t)buffer, buffer, 1, &actual));
	EXPECT_ST(ZX_ERR_BAD_HANDLE,
		  zx_process_read_memory(ZX_HANDLE_INVALID, (zx_vaddr_t)buffer, buffer, 1, &actual));
}

/* Also without the device */
TEST(on_an_objects_own_descriptor)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGE, 0);
	struct zxvmo_info_handle_basic basic = {};
	char from[] = "from", to[5] = "";
	__u64 actual = 0;

	EXPECT_ERRNO(0, zt_command(ZXVMO_HANDLE_FD(vmo), OBJECT_GET_INFO, object_get_info,
				   .handle = SELF, .topic = ZXVMO_INFO_HANDLE_BASIC,
				   .buffer = ZT_ADDRESS(&basic), .buffer_size = sizeof(basic)));
	EXPECT_EQ(ZXVMO_OBJ_TYPE_PROCESS, basic.type);
	EXPECT_ERRNO(0, zt_command(ZXVMO_HANDLE_FD(vmo), OBJECT_GET_INFO, object_get_info,
				   .handle = SELF, .topic = ZXVMO_INFO_PROCESS_VMOS,
				   .out_avail = ZT_ADDRESS(&actual)));
	EXPECT_EQ(1, actual);
	EXPECT_ERRNO(0, zt_command(ZXVMO_HANDLE_FD(vmo), PROCESS_READ_MEMORY, process_memory,
				   .handle = SELF, .addr = ZT_ADDRESS(from), .length = 5,
				   .buffer = ZT_ADDRESS(to), .out_actual = ZT_ADDRESS(&actual)));
	EXPECT_STREQ("from", to);
	/* That object is no process. */
	EXPECT_ERRNO(EMEDIUMTYPE, zt_command(ZXVMO_HANDLE_FD(vmo), PROCESS_READ_MEMORY,
					     process_memory, .addr = ZT_ADDRESS(from),
					     .length = 5, .buffer = ZT_ADDRESS(to),
					     .out_actual = ZT_ADDRESS(&actual)));
}

/* Its address space */

TEST(maps_begin_with_the_address_space)
{
	zx_handle_t vmo = vmo_create(_metadata, 4 * PAGE, 0), vmar;
	zx_info_maps_t maps[8];
	char name[ZX_MAX_NAME_LEN];
	zx_info_vmar_t root;
	zx_vaddr_t base, addr;
	size_t actual = 0, avail = 0;

	ASSERT_OK(zx_vmar_allocate(ROOT, ZX_VM_CAN_MAP_READ, 0, 4 * PAGE, &vmar, &base));
	ASSERT_OK(zx_vmar_map(vmar, R, 0, vmo, 0, PAGE, &addr));
	ASSERT_OK(zx_object_get_info(ROOT, ZX_INFO_VMAR, &root, sizeof(root), NULL, NULL));
	memset(maps, 0xee, sizeof(maps));
	ASSERT_OK(zx_object_get_info(SELF, ZX_INFO_PROCESS_MAPS, maps, sizeof(maps), &actual,
				     &avail));
	ASSERT_EQ(4, actual);
	EXPECT_EQ(4, avail);
	snprintf(name, sizeof(name), "proc:%llu", (unsigned long long)koid_of(_metadata, SELF));
	EXPECT_STREQ(name, maps[0].name);
	EXPECT_STREQ("root", maps[1].name);
	EXPECT_STREQ("useralloc", maps[2].name);
	EXPECT_STREQ("", maps[3].name);
	EXPECT_EQ(ZX_INFO_MAPS_TYPE_ASPACE, maps[0].type);
	EXPECT_EQ(ZX_INFO_MAPS_TYPE_VMAR, maps[1].type);
	EXPECT_EQ(ZX_INFO_MAPS_TYPE_VMAR, maps[2].type);
	EXPECT_EQ(ZX_INFO_MAPS_TYPE_MAPPING, maps[3].type);
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(i, maps[i].depth);
	EXPECT_EQ(root.base, maps[0].base);
	EXPECT_EQ(root.len, maps[0].size);
	EXPECT_TRUE(zt_is_zero(&maps[0].u, sizeof(maps[0].u)));
	EXPECT_EQ(root.base, maps[1].base);
	EXPECT_EQ(root.len, maps[1].size);
	EXPECT_EQ(base, maps[2].base);
	EXPECT_EQ(addr, maps[3].base);
}

/* The old versions count pages and end earlier. */
TEST(maps_of_all_versions)
{
	zx_handle_t vmo = vmo_create(_metadata, 8 * PAGE, 0);
	struct {
		zx_info_maps_t maps[3];
		char beyond;
	} now = { .beyond = 'b' };
	struct {
		zx_info_maps_v2_t maps[3];
		char beyond;
	} v2 = { .beyond = 'b' };
	struct {
		zx_info_maps_v1_t maps[3];
		char beyond;
	} v1 = { .beyond = 'b' };
	size_t actual = 0;

	EXPECT_EQ(13, ZX_INFO_PROCESS_MAPS_V1);
	EXPECT_EQ(0x1000000d, ZX_INFO_PROCESS_MAPS_V2);
	EXPECT_EQ(0x2000000d, ZX_INFO_PROCESS_MAPS);
	EXPECT_EQ(36, ZX_INFO_VMAR_MAPS);
	vmo_spell(_metadata, vmo, 0, "a.b.c...");
	vmo_map(_metadata, vmo, R, PAGE, 4 * PAGE);
	ASSERT_OK(zx_object_get_info(SELF, ZX_INFO_PROCESS_MAPS, &now, sizeof(now), &actual, NULL));
	ASSERT_EQ(3, actual);
	ASSERT_OK(zx_object_get_info(SELF, ZX_INFO_PROCESS_MAPS_V2, &v2, sizeof(v2), &actual, NULL));
	ASSERT_EQ(3, actual);
	ASSERT_OK(zx_object_get_info(SELF, ZX_INFO_PROCESS_MAPS_V1, &v1, sizeof(v1), &actual, NULL));
	ASSERT_EQ(3, actual);
	EXPECT_EQ('b', now.beyond);
	EXPECT_EQ('b', v2.beyond);
	EXPECT_EQ('b', v1.beyond);
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(0, memcmp(&now.maps[i], &v2.maps[i], 88));
		EXPECT_EQ(0, memcmp(&now.maps[i], &v1.maps[i], 88));
	}
	EXPECT_EQ(PAGE, now.maps[2].u.mapping.vmo_offset);
	EXPECT_EQ(2 * PAGE, now.maps[2].u.mapping.committed_bytes);
	EXPECT_EQ(2 * PAGE, now.maps[2].u.mapping.populated_bytes);
	EXPECT_EQ(2, v2.maps[2].u.mapping.committed_pages);
	EXPECT_EQ(2, v2.maps[2].u.mapping.populated_pages);
	EXPECT_EQ(2, v1.maps[2].u.mapping.committed_pages);
}

/* Its VMOs */

#define MAX_VMOS	128

static size_t list_vmos(struct __test_metadata *const _metadata, zx_info_vmo_t *vmos)
{
	size_t actual = 0, avail = 0;

	memset(vmos, 0xee, MAX_VMOS * sizeof(*vmos));
	ASSERT_OK(zx_object_get_info(SELF, ZX_INFO_PROCESS_VMOS, vmos, MAX_VMOS * sizeof(*vmos),
				     &actual, &avail));
	EXPECT_EQ(avail, actual);
	return actual;
}

TEST(vmos_by_handle_and_by_mapping)
{
	const uint32_t by_handle = ZX_INFO_VMO_TYPE_PAGED | ZX_INFO_VMO_VIA_HANDLE;
	const uint32_t by_mapping = ZX_INFO_VMO_TYPE_PAGED | ZX_INFO_VMO_VIA_MAPPING;
	zx_info_vmo_t vmos[MAX_VMOS], info;
	zx_handle_t first, second, poor;

	EXPECT_EQ(0, list_vmos(_metadata, vmos));
	event_create(_metadata);
	with_rights(_metadata, ROOT, ZX_RIGHT_SAME_RIGHTS);
	EXPECT_EQ(0, list_vmos(_metadata, vmos));
	first = vmo_create(_metadata, 4 * PAGE, 0);
	ASSERT_OK(zx_object_set_property(first, ZX_PROP_NAME, "first", 5));
	vmo_spell(_metadata, first, 0, "ab");
	poor = with_rights(_metadata, first, ZX_RIGHT_MAP);
	second = vmo_create(_metadata, 3 * PAGE, ZX_VMO_RESIZABLE);
	vmo_map(_metadata, second, R, 0, PAGE);
	vmo_map(_metadata, first, R, 0, PAGE);
	info = vmo_info(_metadata, first);

	ASSERT_EQ(5, list_vmos(_metadata, vmos));
	EXPECT_EQ(0, memcmp(&info, &vmos[0], sizeof(info)));
	EXPECT_EQ(by_handle, vmos[0].flags);
	EXPECT_EQ(info.koid, vmos[1].koid);
	EXPECT_EQ(by_handle, vmos[1].flags);
	EXPECT_EQ(ZX_RIGHT_MAP, vmos[1].handle_rights);
	EXPECT_EQ(koid_of(_metadata, second), vmos[2].koid);
	EXPECT_EQ(by_handle | ZX_INFO_VMO_RESIZABLE, vmos[2].flags);
	EXPECT_EQ(ZX_DEFAULT_VMO_RIGHTS | ZX_RIGHT_RESIZE, vmos[2].handle_rights);

	/* Without handles the mappings are left: in which order, Linux has decided. */
	ASSERT_OK(zx_handle_close(first));
	ASSERT_OK(zx_handle_close(poor));
	ASSERT_OK(zx_handle_close(second));
	ASSERT_EQ(2, list_vmos(_metadata, vmos));
	first = vmos[0].koid == info.koid ? 0 : 1;
	EXPECT_EQ(info.koid, vmos[first].koid);
	EXPECT_STREQ("first", vmos[first].name);
	EXPECT_EQ(by_mapping, vmos[first].flags);
	EXPECT_EQ(0, vmos[first].handle_rights);
	EXPECT_EQ(2 * PAGE, vmos[first].committed_bytes);
	EXPECT_EQ(1, vmos[first].num_mappings);
	EXPECT_EQ(by_mapping | ZX_INFO_VMO_RESIZABLE, vmos[1 - first].flags);
	EXPECT_EQ(0, vmos[1 - first].handle_rights);
}

TEST(vmos_of_all_versions)
{
	static const struct {
		uint32_t topic, value;
		size_t size;
	} versions[] = {
		{ ZX_INFO_PROCESS_VMOS_V1, 14, 104 },
		{ ZX_INFO_PROCESS_VMOS_V2, 0x1000000e, 120 },
		{ ZX_INFO_PROCESS_VMOS_V3, 0x2000000e, 128 },
		{ ZX_INFO_PROCESS_VMOS, 0x3000000e, sizeof(zx_info_vmo_t) },
	};
	zx_handle_t vmos[] = { vmo_create(_metadata, PAGE, 0), vmo_create(_metadata, PAGE, 0) };
	unsigned char buffer[512];
	size_t actual, avail;

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		size_t size = versions[i].size;

		EXPECT_EQ(versions[i].value, versions[i].topic);
		for (size_t room = 0; room <= 2 * size + 1; room++) {
			memset(buffer, 0xee, sizeof(buffer));
			EXPECT_OK(zx_object_get_info(SELF, versions[i].topic, buffer, room,
						     &actual, &avail));
			EXPECT_EQ(room / size, actual);
			EXPECT_EQ(2, avail);
			EXPECT_EQ(sizeof(buffer) - actual * size,
				  mem_span(buffer + actual * size, sizeof(buffer) - actual * size,
					   0xee));
		}
		for (int j = 0; j < 2; j++) {
			zx_info_vmo_t info = vmo_info(_metadata, vmos[j]);

			EXPECT_EQ(0, memcmp(&info, buffer + j * size, size))
				TH_LOG("version %zu", i);
		}
	}
}

/* More than are looked at in one go, with much between them */
TEST(vmos_of_a_large_table)
{
	struct rlimit limit = { .rlim_cur = 9000, .rlim_max = 9000 };
	zx_handle_t vmo = vmo_create(_metadata, 0, 0);
	static zx_info_vmo_t vmos[MAX_VMOS];
	int fd = ZXVMO_HANDLE_FD(vmo);

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (int i = 0; i < 60; i++)
		vmo_create(_metadata, PAGE, 0);
	ASSERT_EQ(5000, dup2(fd, 5000));
	ASSERT_EQ(8999, dup2(fd, 8999));
	for (int i = 1000; i < 4000; i++)
		ASSERT_EQ(i, dup2(2, i));
	ASSERT_EQ(63, list_vmos(_metadata, vmos));
	EXPECT_EQ(koid_of(_metadata, vmo), vmos[0].koid);
	for (int i = 1; i <= 60; i++)
		EXPECT_LT(vmos[i - 1].koid, vmos[i].koid);
	EXPECT_EQ(vmos[0].koid, vmos[61].koid);
	EXPECT_EQ(vmos[0].koid, vmos[62].koid);
}

TEST(vmos_bad_buffer)
{
	unsigned char *hole = page_before_hole(_metadata) + PAGE;
	const size_t size = sizeof(zx_info_vmo_t);
	size_t actual = 99;

	vmo_create(_metadata, 0, 0);
	vmo_map(_metadata, vmo_create(_metadata, PAGE, 0), R, 0, PAGE);
#define VMOS(buffer, size)							\
	zx_object_get_info(SELF, ZX_INFO_PROCESS_VMOS, buffer, size, &actual, NULL)
	EXPECT_ST(ZX_ERR_INVALID_ARGS, VMOS(hole, size));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, VMOS(hole - size, 2 * size));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, VMOS(hole - 2 * size, 3 * size));
	EXPECT_EQ(99, actual);
	EXPECT_OK(VMOS(hole - 3 * size, 4 * size));
	EXPECT_EQ(3, actual);
}

/* Its memory */

FIXTURE(memory)
{
	zx_handle_t vmo;		/* pages a to h */
	unsigned char *map;		/* of these, with a page after it that is none */
	unsigned char buffer[10 * 4096];
	size_t actual;
};

/* At a place with nothing around it */
#define PLACE	((zx_vaddr_t)0x100000000000)

static unsigned char *map_at(struct __test_metadata *const _metadata, zx_handle_t vmo,
			     zx_vm_option_t options, uint64_t page, uint64_t first,
			     uint64_t pages)
{
	zx_vaddr_t addr;

	ASSERT_OK(zx_vmar_map(ROOT, options | ZX_VM_SPECIFIC | ZX_VM_ALLOW_FAULTS,
			      PLACE + page * PAGE - ZXVMO_VMAR_ROOT_BASE, vmo, first * PAGE,
			      pages * PAGE, &addr));
	return (unsigned char *)addr;
}

FIXTURE_SETUP(memory)
{
	self->vmo = vmo_create(_metadata, 8 * PAGE, 0);
	vmo_spell(_metadata, self->vmo, 0, "abcdefgh");
	self->map = map_at(_metadata, self->vmo, RW, 0, 0, 8);
	memset(self->buffer, 'B', sizeof(self->buffer));
	self->actual = 99;
}

FIXTURE_TEARDOWN(memory)
{
}

#define READ(at, size)								\
	zx_process_read_memory(SELF, (zx_vaddr_t)(at), self->buffer, size, &self->actual)
#define WRITE(at, size)								\
	zx_process_write_memory(SELF, (zx_vaddr_t)(at), self->buffer, size, &self->actual)

TEST_F(memory, reads_and_writes_a_vmo)
{
	EXPECT_OK(READ(self->map + PAGE - 1, PAGE + 2));
	EXPECT_EQ(PAGE + 2, self->actual);
	EXPECT_EQ('a', self->buffer[0]);
	EXPECT_EQ(PAGE, mem_span(self->buffer + 1, PAGE, 'b'));
	EXPECT_EQ('c', self->buffer[PAGE + 1]);
	EXPECT_EQ('B', self->buffer[PAGE + 2]);

	memset(self->buffer, 'W', sizeof(self->buffer));
	EXPECT_OK(WRITE(self->map + 2 * PAGE, 2 * PAGE));
	EXPECT_EQ(2 * PAGE, self->actual);
	EXPECT_LETTERS("abWWefgh", self->vmo);
	EXPECT_MAPPED("abWWefgh", self->map);
	EXPECT_OK(WRITE(self->map + 1, 1));
	EXPECT_EQ(1, self->actual);
	EXPECT_EQ('a', self->map[0]);
	EXPECT_EQ('W', self->map[1]);
	EXPECT_EQ('a', self->map[2]);
}

TEST_F(memory, absent_pages_read_zero_and_writing_commits)
{
	zx_handle_t vmo = vmo_create(_metadata, 4 * PAGE, 0);
	unsigned char *map = vmo_map(_metadata, vmo, R, 0, 4 * PAGE);

	EXPECT_OK(READ(map, 2 * PAGE));
	EXPECT_EQ(2 * PAGE, self->actual);
	EXPECT_TRUE(zt_is_zero(self->buffer, 2 * PAGE));
	EXPECT_EQ(0, vmo_pages(_metadata, vmo));
	memset(self->buffer, 'W', 1);
	EXPECT_OK(WRITE(map + 2 * PAGE, 1));
	EXPECT_EQ(1, vmo_pages(_metadata, vmo));
	EXPECT_EQ('W', map[2 * PAGE]);
}

TEST_F(memory, arguments_before_the_handle)
{
	zx_vaddr_t at = (zx_vaddr_t)self->map;
	size_t *actual = &self->actual;

	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_process_read_memory(~0U, at, NULL, 1, actual));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_process_read_memory(~0U, at, self->buffer, 0, actual));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_process_read_memory(~0U, at, self->buffer, MAX + 1, actual));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_process_write_memory(~0U, at, NULL, 1, actual));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_process_write_memory(~0U, at, self->buffer, 0, actual));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_process_write_memory(~0U, at, self->buffer, ~0UL, actual));
	EXPECT_ST(ZX_ERR_BAD_HANDLE,
		  zx_process_read_memory(~0U, 0, self->buffer, 1, actual));
	EXPECT_EQ(99, self->actual);
}

/* No more than there is memory, but as much as that */
TEST_F(memory, most_that_is_copied)
{
	zx_handle_t vmo = vmo_create(_metadata, MAX, 0);
	unsigned char *map = vmo_map(_metadata, vmo, R, 0, MAX);
	unsigned char *buffer = user_pages(_metadata, MAX / PAGE, PROT_READ | PROT_WRITE);

	vmo_fill(_metadata, vmo, MAX - 1, 1, 'z');
	EXPECT_OK(zx_process_read_memory(SELF, (zx_vaddr_t)map, buffer, MAX, &self->actual));
	EXPECT_EQ(MAX, self->actual);
	EXPECT_EQ(0, buffer[MAX - 2]);
	EXPECT_EQ('z', buffer[MAX - 1]);
	EXPECT_OK(READ(self->map + 7 * PAGE, MAX));
	EXPECT_EQ(PAGE, self->actual);
}

TEST_F(memory, ends_where_memory_ends)
{
	EXPECT_OK(READ(self->map + 6 * PAGE + 1, 4 * PAGE));
	EXPECT_EQ(2 * PAGE - 1, self->actual);
	EXPECT_EQ('B', self->buffer[2 * PAGE - 1]);
	EXPECT_OK(WRITE(self->map + 7 * PAGE, 4 * PAGE));
	EXPECT_EQ(PAGE, self->actual);
	EXPECT_LETTERS("abcdefg?", self->vmo);
	self->actual = 99;
	EXPECT_ST(ZX_ERR_NOT_FOUND, READ(self->map + 8 * PAGE, 1));
	EXPECT_ST(ZX_ERR_NOT_FOUND, WRITE(self->map + 8 * PAGE, 1));
	EXPECT_ST(ZX_ERR_NOT_FOUND, READ(self->map - 1, 2));
	EXPECT_ST(ZX_ERR_NOT_FOUND, READ(0, 1));
	EXPECT_ST(ZX_ERR_NOT_FOUND, READ(ZT_KERNEL_ADDR, 1));
	EXPECT_ST(ZX_ERR_NOT_FOUND, READ(~0UL, 2));
	EXPECT_EQ(99, self->actual);
}

TEST_F(memory, room_of_a_region_is_a_hole)
{
	zx_vaddr_t base;
	zx_handle_t vmar;

	ASSERT_OK(zx_vmar_allocate(ROOT, ZX_VM_SPECIFIC, PLACE + 8 * PAGE - ZXVMO_VMAR_ROOT_BASE,
				   4 * PAGE, &vmar, &base));
	EXPECT_ST(ZX_ERR_NOT_FOUND, READ(base, 1));
	EXPECT_ST(ZX_ERR_NOT_FOUND, WRITE(base, 1));
	EXPECT_OK(READ(base - 1, 2));
	EXPECT_EQ(1, self->actual);
}

TEST_F(memory, goes_on_in_the_next_mapping)
{
	zx_handle_t other = vmo_create(_metadata, 2 * PAGE, 0);

	vmo_spell(_metadata, other, 0, "xy");
	map_at(_metadata, other, R, 8, 1, 1);
	ASSERT_NE(MAP_FAILED, mmap((void *)PLACE + 9 * PAGE, PAGE, PROT_READ | PROT_WRITE,
				   MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	EXPECT_OK(READ(self->map + 7 * PAGE, 4 * PAGE));
	EXPECT_EQ(3 * PAGE, self->actual);
	EXPECT_EQ(PAGE, mem_span(self->buffer, PAGE, 'h'));
	EXPECT_EQ(PAGE, mem_span(self->buffer + PAGE, PAGE, 'y'));
	EXPECT_TRUE(zt_is_zero(self->buffer + 2 * PAGE, PAGE));
}

TEST_F(memory, end_of_the_vmo)
{
	zx_handle_t vmo = vmo_create(_metadata, 2 * PAGE, ZX_VMO_RESIZABLE);
	unsigned char *map = vmo_map_rw(_metadata, vmo, 0, 4 * PAGE);

	EXPECT_OK(READ(map + PAGE, 2 * PAGE));
	EXPECT_EQ(PAGE, self->actual);
	EXPECT_OK(WRITE(map + PAGE, 2 * PAGE));
	EXPECT_EQ(PAGE, self->actual);
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, READ(map + 2 * PAGE, 1));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, WRITE(map + 3 * PAGE, 1));
	ASSERT_OK(zx_vmo_set_size(vmo, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, READ(map, 1));
	ASSERT_OK(zx_vmo_set_size(vmo, 3 * PAGE));
	EXPECT_OK(READ(map + 2 * PAGE, 2 * PAGE));
	EXPECT_EQ(PAGE, self->actual);
}

TEST_F(memory, of_a_slice)
{
	zx_handle_t slice = vmo_slice(_metadata, self->vmo, 3, 4);
	unsigned char *map = vmo_map_rw(_metadata, slice, PAGE, 4 * PAGE);

	EXPECT_OK(READ(map, 4 * PAGE));
	EXPECT_EQ(3 * PAGE, self->actual);
	EXPECT_EQ(PAGE, mem_span(self->buffer, PAGE, 'e'));
	EXPECT_EQ(PAGE, mem_span(self->buffer + 2 * PAGE, PAGE, 'g'));
	memset(self->buffer, 'W', PAGE);
	EXPECT_OK(WRITE(map + PAGE, PAGE));
	EXPECT_LETTERS("abcdeWgh", self->vmo);
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, READ(map + 3 * PAGE, 1));
}

TEST_F(memory, discarded)
{
	zx_handle_t vmo = reclaimable(_metadata, 2, 'd');
	unsigned char *map = map_at(_metadata, vmo, RW, 8, 0, 2);

	EXPECT_OK(READ(map, 1));
	EXPECT_EQ('d', self->buffer[0]);
	vmo_discard(_metadata, vmo);
	EXPECT_ST(ZX_ERR_NOT_FOUND, READ(map, 1));
	EXPECT_ST(ZX_ERR_NOT_FOUND, WRITE(map, 1));
	EXPECT_OK(READ(map - 1, 2));
	EXPECT_EQ(1, self->actual);
}

/* Permissions */

TEST_F(memory, present_protection_of_a_vmo_does_not_matter)
{
	ASSERT_OK(zx_vmar_protect(ROOT, 0, (zx_vaddr_t)self->map, 4 * PAGE));
	ASSERT_OK(zx_vmar_protect(ROOT, R, (zx_vaddr_t)self->map + 4 * PAGE, 2 * PAGE));
	EXPECT_OK(READ(self->map, 8 * PAGE));
	EXPECT_EQ(8 * PAGE, self->actual);
	EXPECT_EQ(PAGE, mem_span(self->buffer + 3 * PAGE, PAGE, 'd'));
	memset(self->buffer, 'W', sizeof(self->buffer));
	EXPECT_OK(WRITE(self->map + 3 * PAGE, 2 * PAGE));
	EXPECT_LETTERS("abcWWfgh", self->vmo);
}

/* What the mapping could never be given is not given this way either */
TEST_F(memory, rights_at_map_time_bound_it)
{
	zx_handle_t read_only = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);
	zx_handle_t neither = with_rights(_metadata, self->vmo, ZX_RIGHT_MAP);
	unsigned char *map;

	map = map_at(_metadata, read_only, R, 8, 0, 1);
	map_at(_metadata, neither, 0, 9, 0, 1);
	ASSERT_OK(zx_handle_close(read_only));
	EXPECT_OK(READ(map, 2 * PAGE));
	EXPECT_EQ(PAGE, self->actual);
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, WRITE(map, 1));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, READ(map + PAGE, 1));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, WRITE(map + PAGE, 1));
	EXPECT_OK(WRITE(map - 1, 2));
	EXPECT_EQ(1, self->actual);
	EXPECT_LETTERS("abcdefg", self->vmo);
}

TEST_F(memory, rights_of_the_vmar_bound_it)
{
	zx_handle_t vmar;
	zx_vaddr_t base, addr;

	ASSERT_OK(zx_vmar_allocate(ROOT, ZX_VM_CAN_MAP_READ, 0, 4 * PAGE, &vmar, &base));
	ASSERT_OK(zx_vmar_map(vmar, R, 0, self->vmo, 0, PAGE, &addr));
	EXPECT_OK(READ(addr, 1));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, WRITE(addr, 1));
}

/* What a private mapping shows is not the VMO */
TEST_F(memory, private_mapping)
{
	unsigned char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
				  ZXVMO_HANDLE_FD(self->vmo), 0);

	ASSERT_NE(MAP_FAILED, map);
	map[0] = 'P';
	EXPECT_OK(READ(map, PAGE + 1));
	EXPECT_EQ(PAGE + 1, self->actual);
	EXPECT_EQ('P', self->buffer[0]);
	EXPECT_EQ('a', self->buffer[1]);
	EXPECT_EQ('b', self->buffer[PAGE]);
	memset(self->buffer, 'W', 2);
	EXPECT_OK(WRITE(map + PAGE, 2));
	EXPECT_EQ('W', map[PAGE]);
	EXPECT_LETTERS("ab", self->vmo);
	ASSERT_EQ(0, mprotect(map, PAGE, PROT_NONE));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, READ(map, 1));
}

TEST_F(memory, of_the_program_itself)
{
	static const char constant[] = "constant";
	unsigned char *pages = user_pages(_metadata, 4, PROT_READ | PROT_WRITE);
	char heap[3 * 4096], *stack = heap;

	memset(stack, 's', sizeof(heap));
	EXPECT_OK(READ(stack, sizeof(heap)));
	EXPECT_EQ(sizeof(heap), self->actual);
	EXPECT_EQ(sizeof(heap), mem_span(self->buffer, sizeof(heap), 's'));
	EXPECT_OK(READ(constant, sizeof(constant)));
	EXPECT_STREQ("constant", (char *)self->buffer);
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, WRITE(constant, 1));

	memset(self->buffer, 'W', sizeof(self->buffer));
	EXPECT_OK(WRITE(pages + 5, 3 * PAGE));
	EXPECT_EQ(3 * PAGE, self->actual);
	EXPECT_EQ(5, mem_span(pages, 5, 0));
	EXPECT_EQ(3 * PAGE, mem_span(pages + 5, 3 * PAGE, 'W'));
	EXPECT_EQ(0, pages[3 * PAGE + 5]);

	ASSERT_EQ(0, mprotect(pages + PAGE, PAGE, PROT_READ));
	ASSERT_EQ(0, mprotect(pages + 2 * PAGE, PAGE, PROT_NONE));
	EXPECT_OK(READ(pages + 10, 4 * PAGE));
	EXPECT_EQ(2 * PAGE - 10, self->actual);
	EXPECT_OK(WRITE(pages + PAGE - 3, PAGE));
	EXPECT_EQ(3, self->actual);
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, READ(pages + 2 * PAGE, 1));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, WRITE(pages + PAGE, 1));
}

TEST_F(memory, beyond_the_end_of_a_file)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	unsigned char *map;

	ASSERT_EQ(0, ftruncate(fd, PAGE));
	map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_OK(READ(map, 2 * PAGE));
	EXPECT_EQ(PAGE, self->actual);
	EXPECT_ST(ZX_ERR_NOT_FOUND, READ(map + PAGE, 1));
	EXPECT_ST(ZX_ERR_NOT_FOUND, WRITE(map + PAGE, 1));
}

/* The buffer */

TEST_F(memory, bad_buffers)
{
	unsigned char *ro = user_pages(_metadata, 1, PROT_READ), *none, *hole;
	unsigned char *pages = user_pages(_metadata, 4, PROT_READ | PROT_WRITE);
	zx_handle_t vmo = vmo_create(_metadata, PAGE, 0);
	unsigned char *map = vmo_map_rw(_metadata, vmo, 0, 2 * PAGE);
	const zx_vaddr_t places[] = { (zx_vaddr_t)self->map, (zx_vaddr_t)pages };

	none = user_pages(_metadata, 1, PROT_NONE);
	hole = page_before_hole(_metadata) + PAGE;	/* if nothing is mapped after it */
#define READ_TO(buffer, size) zx_process_read_memory(SELF, at, buffer, size, &self->actual)
#define WRITE_FROM(buffer, size) zx_process_write_memory(SELF, at, buffer, size, &self->actual)
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		zx_vaddr_t at = places[i];

		EXPECT_ST(ZX_ERR_NOT_FOUND, READ_TO(hole, 1));
		EXPECT_ST(ZX_ERR_NOT_FOUND, WRITE_FROM(hole, 1));
		EXPECT_ST(ZX_ERR_NOT_FOUND, READ_TO(hole - 3, 2 * PAGE));
		EXPECT_ST(ZX_ERR_NOT_FOUND, WRITE_FROM(hole - 3, 2 * PAGE));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, READ_TO(ro, 1));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, READ_TO(none, 1));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, WRITE_FROM(none, 1));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, READ_TO(map + PAGE, 1));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, WRITE_FROM(map + PAGE, 1));
		EXPECT_ST(ZX_ERR_NOT_FOUND, READ_TO((void *)ZT_KERNEL_ADDR, 1));
		EXPECT_ST(ZX_ERR_NOT_FOUND, WRITE_FROM((void *)ZT_KERNEL_ADDR, 1));
		EXPECT_EQ(99, self->actual);
		EXPECT_OK(WRITE_FROM(ro, 1));
		EXPECT_EQ(1, self->actual);
		EXPECT_OK(READ_TO(map, PAGE));
		EXPECT_EQ(PAGE, self->actual);
		self->actual = 99;
	}
}

TEST_F(memory, bad_place_for_the_count)
{
	unsigned char *hole = page_before_hole(_metadata) + PAGE;

	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_process_read_memory(SELF, (zx_vaddr_t)self->map, self->buffer, 1, NULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_process_write_memory(SELF, (zx_vaddr_t)self->map, self->buffer, 1,
					  (size_t *)hole));
	/* Of nothing there is nothing to tell. */
	EXPECT_ST(ZX_ERR_NOT_FOUND,
		  zx_process_read_memory(SELF, (zx_vaddr_t)hole, self->buffer, 1, NULL));
}

/* Copied to where it is, it stays */
TEST_F(memory, buffer_is_the_memory)
{
	unsigned char *pages = user_pages(_metadata, 3, PROT_READ | PROT_WRITE);

	zt_fill(pages, 3 * PAGE, 1);
	EXPECT_OK(zx_process_read_memory(SELF, (zx_vaddr_t)pages, pages, 3 * PAGE, &self->actual));
	EXPECT_EQ(3 * PAGE, self->actual);
	EXPECT_EQ(3 * PAGE, zt_compare(pages, 3 * PAGE, 1));
	EXPECT_OK(zx_process_read_memory(SELF, (zx_vaddr_t)self->map, self->map, 8 * PAGE,
					 &self->actual));
	EXPECT_EQ(8 * PAGE, self->actual);
	EXPECT_OK(zx_process_write_memory(SELF, (zx_vaddr_t)self->map, self->map, 8 * PAGE,
					  &self->actual));
	EXPECT_EQ(8 * PAGE, self->actual);
	EXPECT_LETTERS("abcdefgh", self->vmo);
}

/* While others change what is mapped: bytes of one or the other, or the end */

static atomic_bool stop;

static void *remap(void *vmo)
{
	zx_vaddr_t addr;
	void *p;

	while (!stop) {
		munmap((void *)PLACE, 8 * PAGE);
		zx_vmar_map(ROOT, R | ZX_VM_PERM_WRITE | ZX_VM_SPECIFIC,
			    PLACE - ZXVMO_VMAR_ROOT_BASE, *(zx_handle_t *)vmo, 0, 8 * PAGE, &addr);
		zx_vmar_protect(ROOT, R, PLACE + PAGE, PAGE);
		zx_vmar_unmap(ROOT, PLACE, 4 * PAGE);
		p = mmap((void *)PLACE, 2 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		if (p != MAP_FAILED)
			memset(p, 'o', 2 * PAGE);
	}
	return NULL;
}

TEST_F_TIMEOUT(memory, while_it_is_mapped_anew, 600)
{
	pthread_t thread;
	size_t actual;

	vmo_fill(_metadata, self->vmo, 0, 8 * PAGE, 'v');
	ASSERT_EQ(0, pthread_create(&thread, NULL, remap, &self->vmo));
	for (int round = 0; round < 1000; round++) {
		zx_status_t status = READ(PLACE, 8 * PAGE);

		if (status) {
			ASSERT_ST(ZX_ERR_NOT_FOUND, status);
			continue;
		}
		for (size_t i = 0; i < self->actual; i += PAGE / 2)
			ASSERT_NE(NULL, strchr("vo", self->buffer[i]));
		memset(self->buffer, 'v', sizeof(self->buffer));
		status = zx_process_write_memory(SELF, PLACE, self->buffer, 8 * PAGE, &actual);
		/* What was writable may be gone, or a mapping that is not by now. */
		if (status && status != ZX_ERR_ACCESS_DENIED)
			ASSERT_ST(ZX_ERR_NOT_FOUND, status);
	}
	stop = true;
	pthread_join(thread, NULL);
	EXPECT_LETTERS("vvvvvvvv", self->vmo);
	EXPECT_EQ(0, zt_check());
}

TEST_HARNESS_MAIN
