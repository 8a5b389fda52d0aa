// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: objects that are nothing but their signals.
 */
#include <linux/slab.h>

#include "zxvmo.h"

/* No owner: each handle holds the mount, and so the module; see handle.c. */
const struct file_operations zxvmo_event_fops = {
	.release = zxvmo_handle_release,
	.flush = zxvmo_object_flush,
	.unlocked_ioctl = zxvmo_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = zxvmo_object_poll,
	.show_fdinfo = zxvmo_handle_show_fdinfo,
	.llseek = noop_llseek,
};

static void event_free(struct zxvmo_object *object)
{
	kfree(object);
}

static const struct zxvmo_object_type zxvmo_event_type = {
	.type = ZXVMO_OBJ_TYPE_EVENT,
	.name = "event",
	.user_signals = ZXVMO_SIGNAL_USER_ALL | ZXVMO_SIGNAL_SIGNALED,
	.fops = &zxvmo_event_fops,
	.free = event_free,
};

int zxvmo_event_create(struct zxvmo_cmd *cmd)
{
	struct zxvmo_event_create *arg = cmd->arg;
	struct zxvmo_object *event;
	struct file *file;

	if (arg->options)
		return -EINVAL;
	event = kzalloc(sizeof(*event), GFP_KERNEL_ACCOUNT);
	if (!event)
		return -ENOMEM;
	zxvmo_object_init(event, &zxvmo_event_type, 0);
	file = zxvmo_handle_new(event, NULL, ZXVMO_DEFAULT_EVENT_RIGHTS);
	if (IS_ERR(file))
		return PTR_ERR(file);
	return zxvmo_handle_deliver(file, arg->out_handle);
}
