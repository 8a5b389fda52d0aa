// SPDX-License-Identifier: GPL-2.0-only
/*
 * Snapshots: which bytes they have, wherever the ranges lie and whatever becomes
 * of the sizes; zeros, DECOMMIT and transfers among relatives. vmo_isolation.c
 * goes through all the ways to change one side.
 */
#include <linux/futex.h>

#include "mem_test.h"

#define PAGES	8
#define FIRST	"abcdefgh"
#define SIZE	(PAGES * PAGE)

#define RESIZABLE	ZX_VMO_CHILD_RESIZABLE

static uint64_t private_pages(struct __test_metadata *_metadata, zx_handle_t vmo)
{
	return vmo_info(_metadata, vmo).committed_private_bytes / PAGE;
}

/* The three kinds of snapshot are one where there is no pager. */

FIXTURE(kind) {
	zx_handle_t vmo;
	unsigned char *p;
};

FIXTURE_VARIANT(kind) {
	uint32_t option;
};

FIXTURE_VARIANT_ADD(kind, snapshot) { ZX_VMO_CHILD_SNAPSHOT };
FIXTURE_VARIANT_ADD(kind, at_least_on_write) { ZX_VMO_CHILD_SNAPSHOT_AT_LEAST_ON_WRITE };
FIXTURE_VARIANT_ADD(kind, modified) { ZX_VMO_CHILD_SNAPSHOT_MODIFIED };

FIXTURE_SETUP(kind)
{
	self->vmo = vmo_create(_metadata, SIZE, ZX_VMO_RESIZABLE);
	self->p = map_shared(_metadata, self->vmo, 0, PAGES);
	vmo_spell(_metadata, self->vmo, 0, FIRST);
}

FIXTURE_TEARDOWN(kind)
{
}

#define CHILD(parent, page, pages)	\
	vmo_child(_metadata, parent, variant->option | RESIZABLE, (page) * PAGE, (pages) * PAGE)

TEST_F(kind, both_are_isolated)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES);
	unsigned char *q = map_shared(_metadata, child, 0, PAGES);

	EXPECT_MAPPED(FIRST, q);
	vmo_spell(_metadata, self->vmo, 0, "ABCD");
	vmo_spell(_metadata, child, 4, "ijkl");
	EXPECT_LETTERS("ABCDefgh", self->vmo);
	EXPECT_MAPPED("ABCDefgh", self->p);
	EXPECT_LETTERS("abcdijkl", child);
	EXPECT_MAPPED("abcdijkl", q);
}

/* Not even until the child writes */
TEST_F(kind, child_never_sees_later_writes)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES);

	vmo_spell(_metadata, self->vmo, 0, "ABCDEFGH");
	EXPECT_LETTERS(FIRST, child);
	self->p[0] = 'Z';
	EXPECT_LETTERS(FIRST, child);
}

TEST_F(kind, of_a_snapshot)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES), inner;

	vmo_spell(_metadata, child, 0, "AB");
	inner = CHILD(child, 0, PAGES);
	vmo_spell(_metadata, self->vmo, 1, "12");
	vmo_spell(_metadata, child, 2, "CD");
	EXPECT_LETTERS("a12defgh", self->vmo);
	EXPECT_LETTERS("ABCDefgh", child);
	EXPECT_LETTERS("ABcdefgh", inner);
}

TEST_F(kind, writes_of_one_byte_leave_the_rest_of_the_page)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES);
	unsigned char *q = map_shared(_metadata, child, 0, PAGES);

	ASSERT_OK(zx_vmo_write(child, "X", PAGE + 5, 1));
	q[2 * PAGE + 5] = 'Y';
	self->p[3 * PAGE + 5] = 'Z';
	EXPECT_EQ(5, mem_span(q + PAGE, PAGE, 'b'));
	EXPECT_EQ('X', q[PAGE + 5]);
	EXPECT_EQ(PAGE - 6, mem_span(q + PAGE + 6, PAGE - 6, 'b'));
	EXPECT_EQ(5, mem_span(q + 2 * PAGE, PAGE, 'c'));
	EXPECT_EQ(PAGE - 6, mem_span(q + 2 * PAGE + 6, PAGE - 6, 'c'));
	EXPECT_EQ(5, mem_span(self->p + 3 * PAGE, PAGE, 'd'));
	EXPECT_EQ(PAGE - 6, mem_span(self->p + 3 * PAGE + 6, PAGE - 6, 'd'));
	EXPECT_LETTERS("abc?efgh", self->vmo);
	EXPECT_LETTERS("a??defgh", child);
}

