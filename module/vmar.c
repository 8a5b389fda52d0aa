// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMARs: regions of an address space, and the mappings in them.
 *
 * A mapping is an ordinary VMA of the VMO's file; Linux keeps the only record of
 * it. It belongs to the smallest region that it lies in, however it was made, and
 * its VM_MAY flags are what its permissions can be raised to. What is no mapping
 * of a VMO occupies addresses and is never touched.
 *
 * The regions of an address space form a tree (region.c). The root is everything
 * from ZXVMO_VMAR_ROOT_BASE up, and needs no object until somebody wants a handle
 * of it. All others are objects, made by VMAR_ALLOCATE. What is free in one of
 * them is kept free by reservations: private VMAs of a handle of the VMAR that
 * nobody can ever access. A program that unmaps a reservation with munmap(2)
 * lets Linux put other things there; the region works around them.
 *
 * What holds a VMAR: its handles, its reservations, the mappings in it, the
 * VMARs in it. So it stays when its handles are closed and goes with the address
 * space. A reservation holds it as any VMA holds its file. A mapping has a VMO's
 * file, so it holds a handle of the VMAR in vm_private_data besides; one that
 * mremap(2) or fork(2) takes out of the region does not. All these are files, for
 * the last fput() is put off until nothing is locked; how deep VMARs are nested
 * does not matter then either.
 *
 * A destroyed region leaves the tree at once, and its object says so to its
 * handles until they are closed.
 *
 * VMARs act on the address space that they were made in and no other. A handle that
 * fork(2) or SCM_RIGHTS has brought elsewhere does nothing unless it was exported;
 * see remote.c.
 */
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vmar.h"

#define VM_PLACED	(ZXVMO_VM_SPECIFIC | ZXVMO_VM_SPECIFIC_OVERWRITE)

/* Reservations */

static const struct vm_operations_struct reserved_ops = {};

/**
 * zxvmo_vma_region() - whose room a VMA keeps free
 * @vma: the VMA
 *
 * Return: the region that it is a reservation of, or NULL if it is none.
 */
struct zxvmo_region *zxvmo_vma_region(const struct vm_area_struct *vma)
{
	struct zxvmo_vmar *vmar;

	if (vma->vm_ops != &reserved_ops)
		return NULL;
	vmar = zxvmo_file_vmar(vma->vm_file);
	/* madvise(MADV_DOFORK) lets others inherit it. */
	return vmar->aspace->mm == vma->vm_mm ? vmar->region : NULL;
}

static int vmar_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct zxvmo_request *request = zxvmo_aspace_request();

	if (!request || request->holder != file)
		return -ENODEV;
	vm_flags_clear(vma, VM_READ | VM_WRITE | VM_EXEC |
			    VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC);
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTCOPY | VM_DONTDUMP);
	/* For lowest_reserved(): nothing is ever read from there. */
	vma->vm_pgoff = vma->vm_start >> PAGE_SHIFT;
	vma->vm_ops = &reserved_ops;
	return 0;
}

/**
 * zxvmo_get_unmapped_area() - where a mapping of one of our files goes
 * @file: the file
 * @addr: where mmap(2) is asked to put it
 * @len: its length
 * @pgoff: where it begins in the file
 * @flags: MAP_ flags
 *
 * Return: its address or a negative errno.
 */
unsigned long zxvmo_get_unmapped_area(struct file *file, unsigned long addr,
				      unsigned long len, unsigned long pgoff,
				      unsigned long flags)
{
	struct zxvmo_request *request = zxvmo_aspace_request();

	if (request)
		return zxvmo_region_place(request, file, len);
	return mm_get_unmapped_area(current->mm, file, addr, len, pgoff, flags);
}

/**
 * zxvmo_vmar_hold_again() - let a mapping hold the VMAR that another holds
 * @vma: the mapping, a copy of the other, of the whole or a part, or moved
 */
void zxvmo_vmar_hold_again(struct vm_area_struct *vma)
{
	struct file *holder = vma->vm_private_data;
	const struct zxvmo_region *region;
	struct zxvmo_vmar *vmar;

	if (!holder)
		return;
	vmar = zxvmo_file_vmar(holder);
	region = vmar->region;
	if (vma->vm_mm == vmar->aspace->mm && vma->vm_start >= region->base &&
	    vma->vm_end - region->base <= region->len)
		get_file(holder);
	else
		vma->vm_private_data = NULL;
}

