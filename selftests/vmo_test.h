/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs that test VMOs share.
 *
 * Helpers that take _metadata end the test if what they need cannot be had.
 * The span functions count: EXPECT_EQ(length, vmo_span(...)) fails at the line
 * of the test and tells how far the contents were right.
 */
#ifndef ZXVMO_SELFTESTS_VMO_TEST_H
#define ZXVMO_SELFTESTS_VMO_TEST_H

#include "zxtest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>

#define PAGE		((uint64_t)zx_system_get_page_size())
#define MAX_SIZE	((uint64_t)ZXVMO_VMO_MAX_SIZE)

/*
 * Costs follow populated pages: what would need years if it went through every
 * page of the range has to end within this time, on an emulated machine too.
 */
#define QUICK_NS	15000000000LL

/* The three kinds of plain VMO as variants of a fixture */
#define KIND_VARIANTS(fixture)						\
	FIXTURE_VARIANT(fixture) { uint32_t options; };			\
	FIXTURE_VARIANT_ADD(fixture, fixed) { 0 };			\
	FIXTURE_VARIANT_ADD(fixture, resizable) { ZX_VMO_RESIZABLE };	\
	FIXTURE_VARIANT_ADD(fixture, unbounded) { ZX_VMO_UNBOUNDED }

#define EXPECT_QUICK(statement) do {					\
	int64_t __start = zx_clock_get_monotonic();			\
	statement;							\
	EXPECT_GT(QUICK_NS, zx_clock_get_monotonic() - __start);	\
} while (0)

static zt_unused zx_handle_t vmo_create(struct __test_metadata *const _metadata,
					uint64_t size, uint32_t options)
{
	zx_handle_t vmo;

	ASSERT_OK(zx_vmo_create(size, options, &vmo));
	return vmo;
}

static zt_unused zx_handle_t event_create(struct __test_metadata *const _metadata)
{
	zx_handle_t event;

	ASSERT_OK(zx_event_create(0, &event));
	return event;
}

static zt_unused zx_handle_t with_rights(struct __test_metadata *const _metadata,
					 zx_handle_t handle, zx_rights_t rights)
{
	zx_handle_t copy;

	ASSERT_OK(zx_handle_duplicate(handle, rights, &copy));
	return copy;
}

static zt_unused zx_info_handle_basic_t
handle_basic(struct __test_metadata *const _metadata, zx_handle_t handle)
{
	zx_info_handle_basic_t basic;

	ASSERT_OK(zx_object_get_info(handle, ZX_INFO_HANDLE_BASIC, &basic,
				     sizeof(basic), NULL, NULL));
	return basic;
}

static zt_unused zx_rights_t rights_of(struct __test_metadata *const _metadata,
				       zx_handle_t handle)
{
	return handle_basic(_metadata, handle).rights;
}

/* All rights of @handle but @missing */
static zt_unused zx_handle_t
without_rights(struct __test_metadata *const _metadata, zx_handle_t handle,
	       zx_rights_t missing)
{
	return with_rights(_metadata, handle,
			   rights_of(_metadata, handle) & ~missing);
}

/* A value that was a handle; nothing else may be opened while it is used */
static zt_unused zx_handle_t closed_handle(struct __test_metadata *const _metadata)
{
	zx_handle_t handle = vmo_create(_metadata, 0, 0);

	ASSERT_OK(zx_handle_close(handle));
	return handle;
}

/* An object of the wrong type, without rights: the type is looked at first */
static zt_unused zx_handle_t wrong_type(struct __test_metadata *const _metadata)
{
	return with_rights(_metadata, event_create(_metadata), ZX_RIGHT_NONE);
}

static zt_unused zx_info_vmo_t vmo_info(struct __test_metadata *const _metadata,
					zx_handle_t vmo)
{
	zx_info_vmo_t info;

	ASSERT_OK(zx_object_get_info(vmo, ZX_INFO_VMO, &info, sizeof(info),
				     NULL, NULL));
	return info;
}

