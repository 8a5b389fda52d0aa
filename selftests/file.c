// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMO as a Linux file: what one is used to from a memfd, and where the file
 * ends when the VMO cannot grow.
 */
#include "zxtest.h"

#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>
#include <zircon/zxvmo.h>

#define PAGE	((off_t)zt_page_size())
#define FD(handle) ((int)ZXVMO_HANDLE_FD(handle))
#define LAST	INT64_MAX	/* no file is longer */
#define PUNCH	(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

/*
 * Three kinds of VMO, with 8 pages of which 2 and a half are the file. What is
 * not resizable ends at its size; unbounded is to say that it does not end.
 */
#define SIZE	(8 * PAGE)
#define STREAM	(2 * PAGE + PAGE / 2)

FIXTURE(file)
{
	zx_handle_t vmo;
	int fd;
	char *buffer;	/* of 16 pages, a hole behind them */
};

FIXTURE_VARIANT(file)
{
	uint32_t options;
};

FIXTURE_VARIANT_ADD(file, fixed)
{
	0
};

FIXTURE_VARIANT_ADD(file, resizable)
{
	ZX_VMO_RESIZABLE
};

FIXTURE_VARIANT_ADD(file, unbounded)
{
	ZX_VMO_UNBOUNDED
};

FIXTURE_SETUP(file)
{
	ASSERT_OK(zx_vmo_create(SIZE, variant->options, &self->vmo));
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, STREAM));
	self->fd = FD(self->vmo);
	self->buffer = mmap(NULL, 17 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->buffer);
	ASSERT_EQ(0, mprotect(self->buffer + 16 * PAGE, PAGE, PROT_NONE));
}

FIXTURE_TEARDOWN(file)
{
}

static off_t file_size(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : st.st_size;
}

/* Committed bytes */
static off_t file_bytes(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : st.st_blocks * 512;
}

static off_t vmo_size(zx_handle_t vmo)
{
	uint64_t size = 0;

	zx_vmo_get_size(vmo, &size);
	return size;
}

static off_t stream_size(zx_handle_t vmo)
{
	uint64_t size = 0;

	zx_vmo_get_stream_size(vmo, &size);
	return size;
}

#define EXPECT_FAILS(error, call) do {						\
	EXPECT_EQ(-1, call);							\
	EXPECT_ERRNO(error, errno);						\
} while (0)

/* Bytes of the file from @offset that are zero, until one is not or the end */
static off_t zero_span(int fd, off_t offset)
{
	char byte[512];
	off_t span = 0;
	ssize_t n;

	while ((n = pread(fd, byte, sizeof(byte), offset + span)) > 0) {
		for (ssize_t i = 0; i < n; i++, span++) {
			if (byte[i])
				return span;
		}
	}
	return span;
}

/* Stat */

TEST_F(file, fstat)
{
	struct stat st;

	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_TRUE(S_ISREG(st.st_mode));
	EXPECT_EQ(STREAM, st.st_size);
	EXPECT_EQ(0, st.st_blocks);
	EXPECT_EQ(PAGE, st.st_blksize);
	ASSERT_OK(zx_vmo_op_range(self->vmo, ZX_VMO_OP_COMMIT, PAGE, 5 * PAGE, NULL, 0));
	EXPECT_EQ(5 * PAGE, file_bytes(self->fd));
	ASSERT_OK(zx_vmo_op_range(self->vmo, ZX_VMO_OP_DECOMMIT, 2 * PAGE, PAGE, NULL, 0));
	EXPECT_EQ(4 * PAGE, file_bytes(self->fd));
}

/* The file is as long as the stream, by whomever it is set */
TEST_F(file, fstat_follows_the_stream_size)
{
	for (off_t size = 0; size <= SIZE; size += PAGE / 2 + 1) {
		ASSERT_OK(zx_vmo_set_stream_size(self->vmo, size));
		EXPECT_EQ(size, file_size(self->fd));
	}
	if (variant->options == ZX_VMO_RESIZABLE) {
		ASSERT_OK(zx_vmo_set_size(self->vmo, 100));
		EXPECT_EQ(100, file_size(self->fd));
	}
}

/* Read */

TEST_F(file, read_to_the_end)
{
	zt_fill(self->buffer, SIZE, 1);
	ASSERT_OK(zx_vmo_write(self->vmo, self->buffer, 0, SIZE));
	memset(self->buffer, 0xee, SIZE);
	EXPECT_EQ(100, read(self->fd, self->buffer, 100));
	EXPECT_EQ(PAGE, read(self->fd, self->buffer + 100, PAGE));
	/* The rest, not more though it was asked for and the VMO has more */
	EXPECT_EQ(STREAM - PAGE - 100, read(self->fd, self->buffer + 100 + PAGE, 10 * PAGE));
	EXPECT_EQ(STREAM, zt_compare(self->buffer, STREAM, 1));
	EXPECT_EQ((char)0xee, self->buffer[STREAM]);
	EXPECT_EQ(0, read(self->fd, self->buffer, PAGE));
	EXPECT_EQ(STREAM, lseek(self->fd, 0, SEEK_CUR));
}

TEST_F(file, read_at_and_beyond_the_end)
{
	EXPECT_EQ(0, pread(self->fd, self->buffer, PAGE, STREAM));
	EXPECT_EQ(1, pread(self->fd, self->buffer, PAGE, STREAM - 1));
	EXPECT_EQ(0, pread(self->fd, self->buffer, PAGE, SIZE));
	EXPECT_EQ(0, pread(self->fd, self->buffer, PAGE, 1LL << 62));
	EXPECT_EQ(0, pread(self->fd, self->buffer, 0, 0));
	EXPECT_FAILS(EINVAL, pread(self->fd, self->buffer, PAGE, -1));
	/* None of it moved the file's own position */
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_CUR));
}

TEST_F(file, read_of_nothing_written)
{
	memset(self->buffer, 0xee, SIZE);
	EXPECT_EQ(STREAM, read(self->fd, self->buffer, SIZE));
	EXPECT_TRUE(zt_is_zero(self->buffer, STREAM));
	EXPECT_EQ(0, file_bytes(self->fd));
}

