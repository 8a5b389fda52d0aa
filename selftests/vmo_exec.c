// SPDX-License-Identifier: GPL-2.0-only
/* zx_vmo_replace_as_executable() and what the EXECUTE right is good for */
#include "vmo_test.h"

#define AMBIENT		"ambient_mark_vmo_exec"

/*
 * The policy decides about vmex 0. There are no resources, so that every other
 * vmex is wrong whatever the policy says.
 */

FIXTURE(exec) {
	zx_handle_t vmo;
	int ambient;
};

FIXTURE_VARIANT(exec) {
	bool allowed;
};

FIXTURE_VARIANT_ADD(exec, allowed) { true };
FIXTURE_VARIANT_ADD(exec, denied) { false };

FIXTURE_SETUP(exec)
{
	self->ambient = param_get(AMBIENT);
	ASSERT_LE(0, self->ambient);
	ASSERT_EQ(0, param_set(AMBIENT, variant->allowed));
	self->vmo = vmo_create(_metadata, PAGE, 0);
}

FIXTURE_TEARDOWN_PARENT(exec)
{
	param_set(AMBIENT, self->ambient);
}

static bool is_open(zx_handle_t handle)
{
	return zx_object_get_info(handle, ZX_INFO_HANDLE_VALID, NULL, 0, NULL, NULL) == ZX_OK;
}

/* Refused, with nothing stored, no handle made and the old one closed or not */
#define EXPECT_REFUSED(want, handle, vmex, closed) do {				\
	zx_handle_t __handle = handle, __out = 0x12345;				\
	int __fds = zt_open_fds();						\
	EXPECT_ST(want, zx_vmo_replace_as_executable(__handle, vmex, &__out));	\
	EXPECT_EQ(0x12345, __out);						\
	EXPECT_EQ(__fds - (closed), zt_open_fds());				\
	EXPECT_FALSE(is_open(__handle));					\
} while (0)

TEST_F(exec, policy_decides)
{
	zx_handle_t out;

	if (!variant->allowed) {
		EXPECT_REFUSED(ZX_ERR_ACCESS_DENIED, self->vmo, ZX_HANDLE_INVALID, 1);
	} else {
		EXPECT_OK(zx_vmo_replace_as_executable(self->vmo, ZX_HANDLE_INVALID, &out));
		EXPECT_FALSE(is_open(self->vmo));
		EXPECT_EQ(ZX_DEFAULT_VMO_RIGHTS | ZX_RIGHT_EXECUTE, rights_of(_metadata, out));
	}
}

TEST_F(exec, bad_handle)
{
	EXPECT_REFUSED(ZX_ERR_BAD_HANDLE, closed_handle(_metadata), ZX_HANDLE_INVALID, 0);
	EXPECT_REFUSED(ZX_ERR_BAD_HANDLE, ZX_HANDLE_INVALID, ZX_HANDLE_INVALID, 0);
}

/* Not WRONG_TYPE as everywhere else, and the other object's handle is gone. */
TEST_F(exec, not_a_vmo)
{
	EXPECT_REFUSED(ZX_ERR_BAD_HANDLE, event_create(_metadata), ZX_HANDLE_INVALID, 1);
	EXPECT_REFUSED(ZX_ERR_BAD_HANDLE,
		       with_rights(_metadata, event_create(_metadata), ZX_RIGHT_NONE),
		       ZX_HANDLE_INVALID, 1);
}

TEST_F(exec, vmex_is_no_handle)
{
	zx_handle_t closed = with_rights(_metadata, self->vmo, ZX_RIGHT_NONE);

	ASSERT_OK(zx_handle_close(closed));
	EXPECT_REFUSED(ZX_ERR_BAD_HANDLE, self->vmo, closed, 1);
}

TEST_F(exec, vmex_is_no_resource)
{
	zx_handle_t event = event_create(_metadata);

	EXPECT_REFUSED(ZX_ERR_WRONG_TYPE, with_rights(_metadata, self->vmo, ZX_RIGHT_NONE),
		       event, 1);
	EXPECT_REFUSED(ZX_ERR_WRONG_TYPE, with_rights(_metadata, self->vmo, ZX_RIGHT_NONE),
		       self->vmo, 1);
	EXPECT_TRUE(is_open(event));
	EXPECT_TRUE(is_open(self->vmo));
}

TEST_F(exec, handle_before_vmex)
{
	zx_handle_t event = event_create(_metadata);

	EXPECT_REFUSED(ZX_ERR_BAD_HANDLE, closed_handle(_metadata), event, 0);
	EXPECT_REFUSED(ZX_ERR_BAD_HANDLE, event_create(_metadata), event, 1);
	EXPECT_REFUSED(ZX_ERR_BAD_HANDLE, ZX_HANDLE_INVALID, event, 0);
	EXPECT_TRUE(is_open(event));
}

TEST_F(exec, bad_out_pointer)
{
	int fds = zt_open_fds();

	EXPECT_ST(variant->allowed ? ZX_ERR_INVALID_ARGS : ZX_ERR_ACCESS_DENIED,
		  zx_vmo_replace_as_executable(self->vmo, ZX_HANDLE_INVALID, NULL));
	EXPECT_FALSE(is_open(self->vmo));
	EXPECT_EQ(fds - 1, zt_open_fds());
}

TEST_F(exec, policy_parameter_can_be_read_back)
{
	EXPECT_EQ(variant->allowed, param_get(AMBIENT));
}

/* With the policy's consent */

FIXTURE(executable) {
	zx_handle_t vmo;
	int ambient;
};

