/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the benchmarks share: a clock that may count instructions, and how the
 * numbers are presented. All functions end the program if they fail.
 */
#ifndef ZXVMO_SELFTESTS_BENCH_H
#define ZXVMO_SELFTESTS_BENCH_H

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>
#include <zircon/zxvmo.h>
#include <zxvmo.h>

#define MIB		(1024UL * 1024)

static inline void __attribute__((format(printf, 1, 2), noreturn)) die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "bench: ");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(2);
}

static inline void check_status(zx_status_t status, const char *what)
{
	if (status)
		die("%s: %s", what, zx_status_get_string(status));
}

static inline void check_errno(bool ok, const char *what)
{
	if (!ok)
		die("%s: %s", what, strerror(errno));
}

static inline uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Executes 2 * @n instructions and a few more; false: not for this machine. */
static inline bool count_down(unsigned long n)
{
#if defined(__x86_64__)
	__asm__ volatile("1: dec %0; jnz 1b" : "+r" (n) : : "cc");
	return true;
#elif defined(__aarch64__)
	__asm__ volatile("1: subs %0, %0, #1; b.ne 1b" : "+r" (n) : : "cc");
	return true;
#else
	return n == 0;
#endif
}

/* Whether the clock counts instructions: it ticks once for each of a loop. */
static inline bool clock_counts_instructions(void)
{
	unsigned long n;

	for (n = 200000; n <= 800000; n *= 2) {
		uint64_t best = UINT64_MAX, start, ticks;
		int i;

		for (i = 0; i < 5; i++) {
			start = now();
			if (!count_down(n))
				return false;
			ticks = now() - start;
			if (ticks < best)
				best = ticks;
		}
		if (best < 2 * n || best > 2 * n + 2 * n / 50)
			return false;
	}
	return true;
}

static inline void print_file(const char *title, const char *path)
{
	char line[4096] = "?";
	FILE *file = fopen(path, "r");

	if (file) {
		if (!fgets(line, sizeof(line), file))
			strcpy(line, "?");
		fclose(file);
	}
	line[strcspn(line, "\n")] = '\0';
	printf("%s %s\n", title, line);
}

/* On what the numbers were taken */
static inline void print_machine(void)
{
	struct utsname uts;

	uname(&uts);
	printf("Linux %s %s, %s\n", uts.release, uts.machine, uts.version);
	print_file("kernel command line:", "/proc/cmdline");
	print_file("memory cgroup:", "/proc/self/cgroup");
}

static inline void print_unit(bool instructions)
{
	if (instructions)
		printf("the numbers are guest instructions: the clock counts them\n");
	else
		printf("the numbers are NANOSECONDS: the clock does not count instructions, so nothing is judged\n");
}

/* Returns the exit status. */
static inline int print_verdict(bool judged, int missed)
{
	if (missed)
		printf("\n%d of the targets missed\n", missed);
	else if (judged)
		printf("\nall targets met\n");
	return missed ? 1 : 0;
}

#endif /* ZXVMO_SELFTESTS_BENCH_H */
