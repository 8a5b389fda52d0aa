// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMARs that their process has exported, used by other processes. They are children
 * here, which have the handles of their parent; other ways bring the same files.
 */
#include "vmar_test.h"
#include "cgroup_test.h"
#include "delay.h"

#include <sys/resource.h>

FIXTURE(export)
{
	struct region region;	/* PAGES pages, everything allowed */
	zx_handle_t vmar;	/* exported */
	zx_handle_t vmo;	/* PAGES pages with their numbers */
	zx_vaddr_t base;
	zx_vaddr_t addr;
	zx_handle_t out;
};

FIXTURE_SETUP(export)
{
	self->region = region_make(_metadata, ROOT, CAN_ALL, 0, PAGES * PAGE);
	ASSERT_OK(zxvmo_vmar_export(self->region.vmar, ZX_RIGHT_SAME_RIGHTS, &self->vmar));
	self->base = self->region.base;
	self->vmo = numbered_vmo(_metadata, PAGES);
	self->addr = 0;
	self->out = 0;
}

FIXTURE_TEARDOWN(export)
{
}

#define AT(page) (self->base + (page) * PAGE)
#define MAP(vmar, options, page, vmo_page, pages)				\
	zx_vmar_map(vmar, options, (page) * PAGE, self->vmo, (vmo_page) * PAGE,	\
		    (pages) * PAGE, &self->addr)
#define PUT(options, page, vmo_page, pages)					\
	map_at(_metadata, &self->region, options, page, self->vmo, vmo_page, pages)
#define OP(vmar, op, page, pages)						\
	zx_vmar_op_range(vmar, ZX_VMAR_OP_##op, AT(page), (pages) * PAGE, NULL, 0)

/* Do something in a child; its failures are the test's */
#define ELSEWHERE(...) do {							\
	pid_t __pid = fork();							\
	int __status;								\
										\
	if (!__pid) {								\
		__VA_ARGS__;							\
		_exit(_metadata->exit_code);					\
	}									\
	ASSERT_EQ(__pid, waitpid(__pid, &__status, 0));				\
	EXPECT_EQ(0, __status);							\
} while (0)

/* The handle */

TEST_F(export, needs_a_vmar_of_this_process)
{
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zxvmo_vmar_export(0, ZX_RIGHT_SAME_RIGHTS, &self->out));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zxvmo_vmar_export(closed_handle(_metadata),
						       ZX_RIGHT_SAME_RIGHTS, &self->out));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, zxvmo_vmar_export(wrong_type(_metadata),
						       ZX_RIGHT_SAME_RIGHTS, &self->out));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zxvmo_vmar_export(without_rights(_metadata, self->vmar, ZX_RIGHT_DUPLICATE),
				    1U << 25, &self->out));
	ELSEWHERE({
		EXPECT_ST(ZX_ERR_ACCESS_DENIED,
			  zxvmo_vmar_export(self->region.vmar, 1U << 25, &self->out));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED,
			  zxvmo_vmar_export(self->vmar, ZX_RIGHT_SAME_RIGHTS, &self->out));
	});
	EXPECT_EQ(0, self->out);
}

TEST_F(export, rights)
{
	zx_rights_t rights = rights_of(_metadata, self->region.vmar);

	EXPECT_EQ(rights | ZXVMO_RIGHT_EXPORTED, rights_of(_metadata, self->vmar));
	EXPECT_EQ(koid_of(_metadata, self->region.vmar), koid_of(_metadata, self->vmar));
	ASSERT_OK(zxvmo_vmar_export(self->region.vmar, ZX_RIGHT_READ, &self->out));
	EXPECT_EQ(ZX_RIGHT_READ | ZXVMO_RIGHT_EXPORTED, rights_of(_metadata, self->out));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zxvmo_vmar_export(self->region.vmar, rights | ZX_RIGHT_MAP, &self->out));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zxvmo_vmar_export(self->region.vmar,
							 rights | ZXVMO_RIGHT_EXPORTED, &self->out));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zxvmo_vmar_export(self->region.vmar, rights, NULL));
	/* Nobody gets it otherwise */
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_handle_duplicate(self->region.vmar,
							   ZXVMO_RIGHT_EXPORTED, &self->out));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_handle_duplicate(self->vmo, ZXVMO_RIGHT_EXPORTED,
							   &self->out));
}

