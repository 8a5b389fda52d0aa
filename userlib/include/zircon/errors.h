/* SPDX-License-Identifier: MIT */
/*
 * The values of zx_status_t (vmo.md 1.7).
 *
 * Those that the kernel module can return are named after the rows of
 * ZXVMO_STATUS_TABLE; the others exist for the programs that use them among
 * themselves.
 */
#ifndef ZIRCON_ERRORS_H_
#define ZIRCON_ERRORS_H_

#include <stdint.h>
#include <zxvmo.h>

typedef int32_t zx_status_t;

#define __ZX_STATUS(name, status, err)	__ZX_STATUS_##name = status,
enum __zx_status { ZXVMO_STATUS_TABLE(__ZX_STATUS) };
#undef __ZX_STATUS

#define ZX_OK				((zx_status_t)0)
#define ZX_ERR_INTERNAL			((zx_status_t)__ZX_STATUS_INTERNAL)
#define ZX_ERR_NOT_SUPPORTED		((zx_status_t)__ZX_STATUS_NOT_SUPPORTED)
#define ZX_ERR_NO_RESOURCES		((zx_status_t)__ZX_STATUS_NO_RESOURCES)
#define ZX_ERR_NO_MEMORY		((zx_status_t)__ZX_STATUS_NO_MEMORY)
#define ZX_ERR_INTERNAL_INTR_RETRY	((zx_status_t)-6)
#define ZX_ERR_INVALID_ARGS		((zx_status_t)__ZX_STATUS_INVALID_ARGS)
#define ZX_ERR_BAD_HANDLE		((zx_status_t)__ZX_STATUS_BAD_HANDLE)
#define ZX_ERR_WRONG_TYPE		((zx_status_t)__ZX_STATUS_WRONG_TYPE)
#define ZX_ERR_BAD_SYSCALL		((zx_status_t)__ZX_STATUS_BAD_SYSCALL)
#define ZX_ERR_OUT_OF_RANGE		((zx_status_t)__ZX_STATUS_OUT_OF_RANGE)
#define ZX_ERR_BUFFER_TOO_SMALL		((zx_status_t)__ZX_STATUS_BUFFER_TOO_SMALL)
#define ZX_ERR_BAD_STATE		((zx_status_t)__ZX_STATUS_BAD_STATE)
#define ZX_ERR_TIMED_OUT		((zx_status_t)__ZX_STATUS_TIMED_OUT)
#define ZX_ERR_SHOULD_WAIT		((zx_status_t)__ZX_STATUS_SHOULD_WAIT)
#define ZX_ERR_CANCELED			((zx_status_t)__ZX_STATUS_CANCELED)
#define ZX_ERR_PEER_CLOSED		((zx_status_t)__ZX_STATUS_PEER_CLOSED)
#define ZX_ERR_NOT_FOUND		((zx_status_t)__ZX_STATUS_NOT_FOUND)
#define ZX_ERR_ALREADY_EXISTS		((zx_status_t)__ZX_STATUS_ALREADY_EXISTS)
#define ZX_ERR_ALREADY_BOUND		((zx_status_t)__ZX_STATUS_ALREADY_BOUND)
#define ZX_ERR_UNAVAILABLE		((zx_status_t)__ZX_STATUS_UNAVAILABLE)
#define ZX_ERR_ACCESS_DENIED		((zx_status_t)__ZX_STATUS_ACCESS_DENIED)
#define ZX_ERR_IO			((zx_status_t)__ZX_STATUS_IO)
#define ZX_ERR_IO_REFUSED		((zx_status_t)__ZX_STATUS_IO_REFUSED)
#define ZX_ERR_IO_DATA_INTEGRITY	((zx_status_t)__ZX_STATUS_IO_DATA_INTEGRITY)
#define ZX_ERR_IO_DATA_LOSS		((zx_status_t)__ZX_STATUS_IO_DATA_LOSS)
#define ZX_ERR_IO_NOT_PRESENT		((zx_status_t)-44)
#define ZX_ERR_IO_OVERRUN		((zx_status_t)-45)
#define ZX_ERR_IO_MISSED_DEADLINE	((zx_status_t)-46)
#define ZX_ERR_IO_INVALID		((zx_status_t)-47)
#define ZX_ERR_BAD_PATH			((zx_status_t)-50)
#define ZX_ERR_NOT_DIR			((zx_status_t)-51)
#define ZX_ERR_NOT_FILE			((zx_status_t)-52)
#define ZX_ERR_FILE_BIG			((zx_status_t)-53)
#define ZX_ERR_NO_SPACE			((zx_status_t)__ZX_STATUS_NO_SPACE)
#define ZX_ERR_NOT_EMPTY		((zx_status_t)-55)
#define ZX_ERR_STOP			((zx_status_t)-60)
#define ZX_ERR_NEXT			((zx_status_t)-61)
#define ZX_ERR_ASYNC			((zx_status_t)-62)
#define ZX_ERR_PROTOCOL_NOT_SUPPORTED	((zx_status_t)-70)
#define ZX_ERR_ADDRESS_UNREACHABLE	((zx_status_t)-71)
#define ZX_ERR_ADDRESS_IN_USE		((zx_status_t)-72)
#define ZX_ERR_NOT_CONNECTED		((zx_status_t)-73)
#define ZX_ERR_CONNECTION_REFUSED	((zx_status_t)-74)
#define ZX_ERR_CONNECTION_RESET		((zx_status_t)-75)
#define ZX_ERR_CONNECTION_ABORTED	((zx_status_t)-76)
#define ZX_ERR_INTERNAL_INTR_KILLED	((zx_status_t)-502)

#endif /* ZIRCON_ERRORS_H_ */
