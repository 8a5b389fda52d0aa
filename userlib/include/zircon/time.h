/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic with times, durations and ticks. A result that does not fit is
 * the nearest number that does, ZX_TIME_INFINITE or ZX_TIME_INFINITE_PAST.
 */
#ifndef ZIRCON_TIME_H_
#define ZIRCON_TIME_H_

#include <time.h>
#include <zircon/types.h>

__BEGIN_CDECLS

#define ZX_NSEC(n)	((zx_duration_t)(INT64_C(1) * (n)))
#define ZX_USEC(n)	((zx_duration_t)(INT64_C(1000) * (n)))
#define ZX_MSEC(n)	((zx_duration_t)(INT64_C(1000000) * (n)))
#define ZX_SEC(n)	((zx_duration_t)(INT64_C(1000000000) * (n)))
#define ZX_MIN(n)	((zx_duration_t)(INT64_C(60000000000) * (n)))
#define ZX_HOUR(n)	((zx_duration_t)(INT64_C(3600000000000) * (n)))

__CONSTEXPR static inline int64_t __zx_add(int64_t x, int64_t y)
{
	int64_t sum = 0;

	if (__builtin_add_overflow(x, y, &sum))
		return y < 0 ? ZX_TIME_INFINITE_PAST : ZX_TIME_INFINITE;
	return sum;
}

__CONSTEXPR static inline int64_t __zx_sub(int64_t x, int64_t y)
{
	int64_t difference = 0;

	if (__builtin_sub_overflow(x, y, &difference))
		return y < 0 ? ZX_TIME_INFINITE : ZX_TIME_INFINITE_PAST;
	return difference;
}

__CONSTEXPR static inline int64_t __zx_mul(int64_t x, int64_t y)
{
	int64_t product = 0;

	if (__builtin_mul_overflow(x, y, &product))
		return (x < 0) == (y < 0) ? ZX_TIME_INFINITE : ZX_TIME_INFINITE_PAST;
	return product;
}

__CONSTEXPR static inline zx_time_t zx_time_add_duration(zx_time_t time, zx_duration_t duration)
{
	return __zx_add(time, duration);
}

__CONSTEXPR static inline zx_time_t zx_time_sub_duration(zx_time_t time, zx_duration_t duration)
{
	return __zx_sub(time, duration);
}

__CONSTEXPR static inline zx_duration_t zx_time_sub_time(zx_time_t time1, zx_time_t time2)
{
	return __zx_sub(time1, time2);
}

__CONSTEXPR static inline zx_duration_t zx_duration_add_duration(zx_duration_t dur1,
								 zx_duration_t dur2)
{
	return __zx_add(dur1, dur2);
}

__CONSTEXPR static inline zx_duration_t zx_duration_sub_duration(zx_duration_t dur1,
								 zx_duration_t dur2)
{
	return __zx_sub(dur1, dur2);
}

__CONSTEXPR static inline zx_duration_t zx_duration_mul_int64(zx_duration_t duration,
							      int64_t multiplier)
{
	return __zx_mul(duration, multiplier);
}

__CONSTEXPR static inline zx_ticks_t zx_ticks_add_ticks(zx_ticks_t ticks1, zx_ticks_t ticks2)
{
	return __zx_add(ticks1, ticks2);
}

__CONSTEXPR static inline zx_ticks_t zx_ticks_sub_ticks(zx_ticks_t ticks1, zx_ticks_t ticks2)
{
	return __zx_sub(ticks1, ticks2);
}

__CONSTEXPR static inline zx_ticks_t zx_ticks_mul_int64(zx_ticks_t ticks, int64_t multiplier)
{
	return __zx_mul(ticks, multiplier);
}

__CONSTEXPR static inline int64_t zx_nsec_from_duration(zx_duration_t duration)
{
	return duration;
}

__CONSTEXPR static inline zx_duration_t zx_duration_from_nsec(int64_t n)
{
	return n;
}

__CONSTEXPR static inline zx_duration_t zx_duration_from_usec(int64_t n)
{
	return __zx_mul(n, ZX_USEC(1));
}

__CONSTEXPR static inline zx_duration_t zx_duration_from_msec(int64_t n)
{
	return __zx_mul(n, ZX_MSEC(1));
}

__CONSTEXPR static inline zx_duration_t zx_duration_from_sec(int64_t n)
{
	return __zx_mul(n, ZX_SEC(1));
}

__CONSTEXPR static inline zx_duration_t zx_duration_from_min(int64_t n)
{
	return __zx_mul(n, ZX_MIN(1));
}

__CONSTEXPR static inline zx_duration_t zx_duration_from_hour(int64_t n)
{
	return __zx_mul(n, ZX_HOUR(1));
}

static inline zx_duration_t zx_duration_from_timespec(struct timespec ts)
{
	return __zx_add(zx_duration_from_sec(ts.tv_sec), ts.tv_nsec);
}

static inline zx_time_t zx_time_from_timespec(struct timespec ts)
{
	return zx_duration_from_timespec(ts);
}

/* Both fields carry the sign of duration. */
static inline struct timespec zx_timespec_from_duration(zx_duration_t duration)
{
	struct timespec ts;

	ts.tv_sec = duration / ZX_SEC(1);
	ts.tv_nsec = duration % ZX_SEC(1);
	return ts;
}

static inline struct timespec zx_timespec_from_time(zx_time_t time)
{
	return zx_timespec_from_duration(time);
}

__END_CDECLS

#endif /* ZIRCON_TIME_H_ */
