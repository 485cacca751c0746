#!/bin/sh
# What tcpserver does when the system refuses it something: at the start it says so and exits 111; later it serves on.
# Not for sanitized programs: their run-time must be loaded first.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpserver-clients.sh"

. "$root/tests/fault/shim.sh"
EAGAIN=11 ENOMEM=12 EMFILE=24 ENFILE=23 ENOBUFS=105 ECONNABORTED=103 EPROTO=71 EIO=5 EINVAL=22 ENOSPC=28

hits()
{
  if [ -e "$work/mark" ]; then wc -c < "$work/mark" | tr -d ' '; else echo 0; fi
}

gone()
{
  ! kill -0 "$pid" 2>/dev/null
}

printf ':allow\n' | tcprules "$work/cdb" "$work/tmp"

# Start-up: every call of each function fails in turn, until there is no such call any more.
# What fails right after it has said its port ends it still: it has started when it answers.
start_or_stop()
{
  gone && return
  [ -s "$work/start.out" ] || return
  kill -USR1 "$pid"
  grep -q 'table: ' "$work/start.log"
}
# each_fails CALL MORE options…: with those options besides, and $serves as prog; what fails is counted in the test's name,
# which ends in MORE
serves='echo served'
each_fails()
{
  call=$1
  more=$2
  shift 2
  at=1
  wrong=
  while :; do
    rm -f "$work/mark"
    background start env "LD_PRELOAD=$shim" "FAULT_CALL=$call" "FAULT_AT=$at" "FAULT_ERRNO=$EIO" \
      "FAULT_MARK=$work/mark" tcpserver -1 "$@" -B hello -x "$work/cdb" 127.0.0.1 0 $serves
    wait_for start_or_stop || wrong="$wrong $at(neither started nor stopped)"
    if gone; then
      wait "$pid"
      [ $? = 111 ] || wrong="$wrong $at(exit code)"
      grep -q '^tcpserver: fatal: ' "$work/start.log" || wrong="$wrong $at(said nothing)"
      reached=1
    else
      reached=$(hits)
      port=$(head -n 1 "$work/start.out")
      # What fails only now may cost this connection, never the next.
      peer 127.0.0.1 "$port" > /dev/null
      [ "$(peer 127.0.0.1 "$port")" = helloserved ] || wrong="$wrong $at(no service)"
      stop
    fi
    [ "$reached" != 0 ] && [ $at -lt 60 ] || break
    at=$((at + 1))
  done
  [ $at -gt 1 ] || wrong="no call was made to fail"
  is "start-up$more survives, or stops at, a failure of each call of $call ($((at - 1)) of them)" "$wrong" ""
}
for call in open dup2 socket bind listen setsockopt getsockname epoll_create1 epoll_ctl signalfd mmap \
  reallocarray; do
  each_fails "$call" '' -HRl0
done

each_fails calloc ' with a rate' -HRl0 -k 9/60

# The same with a plug-in, and prog in a shared object.
cat > "$work/served.c" << 'C'
#include <stdio.h>
#include "ucspi-service.h"
UCSPI_SERVICE ucspi_service served;
UCSPI_SERVICE ucspi_service_init prepare;
int served(int argc, char **argv, char **envp)
{
  (void)argc, (void)argv, (void)envp;
  return puts("served") == EOF;
}
int prepare(int when)
{
  (void)when;
  return 0;
}
C
cc -shared -fPIC -I"$root/src/service" -o "$work/served.so" "$work/served.c"
chmod 755 "$work"
cp "$work/served.so" "$work/plugin.so"
serves=$work/served.so PLUGIN0=$work/plugin.so PLUGIN0_dir=/ PLUGIN0_init=prepare
export PLUGIN0 PLUGIN0_dir PLUGIN0_init
for call in socketpair realpath stat dlopen chdir fchdir fcntl open malloc calloc reallocarray; do
  each_fails "$call" ' with objects' -HRl0
