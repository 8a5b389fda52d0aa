/* SPDX-License-Identifier: MIT */
/* The rights of handles (vmo.md 1.6). */
#ifndef ZIRCON_RIGHTS_H_
#define ZIRCON_RIGHTS_H_

#include <stdint.h>
#include <zxvmo.h>

typedef uint32_t zx_rights_t;

#define ZX_RIGHT_NONE			((zx_rights_t)ZXVMO_RIGHT_NONE)
#define ZX_RIGHT_DUPLICATE		((zx_rights_t)ZXVMO_RIGHT_DUPLICATE)
#define ZX_RIGHT_TRANSFER		((zx_rights_t)ZXVMO_RIGHT_TRANSFER)
#define ZX_RIGHT_READ			((zx_rights_t)ZXVMO_RIGHT_READ)
#define ZX_RIGHT_WRITE			((zx_rights_t)ZXVMO_RIGHT_WRITE)
#define ZX_RIGHT_EXECUTE		((zx_rights_t)ZXVMO_RIGHT_EXECUTE)
#define ZX_RIGHT_MAP			((zx_rights_t)ZXVMO_RIGHT_MAP)
#define ZX_RIGHT_GET_PROPERTY		((zx_rights_t)ZXVMO_RIGHT_GET_PROPERTY)
#define ZX_RIGHT_SET_PROPERTY		((zx_rights_t)ZXVMO_RIGHT_SET_PROPERTY)
#define ZX_RIGHT_ENUMERATE		((zx_rights_t)ZXVMO_RIGHT_ENUMERATE)
#define ZX_RIGHT_DESTROY		((zx_rights_t)ZXVMO_RIGHT_DESTROY)
#define ZX_RIGHT_SET_POLICY		((zx_rights_t)ZXVMO_RIGHT_SET_POLICY)
#define ZX_RIGHT_GET_POLICY		((zx_rights_t)ZXVMO_RIGHT_GET_POLICY)
#define ZX_RIGHT_SIGNAL			((zx_rights_t)ZXVMO_RIGHT_SIGNAL)
#define ZX_RIGHT_SIGNAL_PEER		((zx_rights_t)ZXVMO_RIGHT_SIGNAL_PEER)
#define ZX_RIGHT_WAIT			((zx_rights_t)ZXVMO_RIGHT_WAIT)
#define ZX_RIGHT_INSPECT		((zx_rights_t)ZXVMO_RIGHT_INSPECT)
#define ZX_RIGHT_MANAGE_JOB		((zx_rights_t)ZXVMO_RIGHT_MANAGE_JOB)
#define ZX_RIGHT_MANAGE_PROCESS		((zx_rights_t)ZXVMO_RIGHT_MANAGE_PROCESS)
#define ZX_RIGHT_MANAGE_THREAD		((zx_rights_t)ZXVMO_RIGHT_MANAGE_THREAD)
#define ZX_RIGHT_APPLY_PROFILE		((zx_rights_t)ZXVMO_RIGHT_APPLY_PROFILE)
#define ZX_RIGHT_MANAGE_SOCKET		((zx_rights_t)ZXVMO_RIGHT_MANAGE_SOCKET)
#define ZX_RIGHT_OP_CHILDREN		((zx_rights_t)ZXVMO_RIGHT_OP_CHILDREN)
#define ZX_RIGHT_RESIZE			((zx_rights_t)ZXVMO_RIGHT_RESIZE)
#define ZX_RIGHT_ATTACH_VMO		((zx_rights_t)ZXVMO_RIGHT_ATTACH_VMO)
#define ZX_RIGHT_MANAGE_VMO		((zx_rights_t)ZXVMO_RIGHT_MANAGE_VMO)
#define ZX_RIGHT_SAME_RIGHTS		((zx_rights_t)ZXVMO_RIGHT_SAME_RIGHTS)

#define ZX_RIGHTS_BASIC			((zx_rights_t)ZXVMO_RIGHTS_BASIC)
#define ZX_RIGHTS_IO			((zx_rights_t)ZXVMO_RIGHTS_IO)
#define ZX_RIGHTS_PROPERTY		((zx_rights_t)ZXVMO_RIGHTS_PROPERTY)
#define ZX_RIGHTS_POLICY		(ZX_RIGHT_GET_POLICY | ZX_RIGHT_SET_POLICY)

#define ZX_DEFAULT_EVENT_RIGHTS		((zx_rights_t)ZXVMO_DEFAULT_EVENT_RIGHTS)
#define ZX_DEFAULT_VMAR_RIGHTS		((zx_rights_t)ZXVMO_DEFAULT_VMAR_RIGHTS)
#define ZX_DEFAULT_VMO_RIGHTS		((zx_rights_t)ZXVMO_DEFAULT_VMO_RIGHTS)

#endif /* ZIRCON_RIGHTS_H_ */
