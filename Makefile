# SPDX-License-Identifier: GPL-2.0-only

# The kernel to build for
KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc

ZXVM := selftests/vm/zxvm
Q := $(if $(filter 1,$(V)),,@)
SOURCES := Kbuild $(wildcard module/*.[ch] module/include/*.h uapi/*.h)
TEST_SOURCES := $(wildcard selftests/modules/*.c selftests/kunit/*.[ch])
# The kernel that build/NAME is for: build/KERNEL, build/lint-KERNEL, build/coverage
kernel_for = $(patsubst coverage,debug,$(1:lint-%=%))
kdir = $(if $(filter host,$1),$(KDIR),$(shell selftests/vm/fetch-kernel --print kdir $(kernel_for)))
# How to build there; tests need lines of source but no BTF
flags_for = $(if $(filter host,$1),,W=1 ZXVMO_SELFTESTS=1 CONFIG_DEBUG_INFO_BTF_MODULES= \
	$(if $(filter lint-%,$1),$(LINT_FLAGS),KCFLAGS=-g) $(if $(filter coverage,$1),GCOV_PROFILE=y))
LINT_FLAGS := KCFLAGS=-Werror C=1 CF='-D__CHECK_ENDIAN__ -Wcontext -Wsparse-error'

all: lib $(if $(wildcard $(KDIR)/Makefile),modules,no-modules)

help:
	@echo 'make                  the module for KDIR (default: the running kernel) and the library'
	@echo 'make modules          the module alone'
	@echo 'make lib              the library alone'
	@echo 'make install          library, headers, man pages, udev rule and so on, below DESTDIR, in PREFIX'
	@echo 'make modules_install  the module, into the modules of the kernel it was built for'
	@echo 'make uninstall        undo both'
	@echo 'make demo             run the demonstration in a virtual machine'
	@echo 'make check            run all tests, in virtual machines, and all static checks'
	@echo 'make check-full       the same and all that takes longer: debug and KCSAN kernels, detectors, coverage'
	@echo 'make coverage         run all tests on the debug kernel and tell which lines of the module they run'
	@echo 'make lint             the static checks alone'
	@echo 'make bench            measure in a virtual machine; BENCH_KERNELS="6.1 6.12" names the kernels'
	@echo 'make fuzz             fuzz in a virtual machine: FUZZ_KERNEL=debug, FUZZ_SECONDS=600, FUZZ_SEED='
	@echo 'make syzkaller        descriptions of the ioctl interface for syzkaller, in build/syzkaller'
	@echo 'make clean            remove what was built; distclean: and the cached kernels'
	@echo 'KDIR=, ARCH=, CROSS_COMPILE=, LLVM=1 and V=1 are as for the kernel'

no-modules:
	@echo 'No kernel headers in $(KDIR): built the library only (say make modules KDIR=...)' >&2

modules: build/host/zxvmo.ko

# One tree serves several kernels: each has a directory of links to the sources, where kbuild puts its objects
.SECONDEXPANSION:
build/%/zxvmo.ko: $(SOURCES) $(TEST_SOURCES) $$(call kdir,$$*)/Makefile
	$(Q)mkdir -p $(addprefix $(@D)/,$(sort $(dir $(SOURCES) $(TEST_SOURCES)))) && \
	exec 9<$(@D) && flock 9 && \
	for file in $(SOURCES) $(TEST_SOURCES); do ln -sf "$(CURDIR)/$$file" $(@D)/$$file || exit; done && \
	find $(@D) -xtype l -delete && \
	$(MAKE) $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc)) -C $(call kdir,$*) M=$(CURDIR)/$(@D) \
		$(call flags_for,$*) modules && \
	touch $@

modules_install: build/host/zxvmo.ko
	$(MAKE) -C $(KDIR) M=$(CURDIR)/build/host INSTALL_MOD_PATH=$(DESTDIR) modules_install

lib:
	$(Q)$(MAKE) -C userlib

install: lib
	$(MAKE) -C userlib install
	install -D -m 644 data/60-zxvmo.rules $(DESTDIR)$(SYSCONFDIR)/udev/rules.d/60-zxvmo.rules
	install -D -m 644 data/modules-load.conf $(DESTDIR)$(SYSCONFDIR)/modules-load.d/zxvmo.conf
	install -D -m 644 data/sysusers.conf $(DESTDIR)$(SYSCONFDIR)/sysusers.d/zxvmo.conf

uninstall:
	$(MAKE) -C userlib uninstall
	rm -f $(DESTDIR)$(SYSCONFDIR)/udev/rules.d/60-zxvmo.rules \
		$(DESTDIR)$(SYSCONFDIR)/modules-load.d/zxvmo.conf $(DESTDIR)$(SYSCONFDIR)/sysusers.d/zxvmo.conf
	rm -f $(DESTDIR)/lib/modules/*/updates/zxvmo.ko*

tests: lib
	$(Q)$(MAKE) -C selftests

check:
	$(Q)selftests/check

check-full:
	$(Q)selftests/check --full

coverage: tests
	$(Q)selftests/coverage | awk -f selftests/tally

lint:
	$(Q)selftests/lint

bench: tests
	$(Q)for kernel in $(or $(BENCH_KERNELS),6.12); do \
		$(ZXVM) --kernel $$kernel --icount --mem 2G -- build/selftests/bench/bench || exit; \
		$(ZXVM) --kernel $$kernel --icount --mem 3G -- build/selftests/bench/snapshot || exit; \
		$(ZXVM) --kernel $$kernel --icount --mem 2G -- build/selftests/bench/discard || exit; \
		$(ZXVM) --kernel $$kernel --icount --mem 2G -- build/selftests/bench/vmar || exit; \
	done

fuzz:
	$(Q)selftests/fuzz/run $(or $(FUZZ_KERNEL),debug) $(or $(FUZZ_SECONDS),600) \
		$(or $(FUZZ_SEED),$(shell date +%s)) $(FUZZ_OPTIONS)

demo: lib
	$(Q)$(MAKE) -C samples
	$(Q)$(ZXVM) --kernel 6.12 -- build/demo "$$(selftests/vm/fetch-kernel --print vmlinux 6.12)"
	$(Q)$(ZXVM) --kernel 6.12 -- build/demo-snapshot build/demo.db
	$(Q)$(ZXVM) --kernel 6.12 -- build/demo-cache
	$(Q)$(ZXVM) --kernel 6.12 -- build/demo-guest

# What syzkaller wants to know of the ioctl interface
syzkaller:
	$(Q)selftests/fuzz/syzkaller/generate build/syzkaller

clean:
	rm -rf build

distclean: clean
	rm -rf "$${ZXVMO_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/zxvmo}"

.PHONY: all bench check check-full clean coverage demo distclean fuzz help install lib lint modules modules_install \
	no-modules syzkaller tests uninstall
