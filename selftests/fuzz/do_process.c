// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes, threads and descriptors.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Passing handles: to oneself in a checked program, else to whoever takes them */

static int send_fd(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket, &message, MSG_DONTWAIT) < 0 ? -1 : 0;
}

/* The descriptor that was sent, -1 if there is none */
int fz_receive_fd(int socket)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;
	int fd = -1;

	if (recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return -1;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

void fz_do_process_send(struct fz_thread *t, const struct fz_op *op)
{
	struct fz_oracle *o = t->run->oracle;
	int fd = fz_fd(t, op->args[0]);
	struct fz_file *file;

	if (fd < 0 || fd == t->run->foreign)
		return;
	if (!o) {
		FZ_CALL(t, op, send_fd(t->run->others[0], fd));
		return;
	}
	file = o->files[op->args[0] % FZ_SLOTS];
	if (!file || o->queued == FZ_QUEUE || FZ_CALL(t, op, send_fd(t->run->sockets[0], fd)))
		return;
	file->refs++;
	o->queue[o->queued++] = file;
}

/* The handle value of a new descriptor, whose file is known; closed if it has none */
static void keep_fd(struct fz_thread *t, uint64_t slot, int fd, struct fz_file *file)
{
	uint32_t value = 0;
	struct zxvmo_handle_from_fd arg = {
		.size = sizeof(arg), .fd = fd, .out_handle = (uintptr_t)&value,
	};

	if (fz_command(t->run->device, ZXVMO_HANDLE_FROM_FD, &arg)) {
		if (t->run->oracle)
			fz_fail(t, "descriptor %d has no handle value", fd);
		close(fd);
		return;
	}
	fz_store(t, slot, value, file);
}

void fz_do_process_receive(struct fz_thread *t, const struct fz_op *op)
{
	struct fz_oracle *o = t->run->oracle;
	struct fz_file *file = NULL;
	int fd;

	if (!o) {
		fd = FZ_CALL(t, op, fz_receive_fd(t->run->others[1]));
	} else {
		fd = FZ_CALL(t, op, fz_receive_fd(t->run->sockets[1]));
		/* The message of a failed call is lost or not: ask again. */
		if (fd < 0 && t->injected) {
			while ((fd = fz_receive_fd(t->run->sockets[1])) >= 0)
				close(fd);
			while (o->queued)
				fz_file_put(o, o->queue[--o->queued]);
			return;
		}
		if ((fd >= 0) != (o->queued > 0))
			fz_fail(t, "received %d with %u under way", fd, o->queued);
		if (fd >= 0 && o->queued) {
			file = o->queue[0];
			memmove(o->queue, o->queue + 1, --o->queued * sizeof(o->queue[0]));
		}
	}
	if (fd >= 0)
		keep_fd(t, op->args[0], fd, file);
}

/* Another descriptor of the same open file */
void fz_do_process_dup(struct fz_thread *t, const struct fz_op *op)
{
	struct fz_oracle *o = t->run->oracle;
	int fd = fz_fd(t, op->args[0]);
	struct fz_file *file = NULL;

	if (fd < 0 || fd == t->run->foreign)
		return;
	fd = FZ_CALL(t, op, fcntl(fd, F_DUPFD_CLOEXEC, 3));
	if (fd < 0)
		return;
	if (o) {
		file = o->files[op->args[0] % FZ_SLOTS];
		file->refs++;
	}
	keep_fd(t, op->args[1], fd, file);
}

void fz_do_process_close(struct fz_thread *t, const struct fz_op *op)
{
	int fd = fz_fd(t, op->args[0]);

	if (fd < 0 || fd == t->run->foreign)
		return;
	FZ_CALL(t, op, close(fd));
	if (t->run->oracle)
		fz_check_open(t);
}

void fz_do_process_open(struct fz_thread *t, const struct fz_op *op)
{
	int fd = FZ_CALL(t, op, open("/dev/zxvmo", O_RDWR | O_CLOEXEC));

	if (fd >= 0)
		close(fd);
}

void fz_do_process_setfl(struct fz_thread *t, const struct fz_op *op)
{
	int fd = fz_fd(t, op->args[0]);

	if (fd != t->run->foreign)
		FZ_CALL(t, op, fcntl(fd, F_SETFL, op->args[1] & 1 ? O_APPEND : 0));
}

/*
 * A child that does the next operations with its copy of everything, and is
 * killed amidst them if the second argument is odd.
 */
void fz_do_process_fork(struct fz_thread *t, const struct fz_op *op)
{
	struct itimerval often = { .it_interval.tv_usec = 20000, .it_value.tv_usec = 20000 };
	static bool in_child;
	int status, tries;
	pid_t pid;

	pid = in_child ? -1 : fork();
	if (pid < 0)
		return;
	if (!pid) {
		in_child = true;
		/* Both are of the parent's thread. */
		t->kcov = NULL;
		t->fail_fd = -1;
		setitimer(ITIMER_REAL, &often, NULL);
		fz_run_ops(t, t->at + 1, 1 + op->args[0]);
		_exit(0);
	}
	t->done[op->code]++;
	if (op->args[1] & 1) {
		usleep(op->args[1] * 10);
		kill(pid, SIGKILL);
	}
	for (tries = 0; waitpid(pid, &status, WNOHANG) == 0; tries++) {
		usleep(1000);
		if (tries == 2000)
			kill(pid, SIGKILL);
	}
}

void fz_do_process_signal(struct fz_thread *t, const struct fz_op *op)
{
	struct fz_thread *other = t->run->threads[op->args[0] % FZ_MAX_THREADS];

	if (other && !pthread_kill(other->id, SIGUSR1))
		t->done[op->code]++;
}

void fz_do_process_drop_caches(struct fz_thread *t, const struct fz_op *op)
{
	int fd;

	/* It is slow, and one of many is enough. */
	if (op->args[0])
		return;
	fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	t->done[op->code] += write(fd, "2", 1) == 1;
	close(fd);
}

void fz_do_process_yield(struct fz_thread *t, const struct fz_op *op)
{
	t->done[op->code] += !sched_yield();
}

/* Memory of windows, of this thread and of nothing, from and to the same */
static void process_memory(struct fz_thread *t, const struct fz_op *op, bool write)
{
	struct zxvmo_process_memory memory = {
		.size = sizeof(memory),
		.handle = fz_value(t, op, 0),
		.addr = (uintptr_t)fz_address(t, op->args[1]),
		.buffer = (uintptr_t)fz_address(t, op->args[2]),
		.length = op->args[3] % FZ_BUFFER,
		.out_actual = (uintptr_t)fz_address(t, op->args[4]),
	};

	fz_send(t, op, write ? ZXVMO_PROCESS_WRITE_MEMORY : ZXVMO_PROCESS_READ_MEMORY, &memory,
		sizeof(memory));
}

void fz_do_process_read_memory(struct fz_thread *t, const struct fz_op *op)
{
	process_memory(t, op, false);
}

void fz_do_process_write_memory(struct fz_thread *t, const struct fz_op *op)
{
	process_memory(t, op, true);
}
