// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles: their rights, how they are made and end, and what they are as file
 * descriptors, in this process and in others.
 */
#include "zxtest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>
#include <zircon/zxvmo.h>

#define PAGE	zt_page_size()
#define FD(handle) ((int)ZXVMO_HANDLE_FD(handle))
/* What rights there are: all bits below these are some right */
#define FIRST_UNKNOWN_RIGHT	(1U << 25)

static zx_info_handle_basic_t basic(zx_handle_t handle)
{
	zx_info_handle_basic_t info = {};

	zx_object_get_info(handle, ZX_INFO_HANDLE_BASIC, &info, sizeof(info), NULL, NULL);
	return info;
}

static bool is_valid(zx_handle_t handle)
{
	return !zx_object_get_info(handle, ZX_INFO_HANDLE_VALID, NULL, 0, NULL, NULL);
}

static uint32_t count_handles(zx_handle_t handle)
{
	zx_info_handle_count_t info = {};

	zx_object_get_info(handle, ZX_INFO_HANDLE_COUNT, &info, sizeof(info), NULL, NULL);
	return info.handle_count;
}

FIXTURE(handle)
{
	zx_handle_t vmo;
	zx_handle_t resizable;
	zx_handle_t event;
	zx_handle_t out;
};

FIXTURE_SETUP(handle)
{
	ASSERT_LE(0, zt_device());
	ASSERT_OK(zx_vmo_create(PAGE, 0, &self->vmo));
	ASSERT_OK(zx_vmo_create(PAGE, ZX_VMO_RESIZABLE, &self->resizable));
	ASSERT_OK(zx_event_create(0, &self->event));
	self->out = ZX_HANDLE_INVALID;
}

FIXTURE_TEARDOWN(handle)
{
}

TEST_F(handle, rights_of_new_handles)
{
	EXPECT_EQ(ZX_DEFAULT_VMO_RIGHTS, basic(self->vmo).rights);
	EXPECT_EQ(0xd0ef, basic(self->vmo).rights);
	EXPECT_EQ(0x40d0ef, basic(self->resizable).rights);
	EXPECT_EQ(0xd003, basic(self->event).rights);
}

/* Duplicate */

TEST_F(handle, duplicate_same_rights)
{
	ASSERT_OK(zx_handle_duplicate(self->resizable, ZX_RIGHT_SAME_RIGHTS, &self->out));
	EXPECT_NE(self->resizable, self->out);
	EXPECT_EQ(basic(self->resizable).koid, basic(self->out).koid);
	EXPECT_EQ(basic(self->resizable).rights, basic(self->out).rights);
	EXPECT_EQ(ZX_OBJ_TYPE_VMO, basic(self->out).type);
}

TEST_F(handle, duplicate_all_rights_by_name)
{
	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_DEFAULT_VMO_RIGHTS, &self->out));
	EXPECT_EQ(ZX_DEFAULT_VMO_RIGHTS, basic(self->out).rights);
}

TEST_F(handle, duplicate_each_right_alone)
{
	zx_rights_t all = basic(self->resizable).rights;

	for (zx_rights_t right = 1; right; right <<= 1) {
		if (!(all & right))
			continue;
		ASSERT_OK(zx_handle_duplicate(self->resizable, right, &self->out));
		EXPECT_EQ(right, basic(self->out).rights);
		ASSERT_OK(zx_handle_close(self->out));
		ASSERT_OK(zx_handle_duplicate(self->resizable, all & ~right, &self->out));
		EXPECT_EQ(all & ~right, basic(self->out).rights);
		ASSERT_OK(zx_handle_close(self->out));
	}
}

TEST_F(handle, duplicate_no_rights)
{
	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_NONE, &self->out));
	EXPECT_EQ(0, basic(self->out).rights);
	EXPECT_TRUE(is_valid(self->out));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_handle_duplicate(self->out, 0, &self->out));
}

TEST_F(handle, duplicate_more_than_the_source_has)
{
	static const zx_rights_t more[] = {
		ZX_RIGHT_EXECUTE, ZX_RIGHT_RESIZE, ZX_RIGHT_OP_CHILDREN,
		ZX_RIGHT_READ | ZX_RIGHT_EXECUTE, ZX_DEFAULT_VMO_RIGHTS | ZX_RIGHT_RESIZE,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(more); i++) {
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  zx_handle_duplicate(self->vmo, more[i], &self->out))
			TH_LOG("rights %#x", more[i]);
	}
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_handle_duplicate(self->event, ZX_RIGHT_READ, &self->out));
	EXPECT_EQ(ZX_HANDLE_INVALID, self->out);
}

TEST_F(handle, duplicate_same_rights_with_another_bit)
{
	for (int bit = 0; bit < 31; bit++) {
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  zx_handle_duplicate(self->resizable, ZX_RIGHT_SAME_RIGHTS | 1U << bit,
					      &self->out))
			TH_LOG("bit %d", bit);
	}
}

TEST_F(handle, duplicate_unknown_rights)
{
	for (zx_rights_t right = FIRST_UNKNOWN_RIGHT; right < ZX_RIGHT_SAME_RIGHTS; right <<= 1) {
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  zx_handle_duplicate(self->vmo, right, &self->out))
			TH_LOG("right %#x", right);
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  zx_handle_duplicate(self->vmo, ZX_RIGHT_READ | right, &self->out))
			TH_LOG("right %#x", right);
	}
}

TEST_F(handle, duplicate_needs_its_right)
{
	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_DEFAULT_VMO_RIGHTS & ~ZX_RIGHT_DUPLICATE,
				      &self->out));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_handle_duplicate(self->out, ZX_RIGHT_SAME_RIGHTS, &self->event));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_handle_duplicate(self->out, ZX_RIGHT_READ, &self->event));
}

TEST_F(handle, duplicate_leaves_the_source)
{
	ASSERT_OK(zx_handle_duplicate(self->vmo, 0, &self->out));
	EXPECT_EQ(ZX_DEFAULT_VMO_RIGHTS, basic(self->vmo).rights);
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_handle_duplicate(self->vmo, ZX_RIGHT_EXECUTE, &self->out));
	EXPECT_EQ(ZX_DEFAULT_VMO_RIGHTS, basic(self->vmo).rights);
}

