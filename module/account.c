// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits on the memory of VMOs, which cannot be swapped: a ceiling for all
 * together and a share of it for each user. Pages, and the nodes that keep track
 * of them, count towards the user who created their VMO, from before they are
 * allocated until they are freed or left to whoever still pins them. Memory
 * cgroups are charged besides, by the allocators.
 *
 * Who pays for a page or a node is noted there by number, for it may outlive the
 * VMO it was made for: relatives share it. An account lives at least while a VMO
 * refers to it or something is charged to it.
 *
 * The two counters are atomic and never exceed their limits for an instant, so
 * that a request that is refused disturbs nobody else. zxvmo_accounts_lock
 * protects the tables of accounts; who holds a charge may look the account up
 * without it.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/xarray.h>

#include "zxvmo.h"

/** zxvmo_max_memory - the ceiling in bytes, 0: half of the RAM */
unsigned long zxvmo_max_memory;
module_param_named(max_memory, zxvmo_max_memory, ulong, 0644);
MODULE_PARM_DESC(max_memory, "most bytes of memory in VMOs, 0: half of the RAM");

/** zxvmo_user_share - percentage of it for one user */
unsigned int zxvmo_user_share = 50;
module_param_named(user_share, zxvmo_user_share, uint, 0644);
MODULE_PARM_DESC(user_share,
		 "percentage of max_memory for a user without CAP_SYS_RESOURCE");

/**
 * struct zxvmo_account - what one user has
 * @node: in zxvmo_accounts
 * @id: its number, never 0; index in zxvmo_accounts_by_id
 * @uid: the user
 * @privileged: the user's share is not limited; an account of its own
 * @refs: VMOs that refer to it; protected by zxvmo_accounts_lock
 * @nr_pages: pages charged
 * @lock: protects @reclaimable; a leaf but for trylocks
 * @reclaimable: VMOs that may be discarded, see reclaim.c
 */
struct zxvmo_account {
	struct hlist_node node;
	u32 id;
	kuid_t uid;
	bool privileged;
	unsigned long refs;
	atomic_long_t nr_pages;
	spinlock_t lock;		/* below vmo->lock */
	struct list_head reclaimable;
};

/** zxvmo_nr_pages - pages charged to all accounts */
atomic_long_t zxvmo_nr_pages = ATOMIC_LONG_INIT(0);

static DEFINE_HASHTABLE(zxvmo_accounts, 6);
static DEFINE_XARRAY_ALLOC1(zxvmo_accounts_by_id);
static DEFINE_SPINLOCK(zxvmo_accounts_lock);

static struct zxvmo_account *account_find(kuid_t uid, bool privileged)
{
	struct zxvmo_account *account;

	lockdep_assert_held(&zxvmo_accounts_lock);
	hash_for_each_possible(zxvmo_accounts, account, node, __kuid_val(uid)) {
		if (uid_eq(account->uid, uid) &&
		    account->privileged == privileged)
			return account;
	}
	return NULL;
}

/* Frees the accounts that nothing is left of. */
static void account_reap(void)
{
	struct zxvmo_account *account;
	struct hlist_node *next;
	int bucket;

	lockdep_assert_held(&zxvmo_accounts_lock);
	hash_for_each_safe(zxvmo_accounts, bucket, next, account, node) {
		if (account->refs || atomic_long_read(&account->nr_pages))
			continue;
		hash_del(&account->node);
		xa_erase(&zxvmo_accounts_by_id, account->id);
		kfree(account);
	}
}

/* Makes an account, which is not in the hash table yet. */
static struct zxvmo_account *account_new(kuid_t uid, bool privileged)
{
	struct zxvmo_account *account = kzalloc(sizeof(*account), GFP_KERNEL_ACCOUNT);

	if (!account)
		return NULL;
	account->uid = uid;
	account->privileged = privileged;
	spin_lock_init(&account->lock);
	INIT_LIST_HEAD(&account->reclaimable);
	if (!xa_alloc(&zxvmo_accounts_by_id, &account->id, account, xa_limit_32b,
		      GFP_KERNEL_ACCOUNT))
		return account;
	kfree(account);
	return NULL;
}

/**
 * zxvmo_account_get() - the account of the current user
 *
 * Return: the account, with a reference, or NULL if there is no memory.
 */
struct zxvmo_account *zxvmo_account_get(void)
{
	/* It is no offence not to have it: nothing to audit. */
	bool privileged = ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE);
	struct user_namespace *ns = current_user_ns();
	struct zxvmo_account *account, *new = NULL;
	kuid_t uid = current_uid();

	/* All ids of a user namespace are the user's who has made it. */
	for (; ns != &init_user_ns; ns = ns->parent)
		uid = ns->owner;

	for (;;) {
		spin_lock(&zxvmo_accounts_lock);
		account = account_find(uid, privileged);
		if (!account && new) {
			account_reap();
			hash_add(zxvmo_accounts, &new->node, __kuid_val(uid));
			swap(account, new);
		}
		if (account)
			account->refs++;
		spin_unlock(&zxvmo_accounts_lock);
		if (account)
			break;
		new = account_new(uid, privileged);
		if (!new)
			return NULL;
	}
	if (new) {
		xa_erase(&zxvmo_accounts_by_id, new->id);
		kfree(new);
	}
	return account;
}

/**
 * zxvmo_account_put() - drop a reference
 * @account: the account; it lives on for the next VMO of its user, until somebody
 *	else needs one
 */
