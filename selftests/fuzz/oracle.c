// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a checked program should have made of its objects.
 *
 * The oracle knows each place's open file, its object, and what the object holds.
 * An operation asks it what must come of a handle, compares the results with
 * fz_agree(), does the same to the model, and touches what has to be compared.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fz_oracle *fz_oracle_new(void)
{
	struct fz_oracle *o = calloc(1, sizeof(*o));

	o->page = malloc(FZ_PAGE);
	o->expected = malloc(FZ_BUFFER);
	return o;
}

int fz_errno(zx_status_t status)
{
	switch (status) {
	case ZX_OK:
		return 0;
#define CASE(name, status, error) case status: return error;
	ZXVMO_STATUS_TABLE(CASE)
	default:
		abort();
	}
}

static const char *errno_name(int error)
{
	return error ? strerrorname_np(error) ?: "not an errno" : "success";
}

/* Objects, open files, windows */

struct fz_object *fz_object_new(struct fz_thread *t, uint32_t type)
{
	struct fz_oracle *o = t->run->oracle;
	struct fz_object *object = o->objects;

	while (object->type)
		object++;
	*object = (struct fz_object){ .type = type };
	return object;
}

/* A child is there: its parent has it, and the owner of its pages stays. */
void fz_object_join(struct fz_object *child, struct fz_object *parent)
{
	child->parent = parent;
	parent->children++;
	parent->signals &= ~ZXVMO_SIGNAL_ZERO_CHILDREN;
	if (child->vmo.owner == &child->vmo)
		return;
	child->owner = parent->owner ?: parent;
	child->owner->shown++;
}

/* Its parent takes its children. */
static void leave(struct fz_oracle *o, struct fz_object *object)
{
	struct fz_object *parent = object->parent;
	unsigned int i;

	for (i = 0; i < FZ_OBJECTS; i++)
		if (o->objects[i].type && o->objects[i].parent == object)
			o->objects[i].parent = parent;
	if (!parent)
		return;
	parent->children += object->children - 1;
	if (!parent->children)
		parent->signals |= ZXVMO_SIGNAL_ZERO_CHILDREN;
}

void fz_object_release(struct fz_oracle *o, struct fz_object *object)
{
	struct fz_object *owner = object->owner;

	if (!object->type || object->files || object->pages || object->shown)
		return;
	leave(o, object);
	vmo_model_destroy(&object->vmo);
	object->type = 0;
	object->touched = false;
	if (!owner)
		return;
	owner->shown--;
	fz_object_release(o, owner);
}

struct fz_file *fz_file_new(struct fz_object *object, uint32_t rights)
{
	struct fz_file *file = calloc(1, sizeof(*file));

	*file = (struct fz_file){ .object = object, .rights = rights, .refs = 1 };
	object->files++;
	return file;
}

void fz_file_put(struct fz_oracle *o, struct fz_file *file)
{
	if (--file->refs)
		return;
	file->object->files--;
	fz_object_release(o, file->object);
	free(file);
}

struct fz_window *fz_window_of(struct fz_thread *t, uint64_t window)
{
	return &t->run->oracle->windows[window % FZ_WINDOWS];
}

/* These pages are not mapped any more. */
void fz_window_clear(struct fz_oracle *o, struct fz_window *w, unsigned int first,
		     unsigned int nr)
{
	unsigned int i, left = 0;

	if (!w->object)
		return;
	for (i = 0; i < FZ_WINDOW_PAGES; i++) {
		if (i >= first && i < first + nr && w->prot[i] >= 0) {
			w->prot[i] = -1;
			w->object->pages--;
		}
		left += w->prot[i] >= 0;
	}
	if (left)
		return;
	w->object = NULL;
	fz_file_put(o, w->file);
}

/* The program is over: nothing is mapped, nothing under way. */
void fz_forget(struct fz_run *run)
{
	struct fz_oracle *o = run->oracle;
	unsigned int i;

	for (i = 0; i < FZ_WINDOWS; i++)
		fz_window_clear(o, &o->windows[i], 0, FZ_WINDOW_PAGES);
	for (i = 0; i < o->queued; i++)
		fz_file_put(o, o->queue[i]);
	o->queued = 0;
}

/* What comes of a command */

