// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings of VMOs, by mmap(2) and by zx_vmar_map(): whom the rights let make
 * them, what they show, and what the other calls on memory do to them.
 */
#include <sys/personality.h>
#include <sys/resource.h>

#include <zircon/zxvmo.h>

#include "mem_test.h"

#define PAGES	8

#define NOBODY	65534

#ifndef SYS_mseal
#define SYS_mseal	462
#endif

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

/* Rights at mmap(2) and at mprotect(2) */

#define ALL_RIGHTS	(ZX_DEFAULT_VMO_RIGHTS | ZX_RIGHT_RESIZE)

FIXTURE(rights) {
	zx_handle_t vmo;
};

FIXTURE_VARIANT(rights) {
	int flags;
};

FIXTURE_VARIANT_ADD(rights, shared) { MAP_SHARED };
FIXTURE_VARIANT_ADD(rights, private) { MAP_PRIVATE };

FIXTURE_SETUP(rights)
{
	self->vmo = vmo_create(_metadata, PAGES * PAGE, ZX_VMO_RESIZABLE);
	vmo_fill(_metadata, self->vmo, 0, PAGE, 'A');
}

FIXTURE_TEARDOWN(rights)
{
	EXPECT_OK(zx_handle_close(self->vmo));
}

TEST_F(rights, all_rights_map_and_protect_at_will)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_WRITE, PROT_RW };
	unsigned char *p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		EXPECT_ERRNO(0, try_mmap(self->vmo, prots[i], variant->flags, 0,
					 PAGE));
	}

	p = map_fd(_metadata, self->vmo, PROT_NONE, variant->flags, 0, 1);
	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		EXPECT_ERRNO(0, try_mprotect(p, PAGE, prots[i]));
	}
	EXPECT_EQ('A', *p);
	*p = 'B';
}

TEST_F(rights, without_map_nothing_is_mapped)
{
	zx_handle_t vmo = without_rights(_metadata, self->vmo, ZX_RIGHT_MAP);

	EXPECT_ERRNO(EACCES, try_mmap(vmo, PROT_NONE, variant->flags, 0, PAGE));
	EXPECT_ERRNO(EACCES, try_mmap(vmo, PROT_READ, variant->flags, 0, PAGE));
	EXPECT_ERRNO(EACCES, try_mmap(vmo, PROT_RW, variant->flags, 0, PAGE));
}

TEST_F(rights, without_write_the_vmo_cannot_be_written)
{
	zx_handle_t vmo = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);
	bool shared = variant->flags == MAP_SHARED;
	unsigned char *p;

	EXPECT_ERRNO(shared ? EACCES : 0,
		     try_mmap(vmo, PROT_RW, variant->flags, 0, PAGE));
	EXPECT_ERRNO(shared ? EACCES : 0,
		     try_mmap(vmo, PROT_WRITE, variant->flags, 0, PAGE));
	p = map_fd(_metadata, vmo, PROT_READ, variant->flags, 0, 1);
	EXPECT_ERRNO(shared ? EACCES : 0, try_mprotect(p, PAGE, PROT_RW));
	if (shared) {
		EXPECT_DENIED(store, p);
	} else {
		*p = 'B';
	}
	EXPECT_EQ(PAGE, vmo_span(self->vmo, 0, PAGE, 'A'));
}

/* Nothing on x86 is writable or executable but not readable */
TEST_F(rights, without_read_the_vmo_cannot_be_read)
{
	zx_handle_t vmo = without_rights(_metadata, self->vmo, ZX_RIGHT_READ);
	unsigned char *p;

	EXPECT_ERRNO(EACCES, try_mmap(vmo, PROT_READ, variant->flags, 0, PAGE));
	EXPECT_ERRNO(EACCES, try_mmap(vmo, PROT_RW, variant->flags, 0, PAGE));
	EXPECT_ERRNO(EACCES, try_mmap(vmo, PROT_WRITE, variant->flags, 0, PAGE));
	EXPECT_ERRNO(EACCES, try_mmap(vmo, PROT_EXEC, variant->flags, 0, PAGE));

	p = map_fd(_metadata, vmo, PROT_NONE, variant->flags, 0, 1);
	EXPECT_ERRNO(EACCES, try_mprotect(p, PAGE, PROT_READ));
	EXPECT_ERRNO(EACCES, try_mprotect(p, PAGE, PROT_RW));
	EXPECT_ERRNO(EACCES, try_mprotect(p, PAGE, PROT_WRITE));
	EXPECT_ERRNO(EACCES, try_mprotect(p, PAGE, PROT_EXEC));
	EXPECT_DENIED(load, p);
}

TEST_F(rights, without_execute_nothing_is_executable)
{
	unsigned char *p;

	EXPECT_ERRNO(EACCES, try_mmap(self->vmo, PROT_READ | PROT_EXEC,
				      variant->flags, 0, PAGE));
	EXPECT_ERRNO(EACCES, try_mmap(self->vmo, PROT_RW | PROT_EXEC, variant->flags,
				      0, PAGE));
	p = map_fd(_metadata, self->vmo, PROT_READ, variant->flags, 0, 1);
	EXPECT_ERRNO(EACCES, try_mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_ERRNO(EACCES, try_mprotect(p, PAGE, PROT_EXEC));
	EXPECT_EQ('A', *p);
}

/* The mapping has the rights of the handle it was made with, as they were then */
TEST_F(rights, closing_the_handle_changes_nothing)
{
	zx_handle_t ro = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);
	zx_handle_t rw = with_rights(_metadata, self->vmo, ZX_RIGHT_SAME_RIGHTS);
	unsigned char *p, *q;

	p = map_ro(_metadata, ro, 0, 1);
	q = map_fd(_metadata, rw, PROT_NONE, variant->flags, 0, 1);
	ASSERT_OK(zx_handle_close(ro));
	ASSERT_OK(zx_handle_close(rw));
	EXPECT_ERRNO(EACCES, try_mprotect(p, PAGE, PROT_RW));
	EXPECT_ERRNO(EACCES, try_mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_ERRNO(0, try_mprotect(q, PAGE, PROT_RW));
	*q = 'B';
	EXPECT_EQ(variant->flags == MAP_SHARED ? 'B' : 'A', *p);
}

TEST_F(rights, cut_and_moved_mappings_keep_their_rights)
{
	zx_handle_t vmo = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);
	unsigned char *p, *q;

	p = map_ro(_metadata, vmo, 0, 3);
	ASSERT_EQ(0, munmap(p + PAGE, PAGE));
	EXPECT_ERRNO(EACCES, try_mprotect(p, PAGE, PROT_RW));
	EXPECT_ERRNO(EACCES, try_mprotect(p + 2 * PAGE, PAGE, PROT_RW));
	q = mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE);
	ASSERT_EQ(p + PAGE, q);
	EXPECT_ERRNO(EACCES, try_mprotect(q, PAGE, PROT_RW));
}

/* Reading commits nothing, writing one page */

FIXTURE(map) {
	zx_handle_t vmo;
	unsigned char *p;
};

FIXTURE_SETUP(map)
{
	self->vmo = vmo_create(_metadata, PAGES * PAGE, ZX_VMO_RESIZABLE);
	self->p = map_shared(_metadata, self->vmo, 0, PAGES);
}

FIXTURE_TEARDOWN(map)
{
	EXPECT_OK(zx_handle_close(self->vmo));
}

TEST_F(map, reading_commits_nothing)
{
	unsigned char *private = map_private(_metadata, self->vmo, 0, PAGES);
	unsigned char *ro = map_ro(_metadata, self->vmo, 0, PAGES);

	EXPECT_EQ(PAGES * PAGE, mem_span(self->p, PAGES * PAGE, 0));
	EXPECT_EQ(PAGES * PAGE, mem_span(private, PAGES * PAGE, 0));
	EXPECT_EQ(PAGES * PAGE, mem_span(ro, PAGES * PAGE, 0));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
}

TEST_F(map, writing_commits_one_page)
{
	self->p[3 * PAGE + 100] = 'A';
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ('A', self->p[3 * PAGE + 100]);
	EXPECT_EQ(3 * PAGE + 100, vmo_span(self->vmo, 0, PAGES * PAGE, 0));
	EXPECT_EQ(PAGE - 101, vmo_span(self->vmo, 3 * PAGE + 101, PAGE - 101, 0));
}

