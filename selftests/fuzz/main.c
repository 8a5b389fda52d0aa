// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fuzzer: its processes, and what came of them.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kselftest.h>

#define BATCH		8	/* programs that are journalled at once */
#define MAX_MEMORY	"67108864"
#define PARAMETER	"/sys/module/zxvmo/parameters/max_memory"

static struct options {
	unsigned long seconds;
	unsigned long programs;		/* of each process, 0: as many as there is time for */
	uint64_t seed;
	unsigned int processes;
	unsigned int threads;
	bool no_checked;
	bool no_racing;
	const char *journal;
	const char *corpus;
	const char *cover;
	unsigned int total;
	const char *replay;
	unsigned int loops;
	unsigned int limit;
} options = {
	.seconds = 20, .seed = 1, .processes = 2, .threads = 3, .loops = 1, .limit = 60,
};

static struct fz_shared *shared;
static int others[2];

static void usage(void)
{
	puts("usage: fuzz [OPTION...]\n"
	     "\n"
	     "Runs random programs of operations on the module. With no options: 20 s from a\n"
	     "fixed seed. On a failure it prints what happened and the program that did it.\n"
	     "\n"
	     "  --seconds N     how long (20)\n"
	     "  --programs N    how many programs each process runs at most\n"
	     "  --seed N        where the random numbers start (1)\n"
	     "  --processes N   (2); the last of several has little memory and no privilege\n"
	     "  --threads N     of each process (3)\n"
	     "  --checked       only programs that are compared with the model\n"
	     "  --racing        only the others\n"
	     "  --corpus FILE   take programs from there first, and leave those worth keeping\n"
	     "  --journal DIR   write programs there before they run, for a kernel that dies\n"
	     "  --cover FILE    leave there the addresses that were reached\n"
	     "  --total N       addresses there are, for the statistics\n"
	     "  --limit N       seconds after which a program hangs (60)\n"
	     "  --replay FILE   run the programs in FILE, which may be a journal\n"
	     "  --loops N       that many times (1)\n"
	     "  --print FILE    print them");
}

/* Processes */

static void next_program(uint64_t *random, bool racing, struct fz_program *program)
{
	const struct fz_program *from = fz_corpus_pick(shared, random, racing);
	const struct fz_program *other = fz_corpus_pick(shared, random, racing);

	if (!from || !fz_below(random, 4)) {
		fz_generate(random, racing, program);
	} else {
		*program = *from;
		fz_mutate(random, other ?: from, program);
	}
	if (program->threads > options.threads)
		fz_generate(random, racing, program);
	while (program->threads > options.threads)
		fz_generate(random, racing, program);
}

/* A debug kernel verifies all page trees; what is wrong is in the kernel log. */
static bool trees_are_sound(void)
{
	int fd = open("/sys/kernel/debug/zxvmo/check", O_RDONLY | O_CLOEXEC);
	char text[256];
	bool sound;

	if (fd < 0)
		return errno == ENOENT;
	sound = read(fd, text, sizeof(text)) >= 0;
	close(fd);
	return sound;
}

static void run_one(struct fz_worker *worker, struct fz_run *run, const struct fz_program *program)
{
	struct fz_program *copy = &worker->history[worker->next % FZ_HISTORY];
	unsigned int i, k;
	bool good;

	*copy = *program;
	worker->started = fz_now();
	worker->next++;
	good = fz_run(run, copy, shared->guided);
	worker->started = 0;
	worker->programs++;
	worker->checked += !program->threads;
	for (i = 0; i < options.threads; i++) {
		struct fz_thread *t = run->threads[i];

		worker->operations += t->operations;
		worker->refused += t->refused;
		worker->faults += t->faults;
		worker->injections += t->injections;
		for (k = 0; k < FZ_NR_CODES; k++) {
			worker->done[k] += t->done[k];
			t->done[k] = 0;
		}
		t->operations = t->refused = t->faults = t->injections = 0;
	}
	if (run->oracle) {
		worker->comparisons += run->oracle->comparisons;
		run->oracle->comparisons = 0;
	}
	if (good && trees_are_sound())
		return;
	if (good)
		strcpy(run->failure, "a page tree is not sound");
	memcpy(worker->failure, run->failure, sizeof(worker->failure));
	worker->failed = true;
	_exit(1);
}

