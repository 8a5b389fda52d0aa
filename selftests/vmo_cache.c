// SPDX-License-Identifier: GPL-2.0-only
/*
 * Caches: the CACHE_ operations of zx_vmo_op_range(), zx_vmo_set_cache_policy()
 * and zx_cache_flush(). Ranges and rights of the operations are in
 * vmo_op_range.c.
 */
#include "vmo_test.h"

#define ENABLE_DEBUGGING	"enable_debugging_syscalls"

#define OP(handle, op, offset, length) \
	zx_vmo_op_range(handle, op, offset, length, NULL, 0)

/* What each operation does to pages and contents: nothing to be seen */

FIXTURE(cache_op) {
	zx_handle_t vmo;
	int debugging;
};

FIXTURE_VARIANT(cache_op) {
	uint32_t op;
};

FIXTURE_VARIANT_ADD(cache_op, sync) { ZX_VMO_OP_CACHE_SYNC };
FIXTURE_VARIANT_ADD(cache_op, clean) { ZX_VMO_OP_CACHE_CLEAN };
FIXTURE_VARIANT_ADD(cache_op, clean_invalidate) { ZX_VMO_OP_CACHE_CLEAN_INVALIDATE };
FIXTURE_VARIANT_ADD(cache_op, invalidate) { ZX_VMO_OP_CACHE_INVALIDATE };

FIXTURE_SETUP(cache_op)
{
	self->debugging = param_get(ENABLE_DEBUGGING);
	ASSERT_LE(0, self->debugging);
	ASSERT_EQ(0, param_set(ENABLE_DEBUGGING, 1));
	self->vmo = vmo_create(_metadata, 8 * PAGE, 0);
	if (!have_cache_op(_metadata, variant->op))
		SKIP(return, "no primitive for this on this architecture");
}

FIXTURE_TEARDOWN_PARENT(cache_op)
{
	param_set(ENABLE_DEBUGGING, self->debugging);
}

TEST_F(cache_op, keeps_contents)
{
	vmo_fill(_metadata, self->vmo, 0, 8 * PAGE, 'v');
	EXPECT_OK(OP(self->vmo, variant->op, 0, 8 * PAGE));
	EXPECT_OK(OP(self->vmo, variant->op, PAGE + 63, 2 * PAGE + 3));
	EXPECT_OK(OP(self->vmo, variant->op, 5 * PAGE, 1));
	EXPECT_EQ(8 * PAGE, vmo_span(self->vmo, 0, 8 * PAGE, 'v'));
	EXPECT_EQ(8, vmo_pages(_metadata, self->vmo));
}

TEST_F(cache_op, keeps_contents_of_a_mapping)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, 0, 8 * PAGE);
	uint64_t i;

	/* Lines that are dirty in the cache, one after the other */
	for (i = 0; i < 100; i++) {
		p[i * 64] = i + 1;
		EXPECT_OK(OP(self->vmo, variant->op, i * 64, 64));
		EXPECT_EQ(i + 1, p[i * 64]);
		EXPECT_EQ(1, vmo_span(self->vmo, i * 64, 1, i + 1));
	}
}

TEST_F(cache_op, skips_absent_pages)
{
	EXPECT_OK(OP(self->vmo, variant->op, 0, 8 * PAGE));
	EXPECT_EQ(0, vmo_pages(_metadata, self->vmo));
	ASSERT_OK(zx_vmo_write(self->vmo, "x", 3 * PAGE, 1));
	EXPECT_OK(OP(self->vmo, variant->op, 1, 8 * PAGE - 1));
	EXPECT_EQ(1, vmo_pages(_metadata, self->vmo));
	EXPECT_EQ(1, vmo_span(self->vmo, 3 * PAGE, 1, 'x'));
}

TEST_F(cache_op, whole_sparse_vmo_is_quick)
{
	zx_handle_t vmo = vmo_create(_metadata, MAX_SIZE, 0);

	ASSERT_OK(zx_vmo_write(vmo, "x", 1ULL << 40, 1));
	ASSERT_OK(zx_vmo_write(vmo, "x", MAX_SIZE - 1, 1));
	EXPECT_QUICK(EXPECT_OK(OP(vmo, variant->op, 0, MAX_SIZE)));
	EXPECT_QUICK(EXPECT_OK(OP(vmo, variant->op, 1, MAX_SIZE - 1)));
	EXPECT_EQ(2, vmo_pages(_metadata, vmo));
}

