// SPDX-License-Identifier: MIT
/*
 * What a VMO is, shown on a real file: its content is read into a VMO, which is
 * then mapped, decommitted, committed, zeroed, resized and shared read-only.
 *
 *	demo [--ascii] [FILE]
 *
 * Before and after each step the pages of the VMO are drawn. What is drawn and
 * counted is what the kernel says: lseek(2) with SEEK_DATA and SEEK_HOLE on the
 * VMO's descriptor, ZX_INFO_VMO, fdinfo, /proc/meminfo and /proc/zoneinfo; nothing
 * is remembered from what was asked for. Each line with a tick is a claim that was checked; the
 * exit status is 1 if one was wrong.
 */
#include <setjmp.h>

#include "show.h"

#define BUFFER_SIZE	MIB
#define COLUMNS		36
#define ROWS		6
#define CELLS		(COLUMNS * ROWS)
/* So that each step is seen in the picture */
#define MIN_PAGES	(4 * CELLS)

/* Pages that the whole picture stands for */
static uint64_t picture_pages;
static unsigned char *buffer;

/* What the kernel says about the VMO and the machine's memory */

struct state {
	zx_info_vmo_t info;
	/* From fdinfo */
	uint64_t fdinfo_size;
	uint64_t fdinfo_committed;
	/* From SEEK_DATA and SEEK_HOLE: the pages and the runs of them */
	uint64_t pages;
	uint64_t runs;
	enum cell cells[CELLS];
	/* From /proc/meminfo and zoneinfo: neither free nor a cache of files */
	uint64_t memory;
};

/* Adds a run of pages to the number of those present in each cell. */
static void add_run(uint64_t *present, uint64_t first, uint64_t end)
{
	uint64_t cell;

	for (cell = first * CELLS / picture_pages; cell < CELLS; cell++) {
		uint64_t begin = cell * picture_pages / CELLS;
		uint64_t next = (cell + 1) * picture_pages / CELLS;

		if (begin < first)
			begin = first;
		if (next > end)
			next = end;
		if (begin >= end)
			break;
		if (begin < next)
			present[cell] += next - begin;
	}
}

static void find_pages(int fd, struct state *state)
{
	uint64_t size = state->info.size_bytes / page_size;
	uint64_t present[CELLS] = {};
	uint64_t cell;
	off_t data, hole = 0;

	state->pages = 0;
	state->runs = 0;
	while ((data = lseek(fd, hole, SEEK_DATA)) >= 0) {
		uint64_t first, end;

		hole = lseek(fd, data, SEEK_HOLE);
		if (hole < 0)
			die("SEEK_HOLE: %s", strerror(errno));
		first = data / page_size;
		end = (hole + page_size - 1) / page_size;
		state->pages += end - first;
		state->runs++;
		add_run(present, first, end);
	}
	if (errno != ENXIO)
		die("SEEK_DATA: %s", strerror(errno));

	for (cell = 0; cell < CELLS; cell++) {
		uint64_t begin = cell * picture_pages / CELLS;
		uint64_t end = (cell + 1) * picture_pages / CELLS;

		if (end > size)
			end = size;
		state->cells[cell] = begin >= end ? CELL_BEYOND :
				     !present[cell] ? CELL_ZERO :
				     present[cell] == end - begin ? CELL_FULL : CELL_PART;
	}
}

static struct state observe(zx_handle_t vmo)
{
	struct state state;
	char path[64];
	int fd;

	must(zx_object_get_info(vmo, ZX_INFO_VMO, &state.info, sizeof(state.info), NULL, NULL),
	     "ZX_INFO_VMO");
	must(zxvmo_handle_to_fd(vmo, &fd), "zxvmo_handle_to_fd");
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	state.fdinfo_size = read_number(path, "zx-size");
	state.fdinfo_committed = read_number(path, "zx-committed");
	find_pages(fd, &state);
	state.memory = memory_in_use();
	return state;
}

/* Drawing */

static void print_border(const char *left, const char *right)
{
	int i;

	printf("%s", left);
	for (i = 0; i < COLUMNS; i++)
		printf("%s", signs->horizontal);
	printf("%s", right);
}

static void print_row(const enum cell *cells)
{
	int i;

	printf("%s", signs->vertical);
	for (i = 0; i < COLUMNS; i++)
		printf("%s", signs->cell[cells[i]]);
	printf("%s", signs->vertical);
}

