// SPDX-License-Identifier: MIT
/*
 * Tests of the library that need no kernel module.
 *
 * The library's system calls come here (ld --wrap), where /dev/null plays the
 * device: what counts is that it is a character device of its own number. A test
 * of check.sh sees to it that the library has no other way.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>
#include <zircon/time.h>
#include <zircon/zxvmo.h>
#include <zxvmo.h>

#define ERRNO_OF_CALLER	4242
#define HANDLE		ZXVMO_HANDLE(5, 7)
#define DEVICE_RDEV	makedev(1, 3)

static atomic_int failed;

static bool result(bool ok, const char *name)
{
	if (!ok)
		failed++;
	printf("%s - %s\n", ok ? "ok" : "not ok", name);
	fflush(stdout);
	return ok;
}

/* The fake kernel */

static const char *device_path = "/dev/null";
static int open_error;			/* errno of the next opens, 0: they succeed */
static atomic_int opens;
static int command_errors[4];		/* errnos of the next commands */
static atomic_int command_count;
static unsigned int last_command;
static _Alignas(8) char last_args[128];
static atomic_int last_fd = -1;
static int object_fd = -1;		/* plays an object's descriptor */
static int mprotect_error, mprotect_prot;

long __real_zxvmo_syscall(long number, long a, long b, long c, long d);
long __wrap_zxvmo_syscall(long number, long a, long b, long c, long d);

static long fake_open(const char *path, int flags)
{
	int error = open_error;

	if (strcmp(path, "/dev/zxvmo"))
		return -ENOENT;
	opens++;
	if (error == EINTR)
		open_error = 0;
	if (error)
		return -error;
	return __real_zxvmo_syscall(SYS_openat, AT_FDCWD, (long)device_path, flags, 0);
}

static bool is_fake_device(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISCHR(st.st_mode) && st.st_rdev == DEVICE_RDEV;
}

static long fake_ioctl(int fd, unsigned int command, void *args)
{
	struct zxvmo_handle_from_fd *from_fd;
	int count;

	last_fd = fd;
	if (fd != object_fd && !is_fake_device(fd))
		return __real_zxvmo_syscall(SYS_ioctl, fd, command, (long)args, 0);

	count = command_count++;
	last_command = command;
	memcpy(last_args, args, *(__u32 *)args);
	if (count < 4 && command_errors[count])
		return -command_errors[count];
	if (command == ZXVMO_HANDLE_FROM_FD) {
		from_fd = args;
		*(__u32 *)from_fd->out_handle = ZXVMO_HANDLE(5, from_fd->fd);
	}
	return 0;
}

long __wrap_zxvmo_syscall(long number, long a, long b, long c, long d)
{
	long result;
	int saved_errno = errno;

	switch (number) {
	case SYS_openat:
		result = a == AT_FDCWD ? fake_open((const char *)b, c) : -EBADF;
		break;
	case SYS_ioctl:
		result = fake_ioctl(a, b, (void *)c);
		break;
	case SYS_mprotect:
		mprotect_prot = c;
		result = -mprotect_error;
		break;
	default:
		return __real_zxvmo_syscall(number, a, b, c, d);
	}
	errno = saved_errno;
	return result;
}

static void expect_errors(int first, int second, int third)
{
	command_errors[0] = first;
	command_errors[1] = second;
	command_errors[2] = third;
	command_count = 0;
}

/* Every call, as the kernel sees it */

static bool device_there;
static zx_status_t expected_status;
static bool all_as_expected;

static void check_call(const char *name, zx_status_t status, unsigned int command,
		       const void *args)
{
	bool ok = errno == ERRNO_OF_CALLER && status == expected_status;

	if (device_there) {
		ok = ok && command_count == 1 && last_command == command &&
		     !memcmp(last_args, args, *(__u32 *)args);
		result(ok, name);
	} else {
		ok = ok && !command_count;
	}
	if (!ok)
		all_as_expected = false;
	command_count = 0;
}

#define CALLED(expression, command, type, ...) do {					\
	errno = ERRNO_OF_CALLER;							\
	check_call(#expression, expression, command,					\
		   &(struct type){ .size = sizeof(struct type), __VA_ARGS__ });		\
} while (0)

#define P(address)	((__u64)(uintptr_t)(address))

