// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings of VMOs under those who reach user memory from the kernel: direct
 * I/O, other processes, pipes, ptrace, io_uring, userfaultfd, core dumps.
 */
#include <linux/if_xdp.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "io_test.h"

#define PAGES	8

FIXTURE(gup) {
	zx_handle_t vmo;
	unsigned char *p;
	unsigned char *buffer;	/* PAGES of ordinary memory */
};

FIXTURE_SETUP(gup)
{
	self->vmo = vmo_create(_metadata, PAGES * PAGE, ZX_VMO_RESIZABLE);
	self->p = map_shared(_metadata, self->vmo, 0, PAGES);
	self->buffer = user_pages(_metadata, PAGES, PROT_RW);
}

FIXTURE_TEARDOWN(gup)
{
	EXPECT_OK(zx_handle_close(self->vmo));
}

/* Direct I/O */

TEST_F(gup, direct_write_from_a_mapping)
{
	int disk = open_disk(_metadata);

	fill_disk(_metadata, disk, self->buffer, PAGES, 1);
	zt_fill(self->p, PAGES * PAGE, 2);
	ASSERT_EQ((ssize_t)(PAGES * PAGE), pwrite(disk, self->p, PAGES * PAGE, 0));
	ASSERT_EQ((ssize_t)(PAGES * PAGE),
		  pread(disk, self->buffer, PAGES * PAGE, 0));
	EXPECT_EQ(PAGES * PAGE, zt_compare(self->buffer, PAGES * PAGE, 2));
	EXPECT_EQ(PAGES * PAGE, zt_compare(self->p, PAGES * PAGE, 2));
}

TEST_F(gup, direct_write_from_absent_pages_commits_nothing)
{
	int disk = open_disk(_metadata);

	fill_disk(_metadata, disk, self->buffer, PAGES, 1);
	ASSERT_EQ((ssize_t)(PAGES * PAGE), pwrite(disk, self->p, PAGES * PAGE, 0));
	ASSERT_EQ((ssize_t)(PAGES * PAGE),
		  pread(disk, self->buffer, PAGES * PAGE, 0));
	EXPECT_EQ(PAGES * PAGE, mem_span(self->buffer, PAGES * PAGE, 0));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
}

TEST_F(gup, direct_read_into_a_mapping)
{
	unsigned char *q = map_shared(_metadata, self->vmo, 0, PAGES);
	int disk = open_disk(_metadata);

	fill_disk(_metadata, disk, self->buffer, PAGES, 1);
	memset(self->p, 'A', PAGES * PAGE);
	EXPECT_EQ('A', *q);
	ASSERT_EQ((ssize_t)(PAGES * PAGE), pread(disk, self->p, PAGES * PAGE, 0));
	EXPECT_EQ(PAGES * PAGE, zt_compare(q, PAGES * PAGE, 1));
	ASSERT_OK(zx_vmo_read(self->vmo, self->buffer, 0, PAGES * PAGE));
	EXPECT_EQ(PAGES * PAGE, zt_compare(self->buffer, PAGES * PAGE, 1));
}

TEST_F(gup, direct_read_commits_absent_pages)
{
	int disk = open_disk(_metadata);

	fill_disk(_metadata, disk, self->buffer, PAGES, 1);
	EXPECT_EQ(0, self->p[3 * PAGE]);	/* maps a zero page */
	ASSERT_EQ((ssize_t)(2 * PAGE), pread(disk, self->p + 2 * PAGE, 2 * PAGE, 0));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(2 * PAGE, zt_compare(self->p + 2 * PAGE, 2 * PAGE, 1));
	EXPECT_EQ(2 * PAGE, mem_span(self->p, 2 * PAGE, 0));
	check_zero_pages(_metadata);
}

