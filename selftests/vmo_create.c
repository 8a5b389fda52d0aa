// SPDX-License-Identifier: GPL-2.0-only
/* zx_vmo_create(): options, sizes, the order of errors, what a new VMO is like */
#include <sys/resource.h>

#include "vmo_test.h"

#define UNKNOWN_OPTION	(1U << 5)

/* Creates in vain and checks that nothing was stored and no descriptor made */
#define EXPECT_REFUSED(want, size, options) do {			\
	zx_handle_t __out = 0x12345;					\
	int __fds = (closed_handle(_metadata), zt_open_fds());		\
	EXPECT_ST(want, zx_vmo_create(size, options, &__out));	\
	EXPECT_EQ(0x12345, __out);					\
	EXPECT_EQ(__fds, zt_open_fds());					\
} while (0)

FIXTURE(kind) {
	zx_handle_t vmo;
};

FIXTURE_VARIANT(kind) {
	uint32_t options;
	zx_rights_t extra_rights;
	uint32_t extra_flags;
};

FIXTURE_VARIANT_ADD(kind, fixed) { .options = 0 };
FIXTURE_VARIANT_ADD(kind, resizable) {
	.options = ZX_VMO_RESIZABLE,
	.extra_rights = ZX_RIGHT_RESIZE,
	.extra_flags = ZX_INFO_VMO_RESIZABLE,
};
FIXTURE_VARIANT_ADD(kind, unbounded) { .options = ZX_VMO_UNBOUNDED };
FIXTURE_VARIANT_ADD(kind, discardable) {
	.options = ZX_VMO_DISCARDABLE,
	.extra_flags = ZX_INFO_VMO_DISCARDABLE,
};
FIXTURE_VARIANT_ADD(kind, discardable_resizable) {
	.options = ZX_VMO_DISCARDABLE | ZX_VMO_RESIZABLE,
	.extra_rights = ZX_RIGHT_RESIZE,
	.extra_flags = ZX_INFO_VMO_DISCARDABLE | ZX_INFO_VMO_RESIZABLE,
};
FIXTURE_VARIANT_ADD(kind, discardable_unbounded) {
	.options = ZX_VMO_DISCARDABLE | ZX_VMO_UNBOUNDED,
	.extra_flags = ZX_INFO_VMO_DISCARDABLE,
};

FIXTURE_SETUP(kind)
{
	self->vmo = vmo_create(_metadata, 3 * PAGE + 5, variant->options);
}

FIXTURE_TEARDOWN(kind)
{
	EXPECT_OK(zx_handle_close(self->vmo));
}

TEST_F(kind, rights_are_the_default_ones)
{
	EXPECT_EQ(0xd0ef, ZX_DEFAULT_VMO_RIGHTS);
	EXPECT_EQ(ZX_DEFAULT_VMO_RIGHTS | variant->extra_rights,
		  rights_of(_metadata, self->vmo));
}

TEST_F(kind, is_a_vmo_without_relatives)
{
	zx_info_handle_basic_t basic = handle_basic(_metadata, self->vmo);
	zx_info_vmo_t info = vmo_info(_metadata, self->vmo);

	EXPECT_EQ(ZX_OBJ_TYPE_VMO, basic.type);
	EXPECT_EQ(0, basic.related_koid);
	EXPECT_EQ(0, info.parent_koid);
	EXPECT_EQ(0, info.num_children);
}

TEST_F(kind, flags)
{
	EXPECT_EQ(ZX_INFO_VMO_TYPE_PAGED | ZX_INFO_VMO_VIA_HANDLE |
		  variant->extra_flags, vmo_info(_metadata, self->vmo).flags);
}

TEST_F(kind, zero_children_is_the_only_signal)
{
	zx_signals_t observed = 0;

	EXPECT_OK(zx_object_wait_one(self->vmo, ZX_VMO_ZERO_CHILDREN, 0,
				     &observed));
	EXPECT_EQ(ZX_VMO_ZERO_CHILDREN, observed);
	EXPECT_EQ(1U << 3, ZX_VMO_ZERO_CHILDREN);
}

