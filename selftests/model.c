// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations on a few VMOs and their children, each done at the same time
 * on a plain model in memory. After every step the statuses agree; all VMOs have
 * the size, the relatives and, to the fraction of a byte, the memory of the model;
 * those that were touched, and one more, have the same bytes in each page, and the
 * absent pages beside the touched range read as zero. Now and then everything is
 * compared.
 *
 * See steps.h for how to choose and repeat a run.
 */
#include "mem_test.h"
#include "steps.h"
#include "vmo_model.h"

#define NR_VMOS		7
#define FULL_PAGES	8	/* With more than these a VMO is emptied. */
#define WINDOW_PAGES	6	/* of the mapping a VMO may have */

/* A VMO, which may live longer than its handle: a slice shows its pages. */
struct object {
	struct vmo_model model;
	struct object *parent;
	struct object *owner;	/* of the pages; itself in most cases */
	unsigned int uses;	/* by the handle, and by those that show its pages */
	unsigned int nr_children;
	zx_koid_t koid;
	bool is_snapshot;
	struct object *next;
};

struct vmo {
	zx_handle_t handle;	/* 0: the slot is free */
	struct object *object;
	unsigned char *window;	/* of WINDOW_PAGES pages, or NULL */
	uint64_t window_page;
};

/* Places in pages where a tree, an offset or a length may change its mind */
struct profile {
	unsigned int nr_spots;
	uint64_t spots[10];
};

struct model {
	const struct profile *profile;
	struct vmo vmos[NR_VMOS];
	struct object *objects;	/* all there are */
	uint64_t children;
	uint64_t shared;	/* comparisons with pages that others have, too */
	uint64_t faults;	/* mapped accesses that raised SIGBUS, as they should */
	unsigned char *buffer;	/* WINDOW_PAGES + 1 pages */
	unsigned char *expected;	/* the same */
	unsigned char *zeros;	/* a page of them */
};

/* Comparison */

static void compare_page(struct model *m, struct vmo *v, uint64_t index)
{
	const unsigned char *data = vmo_model_page(&v->object->model, index) ?: m->zeros;
	zx_status_t status = zx_vmo_read(v->handle, m->buffer, index * PAGE, PAGE);
	uint64_t i;

	if (status != ZX_OK)
		fail("VMO %td: page %#jx cannot be read: %s", v - m->vmos, (uintmax_t)index,
		     zt_status_name(status));
	if (!memcmp(m->buffer, data, PAGE))
		return;
	for (i = 0; m->buffer[i] == data[i]; i++)
		;
	fail("VMO %td: byte %#jx of page %#jx is %#x instead of %#x%s", v - m->vmos,
	     (uintmax_t)i, (uintmax_t)index, m->buffer[i], data[i],
	     data == m->zeros ? " (absent)" : "");
}

static void compare_absent(struct model *m, struct vmo *v, uint64_t index)
{
	if (index < vmo_model_size(&v->object->model) / PAGE && !vmo_model_page(&v->object->model, index))
		compare_page(m, v, index);
}

/* What each page adds to the scaled bytes, see struct zxvmo_info_vmo */
static void add_page(zx_info_vmo_t *info, unsigned int sharers)
{
	const uint64_t one = 1ULL << 63;

	info->committed_bytes += PAGE;
	if (sharers == 1)
		info->committed_private_bytes += PAGE;
	info->committed_scaled_bytes += PAGE / sharers;
	info->committed_fractional_scaled_bytes += PAGE % sharers * (one / sharers);
	if (info->committed_fractional_scaled_bytes >= one) {
		info->committed_fractional_scaled_bytes -= one;
		info->committed_scaled_bytes++;
	}
}

#define EXPECTED(field) do {								\
	if (info.field != want.field)							\
		fail("VMO %td: " #field " %#jx instead of %#jx", v - m->vmos,	\
		     (uintmax_t)info.field, (uintmax_t)want.field);			\
} while (0)

