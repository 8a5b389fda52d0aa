// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on VMOs as files. What the kernel's own file layer refuses comes
 * first, then the module's rules: the size of the file is the stream size.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE	((uint64_t)INT64_MAX)

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t file_size(const struct vmo_model *v)
{
	return min(min(vmo_model_size(v), vmo_model_stream_size(v)), MAX_FILE);
}

/* The file of a good handle to a VMO, NULL of anything else */
static struct fz_file *file_of(struct fz_thread *t, const struct fz_op *op, unsigned int arg)
{
	struct fz_oracle *o = t->run->oracle;
	struct fz_file *file;

	if (!o || fz_fd(t, op->args[arg]) < 0 || fz_fd(t, op->args[arg]) == t->run->foreign)
		return NULL;
	file = o->files[op->args[arg] % FZ_SLOTS];
	return file && file->object->type == ZXVMO_OBJ_TYPE_VMO ? file : NULL;
}

static bool may_resize(const struct fz_file *file)
{
	return file->object->vmo.resizable && (file->rights & ZXVMO_RIGHT_RESIZE);
}

/* Like fz_agree(), for calls that return a number; true if it is the expected one */
static bool agree(struct fz_thread *t, long expected, long seen)
{
	if (seen == expected)
		return true;
	if (seen >= 0 && expected >= 0) {
		if (!t->injected && t->run->strict)
			fz_fail(t, "%ld instead of %ld", seen, expected);
		return false;
	}
	fz_agree(t, expected < 0 ? -expected : 0, seen < 0 ? -seen : 0);
	return false;
}

/* Reading */

static long model_read(struct fz_thread *t, struct fz_file *file, uint64_t position,
		       uint64_t length)
{
	const struct vmo_model *v = &file->object->vmo;
	uint64_t size = file_size(v);

	if (position > MAX_FILE || position + length > MAX_FILE)
		return -EINVAL;
	if (!(file->rights & ZXVMO_RIGHT_READ))
		return -EBADF;
	if (position >= size)
		return 0;
	length = min(length, size - position);
	vmo_model_read(v, t->run->oracle->expected, position, length);
	return length;
}

static void do_read(struct fz_thread *t, const struct fz_op *op, bool positioned)
{
	struct fz_file *file = file_of(t, op, 0);
	uint64_t length = op->args[positioned ? 2 : 1] % (FZ_BUFFER + 1), position = 0;
	int fd = fz_fd(t, op->args[0]);
	long expected = 0, seen;

	/* It would wait. */
	if (fd == t->run->foreign)
		return;
	if (positioned)
		position = op->args[1];
	else if (file)
		position = file->position;
	if (file)
		expected = model_read(t, file, position, length);
	if (positioned)
		seen = FZ_CALL(t, op, pread(fd, t->buffer, length, position));
	else
		seen = FZ_CALL(t, op, read(fd, t->buffer, length));
	if (!file)
		return;
	agree(t, expected, seen);
	if (seen > 0 && seen <= expected && memcmp(t->buffer, t->run->oracle->expected, seen))
		fz_fail(t, "other bytes were read");
	if (!positioned && seen > 0)
		file->position += seen;
}

void fz_do_file_read(struct fz_thread *t, const struct fz_op *op)
{
	do_read(t, op, false);
}

void fz_do_file_pread(struct fz_thread *t, const struct fz_op *op)
{
	do_read(t, op, true);
}

/* Writing */

static bool model_grow(struct fz_file *file, uint64_t end)
{
	if (end <= vmo_model_size(&file->object->vmo))
		return true;
	return may_resize(file) && vmo_model_grow(&file->object->vmo, end);
}

static void model_extend(struct vmo_model *v, uint64_t begin, uint64_t end)
{
	uint64_t stream = vmo_model_stream_size(v);

	if (end <= stream)
		return;
	begin = min(begin, vmo_model_size(v));
	if (begin > stream)
		vmo_model_op_range(v, ZXVMO_VMO_OP_ZERO, stream, begin - stream);
	v->sizes->stream_size = end;
}