/**
 * zxvmo_vmar_unhold() - a mapping of a VMO goes
 * @vma: the mapping
 */
void zxvmo_vmar_unhold(struct vm_area_struct *vma)
{
	if (vma->vm_private_data)
		fput(vma->vm_private_data);
}

/* Objects and handles */

/* No owner: each handle holds the mount, and so the module; see handle.c. */
const struct file_operations zxvmo_vmar_fops = {
	.release = zxvmo_handle_release,
	.flush = zxvmo_object_flush,
	.unlocked_ioctl = zxvmo_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = zxvmo_object_poll,
	.show_fdinfo = zxvmo_handle_show_fdinfo,
	.llseek = noop_llseek,
	.mmap = vmar_mmap,
	.get_unmapped_area = zxvmo_get_unmapped_area,
};

/**
 * zxvmo_vmar_bury() - free a VMAR that nothing holds, with its region
 * @vmar: the VMAR; its address space is locked
 */
void zxvmo_vmar_bury(struct zxvmo_vmar *vmar)
{
	if (!vmar->own.dead)
		zxvmo_region_unlink(&vmar->own);
	zxvmo_aspace_put(vmar->aspace);
	zxvmo_account_uncharge(zxvmo_account_id(vmar->account), 1);
	zxvmo_account_put(vmar->account);
	kfree(vmar);
}

static void vmar_free(struct zxvmo_object *object)
{
	struct zxvmo_vmar *vmar = zxvmo_to_vmar(object);

	if (vmar->region != &vmar->own)
		zxvmo_aspace_forget_root(vmar->aspace, object->inode);
	zxvmo_aspace_add_orphan(vmar);
}

/* Not its address, which whoever was passed a handle without INSPECT must not see. */
static void vmar_show(struct seq_file *m, struct zxvmo_object *object)
{
	seq_printf(m, "zx-vmar-len:\t0x%llx\n", zxvmo_to_vmar(object)->region->len);
}

const struct zxvmo_object_type zxvmo_vmar_type = {
	.type = ZXVMO_OBJ_TYPE_VMAR,
	.name = "vmar",
	.fops = &zxvmo_vmar_fops,
	.free = vmar_free,
	.show = vmar_show,
};

/*
 * A VMAR that is no part of the tree yet, and its handle. It counts towards the
 * user's share: neither descriptors nor mappings limit how deep VMARs are nested.
 */
static struct file *vmar_new(struct zxvmo_aspace *aspace, struct file *relative,
			     u32 rights)
{
	struct zxvmo_vmar *vmar = kzalloc(sizeof(*vmar), GFP_KERNEL_ACCOUNT);

	if (!vmar)
		return ERR_PTR(-ENOMEM);
	vmar->account = zxvmo_account_get();
	if (!vmar->account)
		goto err_vmar;
	if (zxvmo_account_charge_reclaim(vmar->account, 1))
		goto err_account;
	zxvmo_object_init(&vmar->object, &zxvmo_vmar_type, 0);
	zxvmo_aspace_hold(aspace);
	vmar->aspace = aspace;
	vmar->region = &vmar->own;
	vmar->own.dead = true;
	return zxvmo_handle_new(&vmar->object, relative, rights);

err_account:
	zxvmo_account_put(vmar->account);
err_vmar:
	kfree(vmar);
	return ERR_PTR(-ENOMEM);
}

/**
 * zxvmo_vmar_root() - make a handle of the root VMAR of the caller
 *
 * It is for commands on the device, whose file holds the filesystem.
 *
 * Return: a handle that is in no descriptor table, or an ERR_PTR().
 */
struct file *zxvmo_vmar_root(void)
{
	struct zxvmo_aspace *aspace = zxvmo_aspace_get();
	struct file *file = NULL;
	struct inode *inode;

	if (!aspace)
		return ERR_PTR(-ENOMEM);
	inode = zxvmo_aspace_root(aspace, NULL);
	if (!inode) {
		file = vmar_new(aspace, NULL, ZXVMO_ROOT_VMAR_RIGHTS);
		if (!IS_ERR(file))
			inode = zxvmo_aspace_root(aspace, file);
	}
	zxvmo_aspace_put(aspace);
	if (!inode)
		return file;
	if (file)
		fput(file);
	return zxvmo_handle_of(inode, ZXVMO_ROOT_VMAR_RIGHTS);
}

