/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fuzzer: programs of random operations on all that the module offers.
 *
 * A program is a list of operations with plain numbers for arguments, so that it
 * can be changed at random, written down and repeated. A checked program is run
 * by one thread, and after each operation everything it touched is compared with
 * a model in memory. A racing program is run by several threads at once, next to
 * other processes that do the same and that it passes handles to; nobody knows
 * what it must give, but the kernel must neither hang nor report anything.
 *
 * program.c	making, changing, writing and reading programs
 * run.c	a program's life: threads, sending commands, faults on demand
 * oracle.c	what the checked program should have made of its objects
 * do_*.c	the operations
 * cover.c	which code of the module was reached, and the programs that did it
 * watch.c	the kernel log, hangs
 * main.c	processes, options, result
 */
#ifndef ZXVMO_FUZZ_H
#define ZXVMO_FUZZ_H

#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <zxvmo.h>

#include "ops.h"
#include "../vmo_model.h"

#define FZ_MAX_OPS	32
#define FZ_MAX_THREADS	4
#define FZ_MAX_PROCESSES 8
#define FZ_SLOTS	8	/* places for handles */
#define FZ_WINDOWS	4	/* places for mappings */
#define FZ_WINDOW_PAGES	16
#define FZ_BUFFER	(16 * 4096)	/* bytes in a thread's buffer */
#define FZ_HISTORY	8	/* programs a process remembers */
#define FZ_TEXT		8192	/* bytes in a program's text */

/* Programs */

/* struct fz_op - an operation: what it is, who does it, how, with what */
struct fz_op {
	uint8_t code;	/* enum fz_code */
	uint8_t thread;
	uint8_t send;	/* enum fz_send */
	uint8_t fail;	/* which allocation or copy fails, 0: none */
	uint32_t unused;
	uint64_t args[FZ_MAX_ARGS];
};

struct fz_program {
	uint64_t magic;
	uint8_t nr;
	uint8_t threads;	/* 0: a checked program */
	uint8_t repeat;
	uint8_t unused[5];
	struct fz_op ops[FZ_MAX_OPS];
};

#define FZ_MAGIC	0x3172677a66786d7aULL

/* How a command reaches the kernel */
enum fz_send {
	FZ_PLAIN,
	FZ_LONG,	/* zeros behind the structure */
	FZ_DIRTY,	/* other bytes behind it */
	FZ_HUGE,	/* longer than a page */
	FZ_SHORT,	/* shorter than the first version */
	FZ_UNMAPPED,	/* not there */
	FZ_STRADDLE,	/* its end is not there */
	FZ_NUMBER,	/* a command that does not exist */
	FZ_ON_OBJECT,	/* on the descriptor of the first handle */
	FZ_ON_FOREIGN,	/* on a descriptor of something else */
	FZ_RESERVED,	/* a field set that must be zero */
	FZ_NR_SENDS
};

/* The handle argument: a place and what to make of its value, from bit 8 on */
enum fz_handle {
	FZ_GOOD,
	FZ_WRONG_TAG,
	FZ_STALE,
	FZ_FOREIGN,	/* the value for a descriptor of something else */
	FZ_ZERO,
	FZ_ROOT,	/* ZXVMO_HANDLE_VMAR_ROOT_SELF */
	FZ_NO_BITS,	/* without the fixed bits */
	FZ_RAW,		/* the upper half */
	FZ_SELF,	/* ZXVMO_HANDLE_PROCESS_SELF */
	FZ_NR_HANDLES
};

/* Address arguments */
enum fz_address {
	FZ_MEMORY,	/* the thread's buffer */
	FZ_BEFORE_HOLE,	/* that many bytes (from bit 8 on) before memory ends */
	FZ_READ_ONLY,
	FZ_NO_ACCESS,
	FZ_HOLE,
	FZ_KERNEL,
	FZ_NULL,
	FZ_IN_WINDOW,	/* offset from bit 8 on, window from bit 32 on */
	FZ_NR_ADDRESSES
};

uint64_t fz_random(uint64_t *state);
uint64_t fz_below(uint64_t *state, uint64_t n);
void fz_generate(uint64_t *random, bool racing, struct fz_program *program);
void fz_mutate(uint64_t *random, const struct fz_program *other, struct fz_program *program);
size_t fz_print(const struct fz_program *program, char *text, size_t size);
/* Reads the next program of a file of them; false at its end */
bool fz_read(FILE *file, struct fz_program *program, char *error, size_t size);

/* Running */

struct fz_object;

/* An open file, the thing behind a handle */
struct fz_file {
	struct fz_object *object;
	uint32_t rights;
	uint64_t position;
	unsigned int refs;
};

