// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a VMO tells of itself: the four versions of ZX_INFO_VMO, its name, and
 * the errors of zx_object_get_info(), get_property() and set_property()
 */
#include <stddef.h>

#include "vmo_test.h"

/* The four versions, which differ in their length only */

FIXTURE(version) {
	zx_handle_t vmo;
};

FIXTURE_VARIANT(version) {
	uint32_t topic, number;
	size_t size;
};

FIXTURE_VARIANT_ADD(version, v1) { ZX_INFO_VMO_V1, 0x00000017, 104 };
FIXTURE_VARIANT_ADD(version, v2) { ZX_INFO_VMO_V2, 0x10000017, 120 };
FIXTURE_VARIANT_ADD(version, v3) { ZX_INFO_VMO_V3, 0x20000017, 128 };
FIXTURE_VARIANT_ADD(version, current) { ZX_INFO_VMO, 0x30000017, 176 };

FIXTURE_SETUP(version)
{
	self->vmo = vmo_create(_metadata, 3 * PAGE, ZX_VMO_RESIZABLE);
	vmo_fill(_metadata, self->vmo, 0, 2 * PAGE, 'v');
	ASSERT_OK(zx_object_set_property(self->vmo, ZX_PROP_NAME, "seven", 5));
}

FIXTURE_TEARDOWN(version)
{
}

TEST_F(version, topic_has_its_number)
{
	EXPECT_EQ(variant->number, variant->topic);
}

TEST_F(version, tells_as_much_as_it_has)
{
	unsigned char buffer[256];
	zx_info_vmo_t info;
	size_t actual = 7, avail = 7;

	memset(&info, 0xee, sizeof(info));
	memset(buffer, 0xee, sizeof(buffer));
	ASSERT_OK(zx_object_get_info(self->vmo, ZX_INFO_VMO, &info, sizeof(info), NULL, NULL));
	EXPECT_OK(zx_object_get_info(self->vmo, variant->topic, buffer, variant->size,
				     &actual, &avail));
	EXPECT_EQ(1, actual);
	EXPECT_EQ(1, avail);
	EXPECT_EQ(0, memcmp(&info, buffer, variant->size));
	EXPECT_EQ(sizeof(buffer) - variant->size,
		  mem_span(buffer + variant->size, sizeof(buffer) - variant->size, 0xee));
}

TEST_F(version, longer_buffer_is_left_alone_behind_the_record)
{
	unsigned char buffer[256];
	size_t actual = 7, avail = 7;

	memset(buffer, 0xee, sizeof(buffer));
	EXPECT_OK(zx_object_get_info(self->vmo, variant->topic, buffer, sizeof(buffer),
				     &actual, &avail));
	EXPECT_EQ(1, actual);
	EXPECT_EQ(1, avail);
	EXPECT_EQ(sizeof(buffer) - variant->size,
		  mem_span(buffer + variant->size, sizeof(buffer) - variant->size, 0xee));
}

TEST_F(version, buffer_too_small)
{
	unsigned char buffer[256];
	size_t actual = 7, avail = 7;

	memset(buffer, 0xee, sizeof(buffer));
	EXPECT_ST(ZX_ERR_BUFFER_TOO_SMALL,
		  zx_object_get_info(self->vmo, variant->topic, buffer, variant->size - 1,
				     &actual, &avail));
	EXPECT_EQ(0, actual);
	EXPECT_EQ(1, avail);
	EXPECT_EQ(sizeof(buffer), mem_span(buffer, sizeof(buffer), 0xee));
	actual = 7;
	avail = 7;
	EXPECT_ST(ZX_ERR_BUFFER_TOO_SMALL,
		  zx_object_get_info(self->vmo, variant->topic, NULL, 0, &actual, &avail));
	EXPECT_EQ(0, actual);
	EXPECT_EQ(1, avail);
	EXPECT_ST(ZX_ERR_BUFFER_TOO_SMALL,
		  zx_object_get_info(self->vmo, variant->topic, buffer, 0, NULL, NULL));
}

