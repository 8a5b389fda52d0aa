// SPDX-License-Identifier: GPL-2.0-only
/*
 * What all objects have: signals and waits for them, koids, names and the
 * information that is not about VMOs.
 */
#include "zxtest.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>
#include <zircon/zxvmo.h>

#define PAGE	zt_page_size()
#define FD(handle) ((int)ZXVMO_HANDLE_FD(handle))
#define MS	1000000LL

#define SIGNALED	ZX_EVENT_SIGNALED
#define CLOSED		ZX_SIGNAL_HANDLE_CLOSED
/* A state that no test has, to see whether one was stored */
#define UNTOUCHED	0x00555555U

FIXTURE(object)
{
	zx_handle_t event;
	zx_handle_t vmo;
	zx_handle_t out;
	zx_signals_t observed;
};

FIXTURE_SETUP(object)
{
	ASSERT_LE(0, zt_device());
	ASSERT_OK(zx_event_create(0, &self->event));
	ASSERT_OK(zx_vmo_create(PAGE, 0, &self->vmo));
	self->out = ZX_HANDLE_INVALID;
	self->observed = UNTOUCHED;
}

FIXTURE_TEARDOWN(object)
{
}

/* The signals that are set, or UNTOUCHED if nobody tells */
static zx_signals_t signals_of(zx_handle_t handle)
{
	zx_signals_t observed = UNTOUCHED;

	zx_object_wait_one(handle, 0, 0, &observed);
	return observed;
}

static zx_koid_t koid_of(zx_handle_t handle)
{
	zx_info_handle_basic_t info = {};

	zx_object_get_info(handle, ZX_INFO_HANDLE_BASIC, &info, sizeof(info), NULL, NULL);
	return info.koid;
}

/* Setting and clearing */

TEST_F(object, event_options)
{
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_event_create(1, &self->out));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_event_create(~0U, &self->out));
	EXPECT_EQ(ZX_HANDLE_INVALID, self->out);
}

TEST_F(object, event_has_no_signals_at_first)
{
	EXPECT_EQ(0, signals_of(self->event));
}

TEST_F(object, vmo_has_zero_children_at_first)
{
	static const uint32_t options[] = { 0, ZX_VMO_RESIZABLE, ZX_VMO_UNBOUNDED };

	for (unsigned int i = 0; i < ARRAY_SIZE(options); i++) {
		ASSERT_OK(zx_vmo_create(i, options[i], &self->out));
		EXPECT_EQ(ZX_VMO_ZERO_CHILDREN, signals_of(self->out));
		EXPECT_OK(zx_object_wait_one(self->out, ZX_VMO_ZERO_CHILDREN, 0, NULL));
	}
}

/* Whether user space may set and clear each of the 32, or neither */
static void expect_settable(struct __test_metadata *_metadata, zx_handle_t handle,
			    zx_signals_t initial, zx_signals_t settable)
{
	for (int bit = 0; bit < 32; bit++) {
		const zx_signals_t signal = 1U << bit;
		zx_status_t expected = signal & settable ? ZX_OK : ZX_ERR_INVALID_ARGS;

		EXPECT_ST(expected, zx_object_signal(handle, 0, signal)) TH_LOG("bit %d", bit);
		EXPECT_EQ(initial | (signal & settable), signals_of(handle)) TH_LOG("bit %d", bit);
		EXPECT_ST(expected, zx_object_signal(handle, signal, 0)) TH_LOG("bit %d", bit);
		EXPECT_EQ(initial, signals_of(handle)) TH_LOG("bit %d", bit);
	}
}

TEST_F(object, signal_each_bit)
{
	expect_settable(_metadata, self->event, 0, ZX_USER_SIGNAL_ALL | SIGNALED);
	expect_settable(_metadata, self->vmo, ZX_VMO_ZERO_CHILDREN, ZX_USER_SIGNAL_ALL);
}

TEST_F(object, signal_clears_then_sets)
{
	EXPECT_OK(zx_object_signal(self->event, SIGNALED, SIGNALED));
	EXPECT_EQ(SIGNALED, signals_of(self->event));
	EXPECT_OK(zx_object_signal(self->event, SIGNALED, SIGNALED | ZX_USER_SIGNAL_0));
	EXPECT_EQ(SIGNALED | ZX_USER_SIGNAL_0, signals_of(self->event));
	EXPECT_OK(zx_object_signal(self->event, ZX_EVENT_SIGNAL_MASK, ZX_USER_SIGNAL_7));
	EXPECT_EQ(ZX_USER_SIGNAL_7, signals_of(self->event));
}

TEST_F(object, signal_leaves_other_bits)
{
	EXPECT_OK(zx_object_signal(self->event, 0, ZX_EVENT_SIGNAL_MASK));
	EXPECT_OK(zx_object_signal(self->event, ZX_USER_SIGNAL_3, 0));
	EXPECT_EQ(ZX_EVENT_SIGNAL_MASK & ~ZX_USER_SIGNAL_3, signals_of(self->event));
	EXPECT_OK(zx_object_signal(self->event, 0, 0));
	EXPECT_EQ(ZX_EVENT_SIGNAL_MASK & ~ZX_USER_SIGNAL_3, signals_of(self->event));
	EXPECT_OK(zx_object_signal(self->event, ZX_USER_SIGNAL_3, 0));
	EXPECT_EQ(ZX_EVENT_SIGNAL_MASK & ~ZX_USER_SIGNAL_3, signals_of(self->event));
}

TEST_F(object, refused_signal_changes_nothing)
{
	EXPECT_OK(zx_object_signal(self->event, 0, SIGNALED));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_object_signal(self->event, SIGNALED | 1, ZX_USER_SIGNAL_0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_object_signal(self->event, SIGNALED, ZX_USER_SIGNAL_0 | CLOSED));
	EXPECT_EQ(SIGNALED, signals_of(self->event));
}