struct fz_window {
	struct fz_object *object;
	struct fz_file *file;		/* it is mapped through, which it keeps open */
	uint64_t first;			/* page of the VMO */
	int prot[FZ_WINDOW_PAGES];	/* of each page, -1: not mapped */
	int allowed;			/* what prot may become */
	bool private;
	bool to_stream;			/* ends where the stream does */
};

struct fz_object {
	uint32_t type;	/* ZXVMO_OBJ_TYPE_ value, 0: free */
	unsigned int files;
	unsigned int pages;	/* in windows */
	unsigned int shown;	/* slices and references that show its pages */
	struct fz_object *owner;	/* whose pages it shows, NULL: its own */
	struct fz_object *parent;
	unsigned int children;
	uint32_t options;	/* of the call that made it */
	uint32_t signals;
	uint64_t koid;
	char name[ZXVMO_MAX_NAME_LEN];
	struct vmo_model vmo;
	bool touched;
};

#define FZ_QUEUE	4	/* handles under way in the socket */
#define FZ_OBJECTS	(2 * (FZ_SLOTS + FZ_WINDOWS + FZ_QUEUE + 2))
struct fz_oracle {
	struct fz_object objects[FZ_OBJECTS];
	struct fz_file *files[FZ_SLOTS];
	struct fz_window windows[FZ_WINDOWS];
	struct fz_file *queue[FZ_QUEUE];
	unsigned int queued;
	unsigned long comparisons;
	unsigned char *page;		/* to read into */
	unsigned char *expected;	/* FZ_BUFFER bytes */
};

/* What the threads of a process share */
struct fz_run {
	const struct fz_program *program;
	struct fz_oracle *oracle;	/* NULL in a racing program */
	struct fz_shared *shared;
	_Atomic uint32_t slots[FZ_SLOTS];
	_Atomic uint32_t stale;
	int device;
	int foreign;			/* some other descriptor */
	int sockets[2];			/* to pass handles to oneself, or all others */
	int others[2];
	int pipe[2];			/* holds pages of windows */
	unsigned char *special;		/* see run.c */
	unsigned char *arena;
	struct fz_thread *threads[FZ_MAX_THREADS];
	pthread_barrier_t start;
	atomic_uint running;
	bool strict;			/* no racing program takes memory meanwhile */
	bool failed;
	char failure[512];
};

struct fz_thread {
	struct fz_run *run;
	unsigned int index;
	unsigned int at;		/* operation */
	pthread_t id;
	unsigned char *buffer;
	int fail_fd;
	bool injected;			/* something was made to fail */
	unsigned long *kcov;
	uint64_t new_edges;		/* found by the program */
	uint64_t operations;
	uint64_t refused;
	uint64_t faults;
	uint64_t injections;
	uint64_t done[FZ_NR_CODES];	/* that succeeded */
};

extern const struct fz_kind {
	const char *name;
	const char *args;	/* a letter for each, see program.c */
	void (*execute)(struct fz_thread *t, const struct fz_op *op);
	bool racing;		/* in racing programs only */
} fz_kinds[FZ_NR_CODES];

struct fz_run *fz_run_setup(struct fz_shared *shared, unsigned int threads,
			    const int others[2]);
/* false, and run->failure, if it went wrong */
bool fz_run(struct fz_run *run, const struct fz_program *program, bool guided);

