// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address spaces: whose regions are whose, and how their VMAs come and go.
 *
 * There is a struct zxvmo_aspace for an address space while a command works on it
 * or a VMAR of it lives. It holds the mm_struct, so that its address means nobody
 * else meanwhile, but none of the memory.
 *
 * VMAs are made with vm_mmap(), which takes mmap_lock itself. What may be
 * replaced is looked at inside, in ->get_unmapped_area of our files, when
 * mmap_lock is held: whatever other threads do to the address space at the same
 * time, nothing goes that is not ours. The request that the thread has left in
 * the address space tells the function what is wanted; without one it is a
 * program's own mmap(2).
 *
 * Linux has nothing like that for munmap(2). In the root, where what is unmapped
 * leaves nothing behind, and where a reservation cannot be had, looking and
 * unmapping are two steps.
 *
 * aspaces_lock protects the hash, all refs, which object the root has and who has
 * exported; of other
 * locks only that of an inode is taken under it.
 */
#include <linux/hashtable.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "vmar.h"

static DEFINE_SPINLOCK(aspaces_lock);
static DEFINE_HASHTABLE(aspaces, 8);

static struct zxvmo_aspace *aspace_find(const struct mm_struct *mm)
{
	struct zxvmo_aspace *aspace;

	lockdep_assert_held(&aspaces_lock);
	hash_for_each_possible(aspaces, aspace, link, (unsigned long)mm) {
		if (aspace->mm == mm)
			return aspace;
	}
	return NULL;
}

/**
 * zxvmo_aspace_get() - find or make the regions of the caller's address space
 *
 * Return: them, to be given back to zxvmo_aspace_put(), or NULL if there is no
 * memory.
 */
struct zxvmo_aspace *zxvmo_aspace_get(void)
{
	struct mm_struct *mm = current->mm;
	struct zxvmo_aspace *aspace, *new;

	spin_lock(&aspaces_lock);
	aspace = aspace_find(mm);
	if (aspace)
		aspace->refs++;
	spin_unlock(&aspaces_lock);
	if (aspace)
		return aspace;

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	mutex_init(&new->lock);
	new->mm = mm;
	new->refs = 1;
	new->root.base = ZXVMO_VMAR_ROOT_BASE;
	new->root.len = ZXVMO_VMAR_ROOT_END - ZXVMO_VMAR_ROOT_BASE;
	new->root.options = ZXVMO_VM_CAN_MAP_SPECIFIC | ZXVMO_VM_CAN_MAP_READ |
			    ZXVMO_VM_CAN_MAP_WRITE | ZXVMO_VM_CAN_MAP_EXECUTE;
	spin_lock(&aspaces_lock);
	aspace = aspace_find(mm);
	if (aspace) {
		aspace->refs++;
	} else {
		mmgrab(mm);
		hash_add(aspaces, &new->link, (unsigned long)mm);
	}
	spin_unlock(&aspaces_lock);
	if (!aspace)
		return new;
	kfree(new);
	return aspace;
}

/**
 * zxvmo_aspace_hold() - hold an address space once more
 * @aspace: the address space, which the caller holds
 */
void zxvmo_aspace_hold(struct zxvmo_aspace *aspace)
{
	spin_lock(&aspaces_lock);
	aspace->refs++;
	spin_unlock(&aspaces_lock);
}

/**
 * zxvmo_aspace_put() - end the use of an address space
 * @aspace: the address space
 */
void zxvmo_aspace_put(struct zxvmo_aspace *aspace)
{
	bool last;

	spin_lock(&aspaces_lock);
	last = !--aspace->refs;
	if (last)
		hash_del(&aspace->link);
	spin_unlock(&aspaces_lock);
	if (!last)
		return;
	WARN_ON_ONCE(!RB_EMPTY_ROOT(&aspace->root.children) || aspace->root_inode);
	put_cred(aspace->cred);
	mmdrop(aspace->mm);
	kfree(aspace);
}

static void bury_orphans(struct zxvmo_aspace *aspace)
{
	struct zxvmo_vmar *vmar, *next;

	lockdep_assert_held(&aspace->lock);
	llist_for_each_entry_safe(vmar, next, llist_del_all(&aspace->orphans), orphan)
		zxvmo_vmar_bury(vmar);
}

