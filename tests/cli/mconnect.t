#!/bin/sh
# mconnect and mconnect-io: lines get a CR on the way to the server, answers come as they are, and whoever ends first
# leaves the other what he has sent.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpclient.sh"
theirs=/usr/bin/mconnect-io
[ -x "$theirs" ] || { result 1 'this test needs mconnect-io of ucspi-tcp: install the package ucspi-tcp'; done_testing; }
say() { timeout 30 mconnect 127.0.0.1 "$port"; }
children() { pgrep -P "$1" > /dev/null; }

# --- what arrives -------------------------------------------------------------------------------------------
head -c 300000 /dev/urandom > "$work/random"
printf 'no end' > "$work/partial"
printf '\n\n\r\n\r\n\n\0\n\r\r\n' > "$work/ends"
: > "$work/nothing"
yes 'MAIL FROM:<somebody@example.org> and so on, to the end of a line of mail' | head -c 3000000 > "$work/lines"
for input in random partial ends nothing lines; do
  listen sink "slurp=$work/$input.got"
  say < "$work/$input"
  is "$input: the server is told the end" "$?" 0
  perl -pe 's/\n/\r\n/g' "$work/$input" > "$work/$input.expected"
  wait_for test -e "$work/$input.got"
  ok "$input: every line gets a CR, and nothing else changes" wait_for cmp -s "$work/$input.got" "$work/$input.expected"
  stop
done
# ucspi-tcp's doesn't tell the server of the end, so here the server ends when it has everything.
size=$(wc -c < "$work/ends.expected")
has_all() { [ "$(wc -c < "$1")" -ge "$size" ]; }
for io in mconnect-io "$theirs"; do
  : > "$work/sent"
  wait_for has_all "$work/sent" | sh -c 'exec "$1" 6<&0 7> "$2" < "$3"' sh "$io" "$work/sent" "$work/ends"
  ok "$io sends the same" cmp "$work/sent" "$work/ends.expected"
done
listen source "file=$work/random"
say < /dev/null > "$work/got"
ok 'what the server says comes as it is' cmp "$work/got" "$work/random"
stop

# --- ends ---------------------------------------------------------------------------------------------------
listen reply "slurp=$work/request" 'send=250 late\r\n'
printf 'HELO x\nQUIT\n' | say > "$work/got"
is 'the server that answers when everything has come is heard' "$(cat "$work/got")" "$(printf '250 late\r')"
is 'it has all of it' "$(cat "$work/request")" "$(printf 'HELO x\r\nQUIT\r')"
stop
listen closing "slurp=$work/request" 'send=221 bye\r\n'
timeout 30 mconnect 127.0.0.1 "$port" <&- > "$work/got" 2> "$work/err"
is 'that standard input is closed is its end, and no failure' "$? $(cat "$work/got" "$work/err")" "0 $(printf '221 bye\r')"
stop
listen bye 'send=221 bye\r\n'
mkfifo "$work/open"
sh -c 'exec 8> "$1"; exec sleep 60' sh "$work/open" &
holder=$!
started="$started $holder"
say < "$work/open" > "$work/got"
is 'when the server has ended mconnect does, though standard input goes on' "$? $(cat "$work/got")" "0 $(printf '221 bye\r')"
(trap '' TERM && exec timeout -s KILL 30 perl -e '$SIG{TERM} = "IGNORE"; exec @ARGV' mconnect 127.0.0.1 "$port") \
  < "$work/open" > "$work/got"