TEST_F(kind, write_across_pages_shared_owned_and_absent)
{
	zx_handle_t child = CHILD(self->vmo, 4, PAGES);
	unsigned char *bytes = user_pages(_metadata, 6, PROT_RW);

	vmo_spell(_metadata, child, 1, "F");
	memset(bytes, 'X', 5 * PAGE);
	ASSERT_OK(zx_vmo_write(child, bytes, PAGE / 2, 5 * PAGE));
	EXPECT_LETTERS("?XXXX?..", child);
	EXPECT_EQ(PAGE / 2, vmo_span(child, 0, PAGE, 'e'));
	EXPECT_EQ(PAGE / 2, vmo_span(child, 5 * PAGE, PAGE, 'X'));
	EXPECT_LETTERS(FIRST, self->vmo);
}

/* Ranges */

TEST_F(kind, beyond_the_end_of_the_parent_is_zero)
{
	zx_handle_t child = CHILD(self->vmo, 6, 4);
	unsigned char *q = map_shared(_metadata, child, 0, 4);

	EXPECT_MAPPED("gh..", q);
	/* what either does there is its own */
	ASSERT_OK(zx_vmo_set_size(self->vmo, 16 * PAGE));
	vmo_spell(_metadata, self->vmo, 8, "ijkl");
	EXPECT_MAPPED("gh..", q);
	vmo_spell(_metadata, child, 2, "I");
	EXPECT_LETTERS("ghI.", child);
	EXPECT_LETTERS_AT(6, "ghijkl", self->vmo);
}

TEST_F(kind, wholly_beyond_the_end_of_the_parent)
{
	zx_handle_t child = CHILD(self->vmo, PAGES, 4);
	zx_handle_t far = vmo_child(_metadata, self->vmo, variant->option, 1ULL << 62, 4 * PAGE);

	EXPECT_LETTERS("....", child);
	EXPECT_LETTERS("....", far);
	vmo_spell(_metadata, child, 0, "X");
	vmo_spell(_metadata, far, 3, "Y");
	ASSERT_OK(zx_vmo_set_size(self->vmo, 16 * PAGE));
	EXPECT_LETTERS("abcdefgh....", self->vmo);
	EXPECT_LETTERS("X...", child);
	EXPECT_LETTERS("...Y", far);
}

TEST_F(kind, of_no_bytes)
{
	zx_handle_t child = CHILD(self->vmo, 2, 0);

	EXPECT_LETTERS("!", child);
	ASSERT_OK(zx_vmo_set_size(child, 4 * PAGE));
	EXPECT_LETTERS("....", child);
	EXPECT_EQ(0, vmo_pages(_metadata, child));
}

TEST_F(kind, of_an_empty_parent)
{
	zx_handle_t empty = vmo_create(_metadata, 0, ZX_VMO_RESIZABLE);
	zx_handle_t child = CHILD(empty, 0, 4);

	EXPECT_LETTERS("....", child);
	ASSERT_OK(zx_vmo_set_size(empty, 4 * PAGE));
	vmo_spell(_metadata, empty, 0, "abcd");
	EXPECT_LETTERS("....", child);
}

/* The child's view is its own size. */

TEST_F(kind, inner_snapshot_does_not_look_past_the_middle)
{
	zx_handle_t middle = CHILD(self->vmo, 2, 2);
	zx_handle_t inner = CHILD(middle, 0, 6), behind = CHILD(middle, 1, 6);
	unsigned char *q = map_shared(_metadata, inner, 0, 6);

	EXPECT_LETTERS("cd....", inner);
	EXPECT_MAPPED("cd....", q);
	EXPECT_LETTERS("d.....", behind);
	EXPECT_LETTERS("....", CHILD(middle, 2, 4));
	EXPECT_EQ(2, vmo_pages(_metadata, inner));
	EXPECT_EQ(1, vmo_pages(_metadata, behind));
}

