// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings of VMOs and their page faults.
 *
 * A fault finds the page under vmo->lock, takes the page lock before it lets go
 * of vmo->lock, and leaves the page lock to the core, which drops it when the
 * page is mapped. Whoever takes a page away waits for that lock and then zaps,
 * see vmo.c. The core drops the page lock between ->fault and ->page_mkwrite,
 * so the latter finds the page anew and looks at everything again.
 *
 * A page is mapped for writing only if the VMO owns it, see page.c; of one that
 * relatives can reach, a write fault makes the VMO own a copy.
 *
 * A mapping of a slice or reference is one of its owner: it lies in the mapping
 * of the owner's inode and counts as the owner does, so that one zap finds all.
 *
 * Reading an absent page maps one of a few zero pages, read-only, and commits
 * nothing; the first write to it comes to ->page_mkwrite, which puts a page into
 * the tree. Whoever adds a page where a zero page may be mapped does as with a
 * page that is taken away: zero page's lock, then zap. There are several zero
 * pages so that not all machine shares one lock and one counter; which one
 * stands at an index is fixed.
 *
 * Denied permissions never get here: the mapping's flags keep them out, now and
 * in any later mprotect(2). What is left is SIGBUS, also for want of memory:
 * VM_FAULT_OOM would repeat the fault for ever.
 */
#include <linux/pagemap.h>
#include <linux/personality.h>

#include "vmar.h"

#define NR_ZERO_PAGES	16

static struct page *zero_pages[NR_ZERO_PAGES];

static const struct vm_operations_struct zxvmo_stream_vma_ops;

static struct page *zero_page(u64 index)
{
	return zero_pages[index % NR_ZERO_PAGES];
}

/**
 * zxvmo_vmo_zap_zero_pages() - make sure that no zero page is mapped in a range
 * @vmo: the VMO
 * @first: first index
 * @last: last index
 */
void zxvmo_vmo_zap_zero_pages(struct zxvmo_vmo *vmo, u64 first, u64 last)
{
	u64 index;

	lockdep_assert_held_write(&vmo->lock);
	if (!vmo->zero_mapped)
		return;
	for (index = first; index <= last && index - first < NR_ZERO_PAGES; index++) {
		lock_page(zero_page(index));
		unlock_page(zero_page(index));
	}
	unmap_mapping_pages(zxvmo_vmo_mapping(vmo), first, last - first + 1, false);
}

/**
 * zxvmo_zero_pages_settled() - whether no fault is about to map a zero page
 *
 * Faults that begin later do not count.
 *
 * Return: false if one, perhaps of this very thread, is.
 */
bool zxvmo_zero_pages_settled(void)
{
	int i, tries = 100;

	for (i = 0; i < NR_ZERO_PAGES; i++) {
		while (!trylock_page(zero_pages[i])) {
			if (!tries--)
				return false;
			cpu_relax();
		}
		unlock_page(zero_pages[i]);
	}
	return true;
}

/* Somebody may have a zero page of the VMO from now on. */
static void note_zero_mapped(struct zxvmo_vmo *owner, u64 index)
{
	WRITE_ONCE(owner->zero_mapped, true);
	WRITE_ONCE(owner->referenced, true);
	if (owner->discard)
		zxvmo_discard_zero_mapped(owner, index);
}

/**
 * zxvmo_vma_to_stream() - whether a mapping ends where the stream of its VMO does
 * @vma: the mapping
 *
 * Return: true if it does.
 */
bool zxvmo_vma_to_stream(const struct vm_area_struct *vma)
{
	return vma->vm_ops == &zxvmo_stream_vma_ops;
}

/**
 * zxvmo_vma_end() - where what a mapping can show ends
 * @vma: the mapping
 *
 * It stays so as long as vmo->lock is held.
 *
 * Return: the first index beyond its VMO or, if it ends there, beyond the page that
 * the stream ends in.
 */
u64 zxvmo_vma_end(const struct vm_area_struct *vma)
{
	const struct zxvmo_vmo *vmo = zxvmo_file_vmo(vma->vm_file);
	u64 size = READ_ONCE(vmo->sizes->size);

	if (zxvmo_vma_to_stream(vma))
		size = min(size, READ_ONCE(vmo->sizes->stream_size));
	return (vmo->offset + PAGE_ALIGN(size)) >> PAGE_SHIFT;
}

/* Whether there is something to map at an index. */
static bool may_map(const struct vm_area_struct *vma, u64 index)
{
	return index < zxvmo_vma_end(vma) &&
	       !zxvmo_file_vmo(vma->vm_file)->owner->discarded;
}

/*
 * Whether a page may be mapped for writing. A relative that goes makes it so at
 * any time, without the VMO's lock; who decides under the page lock decides as
 * those did who had the page before.
 */
