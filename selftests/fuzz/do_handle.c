// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on handles.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

/* Where a result goes, and what is there afterwards */
static uint64_t out(struct fz_thread *t, uint64_t address, void **where)
{
	*where = fz_address(t, address);
	if (fz_is_good(address, sizeof(uint64_t)))
		memset(*where, 0, 8);
	else
		*where = NULL;
	return (uintptr_t)fz_address(t, address);
}

static uint32_t out_handle(void *where)
{
	uint32_t value = 0;

	if (where)
		memcpy(&value, where, sizeof(value));
	return value;
}

/* A command has made a handle, or should have. */
static void made(struct fz_thread *t, uint64_t slot, int expected, int seen,
		 void *where, struct fz_object *object, uint32_t rights)
{
	struct fz_file *file = NULL;

	if (!expected && !where)
		expected = EFAULT;
	if (t->run->oracle) {
		if (!fz_agree(t, expected, seen))
			return;
		file = fz_file_new(object, rights);
	}
	if (!seen && where)
		fz_store(t, slot, out_handle(where), file);
}

static bool is_subset(uint32_t have, uint32_t *rights)
{
	if (*rights == ZXVMO_RIGHT_SAME_RIGHTS)
		*rights = have;
	return !(*rights & ~have);
}

void fz_do_query(struct fz_thread *t, const struct fz_op *op)
{
	int seen = FZ_SEND(t, op, QUERY, query, .flags = op->send == FZ_RESERVED);

	if (t->run->oracle)
		fz_agree(t, fz_sent(t, op, false, true), seen);
}

void fz_do_handle_duplicate(struct fz_thread *t, const struct fz_op *op)
{
	uint32_t rights = op->args[2];
	struct fz_target target = {};
	int expected = 0, seen;
	void *where;

	/* The oracle knows no VMAR as an object. */
	if (t->run->oracle && fz_value(t, op, 0) == ZXVMO_HANDLE_VMAR_ROOT_SELF)
		return;
	if (t->run->oracle) {
		target = fz_target(t, op, 0, 0, ZXVMO_RIGHT_DUPLICATE);
		expected = fz_sent(t, op, false, true) ?: target.error;
		if (!expected && !is_subset(target.file->rights, &rights))
			expected = EINVAL;
	}
	seen = FZ_SEND(t, op, HANDLE_DUPLICATE, handle_duplicate,
		       .handle = fz_value(t, op, 0), .rights = op->args[2],
		       .__reserved = op->send == FZ_RESERVED,
		       .out_handle = out(t, op->args[3], &where));
	made(t, op->args[1], expected, seen, where, target.object, rights);
}

/*
 * REPLACE and REPLACE_AS_EXECUTABLE: the old handle goes in every case but a bad
 * value. Its object is kept meanwhile as the kernel does.
 */
static void replaced(struct fz_thread *t, const struct fz_op *op, struct fz_target *target,
		     int error, int expected, int seen, void *where, uint32_t rights)
{
	struct fz_oracle *o = t->run->oracle;

	if (!o) {
		made(t, op->args[1], expected, seen, where, NULL, rights);
		return;
	}
	if (target->object)
		target->object->files++;
	if (!error && target->file)
		fz_check_open(t);
	if (!seen && !where)
		fz_fail(t, "success without a place for the handle");
	made(t, op->args[1], expected, seen, where, target->object, rights);
	if (target->object) {
		target->object->files--;
		fz_object_release(o, target->object);
	}
}

void fz_do_handle_replace(struct fz_thread *t, const struct fz_op *op)
{
	uint32_t rights = op->args[2];
	struct fz_target target = {};
	int error = 0, expected = 0, seen;
	void *where;

	if (t->run->oracle) {
		target = fz_target(t, op, 0, 0, 0);
		if (!fz_value(t, op, 0))
			target = (struct fz_target){ .error = EBADF };
		error = fz_sent(t, op, false, true);
		/* The root VMAR's value is not one of a descriptor. */
		expected = error ?: (target.error ? EBADF : 0);
		if (!expected && !is_subset(target.file->rights, &rights))
			expected = EINVAL;
		if (error)
			target = (struct fz_target){};
	}
	seen = FZ_SEND(t, op, HANDLE_REPLACE, handle_duplicate,
		       .handle = fz_value(t, op, 0), .rights = op->args[2],
		       .__reserved = op->send == FZ_RESERVED,
		       .out_handle = out(t, op->args[3], &where));
	replaced(t, op, &target, error, expected, seen, where, rights);
}

