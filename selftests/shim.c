// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library with the module there: the one descriptor it keeps and what may
 * happen to that, errno, threads and signals, and the calls on the root VMAR.
 */
#include "zxtest.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>

#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>
#include <zircon/zxvmo.h>

#define PAGE	zt_page_size()
#define FD(handle) ((int)ZXVMO_HANDLE_FD(handle))
#define NOBODY	65534

/* The library's descriptor */

/* How many descriptors are the device; the lowest of them in *@fd */
static int device_fds(int *fd)
{
	struct stat device, st;
	struct dirent *entry;
	int n = 0;
	DIR *dir;

	*fd = -1;
	if (stat("/dev/zxvmo", &device))
		return -1;
	dir = opendir("/proc/self/fd");
	while ((entry = readdir(dir))) {
		int number = atoi(entry->d_name);

		if (fstat(number, &st) || !S_ISCHR(st.st_mode) || st.st_rdev != device.st_rdev)
			continue;
		if (!n++)
			*fd = number;
	}
	closedir(dir);
	return n;
}

static zx_status_t make_and_close(void)
{
	zx_handle_t vmo;

	return zx_vmo_create(0, 0, &vmo) ?: zx_handle_close(vmo);
}

TEST(device_is_opened_by_the_first_call)
{
	int fd, first;

	ASSERT_EQ(0, device_fds(&fd));
	ASSERT_OK(make_and_close());
	ASSERT_EQ(1, device_fds(&first));
	for (int i = 0; i < 100; i++)
		ASSERT_OK(make_and_close());
	EXPECT_EQ(1, device_fds(&fd));
	EXPECT_EQ(first, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
}

/* A program counts on the lowest number for what it opens next */
TEST(device_leaves_low_numbers_free)
{
	int before = open("/dev/null", O_RDONLY), after, fd;

	close(before);
	ASSERT_OK(make_and_close());
	after = open("/dev/null", O_RDONLY);
	EXPECT_EQ(before, after);
	ASSERT_EQ(1, device_fds(&fd));
	EXPECT_LT(after, fd);
}

/* Unless there are only low ones */
TEST(device_with_few_descriptors)
{
	struct rlimit limit = { 20, 20 };
	int fd;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_OK(make_and_close());
	EXPECT_EQ(1, device_fds(&fd));
	EXPECT_GT(20, fd);
}

TEST(no_descriptor_left_for_the_device)
{
	struct rlimit limit = { 20, 20 };
	int fd;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	while (open("/dev/null", O_RDONLY) >= 0)
		;
	ASSERT_ERRNO(EMFILE, errno);
	EXPECT_ST(ZX_ERR_NO_RESOURCES, make_and_close());
	/* The next call tries again */
	close(10);
	close(11);
	EXPECT_OK(make_and_close());
	EXPECT_EQ(1, device_fds(&fd));
}

TEST(device_closed_by_the_program)
{
	zx_handle_t vmo;
	uint64_t size;
	int fd;

	ASSERT_OK(zx_vmo_create(PAGE, 0, &vmo));
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(1, device_fds(&fd));
		ASSERT_EQ(0, close(fd));
		EXPECT_OK(zx_vmo_get_size(vmo, &size));
		EXPECT_EQ(PAGE, size);
	}
	EXPECT_EQ(1, device_fds(&fd));
}

TEST(closefrom_closes_the_device)
{
	zx_handle_t vmo;
	uint64_t size;
	int fd;

	ASSERT_OK(zx_vmo_create(PAGE, 0, &vmo));
	ASSERT_EQ(0, syscall(SYS_close_range, 3, ~0U, 0));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_vmo_get_size(vmo, &size));
	EXPECT_OK(make_and_close());
	EXPECT_EQ(1, device_fds(&fd));
}

/* Another file in its place: left alone, and not taken for the device */
static void expect_foreign(struct __test_metadata *_metadata, int foreign, const char *name)
{
	struct stat before, after;
	zx_handle_t vmo, out;
	uint64_t size = 0;
	int fd;

	ASSERT_LE(0, foreign) TH_LOG("%s", name);
	ASSERT_EQ(0, fstat(foreign, &before));
	ASSERT_OK(zx_vmo_create(PAGE, 0, &vmo));
	/* A call of every kind that could mean something to the other file */
#define EXPECT_DISPLACED(expected, call) do {					\
	ASSERT_OK(make_and_close());						\
	ASSERT_EQ(1, device_fds(&fd));						\
	ASSERT_EQ(fd, dup3(foreign, fd, O_CLOEXEC)) TH_LOG("%s", name);		\
	EXPECT_ST(expected, call) TH_LOG("%s", name);				\
	EXPECT_EQ(0, fstat(fd, &after)) TH_LOG("%s", name);			\
	EXPECT_EQ(before.st_ino, after.st_ino) TH_LOG("%s", name);		\
	EXPECT_EQ(before.st_dev, after.st_dev) TH_LOG("%s", name);		\
	EXPECT_EQ(before.st_size, after.st_size) TH_LOG("%s", name);		\
} while (0)
	EXPECT_DISPLACED(ZX_OK, zx_vmo_get_size(vmo, &size));
	EXPECT_EQ(PAGE, size) TH_LOG("%s", name);
	EXPECT_DISPLACED(ZX_OK, zx_vmo_create(PAGE, 0, &out));
	EXPECT_DISPLACED(ZX_OK, zx_handle_close(out));
	EXPECT_DISPLACED(ZX_OK, zx_handle_close(ZX_HANDLE_INVALID));
	EXPECT_DISPLACED(ZX_ERR_BAD_HANDLE, zx_handle_close(out));
	EXPECT_DISPLACED(ZX_ERR_BAD_HANDLE, zx_vmo_get_size(ZX_HANDLE_INVALID, &size));
	EXPECT_DISPLACED(ZX_ERR_BAD_HANDLE, zx_vmo_set_size(ZX_HANDLE_INVALID, 0));
	EXPECT_DISPLACED(ZX_ERR_BAD_HANDLE, zx_object_signal(ZX_HANDLE_INVALID, 0, 0));
	EXPECT_DISPLACED(ZX_ERR_BAD_HANDLE,
			 zx_handle_duplicate(ZX_HANDLE_INVALID, ZX_RIGHT_SAME_RIGHTS, &out));
	EXPECT_DISPLACED(ZX_ERR_BAD_HANDLE,
			 zx_vmo_transfer_data(vmo, 0, 0, 0, ZX_HANDLE_INVALID, 0));
	EXPECT_DISPLACED(ZX_ERR_BAD_HANDLE,
			 zx_vmar_map(zx_vmar_root_self(), 0, 0, ZX_HANDLE_INVALID, 0, PAGE, &size));
	EXPECT_DISPLACED(ZX_ERR_BAD_HANDLE, zx_vmar_unmap(ZX_HANDLE_INVALID, PAGE, PAGE));
	ASSERT_OK(zx_handle_close(vmo));
}

