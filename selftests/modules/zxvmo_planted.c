// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test only: bugs for the detectors of the debug and KCSAN kernels to find, so
 * that a run without a report means something. The module parameter "bug" names
 * the one that loading the module meets; "none" is like the others but for the
 * bug. selftests/detectors knows what each is reported as.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/anon_inodes.h>
#include <linux/cred.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>

static char *bug = "none";
module_param(bug, charp, 0444);
MODULE_PARM_DESC(bug, "which bug to have");

/* What the compiler must not see through */
static size_t hidden(size_t value)
{
	OPTIMIZER_HIDE_VAR(value);
	return value;
}

static int plant_none(void)
{
	return 0;
}

static int plant_slab_oob(void)
{
	char *object = kzalloc(40, GFP_KERNEL);

	if (!object)
		return -ENOMEM;
	WRITE_ONCE(object[hidden(40)], 1);
	kfree(object);
	return 0;
}

static int plant_slab_uaf(void)
{
	char *object = kzalloc(40, GFP_KERNEL);

	if (!object)
		return -ENOMEM;
	kfree(object);
	WRITE_ONCE(object[hidden(8)], 1);
	return 0;
}

static int plant_double_free(void)
{
	char *object = kzalloc(40, GFP_KERNEL);

	if (!object)
		return -ENOMEM;
	kfree(object);
	kfree(object + hidden(0));
	return 0;
}

static int plant_vmalloc_oob(void)
{
	char *object = vmalloc(PAGE_SIZE - 64);

	if (!object)
		return -ENOMEM;
	WRITE_ONCE(object[hidden(PAGE_SIZE - 64)], 1);
	vfree(object);
	return 0;
}

static int plant_stack_oob(void)
{
	char array[16] = {};

	return READ_ONCE(array[hidden(sizeof(array))]) == 42;
}

static int plant_page_uaf(void)
{
	char *page = (char *)__get_free_page(GFP_KERNEL);

	if (!page)
		return -ENOMEM;
	free_page((unsigned long)page);
	WRITE_ONCE(page[hidden(8)], 1);
	return 0;
}

static int plant_shift(void)
{
	return (1U << hidden(40)) == 42;
}

static int plant_bounds(void)
{
	static int array[8];

	return array[hidden(8)] == 42;
}

/*
 * A freed page that is written to by what KASAN does not see, as through a
 * stale mapping, and then used again.
 */
static int plant_page_poison(void)
{
	struct page *page = alloc_page(GFP_KERNEL), *again;
	LIST_HEAD(pages);
	int i;

	if (!page)
		return -ENOMEM;
	__free_page(page);
	asm volatile("movb $1, %0" : "=m" (*(char *)page_address(page)));
	for (i = 0; i < 4096; i++) {
		again = alloc_page(GFP_KERNEL);
		if (!again)
			break;
		list_add(&again->lru, &pages);
		if (again == page)
			break;
	}
	put_pages_list(&pages);
	return 0;
}

static struct address_space planted_mapping;

static int plant_page_state(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return -ENOMEM;
	page->mapping = &planted_mapping;
	__free_page(page);
	return 0;
}

static int plant_page_count(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return -ENOMEM;
	__free_page(page);
	put_page(page);
	return 0;
}

static int plant_page_flags(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 1);

	if (!page)
		return -ENOMEM;
	SetPageReserved(page);
	return 0;
}

/*
 * A page that is freed while it is mapped. Its count of mappings is put right
 * first, which shows for itself ("page-state"): what finds this is the look at
 * the page tables alone.
 */
static int plant_page_mapped(void)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	struct vm_area_struct *vma;
	unsigned long addr;
	int ret = -EINVAL;

	if (!page)
		return -ENOMEM;
	addr = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, 0);
	if (!IS_ERR_VALUE(addr)) {
		mmap_write_lock(current->mm);
		vma = vma_lookup(current->mm, addr);
		if (vma)
			ret = vm_insert_page(vma, addr, page);
		mmap_write_unlock(current->mm);
	}
	if (!ret) {
		atomic_set(&page->_mapcount, -1);
		put_page(page);
	}
	put_page(page);
	return ret;
}

static int plant_lock_order(void)
{
	static DEFINE_MUTEX(one);
	static DEFINE_MUTEX(other);

	mutex_lock(&one);
	mutex_lock(&other);
	mutex_unlock(&other);
	mutex_unlock(&one);

	mutex_lock(&other);
	mutex_lock(&one);
	mutex_unlock(&one);
	mutex_unlock(&other);
	return 0;
}

