/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the module share.
 *
 * Vocabulary: an object is what a handle refers to, with the inode of a private
 * pseudo filesystem as its lifetime; a handle is an open file of that inode,
 * with rights and a tag of its own. "first" and "last" are inclusive page
 * indexes, "size", "offset" and "length" are bytes.
 *
 * Lock order:
 *
 *	inode->i_rwsem		sizes of a VMO: its owner may sleep and allocate;
 *				a reference's before that of what it shows
 *	aspace->lock		the regions of an address space; never together
 *				with inode->i_rwsem
 *	  mmap_lock
 *	    family->lock	parents and children
 *	      vmo->lock		page tree, sizes (two VMOs: by rising koid)
 *	        page lock
 *	          i_mmap_rwsem, page table locks (inside unmap_mapping_pages())
 *	        the locks of reclaim's lists
 *	object->lock		signals, waiters, name; a leaf, never held
 *				while another lock is taken
 *
 * Nothing is allocated under vmo->lock, and no page fault of user memory is
 * waited for under any lock: what is copied under one is copied with page
 * faults disabled.
 */
#ifndef _ZXVMO_H
#define _ZXVMO_H

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/list_lru.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <zxvmo.h>

#include "compat.h"

struct dentry;
struct mem_cgroup;
struct seq_file;
struct vfsmount;
struct zxvmo_object;
struct zxvmo_ptree;

/* ZXVMO_MAX_SIZE - largest size of a VMO, whatever the page size */
#define ZXVMO_MAX_SIZE		(U64_MAX & ~(32 * (u64)PAGE_SIZE - 1))
/* ZXVMO_LAST_INDEX - no page has an index beyond this one */
#define ZXVMO_LAST_INDEX	((ZXVMO_MAX_SIZE >> PAGE_SHIFT) - 1)

/**
 * zxvmo_round_up() - round a size up to pages
 * @size: bytes
 * @rounded: receives the result
 *
 * Return: false if it is 2^64 or more.
 */
static inline bool zxvmo_round_up(u64 size, u64 *rounded)
{
	if (check_add_overflow(size, (u64)PAGE_SIZE - 1, rounded))
		return false;
	*rounded &= PAGE_MASK;
	return true;
}

/* object.c */

/**
 * struct zxvmo_object_type - what objects of one type have in common
 * @type: ZXVMO_OBJ_TYPE_ value
 * @name: name in fdinfo
 * @user_signals: signals that user space may set and clear
 * @fops: operations of the type's handles
 * @free: frees the object after its last handle and mapping are gone
 * @show: adds the type's own lines to fdinfo, optional
 */
struct zxvmo_object_type {
	u32 type;
	const char *name;
	u32 user_signals;
	const struct file_operations *fops;
	void (*free)(struct zxvmo_object *object);
	void (*show)(struct seq_file *m, struct zxvmo_object *object);
};

/**
 * struct zxvmo_object - base of every object
 * @type: its type
 * @inode: the inode that carries the object; its i_private points back
 * @koid: kernel object id, never used twice
 * @nr_handles: open handles
 * @lock: protects @signals, @waiters and @name
 * @signals: signals that are set
 * @waiters: struct zxvmo_waiter of each thread in a wait
 * @poll: poll(2) waits here
 * @name: NUL-terminated, padded with zeros
 */
struct zxvmo_object {
	const struct zxvmo_object_type *type;
	struct inode *inode;
	u64 koid;
	atomic_t nr_handles;
	spinlock_t lock;		/* a leaf */
	u32 signals;
	struct list_head waiters;
	wait_queue_head_t poll;
	char name[ZXVMO_MAX_NAME_LEN];
};

extern atomic_long_t zxvmo_nr_objects;

void zxvmo_object_init(struct zxvmo_object *object,
		       const struct zxvmo_object_type *type, u32 signals);
void zxvmo_object_free(struct zxvmo_object *object);
void zxvmo_object_get_name(struct zxvmo_object *object, char *name);
void zxvmo_object_update_signals(struct zxvmo_object *object, u32 clear, u32 set);
void zxvmo_object_set_name(struct zxvmo_object *object, const char *name,
			   size_t len);
int zxvmo_object_wait(struct zxvmo_object *object, struct file *file, u32 value,
		      u32 signals, s64 deadline, u32 *observed);
