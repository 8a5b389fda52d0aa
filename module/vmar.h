/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files about VMARs share. See vmar.c for the data model.
 */
#ifndef _ZXVMO_VMAR_H
#define _ZXVMO_VMAR_H

#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>

#include "zxvmo.h"

/* ZXVMO_ROOT_VMAR_RIGHTS - rights of the root VMAR's pseudo-handle */
#define ZXVMO_ROOT_VMAR_RIGHTS	(ZXVMO_DEFAULT_VMAR_RIGHTS | ZXVMO_RIGHT_READ | \
				 ZXVMO_RIGHT_WRITE | ZXVMO_RIGHT_EXECUTE)

/*
 * Where the root VMAR ends: on machines with larger address spaces Linux puts
 * nothing above that without being asked to.
 */
#ifndef DEFAULT_MAP_WINDOW
#define DEFAULT_MAP_WINDOW	TASK_SIZE
#endif
#define ZXVMO_VMAR_ROOT_END	min_t(u64, TASK_SIZE, DEFAULT_MAP_WINDOW)

#define ZXVMO_VM_PERMS		(ZXVMO_VM_PERM_READ | ZXVMO_VM_PERM_WRITE | \
				 ZXVMO_VM_PERM_EXECUTE)
#define ZXVMO_VM_CAN_MAP	(ZXVMO_VM_CAN_MAP_READ | ZXVMO_VM_CAN_MAP_WRITE | \
				 ZXVMO_VM_CAN_MAP_EXECUTE)
#define ZXVMO_VM_ALIGN_MASK	(0xffU << ZXVMO_VM_ALIGN_BASE)

/**
 * struct zxvmo_region - addresses of a VMAR
 * @parent: the region it is part of, NULL for the root
 * @link: in the parent's @children
 * @children: parts that are regions of their own, by address
 * @base: first address
 * @len: bytes
 * @options: ZXVMO_VM_CAN_MAP_ bits and ZXVMO_VM_COMPACT
 * @dead: it was destroyed and is no part of the tree any more
 *
 * @base, @len and @options never change while it is in the tree. All else is
 * protected by the address space's lock.
 */
struct zxvmo_region {
	struct zxvmo_region *parent;
	struct rb_node link;
	struct rb_root children;
	u64 base;
	u64 len;
	u32 options;
	bool dead;
};

/**
 * enum zxvmo_where - what a new VMA may take the place of
 * @ZXVMO_ROOM: free room of the region, which is searched for
 * @ZXVMO_ROOM_AT: free room at a given address
 * @ZXVMO_MAPPED_AT: free room and mappings of VMOs, at a given address
 * @ZXVMO_OURS_AT: that, and reservations of any region of the address space; but
 *	outside a part of it only reservations of the region itself
 */
enum zxvmo_where {
	ZXVMO_ROOM,
	ZXVMO_ROOM_AT,
	ZXVMO_MAPPED_AT,
	ZXVMO_OURS_AT,
};

/**
 * struct zxvmo_request - a VMA that is about to be made
 * @region: the region that it goes to
 * @holder: handle of the region's VMAR, which the VMA keeps alive; NULL for the
 *	root
 * @where: what it may take the place of
 * @addr: where it must begin; if @where is ZXVMO_ROOM it receives where it was
 *	put, 0 if nothing was found
 * @limit: where it must end at the latest if @where is ZXVMO_ROOM; 0: anywhere
 * @align: alignment of its beginning, a power of 2
 * @part_start: that part, if @where is ZXVMO_OURS_AT
 * @part_end: first address beyond it
 * @to_stream: it is a mapping that shows nothing beyond the stream of its VMO
 */
struct zxvmo_request {
	struct zxvmo_region *region;
	struct file *holder;
	enum zxvmo_where where;
	u64 addr;
	u64 limit;
	u64 align;
	u64 part_start;
	u64 part_end;
	bool to_stream;
};

/**
 * struct zxvmo_aspace - the regions of one address space
 * @link: in the hash of all
 * @refs: commands and VMARs that use it, protected by the hash's lock
 * @mm: the address space; only the structure is held, not the memory
 * @lock: protects the tree, and keeps commands that change mappings apart
 * @root: all that a program can map
 * @root_inode: inode of the object for @root, if there is one; not held, protected
 *	by the hash's lock
 * @root_koid: its koid, also that of the next one; protected as that
 * @orphans: VMARs that nothing holds any more and that are still in the tree
 * @cred: credentials of the owner when it last exported a VMAR, or NULL; protected
 *	by the hash's lock
 * @max_pages: pages that it could map at that time: RLIMIT_AS
 * @request: what the thread @mapper, which holds @lock, is about to map
 * @mapper: that thread, or NULL
 */
struct zxvmo_aspace {
	struct hlist_node link;
	unsigned long refs;
	struct mm_struct *mm;
	struct mutex lock;	/* above mmap_lock */
	struct zxvmo_region root;
	struct inode *root_inode;
	u64 root_koid;
	struct llist_head orphans;
	const struct cred *cred;
	unsigned long max_pages;
	struct zxvmo_request *request;
	struct task_struct *mapper;
};

