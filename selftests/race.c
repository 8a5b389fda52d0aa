// SPDX-License-Identifier: GPL-2.0-only
/*
 * Races of those who take pages away or add them with those who fault them in.
 *
 * One side is held at a named place in the kernel while the other runs, so each
 * test takes the course it names, every time. What must hold afterwards: nobody
 * sees what was removed, no write is lost, all who look see the same. The tests
 * named stress let two processors run freely, as they come or jittered.
 */
#include "delay.h"
#include "io_test.h"

/* The page lock is held from the first of these on, but not at mkwrite's entry */
#define UNLOCK		"up_read@return"
#define FAULT_RETURN	"zxvmo_vma_fault@return"
#define FINISH		"finish_fault"
#define MKWRITE		"zxvmo_vma_page_mkwrite"
#define MKWRITE_RETURN	"zxvmo_vma_page_mkwrite@return"
/* Pages are out of the tree, or in it, and not yet out of the mappings */
#define ZAP		"unmap_mapping_pages"
/* A write has found its pages and not yet copied to them */
#define COPY		"zxvmo:copy_bytes"

#define POINTS								\
	UNLOCK "," FAULT_RETURN "," FINISH "," MKWRITE ","		\
	MKWRITE_RETURN "," ZAP "," COPY

#define PAGES	4
#define TARGET	2	/* the page that is fought for */
#define BYTE	100	/* the byte in it that one side writes */

/* What there is before the race */
enum state {
	ABSENT,
	PRESENT,	/* full of 'A', not mapped */
	READ_ABSENT,	/* @p maps a zero page */
	READ_PRESENT,	/* @p maps the page read-only */
	WRITTEN,	/* full of 'A', @p maps it writable */
};

/* What both sides work on */
struct arena {
	zx_handle_t vmo;
	zx_handle_t other;	/* end of transfers */
	unsigned char *p;	/* the target page in one mapping */
	unsigned char *q;	/* in another, at another offset */
	unsigned char *private;	/* in a private one */
	unsigned char *page;	/* to copy it to */
	unsigned char *other_page;
};

static void arena_setup(struct __test_metadata *_metadata,
		       struct arena *arena, enum state state)
{
	arena->vmo = vmo_create(_metadata, PAGES * PAGE, ZX_VMO_RESIZABLE);
	arena->other = vmo_create(_metadata, PAGES * PAGE, ZX_VMO_RESIZABLE);
	arena->p = map_shared(_metadata, arena->vmo, 0, PAGES) + TARGET * PAGE;
	arena->q = map_shared(_metadata, arena->vmo, 1, PAGES - 1) +
		  (TARGET - 1) * PAGE;
	arena->private = map_private(_metadata, arena->vmo, 0, PAGES) +
			TARGET * PAGE;
	arena->page = user_pages(_metadata, 1, PROT_RW);
	arena->other_page = user_pages(_metadata, 1, PROT_RW);

	if (state == PRESENT || state == READ_PRESENT)
		vmo_fill(_metadata, arena->vmo, TARGET * PAGE, PAGE, 'A');
	else if (state == WRITTEN)
		memset(arena->p, 'A', PAGE);
	if (state == READ_PRESENT || state == READ_ABSENT)
		ASSERT_EQ(state == READ_PRESENT ? 'A' : 0, *arena->p);
}

/* All who look at the target page see the same, now and after the next write */
static void check_agreement(struct __test_metadata *_metadata,
			    struct arena *arena)
{
	ASSERT_OK(zx_vmo_read(arena->vmo, arena->page, TARGET * PAGE, PAGE));
	EXPECT_EQ(0, memcmp(arena->page, arena->p, PAGE));
	EXPECT_EQ(0, memcmp(arena->page, arena->q, PAGE));

	vmo_fill(_metadata, arena->vmo, TARGET * PAGE, PAGE, 'N');
	EXPECT_EQ(PAGE, mem_span(arena->p, PAGE, 'N'));
	EXPECT_EQ(PAGE, mem_span(arena->q, PAGE, 'N'));
	arena->q[1] = 'Q';
	arena->p[2] = 'P';
	EXPECT_EQ('Q', arena->p[1]);
	EXPECT_EQ('P', arena->q[2]);
	EXPECT_EQ(1, vmo_span(arena->vmo, TARGET * PAGE + 1, 1, 'Q'));
	EXPECT_EQ(1, vmo_span(arena->vmo, TARGET * PAGE + 2, 1, 'P'));
	EXPECT_EQ(1, vmo_pages(_metadata, arena->vmo));
	check_zero_pages(_metadata);
}

static void act_load(struct actor *actor)
{
	actor->fault = try(load, actor->p, &actor->value);
}

static void act_store(struct actor *actor)
{
	actor->fault = try(store, actor->p, &actor->value);
}

