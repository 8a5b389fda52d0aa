// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings, always in the windows of the arena, and accesses through them.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

/* First page and number of pages that two arguments stand for */
static void pages_of(const struct fz_op *op, unsigned int arg, unsigned int *first,
		     unsigned int *nr)
{
	*first = op->args[arg] % FZ_WINDOW_PAGES;
	*nr = 1 + op->args[arg + 1] % FZ_WINDOW_PAGES;
	if (*first == 1)
		*first = 0;
	if (*nr > FZ_WINDOW_PAGES - *first)
		*nr = FZ_WINDOW_PAGES - *first;
}

/* Who writes a private mapping writes a copy. */
static int allowed_prot(uint32_t rights, bool private)
{
	if (!(rights & ZXVMO_RIGHT_READ))
		return 0;
	return PROT_READ | (private || (rights & ZXVMO_RIGHT_WRITE) ? PROT_WRITE : 0) |
	       (rights & ZXVMO_RIGHT_EXECUTE ? PROT_EXEC : 0);
}

/* A window is now a mapping through this file. */
static void mapped(struct fz_thread *t, struct fz_window *w, struct fz_file *file,
		   uint64_t first, unsigned int nr, int prot, bool private)
{
	struct fz_object *object = file->object;
	unsigned int i;

	file->refs++;
	fz_window_clear(t->run->oracle, w, 0, FZ_WINDOW_PAGES);
	*w = (struct fz_window){
		.object = object,
		.file = file,
		.first = first,
		.private = private,
		.allowed = allowed_prot(file->rights, private),
	};
	for (i = 0; i < FZ_WINDOW_PAGES; i++)
		w->prot[i] = i < nr ? prot : -1;
	object->pages += nr;
	fz_touch(object);
}

/* The first page of the VMO that cannot be reached */
static uint64_t window_end(const struct fz_window *w)
{
	uint64_t size = vmo_model_size(&w->object->vmo);
	uint64_t stream_size = vmo_model_stream_size(&w->object->vmo);

	if (w->to_stream && stream_size < size)
		size = stream_size + FZ_PAGE - 1;
	return size / FZ_PAGE;
}

/* What a change of protection must give, 0: it is allowed */
static int protect_error(const struct fz_window *w, unsigned int first, unsigned int nr, int prot,
			 int hole)
{
	unsigned int i;

	for (i = first; i < first + nr; i++) {
		if (!w->object || w->prot[i] < 0)
			return hole;
		if (prot & ~w->allowed)
			return EACCES;
	}
	return 0;
}

static int prot_of(uint32_t options)
{
	return (options & ZXVMO_VM_PERM_READ ? PROT_READ : 0) |
	       (options & ZXVMO_VM_PERM_WRITE ? PROT_WRITE : 0) |
	       (options & ZXVMO_VM_PERM_EXECUTE ? PROT_EXEC : 0);
}

static void unmapped(struct fz_thread *t, uint64_t window, unsigned int first, unsigned int nr)
{
	struct fz_window *w = fz_window_of(t, window);

	fz_touch(w->object);
	fz_window_clear(t->run->oracle, w, first, nr);
}

/* What comes of the handle of the VMAR */
static int vmar_error(struct fz_thread *t, const struct fz_op *op, unsigned int arg)
{
	if (fz_value(t, op, arg) == ZXVMO_HANDLE_VMAR_ROOT_SELF)
		return 0;
	return fz_target(t, op, arg, 0, 0).error ?: EMEDIUMTYPE;
}

