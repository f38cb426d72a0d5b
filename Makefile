# GNU make. `make help` lists the targets.
#
# CONFIG picks the build tree: release (default), asan, tsan, cov. Objects live in
# build/$(CONFIG)/ and mirror the sources; everything below src/ becomes libpgmirror.a,
# which the program, the unit tests and the fuzzers link.

CONFIG ?= release
PREFIX ?= /usr/local
DESTDIR ?=
CC      ?= gcc
PKGCONF ?= pkg-config
ifeq ($(origin CC),default)
CC := gcc
endif

VERSION := $(shell sed -n 's/^#define PGM_VERSION "\(.*\)"/\1/p' include/common/version.h)
PKGS    := libpq libcjson libarchive zlib libcrypto liblz4
B       := build/$(CONFIG)

# Flags are probed once per compiler: an unknown warning is left out, not an error.
probe = $(foreach f,$(1),$(shell echo 'int main(void){return 0;}' | $(CC) -Werror $(f) -x c -o /dev/null - 2>/dev/null && echo $(f)))

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align \
	-Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wredundant-decls -Wwrite-strings -Wundef -Wvla -Walloca -Wformat=2 -Wimplicit-fallthrough \
	-Wswitch-enum -Wdouble-promotion -Wnull-dereference -Wdate-time
WARN_PROBED := -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wformat-signedness \
	-Wformat-overflow=2 -Wtrampolines -Warith-conversion
HARD_PROBED := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fno-common \
	-ftrivial-auto-var-init=zero
LINK_PROBED := -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack

SAN_asan := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
SAN_tsan := -fsanitize=thread -fno-omit-frame-pointer
SAN_cov  := --coverage -O0
SAN := $(SAN_$(CONFIG))

# The probes cost half a second, so their answers are kept beside the objects.
FLAGS_MK := $(B)/flags-$(notdir $(firstword $(CC))).mk
ifneq ($(filter-out clean help format dist,$(or $(MAKECMDGOALS),all)),)
-include $(FLAGS_MK)
endif

CPPFLAGS_ALL = -D_GNU_SOURCE -Iinclude $(PKG_CFLAGS) \
	$(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3) $(CPPFLAGS)
CFLAGS_ALL   = -std=c11 -pthread -O2 -g -fPIE $(WARN) $(PROBED) $(SAN) $(if $(WERROR),-Werror) $(CFLAGS)
LDFLAGS_ALL  = -pie -pthread $(LINKED) $(SAN) $(LDFLAGS)

SRCS := $(sort $(wildcard src/*/*.c))
OBJS := $(SRCS:%.c=$(B)/%.o)
LIB  := $(B)/libpgmirror.a
UNIT := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_BINS := $(UNIT:%.c=$(B)/%)
FUZZ := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BINS := $(FUZZ:tests/fuzz/%.c=$(B)/fuzz/%)
PROGRAM := $(if $(filter release,$(CONFIG)),pg_mirror,$(B)/pg_mirror)

.PHONY: all help clean install uninstall test check unit asan tsan lint format coverage fuzz demo bench dist fuzz-bins unit-bins
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAM)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

$(FLAGS_MK):
	@mkdir -p $(@D)
	@$(PKGCONF) --exists --print-errors $(PKGS) || \
		{ echo 'make: libraries are missing; sudo ci/setup build installs them' >&2; exit 1; }
	@{ echo 'PROBED := $(call probe,$(WARN_PROBED)) $(if $(SAN),,$(call probe,$(HARD_PROBED)))'; \
	   echo 'LINKED := $(call probe,$(LINK_PROBED))'; \
	   echo "PKG_CFLAGS := $$($(PKGCONF) --cflags $(PKGS) | sed 's/-I/-isystem /g')"; \
	   echo "PKG_LIBS := $$($(PKGCONF) --libs $(PKGS))"; } > $@

$(PROGRAM): $(B)/pg_mirror.o $(LIB)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)

$(LIB): $(OBJS)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/%.o: %.c $(FLAGS_MK)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# cmocka's headers and macros don't survive -Wconversion; tests get the plain warnings.
TEST_CFLAGS = -std=c11 -pthread -O1 -g -fPIE -Wall -Wextra -Wshadow $(SAN) $(CFLAGS)
$(B)/tests/unit/%: tests/unit/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) -Isrc -Itests/support $(TEST_CFLAGS) -MMD -MP $(LDFLAGS_ALL) -o $@ $< $(LIB) $(PKG_LIBS) -lcmocka

# Each fuzzer links the replay driver here; `make fuzz` builds the same files with libFuzzer.
$(B)/fuzz/%: tests/fuzz/%.c tests/fuzz/replay.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) -Isrc $(TEST_CFLAGS) $(LDFLAGS_ALL) -o $@ $< tests/fuzz/replay.c $(LIB) $(PKG_LIBS)

unit-bins: $(UNIT_BINS)
fuzz-bins: $(FUZZ_BINS)

clean: ## remove what was built
	rm -rf build pg_mirror

-include $(OBJS:.o=.d) $(B)/pg_mirror.d $(UNIT_BINS:=.d)
