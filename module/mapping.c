// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping, unmapping and protecting in a VMAR; vmar.c tells what belongs to what.
 *
 * Everything is checked with the address space locked, so that commands do not see
 * each other half done. What the program does with mmap(2) and so on at the same
 * time needs mmap_lock only; see aspace.c for what that can lead to.
 *
 * PROTECT is in two parts, for no module can call what mprotect(2) does: the kernel
 * looks at the whole range, then the caller uses mprotect(2). What it may not
 * exceed is in the mappings' VM_MAY flags, whoever calls it.
 */
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>

#include "vmar.h"

#define RIGHTS_RWX	(ZXVMO_RIGHT_READ | ZXVMO_RIGHT_WRITE | ZXVMO_RIGHT_EXECUTE)

static u32 vm_options_xom(u32 options)
{
	/* No architecture this runs on maps memory that can only be executed. */
	if (options & ZXVMO_VM_PERM_READ_IF_XOM_UNSUPPORTED)
		options |= ZXVMO_VM_PERM_READ;
	return options & ~ZXVMO_VM_PERM_READ_IF_XOM_UNSUPPORTED;
}

static bool vm_perms_need_read(u32 options)
{
	return (options & (ZXVMO_VM_PERM_WRITE | ZXVMO_VM_PERM_EXECUTE)) &&
	       !(options & ZXVMO_VM_PERM_READ);
}

static unsigned long vm_prot(u32 options)
{
	return (options & ZXVMO_VM_PERM_READ ? PROT_READ : 0) |
	       (options & ZXVMO_VM_PERM_WRITE ? PROT_WRITE : 0) |
	       (options & ZXVMO_VM_PERM_EXECUTE ? PROT_EXEC : 0);
}

/*
 * The checks of vmar.md 2.2 that need the options, the VMO and what the VMAR can
 * map, in its order. @rights are those of the VMO, @vmar_rights of the VMAR.
 */
static int map_check_options(u32 options, u32 rights, const struct zxvmo_vmo *vmo,
			     u32 vmar_rights, u32 can_map)
{
	const u32 known = ZXVMO_VM_PERMS | ZXVMO_VM_CAN_MAP | ZXVMO_VM_ALIGN_MASK |
			  ZXVMO_VM_COMPACT | ZXVMO_VM_SPECIFIC |
			  ZXVMO_VM_SPECIFIC_OVERWRITE | ZXVMO_VM_CAN_MAP_SPECIFIC |
			  ZXVMO_VM_MAP_RANGE | ZXVMO_VM_REQUIRE_NON_RESIZABLE |
			  ZXVMO_VM_ALLOW_FAULTS | ZXVMO_VM_OFFSET_IS_UPPER_LIMIT |
			  ZXVMO_VM_FAULT_BEYOND_STREAM_SIZE;
	u32 needed = zxvmo_vm_rights(options & ZXVMO_VM_PERMS);

	if (!(rights & ZXVMO_RIGHT_MAP))
		return -EACCES;
	if (vm_perms_need_read(options))
		return -EINVAL;
	if ((options & ZXVMO_VM_MAP_RANGE) && (options & ZXVMO_VM_SPECIFIC_OVERWRITE))
		return -EINVAL;
	if (options & ZXVMO_VM_CAN_MAP)
		return -EINVAL;
	if (needed & ~(rights & vmar_rights))
		return -EACCES;
	if ((options & ZXVMO_VM_FAULT_BEYOND_STREAM_SIZE) &&
	    !(options & ZXVMO_VM_ALLOW_FAULTS))
		return -EINVAL;
	if ((options & ~known) || !zxvmo_vm_align_is_valid(options))
		return -EINVAL;
	if ((options & ZXVMO_VM_REQUIRE_NON_RESIZABLE) &&
	    (vmo->options & ZXVMO_VMO_RESIZABLE))
		return -EOPNOTSUPP;
	if (vmo->discard && !(options & ZXVMO_VM_ALLOW_FAULTS))
		return -EOPNOTSUPP;
	if (options & (ZXVMO_VM_COMPACT | ZXVMO_VM_CAN_MAP_SPECIFIC))
		return -EINVAL;
	return needed & ~zxvmo_vm_rights(can_map) ? -EACCES : 0;
}

/* What UNMAP and PROTECT ask of the region and of their range. */
static int check_range(const struct zxvmo_region *region, u64 addr, u64 length)
{
	if (region->dead)
		return -EBADFD;
	if (addr < region->base || addr - region->base >= region->len ||
	    length > region->len - (addr - region->base))
		return -EINVAL;
	return 0;
}

/**
 * struct mapping - a mapping that is made
 * @arg: what is asked for
 * @options: options of @arg without synonyms
 * @file: file of the VMO, which bounds the permissions
 * @length: bytes, whole pages
 * @addr: receives the address
 */
