// SPDX-License-Identifier: GPL-2.0-only
/*
 * zx_vmar_unmap_handle_close_thread_exit(): threads of clone(2) that end together with
 * the stack they run on. (vmar.md 2.6)
 *
 * Such a thread has the TLS of the one that has made it, so it calls nothing but
 * the library.
 */
#include "vmar_test.h"

#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#define STACK_PAGES	4
#define STACK_SIZE	(STACK_PAGES * PAGE)
#define NR_THREADS	8
#define ROUNDS		25
#define SECONDS		60

struct thread {
	zx_handle_t vmar;
	zx_vaddr_t stack;
	zx_handle_t to_close;
	atomic_bool go;			/* it may end */
	zx_status_t first;		/* of a call that fails */
	_Atomic(zx_status_t) returned;	/* from the call that should not return */
	pid_t tid;			/* cleared and woken at its end */
};

FIXTURE(thread_exit)
{
	struct region region;	/* PAGES pages */
	zx_handle_t vmar;
	zx_handle_t vmo;	/* PAGES pages */
};

FIXTURE_SETUP(thread_exit)
{
	self->region = region_make(_metadata, ROOT, CAN_ALL, 0, PAGES * PAGE);
	self->vmar = self->region.vmar;
	self->vmo = vmo_create(_metadata, PAGES * PAGE, 0);
}

FIXTURE_TEARDOWN(thread_exit)
{
}

#define RUNNING	(-1000)

static int run(void *arg)
{
	struct thread *thread = arg;

	/* A call that fails closes nothing and does not end the thread */
	thread->first = zx_vmar_unmap_handle_close_thread_exit(thread->vmar, thread->stack + 1,
								STACK_SIZE, thread->to_close);
	while (!atomic_load(&thread->go))
		;
	thread->returned = zx_vmar_unmap_handle_close_thread_exit(thread->vmar, thread->stack,
								  STACK_SIZE, thread->to_close);
	return 0;
}

/* Begins a thread on a stack that is the first pages of the VMO */
static void thread_start(struct __test_metadata *_metadata, struct thread *thread,
			 zx_handle_t vmo)
{
	ASSERT_OK(zx_vmar_map(thread->vmar, RW, 0, vmo, 0, STACK_SIZE, &thread->stack));
	thread->returned = RUNNING;
	ASSERT_LT(0, clone(run, (void *)(thread->stack + STACK_SIZE),
			   CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			   CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
			   thread, &thread->tid, NULL, &thread->tid));
}

/* The kernel clears the number and wakes who waits for that. */
static void thread_join(struct __test_metadata *_metadata, struct thread *thread)
{
	struct timespec limit = { .tv_sec = SECONDS };
	pid_t tid;

	while ((tid = __atomic_load_n(&thread->tid, __ATOMIC_ACQUIRE))) {
		if (syscall(SYS_futex, &thread->tid, FUTEX_WAIT, tid, &limit, NULL, 0))
			ASSERT_NE(ETIMEDOUT, errno);
	}
	EXPECT_EQ(RUNNING, thread->returned);
}

static bool is_open(zx_handle_t handle)
{
	return zx_object_get_info(handle, ZX_INFO_HANDLE_VALID, NULL, 0, NULL, NULL) == ZX_OK;
}

TEST_F(thread_exit, unmaps_the_stack_closes_and_exits)
{
	struct thread thread = { .vmar = self->vmar, .to_close = zt_event() };

	thread_start(_metadata, &thread, self->vmo);
	EXPECT_EQ(1, vmo_info(_metadata, self->vmo).num_mappings);
	atomic_store(&thread.go, true);
	thread_join(_metadata, &thread);
	EXPECT_ST(ZX_ERR_INVALID_ARGS, thread.first);
	EXPECT_FALSE(is_open(thread.to_close));
	EXPECT_EQ(0, vmo_info(_metadata, self->vmo).num_mappings);
	EXPECT_RESERVED(thread.stack);
	/* It did run there */
	EXPECT_LT(0, vmo_info(_metadata, self->vmo).committed_bytes);
}

TEST_F(thread_exit, in_the_root)
{
	struct thread thread = { .vmar = ROOT, .to_close = zt_event() };

	thread_start(_metadata, &thread, self->vmo);
	atomic_store(&thread.go, true);
	thread_join(_metadata, &thread);
	EXPECT_FALSE(is_open(thread.to_close));
	EXPECT_NOTHING(thread.stack);
}

/* What it closes may be what keeps its stack */
TEST_F(thread_exit, closes_the_stack)
{
	struct thread thread = { .vmar = self->vmar, .to_close = self->vmo };
	long long before = zt_stat("pages");

	thread_start(_metadata, &thread, self->vmo);
	atomic_store(&thread.go, true);
	thread_join(_metadata, &thread);
	EXPECT_FALSE(is_open(self->vmo));
	/* The last reference goes on the thread's way out or after */
	for (int i = 0; i < 1000 && zt_stat("pages") != before; i++)
		usleep(10000);
	EXPECT_EQ(before, zt_stat("pages"));
}