/* length 0 is judged before the range, and after the right */
TEST_F(cache_op, length_0_before_range)
{
	zx_handle_t none = with_rights(_metadata, self->vmo, ZX_RIGHT_NONE);

	EXPECT_ST(ZX_ERR_INVALID_ARGS, OP(self->vmo, variant->op, UINT64_MAX, 0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, OP(none, variant->op, 0, 0));
}

struct cleaner {
	zx_handle_t vmo;
	uint32_t op;
	atomic_bool stop;
	zx_status_t status;
};

static void *cleaner_thread(void *arg)
{
	struct cleaner *c = arg;

	while (!c->stop && c->status == ZX_OK)
		c->status = OP(c->vmo, c->op, 0, 8 * PAGE);
	return NULL;
}

/* Pages come and go while lines are being written back. */
TEST_F(cache_op, races_with_decommit)
{
	struct cleaner c = { .vmo = self->vmo, .op = variant->op };
	int64_t end = zx_clock_get_monotonic() + 200000000;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, cleaner_thread, &c));
	do {
		vmo_fill(_metadata, self->vmo, 0, 8 * PAGE, 'v');
		EXPECT_EQ(8 * PAGE, vmo_span(self->vmo, 0, 8 * PAGE, 'v'));
		ASSERT_OK(OP(self->vmo, ZX_VMO_OP_DECOMMIT, 0, 8 * PAGE));
	} while (zx_clock_get_monotonic() < end);
	c.stop = true;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_OK(c.status);
}

/* CACHE_INVALIDATE is behind a module parameter. */

FIXTURE(gate) {
	zx_handle_t vmo;
	int debugging;
};

FIXTURE_SETUP(gate)
{
	self->debugging = param_get(ENABLE_DEBUGGING);
	ASSERT_LE(0, self->debugging);
	ASSERT_EQ(0, param_set(ENABLE_DEBUGGING, 0));
	self->vmo = vmo_create(_metadata, 4 * PAGE, 0);
}

FIXTURE_TEARDOWN_PARENT(gate)
{
	param_set(ENABLE_DEBUGGING, self->debugging);
}

TEST_F(gate, closed)
{
	EXPECT_EQ(0, param_get(ENABLE_DEBUGGING));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, OP(self->vmo, ZX_VMO_OP_CACHE_INVALIDATE, 0, PAGE));
}

TEST_F(gate, open)
{
	ASSERT_EQ(0, param_set(ENABLE_DEBUGGING, 1));
	EXPECT_EQ(1, param_get(ENABLE_DEBUGGING));
	if (!have_cache_op(_metadata, ZX_VMO_OP_CACHE_INVALIDATE))
		SKIP(return, "no primitive for this on this architecture");
	EXPECT_OK(OP(self->vmo, ZX_VMO_OP_CACHE_INVALIDATE, 0, PAGE));
	ASSERT_EQ(0, param_set(ENABLE_DEBUGGING, 0));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, OP(self->vmo, ZX_VMO_OP_CACHE_INVALIDATE, 0, PAGE));
}

TEST_F(gate, closed_before_right_and_range)
{
	zx_handle_t none = with_rights(_metadata, self->vmo, ZX_RIGHT_NONE);
	const uint32_t op = ZX_VMO_OP_CACHE_INVALIDATE;

	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, OP(none, op, 0, PAGE));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, OP(none, op, 0, 0));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, OP(self->vmo, op, 0, 0));
	EXPECT_ST(ZX_ERR_NOT_SUPPORTED, OP(self->vmo, op, UINT64_MAX, UINT64_MAX));
}

TEST_F(gate, handle_and_type_before_it)
{
	const uint32_t op = ZX_VMO_OP_CACHE_INVALIDATE;

	EXPECT_ST(ZX_ERR_BAD_HANDLE, OP(closed_handle(_metadata), op, 0, PAGE));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, OP(wrong_type(_metadata), op, 0, PAGE));
}

