/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs that test mapped memory share: accesses with their values,
 * mappings made by mmap(2), processes and threads that do one thing at a time.
 */
#ifndef ZXVMO_SELFTESTS_MEM_TEST_H
#define ZXVMO_SELFTESTS_MEM_TEST_H

#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/utsname.h>

#include "zxtest.h"
#include "vmo_test.h"

#define PROT_RW		(PROT_READ | PROT_WRITE)

/* What a test waits for comes at once, or never */
#define PATIENCE_NS	100000000000LL

/* Wait for the condition; false if it does not come */
#define WAIT_FOR(condition) ({						\
	int64_t __deadline = zx_clock_get_monotonic() + PATIENCE_NS;	\
	bool __came;							\
									\
	while (!(__came = (condition)) &&				\
	       zx_clock_get_monotonic() < __deadline)			\
		usleep(200);						\
	__came;								\
})

/* Files that hold a text or a number */
static inline int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t length = strlen(text);
	int ret = fd >= 0 && write(fd, text, length) == length ? 0 : -1;

	close(fd);
	return ret;
}

static inline int write_number(const char *path, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return write_text(path, text);
}

/* -1 if it cannot be read */
static inline long long read_number(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	return n > 0 ? atoll(text) : -1;
}

static inline void kernel_version(unsigned int *major, unsigned int *minor)
{
	struct utsname name;

	*major = 0;
	*minor = 0;
	uname(&name);
	sscanf(name.release, "%u.%u", major, minor);
}

static inline bool kernel_is_at_least(unsigned int major, unsigned int minor)
{
	unsigned int this_major, this_minor;

	kernel_version(&this_major, &this_minor);
	return this_major > major || (this_major == major && this_minor >= minor);
}

/* Accesses that may fault, see try() */
static inline void load(volatile unsigned char *p, unsigned char *byte)
{
	*byte = *p;
}

static inline void store(volatile unsigned char *p, unsigned char *byte)
{
	*p = *byte;
}

/* As zt_touch(), with the value that is loaded or stored */
static zt_unused struct zt_fault
try(void (*access)(volatile unsigned char *, unsigned char *),
    volatile void *p, unsigned char *byte)
{
	struct sigaction action = {
		.sa_sigaction = zt_fault_handler,
		.sa_flags = SA_SIGINFO,
	};
	sigjmp_buf env;

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	zt_fault_seen = (struct zt_fault){ 0 };
	if (!sigsetjmp(env, 1)) {
		zt_fault_return = &env;
		access(p, byte);
	}
	zt_fault_return = NULL;
	return zt_fault_seen;
}

#define EXPECT_FAULT(want_signal, want_code, access, where) do {	\
	unsigned char __byte = 'F';					\
	struct zt_fault __fault = try(access, where, &__byte);		\
									\
	EXPECT_EQ(want_signal, __fault.signal);				\
	EXPECT_EQ(want_code, __fault.code);				\
	EXPECT_EQ((void *)(where), __fault.address);			\
} while (0)

#define EXPECT_DENIED(access, where)	\
	EXPECT_FAULT(SIGSEGV, SEGV_ACCERR, access, where)
#define EXPECT_UNMAPPED(where)		\
	EXPECT_FAULT(SIGSEGV, SEGV_MAPERR, load, where)

/* Beyond the end of the VMO, or out of memory */
#define EXPECT_SIGBUS(where) do {					\
	EXPECT_FAULT(SIGBUS, BUS_ADRERR, load, where);			\
	EXPECT_FAULT(SIGBUS, BUS_ADRERR, store, where);			\
} while (0)

static inline int fd_of(zx_handle_t handle)
{
	return ZXVMO_HANDLE_FD(handle);
}

/* mmap(2) in vain: the errno, or 0 */
static inline int try_mmap(zx_handle_t vmo, int prot, int flags,
			   uint64_t offset, size_t length)
{
	void *p = mmap(NULL, length, prot, flags, fd_of(vmo), offset);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, length);
	return 0;
}

static inline int try_mprotect(void *p, size_t length, int prot)
{
	return mprotect(p, length, prot) ? errno : 0;
}

static inline unsigned char *
map_fd(struct __test_metadata *const _metadata, zx_handle_t vmo, int prot,
       int flags, uint64_t page, size_t pages)
{
	void *p = mmap(NULL, pages * PAGE, prot, flags, fd_of(vmo), page * PAGE);

	ASSERT_NE(MAP_FAILED, p);
	return p;
}

#define map_shared(metadata, vmo, page, pages)		\
	map_fd(metadata, vmo, PROT_RW, MAP_SHARED, page, pages)
#define map_private(metadata, vmo, page, pages)		\
	map_fd(metadata, vmo, PROT_RW, MAP_PRIVATE, page, pages)
#define map_ro(metadata, vmo, page, pages)		\
	map_fd(metadata, vmo, PROT_READ, MAP_SHARED, page, pages)

static inline zx_status_t vmo_op(zx_handle_t vmo, uint32_t op, uint64_t page,
				 uint64_t pages)
{
	return zx_vmo_op_range(vmo, op, page * PAGE, pages * PAGE, NULL, 0);
}

