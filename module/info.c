// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program can ask of an object: information topics and properties.
 */
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/uaccess.h>

#include "zxvmo.h"

static int compare_pointers(const void *a, const void *b)
{
	uintptr_t x = *(uintptr_t *)a, y = *(uintptr_t *)b;

	cond_resched();
	return x < y ? -1 : x > y;
}

/*
 * Counts the mappings of a VMO and the address spaces they are in. Nothing is
 * kept for this: it is worked out from the list that Linux has anyway.
 */
static int count_mappings(struct zxvmo_vmo *vmo, struct zxvmo_info_vmo *info)
{
	struct address_space *mapping = zxvmo_vmo_mapping(vmo);
	unsigned long room = 0, nr, i;
	struct mm_struct **mms = NULL;
	struct rb_node *node;

	for (;;) {
		nr = 0;
		i_mmap_lock_read(mapping);
		for (node = rb_first_cached(&mapping->i_mmap); node;
		     node = rb_next(node)) {
			struct vm_area_struct *vma =
				rb_entry(node, struct vm_area_struct, shared.rb);

			/* Those of slices and references are there, too. */
			if (zxvmo_file_vmo(vma->vm_file) != vmo)
				continue;
			if (nr < room)
				mms[nr] = vma->vm_mm;
			nr++;
		}
		i_mmap_unlock_read(mapping);
		if (nr <= room)
			break;
		kvfree(mms);
		room = nr + nr / 8;
		mms = kvmalloc_array(room, sizeof(*mms),
				     GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
		if (!mms)
			return -ENOMEM;
	}
	/* Only compared: an address space may be gone by now. */
	sort(mms, nr, sizeof(*mms), compare_pointers, NULL);
	info->num_mappings = nr;
	info->share_count = 1;
	for (i = 1; i < nr; i++)
		info->share_count += mms[i] != mms[i - 1];
	kvfree(mms);
	return 0;
}

/**
 * zxvmo_vmo_info() - what there is to tell of a VMO
 * @vmo: the VMO
 * @info: receives it, as of nobody's handle
 *
 * Return: 0; -ENOMEM; -EINTR if killed.
 */
int zxvmo_vmo_info(struct zxvmo_vmo *vmo, struct zxvmo_info_vmo *info)
{
	int ret;

	*info = (struct zxvmo_info_vmo) {
		.koid = vmo->object.koid,
		.flags = ZXVMO_INFO_VMO_TYPE_PAGED,
		.cache_policy = ZXVMO_CACHE_POLICY_CACHED,
	};
	if (vmo->options & ZXVMO_VMO_RESIZABLE)
		info->flags |= ZXVMO_INFO_VMO_RESIZABLE;
	if (vmo->options & ZXVMO_VMO_DISCARDABLE)
		info->flags |= ZXVMO_INFO_VMO_DISCARDABLE;
	info->committed_change_events = zxvmo_vmo_nr_discards(vmo);
	zxvmo_object_get_name(&vmo->object, info->name);

	if (vmo->child_options & ZXVMO_VMO_CHILD_SNAPSHOT &&
	    vmo->child_options & ZXVMO_VMO_CHILD_NO_WRITE)
		info->flags |= ZXVMO_INFO_VMO_IMMUTABLE;
	info->size_bytes = READ_ONCE(vmo->sizes->size);
	ret = zxvmo_vmo_kin_info(vmo, info);
	if (ret)
		return ret;
	return count_mappings(vmo, info);
}

/*
 * The record of a topic: how long it is and what the handle must be. Topics with
 * many records have a function that looks at the handle and makes them.
 */
static const struct info_topic {
	u32 topic;
	u32 size;
	u32 rights;
	const struct zxvmo_object_type *type;
	int (*list)(struct zxvmo_cmd *cmd, u32 handle, struct zxvmo_info_list *list);
} info_topics[] = {
	{ ZXVMO_INFO_HANDLE_VALID, 0, 0, NULL },
	{ ZXVMO_INFO_HANDLE_BASIC, sizeof(struct zxvmo_info_handle_basic), 0, NULL },
	{ ZXVMO_INFO_HANDLE_COUNT, sizeof(struct zxvmo_info_handle_count),
	  ZXVMO_RIGHT_INSPECT, NULL },
	{ ZXVMO_INFO_VMO_V1, ZXVMO_INFO_VMO_V1_SIZE, 0, &zxvmo_vmo_type },
	{ ZXVMO_INFO_VMO_V2, ZXVMO_INFO_VMO_V2_SIZE, 0, &zxvmo_vmo_type },
	{ ZXVMO_INFO_VMO_V3, ZXVMO_INFO_VMO_V3_SIZE, 0, &zxvmo_vmo_type },
	{ ZXVMO_INFO_VMO, sizeof(struct zxvmo_info_vmo), 0, &zxvmo_vmo_type },
	{ ZXVMO_INFO_VMAR, sizeof(struct zxvmo_info_vmar), 0, NULL },
	{ ZXVMO_INFO_VMAR_MAPS, sizeof(struct zxvmo_info_maps), .list = zxvmo_vmar_maps },
	{ ZXVMO_INFO_PROCESS_MAPS_V1, ZXVMO_INFO_MAPS_V1_SIZE, .list = zxvmo_process_maps },
	{ ZXVMO_INFO_PROCESS_MAPS_V2, ZXVMO_INFO_MAPS_V2_SIZE, .list = zxvmo_process_maps },
	{ ZXVMO_INFO_PROCESS_MAPS, sizeof(struct zxvmo_info_maps), .list = zxvmo_process_maps },
	{ ZXVMO_INFO_PROCESS_VMOS_V1, ZXVMO_INFO_VMO_V1_SIZE, .list = zxvmo_process_vmos },
	{ ZXVMO_INFO_PROCESS_VMOS_V2, ZXVMO_INFO_VMO_V2_SIZE, .list = zxvmo_process_vmos },
	{ ZXVMO_INFO_PROCESS_VMOS_V3, ZXVMO_INFO_VMO_V3_SIZE, .list = zxvmo_process_vmos },
	{ ZXVMO_INFO_PROCESS_VMOS, sizeof(struct zxvmo_info_vmo), .list = zxvmo_process_vmos },
};

union info_record {
	struct zxvmo_info_handle_basic basic;
	struct zxvmo_info_handle_count count;
	struct zxvmo_info_vmar vmar;
	struct zxvmo_info_vmo vmo;
};

static int info_fill(const struct info_topic *topic, struct zxvmo_ref *ref,
		     union info_record *record)
{
	int ret;

	switch (topic->topic) {
	case ZXVMO_INFO_HANDLE_VALID:
		return 0;
	case ZXVMO_INFO_HANDLE_BASIC:
		record->basic = (struct zxvmo_info_handle_basic) {
			.koid = ref->object->koid,
			.rights = ref->rights,
			.type = ref->object->type->type,
		};
		return 0;
	case ZXVMO_INFO_HANDLE_COUNT:
		record->count.handle_count = atomic_read(&ref->object->nr_handles);
		return 0;
	default:
		ret = zxvmo_vmo_info(zxvmo_to_vmo(ref->object), &record->vmo);
		record->vmo.flags |= ZXVMO_INFO_VMO_VIA_HANDLE;
		record->vmo.handle_rights = ref->rights;
		return ret;
	}
}

/* Of the process, which is no object, there are these two. */
static int info_of_process(const struct info_topic *topic, union info_record *record)
{
	record->basic = (struct zxvmo_info_handle_basic) {
		.koid = zxvmo_process_koid(),
		.rights = ZXVMO_PROCESS_SELF_RIGHTS,
		.type = ZXVMO_OBJ_TYPE_PROCESS,
	};
	return topic->topic == ZXVMO_INFO_HANDLE_VALID ||
	       topic->topic == ZXVMO_INFO_HANDLE_BASIC ? 0 : -EMEDIUMTYPE;
}

static int info_put_counts(struct zxvmo_object_get_info *arg, u64 actual, u64 avail)
{
	u64 __user *out_actual = u64_to_user_ptr(arg->out_actual);
	u64 __user *out_avail = u64_to_user_ptr(arg->out_avail);

	if (out_actual && put_user(actual, out_actual))
		return -EFAULT;
	if (out_avail && put_user(avail, out_avail))
		return -EFAULT;
	return 0;
}

static int info_get(struct zxvmo_cmd *cmd, u32 handle,
		    const struct info_topic *topic, union info_record *record,
		    bool fits)
{
	struct zxvmo_ref ref;
	int ret;

	if (handle == ZXVMO_HANDLE_PROCESS_SELF)
		return info_of_process(topic, record);
	if (topic->topic == ZXVMO_INFO_VMAR)
		return zxvmo_vmar_info(cmd, handle, &record->vmar);
	ret = zxvmo_handle_get(cmd, handle, topic->type, topic->rights, &ref);
	if (ret)
		return ret;
	if (fits)
		ret = info_fill(topic, &ref, record);
	zxvmo_handle_put(&ref);
	return ret;
}

/**
 * zxvmo_info_list_has_room() - whether the next record is wanted
 * @list: the list
 *
 * Return: false if it will only be counted.
 */
bool zxvmo_info_list_has_room(const struct zxvmo_info_list *list)
{
	return list->nr < list->room;
}

/**
 * zxvmo_info_list_add() - give the next record to user space, or count it
 * @list: the list
 * @record: the record; it is not looked at if there is no room
 *
 * Return: 0 or -EFAULT.
 */
int zxvmo_info_list_add(struct zxvmo_info_list *list, const void *record)
{
	if (zxvmo_info_list_has_room(list)) {
		if (copy_to_user(list->buffer, record, list->size))
			return -EFAULT;
		list->buffer += list->size;
	}
	list->nr++;
	return 0;
}

static int info_get_list(struct zxvmo_cmd *cmd, const struct info_topic *topic)
{
	struct zxvmo_object_get_info *arg = cmd->arg;
	struct zxvmo_info_list list = {
		.buffer = u64_to_user_ptr(arg->buffer),
		.size = topic->size,
		.room = arg->buffer_size / topic->size,
	};
	int ret;

	ret = topic->list(cmd, arg->handle, &list);
	return ret ?: info_put_counts(arg, min(list.nr, list.room), list.nr);
}

int zxvmo_object_get_info(struct zxvmo_cmd *cmd)
{
	struct zxvmo_object_get_info *arg = cmd->arg;
	const struct info_topic *topic = NULL;
	union info_record record;
	bool fits;
	size_t i;
	int ret;

	if (arg->__reserved)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(info_topics); i++) {
		if (info_topics[i].topic == arg->topic)
			topic = &info_topics[i];
	}
	if (!topic)
		return -EOPNOTSUPP;
	if (topic->list)
		return info_get_list(cmd, topic);
	fits = arg->buffer_size >= topic->size;
	ret = info_get(cmd, arg->handle, topic, &record, fits);
	if (ret || !topic->size)
		return ret;
	if (!fits)
		return info_put_counts(arg, 0, 1) ?: -EMSGSIZE;
	if (copy_to_user(u64_to_user_ptr(arg->buffer), &record, topic->size))
		return -EFAULT;
	return info_put_counts(arg, 1, 1);
}

