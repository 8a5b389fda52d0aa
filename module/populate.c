// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entering the pages that a VMO has into page tables, without waiting for faults.
 *
 * It is what as many read faults would do, see fault.c, but in batches: the pages
 * are found and locked under vmo->lock and entered while they are locked. So who
 * takes one away waits and then zaps, as he does for a fault. Of a batch only the
 * first lock is waited for. Nothing is allocated but page tables: neither absent
 * pages nor zero pages are entered, and what is there already stays.
 *
 * The entries do not allow to write, whatever the mapping does: the first write is
 * a fault, which finds out whether the page may be written or must be copied.
 */
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "zxvmo.h"

/* Pages that are locked at the same time */
#define BATCH	64

/*
 * Readies the first run of present pages in [*@index, @last] to be mapped, at most
 * BATCH, and locks them. Returns how many; *@index is where they begin.
 */
static unsigned int lock_run(struct zxvmo_vmo *owner, u64 *index, u64 last,
			     struct page **pages)
{
	struct page *page = zxvmo_ptree_next(&owner->tree, index, last);
	unsigned int nr;

	lockdep_assert_held_read(&owner->lock);
	for (nr = 0; page && nr < BATCH && *index + nr <= last; nr++) {
		if (nr) {
			page = zxvmo_ptree_lookup(&owner->tree, *index + nr);
			if (!page || !trylock_page(page))
				break;
		} else {
			lock_page(page);
		}
		zxvmo_fault_ready(owner, *index + nr, page, false);
		get_page(page);
		pages[nr] = page;
	}
	return nr;
}

/* Enters locked pages and unlocks them. */
static int enter_run(struct vm_area_struct *vma, u64 addr, struct page **pages,
		     unsigned int nr)
{
	unsigned long left = nr;
	int ret = 0;

	while (left && !ret) {
		unsigned int done = nr - left;

		ret = vm_insert_pages(vma, addr + ((u64)done << PAGE_SHIFT),
				      pages + done, &left);
		if (ret == -EBUSY) {
			/* It has stopped at an entry that is there. */
			left--;
			ret = 0;
		} else if (ret == -EFAULT) {
			/* So it calls the lack of memory for an upper table. */
			ret = -ENOMEM;
		}
	}
	while (nr--) {
		unlock_page(pages[nr]);
		put_page(pages[nr]);
	}
	return ret;
}

/* The mapping of @file at @addr, if there is one that has permissions at all. */
static struct vm_area_struct *find_mapping(struct mm_struct *mm,
					   const struct file *file, u64 addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (!vma || vma->vm_start > addr || !zxvmo_vma_is_vmo(vma) ||
	    vma->vm_file != file || !(vma->vm_flags & VM_READ) ||
	    !(vma->vm_flags & VM_SHARED))
		return NULL;
	return vma;
}

/*
 * What the core wants to know of a mapping whose entries it has not made. It costs
 * the mapping that fork(2) copies them, so only those have it that need it.
 */
static struct vm_area_struct *lock_mapping(struct mm_struct *mm,
					   const struct file *file, u64 addr)
{
	struct vm_area_struct *vma;

	if (mmap_read_lock_killable(mm))
		return ERR_PTR(-EINTR);
	vma = find_mapping(mm, file, addr);
	if (vma && !(vma->vm_flags & VM_MIXEDMAP)) {
		mmap_read_unlock(mm);
		if (mmap_write_lock_killable(mm))
			return ERR_PTR(-EINTR);
		vma = find_mapping(mm, file, addr);
		if (vma)
			vm_flags_set(vma, VM_MIXEDMAP);
		mmap_write_downgrade(mm);
	}
	if (!vma)
		mmap_read_unlock(mm);
	return vma;
}

/* Enters a run of what is in [*@addr, @end), which receives where to go on. */
static int populate_run(struct vm_area_struct *vma, u64 *addr, u64 end)
{
	struct zxvmo_vmo *owner = zxvmo_file_vmo(vma->vm_file)->owner;
	u64 first = vma->vm_pgoff + ((*addr - vma->vm_start) >> PAGE_SHIFT);
	u64 index = first, last = first + ((end - *addr) >> PAGE_SHIFT) - 1;
	struct page *pages[BATCH];
	unsigned int nr = 0;
	u64 limit;
	int ret;

	down_read(&owner->lock);
	limit = zxvmo_vma_end(vma);
	if (!owner->discarded && first < limit)
		nr = lock_run(owner, &index, min(last, limit - 1), pages);
	ret = owner->discarded ? -ENOENT : 0;
	up_read(&owner->lock);
	if (!nr) {
		*addr = end;
		return ret;
	}
	*addr += (index - first) << PAGE_SHIFT;
	ret = enter_run(vma, *addr, pages, nr);
	*addr += (u64)nr << PAGE_SHIFT;
	return ret;
}

/**
 * zxvmo_populate() - enter what a VMO has into the page tables of a mapping
 * @file: its file
 * @addr: first address
 * @end: first address beyond
 *
 * It ends without an error where there is no shared, readable mapping of @file.
 *
 * Return: 0; -ENOENT if the VMO is discarded; -ENOMEM; -EINTR if killed.
 */
int zxvmo_populate(const struct file *file, u64 addr, u64 end)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int ret = 0;

	while (!ret && addr < end) {
		vma = lock_mapping(mm, file, addr);
		if (IS_ERR_OR_NULL(vma))
			return PTR_ERR_OR_ZERO(vma);
		ret = populate_run(vma, &addr, min_t(u64, end, vma->vm_end));
		mmap_read_unlock(mm);
		if (fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	return ret;
}