TEST(foreign_file_in_place_of_the_device)
{
	int pipefd[2];

	ASSERT_EQ(0, pipe2(pipefd, O_CLOEXEC));
	expect_foreign(_metadata, open("/dev/null", O_RDWR | O_CLOEXEC), "/dev/null");
	expect_foreign(_metadata, open("/dev/zero", O_RDWR | O_CLOEXEC), "/dev/zero");
	expect_foreign(_metadata, pipefd[0], "pipe");
	expect_foreign(_metadata, memfd_create("shim", MFD_CLOEXEC), "memfd");
	expect_foreign(_metadata, open("/", O_RDONLY | O_CLOEXEC), "directory");
}

/* The device's own objects know its commands, and 0 means themselves to them */
TEST(object_in_place_of_the_device)
{
	zx_handle_t vmo, event;

	ASSERT_OK(zx_vmo_create(3 * PAGE, 0, &vmo));
	ASSERT_OK(zx_event_create(0, &event));
	expect_foreign(_metadata, FD(vmo), "VMO");
	expect_foreign(_metadata, FD(event), "event");
}

TEST(fork_shares_the_device)
{
	int fd, child_fd, status = -1;
	zx_handle_t vmo;
	uint64_t size;
	pid_t child;

	ASSERT_OK(zx_vmo_create(PAGE, 0, &vmo));
	ASSERT_EQ(1, device_fds(&fd));
	child = fork();
	if (!child) {
		EXPECT_OK(zx_vmo_get_size(vmo, &size));
		EXPECT_EQ(1, device_fds(&child_fd));
		EXPECT_EQ(fd, child_fd);
		/* What the child does to its copy is its own affair */
		syscall(SYS_close_range, 3, ~0U, 0);
		EXPECT_OK(make_and_close());
		_exit(_metadata->exit_code);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_OK(zx_vmo_get_size(vmo, &size));
	EXPECT_EQ(1, device_fds(&child_fd));
	EXPECT_EQ(fd, child_fd);
}

/* What a child maps is in the child: the root VMAR is whose memory calls */
TEST(root_vmar_after_fork)
{
	zx_handle_t vmo, root = zx_vmar_root_self();
	zx_vaddr_t addr = 0;
	int status = -1;
	pid_t child;

	ASSERT_OK(zx_vmo_create(PAGE, 0, &vmo));
	ASSERT_OK(zx_vmar_map(root, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, vmo, 0, PAGE, &addr));
	child = fork();
	if (!child) {
		*(volatile char *)addr = 'c';
		EXPECT_OK(zx_vmar_unmap(zx_vmar_root_self(), addr, PAGE));
		EXPECT_EQ(SIGSEGV, zt_load((void *)addr).signal);
		EXPECT_OK(zx_vmar_map(root, ZX_VM_PERM_READ, 0, vmo, 0, PAGE, &addr));
		EXPECT_EQ('c', *(volatile char *)addr);
		_exit(_metadata->exit_code);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ('c', *(volatile char *)addr);
}

#define THREADS	64

static pthread_barrier_t barrier;

static void *first_use(void *arg)
{
	pthread_barrier_wait(&barrier);
	return zx_vmo_create(PAGE, 0, arg) ? "failed" : NULL;
}

/* Run in several processes, for there is one first time in each */
TEST(threads_use_it_first_at_once)
{
	for (int round = 0; round < 4; round++) {
		int status = -1;
		pid_t child = fork();

		if (!child) {
			zx_handle_t handles[THREADS];
			pthread_t threads[THREADS];
			void *failure;
			int fd;

			ASSERT_EQ(0, device_fds(&fd));
			pthread_barrier_init(&barrier, NULL, THREADS);
			for (int i = 0; i < THREADS; i++) {
				ASSERT_EQ(0, pthread_create(&threads[i], NULL, first_use,
							    &handles[i]));
			}
			for (int i = 0; i < THREADS; i++) {
				ASSERT_EQ(0, pthread_join(threads[i], &failure));
				EXPECT_EQ(NULL, failure);
			}
			EXPECT_EQ(1, device_fds(&fd));
			EXPECT_OK(zx_handle_close_many(handles, THREADS));
			_exit(_metadata->exit_code);
		}
		ASSERT_EQ(child, waitpid(child, &status, 0));
		EXPECT_EQ(0, status);
	}
}

struct user {
	zx_handle_t vmo;
	atomic_bool stop;
	_Atomic unsigned int calls;
	_Atomic zx_status_t failure;
};

static void *use(void *arg)
{
	struct user *u = arg;

	while (!u->stop) {
		uint64_t size = 0;
		zx_status_t status = zx_vmo_get_size(u->vmo, &size);

		u->calls++;
		if (status || size != PAGE) {
			u->failure = status ?: 1;
			break;
		}
	}
	return NULL;
}

/* No thread sees that the descriptor goes away under it all the time */
TEST(threads_while_the_device_is_closed)
{
	struct user u = {};
	pthread_t threads[4];
	unsigned int calls;
	int fd;

	ASSERT_OK(zx_vmo_create(PAGE, 0, &u.vmo));
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, use, &u));
	}
	for (int i = 0; i < 100 && !u.failure; i++) {
		calls = u.calls;
		if (device_fds(&fd) == 1)
			close(fd);
		while (u.calls < calls + 4 && !u.failure)
			sched_yield();
	}
	u.stop = true;
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	}
	EXPECT_OK(u.failure);
	EXPECT_OK(make_and_close());
	EXPECT_EQ(1, device_fds(&fd));
}

