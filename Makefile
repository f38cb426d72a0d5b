# GNU make. `make help` lists the targets.
#
# CONFIG picks the build tree: release (default), asan, tsan, cov, clang, fuzz. Objects live in
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
PKGS    := libpq libcjson libarchive zlib libssl libcrypto liblz4
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
SAN_fuzz := -fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer
SAN := $(SAN_$(CONFIG))

# The probes cost half a second, so their answers are kept beside the objects.
FLAGS_MK := $(B)/flags-$(notdir $(firstword $(CC))).mk
NO_BUILD := clean help format dist test check check-integration unit asan tsan lint coverage fuzz demo uninstall
ifneq ($(filter-out $(NO_BUILD),$(or $(MAKECMDGOALS),all)),)
-include $(FLAGS_MK)
endif
PKG_LIBS += -lm

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
SUPPORT_BINS := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/support/*.c)))
PROGRAM := $(if $(filter release,$(CONFIG)),pg_mirror,$(B)/pg_mirror)

.PHONY: all install unit-bins fuzz-bins support-bins $(NO_BUILD)
.DELETE_ON_ERROR:
.SECONDARY:

# Short lines; V=1 shows the commands.
say = $(if $(V),,@echo '  $(1) $@' && )

all: $(PROGRAM) ## build the program (CONFIG=asan ... for other trees, WERROR=1 in tests)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

$(FLAGS_MK): Makefile
	@mkdir -p $(@D)
	@$(PKGCONF) --exists --print-errors $(PKGS) || \
		{ echo 'make: libraries are missing; sudo ci/setup build installs them' >&2; exit 1; }
	@{ echo 'PROBED := $(call probe,$(WARN_PROBED)) $(if $(SAN),,$(call probe,$(HARD_PROBED)))'; \
	   echo 'LINKED := $(call probe,$(LINK_PROBED))'; \
	   echo "PKG_CFLAGS := $$($(PKGCONF) --cflags $(PKGS) | sed 's/-I/-isystem /g')"; \
	   echo "PKG_LIBS := $$($(PKGCONF) --libs $(PKGS)) -lm"; } > $@

$(PROGRAM): $(B)/pg_mirror.o $(LIB)
	$(call say,LD)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS) -lm

$(LIB): $(OBJS)
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $^

$(B)/%.o: %.c $(FLAGS_MK)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# cmocka's headers and macros don't survive -Wconversion; tests get the plain warnings.
TEST_CFLAGS = -std=c11 -pthread -O1 -g -fPIE -Wall -Wextra -Wshadow $(SAN) $(CFLAGS)
$(B)/tests/unit/%: tests/unit/%.c $(LIB)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS_ALL) -Isrc -Itests/support $(TEST_CFLAGS) -MMD -MP $(LDFLAGS_ALL) -o $@ $< $(LIB) $(PKG_LIBS) -lm -lcmocka

# A fuzzer's main() is libFuzzer's in CONFIG=fuzz; elsewhere it replays the corpus as a test.
FUZZ_MAIN := $(if $(filter fuzz,$(CONFIG)),-fsanitize=fuzzer,tests/fuzz/replay.c)
$(B)/fuzz/%: tests/fuzz/%.c tests/fuzz/replay.c $(LIB)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS_ALL) -Isrc $(TEST_CFLAGS) $(LDFLAGS_ALL) -o $@ $< $(FUZZ_MAIN) $(LIB) $(PKG_LIBS) -lm

# Small programs that the integration tests run, one .c file each.
$(B)/tests/support/%: tests/support/%.c $(LIB)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS_ALL) -Isrc $(TEST_CFLAGS) -MMD -MP $(LDFLAGS_ALL) -o $@ $< $(LIB) $(PKG_LIBS) -lm

# Counts statements and strikes at the Nth one.
$(B)/tests/support/swapdrive: LDFLAGS_ALL += -Wl,--wrap=PQsendQuery,--wrap=PQsendQueryParams

support-bins: $(SUPPORT_BINS)
unit-bins: $(UNIT_BINS)
fuzz-bins: $(FUZZ_BINS)

# What the tests run. Everything ends in one run of prove, so that one summary closes it.
INTEGRATION := $(sort $(wildcard tests/integration/*.t))
T ?= $(INTEGRATION)
ASAN := build/asan
CLANG := $(firstword $(foreach c,clang-14 clang,$(shell command -v $(c))) clang)
BINS := all unit-bins support-bins
export PGM_BIN ?= $(PROGRAM)

test: ## everything: unit tests, again with ASan and UBSan, fuzz corpus, integration
	@ci/setup test
	+@$(MAKE) --no-print-directory -j$$(nproc) WERROR=1 CONFIG=release $(BINS)
	+@$(MAKE) --no-print-directory -j$$(nproc) WERROR=1 CONFIG=asan all unit-bins fuzz-bins
	@ci/within-reach ci/prove $(UNIT:%.c=build/release/%) $(UNIT:%.c=$(ASAN)/%) $(FUZZ:tests/fuzz/%.c=$(ASAN)/fuzz/%) $(INTEGRATION)

check: lint test ## lint and test

unit: ## unit tests of one tree (CONFIG=release)
	+@$(MAKE) --no-print-directory $(BINS)
	@ci/within-reach ci/prove $(UNIT_BINS)

check-integration: ## integration tests of one tree; T='tests/integration/01-*.t' for some
	+@$(MAKE) --no-print-directory all support-bins
	@ci/within-reach ci/prove $(T)

asan tsan: ## unit tests under ASan and UBSan, or under TSan
	+@$(MAKE) --no-print-directory CONFIG=$@ unit-bins fuzz-bins
	@ci/within-reach ci/prove $(UNIT:%.c=build/$@/%) $(FUZZ:tests/fuzz/%.c=build/$@/fuzz/%)

lint: ## layout, layers, static analysis, scripts, manual
	@ci/setup lint
	@ci/lint

format: ## lay out the C sources
	$(firstword $(foreach c,clang-format-14 clang-format,$(shell command -v $(c)))) -i $(shell git ls-files '*.c' '*.h')

coverage: ## line coverage of src/ by unit and integration tests
	+@$(MAKE) --no-print-directory CONFIG=cov $(BINS)
	@ci/coverage $(UNIT:%.c=build/cov/%) $(T)

fuzz: ## libFuzzer for FUZZ_SECONDS (60) per fuzzer
	+@$(MAKE) --no-print-directory CC=$(CLANG) CONFIG=fuzz fuzz-bins
	@ci/fuzz $(FUZZ:tests/fuzz/%.c=build/fuzz/fuzz/%)

demo: ## two throwaway servers, a sample database, one clone after the other
	@ci/setup demo
	+@$(MAKE) --no-print-directory -j$$(nproc) all
	@ci/within-reach ci/demo

MANUALS := $(sort $(wildcard man/*.[1-8]))
install: $(PROGRAM) ## the program and its manual below DESTDIR= PREFIX=/usr/local
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/pg_mirror
	for page in $(MANUALS); do \
		install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/} || exit; done

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/pg_mirror
	for page in $(MANUALS); do rm -f $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; done

dist: ## build/pg_mirror-VERSION.tar.gz of the last commit
	@mkdir -p build
	git archive --prefix=pg_mirror-$(VERSION)/ -o build/pg_mirror-$(VERSION).tar.gz HEAD

clean: ## remove what was built
	rm -rf build pg_mirror

-include $(OBJS:.o=.d) $(B)/pg_mirror.d $(UNIT_BINS:=.d) $(SUPPORT_BINS:=.d)
