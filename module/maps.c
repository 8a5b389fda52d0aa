// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listings: what is in a VMAR, and which VMOs a process has.
 *
 * The tree of regions and Linux's VMAs are gone through side by side, with
 * aspace->lock and mmap_lock held, but only for a few records at a time: what takes
 * long - who shares the pages, user memory - is done with nothing locked. In
 * between the walk keeps no pointer, only its place: the address, and how deep the
 * regions are that begin there and were listed. By address, then depth, is the order
 * of the listing, so it goes on behind its place whatever has come and gone.
 *
 * Handles are gone through as /proc does it, by descriptor.
 */
#include <linux/fdtable.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "vmar.h"

/* How many records are collected at a time, and of how many files */
#define NR_RECORDS	16
#define NR_FILES_SEEN	1024

/**
 * struct walk - a listing on its way
 * @aspace: the address space
 * @top: the region that it is about
 * @top_depth: depth of @top in the listing
 * @addr: all that begins before it was listed, and what was listed ends before it
 * @depth: regions of less depth that begin at @addr were listed
 * @done: there is no more
 * @nr: records that were collected
 * @maps: these records
 * @files: handles of the VMOs of those that are mappings
 */
struct walk {
	struct zxvmo_aspace *aspace;
	struct zxvmo_region *top;
	u64 top_depth;
	u64 addr;
	u64 depth;
	bool done;
	unsigned int nr;
	struct zxvmo_info_maps maps[NR_RECORDS];
	struct file *files[NR_RECORDS];
};

static void add_region(struct walk *walk, const struct zxvmo_region *region, u64 depth)
{
	walk->maps[walk->nr] = (struct zxvmo_info_maps) {
		.base = region->base,
		.size = region->len,
		.depth = depth,
		.type = ZXVMO_INFO_MAPS_TYPE_VMAR,
	};
	strscpy(walk->maps[walk->nr].name, region->parent ? "useralloc" : "root",
		ZXVMO_MAX_NAME_LEN);
	walk->files[walk->nr++] = NULL;
	walk->addr = region->base;
	walk->depth = depth + 1;
}

/* Whether two neighbours are what could have been mapped at once. */
static bool vma_continues(const struct vm_area_struct *vma,
			  const struct vm_area_struct *next)
{
	const vm_flags_t flags = VM_ACCESS_FLAGS | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC |
				 VM_MAYSHARE;

	return vma->vm_ops == next->vm_ops &&
	       file_inode(vma->vm_file) == file_inode(next->vm_file) &&
	       !((vma->vm_flags ^ next->vm_flags) & flags) &&
	       next->vm_pgoff - vma->vm_pgoff == (next->vm_start - vma->vm_start) >> PAGE_SHIFT;
}

/* Collects the mapping that is next before @end, if there is one. */
static bool add_mapping(struct walk *walk, u64 depth, u64 end)
{
	struct mm_struct *mm = walk->aspace->mm;
	struct vm_area_struct *vma, *next;
	u64 start, stop;

	for (vma = find_vma(mm, walk->addr); vma && vma->vm_start < end;
	     vma = find_vma(mm, vma->vm_end)) {
		if (zxvmo_vma_is_vmo(vma))
			break;
		if (fatal_signal_pending(current))
			return false;
		cond_resched();
	}
	start = vma ? max_t(u64, walk->addr, vma->vm_start) : end;
	if (start >= end)
		return false;

	walk->maps[walk->nr] = (struct zxvmo_info_maps) {
		.base = start,
		.depth = depth,
		.type = ZXVMO_INFO_MAPS_TYPE_MAPPING,
		.mapping.mmu_flags = (vma->vm_flags & VM_READ ? ZXVMO_VM_PERM_READ : 0) |
				     (vma->vm_flags & VM_WRITE ? ZXVMO_VM_PERM_WRITE : 0) |
				     (vma->vm_flags & VM_EXEC ? ZXVMO_VM_PERM_EXECUTE : 0),
		.mapping.vmo_offset = zxvmo_vma_offset(vma, start),
	};
	walk->files[walk->nr] = get_file(vma->vm_file);
	for (stop = vma->vm_end; stop < end; stop = vma->vm_end) {
		next = find_vma(mm, stop);
		if (!next || next->vm_start != stop || !vma_continues(vma, next) ||
		    fatal_signal_pending(current))
			break;
		vma = next;
		cond_resched();
	}
	walk->addr = min(stop, end);
	walk->depth = 0;
	walk->maps[walk->nr++].size = walk->addr - start;
	return true;
}