TEST_F(handle, rights_only_shrink)
{
	const zx_rights_t steps[] = {
		ZX_RIGHT_DUPLICATE | ZX_RIGHT_READ | ZX_RIGHT_WRITE | ZX_RIGHT_MAP,
		ZX_RIGHT_DUPLICATE | ZX_RIGHT_READ | ZX_RIGHT_MAP,
		ZX_RIGHT_DUPLICATE | ZX_RIGHT_READ,
		ZX_RIGHT_DUPLICATE,
	};
	zx_handle_t handle = self->vmo;

	for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
		ASSERT_OK(zx_handle_duplicate(handle, steps[i], &self->out));
		handle = self->out;
		EXPECT_EQ(steps[i], basic(handle).rights);
		for (zx_rights_t right = 1; right; right <<= 1) {
			if (steps[i] & right || right == ZX_RIGHT_SAME_RIGHTS)
				continue;
			EXPECT_ST(ZX_ERR_INVALID_ARGS,
				  zx_handle_duplicate(handle, right, &self->event))
				TH_LOG("step %u, right %#x", i, right);
		}
	}
}

/* Rights are the handle's: what one may not, another to the same object may */
TEST_F(handle, rights_belong_to_the_handle)
{
	char byte = 'x';

	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_READ, &self->out));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_write(self->out, &byte, 0, 1));
	EXPECT_OK(zx_vmo_write(self->vmo, &byte, 0, 1));
	byte = 0;
	EXPECT_OK(zx_vmo_read(self->out, &byte, 0, 1));
	EXPECT_EQ('x', byte);
}

/* Replace */

TEST_F(handle, replace_same_rights)
{
	zx_koid_t koid = basic(self->vmo).koid;

	ASSERT_OK(zx_handle_replace(self->vmo, ZX_RIGHT_SAME_RIGHTS, &self->out));
	EXPECT_NE(self->vmo, self->out);
	EXPECT_FALSE(is_valid(self->vmo));
	EXPECT_EQ(koid, basic(self->out).koid);
	EXPECT_EQ(ZX_DEFAULT_VMO_RIGHTS, basic(self->out).rights);
	EXPECT_EQ(1, count_handles(self->out));
}

TEST_F(handle, replace_subset)
{
	ASSERT_OK(zx_handle_replace(self->vmo, ZX_RIGHT_READ, &self->out));
	EXPECT_EQ(ZX_RIGHT_READ, basic(self->out).rights);
	ASSERT_OK(zx_handle_replace(self->event, ZX_RIGHT_NONE, &self->out));
	EXPECT_EQ(ZX_RIGHT_NONE, basic(self->out).rights);
	EXPECT_TRUE(is_valid(self->out));
}

TEST_F(handle, replace_needs_no_duplicate_right)
{
	zx_handle_t bare;

	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_NONE, &bare));
	EXPECT_OK(zx_handle_replace(bare, ZX_RIGHT_SAME_RIGHTS, &self->out));
	EXPECT_FALSE(is_valid(bare));
	EXPECT_TRUE(is_valid(self->out));
}

TEST_F(handle, replace_consumes_on_failure)
{
	static const zx_rights_t wrong[] = {
		ZX_RIGHT_EXECUTE, ZX_RIGHT_RESIZE, FIRST_UNKNOWN_RIGHT,
		ZX_RIGHT_SAME_RIGHTS | ZX_RIGHT_READ,
	};
	zx_handle_t handle;

	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_SAME_RIGHTS, &handle));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_handle_replace(handle, wrong[i], &self->out))
			TH_LOG("rights %#x", wrong[i]);
		EXPECT_FALSE(is_valid(handle)) TH_LOG("rights %#x", wrong[i]);
		EXPECT_EQ(-1, fcntl(FD(handle), F_GETFD)) TH_LOG("rights %#x", wrong[i]);
	}
	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_SAME_RIGHTS, &handle));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_handle_replace(handle, ZX_RIGHT_SAME_RIGHTS, NULL));
	EXPECT_FALSE(is_valid(handle));
	EXPECT_EQ(1, count_handles(self->vmo));
}

TEST_F(handle, replace_of_a_bad_handle)
{
	EXPECT_ST(ZX_ERR_BAD_HANDLE,
		  zx_handle_replace(ZX_HANDLE_INVALID, ZX_RIGHT_SAME_RIGHTS, &self->out));
	EXPECT_ST(ZX_ERR_BAD_HANDLE,
		  zx_handle_replace(~0U, ZX_RIGHT_SAME_RIGHTS, &self->out));
	ASSERT_OK(zx_handle_close(self->vmo));
	EXPECT_ST(ZX_ERR_BAD_HANDLE,
		  zx_handle_replace(self->vmo, ZX_RIGHT_SAME_RIGHTS, &self->out));
}

/* Close */

TEST_F(handle, close)
{
	EXPECT_OK(zx_handle_close(self->vmo));
	EXPECT_FALSE(is_valid(self->vmo));
	EXPECT_EQ(-1, fcntl(FD(self->vmo), F_GETFD));
	EXPECT_EQ(EBADF, errno);
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_close(self->vmo));
}

TEST_F(handle, close_of_nothing_succeeds)
{
	EXPECT_OK(zx_handle_close(ZX_HANDLE_INVALID));
	EXPECT_OK(zx_handle_close(ZX_HANDLE_INVALID));
}

TEST_F(handle, close_of_what_is_no_handle)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	unsigned int tag = ZXVMO_HANDLE_TAG(self->vmo);

	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_close(~0U));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_close(1));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_close(zx_vmar_root_self()));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_close(ZXVMO_HANDLE(tag, fd)));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_close(ZXVMO_HANDLE(tag, 0)));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_LE(0, fcntl(0, F_GETFD));
}

/* The last handle takes the object along, unless it is mapped */
TEST_F(handle, close_of_the_last_frees_the_object)
{
	long long objects = zt_stat("objects");
	void *mapping;

	ASSERT_LT(0, objects);
	ASSERT_OK(zx_handle_duplicate(self->event, ZX_RIGHT_NONE, &self->out));
	ASSERT_OK(zx_handle_close(self->event));
	EXPECT_EQ(objects, zt_stat("objects"));
	ASSERT_OK(zx_handle_close(self->out));
	EXPECT_EQ(objects - 1, zt_stat("objects"));

	mapping = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, FD(self->vmo), 0);
	ASSERT_NE(MAP_FAILED, mapping);
	ASSERT_OK(zx_handle_close(self->vmo));
	EXPECT_EQ(objects - 1, zt_stat("objects"));
	ASSERT_EQ(0, munmap(mapping, PAGE));
	EXPECT_EQ(objects - 2, zt_stat("objects"));
}

