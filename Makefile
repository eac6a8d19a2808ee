# SPDX-License-Identifier: MIT
# The build of netcond: everything under build/, sources found by wildcard.
#
# A folder is a library: fastpath/, stack/, shim/ and service/ each become an
# archive, and programs take from the archives what they need. Files whose
# names start with netcon (in service/) or intercept (in shim/) belong to those
# programs alone. lwIP is not ours: it is fetched, and compiled with warnings
# of its own.

PREFIX ?= /usr/local
DESTDIR ?=
SBINDIR ?= $(PREFIX)/sbin
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib/netcond
MANDIR ?= $(PREFIX)/share/man

ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin AR),default)
AR := ar
endif
ifeq ($(origin LD),default)
LD := ld
endif
OBJCOPY ?= objcopy
INSTALL ?= install
PKG_CONFIG ?= pkg-config
CLANG ?= clang
CLANG_TIDY ?= clang-tidy
CPPCHECK ?= cppcheck
JOBS ?= $(shell nproc)

BUILD ?= build
# Where what was fetched is kept; `make clean` leaves it, distclean does not.
CACHE ?= .cache
LWIP_DIR ?= $(BUILD)/lwip

# SAN=1: address and undefined-behaviour sanitizer, in a tree of its own.
SAN ?=
B := $(BUILD)$(if $(SAN),/san)
# V=1: show whole commands.
V ?=
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' $(1) $(2))
comma := ,

CFLAGS ?= -O2 -g
LDFLAGS ?=
# WERROR= lets a compiler we have not met finish in spite of its warnings.
WERROR ?= -Werror
WARNINGS := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wundef -Wvla $(WERROR)
NETCOND_CPPFLAGS := -I. -D_GNU_SOURCE $(CPPFLAGS)
NETCOND_CFLAGS := -std=gnu11 -fstack-protector-strong -fno-common \
	-ffunction-sections -fdata-sections $(CFLAGS)
NETCOND_LDFLAGS := -Wl,-z,relro,-z,now -Wl,--gc-sections -Wl,--as-needed \
	$(LDFLAGS)
SAN_FLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer -DNETCOND_SAN=1)

# lwIP's headers are on the path of stack/ and of its tests only.
LWIP_CPPFLAGS := -I$(LWIP_DIR)/src/include -Istack/port
# For our own files its headers are a system's: the warnings in them stay out.
LWIP_SYSTEM_CPPFLAGS := -isystem $(LWIP_DIR)/src/include -Istack/port
LWIP_CFLAGS := -Wall
# A check of what an option makes constant (LWIP_DBG, zero-sized pools).
LWIP_CFLAGS += -Wno-type-limits -Wno-unused-variable
# Its window arithmetic is written for 16 bits and widened by an option.
LWIP_CFLAGS += $(if $(findstring clang,$(CC)),\
	-Wno-tautological-constant-out-of-range-compare)
# Its structs for the wire are packed, and it takes their fields' addresses.
LWIP_CFLAGS += -Wno-address-of-packed-member
# Aligned storage is reached through more than one struct type.
LWIP_CFLAGS += -fno-strict-aliasing
# STACK_WRAPS: the lwIP functions that stack/ wraps by -Wl,--wrap.
STACK_WRAPS :=
-include stack/wrap.mk
WRAP_LDFLAGS := $(patsubst %,-Wl$(comma)--wrap=%,$(STACK_WRAPS))

CUNIT_LIBS ?= -lcunit
# libbpf loads the XDP program; of libxdp only inline functions are used.
BPF_LIBS ?= -lbpf

