/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Fuchsia's virtual memory objects on Linux: the ioctl interface.
 */
#ifndef _UAPI_ZXVMO_H
#define _UAPI_ZXVMO_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: Commands
 *
 * Every command is an ioctl on /dev/zxvmo or on an object's own file
 * descriptor. Its argument is a structure whose first field, @size, holds the
 * size of the structure the caller was built with. The kernel checks that all
 * it does not know of a longer structure is zero and takes what is missing of
 * a shorter one as zero, so that both sides can grow.
 *
 * A handle is a file descriptor. Its value on the wire is
 * ``(tag << 22) | (fd << 2) | 3``, where the 10-bit tag, never 0, belongs to
 * the open file: a value whose descriptor was closed and reused does not reach
 * the new file. Values are looked up in the table of the calling process. In a
 * command that is sent to an object's own descriptor, a handle of 0 means that
 * object. Commands that make objects from nothing (EVENT_CREATE, VMO_CREATE)
 * work on the device only, so that passing an object on gives nobody the right
 * to make new ones.
 *
 * Results are stored through the ``out_`` fields, which hold user addresses;
 * optional ones may be 0. A command that fails stores nothing unless its text
 * says so. A new handle's descriptor is close-on-exec.
 */

/**
 * DOC: Errors
 *
 * Each zx_status_t has exactly one errno, listed in ZXVMO_STATUS_TABLE: a
 * command's errno tells the status Zircon would return. Four more errnos tell
 * of the command itself and have no status of their own:
 *
 * - ENOTTY: no such command, or not on this kind of descriptor.
 * - E2BIG: the structure is longer than the kernel's and its tail is not zero, or
 *   it is longer than a page.
 * - EFAULT: the structure or an address in it cannot be accessed. It is
 *   ZX_ERR_INVALID_ARGS in every zx_ call; the buffers of VMO_READ and
 *   VMO_WRITE do not give EFAULT, see there.
 * - EINTR: a signal came; repeat the command. No zx_ call ever returns it.
 *
 * A structure shorter than the command's first version is EINVAL, as is a
 * field that must be zero and is not.
 */

/**
 * ZXVMO_STATUS_TABLE - the one table of zx_status_t and errno
 * @X: macro that is expanded for each row as X(name, status, errno)
 */
#define ZXVMO_STATUS_TABLE(X)				\
	X(INTERNAL,		-1,	ENOTRECOVERABLE)	\
	X(NOT_SUPPORTED,	-2,	EOPNOTSUPP)	\
	X(NO_RESOURCES,		-3,	EMFILE)		\
	X(NO_MEMORY,		-4,	ENOMEM)		\
	X(INVALID_ARGS,		-10,	EINVAL)		\
	X(BAD_HANDLE,		-11,	EBADF)		\
	X(WRONG_TYPE,		-12,	EMEDIUMTYPE)	\
	X(BAD_SYSCALL,		-13,	EBADRQC)		\
	X(OUT_OF_RANGE,		-14,	ERANGE)		\
	X(BUFFER_TOO_SMALL,	-15,	EMSGSIZE)	\
	X(BAD_STATE,		-20,	EBADFD)		\
	X(TIMED_OUT,		-21,	ETIMEDOUT)	\
	X(SHOULD_WAIT,		-22,	EAGAIN)		\
	X(CANCELED,		-23,	ECANCELED)	\
	X(PEER_CLOSED,		-24,	EPIPE)		\
	X(NOT_FOUND,		-25,	ENOENT)		\
	X(ALREADY_EXISTS,	-26,	EEXIST)		\
	X(ALREADY_BOUND,	-27,	EBUSY)		\
	X(UNAVAILABLE,		-28,	EPERM)		\
	X(ACCESS_DENIED,	-30,	EACCES)		\
	X(IO,			-40,	EIO)		\
	X(IO_REFUSED,		-41,	EREMOTEIO)	\
	X(IO_DATA_INTEGRITY,	-42,	EBADMSG)	\
	X(IO_DATA_LOSS,		-43,	ENODATA)	\
	X(NO_SPACE,		-54,	ENOSPC)

/** ZXVMO_API_VERSION - version of the interface this header describes */
#define ZXVMO_API_VERSION	1

/** ZXVMO_IOC_TYPE - the type byte of all command numbers */
#define ZXVMO_IOC_TYPE		0xda

enum {
	ZXVMO_CMD_QUERY = 0x00,
	ZXVMO_CMD_HANDLE_DUPLICATE = 0x10,
	ZXVMO_CMD_HANDLE_REPLACE = 0x11,
	ZXVMO_CMD_HANDLE_CLOSE = 0x12,
	ZXVMO_CMD_HANDLE_CLOSE_MANY = 0x13,
	ZXVMO_CMD_HANDLE_FROM_FD = 0x14,
	ZXVMO_CMD_OBJECT_SIGNAL = 0x20,
	ZXVMO_CMD_OBJECT_WAIT_ONE = 0x21,
	ZXVMO_CMD_OBJECT_GET_INFO = 0x22,
	ZXVMO_CMD_OBJECT_GET_PROPERTY = 0x23,
	ZXVMO_CMD_OBJECT_SET_PROPERTY = 0x24,
	ZXVMO_CMD_EVENT_CREATE = 0x30,
	ZXVMO_CMD_VMO_CREATE = 0x40,
	ZXVMO_CMD_VMO_READ = 0x41,
	ZXVMO_CMD_VMO_WRITE = 0x42,
	ZXVMO_CMD_VMO_GET_SIZE = 0x43,
	ZXVMO_CMD_VMO_SET_SIZE = 0x44,
	ZXVMO_CMD_VMO_GET_STREAM_SIZE = 0x45,
	ZXVMO_CMD_VMO_SET_STREAM_SIZE = 0x46,
	ZXVMO_CMD_VMO_OP_RANGE = 0x47,
	ZXVMO_CMD_VMO_SET_CACHE_POLICY = 0x48,
	ZXVMO_CMD_VMO_REPLACE_AS_EXECUTABLE = 0x49,
	ZXVMO_CMD_VMO_TRANSFER_DATA = 0x4a,
	ZXVMO_CMD_VMO_CREATE_CHILD = 0x4b,
	ZXVMO_CMD_VMAR_MAP = 0x60,
	ZXVMO_CMD_VMAR_UNMAP = 0x61,
	ZXVMO_CMD_VMAR_PROTECT = 0x62,
	ZXVMO_CMD_VMAR_ALLOCATE = 0x63,
	ZXVMO_CMD_VMAR_DESTROY = 0x64,
	ZXVMO_CMD_VMAR_OP_RANGE = 0x65,
	ZXVMO_CMD_VMAR_EXPORT = 0x66,
	ZXVMO_CMD_PROCESS_READ_MEMORY = 0x70,
	ZXVMO_CMD_PROCESS_WRITE_MEMORY = 0x71,
};

/* Handles: vmo.md 1.1, pager-port-handle-bti.md 4 */

#define ZXVMO_HANDLE_INVALID		0
/** ZXVMO_HANDLE_FIXED_BITS_MASK - bits that are set in every handle value */
#define ZXVMO_HANDLE_FIXED_BITS_MASK	3
/** ZXVMO_HANDLE_MAX_FD - descriptors from this one on cannot be handles */
#define ZXVMO_HANDLE_MAX_FD		(1U << 20)
/** ZXVMO_HANDLE_FD - the file descriptor of a handle value */
#define ZXVMO_HANDLE_FD(handle)		(((handle) >> 2) & (ZXVMO_HANDLE_MAX_FD - 1))
/** ZXVMO_HANDLE_TAG - the tag of a handle value, 1 to 1023 */
#define ZXVMO_HANDLE_TAG(handle)	((handle) >> 22)
/** ZXVMO_HANDLE - the value of the handle with this tag and descriptor */
#define ZXVMO_HANDLE(tag, fd)		\
	(((__u32)(tag) << 22) | ((__u32)(fd) << 2) | ZXVMO_HANDLE_FIXED_BITS_MASK)
/**
 * ZXVMO_HANDLE_VMAR_ROOT_SELF - the root VMAR of the calling address space
 *
 * Not a descriptor (its tag is 0): the kernel takes the caller's own memory
 * each time, so the value is as right after fork() as before. It can be used
 * as the VMAR of the VMAR_ commands and for ZXVMO_INFO_VMAR, and in commands
 * on the device as any handle of a VMAR, with ZXVMO_DEFAULT_VMAR_RIGHTS, READ,
 * WRITE and EXECUTE; but it cannot be closed. HANDLE_DUPLICATE makes a handle
 * of it that is a descriptor and means this address space for ever.
 */
#define ZXVMO_HANDLE_VMAR_ROOT_SELF	3
/**
 * ZXVMO_HANDLE_PROCESS_SELF - the calling process
 *
 * Not a descriptor either, nor an object: it is good for PROCESS_READ_MEMORY and
 * PROCESS_WRITE_MEMORY and for the topics HANDLE_VALID, HANDLE_BASIC, PROCESS_MAPS
 * and PROCESS_VMOS, on the device and on an object's own descriptor, with
 * ZXVMO_PROCESS_SELF_RIGHTS. It can be neither closed nor duplicated nor waited for.
 */
