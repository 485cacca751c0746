#!/bin/sh
# Keys of session tickets as hours pass: a key issues for one, opens for two more, and is forgotten; without a keeper there
# are no tickets any more after two. The hours are those of a clock that is put ahead. Not for sanitized programs, see tcpserver.t.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/tls.sh"
. "$root/tests/cli/tcpserver-clients.sh"
need pgrep procps
# hours N: so much later it is; who waits for that is woken up
hours()
{
  printf '%012d' "$(($1 * 3600 + 60))" | dd of="$work/ahead" conv=notrunc status=none
  # shellcheck disable=SC2046
  kill -CHLD $(keepers) 2> /dev/null
}

# ticket FILE: a new session, kept in that file; prints the first octets of its ticket, which name the key
ticket()
{
  s_client "$port" -tls1_2 -sess_out "$work/$1" | sed -n '/TLS session ticket:/ { n; s/^ *0000 - //; s/ *[^ ]*$//; p; }'
}
key_is_not()
{
  key=$(ticket new)
  [ -n "$key" ] && [ "$key" != "$1" ]
}

# session FILE: "New" or "Reused"
session()
{
  s_client "$port" -tls1_2 -sess_in "$work/$1" | sed -n 's/^\(New\|Reused\), .*/\1/p' | head -n 1
}

printf '%012d' 0 > "$work/ahead"
chmod 644 "$work/ahead"
CLOCK_FILE=$work/ahead
export CLOCK_FILE
background hourly env "LD_PRELOAD=$tools/clock.so" tcpserver -1 -HRl0 -j 1 -n "$certs/server.pem" 127.0.0.1 0 true
serve_wait hourly
server=$pid

first=$(ticket first)
like 'A ticket names its key' "$first" '^([0-9a-f]{2}[ -]){15}[0-9a-f]{2}'
is '… which others have, too' "$(ticket again)" "$first"
is '… and opens it' "$(session first)" Reused
hours 1
ok 'After an hour new tickets have another key' wait_for key_is_not "$first"
second=$key
is '… and the first still opens its own' "$(session first)" Reused
hours 2
ok 'After two hours it is again another' wait_for key_is_not "$second"
third=$key
is '… and the first still opens its own' "$(session first)" Reused
hours 3
ok 'After three hours there is the next' wait_for key_is_not "$third"
is '… and the first is forgotten' "$(session first)" New
ticket last > "$work/out"
is '… others are not' "$(session last)" Reused

is_without_ticket()
{
  [ -z "$(ticket none)" ]
}
# A keeper that does nothing.
stopped=$(keepers)
kill -STOP "$stopped"
hours 6
ok 'Without a keeper, after two hours no tickets are issued' wait_for is_without_ticket
is '… nor taken' "$(session last)" New
kill -CONT "$stopped"
ok '… until it is back' wait_for key_is_not "$key"
stop "$server"
done_testing