TEST_F(object, signal_needs_its_right)
{
	ASSERT_OK(zx_handle_duplicate(self->event, ZX_RIGHT_WAIT, &self->out));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_object_signal(self->out, 0, SIGNALED));
	/* Before the masks are looked at */
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_object_signal(self->out, 1, 1));
	EXPECT_EQ(0, signals_of(self->out));
	ASSERT_OK(zx_handle_close(self->out));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_object_signal(self->out, 1, 1));
	ASSERT_OK(zx_handle_duplicate(self->event, ZX_RIGHT_SIGNAL, &self->out));
	EXPECT_OK(zx_object_signal(self->out, 0, SIGNALED));
}

TEST_F(object, signals_belong_to_the_object)
{
	zx_handle_t other;

	ASSERT_OK(zx_handle_duplicate(self->event, ZX_RIGHT_SIGNAL, &self->out));
	ASSERT_OK(zx_event_create(0, &other));
	EXPECT_OK(zx_object_signal(self->out, 0, ZX_USER_SIGNAL_1));
	EXPECT_EQ(ZX_USER_SIGNAL_1, signals_of(self->event));
	EXPECT_EQ(0, signals_of(other));
}

/* Waits that end at once */

TEST_F(object, wait_for_what_is_set)
{
	const zx_time_t deadlines[] = { 0, 1, -1, INT64_MIN, zx_clock_get_monotonic() - MS,
					ZX_TIME_INFINITE };

	ASSERT_OK(zx_object_signal(self->event, 0, SIGNALED | ZX_USER_SIGNAL_2));
	for (unsigned int i = 0; i < ARRAY_SIZE(deadlines); i++) {
		self->observed = UNTOUCHED;
		EXPECT_OK(zx_object_wait_one(self->event, SIGNALED, deadlines[i], &self->observed))
			TH_LOG("deadline %lld", (long long)deadlines[i]);
		/* All that is set, not what was asked for */
		EXPECT_EQ(SIGNALED | ZX_USER_SIGNAL_2, self->observed);
		EXPECT_OK(zx_object_wait_one(self->event, SIGNALED, deadlines[i], NULL));
	}
	/* Nothing is consumed */
	EXPECT_EQ(SIGNALED | ZX_USER_SIGNAL_2, signals_of(self->event));
}

TEST_F(object, wait_for_any_of_several)
{
	ASSERT_OK(zx_object_signal(self->event, 0, ZX_USER_SIGNAL_5));
	EXPECT_OK(zx_object_wait_one(self->event, ZX_USER_SIGNAL_4 | ZX_USER_SIGNAL_5, 0, NULL));
	EXPECT_OK(zx_object_wait_one(self->event, ~0U, 0, NULL));
	EXPECT_ST(ZX_ERR_TIMED_OUT,
		  zx_object_wait_one(self->event, ~ZX_USER_SIGNAL_5, 0, NULL));
}

TEST_F(object, poll_of_what_is_not_set)
{
	const zx_time_t deadlines[] = { 0, -1, INT64_MIN, zx_clock_get_monotonic() - 1 };

	ASSERT_OK(zx_object_signal(self->event, 0, ZX_USER_SIGNAL_2));
	for (unsigned int i = 0; i < ARRAY_SIZE(deadlines); i++) {
		self->observed = UNTOUCHED;
		EXPECT_ST(ZX_ERR_TIMED_OUT,
			  zx_object_wait_one(self->event, SIGNALED, deadlines[i], &self->observed));
		EXPECT_EQ(ZX_USER_SIGNAL_2, self->observed);
		EXPECT_ST(ZX_ERR_TIMED_OUT,
			  zx_object_wait_one(self->event, SIGNALED, deadlines[i], NULL));
	}
}

TEST_F(object, wait_needs_its_right)
{
	ASSERT_OK(zx_object_signal(self->event, 0, SIGNALED));
	ASSERT_OK(zx_handle_duplicate(self->event, ZX_RIGHT_SIGNAL, &self->out));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_object_wait_one(self->out, SIGNALED, ZX_TIME_INFINITE, &self->observed));
	ASSERT_OK(zx_handle_close(self->out));
	EXPECT_ST(ZX_ERR_BAD_HANDLE,
		  zx_object_wait_one(self->out, SIGNALED, ZX_TIME_INFINITE, &self->observed));
	EXPECT_EQ(UNTOUCHED, self->observed);
	ASSERT_OK(zx_handle_duplicate(self->event, ZX_RIGHT_WAIT, &self->out));
	EXPECT_OK(zx_object_wait_one(self->out, SIGNALED, ZX_TIME_INFINITE, NULL));
}

TEST_F(object, wait_with_bad_observed_pointer)
{
	void *read_only = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, read_only);
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_object_wait_one(self->event, SIGNALED, 0, read_only));
	ASSERT_OK(zx_object_signal(self->event, 0, SIGNALED));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_object_wait_one(self->event, SIGNALED, 0, read_only));
	EXPECT_EQ(SIGNALED, signals_of(self->event));
}

/* Waits that last */

TEST_F(object, wait_until_deadline)
{
	zx_time_t before = zx_clock_get_monotonic(), deadline = before + 50 * MS, after;

	ASSERT_OK(zx_object_signal(self->event, 0, ZX_USER_SIGNAL_2));
	EXPECT_ST(ZX_ERR_TIMED_OUT,
		  zx_object_wait_one(self->event, SIGNALED, deadline, &self->observed));
	after = zx_clock_get_monotonic();
	EXPECT_LE(deadline, after);
	EXPECT_GT(deadline + 2000 * MS, after);
	EXPECT_EQ(ZX_USER_SIGNAL_2, self->observed);
}

TEST_F(object, wait_for_no_signal_runs_to_the_deadline)
{
	zx_time_t deadline = zx_clock_get_monotonic() + 30 * MS;

	ASSERT_OK(zx_object_signal(self->event, 0, ZX_EVENT_SIGNAL_MASK));
	EXPECT_ST(ZX_ERR_TIMED_OUT, zx_object_wait_one(self->event, 0, deadline, &self->observed));
	EXPECT_LE(deadline, zx_clock_get_monotonic());
	EXPECT_EQ(ZX_EVENT_SIGNAL_MASK, self->observed);
}