#define ZXVMO_HANDLE_PROCESS_SELF	7
/** ZXVMO_VMAR_ROOT_BASE - lowest address of the root VMAR */
#define ZXVMO_VMAR_ROOT_BASE		0x200000

/* Rights: vmo.md 1.6 */

#define ZXVMO_RIGHT_NONE		0
#define ZXVMO_RIGHT_DUPLICATE		(1U << 0)
#define ZXVMO_RIGHT_TRANSFER		(1U << 1)
#define ZXVMO_RIGHT_READ		(1U << 2)
#define ZXVMO_RIGHT_WRITE		(1U << 3)
#define ZXVMO_RIGHT_EXECUTE		(1U << 4)
#define ZXVMO_RIGHT_MAP			(1U << 5)
#define ZXVMO_RIGHT_GET_PROPERTY	(1U << 6)
#define ZXVMO_RIGHT_SET_PROPERTY	(1U << 7)
#define ZXVMO_RIGHT_ENUMERATE		(1U << 8)
#define ZXVMO_RIGHT_DESTROY		(1U << 9)
#define ZXVMO_RIGHT_SET_POLICY		(1U << 10)
#define ZXVMO_RIGHT_GET_POLICY		(1U << 11)
#define ZXVMO_RIGHT_SIGNAL		(1U << 12)
#define ZXVMO_RIGHT_SIGNAL_PEER		(1U << 13)
#define ZXVMO_RIGHT_WAIT		(1U << 14)
#define ZXVMO_RIGHT_INSPECT		(1U << 15)
#define ZXVMO_RIGHT_MANAGE_JOB		(1U << 16)
#define ZXVMO_RIGHT_MANAGE_PROCESS	(1U << 17)
#define ZXVMO_RIGHT_MANAGE_THREAD	(1U << 18)
#define ZXVMO_RIGHT_APPLY_PROFILE	(1U << 19)
#define ZXVMO_RIGHT_MANAGE_SOCKET	(1U << 20)
#define ZXVMO_RIGHT_OP_CHILDREN		(1U << 21)
#define ZXVMO_RIGHT_RESIZE		(1U << 22)
#define ZXVMO_RIGHT_ATTACH_VMO		(1U << 23)
#define ZXVMO_RIGHT_MANAGE_VMO		(1U << 24)
/**
 * ZXVMO_RIGHT_EXPORTED - a VMAR can be used from other address spaces, too
 *
 * Only VMAR_EXPORT gives it. It is not one of Zircon's.
 */
#define ZXVMO_RIGHT_EXPORTED		(1U << 30)
/** ZXVMO_RIGHT_SAME_RIGHTS - alone: the rights of the source handle */
#define ZXVMO_RIGHT_SAME_RIGHTS		(1U << 31)

#define ZXVMO_RIGHTS_BASIC	(ZXVMO_RIGHT_TRANSFER | ZXVMO_RIGHT_DUPLICATE | \
				 ZXVMO_RIGHT_WAIT | ZXVMO_RIGHT_INSPECT)
#define ZXVMO_RIGHTS_IO		(ZXVMO_RIGHT_READ | ZXVMO_RIGHT_WRITE)
#define ZXVMO_RIGHTS_PROPERTY	(ZXVMO_RIGHT_GET_PROPERTY | ZXVMO_RIGHT_SET_PROPERTY)
/** ZXVMO_DEFAULT_EVENT_RIGHTS - rights of a new event handle */
#define ZXVMO_DEFAULT_EVENT_RIGHTS	(ZXVMO_RIGHTS_BASIC | ZXVMO_RIGHT_SIGNAL)
/** ZXVMO_DEFAULT_VMO_RIGHTS - rights of a new VMO handle; RESIZABLE adds RESIZE */
#define ZXVMO_DEFAULT_VMO_RIGHTS	(ZXVMO_RIGHTS_BASIC | ZXVMO_RIGHTS_IO | \
					 ZXVMO_RIGHTS_PROPERTY | ZXVMO_RIGHT_MAP | \
					 ZXVMO_RIGHT_SIGNAL)

/**
 * ZXVMO_DEFAULT_VMAR_RIGHTS - rights of a new VMAR handle; the CAN_MAP_ options
 * add READ, WRITE and EXECUTE
 */
#define ZXVMO_DEFAULT_VMAR_RIGHTS	(ZXVMO_RIGHT_TRANSFER | ZXVMO_RIGHT_DUPLICATE | \
					 ZXVMO_RIGHT_INSPECT | ZXVMO_RIGHT_OP_CHILDREN)

/** ZXVMO_PROCESS_SELF_RIGHTS - rights of ZXVMO_HANDLE_PROCESS_SELF */
#define ZXVMO_PROCESS_SELF_RIGHTS	(ZXVMO_RIGHTS_IO | ZXVMO_RIGHT_INSPECT)

/* Object types (zx_obj_type_t): vmo.md 1.9 */

#define ZXVMO_OBJ_TYPE_NONE	0
#define ZXVMO_OBJ_TYPE_PROCESS	1
#define ZXVMO_OBJ_TYPE_VMO	3
#define ZXVMO_OBJ_TYPE_EVENT	5
#define ZXVMO_OBJ_TYPE_VMAR	18

/* Signals: pager-port-handle-bti.md 1.6 */

#define ZXVMO_SIGNAL_SIGNALED		(1U << 3)
#define ZXVMO_SIGNAL_HANDLE_CLOSED	(1U << 23)
#define ZXVMO_SIGNAL_USER_ALL		0xff000000U
#define ZXVMO_SIGNAL_ZERO_CHILDREN	ZXVMO_SIGNAL_SIGNALED

/** ZXVMO_TIME_INFINITE - a deadline that never comes */
#define ZXVMO_TIME_INFINITE	0x7fffffffffffffffLL

/* VMOs: vmo.md 1.1, 1.2, 1.3, 1.8 */

/** ZXVMO_VMO_MAX_SIZE - largest size of a VMO in bytes, with 4 KiB pages */
#define ZXVMO_VMO_MAX_SIZE	0xfffffffffffe0000ULL

#define ZXVMO_VMO_RESIZABLE	(1U << 1)
#define ZXVMO_VMO_DISCARDABLE	(1U << 2)
#define ZXVMO_VMO_TRAP_DIRTY	(1U << 3)
#define ZXVMO_VMO_UNBOUNDED	(1U << 4)

#define ZXVMO_VMO_OP_COMMIT			1
#define ZXVMO_VMO_OP_DECOMMIT			2
#define ZXVMO_VMO_OP_LOCK			3
#define ZXVMO_VMO_OP_UNLOCK			4
#define ZXVMO_VMO_OP_CACHE_SYNC			6
#define ZXVMO_VMO_OP_CACHE_INVALIDATE		7
#define ZXVMO_VMO_OP_CACHE_CLEAN		8
#define ZXVMO_VMO_OP_CACHE_CLEAN_INVALIDATE	9
#define ZXVMO_VMO_OP_ZERO			10
#define ZXVMO_VMO_OP_TRY_LOCK			11
#define ZXVMO_VMO_OP_DONT_NEED			12
#define ZXVMO_VMO_OP_ALWAYS_NEED		13
#define ZXVMO_VMO_OP_PREFETCH			14

/* Operations of VMAR_OP_RANGE (vmar.md 1.2) */
#define ZXVMO_VMAR_OP_COMMIT			1
#define ZXVMO_VMAR_OP_DECOMMIT			2
#define ZXVMO_VMAR_OP_MAP_RANGE			3
#define ZXVMO_VMAR_OP_ZERO			10
#define ZXVMO_VMAR_OP_DONT_NEED			12
#define ZXVMO_VMAR_OP_ALWAYS_NEED		13
#define ZXVMO_VMAR_OP_PREFETCH			14

/* Children: vmo.md 1.4 */

#define ZXVMO_VMO_CHILD_SNAPSHOT			(1U << 0)
#define ZXVMO_VMO_CHILD_RESIZABLE			(1U << 2)
#define ZXVMO_VMO_CHILD_SLICE				(1U << 3)
#define ZXVMO_VMO_CHILD_SNAPSHOT_AT_LEAST_ON_WRITE	(1U << 4)
#define ZXVMO_VMO_CHILD_NO_WRITE			(1U << 5)
#define ZXVMO_VMO_CHILD_REFERENCE			(1U << 6)
#define ZXVMO_VMO_CHILD_SNAPSHOT_MODIFIED		(1U << 7)

#define ZXVMO_CACHE_POLICY_CACHED		0
#define ZXVMO_CACHE_POLICY_UNCACHED		1
#define ZXVMO_CACHE_POLICY_UNCACHED_DEVICE	2
#define ZXVMO_CACHE_POLICY_WRITE_COMBINING	3
#define ZXVMO_CACHE_POLICY_MASK			3

/* Mappings: vmar.md 1.1 */