TEST_F(kind, middle_that_grows_again_shows_nothing_of_its_parent)
{
	zx_handle_t middle = CHILD(self->vmo, 0, PAGES), inner;
	unsigned char *q = map_shared(_metadata, middle, 0, PAGES);

	EXPECT_MAPPED(FIRST, q);
	ASSERT_OK(zx_vmo_set_size(middle, 2 * PAGE));
	inner = CHILD(middle, 0, PAGES);
	EXPECT_LETTERS("ab......", inner);
	ASSERT_OK(zx_vmo_set_size(middle, SIZE));
	EXPECT_MAPPED("ab......", q);
	EXPECT_LETTERS("ab......", middle);
	EXPECT_LETTERS("ab......", CHILD(middle, 0, PAGES));
	EXPECT_LETTERS("ab......", inner);
	EXPECT_LETTERS(FIRST, self->vmo);
}

TEST_F(kind, shrunk_to_the_middle_of_a_page)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES);

	ASSERT_OK(zx_vmo_set_size(child, 2 * PAGE + 100));
	EXPECT_LETTERS("ab?", child);
	EXPECT_EQ(100, vmo_span(child, 2 * PAGE, PAGE, 'c'));
	EXPECT_EQ(PAGE - 100, vmo_span(child, 2 * PAGE + 100, PAGE - 100, 0));
	EXPECT_LETTERS(FIRST, self->vmo);
	ASSERT_OK(zx_vmo_set_size(self->vmo, PAGE + 200));
	EXPECT_EQ(200, vmo_span(self->vmo, PAGE, PAGE, 'b'));
	EXPECT_EQ(PAGE, vmo_span(child, PAGE, PAGE, 'b'));
}

TEST_F(kind, parent_shrinks)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES);
	unsigned char *q = map_shared(_metadata, child, 0, PAGES);

	EXPECT_MAPPED(FIRST, q);
	ASSERT_OK(zx_vmo_set_size(self->vmo, 0));
	EXPECT_SIGBUS(self->p);
	EXPECT_MAPPED(FIRST, q);
	EXPECT_EQ(PAGES, private_pages(_metadata, child));
	ASSERT_OK(zx_vmo_set_size(self->vmo, SIZE));
	EXPECT_MAPPED("........", self->p);
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
	vmo_spell(_metadata, self->vmo, 0, "ABCD");
	EXPECT_MAPPED(FIRST, q);
}

TEST_F(kind, sub_range_at_any_place)
{
	static const unsigned int places[] = { 0, 1, 3, 7, 510, 511, 512, 513, 700, 1023, 1024 };
	const uint64_t pages = 1030;
	zx_handle_t vmo = vmo_create(_metadata, pages * PAGE, 0);
	uint32_t *p = (void *)map_shared(_metadata, vmo, 0, pages);
	const size_t step = PAGE / sizeof(*p);
	size_t i, j;

	for (j = 0; j < pages; j++)
		p[j * step] = j + 1;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		uint64_t length = i % 2 ? pages : 5 + 97 * i, wrong = 0;
		zx_handle_t child = CHILD(vmo, places[i], length);
		uint32_t *q = (void *)map_shared(_metadata, child, 0, length);

		/* by the child, and then by the parent */
		q[0] = 77;
		for (j = 1; j < length; j++)
			wrong += q[j * step] != (places[i] + j < pages ? places[i] + j + 1 : 0);
		EXPECT_EQ(0, wrong) TH_LOG("page %u, %ju pages", places[i], (uintmax_t)length);
		EXPECT_EQ(places[i] + 1, p[places[i] * step]);
		for (j = 0; j < pages; j++)
			p[j * step + 1] = 1;
		for (j = 0, wrong = 0; j < length; j++)
			wrong += q[j * step + 1];
		EXPECT_EQ(0, wrong);
		for (j = 0; j < pages; j++)
			p[j * step + 1] = 0;
		ASSERT_EQ(0, munmap(q, length * PAGE));
		ASSERT_OK(zx_handle_close(child));
	}
}

/* An inner snapshot that starts elsewhere in each generation */
TEST_F(kind, offsets_add_up)
{
	zx_handle_t a = CHILD(self->vmo, 1, 6), b = CHILD(a, 2, 4), c = CHILD(b, 1, 4);

	EXPECT_LETTERS("bcdefg", a);
	EXPECT_LETTERS("defg", b);
	EXPECT_LETTERS("efg.", c);
	vmo_spell(_metadata, b, 1, "X");
	vmo_spell(_metadata, self->vmo, 4, "Y");
	EXPECT_LETTERS("abcdYfgh", self->vmo);
	EXPECT_LETTERS("bcdefg", a);
	EXPECT_LETTERS("dXfg", b);
	EXPECT_LETTERS("efg.", c);
}