TEST_F(version, actual_and_avail_are_optional)
{
	unsigned char buffer[256];
	size_t count = 7;

	EXPECT_OK(zx_object_get_info(self->vmo, variant->topic, buffer, 256, NULL, NULL));
	EXPECT_OK(zx_object_get_info(self->vmo, variant->topic, buffer, 256, &count, NULL));
	EXPECT_EQ(1, count);
	count = 7;
	EXPECT_OK(zx_object_get_info(self->vmo, variant->topic, buffer, 256, NULL, &count));
	EXPECT_EQ(1, count);
}

TEST_F(version, bad_pointers)
{
	unsigned char buffer[256], *hole = page_before_hole(_metadata) + PAGE;
	void *ro = user_pages(_metadata, 1, PROT_READ);

	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_object_get_info(self->vmo, variant->topic, NULL, 256, NULL, NULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_object_get_info(self->vmo, variant->topic, hole, 256, NULL, NULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_object_get_info(self->vmo, variant->topic, hole - variant->size + 1, 256,
				     NULL, NULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_object_get_info(self->vmo, variant->topic, ro, 256, NULL, NULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_object_get_info(self->vmo, variant->topic, buffer, 256, ro, NULL));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_object_get_info(self->vmo, variant->topic, buffer, 256, NULL,
				     (size_t *)hole));
	/* Only the record has to fit. */
	EXPECT_OK(zx_object_get_info(self->vmo, variant->topic, hole - variant->size, 256,
				     NULL, NULL));
}

TEST_F(version, needs_no_right)
{
	zx_handle_t none = with_rights(_metadata, self->vmo, ZX_RIGHT_NONE);
	zx_info_vmo_t info;

	EXPECT_OK(zx_object_get_info(none, variant->topic, &info, sizeof(info), NULL, NULL));
	EXPECT_EQ(ZX_RIGHT_NONE, info.handle_rights);
	EXPECT_EQ(2 * PAGE, info.committed_bytes);
	EXPECT_EQ(0, strcmp("seven", info.name));
}

TEST_F(version, bad_handle)
{
	zx_info_vmo_t info;

	EXPECT_ST(ZX_ERR_BAD_HANDLE,
		  zx_object_get_info(closed_handle(_metadata), variant->topic, &info,
				     sizeof(info), NULL, NULL));
	EXPECT_ST(ZX_ERR_BAD_HANDLE,
		  zx_object_get_info(ZX_HANDLE_INVALID, variant->topic, NULL, 0, NULL, NULL));
}

TEST_F(version, wrong_type)
{
	zx_info_vmo_t info;

	EXPECT_ST(ZX_ERR_WRONG_TYPE,
		  zx_object_get_info(wrong_type(_metadata), variant->topic, &info,
				     sizeof(info), NULL, NULL));
}

/* The layout is an ABI. */
TEST(layout)
{
	EXPECT_EQ(104, sizeof(zx_info_vmo_v1_t));
	EXPECT_EQ(120, sizeof(zx_info_vmo_v2_t));
	EXPECT_EQ(128, sizeof(zx_info_vmo_v3_t));
	EXPECT_EQ(176, sizeof(zx_info_vmo_t));
	EXPECT_EQ(0, offsetof(zx_info_vmo_t, koid));
	EXPECT_EQ(8, offsetof(zx_info_vmo_t, name));
	EXPECT_EQ(40, offsetof(zx_info_vmo_t, size_bytes));
	EXPECT_EQ(48, offsetof(zx_info_vmo_t, parent_koid));
	EXPECT_EQ(56, offsetof(zx_info_vmo_t, num_children));
	EXPECT_EQ(64, offsetof(zx_info_vmo_t, num_mappings));
	EXPECT_EQ(72, offsetof(zx_info_vmo_t, share_count));
	EXPECT_EQ(80, offsetof(zx_info_vmo_t, flags));
	EXPECT_EQ(88, offsetof(zx_info_vmo_t, committed_bytes));
	EXPECT_EQ(96, offsetof(zx_info_vmo_t, handle_rights));
	EXPECT_EQ(100, offsetof(zx_info_vmo_t, cache_policy));
	EXPECT_EQ(104, offsetof(zx_info_vmo_t, metadata_bytes));
	EXPECT_EQ(112, offsetof(zx_info_vmo_t, committed_change_events));
	EXPECT_EQ(120, offsetof(zx_info_vmo_t, populated_bytes));
	EXPECT_EQ(128, offsetof(zx_info_vmo_t, committed_private_bytes));
	EXPECT_EQ(136, offsetof(zx_info_vmo_t, populated_private_bytes));
	EXPECT_EQ(144, offsetof(zx_info_vmo_t, committed_scaled_bytes));
	EXPECT_EQ(152, offsetof(zx_info_vmo_t, populated_scaled_bytes));
	EXPECT_EQ(160, offsetof(zx_info_vmo_t, committed_fractional_scaled_bytes));
	EXPECT_EQ(168, offsetof(zx_info_vmo_t, populated_fractional_scaled_bytes));
}

TEST(numbers)
{
	EXPECT_EQ(3, ZX_OBJ_TYPE_VMO);
	EXPECT_EQ(3, ZX_PROP_NAME);
	EXPECT_EQ(17, ZX_PROP_VMO_CONTENT_SIZE);
	EXPECT_EQ(0x001, ZX_INFO_VMO_TYPE_PAGED);
	EXPECT_EQ(0x000, ZX_INFO_VMO_TYPE_PHYSICAL);
	EXPECT_EQ(0x002, ZX_INFO_VMO_RESIZABLE);
	EXPECT_EQ(0x004, ZX_INFO_VMO_IS_COW_CLONE);
	EXPECT_EQ(0x008, ZX_INFO_VMO_VIA_HANDLE);
	EXPECT_EQ(0x010, ZX_INFO_VMO_VIA_MAPPING);
	EXPECT_EQ(0x020, ZX_INFO_VMO_PAGER_BACKED);
	EXPECT_EQ(0x040, ZX_INFO_VMO_CONTIGUOUS);
	EXPECT_EQ(0x080, ZX_INFO_VMO_DISCARDABLE);
	EXPECT_EQ(0x100, ZX_INFO_VMO_IMMUTABLE);
	EXPECT_EQ(0x200, ZX_INFO_VMO_VIA_IOB_HANDLE);
}

/* Topics nobody knows come before everything, the handle included. */
TEST(unknown_topic)
{
	static const uint32_t topics[] = {
		0, 23 | 4U << 28, 23 | 15U << 28, 63, 22, 1000, 0x0fffffff, UINT32_MAX,
	};
	zx_handle_t vmo = vmo_create(_metadata, PAGE, 0);
	unsigned char buffer[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(topics); i++) {
		EXPECT_ST(ZX_ERR_NOT_SUPPORTED,
			  zx_object_get_info(vmo, topics[i], buffer, 256, NULL, NULL))
			TH_LOG("topic %#x", topics[i]);
		EXPECT_ST(ZX_ERR_NOT_SUPPORTED,
			  zx_object_get_info(ZX_HANDLE_INVALID, topics[i], NULL, 0, NULL, NULL));
	}
}

/* Field by field */

FIXTURE(fields) {
	zx_handle_t vmo;
	uint64_t size;
};

KIND_VARIANTS(fields);

FIXTURE_SETUP(fields)
{
	self->vmo = vmo_create(_metadata, 4 * PAGE, variant->options);
	self->size = vmo_size(_metadata, self->vmo);
}

FIXTURE_TEARDOWN(fields)
{
}

TEST_F(fields, koid_is_the_object_s)
{
	zx_handle_t copy = with_rights(_metadata, self->vmo, ZX_RIGHT_NONE);
	zx_handle_t other = vmo_create(_metadata, 0, variant->options);
	zx_koid_t koid = vmo_info(_metadata, self->vmo).koid;

	EXPECT_LE(ZX_KOID_FIRST, koid);
	EXPECT_EQ(koid, handle_basic(_metadata, self->vmo).koid);
	EXPECT_EQ(koid, vmo_info(_metadata, copy).koid);
	EXPECT_NE(koid, vmo_info(_metadata, other).koid);
}

TEST_F(fields, size)
{
	EXPECT_EQ(self->size, vmo_info(_metadata, self->vmo).size_bytes);
	/* not the stream size */
	ASSERT_OK(zx_vmo_set_stream_size(self->vmo, 5));
	EXPECT_EQ(self->size, vmo_info(_metadata, self->vmo).size_bytes);
}

TEST_F(fields, no_relatives)
{
	zx_info_vmo_t info = vmo_info(_metadata, self->vmo);

	EXPECT_EQ(0, info.parent_koid);
	EXPECT_EQ(0, info.num_children);
}

TEST_F(fields, flags)
{
	uint32_t flags = ZX_INFO_VMO_TYPE_PAGED | ZX_INFO_VMO_VIA_HANDLE;

	if (variant->options & ZX_VMO_RESIZABLE)
		flags |= ZX_INFO_VMO_RESIZABLE;
	EXPECT_EQ(flags, vmo_info(_metadata, self->vmo).flags);
	/* The question comes by a handle, whatever else there is. */
	vmo_map_rw(_metadata, self->vmo, 0, PAGE);
	EXPECT_EQ(flags, vmo_info(_metadata, self->vmo).flags);
}

/* RESIZABLE is the object's, the rights are the handle's. */
TEST_F(fields, handle_rights_are_the_asking_handle_s)
{
	zx_handle_t less = with_rights(_metadata, self->vmo, ZX_RIGHT_READ | ZX_RIGHT_MAP);
	zx_info_vmo_t info = vmo_info(_metadata, less);

	EXPECT_EQ(ZX_RIGHT_READ | ZX_RIGHT_MAP, info.handle_rights);
	EXPECT_EQ(rights_of(_metadata, self->vmo),
		  vmo_info(_metadata, self->vmo).handle_rights);
	EXPECT_EQ(vmo_info(_metadata, self->vmo).flags, info.flags);
}

TEST_F(fields, cache_policy)
{
	EXPECT_EQ(ZX_CACHE_POLICY_CACHED, vmo_info(_metadata, self->vmo).cache_policy);
}

#define EXPECT_MAPPINGS(mappings, share) do {				\
	zx_info_vmo_t __info = vmo_info(_metadata, self->vmo);		\
	EXPECT_EQ(mappings, __info.num_mappings);			\
	EXPECT_EQ(share, __info.share_count);				\
} while (0)

TEST_F(fields, mappings_and_share_count)
{
	unsigned char *p, *q;

	EXPECT_MAPPINGS(0, 1);
	p = vmo_map_rw(_metadata, self->vmo, 0, 4 * PAGE);
	EXPECT_MAPPINGS(1, 1);
	q = vmo_map(_metadata, self->vmo, ZX_VM_PERM_READ, PAGE, PAGE);
	EXPECT_MAPPINGS(2, 1);
	vmo_map(_metadata, self->vmo, 0, 100 * PAGE, PAGE);
	EXPECT_MAPPINGS(3, 1);
	vmo_unmap(_metadata, q, PAGE);
	EXPECT_MAPPINGS(2, 1);
	/* The hole makes two of one. */
	vmo_unmap(_metadata, p + PAGE, PAGE);
	EXPECT_MAPPINGS(3, 1);
	vmo_unmap(_metadata, p, 4 * PAGE);
	EXPECT_MAPPINGS(1, 1);
}

/* Plain mmap(2) of the descriptor counts as well. */
TEST_F(fields, linux_mappings_count)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		       ZXVMO_HANDLE_FD(self->vmo), 0);

	ASSERT_NE(MAP_FAILED, p);
	EXPECT_MAPPINGS(1, 1);
	ASSERT_EQ(0, munmap(p, PAGE));
	EXPECT_MAPPINGS(0, 1);
}

