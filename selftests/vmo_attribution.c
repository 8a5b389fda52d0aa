// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose memory it is: the committed, private, scaled and fractional bytes of
 * ZX_INFO_VMO among relatives, exactly
 */
#include "mem_test.h"

#define PAGES	8
#define SIZE	(PAGES * PAGE)
#define ONE_BYTE	(1ULL << 63)	/* of the fractional fields */

/* So many pages, each shared by so many in all */
struct share {
	uint64_t pages;
	unsigned int sharers;
};

struct amount {
	uint64_t committed, private, scaled, fraction;
};

static struct amount amount_of(const struct share *shares, size_t n)
{
	struct amount sum = { 0 };
	uint64_t i;

	for (; n--; shares++) {
		sum.committed += shares->pages * PAGE;
		if (shares->sharers == 1)
			sum.private += shares->pages * PAGE;
		for (i = 0; i < shares->pages; i++) {
			sum.scaled += PAGE / shares->sharers;
			sum.fraction += PAGE % shares->sharers * (ONE_BYTE / shares->sharers);
			if (sum.fraction >= ONE_BYTE) {
				sum.fraction -= ONE_BYTE;
				sum.scaled++;
			}
		}
	}
	return sum;
}

static void check_shares(struct __test_metadata *_metadata, const char *name, int line,
			 zx_handle_t vmo, const struct share *shares, size_t n)
{
	struct amount want = amount_of(shares, n);
	zx_info_vmo_t info = vmo_info(_metadata, vmo);

	if (info.committed_bytes == want.committed &&
	    info.committed_private_bytes == want.private &&
	    info.committed_scaled_bytes == want.scaled &&
	    info.committed_fractional_scaled_bytes == want.fraction &&
	    info.populated_bytes == want.committed &&
	    info.populated_private_bytes == want.private &&
	    info.populated_scaled_bytes == want.scaled &&
	    info.populated_fractional_scaled_bytes == want.fraction)
		return;
	TH_LOG("line %d, %s: committed %ju private %ju scaled %ju fraction %#jx", line, name,
	       (uintmax_t)info.committed_bytes, (uintmax_t)info.committed_private_bytes,
	       (uintmax_t)info.committed_scaled_bytes,
	       (uintmax_t)info.committed_fractional_scaled_bytes);
	TH_LOG("and populated %ju private %ju scaled %ju fraction %#jx",
	       (uintmax_t)info.populated_bytes, (uintmax_t)info.populated_private_bytes,
	       (uintmax_t)info.populated_scaled_bytes,
	       (uintmax_t)info.populated_fractional_scaled_bytes);
	TH_LOG("instead of committed %ju private %ju scaled %ju fraction %#jx",
	       (uintmax_t)want.committed, (uintmax_t)want.private, (uintmax_t)want.scaled,
	       (uintmax_t)want.fraction);
	_metadata->exit_code = KSFT_FAIL;
}

/* EXPECT_SHARES(vmo, { pages, sharers }, ...): what it sees, with how many in all */
#define EXPECT_SHARES(vmo, ...) do {							\
	const struct share __shares[] = { __VA_ARGS__ };				\
											\
	check_shares(_metadata, #vmo, __LINE__, vmo, __shares, ARRAY_SIZE(__shares));	\
} while (0)
#define EXPECT_NOTHING(vmo)	check_shares(_metadata, #vmo, __LINE__, vmo, NULL, 0)

FIXTURE(amount) {
	zx_handle_t vmo;
};

FIXTURE_SETUP(amount)
{
	self->vmo = vmo_create(_metadata, SIZE, ZX_VMO_RESIZABLE);
	vmo_spell(_metadata, self->vmo, 0, "abcdefgh");
}

FIXTURE_TEARDOWN(amount)
{
}

#define CHILD(parent, page, pages)					\
	vmo_child(_metadata, parent, ZX_VMO_CHILD_SNAPSHOT | ZX_VMO_CHILD_RESIZABLE,	\
		  (page) * PAGE, (pages) * PAGE)