TEST_F(file, readv_and_writev)
{
	struct iovec iov[] = {
		{ self->buffer, 10 }, { self->buffer + PAGE, 0 }, { self->buffer + 2 * PAGE, PAGE },
	};

	zt_fill(self->buffer, 10, 1);
	zt_fill(self->buffer + 2 * PAGE, PAGE, 2);
	EXPECT_EQ(PAGE + 10, pwritev(self->fd, iov, 3, 5));
	memset(self->buffer, 0, 3 * PAGE);
	EXPECT_EQ(5, lseek(self->fd, 5, SEEK_SET));
	EXPECT_EQ(PAGE + 10, readv(self->fd, iov, 3));
	EXPECT_EQ(10, zt_compare(self->buffer, 10, 1));
	EXPECT_EQ(PAGE, (off_t)zt_compare(self->buffer + 2 * PAGE, PAGE, 2));
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	/* Across the end: as much as there is */
	EXPECT_EQ(4, preadv(self->fd, iov, 3, STREAM - 4));
}

/* Write */

TEST_F(file, write_within)
{
	zt_fill(self->buffer, PAGE, 3);
	EXPECT_EQ(PAGE, pwrite(self->fd, self->buffer, PAGE, 7));
	EXPECT_EQ(STREAM, file_size(self->fd));
	EXPECT_EQ(2 * PAGE, file_bytes(self->fd));
	memset(self->buffer, 0, PAGE);
	ASSERT_OK(zx_vmo_read(self->vmo, self->buffer, 7, PAGE));
	EXPECT_EQ(PAGE, (off_t)zt_compare(self->buffer, PAGE, 3));
	EXPECT_EQ(7, zero_span(self->fd, 0));
}

TEST_F(file, write_moves_the_position)
{
	EXPECT_EQ(100, write(self->fd, self->buffer, 100));
	EXPECT_EQ(100, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(50, pwrite(self->fd, self->buffer, 50, 1000));
	EXPECT_EQ(100, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(0, write(self->fd, self->buffer, 0));
	EXPECT_EQ(100, lseek(self->fd, 0, SEEK_CUR));
}

TEST_F(file, write_extends_the_stream)
{
	EXPECT_EQ(10, pwrite(self->fd, "0123456789", 10, STREAM - 5));
	EXPECT_EQ(STREAM + 5, file_size(self->fd));
	EXPECT_EQ(STREAM + 5, stream_size(self->vmo));
	/* Leaving a hole */
	EXPECT_EQ(1, pwrite(self->fd, "x", 1, 5 * PAGE + 3));
	EXPECT_EQ(5 * PAGE + 4, file_size(self->fd));
	EXPECT_EQ(5 * PAGE + 3 - (STREAM + 5), zero_span(self->fd, STREAM + 5));
	/* Up to the last byte of the VMO */
	EXPECT_EQ(1, pwrite(self->fd, "y", 1, SIZE - 1));
	EXPECT_EQ(SIZE, file_size(self->fd));
	if (variant->options != ZX_VMO_UNBOUNDED) {
		EXPECT_EQ(SIZE, vmo_size(self->vmo));
	}
	/* Nothing was committed but what was written */
	EXPECT_EQ(3 * PAGE, file_bytes(self->fd));
}

/* What lay beyond the end does not come back into the file */
TEST_F(file, write_beyond_old_bytes)
{
	zt_fill(self->buffer, SIZE, 4);
	ASSERT_OK(zx_vmo_write(self->vmo, self->buffer, STREAM, SIZE - STREAM));
	EXPECT_EQ(STREAM, file_size(self->fd));
	EXPECT_EQ(1, pwrite(self->fd, "x", 1, 6 * PAGE));
	EXPECT_EQ(6 * PAGE - STREAM, zero_span(self->fd, STREAM));
	EXPECT_EQ(1, pread(self->fd, self->buffer, PAGE, 6 * PAGE));
	EXPECT_EQ('x', self->buffer[0]);
}

TEST_F(file, write_at_the_end_of_the_vmo)
{
	bool grows = variant->options != 0;

	zt_fill(self->buffer, 4 * PAGE, 5);
	EXPECT_EQ(grows ? 4 * PAGE : 2 * PAGE,
		  pwrite(self->fd, self->buffer, 4 * PAGE, SIZE - 2 * PAGE));
	if (grows) {
		EXPECT_EQ(SIZE + 2 * PAGE, file_size(self->fd));
		EXPECT_EQ(3, pwrite(self->fd, "abc", 3, 100 * PAGE + 1));
		EXPECT_EQ(100 * PAGE + 4, file_size(self->fd));
	} else {
		EXPECT_EQ(SIZE, file_size(self->fd));
		EXPECT_FAILS(EFBIG, pwrite(self->fd, "x", 1, SIZE));
		EXPECT_FAILS(EFBIG, pwrite(self->fd, "x", 1, 100 * SIZE));
		EXPECT_EQ(0, pwrite(self->fd, "x", 0, SIZE));
		EXPECT_EQ(SIZE, file_size(self->fd));
	}
	if (variant->options == ZX_VMO_RESIZABLE) {
		EXPECT_EQ(101 * PAGE, vmo_size(self->vmo));
	}
	memset(self->buffer, 0, 4 * PAGE);
	EXPECT_EQ(2 * PAGE, pread(self->fd, self->buffer, 2 * PAGE, SIZE - 2 * PAGE));
	EXPECT_EQ(2 * PAGE, (off_t)zt_compare(self->buffer, 2 * PAGE, 5));
}

TEST_F(file, append)
{
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_APPEND));
	EXPECT_EQ(O_APPEND, fcntl(self->fd, F_GETFL) & O_APPEND);
	EXPECT_EQ(3, write(self->fd, "abc", 3));
	EXPECT_EQ(3, write(self->fd, "def", 3));
	EXPECT_EQ(STREAM + 6, file_size(self->fd));
	EXPECT_EQ(STREAM + 6, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(6, pread(self->fd, self->buffer, 100, STREAM));
	EXPECT_EQ(0, memcmp(self->buffer, "abcdef", 6));
	/* The end may have moved by other means */
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, 10));
	EXPECT_EQ(1, write(self->fd, "g", 1));
	EXPECT_EQ(11, file_size(self->fd));
}

struct appender {
	int fd;
	char id;
	int failures;
};

#define RECORDS	100
#define RECORD	64

