// SPDX-License-Identifier: GPL-2.0-only
/*
 * Snapshots are isolated from their relatives through every way to change one:
 * calls, mappings from before and after, file operations, resizing, transfers.
 */
#include <linux/falloc.h>

#include "mem_test.h"

#define PAGES	8
#define FIRST	"abcdefgh"
#define SIZE	(PAGES * PAGE)

#define SNAPSHOT	ZX_VMO_CHILD_SNAPSHOT
#define RESIZABLE	ZX_VMO_CHILD_RESIZABLE

static uint64_t private_pages(struct __test_metadata *_metadata, zx_handle_t vmo)
{
	return vmo_info(_metadata, vmo).committed_private_bytes / PAGE;
}

/*
 * Each way to change page 2 of a VMO of 8 pages, which may change the pages
 * behind it as well
 */

struct changer {
	zx_handle_t vmo;
	unsigned char *p;	/* all of it, mapped for writing */
	zx_handle_t other;	/* of one page, full of X */
	unsigned char *x;	/* the same in ordinary memory */
};

FIXTURE(change) {
	struct changer parent;
	zx_handle_t other;
	unsigned char *x;
};

FIXTURE_VARIANT(change) {
	bool (*fn)(const struct changer *c);	/* whether it worked */
	const char *after;
};

#define CHANGE(name, after)						\
static bool change_##name(const struct changer *c);			\
FIXTURE_VARIANT_ADD(change, name) { change_##name, after };		\
static bool change_##name(const struct changer *c)

CHANGE(vmo_write, "abXdefgh")
{
	return zx_vmo_write(c->vmo, c->x, 2 * PAGE, PAGE) == ZX_OK;
}

CHANGE(store, "abXdefgh")
{
	memset(c->p + 2 * PAGE, 'X', PAGE);
	return true;
}

CHANGE(pwrite, "abXdefgh")
{
	return pwrite(fd_of(c->vmo), c->x, PAGE, 2 * PAGE) == (ssize_t)PAGE;
}

CHANGE(write_in_append_mode, "abX.....")
{
	return ftruncate(fd_of(c->vmo), 2 * PAGE) == 0 &&
	       fcntl(fd_of(c->vmo), F_SETFL, O_APPEND) == 0 &&
	       write(fd_of(c->vmo), c->x, PAGE) == (ssize_t)PAGE &&
	       zx_vmo_set_size(c->vmo, SIZE) == ZX_OK;
}

CHANGE(splice, "abXdefgh")
{
	off_t offset = 2 * PAGE;
	int fds[2];

	return pipe(fds) == 0 && write(fds[1], c->x, PAGE) == (ssize_t)PAGE &&
	       splice(fds[0], NULL, fd_of(c->vmo), &offset, PAGE, 0) == (ssize_t)PAGE;
}

CHANGE(read_of_a_pipe_into_a_mapping, "abXdefgh")
{
	int fds[2];

	return pipe(fds) == 0 && write(fds[1], c->x, PAGE) == (ssize_t)PAGE &&
	       read(fds[0], c->p + 2 * PAGE, PAGE) == (ssize_t)PAGE;
}

CHANGE(vmo_read_into_a_mapping, "abXdefgh")
{
	return zx_vmo_read(c->other, c->p + 2 * PAGE, 0, PAGE) == ZX_OK;
}

CHANGE(process_vm_writev, "abXdefgh")
{
	struct iovec from = { c->x, PAGE }, to = { c->p + 2 * PAGE, PAGE };

	return process_vm_writev(getpid(), &from, 1, &to, 1, 0) == (ssize_t)PAGE;
}

CHANGE(transfer_to_it, "abXdefgh")
{
	return zx_vmo_transfer_data(c->vmo, 0, 2 * PAGE, PAGE, c->other, 0) == ZX_OK;
}

CHANGE(transfer_from_it, "ab.defgh")
{
	return zx_vmo_transfer_data(c->other, 0, 0, PAGE, c->vmo, 2 * PAGE) == ZX_OK &&
	       vmo_span(c->other, 0, PAGE, 'c') == PAGE;
}

CHANGE(transfer_within_it, "abfde.gh")
{
	return zx_vmo_transfer_data(c->vmo, 0, 2 * PAGE, PAGE, c->vmo, 5 * PAGE) == ZX_OK;
}

CHANGE(zero, "ab.defgh")
{
	return vmo_pages_op(c->vmo, ZX_VMO_OP_ZERO, 2, 1) == ZX_OK;
}

CHANGE(zero_in_parts, "ab.defgh")
{
	return zx_vmo_op_range(c->vmo, ZX_VMO_OP_ZERO, 2 * PAGE, 100, NULL, 0) == ZX_OK &&
	       zx_vmo_op_range(c->vmo, ZX_VMO_OP_ZERO, 2 * PAGE + 100, PAGE - 100, NULL,
			       0) == ZX_OK;
}

CHANGE(zero_of_everything, "........")
{
	return vmo_pages_op(c->vmo, ZX_VMO_OP_ZERO, 0, PAGES) == ZX_OK;
}

CHANGE(punched_hole, "ab.defgh")
{
	return fallocate(fd_of(c->vmo), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2 * PAGE,
			 PAGE) == 0;
}

CHANGE(resize, "ab......")
{
	return zx_vmo_set_size(c->vmo, 2 * PAGE) == ZX_OK && zx_vmo_set_size(c->vmo, SIZE) == ZX_OK;
}

CHANGE(resize_to_nothing, "........")
{
	return zx_vmo_set_size(c->vmo, 0) == ZX_OK && zx_vmo_set_size(c->vmo, SIZE) == ZX_OK;
}

CHANGE(stream_size, "ab......")
{
	return zx_vmo_set_stream_size(c->vmo, 2 * PAGE) == ZX_OK;
}

CHANGE(ftruncate, "ab......")
{
	return ftruncate(fd_of(c->vmo), 2 * PAGE) == 0 && ftruncate(fd_of(c->vmo), SIZE) == 0;
}

/* These give it pages of its own, no other content. */

CHANGE(commit, FIRST)
{
	return vmo_pages_op(c->vmo, ZX_VMO_OP_COMMIT, 0, PAGES) == ZX_OK;
}

CHANGE(fallocate, FIRST)
{
	return fallocate(fd_of(c->vmo), 0, 0, SIZE) == 0;
}

CHANGE(same_bytes, FIRST)
{
	memset(c->p + 2 * PAGE, 'c', PAGE);
	return true;
}

FIXTURE_SETUP(change)
{
	self->x = user_pages(_metadata, 1, PROT_RW);
	memset(self->x, 'X', PAGE);
	self->other = vmo_create(_metadata, PAGE, 0);
	vmo_spell(_metadata, self->other, 0, "X");
	self->parent = (struct changer){
		vmo_create(_metadata, SIZE, ZX_VMO_RESIZABLE), NULL, self->other, self->x,
	};
	/* every page mapped for writing */
	self->parent.p = map_shared(_metadata, self->parent.vmo, 0, PAGES);
	for (int i = 0; i < PAGES; i++)
		memset(self->parent.p + i * PAGE, 'a' + i, PAGE);
}

FIXTURE_TEARDOWN(change)
{
}

static struct changer changer(struct __test_metadata *_metadata, FIXTURE_DATA(change) *self,
			      zx_handle_t vmo)
{
	return (struct changer){
		vmo, map_shared(_metadata, vmo, 0, PAGES), self->other, self->x
	};
}

/* Resizable, so that everything can be done to it */
static zx_handle_t snapshot(struct __test_metadata *_metadata, zx_handle_t parent)
{
	return vmo_child(_metadata, parent, SNAPSHOT | RESIZABLE, 0, SIZE);
}

/* All ways to read it, the file as far as it goes */
#define EXPECT_READS(text, vmo) do {							\
	unsigned char *__p = map_ro(_metadata, vmo, 0, PAGES), __bytes[PAGES];		\
											\
	EXPECT_LETTERS(text, vmo);							\
	EXPECT_MAPPED(text, __p);							\
	for (int __i = 0; __i < PAGES; __i++) {						\
		if (vmo_stream_size(_metadata, vmo) <= __i * PAGE)			\
			break;								\
		EXPECT_EQ(1, pread(fd_of(vmo), __bytes, 1, __i * PAGE + 7));		\
		EXPECT_EQ((text)[__i] == '.' ? 0 : (text)[__i], __bytes[0]);		\
	}										\
	EXPECT_EQ(0, munmap(__p, SIZE));						\
} while (0)