__poll_t zxvmo_object_poll(struct file *file, struct poll_table_struct *wait);
int zxvmo_object_flush(struct file *file, fl_owner_t id);

/* event.c */

extern const struct file_operations zxvmo_event_fops;

/* main.c */

long zxvmo_ioctl(struct file *file, unsigned int number, unsigned long uarg);

/* handle.c */

/**
 * struct zxvmo_ref - a handle in use by a command
 * @fd: the looked-up descriptor, empty if the command came on the handle itself
 * @file: the handle
 * @object: its object
 * @rights: its rights
 */
struct zxvmo_ref {
	struct fd fd;
	struct file *file;
	struct zxvmo_object *object;
	u32 rights;
};

/**
 * struct zxvmo_cmd - a command in execution
 * @file: the file the ioctl came on: the device or a handle
 * @device: @file is the device
 * @arg: kernel copy of the command's structure
 * @uarg: where it lies in user memory
 * @usize: its size there
 */
struct zxvmo_cmd {
	struct file *file;
	bool device;
	void *arg;
	void __user *uarg;
	u32 usize;
};

extern atomic_long_t zxvmo_nr_handles;

int zxvmo_fs_get(void);
void zxvmo_fs_put(void);
struct file *zxvmo_handle_new(struct zxvmo_object *object, struct file *relative,
			      u32 rights);
struct file *zxvmo_handle_dup(struct file *file, u32 rights);
struct file *zxvmo_handle_of(struct inode *inode, u32 rights);
int zxvmo_handle_deliver(struct file *file, u64 out_handle);
int zxvmo_handle_get(struct zxvmo_cmd *cmd, u32 value,
		     const struct zxvmo_object_type *type, u32 rights,
		     struct zxvmo_ref *ref);

/**
 * zxvmo_handle_put() - end the use of a handle
 * @ref: what zxvmo_handle_get() gave
 */
static inline void zxvmo_handle_put(struct zxvmo_ref *ref)
{
	fdput(ref->fd);
}

bool zxvmo_handle_is_open(u32 value, struct file *file);
bool zxvmo_rights_are_subset(u32 have, u32 *rights);
int zxvmo_handle_release(struct inode *inode, struct file *file);
void zxvmo_handle_show_fdinfo(struct seq_file *m, struct file *file);

/*
 * A handle is only its rights and its tag, so they live in the pointer that the
 * open file has for us anyway.
 */
static inline u32 zxvmo_file_rights(const struct file *file)
{
	return (uintptr_t)file->private_data;
}

static inline u32 zxvmo_file_tag(const struct file *file)
{
	return (uintptr_t)file->private_data >> 32;
}

static inline struct zxvmo_object *zxvmo_file_object(const struct file *file)
{
	return file_inode(file)->i_private;
}

/* page.c */

void zxvmo_page_init(struct page *page, u32 account);
void zxvmo_page_move(struct page *page, u32 account);
u32 zxvmo_page_account(struct page *page);
void zxvmo_page_set_reclaimable(struct page *page);
unsigned long zxvmo_pages_nr_reclaimable(void);
bool zxvmo_page_is_shared(struct page *page);
void zxvmo_page_set_shared(struct page *page);
void zxvmo_page_add_slot(struct page *page);
bool zxvmo_page_drop_slot(struct page *page);
unsigned int zxvmo_page_nr_slots(struct page *page);
bool zxvmo_page_reown(struct page *page, int refs);
void zxvmo_page_wait(struct page *page);
void zxvmo_page_disown(struct page *page);
bool zxvmo_page_try_disown(struct page *page);
void zxvmo_pages_free(struct list_head *pages);

/* account.c */

struct zxvmo_account;

extern atomic_long_t zxvmo_nr_pages;
extern unsigned long zxvmo_max_memory;
extern unsigned int zxvmo_user_share;

struct zxvmo_account *zxvmo_account_get(void);
void zxvmo_account_put(struct zxvmo_account *account);
void zxvmo_account_cleanup(void);
u32 zxvmo_account_id(const struct zxvmo_account *account);
int zxvmo_account_charge(struct zxvmo_account *account, unsigned long nr);
int zxvmo_account_charge_reclaim(struct zxvmo_account *account, unsigned long nr);
void zxvmo_account_uncharge(u32 id, unsigned long nr);
void zxvmo_account_list_add(struct zxvmo_account *account, struct list_head *item);
void zxvmo_account_list_del(struct zxvmo_account *account, struct list_head *item);
void zxvmo_account_list_walk(struct zxvmo_account *account, unsigned long nr,
			     enum lru_status (*visit)(struct list_head *item, void *arg),
			     void *arg);