static bool is_owned(struct zxvmo_vmo *owner, u64 index, struct page *page)
{
	return zxvmo_ptree_lookup_private(&owner->tree, index) == page &&
	       !zxvmo_page_is_shared(page);
}

/**
 * zxvmo_note_mapped() - a page is about to be mapped
 * @owner: its VMO
 */
void zxvmo_note_mapped(struct zxvmo_vmo *owner)
{
	lockdep_assert_held(&owner->lock);
	WRITE_ONCE(owner->mapped, true);
	WRITE_ONCE(owner->referenced, true);
}

/*
 * Readies a locked page that the VMO owns for being mapped: it gets what the rest
 * of mm wants to know of a page in a file. That is whose it is, for futexes; and
 * that it is dirty, for a clean page with a mapping would be taken for page cache
 * that may be evicted (on a memory error, say), and nobody writes this one back.
 */
static void map_owned(struct zxvmo_vmo *owner, u64 index, struct page *page)
{
	if (!page->mapping) {
		SetPageDirty(page);
		page->index = index;
		page->mapping = zxvmo_vmo_mapping(owner);
	}
	zxvmo_note_mapped(owner);
}

/**
 * zxvmo_fault_ready() - ready a page that is there to be mapped
 * @owner: the VMO
 * @index: index of the page
 * @page: the page, locked
 * @write: it is to be written
 *
 * Return: false if the VMO must own it first.
 */
bool zxvmo_fault_ready(struct zxvmo_vmo *owner, u64 index, struct page *page,
		       bool write)
{
	lockdep_assert_held(&owner->lock);
	if (is_owned(owner, index, page)) {
		map_owned(owner, index, page);
		return true;
	}
	if (write)
		return false;
	zxvmo_ptree_set_shared(&owner->tree, index);
	zxvmo_note_mapped(owner);
	return true;
}

/* The same for a fault, which keeps it locked. */
static bool fault_lock(struct zxvmo_vmo *owner, u64 index, struct page *page,
		       bool write)
{
	lock_page(page);
	if (zxvmo_fault_ready(owner, index, page, write))
		return true;
	unlock_page(page);
	return false;
}

/* Makes the owner own the page of a fault and locks it. @held: see zxvmo_vmo_own(). */
static vm_fault_t fault_own(struct vm_fault *vmf, struct page *held, struct page **page)
{
	struct zxvmo_vmo *owner = zxvmo_file_vmo(vmf->vma->vm_file)->owner;
	u64 index = vmf->pgoff;
	struct zxvmo_supply supply;
	vm_fault_t ret = 0;

	zxvmo_supply_init(&supply, &owner->tree);
	for (;;) {
		down_write(&owner->lock);
		if (!may_map(vmf->vma, index)) {
			ret = VM_FAULT_SIGBUS;
			break;
		}
		if (!zxvmo_vmo_own(owner, index, index, held, &supply)) {
			*page = zxvmo_ptree_lookup(&owner->tree, index);
			get_page(*page);
			lock_page(*page);
			map_owned(owner, index, *page);
			break;
		}
		up_write(&owner->lock);
		if (zxvmo_supply_fill(&supply)) {
			zxvmo_supply_release(&supply);
			return VM_FAULT_SIGBUS;
		}
	}
	up_write(&owner->lock);
	zxvmo_supply_release(&supply);
	return ret;
}

static vm_fault_t zxvmo_vma_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	bool write = (vmf->flags & FAULT_FLAG_WRITE) && (vma->vm_flags & VM_SHARED);
	struct zxvmo_vmo *owner = zxvmo_file_vmo(vma->vm_file)->owner;
	struct page *page;
	vm_fault_t ret;

	/* References to a zero page must not overflow; then memory is spent. */
	if ((unsigned int)page_count(zero_page(vmf->pgoff)) > INT_MAX / 2)
		write = true;
	down_read(&owner->lock);
	if (!may_map(vma, vmf->pgoff)) {
		up_read(&owner->lock);
		return VM_FAULT_SIGBUS;
	}
	page = zxvmo_ptree_lookup(&owner->tree, vmf->pgoff);
	if (!page && !write) {
		page = zero_page(vmf->pgoff);
		note_zero_mapped(owner, vmf->pgoff);
		get_page(page);
		lock_page(page);
		up_read(&owner->lock);
	} else if (page && fault_lock(owner, vmf->pgoff, page, write)) {
		get_page(page);
		up_read(&owner->lock);
	} else {
		up_read(&owner->lock);
		ret = fault_own(vmf, NULL, &page);
		if (ret)
			return ret;
	}
	vmf->page = page;
	return VM_FAULT_LOCKED;
}

