/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of a tree of VMARs, in the plainest way there is: of every page of the
 * outermost one, the arena, it is known what is there. What a call must answer is
 * predicted in the order of the specification; what it then does to the pages is
 * told by the caller, who learns the address that was chosen. (vmar.md 2)
 */
#ifndef ZXVMO_SELFTESTS_VMAR_TREE_H
#define ZXVMO_SELFTESTS_VMAR_TREE_H

#include "vmar_test.h"

#include <sys/types.h>

#define NR_PAGES	160	/* of the outermost region, the arena */
#define NR_REGIONS	24
#define NO_REGION	(-1)
#define ARENA		0

enum kind { NOTHING, ROOM, MAPPED, FOREIGN };

struct page {
	enum kind kind;
	int region;		/* that reserves it, if it is ROOM */
	unsigned int vmo, vmo_page;
	zx_vm_option_t perms, ceiling;
	bool starts;		/* a VMA of Linux begins here, as it says itself */
};

/* A region; it may be dead, or alive without a handle. */
struct region_model {
	bool used, alive;
	zx_handle_t handle;
	int parent;
	unsigned int first, nr;	/* pages of the arena */
	zx_vm_option_t options;
	zx_rights_t rights;
	ino_t inode;
	bool meddled;	/* what munmap(2) has freed may be taken last */
};

static struct tree {
	zx_vaddr_t base;	/* address of the arena */
	struct page pages[NR_PAGES];
	struct region_model regions[NR_REGIONS];
} tree;

#define CAN_RWX		(CAN_RW | ZX_VM_CAN_MAP_EXECUTE)
#define PLACED		(ZX_VM_SPECIFIC | ZX_VM_SPECIFIC_OVERWRITE)

/* Where something can go: at page @first, or at the lowest such place */
struct want {
	int region;
	bool placed, overwrite;
	unsigned int first, nr, limit;
	uint64_t align;
};

static zx_vaddr_t tree_address(unsigned int page)
{
	return tree.base + page * PAGE;
}

static zx_vaddr_t end_of(const struct region_model *r)
{
	return tree_address(r->first + r->nr);
}

static bool contains(const struct region_model *r, unsigned int page)
{
	return page >= r->first && page < r->first + r->nr;
}

static bool is_below(int region, int ancestor)
{
	while (region != NO_REGION && region != ancestor)
		region = tree.regions[region].parent;
	return region == ancestor;
}

/* The innermost live region that a page is in */
static int tree_region_at(unsigned int page)
{
	int best = NO_REGION;

	for (int i = 0; i < NR_REGIONS; i++)
		if (tree.regions[i].alive && contains(&tree.regions[i], page) && is_below(i, best))
			best = i;
	return best;
}

/* Whether a direct child lies in a range, wholly or partly; @cut: one sticks out */
static bool has_children(int region, unsigned int first, unsigned int end, bool *cut)
{
	bool any = false;

	*cut = false;
	for (int i = 0; i < NR_REGIONS; i++) {
		const struct region_model *child = &tree.regions[i];

		if (!child->alive || child->parent != region || child->first >= end ||
		    child->first + child->nr <= first)
			continue;
		any = true;
		*cut |= child->first < first || child->first + child->nr > end;
	}
	return any;
}

static bool is_room(int region, unsigned int page)
{
	return tree_region_at(page) == region &&
	       (tree.pages[page].kind == ROOM || tree.pages[page].kind == NOTHING);
}

/* A region reserves what is nothing, or also what is of the module. */
static void tree_reserve(int region, unsigned int first, unsigned int end, bool ours)
{
	for (; first < end; first++) {
		struct page *page = &tree.pages[first];

		if (page->kind == NOTHING || (ours && page->kind != FOREIGN))
			*page = (struct page) { .kind = ROOM, .region = region };
	}
}

/* Regions below another one in a range die. */
static void tree_kill_below(int region, unsigned int first, unsigned int end)
{
	for (int i = 0; i < NR_REGIONS; i++) {
		struct region_model *r = &tree.regions[i];

		if (i != region && r->alive && is_below(r->parent, region) && r->first >= first &&
		    r->first + r->nr <= end)
			r->alive = false;
	}
	for (int i = 0; i < NR_REGIONS; i++)
		tree.regions[i].used = tree.regions[i].alive || tree.regions[i].handle;
}