/* node.c */

/* ZXVMO_LEAF_PAGES - indexes that a leaf of a page tree covers */
#define ZXVMO_LEAF_PAGES	512ULL

struct zxvmo_node;

/**
 * struct zxvmo_node_pool - nodes allocated ahead of a lock
 * @account: who pays for them
 * @nodes: full nodes, linked through their first slot
 * @nr: number of @nodes
 * @leaf: a short leaf, or NULL
 * @want_nodes: full nodes that the next step takes
 * @want_leaf_slots: slots of the short leaf that it takes, or 0
 */
struct zxvmo_node_pool {
	struct zxvmo_account *account;
	struct zxvmo_node *nodes;
	unsigned int nr;
	struct zxvmo_node *leaf;
	unsigned int want_nodes;
	unsigned int want_leaf_slots;
};

/**
 * struct zxvmo_removed - what was taken out of a page tree
 * @pages: pages that no slot names any more, linked through their lru
 * @node: a node that went with all below it, or NULL
 */
struct zxvmo_removed {
	struct list_head pages;
	struct zxvmo_node *node;
};

extern atomic_long_t zxvmo_nr_nodes;

int zxvmo_ptree_setup(void);
void zxvmo_ptree_cleanup(void);
bool zxvmo_node_pool_enough(const struct zxvmo_node_pool *pool);
int zxvmo_node_pool_fill(struct zxvmo_node_pool *pool);
void zxvmo_node_pool_drain(struct zxvmo_node_pool *pool);
void zxvmo_removed_free(struct zxvmo_removed *removed);

/* supply.c */

/**
 * struct zxvmo_supply - pages and nodes allocated ahead of a lock
 * @pages: zeroed pages, linked through their lru
 * @nr: number of @pages
 * @want: pages that the next step takes
 * @memcg: memory cgroup that is charged, or NULL: that of the thread
 * @reclaimable: the pages are for a discardable VMO
 * @pool: nodes, and who is charged for all of it
 * @removed: what must be freed without the lock
 */
struct zxvmo_supply {
	struct list_head pages;
	unsigned long nr;
	unsigned long want;
	struct mem_cgroup *memcg;
	bool reclaimable;
	struct zxvmo_node_pool pool;
	struct zxvmo_removed removed;
};

void zxvmo_supply_init(struct zxvmo_supply *supply, const struct zxvmo_ptree *tree);
int zxvmo_supply_fill(struct zxvmo_supply *supply);
struct page *zxvmo_supply_take(struct zxvmo_supply *supply);
void zxvmo_supply_release(struct zxvmo_supply *supply);

/* pagetree.c, pagetree_change.c, clone.c */

/**
 * struct zxvmo_ptree - page tree of a VMO
 * @account: who pays for what is added
 * @memcg: memory cgroup that is charged for it, or NULL: that of who adds it
 * @reclaimable: the VMO is discardable
 * @root: slot of the top node, 0 if the tree is empty
 * @base: index 0 of the VMO as the nodes count, which is as the first ancestor
 *	counts
 */
struct zxvmo_ptree {
	struct zxvmo_account *account;
	struct mem_cgroup *memcg;
	bool reclaimable;
	unsigned long root;
	u64 base;
};

/**
 * struct zxvmo_leaf - what stood in one leaf when it was looked at
 * @at: an index in it, as the nodes count
 * @node: the leaf, only to be compared with others
 * @pages: the pages, likewise; NULL where there is none
 * @shared: others may have some of them
 */
struct zxvmo_leaf {
	u64 at;
	const struct zxvmo_node *node;
	const struct page *pages[ZXVMO_LEAF_PAGES];
	bool shared;
};

u64 zxvmo_ptree_leaf_last(const struct zxvmo_ptree *tree, u64 index);
struct page *zxvmo_ptree_lookup(const struct zxvmo_ptree *tree, u64 index);
struct page *zxvmo_ptree_lookup_private(const struct zxvmo_ptree *tree, u64 index);
void zxvmo_ptree_set_shared(const struct zxvmo_ptree *tree, u64 index);
struct page *zxvmo_ptree_next(const struct zxvmo_ptree *tree, u64 *index,
			      u64 last);