TEST_F(kind, of_everything_there_can_be)
{
	zx_handle_t vmo = vmo_create(_metadata, MAX_SIZE, 0), child;

	ASSERT_OK(zx_vmo_write(vmo, "a", 0, 1));
	ASSERT_OK(zx_vmo_write(vmo, "z", MAX_SIZE - 1, 1));
	EXPECT_QUICK(child = vmo_child(_metadata, vmo, variant->option, 0, MAX_SIZE));
	ASSERT_OK(zx_vmo_write(vmo, "AA", 0, 2));
	ASSERT_OK(zx_vmo_write(child, "ZZ", MAX_SIZE - 2, 2));
	EXPECT_EQ(1, vmo_span(child, 0, 1, 'a'));
	EXPECT_EQ(1, vmo_span(child, 1, 1, 0));
	EXPECT_EQ(1, vmo_span(vmo, MAX_SIZE - 1, 1, 'z'));
	EXPECT_EQ(1, vmo_span(vmo, MAX_SIZE - 2, 1, 0));
	EXPECT_EQ(2, vmo_pages(_metadata, child));
	EXPECT_QUICK(ASSERT_OK(zx_vmo_op_range(child, ZX_VMO_OP_ZERO, 0, MAX_SIZE, NULL, 0)));
	EXPECT_EQ(0, vmo_pages(_metadata, child));
	EXPECT_EQ(2, private_pages(_metadata, vmo));
}

/* Pages that were not there */

TEST_F(kind, uncommitted_pages_stay_zero)
{
	zx_handle_t vmo = vmo_create(_metadata, SIZE, 0), child = CHILD(vmo, 0, PAGES);
	unsigned char *p = map_shared(_metadata, vmo, 0, PAGES);
	unsigned char *q = map_shared(_metadata, child, 0, PAGES);

	EXPECT_MAPPED("........", p);
	EXPECT_MAPPED("........", q);
	memset(p + PAGE, 'X', PAGE);
	vmo_spell(_metadata, child, 2, "Y");
	ASSERT_OK(vmo_pages_op(vmo, ZX_VMO_OP_COMMIT, 3, 1));
	EXPECT_MAPPED(".X......", p);
	EXPECT_MAPPED("..Y.....", q);
	EXPECT_EQ(2, vmo_pages(_metadata, vmo));
	EXPECT_EQ(1, vmo_pages(_metadata, child));
	check_zero_pages(_metadata);
}

/* Zeros */

TEST_F(kind, zeroed_page_does_not_show_the_parent_s_again)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES), inner;
	unsigned char *q = map_shared(_metadata, child, 0, PAGES);

	EXPECT_MAPPED(FIRST, q);
	ASSERT_OK(vmo_pages_op(child, ZX_VMO_OP_ZERO, 1, 4));
	EXPECT_MAPPED("a....fgh", q);
	inner = CHILD(child, 0, PAGES);
	ASSERT_OK(zx_vmo_write(child, "X", 2 * PAGE + 9, 1));
	q[3 * PAGE + 9] = 'Y';
	EXPECT_EQ(9, mem_span(q + 2 * PAGE, PAGE, 0));
	EXPECT_EQ(PAGE - 10, mem_span(q + 2 * PAGE + 10, PAGE - 10, 0));
	EXPECT_EQ(9, mem_span(q + 3 * PAGE, PAGE, 0));
	EXPECT_EQ(PAGE - 10, mem_span(q + 3 * PAGE + 10, PAGE - 10, 0));
	EXPECT_LETTERS("a....fgh", inner);
	EXPECT_LETTERS(FIRST, self->vmo);
	ASSERT_OK(vmo_pages_op(child, ZX_VMO_OP_COMMIT, 4, 1));
	EXPECT_LETTERS_AT(4, ".", child);
}

TEST_F(kind, zero_of_a_range_that_leaves_the_child)
{
	zx_handle_t child = CHILD(self->vmo, 2, 4);

	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, vmo_pages_op(child, ZX_VMO_OP_ZERO, 2, 3));
	EXPECT_LETTERS("cdef", child);
	EXPECT_OK(vmo_pages_op(child, ZX_VMO_OP_ZERO, 2, 2));
	EXPECT_LETTERS("cd..", child);
	EXPECT_LETTERS(FIRST, self->vmo);
}

