// SPDX-License-Identifier: GPL-2.0-only
/*
 * The KUnit suites of kunit/: loads them, which runs them, and prints what they
 * found as TAP, one test for each of their cases and parameters.
 *
 * Only the debug kernel has KUnit. --append 'kunit.filter_glob=zxvmo_object.*'
 * of vm/zxvm runs some of them.
 */
#include <stdarg.h>

#include "delay.h"

#define RESULTS	"/sys/kernel/debug/kunit/%s/results"

static unsigned int number, failures;

__attribute__((format(printf, 2, 3)))
static void result(bool good, const char *format, ...)
{
	va_list args;

	printf("%sok %u ", good ? "" : "not ", ++number);
	failures += !good;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/*
 * Tests are the lines of most depth: a case with parameters comes after these,
 * a suite after its cases. Returns the number of lines of cases.
 */
static unsigned int show_suite(const char *suite, FILE *file)
{
	unsigned int cases = 0, parameters = 0;
	char line[1024], name[256], text[256];

	while (fgets(line, sizeof(line), file)) {
		size_t depth = strspn(line, " ") / 4;
		char *p = line + strspn(line, " ");
		bool good = !strncmp(p, "ok ", 3);

		p[strcspn(p, "\n")] = 0;
		if (!good && strncmp(p, "not ok ", 7)) {
			if (*p == '#' && sscanf(p, "# Subtest: %255s", name) == 1)
				parameters = 0;
			printf("# %s\n", *p == '#' ? p + 1 : p);
			continue;
		}
		if (sscanf(p + (good ? 0 : 4), "ok %*u %255[^\n]", text) != 1)
			result(false, "%s: cannot understand \"%s\"", suite, p);
		else if (depth == 2 && ++parameters)
			result(good, "%s.%s.%s", suite, name, text);
		else if (depth == 1 && ++cases && !parameters)
			result(good, "%s.%s", suite, text);
		if (depth == 1)
			parameters = 0;
	}
	return cases;
}

int main(void)
{
	char exe[1024], path[2048], kernel[16];
	unsigned int suites = 0;
	struct dirent *entry;
	FILE *file;
	ssize_t n;
	DIR *dir;
	int fd;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n");
	zt_stat("objects");	/* mounts debugfs */
	delay_kernel(kernel, sizeof(kernel));
	dir = opendir("/sys/kernel/debug/kunit");
	if (!dir && strcmp(kernel, "debug")) {
		printf("1..0 # SKIP this kernel has no KUnit\n");
		return KSFT_SKIP;
	}
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = 0;
	*(strrchr(exe, '/') ?: exe) = 0;
	snprintf(path, sizeof(path), "%s/../%s/zxvmo_kunit.ko", exe, kernel);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	result(fd >= 0 && !syscall(SYS_finit_module, fd, "", 0), "the suites can be loaded");
	if (failures)
		printf("# %s: %s\n", path, strerror(errno));
	close(fd);

	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "zxvmo_", 6))
			continue;
		snprintf(path, sizeof(path), RESULTS, entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		suites++;
		if (!show_suite(entry->d_name, file))
			result(false, "%s has no results", entry->d_name);
		fclose(file);
	}
	if (dir)
		closedir(dir);
	result(suites, "there are suites");
	result(!syscall(SYS_delete_module, "zxvmo_kunit", 0), "the suites can be unloaded");
	printf("1..%u\n", number);
	return failures ? KSFT_FAIL : KSFT_PASS;
}
