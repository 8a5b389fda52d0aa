// SPDX-License-Identifier: MIT
/* Handles, and their bridge to file descriptors. */
#include "libzircon.h"

zx_status_t zx_handle_close(zx_handle_t handle)
{
	return CALL(ZXVMO_HANDLE_CLOSE, zxvmo_handle_close, handle);
}
ALSO(handle_close);

zx_status_t zx_handle_close_many(const zx_handle_t *handles, size_t num_handles)
{
	return CALL_DEVICE(ZXVMO_HANDLE_CLOSE_MANY, zxvmo_handle_close_many,
			   .handles = ADDRESS(handles), .num_handles = num_handles);
}
ALSO(handle_close_many);

zx_status_t zx_handle_duplicate(zx_handle_t handle, zx_rights_t rights, zx_handle_t *out)
{
	return CALL(ZXVMO_HANDLE_DUPLICATE, zxvmo_handle_duplicate, handle, .rights = rights,
		    .out_handle = ADDRESS(out));
}
ALSO(handle_duplicate);

zx_status_t zx_handle_replace(zx_handle_t handle, zx_rights_t rights, zx_handle_t *out)
{
	return CALL(ZXVMO_HANDLE_REPLACE, zxvmo_handle_duplicate, handle, .rights = rights,
		    .out_handle = ADDRESS(out));
}
ALSO(handle_replace);

zx_status_t zxvmo_handle_from_fd(int fd, zx_handle_t *out)
{
	return CALL_DEVICE(ZXVMO_HANDLE_FROM_FD, zxvmo_handle_from_fd, .fd = fd,
			   .out_handle = ADDRESS(out));
}

zx_status_t zxvmo_handle_to_fd(zx_handle_t handle, int *out_fd)
{
	int fd = (int)ZXVMO_HANDLE_FD(handle);
	zx_handle_t current;
	zx_status_t status;

	status = zxvmo_handle_from_fd(fd, &current);
	if (status)
		return status;
	if (current != handle)
		return ZX_ERR_BAD_HANDLE;
	*out_fd = fd;
	return ZX_OK;
}
