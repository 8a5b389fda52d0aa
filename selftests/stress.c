// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several processes, each with several threads, do everything at random to a few
 * VMOs that they share, get signals, fork and are killed.
 *
 * Nobody writes anything but bytes of its own from a small range, so whatever
 * else is read, but zero, came from where it should not have. One VMO is handed
 * out without the right to write: it must not change. Nothing may be left when
 * all are gone.
 *
 * ZXVMO_STRESS_SECONDS makes it longer, ZXVMO_STRESS_SEED different.
 */
#include <sys/socket.h>
#include <sys/time.h>
#include <zircon/zxvmo.h>

#include "mem_test.h"

#define PROCESSES	4
#define THREADS		2
#define VMOS		6	/* that all know from the start */
#define MAX_PAGES	32
#define HANDLES		12	/* that a thread keeps */
#define SLOTS		6	/* mappings that a thread keeps */

#define BYTE(worker)	(0x40 + (worker) % 32)
#define IS_BYTE(byte)	(!(byte) || ((byte) & 0xe0) == 0x40)
#define FROZEN		0x7e

/* What the threads do; each comes about equally often */
#define OPS(X)								\
	X(load) X(store) X(vmo_read) X(vmo_write) X(copy_mapped)	\
	X(commit) X(decommit) X(zero) X(hint) X(resize) X(stream)	\
	X(transfer) X(map) X(unmap) X(advise) X(protect) X(move)	\
	X(create) X(child) X(duplicate) X(replace) X(close) X(info)	\
	X(pass) X(receive) X(file) X(punch) X(splice) X(other_process)		\
	X(frozen) X(event) X(fork)

enum op {
#define OP_ENUM(name) OP_##name,
	OPS(OP_ENUM)
	NR_OPS
};

static const char *const op_names[] = {
#define OP_NAME(name) #name,
	OPS(OP_NAME)
};

/* What all processes share, besides the VMOs */
struct board {
	atomic_bool stop;
	atomic_uint errors;
	atomic_ulong done[NR_OPS];	/* with success */
	char first_error[256];
	atomic_int pids[PROCESSES];
};

struct slot {
	unsigned char *p;
	size_t pages;
};

struct worker {
	unsigned int id;
	uint64_t random;
	enum op op;
	zx_handle_t handles[HANDLES];
	struct slot slots[SLOTS];
	unsigned char buffer[4 * 4096];
};

static struct board *board;
static zx_handle_t vmos[VMOS];
static zx_handle_t frozen;		/* without WRITE */
static unsigned char *base[VMOS];	/* mapped before all began: in everybody */
static unsigned char *frozen_base;
static int mail[2];			/* a socket pair */

static void error(struct worker *worker, const char *what, long value)
{
	if (!atomic_fetch_add(&board->errors, 1))
		snprintf(board->first_error, sizeof(board->first_error),
			 "worker %u, %s: %s 0x%lx", worker->id,
			 op_names[worker->op], what, value);
}

/* Statuses that these calls have no reason to return, ever */
static bool check_status(struct worker *worker, zx_status_t status)
{
	switch (status) {
	case ZX_OK:
		atomic_fetch_add(&board->done[worker->op], 1);
		return true;
	case ZX_ERR_NO_MEMORY:
	case ZX_ERR_NO_RESOURCES:
	case ZX_ERR_INVALID_ARGS:
	case ZX_ERR_BAD_HANDLE:
	case ZX_ERR_OUT_OF_RANGE:
	case ZX_ERR_UNAVAILABLE:
	case ZX_ERR_ACCESS_DENIED:
	case ZX_ERR_NOT_FOUND:
	case ZX_ERR_NOT_SUPPORTED:
	case ZX_ERR_WRONG_TYPE:
	case ZX_ERR_TIMED_OUT:
	case ZX_ERR_CANCELED:
		return false;
	default:
		error(worker, "status", status);
		return false;
	}
}

static void check_bytes(struct worker *worker, const unsigned char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!IS_BYTE(p[i])) {
			error(worker, "byte", p[i]);
			return;
		}
	}
}

