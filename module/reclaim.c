// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking the pages of discardable VMOs back.
 *
 * The shrinker goes by lists of VMOs, one per memory cgroup and NUMA node (that of
 * the list's entry), about in the order of their unlocking; one that was locked
 * and unlocked since it came there goes round once more. A VMO is dealt with in
 * steps, each of which is bounded, so that who asks for a page never pays for a
 * large VMO:
 *
 *   1. Its pages are taken out of all mappings, leaf by leaf, and zero pages that
 *	stand for absent ones, piece by piece. If somebody holds a page after that
 *	(get_user_pages(), a pipe, a fault on its way), the VMO is in use and goes
 *	to the end of the list; likewise if a page was mapped again before all were
 *	looked at, which the faults note in vmo->referenced. Who was never mapped
 *	has nothing to look at.
 *   2. It is discarded: the tree, at once, as it is.
 *   3. The pages of that tree are freed, leaf by leaf. It keeps its place in the
 *	list until that is over, or until it is locked.
 *
 * Whoever needs memory gets here, with any lock of mm held, or of another VMO.
 * So the locks of VMOs and pages are only tried, and nothing is allocated. What
 * is waited for is i_mmap_rwsem and the page tables' locks, under which nobody
 * asks for memory in a way that leads here, as reclaim itself takes them.
 *
 * Each account has a list of its own VMOs too, for when its share is used up.
 *
 * The lists' locks are below vmo->lock, which membership changes under. A VMO is
 * found under a list's lock and marked as busy before that is dropped, and by one
 * reclaimer at a time; who frees the VMO takes it off the lists and then waits
 * until it is not busy.
 */
#include <linux/list_lru.h>
#include <linux/memcontrol.h>
#include <linux/nodemask.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include "discard.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/** zxvmo_nr_discards - how often any VMO was discarded */
atomic_long_t zxvmo_nr_discards = ATOMIC_LONG_INIT(0);
/** zxvmo_nr_discarded_pages - pages that were freed by that */
atomic_long_t zxvmo_nr_discarded_pages = ATOMIC_LONG_INIT(0);

/* Index range of zero pages that is unmapped in one step, and the most of these */
#define ZERO_PIECE	(64 * ZXVMO_LEAF_PAGES)
#define MAX_ZERO_PIECES	8192
/* VMOs that are looked at under a list's lock at most */
#define WALK_PIECE	128
/* Pages that a thread is to free before it is asked whether that will do */
#define ENOUGH		128

static atomic_long_t reclaim_nr_vmos = ATOMIC_LONG_INIT(0);
static struct kmem_cache *reclaim_cache;
static struct list_lru reclaim_lru;
static struct shrinker *reclaim_shrinker;

/**
 * zxvmo_reclaim_alloc() - allocate what is listed of a VMO
 *
 * Return: it, with nothing but zeros; NULL if there is no memory.
 */
struct zxvmo_discard *zxvmo_reclaim_alloc(void)
{
	struct zxvmo_discard *discard;

	discard = kmem_cache_alloc_lru(reclaim_cache, &reclaim_lru,
				       GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!discard)
		return NULL;
	INIT_LIST_HEAD(&discard->lru);
	INIT_LIST_HEAD(&discard->by_account);
	atomic_long_inc(&reclaim_nr_vmos);
	return discard;
}

/* Takes a VMO off the lists. */
static void reclaim_remove(struct zxvmo_discard *discard)
{
	lockdep_assert_held_write(&discard->vmo->lock);
	list_lru_del_obj(&reclaim_lru, &discard->lru);
	zxvmo_account_list_del(discard->vmo->tree.account, &discard->by_account);
}

/**
 * zxvmo_reclaim_free() - undo zxvmo_reclaim_alloc()
 * @discard: of a VMO that nobody uses any more
 */
void zxvmo_reclaim_free(struct zxvmo_discard *discard)
{
	down_write(&discard->vmo->lock);
	reclaim_remove(discard);
	up_write(&discard->vmo->lock);
	wait_on_bit(&discard->flags, ZXVMO_DISCARD_BUSY, TASK_UNINTERRUPTIBLE);
	zxvmo_ptree_free(&discard->dropped);
	kmem_cache_free(reclaim_cache, discard);
	atomic_long_dec(&reclaim_nr_vmos);
}

/**
 * zxvmo_reclaim_add() - a VMO may be reclaimed from now on
 * @discard: of the VMO; where it is on a list already it stays
 */
void zxvmo_reclaim_add(struct zxvmo_discard *discard)
{
	lockdep_assert_held_write(&discard->vmo->lock);
	discard->young = !list_empty(&discard->lru);
	if (!discard->young)
		list_lru_add_obj(&reclaim_lru, &discard->lru);
	if (list_empty(&discard->by_account))
		zxvmo_account_list_add(discard->vmo->tree.account, &discard->by_account);
}

/* Puts a VMO that is in use to the end of the lists, to begin with it anew. */
static void reclaim_rotate(struct zxvmo_discard *discard)
{
	reclaim_remove(discard);
	discard->next = 0;
	discard->zero_next = 0;
	list_lru_add_obj(&reclaim_lru, &discard->lru);
	zxvmo_account_list_add(discard->vmo->tree.account, &discard->by_account);
}

/**
 * struct reclaim_walk - looking for a VMO to deal with
 * @nr: how many may still be looked at, as list_lru counts it
 * @left: @nr when one was found
 * @found: that one, or NULL
 */
struct reclaim_walk {
	unsigned long nr;
	unsigned long left;
	struct zxvmo_discard *found;
};

/*
 * Looks at a VMO whose list is locked. LRU_RETRY: it may be dealt with, and its
 * lock is held; LRU_REMOVED: it is to be taken off the list, and its lock is held.
 */
static enum lru_status reclaim_look(struct zxvmo_discard *discard)
{
	struct zxvmo_vmo *vmo = discard->vmo;

	/* Another reclaimer has it. */
	if (test_bit(ZXVMO_DISCARD_BUSY, &discard->flags))
		return LRU_SKIP;
	/* In use is as good as unlocked just now. */
	if (!down_write_trylock(&vmo->lock))
		return LRU_ROTATE;
	/* It comes back when it is unlocked. */
	if (discard->nr_locks)
		return LRU_REMOVED;
	if (discard->young) {
		discard->young = false;
		up_write(&vmo->lock);
		return LRU_ROTATE;
	}
	set_bit(ZXVMO_DISCARD_BUSY, &discard->flags);
	return LRU_RETRY;
}

static enum lru_status reclaim_select(struct list_head *item,
				      struct list_lru_one *list,
				      LRU_WALK_LOCK void *arg)
{
	struct zxvmo_discard *discard = container_of(item, struct zxvmo_discard, lru);
	struct reclaim_walk *walk = arg;
	enum lru_status status = reclaim_look(discard);

	if (status == LRU_REMOVED) {
		list_lru_isolate(list, item);
		up_write(&discard->vmo->lock);
	}
	if (status != LRU_RETRY)
		return status;
	/* Look no further; it stays where it is until it is done with. */
	walk->found = discard;
	walk->left = walk->nr;
	walk->nr = 0;
	return LRU_SKIP;
}

static enum lru_status reclaim_select_by_account(struct list_head *item, void *arg)
{
	struct zxvmo_discard *discard =
		container_of(item, struct zxvmo_discard, by_account);
	struct reclaim_walk *walk = arg;
	enum lru_status status = reclaim_look(discard);

	walk->nr--;
	if (status == LRU_REMOVED) {
		list_del_init(item);
		up_write(&discard->vmo->lock);
	}
	if (status == LRU_RETRY) {
		walk->found = discard;
		walk->left = walk->nr;
	}
	return status;
}

/*
 * Takes the pages of a leaf out of the mappings. Returns whether they are in
 * nobody's hands then, which remains so until the VMO is referenced.
 */
static bool reclaim_unmap(struct zxvmo_vmo *vmo, u64 first, u64 last,
			  unsigned long *nr_scanned)
{
	bool unmapped = false;
	struct page *page;
	u64 index;

	for (index = first;
	     (page = zxvmo_ptree_next(&vmo->tree, &index, last)); index++) {
		++*nr_scanned;
		if (page_count(page) > 1 && !unmapped) {
			unmap_mapping_pages(zxvmo_vmo_mapping(vmo), first,
					    last - first + 1, false);
			unmapped = true;
		}
		if (page_count(page) > 1 || !zxvmo_page_try_disown(page))
			return false;
	}
	return true;
}

/*
 * Takes zero pages out of the mappings. As reclaim_prepare(); one that has them
 * scattered over terabytes is never reclaimed.
 */
static int reclaim_unmap_zero_pages(struct zxvmo_discard *discard,
				    unsigned long *nr_scanned)
{
	u64 first = max(discard->zero_first, discard->zero_next);
	u64 last = discard->zero_last;

	if (!discard->vmo->zero_mapped || first > last)
		return 0;
	if (last - first >= MAX_ZERO_PIECES * ZERO_PIECE)
		return -EBUSY;
	last = min(last, first + ZERO_PIECE - 1);
	unmap_mapping_pages(zxvmo_vmo_mapping(discard->vmo), first, last - first + 1,
			    false);
	*nr_scanned += ZERO_PIECE / ZXVMO_LEAF_PAGES;
	discard->zero_next = last + 1;
	return last < discard->zero_last ? -EAGAIN : 0;
}

/* Returns 0 if the VMO can be discarded, -EBUSY if not, -EAGAIN: not yet. */
static int reclaim_prepare(struct zxvmo_discard *discard, unsigned long *nr_scanned)
{
	struct zxvmo_vmo *vmo = discard->vmo;
	u64 index = discard->next, last;

	if (!vmo->tree.root)
		return -EBUSY;
	if (index || discard->zero_next) {
		if (vmo->referenced)
			return -EBUSY;
	} else {
		vmo->referenced = false;
		if (vmo->zero_mapped && !zxvmo_zero_pages_settled())
			return -EBUSY;
	}
	if (vmo->mapped && zxvmo_ptree_next(&vmo->tree, &index, ZXVMO_LAST_INDEX)) {
		last = zxvmo_ptree_leaf_last(&vmo->tree, index);
		if (!reclaim_unmap(vmo, index, last, nr_scanned))
			return -EBUSY;
		discard->next = last + 1;
		index = last + 1;
		if (zxvmo_ptree_next(&vmo->tree, &index, ZXVMO_LAST_INDEX))
			return -EAGAIN;
	}
	return reclaim_unmap_zero_pages(discard, nr_scanned);
}

static void reclaim_discard(struct zxvmo_discard *discard)
{
	struct zxvmo_vmo *vmo = discard->vmo;
	char name[ZXVMO_MAX_NAME_LEN];

	if (trace_zxvmo_discard_enabled()) {
		zxvmo_object_get_name(&vmo->object, name);
		trace_zxvmo_discard(vmo->object.koid, name, vmo->size,
				    zxvmo_ptree_count(&vmo->tree, 0, ZXVMO_LAST_INDEX));
	}
	discard->dropped = vmo->tree;
	vmo->tree.root = 0;
	vmo->mapped = false;
	vmo->zero_mapped = false;
	vmo->discarded = true;
	discard->next = 0;
	discard->zero_next = 0;
	discard->zero_first = U64_MAX;
	discard->zero_last = 0;
	discard->nr_discards++;
	atomic_long_inc(&zxvmo_nr_discards);
}

/* Takes the next leaf out of what was discarded. Returns its number of pages. */
static unsigned long reclaim_take(struct zxvmo_discard *discard,
				  struct zxvmo_removed *removed)
{
	struct zxvmo_ptree *tree = &discard->dropped;
	struct zxvmo_node_pool none = { .account = tree->account };
	u64 first = 0, last;
	unsigned long nr;
	int ret;

	if (!zxvmo_ptree_next(tree, &first, ZXVMO_LAST_INDEX))
		return 0;
	last = zxvmo_ptree_leaf_last(tree, first);
	nr = zxvmo_ptree_count(tree, first, last);
	ret = zxvmo_ptree_remove(tree, &first, last, 0, &none, removed);
	/* It needs no nodes: nobody shares the tree. */
	WARN_ON_ONCE(ret < 0);
	return nr;
}

/*
 * Does the next step with a VMO that was found. Returns -EBUSY if it is in use,
 * -EAGAIN if nothing could be freed yet.
 */
static int reclaim_step(struct zxvmo_discard *discard, unsigned long *nr_scanned,
			unsigned long *nr_freed)
{
	struct zxvmo_removed removed = { .pages = LIST_HEAD_INIT(removed.pages) };
	struct zxvmo_vmo *vmo = discard->vmo;
	unsigned long nr = 0;
	int ret = 0;

	if (!vmo->discarded) {
		ret = reclaim_prepare(discard, nr_scanned);
		if (!ret)
			reclaim_discard(discard);
	}
	if (!ret) {
		nr = reclaim_take(discard, &removed);
		if (!discard->dropped.root)
			reclaim_remove(discard);
	} else if (ret == -EBUSY) {
		reclaim_rotate(discard);
	}
	up_write(&vmo->lock);
	/* What follows has nothing to do with the VMO any more. */
	clear_and_wake_up_bit(ZXVMO_DISCARD_BUSY, &discard->flags);
	zxvmo_removed_free(&removed);
	atomic_long_add(nr, &zxvmo_nr_discarded_pages);
	*nr_scanned += nr;
	*nr_freed += nr;
	return ret;
}

/*
 * What a VMO on a list stands for: the lists count VMOs, all others count pages, and
 * all are taken to be of a size.
 */
static unsigned long reclaim_weight(void)
{
	unsigned long nr_vmos = max(atomic_long_read(&reclaim_nr_vmos), 1L);

	return 1 + zxvmo_pages_nr_reclaimable() / nr_vmos;
}

/*
 * Whether this thread has freed something and no limit asks for more. Reclaim for
 * a cgroup's limit would not notice and go on until nothing is left.
 */
static bool reclaim_is_enough(struct mem_cgroup *memcg)
{
#ifdef CONFIG_MEMCG
	if (uncounted_reclaimed_pages() < ENOUGH)
		return false;
	for (; memcg; memcg = parent_mem_cgroup(memcg)) {
		unsigned long limit = min(READ_ONCE(memcg->memory.max),
					  READ_ONCE(memcg->memory.high));

		if (page_counter_read(&memcg->memory) + MEMCG_CHARGE_BATCH > limit)
			return false;
	}
	return true;
#else
	return uncounted_reclaimed_pages() >= ENOUGH;
#endif
}

static unsigned long reclaim_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned long nr = list_lru_shrink_count(&reclaim_lru, sc);

	return nr ? nr * reclaim_weight() : SHRINK_EMPTY;
}

