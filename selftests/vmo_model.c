// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model of vmo_model.h.
 */
#include "vmo_model.h"

#include <stdlib.h>
#include <string.h>

#include <zircon/process.h>
#include <zircon/syscalls.h>

#include <zxvmo.h>

#define PAGE		((uint64_t)zx_system_get_page_size())
#define MAX_SIZE	((uint64_t)ZXVMO_VMO_MAX_SIZE)

static bool round_up(uint64_t size, uint64_t *rounded)
{
	if (__builtin_add_overflow(size, PAGE - 1, rounded))
		return false;
	*rounded -= *rounded % PAGE;
	return true;
}

static void *need_memory(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* Pages */

static struct vmo_page *page_new(void)
{
	struct vmo_page *page = need_memory(calloc(1, sizeof(*page) + PAGE));

	page->sharers = 1;
	return page;
}

static void page_put(struct vmo_page *page)
{
	if (!--page->sharers)
		free(page);
}

/* Place of the first page from @index on */
static unsigned int find(const struct vmo_model *v, uint64_t index)
{
	unsigned int low = 0, high = v->nr, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (v->slots[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct vmo_slot *lookup(const struct vmo_model *v, uint64_t index)
{
	unsigned int at = find(v, index);

	return at < v->nr && v->slots[at].index == index ? &v->slots[at] : NULL;
}

static void insert(struct vmo_model *v, uint64_t index, struct vmo_page *page)
{
	unsigned int at = find(v, index);

	if (v->nr == v->room) {
		v->room = v->room ? 2 * v->room : 16;
		v->slots = need_memory(realloc(v->slots, v->room * sizeof(*v->slots)));
	}
	memmove(v->slots + at + 1, v->slots + at, (v->nr - at) * sizeof(*v->slots));
	v->slots[at] = (struct vmo_slot){ index, page };
	v->nr++;
}

/* The page for writing: made if it is absent, copied if it is shared */
static unsigned char *need(struct vmo_model *v, uint64_t index)
{
	struct vmo_slot *slot = lookup(v, index);
	struct vmo_page *page;

	if (slot && slot->page->sharers == 1)
		return slot->page->data;
	page = page_new();
	if (!slot) {
		insert(v, index, page);
	} else {
		memcpy(page->data, slot->page->data, PAGE);
		page_put(slot->page);
		slot->page = page;
	}
	return page->data;
}

/* Takes the pages from @first up to @end out; the caller frees the array. */
static struct vmo_slot *take(struct vmo_model *v, uint64_t first, uint64_t end,
			     unsigned int *nr)
{
	unsigned int low = find(v, first), high = find(v, end);
	struct vmo_slot *taken;

	*nr = high - low;
	taken = need_memory(malloc(*nr * sizeof(*taken) + 1));
	memcpy(taken, v->slots + low, *nr * sizeof(*taken));
	memmove(v->slots + low, v->slots + high, (v->nr - high) * sizeof(*taken));
	v->nr -= *nr;
	return taken;
}

static void drop(struct vmo_model *v, uint64_t first, uint64_t end)
{
	unsigned int nr;
	struct vmo_slot *taken;

	if (!v->nr)
		return;
	taken = take(v, first, end, &nr);
	while (nr--)
		page_put(taken[nr].page);
	free(taken);
}

static void zero_in_page(struct vmo_model *v, uint64_t offset, uint64_t length)
{
	if (length && lookup(v, offset / PAGE))
		memset(need(v, offset / PAGE) + offset % PAGE, 0, length);
}

static void zero(struct vmo_model *v, uint64_t offset, uint64_t length)
{
	uint64_t end, head, tail;

	offset += v->offset;
	v = v->owner;
	end = offset + length;
	head = -offset % PAGE;
	tail = end % PAGE;
	if (offset / PAGE == end / PAGE) {
		zero_in_page(v, offset, length);
		return;
	}
	zero_in_page(v, offset, head);
	zero_in_page(v, end - tail, tail);
	drop(v, (offset + head) / PAGE, end / PAGE);
}

const unsigned char *vmo_model_page(const struct vmo_model *v, uint64_t index)
{
	struct vmo_slot *slot = lookup(v->owner, index + v->offset / PAGE);

	return slot ? slot->page->data : NULL;
}

const struct vmo_slot *vmo_model_next(const struct vmo_model *v, uint64_t *index)
{
	uint64_t first = v->offset / PAGE;
	unsigned int at = find(v->owner, *index + first);

	if (at == v->owner->nr || v->owner->slots[at].index - first >= vmo_model_size(v) / PAGE)
		return NULL;
	*index = v->owner->slots[at].index - first;
	return &v->owner->slots[at];
}

bool vmo_model_in_range(const struct vmo_model *v, uint64_t offset, uint64_t length)
{
	return offset <= vmo_model_size(v) && length <= vmo_model_size(v) - offset;
}

/* Life */

zx_status_t vmo_model_create(struct vmo_model *v, uint64_t size, uint32_t options)
{
	uint64_t rounded = MAX_SIZE;

	if ((options & ZX_VMO_RESIZABLE) && (options & ZX_VMO_UNBOUNDED))
		return ZX_ERR_INVALID_ARGS;
	if (!(options & ZX_VMO_UNBOUNDED) && !round_up(size, &rounded))
		return ZX_ERR_OUT_OF_RANGE;
	if (options & ~(ZX_VMO_RESIZABLE | ZX_VMO_UNBOUNDED | ZX_VMO_DISCARDABLE))
		return ZX_ERR_INVALID_ARGS;
	if (size > MAX_SIZE)
		return ZX_ERR_OUT_OF_RANGE;
	*v = (struct vmo_model){
		.owner = v,
		.sizes = v,
		.resizable = options & ZX_VMO_RESIZABLE,
		.discardable = options & ZX_VMO_DISCARDABLE,
		.size = rounded,
		.stream_size = size,
	};
	return ZX_OK;
}

zx_status_t vmo_model_check_child(uint32_t options, uint64_t size)
{
	uint64_t rounded;

	if (!round_up(size, &rounded))
		return ZX_ERR_OUT_OF_RANGE;
	return (options & ZX_VMO_CHILD_NO_WRITE) && (options & ZX_VMO_CHILD_RESIZABLE) ?
	       ZX_ERR_INVALID_ARGS : ZX_OK;
}

static zx_status_t create_slice(struct vmo_model *v, struct vmo_model *parent,
				uint64_t offset, uint64_t size)
{
	if (offset % PAGE)
		return ZX_ERR_INVALID_ARGS;
	if (v->size > MAX_SIZE)
		return ZX_ERR_OUT_OF_RANGE;
	if (!vmo_model_in_range(parent, offset, v->size))
		return ZX_ERR_INVALID_ARGS;
	if (parent->owner->resizable)
		return ZX_ERR_NOT_SUPPORTED;
	v->owner = parent->owner;
	v->offset = parent->offset + offset;
	v->stream_size = size;
	v->is_slice = true;
	return ZX_OK;
}

static zx_status_t create_reference(struct vmo_model *v, struct vmo_model *parent,
				    uint64_t offset, uint64_t size)
{
	if (offset || size)
		return ZX_ERR_INVALID_ARGS;
	if (parent->is_slice || (v->resizable && !parent->resizable))
		return ZX_ERR_NOT_SUPPORTED;
	v->owner = parent->owner;
	v->sizes = parent->sizes;
	return ZX_OK;
}

static zx_status_t create_snapshot(struct vmo_model *v, struct vmo_model *parent,
				   uint64_t offset)
{
	uint64_t base = parent->owner->base + parent->offset, end, index = offset / PAGE;
	const struct vmo_slot *slot;

	if (offset % PAGE)
		return ZX_ERR_INVALID_ARGS;
	if (v->size > MAX_SIZE || __builtin_add_overflow(offset, v->size, &end))
		return ZX_ERR_OUT_OF_RANGE;
	if (__builtin_add_overflow(base, offset, &base) ||
	    __builtin_add_overflow(base, v->size, &end))
		return ZX_ERR_INVALID_ARGS;
	if (parent->is_slice)
		return ZX_ERR_NOT_SUPPORTED;
	v->base = base;
	for (; (slot = vmo_model_next(parent, &index)); index++) {
		if (index - offset / PAGE >= v->size / PAGE)
			break;
		slot->page->sharers++;
		insert(v, index - offset / PAGE, slot->page);
	}
	return ZX_OK;
}

static zx_status_t create_kind(struct vmo_model *v, struct vmo_model *parent,
			       uint32_t options, uint64_t offset, uint64_t size)
{
	uint32_t kind = options & ~ZX_VMO_CHILD_NO_WRITE;
	bool resizable = kind & ZX_VMO_CHILD_RESIZABLE;

	*v = (struct vmo_model){
		.owner = v,
		.sizes = v,
		.resizable = resizable,
		.size = (size + PAGE - 1) / PAGE * PAGE,
		.stream_size = size,
	};
	if (parent->discardable)
		return ZX_ERR_NOT_SUPPORTED;
	if (kind & ZX_VMO_CHILD_SLICE)
		return kind == ZX_VMO_CHILD_SLICE ? create_slice(v, parent, offset, size) :
						    ZX_ERR_INVALID_ARGS;
	kind &= ~ZX_VMO_CHILD_RESIZABLE;
	if (kind & ZX_VMO_CHILD_REFERENCE)
		return kind == ZX_VMO_CHILD_REFERENCE ?
		       create_reference(v, parent, offset, size) : ZX_ERR_INVALID_ARGS;
	if (kind != ZX_VMO_CHILD_SNAPSHOT && kind != ZX_VMO_CHILD_SNAPSHOT_AT_LEAST_ON_WRITE &&
	    kind != ZX_VMO_CHILD_SNAPSHOT_MODIFIED)
		return ZX_ERR_INVALID_ARGS;
	return create_snapshot(v, parent, offset);
}

zx_status_t vmo_model_create_child(struct vmo_model *v, struct vmo_model *parent,
				   uint32_t options, uint64_t offset, uint64_t size)
{
	zx_status_t status = create_kind(v, parent, options, offset, size);

	if (status != ZX_OK)
		return status;
	if (!parent->family) {
		parent->family = need_memory(malloc(sizeof(*parent->family)));
		*parent->family = (struct vmo_family){ .members = 1, .owners = 1 };
	}
	v->family = parent->family;
	v->family->members++;
	v->family->owners += v->owner == v;
	return ZX_OK;
}


void vmo_model_destroy(struct vmo_model *v)
{
	drop(v, 0, UINT64_MAX);
	free(v->slots);
	if (v->family) {
		v->family->owners -= v->owner == v;
		if (!--v->family->members)
			free(v->family);
	}
	*v = (struct vmo_model){};
}

/* Operations */

zx_status_t vmo_model_read(const struct vmo_model *v, void *to, uint64_t offset,
			   uint64_t length)
{
	uint64_t done, n;

	if (!vmo_model_in_range(v, offset, length))
		return ZX_ERR_OUT_OF_RANGE;
	for (done = 0; done < length; done += n, offset += n) {
		const unsigned char *data = vmo_model_page(v, offset / PAGE);

		n = PAGE - offset % PAGE;
		if (n > length - done)
			n = length - done;
		if (data)
			memcpy((char *)to + done, data + offset % PAGE, n);
		else
			memset((char *)to + done, 0, n);
	}
	return ZX_OK;
}

zx_status_t vmo_model_write(struct vmo_model *v, const void *from, uint64_t offset,
			    uint64_t length)
{
	uint64_t done, n;

	if (!vmo_model_in_range(v, offset, length))
		return ZX_ERR_OUT_OF_RANGE;
	for (done = 0; done < length; done += n, offset += n) {
		n = PAGE - offset % PAGE;
		if (n > length - done)
			n = length - done;
		memcpy(need(v->owner, (v->offset + offset) / PAGE) + offset % PAGE,
		       (const char *)from + done, n);
	}
	return ZX_OK;
}

static zx_status_t lock_op(struct vmo_model *v, uint32_t op, uint64_t offset, uint64_t length)
{
	if (!v->discardable)
		return ZX_ERR_NOT_SUPPORTED;
	if (offset || length != v->size)
		return ZX_ERR_OUT_OF_RANGE;
	if (op != ZX_VMO_OP_UNLOCK) {
		v->locks++;
		return ZX_OK;
	}
	if (!v->locks)
		return ZX_ERR_BAD_STATE;
	v->reclaimable = !--v->locks;
	return ZX_OK;
}

void vmo_model_relock(struct vmo_model *v, uint64_t discarded_size)
{
	if (discarded_size)
		drop(v, 0, UINT64_MAX);
	v->reclaimable = false;
	v->locks++;
}

zx_status_t vmo_model_op_range(struct vmo_model *v, uint32_t op, uint64_t offset,
			       uint64_t length)
{
	bool fits = vmo_model_in_range(v, offset, length);
	uint64_t index;

	switch (op) {
	case ZX_VMO_OP_COMMIT:
		if (!fits)
			return ZX_ERR_OUT_OF_RANGE;
		for (index = offset / PAGE; index < (offset + length + PAGE - 1) / PAGE; index++)
			need(v->owner, index + v->offset / PAGE);
		return ZX_OK;
	case ZX_VMO_OP_DECOMMIT:
		if (!fits)
			return ZX_ERR_OUT_OF_RANGE;
		if (!length)
			return ZX_OK;
		if (v->family && v->family->owners > 1)
			return ZX_ERR_NOT_SUPPORTED;
		if ((offset | length) % PAGE)
			return ZX_ERR_INVALID_ARGS;
		zero(v, offset, length);
		return ZX_OK;
	case ZX_VMO_OP_ZERO:
		if (!length)
			return ZX_OK;
		if (!fits)
			return ZX_ERR_OUT_OF_RANGE;
		zero(v, offset, length);
		return ZX_OK;
	case ZX_VMO_OP_CACHE_SYNC:
	case ZX_VMO_OP_CACHE_CLEAN:
	case ZX_VMO_OP_CACHE_CLEAN_INVALIDATE:
		if (!length)
			return ZX_ERR_INVALID_ARGS;
		return fits ? ZX_OK : ZX_ERR_OUT_OF_RANGE;
	case ZX_VMO_OP_PREFETCH:
		return fits ? ZX_OK : ZX_ERR_OUT_OF_RANGE;
	case ZX_VMO_OP_DONT_NEED:
	case ZX_VMO_OP_ALWAYS_NEED:
		return ZX_OK;
	case ZX_VMO_OP_LOCK:
	case ZX_VMO_OP_TRY_LOCK:
	case ZX_VMO_OP_UNLOCK:
		return lock_op(v, op, offset, length);
	case ZX_VMO_OP_CACHE_INVALIDATE:	/* switched off */
		return ZX_ERR_NOT_SUPPORTED;
	default:
		return ZX_ERR_INVALID_ARGS;
	}
}

zx_status_t vmo_model_set_size(struct vmo_model *v, uint64_t size)
{
	uint64_t rounded;

	if (!round_up(size, &rounded))
		return ZX_ERR_OUT_OF_RANGE;
	if (!v->resizable)
		return ZX_ERR_UNAVAILABLE;
	if (size > MAX_SIZE)
		return ZX_ERR_OUT_OF_RANGE;
	v = v->sizes;
	if (v->base + rounded < rounded)
		return ZX_ERR_INVALID_ARGS;
	drop(v, rounded / PAGE, UINT64_MAX);
	zero_in_page(v, size, rounded - size);
	v->size = rounded;
	v->stream_size = size;
	return ZX_OK;
}

bool vmo_model_grow(struct vmo_model *v, uint64_t end)
{
	uint64_t size = end + -end % PAGE;

	if (size <= vmo_model_size(v))
		return true;
	if (!v->resizable || v->sizes->base + size < size)
		return false;
	v->sizes->size = size;
	return true;
}

zx_status_t vmo_model_set_stream_size(struct vmo_model *v, uint64_t size, bool property)
{
	struct vmo_model *sizes = v->sizes;
	uint64_t from = size < sizes->stream_size ? size : sizes->stream_size;

	if (!property && size > sizes->size)
		return ZX_ERR_OUT_OF_RANGE;
	if (size != sizes->stream_size && from < sizes->size)
		zero(v, from, sizes->size - from);
	sizes->stream_size = size;
	return ZX_OK;
}

/* What is shared stays with those who share it; the destination gets a copy. */
zx_status_t vmo_model_transfer(struct vmo_model *dst, uint64_t offset, uint64_t length,
			       struct vmo_model *src, uint64_t src_offset)
{
	uint64_t src_first = (src->offset + src_offset) / PAGE;
	uint64_t first = (dst->offset + offset) / PAGE;
	struct vmo_slot *taken;
	struct vmo_page *page;
	unsigned int i, nr;

	if ((offset | length | src_offset) % PAGE)
		return ZX_ERR_INVALID_ARGS;
	if (src == dst && offset == src_offset)
		return ZX_OK; /* not looked at */
	if (!vmo_model_in_range(src, src_offset, length) ||
	    !vmo_model_in_range(dst, offset, length))
		return ZX_ERR_OUT_OF_RANGE;
	if (src->owner == dst->owner && first == src_first)
		return ZX_OK;
	taken = take(src->owner, src_first, src_first + length / PAGE, &nr);
	drop(dst->owner, first, first + length / PAGE);
	for (i = 0; i < nr; i++) {
		page = taken[i].page;
		if (page->sharers > 1) {
			page = page_new();
			memcpy(page->data, taken[i].page->data, PAGE);
			page_put(taken[i].page);
		}
		insert(dst->owner, taken[i].index - src_first + first, page);
	}
	free(taken);
	return ZX_OK;
}