#define ZXVMO_VM_PERM_READ			(1U << 0)
#define ZXVMO_VM_PERM_WRITE			(1U << 1)
#define ZXVMO_VM_PERM_EXECUTE			(1U << 2)
#define ZXVMO_VM_COMPACT			(1U << 3)
#define ZXVMO_VM_SPECIFIC			(1U << 4)
#define ZXVMO_VM_SPECIFIC_OVERWRITE		(1U << 5)
#define ZXVMO_VM_CAN_MAP_SPECIFIC		(1U << 6)
#define ZXVMO_VM_CAN_MAP_READ			(1U << 7)
#define ZXVMO_VM_CAN_MAP_WRITE			(1U << 8)
#define ZXVMO_VM_CAN_MAP_EXECUTE		(1U << 9)
#define ZXVMO_VM_MAP_RANGE			(1U << 10)
#define ZXVMO_VM_REQUIRE_NON_RESIZABLE		(1U << 11)
#define ZXVMO_VM_ALLOW_FAULTS			(1U << 12)
#define ZXVMO_VM_OFFSET_IS_UPPER_LIMIT		(1U << 13)
#define ZXVMO_VM_PERM_READ_IF_XOM_UNSUPPORTED	(1U << 14)
#define ZXVMO_VM_FAULT_BEYOND_STREAM_SIZE	(1U << 15)
#define ZXVMO_VM_ALIGN_BASE			24

/* Information: vmo.md 1.10 to 1.14 */

#define ZXVMO_INFO_TOPIC(number, version)	((number) | ((version) << 28))
#define ZXVMO_INFO_HANDLE_VALID		1
#define ZXVMO_INFO_HANDLE_BASIC		2
#define ZXVMO_INFO_VMAR			7
#define ZXVMO_INFO_PROCESS_MAPS_V1	ZXVMO_INFO_TOPIC(13U, 0U)
#define ZXVMO_INFO_PROCESS_MAPS_V2	ZXVMO_INFO_TOPIC(13U, 1U)
#define ZXVMO_INFO_PROCESS_MAPS		ZXVMO_INFO_TOPIC(13U, 2U)
#define ZXVMO_INFO_PROCESS_VMOS_V1	ZXVMO_INFO_TOPIC(14U, 0U)
#define ZXVMO_INFO_PROCESS_VMOS_V2	ZXVMO_INFO_TOPIC(14U, 1U)
#define ZXVMO_INFO_PROCESS_VMOS_V3	ZXVMO_INFO_TOPIC(14U, 2U)
#define ZXVMO_INFO_PROCESS_VMOS		ZXVMO_INFO_TOPIC(14U, 3U)
#define ZXVMO_INFO_HANDLE_COUNT		19
#define ZXVMO_INFO_VMO_V1		ZXVMO_INFO_TOPIC(23U, 0U)
#define ZXVMO_INFO_VMO_V2		ZXVMO_INFO_TOPIC(23U, 1U)
#define ZXVMO_INFO_VMO_V3		ZXVMO_INFO_TOPIC(23U, 2U)
#define ZXVMO_INFO_VMO			ZXVMO_INFO_TOPIC(23U, 3U)
#define ZXVMO_INFO_VMAR_MAPS		36

#define ZXVMO_PROP_NAME			3
#define ZXVMO_PROP_VMO_CONTENT_SIZE	17

/** ZXVMO_MAX_NAME_LEN - bytes of an object's name with its terminating NUL */
#define ZXVMO_MAX_NAME_LEN	32

#define ZXVMO_INFO_VMO_TYPE_PAGED	(1U << 0)
#define ZXVMO_INFO_VMO_RESIZABLE	(1U << 1)
#define ZXVMO_INFO_VMO_IS_COW_CLONE	(1U << 2)
#define ZXVMO_INFO_VMO_VIA_HANDLE	(1U << 3)
#define ZXVMO_INFO_VMO_VIA_MAPPING	(1U << 4)
#define ZXVMO_INFO_VMO_PAGER_BACKED	(1U << 5)
#define ZXVMO_INFO_VMO_CONTIGUOUS	(1U << 6)
#define ZXVMO_INFO_VMO_DISCARDABLE	(1U << 7)
#define ZXVMO_INFO_VMO_IMMUTABLE	(1U << 8)
#define ZXVMO_INFO_VMO_VIA_IOB_HANDLE	(1U << 9)

/* What a record of a listing of maps is about */
#define ZXVMO_INFO_MAPS_TYPE_NONE	0
#define ZXVMO_INFO_MAPS_TYPE_ASPACE	1
#define ZXVMO_INFO_MAPS_TYPE_VMAR	2
#define ZXVMO_INFO_MAPS_TYPE_MAPPING	3

/**
 * struct zxvmo_info_handle_basic - record of ZXVMO_INFO_HANDLE_BASIC
 * @koid: the object's id: never 0, never used twice while the module is loaded. Of
 *	a process: when it began, in ns since boot, with bit 62 set
 * @rights: rights of the handle, ZXVMO_RIGHT_ bits
 * @type: ZXVMO_OBJ_TYPE_ value
 * @related_koid: 0 for every type there is so far
 * @reserved: 0
 * @padding: 0
 */
struct zxvmo_info_handle_basic {
	__aligned_u64 koid;
	__u32 rights;
	__u32 type;
	__aligned_u64 related_koid;
	__u32 reserved;
	__u32 padding;
};

/**
 * struct zxvmo_info_handle_count - record of ZXVMO_INFO_HANDLE_COUNT
 * @handle_count: open handles to the object in all processes. Descriptors that
 *	share one open file (dup(2), fork(2)) are one handle. A mapping keeps the
 *	handle open that it was made through.
 */
struct zxvmo_info_handle_count {
	__u32 handle_count;
};

/**
 * struct zxvmo_info_vmar - record of ZXVMO_INFO_VMAR
 * @base: lowest address
 * @len: length in bytes
 */
struct zxvmo_info_vmar {
	__aligned_u64 base;
	__aligned_u64 len;
};

/**
 * struct zxvmo_info_vmo - record of ZXVMO_INFO_VMO and its older versions
 * @koid: the VMO's id
 * @name: name, NUL-terminated, the rest zero
 * @size_bytes: size, a multiple of the page size
 * @parent_koid: the parent's id, 0 if there is none. When a parent is gone, its
 *	own parent takes its place.
 * @num_children: number of direct children of every kind
 * @num_mappings: number of mappings (Linux VMAs) in all processes
 * @share_count: number of address spaces with a mapping, but at least 1
 * @flags: ZXVMO_INFO_VMO_ bits
 * @padding: 0
 * @committed_bytes: memory of the pages this VMO sees, shared ones in full; 0 for
 *	slices and references. Version 1 ends after @cache_policy.
 * @handle_rights: rights of the handle that was asked
 * @cache_policy: ZXVMO_CACHE_POLICY_ value
 * @metadata_bytes: kernel memory that keeps track of the pages
 * @committed_change_events: how often the kernel took pages away by itself.
 *	Version 2 ends here.
 * @populated_bytes: as @committed_bytes, for nothing is compressed. Version 3
 *	ends here.
 * @committed_private_bytes: part of @committed_bytes nobody else shares
 * @populated_private_bytes: the same as @committed_private_bytes
 * @committed_scaled_bytes: each page divided by the number of its sharers
 * @populated_scaled_bytes: the same as @committed_scaled_bytes
 * @committed_fractional_scaled_bytes: what @committed_scaled_bytes leaves out,
 *	in units of 2^-63 byte
 * @populated_fractional_scaled_bytes: the same as
 *	@committed_fractional_scaled_bytes
 */
struct zxvmo_info_vmo {
	__aligned_u64 koid;
	char name[ZXVMO_MAX_NAME_LEN];
	__aligned_u64 size_bytes;
	__aligned_u64 parent_koid;
	__aligned_u64 num_children;
	__aligned_u64 num_mappings;
	__aligned_u64 share_count;
	__u32 flags;
	__u32 padding;
	__aligned_u64 committed_bytes;
	__u32 handle_rights;
	__u32 cache_policy;
	__aligned_u64 metadata_bytes;
	__aligned_u64 committed_change_events;
	__aligned_u64 populated_bytes;
	__aligned_u64 committed_private_bytes;
	__aligned_u64 populated_private_bytes;
	__aligned_u64 committed_scaled_bytes;
	__aligned_u64 populated_scaled_bytes;
	__aligned_u64 committed_fractional_scaled_bytes;
	__aligned_u64 populated_fractional_scaled_bytes;
};

#define ZXVMO_INFO_VMO_V1_SIZE	104
#define ZXVMO_INFO_VMO_V2_SIZE	120
#define ZXVMO_INFO_VMO_V3_SIZE	128

/**
 * struct zxvmo_info_maps_mapping - what struct zxvmo_info_maps tells of a mapping
 * @mmu_flags: its permissions, ZXVMO_VM_PERM_ bits
 * @padding: 0
 * @vmo_koid: id of the VMO
 * @vmo_offset: its first byte in the VMO
 * @committed_bytes: memory of the VMO's pages in its range, shared ones in full; 0
 *	if the VMO is a slice or a reference. Version 1 has the number of pages in its
 *	place and ends here.
 * @populated_bytes: as @committed_bytes. Version 2 has pages and ends here.
 * @committed_private_bytes: part of @committed_bytes that no other VMO shares
 * @populated_private_bytes: the same as @committed_private_bytes
 * @committed_scaled_bytes: each page divided by the number of VMOs that share it
 * @populated_scaled_bytes: the same as @committed_scaled_bytes
 * @committed_fractional_scaled_bytes: what @committed_scaled_bytes leaves out,
 *	in units of 2^-63 byte
 * @populated_fractional_scaled_bytes: the same as
 *	@committed_fractional_scaled_bytes
 */