void fz_do_vmo_replace_as_executable(struct fz_thread *t, const struct fz_op *op)
{
	struct fz_target target = {};
	int error = 0, expected = 0, seen;
	uint32_t rights = 0;
	void *where;

	if (t->run->oracle) {
		target = fz_target(t, op, 0, 0, 0);
		if (!fz_value(t, op, 0))
			target = (struct fz_target){ .error = EBADF };
		error = fz_sent(t, op, false, true);
		expected = error ?: (target.error ? EBADF : 0);
		if (!expected && target.object->type != ZXVMO_OBJ_TYPE_VMO)
			expected = EBADF;
		/* What is random is no handle; it may be a pseudo-handle. */
		if (!expected && (uint32_t)op->args[2])
			expected = (uint32_t)op->args[2] == ZXVMO_HANDLE_VMAR_ROOT_SELF ||
				   (uint32_t)op->args[2] == ZXVMO_HANDLE_PROCESS_SELF ?
				   EMEDIUMTYPE : EBADF;
		if (error)
			target = (struct fz_target){};
		else if (target.file)
			rights = target.file->rights | ZXVMO_RIGHT_EXECUTE;
	}
	seen = FZ_SEND(t, op, VMO_REPLACE_AS_EXECUTABLE, vmo_replace_as_executable,
		       .handle = fz_value(t, op, 0), .vmex = op->args[2],
		       .__reserved = op->send == FZ_RESERVED,
		       .out_handle = out(t, op->args[3], &where));
	replaced(t, op, &target, error, expected, seen, where, rights);
}

void fz_do_handle_close(struct fz_thread *t, const struct fz_op *op)
{
	uint32_t value = fz_value(t, op, 0);
	int expected = 0, seen;

	if (t->run->oracle) {
		expected = fz_sent(t, op, false, false);
		if (!expected && value && fz_target(t, op, 0, 0, 0).error)
			expected = EBADF;
	}
	seen = FZ_SEND(t, op, HANDLE_CLOSE, handle_close, .handle = value);
	if (!t->run->oracle)
		return;
	fz_agree(t, expected, seen);
	fz_check_open(t);
}

/* The first two handles, the first again, a zero and a bad one: @args[2] of them */
void fz_do_handle_close_many(struct fz_thread *t, const struct fz_op *op)
{
	uint32_t first = fz_value(t, op, 0), second = fz_value(t, op, 1);
	uint32_t list[8] = { first, second, 0, 0, first, 0, 5, 0 };
	unsigned char *array = fz_address(t, op->args[3]);
	uint64_t nr = op->args[2] % 9;
	int expected = 0, seen;
	bool there = (op->args[3] & 0xff) == FZ_MEMORY;

	if (there)
		memcpy(array, list, sizeof(list));
	else
		array = fz_address(t, FZ_HOLE);
	if (t->run->oracle) {
		expected = fz_sent(t, op, false, true);
		if (!expected && nr && !there)
			expected = EFAULT;
		else if (!expected && ((nr > 0 && first && fz_target(t, op, 0, 0, 0).error) ||
				       (nr > 1 && second && (second == first ||
							     fz_target(t, op, 1, 0, 0).error)) ||
				       (nr > 4 && first) || nr > 6))
			expected = EBADF;
	}
	seen = FZ_SEND(t, op, HANDLE_CLOSE_MANY, handle_close_many,
		       .__reserved = op->send == FZ_RESERVED,
		       .handles = (uintptr_t)array, .num_handles = nr);
	if (!t->run->oracle)
		return;
	fz_agree(t, expected, seen);
	fz_check_open(t);
}

void fz_do_handle_from_fd(struct fz_thread *t, const struct fz_op *op)
{
	int fd = fz_fd(t, op->args[0]), expected = 0, seen;
	uint32_t value = t->run->slots[op->args[0] % FZ_SLOTS];
	void *where;

	if (t->run->oracle) {
		expected = fz_sent(t, op, false, false);
		if (!expected && (fd < 0 || fd == t->run->foreign))
			expected = EBADF;
	}
	seen = FZ_SEND(t, op, HANDLE_FROM_FD, handle_from_fd, .fd = fd,
		       .out_handle = out(t, op->args[1], &where));
	if (!t->run->oracle)
		return;
	if (!expected && !where)
		expected = EFAULT;
	if (fz_agree(t, expected, seen) && out_handle(where) != value)
		fz_fail(t, "handle %#x instead of %#x", out_handle(where), value);
}

void fz_do_event_create(struct fz_thread *t, const struct fz_op *op)
{
	uint32_t options = op->args[2];
	struct fz_object *object = NULL;
	int expected = 0, seen;
	void *where;

	if (t->run->oracle) {
		object = fz_object_new(t, ZXVMO_OBJ_TYPE_EVENT);
		expected = fz_sent(t, op, true, false);
		if (!expected && options)
			expected = EINVAL;
	}
	seen = FZ_SEND(t, op, EVENT_CREATE, event_create, .options = options,
		       .out_handle = out(t, op->args[1], &where));
	made(t, op->args[0], expected, seen, where, object, ZXVMO_DEFAULT_EVENT_RIGHTS);
	if (object)
		fz_object_release(t->run->oracle, object);
}