static int open_journal(unsigned int index)
{
	char path[300];

	if (!options.journal)
		return -1;
	snprintf(path, sizeof(path), "%s/journal.%u", options.journal, index);
	return open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
}

/* A batch is written as a whole: its cost is that of one call. */
static void worker_main(unsigned int index, unsigned int life)
{
	struct fz_worker *worker = &shared->workers[index];
	bool poor = index && index == options.processes - 1;
	uint64_t random = options.seed * 1000003 + index * 7919 + life;
	uint64_t end = fz_now() + options.seconds * 1000000000ULL;
	struct fz_program batch[BATCH];
	struct fz_run *run;
	unsigned int i;
	int journal;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (poor && !options.no_racing) {
		fz_limit_memory();
		fz_drop_privilege();
	}
	journal = open_journal(index);
	run = fz_run_setup(shared, options.threads, others);
	run->strict = options.no_racing;
	while (!shared->stop) {
		for (i = 0; i < BATCH; i++) {
			bool racing = options.no_checked ||
				      (!options.no_racing && (poor || fz_below(&random, 100) < 35));

			next_program(&random, racing, &batch[i]);
		}
		if (journal >= 0 && pwrite(journal, batch, sizeof(batch), 0) < 0)
			perror("fuzz: journal");
		for (i = 0; i < BATCH && !shared->stop; i++) {
			if (fz_now() >= end ||
			    (options.programs && worker->programs >= options.programs))
				_exit(0);
			run_one(worker, run, &batch[i]);
		}
	}
	_exit(0);
}

/* Runs the programs of a file instead. */
static void replay_main(unsigned int index)
{
	struct fz_worker *worker = &shared->workers[index];
	FILE *file = fopen(options.replay, "re");
	struct fz_program program;
	char error[128] = "";
	struct fz_run *run;
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!file) {
		perror(options.replay);
		_exit(1);
	}
	run = fz_run_setup(shared, options.threads, others);
	run->strict = options.no_racing;
	for (i = 0; i < options.loops; i++) {
		rewind(file);
		while (fz_read(file, &program, error, sizeof(error)))
			run_one(worker, run, &program);
		if (error[0]) {
			fprintf(stderr, "%s: %s\n", options.replay, error);
			_exit(1);
		}
	}
	_exit(0);
}

static pid_t start_worker(unsigned int index, unsigned int life)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (options.replay)
			replay_main(index);
		worker_main(index, life);
	}
	return pid;
}

/* Results */

static void show(const struct fz_program *program)
{
	char text[FZ_TEXT], *line = text, *end;

	fz_print(program, text, sizeof(text));
	for (; (end = strchr(line, '\n')); line = end + 1)
		printf("#   %.*s\n", (int)(end - line), line);
}

static void show_worker(unsigned int index, unsigned int nr)
{
	struct fz_worker *worker = &shared->workers[index];
	unsigned int next = worker->next;

	if (nr > next)
		nr = next;
	printf("# process %u, its last %u programs:\n", index, nr);
	while (nr--)
		show(&worker->history[(next - 1 - nr) % FZ_HISTORY]);
}

/* Whether a program still fails, in a process of its own */
static bool still_fails(const struct fz_program *program)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct fz_run *run = fz_run_setup(shared, 1, others);

		alarm(30);
		_exit(!fz_run(run, program, false));
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