static zx_handle_t handler_vmo;
static _Atomic int handler_calls, handler_failures;

static void call_in_handler(int signal)
{
	uint64_t size;

	(void)signal;
	handler_calls++;
	if (zx_vmo_get_size(handler_vmo, &size) || size != PAGE)
		handler_failures++;
}

TEST(calls_in_a_signal_handler)
{
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = {};
	struct sigaction action = { .sa_handler = call_in_handler };
	int fd;

	ASSERT_OK(zx_vmo_create(PAGE, 0, &handler_vmo));
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	alarm(0); /* the harness counts with alarm(2) in its own process */
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	while (handler_calls < 100) {
		ASSERT_OK(make_and_close());
		if (device_fds(&fd) == 1 && handler_calls & 1)
			close(fd);
	}
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &never, NULL));
	EXPECT_EQ(0, handler_failures);
}

/* Permission is asked for when the device is opened, not later */
TEST(device_may_not_be_opened)
{
	zx_handle_t vmo = 123;
	uint64_t size;
	int fd;

	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, NOBODY));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, zx_vmo_create(PAGE, 0, &vmo));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, zx_event_create(0, &vmo));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, zx_vmo_get_size(vmo, &size));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, zx_handle_close(vmo));
	EXPECT_EQ(123, vmo);
	EXPECT_EQ(0, device_fds(&fd));
}

TEST(device_open_before_privileges_are_dropped)
{
	zx_handle_t vmo;

	ASSERT_OK(make_and_close());
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, NOBODY));
	EXPECT_OK(zx_vmo_create(PAGE, 0, &vmo));
	EXPECT_OK(zx_vmo_write(vmo, "x", 0, 1));
}

TEST(another_device_by_that_name)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("/dev/null", "/dev/zxvmo", NULL, MS_BIND, NULL));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, make_and_close());
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, make_and_close());
}

/* errno belongs to the program */
TEST(errno_is_left_alone)
{
	zx_handle_t vmo, out;
	zx_vaddr_t addr;
	uint64_t size;
	int fd;

#define EXPECT_QUIET(expected, call) do {					\
	errno = 12345;								\
	EXPECT_ST(expected, call);						\
	EXPECT_EQ(12345, errno) TH_LOG("%s", #call);				\
} while (0)
	EXPECT_QUIET(ZX_OK, zx_vmo_create(PAGE, 0, &vmo));
	EXPECT_QUIET(ZX_OK, zx_vmo_get_size(vmo, &size));
	EXPECT_QUIET(ZX_ERR_BAD_HANDLE, zx_vmo_get_size(~0U, &size));
	EXPECT_QUIET(ZX_ERR_BAD_HANDLE, zx_vmo_get_size(0, &size));
	EXPECT_QUIET(ZX_ERR_INVALID_ARGS, zx_vmo_get_size(vmo, NULL));
	EXPECT_QUIET(ZX_ERR_INVALID_ARGS, zx_vmo_create(PAGE, 1, &out));
	EXPECT_QUIET(ZX_ERR_TIMED_OUT, zx_object_wait_one(vmo, ZX_USER_SIGNAL_0, 0, NULL));
	EXPECT_QUIET(ZX_ERR_UNAVAILABLE, zx_vmo_set_size(vmo, 0));
	EXPECT_QUIET(ZX_ERR_NOT_FOUND, zx_vmo_read(vmo, NULL, 0, 1));
	EXPECT_QUIET(ZX_OK, zx_vmar_map(zx_vmar_root_self(), 0, 0, vmo, 0, PAGE, &addr));
	EXPECT_QUIET(ZX_OK, zx_vmar_protect(zx_vmar_root_self(), 0, addr, PAGE));
	EXPECT_QUIET(ZX_OK, zx_vmar_unmap(zx_vmar_root_self(), addr, PAGE));
	EXPECT_QUIET(ZX_ERR_NOT_FOUND, zx_vmar_protect(zx_vmar_root_self(), 0, addr, PAGE));
	ASSERT_EQ(1, device_fds(&fd));
	close(fd);
	EXPECT_QUIET(ZX_OK, zx_vmo_get_size(vmo, &size));
	EXPECT_QUIET(ZX_OK, zx_handle_close(vmo));
	EXPECT_QUIET(ZX_OK, zx_nanosleep(0));
}