/* Each argument has another value, so that a swap shows. */
static bool check_all_calls(bool device, zx_status_t status)
{
	static zx_handle_t out;
	static char buffer[64];
	static size_t actual, avail;
	static uint64_t size;
	static zx_signals_t observed;
	static zx_vaddr_t addr;

	device_there = device;
	expected_status = status;
	all_as_expected = true;
	expect_errors(0, 0, 0);

	CALLED(zx_handle_close(HANDLE), ZXVMO_HANDLE_CLOSE, zxvmo_handle_close, .handle = HANDLE);
	CALLED(zx_handle_close_many(&out, 2), ZXVMO_HANDLE_CLOSE_MANY, zxvmo_handle_close_many,
	       .handles = P(&out), .num_handles = 2);
	CALLED(zx_handle_duplicate(HANDLE, 2, &out), ZXVMO_HANDLE_DUPLICATE,
	       zxvmo_handle_duplicate, .handle = HANDLE, .rights = 2, .out_handle = P(&out));
	CALLED(zx_handle_replace(HANDLE, 2, &out), ZXVMO_HANDLE_REPLACE,
	       zxvmo_handle_duplicate, .handle = HANDLE, .rights = 2, .out_handle = P(&out));
	CALLED(zxvmo_handle_from_fd(2, &out), ZXVMO_HANDLE_FROM_FD, zxvmo_handle_from_fd,
	       .fd = 2, .out_handle = P(&out));
	CALLED(zx_object_signal(HANDLE, 2, 3), ZXVMO_OBJECT_SIGNAL, zxvmo_object_signal,
	       .handle = HANDLE, .clear_mask = 2, .set_mask = 3);
	CALLED(zx_object_wait_one(HANDLE, 2, -3, &observed), ZXVMO_OBJECT_WAIT_ONE,
	       zxvmo_object_wait_one, .handle = HANDLE, .signals = 2, .deadline = -3,
	       .out_observed = P(&observed));
	CALLED(zx_object_get_info(HANDLE, 2, buffer, 3, &actual, &avail), ZXVMO_OBJECT_GET_INFO,
	       zxvmo_object_get_info, .handle = HANDLE, .topic = 2, .buffer = P(buffer),
	       .buffer_size = 3, .out_actual = P(&actual), .out_avail = P(&avail));
	CALLED(zx_object_get_property(HANDLE, 2, buffer, 3), ZXVMO_OBJECT_GET_PROPERTY,
	       zxvmo_object_property, .handle = HANDLE, .property = 2, .value = P(buffer),
	       .value_size = 3);
	CALLED(zx_object_set_property(HANDLE, 2, buffer, 3), ZXVMO_OBJECT_SET_PROPERTY,
	       zxvmo_object_property, .handle = HANDLE, .property = 2, .value = P(buffer),
	       .value_size = 3);
	CALLED(zx_event_create(2, &out), ZXVMO_EVENT_CREATE, zxvmo_event_create,
	       .options = 2, .out_handle = P(&out));
	CALLED(zx_vmo_create(2, 3, &out), ZXVMO_VMO_CREATE, zxvmo_vmo_create,
	       .vmo_size = 2, .options = 3, .out_handle = P(&out));
	CALLED(zx_vmo_read(HANDLE, buffer, 2, 3), ZXVMO_VMO_READ, zxvmo_vmo_rw,
	       .handle = HANDLE, .buffer = P(buffer), .offset = 2, .length = 3);
	CALLED(zx_vmo_write(HANDLE, buffer, 2, 3), ZXVMO_VMO_WRITE, zxvmo_vmo_rw,
	       .handle = HANDLE, .buffer = P(buffer), .offset = 2, .length = 3);
	CALLED(zx_vmo_get_size(HANDLE, &size), ZXVMO_VMO_GET_SIZE, zxvmo_vmo_get_size,
	       .handle = HANDLE, .out_size = P(&size));
	CALLED(zx_vmo_set_size(HANDLE, 2), ZXVMO_VMO_SET_SIZE, zxvmo_vmo_set_size,
	       .handle = HANDLE, .vmo_size = 2);
	CALLED(zx_vmo_get_stream_size(HANDLE, &size), ZXVMO_VMO_GET_STREAM_SIZE,
	       zxvmo_vmo_get_size, .handle = HANDLE, .out_size = P(&size));
	CALLED(zx_vmo_set_stream_size(HANDLE, 2), ZXVMO_VMO_SET_STREAM_SIZE,
	       zxvmo_vmo_set_size, .handle = HANDLE, .vmo_size = 2);
	CALLED(zx_vmo_op_range(HANDLE, 2, 3, 4, buffer, 5), ZXVMO_VMO_OP_RANGE,
	       zxvmo_vmo_op_range, .handle = HANDLE, .op = 2, .offset = 3, .length = 4,
	       .buffer = P(buffer), .buffer_size = 5);
	CALLED(zx_vmo_set_cache_policy(HANDLE, 2), ZXVMO_VMO_SET_CACHE_POLICY,
	       zxvmo_vmo_set_cache_policy, .handle = HANDLE, .policy = 2);
	CALLED(zx_vmo_replace_as_executable(HANDLE, 2, &out), ZXVMO_VMO_REPLACE_AS_EXECUTABLE,
	       zxvmo_vmo_replace_as_executable, .handle = HANDLE, .vmex = 2,
	       .out_handle = P(&out));
	CALLED(zx_vmo_transfer_data(HANDLE, 2, 3, 4, 5, 6), ZXVMO_VMO_TRANSFER_DATA,
	       zxvmo_vmo_transfer_data, .handle = HANDLE, .options = 2, .offset = 3,
	       .length = 4, .src_handle = 5, .src_offset = 6);
	CALLED(zx_vmo_create_child(HANDLE, 2, 3, 4, &out), ZXVMO_VMO_CREATE_CHILD,
	       zxvmo_vmo_create_child, .handle = HANDLE, .options = 2, .offset = 3,
	       .vmo_size = 4, .out_handle = P(&out));
	CALLED(zx_vmar_allocate(HANDLE, 2, 3, 4, &out, &addr), ZXVMO_VMAR_ALLOCATE,
	       zxvmo_vmar_allocate, .handle = HANDLE, .options = 2, .vmar_offset = 3,
	       .length = 4, .out_handle = P(&out), .out_addr = P(&addr));
	CALLED(zx_vmar_destroy(HANDLE), ZXVMO_VMAR_DESTROY, zxvmo_vmar_destroy,
	       .handle = HANDLE);
	CALLED(zx_vmar_map(zx_vmar_root_self(), 2, 3, 4, 5, 6, &addr), ZXVMO_VMAR_MAP,
	       zxvmo_vmar_map, .handle = ZXVMO_HANDLE_VMAR_ROOT_SELF, .options = 2,
	       .vmar_offset = 3, .vmo = 4, .vmo_offset = 5, .length = 6,
	       .out_addr = P(&addr));
	CALLED(zx_vmar_unmap(HANDLE, 2, 3), ZXVMO_VMAR_UNMAP, zxvmo_vmar_range,
	       .handle = HANDLE, .addr = 2, .length = 3);
	CALLED(zx_vmar_protect(HANDLE, 1, 2, 3), ZXVMO_VMAR_PROTECT, zxvmo_vmar_range,
	       .handle = HANDLE, .options = 1, .addr = 2, .length = 3);
	return all_as_expected;
}

