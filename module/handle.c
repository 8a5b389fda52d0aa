// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles: open files on the inode of an object.
 *
 * The inodes live in a pseudo filesystem that nobody can mount. Its mount is
 * made when the device is first opened and given up when the device is closed
 * and no object is left. The file whose last fput() evicts the last object still
 * holds it, and with it the module, so that no code runs in a module that is
 * already unloaded.
 *
 * A handle's value is (tag << 22) | (fd << 2) | 3. Tags come from a counter, so
 * that a descriptor that is closed and used again gets another one.
 *
 * zxvmo_fs_lock protects zxvmo_mnt and the first and last of zxvmo_fs_users.
 * Handles need no lock: rights and tag never change.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/moduleparam.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "zxvmo.h"

#define ZXVMO_FS_MAGIC	0x7a78766d	/* "zxvm" */
#define ZXVMO_NR_TAGS	1023

/** zxvmo_nr_handles - open handles of all objects */
atomic_long_t zxvmo_nr_handles = ATOMIC_LONG_INIT(0);

static atomic_t zxvmo_last_tag = ATOMIC_INIT(0);

static DEFINE_MUTEX(zxvmo_fs_lock);
static refcount_t zxvmo_fs_users = REFCOUNT_INIT(0);
static struct vfsmount *zxvmo_mnt;

static void fs_evict_inode(struct inode *inode)
{
	clear_inode(inode);
	if (inode->i_private) {
		zxvmo_object_free(inode->i_private);
		zxvmo_fs_put();
	}
}

static const struct super_operations zxvmo_super_ops = {
	.evict_inode = fs_evict_inode,
	.drop_inode = generic_delete_inode,
	.statfs = simple_statfs,
};

static char *fs_dname(struct dentry *dentry, char *buffer, int buflen)
{
	const struct zxvmo_object *object = d_inode(dentry)->i_private;
	char name[40];
	int len;

	len = scnprintf(name, sizeof(name), "zxvmo:%s:[%llu]",
			object->type->name, object->koid) + 1;
	if (len > buflen)
		return ERR_PTR(-ENAMETOOLONG);
	return memcpy(buffer + buflen - len, name, len);
}

static const struct dentry_operations zxvmo_dentry_ops = {
	.d_dname = fs_dname,
};

static int fs_init_context(struct fs_context *fc)
{
	struct pseudo_fs_context *ctx = init_pseudo(fc, ZXVMO_FS_MAGIC);

	if (!ctx)
		return -ENOMEM;
	ctx->ops = &zxvmo_super_ops;
	ctx->dops = &zxvmo_dentry_ops;
	return 0;
}

static struct file_system_type zxvmo_fs_type = {
	.name = "zxvmo",
	.owner = THIS_MODULE,
	.init_fs_context = fs_init_context,
	.kill_sb = kill_anon_super,
};

/**
 * zxvmo_fs_get() - make sure that inodes have a home
 *
 * Return: 0 or a negative errno.
 */
int zxvmo_fs_get(void)
{
	struct vfsmount *mnt;
	int ret = 0;

	if (refcount_inc_not_zero(&zxvmo_fs_users))
		return 0;
	mutex_lock(&zxvmo_fs_lock);
	if (!refcount_inc_not_zero(&zxvmo_fs_users)) {
		mnt = kern_mount(&zxvmo_fs_type);
		ret = PTR_ERR_OR_ZERO(mnt);
		if (!ret) {
			zxvmo_mnt = mnt;
			refcount_set(&zxvmo_fs_users, 1);
		}
	}
	mutex_unlock(&zxvmo_fs_lock);
	return ret;
}

/** zxvmo_fs_put() - undo zxvmo_fs_get() */
void zxvmo_fs_put(void)
{
	struct vfsmount *mnt;

	if (!refcount_dec_and_mutex_lock(&zxvmo_fs_users, &zxvmo_fs_lock))
		return;
	mnt = zxvmo_mnt;
	mutex_unlock(&zxvmo_fs_lock);
	/* It waits for RCU: not with the lock, which open(2) takes. */
	kern_unmount(mnt);
}

/* A new handle of @inode, whose reference is consumed in every case. */
static struct file *handle_open(struct inode *inode, struct vfsmount *mnt,
				u32 rights)
{
	struct zxvmo_object *object = inode->i_private;
	u64 tag = (u32)atomic_inc_return(&zxvmo_last_tag) % ZXVMO_NR_TAGS + 1;
	struct file *file;

	/*
	 * A mapping without any permission needs a file that can be read, so
	 * FMODE_READ is always there and the operations look at the rights.
	 */
	file = alloc_file_pseudo(inode, mnt, "", O_LARGEFILE |
				 (rights & ZXVMO_RIGHT_WRITE ? O_RDWR : O_RDONLY),
				 object->type->fops);
	if (IS_ERR(file)) {
		iput(inode);
		/* The caller cannot tell its own limit from the system's. */
		return file == ERR_PTR(-ENFILE) ? ERR_PTR(-EMFILE) : file;
	}
	file->f_mode |= FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE;
	file->private_data = (void *)(uintptr_t)(tag << 32 | rights);
	atomic_inc(&object->nr_handles);
	atomic_long_inc(&zxvmo_nr_handles);
	return file;
}

