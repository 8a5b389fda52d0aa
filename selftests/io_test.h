/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs that test I/O on mappings share: a disk for direct I/O, and
 * user memory that keeps the kernel waiting.
 */
#ifndef ZXVMO_SELFTESTS_IO_TEST_H
#define ZXVMO_SELFTESTS_IO_TEST_H

#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

#include "mem_test.h"

/* A RAM disk: direct I/O on tmpfs is only pretended */
#define DISK	"/dev/ram0"

static zt_unused int open_disk(struct __test_metadata *const _metadata)
{
	int fd = open(DISK, O_RDWR | O_DIRECT | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		ASSERT_EQ(0, system("modprobe brd rd_nr=1 rd_size=8192"));
		fd = open(DISK, O_RDWR | O_DIRECT | O_CLOEXEC);
	}
	ASSERT_LE(0, fd) TH_LOG(DISK ": %m");
	return fd;
}

/* Fill the disk's first pages with a pattern, which is left in the buffer */
static zt_unused void fill_disk(struct __test_metadata *const _metadata, int disk,
				unsigned char *buffer, size_t pages, uint64_t seed)
{
	zt_fill(buffer, pages * PAGE, seed);
	ASSERT_EQ((ssize_t)(pages * PAGE), pwrite(disk, buffer, pages * PAGE, 0));
}

/* A page of ordinary memory that stays absent until stall_end() */
static zt_unused int stall_begin(struct __test_metadata *const _metadata, void *page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (uintptr_t)page, PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, UFFDIO_API, &api));
	ASSERT_EQ(0, ioctl(fd, UFFDIO_REGISTER, &range));
	return fd;
}

/* Wait until somebody needs the page */
static zt_unused bool stall_comes(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, PATIENCE_NS / 1000000) == 1;
}

static zt_unused void stall_end(struct __test_metadata *const _metadata, int fd, void *page,
				void *contents)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)page,
		.src = (uintptr_t)contents,
		.len = PAGE,
	};

	ASSERT_EQ(0, ioctl(fd, UFFDIO_COPY, &copy));
}

#endif /* ZXVMO_SELFTESTS_IO_TEST_H */
