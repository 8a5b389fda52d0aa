/* SPDX-License-Identifier: MIT */
#ifndef ZIRCON_SYSCALLS_H_
#define ZIRCON_SYSCALLS_H_

#include <zircon/syscalls/types.h>
#include <zircon/types.h>

__BEGIN_CDECLS

/**
 * DOC: Rules of all calls
 *
 * Statuses are written here without their ZX_ERR_. The sections named in
 * brackets are those of the specification each call follows.
 *
 * Handles are checked in this order: BAD_HANDLE for a value that is no open
 * handle of this process, WRONG_TYPE for another type of object, ACCESS_DENIED
 * for a missing right. A call with two handles checks all of the first, then
 * all of the second. "Needs READ" tells the right; those three errors are not
 * repeated at each call. Where the order differs, the call says so.
 *
 * A handle is a file descriptor, so each call that makes a handle returns
 * NO_RESOURCES when RLIMIT_NOFILE, the system's table of files or the range of
 * handle values is full, where Zircon knows only its own table.
 *
 * An address that cannot be read or written is INVALID_ARGS, except in
 * zx_vmo_read() and zx_vmo_write(). A call that fails stores nothing unless it
 * says so.
 *
 * NOT_SUPPORTED is returned by each call that reaches the kernel while
 * /dev/zxvmo is missing or may not be opened, and NO_MEMORY by each that finds
 * the kernel out of memory.
 *
 * The calls may be used from any thread, from a signal handler and in the child
 * of fork(2) or vfork(2). They do not change errno and do not return early for
 * a signal. Functions that a program has in the place of libc's, such as mmap(2),
 * open(2) or ioctl(2), may use them: but for clocks, sleep and page size the library
 * makes its system calls itself. Each exists under a second name with a leading
 * underscore.
 */

/**
 * zx_handle_close() - close a handle
 * @handle: the handle; ZX_HANDLE_INVALID does nothing
 *
 * What waits on this handle in another thread is cancelled. The object lives on
 * while other handles, mappings or children need it.
 *
 * The check of the value and the closing are two steps: a thread that closes
 * the descriptor with close(2) at this instant and gets it anew can lose it.
 *
 * Return: ZX_OK. BAD_HANDLE: closed before or never a handle.
 * (pager-port-handle-bti.md 2.3)
 */
zx_status_t zx_handle_close(zx_handle_t handle);

/**
 * zx_handle_close_many() - close several handles
 * @handles: array of handles; ZX_HANDLE_INVALID is skipped
 * @num_handles: number of elements
 *
 * Return: ZX_OK. BAD_HANDLE: an element was bad or stood there twice; all
 * others are closed. INVALID_ARGS: part of the array cannot be read; what
 * comes before may be closed. (pager-port-handle-bti.md 2.3)
 */
zx_status_t zx_handle_close_many(const zx_handle_t *handles, size_t num_handles);

/**
 * zx_handle_duplicate() - make another handle of the same object
 * @handle: the handle; needs DUPLICATE
 * @rights: rights of the new handle: a subset of those of @handle, also none,
 *	or ZX_RIGHT_SAME_RIGHTS alone
 * @out: receives the new handle
 *
 * Unlike dup(2), which gives a second descriptor of the same handle.
 *
 * Return: ZX_OK. INVALID_ARGS: @rights is not a subset. NO_RESOURCES.
 * (pager-port-handle-bti.md 2.3)
 */
zx_status_t zx_handle_duplicate(zx_handle_t handle, zx_rights_t rights, zx_handle_t *out);

/**
 * zx_handle_replace() - exchange a handle for one with fewer rights
 * @handle: the handle; closed in every case but BAD_HANDLE
 * @rights: as for zx_handle_duplicate()
 * @out: receives the new handle
 *
 * Return: ZX_OK. INVALID_ARGS: @rights is not a subset. NO_RESOURCES.
 * (pager-port-handle-bti.md 2.3)
 */
zx_status_t zx_handle_replace(zx_handle_t handle, zx_rights_t rights, zx_handle_t *out);