/**
 * zxvmo_aspace_lock() - lock an address space
 * @aspace: the address space
 *
 * Return: 0, or -EINTR if the thread was killed.
 */
int zxvmo_aspace_lock(struct zxvmo_aspace *aspace)
{
	if (mutex_lock_killable(&aspace->lock))
		return -EINTR;
	bury_orphans(aspace);
	return 0;
}

/**
 * zxvmo_aspace_unlock() - unlock an address space
 * @aspace: the address space, which the caller holds
 */
void zxvmo_aspace_unlock(struct zxvmo_aspace *aspace)
{
	do {
		bury_orphans(aspace);
		mutex_unlock(&aspace->lock);
		/* Who finds it locked has added an orphan before: llist_add(). */
		smp_mb();
	} while (!llist_empty(&aspace->orphans) && mutex_trylock(&aspace->lock));
}

/**
 * zxvmo_aspace_add_orphan() - take a VMAR that nothing holds out of the tree
 * @vmar: the VMAR
 *
 * It may be the last handle that goes, in some other process, which shall not wait
 * for this one: whoever has the lock does it, later.
 */
void zxvmo_aspace_add_orphan(struct zxvmo_vmar *vmar)
{
	struct zxvmo_aspace *aspace = vmar->aspace;

	zxvmo_aspace_hold(aspace);
	llist_add(&vmar->orphan, &aspace->orphans);
	if (mutex_trylock(&aspace->lock))
		zxvmo_aspace_unlock(aspace);
	zxvmo_aspace_put(aspace);
}

/**
 * zxvmo_aspace_root() - find the object of the root
 * @aspace: the address space
 * @file: handle of a new VMAR that becomes it if there is none, or NULL
 *
 * Return: its inode, with a reference, if there was one, else NULL.
 */
struct inode *zxvmo_aspace_root(struct zxvmo_aspace *aspace, struct file *file)
{
	struct inode *inode = NULL;
	struct zxvmo_vmar *vmar;

	spin_lock(&aspaces_lock);
	if (aspace->root_inode)
		inode = igrab(aspace->root_inode);
	if (!inode && file) {
		vmar = zxvmo_file_vmar(file);
		vmar->region = &aspace->root;
		aspace->root_inode = file_inode(file);
		if (!aspace->root_koid)
			aspace->root_koid = vmar->object.koid;
		vmar->object.koid = aspace->root_koid;
		file_inode(file)->i_ino = aspace->root_koid;
	}
	spin_unlock(&aspaces_lock);
	return inode;
}

/**
 * zxvmo_aspace_forget_root() - the object of the root goes
 * @aspace: the address space
 * @inode: its inode
 */
void zxvmo_aspace_forget_root(struct zxvmo_aspace *aspace, struct inode *inode)
{
	spin_lock(&aspaces_lock);
	if (aspace->root_inode == inode)
		aspace->root_inode = NULL;
	spin_unlock(&aspaces_lock);
}

/**
 * zxvmo_aspace_export() - remember who lets others use the address space
 * @aspace: the address space, which is the caller's
 */
void zxvmo_aspace_export(struct zxvmo_aspace *aspace)
{
	const struct cred *cred = get_current_cred();

	spin_lock(&aspaces_lock);
	swap(aspace->cred, cred);
	WRITE_ONCE(aspace->max_pages, rlimit(RLIMIT_AS) >> PAGE_SHIFT);
	spin_unlock(&aspaces_lock);
	put_cred(cred);
}

/**
 * zxvmo_aspace_cred() - credentials for those who use an exported VMAR
 * @aspace: the address space
 *
 * Return: those of the owner when it exported, with a reference.
 */
const struct cred *zxvmo_aspace_cred(struct zxvmo_aspace *aspace)
{
	const struct cred *cred;

	spin_lock(&aspaces_lock);
	cred = get_cred(aspace->cred);
	spin_unlock(&aspaces_lock);
	return cred;
}

/**
 * zxvmo_aspace_request() - what the thread is mapping for one of our commands
 *
 * Return: its request, or NULL if it maps for itself.
 */
struct zxvmo_request *zxvmo_aspace_request(void)
{
	struct zxvmo_request *request = NULL;
	struct zxvmo_aspace *aspace;

