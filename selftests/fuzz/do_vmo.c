// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on VMOs.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static const unsigned char read_only_page[65536];

/*
 * How many bytes of a buffer can be read or written, and the error of the byte
 * behind. Windows are looked at as they are.
 */
static uint64_t accessible(struct fz_thread *t, uint64_t address, uint64_t length, bool write,
			   int *error)
{
	uint64_t n = 0, at;
	struct fz_window *w;

	*error = ENOENT;
	switch (address & 0xff) {
	case FZ_MEMORY:
		n = FZ_BUFFER - (address >> 8) % FZ_BUFFER;
		break;
	case FZ_BEFORE_HOLE:
		n = (address >> 8) % (2 * FZ_PAGE);
		break;
	case FZ_READ_ONLY:
		n = write ? 0 : FZ_PAGE;
		*error = write ? EACCES : ENOENT;
		break;
	case FZ_NO_ACCESS:
		*error = EACCES;
		break;
	case FZ_IN_WINDOW:
		w = fz_window_of(t, address >> 32);
		at = address >> 8 & 0xffffff;
		while (w->object && at < FZ_WINDOW_PAGES * FZ_PAGE && n < length) {
			int prot = w->prot[at / FZ_PAGE];

			if (prot < 0)
				break;
			if (!(prot & (write ? PROT_WRITE : PROT_READ | PROT_WRITE | PROT_EXEC))) {
				*error = EACCES;
				break;
			}
			if (w->first + at / FZ_PAGE >= vmo_model_size(&w->object->vmo) / FZ_PAGE) {
				*error = ERANGE;
				break;
			}
			n += FZ_PAGE - at % FZ_PAGE;
			at += FZ_PAGE - at % FZ_PAGE;
		}
	}
	return n < length ? n : length;
}

/* The VMO and place behind a buffer in a window, if that is where writes go */
static struct fz_object *behind(struct fz_thread *t, uint64_t address, uint64_t *offset)
{
	struct fz_window *w = fz_window_of(t, address >> 32);

	if ((address & 0xff) != FZ_IN_WINDOW || !w->object || w->private)
		return NULL;
	*offset = w->first * FZ_PAGE + (address >> 8 & 0xffffff);
	return w->object;
}

static bool same_pages(const struct fz_object *a, const struct fz_object *b)
{
	return a && b && a->vmo.owner == b->vmo.owner;
}

void fz_do_vmo_read(struct fz_thread *t, const struct fz_op *op)
{
	uint64_t offset = op->args[2], length = op->args[3], n = 0, at = 0;
	unsigned char *where = fz_address(t, op->args[1]);
	struct fz_oracle *o = t->run->oracle;
	struct fz_object *dst = NULL;
	struct fz_target target = {};
	int expected = 0, error = 0, seen;

	if (o) {
		target = fz_target(t, op, 0, ZXVMO_OBJ_TYPE_VMO, ZXVMO_RIGHT_READ);
		expected = fz_sent(t, op, false, false) ?: target.error;
		if (!expected && !vmo_model_in_range(&target.object->vmo, offset, length))
			expected = ERANGE;
		if (!expected) {
			n = accessible(t, op->args[1], length, true, &error);
			dst = behind(t, op->args[1], &at);
			if (n < length)
				expected = error;
			if (n <= FZ_BUFFER)
				vmo_model_read(&target.object->vmo, o->expected, offset, n);
		}
	}
	seen = FZ_SEND(t, op, VMO_READ, vmo_rw, .handle = fz_value(t, op, 0),
		       .buffer = (uintptr_t)where, .offset = offset, .length = length);
	if (!o)
		return;
	fz_agree(t, expected, seen);
	if (dst && (seen || same_pages(dst, target.object))) {
		fz_settle(t, dst, at, n);
	} else if (dst) {
		vmo_model_write(&dst->vmo, o->expected, at, n);
		fz_touch(dst);
	} else if (!seen && (op->args[1] & 0xff) != FZ_IN_WINDOW &&
		   memcmp(where, o->expected, n)) {
		fz_fail(t, "other bytes were read");
	}
}