static void *append_records(void *arg)
{
	struct appender *a = arg;
	char record[RECORD];

	memset(record, a->id, sizeof(record));
	for (int i = 0; i < RECORDS; i++)
		a->failures += write(a->fd, record, sizeof(record)) != sizeof(record);
	return NULL;
}

/* Each record gets its place, whoever else appends */
TEST_F(file, appending_threads)
{
	struct appender a[4];
	pthread_t threads[4];
	int seen[4] = {};

	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, 0));
	for (int i = 0; i < 4; i++) {
		zx_handle_t own;

		ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_SAME_RIGHTS, &own));
		ASSERT_EQ(0, fcntl(FD(own), F_SETFL, O_APPEND));
		a[i] = (struct appender){ .fd = FD(own), .id = 1 + i };
	}
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, append_records, &a[i]));
	}
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
		EXPECT_EQ(0, a[i].failures);
	}
	ASSERT_EQ(4 * RECORDS * RECORD, file_size(self->fd));
	for (int i = 0; i < 4 * RECORDS; i++) {
		char record[RECORD], same[RECORD];

		ASSERT_EQ(RECORD, read(self->fd, record, RECORD));
		memset(same, record[0], RECORD);
		ASSERT_EQ(0, memcmp(record, same, RECORD));
		ASSERT_TRUE(record[0] >= 1 && record[0] <= 4);
		seen[record[0] - 1]++;
	}
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(RECORDS, seen[i]);
	}
}

struct append {
	int fd;
	const char *data;
	size_t size;
	ssize_t written;
};

static void *append_once(void *arg)
{
	struct append *a = arg;

	a->written = write(a->fd, a->data, a->size);
	return NULL;
}

/*
 * Nor is a record lost when another appender's buffer stalls in the middle: each
 * byte that was said to be written has a place of its own.
 */
TEST(append_while_an_append_stalls)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_copy copy = { .len = PAGE };
	struct append slow = { .size = 2 * PAGE }, quick = { .size = PAGE };
	struct pollfd pfd = { .events = POLLIN };
	pthread_t slow_thread, quick_thread;
	size_t seen[256] = {};
	zx_handle_t vmo, other;
	char *data;
	off_t size;

	ASSERT_OK(zx_vmo_create(16 * PAGE, 0, &vmo));
	ASSERT_OK(zx_vmo_set_stream_size(vmo, 0));
	ASSERT_OK(zx_handle_duplicate(vmo, ZX_RIGHT_SAME_RIGHTS, &other));
	ASSERT_EQ(0, fcntl(FD(vmo), F_SETFL, O_APPEND));
	ASSERT_EQ(0, fcntl(FD(other), F_SETFL, O_APPEND));
	/* s, q, s and what is not there */
	data = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, data);
	memset(data, 's', PAGE);
	memset(data + PAGE, 'q', PAGE);
	memset(data + 2 * PAGE, 's', PAGE);
	pfd.fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	ASSERT_LE(0, pfd.fd);
	ASSERT_EQ(0, ioctl(pfd.fd, UFFDIO_API, &api));
	reg.range.start = ZT_ADDRESS(data + 3 * PAGE);
	reg.range.len = PAGE;
	ASSERT_EQ(0, ioctl(pfd.fd, UFFDIO_REGISTER, &reg));

	slow.fd = FD(vmo);
	slow.data = data + 2 * PAGE;
	quick.fd = FD(other);
	quick.data = data + PAGE;
	ASSERT_EQ(0, pthread_create(&slow_thread, NULL, append_once, &slow));
	ASSERT_EQ(1, poll(&pfd, 1, 20000));
	ASSERT_EQ(0, pthread_create(&quick_thread, NULL, append_once, &quick));
	usleep(50000); /* it may get through, or have to wait for the slow one */
	copy.src = ZT_ADDRESS(data);
	copy.dst = ZT_ADDRESS(data + 3 * PAGE);
	ASSERT_EQ(0, ioctl(pfd.fd, UFFDIO_COPY, &copy));
	ASSERT_EQ(0, pthread_join(slow_thread, NULL));
	ASSERT_EQ(0, pthread_join(quick_thread, NULL));

	EXPECT_EQ(PAGE, quick.written);
	EXPECT_LT(0, slow.written);
	size = file_size(FD(vmo));
	EXPECT_EQ(slow.written + quick.written, size);
	for (off_t i = 0; i < size; i++) {
		unsigned char byte = 0;

		ASSERT_EQ(1, pread(FD(vmo), &byte, 1, i));
		seen[byte]++;
	}
	EXPECT_EQ((size_t)slow.written, seen['s']);
	EXPECT_EQ((size_t)quick.written, seen['q']);
	EXPECT_EQ(0, seen[0]);
}

/* A buffer that is not all there: what could be copied counts, nothing else */
TEST_F(file, read_into_a_bad_buffer)
{
	char *end = self->buffer + 16 * PAGE;

	EXPECT_FAILS(EFAULT, pread(self->fd, NULL, PAGE, 0));
	EXPECT_FAILS(EFAULT, pread(self->fd, end, PAGE, 0));
	EXPECT_EQ(0, pread(self->fd, NULL, PAGE, STREAM));
	EXPECT_EQ(PAGE, pread(self->fd, end - PAGE, 2 * PAGE, 0));
}

TEST_F(file, write_from_a_bad_buffer)
{
	char *end = self->buffer + 16 * PAGE;
	ssize_t n;

	EXPECT_FAILS(EFAULT, pwrite(self->fd, end, PAGE, 0));
	EXPECT_FAILS(EFAULT, pwrite(self->fd, end, PAGE, STREAM));
	EXPECT_FAILS(EFAULT, pwrite(self->fd, NULL, PAGE, SIZE - 1));
	EXPECT_EQ(STREAM, file_size(self->fd));
	if (variant->options == ZX_VMO_RESIZABLE) {
		EXPECT_FAILS(EFAULT, pwrite(self->fd, end, PAGE, 2 * SIZE));
		EXPECT_EQ(STREAM, file_size(self->fd));
		EXPECT_EQ(SIZE, vmo_size(self->vmo));
	}

	zt_fill(end - PAGE, PAGE, 6);
	n = pwrite(self->fd, end - PAGE, 2 * PAGE, STREAM);
	EXPECT_EQ(PAGE, n);
	EXPECT_EQ(STREAM + n, file_size(self->fd));
	EXPECT_EQ(n, pread(self->fd, self->buffer, SIZE, STREAM));
	EXPECT_EQ(n, (ssize_t)zt_compare(self->buffer, n, 6));
}