done
# Two to load each, and two to prepare one; the next are for connections and SIGHUP.
for at in 1 2 3 4; do
  background start env "LD_PRELOAD=$shim" FAULT_CALL=fork FAULT_AT=$at "FAULT_ERRNO=$EAGAIN" "FAULT_MARK=$work/mark" \
    tcpserver -1 -HRl0 127.0.0.1 0 "$serves"
  wait "$pid"
  is "no second process at the start ($at) is fatal" "$?" 111
  like '... and the message says why' "$(cat "$work/start.log")" '^tcpserver: fatal: unable to .*: Resource temporarily unavailable'
done
background fork env "LD_PRELOAD=$shim" FAULT_CALL=fork FAULT_AT=5 FAULT_TIMES=2 "FAULT_ERRNO=$EAGAIN" \
  "FAULT_MARK=$work/fork" tcpserver -1 -HRl0 -v 127.0.0.1 0 "$serves"
serve_wait fork
is "no process for a function: the one before is served" "$(peer 127.0.0.1 "$port")" served
is "... the next two are not" "$(peer 127.0.0.1 "$port")$(peer 127.0.0.1 "$port")" ''
logs "... the log says why" fork '^tcpserver: warning: dropping connection, unable to fork: Resource temporarily unavailable'
is "... and no count is lost: then they are again" "$(peer 127.0.0.1 "$port")" served
ok '... and none is left' wait_for sh -c "tail -n 1 '$work/fork.log' | grep -q 'status: 0/40'"
stop
background again env "LD_PRELOAD=$shim" FAULT_CALL=fork FAULT_AT=5 "FAULT_ERRNO=$EAGAIN" \
  "FAULT_MARK=$work/again" tcpserver -1 -HRl0 127.0.0.1 0 "$serves"
serve_wait again
peer 127.0.0.1 "$port" > /dev/null
kill -HUP "$pid"
logs 'no process at SIGHUP is in the log' again '^tcpserver: warning: unable to prepare .*/plugin.so: Resource temporarily unavailable'
is '... and the rest goes on' "$(peer 127.0.0.1 "$port")" served
stop
unset PLUGIN0 PLUGIN0_dir PLUGIN0_init
serves='echo served'

# The same with names, which a tcplookup of the test's own tells.
. "$root/tests/cli/tcpserver-names.sh"
cat > "$NAMES_FOLDER/behaviour" << 'B'
127.0.0.1 answer host=client.example
127.0.0.2 hold
127.0.0.3 die
B
for call in socketpair clone reallocarray mmap epoll_ctl; do
  each_fails "$call" ' with names'
done

# Accepting.
for error in $EMFILE $ENFILE $ENOBUFS $ENOMEM; do
  background short env "LD_PRELOAD=$shim" FAULT_CALL=accept4 FAULT_AT=1 FAULT_TIMES=3 "FAULT_ERRNO=$error" \
    "FAULT_MARK=$work/mark$error" tcpserver -1 -HRl0 -v 127.0.0.1 0 echo served
  serve_wait short
  is "accept fails with $error: the client waits, and is served" "$(peer 127.0.0.1 "$port")" served
  logs_times "... each failure is logged" short '^tcpserver: warning: unable to accept a connection: ' 3
  stop
done
background forever env "LD_PRELOAD=$shim" FAULT_CALL=accept4 FAULT_AT=1 FAULT_TIMES=1000000 "FAULT_ERRNO=$EMFILE" \
  "FAULT_MARK=$work/forever.mark" tcpserver -1 -HRl0 -v 127.0.0.1 0 echo served