/* What the VMO tells of itself */
static void compare_info(struct model *m, struct vmo *v)
{
	struct object *object = v->object;
	zx_info_vmo_t info, want = {
		.koid = object->koid,
		.size_bytes = vmo_model_size(&object->model),
		.parent_koid = object->parent ? object->parent->koid : 0,
		.num_children = object->nr_children,
		.num_mappings = !!v->window,
		.flags = ZX_INFO_VMO_TYPE_PAGED | ZX_INFO_VMO_VIA_HANDLE |
			 (object->model.resizable ? ZX_INFO_VMO_RESIZABLE : 0) |
			 (object->model.discardable ? ZX_INFO_VMO_DISCARDABLE : 0) |
			 (object->is_snapshot && object->parent ? ZX_INFO_VMO_IS_COW_CLONE : 0),
	};
	unsigned int i;

	for (i = 0; i < object->model.nr; i++) {
		add_page(&want, object->model.slots[i].page->sharers);
		m->shared += object->model.slots[i].page->sharers > 1;
	}
	agree(ZX_OK, zx_object_get_info(v->handle, ZX_INFO_VMO, &info, sizeof(info),
					   NULL, NULL));
	EXPECTED(koid);
	EXPECTED(size_bytes);
	EXPECTED(parent_koid);
	EXPECTED(num_children);
	EXPECTED(num_mappings);
	EXPECTED(flags);
	EXPECTED(committed_bytes);
	EXPECTED(committed_private_bytes);
	EXPECTED(committed_scaled_bytes);
	EXPECTED(committed_fractional_scaled_bytes);
	if (object->model.nr && !info.metadata_bytes)
		fail("VMO %td: pages without metadata", v - m->vmos);
}

static void compare(struct model *m, struct vmo *v)
{
	uint64_t index;

	if (!v->handle)
		return;
	compare_info(m, v);
	for (index = 0; vmo_model_next(&v->object->model, &index); index++)
		compare_page(m, v, index);
}

/* With the absent pages at and beside the edges of a range */
static void compare_around(struct model *m, struct vmo *v, uint64_t offset, uint64_t length)
{
	uint64_t first = offset / PAGE, last;

	if (__builtin_add_overflow(offset, length, &last))
		last = vmo_model_size(&v->object->model);
	last /= PAGE;
	compare(m, v);
	compare_absent(m, v, first - 1);
	compare_absent(m, v, first);
	compare_absent(m, v, first + 1);
	if (last > first + 1) {
		compare_absent(m, v, last - 1);
		compare_absent(m, v, last);
	}
	compare_absent(m, v, last + 1);
}

/* Random arguments */

static uint64_t pick_spot(struct model *m, const struct vmo *v)
{
	uint64_t spot = 0;
	int tries;

	/* mostly one inside the VMO */
	for (tries = 0; tries < 4; tries++) {
		spot = m->profile->spots[below(m->profile->nr_spots)];
		if (!v || spot <= vmo_model_size(&v->object->model) / PAGE)
			break;
	}
	return spot;
}

static uint64_t pick_offset(struct model *m, const struct vmo *v)
{
	uint64_t page;

	switch (below(8)) {
	case 0 ... 2:
		page = below(vmo_model_size(&v->object->model) / PAGE < 8 ? vmo_model_size(&v->object->model) / PAGE + 1 : 8);
		break;
	case 3 ... 4:
		page = vmo_model_size(&v->object->model) / PAGE - below(5);
		if (page > MAX_SIZE / PAGE)
			page = 0;
		break;
	default:
		page = pick_spot(m, v) + below(6) - 3;
		if (page > MAX_SIZE / PAGE)
			page = below(3);
		break;
	}
	if (percent(1))
		return rnd();
	switch (below(6)) {
	case 0:
		return page * PAGE + below(PAGE);
	case 1:
		return page * PAGE + 1;
	case 2:
		return page * PAGE + PAGE - 1;
	default:
		return page * PAGE;
	}
}

/* A length of a few pages */
static uint64_t pick_short(void)
{
	switch (below(8)) {
	case 0:
		return 0;
	case 1 ... 2:
		return 1 + below(64);
	case 3 ... 4:
		return below(4 * PAGE);
	default:
		return (1 + below(4)) * PAGE;
	}
}

/* Any length: often up to some other place */
static uint64_t pick_length(struct model *m, const struct vmo *v, uint64_t offset)
{
	uint64_t end;

	if (percent(60))
		return pick_short();
	if (percent(40) && offset <= vmo_model_size(&v->object->model))
		return vmo_model_size(&v->object->model) - offset;
	end = pick_offset(m, v);
	return end > offset ? end - offset : offset - end;
}

