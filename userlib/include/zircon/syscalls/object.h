/* SPDX-License-Identifier: MIT */
/*
 * Topics and records of zx_object_get_info() and the properties of objects
 * (vmo.md 1.10 to 1.14, vmar.md 1.6). What the fields mean is told at struct
 * zxvmo_info_handle_basic and its neighbours in zxvmo.h, which have the same
 * layout.
 */
#ifndef ZIRCON_SYSCALLS_OBJECT_H_
#define ZIRCON_SYSCALLS_OBJECT_H_

#include <zircon/types.h>

__BEGIN_CDECLS

typedef uint32_t zx_object_info_topic_t;

#define ZX_INFO_NONE			((zx_object_info_topic_t)0u)
#define ZX_INFO_HANDLE_VALID		((zx_object_info_topic_t)ZXVMO_INFO_HANDLE_VALID)
#define ZX_INFO_HANDLE_BASIC		((zx_object_info_topic_t)ZXVMO_INFO_HANDLE_BASIC)
#define ZX_INFO_VMAR			((zx_object_info_topic_t)ZXVMO_INFO_VMAR)
#define ZX_INFO_PROCESS_MAPS_V1		((zx_object_info_topic_t)ZXVMO_INFO_PROCESS_MAPS_V1)
#define ZX_INFO_PROCESS_MAPS_V2		((zx_object_info_topic_t)ZXVMO_INFO_PROCESS_MAPS_V2)
#define ZX_INFO_PROCESS_MAPS		((zx_object_info_topic_t)ZXVMO_INFO_PROCESS_MAPS)
#define ZX_INFO_PROCESS_VMOS_V1		((zx_object_info_topic_t)ZXVMO_INFO_PROCESS_VMOS_V1)
#define ZX_INFO_PROCESS_VMOS_V2		((zx_object_info_topic_t)ZXVMO_INFO_PROCESS_VMOS_V2)
#define ZX_INFO_PROCESS_VMOS_V3		((zx_object_info_topic_t)ZXVMO_INFO_PROCESS_VMOS_V3)
#define ZX_INFO_PROCESS_VMOS		((zx_object_info_topic_t)ZXVMO_INFO_PROCESS_VMOS)
#define ZX_INFO_HANDLE_COUNT		((zx_object_info_topic_t)ZXVMO_INFO_HANDLE_COUNT)
#define ZX_INFO_VMO_V1			((zx_object_info_topic_t)ZXVMO_INFO_VMO_V1)
#define ZX_INFO_VMO_V2			((zx_object_info_topic_t)ZXVMO_INFO_VMO_V2)
#define ZX_INFO_VMO_V3			((zx_object_info_topic_t)ZXVMO_INFO_VMO_V3)
#define ZX_INFO_VMO			((zx_object_info_topic_t)ZXVMO_INFO_VMO)
#define ZX_INFO_VMAR_MAPS		((zx_object_info_topic_t)ZXVMO_INFO_VMAR_MAPS)

typedef struct zx_info_handle_basic {
	zx_koid_t koid;
	zx_rights_t rights;
	zx_obj_type_t type;
	zx_koid_t related_koid;
	uint32_t reserved;
	uint8_t padding1[4];
} zx_info_handle_basic_t;

typedef struct zx_info_handle_count {
	uint32_t handle_count;
} zx_info_handle_count_t;

typedef struct zx_info_vmar {
	uintptr_t base;
	size_t len;
} zx_info_vmar_t;

typedef uint32_t zx_info_maps_type_t;

#define ZX_INFO_MAPS_TYPE_NONE		((zx_info_maps_type_t)ZXVMO_INFO_MAPS_TYPE_NONE)
#define ZX_INFO_MAPS_TYPE_ASPACE	((zx_info_maps_type_t)ZXVMO_INFO_MAPS_TYPE_ASPACE)
#define ZX_INFO_MAPS_TYPE_VMAR		((zx_info_maps_type_t)ZXVMO_INFO_MAPS_TYPE_VMAR)
#define ZX_INFO_MAPS_TYPE_MAPPING	((zx_info_maps_type_t)ZXVMO_INFO_MAPS_TYPE_MAPPING)

typedef struct zx_info_maps_mapping_v1 {
	zx_vm_option_t mmu_flags;
	uint8_t padding1[4];
	zx_koid_t vmo_koid;
	uint64_t vmo_offset;
	size_t committed_pages;
} zx_info_maps_mapping_v1_t;

typedef struct zx_info_maps_mapping_v2 {
	zx_vm_option_t mmu_flags;
	uint8_t padding1[4];
	zx_koid_t vmo_koid;
	uint64_t vmo_offset;
	size_t committed_pages;
	size_t populated_pages;
} zx_info_maps_mapping_v2_t;

