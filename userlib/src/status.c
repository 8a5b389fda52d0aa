// SPDX-License-Identifier: MIT
/* Statuses: their names and the errnos that stand for them. */
#include <errno.h>

#include "libzircon.h"

#define NAME(name, ...)		case ZX_ERR_##name: return "ZX_ERR_" #name;
#define TO_STATUS(name, status, err)	case err: return status;
#define TO_ERRNO(name, status, err)	case status: return err;

const char *zx_status_get_string(zx_status_t status)
{
	switch (status) {
	case ZX_OK: return "ZX_OK";
	ZXVMO_STATUS_TABLE(NAME)
	NAME(INTERNAL_INTR_RETRY)
	NAME(IO_NOT_PRESENT)
	NAME(IO_OVERRUN)
	NAME(IO_MISSED_DEADLINE)
	NAME(IO_INVALID)
	NAME(BAD_PATH)
	NAME(NOT_DIR)
	NAME(NOT_FILE)
	NAME(FILE_BIG)
	NAME(NOT_EMPTY)
	NAME(STOP)
	NAME(NEXT)
	NAME(ASYNC)
	NAME(PROTOCOL_NOT_SUPPORTED)
	NAME(ADDRESS_UNREACHABLE)
	NAME(ADDRESS_IN_USE)
	NAME(NOT_CONNECTED)
	NAME(CONNECTION_REFUSED)
	NAME(CONNECTION_RESET)
	NAME(CONNECTION_ABORTED)
	NAME(INTERNAL_INTR_KILLED)
	default: return "(UNKNOWN)";
	}
}
ALSO(status_get_string);

zx_status_t zxvmo_status_from_errno(int err)
{
	switch (err) {
	case 0:
		return ZX_OK;
	ZXVMO_STATUS_TABLE(TO_STATUS)
	case EFAULT:
		return ZX_ERR_INVALID_ARGS;
	case ENFILE:
		return ZX_ERR_NO_RESOURCES;
	case ENOTTY:
	case ENODEV:
	case ENXIO:
	case E2BIG:
		return ZX_ERR_NOT_SUPPORTED;
	default:
		return ZX_ERR_INTERNAL;
	}
}

int zxvmo_errno_from_status(zx_status_t status)
{
	switch (status) {
	case ZX_OK:
		return 0;
	ZXVMO_STATUS_TABLE(TO_ERRNO)
	default:
		return zxvmo_errno_from_status(ZX_ERR_INTERNAL);
	}
}