struct zxvmo_info_maps_mapping {
	__u32 mmu_flags;
	__u32 padding;
	__aligned_u64 vmo_koid;
	__aligned_u64 vmo_offset;
	__aligned_u64 committed_bytes;
	__aligned_u64 populated_bytes;
	__aligned_u64 committed_private_bytes;
	__aligned_u64 populated_private_bytes;
	__aligned_u64 committed_scaled_bytes;
	__aligned_u64 populated_scaled_bytes;
	__aligned_u64 committed_fractional_scaled_bytes;
	__aligned_u64 populated_fractional_scaled_bytes;
};

/**
 * struct zxvmo_info_maps - record of ZXVMO_INFO_VMAR_MAPS, ZXVMO_INFO_PROCESS_MAPS and
 *	the older versions of that
 * @name: "root" or "useralloc" of a VMAR, the name of the VMO of a mapping
 * @base: first address
 * @size: bytes
 * @depth: how many records it is within, of those that the listing begins with
 * @type: ZXVMO_INFO_MAPS_TYPE_ value
 * @padding: 0
 * @mapping: 0 unless it is one
 */
struct zxvmo_info_maps {
	char name[ZXVMO_MAX_NAME_LEN];
	__aligned_u64 base;
	__aligned_u64 size;
	__aligned_u64 depth;
	__u32 type;
	__u32 padding;
	struct zxvmo_info_maps_mapping mapping;
};

#define ZXVMO_INFO_MAPS_V1_SIZE	96
#define ZXVMO_INFO_MAPS_V2_SIZE	104

/* Features, bits of struct zxvmo_query.out_features */

/** ZXVMO_FEATURE_VMO - VMOs, events, handles and mappings of this version */
#define ZXVMO_FEATURE_VMO	(1ULL << 0)
/** ZXVMO_FEATURE_CHILDREN - VMO_CREATE_CHILD with all kinds of children */
#define ZXVMO_FEATURE_CHILDREN	(1ULL << 1)
/** ZXVMO_FEATURE_DISCARDABLE - VMOs with ZXVMO_VMO_DISCARDABLE and their locks */
#define ZXVMO_FEATURE_DISCARDABLE	(1ULL << 2)
/** ZXVMO_FEATURE_VMAR - all VMAR_ commands, all options of VMAR_MAP */
#define ZXVMO_FEATURE_VMAR	(1ULL << 3)
/**
 * ZXVMO_FEATURE_PROCESS - ZXVMO_HANDLE_PROCESS_SELF with its commands and topics,
 * ZXVMO_INFO_VMAR_MAPS
 */
#define ZXVMO_FEATURE_PROCESS	(1ULL << 4)

/**
 * struct zxvmo_query - ioctl(ZXVMO_QUERY): what this kernel module offers
 * @size: sizeof(struct zxvmo_query)
 * @flags: must be 0
 * @out_api_version: ZXVMO_API_VERSION of the module; it grows when a command or
 *	a field is added and nothing is ever taken away
 * @out_page_size: bytes in a page
 * @out_features: ZXVMO_FEATURE_ bits
 * @out_errata: one bit for each mended departure from Zircon; none so far
 *
 * The only command that writes its results into the structure itself. The
 * kernel writes no more than @size bytes and zeroes what it does not know.
 *
 * Return: 0. EINVAL: @flags is not 0.
 */
struct zxvmo_query {
	__u32 size;
	__u32 flags;
	__u32 out_api_version;
	__u32 out_page_size;
	__aligned_u64 out_features;
	__aligned_u64 out_errata;
};

#define ZXVMO_QUERY _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_QUERY)

/**
 * struct zxvmo_handle_duplicate - ioctl(ZXVMO_HANDLE_DUPLICATE) and
 *	ioctl(ZXVMO_HANDLE_REPLACE)
 * @size: sizeof(struct zxvmo_handle_duplicate)
 * @handle: the handle
 * @rights: rights of the new handle: a subset of those of @handle, or exactly
 *	ZXVMO_RIGHT_SAME_RIGHTS. 0 is legal.
 * @__reserved: must be 0
 * @out_handle: address of a __u32 that receives the new handle
 *
 * DUPLICATE leaves @handle as it is. REPLACE closes it, whether or not it
 * succeeds, unless the value itself is bad; it needs the handle's value and
 * refuses 0. (pager-port-handle-bti.md 2.3)
 *
 * Return: 0. EBADF: no such handle. EACCES: DUPLICATE without
 * ZXVMO_RIGHT_DUPLICATE. EINVAL: @rights is not a subset. EMFILE: no free
 * descriptor below ZXVMO_HANDLE_MAX_FD. ENOMEM. EFAULT: @out_handle; REPLACE
 * has then closed @handle.
 */
struct zxvmo_handle_duplicate {
	__u32 size;
	__u32 handle;
	__u32 rights;
	__u32 __reserved;
	__aligned_u64 out_handle;
};

#define ZXVMO_HANDLE_DUPLICATE _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_HANDLE_DUPLICATE)
#define ZXVMO_HANDLE_REPLACE _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_HANDLE_REPLACE)

/**
 * struct zxvmo_handle_close - ioctl(ZXVMO_HANDLE_CLOSE)
 * @size: sizeof(struct zxvmo_handle_close)
 * @handle: the handle; 0 does nothing and succeeds
 *
 * Closes the descriptor if the value is a handle. Looking and closing are two
 * steps: a thread that closes and reuses the same descriptor at this instant
 * can lose its new one, as with close(2).
 *
 * Return: 0. EBADF: no such handle.
 */
struct zxvmo_handle_close {
	__u32 size;
	__u32 handle;
};

#define ZXVMO_HANDLE_CLOSE _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_HANDLE_CLOSE)

/**
 * struct zxvmo_handle_close_many - ioctl(ZXVMO_HANDLE_CLOSE_MANY)
 * @size: sizeof(struct zxvmo_handle_close_many)
 * @__reserved: must be 0
 * @handles: address of an array of __u32 handles; zeros are skipped
 * @num_handles: number of elements
 *
 * Return: 0. EBADF: one or more were bad or stood there twice; all others are
 * closed. EFAULT: part of the array cannot be read; those before it may be
 * closed.
 */
struct zxvmo_handle_close_many {
	__u32 size;
	__u32 __reserved;
	__aligned_u64 handles;
	__aligned_u64 num_handles;
};

#define ZXVMO_HANDLE_CLOSE_MANY _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_HANDLE_CLOSE_MANY)

/**
 * struct zxvmo_handle_from_fd - ioctl(ZXVMO_HANDLE_FROM_FD)
 * @size: sizeof(struct zxvmo_handle_from_fd)
 * @fd: a file descriptor, for instance one that came through SCM_RIGHTS
 * @out_handle: address of a __u32 that receives the handle value of @fd
 *
 * Nothing is made or closed: the value and the descriptor are the same handle.
 * The way back is ZXVMO_HANDLE_FD().
 *
 * Return: 0. EBADF: @fd is not open, not a zxvmo object or not below
 * ZXVMO_HANDLE_MAX_FD. EFAULT: @out_handle.
 */
struct zxvmo_handle_from_fd {
	__u32 size;
	__s32 fd;
	__aligned_u64 out_handle;
};

#define ZXVMO_HANDLE_FROM_FD _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_HANDLE_FROM_FD)

/**
 * struct zxvmo_object_signal - ioctl(ZXVMO_OBJECT_SIGNAL)
 * @size: sizeof(struct zxvmo_object_signal)
 * @handle: the object
 * @clear_mask: signals to clear
 * @set_mask: signals to set; it is applied last
 *
 * Return: 0. EBADF, EACCES: no ZXVMO_RIGHT_SIGNAL. EINVAL: a mask has bits that
 * user space may not change: all but ZXVMO_SIGNAL_USER_ALL and, on an event,
 * ZXVMO_SIGNAL_SIGNALED.
 */
struct zxvmo_object_signal {
	__u32 size;
	__u32 handle;
	__u32 clear_mask;
	__u32 set_mask;
};

#define ZXVMO_OBJECT_SIGNAL _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_OBJECT_SIGNAL)

/**
 * struct zxvmo_object_wait_one - ioctl(ZXVMO_OBJECT_WAIT_ONE)
 * @size: sizeof(struct zxvmo_object_wait_one)
 * @handle: the object
 * @signals: signals to wait for, any of them ends the wait; 0 waits for the
 *	deadline
 * @__reserved: must be 0
 * @deadline: absolute CLOCK_MONOTONIC time in ns. What is past only asks;
 *	ZXVMO_TIME_INFINITE waits for ever.
 * @out_observed: address of a __u32 that receives all signals that were set at
 *	the end of the wait, or 0. Stored on success, ETIMEDOUT and ECANCELED.
 *
 * Return: 0: one of @signals was set, if only for an instant. EBADF. EACCES: no
 * ZXVMO_RIGHT_WAIT. ETIMEDOUT. ECANCELED: @handle was closed meanwhile;
 * ZXVMO_SIGNAL_HANDLE_CLOSED is set in what was observed. EINTR. EFAULT:
 * @out_observed.
 */
struct zxvmo_object_wait_one {
	__u32 size;
	__u32 handle;
	__u32 signals;
	__u32 __reserved;
	__s64 deadline;
	__aligned_u64 out_observed;
};

