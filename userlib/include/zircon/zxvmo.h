/* SPDX-License-Identifier: MIT */
/*
 * What Zircon does not have: the bridge between its handles and statuses and
 * the descriptors and errnos of Linux.
 */
#ifndef ZIRCON_ZXVMO_H_
#define ZIRCON_ZXVMO_H_

#include <zircon/types.h>

__BEGIN_CDECLS

/**
 * zxvmo_handle_from_fd() - the handle that is a file descriptor
 * @fd: a descriptor of an object, for instance one that came through
 *	SCM_RIGHTS or was inherited
 * @out: receives the handle
 *
 * Nothing is made: closing the one closes the other.
 *
 * Return: ZX_OK, or ZX_ERR_BAD_HANDLE if @fd is not open, is not an object's
 * or is not below ZXVMO_HANDLE_MAX_FD; ZX_ERR_INVALID_ARGS for a bad @out.
 */
zx_status_t zxvmo_handle_from_fd(int fd, zx_handle_t *out);

/**
 * zxvmo_handle_to_fd() - the file descriptor that is a handle
 * @handle: the handle
 * @out_fd: receives the descriptor; must be valid
 *
 * Nothing is made: closing the one closes the other.
 *
 * Return: ZX_OK, or ZX_ERR_BAD_HANDLE if @handle is no open handle or, as
 * zx_vmar_root_self(), no descriptor.
 */
zx_status_t zxvmo_handle_to_fd(zx_handle_t handle, int *out_fd);

/**
 * zxvmo_vmar_export() - let other processes use a VMAR
 * @handle: the VMAR, of this process; needs DUPLICATE
 * @rights: rights of the new handle, no others than those of @handle, or
 *	ZX_RIGHT_SAME_RIGHTS
 * @out: receives a handle with @rights and ZXVMO_RIGHT_EXPORTED
 *
 * Processes that receive it, by SCM_RIGHTS or fork(2), can map, unmap, allocate,
 * destroy and operate on ranges of this process's address space within the VMAR, as
 * long as this process lives: then it is ZX_ERR_BAD_STATE. zx_vmar_protect() is
 * ZX_ERR_ACCESS_DENIED. What they do is done with the credentials and the RLIMIT_AS
 * that this process has at its last export, and memory that it takes is charged to this
 * process's memory cgroup. VMARs that they allocate there are exported, too. A
 * duplicate without ZXVMO_RIGHT_EXPORTED works in this process only.
 *
 * Return: ZX_OK. In this order: @handle. ZX_ERR_ACCESS_DENIED: it is of another
 * process. ZX_ERR_INVALID_ARGS: @rights. ZX_ERR_NO_MEMORY. ZX_ERR_NO_RESOURCES: no
 * descriptor. ZX_ERR_INVALID_ARGS: @out.
 */
zx_status_t zxvmo_vmar_export(zx_handle_t handle, zx_rights_t rights, zx_handle_t *out);

/**
 * zxvmo_status_from_errno() - status of a failed system call
 * @err: an errno, for instance of an ioctl(2) of zxvmo.h, or 0
 *
 * Return: the status of @err in ZXVMO_STATUS_TABLE. Besides, 0 gives ZX_OK,
 * EFAULT ZX_ERR_INVALID_ARGS, ENFILE ZX_ERR_NO_RESOURCES, and what says that
 * the kernel lacks the command (ENOTTY, ENODEV, ENXIO, E2BIG)
 * ZX_ERR_NOT_SUPPORTED. Every other errno gives ZX_ERR_INTERNAL.
 */
zx_status_t zxvmo_status_from_errno(int err);

/**
 * zxvmo_errno_from_status() - errno of a status
 * @status: a status
 *
 * Return: the errno of @status in ZXVMO_STATUS_TABLE, 0 for ZX_OK and that of
 * ZX_ERR_INTERNAL for every status the table does not have.
 */
int zxvmo_errno_from_status(zx_status_t status);

__END_CDECLS

#endif /* ZIRCON_ZXVMO_H_ */