static int plant_rcu(void)
{
	static int __rcu *pointer;

	return rcu_dereference(pointer) ? 1 : 0;
}

static int plant_atomic_sleep(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
	return 0;
}

static int plant_preemptible(void)
{
	return smp_processor_id() < 0;
}

static int plant_refcount(void)
{
	refcount_t count = REFCOUNT_INIT(1);

	refcount_dec(&count);
	return 0;
}

static int plant_list(void)
{
	LIST_HEAD(list);
	struct list_head entry, other;

	list_add(&entry, &list);
	list.next = &other;
	list_del(&entry);
	return 0;
}

struct timed {
	struct timer_list timer;
};

static void expired(struct timer_list *timer)
{
}

static int plant_active_timer(void)
{
	struct timed *timed = kzalloc(sizeof(*timed), GFP_KERNEL);

	if (!timed)
		return -ENOMEM;
	timer_setup(&timed->timer, expired, 0);
	mod_timer(&timed->timer, jiffies + 1000 * HZ);
	/* It is stopped for us when this is reported */
	kfree(timed);
	return 0;
}

static int plant_leak(void)
{
	int i;

	/* Several: what a stale register or stack slot still points to is not found */
	for (i = 0; i < 8; i++)
		if (!kzalloc(40, GFP_KERNEL))
			return -ENOMEM;
	return 0;
}

static unsigned long raced;

static int racer(void *unused)
{
	while (!kthread_should_stop()) {
		raced++;
		/* Once per iteration, not once for all */
		barrier();
		cond_resched();
	}
	return 0;
}

static int run_two(int (*fn)(void *unused))
{
	struct task_struct *one, *other;

	one = kthread_run(fn, NULL, "zxvmo_racer");
	if (IS_ERR(one))
		return PTR_ERR(one);
	other = kthread_run(fn, NULL, "zxvmo_racer");
	if (!IS_ERR(other)) {
		msleep(3000);
		kthread_stop(other);
	}
	kthread_stop(one);
	return PTR_ERR_OR_ZERO(other);
}

static int plant_data_race(void)
{
	return run_two(racer);
}

/* No bug: each new file refers to the same credentials */
static const struct cred *shared_cred;

static int opener(void *unused)
{
	static const struct file_operations fops;
	const struct cred *own = override_creds(shared_cred);
	struct file *file;

	while (!kthread_should_stop()) {
		file = anon_inode_getfile("zxvmo_racer", &fops, NULL, O_RDWR);
		if (!IS_ERR(file))
			__fput_sync(file);
		cond_resched();
	}
	revert_creds(own);
	return 0;
}

static int plant_kernel_race(void)
{
	shared_cred = current_cred();
	return run_two(opener);
}

static const struct {
	const char *name;
	int (*plant)(void);
} bugs[] = {
	{ "none", plant_none },
	{ "slab-out-of-bounds", plant_slab_oob },
	{ "slab-use-after-free", plant_slab_uaf },
	{ "double-free", plant_double_free },
	{ "vmalloc-out-of-bounds", plant_vmalloc_oob },
	{ "stack-out-of-bounds", plant_stack_oob },
	{ "page-use-after-free", plant_page_uaf },
	{ "shift", plant_shift },
	{ "bounds", plant_bounds },
	{ "page-poison", plant_page_poison },
	{ "page-state", plant_page_state },
	{ "page-count", plant_page_count },
	{ "page-flags", plant_page_flags },
	{ "page-mapped", plant_page_mapped },
	{ "lock-order", plant_lock_order },
	{ "rcu", plant_rcu },
	{ "atomic-sleep", plant_atomic_sleep },
	{ "preemptible", plant_preemptible },
	{ "refcount", plant_refcount },
	{ "list", plant_list },
	{ "active-timer", plant_active_timer },
	{ "leak", plant_leak },
	{ "data-race", plant_data_race },
	{ "kernel-race", plant_kernel_race },
};

static int __init planted_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bugs); i++)
		if (!strcmp(bug, bugs[i].name))
			return bugs[i].plant();
	pr_err("no bug %s\n", bug);
	return -EINVAL;
}

static void __exit planted_exit(void)
{
}

module_init(planted_init);
module_exit(planted_exit);
MODULE_DESCRIPTION("zxvmo: test of the detectors");
MODULE_LICENSE("GPL");
