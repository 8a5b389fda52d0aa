// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMO as a Linux file: what a program does with a memfd works here.
 *
 * The size of the file is the stream size. Writing beyond it makes the stream
 * longer, up to the size of the VMO, and a resizable VMO grows if the handle has
 * the right. Writers exclude each other by the inode's lock, as in any file, but
 * it is dropped where the user's buffer must be faulted in: other writers may
 * then come in between.
 */
#include <linux/compat.h>
#include <linux/falloc.h>
#include <linux/pagemap.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>

#include "zxvmo.h"

static bool file_may_resize(const struct file *file)
{
	return (zxvmo_file_vmo(file)->options & ZXVMO_VMO_RESIZABLE) &&
	       (zxvmo_file_rights(file) & ZXVMO_RIGHT_RESIZE);
}

static ssize_t file_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct file *file = iocb->ki_filp;
	struct zxvmo_vmo *vmo = zxvmo_file_vmo(file);
	loff_t size = i_size_read(vmo->sizes->object.inode);
	size_t count;
	ssize_t done;
	int ret;

	if (!(zxvmo_file_rights(file) & ZXVMO_RIGHT_READ))
		return -EBADF;
	if (iocb->ki_pos >= size)
		return 0;
	iov_iter_truncate(to, size - iocb->ki_pos);
	count = iov_iter_count(to);
	ret = zxvmo_vmo_copy(vmo, iocb->ki_pos, to);
	done = count - iov_iter_count(to);
	iocb->ki_pos += done;
	/* Nothing there any more: the VMO has shrunk meanwhile. */
	return done || ret == -ERANGE ? done : ret;
}

/*
 * Lets the stream end at @end, at least; the inode is locked. What was beyond
 * the old end comes into the stream as zero up to @begin, where the caller has
 * put its own bytes.
 */
static int file_extend(struct zxvmo_vmo *vmo, u64 begin, u64 end)
{
	u64 size = vmo->sizes->size, stream = vmo->sizes->stream_size;
	int ret = 0;

	if (end <= stream)
		return 0;
	begin = min(begin, size);
	if (begin > stream)
		ret = zxvmo_vmo_zero(vmo, stream, begin - stream, false);
	if (!ret)
		zxvmo_vmo_set_sizes(vmo->sizes, size, end);
	return ret;
}

/*
 * Makes room up to @end, whole pages; the inode is locked. It is never taken
 * back: from now on others may have stored there.
 */
static int file_grow(struct file *file, u64 end)
{
	struct zxvmo_vmo *vmo = zxvmo_file_vmo(file)->sizes;

	if (end <= vmo->size)
		return 0;
	if (!file_may_resize(file) || !zxvmo_vmo_can_end(vmo, PAGE_ALIGN(end)))
		return -EFBIG;
	zxvmo_vmo_set_sizes(vmo, PAGE_ALIGN(end), vmo->stream_size);
	return 0;
}

/*
 * Writes with the inode locked. Less than all, or -EAGAIN instead of nothing: the
 * buffer must be faulted in.
 */
static ssize_t file_write_locked(struct kiocb *iocb, struct iov_iter *from)
{
	struct file *file = iocb->ki_filp;
	struct zxvmo_vmo *vmo = zxvmo_file_vmo(file);
	bool append = iocb->ki_flags & IOCB_APPEND;
	ssize_t count, done;
	int ret;
	u64 pos;

	/* It would take the size of the inode whose pages the file shows. */
	if (append)
		iocb->ki_pos = i_size_read(vmo->sizes->object.inode);
	iocb->ki_flags &= ~IOCB_APPEND;
	count = generic_write_checks(iocb, from);
	if (append)
		iocb->ki_flags |= IOCB_APPEND;
	if (count <= 0)
		return count;
	pos = iocb->ki_pos;
	if (file_grow(file, pos + count)) {
		if (pos >= vmo->sizes->size)
			return -EFBIG;
		count = vmo->sizes->size - pos;
		iov_iter_truncate(from, count);
	}
	ret = zxvmo_vmo_copy_nofault(vmo, pos, from);
	done = count - iov_iter_count(from);
	if (done && file_extend(vmo, pos, pos + done))
		return -ENOMEM;
	iocb->ki_pos += done;
	return done ?: ret;
}

static ssize_t file_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct zxvmo_vmo *vmo = zxvmo_file_vmo(iocb->ki_filp);
	bool user = user_backed_iter(from);
	ssize_t ret, done = 0;

	do {
		/* What an append does not find at once goes to the end there is then. */
		if (user && iov_iter_count(from) && zxvmo_copy_fault_in(from))
			return done ?: -EFAULT;
		if (zxvmo_vmo_lock_sizes(vmo))
			return done ?: -EINTR;
		ret = file_write_locked(iocb, from);
		zxvmo_vmo_unlock_sizes(vmo);
		if (ret > 0)
			done += ret;
		if (fatal_signal_pending(current))
			return done ?: -EINTR;
	} while ((ret > 0 && iov_iter_count(from)) || (ret == -EAGAIN && user));
	return done ?: ret;
}

