// SPDX-License-Identifier: MIT
/* Proves that Zircon's records and the kernel's have the same layout. */
#include <zircon/syscalls/object.h>

#define SIZE(type, bytes)	_Static_assert(sizeof(type) == (bytes), #type)
#define MEMBER(type, kernel_type, member)						\
	_Static_assert(offsetof(type, member) == offsetof(struct kernel_type, member) &&	\
		       sizeof(((type *)0)->member) == sizeof(((struct kernel_type *)0)->member), \
		       #type "." #member)

/* The addresses the library hands on are those of __u32 and __u64. */
SIZE(zx_handle_t, sizeof(__u32));
SIZE(zx_signals_t, sizeof(__u32));
SIZE(zx_vaddr_t, sizeof(__u64));
SIZE(size_t, sizeof(__u64));

SIZE(zx_info_handle_basic_t, sizeof(struct zxvmo_info_handle_basic));
MEMBER(zx_info_handle_basic_t, zxvmo_info_handle_basic, koid);
MEMBER(zx_info_handle_basic_t, zxvmo_info_handle_basic, rights);
MEMBER(zx_info_handle_basic_t, zxvmo_info_handle_basic, type);
MEMBER(zx_info_handle_basic_t, zxvmo_info_handle_basic, related_koid);
MEMBER(zx_info_handle_basic_t, zxvmo_info_handle_basic, reserved);

SIZE(zx_info_handle_count_t, sizeof(struct zxvmo_info_handle_count));
MEMBER(zx_info_handle_count_t, zxvmo_info_handle_count, handle_count);

SIZE(zx_vmo_lock_state_t, sizeof(struct zxvmo_vmo_lock_state));
MEMBER(zx_vmo_lock_state_t, zxvmo_vmo_lock_state, offset);
MEMBER(zx_vmo_lock_state_t, zxvmo_vmo_lock_state, size);
MEMBER(zx_vmo_lock_state_t, zxvmo_vmo_lock_state, discarded_offset);
MEMBER(zx_vmo_lock_state_t, zxvmo_vmo_lock_state, discarded_size);

SIZE(zx_info_vmar_t, sizeof(struct zxvmo_info_vmar));
MEMBER(zx_info_vmar_t, zxvmo_info_vmar, base);
MEMBER(zx_info_vmar_t, zxvmo_info_vmar, len);

SIZE(zx_info_maps_v1_t, ZXVMO_INFO_MAPS_V1_SIZE);
SIZE(zx_info_maps_v2_t, ZXVMO_INFO_MAPS_V2_SIZE);
SIZE(zx_info_maps_t, sizeof(struct zxvmo_info_maps));
MEMBER(zx_info_maps_t, zxvmo_info_maps, name);
MEMBER(zx_info_maps_t, zxvmo_info_maps, base);
MEMBER(zx_info_maps_t, zxvmo_info_maps, size);
MEMBER(zx_info_maps_t, zxvmo_info_maps, depth);
MEMBER(zx_info_maps_t, zxvmo_info_maps, type);
_Static_assert(offsetof(zx_info_maps_t, u) == offsetof(struct zxvmo_info_maps, mapping), "u");
MEMBER(zx_info_maps_mapping_t, zxvmo_info_maps_mapping, mmu_flags);
MEMBER(zx_info_maps_mapping_t, zxvmo_info_maps_mapping, vmo_koid);
MEMBER(zx_info_maps_mapping_t, zxvmo_info_maps_mapping, vmo_offset);
MEMBER(zx_info_maps_mapping_t, zxvmo_info_maps_mapping, committed_bytes);
MEMBER(zx_info_maps_mapping_t, zxvmo_info_maps_mapping, populated_bytes);
MEMBER(zx_info_maps_mapping_t, zxvmo_info_maps_mapping, committed_private_bytes);
MEMBER(zx_info_maps_mapping_t, zxvmo_info_maps_mapping, populated_private_bytes);
MEMBER(zx_info_maps_mapping_t, zxvmo_info_maps_mapping, committed_scaled_bytes);
MEMBER(zx_info_maps_mapping_t, zxvmo_info_maps_mapping, populated_scaled_bytes);
MEMBER(zx_info_maps_mapping_t, zxvmo_info_maps_mapping, committed_fractional_scaled_bytes);
MEMBER(zx_info_maps_mapping_t, zxvmo_info_maps_mapping, populated_fractional_scaled_bytes);

SIZE(zx_info_vmo_v1_t, ZXVMO_INFO_VMO_V1_SIZE);
SIZE(zx_info_vmo_v2_t, ZXVMO_INFO_VMO_V2_SIZE);
SIZE(zx_info_vmo_v3_t, ZXVMO_INFO_VMO_V3_SIZE);
SIZE(zx_info_vmo_t, sizeof(struct zxvmo_info_vmo));
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, koid);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, name);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, size_bytes);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, parent_koid);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, num_children);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, num_mappings);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, share_count);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, flags);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, committed_bytes);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, handle_rights);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, cache_policy);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, metadata_bytes);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, committed_change_events);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, populated_bytes);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, committed_private_bytes);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, populated_private_bytes);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, committed_scaled_bytes);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, populated_scaled_bytes);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, committed_fractional_scaled_bytes);
MEMBER(zx_info_vmo_t, zxvmo_info_vmo, populated_fractional_scaled_bytes);