static int open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* Must run before the device is there for the first time. */
static void test_no_device(void)
{
	static const struct {
		int error;
		zx_status_t status;
	} cases[] = {
		{ ENOENT, ZX_ERR_NOT_SUPPORTED },
		{ EACCES, ZX_ERR_NOT_SUPPORTED },
		{ EPERM, ZX_ERR_NOT_SUPPORTED },
		{ ENODEV, ZX_ERR_NOT_SUPPORTED },
		{ ENXIO, ZX_ERR_NOT_SUPPORTED },
		{ EMFILE, ZX_ERR_NO_RESOURCES },
		{ ENFILE, ZX_ERR_NO_RESOURCES },
		{ ENOMEM, ZX_ERR_NO_MEMORY },
	};
	int before = open_descriptors();
	char name[80];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		open_error = cases[i].error;
		snprintf(name, sizeof(name), "every call: open fails: %s",
			 strerror(open_error));
		result(check_all_calls(false, cases[i].status), name);
	}
	open_error = 0;
	device_path = "/proc/self/exe";
	result(check_all_calls(false, ZX_ERR_NOT_SUPPORTED), "every call: not a device");
	device_path = "/dev/null";
	result(open_descriptors() == before, "no descriptor is left behind");
}

static zx_status_t get_size(void)
{
	uint64_t size;

	errno = ERRNO_OF_CALLER;
	return zx_vmo_get_size(HANDLE, &size);
}