TEST_F(gup, direct_read_into_a_private_mapping_stays_private)
{
	unsigned char *private = map_private(_metadata, self->vmo, 0, PAGES);
	int disk = open_disk(_metadata);

	fill_disk(_metadata, disk, self->buffer, PAGES, 1);
	vmo_fill(_metadata, self->vmo, 0, PAGE, 'A');
	EXPECT_EQ('A', private[0]);
	ASSERT_EQ((ssize_t)(2 * PAGE), pread(disk, private, 2 * PAGE, 0));
	EXPECT_EQ(2 * PAGE, zt_compare(private, 2 * PAGE, 1));
	EXPECT_EQ(PAGE, mem_span(self->p, PAGES * PAGE, 'A'));
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
}

TEST_F(gup, direct_read_into_a_read_only_mapping_fails)
{
	unsigned char *ro = map_ro(_metadata, self->vmo, 0, PAGES);
	int disk = open_disk(_metadata);

	fill_disk(_metadata, disk, self->buffer, PAGES, 1);
	EXPECT_EQ(-1, pread(disk, ro, PAGE, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(PAGES * PAGE, mem_span(self->p, PAGES * PAGE, 0));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
}

TEST_F(gup, direct_io_beyond_the_end_fails)
{
	int disk = open_disk(_metadata);

	ASSERT_OK(zx_vmo_set_size(self->vmo, PAGE));
	EXPECT_EQ(-1, pread(disk, self->p + PAGE, PAGE, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, pwrite(disk, self->p + PAGE, PAGE, 0));
	EXPECT_EQ(EFAULT, errno);
}

struct direct_reader {
	int disk;
	unsigned char *p;
	atomic_bool stop;
	atomic_ulong reads, failed;
};

static void act_read_disk(struct actor *actor)
{
	struct direct_reader *reader = actor->arg;

	while (!atomic_load(&reader->stop)) {
		if (pread(reader->disk, reader->p, PAGES * PAGE, 0) ==
		    (ssize_t)(PAGES * PAGE))
			atomic_fetch_add(&reader->reads, 1);
		else
			atomic_fetch_add(&reader->failed, 1);
	}
}

TEST_F(gup, direct_read_while_pages_are_decommitted)
{
	struct direct_reader reader = {
		.disk = open_disk(_metadata), .p = self->p,
	};
	struct actor actor = { .act = act_read_disk, .arg = &reader, .cpu = 1 };
	int64_t end = zx_clock_get_monotonic() + 300000000;
	unsigned long rounds = 0, page, strange = 0;

	fill_disk(_metadata, reader.disk, self->buffer, PAGES, 1);
	pin_to(0);
	actor_start(_metadata, &actor);
	actor_go(&actor);
	for (; !atomic_load(&reader.reads) || zx_clock_get_monotonic() < end;
	     rounds++) {
		ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 0, PAGES));
		for (page = 0; page < PAGES; page++) {
			volatile unsigned char *p = self->p + page * PAGE;
			unsigned char byte = *p;

			strange += byte && byte != self->buffer[page * PAGE];
		}
		usleep(100);	/* or it never gets all its pages at once */
	}
	atomic_store(&reader.stop, true);
	actor_join(_metadata, &actor);
	EXPECT_EQ(0, strange);
	EXPECT_EQ(0, atomic_load(&reader.failed));
	EXPECT_LT(0, rounds);
	/* The last of them all has nobody to disturb it. */
	ASSERT_EQ((ssize_t)(PAGES * PAGE),
		  pread(reader.disk, self->p, PAGES * PAGE, 0));
	EXPECT_EQ(PAGES * PAGE, zt_compare(self->p, PAGES * PAGE, 1));
	check_zero_pages(_metadata);
}

/* Other processes */

TEST_F(gup, process_vm_readv)
{
	struct peer peer = peer_start(_metadata);
	struct iovec to = { self->buffer, PAGES * PAGE };
	struct iovec from = { self->p, PAGES * PAGE };

	vmo_fill(_metadata, self->vmo, PAGE, PAGE, 'A');
	memset(self->buffer, 'x', PAGES * PAGE);
	EXPECT_EQ((ssize_t)(PAGES * PAGE),
		  process_vm_readv(peer.pid, &to, 1, &from, 1, 0));
	EXPECT_EQ(PAGE, mem_span(self->buffer, PAGE, 0));
	EXPECT_EQ(PAGE, mem_span(self->buffer + PAGE, PAGE, 'A'));
	EXPECT_EQ((PAGES - 2) * PAGE,
		  mem_span(self->buffer + 2 * PAGE, (PAGES - 2) * PAGE, 0));
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	peer_stop(_metadata, &peer);
}

TEST_F(gup, process_vm_writev)
{
	struct peer peer = peer_start(_metadata);
	struct iovec from = { self->buffer, 2 * PAGE };
	struct iovec to = { self->p + PAGE, 2 * PAGE };

	EXPECT_EQ(0, self->p[2 * PAGE]);
	zt_fill(self->buffer, PAGES * PAGE, 1);
	EXPECT_EQ((ssize_t)(2 * PAGE),
		  process_vm_writev(peer.pid, &from, 1, &to, 1, 0));
	EXPECT_EQ(2 * PAGE, zt_compare(self->p + PAGE, 2 * PAGE, 1));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
	peer_stop(_metadata, &peer);
}

TEST_F(gup, process_vm_calls_end_where_the_vmo_ends)
{
	struct peer peer = peer_start(_metadata);
	struct iovec local = { self->buffer, PAGES * PAGE };
	struct iovec remote = { self->p, PAGES * PAGE };

	ASSERT_OK(zx_vmo_set_size(self->vmo, 3 * PAGE));
	EXPECT_EQ((ssize_t)(3 * PAGE),
		  process_vm_readv(peer.pid, &local, 1, &remote, 1, 0));
	EXPECT_EQ((ssize_t)(3 * PAGE),
		  process_vm_writev(peer.pid, &local, 1, &remote, 1, 0));
	remote.iov_base = self->p + 3 * PAGE;
	EXPECT_EQ(-1, process_vm_readv(peer.pid, &local, 1, &remote, 1, 0));
	EXPECT_EQ(EFAULT, errno);
	peer_stop(_metadata, &peer);
}

TEST_F(gup, process_vm_writev_respects_the_rights)
{
	unsigned char *ro = map_ro(_metadata, self->vmo, 0, PAGES);
	struct peer peer = peer_start(_metadata);
	struct iovec local = { self->buffer, PAGE };
	struct iovec remote = { ro, PAGE };

	memset(self->buffer, 'A', PAGE);
	EXPECT_EQ(-1, process_vm_writev(peer.pid, &local, 1, &remote, 1, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(PAGE, mem_span(self->p, PAGE, 0));
	peer_stop(_metadata, &peer);
}

/* Pipes */

FIXTURE(pipe) {
	zx_handle_t vmo;
	zx_handle_t other;
	unsigned char *p;
	unsigned char *buffer;
	int in, out;
};

FIXTURE_VARIANT(pipe) {
	/* Makes page 1 of the VMO zero */
	zx_status_t (*remove)(FIXTURE_DATA(pipe) *self);
};

#define REMOVER(name)						\
static zx_status_t by_##name(FIXTURE_DATA(pipe) *self);		\
FIXTURE_VARIANT_ADD(pipe, name) { by_##name };			\
static zx_status_t by_##name(FIXTURE_DATA(pipe) *self)

REMOVER(decommit)
{
	return vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 1, 1);
}

REMOVER(zero)
{
	return vmo_op(self->vmo, ZX_VMO_OP_ZERO, 0, PAGES);
}

REMOVER(resize)
{
	return zx_vmo_set_size(self->vmo, PAGE) ?:
	       zx_vmo_set_size(self->vmo, PAGES * PAGE);
}

REMOVER(transfer)
{
	return zx_vmo_transfer_data(self->other, 0, 0, PAGE, self->vmo, PAGE);
}

FIXTURE_SETUP(pipe)
{
	int fds[2];

	self->vmo = vmo_create(_metadata, PAGES * PAGE, ZX_VMO_RESIZABLE);
	self->other = vmo_create(_metadata, PAGES * PAGE, 0);
	self->p = map_shared(_metadata, self->vmo, 0, PAGES);
	self->buffer = user_pages(_metadata, PAGES, PROT_RW);
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	self->out = fds[0];
	self->in = fds[1];
}

FIXTURE_TEARDOWN(pipe)
{
	EXPECT_OK(zx_handle_close(self->vmo));
	EXPECT_OK(zx_handle_close(self->other));
}

TEST_F(pipe, vmspliced_page_stays_in_the_pipe_when_it_is_removed)
{
	unsigned char *q = map_shared(_metadata, self->other, 0, 1);
	struct iovec iov = { self->p + PAGE, PAGE };

	memset(self->p + PAGE, 'A', PAGE);
	ASSERT_EQ((ssize_t)PAGE, vmsplice(self->in, &iov, 1, 0));
	ASSERT_OK(variant->remove(self));
	EXPECT_EQ(PAGE, mem_span(self->p + PAGE, PAGE, 0));
	EXPECT_EQ(PAGE, vmo_span(self->vmo, PAGE, PAGE, 0));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(variant->remove == by_transfer ? 'A' : 0, q[0]);

	/* Who writes now writes other pages */
	memset(self->p + PAGE, 'B', PAGE);
	memset(q, 'C', PAGE);
	ASSERT_EQ((ssize_t)PAGE, read(self->out, self->buffer, PAGE));
	EXPECT_EQ(PAGE, mem_span(self->buffer, PAGE, 'A'));
	EXPECT_EQ(PAGE, vmo_span(self->vmo, PAGE, PAGE, 'B'));
	check_zero_pages(_metadata);
}

TEST_F(pipe, vmspliced_zero_page_stays_zero)
{
	struct iovec iov = { self->p, 2 * PAGE };

	ASSERT_EQ((ssize_t)(2 * PAGE), vmsplice(self->in, &iov, 1, 0));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
	memset(self->p, 'A', 2 * PAGE);
	ASSERT_OK(variant->remove(self));
	memset(self->buffer, 'x', 2 * PAGE);
	ASSERT_EQ((ssize_t)(2 * PAGE), read(self->out, self->buffer, 2 * PAGE));
	EXPECT_EQ(2 * PAGE, mem_span(self->buffer, 2 * PAGE, 0));
	check_zero_pages(_metadata);
}

/* The VMO may go altogether; the page goes with the last who has it */
TEST_F(pipe, vmspliced_page_outlives_the_vmo)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGE, 0);
	long long objects = zt_stat("objects");
	unsigned char *p = map_shared(_metadata, vmo, 0, 1);
	struct iovec iov = { p, PAGE };

	memset(p, 'A', PAGE);
	ASSERT_EQ((ssize_t)PAGE, vmsplice(self->in, &iov, 1, 0));
	ASSERT_EQ(0, munmap(p, PAGE));
	ASSERT_OK(zx_handle_close(vmo));
	EXPECT_TRUE(WAIT_FOR(zt_stat("objects") == objects - 1));
	ASSERT_EQ((ssize_t)PAGE, read(self->out, self->buffer, PAGE));
	EXPECT_EQ(PAGE, mem_span(self->buffer, PAGE, 'A'));
	ASSERT_OK(variant->remove(self));
}

TEST_F(gup, read_from_a_pipe_into_a_mapping)
{
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	zt_fill(self->buffer, PAGES * PAGE, 1);
	ASSERT_EQ((ssize_t)(PAGES * PAGE), write(fds[1], self->buffer, PAGES * PAGE));
	EXPECT_EQ(0, self->p[PAGE]);
	ASSERT_EQ((ssize_t)(PAGES * PAGE), read(fds[0], self->p, PAGES * PAGE));
	EXPECT_EQ(PAGES * PAGE, zt_compare(self->p, PAGES * PAGE, 1));
	EXPECT_EQ(PAGES, vmo_pages(_metadata, self->vmo));
}

TEST_F(gup, write_from_a_mapping_into_a_pipe)
{
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	memset(self->p + PAGE, 'A', PAGE);
	ASSERT_EQ((ssize_t)(3 * PAGE), write(fds[1], self->p, 3 * PAGE));
	memset(self->buffer, 'x', 3 * PAGE);
	ASSERT_EQ((ssize_t)(3 * PAGE), read(fds[0], self->buffer, 3 * PAGE));
	EXPECT_EQ(PAGE, mem_span(self->buffer, PAGE, 0));
	EXPECT_EQ(PAGE, mem_span(self->buffer + PAGE, PAGE, 'A'));
	EXPECT_EQ(PAGE, mem_span(self->buffer + 2 * PAGE, PAGE, 0));
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	/* Beyond the end nothing is taken */
	ASSERT_OK(zx_vmo_set_size(self->vmo, PAGE));
	EXPECT_EQ(-1, write(fds[1], self->p + PAGE, PAGE));
	EXPECT_EQ(EFAULT, errno);
}

/* ptrace(2) and /proc/PID/mem, which may override protections but not rights */

static void trace(struct __test_metadata *_metadata, pid_t pid)
{
	int status;

	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, pid, 0, 0));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
}

