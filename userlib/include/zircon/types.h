/* SPDX-License-Identifier: MIT */
/* Zircon's basic types and the constants of its calls. */
#ifndef ZIRCON_TYPES_H_
#define ZIRCON_TYPES_H_

#ifndef __LP64__
#error "zircon/: only 64-bit programs are supported"
#endif

#include <stddef.h>
#include <stdint.h>
#include <zircon/compiler.h>
#include <zircon/errors.h>
#include <zircon/limits.h>
#include <zircon/rights.h>
#include <zxvmo.h>

__BEGIN_CDECLS

/* Handles and objects: vmo.md 1.1, 1.9 */

typedef uint32_t zx_handle_t;

#define ZX_HANDLE_INVALID		((zx_handle_t)ZXVMO_HANDLE_INVALID)
#define ZX_HANDLE_FIXED_BITS_MASK	((zx_handle_t)ZXVMO_HANDLE_FIXED_BITS_MASK)

typedef uint64_t zx_koid_t;

#define ZX_KOID_INVALID			((zx_koid_t)0)
#define ZX_KOID_KERNEL			((zx_koid_t)1)
#define ZX_KOID_FIRST			((zx_koid_t)1024)

typedef uint32_t zx_obj_type_t;

#define ZX_OBJ_TYPE_NONE		((zx_obj_type_t)ZXVMO_OBJ_TYPE_NONE)
#define ZX_OBJ_TYPE_PROCESS		((zx_obj_type_t)ZXVMO_OBJ_TYPE_PROCESS)
#define ZX_OBJ_TYPE_THREAD		((zx_obj_type_t)2u)
#define ZX_OBJ_TYPE_VMO			((zx_obj_type_t)ZXVMO_OBJ_TYPE_VMO)
#define ZX_OBJ_TYPE_CHANNEL		((zx_obj_type_t)4u)
#define ZX_OBJ_TYPE_EVENT		((zx_obj_type_t)ZXVMO_OBJ_TYPE_EVENT)
#define ZX_OBJ_TYPE_PORT		((zx_obj_type_t)6u)
#define ZX_OBJ_TYPE_INTERRUPT		((zx_obj_type_t)9u)
#define ZX_OBJ_TYPE_PCI_DEVICE		((zx_obj_type_t)11u)
#define ZX_OBJ_TYPE_DEBUGLOG		((zx_obj_type_t)12u)
#define ZX_OBJ_TYPE_SOCKET		((zx_obj_type_t)14u)
#define ZX_OBJ_TYPE_RESOURCE		((zx_obj_type_t)15u)
#define ZX_OBJ_TYPE_EVENTPAIR		((zx_obj_type_t)16u)
#define ZX_OBJ_TYPE_JOB			((zx_obj_type_t)17u)
#define ZX_OBJ_TYPE_VMAR		((zx_obj_type_t)ZXVMO_OBJ_TYPE_VMAR)
#define ZX_OBJ_TYPE_FIFO		((zx_obj_type_t)19u)
#define ZX_OBJ_TYPE_GUEST		((zx_obj_type_t)20u)
#define ZX_OBJ_TYPE_VCPU		((zx_obj_type_t)21u)
#define ZX_OBJ_TYPE_TIMER		((zx_obj_type_t)22u)
#define ZX_OBJ_TYPE_IOMMU		((zx_obj_type_t)23u)
#define ZX_OBJ_TYPE_BTI			((zx_obj_type_t)24u)
#define ZX_OBJ_TYPE_PROFILE		((zx_obj_type_t)25u)
#define ZX_OBJ_TYPE_PMT			((zx_obj_type_t)26u)
#define ZX_OBJ_TYPE_SUSPEND_TOKEN	((zx_obj_type_t)27u)
#define ZX_OBJ_TYPE_PAGER		((zx_obj_type_t)28u)
#define ZX_OBJ_TYPE_EXCEPTION		((zx_obj_type_t)29u)
#define ZX_OBJ_TYPE_CLOCK		((zx_obj_type_t)30u)
#define ZX_OBJ_TYPE_STREAM		((zx_obj_type_t)31u)
#define ZX_OBJ_TYPE_MSI			((zx_obj_type_t)32u)
#define ZX_OBJ_TYPE_IOB			((zx_obj_type_t)33u)
#define ZX_OBJ_TYPE_COUNTER		((zx_obj_type_t)34u)
#define ZX_OBJ_TYPE_IOB_SHARED_REGION	((zx_obj_type_t)35u)
#define ZX_OBJ_TYPE_UPPER_BOUND		((zx_obj_type_t)64u)