struct fz_target fz_target(struct fz_thread *t, const struct fz_op *op, unsigned int arg,
			   uint32_t type, uint32_t rights)
{
	struct fz_oracle *o = t->run->oracle;
	struct fz_target target = { .error = EBADF };
	uint32_t value = fz_value(t, op, arg);
	unsigned int i;

	if (value == ZXVMO_HANDLE_VMAR_ROOT_SELF)
		target.error = EMEDIUMTYPE;
	if (value == ZXVMO_HANDLE_PROCESS_SELF)
		target.error = type || !(rights & ~ZXVMO_PROCESS_SELF_RIGHTS) ? EMEDIUMTYPE :
										EACCES;
	for (i = 0; value && i < FZ_SLOTS; i++)
		if (t->run->slots[i] == value)
			target.file = o->files[i];
	if (!value && op->send == FZ_ON_OBJECT && fz_fd(t, op->args[0]) >= 0)
		target.file = o->files[op->args[0] % FZ_SLOTS];
	if (!target.file)
		return target;
	target.error = 0;
	target.object = target.file->object;
	if (type && target.object->type != type)
		target.error = EMEDIUMTYPE;
	else if (rights & ~target.file->rights)
		target.error = EACCES;
	return target;
}

struct fz_target fz_target_any(struct fz_thread *t, const struct fz_op *op, unsigned int arg,
			       uint32_t rights)
{
	const uint32_t root = ZXVMO_DEFAULT_VMAR_RIGHTS | ZXVMO_RIGHTS_IO | ZXVMO_RIGHT_EXECUTE;
	struct fz_target target = fz_target(t, op, arg, 0, rights);

	if (fz_value(t, op, arg) == ZXVMO_HANDLE_VMAR_ROOT_SELF &&
	    (op->send != FZ_ON_OBJECT || fz_fd(t, op->args[0]) < 0))
		target.error = rights & ~root ? EACCES : 0;
	return target;
}

/* What comes of the way a command is sent, 0 if nothing */
int fz_sent(struct fz_thread *t, const struct fz_op *op, bool device_only, bool has_reserved)
{
	switch (op->send) {
	case FZ_DIRTY:
	case FZ_HUGE:
		return E2BIG;
	case FZ_SHORT:
		return EINVAL;
	case FZ_UNMAPPED:
	case FZ_STRADDLE:
		return EFAULT;
	case FZ_NUMBER:
	case FZ_ON_FOREIGN:
		return ENOTTY;
	case FZ_ON_OBJECT:
		if (fz_fd(t, op->args[0]) == t->run->foreign)
			return ENOTTY;
		return device_only && fz_fd(t, op->args[0]) >= 0 ? ENOTTY : 0;
	case FZ_RESERVED:
		return has_reserved ? EINVAL : 0;
	default:
		return 0;
	}
}

/*
 * Compares results; true if the operation took place. With a failure on demand
 * it need not have, nor where memory may be short.
 */
bool fz_agree(struct fz_thread *t, int expected, int seen)
{
	t->refused += seen != 0;
	if (seen == expected)
		return !seen;
	if (t->injected && (seen == ENOMEM || seen == EFAULT || seen == ENOENT ||
			    seen == EMFILE || seen == ENFILE || seen == EAGAIN ||
			    seen == EINTR))
		return false;
	if (!expected && seen == ENOMEM && !t->run->strict)
		return false;
	fz_fail(t, "%s instead of %s", errno_name(seen), errno_name(expected));
	return false;
}

/* After a failed command on handles: which of them are still open? */
void fz_check_open(struct fz_thread *t)
{
	struct fz_oracle *o = t->run->oracle;
	unsigned int i;

	for (i = 0; i < FZ_SLOTS; i++) {
		struct zxvmo_object_get_info info = {
			.size = sizeof(info),
			.handle = t->run->slots[i],
			.topic = ZXVMO_INFO_HANDLE_VALID,
		};

		if (!o->files[i] || !fz_command(t->run->device, ZXVMO_OBJECT_GET_INFO, &info))
			continue;
		t->run->stale = t->run->slots[i];
		t->run->slots[i] = 0;
		fz_file_put(o, o->files[i]);
		o->files[i] = NULL;
	}
}

/* A handle to the object with these rights; 0 if there is none */
static uint32_t handle_to(struct fz_thread *t, struct fz_object *object, uint32_t rights)
{
	struct fz_oracle *o = t->run->oracle;
	unsigned int i;

	for (i = 0; i < FZ_SLOTS; i++)
		if (o->files[i] && o->files[i]->object == object &&
		    !(rights & ~o->files[i]->rights))
			return t->run->slots[i];
	return 0;
}