#define ZXVMO_OBJECT_WAIT_ONE _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_OBJECT_WAIT_ONE)

/**
 * struct zxvmo_object_get_info - ioctl(ZXVMO_OBJECT_GET_INFO)
 * @size: sizeof(struct zxvmo_object_get_info)
 * @handle: the object
 * @topic: ZXVMO_INFO_ value
 * @__reserved: must be 0
 * @buffer: address that receives the record or records
 * @buffer_size: bytes at @buffer; more than is needed is left alone
 * @out_actual: address of a __u64: records stored; or 0
 * @out_avail: address of a __u64: records there are; or 0
 *
 * HANDLE_VALID needs neither right nor buffer; HANDLE_BASIC and the VMO topics
 * need no right, all others need ZXVMO_RIGHT_INSPECT. (vmo.md 2.13)
 *
 * These have as many records as there are; any @buffer_size will do, also 0:
 *
 * - VMAR_MAPS of a VMAR that can be used here: first itself, then all VMARs
 *   and mappings of VMOs in it by rising address, each VMAR before what it holds.
 *   Neighbouring mappings of one VMO that continue each other are one record if
 *   they have the same permissions.
 * - PROCESS_MAPS of ZXVMO_HANDLE_PROCESS_SELF: the same of the root VMAR, after
 *   one record for the address space.
 * - PROCESS_VMOS of ZXVMO_HANDLE_PROCESS_SELF: struct zxvmo_info_vmo of each VMO
 *   that a descriptor is a handle of, with ZXVMO_INFO_VMO_VIA_HANDLE, then of each
 *   mapping, with ZXVMO_INFO_VMO_VIA_MAPPING and @handle_rights 0: one VMO may come
 *   many times.
 *
 * The lists are not of one instant: what others change meanwhile is there or not.
 *
 * Return: 0. EOPNOTSUPP: unknown topic, before all else. EBADF. EMEDIUMTYPE: a
 * topic of another type. EACCES: the right; VMAR_MAPS of a VMAR of another address
 * space that was not exported. EBADFD: VMAR_MAPS of a VMAR that was destroyed or
 * whose address space is gone. EMSGSIZE: @buffer_size is
 * less than the one record of this topic; actual 0 and avail 1 are stored. ENOMEM.
 * EFAULT. EINTR: killed. Where there are many records some may have been stored.
 */
struct zxvmo_object_get_info {
	__u32 size;
	__u32 handle;
	__u32 topic;
	__u32 __reserved;
	__aligned_u64 buffer;
	__aligned_u64 buffer_size;
	__aligned_u64 out_actual;
	__aligned_u64 out_avail;
};

#define ZXVMO_OBJECT_GET_INFO _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_OBJECT_GET_INFO)

/**
 * struct zxvmo_object_property - ioctl(ZXVMO_OBJECT_GET_PROPERTY) and
 *	ioctl(ZXVMO_OBJECT_SET_PROPERTY)
 * @size: sizeof(struct zxvmo_object_property)
 * @handle: the object
 * @property: ZXVMO_PROP_ value
 * @__reserved: must be 0
 * @value: address of the value
 * @value_size: bytes at @value
 *
 * NAME: any object. Get wants room for 32 bytes and fills them; set takes any
 * length and keeps the first 31 bytes, up to the first NUL.
 * VMO_CONTENT_SIZE: a __u64, the stream size of a VMO. Set accepts more than
 * the size of the VMO, unlike ZXVMO_VMO_SET_STREAM_SIZE. (vmo.md 2.14)
 *
 * Return: 0. EINVAL: @value is 0, before all else. EBADF. EACCES: no
 * ZXVMO_RIGHT_GET_PROPERTY or SET_PROPERTY, or VMO_CONTENT_SIZE is set without
 * ZXVMO_RIGHT_WRITE. EMSGSIZE: @value_size is too small. EMEDIUMTYPE:
 * VMO_CONTENT_SIZE of another type. EOPNOTSUPP: unknown property. EFAULT.
 */
struct zxvmo_object_property {
	__u32 size;
	__u32 handle;
	__u32 property;
	__u32 __reserved;
	__aligned_u64 value;
	__aligned_u64 value_size;
};

#define ZXVMO_OBJECT_GET_PROPERTY _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_OBJECT_GET_PROPERTY)
#define ZXVMO_OBJECT_SET_PROPERTY _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_OBJECT_SET_PROPERTY)

/**
 * struct zxvmo_event_create - ioctl(ZXVMO_EVENT_CREATE), device only
 * @size: sizeof(struct zxvmo_event_create)
 * @options: must be 0
 * @out_handle: address of a __u32 that receives the handle, with
 *	ZXVMO_DEFAULT_EVENT_RIGHTS
 *
 * poll(2) on the descriptor tells POLLIN while ZXVMO_SIGNAL_SIGNALED is set and
 * POLLPRI while a user signal is, and POLLERR without ZXVMO_RIGHT_WAIT.
 *
 * Return: 0. EINVAL: @options. EMFILE. ENOMEM. EFAULT: @out_handle.
 */
struct zxvmo_event_create {
	__u32 size;
	__u32 options;
	__aligned_u64 out_handle;
};

#define ZXVMO_EVENT_CREATE _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_EVENT_CREATE)

/**
 * struct zxvmo_vmo_create - ioctl(ZXVMO_VMO_CREATE), device only
 * @size: sizeof(struct zxvmo_vmo_create)
 * @options: ZXVMO_VMO_RESIZABLE or ZXVMO_VMO_UNBOUNDED; ZXVMO_VMO_DISCARDABLE
 * @vmo_size: size in bytes, rounded up to pages; 0 is legal. It is also the
 *	stream size, unrounded; that is all it is with UNBOUNDED.
 * @out_handle: address of a __u32 that receives the handle, with
 *	ZXVMO_DEFAULT_VMO_RIGHTS and, if RESIZABLE, ZXVMO_RIGHT_RESIZE
 *
 * The memory reads as zero and is allocated when it is written, mapped and
 * written, or committed. It is charged to the memory cgroup of whoever causes
 * that and, with what keeps track of it, counted towards the limits of the user
 * who created the VMO. That of a DISCARDABLE VMO is charged to the memory cgroup of
 * its creator; for its locks see struct zxvmo_vmo_op_range. It has no children.
 * (vmo.md 2.1, 3.5)
 *
 * Return: 0. In this order: EINVAL: RESIZABLE with UNBOUNDED. ERANGE: @vmo_size
 * rounds past 2^64. EINVAL: another option. ERANGE: more than
 * ZXVMO_VMO_MAX_SIZE. EMFILE. ENOMEM. EFAULT: @out_handle.
 */
struct zxvmo_vmo_create {
	__u32 size;
	__u32 options;
	__aligned_u64 vmo_size;
	__aligned_u64 out_handle;
};

#define ZXVMO_VMO_CREATE _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMO_CREATE)

/**
 * struct zxvmo_vmo_rw - ioctl(ZXVMO_VMO_READ) and ioctl(ZXVMO_VMO_WRITE)
 * @size: sizeof(struct zxvmo_vmo_rw)
 * @handle: the VMO; needs ZXVMO_RIGHT_READ or ZXVMO_RIGHT_WRITE
 * @buffer: user address
 * @offset: first byte in the VMO
 * @length: bytes to copy
 *
 * The limit is the size of the VMO, not its stream size. Copies from low to
 * high and is not atomic against other writers; on an error part may have been
 * copied. Reading allocates nothing. (vmo.md 2.2)
 *
 * Return: 0. EBADF, EMEDIUMTYPE, EACCES: the handle. ERANGE: the range leaves
 * the VMO, also when it shrinks meanwhile. ENOENT: @buffer is not mapped.
 * EACCES: @buffer is mapped without the permission. ERANGE: @buffer is a
 * mapping that leaves its own VMO. ENOMEM. EINTR: killed.
 */
struct zxvmo_vmo_rw {
	__u32 size;
	__u32 handle;
	__aligned_u64 buffer;
	__aligned_u64 offset;
	__aligned_u64 length;
};

#define ZXVMO_VMO_READ _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMO_READ)
#define ZXVMO_VMO_WRITE _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMO_WRITE)

/**
 * struct zxvmo_vmo_get_size - ioctl(ZXVMO_VMO_GET_SIZE) and
 *	ioctl(ZXVMO_VMO_GET_STREAM_SIZE)
 * @size: sizeof(struct zxvmo_vmo_get_size)
 * @handle: the VMO; no right is needed
 * @out_size: address of a __u64 that receives the size in bytes
 *
 * Return: 0. EBADF. EMEDIUMTYPE. EFAULT: @out_size. (vmo.md 2.3, 2.4)
 */
struct zxvmo_vmo_get_size {
	__u32 size;
	__u32 handle;
	__aligned_u64 out_size;
};

#define ZXVMO_VMO_GET_SIZE _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMO_GET_SIZE)
#define ZXVMO_VMO_GET_STREAM_SIZE _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMO_GET_STREAM_SIZE)