TEST_F(amount, alone)
{
	EXPECT_SHARES(self->vmo, { 8, 1 });
}

TEST_F(amount, of_two)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES);

	EXPECT_SHARES(self->vmo, { 8, 2 });
	EXPECT_SHARES(child, { 8, 2 });
	ASSERT_OK(zx_handle_close(child));
	EXPECT_SHARES(self->vmo, { 8, 1 });
}

TEST_F(amount, of_two_when_the_parent_goes)
{
	zx_handle_t child = CHILD(self->vmo, 0, 6);

	EXPECT_SHARES(self->vmo, { 6, 2 }, { 2, 1 });
	ASSERT_OK(zx_handle_close(self->vmo));
	EXPECT_SHARES(child, { 6, 1 });
}

/* A third of a byte is 2^63 / 3 units, which lose two when they are one again. */
TEST_F(amount, of_three)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGE, 0), one, two;
	zx_info_vmo_t info;

	vmo_spell(_metadata, vmo, 0, "a");
	one = CHILD(vmo, 0, 1);
	two = CHILD(vmo, 0, 1);
	EXPECT_SHARES(vmo, { 1, 3 });
	EXPECT_SHARES(one, { 1, 3 });
	EXPECT_SHARES(two, { 1, 3 });
	info = vmo_info(_metadata, two);
	EXPECT_EQ(PAGE / 3, info.committed_scaled_bytes);
	EXPECT_EQ(PAGE % 3 * 0x2aaaaaaaaaaaaaaaULL, info.committed_fractional_scaled_bytes);
	EXPECT_EQ(0, info.committed_private_bytes);
}

/* The remainders of many pages make whole bytes. */
TEST_F(amount, fractions_carry)
{
	static const unsigned int sharers[] = { 3, 5, 6, 7, 9, 11, 13, 31 };
	const uint64_t pages = 100;
	zx_handle_t vmo = vmo_create(_metadata, pages * PAGE, 0), children[32];
	unsigned int i, n = 1;

	ASSERT_OK(vmo_pages_op(vmo, ZX_VMO_OP_COMMIT, 0, pages));
	for (i = 0; i < ARRAY_SIZE(sharers); i++) {
		for (; n < sharers[i]; n++)
			children[n] = CHILD(vmo, 0, pages);
		EXPECT_SHARES(vmo, { pages, n });
		EXPECT_SHARES(children[n - 1], { pages, n });
	}
}

/* Each page by itself: who sees it counts, not who is a relative. */
TEST_F(amount, of_ranges_that_overlap)
{
	zx_handle_t one = CHILD(self->vmo, 0, 5), two = CHILD(self->vmo, 3, 4);
	zx_handle_t three = CHILD(self->vmo, 4, 10);

	/* a b c: 2, d: 3, e: 4, f g: 3, h: 2 */
	EXPECT_SHARES(self->vmo, { 3, 2 }, { 1, 3 }, { 1, 4 }, { 2, 3 }, { 1, 2 });
	EXPECT_SHARES(one, { 3, 2 }, { 1, 3 }, { 1, 4 });
	EXPECT_SHARES(two, { 1, 3 }, { 1, 4 }, { 2, 3 });
	EXPECT_SHARES(three, { 1, 4 }, { 2, 3 }, { 1, 2 });
}

TEST_F(amount, of_generations)
{
	zx_handle_t child = CHILD(self->vmo, 2, 4), inner = CHILD(child, 1, 4);

	EXPECT_SHARES(self->vmo, { 4, 1 }, { 1, 2 }, { 3, 3 });
	EXPECT_SHARES(child, { 1, 2 }, { 3, 3 });
	EXPECT_SHARES(inner, { 3, 3 });
	ASSERT_OK(zx_handle_close(child));
	EXPECT_SHARES(self->vmo, { 5, 1 }, { 3, 2 });
	EXPECT_SHARES(inner, { 3, 2 });
}

