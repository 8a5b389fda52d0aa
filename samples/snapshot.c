// SPDX-License-Identifier: MIT
/*
 * A snapshot, shown on a real database: a file of SQLite's is loaded into a VMO
 * and snapshotted while another process keeps changing it. The snapshot stays
 * what it was, at first takes no memory, and then as much as was changed.
 *
 *	snapshot [--ascii] DATABASE
 *
 * The database has texts "balance=" and some digits, as samples/database.sql makes
 * it. The writer changes digits, through a mapping and by calls, which keeps it a
 * database. In the end sqlite3(1) is asked what it thinks of the copies.
 * Each line with a tick is a claim that was checked.
 */
#include <stdatomic.h>
#include <time.h>

#include "show.h"

#define FIELD		"balance="
#define DIGITS		12
#define ROUNDS		4
#define ROUND_NS	400000000
/* Writes of a round, on a slow machine too */
#define ROUND_WRITES	500

/* Shared with the writer */
struct board {
	atomic_bool stop;
	atomic_ulong writes;
};

static struct board *board;

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void nap(long ns)
{
	const struct timespec ts = { .tv_nsec = ns };

	nanosleep(&ts, NULL);
}

static zx_info_vmo_t info_of(zx_handle_t vmo)
{
	zx_info_vmo_t info;

	must(zx_object_get_info(vmo, ZX_INFO_VMO, &info, sizeof(info), NULL, NULL),
	     "ZX_INFO_VMO");
	return info;
}

static unsigned char *map(zx_handle_t vmo, zx_vm_option_t options, size_t size)
{
	zx_vaddr_t addr;

	must(zx_vmar_map(zx_vmar_root_self(), options, 0, vmo, 0, size, &addr), "zx_vmar_map");
	return (unsigned char *)addr;
}

/* The digest of the first bytes of a VMO, through a mapping of its own */
static struct digest digest_of(zx_handle_t vmo, size_t size)
{
	unsigned char *p = map(vmo, ZX_VM_PERM_READ, size);
	struct digest digest = digest_memory(p, size);

	must(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)p, size), "zx_vmar_unmap");
	return digest;
}

/* The writer: a process that knows the mapping and the handle from its parent */

static void write_for_ever(zx_handle_t vmo, unsigned char *map, size_t size)
{
	unsigned char *p = map, *end = map + size;
	size_t nr = 0, room = 0, step = 0, *fields = NULL;
	unsigned long random = 1;

	for (; (p = memmem(p, end - p, FIELD, strlen(FIELD))); p += strlen(FIELD)) {
		if (end - p < (ptrdiff_t)(strlen(FIELD) + DIGITS))
			break;
		if (nr == room) {
			room = room ? 2 * room : 1024;
			fields = realloc(fields, room * sizeof(*fields));
			if (!fields)
				die("no memory");
		}
		fields[nr++] = p + strlen(FIELD) - map;
	}
	if (!nr)
		die("the database has no \"" FIELD "\"");
	while (!atomic_load(&board->stop)) {
		unsigned char digit;
		size_t at;

		random = random * 6364136223846793005UL + 1442695040888963407UL;
		/* here and there, but from day to day somewhere else */
		at = fields[(step++ + (random >> 20) % 500) % nr] + (random >> 60) % DIGITS;
		digit = '0' + (random >> 50) % 10;
		if (random >> 63)
			map[at] = digit;
		else
			must(zx_vmo_write(vmo, &digit, at, 1), "zx_vmo_write");
		atomic_fetch_add(&board->writes, 1);
		/* it has other things to do, too */
		if (step % 32 == 0)
			nap(1000000);
	}
}

/* What sqlite3(1) says to a statement about a copy of the VMO; "" if it fails */

static void copy_out(zx_handle_t vmo, size_t size, const char *path)
{
	FILE *file = fopen(path, "w");
	unsigned char *p = map(vmo, ZX_VM_PERM_READ, size);

	if (!file || fwrite(p, 1, size, file) != size || fclose(file))
		die("%s: %s", path, strerror(errno));
	must(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)p, size), "zx_vmar_unmap");
}

static const char *sqlite(const char *path, const char *statement)
{
	static char answers[8][256];
	static int turn;
	char command[512], *answer = answers[turn++ % 8];
	FILE *pipe;

	snprintf(command, sizeof(command), "sqlite3 -readonly '%s' '%s' 2>&1", path, statement);
	pipe = popen(command, "r");
	if (!pipe || !fgets(answer, sizeof(answers[0]), pipe))
		*answer = 0;
	answer[strcspn(answer, "\n")] = 0;
	if (pipe && pclose(pipe))
		*answer = 0;
	return answer;
}