/* Statuses as the kernel gave them, one for each errno that a call can bring */
TEST(bad_addresses)
{
	zx_handle_t vmo, bad = ~0U;
	void *hole = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_OK(zx_vmo_create(PAGE, 0, &vmo));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmo_create(PAGE, 0, NULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmo_create(PAGE, 0, hole));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_event_create(0, NULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_handle_duplicate(vmo, ZX_RIGHT_SAME_RIGHTS, NULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmo_get_size(vmo, hole));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmo_get_stream_size(vmo, NULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zxvmo_handle_from_fd(FD(vmo), NULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_object_get_info(vmo, ZX_INFO_HANDLE_BASIC, hole, PAGE, NULL, NULL));
	/* A bad handle is found first */
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_vmo_get_size(bad, NULL));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_handle_duplicate(bad, ZX_RIGHT_SAME_RIGHTS, NULL));
}

/* Each call has its second name, and that is the same function */
TEST(underscored_names)
{
	static const char *const names[] = {
		"zx_cache_flush", "zx_clock_get_boot", "zx_clock_get_monotonic",
		"zx_deadline_after", "zx_event_create", "zx_handle_close",
		"zx_handle_close_many", "zx_handle_duplicate", "zx_handle_replace",
		"zx_nanosleep", "zx_object_get_info", "zx_object_get_property",
		"zx_object_set_property", "zx_object_signal", "zx_object_wait_one",
		"zx_status_get_string", "zx_system_get_page_size", "zx_ticks_get",
		"zx_ticks_per_second", "zx_vmar_allocate", "zx_vmar_destroy",
		"zx_vmar_map", "zx_vmar_protect",
		"zx_vmar_root_self", "zx_vmar_unmap", "zx_vmo_create",
		"zx_vmo_get_size", "zx_vmo_get_stream_size", "zx_vmo_op_range",
		"zx_vmo_read", "zx_vmo_replace_as_executable", "zx_vmo_set_cache_policy",
		"zx_vmo_set_size", "zx_vmo_set_stream_size", "zx_vmo_transfer_data",
		"zx_vmo_write",
	};
	void *library = dlopen("libzircon.so.0", RTLD_NOW | RTLD_NOLOAD);

	ASSERT_NE(NULL, library) TH_LOG("%s", dlerror());
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		char twin[64];
		void *function = dlsym(library, names[i]);

		snprintf(twin, sizeof(twin), "_%s", names[i]);
		EXPECT_NE(NULL, function) TH_LOG("%s", names[i]);
		EXPECT_EQ(function, dlsym(library, twin)) TH_LOG("%s", names[i]);
	}
}

TEST(page_size_and_clock)
{
	zx_time_t before, after;
	struct timespec now;

	EXPECT_EQ(PAGE, zx_system_get_page_size());
	/* The clock of deadlines is the one that the kernel waits by */
	before = zx_clock_get_monotonic();
	clock_gettime(CLOCK_MONOTONIC, &now);
	after = zx_clock_get_monotonic();
	EXPECT_LE(before, now.tv_sec * 1000000000LL + now.tv_nsec);
	EXPECT_GE(after, now.tv_sec * 1000000000LL + now.tv_nsec);
}

/* The root VMAR */

#define RW	(ZX_VM_PERM_READ | ZX_VM_PERM_WRITE)

FIXTURE(vmar)
{
	zx_handle_t root;
	zx_handle_t vmo;	/* 4 pages, their numbers in their first bytes */
	zx_handle_t out;
	zx_vaddr_t addr;
};

FIXTURE_SETUP(vmar)
{
	self->root = zx_vmar_root_self();
	ASSERT_OK(zx_vmo_create(4 * PAGE, 0, &self->vmo));
	for (int i = 0; i < 4; i++) {
		char byte = 1 + i;

		ASSERT_OK(zx_vmo_write(self->vmo, &byte, i * PAGE, 1));
	}
	self->addr = 0;
}

FIXTURE_TEARDOWN(vmar)
{
}

#define MAP(options, offset, length)						\
	zx_vmar_map(self->root, options, 0, self->vmo, offset, length, &self->addr)
#define AT(page) (*(volatile char *)(self->addr + (page) * PAGE))
#define LOAD(page) zt_load(&AT(page)).signal
#define STORE(page) zt_store(&AT(page), 'w').signal

TEST_F(vmar, map)
{
	ASSERT_OK(MAP(RW, 0, 4 * PAGE));
	EXPECT_NE(0, self->addr);
	EXPECT_EQ(0, self->addr % PAGE);
	EXPECT_LE(ZXVMO_VMAR_ROOT_BASE, self->addr);
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(1 + i, AT(i));
	}
	AT(2) = 'x';
	char byte = 0;

	EXPECT_OK(zx_vmo_read(self->vmo, &byte, 2 * PAGE, 1));
	EXPECT_EQ('x', byte);
}

TEST_F(vmar, map_at_an_offset)
{
	ASSERT_OK(MAP(ZX_VM_PERM_READ, 2 * PAGE, PAGE));
	EXPECT_EQ(3, AT(0));
}