static void test_statuses(void)
{
	static const struct {
		const char *name;
		zx_status_t status, value;
	} statuses[] = {
#define S(name, value)	{ "ZX_" #name, ZX_##name, value }
		S(OK, 0), S(ERR_INTERNAL, -1), S(ERR_NOT_SUPPORTED, -2), S(ERR_NO_RESOURCES, -3),
		S(ERR_NO_MEMORY, -4), S(ERR_INTERNAL_INTR_RETRY, -6), S(ERR_INVALID_ARGS, -10),
		S(ERR_BAD_HANDLE, -11), S(ERR_WRONG_TYPE, -12), S(ERR_BAD_SYSCALL, -13),
		S(ERR_OUT_OF_RANGE, -14), S(ERR_BUFFER_TOO_SMALL, -15), S(ERR_BAD_STATE, -20),
		S(ERR_TIMED_OUT, -21), S(ERR_SHOULD_WAIT, -22), S(ERR_CANCELED, -23),
		S(ERR_PEER_CLOSED, -24), S(ERR_NOT_FOUND, -25), S(ERR_ALREADY_EXISTS, -26),
		S(ERR_ALREADY_BOUND, -27), S(ERR_UNAVAILABLE, -28), S(ERR_ACCESS_DENIED, -30),
		S(ERR_IO, -40), S(ERR_IO_REFUSED, -41), S(ERR_IO_DATA_INTEGRITY, -42),
		S(ERR_IO_DATA_LOSS, -43), S(ERR_IO_NOT_PRESENT, -44), S(ERR_IO_OVERRUN, -45),
		S(ERR_IO_MISSED_DEADLINE, -46), S(ERR_IO_INVALID, -47), S(ERR_BAD_PATH, -50),
		S(ERR_NOT_DIR, -51), S(ERR_NOT_FILE, -52), S(ERR_FILE_BIG, -53),
		S(ERR_NO_SPACE, -54), S(ERR_NOT_EMPTY, -55), S(ERR_STOP, -60), S(ERR_NEXT, -61),
		S(ERR_ASYNC, -62), S(ERR_PROTOCOL_NOT_SUPPORTED, -70),
		S(ERR_ADDRESS_UNREACHABLE, -71), S(ERR_ADDRESS_IN_USE, -72),
		S(ERR_NOT_CONNECTED, -73), S(ERR_CONNECTION_REFUSED, -74),
		S(ERR_CONNECTION_RESET, -75), S(ERR_CONNECTION_ABORTED, -76),
		S(ERR_INTERNAL_INTR_KILLED, -502),
#undef S
	};
	const size_t count = sizeof(statuses) / sizeof(*statuses);
	size_t known = 0;
	bool ok = true;

	for (size_t i = 0; i < count; i++)
		ok = ok && statuses[i].status == statuses[i].value &&
		     !strcmp(zx_status_get_string(statuses[i].status), statuses[i].name);
	result(ok, "every status has its value and its name");
	for (int status = -1000; status <= 1000; status++)
		known += !!strcmp(zx_status_get_string(status), "(UNKNOWN)");
	result(known == count, "no other number has a name");

	ok = true;
#define ROUND_TRIP(name, status, err)						\
	ok = ok && zxvmo_status_from_errno(err) == (status) &&			\
	     zxvmo_errno_from_status(status) == (err);
	ZXVMO_STATUS_TABLE(ROUND_TRIP)
	result(ok && zxvmo_status_from_errno(0) == ZX_OK && !zxvmo_errno_from_status(ZX_OK),
	       "statuses and errnos are one to one");
	result(zxvmo_status_from_errno(EFAULT) == ZX_ERR_INVALID_ARGS &&
	       zxvmo_status_from_errno(ENOTTY) == ZX_ERR_NOT_SUPPORTED &&
	       zxvmo_status_from_errno(ELOOP) == ZX_ERR_INTERNAL &&
	       zxvmo_status_from_errno(-1) == ZX_ERR_INTERNAL &&
	       zxvmo_errno_from_status(ZX_ERR_NOT_DIR) == ENOTRECOVERABLE,
	       "errnos and statuses outside the table");

	ok = true;
	for (int err = 1; err < 134; err++) {
		if (err == EINTR)
			continue;
		/* EBADF may come of the device's own descriptor: it is asked twice. */
		expect_errors(err, err == EBADF ? EBADF : 0, 0);
		ok = ok && get_size() == zxvmo_status_from_errno(err) &&
		     command_count == (err == EBADF ? 2 : 1) && errno == ERRNO_OF_CALLER;
	}
	result(ok, "every errno of a command becomes its status");
	expect_errors(EINTR, EINTR, EINTR);
	result(get_size() == ZX_OK && command_count == 4, "an interrupted command is repeated");
}