static void collect_locked(struct walk *walk)
{
	struct zxvmo_region *region = walk->top, *child;
	u64 depth = walk->top_depth;

	lockdep_assert_held(&walk->aspace->lock);
	mmap_assert_locked(walk->aspace->mm);
	if (!walk->addr)
		add_region(walk, region, depth);
	/* Down to where the walk was. */
	while ((child = zxvmo_region_first(region, walk->addr)) &&
	       (child->base < walk->addr ||
		(child->base == walk->addr && depth + 1 < walk->depth))) {
		region = child;
		depth++;
		cond_resched();
	}
	while (walk->nr < NR_RECORDS && !walk->done && !fatal_signal_pending(current)) {
		u64 end = region->base + region->len;

		child = zxvmo_region_first(region, walk->addr);
		if (add_mapping(walk, depth + 1, child ? child->base : end))
			continue;
		if (child) {
			region = child;
			add_region(walk, region, ++depth);
		} else if (region == walk->top) {
			walk->done = true;
		} else {
			walk->addr = end;
			walk->depth = 0;
			region = region->parent;
			depth--;
		}
		cond_resched();
	}
}

/* Collects the next records. */
static int collect(struct walk *walk)
{
	struct mm_struct *mm = walk->aspace->mm;
	int ret = 0;

	walk->nr = 0;
	if (zxvmo_aspace_lock(walk->aspace))
		return -EINTR;
	if (walk->top->dead) {
		ret = -EBADFD;
	} else if (mmap_read_lock_killable(mm)) {
		ret = -EINTR;
	} else {
		collect_locked(walk);
		mmap_read_unlock(mm);
	}
	zxvmo_aspace_unlock(walk->aspace);
	return ret;
}

/* Lists what is in @walk; @add does what is to be done for one record. */
static int list_maps(struct walk *walk, struct zxvmo_info_list *list,
		     int (*add)(struct zxvmo_info_list *list,
				struct zxvmo_info_maps *map, struct file *file))
{
	unsigned int i;
	int ret;

	do {
		ret = collect(walk);
		for (i = 0; i < walk->nr; i++) {
			ret = ret ?: add(list, &walk->maps[i], walk->files[i]);
			if (walk->files[i])
				fput(walk->files[i]);
		}
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	} while (!ret && !walk->done);
	return ret;
}

static int add_map(struct zxvmo_info_list *list, struct zxvmo_info_maps *map,
		   struct file *file)
{
	struct zxvmo_info_maps_mapping *mapping = &map->mapping;
	struct zxvmo_memory memory;
	struct zxvmo_vmo *vmo;
	u64 first;
	int ret;

	if (file && zxvmo_info_list_has_room(list)) {
		vmo = zxvmo_file_vmo(file);
		zxvmo_object_get_name(&vmo->object, map->name);
		first = (mapping->vmo_offset + vmo->offset) >> PAGE_SHIFT;
		ret = zxvmo_vmo_attribute(vmo, first,
					  first + (map->size >> PAGE_SHIFT) - 1, &memory);
		if (ret)
			return ret;
		mapping->vmo_koid = vmo->object.koid;
		mapping->committed_bytes = memory.bytes;
		/* The old versions count pages. */
		if (list->size < sizeof(*map))
			mapping->committed_bytes >>= PAGE_SHIFT;
		mapping->populated_bytes = mapping->committed_bytes;
		mapping->committed_private_bytes = memory.private_bytes;
		mapping->populated_private_bytes = memory.private_bytes;
		mapping->committed_scaled_bytes = memory.scaled_bytes;
		mapping->populated_scaled_bytes = memory.scaled_bytes;
		mapping->committed_fractional_scaled_bytes = memory.fraction;
		mapping->populated_fractional_scaled_bytes = memory.fraction;
	}
	return zxvmo_info_list_add(list, map);
}

/**
 * zxvmo_vmar_maps() - ZXVMO_INFO_VMAR_MAPS
 * @cmd: the command
 * @handle: the VMAR
 * @list: receives the records
 *
 * Return: 0 or a negative errno.
 */
int zxvmo_vmar_maps(struct zxvmo_cmd *cmd, u32 handle, struct zxvmo_info_list *list)
{
	struct zxvmo_vmar_ref v;
	struct walk *walk;
	int ret;

	ret = zxvmo_vmar_get(cmd, handle, ZXVMO_RIGHT_INSPECT, &v);
	if (ret)
		return ret;
	walk = kzalloc(sizeof(*walk), GFP_KERNEL_ACCOUNT);
	if (walk) {
		walk->aspace = v.aspace;
		walk->top = v.region;
		ret = list_maps(walk, list, add_map);
		kfree(walk);
	} else {
		ret = -ENOMEM;
	}
	zxvmo_vmar_put(&v);
	return ret;
}

