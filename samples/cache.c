// SPDX-License-Identifier: MIT
/*
 * A cache in discardable memory: the tiles of a map, each in a VMO of its own, are
 * rendered when they are shown and not there. The viewer lives in a memory cgroup
 * that is far too small for the map, and never asks how much memory there is: it
 * locks what it shows and unlocks what it has shown, and the kernel takes what it
 * needs. The same viewer with a cache in ordinary memory is killed.
 *
 *	cache [--ascii]
 *
 * Each line with a tick is a claim that was checked.
 */
#include <sys/mount.h>

#include "show.h"

#define CGROUPS		"/sys/fs/cgroup"
#define CGROUP		CGROUPS "/zxvmo-demo"
#define SIDE		256			/* of a tile, in pixels */
#define TILE_SIZE	(SIDE * SIDE * sizeof(uint32_t))
#define MAP_SIDE	12			/* of the map, in tiles */
#define NR_TILES	(MAP_SIDE * MAP_SIDE)
#define VIEW_SIDE	3			/* of what is seen at once */
#define SMALL		(12 * MIB)
#define LARGE		(64 * MIB)

/* What the viewer tells, in memory that it shares with who watches it */
struct tally {
	unsigned long views, shown, hits, discarded, rendered, wrong;
};

static struct tally *tally;

struct tile {
	zx_handle_t vmo;	/* of the cache in discardable memory */
	uint32_t *pixels;
	bool rendered;		/* at some time */
	uint64_t sum;		/* of what was rendered then */
};

static struct tile tiles[NR_TILES];

/* Rendering: hills */

static uint32_t hash(uint32_t x, uint32_t y)
{
	uint32_t h = x * 0x9e3779b1 ^ y * 0x85ebca77;

	h ^= h >> 15;
	h *= 0xc2b2ae3d;
	return h ^ h >> 13;
}

static void render(unsigned int number, uint32_t *pixels)
{
	uint32_t x0 = number % MAP_SIDE * SIDE, y0 = number / MAP_SIDE * SIDE;
	uint32_t x, y;

	for (y = y0; y < y0 + SIDE; y++) {
		for (x = x0; x < x0 + SIDE; x++) {
			uint32_t fx = x % 64, fy = y % 64, height;

			/* between the four corners of a square of 64 pixels */
			height = (hash(x / 64, y / 64) & 0xff) * (64 - fx) * (64 - fy) +
				 (hash(x / 64 + 1, y / 64) & 0xff) * fx * (64 - fy) +
				 (hash(x / 64, y / 64 + 1) & 0xff) * (64 - fx) * fy +
				 (hash(x / 64 + 1, y / 64 + 1) & 0xff) * fx * fy;
			*pixels++ = (height >> 12) * 0x010101 ^ hash(x, y) % 8;
		}
	}
}

static uint64_t sum_of(const uint32_t *pixels)
{
	const uint64_t *words = (const uint64_t *)pixels;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < TILE_SIZE / sizeof(*words); i++)
		sum = (sum << 1 | sum >> 63) + words[i];
	return sum;
}

/* A tile that is there is right, or else somebody has lost a byte. */
static void show(struct tile *tile, bool there)
{
	if (!there) {
		render(tile - tiles, tile->pixels);
		tally->rendered++;
	} else {
		tally->hits++;
	}
	if (!tile->rendered)
		tile->sum = sum_of(tile->pixels);
	else if (sum_of(tile->pixels) != tile->sum)
		tally->wrong++;
	tile->rendered = true;
	tally->shown++;
}

/* The cache in discardable memory */

static void tile_make(struct tile *tile)
{
	zx_vaddr_t addr;

	must(zx_vmo_create(TILE_SIZE, ZX_VMO_DISCARDABLE, &tile->vmo), "zx_vmo_create");
	must(zx_vmar_map(zx_vmar_root_self(),
			 ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_ALLOW_FAULTS, 0, tile->vmo,
			 0, TILE_SIZE, &addr), "zx_vmar_map");
	tile->pixels = (uint32_t *)addr;
}

static void get_discardable(struct tile *tile)
{
	zx_vmo_lock_state_t state;

	if (!tile->vmo)
		tile_make(tile);
	must(zx_vmo_op_range(tile->vmo, ZX_VMO_OP_LOCK, 0, TILE_SIZE, &state, sizeof(state)),
	     "LOCK");
	if (state.discarded_size)
		tally->discarded++;
	show(tile, tile->rendered && !state.discarded_size);
}

static void put_discardable(struct tile *tile)
{
	must(zx_vmo_op_range(tile->vmo, ZX_VMO_OP_UNLOCK, 0, TILE_SIZE, NULL, 0), "UNLOCK");
}

/* The same in ordinary memory */