int zxvmo_object_get_property(struct zxvmo_cmd *cmd)
{
	struct zxvmo_object_property *arg = cmd->arg;
	void __user *value = u64_to_user_ptr(arg->value);
	char name[ZXVMO_MAX_NAME_LEN];
	struct zxvmo_ref ref;
	u64 size;
	int ret;

	if (arg->__reserved || !arg->value)
		return -EINVAL;
	ret = zxvmo_handle_get(cmd, arg->handle, NULL, ZXVMO_RIGHT_GET_PROPERTY, &ref);
	if (ret)
		return ret;
	switch (arg->property) {
	case ZXVMO_PROP_NAME:
		if (arg->value_size < sizeof(name)) {
			ret = -EMSGSIZE;
			break;
		}
		zxvmo_object_get_name(ref.object, name);
		if (copy_to_user(value, name, sizeof(name)))
			ret = -EFAULT;
		break;
	case ZXVMO_PROP_VMO_CONTENT_SIZE:
		if (arg->value_size < sizeof(size)) {
			ret = -EMSGSIZE;
		} else if (ref.object->type != &zxvmo_vmo_type) {
			ret = -EMEDIUMTYPE;
		} else {
			size = READ_ONCE(zxvmo_to_vmo(ref.object)->sizes->stream_size);
			ret = put_user(size, (u64 __user *)value);
		}
		break;
	default:
		ret = -EOPNOTSUPP;
	}
	zxvmo_handle_put(&ref);
	return ret;
}