/* Removing the target page */

FIXTURE(removal) {
	struct arena arena;
};

FIXTURE_VARIANT(removal) {
	zx_status_t (*remove)(struct arena *arena);
	bool shrinks;
	bool transfers;
};

static zx_status_t by_decommit(struct arena *arena)
{
	return vmo_op(arena->vmo, ZX_VMO_OP_DECOMMIT, TARGET, 1);
}

static zx_status_t by_zero(struct arena *arena)
{
	return vmo_op(arena->vmo, ZX_VMO_OP_ZERO, 0, PAGES);
}

static zx_status_t by_stream_size(struct arena *arena)
{
	return zx_vmo_set_stream_size(arena->vmo, TARGET * PAGE);
}

static zx_status_t by_shrink(struct arena *arena)
{
	return zx_vmo_set_size(arena->vmo, TARGET * PAGE);
}

static zx_status_t by_transfer(struct arena *arena)
{
	return zx_vmo_transfer_data(arena->other, 0, TARGET * PAGE, PAGE,
				    arena->vmo, TARGET * PAGE);
}

FIXTURE_VARIANT_ADD(removal, decommit) { .remove = by_decommit };
FIXTURE_VARIANT_ADD(removal, zero) { .remove = by_zero };
FIXTURE_VARIANT_ADD(removal, stream_size) { .remove = by_stream_size };
FIXTURE_VARIANT_ADD(removal, shrink) { .remove = by_shrink, .shrinks = true };
FIXTURE_VARIANT_ADD(removal, transfer) { .remove = by_transfer, .transfers = true };

FIXTURE_SETUP(removal)
{
}

FIXTURE_TEARDOWN(removal)
{
}

struct remover {
	struct arena *arena;
	const FIXTURE_VARIANT(removal) *variant;
};

static void act_remove(struct actor *actor)
{
	struct remover *remover = actor->arg;

	actor->status = remover->variant->remove(remover->arena);
}

/* Nothing of @old is left in @page but what @writer may have written last */
static void check_contents(struct __test_metadata *_metadata,
			   const unsigned char *page, unsigned char byte,
			   struct actor *writer)
{
	uint64_t span = mem_span(page, PAGE, byte);

	if (writer && span == BYTE && page[BYTE] == writer->value)
		span += 1 + mem_span(page + BYTE + 1, PAGE - BYTE - 1, byte);
	EXPECT_EQ(PAGE, span)
		TH_LOG("0x%x instead of 0x%x", page[span], byte);
}

/*
 * After the target page, full of @old, was removed while @writer, if there is
 * one, wrote to it.
 */
static void check_removed(struct __test_metadata *_metadata,
			  struct arena *arena,
			  const FIXTURE_VARIANT(removal) *variant,
			  unsigned char old, struct actor *writer)
{
	bool wrote = writer && !writer->fault.signal;

	if (variant->shrinks) {
		EXPECT_SIGBUS(arena->p);
		EXPECT_SIGBUS(arena->q);
		EXPECT_SIGBUS(arena->private);
		EXPECT_EQ(0, vmo_pages(_metadata, arena->vmo));
		ASSERT_OK(zx_vmo_set_size(arena->vmo, PAGES * PAGE));
		wrote = false;
	}
	ASSERT_OK(zx_vmo_read(arena->vmo, arena->page, TARGET * PAGE, PAGE));
	check_contents(_metadata, arena->page, 0, wrote ? writer : NULL);
	if (variant->transfers) {
		ASSERT_OK(zx_vmo_read(arena->other, arena->other_page,
				      TARGET * PAGE, PAGE));
		check_contents(_metadata, arena->other_page, old, writer);
		if (wrote)	/* in one of them, and in one only */
			EXPECT_EQ(1, (arena->page[BYTE] == writer->value) +
				     (arena->other_page[BYTE] == writer->value));
	}
	check_agreement(_metadata, arena);
}

/* An access through @p, held at @point, against a removal */
static void race_access(struct __test_metadata *_metadata,
			struct arena *arena,
			const FIXTURE_VARIANT(removal) *variant, const char *point,
			enum state state, void (*act)(struct actor *))
{
	struct actor first = { .act = act, .value = 'X' };
	struct remover remover = { arena, variant };
	struct actor second = { .act = act_remove, .arg = &remover };
	unsigned char old;
	bool overtook;

	arena_setup(_metadata, arena, state);
	old = state == PRESENT || state == READ_PRESENT ? 'A' : 0;
	first.p = arena->p + BYTE;
	overtook = interleave(_metadata, point, &first, &second);