/**
 * zx_object_get_info() - ask about an object
 * @handle: the object
 * @topic: ZX_INFO_ value; the records are in zircon/syscalls/object.h
 * @buffer: receives the record or records
 * @buffer_size: bytes at @buffer; more than is needed is left alone
 * @actual: receives the number of records stored, or NULL
 * @avail: receives the number of records there are, or NULL
 *
 * - ZX_INFO_HANDLE_VALID: no record; tells whether the handle is one.
 * - ZX_INFO_HANDLE_BASIC: zx_info_handle_basic_t.
 * - ZX_INFO_HANDLE_COUNT: zx_info_handle_count_t; needs INSPECT. Descriptors
 *   made by dup(2) or fork(2) are one handle, and one that is closed counts as
 *   long as something is mapped through it.
 * - ZX_INFO_VMAR: zx_info_vmar_t; needs INSPECT, which the root VMAR has. It is the
 *   same when the VMAR was destroyed.
 * - ZX_INFO_VMO, _V1, _V2, _V3: zx_info_vmo_t and its older versions.
 *
 * These have as many records as there are and take any @buffer_size, also 0. They
 * need INSPECT:
 *
 * - ZX_INFO_VMAR_MAPS: zx_info_maps_t of a VMAR that this process can use, then of all VMARs
 *   and mappings of VMOs in it, by rising address, each VMAR before what it holds.
 * - ZX_INFO_PROCESS_MAPS, _V1, _V2: zx_info_maps_t and its older versions, of
 *   zx_process_self(): of the address space, then as above of the root VMAR.
 * - ZX_INFO_PROCESS_VMOS, _V1, _V2, _V3: zx_info_vmo_t and its older versions, of the
 *   VMO of each handle of zx_process_self(), then of that of each mapping.
 *
 * Return: ZX_OK. NOT_SUPPORTED: unknown topic, before the handle is looked at.
 * ACCESS_DENIED: the right; ZX_INFO_VMAR_MAPS of a VMAR of another process that was not
 * exported. BAD_STATE: ZX_INFO_VMAR_MAPS of one that was destroyed or whose process is
 * gone. BUFFER_TOO_SMALL: @buffer_size is
 * less than the one record; *@actual is then 0 and *@avail 1. INVALID_ARGS: a bad
 * address. NO_MEMORY. (vmo.md 2.13, vmar.md 1.5, pager-port-handle-bti.md 2.4)
 */
zx_status_t zx_object_get_info(zx_handle_t handle, uint32_t topic, void *buffer,
			       size_t buffer_size, size_t *actual, size_t *avail);

/**
 * zx_object_get_property() - read a property of an object
 * @handle: the object; needs GET_PROPERTY
 * @property: ZX_PROP_NAME or ZX_PROP_VMO_CONTENT_SIZE
 * @value: receives the value
 * @value_size: bytes at @value: at least ZX_MAX_NAME_LEN for a name, which is
 *	padded with NULs, and 8 for the content size of a VMO, a uint64_t
 *
 * Return: ZX_OK. INVALID_ARGS: @value is NULL, before all else, or bad.
 * BUFFER_TOO_SMALL: @value_size; it comes before the WRONG_TYPE that the
 * content size of another type of object gives. NOT_SUPPORTED: unknown
 * property. (vmo.md 2.14)
 */
zx_status_t zx_object_get_property(zx_handle_t handle, uint32_t property, void *value,
				   size_t value_size);

/**
 * zx_object_set_property() - change a property of an object
 * @handle: the object; needs SET_PROPERTY, and WRITE for the content size
 * @property: ZX_PROP_NAME or ZX_PROP_VMO_CONTENT_SIZE
 * @value: the value
 * @value_size: bytes at @value. A name of any length is taken and its first 31
 *	bytes are kept; the content size is a uint64_t.
 *
 * The content size may exceed the size of the VMO, which
 * zx_vmo_set_stream_size() refuses.
 *
 * Return: ZX_OK. INVALID_ARGS: @value is NULL, before all else, or bad.
 * BUFFER_TOO_SMALL: fewer than 8 bytes of content size; it comes before
 * WRONG_TYPE. NOT_SUPPORTED: unknown property. (vmo.md 2.14)
 */
zx_status_t zx_object_set_property(zx_handle_t handle, uint32_t property, const void *value,
				   size_t value_size);

/**
 * zx_object_signal() - change the signals of an object
 * @handle: the object; needs SIGNAL
 * @clear_mask: signals to clear, before @set_mask is applied
 * @set_mask: signals to set
 *
 * Return: ZX_OK. INVALID_ARGS: a mask has other bits than ZX_USER_SIGNAL_ALL
 * and, for an event, ZX_EVENT_SIGNALED. (pager-port-handle-bti.md 2.2, 5.1)
 */
zx_status_t zx_object_signal(zx_handle_t handle, uint32_t clear_mask, uint32_t set_mask);

/**
 * zx_object_wait_one() - wait for a signal of an object
 * @handle: the object; needs WAIT
 * @signals: any of these ends the wait; none of them waits for the deadline
 * @deadline: time of zx_clock_get_monotonic() in ns. What is past only asks,
 *	ZX_TIME_INFINITE waits for ever.
 * @observed: receives all signals that were set at the end, or NULL; stored on
 *	ZX_OK, TIMED_OUT and CANCELED
 *
 * A signal that is set only for an instant ends the wait too. The clock stands
 * still while the machine sleeps, as on Zircon.
 *
 * Return: ZX_OK: one of @signals was set, even if @deadline is past. TIMED_OUT.
 * CANCELED: @handle was closed meanwhile; ZX_SIGNAL_HANDLE_CLOSED is then in
 * *@observed. (pager-port-handle-bti.md 2.2, 5.2)
 */
zx_status_t zx_object_wait_one(zx_handle_t handle, zx_signals_t signals,
			       zx_instant_mono_t deadline, zx_signals_t *observed);

/**
 * zx_event_create() - make an event
 * @options: must be 0
 * @out: receives the handle, with ZX_DEFAULT_EVENT_RIGHTS
 *
 * Return: ZX_OK. INVALID_ARGS: @options. NO_RESOURCES.
 * (pager-port-handle-bti.md 1.4)
 */
