// SPDX-License-Identifier: GPL-2.0-only
/*
 * Snapshots of pages that Linux holds at that instant: direct I/O in flight, calls
 * on another process's memory, pipes, long-term pins, copies that stall.
 *
 * What lands after the snapshot stays with the one it was meant for, and who
 * reads while a relative writes sees what was there before. One side is held
 * at a named place in the kernel, see delay.h.
 */
#include <linux/if_xdp.h>
#include <sys/socket.h>

#include "delay.h"
#include "io_test.h"

/* Direct I/O has its pages and has not begun */
#define SUBMIT		"submit_bio"
/* process_vm_readv and process_vm_writev have their page and have not copied */
#define TO_ITER		"copy_page_to_iter"
#define FROM_ITER	"copy_page_from_iter"
/* zx_vmo_read and zx_vmo_write have found their pages and not yet copied */
#define COPY		"zxvmo:copy_bytes"

#define POINTS	SUBMIT "," TO_ITER "," FROM_ITER "," COPY

#define PAGES	4
#define SIZE	(PAGES * PAGE)
#define OLD	"aaaa"
#define NEW	"XXXX"

/*
 * One VMO full of a's whose pages are held, alone or with relatives already, and
 * what is used with it
 */

struct scene {
	zx_handle_t vmo;
	unsigned char *p;		/* all of it */
	zx_handle_t child;		/* made in the course of the test */
	unsigned char *q;		/* all of the child */
	unsigned char *buffer;		/* as much ordinary memory */
	char seen[PAGES + 1];		/* what the child was like at first */
	int disk;
};

FIXTURE(held) {
	struct scene scene;
	zx_handle_t relative;	/* 0, or a parent with b's, which must keep them */
};

FIXTURE_VARIANT(held) {
	bool related;
};

FIXTURE_VARIANT_ADD(held, alone) { false };
FIXTURE_VARIANT_ADD(held, snapshot_itself) { true };

FIXTURE_SETUP(held)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ(0, delay_error);
	if (variant->related) {
		self->relative = vmo_create(_metadata, SIZE, 0);
		vmo_spell(_metadata, self->relative, 0, "bbbb");
		scene->vmo = vmo_child(_metadata, self->relative, ZX_VMO_CHILD_SNAPSHOT |
				       ZX_VMO_CHILD_RESIZABLE, 0, SIZE);
	} else {
		scene->vmo = vmo_create(_metadata, SIZE, ZX_VMO_RESIZABLE);
	}
	scene->p = map_shared(_metadata, scene->vmo, 0, PAGES);
	memset(scene->p, 'a', SIZE);
	scene->buffer = user_pages(_metadata, PAGES, PROT_RW);
	memset(scene->buffer, 'X', SIZE);
	scene->disk = open_disk(_metadata);
}

FIXTURE_TEARDOWN(held)
{
	if (self->relative)
		EXPECT_LETTERS("bbbb", self->relative);
	check_zero_pages(_metadata);
}

/* The other side: a snapshot, and a first look at it while the pages are held */
static void act_snapshot(struct actor *actor)
{
	struct scene *scene = actor->arg;

	actor->status = zx_vmo_create_child(scene->vmo, ZX_VMO_CHILD_SNAPSHOT, 0, SIZE,
					    &scene->child);
	strcpy(scene->seen, vmo_letters(scene->child, 0, PAGES));
}

/* Snapshot while @act is held at @point: it must not wait for that. */
static void snapshot_meanwhile(struct __test_metadata *_metadata, struct scene *scene,
			       const char *point, void (*act)(struct actor *))
{
	struct actor first = { .act = act, .arg = scene };
	struct actor second = { .act = act_snapshot, .arg = scene };

	EXPECT_TRUE(interleave(_metadata, point, &first, &second));
	EXPECT_OK(first.status);
	ASSERT_OK(second.status);
}

/* What came after the snapshot came to the VMO alone, which goes on as before. */
static void check_landed(struct __test_metadata *_metadata, struct scene *scene, const char *text)
{
	unsigned char *q = map_shared(_metadata, scene->child, 0, PAGES);

	EXPECT_STREQ(OLD, scene->seen);
	EXPECT_LETTERS(OLD, scene->child);
	EXPECT_MAPPED(OLD, q);
	EXPECT_LETTERS(text, scene->vmo);
	EXPECT_MAPPED(text, scene->p);
	scene->p[0] = 'P';
	q[PAGE] = 'Q';
	EXPECT_EQ('a', q[0]);
	EXPECT_NE('Q', scene->p[PAGE]);
	EXPECT_EQ(1, vmo_span(scene->vmo, 0, 1, 'P'));
	EXPECT_EQ(1, vmo_span(scene->child, PAGE, 1, 'Q'));
	EXPECT_EQ(PAGES, vmo_pages(_metadata, scene->vmo));
	EXPECT_EQ(PAGES, vmo_pages(_metadata, scene->child));
}