	EXPECT_OK(second.status);
	if (first.fault.signal) {
		EXPECT_EQ(SIGBUS, first.fault.signal);
		EXPECT_TRUE(variant->shrinks);
	} else if (act == act_load) {
		EXPECT_TRUE(first.value == 0 || first.value == old);
	}
	if (!strcmp(point, MKWRITE)) {
		/* No lock is held there: the write came after the removal. */
		EXPECT_TRUE(overtook);
		EXPECT_EQ(variant->shrinks ? SIGBUS : 0, first.fault.signal);
		if (!variant->shrinks)
			EXPECT_EQ(1, vmo_span(arena->vmo, TARGET * PAGE + BYTE, 1, 'X'));
	}
	check_removed(_metadata, arena, variant, old,
		      act == act_store ? &first : NULL);
}

#define RACE_ACCESS(name, point, state, act)				\
TEST_F(removal, name)							\
{									\
	race_access(_metadata, &self->arena, variant, point, state, act);	\
}

RACE_ACCESS(read_fault_after_unlock, UNLOCK, PRESENT, act_load)
RACE_ACCESS(read_fault_after_lookup, FAULT_RETURN, PRESENT, act_load)
RACE_ACCESS(read_fault_before_mapping, FINISH, PRESENT, act_load)
RACE_ACCESS(zero_page_fault_after_unlock, UNLOCK, ABSENT, act_load)
RACE_ACCESS(zero_page_fault_after_lookup, FAULT_RETURN, ABSENT, act_load)
RACE_ACCESS(zero_page_fault_before_mapping, FINISH, ABSENT, act_load)

RACE_ACCESS(write_fault_after_unlock, UNLOCK, PRESENT, act_store)
RACE_ACCESS(write_fault_after_lookup, FAULT_RETURN, PRESENT, act_store)
RACE_ACCESS(write_fault_before_mkwrite, MKWRITE, PRESENT, act_store)
RACE_ACCESS(write_fault_after_mkwrite, MKWRITE_RETURN, PRESENT, act_store)
RACE_ACCESS(write_fault_before_mapping, FINISH, PRESENT, act_store)

RACE_ACCESS(first_write_after_lookup, FAULT_RETURN, ABSENT, act_store)
RACE_ACCESS(first_write_before_mkwrite, MKWRITE, ABSENT, act_store)
RACE_ACCESS(first_write_after_mkwrite, MKWRITE_RETURN, ABSENT, act_store)
RACE_ACCESS(first_write_before_mapping, FINISH, ABSENT, act_store)

RACE_ACCESS(write_after_read_after_unlock, UNLOCK, READ_PRESENT, act_store)
RACE_ACCESS(write_after_read_before_mkwrite, MKWRITE, READ_PRESENT, act_store)
RACE_ACCESS(write_after_read_after_mkwrite, MKWRITE_RETURN, READ_PRESENT, act_store)
RACE_ACCESS(zero_page_upgrade_before_mkwrite, MKWRITE, READ_ABSENT, act_store)
RACE_ACCESS(zero_page_upgrade_after_mkwrite, MKWRITE_RETURN, READ_ABSENT, act_store)

/* A write to a private mapping: its copy goes with a shrink and only with that */
static void race_private(struct __test_metadata *_metadata,
			 struct arena *arena,
			 const FIXTURE_VARIANT(removal) *variant, const char *point,
			 enum state state)
{
	struct actor first = { .act = act_store, .value = 'X' };
	struct remover remover = { arena, variant };
	struct actor second = { .act = act_remove, .arg = &remover };
	unsigned char old = state == PRESENT ? 'A' : 0;

	arena_setup(_metadata, arena, state);
	first.p = arena->private + BYTE;
	interleave(_metadata, point, &first, &second);

	EXPECT_OK(second.status);
	if (!variant->shrinks) {
		EXPECT_EQ(0, first.fault.signal);
		EXPECT_EQ('X', arena->private[BYTE]);
		EXPECT_EQ(BYTE, mem_span(arena->private, BYTE, arena->private[0]));
		EXPECT_TRUE(!arena->private[0] || arena->private[0] == old);
	}
	check_removed(_metadata, arena, variant, old, NULL);
}

TEST_F(removal, private_write_after_lookup)
{
	race_private(_metadata, &self->arena, variant, FAULT_RETURN, PRESENT);
}

TEST_F(removal, private_write_before_mapping)
{
	race_private(_metadata, &self->arena, variant, FINISH, PRESENT);
}

TEST_F(removal, private_write_of_absent_page_before_mapping)
{
	race_private(_metadata, &self->arena, variant, FINISH, ABSENT);
}