/* A thread in a wait */
struct waiter {
	pthread_t thread;
	zx_handle_t handle;
	zx_signals_t signals;
	zx_time_t deadline;
	_Atomic pid_t tid;
	zx_status_t status;
	zx_signals_t observed;
	zx_time_t ended;
};

static void *wait_thread(void *arg)
{
	struct waiter *w = arg;

	w->observed = UNTOUCHED;
	w->tid = gettid();
	w->status = zx_object_wait_one(w->handle, w->signals, w->deadline, &w->observed);
	w->ended = zx_clock_get_monotonic();
	return NULL;
}

/* Whether the thread is asleep, which after its first steps it is in the wait */
static bool is_asleep(pid_t pid, pid_t tid)
{
	char path[64], line[256], *end;
	bool asleep = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fgets(line, sizeof(line), file) && (end = strrchr(line, ')')))
		asleep = end[2] == 'S';
	fclose(file);
	return asleep;
}

static void until_asleep(pid_t pid, pid_t tid)
{
	while (!is_asleep(pid, tid))
		usleep(500);
}

static void start_waiter(struct waiter *w, zx_handle_t handle, zx_signals_t signals,
			 zx_time_t deadline)
{
	*w = (struct waiter){ .handle = handle, .signals = signals, .deadline = deadline };
	pthread_create(&w->thread, NULL, wait_thread, w);
	while (!w->tid)
		sched_yield();
	until_asleep(getpid(), w->tid);
}

#define EXPECT_WAITED(expected_status, expected_observed, waiter) do {		\
	ASSERT_EQ(0, pthread_join((waiter)->thread, NULL));			\
	EXPECT_ST(expected_status, (waiter)->status);				\
	EXPECT_EQ(expected_observed, (waiter)->observed);			\
} while (0)

TEST_F(object, wait_is_ended_by_another_thread)
{
	const zx_handle_t handles[] = { self->event, self->vmo };
	const zx_signals_t initial[] = { 0, ZX_VMO_ZERO_CHILDREN };
	struct waiter w;

	for (int i = 0; i < 2; i++) {
		start_waiter(&w, handles[i], ZX_USER_SIGNAL_0, ZX_TIME_INFINITE);
		EXPECT_OK(zx_object_signal(handles[i], 0, ZX_USER_SIGNAL_0 | ZX_USER_SIGNAL_6));
		EXPECT_WAITED(ZX_OK, initial[i] | ZX_USER_SIGNAL_0 | ZX_USER_SIGNAL_6, &w);
	}
}

TEST_F(object, timed_wait_is_ended_early)
{
	zx_time_t deadline = zx_clock_get_monotonic() + 20000 * MS;
	struct waiter w;

	start_waiter(&w, self->event, SIGNALED, deadline);
	EXPECT_OK(zx_object_signal(self->event, 0, SIGNALED));
	EXPECT_WAITED(ZX_OK, SIGNALED, &w);
	EXPECT_GT(deadline, w.ended);
}

TEST_F(object, wait_is_ended_by_another_process)
{
	struct waiter w;
	pid_t child;
	int status = -1;

	start_waiter(&w, self->event, SIGNALED, ZX_TIME_INFINITE);
	child = fork();
	if (!child)
		_exit(zx_object_signal(self->event, 0, SIGNALED) != ZX_OK);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_WAITED(ZX_OK, SIGNALED, &w);
}

TEST_F(object, wait_ignores_other_signals)
{
	struct waiter w;

	start_waiter(&w, self->event, ZX_USER_SIGNAL_1, zx_clock_get_monotonic() + 100 * MS);
	EXPECT_OK(zx_object_signal(self->event, 0, SIGNALED | ZX_USER_SIGNAL_0));
	EXPECT_OK(zx_object_signal(self->event, SIGNALED, 0));
	EXPECT_WAITED(ZX_ERR_TIMED_OUT, ZX_USER_SIGNAL_0, &w);
	EXPECT_LE(w.deadline, w.ended);
}

TEST_F(object, wait_for_no_signal_is_not_ended_by_any)
{
	struct waiter w;

	start_waiter(&w, self->event, 0, zx_clock_get_monotonic() + 100 * MS);
	EXPECT_OK(zx_object_signal(self->event, 0, ZX_EVENT_SIGNAL_MASK));
	EXPECT_WAITED(ZX_ERR_TIMED_OUT, ZX_EVENT_SIGNAL_MASK, &w);
}

/* However short a signal is set, it is seen, with the state that it was part of */
TEST_F(object, wait_sees_a_pulse)
{
	for (int i = 0; i < 50; i++) {
		struct waiter w;

		start_waiter(&w, self->event, SIGNALED, ZX_TIME_INFINITE);
		zx_object_signal(self->event, 0, SIGNALED | ZX_USER_SIGNAL_3);
		zx_object_signal(self->event, ZX_EVENT_SIGNAL_MASK, 0);
		EXPECT_WAITED(ZX_OK, SIGNALED | ZX_USER_SIGNAL_3, &w);
	}
}

TEST_F(object, many_waiters)
{
	struct waiter w[8];

	for (unsigned int i = 0; i < ARRAY_SIZE(w); i++)
		start_waiter(&w[i], self->event, 1U << (24 + i) | SIGNALED, ZX_TIME_INFINITE);
	/* One by one, from the last that came */
	for (unsigned int i = ARRAY_SIZE(w) - 1; i >= 4; i--) {
		zx_object_signal(self->event, 0, 1U << (24 + i));
		EXPECT_WAITED(ZX_OK, ~0U << (24 + i), &w[i]);
	}
	for (unsigned int i = 0; i < 4; i++) {
		EXPECT_TRUE(is_asleep(getpid(), w[i].tid)) TH_LOG("waiter %u", i);
	}
	/* All others together */
	zx_object_signal(self->event, ZX_USER_SIGNAL_ALL, SIGNALED);
	for (unsigned int i = 0; i < 4; i++) {
		EXPECT_WAITED(ZX_OK, SIGNALED, &w[i]);
	}
}