typedef struct zx_info_maps_mapping {
	zx_vm_option_t mmu_flags;
	uint8_t padding1[4];
	zx_koid_t vmo_koid;
	uint64_t vmo_offset;
	uint64_t committed_bytes;
	uint64_t populated_bytes;
	uint64_t committed_private_bytes;
	uint64_t populated_private_bytes;
	uint64_t committed_scaled_bytes;
	uint64_t populated_scaled_bytes;
	uint64_t committed_fractional_scaled_bytes;
	uint64_t populated_fractional_scaled_bytes;
} zx_info_maps_mapping_t;

#define __ZX_INFO_MAPS_MEMBERS			\
	char name[ZX_MAX_NAME_LEN];		\
	zx_vaddr_t base;			\
	size_t size;				\
	size_t depth;				\
	zx_info_maps_type_t type;		\
	uint8_t padding1[4];

typedef struct zx_info_maps_v1 {
	__ZX_INFO_MAPS_MEMBERS
	union {
		zx_info_maps_mapping_v1_t mapping;
	} u;
} zx_info_maps_v1_t;

typedef struct zx_info_maps_v2 {
	__ZX_INFO_MAPS_MEMBERS
	union {
		zx_info_maps_mapping_v2_t mapping;
	} u;
} zx_info_maps_v2_t;

typedef struct zx_info_maps {
	__ZX_INFO_MAPS_MEMBERS
	union {
		zx_info_maps_mapping_t mapping;
	} u;
} zx_info_maps_t;

/* Each version of the VMO's record begins with the one before. */
#define __ZX_INFO_VMO_V1_MEMBERS		\
	zx_koid_t koid;				\
	char name[ZX_MAX_NAME_LEN];		\
	uint64_t size_bytes;			\
	zx_koid_t parent_koid;			\
	size_t num_children;			\
	size_t num_mappings;			\
	size_t share_count;			\
	uint32_t flags;				\
	uint8_t padding1[4];			\
	uint64_t committed_bytes;		\
	zx_rights_t handle_rights;		\
	uint32_t cache_policy;

#define __ZX_INFO_VMO_V2_MEMBERS		\
	__ZX_INFO_VMO_V1_MEMBERS		\
	uint64_t metadata_bytes;		\
	uint64_t committed_change_events;

#define __ZX_INFO_VMO_V3_MEMBERS		\
	__ZX_INFO_VMO_V2_MEMBERS		\
	uint64_t populated_bytes;

typedef struct zx_info_vmo_v1 {
	__ZX_INFO_VMO_V1_MEMBERS
} zx_info_vmo_v1_t;

typedef struct zx_info_vmo_v2 {
	__ZX_INFO_VMO_V2_MEMBERS
} zx_info_vmo_v2_t;

typedef struct zx_info_vmo_v3 {
	__ZX_INFO_VMO_V3_MEMBERS
} zx_info_vmo_v3_t;

typedef struct zx_info_vmo {
	__ZX_INFO_VMO_V3_MEMBERS
	uint64_t committed_private_bytes;
	uint64_t populated_private_bytes;
	uint64_t committed_scaled_bytes;
	uint64_t populated_scaled_bytes;
	uint64_t committed_fractional_scaled_bytes;
	uint64_t populated_fractional_scaled_bytes;
} zx_info_vmo_t;

#define ZX_INFO_VMO_TYPE(flags)		((flags) & ZX_INFO_VMO_TYPE_PAGED)
#define ZX_INFO_VMO_TYPE_PHYSICAL	((uint32_t)0u)
#define ZX_INFO_VMO_TYPE_PAGED		((uint32_t)ZXVMO_INFO_VMO_TYPE_PAGED)
#define ZX_INFO_VMO_RESIZABLE		((uint32_t)ZXVMO_INFO_VMO_RESIZABLE)
#define ZX_INFO_VMO_IS_COW_CLONE	((uint32_t)ZXVMO_INFO_VMO_IS_COW_CLONE)
#define ZX_INFO_VMO_VIA_HANDLE		((uint32_t)ZXVMO_INFO_VMO_VIA_HANDLE)
#define ZX_INFO_VMO_VIA_MAPPING		((uint32_t)ZXVMO_INFO_VMO_VIA_MAPPING)
#define ZX_INFO_VMO_PAGER_BACKED	((uint32_t)ZXVMO_INFO_VMO_PAGER_BACKED)
#define ZX_INFO_VMO_CONTIGUOUS		((uint32_t)ZXVMO_INFO_VMO_CONTIGUOUS)
#define ZX_INFO_VMO_DISCARDABLE		((uint32_t)ZXVMO_INFO_VMO_DISCARDABLE)
#define ZX_INFO_VMO_IMMUTABLE		((uint32_t)ZXVMO_INFO_VMO_IMMUTABLE)
#define ZX_INFO_VMO_VIA_IOB_HANDLE	((uint32_t)ZXVMO_INFO_VMO_VIA_IOB_HANDLE)

#define ZX_PROP_NAME			((uint32_t)ZXVMO_PROP_NAME)
#define ZX_PROP_VMO_CONTENT_SIZE	((uint32_t)ZXVMO_PROP_VMO_CONTENT_SIZE)

__END_CDECLS

#endif /* ZIRCON_SYSCALLS_OBJECT_H_ */