serve_wait forever
peer -h 127.0.0.1 "$port" < /dev/null > /dev/null
wait_for test -s "$work/forever.mark"
began=$(date +%s%N)
timeout 1 tail -f /dev/null
tries=$(wc -c < "$work/forever.mark")
took=$((($(date +%s%N) - began) / 1000000))
ok "a shortage that lasts is no busy loop ($tries tries in $took ms)" test "$tries" -lt "$((took * 3 / 100))"
kill -TERM "$pid"
wait "$pid"
is "... and TERM is obeyed meanwhile" "$?" 0
for error in $ECONNABORTED $EPROTO; do
  background aborted env "LD_PRELOAD=$shim" FAULT_CALL=accept4 FAULT_AT=1 FAULT_TIMES=5 "FAULT_ERRNO=$error" \
    "FAULT_MARK=$work/mark$error" tcpserver -1 -HRl0 -v 127.0.0.1 0 echo served
  serve_wait aborted
  is "accept fails with $error: the next one is served" "$(peer 127.0.0.1 "$port")" served
  logs_times "... and each failure is logged" aborted '^tcpserver: warning: unable to accept a connection: ' 5
  stop
done
background dead env "LD_PRELOAD=$shim" FAULT_CALL=accept4 FAULT_AT=1 "FAULT_ERRNO=$EINVAL" "FAULT_MARK=$work/dead" \
  tcpserver -1 -HRl0 -v 127.0.0.1 0 echo served
serve_wait dead
peer 127.0.0.1 "$port" > /dev/null
wait "$pid"
is "a listening socket that is none any more is fatal" "$?" 111
logs "... and the log says so" dead "^tcpserver: fatal: the listening socket can't be used any more: "
background scarce env "LD_PRELOAD=$shim" FAULT_CALL=mmap FAULT_AT=3 FAULT_TIMES=1000 "FAULT_ERRNO=$ENOMEM" \
  "FAULT_MARK=$work/scarce" tcpserver -1 -HRl0 -v 127.0.0.1 0 echo served
if serve_wait scarce; then
  peer 127.0.0.1 "$port" > /dev/null
  ok "without any memory it still lives" kill -0 "$pid"
  logs "... and says what is wrong" scarce 'Cannot allocate memory'
fi
stop

# Starting a process.
for error in $EAGAIN $ENOMEM; do
  background fork env "LD_PRELOAD=$shim" FAULT_CALL=clone FAULT_AT=2 FAULT_TIMES=2 "FAULT_ERRNO=$error" \
    "FAULT_MARK=$work/fork$error" tcpserver -1 -HRl0 -v -C 1 127.0.0.1 0 echo served
  serve_wait fork
  is "no process ($error): the one before is served" "$(peer 127.0.0.1 "$port")" served
  # The first line of that kind is that of the start.
  wait_for has_times fork 'status: 0/40' 2
  is "... the connection closes" "$(peer 127.0.0.1 "$port")$(peer 127.0.0.1 "$port")" ""
  logs "... the log says why" fork '^tcpserver: warning: dropping connection, unable to fork: '
  logs "... and that it was refused" fork '^tcpserver: deny 0 .* fork$'
  is "... and no count is lost: the next is served" "$(peer 127.0.0.1 "$port")" served
  stop
done

# While serving: whatever fails costs one connection at most. With -c 1 the listener is watched anew each time.
for fault in "getsockname 2 $ENOBUFS" "getsockopt 1 $ENOMEM" "mmap 4 $ENOMEM" "mmap 5 $ENOMEM" \
  "epoll_ctl 4 $ENOSPC" "open 3 $EMFILE" "memfd_create 1 $EMFILE" "stat 1 $EIO" "fstat 2 $EIO"; do
  # shellcheck disable=SC2086
  set -- $fault
  rm -f "$work/mark"
  background serve env "LD_PRELOAD=$shim" "FAULT_CALL=$1" "FAULT_AT=$2" "FAULT_ERRNO=$3" "FAULT_MARK=$work/mark" \
    tcpserver -1 -HRl0 -v -c 1 -x "$work/cdb" 0 0 echo served
  serve_wait serve
  for i in 1 2 3; do peer 127.0.0.1 "$port"; done > "$work/replies"
  ok "$1 fails with $3: at most one connection is lost" test "$(grep -c served "$work/replies")" -ge 2
  is "... it did fail" "$(hits)" 1
  is "... and the server lives" "$(peer 127.0.0.1 "$port")" served
  ok "... with its counts right" wait_for sh -c "tail -n 1 '$work/serve.log' | grep -q 'status: 0/1'"
  stop