TEST_F(map, writing_what_was_read_commits_one_page)
{
	EXPECT_EQ(PAGES * PAGE, mem_span(self->p, PAGES * PAGE, 0));
	self->p[3 * PAGE + 100] = 'A';
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(3 * PAGE + 100, mem_span(self->p, PAGES * PAGE, 0));
	EXPECT_EQ('A', self->p[3 * PAGE + 100]);
	EXPECT_EQ(PAGE - 101, mem_span(self->p + 3 * PAGE + 101, PAGE - 101, 0));
	check_zero_pages(_metadata);
}

TEST_F(map, writing_privately_commits_nothing)
{
	unsigned char *private = map_private(_metadata, self->vmo, 0, PAGES);

	EXPECT_EQ(0, private[PAGE]);
	private[0] = 'A';	/* before it was read */
	private[PAGE] = 'B';	/* after */
	EXPECT_EQ('A', private[0]);
	EXPECT_EQ('B', private[PAGE]);
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(PAGES * PAGE, mem_span(self->p, PAGES * PAGE, 0));
	EXPECT_EQ(PAGES * PAGE, vmo_span(self->vmo, 0, PAGES * PAGE, 0));
	check_zero_pages(_metadata);
}

TEST_F(map, private_mapping_shows_the_vmo_until_it_is_written)
{
	unsigned char *private = map_private(_metadata, self->vmo, 0, PAGES);

	EXPECT_EQ(0, private[0]);
	self->p[0] = 'A';
	self->p[1] = 'A';
	EXPECT_EQ('A', private[0]);
	private[0] = 'B';
	self->p[1] = 'C';
	EXPECT_EQ('B', private[0]);
	EXPECT_EQ('A', private[1]);
	EXPECT_EQ('A', self->p[0]);
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
}

TEST_F(map, map_populate_commits_nothing)
{
	unsigned char *p = map_fd(_metadata, self->vmo, PROT_RW,
				  MAP_SHARED | MAP_POPULATE, 0, PAGES);

	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
	p[0] = 'A';
	EXPECT_EQ('A', self->p[0]);
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
}

TEST_F(map, length_is_rounded_up_to_pages)
{
	unsigned char *p = mmap(NULL, 100, PROT_RW, MAP_SHARED, fd_of(self->vmo), PAGE);

	ASSERT_NE(MAP_FAILED, p);
	p[PAGE - 1] = 'A';
	EXPECT_EQ('A', self->p[2 * PAGE - 1]);
}

/* Every way to write is seen in every way to read */

FIXTURE(coherence) {
	zx_handle_t vmo;
	zx_handle_t other;
	unsigned char *readers[3];	/* at the offset of pages 0, 0 and 2 */
	unsigned char *writer;		/* never read */
	struct peer peer;
	struct __test_metadata *metadata;
};

static long peer_fill(void *arg)
{
	memset(arg, *(unsigned char *)arg + 1, PAGE);
	return 0;
}

static long peer_span(void *arg)
{
	return mem_span(arg, PAGE, *(unsigned char *)arg);
}

static long peer_byte(void *arg)
{
	return *(volatile unsigned char *)arg;
}

FIXTURE_VARIANT(coherence) {
	/* Fills page 3 with @byte, or with 1 more than what is there */
	void (*write)(FIXTURE_DATA(coherence) *self, unsigned char byte);
};

#define COHERENCE_WRITER(name)							\
static void by_##name(FIXTURE_DATA(coherence) *self, unsigned char byte);	\
FIXTURE_VARIANT_ADD(coherence, name) { by_##name };				\
static void by_##name(FIXTURE_DATA(coherence) *self, unsigned char byte)

COHERENCE_WRITER(mapping)
{
	memset(self->writer + 3 * PAGE, byte, PAGE);
}

COHERENCE_WRITER(mapping_that_was_read)
{
	memset(self->readers[2] + PAGE, byte, PAGE);
}

COHERENCE_WRITER(vmo_write)
{
	vmo_fill(self->metadata, self->vmo, 3 * PAGE, PAGE, byte);
}

COHERENCE_WRITER(commit_and_vmo_write)
{
	struct __test_metadata *_metadata = self->metadata;

	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_COMMIT, 0, PAGES));
	EXPECT_EQ(0, self->readers[0][2 * PAGE]);
	vmo_fill(_metadata, self->vmo, 3 * PAGE, PAGE, byte);
}

COHERENCE_WRITER(pwrite)
{
	struct __test_metadata *_metadata = self->metadata;
	unsigned char *buffer = user_pages(_metadata, 1, PROT_RW);

	memset(buffer, byte, PAGE);
	ASSERT_EQ((ssize_t)PAGE, pwrite(fd_of(self->vmo), buffer, PAGE, 3 * PAGE));
}

COHERENCE_WRITER(transfer)
{
	struct __test_metadata *_metadata = self->metadata;

	vmo_fill(_metadata, self->other, PAGE, PAGE, byte);
	ASSERT_OK(zx_vmo_transfer_data(self->vmo, 0, 3 * PAGE, PAGE, self->other,
				       PAGE));
}

COHERENCE_WRITER(other_process)
{
	struct __test_metadata *_metadata = self->metadata;
	unsigned char *p = self->writer + 3 * PAGE;

	while (peer_do(_metadata, &self->peer, peer_byte, p) != byte)
		peer_do(_metadata, &self->peer, peer_fill, p);
}

COHERENCE_WRITER(process_vm_writev)
{
	struct __test_metadata *_metadata = self->metadata;
	unsigned char *buffer = user_pages(_metadata, 1, PROT_RW);
	struct iovec from = { buffer, PAGE };
	struct iovec to = { self->writer + 3 * PAGE, PAGE };

	memset(buffer, byte, PAGE);
	ASSERT_EQ((ssize_t)PAGE,
		  process_vm_writev(self->peer.pid, &from, 1, &to, 1, 0));
}

COHERENCE_WRITER(vmo_read_into_mapping)
{
	struct __test_metadata *_metadata = self->metadata;

	vmo_fill(_metadata, self->other, 0, PAGE, byte);
	ASSERT_OK(zx_vmo_read(self->other, self->writer + 3 * PAGE, 0, PAGE));
}

FIXTURE_SETUP(coherence)
{
	self->metadata = _metadata;
	self->vmo = vmo_create(_metadata, PAGES * PAGE, ZX_VMO_RESIZABLE);
	self->other = vmo_create(_metadata, PAGES * PAGE, ZX_VMO_RESIZABLE);
	self->readers[0] = map_shared(_metadata, self->vmo, 0, PAGES);
	self->readers[1] = map_private(_metadata, self->vmo, 0, PAGES);
	self->readers[2] = map_shared(_metadata, self->vmo, 2, PAGES - 2);
	self->writer = map_shared(_metadata, self->vmo, 0, PAGES);
	self->peer = peer_start(_metadata);
}

FIXTURE_TEARDOWN(coherence)
{
	peer_stop(_metadata, &self->peer);
	EXPECT_OK(zx_handle_close(self->vmo));
	EXPECT_OK(zx_handle_close(self->other));
}

/* Page 3 is all @byte, whoever looks */
static void check_all(struct __test_metadata *_metadata,
		      FIXTURE_DATA(coherence) *self, unsigned char byte)
{
	unsigned char *buffer = user_pages(_metadata, 1, PROT_RW);

	EXPECT_EQ(PAGE, mem_span(self->readers[0] + 3 * PAGE, PAGE, byte));
	EXPECT_EQ(PAGE, mem_span(self->readers[1] + 3 * PAGE, PAGE, byte));
	EXPECT_EQ(PAGE, mem_span(self->readers[2] + PAGE, PAGE, byte));
	EXPECT_EQ(byte, peer_do(_metadata, &self->peer, peer_byte,
				self->readers[0] + 3 * PAGE));
	EXPECT_EQ(PAGE, peer_do(_metadata, &self->peer, peer_span,
				self->readers[1] + 3 * PAGE));
	EXPECT_EQ(PAGE, vmo_span(self->vmo, 3 * PAGE, PAGE, byte));
	EXPECT_EQ((ssize_t)PAGE, pread(fd_of(self->vmo), buffer, PAGE, 3 * PAGE));
	EXPECT_EQ(PAGE, mem_span(buffer, PAGE, byte));
	munmap(buffer, PAGE);
}