TEST_F(fields, mappings_of_other_processes)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, PAGE);
	int pipe_fds[2], status;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(pipe_fds));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(pipe_fds[1]);
		_exit(read(pipe_fds[0], &byte, 1));
	}
	EXPECT_MAPPINGS(2, 2);
	vmo_map_rw(_metadata, self->vmo, 0, PAGE);
	EXPECT_MAPPINGS(3, 2);
	vmo_unmap(_metadata, p, PAGE);
	EXPECT_MAPPINGS(2, 2);
	close(pipe_fds[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_MAPPINGS(1, 1);
}

TEST_F(fields, mappings_keep_the_vmo)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, PAGE);

	p[0] = 'm';
	ASSERT_OK(zx_handle_close(self->vmo));
	EXPECT_EQ('m', p[0]);
	p[1] = 'n';
	EXPECT_EQ('n', p[1]);
}

TEST_F(fields, committed_bytes)
{
	zx_info_vmo_t info;
	uint64_t pages;

	for (pages = 0; pages <= 4; pages++) {
		info = vmo_info(_metadata, self->vmo);
		EXPECT_EQ(pages * PAGE, info.committed_bytes);
		EXPECT_EQ(pages * PAGE, info.populated_bytes);
		EXPECT_EQ(pages * PAGE, info.committed_private_bytes);
		EXPECT_EQ(pages * PAGE, info.populated_private_bytes);
		EXPECT_EQ(pages * PAGE, info.committed_scaled_bytes);
		EXPECT_EQ(pages * PAGE, info.populated_scaled_bytes);
		EXPECT_EQ(0, info.committed_fractional_scaled_bytes);
		EXPECT_EQ(0, info.populated_fractional_scaled_bytes);
		if (pages < 4)
			ASSERT_OK(zx_vmo_write(self->vmo, "", pages * PAGE + pages, 1));
	}
}