TEST_F(export, only_the_exported_handle_works)
{
	ELSEWHERE({
		zx_handle_t dropped = without_rights(_metadata, self->vmar, ZXVMO_RIGHT_EXPORTED);

		EXPECT_ST(ZX_ERR_ACCESS_DENIED, MAP(self->region.vmar, R, 0, 0, 1));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, MAP(dropped, R, 0, 0, 1));
		EXPECT_OK(MAP(without_rights(_metadata, self->vmar, ZX_RIGHT_WRITE), R, 0, 0, 1));
	});
	/* Here all of them do */
	EXPECT_OK(MAP(self->vmar, R, 0, 0, 1));
	EXPECT_OK(zx_vmar_protect(self->vmar, RW, self->addr, PAGE));
	EXPECT_OK(MAP(self->region.vmar, R, 0, 0, 1));
}

TEST_F(export, a_handle_that_was_passed)
{
	zx_vaddr_t addr = AT(3);
	int sockets[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	ASSERT_TRUE(pass_handle(sockets[0], self->vmar));
	ELSEWHERE({
		zx_handle_t vmar = receive_handle(sockets[1]);

		/* On its own descriptor, for want of a device */
		EXPECT_ERRNO(0, zt_command(ZXVMO_HANDLE_FD(vmar), VMAR_MAP, vmar_map,
					   .options = R | ZX_VM_SPECIFIC, .vmo = self->vmo,
					   .vmar_offset = 3 * PAGE, .vmo_offset = 5 * PAGE,
					   .length = PAGE, .out_addr = ZT_ADDRESS(&addr)));
	});
	EXPECT_EQ(6, BYTE(AT(3)));
}

/* What can be done with it */

TEST_F(export, map)
{
	ELSEWHERE({
		EXPECT_OK(MAP(self->vmar, RW | ZX_VM_SPECIFIC, 2, 4, 3));
		EXPECT_EQ(AT(2), self->addr);
		/* It is not here */
		EXPECT_NOTHING(AT(2));
	});
	EXPECT_EQ(5, BYTE(AT(2)));
	EXPECT_EQ(7, BYTE(AT(4)));
	EXPECT_EQ(0, STORE(AT(3)).signal);
	EXPECT_RESERVED(AT(5));
	EXPECT_ST(ZX_ERR_ALREADY_EXISTS, MAP(self->vmar, R | ZX_VM_SPECIFIC, 4, 0, 1));
	EXPECT_OK(zx_vmar_unmap(self->region.vmar, AT(2), 3 * PAGE));
	EXPECT_RESERVED(AT(2));
}

TEST_F(export, map_tells_where)
{
	zx_vaddr_t *seen = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ELSEWHERE({
		EXPECT_OK(MAP(self->vmar, R | ZX_VM_MAP_RANGE, 0, 9, 2));
		*seen = self->addr;
	});
	ASSERT_LE(AT(0), *seen);
	ASSERT_GT(AT(PAGES - 1), *seen);
	EXPECT_EQ(10, BYTE(*seen));
}

TEST_F(export, map_errors)
{
	PUT(R, 0, 0, 1);
	ELSEWHERE({
		zx_handle_t r = without_rights(_metadata, self->vmar, ZX_RIGHT_WRITE);

		EXPECT_ST(ZX_ERR_ALREADY_EXISTS, MAP(self->vmar, R | ZX_VM_SPECIFIC, 0, 0, 1));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, MAP(r, RW, 0, 0, 1));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, MAP(self->vmar, R | ZX_VM_SPECIFIC, PAGES, 0, 1));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, MAP(self->vmar, R, 0, 0, 0));
		EXPECT_ST(ZX_ERR_NO_RESOURCES, MAP(self->vmar, R, 0, 0, PAGES));
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  zx_vmar_map(self->vmar, R, 0, self->vmo, 0, PAGE, NULL));
	});
	EXPECT_EQ(1, vmo_info(_metadata, self->vmo).num_mappings);
	EXPECT_EQ(1, count_vmas(AT(0), AT(PAGES), RESERVED));
}

