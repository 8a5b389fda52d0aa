/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A plain model of VMOs in memory: what each operation returns and what the
 * VMO is afterwards. Handles, rights and user addresses are the caller's affair.
 *
 * A page that is there is a refcounted piece of memory, an absent one reads as
 * zero. VMOs that share a page hold references to the same piece, and who
 * writes takes a copy: so the pages a VMO has, and with how many others each, is
 * what attribution must tell. A slice or a reference has no pages: it names the
 * owner of those it shows, a reference also that of its sizes.
 */
#ifndef ZXVMO_SELFTESTS_VMO_MODEL_H
#define ZXVMO_SELFTESTS_VMO_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <zircon/types.h>

struct vmo_page {
	unsigned int sharers;
	unsigned char data[];
};

struct vmo_slot {
	uint64_t index;
	struct vmo_page *page;
};

/* Those that descend from one VMO, and that one */
struct vmo_family {
	unsigned int members;
	unsigned int owners;	/* those with pages of their own */
};

struct vmo_model {
	struct vmo_family *family;	/* NULL before it has a child */
	struct vmo_model *owner;	/* of the pages, often itself */
	struct vmo_model *sizes;	/* who has the sizes */
	uint64_t offset;		/* of a slice in its owner */
	uint64_t base;			/* of a snapshot in its first ancestor */
	bool resizable;
	bool is_slice;
	bool discardable;
	bool reclaimable;		/* it is unlocked and may be discarded */
	uint64_t locks;
	uint64_t size;
	uint64_t stream_size;
	struct vmo_slot *slots;	/* those of the pages there are, by index */
	unsigned int nr;
	unsigned int room;
};

static inline uint64_t vmo_model_size(const struct vmo_model *v)
{
	return v->sizes->size;
}

static inline uint64_t vmo_model_stream_size(const struct vmo_model *v)
{
	return v->sizes->stream_size;
}


zx_status_t vmo_model_create(struct vmo_model *v, uint64_t size, uint32_t options);
/* What VMO_CREATE_CHILD says before it looks at the parent's handle */
zx_status_t vmo_model_check_child(uint32_t options, uint64_t size);
zx_status_t vmo_model_create_child(struct vmo_model *v, struct vmo_model *parent,
				   uint32_t options, uint64_t offset, uint64_t size);
/* The owner of the pages, and of the sizes, must outlive those that show them. */
void vmo_model_destroy(struct vmo_model *v);
/* The page at @index, NULL if it is absent */
const unsigned char *vmo_model_page(const struct vmo_model *v, uint64_t index);
/* The slot of the first page from @index on, NULL if there is none before the end */
const struct vmo_slot *vmo_model_next(const struct vmo_model *v, uint64_t *index);
/* Whether the bytes are inside the VMO */
bool vmo_model_in_range(const struct vmo_model *v, uint64_t offset, uint64_t length);
zx_status_t vmo_model_read(const struct vmo_model *v, void *to, uint64_t offset,
			   uint64_t length);
zx_status_t vmo_model_write(struct vmo_model *v, const void *from, uint64_t offset,
			    uint64_t length);
zx_status_t vmo_model_op_range(struct vmo_model *v, uint32_t op, uint64_t offset,
			       uint64_t length);
/*
 * A VMO that is reclaimable can lose its pages at any time. So as not to have to
 * guess, lock it at once and say here what LOCK told.
 */
void vmo_model_relock(struct vmo_model *v, uint64_t discarded_size);
zx_status_t vmo_model_set_size(struct vmo_model *v, uint64_t size);
/* @property: through ZX_PROP_VMO_CONTENT_SIZE, which has no limit */
zx_status_t vmo_model_set_stream_size(struct vmo_model *v, uint64_t size, bool property);
/* Makes room for a write to the file up to a byte; false if it cannot. */
bool vmo_model_grow(struct vmo_model *v, uint64_t end);
zx_status_t vmo_model_transfer(struct vmo_model *dst, uint64_t offset, uint64_t length,
			       struct vmo_model *src, uint64_t src_offset);

#endif