TEST_F(amount, of_a_child_beyond_the_end)
{
	zx_handle_t child = CHILD(self->vmo, PAGES, PAGES);

	EXPECT_NOTHING(child);
	EXPECT_SHARES(self->vmo, { 8, 1 });
	vmo_spell(_metadata, child, 0, "x");
	EXPECT_SHARES(child, { 1, 1 });
}

/* Writing */

TEST_F(amount, after_a_write_of_the_parent)
{
	zx_handle_t one = CHILD(self->vmo, 0, PAGES), two = CHILD(self->vmo, 0, PAGES);

	vmo_spell(_metadata, self->vmo, 0, "AB");
	EXPECT_SHARES(self->vmo, { 2, 1 }, { 6, 3 });
	EXPECT_SHARES(one, { 2, 2 }, { 6, 3 });
	EXPECT_SHARES(two, { 2, 2 }, { 6, 3 });
	vmo_spell(_metadata, one, 1, "BC");
	EXPECT_SHARES(self->vmo, { 2, 1 }, { 1, 2 }, { 5, 3 });
	EXPECT_SHARES(one, { 2, 1 }, { 1, 2 }, { 5, 3 });
	EXPECT_SHARES(two, { 1, 1 }, { 2, 2 }, { 5, 3 });
}

TEST_F(amount, after_a_store_in_a_mapping)
{
	unsigned char *p = map_shared(_metadata, self->vmo, 0, PAGES), *q;
	zx_handle_t child;

	memset(p, 'A', SIZE);
	child = CHILD(self->vmo, 0, PAGES);
	q = map_shared(_metadata, child, 0, PAGES);
	EXPECT_MAPPED("AAAAAAAA", q);
	EXPECT_SHARES(self->vmo, { 8, 2 });
	p[0] = 'B';
	q[PAGE] = 'C';
	p[2 * PAGE] = 'D';
	q[2 * PAGE] = 'E';
	EXPECT_SHARES(self->vmo, { 3, 1 }, { 5, 2 });
	EXPECT_SHARES(child, { 3, 1 }, { 5, 2 });
}

TEST_F(amount, after_reading)
{
	zx_handle_t child = CHILD(self->vmo, 0, 2 * PAGES);
	unsigned char *q = map_shared(_metadata, child, 0, 2 * PAGES);

	EXPECT_MAPPED("abcdefgh........", q);
	EXPECT_LETTERS("abcdefgh........", child);
	EXPECT_SHARES(child, { 8, 2 });
	EXPECT_SHARES(self->vmo, { 8, 2 });
}

TEST_F(amount, after_commit)
{
	zx_handle_t child = CHILD(self->vmo, 4, PAGES);

	/* copies of what was shared and pages of zeros */
	ASSERT_OK(vmo_pages_op(child, ZX_VMO_OP_COMMIT, 2, 4));
	EXPECT_SHARES(child, { 2, 2 }, { 4, 1 });
	EXPECT_SHARES(self->vmo, { 6, 1 }, { 2, 2 });
	ASSERT_OK(vmo_pages_op(self->vmo, ZX_VMO_OP_COMMIT, 0, PAGES));
	EXPECT_SHARES(self->vmo, { 8, 1 });
	EXPECT_SHARES(child, { 6, 1 });
	EXPECT_LETTERS("efgh....", child);
}

TEST_F(amount, of_pages_committed_later)
{
	zx_handle_t vmo = vmo_create(_metadata, SIZE, 0), child = CHILD(vmo, 0, PAGES);

	vmo_spell(_metadata, vmo, 0, "ab");
	vmo_spell(_metadata, child, 1, "xyz");
	EXPECT_SHARES(vmo, { 2, 1 });
	EXPECT_SHARES(child, { 3, 1 });
}

/* Zeros are nobody's. */

