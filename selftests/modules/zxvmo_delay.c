// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test only: holds a thread at named kernel functions, so that a race is tested
 * by arranging it and not by luck.
 *
 * The module parameter "points" lists functions: "name" holds a thread on entry
 * of the function, "name@return" when it returns. Held are threads whose name is
 * that of the module: a thread asks for it by prctl(PR_SET_NAME), which nobody
 * else sees. Each point has a directory of its name in debugfs:
 *
 *   zxvmo_delay/<point>/held	how often a thread began to be held there
 *   zxvmo_delay/<point>/freed	how often a thread was let go again
 *   zxvmo_delay/<point>/times	holds that are still to be made, 0 at first
 *   zxvmo_delay/max_us		longest hold
 *   zxvmo_delay/release	non-zero: let go at once
 *
 * A thread is inside a hold while held is ahead of freed. Probe handlers cannot
 * sleep: holding is busy waiting, preemption off, interrupts on, so the other
 * side of a race needs a processor of its own. Functions that can be probed by a
 * breakpoint only are refused.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#ifdef CONFIG_X86
#include <asm/text-patching.h>
#endif

#define MAX_POINTS	8
#define STEP_US		20
#define PATIENCE_MS	60000

struct delay_point {
	struct kretprobe krp;	/* krp.kp alone for a point on entry */
	bool on_return;
	bool planted;
	atomic_t held;
	atomic_t freed;
	atomic_t times;
};

static char *points[MAX_POINTS];
static unsigned int num_points;
module_param_array(points, charp, &num_points, 0444);
MODULE_PARM_DESC(points, "functions to hold threads at: name or name@return");

static struct delay_point delay_points[MAX_POINTS];
static struct dentry *delay_dir;
static u32 max_us = 10000000;
static u32 release;

static void hold(struct delay_point *point)
{
	u32 waited;

	if (strcmp(current->comm, KBUILD_MODNAME) ||
	    atomic_dec_if_positive(&point->times) < 0)
		return;
	atomic_inc(&point->held);
	for (waited = 0; waited < READ_ONCE(max_us); waited += STEP_US) {
		if (READ_ONCE(release))
			break;
		udelay(STEP_US);
	}
	atomic_inc(&point->freed);
}

static int on_entry(struct kprobe *kp, struct pt_regs *regs)
{
	hold(container_of(kp, struct delay_point, krp.kp));
	return 0;
}

static int on_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kretprobe *krp = get_kretprobe(ri);

	/* It is gone when the module is about to be unloaded. */
	if (krp)
		hold(container_of(krp, struct delay_point, krp));
	return 0;
}

/*
 * A probe begins as a breakpoint, and becomes a jump when the kernel finds the
 * time. Breakpoints are handled with interrupts off, so who waits for the held
 * processor to flush its TLB would not get on.
 */
static int await_interrupts(const struct kprobe *kp)
{
#ifdef CONFIG_X86
	unsigned int waited;

	for (waited = 0; READ_ONCE(*kp->addr) == INT3_INSN_OPCODE; waited += 20) {
		if (waited > PATIENCE_MS)
			return -ETIME;
		msleep(20);
	}
#endif
	return 0;
}

static int plant(struct delay_point *point, const char *spec)
{
	struct dentry *dir = debugfs_create_dir(spec, delay_dir);
	char *name, *at;
	int ret;

	debugfs_create_atomic_t("held", 0444, dir, &point->held);
	debugfs_create_atomic_t("freed", 0444, dir, &point->freed);
	debugfs_create_atomic_t("times", 0644, dir, &point->times);

	name = kstrdup(spec, GFP_KERNEL);
	if (!name)
		return -ENOMEM;
	at = strchr(name, '@');
	if (at) {
		*at = '\0';
		point->on_return = true;
	}
	point->krp.kp.symbol_name = name;
	if (point->on_return && strcmp(at + 1, "return")) {
		ret = -EINVAL;
	} else if (point->on_return) {
		point->krp.handler = on_return;
		point->krp.maxactive = 64;
		ret = register_kretprobe(&point->krp);
	} else {
		point->krp.kp.pre_handler = on_entry;
		ret = register_kprobe(&point->krp.kp);
	}
	if (ret)
		pr_err("cannot probe %s: %d\n", spec, ret);
	point->planted = !ret;
	return ret;
}

static void uproot(struct delay_point *point)
{
	if (point->planted && point->on_return)
		unregister_kretprobe(&point->krp);
	else if (point->planted)
		unregister_kprobe(&point->krp.kp);
	kfree(point->krp.kp.symbol_name);
}

static void uproot_all(void)
{
	unsigned int i;

	/* Unregistering waits for the handlers. */
	WRITE_ONCE(release, 1);
	for (i = 0; i < num_points; i++)
		uproot(&delay_points[i]);
	debugfs_remove(delay_dir);
}

static int __init zxvmo_delay_init(void)
{
	unsigned int i;
	int ret;

	delay_dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_u32("max_us", 0644, delay_dir, &max_us);
	debugfs_create_u32("release", 0644, delay_dir, &release);

	for (i = 0; i < num_points; i++) {
		ret = plant(&delay_points[i], points[i]);
		if (ret)
			goto err;
	}
	for (i = 0; i < num_points; i++) {
		ret = await_interrupts(&delay_points[i].krp.kp);
		if (ret)
			goto err;
	}
	return 0;

err:
	uproot_all();
	return ret;
}
module_init(zxvmo_delay_init);

static void __exit zxvmo_delay_exit(void)
{
	uproot_all();
}
module_exit(zxvmo_delay_exit);

MODULE_DESCRIPTION("Holds threads at kernel functions, for tests of races");
MODULE_LICENSE("GPL");