	/* A thread that has a request has put its address space there itself. */
	if (hlist_empty(&aspaces[hash_min((unsigned long)current->mm,
					  HASH_BITS(aspaces))]))
		return NULL;
	spin_lock(&aspaces_lock);
	aspace = aspace_find(current->mm);
	/* Nobody else makes it the current thread, nor takes that back. */
	if (aspace && READ_ONCE(aspace->mapper) == current)
		request = aspace->request;
	spin_unlock(&aspaces_lock);
	return request;
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

/**
 * zxvmo_aspace_mmap() - make a VMA
 * @aspace: the address space, which is the caller's and locked
 * @request: where it goes
 * @file: handle of a VMO that is mapped, or of the VMAR that it reserves room for
 * @length: bytes
 * @prot: PROT_ bits
 * @offset: first byte in the VMO
 *
 * If this fails, what it should have replaced may be gone.
 *
 * Return: its address or a negative errno.
 */
unsigned long zxvmo_aspace_mmap(struct zxvmo_aspace *aspace,
				struct zxvmo_request *request,
				struct file *file, u64 length,
				unsigned long prot, u64 offset)
{
	bool vmo = zxvmo_file_object(file)->type == &zxvmo_vmo_type;
	unsigned long addr;

	lockdep_assert_held(&aspace->lock);
	/* RLIMIT_AS of a thread that has only borrowed it is not the owner's. */
	if ((current->flags & PF_KTHREAD) && !request->region->parent &&
	    current->mm->total_vm + (length >> PAGE_SHIFT) > READ_ONCE(aspace->max_pages))
		return -ENOMEM;
	aspace->request = request;
	WRITE_ONCE(aspace->mapper, current);
	addr = vm_mmap(file, 0, length, prot, vmo ? MAP_SHARED : MAP_PRIVATE, offset);
	WRITE_ONCE(aspace->mapper, NULL);
	aspace->request = NULL;
	return IS_ERR_VALUE(addr) ? mapping_error((long)addr) : addr;
}

/* Whether a VMA is a mapping of a VMO or keeps room free in some region. */
static bool vma_is_ours(const struct vm_area_struct *vma)
{
	return zxvmo_vma_is_vmo(vma) || zxvmo_vma_region(vma);
}

/* The first run of VMAs of ours in [*@start, @end) and its @stop. */
static void find_run(struct mm_struct *mm, u64 *start, u64 end, u64 *stop)
{
	struct vm_area_struct *vma = find_vma(mm, *start);

	while (vma && vma->vm_start < end && !vma_is_ours(vma))
		vma = find_vma(mm, vma->vm_end);
	if (!vma || vma->vm_start >= end) {
		*start = end;
		return;
	}
	*start = max_t(u64, *start, vma->vm_start);
	do {
		*stop = min_t(u64, end, vma->vm_end);
		vma = find_vma(mm, *stop);
	} while (*stop < end && vma && vma->vm_start == *stop && vma_is_ours(vma));
}

/*
 * Unmaps what is ours in [@start, @end). There is no place to look in munmap(2): a
 * thread that has unmapped a run by then, and has got something else there, loses
 * that, as it would by another thread's munmap(2) of the run.
 */
static int unmap_runs(u64 start, u64 end)
{
	struct mm_struct *mm = current->mm;
	u64 stop;
	int ret;

	while (start < end) {
		if (fatal_signal_pending(current) || mmap_read_lock_killable(mm))
			return -EINTR;
		find_run(mm, &start, end, &stop);
		mmap_read_unlock(mm);
		if (start >= end)
			break;
		ret = mapping_error(vm_munmap(start, stop - start));
		if (ret)
			return ret;
		start = stop;
	}
	return 0;
}

/*
 * The first part of [@start, @end) without foreign VMAs that is not reserved for
 * @request's region already: @request's part; false if there is none. What is to
 * be mapped, from @request's address up to *@stop, takes in the reservations on
 * both sides, or else they would grow in number with each unmapping.
 */
static bool find_part(struct mm_struct *mm, struct zxvmo_request *request, u64 start,
		      u64 end, u64 *stop)
{
	const struct zxvmo_region *region = request->region;
	struct vm_area_struct *vma;

	for (vma = find_vma(mm, start); vma && vma->vm_start <= start;
	     vma = find_vma(mm, start)) {
		if (vma_is_ours(vma) && zxvmo_vma_region(vma) != region)
			break;
		start = vma->vm_end;
	}
	if (start >= end)
		return false;
	for (; vma && vma->vm_start < end; vma = find_vma(mm, vma->vm_end)) {
		if (!vma_is_ours(vma))
			end = vma->vm_start;
	}
	request->part_start = start;
	request->part_end = end;
	request->addr = start;
	*stop = end;
	vma = find_vma(mm, start - 1);
	if (vma && vma->vm_start < start && zxvmo_vma_region(vma) == region)
		request->addr = max_t(u64, region->base, vma->vm_start);
	vma = find_vma(mm, end);
	if (vma && vma->vm_start <= end && zxvmo_vma_region(vma) == region)
		*stop = min_t(u64, region->base + region->len, vma->vm_end);
	return true;
}

/* A request to reserve room. */
static struct zxvmo_request reservation(struct zxvmo_region *region,
					struct file *holder, enum zxvmo_where where)
{
	return (struct zxvmo_request) {
		.region = region,
		.holder = holder,
		.where = where,
		.align = PAGE_SIZE,
	};
}

/**
 * zxvmo_aspace_mend() - reserve again what a mapping that failed has unmapped
 * @aspace: the address space, which is the caller's and locked
 * @region: the region
 * @holder: handle of its VMAR, NULL for the root
 * @start: first address
 * @end: first address beyond
 *
 * If there is no memory for it, the room is the region's all the same.
 */
void zxvmo_aspace_mend(struct zxvmo_aspace *aspace, struct zxvmo_region *region,
		       struct file *holder, u64 start, u64 end)
{
	struct zxvmo_request request = reservation(region, holder, ZXVMO_ROOM_AT);
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned long addr;
	u64 stop = start;

