// SPDX-License-Identifier: GPL-2.0-only
/*
 * What every object has: a koid, a name, signals and threads that wait for
 * them.
 *
 * A wait is satisfied by the first change that sets one of its signals, even if
 * they are cleared before the thread runs: whoever changes the signals takes
 * the satisfied waiters off the list and tells each what was observed. A waiter
 * belongs to the waiting thread's stack and is on the list, or done, under
 * object->lock.
 *
 * Closing a descriptor ends the waits that were begun with its handle value.
 * close(2) does not tell which number it closed, so it makes all waiters of the
 * file look for themselves whether their value still names it.
 */
#include <linux/hrtimer.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "zxvmo.h"

/** zxvmo_nr_objects - objects of all types */
atomic_long_t zxvmo_nr_objects = ATOMIC_LONG_INIT(0);

#define ZXVMO_FIRST_KOID	1024

static atomic64_t zxvmo_last_koid = ATOMIC64_INIT(ZXVMO_FIRST_KOID - 1);

/**
 * struct zxvmo_waiter - a thread in OBJECT_WAIT_ONE
 * @link: in the object's waiters, until the wait is satisfied
 * @task: the thread
 * @file: the handle it waits with
 * @signals: what it waits for
 * @observed: what was set when the wait was satisfied
 * @done: the wait is satisfied
 * @recheck: @file was closed under some number, perhaps this one
 */
struct zxvmo_waiter {
	struct list_head link;
	struct task_struct *task;
	struct file *file;
	u32 signals;
	u32 observed;
	bool done;
	bool recheck;
};

/**
 * zxvmo_object_init() - set up the base of a new object
 * @object: the object
 * @type: its type
 * @signals: signals that are set from the start
 */
void zxvmo_object_init(struct zxvmo_object *object,
		       const struct zxvmo_object_type *type, u32 signals)
{
	object->type = type;
	object->koid = atomic64_inc_return(&zxvmo_last_koid);
	object->signals = signals;
	spin_lock_init(&object->lock);
	INIT_LIST_HEAD(&object->waiters);
	init_waitqueue_head(&object->poll);
	atomic_long_inc(&zxvmo_nr_objects);
}

/**
 * zxvmo_object_free() - free an object that nothing refers to any more
 * @object: the object
 */
void zxvmo_object_free(struct zxvmo_object *object)
{
	WARN_ON_ONCE(!list_empty(&object->waiters));
	atomic_long_dec(&zxvmo_nr_objects);
	object->type->free(object);
}

/**
 * zxvmo_object_get_name() - copy the name
 * @object: the object
 * @name: receives ZXVMO_MAX_NAME_LEN bytes
 */
void zxvmo_object_get_name(struct zxvmo_object *object, char *name)
{
	spin_lock(&object->lock);
	memcpy(name, object->name, ZXVMO_MAX_NAME_LEN);
	spin_unlock(&object->lock);
}

/**
 * zxvmo_object_set_name() - change the name
 * @object: the object
 * @name: new name, not necessarily terminated
 * @len: its length, at most ZXVMO_MAX_NAME_LEN - 1
 */
void zxvmo_object_set_name(struct zxvmo_object *object, const char *name,
			   size_t len)
{
	len = strnlen(name, len);
	spin_lock(&object->lock);
	memset(object->name, 0, ZXVMO_MAX_NAME_LEN);
	memcpy(object->name, name, len);
	spin_unlock(&object->lock);
}

/**
 * zxvmo_object_update_signals() - change the signals
 * @object: the object
 * @clear: signals to clear
 * @set: signals to set, after that
 */
void zxvmo_object_update_signals(struct zxvmo_object *object, u32 clear, u32 set)
{
	struct zxvmo_waiter *waiter, *next;
	u32 signals;

	spin_lock(&object->lock);
	signals = (object->signals & ~clear) | set;
	/* poll(2) reads them without the lock. */
	WRITE_ONCE(object->signals, signals);
	list_for_each_entry_safe(waiter, next, &object->waiters, link) {
		if (!(signals & waiter->signals))
			continue;
		list_del(&waiter->link);
		waiter->observed = signals;
		WRITE_ONCE(waiter->done, true);
		wake_up_process(waiter->task);
	}
	spin_unlock(&object->lock);
	wake_up_interruptible_poll(&object->poll, EPOLLIN | EPOLLPRI);
}

/**
 * zxvmo_object_wait() - wait until one of some signals is set
 * @object: the object
 * @file: the handle to wait with
 * @value: value that @file was looked up with, 0 if the command came on it
 * @signals: the signals
 * @deadline: when to give up, in the monotonic clock
 * @observed: receives what was set when the wait was over
 *
 * Return: 0; -ETIMEDOUT; -ERESTARTSYS: the thread has a signal; -ECANCELED:
 * @value does not name @file any more.
 */