zx_status_t zx_event_create(uint32_t options, zx_handle_t *out);

/**
 * zx_vmo_create() - make a VMO
 * @size: bytes, rounded up to pages; 0 is legal. Unrounded it is the stream
 *	size.
 * @options: ZX_VMO_RESIZABLE, or ZX_VMO_UNBOUNDED for the largest size there is;
 *	ZX_VMO_DISCARDABLE: the kernel may take the memory while it is not locked,
 *	see zx_vmo_op_range()
 * @out: receives the handle, with ZX_DEFAULT_VMO_RIGHTS and, if resizable,
 *	ZX_RIGHT_RESIZE
 *
 * The memory reads as zero; pages are allocated when they are written or
 * committed.
 *
 * Return: ZX_OK. In this order: INVALID_ARGS: both options. OUT_OF_RANGE: @size
 * rounds past 2^64. INVALID_ARGS: another option. OUT_OF_RANGE: @size is more
 * than the largest. NO_RESOURCES. NO_MEMORY.
 * (vmo.md 2.1)
 */
zx_status_t zx_vmo_create(uint64_t size, uint32_t options, zx_handle_t *out);

/**
 * zx_vmo_read() - copy bytes out of a VMO
 * @handle: the VMO; needs READ
 * @buffer: receives the bytes; it may lie in a mapping of the same VMO
 * @offset: first byte in the VMO
 * @buffer_size: number of bytes
 *
 * Allocates no pages. On an error part of the bytes may have been copied.
 *
 * Return: ZX_OK. OUT_OF_RANGE: the range leaves the VMO, which is found before
 * @buffer is looked at, or leaves it because it shrinks meanwhile. NOT_FOUND:
 * @buffer is not mapped. ACCESS_DENIED: @buffer is not writable. OUT_OF_RANGE:
 * @buffer is a mapping beyond the end of a VMO. (vmo.md 2.2)
 */
zx_status_t zx_vmo_read(zx_handle_t handle, void *buffer, uint64_t offset, size_t buffer_size);

/**
 * zx_vmo_write() - copy bytes into a VMO
 * @handle: the VMO; needs WRITE
 * @buffer: the bytes; it may lie in a mapping of the same VMO
 * @offset: first byte in the VMO
 * @buffer_size: number of bytes
 *
 * Does not change the stream size. On an error part of the bytes may have been
 * copied.
 *
 * Return: as zx_vmo_read(), and NO_MEMORY. (vmo.md 2.2)
 */
zx_status_t zx_vmo_write(zx_handle_t handle, const void *buffer, uint64_t offset,
			 size_t buffer_size);

/**
 * zx_vmo_get_size() - size of a VMO
 * @handle: the VMO; needs no right
 * @size: receives the size in bytes, a multiple of the page size
 *
 * Return: ZX_OK. (vmo.md 2.3)
 */
zx_status_t zx_vmo_get_size(zx_handle_t handle, uint64_t *size);

/**
 * zx_vmo_set_size() - resize a VMO
 * @handle: the VMO; needs WRITE, and RESIZE if the VMO is resizable
 * @size: new size in bytes, rounded up to pages. Unrounded it is the new stream
 *	size.
 *
 * What is cut off is freed and reads as zero if the VMO grows again. Touching a
 * mapping beyond the end raises SIGBUS, where Zircon raises an exception.
 *
 * Return: ZX_OK. OUT_OF_RANGE: @size rounds past 2^64. UNAVAILABLE: the VMO is
 * not resizable. OUT_OF_RANGE: @size is more than the largest. (vmo.md 2.5)
 */
zx_status_t zx_vmo_set_size(zx_handle_t handle, uint64_t size);

/**
 * zx_vmo_get_stream_size() - stream size of a VMO
 * @handle: the VMO; needs no right
 * @size: receives the size in bytes
 *
 * Return: ZX_OK. (vmo.md 2.4)
 */
zx_status_t zx_vmo_get_stream_size(zx_handle_t handle, uint64_t *size);

/**
 * zx_vmo_set_stream_size() - change the stream size of a VMO
 * @handle: the VMO; needs WRITE and need not be resizable
 * @size: new size in bytes
 *
 * Zeroes from the smaller of the old and the new stream size to the end of the
 * VMO.
 *
 * Return: ZX_OK. OUT_OF_RANGE: @size exceeds the size of the VMO. (vmo.md 2.4)
 */
zx_status_t zx_vmo_set_stream_size(zx_handle_t handle, uint64_t size);

