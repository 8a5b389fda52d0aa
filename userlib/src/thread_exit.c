// SPDX-License-Identifier: MIT
/*
 * The end of a thread that unmaps the stack it runs on.
 *
 * The kernel copies the structure of the ioctl before it unmaps anything, so that
 * may lie on the stack. What comes afterwards, close(2) and exit(2), needs nothing
 * but registers; that is why the handle is looked up beforehand, as in
 * zx_handle_close() a step before its descriptor is closed. A signal in between
 * would have its handler run on the stack, so none may come.
 */
#include <limits.h>
#include <signal.h>
#include <sys/syscall.h>

#include "libzircon.h"

#define NO_FD	(-1)
#define BAD_FD	INT_MAX

/* The kernel's set of all signals, where libc's functions leave some out */
typedef uint64_t kernel_sigset_t;

struct last_call {
	struct zxvmo_vmar_range range;
	int close_fd;
};

/* Returns if the ioctl fails. */
static long unmap_close_exit(int fd, unsigned int command, const void *args)
{
	const struct last_call *call = args;
#if defined(__x86_64__)
	long result = SYS_ioctl;

	__asm__ volatile("	syscall\n"
			 "	test	%%rax, %%rax\n"
			 "	jnz	3f\n"
			 "	test	%[close_fd], %[close_fd]\n"
			 "	js	1f\n"
			 "	mov	%[close_fd], %%edi\n"
			 "	mov	%[close], %%eax\n"
			 "	syscall\n"
			 "	test	%%rax, %%rax\n"
			 "	jnz	2f\n"
			 "1:	xor	%%edi, %%edi\n"
			 "	mov	%[exit], %%eax\n"
			 "	syscall\n"
			 "2:	ud2\n"
			 "3:\n"
			 : "+a"(result)
			 : "D"(fd), "S"(command), "d"(args), [close_fd] "r"(call->close_fd),
			   [close] "i"(SYS_close), [exit] "i"(SYS_exit)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = SYS_ioctl;
	register long x0 __asm__("x0") = fd;
	register long x1 __asm__("x1") = command;
	register long x2 __asm__("x2") = ADDRESS(args);

	__asm__ volatile("	svc	#0\n"
			 "	cbnz	x0, 3f\n"
			 "	tbnz	%w[close_fd], #31, 1f\n"
			 "	mov	w0, %w[close_fd]\n"
			 "	mov	x8, %[close]\n"
			 "	svc	#0\n"
			 "	cbnz	x0, 2f\n"
			 "1:	mov	x0, #0\n"
			 "	mov	x8, %[exit]\n"
			 "	svc	#0\n"
			 "2:	brk	#1\n"
			 "3:\n"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), [close_fd] "r"(call->close_fd),
			   [close] "i"(SYS_close), [exit] "i"(SYS_exit)
			 : "memory");
	return x0;
#endif
}

static int fd_to_close(zx_handle_t handle)
{
	int fd;

	if (handle == ZX_HANDLE_INVALID)
		return NO_FD;
	return zxvmo_handle_to_fd(handle, &fd) ? BAD_FD : fd;
}

static void set_signals(const kernel_sigset_t *set, kernel_sigset_t *old)
{
	zxvmo_syscall(SYS_rt_sigprocmask, SIG_SETMASK, ADDRESS(set), ADDRESS(old), sizeof(*set));
}

zx_status_t zx_vmar_unmap_handle_close_thread_exit(zx_handle_t vmar, zx_vaddr_t addr,
						   uint64_t len, zx_handle_t close_handle)
{
	const struct last_call call = {
		.range = {
			.size = sizeof(call.range),
			.handle = vmar,
			.addr = addr,
			.length = len,
		},
		.close_fd = fd_to_close(close_handle),
	};
	const kernel_sigset_t all = ~0ULL;
	kernel_sigset_t before;
	zx_status_t status;

	set_signals(&all, &before);
	status = zxvmo_call_by(unmap_close_exit, ZXVMO_VMAR_UNMAP, !vmar, &call);
	set_signals(&before, NULL);
	return status;
}
ALSO(vmar_unmap_handle_close_thread_exit);