static uint64_t pick_size(struct model *m)
{
	uint64_t size;

	switch (below(16)) {
	case 0:
		return percent(50) ? MAX_SIZE + below(PAGE) : UINT64_MAX - below(2 * PAGE);
	case 1:
		return 0;
	case 2 ... 7:
		size = below(20) * PAGE;
		break;
	default:
		size = (pick_spot(m, NULL) + below(8)) * PAGE;
		if (size > MAX_SIZE)
			size = MAX_SIZE;
		break;
	}
	return percent(50) || size == MAX_SIZE ? size : size + below(PAGE);
}

/* Operations */

static void unmap_window(struct vmo *v)
{
	if (!v->window)
		return;
	agree(ZX_OK, zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)v->window,
				      WINDOW_PAGES * PAGE));
	v->window = NULL;
}

static struct object *object_new(void)
{
	struct object *object = calloc(1, sizeof(*object));

	object->owner = object;
	object->uses = 1;
	return object;
}

/* The object has come to be: what the handle tells of it from now on is compared. */
static void object_add(struct model *m, struct object *object, zx_handle_t handle)
{
	zx_info_handle_basic_t basic;

	agree(ZX_OK, zx_object_get_info(handle, ZX_INFO_HANDLE_BASIC, &basic, sizeof(basic),
					   NULL, NULL));
	object->koid = basic.koid;
	object->next = m->objects;
	m->objects = object;
}

/* When the last use is gone its parent takes its children. */
static void object_put(struct model *m, struct object *object)
{
	struct object **link, *child, *owner = object->owner;

	if (--object->uses)
		return;
	for (link = &m->objects; *link != object; link = &(*link)->next)
		;
	*link = object->next;
	for (child = m->objects; child; child = child->next) {
		if (child->parent == object) {
			child->parent = object->parent;
			if (object->parent)
				object->parent->nr_children++;
		}
	}
	if (object->parent)
		object->parent->nr_children--;
	vmo_model_destroy(&object->model);
	if (owner != object)
		object_put(m, owner);
	free(object);
}

static void do_create(struct model *m, struct vmo *v)
{
	static const uint32_t options[] = {
		0, ZX_VMO_RESIZABLE, ZX_VMO_RESIZABLE, ZX_VMO_UNBOUNDED,
		ZX_VMO_DISCARDABLE | ZX_VMO_RESIZABLE,
	};
	uint32_t option = options[below(ARRAY_SIZE(options))];
	uint64_t size = pick_size(m);
	struct object *object = object_new();
	zx_status_t status = vmo_model_create(&object->model, size, option);

	say("VMO %td: create, options %#x, size %#jx", v - m->vmos, option, (uintmax_t)size);
	agree(status, zx_vmo_create(size, option, &v->handle));
	if (status != ZX_OK) {
		free(object);
		return;
	}
	v->object = object;
	object_add(m, object, v->handle);
	compare(m, v);
}

static zx_status_t model_create_child(struct object *child, struct object *parent,
				      uint32_t options, uint64_t offset, uint64_t size)
{
	zx_status_t status = vmo_model_check_child(options, size);

	if (status != ZX_OK)
		return status;
	/* a handle has RESIZE if its VMO is resizable */
	if ((options & ZX_VMO_CHILD_REFERENCE) && (options & ZX_VMO_CHILD_RESIZABLE) &&
	    !parent->model.resizable)
		return ZX_ERR_ACCESS_DENIED;
	return vmo_model_create_child(&child->model, &parent->model, options, offset, size);
}

