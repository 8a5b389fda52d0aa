/* SPDX-License-Identifier: MIT */
/*
 * Bounds of the page size on 64-bit Linux; zx_system_get_page_size() tells the
 * size itself.
 */
#ifndef ZIRCON_LIMITS_H_
#define ZIRCON_LIMITS_H_

#include <stdint.h>

#define ZX_MIN_PAGE_SHIFT	((uint32_t)12u)
#define ZX_MAX_PAGE_SHIFT	((uint32_t)16u)
#define ZX_MIN_PAGE_SIZE	((uintptr_t)1u << ZX_MIN_PAGE_SHIFT)
#define ZX_MAX_PAGE_SIZE	((uintptr_t)1u << ZX_MAX_PAGE_SHIFT)

#endif /* ZIRCON_LIMITS_H_ */
