// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cache maintenance and cache policy.
 *
 * The operations work through the kernel's own mapping of each page that is
 * present, with what the architecture exports:
 *
 *			x86			arm64
 *	SYNC		nothing to do		flush_icache_range()
 *	CLEAN		clwb			arch_wb_cache_pmem(): to the PoP
 *	CLEAN_INVALIDATE clflush(opt)		the same, arch_invalidate_pmem()
 *	INVALIDATE	clflush(opt)		arch_invalidate_pmem()
 *
 * Other architectures have SYNC only. Memory with another policy than CACHED
 * would have to leave the kernel's direct map; so far there is none.
 */
#include <linux/highmem.h>
#include <linux/libnvdimm.h>
#include <linux/sched/signal.h>

#include <asm/cacheflush.h>

#include "zxvmo.h"

#define CACHE_PAGES	16

static int cache_op_supported(u32 op)
{
	if (op == ZXVMO_VMO_OP_CACHE_SYNC || IS_ENABLED(CONFIG_ARCH_HAS_PMEM_API))
		return 0;
	return -EOPNOTSUPP;
}

static void cache_op_page(u32 op, void *addr, size_t len)
{
	switch (op) {
	case ZXVMO_VMO_OP_CACHE_SYNC:
		flush_icache_range((unsigned long)addr, (unsigned long)addr + len);
		break;
#ifdef CONFIG_ARCH_HAS_PMEM_API
	case ZXVMO_VMO_OP_CACHE_CLEAN:
		arch_wb_cache_pmem(addr, len);
		break;
	case ZXVMO_VMO_OP_CACHE_CLEAN_INVALIDATE:
		if (!IS_ENABLED(CONFIG_X86))
			arch_wb_cache_pmem(addr, len);
		fallthrough;
	case ZXVMO_VMO_OP_CACHE_INVALIDATE:
		arch_invalidate_pmem(addr, len);
		break;
#endif
	}
}

/**
 * zxvmo_vmo_cache_op() - cache maintenance on a range
 * @vmo: the VMO
 * @op: ZXVMO_VMO_OP_CACHE_ value
 * @offset: first byte
 * @length: number of bytes, not 0; the range does not wrap
 *
 * Return: 0; -EOPNOTSUPP if the architecture cannot do it; -EINTR if killed.
 */
int zxvmo_vmo_cache_op(struct zxvmo_vmo *vmo, u32 op, u64 offset, u64 length)
{
	struct zxvmo_vmo *owner = vmo->owner;
	u64 index, last;
	struct page *pages[CACHE_PAGES];
	u64 indexes[CACHE_PAGES];
	unsigned int i, nr;
	int ret;

	ret = cache_op_supported(op);
	if (ret)
		return ret;
	offset += vmo->offset;
	index = offset >> PAGE_SHIFT;
	last = (offset + length - 1) >> PAGE_SHIFT;
	do {
		down_read(&owner->lock);
		for (nr = 0; nr < CACHE_PAGES; nr++, index++) {
			pages[nr] = zxvmo_ptree_next(&owner->tree, &index, last);
			if (!pages[nr])
				break;
			get_page(pages[nr]);
			indexes[nr] = index;
		}
		up_read(&owner->lock);
		for (i = 0; i < nr; i++) {
			u64 base = indexes[i] << PAGE_SHIFT;
			size_t from = max(base, offset) - base;
			size_t to = min_t(u64, base + PAGE_SIZE - 1,
					  offset + length - 1) - base + 1;
			void *addr = kmap_local_page(pages[i]);

			cache_op_page(op, addr + from, to - from);
			kunmap_local(addr);
			put_page(pages[i]);
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	} while (nr == CACHE_PAGES);
	return 0;
}

int zxvmo_vmo_set_cache_policy(struct zxvmo_cmd *cmd)
{
	struct zxvmo_vmo_set_cache_policy *arg = cmd->arg;
	struct zxvmo_vmo *vmo;
	struct zxvmo_ref ref;
	int ret = 0;

	if (arg->__reserved || (arg->policy & ~ZXVMO_CACHE_POLICY_MASK))
		return -EINVAL;
	vmo = zxvmo_vmo_get(cmd, arg->handle, ZXVMO_RIGHT_MAP, &ref);
	if (IS_ERR(vmo))
		return PTR_ERR(vmo);
	if (READ_ONCE(vmo->parent) || READ_ONCE(vmo->nr_children) ||
	    mapping_mapped(zxvmo_vmo_mapping(vmo)))
		ret = -EBADFD;
	else if (arg->policy != ZXVMO_CACHE_POLICY_CACHED)
		ret = vmo->discard ? -EBADFD : -EOPNOTSUPP;
	zxvmo_handle_put(&ref);
	return ret;
}