static uint64_t below(struct worker *worker, uint64_t limit)
{
	worker->random ^= worker->random << 13;
	worker->random ^= worker->random >> 7;
	worker->random ^= worker->random << 17;
	return (worker->random >> 11) % limit;
}

static zx_handle_t any_vmo(struct worker *worker)
{
	unsigned int i = below(worker, VMOS + HANDLES);

	return i < VMOS ? vmos[i] : worker->handles[i - VMOS];
}

static zx_handle_t *any_own(struct worker *worker)
{
	return &worker->handles[below(worker, HANDLES)];
}

/* Gives up what was there */
static void keep(struct worker *worker, zx_handle_t handle)
{
	zx_handle_t *place = any_own(worker);

	zx_handle_close(*place);
	*place = handle;
}

static struct slot *any_slot(struct worker *worker)
{
	return &worker->slots[below(worker, SLOTS)];
}

/* Some byte of some mapping, own or common, and what is left from there on */
static unsigned char *any_address(struct worker *worker, size_t *length)
{
	struct slot *slot = any_slot(worker);
	unsigned char *p = slot->p;
	size_t size = slot->pages * PAGE, offset;

	if (!p || !below(worker, 4)) {
		p = base[below(worker, VMOS)];
		size = MAX_PAGES * PAGE;
	}
	offset = below(worker, size);
	if (length)
		*length = 1 + below(worker, size - offset);
	return p + offset;
}

static uint64_t any_offset(struct worker *worker)
{
	return below(worker, MAX_PAGES) * PAGE;
}

static uint64_t any_length(struct worker *worker)
{
	return (1 + below(worker, 4)) * PAGE;
}

static void do_load(struct worker *worker)
{
	unsigned char byte = 0;
	int i;

	for (i = 0; i < 8; i++) {
		if (!try(load, any_address(worker, NULL), &byte).signal) {
			check_bytes(worker, &byte, 1);
			check_status(worker, ZX_OK);
		}
	}
}

static void do_store(struct worker *worker)
{
	unsigned char byte = BYTE(worker->id);
	int i;

	for (i = 0; i < 4; i++)
		if (!try(store, any_address(worker, NULL), &byte).signal)
			check_status(worker, ZX_OK);
}

static void do_vmo_read(struct worker *worker)
{
	uint64_t length = 1 + below(worker, sizeof(worker->buffer));

	if (check_status(worker, zx_vmo_read(any_vmo(worker), worker->buffer,
					     any_offset(worker), length)))
		check_bytes(worker, worker->buffer, length);
}

static void do_vmo_write(struct worker *worker)
{
	uint64_t length = 1 + below(worker, sizeof(worker->buffer));

	memset(worker->buffer, BYTE(worker->id), length);
	check_status(worker, zx_vmo_write(any_vmo(worker), worker->buffer,
					  any_offset(worker), length));
}

/* From a mapping of a VMO to a VMO, or the other way, perhaps the same */
static void do_copy_mapped(struct worker *worker)
{
	size_t length;
	unsigned char *p = any_address(worker, &length);

	if (below(worker, 2))
		check_status(worker, zx_vmo_read(any_vmo(worker), p,
						 any_offset(worker), length));
	else
		check_status(worker, zx_vmo_write(any_vmo(worker), p,
						  any_offset(worker), length));
}

static void op_range(struct worker *worker, uint32_t op)
{
	check_status(worker, zx_vmo_op_range(any_vmo(worker), op,
					     any_offset(worker),
					     any_length(worker), NULL, 0));
}

static void do_commit(struct worker *worker)
{
	op_range(worker, ZX_VMO_OP_COMMIT);
}

static void do_decommit(struct worker *worker)
{
	op_range(worker, ZX_VMO_OP_DECOMMIT);
}

static void do_zero(struct worker *worker)
{
	uint64_t offset = any_offset(worker) + below(worker, PAGE);

	check_status(worker, zx_vmo_op_range(any_vmo(worker), ZX_VMO_OP_ZERO,
					     offset, below(worker, 4 * PAGE),
					     NULL, 0));
}