/* The remover is held before it zaps, and the mappings are used meanwhile */
static void race_zap(struct __test_metadata *_metadata, struct arena *arena,
		     const FIXTURE_VARIANT(removal) *variant, bool mapped,
		     void (*act)(struct actor *))
{
	struct remover remover = { arena, variant };
	struct actor first = { .act = act_remove, .arg = &remover };
	struct actor second = { .act = act, .value = 'X' };

	arena_setup(_metadata, arena, WRITTEN);
	second.p = (mapped ? arena->p : arena->q) + BYTE;
	interleave(_metadata, ZAP, &first, &second);

	EXPECT_OK(first.status);
	if (second.fault.signal) {
		EXPECT_EQ(SIGBUS, second.fault.signal);
		EXPECT_TRUE(variant->shrinks);
	} else if (act == act_load) {
		EXPECT_TRUE(second.value == 0 || second.value == 'A');
	}
	check_removed(_metadata, arena, variant, 'A',
		      act == act_store ? &second : NULL);
}

TEST_F(removal, read_before_zap)
{
	race_zap(_metadata, &self->arena, variant, true, act_load);
}

TEST_F(removal, write_before_zap)
{
	race_zap(_metadata, &self->arena, variant, true, act_store);
}

TEST_F(removal, read_fault_before_zap)
{
	race_zap(_metadata, &self->arena, variant, false, act_load);
}

TEST_F(removal, write_fault_before_zap)
{
	race_zap(_metadata, &self->arena, variant, false, act_store);
}

/* A page in a pipe does not move: what is written meanwhile must not stay in it */
TEST_F(removal, write_to_a_pinned_page_before_zap)
{
	struct arena *arena = &self->arena;
	struct remover remover = { arena, variant };
	struct actor first = { .act = act_remove, .arg = &remover };
	struct actor second = { .act = act_store, .value = 'X' };
	struct iovec iov = { .iov_len = PAGE };
	int pipe_fd[2];

	arena_setup(_metadata, arena, WRITTEN);
	ASSERT_EQ(0, pipe2(pipe_fd, O_CLOEXEC));
	iov.iov_base = arena->p;
	ASSERT_EQ((ssize_t)PAGE, vmsplice(pipe_fd[1], &iov, 1, 0));
	second.p = arena->p + BYTE;
	interleave(_metadata, ZAP, &first, &second);
	EXPECT_OK(first.status);
	check_removed(_metadata, arena, variant, 'A', &second);
}

/* A write by a call, of one byte, that has its page in its hands */

static void act_write_byte(struct actor *actor)
{
	struct arena *arena = actor->arg;

	actor->status = zx_vmo_write(arena->vmo, &actor->value,
				     TARGET * PAGE + BYTE, 1);
}

static void race_write(struct __test_metadata *_metadata, struct arena *arena,
		       const FIXTURE_VARIANT(removal) *variant, enum state state)
{
	struct actor first = { .act = act_write_byte, .arg = arena, .value = 'X' };
	struct remover remover = { arena, variant };
	struct actor second = { .act = act_remove, .arg = &remover };

	arena_setup(_metadata, arena, state);
	interleave(_metadata, COPY, &first, &second);
	EXPECT_OK(second.status);
	if (!variant->shrinks || first.status != ZX_ERR_OUT_OF_RANGE)
		EXPECT_OK(first.status);
	check_removed(_metadata, arena, variant, state == PRESENT ? 'A' : 0, &first);
}

TEST_F(removal, vmo_write_before_copy)
{
	race_write(_metadata, &self->arena, variant, PRESENT);
}

TEST_F(removal, vmo_write_to_absent_page_before_copy)
{
	race_write(_metadata, &self->arena, variant, ABSENT);
}

/* Copies to and from user memory that stalls: nobody waits for it */

static void act_vmo_write(struct actor *actor)
{
	struct arena *arena = actor->arg;

	actor->status = zx_vmo_write(arena->vmo, arena->other_page, TARGET * PAGE,
				     PAGE);
}

static void act_vmo_read(struct actor *actor)
{
	struct arena *arena = actor->arg;

	actor->status = zx_vmo_read(arena->vmo, arena->other_page, TARGET * PAGE,
				    PAGE);
}

/* Runs @act, which uses @other_page, until it stalls there, and the removal */
static void race_stalled(struct __test_metadata *_metadata,
			 struct arena *arena,
			 const FIXTURE_VARIANT(removal) *variant, enum state state,
			 void (*act)(struct actor *))
{
	struct actor first = { .act = act, .arg = arena, .cpu = 1 };
	struct remover remover = { arena, variant };
	struct actor second = { .act = act_remove, .arg = &remover };
	unsigned char *contents = user_pages(_metadata, 1, PROT_RW);
	int uffd;

	arena_setup(_metadata, arena, state);
	memset(contents, 'X', PAGE);
	uffd = stall_begin(_metadata, arena->other_page);
	actor_start(_metadata, &first);
	actor_start(_metadata, &second);
	actor_go(&first);
	ASSERT_TRUE(stall_comes(uffd));
	actor_go(&second);
	EXPECT_TRUE(actor_settles(&second));
	EXPECT_FALSE(atomic_load(&first.done));
	stall_end(_metadata, uffd, arena->other_page, contents);
	actor_join(_metadata, &first);
	actor_join(_metadata, &second);
	close(uffd);

	EXPECT_OK(second.status);
	if (!variant->shrinks || first.status != ZX_ERR_OUT_OF_RANGE)
		EXPECT_OK(first.status);
}