static unsigned long reclaim_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned long nr_looked = 0, nr_scanned = 0, nr_freed = 0;
	struct reclaim_walk walk;
	int in_vain = 0;

	if (reclaim_is_enough(sc->memcg))
		return SHRINK_STOP;
	/* The young are found when the list is gone through again. */
	while (nr_looked + nr_scanned < sc->nr_to_scan && in_vain < 2) {
		walk.found = NULL;
		walk.nr = sc->nr_to_scan - nr_looked - nr_scanned;
		nr_looked += walk.nr;
		list_lru_walk_one(&reclaim_lru, sc->nid, sc->memcg, reclaim_select,
				  &walk, &walk.nr);
		nr_looked -= walk.found ? walk.left : walk.nr;
		if (!walk.found)
			in_vain++;
		else if (reclaim_step(walk.found, &nr_scanned, &nr_freed) == -EBUSY)
			/* It has cost what it is counted as. */
			nr_scanned += reclaim_weight();
	}
	sc->nr_scanned = nr_looked + nr_scanned;
	mm_account_reclaimed_pages(nr_freed);
	trace_zxvmo_scan(sc->nid, sc->nr_to_scan, sc->nr_scanned, nr_freed);
	return in_vain == 2 && !nr_freed ? SHRINK_STOP : nr_freed;
}