/* Into the pages */

static void act_direct_read(struct actor *actor)
{
	struct scene *scene = actor->arg;

	actor->status = pread(scene->disk, scene->p, SIZE, 0) == (ssize_t)SIZE ? 0 : -1;
}

TEST_F(held, direct_read_lands_in_the_parent)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ((ssize_t)SIZE, pwrite(scene->disk, scene->buffer, SIZE, 0));
	snapshot_meanwhile(_metadata, scene, SUBMIT, act_direct_read);
	check_landed(_metadata, scene, NEW);
}

/* Absent pages, which the I/O has brought: zeros to the snapshot */
TEST_F(held, direct_read_into_absent_pages)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ((ssize_t)SIZE, pwrite(scene->disk, scene->buffer, SIZE, 0));
	ASSERT_OK(vmo_pages_op(scene->vmo, ZX_VMO_OP_ZERO, 0, PAGES));
	snapshot_meanwhile(_metadata, scene, SUBMIT, act_direct_read);
	EXPECT_STREQ("....", scene->seen);
	EXPECT_LETTERS("....", scene->child);
	EXPECT_LETTERS(NEW, scene->vmo);
	EXPECT_MAPPED(NEW, scene->p);
}

/* The second snapshot of the same pages, and one of the first snapshot */
static void act_two_snapshots(struct actor *actor)
{
	struct scene *scene = actor->arg;
	zx_handle_t inner = ZX_HANDLE_INVALID;

	act_snapshot(actor);
	if (zx_vmo_create_child(scene->child, ZX_VMO_CHILD_SNAPSHOT, 0, SIZE, &inner) != ZX_OK)
		return;
	zx_handle_close(scene->child);
	scene->child = inner;
	actor->status = zx_vmo_create_child(scene->vmo, ZX_VMO_CHILD_SNAPSHOT, 0, SIZE, &inner);
	actor->value = *vmo_letters(inner, PAGES - 1, 1);
}

TEST_F(held, several_snapshots_while_a_direct_read_is_in_flight)
{
	struct scene *scene = &self->scene;
	struct actor first = { .act = act_direct_read, .arg = scene };
	struct actor second = { .act = act_two_snapshots, .arg = scene };

	ASSERT_EQ((ssize_t)SIZE, pwrite(scene->disk, scene->buffer, SIZE, 0));
	EXPECT_TRUE(interleave(_metadata, SUBMIT, &first, &second));
	EXPECT_OK(first.status);
	ASSERT_OK(second.status);
	EXPECT_EQ('a', second.value);
	check_landed(_metadata, scene, NEW);
}

static void act_process_vm_writev(struct actor *actor)
{
	struct scene *scene = actor->arg;
	struct iovec from = { scene->buffer, PAGE }, to = { scene->p + PAGE, PAGE };

	actor->status = process_vm_writev(getpid(), &from, 1, &to, 1, 0) == (ssize_t)PAGE ? 0 : -1;
}

TEST_F(held, process_vm_writev_lands_in_the_parent)
{
	struct scene *scene = &self->scene;

	snapshot_meanwhile(_metadata, scene, FROM_ITER, act_process_vm_writev);
	check_landed(_metadata, scene, "aXaa");
}

/* zx_vmo_write: the bytes are in the snapshot if it waited for them, else not. */

static void act_vmo_write(struct actor *actor)
{
	struct scene *scene = actor->arg;

	actor->status = zx_vmo_write(scene->vmo, scene->buffer, PAGE, 2 * PAGE);
}

TEST_F(held, vmo_write_in_its_copy)
{
	struct scene *scene = &self->scene;
	struct actor first = { .act = act_vmo_write, .arg = scene };
	struct actor second = { .act = act_snapshot, .arg = scene };
	bool overtook = interleave(_metadata, COPY, &first, &second);

	EXPECT_OK(first.status);
	ASSERT_OK(second.status);
	EXPECT_LETTERS("aXXa", scene->vmo);
	EXPECT_MAPPED("aXXa", scene->p);
	if (overtook) {
		EXPECT_STREQ(OLD, scene->seen);
	}
	/* whatever it was at first it is for ever */
	EXPECT_LETTERS(scene->seen, scene->child);
	EXPECT_NE('?', scene->seen[1]);
	EXPECT_NE('?', scene->seen[2]);
}