TEST_F(gup, ptrace_peeks_and_pokes)
{
	struct peer peer = peer_start(_metadata);

	trace(_metadata, peer.pid);
	memset(self->p, 'A', PAGE);
	EXPECT_EQ(0x4141414141414141, ptrace(PTRACE_PEEKDATA, peer.pid, self->p, 0));
	EXPECT_EQ(0, ptrace(PTRACE_PEEKDATA, peer.pid, self->p + PAGE, 0));
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(0, ptrace(PTRACE_POKEDATA, peer.pid, self->p + 8, 0x42));
	EXPECT_EQ(0, ptrace(PTRACE_POKEDATA, peer.pid, self->p + PAGE, 0x43));
	EXPECT_EQ(0x42, self->p[8]);
	EXPECT_EQ(0x43, self->p[PAGE]);
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
	errno = 0;
	ASSERT_OK(zx_vmo_set_size(self->vmo, PAGE));
	EXPECT_EQ(-1, ptrace(PTRACE_PEEKDATA, peer.pid, self->p + PAGE, 0));
	EXPECT_NE(0, errno);
	EXPECT_EQ(0, ptrace(PTRACE_DETACH, peer.pid, 0, 0));
	peer_stop(_metadata, &peer);
}

TEST_F(gup, ptrace_does_not_write_what_the_handle_may_not)
{
	zx_handle_t vmo = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);
	unsigned char *ro = map_ro(_metadata, vmo, 0, 1);
	struct peer peer = peer_start(_metadata);

	trace(_metadata, peer.pid);
	memset(self->p, 'A', PAGE);
	EXPECT_EQ(-1, ptrace(PTRACE_POKEDATA, peer.pid, ro, 0x42));
	EXPECT_EQ(PAGE, mem_span(self->p, PAGE, 'A'));
	EXPECT_EQ(0, ptrace(PTRACE_DETACH, peer.pid, 0, 0));
	peer_stop(_metadata, &peer);
}