TEST_F(thread_exit, nothing_to_close)
{
	struct thread thread = { .vmar = self->vmar, .to_close = ZX_HANDLE_INVALID };
	int fds = zt_open_fds();

	thread_start(_metadata, &thread, self->vmo);
	atomic_store(&thread.go, true);
	thread_join(_metadata, &thread);
	EXPECT_EQ(fds, zt_open_fds());
}

TEST_F(thread_exit, returns_the_status_of_unmap)
{
	struct region child = region_make(_metadata, self->vmar, CAN_ALL | ZX_VM_SPECIFIC, 0, PAGE);
	zx_handle_t event = zt_event();
	sigset_t before, after;

#define TRY(vmar, addr, length) zx_vmar_unmap_handle_close_thread_exit(vmar, addr, length, event)
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	errno = 4242;
	EXPECT_ST(ZX_ERR_BAD_HANDLE, TRY(ZX_HANDLE_INVALID, 1, 0));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, TRY(self->vmo, 1, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(self->vmar, 1, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(self->vmar, self->region.base, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(self->vmar, self->region.base + PAGES * PAGE, PAGE));
	ASSERT_OK(zx_vmar_destroy(child.vmar));
	EXPECT_ST(ZX_ERR_BAD_STATE, TRY(child.vmar, child.base, PAGE));
	EXPECT_EQ(4242, errno);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (int i = 1; i < 65; i++)
		EXPECT_EQ(sigismember(&before, i), sigismember(&after, i));
	EXPECT_TRUE(is_open(event));
}

/* A handle that was closed before, one that is none, and one that cannot be closed */
TEST_F(thread_exit, bad_handle_to_close_traps)
{
	struct thread thread = { .vmar = self->vmar, .go = true };
	zx_handle_t handles[] = { zt_event(), 7, zx_vmar_root_self() };
	int status;

	ASSERT_OK(zx_handle_close(handles[0]));
	for (size_t i = 0; i < ARRAY_SIZE(handles); i++) {
		pid_t pid = fork();

		if (!pid) {
			/* In the child the region is the parent's. */
			thread.vmar = ROOT;
			thread.to_close = handles[i];
			thread_start(_metadata, &thread, self->vmo);
			thread_join(_metadata, &thread);
			_exit(0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFSIGNALED(status));
#ifdef __x86_64__
		EXPECT_EQ(SIGILL, WTERMSIG(status));
#else
		EXPECT_EQ(SIGTRAP, WTERMSIG(status));
#endif
	}
}

/* The library's descriptor comes back with the stack still there */
TEST_F(thread_exit, device_closed_by_the_program)
{
	struct thread thread = { .vmar = self->vmar, .to_close = zt_event() };

	thread_start(_metadata, &thread, self->vmo);
	ASSERT_EQ(0, syscall(SYS_close_range, 500, ~0U, 0));
	atomic_store(&thread.go, true);
	thread_join(_metadata, &thread);
	EXPECT_FALSE(is_open(thread.to_close));
}

TEST_F(thread_exit, many_threads_at_once)
{
	struct thread threads[NR_THREADS];
	zx_handle_t vmos[NR_THREADS];
	int fds;

	for (int i = 0; i < NR_THREADS; i++)
		vmos[i] = vmo_create(_metadata, STACK_SIZE, 0);
	self->region = region_make(_metadata, ROOT, CAN_ALL | ZX_VM_COMPACT, 0,
				   NR_THREADS * STACK_SIZE);
	/* The tests' own device is open from now on */
	ASSERT_EQ(0, zt_close(zt_event()));
	fds = zt_open_fds();
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < NR_THREADS; i++) {
			threads[i] = (struct thread) {
				.vmar = self->region.vmar,
				.to_close = zt_event(),
			};
			thread_start(_metadata, &threads[i], vmos[i]);
		}
		for (int i = 0; i < NR_THREADS; i++)
			atomic_store(&threads[i].go, true);
		for (int i = 0; i < NR_THREADS; i++) {
			thread_join(_metadata, &threads[i]);
			ASSERT_FALSE(is_open(threads[i].to_close));
		}
	}
	EXPECT_EQ(fds, zt_open_fds());
	EXPECT_EQ(1, count_vmas(self->region.base, self->region.base + NR_THREADS * STACK_SIZE, ""));
}

static void on_signal(int signal)
{
	(void)signal;
}

/* A handler would run on the stack that is gone */
TEST_F(thread_exit, no_signal_after_the_stack)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &action, NULL);
	for (int round = 0; round < 20 * ROUNDS; round++) {
		struct thread thread = { .vmar = ROOT };
		pid_t tid;

		thread_start(_metadata, &thread, self->vmo);
		tid = thread.tid;
		for (int i = 0; i < round % 20; i++)
			syscall(SYS_tgkill, getpid(), tid, SIGUSR1);
		atomic_store(&thread.go, true);
		while (__atomic_load_n(&thread.tid, __ATOMIC_ACQUIRE))
			syscall(SYS_tgkill, getpid(), tid, SIGUSR1);
		ASSERT_EQ(RUNNING, thread.returned);
	}
}

TEST_HARNESS_MAIN
