// SPDX-License-Identifier: GPL-2.0-only
/*
 * What goes on meanwhile: the kernel log, threads that hang, limits on memory.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/capability.h>

#define GROUP	"/sys/fs/cgroup/fuzz"

uint64_t fz_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

bool fz_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

/* The kernel log */

static FILE *new_lines;	/* what came since fz_log_open() */
static char new_lines_path[] = "/tmp/fuzz-log-XXXXXX";

int fz_log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int file = mkstemp(new_lines_path);

	if (file >= 0)
		new_lines = fdopen(file, "w");
	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return new_lines ? fd : -1;
}

void fz_log_close(void)
{
	unlink(new_lines_path);
}

/* Any line that might belong to a report; kernel-reports knows for sure. */
static bool suspicious(const char *line)
{
	static const char *const words[] = {
		"BUG", "WARNING", "KASAN", "UBSAN", "ODEBUG", "Oops", "INFO:", "refcount_t",
		"corruption", "suspicious", "circular", "recursive", "KCSAN", "Bad ", "bad ",
		"unable to handle", "protection fault", "stall",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(line, words[i]))
			return true;
	return false;
}

/* The script that judges kernel logs, beside our own source */
static bool has_report(void)
{
	char self[256], command[700];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *end;

	if (n < 0)
		return true;
	self[n] = 0;
	end = strstr(self, "/build/");
	if (!end)
		return true;
	*end = 0;
	snprintf(command, sizeof(command),
		 "%s/selftests/vm/kernel-reports %s >%s.report || "
		 "{ sed 's/^/# /' %s.report; false; }",
		 self, new_lines_path, new_lines_path, new_lines_path);
	return system(command) != 0;
}

bool fz_log_check(int fd)
{
	static bool look;
	char record[8192], *text;
	ssize_t n;

	if (fd < 0)
		return false;
	while ((n = read(fd, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		record[n] = 0;
		text = strchr(record, ';');
		if (!text)
			continue;
		text[1 + strcspn(text + 1, "\n")] = 0;
		fprintf(new_lines, "%s\n", text + 1);
		look |= suspicious(text + 1);
	}
	if (!look)
		return false;
	fflush(new_lines);
	look = false;
	return has_report();
}

/* Where the threads of a process are in the kernel */
void fz_show_hung(pid_t pid)
{
	char path[300], line[256];
	struct dirent *entry;
	FILE *file;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		printf("# thread %s of process %d:\n", entry->d_name, pid);
		snprintf(path, sizeof(path), "/proc/%d/task/%s/stack", pid, entry->d_name);
		file = fopen(path, "re");
		while (file && fgets(line, sizeof(line), file))
			printf("#   %s", line);
		if (file)
			fclose(file);
	}
	if (dir)
		closedir(dir);
}

/* Limits */

/*
 * Makes a group of processes that get little memory. Nothing else should run yet:
 * the kernel patches its code for the first one, and emulated processors that
 * are just there may stumble over it.
 */
void fz_limit_setup(const char *bytes)
{
	fz_write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	mkdir(GROUP, 0755);
	fz_write_file(GROUP "/memory.max", bytes);
}

/* The calling process belongs to it now; without such a thing, nothing happens. */
void fz_limit_memory(void)
{
	fz_write_file(GROUP "/cgroup.procs", "0");
}

/* How many processes were killed for want of it */
unsigned long fz_oom_kills(void)
{
	FILE *file = fopen(GROUP "/memory.events", "re");
	unsigned long kills = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "oom_kill %lu", &kills);
	if (file)
		fclose(file);
	return kills;
}

/* What the calling process makes counts towards its user's share, not root's. */
void fz_drop_privilege(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return;
	data[0].effective &= ~(1U << CAP_SYS_RESOURCE);
	syscall(SYS_capset, &header, data);
}

void fz_unlimit_memory(void)
{
	rmdir(GROUP);
}
