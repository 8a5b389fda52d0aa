// SPDX-License-Identifier: MIT
/* Calls on objects of every type. */
#include "libzircon.h"

zx_status_t zx_object_get_info(zx_handle_t handle, uint32_t topic, void *buffer,
			       size_t buffer_size, size_t *actual, size_t *avail)
{
	return CALL(ZXVMO_OBJECT_GET_INFO, zxvmo_object_get_info, handle, .topic = topic,
		    .buffer = ADDRESS(buffer), .buffer_size = buffer_size,
		    .out_actual = ADDRESS(actual), .out_avail = ADDRESS(avail));
}
ALSO(object_get_info);

zx_status_t zx_object_get_property(zx_handle_t handle, uint32_t property, void *value,
				   size_t value_size)
{
	return CALL(ZXVMO_OBJECT_GET_PROPERTY, zxvmo_object_property, handle,
		    .property = property, .value = ADDRESS(value), .value_size = value_size);
}
ALSO(object_get_property);

zx_status_t zx_object_set_property(zx_handle_t handle, uint32_t property, const void *value,
				   size_t value_size)
{
	return CALL(ZXVMO_OBJECT_SET_PROPERTY, zxvmo_object_property, handle,
		    .property = property, .value = ADDRESS(value), .value_size = value_size);
}
ALSO(object_set_property);

zx_status_t zx_object_signal(zx_handle_t handle, uint32_t clear_mask, uint32_t set_mask)
{
	return CALL(ZXVMO_OBJECT_SIGNAL, zxvmo_object_signal, handle,
		    .clear_mask = clear_mask, .set_mask = set_mask);
}
ALSO(object_signal);

zx_status_t zx_object_wait_one(zx_handle_t handle, zx_signals_t signals,
			       zx_instant_mono_t deadline, zx_signals_t *observed)
{
	return CALL(ZXVMO_OBJECT_WAIT_ONE, zxvmo_object_wait_one, handle, .signals = signals,
		    .deadline = deadline, .out_observed = ADDRESS(observed));
}
ALSO(object_wait_one);