/**
 * zxvmo_vmar_get() - look a VMAR up that a command acts on
 * @cmd: the command
 * @handle: the VMAR
 * @rights: rights that the handle must have
 * @v: receives it; to be given back to zxvmo_vmar_put()
 *
 * Return: 0 or a negative errno. -EACCES: a right is missing, or it is part of
 * another address space than the caller's and not exported. -EBADFD: that is gone.
 */
int zxvmo_vmar_get(struct zxvmo_cmd *cmd, u32 handle, u32 rights,
		   struct zxvmo_vmar_ref *v)
{
	struct zxvmo_vmar *vmar;
	int ret;

	if (handle == ZXVMO_HANDLE_VMAR_ROOT_SELF) {
		*v = (struct zxvmo_vmar_ref) { .rights = ZXVMO_ROOT_VMAR_RIGHTS };
		v->aspace = zxvmo_aspace_get();
		if (!v->aspace)
			return -ENOMEM;
		v->region = &v->aspace->root;
		return 0;
	}
	ret = zxvmo_handle_get(cmd, handle, &zxvmo_vmar_type, rights, &v->ref);
	if (ret)
		return ret;
	vmar = zxvmo_to_vmar(v->ref.object);
	v->remote = vmar->aspace->mm != current->mm;
	if (v->remote) {
		ret = !(v->ref.rights & ZXVMO_RIGHT_EXPORTED) ? -EACCES :
		      !mmget_not_zero(vmar->aspace->mm) ? -EBADFD : 0;
		if (ret) {
			zxvmo_handle_put(&v->ref);
			return ret;
		}
	}
	zxvmo_aspace_hold(vmar->aspace);
	v->aspace = vmar->aspace;
	v->region = vmar->region;
	v->holder = vmar->region == &vmar->own ? v->ref.file : NULL;
	v->rights = v->ref.rights;
	return 0;
}

/**
 * zxvmo_vmar_put() - end the use of a VMAR
 * @v: what zxvmo_vmar_get() gave
 */
void zxvmo_vmar_put(struct zxvmo_vmar_ref *v)
{
	if (v->remote)
		mmput(v->aspace->mm);
	zxvmo_aspace_put(v->aspace);
	zxvmo_handle_put(&v->ref);
}

/**
 * zxvmo_vmar_info() - ZXVMO_INFO_VMAR
 * @cmd: the command
 * @handle: the VMAR
 * @info: receives the record
 *
 * It is the same for a region that was destroyed.
 *
 * Return: 0 or a negative errno.
 */
int zxvmo_vmar_info(struct zxvmo_cmd *cmd, u32 handle, struct zxvmo_info_vmar *info)
{
	const struct zxvmo_region *region;
	struct zxvmo_ref ref;
	int ret;

	*info = (struct zxvmo_info_vmar) {
		.base = ZXVMO_VMAR_ROOT_BASE,
		.len = ZXVMO_VMAR_ROOT_END - ZXVMO_VMAR_ROOT_BASE,
	};
	if (handle == ZXVMO_HANDLE_VMAR_ROOT_SELF)
		return 0;
	ret = zxvmo_handle_get(cmd, handle, &zxvmo_vmar_type, ZXVMO_RIGHT_INSPECT,
			       &ref);
	if (ret)
		return ret;
	region = zxvmo_to_vmar(ref.object)->region;
	info->base = region->base;
	info->len = region->len;
	zxvmo_handle_put(&ref);
	return 0;
}

/* Options and places */

/**
 * zxvmo_vm_rights() - what rights options need
 * @options: ZXVMO_VM_ bits
 *
 * Return: the rights that permissions and CAN_MAP_ options stand for.
 */
u32 zxvmo_vm_rights(u32 options)
{
	/* A CAN_MAP_ option is its permission seven bits up. */
	BUILD_BUG_ON((ZXVMO_VM_PERMS << 7) != ZXVMO_VM_CAN_MAP);
	options = (options & ZXVMO_VM_PERMS) | (options & ZXVMO_VM_CAN_MAP) >> 7;
	return (options & ZXVMO_VM_PERM_READ ? ZXVMO_RIGHT_READ : 0) |
	       (options & ZXVMO_VM_PERM_WRITE ? ZXVMO_RIGHT_WRITE : 0) |
	       (options & ZXVMO_VM_PERM_EXECUTE ? ZXVMO_RIGHT_EXECUTE : 0);
}