TEST_F(gate, open_then_right_then_range)
{
	zx_handle_t no_write = without_rights(_metadata, self->vmo, ZX_RIGHT_WRITE);
	const uint32_t op = ZX_VMO_OP_CACHE_INVALIDATE;

	ASSERT_EQ(0, param_set(ENABLE_DEBUGGING, 1));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, OP(no_write, op, 0, PAGE));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, OP(no_write, op, 0, 0));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, OP(no_write, op, UINT64_MAX, UINT64_MAX));
	if (!have_cache_op(_metadata, op))
		SKIP(return, "no primitive for this on this architecture");
	EXPECT_ST(ZX_ERR_INVALID_ARGS, OP(self->vmo, op, UINT64_MAX, 0));
	EXPECT_ST(ZX_ERR_OUT_OF_RANGE, OP(self->vmo, op, UINT64_MAX, UINT64_MAX));
}

TEST_F(gate, holds_for_no_other_operation)
{
	static const uint32_t ops[] = {
		ZX_VMO_OP_CACHE_SYNC, ZX_VMO_OP_CACHE_CLEAN, ZX_VMO_OP_CACHE_CLEAN_INVALIDATE,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		if (have_cache_op(_metadata, ops[i]))
			EXPECT_OK(OP(self->vmo, ops[i], 0, PAGE));
	EXPECT_OK(OP(self->vmo, ZX_VMO_OP_COMMIT, 0, PAGE));
}

TEST(policies_and_flushes_have_their_numbers)
{
	EXPECT_EQ(0, ZX_CACHE_POLICY_CACHED);
	EXPECT_EQ(1, ZX_CACHE_POLICY_UNCACHED);
	EXPECT_EQ(2, ZX_CACHE_POLICY_UNCACHED_DEVICE);
	EXPECT_EQ(3, ZX_CACHE_POLICY_WRITE_COMBINING);
	EXPECT_EQ(3, ZX_CACHE_POLICY_MASK);
	EXPECT_EQ(1, ZX_CACHE_FLUSH_INSN);
	EXPECT_EQ(2, ZX_CACHE_FLUSH_DATA);
	EXPECT_EQ(4, ZX_CACHE_FLUSH_INVALIDATE);
}

/* zx_vmo_set_cache_policy() */

FIXTURE(policy) {
	zx_handle_t vmo;
};

KIND_VARIANTS(policy);

FIXTURE_SETUP(policy)
{
	self->vmo = vmo_create(_metadata, 4 * PAGE, variant->options);
}

FIXTURE_TEARDOWN(policy)
{
	EXPECT_EQ(ZX_CACHE_POLICY_CACHED, vmo_info(_metadata, self->vmo).cache_policy);
}

/* The policies that do not exist here */
static const uint32_t missing_policies[] = {
	ZX_CACHE_POLICY_UNCACHED, ZX_CACHE_POLICY_UNCACHED_DEVICE,
	ZX_CACHE_POLICY_WRITE_COMBINING,
};

static const uint32_t bad_policies[] = { 4, 5, 7, 8, 0x100, 0x80000000, UINT32_MAX };

TEST_F(policy, cached)
{
	EXPECT_OK(zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_CACHED));
	vmo_fill(_metadata, self->vmo, 0, 4 * PAGE, 'v');
	EXPECT_OK(zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_CACHED));
	EXPECT_EQ(4 * PAGE, vmo_span(self->vmo, 0, 4 * PAGE, 'v'));
	EXPECT_EQ(4, vmo_pages(_metadata, self->vmo));
}

TEST_F(policy, others_are_not_supported)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(missing_policies); i++)
		EXPECT_ST(ZX_ERR_NOT_SUPPORTED,
			  zx_vmo_set_cache_policy(self->vmo, missing_policies[i]));
	/* The VMO is as usable as before. */
	vmo_fill(_metadata, self->vmo, 0, 4 * PAGE, 'v');
	EXPECT_EQ(4 * PAGE, vmo_span(self->vmo, 0, 4 * PAGE, 'v'));
}

TEST_F(policy, outside_the_mask_before_the_handle)
{
	zx_handle_t none = with_rights(_metadata, self->vmo, ZX_RIGHT_NONE);
	zx_handle_t event = wrong_type(_metadata);
	size_t i;

	vmo_map_rw(_metadata, self->vmo, 0, PAGE);
	for (i = 0; i < ARRAY_SIZE(bad_policies); i++) {
		EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmo_set_cache_policy(self->vmo, bad_policies[i]));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmo_set_cache_policy(none, bad_policies[i]));
		EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_vmo_set_cache_policy(event, bad_policies[i]));
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  zx_vmo_set_cache_policy(ZX_HANDLE_INVALID, bad_policies[i]));
	}
}