TEST_F(handle, close_many)
{
	/* Sizes around those that a list may be read in */
	static const unsigned int sizes[] = { 1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 500 };
	zx_handle_t list[500];

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (unsigned int j = 0; j < sizes[i]; j++)
			ASSERT_OK(zx_handle_duplicate(self->vmo, 0, &list[j]));
		EXPECT_OK(zx_handle_close_many(list, sizes[i])) TH_LOG("%u handles", sizes[i]);
		for (unsigned int j = 0; j < sizes[i]; j++) {
			ASSERT_FALSE(is_valid(list[j])) TH_LOG("%u of %u", j, sizes[i]);
		}
		EXPECT_EQ(1, count_handles(self->vmo)) TH_LOG("%u handles", sizes[i]);
	}
}

TEST_F(handle, close_many_of_nothing)
{
	zx_handle_t zeros[100] = {};

	EXPECT_OK(zx_handle_close_many(NULL, 0));
	EXPECT_OK(zx_handle_close_many(zeros, 0));
	EXPECT_OK(zx_handle_close_many(zeros, ARRAY_SIZE(zeros)));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_handle_close_many(NULL, 1));
}

TEST_F(handle, close_many_skips_zeros)
{
	zx_handle_t list[] = { 0, self->vmo, 0, 0, self->event, 0 };

	EXPECT_OK(zx_handle_close_many(list, ARRAY_SIZE(list)));
	EXPECT_FALSE(is_valid(self->vmo));
	EXPECT_FALSE(is_valid(self->event));
}

TEST_F(handle, close_many_goes_on_after_a_bad_one)
{
	zx_handle_t bad[] = { ~0U, 1, zx_vmar_root_self(), ZXVMO_HANDLE(5, 0) };

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		for (unsigned int at = 0; at < 3; at++) {
			zx_handle_t list[3];

			for (unsigned int j = 0; j < 3; j++) {
				list[j] = bad[i];
				if (j != at)
					ASSERT_OK(zx_handle_duplicate(self->vmo, 0, &list[j]));
			}
			EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_close_many(list, 3))
				TH_LOG("%#x in place %u", bad[i], at);
			EXPECT_EQ(1, count_handles(self->vmo))
				TH_LOG("%#x in place %u", bad[i], at);
		}
	}
}

TEST_F(handle, close_many_of_the_same_twice)
{
	zx_handle_t list[] = { self->vmo, self->event, self->vmo, self->resizable };

	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_close_many(list, ARRAY_SIZE(list)));
	EXPECT_FALSE(is_valid(self->vmo));
	EXPECT_FALSE(is_valid(self->event));
	EXPECT_FALSE(is_valid(self->resizable));
}

/* Values */

TEST_F(handle, value_has_its_fixed_bits)
{
	for (int i = 0; i < 1100; i++) { /* more than there are tags */ {
		ASSERT_OK(zx_handle_duplicate(self->vmo, 0, &self->out));
	}
		EXPECT_EQ(ZX_HANDLE_FIXED_BITS_MASK, self->out & ZX_HANDLE_FIXED_BITS_MASK);
		EXPECT_NE(0, ZXVMO_HANDLE_TAG(self->out));
		ASSERT_OK(zx_handle_close(self->out));
	}
}

/* The descriptor is the same each time: the tag alone tells the handles apart */
TEST_F(handle, stale_value_stays_bad)
{
	enum { ROUNDS = 1000 };
	static zx_handle_t stale[ROUNDS];
	int fd = -1;

	for (int i = 0; i < ROUNDS; i++) {
		ASSERT_OK(zx_handle_duplicate(self->vmo, 0, &stale[i]));
		if (i) {
			ASSERT_EQ(fd, FD(stale[i]));
		}
		fd = FD(stale[i]);
		if (i % 10 == 0 || i == ROUNDS - 1) {
			for (int j = 0; j < i; j++) {
				ASSERT_NE(stale[j], stale[i]) TH_LOG("%d and %d", j, i);
			}
		}
		if (i < ROUNDS - 1)
			ASSERT_OK(zx_handle_close(stale[i]));
	}
	for (int i = 0; i < ROUNDS - 1; i++) {
		EXPECT_FALSE(is_valid(stale[i])) TH_LOG("%d", i);
	}
	EXPECT_TRUE(is_valid(stale[ROUNDS - 1]));
}

/* Nor does a stale value close what has its descriptor now */
TEST_F(handle, stale_value_does_not_close)
{
	zx_handle_t stale, now;
	int fd;

	ASSERT_OK(zx_handle_duplicate(self->vmo, 0, &stale));
	ASSERT_OK(zx_handle_close(stale));
	ASSERT_OK(zx_handle_duplicate(self->event, 0, &now));
	ASSERT_EQ(FD(stale), FD(now));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_close(stale));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_close_many(&stale, 1));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_replace(stale, ZX_RIGHT_SAME_RIGHTS, &self->out));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_vmo_replace_as_executable(stale, 0, &self->out));
	EXPECT_TRUE(is_valid(now));
	ASSERT_OK(zx_handle_close(now));

	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(FD(stale), fd);
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_close(stale));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
}

/* Descriptors */

TEST_F(handle, close_on_exec_is_set)
{
	EXPECT_EQ(FD_CLOEXEC, fcntl(FD(self->vmo), F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(FD(self->event), F_GETFD));
}

TEST_F(handle, close2_ends_the_handle)
{
	ASSERT_EQ(0, close(FD(self->vmo)));
	EXPECT_FALSE(is_valid(self->vmo));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_close(self->vmo));
}

TEST_F(handle, to_fd_and_back)
{
	int fd = -1;

	ASSERT_OK(zxvmo_handle_to_fd(self->vmo, &fd));
	EXPECT_EQ(FD(self->vmo), fd);
	ASSERT_OK(zxvmo_handle_from_fd(fd, &self->out));
	EXPECT_EQ(self->vmo, self->out);
	EXPECT_EQ(1, count_handles(self->vmo));

	fd = 1234;
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zxvmo_handle_to_fd(self->vmo ^ 1U << 22, &fd));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zxvmo_handle_to_fd(zx_vmar_root_self(), &fd));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zxvmo_handle_to_fd(ZX_HANDLE_INVALID, &fd));
	ASSERT_OK(zx_handle_close(self->vmo));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zxvmo_handle_to_fd(self->vmo, &fd));
	EXPECT_EQ(1234, fd);
}