/* The options that VMAR_MAP checks before it looks at places: vmar.md 2.2 */
static int map_error(uint32_t options, const struct fz_target *target)
{
	const uint32_t known = 0xff00ffffU & ~ZXVMO_VM_PERM_READ_IF_XOM_UNSUPPORTED;
	const uint32_t can_map = ZXVMO_VM_CAN_MAP_READ | ZXVMO_VM_CAN_MAP_WRITE |
				 ZXVMO_VM_CAN_MAP_EXECUTE;
	uint32_t rights = target->file->rights, align = options >> ZXVMO_VM_ALIGN_BASE;

	if (!(rights & ZXVMO_RIGHT_MAP))
		return EACCES;
	if ((options & (ZXVMO_VM_PERM_WRITE | ZXVMO_VM_PERM_EXECUTE)) &&
	    !(options & ZXVMO_VM_PERM_READ))
		return EINVAL;
	if ((options & ZXVMO_VM_MAP_RANGE) && (options & ZXVMO_VM_SPECIFIC_OVERWRITE))
		return EINVAL;
	if (options & can_map)
		return EINVAL;
	if (((options & ZXVMO_VM_PERM_READ) && !(rights & ZXVMO_RIGHT_READ)) ||
	    ((options & ZXVMO_VM_PERM_WRITE) && !(rights & ZXVMO_RIGHT_WRITE)) ||
	    ((options & ZXVMO_VM_PERM_EXECUTE) && !(rights & ZXVMO_RIGHT_EXECUTE)))
		return EACCES;
	if ((options & ZXVMO_VM_FAULT_BEYOND_STREAM_SIZE) && !(options & ZXVMO_VM_ALLOW_FAULTS))
		return EINVAL;
	if ((options & ~known) || (align && (align < 10 || align > 32)))
		return EINVAL;
	if ((options & ZXVMO_VM_REQUIRE_NON_RESIZABLE) && target->object->vmo.resizable)
		return EOPNOTSUPP;
	if (target->object->vmo.discardable && !(options & ZXVMO_VM_ALLOW_FAULTS))
		return EOPNOTSUPP;
	return options & (ZXVMO_VM_COMPACT | ZXVMO_VM_CAN_MAP_SPECIFIC) ? EINVAL : 0;
}

/* vmar.md 2.0 of a place in the root, which is not aligned by more than is asked */
static int place_error(uint32_t options, uint64_t offset)
{
	const uint32_t placed = ZXVMO_VM_SPECIFIC | ZXVMO_VM_SPECIFIC_OVERWRITE;
	uint32_t align = options >> ZXVMO_VM_ALIGN_BASE;

	if (options & ZXVMO_VM_OFFSET_IS_UPPER_LIMIT)
		return EINVAL;	/* with a place, or of an offset of 0 */
	if ((options & placed) && align &&
	    (offset + ZXVMO_VMAR_ROOT_BASE) % (1ULL << align))
		return EINVAL;
	return 0;
}

static bool is_mapped(struct fz_window *w)
{
	return w->object;
}

/* Whether what a program leaves there is gone when it is over */
static bool is_cleaned_up(struct fz_run *run, uint64_t addr)
{
	uint64_t arena = (uintptr_t)fz_window(run, 0);

	return addr >= arena && addr < (uintptr_t)fz_window(run, FZ_WINDOWS - 1) +
					       FZ_WINDOW_PAGES * FZ_PAGE;
}

