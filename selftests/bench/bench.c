// SPDX-License-Identifier: GPL-2.0-only
/*
 * What operations on VMOs cost, beside the same operations on a memfd.
 *
 * Meant for a virtual machine whose clock counts instructions (zxvm --icount):
 * then the numbers are guest instructions and are judged by the targets below.
 * They repeat within a percent or so; only what a memfd pays for freeing pages
 * varies by a fifth from boot to boot. On any other clock they are nanoseconds,
 * which are printed and not judged.
 *
 * Both sides run in turn in the same process: each operation first on a VMO,
 * then on a memfd, over several passes of which the first only warms up; the
 * minimum counts. What makes the comparison fair:
 *
 * - Each sample begins with a fresh object of the same size, and what is read,
 *   faulted in or freed was put there in the same way on both sides. Pages to be
 *   read are written before: those that fallocate(2) leaves in a memfd are not
 *   zeroed yet, and reading them copies the zero page.
 * - Both are mapped by the same mmap(2) call. A read fault of a memfd maps the
 *   pages around as well, so faults are told apart by a touch per 16 pages, and the
 *   pages that each side has mapped after it are counted.
 * - The kernel has a pause before each sample to finish what the last one left.
 * - The user's buffers are in memory before the clock starts. Creating, mapping
 *   and closing are outside the measured time, except where they are the row.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "bench.h"

#define OBJECT_SIZE	(32 * MIB)
#define NR_CALLS	4000
#define NR_PASSES	6
/* Pages that a read fault of a memfd maps, as Linux comes: fault_around_bytes, 64 KiB */
#define FAULT_PAGES	16

static size_t page_size;
static unsigned char *buffer;
static int device;
static int pagemap;

/* The two sides. All functions end the program if they fail. */

struct object {
	zx_handle_t handle;
	int fd;
};

struct side {
	struct object (*create)(size_t size);
	void (*close)(const struct object *object);
	void (*commit)(const struct object *object);
	void (*decommit)(const struct object *object);
	void (*zero)(const struct object *object);
	void (*read)(const struct object *object, size_t offset, size_t length);
	void (*write)(const struct object *object, size_t offset, size_t length);
	void (*null)(void);
};

static struct object vmo_create(size_t size)
{
	struct object object;

	check_status(zx_vmo_create(size, 0, &object.handle), "zx_vmo_create");
	object.fd = ZXVMO_HANDLE_FD(object.handle);
	return object;
}

static void vmo_close(const struct object *object)
{
	check_status(zx_handle_close(object->handle), "zx_handle_close");
}

static void vmo_commit(const struct object *object)
{
	check_status(zx_vmo_op_range(object->handle, ZX_VMO_OP_COMMIT, 0, OBJECT_SIZE,
				     NULL, 0), "COMMIT");
}

static void vmo_decommit(const struct object *object)
{
	check_status(zx_vmo_op_range(object->handle, ZX_VMO_OP_DECOMMIT, 0, OBJECT_SIZE,
				     NULL, 0), "DECOMMIT");
}

static void vmo_zero(const struct object *object)
{
	check_status(zx_vmo_op_range(object->handle, ZX_VMO_OP_ZERO, 0, OBJECT_SIZE,
				     NULL, 0), "ZERO");
}

static void vmo_read(const struct object *object, size_t offset, size_t length)
{
	check_status(zx_vmo_read(object->handle, buffer, offset, length), "zx_vmo_read");
}

static void vmo_write(const struct object *object, size_t offset, size_t length)
{
	check_status(zx_vmo_write(object->handle, buffer, offset, length), "zx_vmo_write");
}

static void vmo_null(void)
{
	struct zxvmo_query query = { .size = sizeof(query) };

	check_errno(!ioctl(device, ZXVMO_QUERY, &query), "ZXVMO_QUERY");
}

static struct object memfd_new(size_t size)
{
	struct object object = { .fd = memfd_create("bench", MFD_CLOEXEC) };

