// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tree of regions of an address space, and where a region has room.
 *
 * Room is where nothing is: neither a region that is part of this one nor a VMA,
 * other than a reservation of the region itself (see vmar.c) or one that a region
 * has left behind that is dead. A VMA that is none of ours is an obstacle like
 * any other. Whoever looks for room does so with mmap_lock held for writing, from
 * within the mmap that takes the place, so that nobody comes in between.
 *
 * To go from one obstacle to the next takes as long as there are such, so it is the
 * last resort, and ends when the thread is killed.
 *
 * All functions need the address space's lock.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/random.h>
#include <linux/sched/signal.h>

#include "vmar.h"

/* How often a random place is tried before all places are counted */
#define NR_TRIES	32

/* What Linux leaves free below a stack unless it is told another number at boot */
#define STACK_GUARD_GAP	(256UL << PAGE_SHIFT)

static u64 region_end(const struct zxvmo_region *region)
{
	return region->base + region->len;
}

/**
 * zxvmo_region_first() - find a part of a region
 * @region: the region
 * @addr: an address
 *
 * Return: its lowest part that ends beyond @addr, or NULL.
 */
struct zxvmo_region *zxvmo_region_first(const struct zxvmo_region *region, u64 addr)
{
	struct rb_node *node = region->children.rb_node;
	struct zxvmo_region *first = NULL;

	while (node) {
		struct zxvmo_region *child =
			rb_entry(node, struct zxvmo_region, link);

		if (region_end(child) > addr) {
			first = child;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return first;
}

static bool region_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct zxvmo_region, link)->base <
	       rb_entry(b, struct zxvmo_region, link)->base;
}

/**
 * zxvmo_region_link() - make a region a part of another
 * @parent: the other, which has room for it
 * @region: the region
 */
void zxvmo_region_link(struct zxvmo_region *parent, struct zxvmo_region *region)
{
	region->parent = parent;
	region->dead = false;
	rb_add(&region->link, &parent->children, region_less);
}

/**
 * zxvmo_region_unlink() - take a region without parts out of the tree
 * @region: the region, which is a VMAR's own
 *
 * The VMAR does not hold its parent any more.
 */
void zxvmo_region_unlink(struct zxvmo_region *region)
{
	struct zxvmo_vmar *vmar = container_of(region, struct zxvmo_vmar, own);

	WARN_ON_ONCE(!RB_EMPTY_ROOT(&region->children));
	rb_erase(&region->link, &region->parent->children);
	region->dead = true;
	if (vmar->parent)
		fput(vmar->parent);
	vmar->parent = NULL;
}

/**
 * zxvmo_region_kill() - take a region and all its parts out of the tree
 * @region: the region
 */
void zxvmo_region_kill(struct zxvmo_region *region)
{
	struct zxvmo_region *end = region->parent;
	struct zxvmo_region *parent;

	/* From the leaves up; regions may be nested too deep for recursion. */
	do {
		while (!RB_EMPTY_ROOT(&region->children))
			region = rb_entry(region->children.rb_node,
					  struct zxvmo_region, link);
		parent = region->parent;
		zxvmo_region_unlink(region);
		region = parent;
		cond_resched();
	} while (region != end);
}

/**
 * zxvmo_region_is_room() - whether a VMA only keeps room free in a region
 * @region: the region
 * @vma: a VMA within it
 *
 * Return: true if it does.
 */
bool zxvmo_region_is_room(const struct zxvmo_region *region,
			  const struct vm_area_struct *vma)
{
	const struct zxvmo_region *reserved = zxvmo_vma_region(vma);
	int level;

	if (!reserved || reserved->dead)
		return reserved;
	/* A destroy that failed halfway has left a reservation of one further up. */
	for (level = 0; region && level < 64; level++, region = region->parent) {
		if (region == reserved)
			return true;
	}
	return false;
}

/**
 * zxvmo_region_mapping() - find the mapping of a VMO at an address
 * @region: the region
 * @mm: its address space, with mmap_lock held
 * @addr: the address
 * @end: receives where the mapping ends, or where a part of @region begins or ends
 * @in_child: receives whether it lies in a part of @region
 *
 * Return: the mapping, or NULL if nothing is there or something else.
 */
