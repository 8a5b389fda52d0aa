// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module: device, dispatch of commands, statistics.
 *
 * A command is one structure in uapi/zxvmo.h, one line in zxvmo_ops and one
 * function. The same table serves the device and the objects' own files; the
 * commands that make objects from nothing are the device's alone.
 */
#include <linux/compat.h>
#include <linux/debugfs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "discard.h"

union zxvmo_arg {
	u64 words[8];
	struct zxvmo_query query;
	struct zxvmo_handle_duplicate handle_duplicate;
	struct zxvmo_handle_close handle_close;
	struct zxvmo_handle_close_many handle_close_many;
	struct zxvmo_handle_from_fd handle_from_fd;
	struct zxvmo_object_signal object_signal;
	struct zxvmo_object_wait_one object_wait_one;
	struct zxvmo_object_get_info object_get_info;
	struct zxvmo_object_property object_property;
	struct zxvmo_event_create event_create;
	struct zxvmo_vmo_create vmo_create;
	struct zxvmo_vmo_rw vmo_rw;
	struct zxvmo_vmo_get_size vmo_get_size;
	struct zxvmo_vmo_set_size vmo_set_size;
	struct zxvmo_vmo_op_range vmo_op_range;
	struct zxvmo_vmo_set_cache_policy vmo_set_cache_policy;
	struct zxvmo_vmo_replace_as_executable vmo_replace_as_executable;
	struct zxvmo_vmo_transfer_data vmo_transfer_data;
	struct zxvmo_vmo_create_child vmo_create_child;
	struct zxvmo_vmar_map vmar_map;
	struct zxvmo_vmar_range vmar_range;
	struct zxvmo_vmar_allocate vmar_allocate;
	struct zxvmo_vmar_destroy vmar_destroy;
	struct zxvmo_vmar_op_range vmar_op_range;
	struct zxvmo_vmar_export vmar_export;
	struct zxvmo_process_memory process_memory;
};

/**
 * struct zxvmo_op - a command
 * @ioctl: its number, 0 if there is none here
 * @size: size of its structure in this version
 * @min_size: size in the version that had it first
 * @device_only: not for objects' own files
 * @execute: the function
 */
struct zxvmo_op {
	unsigned int ioctl;
	unsigned short size;
	unsigned short min_size;
	bool device_only;
	int (*execute)(struct zxvmo_cmd *cmd);
};

static int zxvmo_query(struct zxvmo_cmd *cmd)
{
	struct zxvmo_query *arg = cmd->arg;
	size_t size = min_t(size_t, cmd->usize, sizeof(*arg));

	if (arg->flags)
		return -EINVAL;
	arg->out_api_version = ZXVMO_API_VERSION;
	arg->out_page_size = PAGE_SIZE;
	arg->out_features = ZXVMO_FEATURE_VMO | ZXVMO_FEATURE_CHILDREN |
			    ZXVMO_FEATURE_DISCARDABLE | ZXVMO_FEATURE_VMAR |
			    ZXVMO_FEATURE_PROCESS;
	arg->out_errata = 0;
	return copy_to_user(cmd->uarg, arg, size) ? -EFAULT : 0;
}

#define ZXVMO_OP(_ioctl, _fn, _struct, _last, _device_only)		\
	[_IOC_NR(_ioctl)] = {						\
		.ioctl = _ioctl,					\
		.size = sizeof(struct _struct) +			\
			BUILD_BUG_ON_ZERO(sizeof(union zxvmo_arg) <	\
					  sizeof(struct _struct) ||	\
					  sizeof(struct _struct) % sizeof(u64)), \
		.min_size = offsetofend(struct _struct, _last),		\
		.device_only = _device_only,				\
		.execute = _fn,						\
	}