	check_errno(object.fd >= 0, "memfd_create");
	/* A new one has size 0 already. */
	check_errno(!size || !ftruncate(object.fd, size), "ftruncate");
	return object;
}

static void memfd_close(const struct object *object)
{
	check_errno(!close(object->fd), "close");
}

static void memfd_commit(const struct object *object)
{
	check_errno(!fallocate(object->fd, 0, 0, OBJECT_SIZE), "fallocate");
}

static void memfd_punch_hole(const struct object *object)
{
	check_errno(!fallocate(object->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			       OBJECT_SIZE), "punch hole");
}

static void memfd_read(const struct object *object, size_t offset, size_t length)
{
	check_errno(pread(object->fd, buffer, length, offset) == (ssize_t)length, "pread");
}

static void memfd_write(const struct object *object, size_t offset, size_t length)
{
	check_errno(pwrite(object->fd, buffer, length, offset) == (ssize_t)length, "pwrite");
}

static void memfd_null(void)
{
	syscall(SYS_getppid);
}

static const struct side sides[] = {
	{
		.create = vmo_create,
		.close = vmo_close,
		.commit = vmo_commit,
		.decommit = vmo_decommit,
		.zero = vmo_zero,
		.read = vmo_read,
		.write = vmo_write,
		.null = vmo_null,
	}, {
		.create = memfd_new,
		.close = memfd_close,
		.commit = memfd_commit,
		.decommit = memfd_punch_hole,
		.zero = memfd_punch_hole,
		.read = memfd_read,
		.write = memfd_write,
		.null = memfd_null,
	},
};

/* Ends the program unless the object holds this much memory. */
static void check_resident(const struct object *object, size_t bytes)
{
	struct stat st;

	check_errno(!fstat(object->fd, &st), "fstat");
	if ((size_t)st.st_blocks * 512 != bytes)
		die("an object holds %zu bytes instead of %zu",
		    (size_t)st.st_blocks * 512, bytes);
}

static struct object create_written(const struct side *side)
{
	struct object object = side->create(OBJECT_SIZE);
	size_t offset;

	for (offset = 0; offset < OBJECT_SIZE; offset += MIB)
		side->write(&object, offset, MIB);
	check_resident(&object, OBJECT_SIZE);
	return object;
}

static volatile unsigned char *map(const struct object *object)
{
	void *addr = mmap(NULL, OBJECT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			  object->fd, 0);

	check_errno(addr != MAP_FAILED, "mmap");
	return addr;
}

static void unmap(volatile unsigned char *addr)
{
	check_errno(!munmap((void *)addr, OBJECT_SIZE), "munmap");
}

static uint64_t count_mapped(volatile unsigned char *addr)
{
	size_t nr = OBJECT_SIZE / page_size, i;
	uint64_t *entries = calloc(nr, sizeof(*entries));
	uint64_t mapped = 0;

	check_errno(entries &&
		    pread(pagemap, entries, nr * sizeof(*entries),
			  (uintptr_t)addr / page_size * sizeof(*entries)) ==
		    (ssize_t)(nr * sizeof(*entries)), "/proc/self/pagemap");
	for (i = 0; i < nr; i++)
		mapped += entries[i] >> 63;
	free(entries);
	return mapped;
}

/* The rows: each function takes one sample of one side. */

struct sample {
	uint64_t ticks;
	/* How many of the row's unit the ticks were for */
	uint64_t units;
	/* Pages in the mapping afterwards, if the row is about that */
	uint64_t mapped;
};

/*
 * What is closed is freed later, after an RCU grace period. The same is done for
 * a while before the clock starts, so that as much is freed as is closed.
 */
static struct sample sample_create_close(const struct side *side, size_t size)
{
	struct sample sample = { .units = NR_CALLS };
	uint64_t start = 0;
	int i;