TEST_F(gup, ptrace_does_not_read_what_the_handle_may_not)
{
	zx_handle_t vmo = without_rights(_metadata, self->vmo, ZX_RIGHT_READ);
	unsigned char *none = map_fd(_metadata, vmo, PROT_NONE, MAP_SHARED, 0, 1);
	struct peer peer = peer_start(_metadata);

	trace(_metadata, peer.pid);
	memset(self->p, 'A', PAGE);
	errno = 0;
	EXPECT_EQ(-1, ptrace(PTRACE_PEEKDATA, peer.pid, none, 0));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(0, ptrace(PTRACE_DETACH, peer.pid, 0, 0));
	peer_stop(_metadata, &peer);
}

TEST_F(gup, ptrace_pokes_a_copy_of_a_private_mapping)
{
	unsigned char *private = map_fd(_metadata, self->vmo, PROT_READ,
					MAP_PRIVATE, 0, 2);
	struct peer peer = peer_start(_metadata);

	trace(_metadata, peer.pid);
	memset(self->p, 'A', PAGE);
	EXPECT_EQ(0, ptrace(PTRACE_POKEDATA, peer.pid, private, 0x42));
	EXPECT_EQ(0, ptrace(PTRACE_POKEDATA, peer.pid, private + PAGE, 0x42));
	EXPECT_EQ(0x42, ptrace(PTRACE_PEEKDATA, peer.pid, private, 0));
	EXPECT_EQ(PAGE, mem_span(self->p, 2 * PAGE, 'A'));
	EXPECT_EQ(PAGE, mem_span(private, PAGE, 'A'));
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(0, ptrace(PTRACE_DETACH, peer.pid, 0, 0));
	peer_stop(_metadata, &peer);
}

