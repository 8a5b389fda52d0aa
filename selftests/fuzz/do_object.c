// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on objects of any type: signals, information, properties.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

void fz_do_object_signal(struct fz_thread *t, const struct fz_op *op)
{
	uint32_t clear = op->args[1], set = op->args[2];
	struct fz_target target = {};
	int expected = 0, seen;

	if (t->run->oracle) {
		target = fz_target_any(t, op, 0, ZXVMO_RIGHT_SIGNAL);
		expected = fz_sent(t, op, false, false) ?: target.error;
		if (!expected && ((clear | set) & ~ZXVMO_SIGNAL_USER_ALL) &&
		    (target.object->type != ZXVMO_OBJ_TYPE_EVENT ||
		     ((clear | set) & ~(ZXVMO_SIGNAL_USER_ALL | ZXVMO_SIGNAL_SIGNALED))))
			expected = EINVAL;
	}
	seen = FZ_SEND(t, op, OBJECT_SIGNAL, object_signal, .handle = fz_value(t, op, 0),
		       .clear_mask = clear, .set_mask = set);
	if (t->run->oracle && fz_agree(t, expected, seen))
		target.object->signals = (target.object->signals & ~clear) | set;
}

void fz_do_object_wait_one(struct fz_thread *t, const struct fz_op *op)
{
	uint32_t signals = op->args[1], observed = 0;
	unsigned char *where = fz_address(t, op->args[3]);
	bool stored = fz_is_good(op->args[3], sizeof(observed));
	struct fz_target target = {};
	int64_t deadline = 0;
	int expected = 0, seen;

	if (op->args[2] == 1 || op->args[2] == 2)
		deadline = fz_now() + op->args[2] * 1000000;
	else if (op->args[2] == 5 && !t->run->oracle && !op->fail)
		deadline = ZXVMO_TIME_INFINITE;
	if (t->run->oracle) {
		target = fz_target_any(t, op, 0, ZXVMO_RIGHT_WAIT);
		expected = fz_sent(t, op, false, true) ?: target.error;
		if (!expected) {
			if (!(target.object->signals & signals))
				expected = ETIMEDOUT;
			if (!stored && where)
				expected = EFAULT;
		}
	}
	seen = FZ_SEND(t, op, OBJECT_WAIT_ONE, object_wait_one, .handle = fz_value(t, op, 0),
		       .signals = signals, .__reserved = op->send == FZ_RESERVED,
		       .deadline = deadline, .out_observed = (uintptr_t)where);
	if (!t->run->oracle)
		return;
	fz_agree(t, expected, seen);
	if (!stored || seen != expected || (seen && seen != ETIMEDOUT))
		return;
	memcpy(&observed, where, sizeof(observed));
	if (observed != target.object->signals)
		fz_fail(t, "signals %#x instead of %#x", observed, target.object->signals);
}

static int info_size(uint32_t topic)
{
	switch (topic) {
	case ZXVMO_INFO_HANDLE_VALID:
		return 0;
	case ZXVMO_INFO_HANDLE_BASIC:
		return sizeof(struct zxvmo_info_handle_basic);
	case ZXVMO_INFO_HANDLE_COUNT:
		return sizeof(struct zxvmo_info_handle_count);
	case ZXVMO_INFO_VMAR:
		return sizeof(struct zxvmo_info_vmar);
	case ZXVMO_INFO_VMO_V1:
		return ZXVMO_INFO_VMO_V1_SIZE;
	case ZXVMO_INFO_VMO_V2:
		return ZXVMO_INFO_VMO_V2_SIZE;
	case ZXVMO_INFO_VMO_V3:
		return ZXVMO_INFO_VMO_V3_SIZE;
	case ZXVMO_INFO_VMO:
		return sizeof(struct zxvmo_info_vmo);
	default:
		return -1;
	}
}

/* What has many records, and which handle it is asked of: 0, if it has not */
static uint32_t listed_of(uint32_t topic)
{
	switch (topic) {
	case ZXVMO_INFO_VMAR_MAPS:
		return ZXVMO_HANDLE_VMAR_ROOT_SELF;
	case ZXVMO_INFO_PROCESS_MAPS_V1:
	case ZXVMO_INFO_PROCESS_MAPS_V2:
	case ZXVMO_INFO_PROCESS_MAPS:
	case ZXVMO_INFO_PROCESS_VMOS_V1:
	case ZXVMO_INFO_PROCESS_VMOS_V2:
	case ZXVMO_INFO_PROCESS_VMOS_V3:
	case ZXVMO_INFO_PROCESS_VMOS:
		return ZXVMO_HANDLE_PROCESS_SELF;
	default:
		return 0;
	}
}