/* A region without a handle goes when nothing of it is mapped or reserved. */
static void tree_bury(void)
{
	bool again;

	do {
		again = false;
		for (int i = 0; i < NR_REGIONS; i++) {
			struct region_model *r = &tree.regions[i];
			bool held = r->handle;

			for (int j = 0; j < NR_REGIONS; j++)
				held |= tree.regions[j].alive && tree.regions[j].parent == i;
			for (unsigned int p = r->first; p < r->first + r->nr; p++)
				held |= r->alive && tree_region_at(p) == i &&
					(tree.pages[p].kind == ROOM || tree.pages[p].kind == MAPPED);
			if (!r->alive || held)
				continue;
			r->alive = false;
			r->used = false;
			tree.regions[r->parent].meddled = true;
			again = true;
		}
	} while (again);
}

static zx_rights_t tree_rights(zx_vm_option_t perms)
{
	return (perms & ZX_VM_PERM_READ ? ZX_RIGHT_READ : 0) |
	       (perms & ZX_VM_PERM_WRITE ? ZX_RIGHT_WRITE : 0) |
	       (perms & ZX_VM_PERM_EXECUTE ? ZX_RIGHT_EXECUTE : 0);
}

static zx_vm_option_t tree_perms(zx_vm_option_t options)
{
	zx_vm_option_t perms = options & (RW | RX);

	return options & ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED ? perms | R : perms;
}

static bool bad_bits(zx_vm_option_t options)
{
	uint32_t align = options >> ZX_VM_ALIGN_BASE;

	return (options & 0xff0000) || (align && (align < 10 || align > 32));
}

static zx_status_t check_place(int region, zx_vm_option_t options, uint64_t offset,
			       uint64_t size, struct want *want)
{
	const struct region_model *r = &tree.regions[region];
	uint32_t align = options >> ZX_VM_ALIGN_BASE;
	bool limit = options & ZX_VM_OFFSET_IS_UPPER_LIMIT, placed = options & PLACED, cut;

	if (!r->alive)
		return ZX_ERR_BAD_STATE;
	if (!size)
		return ZX_ERR_INVALID_ARGS;
	if (options & CAN_RWX & ~r->options)
		return ZX_ERR_ACCESS_DENIED;
	if ((limit && placed) || (offset && !limit && !placed) || offset % PAGE)
		return ZX_ERR_INVALID_ARGS;
	if ((limit || placed) && !(r->options & ZX_VM_CAN_MAP_SPECIFIC))
		return ZX_ERR_ACCESS_DENIED;
	if (limit ? offset > r->nr * PAGE || size > offset :
		    offset >= r->nr * PAGE || size > r->nr * PAGE - offset)
		return ZX_ERR_INVALID_ARGS;
	*want = (struct want) {
		.region = region,
		.placed = placed,
		.overwrite = options & ZX_VM_SPECIFIC_OVERWRITE,
		.first = r->first + (placed ? offset / PAGE : 0),
		.nr = size / PAGE,
		.limit = r->first + (limit ? offset / PAGE : r->nr),
		.align = align > 12 ? 1ULL << align : PAGE,
	};
	if (!placed)
		return ZX_OK;
	if (tree_address(want->first) % want->align)
		return ZX_ERR_INVALID_ARGS;
	if (has_children(region, want->first, want->first + want->nr, &cut))
		return want->overwrite ? ZX_ERR_INVALID_ARGS : ZX_ERR_ALREADY_EXISTS;
	return ZX_OK;
}

static bool tree_fits(const struct want *want, unsigned int first)
{
	if (tree_address(first) % want->align || first + want->nr > want->limit)
		return false;
	for (unsigned int p = first; p < first + want->nr; p++)
		if (!is_room(want->region, p))
			return false;
	return true;
}

/* Whether there is a place; the lowest becomes @first if none was asked for. */
static zx_status_t find_place(struct want *want)
{
	unsigned int p;

	if (!want->placed) {
		for (p = want->first; p < want->limit && !tree_fits(want, p); p++)
			;
		want->first = p;
		return p < want->limit ? ZX_OK : ZX_ERR_NO_RESOURCES;
	}
	for (p = want->first; p < want->first + want->nr; p++) {
		if (tree.pages[p].kind == FOREIGN || (!want->overwrite && tree.pages[p].kind == MAPPED)) {
			/* What is free besides was looked at, and is reserved if it was not. */
			tree_reserve(want->region, want->first, want->first + want->nr, false);
			return ZX_ERR_ALREADY_EXISTS;
		}
	}
	return ZX_OK;
}