unsigned int zxvmo_ptree_run(const struct zxvmo_ptree *tree, u64 *index, u64 last,
			     struct page **pages, unsigned int max,
			     const struct address_space *mapping, bool *owned);
struct page *zxvmo_ptree_next_owned(const struct zxvmo_ptree *tree, u64 *index,
				    u64 last);
struct page *zxvmo_ptree_prev(const struct zxvmo_ptree *tree, u64 *index,
			      u64 first);
u64 zxvmo_ptree_next_absent(const struct zxvmo_ptree *tree, u64 index, u64 last);
u64 zxvmo_ptree_next_unowned(const struct zxvmo_ptree *tree, u64 index, u64 last,
			     struct page **page);
u64 zxvmo_ptree_count(const struct zxvmo_ptree *tree, u64 first, u64 last);
u64 zxvmo_ptree_count_owned(const struct zxvmo_ptree *tree, u64 first, u64 last);
u64 zxvmo_ptree_bytes(const struct zxvmo_ptree *tree);
bool zxvmo_ptree_want(const struct zxvmo_ptree *tree, u64 index, u64 nr_hint,
		      struct zxvmo_node_pool *pool);
void zxvmo_ptree_want_range(const struct zxvmo_ptree *tree, u64 first, u64 last,
			    struct zxvmo_node_pool *pool);
int zxvmo_ptree_reserve(struct zxvmo_ptree *tree, u64 index, u64 nr_hint,
			struct zxvmo_node_pool *pool);
struct page *zxvmo_ptree_store(struct zxvmo_ptree *tree, u64 index,
			       struct page *page);
int zxvmo_ptree_split(struct zxvmo_ptree *tree, u64 first,
		      struct zxvmo_node_pool *pool, struct zxvmo_removed *removed);
int zxvmo_ptree_remove(struct zxvmo_ptree *tree, u64 *first, u64 last,
		       unsigned int max_level, struct zxvmo_node_pool *pool,
		       struct zxvmo_removed *removed);
void zxvmo_ptree_get_leaf(const struct zxvmo_ptree *tree, u64 index,
			  struct zxvmo_leaf *leaf);
void zxvmo_ptree_count_sharers(const struct zxvmo_ptree *tree,
			       const struct zxvmo_leaf *leaf, u32 *sharers);
void zxvmo_ptree_free(struct zxvmo_ptree *tree);
bool zxvmo_ptree_clone_ready(const struct zxvmo_ptree *src, u64 first, u64 last,
			     struct list_head *pinned,
			     struct zxvmo_supply *supply);
void zxvmo_ptree_clone(struct zxvmo_ptree *dst, const struct zxvmo_ptree *src,
		       u64 first, u64 last, struct list_head *pinned,
		       struct zxvmo_supply *supply);

/* vmo.c */

struct zxvmo_family;

struct zxvmo_discard;

/**
 * struct zxvmo_vmo - a VMO
 * @object: base
 * @options: ZXVMO_VMO_ bits
 * @child_options: ZXVMO_VMO_CHILD_ bits it was made with, 0 if not as a child
 * @owner: whose pages it shows: itself, or what a slice or reference shows; held
 *	by its inode
 * @sizes: whose sizes it has: itself, or what a reference shows
 * @offset: its first byte in @owner
 * @family: its relatives, or NULL if it never had one
 * @parent: what num_children of which it counts, or NULL
 * @children: its direct children, through their @sibling
 * @sibling: in the parent's @children
 * @nr_children: their number
 * @relative: in the family's list, of owners only
 * @discard: see discard.c, NULL if it is not discardable
 * @lock: protects all that follows. @size and @stream_size change only with
 *	the inode locked as well. Only that of @owner is used.
 * @tree: the pages, and who pays for new ones
 * @size: size in bytes, a multiple of the page size
 * @stream_size: content size in bytes; more than @size only when it was set
 *	through the property
 * @mapped: a page was mapped at some time: taking it away must zap
 * @referenced: a page, or a zero page, was mapped since reclaim began with it
 * @zero_mapped: a zero page was mapped at some time: adding a page must zap
 * @stream_mapped: some mapping ended at the stream size: cutting it must zap
 * @discarded: it has no pages, and gets none until it is locked
 * @check_link: see check.c
 */