static int raw_op_range(struct fz_thread *t, uint32_t handle, uint32_t op, uint64_t offset,
			uint64_t length)
{
	return fz_command(t->run->device, ZXVMO_VMO_OP_RANGE, &(struct zxvmo_vmo_op_range){
		.size = sizeof(struct zxvmo_vmo_op_range), .handle = handle, .op = op,
		.offset = offset, .length = length });
}

static int raw_read(struct fz_thread *t, uint32_t handle, void *buffer, uint64_t offset,
		    uint64_t length)
{
	return fz_command(t->run->device, ZXVMO_VMO_READ, &(struct zxvmo_vmo_rw){
		.size = sizeof(struct zxvmo_vmo_rw), .handle = handle,
		.buffer = (uintptr_t)buffer, .offset = offset, .length = length });
}

static uint64_t raw_size(struct fz_thread *t, uint32_t handle, unsigned int command)
{
	uint64_t size = 0;

	fz_command(t->run->device, command, &(struct zxvmo_vmo_get_size){
		.size = sizeof(struct zxvmo_vmo_get_size), .handle = handle,
		.out_size = (uintptr_t)&size });
	return size;
}

/*
 * An operation that changes the range failed on its way: what is there now is
 * unknown, so make it zero, and take over the sizes.
 */
void fz_settle(struct fz_thread *t, struct fz_object *object, uint64_t offset,
	       uint64_t length)
{
	struct vmo_model *v = &object->vmo;
	uint32_t handle = handle_to(t, object, ZXVMO_RIGHT_WRITE);
	uint64_t size, end;

	if (!handle)
		return;
	size = raw_size(t, handle, ZXVMO_VMO_GET_SIZE);
	if (size < vmo_model_size(v))
		vmo_model_op_range(v, ZXVMO_VMO_OP_ZERO, size, vmo_model_size(v) - size);
	v->sizes->size = size;
	v->sizes->stream_size = raw_size(t, handle, ZXVMO_VMO_GET_STREAM_SIZE);
	if (__builtin_add_overflow(offset, length, &end) || end > size)
		end = size;
	end += -end % FZ_PAGE;
	offset -= offset % FZ_PAGE;
	if (offset < end && (raw_op_range(t, handle, ZXVMO_VMO_OP_ZERO, offset, end - offset) ||
			     vmo_model_op_range(v, ZXVMO_VMO_OP_ZERO, offset, end - offset)))
		fz_fail(t, "what was left half done cannot be made zero");
	fz_touch(object);
}

/* Comparison */

void fz_touch(struct fz_object *object)
{
	if (object)
		object->touched = true;
}

static void compare_page(struct fz_thread *t, struct fz_object *object, uint32_t handle,
			 uint64_t index)
{
	static const unsigned char zeros[65536];
	struct fz_oracle *o = t->run->oracle;
	const unsigned char *data = vmo_model_page(&object->vmo, index) ?: zeros;
	int error = raw_read(t, handle, o->page, index * FZ_PAGE, FZ_PAGE);
	uint64_t i;

	if (error) {
		fz_fail(t, "page %#jx cannot be read: %s", (uintmax_t)index, errno_name(error));
		return;
	}
	if (!memcmp(o->page, data, FZ_PAGE))
		return;
	for (i = 0; o->page[i] == data[i]; i++)
		;
	fz_fail(t, "byte %#jx of page %#jx is %#x instead of %#x%s", (uintmax_t)i,
		(uintmax_t)index, o->page[i], data[i], data == zeros ? " (absent)" : "");
}

static void expect(struct fz_thread *t, const char *what, uint64_t expected, uint64_t seen)
{
	if (seen != expected)
		fz_fail(t, "%s %#jx instead of %#jx", what, (uintmax_t)seen, (uintmax_t)expected);
}

