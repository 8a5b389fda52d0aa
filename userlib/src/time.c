// SPDX-License-Identifier: MIT
/* Clocks and sleeping; none of it needs the device. */
#include <errno.h>
#include <sched.h>
#include <time.h>

#include <zircon/time.h>

#include "libzircon.h"

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return zx_time_from_timespec(ts);
}

zx_instant_mono_t zx_clock_get_monotonic(void)
{
	return now(CLOCK_MONOTONIC);
}
ALSO(clock_get_monotonic);

zx_instant_boot_t zx_clock_get_boot(void)
{
	return now(CLOCK_BOOTTIME);
}
ALSO(clock_get_boot);

zx_instant_mono_t zx_deadline_after(zx_duration_mono_t nanoseconds)
{
	return zx_time_add_duration(now(CLOCK_MONOTONIC), nanoseconds);
}
ALSO(deadline_after);

zx_status_t zx_nanosleep(zx_instant_mono_t deadline)
{
	struct timespec ts = zx_timespec_from_time(deadline);

	if (deadline <= now(CLOCK_MONOTONIC)) {
		sched_yield();
		return ZX_OK;
	}
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
	return ZX_OK;
}
ALSO(nanosleep);

zx_instant_mono_ticks_t zx_ticks_get(void)
{
	return now(CLOCK_MONOTONIC);
}
ALSO(ticks_get);

zx_ticks_t zx_ticks_per_second(void)
{
	return ZX_SEC(1);
}
ALSO(ticks_per_second);
