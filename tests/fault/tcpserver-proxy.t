#!/bin/sh
# Proxies whose connections the system has no memory for, or can't watch: each costs one connection, never the next. Not for
# sanitized programs, see tcpserver.t.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpserver-clients.sh"
. "$root/tests/fault/shim.sh"
ENOMEM=12

# A client whose header comes octet by octet, so that it is waited for, and grows.
slow()
{
  timeout 20 perl "$root/tests/cli/tcpserver-proxy.pl" 127.0.0.1 "$port" bytes v1 hello
}
gone()
{
  ! kill -0 "$pid" 2> /dev/null
}
start_or_stop()
{
  [ -s "$work/start.out" ] || gone
}
# each_fails CALL: each in turn while three are served, until there is none any more; those of the start, which is given
# up then, don't count
each_fails()
{
  at=0
  wrong=
  refused=0
  while [ $at -lt 12 ]; do
    at=$((at + 1))
    rm -f "$work/mark"
    background start env "LD_PRELOAD=$shim" "FAULT_CALL=$1" "FAULT_AT=$at" "FAULT_ERRNO=$ENOMEM" "FAULT_MARK=$work/mark" \
      tcpserver -1 -v -HRl0 -Y 127.0.0.1 127.0.0.1 0 cat
    wait_for start_or_stop
    ! gone || continue
    server=$pid
    port=$(head -n 1 "$work/start.out")
    before=$(descriptors)
    for client in 1 2 3; do slow; echo; done > "$work/answers"
    wait_for has_descriptors "$before" || wrong="$wrong $at(descriptors)"
    case $(grep -c '^hello$' "$work/answers") in
      3) ;;
      2)
        refused=$((refused + 1))
        wait_for grep -q 'dropping connection, unable to wait for PROXY headers: ' "$work/start.log" || wrong="$wrong $at(said nothing)"
        wait_for grep -q ' fork$' "$work/start.log" || wrong="$wrong $at(reason)"
        ;;
      *) wrong="$wrong $at(lost more than one)" ;;
    esac
    stop
    [ -e "$work/mark" ] || break
  done
  [ "$refused" -gt 1 ] || wrong="$wrong hardly one was refused"
  is "each call of $1 fails in turn: one connection is refused, with the reason, and nothing leaks" "$wrong" ''
}
each_fails epoll_ctl
each_fails realloc
done_testing