static void print_pictures(const struct state *before, const struct state *after)
{
	int row;

	printf("  %-*s %s\n  ", COLUMNS + 2, "before", "after");
	print_border(signs->top_left, signs->top_right);
	putchar(' ');
	print_border(signs->top_left, signs->top_right);
	for (row = 0; row < ROWS; row++) {
		printf("\n  ");
		print_row(&before->cells[row * COLUMNS]);
		putchar(' ');
		print_row(&after->cells[row * COLUMNS]);
	}
	printf("\n  ");
	print_border(signs->bottom_left, signs->bottom_right);
	putchar(' ');
	print_border(signs->bottom_left, signs->bottom_right);
	putchar('\n');
}

static void print_legend(void)
{
	printf("One sign stands for %" PRIu64 " or %" PRIu64 " pages of %zu KiB:\n"
	       "  %s all are there   %s some are   %s none is: it reads zero   blank: beyond the end\n",
	       picture_pages / CELLS, (picture_pages + CELLS - 1) / CELLS, page_size / KIB,
	       signs->cell[CELL_FULL], signs->cell[CELL_PART], signs->cell[CELL_ZERO]);
}

/*
 * Draws a step and checks what must hold after each of them: that all sources
 * agree, and that the VMO has grown by so many bytes of memory.
 */
static struct state show_step(zx_handle_t vmo, const struct state *before, int64_t pages)
{
	struct state after = observe(vmo);
	int64_t memory = after.memory - before->memory;
	int64_t expected = pages * (int64_t)page_size;
	int64_t error = memory - expected;

	print_pictures(before, &after);
	printf("  ZX_INFO_VMO    size %.2f %s %.2f MiB, committed %.2f %s %.2f MiB\n",
	       mib(before->info.size_bytes), signs->arrow, mib(after.info.size_bytes),
	       mib(before->info.committed_bytes), signs->arrow,
	       mib(after.info.committed_bytes));
	printf("  SEEK_DATA      %" PRIu64 " %s %" PRIu64 " pages, in %" PRIu64 " %s\n",
	       before->pages, signs->arrow, after.pages, after.runs,
	       after.runs == 1 ? "run" : "runs");
	printf("  /proc/meminfo  memory in use %+.2f MiB\n", (double)memory / MIB);
	check((int64_t)(after.pages - before->pages) == pages,
	      "pages of the VMO: %+" PRId64, pages);
	check(after.info.committed_bytes == after.pages * page_size &&
	      after.info.populated_bytes == after.info.committed_bytes &&
	      after.fdinfo_committed == after.info.committed_bytes &&
	      after.fdinfo_size == after.info.size_bytes,
	      "ZX_INFO_VMO, fdinfo and SEEK_DATA agree");
	check(error <= (int64_t)MEMORY_NOISE && error >= -(int64_t)MEMORY_NOISE,
	      "and so does /proc/meminfo, within %lu MiB", MEMORY_NOISE / MIB);
	return after;
}

struct range {
	uint64_t begin, end;
};

/* Clears what lies in @range of the @size bytes at @data, which are at @offset. */
static void clear_range(unsigned char *data, uint64_t offset, size_t size,
			const struct range *range)
{
	uint64_t begin = range->begin > offset ? range->begin : offset;
	uint64_t end = range->end < offset + size ? range->end : offset + size;

	if (begin < end)
		memset(data + begin - offset, 0, end - begin);
}

static void read_fully(int fd, uint64_t offset, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, buffer + done, size - done, offset + done);

		if (n < 0 && errno != EINTR)
			die("cannot read the file: %s", strerror(errno));
		if (!n)
			die("the file became shorter");
		if (n > 0)
			done += n;
	}
}

static bool is_zero(const unsigned char *addr, size_t size)
{
	return !size || (!*addr && !memcmp(addr, addr + 1, size - 1));
}

/* Touching what is not there */

static sigjmp_buf touch_failed;
static volatile sig_atomic_t touching;

static void on_signal(int number)
{
	if (touching)
		siglongjmp(touch_failed, number);
	signal(number, SIG_DFL);
}

/* Reads a byte, or writes it. Returns the signal that this raises, or 0. */
static int touch(volatile unsigned char *addr, bool write)
{
	int number = sigsetjmp(touch_failed, 1);

	if (!number) {
		touching = true;
		if (write)
			*addr = 0xff;
		else
			(void)*addr;
	}
	touching = false;
	return number;
}