TEST_F(policy, bad_handle)
{
	zx_handle_t closed = closed_handle(_metadata);

	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_vmo_set_cache_policy(closed, ZX_CACHE_POLICY_CACHED));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_vmo_set_cache_policy(closed, ZX_CACHE_POLICY_UNCACHED));
	EXPECT_ST(ZX_ERR_BAD_HANDLE, zx_vmo_set_cache_policy(ZX_HANDLE_INVALID, 0));
}

TEST_F(policy, wrong_type)
{
	zx_handle_t event = wrong_type(_metadata);

	EXPECT_ST(ZX_ERR_WRONG_TYPE, zx_vmo_set_cache_policy(event, ZX_CACHE_POLICY_CACHED));
	EXPECT_ST(ZX_ERR_WRONG_TYPE, zx_vmo_set_cache_policy(event, ZX_CACHE_POLICY_UNCACHED));
}

TEST_F(policy, needs_map_and_nothing_else)
{
	zx_handle_t no_map = without_rights(_metadata, self->vmo, ZX_RIGHT_MAP);
	zx_handle_t only_map = with_rights(_metadata, self->vmo, ZX_RIGHT_MAP);

	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_cache_policy(no_map, ZX_CACHE_POLICY_CACHED));
	EXPECT_OK(zx_vmo_set_cache_policy(only_map, ZX_CACHE_POLICY_CACHED));
	/* before what the VMO or the policy has against it */
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_cache_policy(no_map, ZX_CACHE_POLICY_UNCACHED));
	vmo_map_rw(_metadata, self->vmo, 0, PAGE);
	EXPECT_ST(ZX_ERR_ACCESS_DENIED, zx_vmo_set_cache_policy(no_map, ZX_CACHE_POLICY_CACHED));
}

TEST_F(policy, mapped)
{
	unsigned char *p = vmo_map_rw(_metadata, self->vmo, PAGE, PAGE);
	unsigned char *q = vmo_map(_metadata, self->vmo, 0, 9 * PAGE, PAGE);
	size_t i;

	/* even if nothing would change; and before "not supported" */
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_CACHED));
	for (i = 0; i < ARRAY_SIZE(missing_policies); i++)
		EXPECT_ST(ZX_ERR_BAD_STATE,
			  zx_vmo_set_cache_policy(self->vmo, missing_policies[i]));
	vmo_unmap(_metadata, p, PAGE);
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_CACHED));
	vmo_unmap(_metadata, q, PAGE);
	EXPECT_OK(zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_CACHED));
}

TEST_F(policy, mapped_by_another_process)
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
	vmo_unmap(_metadata, p, PAGE);
	EXPECT_ST(ZX_ERR_BAD_STATE, zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_CACHED));
	close(pipe_fds[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_OK(zx_vmo_set_cache_policy(self->vmo, ZX_CACHE_POLICY_CACHED));
}

/* zx_cache_flush(), on memory of every sort */

#define INSN		ZX_CACHE_FLUSH_INSN
#define DATA		ZX_CACHE_FLUSH_DATA
#define INVALIDATE	ZX_CACHE_FLUSH_INVALIDATE

static const uint32_t good_flushes[] = {
	INSN, DATA, DATA | INSN, DATA | INVALIDATE, DATA | INSN | INVALIDATE,
};

/* Only x86 lets programs flush data. */
static zx_status_t flush_status(uint32_t options)
{
#ifdef __x86_64__
	return options ? ZX_OK : ZX_ERR_INTERNAL;
#else
	return options & DATA ? ZX_ERR_NOT_SUPPORTED : ZX_OK;
#endif
}

#define EXPECT_FLUSH(addr, size, options) \
	EXPECT_ST(flush_status(options), zx_cache_flush(addr, size, options))

TEST(flush_accepts_these_options)
{
	unsigned char *p = user_pages(_metadata, 4, PROT_READ | PROT_WRITE);
	size_t i;

	memset(p, 'b', 4 * PAGE);
	for (i = 0; i < ARRAY_SIZE(good_flushes); i++)
		EXPECT_FLUSH(p, 4 * PAGE, good_flushes[i]);
	EXPECT_EQ(4 * PAGE, mem_span(p, 4 * PAGE, 'b'));
}

TEST(flush_refuses_all_others)
{
	char buffer[64] = "";
	uint32_t options;
	int bit;

	for (options = 0; options < 8; options++) {
		if (options & DATA || options == INSN)
			continue;
		EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_cache_flush(buffer, sizeof(buffer), options))
			TH_LOG("options %#x", options);
		/* also where there is nothing to flush */
		EXPECT_ST(ZX_ERR_INVALID_ARGS, zx_cache_flush(buffer, 0, options));
	}
	for (bit = 3; bit < 32; bit++)
		EXPECT_ST(ZX_ERR_INVALID_ARGS,
			  zx_cache_flush(buffer, sizeof(buffer), DATA | 1U << bit));
}