/* One that has to wait for its own memory has written nothing by then. */
TEST_F(held, vmo_write_that_stalls)
{
	struct scene *scene = &self->scene;
	unsigned char *contents = user_pages(_metadata, 1, PROT_RW);
	struct actor writer = { .act = act_vmo_write, .arg = scene, .cpu = 1 };
	struct actor second = { .act = act_snapshot, .arg = scene };
	int uffd;

	memset(contents, 'Y', PAGE);
	ASSERT_EQ(0, madvise(scene->buffer + PAGE, PAGE, MADV_DONTNEED));
	uffd = stall_begin(_metadata, scene->buffer + PAGE);
	actor_start(_metadata, &writer);
	actor_start(_metadata, &second);
	actor_go(&writer);
	ASSERT_TRUE(stall_comes(uffd));
	actor_go(&second);
	EXPECT_TRUE(actor_settles(&second));
	EXPECT_FALSE(atomic_load(&writer.done));
	stall_end(_metadata, uffd, scene->buffer + PAGE, contents);
	actor_join(_metadata, &writer);
	actor_join(_metadata, &second);
	EXPECT_OK(writer.status);
	ASSERT_OK(second.status);
	EXPECT_LETTERS("aXYa", scene->vmo);
	/* the first page may be written before it stalls, the second may not */
	EXPECT_EQ('a', scene->seen[2]);
	EXPECT_LETTERS(scene->seen, scene->child);
	close(uffd);
}

/* Out of the pages, while a relative writes, which the reader must not see */

static zx_status_t write_store(struct scene *scene)
{
	memset(scene->p, 'X', SIZE);
	return ZX_OK;
}

static zx_status_t write_call(struct scene *scene)
{
	return zx_vmo_write(scene->vmo, "X", PAGE, 1) ?:
	       vmo_pages_op(scene->vmo, ZX_VMO_OP_COMMIT, 0, PAGES);
}

static zx_status_t write_zeros(struct scene *scene)
{
	return vmo_pages_op(scene->vmo, ZX_VMO_OP_ZERO, 0, PAGES) ?:
	       zx_vmo_write(scene->vmo, "X", PAGE, 1);
}

static zx_status_t write_after_resize(struct scene *scene)
{
	return zx_vmo_set_size(scene->vmo, 0) ?: zx_vmo_set_size(scene->vmo, SIZE) ?:
	       zx_vmo_write(scene->vmo, "X", PAGE, 1);
}

/* The reader's is then the only one there is. */
static zx_status_t write_after_close(struct scene *scene)
{
	munmap(scene->p, SIZE);
	return zx_handle_close(scene->vmo);
}

FIXTURE(reader) {
	struct scene scene;
};

FIXTURE_VARIANT(reader) {
	zx_status_t (*write)(struct scene *scene);
	bool gone;	/* the writer's VMO, afterwards */
};

FIXTURE_VARIANT_ADD(reader, store) { write_store, false };
FIXTURE_VARIANT_ADD(reader, call) { write_call, false };
FIXTURE_VARIANT_ADD(reader, zeros) { write_zeros, false };
FIXTURE_VARIANT_ADD(reader, resize) { write_after_resize, false };
FIXTURE_VARIANT_ADD(reader, close) { write_after_close, true };

/* The reader reads the child, the writer writes the parent. */
FIXTURE_SETUP(reader)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ(0, delay_error);
	scene->vmo = vmo_create(_metadata, SIZE, ZX_VMO_RESIZABLE);
	scene->p = map_shared(_metadata, scene->vmo, 0, PAGES);
	memset(scene->p, 'a', SIZE);
	scene->child = vmo_snapshot(_metadata, scene->vmo, 0, PAGES);
	scene->q = map_shared(_metadata, scene->child, 0, PAGES);
	EXPECT_MAPPED(OLD, scene->q);
	scene->buffer = user_pages(_metadata, PAGES, PROT_RW);
	memset(scene->buffer, '-', SIZE);
	scene->disk = open_disk(_metadata);
}

FIXTURE_TEARDOWN(reader)
{
	EXPECT_LETTERS(OLD, self->scene.child);
	EXPECT_MAPPED(OLD, self->scene.q);
	check_zero_pages(_metadata);
}

struct writer {
	struct scene *scene;
	zx_status_t (*write)(struct scene *scene);
};

static void act_write(struct actor *actor)
{
	struct writer *writer = actor->arg;

	actor->status = writer->write(writer->scene);
}