/**
 * zx_vmo_op_range() - work on a range of a VMO
 * @handle: the VMO
 * @op: ZX_VMO_OP_ value
 * @offset: first byte
 * @size: number of bytes
 * @buffer: LOCK: receives a zx_vmo_lock_state_t; not used by others
 * @buffer_size: LOCK: its size; not used by others
 *
 * - COMMIT (needs WRITE): allocates the missing pages, all or none of them.
 * - DECOMMIT (WRITE): frees pages; they read as zero. Both ends must be
 *   multiples of the page size.
 * - ZERO (WRITE): makes the bytes zero and frees whole pages. A @size of 0 is
 *   fine at any @offset.
 * - PREFETCH (READ): checks the range; no page is ever absent from memory.
 * - DONT_NEED, ALWAYS_NEED (no right): hints; the range is not looked at.
 * - CACHE_SYNC, CACHE_CLEAN, CACHE_CLEAN_INVALIDATE (READ): data cache
 *   maintenance on the pages there are.
 * - CACHE_INVALIDATE (WRITE): only while the module's parameter
 *   enable_debugging_syscalls is set.
 * - LOCK, TRY_LOCK, UNLOCK (READ or WRITE): discardable VMOs, always the whole
 *   (0, size of the VMO). Locks are counted and belong to the VMO: closing a handle
 *   drops none. A VMO that was locked at some time and is not any more may lose all
 *   its pages when memory is short. It is discarded then: zx_vmo_read(),
 *   zx_vmo_write(), COMMIT and transfers give NOT_FOUND, access to a mapping raises
 *   SIGBUS. LOCK makes it usable again, full of zeros, and reports how much was
 *   lost, once; TRY_LOCK succeeds only if nothing was.
 *
 * COMMIT, PREFETCH and the cache operations round the range outwards to pages.
 *
 * Return: ZX_OK. INVALID_ARGS: unknown @op, before the rights. NOT_SUPPORTED:
 * CACHE_INVALIDATE is switched off, before the rights. NOT_SUPPORTED: LOCK,
 * TRY_LOCK or UNLOCK of a VMO that is not discardable; a cache operation the kernel
 * offers modules no means for, unlike Zircon. OUT_OF_RANGE: the range leaves the
 * VMO, or is not all of it in LOCK, TRY_LOCK, UNLOCK. UNAVAILABLE: TRY_LOCK of a
 * discarded VMO. BAD_STATE: UNLOCK of one that is not locked. INVALID_ARGS: LOCK
 * with a @buffer of less than 32 bytes or a bad one; the VMO was locked and unlocked
 * then, and if it had been discarded nobody will be told. NOT_FOUND: COMMIT of a
 * discarded VMO. INVALID_ARGS: a cache operation on 0 bytes; a misaligned DECOMMIT,
 * found after OUT_OF_RANGE. NO_MEMORY: COMMIT. (vmo.md 3)
 */
zx_status_t zx_vmo_op_range(zx_handle_t handle, uint32_t op, uint64_t offset, uint64_t size,
			    void *buffer, size_t buffer_size);

/**
 * zx_vmo_set_cache_policy() - choose how mappings of a VMO are cached
 * @handle: the VMO; needs MAP
 * @cache_policy: ZX_CACHE_POLICY_ value
 *
 * Return: ZX_OK, for ZX_CACHE_POLICY_CACHED. INVALID_ARGS: bits outside
 * ZX_CACHE_POLICY_MASK, before the handle is looked at. BAD_STATE: the VMO is
 * mapped. NOT_SUPPORTED: another policy, which this version does not have.
 * (vmo.md 2.8)
 */
zx_status_t zx_vmo_set_cache_policy(zx_handle_t handle, uint32_t cache_policy);

/**
 * zx_vmo_replace_as_executable() - exchange a VMO's handle for an executable one
 * @handle: the VMO; closed in every case but a bad value
 * @vmex: ZX_HANDLE_INVALID: the module's parameter ambient_mark_vmo_exec
 *	decides. There are no resources, so every other value is wrong.
 * @out: receives a handle with the same rights and ZX_RIGHT_EXECUTE
 *
 * Return: ZX_OK. BAD_HANDLE: @handle, also if it is not a VMO. Then @vmex:
 * BAD_HANDLE: no handle; WRONG_TYPE: not a resource; ACCESS_DENIED: the
 * parameter is off. NO_RESOURCES. (vmo.md 2.11)
 */
zx_status_t zx_vmo_replace_as_executable(zx_handle_t handle, zx_handle_t vmex, zx_handle_t *out);

/**
 * zx_vmo_transfer_data() - move pages from one VMO to another
 * @dst_vmo: the destination; needs WRITE
 * @options: must be 0
 * @offset: first byte in the destination, a multiple of the page size
 * @length: bytes, a multiple of the page size
 * @src_vmo: the source; needs READ and WRITE
 * @src_offset: first byte in the source, a multiple of the page size
 *
 * The source range becomes zero and the destination takes its content. Ranges
 * of one VMO may overlap, as with memmove(3).
 *
 * Return: ZX_OK; also, without a look at the range, if source and destination
 * are the same bytes. INVALID_ARGS: @options or alignment, before the handles.
 * OUT_OF_RANGE: a range leaves its VMO; nothing has then been moved, where
 * Zircon may have emptied the source. NO_MEMORY: part of the range may have
 * been moved, and no byte is lost. (vmo.md 2.12)
 */
zx_status_t zx_vmo_transfer_data(zx_handle_t dst_vmo, uint32_t options, uint64_t offset,
				 uint64_t length, zx_handle_t src_vmo, uint64_t src_offset);

