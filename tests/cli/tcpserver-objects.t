#!/bin/sh
# tcpserver with services in shared objects: what is loaded and what is refused, what a function finds, how it ends, what
# init functions may do at the start and at SIGHUP.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpserver-clients.sh"
need cc gcc
cd "$work" || exit 1
here=$(pwd)
libexec=$(dirname "$COMMAND_DIR")/libexec
compile()
{
  cc -shared -fPIC -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -I"$root/src/service" "$@"
}
compile -o all.so "$root/tests/cli/tcpserver-objects.c"
chmod 755 . all.so
for name in served seven exits quits crashes aborts registers stays closes litters shows tells passes files wides; do
  cp all.so "$name.so"
done

# asks NAME args…: serves with that, in $reply what one client gets
asks()
{
  asks_name=$1
  shift
  serving "$asks_name" -HRl0 "$@"
  reply=$(peer 127.0.0.1 "$port")
}
# ends NAME STATUS WORDS: the log of NAME says so of its first program; then it is stopped
ends_with()
{
  logs "$3" "$1" "^tcpserver: end [0-9]* status $2\$"
  is '... and the server goes on' "$(peer 127.0.0.1 "$port" > /dev/null; kill -0 "$server" && echo lives)" lives
  stop "$server"
}

# --- How a function ends
asks served -v 127.0.0.1 0 ./served.so
is 'the function named like the file is called, and what it printed is flushed' "$reply" served
ends_with served 0 'its return value is the exit status'
asks seven -v 127.0.0.1 0 "$here/seven.so"
ends_with seven 1792 '... of which 8 bits count'
asks exits -v 127.0.0.1 0 ./exits.so
is 'exit() flushes as well, and calls what atexit() was given' "$reply" 'exits
last words'
ends_with exits 2048 '... and has its status'
asks quits -v 127.0.0.1 0 ./quits.so
is '_exit() flushes nothing' "$reply" ''
ends_with quits 2304 '... and has its status'
asks files 127.0.0.1 0 ./files.so
stop
asks wides 127.0.0.1 0 ./wides.so
stop
is 'streams that it has opened are flushed, too' "$(cat narrow wide)" keptkept
asks registers 127.0.0.1 0 ./registers.so
is '... which who returns does not' "$reply" ''
stop
asks crashes -v 127.0.0.1 0 ./crashes.so
ends_with crashes '(11|139)' 'a function that crashes costs its connection'
asks aborts -v 127.0.0.1 0 ./aborts.so
ends_with aborts '(6|134)' '... and so does one that aborts'
asks closes -v 127.0.0.1 0 ./closes.so
ends_with closes 1280 '... or closes its descriptors'

# --- What it finds
asks shows -v 127.0.0.1 0 ./shows.so 'two words' ''
like 'its arguments are those of a program' "$reply" '^argc 3: <./shows.so> <two words> <> <end>$'
like 'it has descriptors 0, 1 and 2 and no others' "$reply" '^descriptors 0 1 2$'
like 'no signal is blocked, and all have their default action' "$reply" '^signals 0 blocked, 0 not default$'
like "it is where tcpserver is" "$reply" "^directory $here\$"
like 'environ is envp' "$reply" '^environ is envp$'
stop
TCPLOCALHOST=stale FOO=bar
export TCPLOCALHOST FOO
printf ':allow,RULE="yes",-FOO\n' > rules
printf '127.0.0.1:allow,RULE="yes"\n' | tcprules rules.cdb rules.tmp
asks shows2 -B 'hi ' -x rules.cdb -C 9 127.0.0.1 0 ./shows.so
serving program -B 'hi ' -HRl0 -x rules.cdb -C 9 127.0.0.1 0 env
unset TCPLOCALHOST FOO
same()
{
  grep = | grep -v '^TCP6*\(LOCAL\|REMOTE\)PORT=' | sort
}
is 'its environment is that of a program' "$(printf '%s\n' "$reply" | same)" "$(peer 127.0.0.1 "$port" | sed 's/^hi //' | same)"
like '... with what rules set' "$reply" '^RULE=yes$'
like '... and TCPCONNNUM' "$reply" '^TCPCONNNUM=1$'
like 'the banner comes first' "$reply" '^hi argc'
stop