static void do_hint(struct worker *worker)
{
	static const uint32_t ops[] = {
		ZX_VMO_OP_CACHE_SYNC, ZX_VMO_OP_CACHE_CLEAN,
		ZX_VMO_OP_CACHE_CLEAN_INVALIDATE, ZX_VMO_OP_DONT_NEED,
		ZX_VMO_OP_ALWAYS_NEED, ZX_VMO_OP_PREFETCH, ZX_VMO_OP_LOCK,
	};

	op_range(worker, ops[below(worker, ARRAY_SIZE(ops))]);
}

static void do_resize(struct worker *worker)
{
	check_status(worker, zx_vmo_set_size(any_vmo(worker),
					     below(worker, MAX_PAGES * PAGE + 1)));
}

static void do_stream(struct worker *worker)
{
	check_status(worker, zx_vmo_set_stream_size(any_vmo(worker),
						    below(worker, MAX_PAGES * PAGE)));
}

static void do_transfer(struct worker *worker)
{
	check_status(worker, zx_vmo_transfer_data(any_vmo(worker), 0,
						  any_offset(worker),
						  any_length(worker),
						  any_vmo(worker),
						  any_offset(worker)));
}

static void do_map(struct worker *worker)
{
	struct slot *slot = any_slot(worker);
	int prot = below(worker, 4) ? PROT_RW : PROT_READ;
	int flags = below(worker, 4) ? MAP_SHARED : MAP_PRIVATE;
	zx_handle_t vmo = any_vmo(worker);
	uint64_t offset = any_offset(worker);
	zx_vaddr_t addr;
	void *p;

	if (slot->p)
		munmap(slot->p, slot->pages * PAGE);
	slot->p = NULL;
	slot->pages = 1 + below(worker, MAX_PAGES);
	if (!below(worker, 3)) {
		if (!check_status(worker,
				  zx_vmar_map(zx_vmar_root_self(),
					      ZX_VM_PERM_READ | ZX_VM_PERM_WRITE,
					      0, vmo, offset, slot->pages * PAGE,
					      &addr)))
			return;
		p = (void *)addr;
	} else {
		p = mmap(NULL, slot->pages * PAGE, prot, flags, fd_of(vmo), offset);
		if (p == MAP_FAILED)
			return;
		check_status(worker, ZX_OK);
	}
	slot->p = p;
}

static void do_unmap(struct worker *worker)
{
	struct slot *slot = any_slot(worker);
	size_t first;

	if (!slot->p)
		return;
	first = below(worker, slot->pages);
	if (below(worker, 2))
		check_status(worker, zx_vmar_unmap(zx_vmar_root_self(),
						   (zx_vaddr_t)slot->p + first * PAGE,
						   (slot->pages - first) * PAGE));
	else if (!munmap(slot->p + first * PAGE, (slot->pages - first) * PAGE))
		check_status(worker, ZX_OK);
	slot->pages = first;
	if (!first)
		slot->p = NULL;
}

static void do_advise(struct worker *worker)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_POPULATE_READ, MADV_POPULATE_WRITE,
		MADV_REMOVE, MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED,
	};
	struct slot *slot = any_slot(worker);

	if (slot->p && !madvise(slot->p, slot->pages * PAGE,
				advice[below(worker, ARRAY_SIZE(advice))]))
		check_status(worker, ZX_OK);
}

static void do_protect(struct worker *worker)
{
	struct slot *slot = any_slot(worker);
	zx_vm_option_t options = below(worker, 4);	/* one of them is wrong */

	if (slot->p)
		check_status(worker, zx_vmar_protect(zx_vmar_root_self(), options,
						     (zx_vaddr_t)slot->p,
						     (1 + below(worker, slot->pages)) *
						     PAGE));
}

