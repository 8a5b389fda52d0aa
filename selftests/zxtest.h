/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the test programs share beyond the harness: raw commands, the module's
 * counters, accesses that may fault, and patterns to fill memory with.
 *
 * Nothing here needs the library, so that abi.c also builds for 32 bits.
 */
#ifndef ZXTEST_H
#define ZXTEST_H

#include <kselftest_harness.h>

/* Seconds for a test that names no other time; a debug kernel may crawl */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 240

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <zxvmo.h>

#define zt_unused __attribute__((__unused__))

/* An address no user access reaches, on any architecture */
#define ZT_KERNEL_ADDR	0xffffffff80000000ULL

static zt_unused size_t zt_page_size(void)
{
	static size_t size;

	if (!size)
		size = sysconf(_SC_PAGESIZE);
	return size;
}

/* Statuses by name */

static zt_unused const char *zt_status_name(int status)
{
	switch (status) {
	case 0:
		return "ZX_OK";
#define ZT_CASE(name, status, error) case status: return "ZX_ERR_" #name;
	ZXVMO_STATUS_TABLE(ZT_CASE)
	default:
		return "not a zx_status_t";
	}
}

static zt_unused const char *zt_errno_name(int error)
{
	return error ? strerrorname_np(error) ?: "not an errno" : "success";
}

static zt_unused bool zt_same(struct __test_metadata *_metadata, const char *file,
			      int line, const char *call, int expected, int seen,
			      const char *(*name)(int))
{
	if (expected == seen)
		return true;
	fprintf(TH_LOG_STREAM, "# %s:%d:%s:Expected %s but %s gave %s (%d)\n", file, line,
		_metadata->name, name(expected), call, name(seen), seen);
	_metadata->exit_code = KSFT_FAIL;
	return false;
}

/* One statement, unlike those of the harness, with the same optional handler */
#define ZT_COMPARE(expected, seen, name, assert)				\
	for (bool zt_good = zt_same(_metadata, __FILE__, __LINE__, #seen,	\
				    expected, seen, name);			\
	     !zt_good; zt_good = true, __bail(assert, _metadata))

/* A zx_status_t, as zx_ calls return it */
#define ASSERT_ST(expected, call) ZT_COMPARE(expected, call, zt_status_name, 1)
#define EXPECT_ST(expected, call) ZT_COMPARE(expected, call, zt_status_name, 0)
#define ASSERT_OK(call) ASSERT_ST(0, call)
#define EXPECT_OK(call) EXPECT_ST(0, call)

/* An errno or 0, as zt_ calls return it */
#define ASSERT_ERRNO(expected, call) ZT_COMPARE(expected, call, zt_errno_name, 1)
#define EXPECT_ERRNO(expected, call) ZT_COMPARE(expected, call, zt_errno_name, 0)

/* Raw commands */

/* The device; -1 with errno if there is none. Opened once, children inherit it. */
static zt_unused int zt_device(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/dev/zxvmo", O_RDWR | O_CLOEXEC);
	return fd;
}

static zt_unused int zt_ioctl(int fd, unsigned int command, const void *argument)
{
	return ioctl(fd, command, argument) < 0 ? errno : 0;
}