TEST_F(removal, vmo_write_that_stalls)
{
	struct arena *arena = &self->arena;
	uint64_t i;

	race_stalled(_metadata, arena, variant, PRESENT, act_vmo_write);
	if (variant->shrinks) {
		EXPECT_SIGBUS(arena->p);
		ASSERT_OK(zx_vmo_set_size(arena->vmo, PAGES * PAGE));
		EXPECT_EQ(PAGE, vmo_span(arena->vmo, TARGET * PAGE, PAGE, 0));
	}
	ASSERT_OK(zx_vmo_read(arena->vmo, arena->page, TARGET * PAGE, PAGE));
	for (i = 0; i < PAGE; i++)
		if (arena->page[i] && arena->page[i] != 'X')
			break;
	EXPECT_EQ(PAGE, i);
	check_agreement(_metadata, arena);
}

TEST_F(removal, vmo_write_to_absent_page_that_stalls)
{
	struct arena *arena = &self->arena;
	uint64_t i;

	race_stalled(_metadata, arena, variant, READ_ABSENT, act_vmo_write);
	if (variant->shrinks)
		ASSERT_OK(zx_vmo_set_size(arena->vmo, PAGES * PAGE));
	ASSERT_OK(zx_vmo_read(arena->vmo, arena->page, TARGET * PAGE, PAGE));
	for (i = 0; i < PAGE; i++)
		if (arena->page[i] && arena->page[i] != 'X')
			break;
	EXPECT_EQ(PAGE, i);
	check_agreement(_metadata, arena);
}

TEST_F(removal, vmo_read_that_stalls)
{
	struct arena *arena = &self->arena;
	race_stalled(_metadata, arena, variant, PRESENT, act_vmo_read);
	EXPECT_TRUE(mem_span(arena->other_page, PAGE, 'A') == PAGE ||
		    mem_span(arena->other_page, PAGE, 0) == PAGE ||
		    variant->shrinks);
	if (variant->shrinks)
		ASSERT_OK(zx_vmo_set_size(arena->vmo, PAGES * PAGE));
	EXPECT_EQ(PAGE, vmo_span(arena->vmo, TARGET * PAGE, PAGE, 0));
	check_agreement(_metadata, arena);
}

/* Adding the target page where a zero page is mapped, or about to be */

FIXTURE(commit) {
	struct arena arena;
};

FIXTURE_VARIANT(commit) {
	/* Makes byte 0 of the target page 'B' */
	zx_status_t (*commit)(struct arena *arena);
	bool replaces;	/* the whole page */
	bool faults;	/* so it does not come to the zap with a fault's help */
};

static zx_status_t by_vmo_write(struct arena *arena)
{
	return zx_vmo_write(arena->vmo, "B", TARGET * PAGE, 1);
}

static zx_status_t by_commit_and_write(struct arena *arena)
{
	return vmo_op(arena->vmo, ZX_VMO_OP_COMMIT, 0, PAGES) ?:
	       zx_vmo_write(arena->vmo, "B", TARGET * PAGE, 1);
}

static zx_status_t by_pwrite(struct arena *arena)
{
	return pwrite(fd_of(arena->vmo), "B", 1, TARGET * PAGE) == 1 ?
	       ZX_OK : ZX_ERR_IO;
}

static zx_status_t by_store(struct arena *arena)
{
	*(volatile unsigned char *)arena->q = 'B';
	return ZX_OK;
}

static zx_status_t by_transfer_in(struct arena *arena)
{
	return zx_vmo_write(arena->other, "B", 0, 1) ?:
	       zx_vmo_transfer_data(arena->vmo, 0, TARGET * PAGE, PAGE,
				    arena->other, 0);
}

FIXTURE_VARIANT_ADD(commit, vmo_write) { .commit = by_vmo_write };
FIXTURE_VARIANT_ADD(commit, op_commit) { .commit = by_commit_and_write };
FIXTURE_VARIANT_ADD(commit, pwrite) { .commit = by_pwrite };
FIXTURE_VARIANT_ADD(commit, store) { .commit = by_store };
FIXTURE_VARIANT_ADD(commit, transfer) {
	.commit = by_transfer_in,
	.replaces = true,
};

FIXTURE_SETUP(commit)
{
}

FIXTURE_TEARDOWN(commit)
{
}

struct committer {
	struct arena *arena;
	const FIXTURE_VARIANT(commit) *variant;
};

