#!/bin/sh
# tcpserver -m when the system has no memory or descriptors for what tcpsql sends: it is not started, or it obeys the table all the
# same in the end. Not for sanitized programs: their run-time must be loaded first.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/fault/shim.sh"
. "$root/tests/sql.sh"
ENOMEM=12
MYSQL_REFRESH=1
export MYSQL_REFRESH

gone()
{
  ! kill -0 "$pid" 2> /dev/null
}
start_or_stop()
{
  [ -s "$work/$1.out" ] || gone
}
# Without rules everybody is refused.
is_obeyed()
{
  [ -z "$(ask 2)" ] && [ "$(ask 1)" = served ]
}

db_conf db.conf
sql_start
servers=
for fault in mmap:2 mmap:3 mmap:4 mmap:5 recvmsg:1 recvmsg:2 recvmsg:3 recvmsg:4 recvmsg:5 sendmsg:1 sendmsg:2 socketpair:1 epoll_ctl:1 epoll_ctl:2; do
  background "$fault" env LD_PRELOAD="$shim" FAULT_CALL="${fault%:*}" FAULT_AT="${fault#*:}" FAULT_ERRNO=$ENOMEM FAULT_MARK="$work/$fault.mark" \
    tcpserver -1 -v -HRl0 -m "$work/db.conf" 127.0.0.1 0 echo served
  servers="$servers $fault=$pid"
done
for server in $servers; do
  pid=${server#*=}
  wait_for start_or_stop "${server%=*}" || diag "$server neither starts nor ends"
done
sql "INSERT INTO rules (iprules, decision) VALUES ('127.0.0.2', 'D')"
started_all=0
for server in $servers; do
  fault=${server%=*}
  pid=${server#*=}
  if gone; then
    like "$fault: it does not start, and says why" "$(cat "$work/$fault.log")" '^tcp(server|sql): fatal: '
    continue
  fi
  started_all=$((started_all + 1))
  port=$(head -n 1 "$work/$fault.out")
  ok "$fault: the table is obeyed" wait_for is_obeyed
  is "... and who may is served" "$(ask 1)" served
done
ok "several start" test "$started_all" -ge 5
ok "rules were there for which there was no memory" test -s "$work/mmap:4.mark"
like "... which was said, and they were asked for again" "$(cat "$work/mmap:4.log")" 'unable to get rules from a database: there is no memory for them$'
done_testing