TEST_F(export, both_handles_bound_the_permissions)
{
	ELSEWHERE({
		zx_handle_t r = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);
		zx_handle_t rx = without_rights(_metadata, self->vmar, ZX_RIGHT_WRITE);

		EXPECT_OK(zx_vmar_map(self->vmar, R | ZX_VM_SPECIFIC, 0, r, 0, PAGE, &self->addr));
		EXPECT_OK(MAP(rx, R | ZX_VM_SPECIFIC, 1, 1, 1));
	});
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_protect(self->region.vmar, RW, AT(0), PAGE));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_protect(self->region.vmar, RW, AT(1), PAGE));
	EXPECT_EQ(-1, mprotect((void *)AT(0), PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(2, BYTE(AT(1)));
}

TEST_F(export, overwrite_and_unmap)
{
	PUT(R, 0, 0, 6);
	ELSEWHERE({
		EXPECT_OK(MAP(self->vmar, R | ZX_VM_SPECIFIC_OVERWRITE, 1, 10, 2));
		EXPECT_OK(zx_vmar_unmap(self->vmar, AT(4), PAGE));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(self->vmar, AT(PAGES), PAGE));
		/* What is mapped here at these addresses is nobody's affair */
		EXPECT_EQ(5, BYTE(AT(4)));
	});
	EXPECT_EQ(1, BYTE(AT(0)));
	EXPECT_EQ(11, BYTE(AT(1)));
	EXPECT_EQ(4, BYTE(AT(3)));
	EXPECT_RESERVED(AT(4));
	EXPECT_EQ(6, BYTE(AT(5)));
}

TEST_F(export, protect_is_denied)
{
	PUT(R, 0, 0, 1);
	ELSEWHERE({
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_protect(self->vmar, 0, AT(0), PAGE));
		EXPECT_EQ(1, BYTE(AT(0)));
	});
	EXPECT_EQ(1, BYTE(AT(0)));
}

TEST_F(export, allocate_and_destroy)
{
	struct region child;

	ELSEWHERE({
		child = region_make(_metadata, self->vmar, CAN_ALL | ZX_VM_SPECIFIC, 4 * PAGE,
				    4 * PAGE);
		EXPECT_EQ(AT(4), child.base);
		EXPECT_LT(0, rights_of(_metadata, child.vmar) & ZXVMO_RIGHT_EXPORTED);
		map_at(_metadata, &child, R, 1, self->vmo, 7, 1);
		child = region_make(_metadata, self->vmar, CAN_ALL | ZX_VM_SPECIFIC, 8 * PAGE,
				    4 * PAGE);
		map_at(_metadata, &child, R, 1, self->vmo, 7, 1);
		EXPECT_OK(zx_vmar_destroy(child.vmar));
		EXPECT_ST(ZX_ERR_BAD_STATE, MAP(child.vmar, R, 0, 0, 1));
		/* No address for the last: nothing stays */
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  zx_vmar_allocate(self->vmar, CAN_ALL | ZX_VM_SPECIFIC, 12 * PAGE, PAGE,
					   &child.vmar, NULL));
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  zx_vmar_allocate(self->vmar, CAN_ALL | ZX_VM_SPECIFIC, 12 * PAGE, PAGE,
					   NULL, &child.base));
	});
	/* It lives on in what is mapped in it */
	EXPECT_EQ(8, BYTE(AT(5)));
	EXPECT_ST(ZX_ERR_ALREADY_EXISTS, MAP(self->region.vmar, R | ZX_VM_SPECIFIC, 4, 0, 1));
	EXPECT_OK(MAP(self->region.vmar, R | ZX_VM_SPECIFIC, 8, 0, 8));
	EXPECT_OK(zx_vmar_unmap(self->region.vmar, AT(4), 4 * PAGE));
	EXPECT_OK(MAP(self->region.vmar, R | ZX_VM_SPECIFIC, 4, 0, 4));
}