struct vm_area_struct *zxvmo_region_mapping(const struct zxvmo_region *region,
					    struct mm_struct *mm, u64 addr, u64 *end,
					    bool *in_child)
{
	const struct zxvmo_region *child = zxvmo_region_first(region, addr);
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (!vma || vma->vm_start > addr || !zxvmo_vma_is_vmo(vma))
		return NULL;
	*in_child = child && child->base <= addr;
	*end = vma->vm_end;
	if (child)
		*end = min_t(u64, *end, *in_child ? region_end(child) : child->base);
	return vma;
}

/* Where a VMA begins to be in the way of a search: a stack grows. */
static u64 vma_begin(const struct vm_area_struct *vma)
{
	u64 gap = vma->vm_flags & VM_GROWSDOWN ? STACK_GUARD_GAP : 0;

	return vma->vm_start - min_t(u64, gap, vma->vm_start);
}

/* The first of [@addr, @end) that is not room, and its end; or @end. */
static u64 next_obstacle(const struct zxvmo_region *region, u64 addr, u64 end,
			 u64 *stop)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma = find_vma(mm, addr);
	struct zxvmo_region *child = zxvmo_region_first(region, addr);
	u64 start = end;

	mmap_assert_locked(mm);
	while (vma && vma->vm_start < end && zxvmo_region_is_room(region, vma) &&
	       !fatal_signal_pending(current))
		vma = find_vma(mm, vma->vm_end);
	*stop = end;
	if (vma && vma_begin(vma) < end) {
		start = max(addr, vma_begin(vma));
		*stop = vma->vm_end;
	}
	if (child && child->base < start) {
		start = max(addr, child->base);
		*stop = region_end(child);
	}
	return start;
}

static bool is_free(const struct zxvmo_region *region, u64 addr, u64 length)
{
	u64 stop;

	return next_obstacle(region, addr, addr + length, &stop) == addr + length;
}

/* Places in [@first, @end) if all of it is room; @first is aligned. */
static u64 nr_places(u64 first, u64 end, u64 length, u64 align)
{
	if (first > end || length > end - first)
		return 0;
	return (end - first - length) / align + 1;
}

/* Finds place number @n, counted from the lowest; returns how many it passed. */
static u64 find_place(const struct zxvmo_request *request, u64 end, u64 length,
		      u64 n, u64 *addr)
{
	u64 at = request->region->base, passed = 0;

	*addr = U64_MAX;
	while (at < end && !fatal_signal_pending(current)) {
		u64 first = ALIGN(at, request->align), stop;
		u64 obstacle = next_obstacle(request->region, at, end, &stop);
		u64 nr = nr_places(first, obstacle, length, request->align);

		if (n - passed < nr) {
			*addr = first + (n - passed) * request->align;
			break;
		}
		passed += nr;
		at = stop;
		cond_resched();
	}
	return passed;
}

/*
 * The lowest place in a reservation of the region, or U64_MAX: all VMAs of a file
 * are in a tree by their offset in it, which for these is their address. There may
 * be a lower one, where munmap(2) has taken a reservation away.
 */
static u64 lowest_reserved(const struct zxvmo_request *request, u64 end, u64 length)
{
	const struct zxvmo_region *region = request->region;
	const struct zxvmo_vmar *vmar = container_of(region, struct zxvmo_vmar, own);
	struct address_space *mapping = vmar->object.inode->i_mapping;
	u64 addr = U64_MAX;
	struct rb_node *node;

	i_mmap_lock_read(mapping);
	for (node = rb_first_cached(&mapping->i_mmap);
	     node && addr == U64_MAX && !fatal_signal_pending(current);
	     node = rb_next(node)) {
		const struct vm_area_struct *vma =
			rb_entry(node, struct vm_area_struct, shared.rb);
		u64 first = ALIGN(vma->vm_start, request->align);

		/* fork(2) and mremap(2) may have brought it elsewhere. */
		if (zxvmo_vma_region(vma) == region && first >= region->base &&
		    nr_places(first, min_t(u64, end, vma->vm_end), length, request->align))
			addr = first;
		cond_resched();
	}
	i_mmap_unlock_read(mapping);
	return addr;
}

