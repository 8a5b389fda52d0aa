/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Linux and the module say of the arena, beside the model of it (vmar_tree.h):
 * /proc/self/maps, ZX_INFO_VMAR_MAPS, accesses and committed pages. Any difference is
 * a failure.
 */
#ifndef ZXVMO_SELFTESTS_VMAR_COMPARE_H
#define ZXVMO_SELFTESTS_VMAR_COMPARE_H

#include "steps.h"
#include "vmar_test.h"
#include "vmar_tree.h"

#define NR_VMOS		6
#define VMO_PAGES	16

struct vmo {
	zx_handle_t handle;
	zx_rights_t rights;
	uint32_t options;
	unsigned int nr;	/* pages */
	ino_t inode;
	zx_koid_t koid;
	uint32_t numbers[VMO_PAGES];	/* what is in the pages */
	bool committed[VMO_PAGES];
};

static struct vmo vmos[NR_VMOS];
static uint32_t last_number;

/* For MODEL_TRACE: a letter for who reserves a page, a number for the VMO in it */
static void print_arena(void)
{
	char text[NR_PAGES + 1] = "";

	for (unsigned int p = 0; p < NR_PAGES; p++) {
		const struct page *page = &tree.pages[p];

		text[p] = page->kind == ROOM ? 'a' + page->region :
			  page->kind == MAPPED ? '0' + (int)page->vmo :
			  page->kind == FOREIGN ? '*' : '.';
	}
	printf("# %s\n#", text);
	for (int i = 0; i < NR_REGIONS; i++)
		if (tree.regions[i].alive)
			printf(" %c%s%s:%c %u+%u", 'a' + i, tree.regions[i].handle ? "" : "-",
			       tree.regions[i].options & ZX_VM_COMPACT ? "C" : "",
			       tree.regions[i].parent == NO_REGION ? '/' : 'a' + tree.regions[i].parent,
			       tree.regions[i].first, tree.regions[i].nr);
	printf("\n");
}

/* Comparison with what Linux tells */

static void read_maps(struct page *seen, ino_t *inodes)
{
	static char text[1 << 18];
	unsigned long start, first, end, offset, inode;
	char perms[5], *line, *next;
	size_t size = 0;
	ssize_t n;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	while ((n = read(fd, text + size, sizeof(text) - 1 - size)) > 0)
		size += n;
	close(fd);
	text[size] = 0;
	for (line = text; *line; line = next) {
		next = strchrnul(line, '\n');
		next += *next == '\n';
		if (sscanf(line, "%lx-%lx %4s %lx %*s %lu", &start, &end, perms, &offset, &inode) != 5)
			fail("a line of maps is odd");
		for (first = start; start < end; start += PAGE, offset += PAGE) {
			size_t p = (start - tree.base) / PAGE;

			if (start < tree.base || p >= NR_PAGES)
				continue;
			inodes[p] = inode;
			seen[p] = (struct page) {
				.starts = start == first,
				.kind = !inode ? FOREIGN : perms[3] == 's' ? MAPPED : ROOM,
				.vmo_page = offset / PAGE,
				.perms = (perms[0] == 'r' ? R : 0) |
					 (perms[1] == 'w' ? ZX_VM_PERM_WRITE : 0) |
					 (perms[2] == 'x' ? ZX_VM_PERM_EXECUTE : 0),
			};
		}
	}
}

static void compare_maps(void)
{
	static const char * const names[] = { "nothing", "room", "mapped", "foreign" };
	struct page seen[NR_PAGES] = {};
	ino_t inodes[NR_PAGES] = {};

	read_maps(seen, inodes);
	for (unsigned int p = 0; p < NR_PAGES; p++) {
		struct page *want = &tree.pages[p];

		want->starts = seen[p].starts;
		if (seen[p].kind != want->kind)
			fail("page %u: %s instead of %s", p, names[seen[p].kind], names[want->kind]);
		if (want->kind == ROOM &&
		    (inodes[p] != tree.regions[want->region].inode || seen[p].perms))
			fail("page %u: not reserved by region %d", p, want->region);
		if (want->kind != MAPPED)
			continue;
		if (inodes[p] != vmos[want->vmo].inode || seen[p].vmo_page != want->vmo_page)
			fail("page %u: page %u of another VMO than %u, or another than %u", p,
			     seen[p].vmo_page, want->vmo, want->vmo_page);
		if (seen[p].perms != want->perms)
			fail("page %u: permissions %#x instead of %#x", p, seen[p].perms, want->perms);
	}
}

static unsigned int depth_of(int region)
{
	unsigned int depth = 0;

	for (; region != ARENA; region = tree.regions[region].parent)
		depth++;
	return depth;
}