# DPDK: built in where pkg-config finds it. DPDK=1 insists on it, DPDK=0 leaves
# it out. DPDK_ROOT is a directory into which Debian's packages of DPDK were
# unpacked, for who does not want them installed.
DPDK ?= auto
DPDK_ROOT ?=
dpdk_pc = $(if $(DPDK_ROOT),PKG_CONFIG_SYSROOT_DIR=$(DPDK_ROOT) \
	PKG_CONFIG_LIBDIR=$(wildcard $(DPDK_ROOT)/usr/lib/*/pkgconfig)) \
	$(PKG_CONFIG) $(1) $(if $(DPDK_ROOT),libdpdk-libs,libdpdk) 2>/dev/null
HAS_DPDK := $(if $(filter 0,$(DPDK)),,$(shell $(call dpdk_pc,--exists) && echo 1))
ifeq ($(DPDK)$(HAS_DPDK),1)
$(error DPDK=1, but pkg-config does not find libdpdk: install libdpdk-dev)
endif
ifneq ($(HAS_DPDK),)
dpdk_libdir := $(patsubst -L%,%,$(firstword \
	$(shell $(call dpdk_pc,--libs-only-L))))
DPDK_CPPFLAGS := $(patsubst -I%,-isystem %,$(shell $(call dpdk_pc,--cflags)))
# Drivers come as plug-ins, so these few are all that the program names.
DPDK_LIBS := $(if $(dpdk_libdir),-L$(dpdk_libdir)) -lrte_ethdev -lrte_net \
	-lrte_mbuf -lrte_mempool -lrte_ring -lrte_eal
ifneq ($(DPDK_ROOT),)
dpdk_drivers := $(lastword $(wildcard $(dpdk_libdir)/dpdk/pmds-*))
DPDK_CPPFLAGS += -idirafter $(DPDK_ROOT)/usr/include \
	-DNETCOND_DPDK_DRIVERS='"$(dpdk_drivers)"'
# The old kind of rpath also serves the libraries that these need.
DPDK_LIBS += -Wl,--disable-new-dtags -Wl,-rpath,$(dpdk_libdir):$(dpdk_drivers) \
	-Wl,-rpath-link,$(dpdk_libdir)
endif
endif

# ------------------------------------------------------------------ sources

dpdk_absent_src := fastpath/dpdk_absent.c
dpdk_src := $(filter-out $(dpdk_absent_src),\
	$(wildcard fastpath/dpdk_*.c fastpath/netdev_dpdk.c))
fastpath_src := $(filter-out $(if $(HAS_DPDK),$(dpdk_absent_src),$(dpdk_src)),\
	$(wildcard fastpath/*.c))
stack_src := $(wildcard stack/*.c stack/port/*.c)
proto_src := $(wildcard shim/proto/*.c)
intercept_src := $(wildcard shim/intercept*.c)
shim_src := $(filter-out $(intercept_src),$(wildcard shim/*.c))
# What the launcher takes of the library: only what calls no socket function,
# for those are the interposers there.
intercept_shared_src := $(wildcard shim/elfcheck*.c)
netcon_src := $(wildcard service/netcon.c service/netcon_*.c)
service_src := $(filter-out $(netcon_src),$(wildcard service/*.c))

unit_src := $(wildcard tests/unit/test_*.c)
sim_src := $(wildcard tests/sim/test_*.c)
fuzz_src := $(wildcard tests/fuzz/fuzz_*.c)
tool_src := $(wildcard tests/tools/*.c)
oracle_src := $(wildcard tests/oracle/*.c)
bench_src := $(wildcard tests/bench/*.c)
# What several tests share: the files beside them that are not programs.
testlib_src := $(filter-out $(unit_src) $(sim_src) $(fuzz_src),\
	$(wildcard tests/unit/*.c tests/sim/*.c tests/fuzz/*.c))

objs = $(patsubst %.c,$B/obj/%.o,$(1))
pic_objs = $(patsubst %.c,$B/pic/%.o,$(1))

# lwIP: the core, both families, Ethernet. No sockets, no threads, no apps.
# Looked up when needed, since the tree may be fetched by this very run.
lwip_src = $(addprefix $(LWIP_DIR)/src/,core/altcp.c core/altcp_alloc.c \
	core/altcp_tcp.c core/def.c core/dns.c core/inet_chksum.c core/init.c \
	core/ip.c core/mem.c core/memp.c core/netif.c core/pbuf.c core/raw.c \
	core/stats.c core/sys.c core/tcp.c core/tcp_in.c core/tcp_out.c \
	core/timeouts.c core/udp.c core/ipv4/autoip.c core/ipv4/dhcp.c \
	core/ipv4/etharp.c core/ipv4/icmp.c core/ipv4/igmp.c \
	core/ipv4/ip4_addr.c core/ipv4/ip4.c core/ipv4/ip4_frag.c \
	core/ipv6/dhcp6.c core/ipv6/ethip6.c core/ipv6/icmp6.c \
	core/ipv6/inet6.c core/ipv6/ip6_addr.c core/ipv6/ip6.c \
	core/ipv6/ip6_frag.c core/ipv6/mld6.c core/ipv6/nd6.c \
	netif/ethernet.c)
lwip_obj = $(patsubst $(LWIP_DIR)/src/%.c,$B/lwip-obj/%.o,$(lwip_src))
lwip_stamp := $(LWIP_DIR)/src/include/lwip/init.h

programs := $B/netcond $B/netcon $B/intercept $B/libintercept.so
unit_bin := $(patsubst tests/unit/%.c,$B/tests/%,$(unit_src))
sim_bin := $(patsubst tests/sim/%.c,$B/tests/%,$(sim_src))
fuzz_bin := $(patsubst tests/fuzz/%.c,$B/tests/%,$(fuzz_src))
tool_bin := $(patsubst tests/tools/%.c,$B/tests/%,$(tool_src))
oracle_bin := $(patsubst tests/oracle/%.c,$B/tests/oracle/%,$(oracle_src))
bench_bin := $(patsubst tests/bench/%.c,$B/tests/bench/%,$(bench_src))

# ------------------------------------------------------------------ targets

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all lib service tests check check-all check-unit bench \
	bench-tools lint demo deps install uninstall clean distclean help lwip

all: $(programs) ## everything users need: netcond, netcon, intercept (default)

lib: $B/libintercept.so $B/intercept ## the preloaded library and its launcher

service: $B/netcond $B/netcon ## the service and its control program

tests: all bench-tools ## every test program, the transfer pair among them
tests: $(unit_bin) $(sim_bin) $(fuzz_bin) $(tool_bin) $(oracle_bin)

bench-tools: $(bench_bin) ## the programs that make bench runs

help: ## this list
	@printf 'usage: make [TARGET] [VARIABLE=VALUE]\n\n'
	@sed -n -e 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' \
		$(firstword $(MAKEFILE_LIST)) | \
		awk -F '|' '{ printf "  %-12s %s\n", $$1, $$2 }'
	@printf '\n%s\n%s\n%s\n' \
		'V=1 shows commands, SAN=1 builds with sanitizers in build/san,' \
		'PREFIX and DESTDIR place an installation, CC chooses a compiler,' \
		'LWIP_DIR builds against another lwIP 2.1 or 2.2 tree,' \
		'DPDK=1 insists on DPDK, DPDK=0 leaves it out.'

# ------------------------------------------------------------------ lwIP

lwip: $(lwip_stamp) ## fetch lwIP's source, once

ifeq ($(origin LWIP_DIR),file)
$(lwip_stamp): build-aux/fetch-lwip.sh
	$(call say,FETCH,lwIP)
	$(Q)build-aux/fetch-lwip.sh $(CACHE) $(LWIP_DIR)
	$(Q)touch $@
else
$(lwip_stamp):
	@echo "LWIP_DIR=$(LWIP_DIR) is no lwIP tree: $@ is missing" >&2; exit 1
endif

$B/lwip-obj/%.o: $(LWIP_DIR)/src/%.c | $(lwip_stamp)
	$(call say,CC,lwip/$*.c)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LWIP_CPPFLAGS) $(NETCOND_CPPFLAGS) $(NETCOND_CFLAGS) \
		$(SAN_FLAGS) $(LWIP_CFLAGS) -MMD -MP -c -o $@ $<

# Its sum loop takes 22 ns for 1460 bytes when unrolled, 262 ns at -O2.
$B/lwip-obj/core/inet_chksum.o: NETCOND_CFLAGS += -O3
# The two files that enter pcbs into lists do so by way of stack/tcp_demux.c.
$B/lwip-obj/core/tcp.o $B/lwip-obj/core/tcp_in.o: \
	LWIP_CPPFLAGS += -include stack/port/pcb_lists.h
# Its check of two options is stricter than the code that it guards.
$B/lwip-obj/core/init.o: LWIP_CPPFLAGS += -include stack/port/init_check.h

$(foreach f,$(lwip_src),$(eval $f: | $(lwip_stamp)))
$(lwip_src): ;

# ------------------------------------------------------------------ objects

$(call objs,$(stack_src) $(unit_src) $(sim_src) $(fuzz_src) $(testlib_src)): \
	NETCOND_CPPFLAGS += $(LWIP_SYSTEM_CPPFLAGS)
# -MMD leaves out what a system's header includes: lwIP's options among it.
lwip_options := $(wildcard stack/port/*.h stack/port/arch/*.h) stack/limits.h
$(call objs,$(stack_src) $(unit_src) $(sim_src) $(fuzz_src) $(testlib_src)): \
	$(lwip_options) | $(lwip_stamp)

$(call objs,$(dpdk_src)): NETCOND_CPPFLAGS += $(DPDK_CPPFLAGS)
# Changes when DPDK comes, goes or moves.
$(call objs,$(dpdk_src)) $B/libfastpath.a: $B/dpdk.conf
$B/dpdk.conf: FORCE
	@mkdir -p $(@D)
	@echo '$(DPDK_CPPFLAGS) $(DPDK_LIBS)' >$@.new
	@cmp -s $@.new $@ || cp $@.new $@
	@rm -f $@.new
.PHONY: FORCE
FORCE:

$(call objs,$(intercept_src)): NETCOND_CPPFLAGS += \
	-DNETCOND_LIBDIR='"$(LIBDIR)"'

$B/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(NETCOND_CPPFLAGS) $(NETCOND_CFLAGS) $(WARNINGS) \
		$(SAN_FLAGS) -MMD -MP -c -o $@ $<

# The shim lives in other people's programs: nothing but the intercepted calls
# is visible, and it is never sanitized, for its host is not.
$B/pic/%.o: %.c
	$(call say,CC,"$< (pic)")
	@mkdir -p $(@D)
	$(Q)$(CC) $(NETCOND_CPPFLAGS) $(NETCOND_CFLAGS) $(WARNINGS) \
		-fPIC -fvisibility=hidden -MMD -MP -c -o $@ $<

# The XDP program, for the kernel's own machine, and then as bytes in an object
# of ours. The path of asm/ is the compiler's for this machine, not for bpf.
BPF_CFLAGS ?= -O2 -g
MULTIARCH = $(shell $(CC) -print-multiarch 2>/dev/null)
$B/bpf/%.bpf.o: bpf/%.bpf.c | $B/bpf.found
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -target bpf -I. $(BPF_CFLAGS) $(WERROR) -Wall -Wextra \
		$(if $(MULTIARCH),-idirafter /usr/include/$(MULTIARCH)) \
		-MMD -MP -c -o $@ $<

# Named by its file alone: the symbols are made of the name that ld is given.
$B/bpf/%.embed.o: $B/bpf/%.bpf.o
	$(call say,EMBED,$<)
	$(Q)cd $(@D) && $(LD) -r -b binary -z noexecstack -o $(@F).new $(<F)
	$(Q)$(OBJCOPY) --set-section-alignment .data=16 --rename-section \
		.data=.rodata$(comma)alloc$(comma)load$(comma)readonly$(comma)data$(comma)contents \
		$@.new $@
	$(Q)rm -f $@.new

# What only the XDP device needs; asked for by one sentence, not by a compiler.
$(call objs,$(wildcard fastpath/*xdp*.c fastpath/umem.c)): | $B/bpf.found
$B/bpf.found:
	@mkdir -p $(@D)
	@command -v $(CLANG) >/dev/null || { echo "$(CLANG) is missing: it" \
		"compiles the XDP program; install clang, or run 'make deps'" \
		"as root" >&2; exit 1; }
	@printf '#include <xdp/xsk.h>\n' | $(CC) -E - >/dev/null 2>&1 || { \
		echo "the headers of libbpf and libxdp are missing: install" \
			"libbpf-dev and libxdp-dev, or run 'make deps' as root" \
			>&2; exit 1; }
	@touch $@

define archive
	$(call say,AR,$@)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
endef

$B/libfastpath.a: $(call objs,$(fastpath_src)) $B/bpf/xdp_redirect.embed.o
	$(archive)
$B/libstack.a: $(call objs,$(stack_src))
	$(archive)
$B/liblwip.a: $(lwip_obj)
	$(archive)
$B/libproto.a: $(call objs,$(proto_src))
	$(archive)
$B/libshim.a: $(call objs,$(shim_src))
	$(archive)
$B/libservice.a: $(call objs,$(filter-out service/main.c,$(service_src)))
	$(archive)
$B/libtest.a: $(call objs,$(testlib_src))
	$(archive)

# ----------------------------------------------------------------- programs

link = $(CC) $(NETCOND_CFLAGS) $(SAN_FLAGS) $(NETCOND_LDFLAGS) -o $@
stack_libs := $B/libstack.a $B/liblwip.a $B/libfastpath.a

$B/netcond: $(call objs,$(service_src) $(proto_src)) $(stack_libs)
	$(call say,LINK,$@)
	$(Q)$(link) $(filter %.o,$^) $(WRAP_LDFLAGS) \
		-Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(BPF_LIBS) \
		$(DPDK_LIBS)

$B/netcon: $(call objs,$(netcon_src) $(proto_src))
	$(call say,LINK,$@)
	$(Q)$(link) $^

$B/intercept: $(call objs,$(intercept_src) $(intercept_shared_src) \
	$(proto_src))
	$(call say,LINK,$@)
	$(Q)$(link) $^

# Everything is resolved at load time: a lazy lookup takes the dynamic linker's
# lock inside a call that may come from a signal handler or a fork's child.
# nodelete: threads may stand in a call while their plug-in is unloaded.
exports_map := $(wildcard shim/exports.map)
$B/libintercept.so: $(call pic_objs,$(shim_src) $(proto_src)) $(exports_map)
	$(call say,LINK,$@)
	$(Q)$(CC) $(NETCOND_CFLAGS) $(NETCOND_LDFLAGS) -shared \
		-Wl,-soname,libintercept.so -Wl,-z,nodelete -Wl,--no-undefined \
		$(patsubst %,-Wl$(comma)--version-script=%,$(exports_map)) \
		-o $@ $(filter %.o,$^) -ldl -lpthread

# A test may stand in for any function: its own definition comes first and wins.
# A test of the shim is linked with the shim's archive, every other one with all
# the rest: the two sides never meet in one program, and share names. libc stands
# before libshim.a: a test's own socket() is libc's.
shim_test_src := $(shell grep -lE '^.include "shim/[a-z_0-9]+\.h"' \
	$(unit_src) /dev/null)
test_libs := $B/libtest.a $B/libservice.a $(stack_libs) $B/libproto.a
link_test = $(link) $< -Wl,-z,muldefs $(if $(filter $(shim_test_src),\
		$(patsubst $B/obj/%.o,%.c,$<)),\
	$B/libtest.a $(CUNIT_LIBS) -lc $B/libshim.a $B/libproto.a -ldl,\
	$(WRAP_LDFLAGS) -Wl,--start-group $(test_libs) -Wl,--end-group \
	$(CUNIT_LIBS) $(BPF_LIBS) $(DPDK_LIBS)) -lpthread

$(unit_bin): $B/tests/%: $B/obj/tests/unit/%.o $(test_libs) $B/libshim.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(link_test)

$(sim_bin): $B/tests/%: $B/obj/tests/sim/%.o $(test_libs) $B/libshim.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(link_test)

$(fuzz_bin): $B/tests/%: $B/obj/tests/fuzz/%.o $(test_libs) $B/libshim.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(link_test)

$(tool_bin): $B/tests/%: $B/obj/tests/tools/%.o
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(link) $< -lpthread

$(oracle_bin): $B/tests/oracle/%: $B/obj/tests/oracle/%.o
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(link) $< -lpthread

$(bench_bin): $B/tests/bench/%: $B/obj/tests/bench/%.o
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(link) $< -lpthread

# ---------------------------------------------------------- checks, install

# Packages come first, so these start a second make once they are there.
submake = +$(Q)$(MAKE) --no-print-directory \
	$(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))
# Under sudo the tree stays its owner's.
give_back = $(if $(SUDO_UID),$(Q)for d in $(BUILD) $(CACHE); do \
	[ ! -d $$d ] || chown -R $(SUDO_UID):$(SUDO_GID) $$d; done)

deps: ## install the packages that build and tests need (as root)
	$(Q)build-aux/deps.sh $(BUILD) $(CACHE)
	$(give_back)

check: deps ## every test, mostly over one device; ends with "N passed, N failed, N skipped"
	$(submake) all tests
	$(submake) SAN=1 tests
	$(give_back)
	$(Q)tests/check.sh $(BUILD)

check-all: deps ## every test over every device; takes half an hour
	$(submake) all tests
	$(submake) SAN=1 tests
	$(give_back)
	$(Q)tests/check.sh --all $(BUILD)

check-unit: ## the unit tests alone, plain and with sanitizers; no root needed
	$(submake) tests
	$(submake) SAN=1 tests
	$(Q)tests/check.sh --unit $(BUILD)

bench: deps ## measure ours and the kernel's stack in the same run (as root)
	$(submake) all bench-tools $B/tests/load
	$(Q)BUILD=$B tests/bench/run.sh

demo: deps ## the main job, shown line by line (as root)
	$(submake) all
	$(Q)BUILD=$B tests/demo.sh

# CUnit is the one library that only the tests need.
$(call objs,$(unit_src) $(sim_src)): | $B/cunit.found
$B/cunit.found:
	@mkdir -p $(@D)
	@printf '#include <CUnit/Basic.h>\n' | $(CC) -E - >/dev/null 2>&1 || { \
		echo "CUnit's headers are missing: install libcunit1-dev, or" \
			"run 'make deps' as root" >&2; exit 1; }
	@touch $@

lint: $(lwip_stamp) ## warnings as errors, clang-tidy, cppcheck, layers, width
	$(Q)build-aux/deps.sh $(BUILD) $(CACHE) lint
	$(Q)CC='$(CC)' CLANG='$(CLANG)' CLANG_TIDY='$(CLANG_TIDY)' \
		CPPCHECK='$(CPPCHECK)' LWIP_DIR='$(LWIP_DIR)' \
		tests/lint/run.sh

man_pages := $(wildcard docs/*.1 docs/*.8)

install: all ## PREFIX (/usr/local) and DESTDIR are honoured
	$(Q)$(INSTALL) -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(BINDIR) \
		$(DESTDIR)$(LIBDIR) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man8
	$(Q)$(INSTALL) -m 755 $B/netcond $(DESTDIR)$(SBINDIR)/netcond
	$(Q)$(INSTALL) -m 755 $B/netcon $B/intercept $(DESTDIR)$(BINDIR)/
	$(Q)$(INSTALL) -m 644 $B/libintercept.so $(DESTDIR)$(LIBDIR)/
	$(Q)for page in $(man_pages); do $(INSTALL) -m 644 "$$page" \
		"$(DESTDIR)$(MANDIR)/man$${page##*.}/" || exit 1; done

uninstall: ## remove what install put there
	$(Q)rm -f $(DESTDIR)$(SBINDIR)/netcond $(DESTDIR)$(BINDIR)/netcon \
		$(DESTDIR)$(BINDIR)/intercept $(DESTDIR)$(LIBDIR)/libintercept.so
	$(Q)for page in $(notdir $(man_pages)); do \
		rm -f "$(DESTDIR)$(MANDIR)/man$${page##*.}/$$page"; done
	$(Q)rmdir $(DESTDIR)$(LIBDIR) 2>/dev/null || :

clean: ## remove build/, keep what was fetched
	$(Q)rm -rf $(BUILD)

distclean: clean ## remove what was fetched as well
	$(Q)rm -rf $(CACHE)

-include $(shell find $B/obj $B/pic $B/lwip-obj $B/bpf -name '*.d' 2>/dev/null)