struct zxvmo_vmo {
	struct zxvmo_object object;
	u32 options;
	u32 child_options;
	struct zxvmo_vmo *owner;
	struct zxvmo_vmo *sizes;
	u64 offset;
	struct zxvmo_family *family;
	struct zxvmo_vmo *parent;
	struct list_head children;
	struct list_head sibling;
	u64 nr_children;
	struct list_head relative;
	struct zxvmo_discard *discard;
	struct rw_semaphore lock;	/* below mmap_lock, above page locks */
	struct zxvmo_ptree tree;
	u64 size;
	u64 stream_size;
	bool mapped;
	bool referenced;
	bool zero_mapped;
	bool stream_mapped;
	bool discarded;
#ifdef CONFIG_DEBUG_VM
	struct list_head check_link;
#endif
};

extern const struct zxvmo_object_type zxvmo_vmo_type;

static inline struct zxvmo_vmo *zxvmo_to_vmo(struct zxvmo_object *object)
{
	return container_of(object, struct zxvmo_vmo, object);
}

static inline struct zxvmo_vmo *zxvmo_file_vmo(const struct file *file)
{
	return zxvmo_to_vmo(zxvmo_file_object(file));
}

/* The offset in its VMO that a mapping shows at @addr */
static inline u64 zxvmo_vma_offset(const struct vm_area_struct *vma, u64 addr)
{
	return ((u64)vma->vm_pgoff << PAGE_SHIFT) + (addr - vma->vm_start) -
	       zxvmo_file_vmo(vma->vm_file)->offset;
}

/* A slice or a reference has that of its owner, in whose pages it counts. */
static inline struct address_space *zxvmo_vmo_mapping(struct zxvmo_vmo *vmo)
{
	return vmo->object.inode->i_mapping;
}

struct zxvmo_vmo *zxvmo_vmo_alloc(u32 options);
struct zxvmo_vmo *zxvmo_vmo_get(struct zxvmo_cmd *cmd, u32 handle, u32 rights,
				struct zxvmo_ref *ref);
int zxvmo_vmo_check_range(struct zxvmo_vmo *vmo, u64 offset, u64 length);
int zxvmo_vmo_own(struct zxvmo_vmo *owner, u64 first, u64 last,
		  struct page *held, struct zxvmo_supply *supply);
int zxvmo_vmo_lock_owned(struct zxvmo_vmo *owner, u64 index, struct page **page);
int zxvmo_vmo_commit(struct zxvmo_vmo *vmo, u64 first, u64 last);
void zxvmo_vmo_unmap_pages(struct zxvmo_vmo *owner, u64 first, u64 last);
int zxvmo_vmo_remove(struct zxvmo_vmo *owner, u64 *first, u64 last,
		     struct zxvmo_supply *supply);
int zxvmo_vmo_decommit(struct zxvmo_vmo *vmo, u64 first, u64 last, bool killable);
int zxvmo_vmo_zero(struct zxvmo_vmo *vmo, u64 offset, u64 length, bool killable);

/* family.c */

/**
 * struct zxvmo_memory - memory of the pages in a range
 * @bytes: of all that there are
 * @private_bytes: of those that nobody else sees
 * @scaled_bytes: each page divided by the number of those who see it
 * @fraction: what @scaled_bytes leaves out, in units of 2^-63 byte
 */
struct zxvmo_memory {
	u64 bytes;
	u64 private_bytes;
	u64 scaled_bytes;
	u64 fraction;
};

int zxvmo_family_get(struct zxvmo_vmo *parent, struct zxvmo_vmo *child);
void zxvmo_family_join(struct zxvmo_vmo *parent, struct zxvmo_vmo *child);
void zxvmo_family_leave(struct zxvmo_vmo *vmo);
bool zxvmo_vmo_has_relatives(struct zxvmo_vmo *vmo);
int zxvmo_vmo_attribute(struct zxvmo_vmo *vmo, u64 first, u64 last,
			struct zxvmo_memory *memory);
int zxvmo_vmo_kin_info(struct zxvmo_vmo *vmo, struct zxvmo_info_vmo *info);

/* size.c */

static inline int zxvmo_vmo_lock_sizes(struct zxvmo_vmo *vmo)
{
	return down_write_killable(&vmo->sizes->object.inode->i_rwsem);
}

static inline void zxvmo_vmo_unlock_sizes(struct zxvmo_vmo *vmo)
{
	inode_unlock(vmo->sizes->object.inode);
}