/* The module's zero pages are what they are called, all of them */
static inline void check_zero_pages(struct __test_metadata *const _metadata)
{
	const size_t pages = 64;
	zx_handle_t vmo = vmo_create(_metadata, pages * PAGE, 0);
	unsigned char *p = map_shared(_metadata, vmo, 0, pages);

	EXPECT_EQ(pages * PAGE, mem_span(p, pages * PAGE, 0));
	EXPECT_EQ(0, vmo_pages(_metadata, vmo));
	ASSERT_EQ(0, munmap(p, pages * PAGE));
	ASSERT_OK(zx_handle_close(vmo));
}

/*
 * Another process, which does as it is told: peer_do() runs a function there
 * and gives its result. It has copies of the test's variables as they were when
 * it was started, and the same descriptors.
 */
struct peer {
	pid_t pid;
	int orders;	/* to write to */
	int results;	/* to read from */
};

struct peer_order {
	long (*fn)(void *arg);
	void *arg;
};

static inline struct peer peer_start(struct __test_metadata *const _metadata)
{
	struct peer_order order;
	struct peer peer;
	int in[2], out[2];
	long result;

	ASSERT_EQ(0, pipe2(in, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(out, O_CLOEXEC));
	peer.pid = fork();
	ASSERT_LE(0, peer.pid);
	if (!peer.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(in[1]);
		close(out[0]);
		while (read(in[0], &order, sizeof(order)) == sizeof(order) &&
		       order.fn) {
			result = order.fn(order.arg);
			if (write(out[1], &result, sizeof(result)) < 0)
				break;
		}
		_exit(0);
	}
	close(in[0]);
	close(out[1]);
	peer.orders = in[1];
	peer.results = out[0];
	return peer;
}

static inline void peer_send(struct __test_metadata *const _metadata,
			     struct peer *peer, long (*fn)(void *), void *arg)
{
	struct peer_order order = { fn, arg };

	ASSERT_EQ((ssize_t)sizeof(order),
		  write(peer->orders, &order, sizeof(order)));
}

static inline long peer_receive(struct __test_metadata *const _metadata,
				struct peer *peer)
{
	long result;

	ASSERT_EQ((ssize_t)sizeof(result),
		  read(peer->results, &result, sizeof(result)));
	return result;
}

static inline long peer_do(struct __test_metadata *const _metadata,
			   struct peer *peer, long (*fn)(void *), void *arg)
{
	peer_send(_metadata, peer, fn, arg);
	return peer_receive(_metadata, peer);
}

static inline void peer_stop(struct __test_metadata *const _metadata,
			     struct peer *peer)
{
	int status;

	peer_send(_metadata, peer, NULL, NULL);
	close(peer->orders);
	close(peer->results);
	ASSERT_EQ(peer->pid, waitpid(peer->pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* A thread that does one thing on one processor, when it is told to go */
struct actor {
	void (*act)(struct actor *actor);
	void *arg;
	int cpu;
	pthread_t thread;
	atomic_int tid;
	atomic_bool go;
	atomic_bool done;
	/* what @act works on and what came of it, if it has a use for them */
	volatile unsigned char *p;
	unsigned char value;
	struct zt_fault fault;
	zx_status_t status;
};

static inline void pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu % sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static inline void *actor_main(void *arg)
{
	struct actor *actor = arg;

	pin_to(actor->cpu);
	atomic_store(&actor->tid, gettid());
	while (!atomic_load(&actor->go))
		usleep(100);
	actor->act(actor);
	atomic_store(&actor->done, true);
	return NULL;
}

static inline void actor_start(struct __test_metadata *const _metadata,
			       struct actor *actor)
{
	atomic_store(&actor->go, false);
	atomic_store(&actor->done, false);
	ASSERT_EQ(0, pthread_create(&actor->thread, NULL, actor_main, actor));
	ASSERT_TRUE(WAIT_FOR(atomic_load(&actor->tid)));
}

static inline void actor_go(struct actor *actor)
{
	atomic_store(&actor->go, true);
}

/* The state letter of a thread of this process or another */
static inline char task_state(pid_t tid)
{
	char path[64], text[256], *end;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	end = strrchr(text, ')');
	return end ? end[2] : 0;
}

/* Wait until a thread sleeps; it cannot be told from one that is about to */
static inline bool task_sleeps(pid_t tid)
{
	int64_t deadline = zx_clock_get_monotonic() + PATIENCE_NS;
	int seen = 0;
	char state;

	while (seen < 5 && zx_clock_get_monotonic() < deadline) {
		state = task_state(tid);
		seen = state == 'S' || state == 'D' ? seen + 1 : 0;
		usleep(500);
	}
	return seen == 5;
}

/* Wait until it is done, true, or waits for somebody, false */
static inline bool actor_settles(struct actor *actor)
{
	int64_t deadline = zx_clock_get_monotonic() + PATIENCE_NS;
	int blocked = 0;

	while (!atomic_load(&actor->done) && blocked < 3 &&
	       zx_clock_get_monotonic() < deadline) {
		blocked = task_state(actor->tid) == 'D' ? blocked + 1 : 0;
		usleep(300);
	}
	return atomic_load(&actor->done);
}

static inline void actor_join(struct __test_metadata *const _metadata,
			      struct actor *actor)
{
	ASSERT_TRUE(WAIT_FOR(atomic_load(&actor->done)));
	ASSERT_EQ(0, pthread_join(actor->thread, NULL));
}

#endif /* ZXVMO_SELFTESTS_MEM_TEST_H */