/* Two numbers, two values, one handle: the same tag and rights */
TEST_F(handle, dup2_is_the_same_handle)
{
	int fd = fcntl(FD(self->vmo), F_DUPFD_CLOEXEC, 100);
	zx_handle_t again;

	ASSERT_LE(100, fd);
	EXPECT_EQ(1, count_handles(self->vmo));
	ASSERT_OK(zxvmo_handle_from_fd(fd, &again));
	EXPECT_EQ(ZXVMO_HANDLE(ZXVMO_HANDLE_TAG(self->vmo), fd), again);
	EXPECT_EQ(basic(self->vmo).koid, basic(again).koid);

	/* Each number is closed alone */
	ASSERT_OK(zx_handle_close(self->vmo));
	EXPECT_FALSE(is_valid(self->vmo));
	EXPECT_TRUE(is_valid(again));
	EXPECT_EQ(1, count_handles(again));

	/* A handle that is put in the place of another is not that other */
	ASSERT_EQ(FD(self->event), dup2(fd, FD(self->event)));
	EXPECT_FALSE(is_valid(self->event));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_close(self->event));
	EXPECT_TRUE(is_valid(again));
}

TEST_F(handle, replace_leaves_a_dup2_number)
{
	int fd = dup(FD(self->vmo));
	zx_handle_t again;

	ASSERT_OK(zxvmo_handle_from_fd(fd, &again));
	ASSERT_OK(zx_handle_replace(self->vmo, ZX_RIGHT_INSPECT, &self->out));
	EXPECT_FALSE(is_valid(self->vmo));
	EXPECT_TRUE(is_valid(again));
	EXPECT_EQ(ZX_DEFAULT_VMO_RIGHTS, basic(again).rights);
	EXPECT_EQ(2, count_handles(self->out));
}

TEST_F(handle, count)
{
	zx_handle_t more[3];
	uint32_t tiny;
	size_t actual, avail;

	EXPECT_EQ(1, count_handles(self->vmo));
	for (unsigned int i = 0; i < ARRAY_SIZE(more); i++) {
		ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_INSPECT, &more[i]));
		EXPECT_EQ(2 + i, count_handles(self->vmo));
		EXPECT_EQ(2 + i, count_handles(more[i]));
	}
	ASSERT_OK(zx_handle_close_many(more, ARRAY_SIZE(more)));
	EXPECT_EQ(1, count_handles(self->vmo));
	EXPECT_EQ(1, count_handles(self->event));

	/* A mapping is none */
	ASSERT_NE(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, FD(self->vmo), 0));
	EXPECT_EQ(1, count_handles(self->vmo));

	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_DEFAULT_VMO_RIGHTS & ~ZX_RIGHT_INSPECT,
				      &self->out));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_object_get_info(self->out, ZX_INFO_HANDLE_COUNT, &tiny, 4, NULL, NULL));
	EXPECT_OK(zx_object_get_info(self->vmo, ZX_INFO_HANDLE_COUNT, &tiny, 4, &actual, &avail));
	EXPECT_EQ(2, tiny);
	EXPECT_EQ(1, actual);
	EXPECT_EQ(1, avail);
}

/* Other processes */

/* Run the statements in a child; its exit status must be 0 */
#define IN_CHILD(statements) do {						\
	int __status = -1;							\
	pid_t __child = fork();							\
										\
	ASSERT_LE(0, __child);							\
	if (!__child) {								\
		statements;							\
		_exit(_metadata->exit_code);					\
	}									\
	ASSERT_EQ(__child, waitpid(__child, &__status, 0));			\
	ASSERT_EQ(0, __status);							\
} while (0)

static int send_fd(int sock, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : errno;
}

static int receive_fd(int sock)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&msg))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

TEST_F(handle, fork_keeps_values)
{
	zx_koid_t koid = basic(self->vmo).koid;

	IN_CHILD({
		EXPECT_TRUE(is_valid(self->vmo));
		EXPECT_EQ(koid, basic(self->vmo).koid);
		EXPECT_EQ(ZX_DEFAULT_VMO_RIGHTS, basic(self->vmo).rights);
		EXPECT_EQ(1, count_handles(self->vmo));
		EXPECT_OK(zx_vmo_write(self->vmo, "child", 0, 5));
		/* Each process closes its own */
		EXPECT_OK(zx_handle_close(self->vmo));
		EXPECT_FALSE(is_valid(self->vmo));
		EXPECT_OK(zx_handle_replace(self->event, 0, &self->out));
	});
	char text[5];

	EXPECT_EQ(1, count_handles(self->vmo));
	EXPECT_EQ(1, count_handles(self->event));
	EXPECT_OK(zx_vmo_read(self->vmo, text, 0, 5));
	EXPECT_EQ(0, memcmp(text, "child", 5));
}

TEST_F(handle, count_spans_processes)
{
	int pipefd[2];
	pid_t child;
	char byte;

	ASSERT_EQ(0, pipe(pipefd));
	child = fork();
	if (!child) {
		close(pipefd[0]);
		zx_handle_duplicate(self->vmo, 0, &self->out);
		write(pipefd[1], "", 1);
		pause();
	}
	ASSERT_EQ(1, read(pipefd[0], &byte, 1));
	EXPECT_EQ(2, count_handles(self->vmo));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	EXPECT_EQ(1, count_handles(self->vmo));
}

/* A value is the table of one process's: another's says nothing */
TEST_F(handle, value_of_another_process)
{
	int sock[2];
	zx_handle_t theirs;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	IN_CHILD({
		zx_handle_t own;

		ASSERT_OK(zx_vmo_create(0, 0, &own));
		write(sock[1], &own, sizeof(own));
	});
	ASSERT_EQ(sizeof(theirs), read(sock[0], &theirs, sizeof(theirs)));
	EXPECT_FALSE(is_valid(theirs));
}

