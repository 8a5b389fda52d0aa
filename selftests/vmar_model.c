// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations on a tree of VMARs, each done at the same time on a model that
 * knows of every page what is there: nothing, room that some region reserves, a page
 * of a VMO with its permissions and their ceiling, or something that is not the
 * module's. The program also maps, unmaps and protects behind the module's back. After
 * every step the statuses agree, and /proc/self/maps and ZX_INFO_VMAR_MAPS say of
 * every page what the model says; contents are compared where they were touched, and now and then
 * all of them.
 *
 * Where the module may choose a place, it must be one that the model finds free; in
 * regions that are compact, the first. (vmar.md 2)
 */
#include "steps.h"
#include "vmar_compare.h"
#include "vmar_test.h"
#include "vmar_tree.h"

#include <sys/stat.h>

/* A kind of run: how likely what is, in percent */
struct profile {
	const char *name;
	uint64_t seed;
	unsigned int compact, foreign, allocate;
	unsigned int depth;	/* of regions that a run must come to */
};

static const struct profile *profile;
static unsigned int counts[128];	/* of statuses, by their negative */
static unsigned int deepest, arenas;

static ino_t inode_of(zx_handle_t handle)
{
	struct stat st;

	if (fstat(ZXVMO_HANDLE_FD(handle), &st))
		fail("no handle %#x", handle);
	return st.st_ino;
}

static zx_status_t judge(zx_status_t expected, zx_status_t seen)
{
	agree(expected, seen);
	counts[-expected]++;
	return expected;
}

/* Arguments */

static int pick_region(void)
{
	bool dead = percent(10);
	int i, tries = 0;

	do {
		i = below(NR_REGIONS);
	} while (!tree.regions[i].handle || (!tree.regions[i].alive && !dead && tries++ < 100));
	return i;
}

/* The handle, or one with a right less, which the caller closes */
static zx_handle_t pick_handle(zx_handle_t handle, zx_rights_t *rights)
{
	static const zx_rights_t some[] = {
		ZX_RIGHT_READ, ZX_RIGHT_WRITE, ZX_RIGHT_EXECUTE, ZX_RIGHT_OP_CHILDREN, ZX_RIGHT_MAP,
	};

	if (percent(90))
		return handle;
	*rights &= ~some[below(ARRAY_SIZE(some))];
	agree(ZX_OK, zx_handle_duplicate(handle, *rights, &handle));
	return handle;
}

static void drop_handle(zx_handle_t handle, zx_handle_t of)
{
	if (handle != of)
		agree(ZX_OK, zx_handle_close(handle));
}

static zx_vm_option_t pick_perms(void)
{
	static const zx_vm_option_t some[] = {
		RX, RW | RX, ZX_VM_PERM_WRITE,
		ZX_VM_PERM_EXECUTE | ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED,
	};

	return percent(80) ? (percent(60) ? RW : percent(80) ? R : 0) :
			     some[below(ARRAY_SIZE(some))];
}

/* Options that say where, and an offset that goes with them in most cases */
static zx_vm_option_t pick_place(const struct region_model *r, uint64_t *offset)
{
	static const zx_vm_option_t kinds[] = {
		0, 0, ZX_VM_SPECIFIC, ZX_VM_SPECIFIC, ZX_VM_OFFSET_IS_UPPER_LIMIT,
		ZX_VM_SPECIFIC | ZX_VM_OFFSET_IS_UPPER_LIMIT,
	};
	static const zx_vm_option_t aligns[] = {
		ZX_VM_ALIGN_1KB, ZX_VM_ALIGN_8KB, ZX_VM_ALIGN_16KB, ZX_VM_ALIGN_64KB,
		ZX_VM_ALIGN_4GB, 9U << ZX_VM_ALIGN_BASE,
	};
	zx_vm_option_t options = kinds[below(ARRAY_SIZE(kinds) - !percent(5))];

	*offset = options || percent(2) ? below(r->nr + percent(5)) * PAGE : 0;
	if (percent(1))
		*offset += below(PAGE);
	if (percent(20))
		options |= aligns[below(ARRAY_SIZE(aligns) - !percent(10))];
	if (percent(2))
		options |= 1U << below(24);
	/* Not everything can be everybody's. */
	return options & ~ZX_VM_FAULT_BEYOND_STREAM_SIZE;
}