TEST_F(amount, after_zero)
{
	zx_handle_t one = CHILD(self->vmo, 0, PAGES), two = CHILD(self->vmo, 0, PAGES);

	ASSERT_OK(vmo_pages_op(one, ZX_VMO_OP_ZERO, 0, 3));
	EXPECT_SHARES(one, { 5, 3 });
	EXPECT_SHARES(two, { 3, 2 }, { 5, 3 });
	EXPECT_SHARES(self->vmo, { 3, 2 }, { 5, 3 });
	ASSERT_OK(vmo_pages_op(self->vmo, ZX_VMO_OP_ZERO, 2, 2));
	EXPECT_SHARES(self->vmo, { 2, 2 }, { 4, 3 });
	EXPECT_SHARES(two, { 1, 1 }, { 3, 2 }, { 4, 3 });
	EXPECT_SHARES(one, { 1, 2 }, { 4, 3 });
	ASSERT_OK(vmo_pages_op(two, ZX_VMO_OP_ZERO, 0, PAGES));
	EXPECT_NOTHING(two);
	EXPECT_SHARES(self->vmo, { 2, 1 }, { 4, 2 });
	EXPECT_SHARES(one, { 1, 1 }, { 4, 2 });
}

/* Only the whole page in the middle is freed, the ends are copied. */
TEST_F(amount, after_zero_of_parts)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES);

	ASSERT_OK(zx_vmo_op_range(child, ZX_VMO_OP_ZERO, PAGE / 2, 2 * PAGE, NULL, 0));
	EXPECT_SHARES(child, { 2, 1 }, { 5, 2 });
	EXPECT_SHARES(self->vmo, { 3, 1 }, { 5, 2 });
	EXPECT_LETTERS("?.?defgh", child);
	EXPECT_LETTERS("abcdefgh", self->vmo);
}

TEST_F(amount, zeroed_page_that_is_written_again)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES);

	ASSERT_OK(vmo_pages_op(child, ZX_VMO_OP_ZERO, 0, 2));
	ASSERT_OK(zx_vmo_write(child, "x", 0, 1));
	EXPECT_SHARES(child, { 1, 1 }, { 6, 2 });
	EXPECT_SHARES(self->vmo, { 2, 1 }, { 6, 2 });
}

/* Sizes */

TEST_F(amount, after_the_parent_shrinks)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES);

	ASSERT_OK(zx_vmo_set_size(self->vmo, 3 * PAGE));
	EXPECT_SHARES(self->vmo, { 3, 2 });
	EXPECT_SHARES(child, { 3, 2 }, { 5, 1 });
	ASSERT_OK(zx_vmo_set_size(self->vmo, SIZE));
	EXPECT_SHARES(self->vmo, { 3, 2 });
	EXPECT_SHARES(child, { 3, 2 }, { 5, 1 });
}

TEST_F(amount, after_the_child_shrinks)
{
	zx_handle_t child = CHILD(self->vmo, 2, 6), inner = CHILD(child, 0, 6);

	ASSERT_OK(zx_vmo_set_size(child, PAGE));
	EXPECT_SHARES(self->vmo, { 2, 1 }, { 1, 3 }, { 5, 2 });
	EXPECT_SHARES(child, { 1, 3 });
	EXPECT_SHARES(inner, { 1, 3 }, { 5, 2 });
	ASSERT_OK(zx_vmo_set_size(child, 6 * PAGE));
	EXPECT_SHARES(child, { 1, 3 });
	EXPECT_SHARES(CHILD(child, 0, 6), { 1, 4 });
}

/* To the middle of a page, which is copied to be zeroed in part */
TEST_F(amount, after_shrinking_to_the_middle_of_a_page)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES);

	ASSERT_OK(zx_vmo_set_size(child, 2 * PAGE + 1));
	EXPECT_SHARES(child, { 2, 2 }, { 1, 1 });
	EXPECT_SHARES(self->vmo, { 6, 1 }, { 2, 2 });
}

TEST_F(amount, after_the_stream_ends_earlier)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES);

	ASSERT_OK(zx_vmo_set_stream_size(child, 3 * PAGE));
	EXPECT_SHARES(child, { 3, 2 });
	EXPECT_SHARES(self->vmo, { 5, 1 }, { 3, 2 });
}