static void do_child(struct model *m, struct vmo *v)
{
	static const uint32_t kinds[] = {
		ZX_VMO_CHILD_SNAPSHOT, ZX_VMO_CHILD_SNAPSHOT, ZX_VMO_CHILD_SNAPSHOT,
		ZX_VMO_CHILD_SNAPSHOT_AT_LEAST_ON_WRITE, ZX_VMO_CHILD_SNAPSHOT_MODIFIED,
		ZX_VMO_CHILD_SLICE, ZX_VMO_CHILD_REFERENCE,
	};
	uint32_t options = kinds[below(ARRAY_SIZE(kinds))];
	struct vmo *of = &m->vmos[below(NR_VMOS)];
	uint64_t offset, size;
	struct object *child;
	zx_status_t status;

	if (!of->handle) {
		do_create(m, v);
		return;
	}
	if (percent(options == ZX_VMO_CHILD_SLICE ? 5 : 50))
		options |= ZX_VMO_CHILD_RESIZABLE;
	offset = pick_offset(m, of);
	if (percent(95))
		offset -= offset % PAGE;
	if (percent(60))
		offset = 0;
	size = vmo_model_size(&of->object->model);
	if (percent(50))
		size = percent(50) ? pick_size(m) : pick_length(m, of, offset);
	if ((options & ZX_VMO_CHILD_REFERENCE) && percent(90)) {
		offset = 0;
		size = 0;
	}
	child = object_new();
	status = model_create_child(child, of->object, options, offset, size);
	say("VMO %td: child of VMO %td, options %#x, %#jx, %#jx", v - m->vmos, of - m->vmos,
	    options, (uintmax_t)offset, (uintmax_t)size);
	agree(status, zx_vmo_create_child(of->handle, options, offset, size, &v->handle));
	if (status != ZX_OK) {
		free(child);
		return;
	}
	m->children++;
	child->parent = of->object;
	child->parent->nr_children++;
	child->is_snapshot = !(options & (ZX_VMO_CHILD_SLICE | ZX_VMO_CHILD_REFERENCE));
	if (!child->is_snapshot) {
		child->owner = of->object->owner;
		child->owner->uses++;
	}
	v->object = child;
	object_add(m, child, v->handle);
	compare(m, v);
	compare(m, of);
}

/* The window sees the VMO until it is unmapped, handle or not. */
static void do_close(struct model *m, struct vmo *v)
{
	uint64_t i;

	say("VMO %td: close", v - m->vmos);
	agree(ZX_OK, zx_handle_close(v->handle));
	v->handle = ZX_HANDLE_INVALID;
	for (i = v->window_page; v->window && i < v->window_page + WINDOW_PAGES; i++) {
		if (i >= vmo_model_size(&v->object->model) / PAGE)
			break;
		if (memcmp(v->window + (i - v->window_page) * PAGE,
			   vmo_model_page(&v->object->model, i) ?: m->zeros, PAGE))
			fail("page %#jx differs in the mapping of a closed VMO", (uintmax_t)i);
	}
	unmap_window(v);
	object_put(m, v->object);
	v->object = NULL;
}

/* Another handle takes the place of the one there was. */
static void do_replace(struct model *m, struct vmo *v)
{
	zx_handle_t old = v->handle;

	say("VMO %td: duplicate and close", v - m->vmos);
	agree(ZX_OK, zx_handle_duplicate(old, ZX_RIGHT_SAME_RIGHTS, &v->handle));
	agree(ZX_OK, zx_handle_close(old));
	compare(m, v);
}

static void random_bytes(unsigned char *p, uint64_t length)
{
	uint64_t i;

	memset(p, percent(10) ? 0 : rnd(), length);
	for (i = 0; length && i < 4; i++)
		p[below(length)] = rnd();
}

static void do_write(struct model *m, struct vmo *v)
{
	uint64_t offset = pick_offset(m, v), length = pick_short();

	say("VMO %td: write %#jx, %#jx", v - m->vmos, (uintmax_t)offset, (uintmax_t)length);
	random_bytes(m->buffer, length);
	agree(vmo_model_write(&v->object->model, m->buffer, offset, length),
	      zx_vmo_write(v->handle, m->buffer, offset, length));
	compare_around(m, v, offset, length);
}

static void do_read(struct model *m, struct vmo *v)
{
	uint64_t offset = pick_offset(m, v), length = pick_short();
	zx_status_t status = vmo_model_read(&v->object->model, m->expected, offset, length);

	say("VMO %td: read %#jx, %#jx", v - m->vmos, (uintmax_t)offset, (uintmax_t)length);
	memset(m->buffer, 0x5a, length + 1);
	agree(status, zx_vmo_read(v->handle, m->buffer, offset, length));
	if (status == ZX_OK && memcmp(m->buffer, m->expected, length))
		fail("other bytes were read");
	if (m->buffer[length] != 0x5a)
		fail("too much was read");
	compare(m, v);
}

