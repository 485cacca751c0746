# ucspi-tcpmux: GNU make. `make` leaves programs in command/ and helpers in libexec/.
#
#   make [all]      build                         make check    every test (package/check installs tools first)
#   make install    DESTDIR and conf-home         make lint     static checks; make format rewrites the sources
#   make bench      rates against bare floors and Debian's peers       make fuzz / make soak    longer, bounded
#
# WERROR=1 makes warnings errors. SANITIZE=1 builds with ASan+UBSan into build/san/ instead; PORTABLE=1
# builds without Linux's own calls (epoll, pidfd, clone) into build/portable/, to test what other systems get.

CC      := $(shell head -n 1 conf-cc)
LD      := $(shell head -n 1 conf-ld)
HOME_   := $(shell head -n 1 conf-home)
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
           -Wswitch-enum -Wundef -Wvla -Wformat=2
CFLAGS_ := -std=gnu11 -D_GNU_SOURCE -Isrc/lib -Isrc/small -Isrc/dns -Isrc/tls -Isrc/service $(WARN) $(if $(WERROR),-Werror) $(CFLAGS)

ifdef SANITIZE
B       := build/san
# Not -O2: built for one run.
CC      += -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LD      += -fsanitize=address,undefined
COMMAND := build/san/command
LIBEXEC := build/san/libexec
else ifdef PORTABLE
B       := build/portable
CC      += -DUCSPI_PORTABLE
COMMAND := build/portable/command
LIBEXEC := build/portable/libexec
else
B       := build
CC      += -D_FORTIFY_SOURCE=2 -fstack-protector-strong
COMMAND := command
LIBEXEC := libexec
endif

# --- What each program is made of ----------------------------------------------------------------------
# PROGRAM_SRC: its own sources besides libucspi.a. STATIC: run once per connection, so linked statically
# where the toolchain can (a static program starts in half the time). tcpserver and tcpclient stay dynamic
# because they need the system's name services, tcprules and tcprulescheck because nothing starts them once
# per connection. Every program that is not SMALL (below) also gets libucspi.a, tinycdb and skalibs, in the order of
# LIBS below: tinycdb must come before skalibs, because both define cdb_find, and with skalibs' the rules
# made by tinycdb answer "not found", which means allow. tests/cli/link.t guards this.

PROGRAMS := tcpserver tcprules tcprulescheck tcpmuxd tcpclient tcpbind tcp-env rblsmtpd
PROGRAMS += argv0 addcr delcr fixcrio recordio mconnect-io
PROGRAMS += inetd-import
# Started by other programs, which find them in ../libexec.
HELPERS  := tcplookup tcpsql http-get rblsmtpd-lists ucspi-service
# Those that speak TLS are made if OpenSSL 3 is here; OPENSSL=no does without.
ifndef OPENSSL
OPENSSL  := $(shell printf '\043include <openssl/ssl.h>\n\043if OPENSSL_VERSION_NUMBER >= 0x30000000L\nyes\n\043endif\n' | \
              $(CC) -E -P - 2>/dev/null | tail -n 1)
endif
ifeq ($(OPENSSL),yes)
PROGRAMS += tcptls
HELPERS  += tlsconnect
endif
# Services for tcpserver to load in place of the programs of these names.
OBJECTS  := recordio.so fixcrio.so
# Run as they are; each finds the others beside itself.
SCRIPTS  := tcpcat mconnect who@ date@ finger@ http@

