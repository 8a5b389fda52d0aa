/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The operations: those that are commands, named as in the uapi header, and the
 * rest. X(name, function, arguments, in racing programs only); program.c tells
 * what the letters of the arguments mean.
 */
#ifndef ZXVMO_FUZZ_OPS_H
#define ZXVMO_FUZZ_OPS_H

#define FZ_MAX_ARGS	7

#define FZ_OPS(X)							\
	X(QUERY, query, "", 0)						\
	X(HANDLE_DUPLICATE, handle_duplicate, "hHrp", 0)		\
	X(HANDLE_REPLACE, handle_replace, "hHrp", 0)			\
	X(HANDLE_CLOSE, handle_close, "h", 0)				\
	X(HANDLE_CLOSE_MANY, handle_close_many, "hhqp", 0)		\
	X(HANDLE_FROM_FD, handle_from_fd, "hp", 0)			\
	X(OBJECT_SIGNAL, object_signal, "hgg", 0)			\
	X(OBJECT_WAIT_ONE, object_wait_one, "hgdp", 0)			\
	X(OBJECT_GET_INFO, object_get_info, "hilpp", 0)			\
	X(OBJECT_GET_PROPERTY, object_get_property, "hypl", 0)		\
	X(OBJECT_SET_PROPERTY, object_set_property, "hyplz", 0)		\
	X(EVENT_CREATE, event_create, "Hpx", 0)				\
	X(VMO_CREATE, vmo_create, "Hczp", 0)				\
	X(VMO_READ, vmo_read, "hbol", 0)				\
	X(VMO_WRITE, vmo_write, "hbolf", 0)				\
	X(VMO_GET_SIZE, vmo_get_size, "hp", 0)				\
	X(VMO_SET_SIZE, vmo_set_size, "hz", 0)				\
	X(VMO_GET_STREAM_SIZE, vmo_get_stream_size, "hp", 0)		\
	X(VMO_SET_STREAM_SIZE, vmo_set_stream_size, "hz", 0)		\
	X(VMO_OP_RANGE, vmo_op_range, "hkol", 0)			\
	X(VMO_SET_CACHE_POLICY, vmo_set_cache_policy, "ha", 0)		\
	X(VMO_REPLACE_AS_EXECUTABLE, vmo_replace_as_executable, "hHxp", 0) \
	X(VMO_TRANSFER_DATA, vmo_transfer_data, "hholox", 0)		\
	X(VMO_CREATE_CHILD, vmo_create_child, "hHsozp", 0)		\
	X(VMAR_MAP, vmar_map, "hwmolpV", 0)				\
	X(VMAR_UNMAP, vmar_unmap, "wPPxV", 0)				\
	X(VMAR_PROTECT, vmar_protect, "wPPmV", 0)			\
	X(VMAR_ALLOCATE, vmar_allocate, "HwPPuV", 1)			\
	X(VMAR_DESTROY, vmar_destroy, "h", 1)				\
	X(VMAR_OP_RANGE, vmar_op_range, "wPPkV", 0)			\
	X(VMAR_EXPORT, vmar_export, "HVrp", 1)				\
	X(PROCESS_READ_MEMORY, process_read_memory, "Sbblp", 1)		\
	X(PROCESS_WRITE_MEMORY, process_write_memory, "Sbblp", 1)	\
	X(READ, file_read, "hl", 0)					\
	X(WRITE, file_write, "hlf", 0)					\
	X(PREAD, file_pread, "hol", 0)					\
	X(PWRITE, file_pwrite, "holf", 0)				\
	X(LSEEK, file_lseek, "hoj", 0)					\
	X(FTRUNCATE, file_ftruncate, "hz", 0)				\
	X(FALLOCATE, file_fallocate, "heol", 0)				\
	X(SPLICE_OUT, file_splice_out, "hol", 0)			\
	X(SPLICE_IN, file_splice_in, "holf", 0)				\
	X(SENDFILE, file_sendfile, "hhol", 0)				\
	X(FSTAT, file_fstat, "h", 0)					\
	X(FDINFO, file_fdinfo, "h", 0)					\
	X(POLL, file_poll, "h", 0)					\
	X(MMAP, map_mmap, "hwnovP", 0)					\
	X(MUNMAP, map_munmap, "wPP", 0)					\
	X(MPROTECT, map_mprotect, "wPPn", 0)				\
	X(MREMAP, map_mremap, "wwPP", 0)				\
	X(MADVISE, map_madvise, "wPPt", 1)				\
	X(MSYNC, map_msync, "wPP", 0)					\
	X(MLOCK, map_mlock, "wPP", 1)					\
	X(LOAD, map_load, "wB", 0)					\
	X(STORE, map_store, "wBlf", 0)					\
	X(SEND, process_send, "h", 0)					\
	X(RECEIVE, process_receive, "H", 0)				\
	X(DUP, process_dup, "hH", 0)					\
	X(CLOSE, process_close, "h", 0)					\
	X(OPEN, process_open, "q", 0)					\
	X(SETFL, process_setfl, "hq", 1)				\
	X(VMSPLICE, map_vmsplice, "wPPq", 1)				\
	X(FORK, process_fork, "qf", 1)					\
	X(SIGNAL, process_signal, "q", 1)				\
	X(DROP_CACHES, process_drop_caches, "q", 1)			\
	X(YIELD, process_yield, "q", 1)

enum fz_code {
#define FZ_CODE_OF(name, function, args, racing) FZ_OP_##name,
	FZ_OPS(FZ_CODE_OF)
#undef FZ_CODE_OF
	FZ_NR_CODES
};

#endif