static void do_op_range(struct model *m, struct vmo *v)
{
	static const struct {
		uint32_t op;
		const char *name;
	} ops[] = {
		{ ZX_VMO_OP_ZERO, "ZERO" }, { ZX_VMO_OP_ZERO, "ZERO" },
		{ ZX_VMO_OP_COMMIT, "COMMIT" }, { ZX_VMO_OP_COMMIT, "COMMIT" },
		{ ZX_VMO_OP_DECOMMIT, "DECOMMIT" }, { ZX_VMO_OP_DECOMMIT, "DECOMMIT" },
		{ ZX_VMO_OP_PREFETCH, "PREFETCH" }, { ZX_VMO_OP_ALWAYS_NEED, "ALWAYS_NEED" },
		{ ZX_VMO_OP_CACHE_SYNC, "CACHE_SYNC" },
	};
	unsigned int i = below(ARRAY_SIZE(ops));
	const uint32_t op = ops[i].op;
	uint64_t offset = pick_offset(m, v), length;

	length = op == ZX_VMO_OP_COMMIT ? pick_short() : pick_length(m, v, offset);
	if (op == ZX_VMO_OP_DECOMMIT && percent(80)) {
		offset -= offset % PAGE;
		length -= length % PAGE;
	}
	say("VMO %td: %s %#jx, %#jx", v - m->vmos, ops[i].name, (uintmax_t)offset,
	    (uintmax_t)length);
	agree(vmo_model_op_range(&v->object->model, op, offset, length),
	      zx_vmo_op_range(v->handle, op, offset, length, NULL, 0));
	compare_around(m, v, offset, length);
}

/* LOCK, TRY_LOCK, UNLOCK, sometimes with memory reclaimed once it is unlocked */
static void do_lock(struct model *m, struct vmo *v)
{
	static const uint32_t ops[] = { ZX_VMO_OP_LOCK, ZX_VMO_OP_TRY_LOCK, ZX_VMO_OP_UNLOCK };
	uint32_t op = ops[below(ARRAY_SIZE(ops))];
	struct vmo_model *model = &v->object->model;
	uint64_t length = vmo_model_size(model) - percent(5) * PAGE;
	zx_vmo_lock_state_t state = {};

	say("VMO %td: lock operation %u, %#jx", v - m->vmos, op, (uintmax_t)length);
	agree(vmo_model_op_range(model, op, 0, length),
	      zx_vmo_op_range(v->handle, op, 0, length, &state, sizeof(state)));
	if (state.discarded_size)
		fail("a VMO that was locked is discarded");
	if (model->reclaimable) {
		if (percent(10))
			write_text("/proc/sys/vm/drop_caches", "2");
		agree(ZX_OK, zx_vmo_op_range(v->handle, ZX_VMO_OP_LOCK, 0,
						vmo_model_size(model), &state, sizeof(state)));
		vmo_model_relock(model, state.discarded_size);
	}
	compare(m, v);
}

static void do_set_size(struct model *m, struct vmo *v)
{
	uint64_t size = pick_size(m);

	say("VMO %td: set size %#jx", v - m->vmos, (uintmax_t)size);
	agree(vmo_model_set_size(&v->object->model, size), zx_vmo_set_size(v->handle, size));
	compare_around(m, v, size, 0);
}

/* The property does the same but has no limit. */
static void do_set_stream_size(struct model *m, struct vmo *v)
{
	uint64_t size = percent(20) ? vmo_model_stream_size(&v->object->model) : pick_offset(m, v);
	bool property = percent(30);
	uint64_t seen;

	say("VMO %td: set %s %#jx", v - m->vmos, property ? "content size" : "stream size",
	    (uintmax_t)size);
	agree(vmo_model_set_stream_size(&v->object->model, size, property),
	      property ? zx_object_set_property(v->handle, ZX_PROP_VMO_CONTENT_SIZE, &size,
						sizeof(size)) :
			 zx_vmo_set_stream_size(v->handle, size));
	agree(ZX_OK, zx_vmo_get_stream_size(v->handle, &seen));
	if (seen != vmo_model_stream_size(&v->object->model))
		fail("stream size %#jx instead of %#jx", (uintmax_t)seen,
		     (uintmax_t)vmo_model_stream_size(&v->object->model));
	compare_around(m, v, size, 0);
}