	/* Nothing was found, or nothing is reserved. */
	if (!start || !region->parent)
		return;
	while (stop < end) {
		start = stop;
		if (mmap_read_lock_killable(mm))
			return;
		vma = find_vma(mm, start);
		if (vma && vma->vm_start <= start) {
			stop = vma->vm_end;
			start = stop;
		} else {
			stop = vma ? min_t(u64, end, vma->vm_start) : end;
		}
		mmap_read_unlock(mm);
		if (start == stop)
			continue;
		request.addr = start;
		addr = zxvmo_aspace_mmap(aspace, &request, holder, stop - start,
					 PROT_NONE, 0);
		if (IS_ERR_VALUE(addr) && addr != (unsigned long)-EEXIST)
			return;
	}
}

/**
 * zxvmo_aspace_clear() - make room in a region
 * @aspace: the address space, which is the caller's and locked
 * @region: the region
 * @holder: handle of its VMAR, NULL for the root
 * @start: first address
 * @end: first address beyond
 *
 * Nothing of ours stays, also of regions that are part of it, and foreign VMAs
 * stay as they are. Reservations fill the rest, unless it is the root. Where they
 * cannot be mapped, for a limit or for lack of memory, the range is unmapped
 * first, and reserved then if that can be done.
 *
 * Return: 0 or a negative errno; then part of it may be done.
 */
int zxvmo_aspace_clear(struct zxvmo_aspace *aspace, struct zxvmo_region *region,
		       struct file *holder, u64 start, u64 end)
{
	struct zxvmo_request request = reservation(region, holder, ZXVMO_OURS_AT);
	struct mm_struct *mm = current->mm;
	unsigned long addr;
	bool found;
	u64 stop;
	int ret;

	lockdep_assert_held(&aspace->lock);
	if (!region->parent)
		return unmap_runs(start, end);
	while (start < end) {
		if (fatal_signal_pending(current) || mmap_read_lock_killable(mm))
			return -EINTR;
		found = find_part(mm, &request, start, end, &stop);
		mmap_read_unlock(mm);
		if (!found)
			break;
		start = request.part_start;
		addr = zxvmo_aspace_mmap(aspace, &request, holder, stop - request.addr,
					 PROT_NONE, 0);
		/* Another thread has put something there: look again. */
		if (addr == (unsigned long)-EEXIST)
			continue;
		if (IS_ERR_VALUE(addr)) {
			ret = unmap_runs(start, request.part_end);
			zxvmo_aspace_mend(aspace, region, holder, request.addr, stop);
			if (ret)
				return ret;
		}
		start = request.part_end;
	}
	return 0;
}
