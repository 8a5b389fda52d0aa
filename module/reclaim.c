// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking the pages of discardable VMOs back.
 *
 * The shrinker goes by lists of VMOs, one per memory cgroup and NUMA node, oldest
 * unlock first; one that was locked and unlocked since it came there goes round
 * once more. A VMO is dealt with in three steps, each of which is done in pieces
 * of a leaf, so that who asks for a page never pays for a large VMO:
 *
 *   1. Its pages are taken out of all mappings. If somebody holds one after that
 *	(get_user_pages(), a pipe, a fault on its way), the VMO is in use and goes
 *	to the end of the list; likewise if a page was mapped again before all were
 *	looked at, which the faults note in vmo->referenced. Who was never mapped
 *	has nothing to look at.
 *   2. It is discarded: the tree, at once, as it is.
 *   3. The pages of that tree are freed. It keeps its place in the list until that
 *	is over; meanwhile it may be locked, filled and unlocked as ever.
 *
 * Whoever needs memory gets here, with any lock of mm held, or of another VMO.
 * So the locks of VMOs and pages are only tried. Nothing is allocated.
 *
 * The list's lock is below vmo->lock. A VMO is found under the list's lock and
 * marked as busy before that is dropped; who frees the VMO takes it off the list
 * and then waits until it is not busy. Membership changes under vmo->lock.
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
	atomic_long_inc(&reclaim_nr_vmos);
	return discard;
}

/**
 * zxvmo_reclaim_free() - undo zxvmo_reclaim_alloc()
 * @discard: of a VMO that nobody uses any more
 */
void zxvmo_reclaim_free(struct zxvmo_discard *discard)
{
	list_lru_del_obj(&reclaim_lru, &discard->lru);
	wait_on_bit(&discard->flags, ZXVMO_DISCARD_BUSY, TASK_UNINTERRUPTIBLE);
	zxvmo_ptree_free(&discard->dropped);
	kmem_cache_free(reclaim_cache, discard);
	atomic_long_dec(&reclaim_nr_vmos);
}

/**
 * zxvmo_reclaim_add() - a VMO may be reclaimed from now on
 * @discard: of the VMO, which is not on the list
 */
void zxvmo_reclaim_add(struct zxvmo_discard *discard)
{
	lockdep_assert_held_write(&discard->vmo->lock);
	discard->young = false;
	list_lru_add_obj(&reclaim_lru, &discard->lru);
}

/**
 * struct reclaim_walk - looking for a VMO to deal with
 * @account: whose VMOs alone, or NULL
 * @nr: how many may still be looked at, as list_lru counts it
 * @left: @nr when one was found
 * @found: that one, or NULL
 */
struct reclaim_walk {
	const struct zxvmo_account *account;
	unsigned long nr;
	unsigned long left;
	struct zxvmo_discard *found;
};

