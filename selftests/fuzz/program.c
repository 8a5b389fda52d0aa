// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs: how they are made, changed, written down and read.
 *
 * Each letter of an operation's arguments stands for a set of values:
 *
 *	h H V S	handle; place for a new one; the root VMAR, mostly; the process, mostly
 *	o l z	offset, length and size in bytes; P pages of a window; B a byte there
 *	b p	address of a buffer; of one value
 *	f q u	what to fill with; a small number; any number
 *	r g	rights, signals
 *	c s k m i y a d	options of VMO_CREATE and of a child, an operation of OP_RANGE,
 *		options of VMAR_MAP, topic, property, cache policy, deadline in ms
 *	w n v	window, PROT_ bits, whether private
 *	e j t	mode of fallocate, whence, advice
 *	x	0, nearly always
 *
 * The text has a line for each program and one for each operation:
 *
 *	program checked
 *	0 VMO_CREATE 0x1 0x2 0x3000 0
 *	0 VMO_WRITE+straddle/3 0x1 0 0x1000 0x20 0x7
 *
 * the thread; the operation, how it is sent, which allocation or copy fails.
 */
#include "fuzz.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static const char *const send_names[FZ_NR_SENDS] = {
	[FZ_PLAIN] = "plain", [FZ_LONG] = "long", [FZ_DIRTY] = "dirty",
	[FZ_HUGE] = "huge", [FZ_SHORT] = "short", [FZ_UNMAPPED] = "unmapped",
	[FZ_STRADDLE] = "straddle", [FZ_NUMBER] = "number",
	[FZ_ON_OBJECT] = "on-object", [FZ_ON_FOREIGN] = "on-foreign",
	[FZ_RESERVED] = "reserved",
};

/* splitmix64 */
uint64_t fz_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

uint64_t fz_below(uint64_t *state, uint64_t n)
{
	return fz_random(state) % n;
}

static bool percent(uint64_t *random, unsigned int n)
{
	return fz_below(random, 100) < n;
}

#define PICK(random, array)	((array)[fz_below(random, COUNT(array))])

/* Values */

/* Places in pages where a tree, an offset or a length may change its mind */
static uint64_t pick_spot(uint64_t *random)
{
	static const uint64_t spots[] = {
		512, 512, 1024, 512 * 511, 512 * 512, 1ULL << 20, 1ULL << 27, 1ULL << 36,
		1ULL << 45, 1ULL << 51, (1ULL << 51) + (1ULL << 45), (1ULL << 52) - 32,
	};

	return PICK(random, spots);
}

static uint64_t pick_in_page(uint64_t *random)
{
	const uint64_t page = FZ_PAGE;

	switch (fz_below(random, 8)) {
	case 0:
		return fz_below(random, page);
	case 1:
		return 1;
	case 2:
		return page - 1;
	default:
		return 0;
	}
}

static uint64_t pick_wild(uint64_t *random)
{
	static const uint64_t wild[] = {
		UINT64_MAX, UINT64_MAX - 4095, 1ULL << 63, (1ULL << 63) - 1,
		(1ULL << 63) - 4096, ZXVMO_VMO_MAX_SIZE, ZXVMO_VMO_MAX_SIZE + 1,
		1ULL << 32, INT32_MAX,
	};

	return percent(random, 30) ? fz_random(random) : PICK(random, wild);
}

static uint64_t pick_offset(uint64_t *random)
{
	if (percent(random, 3))
		return pick_wild(random);
	if (percent(random, 20))
		return (pick_spot(random) + fz_below(random, 7) - 3) * FZ_PAGE +
		       pick_in_page(random);
	return fz_below(random, percent(random, 50) ? 4 : 14) * FZ_PAGE + pick_in_page(random);
}