static void act_commit(struct actor *actor)
{
	struct committer *committer = actor->arg;

	actor->status = committer->variant->commit(committer->arena);
}

static void race_commit(struct __test_metadata *_metadata,
			struct arena *arena,
			const FIXTURE_VARIANT(commit) *variant,
			const char *point, enum state state,
			void (*act)(struct actor *))
{
	struct committer committer = { arena, variant };
	struct actor committing = { .act = act_commit, .arg = &committer };
	struct actor accessing = { .act = act, .value = 'X' };
	bool zap = !strcmp(point, ZAP);
	bool overtook;

	arena_setup(_metadata, arena, state);
	accessing.p = arena->p + (act == act_store ? BYTE : 0);
	overtook = zap ?
		   interleave(_metadata, point, &committing, &accessing) :
		   interleave(_metadata, point, &accessing, &committing);

	EXPECT_OK(committing.status);
	EXPECT_EQ(0, accessing.fault.signal);
	EXPECT_EQ('B', arena->p[0]);
	EXPECT_EQ('B', arena->q[0]);
	EXPECT_EQ('B', arena->private[0]);
	EXPECT_EQ(1, vmo_span(arena->vmo, TARGET * PAGE, 1, 'B'));
	if (!strcmp(point, MKWRITE))
		EXPECT_TRUE(overtook);
	if (act == act_load) {
		EXPECT_TRUE(accessing.value == 0 || accessing.value == 'B');
	} else if (!variant->replaces || !strcmp(point, MKWRITE)) {
		EXPECT_EQ('X', arena->p[BYTE]);
		EXPECT_EQ('X', arena->q[BYTE]);
		EXPECT_EQ(1, vmo_span(arena->vmo, TARGET * PAGE + BYTE, 1, 'X'));
	}
	ASSERT_OK(vmo_op(arena->vmo, ZX_VMO_OP_DECOMMIT, 0, TARGET));
	ASSERT_OK(vmo_op(arena->vmo, ZX_VMO_OP_DECOMMIT, TARGET + 1,
			 PAGES - TARGET - 1));
	check_agreement(_metadata, arena);
}

#define RACE_COMMIT(name, point, state, act)					\
TEST_F(commit, name)								\
{										\
	race_commit(_metadata, &self->arena, variant, point, state, act);	\
}

RACE_COMMIT(zero_page_fault_after_unlock, UNLOCK, ABSENT, act_load)
RACE_COMMIT(zero_page_fault_after_lookup, FAULT_RETURN, ABSENT, act_load)
RACE_COMMIT(zero_page_fault_before_mapping, FINISH, ABSENT, act_load)
RACE_COMMIT(first_write_after_lookup, FAULT_RETURN, ABSENT, act_store)
RACE_COMMIT(first_write_before_mkwrite, MKWRITE, ABSENT, act_store)
RACE_COMMIT(first_write_after_mkwrite, MKWRITE_RETURN, ABSENT, act_store)
RACE_COMMIT(first_write_before_mapping, FINISH, ABSENT, act_store)
RACE_COMMIT(zero_page_upgrade_before_mkwrite, MKWRITE, READ_ABSENT, act_store)
RACE_COMMIT(zero_page_upgrade_after_mkwrite, MKWRITE_RETURN, READ_ABSENT, act_store)
RACE_COMMIT(read_before_zap, ZAP, READ_ABSENT, act_load)
RACE_COMMIT(write_before_zap, ZAP, READ_ABSENT, act_store)

/* Free running */

#define STRESS_NS	500000000LL
#define MIN_ROUNDS	4	/* however long they take: each way to remove once */

FIXTURE(stress) {
	struct arena arena;
};

FIXTURE_VARIANT(stress) {
	unsigned int jitter_us;
};

FIXTURE_VARIANT_ADD(stress, plain) { 0 };
FIXTURE_VARIANT_ADD(stress, jittered) { 40 };

static const char *const jitter_points[] = {
	FAULT_RETURN, FINISH, MKWRITE, MKWRITE_RETURN, ZAP
};

FIXTURE_SETUP(stress)
{
	size_t i;

	arena_setup(_metadata, &self->arena, ABSENT);
	if (!variant->jitter_us)
		return;
	ASSERT_EQ(0, delay_error);
	for (i = 0; i < ARRAY_SIZE(jitter_points); i++) {
		ASSERT_EQ(0, delay_set(jitter_points[i], "times", INT32_MAX));
	}
	ASSERT_EQ(0, delay_set(NULL, "release", 0));
	ASSERT_EQ(0, delay_set(NULL, "max_us", variant->jitter_us));
	delay_me(true);
}

FIXTURE_TEARDOWN_PARENT(stress)
{
	size_t i;

	if (!variant->jitter_us)
		return;
	delay_set(NULL, "max_us", 10000000);
	for (i = 0; i < ARRAY_SIZE(jitter_points); i++)
		delay_set(jitter_points[i], "times", 0);
}