/**
 * struct zxvmo_vmo_set_size - ioctl(ZXVMO_VMO_SET_SIZE) and
 *	ioctl(ZXVMO_VMO_SET_STREAM_SIZE)
 * @size: sizeof(struct zxvmo_vmo_set_size)
 * @handle: the VMO; needs ZXVMO_RIGHT_WRITE
 * @vmo_size: new size in bytes
 *
 * SET_SIZE rounds the size up to pages, makes @vmo_size the stream size, and
 * frees, unmaps and zeroes what lies beyond: a mapping of it raises SIGBUS until
 * the VMO grows again, and then reads zero. (vmo.md 2.5)
 * SET_STREAM_SIZE zeroes from the smaller of the old and the new stream size to
 * the end of the VMO; it needs no resizable VMO. (vmo.md 2.4)
 *
 * Return: 0. EBADF, EMEDIUMTYPE, EACCES: the handle; SET_SIZE of a resizable
 * VMO without ZXVMO_RIGHT_RESIZE is EACCES too. ERANGE: SET_SIZE: the size
 * rounds past 2^64 (also if not resizable) or exceeds ZXVMO_VMO_MAX_SIZE;
 * SET_STREAM_SIZE: it exceeds the size of the VMO. EPERM: SET_SIZE of a VMO that
 * is not resizable. EINVAL: SET_SIZE of a snapshot: the size wraps counted from
 * the first ancestor's start. ENOMEM: relatives share what must be changed. EINTR:
 * killed while waiting for another resize.
 */
struct zxvmo_vmo_set_size {
	__u32 size;
	__u32 handle;
	__aligned_u64 vmo_size;
};

#define ZXVMO_VMO_SET_SIZE _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMO_SET_SIZE)
#define ZXVMO_VMO_SET_STREAM_SIZE _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMO_SET_STREAM_SIZE)

/**
 * struct zxvmo_vmo_op_range - ioctl(ZXVMO_VMO_OP_RANGE)
 * @size: sizeof(struct zxvmo_vmo_op_range)
 * @handle: the VMO
 * @op: ZXVMO_VMO_OP_ value
 * @__reserved: must be 0
 * @offset: first byte
 * @length: number of bytes
 * @buffer: LOCK: receives a struct zxvmo_vmo_lock_state; others do not look at it
 * @buffer_size: LOCK: its size in bytes; others do not look at it
 *
 * - COMMIT (WRITE): allocates the pages that are missing, all or none of them.
 * - DECOMMIT (WRITE): frees the pages; they read as zero. @offset and @length
 *   must be multiples of the page size.
 * - ZERO (WRITE): the bytes read as zero; whole pages are freed.
 * - CACHE_SYNC, CACHE_CLEAN, CACHE_CLEAN_INVALIDATE (READ), CACHE_INVALIDATE
 *   (WRITE): cache maintenance on the pages present. CACHE_INVALIDATE only
 *   while the module parameter enable_debugging_syscalls is set.
 * - DONT_NEED, ALWAYS_NEED (no right): hints.
 * - PREFETCH (READ): checks the range; nothing is ever absent from memory.
 * - LOCK, TRY_LOCK, UNLOCK (READ or WRITE): of discardable VMOs only, and of all
 *   their bytes. Locks are counted; they belong to the VMO and outlive handle and
 *   process. Unlocked, after it was locked, the VMO may lose all its pages when
 *   memory is short: it is discarded, and reading, writing, COMMIT and transfers
 *   give ENOENT, access to mappings SIGBUS. LOCK then starts it anew with zeros
 *   and says so once; TRY_LOCK refuses.
 *
 * Ranges of COMMIT, PREFETCH and the cache operations are rounded outwards to
 * pages; DONT_NEED and ALWAYS_NEED do not look at them. (vmo.md 3)
 *
 * Return: 0. EBADF, EMEDIUMTYPE: the handle. EINVAL: unknown @op. EOPNOTSUPP:
 * CACHE_INVALIDATE is switched off. EACCES: the right. EOPNOTSUPP: LOCK,
 * TRY_LOCK, UNLOCK of a VMO that is not discardable; a cache operation this
 * architecture has no exported primitive for. ERANGE: the range leaves the VMO,
 * or is not all of it in LOCK, TRY_LOCK, UNLOCK. EPERM: TRY_LOCK of a discarded VMO.
 * EBADFD: UNLOCK without a lock. EINVAL: LOCK with a @buffer that is too small or
 * bad; it was locked for an instant then, which makes a discarded VMO usable without
 * anybody having been told. ENOENT: COMMIT of a discarded VMO.
 * EINVAL: a cache operation on 0 bytes. EOPNOTSUPP: DECOMMIT, not of 0 bytes, while
 * another VMO descends from the same first one by snapshots; it is found after
 * ERANGE. EINVAL: DECOMMIT of a misaligned range, found after that. ENOMEM: COMMIT;
 * ZERO if relatives share what it changes. EINTR: killed.
 */
struct zxvmo_vmo_op_range {
	__u32 size;
	__u32 handle;
	__u32 op;
	__u32 __reserved;
	__aligned_u64 offset;
	__aligned_u64 length;
	__aligned_u64 buffer;
	__aligned_u64 buffer_size;
};

#define ZXVMO_VMO_OP_RANGE _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMO_OP_RANGE)

/**
 * struct zxvmo_vmo_lock_state - what LOCK tells
 * @offset: that of the call, 0
 * @size: length of the call in bytes
 * @discarded_offset: 0
 * @discarded_size: bytes that were lost since the VMO was last locked: 0 or all
 */
struct zxvmo_vmo_lock_state {
	__aligned_u64 offset;
	__aligned_u64 size;
	__aligned_u64 discarded_offset;
	__aligned_u64 discarded_size;
};

/**
 * struct zxvmo_vmo_set_cache_policy - ioctl(ZXVMO_VMO_SET_CACHE_POLICY)
 * @size: sizeof(struct zxvmo_vmo_set_cache_policy)
 * @handle: the VMO; needs ZXVMO_RIGHT_MAP
 * @policy: ZXVMO_CACHE_POLICY_ value
 * @__reserved: must be 0
 *
 * Return: 0: ZXVMO_CACHE_POLICY_CACHED, the only policy there is so far.
 * EINVAL: bits outside the mask, before all else. EBADF, EMEDIUMTYPE, EACCES:
 * the handle. EBADFD: the VMO is mapped, or it has a child or a parent.
 * EOPNOTSUPP: another policy. (vmo.md 2.8)
 */
struct zxvmo_vmo_set_cache_policy {
	__u32 size;
	__u32 handle;
	__u32 policy;
	__u32 __reserved;
};

#define ZXVMO_VMO_SET_CACHE_POLICY _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMO_SET_CACHE_POLICY)

/**
 * struct zxvmo_vmo_replace_as_executable - ioctl(ZXVMO_VMO_REPLACE_AS_EXECUTABLE)
 * @size: sizeof(struct zxvmo_vmo_replace_as_executable)
 * @handle: the VMO; its value is needed, 0 is refused. It is closed in every
 *	case but a bad value.
 * @vmex: 0: ask the policy, the module parameter ambient_mark_vmo_exec. There
 *	are no resources, so every other value is wrong.
 * @__reserved: must be 0
 * @out_handle: address of a __u32 that receives a handle with the same rights
 *	and ZXVMO_RIGHT_EXECUTE
 *
 * Return: 0. EBADF: no such handle, or another type of object. Then what is
 * wrong with @vmex: EBADF: no such handle; EMEDIUMTYPE: not a resource; EACCES:
 * the policy. EMFILE. ENOMEM. EFAULT: @out_handle. (vmo.md 2.11)
 */
struct zxvmo_vmo_replace_as_executable {
	__u32 size;
	__u32 handle;
	__u32 vmex;
	__u32 __reserved;
	__aligned_u64 out_handle;
};

#define ZXVMO_VMO_REPLACE_AS_EXECUTABLE \
	_IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMO_REPLACE_AS_EXECUTABLE)

/**
 * struct zxvmo_vmo_transfer_data - ioctl(ZXVMO_VMO_TRANSFER_DATA)
 * @size: sizeof(struct zxvmo_vmo_transfer_data)
 * @handle: the destination; needs ZXVMO_RIGHT_WRITE
 * @options: must be 0
 * @src_handle: the source; needs ZXVMO_RIGHT_READ and ZXVMO_RIGHT_WRITE
 * @offset: first byte in the destination
 * @length: number of bytes
 * @src_offset: first byte in the source
 *
 * Moves pages; all three numbers are multiples of the page size. The source
 * range becomes zero and the destination takes its content, absent pages
 * included; overlapping ranges of one VMO behave as with memmove(). A page that
 * the kernel is still using for I/O is copied instead.
 *
 * Return: 0; also, without a look at the range, if source and destination are
 * the same bytes. EINVAL: @options, alignment; before the handles. EBADF,
 * EMEDIUMTYPE, EACCES: first the destination, then the source. ERANGE: the
 * source range leaves its VMO. ERANGE: the destination range does; Zircon has
 * emptied the source by then, this module has not. ENOMEM, EINTR (killed): part
 * of the range may have been moved, and no byte is lost. (vmo.md 2.12)
 */
struct zxvmo_vmo_transfer_data {
	__u32 size;
	__u32 handle;
	__u32 options;
	__u32 src_handle;
	__aligned_u64 offset;
	__aligned_u64 length;
	__aligned_u64 src_offset;
};

#define ZXVMO_VMO_TRANSFER_DATA _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMO_TRANSFER_DATA)

