// SPDX-License-Identifier: MIT
/*
 * A layer below an ordinary program of Linux, loaded by LD_PRELOAD, that gives it
 * memory made of VMOs in one VMAR, as Starnix does it for Linux programs on Fuchsia.
 *
 * A seccomp filter turns the program's mmap(2) without a file, and munmap(2),
 * mprotect(2), madvise(2) and mremap(2) of what it got by that, into SIGSYS, whose
 * handler does with calls of libzircon what was asked for. The layer keeps no
 * table: each mapping is a VMO of its own that has no handle, so it goes with the last
 * part of the mapping, and the VMAR knows the rest. The VMAR is 4 GiB at a multiple of
 * 4 GiB, by which the filter knows its addresses.
 *
 * brk(2) says that there is no more, so libc takes the heap from mmap(2), too.
 * mremap(2) copies where it has to grow. fork(2) and exec(2) fail with ENOSYS: a child
 * would share its memory instead of having a copy, and another program would begin
 * without the handler.
 */
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>
#include <zircon/zxvmo.h>

#include "guest.h"

#ifndef __x86_64__
#error "The filter and the handler know the registers of x86-64 only."
#endif

#define GUEST_SIZE	(1ULL << 32)

static struct board *board;
static zx_handle_t vmar;
static uint64_t base, page_size, heap_end;

static void die(const char *what)
{
	fprintf(stderr, "layer: %s\n", what);
	_exit(1);
}

/* The system calls, with the results that the kernel gives */

static long result_of(zx_status_t status)
{
	return -zxvmo_errno_from_status(status);
}

static zx_vm_option_t permissions(int prot)
{
	zx_vm_option_t options = 0;

	/* What can be written or executed can be read, on most processors. */
	if (prot & (PROT_READ | PROT_WRITE | PROT_EXEC))
		options |= ZX_VM_PERM_READ;
	if (prot & PROT_WRITE)
		options |= ZX_VM_PERM_WRITE;
	if (prot & PROT_EXEC)
		options |= ZX_VM_PERM_EXECUTE;
	return options;
}

static uint64_t whole_pages(uint64_t size)
{
	return (size + page_size - 1) & ~(page_size - 1);
}

static long guest_mmap(uint64_t addr, uint64_t size, int prot, int flags)
{
	zx_vm_option_t options = permissions(prot);
	uint64_t offset = 0;
	zx_status_t status;
	zx_vaddr_t place;
	zx_handle_t vmo;

	if (!size || size > GUEST_SIZE)
		return size ? -ENOMEM : -EINVAL;
	/* An address that need not be is a hint only. */
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		offset = addr - base;
		options |= flags & MAP_FIXED_NOREPLACE ? ZX_VM_SPECIFIC :
							 ZX_VM_SPECIFIC_OVERWRITE;
	}
	status = zx_vmo_create(size, 0, &vmo);
	if (status)
		return -ENOMEM;
	status = zx_object_set_property(vmo, ZX_PROP_NAME, "guest", 5) ?:
		 zx_vmar_map(vmar, options, offset, vmo, 0, size, &place);
	zx_handle_close(vmo);
	if (status == ZX_ERR_NO_RESOURCES)
		return -ENOMEM;
	return status ? result_of(status) : (long)place;
}

/* A part of a VMO that is unmapped stays until the rest goes, so its pages go first. */
static long guest_munmap(uint64_t addr, uint64_t size)
{
	zx_vmar_op_range(vmar, ZX_VMAR_OP_DECOMMIT, addr, size, NULL, 0);
	return result_of(zx_vmar_unmap(vmar, addr, size));
}

static long guest_mprotect(uint64_t addr, uint64_t size, int prot)
{
	zx_status_t status = size ? zx_vmar_protect(vmar, permissions(prot), addr, size) : ZX_OK;

	return status == ZX_ERR_NOT_FOUND ? -ENOMEM : result_of(status);
}

static long guest_madvise(uint64_t addr, uint64_t size, int advice)
{
	zx_status_t status;

	if (!size || (advice != MADV_DONTNEED && advice != MADV_FREE))
		return 0;
	status = zx_vmar_op_range(vmar, ZX_VMAR_OP_DECOMMIT, addr, size, NULL, 0);
	return status == ZX_ERR_BAD_STATE ? -ENOMEM : result_of(status);
}

static long guest_mremap(uint64_t addr, uint64_t old_size, uint64_t size, int flags)
{
	long place;

	old_size = whole_pages(old_size);
	size = whole_pages(size);
	if (!old_size || !size || (flags & ~MREMAP_MAYMOVE))
		return -EINVAL;
	if (size < old_size)
		return guest_munmap(addr + size, old_size - size) ?: (long)addr;
	if (size == old_size)
		return addr;
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	place = guest_mmap(0, size, PROT_READ | PROT_WRITE, 0);
	if (place < 0)
		return place;
	memcpy((void *)place, (void *)addr, old_size);
	guest_munmap(addr, old_size);
	return place;
}

