// SPDX-License-Identifier: MIT
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "libzircon.h"

zx_handle_t zx_vmar_root_self(void)
{
	return ZXVMO_HANDLE_VMAR_ROOT_SELF;
}
ALSO(vmar_root_self);

zx_status_t zx_vmar_allocate(zx_handle_t parent, zx_vm_option_t options, uint64_t offset,
			     uint64_t size, zx_handle_t *child, zx_vaddr_t *child_addr)
{
	return CALL(ZXVMO_VMAR_ALLOCATE, zxvmo_vmar_allocate, parent, .options = options,
		    .vmar_offset = offset, .length = size, .out_handle = ADDRESS(child),
		    .out_addr = ADDRESS(child_addr));
}
ALSO(vmar_allocate);

zx_status_t zx_vmar_destroy(zx_handle_t handle)
{
	return CALL(ZXVMO_VMAR_DESTROY, zxvmo_vmar_destroy, handle);
}
ALSO(vmar_destroy);

zx_status_t zx_vmar_map(zx_handle_t handle, zx_vm_option_t options, uint64_t vmar_offset,
			zx_handle_t vmo, uint64_t vmo_offset, uint64_t len,
			zx_vaddr_t *mapped_addr)
{
	return CALL_TWO(ZXVMO_VMAR_MAP, zxvmo_vmar_map, handle, vmo, .options = options,
			.vmo = vmo, .vmar_offset = vmar_offset, .vmo_offset = vmo_offset,
			.length = len, .out_addr = ADDRESS(mapped_addr));
}
ALSO(vmar_map);

zx_status_t zx_vmar_unmap(zx_handle_t handle, zx_vaddr_t addr, uint64_t len)
{
	return CALL(ZXVMO_VMAR_UNMAP, zxvmo_vmar_range, handle, .addr = addr, .length = len);
}
ALSO(vmar_unmap);

static zx_status_t check_protect(zx_handle_t handle, zx_vm_option_t options, zx_vaddr_t addr,
				 uint64_t len)
{
	return CALL(ZXVMO_VMAR_PROTECT, zxvmo_vmar_range, handle, .options = options,
		    .addr = addr, .length = len);
}

zx_status_t zx_vmar_protect(zx_handle_t handle, zx_vm_option_t options, zx_vaddr_t addr,
			    uint64_t len)
{
	zx_status_t status;
	int prot = PROT_NONE;
	long result;

	status = check_protect(handle, options, addr, len);
	if (status)
		return status;

	if (options & (ZX_VM_PERM_READ | ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED))
		prot |= PROT_READ;
	if (options & ZX_VM_PERM_WRITE)
		prot |= PROT_WRITE;
	if (options & ZX_VM_PERM_EXECUTE)
		prot |= PROT_EXEC;
	result = zxvmo_syscall(SYS_mprotect, addr, len, prot, 0);
	switch (result) {
	case -ENOMEM:
		/* A hole that appeared meanwhile, or one mapping too many? */
		return check_protect(handle, options, addr, len) ?: ZX_ERR_NO_MEMORY;
	case -EPERM:	/* sealed by mseal(2) */
		return ZX_ERR_ACCESS_DENIED;
	default:
		return zxvmo_status_from_errno(-result);
	}
}
ALSO(vmar_protect);

zx_status_t zx_vmar_op_range(zx_handle_t handle, uint32_t op, zx_vaddr_t address, uint64_t size,
			     void *buffer, size_t buffer_size)
{
	return CALL(ZXVMO_VMAR_OP_RANGE, zxvmo_vmar_op_range, handle, .op = op,
		    .addr = address, .length = size, .buffer = ADDRESS(buffer),
		    .buffer_size = buffer_size);
}
ALSO(vmar_op_range);

zx_status_t zxvmo_vmar_export(zx_handle_t handle, zx_rights_t rights, zx_handle_t *out)
{
	return CALL(ZXVMO_VMAR_EXPORT, zxvmo_vmar_export, handle, .rights = rights,
		    .out_handle = ADDRESS(out));
}