TEST_F(gup, proc_mem)
{
	zx_handle_t vmo = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);
	unsigned char *ro = map_ro(_metadata, vmo, 0, 1);
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	unsigned char byte = 'B';

	ASSERT_LE(0, mem);
	EXPECT_EQ(1, pread(mem, self->buffer, 1, (uintptr_t)self->p + PAGE));
	EXPECT_EQ(0, self->buffer[0]);
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(1, pwrite(mem, &byte, 1, (uintptr_t)self->p));
	EXPECT_EQ('B', ro[0]);
	byte = 'C';
	EXPECT_EQ(-1, pwrite(mem, &byte, 1, (uintptr_t)ro));
	EXPECT_EQ('B', self->p[0]);
}

/* io_uring, whose registered buffers are pinned for long */

static struct ring ring_setup(struct __test_metadata *_metadata)
{
	struct ring ring;

	ASSERT_EQ(0, ring_open(&ring));
	return ring;
}

static int ring_register(struct ring *ring, void *p, size_t length)
{
	struct iovec iov = { p, length };

	return syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_BUFFERS,
		       &iov, 1) ? errno : 0;
}

static void pipe_with(struct __test_metadata *_metadata, int *fds, void *p,
		      size_t length)
{
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	ASSERT_EQ((ssize_t)length, write(fds[1], p, length));
}