static zx_vaddr_t pick_address(const struct region_model *r)
{
	zx_vaddr_t addr = tree_address(r->first + below(r->nr));

	if (percent(3))
		addr = tree_address(below(NR_PAGES));
	return addr + percent(1);
}

/* Bytes from an offset on, mostly within the region */
static uint64_t pick_length(const struct region_model *r, uint64_t offset)
{
	uint64_t nr = percent(3) ? 0 : percent(10) ? 1 + below(r->nr) : 1 + below(5);

	if (percent(90) && offset < r->nr * PAGE && nr > r->nr - offset / PAGE)
		nr = r->nr - offset / PAGE;
	return nr && percent(20) ? nr * PAGE - below(PAGE) : nr * PAGE;
}

/* Operations */

/* The place that was chosen, which must be a good one */
static unsigned int check_address(const struct want *want, zx_vaddr_t addr)
{
	const struct region_model *r = &tree.regions[want->region];
	uint64_t page = (addr - tree.base) / PAGE;

	if (addr < tree.base || addr % PAGE || page + want->nr > NR_PAGES)
		fail("%#jx is not in the arena", (uintmax_t)addr);
	if (want->placed || ((r->options & ZX_VM_COMPACT) && !r->meddled)) {
		if (page != want->first)
			fail("at page %ju instead of %u", (uintmax_t)page, want->first);
	} else if (page < r->first || !tree_fits(want, page)) {
		fail("page %ju is not free or not fit", (uintmax_t)page);
	}
	return page;
}

static void arena_make(void)
{
	struct region_model *r = &tree.regions[ARENA];
	zx_status_t status;

	*r = (struct region_model) {
		.used = true,
		.alive = true,
		.parent = NO_REGION,
		.nr = NR_PAGES,
		.options = CAN_ALL | (percent(profile->compact) ? ZX_VM_COMPACT : 0),
		.rights = ZX_DEFAULT_VMAR_RIGHTS | ZX_RIGHT_READ | ZX_RIGHT_WRITE | ZX_RIGHT_EXECUTE,
	};
	status = zx_vmar_allocate(ROOT, r->options, 0, NR_PAGES * PAGE, &r->handle, &tree.base);
	agree(ZX_OK, status);
	r->inode = inode_of(r->handle);
	memset(tree.pages, 0, sizeof(tree.pages));
	tree_reserve(ARENA, 0, NR_PAGES, false);
	arenas++;
}

static void do_allocate(int region)
{
	static const zx_vm_option_t cans[] = { CAN_ALL, CAN_ALL, CAN_ALL, CAN_RW, CAN_RWX, 0 };
	struct region_model *r = &tree.regions[region], *child;
	zx_rights_t rights = r->rights;
	zx_vm_option_t options;
	uint64_t offset, size;
	zx_handle_t handle;
	zx_status_t status;
	unsigned int depth;
	struct want want;
	zx_vaddr_t addr;
	int i;

	for (i = 1; i < NR_REGIONS && tree.regions[i].used; i++)
		;
	if (i == NR_REGIONS)
		return;
	child = &tree.regions[i];
	options = pick_place(r, &offset) | cans[below(ARRAY_SIZE(cans))];
	if (percent(profile->compact))
		options |= ZX_VM_COMPACT;
	size = percent(80) ? (1 + below((r->nr + 1) / 2)) * PAGE : pick_length(r, 0);
	handle = pick_handle(r->handle, &rights);
	say("region %d: allocate %d, options %#x, %#jx, %#jx", region, i, options,
	    (uintmax_t)offset, (uintmax_t)size);
	status = tree_predict_allocate(region, rights, options, offset, size, &want);
	judge(status, zx_vmar_allocate(handle, options, offset, size, &child->handle, &addr));
	if (status == ZX_OK) {
		*child = (struct region_model) {
			.handle = child->handle,
			.parent = region,
			.nr = want.nr,
			.options = options & (CAN_ALL | ZX_VM_COMPACT),
			.rights = ZX_DEFAULT_VMAR_RIGHTS | tree_rights((options & CAN_RWX) >> 7),
			.inode = inode_of(child->handle),
		};
		child->first = check_address(&want, addr);
		child->used = true;
		child->alive = true;
		for (unsigned int p = child->first; p < child->first + child->nr; p++)
			tree.pages[p] = (struct page) { .kind = ROOM, .region = i };
		for (depth = 0; region != NO_REGION; region = tree.regions[region].parent)
			depth++;
		if (depth > deepest)
			deepest = depth;
	}
	drop_handle(handle, r->handle);
}