done

# No table for a rate that a rule has: whoever it is for is refused until there is one.
printf ':allow,MAXRATE="9/60"\n' | tcprules "$work/rate.cdb" "$work/tmp"
at=1
until [ -s "$work/mark.rate" ] && grep -q 'remember who comes' "$work/rate.log" || [ $at -gt 40 ]; do
  rm -f "$work/mark.rate"
  background rate env "LD_PRELOAD=$shim" FAULT_CALL=calloc "FAULT_AT=$at" "FAULT_ERRNO=$ENOMEM" \
    "FAULT_MARK=$work/mark.rate" tcpserver -1 -HRl0 -v -x "$work/rate.cdb" 127.0.0.1 0 echo served
  wait_for sh -c "[ -s '$work/rate.out' ] || ! kill -0 $pid"
  port=$(cat "$work/rate.out")
  replies=$(peer 127.0.0.1 "${port:-1}"; peer 127.0.0.1 "${port:-1}")
  stop
  at=$((at + 1))
done
is "without memory for a rule's rate its client is refused, and not the next" "$replies" served
logs "... a warning says so" rate '^tcpserver: warning: dropping connection, unable to remember who comes: Cannot allocate memory$'
logs "... and the reason is fork" rate '^tcpserver: deny 0 .* fork$'

# -T: nobody is served without it who should have it.
background untold env "LD_PRELOAD=$shim" FAULT_CALL=getsockopt FAULT_AT=1 "FAULT_ERRNO=$EINVAL" "FAULT_MARK=$work/mark" \
  tcpserver -1 -HRl0 -T 1 127.0.0.1 0 cat
wait "$pid"
is "where the system does not tell what moves, -T is fatal" "$?" 111
like "... and the log says so" "$(cat "$work/untold.log")" '^tcpserver: fatal: unable to watch for idle connections \(-T\): '
rm -f "$work/mark"
background unwatched env "LD_PRELOAD=$shim" FAULT_CALL=calloc FAULT_AT=1 FAULT_TIMES=4 "FAULT_ERRNO=$ENOMEM" \
  "FAULT_MARK=$work/mark" tcpserver -1 -HRl0 -v -T 1 127.0.0.1 0 cat
serve_wait unwatched
server=$pid
crowd poor 8 127.0.0.1 "$port" 127.0.0.2
tell poor read
ok "calloc fails with -T: all clients see an end" wait_for grep -q '^done' "$work/poor.out"
is "... it did fail" "$(hits)" 4
logs "... some for want of memory" unwatched ' deny 0 .* fork$'
ok "... all that were served because they were idle" wait_for sh -c \
  '[ $(grep -c " ok " "$1") = $(grep -c " idle$" "$1") ]' sh "$work/unwatched.log"
stop "$server"

# The table of rates is made when a rule first has one.
printf ':allow,MAXRATE="9/60"\n' | tcprules "$work/rated" "$work/tmp"
at=1
wrong=
while [ $at -lt 60 ]; do
  rm -f "$work/mark"
  background start env "LD_PRELOAD=$shim" FAULT_CALL=calloc FAULT_AT=$at "FAULT_ERRNO=$ENOMEM" "FAULT_MARK=$work/mark" \
    tcpserver -1 -HRl0 -v -x "$work/rated" 127.0.0.1 0 echo served
  wait_for start_or_stop
  if ! gone; then
    port=$(head -n 1 "$work/start.out")
    for i in 1 2 3; do peer 127.0.0.1 "$port"; done > "$work/replies"
    [ "$(grep -c served "$work/replies")" -ge 2 ] || wrong="$wrong $at"
    # Its log is whole when it has ended.
    stop
    [ "$(grep -c ' deny 0 .* fork$' "$work/start.log")" = $((3 - $(grep -c served "$work/replies"))) ] || wrong="$wrong $at(log)"
  else
    stop
  fi
  [ "$(hits)" != 0 ] || break
  at=$((at + 1))