void fz_do_vmo_write(struct fz_thread *t, const struct fz_op *op)
{
	uint64_t offset = op->args[2], length = op->args[3], n = 0, at = 0;
	unsigned char *where = fz_address(t, op->args[1]);
	struct fz_oracle *o = t->run->oracle;
	struct fz_object *src = NULL;
	struct fz_target target = {};
	int expected = 0, error = 0, seen;

	if ((op->args[1] & 0xff) == FZ_MEMORY)
		fz_fill(where, t->buffer + FZ_BUFFER - where, op->args[4]);
	if (o) {
		target = fz_target(t, op, 0, ZXVMO_OBJ_TYPE_VMO, ZXVMO_RIGHT_WRITE);
		expected = fz_sent(t, op, false, false) ?: target.error;
		if (!expected && !vmo_model_in_range(&target.object->vmo, offset, length))
			expected = ERANGE;
		if (!expected) {
			n = accessible(t, op->args[1], length, false, &error);
			src = behind(t, op->args[1], &at);
			if (n < length)
				expected = error;
			if (src)
				vmo_model_read(&src->vmo, o->expected, at, n);
			else if (n)
				memcpy(o->expected, (op->args[1] & 0xff) == FZ_READ_ONLY ?
						    read_only_page : where, n);
		}
	}
	seen = FZ_SEND(t, op, VMO_WRITE, vmo_rw, .handle = fz_value(t, op, 0),
		       .buffer = (uintptr_t)where, .offset = offset, .length = length);
	if (!o)
		return;
	if (!fz_agree(t, expected, seen)) {
		/* Where reading the buffer fails its part may be there, and more pages. */
		if (target.object && !target.error && (n || seen != expected || error))
			fz_settle(t, target.object, offset, length);
		return;
	}
	if (same_pages(src, target.object)) {
		fz_settle(t, target.object, offset, length);
	} else {
		vmo_model_write(&target.object->vmo, o->expected, offset, length);
		fz_touch(target.object);
	}
}

static void get_size(struct fz_thread *t, const struct fz_op *op, unsigned int command,
		     bool stream)
{
	struct zxvmo_vmo_get_size arg = {
		.size = sizeof(arg),
		.handle = fz_value(t, op, 0),
		.out_size = (uintptr_t)fz_address(t, op->args[1]),
	};
	struct fz_target target = {};
	int expected = 0, error, seen;
	const struct vmo_model *v;
	uint64_t size;

	if (t->run->oracle) {
		target = fz_target(t, op, 0, ZXVMO_OBJ_TYPE_VMO, 0);
		expected = fz_sent(t, op, false, false) ?: target.error;
		if (!expected && accessible(t, op->args[1], 8, true, &error) < 8)
			expected = EFAULT;
	}
	seen = fz_send(t, op, command, &arg, sizeof(arg));
	if (!t->run->oracle || !fz_agree(t, expected, seen))
		return;
	memcpy(&size, fz_address(t, op->args[1]), sizeof(size));
	v = &target.object->vmo;
	if (size != (stream ? vmo_model_stream_size(v) : vmo_model_size(v)))
		fz_fail(t, "size %#jx", (uintmax_t)size);
}

void fz_do_vmo_get_size(struct fz_thread *t, const struct fz_op *op)
{
	get_size(t, op, ZXVMO_VMO_GET_SIZE, false);
}

void fz_do_vmo_get_stream_size(struct fz_thread *t, const struct fz_op *op)
{
	get_size(t, op, ZXVMO_VMO_GET_STREAM_SIZE, true);
}

void fz_do_vmo_set_size(struct fz_thread *t, const struct fz_op *op)
{
	uint64_t size = op->args[1];
	struct fz_target target = {};
	int expected = 0, seen;

	if (t->run->oracle) {
		target = fz_target(t, op, 0, ZXVMO_OBJ_TYPE_VMO, ZXVMO_RIGHT_WRITE);
		expected = fz_sent(t, op, false, false) ?: target.error;
		if (!expected && target.object->vmo.resizable &&
		    !(target.file->rights & ZXVMO_RIGHT_RESIZE))
			expected = EACCES;
	}
	seen = FZ_SEND(t, op, VMO_SET_SIZE, vmo_set_size, .handle = fz_value(t, op, 0),
		       .vmo_size = size);
	if (!t->run->oracle)
		return;
	if (!expected && (!seen || !t->injected))
		expected = fz_errno(vmo_model_set_size(&target.object->vmo, size));
	fz_agree(t, expected, seen);
	fz_touch(target.object);
}