static void do_map(int region)
{
	struct region_model *r = &tree.regions[region];
	unsigned int v = below(NR_VMOS), first = 0;
	struct vmo *vmo = &vmos[v];
	zx_rights_t rights = r->rights, vmo_rights = vmo->rights;
	zx_handle_t handle, vmo_handle;
	uint64_t offset, vmo_offset, length;
	zx_vm_option_t options, perms;
	zx_status_t status;
	struct want want;
	zx_vaddr_t addr;

	options = pick_place(r, &offset) | pick_perms();
	if ((options & ZX_VM_SPECIFIC) && percent(60))
		options ^= PLACED;
	if (vmo->options ? percent(80) : percent(20))
		options |= ZX_VM_ALLOW_FAULTS;
	if (percent(10))
		options |= ZX_VM_REQUIRE_NON_RESIZABLE;
	if (percent(10))
		options |= ZX_VM_MAP_RANGE;
	perms = tree_perms(options);
	vmo_offset = below(VMO_PAGES) * PAGE + percent(1);
	length = pick_length(r, options & PLACED ? offset : 0);
	if (percent(1))
		length = -below(2 * PAGE);
	if (percent(1))
		vmo_offset = -PAGE;
	handle = pick_handle(r->handle, &rights);
	vmo_handle = pick_handle(vmo->handle, &vmo_rights);
	say("region %d: map options %#x, %#jx, VMO %u, %#jx, %#jx", region, options,
	    (uintmax_t)offset, v, (uintmax_t)vmo_offset, (uintmax_t)length);
	status = tree_predict_map(region, rights, options, offset, vmo->options, vmo_rights,
				  vmo_offset, length, &want);
	judge(status, zx_vmar_map(handle, options, offset, vmo_handle, vmo_offset, length, &addr));
	if (status == ZX_OK) {
		zx_vm_option_t ceiling = 0;

		for (zx_vm_option_t perm = R; perm <= ZX_VM_PERM_EXECUTE; perm <<= 1)
			if (!(tree_rights(perm) & ~(rights & vmo_rights)))
				ceiling |= perm;
		first = check_address(&want, addr);
		for (unsigned int p = 0; p < want.nr; p++)
			tree.pages[first + p] = (struct page) {
				.kind = MAPPED,
				.vmo = v,
				.vmo_page = vmo_offset / PAGE + p,
				.perms = perms,
				.ceiling = ceiling,
			};
	}
	drop_handle(vmo_handle, vmo->handle);
	drop_handle(handle, r->handle);
	tree_bury();
	if (status == ZX_OK)
		compare(first, first + want.nr);
}

static void do_unmap(int region)
{
	struct region_model *r = &tree.regions[region];
	zx_vaddr_t addr = pick_address(r);
	uint64_t length = pick_length(r, addr - tree_address(r->first));
	zx_rights_t rights = r->rights;
	unsigned int first, end;
	zx_handle_t handle;
	zx_status_t status;

	if (percent(5)) {
		addr = tree_address(r->first);
		length = r->nr * PAGE;
	}
	handle = pick_handle(r->handle, &rights);
	say("region %d: unmap page %jd, %#jx", region, (intmax_t)(addr - tree.base) / (intmax_t)PAGE,
	    (uintmax_t)length);
	status = tree_predict_unmap(region, rights, addr, length, &first, &end);
	judge(status, zx_vmar_unmap(handle, addr, length));
	if (status == ZX_OK) {
		tree_reserve(region, first, end, true);
		tree_kill_below(region, first, end);
	}
	drop_handle(handle, r->handle);
}