void zxvmo_vmo_set_sizes(struct zxvmo_vmo *vmo, u64 size, u64 stream_size);
bool zxvmo_vmo_can_end(struct zxvmo_vmo *vmo, u64 size);
int zxvmo_vmo_resize(struct zxvmo_vmo *vmo, u64 size);
int zxvmo_vmo_resize_stream(struct zxvmo_vmo *vmo, u64 stream_size);

/* copy.c */

int zxvmo_copy_fault_in(struct iov_iter *iter);
int zxvmo_vmo_copy_nofault(struct zxvmo_vmo *vmo, u64 offset, struct iov_iter *iter);
int zxvmo_vmo_copy(struct zxvmo_vmo *vmo, u64 offset, struct iov_iter *iter);
int zxvmo_copy_error(unsigned long addr, bool write);

/* fault.c */

int zxvmo_fault_setup(void);
void zxvmo_fault_cleanup(void);
int zxvmo_vmo_mmap(struct file *file, struct vm_area_struct *vma);
bool zxvmo_vma_is_vmo(const struct vm_area_struct *vma);
bool zxvmo_vma_to_stream(const struct vm_area_struct *vma);
u64 zxvmo_vma_end(const struct vm_area_struct *vma);
void zxvmo_note_mapped(struct zxvmo_vmo *owner);
bool zxvmo_fault_ready(struct zxvmo_vmo *owner, u64 index, struct page *page,
		       bool write);
void zxvmo_vmo_zap_zero_pages(struct zxvmo_vmo *vmo, u64 first, u64 last);
bool zxvmo_zero_pages_settled(void);

/* populate.c */

int zxvmo_populate(const struct file *file, u64 addr, u64 end);

/* op_range.c */

int zxvmo_vmo_op(struct zxvmo_vmo *vmo, u32 rights,
		 const struct zxvmo_vmo_op_range *arg);

/* file.c */

extern const struct file_operations zxvmo_vmo_fops;
extern const struct inode_operations zxvmo_inode_ops;

/* transfer.c */

int zxvmo_vmo_transfer(struct zxvmo_vmo *dst, u64 offset, struct zxvmo_vmo *src,
		       u64 src_offset, u64 length);

/* discard.c */

int zxvmo_discard_setup(struct zxvmo_vmo *vmo);
void zxvmo_discard_free(struct zxvmo_vmo *vmo);
void zxvmo_discard_show(struct seq_file *m, struct zxvmo_vmo *vmo);
u64 zxvmo_vmo_nr_discards(struct zxvmo_vmo *vmo);
void zxvmo_discard_zero_mapped(struct zxvmo_vmo *vmo, u64 index);
int zxvmo_vmo_lock_op(struct zxvmo_vmo *vmo, const struct zxvmo_vmo_op_range *arg);

/* reclaim.c */

int zxvmo_reclaim_setup(void);
void zxvmo_reclaim_cleanup(void);
unsigned long zxvmo_reclaim(struct zxvmo_account *account, unsigned long nr);

/* cache.c */

int zxvmo_vmo_cache_op(struct zxvmo_vmo *vmo, u32 op, u64 offset, u64 length);

/* vmar.c */

extern const struct zxvmo_object_type zxvmo_vmar_type;
extern const struct file_operations zxvmo_vmar_fops;

struct file *zxvmo_vmar_root(void);
int zxvmo_vmar_info(struct zxvmo_cmd *cmd, u32 handle, struct zxvmo_info_vmar *info);
unsigned long zxvmo_get_unmapped_area(struct file *file, unsigned long addr,
				      unsigned long len, unsigned long pgoff,
				      unsigned long flags);
void zxvmo_vmar_hold_again(struct vm_area_struct *vma);
void zxvmo_vmar_unhold(struct vm_area_struct *vma);

/* info.c */

/**
 * struct zxvmo_info_list - where the records of a topic go that has many
 * @buffer: user address of the next one
 * @size: bytes of each
 * @room: how many there is room for
 * @nr: how many there are so far
 */
struct zxvmo_info_list {
	void __user *buffer;
	size_t size;
	u64 room;
	u64 nr;
};

bool zxvmo_info_list_has_room(const struct zxvmo_info_list *list);
int zxvmo_info_list_add(struct zxvmo_info_list *list, const void *record);
int zxvmo_vmo_info(struct zxvmo_vmo *vmo, struct zxvmo_info_vmo *info);