static uint64_t pick_length(uint64_t *random)
{
	switch (fz_below(random, 32)) {
	case 0:
		return 0;
	case 1:
		return pick_wild(random);
	case 2 ... 4:
		return pick_offset(random);
	case 5 ... 9:
		return 1 + fz_below(random, 64);
	case 10 ... 14:
		return fz_below(random, 4 * FZ_PAGE);
	default:
		return (1 + fz_below(random, 6)) * FZ_PAGE;
	}
}

static uint64_t pick_size(uint64_t *random)
{
	if (percent(random, 70))
		return fz_below(random, 14) * FZ_PAGE + pick_in_page(random);
	return pick_offset(random);
}

static uint64_t pick_handle(uint64_t *random)
{
	uint64_t slot = fz_below(random, percent(random, 70) ? 3 : FZ_SLOTS);
	uint64_t how = percent(random, 95) ? FZ_GOOD : fz_below(random, FZ_NR_HANDLES);

	return slot | how << 8 | (how == FZ_RAW ? fz_random(random) << 32 : 0);
}

static uint64_t pick_address(uint64_t *random, bool buffer)
{
	uint64_t how = FZ_MEMORY;

	if (percent(random, buffer ? 25 : 5))
		how = fz_below(random, buffer ? FZ_NR_ADDRESSES : FZ_IN_WINDOW);
	switch (how) {
	case FZ_MEMORY:
		return how | (buffer && percent(random, 20) ? fz_below(random, 4096) << 8 : 0);
	case FZ_BEFORE_HOLE:
		return how | fz_below(random, 2 * FZ_PAGE) << 8;
	case FZ_IN_WINDOW:
		return how | fz_below(random, 4) * FZ_PAGE << 8 |
		       fz_below(random, FZ_WINDOWS) << 32;
	default:
		return how;
	}
}

static uint64_t pick_rights(uint64_t *random)
{
	static const uint32_t rights[] = {
		ZXVMO_RIGHT_SAME_RIGHTS, ZXVMO_RIGHT_SAME_RIGHTS, ZXVMO_RIGHT_SAME_RIGHTS,
		ZXVMO_DEFAULT_VMO_RIGHTS, ZXVMO_DEFAULT_VMO_RIGHTS,
		ZXVMO_DEFAULT_VMO_RIGHTS & ~ZXVMO_RIGHT_WRITE,
		ZXVMO_DEFAULT_VMO_RIGHTS & ~ZXVMO_RIGHT_READ,
		ZXVMO_DEFAULT_EVENT_RIGHTS, ZXVMO_RIGHTS_BASIC, 0,
		ZXVMO_RIGHTS_BASIC | ZXVMO_RIGHT_READ | ZXVMO_RIGHT_MAP,
	};
	uint64_t value = PICK(random, rights);

	if (percent(random, 15))
		value ^= 1ULL << fz_below(random, 32);
	return value;
}

static uint64_t pick_signals(uint64_t *random)
{
	if (percent(random, 10))
		return (uint32_t)fz_random(random);
	return (fz_random(random) & fz_random(random) & ZXVMO_SIGNAL_USER_ALL) |
	       (percent(random, 30) ? ZXVMO_SIGNAL_SIGNALED : 0);
}