/* Each place is as likely as any other, as on Zircon, or it is the lowest. */
static unsigned long place_anywhere(const struct zxvmo_request *request, u64 length)
{
	const struct zxvmo_region *region = request->region;
	u64 end = request->limit ?: region_end(region);
	u64 first = ALIGN(region->base, request->align);
	u64 nr = nr_places(first, end, length, request->align);
	u64 addr;
	int i;

	if (!nr)
		return -EMFILE;
	if (region->options & ZXVMO_VM_COMPACT) {
		addr = lowest_reserved(request, end, length);
		if (addr != U64_MAX && is_free(region, addr, length))
			return addr;
		nr = 1;
	} else {
		for (i = 0; i < NR_TRIES; i++) {
			addr = first + get_random_u64() % nr * request->align;
			if (is_free(region, addr, length))
				return addr;
		}
		nr = find_place(request, end, length, U64_MAX, &addr);
	}
	if (nr)
		find_place(request, end, length, get_random_u64() % nr, &addr);
	if (fatal_signal_pending(current))
		return -EINTR;
	return addr == U64_MAX ? -EMFILE : addr;
}

/* In the root Linux looks for a place, as it does for mmap(2). */
static unsigned long place_in_root(const struct zxvmo_request *request,
				   struct file *file, u64 length)
{
	const struct zxvmo_region *root = request->region;
	unsigned long addr;

	if (!request->limit) {
		addr = mm_get_unmapped_area(current->mm, file, 0,
					    length + request->align - PAGE_SIZE,
					    0, 0);
		if (!IS_ERR_VALUE(addr)) {
			addr = ALIGN(addr, request->align);
			/* A thread that works for a 32-bit program has 64 bits. */
			if (addr >= root->base && addr + length <= region_end(root) &&
			    is_free(root, addr, length))
				return addr;
		}
	}
	return place_anywhere(request, length);
}

/* Whether what a VMA has in [@addr, @end) may be replaced. */
static bool may_replace(const struct zxvmo_request *request,
			const struct vm_area_struct *vma, u64 addr, u64 end)
{
	const struct zxvmo_region *reserved = zxvmo_vma_region(vma);

	if (request->where == ZXVMO_OURS_AT) {
		if (max_t(u64, addr, vma->vm_start) < request->part_start ||
		    min_t(u64, end, vma->vm_end) > request->part_end)
			return reserved == request->region;
		return reserved || zxvmo_vma_is_vmo(vma);
	}
	return zxvmo_region_is_room(request->region, vma) ||
	       (request->where == ZXVMO_MAPPED_AT && zxvmo_vma_is_vmo(vma));
}

/* Regions that are part of this one are the caller's affair. */
static unsigned long place_at(const struct zxvmo_request *request, u64 length)
{
	struct mm_struct *mm = current->mm;
	u64 addr = request->addr, end = addr + length;
	struct vm_area_struct *vma;

	for (vma = find_vma(mm, addr); vma && vma->vm_start < end;
	     vma = find_vma(mm, vma->vm_end)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (!may_replace(request, vma, addr, end))
			return -EEXIST;
	}
	return addr;
}

/**
 * zxvmo_region_place() - where a new VMA goes
 * @request: what is asked for
 * @file: file of the VMA
 * @length: its length
 *
 * mmap_lock is held for writing: what is found is so until the VMA is there.
 *
 * Return: its address. -EEXIST: something is there that must stay. -EMFILE:
 * there is no room. -EINTR: the thread was killed.
 */
unsigned long zxvmo_region_place(struct zxvmo_request *request, struct file *file,
				 u64 length)
{
	unsigned long addr;

	mmap_assert_write_locked(current->mm);
	if (request->where != ZXVMO_ROOM)
		return place_at(request, length);
	addr = request->region->parent ? place_anywhere(request, length) :
					 place_in_root(request, file, length);
	if (!IS_ERR_VALUE(addr))
		request->addr = addr;
	return addr;
}
