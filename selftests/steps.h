/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random steps for programs that compare the module with a model of it. A run is
 * repeated by its seed; one that fails tells its last steps.
 *
 * MODEL_SEED=n replaces the seed of each run, MODEL_STEPS=n the number of steps,
 * MODEL_TRACE=1 prints every step.
 */
#ifndef ZXVMO_SELFTESTS_STEPS_H
#define ZXVMO_SELFTESTS_STEPS_H

#include "vmo_test.h"

#include <stdarg.h>

#define NR_TRACES	24

static struct steps {
	struct __test_metadata *metadata;
	const char *name;	/* of the variant of the test */
	uint64_t seed, random;
	uint64_t step, nr;
	char traces[NR_TRACES][160];
	bool trace;
	uint64_t refused;	/* calls that failed, as they should */
} steps;

/* splitmix64 */
static zt_unused uint64_t rnd(void)
{
	uint64_t z = steps.random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static zt_unused uint64_t below(uint64_t n)
{
	return rnd() % n;
}

static zt_unused bool percent(unsigned int n)
{
	return below(100) < n;
}

/* Tells what the step does. */
__attribute__((format(printf, 1, 2)))
static zt_unused void say(const char *format, ...)
{
	char *text = steps.traces[steps.step % NR_TRACES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(steps.traces[0]), format, args);
	va_end(args);
	if (steps.trace)
		printf("# %6ju %s\n", (uintmax_t)steps.step, text);
}

/* Ends the test with the way there. */
__attribute__((format(printf, 1, 2)))
static zt_unused void fail(const char *format, ...)
{
	struct __test_metadata *_metadata = steps.metadata;
	uint64_t i = steps.step < NR_TRACES - 1 ? 0 : steps.step - (NR_TRACES - 1);
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (; i <= steps.step; i++)
		TH_LOG("step %ju: %s", (uintmax_t)i, steps.traces[i % NR_TRACES]);
	TH_LOG("%s", text);
	TH_LOG("again: MODEL_SEED=%ju MODEL_STEPS=%ju %s -v %s", (uintmax_t)steps.seed,
	       (uintmax_t)steps.step + 1, program_invocation_short_name, steps.name);
	ASSERT_TRUE(false);
}

static zt_unused void agree(zx_status_t expected, zx_status_t seen)
{
	if (seen != expected)
		fail("%s instead of %s", zt_status_name(seen), zt_status_name(expected));
	if (expected != ZX_OK)
		steps.refused++;
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

/* @checked: how many steps there are where the kernel checks all it does */
static zt_unused void steps_begin(struct __test_metadata *_metadata, const char *name,
				  uint64_t seed, uint64_t usual, uint64_t checked)
{
	bool debug = !access(zt_debugfs("check"), F_OK);

	steps = (struct steps) {
		.metadata = _metadata,
		.name = name,
		.seed = from_environment("MODEL_SEED", seed),
		.nr = from_environment("MODEL_STEPS", debug ? checked : usual),
		.trace = from_environment("MODEL_TRACE", 0),
	};
	steps.random = steps.seed;
}

#endif
