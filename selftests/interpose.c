// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library in a program whose mmap(2), munmap(2), mprotect(2) and madvise(2) are its own and made
 * of calls of the library, as a layer that gives programs an address space of
 * VMOs would have them. The library must not come back to them, nor to anything
 * else here that takes the place of libc's.
 */
#include "vmar_test.h"

#include <stdarg.h>
#include <sys/syscall.h>

#include <zircon/zxvmo.h>

/* In a call of the library, how often it has come back, and to what at last */
static bool inside;
static unsigned int comebacks;
static const char *comeback;

/* What is ours of the address space; the VMO of all of it */
static zx_handle_t memory;
static char *area;
static size_t area_pages;

static void enter(const char *name)
{
	if (!inside)
		return;
	comebacks++;
	comeback = name;
}

/* The status of a call of the library */
#define ZX(call) ({								\
	zx_status_t __status;							\
										\
	inside = true;								\
	__status = call;							\
	inside = false;								\
	__status;								\
})

static int failure(zx_status_t status)
{
	if (!status)
		return 0;
	errno = zxvmo_errno_from_status(status);
	return -1;
}

static bool is_ours(const void *addr)
{
	return area && (const char *)addr >= area && (const char *)addr < area + area_pages * PAGE;
}

static zx_vm_option_t perms(int prot)
{
	return (prot & PROT_READ ? ZX_VM_PERM_READ : 0) | (prot & PROT_WRITE ? RW : 0);
}

void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
	zx_vaddr_t place;

	enter("mmap");
	if (!memory || addr || !(flags & MAP_ANONYMOUS) || area)
		return (void *)syscall(SYS_mmap, addr, length, prot, flags, fd, offset);
	if (failure(ZX(zx_vmar_map(ROOT, perms(prot), 0, memory, 0, length, &place))))
		return MAP_FAILED;
	area = (char *)place;
	area_pages = (length + PAGE - 1) / PAGE;
	return area;
}

int munmap(void *addr, size_t length)
{
	enter("munmap");
	if (!is_ours(addr))
		return syscall(SYS_munmap, addr, length);
	return failure(ZX(zx_vmar_unmap(ROOT, (zx_vaddr_t)addr, length)));
}

int mprotect(void *addr, size_t length, int prot)
{
	enter("mprotect");
	if (!is_ours(addr))
		return syscall(SYS_mprotect, addr, length, prot);
	return failure(ZX(zx_vmar_protect(ROOT, perms(prot), (zx_vaddr_t)addr, length)));
}

int madvise(void *addr, size_t length, int advice)
{
	enter("madvise");
	if (!is_ours(addr) || advice != MADV_DONTNEED)
		return syscall(SYS_madvise, addr, length, advice);
	return failure(ZX(zx_vmo_op_range(memory, ZX_VMO_OP_ZERO, (char *)addr - area, length,
					  NULL, 0)));
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	enter("open");
	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int close(int fd)
{
	enter("close");
	return syscall(SYS_close, fd);
}

int ioctl(int fd, unsigned long command, ...)
{
	va_list args;
	void *arg;

	enter("ioctl");
	va_start(args, command);
	arg = va_arg(args, void *);
	va_end(args);
	return syscall(SYS_ioctl, fd, command, arg);
}

int fcntl(int fd, int command, ...)
{
	va_list args;
	long arg;

	enter("fcntl");
	va_start(args, command);
	arg = va_arg(args, long);
	va_end(args);
	return syscall(SYS_fcntl, fd, command, arg);
}

int fstat(int fd, struct stat *st)
{
	enter("fstat");
	return syscall(SYS_fstat, fd, st);
}

FIXTURE(interpose)
{
};

FIXTURE_SETUP(interpose)
{
	ASSERT_OK(ZX(zx_vmo_create(PAGES * PAGE, 0, &memory)));
	comebacks = 0;
}

FIXTURE_TEARDOWN(interpose)
{
	EXPECT_EQ(0, comebacks)
		TH_LOG("%s", comeback);
}

/* The first call, too, and one that finds that the device was closed */
TEST(device_is_opened_without_libc)
{
	for (int i = 0; i < 2; i++) {
		zx_handle_t vmo;

		ASSERT_OK(ZX(zx_vmo_create(PAGE, 0, &vmo)));
		EXPECT_OK(ZX(zx_handle_close(vmo)));
		EXPECT_ST(ZX_ERR_BAD_HANDLE, ZX(zx_vmo_set_size(0, 0)));
		ASSERT_EQ(0, syscall(SYS_close_range, 3, ~0U, 0));
	}
	EXPECT_EQ(0, comebacks)
		TH_LOG("%s", comeback);
}

TEST_F(interpose, memory_made_of_library_calls)
{
	char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(area, p);
	memset(p, 1, PAGES * PAGE);
	ASSERT_EQ(0, mprotect(p + PAGE, PAGE, PROT_READ));
	EXPECT_EQ(SIGSEGV, STORE(p + PAGE).signal);
	ASSERT_EQ(0, mprotect(p + PAGE, PAGE, PROT_NONE));
	EXPECT_EQ(SIGSEGV, LOAD(p + PAGE).signal);
	ASSERT_EQ(0, mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, STORE(p + PAGE).signal);
	ASSERT_EQ(0, madvise(p, PAGE, MADV_DONTNEED));
	EXPECT_EQ(0, *p);
	EXPECT_EQ(1, p[2 * PAGE]);
	ASSERT_EQ(0, munmap(p, PAGES * PAGE));
	EXPECT_EQ(SIGSEGV, LOAD(p).signal);
}

/* One of each kind, those that fail, too */
TEST_F(interpose, other_calls)
{
	zx_handle_t child, copy, event;
	zx_info_vmo_t info;
	struct region region;
	uint64_t size;
	char byte = 1;

	EXPECT_OK(ZX(zx_vmar_allocate(ROOT, CAN_ALL, 0, PAGES * PAGE, &region.vmar, &region.base)));
	EXPECT_ST(ZX_ERR_NOT_FOUND, ZX(zx_vmar_protect(region.vmar, R, region.base, PAGE)));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, ZX(zx_vmar_protect(region.vmar, R, 0, PAGE)));
	EXPECT_OK(ZX(zx_vmar_destroy(region.vmar)));
	EXPECT_OK(ZX(zx_vmo_write(memory, &byte, 0, 1)));
	EXPECT_OK(ZX(zx_vmo_read(memory, &byte, 0, 1)));
	EXPECT_OK(ZX(zx_vmo_get_size(memory, &size)));
	EXPECT_OK(ZX(zx_vmo_op_range(memory, ZX_VMO_OP_COMMIT, 0, PAGE, NULL, 0)));
	EXPECT_OK(ZX(zx_vmo_create_child(memory, ZX_VMO_CHILD_SNAPSHOT, 0, PAGE, &child)));
	EXPECT_OK(ZX(zx_object_get_info(child, ZX_INFO_VMO, &info, sizeof(info), NULL, NULL)));
	EXPECT_OK(ZX(zx_handle_duplicate(child, ZX_RIGHT_SAME_RIGHTS, &copy)));
	EXPECT_OK(ZX(zx_handle_close(copy)));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, ZX(zx_handle_close(copy)));
	EXPECT_OK(ZX(zx_event_create(0, &event)));
	EXPECT_ST(ZX_ERR_TIMED_OUT, ZX(zx_object_wait_one(event, ZX_EVENT_SIGNALED, 0, NULL)));
}

TEST_HARNESS_MAIN