/**
 * zx_vmo_create_child() - make a snapshot, a slice or a reference of a VMO
 * @handle: the parent; needs DUPLICATE and READ, with REFERENCE and RESIZABLE
 *	also RESIZE
 * @options: one of ZX_VMO_CHILD_SNAPSHOT, SNAPSHOT_AT_LEAST_ON_WRITE,
 *	SNAPSHOT_MODIFIED, SLICE, REFERENCE; with NO_WRITE or RESIZABLE
 * @offset: first byte of the parent, a multiple of the page size; 0 for REFERENCE
 * @size: bytes, rounded up to pages; 0 for REFERENCE
 * @out: receives the child, with the rights of @handle less RESIZE, and with
 *	GET_PROPERTY and SET_PROPERTY. RESIZABLE adds RESIZE; NO_WRITE takes
 *	WRITE away, else a snapshot gains WRITE and loses EXECUTE.
 *
 * A snapshot is a copy of the range at this instant, made when either side
 * writes; the three kinds are the same here, as on Zircon where no pager is
 * involved. A slice is a window on a part of the parent, a reference another
 * object on the whole.
 *
 * Return: ZX_OK. In this order: OUT_OF_RANGE: @size rounds past 2^64.
 * INVALID_ARGS: NO_WRITE with RESIZABLE. BAD_HANDLE, WRONG_TYPE, ACCESS_DENIED:
 * @handle. INVALID_ARGS: @options or alignment. OUT_OF_RANGE: @size is too large.
 * A slice: INVALID_ARGS: not within the parent; NOT_SUPPORTED: the parent is
 * resizable. A reference: INVALID_ARGS: @offset or @size is not 0;
 * NOT_SUPPORTED: of a slice. A snapshot: OUT_OF_RANGE: the range wraps;
 * INVALID_ARGS: it wraps counted from the first ancestor's start;
 * NOT_SUPPORTED: of a slice. NO_RESOURCES. NO_MEMORY. INVALID_ARGS: @out.
 * (vmo.md 2.7, 4)
 */
zx_status_t zx_vmo_create_child(zx_handle_t handle, uint32_t options, uint64_t offset,
				uint64_t size, zx_handle_t *out);

/**
 * zx_vmar_allocate() - make a region of the address space a VMAR
 * @parent: the VMAR that it becomes a part of; needs READ, WRITE, EXECUTE as the
 *	CAN_MAP options ask
 * @options: ZX_VM_CAN_MAP_READ, _WRITE, _EXECUTE: the permissions that mappings in it
 *	can have; ZX_VM_CAN_MAP_SPECIFIC: what is in it can be placed by offsets;
 *	ZX_VM_COMPACT: what is in it goes to the lowest place that is free, else to a
 *	random one; ZX_VM_SPECIFIC, ZX_VM_OFFSET_IS_UPPER_LIMIT, ZX_VM_ALIGN_
 * @offset: with ZX_VM_SPECIFIC where it begins, with ZX_VM_OFFSET_IS_UPPER_LIMIT where
 *	it ends at the latest, in bytes from the base of @parent; else 0
 * @size: bytes, a multiple of the page size
 * @child: receives the handle, with ZX_DEFAULT_VMAR_RIGHTS and READ, WRITE, EXECUTE
 *	as the CAN_MAP options say
 * @child_addr: receives its address
 *
 * All its addresses are its own from now on. It stays when its handles are closed. Only
 * this process can use it: where fork(2) or SCM_RIGHTS takes the handle, zx_vmar_
 * calls on it are ACCESS_DENIED.
 *
 * Return: ZX_OK. In this order: @parent. INVALID_ARGS: @options, @size is misaligned.
 * BAD_STATE: @parent was destroyed. INVALID_ARGS: @size is 0. ACCESS_DENIED: CAN_MAP_
 * that @parent was made without. INVALID_ARGS: SPECIFIC with UPPER_LIMIT, @offset is
 * not for these options or misaligned. ACCESS_DENIED: @parent was made without
 * ZX_VM_CAN_MAP_SPECIFIC. INVALID_ARGS: the place is outside @parent, or its address
 * is not aligned as asked. ALREADY_EXISTS: something is there. NO_RESOURCES: no room,
 * no descriptor. NO_MEMORY. INVALID_ARGS: @child, @child_addr. (vmar.md 2.0, 2.1)
 */
zx_status_t zx_vmar_allocate(zx_handle_t parent, zx_vm_option_t options, uint64_t offset,
			     uint64_t size, zx_handle_t *child, zx_vaddr_t *child_addr);

/**
 * zx_vmar_destroy() - end a VMAR
 * @handle: the VMAR; needs OP_CHILDREN
 *
 * Unmaps the mappings of VMOs in it and ends all VMARs in it; what is mapped there by
 * other means stays. The handle is still to be closed.
 *
 * Return: ZX_OK. NOT_SUPPORTED: the root VMAR. BAD_STATE: it was destroyed. NO_MEMORY:
 * part of it may be unmapped. (vmar.md 2.5)
 */
zx_status_t zx_vmar_destroy(zx_handle_t handle);