/* Leaves out what the failure does not need. */
static void minimize(struct fz_program *program)
{
	struct fz_program shorter;
	unsigned int i;

	if (!still_fails(program)) {
		puts("# It does not fail alone.");
		return;
	}
	for (i = program->nr; i--;) {
		shorter = *program;
		shorter.nr--;
		memmove(&shorter.ops[i], &shorter.ops[i + 1],
			(shorter.nr - i) * sizeof(shorter.ops[0]));
		if (shorter.nr && still_fails(&shorter))
			*program = shorter;
	}
	puts("# What is needed of it:");
	show(program);
}

static void show_failure(unsigned int index)
{
	struct fz_worker *worker = &shared->workers[index];
	struct fz_program *program = &worker->history[(worker->next - 1) % FZ_HISTORY];

	printf("# seed %ju, process %u: %s\n", (uintmax_t)options.seed, index, worker->failure);
	show(program);
	if (!program->threads)
		minimize(program);
}

static void statistics(uint64_t started)
{
	struct fz_worker sum = {};
	unsigned int i;

	for (i = 0; i < options.processes; i++) {
		struct fz_worker *worker = &shared->workers[i];

		sum.programs += worker->programs;
		sum.checked += worker->checked;
		sum.operations += worker->operations;
		sum.refused += worker->refused;
		sum.faults += worker->faults;
		sum.injections += worker->injections;
		sum.comparisons += worker->comparisons;
	}
	printf("# %ju s, seed %ju: %ju programs, %ju of them checked; "
	       "%ju operations, %ju of the checked refused\n",
	       (uintmax_t)((fz_now() - started) / 1000000000), (uintmax_t)options.seed,
	       (uintmax_t)sum.programs, (uintmax_t)sum.checked, (uintmax_t)sum.operations,
	       (uintmax_t)sum.refused);
	printf("# %ju comparisons of a VMO with the model, %ju faults caught, "
	       "%ju failures on demand\n",
	       (uintmax_t)sum.comparisons, (uintmax_t)sum.faults, (uintmax_t)sum.injections);
	if (shared->guided)
		printf("# %u of %u addresses reached, %u programs worth keeping\n",
		       fz_cover_count(shared), options.total,
		       shared->corpus_claimed < FZ_CORPUS ? shared->corpus_claimed : FZ_CORPUS);
	fflush(stdout);
}

static uint64_t operations(void)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < options.processes; i++)
		sum += shared->workers[i].operations;
	return sum;
}

/* Whether each operation has succeeded at some time; one that never did tests nothing. */
static bool all_have_succeeded(void)
{
	uint64_t done, fewest = UINT64_MAX;
	unsigned int code, rarest = 0, i;

	for (code = 0; code < FZ_NR_CODES; code++) {
		if (options.no_racing && fz_kinds[code].racing)
			continue;
		done = 0;
		for (i = 0; i < options.processes; i++)
			done += shared->workers[i].done[code];
		if (!done)
			printf("# %s has never succeeded\n", fz_kinds[code].name);
		if (done < fewest) {
			fewest = done;
			rarest = code;
		}
	}
	printf("# of all operations %s succeeded least often, %ju times\n",
	       fz_kinds[rarest].name, (uintmax_t)fewest);
	return fewest;
}

/* A counter of the module, -1 if there is none */
static long counter(const char *name)
{
	FILE *file = fopen("/sys/kernel/debug/zxvmo/stats", "re");
	char line[128];
	long value = -1;

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			value = strtol(line + strlen(name) + 1, NULL, 10);
	if (file)
		fclose(file);
	return value;
}

/* Freeing may take a grace period. */
static bool nothing_left(void)
{
	static const char *const names[] = { "objects", "handles", "pages", "nodes" };
	unsigned int i, tries = 100;
	long left = 0;

	for (i = 0; i < 4; i++) {
		while ((left = counter(names[i])) > 0 && tries--)
			usleep(100000);
		if (left) {
			printf("# %s: %ld\n", names[i], left);
			return false;
		}
	}
	return true;
}

/* Supervision */