TEST(flush_of_nothing)
{
	char buffer[1] = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good_flushes); i++) {
		EXPECT_FLUSH(buffer, 0, good_flushes[i]);
		EXPECT_FLUSH(NULL, 0, good_flushes[i]);
	}
}

TEST(flush_of_odd_ranges)
{
	unsigned char *p = user_pages(_metadata, 2, PROT_READ | PROT_WRITE);
	size_t i, start, length;

	memset(p, 'b', 2 * PAGE);
	/* The last page ends at nothing: no line beyond the range is touched. */
	ASSERT_EQ(0, munmap(p + PAGE, PAGE));
	for (i = 0; i < ARRAY_SIZE(good_flushes); i++)
		for (start = 0; start < 130; start += 13)
			for (length = 1; length < 200; length = length * 3 + 1)
				EXPECT_FLUSH(p + PAGE - start - length, length,
					     good_flushes[i]);
	EXPECT_EQ(PAGE, mem_span(p, PAGE, 'b'));
}

TEST(flush_of_mapped_vmos)
{
	zx_handle_t vmo = vmo_create(_metadata, 4 * PAGE, 0);
	unsigned char *p = vmo_map_rw(_metadata, vmo, 0, 4 * PAGE);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good_flushes); i++) {
		memset(p, 'a' + i, 4 * PAGE);
		EXPECT_FLUSH(p + 7, 4 * PAGE - 7, good_flushes[i]);
		EXPECT_EQ(4 * PAGE, mem_span(p, 4 * PAGE, 'a' + i));
		EXPECT_EQ(4 * PAGE, vmo_span(vmo, 0, 4 * PAGE, 'a' + i));
	}
	/* A flush is no write: absent pages stay absent. */
	ASSERT_OK(OP(vmo, ZX_VMO_OP_DECOMMIT, 0, 4 * PAGE));
	EXPECT_FLUSH(p, 4 * PAGE, DATA);
	EXPECT_EQ(0, vmo_pages(_metadata, vmo));
}

TEST(flush_of_read_only_memory)
{
	zx_handle_t vmo = vmo_create(_metadata, PAGE, 0);
	unsigned char *p = vmo_map(_metadata, vmo, ZX_VM_PERM_READ, 0, PAGE);
	size_t i;

	vmo_fill(_metadata, vmo, 0, PAGE, 'v');
	for (i = 0; i < ARRAY_SIZE(good_flushes); i++) {
		EXPECT_FLUSH(p, PAGE, good_flushes[i]);
		EXPECT_FLUSH(good_flushes, sizeof(good_flushes), good_flushes[i]);
	}
	EXPECT_EQ(PAGE, mem_span(p, PAGE, 'v'));
}

/* Code that was just written runs after a flush, twice at the same place. */
TEST(flush_makes_new_code_run)
{
	unsigned char *p = user_pages(_metadata, 1, PROT_READ | PROT_WRITE | PROT_EXEC);
	int (*function)(void) = (void *)p;
	size_t length;
	int i;

	for (i = 41; i <= 42; i++) {
		length = code_returning(i, p);
		if (!length)
			SKIP(return, "no code for this architecture");
		EXPECT_OK(zx_cache_flush(p, length, INSN));
		EXPECT_EQ(i, function());
	}
}

TEST_HARNESS_MAIN