TEST_F(vmar, map_rounds_the_length_up)
{
	ASSERT_OK(MAP(ZX_VM_PERM_READ, 0, PAGE + 1));
	EXPECT_EQ(2, AT(1));
	ASSERT_OK(zx_vmar_unmap(self->root, self->addr, PAGE + 1));
	EXPECT_EQ(SIGSEGV, LOAD(1));
}

TEST_F(vmar, map_permissions)
{
	ASSERT_OK(MAP(ZX_VM_PERM_READ, 0, PAGE));
	EXPECT_EQ(0, LOAD(0));
	EXPECT_EQ(SIGSEGV, STORE(0));
	ASSERT_OK(MAP(RW, 0, PAGE));
	EXPECT_EQ(0, STORE(0));
	/* Nothing is a permission too: it can be raised later */
	ASSERT_OK(MAP(0, 0, PAGE));
	EXPECT_EQ(SIGSEGV, LOAD(0));
	EXPECT_EQ(SIGSEGV, STORE(0));
	ASSERT_OK(zx_vmar_protect(self->root, RW, self->addr, PAGE));
	EXPECT_EQ(0, LOAD(0));
	EXPECT_EQ(0, STORE(0));
	/* No machine has memory to be executed and not read */
	ASSERT_OK(MAP(ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED, 0, PAGE));
	EXPECT_EQ(0, LOAD(0));
	EXPECT_EQ(SIGSEGV, STORE(0));
}

TEST_F(vmar, map_execute)
{
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, MAP(ZX_VM_PERM_READ | ZX_VM_PERM_EXECUTE, 0, PAGE));
#ifdef __x86_64__
	static const char ret[] = { 0xb8, 42, 0, 0, 0, 0xc3 }; /* mov $42, %eax; ret */

	ASSERT_OK(zx_vmo_write(self->vmo, ret, 0, sizeof(ret)));
#endif
	ASSERT_OK(zx_vmo_replace_as_executable(self->vmo, ZX_HANDLE_INVALID, &self->vmo));
	ASSERT_OK(MAP(ZX_VM_PERM_READ | ZX_VM_PERM_EXECUTE, 0, PAGE));
#ifdef __x86_64__
	EXPECT_EQ(42, ((int (*)(void))self->addr)());
#endif
	EXPECT_EQ(SIGSEGV, STORE(0));
	/* Execute with nothing or only the other name of read */
	EXPECT_ST(ZX_ERR_INVALID_ARGS, MAP(ZX_VM_PERM_EXECUTE, 0, PAGE));
	EXPECT_OK(MAP(ZX_VM_PERM_EXECUTE | ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED, 0, PAGE));
}

TEST_F(vmar, map_specific)
{
	zx_vaddr_t place;

	ASSERT_OK(MAP(0, 0, 8 * PAGE));
	place = self->addr + 2 * PAGE;
	ASSERT_OK(zx_vmar_unmap(self->root, self->addr, 8 * PAGE));
	ASSERT_OK(zx_vmar_map(self->root, RW | ZX_VM_SPECIFIC, place - ZXVMO_VMAR_ROOT_BASE,
			      self->vmo, PAGE, 2 * PAGE, &self->addr));
	EXPECT_EQ(place, self->addr);
	EXPECT_EQ(2, AT(0));

	/* Something is there: ours, in part or whole, or anything of the program's */
	for (int page = -1; page <= 1; page++) {
		EXPECT_ST(ZX_ERR_ALREADY_EXISTS,
			  zx_vmar_map(self->root, RW | ZX_VM_SPECIFIC,
				      place + page * PAGE - ZXVMO_VMAR_ROOT_BASE,
				      self->vmo, 0, 2 * PAGE, &self->addr)) TH_LOG("page %d", page);
	}
	EXPECT_EQ(place, self->addr);
	EXPECT_EQ(2, AT(0));
	EXPECT_EQ(3, AT(1));
	place = (uintptr_t)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EXPECT_ST(ZX_ERR_ALREADY_EXISTS,
		  zx_vmar_map(self->root, RW | ZX_VM_SPECIFIC, place - ZXVMO_VMAR_ROOT_BASE,
			      self->vmo, 0, PAGE, &self->addr));
}

TEST_F(vmar, map_place_outside)
{
	zx_info_vmar_t info;
	const struct {
		zx_vm_option_t options;
		uint64_t offset, length;
	} cases[] = {
		{ 0, PAGE, PAGE },		/* an offset that is not asked for */
		{ 0, 1, PAGE },
		{ ZX_VM_SPECIFIC, 1, PAGE },
		{ ZX_VM_SPECIFIC, 0, 0 },
		{ 0, 0, 0 },
	};

	ASSERT_OK(zx_object_get_info(self->root, ZX_INFO_VMAR, &info, sizeof(info), NULL, NULL));
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  zx_vmar_map(self->root, RW | cases[i].options, cases[i].offset,
				      self->vmo, 0, cases[i].length, &self->addr))
			TH_LOG("case %u", i);
	}
#define OUTSIDE(offset, length)							\
	EXPECT_ST(ZX_ERR_INVALID_ARGS,						\
		  zx_vmar_map(self->root, RW | ZX_VM_SPECIFIC, offset, self->vmo, 0, length, \
			      &self->addr))
	OUTSIDE(info.len, PAGE);
	OUTSIDE(info.len - PAGE, 2 * PAGE);
	OUTSIDE(-PAGE, PAGE);
	OUTSIDE(0, info.len + PAGE);
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmar_map(self->root, RW, 0, self->vmo, 0, info.len + PAGE, &self->addr));
	EXPECT_EQ(0, self->addr);
}