/*
 * Mostly of what has a list, and in a checked program to memory that is there: what the
 * oracle knows of it is the handle.
 */
static void list(struct fz_thread *t, const struct fz_op *op)
{
	uint32_t topic = op->args[1];
	uint32_t value = op->args[2] & 3 ? listed_of(topic) : fz_value(t, op, 0);
	unsigned char *where = t->buffer;
	int expected = 0, seen;

	if (t->run->oracle)
		expected = fz_sent(t, op, false, true) ?:
			   value == listed_of(topic) ? 0 :
			   fz_target(t, op, 0, 0, 0).error ?: EMEDIUMTYPE;
	else if (op->args[3] & 0xff)
		where = fz_address(t, op->args[3]);
	seen = FZ_SEND(t, op, OBJECT_GET_INFO, object_get_info, .handle = value,
		       .topic = topic, .__reserved = op->send == FZ_RESERVED,
		       .buffer = (uintptr_t)where, .buffer_size = op->args[2] % FZ_BUFFER,
		       .out_avail = (uintptr_t)(op->args[4] & 0xff && !t->run->oracle ?
						fz_address(t, op->args[4]) : NULL));
	if (t->run->oracle)
		fz_agree(t, expected, seen);
}

static void check_record(struct fz_thread *t, const struct fz_target *target, uint32_t topic,
			 const void *record)
{
	struct zxvmo_info_handle_basic basic;
	struct zxvmo_info_handle_count count;

	switch (topic) {
	case ZXVMO_INFO_HANDLE_BASIC:
		memcpy(&basic, record, sizeof(basic));
		if (basic.rights != target->file->rights || basic.type != target->object->type)
			fz_fail(t, "rights %#x and type %u instead of %#x and %u", basic.rights,
				basic.type, target->file->rights, target->object->type);
		break;
	case ZXVMO_INFO_HANDLE_COUNT:
		memcpy(&count, record, sizeof(count));
		if (count.handle_count != target->object->files)
			fz_fail(t, "%u handles instead of %u", count.handle_count,
				target->object->files);
	}
}

void fz_do_object_get_info(struct fz_thread *t, const struct fz_op *op)
{
	uint32_t topic = op->args[1];
	uint64_t room = op->args[2] % 300, one = fz_below((uint64_t[]){ op->args[2] }, 4);
	unsigned char *where = t->buffer;
	int expected = 0, seen, size = info_size(topic);
	struct fz_target target = {};

	if (listed_of(topic)) {
		list(t, op);
		return;
	}
	if (one)
		room = sizeof(struct zxvmo_info_vmo);
	if (op->args[3] & 0xff)
		where = fz_address(t, op->args[3]);
	if (t->run->oracle) {
		uint32_t type = size >= ZXVMO_INFO_VMO_V1_SIZE ? ZXVMO_OBJ_TYPE_VMO : 0;

		target = type ? fz_target(t, op, 0, type, 0) :
				fz_target_any(t, op, 0, topic == ZXVMO_INFO_HANDLE_COUNT ?
							ZXVMO_RIGHT_INSPECT : 0);
		expected = fz_sent(t, op, false, true);
		if (!expected && size < 0)
			expected = EOPNOTSUPP;
		/* It takes the root VMAR in each case, and nothing else. */
		if (!expected && topic == ZXVMO_INFO_VMAR)
			expected = fz_value(t, op, 0) == ZXVMO_HANDLE_VMAR_ROOT_SELF ? 0 :
				   target.error ?: EMEDIUMTYPE;
		else if (!expected && fz_value(t, op, 0) == ZXVMO_HANDLE_PROCESS_SELF)
			expected = topic == ZXVMO_INFO_HANDLE_VALID ||
				   topic == ZXVMO_INFO_HANDLE_BASIC ? 0 : EMEDIUMTYPE;
		else if (!expected)
			expected = target.error;
		if (!expected && size) {
			if (room < (uint64_t)size)
				expected = EMSGSIZE;
			else if (!fz_is_good(op->args[3], size))
				expected = EFAULT;
			if (fz_address(t, op->args[4]) && !fz_is_good(op->args[4], 8))
				expected = EFAULT;
		}
	}
	seen = FZ_SEND(t, op, OBJECT_GET_INFO, object_get_info, .handle = fz_value(t, op, 0),
		       .topic = topic, .__reserved = op->send == FZ_RESERVED,
		       .buffer = (uintptr_t)where, .buffer_size = room,
		       .out_actual = (uintptr_t)(op->args[4] & 0xff ?
						 fz_address(t, op->args[4]) : t->buffer + 1024));
	if (t->run->oracle && fz_agree(t, expected, seen) && target.file)
		check_record(t, &target, topic, where);
}