void fz_do_vmo_set_stream_size(struct fz_thread *t, const struct fz_op *op)
{
	uint64_t size = op->args[1];
	struct fz_target target = {};
	int expected = 0, seen;

	if (t->run->oracle) {
		target = fz_target(t, op, 0, ZXVMO_OBJ_TYPE_VMO, ZXVMO_RIGHT_WRITE);
		expected = fz_sent(t, op, false, false) ?: target.error;
	}
	seen = FZ_SEND(t, op, VMO_SET_STREAM_SIZE, vmo_set_size, .handle = fz_value(t, op, 0),
		       .vmo_size = size);
	if (!t->run->oracle)
		return;
	if (!expected && (!seen || !t->injected))
		expected = fz_errno(vmo_model_set_stream_size(&target.object->vmo, size, false));
	fz_agree(t, expected, seen);
	fz_touch(target.object);
}

/* The rights an operation needs; LOCK and its kind: one of two */
static bool may_op_range(uint32_t op, uint32_t rights)
{
	switch (op) {
	case ZXVMO_VMO_OP_COMMIT:
	case ZXVMO_VMO_OP_DECOMMIT:
	case ZXVMO_VMO_OP_ZERO:
		return rights & ZXVMO_RIGHT_WRITE;
	case ZXVMO_VMO_OP_CACHE_SYNC:
	case ZXVMO_VMO_OP_CACHE_CLEAN:
	case ZXVMO_VMO_OP_CACHE_CLEAN_INVALIDATE:
	case ZXVMO_VMO_OP_PREFETCH:
		return rights & ZXVMO_RIGHT_READ;
	case ZXVMO_VMO_OP_LOCK:
	case ZXVMO_VMO_OP_TRY_LOCK:
	case ZXVMO_VMO_OP_UNLOCK:
		return rights & (ZXVMO_RIGHT_READ | ZXVMO_RIGHT_WRITE);
	default:
		return true;
	}
}

static bool is_lock_op(uint32_t op)
{
	return op == ZXVMO_VMO_OP_LOCK || op == ZXVMO_VMO_OP_TRY_LOCK ||
	       op == ZXVMO_VMO_OP_UNLOCK;
}

/* What the kernel may discard from now on nobody can tell: lock it again. */
static void relock(struct fz_thread *t, const struct fz_op *op, struct vmo_model *v)
{
	struct zxvmo_vmo_lock_state state = {};
	struct zxvmo_vmo_op_range arg = {
		.size = sizeof(arg), .handle = fz_value(t, op, 0), .op = ZXVMO_VMO_OP_LOCK,
		.length = vmo_model_size(v), .buffer = (uintptr_t)&state,
		.buffer_size = sizeof(state),
	};

	if (fz_command(t->run->device, ZXVMO_VMO_OP_RANGE, &arg))
		fz_fail(t, "an unlocked VMO cannot be locked");
	vmo_model_relock(v, state.discarded_size);
}

void fz_do_vmo_op_range(struct fz_thread *t, const struct fz_op *op)
{
	uint64_t code = op->args[1], offset = op->args[2], length = op->args[3];
	bool huge = code == ZXVMO_VMO_OP_COMMIT && length > 1024 * FZ_PAGE;
	struct zxvmo_vmo_lock_state state;
	struct fz_target target = {};
	int expected = 0, seen;

	/* Locks take a whole VMO, which chance would hardly find. */
	if (is_lock_op(code) && offset % 4 != 1) {
		struct zxvmo_vmo_get_size get = {
			.size = sizeof(get), .handle = fz_value(t, op, 0),
			.out_size = (uintptr_t)&length,
		};

		offset = 0;
		fz_command(t->run->device, ZXVMO_VMO_GET_SIZE, &get);
	}

	if (t->run->oracle) {
		target = fz_target(t, op, 0, ZXVMO_OBJ_TYPE_VMO, 0);
		expected = fz_sent(t, op, false, true) ?: target.error;
		if (!expected && !may_op_range(code, target.file->rights))
			expected = EACCES;
		if (!expected && huge)
			expected = vmo_model_in_range(&target.object->vmo, offset, length) ?
				   ENOMEM : ERANGE;
	}
	seen = FZ_SEND(t, op, VMO_OP_RANGE, vmo_op_range, .handle = fz_value(t, op, 0),
		       .op = code, .__reserved = op->send == FZ_RESERVED, .offset = offset,
		       .length = length, .buffer = (uintptr_t)&state,
		       .buffer_size = sizeof(state));
	if (!t->run->oracle)
		return;
	/* Locked for an instant */
	if (!expected && code == ZXVMO_VMO_OP_LOCK && seen == EINVAL && t->injected) {
		if (!target.object->vmo.locks)
			relock(t, op, &target.object->vmo);
		return;
	}
	if (huge && expected == ENOMEM && !seen) {
		fz_settle(t, target.object, offset, length);
		return;
	}
	if (!expected && (!seen || (!t->injected && seen != ENOMEM)))
		expected = fz_errno(vmo_model_op_range(&target.object->vmo, code, offset, length));
	fz_agree(t, expected, seen);
	if (target.object && target.object->vmo.reclaimable)
		relock(t, op, &target.object->vmo);
	fz_touch(target.object);
}