/**
 * struct zxvmo_vmo_create_child - ioctl(ZXVMO_VMO_CREATE_CHILD)
 * @size: sizeof(struct zxvmo_vmo_create_child)
 * @handle: the parent; needs ZXVMO_RIGHT_DUPLICATE and ZXVMO_RIGHT_READ, with
 *	REFERENCE and RESIZABLE also ZXVMO_RIGHT_RESIZE
 * @options: exactly one kind, SNAPSHOT, SNAPSHOT_AT_LEAST_ON_WRITE,
 *	SNAPSHOT_MODIFIED, SLICE or REFERENCE; NO_WRITE goes with each, RESIZABLE
 *	with all but SLICE and NO_WRITE
 * @__reserved: must be 0
 * @offset: first byte of the parent, a multiple of the page size; 0 for REFERENCE
 * @vmo_size: bytes, rounded up to pages; 0 for REFERENCE. It is also the stream
 *	size, unrounded.
 * @out_handle: address of a __u32 that receives the handle. Its rights are those
 *	of @handle without RESIZE, with GET_PROPERTY and SET_PROPERTY, and RESIZE
 *	if RESIZABLE; then NO_WRITE takes WRITE away, else a snapshot has WRITE
 *	and has not EXECUTE.
 *
 * The three snapshots are the same, for nothing is paged by a program: the child
 * is a copy of the range as it was, and neither sees what the other writes later.
 * Pages are shared until one of them writes; beyond the end of the parent the
 * child reads zero. A page that the kernel is using for I/O is copied at once. What
 * is written to the child counts towards the limits of the user who created it; a
 * page that it shares counts where it did before, as long as anybody has it.
 * A slice is a window on a part of the parent, a reference another object on the
 * whole; both keep its pages alive and hold none of their own.
 * The child's name is that of the parent if @handle has GET_PROPERTY.
 * ZXVMO_SIGNAL_ZERO_CHILDREN of the parent is clear while it has a child: until
 * the last handle and the last mapping of each are gone. (vmo.md 2.7, 4)
 *
 * Return: 0. In this order: ERANGE: @vmo_size rounds past 2^64. EINVAL: NO_WRITE
 * with RESIZABLE. EBADF, EMEDIUMTYPE, EACCES: the handle. EINVAL: @options.
 * SLICE: EINVAL: alignment; ERANGE: more than ZXVMO_VMO_MAX_SIZE; EINVAL: not
 * within the parent; EOPNOTSUPP: the parent is resizable. REFERENCE: EINVAL:
 * @offset or @vmo_size is not 0; EOPNOTSUPP: of a slice, or RESIZABLE of a VMO
 * that is not. Snapshots: EINVAL: alignment; ERANGE: more than ZXVMO_VMO_MAX_SIZE
 * or the range wraps; EINVAL: it wraps counted from the first ancestor's start;
 * EOPNOTSUPP: of a slice. EMFILE. ENOMEM. EINTR: killed. EFAULT: @out_handle.
 */
struct zxvmo_vmo_create_child {
	__u32 size;
	__u32 handle;
	__u32 options;
	__u32 __reserved;
	__aligned_u64 offset;
	__aligned_u64 vmo_size;
	__aligned_u64 out_handle;
};

#define ZXVMO_VMO_CREATE_CHILD _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMO_CREATE_CHILD)

/**
 * DOC: VMARs
 *
 * A VMAR is a region of the address space of the process that made it. A mapping
 * or region in it is named by its place: options and an offset, as follows.
 *
 * - SPECIFIC: at that offset from the base of the VMAR. EEXIST: something is there.
 * - SPECIFIC_OVERWRITE: the same, in place of mappings of VMOs that are there.
 *   EINVAL: a region is there; EEXIST: a mapping of something else.
 * - OFFSET_IS_UPPER_LIMIT: anywhere below that offset.
 * - none of these: anywhere; the offset must be 0.
 *
 * Bits 24 to 31 of the options are 0 or the binary logarithm of an alignment, 10
 * to 32. Where anything goes the place is random, in VMARs made with COMPACT the
 * lowest, and in the root VMAR where mmap(2) would have put it. What is mapped
 * otherwise than from a VMO occupies addresses and is never touched.
 *
 * A handle of a VMAR can only be used by its own process: in another one, after
 * fork(2), SCM_RIGHTS or exec(2), the VMAR_ commands are EACCES. One with
 * ZXVMO_RIGHT_EXPORTED can be used anywhere but for VMAR_PROTECT and VMAR_EXPORT,
 * as long as its process lives, then they are EBADFD. Mappings are made and memory is
 * charged as if that process did it. (vmar.md 2)
 */

/**
 * struct zxvmo_vmar_map - ioctl(ZXVMO_VMAR_MAP)
 * @size: sizeof(struct zxvmo_vmar_map)
 * @handle: the VMAR; needs the rights that match the permissions
 * @options: ZXVMO_VM_PERM_READ, WRITE, EXECUTE, PERM_READ_IF_XOM_UNSUPPORTED,
 *	ALLOW_FAULTS, REQUIRE_NON_RESIZABLE, MAP_RANGE,
 *	FAULT_BEYOND_STREAM_SIZE, and the place
 * @vmo: the VMO; needs ZXVMO_RIGHT_MAP and the rights that match the permissions
 * @vmar_offset: the offset of the place
 * @vmo_offset: first byte in the VMO, a multiple of the page size; it may lie
 *	beyond its end
 * @length: bytes, rounded up to pages
 * @out_addr: address of a __u64 that receives the address of the mapping
 *
 * What both handles allow bounds the permissions of the mapping for its life. With
 * MAP_RANGE the pages that the VMO has are entered into page tables at once, as the
 * operation of VMAR_OP_RANGE does. With FAULT_BEYOND_STREAM_SIZE the mapping ends
 * with the page that the stream ends in, wherever that is at the time: what is
 * beyond raises SIGBUS.
 *
 * Return: 0. In the order of vmar.md 2.2: EBADF, EMEDIUMTYPE: the VMAR, the VMO.
 * EACCES: no MAP. EINVAL: WRITE or EXECUTE without READ; MAP_RANGE with
 * SPECIFIC_OVERWRITE; CAN_MAP_ options. EACCES: a permission that one of the
 * handles lacks. EINVAL: FAULT_BEYOND_STREAM_SIZE without ALLOW_FAULTS; unknown
 * options. EOPNOTSUPP: REQUIRE_NON_RESIZABLE and a resizable VMO; a discardable one
 * without ALLOW_FAULTS. EINVAL: COMPACT, CAN_MAP_SPECIFIC. EACCES: a permission that
 * the VMAR was made without. EINVAL: alignment. ERANGE: a number wraps. EBADFD: the
 * VMAR was destroyed. EINVAL: @length is 0, an offset that is not for the options or
 * misaligned. EACCES: one, and the VMAR was made without CAN_MAP_SPECIFIC. EINVAL:
 * the place is outside the VMAR or not aligned as it asks for. EEXIST. EMFILE: no
 * room. ENOMEM: SPECIFIC_OVERWRITE may have unmapped what it should have replaced.
 * ENOENT: MAP_RANGE of a discarded VMO; EFAULT: @out_addr; nothing stays mapped.
 * EINTR: killed.
 */
struct zxvmo_vmar_map {
	__u32 size;
	__u32 handle;
	__u32 options;
	__u32 vmo;
	__aligned_u64 vmar_offset;
	__aligned_u64 vmo_offset;
	__aligned_u64 length;
	__aligned_u64 out_addr;
};

#define ZXVMO_VMAR_MAP _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMAR_MAP)

/**
 * struct zxvmo_vmar_range - ioctl(ZXVMO_VMAR_UNMAP) and
 *	ioctl(ZXVMO_VMAR_PROTECT)
 * @size: sizeof(struct zxvmo_vmar_range)
 * @handle: the VMAR; PROTECT needs the rights that match the permissions
 * @options: PROTECT: ZXVMO_VM_PERM_ bits; UNMAP: must be 0
 * @__reserved: must be 0
 * @addr: page-aligned address
 * @length: bytes, rounded up to pages
 *
 * UNMAP removes the mappings of VMOs and the regions in the range and nothing
 * else; holes are fine. Regions need ZXVMO_RIGHT_OP_CHILDREN. PROTECT changes
 * nothing: it tells whether all of the range is mappings of VMOs that may have the
 * permissions; the caller then uses mprotect(2), which no mapping lets exceed the
 * rights that it was made with either. Of mappings in a region of the VMAR it only
 * allows to keep or reduce permissions, and needs ZXVMO_RIGHT_OP_CHILDREN for
 * that. (vmar.md 2.3, 2.4)
 *
 * Return: 0. EBADF, EMEDIUMTYPE: the VMAR. EACCES: PROTECT: a right the VMAR
 * lacks. EINVAL: WRITE or EXECUTE without READ, other options, alignment, a length
 * of 0. EBADFD: the VMAR was destroyed. EINVAL: a range outside the VMAR; UNMAP: a
 * region that is partly in the range, or any without the right. The first by
 * address: ENOENT: PROTECT meets a hole or a mapping that is not of a VMO. EACCES:
 * PROTECT asks for more than the rights at map time. EINVAL, EACCES: PROTECT of a
 * mapping in a region: no right; it would add a permission. ENOMEM: UNMAP: also if
 * it leaves too many mappings; part of the range may be unmapped.
 */