TEST_F(export, what_this_process_allocates_there_is_its_own)
{
	struct region child = region_make(_metadata, self->region.vmar, CAN_ALL, 0, PAGE);

	ELSEWHERE(EXPECT_ST(ZX_ERR_ACCESS_DENIED, MAP(child.vmar, R, 0, 0, 1)));
}

TEST_F(export, destroy_from_elsewhere)
{
	PUT(R, 0, 0, 2);
	ELSEWHERE({
		EXPECT_ST(ZX_ERR_ACCESS_DENIED,
			  zx_vmar_destroy(without_rights(_metadata, self->vmar,
							 ZX_RIGHT_OP_CHILDREN)));
		EXPECT_OK(zx_vmar_destroy(self->vmar));
	});
	EXPECT_NOTHING(AT(0));
	EXPECT_ST(ZX_ERR_BAD_STATE, MAP(self->region.vmar, R, 0, 0, 1));
	ELSEWHERE(EXPECT_ST(ZX_ERR_BAD_STATE, MAP(self->vmar, R, 0, 0, 1)));
}

TEST_F(export, op_range)
{
	zx_handle_t empty = vmo_create(_metadata, 4 * PAGE, 0);

	PUT(RW, 0, 0, 4);
	map_at(_metadata, &self->region, RW, 4, empty, 0, 4);
	ELSEWHERE({
		EXPECT_OK(OP(self->vmar, DECOMMIT, 1, 2));
		EXPECT_OK(OP(self->vmar, COMMIT, 4, 2));
		EXPECT_OK(OP(self->vmar, MAP_RANGE, 0, 8));
		EXPECT_OK(OP(self->vmar, ZERO, 3, 1));
		EXPECT_ST(ZX_ERR_BAD_STATE, OP(self->vmar, ZERO, 8, 1));
		EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP(self->vmar, ZERO, PAGES, 1));
	});
	EXPECT_EQ(1, BYTE(AT(0)));
	EXPECT_EQ(0, BYTE(AT(1)));
	EXPECT_EQ(0, BYTE(AT(3)));
	EXPECT_EQ(2, vmo_pages(_metadata, empty));
}

TEST_F(export, listing)
{
	zx_info_maps_t maps[3] = {};
	size_t actual = 0;

	PUT(R, 3, 0, 2);
	ELSEWHERE({
		EXPECT_ST(ZX_ERR_ACCESS_DENIED,
			  zx_object_get_info(self->region.vmar, ZX_INFO_VMAR_MAPS, maps,
					     sizeof(maps), NULL, NULL));
		EXPECT_OK(zx_object_get_info(self->vmar, ZX_INFO_VMAR_MAPS, maps, sizeof(maps),
					     &actual, NULL));
		EXPECT_EQ(2, actual);
		EXPECT_EQ(AT(0), maps[0].base);
		EXPECT_EQ(AT(3), maps[1].base);
		EXPECT_EQ(2 * PAGE, maps[1].size);
		EXPECT_EQ(koid_of(_metadata, self->vmo), maps[1].u.mapping.vmo_koid);
	});
}

TEST_F(export, the_root)
{
	char *page = (char *)user_pages(_metadata, 1, PROT_READ | PROT_WRITE);
	zx_vaddr_t *seen = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*page = 'f';
	ASSERT_OK(zxvmo_vmar_export(ROOT, ZX_RIGHT_SAME_RIGHTS, &self->out));
	ELSEWHERE({
		EXPECT_OK(MAP(self->out, R, 0, 3, 1));
		*seen = self->addr;
		/* What is not mapped from a VMO is nobody's but its process's */
		EXPECT_ST(ZX_ERR_ALREADY_EXISTS,
			  zx_vmar_map(self->out, R | ZX_VM_SPECIFIC_OVERWRITE,
				      (zx_vaddr_t)page - ZXVMO_VMAR_ROOT_BASE, self->vmo, 0, PAGE,
				      &self->addr));
		EXPECT_OK(zx_vmar_unmap(self->out, (zx_vaddr_t)page, PAGE));
		EXPECT_ST(ZX_ERR_NOT_SUPPORTED, zx_vmar_destroy(self->out));
	});
	EXPECT_EQ('f', *page);
	EXPECT_EQ(4, BYTE(*seen));
	ELSEWHERE(EXPECT_OK(zx_vmar_unmap(self->out, *seen, PAGE)));
	EXPECT_NOTHING(*seen);
}