struct mapping {
	const struct zxvmo_vmar_map *arg;
	u32 options;
	struct file *file;
	u64 length;
	u64 addr;
};

static int map_place(struct zxvmo_vmar_ref *v, struct mapping *new)
{
	const struct zxvmo_vmar_map *arg = new->arg;
	struct zxvmo_request request;
	unsigned long result;
	int ret;

	if (zxvmo_aspace_lock(v->aspace))
		return -EINTR;
	ret = zxvmo_vmar_check_place(v->region, new->options, arg->vmar_offset,
				     new->length, &request);
	if (ret)
		goto out;
	/* Linux maps the first 2^63 - 1 bytes of a file. */
	if (arg->vmo_offset + new->length > MAX_LFS_FILESIZE) {
		ret = -ERANGE;
		goto out;
	}
	request.holder = v->holder;
	request.to_stream = new->options & ZXVMO_VM_FAULT_BEYOND_STREAM_SIZE;
	result = zxvmo_aspace_mmap(v->aspace, &request, new->file, new->length,
				   vm_prot(new->options), arg->vmo_offset);
	if (IS_ERR_VALUE(result)) {
		ret = (long)result;
		zxvmo_aspace_mend(v->aspace, v->region, v->holder, request.addr,
				  request.addr + new->length);
	}
	new->addr = result;
out:
	zxvmo_aspace_unlock(v->aspace);
	return ret;
}

static int map_check_vmo_range(const struct zxvmo_vmar_map *arg, u64 *length)
{
	u64 end;

	if (!PAGE_ALIGNED(arg->vmo_offset))
		return -EINVAL;
	if (!zxvmo_round_up(arg->length, length) ||
	    check_add_overflow(arg->vmo_offset, *length, &end))
		return -ERANGE;
	return 0;
}

/*
 * The file of a mapping bounds its permissions for ever, also against
 * remap_file_pages(2): a handle with the rights that both handles have.
 */
static struct file *map_file(const struct zxvmo_ref *ref, u32 vmar_rights)
{
	u32 excess = ref->rights & RIGHTS_RWX & ~vmar_rights;

	return excess ? zxvmo_handle_dup(ref->file, ref->rights & ~excess) :
			get_file(ref->file);
}

/* Removes what map() has mapped a moment ago, unless a region is there by now. */
static int map_undo(struct zxvmo_vmar_ref *v, void *data)
{
	const struct mapping *new = data;
	u64 end = new->addr + new->length;
	const struct zxvmo_region *child;

	/* Who is killed does not miss it. */
	if (zxvmo_aspace_lock(v->aspace))
		return -EINTR;
	child = zxvmo_region_first(v->region, new->addr);
	if (!v->region->dead && !(child && child->base < end))
		zxvmo_aspace_clear(v->aspace, v->region, v->holder, new->addr, end);
	zxvmo_aspace_unlock(v->aspace);
	return 0;
}

static int map(struct zxvmo_vmar_ref *v, void *data)
{
	struct mapping *new = data;
	int ret = map_place(v, new);

	if (ret || !(new->options & ZXVMO_VM_MAP_RANGE))
		return ret;
	ret = zxvmo_populate(new->file, new->addr, new->addr + new->length);
	if (ret)
		map_undo(v, new);
	return ret;
}

int zxvmo_vmar_map(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmar_map *arg = cmd->arg;
	struct mapping new = {
		.arg = arg,
		.options = vm_options_xom(arg->options),
	};
	struct zxvmo_vmar_ref v;
	struct zxvmo_vmo *vmo;
	struct zxvmo_ref ref;
	int ret;

	ret = zxvmo_vmar_get(cmd, arg->handle, 0, &v);
	if (ret)
		return ret;
	vmo = zxvmo_vmo_get(cmd, arg->vmo, 0, &ref);
	if (IS_ERR(vmo)) {
		ret = PTR_ERR(vmo);
		goto out_vmar;
	}
	ret = map_check_options(new.options, ref.rights, vmo, v.rights,
				v.region->options) ?:
	      map_check_vmo_range(arg, &new.length);
	if (ret)
		goto out_vmo;
	new.file = map_file(&ref, v.rights);
	if (IS_ERR(new.file)) {
		ret = PTR_ERR(new.file);
		goto out_vmo;
	}
	ret = zxvmo_vmar_run(&v, map, &new);
	if (ret)
		goto out_file;
	ret = put_user(new.addr, (u64 __user *)u64_to_user_ptr(arg->out_addr));
	if (ret)
		zxvmo_vmar_run(&v, map_undo, &new);
out_file:
	fput(new.file);
out_vmo:
	zxvmo_handle_put(&ref);
out_vmar:
	zxvmo_vmar_put(&v);
	return ret;
}