TEST_F(gup, io_uring_reads_and_writes)
{
	struct ring ring = ring_setup(_metadata);
	int fds[2];

	zt_fill(self->buffer, PAGES * PAGE, 1);
	pipe_with(_metadata, fds, self->buffer, 2 * PAGE);
	EXPECT_EQ((int)(2 * PAGE), ring_submit(&ring, IORING_OP_READ, fds[0],
					       self->p + PAGE, 2 * PAGE, -1));
	EXPECT_EQ(2 * PAGE, zt_compare(self->p + PAGE, 2 * PAGE, 1));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ((int)(3 * PAGE), ring_submit(&ring, IORING_OP_WRITE, fds[1],
					       self->p, 3 * PAGE, -1));
	EXPECT_EQ((ssize_t)(3 * PAGE), read(fds[0], self->buffer, 3 * PAGE));
	EXPECT_EQ(PAGE, mem_span(self->buffer, PAGE, 0));
	EXPECT_EQ(2 * PAGE, zt_compare(self->buffer + PAGE, 2 * PAGE, 1));
}

/* io_uring takes no file mapping at all before 6.5, after that see long_term_pin */
TEST_F(gup, io_uring_registered_buffer)
{
	struct ring ring = ring_setup(_metadata);

	self->p[0] = 'A';
	EXPECT_ERRNO(kernel_is_at_least(6, 5) ? EFAULT : EOPNOTSUPP,
		     ring_register(&ring, self->p, 2 * PAGE));
	EXPECT_EQ('A', self->p[0]);
	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 0, PAGES));
	EXPECT_EQ(2 * PAGE, mem_span(self->p, 2 * PAGE, 0));
	self->p[0] = 'B';
	EXPECT_EQ(1, vmo_span(self->vmo, 0, PAGE, 'B'));
	check_zero_pages(_metadata);
}

