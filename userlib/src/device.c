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
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

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

static bool is_device(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISCHR(st.st_mode) && st.st_rdev == device_number;
}

/* Gives up a descriptor that is not the device. Returns the new value. */
static uint64_t forget(uint64_t value)
{
	uint64_t none = ((value >> 32) + 1) << 32;

	return atomic_compare_exchange_strong(&device, &value, none) ? none : value;
}

/* Returns a new descriptor, or -1 with errno. */
static int open_device(void)
{
	struct stat st;
	int fd, high;

	do {
		fd = open("/dev/zxvmo", O_RDWR | O_CLOEXEC | O_NOCTTY);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -1;

	if (fstat(fd, &st) || !S_ISCHR(st.st_mode)) {
		close(fd);
		errno = ENODEV;
		return -1;
	}
	device_number = st.st_rdev;

	high = fcntl(fd, F_DUPFD_CLOEXEC, LOWEST_FD);
	if (high < 0)
		return fd;
	close(fd);
	return high;
}

/* Puts a new descriptor in the place of none, unless another thread has. */
static zx_status_t replace(uint64_t *value)
{
	zx_status_t status = ZX_OK;
	int fd, cancel_state;
	uint64_t opened;

	/* open(2) and close(2) must not end the thread halfway. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	fd = open_device();
	if (fd >= 0) {
		opened = *value | ((uint32_t)fd + 1);
		if (atomic_compare_exchange_strong(&device, value, opened))
			*value = opened;
		else
			close(fd);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
		status = zxvmo_status_from_errno(errno);
	} else {
		status = ZX_ERR_NOT_SUPPORTED;
	}
	pthread_setcancelstate(cancel_state, NULL);
	return status;
}

/*
 * The call on from where zxvmo_call() got stuck: with the errno of the ioctl, or
 * 0 before it. Apart, so that what succeeds at once need not save registers.
 */
static __attribute__((noinline)) zx_status_t
call_on(uint64_t value, int err, unsigned int command, const void *args)
{
	bool sure = false;
	zx_status_t status;

	for (;;) {
		/* The number may be the device again: then the generation is another. */
		if (err && err != EINTR) {
			if (!is_device(descriptor(value)) || device != value)
				value = forget(value);
			/* Or for an instant another thread's, which came too late with it. */
			else if (sure || err != EBADF)
				return zxvmo_status_from_errno(err);
			else
				sure = true;
		}
		while (descriptor(value) < 0) {
			status = replace(&value);
			if (status)
				return status;
		}
		if (ioctl(descriptor(value), command, args) >= 0)
			return ZX_OK;
		err = errno;
	}
}

zx_status_t zxvmo_call(unsigned int command, bool to_none, const void *args)
{
	uint64_t value = device;
	int saved_errno = errno;
	zx_status_t status = ZX_OK;
	int err = 0;

	if (to_none && !is_device(descriptor(value)))
		value = forget(value);
	if (descriptor(value) < 0 || ioctl(descriptor(value), command, args) < 0) {
		if (descriptor(value) >= 0)
			err = errno;
		status = call_on(value, err, command, args);
	}
	errno = saved_errno;
	return status;
}
