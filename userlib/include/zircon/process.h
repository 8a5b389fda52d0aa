/* SPDX-License-Identifier: MIT */
#ifndef ZIRCON_PROCESS_H_
#define ZIRCON_PROCESS_H_

#include <zircon/types.h>

__BEGIN_CDECLS

/**
 * zx_vmar_root_self() - the root VMAR of the calling process
 *
 * The value is the same in every process and always stands for the memory of
 * the caller, so it may be kept across fork(2). It is not a descriptor: it
 * cannot be closed or sent; zx_handle_duplicate() makes a handle of it that can.
 * Unlike Zircon's root VMAR it shares the address space with what Linux programs
 * map on their own.
 *
 * Return: the handle.
 */
zx_handle_t zx_vmar_root_self(void);
zx_handle_t _zx_vmar_root_self(void);

/**
 * zx_process_self() - the calling process
 *
 * Like zx_vmar_root_self() a constant that always stands for the caller, with READ,
 * WRITE and INSPECT, but there is no object behind it: it cannot be duplicated, and
 * no other process can be given it.
 *
 * Return: the handle.
 */
zx_handle_t zx_process_self(void);
zx_handle_t _zx_process_self(void);

__END_CDECLS

#endif /* ZIRCON_PROCESS_H_ */