/* Nothing becomes committed by a partial ZERO of what reads as zero. */
TEST_F(kind, partial_zero_of_a_zeroed_page_commits_nothing)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES);

	ASSERT_OK(vmo_pages_op(child, ZX_VMO_OP_ZERO, 1, 1));
	ASSERT_OK(zx_vmo_op_range(child, ZX_VMO_OP_ZERO, PAGE + 5, 10, NULL, 0));
	EXPECT_EQ(PAGES - 1, vmo_pages(_metadata, child));
	EXPECT_EQ(0, private_pages(_metadata, child));
	EXPECT_LETTERS("a.cdefgh", child);
	EXPECT_LETTERS(FIRST, self->vmo);
}

/* DECOMMIT */

#define EXPECT_DECOMMIT(status, vmo, page, pages)	\
	EXPECT_ST(status, vmo_pages_op(vmo, ZX_VMO_OP_DECOMMIT, page, pages))
#define EXPECT_DECOMMIT_BYTES(status, vmo, offset, length)	\
	EXPECT_ST(status, zx_vmo_op_range(vmo, ZX_VMO_OP_DECOMMIT, offset, length, NULL, 0))

#define EXPECT_NO_DECOMMIT(vmo) do {							\
	EXPECT_DECOMMIT(ZX_ERR_NOT_SUPPORTED, vmo, 0, 1);				\
	EXPECT_DECOMMIT(ZX_ERR_NOT_SUPPORTED, vmo, 0, PAGES);				\
	EXPECT_DECOMMIT_BYTES(ZX_ERR_NOT_SUPPORTED, vmo, 1, PAGE);			\
	EXPECT_DECOMMIT_BYTES(ZX_ERR_NOT_SUPPORTED, vmo, 0, 1);				\
	/* what comes before */								\
	EXPECT_DECOMMIT(ZX_ERR_OUT_OF_RANGE, vmo, 0, PAGES + 1);			\
	EXPECT_DECOMMIT_BYTES(ZX_ERR_OUT_OF_RANGE, vmo, SIZE - 1, 2);			\
	EXPECT_DECOMMIT_BYTES(ZX_ERR_OUT_OF_RANGE, vmo, SIZE + 1, 0);			\
	EXPECT_DECOMMIT_BYTES(ZX_ERR_OUT_OF_RANGE, vmo, UINT64_MAX, 2);			\
	EXPECT_DECOMMIT(ZX_OK, vmo, 0, 0);						\
	EXPECT_DECOMMIT_BYTES(ZX_OK, vmo, 1, 0);					\
} while (0)

TEST_F(kind, decommit_is_not_supported_while_there_are_relatives)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES), sibling = CHILD(self->vmo, 0, PAGES);
	zx_handle_t inner = CHILD(child, 0, PAGES);

	EXPECT_NO_DECOMMIT(self->vmo);
	EXPECT_NO_DECOMMIT(child);
	EXPECT_NO_DECOMMIT(sibling);
	EXPECT_NO_DECOMMIT(inner);
	ASSERT_OK(zx_handle_close(sibling));
	EXPECT_NO_DECOMMIT(self->vmo);
	ASSERT_OK(zx_handle_close(child));
	EXPECT_NO_DECOMMIT(self->vmo);
	EXPECT_NO_DECOMMIT(inner);
	EXPECT_LETTERS(FIRST, self->vmo);
	EXPECT_LETTERS(FIRST, inner);

	ASSERT_OK(zx_handle_close(inner));
	EXPECT_DECOMMIT_BYTES(ZX_ERR_INVALID_ARGS, self->vmo, 1, PAGE);
	EXPECT_DECOMMIT(ZX_OK, self->vmo, 2, 2);
	EXPECT_LETTERS("ab..efgh", self->vmo);
	EXPECT_MAPPED("ab..efgh", self->p);
	EXPECT_EQ(PAGES - 2, vmo_pages(_metadata, self->vmo));
}

TEST_F(kind, decommit_by_the_last_who_is_left)
{
	zx_handle_t one = CHILD(self->vmo, 0, PAGES), two = CHILD(self->vmo, 0, PAGES);

	ASSERT_EQ(0, munmap(self->p, SIZE));
	ASSERT_OK(zx_handle_close(self->vmo));
	EXPECT_NO_DECOMMIT(one);
	EXPECT_NO_DECOMMIT(two);
	ASSERT_OK(zx_handle_close(one));
	EXPECT_DECOMMIT(ZX_OK, two, 2, 2);
	EXPECT_LETTERS("ab..efgh", two);
	EXPECT_EQ(PAGES - 2, vmo_pages(_metadata, two));
}