/* Bytes of an object's name with its terminating NUL */
#define ZX_MAX_NAME_LEN			((size_t)ZXVMO_MAX_NAME_LEN)

/* Signals: pager-port-handle-bti.md 1.6 */

typedef uint32_t zx_signals_t;

#define ZX_SIGNAL_NONE			((zx_signals_t)0u)
#define ZX_SIGNAL_HANDLE_CLOSED		((zx_signals_t)ZXVMO_SIGNAL_HANDLE_CLOSED)
#define ZX_USER_SIGNAL_0		((zx_signals_t)1u << 24)
#define ZX_USER_SIGNAL_1		((zx_signals_t)1u << 25)
#define ZX_USER_SIGNAL_2		((zx_signals_t)1u << 26)
#define ZX_USER_SIGNAL_3		((zx_signals_t)1u << 27)
#define ZX_USER_SIGNAL_4		((zx_signals_t)1u << 28)
#define ZX_USER_SIGNAL_5		((zx_signals_t)1u << 29)
#define ZX_USER_SIGNAL_6		((zx_signals_t)1u << 30)
#define ZX_USER_SIGNAL_7		((zx_signals_t)1u << 31)
#define ZX_USER_SIGNAL_ALL		((zx_signals_t)ZXVMO_SIGNAL_USER_ALL)
#define ZX_EVENT_SIGNALED		((zx_signals_t)ZXVMO_SIGNAL_SIGNALED)
#define ZX_EVENT_SIGNAL_MASK		(ZX_USER_SIGNAL_ALL | ZX_EVENT_SIGNALED)
#define ZX_VMO_ZERO_CHILDREN		((zx_signals_t)ZXVMO_SIGNAL_ZERO_CHILDREN)

/* Time, in nanoseconds: pager-port-handle-bti.md 1.2 */

typedef int64_t zx_time_t;
typedef int64_t zx_instant_mono_t;
typedef int64_t zx_instant_boot_t;
typedef int64_t zx_duration_t;
typedef int64_t zx_duration_mono_t;
typedef int64_t zx_duration_boot_t;
typedef int64_t zx_ticks_t;
typedef int64_t zx_instant_mono_ticks_t;
typedef int64_t zx_instant_boot_ticks_t;
typedef int64_t zx_duration_mono_ticks_t;
typedef int64_t zx_duration_boot_ticks_t;

#define ZX_TIME_INFINITE		((int64_t)ZXVMO_TIME_INFINITE)
#define ZX_TIME_INFINITE_PAST		INT64_MIN

/* Addresses and offsets in bytes */

typedef uintptr_t zx_vaddr_t;
typedef uintptr_t zx_paddr_t;
typedef uint64_t zx_off_t;

/* VMOs: vmo.md 1.2, 1.3, 1.4, 1.8, 1.12 */

#define ZX_VMO_RESIZABLE		((uint32_t)ZXVMO_VMO_RESIZABLE)
#define ZX_VMO_DISCARDABLE		((uint32_t)ZXVMO_VMO_DISCARDABLE)
#define ZX_VMO_TRAP_DIRTY		((uint32_t)ZXVMO_VMO_TRAP_DIRTY)
#define ZX_VMO_UNBOUNDED		((uint32_t)ZXVMO_VMO_UNBOUNDED)