/* Transfers */

TEST_F(amount, after_a_transfer_of_own_pages)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES), stranger = vmo_create(_metadata, SIZE, 0);

	vmo_spell(_metadata, child, 0, "AB");
	ASSERT_OK(zx_vmo_transfer_data(stranger, 0, 0, 2 * PAGE, child, 0));
	EXPECT_SHARES(stranger, { 2, 1 });
	EXPECT_SHARES(child, { 6, 2 });
	EXPECT_SHARES(self->vmo, { 2, 1 }, { 6, 2 });
	ASSERT_OK(zx_vmo_transfer_data(self->vmo, 0, 7 * PAGE, PAGE, stranger, 0));
	EXPECT_SHARES(stranger, { 1, 1 });
	EXPECT_SHARES(child, { 1, 1 }, { 5, 2 });
	EXPECT_SHARES(self->vmo, { 3, 1 }, { 5, 2 });
}

/* What others still need is copied. */
TEST_F(amount, after_a_transfer_of_shared_pages)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES), stranger = vmo_create(_metadata, SIZE, 0);

	ASSERT_OK(zx_vmo_transfer_data(stranger, 0, 0, 2 * PAGE, child, 0));
	EXPECT_SHARES(stranger, { 2, 1 });
	EXPECT_SHARES(child, { 6, 2 });
	EXPECT_SHARES(self->vmo, { 2, 1 }, { 6, 2 });
	EXPECT_LETTERS("ab......", stranger);
	EXPECT_LETTERS("..cdefgh", child);
	EXPECT_LETTERS("abcdefgh", self->vmo);
}

TEST_F(amount, after_a_transfer_between_relatives)
{
	zx_handle_t child = CHILD(self->vmo, 0, PAGES);

	vmo_spell(_metadata, child, 0, "AB");
	ASSERT_OK(zx_vmo_transfer_data(self->vmo, 0, 6 * PAGE, 2 * PAGE, child, 0));
	EXPECT_LETTERS("abcdefAB", self->vmo);
	EXPECT_LETTERS("..cdefgh", child);
	EXPECT_SHARES(self->vmo, { 4, 1 }, { 4, 2 });
	EXPECT_SHARES(child, { 2, 1 }, { 4, 2 });
}

/* Slices and references hold nothing */

TEST_F(amount, of_references_and_what_is_made_of_them)
{
	zx_handle_t reference = vmo_reference(_metadata, self->vmo), snapshot;

	EXPECT_NOTHING(reference);
	EXPECT_SHARES(self->vmo, { 8, 1 });
	vmo_spell(_metadata, reference, 0, "A");
	snapshot = CHILD(reference, 0, PAGES);
	EXPECT_NOTHING(reference);
	EXPECT_SHARES(self->vmo, { 8, 2 });
	EXPECT_SHARES(snapshot, { 8, 2 });
	vmo_spell(_metadata, reference, 0, "AB");
	EXPECT_NOTHING(reference);
	EXPECT_SHARES(self->vmo, { 2, 1 }, { 6, 2 });
	EXPECT_SHARES(snapshot, { 2, 1 }, { 6, 2 });
}

/*
 * The pages that only a slice shows after its parent is closed are nobody's.
 * Whether they still count as shared by the invisible owner is not tested.
 */
TEST_F(amount, of_slices)
{
	zx_handle_t vmo = vmo_create(_metadata, SIZE, 0), slice, inner;

	vmo_spell(_metadata, vmo, 0, "abcdefgh");
	slice = vmo_slice(_metadata, vmo, 2, 4);
	inner = vmo_slice(_metadata, slice, 1, 2);
	EXPECT_NOTHING(slice);
	EXPECT_NOTHING(inner);
	EXPECT_SHARES(vmo, { 8, 1 });
	vmo_spell(_metadata, inner, 0, "X");
	ASSERT_OK(vmo_pages_op(slice, ZX_VMO_OP_COMMIT, 0, 4));
	EXPECT_NOTHING(slice);
	EXPECT_SHARES(vmo, { 8, 1 });
	ASSERT_OK(zx_handle_close(vmo));
	EXPECT_NOTHING(slice);
	EXPECT_NOTHING(inner);
	EXPECT_LETTERS("cXef", slice);
}