/* The life of the device's descriptor */

static bool repeated_on_new_device(void)
{
	int before = opens;

	expect_errors(0, 0, 0);
	return get_size() == ZX_OK && errno == ERRNO_OF_CALLER && opens == before + 1 &&
	       command_count == 1 && is_fake_device(last_fd);
}

static void test_device(void)
{
	struct rlimit limit, low;
	int fd, before, status;
	int pipe_fds[2];
	pid_t child;

	before = opens;
	expect_errors(0, 0, 0);
	get_size();
	get_size();
	fd = last_fd;
	result(opens == before && command_count == 2, "the device is opened once");
	result(fd >= 500 && fcntl(fd, F_GETFD) == FD_CLOEXEC,
	       "its descriptor is a high number and close-on-exec");

	expect_errors(EBADF, EBADF, 0);
	before = opens;
	result(get_size() == ZX_ERR_BAD_HANDLE && opens == before,
	       "a bad handle does not reopen it");

	close(fd);
	result(repeated_on_new_device(), "reopened after close");
	for (fd = 3; fd < 1024; fd++)
		close(fd);
	result(repeated_on_new_device(), "reopened after a daemon's loop");
	fd = last_fd;
	close(fd);
	open_error = ENOENT;
	result(get_size() == ZX_ERR_NOT_SUPPORTED, "closed and gone");
	open_error = EINTR;
	result(get_size() == ZX_OK, "an interrupted open is repeated");

	fd = last_fd;
	if (pipe(pipe_fds))
		exit(1);
	dup2(pipe_fds[0], fd);
	result(repeated_on_new_device() && last_fd != fd && fcntl(fd, F_GETFD) >= 0,
	       "reopened when a pipe has its number; the pipe stays");
	close(fd);
	fd = last_fd;
	status = open("/dev/zero", O_RDWR);
	dup2(status, fd);
	close(status);
	result(repeated_on_new_device() && last_fd != fd, "reopened when another device has it");
	close(fd);

	fd = last_fd;
	dup2(pipe_fds[0], fd);
	object_fd = fd;
	expect_errors(0, 0, 0);
	result(zx_vmo_set_size(HANDLE, 1) == ZX_OK && last_fd == fd,
	       "an object of ours serves as well");
	result(zx_vmo_set_size(0, 1) == ZX_OK && last_fd != fd && is_fake_device(last_fd),
	       "but not for handle 0");
	object_fd = -1;
	close(fd);

	getrlimit(RLIMIT_NOFILE, &limit);
	low = limit;
	low.rlim_cur = 100;
	fd = last_fd;
	close(fd);
	setrlimit(RLIMIT_NOFILE, &low);
	result(repeated_on_new_device() && last_fd < 100, "a low RLIMIT_NOFILE gives a low number");
	setrlimit(RLIMIT_NOFILE, &limit);
	close(last_fd);

	get_size();
	before = opens;
	child = fork();
	if (!child) {
		status = get_size() == ZX_OK && opens == before ? 0 : 1;
		close(last_fd);
		_exit(status || get_size() != ZX_OK);
	}
	waitpid(child, &status, 0);
	result(!status && get_size() == ZX_OK && opens == before, "fork");
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static pthread_barrier_t round_start;
static atomic_int thread_errors;

static void *caller(void *rounds)
{
	for (int i = 0; i < *(int *)rounds; i++) {
		pthread_barrier_wait(&round_start);
		for (int j = 0; j < 50; j++)
			if (get_size() != ZX_OK || errno != ERRNO_OF_CALLER)
				thread_errors++;
	}
	return NULL;
}

/* One closing a round, so that no thread is late by a whole generation. */
static void test_threads(void)
{
	int before = open_descriptors();
	pthread_t threads[4];
	int rounds = 1000;

	expect_errors(0, 0, 0);
	pthread_barrier_init(&round_start, NULL, 5);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, caller, &rounds);
	for (int i = 0; i < rounds; i++) {
		pthread_barrier_wait(&round_start);
		close(last_fd);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&round_start);
	get_size();
	result(!thread_errors, "threads call while the descriptor is closed again and again");
	result(open_descriptors() == before, "and leave no descriptor behind");
}

