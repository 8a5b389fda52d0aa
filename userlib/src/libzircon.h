/* SPDX-License-Identifier: MIT */
/* What the files of the library share. */
#ifndef LIBZIRCON_H
#define LIBZIRCON_H

#include <stdbool.h>
#include <stdint.h>

/* All that the installed headers declare is exported, and nothing else. */
#pragma GCC visibility push(default)
#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/zxvmo.h>
#pragma GCC visibility pop

#include <zxvmo.h>

/* Gives zx_name() its second name. */
#define ALSO(name) extern __typeof__(zx_##name) _zx_##name __attribute__((alias("zx_" #name)))

/**
 * zxvmo_syscall() - make a system call
 * @number: its number
 * @a: first argument
 * @b: second argument
 * @c: third argument
 * @d: fourth argument
 *
 * Return: its result, or a negative errno.
 */
long zxvmo_syscall(long number, long a, long b, long c, long d);

/**
 * zxvmo_call() - send a command to the device
 * @command: number of the ioctl
 * @to_none: a handle that the command is for is 0
 * @args: its structure
 *
 * Return: the status of the command, or NOT_SUPPORTED if there is no device.
 */
zx_status_t zxvmo_call(unsigned int command, bool to_none, const void *args);

/**
 * typedef zxvmo_send - send a command to a descriptor
 * @fd: the descriptor
 * @command: number of the ioctl
 * @args: its structure
 *
 * Return: 0 or more, or a negative errno.
 */
typedef long zxvmo_send(int fd, unsigned int command, const void *args);

/**
 * zxvmo_call_by() - send a command to the device by other means than ioctl(2) alone
 * @send: function that sends it
 * @command: number of the ioctl
 * @to_none: a handle that the command is for is 0
 * @args: its structure
 *
 * Return: as zxvmo_call().
 */
zx_status_t zxvmo_call_by(zxvmo_send *send, unsigned int command, bool to_none,
			  const void *args);

/* Sends a command for a handle with the given further fields of its structure. */
#define CALL(command, type, on, ...)						\
	CALL_TWO(command, type, on, 1, __VA_ARGS__)

/* The same for a command on two handles; the second is among the further fields */
#define CALL_TWO(command, type, on, second, ...)				\
	zxvmo_call(command, !(on) || !(second), &(const struct type){		\
		   .size = sizeof(struct type), .handle = (on), __VA_ARGS__ })

/* The same for a command without a handle of its own */
#define CALL_DEVICE(command, type, ...)						\
	zxvmo_call(command, false, &(const struct type){			\
		   .size = sizeof(struct type), __VA_ARGS__ })

/* The value of a field that holds a user address */
#define ADDRESS(pointer) ((uintptr_t)(pointer))

#endif /* LIBZIRCON_H */
