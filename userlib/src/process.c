// SPDX-License-Identifier: MIT
/* The calling process. */
#include "libzircon.h"

zx_handle_t zx_process_self(void)
{
	return ZXVMO_HANDLE_PROCESS_SELF;
}
ALSO(process_self);

zx_status_t zx_process_read_memory(zx_handle_t handle, zx_vaddr_t vaddr, void *buffer,
				   size_t buffer_size, size_t *actual)
{
	return CALL(ZXVMO_PROCESS_READ_MEMORY, zxvmo_process_memory, handle, .addr = vaddr,
		    .buffer = ADDRESS(buffer), .length = buffer_size,
		    .out_actual = ADDRESS(actual));
}
ALSO(process_read_memory);

zx_status_t zx_process_write_memory(zx_handle_t handle, zx_vaddr_t vaddr, const void *buffer,
				    size_t buffer_size, size_t *actual)
{
	return CALL(ZXVMO_PROCESS_WRITE_MEMORY, zxvmo_process_memory, handle, .addr = vaddr,
		    .buffer = ADDRESS(buffer), .length = buffer_size,
		    .out_actual = ADDRESS(actual));
}
ALSO(process_write_memory);
