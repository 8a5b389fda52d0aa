// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calling process: its pseudo-handle, and copying from and to its memory.
 *
 * A shared mapping of a VMO is read and written as the VMO that it shows, whatever
 * its permissions are at present, for a debugger wants to see what is not readable
 * and to change what is not writable; the rights of the handle that it was mapped
 * through bound that, as they bound what its permissions may become. So are all
 * mappings on Zircon. Here there is other memory, too, which is copied as the
 * program itself would copy it, with the permissions it has.
 *
 * What is mapped is looked up piece by piece and not held meanwhile: who changes his
 * mappings during the copy gets bytes of what was there, or of what is.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "vmar.h"

/**
 * zxvmo_process_koid() - the id of the calling process
 *
 * Return: it; that of no object, whose ids do not reach bit 62.
 */
u64 zxvmo_process_koid(void)
{
	return current->group_leader->start_boottime | BIT_ULL(62);
}

/**
 * zxvmo_process_get() - look a process up
 * @cmd: the command
 * @handle: its handle
 * @rights: rights that it must have
 *
 * Return: 0: it is the caller; or a negative errno.
 */
int zxvmo_process_get(struct zxvmo_cmd *cmd, u32 handle, u32 rights)
{
	struct zxvmo_ref ref;
	int ret;

	if (handle == ZXVMO_HANDLE_PROCESS_SELF)
		return rights & ~ZXVMO_PROCESS_SELF_RIGHTS ? -EACCES : 0;
	ret = zxvmo_handle_get(cmd, handle, NULL, 0, &ref);
	if (ret)
		return ret;
	zxvmo_handle_put(&ref);
	return -EMEDIUMTYPE;
}

/**
 * struct copy - a copy on its way
 * @addr: address in the process
 * @buffer: address of the caller's buffer
 * @left: bytes that are left
 * @write: to the process, not from it
 * @page: a page for what is copied from user memory to user memory
 */
struct copy {
	u64 addr;
	u64 buffer;
	u64 left;
	bool write;
	void *page;
};

/**
 * struct piece - what of it is in one mapping
 * @file: handle of the VMO that is copied from or to, or NULL
 * @offset: first byte there
 * @length: bytes
 */
struct piece {
	struct file *file;
	u64 offset;
	u64 length;
};

static int find_piece(const struct copy *copy, struct piece *piece)
{
	vm_flags_t needed = copy->write ? VM_MAYWRITE : VM_MAYREAD;
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int ret = 0;

	*piece = (struct piece) {};
	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = find_vma(mm, copy->addr);
	if (!vma || vma->vm_start > copy->addr || zxvmo_vma_region(vma)) {
		ret = -ENOENT;
	} else if (!zxvmo_vma_is_vmo(vma) || !(vma->vm_flags & VM_MAYSHARE)) {
		piece->length = min_t(u64, copy->left, vma->vm_end - copy->addr);
	} else if (vma->vm_flags & needed) {
		piece->length = min_t(u64, copy->left, vma->vm_end - copy->addr);
		piece->file = get_file(vma->vm_file);
		piece->offset = zxvmo_vma_offset(vma, copy->addr);
	} else {
		ret = -EACCES;
	}
	mmap_read_unlock(mm);
	return ret;
}

static int copy_error(const struct copy *copy, bool buffer)
{
	return buffer ? zxvmo_copy_error(copy->buffer, !copy->write) :
			zxvmo_copy_error(copy->addr, copy->write);
}

static void advance(struct copy *copy, u64 done)
{
	copy->addr += done;
	copy->buffer += done;
	copy->left -= done;
}

static int copy_vmo(struct copy *copy, const struct piece *piece, bool *buffer)
{
	struct zxvmo_vmo *vmo = zxvmo_file_vmo(piece->file);
	u64 size = READ_ONCE(vmo->sizes->size);
	struct iov_iter iter;
	u64 length;
	int ret;

	if (piece->offset >= size)
		return -ERANGE;
	length = min(piece->length, size - piece->offset);
	iov_iter_ubuf(&iter, copy->write ? ITER_SOURCE : ITER_DEST,
		      u64_to_user_ptr(copy->buffer), length);
	ret = zxvmo_vmo_copy(vmo, piece->offset, &iter);
	advance(copy, length - iov_iter_count(&iter));
	*buffer = ret == -EFAULT;
	return *buffer ? copy_error(copy, true) : ret;
}

/* Copies at most a page; less than is possible, if it then goes on from there. */
static int copy_other(struct copy *copy, const struct piece *piece, bool *buffer)
{
	void __user *memory = u64_to_user_ptr(copy->addr);
	void __user *other = u64_to_user_ptr(copy->buffer);
	size_t length = min_t(u64, piece->length, PAGE_SIZE), done;

	length -= copy_from_user(copy->page, copy->write ? other : memory, length);
	if (length) {
		done = length - copy_to_user(copy->write ? memory : other, copy->page, length);
		advance(copy, done);
		if (done)
			return 0;
	}
	/* Nothing could be read, or nothing written. */
	*buffer = length ? !copy->write : copy->write;
	return copy_error(copy, *buffer);
}

static int copy_next(struct copy *copy, bool *buffer)
{
	struct piece piece;
	int ret;

	*buffer = false;
	ret = find_piece(copy, &piece);
	if (ret)
		return ret;
	if (!piece.file)
		return copy_other(copy, &piece, buffer);
	ret = copy_vmo(copy, &piece, buffer);
	fput(piece.file);
	return ret;
}

static int process_memory(struct zxvmo_cmd *cmd, bool write)
{
	struct zxvmo_process_memory *arg = cmd->arg;
	struct copy copy = {
		.addr = arg->addr,
		.buffer = arg->buffer,
		.left = arg->length,
		.write = write,
	};
	bool buffer = false;
	int ret;

	if (!arg->buffer || !arg->length || arg->length > ZXVMO_PROCESS_MEMORY_MAX)
		return -EINVAL;
	ret = zxvmo_process_get(cmd, arg->handle,
				write ? ZXVMO_RIGHT_WRITE : ZXVMO_RIGHT_READ);
	if (ret)
		return ret;
	copy.page = kmalloc(PAGE_SIZE, GFP_KERNEL_ACCOUNT);
	if (!copy.page)
		return -ENOMEM;
	while (!ret && copy.left) {
		ret = copy_next(&copy, &buffer);
		if (fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	kfree(copy.page);
	/* Where the memory ends is news only if the caller gets nothing else. */
	if (ret && (ret == -EINTR || buffer || copy.left == arg->length))
		return ret;
	return put_user(arg->length - copy.left,
			(u64 __user *)u64_to_user_ptr(arg->out_actual));
}

int zxvmo_process_read_memory(struct zxvmo_cmd *cmd)
{
	return process_memory(cmd, false);
}

int zxvmo_process_write_memory(struct zxvmo_cmd *cmd)
{
	return process_memory(cmd, true);
}