TEST_F(change, of_the_parent)
{
	zx_handle_t child = snapshot(_metadata, self->parent.vmo);

	ASSERT_TRUE(variant->fn(&self->parent));
	EXPECT_LETTERS(variant->after, self->parent.vmo);
	EXPECT_MAPPED(variant->after, self->parent.p);
	EXPECT_READS(FIRST, child);
}

TEST_F(change, of_the_parent_while_the_child_is_mapped)
{
	zx_handle_t child = snapshot(_metadata, self->parent.vmo);
	unsigned char *ro = map_ro(_metadata, child, 0, PAGES);
	unsigned char *rw = map_shared(_metadata, child, 0, PAGES);
	unsigned char *private = map_private(_metadata, child, 0, PAGES);

	EXPECT_MAPPED(FIRST, ro);
	EXPECT_MAPPED(FIRST, rw);
	EXPECT_MAPPED(FIRST, private);
	ASSERT_TRUE(variant->fn(&self->parent));
	EXPECT_MAPPED(variant->after, self->parent.p);
	EXPECT_MAPPED(FIRST, ro);
	EXPECT_MAPPED(FIRST, rw);
	EXPECT_MAPPED(FIRST, private);
	rw[2 * PAGE] = 'Y';
	EXPECT_EQ('Y', ro[2 * PAGE]);
	EXPECT_EQ('Y', private[2 * PAGE]);
	EXPECT_LETTERS("ab?defgh", child);
	EXPECT_LETTERS(variant->after, self->parent.vmo);
}

