/* SPDX-License-Identifier: MIT */
/*
 * What the layer below a guest and the one who watches it share.
 */
#ifndef ZXVMO_SAMPLES_GUEST_H
#define ZXVMO_SAMPLES_GUEST_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The environment variable with the descriptor of the board */
#define GUEST_BOARD	"ZXVMO_GUEST_BOARD"

/* In memory that both see: what the layer tells */
struct board {
	uint64_t base, size;		/* of the guest's VMAR, 0 before it has one */
	uint64_t anonymous_before;	/* bytes of Linux's memory that were there then */
	unsigned long calls, maps, unmaps, protects, advices, moves, heaps;
};

/* What a process has mapped, in bytes */
struct memory {
	uint64_t vmos;		/* of VMOs, in the guest's VMAR */
	uint64_t strange;	/* of anything else there */
	uint64_t anonymous;	/* of Linux's, without stack */
};

static inline struct memory memory_of(const char *maps, uint64_t base, uint64_t size)
{
	struct memory memory = {};
	FILE *file = fopen(maps, "re");
	unsigned long start, end, inode;
	char line[512], shared;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx %*3c%c %*s %*s %lu", &start, &end, &shared, &inode) != 4)
			continue;
		if (start >= base && end <= base + size) {
			if (strstr(line, "zxvmo:vmo:"))
				memory.vmos += end - start;
			else if (!strstr(line, "zxvmo:vmar:"))
				memory.strange += end - start;
		} else if (!inode && (!strchr(line, '[') || strstr(line, "[heap]") ||
				      strstr(line, "[anon"))) {
			memory.anonymous += end - start;
		}
	}
	if (file)
		fclose(file);
	return memory;
}

#endif /* ZXVMO_SAMPLES_GUEST_H */