/**
 * struct zxvmo_vmar - a VMAR
 * @object: base
 * @aspace: the address space it is part of
 * @account: who is charged for it, as for a page
 * @region: its addresses: @own, or the root of @aspace
 * @own: the region that goes with the object
 * @orphan: in the address space's orphans
 * @parent: handle of the parent, whose object it holds; NULL if that is the root,
 *	and when @own is not in the tree
 */
struct zxvmo_vmar {
	struct zxvmo_object object;
	struct zxvmo_aspace *aspace;
	struct zxvmo_account *account;
	struct zxvmo_region *region;
	struct zxvmo_region own;
	struct llist_node orphan;
	struct file *parent;
};

static inline struct zxvmo_vmar *zxvmo_to_vmar(struct zxvmo_object *object)
{
	return container_of(object, struct zxvmo_vmar, object);
}

static inline struct zxvmo_vmar *zxvmo_file_vmar(const struct file *file)
{
	return zxvmo_to_vmar(zxvmo_file_object(file));
}

/**
 * struct zxvmo_vmar_ref - a VMAR in use by a command
 * @ref: its handle, empty for the pseudo-handle of the root
 * @aspace: the address space
 * @region: its addresses
 * @holder: the handle if it is not the root's; see struct zxvmo_request
 * @rights: rights of the handle
 * @remote: it is not of the caller's address space, which is kept alive: what
 *	changes it goes through zxvmo_vmar_run()
 */
struct zxvmo_vmar_ref {
	struct zxvmo_ref ref;
	struct zxvmo_aspace *aspace;
	struct zxvmo_region *region;
	struct file *holder;
	u32 rights;
	bool remote;
};

/* aspace.c */

struct zxvmo_aspace *zxvmo_aspace_get(void);
void zxvmo_aspace_hold(struct zxvmo_aspace *aspace);
void zxvmo_aspace_put(struct zxvmo_aspace *aspace);
int zxvmo_aspace_lock(struct zxvmo_aspace *aspace);
void zxvmo_aspace_unlock(struct zxvmo_aspace *aspace);
void zxvmo_aspace_add_orphan(struct zxvmo_vmar *vmar);
struct inode *zxvmo_aspace_root(struct zxvmo_aspace *aspace, struct file *file);
void zxvmo_aspace_forget_root(struct zxvmo_aspace *aspace, struct inode *inode);
void zxvmo_aspace_export(struct zxvmo_aspace *aspace);
const struct cred *zxvmo_aspace_cred(struct zxvmo_aspace *aspace);
struct zxvmo_request *zxvmo_aspace_request(void);
unsigned long zxvmo_aspace_mmap(struct zxvmo_aspace *aspace,
				struct zxvmo_request *request,
				struct file *file, u64 length,
				unsigned long prot, u64 offset);
int zxvmo_aspace_clear(struct zxvmo_aspace *aspace, struct zxvmo_region *region,
		       struct file *holder, u64 start, u64 end);
void zxvmo_aspace_mend(struct zxvmo_aspace *aspace, struct zxvmo_region *region,
		       struct file *holder, u64 start, u64 end);

/* region.c */

struct zxvmo_region *zxvmo_region_first(const struct zxvmo_region *region, u64 addr);
void zxvmo_region_link(struct zxvmo_region *parent, struct zxvmo_region *region);
void zxvmo_region_unlink(struct zxvmo_region *region);
void zxvmo_region_kill(struct zxvmo_region *region);
struct vm_area_struct *zxvmo_region_mapping(const struct zxvmo_region *region,
					    struct mm_struct *mm, u64 addr, u64 *end,
					    bool *in_child);
bool zxvmo_region_is_room(const struct zxvmo_region *region,
			  const struct vm_area_struct *vma);
unsigned long zxvmo_region_place(struct zxvmo_request *request,
				 struct file *file, u64 length);

/* vmar.c */

void zxvmo_vmar_bury(struct zxvmo_vmar *vmar);
struct zxvmo_region *zxvmo_vma_region(const struct vm_area_struct *vma);
int zxvmo_vmar_get(struct zxvmo_cmd *cmd, u32 handle, u32 rights,
		   struct zxvmo_vmar_ref *v);
void zxvmo_vmar_put(struct zxvmo_vmar_ref *v);
u32 zxvmo_vm_rights(u32 options);
bool zxvmo_vm_align_is_valid(u32 options);
int zxvmo_vmar_check_place(struct zxvmo_region *region, u32 options, u64 offset,
			   u64 length, struct zxvmo_request *request);

/* remote.c */

int zxvmo_vmar_run(struct zxvmo_vmar_ref *v,
		   int (*work)(struct zxvmo_vmar_ref *v, void *arg), void *arg);

#endif /* _ZXVMO_VMAR_H */
