/* SPDX-License-Identifier: MIT */
/* Types that only the signatures of the calls need: none besides the basic ones. */
#ifndef ZIRCON_SYSCALLS_TYPES_H_
#define ZIRCON_SYSCALLS_TYPES_H_

#include <zircon/types.h>

#endif /* ZIRCON_SYSCALLS_TYPES_H_ */
