// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entering the pages that a VMO has into page tables, without waiting for faults.
 *
 * It is what as many read faults would do, see fault.c, but in batches, and entered
 * while vmo->lock is held: who takes a page away comes before or after. Nothing is
 * allocated but page tables, ahead of the lock: neither absent pages nor zero pages
 * are entered, and what is there already stays.
 *
 * The entries do not allow to write, whatever the mapping does: the first write is
 * a fault, which finds out whether the page may be written or must be copied.
 */
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "zxvmo.h"

/* Pages that are entered at a time */
#define BATCH	128

/*
 * Finds pages side by side and readies them to be mapped. Those that carry the VMO's
 * mapping are: they are owned.
 */
static unsigned int ready_run(struct zxvmo_vmo *owner, u64 *index, u64 last,
			      struct page **pages)
{
	unsigned int i, nr;
	bool owned;

	nr = zxvmo_ptree_run(&owner->tree, index, last, pages, BATCH,
			     zxvmo_vmo_mapping(owner), &owned);
	for (i = 0; i < nr && !owned; i++) {
		lock_page(pages[i]);
		zxvmo_fault_ready(owner, *index + i, pages[i], false);
		unlock_page(pages[i]);
	}
	return nr;
}

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
		}
	}
	return ret ? -ENOMEM : 0;
}

/*
 * The shared mapping of @file at @addr, if there is one that has permissions at all.
 * VM_SHARED tells besides whether the file is open for writing.
 */
static struct vm_area_struct *find_mapping(struct mm_struct *mm,
					   const struct file *file, u64 addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (!vma || vma->vm_start > addr || !zxvmo_vma_is_vmo(vma) ||
	    vma->vm_file != file || !(vma->vm_flags & VM_READ) ||
	    !(vma->vm_flags & VM_MAYSHARE))
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

/* Whether a mapping can show anything from an index to @end, and what is the last. */
static bool can_show(struct vm_area_struct *vma, u64 index, u64 end, u64 *last)
{
	u64 limit = zxvmo_vma_end(vma);

	*last = min_t(u64, linear_page_index(vma, end - 1), limit - 1);
	return index < limit;
}

/* Moves *@addr to the first page in [*@addr, @end), or to @end. */
static int find_page(struct vm_area_struct *vma, u64 *addr, u64 end)
{
	struct zxvmo_vmo *owner = zxvmo_file_vmo(vma->vm_file)->owner;
	u64 first = linear_page_index(vma, *addr), index = first, last;
	bool found;
	int ret;

	down_read(&owner->lock);
	ret = owner->discarded ? -ENOENT : 0;
	found = can_show(vma, index, end, &last) &&
		zxvmo_ptree_next(&owner->tree, &index, last);
	up_read(&owner->lock);
	*addr = found ? *addr + ((index - first) << PAGE_SHIFT) : end;
	return ret;
}

/* Enters what is in [*@addr, @end) of the first page table that needs any. */
static int populate_table(struct vm_area_struct *vma, u64 *addr, u64 end)
{
	struct zxvmo_vmo *owner = zxvmo_file_vmo(vma->vm_file)->owner;
	struct page *pages[BATCH];
	u64 index, last;
	unsigned int nr;
	int ret;

	ret = find_page(vma, addr, end);
	if (ret || *addr == end)
		return ret;
	/* Without a function it only sees to it that there is a page table. */
	if (apply_to_page_range(vma->vm_mm, *addr, PAGE_SIZE, NULL, NULL))
		return -ENOMEM;
	end = min_t(u64, end, (*addr & PMD_MASK) + PMD_SIZE);

	down_read(&owner->lock);
	zxvmo_note_mapped(owner);
	while (!ret && *addr < end) {
		index = linear_page_index(vma, *addr);
		nr = can_show(vma, index, end, &last) ?
		     ready_run(owner, &index, last, pages) : 0;
		if (!nr) {
			*addr = end;
			break;
		}
		*addr = vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT);
		ret = enter_run(vma, *addr, pages, nr);
		*addr += (u64)nr << PAGE_SHIFT;
	}
	up_read(&owner->lock);
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
		ret = populate_table(vma, &addr, min_t(u64, end, vma->vm_end));
		mmap_read_unlock(mm);
		if (fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	return ret;
}