/* Closing the handle that is waited with */

TEST_F(object, close_cancels)
{
	struct waiter w;

	ASSERT_OK(zx_object_signal(self->event, 0, ZX_USER_SIGNAL_4));
	start_waiter(&w, self->event, SIGNALED, ZX_TIME_INFINITE);
	EXPECT_OK(zx_handle_close(self->event));
	EXPECT_WAITED(ZX_ERR_CANCELED, ZX_USER_SIGNAL_4 | CLOSED, &w);
}

TEST_F(object, close_cancels_though_the_object_lives_on)
{
	struct waiter w;

	ASSERT_OK(zx_handle_duplicate(self->event, ZX_RIGHT_SAME_RIGHTS, &self->out));
	start_waiter(&w, self->event, SIGNALED, ZX_TIME_INFINITE);
	EXPECT_OK(zx_handle_close(self->event));
	EXPECT_WAITED(ZX_ERR_CANCELED, CLOSED, &w);
	/* Nobody else sees this signal */
	EXPECT_EQ(0, signals_of(self->out));
}

TEST_F(object, close_cancels_a_timed_wait)
{
	struct waiter w;

	start_waiter(&w, self->vmo, ZX_USER_SIGNAL_0, zx_clock_get_monotonic() + 20000 * MS);
	EXPECT_OK(zx_handle_close(self->vmo));
	EXPECT_WAITED(ZX_ERR_CANCELED, ZX_VMO_ZERO_CHILDREN | CLOSED, &w);
	EXPECT_GT(w.deadline, w.ended);
}

TEST_F(object, close_cancels_all_waiters)
{
	struct waiter w[4];

	for (unsigned int i = 0; i < ARRAY_SIZE(w); i++)
		start_waiter(&w[i], self->event, SIGNALED, ZX_TIME_INFINITE);
	EXPECT_OK(zx_handle_close(self->event));
	for (unsigned int i = 0; i < ARRAY_SIZE(w); i++) {
		EXPECT_WAITED(ZX_ERR_CANCELED, CLOSED, &w[i]);
	}
}

/* Each way in which a descriptor comes to its end */
TEST_F(object, every_way_of_closing_cancels)
{
	for (int way = 0; way < 6; way++) {
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		zx_handle_t handle, out;
		struct waiter w;

		ASSERT_OK(zx_vmo_create(0, 0, &handle));
		start_waiter(&w, handle, ZX_USER_SIGNAL_0, ZX_TIME_INFINITE);
		switch (way) {
		case 0:
			ASSERT_OK(zx_handle_close_many(&handle, 1));
			break;
		case 1:
			ASSERT_OK(zx_handle_replace(handle, ZX_RIGHT_SAME_RIGHTS, &out));
			break;
		case 2:
			ASSERT_ST(ZX_ERR_INVALID_ARGS,
				  zx_handle_replace(handle, ZX_RIGHT_RESIZE, &out));
			break;
		case 3:
			ASSERT_OK(zx_vmo_replace_as_executable(handle, 0, &out));
			break;
		case 4:
			ASSERT_EQ(0, close(FD(handle)));
			break;
		case 5:
			ASSERT_EQ(FD(handle), dup2(null, FD(handle)));
			break;
		}
		EXPECT_WAITED(ZX_ERR_CANCELED, ZX_VMO_ZERO_CHILDREN | CLOSED, &w);
	}
}

/* The wait goes on, is in order, and ends when its signal comes */
#define EXPECT_STILL_WAITING(waiter, signal_handle) do {			\
	usleep(20000);								\
	until_asleep(getpid(), (waiter)->tid);					\
	EXPECT_OK(zx_object_signal(signal_handle, 0, ZX_USER_SIGNAL_7));	\
	ASSERT_EQ(0, pthread_join((waiter)->thread, NULL));			\
	EXPECT_OK((waiter)->status);						\
	EXPECT_EQ(ZX_USER_SIGNAL_7, (waiter)->observed & ~ZX_VMO_ZERO_CHILDREN); \
} while (0)

TEST_F(object, closing_another_handle_does_not_cancel)
{
	struct waiter w;

	ASSERT_OK(zx_handle_duplicate(self->event, ZX_RIGHT_SAME_RIGHTS, &self->out));
	start_waiter(&w, self->event, ZX_USER_SIGNAL_7, ZX_TIME_INFINITE);
	EXPECT_OK(zx_handle_close(self->out));
	EXPECT_STILL_WAITING(&w, self->event);
}

TEST_F(object, closing_another_number_does_not_cancel)
{
	struct waiter w;
	int fd = dup(FD(self->event));

	ASSERT_LE(0, fd);
	start_waiter(&w, self->event, ZX_USER_SIGNAL_7, ZX_TIME_INFINITE);
	ASSERT_EQ(0, close(fd));
	EXPECT_STILL_WAITING(&w, self->event);
}

/* The value that the wait was begun with is gone, its other number is not */
TEST_F(object, closing_this_number_cancels_though_another_is_open)
{
	struct waiter w;
	int fd = dup(FD(self->event));

	ASSERT_LE(0, fd);
	start_waiter(&w, self->event, ZX_USER_SIGNAL_7, ZX_TIME_INFINITE);
	ASSERT_OK(zx_handle_close(self->event));
	EXPECT_WAITED(ZX_ERR_CANCELED, CLOSED, &w);
}

TEST_F(object, closing_in_another_process_does_not_cancel)
{
	struct waiter w;
	pid_t child;
	int status = -1;

	start_waiter(&w, self->event, ZX_USER_SIGNAL_7, ZX_TIME_INFINITE);
	child = fork();
	if (!child)
		_exit(zx_handle_close(self->event) != ZX_OK);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_STILL_WAITING(&w, self->event);
}

TEST_F(object, exit_of_another_process_does_not_cancel)
{
	struct waiter w;
	pid_t child;

	start_waiter(&w, self->event, ZX_USER_SIGNAL_7, ZX_TIME_INFINITE);
	child = fork();
	if (!child)
		_exit(0);
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	EXPECT_STILL_WAITING(&w, self->event);
}

