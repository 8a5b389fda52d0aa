// SPDX-License-Identifier: MIT
#include "libzircon.h"

zx_status_t zx_event_create(uint32_t options, zx_handle_t *out)
{
	return CALL_DEVICE(ZXVMO_EVENT_CREATE, zxvmo_event_create, .options = options,
			   .out_handle = ADDRESS(out));
}
ALSO(event_create);