static uint64_t pick_flags(uint64_t *random, char letter)
{
	static const uint32_t create[] = {
		0, ZXVMO_VMO_RESIZABLE, ZXVMO_VMO_RESIZABLE, ZXVMO_VMO_RESIZABLE,
		ZXVMO_VMO_UNBOUNDED, ZXVMO_VMO_DISCARDABLE,
		ZXVMO_VMO_DISCARDABLE | ZXVMO_VMO_RESIZABLE,
	};
	static const uint32_t child[] = {
		ZXVMO_VMO_CHILD_SNAPSHOT, ZXVMO_VMO_CHILD_SNAPSHOT,
		ZXVMO_VMO_CHILD_SNAPSHOT | ZXVMO_VMO_CHILD_RESIZABLE,
		ZXVMO_VMO_CHILD_SNAPSHOT | ZXVMO_VMO_CHILD_RESIZABLE,
		ZXVMO_VMO_CHILD_SNAPSHOT | ZXVMO_VMO_CHILD_NO_WRITE,
		ZXVMO_VMO_CHILD_SNAPSHOT_AT_LEAST_ON_WRITE, ZXVMO_VMO_CHILD_SNAPSHOT_MODIFIED,
		ZXVMO_VMO_CHILD_SLICE, ZXVMO_VMO_CHILD_SLICE | ZXVMO_VMO_CHILD_NO_WRITE,
		ZXVMO_VMO_CHILD_REFERENCE,
		ZXVMO_VMO_CHILD_REFERENCE | ZXVMO_VMO_CHILD_RESIZABLE,
	};
	static const uint32_t range[] = {
		ZXVMO_VMO_OP_COMMIT, ZXVMO_VMO_OP_COMMIT, ZXVMO_VMO_OP_DECOMMIT,
		ZXVMO_VMO_OP_DECOMMIT, ZXVMO_VMO_OP_ZERO, ZXVMO_VMO_OP_ZERO,
		ZXVMO_VMO_OP_LOCK, ZXVMO_VMO_OP_TRY_LOCK, ZXVMO_VMO_OP_UNLOCK,
		ZXVMO_VMO_OP_UNLOCK,
	};
	static const uint32_t map[] = {
		ZXVMO_VM_PERM_READ | ZXVMO_VM_PERM_WRITE,
		ZXVMO_VM_PERM_READ | ZXVMO_VM_PERM_WRITE,
		ZXVMO_VM_PERM_READ | ZXVMO_VM_PERM_WRITE, ZXVMO_VM_PERM_READ,
	};
	static const uint32_t topics[] = {
		ZXVMO_INFO_HANDLE_VALID, ZXVMO_INFO_HANDLE_BASIC, ZXVMO_INFO_HANDLE_COUNT,
		ZXVMO_INFO_VMAR, ZXVMO_INFO_VMO_V1, ZXVMO_INFO_VMO_V2, ZXVMO_INFO_VMO_V3,
		ZXVMO_INFO_VMO, ZXVMO_INFO_VMAR_MAPS, ZXVMO_INFO_PROCESS_MAPS_V1,
		ZXVMO_INFO_PROCESS_MAPS, ZXVMO_INFO_PROCESS_VMOS_V1, ZXVMO_INFO_PROCESS_VMOS, 0,
	};
	static const uint32_t properties[] = { ZXVMO_PROP_NAME, ZXVMO_PROP_VMO_CONTENT_SIZE };
	static const uint32_t fallocate_modes[] = { 0, 0, 1, 3, 3, 3, 2, 0x10 };
	static const uint32_t advices[] = {
		MADV_DONTNEED, MADV_WILLNEED, MADV_REMOVE, MADV_COLD, MADV_PAGEOUT,
		MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_HUGEPAGE, MADV_MERGEABLE,
		MADV_FREE, MADV_DONTFORK, MADV_DOFORK,
	};
	uint64_t value = 0;
	bool odd = percent(random, 10);

	switch (letter) {
	case 'c':
		value = PICK(random, create);
		return odd ? value ^ 1U << fz_below(random, 7) : value;
	case 's':
		value = PICK(random, child);
		return odd ? value ^ 1U << fz_below(random, 9) : value;
	case 'k':
		return percent(random, 40) ? fz_below(random, 17) : PICK(random, range);
	case 'm':
		value = PICK(random, map);
		if (percent(random, 40))
			value |= ZXVMO_VM_SPECIFIC;
		if (percent(random, 10))
			value |= ZXVMO_VM_ALLOW_FAULTS;
		return odd ? value ^ 1U << fz_below(random, 32) : value;
	case 'i':
		return odd ? fz_random(random) : PICK(random, topics);
	case 'y':
		return odd ? fz_below(random, 24) : PICK(random, properties);
	case 'a':
		return odd ? fz_random(random) : fz_below(random, 4);
	case 'e':
		return PICK(random, fallocate_modes);
	case 't':
		return PICK(random, advices);
	default:
		return 0;
	}
}