# Questions to DNS over c-ares, for the programs that ask them themselves.
DNS_SRC           := $(wildcard src/dns/*.c)
# TLS over OpenSSL.
TLS_SRC           := $(wildcard src/tls/*.c)

tcpserver_SRC     := $(wildcard src/tcpserver/*.c) src/service/next.c
tcprules_SRC      := src/tcprules/tcprules.c src/tcprules/duplicates.c
tcprulescheck_SRC := src/tcprules/tcprulescheck.c src/tcprules/sqlrules.c
tcpmuxd_SRC       := $(wildcard src/tcpmuxd/*.c)
tcpclient_SRC     := $(wildcard src/tcpclient/*.c)
tcpbind_SRC       := $(wildcard src/tcpbind/*.c)
inetd-import_SRC  := $(wildcard src/inetd-import/*.c)
tcp-env_SRC       := src/filters/tcp-env.c
mconnect-io_SRC   := src/filters/mconnect-io.c src/filters/crlf.c
ucspi-service_SRC := $(wildcard src/service/*.c)
http-get_SRC      := src/filters/http-get.c
tcplookup_SRC     := $(wildcard src/tcplookup/*.c) $(DNS_SRC)
tcpsql_SRC        := $(wildcard src/tcpsql/*.c)
tcptls_SRC        := $(wildcard src/tcptls/*.c) $(TLS_SRC)
tlsconnect_SRC    := $(wildcard src/tlsconnect/*.c) $(TLS_SRC)
RBLSMTPD_BOTH     := $(addprefix src/rblsmtpd/,session.c options.c client.c text.c command.c dialogue.c)
rblsmtpd_SRC      := src/rblsmtpd/rblsmtpd.c $(RBLSMTPD_BOTH)
rblsmtpd-lists_SRC := $(addprefix src/rblsmtpd/,rblsmtpd-lists.c lists.c steps.c services.c) $(RBLSMTPD_BOTH) $(DNS_SRC)
argv0_SRC         := $(addprefix src/filters/,argv0.c)
addcr_SRC         := $(addprefix src/filters/,addcr.c stream.c crlf.c)
delcr_SRC         := $(addprefix src/filters/,delcr.c stream.c crlf.c)
fixcrio_SRC       := $(addprefix src/filters/,fixcrio.c filter.c relay.c stay.c crlf.c)
recordio_SRC      := $(addprefix src/filters/,recordio.c filter.c relay.c stay.c record.c)
# What a program links besides LIBS. Who loads objects has something for them, too.
# All symbols are looked up at the start, else every child of fork() would do it for itself again; and each mapping less
# is one less to copy for it.
tcpserver_LIBS    := -ldl -Wl,-z,now -Wl,-z,noseparate-code -Wl,--dynamic-list=src/service/ucspi-service.list
ucspi-service_LIBS := $(tcpserver_LIBS)
tcplookup_LIBS    := -lcares
tcpsql_LIBS       := -ldl
tcptls_LIBS       := -lssl -lcrypto
tlsconnect_LIBS   := -lssl -lcrypto
rblsmtpd-lists_LIBS := -lcares

STATIC            := tcpmuxd rblsmtpd-lists

# SMALL: need nothing but a C library and our own files, so they are not linked with LIBS but, if musl-gcc is here,
# statically with musl: glibc asks a processor 43 times what it can do before main() begins, and where that is a virtual
# one it takes longer than all the rest of the start. All that goes into them is compiled for musl, in a folder of its
# own: LIBS are for the other C library. SMALL_CC= (empty) does without.
SMALL     := argv0 addcr delcr fixcrio recordio tcp-env rblsmtpd mconnect-io http-get
SMALL_CC  := $(if $(SANITIZE),,$(shell command -v musl-gcc))
# What was compiled before musl-gcc came is not for musl.
SMALL_B   := $(B)/$(if $(SMALL_CC),musl,small)

# Archives by their file names: -Wl,-Bstatic ... -Wl,-Bdynamic around them would undo -static.
LIBS := $(B)/libucspi.a -l:libcdb.a -l:libskarnet.a

# --------------------------------------------------------------------------------------------------------

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all check unit tools install install-programs install-header install-man clean lint format bench fuzz soak programs

PRODUCTS := $(PROGRAMS:%=$(COMMAND)/%) $(SCRIPTS:%=$(COMMAND)/%) $(HELPERS:%=$(LIBEXEC)/%) $(OBJECTS:%=$(LIBEXEC)/%)
all: $(PRODUCTS)

OBJ       = $(patsubst %.c,$(B)/%.o,$(1))
LIB_SRC  := $(wildcard src/lib/*.c src/small/*.c)
ALL_SRC  := $(LIB_SRC) $(foreach p,$(PROGRAMS) $(HELPERS),$($(p)_SRC))
# What needs none of LIBS.
SMALL_LIB_SRC := $(filter-out %/hashtable.c %/letters.c %/object.c %/rates.c %/rulefile.c %/rules.c %/ruletable.c %/sqlrow.c,$(LIB_SRC))

$(B)/%.o: %.c Makefile conf-cc
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_) -MMD -MP -c -o $@ $<

# With the options of conf-cc.
SMALL_OBJ = $(patsubst %.c,$(SMALL_B)/%.o,$(1))
$(SMALL_B)/%.o: %.c Makefile conf-cc
	@mkdir -p $(@D)
	$(if $(SMALL_CC),$(SMALL_CC) $(wordlist 2,99,$(CC)),$(CC)) $(CFLAGS_) -MMD -MP -c -o $@ $<

# Where helpers are, for programs that can't find out where they are themselves.
KNOWS_HOME := $(B)/src/lib/helperpath.o $(SMALL_B)/src/lib/helperpath.o
$(KNOWS_HOME): CFLAGS_ += -DUCSPI_HOME='"$(HOME_)"'
$(KNOWS_HOME): conf-home

# musl's CMSG_NXTHDR trips over it.
$(SMALL_B)/src/lib/message.o: CFLAGS_ += -Wno-sign-conversion

$(B)/libucspi.a: $(call OBJ,$(LIB_SRC))
$(SMALL_B)/libsmall.a: $(call SMALL_OBJ,$(SMALL_LIB_SRC))
$(B)/libucspi.a $(SMALL_B)/libsmall.a:
	rm -f $@
	ar rcs $@ $^

# noseparate-code: two mappings instead of four, 7 us less of 30 that tcpmuxd takes over an empty program.
STATICALLY := -static -Wl,-z,noseparate-code

# static-flag-lX: STATICALLY if this toolchain can make such a program with library X (c for none but the C library),
# else empty. Sanitized programs can't be static.
$(B)/static-flag-l%: Makefile conf-cc conf-ld
	@mkdir -p $(@D)
	@printf 'int main(void) { return 0; }\n' > $(B)/static-try-$*.c
	@if [ -z "$(SANITIZE)" ] && $(CC) -c -o $(B)/static-try-$*.o $(B)/static-try-$*.c && \
	    $(LD) $(STATICALLY) -o $(B)/static-try-$* $(B)/static-try-$*.o -l$* 2>/dev/null && \
	    $(B)/static-try-$*; \
	  then echo $(STATICALLY); else echo; fi > $@

# program NAME,FOLDER
static_flag = $(B)/static-flag$(or $(firstword $($(1)_LIBS)),-lc)
define program
$(2)/$(1): $(call OBJ,$($(1)_SRC)) $(B)/libucspi.a $(static_flag) conf-ld
	@mkdir -p $$(@D)
	$(LD) $(LDFLAGS) $(if $(filter $(1),$(STATIC)),$$$$(cat $(static_flag))) -o $$@.new \
	  $(call OBJ,$($(1)_SRC)) $(LIBS) $($(1)_LIBS)
	mv $$@.new $$@
endef
define small_program
$(2)/$(1): $(call SMALL_OBJ,$($(1)_SRC)) $(SMALL_B)/libsmall.a $(B)/static-flag-lc conf-ld
	@mkdir -p $$(@D)
	$(if $(SMALL_CC),$(SMALL_CC) $(wordlist 2,99,$(LD)) $(STATICALLY),$(LD) $$$$(cat $(B)/static-flag-lc)) $(LDFLAGS) \
	  -o $$@.new $(call SMALL_OBJ,$($(1)_SRC)) $(SMALL_B)/libsmall.a
	mv $$@.new $$@
endef
rule_for = $(if $(filter $(1),$(SMALL)),$(call small_program,$(1),$(2)),$(call program,$(1),$(2)))
$(foreach p,$(PROGRAMS),$(eval $(call rule_for,$(p),$(COMMAND))))
$(foreach p,$(HELPERS),$(eval $(call rule_for,$(p),$(LIBEXEC))))

# What goes into objects is compiled anew: for any address, and seen from outside only if it says so. They find the C
# library, and ucspi_service_next(), in who loads them.
OBJECT_B    := $(B)/object
OBJECT_OBJ   = $(patsubst %.c,$(OBJECT_B)/%.o,$(1))
$(OBJECT_B)/%.o: %.c Makefile conf-cc
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_) -DFILTER_OBJECT -fPIC -fvisibility=hidden -MMD -MP -c -o $@ $<
$(OBJECT_B)/src/lib/helperpath.o: CFLAGS_ += -DUCSPI_HOME='"$(HOME_)"'
$(OBJECT_B)/libsmall.a: $(call OBJECT_OBJ,$(SMALL_LIB_SRC))
	rm -f $@
	ar rcs $@ $^
define object
$(LIBEXEC)/$(1): $(call OBJECT_OBJ,$($(1:.so=)_SRC)) $(OBJECT_B)/libsmall.a conf-ld
	@mkdir -p $$(@D)
	$(LD) $(LDFLAGS) -shared -o $$@.new $(call OBJECT_OBJ,$($(1:.so=)_SRC)) $(OBJECT_B)/libsmall.a
	mv $$@.new $$@
endef
$(foreach o,$(OBJECTS),$(eval $(call object,$(o))))

$(SCRIPTS:%=$(COMMAND)/%): $(COMMAND)/%: src/scripts/%
	@mkdir -p $(@D)
	install -m 755 $< $@.new
	mv $@.new $@

# Unit tests: one program per tests/unit/*.c, speaking TAP. Those of src/tls are linked with all of it.
TLS_UNIT := $(filter material tlscontext tickets facts session problem,$(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c)))
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))
ifneq ($(OPENSSL),yes)
UNIT := $(filter-out $(TLS_UNIT:%=$(B)/unit/%),$(UNIT))
endif
$(B)/unit/%: $(B)/tests/unit/%.o $(B)/libucspi.a
	@mkdir -p $(@D)
	$(LD) -o $@ $< $(UNIT_OBJ) $(LIBS) $(UNIT_LIBS)
.SECONDARY: $(UNIT:$(B)/unit/%=$(B)/tests/unit/%.o)
unit: $(UNIT)

# Tests of a program's own files name them here.
$(B)/unit/admission: UNIT_OBJ = $(B)/src/tcpserver/admission.o
$(B)/unit/admission: $(B)/src/tcpserver/admission.o
$(B)/unit/limits: UNIT_OBJ = $(B)/src/tcpserver/limits.o
$(B)/unit/limits: $(B)/src/tcpserver/limits.o
$(B)/unit/pace: UNIT_OBJ = $(B)/src/tcpserver/pace.o
$(B)/unit/pace: $(B)/src/tcpserver/pace.o
$(B)/unit/throttle: UNIT_OBJ = $(B)/src/tcpserver/throttle.o
$(B)/unit/throttle: $(B)/src/tcpserver/throttle.o
$(B)/unit/opening: UNIT_OBJ = $(B)/src/tcpserver/opening.o
$(B)/unit/opening: $(B)/src/tcpserver/opening.o
$(B)/unit/reaper: UNIT_OBJ = $(addprefix $(B)/src/tcpserver/,reaper.o children.o)
$(B)/unit/reaper: $(addprefix $(B)/src/tcpserver/,reaper.o children.o)
$(B)/unit/waiting: UNIT_OBJ = $(addprefix $(B)/src/tcpserver/,waiting.o connection.o)
$(B)/unit/waiting: $(addprefix $(B)/src/tcpserver/,waiting.o connection.o)
$(B)/unit/pulse: UNIT_OBJ = $(B)/src/tcpserver/pulse.o
$(B)/unit/pulse: $(B)/src/tcpserver/pulse.o
$(B)/unit/revival: UNIT_OBJ = $(B)/src/tcpserver/revival.o
$(B)/unit/revival: $(B)/src/tcpserver/revival.o
$(B)/unit/idle: UNIT_OBJ = $(B)/src/tcpserver/idle.o
$(B)/unit/idle: $(B)/src/tcpserver/idle.o
$(B)/unit/recent: UNIT_OBJ = $(B)/src/tcpserver/recent.o
$(B)/unit/recent: $(B)/src/tcpserver/recent.o
$(B)/unit/limit: UNIT_OBJ = $(B)/src/tcpmuxd/limit.o
$(B)/unit/limit: $(B)/src/tcpmuxd/limit.o
$(B)/unit/duplicates: UNIT_OBJ = $(B)/src/tcprules/duplicates.o
$(B)/unit/duplicates: $(B)/src/tcprules/duplicates.o
$(B)/unit/reply: UNIT_OBJ = $(B)/src/dns/reply.o
$(B)/unit/reply: $(B)/src/dns/reply.o
$(B)/unit/connect: UNIT_OBJ = $(B)/src/tcpclient/connect.o
$(B)/unit/connect: $(B)/src/tcpclient/connect.o
# All but its main().
IMPORT_PARTS := $(filter-out %/inetd-import.o,$(call OBJ,$(inetd-import_SRC)))
IMPORT_UNITS := $(patsubst %,$(B)/unit/import-%,access text parsers)
$(IMPORT_UNITS): UNIT_OBJ = $(IMPORT_PARTS)
$(IMPORT_UNITS): $(IMPORT_PARTS)
# What does not need DNS.
RBLSMTPD_PURE := $(patsubst %,$(B)/src/rblsmtpd/%.o,client command steps text)
$(B)/unit/rblsmtpd: UNIT_OBJ = $(RBLSMTPD_PURE)
$(B)/unit/rblsmtpd: $(RBLSMTPD_PURE)
$(B)/unit/rblsmtpd-lists: UNIT_OBJ = $(RBLSMTPD_PURE) $(B)/src/rblsmtpd/lists.o
$(B)/unit/rblsmtpd-lists: $(RBLSMTPD_PURE) $(B)/src/rblsmtpd/lists.o
$(B)/unit/crlf: UNIT_OBJ = $(B)/src/filters/crlf.o
$(B)/unit/crlf: $(B)/src/filters/crlf.o
$(B)/unit/starttls: UNIT_OBJ = $(B)/src/tlsconnect/starttls.o
$(B)/unit/starttls: $(B)/src/tlsconnect/starttls.o
$(B)/unit/hello: UNIT_OBJ = $(B)/src/tls/hello.o
$(B)/unit/hello: $(B)/src/tls/hello.o
$(B)/unit/record: UNIT_OBJ = $(B)/src/filters/record.o
$(B)/unit/record: $(B)/src/filters/record.o
$(B)/libtls.a: $(call OBJ,$(TLS_SRC))
	rm -f $@
	ar rcs $@ $^
$(TLS_UNIT:%=$(B)/unit/%): UNIT_OBJ = $(B)/libtls.a
$(TLS_UNIT:%=$(B)/unit/%): UNIT_LIBS = -lssl -lcrypto
$(TLS_UNIT:%=$(B)/unit/%): $(B)/libtls.a

# What the shell tests run besides the programs: clients and servers of their own, and libraries to preload. `all` is there
# when they are whole.
TOOLS := $(patsubst %,$(B)/tools/%,peer shim.so clock.so mysql.so mariadb.so $(if $(filter yes,$(OPENSSL)),client helped service ucspitls))
tools: $(B)/tools/all
$(B)/tools/all: $(TOOLS)
	touch $@
TOOL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -Isrc/lib -Wall -Wextra $(if $(WERROR),-Werror) $(CFLAGS)
$(B)/tools/%: tests/tools/%.c
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) -o $@ $<
$(B)/tools/%: tests/tls/%.c $(B)/libucspi.a
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) -o $@ $< $(LIBS) -lssl -lcrypto
$(B)/tools/mysql.so $(B)/tools/mariadb.so: tests/fault/mysql.h
$(B)/tools/%.so: tests/fault/%.c
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) -shared -fPIC -o $@ $< -ldl

-include $(patsubst %.c,$(B)/%.d,$(ALL_SRC) $(TLS_SRC) $(wildcard tests/unit/*.c)) \
  $(patsubst %.c,$(SMALL_B)/%.d,$(foreach p,$(SMALL),$($(p)_SRC)) $(SMALL_LIB_SRC)) \
  $(patsubst %.c,$(OBJECT_B)/%.d,$(foreach o,$(OBJECTS),$($(o:.so=)_SRC)) $(SMALL_LIB_SRC))

# Each file is written under another name and renamed: who starts a program meanwhile gets the old or the new.
INSTALLED := $(DESTDIR)$(HOME_)
PAGES     := $(wildcard doc/*.[1-9])
NEEDS_ABSOLUTE_HOME = $(if $(filter /%,$(HOME_)),,$(error conf-home: not an absolute path: $(HOME_)))

install: install-programs install-man

install-programs: all install-header
	$(NEEDS_ABSOLUTE_HOME)
	mkdir -p "$(INSTALLED)/bin" "$(INSTALLED)/libexec"
	for p in $(HELPERS:%=$(LIBEXEC)/%) $(OBJECTS:%=$(LIBEXEC)/%) $(PROGRAMS:%=$(COMMAND)/%) $(SCRIPTS:%=$(COMMAND)/%); do \
	  case $$p in "$(LIBEXEC)"/*) to="$(INSTALLED)/libexec/$${p##*/}" ;; *) to="$(INSTALLED)/bin/$${p##*/}" ;; esac; \
	  install -m 755 "$$p" "$$to.new" && mv "$$to.new" "$$to" || exit 1; done

HEADER := ucspi-service.h
install-header:
	$(NEEDS_ABSOLUTE_HOME)
	mkdir -p "$(INSTALLED)/include"
	install -m 644 src/service/$(HEADER) "$(INSTALLED)/include/$(HEADER).new"
	mv "$(INSTALLED)/include/$(HEADER).new" "$(INSTALLED)/include/$(HEADER)"

install-man:
	$(NEEDS_ABSOLUTE_HOME)
	for page in $(PAGES); do \
	  folder="$(INSTALLED)/share/man/man$${page##*.}"; name=$${page#doc/}; mkdir -p "$$folder" && \
	  install -m 644 "$$page" "$$folder/$$name.new" && mv "$$folder/$$name.new" "$$folder/$$name" || exit 1; done

check:
	sh tests/run

FORMATTED = $(wildcard src/*/*.[ch] tests/*/*.[ch] doc/*.c)
format:
	clang-format -i $(FORMATTED)

lint:
	sh tests/lint $(FORMATTED)

bench: all
	sh tests/bench/run

fuzz:
	sh tests/fuzz/run

soak: all
	status=0; for soak in tests/soak/*; do sh $$soak || status=1; done; exit $$status

clean:
	rm -rf build command libexec