/* Metadata */

TEST_F(amount, metadata)
{
	zx_handle_t vmo = vmo_create(_metadata, SIZE, 0), child = CHILD(vmo, 0, PAGES);

	EXPECT_EQ(0, vmo_info(_metadata, vmo).metadata_bytes);
	EXPECT_EQ(0, vmo_info(_metadata, child).metadata_bytes);
	vmo_spell(_metadata, vmo, 0, "a");
	EXPECT_LT(0, vmo_info(_metadata, vmo).metadata_bytes);
	EXPECT_EQ(0, vmo_info(_metadata, child).metadata_bytes);
	vmo_spell(_metadata, child, 0, "a");
	EXPECT_LT(0, vmo_info(_metadata, child).metadata_bytes);
}

TEST_F(amount, metadata_of_slices_and_references)
{
	zx_handle_t vmo = vmo_create(_metadata, SIZE, 0);

	vmo_spell(_metadata, vmo, 0, "a");
	EXPECT_EQ(0, vmo_info(_metadata, vmo_slice(_metadata, vmo, 0, 1)).metadata_bytes);
	EXPECT_EQ(0, vmo_info(_metadata, vmo_reference(_metadata, vmo)).metadata_bytes);
}

/* Large families, and large VMOs that share most of their trees */

TEST_F_TIMEOUT(amount, of_many, 120)
{
	zx_handle_t children[300];
	unsigned int i, n;

	for (n = 0; n < ARRAY_SIZE(children); n++)
		children[n] = CHILD(n % 3 ? children[n - 1] : self->vmo, 0, PAGES);
	EXPECT_SHARES(self->vmo, { 8, n + 1 });
	EXPECT_SHARES(children[n / 2], { 8, n + 1 });
	for (i = 0; i < n; i += 2)
		vmo_spell(_metadata, children[i], i % PAGES, "x");
	/* Even places wrote to even pages, 38 or 37 of them to each */
	EXPECT_SHARES(children[1], { 4, n + 1 }, { 2, n + 1 - 38 }, { 2, n + 1 - 37 });
	for (i = 0; i < n; i++)
		ASSERT_OK(zx_handle_close(children[i]));
	EXPECT_SHARES(self->vmo, { 8, 1 });
}

TEST_F_TIMEOUT(amount, of_large_trees, 120)
{
	const uint64_t pages = 4096;
	zx_handle_t vmo = vmo_create(_metadata, 1ULL << 40, 0), one, two;
	uint64_t i;

	ASSERT_OK(vmo_pages_op(vmo, ZX_VMO_OP_COMMIT, 1000, pages));
	for (i = 0; i < 1ULL << 40; i += 1ULL << 34)
		ASSERT_OK(zx_vmo_write(vmo, "x", i, 1));
	one = vmo_child(_metadata, vmo, ZX_VMO_CHILD_SNAPSHOT, 0, 1ULL << 40);
	two = vmo_child(_metadata, one, ZX_VMO_CHILD_SNAPSHOT, 1500 * PAGE, 1ULL << 39);
	/* Of the 64 single pages the last child sees 32, all but 500 of the others. */
	EXPECT_SHARES(vmo, { 532, 2 }, { pages - 500 + 32, 3 });
	EXPECT_SHARES(one, { 532, 2 }, { pages - 500 + 32, 3 });
	EXPECT_SHARES(two, { pages - 500 + 32, 3 });
	ASSERT_OK(zx_vmo_write(one, "y", 2000 * PAGE, 1));
	EXPECT_SHARES(two, { pages - 501 + 32, 3 }, { 1, 2 });
	EXPECT_SHARES(one, { 1, 1 }, { 532, 2 }, { pages - 501 + 32, 3 });
}

TEST_HARNESS_MAIN