#define ZX_VMO_OP_COMMIT		((uint32_t)ZXVMO_VMO_OP_COMMIT)
#define ZX_VMO_OP_DECOMMIT		((uint32_t)ZXVMO_VMO_OP_DECOMMIT)
#define ZX_VMO_OP_LOCK			((uint32_t)ZXVMO_VMO_OP_LOCK)
#define ZX_VMO_OP_UNLOCK		((uint32_t)ZXVMO_VMO_OP_UNLOCK)
#define ZX_VMO_OP_CACHE_SYNC		((uint32_t)ZXVMO_VMO_OP_CACHE_SYNC)
#define ZX_VMO_OP_CACHE_INVALIDATE	((uint32_t)ZXVMO_VMO_OP_CACHE_INVALIDATE)
#define ZX_VMO_OP_CACHE_CLEAN		((uint32_t)ZXVMO_VMO_OP_CACHE_CLEAN)
#define ZX_VMO_OP_CACHE_CLEAN_INVALIDATE \
	((uint32_t)ZXVMO_VMO_OP_CACHE_CLEAN_INVALIDATE)
#define ZX_VMO_OP_ZERO			((uint32_t)ZXVMO_VMO_OP_ZERO)
#define ZX_VMO_OP_TRY_LOCK		((uint32_t)ZXVMO_VMO_OP_TRY_LOCK)
#define ZX_VMO_OP_DONT_NEED		((uint32_t)ZXVMO_VMO_OP_DONT_NEED)
#define ZX_VMO_OP_ALWAYS_NEED		((uint32_t)ZXVMO_VMO_OP_ALWAYS_NEED)
#define ZX_VMO_OP_PREFETCH		((uint32_t)ZXVMO_VMO_OP_PREFETCH)

#define ZX_VMAR_OP_COMMIT		((uint32_t)ZXVMO_VMAR_OP_COMMIT)
#define ZX_VMAR_OP_DECOMMIT		((uint32_t)ZXVMO_VMAR_OP_DECOMMIT)
#define ZX_VMAR_OP_MAP_RANGE		((uint32_t)ZXVMO_VMAR_OP_MAP_RANGE)
#define ZX_VMAR_OP_ZERO			((uint32_t)ZXVMO_VMAR_OP_ZERO)
#define ZX_VMAR_OP_DONT_NEED		((uint32_t)ZXVMO_VMAR_OP_DONT_NEED)
#define ZX_VMAR_OP_ALWAYS_NEED		((uint32_t)ZXVMO_VMAR_OP_ALWAYS_NEED)
#define ZX_VMAR_OP_PREFETCH		((uint32_t)ZXVMO_VMAR_OP_PREFETCH)

#define ZX_VMO_CHILD_SNAPSHOT		((uint32_t)ZXVMO_VMO_CHILD_SNAPSHOT)
#define ZX_VMO_CHILD_RESIZABLE		((uint32_t)ZXVMO_VMO_CHILD_RESIZABLE)
#define ZX_VMO_CHILD_SLICE		((uint32_t)ZXVMO_VMO_CHILD_SLICE)
#define ZX_VMO_CHILD_SNAPSHOT_AT_LEAST_ON_WRITE \
	((uint32_t)ZXVMO_VMO_CHILD_SNAPSHOT_AT_LEAST_ON_WRITE)
#define ZX_VMO_CHILD_NO_WRITE		((uint32_t)ZXVMO_VMO_CHILD_NO_WRITE)
#define ZX_VMO_CHILD_REFERENCE		((uint32_t)ZXVMO_VMO_CHILD_REFERENCE)
#define ZX_VMO_CHILD_SNAPSHOT_MODIFIED	((uint32_t)ZXVMO_VMO_CHILD_SNAPSHOT_MODIFIED)

typedef struct zx_vmo_lock_state {
	uint64_t offset;
	uint64_t size;
	uint64_t discarded_offset;
	uint64_t discarded_size;
} zx_vmo_lock_state_t;

#define ZX_CACHE_POLICY_CACHED		((uint32_t)ZXVMO_CACHE_POLICY_CACHED)
#define ZX_CACHE_POLICY_UNCACHED	((uint32_t)ZXVMO_CACHE_POLICY_UNCACHED)
#define ZX_CACHE_POLICY_UNCACHED_DEVICE	((uint32_t)ZXVMO_CACHE_POLICY_UNCACHED_DEVICE)
#define ZX_CACHE_POLICY_WRITE_COMBINING	((uint32_t)ZXVMO_CACHE_POLICY_WRITE_COMBINING)
#define ZX_CACHE_POLICY_MASK		((uint32_t)ZXVMO_CACHE_POLICY_MASK)