static zx_status_t tree_predict_allocate(int region, zx_rights_t rights, zx_vm_option_t options,
				    uint64_t offset, uint64_t size, struct want *want)
{
	zx_status_t status;

	if (tree_rights((options & CAN_RWX) >> 7) & ~rights)
		return ZX_ERR_ACCESS_DENIED;
	if (bad_bits(options) || size % PAGE ||
	    (options & (RW | RX | ZX_VM_SPECIFIC_OVERWRITE | ZX_VM_REQUIRE_NON_RESIZABLE |
			ZX_VM_ALLOW_FAULTS | ZX_VM_MAP_RANGE)))
		return ZX_ERR_INVALID_ARGS;
	status = check_place(region, options, offset, size, want);
	return status ? status : find_place(want);
}

static zx_status_t tree_predict_map(int region, zx_rights_t rights, zx_vm_option_t options,
			       uint64_t offset, uint32_t vmo_options, zx_rights_t vmo_rights,
			       uint64_t vmo_offset, uint64_t length, struct want *want)
{
	zx_vm_option_t perms = tree_perms(options);
	uint64_t rounded = (length + PAGE - 1) / PAGE * PAGE, end;
	zx_status_t status;

	if (!(vmo_rights & ZX_RIGHT_MAP))
		return ZX_ERR_ACCESS_DENIED;
	if ((perms && !(perms & R)) || (options & CAN_RWX) ||
	    ((options & ZX_VM_MAP_RANGE) && (options & ZX_VM_SPECIFIC_OVERWRITE)))
		return ZX_ERR_INVALID_ARGS;
	if (tree_rights(perms) & ~(rights & vmo_rights))
		return ZX_ERR_ACCESS_DENIED;
	if (bad_bits(options))
		return ZX_ERR_INVALID_ARGS;
	if ((options & ZX_VM_REQUIRE_NON_RESIZABLE) && (vmo_options & ZX_VMO_RESIZABLE))
		return ZX_ERR_NOT_SUPPORTED;
	if (!(options & ZX_VM_ALLOW_FAULTS) && (vmo_options & ZX_VMO_DISCARDABLE))
		return ZX_ERR_NOT_SUPPORTED;
	if (options & (ZX_VM_COMPACT | ZX_VM_CAN_MAP_SPECIFIC))
		return ZX_ERR_INVALID_ARGS;
	if (perms << 7 & ~tree.regions[region].options)
		return ZX_ERR_ACCESS_DENIED;
	if (vmo_offset % PAGE)
		return ZX_ERR_INVALID_ARGS;
	if (rounded < length || __builtin_add_overflow(vmo_offset, rounded, &end))
		return ZX_ERR_OUT_OF_RANGE;
	status = check_place(region, options & ~(RW | RX), offset, rounded, want);
	return status ? status : find_place(want);
}

/* What unmap and protect ask of their range, which is then pages @first to @end */
static zx_status_t check_range(int region, zx_vaddr_t addr, uint64_t length,
			       unsigned int *first, unsigned int *end)
{
	const struct region_model *r = &tree.regions[region];
	uint64_t rounded = (length + PAGE - 1) / PAGE * PAGE;

	if (addr % PAGE || !rounded)
		return ZX_ERR_INVALID_ARGS;
	if (!r->alive)
		return ZX_ERR_BAD_STATE;
	if (addr < tree_address(r->first) || addr >= end_of(r) ||
	    rounded > end_of(r) - addr)
		return ZX_ERR_INVALID_ARGS;
	*first = (addr - tree.base) / PAGE;
	*end = *first + rounded / PAGE;
	return ZX_OK;
}

/* The end of what an operation takes at a time: a part of a VMA in one region */
static unsigned int tree_piece(int region, unsigned int first, unsigned int end)
{
	bool in_child = tree_region_at(first) != region;
	unsigned int p;

	for (p = first + 1; p < end; p++)
		if (tree.pages[p].kind != MAPPED || tree.pages[p].starts ||
		    (tree_region_at(p) != region) != in_child)
			break;
	return p;
}