static loff_t file_llseek(struct file *file, loff_t offset, int whence)
{
	struct zxvmo_vmo *vmo = zxvmo_file_vmo(file);
	loff_t size = i_size_read(vmo->sizes->object.inode);
	struct zxvmo_vmo *owner = vmo->owner;
	u64 index, last;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return generic_file_llseek_size(file, offset, whence,
						MAX_LFS_FILESIZE, size);
	if (offset < 0 || offset >= size)
		return -ENXIO;

	index = (offset + vmo->offset) >> PAGE_SHIFT;
	last = (size - 1 + vmo->offset) >> PAGE_SHIFT;
	down_read(&owner->lock);
	if (whence == SEEK_HOLE)
		index = zxvmo_ptree_next_absent(&owner->tree, index, last);
	else if (!zxvmo_ptree_next(&owner->tree, &index, last))
		index = U64_MAX;
	up_read(&owner->lock);
	if (index == U64_MAX)
		return -ENXIO;
	offset = clamp_t(u64, (index << PAGE_SHIFT) - vmo->offset, offset, size);
	return vfs_setpos(file, offset, MAX_LFS_FILESIZE);
}

static long file_fallocate(struct file *file, int mode, loff_t offset,
			   loff_t length)
{
	struct zxvmo_vmo *vmo = zxvmo_file_vmo(file);
	struct zxvmo_vmo *sizes = vmo->sizes;
	u64 end = offset + length;
	int ret = 0;
	u64 size;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	/* madvise(MADV_REMOVE) counts as the owner does, fallocate(2) does not. */
	if ((mode & FALLOC_FL_PUNCH_HOLE) && vmo->offset)
		return -EOPNOTSUPP;
	if (zxvmo_vmo_lock_sizes(vmo))
		return -EINTR;
	size = sizes->size;
	if (mode & FALLOC_FL_PUNCH_HOLE) {
		u64 begin = min_t(u64, offset, size);

		ret = zxvmo_vmo_zero(vmo, begin, min(end, size) - begin, true);
		goto out;
	}
	if (mode & FALLOC_FL_KEEP_SIZE)
		ret = end > size ? -EFBIG : 0;
	else
		ret = inode_newsize_ok(sizes->object.inode, end) ?: file_grow(file, end);
	if (!ret && !(mode & FALLOC_FL_KEEP_SIZE) && end > sizes->stream_size)
		ret = zxvmo_vmo_zero(vmo, sizes->stream_size,
				     min(end, size) - min(sizes->stream_size, size),
				     false);
	if (!ret)
		ret = zxvmo_vmo_commit(vmo, offset >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT);
	if (!ret && !(mode & FALLOC_FL_KEEP_SIZE))
		ret = file_extend(vmo, 0, end);
out:
	zxvmo_vmo_unlock_sizes(vmo);
	return ret;
}

static __poll_t file_poll(struct file *file, struct poll_table_struct *wait)
{
	return DEFAULT_POLLMASK | (zxvmo_object_poll(file, wait) & EPOLLPRI);
}

/* No owner: each handle holds the mount, and so the module; see handle.c. */
const struct file_operations zxvmo_vmo_fops = {
	.release = zxvmo_handle_release,
	.flush = zxvmo_object_flush,
	.unlocked_ioctl = zxvmo_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = file_poll,
	.show_fdinfo = zxvmo_handle_show_fdinfo,
	.llseek = file_llseek,
	.read_iter = file_read_iter,
	.write_iter = file_write_iter,
	.splice_read = copy_splice_read,
	.splice_write = iter_file_splice_write,
	.fallocate = file_fallocate,
	.fsync = noop_fsync,
	.mmap = zxvmo_vmo_mmap,
	.get_unmapped_area = zxvmo_get_unmapped_area,
};

static int inode_getattr(struct mnt_idmap *idmap, const struct path *path,
			 struct kstat *stat, u32 request_mask,
			 unsigned int query_flags)
{
	struct inode *inode = d_inode(path->dentry);
	struct zxvmo_object *object = inode->i_private;

	generic_fillattr(idmap, request_mask, inode, stat);
	if (object->type == &zxvmo_vmo_type) {
		struct zxvmo_vmo *vmo = zxvmo_to_vmo(object);
		struct zxvmo_vmo *owner = vmo->owner;
		u64 first = vmo->offset >> PAGE_SHIFT, nr;

		down_read(&owner->lock);
		nr = vmo->sizes->size >> PAGE_SHIFT;
		stat->size = i_size_read(vmo->sizes->object.inode);
		if (nr)
			nr = zxvmo_ptree_count(&owner->tree, first, first + nr - 1);
		stat->blocks = nr << (PAGE_SHIFT - 9);
		up_read(&owner->lock);
	}
	return 0;
}

/*
 * Only ftruncate(2) comes through: what names no open handle has no rights, and
 * mode and owner mean nothing here.
 */
static int inode_setattr(struct mnt_idmap *idmap, struct dentry *dentry,
			 struct iattr *attr)
{
	const unsigned int allowed = ATTR_SIZE | ATTR_FILE | ATTR_MTIME |
				     ATTR_CTIME | ATTR_FORCE;
	struct zxvmo_vmo *vmo, *sizes;
	int ret;

	if ((attr->ia_valid & (ATTR_SIZE | ATTR_FILE)) != (ATTR_SIZE | ATTR_FILE) ||
	    (attr->ia_valid & ~allowed))
		return -EPERM;
	vmo = zxvmo_file_vmo(attr->ia_file);
	sizes = vmo->sizes;
	if (sizes != vmo)
		inode_lock_nested(sizes->object.inode, I_MUTEX_CHILD);
	if (file_may_resize(attr->ia_file))
		ret = zxvmo_vmo_resize(sizes, attr->ia_size);
	else
		ret = attr->ia_size > sizes->size ? -EFBIG :
		      zxvmo_vmo_resize_stream(sizes, attr->ia_size);
	if (sizes != vmo)
		inode_unlock(sizes->object.inode);
	return ret;
}

const struct inode_operations zxvmo_inode_ops = {
	.getattr = inode_getattr,
	.setattr = inode_setattr,
};