TEST_F(fields, committed_by_a_mapped_write_and_not_by_a_read)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, 4 * PAGE);
	unsigned char *private;

	EXPECT_EQ(4 * PAGE, mem_span(p, 4 * PAGE, 0));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
	p[PAGE] = 0;
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	/* A private copy is the process's own memory. */
	private = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		       ZXVMO_HANDLE_FD(self->vmo), 0);
	ASSERT_NE(MAP_FAILED, private);
	private[2 * PAGE] = 'p';
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(1, vmo_span(self->vmo, 2 * PAGE, 1, 0));
}

TEST_F(fields, metadata_bytes)
{
	zx_handle_t one_page = vmo_create(_metadata, 1, 0);
	uint64_t metadata;

	/* 0 until the first page is there; reading makes none */
	EXPECT_EQ(0, vmo_info(_metadata, self->vmo).metadata_bytes);
	vmo_span(self->vmo, 0, 4 * PAGE, 0);
	EXPECT_EQ(0, vmo_info(_metadata, self->vmo).metadata_bytes);
	ASSERT_OK(zx_vmo_write(self->vmo, "x", 0, 1));
	EXPECT_LT(0, vmo_info(_metadata, self->vmo).metadata_bytes);
	ASSERT_OK(zx_vmo_write(one_page, "x", 0, 1));
	metadata = vmo_info(_metadata, one_page).metadata_bytes;
	EXPECT_LT(0, metadata);
	EXPECT_GT(256, metadata);
}