	for (i = 0; i < 2 * NR_CALLS; i++) {
		struct object object;

		if (i == NR_CALLS)
			start = now();
		object = side->create(size);
		side->close(&object);
	}
	sample.ticks = now() - start;
	return sample;
}

static struct sample sample_commit(const struct side *side, size_t unused)
{
	struct sample sample = { .units = OBJECT_SIZE / page_size };
	struct object object = side->create(OBJECT_SIZE);
	uint64_t start;

	(void)unused;
	start = now();
	side->commit(&object);
	sample.ticks = now() - start;
	check_resident(&object, OBJECT_SIZE);
	side->close(&object);
	return sample;
}

static struct sample sample_free(const struct side *side,
				 void (*op)(const struct object *object))
{
	struct sample sample = { .units = OBJECT_SIZE / page_size };
	struct object object = create_written(side);
	uint64_t start;

	start = now();
	op(&object);
	sample.ticks = now() - start;
	check_resident(&object, 0);
	side->close(&object);
	return sample;
}

static struct sample sample_decommit(const struct side *side, size_t unused)
{
	(void)unused;
	return sample_free(side, side->decommit);
}

static struct sample sample_zero(const struct side *side, size_t unused)
{
	(void)unused;
	return sample_free(side, side->zero);
}

static struct sample sample_copy(const struct side *side, size_t length,
				 void (*op)(const struct object *object, size_t offset,
					    size_t length))
{
	struct sample sample = { .units = OBJECT_SIZE / page_size };
	struct object object = create_written(side);
	uint64_t start;
	size_t offset;

	start = now();
	for (offset = 0; offset < OBJECT_SIZE; offset += length)
		op(&object, offset, length);
	sample.ticks = now() - start;
	side->close(&object);
	return sample;
}

static struct sample sample_read(const struct side *side, size_t length)
{
	return sample_copy(side, length, side->read);
}

static struct sample sample_write(const struct side *side, size_t length)
{
	return sample_copy(side, length, side->write);
}

static struct sample sample_write_fault(const struct side *side, size_t unused)
{
	struct sample sample = { .units = OBJECT_SIZE / page_size };
	struct object object = side->create(OBJECT_SIZE);
	volatile unsigned char *addr = map(&object);
	uint64_t start;
	size_t offset;

	(void)unused;
	start = now();
	for (offset = 0; offset < OBJECT_SIZE; offset += page_size)
		addr[offset] = 1;
	sample.ticks = now() - start;
	sample.mapped = count_mapped(addr);
	check_resident(&object, OBJECT_SIZE);
	unmap(addr);
	side->close(&object);
	return sample;
}

static struct sample sample_read_fault(const struct side *side, size_t pages)
{
	size_t stride = pages * page_size;
	struct sample sample = { .units = OBJECT_SIZE / stride };
	struct object object = create_written(side);
	volatile unsigned char *addr = map(&object);
	uint64_t start;
	size_t offset;

	start = now();
	for (offset = 0; offset < OBJECT_SIZE; offset += stride)
		(void)addr[offset];
	sample.ticks = now() - start;
	sample.mapped = count_mapped(addr);
	unmap(addr);
	side->close(&object);
	return sample;
}

static struct sample sample_null(const struct side *side, size_t unused)
{
	struct sample sample = { .units = NR_CALLS };
	uint64_t start = now();
	int i;

	(void)unused;
	for (i = 0; i < NR_CALLS; i++)
		side->null();
	sample.ticks = now() - start;
	return sample;
}

struct row {
	const char *name;
	const char *unit;
	/* Most that the ratio may be; 0: for reference only */
	double target;
	bool show_mapped;
	struct sample (*take)(const struct side *side, size_t arg);
	size_t arg;
	struct sample best[2];
};