/* The steps */

struct demo {
	const char *path;
	int file;
	uint64_t file_size;
	zx_handle_t vmo;
	uint64_t pages;
	unsigned char *map;
	/* What of the file must be zero in the VMO by now */
	struct range zero[3];
	size_t nr_zero;
};

/* Compares all of the mapping with the file, so also what a step should not touch. */
static void check_content(const struct demo *demo, const char *text)
{
	bool equal = true;
	uint64_t offset;
	size_t i;

	for (offset = 0; offset < demo->file_size && equal; offset += BUFFER_SIZE) {
		size_t n = demo->file_size - offset < BUFFER_SIZE ?
			   demo->file_size - offset : BUFFER_SIZE;

		read_fully(demo->file, offset, n);
		for (i = 0; i < demo->nr_zero; i++)
			clear_range(buffer, offset, n, &demo->zero[i]);
		equal = !memcmp(buffer, demo->map + offset, n);
	}
	check(equal, "%s", text);
}

static struct state show_fill(struct demo *demo)
{
	struct digest by_reading, by_mapping, by_coreutils;
	struct state before, after;
	EVP_MD_CTX *ctx;
	uint64_t offset;
	zx_vaddr_t addr;

	heading("zx_vmo_create, zx_vmo_write: read the file into a VMO");
	must(zx_vmo_create(demo->file_size, ZX_VMO_RESIZABLE, &demo->vmo), "zx_vmo_create");
	must(zx_object_set_property(demo->vmo, ZX_PROP_NAME, "demo", 4), "ZX_PROP_NAME");
	before = observe(demo->vmo);
	ctx = digest_begin();
	for (offset = 0; offset < demo->file_size; offset += BUFFER_SIZE) {
		size_t n = demo->file_size - offset < BUFFER_SIZE ?
			   demo->file_size - offset : BUFFER_SIZE;

		read_fully(demo->file, offset, n);
		digest_add(ctx, buffer, n);
		must(zx_vmo_write(demo->vmo, buffer, offset, n), "zx_vmo_write");
	}
	by_reading = digest_end(ctx);
	after = show_step(demo->vmo, &before, demo->pages);

	printf("\n   zx_vmar_map: map it and compute SHA-256 through the mapping\n\n");
	must(zx_vmar_map(zx_vmar_root_self(),
			 ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_ALLOW_FAULTS, 0, demo->vmo,
			 0, demo->pages * page_size, &addr), "zx_vmar_map");
	demo->map = (unsigned char *)addr;
	by_mapping = digest_memory(demo->map, demo->file_size);
	by_coreutils = digest_by_coreutils(demo->path);
	printf("  mapping    %s\n  read(2)    %s\n  sha256sum  %s\n", by_mapping.hex,
	       by_reading.hex, by_coreutils.hex);
	check(same(&by_mapping, &by_reading), "the mapping holds the bytes of the file");
	check(same(&by_mapping, &by_coreutils), "sha256sum says the same");
	check(is_zero(demo->map + demo->file_size,
		      demo->pages * page_size - demo->file_size),
	      "the rest of the last page is zero");
	return after;
}

static struct state show_decommit(struct demo *demo, struct state before)
{
	uint64_t first = demo->pages / 3, end = demo->pages * 2 / 3;
	struct state after;

	heading("ZX_VMO_OP_DECOMMIT: give the middle third back, %" PRIu64 " pages",
		end - first);
	must(zx_vmo_op_range(demo->vmo, ZX_VMO_OP_DECOMMIT, first * page_size,
			     (end - first) * page_size, NULL, 0), "DECOMMIT");
	after = show_step(demo->vmo, &before, -(int64_t)(end - first));
	check(is_zero(demo->map + first * page_size, (end - first) * page_size),
	      "the range reads zero through the mapping");
	demo->zero[demo->nr_zero++] = (struct range){ first * page_size, end * page_size };
	check_content(demo, "all else is still the file, byte for byte");
	check(observe(demo->vmo).pages == after.pages, "and reading all that has committed nothing");
	return after;
}

static struct state show_commit(struct demo *demo, struct state before)
{
	uint64_t first = demo->pages / 3, end = demo->pages / 2;
	struct state after;

