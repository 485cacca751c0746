#!/bin/sh
# tcplookup -s believes nothing that comes on its socket, answers each question once, and ends with who asks.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/names.sh"
need perl perl

# helper COMMAND…: see tcplookup-helper.pl; a line each, joined by ';'
helper()
{
  perl "$root/tests/cli/tcplookup-helper.pl" "${COMMAND_DIR%/*}/libexec/tcplookup" "$@" 2> "$work/helper.err" |
    tr '\n' ';'
}

# refused NAME HEX: a message that must end it
refused()
{
  is "$1 ends it" "$(helper raw "$2" end)" 'exit 111;'
  like "… and is reported" "$(cat "$work/helper.err")" '^tcplookup: fatal: got .* (question|sense|id)'
}

zone <<'ZONE'
a.test A 60 127.0.0.5
a.test AAAA 60 ::5
127.0.0.5 PTR 60 a.test
127.0.0.6 PTR 60 liar.test
liar.test A 60 127.0.0.9
silent.test !silent
127.0.0.8 !silent
ZONE
serve_dns
zeros=0000000000000000000000000000000000000000

is 'A ping is answered with its id' "$(helper ping 7 ping 4000000000 answers 2 close)" \
  'kind 7 id 7;kind 7 id 4000000000;exit 0;'
is 'It ends with 0 when the other side does' "$(helper close)" 'exit 0;'
is 'Signals that tcpserver obeys do not end it when all processes get them' \
  "$(helper ping 1 answers 1 shell 'for s in HUP ALRM USR1 USR2; do kill -$s $HELPER; done' ping 2 answers 1 close)" \
  'kind 7 id 1;kind 7 id 2;exit 0;'
is 'A name is told' "$(helper peer 1 127.0.0.5 1 127.0.0.1 answers 1 close)" "peer 1 known 1 'a.test' '' '';exit 0;"
is 'A confirmed name is a name' "$(helper peer 1 127.0.0.5 9 127.0.0.1 answers 1)" "peer 1 known 1 'a.test' '' '';"
is 'A name that is not confirmed is marked' "$(helper peer 1 127.0.0.6 9 127.0.0.1 answers 1)" \
  "peer 1 known 8 'liar.test' '' '';"
is 'A peer that is written as a mapped address is the IPv4 one' \
  "$(helper peer 1 ::ffff:127.0.0.5 1 ::ffff:127.0.0.1 answers 1)" "peer 1 known 1 'a.test' '' '';"
is 'Addresses come by family' "$(helper host 3 4 a.test answers 1 host 4 6 a.test answers 1)" \
  'host 3 family 4 status 0 127.0.0.5;host 4 family 6 status 0 ::5;'
is 'Both families are answered when none is asked for' "$(helper host 3 0 localhost answers 2 | tr ';' '\n' | sort | tr '\n' ';')" \
  'host 3 family 4 status 0 127.0.0.1;host 3 family 6 status 0 ::1;'
DNSCACHEIP=junk
is 'With wrong settings a host is not looked up' "$(helper host 3 4 a.test answers 1)" 'host 3 family 4 status 3;'
like '… which is said' "$(cat "$work/helper.err")" '^tcplookup: warning: .*junk'
DNSCACHEIP=127.0.0.1

is 'A question that is cancelled gets no answer, others do' \
  "$(helper peer 1 127.0.0.8 1 127.0.0.1 peer 2 127.0.0.8 1 127.0.0.1 cancel 1 answers 1 quiet close)" \
  "peer 2 known 0 '' '' '';quiet;exit 0;"
is 'To cancel what nobody asked does no harm' "$(helper cancel 9 ping 1 answers 1)" 'kind 7 id 1;'
is 'It ends although questions wait' "$(helper peer 1 127.0.0.8 1 127.0.0.1 close)" 'exit 0;'
is 'Questions beyond -w are answered at once' \
  "$(WAITING=1 helper peer 1 127.0.0.8 1 127.0.0.1 peer 2 127.0.0.5 1 127.0.0.1 answers 1)" \
  "peer 2 known 16 '' '' '';"
: > "$work/dns.queries"
helper peer 1 127.0.0.5 1 127.0.0.1 peer 2 127.0.0.5 1 127.0.0.1 answers 2 peer 3 127.0.0.5 1 127.0.0.1 answers 1 > "$work/out"
is 'The same question is one query, at a time or later' "$(asked 5.0.0.127.in-addr.arpa PTR)" 1

refused 'A message of no kind' 0900000001000000
refused 'An answer instead of a question' 0700000001000000
refused 'Half a header' 04000000
refused 'A size that is not what came' 0400040001000000
refused 'A question that is too short' 01003c0001000000
refused 'A peer without an address' "01003c0001000000$zeros$zeros${zeros}"
refused 'A host without a name' "0200040101000000$(printf '%0520d' 0)"
is 'One id for two questions ends it' \
  "$(helper peer 1 127.0.0.8 1 127.0.0.1 peer 1 127.0.0.5 1 127.0.0.1 end)" 'exit 111;'
exits 'A file is no socket' 111 "${COMMAND_DIR%/*}/libexec/tcplookup" -s < /dev/null
like '… and it says so' "$(cat "$work/err")" '^tcplookup: fatal: descriptor 0 is not a socket for messages: '

done_testing