enum outcome { RUNNING, FINISHED, DISAGREES, BROKEN };

static enum outcome reap(pid_t *pids, unsigned int *left)
{
	static unsigned long kills;
	unsigned int i;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (i = 0; i < options.processes && pids[i] != pid; i++)
			;
		if (i == options.processes)
			continue;
		pids[i] = 0;
		if (WIFEXITED(status) && !WEXITSTATUS(status)) {
			--*left;
			continue;
		}
		if (shared->workers[i].failed) {
			show_failure(i);
			return DISAGREES;
		}
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
		    fz_oom_kills() > kills) {
			kills = fz_oom_kills();
			shared->workers[i].started = 0;
			pids[i] = start_worker(i, shared->workers[i].programs);
			continue;
		}
		printf("# process %u ended with status %#x\n", i, status);
		show_worker(i, 1);
		return BROKEN;
	}
	return *left ? RUNNING : FINISHED;
}

static enum outcome look_for_hangs(const pid_t *pids)
{
	unsigned int i;

	for (i = 0; i < options.processes; i++) {
		uint64_t started = shared->workers[i].started;

		if (!pids[i] || !started || fz_now() - started < options.limit * 1000000000ULL)
			continue;
		printf("# process %u hangs\n", i);
		fz_show_hung(pids[i]);
		show_worker(i, 1);
		return BROKEN;
	}
	return RUNNING;
}

/* For the next run, and the one that asks what was not reached */
static void save(void)
{
	if (options.corpus && shared->guided)
		fz_corpus_save(shared, options.corpus);
	if (options.cover && shared->guided)
		fz_cover_save(shared, options.cover);
}

static enum outcome supervise(int log)
{
	unsigned int left = options.processes, i, rounds = 0;
	pid_t pids[FZ_MAX_PROCESSES] = {};
	uint64_t started = fz_now();
	enum outcome outcome;