TEST_F(gup, io_uring_registered_private_buffer)
{
	unsigned char *private = map_private(_metadata, self->vmo, 0, 2);
	struct ring ring = ring_setup(_metadata);
	bool taken = kernel_is_at_least(6, 5);
	int fds[2];

	vmo_fill(_metadata, self->vmo, 0, PAGE, 'A');
	EXPECT_ERRNO(taken ? 0 : EOPNOTSUPP,
		     ring_register(&ring, private, 2 * PAGE));
	zt_fill(self->buffer, 2 * PAGE, 1);
	pipe_with(_metadata, fds, self->buffer, 2 * PAGE);
	EXPECT_EQ((int)(2 * PAGE),
		  ring_submit(&ring, taken ? IORING_OP_READ_FIXED : IORING_OP_READ, fds[0],
			      private, 2 * PAGE, -1));
	EXPECT_EQ(2 * PAGE, zt_compare(private, 2 * PAGE, 1));
	EXPECT_EQ(PAGE, mem_span(self->p, 2 * PAGE, 'A'));
	/* Copies that are pinned go with a shrink, too */
	ASSERT_OK(zx_vmo_set_size(self->vmo, PAGE));
	EXPECT_SIGBUS(private + PAGE);
}

/*
 * An XDP socket pins its memory for as long as it lives, for writing. From 6.5
 * on the kernel refuses that for file mappings that track writes, as ours do.
 */
TEST_F(gup, long_term_pin)
{
	struct xdp_umem_reg umem = {
		.addr = (uintptr_t)self->p, .len = 2 * PAGE, .chunk_size = PAGE,
	};
	int sock = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	long long pages;

	ASSERT_LE(0, sock);
	self->p[0] = 'A';
	if (kernel_is_at_least(6, 5)) {
		EXPECT_EQ(-1, setsockopt(sock, SOL_XDP, XDP_UMEM_REG, &umem,
					 sizeof(umem)));
		EXPECT_EQ(EFAULT, errno);
		EXPECT_EQ('A', self->p[0]);
		return;
	}
	ASSERT_EQ(0, setsockopt(sock, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ('A', self->p[0]);
	self->p[1] = 'B';
	EXPECT_EQ(1, vmo_span(self->vmo, 1, 1, 'B'));

	/* Pinned pages leave the VMO as others do, and come back to nobody */
	pages = zt_stat("pages");
	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 0, PAGES));
	EXPECT_EQ(2 * PAGE, mem_span(self->p, 2 * PAGE, 0));
	EXPECT_EQ(pages - 2, zt_stat("pages"));
	self->p[0] = 'C';
	close(sock);
	usleep(10000);	/* the last of it is let go by a worker */
	EXPECT_EQ(1, vmo_span(self->vmo, 0, PAGE, 'C'));
	check_zero_pages(_metadata);
}

/* userfaultfd */

#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC	(1 << 15)
#endif

static int uffd_open(struct __test_metadata *_metadata, uint64_t features,
		     int *error)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	ASSERT_LE(0, fd);
	*error = ioctl(fd, UFFDIO_API, &api) ? errno : 0;
	return fd;
}

TEST_F(gup, userfaultfd_is_refused)
{
	static const uint64_t modes[] = {
		UFFDIO_REGISTER_MODE_MISSING, UFFDIO_REGISTER_MODE_WP,
		UFFDIO_REGISTER_MODE_MINOR,
	};
	unsigned char *private = map_private(_metadata, self->vmo, 0, PAGES);
	struct uffdio_register range;
	int error, uffd = uffd_open(_metadata, 0, &error);
	size_t i;

	ASSERT_EQ(0, error);
	for (i = 0; i < ARRAY_SIZE(modes) * 2; i++) {
		range = (struct uffdio_register) {
			.range.start = (uintptr_t)(i % 2 ? private : self->p),
			.range.len = PAGES * PAGE,
			.mode = modes[i / 2],
		};
		EXPECT_EQ(-1, ioctl(uffd, UFFDIO_REGISTER, &range));
		EXPECT_EQ(EINVAL, errno);
	}
	self->p[0] = 'A';
	EXPECT_EQ('A', private[0]);
	EXPECT_EQ(0, private[PAGE]);
}

/*
 * From 6.7 on it takes every kind of mapping where there is nobody to tell;
 * later kernels took that back for mappings like ours. Both are fine.
 */
