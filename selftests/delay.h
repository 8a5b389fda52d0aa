/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Holding threads inside the kernel with modules/zxvmo_delay.c, so that two of
 * them meet where a test wants them to.
 */
#ifndef ZXVMO_SELFTESTS_DELAY_H
#define ZXVMO_SELFTESTS_DELAY_H

#include "mem_test.h"

#define DELAY_DIR	"/sys/kernel/debug/zxvmo_delay"

/* The error of delay_load(): the tests that need it fail with that */
static int delay_error = ENOENT;

/* A number of the module: of a point, or of all if @point is NULL */
static inline const char *delay_path(const char *point, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s%s%s", DELAY_DIR, point ?: "",
		 point ? "/" : "", name);
	return path;
}

static inline long delay_get(const char *point, const char *name)
{
	return read_number(delay_path(point, name));
}

static inline int delay_set(const char *point, const char *name, uint64_t value)
{
	return write_number(delay_path(point, name), value);
}

static inline void delay_unload(void)
{
	syscall(SYS_delete_module, "zxvmo_delay", O_NONBLOCK);
}

/* What vm/zxvm calls this kernel: its own name if it is ours, or its series */
static inline void delay_kernel(char *name, size_t size)
{
	struct utsname uts;
	unsigned int major, minor;
	const char *own;

	uname(&uts);
	own = strstr(uts.release, "-zxvmo-");
	kernel_version(&major, &minor);
	if (own)
		snprintf(name, size, "%s", own + strlen("-zxvmo-"));
	else
		snprintf(name, size, "%u.%u", major, minor);
}

/*
 * Loads the module built for this kernel: ZXVMO_DELAY, or its place in the build
 * directory, seen from this program. @points is a list separated by commas.
 */
static inline void delay_load(const char *points)
{
	char exe[1024], path[2048], arguments[1024], kernel[16];
	const char *file = getenv("ZXVMO_DELAY");
	ssize_t n;
	int fd;

	if (!file) {
		n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
		exe[n > 0 ? n : 0] = 0;
		*(strrchr(exe, '/') ?: exe) = 0;
		delay_kernel(kernel, sizeof(kernel));
		snprintf(path, sizeof(path),
			 "%s/../%s/selftests/modules/zxvmo_delay.ko", exe,
			 kernel);
		file = path;
	}
	zt_stat("objects");	/* mounts debugfs */
	delay_unload();
	snprintf(arguments, sizeof(arguments), "points=%s", points);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	delay_error = 0;
	if (fd < 0 || syscall(SYS_finit_module, fd, arguments, 0)) {
		delay_error = errno;
		fprintf(stderr, "# %s: %s\n", file, strerror(errno));
	}
	close(fd);
}

static inline bool delay_holds(const char *point)
{
	return delay_get(point, "held") > delay_get(point, "freed");
}

/* Have this thread held, and those it makes from now on, or not */
static inline void delay_me(bool on)
{
	prctl(PR_SET_NAME, on ? "zxvmo_delay" : "zxvmo");
}

static inline void delayed_act(struct actor *actor)
{
	struct actor *delayed = actor->arg;

	delay_me(true);
	delayed->act(delayed);
	delay_me(false);
}

/*
 * Holds @first at @point, lets @second run meanwhile until it is done or waits
 * for somebody, then lets go. Returns whether @second was done by then. That
 * @first was held all that time is checked.
 */
static inline bool interleave(struct __test_metadata *const _metadata,
			      const char *point, struct actor *first,
			      struct actor *second)
{
	struct actor held = { .act = delayed_act, .arg = first, .cpu = 1 };
	unsigned char byte = 0;
	bool overtook;
	long before;

	ASSERT_EQ(0, delay_error);
	pin_to(0);
	/* Code that the threads run must not itself have to be faulted in. */
	try(load, &byte, &byte);
	before = delay_get(point, "held");
	ASSERT_EQ(0, delay_set(NULL, "release", 0));
	ASSERT_EQ(0, delay_set(point, "times", 1));

	/* Not later: a thread that is held in a fault holds the mmap_lock. */
	actor_start(_metadata, &held);
	actor_start(_metadata, second);

	actor_go(&held);
	ASSERT_TRUE(WAIT_FOR(delay_get(point, "held") > before))
		TH_LOG("nobody came to %s", point);
	actor_go(second);
	overtook = actor_settles(second);
	EXPECT_TRUE(delay_holds(point));

	ASSERT_EQ(0, delay_set(NULL, "release", 1));
	actor_join(_metadata, &held);
	actor_join(_metadata, second);
	EXPECT_EQ(before + 1, delay_get(point, "freed"));
	return overtook;
}

#endif /* ZXVMO_SELFTESTS_DELAY_H */