static int set_content_size(struct zxvmo_ref *ref, u64 __user *value, u64 value_size)
{
	struct zxvmo_vmo *vmo;
	u64 size;
	int ret;

	if (!(ref->rights & ZXVMO_RIGHT_WRITE))
		return -EACCES;
	if (value_size < sizeof(size))
		return -EMSGSIZE;
	if (ref->object->type != &zxvmo_vmo_type)
		return -EMEDIUMTYPE;
	if (get_user(size, value))
		return -EFAULT;
	vmo = zxvmo_to_vmo(ref->object);
	ret = zxvmo_vmo_lock_sizes(vmo);
	if (ret)
		return ret;
	ret = zxvmo_vmo_resize_stream(vmo->sizes, size);
	zxvmo_vmo_unlock_sizes(vmo);
	return ret;
}

int zxvmo_object_set_property(struct zxvmo_cmd *cmd)
{
	struct zxvmo_object_property *arg = cmd->arg;
	void __user *value = u64_to_user_ptr(arg->value);
	char name[ZXVMO_MAX_NAME_LEN];
	struct zxvmo_ref ref;
	size_t len;
	int ret;

	if (arg->__reserved || !arg->value)
		return -EINVAL;
	ret = zxvmo_handle_get(cmd, arg->handle, NULL, ZXVMO_RIGHT_SET_PROPERTY, &ref);
	if (ret)
		return ret;
	switch (arg->property) {
	case ZXVMO_PROP_NAME:
		len = min_t(u64, arg->value_size, sizeof(name) - 1);
		if (copy_from_user(name, value, len))
			ret = -EFAULT;
		else
			zxvmo_object_set_name(ref.object, name, len);
		break;
	case ZXVMO_PROP_VMO_CONTENT_SIZE:
		ret = set_content_size(&ref, value, arg->value_size);
		break;
	default:
		ret = -EOPNOTSUPP;
	}
	zxvmo_handle_put(&ref);
	return ret;
}