void zxvmo_account_put(struct zxvmo_account *account)
{
	spin_lock(&zxvmo_accounts_lock);
	account->refs--;
	spin_unlock(&zxvmo_accounts_lock);
}

/** zxvmo_account_cleanup() - free all accounts */
void zxvmo_account_cleanup(void)
{
	spin_lock(&zxvmo_accounts_lock);
	account_reap();
	spin_unlock(&zxvmo_accounts_lock);
	WARN_ON_ONCE(!xa_empty(&zxvmo_accounts_by_id));
}

/**
 * zxvmo_account_id() - the number of an account
 * @account: the account
 *
 * Return: the number, for zxvmo_account_uncharge().
 */
u32 zxvmo_account_id(const struct zxvmo_account *account)
{
	return account->id;
}

/*
 * Adds @nr to a counter that must not exceed @limit, not even for an instant.
 * Returns 0, or by how much it would have.
 */
static unsigned long counter_add(atomic_long_t *counter, unsigned long nr,
				 unsigned long limit)
{
	unsigned long old = atomic_long_read(counter);

	do {
		if (nr > limit)
			return ULONG_MAX;
		if (old > limit - nr)
			return old - (limit - nr);
	} while (!atomic_long_try_cmpxchg(counter, &old, old + nr));
	return 0;
}

/*
 * Returns how many pages are too many, or 0. Then @whose is whose must go: the
 * account's, or, if that is NULL, anybody's.
 */
static unsigned long account_try(struct zxvmo_account *account, unsigned long nr,
				 struct zxvmo_account **whose)
{
	unsigned long limit = READ_ONCE(zxvmo_max_memory);
	unsigned int share = min(READ_ONCE(zxvmo_user_share), 100U);
	unsigned long user_limit, excess;

	limit = limit ? limit / PAGE_SIZE : totalram_pages() / 2;
	user_limit = account->privileged ? ULONG_MAX : mult_frac(limit, share, 100U);
	*whose = account;
	excess = counter_add(&account->nr_pages, nr, user_limit);
	if (excess)
		return excess;
	*whose = NULL;
	excess = counter_add(&zxvmo_nr_pages, nr, limit);
	if (excess)
		atomic_long_sub(nr, &account->nr_pages);
	return excess;
}

/**
 * zxvmo_account_charge() - charge pages before they are allocated
 * @account: who pays
 * @nr: number of pages
 *
 * Return: 0; -ENOMEM if the user's share or the ceiling would be exceeded.
 */
int zxvmo_account_charge(struct zxvmo_account *account, unsigned long nr)
{
	struct zxvmo_account *whose;

	return account_try(account, nr, &whose) ? -ENOMEM : 0;
}

/**
 * zxvmo_account_charge_reclaim() - charge pages, and make room for them
 * @account: who pays
 * @nr: number of pages
 *
 * For want of room discardable VMOs are reclaimed: the user's own if it is the
 * share that is exceeded, so that nobody spends what is others'; and none if all
 * of them would not do. Call it with no VMO and no page locked.
 *
 * Return: as zxvmo_account_charge().
 */
int zxvmo_account_charge_reclaim(struct zxvmo_account *account, unsigned long nr)
{
	struct zxvmo_account *whose;
	unsigned long excess;

	do {
		excess = account_try(account, nr, &whose);
		if (!excess)
			return 0;
	} while (excess <= zxvmo_pages_nr_reclaimable() &&
		 zxvmo_reclaim(whose, excess));
	return -ENOMEM;
}

/**
 * zxvmo_account_uncharge() - give pages back
 * @id: number of the account that paid
 * @nr: number of pages
 */
void zxvmo_account_uncharge(u32 id, unsigned long nr)
{
	struct zxvmo_account *account = xa_load(&zxvmo_accounts_by_id, id);

	atomic_long_sub(nr, &zxvmo_nr_pages);
	/* What is charged keeps it; after that it may be gone. */
	atomic_long_sub(nr, &account->nr_pages);
}

/**
 * zxvmo_account_list_add() - add to the end of an account's list
 * @account: the account
 * @item: what to add; if it is there, it goes to the end
 */
void zxvmo_account_list_add(struct zxvmo_account *account, struct list_head *item)
{
	spin_lock(&account->lock);
	list_move_tail(item, &account->reclaimable);
	spin_unlock(&account->lock);
}

/**
 * zxvmo_account_list_del() - take off an account's list
 * @account: the account
 * @item: what to take off, if it is there
 */
void zxvmo_account_list_del(struct zxvmo_account *account, struct list_head *item)
{
	spin_lock(&account->lock);
	list_del_init(item);
	spin_unlock(&account->lock);
}

/**
 * zxvmo_account_list_walk() - visit what is on an account's list
 * @account: the account
 * @nr: how many at most
 * @visit: called under the list's lock. LRU_ROTATE: put it to the end; LRU_RETRY:
 *	look no further; else it stays, or was taken off by list_del_init()
 * @arg: for @visit
 */
void zxvmo_account_list_walk(struct zxvmo_account *account, unsigned long nr,
			     enum lru_status (*visit)(struct list_head *item, void *arg),
			     void *arg)
{
	struct list_head *item, *next;
	enum lru_status status;

	spin_lock(&account->lock);
	list_for_each_safe(item, next, &account->reclaimable) {
		if (!nr--)
			break;
		status = visit(item, arg);
		if (status == LRU_RETRY)
			break;
		if (status == LRU_ROTATE)
			list_move_tail(item, &account->reclaimable);
	}
	spin_unlock(&account->lock);
}