TEST_F(fields, committed_change_events)
{
	vmo_fill(_metadata, self->vmo, 0, 4 * PAGE, 'v');
	ASSERT_OK(zx_vmo_op_range(self->vmo, ZX_VMO_OP_DECOMMIT, 0, PAGE, NULL, 0));
	ASSERT_OK(zx_vmo_op_range(self->vmo, ZX_VMO_OP_ZERO, PAGE, PAGE, NULL, 0));
	EXPECT_EQ(0, vmo_info(_metadata, self->vmo).committed_change_events);
}

TEST_F(fields, padding_is_zero)
{
	zx_info_vmo_t info;

	memset(&info, 0xee, sizeof(info));
	ASSERT_OK(zx_object_get_info(self->vmo, ZX_INFO_VMO, &info, sizeof(info), NULL, NULL));
	EXPECT_EQ(sizeof(info.padding1), mem_span(info.padding1, sizeof(info.padding1), 0));
}

/* Metadata follows the pages, not the range they are strewn over. */
TEST(metadata_of_sparse_vmos)
{
	zx_handle_t vmo = vmo_create(_metadata, MAX_SIZE, 0);
	uint64_t metadata;
	int i;

	ASSERT_OK(zx_vmo_write(vmo, "x", MAX_SIZE - 1, 1));
	metadata = vmo_info(_metadata, vmo).metadata_bytes;
	EXPECT_LT(0, metadata);
	/* a path of nodes of 512 slots from root to leaf, with some bookkeeping */
	EXPECT_GT(6 * 512 * sizeof(void *) + 1024, metadata);
	for (i = 0; i < 512; i++)
		ASSERT_OK(zx_vmo_write(vmo, "x", (1ULL << 40) + i * PAGE, 1));
	EXPECT_GT(2 * 6 * 512 * sizeof(void *) + 1024, vmo_info(_metadata, vmo).metadata_bytes);
	EXPECT_EQ(513, vmo_pages(_metadata, vmo));
}

