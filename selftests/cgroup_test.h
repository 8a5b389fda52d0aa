/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs that run short of memory share: ways to commit it, and memory
 * cgroups.
 */
#ifndef ZXVMO_SELFTESTS_CGROUP_TEST_H
#define ZXVMO_SELFTESTS_CGROUP_TEST_H

#include <sys/stat.h>

#include "mem_test.h"

#define KIB	1024ULL
#define MIB	(1024 * KIB)

/* Kills by the out-of-memory killer, in all of the machine */
static zt_unused long long oom_kills(void)
{
	return zt_field("/proc/vmstat", "oom_kill");
}

/* Ways to commit the first bytes of a VMO, a page at a time or all at once */

struct memory {
	zx_handle_t vmo;
	unsigned char *p;	/* mapping of it */
	uint64_t size;
};

static zt_unused struct memory memory_create(struct __test_metadata *_metadata, uint64_t size,
				   uint32_t options)
{
	struct memory memory = { .size = size };

	memory.vmo = vmo_create(_metadata, size, options);
	memory.p = map_shared(_metadata, memory.vmo, 0, size / PAGE);
	return memory;
}

static zt_unused zx_status_t by_op_commit(struct memory *memory, uint64_t size)
{
	return zx_vmo_op_range(memory->vmo, ZX_VMO_OP_COMMIT, 0, size, NULL, 0);
}

static zt_unused zx_status_t by_vmo_write(struct memory *memory, uint64_t size)
{
	static const unsigned char chunk[64 * KIB];
	zx_status_t status = ZX_OK;
	uint64_t offset;

	for (offset = 0; offset < size && !status; offset += sizeof(chunk))
		status = zx_vmo_write(memory->vmo, chunk, offset, sizeof(chunk));
	return status;
}

static zt_unused zx_status_t by_pwrite(struct memory *memory, uint64_t size)
{
	static const unsigned char chunk[64 * KIB];
	uint64_t offset;
	ssize_t n;

	for (offset = 0; offset < size; offset += n) {
		n = pwrite(fd_of(memory->vmo), chunk, sizeof(chunk), offset);
		if (n <= 0)
			return n && errno == ENOMEM ? ZX_ERR_NO_MEMORY : ZX_ERR_INTERNAL;
	}
	return ZX_OK;
}

static zt_unused zx_status_t by_fallocate(struct memory *memory, uint64_t size)
{
	if (fallocate(fd_of(memory->vmo), 0, 0, size))
		return errno == ENOMEM || errno == ENOSPC ?
		       ZX_ERR_NO_MEMORY : ZX_ERR_INTERNAL;
	return ZX_OK;
}

/* SIGBUS is how a page fault says it */
static zt_unused zx_status_t by_store(struct memory *memory, uint64_t size)
{
	unsigned char byte = 'S';
	uint64_t offset;

	for (offset = 0; offset < size; offset += PAGE)
		if (try(store, memory->p + offset, &byte).signal == SIGBUS)
			return ZX_ERR_NO_MEMORY;
	return ZX_OK;
}

static zt_unused zx_status_t by_madv_populate(struct memory *memory, uint64_t size)
{
	if (madvise(memory->p, size, MADV_POPULATE_WRITE))
		return errno == EFAULT || errno == ENOMEM ?
		       ZX_ERR_NO_MEMORY : ZX_ERR_INTERNAL;
	return ZX_OK;
}

/* Memory cgroups */

#define CGROUP_ROOT	"/sys/fs/cgroup"

#define SLACK	(3 * MIB / 2)	/* charges are batched on each processor */

struct cgroup {
	char dir[128];
	long long oom_kills;
};

static zt_unused char *cgroup_file(struct cgroup *cgroup, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", cgroup->dir, name);
	return path;
}

static zt_unused long long cgroup_current(struct cgroup *cgroup)
{
	return read_number(cgroup_file(cgroup, "memory.current"));
}

static zt_unused long cgroup_join(void *arg)
{
	return write_text(cgroup_file(arg, "cgroup.procs"), "0");
}

static zt_unused void cgroup_make(struct __test_metadata *_metadata, struct cgroup *cgroup)
{
	static int number;

	cgroup->oom_kills = oom_kills();
	ASSERT_LE(0, cgroup->oom_kills);
	if (access(CGROUP_ROOT "/cgroup.procs", F_OK))
		mount("cgroup2", CGROUP_ROOT, "cgroup2", 0, NULL);
	ASSERT_EQ(0, write_text(CGROUP_ROOT "/cgroup.subtree_control", "+memory"));
	snprintf(cgroup->dir, sizeof(cgroup->dir), CGROUP_ROOT "/zxvmo-test-%d-%d",
		 getpid(), number++);
	ASSERT_EQ(0, mkdir(cgroup->dir, 0755));
}

/* When all who were in it are gone */
static zt_unused void cgroup_remove(struct cgroup *cgroup)
{
	WAIT_FOR(!rmdir(cgroup->dir) || errno == ENOENT);
}

static zt_unused void check_no_oom(struct __test_metadata *_metadata, struct cgroup *cgroup)
{
	EXPECT_EQ(0, zt_field(cgroup_file(cgroup, "memory.events"), "oom"));
	EXPECT_EQ(0, zt_field(cgroup_file(cgroup, "memory.events"), "oom_kill"));
	EXPECT_EQ(cgroup->oom_kills, oom_kills());
}

#endif /* ZXVMO_SELFTESTS_CGROUP_TEST_H */
