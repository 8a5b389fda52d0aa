// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two sizes of a VMO: that of the object, whole pages, and the stream size,
 * which is what Linux file calls take for the size of the file.
 *
 * Both change only with the inode locked. So no other resize begins while one
 * is still taking pages away beyond the new end, leaf by leaf; and as everybody
 * who adds pages looks at the size under vmo->lock, what is beyond it stays
 * empty until the VMO grows again.
 */
#include <linux/pagemap.h>
#include <linux/uaccess.h>

#include "zxvmo.h"

/* Takes everything beyond the size away, and out of the mappings. */
static void cut(struct zxvmo_vmo *vmo)
{
	u64 first = vmo->size >> PAGE_SHIFT;

	lockdep_assert_held_write(&vmo->object.inode->i_rwsem);
	zxvmo_vmo_decommit(vmo, first, ZXVMO_LAST_INDEX, false);
	mutex_lock(&vmo->lock);
	zxvmo_vmo_zap_zero_pages(vmo, first, ZXVMO_LAST_INDEX);
	mutex_unlock(&vmo->lock);
	/* As truncation does: private copies go, too. */
	unmap_mapping_pages(zxvmo_vmo_mapping(vmo), first, 0, true);
}

/**
 * zxvmo_vmo_set_sizes() - change both sizes
 * @vmo: the VMO, with its inode locked unless nobody knows it yet
 * @size: new size, whole pages
 * @stream_size: new stream size
 *
 * It runs to its end even in a thread that is killed: what is beyond the new
 * size must go.
 */
void zxvmo_vmo_set_sizes(struct zxvmo_vmo *vmo, u64 size, u64 stream_size)
{
	bool shrink = size < vmo->size;

	mutex_lock(&vmo->lock);
	vmo->size = size;
	vmo->stream_size = stream_size;
	mutex_unlock(&vmo->lock);
	i_size_write(vmo->object.inode,
		     min_t(u64, min(size, stream_size), MAX_LFS_FILESIZE));
	if (shrink)
		cut(vmo);
}

/**
 * zxvmo_vmo_resize() - make a VMO end at a byte
 * @vmo: the VMO, with its inode locked
 * @size: new size and stream size; what is left of the last page becomes zero
 *
 * Return: 0; -ERANGE if it is too large.
 */
int zxvmo_vmo_resize(struct zxvmo_vmo *vmo, u64 size)
{
	u64 rounded;

	lockdep_assert_held_write(&vmo->object.inode->i_rwsem);
	if (!zxvmo_round_up(size, &rounded) || rounded > ZXVMO_MAX_SIZE)
		return -ERANGE;
	zxvmo_vmo_set_sizes(vmo, rounded, size);
	zxvmo_vmo_zero(vmo, size, rounded - size, false);
	return 0;
}

/**
 * zxvmo_vmo_resize_stream() - change the stream size
 * @vmo: the VMO, with its inode locked
 * @stream_size: new stream size
 *
 * Return: 0, or -EINTR if killed; then it has not changed.
 */
int zxvmo_vmo_resize_stream(struct zxvmo_vmo *vmo, u64 stream_size)
{
	u64 keep = min3(vmo->stream_size, stream_size, vmo->size);
	int ret;

	lockdep_assert_held_write(&vmo->object.inode->i_rwsem);
	if (vmo->stream_size == stream_size)
		return 0;
	ret = zxvmo_vmo_zero(vmo, keep, vmo->size - keep, true);
	if (!ret)
		zxvmo_vmo_set_sizes(vmo, vmo->size, stream_size);
	return ret;
}

static int get_size(struct zxvmo_cmd *cmd, bool stream)
{
	struct zxvmo_vmo_get_size *arg = cmd->arg;
	struct zxvmo_vmo *vmo;
	struct zxvmo_ref ref;
	u64 size;

	vmo = zxvmo_vmo_get(cmd, arg->handle, 0, &ref);
	if (IS_ERR(vmo))
		return PTR_ERR(vmo);
	size = stream ? READ_ONCE(vmo->stream_size) : READ_ONCE(vmo->size);
	zxvmo_handle_put(&ref);
	return put_user(size, (u64 __user *)u64_to_user_ptr(arg->out_size));
}

int zxvmo_vmo_get_size(struct zxvmo_cmd *cmd)
{
	return get_size(cmd, false);
}

int zxvmo_vmo_get_stream_size(struct zxvmo_cmd *cmd)
{
	return get_size(cmd, true);
}

int zxvmo_vmo_set_size(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmo_set_size *arg = cmd->arg;
	struct zxvmo_vmo *vmo;
	struct zxvmo_ref ref;
	int ret = 0;
	u64 size;

	vmo = zxvmo_vmo_get(cmd, arg->handle, ZXVMO_RIGHT_WRITE, &ref);
	if (IS_ERR(vmo))
		return PTR_ERR(vmo);
	if ((vmo->options & ZXVMO_VMO_RESIZABLE) &&
	    !(ref.rights & ZXVMO_RIGHT_RESIZE))
		ret = -EACCES;
	else if (!zxvmo_round_up(arg->vmo_size, &size))
		ret = -ERANGE;
	else if (!(vmo->options & ZXVMO_VMO_RESIZABLE))
		ret = -EPERM;
	else
		ret = down_write_killable(&vmo->object.inode->i_rwsem);
	if (!ret) {
		ret = zxvmo_vmo_resize(vmo, arg->vmo_size);
		inode_unlock(vmo->object.inode);
	}
	zxvmo_handle_put(&ref);
	return ret;
}

int zxvmo_vmo_set_stream_size(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmo_set_size *arg = cmd->arg;
	struct zxvmo_vmo *vmo;
	struct zxvmo_ref ref;
	int ret;

	vmo = zxvmo_vmo_get(cmd, arg->handle, ZXVMO_RIGHT_WRITE, &ref);
	if (IS_ERR(vmo))
		return PTR_ERR(vmo);
	ret = down_write_killable(&vmo->object.inode->i_rwsem);
	if (!ret) {
		ret = arg->vmo_size > vmo->size ? -ERANGE :
		      zxvmo_vmo_resize_stream(vmo, arg->vmo_size);
		inode_unlock(vmo->object.inode);
	}
	zxvmo_handle_put(&ref);
	return ret;
}