static void test_bridge(void)
{
	int fd = -1;

	expect_errors(0, 0, 0);
	result(zxvmo_handle_to_fd(HANDLE, &fd) == ZX_OK && fd == 7, "handle to descriptor");
	fd = -1;
	result(zxvmo_handle_to_fd(ZXVMO_HANDLE(6, 7), &fd) == ZX_ERR_BAD_HANDLE &&
	       zxvmo_handle_to_fd(zx_vmar_root_self(), &fd) == ZX_ERR_BAD_HANDLE &&
	       zxvmo_handle_to_fd(ZX_HANDLE_INVALID, &fd) == ZX_ERR_BAD_HANDLE && fd == -1,
	       "a handle with another tag or none has no descriptor");
}

static zx_status_t protect(zx_vm_option_t options)
{
	mprotect_prot = -1;
	command_count = 0;
	errno = ERRNO_OF_CALLER;
	return zx_vmar_protect(zx_vmar_root_self(), options, 0x1000, 0x1000);
}

/* What happens when the unmapping succeeds needs the kernel, see selftests. */
static void test_thread_exit(void)
{
	sigset_t before, after;
	bool ok = true;

	sigemptyset(&before);
	sigaddset(&before, SIGUSR1);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = ERRNO_OF_CALLER;
	object_fd = -1;
	close(last_fd);
	open_error = ENOENT;
	ok = zx_vmar_unmap_handle_close_thread_exit(HANDLE, 1, 1, 0) == ZX_ERR_NOT_SUPPORTED &&
	     errno == ERRNO_OF_CALLER;
	open_error = 0;
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (int i = 1; i < 32; i++)
		ok = ok && sigismember(&after, i) == (i == SIGUSR1);
	sigemptyset(&before);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	result(ok, "unmap and exit: the status of a failure");
}