#define CHECK_STATEMENT	"PRAGMA integrity_check"
#define COUNT_STATEMENT	"SELECT count(*) FROM accounts"
#define SUM_STATEMENT	"SELECT sum(substr(balance, 9)) FROM accounts"

static void print_memory(const char *name, zx_handle_t vmo)
{
	zx_info_vmo_t info = info_of(vmo);

	printf("  %-10s sees %6.2f MiB: %6.2f private, %6.2f shared; its share is %6.2f MiB\n",
	       name, mib(info.committed_bytes), mib(info.committed_private_bytes),
	       mib(info.committed_bytes - info.committed_private_bytes),
	       mib(info.committed_scaled_bytes));
}

static bool about(uint64_t now, uint64_t before, uint64_t more)
{
	int64_t error = now - before - more;

	return error <= (int64_t)MEMORY_NOISE && error >= -(int64_t)MEMORY_NOISE;
}

struct scene {
	const char *path;
	size_t size;
	zx_handle_t vmo, snapshot;
	unsigned char *map;
	pid_t writer;
	struct digest digest;	/* of the snapshot at first */
	uint64_t memory;	/* before the snapshot was made */
};

static void show_load(struct scene *scene)
{
	struct digest by_mapping, by_coreutils;
	int fd = open(scene->path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t done;
	ssize_t n;

	heading("zx_vmo_create: a database of SQLite in a VMO");
	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", scene->path, strerror(errno));
	scene->size = st.st_size;
	must(zx_vmo_create(scene->size, 0, &scene->vmo), "zx_vmo_create");
	scene->map = map(scene->vmo, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, scene->size);
	for (done = 0; done < scene->size; done += n) {
		n = read(fd, scene->map + done, scene->size - done);
		if (n <= 0)
			die("cannot read %s: %s", scene->path, strerror(errno));
	}
	close(fd);
	by_mapping = digest_of(scene->vmo, scene->size);
	by_coreutils = digest_by_coreutils(scene->path);
	printf("  %s, %.2f MiB\n  %s rows, the balances add up to %s\n", scene->path,
	       mib(scene->size), sqlite(scene->path, COUNT_STATEMENT),
	       sqlite(scene->path, SUM_STATEMENT));
	print_memory("database", scene->vmo);
	check(same(&by_mapping, &by_coreutils), "the VMO has the SHA-256 of the file");
	check(info_of(scene->vmo).committed_private_bytes >= scene->size,
	      "and all of its memory to itself");
}

static void show_writer(struct scene *scene)
{
	heading("another process begins to change it, through a mapping and by zx_vmo_write");
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (board == MAP_FAILED)
		die("no memory");
	scene->writer = fork();
	if (scene->writer < 0)
		die("fork: %s", strerror(errno));
	if (!scene->writer) {
		write_for_ever(scene->vmo, scene->map, scene->size);
		_exit(0);
	}
	while (atomic_load(&board->writes) < ROUND_WRITES) {
		if (waitpid(scene->writer, NULL, WNOHANG))
			die("the writer has died");
		nap(10000000);
	}
	printf("  %lu writes so far\n", atomic_load(&board->writes));
}

static void show_snapshot(struct scene *scene)
{
	uint64_t start, end;
	zx_info_vmo_t info;

	heading("zx_vmo_create_child: a snapshot, which cannot be written");
	scene->memory = memory_in_use();
	start = now();
	must(zx_vmo_create_child(scene->vmo, ZX_VMO_CHILD_SNAPSHOT | ZX_VMO_CHILD_NO_WRITE, 0,
				 scene->size, &scene->snapshot), "zx_vmo_create_child");
	end = now();
	info = info_of(scene->snapshot);
	printf("  made in %.3f ms\n", (end - start) / 1e6);
	print_memory("database", scene->vmo);
	print_memory("snapshot", scene->snapshot);
	check(info.flags & ZX_INFO_VMO_IMMUTABLE, "it tells that it is immutable");
	check(info.committed_private_bytes < info.committed_bytes / 2,
	      "most of the memory is both's");
	check(about(memory_in_use(), scene->memory, 0),
	      "and /proc/meminfo knows of no more in use, within %lu MiB", MEMORY_NOISE / MIB);
	scene->digest = digest_of(scene->snapshot, scene->size);
	printf("  its SHA-256 is %s\n", scene->digest.hex);
}

static void show_rounds(struct scene *scene)
{
	unsigned long begin, writes;
	struct digest digest, live;
	int round;

	heading("the writer goes on");
	for (round = 1; round <= ROUNDS; round++) {
		uint64_t end = now() + ROUND_NS;

		begin = atomic_load(&board->writes);
		do {
			nap(10000000);
			writes = atomic_load(&board->writes);
		} while (now() < end || writes < begin + ROUND_WRITES);
		printf("  after %lu writes, memory in use %+.2f MiB\n", writes,
		       mib(1) * (double)(int64_t)(memory_in_use() - scene->memory));
		print_memory("database", scene->vmo);
		print_memory("snapshot", scene->snapshot);
		digest = digest_of(scene->snapshot, scene->size);
		live = digest_of(scene->vmo, scene->size);
		check(same(&digest, &scene->digest), "the snapshot's SHA-256 is what it was");
		check(!same(&live, &scene->digest), "that of the database is not: %.16s...",
		      live.hex);
	}
}

static void show_sqlite(struct scene *scene)
{
	const char *frozen = "/tmp/zxvmo-snapshot.db", *live = "/tmp/zxvmo-live.db";
	zx_info_vmo_t vmo, snapshot;
	struct digest digest;
	int status;

	heading("the writer ends, and sqlite3 looks at both");
	atomic_store(&board->stop, true);
	if (waitpid(scene->writer, &status, 0) != scene->writer || status)
		die("the writer has failed");
	vmo = info_of(scene->vmo);
	snapshot = info_of(scene->snapshot);
	printf("  %lu writes\n", atomic_load(&board->writes));
	print_memory("database", scene->vmo);
	print_memory("snapshot", scene->snapshot);
	check(vmo.committed_private_bytes == snapshot.committed_private_bytes &&
	      vmo.committed_private_bytes > 0,
	      "each has to itself what was changed: %.2f MiB",
	      mib(vmo.committed_private_bytes));
	check(vmo.committed_scaled_bytes + snapshot.committed_scaled_bytes ==
	      vmo.committed_bytes + snapshot.committed_private_bytes,
	      "the shares add up to the memory there is");
	check(about(memory_in_use(), scene->memory, vmo.committed_private_bytes),
	      "and /proc/meminfo knows of as much more, within %lu MiB", MEMORY_NOISE / MIB);
	copy_out(scene->snapshot, scene->size, frozen);
	copy_out(scene->vmo, scene->size, live);
	printf("  snapshot: %s; %s rows, %s\n", sqlite(frozen, CHECK_STATEMENT),
	       sqlite(frozen, COUNT_STATEMENT), sqlite(frozen, SUM_STATEMENT));
	printf("  database: %s; %s rows, %s\n", sqlite(live, CHECK_STATEMENT),
	       sqlite(live, COUNT_STATEMENT), sqlite(live, SUM_STATEMENT));
	digest = digest_by_coreutils(frozen);
	check(same(&digest, &scene->digest), "sha256sum of the snapshot is what it was");
	check(!strcmp(sqlite(frozen, CHECK_STATEMENT), "ok"), "it is a sound database");
	check(!strcmp(sqlite(live, CHECK_STATEMENT), "ok"), "so is the one that was changed");
	check(strcmp(sqlite(frozen, SUM_STATEMENT), sqlite(live, SUM_STATEMENT)),
	      "and they do not say the same");
	unlink(frozen);
	unlink(live);
}

static void show_close(struct scene *scene)
{
	heading("zx_handle_close: the snapshot goes");
	must(zx_handle_close(scene->snapshot), "zx_handle_close");
	print_memory("database", scene->vmo);
	check(info_of(scene->vmo).committed_private_bytes >= scene->size,
	      "the database has all of its memory to itself again");
	check(about(memory_in_use(), scene->memory, 0),
	      "and the memory that the snapshot took is free, within %lu MiB",
	      MEMORY_NOISE / MIB);
	must(zx_vmo_op_range(scene->vmo, ZX_VMO_OP_DECOMMIT, 0,
			     info_of(scene->vmo).size_bytes, NULL, 0), "DECOMMIT");
	check(!info_of(scene->vmo).committed_bytes, "DECOMMIT works again and frees all of it");
}

int main(int argc, char **argv)
{
	bool ascii = argc > 1 && !strcmp(argv[1], "--ascii");
	struct scene scene = {};
	struct utsname uts;

	if (argc != 2 + ascii) {
		fprintf(stderr, "usage: snapshot [--ascii] DATABASE\n");
		return 2;
	}
	scene.path = argv[1 + ascii];
	show_begin(ascii);
	uname(&uts);
	printf("Snapshots of zxvmo on Linux %s\n", uts.release);
	show_load(&scene);
	show_writer(&scene);
	show_snapshot(&scene);
	show_rounds(&scene);
	show_sqlite(&scene);
	show_close(&scene);
	return show_end();
}