TEST_F(kind, size_is_rounded_and_stream_size_is_not)
{
	EXPECT_EQ(variant->options & ZX_VMO_UNBOUNDED ? MAX_SIZE : 4 * PAGE,
		  vmo_size(_metadata, self->vmo));
	EXPECT_EQ(3 * PAGE + 5, vmo_stream_size(_metadata, self->vmo));
}

TEST_F(kind, holds_no_memory)
{
	zx_info_vmo_t info = vmo_info(_metadata, self->vmo);

	EXPECT_EQ(0, info.committed_bytes);
	EXPECT_EQ(0, info.populated_bytes);
	EXPECT_EQ(0, info.metadata_bytes);
}

TEST_F(kind, reads_as_zero)
{
	EXPECT_EQ(4 * PAGE, vmo_span(self->vmo, 0, 4 * PAGE, 0));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
}

TEST_F(kind, size_0_is_legal)
{
	zx_handle_t vmo = vmo_create(_metadata, 0, variant->options);

	EXPECT_EQ(variant->options & ZX_VMO_UNBOUNDED ? MAX_SIZE : 0,
		  vmo_size(_metadata, vmo));
	EXPECT_EQ(0, vmo_stream_size(_metadata, vmo));
}

TEST_F(kind, largest_size)
{
	uint64_t want = MAX_SIZE;
	zx_handle_t vmo;

	EXPECT_EQ(UINT64_MAX - 0x1ffff, MAX_SIZE);
	EXPECT_QUICK(vmo = vmo_create(_metadata, want, variant->options));
	EXPECT_EQ(want, vmo_size(_metadata, vmo));
	EXPECT_EQ(want, vmo_stream_size(_metadata, vmo));
	EXPECT_QUICK(zx_handle_close(vmo));
}

TEST_F(kind, beyond_the_largest_size)
{
	EXPECT_REFUSED(ZX_ERR_OUT_OF_RANGE, MAX_SIZE + 1, variant->options);
	EXPECT_REFUSED(ZX_ERR_OUT_OF_RANGE, MAX_SIZE + PAGE, variant->options);
	EXPECT_REFUSED(ZX_ERR_OUT_OF_RANGE, UINT64_MAX - PAGE + 1,
		       variant->options);
}

TEST_F(kind, size_that_rounds_past_2_to_the_64)
{
	EXPECT_REFUSED(ZX_ERR_OUT_OF_RANGE, UINT64_MAX - PAGE + 2,
		       variant->options);
	EXPECT_REFUSED(ZX_ERR_OUT_OF_RANGE, UINT64_MAX, variant->options);
}

TEST_F(kind, bad_out_pointer_leaves_nothing_behind)
{
	int fds = zt_open_fds();

	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmo_create(PAGE, variant->options, NULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmo_create(PAGE, variant->options,
				    (zx_handle_t *)(page_before_hole(_metadata) +
						    PAGE)));
	EXPECT_EQ(fds, zt_open_fds());
}

TEST_F(kind, many_of_the_largest_size_cost_nothing)
{
	int64_t start = zx_clock_get_monotonic();
	zx_handle_t vmos[200];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vmos); i++)
		vmos[i] = vmo_create(_metadata, MAX_SIZE, variant->options);
	EXPECT_OK(zx_vmo_write(vmos[7], "x", MAX_SIZE - 1, 1));
	EXPECT_EQ(0, vmo_pages(_metadata, vmos[8]));
	EXPECT_OK(zx_handle_close_many(vmos, ARRAY_SIZE(vmos)));
	EXPECT_GT(QUICK_NS, zx_clock_get_monotonic() - start);
}

/* Sizes that are legal, with and without rounding */
FIXTURE(size) {
};

FIXTURE_VARIANT(size) {
	uint64_t pages;
	int64_t bytes;
};