/* Where the kernel chooses the place, the mapping moves into the window then. */
void fz_do_vmar_map(struct fz_thread *t, const struct fz_op *op)
{
	unsigned char *place = fz_window(t->run, op->args[1]);
	uint32_t options = op->args[2];
	uint64_t offset = op->args[3] - op->args[3] % FZ_PAGE, addr = 0;
	uint64_t length = (1 + op->args[4] / FZ_PAGE % FZ_WINDOW_PAGES) * FZ_PAGE;
	uint64_t *where = fz_address(t, op->args[5]) ? &addr : NULL;
	bool specific = options & (ZXVMO_VM_SPECIFIC | ZXVMO_VM_SPECIFIC_OVERWRITE);
	uint64_t vmar_offset = specific ? (uintptr_t)place - ZXVMO_VMAR_ROOT_BASE : 0;
	struct fz_target target = {};
	int expected = 0, seen;

	/* Other VMARs lie in the windows */
	if (!t->run->oracle && specific && fz_value(t, op, 6) != ZXVMO_HANDLE_VMAR_ROOT_SELF)
		vmar_offset = op->args[1] % FZ_WINDOW_PAGES * FZ_PAGE;
	if (options & ZXVMO_VM_PERM_READ_IF_XOM_UNSUPPORTED)
		options |= ZXVMO_VM_PERM_READ;
	if (t->run->oracle) {
		target = fz_target(t, op, 0, ZXVMO_OBJ_TYPE_VMO, 0);
		expected = fz_sent(t, op, false, false) ?: vmar_error(t, op, 6) ?: target.error;
		if (!expected)
			expected = map_error(options & ~ZXVMO_VM_PERM_READ_IF_XOM_UNSUPPORTED,
					     &target);
		if (!expected && offset + length < offset)
			expected = ERANGE;
		if (!expected)
			expected = place_error(options, vmar_offset);
		if (!expected && offset + length > INT64_MAX)
			expected = ERANGE;
		if (!expected && specific && !(options & ZXVMO_VM_SPECIFIC_OVERWRITE) &&
		    is_mapped(fz_window_of(t, op->args[1])))
			expected = EEXIST;
		if (!expected && !where)
			expected = EFAULT;
	}
	seen = FZ_SEND(t, op, VMAR_MAP, vmar_map, .handle = fz_value(t, op, 6),
		       .options = op->args[2], .vmo = fz_value(t, op, 0),
		       .vmar_offset = vmar_offset,
		       .vmo_offset = offset, .length = length, .out_addr = (uintptr_t)where);
	if (!seen && !specific &&
	    mremap((void *)addr, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, place) ==
		    MAP_FAILED) {
		munmap((void *)addr, length);
		return;
	}
	if (!seen && specific && !is_cleaned_up(t->run, addr))
		munmap((void *)addr, length);
	if (!t->run->oracle)
		return;
	/* Holes in the window leave room. */
	if (expected == EEXIST && !seen)
		expected = 0;
	if (fz_agree(t, expected, seen)) {
		/* The oracle has no window of two objects. */
		if (is_mapped(fz_window_of(t, op->args[1])))
			munmap(place + length, FZ_WINDOW_PAGES * FZ_PAGE - length);
		mapped(t, fz_window_of(t, op->args[1]), target.file, offset / FZ_PAGE,
		       length / FZ_PAGE, prot_of(options), false);
		fz_window_of(t, op->args[1])->to_stream =
			options & ZXVMO_VM_FAULT_BEYOND_STREAM_SIZE;
	}
}

/* Regions lie in the windows: what else takes their place makes an end of them. */
void fz_do_vmar_allocate(struct fz_thread *t, const struct fz_op *op)
{
	uint64_t place = (uintptr_t)fz_window(t->run, op->args[1]), odd = op->args[4], addr = 0;
	uint32_t options = ZXVMO_VM_CAN_MAP_READ | ZXVMO_VM_CAN_MAP_WRITE |
			   ZXVMO_VM_CAN_MAP_SPECIFIC;
	uint32_t parent = fz_value(t, op, 5), vmar = 0;
	unsigned int first, nr;

	pages_of(op, 2, &first, &nr);
	/* One bit in two of three cases: a random place, and what is refused */
	if (odd % 3)
		options ^= 1U << (odd >> 8) % 32;
	if (parent != ZXVMO_HANDLE_VMAR_ROOT_SELF)
		place = ZXVMO_VMAR_ROOT_BASE;
	else
		options |= ZXVMO_VM_SPECIFIC;
	if (FZ_SEND(t, op, VMAR_ALLOCATE, vmar_allocate, .handle = parent, .options = options,
		    .__reserved = op->send == FZ_RESERVED,
		    .vmar_offset = options & ZXVMO_VM_SPECIFIC ?
				   place + first * FZ_PAGE - ZXVMO_VMAR_ROOT_BASE : 0,
		    .length = nr * FZ_PAGE, .out_handle = (uintptr_t)&vmar,
		    .out_addr = (uintptr_t)&addr))
		return;
	if (!is_cleaned_up(t->run, addr))
		fz_command(t->run->device, ZXVMO_VMAR_DESTROY, &(struct zxvmo_vmar_destroy){
			   .size = sizeof(struct zxvmo_vmar_destroy), .handle = vmar });
	fz_store(t, op->args[0], vmar, NULL);
}

