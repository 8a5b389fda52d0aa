// SPDX-License-Identifier: MIT
#include "libzircon.h"

#ifdef __x86_64__
/* No x86-64 processor has shorter lines. */
#define LINE_SIZE	64

static void flush_data(const char *addr, size_t size)
{
	const char *line = addr - ADDRESS(addr) % LINE_SIZE;

	/* Older AMD processors order CLFLUSH by MFENCE only. */
	__builtin_ia32_mfence();
	for (; line < addr + size; line += LINE_SIZE)
		__builtin_ia32_clflush(line);
	__builtin_ia32_mfence();
}
#endif

zx_status_t zx_cache_flush(const void *addr, size_t size, uint32_t options)
{
	switch (options) {
	case ZX_CACHE_FLUSH_INSN:
	case ZX_CACHE_FLUSH_DATA:
	case ZX_CACHE_FLUSH_DATA | ZX_CACHE_FLUSH_INSN:
	case ZX_CACHE_FLUSH_DATA | ZX_CACHE_FLUSH_INVALIDATE:
	case ZX_CACHE_FLUSH_DATA | ZX_CACHE_FLUSH_INVALIDATE | ZX_CACHE_FLUSH_INSN:
		break;
	default:
		return ZX_ERR_INVALID_ARGS;
	}

	if (options & ZX_CACHE_FLUSH_DATA) {
#ifdef __x86_64__
		flush_data(addr, size);
#else
		return ZX_ERR_NOT_SUPPORTED;
#endif
	}
	if (options & ZX_CACHE_FLUSH_INSN)
		__builtin___clear_cache((char *)addr, (char *)addr + size);
	return ZX_OK;
}
ALSO(cache_flush);