TEST_F(handle, passed_through_a_socket)
{
	zx_koid_t koid = basic(self->vmo).koid;
	int sock[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	ASSERT_EQ(0, send_fd(sock[0], FD(self->vmo)));
	IN_CHILD({
		zx_handle_t got;
		int fd;

		zx_handle_close(self->vmo);
		fd = receive_fd(sock[1]);
		ASSERT_LE(0, fd);
		ASSERT_OK(zxvmo_handle_from_fd(fd, &got));
		EXPECT_EQ(fd, FD(got));
		EXPECT_EQ(koid, basic(got).koid);
		EXPECT_EQ(ZX_DEFAULT_VMO_RIGHTS, basic(got).rights);
		EXPECT_OK(zx_vmo_write(got, "passed", 0, 6));
		EXPECT_OK(zx_handle_close(got));
	});
	char text[6];

	EXPECT_OK(zx_vmo_read(self->vmo, text, 0, 6));
	EXPECT_EQ(0, memcmp(text, "passed", 6));
}

TEST_F(handle, passed_read_only_stays_read_only)
{
	const zx_rights_t rights = ZX_RIGHT_READ | ZX_RIGHT_MAP | ZX_RIGHT_DUPLICATE;
	int sock[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	ASSERT_OK(zx_handle_duplicate(self->vmo, rights, &self->out));
	ASSERT_EQ(0, send_fd(sock[0], FD(self->out)));
	IN_CHILD({
		zx_handle_t got;
		char byte = 0;
		void *mapping;
		int fd;

		syscall(SYS_close_range, FD(self->vmo), sock[0] - 1, 0);
		zx_handle_close(self->out);
		fd = receive_fd(sock[1]);
		ASSERT_LE(0, fd);
		ASSERT_OK(zxvmo_handle_from_fd(fd, &got));
		EXPECT_EQ(rights, basic(got).rights);
		EXPECT_OK(zx_vmo_read(got, &byte, 0, 1));
		EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_write(got, &byte, 0, 1));
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  zx_handle_duplicate(got, rights | ZX_RIGHT_WRITE, &got));
		EXPECT_EQ(-1, write(fd, &byte, 1));
		EXPECT_EQ(EBADF, errno);
		EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0));
		EXPECT_EQ(EACCES, errno);
		mapping = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
		EXPECT_NE(MAP_FAILED, mapping);
		EXPECT_EQ(-1, mprotect(mapping, PAGE, PROT_READ | PROT_WRITE));
		EXPECT_EQ(EACCES, errno);
	});
}

/* In flight it is alive, and it is what it was */
TEST_F(handle, alive_while_in_flight)
{
	long long objects = zt_stat("objects");
	int sock[2];
	zx_handle_t got;
	char byte = 0;

	ASSERT_LT(0, objects);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	ASSERT_OK(zx_vmo_write(self->vmo, "f", 0, 1));
	ASSERT_EQ(0, send_fd(sock[0], FD(self->vmo)));
	ASSERT_OK(zx_handle_close(self->vmo));
	EXPECT_EQ(objects, zt_stat("objects"));
	ASSERT_OK(zxvmo_handle_from_fd(receive_fd(sock[1]), &got));
	EXPECT_EQ(1, count_handles(got));
	EXPECT_OK(zx_vmo_read(got, &byte, 0, 1));
	EXPECT_EQ('f', byte);

	/* Never received: gone with the socket */
	ASSERT_EQ(0, send_fd(sock[0], FD(got)));
	ASSERT_OK(zx_handle_close(got));
	EXPECT_EQ(objects, zt_stat("objects"));
	close(sock[0]);
	close(sock[1]);
	EXPECT_EQ(objects - 1, zt_stat("objects"));
}

/* Who has a VMO but not the device can use the VMO, and make nothing from it */
TEST_F(handle, usable_without_the_device)
{
	IN_CHILD({
		int fd = FD(self->vmo);
		__u64 size = 0;
		__u32 copy = 0;
		char byte = 'v';

		/* All but the standard streams and the VMO */
		syscall(SYS_close_range, 3, fd - 1, 0);
		syscall(SYS_close_range, fd + 1, ~0U, 0);
		ASSERT_EQ(4, zt_open_fds());
		EXPECT_ERRNO(0, zt_command(fd, VMO_GET_SIZE, vmo_get_size,
					   .out_size = ZT_ADDRESS(&size)));
		EXPECT_EQ(PAGE, size);
		EXPECT_ERRNO(0, zt_command(fd, VMO_WRITE, vmo_rw, .handle = self->vmo,
					   .buffer = ZT_ADDRESS(&byte), .length = 1));
		EXPECT_ERRNO(0, zt_command(fd, HANDLE_DUPLICATE, handle_duplicate,
					   .rights = ZX_RIGHT_READ,
					   .out_handle = ZT_ADDRESS(&copy)));
		EXPECT_ERRNO(0, zt_command(FD(copy), VMO_READ, vmo_rw,
					   .buffer = ZT_ADDRESS(&byte), .length = 1));
		EXPECT_ERRNO(EACCES, zt_command(FD(copy), VMO_WRITE, vmo_rw,
						.buffer = ZT_ADDRESS(&byte), .length = 1));
		EXPECT_ERRNO(ENOTTY, zt_command(fd, VMO_CREATE, vmo_create,
						.out_handle = ZT_ADDRESS(&copy)));
		EXPECT_ERRNO(0, zt_command(fd, HANDLE_CLOSE, handle_close, .handle = copy));
	});
}

TEST_F(handle, exec_closes)
{
	char test[64];
	int kept = dup(FD(self->vmo)); /* without close-on-exec */

	snprintf(test, sizeof(test), "[ ! -e /proc/self/fd/%d ] && [ -e /proc/self/fd/%d ]",
		 FD(self->vmo), kept);
	IN_CHILD(execl("/bin/sh", "sh", "-c", test, NULL); _exit(99));
}

/* A thread with a table of its own has its own handles */
static void *unshare_thread(void *arg)
{
	zx_handle_t *handles = arg;

	if (unshare(CLONE_FILES))
		return "cannot unshare";
	if (!is_valid(handles[0]) || zx_handle_close(handles[0]))
		return "the copy is no handle";
	if (zx_vmo_create(0, 0, &handles[1]))
		return "cannot create";
	return is_valid(handles[0]) ? "closed handle is valid" : NULL;
}

TEST_F(handle, unshared_table)
{
	zx_handle_t handles[2] = { self->vmo };
	pthread_t thread;
	void *failure;

	ASSERT_EQ(0, pthread_create(&thread, NULL, unshare_thread, handles));
	ASSERT_EQ(0, pthread_join(thread, &failure));
	EXPECT_EQ(NULL, failure) TH_LOG("%s", (char *)failure);
	EXPECT_TRUE(is_valid(self->vmo));
	EXPECT_FALSE(is_valid(handles[1]));
}