void fz_do_vmar_destroy(struct fz_thread *t, const struct fz_op *op)
{
	FZ_SEND(t, op, VMAR_DESTROY, vmar_destroy, .handle = fz_value(t, op, 0));
}

/* Processes that it has forked use it, also when it has died. */
void fz_do_vmar_export(struct fz_thread *t, const struct fz_op *op)
{
	uint32_t vmar = 0;

	if (!FZ_SEND(t, op, VMAR_EXPORT, vmar_export, .handle = fz_value(t, op, 1),
		     .rights = op->args[2], .__reserved = op->send == FZ_RESERVED,
		     .out_handle = (uintptr_t)(fz_address(t, op->args[3]) ? &vmar : NULL)))
		fz_store(t, op->args[0], vmar, NULL);
}

void fz_do_vmar_unmap(struct fz_thread *t, const struct fz_op *op)
{
	uint32_t options = op->args[3];
	unsigned int first, nr;
	int expected, seen;

	pages_of(op, 1, &first, &nr);
	seen = FZ_SEND(t, op, VMAR_UNMAP, vmar_range, .handle = fz_value(t, op, 4),
		       .options = options, .__reserved = op->send == FZ_RESERVED,
		       .addr = (uintptr_t)fz_window(t->run, op->args[0]) + first * FZ_PAGE,
		       .length = nr * FZ_PAGE);
	if (!t->run->oracle)
		return;
	expected = fz_sent(t, op, false, true);
	if (!expected && options)
		expected = EINVAL;
	if (!expected)
		expected = vmar_error(t, op, 4);
	if (fz_agree(t, expected, seen))
		unmapped(t, op->args[0], first, nr);
}

void fz_do_vmar_protect(struct fz_thread *t, const struct fz_op *op)
{
	uint32_t options = op->args[3];
	const uint32_t perms = ZXVMO_VM_PERM_READ | ZXVMO_VM_PERM_WRITE | ZXVMO_VM_PERM_EXECUTE;
	unsigned int first, nr;
	int expected, seen;

	pages_of(op, 1, &first, &nr);
	seen = FZ_SEND(t, op, VMAR_PROTECT, vmar_range, .handle = fz_value(t, op, 4),
		       .options = options, .__reserved = op->send == FZ_RESERVED,
		       .addr = (uintptr_t)fz_window(t->run, op->args[0]) + first * FZ_PAGE,
		       .length = nr * FZ_PAGE);
	if (!t->run->oracle)
		return;
	if (options & ZXVMO_VM_PERM_READ_IF_XOM_UNSUPPORTED)
		options |= ZXVMO_VM_PERM_READ;
	options &= ~ZXVMO_VM_PERM_READ_IF_XOM_UNSUPPORTED;
	expected = fz_sent(t, op, false, true) ?: vmar_error(t, op, 4);
	if (!expected && ((options & ~perms) ||
			  ((options & perms) && !(options & ZXVMO_VM_PERM_READ))))
		expected = EINVAL;
	if (!expected)
		expected = protect_error(fz_window_of(t, op->args[0]), first, nr, prot_of(options),
					 ENOENT);
	fz_agree(t, expected, seen);
}

/* What the operation on the @nr pages from @first on must give, all mapped */
static int op_range_error(struct fz_window *w, uint32_t code, unsigned int first, unsigned int nr)
{
	uint64_t page = w->first + first;

	if (w->to_stream && page + nr > window_end(w))
		return ERANGE;
	switch (code) {
	case ZXVMO_VMAR_OP_COMMIT:
	case ZXVMO_VMAR_OP_DECOMMIT:
	case ZXVMO_VMAR_OP_ZERO:
		if (!(w->file->rights & ZXVMO_RIGHT_WRITE))
			return EACCES;
		break;
	case ZXVMO_VMAR_OP_PREFETCH:
		if (!(w->file->rights & ZXVMO_RIGHT_READ))
			return EACCES;
		break;
	default:
		return 0;
	}
	return fz_errno(vmo_model_op_range(&w->object->vmo, code, page * FZ_PAGE, nr * FZ_PAGE));
}