static void do_move(struct worker *worker)
{
	struct slot *slot = any_slot(worker);
	size_t length = slot->pages * PAGE;
	void *to, *p;

	if (!slot->p)
		return;
	to = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (to == MAP_FAILED)
		return;
	p = mremap(slot->p, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (p == MAP_FAILED) {	/* made of several mappings by now */
		munmap(to, length);
	} else {
		slot->p = p;
		check_status(worker, ZX_OK);
	}
}

static void do_create(struct worker *worker)
{
	static const uint32_t options[] = { 0, ZX_VMO_RESIZABLE, ZX_VMO_UNBOUNDED };
	zx_handle_t vmo;

	if (check_status(worker, zx_vmo_create(below(worker, MAX_PAGES * PAGE),
					       options[below(worker, 3)], &vmo)))
		keep(worker, vmo);
}

/* Of what is frozen nothing but a copy, which anybody may change. */
static void do_child(struct worker *worker)
{
	static const uint32_t options[] = {
		ZX_VMO_CHILD_SNAPSHOT, ZX_VMO_CHILD_SNAPSHOT | ZX_VMO_CHILD_RESIZABLE,
		ZX_VMO_CHILD_SNAPSHOT | ZX_VMO_CHILD_NO_WRITE,
		ZX_VMO_CHILD_SNAPSHOT_MODIFIED, ZX_VMO_CHILD_SLICE,
		ZX_VMO_CHILD_REFERENCE, ZX_VMO_CHILD_REFERENCE | ZX_VMO_CHILD_RESIZABLE,
	};
	uint32_t option = options[below(worker, ARRAY_SIZE(options))];
	bool whole = option & ZX_VMO_CHILD_REFERENCE;
	zx_handle_t child;

	if (!below(worker, 4)) {
		if (zx_vmo_create_child(frozen, ZX_VMO_CHILD_SNAPSHOT, 0, MAX_PAGES * PAGE,
					&child))
			return;
		if (zx_vmo_read(child, worker->buffer, any_offset(worker), PAGE) ||
		    mem_span(worker->buffer, PAGE, FROZEN) != PAGE)
			error(worker, "child of what is frozen", worker->buffer[0]);
		zx_vmo_write(child, "\1", any_offset(worker), 1);
		zx_handle_close(child);
		return;
	}
	if (check_status(worker, zx_vmo_create_child(any_vmo(worker), option,
						     whole ? 0 : any_offset(worker),
						     whole ? 0 : any_length(worker), &child)))
		keep(worker, child);
}

static void do_duplicate(struct worker *worker)
{
	zx_rights_t rights = ZX_DEFAULT_VMO_RIGHTS;
	zx_handle_t copy;

	if (!below(worker, 4))
		rights &= ~(1U << below(worker, 16));
	if (check_status(worker, zx_handle_duplicate(any_vmo(worker), rights, &copy)))
		keep(worker, copy);
}

static void do_replace(struct worker *worker)
{
	zx_handle_t *place = any_own(worker);
	zx_handle_t handle;

	if (check_status(worker, zx_handle_replace(*place, ZX_RIGHT_SAME_RIGHTS,
						   &handle)))
		*place = handle;
}

static void do_close(struct worker *worker)
{
	zx_handle_t *place = any_own(worker);

	if (check_status(worker, zx_handle_close(*place)))
		*place = ZX_HANDLE_INVALID;
}

static void do_info(struct worker *worker)
{
	zx_info_vmo_t info;
	zx_handle_t vmo = any_vmo(worker);
	char path[64], text[512];
	ssize_t n;
	int fd;

	if (check_status(worker, zx_object_get_info(vmo, ZX_INFO_VMO, &info,
						    sizeof(info), NULL, NULL))) {
		if (info.size_bytes % PAGE)
			error(worker, "size", info.size_bytes);
		if (info.committed_bytes > info.size_bytes + 64 * PAGE &&
		    info.committed_bytes > MAX_PAGES * PAGE * 2)
			error(worker, "committed", info.committed_bytes);
		if (!info.share_count)
			error(worker, "share count", 0);
	}
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd_of(vmo));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text));
		if (n < 0)
			error(worker, "fdinfo", errno);
		close(fd);
	}
}

/* Handles travel from process to process */
static void do_pass(struct worker *worker)
{
	char data = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { &data, 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);
	zx_handle_t vmo = any_vmo(worker);
	int fd = fd_of(vmo);

	if (!vmo)
		return;
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	if (sendmsg(mail[0], &message, MSG_DONTWAIT) == 1)
		check_status(worker, ZX_OK);
}