/* A child that sees none of the parent's pages is a relative, too. */
TEST_F(kind, decommit_with_a_relative_beyond_the_end)
{
	zx_handle_t child = CHILD(self->vmo, PAGES, PAGES), empty;

	EXPECT_NO_DECOMMIT(self->vmo);
	EXPECT_NO_DECOMMIT(child);
	ASSERT_OK(zx_handle_close(child));
	empty = CHILD(self->vmo, 0, 0);
	EXPECT_NO_DECOMMIT(self->vmo);
	ASSERT_OK(zx_handle_close(empty));
	EXPECT_DECOMMIT(ZX_OK, self->vmo, 0, PAGES);
}

TEST_F(kind, decommit_while_only_a_mapping_holds_the_child)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES);
	unsigned char *q = map_shared(_metadata, child, 0, PAGES);

	ASSERT_OK(zx_handle_close(child));
	EXPECT_NO_DECOMMIT(self->vmo);
	EXPECT_MAPPED(FIRST, q);
	ASSERT_EQ(0, munmap(q, SIZE));
	EXPECT_DECOMMIT(ZX_OK, self->vmo, 0, PAGES);
}

/* Moving pages between relatives */

TEST_F(kind, transfer_between_relatives)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES);
	unsigned char *q = map_shared(_metadata, child, 0, PAGES);

	vmo_spell(_metadata, child, 0, "AB");
	ASSERT_OK(zx_vmo_transfer_data(self->vmo, 0, 4 * PAGE, 3 * PAGE, child, PAGE));
	EXPECT_MAPPED("A...efgh", q);
	EXPECT_MAPPED("abcdBcdh", self->p);
	ASSERT_OK(zx_vmo_transfer_data(child, 0, PAGE, 3 * PAGE, self->vmo, PAGE));
	EXPECT_MAPPED("Abcdefgh", q);
	EXPECT_MAPPED("a...Bcdh", self->p);
	vmo_spell(_metadata, child, 0, FIRST);
	EXPECT_LETTERS("a...Bcdh", self->vmo);
	vmo_spell(_metadata, self->vmo, 0, "12345678");
	EXPECT_LETTERS(FIRST, child);
}

TEST_F(kind, transfer_of_everything_between_relatives)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES), witness = CHILD(self->vmo, 0, PAGES);

	vmo_spell(_metadata, self->vmo, 0, "ABCD");
	ASSERT_OK(zx_vmo_transfer_data(child, 0, 0, SIZE, self->vmo, 0));
	EXPECT_LETTERS("ABCDefgh", child);
	EXPECT_LETTERS("........", self->vmo);
	EXPECT_LETTERS(FIRST, witness);
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
}

/* What shall not be disturbed */

TEST_F(kind, reading_copies_nothing)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES);
	unsigned char *q = map_shared(_metadata, child, 0, PAGES);
	long long pages = stat_at_rest("pages");

	EXPECT_MAPPED(FIRST, q);
	EXPECT_LETTERS(FIRST, child);
	EXPECT_MAPPED(FIRST, self->p);
	EXPECT_LETTERS(FIRST, self->vmo);
	EXPECT_EQ(0, private_pages(_metadata, child));
	EXPECT_EQ(pages, zt_stat("pages"));
	vmo_spell(_metadata, child, 0, "X");
	EXPECT_EQ(1, private_pages(_metadata, child));
	EXPECT_EQ(pages + 1, stat_at_rest("pages"));
}

TEST_F(kind, private_mapping_of_the_parent_keeps_its_copy)
{
	unsigned char *private = map_private(_metadata, self->vmo, 0, PAGES);
	zx_handle_t child;

	private[0] = 'P';
	EXPECT_EQ('b', private[PAGE]);
	child = CHILD(self->vmo, 0, PAGES);
	memset(self->p, 'X', SIZE);
	EXPECT_EQ('P', private[0]);
	EXPECT_EQ('a', private[1]);
	EXPECT_EQ('X', private[PAGE]);
	private[2 * PAGE] = 'Q';
	EXPECT_LETTERS(FIRST, child);
	EXPECT_LETTERS("XXXXXXXX", self->vmo);
}