/* Committed pages */
static zt_unused uint64_t vmo_pages(struct __test_metadata *const _metadata,
				    zx_handle_t vmo)
{
	zx_info_vmo_t info = vmo_info(_metadata, vmo);

	ASSERT_EQ(info.committed_bytes, info.populated_bytes);
	ASSERT_EQ(0, info.committed_bytes % PAGE);
	return info.committed_bytes / PAGE;
}

static zt_unused uint64_t vmo_size(struct __test_metadata *const _metadata,
				   zx_handle_t vmo)
{
	uint64_t size;

	ASSERT_OK(zx_vmo_get_size(vmo, &size));
	return size;
}

static zt_unused uint64_t vmo_stream_size(struct __test_metadata *const _metadata,
					  zx_handle_t vmo)
{
	uint64_t size;

	ASSERT_OK(zx_vmo_get_stream_size(vmo, &size));
	return size;
}

/* Leading bytes of the memory that are @byte */
static zt_unused uint64_t mem_span(const void *memory, uint64_t length,
				   unsigned char byte)
{
	const unsigned char *p = memory;
	uint64_t i;

	for (i = 0; i < length && p[i] == byte; i++)
		;
	return i;
}

/* Leading bytes of the range that are @byte; less if it cannot be read */
static zt_unused uint64_t vmo_span(zx_handle_t vmo, uint64_t offset,
				   uint64_t length, unsigned char byte)
{
	unsigned char chunk[4096];
	uint64_t done, n, same;

	for (done = 0; done < length; done += n) {
		n = length - done;
		if (n > sizeof(chunk))
			n = sizeof(chunk);
		if (zx_vmo_read(vmo, chunk, offset + done, n) != ZX_OK)
			return done;
		same = mem_span(chunk, n, byte);
		if (same < n)
			return done + same;
	}
	return done;
}

static zt_unused void vmo_fill(struct __test_metadata *const _metadata,
			       zx_handle_t vmo, uint64_t offset, uint64_t length,
			    unsigned char byte)
{
	unsigned char *buffer = malloc(length);

	ASSERT_NE(NULL, buffer);
	memset(buffer, byte, length);
	ASSERT_OK(zx_vmo_write(vmo, buffer, offset, length));
	free(buffer);
}

static zt_unused unsigned char *
vmo_map(struct __test_metadata *const _metadata, zx_handle_t vmo,
	zx_vm_option_t options, uint64_t offset, size_t length)
{
	zx_vaddr_t addr;

	ASSERT_OK(zx_vmar_map(zx_vmar_root_self(), options, 0, vmo, offset,
			      length, &addr));
	return (unsigned char *)addr;
}

#define vmo_map_rw(metadata, vmo, offset, length)	\
	vmo_map(metadata, vmo, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, offset, length)

static zt_unused void vmo_unmap(struct __test_metadata *const _metadata,
				void *addr, size_t length)
{
	ASSERT_OK(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)addr, length));
}

/*
 * Contents as text, a letter for each page: what fills it, '.' for zeros, '?'
 * for bytes that differ, '!' if it cannot be read. The last few texts stay.
 */
#define MAX_LETTERS	64

static zt_unused const char *vmo_letters(zx_handle_t vmo, uint64_t page, unsigned int pages)
{
	static char texts[8][MAX_LETTERS + 1];
	static unsigned int turn;
	char *text = texts[turn++ % 8];
	unsigned char first;
	unsigned int i;

	for (i = 0; i < pages && i < MAX_LETTERS; i++) {
		text[i] = '?';
		if (zx_vmo_read(vmo, &first, (page + i) * PAGE, 1) != ZX_OK)
			text[i] = '!';
		else if (vmo_span(vmo, (page + i) * PAGE, PAGE, first) == PAGE)
			text[i] = first ? first : '.';
	}
	text[i] = 0;
	return text;
}