/* Reads words that count up, until it is told to stop */
struct reader {
	volatile uint32_t *words;	/* one in each page */
	atomic_uint removed;		/* no word up to this one may be seen */
	atomic_bool stop;
	atomic_ulong loads;
	uint64_t zeros, live, cut_off, stale;
};

static void load_word(volatile unsigned char *p, unsigned char *word)
{
	*(uint32_t *)word = *(volatile uint32_t *)p;
}

static void act_read_words(struct actor *actor)
{
	struct reader *reader = actor->arg;
	uint32_t removed, word;
	unsigned int i;

	for (i = 0; !atomic_load(&reader->stop); i = (i + 1) % PAGES) {
		volatile void *p = (volatile char *)reader->words + i * PAGE;

		removed = atomic_load(&reader->removed);
		if (try(load_word, p, (unsigned char *)&word).signal)
			reader->cut_off++;
		else if (!word)
			reader->zeros++;
		else if (word > removed)
			reader->live++;
		else
			reader->stale++;
		atomic_fetch_add(&reader->loads, 1);
	}
}

TEST_F_TIMEOUT(stress, nobody_reads_what_was_removed, 120)
{
	struct arena *arena = &self->arena;
	int64_t end = zx_clock_get_monotonic() + STRESS_NS;
	struct reader reader = {
		.words = (uint32_t *)(arena->p - TARGET * PAGE),
	};
	struct actor actor = { .act = act_read_words, .arg = &reader, .cpu = 1 };
	volatile uint32_t *words = (uint32_t *)(arena->q - (TARGET - 1) * PAGE);
	unsigned long before;
	unsigned int page;
	uint32_t round;

	pin_to(0);
	actor_start(_metadata, &actor);
	actor_go(&actor);
	for (round = 1; round <= MIN_ROUNDS || zx_clock_get_monotonic() < end; round++) {
		/* Page 0 stays absent, of the others each is in both mappings. */
		for (page = 1; page < PAGES; page++)
			words[(page - 1) * PAGE / 4] = round;
		/* There is nothing to find if nobody looks */
		for (before = atomic_load(&reader.loads);
		     atomic_load(&reader.loads) < before + PAGES;)
			sched_yield();
		switch (round % 4) {
		case 0:
			ASSERT_OK(vmo_op(arena->vmo, ZX_VMO_OP_DECOMMIT, 1, PAGES - 1));
			break;
		case 1:
			ASSERT_OK(vmo_op(arena->vmo, ZX_VMO_OP_ZERO, 0, PAGES));
			break;
		case 2:
			ASSERT_OK(zx_vmo_transfer_data(arena->other, 0, 0,
						       PAGES * PAGE, arena->vmo, 0));
			break;
		case 3:
			ASSERT_OK(zx_vmo_set_size(arena->vmo, 0));
			atomic_store(&reader.removed, round);
			ASSERT_OK(zx_vmo_set_size(arena->vmo, PAGES * PAGE));
			break;
		}
		atomic_store(&reader.removed, round);
		for (page = 1; page < PAGES; page++) {
			ASSERT_EQ(0, words[(page - 1) * PAGE / 4]);
		}
	}
	atomic_store(&reader.stop, true);
	actor_join(_metadata, &actor);
	TH_LOG("%u rounds, read %lu zeros, %lu live, %lu beyond the end", round,
	       reader.zeros, reader.live, reader.cut_off);
	EXPECT_EQ(0, reader.stale);
	EXPECT_LT(0, reader.zeros);
	EXPECT_LT(0, reader.live);
	check_zero_pages(_metadata);
}

struct counter {
	atomic_ulong *word;
	atomic_bool stop;
	atomic_ulong added;
};

static void act_count(struct actor *actor)
{
	struct counter *counter = actor->arg;

	while (!atomic_load(&counter->stop)) {
		atomic_fetch_add(counter->word, 1);
		atomic_fetch_add(&counter->added, 1);
	}
}

