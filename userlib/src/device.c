// SPDX-License-Identifier: MIT
/*
 * The descriptor of /dev/zxvmo that all calls go through.
 *
 * It is opened by the first call and stays open. The program does not know of
 * it and may close it (closefrom(3), a daemon's loop) or put another file in
 * its place (dup2(2)), so every failure is believed only if the descriptor is
 * still the device; if not, the call is repeated on a new one. A foreign file
 * knows none of our numbers and fails. The one that succeeds is a VMO or
 * another object of ours: it treats commands as the device does, but takes a
 * handle of 0 for itself, so those are checked beforehand.
 *
 * There is no lock, because a lock held by another thread at fork(2) or by the
 * code under a signal handler would hang the call.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "libzircon.h"

/* Programs count on low numbers: they expect the lowest one from open(2). */
#define LOWEST_FD	500

/*
 * Generation << 32 | descriptor + 1, the lower half 0 for none. The generation
 * tells a descriptor from an earlier one that had the same number.
 */
static _Atomic uint64_t device;
static _Atomic dev_t device_number;

static int descriptor(uint64_t value)
{
	return (int)(uint32_t)value - 1;
}

/* The number of a character device, 0 if the descriptor is none. */
static dev_t number_of(int fd)
{
	struct stat st;

	/* On 64-bit machines libc's structure is the kernel's. */
	if (zxvmo_syscall(SYS_fstat, fd, ADDRESS(&st), 0, 0) || !S_ISCHR(st.st_mode))
		return 0;
	return st.st_rdev;
}

static bool is_device(int fd)
{
	dev_t number = number_of(fd);

	return number && number == device_number;
}

/* Gives up a descriptor that is not the device. Returns the new value. */
static uint64_t forget(uint64_t value)
{
	uint64_t none = ((value >> 32) + 1) << 32;

	return atomic_compare_exchange_strong(&device, &value, none) ? none : value;
}

/* Returns a new descriptor, or a negative errno. */
static int open_device(void)
{
	dev_t number;
	int fd, high;

	do {
		fd = zxvmo_syscall(SYS_openat, AT_FDCWD, ADDRESS("/dev/zxvmo"),
				   O_RDWR | O_CLOEXEC | O_NOCTTY, 0);
	} while (fd == -EINTR);
	if (fd < 0)
		return fd;

	number = number_of(fd);
	if (!number) {
		zxvmo_syscall(SYS_close, fd, 0, 0, 0);
		return -ENODEV;
	}
	device_number = number;

	high = zxvmo_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, LOWEST_FD, 0);
	if (high < 0)
		return fd;
	zxvmo_syscall(SYS_close, fd, 0, 0, 0);
	return high;
}

/* Puts a new descriptor in the place of none, unless another thread has. */
static zx_status_t replace(uint64_t *value)
{
	int fd = open_device();
	uint64_t opened;

	if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM)
		return zxvmo_status_from_errno(-fd);
	if (fd < 0)
		return ZX_ERR_NOT_SUPPORTED;
	opened = *value | ((uint32_t)fd + 1);
	if (atomic_compare_exchange_strong(&device, value, opened))
		*value = opened;
	else
		zxvmo_syscall(SYS_close, fd, 0, 0, 0);
	return ZX_OK;
}

static long send_alone(int fd, unsigned int command, const void *args)
{
	return zxvmo_syscall(SYS_ioctl, fd, command, ADDRESS(args), 0);
}

/*
 * The call on from where zxvmo_call() got stuck: with the result of the ioctl, or 0
 * before it. Apart, so that what succeeds at once need not save registers.
 */
static __attribute__((noinline)) zx_status_t
call_on(uint64_t value, long result, zxvmo_send *send, unsigned int command, const void *args)
{
	bool sure = false;
	zx_status_t status;

	for (;;) {
		/* The number may be the device again: then the generation is another. */
		if (result && result != -EINTR) {
			if (!is_device(descriptor(value)) || device != value)
				value = forget(value);
			/* Or for an instant another thread's, which came too late with it. */
			else if (sure || result != -EBADF)
				return zxvmo_status_from_errno(-result);
			else
				sure = true;
		}
		while (descriptor(value) < 0) {
			status = replace(&value);
			if (status)
				return status;
		}
		result = send(descriptor(value), command, args);
		if (result >= 0)
			return ZX_OK;
	}
}

static uint64_t descriptor_for(bool to_none)
{
	uint64_t value = device;

	return to_none && !is_device(descriptor(value)) ? forget(value) : value;
}

zx_status_t zxvmo_call(unsigned int command, bool to_none, const void *args)
{
	uint64_t value = descriptor_for(to_none);
	long result = 0;

	if (descriptor(value) >= 0) {
		result = send_alone(descriptor(value), command, args);
		if (result >= 0)
			return ZX_OK;
	}
	return call_on(value, result, send_alone, command, args);
}

zx_status_t zxvmo_call_by(zxvmo_send *send, unsigned int command, bool to_none, const void *args)
{
	return call_on(descriptor_for(to_none), 0, send, command, args);
}