/**
 * zxvmo_vm_align_is_valid() - whether options have an alignment that there is
 * @options: ZXVMO_VM_ bits
 *
 * Return: true if it is one, or none.
 */
bool zxvmo_vm_align_is_valid(u32 options)
{
	u32 align = options >> ZXVMO_VM_ALIGN_BASE;

	return !align || (align >= 10 && align <= 32);
}

/**
 * zxvmo_vmar_check_place() - where something can go: vmar.md 2.0, in its order
 * @region: the region, of a locked address space
 * @options: ZXVMO_VM_ bits
 * @offset: the offset that goes with them
 * @length: bytes, a multiple of the page size
 * @request: receives what is asked for
 *
 * Return: 0 or a negative errno.
 */
int zxvmo_vmar_check_place(struct zxvmo_region *region, u32 options, u64 offset,
			   u64 length, struct zxvmo_request *request)
{
	u32 align = options >> ZXVMO_VM_ALIGN_BASE;
	bool limit = options & ZXVMO_VM_OFFSET_IS_UPPER_LIMIT;
	bool overwrite = options & ZXVMO_VM_SPECIFIC_OVERWRITE;
	const struct zxvmo_region *child;

	if (region->dead)
		return -EBADFD;
	if (!length)
		return -EINVAL;
	if (options & ZXVMO_VM_CAN_MAP & ~region->options)
		return -EACCES;
	if (limit && (options & VM_PLACED))
		return -EINVAL;
	if (offset && !limit && !(options & VM_PLACED))
		return -EINVAL;
	if (!PAGE_ALIGNED(offset))
		return -EINVAL;
	if ((limit || (options & VM_PLACED)) &&
	    !(region->options & ZXVMO_VM_CAN_MAP_SPECIFIC))
		return -EACCES;
	if (limit ? offset > region->len || length > offset :
		    offset >= region->len || length > region->len - offset)
		return -EINVAL;

	*request = (struct zxvmo_request) {
		.region = region,
		.align = max_t(u64, 1ULL << align, PAGE_SIZE),
	};
	if (limit) {
		request->limit = region->base + offset;
	} else if (options & VM_PLACED) {
		request->where = overwrite ? ZXVMO_MAPPED_AT : ZXVMO_ROOM_AT;
		request->addr = region->base + offset;
		if (!IS_ALIGNED(request->addr, request->align))
			return -EINVAL;
		child = zxvmo_region_first(region, request->addr);
		if (child && child->base < request->addr + length)
			return overwrite ? -EINVAL : -EEXIST;
	}
	return 0;
}

/* Commands */

/* Removes a region, if it is still there; its address space is locked. */
static int vmar_remove(struct zxvmo_vmar *vmar)
{
	struct zxvmo_region *region = &vmar->own;
	int ret;

	if (region->dead)
		return -EBADFD;
	ret = zxvmo_aspace_clear(vmar->aspace, region->parent, vmar->parent,
				 region->base, region->base + region->len);
	if (!ret)
		zxvmo_region_kill(region);
	return ret;
}

static int allocate_check_options(u32 options)
{
	const u32 known = ZXVMO_VM_CAN_MAP | ZXVMO_VM_ALIGN_MASK | ZXVMO_VM_COMPACT |
			  ZXVMO_VM_SPECIFIC | ZXVMO_VM_CAN_MAP_SPECIFIC |
			  ZXVMO_VM_OFFSET_IS_UPPER_LIMIT |
			  ZXVMO_VM_PERM_READ_IF_XOM_UNSUPPORTED;

	return (options & ~known) || !zxvmo_vm_align_is_valid(options) ? -EINVAL : 0;
}

