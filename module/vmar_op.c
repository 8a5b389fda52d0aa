// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMAR_OP_RANGE: operations on the VMOs that are mapped in a range.
 *
 * They are done mapping by mapping, from the lowest address, and what is done stays
 * done if a later one fails. Nothing is locked while one is worked on, as on Zircon:
 * an operation may take long and must not keep the others from mapping.
 *
 * No right of the VMAR counts, but those that a mapping was made with, whatever
 * its permissions are now. They are those of its file, see map_file().
 */
#include <linux/sched/mm.h>

#include "vmar.h"

/**
 * struct piece - what an operation works on at a time
 * @file: file of the mapping, held
 * @offset: first byte in its VMO
 * @end: first address beyond
 */
struct piece {
	struct file *file;
	u64 offset;
	u64 end;
};

/* Operations of a VMAR on its own mappings only, whatever its rights */
static bool op_is_own(u32 op)
{
	return op == ZXVMO_VMAR_OP_COMMIT || op == ZXVMO_VMAR_OP_DECOMMIT ||
	       op == ZXVMO_VMAR_OP_PREFETCH;
}

static bool op_is_known(u32 op)
{
	return op_is_own(op) || op == ZXVMO_VMAR_OP_MAP_RANGE ||
	       op == ZXVMO_VMAR_OP_ZERO || op == ZXVMO_VMAR_OP_DONT_NEED ||
	       op == ZXVMO_VMAR_OP_ALWAYS_NEED;
}

static bool op_populates(u32 op)
{
	return op == ZXVMO_VMAR_OP_COMMIT || op == ZXVMO_VMAR_OP_MAP_RANGE ||
	       op == ZXVMO_VMAR_OP_ALWAYS_NEED || op == ZXVMO_VMAR_OP_PREFETCH;
}

/* The rules of vmar.md 3.1, 8. */
static int op_check_mapping(u32 op, u32 rights, const struct vm_area_struct *vma,
			    u64 end, bool in_child)
{
	u64 last = vma->vm_pgoff + ((end - 1 - vma->vm_start) >> PAGE_SHIFT);

	if (in_child && (op_is_own(op) || !(rights & ZXVMO_RIGHT_OP_CHILDREN)))
		return -EINVAL;
	return zxvmo_vma_to_stream(vma) && last >= zxvmo_vma_end(vma) ? -ERANGE : 0;
}

/* Finds what is mapped at @addr, up to @end. */
static int find_piece(const struct zxvmo_vmar_ref *v, u32 op, u64 addr, u64 end,
		      struct piece *piece)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	bool in_child;
	int ret;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = zxvmo_region_mapping(v->region, mm, addr, &piece->end, &in_child);
	if (vma) {
		piece->end = min(piece->end, end);
		ret = op_check_mapping(op, v->rights, vma, piece->end, in_child);
	} else {
		ret = -EBADFD;
	}
	if (!ret) {
		piece->file = get_file(vma->vm_file);
		piece->offset = zxvmo_vma_offset(vma, addr);
	}
	mmap_read_unlock(mm);
	return ret;
}

static int op_on_piece(u32 op, u64 addr, const struct piece *piece)
{
	const struct zxvmo_vmo_op_range arg = {
		.op = op,	/* where both have it they have the same number */
		.offset = piece->offset,
		.length = piece->end - addr,
	};
	int ret = 0;

	if (op != ZXVMO_VMAR_OP_MAP_RANGE)
		ret = zxvmo_vmo_op(zxvmo_file_vmo(piece->file),
				   zxvmo_file_rights(piece->file), &arg);
	if (ret || !op_populates(op))
		return ret;
	ret = zxvmo_populate(piece->file, addr, piece->end);
	/* Whoever did not ask for entries does not miss those of a discarded VMO. */
	return ret == -ENOENT && op != ZXVMO_VMAR_OP_MAP_RANGE ? 0 : ret;
}

static int op_on_range(struct zxvmo_vmar_ref *v, void *data)
{
	const struct zxvmo_vmar_op_range *arg = data;
	const struct zxvmo_region *region = v->region;
	u64 addr = arg->addr, end = addr + arg->length;
	struct piece piece;
	int ret = 0;

	if (addr < region->base || addr - region->base >= region->len ||
	    arg->length > region->len - (addr - region->base))
		return -ERANGE;
	while (!ret && addr < end) {
		if (zxvmo_aspace_lock(v->aspace))
			return -EINTR;
		ret = region->dead ? -EBADFD : find_piece(v, arg->op, addr, end, &piece);
		zxvmo_aspace_unlock(v->aspace);
		if (ret)
			break;
		ret = op_on_piece(arg->op, addr, &piece);
		fput(piece.file);
		addr = piece.end;
	}
	return ret;
}

int zxvmo_vmar_op_range(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmar_op_range *arg = cmd->arg;
	struct zxvmo_vmar_ref v;
	int ret;

	if (arg->__reserved)
		return -EINVAL;
	ret = zxvmo_vmar_get(cmd, arg->handle, 0, &v);
	if (ret)
		return ret;
	if (!op_is_known(arg->op) || arg->buffer || arg->buffer_size ||
	    !PAGE_ALIGNED(arg->addr) || !zxvmo_round_up(arg->length, &arg->length) ||
	    !arg->length)
		ret = -EINVAL;
	else
		ret = zxvmo_vmar_run(&v, op_on_range, arg);
	zxvmo_vmar_put(&v);
	return ret;
}