/* A signal and a close at the same time: one of both, and nothing hangs */
TEST_F(object, close_races_with_signal)
{
	for (int i = 0; i < 100; i++) {
		zx_handle_t handle;
		struct waiter w;

		ASSERT_OK(zx_handle_duplicate(self->event, ZX_RIGHT_SAME_RIGHTS, &handle));
		w = (struct waiter){ .handle = handle, .signals = SIGNALED,
				     .deadline = ZX_TIME_INFINITE };
		ASSERT_EQ(0, pthread_create(&w.thread, NULL, wait_thread, &w));
		while (!w.tid)
			;
		if (i & 1)
			zx_object_signal(self->event, 0, SIGNALED);
		zx_handle_close(handle);
		ASSERT_EQ(0, pthread_join(w.thread, NULL));
		switch (w.status) {
		case ZX_OK:
			EXPECT_EQ(SIGNALED, w.observed);
			EXPECT_EQ(1, i & 1);
			break;
		case ZX_ERR_CANCELED:
			EXPECT_EQ(CLOSED, w.observed & ~SIGNALED);
			break;
		default: /* closed before it began */
			EXPECT_ST(ZX_ERR_BAD_HANDLE, w.status);
		}
		zx_object_signal(self->event, SIGNALED, 0);
	}
}

/* Signals of Linux */

static _Atomic int handled;

static void count_signal(int signal)
{
	(void)signal;
	handled++;
}

TEST_F(object, signal_handlers_do_not_end_a_wait)
{
	static const int flags[] = { 0, SA_RESTART };

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		struct sigaction action = { .sa_handler = count_signal, .sa_flags = flags[i] };
		struct waiter w;

		handled = 0;
		ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
		start_waiter(&w, self->event, SIGNALED, zx_clock_get_monotonic() + 150 * MS);
		for (int n = 1; n <= 5; n++) {
			pthread_kill(w.thread, SIGUSR1);
			while (handled < n)
				usleep(500);
		}
		EXPECT_WAITED(ZX_ERR_TIMED_OUT, 0, &w);
		EXPECT_LE(w.deadline, w.ended);
		EXPECT_EQ(5, handled);

		start_waiter(&w, self->event, ZX_USER_SIGNAL_7, ZX_TIME_INFINITE);
		pthread_kill(w.thread, SIGUSR1);
		while (handled < 6)
			usleep(500);
		EXPECT_STILL_WAITING(&w, self->event);
		zx_object_signal(self->event, ZX_EVENT_SIGNAL_MASK, 0);
	}
}

/* The command itself tells of the handler, unless that asks for a restart */
static void *raw_wait_thread(void *arg)
{
	struct waiter *w = arg;

	w->tid = gettid();
	w->status = zt_call(OBJECT_WAIT_ONE, object_wait_one, .handle = w->handle,
			    .signals = w->signals, .deadline = w->deadline,
			    .out_observed = ZT_ADDRESS(&w->observed));
	return NULL;
}

TEST_F(object, command_is_interrupted_by_a_handler)
{
	static const int flags[] = { 0, SA_RESTART }, expected[] = { EINTR, ETIMEDOUT };

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		struct sigaction action = { .sa_handler = count_signal, .sa_flags = flags[i] };
		struct waiter w = { .handle = self->event, .signals = SIGNALED,
				    .deadline = zx_clock_get_monotonic() + 300 * MS,
				    .observed = UNTOUCHED };

		ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
		ASSERT_EQ(0, pthread_create(&w.thread, NULL, raw_wait_thread, &w));
		while (!w.tid)
			sched_yield();
		until_asleep(getpid(), w.tid);
		pthread_kill(w.thread, SIGUSR1);
		ASSERT_EQ(0, pthread_join(w.thread, NULL));
		EXPECT_ERRNO(expected[i], w.status);
		/* Only what ends the wait tells the state */
		EXPECT_EQ(i ? 0 : UNTOUCHED, w.observed);
	}
}