static void do_protect(int region)
{
	struct region_model *r = &tree.regions[region];
	zx_vm_option_t options = pick_perms();
	zx_vaddr_t addr = pick_address(r);
	uint64_t length = pick_length(r, addr - tree_address(r->first));
	unsigned int first = 0, end = 0;
	zx_rights_t rights = r->rights;
	zx_handle_t handle;
	zx_status_t status;

	if (percent(2))
		options |= 1U << below(32);
	handle = pick_handle(r->handle, &rights);
	say("region %d: protect %#x page %jd, %#jx", region, options,
	    (intmax_t)(addr - tree.base) / (intmax_t)PAGE, (uintmax_t)length);
	status = tree_predict_protect(region, rights, options, addr, length, &first, &end);
	judge(status, zx_vmar_protect(handle, options, addr, length));
	drop_handle(handle, r->handle);
	for (unsigned int p = first; status == ZX_OK && p < end; p++)
		tree.pages[p].perms = tree_perms(options);
	if (status == ZX_OK)
		compare(first, end);
}

static void do_op_range(int region)
{
	static const uint32_t ops[] = {
		ZX_VMAR_OP_COMMIT, ZX_VMAR_OP_DECOMMIT, ZX_VMAR_OP_ZERO, ZX_VMAR_OP_MAP_RANGE,
		ZX_VMAR_OP_DONT_NEED, ZX_VMAR_OP_ALWAYS_NEED, ZX_VMAR_OP_PREFETCH,
	};
	struct region_model *r = &tree.regions[region];
	uint32_t op = percent(95) ? ops[below(ARRAY_SIZE(ops))] : below(17);
	zx_vaddr_t addr = pick_address(r);
	uint64_t length = pick_length(r, addr - tree_address(r->first));
	unsigned int first = 0, end = 0, next;
	zx_rights_t rights = r->rights;
	zx_handle_t handle = pick_handle(r->handle, &rights);
	zx_status_t status;

	say("region %d: operation %u page %jd, %#jx", region, op,
	    (intmax_t)(addr - tree.base) / (intmax_t)PAGE, (uintmax_t)length);
	status = tree_predict_op(region, op, addr, length, &first, &end);
	/* What was done before a piece that fails stays done. */
	for (next = first; status == ZX_OK && next < end; ) {
		const struct page *page = &tree.pages[next];
		struct vmo *vmo = &vmos[page->vmo];
		unsigned int piece_end = tree_piece(region, next, end);

		status = tree_predict_piece(region, rights, op, next, piece_end, vmo->nr);
		for (; status == ZX_OK && next < piece_end; next++, page++) {
			if (op == ZX_VMAR_OP_COMMIT) {
				vmo->committed[page->vmo_page] = true;
			} else if (op == ZX_VMAR_OP_DECOMMIT || op == ZX_VMAR_OP_ZERO) {
				vmo->committed[page->vmo_page] = false;
				vmo->numbers[page->vmo_page] = 0;
			}
		}
	}
	judge(status, zx_vmar_op_range(handle, op, addr, length, NULL, 0));
	drop_handle(handle, r->handle);
	compare(first, end);
}

static void do_destroy(int region)
{
	struct region_model *r = &tree.regions[region];
	zx_rights_t rights = r->rights;
	zx_handle_t handle = pick_handle(r->handle, &rights);
	zx_status_t status = ZX_OK;

	say("region %d: destroy", region);
	if (!(rights & ZX_RIGHT_OP_CHILDREN))
		status = ZX_ERR_ACCESS_DENIED;
	else if (!r->alive)
		status = ZX_ERR_BAD_STATE;
	judge(status, zx_vmar_destroy(handle));
	drop_handle(handle, r->handle);
	if (status != ZX_OK)
		return;
	if (region != ARENA) {
		tree_reserve(r->parent, r->first, r->first + r->nr, true);
		r->alive = false;
		tree_kill_below(region, r->first, r->first + r->nr);
		/* The parent, too, if all of this one was foreign. */
		tree_bury();
		return;
	}
	/* What is not the module's stays. */
	for (unsigned int p = 0; p < NR_PAGES; p++)
		if (tree.pages[p].kind != FOREIGN)
			tree.pages[p].kind = NOTHING;
	compare(0, NR_PAGES);
	munmap((void *)tree.base, NR_PAGES * PAGE);
	for (int i = 0; i < NR_REGIONS; i++)
		if (tree.regions[i].handle)
			agree(ZX_OK, zx_handle_close(tree.regions[i].handle));
	memset(tree.regions, 0, sizeof(tree.regions));
	arena_make();
}