/* Rights */

TEST_F(file, without_read)
{
	zx_handle_t blind;

	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_WRITE, &blind));
	EXPECT_FAILS(EBADF, read(FD(blind), self->buffer, 1));
	EXPECT_FAILS(EBADF, pread(FD(blind), self->buffer, 1, 0));
	EXPECT_FAILS(EBADF, pread(FD(blind), self->buffer, 1, STREAM));
	EXPECT_EQ(1, write(FD(blind), "x", 1));
	EXPECT_EQ(STREAM, file_size(FD(blind)));
	EXPECT_EQ(-1, sendfile(self->fd, FD(blind), NULL, 1));
}

TEST_F(file, without_write)
{
	zx_handle_t reader;

	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_READ, &reader));
	EXPECT_EQ(O_RDONLY, fcntl(FD(reader), F_GETFL) & O_ACCMODE);
	EXPECT_FAILS(EBADF, write(FD(reader), "x", 1));
	EXPECT_FAILS(EBADF, pwrite(FD(reader), "x", 1, 0));
	EXPECT_FAILS(EINVAL, ftruncate(FD(reader), 0));
	EXPECT_FAILS(EBADF, fallocate(FD(reader), 0, 0, PAGE));
	EXPECT_FAILS(EBADF, fallocate(FD(reader), PUNCH, 0, PAGE));
	EXPECT_EQ(1, read(FD(reader), self->buffer, 1));
	EXPECT_EQ(-1, sendfile(FD(reader), self->fd, NULL, 1));
	EXPECT_EQ(STREAM, file_size(self->fd));
	EXPECT_EQ(0, file_bytes(self->fd));
	/* Flags are not rights */
	fcntl(FD(reader), F_SETFL, O_RDWR | O_APPEND);
	EXPECT_FAILS(EBADF, write(FD(reader), "x", 1));
}

/* Positions */

TEST_F(file, lseek)
{
	EXPECT_EQ(7, lseek(self->fd, 7, SEEK_SET));
	EXPECT_EQ(10, lseek(self->fd, 3, SEEK_CUR));
	EXPECT_EQ(5, lseek(self->fd, -5, SEEK_CUR));
	EXPECT_EQ(STREAM, lseek(self->fd, 0, SEEK_END));
	EXPECT_EQ(STREAM - 1, lseek(self->fd, -1, SEEK_END));
	EXPECT_EQ(STREAM + 100, lseek(self->fd, 100, SEEK_END));
	EXPECT_EQ(STREAM + 100, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(LAST, lseek(self->fd, LAST, SEEK_SET));
	EXPECT_EQ(0, read(self->fd, self->buffer, 0));
	EXPECT_FAILS(EINVAL, lseek(self->fd, -1, SEEK_SET));
	EXPECT_FAILS(EINVAL, lseek(self->fd, -STREAM - 1, SEEK_END));
	EXPECT_FAILS(EINVAL, lseek(self->fd, 0, 99));
	EXPECT_EQ(LAST, lseek(self->fd, 0, SEEK_CUR));
}

/* A handle is an open file: dup(2) shares its position, another handle does not */
TEST_F(file, position_belongs_to_the_handle)
{
	zx_handle_t other;
	int same = dup(self->fd);

	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_SAME_RIGHTS, &other));
	EXPECT_EQ(100, lseek(self->fd, 100, SEEK_SET));
	EXPECT_EQ(100, lseek(same, 0, SEEK_CUR));
	EXPECT_EQ(0, lseek(FD(other), 0, SEEK_CUR));
	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_SAME_RIGHTS, &other));
	EXPECT_EQ(0, lseek(FD(other), 0, SEEK_CUR));
}

TEST_F(file, seek_data_and_hole)
{
	/* Pages 1, 4 and 5 of 6 and a half. In half pages; -1: none. */
	static const struct {
		int from, data, hole;
	} cases[] = {
		{ 0, 2, 0 }, { 1, 2, 1 }, { 2, 2, 4 }, { 3, 3, 4 }, { 4, 8, 4 }, { 5, 8, 5 },
		{ 8, 8, 12 }, { 11, 11, 12 }, { 12, -1, 12 }, { 13, -1, -1 }, { 14, -1, -1 },
	};
	const off_t half = PAGE / 2;

	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, 13 * half));
	ASSERT_OK(zx_vmo_op_range(self->vmo, ZX_VMO_OP_COMMIT, PAGE, PAGE, NULL, 0));
	ASSERT_OK(zx_vmo_op_range(self->vmo, ZX_VMO_OP_COMMIT, 4 * PAGE, 2 * PAGE, NULL, 0));
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		int from = cases[i].from, data = cases[i].data, hole = cases[i].hole;

		errno = 0;
		EXPECT_EQ(data < 0 ? -1 : data * half, lseek(self->fd, from * half, SEEK_DATA))
			TH_LOG("from %d", from);
		EXPECT_EQ(data < 0 ? ENXIO : 0, errno);
		errno = 0;
		EXPECT_EQ(hole < 0 ? -1 : hole * half, lseek(self->fd, from * half, SEEK_HOLE))
			TH_LOG("from %d", from);
		EXPECT_EQ(hole < 0 ? ENXIO : 0, errno);
	}
	EXPECT_FAILS(ENXIO, lseek(self->fd, -1, SEEK_DATA));
	EXPECT_FAILS(ENXIO, lseek(self->fd, -1, SEEK_HOLE));

	/* All of it is data: the end is a hole */
	ASSERT_OK(zx_vmo_op_range(self->vmo, ZX_VMO_OP_COMMIT, 0, 7 * PAGE, NULL, 0));
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_DATA));
	EXPECT_EQ(13 * half, lseek(self->fd, 0, SEEK_HOLE));
	/* Nothing is: no data, and a hole at once */
	ASSERT_OK(zx_vmo_op_range(self->vmo, ZX_VMO_OP_DECOMMIT, 0, 7 * PAGE, NULL, 0));
	EXPECT_FAILS(ENXIO, lseek(self->fd, 0, SEEK_DATA));
	EXPECT_EQ(5, lseek(self->fd, 5, SEEK_HOLE));
	/* Empty */
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, 0));
	EXPECT_FAILS(ENXIO, lseek(self->fd, 0, SEEK_DATA));
	EXPECT_FAILS(ENXIO, lseek(self->fd, 0, SEEK_HOLE));
}

