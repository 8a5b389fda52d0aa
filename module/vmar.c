// SPDX-License-Identifier: GPL-2.0-only
/*
 * The root VMAR in its simple form: mapping VMOs into the caller's own address
 * space.
 *
 * A mapping is an ordinary VMA of the VMO's file; Linux keeps the only record of
 * it. The root VMAR is everything from ZXVMO_VMAR_ROOT_BASE up. What is not a
 * mapping of a VMO occupies addresses and is never touched.
 */
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>

#include "zxvmo.h"

#define VM_PERMS	(ZXVMO_VM_PERM_READ | ZXVMO_VM_PERM_WRITE | \
			 ZXVMO_VM_PERM_EXECUTE)
#define VM_ALIGN_MASK	(0xffU << ZXVMO_VM_ALIGN_BASE)

/**
 * zxvmo_vmar_check_handle() - whether a handle is a VMAR
 * @cmd: the command
 * @handle: the handle
 *
 * Return: 0, -EBADF or -EMEDIUMTYPE.
 */
int zxvmo_vmar_check_handle(struct zxvmo_cmd *cmd, u32 handle)
{
	struct zxvmo_ref ref;
	int ret;

	if (handle == ZXVMO_HANDLE_VMAR_ROOT_SELF)
		return 0;
	ret = zxvmo_handle_get(cmd, handle, NULL, 0, &ref);
	if (ret)
		return ret;
	zxvmo_handle_put(&ref);
	return -EMEDIUMTYPE;
}

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

/* The checks of vmar.md 2.2 that need the options and the VMO, in its order. */
static int map_check_options(u32 options, u32 rights, const struct zxvmo_vmo *vmo)
{
	const u32 can_map = ZXVMO_VM_CAN_MAP_READ | ZXVMO_VM_CAN_MAP_WRITE |
			    ZXVMO_VM_CAN_MAP_EXECUTE;
	const u32 known = VM_PERMS | can_map | VM_ALIGN_MASK |
			  ZXVMO_VM_COMPACT | ZXVMO_VM_SPECIFIC |
			  ZXVMO_VM_SPECIFIC_OVERWRITE | ZXVMO_VM_CAN_MAP_SPECIFIC |
			  ZXVMO_VM_MAP_RANGE | ZXVMO_VM_REQUIRE_NON_RESIZABLE |
			  ZXVMO_VM_ALLOW_FAULTS | ZXVMO_VM_OFFSET_IS_UPPER_LIMIT |
			  ZXVMO_VM_FAULT_BEYOND_STREAM_SIZE;
	const u32 later = VM_ALIGN_MASK | ZXVMO_VM_SPECIFIC_OVERWRITE |
			  ZXVMO_VM_MAP_RANGE | ZXVMO_VM_OFFSET_IS_UPPER_LIMIT |
			  ZXVMO_VM_FAULT_BEYOND_STREAM_SIZE;
	u32 align = options >> ZXVMO_VM_ALIGN_BASE;
	u32 needed = (options & ZXVMO_VM_PERM_READ ? ZXVMO_RIGHT_READ : 0) |
		     (options & ZXVMO_VM_PERM_WRITE ? ZXVMO_RIGHT_WRITE : 0) |
		     (options & ZXVMO_VM_PERM_EXECUTE ? ZXVMO_RIGHT_EXECUTE : 0);

	if (!(rights & ZXVMO_RIGHT_MAP))
		return -EACCES;
	if (vm_perms_need_read(options))
		return -EINVAL;
	if ((options & ZXVMO_VM_MAP_RANGE) && (options & ZXVMO_VM_SPECIFIC_OVERWRITE))
		return -EINVAL;
	if (options & can_map)
		return -EINVAL;
	if (needed & ~rights)
		return -EACCES;
	if ((options & ZXVMO_VM_FAULT_BEYOND_STREAM_SIZE) &&
	    !(options & ZXVMO_VM_ALLOW_FAULTS))
		return -EINVAL;
	if ((options & ~known) || (align && (align < 10 || align > 32)))
		return -EINVAL;
	if ((options & ZXVMO_VM_REQUIRE_NON_RESIZABLE) &&
	    (vmo->options & ZXVMO_VMO_RESIZABLE))
		return -EOPNOTSUPP;
	if (vmo->discard && !(options & ZXVMO_VM_ALLOW_FAULTS))
		return -EOPNOTSUPP;
	if (options & (ZXVMO_VM_COMPACT | ZXVMO_VM_CAN_MAP_SPECIFIC))
		return -EINVAL;
	return options & later ? -EOPNOTSUPP : 0;
}

static int map_check_place(const struct zxvmo_vmar_map *arg, u64 *length)
{
	u64 root_size = TASK_SIZE - ZXVMO_VMAR_ROOT_BASE;
	u64 end;

	if (!PAGE_ALIGNED(arg->vmo_offset))
		return -EINVAL;
	if (!zxvmo_round_up(arg->length, length) ||
	    check_add_overflow(arg->vmo_offset, *length, &end))
		return -ERANGE;
	if (!*length)
		return -EINVAL;
	if (arg->vmar_offset && !(arg->options & ZXVMO_VM_SPECIFIC))
		return -EINVAL;
	if (!PAGE_ALIGNED(arg->vmar_offset) || arg->vmar_offset >= root_size ||
	    *length > root_size - arg->vmar_offset)
		return -EINVAL;
	/* Linux maps the first 2^63 - 1 bytes of a file. */
	return end > MAX_LFS_FILESIZE ? -ERANGE : 0;
}