TEST_F(coherence, everybody_sees_it)
{
	unsigned char byte;

	check_all(_metadata, self, 0);
	for (byte = 1; byte <= 3; byte++) {
		variant->write(self, byte);
		check_all(_metadata, self, byte);
	}
	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 0, PAGES));
	check_all(_metadata, self, 0);
	variant->write(self, 1);
	check_all(_metadata, self, 1);
	/* Only this page */
	EXPECT_EQ(3 * PAGE, mem_span(self->readers[0], 3 * PAGE, 0));
	EXPECT_EQ((PAGES - 4) * PAGE,
		  mem_span(self->readers[0] + 4 * PAGE, (PAGES - 4) * PAGE, 0));
	check_zero_pages(_metadata);
}

/* The end of the VMO */

TEST_F(map, beyond_the_end_is_sigbus)
{
	zx_handle_t vmo = vmo_create(_metadata, 2 * PAGE, 0);
	unsigned char *p = map_shared(_metadata, vmo, 0, PAGES);
	unsigned char *private = map_private(_metadata, vmo, 0, PAGES);

	EXPECT_SIGBUS(p + 2 * PAGE);
	EXPECT_SIGBUS(p + 3 * PAGE + 123);
	EXPECT_SIGBUS(private + 2 * PAGE + 5);
	p[2 * PAGE - 1] = 'A';
	EXPECT_EQ('A', private[2 * PAGE - 1]);
	EXPECT_EQ(1, vmo_pages(_metadata, vmo));
}

TEST_F(map, works_after_a_grow)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGE, ZX_VMO_RESIZABLE);
	unsigned char *p = map_shared(_metadata, vmo, 0, PAGES);

	EXPECT_SIGBUS(p + PAGE);
	ASSERT_OK(zx_vmo_set_size(vmo, 3 * PAGE));
	EXPECT_EQ(2 * PAGE, mem_span(p + PAGE, 2 * PAGE, 0));
	p[2 * PAGE] = 'A';
	EXPECT_EQ(PAGE, vmo_span(vmo, PAGE, 2 * PAGE, 0));
	EXPECT_EQ(1, vmo_pages(_metadata, vmo));
	EXPECT_SIGBUS(p + 3 * PAGE);
}

TEST_F(map, wholly_beyond_the_end)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGE, ZX_VMO_RESIZABLE);
	unsigned char *p = map_shared(_metadata, vmo, 4, 2);

	EXPECT_SIGBUS(p);
	EXPECT_SIGBUS(p + PAGE);
	ASSERT_OK(zx_vmo_set_size(vmo, 5 * PAGE));
	p[0] = 'A';
	EXPECT_EQ(1, vmo_span(vmo, 4 * PAGE, PAGE, 'A'));
	EXPECT_SIGBUS(p + PAGE);
}

TEST_F(map, size_0)
{
	zx_handle_t vmo = vmo_create(_metadata, 0, ZX_VMO_RESIZABLE);
	unsigned char *p = map_shared(_metadata, vmo, 0, 1);

	EXPECT_SIGBUS(p);
	ASSERT_OK(zx_vmo_set_size(vmo, 1));
	EXPECT_EQ(PAGE, mem_span(p, PAGE, 0));
}

TEST_F(map, the_whole_last_page_is_there)
{
	zx_handle_t vmo = vmo_create(_metadata, 100, ZX_VMO_RESIZABLE);
	unsigned char *p = map_shared(_metadata, vmo, 0, 2);

	p[99] = 'A';
	p[PAGE - 1] = 'B';
	EXPECT_EQ('B', p[PAGE - 1]);
	EXPECT_SIGBUS(p + PAGE);
}

TEST_F(map, shrinking_cuts_off_at_once)
{
	unsigned char *at_2 = map_shared(_metadata, self->vmo, 2, 2);
	unsigned char *ro = map_ro(_metadata, self->vmo, 0, PAGES);

	vmo_fill(_metadata, self->vmo, 0, PAGES * PAGE, 'A');
	EXPECT_EQ(PAGES * PAGE, mem_span(self->p, PAGES * PAGE, 'A'));
	EXPECT_EQ(PAGES * PAGE, mem_span(ro, PAGES * PAGE, 'A'));
	EXPECT_EQ(2 * PAGE, mem_span(at_2, 2 * PAGE, 'A'));

	ASSERT_OK(zx_vmo_set_size(self->vmo, 3 * PAGE));
	EXPECT_EQ(3, vmo_pages(_metadata, self->vmo));
	EXPECT_SIGBUS(self->p + 3 * PAGE);
	EXPECT_SIGBUS(self->p + (PAGES - 1) * PAGE);
	EXPECT_SIGBUS(at_2 + PAGE);
	EXPECT_FAULT(SIGBUS, BUS_ADRERR, load, ro + 3 * PAGE);
	EXPECT_EQ(3 * PAGE, mem_span(self->p, 3 * PAGE, 'A'));
	EXPECT_EQ(PAGE, mem_span(at_2, PAGE, 'A'));

	ASSERT_OK(zx_vmo_set_size(self->vmo, 0));
	EXPECT_SIGBUS(self->p);
	EXPECT_SIGBUS(at_2);
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(0, munmap(self->p, PAGES * PAGE));
	EXPECT_OK(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)at_2, 2 * PAGE));
}

TEST_F(map, shrinking_cuts_off_absent_pages_that_were_read)
{
	unsigned char *private = map_private(_metadata, self->vmo, 0, PAGES);

	EXPECT_EQ(PAGES * PAGE, mem_span(self->p, PAGES * PAGE, 0));
	EXPECT_EQ(PAGES * PAGE, mem_span(private, PAGES * PAGE, 0));
	ASSERT_OK(zx_vmo_set_size(self->vmo, PAGE));
	EXPECT_SIGBUS(self->p + PAGE);
	EXPECT_SIGBUS(self->p + 2 * PAGE);
	EXPECT_SIGBUS(private + PAGE);
	EXPECT_EQ(PAGE, mem_span(self->p, PAGE, 0));
}

TEST_F(map, regrown_pages_read_zero)
{
	unsigned char *at_2 = map_shared(_metadata, self->vmo, 2, 2);

	memset(self->p, 'A', PAGES * PAGE);
	EXPECT_EQ(2 * PAGE, mem_span(at_2, 2 * PAGE, 'A'));
	ASSERT_OK(zx_vmo_set_size(self->vmo, PAGE));
	ASSERT_OK(zx_vmo_set_size(self->vmo, PAGES * PAGE));
	EXPECT_EQ(PAGE, mem_span(self->p, PAGE, 'A'));
	EXPECT_EQ((PAGES - 1) * PAGE, mem_span(self->p + PAGE, (PAGES - 1) * PAGE, 0));
	EXPECT_EQ(2 * PAGE, mem_span(at_2, 2 * PAGE, 0));
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	at_2[0] = 'B';
	EXPECT_EQ('B', self->p[2 * PAGE]);
}

TEST_F(map, shrinking_into_a_page_zeroes_its_tail)
{
	memset(self->p, 'A', 2 * PAGE);
	ASSERT_OK(zx_vmo_set_size(self->vmo, PAGE + 100));
	EXPECT_EQ(PAGE + 100, mem_span(self->p, 2 * PAGE, 'A'));
	EXPECT_EQ(PAGE - 100, mem_span(self->p + PAGE + 100, PAGE - 100, 0));
	EXPECT_SIGBUS(self->p + 2 * PAGE);
}

TEST_F(map, permission_is_looked_at_before_the_size)
{
	unsigned char *p = map_ro(_metadata, self->vmo, PAGES, 1);

	EXPECT_FAULT(SIGBUS, BUS_ADRERR, load, p);
	EXPECT_DENIED(store, p);
}