int zxvmo_object_wait(struct zxvmo_object *object, struct file *file, u32 value,
		      u32 signals, s64 deadline, u32 *observed)
{
	struct zxvmo_waiter waiter = {
		.task = current,
		.file = file,
		.signals = signals,
		/* It may have been closed since it was looked up. */
		.recheck = true,
	};
	ktime_t expires = deadline;
	int ret = 0;

	spin_lock(&object->lock);
	*observed = object->signals;
	if (object->signals & signals) {
		spin_unlock(&object->lock);
		return 0;
	}
	if (deadline <= ktime_get()) {
		spin_unlock(&object->lock);
		return -ETIMEDOUT;
	}
	list_add_tail(&waiter.link, &object->waiters);
	spin_unlock(&object->lock);

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (READ_ONCE(waiter.done))
			break;
		if (xchg(&waiter.recheck, false)) {
			__set_current_state(TASK_RUNNING);
			if (value && !zxvmo_handle_is_open(value, file)) {
				ret = -ECANCELED;
				break;
			}
			continue;
		}
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		if (deadline == ZXVMO_TIME_INFINITE) {
			schedule();
		} else if (!schedule_hrtimeout_range(&expires,
						     current->timer_slack_ns,
						     HRTIMER_MODE_ABS)) {
			ret = -ETIMEDOUT;
			break;
		}
	}
	__set_current_state(TASK_RUNNING);

	/* Who ends the wait wakes the thread under the lock: it is still there. */
	spin_lock(&object->lock);
	if (waiter.done) {
		ret = 0;
		*observed = waiter.observed;
	} else {
		list_del(&waiter.link);
		*observed = object->signals;
	}
	spin_unlock(&object->lock);
	if (ret == -ECANCELED)
		*observed |= ZXVMO_SIGNAL_HANDLE_CLOSED;
	return ret;
}

/**
 * zxvmo_object_flush() - a descriptor of a handle was closed
 * @file: the handle
 * @id: not used
 *
 * Return: 0.
 */
int zxvmo_object_flush(struct file *file, fl_owner_t id)
{
	struct zxvmo_object *object = zxvmo_file_object(file);
	struct zxvmo_waiter *waiter;

	spin_lock(&object->lock);
	list_for_each_entry(waiter, &object->waiters, link) {
		if (waiter->file != file)
			continue;
		xchg(&waiter->recheck, true);
		wake_up_process(waiter->task);
	}
	spin_unlock(&object->lock);
	return 0;
}

/**
 * zxvmo_object_poll() - poll(2)
 * @file: the handle
 * @wait: the poll table
 *
 * Return: EPOLLIN while ZXVMO_SIGNAL_SIGNALED is set, EPOLLPRI while a user
 * signal is; EPOLLERR without ZXVMO_RIGHT_WAIT.
 */
__poll_t zxvmo_object_poll(struct file *file, struct poll_table_struct *wait)
{
	struct zxvmo_object *object = zxvmo_file_object(file);
	__poll_t mask = 0;
	u32 signals;

	if (!(zxvmo_file_rights(file) & ZXVMO_RIGHT_WAIT))
		return EPOLLERR;
	poll_wait(file, &object->poll, wait);
	signals = READ_ONCE(object->signals);
	if (signals & ZXVMO_SIGNAL_SIGNALED)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (signals & ZXVMO_SIGNAL_USER_ALL)
		mask |= EPOLLPRI;
	return mask;
}

int zxvmo_object_signal(struct zxvmo_cmd *cmd)
{
	struct zxvmo_object_signal *arg = cmd->arg;
	struct zxvmo_ref ref;
	int ret;

	ret = zxvmo_handle_get(cmd, arg->handle, NULL, ZXVMO_RIGHT_SIGNAL, &ref);
	if (ret)
		return ret;
	if ((arg->clear_mask | arg->set_mask) & ~ref.object->type->user_signals)
		ret = -EINVAL;
	else
		zxvmo_object_update_signals(ref.object, arg->clear_mask,
					    arg->set_mask);
	zxvmo_handle_put(&ref);
	return ret;
}

int zxvmo_object_wait_one(struct zxvmo_cmd *cmd)
{
	struct zxvmo_object_wait_one *arg = cmd->arg;
	u32 __user *out = u64_to_user_ptr(arg->out_observed);
	struct zxvmo_ref ref;
	u32 observed;
	int ret;

	if (arg->__reserved)
		return -EINVAL;
	ret = zxvmo_handle_get(cmd, arg->handle, NULL, ZXVMO_RIGHT_WAIT, &ref);
	if (ret)
		return ret;
	ret = zxvmo_object_wait(ref.object, ref.file, arg->handle, arg->signals,
				arg->deadline, &observed);
	zxvmo_handle_put(&ref);
	if (ret != -ERESTARTSYS && out && put_user(observed, out))
		ret = -EFAULT;
	return ret;
}