TEST_F(vmar, map_numbers_that_wrap)
{
	EXPECT_ST(ZX_ERR_INVALID_ARGS, MAP(RW, 1, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, MAP(RW, PAGE - 1, ~0ULL));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, MAP(RW, 0, ~0ULL));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, MAP(RW, -PAGE, PAGE + 1));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, MAP(RW, 2 * PAGE, -PAGE));
	EXPECT_EQ(0, self->addr);
}

/* A mapping may go beyond the VMO; what is not there raises SIGBUS */
TEST_F(vmar, map_beyond_the_end)
{
	ASSERT_OK(MAP(RW, 2 * PAGE, 4 * PAGE));
	EXPECT_EQ(4, AT(1));
	EXPECT_EQ(SIGBUS, LOAD(2));
	EXPECT_EQ(SIGBUS, STORE(3));
	ASSERT_OK(MAP(RW | ZX_VM_ALLOW_FAULTS, 1ULL << 40, PAGE));
	EXPECT_EQ(SIGBUS, LOAD(0));
}

/* Each line has the mistakes of the lines below it */
TEST_F(vmar, map_order_of_errors)
{
	const zx_vm_option_t nonsense = 1U << 20;
	zx_handle_t closed, event, bare, reader, resizable;

	ASSERT_OK(zx_event_create(0, &event));
	ASSERT_OK(zx_handle_duplicate(self->vmo, 0, &bare));
	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_MAP | ZX_RIGHT_READ, &reader));
	ASSERT_OK(zx_vmo_create(PAGE, ZX_VMO_RESIZABLE, &resizable));
	ASSERT_OK(zx_handle_duplicate(event, 0, &closed));
	ASSERT_OK(zx_handle_close(closed));