/* The rules of vmar.md 2.3 on regions that are part of the one that is unmapped. */
static int unmap_check_children(const struct zxvmo_vmar_ref *v, u64 start, u64 end)
{
	struct zxvmo_region *first = zxvmo_region_first(v->region, start);
	struct zxvmo_region *last = zxvmo_region_first(v->region, end - 1);

	if (!first || first->base >= end)
		return 0;
	if (!(v->rights & ZXVMO_RIGHT_OP_CHILDREN) || first->base < start)
		return -EINVAL;
	return last && last->base < end && last->base + last->len > end ? -EINVAL : 0;
}

static int unmap_locked(const struct zxvmo_vmar_ref *v, u64 start, u64 length)
{
	u64 end = start + length;
	struct zxvmo_region *child;
	int ret;

	ret = check_range(v->region, start, length) ?:
	      unmap_check_children(v, start, end) ?:
	      zxvmo_aspace_clear(v->aspace, v->region, v->holder, start, end);
	if (ret)
		return ret;
	for (child = zxvmo_region_first(v->region, start);
	     child && child->base < end;
	     child = zxvmo_region_first(v->region, start))
		zxvmo_region_kill(child);
	return 0;
}

static int unmap(struct zxvmo_vmar_ref *v, void *data)
{
	const struct zxvmo_vmar_range *arg = data;
	int ret;

	if (zxvmo_aspace_lock(v->aspace))
		return -EINTR;
	ret = unmap_locked(v, arg->addr, arg->length);
	zxvmo_aspace_unlock(v->aspace);
	return ret;
}

int zxvmo_vmar_unmap(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmar_range *arg = cmd->arg;
	struct zxvmo_vmar_ref v;
	int ret;

	if (arg->__reserved || arg->options)
		return -EINVAL;
	ret = zxvmo_vmar_get(cmd, arg->handle, 0, &v);
	if (ret)
		return ret;
	if (!PAGE_ALIGNED(arg->addr) || !zxvmo_round_up(arg->length, &arg->length) ||
	    !arg->length)
		ret = -EINVAL;
	else
		ret = zxvmo_vmar_run(&v, unmap, arg);
	zxvmo_vmar_put(&v);
	return ret;
}

/* Whether what of a mapping lies between two borders of regions may change. */
static int protect_check_piece(const struct zxvmo_vmar_ref *v, vm_flags_t perms,
			       const struct vm_area_struct *vma, bool in_child)
{
	/* VM_MAYREAD is VM_READ four bits up, and so on. */
	if (perms & ~(vma->vm_flags >> 4))
		return -EACCES;
	if (!in_child)
		return 0;
	if (!(v->rights & ZXVMO_RIGHT_OP_CHILDREN))
		return -EINVAL;
	return perms & ~vma->vm_flags ? -EACCES : 0;
}

static int protect_check(const struct zxvmo_vmar_ref *v, vm_flags_t perms, u64 addr,
			 u64 length)
{
	struct mm_struct *mm = current->mm;
	u64 end = addr + length;
	int ret;

	ret = check_range(v->region, addr, length);
	if (ret)
		return ret;
	if (mmap_read_lock_killable(mm))
		return -EINTR;
	while (!ret && addr < end) {
		bool in_child;
		struct vm_area_struct *vma =
			zxvmo_region_mapping(v->region, mm, addr, &addr, &in_child);

		ret = vma ? protect_check_piece(v, perms, vma, in_child) : -ENOENT;
	}
	mmap_read_unlock(mm);
	return ret;
}

int zxvmo_vmar_protect(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmar_range *arg = cmd->arg;
	u32 options = vm_options_xom(arg->options);
	struct zxvmo_vmar_ref v;
	vm_flags_t perms;
	u64 length;
	int ret;

	if (arg->__reserved)
		return -EINVAL;
	ret = zxvmo_vmar_get(cmd, arg->handle, zxvmo_vm_rights(options & ZXVMO_VM_PERMS), &v);
	if (ret)
		return ret;
	perms = (options & ZXVMO_VM_PERM_READ ? VM_READ : 0) |
		(options & ZXVMO_VM_PERM_WRITE ? VM_WRITE : 0) |
		(options & ZXVMO_VM_PERM_EXECUTE ? VM_EXEC : 0);
	if (v.remote) {
		/* No mprotect(2) of the caller's does that. */
		ret = -EACCES;
	} else if (vm_perms_need_read(options) || !PAGE_ALIGNED(arg->addr) ||
	    (options & ~ZXVMO_VM_PERMS) || !zxvmo_round_up(arg->length, &length) || !length) {
		ret = -EINVAL;
	} else if (zxvmo_aspace_lock(v.aspace)) {
		ret = -EINTR;
	} else {
		ret = protect_check(&v, perms, arg->addr, length);
		zxvmo_aspace_unlock(v.aspace);
	}
	zxvmo_vmar_put(&v);
	return ret;
}