/* Between two VMOs or within one, where the ranges often overlap */
static void do_transfer(struct model *m, struct vmo *dst)
{
	struct vmo *src = percent(50) ? dst : &m->vmos[below(NR_VMOS)];
	uint64_t offset = pick_offset(m, dst), src_offset, length;

	if (!src->handle || src->object->model.nr > FULL_PAGES)
		src = dst;
	src_offset = percent(30) ? offset + (below(9) - 4) * PAGE : pick_offset(m, src);
	length = pick_length(m, src, src_offset);
	if (percent(95)) {
		offset -= offset % PAGE;
		src_offset -= src_offset % PAGE;
		length -= length % PAGE;
	}
	say("VMO %td: take %#jx, %#jx from VMO %td, %#jx", dst - m->vmos, (uintmax_t)offset,
	    (uintmax_t)length, src - m->vmos, (uintmax_t)src_offset);
	agree(vmo_model_transfer(&dst->object->model, offset, length, &src->object->model, src_offset),
	      zx_vmo_transfer_data(dst->handle, 0, offset, length, src->handle, src_offset));
	compare_around(m, dst, offset, length);
	compare_around(m, src, src_offset, length);
}

/* mmap reaches the first 2^63 - 1 bytes only. */
static void do_map(struct model *m, struct vmo *v)
{
	uint64_t page = pick_offset(m, v) / PAGE, offset = v->object->model.offset / PAGE;
	const uint64_t last = (1ULL << 63) / PAGE - WINDOW_PAGES - 1;
	zx_vaddr_t addr;

	/* counted from the start of the owner */
	if (page + offset > last)
		page = below(8);
	if (page + offset > last)
		return;
	say("VMO %td: map from page %#jx", v - m->vmos, (uintmax_t)page);
	unmap_window(v);
	agree(ZX_OK, zx_vmar_map(zx_vmar_root_self(),
				    ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_ALLOW_FAULTS, 0,
				    v->handle, page * PAGE, WINDOW_PAGES * PAGE, &addr));
	v->window = (unsigned char *)addr;
	v->window_page = page;
	compare(m, v);
}

static void do_mapped_access(struct model *m, struct vmo *v, bool write)
{
	uint64_t window = v->window_page * PAGE;
	uint64_t from = below(WINDOW_PAGES * PAGE), length = pick_short(), end;
	int signal;

	if (percent(30))
		from -= from % PAGE;
	if (from + length > WINDOW_PAGES * PAGE)
		length = WINDOW_PAGES * PAGE - from;
	say("VMO %td: %s mapped %#jx, %#jx", v - m->vmos, write ? "write" : "read",
	    (uintmax_t)(window + from), (uintmax_t)length);

	end = vmo_model_size(&v->object->model) > window ? vmo_model_size(&v->object->model) - window : 0;	/* in the window */
	if (from >= end) {
		signal = write ? zt_store(v->window + from, 1).signal :
				 zt_load(v->window + from).signal;
		if (signal != SIGBUS)
			fail("signal %d past the end", signal);
		m->faults++;
		compare(m, v);
		return;
	}
	if (from + length > end)
		length = end - from;
	if (write) {
		random_bytes(m->buffer, length);
		memcpy(v->window + from, m->buffer, length);
		vmo_model_write(&v->object->model, m->buffer, window + from, length);
	} else {
		vmo_model_read(&v->object->model, m->expected, window + from, length);
		if (memcmp(v->window + from, m->expected, length))
			fail("other bytes are mapped");
	}
	compare_around(m, v, window + from, length);
}

/* A VMO that has become too large starts anew. */
static void do_empty(struct model *m, struct vmo *v)
{
	say("VMO %td: ZERO all of it", v - m->vmos);
	agree(vmo_model_op_range(&v->object->model, ZX_VMO_OP_ZERO, 0, vmo_model_size(&v->object->model)),
	      zx_vmo_op_range(v->handle, ZX_VMO_OP_ZERO, 0, vmo_model_size(&v->object->model), NULL, 0));
	compare_around(m, v, 0, vmo_model_size(&v->object->model));
}