static long execute(int number, const greg_t *regs)
{
	uint64_t a = regs[REG_RDI], b = regs[REG_RSI], c = regs[REG_RDX], d = regs[REG_R10];

	board->calls++;
	switch (number) {
	case SYS_mmap:
		board->maps++;
		return guest_mmap(a, b, c, d);
	case SYS_munmap:
		board->unmaps++;
		return guest_munmap(a, b);
	case SYS_mprotect:
		board->protects++;
		return guest_mprotect(a, b, c);
	case SYS_madvise:
		board->advices++;
		return guest_madvise(a, b, c);
	case SYS_mremap:
		board->moves++;
		return guest_mremap(a, b, c, d);
	case SYS_brk:
		board->heaps++;
		return heap_end;
	default:
		return -ENOSYS;
	}
}

static void on_syscall(int signal, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	regs[REG_RAX] = execute(info->si_syscall, regs);
}

/* The filter */

struct range {
	uint64_t start, end;
};

/* The library's own system calls are not the program's. */
static int find_library(struct dl_phdr_info *info, size_t size, void *data)
{
	struct range *text = data;

	(void)size;
	if (!strstr(info->dlpi_name, "libzircon.so"))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type == PT_LOAD && (header->p_flags & PF_X)) {
			text->start = info->dlpi_addr + header->p_vaddr;
			text->end = text->start + header->p_memsz;
		}
	}
	return 1;
}

#define LOAD(what, word)							\
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, what) + 4 * (word))
#define JUMP(test, value, yes, no)						\
	BPF_JUMP(BPF_JMP | BPF_##test | BPF_K, value, yes, no)
#define RETURN(what)	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_##what)
#define FAIL		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)

static void set_filter(const struct range *text)
{
	const uint32_t guest = base >> 32;
	struct sock_filter filter[] = {
		LOAD(arch, 0),
		JUMP(JEQ, AUDIT_ARCH_X86_64, 1, 0),
		FAIL,
		/* From the library */
		LOAD(instruction_pointer, 1),
		JUMP(JEQ, text->start >> 32, 0, 4),
		LOAD(instruction_pointer, 0),
		JUMP(JGE, (uint32_t)text->start, 0, 2),
		JUMP(JGE, (uint32_t)text->end, 1, 0),
		RETURN(ALLOW),
		LOAD(nr, 0),
		JUMP(JEQ, SYS_brk, 0, 1),
		RETURN(TRAP),
		/* Memory without a file, unless it has to be elsewhere */
		JUMP(JEQ, SYS_mmap, 0, 9),
		LOAD(args[3], 0),
		JUMP(JSET, MAP_ANONYMOUS, 1, 0),
		RETURN(ALLOW),
		JUMP(JSET, MAP_FIXED | MAP_FIXED_NOREPLACE, 1, 0),
		RETURN(TRAP),
		LOAD(args[0], 1),
		JUMP(JEQ, guest, 0, 1),
		RETURN(TRAP),
		RETURN(ALLOW),
		/* What is done to the guest's addresses */
		JUMP(JEQ, SYS_munmap, 3, 0),
		JUMP(JEQ, SYS_mprotect, 2, 0),
		JUMP(JEQ, SYS_madvise, 1, 0),
		JUMP(JEQ, SYS_mremap, 0, 4),
		LOAD(args[0], 1),
		JUMP(JEQ, guest, 0, 1),
		RETURN(TRAP),
		RETURN(ALLOW),
		/* Threads are fine, other processes and programs are not. */
		JUMP(JEQ, SYS_fork, 4, 0),
		JUMP(JEQ, SYS_vfork, 3, 0),
		JUMP(JEQ, SYS_clone3, 2, 0),
		JUMP(JEQ, SYS_execve, 1, 0),
		JUMP(JEQ, SYS_execveat, 0, 1),
		FAIL,
		JUMP(JEQ, SYS_clone, 0, 3),
		LOAD(args[0], 0),
		JUMP(JSET, CLONE_VM, 1, 0),
		FAIL,
		RETURN(ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program))
		die("no seccomp");
}

static void __attribute__((constructor)) begin(void)
{
	struct sigaction action = { .sa_sigaction = on_syscall, .sa_flags = SA_SIGINFO };
	const char *number = getenv(GUEST_BOARD);
	struct range text = {};

	if (!number)
		return;
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, atoi(number), 0);
	if (board == MAP_FAILED)
		die("no board");
	page_size = zx_system_get_page_size();
	if (zx_vmar_allocate(zx_vmar_root_self(), ZX_VM_CAN_MAP_READ | ZX_VM_CAN_MAP_WRITE |
			     ZX_VM_CAN_MAP_SPECIFIC | ZX_VM_ALIGN_4GB, 0, GUEST_SIZE, &vmar, &base))
		die("no VMAR");
	dl_iterate_phdr(find_library, &text);
	if (!text.end || text.start >> 32 != text.end >> 32)
		die("where is the library?");
	heap_end = syscall(SYS_brk, 0);
	sigaction(SIGSYS, &action, NULL);
	board->anonymous_before = memory_of("/proc/self/maps", base, GUEST_SIZE).anonymous;
	board->base = base;
	board->size = GUEST_SIZE;
	set_filter(&text);
}