done
is "no memory for rates of rules ($((at - 1)) times) costs one connection at most, and the log says so" "$wrong" ""

# The same with names: each call fails in turn while the first of three clients is served, or one of the others. A name
# may be lost with what fails, and is there for a later client.
named()
{
  [ "$(peer 127.0.0.1 "$port")" = client.example ]
}
# names_fail CALL FROM ERROR
names_fail()
{
  at=$2
  wrong=
  while [ $at -lt 60 ]; do
    rm -f "$work/mark"
    background names env "LD_PRELOAD=$shim" "FAULT_CALL=$1" "FAULT_AT=$at" "FAULT_ERRNO=$3" "FAULT_MARK=$work/mark" \
      tcpserver -1 -v -c 1 -R -x "$work/cdb" 127.0.0.1 0 sh -c 'echo ${TCPREMOTEHOST-served}'
    if ! serve_wait names; then
      wrong="$wrong $at(did not start)"
      break
    fi
    server=$pid
    [ "$waiters" = 0 ] || crowd waiters "$waiters" 127.0.0.1 "$port" 127.0.0.2
    for i in 1 2 3; do peer 127.0.0.1 "$port"; done > "$work/replies"
    [ "$(grep -c '^served$\|^client\.example$' "$work/replies")" -ge 2 ] || wrong="$wrong $at(lost more than one)"
    wait_for named || wrong="$wrong $at(no names any more)"
    wait_for sh -c "grep status: '$work/names.log' | tail -n 1 | grep -q 'status: 0/1'" || wrong="$wrong $at(counts)"
    stop "$server"
    rm -f "$work/waiters.in"
    [ "$(hits)" != 0 ] || break
    at=$((at + 1))
  done
  [ "$at" -gt "$2" ] || wrong="no call was made to fail"
  is "with names, no failure of $1 ($((at - $2)) of them) costs more than a connection and a name" "$wrong" ""
}
waiters=0
names_fail sendmsg 1 $EIO
names_fail sendmsg 1 $ENOBUFS
names_fail recvmsg 1 $EIO
names_fail epoll_ctl 4 $ENOSPC
names_fail malloc 1 $ENOMEM
names_fail mmap 4 $ENOMEM
names_fail clone 2 $EAGAIN
# With so many that wait a connection's descriptor is moved down for its program.
waiters=100
names_fail dup2 5 $EMFILE
names_fail clone 2 $EAGAIN

# The helper has died and can't be started again.
for fault in "socketpair $EMFILE" "clone $EAGAIN"; do
  # shellcheck disable=SC2086
  set -- $fault
  rm -f "$work/mark"
  background again env "LD_PRELOAD=$shim" "FAULT_CALL=$1" FAULT_AT=2 "FAULT_ERRNO=$2" "FAULT_MARK=$work/mark" \
    tcpserver -1 -R 127.0.0.1 0 sh -c 'echo ${TCPREMOTEHOST-served}'
  serve_wait again
  [ "$1" = socketpair ] || kill "$(cat "/proc/$pid/task/$pid/children")"
  [ "$1" = clone ] || peer -b 127.0.0.3 127.0.0.1 "$port" > "$work/reply"
  ok "$1 fails when tcplookup is to be started again" wait_for test -s "$work/mark"
  is "... clients are served meanwhile" "$(peer 127.0.0.1 "$port")" served
  ok "... and have names again after a while" wait_for named
  logs_times "... the log says so once" again '^tcpserver: warning: unable to look up names: ' 1
  stop
done
done_testing