/* A command by the end of its name, its structure by the end of its, and fields */
#define zt_command(fd, command, type, ...)					\
	zt_ioctl(fd, ZXVMO_##command, &(struct zxvmo_##type){			\
		.size = sizeof(struct zxvmo_##type), ##__VA_ARGS__ })
#define zt_call(command, type, ...)						\
	zt_command(zt_device(), command, type, ##__VA_ARGS__)
#define ZT_ADDRESS(pointer) ((uintptr_t)(pointer))

/* Handles to new objects; 0 with errno if they cannot be made */

static zt_unused __u32 zt_vmo(__u32 options, __u64 size)
{
	__u32 handle = 0;

	zt_call(VMO_CREATE, vmo_create, .options = options, .vmo_size = size,
		.out_handle = ZT_ADDRESS(&handle));
	return handle;
}

static zt_unused __u32 zt_event(void)
{
	__u32 handle = 0;

	zt_call(EVENT_CREATE, event_create, .out_handle = ZT_ADDRESS(&handle));
	return handle;
}

/* Another handle to the object, with these rights */
static zt_unused __u32 zt_duplicate(__u32 handle, __u32 rights)
{
	__u32 out = 0;

	zt_call(HANDLE_DUPLICATE, handle_duplicate, .handle = handle,
		.rights = rights, .out_handle = ZT_ADDRESS(&out));
	return out;
}

static zt_unused int zt_close(__u32 handle)
{
	return zt_call(HANDLE_CLOSE, handle_close, .handle = handle);
}

/* What the kernel tells */

static zt_unused int zt_open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = -3; /* ".", ".." and the directory itself */

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/*
 * The number after "name" and white space in a file of such lines; -1 if there
 * is no such line, -2 if there is no such file.
 */
static zt_unused long long zt_field(const char *path, const char *name)
{
	FILE *file = fopen(path, "re");
	long long value = -1;
	size_t length = strlen(name);
	char line[512];

	if (!file)
		return -2;
	while (value < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, length) && strchr(": \t", line[length]))
			value = strtoull(line + length + strspn(line + length, ": \t"), NULL, 0);
	fclose(file);
	return value;
}

/* A field of /proc/self/fdinfo, without its "zx-" */
static zt_unused long long zt_fdinfo(__u32 handle, const char *name)
{
	char path[64], field[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%u", ZXVMO_HANDLE_FD(handle));
	snprintf(field, sizeof(field), "zx-%s", name);
	return zt_field(path, field);
}

/* A file of the module in debugfs */
static zt_unused const char *zt_debugfs(const char *name)
{
	static __thread char path[64];

	if (access("/sys/kernel/debug/zxvmo", F_OK))
		mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	snprintf(path, sizeof(path), "/sys/kernel/debug/zxvmo/%s", name);
	return path;
}

/* One of the module's machine-wide counters */
static zt_unused long long zt_stat(const char *name)
{
	return zt_field(zt_debugfs("stats"), name);
}

/*
 * Have the module verify the page trees of all VMOs, whatever others do to them
 * meanwhile; 0, or an errno if something is wrong, which the kernel log tells.
 * Only debug kernels can: elsewhere it does nothing.
 */
static zt_unused int zt_check(void)
{
	int fd = open(zt_debugfs("check"), O_RDONLY | O_CLOEXEC), error = 0;
	char text[256];

	if (fd < 0)
		return errno == ENOENT ? 0 : errno;
	if (read(fd, text, sizeof(text)) < 0)
		error = errno;
	close(fd);
	return error;
}

/* Accesses that may fault */

struct zt_fault {
	int signal;	/* 0 if the access went through */
	int code;	/* si_code */
	void *address;	/* si_addr */
};

static __thread sigjmp_buf *volatile zt_fault_return;
static __thread volatile struct zt_fault zt_fault_seen;

static zt_unused void zt_fault_handler(int signal, siginfo_t *info,
				       void *context zt_unused)
{
	if (!zt_fault_return) { /* not expected: die of it on return */
		sigaction(signal, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
		return;
	}
	zt_fault_seen.signal = signal;
	zt_fault_seen.code = info->si_code;
	zt_fault_seen.address = info->si_addr;
	siglongjmp(*zt_fault_return, 1);
}

static zt_unused void zt_fault_catch(void)
{
	struct sigaction action = {
		.sa_sigaction = zt_fault_handler,
		.sa_flags = SA_SIGINFO,
	};

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	zt_fault_seen.signal = 0;
}

/* Execute a statement that may fault; gives its struct zt_fault */
#define ZT_TRY(statement) ({			\
	sigjmp_buf zt_env;			\
						\
	zt_fault_catch();			\
	if (!sigsetjmp(zt_env, 1)) {		\
		zt_fault_return = &zt_env;	\
		statement;			\
	}					\
	zt_fault_return = NULL;			\
	zt_fault_seen;				\
})

/* Load or store one byte */

static zt_unused struct zt_fault zt_load(const volatile void *address)
{
	return ZT_TRY((void)*(const volatile char *)address);
}

static zt_unused struct zt_fault zt_store(volatile void *address, char value)
{
	return ZT_TRY(*(volatile char *)address = value);
}

/* Patterns: bytes that differ from seed to seed and from page to page */

static inline uint8_t zt_byte(uint64_t seed, size_t i)
{
	uint64_t word = (seed + 1) * 0x9e3779b97f4a7c15ULL + (i >> 3) * 0xbf58476d1ce4e5b9ULL;

	return (word ^ word >> 29) >> (i & 7) * 8;
}

static zt_unused void zt_fill(void *buffer, size_t size, uint64_t seed)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)buffer)[i] = zt_byte(seed, i);
}

/* Offset of the first byte that is not as zt_fill() left it; @size if all are */
static zt_unused size_t zt_compare(const void *buffer, size_t size, uint64_t seed)
{
	size_t i;

	for (i = 0; i < size && ((const uint8_t *)buffer)[i] == zt_byte(seed, i); i++)
		;
	return i;
}

static zt_unused bool zt_is_zero(const void *buffer, size_t size)
{
	const char *p = buffer;

	return !size || (!*p && !memcmp(p, p + 1, size - 1));
}

#endif