TEST_F(object, stopping_does_not_end_a_wait)
{
	zx_time_t deadline = zx_clock_get_monotonic() + 200 * MS;
	int status = -1;
	pid_t child;

	child = fork();
	if (!child)
		_exit(zt_call(OBJECT_WAIT_ONE, object_wait_one, .handle = self->event,
			      .signals = SIGNALED, .deadline = deadline));
	until_asleep(child, child);
	kill(child, SIGSTOP);
	ASSERT_EQ(child, waitpid(child, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	kill(child, SIGCONT);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_ERRNO(ETIMEDOUT, WEXITSTATUS(status));
	EXPECT_LE(deadline, zx_clock_get_monotonic());
}

TEST_F(object, sigkill_ends_a_wait)
{
	int status = -1;
	pid_t child;

	child = fork();
	if (!child) {
		zx_object_wait_one(self->event, SIGNALED, ZX_TIME_INFINITE, NULL);
		_exit(1);
	}
	until_asleep(child, child);
	kill(child, SIGKILL);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	/* It left nothing behind that the next change would run into */
	EXPECT_OK(zx_object_signal(self->event, 0, SIGNALED));
}

/* poll(2) and its relatives */

static int poll_events(zx_handle_t handle, int timeout)
{
	struct pollfd pfd = {
		.fd = FD(handle),
		.events = POLLIN | POLLPRI | POLLOUT | POLLRDNORM | POLLRDBAND | POLLWRNORM,
	};

	return poll(&pfd, 1, timeout) < 0 ? -1 : pfd.revents;
}

TEST_F(object, poll_of_an_event)
{
	EXPECT_EQ(0, poll_events(self->event, 0));
	zx_object_signal(self->event, 0, SIGNALED);
	EXPECT_EQ(POLLIN | POLLRDNORM, poll_events(self->event, 0));
	zx_object_signal(self->event, 0, ZX_USER_SIGNAL_0);
	EXPECT_EQ(POLLIN | POLLRDNORM | POLLPRI, poll_events(self->event, 0));
	zx_object_signal(self->event, SIGNALED, 0);
	EXPECT_EQ(POLLPRI, poll_events(self->event, 0));
	zx_object_signal(self->event, ZX_USER_SIGNAL_0, ZX_USER_SIGNAL_7);
	EXPECT_EQ(POLLPRI, poll_events(self->event, 0));
	zx_object_signal(self->event, ZX_USER_SIGNAL_7, 0);
	EXPECT_EQ(0, poll_events(self->event, 0));
}

/* Reading and writing it never block; only user signals are news */
TEST_F(object, poll_of_a_vmo)
{
	const int always = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;

	EXPECT_EQ(always, poll_events(self->vmo, 0));
	zx_object_signal(self->vmo, 0, ZX_USER_SIGNAL_0);
	EXPECT_EQ(always | POLLPRI, poll_events(self->vmo, 0));
	zx_object_signal(self->vmo, ZX_USER_SIGNAL_0, 0);
	EXPECT_EQ(always, poll_events(self->vmo, 0));
}

static void *signal_later(void *arg)
{
	struct waiter *w = arg;

	until_asleep(getpid(), w->tid);
	w->status = zx_object_signal(w->handle, 0, w->signals);
	return NULL;
}

TEST_F(object, poll_blocks_until_signaled)
{
	struct waiter w = { .handle = self->event, .signals = SIGNALED, .tid = gettid() };

	EXPECT_EQ(0, poll_events(self->event, 10));
	ASSERT_EQ(0, pthread_create(&w.thread, NULL, signal_later, &w));
	EXPECT_EQ(POLLIN | POLLRDNORM, poll_events(self->event, 20000));
	ASSERT_EQ(0, pthread_join(w.thread, NULL));
	EXPECT_OK(w.status);
}

TEST_F(object, select_of_an_event)
{
	struct timeval now = {};
	fd_set in, except;

	zx_object_signal(self->event, 0, ZX_USER_SIGNAL_1);
	FD_ZERO(&in);
	FD_ZERO(&except);
	FD_SET(FD(self->event), &in);
	FD_SET(FD(self->event), &except);
	EXPECT_EQ(1, select(FD(self->event) + 1, &in, NULL, &except, &now));
	EXPECT_FALSE(FD_ISSET(FD(self->event), &in));
	EXPECT_TRUE(FD_ISSET(FD(self->event), &except));
}

TEST_F(object, epoll_level_triggered)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLPRI, .data.u32 = 77 };
	int epfd = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_EQ(0, epoll_ctl(epfd, EPOLL_CTL_ADD, FD(self->event), &event));
	EXPECT_EQ(0, epoll_wait(epfd, &event, 1, 0));
	zx_object_signal(self->event, 0, SIGNALED);
	EXPECT_EQ(1, epoll_wait(epfd, &event, 1, 0));
	EXPECT_EQ(EPOLLIN, event.events);
	EXPECT_EQ(77, event.data.u32);
	EXPECT_EQ(1, epoll_wait(epfd, &event, 1, 0));
	zx_object_signal(self->event, SIGNALED, ZX_USER_SIGNAL_0);
	EXPECT_EQ(1, epoll_wait(epfd, &event, 1, 0));
	EXPECT_EQ(EPOLLPRI, event.events);
	zx_object_signal(self->event, ZX_USER_SIGNAL_0, 0);
	EXPECT_EQ(0, epoll_wait(epfd, &event, 1, 0));
}

TEST_F(object, epoll_edge_triggered)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epfd = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_EQ(0, epoll_ctl(epfd, EPOLL_CTL_ADD, FD(self->event), &event));
	zx_object_signal(self->event, 0, SIGNALED);
	EXPECT_EQ(1, epoll_wait(epfd, &event, 1, 0));
	EXPECT_EQ(0, epoll_wait(epfd, &event, 1, 0));
	zx_object_signal(self->event, SIGNALED, 0);
	EXPECT_EQ(0, epoll_wait(epfd, &event, 1, 0));
	zx_object_signal(self->event, 0, SIGNALED);
	EXPECT_EQ(1, epoll_wait(epfd, &event, 1, 0));
}

TEST_F(object, epoll_of_a_vmo)
{
	struct epoll_event event = { .events = EPOLLPRI };
	int epfd = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_EQ(0, epoll_ctl(epfd, EPOLL_CTL_ADD, FD(self->vmo), &event));
	EXPECT_EQ(0, epoll_wait(epfd, &event, 1, 0));
	zx_object_signal(self->vmo, 0, ZX_USER_SIGNAL_2);
	EXPECT_EQ(1, epoll_wait(epfd, &event, 1, 0));
	EXPECT_EQ(EPOLLPRI, event.events);
	/* Its last descriptor takes it out of the set */
	ASSERT_OK(zx_handle_close(self->vmo));
	EXPECT_EQ(0, epoll_wait(epfd, &event, 1, 0));
}

/* An event is nothing but signals */
TEST_F(object, event_is_no_file)
{
	char byte = 0;

	EXPECT_EQ(-1, read(FD(self->event), &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(FD(self->event), &byte, 1));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, FD(self->event), 0));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-1, ftruncate(FD(self->event), 0));
	EXPECT_EQ(-1, fallocate(FD(self->event), 0, 0, 1));
	EXPECT_EQ(-1, fsync(FD(self->event)));
}

/* Koids */

TEST_F(object, koids_rise)
{
	zx_koid_t last = 1023;

	for (int i = 0; i < 200; i++) {
		zx_handle_t handle;

		ASSERT_OK(i & 1 ? zx_vmo_create(0, 0, &handle) : zx_event_create(0, &handle));
		EXPECT_LT(last, koid_of(handle));
		last = koid_of(handle);
		/* Whether the object before is still there makes no difference */
		if (i & 2)
			ASSERT_OK(zx_handle_close(handle));
	}
	EXPECT_EQ(0, last >> 63);
}

TEST_F(object, koid_belongs_to_the_object)
{
	ASSERT_OK(zx_handle_duplicate(self->vmo, 0, &self->out));
	EXPECT_EQ(koid_of(self->vmo), koid_of(self->out));
	EXPECT_NE(koid_of(self->vmo), koid_of(self->event));
	EXPECT_EQ((long long)koid_of(self->vmo), zt_fdinfo(self->vmo, "koid"));
}

