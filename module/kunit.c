// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the KUnit suites in selftests/kunit/ call and set. Only builds for tests,
 * for a kernel that has KUnit, export it.
 */
#include <linux/export.h>

#include "pagetree.h"

EXPORT_SYMBOL_GPL(node_put);
EXPORT_SYMBOL_GPL(zxvmo_account_charge);
EXPORT_SYMBOL_GPL(zxvmo_account_charge_reclaim);
EXPORT_SYMBOL_GPL(zxvmo_account_get);
EXPORT_SYMBOL_GPL(zxvmo_account_id);
EXPORT_SYMBOL_GPL(zxvmo_account_put);
EXPORT_SYMBOL_GPL(zxvmo_account_uncharge);
EXPORT_SYMBOL_GPL(zxvmo_discard_setup);
EXPORT_SYMBOL_GPL(zxvmo_discard_zero_mapped);
EXPORT_SYMBOL_GPL(zxvmo_family_get);
EXPORT_SYMBOL_GPL(zxvmo_family_join);
EXPORT_SYMBOL_GPL(zxvmo_max_memory);
EXPORT_SYMBOL_GPL(zxvmo_node_pool_drain);
EXPORT_SYMBOL_GPL(zxvmo_node_pool_fill);
EXPORT_SYMBOL_GPL(zxvmo_nr_nodes);
EXPORT_SYMBOL_GPL(zxvmo_nr_pages);
EXPORT_SYMBOL_GPL(zxvmo_object_flush);
EXPORT_SYMBOL_GPL(zxvmo_object_free);
EXPORT_SYMBOL_GPL(zxvmo_object_get_name);
EXPORT_SYMBOL_GPL(zxvmo_object_init);
EXPORT_SYMBOL_GPL(zxvmo_object_set_name);
EXPORT_SYMBOL_GPL(zxvmo_object_update_signals);
EXPORT_SYMBOL_GPL(zxvmo_object_wait);
EXPORT_SYMBOL_GPL(zxvmo_page_add_slot);
EXPORT_SYMBOL_GPL(zxvmo_page_init);
EXPORT_SYMBOL_GPL(zxvmo_page_is_shared);
EXPORT_SYMBOL_GPL(zxvmo_page_nr_slots);
EXPORT_SYMBOL_GPL(zxvmo_page_set_shared);
EXPORT_SYMBOL_GPL(zxvmo_pages_free);
EXPORT_SYMBOL_GPL(zxvmo_pages_nr_reclaimable);
EXPORT_SYMBOL_GPL(zxvmo_ptree_bytes);
EXPORT_SYMBOL_GPL(zxvmo_ptree_check);
EXPORT_SYMBOL_GPL(zxvmo_ptree_clone);
EXPORT_SYMBOL_GPL(zxvmo_ptree_clone_ready);
EXPORT_SYMBOL_GPL(zxvmo_ptree_count);
EXPORT_SYMBOL_GPL(zxvmo_ptree_leaf_last);
EXPORT_SYMBOL_GPL(zxvmo_ptree_lookup);
EXPORT_SYMBOL_GPL(zxvmo_ptree_next);
EXPORT_SYMBOL_GPL(zxvmo_ptree_next_absent);
EXPORT_SYMBOL_GPL(zxvmo_ptree_prev);
EXPORT_SYMBOL_GPL(zxvmo_ptree_remove);
EXPORT_SYMBOL_GPL(zxvmo_ptree_reserve);
EXPORT_SYMBOL_GPL(zxvmo_ptree_split);
EXPORT_SYMBOL_GPL(zxvmo_ptree_store);
EXPORT_SYMBOL_GPL(zxvmo_ptree_want);
EXPORT_SYMBOL_GPL(zxvmo_ptree_want_range);
EXPORT_SYMBOL_GPL(zxvmo_reclaim);
EXPORT_SYMBOL_GPL(zxvmo_removed_free);
EXPORT_SYMBOL_GPL(zxvmo_supply_fill);
EXPORT_SYMBOL_GPL(zxvmo_supply_init);
EXPORT_SYMBOL_GPL(zxvmo_supply_release);
EXPORT_SYMBOL_GPL(zxvmo_supply_take);
EXPORT_SYMBOL_GPL(zxvmo_user_share);
EXPORT_SYMBOL_GPL(zxvmo_vmo_alloc);
EXPORT_SYMBOL_GPL(zxvmo_vmo_commit);
EXPORT_SYMBOL_GPL(zxvmo_vmo_decommit);
EXPORT_SYMBOL_GPL(zxvmo_vmo_kin_info);
EXPORT_SYMBOL_GPL(zxvmo_vmo_lock_op);
EXPORT_SYMBOL_GPL(zxvmo_vmo_nr_discards);
EXPORT_SYMBOL_GPL(zxvmo_vmo_own);
EXPORT_SYMBOL_GPL(zxvmo_vmo_transfer);
