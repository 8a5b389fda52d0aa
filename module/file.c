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
	loff_t size = i_size_read(vmo->object.inode);
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
static void file_extend(struct zxvmo_vmo *vmo, u64 begin, u64 end)
{
	u64 stream = vmo->stream_size;

	if (end <= stream)
		return;
	begin = min(begin, vmo->size);
	if (begin > stream)
		zxvmo_vmo_zero(vmo, stream, begin - stream, false);
	zxvmo_vmo_set_sizes(vmo, vmo->size, end);
}

/*
 * Makes room up to @end, whole pages; the inode is locked. It is never taken
 * back: from now on others may have stored there.
 */
static int file_grow(struct file *file, u64 end)
{
	struct zxvmo_vmo *vmo = zxvmo_file_vmo(file);

	if (end <= vmo->size)
		return 0;
	if (!file_may_resize(file))
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
	ssize_t count = generic_write_checks(iocb, from);
	u64 pos = iocb->ki_pos;
	ssize_t done;
	int ret;

	if (count <= 0)
		return count;
	if (file_grow(file, pos + count)) {
		if (pos >= vmo->size)
			return -EFBIG;
		count = vmo->size - pos;
		iov_iter_truncate(from, count);
	}
	ret = zxvmo_vmo_copy_nofault(vmo, pos, from);
	done = count - iov_iter_count(from);
	if (done)
		file_extend(vmo, pos, pos + done);
	iocb->ki_pos += done;
	return done ?: ret;
}

static ssize_t file_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	bool user = user_backed_iter(from);
	ssize_t ret, done = 0;

	do {
		/* What an append does not find at once goes to the end there is then. */
		if (user && iov_iter_count(from) && zxvmo_copy_fault_in(from))
			return done ?: -EFAULT;
		if (down_write_killable(&inode->i_rwsem))
			return done ?: -EINTR;
		ret = file_write_locked(iocb, from);
		inode_unlock(inode);
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
	loff_t size = i_size_read(vmo->object.inode);
	u64 index, last;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return generic_file_llseek_size(file, offset, whence,
						MAX_LFS_FILESIZE, size);
	if (offset < 0 || offset >= size)
		return -ENXIO;

	index = offset >> PAGE_SHIFT;
	last = (size - 1) >> PAGE_SHIFT;
	mutex_lock(&vmo->lock);
	if (whence == SEEK_HOLE)
		index = zxvmo_ptree_next_absent(&vmo->tree, index, last);
	else if (!zxvmo_ptree_next(&vmo->tree, &index, last))
		index = U64_MAX;
	mutex_unlock(&vmo->lock);
	if (index == U64_MAX)
		return -ENXIO;
	offset = clamp_t(u64, index << PAGE_SHIFT, offset, size);
	return vfs_setpos(file, offset, MAX_LFS_FILESIZE);
}

static long file_fallocate(struct file *file, int mode, loff_t offset,
			   loff_t length)
{
	struct zxvmo_vmo *vmo = zxvmo_file_vmo(file);
	struct inode *inode = vmo->object.inode;
	u64 end = offset + length;
	int ret = 0;
	u64 size;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	if (down_write_killable(&inode->i_rwsem))
		return -EINTR;
	if (mode & FALLOC_FL_PUNCH_HOLE) {
		u64 begin = min_t(u64, offset, vmo->size);

		ret = zxvmo_vmo_zero(vmo, begin, min(end, vmo->size) - begin, true);
		goto out;
	}
	size = vmo->size;
	if (mode & FALLOC_FL_KEEP_SIZE)
		ret = end > size ? -EFBIG : 0;
	else
		ret = inode_newsize_ok(inode, end) ?: file_grow(file, end);
	if (ret)
		goto out;
	if (!(mode & FALLOC_FL_KEEP_SIZE) && end > vmo->stream_size)
		zxvmo_vmo_zero(vmo, vmo->stream_size,
			       min(end, size) - min(vmo->stream_size, size), false);
	ret = zxvmo_vmo_commit(vmo, offset >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT);
	if (!ret && !(mode & FALLOC_FL_KEEP_SIZE))
		file_extend(vmo, 0, end);
out:
	inode_unlock(inode);
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
};

static int inode_getattr(struct mnt_idmap *idmap, const struct path *path,
			 struct kstat *stat, u32 request_mask,
			 unsigned int query_flags)
{
	struct inode *inode = d_inode(path->dentry);
	struct zxvmo_object *object = inode->i_private;

	generic_fillattr(idmap, request_mask, inode, stat);
	if (object->type == &zxvmo_vmo_type)
		stat->blocks = READ_ONCE(zxvmo_to_vmo(object)->tree.nr_pages) <<
			       (PAGE_SHIFT - 9);
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
	struct zxvmo_vmo *vmo;

	if ((attr->ia_valid & (ATTR_SIZE | ATTR_FILE)) != (ATTR_SIZE | ATTR_FILE) ||
	    (attr->ia_valid & ~allowed))
		return -EPERM;
	vmo = zxvmo_file_vmo(attr->ia_file);
	if (file_may_resize(attr->ia_file))
		return zxvmo_vmo_resize(vmo, attr->ia_size);
	if (attr->ia_size > vmo->size)
		return -EFBIG;
	return zxvmo_vmo_resize_stream(vmo, attr->ia_size);
}

const struct inode_operations zxvmo_inode_ops = {
	.getattr = inode_getattr,
	.setattr = inode_setattr,
};
