#!/bin/sh
# Connections that have their names and no process to be had for them. Not for sanitized programs, see tcpserver.t.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpserver-names.sh"
. "$root/tests/fault/shim.sh"
EAGAIN=11

behave <<'TABLE'
* later host=late.example
TABLE
: > "$NAMES_FOLDER/asked"
# The first process is the helper.
background rests env "LD_PRELOAD=$shim" FAULT_CALL=clone FAULT_AT=2 FAULT_TIMES=6 "FAULT_ERRNO=$EAGAIN" \
  "FAULT_MARK=$work/mark" tcpserver -1 -v -C 10 127.0.0.1 0 sh -c 'echo $TCPREMOTEHOST'
serve_wait rests
server=$pid
crowd ten 10 127.0.0.1 "$port" 127.0.0.2
wait_asked 10 '^peer'
began=$(date +%s%N)
release forward
tell ten read
wait_for grep -q '^done' "$work/ten.out"
took=$((($(date +%s%N) - began) / 1000000))
is "no process six times: six are refused, the others served" "$(grep '^[0-9]' "$work/ten.out" | tr '\n' ' ')" "4 late.example; 6 nothing "
logs_times "... with the reason fork" rests 'deny 0 .* fork$' 6
ok "... not all at once: after each there is a rest" test "$took" -ge 550
crowd more 10 127.0.0.1 "$port" 127.0.0.2
ok "... and no count is lost" wait_asked 20 '^peer'
stop "$server"
done_testing