/* maps.c */

int zxvmo_vmar_maps(struct zxvmo_cmd *cmd, u32 handle, struct zxvmo_info_list *list);
int zxvmo_process_maps(struct zxvmo_cmd *cmd, u32 handle, struct zxvmo_info_list *list);
int zxvmo_process_vmos(struct zxvmo_cmd *cmd, u32 handle, struct zxvmo_info_list *list);

/* process.c */

u64 zxvmo_process_koid(void);
int zxvmo_process_get(struct zxvmo_cmd *cmd, u32 handle, u32 rights);

/* check.c */

#ifdef CONFIG_DEBUG_VM
/**
 * struct zxvmo_ptree_state - what there is in a page tree
 * @nr_pages: pages
 * @nr_nodes: nodes
 * @nr_full_nodes: of these, the ones that count as a page
 * @node_bytes: memory of the nodes
 * @index: where something is wrong, if it is
 */
struct zxvmo_ptree_state {
	unsigned long nr_pages;
	unsigned long nr_nodes;
	unsigned long nr_full_nodes;
	unsigned long node_bytes;
	u64 index;
};

const char *zxvmo_ptree_check(const struct zxvmo_ptree *const *trees, size_t nr,
			      const struct address_space *mapping,
			      struct zxvmo_ptree_state *state);
void zxvmo_check_add(struct zxvmo_vmo *vmo);
void zxvmo_check_remove(struct zxvmo_vmo *vmo);
void zxvmo_check_setup(struct dentry *dir);
#else
static inline void zxvmo_check_add(struct zxvmo_vmo *vmo) {}
static inline void zxvmo_check_remove(struct zxvmo_vmo *vmo) {}
static inline void zxvmo_check_setup(struct dentry *dir) {}
#endif

/* Commands, by the file that holds them */

int zxvmo_object_signal(struct zxvmo_cmd *cmd);
int zxvmo_object_wait_one(struct zxvmo_cmd *cmd);
int zxvmo_object_get_info(struct zxvmo_cmd *cmd);
int zxvmo_object_get_property(struct zxvmo_cmd *cmd);
int zxvmo_object_set_property(struct zxvmo_cmd *cmd);
int zxvmo_event_create(struct zxvmo_cmd *cmd);
int zxvmo_handle_duplicate(struct zxvmo_cmd *cmd);
int zxvmo_handle_replace(struct zxvmo_cmd *cmd);
int zxvmo_handle_close(struct zxvmo_cmd *cmd);
int zxvmo_handle_close_many(struct zxvmo_cmd *cmd);
int zxvmo_handle_from_fd(struct zxvmo_cmd *cmd);
int zxvmo_vmo_create(struct zxvmo_cmd *cmd);
int zxvmo_vmo_read(struct zxvmo_cmd *cmd);
int zxvmo_vmo_write(struct zxvmo_cmd *cmd);
int zxvmo_vmo_get_size(struct zxvmo_cmd *cmd);
int zxvmo_vmo_set_size(struct zxvmo_cmd *cmd);
int zxvmo_vmo_get_stream_size(struct zxvmo_cmd *cmd);
int zxvmo_vmo_set_stream_size(struct zxvmo_cmd *cmd);
int zxvmo_vmo_op_range(struct zxvmo_cmd *cmd);
int zxvmo_vmo_set_cache_policy(struct zxvmo_cmd *cmd);
int zxvmo_vmo_replace_as_executable(struct zxvmo_cmd *cmd);
int zxvmo_vmo_transfer_data(struct zxvmo_cmd *cmd);
int zxvmo_vmo_create_child(struct zxvmo_cmd *cmd);
int zxvmo_vmar_map(struct zxvmo_cmd *cmd);
int zxvmo_vmar_unmap(struct zxvmo_cmd *cmd);
int zxvmo_vmar_protect(struct zxvmo_cmd *cmd);
int zxvmo_vmar_op_range(struct zxvmo_cmd *cmd);
int zxvmo_vmar_export(struct zxvmo_cmd *cmd);
int zxvmo_vmar_allocate(struct zxvmo_cmd *cmd);
int zxvmo_vmar_destroy(struct zxvmo_cmd *cmd);
int zxvmo_process_read_memory(struct zxvmo_cmd *cmd);
int zxvmo_process_write_memory(struct zxvmo_cmd *cmd);

#endif /* _ZXVMO_H */