void fz_do_vmo_create(struct fz_thread *t, const struct fz_op *op)
{
	uint32_t options = op->args[1], rights = ZXVMO_DEFAULT_VMO_RIGHTS;
	struct fz_object *object = NULL;
	int expected = 0, seen;
	void *where;

	if (t->run->oracle) {
		object = fz_object_new(t, ZXVMO_OBJ_TYPE_VMO);
		object->signals = ZXVMO_SIGNAL_ZERO_CHILDREN;
		object->options = options;
		expected = fz_sent(t, op, true, false) ?:
			   fz_errno(vmo_model_create(&object->vmo, op->args[2], options));
		if (options & ZXVMO_VMO_RESIZABLE)
			rights |= ZXVMO_RIGHT_RESIZE;
	}
	seen = FZ_SEND(t, op, VMO_CREATE, vmo_create, .options = options,
		       .vmo_size = op->args[2], .out_handle = out(t, op->args[3], &where));
	made(t, op->args[0], expected, seen, where, object, rights);
	if (object) {
		fz_touch(object);
		fz_object_release(t->run->oracle, object);
	}
}

static uint32_t child_rights(uint32_t rights, uint32_t options)
{
	const uint32_t snapshots = ZXVMO_VMO_CHILD_SNAPSHOT | ZXVMO_VMO_CHILD_SNAPSHOT_MODIFIED |
				   ZXVMO_VMO_CHILD_SNAPSHOT_AT_LEAST_ON_WRITE;

	rights &= ~ZXVMO_RIGHT_RESIZE;
	rights |= ZXVMO_RIGHTS_PROPERTY;
	if (options & ZXVMO_VMO_CHILD_RESIZABLE)
		rights |= ZXVMO_RIGHT_RESIZE;
	if (options & ZXVMO_VMO_CHILD_NO_WRITE)
		return rights & ~ZXVMO_RIGHT_WRITE;
	return options & snapshots ? (rights | ZXVMO_RIGHT_WRITE) & ~ZXVMO_RIGHT_EXECUTE : rights;
}

void fz_do_vmo_create_child(struct fz_thread *t, const struct fz_op *op)
{
	const uint32_t resizable_reference = ZXVMO_VMO_CHILD_REFERENCE | ZXVMO_VMO_CHILD_RESIZABLE;
	uint32_t options = op->args[2], rights = ZXVMO_RIGHT_DUPLICATE | ZXVMO_RIGHT_READ;
	uint64_t offset = op->args[3], size = op->args[4];
	struct fz_target parent = {};
	struct fz_object *object = NULL;
	int expected = 0, seen;
	void *where;

	/* Mostly what fits the kind, for the rest fails at once */
	if ((options & ZXVMO_VMO_CHILD_REFERENCE) && size % 8 != 7)
		offset = size = 0;
	else if (size % 8 != 7)
		offset -= offset % FZ_PAGE;
	if ((options & resizable_reference) == resizable_reference)
		rights |= ZXVMO_RIGHT_RESIZE;
	if (t->run->oracle) {
		object = fz_object_new(t, ZXVMO_OBJ_TYPE_VMO);
		object->signals = ZXVMO_SIGNAL_ZERO_CHILDREN;
		object->options = options;
		parent = fz_target(t, op, 0, ZXVMO_OBJ_TYPE_VMO, rights);
		expected = fz_sent(t, op, false, true) ?:
			   fz_errno(vmo_model_check_child(options, size)) ?: parent.error;
	}
	seen = FZ_SEND(t, op, VMO_CREATE_CHILD, vmo_create_child, .handle = fz_value(t, op, 0),
		       .options = options, .__reserved = op->send == FZ_RESERVED,
		       .offset = offset, .vmo_size = size,
		       .out_handle = out(t, op->args[5], &where));
	rights = 0;
	if (object && !expected) {
		expected = fz_errno(vmo_model_create_child(&object->vmo, &parent.object->vmo,
							   options, offset, size));
		rights = child_rights(parent.file->rights, options);
		fz_touch(parent.object);
	}
	if (object && !expected) {
		fz_object_join(object, parent.object);
		if (parent.file->rights & ZXVMO_RIGHT_GET_PROPERTY)
			memcpy(object->name, parent.object->name, sizeof(object->name));
		fz_touch(object);
	}
	made(t, op->args[1], expected, seen, where, object, rights);
	if (object)
		fz_object_release(t->run->oracle, object);
}