/**
 * zx_vmar_map() - map a VMO
 * @handle: the VMAR; needs READ, WRITE, EXECUTE as @options ask
 * @options: ZX_VM_PERM_READ, _WRITE, _EXECUTE, _READ_IF_XOM_UNSUPPORTED,
 *	ZX_VM_SPECIFIC, ZX_VM_SPECIFIC_OVERWRITE, ZX_VM_OFFSET_IS_UPPER_LIMIT,
 *	ZX_VM_ALIGN_, ZX_VM_REQUIRE_NON_RESIZABLE, ZX_VM_ALLOW_FAULTS, ZX_VM_MAP_RANGE,
 *	ZX_VM_FAULT_BEYOND_STREAM_SIZE
 * @vmar_offset: with ZX_VM_SPECIFIC and _OVERWRITE where the mapping begins, with
 *	ZX_VM_OFFSET_IS_UPPER_LIMIT where it ends at the latest, in bytes from the base
 *	of the VMAR; else 0
 * @vmo: the VMO; needs MAP and READ, WRITE, EXECUTE as @options ask
 * @vmo_offset: first byte in the VMO, a multiple of the page size; it may lie
 *	beyond its end
 * @len: bytes, rounded up to pages
 * @mapped_addr: receives the address
 *
 * The mapping keeps the VMO alive and remembers the rights of both handles, which
 * zx_vmar_protect() cannot exceed later. An access that is not permitted raises
 * SIGSEGV, one that finds no page SIGBUS, where Zircon raises an exception.
 * ZX_VM_MAP_RANGE is ZX_VMAR_OP_MAP_RANGE at once. With
 * ZX_VM_FAULT_BEYOND_STREAM_SIZE there are no pages beyond the one that the stream
 * ends in at the time.
 *
 * Return: ZX_OK. In this order: the handles, then ACCESS_DENIED: no MAP.
 * INVALID_ARGS: WRITE or EXECUTE without READ, ZX_VM_MAP_RANGE with OVERWRITE, CAN_MAP_
 * options. ACCESS_DENIED: a permission without its right. INVALID_ARGS:
 * ZX_VM_FAULT_BEYOND_STREAM_SIZE without ALLOW_FAULTS, unknown options. NOT_SUPPORTED:
 * ZX_VM_REQUIRE_NON_RESIZABLE and the VMO is resizable; it is discardable, without
 * ZX_VM_ALLOW_FAULTS. INVALID_ARGS: ZX_VM_COMPACT,
 * ZX_VM_CAN_MAP_SPECIFIC. ACCESS_DENIED: a permission that the VMAR was made without.
 * INVALID_ARGS: @vmo_offset is misaligned. OUT_OF_RANGE: @len or @vmo_offset + @len wraps. Then
 * as zx_vmar_allocate() from BAD_STATE on; OVERWRITE where a VMAR is: INVALID_ARGS.
 * ALREADY_EXISTS: something is there, also what is not from a VMO. NO_RESOURCES: no
 * room. NO_MEMORY: OVERWRITE may have unmapped what was there. NOT_FOUND:
 * ZX_VM_MAP_RANGE of a discarded VMO; INVALID_ARGS: @mapped_addr; nothing stays mapped.
 * (vmar.md 2.2)
 */
zx_status_t zx_vmar_map(zx_handle_t handle, zx_vm_option_t options, uint64_t vmar_offset,
			zx_handle_t vmo, uint64_t vmo_offset, uint64_t len,
			zx_vaddr_t *mapped_addr);

/**
 * zx_vmar_unmap() - remove mappings and VMARs
 * @handle: the VMAR they are in
 * @addr: address, a multiple of the page size
 * @len: bytes, rounded up to pages
 *
 * Only mappings of VMOs go; what the program mapped by other means stays, and
 * holes are fine. A mapping partly in the range is cut. VMARs in the range are
 * destroyed; that needs OP_CHILDREN.
 *
 * Return: ZX_OK. INVALID_ARGS: @addr is misaligned, @len is 0. BAD_STATE: the VMAR
 * was destroyed. INVALID_ARGS: the range is outside the VMAR, or there is another VMAR
 * partly in the range, or any without the right. NO_MEMORY: a mapping would be split
 * into too many. (vmar.md 2.3)
 */
zx_status_t zx_vmar_unmap(zx_handle_t handle, zx_vaddr_t addr, uint64_t len);

/**
 * zx_vmar_unmap_handle_close_thread_exit() - the end of a thread and of its stack
 * @vmar: as for zx_vmar_unmap()
 * @addr: as for zx_vmar_unmap(); the range may contain the stack of the caller
 * @len: as for zx_vmar_unmap()
 * @close_handle: handle to be closed then, or ZX_HANDLE_INVALID
 *
 * Unmaps, closes, and ends the calling thread as exit(2) does, so that what it has
 * told clone(2) to clear and wake is. Nothing touches the stack once it is unmapped,
 * and signals are blocked. It is for threads that the program has made with clone(2):
 * pthread_create(3) keeps data of its own on the stack.
 *
 * If @close_handle was not open when the call began, or its descriptor is not any
 * more when it is to be closed, the processor traps: SIGILL, on arm64 SIGTRAP, ends
 * the program.
 *
 * Return: only if the unmapping fails: as zx_vmar_unmap(); nothing was closed. If it
 * fails halfway the stack may be gone: SIGSEGV. (vmar.md 2.6)
 */