TEST_F(change, of_the_child)
{
	struct changer child = changer(_metadata, self, snapshot(_metadata, self->parent.vmo));

	EXPECT_MAPPED(FIRST, child.p);
	ASSERT_TRUE(variant->fn(&child));
	EXPECT_LETTERS(variant->after, child.vmo);
	EXPECT_MAPPED(variant->after, child.p);
	EXPECT_MAPPED(FIRST, self->parent.p);
	EXPECT_READS(FIRST, self->parent.vmo);
}

TEST_F(change, of_the_child_that_was_never_looked_at)
{
	struct changer child = changer(_metadata, self, snapshot(_metadata, self->parent.vmo));

	ASSERT_TRUE(variant->fn(&child));
	EXPECT_READS(variant->after, child.vmo);
	EXPECT_READS(FIRST, self->parent.vmo);
}

TEST_F(change, between_two_snapshots)
{
	zx_handle_t before = snapshot(_metadata, self->parent.vmo), after;

	ASSERT_TRUE(variant->fn(&self->parent));
	after = snapshot(_metadata, self->parent.vmo);
	vmo_spell(_metadata, self->parent.vmo, 0, "ABCDEFGH");
	EXPECT_READS(FIRST, before);
	EXPECT_READS(variant->after, after);
	EXPECT_READS("ABCDEFGH", self->parent.vmo);
}

TEST_F(change, before_the_snapshot)
{
	zx_handle_t child;

	ASSERT_TRUE(variant->fn(&self->parent));
	child = snapshot(_metadata, self->parent.vmo);
	EXPECT_READS(variant->after, child);
	vmo_spell(_metadata, self->parent.vmo, 0, "ABCDEFGH");
	EXPECT_READS(variant->after, child);
}

TEST_F(change, of_one_sibling)
{
	struct changer one = changer(_metadata, self, snapshot(_metadata, self->parent.vmo));
	zx_handle_t two = snapshot(_metadata, self->parent.vmo);

	ASSERT_TRUE(variant->fn(&one));
	EXPECT_READS(variant->after, one.vmo);
	EXPECT_READS(FIRST, two);
	EXPECT_READS(FIRST, self->parent.vmo);
}

TEST_F(change, of_each_of_three_generations)
{
	int i, j;

	for (i = 0; i < 3; i++) {
		struct changer c[3];

		c[0] = changer(_metadata, self, snapshot(_metadata, self->parent.vmo));
		c[1] = changer(_metadata, self, snapshot(_metadata, c[0].vmo));
		c[2] = changer(_metadata, self, snapshot(_metadata, c[1].vmo));
		vmo_spell(_metadata, self->other, 0, "X");
		ASSERT_TRUE(variant->fn(&c[i]));
		for (j = 0; j < 3; j++)
			EXPECT_READS(j == i ? variant->after : FIRST, c[j].vmo);
		EXPECT_READS(FIRST, self->parent.vmo);
	}
}

/* The parent's pages go to the child alone, which keeps what it has. */
TEST_F(change, and_close_of_the_parent)
{
	zx_handle_t child = snapshot(_metadata, self->parent.vmo);

	ASSERT_TRUE(variant->fn(&self->parent));
	ASSERT_EQ(0, munmap(self->parent.p, SIZE));
	ASSERT_OK(zx_handle_close(self->parent.vmo));
	EXPECT_READS(FIRST, child);
	EXPECT_EQ(PAGES, vmo_pages(_metadata, child));
	EXPECT_EQ(PAGES, private_pages(_metadata, child));
}

TEST_F(change, and_close_of_the_child)
{
	struct changer child = changer(_metadata, self, snapshot(_metadata, self->parent.vmo));

	ASSERT_TRUE(variant->fn(&child));
	ASSERT_EQ(0, munmap(child.p, SIZE));
	ASSERT_OK(zx_handle_close(child.vmo));
	EXPECT_READS(FIRST, self->parent.vmo);
	EXPECT_EQ(PAGES, private_pages(_metadata, self->parent.vmo));
	/* It is as if there had been no child. */
	memset(self->parent.p, 'A', PAGE);
	EXPECT_EQ(PAGES, vmo_pages(_metadata, self->parent.vmo));
}

/* In another process, through a mapping from before the snapshot */

static long change_in_peer(void *arg)
{
	void **args = arg;
	bool (*fn)(const struct changer *c) = args[0];

	return fn(args[1]);
}

TEST_F(change, in_another_process)
{
	void *args[] = { variant->fn, &self->parent };
	struct peer peer = peer_start(_metadata);
	zx_handle_t child = snapshot(_metadata, self->parent.vmo);

	EXPECT_EQ(1, peer_do(_metadata, &peer, change_in_peer, args));
	EXPECT_READS(FIRST, child);
	EXPECT_MAPPED(variant->after, self->parent.p);
	EXPECT_READS(variant->after, self->parent.vmo);
	peer_stop(_metadata, &peer);
}

TEST_HARNESS_MAIN
