// SPDX-License-Identifier: MIT
/*
 * An ordinary Linux program in an address space of VMOs: perl, and a program that
 * tries out what mmap(2) and its kin promise, each run as it is and above a layer
 * (layer.c) that makes all of its memory out of VMOs in one VMAR.
 *
 *	guest [--ascii]
 *
 * Each line with a tick is a claim that was checked.
 */
#include <limits.h>
#include <setjmp.h>

#include "guest.h"
#include "show.h"

/* Some of everything that perl does with memory; it pauses twice to be looked at */
static const char script[] =
	"$| = 1; my (%count, @words); my $x = 1;"
	"for (1 .. 20000) {"
	"	$x = ($x * 1103515245 + 12345) % 2147483648;"
	"	my $word = sprintf('%x', $x % 5003);"
	"	$count{$word}++; push @words, $word x 5;"
	"}"
	"my $text = join(',', sort @words);"
	"my $copy = reverse $text; $copy =~ tr/a-f/A-F/; $copy x= 32;"
	"printf \"%d different words, %d bytes, checksum %u\\n\", scalar keys %count,"
	"	length $copy, unpack('%32C*', $copy);"
	"my $line = <STDIN>;"
	"undef $text; undef $copy; @words = (); undef @words; undef %count;"
	"print \"freed\\n\"; $line = <STDIN>;";

static struct board *board;
static char board_fd[16], layer_path[PATH_MAX];

/* Programs, with their input and output */

struct program {
	pid_t pid;
	int input;
	FILE *output;
};

static struct program start(char *const *argv, bool guest)
{
	struct program program;
	int in[2], out[2];

	memset(board, 0, sizeof(*board));
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || (program.pid = fork()) < 0)
		die("cannot start %s: %s", argv[0], strerror(errno));
	if (!program.pid) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		setenv("LC_ALL", "C", 1);
		if (guest) {
			setenv(GUEST_BOARD, board_fd, 1);
			setenv("LD_PRELOAD", layer_path, 1);
		}
		execvp(argv[0], argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	program.input = in[1];
	program.output = fdopen(out[0], "r");
	return program;
}

/* Returns the next line, without its end; "" if there is none. */
static const char *line_of(const struct program *program, char *line, size_t size)
{
	if (!fgets(line, size, program->output))
		*line = 0;
	line[strcspn(line, "\n")] = 0;
	return line;
}

static void proceed(const struct program *program)
{
	if (write(program->input, "\n", 1) != 1)
		die("the program does not listen");
}

/* Returns its status, as wait(2) gives it. */
static int end(struct program *program)
{
	int status;

	close(program->input);
	fclose(program->output);
	if (waitpid(program->pid, &status, 0) != program->pid)
		die("waitpid: %s", strerror(errno));
	return status;
}

static uint64_t resident(const struct program *program)
{
	char path[64], line[256];
	unsigned long start, stop, kib;
	bool inside = false;
	uint64_t sum = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps", program->pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &stop) == 2)
			inside = start >= board->base && stop <= board->base + board->size;
		else if (inside && sscanf(line, "Rss: %lu", &kib) == 1)
			sum += kib * KIB;
	}
	if (file)
		fclose(file);
	return sum;
}

static void show_perl(void)
{
	char *const argv[] = { "perl", "-e", (char *)script, NULL };
	char native[256], answer[256], path[64];
	struct program program;
	uint64_t before, used, after;
	struct memory memory;

	heading("perl sorts and counts words, as it is and above the layer");
	program = start(argv, false);
	line_of(&program, native, sizeof(native));
	proceed(&program);
	line_of(&program, answer, sizeof(answer));
	proceed(&program);
	if (end(&program) || !*native)
		die("perl does not work here");
	printf("  as it is   %s\n", native);

	before = memory_in_use();
	program = start(argv, true);
	line_of(&program, answer, sizeof(answer));
	printf("  layer      %s\n", answer);
	check(!strcmp(native, answer), "the guest has found the same");
	snprintf(path, sizeof(path), "/proc/%d/maps", program.pid);
	memory = memory_of(path, board->base, board->size);
	used = resident(&program);
	printf("  mmap %lu, munmap %lu, mprotect %lu, mremap %lu, brk %lu: all by the layer\n",
	       board->maps, board->unmaps, board->protects, board->moves, board->heaps);
	check(memory.vmos > MIB && !memory.strange,
	      "%.2f MiB of VMOs are mapped in the guest's VMAR, and nothing else",
	      mib(memory.vmos));
	check(memory.anonymous == board->anonymous_before,
	      "outside there is not a byte more than the %.2f MiB from before the layer",
	      mib(memory.anonymous));
	proceed(&program);
	line_of(&program, answer, sizeof(answer));
	after = resident(&program);
	check(!strcmp(answer, "freed") && after < used / 2,
	      "what perl gives back is free: %.2f %s %.2f MiB", mib(used), signs->arrow,
	      mib(after));
	proceed(&program);
	check(!end(&program), "the guest ends in peace");
	check(memory_in_use() < before + MEMORY_NOISE,
	      "and has left nothing in memory, within %lu MiB", MEMORY_NOISE / MIB);
}

/* A program that tries things out. It knows of no layer. */

static sigjmp_buf fault;

static void on_fault(int number)
{
	siglongjmp(fault, number);
}

static const char *touch(volatile char *addr, bool write)
{
	if (sigsetjmp(fault, 1))
		return "SIGSEGV";
	if (write)
		*addr = 'x';
	else
		(void)*addr;
	return "fine";
}