static int futex(volatile unsigned char *p, int op, unsigned int value)
{
	struct timespec patience = { 20, 0 };

	return syscall(SYS_futex, p, op, value, op == FUTEX_WAIT ? &patience : NULL, NULL, 0);
}

static void act_futex_wait(struct actor *actor)
{
	actor->status = futex(actor->p, FUTEX_WAIT, 0);
}

/* Who waits in a page that comes to be shared is found by who writes there. */
TEST_F(kind, futex_waiter)
{
	struct actor waiter = { .act = act_futex_wait, .p = self->p + PAGE, .cpu = 1 };
	zx_handle_t child;
	unsigned char *q;

	memset(self->p + PAGE, 0, 8);
	actor_start(_metadata, &waiter);
	actor_go(&waiter);
	ASSERT_TRUE(task_sleeps(waiter.tid));
	child = CHILD(self->vmo, 0, PAGES);
	q = map_shared(_metadata, child, 0, PAGES);
	/* the same place in the child is another one */
	*(volatile uint32_t *)(q + PAGE) = 1;
	EXPECT_EQ(0, futex(q + PAGE, FUTEX_WAKE, 1));
	*(volatile uint32_t *)(self->p + PAGE) = 1;
	EXPECT_EQ(1, futex(self->p + PAGE, FUTEX_WAKE, 1));
	actor_join(_metadata, &waiter);
	EXPECT_EQ(0, waiter.status);
}

TEST_F(kind, code_that_is_mapped_goes_on)
{
	zx_handle_t executable, child;
	unsigned char code[8];
	int (*fn)(void);
	size_t length = code_returning(42, code);

	if (!length)
		SKIP(return, "no code for this architecture");
	ASSERT_OK(zx_vmo_write(self->vmo, code, 0, length));
	ASSERT_OK(zx_vmo_replace_as_executable(self->vmo, ZX_HANDLE_INVALID, &executable));
	fn = (void *)vmo_map(_metadata, executable, ZX_VM_PERM_READ | ZX_VM_PERM_EXECUTE, 0, PAGE);
	EXPECT_EQ(42, fn());
	child = CHILD(executable, 0, PAGES);
	EXPECT_EQ(42, fn());
	vmo_spell(_metadata, child, 0, "X");
	EXPECT_EQ(42, fn());
	length = code_returning(43, code);
	ASSERT_OK(zx_vmo_write(executable, code, 0, length));
	EXPECT_EQ(43, fn());
	EXPECT_LETTERS("X", child);
}

/* A snapshot is a Linux file as any VMO */

TEST_F(kind, as_a_file)
{
	zx_handle_t child = CHILD(self->vmo, 1, 4);
	int fd = fd_of(child);
	unsigned char bytes[16];

	EXPECT_EQ(4 * PAGE, lseek(fd, 0, SEEK_END));
	ASSERT_EQ(PAGE - 1, lseek(fd, PAGE - 1, SEEK_SET));
	EXPECT_EQ(2, read(fd, bytes, 2));
	EXPECT_EQ(0, memcmp(bytes, "bc", 2));
	/* pages that are shared are data, those that were zeroed are not */
	EXPECT_EQ(0, lseek(fd, 0, SEEK_DATA));
	EXPECT_EQ(4 * PAGE, lseek(fd, 0, SEEK_HOLE));
	ASSERT_OK(vmo_pages_op(child, ZX_VMO_OP_ZERO, 1, 2));
	EXPECT_EQ(PAGE, lseek(fd, 0, SEEK_HOLE));
	EXPECT_EQ(3 * PAGE, lseek(fd, PAGE, SEEK_DATA));
	ASSERT_EQ(0, ftruncate(fd, 6 * PAGE));
	EXPECT_EQ(4 * PAGE, lseek(fd, 3 * PAGE, SEEK_HOLE));
	EXPECT_EQ(-1, lseek(fd, 4 * PAGE, SEEK_DATA));
	EXPECT_ERRNO(ENXIO, errno);
	EXPECT_EQ(5, pwrite(fd, "XXXXX", 5, 6 * PAGE));
	EXPECT_EQ(7 * PAGE, vmo_size(_metadata, child));
	EXPECT_LETTERS("b..e..?", child);
	EXPECT_LETTERS(FIRST, self->vmo);
}

TEST_HARNESS_MAIN