/* What is written while its page moves is moved, or stays: it is never lost */
TEST_F_TIMEOUT(stress, no_write_is_lost_in_a_transfer, 120)
{
	struct arena *arena = &self->arena;
	int64_t end = zx_clock_get_monotonic() + STRESS_NS;
	struct counter counter = { .word = (atomic_ulong *)arena->p };
	struct actor actor = { .act = act_count, .arg = &counter, .cpu = 1 };
	unsigned long moved = 0, rounds = 0, nonzero = 0, before, word;

	pin_to(0);
	actor_start(_metadata, &actor);
	actor_go(&actor);
	for (; rounds < MIN_ROUNDS || zx_clock_get_monotonic() < end; rounds++) {
		/* Or it never gets to the page before it moves again */
		for (before = atomic_load(&counter.added);
		     atomic_load(&counter.added) == before;)
			sched_yield();
		ASSERT_OK(by_transfer(arena));
		ASSERT_OK(zx_vmo_read(arena->other, &word, TARGET * PAGE, 8));
		nonzero += !!word;
		moved += word;
	}
	atomic_store(&counter.stop, true);
	actor_join(_metadata, &actor);
	ASSERT_OK(zx_vmo_read(arena->vmo, &word, TARGET * PAGE, 8));
	TH_LOG("%lu transfers, %lu of them with something; %lu additions", rounds,
	       nonzero, atomic_load(&counter.added));
	EXPECT_EQ(atomic_load(&counter.added), moved + word);
	EXPECT_LT(0, nonzero);
	check_zero_pages(_metadata);
}

/* Two who read all pages first and then write a byte to each */
#define UPGRADE_PAGES	16

struct upgrader {
	unsigned char *p;
	unsigned int id;	/* also the byte it writes, and where */
	pthread_barrier_t *barrier;
	atomic_bool *stop;
	uint64_t sum;
};

static void act_upgrade(struct actor *actor)
{
	struct upgrader *upgrader = actor->arg;
	unsigned int i;

	for (;;) {
		pthread_barrier_wait(upgrader->barrier);
		if (atomic_load(upgrader->stop))
			return;
		for (i = 0; i < UPGRADE_PAGES; i++)
			upgrader->sum += *(volatile unsigned char *)
					 (upgrader->p + i * PAGE);
		for (i = 0; i < UPGRADE_PAGES; i++)
			upgrader->p[i * PAGE + upgrader->id] = upgrader->id;
		pthread_barrier_wait(upgrader->barrier);
	}
}

TEST_F_TIMEOUT(stress, no_write_is_lost_where_zero_pages_were_read, 120)
{
	zx_handle_t vmo = vmo_create(_metadata, UPGRADE_PAGES * PAGE, 0);
	unsigned char *p = map_shared(_metadata, vmo, 0, UPGRADE_PAGES);
	int64_t end = zx_clock_get_monotonic() + STRESS_NS;
	pthread_barrier_t barrier;
	atomic_bool stop = false;
	struct upgrader upgraders[2];
	struct actor actors[2];
	unsigned int i, id, rounds = 0, lost = 0;
	unsigned char byte = 0;

	pthread_barrier_init(&barrier, NULL, 3);
	for (id = 0; id < 2; id++) {
		upgraders[id] = (struct upgrader) {
			.p = id ? map_shared(_metadata, vmo, 0, UPGRADE_PAGES) : p,
			.id = id + 1,
			.barrier = &barrier,
			.stop = &stop,
		};
		actors[id] = (struct actor) {
			.act = act_upgrade,
			.arg = &upgraders[id],
			.cpu = id,
		};
		actor_start(_metadata, &actors[id]);
		actor_go(&actors[id]);
	}
	for (; rounds < MIN_ROUNDS || zx_clock_get_monotonic() < end; rounds++) {
		pthread_barrier_wait(&barrier);
		/* Joins in now and then, without a mapping */
		if (rounds % 2)
			for (i = 0; i < UPGRADE_PAGES; i++)
				zx_vmo_write(vmo, "\3", i * PAGE + 3, 1);
		pthread_barrier_wait(&barrier);
		for (i = 0; i < UPGRADE_PAGES; i++) {
			for (id = 1; id <= 2 + rounds % 2; id++) {
				lost += p[i * PAGE + id] != id;
				zx_vmo_read(vmo, &byte, i * PAGE + id, 1);
				lost += byte != id;
			}
		}
		ASSERT_OK(vmo_op(vmo, ZX_VMO_OP_DECOMMIT, 0, UPGRADE_PAGES));
	}
	atomic_store(&stop, true);
	pthread_barrier_wait(&barrier);
	for (id = 0; id < 2; id++)
		actor_join(_metadata, &actors[id]);
	TH_LOG("%u rounds", rounds);
	EXPECT_EQ(0, lost);
	check_zero_pages(_metadata);
}

/* After all that nothing is held by anybody */

FIXTURE(end) {
};

FIXTURE_SETUP(end)
{
}

FIXTURE_TEARDOWN(end)
{
}

TEST_F(end, nothing_is_left)
{
	EXPECT_TRUE(WAIT_FOR(zt_stat("objects") == 0));
	EXPECT_TRUE(WAIT_FOR(zt_stat("handles") == 0));
	EXPECT_TRUE(WAIT_FOR(zt_stat("pages") == 0));
	EXPECT_TRUE(WAIT_FOR(zt_stat("nodes") == 0));
}

int main(int argc, char **argv)
{
	delay_load(POINTS);
	atexit(delay_unload);
	return test_harness_run(argc, argv);
}