void fz_do_vmar_op_range(struct fz_thread *t, const struct fz_op *op)
{
	static const uint32_t codes[] = {
		ZXVMO_VMAR_OP_COMMIT, ZXVMO_VMAR_OP_DECOMMIT, ZXVMO_VMAR_OP_MAP_RANGE,
		ZXVMO_VMAR_OP_ZERO, ZXVMO_VMAR_OP_DONT_NEED, ZXVMO_VMAR_OP_ALWAYS_NEED,
		ZXVMO_VMAR_OP_PREFETCH,
	};
	struct fz_window *w = t->run->oracle ? fz_window_of(t, op->args[0]) : NULL;
	unsigned int first, nr, run, i;
	uint32_t code = op->args[3];
	int expected, seen;

	pages_of(op, 1, &first, &nr);
	/* How far it gets depends on how the window was split: not across the end. */
	if (w && w->object && w->first + first + nr > window_end(w))
		nr = 1;
	seen = FZ_SEND(t, op, VMAR_OP_RANGE, vmar_op_range, .handle = fz_value(t, op, 4),
		       .op = code, .__reserved = op->send == FZ_RESERVED,
		       .addr = (uintptr_t)fz_window(t->run, op->args[0]) + first * FZ_PAGE,
		       .length = nr * FZ_PAGE);
	if (!w)
		return;
	expected = fz_sent(t, op, false, true) ?: vmar_error(t, op, 4);
	for (i = 0; i < sizeof(codes) / sizeof(*codes) && codes[i] != code; i++)
		;
	if (!expected && i == sizeof(codes) / sizeof(*codes))
		expected = EINVAL;
	if (expected) {
		fz_agree(t, expected, seen);
		return;
	}
	for (run = 0; w->object && run < nr && w->prot[first + run] >= 0; run++)
		;
	if (run && (!seen || (!t->injected && seen != ENOMEM)))
		expected = op_range_error(w, code, first, run);
	if (!expected && run < nr)
		expected = EBADFD;
	fz_agree(t, expected, seen);
	if (!run)
		return;
	if (seen == ENOMEM)
		fz_settle(t, w->object, (w->first + first) * FZ_PAGE, run * FZ_PAGE);
	fz_touch(w->object);
}

/* System calls */

void fz_do_map_mmap(struct fz_thread *t, const struct fz_op *op)
{
	uint64_t offset = op->args[3] - op->args[3] % FZ_PAGE;
	unsigned int nr = 1 + op->args[5] % FZ_WINDOW_PAGES;
	struct fz_oracle *o = t->run->oracle;
	int fd = fz_fd(t, op->args[0]), prot = op->args[2];
	bool private = op->args[4];
	struct fz_file *file;
	void *p;

	if (fd < 0 || fd == t->run->foreign)
		return;
	/* Whether that alone can be read depends on the processor. */
	if (prot == PROT_EXEC)
		prot |= PROT_READ;
	fz_arm(t, op);
	p = mmap(fz_window(t->run, op->args[1]), nr * FZ_PAGE, prot,
		 (private ? MAP_PRIVATE : MAP_SHARED) | MAP_FIXED, fd, offset);
	fz_disarm(t, op, p != MAP_FAILED);
	if (!o)
		return;
	if (p == MAP_FAILED) {
		/* What was there may be gone already. */
		munmap(fz_window(t->run, op->args[1]), FZ_WINDOW_PAGES * FZ_PAGE);
		unmapped(t, op->args[1], 0, FZ_WINDOW_PAGES);
		return;
	}
	file = o->files[op->args[0] % FZ_SLOTS];
	if (!file || file->object->type != ZXVMO_OBJ_TYPE_VMO ||
	    !(file->rights & ZXVMO_RIGHT_MAP) || (prot & ~allowed_prot(file->rights, private))) {
		fz_fail(t, "mapped without the right");
		return;
	}
	munmap(fz_window(t->run, op->args[1]) + nr * FZ_PAGE, (FZ_WINDOW_PAGES - nr) * FZ_PAGE);
	mapped(t, fz_window_of(t, op->args[1]), file, offset / FZ_PAGE, nr, prot, private);
}

