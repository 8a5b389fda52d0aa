// SPDX-License-Identifier: MIT
/*
 * System calls as the processor makes them, for what reaches the device or changes
 * mappings. A program may have functions of its own in the place of libc's open(2),
 * ioctl(2), mprotect(2) and so on that use the calls of this library: through those
 * the library would come back to itself. These also leave errno alone and are no
 * points where a thread is cancelled.
 */
#include "libzircon.h"

long zxvmo_syscall(long number, long a, long b, long c, long d)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall" : "=a"(result)
			 : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
#else
#error "How does this processor make a system call?"
#endif
}