/* As truncate(2) does; what was never written privately goes anyway */
TEST_F(map, shrinking_drops_private_copies)
{
	unsigned char *private = map_private(_metadata, self->vmo, 0, PAGES);

	vmo_fill(_metadata, self->vmo, 0, 3 * PAGE, 'A');
	memset(private, 'B', PAGES * PAGE);	/* of absent pages too */
	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 2, 1));
	ASSERT_OK(zx_vmo_set_size(self->vmo, PAGE));
	EXPECT_SIGBUS(private + PAGE);
	EXPECT_SIGBUS(private + 2 * PAGE);
	EXPECT_SIGBUS(private + 3 * PAGE);
	EXPECT_SIGBUS(private + (PAGES - 1) * PAGE);
	EXPECT_EQ(PAGE, mem_span(private, PAGE, 'B'));
	ASSERT_OK(zx_vmo_set_size(self->vmo, PAGES * PAGE));
	EXPECT_EQ((PAGES - 1) * PAGE, mem_span(private + PAGE, (PAGES - 1) * PAGE, 0));
}

/* Removing content shows in every mapping, at any offset, in any process */

FIXTURE(removal) {
	zx_handle_t vmo;
	zx_handle_t other;
	unsigned char *p[4];	/* from pages 0, 1, 3; and private */
	struct peer peer;
};

FIXTURE_VARIANT(removal) {
	/* Makes pages 2 to 4 zero */
	zx_status_t (*remove)(FIXTURE_DATA(removal) *self);
};

#define REMOVER(name)							\
static zx_status_t remove_by_##name(FIXTURE_DATA(removal) *self);	\
FIXTURE_VARIANT_ADD(removal, name) { remove_by_##name };		\
static zx_status_t remove_by_##name(FIXTURE_DATA(removal) *self)

REMOVER(decommit)
{
	return vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 2, 3);
}

REMOVER(zero)
{
	return vmo_op(self->vmo, ZX_VMO_OP_ZERO, 2, 3);
}

REMOVER(transfer)
{
	return zx_vmo_transfer_data(self->other, 0, 0, 3 * PAGE, self->vmo,
				    2 * PAGE);
}

REMOVER(transfer_of_nothing)
{
	return zx_vmo_transfer_data(self->vmo, 0, 2 * PAGE, 3 * PAGE, self->other,
				    0);
}

REMOVER(punch_hole)
{
	return fallocate(fd_of(self->vmo), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 2 * PAGE, 3 * PAGE) ? zxvmo_status_from_errno(errno) : ZX_OK;
}

REMOVER(madv_remove)
{
	return madvise(self->p[0] + 2 * PAGE, 3 * PAGE, MADV_REMOVE) ?
	       zxvmo_status_from_errno(errno) : ZX_OK;
}

FIXTURE_SETUP(removal)
{
	self->vmo = vmo_create(_metadata, PAGES * PAGE, ZX_VMO_RESIZABLE);
	self->other = vmo_create(_metadata, PAGES * PAGE, ZX_VMO_RESIZABLE);
	self->p[0] = map_shared(_metadata, self->vmo, 0, PAGES);
	self->p[1] = map_shared(_metadata, self->vmo, 1, PAGES - 1);
	self->p[2] = map_shared(_metadata, self->vmo, 3, PAGES - 3);
	self->p[3] = map_private(_metadata, self->vmo, 0, PAGES);
	self->peer = peer_start(_metadata);
	vmo_fill(_metadata, self->vmo, 0, PAGES * PAGE, 'A');
}

FIXTURE_TEARDOWN(removal)
{
	peer_stop(_metadata, &self->peer);
	EXPECT_OK(zx_handle_close(self->vmo));
	EXPECT_OK(zx_handle_close(self->other));
}

static void check_removed(struct __test_metadata *_metadata,
			  FIXTURE_DATA(removal) *self)
{
	static const unsigned int first[] = { 0, 1, 3, 0 };
	unsigned int i, page;
	unsigned char *p;

	for (i = 0; i < ARRAY_SIZE(first); i++) {
		for (page = first[i]; page < PAGES; page++) {
			bool removed = page >= 2 && page <= 4;
			unsigned char want = removed ? 0 : 'A';

			p = self->p[i] + (page - first[i]) * PAGE;
			EXPECT_EQ(PAGE, mem_span(p, PAGE, want));
			EXPECT_EQ(want, peer_do(_metadata, &self->peer, peer_byte, p));
			EXPECT_EQ(PAGE, peer_do(_metadata, &self->peer, peer_span, p));
		}
	}
	EXPECT_EQ(PAGES - 3, vmo_pages(_metadata, self->vmo));
}

static void touch_all(struct __test_metadata *_metadata,
		      FIXTURE_DATA(removal) *self)
{
	unsigned int page;

	for (page = 0; page < PAGES; page++) {
		peer_do(_metadata, &self->peer, peer_byte, self->p[0] + page * PAGE);
		EXPECT_EQ('A', self->p[0][page * PAGE]);
		EXPECT_EQ('A', self->p[3][page * PAGE]);
	}
	EXPECT_EQ('A', self->p[1][3 * PAGE]);
	EXPECT_EQ('A', self->p[2][0]);
}

TEST_F(removal, shows_where_pages_were_mapped)
{
	touch_all(_metadata, self);
	ASSERT_OK(variant->remove(self));
	check_removed(_metadata, self);
}

TEST_F(removal, shows_where_pages_were_mapped_writable)
{
	memset(self->p[0], 'A', PAGES * PAGE);
	peer_do(_metadata, &self->peer, peer_fill, self->p[2]);
	memset(self->p[1], 'A', (PAGES - 1) * PAGE);
	ASSERT_OK(variant->remove(self));
	check_removed(_metadata, self);
}

TEST_F(removal, shows_where_nothing_was_mapped)
{
	ASSERT_OK(variant->remove(self));
	check_removed(_metadata, self);
}

TEST_F(removal, leaves_the_mapping_usable)
{
	touch_all(_metadata, self);
	ASSERT_OK(variant->remove(self));
	self->p[1][2 * PAGE] = 'B';
	EXPECT_EQ('B', self->p[0][3 * PAGE]);
	EXPECT_EQ('B', self->p[2][0]);
	EXPECT_EQ('B', peer_do(_metadata, &self->peer, peer_byte, self->p[2]));
	EXPECT_EQ(PAGE - 1, mem_span(self->p[2] + 1, PAGE - 1, 0));
	EXPECT_EQ(PAGES - 2, vmo_pages(_metadata, self->vmo));
	check_zero_pages(_metadata);
}

TEST_F(removal, leaves_private_copies)
{
	touch_all(_metadata, self);
	self->p[3][3 * PAGE] = 'B';
	ASSERT_OK(variant->remove(self));
	EXPECT_EQ(PAGE, mem_span(self->p[3] + 2 * PAGE, PAGE, 0));
	EXPECT_EQ('B', self->p[3][3 * PAGE]);
	EXPECT_EQ(PAGE - 1, mem_span(self->p[3] + 3 * PAGE + 1, PAGE - 1, 'A'));
	EXPECT_EQ(PAGE, mem_span(self->p[0] + 3 * PAGE, PAGE, 0));
}

TEST_F(map, zeroing_part_of_a_page_shows_in_mappings)
{
	unsigned char *private = map_private(_metadata, self->vmo, 0, PAGES);

	memset(self->p, 'A', 3 * PAGE);
	EXPECT_EQ('A', private[PAGE / 2]);
	ASSERT_OK(zx_vmo_op_range(self->vmo, ZX_VMO_OP_ZERO, PAGE / 2, 2 * PAGE,
				  NULL, 0));
	EXPECT_EQ(PAGE / 2, mem_span(self->p, PAGE, 'A'));
	EXPECT_EQ(2 * PAGE, mem_span(self->p + PAGE / 2, 2 * PAGE, 0));
	EXPECT_EQ(2 * PAGE, mem_span(private + PAGE / 2, 2 * PAGE, 0));
	EXPECT_EQ(PAGE / 2, mem_span(self->p + 2 * PAGE + PAGE / 2, PAGE / 2, 'A'));
	EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
}

TEST_F(map, set_stream_size_shows_in_mappings)
{
	memset(self->p, 'A', PAGES * PAGE);
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, PAGE + 10));
	EXPECT_EQ(PAGE + 10, mem_span(self->p, PAGES * PAGE, 'A'));
	EXPECT_EQ((PAGES - 1) * PAGE - 10,
		  mem_span(self->p + PAGE + 10, (PAGES - 1) * PAGE - 10, 0));
}