static void test_protect(void)
{
	static const struct {
		zx_vm_option_t options;
		int prot;
	} cases[] = {
		{ 0, PROT_NONE },
		{ ZX_VM_PERM_READ, PROT_READ },
		{ ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, PROT_READ | PROT_WRITE },
		{ ZX_VM_PERM_READ | ZX_VM_PERM_EXECUTE, PROT_READ | PROT_EXEC },
		{ ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED | ZX_VM_PERM_EXECUTE, PROT_READ | PROT_EXEC },
	};
	bool ok = true;

	expect_errors(0, 0, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		ok = ok && protect(cases[i].options) == ZX_OK && mprotect_prot == cases[i].prot &&
		     errno == ERRNO_OF_CALLER;
	result(ok, "protect: permissions");

	expect_errors(EACCES, 0, 0);
	result(protect(ZX_VM_PERM_READ) == ZX_ERR_ACCESS_DENIED && mprotect_prot == -1,
	       "protect: refused by the kernel's check");
	mprotect_error = EACCES;
	expect_errors(0, 0, 0);
	ok = protect(ZX_VM_PERM_READ) == ZX_ERR_ACCESS_DENIED && errno == ERRNO_OF_CALLER;
	mprotect_error = EPERM;
	ok = ok && protect(ZX_VM_PERM_READ) == ZX_ERR_ACCESS_DENIED;
	mprotect_error = ENOMEM;
	ok = ok && protect(ZX_VM_PERM_READ) == ZX_ERR_NO_MEMORY;
	expect_errors(0, ENOENT, 0);
	ok = ok && protect(ZX_VM_PERM_READ) == ZX_ERR_NOT_FOUND && errno == ERRNO_OF_CALLER;
	mprotect_error = 0;
	result(ok, "protect: refused by mprotect");
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void test_time(void)
{
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, never = { 0 };
	zx_time_t start, end, far;
	bool ok;

	start = zx_clock_get_monotonic();
	far = zx_deadline_after(ZX_SEC(5));
	end = zx_clock_get_monotonic();
	result(start > 0 && end >= start && far >= start + ZX_SEC(5) && far <= end + ZX_SEC(5) &&
	       zx_clock_get_boot() >= start, "clocks and deadlines");
	result(zx_deadline_after(ZX_TIME_INFINITE) == ZX_TIME_INFINITE &&
	       zx_deadline_after(ZX_TIME_INFINITE - 1) == ZX_TIME_INFINITE &&
	       zx_deadline_after(ZX_TIME_INFINITE_PAST) < 0, "deadlines saturate");
	result(zx_ticks_per_second() == 1000000000 && zx_ticks_get() >= end, "ticks");

	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &often, NULL);
	errno = ERRNO_OF_CALLER;
	start = zx_clock_get_monotonic();
	ok = zx_nanosleep(start + ZX_MSEC(30)) == ZX_OK &&
	     zx_clock_get_monotonic() >= start + ZX_MSEC(30) && errno == ERRNO_OF_CALLER;
	setitimer(ITIMER_REAL, &never, NULL);
	result(ok, "sleep in spite of signals");
	result(zx_nanosleep(0) == ZX_OK && zx_nanosleep(ZX_TIME_INFINITE_PAST) == ZX_OK &&
	       errno == ERRNO_OF_CALLER, "sleep until the past");

	result(zx_time_add_duration(ZX_TIME_INFINITE, 1) == ZX_TIME_INFINITE &&
	       zx_time_add_duration(ZX_TIME_INFINITE_PAST, -1) == ZX_TIME_INFINITE_PAST &&
	       zx_time_sub_duration(ZX_TIME_INFINITE_PAST, 1) == ZX_TIME_INFINITE_PAST &&
	       zx_time_sub_time(0, ZX_TIME_INFINITE_PAST) == ZX_TIME_INFINITE &&
	       zx_duration_mul_int64(ZX_TIME_INFINITE, -2) == ZX_TIME_INFINITE_PAST &&
	       zx_duration_mul_int64(-2, ZX_TIME_INFINITE_PAST) == ZX_TIME_INFINITE &&
	       zx_duration_from_hour(2) == ZX_HOUR(2) &&
	       zx_duration_from_sec(INT64_MIN) == ZX_TIME_INFINITE_PAST &&
	       zx_time_from_timespec(zx_timespec_from_time(-1500000000)) == -1500000000,
	       "arithmetic");
}

static void test_cache(void)
{
	static char bytes[1000];
	bool ok = true;

	for (uint32_t options = 0; options < 16; options++) {
		bool valid = options == 1 || options == 2 || options == 3 || options == 6 ||
			     options == 7;
		zx_status_t status = zx_cache_flush(bytes, sizeof(bytes), options);

#ifdef __x86_64__
		ok = ok && status == (valid ? ZX_OK : ZX_ERR_INVALID_ARGS);
#else
		ok = ok && (status == ZX_ERR_INVALID_ARGS) == !valid;
#endif
	}
	ok = ok && zx_cache_flush(bytes, 1, 1U << 31 | ZX_CACHE_FLUSH_DATA) == ZX_ERR_INVALID_ARGS;
	result(ok, "cache flush: options");

#ifdef __x86_64__
	size_t page = zx_system_get_page_size();
	char *last = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	munmap(last + page, page);
	memset(last, 1, page);
	result(zx_cache_flush(last + 1, page - 1, ZX_CACHE_FLUSH_DATA) == ZX_OK &&
	       zx_cache_flush(last + page - 1, 1, ZX_CACHE_FLUSH_DATA) == ZX_OK &&
	       zx_cache_flush(last + page, 0, ZX_CACHE_FLUSH_DATA) == ZX_OK &&
	       zx_cache_flush(NULL, 0, ZX_CACHE_FLUSH_DATA) == ZX_OK,
	       "cache flush: not a byte beyond the range");
#endif
}

int main(void)
{
	test_no_device();
	check_all_calls(true, ZX_OK);
	test_statuses();
	test_device();
	test_threads();
	test_bridge();
	test_protect();
	test_thread_exit();
	test_time();
	test_cache();
	result(zx_system_get_page_size() == (uint32_t)sysconf(_SC_PAGESIZE), "page size");
	return !!failed;
}
