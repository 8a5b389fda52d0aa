// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands on VMARs of other processes.
 *
 * A handle that was merely inherited or passed does nothing where its address space
 * is not the caller's. One with ZXVMO_RIGHT_EXPORTED does, as long as that address
 * space lives; only VMAR_EXPORT, of a thread in it, makes such a handle.
 *
 * vm_mmap() and vm_munmap() know the current address space and no other. So a thread
 * is made that has it as its own for the time of one command, with the credentials
 * that the owner had when it last exported, and in the owner's memory cgroup. It can
 * do what the owner's command could, and no more. The caller only looks handles up
 * and receives results.
 *
 * The thread may have to wait for locks of the address space, for as long as the
 * owner wishes. A caller that is killed kills it, which ends all its waits.
 */
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/kthread.h>
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "vmar.h"

/**
 * struct errand - what the thread is made for
 * @v: the VMAR
 * @work: what is to be done
 * @arg: for @work
 * @ret: receives what it returns
 * @killed: the caller was killed
 * @done: it has
 */
struct errand {
	struct zxvmo_vmar_ref *v;
	int (*work)(struct zxvmo_vmar_ref *v, void *arg);
	void *arg;
	int ret;
	bool killed;
	struct completion done;
};

static int run_errand(void *data)
{
	struct errand *errand = data;
	struct mm_struct *mm = errand->v->aspace->mm;
	struct mem_cgroup *memcg = get_mem_cgroup_from_mm(mm), *old_memcg;
	const struct cred *cred = zxvmo_aspace_cred(errand->v->aspace);
	const struct cred *old_cred = override_creds(cred);

	allow_signal(SIGKILL);
	kthread_use_mm(mm);
	old_memcg = set_active_memcg(memcg);
	/* Until it was allowed the signal was lost. */
	errand->ret = READ_ONCE(errand->killed) ? -EINTR :
		      errand->work(errand->v, errand->arg);
	set_active_memcg(old_memcg);
	kthread_unuse_mm(mm);
	revert_creds(old_cred);
	put_cred(cred);
	mem_cgroup_put(memcg);
	/* Nothing of the module runs after that. */
	kthread_complete_and_exit(&errand->done, 0);
}

/**
 * zxvmo_vmar_run() - do something in the address space of a VMAR
 * @v: the VMAR
 * @work: what is to be done: with the address space as the current one
 * @arg: for @work
 *
 * Return: what @work returns; -ENOMEM if there is no memory for a thread; -EINTR if
 * killed.
 */
int zxvmo_vmar_run(struct zxvmo_vmar_ref *v,
		   int (*work)(struct zxvmo_vmar_ref *v, void *arg), void *arg)
{
	struct errand errand = {
		.v = v,
		.work = work,
		.arg = arg,
		.done = COMPLETION_INITIALIZER_ONSTACK(errand.done),
	};
	struct task_struct *task;

	if (!v->remote)
		return work(v, arg);
	task = kthread_create(run_errand, &errand, "zxvmo");
	/* Of too many threads it says to try again. */
	if (IS_ERR(task))
		return PTR_ERR(task) == -EAGAIN ? -ENOMEM : PTR_ERR(task);
	get_task_struct(task);
	wake_up_process(task);
	if (wait_for_completion_killable(&errand.done)) {
		WRITE_ONCE(errand.killed, true);
		send_sig(SIGKILL, task, 1);
		wait_for_completion(&errand.done);
	}
	put_task_struct(task);
	return errand.ret;
}

int zxvmo_vmar_export(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmar_export *arg = cmd->arg;
	struct zxvmo_aspace *aspace;
	u32 rights = arg->rights;
	struct zxvmo_ref ref;
	struct file *file;
	int ret;

	if (arg->__reserved)
		return -EINVAL;
	ret = zxvmo_handle_get(cmd, arg->handle, &zxvmo_vmar_type,
			       ZXVMO_RIGHT_DUPLICATE, &ref);
	if (ret)
		return ret;
	aspace = zxvmo_to_vmar(ref.object)->aspace;
	if (aspace->mm != current->mm) {
		file = ERR_PTR(-EACCES);
	} else if (!zxvmo_rights_are_subset(ref.rights, &rights)) {
		file = ERR_PTR(-EINVAL);
	} else {
		zxvmo_aspace_export(aspace);
		file = zxvmo_handle_dup(ref.file, rights | ZXVMO_RIGHT_EXPORTED);
	}
	zxvmo_handle_put(&ref);
	if (IS_ERR(file))
		return PTR_ERR(file);
	return zxvmo_handle_deliver(file, arg->out_handle);
}