static zt_unused const char *mem_letters(const void *memory, unsigned int pages)
{
	static char texts[8][MAX_LETTERS + 1];
	static unsigned int turn;
	char *text = texts[turn++ % 8];
	const unsigned char *p = memory;
	unsigned int i;

	for (i = 0; i < pages && i < MAX_LETTERS; i++, p += PAGE)
		text[i] = mem_span(p, PAGE, *p) < PAGE ? '?' : *p ? *p : '.';
	text[i] = 0;
	return text;
}

/* The pages from @page on are as the text tells */
#define EXPECT_LETTERS_AT(page, text, vmo)	\
	EXPECT_STREQ(text, vmo_letters(vmo, page, strlen(text)))
#define EXPECT_LETTERS(text, vmo)	EXPECT_LETTERS_AT(0, text, vmo)
#define EXPECT_MAPPED(text, memory)	\
	EXPECT_STREQ(text, mem_letters(memory, strlen(text)))

/* Write such a text, but for its dots, which leave their pages alone */
static zt_unused void vmo_spell(struct __test_metadata *const _metadata,
				zx_handle_t vmo, uint64_t page, const char *text)
{
	for (; *text; text++, page++)
		if (*text != '.')
			vmo_fill(_metadata, vmo, page * PAGE, PAGE, *text);
}

/* Children */

static const struct child_kind {
	const char *name;
	uint32_t option;
	bool snapshot;
} child_kinds[] zt_unused = {
	{ "SNAPSHOT", ZX_VMO_CHILD_SNAPSHOT, true },
	{ "SNAPSHOT_AT_LEAST_ON_WRITE", ZX_VMO_CHILD_SNAPSHOT_AT_LEAST_ON_WRITE, true },
	{ "SNAPSHOT_MODIFIED", ZX_VMO_CHILD_SNAPSHOT_MODIFIED, true },
	{ "SLICE", ZX_VMO_CHILD_SLICE, false },
	{ "REFERENCE", ZX_VMO_CHILD_REFERENCE, false },
};

static zt_unused zx_handle_t
vmo_child(struct __test_metadata *const _metadata, zx_handle_t parent,
	  uint32_t options, uint64_t offset, uint64_t size)
{
	zx_handle_t child = ZX_HANDLE_INVALID;

	ASSERT_OK(zx_vmo_create_child(parent, options, offset, size, &child));
	return child;
}

/* Of these pages of the parent */
#define vmo_snapshot(metadata, parent, page, pages)	\
	vmo_child(metadata, parent, ZX_VMO_CHILD_SNAPSHOT, (page) * PAGE, (pages) * PAGE)
#define vmo_slice(metadata, parent, page, pages)	\
	vmo_child(metadata, parent, ZX_VMO_CHILD_SLICE, (page) * PAGE, (pages) * PAGE)
#define vmo_reference(metadata, parent)	\
	vmo_child(metadata, parent, ZX_VMO_CHILD_REFERENCE, 0, 0)

/* Any kind, of all of the parent */
static zt_unused zx_handle_t
vmo_child_of_kind(struct __test_metadata *const _metadata, zx_handle_t parent,
		  const struct child_kind *kind)
{
	bool reference = kind->option == ZX_VMO_CHILD_REFERENCE;

	return vmo_child(_metadata, parent, kind->option, 0,
			 reference ? 0 : vmo_size(_metadata, parent));
}

static zt_unused zx_koid_t koid_of(struct __test_metadata *const _metadata,
				   zx_handle_t handle)
{
	return handle_basic(_metadata, handle).koid;
}

static zt_unused zx_signals_t signals_of(struct __test_metadata *const _metadata,
					 zx_handle_t handle)
{
	zx_signals_t observed = 0;

	ASSERT_ST(ZX_ERR_TIMED_OUT, zx_object_wait_one(handle, 0, 0, &observed));
	return observed;
}