/* What paths to descriptors must not give */

static const char *fd_path(zx_handle_t handle)
{
	static char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", FD(handle));
	return path;
}

TEST_F(handle, reopening_is_refused)
{
	static const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_DIRECTORY,
				     O_RDWR | O_CREAT, O_RDWR | O_TRUNC, O_RDWR | O_APPEND };
	zx_handle_t handles[3] = { self->vmo, self->event };

	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_READ, &handles[2]));
	for (unsigned int i = 0; i < ARRAY_SIZE(handles); i++) {
		for (unsigned int j = 0; j < ARRAY_SIZE(flags); j++) {
			EXPECT_EQ(-1, open(fd_path(handles[i]), flags[j] | O_CLOEXEC, 0600))
				TH_LOG("handle %u, flags %#o", i, flags[j]);
		}
		EXPECT_TRUE(is_valid(handles[i]));
	}
	EXPECT_EQ(PAGE, (size_t)zt_fdinfo(self->vmo, "stream-size"));
}

/* A path descriptor can be had, and does nothing */
TEST_F(handle, path_descriptor_is_no_handle)
{
	zx_handle_t handles[] = { self->vmo, self->event };
	struct zxvmo_query query = { .size = sizeof(query) };

	for (unsigned int i = 0; i < ARRAY_SIZE(handles); i++) {
		int fd = open(fd_path(handles[i]), O_PATH | O_CLOEXEC);

		ASSERT_LE(0, fd);
		EXPECT_ERRNO(EBADF, zt_ioctl(fd, ZXVMO_QUERY, &query));
		EXPECT_ST(ZX_ERR_BAD_HANDLE, zxvmo_handle_from_fd(fd, &self->out));
		EXPECT_FALSE(is_valid(ZXVMO_HANDLE(ZXVMO_HANDLE_TAG(handles[i]), fd)));
		EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
		EXPECT_EQ(-1, ftruncate(fd, 0));
		close(fd);
	}
}

TEST_F(handle, attributes_are_refused)
{
	zx_handle_t handles[] = { self->vmo, self->resizable, self->event };
	const struct timespec times[2] = { { 1, 1 }, { 2, 2 } };

	for (unsigned int i = 0; i < ARRAY_SIZE(handles); i++) {
		const char *path = fd_path(handles[i]);
		int fd = FD(handles[i]);
		struct stat before, after;

#define EXPECT_REFUSED(call)							\
	EXPECT_EQ(-1, call) TH_LOG("handle %u", i)
		ASSERT_EQ(0, fstat(fd, &before));
		EXPECT_REFUSED(fchmod(fd, 0777));
		EXPECT_REFUSED(chmod(path, 0777));
		EXPECT_REFUSED(fchown(fd, 1, 1));
		EXPECT_REFUSED(chown(path, 1, 1));
		EXPECT_REFUSED(futimens(fd, times));
		EXPECT_REFUSED(futimens(fd, NULL));
		EXPECT_REFUSED(utimensat(AT_FDCWD, path, times, 0));
		EXPECT_REFUSED(truncate(path, 0));
		EXPECT_REFUSED(truncate(path, 2 * PAGE));
		EXPECT_REFUSED(fsetxattr(fd, "user.a", "b", 1, 0));
		EXPECT_REFUSED(fsetxattr(fd, "security.a", "b", 1, 0));
		EXPECT_REFUSED(setxattr(path, "trusted.a", "b", 1, 0));
		EXPECT_REFUSED(linkat(AT_FDCWD, path, AT_FDCWD, "/tmp/linked", AT_SYMLINK_FOLLOW));
		ASSERT_EQ(0, fstat(fd, &after));
		EXPECT_EQ(before.st_mode, after.st_mode);
		EXPECT_EQ(before.st_uid, after.st_uid);
		EXPECT_EQ(before.st_size, after.st_size);
		EXPECT_EQ(before.st_mtime, after.st_mtime);
		EXPECT_EQ(1, after.st_mode & S_IFREG ? after.st_nlink <= 1 : 1);
	}
}

/* The mode lets nobody in: there is nothing a mode could mean */
TEST_F(handle, stat_tells_objects_apart)
{
	struct stat vmo, copy, other;

	ASSERT_OK(zx_handle_duplicate(self->vmo, 0, &self->out));
	ASSERT_EQ(0, fstat(FD(self->vmo), &vmo));
	ASSERT_EQ(0, fstat(FD(self->out), &copy));
	ASSERT_EQ(0, fstat(FD(self->resizable), &other));
	EXPECT_EQ(vmo.st_ino, copy.st_ino);
	EXPECT_EQ(vmo.st_dev, copy.st_dev);
	EXPECT_NE(vmo.st_ino, other.st_ino);
	EXPECT_TRUE(S_ISREG(vmo.st_mode));
	EXPECT_EQ(0, vmo.st_mode & 0077);
}

/* /proc/PID/fdinfo */

static bool fdinfo_text(zx_handle_t handle, const char *name, char *value, size_t size)
{
	char path[64], line[512];
	size_t length = strlen(name);
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", FD(handle));
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, length) || strncmp(line + length, ":\t", 2))
			continue;
		snprintf(value, size, "%s", line + length + 2);
		value[strcspn(value, "\n")] = '\0';
		found = true;
	}
	if (file)
		fclose(file);
	return found;
}

#define EXPECT_FDINFO(expected, handle, name) do {				\
	char __text[256] = "(no such line)";					\
										\
	fdinfo_text(handle, "zx-" name, __text, sizeof(__text));		\
	EXPECT_STREQ(expected, __text) TH_LOG("zx-%s", name);			\
} while (0)