void fz_do_object_get_property(struct fz_thread *t, const struct fz_op *op)
{
	uint32_t property = op->args[1];
	unsigned char *where = fz_address(t, op->args[2]);
	uint64_t room = op->args[3] < 64 ? op->args[3] : 64, needed = 0, size;
	struct fz_target target = {};
	int expected = 0, seen;

	if (property == ZXVMO_PROP_NAME)
		needed = ZXVMO_MAX_NAME_LEN;
	else if (property == ZXVMO_PROP_VMO_CONTENT_SIZE)
		needed = sizeof(uint64_t);
	if (t->run->oracle) {
		target = fz_target_any(t, op, 0, ZXVMO_RIGHT_GET_PROPERTY);
		expected = fz_sent(t, op, false, true);
		if (!expected && !where)
			expected = EINVAL;
		if (!expected)
			expected = target.error;
		if (!expected && !needed)
			expected = EOPNOTSUPP;
		if (!expected && room < needed)
			expected = EMSGSIZE;
		if (!expected && property == ZXVMO_PROP_VMO_CONTENT_SIZE &&
		    target.object->type != ZXVMO_OBJ_TYPE_VMO)
			expected = EMEDIUMTYPE;
		if (!expected && !fz_is_good(op->args[2], needed))
			expected = EFAULT;
	}
	seen = FZ_SEND(t, op, OBJECT_GET_PROPERTY, object_property, .handle = fz_value(t, op, 0),
		       .property = property, .__reserved = op->send == FZ_RESERVED,
		       .value = (uintptr_t)where, .value_size = room);
	if (!t->run->oracle || !fz_agree(t, expected, seen))
		return;
	if (property == ZXVMO_PROP_NAME) {
		if (memcmp(where, target.object->name, needed))
			fz_fail(t, "name %.32s instead of %.32s", where, target.object->name);
	} else {
		memcpy(&size, where, sizeof(size));
		if (size != vmo_model_stream_size(&target.object->vmo))
			fz_fail(t, "content size %#jx instead of %#jx", (uintmax_t)size,
				(uintmax_t)vmo_model_stream_size(&target.object->vmo));
	}
}

void fz_do_object_set_property(struct fz_thread *t, const struct fz_op *op)
{
	uint32_t property = op->args[1];
	unsigned char *where = fz_address(t, op->args[2]);
	uint64_t length = op->args[3] < 64 ? op->args[3] : 64, size = op->args[4], used;
	bool is_size = property == ZXVMO_PROP_VMO_CONTENT_SIZE;
	struct fz_target target = {};
	int expected = 0, seen;

	used = is_size ? sizeof(size) : length < ZXVMO_MAX_NAME_LEN - 1 ? length :
							      ZXVMO_MAX_NAME_LEN - 1;
	if (fz_is_good(op->args[2], 64)) {
		memset(where, 'a' + size % 26, 64);
		where[size % 64] = 0;
		if (is_size)
			memcpy(where, &size, sizeof(size));
	}
	if (t->run->oracle) {
		target = fz_target_any(t, op, 0, ZXVMO_RIGHT_SET_PROPERTY);
		expected = fz_sent(t, op, false, true);
		if (!expected && !where)
			expected = EINVAL;
		if (!expected)
			expected = target.error;
		if (!expected && is_size) {
			if (!(target.file->rights & ZXVMO_RIGHT_WRITE))
				expected = EACCES;
			else if (length < sizeof(size))
				expected = EMSGSIZE;
			else if (target.object->type != ZXVMO_OBJ_TYPE_VMO)
				expected = EMEDIUMTYPE;
		} else if (!expected && property != ZXVMO_PROP_NAME) {
			expected = EOPNOTSUPP;
		}
		if (!expected && used && (op->args[2] & 0xff) != FZ_READ_ONLY &&
		    !fz_is_good(op->args[2], used))
			expected = EFAULT;
		/* Zeros that can be read, or what was left there */
		if (!expected && !fz_is_good(op->args[2], 64)) {
			if ((op->args[2] & 0xff) == FZ_READ_ONLY)
				size = 0;
			else if (is_size)
				memcpy(&size, where, sizeof(size));
		}
	}
	seen = FZ_SEND(t, op, OBJECT_SET_PROPERTY, object_property, .handle = fz_value(t, op, 0),
		       .property = property, .__reserved = op->send == FZ_RESERVED,
		       .value = (uintptr_t)where, .value_size = length);
	if (!t->run->oracle || !fz_agree(t, expected, seen))
		return;
	if (is_size) {
		vmo_model_set_stream_size(&target.object->vmo, size, true);
	} else {
		used = used ? strnlen((char *)where, used) : 0;
		memset(target.object->name, 0, sizeof(target.object->name));
		memcpy(target.object->name, where, used);
	}
	fz_touch(target.object);
}