/**
 * zxvmo_handle_new() - make the first handle of a new object
 * @object: the object; it is freed on failure
 * @relative: a handle of an object it is made from; NULL in commands on the
 *	device, whose file holds the filesystem
 * @rights: rights of the handle
 *
 * Return: the handle or an ERR_PTR().
 */
struct file *zxvmo_handle_new(struct zxvmo_object *object, struct file *relative,
			      u32 rights)
{
	struct vfsmount *mnt = relative ? relative->f_path.mnt : zxvmo_mnt;
	struct inode *inode = alloc_anon_inode(mnt->mnt_sb);

	if (IS_ERR(inode)) {
		zxvmo_object_free(object);
		return ERR_CAST(inode);
	}
	/* It is mounted as long as the device's file or the relative lives. */
	zxvmo_fs_get();
	inode->i_ino = object->koid;
	/* No name leads here: file watches end with the last handle. */
	clear_nlink(inode);
	inode->i_op = &zxvmo_inode_ops;
	inode->i_private = object;
	if (object->type->type == ZXVMO_OBJ_TYPE_VMO) {
		struct zxvmo_vmo *owner = zxvmo_to_vmo(object)->owner;

		inode->i_mode |= S_IFREG;
		if (&owner->object != object)
			inode->i_mapping = zxvmo_vmo_mapping(owner);
	}
	/* check.c sees all VMOs, those in the making too: with an inode it is one. */
	smp_store_release(&object->inode, inode);
	return handle_open(inode, mnt, rights);
}

/**
 * zxvmo_handle_dup() - make another handle of the same object
 * @file: a handle
 * @rights: rights of the new one
 *
 * Return: the handle or an ERR_PTR().
 */
struct file *zxvmo_handle_dup(struct file *file, u32 rights)
{
	struct inode *inode = file_inode(file);

	ihold(inode);
	return handle_open(inode, file->f_path.mnt, rights);
}

/**
 * zxvmo_handle_of() - make a handle of an object from its inode
 * @inode: the inode, whose reference is consumed in every case
 * @rights: rights of the handle
 *
 * Only in commands on the device, whose file holds the filesystem.
 *
 * Return: the handle or an ERR_PTR().
 */
struct file *zxvmo_handle_of(struct inode *inode, u32 rights)
{
	return handle_open(inode, zxvmo_mnt, rights);
}

/**
 * zxvmo_handle_deliver() - give a new handle to user space
 * @file: the handle, consumed in every case
 * @out_handle: user address of the __u32 that receives its value
 *
 * Return: 0, -EMFILE, -ENOMEM or -EFAULT.
 */
int zxvmo_handle_deliver(struct file *file, u64 out_handle)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	int ret = fd;

	if (fd < 0)
		goto err_file;
	ret = -EMFILE;
	if (fd >= ZXVMO_HANDLE_MAX_FD)
		goto err_fd;
	ret = put_user(ZXVMO_HANDLE(zxvmo_file_tag(file), fd),
		       (u32 __user *)u64_to_user_ptr(out_handle));
	if (ret)
		goto err_fd;
	fd_install(fd, file);
	return 0;

err_fd:
	put_unused_fd(fd);
err_file:
	fput(file);
	return ret;
}

static bool file_is_handle(const struct file *file)
{
	return file->f_op == &zxvmo_vmo_fops || file->f_op == &zxvmo_event_fops ||
	       file->f_op == &zxvmo_vmar_fops;
}

/* Whether @file, found under the descriptor of @value, is the handle it names. */
static bool file_has_value(const struct file *file, u32 value)
{
	return file && file_is_handle(file) &&
	       zxvmo_file_tag(file) == ZXVMO_HANDLE_TAG(value);
}

static bool value_is_handle(u32 value)
{
	return (value & ZXVMO_HANDLE_FIXED_BITS_MASK) ==
		ZXVMO_HANDLE_FIXED_BITS_MASK && ZXVMO_HANDLE_TAG(value);
}

/**
 * zxvmo_handle_get() - look a handle up
 * @cmd: the command it was given to
 * @value: its value, 0 for the file that the command came on
 * @type: type that the object must have, or NULL
 * @rights: rights that the handle must have
 * @ref: receives the handle; to be given back to zxvmo_handle_put()
 *
 * The root VMAR's pseudo-handle is good in commands on the device only. That of
 * the process is no object: who takes it asks zxvmo_process_get().
 *
 * Return: 0. In this order: -EBADF: no such handle; -EMEDIUMTYPE: another type;
 * -EACCES: a right is missing. -EMFILE, -ENOMEM: for the root VMAR.
 */