/* Before it comes to what is mapped; OUT_OF_RANGE takes the place of INVALID_ARGS. */
static zx_status_t tree_predict_op(int region, uint32_t op, zx_vaddr_t addr, uint64_t length,
				   unsigned int *first, unsigned int *end)
{
	bool known = op == ZX_VMAR_OP_COMMIT || op == ZX_VMAR_OP_DECOMMIT ||
		     op == ZX_VMAR_OP_MAP_RANGE || op == ZX_VMAR_OP_ZERO ||
		     (op >= ZX_VMAR_OP_DONT_NEED && op <= ZX_VMAR_OP_PREFETCH);
	const struct region_model *r = &tree.regions[region];

	if (!known || addr % PAGE || !length)
		return ZX_ERR_INVALID_ARGS;
	if (addr < tree_address(r->first) || addr >= end_of(r) || length > end_of(r) - addr)
		return ZX_ERR_OUT_OF_RANGE;
	return check_range(region, addr, length, first, end);
}

/* What comes of a piece that begins at @first, and all of whose pages are of one VMO */
static zx_status_t tree_predict_piece(int region, zx_rights_t rights, uint32_t op,
				      unsigned int first, unsigned int end, unsigned int vmo_pages)
{
	bool own = op == ZX_VMAR_OP_COMMIT || op == ZX_VMAR_OP_DECOMMIT ||
		   op == ZX_VMAR_OP_PREFETCH;
	bool changes = op == ZX_VMAR_OP_COMMIT || op == ZX_VMAR_OP_DECOMMIT ||
		       op == ZX_VMAR_OP_ZERO;
	const struct page *page = &tree.pages[first];

	if (page->kind != MAPPED)
		return ZX_ERR_BAD_STATE;
	if (tree_region_at(first) != region && (own || !(rights & ZX_RIGHT_OP_CHILDREN)))
		return ZX_ERR_INVALID_ARGS;
	if ((changes && !(page->ceiling & ZX_VM_PERM_WRITE)) ||
	    (op == ZX_VMAR_OP_PREFETCH && !(page->ceiling & R)))
		return ZX_ERR_ACCESS_DENIED;
	if ((changes || op == ZX_VMAR_OP_PREFETCH) &&
	    page->vmo_page + (end - first) > vmo_pages)
		return ZX_ERR_OUT_OF_RANGE;
	return ZX_OK;
}

static zx_status_t tree_predict_unmap(int region, zx_rights_t rights, zx_vaddr_t addr,
				 uint64_t length, unsigned int *first, unsigned int *end)
{
	zx_status_t status = check_range(region, addr, length, first, end);
	bool cut;

	if (status != ZX_OK)
		return status;
	if (has_children(region, *first, *end, &cut) && (cut || !(rights & ZX_RIGHT_OP_CHILDREN)))
		return ZX_ERR_INVALID_ARGS;
	return ZX_OK;
}

static zx_status_t tree_predict_protect(int region, zx_rights_t rights, zx_vm_option_t options,
				   zx_vaddr_t addr, uint64_t length, unsigned int *first,
				   unsigned int *end)
{
	zx_vm_option_t perms = tree_perms(options);
	zx_status_t status;

	if (tree_rights(perms) & ~rights)
		return ZX_ERR_ACCESS_DENIED;
	if ((perms && !(perms & R)) ||
	    (options & ~(RW | RX | ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED)))
		return ZX_ERR_INVALID_ARGS;
	status = check_range(region, addr, length, first, end);
	for (unsigned int p = *first; status == ZX_OK && p < *end; p++) {
		bool in_child = tree_region_at(p) != region;

		if (tree.pages[p].kind != MAPPED)
			return ZX_ERR_NOT_FOUND;
		if (perms & ~tree.pages[p].ceiling)
			return ZX_ERR_ACCESS_DENIED;
		if (in_child && !(rights & ZX_RIGHT_OP_CHILDREN))
			return ZX_ERR_INVALID_ARGS;
		if (in_child && (perms & ~tree.pages[p].perms))
			return ZX_ERR_ACCESS_DENIED;
	}
	return status;
}

#endif