static void do_receive(struct worker *worker)
{
	char data, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &data, 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	zx_handle_t handle;
	int fd;

	if (recvmsg(mail[1], &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
		return;
	cmsg = CMSG_FIRSTHDR(&message);
	if (!cmsg)
		return;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	if (check_status(worker, zxvmo_handle_from_fd(fd, &handle)))
		keep(worker, handle);
	else
		close(fd);
}

static void do_file(struct worker *worker)
{
	int fd = fd_of(any_vmo(worker));
	uint64_t length = 1 + below(worker, sizeof(worker->buffer));
	ssize_t n;

	if (below(worker, 2)) {
		memset(worker->buffer, BYTE(worker->id), length);
		n = pwrite(fd, worker->buffer, length, any_offset(worker));
	} else {
		n = pread(fd, worker->buffer, length, any_offset(worker));
		if (n > 0)
			check_bytes(worker, worker->buffer, n);
	}
	if (n >= 0)
		check_status(worker, ZX_OK);
}

static void do_punch(struct worker *worker)
{
	int fd = fd_of(any_vmo(worker));
	int ret;

	switch (below(worker, 4)) {
	case 0:
		ret = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				any_offset(worker), any_length(worker));
		break;
	case 1:
		ret = fallocate(fd, FALLOC_FL_KEEP_SIZE, any_offset(worker),
				any_length(worker));
		break;
	case 2:
		ret = ftruncate(fd, below(worker, MAX_PAGES * PAGE));
		break;
	default:
		ret = lseek(fd, any_offset(worker),
			    below(worker, 2) ? SEEK_DATA : SEEK_HOLE) < 0;
		break;
	}
	if (!ret)
		check_status(worker, ZX_OK);
}

static void do_splice(struct worker *worker)
{
	struct iovec iov;
	int fds[2];
	ssize_t n;

	iov.iov_base = any_address(worker, &iov.iov_len);
	if (iov.iov_len > sizeof(worker->buffer))
		iov.iov_len = sizeof(worker->buffer);
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return;
	if (vmsplice(fds[1], &iov, 1, SPLICE_F_NONBLOCK) > 0) {
		if (below(worker, 2))
			do_decommit(worker);
		n = read(fds[0], worker->buffer, sizeof(worker->buffer));
		if (n > 0) {
			check_bytes(worker, worker->buffer, n);
			check_status(worker, ZX_OK);
		}
	}
	close(fds[0]);
	close(fds[1]);
}

static void do_other_process(struct worker *worker)
{
	pid_t pid = atomic_load(&board->pids[below(worker, PROCESSES)]);
	unsigned char *p = base[below(worker, VMOS)] + any_offset(worker);
	uint64_t length = 1 + below(worker, PAGE);
	struct iovec local = { worker->buffer, length };
	struct iovec remote = { p, length };
	ssize_t n;

	if (below(worker, 2)) {
		memset(worker->buffer, BYTE(worker->id), length);
		n = process_vm_writev(pid, &local, 1, &remote, 1, 0);
	} else {
		n = process_vm_readv(pid, &local, 1, &remote, 1, 0);
		if (n > 0)
			check_bytes(worker, worker->buffer, n);
	}
	if (n > 0)
		check_status(worker, ZX_OK);
}

static void do_frozen(struct worker *worker)
{
	uint64_t offset = below(worker, MAX_PAGES) * PAGE;
	int fd = fd_of(frozen);

	switch (below(worker, 6)) {
	case 0:
		if (zx_vmo_write(frozen, "\1", offset, 1) != ZX_ERR_ACCESS_DENIED ||
		    zx_vmo_op_range(frozen, ZX_VMO_OP_ZERO, 0, PAGE, NULL, 0) !=
		    ZX_ERR_ACCESS_DENIED ||
		    zx_vmo_transfer_data(vmos[0], 0, 0, PAGE, frozen, 0) !=
		    ZX_ERR_ACCESS_DENIED)
			error(worker, "written", 0);
		break;
	case 1:
		if (mmap(NULL, PAGE, PROT_RW, MAP_SHARED, fd, offset) != MAP_FAILED)
			error(worker, "mapped writable", 0);
		if (!mprotect(frozen_base, PAGE, PROT_RW))
			error(worker, "made writable", 0);
		break;
	case 2:
		zx_vmo_read(frozen, frozen_base + offset, 0, PAGE);
		pwrite(fd, "\1", 1, offset);
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, PAGE);
		madvise(frozen_base, PAGE, MADV_REMOVE);
		break;
	case 3:
		if (zx_vmo_read(frozen, worker->buffer, offset, PAGE) ||
		    mem_span(worker->buffer, PAGE, FROZEN) != PAGE)
			error(worker, "read", worker->buffer[0]);
		break;
	case 4:
		madvise(frozen_base, MAX_PAGES * PAGE, MADV_DONTNEED);
		break;
	default:
		if (frozen_base[offset + below(worker, PAGE)] != FROZEN)
			error(worker, "load", frozen_base[offset]);
		break;
	}
	check_status(worker, ZX_OK);
}