static const char *outcome(bool success)
{
	return success ? "fine" : strerrorname_np(errno);
}

static char *anonymous(void *addr, size_t pages, int prot, int flags)
{
	return mmap(addr, pages * page_size, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static int probe(void)
{
	const int rw = PROT_READ | PROT_WRITE;
	char *p = anonymous(NULL, 8, rw, 0), *q;
	const char *result;
	pid_t pid;

	signal(SIGSEGV, on_fault);
	memset(p, 'a', 8 * page_size);
#define PAGE_AT(n) (p + (n) * page_size)
	printf("mprotect PROT_READ: %s\n", outcome(!mprotect(PAGE_AT(1), page_size, PROT_READ)));
	printf("write there: %s, read: %s\n", touch(PAGE_AT(1), true), touch(PAGE_AT(1), false));
	printf("mprotect PROT_NONE: %s\n", outcome(!mprotect(PAGE_AT(1), page_size, PROT_NONE)));
	printf("read there: %s, beside: %s\n", touch(PAGE_AT(1), false), touch(PAGE_AT(2), true));
	printf("mprotect back: %s\n", outcome(!mprotect(PAGE_AT(1), page_size, rw)));
	printf("write there: %s, content %c\n", touch(PAGE_AT(1), true), PAGE_AT(1)[1]);
	printf("MADV_DONTNEED: %s\n", outcome(!madvise(PAGE_AT(2), page_size, MADV_DONTNEED)));
	printf("read there: %d, beside: %c\n", *PAGE_AT(2), *PAGE_AT(3));
	printf("munmap of the middle: %s\n", outcome(!munmap(PAGE_AT(4), page_size)));
	printf("read there: %s, beside: %c %c\n", touch(PAGE_AT(4), false), *PAGE_AT(3), *PAGE_AT(5));
	printf("mprotect over the hole: %s\n", outcome(!mprotect(PAGE_AT(3), 3 * page_size, rw)));
	printf("MAP_FIXED_NOREPLACE on it all: %s\n",
	       outcome(anonymous(p, 8, rw, MAP_FIXED_NOREPLACE) != MAP_FAILED));
	printf("MAP_FIXED into the middle: %s\n",
	       outcome(anonymous(PAGE_AT(4), 2, rw, MAP_FIXED) == PAGE_AT(4)));
	printf("read there: %d %d, beside: %c %c\n", *PAGE_AT(4), *PAGE_AT(5), *PAGE_AT(3),
	       *PAGE_AT(6));
	q = anonymous(NULL, 2, rw, 0);
	memset(q, 'q', 2 * page_size);
	q = mremap(q, 2 * page_size, 64 * page_size, MREMAP_MAYMOVE);
	printf("mremap to more: %s, content %c, then %d\n", outcome(q != MAP_FAILED),
	       q[2 * page_size - 1], q[64 * page_size - 1]);
	result = outcome(mremap(q, 64 * page_size, page_size, 0) == q);
	printf("mremap to less: %s, read beyond: %s\n", result, touch(q + page_size, false));
	result = outcome(!munmap(p, 8 * page_size));
	printf("munmap of all: %s, read there: %s\n", result, touch(p, false));
	printf("PROT_EXEC: %s\n", outcome(anonymous(NULL, 1, rw | PROT_EXEC, 0) != MAP_FAILED));
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(0);
	printf("fork: %s\n", outcome(pid > 0));
	return 0;
}

static void show_probe(void)
{
	char *const argv[] = { "/proc/self/exe", "--probe", NULL };
	struct program programs[2] = { start(argv, false) };
	char native[128], answer[128];
	int same = 0, others = 0, moves;

	heading("a program that tries out its memory");
	programs[1] = start(argv, true);
	for (;;) {
		bool refused;

		line_of(&programs[0], native, sizeof(native));
		line_of(&programs[1], answer, sizeof(answer));
		if (!*native && !*answer)
			break;
		printf("  %s\n", answer);
		refused = !strcmp(answer, "PROT_EXEC: EACCES") || !strcmp(answer, "fork: ENOSYS");
		same += !strcmp(native, answer);
		others += strcmp(native, answer) && !refused;
	}
	moves = board->moves;
	check(same > 10 && !others, "%d of the answers are those of Linux", same);
	check(!others, "the others are what the layer's VMAR and the layer refuse");
	check(board->protects && board->advices && board->unmaps && moves == 2,
	      "the layer has given them: %lu calls", board->calls);
	check(!end(&programs[0]) && !end(&programs[1]), "both have come to their end");
}

static void find_layer(void)
{
	ssize_t n = readlink("/proc/self/exe", layer_path, sizeof(layer_path) - 32);
	int fd = memfd_create("board", 0);
	char *slash;

	if (n < 0 || fd < 0 || ftruncate(fd, sizeof(*board)))
		die("no memory");
	layer_path[n] = 0;
	slash = strrchr(layer_path, '/');
	strcpy(slash + 1, "demo-layer.so");
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (board == MAP_FAILED)
		die("no memory");
	snprintf(board_fd, sizeof(board_fd), "%d", fd);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--probe")) {
		page_size = sysconf(_SC_PAGESIZE);
		return probe();
	}
	if (argc > 2 || (argc == 2 && strcmp(argv[1], "--ascii"))) {
		fprintf(stderr, "usage: guest [--ascii]\n");
		return 2;
	}
	show_begin(argc == 2);
	signal(SIGPIPE, SIG_IGN);
	find_layer();
	show_perl();
	show_probe();
	return show_end();
}