/* In whose name */

TEST_F(export, limit_of_the_address_space)
{
	struct rlimit limit = { 1ULL << 30, 1ULL << 30 };
	zx_handle_t vmo = vmo_create(_metadata, 2ULL << 30, 0);
	struct rlimit before;

	ASSERT_EQ(0, getrlimit(RLIMIT_AS, &before));
	limit.rlim_max = before.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &limit));
	ASSERT_OK(zxvmo_vmar_export(ROOT, ZX_RIGHT_SAME_RIGHTS, &self->out));
	ELSEWHERE({
		ASSERT_EQ(0, setrlimit(RLIMIT_AS, &before));
		EXPECT_ST(ZX_ERR_NO_MEMORY, zx_vmar_map(self->out, R, 0, vmo, 0, 2ULL << 30,
							&self->addr));
		EXPECT_OK(zx_vmar_map(self->out, R, 0, vmo, 0, 2 * PAGE, &self->addr));
	});
}

/* The kernel calls that EAGAIN; nobody shall try again */
TEST_F(export, no_thread_to_be_had)
{
	const char *limit = "/proc/sys/kernel/threads-max";

	ELSEWHERE({
		long before = read_number(limit);

		ASSERT_EQ(0, write_number(limit, 20));
		EXPECT_ST(ZX_ERR_NO_MEMORY, MAP(self->vmar, R, 0, 0, 1));
		ASSERT_EQ(0, write_number(limit, before));
		EXPECT_OK(MAP(self->vmar, R, 0, 0, 1));
	});
}

/* A process that exports a region, sends its handle and waits; its handle here */
static pid_t start_owner(struct __test_metadata *_metadata, void (*prepare)(void *arg), void *arg,
			 zx_handle_t *vmar)
{
	int sockets[2];
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	pid = fork();
	if (!pid) {
		struct region region;

		if (prepare)
			prepare(arg);
		region = region_make(_metadata, ROOT, CAN_ALL, 0, PAGES * PAGE);
		ASSERT_OK(zxvmo_vmar_export(region.vmar, ZX_RIGHT_SAME_RIGHTS, vmar));
		ASSERT_TRUE(pass_handle(sockets[1], *vmar));
		pause();
		_exit(0);
	}
	close(sockets[1]);
	*vmar = receive_handle(sockets[0]);
	ASSERT_NE(0, *vmar);
	return pid;
}

static void stop_owner(struct __test_metadata *_metadata, pid_t pid)
{
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
}

static void become_user_1(void *arg zt_unused)
{
	if (setuid(1))
		_exit(1);
}

/* User 1 exports: its share is what counts, even for root */
TEST_F(export, credentials_are_the_owners)
{
	const char *share = "/sys/module/zxvmo/parameters/user_share";
	long before = read_number(share);
	zx_handle_t vmar, root_vmar, owner_vmar;
	zx_vaddr_t addr;
	pid_t pid;

	zt_device();
	pid = start_owner(_metadata, become_user_1, NULL, &vmar);
	EXPECT_OK(zx_vmar_allocate(vmar, 0, 0, PAGE, &owner_vmar, &addr));
	ASSERT_EQ(0, write_number(share, 0));
	EXPECT_ST(ZX_ERR_NO_MEMORY, zx_vmar_allocate(vmar, 0, 0, PAGE, &owner_vmar, &addr));
	EXPECT_OK(zx_vmar_allocate(ROOT, 0, 0, PAGE, &root_vmar, &addr));
	ASSERT_EQ(0, write_number(share, before));
	stop_owner(_metadata, pid);
}

static void join_cgroup(void *arg)
{
	if (cgroup_join(arg))
		_exit(1);
}