/* Names */

FIXTURE(name) {
	zx_handle_t vmo;
};

FIXTURE_SETUP(name)
{
	self->vmo = vmo_create(_metadata, PAGE, 0);
}

FIXTURE_TEARDOWN(name)
{
}

/* All of the name's bytes, by the property and in the record */
#define EXPECT_NAME(expected, length) do {					\
	char __want[ZX_MAX_NAME_LEN] = "", __name[ZX_MAX_NAME_LEN];		\
	zx_info_vmo_t __info = vmo_info(_metadata, self->vmo);			\
	memcpy(__want, expected, length);					\
	memset(__name, 0xee, sizeof(__name));					\
	EXPECT_OK(zx_object_get_property(self->vmo, ZX_PROP_NAME, __name, 32));	\
	EXPECT_EQ(0, memcmp(__want, __name, 32)) TH_LOG("%.32s", __name);	\
	EXPECT_EQ(0, memcmp(__want, __info.name, 32)) TH_LOG("%.32s", __info.name);	\
} while (0)

static zx_status_t set_name(zx_handle_t vmo, const void *name, size_t length)
{
	return zx_object_set_property(vmo, ZX_PROP_NAME, name, length);
}

TEST_F(name, empty_at_first)
{
	EXPECT_EQ(32, ZX_MAX_NAME_LEN);
	EXPECT_NAME("", 0);
}

TEST_F(name, set_and_get)
{
	EXPECT_OK(set_name(self->vmo, "frame buffer", 12));
	EXPECT_NAME("frame buffer", 12);
	/* with its NUL, too */
	EXPECT_OK(set_name(self->vmo, "glyphs", 7));
	EXPECT_NAME("glyphs", 6);
}

TEST_F(name, ends_at_the_first_nul)
{
	EXPECT_OK(set_name(self->vmo, "one\0two", 7));
	EXPECT_NAME("one", 3);
	EXPECT_OK(set_name(self->vmo, "\0two", 4));
	EXPECT_NAME("", 0);
}

TEST_F(name, shorter_one_leaves_nothing_of_the_longer)
{
	EXPECT_OK(set_name(self->vmo, "a rather long name", 18));
	EXPECT_OK(set_name(self->vmo, "short", 5));
	EXPECT_NAME("short", 5);
}

TEST_F(name, thirty_one_bytes_fit)
{
	const char *name = "0123456789abcdefghijklmnopqrstuvwxyz";

	EXPECT_OK(set_name(self->vmo, name, 31));
	EXPECT_NAME(name, 31);
}

TEST_F(name, longer_ones_are_cut)
{
	const char *name = "0123456789abcdefghijklmnopqrstuvwxyz";
	char *big = malloc(1 << 20);

	EXPECT_OK(set_name(self->vmo, name, 32));
	EXPECT_NAME(name, 31);
	EXPECT_OK(set_name(self->vmo, "x", 1));
	EXPECT_OK(set_name(self->vmo, name, 36));
	EXPECT_NAME(name, 31);
	memset(big, 'b', 1 << 20);
	EXPECT_OK(set_name(self->vmo, big, 1 << 20));
	EXPECT_NAME(big, 31);
}

TEST_F(name, what_is_cut_off_need_not_be_mapped)
{
	unsigned char *hole = page_before_hole(_metadata) + PAGE;

	memset(hole - 31, 'n', 31);
	EXPECT_OK(set_name(self->vmo, hole - 31, 1000));
	EXPECT_NAME(hole - 31, 31);
}