FIXTURE_VARIANT_ADD(size, one_byte) { 0, 1 };
FIXTURE_VARIANT_ADD(size, page_less_one) { 1, -1 };
FIXTURE_VARIANT_ADD(size, page) { 1, 0 };
FIXTURE_VARIANT_ADD(size, page_and_one) { 1, 1 };
FIXTURE_VARIANT_ADD(size, pages_511) { 511, 0 };
FIXTURE_VARIANT_ADD(size, pages_512_and_one) { 512, 1 };
FIXTURE_VARIANT_ADD(size, pages_2_to_the_18) { 1ULL << 18, 0 };
FIXTURE_VARIANT_ADD(size, pages_2_to_the_27_and_one) { 1ULL << 27, 1 };
FIXTURE_VARIANT_ADD(size, pages_2_to_the_36_less_one) { 1ULL << 36, -1 };
FIXTURE_VARIANT_ADD(size, pages_2_to_the_45) { 1ULL << 45, 0 };

FIXTURE_SETUP(size)
{
}

FIXTURE_TEARDOWN(size)
{
}

TEST_F(size, rounds_up_to_pages)
{
	uint64_t size = variant->pages * PAGE + variant->bytes;
	uint64_t rounded = (variant->pages + (variant->bytes > 0)) * PAGE;
	zx_handle_t vmo = vmo_create(_metadata, size, 0);

	EXPECT_EQ(rounded, vmo_size(_metadata, vmo));
	EXPECT_EQ(size, vmo_stream_size(_metadata, vmo));
	/* The last byte of the last page exists, the next one does not. */
	EXPECT_OK(zx_vmo_write(vmo, "x", rounded - 1, 1));
	EXPECT_EQ(1, vmo_span(vmo, rounded - 1, 1, 'x'));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_write(vmo, "x", rounded, 1));
	EXPECT_EQ(1, vmo_pages(_metadata, vmo));
}

TEST(size_that_is_certainly_legal)
{
	uint64_t size = UINT64_MAX - 64 * PAGE + 1;

	EXPECT_EQ(size, vmo_size(_metadata, vmo_create(_metadata, size, 0)));
}

TEST(largest_size_by_rounding)
{
	zx_handle_t vmo = vmo_create(_metadata, MAX_SIZE - 1, 0);

	EXPECT_EQ(MAX_SIZE, vmo_size(_metadata, vmo));
	EXPECT_EQ(MAX_SIZE - 1, vmo_stream_size(_metadata, vmo));
}

TEST(options_have_their_numbers)
{
	EXPECT_EQ(0x02, ZX_VMO_RESIZABLE);
	EXPECT_EQ(0x04, ZX_VMO_DISCARDABLE);
	EXPECT_EQ(0x08, ZX_VMO_TRAP_DIRTY);
	EXPECT_EQ(0x10, ZX_VMO_UNBOUNDED);
}

TEST(unknown_options)
{
	const uint32_t known = ZX_VMO_RESIZABLE | ZX_VMO_DISCARDABLE |
			       ZX_VMO_UNBOUNDED;
	int bit;

	for (bit = 0; bit < 32; bit++) {
		if (known & 1U << bit)
			continue;
		EXPECT_REFUSED(ZX_ERR_INVALID_ARGS, PAGE, 1U << bit);
		EXPECT_REFUSED(ZX_ERR_INVALID_ARGS, PAGE,
			       ZX_VMO_RESIZABLE | 1U << bit);
		EXPECT_REFUSED(ZX_ERR_INVALID_ARGS, PAGE,
			       ZX_VMO_UNBOUNDED | 1U << bit);
	}
}

TEST(trap_dirty_is_for_pagers)
{
	EXPECT_REFUSED(ZX_ERR_INVALID_ARGS, PAGE, ZX_VMO_TRAP_DIRTY);
}

TEST(resizable_and_unbounded_exclude_each_other)
{
	EXPECT_REFUSED(ZX_ERR_INVALID_ARGS, PAGE,
		       ZX_VMO_RESIZABLE | ZX_VMO_UNBOUNDED);
}

TEST(order_exclusive_options_before_size)
{
	EXPECT_REFUSED(ZX_ERR_INVALID_ARGS, UINT64_MAX,
		       ZX_VMO_RESIZABLE | ZX_VMO_UNBOUNDED);
	EXPECT_REFUSED(ZX_ERR_INVALID_ARGS, MAX_SIZE + 1,
		       ZX_VMO_RESIZABLE | ZX_VMO_UNBOUNDED);
}

