#!/bin/sh
# tinycdb and skalibs both define cdb_find, and with skalibs' one the rules that tinycdb made answer "no such rule",
# which means allow. So: every program must be linked with tinycdb's, and a rule that denies must deny.
. "$(dirname "$0")/../lib.sh"
make=$(command -v gmake || echo make)

is 'no source includes the cdb header of skalibs' \
  "$(grep -rlE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]skalibs/cdb' "$root/src" "$root/tests")" ''

# makefile_list NAME: what the Makefile has under that name
makefile_list()
{
  printf 'include Makefile\nmakefile-list:\n\t@echo $(%s)\n' "$1" | "$make" -s -C "$root" -f - makefile-list
}

# link_line PROGRAM: how make links it
link_line()
{
  case " $helpers " in *" $1 "*) folder=libexec ;; *) folder=command ;; esac
  "$make" -s -n -C "$root" -W conf-ld COMMAND=command LIBEXEC=libexec B=build "$folder/$1" |
    sed -n ':join
/\\$/ {
  N
  b join
}
s/\\\n//g
/ -o '"$folder\\/$1"'\.new /p'
}

"$make" -s -C "$root" COMMAND=command LIBEXEC=libexec B=build all > "$work/make" 2>&1 || diag "$(cat "$work/make")"
programs=$(makefile_list PROGRAMS)
small=$(makefile_list SMALL)
helpers=$(makefile_list HELPERS)
like 'the programs are known' "$programs" 'tcpserver.*tcprules.*tcpmuxd.*tcptls'
for program in $programs $helpers; do
  line=$(link_line "$program")
  case " $small " in
    *" $program "*)
      unlike "$program is linked with neither tinycdb nor skalibs" "$line" 'cdb|skarnet'
      like "... but statically" "$line" ' -static|static-flag'
      unlike "... and from nothing that was compiled for the others" "$line" 'build/(src|libucspi)'
      continue
      ;;
  esac
  like "$program is linked with tinycdb before skalibs" "$line" '(-lcdb|-l:libcdb\.a) .*(-lskarnet|-l:libskarnet\.a)'
  # The same line again, with a linker that tells where it takes the symbol from. A program that has no use for cdb
  # takes it from nowhere.
  (cd "$root" && sh -c "$(printf '%s\n' "$line" |
    sed -E "s| -o (command\|libexec)/$program.new | -Wl,-y,cdb_find -Wl,-y,cdb_init -o $work/linked |")") > "$work/trace" 2>&1 ||
    diag "$(cat "$work/trace")"
  ok "$program can be linked like that" test -x "$work/linked"
  unlike "$program takes no cdb function from skalibs" "$(cat "$work/trace")" 'libskarnet.*: definition of'
  case $program in
    tcpserver | tcpmuxd | tcprulescheck)
      like "$program takes cdb_find from tinycdb" "$(cat "$work/trace")" 'libcdb\.a.*: definition of cdb_find' ;;
  esac
  rm -f "$work/linked"
done

# musl-gcc may come after the first build.
objects_with()
{
  "$make" -s -n -B -C "$root" COMMAND=command LIBEXEC=libexec B=build "SMALL_CC=$1" command/addcr |
    sed -n 's|.* -o command/addcr\.new \([^ ]*\) .*|\1|p'
}
is 'objects for musl are those' "$(objects_with musl-gcc)" build/musl/src/filters/addcr.o
is '... and others are not' "$(objects_with '')" build/small/src/filters/addcr.o

# --- and when they run ----------------------------------------------------------------------------------------
cd "$work" || exit 111
printf '127.0.0.1:deny\n' | tcprules cdb tmp
is 'tcprulescheck denies' "$(tcprulescheck cdb 127.0.0.1 | tail -n 1)" 'deny connection'
serve denying -HRl0 -x cdb 127.0.0.1 0 echo served
is 'tcpserver denies' "$(peer 127.0.0.1 "$port")" ''
is '... but only whom it should' "$(peer -b 127.0.0.2 127.0.0.1 "$port")" served
mkdir services services/guarded
cp cdb services/guarded/rules.cdb
printf '#!/bin/sh\nexec echo served\n' > services/guarded/run
chmod 755 services/guarded/run
mux()
{
  printf 'guarded\r\n' | PROTO=TCP TCPREMOTEIP=$1 tcpmuxd services
}
like 'tcpmuxd denies' "$(mux 127.0.0.1)" '^-'
like '... but only whom it should' "$(mux 127.0.0.2)" served
done_testing