zx_status_t zx_vmar_unmap_handle_close_thread_exit(zx_handle_t vmar, zx_vaddr_t addr,
						   uint64_t len, zx_handle_t close_handle);

/**
 * zx_vmar_protect() - change the permissions of mappings
 * @handle: the VMAR they are in; needs READ, WRITE, EXECUTE as @options ask, and
 *	OP_CHILDREN for mappings in VMARs of this one
 * @options: ZX_VM_PERM_READ, _WRITE, _EXECUTE, _READ_IF_XOM_UNSUPPORTED; 0
 *	forbids all access
 * @addr: address, a multiple of the page size
 * @len: bytes, rounded up to pages
 *
 * The kernel checks the whole range, then the library uses mprotect(2). If
 * another thread changes the mappings between the two, part of the range may
 * have been changed when an error is returned.
 *
 * Return: ZX_OK. INVALID_ARGS: WRITE or EXECUTE without READ, other options,
 * @addr is misaligned, @len is 0. BAD_STATE: the VMAR was destroyed. INVALID_ARGS: the
 * range is outside the VMAR. What comes first by address: NOT_FOUND: there is a hole or
 * a mapping that is not of a VMO. ACCESS_DENIED: a permission beyond the rights at map
 * time, or one that a security module of Linux refuses. For mappings in a VMAR of this
 * one, INVALID_ARGS: no OP_CHILDREN; ACCESS_DENIED: a permission more than now. At the
 * end, NO_MEMORY: a mapping would be split into too many; part of the range may have
 * been changed. (vmar.md 2.4)
 */
zx_status_t zx_vmar_protect(zx_handle_t handle, zx_vm_option_t options, zx_vaddr_t addr,
			    uint64_t len);

/**
 * zx_vmar_op_range() - work on the VMOs that are mapped in a range
 * @handle: the VMAR; needs OP_CHILDREN for mappings in VMARs of this one
 * @op: ZX_VMAR_OP_ value
 * @address: address, a multiple of the page size
 * @size: bytes, rounded up to pages
 * @buffer: must be NULL
 * @buffer_size: must be 0
 *
 * Goes from mapping to mapping by rising address; what is done stays done if a later
 * one fails. What the mapping may be at most counts, not its permissions of now; of the
 * VMAR no right is needed.
 *
 * - COMMIT (the mapping may be WRITE): as zx_vmo_op_range(), then MAP_RANGE.
 * - DECOMMIT (WRITE), ZERO (WRITE), DONT_NEED: as zx_vmo_op_range().
 * - MAP_RANGE: pages that the VMO has are entered into the page tables. It commits
 *   nothing. Entries do not allow to write, so the first write to a page still faults.
 * - ALWAYS_NEED, PREFETCH (READ): as zx_vmo_op_range(), then MAP_RANGE.
 *
 * Return: ZX_OK. INVALID_ARGS: unknown @op, @buffer, @address is misaligned, @size is
 * 0. OUT_OF_RANGE: the range is outside the VMAR. BAD_STATE: it was destroyed. What comes
 * first by address: BAD_STATE: there is a hole or a mapping that is not of a VMO.
 * INVALID_ARGS: a mapping in a VMAR of this one, if OP_CHILDREN is missing or @op is
 * COMMIT, DECOMMIT or PREFETCH. OUT_OF_RANGE: one that ends with the stream, beyond it.
 * ACCESS_DENIED: what the mapping may be. Errors of zx_vmo_op_range(). NOT_FOUND:
 * MAP_RANGE of a discarded VMO. NO_MEMORY. (vmar.md 3)
 */
zx_status_t zx_vmar_op_range(zx_handle_t handle, uint32_t op, zx_vaddr_t address, uint64_t size,
			     void *buffer, size_t buffer_size);

/**
 * zx_process_read_memory() - copy from the memory of a process
 * @handle: zx_process_self(); needs READ
 * @vaddr: first address
 * @buffer: receives the bytes
 * @buffer_size: number of bytes, 1 to 64 MiB
 * @actual: receives how many were copied; must be valid
 *
 * Where memory ends the copy ends, with ZX_OK if there was any. Mappings of VMOs can
 * be read whatever their protection is, unless they were made with a handle without
 * READ; what else is mapped can be read if the program itself can read it.
 *
 * Return: ZX_OK. INVALID_ARGS: @buffer is NULL, @buffer_size; before the handle. Then
 * of @vaddr: NOT_FOUND: nothing is mapped there, or a discarded VMO. ACCESS_DENIED: it
 * cannot be read. OUT_OF_RANGE: it is beyond the end of the VMO. @buffer: as of
 * zx_vmo_read(). INVALID_ARGS: @actual. (vmar.md 4)
 */
zx_status_t zx_process_read_memory(zx_handle_t handle, zx_vaddr_t vaddr, void *buffer,
				   size_t buffer_size, size_t *actual);