/* Truncate */

TEST_F(file, truncate_shorter)
{
	zt_fill(self->buffer, SIZE, 7);
	ASSERT_OK(zx_vmo_write(self->vmo, self->buffer, 0, SIZE));
	EXPECT_EQ(0, ftruncate(self->fd, PAGE + 10));
	EXPECT_EQ(PAGE + 10, file_size(self->fd));
	EXPECT_EQ(PAGE + 10, stream_size(self->vmo));
	EXPECT_EQ(2 * PAGE, file_bytes(self->fd));
	/* Only the size of a resizable VMO follows */
	switch (variant->options) {
	case 0:
		EXPECT_EQ(SIZE, vmo_size(self->vmo));
		break;
	case ZX_VMO_RESIZABLE:
		EXPECT_EQ(2 * PAGE, vmo_size(self->vmo));
		break;
	default:
		EXPECT_LT(1LL << 60, (uint64_t)vmo_size(self->vmo) >> 1);
	}
	/* And what was cut off does not come back */
	EXPECT_EQ(0, ftruncate(self->fd, SIZE));
	EXPECT_EQ(SIZE, file_size(self->fd));
	EXPECT_EQ(PAGE + 10, pread(self->fd, self->buffer, PAGE + 10, 0));
	EXPECT_EQ(PAGE + 10, (off_t)zt_compare(self->buffer, PAGE + 10, 7));
	EXPECT_EQ(SIZE - PAGE - 10, zero_span(self->fd, PAGE + 10));
}

TEST_F(file, truncate_to_each_size)
{
	static const int sizes[] = { 0, 1, 4095, 4096, 4097, 8191, 8192, 10000, 32768 };

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(0, ftruncate(self->fd, sizes[i])) TH_LOG("to %d", sizes[i]);
		EXPECT_EQ(sizes[i], file_size(self->fd));
		EXPECT_EQ(sizes[i], stream_size(self->vmo));
		if (variant->options == ZX_VMO_RESIZABLE) {
			EXPECT_EQ((sizes[i] + PAGE - 1) & -PAGE, vmo_size(self->vmo));
		}
	}
	EXPECT_EQ(0, file_bytes(self->fd));
}

TEST_F(file, truncate_beyond_the_vmo)
{
	switch (variant->options) {
	case 0:
		EXPECT_FAILS(EFBIG, ftruncate(self->fd, SIZE + 1));
		EXPECT_FAILS(EFBIG, ftruncate(self->fd, LAST));
		EXPECT_EQ(STREAM, file_size(self->fd));
		break;
	case ZX_VMO_RESIZABLE:
		EXPECT_EQ(0, ftruncate(self->fd, SIZE + 1));
		EXPECT_EQ(SIZE + 1, file_size(self->fd));
		EXPECT_EQ(SIZE + PAGE, vmo_size(self->vmo));
		EXPECT_EQ(0, ftruncate(self->fd, LAST));
		EXPECT_EQ(LAST, file_size(self->fd));
		break;
	default:
		EXPECT_EQ(0, ftruncate(self->fd, LAST));
		EXPECT_EQ(LAST, file_size(self->fd));
	}
	EXPECT_FAILS(EINVAL, ftruncate(self->fd, -1));
}

TEST_F(file, truncate_without_resize)
{
	zx_handle_t poor;

	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_WRITE, &poor));
	EXPECT_EQ(0, ftruncate(FD(poor), 100));
	EXPECT_EQ(100, file_size(self->fd));
	EXPECT_EQ(0, ftruncate(FD(poor), SIZE));
	EXPECT_EQ(SIZE, file_size(self->fd));
	if (variant->options == ZX_VMO_UNBOUNDED)
		return;
	EXPECT_EQ(SIZE, vmo_size(self->vmo));
	EXPECT_FAILS(EFBIG, ftruncate(FD(poor), SIZE + 1));
	EXPECT_EQ(SIZE, file_size(self->fd));
}

/* Fallocate */

TEST_F(file, fallocate_commits)
{
	EXPECT_EQ(0, fallocate(self->fd, 0, PAGE + 5, PAGE));
	EXPECT_EQ(2 * PAGE, file_bytes(self->fd));
	EXPECT_EQ(STREAM, file_size(self->fd));
	zt_fill(self->buffer, STREAM, 8);
	EXPECT_EQ(STREAM, pwrite(self->fd, self->buffer, STREAM, 0));
	/* What is there stays as it is */
	EXPECT_EQ(0, fallocate(self->fd, 0, 0, STREAM));
	EXPECT_EQ(3 * PAGE, file_bytes(self->fd));
	EXPECT_EQ(STREAM, pread(self->fd, self->buffer + SIZE, SIZE, 0));
	EXPECT_EQ(STREAM, (off_t)zt_compare(self->buffer + SIZE, STREAM, 8));
}

TEST_F(file, fallocate_extends_the_file)
{
	ASSERT_OK(zx_vmo_write(self->vmo, "old", STREAM + 10, 3));
	ASSERT_EQ(PAGE, file_bytes(self->fd));
	EXPECT_EQ(0, fallocate(self->fd, 0, 4 * PAGE, 100));
	EXPECT_EQ(4 * PAGE + 100, file_size(self->fd));
	EXPECT_EQ(2 * PAGE, file_bytes(self->fd));
	/* What lay beyond the end does not come back */
	EXPECT_EQ(4 * PAGE + 100 - STREAM, zero_span(self->fd, STREAM));
}

TEST_F(file, fallocate_keep_size)
{
	EXPECT_EQ(0, fallocate(self->fd, FALLOC_FL_KEEP_SIZE, 0, SIZE));
	EXPECT_EQ(STREAM, file_size(self->fd));
	EXPECT_EQ(SIZE, file_bytes(self->fd));
}