	heading("ZX_VMO_OP_COMMIT: have memory for half of the hole, %" PRIu64 " pages",
		end - first);
	must(zx_vmo_op_range(demo->vmo, ZX_VMO_OP_COMMIT, first * page_size,
			     (end - first) * page_size, NULL, 0), "COMMIT");
	after = show_step(demo->vmo, &before, end - first);
	check_content(demo, "the content is as before: the new pages are zero");
	return after;
}

static struct state show_zero(struct demo *demo, struct state before)
{
	/* In the middle of a page at both ends */
	struct range range = {
		.begin = demo->pages * 3 / 4 * page_size + page_size / 4,
		.end = demo->pages * 11 / 12 * page_size + page_size * 3 / 4,
	};
	uint64_t whole = range.end / page_size - range.begin / page_size - 1;
	struct state after;

	heading("ZX_VMO_OP_ZERO: clear %" PRIu64 " bytes, not aligned to pages",
		range.end - range.begin);
	must(zx_vmo_op_range(demo->vmo, ZX_VMO_OP_ZERO, range.begin, range.end - range.begin,
			     NULL, 0), "ZERO");
	after = show_step(demo->vmo, &before, -(int64_t)whole);
	check(is_zero(demo->map + range.begin, range.end - range.begin),
	      "the range reads zero: the pages at its ends were cleared in part");
	demo->zero[demo->nr_zero++] = range;
	check_content(demo, "all else is still the file, byte for byte");
	return after;
}

static struct state show_resize(struct demo *demo, struct state before)
{
	uint64_t end = demo->pages * 5 / 12;
	struct state shrunk, after;
	unsigned char byte;
	zx_status_t status;

	heading("zx_vmo_set_size: cut it to 5/12, %" PRIu64 " pages", end);
	must(zx_vmo_set_size(demo->vmo, end * page_size), "zx_vmo_set_size");
	/* There is no hole in what is left. */
	shrunk = show_step(demo->vmo, &before, (int64_t)(end - before.pages));
	status = zx_vmo_read(demo->vmo, &byte, end * page_size, 1);
	check(status == ZX_ERR_OUT_OF_RANGE, "zx_vmo_read beyond the end: %s",
	      zx_status_get_string(status));
	check(touch(demo->map + end * page_size, false) == SIGBUS,
	      "touching the mapping beyond the end: SIGBUS");
	check(!touch(demo->map + end * page_size - 1, false), "touching the last byte: fine");

	heading("zx_vmo_set_size: let it grow back to %" PRIu64 " pages", demo->pages);
	must(zx_vmo_set_size(demo->vmo, demo->file_size), "zx_vmo_set_size");
	after = show_step(demo->vmo, &shrunk, 0);
	demo->zero[demo->nr_zero++] = (struct range){ end * page_size, demo->file_size };
	check_content(demo, "the same mapping works again: what was cut off is zero");
	return after;
}

static struct state show_read_only(struct demo *demo, struct state before)
{
	const zx_rights_t rights = ZX_RIGHTS_BASIC | ZX_RIGHT_READ | ZX_RIGHT_MAP;
	size_t size = demo->pages * page_size;
	uint64_t old_handles, handles;
	zx_info_handle_count_t count;
	unsigned char byte = 0xff;
	struct state after;
	zx_handle_t dup;
	zx_status_t status;
	zx_vaddr_t addr;
	volatile unsigned char *map;
	int fd;

	heading("zx_handle_duplicate: a second handle that can only read");
	must(zx_object_get_info(demo->vmo, ZX_INFO_HANDLE_COUNT, &count, sizeof(count), NULL,
				NULL), "ZX_INFO_HANDLE_COUNT");
	old_handles = count.handle_count;
	must(zx_handle_duplicate(demo->vmo, rights, &dup), "zx_handle_duplicate");
	must(zx_object_get_info(demo->vmo, ZX_INFO_HANDLE_COUNT, &count, sizeof(count), NULL,
				NULL), "ZX_INFO_HANDLE_COUNT");
	handles = count.handle_count;
	must(zxvmo_handle_to_fd(dup, &fd), "zxvmo_handle_to_fd");