static const struct zxvmo_op zxvmo_ops[] = {
	ZXVMO_OP(ZXVMO_QUERY, zxvmo_query, zxvmo_query, out_errata, false),
	ZXVMO_OP(ZXVMO_HANDLE_DUPLICATE, zxvmo_handle_duplicate,
		 zxvmo_handle_duplicate, out_handle, false),
	ZXVMO_OP(ZXVMO_HANDLE_REPLACE, zxvmo_handle_replace,
		 zxvmo_handle_duplicate, out_handle, false),
	ZXVMO_OP(ZXVMO_HANDLE_CLOSE, zxvmo_handle_close,
		 zxvmo_handle_close, handle, false),
	ZXVMO_OP(ZXVMO_HANDLE_CLOSE_MANY, zxvmo_handle_close_many,
		 zxvmo_handle_close_many, num_handles, false),
	ZXVMO_OP(ZXVMO_HANDLE_FROM_FD, zxvmo_handle_from_fd,
		 zxvmo_handle_from_fd, out_handle, false),
	ZXVMO_OP(ZXVMO_OBJECT_SIGNAL, zxvmo_object_signal,
		 zxvmo_object_signal, set_mask, false),
	ZXVMO_OP(ZXVMO_OBJECT_WAIT_ONE, zxvmo_object_wait_one,
		 zxvmo_object_wait_one, out_observed, false),
	ZXVMO_OP(ZXVMO_OBJECT_GET_INFO, zxvmo_object_get_info,
		 zxvmo_object_get_info, out_avail, false),
	ZXVMO_OP(ZXVMO_OBJECT_GET_PROPERTY, zxvmo_object_get_property,
		 zxvmo_object_property, value_size, false),
	ZXVMO_OP(ZXVMO_OBJECT_SET_PROPERTY, zxvmo_object_set_property,
		 zxvmo_object_property, value_size, false),
	ZXVMO_OP(ZXVMO_EVENT_CREATE, zxvmo_event_create,
		 zxvmo_event_create, out_handle, true),
	ZXVMO_OP(ZXVMO_VMO_CREATE, zxvmo_vmo_create,
		 zxvmo_vmo_create, out_handle, true),
	ZXVMO_OP(ZXVMO_VMO_READ, zxvmo_vmo_read, zxvmo_vmo_rw, length, false),
	ZXVMO_OP(ZXVMO_VMO_WRITE, zxvmo_vmo_write, zxvmo_vmo_rw, length, false),
	ZXVMO_OP(ZXVMO_VMO_GET_SIZE, zxvmo_vmo_get_size,
		 zxvmo_vmo_get_size, out_size, false),
	ZXVMO_OP(ZXVMO_VMO_SET_SIZE, zxvmo_vmo_set_size,
		 zxvmo_vmo_set_size, vmo_size, false),
	ZXVMO_OP(ZXVMO_VMO_GET_STREAM_SIZE, zxvmo_vmo_get_stream_size,
		 zxvmo_vmo_get_size, out_size, false),
	ZXVMO_OP(ZXVMO_VMO_SET_STREAM_SIZE, zxvmo_vmo_set_stream_size,
		 zxvmo_vmo_set_size, vmo_size, false),
	ZXVMO_OP(ZXVMO_VMO_OP_RANGE, zxvmo_vmo_op_range,
		 zxvmo_vmo_op_range, buffer_size, false),
	ZXVMO_OP(ZXVMO_VMO_SET_CACHE_POLICY, zxvmo_vmo_set_cache_policy,
		 zxvmo_vmo_set_cache_policy, __reserved, false),
	ZXVMO_OP(ZXVMO_VMO_REPLACE_AS_EXECUTABLE, zxvmo_vmo_replace_as_executable,
		 zxvmo_vmo_replace_as_executable, out_handle, false),
	ZXVMO_OP(ZXVMO_VMO_TRANSFER_DATA, zxvmo_vmo_transfer_data,
		 zxvmo_vmo_transfer_data, src_offset, false),
	ZXVMO_OP(ZXVMO_VMO_CREATE_CHILD, zxvmo_vmo_create_child,
		 zxvmo_vmo_create_child, out_handle, false),
	ZXVMO_OP(ZXVMO_VMAR_MAP, zxvmo_vmar_map, zxvmo_vmar_map, out_addr, false),
	ZXVMO_OP(ZXVMO_VMAR_UNMAP, zxvmo_vmar_unmap,
		 zxvmo_vmar_range, length, false),
	ZXVMO_OP(ZXVMO_VMAR_PROTECT, zxvmo_vmar_protect,
		 zxvmo_vmar_range, length, false),
	ZXVMO_OP(ZXVMO_VMAR_ALLOCATE, zxvmo_vmar_allocate,
		 zxvmo_vmar_allocate, out_addr, false),
	ZXVMO_OP(ZXVMO_VMAR_DESTROY, zxvmo_vmar_destroy,
		 zxvmo_vmar_destroy, handle, false),
	ZXVMO_OP(ZXVMO_VMAR_OP_RANGE, zxvmo_vmar_op_range,
		 zxvmo_vmar_op_range, buffer_size, false),
	ZXVMO_OP(ZXVMO_VMAR_EXPORT, zxvmo_vmar_export,
		 zxvmo_vmar_export, out_handle, false),
	ZXVMO_OP(ZXVMO_PROCESS_READ_MEMORY, zxvmo_process_read_memory,
		 zxvmo_process_memory, out_actual, false),
	ZXVMO_OP(ZXVMO_PROCESS_WRITE_MEMORY, zxvmo_process_write_memory,
		 zxvmo_process_memory, out_actual, false),
};

static const struct file_operations zxvmo_device_fops;

