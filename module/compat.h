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
#include <linux/mm.h>
#include <linux/splice.h>
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

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define copy_splice_read	generic_file_splice_read
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define generic_fillattr(idmap, mask, inode, stat) \
	((void)(mask), generic_fillattr(idmap, inode, stat))
#endif

#ifndef fd_file
#define fd_file(f)	((f).file)
#endif

#endif /* _ZXVMO_COMPAT_H */