static uint64_t pick(uint64_t *random, char letter)
{
	switch (letter) {
	case 'h':
		return pick_handle(random);
	case 'V':
		return percent(random, 70) ? FZ_ROOT << 8 : pick_handle(random);
	case 'S':
		return percent(random, 90) ? FZ_SELF << 8 : pick_handle(random);
	case 'H':
		return fz_below(random, percent(random, 70) ? 3 : FZ_SLOTS);
	case 'o':
		return pick_offset(random);
	case 'l':
		return pick_length(random);
	case 'z':
		return pick_size(random);
	case 'b':
	case 'p':
		return pick_address(random, letter == 'b');
	case 'P':
		return fz_below(random, percent(random, 50) ? 2 : FZ_WINDOW_PAGES);
	case 'B':
		return fz_below(random, (percent(random, 70) ? 4 : FZ_WINDOW_PAGES) * FZ_PAGE);
	case 'f':
		return percent(random, 10) ? 0 : fz_below(random, 1000);
	case 'q':
		return fz_below(random, 8);
	case 'r':
		return pick_rights(random);
	case 'g':
		return pick_signals(random);
	case 'd':
		return percent(random, 8) ? 5 : fz_below(random, 5);
	case 'w':
		return fz_below(random, percent(random, 70) ? 2 : FZ_WINDOWS);
	case 'n':
		return percent(random, 60) ? PROT_READ | PROT_WRITE : fz_below(random, 8);
	case 'v':
		return percent(random, 15);
	case 'j':
		return fz_below(random, 6);
	case 'x':
		return percent(random, 3) ? fz_random(random) : 0;
	case 'u':
		return fz_random(random);
	default:
		return pick_flags(random, letter);
	}
}

/* Programs */

/* Operations worth trying more often than others */
static uint8_t pick_code(uint64_t *random, bool racing)
{
	static const uint8_t often[] = {
		FZ_OP_VMO_WRITE, FZ_OP_VMO_WRITE, FZ_OP_VMO_READ, FZ_OP_VMO_OP_RANGE,
		FZ_OP_VMO_OP_RANGE, FZ_OP_VMO_SET_SIZE, FZ_OP_VMO_TRANSFER_DATA,
		FZ_OP_VMO_TRANSFER_DATA, FZ_OP_VMAR_MAP, FZ_OP_MMAP, FZ_OP_STORE, FZ_OP_STORE,
		FZ_OP_LOAD, FZ_OP_VMO_CREATE, FZ_OP_PWRITE,
		FZ_OP_VMO_CREATE_CHILD, FZ_OP_VMO_CREATE_CHILD, FZ_OP_VMO_CREATE_CHILD,
		FZ_OP_HANDLE_DUPLICATE,
	};
	static const uint8_t in_regions[] = {
		FZ_OP_VMAR_ALLOCATE, FZ_OP_VMAR_ALLOCATE, FZ_OP_VMAR_DESTROY, FZ_OP_VMAR_UNMAP,
		FZ_OP_VMAR_MAP,
	};
	uint8_t code;

	if (racing && percent(random, 10))
		return PICK(random, in_regions);

	if (percent(random, 60))
		return PICK(random, often);
	do {
		code = fz_below(random, FZ_NR_CODES);
	} while (fz_kinds[code].racing && (!racing || percent(random, 50)));
	/* It costs as much as all the rest. */
	if (code == FZ_OP_FORK && percent(random, 90))
		code = FZ_OP_YIELD;
	return code;
}

static void make_op(uint64_t *random, uint8_t code, const struct fz_program *program,
		    struct fz_op *op)
{
	const char *args = fz_kinds[code].args;
	unsigned int i;