static struct row rows[] = {
	{ "create + close of 0 bytes", "call", 1.1, false, sample_create_close, 0, {} },
	{ "create + close of 4 KiB: + ftruncate", "call", 1.1, false,
	  sample_create_close, 4096, {} },
	{ "COMMIT: fallocate", "page", 0.6, false, sample_commit, 0, {} },
	{ "DECOMMIT: punch hole", "page", 0.6, false, sample_decommit, 0, {} },
	{ "ZERO: punch hole", "page", 1.1, false, sample_zero, 0, {} },
	{ "read 4 KiB: pread", "page", 1.0, false, sample_read, 4096, {} },
	{ "write 4 KiB: pwrite", "page", 0.85, false, sample_write, 4096, {} },
	{ "read 1 MiB: pread", "page", 1.1, false, sample_read, MIB, {} },
	{ "write 1 MiB: pwrite", "page", 1.1, false, sample_write, MIB, {} },
	{ "write fault, first touch", "page", 1.1, true, sample_write_fault, 0, {} },
	{ "read fault, resident, per 16 pages", "fault", 1.1, true, sample_read_fault,
	  FAULT_PAGES, {} },
	{ "read of all resident pages", "page", 0, true, sample_read_fault, 1, {} },
	{ "null ioctl (QUERY): getppid", "call", 0, false, sample_null, 0, {} },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static double per_unit(const struct sample *sample)
{
	return (double)sample->ticks / sample->units;
}

static void take_samples(void)
{
	/* For the kernel to free what the sample before has left to RCU */
	const struct timespec pause = { .tv_nsec = 50 * 1000000 };
	size_t row, side;
	int pass;

	for (pass = 0; pass <= NR_PASSES; pass++) {
		for (row = 0; row < NR_ROWS; row++) {
			for (side = 0; side < 2; side++) {
				struct sample *best = &rows[row].best[side];
				struct sample sample;

				nanosleep(&pause, NULL);
				sample = rows[row].take(&sides[side], rows[row].arg);
				/* Pass 1 replaces what pass 0 has found. */
				if (pass <= 1 || sample.ticks < best->ticks)
					*best = sample;
			}
		}
	}
}

/* Returns the number of targets missed. */
static int print_rows(bool judge)
{
	int missed = 0;
	size_t i;

	printf("\n%-38s %-6s %8s %8s %6s %7s\n", "operation: its peer", "per", "VMO",
	       "memfd", "ratio", "target");
	for (i = 0; i < NR_ROWS; i++) {
		const struct row *row = &rows[i];
		double ratio = per_unit(&row->best[0]) / per_unit(&row->best[1]);
		bool met = ratio <= row->target;

		printf("%-38s %-6s %8.0f %8.0f %6.2f", row->name, row->unit,
		       per_unit(&row->best[0]), per_unit(&row->best[1]), ratio);
		if (row->target && judge)
			printf(" %7.2f %s\n", row->target, met ? "met" : "MISSED");
		else
			printf(" %7s\n", "-");
		if (row->show_mapped)
			printf("  pages mapped by %4" PRIu64 " touches %32" PRIu64 " %8" PRIu64
			       "\n", row->best[0].units, row->best[0].mapped,
			       row->best[1].mapped);
		missed += row->target && judge && !met;
	}
	return missed;
}

int main(void)
{
	bool instructions = clock_counts_instructions();
	int missed;

	page_size = zx_system_get_page_size();
	device = open("/dev/zxvmo", O_RDWR | O_CLOEXEC);
	check_errno(device >= 0, "/dev/zxvmo");
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	check_errno(pagemap >= 0, "/proc/self/pagemap");
	buffer = mmap(NULL, MIB, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	check_errno(buffer != MAP_FAILED, "mmap");
	memset(buffer, 0x5a, MIB);

	print_machine();
	printf("objects of %lu MiB, %lu pages of %zu bytes; minimum of %d passes after one to warm up\n",
	       OBJECT_SIZE / MIB, OBJECT_SIZE / page_size, page_size, NR_PASSES);
	print_unit(instructions);

	take_samples();
	missed = print_rows(instructions);
	return print_verdict(instructions, missed);
}