TEST_F(map, cache_operations_and_hints_change_nothing)
{
	static const uint32_t ops[] = {
		ZX_VMO_OP_CACHE_SYNC, ZX_VMO_OP_CACHE_CLEAN,
		ZX_VMO_OP_CACHE_CLEAN_INVALIDATE, ZX_VMO_OP_DONT_NEED,
		ZX_VMO_OP_ALWAYS_NEED, ZX_VMO_OP_PREFETCH,
	};
	size_t i;

	memset(self->p, 'A', 2 * PAGE);
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		zx_status_t status = vmo_op(self->vmo, ops[i], 0, PAGES);

		EXPECT_TRUE(status == ZX_OK || status == ZX_ERR_NOT_SUPPORTED);
		EXPECT_EQ(2 * PAGE, mem_span(self->p, PAGES * PAGE, 'A'));
		EXPECT_EQ((PAGES - 2) * PAGE,
			  mem_span(self->p + 2 * PAGE, (PAGES - 2) * PAGE, 0));
		EXPECT_EQ(2, vmo_pages(_metadata, self->vmo));
	}
}

/* Several processes */

static long peer_decommit(void *arg)
{
	FIXTURE_DATA(map) *self = arg;

	return vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 0, PAGES);
}

TEST_F(map, shared_mapping_stays_shared_over_fork)
{
	struct peer peer;

	self->p[0] = 'A';
	EXPECT_EQ(0, self->p[PAGE]);	/* a zero page, mapped */
	peer = peer_start(_metadata);
	EXPECT_EQ('A', peer_do(_metadata, &peer, peer_byte, self->p));
	peer_do(_metadata, &peer, peer_fill, self->p);
	peer_do(_metadata, &peer, peer_fill, self->p + PAGE);
	peer_do(_metadata, &peer, peer_fill, self->p + 2 * PAGE);
	EXPECT_EQ(PAGE, mem_span(self->p, PAGE, 'B'));
	EXPECT_EQ(2 * PAGE, mem_span(self->p + PAGE, 2 * PAGE, 1));
	self->p[3 * PAGE] = 'C';
	EXPECT_EQ('C', peer_do(_metadata, &peer, peer_byte, self->p + 3 * PAGE));
	EXPECT_EQ(4, vmo_pages(_metadata, self->vmo));

	ASSERT_OK(peer_do(_metadata, &peer, peer_decommit, self));
	EXPECT_EQ(PAGES * PAGE, mem_span(self->p, PAGES * PAGE, 0));
	peer_stop(_metadata, &peer);
}

TEST_F(map, private_copies_are_copied_on_write_after_fork)
{
	unsigned char *private = map_private(_metadata, self->vmo, 0, PAGES);
	struct peer peer;

	self->p[0] = 'A';
	private[0] = 'B';
	EXPECT_EQ(0, private[PAGE]);
	peer = peer_start(_metadata);
	peer_do(_metadata, &peer, peer_fill, private);
	peer_do(_metadata, &peer, peer_fill, private + PAGE);
	EXPECT_EQ('C', peer_do(_metadata, &peer, peer_byte, private));
	EXPECT_EQ(1, peer_do(_metadata, &peer, peer_byte, private + PAGE));
	EXPECT_EQ('B', private[0]);
	EXPECT_EQ(PAGE, mem_span(private + PAGE, PAGE, 0));
	private[0] = 'D';
	EXPECT_EQ('C', peer_do(_metadata, &peer, peer_byte, private));
	EXPECT_EQ('A', self->p[0]);
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	peer_stop(_metadata, &peer);
}

/* Lifetime */

static uint32_t handle_count(zx_handle_t vmo)
{
	zx_info_handle_count_t info = {};

	zx_object_get_info(vmo, ZX_INFO_HANDLE_COUNT, &info, sizeof(info), NULL, NULL);
	return info.handle_count;
}

/* As Linux does with any file; to Zircon they are two things */
TEST_F(map, handle_counts_while_something_is_mapped_through_it)
{
	zx_handle_t other;
	unsigned char *p;

	ASSERT_OK(zx_handle_duplicate(self->vmo, ZX_RIGHT_SAME_RIGHTS, &other));
	p = vmo_map_rw(_metadata, other, 0, 2 * PAGE);
	EXPECT_EQ(2, handle_count(self->vmo));
	ASSERT_OK(zx_handle_close(other));
	EXPECT_EQ(2, handle_count(self->vmo));
	vmo_unmap(_metadata, p, PAGE);
	EXPECT_EQ(2, handle_count(self->vmo));
	vmo_unmap(_metadata, p + PAGE, PAGE);
	EXPECT_EQ(1, handle_count(self->vmo));
}

TEST_F(map, mapping_keeps_the_vmo_alive)
{
	long long pages, objects = zt_stat("objects");
	zx_handle_t vmo = vmo_create(_metadata, PAGES * PAGE, 0);
	unsigned char *p = map_shared(_metadata, vmo, 0, PAGES);

	ASSERT_LE(0, objects);
	p[0] = 'A';
	ASSERT_OK(zx_handle_close(vmo));
	EXPECT_EQ(objects + 1, zt_stat("objects"));
	EXPECT_EQ('A', p[0]);
	EXPECT_EQ(PAGE, mem_span(p + PAGE, PAGE, 0));
	p[2 * PAGE] = 'B';
	EXPECT_EQ('B', p[2 * PAGE]);

	/* A part of it is as good */
	pages = zt_stat("pages");
	ASSERT_EQ(0, munmap(p, 2 * PAGE));
	EXPECT_EQ('B', p[2 * PAGE]);
	EXPECT_EQ(pages, zt_stat("pages"));
	ASSERT_EQ(0, munmap(p + 2 * PAGE, (PAGES - 2) * PAGE));
	EXPECT_TRUE(WAIT_FOR(zt_stat("objects") == objects));
	EXPECT_EQ(pages - 2, zt_stat("pages"));
}

TEST_F(map, content_outlives_the_mapping)
{
	self->p[0] = 'A';
	ASSERT_EQ(0, munmap(self->p, PAGES * PAGE));
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(1, vmo_span(self->vmo, 0, PAGE, 'A'));
}

/* Far offsets: a file ends at 2^63 - 1, so its last page cannot be mapped */

#define MAP_LIMIT	(1ULL << 63)

TEST_F(map, far_offsets)
{
	const uint64_t offsets[] = {
		1ULL << 32, 1ULL << 44, 1ULL << 62, MAP_LIMIT - 2 * PAGE,
	};
	zx_handle_t vmo = vmo_create(_metadata, 0, ZX_VMO_UNBOUNDED);
	unsigned char *p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		p = map_shared(_metadata, vmo, offsets[i] / PAGE, 1);
		EXPECT_EQ(PAGE, mem_span(p, PAGE, 0));
		p[PAGE - 1] = 'A' + i;
		EXPECT_EQ(1, vmo_span(vmo, offsets[i] + PAGE - 1, 1, 'A' + i));
		EXPECT_EQ(i + 1, vmo_pages(_metadata, vmo));
	}
	ASSERT_OK(vmo_op(vmo, ZX_VMO_OP_DECOMMIT, 0, MAX_SIZE / PAGE));
	EXPECT_EQ(PAGE, mem_span(p, PAGE, 0));
	EXPECT_EQ(0, vmo_pages(_metadata, vmo));
}

TEST_F(map, what_lies_beyond_2_to_63_cannot_be_mapped)
{
	zx_handle_t vmo = vmo_create(_metadata, 0, ZX_VMO_UNBOUNDED);
	const uint64_t offsets[] = {
		MAP_LIMIT - PAGE, MAP_LIMIT, MAX_SIZE - PAGE, -PAGE,
	};
	zx_vaddr_t addr;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		EXPECT_NE(0, try_mmap(vmo, PROT_RW, MAP_SHARED, offsets[i], PAGE));
		EXPECT_NE(ZX_OK, zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ,
					     0, vmo, offsets[i], PAGE, &addr));
	}
	EXPECT_EQ(0, vmo_info(_metadata, vmo).num_mappings);
}