	*op = (struct fz_op){ .code = code };
	if (program->threads)
		op->thread = fz_below(random, program->threads);
	if (percent(random, 6))
		op->send = fz_below(random, FZ_NR_SENDS);
	if (percent(random, 6))
		op->fail = 1 + fz_below(random, percent(random, 80) ? 5 : 20);
	for (i = 0; args[i]; i++)
		op->args[i] = pick(random, args[i]);
}

void fz_generate(uint64_t *random, bool racing, struct fz_program *program)
{
	unsigned int i, created;

	*program = (struct fz_program){
		.magic = FZ_MAGIC,
		.nr = 4 + fz_below(random, FZ_MAX_OPS - 3),
		.threads = racing ? 2 + fz_below(random, FZ_MAX_THREADS - 1) : 0,
		.repeat = racing ? 1 + fz_below(random, 8) : 1,
	};
	created = 1 + fz_below(random, 3);
	for (i = 0; i < program->nr; i++) {
		struct fz_op *op = &program->ops[i];

		if (i < created) {
			make_op(random, FZ_OP_VMO_CREATE, program, op);
			op->args[0] = i;
			op->args[3] = FZ_MEMORY;
			op->fail = op->send = 0;
		} else {
			make_op(random, pick_code(random, racing), program, op);
		}
	}
}

static void insert_op(struct fz_program *program, unsigned int at, const struct fz_op *op)
{
	if (program->nr == FZ_MAX_OPS)
		program->nr--;
	if (at > program->nr)
		at = program->nr;
	memmove(&program->ops[at + 1], &program->ops[at],
		(program->nr - at) * sizeof(program->ops[0]));
	program->ops[at] = *op;
	program->nr++;
}

static void remove_op(struct fz_program *program, unsigned int at)
{
	if (program->nr < 2)
		return;
	program->nr--;
	memmove(&program->ops[at], &program->ops[at + 1],
		(program->nr - at) * sizeof(program->ops[0]));
}

static void change_op(uint64_t *random, const struct fz_program *program, struct fz_op *op)
{
	const char *args = fz_kinds[op->code].args;
	unsigned int i;

	switch (fz_below(random, 10)) {
	case 0:
		op->send = percent(random, 50) ? FZ_PLAIN : fz_below(random, FZ_NR_SENDS);
		break;
	case 1:
		op->fail = percent(random, 30) ? 0 : 1 + fz_below(random, 12);
		break;
	case 2:
		if (program->threads)
			op->thread = fz_below(random, program->threads);
		break;
	default:
		if (!args[0])
			break;
		i = fz_below(random, strlen(args));
		op->args[i] = pick(random, args[i]);
	}
}

/* @other: something to take a piece of */
void fz_mutate(uint64_t *random, const struct fz_program *other, struct fz_program *program)
{
	unsigned int changes = 1 + fz_below(random, 5), i, n;
	struct fz_op op;

	while (changes--) {
		unsigned int at = fz_below(random, program->nr);

		switch (fz_below(random, 8)) {
		case 0:
			remove_op(program, at);
			break;
		case 1:
			op = program->ops[fz_below(random, program->nr)];
			insert_op(program, at, &op);
			break;
		case 2 ... 3:
			make_op(random, pick_code(random, program->threads), program, &op);
			insert_op(program, at, &op);
			break;
		case 4:
			n = 1 + fz_below(random, 6);
			i = fz_below(random, other->nr);
			for (; n && i < other->nr; n--, i++, at++) {
				op = other->ops[i];
				if (fz_kinds[op.code].racing && !program->threads)
					continue;
				if (op.thread >= program->threads)
					op.thread = 0;
				insert_op(program, at, &op);
			}
			break;
		default:
			change_op(random, program, &program->ops[at]);
		}
	}
	if (program->threads && percent(random, 20))
		program->repeat = 1 + fz_below(random, 8);
}