static vm_fault_t zxvmo_vma_page_mkwrite(struct vm_fault *vmf)
{
	struct zxvmo_vmo *owner = zxvmo_file_vmo(vmf->vma->vm_file)->owner;
	struct page *page;
	vm_fault_t ret;

	down_read(&owner->lock);
	page = zxvmo_ptree_lookup(&owner->tree, vmf->pgoff);
	if (page == vmf->page && may_map(vmf->vma, vmf->pgoff) &&
	    fault_lock(owner, vmf->pgoff, page, true)) {
		up_read(&owner->lock);
		return VM_FAULT_LOCKED;
	}
	up_read(&owner->lock);
	ret = fault_own(vmf, vmf->page, &page);
	if (ret)
		return ret;
	if (page == vmf->page) {
		ret = VM_FAULT_LOCKED;
	} else {
		/* What is mapped was zapped by whoever put @page there. */
		unlock_page(page);
		ret = VM_FAULT_NOPAGE;
	}
	put_page(page);
	return ret;
}

/* Its presence lets faults run under the lock of the VMA alone. */
static vm_fault_t zxvmo_vma_map_pages(struct vm_fault *vmf, pgoff_t start_pgoff,
				      pgoff_t end_pgoff)
{
	return 0;
}

#define VMA_OPS							\
	{							\
		.open = zxvmo_vmar_hold_again,			\
		.close = zxvmo_vmar_unhold,			\
		.fault = zxvmo_vma_fault,			\
		.map_pages = zxvmo_vma_map_pages,		\
		.page_mkwrite = zxvmo_vma_page_mkwrite,		\
	}

static const struct vm_operations_struct zxvmo_vma_ops = VMA_OPS;
/* That of a mapping which ends where the stream does tells it from the others. */
static const struct vm_operations_struct zxvmo_stream_vma_ops = VMA_OPS;

/**
 * zxvmo_vma_is_vmo() - whether a VMA is a mapping of a VMO
 * @vma: the VMA
 *
 * Return: true if it is.
 */
bool zxvmo_vma_is_vmo(const struct vm_area_struct *vma)
{
	return vma->vm_ops == &zxvmo_vma_ops || zxvmo_vma_to_stream(vma);
}

/**
 * zxvmo_vmo_mmap() - mmap(2) of a VMO
 * @file: the handle
 * @vma: the new mapping
 *
 * The handle's rights at this time bound the mapping for its life. Writing a
 * private mapping writes copies and needs no ZXVMO_RIGHT_WRITE.
 *
 * Return: 0, or -EACCES if a right is missing.
 */
int zxvmo_vmo_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct zxvmo_request *request = zxvmo_aspace_request();
	u32 rights = zxvmo_file_rights(file);
	struct zxvmo_vmo *vmo = zxvmo_file_vmo(file);
	vm_flags_t denied = 0;

	if (!(rights & ZXVMO_RIGHT_MAP))
		return -EACCES;
	if (!(rights & ZXVMO_RIGHT_READ))
		denied |= VM_READ | VM_WRITE | VM_EXEC;
	if (!(rights & ZXVMO_RIGHT_WRITE) && (vma->vm_flags & VM_MAYSHARE))
		denied |= VM_WRITE;
	if (!(rights & ZXVMO_RIGHT_EXECUTE))
		denied |= VM_EXEC;
	/* That every readable mapping is executable is no wish of the program. */
	if ((denied & VM_EXEC) && (current->personality & READ_IMPLIES_EXEC))
		vm_flags_clear(vma, VM_EXEC);
	if (vma->vm_flags & denied)
		return -EACCES;
	/* VM_MAYREAD is VM_READ four bits up, and so on. */
	vm_flags_clear(vma, denied << 4);
	/*
	 * The pages are not on any LRU list: nobody may try to lock or merge
	 * them. It costs growing by mremap(2).
	 */
	vm_flags_set(vma, VM_DONTEXPAND);
	/* Merging would compare it with a new mapping's: VM_DONTEXPAND forbids it. */
	vma->vm_pgoff += vmo->offset >> PAGE_SHIFT;
	vma->vm_ops = &zxvmo_vma_ops;
	if (request && request->holder)
		vma->vm_private_data = get_file(request->holder);
	if (request && request->to_stream) {
		vma->vm_ops = &zxvmo_stream_vma_ops;
		WRITE_ONCE(vmo->owner->stream_mapped, true);
	}
	return 0;
}

/**
 * zxvmo_fault_setup() - allocate the zero pages
 *
 * Return: 0 or -ENOMEM.
 */
int zxvmo_fault_setup(void)
{
	int i;

	BUILD_BUG_ON((VM_READ | VM_WRITE | VM_EXEC) << 4 !=
		     (VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC));
	for (i = 0; i < NR_ZERO_PAGES; i++) {
		zero_pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!zero_pages[i]) {
			zxvmo_fault_cleanup();
			return -ENOMEM;
		}
	}
	return 0;
}

/** zxvmo_fault_cleanup() - free the zero pages */
void zxvmo_fault_cleanup(void)
{
	int i;

	for (i = 0; i < NR_ZERO_PAGES && zero_pages[i]; i++)
		put_page(zero_pages[i]);
}