/* Information */

TEST_F(object, info_handle_valid)
{
	char byte = 'x';

	EXPECT_OK(zx_object_get_info(self->event, ZX_INFO_HANDLE_VALID, NULL, 0, NULL, NULL));
	EXPECT_OK(zx_object_get_info(self->vmo, ZX_INFO_HANDLE_VALID, &byte, 1, NULL, NULL));
	EXPECT_EQ('x', byte);
	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_NONE, &self->out));
	EXPECT_OK(zx_object_get_info(self->out, ZX_INFO_HANDLE_VALID, NULL, 0, NULL, NULL));
	ASSERT_OK(zx_handle_close(self->out));
	EXPECT_ST(ZX_ERR_BAD_HANDLE,
		  zx_object_get_info(self->out, ZX_INFO_HANDLE_VALID, NULL, 0, NULL, NULL));
	EXPECT_ST(ZX_ERR_BAD_HANDLE,
		  zx_object_get_info(ZX_HANDLE_INVALID, ZX_INFO_HANDLE_VALID, NULL, 0, NULL, NULL));
}

TEST_F(object, info_handle_basic)
{
	struct {
		zx_info_handle_basic_t info;
		char beyond[8];
	} buffer;
	size_t actual = 99, avail = 99;

	memset(&buffer, 0xee, sizeof(buffer));
	ASSERT_OK(zx_handle_duplicate(self->event, ZX_RIGHT_NONE, &self->out));
	ASSERT_OK(zx_object_get_info(self->out, ZX_INFO_HANDLE_BASIC, &buffer, sizeof(buffer),
				     &actual, &avail));
	EXPECT_EQ(1, actual);
	EXPECT_EQ(1, avail);
	EXPECT_LE(1024, buffer.info.koid);
	EXPECT_EQ(ZX_RIGHT_NONE, buffer.info.rights);
	EXPECT_EQ(ZX_OBJ_TYPE_EVENT, buffer.info.type);
	EXPECT_EQ(5, buffer.info.type);
	EXPECT_EQ(0, buffer.info.related_koid);
	EXPECT_TRUE(zt_is_zero((char *)&buffer.info + 24, 8));
	EXPECT_EQ(0, memcmp(buffer.beyond, "\xee\xee\xee\xee\xee\xee\xee\xee", 8));

	ASSERT_OK(zx_object_get_info(self->vmo, ZX_INFO_HANDLE_BASIC, &buffer, 32, NULL, NULL));
	EXPECT_EQ(ZX_OBJ_TYPE_VMO, buffer.info.type);
	EXPECT_EQ(3, buffer.info.type);
	EXPECT_EQ(0, buffer.info.related_koid);
}

TEST_F(object, info_buffer_too_small)
{
	static const struct {
		uint32_t topic;
		size_t size;
	} topics[] = {
		{ ZX_INFO_HANDLE_BASIC, 32 }, { ZX_INFO_HANDLE_COUNT, 4 },
	};
	char buffer[32], same[32];

	memset(buffer, 0xee, sizeof(buffer));
	memcpy(same, buffer, sizeof(buffer));
	for (unsigned int i = 0; i < ARRAY_SIZE(topics); i++) {
		for (size_t size = 0; size < topics[i].size; size++) {
			size_t actual = 99, avail = 99;

			EXPECT_ST(ZX_ERR_BUFFER_TOO_SMALL,
				  zx_object_get_info(self->vmo, topics[i].topic, buffer, size,
						     &actual, &avail));
			EXPECT_EQ(0, actual);
			EXPECT_EQ(1, avail);
		}
		EXPECT_ST(ZX_ERR_BUFFER_TOO_SMALL,
			  zx_object_get_info(self->vmo, topics[i].topic, NULL, 0, NULL, NULL));
	}
	EXPECT_EQ(0, memcmp(buffer, same, sizeof(buffer)));
}

TEST_F(object, info_unknown_topic)
{
	/* None, those of objects there are not, versions there are not, none again */
	static const uint32_t topics[] = {
		0, 3, 4, 8, 9, 10, 17, 18, 20, 21, 22, 24, 25, 26, 27, 31, 33, 34, 38, 40,
		0x10000002, 0x3000000d, 0x4000000e, 0x10000024, 0x40000017, 0xf0000017, 0x00010002,
		~0U,
	};
	char buffer[256];

	for (unsigned int i = 0; i < ARRAY_SIZE(topics); i++) {
		EXPECT_ST(ZX_ERR_NOT_SUPPORTED,
			  zx_object_get_info(self->vmo, topics[i], buffer, sizeof(buffer),
					     NULL, NULL)) TH_LOG("topic %#x", topics[i]);
		EXPECT_ST(ZX_ERR_NOT_SUPPORTED,
			  zx_object_get_info(ZX_HANDLE_INVALID, topics[i], NULL, 0, NULL, NULL))
			TH_LOG("topic %#x", topics[i]);
	}
}

TEST_F(object, info_vmar)
{
	zx_info_vmar_t info = {};
	size_t actual, avail;
	char *heap = malloc(1);

	ASSERT_OK(zx_object_get_info(zx_vmar_root_self(), ZX_INFO_VMAR, &info, sizeof(info),
				     &actual, &avail));
	EXPECT_EQ(1, actual);
	EXPECT_EQ(1, avail);
	EXPECT_EQ(ZXVMO_VMAR_ROOT_BASE, info.base);
	/* The stack is about as high as memory goes */
	EXPECT_LT((uintptr_t)&info, info.base + info.len);
	EXPECT_LE(info.base, (uintptr_t)heap);
	EXPECT_EQ(0, info.len % PAGE);
	EXPECT_ST(ZX_ERR_WRONG_TYPE,
		  zx_object_get_info(self->vmo, ZX_INFO_VMAR, &info, sizeof(info), NULL, NULL));
	EXPECT_ST(ZX_ERR_BAD_HANDLE,
		  zx_object_get_info(~0U, ZX_INFO_VMAR, &info, sizeof(info), NULL, NULL));
	EXPECT_ST(ZX_ERR_BUFFER_TOO_SMALL,
		  zx_object_get_info(zx_vmar_root_self(), ZX_INFO_VMAR, &info, 15,
				     &actual, &avail));
	EXPECT_EQ(0, actual);
	EXPECT_EQ(1, avail);
	free(heap);
}