TEST_F(handle, fdinfo_of_a_vmo)
{
	char text[64];
	uint64_t stream = 100;

	ASSERT_OK(zx_vmo_set_size(self->resizable, 4 * PAGE));
	ASSERT_OK(zx_vmo_set_stream_size(self->resizable, stream));
	ASSERT_OK(zx_object_set_property(self->resizable, ZX_PROP_NAME, "a name", 6));
	ASSERT_OK(zx_vmo_op_range(self->resizable, ZX_VMO_OP_COMMIT, PAGE, 2 * PAGE, NULL, 0));

	EXPECT_FDINFO("vmo", self->resizable, "type");
	snprintf(text, sizeof(text), "%llu", (unsigned long long)basic(self->resizable).koid);
	EXPECT_FDINFO(text, self->resizable, "koid");
	EXPECT_FDINFO("0x40d0ef", self->resizable, "rights");
	EXPECT_FDINFO("a name", self->resizable, "name");
	snprintf(text, sizeof(text), "%zu", 4 * PAGE);
	EXPECT_FDINFO(text, self->resizable, "size");
	EXPECT_FDINFO("100", self->resizable, "stream-size");
	snprintf(text, sizeof(text), "%zu", 2 * PAGE);
	EXPECT_FDINFO(text, self->resizable, "committed");
	EXPECT_FDINFO(text, self->resizable, "populated");
	EXPECT_FDINFO("0x2", self->resizable, "options");

	EXPECT_FDINFO("0xd0ef", self->vmo, "rights");
	EXPECT_FDINFO("", self->vmo, "name");
	EXPECT_FDINFO("0", self->vmo, "committed");
	EXPECT_FDINFO("0x0", self->vmo, "options");
	ASSERT_OK(zx_vmo_create(7, ZX_VMO_UNBOUNDED, &self->out));
	EXPECT_FDINFO("0x10", self->out, "options");
	EXPECT_FDINFO("7", self->out, "stream-size");
	EXPECT_FDINFO("18446744073709420544", self->out, "size");
}

TEST_F(handle, fdinfo_of_an_event)
{
	char text[64];

	EXPECT_FDINFO("event", self->event, "type");
	EXPECT_FDINFO("0xd003", self->event, "rights");
	EXPECT_FDINFO("", self->event, "name");
	EXPECT_FALSE(fdinfo_text(self->event, "zx-size", text, sizeof(text)));
	EXPECT_FALSE(fdinfo_text(self->event, "zx-options", text, sizeof(text)));
}

TEST_F(handle, fdinfo_tells_the_rights_of_the_handle)
{
	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_READ | ZX_RIGHT_MAP, &self->out));
	EXPECT_FDINFO("0x24", self->out, "rights");
	EXPECT_FDINFO("0xd0ef", self->vmo, "rights");
	ASSERT_OK(zx_handle_duplicate(self->vmo, 0, &self->out));
	EXPECT_FDINFO("0x0", self->out, "rights");
}

/* A name is whatever bytes a program likes, but always on one line */
TEST_F(handle, fdinfo_name_cannot_forge_lines)
{
	static const char name[] = "x\nzx-rights:\t0x7";
	char path[64], line[512];
	int rights = 0, names = 0;
	FILE *file;

	ASSERT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, name, sizeof(name)));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", FD(self->vmo));
	file = fopen(path, "re");
	ASSERT_NE(NULL, file);
	while (fgets(line, sizeof(line), file)) {
		rights += !strncmp(line, "zx-rights:", 10);
		names += !strncmp(line, "zx-name:\tx", 10);
	}
	fclose(file);
	EXPECT_EQ(1, rights);
	EXPECT_EQ(1, names);
}

/* Limits */

static int limit_fds(rlim_t n)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = n;
	if (n > limit.rlim_max)
		limit.rlim_max = n;
	return setrlimit(RLIMIT_NOFILE, &limit);
}

#define FILE_MAX	"/proc/sys/fs/file-max"
#define NOBODY		65534

/* The machine has no file left for whoever has no privilege */
TEST_F(handle, out_of_files)
{
	long long objects = zt_stat("objects"), count = zt_stat("handles");
	int fd = open(FILE_MAX, O_RDWR | O_CLOEXEC), status = 0;
	char was[32] = "";
	ssize_t n;
	pid_t pid;

	ASSERT_LE(0, fd);
	n = read(fd, was, sizeof(was));
	ASSERT_LT(0, n);
	ASSERT_EQ(1, pwrite(fd, "1", 1, 0));
	pid = fork();
	if (!pid) {
		if (setresuid(NOBODY, NOBODY, NOBODY))
			_exit(1);
		EXPECT_ST(ZX_ERR_NO_RESOURCES, zx_vmo_create(PAGE, 0, &self->out));
		EXPECT_ST(ZX_ERR_NO_RESOURCES, zx_event_create(0, &self->out));
		EXPECT_ST(ZX_ERR_NO_RESOURCES,
			  zx_handle_duplicate(self->vmo, ZX_RIGHT_SAME_RIGHTS, &self->out));
		EXPECT_ST(ZX_ERR_NO_RESOURCES,
			  zx_vmo_create_child(self->vmo, ZX_VMO_CHILD_SNAPSHOT, 0, PAGE,
					      &self->out));
		_exit(_metadata->exit_code == KSFT_FAIL ? 2 : 0);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(n, pwrite(fd, was, n, 0));
	close(fd);
	EXPECT_EQ(0, status);
	EXPECT_EQ(objects, zt_stat("objects"));
	EXPECT_EQ(count, zt_stat("handles"));
	EXPECT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_SAME_RIGHTS, &self->out));
}

TEST_F(handle, out_of_descriptors)
{
	zx_handle_t handles[64];
	long long objects, count;
	int lowest, n = 0;

	lowest = open("/dev/null", O_RDONLY);
	close(lowest);
	objects = zt_stat("objects");
	count = zt_stat("handles");
	ASSERT_LT(0, objects);
	ASSERT_EQ(0, limit_fds(lowest + 5));
	while (n < 64 && !zx_vmo_create(PAGE, 0, &handles[n]))
		n++;
	EXPECT_EQ(5, n);
	/* All full: each call that needs one more says so and leaves all as it was */
	EXPECT_ST(ZX_ERR_NO_RESOURCES, zx_vmo_create(PAGE, 0, &self->out));
	EXPECT_ST(ZX_ERR_NO_RESOURCES, zx_event_create(0, &self->out));
	EXPECT_ST(ZX_ERR_NO_RESOURCES,
		  zx_handle_duplicate(self->vmo, ZX_RIGHT_SAME_RIGHTS, &self->out));
	EXPECT_ERRNO(EMFILE, zt_call(HANDLE_DUPLICATE, handle_duplicate, .handle = self->vmo,
				     .out_handle = ZT_ADDRESS(&self->out)));
	EXPECT_EQ(ZX_HANDLE_INVALID, self->out);
	EXPECT_TRUE(is_valid(self->vmo));
	EXPECT_EQ(1, count_handles(self->vmo));
	/* One for one */
	EXPECT_OK(zx_handle_replace(handles[0], ZX_RIGHT_SAME_RIGHTS, &handles[0]));
	EXPECT_OK(zx_vmo_replace_as_executable(handles[1], ZX_HANDLE_INVALID, &handles[1]));
	/* None */
	EXPECT_OK(zx_vmo_set_size(self->resizable, 2 * PAGE));

	ASSERT_EQ(0, limit_fds(1024));
	EXPECT_EQ(objects + n, zt_stat("objects"));
	EXPECT_EQ(count + n, zt_stat("handles"));
	ASSERT_OK(zx_handle_close_many(handles, n));
	EXPECT_EQ(objects, zt_stat("objects"));
	EXPECT_EQ(count, zt_stat("handles"));
}

