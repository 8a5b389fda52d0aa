/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs that test I/O on mappings share: a disk for direct I/O,
 * io_uring, and user memory that keeps the kernel waiting.
 */
#ifndef ZXVMO_SELFTESTS_IO_TEST_H
#define ZXVMO_SELFTESTS_IO_TEST_H

#include <linux/io_uring.h>
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

/* io_uring, one operation at a time */

struct ring {
	int fd;
	unsigned char *sq, *cq;
	struct io_uring_sqe *sqe;
	struct io_uring_params params;
};

static zt_unused int ring_open(struct ring *ring)
{
	struct io_uring_params *p = &ring->params;

	memset(ring, 0, sizeof(*ring));
	ring->fd = syscall(SYS_io_uring_setup, 1, p);
	if (ring->fd < 0)
		return -1;
	ring->sq = mmap(NULL, p->sq_off.array + p->sq_entries * sizeof(__u32), PROT_RW,
			MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	ring->cq = mmap(NULL, p->cq_off.cqes +
			p->cq_entries * sizeof(struct io_uring_cqe), PROT_RW, MAP_SHARED,
			ring->fd, IORING_OFF_CQ_RING);
	ring->sqe = mmap(NULL, p->sq_entries * sizeof(*ring->sqe), PROT_RW, MAP_SHARED,
			 ring->fd, IORING_OFF_SQES);
	return ring->sq == MAP_FAILED || ring->cq == MAP_FAILED || ring->sqe == MAP_FAILED ?
	       -1 : 0;
}

/* Submit one operation and wait for its result */
static zt_unused int ring_submit(struct ring *ring, int op, int fd, void *p,
				 unsigned int length, uint64_t offset)
{
	struct io_uring_params *params = &ring->params;
	__u32 *tail = (__u32 *)(ring->sq + params->sq_off.tail);
	__u32 *head = (__u32 *)(ring->cq + params->cq_off.head);
	__u32 mask = *(__u32 *)(ring->cq + params->cq_off.ring_mask);
	struct io_uring_cqe *cqes = (void *)(ring->cq + params->cq_off.cqes);
	int result;

	memset(ring->sqe, 0, sizeof(*ring->sqe));
	ring->sqe->opcode = op;
	ring->sqe->fd = fd;
	ring->sqe->addr = (uintptr_t)p;
	ring->sqe->len = length;
	ring->sqe->off = offset;
	*(__u32 *)(ring->sq + params->sq_off.array) = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return -errno;
	result = cqes[*head & mask].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
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