FIXTURE_SETUP(executable)
{
	self->ambient = param_get(AMBIENT);
	ASSERT_LE(0, self->ambient);
	ASSERT_EQ(0, param_set(AMBIENT, 1));
	self->vmo = vmo_create(_metadata, 2 * PAGE, ZX_VMO_RESIZABLE);
	vmo_fill(_metadata, self->vmo, 0, PAGE, 'v');
}

FIXTURE_TEARDOWN_PARENT(executable)
{
	param_set(AMBIENT, self->ambient);
}

static zx_handle_t replace(struct __test_metadata *const _metadata, zx_handle_t handle)
{
	zx_handle_t out;

	ASSERT_OK(zx_vmo_replace_as_executable(handle, ZX_HANDLE_INVALID, &out));
	return out;
}

TEST_F(executable, old_rights_and_execute)
{
	static const zx_rights_t rights[] = {
		ZX_RIGHT_NONE, ZX_RIGHT_READ, ZX_RIGHT_READ | ZX_RIGHT_MAP,
		ZX_DEFAULT_VMO_RIGHTS, ZX_DEFAULT_VMO_RIGHTS | ZX_RIGHT_RESIZE,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rights); i++) {
		zx_handle_t out = replace(_metadata, with_rights(_metadata, self->vmo, rights[i]));

		EXPECT_EQ(rights[i] | ZX_RIGHT_EXECUTE, rights_of(_metadata, out));
		EXPECT_OK(zx_handle_close(out));
	}
}

TEST_F(executable, same_vmo)
{
	zx_koid_t koid = handle_basic(_metadata, self->vmo).koid;
	int fds = zt_open_fds();
	zx_handle_t out = replace(_metadata, self->vmo);

	EXPECT_EQ(koid, handle_basic(_metadata, out).koid);
	EXPECT_EQ(PAGE, vmo_span(out, 0, PAGE, 'v'));
	EXPECT_EQ(1, vmo_pages(_metadata, out));
	EXPECT_EQ(fds, zt_open_fds());
	EXPECT_EQ(FD_CLOEXEC, fcntl(ZXVMO_HANDLE_FD(out), F_GETFD));
}

TEST_F(executable, again)
{
	zx_handle_t out = replace(_metadata, replace(_metadata, self->vmo));

	EXPECT_EQ(ZX_DEFAULT_VMO_RIGHTS | ZX_RIGHT_RESIZE | ZX_RIGHT_EXECUTE,
		  rights_of(_metadata, out));
}

TEST_F(executable, other_handles_do_not_gain)
{
	zx_handle_t other = with_rights(_metadata, self->vmo, ZX_RIGHT_SAME_RIGHTS);
	zx_rights_t before = rights_of(_metadata, other);

	replace(_metadata, self->vmo);
	EXPECT_EQ(before, rights_of(_metadata, other));
}

TEST_F(executable, right_can_be_passed_on_and_dropped)
{
	zx_handle_t out = replace(_metadata, self->vmo);
	zx_handle_t same = with_rights(_metadata, out, ZX_RIGHT_SAME_RIGHTS);
	zx_handle_t less = without_rights(_metadata, out, ZX_RIGHT_EXECUTE);

	EXPECT_TRUE(rights_of(_metadata, same) & ZX_RIGHT_EXECUTE);
	EXPECT_FALSE(rights_of(_metadata, less) & ZX_RIGHT_EXECUTE);
	/* A right that was dropped does not come back by duplication. */
	EXPECT_ST(ZX_ERR_INVALID_ARGS,
		  zx_handle_duplicate(less, rights_of(_metadata, out), &same));
}

static zx_status_t try_map(zx_handle_t vmo, zx_vm_option_t options, zx_vaddr_t *addr)
{
	return zx_vmar_map(zx_vmar_root_self(), options, 0, vmo, 0, PAGE, addr);
}

TEST_F(executable, mapping_needs_the_right)
{
	const zx_vm_option_t rx = ZX_VM_PERM_READ | ZX_VM_PERM_EXECUTE;
	zx_vaddr_t addr = 0;
	zx_handle_t out;

	EXPECT_ST(ZX_ERR_ACCESS_DENIED, try_map(self->vmo, rx, &addr));
	out = replace(_metadata, self->vmo);
	EXPECT_OK(try_map(out, rx, &addr));
	/* and what is mapped without it cannot be made executable */
	ASSERT_OK(try_map(without_rights(_metadata, out, ZX_RIGHT_EXECUTE), ZX_VM_PERM_READ,
			  &addr));
	EXPECT_ST(ZX_ERR_ACCESS_DENIED,
		  zx_vmar_protect(zx_vmar_root_self(), rx, addr, PAGE));
	EXPECT_EQ(-1, mprotect((void *)addr, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	ASSERT_OK(try_map(out, ZX_VM_PERM_READ, &addr));
	EXPECT_OK(zx_vmar_protect(zx_vmar_root_self(), rx, addr, PAGE));
}

/* Code written into a VMO runs from a mapping that cannot be written. */
TEST_F(executable, code_runs)
{
	zx_handle_t out = replace(_metadata, self->vmo);
	unsigned char code[8], *p;
	size_t length = code_returning(42, code);

	if (!length)
		SKIP(return, "no code for this architecture");
	ASSERT_OK(zx_vmo_write(out, code, 64, length));
	p = vmo_map(_metadata, out, ZX_VM_PERM_READ | ZX_VM_PERM_EXECUTE, 0, PAGE);
	ASSERT_OK(zx_cache_flush(p + 64, length, ZX_CACHE_FLUSH_INSN));
	EXPECT_EQ(42, ((int (*)(void))(p + 64))());
	EXPECT_EQ(SIGSEGV, zt_store(p, 1).signal);
}

TEST_HARNESS_MAIN
