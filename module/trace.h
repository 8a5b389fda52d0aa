/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM zxvmo

#if !defined(_ZXVMO_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _ZXVMO_TRACE_H

#include <linux/tracepoint.h>

#include <zxvmo.h>

/* A VMO is about to lose all its pages. */
TRACE_EVENT(zxvmo_discard,
	TP_PROTO(u64 koid, const char *name, u64 size, u64 nr_pages),
	TP_ARGS(koid, name, size, nr_pages),
	TP_STRUCT__entry(
		__field(u64, koid)
		__array(char, name, ZXVMO_MAX_NAME_LEN)
		__field(u64, size)
		__field(u64, nr_pages)
	),
	TP_fast_assign(
		__entry->koid = koid;
		memcpy(__entry->name, name, ZXVMO_MAX_NAME_LEN);
		__entry->size = size;
		__entry->nr_pages = nr_pages;
	),
	TP_printk("koid=%llu name=%s size=%llu nr_pages=%llu", __entry->koid,
		  __entry->name, __entry->size, __entry->nr_pages)
);

/* What was asked for was done; @nid is -1 at the limit of an account. */
TRACE_EVENT(zxvmo_scan,
	TP_PROTO(int nid, unsigned long nr_to_scan, unsigned long nr_scanned,
		 unsigned long nr_freed),
	TP_ARGS(nid, nr_to_scan, nr_scanned, nr_freed),
	TP_STRUCT__entry(
		__field(int, nid)
		__field(unsigned long, nr_to_scan)
		__field(unsigned long, nr_scanned)
		__field(unsigned long, nr_freed)
	),
	TP_fast_assign(
		__entry->nid = nid;
		__entry->nr_to_scan = nr_to_scan;
		__entry->nr_scanned = nr_scanned;
		__entry->nr_freed = nr_freed;
	),
	TP_printk("nid=%d nr_to_scan=%lu nr_scanned=%lu nr_freed=%lu", __entry->nid,
		  __entry->nr_to_scan, __entry->nr_scanned, __entry->nr_freed)
);

#endif /* _ZXVMO_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
