/* SPDX-License-Identifier: MIT */
#ifndef ZIRCON_STATUS_H_
#define ZIRCON_STATUS_H_

#include <zircon/types.h>

__BEGIN_CDECLS

/**
 * zx_status_get_string() - name of a status
 * @status: any number
 *
 * Return: the name of the constant, such as "ZX_OK" or "ZX_ERR_NO_MEMORY", and
 * "(UNKNOWN)" for a number that has none. It is constant and never freed.
 */
const char *zx_status_get_string(zx_status_t status);
const char *_zx_status_get_string(zx_status_t status);

__END_CDECLS

#endif /* ZIRCON_STATUS_H_ */