TEST_F(file, fallocate_beyond_the_vmo)
{
	switch (variant->options) {
	case 0:
		EXPECT_FAILS(EFBIG, fallocate(self->fd, 0, 0, SIZE + 1));
		EXPECT_FAILS(EFBIG, fallocate(self->fd, FALLOC_FL_KEEP_SIZE, SIZE - 1, 2));
		EXPECT_EQ(STREAM, file_size(self->fd));
		EXPECT_EQ(0, file_bytes(self->fd));
		break;
	case ZX_VMO_RESIZABLE:
		EXPECT_EQ(0, fallocate(self->fd, 0, SIZE, PAGE + 1));
		EXPECT_EQ(SIZE + PAGE + 1, file_size(self->fd));
		EXPECT_EQ(SIZE + 2 * PAGE, vmo_size(self->vmo));
		EXPECT_EQ(2 * PAGE, file_bytes(self->fd));
		break;
	default:
		EXPECT_EQ(0, fallocate(self->fd, 0, 1LL << 60, 1));
		EXPECT_EQ((1LL << 60) + 1, file_size(self->fd));
		EXPECT_EQ(PAGE, file_bytes(self->fd));
	}
}

TEST_F(file, fallocate_punch_hole)
{
	zt_fill(self->buffer, SIZE, 9);
	EXPECT_EQ(SIZE, pwrite(self->fd, self->buffer, SIZE, 0));
	/* Half a page, a whole one, and half a page */
	EXPECT_EQ(0, fallocate(self->fd, PUNCH, PAGE / 2, 2 * PAGE));
	EXPECT_EQ(SIZE, file_size(self->fd));
	EXPECT_EQ(SIZE - PAGE, file_bytes(self->fd));
	memset(self->buffer + PAGE / 2, 0, 2 * PAGE);
	EXPECT_EQ(SIZE, pread(self->fd, self->buffer + SIZE, SIZE, 0));
	EXPECT_EQ(0, memcmp(self->buffer, self->buffer + SIZE, SIZE));
	/* Beyond the end there is nothing to do */
	EXPECT_EQ(0, fallocate(self->fd, PUNCH, SIZE - PAGE, 1LL << 40));
	EXPECT_EQ(SIZE - 2 * PAGE, file_bytes(self->fd));
	EXPECT_EQ(0, fallocate(self->fd, PUNCH, 1LL << 40, 1LL << 40));
	EXPECT_EQ(0, fallocate(self->fd, PUNCH, 0, LAST));
	EXPECT_EQ(0, file_bytes(self->fd));
	EXPECT_EQ(SIZE, file_size(self->fd));
	EXPECT_EQ(SIZE, zero_span(self->fd, 0));
}

TEST_F(file, fallocate_bad_arguments)
{
	static const int modes[] = {
		FALLOC_FL_PUNCH_HOLE, FALLOC_FL_ZERO_RANGE,
		FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_COLLAPSE_RANGE,
		FALLOC_FL_INSERT_RANGE, FALLOC_FL_UNSHARE_RANGE, 1 << 20,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		EXPECT_FAILS(EOPNOTSUPP, fallocate(self->fd, modes[i], 0, PAGE));
	}
	EXPECT_FAILS(EINVAL, fallocate(self->fd, 0, 0, 0));
	EXPECT_FAILS(EINVAL, fallocate(self->fd, 0, -1, PAGE));
	EXPECT_FAILS(EINVAL, fallocate(self->fd, 0, 0, -1));
	EXPECT_FAILS(EFBIG, fallocate(self->fd, 0, LAST, LAST));
	EXPECT_EQ(STREAM, file_size(self->fd));
	EXPECT_EQ(0, file_bytes(self->fd));
}

/* Moving data without a buffer */

TEST_F(file, sendfile_to_and_from)
{
	int memfd = memfd_create("file", MFD_CLOEXEC);
	off_t offset = 100;

	zt_fill(self->buffer, STREAM, 10);
	EXPECT_EQ(STREAM, pwrite(self->fd, self->buffer, STREAM, 0));
	/* Ends at the end of the file */
	EXPECT_EQ(STREAM - 100, sendfile(memfd, self->fd, &offset, SIZE));
	EXPECT_EQ(STREAM, offset);
	EXPECT_EQ(0, sendfile(memfd, self->fd, &offset, SIZE));
	EXPECT_EQ(STREAM - 100, pread(memfd, self->buffer + 100, STREAM, 0));
	EXPECT_EQ(STREAM, (off_t)zt_compare(self->buffer, STREAM, 10));

	offset = 0;
	EXPECT_EQ(STREAM, lseek(self->fd, STREAM, SEEK_SET));
	EXPECT_EQ(STREAM - 100, sendfile(self->fd, memfd, &offset, SIZE));
	EXPECT_EQ(2 * STREAM - 100, file_size(self->fd));
	EXPECT_EQ(STREAM - 100, pread(self->fd, self->buffer + 100, STREAM, STREAM));
	EXPECT_EQ(STREAM, (off_t)zt_compare(self->buffer, STREAM, 10));
}

TEST_F(file, splice_through_a_pipe)
{
	int pipefd[2];
	loff_t in = 10, out = 3 * PAGE + 1;

	ASSERT_EQ(0, pipe2(pipefd, O_CLOEXEC));
	zt_fill(self->buffer, STREAM, 11);
	EXPECT_EQ(STREAM, pwrite(self->fd, self->buffer, STREAM, 0));
	EXPECT_EQ(PAGE, splice(self->fd, &in, pipefd[1], NULL, PAGE, 0));
	EXPECT_EQ(PAGE + 10, in);
	/* What is in the pipe is what was there when it went in */
	EXPECT_EQ(0, ftruncate(self->fd, 0));
	EXPECT_EQ(PAGE, splice(pipefd[0], NULL, self->fd, &out, PAGE, 0));
	EXPECT_EQ(4 * PAGE + 1, file_size(self->fd));
	EXPECT_EQ(3 * PAGE + 1, zero_span(self->fd, 0));
	EXPECT_EQ(PAGE, pread(self->fd, self->buffer + 10, PAGE, 3 * PAGE + 1));
	EXPECT_EQ(STREAM, (off_t)zt_compare(self->buffer, STREAM, 11));
	/* Nothing to be had at the end */
	in = SIZE;
	EXPECT_EQ(0, splice(self->fd, &in, pipefd[1], NULL, PAGE, SPLICE_F_NONBLOCK));
}