asks litters 127.0.0.1 0 ./litters.so
stop
cat > both.c << 'C'
#include "ucspi-service.h"
#include <stdlib.h>
extern ucspi_service litters, shows;
UCSPI_SERVICE ucspi_service both;
int both(int argc, char **argv, char **envp)
{
  return getenv("TCPREMOTEIP")[8] == '2' ? litters(argc, argv, envp) : shows(argc, argv, envp);
}
C
compile -o both.so both.c "$root/tests/cli/tcpserver-objects.c"
asks both 127.0.0.1 0 ./both.so
first=$reply
peer -b 127.0.0.2 127.0.0.1 "$port" > /dev/null
is 'what one connection does to its process the next one does not see' "$(peer 127.0.0.1 "$port" | grep -v PORT=)" \
  "$(printf '%s\n' "$first" | grep -v PORT=)"
stop

# --- As with programs
asks details -V -c 1 127.0.0.1 0 ./served.so
logs '-V tells what it exchanged' details '^tcpserver: end [0-9]* status 0 exit 0 seconds [0-9.]+ in 0 out 7 '
stop
serving limited -v -HRl0 -c 1 127.0.0.1 0 ./stays.so
hold first 127.0.0.1 "$port"
wait_for grep -q '^tcpserver: ok' limited.log
holder=$pid
"$tools/peer" 127.0.0.1 "$port" > second.out &
second=$!
started="$started $second"
wait_for connections 2
logs 'it takes a place under -c' limited 'status: 1/1'
is '... and the next client waits' "$(cat second.out; grep -c '^tcpserver: ok' limited.log)" 1
stop "$holder"
wait "$second"
is '... for its end' "$(cat second.out)" served
stop "$server"
serving idle -V -HRl0 -T 1 127.0.0.1 0 ./stays.so
hold sleeper 127.0.0.1 "$port"
logs '-T ends it when nothing moves' idle '^tcpserver: end [0-9]* .*idle'
stop "$server"
serving crowd -v -HRl0 -c 200 127.0.0.1 0 ./stays.so
before=$(descriptors)
perl -MIO::Socket::INET -e 'for (1 .. 150) { push @s, IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]") or die }
  for (@s) { sysread($_, $l, 9) == 7 or die "short" } print "all\n"' "$port" > crowd.out