/**
 * zx_process_write_memory() - copy to the memory of a process
 * @handle: zx_process_self(); needs WRITE
 * @vaddr: first address
 * @buffer: the bytes
 * @buffer_size: number of bytes, 1 to 64 MiB
 * @actual: receives how many were copied; must be valid
 *
 * As zx_process_read_memory(): mappings of VMOs can be written whatever their protection
 * is, unless they could not be made writable.
 *
 * Return: as of zx_process_read_memory() and zx_vmo_write(). NO_MEMORY: of the first
 * byte.
 */
zx_status_t zx_process_write_memory(zx_handle_t handle, zx_vaddr_t vaddr, const void *buffer,
				    size_t buffer_size, size_t *actual);

/**
 * zx_cache_flush() - flush processor caches of a range of memory
 * @addr: first byte
 * @size: number of bytes
 * @options: ZX_CACHE_FLUSH_INSN, ZX_CACHE_FLUSH_DATA or both; with DATA also
 *	ZX_CACHE_FLUSH_INVALIDATE
 *
 * INSN makes instructions written to the range visible to execution, DATA
 * writes the range back to memory, INVALIDATE drops it from the data cache too,
 * which x86 does in any case. The range must be readable.
 *
 * Return: ZX_OK. INVALID_ARGS: no other combination of options. NOT_SUPPORTED:
 * DATA where programs have no means for it: everywhere but on x86. (vmo.md 1.8)
 */
zx_status_t zx_cache_flush(const void *addr, size_t size, uint32_t options);

/**
 * zx_system_get_page_size() - bytes in a page
 *
 * Return: the size, a power of two.
 */
uint32_t zx_system_get_page_size(void);

/**
 * zx_clock_get_monotonic() - time since boot without the time asleep
 *
 * CLOCK_MONOTONIC, which Linux slews; it never goes back.
 *
 * Return: the time in ns.
 */
zx_instant_mono_t zx_clock_get_monotonic(void);

/**
 * zx_clock_get_boot() - time since boot
 *
 * CLOCK_BOOTTIME.
 *
 * Return: the time in ns.
 */
zx_instant_boot_t zx_clock_get_boot(void);

/**
 * zx_deadline_after() - a point in time from now on
 * @nanoseconds: how far ahead, in ns; may be negative
 *
 * Return: zx_clock_get_monotonic() + @nanoseconds, no more than
 * ZX_TIME_INFINITE and no less than ZX_TIME_INFINITE_PAST.
 */
zx_instant_mono_t zx_deadline_after(zx_duration_mono_t nanoseconds);

/**
 * zx_nanosleep() - sleep
 * @deadline: time of zx_clock_get_monotonic() in ns; what is not in the future
 *	yields the processor
 *
 * Return: ZX_OK.
 */
zx_status_t zx_nanosleep(zx_instant_mono_t deadline);

/**
 * zx_ticks_get() - fine-grained time
 *
 * Return: the number of ticks since boot. A tick is a nanosecond of
 * zx_clock_get_monotonic() here, and the machine's counter on Zircon.
 */
zx_instant_mono_ticks_t zx_ticks_get(void);

/**
 * zx_ticks_per_second() - ticks in a second
 *
 * Return: the number, which never changes.
 */
zx_ticks_t zx_ticks_per_second(void);

#define __ZX_ALSO(name)	extern __typeof__(zx_##name) _zx_##name
__ZX_ALSO(handle_close);
__ZX_ALSO(handle_close_many);
__ZX_ALSO(handle_duplicate);
__ZX_ALSO(handle_replace);
__ZX_ALSO(object_get_info);
__ZX_ALSO(object_get_property);
__ZX_ALSO(object_set_property);
__ZX_ALSO(object_signal);
__ZX_ALSO(object_wait_one);
__ZX_ALSO(event_create);
__ZX_ALSO(vmo_create);
__ZX_ALSO(vmo_create_child);
__ZX_ALSO(vmo_read);
__ZX_ALSO(vmo_write);
__ZX_ALSO(vmo_get_size);
__ZX_ALSO(vmo_set_size);
__ZX_ALSO(vmo_get_stream_size);
__ZX_ALSO(vmo_set_stream_size);
__ZX_ALSO(vmo_op_range);
__ZX_ALSO(vmo_set_cache_policy);
__ZX_ALSO(vmo_replace_as_executable);
__ZX_ALSO(vmo_transfer_data);
__ZX_ALSO(vmar_allocate);
__ZX_ALSO(vmar_destroy);
__ZX_ALSO(vmar_map);
__ZX_ALSO(vmar_op_range);
__ZX_ALSO(vmar_unmap);
__ZX_ALSO(vmar_unmap_handle_close_thread_exit);
__ZX_ALSO(vmar_protect);
__ZX_ALSO(process_read_memory);
__ZX_ALSO(process_write_memory);
__ZX_ALSO(cache_flush);
__ZX_ALSO(system_get_page_size);
__ZX_ALSO(clock_get_monotonic);
__ZX_ALSO(clock_get_boot);
__ZX_ALSO(deadline_after);
__ZX_ALSO(nanosleep);
__ZX_ALSO(ticks_get);
__ZX_ALSO(ticks_per_second);
#undef __ZX_ALSO

__END_CDECLS

#endif /* ZIRCON_SYSCALLS_H_ */