static void do_close(int region)
{
	struct region_model *r = &tree.regions[region];

	if (region == ARENA)
		return;
	say("region %d: close", region);
	agree(ZX_OK, zx_handle_close(r->handle));
	r->handle = ZX_HANDLE_INVALID;
	r->used = r->alive;
	tree_bury();
}

static void do_resize(void)
{
	struct vmo *vmo;

	do {
		vmo = &vmos[below(NR_VMOS)];
	} while (!(vmo->options & ZX_VMO_RESIZABLE));
	vmo->nr = below(VMO_PAGES + 1);
	say("VMO %td: %u pages", vmo - vmos, vmo->nr);
	agree(ZX_OK, zx_vmo_set_size(vmo->handle, vmo->nr * PAGE));
	for (unsigned int p = vmo->nr; p < VMO_PAGES; p++) {
		vmo->numbers[p] = 0;
		vmo->committed[p] = false;
	}
}

static void forget_page(unsigned int p)
{
	tree.regions[tree_region_at(p)].meddled = true;
	tree.pages[p] = (struct page) { .kind = NOTHING };
}

/* What the program does behind the module's back */
static void do_foreign(void)
{
	unsigned int first = below(NR_PAGES), end = first + 1 + below(4), p;
	void *addr = (void *)tree_address(first);
	size_t length;

	if (end > NR_PAGES)
		end = NR_PAGES;
	length = (end - first) * PAGE;
	if (percent(50)) {
		say("munmap pages %u to %u", first, end);
		if (munmap(addr, length))
			fail("munmap: %d", errno);
		for (p = first; p < end; p++)
			forget_page(p);
	} else if (percent(80)) {
		say("mmap pages %u to %u", first, end);
		if (mmap(addr, length, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != addr)
			fail("mmap: %d", errno);
		for (p = first; p < end; p++) {
			forget_page(p);
			tree.pages[p].kind = FOREIGN;
			touch(p, true);
		}
	} else {
		/* Up to the ceiling */
		zx_vm_option_t perms = percent(50) ? RW : R;
		bool may = tree.pages[first].kind == FOREIGN || !(perms & ~tree.pages[first].ceiling);

		if (tree.pages[first].kind == NOTHING || tree.pages[first].kind == FOREIGN)
			return;
		say("mprotect page %u, %#x", first, perms);
		if (mprotect(addr, PAGE, perms == RW ? PROT_READ | PROT_WRITE : PROT_READ) !=
		    (may ? 0 : -1))
			fail("mprotect: %d", errno);
		if (may)
			tree.pages[first].perms = perms;
	}
	tree_bury();
}

static void step(void)
{
	unsigned int dice = below(100), p = below(NR_PAGES);
	int region = pick_region();

	/* Those without a handle are many after a while, and fill the table. */
	if (percent(2))
		region = ARENA;
	if (dice < profile->allocate)
		do_allocate(region);
	else if (dice < profile->allocate + profile->foreign)
		do_foreign();
	else if (dice < 60)
		do_map(region);
	else if (dice < 69)
		do_unmap(region);
	else if (dice < 77)
		do_protect(region);
	else if (dice < 86)
		do_op_range(region);
	else if (dice < 91)
		do_close(region);
	else if (dice < 94 && (region != ARENA || percent(20)))
		do_destroy(region);
	else if (dice < 96)
		do_resize();
	else
		say("touch page %u", p);
	touch(p, percent(50));
	if (steps.step % 64 == 63)
		compare(0, NR_PAGES);
	else
		compare_maps();
	compare_list();
	if (steps.trace)
		print_arena();
}

static void vmos_make(void)
{
	static const uint32_t options[NR_VMOS] = { 0, 0, 0, 0, ZX_VMO_RESIZABLE, ZX_VMO_DISCARDABLE };

	for (unsigned int v = 0; v < NR_VMOS; v++) {
		struct vmo *vmo = &vmos[v];
		zx_info_handle_basic_t basic;

		*vmo = (struct vmo) { .options = options[v], .nr = VMO_PAGES };
		agree(ZX_OK, zx_vmo_create(VMO_PAGES * PAGE, options[v], &vmo->handle));
		if (v % 2)
			agree(ZX_OK, zx_vmo_replace_as_executable(vmo->handle, 0, &vmo->handle));
		agree(ZX_OK, zx_object_get_info(vmo->handle, ZX_INFO_HANDLE_BASIC, &basic,
						sizeof(basic), NULL, NULL));
		vmo->rights = basic.rights;
		vmo->koid = basic.koid;
		vmo->inode = inode_of(vmo->handle);
		for (unsigned int p = 0; p < VMO_PAGES; p++) {
			vmo->numbers[p] = ++last_number;
			vmo->committed[p] = true;
			agree(ZX_OK, zx_vmo_write(vmo->handle, &vmo->numbers[p], p * PAGE,
						  sizeof(vmo->numbers[p])));
		}
	}
}

FIXTURE(vmar_model) {
};

FIXTURE_VARIANT(vmar_model) {
	struct profile profile;
};

/* Regions of all kinds, and nobody else */
FIXTURE_VARIANT_ADD(vmar_model, alone) { { "alone", 1, 30, 0, 12, 2 } };
/* All places are known beforehand. */
FIXTURE_VARIANT_ADD(vmar_model, compact) { { "compact", 2, 100, 0, 12, 2 } };
/* Regions in regions */
FIXTURE_VARIANT_ADD(vmar_model, nested) { { "nested", 3, 30, 2, 30, 3 } };
/* Much goes on behind the module's back. */
FIXTURE_VARIANT_ADD(vmar_model, meddled) { { "meddled", 4, 50, 25, 12, 2 } };

FIXTURE_SETUP(vmar_model)
{
}

FIXTURE_TEARDOWN(vmar_model)
{
}

TEST_F_TIMEOUT(vmar_model, agrees, 600)
{
	profile = &variant->profile;
	steps_begin(_metadata, profile->name, profile->seed, 4000, 400);
	vmos_make();
	arena_make();
	for (; steps.step < steps.nr; steps.step++)
		step();
	TH_LOG("seed %ju: %ju steps, %ju refused, %u regions deep, %u arenas", (uintmax_t)steps.seed,
	       (uintmax_t)steps.nr, (uintmax_t)steps.refused, deepest, arenas);
	TH_LOG("%u OK, %u ALREADY_EXISTS, %u NO_RESOURCES, %u ACCESS_DENIED, %u INVALID_ARGS, %u NOT_FOUND, %u BAD_STATE",
	       counts[0], counts[-ZX_ERR_ALREADY_EXISTS], counts[-ZX_ERR_NO_RESOURCES],
	       counts[-ZX_ERR_ACCESS_DENIED], counts[-ZX_ERR_INVALID_ARGS],
	       counts[-ZX_ERR_NOT_FOUND], counts[-ZX_ERR_BAD_STATE]);
	/* A run that never meets an end has not tried. */
	if (steps.nr >= 4000) {
		EXPECT_LE(profile->depth, deepest);
		EXPECT_LE(steps.nr / 10, counts[0]);
		EXPECT_LE(steps.nr / 100, counts[-ZX_ERR_ALREADY_EXISTS]);
		EXPECT_LE(steps.nr / 200, counts[-ZX_ERR_NO_RESOURCES]);
		EXPECT_LE(steps.nr / 100, counts[-ZX_ERR_NOT_FOUND]);
		EXPECT_LE(steps.nr / 100, counts[-ZX_ERR_BAD_STATE]);
	}
}

TEST_HARNESS_MAIN