static void step(struct model *m)
{
	struct vmo *v = &m->vmos[below(NR_VMOS)];
	unsigned int i, dice = below(100);

	if (!v->handle && dice < 30)
		do_create(m, v);
	else if (!v->handle)
		do_child(m, v);
	else if (v->object->owner->model.nr > FULL_PAGES && dice < 90)
		do_empty(m, v);
	else if (dice < 22)
		do_write(m, v);
	else if (dice < 28)
		do_read(m, v);
	else if (dice < 49)
		do_op_range(m, v);
	else if (dice < 52)
		do_lock(m, v);
	else if (dice < 58)
		do_set_size(m, v);
	else if (dice < 61)
		do_set_stream_size(m, v);
	else if (dice < 75)
		do_transfer(m, v);
	else if (dice < 78 || (dice < 94 && !v->window))
		do_map(m, v);
	else if (dice < 89)
		do_mapped_access(m, v, true);
	else if (dice < 94)
		do_mapped_access(m, v, false);
	else if (dice < 95)
		do_replace(m, v);
	else
		do_close(m, v);
	/* None but the touched ones may look different. */
	for (i = 0; i < NR_VMOS; i++)
		if (m->vmos[i].handle)
			compare_info(m, &m->vmos[i]);
	compare(m, &m->vmos[below(NR_VMOS)]);
	if (steps.step % 64 == 63)
		for (i = 0; i < NR_VMOS; i++)
			compare(m, &m->vmos[i]);
}

FIXTURE(model) {
};

FIXTURE_VARIANT(model) {
	const char *name;
	uint64_t seed;
	struct profile profile;
};

/* A few pages, most of them shared by several steps */
FIXTURE_VARIANT_ADD(model, small) { "small", 1, { 1, { 0 } } };
/* About leaves and the node above them */
FIXTURE_VARIANT_ADD(model, leaves) {
	"leaves", 2, { 6, { 0, 511, 512, 1024, 512 * 511, 512 * 512 } },
};
/* Every level up to the end of the largest VMO, and where signs change */
FIXTURE_VARIANT_ADD(model, sparse) {
	"sparse", 3, {
		10, {
			0, 512, 1ULL << 18, 1ULL << 20, 1ULL << 27, 1ULL << 36, 1ULL << 45,
			1ULL << 51, (1ULL << 51) + (1ULL << 45), (1ULL << 52) - 32,
		},
	},
};
/* The largest VMOs, near their end and beyond what loff_t can tell */
FIXTURE_VARIANT_ADD(model, end) {
	"end", 4, { 4, { (1ULL << 52) - 32, (1ULL << 52) - 512, 1ULL << 51, 1ULL << 49 } },
};

FIXTURE_SETUP(model)
{
}

FIXTURE_TEARDOWN(model)
{
}

TEST_F_TIMEOUT(model, agrees, 600)
{
	struct model *m = calloc(1, sizeof(*m));
	unsigned int i;

	ASSERT_NE(NULL, m);
	m->profile = &variant->profile;
	steps_begin(_metadata, variant->name, variant->seed, 50000, 2000);
	m->buffer = malloc((WINDOW_PAGES + 1) * PAGE);
	m->expected = malloc((WINDOW_PAGES + 1) * PAGE);
	m->zeros = calloc(1, PAGE);
	ASSERT_TRUE(m->buffer && m->expected && m->zeros);
	for (steps.step = 0; steps.step < steps.nr; steps.step++) {
		step(m);
		if (steps.step % 1024 == 1023)
			ASSERT_ERRNO(0, zt_check());
	}
	TH_LOG("seed %ju: %ju steps, %ju refused, %ju faults past the end, %ju children, %ju shared pages",
	       (uintmax_t)steps.seed, (uintmax_t)steps.nr, (uintmax_t)steps.refused, (uintmax_t)m->faults,
	       (uintmax_t)m->children, (uintmax_t)m->shared);
	for (i = 0; i < NR_VMOS; i++)
		if (m->vmos[i].handle)
			do_close(m, &m->vmos[i]);
	/* A run that never meets an end has not tried. */
	if (steps.nr >= 10000) {
		EXPECT_LT(steps.nr / 50, steps.refused);
		EXPECT_LT(steps.nr / 2000, m->faults);
		EXPECT_LT(steps.nr / 200, m->children);
		EXPECT_LT(steps.nr / 10, m->shared);
	}
}

TEST_HARNESS_MAIN