struct zxvmo_vmar_range {
	__u32 size;
	__u32 handle;
	__u32 options;
	__u32 __reserved;
	__aligned_u64 addr;
	__aligned_u64 length;
};

#define ZXVMO_VMAR_UNMAP _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMAR_UNMAP)
#define ZXVMO_VMAR_PROTECT _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMAR_PROTECT)

/**
 * struct zxvmo_vmar_allocate - ioctl(ZXVMO_VMAR_ALLOCATE)
 * @size: sizeof(struct zxvmo_vmar_allocate)
 * @handle: the VMAR that it becomes a part of; needs the rights that match the
 *	CAN_MAP_ options
 * @options: ZXVMO_VM_CAN_MAP_READ, WRITE, EXECUTE: what mappings in it may be;
 *	CAN_MAP_SPECIFIC: what is in it may be placed; COMPACT; and the place,
 *	without SPECIFIC_OVERWRITE
 * @__reserved: must be 0
 * @vmar_offset: the offset of the place
 * @length: bytes, a multiple of the page size
 * @out_handle: address of a __u32 that receives the handle, with
 *	ZXVMO_DEFAULT_VMAR_RIGHTS and the rights that match the CAN_MAP_ options
 * @out_addr: address of a __u64 that receives its address
 *
 * The addresses are the region's from now on, also what is free of them. They
 * count towards RLIMIT_AS. It stays when its handles are closed, until it is
 * destroyed or unmapped or the address space ends. fork(2) copies the mappings in
 * it, but no region: in the child they are in the root VMAR.
 *
 * Return: 0. EBADF, EMEDIUMTYPE, EACCES: the VMAR. EACCES: the VMAR is the root's
 * pseudo-handle in a command on an object's own descriptor. EINVAL: other options,
 * alignment. EBADFD: the VMAR was destroyed. EINVAL: a length of 0. EACCES: what
 * the VMAR was made without. Then the place, as in struct zxvmo_vmar_map. EMFILE:
 * no room, no descriptor. ENOMEM. EFAULT. (vmar.md 2.1)
 */
struct zxvmo_vmar_allocate {
	__u32 size;
	__u32 handle;
	__u32 options;
	__u32 __reserved;
	__aligned_u64 vmar_offset;
	__aligned_u64 length;
	__aligned_u64 out_handle;
	__aligned_u64 out_addr;
};

#define ZXVMO_VMAR_ALLOCATE _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMAR_ALLOCATE)

/**
 * struct zxvmo_vmar_destroy - ioctl(ZXVMO_VMAR_DESTROY)
 * @size: sizeof(struct zxvmo_vmar_destroy)
 * @handle: the VMAR; needs ZXVMO_RIGHT_OP_CHILDREN
 *
 * Unmaps all mappings of VMOs in it and ends it and all regions in it. The handle
 * stays open, and its VMAR_ commands are EBADFD from now on.
 *
 * Return: 0. EBADF, EMEDIUMTYPE, EACCES: the VMAR. EOPNOTSUPP: it is the root.
 * EBADFD: it was destroyed. ENOMEM: part of it may be unmapped. (vmar.md 2.5)
 */
struct zxvmo_vmar_destroy {
	__u32 size;
	__u32 handle;
};

#define ZXVMO_VMAR_DESTROY _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMAR_DESTROY)

/**
 * struct zxvmo_vmar_op_range - ioctl(ZXVMO_VMAR_OP_RANGE)
 * @size: sizeof(struct zxvmo_vmar_op_range)
 * @handle: the VMAR; ZXVMO_RIGHT_OP_CHILDREN to work on mappings in a region of it
 * @op: ZXVMO_VMAR_OP_ value
 * @__reserved: must be 0
 * @addr: page-aligned address
 * @length: bytes, rounded up to pages
 * @buffer: must be 0
 * @buffer_size: must be 0
 *
 * Works on the VMOs that are mapped there, mapping by mapping from the lowest; what
 * is done stays done if a later one fails. The rights that count are those that the
 * mapping was made with, not its permissions of now nor the rights of the VMAR.
 *
 * - COMMIT (WRITE): as that of VMO_OP_RANGE, then MAP_RANGE.
 * - DECOMMIT (WRITE), ZERO (WRITE), DONT_NEED: as those of VMO_OP_RANGE.
 * - MAP_RANGE: enters the pages that the VMO has into the page tables, so that
 *   reading them is no fault. Nothing is allocated for it, entries that are there
 *   stay, and what has no permission or is beyond the end is skipped.
 * - ALWAYS_NEED, PREFETCH (READ): as those of VMO_OP_RANGE, then MAP_RANGE.
 *
 * Return: 0. EBADF, EMEDIUMTYPE: the VMAR. EINVAL: unknown @op, a buffer,
 * alignment, a length of 0. ERANGE: a range outside the VMAR. EBADFD: the VMAR was
 * destroyed. Then the first by address: EBADFD: a hole or a mapping that is not of a
 * VMO. EINVAL: a mapping in a region, without the right or with COMMIT, DECOMMIT or
 * PREFETCH. ERANGE: one with FAULT_BEYOND_STREAM_SIZE beyond the stream. EACCES:
 * the right. What VMO_OP_RANGE returns for @op. MAP_RANGE: ENOENT: a discarded VMO.
 * ENOMEM. EINTR: killed. (vmar.md 3)
 */
struct zxvmo_vmar_op_range {
	__u32 size;
	__u32 handle;
	__u32 op;
	__u32 __reserved;
	__aligned_u64 addr;
	__aligned_u64 length;
	__aligned_u64 buffer;
	__aligned_u64 buffer_size;
};

#define ZXVMO_VMAR_OP_RANGE _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMAR_OP_RANGE)

/**
 * struct zxvmo_vmar_export - ioctl(ZXVMO_VMAR_EXPORT)
 * @size: sizeof(struct zxvmo_vmar_export)
 * @handle: the VMAR, of the caller's own address space; needs
 *	ZXVMO_RIGHT_DUPLICATE
 * @rights: rights of the new handle, a subset of those of @handle, or
 *	ZXVMO_RIGHT_SAME_RIGHTS
 * @__reserved: must be 0
 * @out_handle: address of a __u32 that receives a handle with @rights and
 *	ZXVMO_RIGHT_EXPORTED
 *
 * Whoever gets that handle, or a duplicate with ZXVMO_RIGHT_EXPORTED, can change
 * the caller's address space within the VMAR as its rights allow, with the
 * credentials and the RLIMIT_AS that the caller has at its last VMAR_EXPORT. What
 * VMAR_ALLOCATE gives through it can be used from anywhere, too.
 *
 * Return: 0. EBADF, EMEDIUMTYPE, EACCES: the VMAR. EACCES: it is of another address
 * space. EINVAL: @rights. EMFILE. ENOMEM. EFAULT: @out_handle.
 */
struct zxvmo_vmar_export {
	__u32 size;
	__u32 handle;
	__u32 rights;
	__u32 __reserved;
	__aligned_u64 out_handle;
};

#define ZXVMO_VMAR_EXPORT _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_VMAR_EXPORT)

/* Processes: vmar.md 4 */

/** ZXVMO_PROCESS_MEMORY_MAX - most bytes that one command copies */
#define ZXVMO_PROCESS_MEMORY_MAX	(64U << 20)

/**
 * struct zxvmo_process_memory - ioctl(ZXVMO_PROCESS_READ_MEMORY) and
 *	ioctl(ZXVMO_PROCESS_WRITE_MEMORY)
 * @size: sizeof(struct zxvmo_process_memory)
 * @handle: ZXVMO_HANDLE_PROCESS_SELF
 * @addr: first address in the memory of the process
 * @buffer: address of the caller's buffer
 * @length: bytes, 1 to ZXVMO_PROCESS_MEMORY_MAX
 * @out_actual: address of a __u64 that receives how many were copied
 *
 * READ copies from the memory to the buffer, WRITE the other way round. Of shared
 * mappings of VMOs it is the VMO that is read or written, whatever the permissions
 * are at present, if the mapping might be given them. Of all else it is what the
 * caller could read or write by itself. Where the memory ends, or cannot be read or
 * written, the copy ends: that is an error only if nothing was copied.
 *
 * Return: 0. EINVAL: @buffer is 0, @length. EBADF, EMEDIUMTYPE: the handle. Then of
 * the first byte: ENOENT: nothing is mapped there, or it is a VMO that is discarded;
 * EACCES: a mapping that cannot be given the permission, or one not of a VMO that
 * has not got it; ERANGE: it is beyond the end of the VMO; ENOMEM. The buffer:
 * EACCES, ERANGE, ENOENT as of VMO_READ and VMO_WRITE. EINTR: killed. EFAULT:
 * @out_actual. When it fails, part of it may have been copied.
 */
struct zxvmo_process_memory {
	__u32 size;
	__u32 handle;
	__aligned_u64 addr;
	__aligned_u64 buffer;
	__aligned_u64 length;
	__aligned_u64 out_actual;
};

#define ZXVMO_PROCESS_READ_MEMORY _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_PROCESS_READ_MEMORY)
#define ZXVMO_PROCESS_WRITE_MEMORY _IO(ZXVMO_IOC_TYPE, ZXVMO_CMD_PROCESS_WRITE_MEMORY)

#endif /* _UAPI_ZXVMO_H */