TEST_F(name, length_0_takes_it_away)
{
	EXPECT_OK(set_name(self->vmo, "x", 1));
	EXPECT_OK(set_name(self->vmo, "y", 0));
	EXPECT_NAME("", 0);
}

TEST_F(name, bytes_are_not_judged)
{
	EXPECT_OK(set_name(self->vmo, "\xff\x01\n\x80%s", 6));
	EXPECT_NAME("\xff\x01\n\x80%s", 6);
}

TEST_F(name, belongs_to_the_object)
{
	zx_handle_t copy = with_rights(_metadata, self->vmo, ZX_RIGHT_SAME_RIGHTS);

	EXPECT_OK(set_name(copy, "shared", 6));
	EXPECT_NAME("shared", 6);
}

TEST_F(name, buffer)
{
	unsigned char buffer[64], *hole = page_before_hole(_metadata) + PAGE;

	ASSERT_OK(set_name(self->vmo, "name", 4));
	memset(buffer, 0xee, sizeof(buffer));
	EXPECT_ST(ZX_ERR_BUFFER_TOO_SMALL,
		  zx_object_get_property(self->vmo, ZX_PROP_NAME, buffer, 31));
	EXPECT_ST(ZX_ERR_BUFFER_TOO_SMALL,
		  zx_object_get_property(self->vmo, ZX_PROP_NAME, buffer, 0));
	EXPECT_EQ(sizeof(buffer), mem_span(buffer, sizeof(buffer), 0xee));
	EXPECT_OK(zx_object_get_property(self->vmo, ZX_PROP_NAME, buffer, sizeof(buffer)));
	EXPECT_EQ(0, memcmp("name", buffer, 5));
	EXPECT_EQ(28, mem_span(buffer + 4, 28, 0));
	EXPECT_EQ(32, mem_span(buffer + 32, 32, 0xee));
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_object_get_property(self->vmo, ZX_PROP_NAME, hole - 31, 32));
	EXPECT_ST(ZX_ERR_INVALID_ARGS, set_name(self->vmo, hole - 3, 4));
	EXPECT_NAME("name", 4);
}

struct namer {
	zx_handle_t vmo;
	char letter;
	atomic_bool *stop;
	zx_status_t status;
};

static void *namer_thread(void *arg)
{
	struct namer *n = arg;
	char name[31];

	memset(name, n->letter, sizeof(name));
	while (!*n->stop && n->status == ZX_OK)
		n->status = set_name(n->vmo, name, sizeof(name));
	return NULL;
}

/* One name or the other, never something between */
TEST_F(name, is_never_torn)
{
	int64_t end = zx_clock_get_monotonic() + 200000000;
	atomic_bool stop = false;
	struct namer namers[] = {
		{ self->vmo, 'a', &stop, ZX_OK }, { self->vmo, 'b', &stop, ZX_OK },
	};
	pthread_t threads[2];
	char name[32];
	int i;

	ASSERT_OK(set_name(self->vmo, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 31));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, namer_thread, &namers[i]));
	do {
		ASSERT_OK(zx_object_get_property(self->vmo, ZX_PROP_NAME, name, 32));
		ASSERT_EQ(31, mem_span(name, 31, name[0]));
		memcpy(name, vmo_info(_metadata, self->vmo).name, 32);
		ASSERT_EQ(31, mem_span(name, 31, name[0]));
	} while (zx_clock_get_monotonic() < end);
	stop = true;
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
		EXPECT_OK(namers[i].status);
	}
}

/* Both calls: null, handle, right, then the property and its buffer */

#define BOTH(want, handle, property, value, size) do {					\
	EXPECT_ST(want, zx_object_get_property(handle, property, value, size));		\
	EXPECT_ST(want, zx_object_set_property(handle, property, value, size));		\
} while (0)

static const uint32_t unknown_properties[] = { 0, 1, 2, 4, 16, 18, 1000, UINT32_MAX };