/* The region that a record is about; each must come once, before what is in it. */
static void compare_region(const zx_info_maps_t *info, bool *seen)
{
	for (int i = 0; i < NR_REGIONS; i++) {
		const struct region_model *r = &tree.regions[i];

		if (!r->alive || seen[i] || tree_address(r->first) != info->base ||
		    r->nr * PAGE != info->size || depth_of(i) != info->depth)
			continue;
		if (strcmp(info->name, "useralloc") || (i != ARENA && !seen[r->parent]))
			fail("region %d is listed as %s, or before its parent", i, info->name);
		seen[i] = true;
		return;
	}
	fail("a region of %ju pages at page %ju is listed", (uintmax_t)(info->size / PAGE),
	     (uintmax_t)(info->base - tree.base) / PAGE);
}

/* The module's own list of the same */
static void compare_list(void)
{
	static zx_info_maps_t infos[NR_PAGES + NR_REGIONS];
	bool seen[NR_REGIONS] = {};
	size_t actual, avail, i;
	unsigned int next = 0;

	agree(ZX_OK, zx_object_get_info(tree.regions[ARENA].handle, ZX_INFO_VMAR_MAPS, infos,
					sizeof(infos), &actual, &avail));
	if (actual != avail)
		fail("%zu records of %zu", actual, avail);
	for (i = 0; i < actual; i++) {
		const zx_info_maps_t *info = &infos[i];
		unsigned int first = (info->base - tree.base) / PAGE, p;

		if (info->type == ZX_INFO_MAPS_TYPE_VMAR) {
			compare_region(info, seen);
			continue;
		}
		for (; next < first; next++)
			if (tree.pages[next].kind == MAPPED)
				fail("page %u is not listed", next);
		for (p = first; p < first + info->size / PAGE; p++, next++) {
			const struct page *page = &tree.pages[p];

			if (p != next || page->kind != MAPPED ||
			    info->u.mapping.vmo_koid != vmos[page->vmo].koid ||
			    info->u.mapping.vmo_offset / PAGE + (p - first) != page->vmo_page ||
			    info->u.mapping.mmu_flags != page->perms ||
			    info->depth != depth_of(tree_region_at(p)) + 1)
				fail("page %u is listed otherwise", p);
		}
	}
	for (i = 0; i < NR_REGIONS; i++)
		if (tree.regions[i].alive && !seen[i])
			fail("region %zu is not listed", i);
	for (; next < NR_PAGES; next++)
		if (tree.pages[next].kind == MAPPED)
			fail("page %u is not listed", next);
}

/* An access to a page and what should come of it */
static void touch(unsigned int p, bool write)
{
	volatile uint32_t *word = (uint32_t *)tree_address(p);
	const struct page *page = &tree.pages[p];
	struct vmo *vmo = &vmos[page->vmo];
	zx_vm_option_t perm = write ? ZX_VM_PERM_WRITE : R;
	int signal = 0, code = 0;
	struct zt_fault fault;
	uint32_t value = 0;

	if (page->kind == NOTHING) {
		signal = SIGSEGV;
		code = SEGV_MAPERR;
	} else if (page->kind == ROOM || (page->kind == MAPPED && !(page->perms & perm))) {
		signal = SIGSEGV;
		code = SEGV_ACCERR;
	} else if (page->kind == MAPPED && page->vmo_page >= vmo->nr) {
		signal = SIGBUS;
		code = BUS_ADRERR;
	}
	if (write)
		fault = ZT_TRY(*word = page->kind == FOREIGN ? ~p : last_number + 1);
	else
		fault = ZT_TRY(value = *word);
	if (fault.signal != signal || (signal && fault.code != code))
		fail("page %u: signal %d, code %d instead of %d, %d", p, fault.signal, fault.code,
		     signal, code);
	if (signal)
		return;
	if (write && page->kind == MAPPED) {
		vmo->numbers[page->vmo_page] = ++last_number;
		vmo->committed[page->vmo_page] = true;
	}
	if (!write && value != (page->kind == FOREIGN ? ~p : vmo->numbers[page->vmo_page]))
		fail("page %u: content %#x", p, value);
}

static void compare_committed(void)
{
	for (unsigned int v = 0; v < NR_VMOS; v++) {
		zx_info_vmo_t info;
		uint64_t nr = 0;

		for (unsigned int p = 0; p < VMO_PAGES; p++)
			nr += vmos[v].committed[p];
		agree(ZX_OK, zx_object_get_info(vmos[v].handle, ZX_INFO_VMO, &info, sizeof(info),
						NULL, NULL));
		if (info.committed_bytes != nr * PAGE)
			fail("VMO %u: %#jx committed bytes instead of %ju pages", v,
			     (uintmax_t)info.committed_bytes, (uintmax_t)nr);
	}
}

static void compare(unsigned int first, unsigned int end)
{
	compare_maps();
	compare_committed();
	for (; first < end; first++)
		touch(first, false);
}

#endif /* ZXVMO_SELFTESTS_VMAR_COMPARE_H */