static enum lru_status reclaim_select(struct list_head *item,
				      struct list_lru_one *list,
				      LRU_WALK_LOCK void *arg)
{
	struct zxvmo_discard *discard = container_of(item, struct zxvmo_discard, lru);
	struct zxvmo_vmo *vmo = discard->vmo;
	struct reclaim_walk *walk = arg;

	if (walk->account && walk->account != vmo->tree.account)
		return LRU_SKIP;
	if (!down_write_trylock(&vmo->lock))
		return LRU_SKIP;
	if (discard->dropped.root)
		goto found;
	if (discard->nr_locks) {
		/* It comes back when it is unlocked. */
		list_lru_isolate(list, item);
		up_write(&vmo->lock);
		return LRU_REMOVED;
	}
	if (discard->young) {
		discard->young = false;
		up_write(&vmo->lock);
		return LRU_ROTATE;
	}
found:
	set_bit(ZXVMO_DISCARD_BUSY, &discard->flags);
	walk->found = discard;
	/* Look no further; it stays where it is until it is done with. */
	walk->left = walk->nr;
	walk->nr = 0;
	return LRU_SKIP;
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

/* Returns 0 if the VMO can be discarded, -EBUSY if not, -EAGAIN: not yet. */
static int reclaim_prepare(struct zxvmo_discard *discard, unsigned long *nr_scanned)
{
	struct zxvmo_vmo *vmo = discard->vmo;
	u64 index = discard->next, last;

	if (!vmo->tree.root)
		return -EBUSY;
	if (!index)
		vmo->referenced = false;
	else if (vmo->referenced)
		return -EBUSY;
	if (vmo->mapped && zxvmo_ptree_next(&vmo->tree, &index, ZXVMO_LAST_INDEX)) {
		last = zxvmo_ptree_leaf_last(&vmo->tree, index);
		if (!reclaim_unmap(vmo, index, last, nr_scanned))
			return -EBUSY;
		discard->next = last + 1;
		index = last + 1;
		if (zxvmo_ptree_next(&vmo->tree, &index, ZXVMO_LAST_INDEX))
			return -EAGAIN;
	}
	return zxvmo_vmo_try_zap_zero_pages(vmo) ? 0 : -EBUSY;
}

static void reclaim_discard(struct zxvmo_discard *discard)
{
	struct zxvmo_vmo *vmo = discard->vmo;

	trace_zxvmo_discard(vmo);
	discard->dropped = vmo->tree;
	vmo->tree.root = 0;
	vmo->mapped = false;
	vmo->discarded = true;
	discard->next = 0;
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

	if (!zxvmo_ptree_next(tree, &first, ZXVMO_LAST_INDEX))
		return 0;
	last = zxvmo_ptree_leaf_last(tree, first);
	nr = zxvmo_ptree_count(tree, first, last);
	/* It needs no nodes: nobody shares the tree. */
	WARN_ON_ONCE(zxvmo_ptree_remove(tree, &first, last, 0, &none, removed) < 0);
	return nr;
}

/*
 * Does the next piece of work on a VMO that reclaim_select() found. Returns
 * -EBUSY if it is in use.
 */
static int reclaim_step(struct zxvmo_discard *discard, unsigned long *nr_scanned,
			unsigned long *nr_freed)
{
	struct zxvmo_removed removed = { .pages = LIST_HEAD_INIT(removed.pages) };
	struct zxvmo_vmo *vmo = discard->vmo;
	unsigned long nr = 0;
	int ret = 0;

	if (!discard->dropped.root) {
		ret = reclaim_prepare(discard, nr_scanned);
		if (!ret)
			reclaim_discard(discard);
	}
	if (!ret)
		nr = reclaim_take(discard, &removed);
	if (ret == -EBUSY) {
		discard->next = 0;
		list_lru_del_obj(&reclaim_lru, &discard->lru);
		list_lru_add_obj(&reclaim_lru, &discard->lru);
	} else if (!ret && !discard->dropped.root && vmo->discarded) {
		list_lru_del_obj(&reclaim_lru, &discard->lru);
	}
	up_write(&vmo->lock);
	zxvmo_removed_free(&removed);
	clear_and_wake_up_bit(ZXVMO_DISCARD_BUSY, &discard->flags);
	atomic_long_add(nr, &zxvmo_nr_discarded_pages);
	*nr_scanned += nr;
	*nr_freed += nr;
	return ret;
}

static unsigned long reclaim_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned long nr = list_lru_shrink_count(&reclaim_lru, sc);
	unsigned long nr_vmos = max(atomic_long_read(&reclaim_nr_vmos), 1L);

	/* The lists count VMOs, all others pages: assume that all are of a size. */
	return nr ? nr * (1 + zxvmo_pages_nr_reclaimable() / nr_vmos) : SHRINK_EMPTY;
}

static unsigned long reclaim_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct reclaim_walk walk = { .nr = sc->nr_to_scan };
	unsigned long nr_freed = 0, nr_scanned;

	while (walk.nr) {
		walk.found = NULL;
		list_lru_walk_one(&reclaim_lru, sc->nid, sc->memcg, reclaim_select,
				  &walk, &walk.nr);
		if (!walk.found)
			break;
		nr_scanned = 0;
		reclaim_step(walk.found, &nr_scanned, &nr_freed);
		walk.nr = walk.left - min(walk.left, nr_scanned);
	}
	sc->nr_scanned = sc->nr_to_scan - walk.nr;
	trace_zxvmo_scan(sc->nid, sc->nr_to_scan, sc->nr_scanned, nr_freed);
	return sc->nr_scanned ? nr_freed : SHRINK_STOP;
}

/**
 * zxvmo_reclaim() - reclaim pages because one of our own limits is reached
 * @account: whose, or NULL: anybody's
 * @nr: number of pages
 *
 * Return: the number of pages that were freed, 0 if there are none.
 */
unsigned long zxvmo_reclaim(const struct zxvmo_account *account, unsigned long nr)
{
	struct reclaim_walk walk = { .account = account };
	unsigned long nr_freed = 0, nr_scanned = 0, left;
	int nid;

	for_each_online_node(nid) {
		/* Twice round at most, for the young; what is of use is free. */
		left = list_lru_count_node(&reclaim_lru, nid) * 2;
		while (nr_freed < nr && !fatal_signal_pending(current)) {
			walk.found = NULL;
			walk.nr = left;
			list_lru_walk_node(&reclaim_lru, nid, reclaim_select, &walk,
					   &walk.nr);
			if (!walk.found)
				break;
			if (reclaim_step(walk.found, &nr_scanned, &nr_freed) == -EBUSY)
				left = walk.left;
		}
	}
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