TEST_F(map, mapping_that_reaches_2_to_63_is_zapped_to_its_end)
{
	zx_handle_t vmo = vmo_create(_metadata, 0, ZX_VMO_UNBOUNDED);
	unsigned char *p = map_shared(_metadata, vmo, MAP_LIMIT / PAGE - 5, 4);

	memset(p, 'A', 4 * PAGE);
	ASSERT_OK(vmo_op(vmo, ZX_VMO_OP_ZERO, MAP_LIMIT / PAGE - 4, 8));
	EXPECT_EQ(PAGE, mem_span(p, 4 * PAGE, 'A'));
	EXPECT_EQ(3 * PAGE, mem_span(p + PAGE, 3 * PAGE, 0));
}

/* Parts of mappings */

TEST_F(map, unmapping_a_part_leaves_the_rest_in_place)
{
	uint64_t i;

	for (i = 0; i < PAGES; i++)
		self->p[i * PAGE] = 'A' + i;
	ASSERT_EQ(0, munmap(self->p + 3 * PAGE, 2 * PAGE));
	for (i = 0; i < PAGES; i++) {
		if (i == 3 || i == 4)
			EXPECT_UNMAPPED(self->p + i * PAGE);
		else
			EXPECT_EQ('A' + i, self->p[i * PAGE]);
	}
	EXPECT_EQ(PAGES, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(1, vmo_span(self->vmo, 3 * PAGE, PAGE, 'D'));
	/* Both halves are zapped where they should be */
	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 2, 4));
	EXPECT_EQ('B', self->p[PAGE]);
	EXPECT_EQ(0, self->p[2 * PAGE]);
	EXPECT_EQ(0, self->p[5 * PAGE]);
	EXPECT_EQ('G', self->p[6 * PAGE]);
}

TEST_F(map, mapping_over_a_part_leaves_the_rest_in_place)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGES * PAGE, 0);

	memset(self->p, 'A', PAGES * PAGE);
	vmo_fill(_metadata, vmo, 0, PAGE, 'B');
	ASSERT_NE(MAP_FAILED, mmap(self->p + 2 * PAGE, PAGE, PROT_RW,
				   MAP_SHARED | MAP_FIXED, fd_of(vmo), 0));
	EXPECT_EQ(2 * PAGE, mem_span(self->p, PAGES * PAGE, 'A'));
	EXPECT_EQ(PAGE, mem_span(self->p + 2 * PAGE, PAGE, 'B'));
	EXPECT_EQ((PAGES - 3) * PAGE,
		  mem_span(self->p + 3 * PAGE, (PAGES - 3) * PAGE, 'A'));
	EXPECT_EQ(PAGE, vmo_span(self->vmo, 2 * PAGE, PAGE, 'A'));
}

TEST_F(map, mremap_moves)
{
	unsigned char *hole = mmap(NULL, PAGES * PAGE, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char *q;
	uint64_t i;

	ASSERT_NE(MAP_FAILED, hole);
	for (i = 0; i < PAGES; i++)
		self->p[i * PAGE] = 'A' + i;
	q = mremap(self->p + 2 * PAGE, 3 * PAGE, 3 * PAGE,
		   MREMAP_MAYMOVE | MREMAP_FIXED, hole);
	ASSERT_EQ(hole, q);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ('C' + i, q[i * PAGE]);
	}
	EXPECT_EQ('B', self->p[PAGE]);
	EXPECT_EQ('F', self->p[5 * PAGE]);
	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 3, 1));
	EXPECT_EQ('C', q[0]);
	EXPECT_EQ(0, q[PAGE]);
	EXPECT_EQ('E', q[2 * PAGE]);
	q[PAGE] = 'X';
	EXPECT_EQ(1, vmo_span(self->vmo, 3 * PAGE, PAGE, 'X'));
}

TEST_F(map, mremap_does_not_grow)
{
	EXPECT_EQ(MAP_FAILED, mremap(self->p, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(self->p, mremap(self->p, PAGES * PAGE, 2 * PAGE, 0));
	EXPECT_UNMAPPED(self->p + 2 * PAGE);
	self->p[PAGE] = 'A';
	EXPECT_EQ(1, vmo_span(self->vmo, PAGE, PAGE, 'A'));
}

/* The other calls on memory */

TEST_F(map, mlock)
{
	self->p[0] = 'A';
	EXPECT_EQ(0, mlock(self->p, PAGES * PAGE));
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 0, PAGES));
	EXPECT_EQ(PAGES * PAGE, mem_span(self->p, PAGES * PAGE, 0));
	self->p[0] = 'B';
	EXPECT_EQ(0, munlock(self->p, PAGES * PAGE));
	EXPECT_EQ('B', self->p[0]);
	EXPECT_EQ(0, mlockall(MCL_CURRENT | MCL_FUTURE));
	map_shared(_metadata, self->vmo, 0, PAGES);
	EXPECT_EQ(0, munlockall());
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
}

TEST_F(map, madv_populate_read_commits_nothing)
{
	self->p[PAGE] = 'A';
	EXPECT_EQ(0, madvise(self->p, PAGES * PAGE, MADV_POPULATE_READ));
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ('A', self->p[PAGE]);
	EXPECT_EQ(PAGE, mem_span(self->p, PAGE, 0));
}

TEST_F(map, madv_populate_write_commits)
{
	self->p[PAGE] = 'A';
	EXPECT_EQ(0, self->p[0]);
	EXPECT_EQ(0, madvise(self->p, 4 * PAGE, MADV_POPULATE_WRITE));
	EXPECT_EQ(4, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ('A', self->p[PAGE]);
	EXPECT_EQ(PAGE, mem_span(self->p, PAGE, 0));
	vmo_fill(_metadata, self->vmo, 0, PAGE, 'B');
	EXPECT_EQ(PAGE, mem_span(self->p, PAGE, 'B'));
}

TEST_F(map, madv_populate_beyond_the_end_fails)
{
	unsigned char *p = map_shared(_metadata, self->vmo, 0, PAGES + 1);

	EXPECT_EQ(-1, madvise(p, (PAGES + 1) * PAGE, MADV_POPULATE_READ));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, madvise(p + PAGES * PAGE, PAGE, MADV_POPULATE_WRITE));
	EXPECT_EQ(EFAULT, errno);
}

