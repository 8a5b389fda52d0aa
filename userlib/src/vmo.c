// SPDX-License-Identifier: MIT
#include "libzircon.h"

zx_status_t zx_vmo_create(uint64_t size, uint32_t options, zx_handle_t *out)
{
	return CALL_DEVICE(ZXVMO_VMO_CREATE, zxvmo_vmo_create, .options = options,
			   .vmo_size = size, .out_handle = ADDRESS(out));
}
ALSO(vmo_create);

zx_status_t zx_vmo_read(zx_handle_t handle, void *buffer, uint64_t offset, size_t buffer_size)
{
	return CALL(ZXVMO_VMO_READ, zxvmo_vmo_rw, handle, .buffer = ADDRESS(buffer),
		    .offset = offset, .length = buffer_size);
}
ALSO(vmo_read);

zx_status_t zx_vmo_write(zx_handle_t handle, const void *buffer, uint64_t offset,
			 size_t buffer_size)
{
	return CALL(ZXVMO_VMO_WRITE, zxvmo_vmo_rw, handle, .buffer = ADDRESS(buffer),
		    .offset = offset, .length = buffer_size);
}
ALSO(vmo_write);

zx_status_t zx_vmo_get_size(zx_handle_t handle, uint64_t *size)
{
	return CALL(ZXVMO_VMO_GET_SIZE, zxvmo_vmo_get_size, handle,
		    .out_size = ADDRESS(size));
}
ALSO(vmo_get_size);

zx_status_t zx_vmo_set_size(zx_handle_t handle, uint64_t size)
{
	return CALL(ZXVMO_VMO_SET_SIZE, zxvmo_vmo_set_size, handle, .vmo_size = size);
}
ALSO(vmo_set_size);

zx_status_t zx_vmo_get_stream_size(zx_handle_t handle, uint64_t *size)
{
	return CALL(ZXVMO_VMO_GET_STREAM_SIZE, zxvmo_vmo_get_size, handle,
		    .out_size = ADDRESS(size));
}
ALSO(vmo_get_stream_size);

zx_status_t zx_vmo_set_stream_size(zx_handle_t handle, uint64_t size)
{
	return CALL(ZXVMO_VMO_SET_STREAM_SIZE, zxvmo_vmo_set_size, handle, .vmo_size = size);
}
ALSO(vmo_set_stream_size);

zx_status_t zx_vmo_op_range(zx_handle_t handle, uint32_t op, uint64_t offset, uint64_t size,
			    void *buffer, size_t buffer_size)
{
	return CALL(ZXVMO_VMO_OP_RANGE, zxvmo_vmo_op_range, handle, .op = op,
		    .offset = offset, .length = size, .buffer = ADDRESS(buffer),
		    .buffer_size = buffer_size);
}
ALSO(vmo_op_range);

zx_status_t zx_vmo_set_cache_policy(zx_handle_t handle, uint32_t cache_policy)
{
	return CALL(ZXVMO_VMO_SET_CACHE_POLICY, zxvmo_vmo_set_cache_policy, handle,
		    .policy = cache_policy);
}
ALSO(vmo_set_cache_policy);

zx_status_t zx_vmo_replace_as_executable(zx_handle_t handle, zx_handle_t vmex, zx_handle_t *out)
{
	return CALL(ZXVMO_VMO_REPLACE_AS_EXECUTABLE, zxvmo_vmo_replace_as_executable, handle,
		    .vmex = vmex, .out_handle = ADDRESS(out));
}
ALSO(vmo_replace_as_executable);

zx_status_t zx_vmo_transfer_data(zx_handle_t dst_vmo, uint32_t options, uint64_t offset,
				 uint64_t length, zx_handle_t src_vmo, uint64_t src_offset)
{
	return CALL_TWO(ZXVMO_VMO_TRANSFER_DATA, zxvmo_vmo_transfer_data, dst_vmo, src_vmo,
			.options = options, .src_handle = src_vmo, .offset = offset,
			.length = length, .src_offset = src_offset);
}
ALSO(vmo_transfer_data);

zx_status_t zx_vmo_create_child(zx_handle_t handle, uint32_t options, uint64_t offset,
				uint64_t size, zx_handle_t *out)
{
	return CALL(ZXVMO_VMO_CREATE_CHILD, zxvmo_vmo_create_child, handle,
		    .options = options, .offset = offset, .vmo_size = size,
		    .out_handle = ADDRESS(out));
}
ALSO(vmo_create_child);