#define TRY(vmar, options, vmo, offset, length)					\
	zx_vmar_map(vmar, options, 0, vmo, offset, length, &self->addr)
	EXPECT_ST(ZX_ERR_BAD_HANDLE, TRY(closed, nonsense, closed, 1, 0));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, TRY(ZX_HANDLE_INVALID, nonsense, closed, 1, 0));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, TRY(event, nonsense, closed, 1, 0));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, TRY(self->root, nonsense, closed, 1, 0));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, TRY(self->root, nonsense, ZX_HANDLE_INVALID, 1, 0));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, TRY(self->root, nonsense, event, 1, 0));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, TRY(self->root, nonsense, self->root, 1, 0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, TRY(self->root, ZX_VM_PERM_WRITE | nonsense, bare, 1, 0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, TRY(self->root, 0, bare, 1, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(self->root, ZX_VM_PERM_WRITE | nonsense, reader, 1, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  TRY(self->root, RW | ZX_VM_CAN_MAP_WRITE | nonsense, reader, 1, 0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, TRY(self->root, RW | nonsense, reader, 1, 0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  TRY(self->root, ZX_VM_PERM_READ | ZX_VM_PERM_EXECUTE | nonsense, reader, 1, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  TRY(self->root, ZX_VM_REQUIRE_NON_RESIZABLE | nonsense, resizable, 1, 0));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED,
		  TRY(self->root, ZX_VM_REQUIRE_NON_RESIZABLE | ZX_VM_COMPACT, resizable, 1, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(self->root, ZX_VM_COMPACT, self->vmo, 0, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(self->root, ZX_VM_CAN_MAP_SPECIFIC, self->vmo, 0, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(self->root, 0, self->vmo, 1, ~0ULL));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, TRY(self->root, 0, self->vmo, 0, ~0ULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, TRY(self->root, 0, self->vmo, 0, 0));
	EXPECT_EQ(0, self->addr);
	EXPECT_OK(TRY(self->root, ZX_VM_REQUIRE_NON_RESIZABLE, self->vmo, 0, PAGE));
}

TEST_F(vmar, map_unknown_options)
{
	for (int bit = 16; bit < 24; bit++) {
		EXPECT_ST(ZX_ERR_INVALID_ARGS, MAP(1U << bit, 0, PAGE)) TH_LOG("bit %d", bit);
	}
	/* Alignments that are none */
	for (zx_vm_option_t align = 1; align < 256; align++) {
		bool valid = align >= 10 && align <= 32;

		EXPECT_ST(valid ? ZX_OK : ZX_ERR_INVALID_ARGS,
			  MAP(align << ZX_VM_ALIGN_BASE, 0, PAGE)) TH_LOG("alignment %u", align);
		if (valid) {
			EXPECT_EQ(0, self->addr % (1ULL << align)) TH_LOG("alignment %u", align);
			EXPECT_OK(zx_vmar_unmap(self->root, self->addr, PAGE));
			self->addr = 0;
		}
	}
	EXPECT_ST(ZX_ERR_INVALID_ARGS, MAP(ZX_VM_MAP_RANGE | ZX_VM_SPECIFIC_OVERWRITE, 0, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, MAP(ZX_VM_FAULT_BEYOND_STREAM_SIZE, 0, PAGE));
	EXPECT_EQ(0, self->addr);
}

TEST_F(vmar, map_with_a_bad_address_pointer)
{
	zx_info_vmo_t info;

	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmar_map(self->root, RW, 0, self->vmo, 0, PAGE, NULL));
	ASSERT_OK(zx_object_get_info(self->vmo, ZX_INFO_VMO, &info, sizeof(info), NULL, NULL));
	EXPECT_EQ(0, info.num_mappings);
}

TEST_F(vmar, mapping_outlives_its_handle)
{
	ASSERT_OK(MAP(RW, 0, 4 * PAGE));
	ASSERT_OK(zx_handle_close(self->vmo));
	EXPECT_EQ(4, AT(3));
	EXPECT_EQ(0, STORE(2));
	/* And so do its rights */
	ASSERT_OK(zx_vmar_protect(self->root, ZX_VM_PERM_READ, self->addr, 4 * PAGE));
	EXPECT_EQ(SIGSEGV, STORE(2));
	ASSERT_OK(zx_vmar_protect(self->root, RW, self->addr, 4 * PAGE));
	EXPECT_EQ(0, STORE(2));
}

TEST_F(vmar, unmap)
{
	ASSERT_OK(MAP(RW, 0, 4 * PAGE));
	/* The middle */
	EXPECT_OK(zx_vmar_unmap(self->root, self->addr + PAGE, 2 * PAGE));
	EXPECT_EQ(1, AT(0));
	EXPECT_EQ(SIGSEGV, LOAD(1));
	EXPECT_EQ(SIGSEGV, LOAD(2));
	EXPECT_EQ(4, AT(3));
	/* With a hole in it, and then as nothing but a hole */
	EXPECT_OK(zx_vmar_unmap(self->root, self->addr, 4 * PAGE));
	EXPECT_EQ(SIGSEGV, LOAD(0));
	EXPECT_EQ(SIGSEGV, LOAD(3));
	EXPECT_OK(zx_vmar_unmap(self->root, self->addr, 4 * PAGE));
}

/* What the program mapped by itself is nobody else's */
TEST_F(vmar, unmap_leaves_other_mappings)
{
	char *own;

	ASSERT_OK(MAP(RW, 0, 4 * PAGE));
	own = mmap((void *)(self->addr + PAGE), PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ASSERT_NE(MAP_FAILED, own);
	*own = 'o';
	EXPECT_OK(zx_vmar_unmap(self->root, self->addr, 4 * PAGE));
	EXPECT_EQ(SIGSEGV, LOAD(0));
	EXPECT_EQ('o', *own);
	EXPECT_EQ(SIGSEGV, LOAD(2));
	EXPECT_OK(zx_vmar_unmap(self->root, self->addr + PAGE, PAGE));
	EXPECT_EQ('o', *own);
}

TEST_F(vmar, unmap_bad_ranges)
{
	zx_info_vmar_t info;
	zx_handle_t event;

	ASSERT_OK(MAP(RW, 0, 4 * PAGE));
	ASSERT_OK(zx_event_create(0, &event));
	ASSERT_OK(zx_object_get_info(self->root, ZX_INFO_VMAR, &info, sizeof(info), NULL, NULL));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_vmar_unmap(ZX_HANDLE_INVALID, self->addr, PAGE));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_vmar_unmap(~0U, self->addr, PAGE));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, zx_vmar_unmap(self->vmo, self->addr, PAGE));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, zx_vmar_unmap(event, self->addr + 1, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(self->root, self->addr + 1, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(self->root, self->addr, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(self->root, self->addr, ~0ULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(self->root, self->addr, info.len));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(self->root, 0, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(self->root, info.base - PAGE, 2 * PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmar_unmap(self->root, info.base + info.len, PAGE));
	EXPECT_EQ(1, AT(0));
	EXPECT_EQ(4, AT(3));
}

TEST_F(vmar, protect)
{
	ASSERT_OK(MAP(RW, 0, 4 * PAGE));
	/* A part, with a length that is rounded up */
	EXPECT_OK(zx_vmar_protect(self->root, ZX_VM_PERM_READ, self->addr + PAGE, PAGE + 1));
	EXPECT_EQ(0, STORE(0));
	EXPECT_EQ(SIGSEGV, STORE(1));
	EXPECT_EQ(SIGSEGV, STORE(2));
	EXPECT_EQ(0, STORE(3));
	EXPECT_EQ(2, AT(1));
	/* Nothing at all: the data stays */
	EXPECT_OK(zx_vmar_protect(self->root, 0, self->addr, 4 * PAGE));
	EXPECT_EQ(SIGSEGV, LOAD(1));
	EXPECT_OK(zx_vmar_protect(self->root, ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED,
				  self->addr, 4 * PAGE));
	EXPECT_EQ(2, AT(1));
	EXPECT_EQ(SIGSEGV, STORE(1));
	/* Several mappings at once */
	EXPECT_OK(zx_vmar_protect(self->root, RW, self->addr, 4 * PAGE));
	EXPECT_EQ(0, STORE(1));
}

TEST_F(vmar, protect_is_bound_by_the_rights)
{
	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_MAP | ZX_RIGHT_READ, &self->out));
	ASSERT_OK(zx_vmar_map(self->root, ZX_VM_PERM_READ, 0, self->out, 0, 4 * PAGE, &self->addr));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_protect(self->root, RW, self->addr, PAGE));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_vmar_protect(self->root, ZX_VM_PERM_READ | ZX_VM_PERM_EXECUTE,
				  self->addr, PAGE));
	EXPECT_EQ(1, AT(0));
	EXPECT_EQ(SIGSEGV, STORE(0));
	/* Nor is there a way around by mprotect(2) */
	EXPECT_EQ(-1, mprotect((void *)self->addr, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_ERRNO(EACCES, errno);
	/* A right that was not used is there all the same */
	ASSERT_OK(zx_vmar_map(self->root, 0, 0, self->out, 0, PAGE, &self->addr));
	EXPECT_OK(zx_vmar_protect(self->root, ZX_VM_PERM_READ, self->addr, PAGE));
	EXPECT_EQ(1, AT(0));

	/* No right but to map: it stays shut */
	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_MAP, &self->out));
	ASSERT_OK(zx_vmar_map(self->root, 0, 0, self->out, 0, PAGE, &self->addr));
	EXPECT_EQ(SIGSEGV, LOAD(0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_vmar_protect(self->root, ZX_VM_PERM_READ, self->addr, PAGE));
	EXPECT_EQ(-1, mprotect((void *)self->addr, PAGE, PROT_READ));
	EXPECT_EQ(SIGSEGV, LOAD(0));
}

/* All of the range or none of it; the first problem from below is told */
TEST_F(vmar, protect_is_all_or_nothing)
{
	zx_vaddr_t place;

	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_MAP | ZX_RIGHT_READ, &self->out));
	ASSERT_OK(MAP(RW, 0, 8 * PAGE));
	place = self->addr;
	/* Writable, nothing, read-only, nothing */
	ASSERT_OK(zx_vmar_unmap(self->root, place + 4 * PAGE, 4 * PAGE));
	ASSERT_OK(zx_vmar_map(self->root, ZX_VM_PERM_READ | ZX_VM_SPECIFIC,
			      place + 5 * PAGE - ZXVMO_VMAR_ROOT_BASE, self->out, 0, PAGE,
			      &self->addr));
	self->addr = place;
	EXPECT_ST(ZX_ERR_NOT_FOUND,
		  zx_vmar_protect(self->root, ZX_VM_PERM_READ, place, 6 * PAGE));
	EXPECT_EQ(0, STORE(0));
	EXPECT_ST(ZX_ERR_NOT_FOUND, zx_vmar_protect(self->root, RW, place, 6 * PAGE));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_vmar_protect(self->root, RW, place + 5 * PAGE, 2 * PAGE));
	EXPECT_ST(ZX_ERR_NOT_FOUND,
		  zx_vmar_protect(self->root, ZX_VM_PERM_READ, place + 5 * PAGE, 2 * PAGE));
	EXPECT_ST(ZX_ERR_NOT_FOUND,
		  zx_vmar_protect(self->root, ZX_VM_PERM_READ, place + 4 * PAGE, 2 * PAGE));

	/* Side by side */
	ASSERT_OK(zx_vmar_map(self->root, ZX_VM_PERM_READ | ZX_VM_SPECIFIC,
			      place + 4 * PAGE - ZXVMO_VMAR_ROOT_BASE, self->out, 0, PAGE,
			      &self->addr));
	self->addr = place;
	EXPECT_OK(zx_vmar_protect(self->root, ZX_VM_PERM_READ, place, 6 * PAGE));
	EXPECT_EQ(SIGSEGV, STORE(3));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmar_protect(self->root, RW, place, 6 * PAGE));
	EXPECT_EQ(SIGSEGV, STORE(0));
}

TEST_F(vmar, protect_of_what_is_no_vmo)
{
	char *own = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, own);
	EXPECT_ST(ZX_ERR_NOT_FOUND,
		  zx_vmar_protect(self->root, ZX_VM_PERM_READ, (uintptr_t)own, PAGE));
	EXPECT_EQ(0, zt_store(own, 'x').signal);
	munmap(own, 2 * PAGE);
	EXPECT_ST(ZX_ERR_NOT_FOUND,
		  zx_vmar_protect(self->root, ZX_VM_PERM_READ, (uintptr_t)own, PAGE));
}

TEST_F(vmar, protect_order_of_errors)
{
	zx_handle_t event;

	ASSERT_OK(zx_event_create(0, &event));
	ASSERT_OK(MAP(RW, 0, PAGE));
#define PROTECT(vmar, options, addr, length) zx_vmar_protect(vmar, options, addr, length)
	EXPECT_ST(ZX_ERR_BAD_HANDLE, PROTECT(~0U, ZX_VM_PERM_WRITE, 1, 0));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, PROTECT(ZX_HANDLE_INVALID, ZX_VM_PERM_WRITE, 1, 0));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, PROTECT(event, ZX_VM_PERM_WRITE, 1, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, PROTECT(self->root, ZX_VM_PERM_WRITE, self->addr, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, PROTECT(self->root, ZX_VM_PERM_EXECUTE, self->addr, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, PROTECT(self->root, ZX_VM_PERM_READ, self->addr + 1, PAGE));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, PROTECT(self->root, ZX_VM_PERM_READ, self->addr, 0));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, PROTECT(self->root, ZX_VM_PERM_READ, self->addr, ~0ULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, PROTECT(self->root, ZX_VM_PERM_READ, 0, PAGE));
	for (int bit = 3; bit < 32; bit++) {
		if (1U << bit == ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED)
			continue;
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  PROTECT(self->root, ZX_VM_PERM_READ | 1U << bit, self->addr, PAGE))
			TH_LOG("bit %d", bit);
	}
	EXPECT_EQ(0, STORE(0));
}

TEST_HARNESS_MAIN