TEST_F(name, null_before_everything)
{
	zx_handle_t none = with_rights(_metadata, self->vmo, ZX_RIGHT_NONE);

	BOTH(ZX_ERR_INVALID_ARGS, self->vmo, ZX_PROP_NAME, NULL, 32);
	BOTH(ZX_ERR_INVALID_ARGS, self->vmo, ZX_PROP_NAME, NULL, 0);
	BOTH(ZX_ERR_INVALID_ARGS, none, ZX_PROP_NAME, NULL, 32);
	BOTH(ZX_ERR_INVALID_ARGS, none, ZX_PROP_VMO_CONTENT_SIZE, NULL, 8);
	BOTH(ZX_ERR_INVALID_ARGS, ZX_HANDLE_INVALID, ZX_PROP_NAME, NULL, 32);
	BOTH(ZX_ERR_INVALID_ARGS, ZX_HANDLE_INVALID, 1000, NULL, 32);
}

TEST_F(name, handle_before_property)
{
	zx_handle_t closed = closed_handle(_metadata);
	uint64_t buffer[4] = { 0 };
	size_t i;

	BOTH(ZX_ERR_BAD_HANDLE, closed, ZX_PROP_NAME, buffer, 32);
	BOTH(ZX_ERR_BAD_HANDLE, closed, ZX_PROP_VMO_CONTENT_SIZE, buffer, 8);
	for (i = 0; i < ARRAY_SIZE(unknown_properties); i++)
		BOTH(ZX_ERR_BAD_HANDLE, closed, unknown_properties[i], buffer, 32);
}

TEST_F(name, right_before_property_and_size)
{
	zx_handle_t handle = without_rights(_metadata, self->vmo,
					    ZX_RIGHT_GET_PROPERTY | ZX_RIGHT_SET_PROPERTY);
	uint64_t buffer[4] = { 0 };
	size_t i;

	BOTH(ZX_ERR_ACCESS_DENIED, handle, ZX_PROP_NAME, buffer, 32);
	BOTH(ZX_ERR_ACCESS_DENIED, handle, ZX_PROP_NAME, buffer, 0);
	BOTH(ZX_ERR_ACCESS_DENIED, handle, ZX_PROP_VMO_CONTENT_SIZE, buffer, 8);
	BOTH(ZX_ERR_ACCESS_DENIED, handle, ZX_PROP_VMO_CONTENT_SIZE, buffer, 7);
	for (i = 0; i < ARRAY_SIZE(unknown_properties); i++)
		BOTH(ZX_ERR_ACCESS_DENIED, handle, unknown_properties[i], buffer, 32);
}

TEST_F(name, right_of_each_call)
{
	zx_handle_t get = with_rights(_metadata, self->vmo, ZX_RIGHT_GET_PROPERTY);
	zx_handle_t set = with_rights(_metadata, self->vmo, ZX_RIGHT_SET_PROPERTY);
	char buffer[32];

	EXPECT_OK(zx_object_get_property(get, ZX_PROP_NAME, buffer, 32));
	EXPECT_OK(zx_object_set_property(set, ZX_PROP_NAME, "x", 1));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_object_get_property(set, ZX_PROP_NAME, buffer, 32));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_object_set_property(get, ZX_PROP_NAME, "y", 1));
	EXPECT_NAME("x", 1);
}

TEST_F(name, unknown_properties)
{
	unsigned char buffer[64];
	size_t i;

	memset(buffer, 0xee, sizeof(buffer));
	for (i = 0; i < ARRAY_SIZE(unknown_properties); i++) {
		BOTH(ZX_ERR_NOT_SUPPORTED, self->vmo, unknown_properties[i], buffer, 64);
		BOTH(ZX_ERR_NOT_SUPPORTED, self->vmo, unknown_properties[i], buffer, 0);
	}
	EXPECT_EQ(sizeof(buffer), mem_span(buffer, sizeof(buffer), 0xee));
}

/* An event has no property right by default: that is what is refused. */
TEST_F(name, of_an_event)
{
	zx_handle_t event = event_create(_metadata);
	uint64_t buffer[4] = { 0 };

	BOTH(ZX_ERR_ACCESS_DENIED, event, ZX_PROP_NAME, buffer, 32);
	BOTH(ZX_ERR_ACCESS_DENIED, event, ZX_PROP_VMO_CONTENT_SIZE, buffer, 8);
}

TEST_HARNESS_MAIN