TEST_F(map, madv_dontneed_of_a_shared_mapping_loses_nothing)
{
	memset(self->p, 'A', PAGES * PAGE);
	EXPECT_EQ(0, madvise(self->p, PAGES * PAGE, MADV_DONTNEED));
	EXPECT_EQ(PAGES, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(PAGES * PAGE, mem_span(self->p, PAGES * PAGE, 'A'));
}

TEST_F(map, madv_dontneed_of_a_private_mapping_drops_the_copies)
{
	unsigned char *private = map_private(_metadata, self->vmo, 0, PAGES);

	vmo_fill(_metadata, self->vmo, 0, PAGE, 'A');
	memset(private, 'B', 2 * PAGE);
	EXPECT_EQ(0, madvise(private, PAGES * PAGE, MADV_DONTNEED));
	EXPECT_EQ(PAGE, mem_span(private, PAGE, 'A'));
	EXPECT_EQ(PAGE, mem_span(private + PAGE, PAGE, 0));
}

TEST_F(map, madv_remove_needs_write)
{
	zx_handle_t vmo = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);
	unsigned char *ro = map_ro(_metadata, vmo, 0, 1);

	memset(self->p, 'A', PAGE);
	EXPECT_EQ(-1, madvise(ro, PAGE, MADV_REMOVE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(PAGE, mem_span(self->p, PAGE, 'A'));
}

/* What the kernel may do with its own pages it must not do with these */
TEST_F(map, other_advice_does_no_harm)
{
	static const int advice[] = {
		MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED,
		MADV_COLD, MADV_PAGEOUT, MADV_FREE, MADV_MERGEABLE,
		MADV_UNMERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_COLLAPSE,
		MADV_DONTDUMP, MADV_DODUMP, MADV_DONTFORK, MADV_DOFORK,
		MADV_WIPEONFORK, MADV_KEEPONFORK,
	};
	unsigned char *private = map_private(_metadata, self->vmo, 0, PAGES);
	size_t i;

	memset(self->p, 'A', 3 * PAGE);
	private[0] = 'B';
	for (i = 0; i < ARRAY_SIZE(advice); i++) {
		madvise(self->p, PAGES * PAGE, advice[i]);
		/* MADV_FREE refuses files, so the copy stays there too */
		madvise(private, PAGES * PAGE, advice[i]);
		EXPECT_EQ(3 * PAGE, mem_span(self->p, PAGES * PAGE, 'A'))
			TH_LOG("after advice %d", advice[i]);
		EXPECT_EQ('B', private[0]);
		EXPECT_EQ(3, vmo_pages(_metadata, self->vmo));
	}
	EXPECT_EQ((PAGES - 3) * PAGE,
		  mem_span(self->p + 3 * PAGE, (PAGES - 3) * PAGE, 0));
}

TEST_F(map, msync_has_nothing_to_do)
{
	memset(self->p, 'A', PAGES * PAGE);
	EXPECT_EQ(0, msync(self->p, PAGES * PAGE, MS_SYNC));
	EXPECT_EQ(0, msync(self->p, PAGES * PAGE, MS_ASYNC));
	EXPECT_EQ(0, msync(self->p, PAGES * PAGE, MS_SYNC | MS_INVALIDATE));
	EXPECT_EQ(0, fsync(fd_of(self->vmo)));
	EXPECT_EQ(PAGES * PAGE, mem_span(self->p, PAGES * PAGE, 'A'));
}

TEST_F(map, mincore_tells_what_is_mapped)
{
	unsigned char resident[PAGES];

	self->p[2 * PAGE] = 'A';
	ASSERT_EQ(0, mincore(self->p, PAGES * PAGE, resident));
	EXPECT_EQ(1, resident[2] & 1);
	EXPECT_EQ(0, resident[5] & 1);
}

/* A line of /proc/self/maps or smaps, from the mapping at @p on */
static bool proc_map_line(const char *file, void *p, const char *key, char *line,
			  size_t size)
{
	FILE *f = fopen(file, "re");
	char begin[32];
	bool ours = false;

	if (!f)
		return false;
	snprintf(begin, sizeof(begin), "%lx-", (unsigned long)p);
	while (fgets(line, size, f)) {
		if (!ours)
			ours = !strncmp(line, begin, strlen(begin));
		if (ours && (!key || !strncmp(line, key, strlen(key)))) {
			fclose(f);
			line[strcspn(line, "\n")] = 0;
			return true;
		}
	}
	fclose(f);
	return false;
}

TEST_F(map, proc_maps_names_the_vmo)
{
	char line[512], path[64], name[256];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd_of(self->vmo));
	n = readlink(path, name, sizeof(name) - 1);
	ASSERT_LT(0, n);
	name[n] = 0;
	EXPECT_NE(NULL, strstr(name, "zxvmo")) TH_LOG("%s", name);

	ASSERT_TRUE(proc_map_line("/proc/self/maps", self->p, NULL, line,
				  sizeof(line)));
	EXPECT_NE(NULL, strstr(line, " rw-s 00000000 ")) TH_LOG("%s", line);
	EXPECT_NE(NULL, strstr(line, name)) TH_LOG("%s", line);
}

/* More of them than one page of text holds: each line is whole */
TEST_F(map, proc_maps_names_each_of_many)
{
	enum { MANY = 150 };
	FILE *file;
	char line[512], name[64];
	int i, found = 0;

	for (i = 0; i < MANY; i++)
		map_shared(_metadata, self->vmo, i % PAGES, 1);
	snprintf(name, sizeof(name), "zxvmo:vmo:[%ju]\n",
		 (uintmax_t)vmo_info(_metadata, self->vmo).koid);
	file = fopen("/proc/self/maps", "re");
	ASSERT_NE(NULL, file);
	while (fgets(line, sizeof(line), file)) {
		char *end = strstr(line, name);

		found += end && !end[strlen(name)];
	}
	fclose(file);
	EXPECT_EQ(MANY + 1, found);
}

TEST_F(map, proc_smaps_counts_pages)
{
	char line[512];
	unsigned long rss;

	memset(self->p, 'A', 3 * PAGE);
	ASSERT_TRUE(proc_map_line("/proc/self/smaps", self->p, "Rss:", line,
				  sizeof(line)));
	ASSERT_EQ(1, sscanf(line, "Rss: %lu kB", &rss));
	EXPECT_EQ(3 * PAGE / 1024, rss);
	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 0, 2));
	ASSERT_TRUE(proc_map_line("/proc/self/smaps", self->p, "Rss:", line,
				  sizeof(line)));
	ASSERT_EQ(1, sscanf(line, "Rss: %lu kB", &rss));
	EXPECT_EQ(PAGE / 1024, rss);
}

/* What ZX_INFO_VMO tells of mappings */

TEST_F(map, info_without_mappings)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGES * PAGE, 0);
	zx_info_vmo_t info = vmo_info(_metadata, vmo);

	EXPECT_EQ(0, info.num_mappings);
	EXPECT_EQ(1, info.share_count);
	EXPECT_EQ(0, info.flags & ZX_INFO_VMO_VIA_MAPPING);
}

TEST_F(map, info_counts_mappings)
{
	zx_info_vmo_t info;
	unsigned char *p;

	EXPECT_EQ(1, vmo_info(_metadata, self->vmo).num_mappings);
	p = map_private(_metadata, self->vmo, 2, 2);
	EXPECT_EQ(2, vmo_info(_metadata, self->vmo).num_mappings);
	ASSERT_EQ(0, munmap(self->p + PAGE, PAGE));
	EXPECT_EQ(3, vmo_info(_metadata, self->vmo).num_mappings);
	ASSERT_EQ(0, mprotect(self->p + 3 * PAGE, PAGE, PROT_READ));
	EXPECT_EQ(5, vmo_info(_metadata, self->vmo).num_mappings);
	ASSERT_EQ(0, munmap(p, 2 * PAGE));
	EXPECT_EQ(4, vmo_info(_metadata, self->vmo).num_mappings);
	ASSERT_EQ(0, munmap(self->p, PAGES * PAGE));
	info = vmo_info(_metadata, self->vmo);
	EXPECT_EQ(0, info.num_mappings);
	EXPECT_EQ(1, info.share_count);
}

TEST_F(map, info_counts_address_spaces)
{
	zx_info_vmo_t info;
	struct peer peer;

	map_shared(_metadata, self->vmo, 0, 1);
	EXPECT_EQ(1, vmo_info(_metadata, self->vmo).share_count);
	peer = peer_start(_metadata);
	info = vmo_info(_metadata, self->vmo);
	EXPECT_EQ(2, info.share_count);
	EXPECT_EQ(4, info.num_mappings);
	peer_stop(_metadata, &peer);
	info = vmo_info(_metadata, self->vmo);
	EXPECT_EQ(1, info.share_count);
	EXPECT_EQ(2, info.num_mappings);
}

TEST_F(map, mappings_of_the_vmar_calls_count_alike)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, PAGE, 2 * PAGE);

	EXPECT_EQ(2, vmo_info(_metadata, self->vmo).num_mappings);
	vmo_unmap(_metadata, p, 2 * PAGE);
	EXPECT_EQ(1, vmo_info(_metadata, self->vmo).num_mappings);
}

/* The contents through zx_vmar_map(), zx_vmar_protect() and zx_vmar_unmap() */

static zx_status_t vmar_protect(void *p, zx_vm_option_t options, uint64_t pages)
{
	return zx_vmar_protect(zx_vmar_root_self(), options, (zx_vaddr_t)p,
			       pages * PAGE);
}

TEST_F(map, vmar_map_and_mmap_show_the_same)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 2 * PAGE, 4 * PAGE);

	p[PAGE] = 'A';
	EXPECT_EQ('A', self->p[3 * PAGE]);
	self->p[5 * PAGE] = 'B';
	EXPECT_EQ('B', p[3 * PAGE]);
	ASSERT_OK(vmo_op(self->vmo, ZX_VMO_OP_DECOMMIT, 0, PAGES));
	EXPECT_EQ(4 * PAGE, mem_span(p, 4 * PAGE, 0));
}

TEST_F(map, vmar_map_beyond_the_end)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGE, ZX_VMO_RESIZABLE);
	unsigned char *p = vmo_map_rw(_metadata, vmo, 0, 3 * PAGE);
	unsigned char *q = vmo_map_rw(_metadata, vmo, 2 * PAGE, PAGE);

	p[0] = 'A';
	EXPECT_SIGBUS(p + PAGE);
	EXPECT_SIGBUS(q);
	ASSERT_OK(zx_vmo_set_size(vmo, 3 * PAGE));
	q[0] = 'B';
	EXPECT_EQ('B', p[2 * PAGE]);
}