static long model_write(struct fz_file *file, const void *from, uint64_t position,
			uint64_t length)
{
	struct vmo_model *v = &file->object->vmo;

	if (position > MAX_FILE)
		return -EINVAL;
	if (!(file->rights & ZXVMO_RIGHT_WRITE))
		return -EBADF;
	if (position + length > MAX_FILE)
		return -EINVAL;
	if (!length)
		return 0;
	if (position >= MAX_FILE)
		return -EFBIG;
	if (!model_grow(file, position + length)) {
		if (position >= vmo_model_size(v))
			return -EFBIG;
		length = vmo_model_size(v) - position;
	}
	vmo_model_write(v, from, position, length);
	model_extend(v, position, position + length);
	return length;
}

/*
 * A write of @length bytes gave @seen. What was not written as it should have
 * been, for whatever good reason, is settled: sizes may have grown, too.
 */
static void written(struct fz_thread *t, struct fz_file *file, const void *from,
		    uint64_t position, uint64_t length, long seen)
{
	uint64_t begin = min(position, vmo_model_stream_size(&file->object->vmo));
	long expected = model_write(file, from, position, length);

	fz_touch(file->object);
	if (!agree(t, expected, seen))
		fz_settle(t, file->object, begin, position - begin + length);
}

static void do_write(struct fz_thread *t, const struct fz_op *op, bool positioned)
{
	struct fz_file *file = file_of(t, op, 0);
	uint64_t length = op->args[positioned ? 2 : 1] % (FZ_BUFFER + 1), position = 0;
	int fd = fz_fd(t, op->args[0]);
	long seen;

	fz_fill(t->buffer, length, op->args[positioned ? 3 : 2]);
	if (positioned)
		position = op->args[1];
	else if (file)
		position = file->position;
	if (positioned)
		seen = FZ_CALL(t, op, pwrite(fd, t->buffer, length, position));
	else
		seen = FZ_CALL(t, op, write(fd, t->buffer, length));
	if (!file)
		return;
	written(t, file, t->buffer, position, length, seen);
	if (!positioned && seen > 0)
		file->position += seen;
}

void fz_do_file_write(struct fz_thread *t, const struct fz_op *op)
{
	do_write(t, op, false);
}

void fz_do_file_pwrite(struct fz_thread *t, const struct fz_op *op)
{
	do_write(t, op, true);
}

/* Sizes and positions */

static long model_seek_page(const struct fz_file *file, uint64_t offset, bool hole)
{
	const struct vmo_model *v = &file->object->vmo;
	uint64_t size = file_size(v), page = offset / FZ_PAGE, last;

	if (offset > MAX_FILE || offset >= size)
		return -ENXIO;
	last = (size - 1) / FZ_PAGE;
	if (hole) {
		while (page <= last && vmo_model_page(v, page))
			page++;
	} else {
		if (!vmo_model_next(v, &page) || page > last)
			return -ENXIO;
	}
	if (page * FZ_PAGE > offset)
		offset = page * FZ_PAGE;
	return min(offset, size);
}

void fz_do_file_lseek(struct fz_thread *t, const struct fz_op *op)
{
	struct fz_file *file = file_of(t, op, 0);
	uint64_t offset = op->args[1], whence = op->args[2];
	long expected, seen;

	seen = FZ_CALL(t, op, lseek(fz_fd(t, op->args[0]), offset, whence));
	if (!file)
		return;
	switch (whence) {
	case SEEK_SET:
		expected = offset;
		break;
	case SEEK_CUR:
		expected = file->position + offset;
		break;
	case SEEK_END:
		expected = file_size(&file->object->vmo) + offset;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		expected = model_seek_page(file, offset, whence == SEEK_HOLE);
		break;
	default:
		expected = -EINVAL;
	}
	if (expected < 0 && whence <= SEEK_END)
		expected = -EINVAL;
	if (agree(t, expected, seen) && seen >= 0)
		file->position = seen;
}