TEST_F(export, memory_is_charged_to_the_owner)
{
	const uint64_t pages = 8 * MIB / PAGE;
	zx_handle_t vmo = vmo_create(_metadata, pages * PAGE, 0), vmar;
	struct cgroup cgroup;
	zx_vaddr_t addr;
	long long before;
	pid_t pid;

	cgroup_make(_metadata, &cgroup);
	pid = start_owner(_metadata, join_cgroup, &cgroup, &vmar);
	ASSERT_OK(zx_vmar_destroy(vmar));
	stop_owner(_metadata, pid);
	pid = start_owner(_metadata, join_cgroup, &cgroup, &vmar);
	/* Its region is as small as the others: as many mappings of a part */
	before = cgroup_current(&cgroup);
	for (uint64_t at = 0; at < pages; at += PAGES) {
		ASSERT_OK(zx_vmar_map(vmar, RW, 0, vmo, at * PAGE, PAGES * PAGE, &addr));
		ASSERT_OK(zx_vmar_op_range(vmar, ZX_VMAR_OP_COMMIT, addr, PAGES * PAGE, NULL, 0));
		ASSERT_OK(zx_vmar_unmap(vmar, addr, PAGES * PAGE));
	}
	EXPECT_LT(before + (long long)(pages * PAGE - SLACK), cgroup_current(&cgroup));
	stop_owner(_metadata, pid);
	ASSERT_OK(zx_handle_close(vmar));
	ASSERT_OK(zx_handle_close(vmo));
	cgroup_remove(&cgroup);
}

/* How it ends */

#define EXPECT_GONE(vmar) do {							\
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmar_map(vmar, R, 0, self->vmo, 0, PAGE, &self->addr)); \
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmar_unmap(vmar, self->base, PAGE));	\
	EXPECT_ST(ZX_ERR_BAD_STATE, OP(vmar, ZERO, 0, 1));			\
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmar_allocate(vmar, 0, 0, PAGE, &self->out, &self->addr)); \
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmar_destroy(vmar));			\
} while (0)

TEST_F(export, the_owner_dies)
{
	zx_handle_t vmar;
	pid_t pid = start_owner(_metadata, NULL, NULL, &vmar);

	EXPECT_OK(zx_vmar_map(vmar, R, 0, self->vmo, 0, PAGE, &self->addr));
	EXPECT_EQ(1, vmo_info(_metadata, self->vmo).num_mappings);
	stop_owner(_metadata, pid);
	EXPECT_GONE(vmar);
	EXPECT_EQ(0, vmo_info(_metadata, self->vmo).num_mappings);
	EXPECT_OK(zx_handle_close(vmar));
}

TEST_F(export, the_owner_executes_another_program)
{
	int sockets[2];
	zx_handle_t vmar;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	pid = fork();
	if (!pid) {
		struct region region = region_make(_metadata, ROOT, CAN_ALL, 0, PAGES * PAGE);

		ASSERT_OK(zxvmo_vmar_export(region.vmar, ZX_RIGHT_SAME_RIGHTS, &vmar));
		ASSERT_TRUE(pass_handle(sockets[1], vmar));
		execl("/bin/sleep", "sleep", "1000", NULL);
		_exit(1);
	}
	vmar = receive_handle(sockets[0]);
	ASSERT_NE(0, vmar);
	EXPECT_TRUE(WAIT_FOR(zx_vmar_unmap(vmar, 0, PAGE) == ZX_ERR_BAD_STATE));
	EXPECT_GONE(vmar);
	stop_owner(_metadata, pid);
}

/* Many at once */

