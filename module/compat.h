/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between kernel versions. The rest of the module is written for
 * the newest kernel; what an older one lacks is supplied here under the newest
 * name.
 */
#ifndef _ZXVMO_COMPAT_H
#define _ZXVMO_COMPAT_H

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/list_lru.h>
#include <linux/mm.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/swap.h>
#include <linux/uio.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "zxvmo needs Linux 6.1 or newer"
#endif

#ifndef CONFIG_64BIT
#error "zxvmo needs a 64-bit kernel: page indexes of a VMO have 52 bits"
#endif

#ifndef CONFIG_MMU
#error "zxvmo needs a kernel with an MMU"
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#ifndef ITER_SOURCE
#define ITER_SOURCE	WRITE
#define ITER_DEST	READ
#endif
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define mnt_idmap	user_namespace
#ifndef vm_flags_set
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif
#endif

/*
 * Since 6.4, reclaim for a cgroup's limit does not count what shrinkers free. This
 * is what they have freed in that of this thread.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
static inline void mm_account_reclaimed_pages(unsigned long pages)
{
	if (current->reclaim_state)
		current->reclaim_state->reclaimed_slab += pages;
}

static inline unsigned long uncounted_reclaimed_pages(void)
{
	return 0;
}
#else
static inline unsigned long uncounted_reclaimed_pages(void)
{
	return current->reclaim_state ? current->reclaim_state->reclaimed : 0;
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define copy_splice_read	generic_file_splice_read
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define generic_fillattr(idmap, mask, inode, stat) \
	((void)(mask), generic_fillattr(idmap, inode, stat))
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline unsigned long shrinker_count_none(struct shrinker *shrinker,
						struct shrink_control *sc)
{
	return 0;
}

/* A shrinker is known from here on, but has nothing until it is told how to count. */
static inline struct shrinker *shrinker_alloc(unsigned int flags, const char *name)
{
	struct shrinker *shrinker = kzalloc(sizeof(*shrinker), GFP_KERNEL);

	if (!shrinker)
		return NULL;
	shrinker->flags = flags;
	shrinker->seeks = DEFAULT_SEEKS;
	shrinker->count_objects = shrinker_count_none;
	if (!register_shrinker(shrinker, "%s", name))
		return shrinker;
	kfree(shrinker);
	return NULL;
}

static inline void shrinker_register(struct shrinker *shrinker)
{
}

static inline void shrinker_free(struct shrinker *shrinker)
{
	unregister_shrinker(shrinker);
	kfree(shrinker);
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define list_lru_add_obj	list_lru_add
#define list_lru_del_obj	list_lru_del
#endif

/* What a list_lru_walk_cb is given before its last argument */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define LRU_WALK_LOCK	spinlock_t *lru_lock,
#else
#define LRU_WALK_LOCK
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
static inline unsigned long
mm_get_unmapped_area(struct mm_struct *mm, struct file *file, unsigned long addr,
		     unsigned long len, unsigned long pgoff, unsigned long flags)
{
	return mm->get_unmapped_area(file, addr, len, pgoff, flags);
}
#endif

#ifndef fd_file
#define fd_file(f)	((f).file)
#define CLONED_FD(file)	((struct fd) { (file), FDPUT_FPUT })
#endif

#endif /* _ZXVMO_COMPAT_H */
