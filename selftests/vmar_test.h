/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs that test VMARs share.
 */
#ifndef ZXVMO_SELFTESTS_VMAR_TEST_H
#define ZXVMO_SELFTESTS_VMAR_TEST_H

#include "vmo_test.h"

#include <zircon/time.h>
#include <zircon/zxvmo.h>

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

#define R	ZX_VM_PERM_READ
#define RW	(ZX_VM_PERM_READ | ZX_VM_PERM_WRITE)
#define RX	(ZX_VM_PERM_READ | ZX_VM_PERM_EXECUTE)
#define CAN_RW	(ZX_VM_CAN_MAP_READ | ZX_VM_CAN_MAP_WRITE)
#define CAN_ALL	(CAN_RW | ZX_VM_CAN_MAP_EXECUTE | ZX_VM_CAN_MAP_SPECIFIC)
#define ROOT	zx_vmar_root_self()

/* Pages of the region that most tests work in */
#define PAGES	16

struct region {
	zx_handle_t vmar;
	zx_vaddr_t base;
};

static zt_unused struct region region_make(struct __test_metadata *const _metadata,
					   zx_handle_t parent, zx_vm_option_t options,
					   uint64_t offset, uint64_t size)
{
	struct region region;

	ASSERT_OK(zx_vmar_allocate(parent, options, offset, size, &region.vmar, &region.base));
	return region;
}

/* A VMO with the number of each page, from 1 on, in its first byte */
static zt_unused zx_handle_t numbered_vmo(struct __test_metadata *const _metadata,
					  unsigned int pages)
{
	zx_handle_t vmo = vmo_create(_metadata, pages * PAGE, 0);

	for (unsigned int i = 0; i < pages; i++) {
		char number = 1 + i;

		ASSERT_OK(zx_vmo_write(vmo, &number, i * PAGE, 1));
	}
	return vmo;
}

static zt_unused zx_vaddr_t map_at(struct __test_metadata *const _metadata,
				   const struct region *region, zx_vm_option_t options,
				   unsigned int page, zx_handle_t vmo, unsigned int vmo_page,
				   unsigned int pages)
{
	zx_vaddr_t addr;

	ASSERT_OK(zx_vmar_map(region->vmar, options | ZX_VM_SPECIFIC, page * PAGE, vmo,
			      vmo_page * PAGE, pages * PAGE, &addr));
	EXPECT_EQ(region->base + page * PAGE, addr);
	return addr;
}

#define BYTE(addr) (*(volatile char *)(addr))
#define LOAD(addr) zt_load((const volatile void *)(addr))
#define STORE(addr) zt_store((volatile void *)(addr), 's')

/* What an access to a reservation is, and one to nothing */
#define EXPECT_RESERVED(at) do {						\
	struct zt_fault __fault = LOAD(at);					\
										\
	EXPECT_EQ(SIGSEGV, __fault.signal);					\
	EXPECT_EQ(SEGV_ACCERR, __fault.code);					\
	EXPECT_EQ((uintptr_t)(at), (uintptr_t)__fault.address);			\
} while (0)

#define EXPECT_NOTHING(at) do {							\
	struct zt_fault __fault = LOAD(at);					\
										\
	EXPECT_EQ(SIGSEGV, __fault.signal);					\
	EXPECT_EQ(SEGV_MAPERR, __fault.code);					\
	EXPECT_EQ((uintptr_t)(at), (uintptr_t)__fault.address);			\
} while (0)

/* Lines of /proc/self/maps that lie in a range and have @name in them */
static zt_unused unsigned int count_vmas(uint64_t start, uint64_t end, const char *name)
{
	unsigned long from, to;
	unsigned int count = 0;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &from, &to) == 2 && from < end && to > start &&
		    strstr(line, name))
			count++;
	}
	if (maps)
		fclose(maps);
	return count;
}

#define RESERVED "zxvmo:vmar:"

/* Handles through sockets */

static zt_unused bool pass_handle(int socket, zx_handle_t handle)
{
	int fd = ZXVMO_HANDLE_FD(handle);
	char control[CMSG_SPACE(sizeof(fd))] = {}, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	*cmsg = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
				  .cmsg_len = CMSG_LEN(sizeof(fd)) };
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(socket, &msg, 0) == 1;
}

/* 0 if none came */
static zt_unused zx_handle_t receive_handle(int socket)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	zx_handle_t handle = 0;
	int fd;

	if (recvmsg(socket, &msg, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&msg))
		return 0;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return zxvmo_handle_from_fd(fd, &handle) ? 0 : handle;
}

#endif