void fz_do_file_ftruncate(struct fz_thread *t, const struct fz_op *op)
{
	struct fz_file *file = file_of(t, op, 0);
	uint64_t size = op->args[1];
	long expected = 0, seen;

	seen = FZ_CALL(t, op, ftruncate(fz_fd(t, op->args[0]), size));
	if (!file)
		return;
	if (size > MAX_FILE || !(file->rights & ZXVMO_RIGHT_WRITE))
		expected = -EINVAL;
	else if (seen && t->injected)
		expected = 0;
	else if (may_resize(file))
		vmo_model_set_size(&file->object->vmo, size);
	else if (size > vmo_model_size(&file->object->vmo))
		expected = -EFBIG;
	else
		vmo_model_set_stream_size(&file->object->vmo, size, false);
	agree(t, expected, seen);
	fz_touch(file->object);
}

static long model_fallocate(struct fz_file *file, int mode, uint64_t offset, uint64_t length)
{
	struct vmo_model *v = &file->object->vmo;
	uint64_t end = offset + length, size = vmo_model_size(v);

	if (offset > MAX_FILE || !length || length > MAX_FILE)
		return -EINVAL;
	if (mode == FALLOC_FL_PUNCH_HOLE)
		return -EOPNOTSUPP;
	if (!(file->rights & ZXVMO_RIGHT_WRITE))
		return -EBADF;
	if (end > MAX_FILE)
		return -EFBIG;
	if (mode & ~(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	if (mode & FALLOC_FL_PUNCH_HOLE) {
		if (v->offset)
			return -EOPNOTSUPP;
		offset = min(offset, size);
		vmo_model_op_range(v, ZXVMO_VMO_OP_ZERO, offset, min(end, size) - offset);
		return 0;
	}
	if (end > size && ((mode & FALLOC_FL_KEEP_SIZE) || !model_grow(file, end)))
		return -EFBIG;
	if (length > 1024 * FZ_PAGE)
		return -ENOMEM;
	if (!(mode & FALLOC_FL_KEEP_SIZE))
		model_extend(v, end, end);
	vmo_model_op_range(v, ZXVMO_VMO_OP_COMMIT, offset, length);
	return 0;
}

void fz_do_file_fallocate(struct fz_thread *t, const struct fz_op *op)
{
	struct fz_file *file = file_of(t, op, 0);
	uint64_t offset = op->args[2], length = op->args[3];
	int mode = op->args[1];
	long expected, seen;
	uint64_t begin;

	seen = FZ_CALL(t, op, fallocate(fz_fd(t, op->args[0]), mode, offset, length));
	if (!file)
		return;
	begin = min(offset, vmo_model_stream_size(&file->object->vmo));
	expected = model_fallocate(file, mode, offset, length);
	fz_touch(file->object);
	/* Much may be too much, and then it has grown all the same. */
	if (expected == -ENOMEM || !agree(t, expected, seen))
		fz_settle(t, file->object, begin, offset - begin + length);
}

/* Through pipes */

static int new_pipe(int fds[2])
{
	return pipe2(fds, O_NONBLOCK | O_CLOEXEC);
}

void fz_do_file_splice_out(struct fz_thread *t, const struct fz_op *op)
{
	struct fz_file *file = file_of(t, op, 0);
	uint64_t length = op->args[2] % (FZ_BUFFER + 1);
	off64_t position = op->args[1];
	int fd = fz_fd(t, op->args[0]), fds[2];
	long expected = 0, seen;

	if (fd == t->run->foreign || new_pipe(fds))
		return;
	if (file)
		expected = model_read(t, file, position, length);
	seen = FZ_CALL(t, op, splice(fd, &position, fds[1], NULL, length, SPLICE_F_NONBLOCK));
	if (file && seen > 0) {
		if (seen > expected || read(fds[0], t->buffer, FZ_BUFFER) != seen ||
		    memcmp(t->buffer, t->run->oracle->expected, seen))
			fz_fail(t, "other bytes were spliced: %ld of %ld", seen, expected);
	}
	close(fds[0]);
	close(fds[1]);
}

void fz_do_file_splice_in(struct fz_thread *t, const struct fz_op *op)
{
	struct fz_file *file = file_of(t, op, 0);
	uint64_t length = op->args[2] % (FZ_BUFFER + 1);
	off64_t position = op->args[1];
	int fd = fz_fd(t, op->args[0]), fds[2];
	long seen;

	if (!length || new_pipe(fds))
		return;
	fz_fill(t->buffer, length, op->args[3]);
	if (write(fds[1], t->buffer, length) == (ssize_t)length) {
		seen = FZ_CALL(t, op, splice(fds[0], NULL, fd, &position, length,
					     SPLICE_F_NONBLOCK));
		position = op->args[1];
		if (file && seen > 0)
			written(t, file, t->buffer, position, length, seen);
		else if (file)
			fz_settle(t, file->object, position, length);
	}
	close(fds[0]);
	close(fds[1]);
}

void fz_do_file_sendfile(struct fz_thread *t, const struct fz_op *op)
{
	struct fz_file *src = file_of(t, op, 0), *dst = file_of(t, op, 1);
	int in = fz_fd(t, op->args[0]), out = fz_fd(t, op->args[1]);
	uint64_t length = op->args[3] % (FZ_BUFFER + 1);
	off_t position = op->args[2];
	long expected = 0, seen;

	if (in == t->run->foreign || out == t->run->foreign)
		return;
	if (src)
		expected = model_read(t, src, position, length);
	seen = FZ_CALL(t, op, sendfile(out, in, &position, length));
	if (!dst)
		return;
	if (src && src->object->vmo.owner != dst->object->vmo.owner && seen > 0 &&
	    seen == expected)
		written(t, dst, t->run->oracle->expected, dst->position, seen, seen);
	else
		fz_settle(t, dst->object, dst->position, length);
	if (seen > 0)
		dst->position += seen;
}

/* Looking */

void fz_do_file_fstat(struct fz_thread *t, const struct fz_op *op)
{
	struct fz_file *file = file_of(t, op, 0);
	uint64_t index, nr = 0;
	struct stat stat;
	long seen = FZ_CALL(t, op, fstat(fz_fd(t, op->args[0]), &stat));

	if (!file || !agree(t, 0, seen))
		return;
	for (index = 0; vmo_model_next(&file->object->vmo, &index); index++)
		nr++;
	if ((uint64_t)stat.st_size != file_size(&file->object->vmo) ||
	    (uint64_t)stat.st_blocks != nr * FZ_PAGE / 512)
		fz_fail(t, "%#jx bytes and %#jx blocks", (uintmax_t)stat.st_size,
			(uintmax_t)stat.st_blocks);
}

void fz_do_file_fdinfo(struct fz_thread *t, const struct fz_op *op)
{
	char path[64], text[512];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fz_fd(t, op->args[0]));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = FZ_CALL(t, op, read(fd, text, sizeof(text) - 1));
	close(fd);
	if (!file_of(t, op, 0) || n < 0)
		return;
	text[n] = 0;
	if (!strstr(text, "zx-type:\tvmo\n"))
		fz_fail(t, "no type in fdinfo");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fz_fd(t, op->args[0]));
	n = readlink(path, text, sizeof(text) - 1);
	if (n < 0 || !memmem(text, n, "zxvmo:vmo:", strlen("zxvmo:vmo:")))
		fz_fail(t, "no name in /proc");
}

void fz_do_file_poll(struct fz_thread *t, const struct fz_op *op)
{
	struct pollfd pollfd = { .fd = fz_fd(t, op->args[0]), .events = POLLIN | POLLPRI };
	struct fz_file *file = file_of(t, op, 0);
	long seen = FZ_CALL(t, op, poll(&pollfd, 1, 0));
	bool pri;

	if (!file || seen < 0 || !(file->rights & ZXVMO_RIGHT_WAIT))
		return;
	pri = file->object->signals & ZXVMO_SIGNAL_USER_ALL;
	if (!(pollfd.revents & POLLPRI) != !pri)
		fz_fail(t, "poll gave %#x with signals %#x", pollfd.revents,
			file->object->signals);
}
