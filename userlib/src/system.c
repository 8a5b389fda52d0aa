// SPDX-License-Identifier: MIT
#include <unistd.h>

#include "libzircon.h"

uint32_t zx_system_get_page_size(void)
{
	return (uint32_t)sysconf(_SC_PAGESIZE);
}
ALSO(system_get_page_size);