TEST_F(file, splice_stops_at_the_end_of_the_vmo)
{
	int pipefd[2];
	loff_t at = SIZE - 10;

	ASSERT_EQ(0, pipe2(pipefd, O_CLOEXEC));
	ASSERT_EQ(100, write(pipefd[1], self->buffer, 100));
	if (variant->options) {
		EXPECT_EQ(100, splice(pipefd[0], NULL, self->fd, &at, 100, 0));
		EXPECT_EQ(SIZE + 90, file_size(self->fd));
	} else {
		EXPECT_EQ(10, splice(pipefd[0], NULL, self->fd, &at, 100, 0));
		EXPECT_EQ(SIZE, file_size(self->fd));
		EXPECT_FAILS(EFBIG, splice(pipefd[0], NULL, self->fd, &at, 100, 0));
	}
}

TEST_F(file, copy_file_range_between_vmos)
{
	off_t in = 100, out = 200;
	zx_handle_t other;

	ASSERT_OK(zx_vmo_create(SIZE, 0, &other));
	zt_fill(self->buffer, STREAM, 12);
	EXPECT_EQ(STREAM, pwrite(self->fd, self->buffer, STREAM, 0));
	EXPECT_EQ(STREAM - 100, copy_file_range(self->fd, &in, FD(other), &out, SIZE, 0));
	EXPECT_EQ(STREAM, in);
	EXPECT_EQ(STREAM - 100, pread(FD(other), self->buffer + 100, STREAM - 100, 200));
	EXPECT_EQ(STREAM, (off_t)zt_compare(self->buffer, STREAM, 12));
}

/* The rest of the habit */

TEST_F(file, sync_has_nothing_to_do)
{
	EXPECT_EQ(0, fsync(self->fd));
	EXPECT_EQ(0, fdatasync(self->fd));
	EXPECT_EQ(0, posix_fadvise(self->fd, 0, 0, POSIX_FADV_WILLNEED));
	EXPECT_EQ(0, posix_fadvise(self->fd, 0, 0, POSIX_FADV_DONTNEED));
}