/* Looks for the next VMO of an account, or, if that is NULL, of a node. */
static void reclaim_find(struct zxvmo_account *account, int nid,
			 struct reclaim_walk *walk)
{
	walk->found = NULL;
	walk->nr = WALK_PIECE;
	if (account)
		zxvmo_account_list_walk(account, walk->nr, reclaim_select_by_account,
					walk);
	else
		list_lru_walk_node(&reclaim_lru, nid, reclaim_select, walk, &walk->nr);
	if (walk->found)
		walk->nr = walk->left;
}

/* Reclaims from an account or a node until that is enough or there is no more. */
static unsigned long reclaim_from(struct zxvmo_account *account, int nid,
				  unsigned long nr)
{
	unsigned long nr_vmos = atomic_long_read(&reclaim_nr_vmos);
	unsigned long nr_freed = 0, nr_scanned = 0, in_vain = 0;
	struct reclaim_walk walk;
	int ret;

	/* The young are found when the list is gone through again. */
	while (nr_freed < nr && in_vain <= 2 * nr_vmos &&
	       !fatal_signal_pending(current)) {
		reclaim_find(account, nid, &walk);
		if (walk.nr == WALK_PIECE)
			break;
		ret = -EBUSY;
		if (walk.found)
			ret = reclaim_step(walk.found, &nr_scanned, &nr_freed);
		if (ret == -EBUSY)
			in_vain += WALK_PIECE - walk.nr;
		cond_resched();
	}
	trace_zxvmo_scan(account ? NUMA_NO_NODE : nid, nr, nr_scanned, nr_freed);
	return nr_freed;
}