TEST_F(gup, userfaultfd_write_protects_asynchronously_or_not_at_all)
{
	unsigned char *q = map_shared(_metadata, self->vmo, 0, PAGES);
	struct uffdio_register range = {
		.range = { (uintptr_t)self->p, PAGES * PAGE },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect protect = {
		.range = range.range, .mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int error, uffd = uffd_open(_metadata, UFFD_FEATURE_WP_ASYNC, &error);
	bool taken;

	if (!kernel_is_at_least(6, 7)) {
		EXPECT_ERRNO(EINVAL, error);
		return;
	}
	ASSERT_EQ(0, error);
	taken = !ioctl(uffd, UFFDIO_REGISTER, &range);
	if (!taken)
		EXPECT_EQ(EINVAL, errno);
	self->p[0] = 'A';
	EXPECT_EQ(0, self->p[PAGE]);
	if (taken)
		ASSERT_EQ(0, ioctl(uffd, UFFDIO_WRITEPROTECT, &protect));
	self->p[0] = 'B';		/* a page, write-protected */
	self->p[PAGE] = 'C';		/* a zero page */
	self->p[2 * PAGE] = 'D';	/* nothing */
	EXPECT_EQ('B', q[0]);
	EXPECT_EQ('C', q[PAGE]);
	EXPECT_EQ('D', q[2 * PAGE]);
	EXPECT_EQ(3, vmo_pages(_metadata, self->vmo));

	if (taken)
		ASSERT_EQ(0, ioctl(uffd, UFFDIO_WRITEPROTECT, &protect));
	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 0, PAGES));
	EXPECT_EQ(PAGES * PAGE, mem_span(self->p, PAGES * PAGE, 0));
	self->p[PAGE] = 'E';
	EXPECT_EQ('E', q[PAGE]);
	ASSERT_OK(zx_vmo_set_size(self->vmo, PAGE));
	EXPECT_SIGBUS(self->p + PAGE);
	check_zero_pages(_metadata);
}

/* Core dumps */

#define CORE_PATTERN	"/proc/sys/kernel/core_pattern"
#define CORE_FILE	"/tmp/zxvmo-core"

FIXTURE(core) {
	char pattern[256];
};

FIXTURE_SETUP(core)
{
	int fd = open(CORE_PATTERN, O_RDONLY | O_CLOEXEC);

	ASSERT_LT(0, read(fd, self->pattern, sizeof(self->pattern) - 1));
	close(fd);
	ASSERT_EQ(0, write_text(CORE_PATTERN, CORE_FILE));
	ASSERT_EQ(0, write_text("/proc/sys/kernel/core_uses_pid", "0"));
}

FIXTURE_TEARDOWN_PARENT(core)
{
	if (self->pattern[0])
		write_text(CORE_PATTERN, self->pattern);
	unlink(CORE_FILE);
}

TEST_F(core, holds_the_contents_and_changes_nothing)
{
	zx_handle_t vmo = vmo_create(_metadata, 4 * PAGE, 0);
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	unsigned char *core, *found, pattern[256];
	size_t size, seen = 0;
	int status, fd;
	pid_t pid;

	zt_fill(pattern, sizeof(pattern), 0xc04e);
	ASSERT_OK(zx_vmo_write(vmo, pattern, PAGE, sizeof(pattern)));
	explicit_bzero(pattern, sizeof(pattern)); /* where it must not be found */
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		/* Pages that are absent, present and beyond the end */
		map_shared(_metadata, vmo, 0, PAGES);
		setrlimit(RLIMIT_CORE, &unlimited);
		write_text("/proc/self/coredump_filter", "0x7f");
		abort();
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGABRT, WTERMSIG(status));
	ASSERT_TRUE(WCOREDUMP(status));
	EXPECT_EQ(1, vmo_pages(_metadata, vmo));

	fd = open(CORE_FILE, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	size = lseek(fd, 0, SEEK_END);
	core = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, core);
	zt_fill(pattern, sizeof(pattern), 0xc04e);
	for (found = core; found; found++) {
		found = memmem(found, core + size - found, pattern,
			       sizeof(pattern));
		if (!found)
			break;
		seen++;
	}
	EXPECT_EQ(1, seen);
}

TEST_HARNESS_MAIN