#define ZX_CACHE_FLUSH_INSN		((uint32_t)1u << 0)
#define ZX_CACHE_FLUSH_DATA		((uint32_t)1u << 1)
#define ZX_CACHE_FLUSH_INVALIDATE	((uint32_t)1u << 2)

/* Mappings: vmar.md 1.1 */

typedef uint32_t zx_vm_option_t;

#define ZX_VM_PERM_READ			((zx_vm_option_t)ZXVMO_VM_PERM_READ)
#define ZX_VM_PERM_WRITE		((zx_vm_option_t)ZXVMO_VM_PERM_WRITE)
#define ZX_VM_PERM_EXECUTE		((zx_vm_option_t)ZXVMO_VM_PERM_EXECUTE)
#define ZX_VM_COMPACT			((zx_vm_option_t)ZXVMO_VM_COMPACT)
#define ZX_VM_SPECIFIC			((zx_vm_option_t)ZXVMO_VM_SPECIFIC)
#define ZX_VM_SPECIFIC_OVERWRITE	((zx_vm_option_t)ZXVMO_VM_SPECIFIC_OVERWRITE)
#define ZX_VM_CAN_MAP_SPECIFIC		((zx_vm_option_t)ZXVMO_VM_CAN_MAP_SPECIFIC)
#define ZX_VM_CAN_MAP_READ		((zx_vm_option_t)ZXVMO_VM_CAN_MAP_READ)
#define ZX_VM_CAN_MAP_WRITE		((zx_vm_option_t)ZXVMO_VM_CAN_MAP_WRITE)
#define ZX_VM_CAN_MAP_EXECUTE		((zx_vm_option_t)ZXVMO_VM_CAN_MAP_EXECUTE)
#define ZX_VM_MAP_RANGE			((zx_vm_option_t)ZXVMO_VM_MAP_RANGE)
#define ZX_VM_REQUIRE_NON_RESIZABLE	((zx_vm_option_t)ZXVMO_VM_REQUIRE_NON_RESIZABLE)
#define ZX_VM_ALLOW_FAULTS		((zx_vm_option_t)ZXVMO_VM_ALLOW_FAULTS)
#define ZX_VM_OFFSET_IS_UPPER_LIMIT	((zx_vm_option_t)ZXVMO_VM_OFFSET_IS_UPPER_LIMIT)
#define ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED \
	((zx_vm_option_t)ZXVMO_VM_PERM_READ_IF_XOM_UNSUPPORTED)
#define ZX_VM_FAULT_BEYOND_STREAM_SIZE	((zx_vm_option_t)ZXVMO_VM_FAULT_BEYOND_STREAM_SIZE)

#define ZX_VM_ALIGN_BASE		ZXVMO_VM_ALIGN_BASE
#define ZX_VM_ALIGN_1KB			((zx_vm_option_t)10u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_2KB			((zx_vm_option_t)11u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_4KB			((zx_vm_option_t)12u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_8KB			((zx_vm_option_t)13u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_16KB		((zx_vm_option_t)14u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_32KB		((zx_vm_option_t)15u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_64KB		((zx_vm_option_t)16u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_128KB		((zx_vm_option_t)17u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_256KB		((zx_vm_option_t)18u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_512KB		((zx_vm_option_t)19u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_1MB			((zx_vm_option_t)20u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_2MB			((zx_vm_option_t)21u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_4MB			((zx_vm_option_t)22u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_8MB			((zx_vm_option_t)23u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_16MB		((zx_vm_option_t)24u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_32MB		((zx_vm_option_t)25u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_64MB		((zx_vm_option_t)26u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_128MB		((zx_vm_option_t)27u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_256MB		((zx_vm_option_t)28u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_512MB		((zx_vm_option_t)29u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_1GB			((zx_vm_option_t)30u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_2GB			((zx_vm_option_t)31u << ZX_VM_ALIGN_BASE)
#define ZX_VM_ALIGN_4GB			((zx_vm_option_t)32u << ZX_VM_ALIGN_BASE)

__END_CDECLS

#endif /* ZIRCON_TYPES_H_ */