/* Mapped, a child or a parent: then its policy stays. */
static bool has_company(const struct fz_oracle *o, const struct fz_object *object)
{
	unsigned int i;

	for (i = 0; i < FZ_OBJECTS; i++)
		if (o->objects[i].pages && same_pages(&o->objects[i], object))
			return true;
	return object->parent || object->children;
}

void fz_do_vmo_set_cache_policy(struct fz_thread *t, const struct fz_op *op)
{
	uint32_t policy = op->args[1];
	struct fz_target target = {};
	int expected = 0, seen;

	if (t->run->oracle) {
		target = fz_target(t, op, 0, ZXVMO_OBJ_TYPE_VMO, ZXVMO_RIGHT_MAP);
		expected = fz_sent(t, op, false, true);
		if (!expected && (policy & ~ZXVMO_CACHE_POLICY_MASK))
			expected = EINVAL;
		if (!expected)
			expected = target.error;
		if (!expected && has_company(t->run->oracle, target.object))
			expected = EBADFD;
		if (!expected && policy)
			expected = target.object->vmo.discardable ? EBADFD : EOPNOTSUPP;
	}
	seen = FZ_SEND(t, op, VMO_SET_CACHE_POLICY, vmo_set_cache_policy,
		       .handle = fz_value(t, op, 0), .policy = policy,
		       .__reserved = op->send == FZ_RESERVED);
	if (t->run->oracle)
		fz_agree(t, expected, seen);
}

void fz_do_vmo_transfer_data(struct fz_thread *t, const struct fz_op *op)
{
	uint64_t offset = op->args[2], length = op->args[3], src_offset = op->args[4];
	uint32_t options = op->args[5];
	struct fz_target dst = {}, src = {};
	int expected = 0, seen;

	/* Mostly aligned: else there is nothing to see. */
	if (options || (offset ^ length) % 8 != 7) {
		offset -= offset % FZ_PAGE;
		length -= length % FZ_PAGE;
		src_offset -= src_offset % FZ_PAGE;
	}
	if (t->run->oracle) {
		dst = fz_target(t, op, 0, ZXVMO_OBJ_TYPE_VMO, ZXVMO_RIGHT_WRITE);
		src = fz_target(t, op, 1, ZXVMO_OBJ_TYPE_VMO,
				ZXVMO_RIGHT_READ | ZXVMO_RIGHT_WRITE);
		expected = fz_sent(t, op, false, false);
		if (!expected && (options || (offset | length | src_offset) % FZ_PAGE))
			expected = EINVAL;
		if (!expected)
			expected = dst.error ?: src.error;
	}
	seen = FZ_SEND(t, op, VMO_TRANSFER_DATA, vmo_transfer_data, .handle = fz_value(t, op, 0),
		       .options = options, .src_handle = fz_value(t, op, 1), .offset = offset,
		       .length = length, .src_offset = src_offset);
	if (!t->run->oracle)
		return;
	if (!expected && (!seen || (!t->injected && seen != ENOMEM)))
		expected = fz_errno(vmo_model_transfer(&dst.object->vmo, offset, length,
						       &src.object->vmo, src_offset));
	else if (!expected && fz_agree(t, expected, seen) == false) {
		fz_settle(t, dst.object, offset, length);
		fz_settle(t, src.object, src_offset, length);
		return;
	}
	fz_agree(t, expected, seen);
	fz_touch(dst.object);
	fz_touch(src.object);
}