static void set_nr_open(long long n)
{
	FILE *file = fopen("/proc/sys/fs/nr_open", "we");

	if (file) {
		fprintf(file, "%lld", n);
		fclose(file);
	}
}

/* A value has 20 bits for the descriptor */
TEST_F(handle, descriptor_above_the_limit)
{
	long long nr_open;
	FILE *file = fopen("/proc/sys/fs/nr_open", "re");
	int at, above;

	ASSERT_NE(NULL, file);
	ASSERT_EQ(1, fscanf(file, "%lld", &nr_open));
	fclose(file);
	if (nr_open < 1 << 21)
		set_nr_open(1 << 21);
	ASSERT_EQ(0, limit_fds((1 << 20) + 100));
	above = fcntl(FD(self->vmo), F_DUPFD_CLOEXEC, 1 << 20);
	at = dup2(FD(self->vmo), (1 << 20) - 1);
	set_nr_open(nr_open);
	ASSERT_EQ(1 << 20, above);
	ASSERT_EQ((1 << 20) - 1, at);

	EXPECT_ST(ZX_ERR_BAD_HANDLE, zxvmo_handle_from_fd(above, &self->out));
	EXPECT_EQ(ZX_HANDLE_INVALID, self->out);
	ASSERT_OK(zxvmo_handle_from_fd(at, &self->out));
	EXPECT_EQ(at, FD(self->out));
	EXPECT_TRUE(is_valid(self->out));
	/* As a descriptor it works all the same */
	__u64 size = 0;

	EXPECT_ERRNO(0, zt_command(above, VMO_GET_SIZE, vmo_get_size,
				   .out_size = ZT_ADDRESS(&size)));
	EXPECT_EQ(PAGE, size);
}

/* Threads */

#define THREADS	4
#define NR_TAGS	1023

struct hammer {
	zx_handle_t vmo;
	zx_koid_t koid;
	_Atomic zx_handle_t shared;	/* for closers */
	/* The same, with the number of handles made before in the upper half */
	_Atomic uint64_t numbered[THREADS];
	_Atomic uint32_t made;
	_Atomic int failures;
	atomic_bool stop;
};

/* Make and close handles, publishing each for the others to use */
static void *maker(void *arg)
{
	struct hammer *h = arg;

	for (int i = 0; !h->stop; i++) {
		uint32_t number = h->made++;
		zx_handle_t handle = 0;

		/* Descriptors pass from VMO to event and back all the time */
		if (i & 1 ? zx_handle_duplicate(h->vmo, ZX_RIGHT_NONE, &handle) :
			    zx_event_create(0, &handle)) {
			h->failures++;
			break;
		}
		if (i & 1)
			h->numbered[(i >> 1) % THREADS] = (uint64_t)number << 32 | handle;
		if (zx_handle_close(handle)) {
			h->failures++;
			break;
		}
	}
	return NULL;
}

/*
 * A published value is the VMO or nothing, never what reuses its descriptor, unless
 * so many handles were made since that the tag may have come again.
 */
static void *user(void *arg)
{
	struct hammer *h = arg;

	for (unsigned int i = 0; !h->stop; i++) {
		uint64_t numbered = h->numbered[i % THREADS];
		zx_info_handle_basic_t info;
		zx_status_t status;

		status = zx_object_get_info((zx_handle_t)numbered, ZX_INFO_HANDLE_BASIC,
					    &info, sizeof(info), NULL, NULL);
		if (status == ZX_ERR_BAD_HANDLE)
			continue;
		if ((status || info.koid != h->koid || info.rights) &&
		    h->made - (uint32_t)(numbered >> 32) < NR_TAGS) {
			h->failures++;
			break;
		}
	}
	return NULL;
}

TEST_F(handle, threads_make_close_and_look_up)
{
	struct hammer h = { .vmo = self->vmo, .koid = basic(self->vmo).koid };
	pthread_t threads[2 * THREADS];

	for (unsigned int i = 0; i < ARRAY_SIZE(threads); i++) {
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, i & 1 ? user : maker, &h));
	}
	usleep(500000);
	h.stop = true;
	for (unsigned int i = 0; i < ARRAY_SIZE(threads); i++) {
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	}
	EXPECT_EQ(0, h.failures);
	EXPECT_EQ(1, count_handles(self->vmo));
}

/* One handle, many closers: exactly one of them is right */
static void *closer(void *arg)
{
	struct hammer *h = arg;
	zx_handle_t last = 0;

	while (!h->stop) {
		zx_handle_t handle = h->shared;

		if (handle == last)
			continue;
		last = handle;
		if (!zx_handle_close(handle))
			atomic_fetch_add(&h->failures, 1); /* here: successes */
	}
	return NULL;
}

TEST_F(handle, one_of_many_closers_wins)
{
	enum { ROUNDS = 300 };
	struct hammer h = {};
	pthread_t threads[THREADS];

	for (unsigned int i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, closer, &h));
	}
	for (int i = 0; i < ROUNDS; i++) {
		zx_handle_t handle;

		ASSERT_OK(zx_handle_duplicate(self->vmo, 0, &handle));
		h.shared = handle;
		while (h.failures <= i && is_valid(handle))
			sched_yield();
		while (h.failures <= i)
			sched_yield();
		EXPECT_EQ(i + 1, h.failures);
	}
	h.stop = true;
	for (unsigned int i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	}
	EXPECT_EQ(ROUNDS, h.failures);
}

TEST_HARNESS_MAIN