/* Text */

__attribute__((format(printf, 4, 5)))
static void append(char *text, size_t size, size_t *used, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (*used < size)
		*used += vsnprintf(text + *used, size - *used, format, args);
	va_end(args);
}

size_t fz_print(const struct fz_program *program, char *text, size_t size)
{
	unsigned int i, k;
	size_t used = 0;

	if (program->threads)
		append(text, size, &used, "program racing %u threads %u times\n",
		       program->threads, program->repeat);
	else
		append(text, size, &used, "program checked\n");
	for (i = 0; i < program->nr; i++) {
		const struct fz_op *op = &program->ops[i];
		const struct fz_kind *kind = &fz_kinds[op->code];

		append(text, size, &used, "%u %s", op->thread, kind->name);
		if (op->send)
			append(text, size, &used, "+%s", send_names[op->send]);
		if (op->fail)
			append(text, size, &used, "/%u", op->fail);
		for (k = 0; kind->args[k]; k++)
			append(text, size, &used, " %#jx", (uintmax_t)op->args[k]);
		append(text, size, &used, "\n");
	}
	return used;
}

static bool read_op(char *line, const struct fz_program *program, struct fz_op *op)
{
	char *save, *word = strtok_r(line, " \n", &save), *plus, *slash;
	unsigned int i;

	*op = (struct fz_op){};
	if (!word)
		return false;
	op->thread = strtoul(word, NULL, 0);
	if (op->thread >= (program->threads ?: 1))
		return false;
	word = strtok_r(NULL, " \n", &save);
	if (!word)
		return false;
	slash = strchr(word, '/');
	if (slash) {
		*slash = 0;
		op->fail = strtoul(slash + 1, NULL, 0);
	}
	plus = strchr(word, '+');
	if (plus) {
		*plus++ = 0;
		while (op->send < FZ_NR_SENDS && strcmp(send_names[op->send], plus))
			op->send++;
	}
	while (op->code < FZ_NR_CODES && strcmp(fz_kinds[op->code].name, word))
		op->code++;
	if (op->send == FZ_NR_SENDS || op->code == FZ_NR_CODES)
		return false;
	for (i = 0; fz_kinds[op->code].args[i]; i++) {
		word = strtok_r(NULL, " \n", &save);
		if (!word)
			return false;
		op->args[i] = strtoull(word, NULL, 0);
	}
	return true;
}

static bool read_text(FILE *file, struct fz_program *program, char *error, size_t size)
{
	unsigned int threads = 0, repeat = 1;
	char line[512];
	long before;

	*program = (struct fz_program){ .magic = FZ_MAGIC };
	do {
		if (!fgets(line, sizeof(line), file))
			return false;
	} while (strncmp(line, "program ", 8));
	if (sscanf(line, "program racing %u threads %u times", &threads, &repeat) == 2 &&
	    (threads < 1 || threads > FZ_MAX_THREADS))
		threads = FZ_MAX_THREADS;
	program->threads = threads;
	program->repeat = repeat;
	while ((before = ftell(file)) >= 0 && fgets(line, sizeof(line), file)) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (!strncmp(line, "program ", 8)) {
			fseek(file, before, SEEK_SET);
			break;
		}
		if (program->nr == FZ_MAX_OPS ||
		    !read_op(line, program, &program->ops[program->nr])) {
			snprintf(error, size, "operation %u of a program cannot be read",
				 program->nr);
			return false;
		}
		program->nr++;
	}
	if (!program->nr)
		snprintf(error, size, "an empty program");
	return program->nr;
}

/* A journal holds programs as they are in memory. */
bool fz_read(FILE *file, struct fz_program *program, char *error, size_t size)
{
	long before = ftell(file);

	if (fread(program, sizeof(*program), 1, file) == 1 && program->magic == FZ_MAGIC)
		return true;
	fseek(file, before, SEEK_SET);
	return read_text(file, program, error, size);
}