static void all_day(struct __test_metadata *_metadata, FIXTURE_DATA(export) *self, unsigned int seed)
{
	int64_t end = zx_deadline_after(ZX_SEC(2));

	while (zx_clock_get_monotonic() < end && !_metadata->exit_code) {
		unsigned int page = rand_r(&seed) % PAGES, pages = 1 + rand_r(&seed) % 3;
		struct region child;
		zx_status_t status;

		switch (rand_r(&seed) % 4) {
		case 0:
			status = MAP(self->vmar, R, 0, page, pages);
			EXPECT_TRUE(!status || status == ZX_ERR_NO_RESOURCES);
			break;
		case 1:
			status = zx_vmar_unmap(self->vmar, AT(page), PAGE);
			EXPECT_TRUE(!status || status == ZX_ERR_INVALID_ARGS);
			break;
		case 2:
			status = OP(self->vmar, MAP_RANGE, page, 1);
			EXPECT_TRUE(!status || status == ZX_ERR_BAD_STATE);
			break;
		case 3:
			status = zx_vmar_allocate(self->vmar, CAN_RW, 0, PAGE, &child.vmar,
						  &child.base);
			EXPECT_TRUE(!status || status == ZX_ERR_NO_RESOURCES);
			if (status)
				break;
			/* Others may have unmapped it, and all in it */
			status = MAP(child.vmar, R, 0, page, 1);
			EXPECT_TRUE(!status || status == ZX_ERR_BAD_STATE);
			status = zx_vmar_destroy(child.vmar);
			EXPECT_TRUE(!status || status == ZX_ERR_BAD_STATE);
			EXPECT_OK(zx_handle_close(child.vmar));
			break;
		}
	}
}

TEST_F(export, many_at_once)
{
	pid_t pids[3];
	int status;

	for (int i = 0; i < 3; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			all_day(_metadata, self, i);
			_exit(_metadata->exit_code);
		}
	}
	all_day(_metadata, self, 3);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	EXPECT_OK(zx_vmar_unmap(self->vmar, AT(0), PAGES * PAGE));
	EXPECT_EQ(0, vmo_info(_metadata, self->vmo).num_mappings);
	EXPECT_OK(MAP(self->vmar, R | ZX_VM_SPECIFIC, 0, 0, PAGES));
}

/* The owner is at work with its regions locked; who waits for that can be killed */

static void act_map(struct actor *actor)
{
	FIXTURE_DATA(export) *self = actor->arg;

	actor->status = MAP(self->region.vmar, R, 0, 0, 1);
}

static void act_die(struct actor *actor)
{
	FIXTURE_DATA(export) *self = actor->arg;
	pid_t pid = fork();
	int status;

	if (!pid) {
		MAP(self->vmar, R, 0, 0, 1);
		_exit(0);
	}
	usleep(300000);
	kill(pid, SIGKILL);
	actor->status = waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? ZX_OK :
			ZX_ERR_INTERNAL;
}

TEST_F(export, who_waits_for_the_owner_can_be_killed)
{
	struct actor map = { .act = act_map, .arg = self }, die = { .act = act_die, .arg = self };

	EXPECT_TRUE(interleave(_metadata, "zxvmo_vmar_check_place", &map, &die));
	EXPECT_OK(map.status);
	EXPECT_OK(die.status);
	EXPECT_EQ(1, vmo_info(_metadata, self->vmo).num_mappings);
}

TEST_F(export, nothing_stays_behind)
{
	long long objects, handles, pages;
	zx_handle_t vmar;
	pid_t pid;

	objects = stat_at_rest("objects");
	handles = stat_at_rest("handles");
	pages = stat_at_rest("pages");
	for (int i = 0; i < 10; i++) {
		pid = start_owner(_metadata, NULL, NULL, &vmar);
		ASSERT_OK(zx_vmar_allocate(vmar, CAN_RW, 0, 2 * PAGE, &self->out, &self->addr));
		ASSERT_OK(MAP(self->out, R, 0, 0, 1));
		ASSERT_OK(MAP(vmar, R, 0, 0, 1));
		if (i % 2)
			stop_owner(_metadata, pid);
		ASSERT_OK(zx_handle_close(self->out));
		ASSERT_OK(zx_handle_close(vmar));
		if (!(i % 2))
			stop_owner(_metadata, pid);
	}
	EXPECT_EQ(objects, stat_at_rest("objects"));
	EXPECT_EQ(handles, stat_at_rest("handles"));
	EXPECT_EQ(pages, stat_at_rest("pages"));
}

int main(int argc, char **argv)
{
	delay_load("zxvmo_vmar_check_place");
	atexit(delay_unload);
	return test_harness_run(argc, argv);
}