static void get_ordinary(struct tile *tile)
{
	if (!tile->pixels) {
		tile->pixels = mmap(NULL, TILE_SIZE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (tile->pixels == MAP_FAILED)
			die("no memory");
	}
	show(tile, tile->rendered);
}

static void put_ordinary(struct tile *tile)
{
	(void)tile;
}

static const struct cache {
	const char *name;
	void (*get)(struct tile *tile);
	void (*put)(struct tile *tile);
} discardable = { "discardable VMOs", get_discardable, put_discardable },
  ordinary = { "ordinary memory", get_ordinary, put_ordinary };

/* The viewer */

static void view(const struct cache *cache, int left, int top)
{
	struct tile *seen[VIEW_SIDE * VIEW_SIDE];
	int nr = 0, x, y;

	for (y = top; y < top + VIEW_SIDE; y++)
		for (x = left; x < left + VIEW_SIDE; x++)
			seen[nr++] = &tiles[y * MAP_SIDE + x];
	for (nr = 0; nr < VIEW_SIDE * VIEW_SIDE; nr++)
		cache->get(seen[nr]);
	for (nr = 0; nr < VIEW_SIDE * VIEW_SIDE; nr++)
		cache->put(seen[nr]);
	tally->views++;
}

/* Over the whole map, line by line, there and back */
static void sweep(const struct cache *cache)
{
	const int last = MAP_SIDE - VIEW_SIDE;
	int x, y;

	for (y = 0; y <= last; y += VIEW_SIDE)
		for (x = 0; x <= last; x++)
			view(cache, y / VIEW_SIDE % 2 ? last - x : x, y);
}

static unsigned long views_of_a_sweep(void)
{
	return (MAP_SIDE / VIEW_SIDE) * (MAP_SIDE - VIEW_SIDE + 1);
}

/* The cgroup */

static void cgroup_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

static void cgroup_limit(size_t bytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%zu", bytes);
	cgroup_write(CGROUP "/memory.max", text);
}

static void cgroup_make(size_t limit)
{
	if (access(CGROUPS "/cgroup.procs", F_OK) && mount("cgroup2", CGROUPS, "cgroup2", 0, NULL))
		die(CGROUPS ": %s", strerror(errno));
	cgroup_write(CGROUPS "/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0755))
		die(CGROUP ": %s", strerror(errno));
	cgroup_limit(limit);
}

static void cgroup_remove(void)
{
	while (rmdir(CGROUP) && errno == EBUSY)
		usleep(10000);
}

/* Returns a number of a file of the cgroup, of the line that begins with @name. */
static unsigned long cgroup_read(const char *path, const char *name)
{
	FILE *file = fopen(path, "r");
	unsigned long value = 0;
	char line[256];

	if (!file)
		die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		size_t len = strlen(name);

		if (!strncmp(line, name, len) && (!len || line[len] == ' '))
			value = strtoul(line + len, NULL, 10);
	}
	fclose(file);
	return value;
}

static void print_head(void)
{
	printf("  %-17s %-9s %6s %6s %6s %10s %9s %9s %9s\n", "cache", "limit", "views", "tiles",
	       "hits", "discarded", "rendered", "memory", "OOM kills");
}

static void print_tally(const struct cache *cache, size_t limit, unsigned long memory,
			unsigned long kills)
{
	char text[32];

	snprintf(text, sizeof(text), "%.0f MiB", mib(limit));
	printf("  %-17s %-9s %6lu %6lu %6lu %10lu %9lu %5.1f MiB %9lu\n", cache->name, text,
	       tally->views, tally->shown, tally->hits, tally->discarded, tally->rendered,
	       mib(memory), kills);
}

/* Lets a viewer live in a cgroup of its own. Returns how it ended, as wait(2) says. */
static int watch(const struct cache *cache, unsigned long *kills)
{
	int go[2], done[2], status, round;
	char byte;
	pid_t pid;

	*tally = (struct tally) {};
	cgroup_make(SMALL);
	if (pipe(go) || pipe(done) || (pid = fork()) < 0)
		die("cannot start the viewer: %s", strerror(errno));
	if (!pid) {
		close(go[1]);
		cgroup_write(CGROUP "/cgroup.procs", "0");
		while (read(go[0], &byte, 1) == 1) {
			sweep(cache);
			if (write(done[1], "d", 1) != 1)
				break;
		}
		_exit(0);
	}
	close(go[0]);
	close(done[1]);
	for (round = 0; round < 4; round++) {
		size_t limit = round < 2 ? SMALL : LARGE;
		bool alive;

		cgroup_limit(limit);
		*tally = (struct tally) { .wrong = tally->wrong };
		alive = write(go[1], "g", 1) == 1 && read(done[0], &byte, 1) == 1;
		*kills = cgroup_read(CGROUP "/memory.events", "oom_kill");
		print_tally(cache, limit, cgroup_read(CGROUP "/memory.current", ""), *kills);
		if (!alive)
			break;
		if (cache == &discardable && round == 1)
			check(tally->discarded > NR_TILES / 2,
			      "the map does not fit: most tiles were discarded and rendered again");
		if (cache == &discardable && round == 3)
			check(!tally->discarded && tally->hits == tally->shown,
			      "with room for all of them, every tile is a hit");
	}
	close(go[1]);
	close(done[0]);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid: %s", strerror(errno));
	cgroup_remove();
	return status;
}

int main(int argc, char **argv)
{
	unsigned long kills;
	int status;

	if (argc > 2 || (argc == 2 && strcmp(argv[1], "--ascii"))) {
		fprintf(stderr, "usage: %s [--ascii]\n", argv[0]);
		return 2;
	}
	show_begin(argc == 2);
	signal(SIGPIPE, SIG_IGN);
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (tally == MAP_FAILED)
		die("no memory");

	heading("A map of %d tiles, %.0f MiB, in a cache of discardable VMOs", NR_TILES,
		mib(NR_TILES * TILE_SIZE));
	print_head();
	status = watch(&discardable, &kills);
	check(!status && !kills, "the viewer has lived in %.0f MiB, nothing was killed", mib(SMALL));
	check(!tally->wrong, "no tile ever showed a wrong byte");

	heading("The same viewer with its cache in ordinary memory");
	print_head();
	status = watch(&ordinary, &kills);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && kills,
	      "the OOM killer ended it after %lu of %lu views", tally->views, views_of_a_sweep());
	return show_end();
}