/* The parent knows of so many children, and its signal agrees */
#define EXPECT_CHILDREN(n, vmo) do {						\
	EXPECT_EQ(n, vmo_info(_metadata, vmo).num_children);			\
	EXPECT_EQ((n) ? 0 : ZX_VMO_ZERO_CHILDREN,				\
		  signals_of(_metadata, vmo) & ZX_VMO_ZERO_CHILDREN);		\
} while (0)

/* A counter of the module once what earlier tests have left is freed */
static zt_unused long long stat_at_rest(const char *name)
{
	long long before, now = zt_stat(name);

	do {
		before = now;
		usleep(50000);
		now = zt_stat(name);
	} while (now != before);
	return now;
}

static zt_unused zx_status_t vmo_pages_op(zx_handle_t vmo, uint32_t op, uint64_t page,
					  uint64_t pages)
{
	return zx_vmo_op_range(vmo, op, page * PAGE, pages * PAGE, NULL, 0);
}

/* Ordinary memory */
static zt_unused unsigned char *user_pages(struct __test_metadata *const _metadata,
					   size_t pages, int prot)
{
	void *p = mmap(NULL, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	ASSERT_NE(MAP_FAILED, p);
	return p;
}

/* A page of ordinary memory with nothing mapped behind it */
static zt_unused unsigned char *
page_before_hole(struct __test_metadata *const _metadata)
{
	unsigned char *p = user_pages(_metadata, 2, PROT_READ | PROT_WRITE);

	ASSERT_EQ(0, munmap(p + PAGE, PAGE));
	return p;
}

/*
 * Boolean parameters of the module. A test that changes one restores it in
 * FIXTURE_TEARDOWN_PARENT(), which runs even if the test dies.
 */
static zt_unused int param_open(const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/zxvmo/parameters/%s", name);
	return open(path, flags);
}

static zt_unused int param_get(const char *name)
{
	int fd = param_open(name, O_RDONLY);
	char value = 0;
	int ret = -1;

	if (fd < 0)
		return -1;
	if (read(fd, &value, 1) == 1)
		ret = value == 'Y';
	close(fd);
	return ret;
}

static zt_unused int param_set(const char *name, int on)
{
	int fd = param_open(name, O_WRONLY);
	int ret = -1;

	if (fd < 0)
		return -1;
	if (write(fd, on ? "Y" : "N", 1) == 1)
		ret = 0;
	close(fd);
	return ret;
}

/* x86 has every cache operation; elsewhere it may be missing: NOT_SUPPORTED. */
static zt_unused bool have_cache_op(struct __test_metadata *const _metadata, uint32_t op)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGE, 0);
	zx_status_t status = zx_vmo_op_range(vmo, op, 0, PAGE, NULL, 0);

	ASSERT_OK(zx_handle_close(vmo));
#ifdef __x86_64__
	ASSERT_OK(status);
#endif
	return status != ZX_ERR_NOT_SUPPORTED;
}

/*
 * A function that returns @n, to be written to a place that is executed.
 * Returns its length, 0 on an architecture it was not written for.
 */
static zt_unused size_t code_returning(unsigned char n, unsigned char code[8])
{
#if defined(__x86_64__)		/* mov $n, %eax; ret */
	const unsigned char words[] = { 0xb8, n, 0, 0, 0, 0xc3 };
#elif defined(__aarch64__)	/* mov w0, #n; ret */
	const uint32_t words[] = { 0x52800000 | n << 5, 0xd65f03c0 };
#elif defined(__riscv)		/* li a0, n; ret */
	const uint32_t words[] = { 0x00000513 | n << 20, 0x00008067 };
#else
	const unsigned char words[0] = {};
#endif

	memcpy(code, words, sizeof(words));
	return sizeof(words);
}

#endif /* ZXVMO_SELFTESTS_VMO_TEST_H */