TEST_F(map, vmar_map_specific_is_where_it_was_asked)
{
	unsigned char *hole = user_pages(_metadata, 3, PROT_NONE);
	zx_vaddr_t addr = 0, want = (zx_vaddr_t)hole + PAGE;

	ASSERT_EQ(0, munmap(hole + PAGE, PAGE));
	ASSERT_OK(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_SPECIFIC,
			      want - ZXVMO_VMAR_ROOT_BASE, self->vmo, PAGE, PAGE,
			      &addr));
	EXPECT_EQ(want, addr);
	self->p[PAGE] = 'A';
	EXPECT_EQ('A', *(unsigned char *)addr);
	EXPECT_DENIED(store, (void *)addr);
	EXPECT_ST(ZX_ERR_ALREADY_EXISTS,
		  zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_SPECIFIC,
			      want - ZXVMO_VMAR_ROOT_BASE, self->vmo, 0, PAGE,
			      &addr));
	EXPECT_EQ('A', *(unsigned char *)want);
}

TEST_F(map, vmar_protect_to_nothing_and_back)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, 4 * PAGE);

	memset(p, 'A', 4 * PAGE);
	ASSERT_OK(vmar_protect(p + PAGE, 0, 2));
	EXPECT_DENIED(load, p + PAGE);
	EXPECT_EQ(PAGE, mem_span(p, PAGE, 'A'));
	EXPECT_EQ(PAGE, mem_span(p + 3 * PAGE, PAGE, 'A'));
	ASSERT_OK(vmar_protect(p + PAGE, ZX_VM_PERM_READ, 2));
	EXPECT_EQ(4 * PAGE, mem_span(p, 4 * PAGE, 'A'));
	EXPECT_DENIED(store, p + PAGE);
	ASSERT_OK(vmar_protect(p, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 4));
	p[PAGE] = 'B';
	EXPECT_EQ('B', self->p[PAGE]);
}

TEST_F(map, vmar_map_without_permissions)
{
	unsigned char *p = vmo_map(_metadata, self->vmo, 0, 0, PAGE);

	self->p[0] = 'A';
	EXPECT_DENIED(load, p);
	ASSERT_OK(vmar_protect(p, ZX_VM_PERM_READ, 1));
	EXPECT_EQ('A', p[0]);
}

TEST_F(map, vmar_unmap_of_a_part)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, 4 * PAGE);

	memset(p, 'A', 4 * PAGE);
	vmo_unmap(_metadata, p + PAGE, PAGE);
	EXPECT_UNMAPPED(p + PAGE);
	EXPECT_EQ(PAGE, mem_span(p, PAGE, 'A'));
	EXPECT_EQ(2 * PAGE, mem_span(p + 2 * PAGE, 2 * PAGE, 'A'));
	EXPECT_EQ(4 * PAGE, mem_span(self->p, 4 * PAGE, 'A'));
	/* With holes in it */
	vmo_unmap(_metadata, p, 4 * PAGE);
	EXPECT_EQ(1, vmo_info(_metadata, self->vmo).num_mappings);
}

/* What Linux has sealed stays */
TEST_F(map, vmar_unmap_of_a_sealed_mapping)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, 2 * PAGE);

	p[0] = 'A';
	if (syscall(SYS_mseal, p, 2 * PAGE, 0))
		SKIP(return, "no mseal(2)");
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)p, PAGE));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, vmar_protect(p, ZX_VM_PERM_READ, 1));
	EXPECT_EQ('A', p[0]);
	p[0] = 'B';
	EXPECT_EQ('B', self->p[0]);
}

/* mlockall(2) makes a mapping count towards what the user may lock */
TEST_F(map, vmar_map_beyond_what_may_be_locked)
{
	struct rlimit limit = { 4 * PAGE, 4 * PAGE };
	zx_vaddr_t addr = 0;

	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, NOBODY));
	ASSERT_EQ(0, mlockall(MCL_FUTURE));
	EXPECT_ST(ZX_ERR_NO_MEMORY,
		  zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ, 0, self->vmo, 0,
			      PAGES * PAGE, &addr));
	EXPECT_EQ(0, addr);
	EXPECT_OK(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ, 0, self->vmo, 0,
			      PAGE, &addr));
	EXPECT_EQ(0, munlockall());
}

TEST_F(map, vmar_mapping_outlives_the_handle)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGE, 0);
	unsigned char *p = vmo_map_rw(_metadata, vmo, 0, PAGE);

	p[0] = 'A';
	ASSERT_OK(zx_handle_close(vmo));
	EXPECT_EQ('A', p[0]);
}

/* Running code out of a VMO */

#if defined(__x86_64__) || defined(__i386__)
static const unsigned char code[] = {	/* mov $42, %eax; ret */
	0xb8, 42, 0, 0, 0, 0xc3
};
#elif defined(__aarch64__)
static const unsigned char code[] = {	/* mov w0, #42; ret */
	0x40, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6
};
#endif

FIXTURE(code) {
	zx_handle_t vmo;
	int policy;
};

FIXTURE_SETUP(code)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGES * PAGE, 0);

	ASSERT_OK(zx_vmo_write(vmo, code, PAGE, sizeof(code)));
	self->policy = param_get("ambient_mark_vmo_exec");
	ASSERT_LE(0, self->policy);
	ASSERT_EQ(0, param_set("ambient_mark_vmo_exec", 1));
	ASSERT_OK(zx_vmo_replace_as_executable(vmo, ZX_HANDLE_INVALID, &self->vmo));
}

FIXTURE_TEARDOWN_PARENT(code)
{
	if (self->policy >= 0)
		param_set("ambient_mark_vmo_exec", self->policy);
}

static int run_code(unsigned char *p)
{
	int (*fn)(void) = (int (*)(void))p;

	__builtin___clear_cache((char *)p, (char *)p + sizeof(code));
	return fn();
}

static void run_access(volatile unsigned char *p, unsigned char *result)
{
	*result = run_code((unsigned char *)p);
}

TEST_F(code, runs_in_a_mapping)
{
	static const int flags[] = { MAP_SHARED, MAP_PRIVATE };
	unsigned char *p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		p = map_fd(_metadata, self->vmo, PROT_READ | PROT_EXEC, flags[i], 1, 1);
		EXPECT_EQ(42, run_code(p));
	}
}

TEST_F(code, runs_in_a_mapping_of_the_vmar)
{
	unsigned char *p = vmo_map(_metadata, self->vmo,
				   ZX_VM_PERM_READ | ZX_VM_PERM_EXECUTE, PAGE,
				   PAGE);

	EXPECT_EQ(42, run_code(p));
}

TEST_F(code, runs_after_protect)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, 2 * PAGE);

	memcpy(p, code, sizeof(code));
	EXPECT_DENIED(run_access, p);
	ASSERT_OK(vmar_protect(p, ZX_VM_PERM_READ | ZX_VM_PERM_EXECUTE, 2));
	EXPECT_EQ(42, run_code(p));
	EXPECT_EQ(42, run_code(p + PAGE));
}

/* For programs of old, which want all that is readable to be executable */
TEST_F(map, read_implies_exec_executes_nothing)
{
	unsigned char *p;
	char line[512];

	ASSERT_LE(0, personality(personality(0xffffffff) | READ_IMPLIES_EXEC));
	p = map_ro(_metadata, self->vmo, 0, 1);
	ASSERT_TRUE(proc_map_line("/proc/self/maps", p, NULL, line, sizeof(line)));
	EXPECT_NE(NULL, strstr(line, " r--s ")) TH_LOG("%s", line);
	EXPECT_ERRNO(0, try_mprotect(p, PAGE, PROT_READ));
	EXPECT_ERRNO(EACCES, try_mprotect(p, PAGE, PROT_READ | PROT_EXEC));
}

TEST_F(code, other_handles_do_not_become_executable)
{
	zx_handle_t vmo = without_rights(_metadata, self->vmo, ZX_RIGHT_EXECUTE);

	EXPECT_ERRNO(EACCES, try_mmap(vmo, PROT_READ | PROT_EXEC, MAP_SHARED, 0,
				      PAGE));
}

TEST_HARNESS_MAIN