/* Names */

#define EXPECT_NAME(expected, handle) do {					\
	char __name[32], __want[32] = expected;					\
										\
	memset(__name, 0xee, sizeof(__name));					\
	EXPECT_OK(zx_object_get_property(handle, ZX_PROP_NAME, __name, 32));	\
	EXPECT_EQ(0, memcmp(__name, __want, 32)) TH_LOG("%.32s", __name);	\
} while (0)

TEST_F(object, name)
{
	static const char longest[] = "0123456789012345678901234567890123456789";

	EXPECT_NAME("", self->vmo);
	EXPECT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, "four", 4));
	EXPECT_NAME("four", self->vmo);
	EXPECT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, "four", 2));
	EXPECT_NAME("fo", self->vmo);
	EXPECT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, "nul\0after", 9));
	EXPECT_NAME("nul", self->vmo);
	EXPECT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, longest, 31));
	EXPECT_NAME("0123456789012345678901234567890", self->vmo);
	EXPECT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, longest, 40));
	EXPECT_NAME("0123456789012345678901234567890", self->vmo);
	EXPECT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, "x", 0));
	EXPECT_NAME("", self->vmo);
}

/* However long it is said to be, only what is kept is read */
TEST_F(object, name_length_is_not_believed)
{
	char *end = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + PAGE;

	ASSERT_EQ(0, mprotect(end, PAGE, PROT_NONE));
	memset(end - 32, 'n', 32);
	EXPECT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, end - 32, 32));
	EXPECT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, end - 32, SIZE_MAX));
	EXPECT_NAME("nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", self->vmo);
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_object_set_property(self->vmo, ZX_PROP_NAME, end - 8, 31));
	EXPECT_NAME("nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", self->vmo);
}

TEST_F(object, name_buffer)
{
	char name[64];

	memset(name, 0xee, sizeof(name));
	EXPECT_ST(ZX_ERR_BUFFER_TOO_SMALL,
		  zx_object_get_property(self->vmo, ZX_PROP_NAME, name, 31));
	EXPECT_ST(ZX_ERR_BUFFER_TOO_SMALL,
		  zx_object_get_property(self->vmo, ZX_PROP_NAME, name, 0));
	EXPECT_EQ((char)0xee, name[0]);
	EXPECT_OK(zx_object_get_property(self->vmo, ZX_PROP_NAME, name, sizeof(name)));
	EXPECT_TRUE(zt_is_zero(name, 32));
	EXPECT_EQ((char)0xee, name[32]);
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_object_get_property(self->vmo, ZX_PROP_NAME, NULL, 32));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_object_set_property(self->vmo, ZX_PROP_NAME, NULL, 0));
}

TEST_F(object, name_belongs_to_the_object)
{
	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_SET_PROPERTY, &self->out));
	EXPECT_OK(zx_object_set_property(self->out, ZX_PROP_NAME, "shared", 6));
	EXPECT_NAME("shared", self->vmo);
}

TEST_F(object, name_needs_its_rights)
{
	zx_handle_t get, set;
	char name[32];

	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_GET_PROPERTY, &get));
	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_SET_PROPERTY, &set));
	EXPECT_OK(zx_object_get_property(get, ZX_PROP_NAME, name, 32));
	EXPECT_OK(zx_object_set_property(set, ZX_PROP_NAME, "n", 1));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_object_get_property(set, ZX_PROP_NAME, name, 32));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_object_set_property(get, ZX_PROP_NAME, "n", 1));
	/* An event's handle has neither right */
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_object_get_property(self->event, ZX_PROP_NAME, name, 32));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_object_set_property(self->event, ZX_PROP_NAME, "n", 1));
}

TEST_F(object, unknown_property)
{
	static const uint32_t properties[] = { 0, 1, 2, 4, 5, 16, 18, 1000, ~0U };
	char value[64] = {};

	for (unsigned int i = 0; i < ARRAY_SIZE(properties); i++) {
		EXPECT_ST(ZX_ERR_NOT_SUPPORTED,
			  zx_object_get_property(self->vmo, properties[i], value, sizeof(value)))
			TH_LOG("property %u", properties[i]);
		EXPECT_ST(ZX_ERR_NOT_SUPPORTED,
			  zx_object_set_property(self->vmo, properties[i], value, sizeof(value)))
			TH_LOG("property %u", properties[i]);
	}
}

/* Threads set and clear, wait and cancel; nothing is lost, nothing hangs */

struct ping_pong {
	zx_handle_t event;
	int rounds;
	zx_status_t status;
};

static void *pong(void *arg)
{
	struct ping_pong *p = arg;

	for (int i = 0; i < p->rounds && !p->status; i++) {
		p->status = zx_object_wait_one(p->event, ZX_USER_SIGNAL_0, ZX_TIME_INFINITE, NULL);
		if (!p->status)
			p->status = zx_object_signal(p->event, ZX_USER_SIGNAL_0, ZX_USER_SIGNAL_1);
	}
	return NULL;
}

TEST_F(object, ping_pong)
{
	struct ping_pong p = { .event = self->event, .rounds = 2000 };
	zx_time_t deadline = zx_clock_get_monotonic() + 20000 * MS;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, pong, &p));
	for (int i = 0; i < p.rounds; i++) {
		ASSERT_OK(zx_object_signal(self->event, ZX_USER_SIGNAL_1, ZX_USER_SIGNAL_0));
		ASSERT_OK(zx_object_wait_one(self->event, ZX_USER_SIGNAL_1, deadline, NULL))
			TH_LOG("round %d", i);
	}
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_OK(p.status);
}

TEST_HARNESS_MAIN