/* Gets a command's structure; its few words one by one, twice as fast as a copy. */
static int copy_arg(union zxvmo_arg *arg, size_t size, const void __user *uarg,
		    size_t usize)
{
	const u64 __user *uwords = uarg;
	/* Not by the array's name: UBSAN's check of it may not run in there. */
	u64 *words = arg->words;
	size_t i;

	if (usize > PAGE_SIZE)
		return -E2BIG;
	if (usize != size)
		return copy_struct_from_user(arg, size, uarg, usize);
	might_fault();
	if (!user_read_access_begin(uarg, size))
		return -EFAULT;
	for (i = 0; i < size / sizeof(u64); i++)
		unsafe_get_user(words[i], &uwords[i], fault);
	user_read_access_end();
	return 0;

fault:
	user_read_access_end();
	return -EFAULT;
}

/**
 * zxvmo_ioctl() - execute a command
 * @file: the device or a handle
 * @number: number of the command
 * @uarg: user address of its structure
 *
 * Return: what the command returns; see DOC: Errors in uapi/zxvmo.h.
 */
long zxvmo_ioctl(struct file *file, unsigned int number, unsigned long uarg)
{
	unsigned int nr = _IOC_NR(number);
	const struct zxvmo_op *op;
	union zxvmo_arg arg;
	struct zxvmo_cmd cmd = {
		.file = file,
		.device = file->f_op == &zxvmo_device_fops,
		.arg = &arg,
		.uarg = (void __user *)uarg,
	};
	int ret;

	if (nr >= ARRAY_SIZE(zxvmo_ops))
		return -ENOTTY;
	nr = array_index_nospec(nr, ARRAY_SIZE(zxvmo_ops));
	op = &zxvmo_ops[nr];
	if (op->ioctl != number || (op->device_only && !cmd.device))
		return -ENOTTY;

	ret = get_user(cmd.usize, (u32 __user *)cmd.uarg);
	if (ret)
		return ret;
	if (cmd.usize < op->min_size)
		return -EINVAL;
	ret = copy_arg(&arg, op->size, cmd.uarg, cmd.usize);
	if (ret)
		return ret;
	return op->execute(&cmd);
}

static int device_open(struct inode *inode, struct file *file)
{
	return zxvmo_fs_get();
}

static int device_release(struct inode *inode, struct file *file)
{
	zxvmo_fs_put();
	return 0;
}

static const struct file_operations zxvmo_device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.unlocked_ioctl = zxvmo_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice zxvmo_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "zxvmo",
	.mode = 0600,
	.fops = &zxvmo_device_fops,
};

static int stats_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "objects: %ld\n", atomic_long_read(&zxvmo_nr_objects));
	seq_printf(m, "handles: %ld\n", atomic_long_read(&zxvmo_nr_handles));
	seq_printf(m, "pages: %ld\n", atomic_long_read(&zxvmo_nr_pages));
	seq_printf(m, "nodes: %ld\n", atomic_long_read(&zxvmo_nr_nodes));
	seq_printf(m, "discards: %ld\n", atomic_long_read(&zxvmo_nr_discards));
	seq_printf(m, "discarded_pages: %ld\n",
		   atomic_long_read(&zxvmo_nr_discarded_pages));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static struct dentry *zxvmo_debugfs;

static int __init zxvmo_init(void)
{
	int ret;

	ret = zxvmo_ptree_setup();
	if (ret)
		return ret;
	ret = zxvmo_fault_setup();
	if (ret)
		goto err_ptree;
	ret = zxvmo_reclaim_setup();
	if (ret)
		goto err_fault;
	ret = misc_register(&zxvmo_device);
	if (ret)
		goto err_reclaim;
	zxvmo_debugfs = debugfs_create_dir("zxvmo", NULL);
	debugfs_create_file("stats", 0400, zxvmo_debugfs, NULL, &stats_fops);
	zxvmo_check_setup(zxvmo_debugfs);
	return 0;

err_reclaim:
	zxvmo_reclaim_cleanup();
err_fault:
	zxvmo_fault_cleanup();
err_ptree:
	zxvmo_ptree_cleanup();
	return ret;
}

static void __exit zxvmo_exit(void)
{
	debugfs_remove_recursive(zxvmo_debugfs);
	misc_deregister(&zxvmo_device);
	zxvmo_reclaim_cleanup();
	zxvmo_fault_cleanup();
	zxvmo_ptree_cleanup();
	zxvmo_account_cleanup();
}

module_init(zxvmo_init);
module_exit(zxvmo_exit);

MODULE_DESCRIPTION("Fuchsia's virtual memory objects");
MODULE_AUTHOR("zxvmo maintainers");
MODULE_LICENSE("GPL");
