#!/bin/sh
# What tcpserver does with TLS when the system refuses it something: at the start it says so and exits 111; later it loses
# one connection at most. Not for sanitized programs, see tcpserver.t.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpserver-tls.sh"
. "$root/tests/fault/shim.sh"
EAGAIN=11 ENOMEM=12 EMFILE=24 ENFILE=23 ENOBUFS=105 ETOOMANYREFS=109 EIO=5 ENOSPC=28

hits()
{
  if [ -e "$work/mark" ]; then wc -c < "$work/mark" | tr -d ' '; else echo 0; fi
}
gone()
{
  ! kill -0 "$pid" 2>/dev/null
}
start_or_stop()
{
  [ -s "$work/start.out" ] || gone
}
hello()
{
  peer 127.0.0.1 "$port" 'hello\n'
}
is_served()
{
  [ "$(hello)" = 'hi served' ]
}
keeper workers 2

# start_fails CALL: each call in turn, until none does
start_fails()
{
  at=1
  wrong=
  while [ $at -lt 60 ]; do
    rm -f "$work/mark"
    background start env "LD_PRELOAD=$shim" "FAULT_CALL=$1" "FAULT_AT=$at" "FAULT_ERRNO=$EIO" \
      "FAULT_MARK=$work/mark" tcpserver -1 -HRl0 -v -n cert -B 'hi ' 127.0.0.1 0 echo served
    wait_for start_or_stop || wrong="$wrong $at(neither started nor stopped)"
    if gone; then
      wait "$pid"
      [ $? = 111 ] || wrong="$wrong $at(exit code)"
      grep -q '^tcpserver: fatal: ' "$work/start.log" || wrong="$wrong $at(said nothing)"
    else
      port=$(head -n 1 "$work/start.out")
      [ "$(hits)" != 0 ] || { stop; break; }
      hello > "$work/out"
      [ "$(hello)" = 'hi served' ] || wrong="$wrong $at(no service)"
      stop
    fi
    at=$((at + 1))
  done
  [ $at -gt 1 ] || wrong="no call was made to fail"
  is "start-up survives, or stops at, a failure of each call of $1 ($((at - 1)) of them)" "$wrong" ""
}
for call in socketpair clone sendmsg recvmsg mmap reallocarray epoll_ctl fcntl getsockopt; do
  start_fails "$call"
done

# serving_fails CALL FROM ERROR: each call in turn while the first of three clients is served, or one of the others
serving_fails()
{
  at=$2
  wrong=
  while [ $at -lt 90 ]; do
    rm -f "$work/mark"
    background start env "LD_PRELOAD=$shim" "FAULT_CALL=$1" "FAULT_AT=$at" "FAULT_ERRNO=$3" "FAULT_MARK=$work/mark" \
      tcpserver -1 -HRl0 -v -c 1 -C 2 -n cert -B 'hi ' 127.0.0.1 0 echo served
    wait_for start_or_stop
    if gone; then
      at=$((at + 1))
      continue
    fi
    server=$pid
    port=$(head -n 1 "$work/start.out")
    before=$(descriptors)
    for i in 1 2 3; do hello; echo; done > "$work/replies"
    [ "$(grep -c '^hi served$' "$work/replies")" -ge 2 ] || wrong="$wrong $at(lost more than one)"
    wait_for is_served || wrong="$wrong $at(no service)"
    wait_for sh -c "grep status: '$work/start.log' | tail -n 1 | grep -q 'status: 0/1'" || wrong="$wrong $at(counts)"
    wait_for has_descriptors "$before" || wrong="$wrong $at(descriptors)"
    stop "$server"
    [ "$(hits)" != 0 ] || break
    at=$((at + 1))
  done
  [ "$at" -gt "$2" ] || wrong="no call was made to fail"
  is "no failure of $1 ($3, $((at - $2)) of them) costs more than a connection" "$wrong" ""
}
serving_fails socketpair 2 $EMFILE
serving_fails socketpair 2 $ENOMEM
serving_fails sendmsg 2 $ETOOMANYREFS
serving_fails sendmsg 2 $EAGAIN
serving_fails sendmsg 2 $ENOBUFS
serving_fails sendmsg 2 $EIO
serving_fails recvmsg 4 $EIO
serving_fails clone 2 $EAGAIN
serving_fails malloc 1 $ENOMEM
serving_fails reallocarray 4 $ENOMEM
serving_fails epoll_ctl 4 $ENOSPC
serving_fails fcntl 6 $EIO
serving_fails getsockopt 5 $ENOMEM
serving_fails setsockopt 3 $ENOMEM

# Many that wait for TLS when there is nothing to hand them over with: one is lost at a time, not all.
keeper workers 1
touch "$TLS_FOLDER/deaf"
: > "$TLS_FOLDER/notes"
background pairs env "LD_PRELOAD=$shim" FAULT_CALL=socketpair FAULT_AT=302 FAULT_TIMES=5 "FAULT_ERRNO=$EMFILE" \
  "FAULT_MARK=$work/pairs" tcpserver -1 -HRl0 -v -c 600 -n cert 127.0.0.1 0 echo served
serve_wait pairs
server=$pid
ulimit -S -n 4096 2> /dev/null
crowd many 500 127.0.0.1 "$port" 127.0.0.2
rm "$TLS_FOLDER/deaf"
tell many 'say * hello'
tell many read
wait_for grep -q '^done' "$work/many.out"
is "no pair of sockets five times: five are refused, the others are served" "$(grep -o '^[0-9]* served;' "$work/many.out")" \
  '495 served;'
logs_times "... with the reason fork" pairs 'deny 0 .* fork$' 5
logs "... and a warning" pairs 'dropping connection, unable to make a pair of sockets: Too many open files'
stop "$server"

are_dead()
{
  for one in $killed; do
    [ ! -e "/proc/$one" ] || grep -q '^State:.*Z' "/proc/$one/status" || return 1
  done
}

# tcptls has died and can't be started again for a while.
for fault in "socketpair $EMFILE" "clone $EAGAIN"; do
  # shellcheck disable=SC2086
  set -- $fault
  : > "$TLS_FOLDER/notes"
  background again env "LD_PRELOAD=$shim" "FAULT_CALL=$1" FAULT_AT=2 FAULT_TIMES=1 "FAULT_ERRNO=$2" \
    "FAULT_MARK=$work/again" tcpserver -1 -HRl0 -v -n cert 127.0.0.1 0 echo served
  serve_wait again
  server=$pid
  killed="$(keepers) $(workers)"
  # shellcheck disable=SC2086
  kill -KILL $killed
  # What a worker was given and has not read ends with it.
  wait_for are_dead
  is "$1 fails ($2) when tcptls is to be started again: clients wait" "$(hello)" served
  logs "... the log tells once" again 'unable to keep TLS workers going: '
  logs_times "... and nothing else" again 'unable to keep TLS workers going: ' 1
  stop "$server"
done
done_testing