is '... and though SIGTERM is ignored' "$? $(cat "$work/got")" "0 $(printf '221 bye\r')"
stop
kill "$holder"
listen dialogue 'send=220 hello\r\n' request 'send=250 you\r\n' request 'send=221 bye\r\n'
mkfifo "$work/in"
timeout 20 mconnect 127.0.0.1 "$port" < "$work/in" > "$work/got" &
client=$!
started="$started $client"
exec 8> "$work/in"
ok 'the greeting comes at once' wait_for grep -q 220 "$work/got"
printf 'HELO me\n' >&8
ok 'the answer to a line comes when the line was sent' wait_for grep -q 250 "$work/got"
printf 'QUIT\n' >&8
wait "$client"
is 'and the end' "$?" 0
exec 8>&-
is 'nothing was lost' "$(tr -d '\r' < "$work/got")" '220 hello
250 you
221 bye'
like 'the server saw lines with CR LF' "$(cat -v "$work/dialogue.log")" 'request HELO me\\r\\n$'
stop
# Neither reads: the sending way is blocked, answers come all the same.
listen deaf "wait=$work/heard" 'send=550 enough\r\n' reset
cat "$work/lines" "$work/lines" "$work/lines" "$work/lines" "$work/lines" > "$work/much"
(sleep 0.3; : > "$work/heard") &
say < "$work/much" > "$work/got" 2> "$work/err"
status=$?
like 'a server that reads nothing and hangs up is heard, or its reset is' "$(cat "$work/got" "$work/err")" '550 enough|reset'
like 'the status says which' "$status" '^(0|111)$'
stop
listen endless flood=300000000
say < /dev/null | head -c 100000 | wc -c > "$work/got"
is 'when nobody reads what comes mconnect ends' "$(cat "$work/got")" 100000
stop
exits 'a server that resets is a failure' 111 sh -c 'exec tcpclient -RHl0 127.0.0.1 1 mconnect-io < /dev/null'
mkfifo "$work/six" "$work/stay"
(exec 6<> "$work/six" 7> /dev/null 8<> "$work/stay" && exec mconnect-io <&8) &
client=$!
ok 'two processes are at work' wait_for children "$client"
sender=$(pgrep -P "$client")
kill -KILL "$client"
wait "$client" 2> /dev/null
gone() { ! kill -0 "$1"; }
ok 'who sends does not outlive who prints' wait_for gone "$sender"
: > "$work/err"
wait_for test -s "$work/err" | sh -c 'exec mconnect-io 6<&0 7> /dev/null < /' 2> "$work/err"
is 'a standard input that cannot be read is a failure' "$? $(cut -d : -f 1-3 "$work/err")" \
  '111 mconnect-io: fatal: unable to read standard input'
: > "$work/err"
wait_for test -s "$work/err" |
  (exec perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' mconnect-io 6<&0 7> /dev/null < / 2> "$work/err")
is '... also if whoever started it ignores its children' "$?" 111
exits 'a standard output that cannot be written is a failure' 111 sh -c 'exec 6< "$1" 7> /dev/null; mconnect-io < /dev/null > /dev/full' sh "$work/ends"
like 'with a message' "$(cat "$work/err")" '^mconnect-io: fatal: unable to write standard output: No space'
exits 'a descriptor 6 that cannot be read is a failure' 111 sh -c 'exec 6< / 7> /dev/null; mconnect-io < /dev/null'
like 'with a message' "$(cat "$work/err")" '^mconnect-io: fatal: unable to read from the server: '

# --- the command line ---------------------------------------------------------------------------------------
exits 'mconnect takes two arguments at most' 100 mconnect a b c
like 'and says so' "$(cat "$work/err")" '^mconnect: usage: mconnect \[ host \[ port \] \]$'
exits 'mconnect-io takes none' 100 mconnect-io a
like 'and says so' "$(cat "$work/err")" '^mconnect-io: usage: '
for program in mconnect mconnect-io; do
  like "$program --version" "$($program --version)" "^$program \\(ucspi-tcpmux\\) [0-9]"
  like "$program --help" "$($program --help | head -n 1)" "^usage: $program"
done
exits 'a host that begins with a dash is a host' 111 mconnect -6
like 'that nobody knows' "$(cat "$work/err")" '^tcpclient: fatal: .* IP address for -6'
done_testing