/**
 * zxvmo_reclaim() - reclaim pages because one of our own limits is reached
 * @account: whose, or NULL: anybody's
 * @nr: number of pages
 *
 * Return: the number of pages that were freed, 0 if there are none.
 */
unsigned long zxvmo_reclaim(struct zxvmo_account *account, unsigned long nr)
{
	unsigned long nr_freed = 0;
	int nid;

	if (account)
		return reclaim_from(account, NUMA_NO_NODE, nr);
	for_each_online_node(nid)
		nr_freed += nr_freed < nr ? reclaim_from(NULL, nid, nr - nr_freed) : 0;
	return nr_freed;
}

/**
 * zxvmo_reclaim_setup() - register the shrinker
 *
 * Return: 0 or -ENOMEM.
 */
int zxvmo_reclaim_setup(void)
{
	int ret = -ENOMEM;

	reclaim_cache = KMEM_CACHE(zxvmo_discard, SLAB_ACCOUNT);
	if (!reclaim_cache)
		return -ENOMEM;
	reclaim_shrinker = shrinker_alloc(SHRINKER_MEMCG_AWARE | SHRINKER_NUMA_AWARE,
					  "zxvmo");
	if (!reclaim_shrinker)
		goto err_cache;
	ret = list_lru_init_memcg(&reclaim_lru, reclaim_shrinker);
	if (ret)
		goto err_shrinker;
	reclaim_shrinker->scan_objects = reclaim_scan;
	reclaim_shrinker->count_objects = reclaim_count;
	shrinker_register(reclaim_shrinker);
	return 0;

err_shrinker:
	shrinker_free(reclaim_shrinker);
err_cache:
	kmem_cache_destroy(reclaim_cache);
	return ret;
}

/** zxvmo_reclaim_cleanup() - undo zxvmo_reclaim_setup() */
void zxvmo_reclaim_cleanup(void)
{
	shrinker_free(reclaim_shrinker);
	list_lru_destroy(&reclaim_lru);
	kmem_cache_destroy(reclaim_cache);
}