TEST_F(file, locks_work)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10 };
	int status = -1;
	pid_t child;

	EXPECT_EQ(0, flock(self->fd, LOCK_EX | LOCK_NB));
	EXPECT_EQ(0, fcntl(self->fd, F_SETLK, &lock));
	child = fork();
	if (!child) {
		zx_handle_t own;

		zx_handle_duplicate(self->vmo, ZX_RIGHT_SAME_RIGHTS, &own);
		_exit((flock(FD(own), LOCK_EX | LOCK_NB) ? 0 : 1) |
		      (fcntl(FD(own), F_SETLK, &lock) ? 0 : 2));
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

/* One memory, whichever way it is reached */
TEST_F(file, coherent_with_mappings_and_commands)
{
	char *mapping = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	char byte = 0;

	ASSERT_NE(MAP_FAILED, mapping);
	EXPECT_EQ(1, pwrite(self->fd, "a", 1, 10));
	EXPECT_EQ('a', mapping[10]);
	mapping[11] = 'b';
	EXPECT_EQ(1, pread(self->fd, &byte, 1, 11));
	EXPECT_EQ('b', byte);
	EXPECT_EQ('b', mapping[11]);
	ASSERT_OK(zx_vmo_write(self->vmo, "c", 12, 1));
	EXPECT_EQ(1, pread(self->fd, &byte, 1, 12));
	EXPECT_EQ('c', byte);
	/* Writing through a mapping makes no file longer */
	mapping[SIZE - 1] = 'd';
	EXPECT_EQ(STREAM, file_size(self->fd));
	EXPECT_EQ(0, pread(self->fd, &byte, 1, SIZE - 1));
	/* A file may be read into its own mapping, and written from it */
	EXPECT_EQ(PAGE, pwrite(self->fd, mapping, PAGE, PAGE));
	EXPECT_EQ('a', mapping[PAGE + 10]);
	EXPECT_EQ(PAGE / 2, pread(self->fd, mapping + PAGE / 2, PAGE / 2, 0));
	EXPECT_EQ('b', mapping[PAGE / 2 + 11]);
}

/* Both sizes as the property makes them: the stream beyond the VMO */
TEST_F(file, stream_beyond_the_vmo)
{
	bool bounded = variant->options != ZX_VMO_UNBOUNDED;
	uint64_t size = SIZE + 15643;
	ssize_t n, total = 0;

	ASSERT_OK(zx_object_set_property(self->vmo, ZX_PROP_VMO_CONTENT_SIZE, &size, sizeof(size)));
	while ((n = read(self->fd, self->buffer, PAGE)) > 0)
		total += n;
	EXPECT_EQ(0, n);
	EXPECT_EQ(bounded ? SIZE : (ssize_t)size, total);
	EXPECT_EQ(bounded ? 0 : 10, pread(self->fd, self->buffer, 10, SIZE + 1));
}

/* A loop that writes until it is told to stop, as programs do */
TEST(write_until_full)
{
	off_t written = 0;
	zx_handle_t vmo;
	char data[3000];
	ssize_t n;

	memset(data, 'f', sizeof(data));
	ASSERT_OK(zx_vmo_create(SIZE, 0, &vmo));
	while ((n = write(FD(vmo), data, sizeof(data))) > 0)
		written += n;
	EXPECT_EQ(-1, n);
	EXPECT_ERRNO(EFBIG, errno);
	EXPECT_EQ(SIZE, written);
	EXPECT_EQ(SIZE, lseek(FD(vmo), 0, SEEK_CUR));
}

/* Growing is what the right to resize is for */
TEST(write_without_resize)
{
	zx_handle_t vmo, poor;
	char data[2 * PAGE];

	memset(data, 'r', sizeof(data));
	ASSERT_OK(zx_vmo_create(SIZE, ZX_VMO_RESIZABLE, &vmo));
	ASSERT_OK(zx_handle_duplicate(vmo, ZX_DEFAULT_VMO_RIGHTS, &poor));
	EXPECT_EQ(PAGE, pwrite(FD(poor), data, 2 * PAGE, SIZE - PAGE));
	EXPECT_FAILS(EFBIG, pwrite(FD(poor), data, 1, SIZE));
	EXPECT_FAILS(EFBIG, fallocate(FD(poor), 0, SIZE, 1));
	EXPECT_EQ(SIZE, vmo_size(vmo));
	EXPECT_EQ(SIZE, file_size(FD(vmo)));
	EXPECT_EQ(2 * PAGE, pwrite(FD(vmo), data, 2 * PAGE, SIZE - PAGE));
	EXPECT_EQ(SIZE + PAGE, vmo_size(vmo));
}

/* How far file calls reach: past what 31 bits hold, to the last of 2^63 - 1 bytes */

TEST(large_files)
{
	static const off_t places[] = { (1LL << 31) - 1, 1LL << 31, 1LL << 32, 1LL << 50 };
	static const uint32_t options[] = { ZX_VMO_RESIZABLE, ZX_VMO_UNBOUNDED };

	for (unsigned int i = 0; i < ARRAY_SIZE(options); i++) {
		zx_handle_t vmo;

		ASSERT_OK(zx_vmo_create(0, options[i], &vmo));
		for (unsigned int j = 0; j < ARRAY_SIZE(places); j++) {
			char byte[2] = {};

			EXPECT_EQ(0, ftruncate(FD(vmo), 0));
			EXPECT_EQ(2, pwrite(FD(vmo), "ab", 2, places[j]));
			EXPECT_EQ(places[j] + 2, file_size(FD(vmo)));
			EXPECT_EQ(1, pread(FD(vmo), byte, 2, places[j] + 1));
			EXPECT_EQ('b', byte[0]);
			EXPECT_EQ(0, ftruncate(FD(vmo), places[j] + 1));
			EXPECT_EQ(places[j] + 1, file_size(FD(vmo)));
			EXPECT_EQ(0, fallocate(FD(vmo), 0, places[j], 100));
			EXPECT_EQ(places[j] + 100, lseek(FD(vmo), 0, SEEK_END));
		}
	}
}

TEST(unbounded_last_byte)
{
	zx_handle_t vmo;
	char byte = 0;
	int fd;

	ASSERT_OK(zx_vmo_create(0, ZX_VMO_UNBOUNDED, &vmo));
	fd = FD(vmo);
	EXPECT_EQ(0, file_size(fd));
	EXPECT_EQ(1, pwrite(fd, "z", 1, LAST - 1));
	EXPECT_EQ(LAST, file_size(fd));
	EXPECT_EQ(LAST, stream_size(vmo));
	EXPECT_EQ(PAGE, file_bytes(fd));
	EXPECT_EQ(1, pread(fd, &byte, 1, LAST - 1));
	EXPECT_EQ('z', byte);
	byte = 0;
	EXPECT_OK(zx_vmo_read(vmo, &byte, LAST - 1, 1));
	EXPECT_EQ('z', byte);
	EXPECT_EQ((LAST - 1) & -PAGE, lseek(fd, 0, SEEK_DATA));
	EXPECT_EQ(LAST, lseek(fd, LAST - 1, SEEK_HOLE));
	EXPECT_EQ(LAST, lseek(fd, 0, SEEK_END));
	EXPECT_FAILS(EFBIG, fallocate(fd, 0, LAST, 1));
	/* The page has one byte more than the file */
	EXPECT_EQ(0, fallocate(fd, PUNCH, 0, LAST));
	EXPECT_EQ(PAGE, file_bytes(fd));
	EXPECT_EQ(1, pread(fd, &byte, 1, LAST - 1));
	EXPECT_EQ(0, byte);
	EXPECT_EQ(LAST, file_size(fd));
}

/* What lies beyond is not the file's, and not lost */
TEST(unbounded_beyond_the_file)
{
	const uint64_t beyond = 1ULL << 63;
	zx_handle_t vmo;
	char byte = 0;
	int fd;

	ASSERT_OK(zx_vmo_create(beyond + 100, ZX_VMO_UNBOUNDED, &vmo));
	fd = FD(vmo);
	EXPECT_EQ(LAST, file_size(fd));
	ASSERT_OK(zx_vmo_write(vmo, "q", beyond + 10, 1));
	EXPECT_EQ(PAGE, file_bytes(fd));
	EXPECT_FAILS(ENXIO, lseek(fd, 0, SEEK_DATA));
	EXPECT_EQ(1, pread(fd, &byte, 1, LAST - 1));
	EXPECT_EQ(0, byte);
	/* A write in the file does not make it shorter */
	EXPECT_EQ(1, pwrite(fd, "p", 1, 5));
	EXPECT_EQ((off_t)(beyond + 100), stream_size(vmo));
	ASSERT_EQ(0, fallocate(fd, PUNCH, 0, LAST));
	EXPECT_OK(zx_vmo_read(vmo, &byte, beyond + 10, 1));
	EXPECT_EQ('q', byte);
	/* Making it shorter does */
	ASSERT_EQ(0, ftruncate(fd, 100));
	EXPECT_OK(zx_vmo_read(vmo, &byte, beyond + 10, 1));
	EXPECT_EQ(0, byte);
}

TEST(empty_vmo)
{
	zx_handle_t vmo;
	char byte;

	ASSERT_OK(zx_vmo_create(0, 0, &vmo));
	EXPECT_EQ(0, file_size(FD(vmo)));
	EXPECT_EQ(0, read(FD(vmo), &byte, 1));
	EXPECT_FAILS(EFBIG, write(FD(vmo), "x", 1));
	EXPECT_EQ(0, ftruncate(FD(vmo), 0));
	EXPECT_FAILS(EFBIG, ftruncate(FD(vmo), 1));
	EXPECT_FAILS(EFBIG, fallocate(FD(vmo), 0, 0, 1));
	EXPECT_EQ(0, fallocate(FD(vmo), PUNCH, 0, 1));
	EXPECT_FAILS(ENXIO, lseek(FD(vmo), 0, SEEK_DATA));
	EXPECT_EQ(0, lseek(FD(vmo), 0, SEEK_END));

	/* From nothing, as a memfd starts */
	ASSERT_OK(zx_vmo_create(0, ZX_VMO_RESIZABLE, &vmo));
	EXPECT_EQ(5, write(FD(vmo), "hello", 5));
	EXPECT_EQ(5, file_size(FD(vmo)));
	EXPECT_EQ(PAGE, vmo_size(vmo));
}

TEST_HARNESS_MAIN