/* What mmap(2) and munmap(2) say in words that mean something else here. */
static int mapping_error(int err)
{
	if (err == -EPERM)	/* a security module, or a sealed mapping */
		return -EACCES;
	if (err == -EAGAIN)	/* RLIMIT_MEMLOCK after mlockall(2) */
		return -ENOMEM;
	return err;
}

int zxvmo_vmar_map(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmar_map *arg = cmd->arg;
	unsigned long flags = MAP_SHARED;
	unsigned long addr = 0;
	struct zxvmo_vmo *vmo;
	struct zxvmo_ref ref;
	u32 options;
	u64 length;
	int ret;

	ret = zxvmo_vmar_check_handle(cmd, arg->handle);
	if (ret)
		return ret;
	vmo = zxvmo_vmo_get(cmd, arg->vmo, 0, &ref);
	if (IS_ERR(vmo))
		return PTR_ERR(vmo);
	options = vm_options_xom(arg->options);
	ret = map_check_options(options, ref.rights, vmo);
	if (!ret)
		ret = map_check_place(arg, &length);
	if (ret)
		goto out;
	if (options & ZXVMO_VM_SPECIFIC) {
		addr = ZXVMO_VMAR_ROOT_BASE + arg->vmar_offset;
		flags |= MAP_FIXED_NOREPLACE;
	}
	addr = vm_mmap(ref.file, addr, length, vm_prot(options), flags,
		       arg->vmo_offset);
	if (IS_ERR_VALUE(addr)) {
		ret = mapping_error((long)addr);
		goto out;
	}
	ret = put_user((u64)addr, (u64 __user *)u64_to_user_ptr(arg->out_addr));
	if (ret)
		vm_munmap(addr, length);
out:
	zxvmo_handle_put(&ref);
	return ret;
}

/* What UNMAP and PROTECT ask of their range; *@end receives its end. */
static int check_range(const struct zxvmo_vmar_range *arg, u64 *end)
{
	u64 length;

	if (!PAGE_ALIGNED(arg->addr))
		return -EINVAL;
	if (!zxvmo_round_up(arg->length, &length) || !length ||
	    arg->addr < ZXVMO_VMAR_ROOT_BASE || arg->addr >= TASK_SIZE ||
	    length > TASK_SIZE - arg->addr)
		return -EINVAL;
	*end = arg->addr + length;
	return 0;
}

/* Finds the first piece of [*@start, @end) that is mapping of a VMO. */
static int find_piece(u64 *start, u64 end, u64 *stop)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = find_vma(mm, *start);
	while (vma && vma->vm_start < end && !zxvmo_vma_is_vmo(vma))
		vma = find_vma(mm, vma->vm_end);
	if (vma && vma->vm_start < end) {
		*start = max_t(u64, *start, vma->vm_start);
		*stop = min_t(u64, end, vma->vm_end);
	} else {
		*start = end;
	}
	mmap_read_unlock(mm);
	return 0;
}

int zxvmo_vmar_unmap(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmar_range *arg = cmd->arg;
	u64 start = arg->addr;
	u64 stop, end;
	int ret;

	if (arg->__reserved || arg->options)
		return -EINVAL;
	ret = zxvmo_vmar_check_handle(cmd, arg->handle);
	if (!ret)
		ret = check_range(arg, &end);
	while (!ret && start < end) {
		ret = find_piece(&start, end, &stop);
		if (ret || start == end)
			break;
		ret = mapping_error(vm_munmap(start, stop - start));
		start = stop;
	}
	return ret;
}

int zxvmo_vmar_protect(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmar_range *arg = cmd->arg;
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	u64 addr = arg->addr;
	vm_flags_t needed;
	u32 options;
	u64 end;
	int ret;

	if (arg->__reserved)
		return -EINVAL;
	ret = zxvmo_vmar_check_handle(cmd, arg->handle);
	if (ret)
		return ret;
	options = vm_options_xom(arg->options);
	if (vm_perms_need_read(options) || (options & ~VM_PERMS))
		return -EINVAL;
	ret = check_range(arg, &end);
	if (ret)
		return ret;
	needed = (options & ZXVMO_VM_PERM_READ ? VM_MAYREAD : 0) |
		 (options & ZXVMO_VM_PERM_WRITE ? VM_MAYWRITE : 0) |
		 (options & ZXVMO_VM_PERM_EXECUTE ? VM_MAYEXEC : 0);

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	while (!ret && addr < end) {
		vma = find_vma(mm, addr);
		if (!vma || vma->vm_start > addr || !zxvmo_vma_is_vmo(vma)) {
			ret = -ENOENT;
		} else {
			if (needed & ~vma->vm_flags)
				ret = -EACCES;
			addr = vma->vm_end;
		}
	}
	mmap_read_unlock(mm);
	return ret;
}