int zxvmo_handle_get(struct zxvmo_cmd *cmd, u32 value,
		     const struct zxvmo_object_type *type, u32 rights,
		     struct zxvmo_ref *ref)
{
	ref->fd = (struct fd) {};
	if (value == ZXVMO_HANDLE_VMAR_ROOT_SELF) {
		if ((type && type != &zxvmo_vmar_type) || !cmd->device)
			return -EMEDIUMTYPE;
		ref->file = zxvmo_vmar_root();
		if (IS_ERR(ref->file))
			return PTR_ERR(ref->file);
		ref->fd = CLONED_FD(ref->file);
	} else if (value == ZXVMO_HANDLE_PROCESS_SELF) {
		return type || !(rights & ~ZXVMO_PROCESS_SELF_RIGHTS) ? -EMEDIUMTYPE :
									-EACCES;
	} else if (value) {
		if (!value_is_handle(value))
			return -EBADF;
		ref->fd = fdget(ZXVMO_HANDLE_FD(value));
		ref->file = fd_file(ref->fd);
		if (!file_has_value(ref->file, value)) {
			zxvmo_handle_put(ref);
			return -EBADF;
		}
	} else {
		if (cmd->device)
			return -EBADF;
		ref->file = cmd->file;
	}
	ref->object = zxvmo_file_object(ref->file);
	ref->rights = zxvmo_file_rights(ref->file);
	if (type && ref->object->type != type) {
		zxvmo_handle_put(ref);
		return -EMEDIUMTYPE;
	}
	if (rights & ~ref->rights) {
		zxvmo_handle_put(ref);
		return -EACCES;
	}
	return 0;
}

/**
 * zxvmo_handle_is_open() - whether a value still names a handle
 * @value: the value
 * @file: the handle
 *
 * Return: true if the descriptor of @value is @file.
 */
bool zxvmo_handle_is_open(u32 value, struct file *file)
{
	struct fd fd = fdget(ZXVMO_HANDLE_FD(value));
	bool open = fd_file(fd) == file;

	fdput(fd);
	return open;
}

/**
 * zxvmo_handle_release() - the last descriptor of a handle is gone
 * @inode: its object's inode
 * @file: the handle
 *
 * Return: 0.
 */
int zxvmo_handle_release(struct inode *inode, struct file *file)
{
	struct zxvmo_object *object = inode->i_private;

	atomic_dec(&object->nr_handles);
	atomic_long_dec(&zxvmo_nr_handles);
	return 0;
}

/**
 * zxvmo_handle_show_fdinfo() - describe a handle in /proc/PID/fdinfo
 * @m: the file
 * @file: the handle
 */
void zxvmo_handle_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct zxvmo_object *object = zxvmo_file_object(file);
	char name[ZXVMO_MAX_NAME_LEN];

	zxvmo_object_get_name(object, name);
	seq_printf(m, "zx-type:\t%s\n", object->type->name);
	seq_printf(m, "zx-koid:\t%llu\n", object->koid);
	seq_printf(m, "zx-rights:\t0x%x\n", zxvmo_file_rights(file));
	seq_puts(m, "zx-name:\t");
	seq_escape(m, name, "\n\\");
	seq_putc(m, '\n');
	if (object->type->show)
		object->type->show(m, object);
}

/**
 * zxvmo_rights_are_subset() - whether rights can be asked of a handle
 * @have: rights of the handle
 * @rights: what is asked for; receives what is meant
 *
 * Return: true if they can.
 */
bool zxvmo_rights_are_subset(u32 have, u32 *rights)
{
	if (*rights == ZXVMO_RIGHT_SAME_RIGHTS)
		*rights = have;
	return !(*rights & ~have);
}

int zxvmo_handle_duplicate(struct zxvmo_cmd *cmd)
{
	struct zxvmo_handle_duplicate *arg = cmd->arg;
	u32 rights = arg->rights;
	struct zxvmo_ref ref;
	struct file *file;
	int ret;

	if (arg->__reserved)
		return -EINVAL;
	ret = zxvmo_handle_get(cmd, arg->handle, NULL, ZXVMO_RIGHT_DUPLICATE, &ref);
	if (ret)
		return ret;
	file = zxvmo_rights_are_subset(ref.rights, &rights) ?
	       zxvmo_handle_dup(ref.file, rights) : ERR_PTR(-EINVAL);
	zxvmo_handle_put(&ref);
	if (IS_ERR(file))
		return PTR_ERR(file);
	return zxvmo_handle_deliver(file, arg->out_handle);
}

/*
 * Takes the handle @value out of the caller's table, and a reference to its
 * file. Looking at the descriptor and closing it are two steps, as they are for
 * a program.
 */