void fz_fail(struct fz_thread *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void fz_arm(struct fz_thread *t, const struct fz_op *op);
/* @done: it succeeded */
void fz_disarm(struct fz_thread *t, const struct fz_op *op, bool done);
int fz_send(struct fz_thread *t, const struct fz_op *op, unsigned int command,
	    const void *argument, size_t size);
#define FZ_SEND(t, op, command, type, ...)					\
	fz_send(t, op, ZXVMO_##command, &(struct zxvmo_##type){			\
		.size = sizeof(struct zxvmo_##type), ##__VA_ARGS__ },		\
		sizeof(struct zxvmo_##type))
/* A plain system call; its result or the negated errno */
#define FZ_CALL(t, op, call) ({			\
	long __ret;				\
						\
	fz_arm(t, op);				\
	__ret = (call);				\
	if (__ret == -1)			\
		__ret = -errno;			\
	fz_disarm(t, op, __ret >= 0);		\
	__ret;					\
})
int fz_command(int fd, unsigned int command, const void *argument);
/* The value to send for the handle of argument @arg */
uint32_t fz_value(struct fz_thread *t, const struct fz_op *op, unsigned int arg);
int fz_fd(struct fz_thread *t, uint64_t handle);
unsigned char *fz_address(struct fz_thread *t, uint64_t address);
unsigned char *fz_window(struct fz_run *run, uint64_t window);
/* Whether @size bytes at an address can be read and written; a window's never count. */
bool fz_is_good(uint64_t address, uint64_t size);
void fz_fill(unsigned char *p, uint64_t length, uint64_t seed);
void fz_store(struct fz_thread *t, uint64_t slot, uint32_t value, struct fz_file *file);
void fz_thread_setup(struct fz_thread *t);
void fz_run_ops(struct fz_thread *t, unsigned int first, unsigned int nr);
int fz_receive_fd(int socket);
size_t fz_page(void);
#define FZ_PAGE		((uint64_t)fz_page())

/* A statement that may fault: the signal, or 0 */
int fz_try(struct fz_thread *t, void (*access)(void *), void *data);

/* The oracle */

struct fz_target {
	struct fz_file *file;
	struct fz_object *object;	/* both NULL: a bad handle */
	int error;			/* EBADF, EMEDIUMTYPE or EACCES */
};

struct fz_oracle *fz_oracle_new(void);
int fz_errno(zx_status_t status);
/* The handle of argument @arg, if it has this type (0: any) and these rights */
struct fz_target fz_target(struct fz_thread *t, const struct fz_op *op, unsigned int arg,
			   uint32_t type, uint32_t rights);
/* Any object, the root VMAR too: that one is neither file nor object, error may be 0 */
struct fz_target fz_target_any(struct fz_thread *t, const struct fz_op *op, unsigned int arg,
			       uint32_t rights);
int fz_sent(struct fz_thread *t, const struct fz_op *op, bool device_only, bool has_reserved);
bool fz_agree(struct fz_thread *t, int expected, int seen);
struct fz_object *fz_object_new(struct fz_thread *t, uint32_t type);
void fz_object_release(struct fz_oracle *o, struct fz_object *object);
void fz_object_join(struct fz_object *child, struct fz_object *parent);
struct fz_file *fz_file_new(struct fz_object *object, uint32_t rights);
void fz_file_put(struct fz_oracle *o, struct fz_file *file);
void fz_settle(struct fz_thread *t, struct fz_object *object, uint64_t offset,
	       uint64_t length);
void fz_touch(struct fz_object *object);
void fz_compare(struct fz_thread *t, bool all);
void fz_check_open(struct fz_thread *t);
void fz_forget(struct fz_run *run);
struct fz_window *fz_window_of(struct fz_thread *t, uint64_t window);
void fz_window_clear(struct fz_oracle *o, struct fz_window *w, unsigned int first,
		     unsigned int nr);

/* Coverage */

#define FZ_EDGES	(1U << 16)
#define FZ_CODE		(1U << 19)	/* most bytes of code in the module */
#define FZ_CORPUS	2048

void fz_cover_setup(struct fz_shared *shared);
bool fz_cover_open(struct fz_thread *t);
void fz_cover_collect(struct fz_thread *t);
void fz_corpus_add(struct fz_shared *shared, const struct fz_program *program);
const struct fz_program *fz_corpus_pick(struct fz_shared *shared, uint64_t *random,
					bool racing);
unsigned int fz_cover_count(const struct fz_shared *shared);
void fz_corpus_load(struct fz_shared *shared, const char *path);
void fz_corpus_save(struct fz_shared *shared, const char *path);
void fz_cover_save(const struct fz_shared *shared, const char *path);

/* What the processes share */

struct fz_worker {
	pid_t pid;
	_Atomic uint64_t started;	/* ns, the program that runs; 0: none */
	_Atomic uint64_t programs, checked, operations, refused, faults, injections,
			 comparisons;
	_Atomic uint64_t done[FZ_NR_CODES];
	_Atomic unsigned int next;	/* in the history */
	struct fz_program history[FZ_HISTORY];
	_Atomic bool failed;
	char failure[512];
};

struct fz_shared {
	_Atomic bool stop;
	bool guided;
	uint64_t text;			/* address of the module's code */
	_Atomic uint8_t edges[FZ_EDGES / 8];
	_Atomic uint8_t code[FZ_CODE / 8];
	atomic_uint corpus_claimed;
	_Atomic bool corpus_ready[FZ_CORPUS];
	struct fz_program corpus[FZ_CORPUS];
	struct fz_worker workers[FZ_MAX_PROCESSES];
};

/* Watching */

uint64_t fz_now(void);
bool fz_write_file(const char *path, const char *text);
void fz_limit_setup(const char *bytes);
void fz_limit_memory(void);
void fz_unlimit_memory(void);
void fz_drop_privilege(void);
unsigned long fz_oom_kills(void);
int fz_log_open(void);
void fz_log_close(void);
/* Reads what is new in the kernel log; true if there is a report of a bug in it */
bool fz_log_check(int fd);
void fz_show_hung(pid_t pid);

#endif