	status = zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_ALLOW_FAULTS, 0, dup,
			     0, size, &addr);
	must(status, "zx_vmar_map");
	map = (unsigned char *)addr;
	after = show_step(demo->vmo, &before, 0);
	check(handles == old_handles + 1 && after.info.num_mappings == before.info.num_mappings + 1,
	      "the kernel counts %" PRIu64 " handles and %" PRIu64 " mappings of one VMO",
	      handles, after.info.num_mappings);

	status = zx_vmo_write(dup, &byte, 0, 1);
	check(status == ZX_ERR_ACCESS_DENIED, "zx_vmo_write: %s", zx_status_get_string(status));
	status = zx_vmo_op_range(dup, ZX_VMO_OP_DECOMMIT, 0, size, NULL, 0);
	check(status == ZX_ERR_ACCESS_DENIED, "ZX_VMO_OP_DECOMMIT: %s",
	      zx_status_get_string(status));
	status = zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, dup, 0,
			     size, &addr);
	check(status == ZX_ERR_ACCESS_DENIED, "zx_vmar_map to write: %s",
	      zx_status_get_string(status));
	check(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED &&
	      errno == EACCES, "mmap(2) of the descriptor to write: EACCES");
	check(mprotect((void *)map, size, PROT_READ | PROT_WRITE) && errno == EACCES,
	      "mprotect(2) of the read-only mapping to write: EACCES");
	check(touch(map, true) == SIGSEGV, "writing to it all the same: SIGSEGV");

	byte = demo->map[0] ^ 0xff;
	must(zx_vmo_write(demo->vmo, &byte, 0, 1), "zx_vmo_write");
	check(map[0] == byte, "what the first handle writes is seen in the read-only mapping");
	byte ^= 0xff;
	must(zx_vmo_write(demo->vmo, &byte, 0, 1), "zx_vmo_write");
	check_content(demo, "the content is as before");

	must(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)map, size), "zx_vmar_unmap");
	must(zx_handle_close(dup), "zx_handle_close");
	return after;
}

static void show_closing(struct demo *demo, uint64_t memory_at_start)
{
	uint64_t memory, pages = demo->pages;
	int64_t error;

	heading("zx_vmar_unmap, zx_handle_close: the end");
	must(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)demo->map, pages * page_size),
	     "zx_vmar_unmap");
	must(zx_handle_close(demo->vmo), "zx_handle_close");
	memory = memory_in_use();
	error = memory - memory_at_start;
	printf("  /proc/meminfo  memory in use %+.2f MiB since the start\n",
	       (double)error / MIB);
	check(error <= (int64_t)MEMORY_NOISE && error >= -(int64_t)MEMORY_NOISE,
	      "all memory is free again, within %lu MiB", MEMORY_NOISE / MIB);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	char default_path[sizeof(struct utsname) + 16];
	struct demo demo = {};
	struct utsname uts;
	uint64_t memory;
	struct state state;
	struct stat st;
	bool ascii;

	ascii = argc > 1 && !strcmp(argv[1], "--ascii");
	if (argc > 2 + ascii || (argc > 1 + ascii && argv[1 + ascii][0] == '-')) {
		fprintf(stderr, "usage: demo [--ascii] [FILE]\n");
		return 2;
	}
	show_begin(ascii);
	uname(&uts);
	snprintf(default_path, sizeof(default_path), "/boot/vmlinuz-%s", uts.release);
	demo.path = argc > 1 + ascii ? argv[1 + ascii] : default_path;
	demo.file = open(demo.path, O_RDONLY | O_CLOEXEC);
	if (demo.file < 0 || fstat(demo.file, &st))
		die("%s: %s", demo.path, strerror(errno));
	demo.file_size = st.st_size;
	demo.pages = (demo.file_size + page_size - 1) / page_size;
	if (!S_ISREG(st.st_mode) || demo.pages < MIN_PAGES)
		die("%s: want a file of %zu KiB or more", demo.path,
		    MIN_PAGES * page_size / KIB);
	picture_pages = demo.pages;
	buffer = aligned_alloc(page_size, BUFFER_SIZE);
	if (!buffer)
		die("no memory");
	memset(buffer, 0, BUFFER_SIZE);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);

	printf("VMOs of zxvmo on Linux %s\n", uts.release);
	printf("%s\n", demo.path);
	printf("%" PRIu64 " bytes = %.2f MiB = %" PRIu64 " pages\n\n", demo.file_size,
	       mib(demo.file_size), demo.pages);
	print_legend();

	memory = memory_in_use();
	state = show_fill(&demo);
	state = show_decommit(&demo, state);
	state = show_commit(&demo, state);
	state = show_zero(&demo, state);
	state = show_resize(&demo, state);
	show_read_only(&demo, state);
	show_closing(&demo, memory);

	return show_end();
}
