// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of operations. commands.h, made from the uapi header, has
 * X(name) for each command there is: one without an operation of its name
 * does not compile.
 */
#include "fuzz.h"

#define DECLARE(name, function, args, racing) \
	void fz_do_##function(struct fz_thread *t, const struct fz_op *op);
FZ_OPS(DECLARE)

#define KIND(name, function, args, racing) \
	[FZ_OP_##name] = { #name, args, fz_do_##function, racing },
const struct fz_kind fz_kinds[FZ_NR_CODES] = {
	FZ_OPS(KIND)
};

#define ARGS_FIT(name, function, args, racing) \
	_Static_assert(sizeof(args) - 1 <= FZ_MAX_ARGS, #name " has too many arguments");
FZ_OPS(ARGS_FIT)

#define X(name) \
	_Static_assert(FZ_OP_##name < FZ_NR_CODES, "the fuzzer does not know " #name);
#include "commands.h"
