// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copying between VMOs and user memory.
 *
 * Pages are found under vmo->lock, a few at a time, and held by references
 * while the bytes are copied without any lock and without page faults. Where
 * the user's buffer needs a fault it is faulted in with nothing held, since it
 * may be a mapping of the same VMO or stall for as long as it likes, and then
 * size and pages are looked up again. So what leaves the VMO while a copy
 * stalls is not copied any more.
 */
#include <linux/highmem.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>

#include "zxvmo.h"

#define COPY_PAGES	16

/* Finds the pages of the next piece of the range; true if all are there. */
static bool copy_find_pages(struct zxvmo_vmo *vmo, u64 first, struct page **pages,
			    unsigned int nr)
{
	bool all = true;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		pages[i] = zxvmo_ptree_lookup(&vmo->tree, first + i);
		all &= !!pages[i];
	}
	return all;
}

/* Takes references to the pages, which are made if they are to be written. */
static int copy_get_pages(struct zxvmo_vmo *vmo, u64 offset, size_t count,
			  bool commit, struct zxvmo_supply *supply,
			  struct page **pages, unsigned int nr)
{
	u64 first = offset >> PAGE_SHIFT;
	unsigned int i;
	int ret;

	for (;;) {
		mutex_lock(&vmo->lock);
		ret = zxvmo_vmo_check_range(vmo, offset, count);
		if (ret)
			break;
		if (copy_find_pages(vmo, first, pages, nr) || !commit)
			break;
		if (!zxvmo_vmo_populate(vmo, first, first + nr - 1, supply)) {
			copy_find_pages(vmo, first, pages, nr);
			break;
		}
		mutex_unlock(&vmo->lock);
		ret = zxvmo_supply_fill(supply);
		if (ret)
			return ret;
	}
	for (i = 0; i < nr && !ret; i++) {
		if (pages[i])
			get_page(pages[i]);
	}
	mutex_unlock(&vmo->lock);
	return ret;
}

/* Copies what needs no page fault; less than @len bytes if one is needed. */
static size_t copy_piece(struct page *page, size_t start, size_t len,
			struct iov_iter *iter)
{
	size_t done;

	pagefault_disable();
	if (iov_iter_rw(iter) == WRITE) {
		done = copy_page_from_iter(page, start, len, iter);
		flush_dcache_page(page);
	} else if (page) {
		done = copy_page_to_iter(page, start, len, iter);
	} else {
		done = iov_iter_zero(len, iter);
	}
	pagefault_enable();
	return done;
}

/* Faults in the next @len bytes of the user's buffer, or some of them. */
static int copy_fault_in(struct iov_iter *iter, size_t len)
{
	size_t left;

	if (!user_backed_iter(iter))
		return -EFAULT;
	left = iov_iter_rw(iter) == WRITE ?
	       fault_in_iov_iter_readable(iter, len) :
	       fault_in_iov_iter_writeable(iter, len);
	return left == len ? -EFAULT : 0;
}

/**
 * zxvmo_vmo_copy() - copy to or from a VMO
 * @vmo: the VMO
 * @offset: first byte
 * @iter: the user's memory; it is advanced by what was copied
 *
 * Pages that are missing read as zero, and are allocated when they are written.
 *
 * Return: 0; -ERANGE: what is left of the range is not in the VMO; -EFAULT: the
 * user's memory; -ENOMEM; -EINTR if killed.
 */
int zxvmo_vmo_copy(struct zxvmo_vmo *vmo, u64 offset, struct iov_iter *iter)
{
	bool write = iov_iter_rw(iter) == WRITE;
	struct page *pages[COPY_PAGES];
	struct zxvmo_supply supply;
	int ret;

	zxvmo_supply_init(&supply, vmo->account);
	do {
		size_t start = offset_in_page(offset);
		size_t count = iov_iter_count(iter);
		size_t piece = min(count, COPY_PAGES * PAGE_SIZE - start);
		unsigned int nr = DIV_ROUND_UP(start + piece, PAGE_SIZE);
		unsigned int i;

		if (!count)
			nr = 0;
		ret = copy_get_pages(vmo, offset, count, write, &supply, pages, nr);
		if (ret)
			break;
		for (i = 0; i < nr && piece; i++) {
			size_t len = min(piece, PAGE_SIZE - start);
			size_t done = copy_piece(pages[i], start, len, iter);

			offset += done;
			piece -= done;
			start = 0;
			if (done < len)
				break;
		}
		for (i = 0; i < nr; i++) {
			if (pages[i])
				put_page(pages[i]);
		}
		if (piece)
			ret = copy_fault_in(iter, piece);
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	} while (!ret && iov_iter_count(iter));
	zxvmo_supply_release(&supply);
	return ret;
}

/* The status of a user address that could not be read or written. */
static int buffer_error(unsigned long addr, bool write)
{
	vm_flags_t needed = write ? VM_WRITE : VM_READ;
	struct vm_area_struct *vma;
	int ret = -ENOENT;

	if (mmap_read_lock_killable(current->mm))
		return -EINTR;
	vma = find_vma(current->mm, addr);
	if (vma && vma->vm_start <= addr) {
		u64 index = vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);

		if (!(vma->vm_flags & needed))
			ret = -EACCES;
		else if (zxvmo_vma_is_vmo(vma) &&
			 index >= READ_ONCE(zxvmo_file_vmo(vma->vm_file)->size) >> PAGE_SHIFT)
			ret = -ERANGE;
	}
	mmap_read_unlock(current->mm);
	return ret;
}

static int vmo_rw(struct zxvmo_cmd *cmd, u32 right, unsigned int direction)
{
	struct zxvmo_vmo_rw *arg = cmd->arg;
	struct zxvmo_vmo *vmo;
	struct iov_iter iter;
	struct zxvmo_ref ref;
	int ret;

	vmo = zxvmo_vmo_get(cmd, arg->handle, right, &ref);
	if (IS_ERR(vmo))
		return PTR_ERR(vmo);
	iov_iter_ubuf(&iter, direction, u64_to_user_ptr(arg->buffer), arg->length);
	ret = zxvmo_vmo_copy(vmo, arg->offset, &iter);
	zxvmo_handle_put(&ref);
	if (ret == -EFAULT)
		ret = buffer_error(arg->buffer + arg->length - iov_iter_count(&iter),
				   direction == ITER_DEST);
	return ret;
}

int zxvmo_vmo_read(struct zxvmo_cmd *cmd)
{
	return vmo_rw(cmd, ZXVMO_RIGHT_READ, ITER_DEST);
}

int zxvmo_vmo_write(struct zxvmo_cmd *cmd)
{
	return vmo_rw(cmd, ZXVMO_RIGHT_WRITE, ITER_SOURCE);
}
