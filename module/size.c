// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two sizes of a VMO: that of the object, whole pages, and the stream size,
 * which is what Linux file calls take for the size of the file.
 *
 * Both change only with the inode locked. So no other resize begins while one
 * is still taking pages away beyond the new end, leaf by leaf; and as everybody
 * who adds pages looks at the size under vmo->lock, what is beyond it stays
 * empty until the VMO grows again.
 *
 * A reference has the sizes of what it shows, and locks the inode of that.
 */
#include <linux/pagemap.h>
#include <linux/uaccess.h>

#include "zxvmo.h"

/*
 * Sees to it that a cut at @size takes no memory: the page that it parts is
 * owned, and the nodes are private. Both stay so while the inode is locked, for
 * a snapshot locks it as well.
 */
static int prepare_cut(struct zxvmo_vmo *vmo, u64 size)
{
	struct zxvmo_supply supply;
	struct page *page;
	int ret;

	if (offset_in_page(size)) {
		ret = zxvmo_vmo_lock_owned(vmo, size >> PAGE_SHIFT, &page);
		if (ret)
			return ret;
		up_write(&vmo->lock);
	}
	zxvmo_supply_init(&supply, &vmo->tree);
	do {
		down_write(&vmo->lock);
		ret = zxvmo_ptree_split(&vmo->tree, DIV_ROUND_UP_ULL(size, PAGE_SIZE),
					&supply.pool, &supply.removed);
		up_write(&vmo->lock);
	} while (ret && !(ret = zxvmo_supply_fill(&supply)));
	zxvmo_supply_release(&supply);
	return ret;
}

/*
 * Takes what is in a range out of the mappings that faults do not reach any more,
 * waiting for those that have been there.
 */
static void unmap_cut(struct zxvmo_vmo *owner, u64 first, u64 last)
{
	struct page *page;
	u64 index = first;

	do {
		down_write(&owner->lock);
		page = owner->mapped ? zxvmo_ptree_next(&owner->tree, &index, last) :
				       NULL;
		if (page) {
			u64 end = min(last, zxvmo_ptree_leaf_last(&owner->tree, index));

			zxvmo_vmo_unmap_pages(owner, index, end);
			index = end + 1;
		}
		up_write(&owner->lock);
		cond_resched();
	} while (page && index <= last);
	down_write(&owner->lock);
	zxvmo_vmo_zap_zero_pages(owner, first, last);
	up_write(&owner->lock);
}

/* Takes everything beyond the size away, and out of the mappings. */
static void cut(struct zxvmo_vmo *vmo)
{
	u64 first = vmo->size >> PAGE_SHIFT;
	struct zxvmo_supply supply;
	int ret;

	lockdep_assert_held_write(&vmo->object.inode->i_rwsem);
	unmap_cut(vmo, first, ZXVMO_LAST_INDEX);
	/* As truncation does: private copies go, too. */
	unmap_mapping_pages(zxvmo_vmo_mapping(vmo), first, 0, true);

	zxvmo_supply_init(&supply, &vmo->tree);
	do {
		down_write(&vmo->lock);
		ret = zxvmo_ptree_remove(&vmo->tree, &first, U64_MAX, U16_MAX,
					 &supply.pool, &supply.removed);
		up_write(&vmo->lock);
		zxvmo_removed_free(&supply.removed);
		cond_resched();
	} while (ret > 0);
	WARN_ON_ONCE(ret);
	zxvmo_supply_release(&supply);
}

/* The same beyond the stream, for the mappings that end there; others fault anew. */
static void unmap_beyond_stream(struct zxvmo_vmo *vmo)
{
	u64 start = vmo->offset + PAGE_ALIGN(min(vmo->stream_size, vmo->size));
	u64 end = vmo->offset + vmo->size;

	if (start < end)
		unmap_cut(vmo->owner, start >> PAGE_SHIFT, (end >> PAGE_SHIFT) - 1);
}

/**
 * zxvmo_vmo_set_sizes() - change both sizes
 * @vmo: the VMO, with its inode locked unless nobody knows it yet
 * @size: new size, whole pages; less than it was only after prepare_cut()
 * @stream_size: new stream size
 *
 * It runs to its end even in a thread that is killed: what is beyond the new
 * size must go.
 */
void zxvmo_vmo_set_sizes(struct zxvmo_vmo *vmo, u64 size, u64 stream_size)
{
	bool shrink = size < vmo->size, cut_stream;

	down_write(&vmo->owner->lock);
	cut_stream = READ_ONCE(vmo->owner->stream_mapped) && stream_size < vmo->stream_size;
	/* GET_SIZE and the like read them without the lock. */
	WRITE_ONCE(vmo->size, size);
	WRITE_ONCE(vmo->stream_size, stream_size);
	up_write(&vmo->owner->lock);
	i_size_write(vmo->object.inode,
		     min_t(u64, min(size, stream_size), MAX_LFS_FILESIZE));
	if (shrink)
		cut(vmo);
	else if (cut_stream)
		unmap_beyond_stream(vmo);
}

/**
 * zxvmo_vmo_can_end() - whether a size does not wrap
 * @vmo: the VMO
 * @size: the size, whole pages
 *
 * Return: false if it does, counted from the first ancestor's start.
 */
bool zxvmo_vmo_can_end(struct zxvmo_vmo *vmo, u64 size)
{
	u64 end;

	return !check_add_overflow(vmo->tree.base << PAGE_SHIFT, size, &end);
}

/**
 * zxvmo_vmo_resize() - make a VMO end at a byte
 * @vmo: the VMO, with its inode locked
 * @size: new size and stream size; what is left of the last page becomes zero
 *
 * Return: 0; -ERANGE if it is too large; -EINVAL if it wraps counted from the
 * first ancestor's start; -ENOMEM; -EINTR if killed. Nothing has changed then.
 */
int zxvmo_vmo_resize(struct zxvmo_vmo *vmo, u64 size)
{
	u64 rounded;
	int ret;

	lockdep_assert_held_write(&vmo->object.inode->i_rwsem);
	if (!zxvmo_round_up(size, &rounded) || rounded > ZXVMO_MAX_SIZE)
		return -ERANGE;
	if (!zxvmo_vmo_can_end(vmo, rounded))
		return -EINVAL;
	ret = size < vmo->size ? prepare_cut(vmo, size) : 0;
	if (ret)
		return ret;
	zxvmo_vmo_set_sizes(vmo, rounded, size);
	return zxvmo_vmo_zero(vmo, size, rounded - size, false);
}

/**
 * zxvmo_vmo_resize_stream() - change the stream size
 * @vmo: the VMO, with its inode locked
 * @stream_size: new stream size
 *
 * Return: 0; -ENOMEM; -EINTR if killed. Then it has not changed.
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
	size = stream ? READ_ONCE(vmo->sizes->stream_size) :
			READ_ONCE(vmo->sizes->size);
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
		ret = zxvmo_vmo_lock_sizes(vmo);
	if (!ret) {
		ret = zxvmo_vmo_resize(vmo->sizes, arg->vmo_size);
		zxvmo_vmo_unlock_sizes(vmo);
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
	ret = zxvmo_vmo_lock_sizes(vmo);
	if (!ret) {
		ret = arg->vmo_size > vmo->sizes->size ? -ERANGE :
		      zxvmo_vmo_resize_stream(vmo->sizes, arg->vmo_size);
		zxvmo_vmo_unlock_sizes(vmo);
	}
	zxvmo_handle_put(&ref);
	return ret;
}