void fz_do_map_munmap(struct fz_thread *t, const struct fz_op *op)
{
	unsigned int first, nr;
	long seen;

	pages_of(op, 1, &first, &nr);
	seen = FZ_CALL(t, op, munmap(fz_window(t->run, op->args[0]) + first * FZ_PAGE,
				     nr * FZ_PAGE));
	if (t->run->oracle && fz_agree(t, 0, -seen))
		unmapped(t, op->args[0], first, nr);
}

/* It may have changed some pages before it failed: then they go. */
void fz_do_map_mprotect(struct fz_thread *t, const struct fz_op *op)
{
	int prot = op->args[3], expected;
	unsigned int first, nr, i;
	struct fz_window *w;
	long seen;

	pages_of(op, 1, &first, &nr);
	if (prot == PROT_EXEC)
		prot |= PROT_READ;
	seen = FZ_CALL(t, op, mprotect(fz_window(t->run, op->args[0]) + first * FZ_PAGE,
				       nr * FZ_PAGE, prot));
	if (!t->run->oracle)
		return;
	w = fz_window_of(t, op->args[0]);
	expected = protect_error(w, first, nr, prot, ENOMEM);
	/* Which of the two comes first is the kernel's affair. */
	fz_agree(t, expected && seen == -EACCES ? EACCES : expected, -seen);
	if (seen) {
		munmap(fz_window(t->run, op->args[0]) + first * FZ_PAGE, nr * FZ_PAGE);
		unmapped(t, op->args[0], first, nr);
	}
	for (i = first; !seen && i < first + nr; i++)
		w->prot[i] = prot;
}