TEST(discardable_does_not_make_them_agree)
{
	EXPECT_REFUSED(ZX_ERR_INVALID_ARGS, PAGE,
		       ZX_VMO_RESIZABLE | ZX_VMO_UNBOUNDED | ZX_VMO_DISCARDABLE);
}

TEST(order_wrapping_size_before_unknown_option)
{
	EXPECT_REFUSED(ZX_ERR_OUT_OF_RANGE, UINT64_MAX, UNKNOWN_OPTION);
	EXPECT_REFUSED(ZX_ERR_OUT_OF_RANGE, UINT64_MAX - PAGE + 2,
		       ZX_VMO_TRAP_DIRTY);
	EXPECT_REFUSED(ZX_ERR_OUT_OF_RANGE, UINT64_MAX,
		       ZX_VMO_RESIZABLE | UNKNOWN_OPTION);
}

TEST(order_unknown_option_before_size_beyond_the_largest)
{
	EXPECT_REFUSED(ZX_ERR_INVALID_ARGS, MAX_SIZE + 1, UNKNOWN_OPTION);
	EXPECT_REFUSED(ZX_ERR_INVALID_ARGS, UINT64_MAX - PAGE + 1,
		       UNKNOWN_OPTION);
	/* With UNBOUNDED the size is not rounded and cannot wrap. */
	EXPECT_REFUSED(ZX_ERR_INVALID_ARGS, UINT64_MAX,
		       ZX_VMO_UNBOUNDED | UNKNOWN_OPTION);
}

TEST(discardable_with_a_bad_option_or_size)
{
	EXPECT_REFUSED(ZX_ERR_INVALID_ARGS, PAGE,
		       ZX_VMO_DISCARDABLE | UNKNOWN_OPTION);
	EXPECT_REFUSED(ZX_ERR_OUT_OF_RANGE, UINT64_MAX, ZX_VMO_DISCARDABLE);
	EXPECT_REFUSED(ZX_ERR_OUT_OF_RANGE, MAX_SIZE + 1, ZX_VMO_DISCARDABLE);
}

TEST(order_options_and_size_before_out_pointer)
{
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_vmo_create(PAGE, UNKNOWN_OPTION, NULL));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, zx_vmo_create(UINT64_MAX, 0, NULL));
}

/* No descriptor is left: the options are judged first, then NO_RESOURCES */
TEST(no_descriptor_left)
{
	struct rlimit limit, low;
	zx_handle_t vmo = vmo_create(_metadata, 0, 0), out = 0;
	zx_status_t plain, unknown;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	low = limit;
	low.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &low));
	plain = zx_vmo_create(PAGE, 0, &out);
	unknown = zx_vmo_create(PAGE, UNKNOWN_OPTION, &out);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(ZX_ERR_NO_RESOURCES, plain);
	EXPECT_EQ(ZX_ERR_INVALID_ARGS, unknown);
	EXPECT_EQ(0, out);
	EXPECT_OK(zx_handle_close(vmo));
	vmo_create(_metadata, PAGE, 0);
}

TEST(koids_are_never_used_twice)
{
	zx_koid_t koids[50];
	size_t i, j;

	EXPECT_EQ(1024, ZX_KOID_FIRST);
	for (i = 0; i < ARRAY_SIZE(koids); i++) {
		zx_handle_t vmo = vmo_create(_metadata, PAGE, 0);

		koids[i] = handle_basic(_metadata, vmo).koid;
		ASSERT_OK(zx_handle_close(vmo));
		EXPECT_LE(ZX_KOID_FIRST, koids[i]);
		EXPECT_EQ(0, koids[i] >> 63);
		for (j = 0; j < i; j++)
			EXPECT_NE(koids[j], koids[i]);
	}
}

TEST(handle_value_has_the_fixed_bits)
{
	EXPECT_EQ(3, vmo_create(_metadata, 0, 0) & ZX_HANDLE_FIXED_BITS_MASK);
}

TEST(descriptor_is_close_on_exec)
{
	int fd = ZXVMO_HANDLE_FD(vmo_create(_metadata, 0, 0));

	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
}

TEST_HARNESS_MAIN