/* Each page is divided among those who see it; a slice or a reference has none. */
static void compare_attribution(struct fz_thread *t, const struct fz_object *object,
				const struct zxvmo_info_vmo *info)
{
	uint64_t private = 0, scaled = 0, fraction = 0;
	const struct vmo_model *v = &object->vmo;
	unsigned int i, nr = v->owner == v ? v->nr : 0;

	for (i = 0; i < nr; i++) {
		unsigned int sharers = v->slots[i].page->sharers;

		private += sharers == 1;
		scaled += FZ_PAGE / sharers;
		fraction += FZ_PAGE % sharers * ((1ULL << 63) / sharers);
		if (fraction >> 63) {
			fraction -= 1ULL << 63;
			scaled++;
		}
	}
	expect(t, "committed", nr * FZ_PAGE, info->committed_bytes);
	expect(t, "populated", nr * FZ_PAGE, info->populated_bytes);
	expect(t, "private", private * FZ_PAGE, info->committed_private_bytes);
	expect(t, "scaled", scaled, info->committed_scaled_bytes);
	expect(t, "fraction", fraction, info->committed_fractional_scaled_bytes);
}

static void compare_info(struct fz_thread *t, struct fz_object *object, uint32_t handle)
{
	const struct vmo_model *v = &object->vmo;
	struct zxvmo_info_vmo info = {};
	struct zxvmo_object_get_info get = {
		.size = sizeof(get),
		.handle = handle,
		.topic = ZXVMO_INFO_VMO,
		.buffer = (uintptr_t)&info,
		.buffer_size = sizeof(info),
	};
	uint64_t stream = raw_size(t, handle, ZXVMO_VMO_GET_STREAM_SIZE);
	int error = fz_command(t->run->device, ZXVMO_OBJECT_GET_INFO, &get);

	if (error) {
		fz_fail(t, "no information: %s", errno_name(error));
		return;
	}
	if (!object->koid)
		object->koid = info.koid;
	expect(t, "koid", object->koid, info.koid);
	expect(t, "size", vmo_model_size(v), info.size_bytes);
	expect(t, "stream size", vmo_model_stream_size(v), stream);
	expect(t, "mapped", object->pages > 0, info.num_mappings > 0);
	expect(t, "resizable", v->resizable, !!(info.flags & ZXVMO_INFO_VMO_RESIZABLE));
	expect(t, "discardable", v->discardable, !!(info.flags & ZXVMO_INFO_VMO_DISCARDABLE));
	expect(t, "children", object->children, info.num_children);
	expect(t, "parent", object->parent ? object->parent->koid : 0, info.parent_koid);
	expect(t, "snapshot", object->parent && v->owner == v,
	       !!(info.flags & ZXVMO_INFO_VMO_IS_COW_CLONE));
	if (memcmp(info.name, object->name, sizeof(info.name)))
		fz_fail(t, "the name is %.32s instead of %.32s", info.name, object->name);
	compare_attribution(t, object, &info);
}

static void compare_vmo(struct fz_thread *t, struct fz_object *object)
{
	uint32_t handle = handle_to(t, object, 0);
	uint32_t readable = handle_to(t, object, ZXVMO_RIGHT_READ);
	const struct vmo_model *v = &object->vmo;
	uint64_t index, end = vmo_model_size(v) / FZ_PAGE;
	/* Of very many pages each time some others */
	unsigned int step = 1 + v->owner->nr / 64;
	unsigned int skip = t->run->oracle->comparisons++ % step;

	if (handle)
		compare_info(t, object, handle);
	for (index = 0; readable && vmo_model_next(v, &index) && !t->run->failed; index++) {
		if (skip--)
			continue;
		skip = step - 1;
		compare_page(t, object, readable, index);
		/* and the absent ones beside it */
		if (index && !vmo_model_page(v, index - 1))
			compare_page(t, object, readable, index - 1);
		if (index + 1 < end && !vmo_model_page(v, index + 1))
			compare_page(t, object, readable, index + 1);
	}
}

/* What happens to a VMO must not be seen by its relatives, but where it must. */
static bool is_touched(const struct fz_oracle *o, const struct fz_object *object)
{
	unsigned int i;

	for (i = 0; i < FZ_OBJECTS; i++) {
		const struct fz_object *other = &o->objects[i];

		if (other->touched && (other == object ||
				       (other->vmo.family &&
					other->vmo.family == object->vmo.family)))
			return true;
	}
	return false;
}

void fz_compare(struct fz_thread *t, bool all)
{
	struct fz_oracle *o = t->run->oracle;
	unsigned int i;

	for (i = 0; i < FZ_OBJECTS && !t->run->failed; i++) {
		struct fz_object *object = &o->objects[i];

		if (object->type == ZXVMO_OBJ_TYPE_VMO && (all || is_touched(o, object)))
			compare_vmo(t, object);
	}
	for (i = 0; i < FZ_OBJECTS; i++)
		o->objects[i].touched = false;
}