/* Moves one window onto another, or makes it shorter */
void fz_do_map_mremap(struct fz_thread *t, const struct fz_op *op)
{
	unsigned char *from = fz_window(t->run, op->args[0]), *to = fz_window(t->run, op->args[1]);
	uint64_t length = (1 + op->args[2] % FZ_WINDOW_PAGES) * FZ_PAGE;
	uint64_t new_length = (1 + op->args[3] % FZ_WINDOW_PAGES) * FZ_PAGE;
	void *p;

	fz_arm(t, op);
	if (from == to)
		p = mremap(from, length, new_length, 0);
	else
		p = mremap(from, length, new_length, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	fz_disarm(t, op, p != MAP_FAILED);
	if (!t->run->oracle)
		return;
	/* The oracle looks only whether it grew into what it may not. */
	munmap(from, FZ_WINDOW_PAGES * FZ_PAGE);
	munmap(to, FZ_WINDOW_PAGES * FZ_PAGE);
	unmapped(t, op->args[0], 0, FZ_WINDOW_PAGES);
	unmapped(t, op->args[1], 0, FZ_WINDOW_PAGES);
	if (p != MAP_FAILED && new_length > length)
		fz_fail(t, "a mapping has grown");
}

void fz_do_map_madvise(struct fz_thread *t, const struct fz_op *op)
{
	unsigned int first, nr;

	pages_of(op, 1, &first, &nr);
	FZ_CALL(t, op, madvise(fz_window(t->run, op->args[0]) + first * FZ_PAGE, nr * FZ_PAGE,
			       op->args[3]));
}

void fz_do_map_msync(struct fz_thread *t, const struct fz_op *op)
{
	unsigned int first, nr;

	pages_of(op, 1, &first, &nr);
	FZ_CALL(t, op, msync(fz_window(t->run, op->args[0]) + first * FZ_PAGE, nr * FZ_PAGE,
			     MS_SYNC));
}

void fz_do_map_mlock(struct fz_thread *t, const struct fz_op *op)
{
	unsigned int first, nr;

	/* A page, for with a hole in the range it fails */
	pages_of(op, 1, &first, &nr);
	FZ_CALL(t, op, mlock(fz_window(t->run, op->args[0]) + first * FZ_PAGE, FZ_PAGE));
}

/* Pages in a pipe are held by somebody else than a mapping, until it is read. */
void fz_do_map_vmsplice(struct fz_thread *t, const struct fz_op *op)
{
	unsigned int first, nr;
	struct iovec iov;

	pages_of(op, 1, &first, &nr);
	iov.iov_base = fz_window(t->run, op->args[0]) + first * FZ_PAGE;
	iov.iov_len = (1 + op->args[3]) * FZ_PAGE;
	if (op->args[3] & 1)
		FZ_CALL(t, op, vmsplice(t->run->pipe[1], &iov, 1, SPLICE_F_NONBLOCK));
	else
		FZ_CALL(t, op, read(t->run->pipe[0], t->buffer, FZ_BUFFER));
}

/* Accesses */

struct access {
	unsigned char *at;
	unsigned char value;
};

static void load(void *data)
{
	struct access *access = data;

	access->value = *(volatile unsigned char *)access->at;
}

static void store(void *data)
{
	struct access *access = data;

	*(volatile unsigned char *)access->at = access->value;
}

/* The signal that the access must raise */
static int access_signal(struct fz_window *w, uint64_t at, bool write)
{
	int prot = w->object ? w->prot[at / FZ_PAGE] : -1;

	if (prot < 0 || !(prot & (write ? PROT_WRITE : PROT_READ | PROT_WRITE | PROT_EXEC)))
		return SIGSEGV;
	return w->first + at / FZ_PAGE >= window_end(w) ? SIGBUS : 0;
}

static bool agree(struct fz_thread *t, int expected, int seen)
{
	if (seen == expected)
		return !seen;
	/* No memory: SIGBUS */
	if (seen != SIGBUS || (!t->injected && t->run->strict))
		fz_fail(t, "signal %d instead of %d", seen, expected);
	return false;
}

void fz_do_map_load(struct fz_thread *t, const struct fz_op *op)
{
	uint64_t at = op->args[1] % (FZ_WINDOW_PAGES * FZ_PAGE);
	struct access access = { .at = fz_window(t->run, op->args[0]) + at };
	struct fz_window *w;
	unsigned char byte;
	int signal;

	fz_arm(t, op);
	signal = fz_try(t, load, &access);
	fz_disarm(t, op, !signal);
	if (!t->run->oracle)
		return;
	w = fz_window_of(t, op->args[0]);
	if (!agree(t, access_signal(w, at, false), signal) || w->private)
		return;
	vmo_model_read(&w->object->vmo, &byte, w->first * FZ_PAGE + at, 1);
	if (byte != access.value)
		fz_fail(t, "byte %#x instead of %#x", access.value, byte);
}

/* One byte in each of some pages */
void fz_do_map_store(struct fz_thread *t, const struct fz_op *op)
{
	uint64_t at = op->args[1] % (FZ_WINDOW_PAGES * FZ_PAGE);
	uint64_t nr = 1 + op->args[2] / FZ_PAGE % 4;
	struct access access = { .value = op->args[3] };
	struct fz_window *w;
	int signal;

	for (; nr && at < FZ_WINDOW_PAGES * FZ_PAGE; nr--, at += FZ_PAGE) {
		access.at = fz_window(t->run, op->args[0]) + at;
		fz_arm(t, op);
		signal = fz_try(t, store, &access);
		fz_disarm(t, op, !signal);
		if (!t->run->oracle)
			continue;
		w = fz_window_of(t, op->args[0]);
		if (!agree(t, access_signal(w, at, true), signal) || w->private)
			continue;
		vmo_model_write(&w->object->vmo, &access.value, w->first * FZ_PAGE + at, 1);
		fz_touch(w->object);
	}
}