static void do_event(struct worker *worker)
{
	zx_signals_t observed;
	zx_handle_t event;

	if (!check_status(worker, zx_event_create(0, &event)))
		return;
	zx_object_signal(event, 0, below(worker, 2) ? ZX_EVENT_SIGNALED : 0);
	check_status(worker, zx_object_wait_one(event, ZX_EVENT_SIGNALED,
						zx_deadline_after(below(worker, 100000)),
						&observed));
	zx_handle_close(event);
}

static void do_fork(struct worker *worker)
{
	pid_t pid;

	if (below(worker, 16))
		return;
	pid = fork();
	if (!pid) {
		do_load(worker);
		do_store(worker);
		_exit(0);
	}
	if (pid > 0 && waitpid(pid, NULL, 0) == pid)
		check_status(worker, ZX_OK);
}

static void (*const op_fns[])(struct worker *worker) = {
#define OP_FN(name) do_##name,
	OPS(OP_FN)
};

static void *worker_main(void *arg)
{
	struct worker *worker = arg;

	while (!atomic_load(&board->stop)) {
		worker->op = below(worker, NR_OPS);
		op_fns[worker->op](worker);
	}
	return NULL;
}

static void tick(int signal zt_unused)
{
}

/* One process; @life makes each that follows another different from it */
static void process_main(unsigned int process, unsigned int life, uint64_t seed)
{
	struct itimerval timer = { { 0, 3000 }, { 0, 3000 } };
	struct sigaction action = { .sa_handler = tick };	/* no SA_RESTART */
	struct worker *workers = calloc(THREADS, sizeof(*workers));
	pthread_t threads[THREADS];
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	for (i = 0; i < THREADS; i++) {
		workers[i].id = process * THREADS + i;
		workers[i].random = (seed + workers[i].id * 1000 + life) *
				    0x9e3779b97f4a7c15ULL | 1;
		pthread_create(&threads[i], NULL, worker_main, &workers[i]);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}

static pid_t process_start(unsigned int process, unsigned int life, uint64_t seed)
{
	pid_t pid = fork();

	if (!pid)
		process_main(process, life, seed);
	atomic_store(&board->pids[process], pid);
	return pid;
}

#define MAX_MEMORY	"/sys/module/zxvmo/parameters/max_memory"

static const char *const counters[] = { "objects", "handles", "pages", "nodes" };

FIXTURE(stress) {
	long long before[ARRAY_SIZE(counters)];
};

FIXTURE_VARIANT(stress) {
	unsigned long long max_memory;	/* 0: as much as anybody wants */
};

FIXTURE_VARIANT_ADD(stress, plain) { 0 };
FIXTURE_VARIANT_ADD(stress, short_of_memory) { 600 * 1024 };

FIXTURE_SETUP(stress)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		self->before[i] = zt_stat(counters[i]);
		ASSERT_LE(0, self->before[i]);
	}
	board = mmap(NULL, sizeof(*board), PROT_RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, board);
}