/* A walk through the caller's address space, whose root is at @depth */
static struct walk *walk_new(u64 depth)
{
	struct walk *walk = kzalloc(sizeof(*walk), GFP_KERNEL_ACCOUNT);

	if (!walk)
		return NULL;
	walk->aspace = zxvmo_aspace_get();
	if (!walk->aspace) {
		kfree(walk);
		return NULL;
	}
	walk->top = &walk->aspace->root;
	walk->top_depth = depth;
	return walk;
}

static void walk_free(struct walk *walk)
{
	zxvmo_aspace_put(walk->aspace);
	kfree(walk);
}

/**
 * zxvmo_process_maps() - ZXVMO_INFO_PROCESS_MAPS and its older versions
 * @cmd: the command
 * @handle: the process
 * @list: receives the records
 *
 * Return: 0 or a negative errno.
 */
int zxvmo_process_maps(struct zxvmo_cmd *cmd, u32 handle, struct zxvmo_info_list *list)
{
	struct zxvmo_info_maps map = { .type = ZXVMO_INFO_MAPS_TYPE_ASPACE };
	struct walk *walk;
	int ret;

	ret = zxvmo_process_get(cmd, handle, ZXVMO_RIGHT_INSPECT);
	if (ret)
		return ret;
	walk = walk_new(1);
	if (!walk)
		return -ENOMEM;
	snprintf(map.name, sizeof(map.name), "proc:%llu", zxvmo_process_koid());
	map.base = walk->top->base;
	map.size = walk->top->len;
	ret = zxvmo_info_list_add(list, &map) ?: list_maps(walk, list, add_map);
	walk_free(walk);
	return ret;
}

static int add_vmo(struct zxvmo_info_list *list, struct file *file, u32 flags, u32 rights)
{
	struct zxvmo_info_vmo info;
	int ret = 0;

	if (zxvmo_info_list_has_room(list)) {
		ret = zxvmo_vmo_info(zxvmo_file_vmo(file), &info);
		info.flags |= flags;
		info.handle_rights = rights;
	}
	return ret ?: zxvmo_info_list_add(list, &info);
}

static int add_mapped_vmo(struct zxvmo_info_list *list, struct zxvmo_info_maps *map,
			  struct file *file)
{
	return file ? add_vmo(list, file, ZXVMO_INFO_VMO_VIA_MAPPING, 0) : 0;
}

/**
 * struct handles - handles of VMOs that were collected from a descriptor table
 * @first: where the look at the table began
 * @next: where it goes on
 * @nr: how many there are
 * @files: the handles
 */
struct handles {
	unsigned int first;
	unsigned int next;
	unsigned int nr;
	struct file *files[NR_RECORDS];
};

static int collect_handle(const void *data, struct file *file, unsigned int fd)
{
	struct handles *handles = (void *)data;

	if (file->f_op == &zxvmo_vmo_fops && fd < ZXVMO_HANDLE_MAX_FD)
		handles->files[handles->nr++] = get_file(file);
	handles->next = fd + 1;
	return handles->nr == NR_RECORDS || handles->next - handles->first >= NR_FILES_SEEN;
}

static int list_handles(struct zxvmo_info_list *list)
{
	struct handles handles = {};
	unsigned int i;
	int ret = 0, more;

	do {
		handles.nr = 0;
		handles.first = handles.next;
		more = iterate_fd(current->files, handles.first, collect_handle, &handles);
		for (i = 0; i < handles.nr; i++) {
			struct file *file = handles.files[i];

			ret = ret ?: add_vmo(list, file, ZXVMO_INFO_VMO_VIA_HANDLE,
					     zxvmo_file_rights(file));
			fput(file);
		}
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	} while (!ret && more);
	return ret;
}

/**
 * zxvmo_process_vmos() - ZXVMO_INFO_PROCESS_VMOS and its older versions
 * @cmd: the command
 * @handle: the process
 * @list: receives the records
 *
 * Return: 0 or a negative errno.
 */
int zxvmo_process_vmos(struct zxvmo_cmd *cmd, u32 handle, struct zxvmo_info_list *list)
{
	struct walk *walk;
	int ret;

	ret = zxvmo_process_get(cmd, handle, ZXVMO_RIGHT_INSPECT);
	if (ret)
		return ret;
	ret = list_handles(list);
	if (ret)
		return ret;
	walk = walk_new(0);
	if (!walk)
		return -ENOMEM;
	ret = list_maps(walk, list, add_mapped_vmo);
	walk_free(walk);
	return ret;
}