/* Puts a new region where it is asked for. */
static int allocate_place(struct zxvmo_vmar_ref *v, struct file *file,
			  const struct zxvmo_vmar_allocate *arg)
{
	struct zxvmo_vmar *vmar = zxvmo_file_vmar(file);
	struct zxvmo_region *region = &vmar->own;
	struct zxvmo_request request;
	unsigned long addr;
	int ret;

	if (zxvmo_aspace_lock(v->aspace))
		return -EINTR;
	ret = zxvmo_vmar_check_place(v->region, arg->options, arg->vmar_offset,
				     arg->length, &request);
	if (ret)
		goto out;
	request.holder = file;
	addr = zxvmo_aspace_mmap(v->aspace, &request, file, arg->length, PROT_NONE, 0);
	if (IS_ERR_VALUE(addr)) {
		ret = (long)addr;
		zxvmo_aspace_mend(v->aspace, v->region, v->holder, request.addr,
				  request.addr + arg->length);
		goto out;
	}
	region->base = addr;
	region->len = arg->length;
	region->options = arg->options & (ZXVMO_VM_CAN_MAP | ZXVMO_VM_CAN_MAP_SPECIFIC |
					  ZXVMO_VM_COMPACT);
	zxvmo_region_link(v->region, region);
	vmar->parent = v->holder ? get_file(v->holder) : NULL;
out:
	zxvmo_aspace_unlock(v->aspace);
	return ret;
}

/**
 * struct allocation - a VMAR that is made
 * @arg: what is asked for
 * @rights: rights of the handle
 * @file: receives the handle
 */
struct allocation {
	const struct zxvmo_vmar_allocate *arg;
	u32 rights;
	struct file *file;
};

static int allocate(struct zxvmo_vmar_ref *v, void *data)
{
	struct allocation *new = data;
	int ret;

	new->file = vmar_new(v->aspace, v->ref.file, new->rights);
	if (IS_ERR(new->file))
		return PTR_ERR(new->file);
	ret = allocate_place(v, new->file, new->arg);
	if (ret)
		fput(new->file);
	return ret;
}

/* Removes what allocate() has made a moment ago. */
static int allocate_undo(struct zxvmo_vmar_ref *v, void *data)
{
	const struct allocation *new = data;

	/* Who is killed does not miss it. */
	if (zxvmo_aspace_lock(v->aspace))
		return -EINTR;
	vmar_remove(zxvmo_file_vmar(new->file));
	zxvmo_aspace_unlock(v->aspace);
	return 0;
}

int zxvmo_vmar_allocate(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmar_allocate *arg = cmd->arg;
	u32 rights = zxvmo_vm_rights(arg->options & ZXVMO_VM_CAN_MAP);
	struct allocation new = { .arg = arg };
	struct zxvmo_vmar_ref v;
	int ret;

	if (arg->__reserved)
		return -EINVAL;
	ret = zxvmo_vmar_get(cmd, arg->handle, rights, &v);
	if (ret)
		return ret;
	ret = allocate_check_options(arg->options);
	if (!ret && !PAGE_ALIGNED(arg->length))
		ret = -EINVAL;
	/* The pseudo-handle is everybody's: what it makes is made from nothing. */
	if (!ret && !v.ref.file && !cmd->device)
		ret = -EACCES;
	new.rights = ZXVMO_DEFAULT_VMAR_RIGHTS | rights |
		     (v.rights & ZXVMO_RIGHT_EXPORTED);
	if (!ret)
		ret = zxvmo_vmar_run(&v, allocate, &new);
	if (ret)
		goto out;
	get_file(new.file);
	ret = put_user(zxvmo_file_vmar(new.file)->own.base,
		       (u64 __user *)u64_to_user_ptr(arg->out_addr));
	if (ret)
		fput(new.file);
	else
		ret = zxvmo_handle_deliver(new.file, arg->out_handle);
	if (ret)
		zxvmo_vmar_run(&v, allocate_undo, &new);
	fput(new.file);
out:
	zxvmo_vmar_put(&v);
	return ret;
}

static int destroy(struct zxvmo_vmar_ref *v, void *data)
{
	int ret;

	if (zxvmo_aspace_lock(v->aspace))
		return -EINTR;
	ret = vmar_remove(zxvmo_file_vmar(v->holder));
	zxvmo_aspace_unlock(v->aspace);
	return ret;
}

int zxvmo_vmar_destroy(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmar_destroy *arg = cmd->arg;
	struct zxvmo_vmar_ref v;
	int ret;

	ret = zxvmo_vmar_get(cmd, arg->handle, ZXVMO_RIGHT_OP_CHILDREN, &v);
	if (ret)
		return ret;
	ret = v.holder ? zxvmo_vmar_run(&v, destroy, NULL) : -EOPNOTSUPP;
	zxvmo_vmar_put(&v);
	return ret;
}