/* Whether the writer overtook the reader matters not, but it must not be seen. */
static void write_meanwhile(struct __test_metadata *_metadata, struct scene *scene,
			    const FIXTURE_VARIANT(reader) *variant, const char *point,
			    void (*act)(struct actor *))
{
	struct writer writer = { scene, variant->write };
	struct actor first = { .act = act, .arg = scene };
	struct actor second = { .act = act_write, .arg = &writer };

	interleave(_metadata, point, &first, &second);
	EXPECT_OK(first.status);
	EXPECT_OK(second.status);
	EXPECT_MAPPED(OLD, scene->buffer);
	if (!variant->gone) {
		EXPECT_EQ(1, vmo_span(scene->vmo, PAGE, 1, 'X'));
	}
}

static void act_direct_write(struct actor *actor)
{
	struct scene *scene = actor->arg;

	actor->status = pwrite(scene->disk, scene->q, SIZE, 0) == (ssize_t)SIZE ? 0 : -1;
	if (!actor->status && pread(scene->disk, scene->buffer, SIZE, 0) != (ssize_t)SIZE)
		actor->status = -1;
}

TEST_F(reader, direct_write)
{
	write_meanwhile(_metadata, &self->scene, variant, SUBMIT, act_direct_write);
}

static void act_process_vm_readv(struct actor *actor)
{
	struct scene *scene = actor->arg;
	struct iovec to = { scene->buffer, SIZE }, from = { scene->q, SIZE };

	actor->status = process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)SIZE ? 0 : -1;
}

TEST_F(reader, process_vm_readv)
{
	write_meanwhile(_metadata, &self->scene, variant, TO_ITER, act_process_vm_readv);
}

static void act_vmo_read(struct actor *actor)
{
	struct scene *scene = actor->arg;

	actor->status = zx_vmo_read(scene->child, scene->buffer, 0, SIZE);
}

TEST_F(reader, vmo_read)
{
	write_meanwhile(_metadata, &self->scene, variant, COPY, act_vmo_read);
}

static void act_pread(struct actor *actor)
{
	struct scene *scene = actor->arg;

	actor->status = pread(fd_of(scene->child), scene->buffer, SIZE, 0) == (ssize_t)SIZE ?
			0 : -1;
}

TEST_F(reader, pread)
{
	write_meanwhile(_metadata, &self->scene, variant, COPY, act_pread);
}

TEST_F(reader, vmo_read_that_stalls)
{
	struct scene *scene = &self->scene;
	struct writer writer = { scene, variant->write };
	unsigned char *contents = user_pages(_metadata, 1, PROT_RW);
	struct actor first = { .act = act_vmo_read, .arg = scene, .cpu = 1 };
	struct actor second = { .act = act_write, .arg = &writer };
	int uffd;

	ASSERT_EQ(0, madvise(scene->buffer + PAGE, PAGE, MADV_DONTNEED));
	uffd = stall_begin(_metadata, scene->buffer + PAGE);
	actor_start(_metadata, &first);
	actor_start(_metadata, &second);
	actor_go(&first);
	ASSERT_TRUE(stall_comes(uffd));
	actor_go(&second);
	EXPECT_TRUE(actor_settles(&second));
	EXPECT_FALSE(atomic_load(&first.done));
	stall_end(_metadata, uffd, scene->buffer + PAGE, contents);
	actor_join(_metadata, &first);
	actor_join(_metadata, &second);
	EXPECT_OK(first.status);
	EXPECT_OK(second.status);
	EXPECT_MAPPED(OLD, scene->buffer);
	close(uffd);
}

/* A pipe holds pages for as long as one likes. */
TEST_F(reader, vmsplice)
{
	struct scene *scene = &self->scene;
	struct iovec iov = { scene->q, SIZE };
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	ASSERT_EQ((ssize_t)SIZE, vmsplice(fds[1], &iov, 1, 0));
	EXPECT_OK(variant->write(scene));
	EXPECT_MAPPED(OLD, scene->q);
	ASSERT_EQ((ssize_t)SIZE, read(fds[0], scene->buffer, SIZE));
	EXPECT_MAPPED(OLD, scene->buffer);
}

/* The other way: who reads began before there was a snapshot, which then writes. */

static void act_direct_write_of_parent(struct actor *actor)
{
	struct scene *scene = actor->arg;

	actor->status = pwrite(scene->disk, scene->p, SIZE, 0) == (ssize_t)SIZE ? 0 : -1;
}

