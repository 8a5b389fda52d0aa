// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program's life: the memory it works on, its threads, how it talks to the
 * kernel, failures on demand.
 *
 * Everything that is mapped and unmapped at random lies at fixed low addresses,
 * where the kernel puts nothing of its own accord: an access through an address
 * that is out of date meets a hole or another window, never memory of ours.
 *
 *	ARENA		the windows, WINDOW_SPAN apart
 *	SPECIAL		a page that can only be read, a hole, one without access,
 *			a hole
 *	BUFFERS		the threads' buffers, each with a hole behind
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ARENA		0x200000000ULL
#define WINDOW_SPAN	0x100000ULL
#define SPECIAL		(ARENA + 0x4000000ULL)
#define BUFFERS		(ARENA + 0x8000000ULL)
#define BUFFER_SPAN	(4ULL * FZ_BUFFER)

static __thread sigjmp_buf *volatile fault_return;

size_t fz_page(void)
{
	static size_t size;

	if (!size)
		size = sysconf(_SC_PAGESIZE);
	return size;
}

/* Faults and signals */

static void on_fault(int signal, siginfo_t *info __attribute__((__unused__)),
		     void *context __attribute__((__unused__)))
{
	if (fault_return)
		siglongjmp(*fault_return, signal);
	/* Our own: die of it on return. */
	sigaction(signal, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
}

static void on_interrupt(int signal __attribute__((__unused__)))
{
}

static void catch_signals(void)
{
	struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	struct sigaction interrupt = { .sa_handler = on_interrupt };

	sigaction(SIGSEGV, &fault, NULL);
	sigaction(SIGBUS, &fault, NULL);
	sigaction(SIGUSR1, &interrupt, NULL);
	sigaction(SIGALRM, &interrupt, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int fz_try(struct fz_thread *t, void (*access)(void *), void *data)
{
	sigjmp_buf env;
	int number = sigsetjmp(env, 1);

	if (!number) {
		fault_return = &env;
		access(data);
	} else {
		t->faults++;
	}
	fault_return = NULL;
	return number;
}

void fz_fail(struct fz_thread *t, const char *format, ...)
{
	struct fz_run *run = t->run;
	va_list args;
	int used;

	if (run->failed)
		return;
	run->failed = true;
	used = snprintf(run->failure, sizeof(run->failure), "operation %u, %s: ", t->at,
			fz_kinds[run->program->ops[t->at].code].name);
	va_start(args, format);
	vsnprintf(run->failure + used, sizeof(run->failure) - used, format, args);
	va_end(args);
}

/* Failures on demand, and coverage, of one system call or access */

/* What would fail while a signal is being delivered kills the process. */
static void hold_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(how, &set, NULL);
}

/* An access has none: what fails would be the delivery of its signal. */
static bool has_failure(const struct fz_thread *t, const struct fz_op *op)
{
	return op->fail && t->fail_fd >= 0 && op->code != FZ_OP_LOAD && op->code != FZ_OP_STORE;
}

void fz_arm(struct fz_thread *t, const struct fz_op *op)
{
	char number[8];

	if (has_failure(t, op)) {
		hold_signals(SIG_BLOCK);
		snprintf(number, sizeof(number), "%u", op->fail);
		if (write(t->fail_fd, number, strlen(number)) < 0)
			return;
	}
	if (t->kcov)
		__atomic_store_n(&t->kcov[0], 0, __ATOMIC_RELAXED);
}

void fz_disarm(struct fz_thread *t, const struct fz_op *op, bool done)
{
	int error = errno;
	char number[8] = "";
	ssize_t n;

	t->done[op->code] += done;
	if (t->kcov)
		fz_cover_collect(t);
	if (has_failure(t, op)) {
		/* As long as it has not failed, these calls themselves may. */
		n = pread(t->fail_fd, number, sizeof(number) - 1, 0);
		if (n > 0 && !atoi(number)) {
			t->injected = true;
			t->injections++;
		}
		while (write(t->fail_fd, "0", 1) < 0)
			;
		hold_signals(SIG_UNBLOCK);
	}
	errno = error;
}

/* Commands */

int fz_command(int fd, unsigned int command, const void *argument)
{
	return ioctl(fd, command, argument) < 0 ? errno : 0;
}

int fz_send(struct fz_thread *t, const struct fz_op *op, unsigned int command,
	    const void *argument, size_t size)
{
	unsigned char copy[256] __attribute__((__aligned__(8))) = {};
	uint32_t *copy_size = (uint32_t *)copy;
	const void *where = copy;
	int fd = t->run->device, ret;

	memcpy(copy, argument, size);
	switch (op->send) {
	case FZ_LONG:
		*copy_size += 64;
		break;
	case FZ_DIRTY:
		*copy_size += 64;
		copy[size + 9] = 1;
		break;
	case FZ_HUGE:
		*copy_size = 2 * FZ_PAGE;
		break;
	case FZ_SHORT:
		*copy_size = 4;
		break;
	case FZ_UNMAPPED:
		where = fz_address(t, FZ_HOLE);
		break;
	case FZ_STRADDLE:
		where = t->buffer + FZ_BUFFER - (size - 8);
		memcpy(t->buffer + FZ_BUFFER - (size - 8), copy, size - 8);
		break;
	case FZ_NUMBER:
		command ^= 0x80;
		break;
	case FZ_ON_OBJECT:
		if (fz_fd(t, op->args[0]) >= 0)
			fd = fz_fd(t, op->args[0]);
		break;
	case FZ_ON_FOREIGN:
		fd = t->run->foreign;
		break;
	}
	fz_arm(t, op);
	ret = fz_command(fd, command, where);
	fz_disarm(t, op, !ret);
	return ret;
}

/* Arguments */

/* Of the place of a good handle, and for nothing else */
int fz_fd(struct fz_thread *t, uint64_t handle)
{
	uint32_t value = t->run->slots[handle % FZ_SLOTS];

	if ((handle >> 8 & 0xff) == FZ_FOREIGN)
		return t->run->foreign;
	return value ? (int)ZXVMO_HANDLE_FD(value) : -1;
}

uint32_t fz_value(struct fz_thread *t, const struct fz_op *op, unsigned int arg)
{
	uint64_t handle = op->args[arg];
	uint32_t value = t->run->slots[handle % FZ_SLOTS];

	switch (handle >> 8 & 0xff) {
	case FZ_GOOD:
		/* A command on the object itself need not say which. */
		return op->send == FZ_ON_OBJECT && !arg ? 0 : value;
	case FZ_WRONG_TAG:
		return value ^ 1U << 25;
	case FZ_STALE:
		return t->run->stale;
	case FZ_FOREIGN:
		return ZXVMO_HANDLE(1, t->run->foreign);
	case FZ_ZERO:
		return 0;
	case FZ_ROOT:
		return ZXVMO_HANDLE_VMAR_ROOT_SELF;
	case FZ_SELF:
		return ZXVMO_HANDLE_PROCESS_SELF;
	case FZ_NO_BITS:
		return value & ~ZXVMO_HANDLE_FIXED_BITS_MASK;
	case FZ_RAW:
		return handle >> 32;
	default:
		return value;
	}
}

unsigned char *fz_address(struct fz_thread *t, uint64_t address)
{
	unsigned char *special = t->run->special;

	switch (address & 0xff) {
	case FZ_BEFORE_HOLE:
		return t->buffer + FZ_BUFFER - (address >> 8) % (2 * FZ_PAGE);
	case FZ_READ_ONLY:
		return special;
	case FZ_NO_ACCESS:
		return special + 2 * FZ_PAGE;
	case FZ_HOLE:
		return special + 4 * FZ_PAGE;
	case FZ_KERNEL:
		return (unsigned char *)0xffffffff80000000ULL;
	case FZ_NULL:
		return NULL;
	case FZ_IN_WINDOW:
		return fz_window(t->run, address >> 32) + (address >> 8 & 0xffffff);
	default:
		return t->buffer + (address >> 8) % FZ_BUFFER;
	}
}

bool fz_is_good(uint64_t address, uint64_t size)
{
	return (address & 0xff) == FZ_MEMORY ||
	       ((address & 0xff) == FZ_BEFORE_HOLE && (address >> 8) % (2 * FZ_PAGE) >= size);
}

/* Pages that differ; all zero if @seed is */
void fz_fill(unsigned char *p, uint64_t length, uint64_t seed)
{
	uint64_t i;

	memset(p, seed, length);
	for (i = 0; seed && i < length; i += 512)
		p[i] = seed + i / 512;
}

unsigned char *fz_window(struct fz_run *run, uint64_t window)
{
	return run->arena + window % FZ_WINDOWS * WINDOW_SPAN;
}

/* Puts a handle into its place and closes what was there. */
void fz_store(struct fz_thread *t, uint64_t slot, uint32_t value, struct fz_file *file)
{
	struct zxvmo_handle_close close_old = { .size = sizeof(close_old) };
	struct fz_oracle *o = t->run->oracle;

	slot %= FZ_SLOTS;
	close_old.handle = atomic_exchange(&t->run->slots[slot], value);
	if (close_old.handle)
		t->run->stale = close_old.handle;
	fz_command(t->run->device, ZXVMO_HANDLE_CLOSE, &close_old);
	if (!o)
		return;
	if (o->files[slot])
		fz_file_put(o, o->files[slot]);
	o->files[slot] = file;
}

/* Threads */

/* The thread's own among @nr operations */
void fz_run_ops(struct fz_thread *t, unsigned int first, unsigned int nr)
{
	const struct fz_program *program = t->run->program;

	for (t->at = first; t->at < program->nr && t->at - first < nr; t->at++) {
		const struct fz_op *op = &program->ops[t->at];

		if (program->threads && op->thread != t->index)
			continue;
		t->injected = false;
		t->operations++;
		fz_kinds[op->code].execute(t, op);
		if (!t->run->oracle)
			continue;
		if (!t->run->failed)
			fz_compare(t, false);
		if (t->run->failed)
			return;
	}
}

static void run_ops(struct fz_thread *t)
{
	unsigned int repeat = t->run->program->threads ? t->run->program->repeat : 1;

	while (repeat--)
		fz_run_ops(t, 0, FZ_MAX_OPS);
}

static void *thread_main(void *data)
{
	struct fz_thread *t = data;

	fz_thread_setup(t);
	for (;;) {
		pthread_barrier_wait(&t->run->start);
		if (t->index < t->run->program->threads)
			run_ops(t);
		atomic_fetch_sub(&t->run->running, 1);
	}
	return NULL;
}

void fz_thread_setup(struct fz_thread *t)
{
	t->id = pthread_self();
	t->fail_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (t->run->shared->guided)
		fz_cover_open(t);
}

static void run_racing(struct fz_run *run)
{
	struct itimerval often = { .it_interval.tv_usec = 10000, .it_value.tv_usec = 10000 };
	unsigned int i, nr = 0;

	while (nr < FZ_MAX_THREADS && run->threads[nr])
		nr++;
	run->running = nr - 1;
	pthread_barrier_wait(&run->start);
	/* Whoever waits for something that nobody does any more, ourselves first */
	setitimer(ITIMER_REAL, &often, NULL);
	run_ops(run->threads[0]);
	setitimer(ITIMER_REAL, &(struct itimerval){}, NULL);
	while (run->running) {
		usleep(2000);
		for (i = 1; run->running && i < nr; i++)
			pthread_kill(run->threads[i]->id, SIGUSR1);
	}
}

/* Leaves nothing behind for the next program. */
static void clean_up(struct fz_run *run)
{
	struct fz_thread *t = run->threads[0];
	unsigned int i;
	int fd;

	/* Others may still have handles of regions there. */
	fz_command(run->device, ZXVMO_VMAR_UNMAP, &(struct zxvmo_vmar_range){
		   .size = sizeof(struct zxvmo_vmar_range),
		   .handle = ZXVMO_HANDLE_VMAR_ROOT_SELF, .addr = (uintptr_t)run->arena,
		   .length = FZ_WINDOWS * WINDOW_SPAN });
	for (i = 0; i < FZ_WINDOWS; i++)
		munmap(fz_window(run, i), WINDOW_SPAN);
	while ((fd = fz_receive_fd(run->sockets[1])) >= 0)
		close(fd);
	while (read(run->pipe[0], t->buffer, FZ_BUFFER) > 0)
		;
	if (run->oracle)
		fz_forget(run);
	for (i = 0; i < FZ_SLOTS; i++)
		if (run->slots[i])
			fz_store(t, i, 0, NULL);
}

bool fz_run(struct fz_run *run, const struct fz_program *program, bool guided)
{
	static struct fz_oracle *oracle;
	struct fz_thread *t = run->threads[0];
	unsigned int i;

	if (!oracle)
		oracle = fz_oracle_new();
	run->program = program;
	run->failed = false;
	run->stale = 0;
	run->oracle = program->threads ? NULL : oracle;
	for (i = 0; i < FZ_MAX_THREADS && run->threads[i]; i++)
		run->threads[i]->new_edges = 0;
	if (program->threads) {
		run_racing(run);
	} else {
		run_ops(t);
		if (!run->failed) {
			t->at = program->nr - 1;
			fz_compare(t, true);
		}
	}
	clean_up(run);
	for (i = 0; guided && i < FZ_MAX_THREADS && run->threads[i]; i++) {
		if (run->threads[i]->new_edges) {
			fz_corpus_add(run->shared, program);
			break;
		}
	}
	return !run->failed;
}

/* Setting up */

static void *map_at(uint64_t address, size_t pages, int prot)
{
	void *p = mmap((void *)address, pages * FZ_PAGE, prot,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p == MAP_FAILED) {
		perror("fuzz: mmap");
		exit(1);
	}
	return p;
}

struct fz_run *fz_run_setup(struct fz_shared *shared, unsigned int threads,
			    const int others[2])
{
	struct fz_run *run = calloc(1, sizeof(*run));
	int pipe_fds[2];
	unsigned int i;

	catch_signals();
	run->shared = shared;
	run->arena = (unsigned char *)ARENA;
	run->special = map_at(SPECIAL, 1, PROT_READ);
	map_at(SPECIAL + 2 * FZ_PAGE, 1, PROT_NONE);
	run->device = open("/dev/zxvmo", O_RDWR | O_CLOEXEC);
	if (run->device < 0 || pipe(pipe_fds) ||
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, run->sockets)) {
		perror("fuzz: /dev/zxvmo, pipe, socket");
		exit(1);
	}
	run->foreign = pipe_fds[0];
	if (pipe2(run->pipe, O_NONBLOCK | O_CLOEXEC))
		abort();
	run->others[0] = others[0];
	run->others[1] = others[1];
	pthread_barrier_init(&run->start, NULL, threads);
	for (i = 0; i < threads; i++) {
		struct fz_thread *t = calloc(1, sizeof(*t));

		t->run = run;
		t->index = i;
		t->buffer = map_at(BUFFERS + i * BUFFER_SPAN, FZ_BUFFER / FZ_PAGE,
				   PROT_READ | PROT_WRITE);
		run->threads[i] = t;
		if (!i)
			fz_thread_setup(t);
		else if (pthread_create(&t->id, NULL, thread_main, t))
			abort();
	}
	return run;
}