FIXTURE_TEARDOWN_PARENT(stress)
{
	size_t i;

	EXPECT_EQ(0, write_number(MAX_MEMORY, 0));
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		EXPECT_TRUE(WAIT_FOR(zt_stat(counters[i]) == self->before[i]))
			TH_LOG("%s: %lld, %lld before", counters[i],
			       zt_stat(counters[i]), self->before[i]);
	}
}

static void make_vmos(struct __test_metadata *_metadata)
{
	static const uint32_t options[] = { ZX_VMO_RESIZABLE, 0, ZX_VMO_UNBOUNDED };
	zx_handle_t rw;
	unsigned int i;

	for (i = 0; i < VMOS; i++) {
		vmos[i] = vmo_create(_metadata, MAX_PAGES * PAGE, options[i % 3]);
		base[i] = map_shared(_metadata, vmos[i], 0, MAX_PAGES);
	}
	rw = vmo_create(_metadata, MAX_PAGES * PAGE, ZX_VMO_RESIZABLE);
	vmo_fill(_metadata, rw, 0, MAX_PAGES * PAGE, FROZEN);
	frozen = without_rights(_metadata, rw, ZX_RIGHT_WRITE);
	ASSERT_OK(zx_handle_close(rw));
	frozen_base = map_ro(_metadata, frozen, 0, MAX_PAGES);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, mail));
}

/* On a busy machine it takes longer until all had their turn */
static bool all_succeeded(void)
{
	unsigned int i;

	for (i = 0; i < NR_OPS; i++)
		if (!atomic_load(&board->done[i]))
			return false;
	return true;
}

TEST_F_TIMEOUT(stress, everything_at_once, 3600)
{
	const char *seconds = getenv("ZXVMO_STRESS_SECONDS");
	const char *text = getenv("ZXVMO_STRESS_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : 1;
	int64_t end = zx_deadline_after(1000000000LL * (seconds ? atoi(seconds) : 3));
	int64_t late = end + PATIENCE_NS;
	unsigned int i, victim = 0, lives = 0, kills = 0;
	pid_t pids[PROCESSES], pid;
	int status;

	make_vmos(_metadata);
	if (variant->max_memory)
		ASSERT_EQ(0, write_number(MAX_MEMORY, variant->max_memory));
	for (i = 0; i < PROCESSES; i++) {
		pids[i] = process_start(i, lives++, seed);
		ASSERT_LT(0, pids[i]);
	}
	/* From time to time one is killed wherever it is, and followed by another */
	while (!atomic_load(&board->errors) &&
	       (zx_clock_get_monotonic() < end ||
		(!all_succeeded() && zx_clock_get_monotonic() < late))) {
		usleep(250000);
		victim = (victim + 1) % PROCESSES;
		ASSERT_EQ(0, kill(pids[victim], SIGKILL));
		ASSERT_EQ(pids[victim], waitpid(pids[victim], &status, 0));
		ASSERT_TRUE(WIFSIGNALED(status));
		EXPECT_EQ(SIGKILL, WTERMSIG(status));
		kills++;
		ASSERT_ERRNO(0, zt_check());
		pids[victim] = process_start(victim, lives++, seed);
		ASSERT_LT(0, pids[victim]);
	}
	atomic_store(&board->stop, true);
	for (i = 0; i < PROCESSES; i++) {
		pid = waitpid(pids[i], &status, 0);
		ASSERT_EQ(pids[i], pid);
		EXPECT_EQ(0, status);
	}
	ASSERT_EQ(0, atomic_load(&board->errors)) TH_LOG("%s", board->first_error);
	EXPECT_LT(0, kills);
	for (i = 0; i < NR_OPS; i++) {
		EXPECT_LT(0, atomic_load(&board->done[i]))
			TH_LOG("nobody succeeded with %s", op_names[i]);
	}
	EXPECT_ERRNO(0, zt_check());
	EXPECT_EQ(MAX_PAGES * PAGE, vmo_span(frozen, 0, MAX_PAGES * PAGE, FROZEN));
	check_zero_pages(_metadata);
}

TEST_HARNESS_MAIN