static void act_snapshot_and_write(struct actor *actor)
{
	struct scene *scene = actor->arg;

	act_snapshot(actor);
	scene->q = mmap(NULL, SIZE, PROT_RW, MAP_SHARED, fd_of(scene->child), 0);
	if (scene->q != MAP_FAILED)
		memset(scene->q, 'C', SIZE);
}

TEST_F(held, direct_write_does_not_see_the_child)
{
	struct scene *scene = &self->scene;
	struct actor first = { .act = act_direct_write_of_parent, .arg = scene };
	struct actor second = { .act = act_snapshot_and_write, .arg = scene };

	EXPECT_TRUE(interleave(_metadata, SUBMIT, &first, &second));
	EXPECT_OK(first.status);
	ASSERT_OK(second.status);
	EXPECT_STREQ(OLD, scene->seen);
	ASSERT_EQ((ssize_t)SIZE, pread(scene->disk, scene->buffer, SIZE, 0));
	EXPECT_MAPPED(OLD, scene->buffer);
	EXPECT_LETTERS("CCCC", scene->child);
	EXPECT_LETTERS(OLD, scene->vmo);
}

TEST_F(held, pipe_does_not_see_the_child)
{
	struct scene *scene = &self->scene;
	struct iovec iov = { scene->p, SIZE };
	struct actor actor = { .arg = scene };
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	ASSERT_EQ((ssize_t)SIZE, vmsplice(fds[1], &iov, 1, 0));
	act_snapshot_and_write(&actor);
	ASSERT_OK(actor.status);
	EXPECT_STREQ(OLD, scene->seen);
	EXPECT_MAPPED("CCCC", scene->q);
	ASSERT_EQ((ssize_t)SIZE, read(fds[0], scene->buffer, SIZE));
	EXPECT_MAPPED(OLD, scene->buffer);
	EXPECT_LETTERS(OLD, scene->vmo);
}

/* Nor does a page that is given back to the pipe's reader come to the child. */
TEST_F(held, page_in_a_pipe_is_the_parent_s)
{
	struct scene *scene = &self->scene;
	struct iovec iov = { scene->p, SIZE };
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	ASSERT_EQ((ssize_t)SIZE, vmsplice(fds[1], &iov, 1, 0));
	scene->child = vmo_snapshot(_metadata, scene->vmo, 0, PAGES);
	EXPECT_LETTERS(OLD, scene->child);
	memset(scene->p, 'P', SIZE);
	EXPECT_LETTERS(OLD, scene->child);
	EXPECT_EQ(PAGES, vmo_info(_metadata, scene->vmo).committed_private_bytes / PAGE);
	ASSERT_EQ((ssize_t)SIZE, read(fds[0], scene->buffer, SIZE));
	EXPECT_LETTERS(OLD, scene->child);
	close(fds[0]);
	close(fds[1]);
	/* nothing holds it any more: the next snapshot shares it */
	scene->child = vmo_snapshot(_metadata, scene->vmo, 0, PAGES);
	EXPECT_EQ(0, vmo_info(_metadata, scene->vmo).committed_private_bytes);
	EXPECT_LETTERS("PPPP", scene->child);
}

/*
 * A long-term pin, for writing: there is none of our mappings from 6.5 on, see
 * gup.c. What is pinned is copied for the child at once.
 */
TEST_F(held, long_term_pin)
{
	struct scene *scene = &self->scene;
	struct xdp_umem_reg umem = {
		.addr = (uintptr_t)scene->p, .len = 2 * PAGE, .chunk_size = PAGE,
	};
	int sock = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	unsigned int major, minor;
	bool pinned;

	ASSERT_LE(0, sock);
	kernel_version(&major, &minor);
	pinned = !setsockopt(sock, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem));
	EXPECT_EQ(major == 6 && minor < 5, pinned);
	scene->child = vmo_snapshot(_metadata, scene->vmo, 0, PAGES);
	EXPECT_EQ(pinned ? 2 : 0, vmo_info(_metadata, scene->vmo).committed_private_bytes / PAGE);
	EXPECT_EQ(pinned ? 2 : 0,
		  vmo_info(_metadata, scene->child).committed_private_bytes / PAGE);
	memset(scene->p, 'P', SIZE);
	EXPECT_LETTERS(OLD, scene->child);
	vmo_spell(_metadata, scene->child, 0, "CCCC");
	EXPECT_MAPPED("PPPP", scene->p);
	close(sock);
	EXPECT_LETTERS("PPPP", scene->vmo);
	EXPECT_LETTERS("CCCC", scene->child);
}

int main(int argc, char **argv)
{
	delay_load(POINTS);
	atexit(delay_unload);
	return test_harness_run(argc, argv);
}