is '150 at once are served' "$(cat crowd.out)" all
ok '... and all ends are noticed' wait_for has_ends crowd 150
ok '... and no descriptor is left' wait_for has_descriptors "$before"
is '... and no zombie' "$(ps -o stat= --ppid "$server" | grep -c Z)" 0
stop "$server"
serving memory -HRl0 127.0.0.1 0 ./served.so
cat > many << 'P'
use IO::Socket::INET;
sub data { open(my $f, "<", "/proc/$ARGV[1]/status"); local $/; <$f> =~ /VmData:\s+(\d+)/; $1 }
sub ask { for (1 .. $_[0]) { my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]") or die; local $/; <$s> eq "served\n" or die } }
ask(100); my $before = data(); ask(2000); print data() - $before, "\n";
P
is 'its memory has not grown after 2000 connections' "$(perl many "$port" "$server")" 0
stop "$server"

# --- What is refused at the start
# refuses WORDS ERE args…: tcpserver exits 111 with a message of that pattern
refuses()
{
  refuses_name=$1
  refuses_text=$2
  shift 2
  exits "$refuses_name" 111 timeout 20 "$@"
  like '... and the message says why' "$(cat "$work/err")" "$refuses_text"
}
no="tcpserver: fatal: unable to load"
server_args='tcpserver -HRl0 127.0.0.1 0'
cp all.so nothing.so
echo 'this is no object, whatever it is called' > text.so
cp all.so cut.so && truncate -s 500 cut.so
printf 'extern void missing_symbol(void);\nint unresolved(void);\nint unresolved(void) { missing_symbol(); return 0; }\n' > u.c
compile -o unresolved.so u.c
mkdir folder.so
ln -s nowhere.so link.so
mkfifo pipe.so
# shellcheck disable=SC2086 # words
{
refuses 'an object that is not there is fatal' "^$no ./none.so: No such file or directory\$" $server_args ./none.so
refuses '... as is a link to nowhere' "^$no ./link.so: No such file" $server_args ./link.so
refuses '... one without the function' "^$no ./nothing.so: it has no function nothing\$" $server_args ./nothing.so
refuses '... with an unresolved symbol' "^$no ./unresolved.so: undefined symbol: missing_symbol" $server_args ./unresolved.so
refuses '... what is not ELF' "^$no ./text.so: (invalid ELF header|file too short)" $server_args ./text.so
refuses '... what has been cut off' "^$no ./cut.so: " $server_args ./cut.so
refuses '... a directory' "^$no ./folder.so: it is not a regular file" $server_args ./folder.so
refuses '... a fifo' "^$no ./pipe.so: it is not a regular file" $server_args ./pipe.so
mkdir open
cp served.so open
chmod 777 open
refuses 'an object in a directory that anybody may write to is refused' \
  "^$no ./open/served.so: anybody may write to its directory" $server_args ./open/served.so
ln -s open/served.so served2.so
refuses '... also by a link from elsewhere' "^$no ./served2.so: anybody may write to its directory" $server_args ./served2.so
chmod 1777 open
refuses '... unless that is sticky, but then the function is not there' "it has no function served2" $server_args ./served2.so
cp served.so writable.so
chmod 777 writable.so
refuses '... as is one that anybody may write to' "^$no ./writable.so: anybody may write to it\$" $server_args ./writable.so
if [ "$(id -u)" = 0 ]; then
  cp served.so strange.so
  chown 4242 strange.so
  refuses '... or that belongs to somebody else' "^$no ./strange.so: it belongs neither to root nor to the user" $server_args ./strange.so
  asks own -u 4242 -g 4242 127.0.0.1 0 ./seven.so
  ok 'root may own it' kill -0 "$server"
  stop
  cp tells.so owned
  mkdir own
  cp tells.so own/tells.so
  chown 4242 own/tells.so
  asks own2 -u 4242 -g 4242 127.0.0.1 0 ./own/tells.so
  is 'and so may the user, as whom it is loaded' "$reply" 'state nothing, loaded by 4242'
  stop
fi
}
asks noslash 127.0.0.1 0 served.so
is 'without a slash it is a program' "$reply" ''
logs '... looked for in PATH' noslash 'unable to run served.so: '
stop

# --- $PLUGINn
mkdir dir
echo first > dir/behaviour
export PLUGIN0="$here/tells.so"
asks plain 127.0.0.1 0 ./tells.so
is 'a plug-in without init is loaded' "$reply" "state nothing, loaded by $(id -u)"
stop
export PLUGIN0_init=prepare PLUGIN0_dir=dir
asks init -v 127.0.0.1 0 ./tells.so
is 'init is called with 0, in its directory, and once with the object that prog names' "$reply" "state 0 first, loaded by $(id -u)"
# hup WORD STATE WORDS: after a SIGHUP with that behaviour the service tells that state
hup()
{
  echo "$1" > dir/behaviour
  kill -HUP "$server"
  round_trips init
  is "$3" "$(peer 127.0.0.1 "$port")" "state $2, loaded by $(id -u)"
}
hup second '1 second' 'SIGHUP calls it again, with 1'
is '... and nothing that it prints gets to clients' "$(grep -c unflushed init.log)" 0
for behaviour in 'fail:init has failed' 'exit:init does not return' 'crash:init is killed by a signal'; do
  hup "${behaviour%%:*}" '1 second' "an init that does not work (${behaviour%%:*}) at SIGHUP changes nothing"
  logs '... and the log says so' init "^tcpserver: warning: unable to prepare $here/tells.so: ${behaviour#*:}\$"
done
mv dir dir2
kill -HUP "$server"
round_trips init
is '... nor does one whose directory is gone' "$(peer 127.0.0.1 "$port")" "state 1 second, loaded by $(id -u)"
logs '... as the log says' init "init's directory, or ours, can't be entered"
mv dir2 dir
hup handlers '1 handlers' 'an init that catches signals'
hup third '1 third' '... does not keep tcpserver from seeing the next'
hup moves '1 moves' 'an init that changes directory'
hup opens '1 opens' '... or leaves a file open is let do so'
hup closes '1 closes' '... or closes 0, 1 and 2'
hup last '1 last' '... which is put back'
logs '... so that the log goes on' init '^prepare 1 last'
echo late > dir/behaviour
kill -HUP "$server"
ok 'what crashes in tcpserver, and not in the trial, ends it' wait_for sh -c "! kill -0 $server 2> /dev/null || grep -q Z /proc/$server/stat"
logs '... and the log says so' init \
  "^tcpserver: fatal: unable to prepare $here/tells.so: it has not returned\$"
for behaviour in handlers opens moves; do
  echo "$behaviour" > dir/behaviour
  asks "at-$behaviour" 127.0.0.1 0 ./shows.so
  like "a service sees nothing of what init has done ($behaviour)" "$(printf '%s' "$reply" | sed -n 2,4p | tr '\n' ' ')" \
    "^descriptors 0 1 2 signals 0 blocked, 0 not default directory $here \$"
  stop "$server"
done
echo prints > dir/behaviour
serving prints -HRl0 127.0.0.1 0 ./served.so
# What the trial has printed comes first.
wait_for grep -q '[0-9]' "$work/prints.out"
port=$(cat "$work/prints.out")
is 'what init has printed at the start is not printed by every child again' "$(peer 127.0.0.1 "${port##* }")" served
stop "$server"
export PLUGIN0_init=prepare_void
asks void 127.0.0.1 0 ./tells.so
is 'an init that returns nothing of ours has not failed' "$reply" "state 0 void, loaded by $(id -u)"
stop "$server"

# shellcheck disable=SC2086 # words
{
echo fail > dir/behaviour
PLUGIN0_init=prepare
# serve_and_end NAME args…: a server that ends by itself, whatever its exit status; log as of `background`
serve_and_end()
{
  background "$@"
  wait "$pid" 2> /dev/null
}
refuses 'an init that fails at the start is fatal' \
  "^tcpserver: fatal: unable to prepare $here/tells.so: prepare has failed" $server_args true
for behaviour in exit quit crash; do
  echo "$behaviour" > dir/behaviour
  serve_and_end "$behaviour" $server_args true
  logs "an init that does not come back ($behaviour) at the start is in the log" "$behaviour" \
    "^tcpserver: fatal: unable to prepare $here/tells.so: it has not returned\$"
done
touch no-loading
serve_and_end loading $server_args ./shows.so
rm no-loading
logs '... as is an object that does not let itself be loaded' loading "^tcpserver: fatal: unable to load $here/tells.so: it has not returned\$"
PLUGIN0_init=none_such
refuses '... as is one that is not there' "^$no $here/tells.so: it has no function none_such" $server_args true
unset PLUGIN0_init
PLUGIN0_dir=nowhere
refuses '... or a directory' "^tcpserver: fatal: unable to enter nowhere for $here/tells.so: No such file" $server_args true
unset PLUGIN0_dir
PLUGIN0=tells.so
refuses '... or a path without a slash' "^$no tells.so: its path needs a slash" $server_args true
PLUGIN0=$here/tells.so PLUGIN1=./gone.so
export PLUGIN1
refuses 'each is loaded in turn' "^$no ./gone.so: No such file" $server_args true
}
unset PLUGIN1
export PLUGIN2=./gone.so
asks gap 127.0.0.1 0 ./served.so
is '... until one is missing' "$reply" served
stop
unset PLUGIN2
PLUGIN0=
asks empty 127.0.0.1 0 ./served.so
is '... or empty' "$reply" served
unlike '... without a word' "$(cat empty.log)" warning
stop
PLUGIN0_init=prepare PLUGIN0_dir=dir
export PLUGIN0_init PLUGIN0_dir
for prog in ./served.so 'echo served'; do
  # shellcheck disable=SC2086
  asks orphaned 127.0.0.1 0 $prog
  is "a function and a directory of none at all are warned of: $prog" "$(cat orphaned.log)" \
    'tcpserver: warning: unable to load PLUGIN0: unset or empty, and there is PLUGIN0_init
tcpserver: warning: unable to load PLUGIN0: unset or empty, and there is PLUGIN0_dir'
  is '... and all is served' "$reply" served
  stop
done
unset PLUGIN0_init PLUGIN0_dir
echo first > dir/behaviour
mkdir dir1
echo other > dir1/behaviour
cp all.so other.so
PLUGIN0=./tells.so PLUGIN0_dir=dir PLUGIN0_init=prepare PLUGIN1=./other.so PLUGIN1_dir=dir1 PLUGIN1_init=prepare
export PLUGIN0 PLUGIN0_dir PLUGIN0_init PLUGIN1 PLUGIN1_dir PLUGIN1_init
asks two 127.0.0.1 0 ./tells.so
is 'relative directories are those of tcpserver, and objects do not share their state' "$reply" \
  "state 0 first, loaded by $(id -u)"
is '... each init is called' "$(grep -c '^prepare 0 ' two.log)" 2
stop
unset PLUGIN0 PLUGIN0_dir PLUGIN0_init PLUGIN1 PLUGIN1_dir PLUGIN1_init

# What a connection costs besides the child itself: pages of tcpserver that are copied for it. There are as few in a child of
# the barest server but one.
faults()
{
  cut -d ' ' -f 10 "/proc/$server/stat"
}
case $COMMAND_DIR in
  */san/* | */portable/*) ;; # one keeps notes of all memory, the other has none that children don't have
  *)
    asks pages 127.0.0.1 0 ./served.so
    before=$(faults)
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
      peer 127.0.0.1 "$port" > /dev/null
    done
    copied=$(($(faults) - before))
    ok "of tcpserver's own pages three or four are copied for each child ($copied for 25)" [ "$copied" -le 90 ]
    stop "$server"
    ;;
esac

# --- Chains
# speaks TEXT: in $reply what a client gets that has sent TEXT
speaks()
{
  reply=$(printf "$1" | tcpclient -HRl0 127.0.0.1 "$port" | od -An -c | tr -d ' \n')
}
cp "$libexec/recordio.so" "$libexec/fixcrio.so" .
asks chain 127.0.0.1 0 ./passes.so ./shows.so more
like 'the next object gets its own arguments' "$reply" '^argc 2: <./shows.so> <more> <end>$'
like '... the environment that it is given' "$reply" '^PASSED=yes$'
like '... no descriptors that are close-on-exec' "$reply" '^descriptors 0 1 2$'
like '... and no handlers' "$reply" '^signals 0 blocked, 0 not default$'
stop
asks chain2 -v 127.0.0.1 0 ./passes.so ./passes.so sh -c 'echo $PASSED; exit 6'
is 'the next program is executed' "$reply" yes
ends_with chain2 1536 '... and its exit status is that of the connection'
asks chain3 -v 127.0.0.1 0 ./passes.so ./unresolved.so
ends_with chain3 28416 'one that is no good ends the connection with 111'
logs '... and says why' chain3 '^ucspi-service: fatal: unable to run ./unresolved.so: undefined symbol'
asks chain4 -v 127.0.0.1 0 ./passes.so no-such-program
ends_with chain4 28416 '... as does a program that is not there'
asks chain5 -v 127.0.0.1 0 ./passes.so
ends_with chain5 28416 '... or nothing at all'
cat > echoes.c << 'C'
#include <stdio.h>
#include "ucspi-service.h"
UCSPI_SERVICE ucspi_service echoes;
int echoes(int argc, char **argv, char **envp)
{
  int c;
  (void)argc, (void)argv, (void)envp;
  while ((c = getchar()) != EOF)
    putchar(c);
  return 3;
}
C
compile -o echoes.so echoes.c
serving recorded -v -HRl0 127.0.0.1 0 ./recordio.so ./fixcrio.so ./echoes.so
speaks 'hello\n'
is 'recordio.so, fixcrio.so and a service are a chain of objects' "$reply" 'hello\r\n'
logs '... which records what came' recorded '^[0-9]+ < hello'
logs '... and what went, in the other form' recorded '^[0-9]+ > hello'
ends_with recorded 768 '... and ends as the service does'
serving recorded2 -v -HRl0 127.0.0.1 0 ./recordio.so cat
speaks 'hello\n'
is 'recordio.so takes a program as well' "$reply" 'hello\n'
stop "$server"
exits 'without one it says how it is used' 100 "$libexec/ucspi-service" ./recordio.so
like '... on standard error' "$(cat err)" '^recordio: usage: '
done_testing
