// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copying between VMOs and user memory.
 *
 * A few pages at a time are found under vmo->lock and copied without page faults.
 * Where the user's buffer needs a fault it is faulted in with nothing held, since
 * it may be a mapping of the same VMO or stall for as long as it likes, and then
 * size and pages are looked up again. So what leaves the VMO while a copy stalls
 * is not copied any more.
 *
 * The lock is held while those few pages are copied, by readers for reading, so
 * they go beside each other. What a writer writes must be found in the page by
 * whoever takes that page away to keep it elsewhere, as a transfer or a snapshot
 * does; and what a reader reads must not be given to a relative to write on.
 */
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>

#include "zxvmo.h"

#define COPY_PAGES	8

static void copy_lock(struct zxvmo_vmo *owner, bool write)
{
	if (write)
		down_write(&owner->lock);
	else
		down_read(&owner->lock);
}

static void copy_unlock(struct zxvmo_vmo *owner, bool write)
{
	if (write)
		up_write(&owner->lock);
	else
		up_read(&owner->lock);
}

/*
 * Finds the pages of the next piece. For a write the owner owns them all. On
 * success its lock is held.
 */
static int copy_get_pages(struct zxvmo_vmo *vmo, u64 offset, size_t count,
			  bool write, struct page **pages, unsigned int nr)
{
	struct zxvmo_vmo *owner = vmo->owner;
	u64 first = (offset + vmo->offset) >> PAGE_SHIFT;
	unsigned int i;
	int ret;

	for (;;) {
		copy_lock(owner, write);
		ret = zxvmo_vmo_check_range(vmo, offset, count);
		if (ret)
			break;
		for (i = 0; i < nr; i++) {
			if (!write) {
				pages[i] = zxvmo_ptree_lookup(&owner->tree, first + i);
				/* What is discarded has no pages at all. */
				if (!pages[i] && owner->discarded)
					goto discarded;
				continue;
			}
			pages[i] = zxvmo_ptree_lookup_private(&owner->tree, first + i);
			if (!pages[i] || zxvmo_page_is_shared(pages[i]))
				break;
		}
		if (i == nr)
			return 0;
		copy_unlock(owner, write);
		ret = zxvmo_vmo_commit(owner, first, first + nr - 1);
		if (ret)
			return ret;
	}
	copy_unlock(owner, write);
	return ret;

discarded:
	copy_unlock(owner, write);
	return -ENOENT;
}

/*
 * Copies what needs no page fault; less than @len bytes if one is needed. By
 * address, for copy_page_to_iter() of older kernels gives a pipe the page itself;
 * and without the checks of hardened usercopy, for it is all in one page.
 */
static size_t copy_bytes(struct page *page, size_t start, size_t len,
			 struct iov_iter *iter)
{
	size_t done;
	void *addr;

	pagefault_disable();
	if (!page) {
		done = iov_iter_zero(len, iter);
	} else {
		addr = kmap_local_page(page) + start;
		if (iov_iter_rw(iter) == WRITE) {
			done = _copy_from_iter(addr, len, iter);
			flush_dcache_page(page);
		} else {
			done = _copy_to_iter(addr, len, iter);
		}
		kunmap_local(addr);
	}
	pagefault_enable();
	return done;
}

/*
 * Some kernels clear user memory by whole words only: what stands before a bad
 * page goes byte by byte, or else it would be faulted in for ever.
 */
static size_t copy_piece(struct page *page, size_t start, size_t len,
			 struct iov_iter *iter)
{
	return copy_bytes(page, start, len, iter) ?:
	       copy_bytes(page, start, 1, iter);
}

/* Copies the next pages, as far as no page fault is needed. */
static int copy_pages(struct zxvmo_vmo *vmo, u64 *offset, struct iov_iter *iter)
{
	size_t start = offset_in_page(*offset);
	size_t count = iov_iter_count(iter);
	size_t left = min(count, COPY_PAGES * PAGE_SIZE - start);
	unsigned int nr = left ? DIV_ROUND_UP(start + left, PAGE_SIZE) : 0;
	bool write = iov_iter_rw(iter) == WRITE;
	struct page *pages[COPY_PAGES];
	unsigned int i;
	int ret;

	ret = copy_get_pages(vmo, *offset, count, write, pages, nr);
	if (ret)
		return ret;
	for (i = 0; i < nr; i++) {
		size_t len = min(left, PAGE_SIZE - start);
		size_t done = ret ? 0 : copy_piece(pages[i], start, len, iter);

		if (done != len)
			ret = -EAGAIN;
		*offset += done;
		left -= done;
		start = 0;
	}
	copy_unlock(vmo->owner, write);
	return ret;
}

/**
 * zxvmo_copy_fault_in() - fault in what a copy needs next
 * @iter: the user's memory
 *
 * Call it with nothing held.
 *
 * Return: 0 if at least the next byte can be reached, or -EFAULT.
 */
int zxvmo_copy_fault_in(struct iov_iter *iter)
{
	size_t len = min(iov_iter_count(iter), COPY_PAGES * PAGE_SIZE);
	size_t left = len;

	if (user_backed_iter(iter))
		left = iov_iter_rw(iter) == WRITE ?
		       fault_in_iov_iter_readable(iter, len) :
		       fault_in_iov_iter_writeable(iter, len);
	return left == len ? -EFAULT : 0;
}

/**
 * zxvmo_vmo_copy_nofault() - copy to or from a VMO until a page fault is needed
 * @vmo: the VMO
 * @offset: first byte
 * @iter: the user's memory; it is advanced by what was copied
 *
 * Pages that are missing read as zero, and are allocated when they are written.
 *
 * Return: 0; -EAGAIN: go on after zxvmo_copy_fault_in(); -ERANGE: what is left of
 * the range is not in the VMO; -ENOENT: it is discarded; -ENOMEM; -EINTR if killed.
 */
int zxvmo_vmo_copy_nofault(struct zxvmo_vmo *vmo, u64 offset, struct iov_iter *iter)
{
	for (;;) {
		int ret = copy_pages(vmo, &offset, iter);

		if (ret || !iov_iter_count(iter))
			return ret;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
}

/**
 * zxvmo_vmo_copy() - copy to or from a VMO
 * @vmo: the VMO
 * @offset: first byte
 * @iter: the user's memory; it is advanced by what was copied
 *
 * Return: as zxvmo_vmo_copy_nofault(), but -EFAULT: the user's memory.
 */
int zxvmo_vmo_copy(struct zxvmo_vmo *vmo, u64 offset, struct iov_iter *iter)
{
	size_t count = iov_iter_count(iter);
	int ret;

	for (;;) {
		size_t done = count - iov_iter_count(iter);

		ret = zxvmo_vmo_copy_nofault(vmo, offset + done, iter);
		if (ret != -EAGAIN)
			return ret;
		ret = zxvmo_copy_fault_in(iter);
		if (ret)
			return ret;
		if (fatal_signal_pending(current))
			return -EINTR;
	}
}

/**
 * zxvmo_copy_error() - why user memory could not be read or written
 * @addr: address of the first byte that could not
 * @write: it should have been written
 *
 * Return: -EACCES: the mapping forbids it; -ERANGE: it is a mapping that leaves its
 * VMO; -ENOENT: anything else; -EINTR if killed.
 */
int zxvmo_copy_error(unsigned long addr, bool write)
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
		else if (zxvmo_vma_is_vmo(vma) && index >= zxvmo_vma_end(vma))
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
		ret = zxvmo_copy_error(arg->buffer + arg->length - iov_iter_count(&iter),
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
