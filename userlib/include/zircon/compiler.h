/* SPDX-License-Identifier: MIT */
/*
 * Attributes and declarations that Zircon programs take from the compiler
 * through macros.
 */
#ifndef ZIRCON_COMPILER_H_
#define ZIRCON_COMPILER_H_

#ifdef __cplusplus
#define __BEGIN_CDECLS	extern "C" {
#define __END_CDECLS	}
#else
#define __BEGIN_CDECLS
#define __END_CDECLS
#endif

#define __ALIGNED(x)		__attribute__((aligned(x)))
#define __ALWAYS_INLINE		__attribute__((always_inline))
#define __CONST			__attribute__((const))
#define __DEPRECATE		__attribute__((deprecated))
#define __EXPORT		__attribute__((visibility("default")))
#define __LOCAL			__attribute__((visibility("hidden")))
#define __NO_INLINE		__attribute__((noinline))
#define __NO_RETURN		__attribute__((noreturn))
#define __NONNULL(x)		__attribute__((nonnull x))
#define __PACKED		__attribute__((packed))
#define __PRINTFLIKE(fmt, args)	__attribute__((format(printf, fmt, args)))
#define __PURE			__attribute__((pure))
#define __UNUSED		__attribute__((unused))
#define __USED			__attribute__((used))
#define __WARN_UNUSED_RESULT	__attribute__((warn_unused_result))
#define __WEAK			__attribute__((weak))

#if defined(__cplusplus) && __cplusplus >= 201402L
#define __CONSTEXPR	constexpr
#else
#define __CONSTEXPR
#endif

#endif /* ZIRCON_COMPILER_H_ */