static struct file *handle_take(u32 value)
{
	struct file *file;

	if (!value_is_handle(value))
		return ERR_PTR(-EBADF);
	file = fget(ZXVMO_HANDLE_FD(value));
	if (!file_has_value(file, value)) {
		if (file)
			fput(file);
		return ERR_PTR(-EBADF);
	}
	if (close_fd(ZXVMO_HANDLE_FD(value))) {
		fput(file);
		return ERR_PTR(-EBADF);
	}
	return file;
}

int zxvmo_handle_replace(struct zxvmo_cmd *cmd)
{
	struct zxvmo_handle_duplicate *arg = cmd->arg;
	u32 rights = arg->rights;
	struct file *file, *new;

	if (arg->__reserved)
		return -EINVAL;
	file = handle_take(arg->handle);
	if (IS_ERR(file))
		return PTR_ERR(file);
	new = zxvmo_rights_are_subset(zxvmo_file_rights(file), &rights) ?
	      zxvmo_handle_dup(file, rights) : ERR_PTR(-EINVAL);
	fput(file);
	if (IS_ERR(new))
		return PTR_ERR(new);
	return zxvmo_handle_deliver(new, arg->out_handle);
}

static bool ambient_mark_vmo_exec = true;
module_param(ambient_mark_vmo_exec, bool, 0644);
MODULE_PARM_DESC(ambient_mark_vmo_exec,
		 "VMO_REPLACE_AS_EXECUTABLE works without a resource");

/* What is wrong with @vmex: there are no resources, only the policy. */
static int vmex_check(struct zxvmo_cmd *cmd, u32 vmex)
{
	struct zxvmo_ref ref;
	int ret;

	if (!vmex)
		return READ_ONCE(ambient_mark_vmo_exec) ? 0 : -EACCES;
	ret = zxvmo_handle_get(cmd, vmex, NULL, 0, &ref);
	if (ret)
		return ret;
	zxvmo_handle_put(&ref);
	return -EMEDIUMTYPE;
}

int zxvmo_vmo_replace_as_executable(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmo_replace_as_executable *arg = cmd->arg;
	struct file *file, *new;
	int ret;

	if (arg->__reserved)
		return -EINVAL;
	ret = vmex_check(cmd, arg->vmex);
	file = handle_take(arg->handle);
	if (IS_ERR(file))
		return PTR_ERR(file);
	if (zxvmo_file_object(file)->type != &zxvmo_vmo_type)
		new = ERR_PTR(-EBADF);
	else if (ret)
		new = ERR_PTR(ret);
	else
		new = zxvmo_handle_dup(file, zxvmo_file_rights(file) |
					     ZXVMO_RIGHT_EXECUTE);
	fput(file);
	if (IS_ERR(new))
		return PTR_ERR(new);
	return zxvmo_handle_deliver(new, arg->out_handle);
}

int zxvmo_handle_close(struct zxvmo_cmd *cmd)
{
	struct zxvmo_handle_close *arg = cmd->arg;
	struct file *file;

	if (!arg->handle)
		return 0;
	file = handle_take(arg->handle);
	if (IS_ERR(file))
		return PTR_ERR(file);
	fput(file);
	return 0;
}

int zxvmo_handle_close_many(struct zxvmo_cmd *cmd)
{
	struct zxvmo_handle_close_many *arg = cmd->arg;
	u32 __user *uvalues = u64_to_user_ptr(arg->handles);
	u32 values[32];
	int ret = 0;
	u64 done;

	if (arg->__reserved)
		return -EINVAL;
	for (done = 0; done < arg->num_handles;) {
		size_t nr = min_t(u64, arg->num_handles - done, ARRAY_SIZE(values));
		size_t i;

		if (copy_from_user(values, uvalues + done, nr * sizeof(values[0])))
			return -EFAULT;
		for (i = 0; i < nr; i++) {
			struct file *file;

			if (!values[i])
				continue;
			file = handle_take(values[i]);
			if (IS_ERR(file))
				ret = -EBADF;
			else
				fput(file);
		}
		done += nr;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return ret;
}

int zxvmo_handle_from_fd(struct zxvmo_cmd *cmd)
{
	struct zxvmo_handle_from_fd *arg = cmd->arg;
	struct file *file;
	u32 value;

	if (arg->fd < 0 || arg->fd >= ZXVMO_HANDLE_MAX_FD)
		return -EBADF;
	file = fget(arg->fd);
	if (!file)
		return -EBADF;
	if (!file_is_handle(file)) {
		fput(file);
		return -EBADF;
	}
	value = ZXVMO_HANDLE(zxvmo_file_tag(file), arg->fd);
	fput(file);
	return put_user(value, (u32 __user *)u64_to_user_ptr(arg->out_handle));
}