	for (i = 0; i < options.processes; i++)
		pids[i] = start_worker(i, 0);
	do {
		usleep(200000);
		outcome = reap(pids, &left);
		if (outcome == RUNNING)
			outcome = look_for_hangs(pids);
		if ((outcome == RUNNING || outcome == FINISHED) && fz_log_check(log)) {
			puts("# the kernel reports a bug");
			for (i = 0; i < options.processes; i++)
				show_worker(i, 4);
			outcome = BROKEN;
		}
		if (++rounds % 300 == 0) {
			statistics(started);
			save();
		}
	} while (outcome == RUNNING);
	shared->stop = true;
	for (i = 0; i < options.processes; i++) {
		if (!pids[i])
			continue;
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	statistics(started);
	return outcome;
}

/* Options */

static void print_file(const char *path)
{
	FILE *file = fopen(path, "re");
	struct fz_program program;
	char text[FZ_TEXT], error[128] = "";

	while (file && fz_read(file, &program, error, sizeof(error))) {
		fz_print(&program, text, sizeof(text));
		fputs(text, stdout);
	}
	if (!file || error[0]) {
		fprintf(stderr, "%s: %s\n", path, file ? error : strerror(errno));
		exit(1);
	}
	exit(0);
}

static void parse_options(int argc, char **argv)
{
	static const struct option names[] = {
		{ "seconds", 1, NULL, 's' }, { "programs", 1, NULL, 'p' },
		{ "seed", 1, NULL, 'S' }, { "processes", 1, NULL, 'P' },
		{ "threads", 1, NULL, 't' }, { "checked", 0, NULL, 'c' },
		{ "racing", 0, NULL, 'r' }, { "corpus", 1, NULL, 'C' },
		{ "journal", 1, NULL, 'j' }, { "cover", 1, NULL, 'o' },
		{ "total", 1, NULL, 'T' }, { "limit", 1, NULL, 'l' },
		{ "replay", 1, NULL, 'R' }, { "loops", 1, NULL, 'L' },
		{ "print", 1, NULL, 'x' }, { "help", 0, NULL, 'h' }, {},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (option) {
		case 's': options.seconds = strtoul(optarg, NULL, 0); break;
		case 'p': options.programs = strtoul(optarg, NULL, 0); break;
		case 'S': options.seed = strtoull(optarg, NULL, 0); break;
		case 'P': options.processes = strtoul(optarg, NULL, 0); break;
		case 't': options.threads = strtoul(optarg, NULL, 0); break;
		case 'c': options.no_racing = true; break;
		case 'r': options.no_checked = true; break;
		case 'C': options.corpus = optarg; break;
		case 'j': options.journal = optarg; break;
		case 'o': options.cover = optarg; break;
		case 'T': options.total = strtoul(optarg, NULL, 0); break;
		case 'l': options.limit = strtoul(optarg, NULL, 0); break;
		case 'R': options.replay = optarg; break;
		case 'L': options.loops = strtoul(optarg, NULL, 0); break;
		case 'x': print_file(optarg); break;
		case 'h': usage(); exit(0);
		default: usage(); exit(2);
		}
	}
	if (optind < argc || !options.processes || options.processes > FZ_MAX_PROCESSES ||
	    !options.threads || options.threads > FZ_MAX_THREADS ||
	    (options.no_checked && (options.no_racing || options.threads < 2))) {
		usage();
		exit(2);
	}
	if (options.threads < 2)
		options.no_racing = true;
}

/* Failures on demand are no news, and every allocation is to fail. */
static void prepare_failures(void)
{
	static const struct {
		const char *path;
		const char *value;
	} settings[] = {
		{ "failslab/verbose", "0" },
		{ "failslab/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/verbose", "0" },
		{ "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ "fail_page_alloc/min-order", "0" },
		{ "fail_usercopy/verbose", "0" },
		{ "fail_futex/verbose", "0" },
	};
	char path[100];
	unsigned int i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s", settings[i].path);
		fz_write_file(path, settings[i].value);
	}
}

int main(int argc, char **argv)
{
	char max_memory[32] = "0";
	enum outcome outcome;
	FILE *file;
	int log;

	setvbuf(stdout, NULL, _IOLBF, 0);
	parse_options(argc, argv);
	ksft_print_header();
	if (access("/dev/zxvmo", R_OK | W_OK))
		ksft_exit_skip("no /dev/zxvmo\n");
	ksft_set_plan(5);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, others))
		ksft_exit_fail_msg("no memory or sockets\n");
	if (access("/sys/kernel/debug/zxvmo", F_OK))
		mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	prepare_failures();
	fz_cover_setup(shared);
	if (options.corpus)
		fz_corpus_load(shared, options.corpus);
	file = fopen(PARAMETER, "re");
	if (file && fscanf(file, "%31s", max_memory) != 1)
		max_memory[0] = '0';
	if (file)
		fclose(file);
	fz_write_file(PARAMETER, MAX_MEMORY);
	log = fz_log_open();
	fz_limit_setup("25165824");

	outcome = supervise(log);

	close(others[0]);
	close(others[1]);
	fz_log_close();
	fz_unlimit_memory();
	fz_write_file(PARAMETER, max_memory);
	save();
	ksft_test_result(outcome != DISAGREES, "checked programs agree with the model\n");
	ksft_test_result(outcome != BROKEN,
			 "no process dies or hangs, no report in the kernel log\n");
	/* In a short run or on a slow machine it may just not have come to that. */
	if (options.replay || operations() < 500000)
		ksft_test_result_skip("each operation succeeds at times: a short run\n");
	else
		ksft_test_result(all_have_succeeded(), "each operation succeeds at times\n");
	if (shared->guided)
		ksft_test_result(fz_cover_count(shared) > 0, "code of the module is reached\n");
	else
		ksft_test_result_skip("code of the module is reached: no KCOV here\n");
	ksft_test_result(nothing_left(), "nothing is left behind\n");
	ksft_finished();
}
