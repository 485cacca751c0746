#!/bin/sh
# What tcpmuxd reads from the client, and what the client gets: RFC 1078 over sockets, socket pairs and pipes.
. "$(dirname "$0")/../lib.sh"
need perl perl

mux=$COMMAND_DIR/tcpmuxd
client="perl $root/tests/cli/tcpmuxd-client.pl"
services=$work/services
mkdir "$services" "$services/says"
printf '#!/bin/sh\nexec cat\n' > "$services/echo"
printf '#!/bin/sh\nprintf "hello\\n"\n' > "$services/hello"
# Tells what it was sent by its size: 'wc -c' of everything until the client closes.
printf '#!/bin/sh\nexec wc -c\n' > "$services/count"
long=$(printf '%063d' 7)
printf '#!/bin/sh\necho longest\n' > "$services/$long"
printf '#!/bin/sh\nprintf "+mine\\r\\nhello\\n"\n' > "$services/says/run"
: > "$services/says/own-reply"
chmod +x "$services/echo" "$services/hello" "$services/count" "$services/$long" "$services/says/run"

serve mux -HRl0 127.0.0.1 0 "$mux" -v "$services"
log=$work/mux.log

# over TRANSPORT STEP…: the same conversation over TCP, or over a socket pair to a tcpmuxd of its own
over()
{
  over_transport=$1
  shift
  case $over_transport in
    tcp) $client "tcp:$port" "$@" ;;
    pair) $client pair "$@" -- "$mux" -v "$services" 2>> "$log" ;;
  esac
}
lines() { tr -d '\r' | tr '\n' '|'; }
exactly() { od -An -c | tr -s ' \n' ' '; }

for way in tcp pair; do
  is "$way: a name and CR LF select the service, and + comes before its first octet" \
    "$(over $way 'send:hello\r\n' eof | exactly)" " + \\r \\n h e l l o \\n "
  is "$way: names are never case sensitive" \
    "$(for name in ECHO echo eChO; do over $way "send:$name\\r\\n" shut eof; done | exactly)" \
    " + \\r \\n + \\r \\n + \\r \\n "
  is "$way: what follows the line belongs to the service, octet for octet" \
    "$(over $way 'send:echo\r\n\nA\0\r\nB\xff' shut eof | exactly)" " + \\r \\n \\n A \\0 \\r \\n B 377 "
  is "$way: a request that arrives an octet at a time is read whole" \
    "$(over $way 'drip:echo\r\nafter' shut eof | lines)" '+|after'
  is "$way: a request cut between CR and LF is read whole" \
    "$(over $way 'drip:echo\r' 'send:\nafter' shut eof | lines)" '+|after'
  is "$way: a million octets sent with the request all reach the service" \
    "$(over $way 'send:count\r\n' fill:1000000 shut eof | lines)" '+|1000000|'
  is "$way: a service with own-reply says + itself" \
    "$(over $way 'send:says\r\n' eof | exactly)" " + m i n e \\r \\n h e l l o \\n "
  is "$way: a name of 63 octets is served" "$(over $way "send:$long\\r\\n" eof | lines)" '+|longest|'

  refusal=$(over $way 'send:nosuch\r\n' eof | exactly)
  is "$way: an unknown name gets one line that begins with - and ends in CR LF, then the end" "$refusal" \
    " - s e r v i c e n o t a v a i l a b l e \\r \\n "
  is "$way: so does tcpmux, which is reserved" "$(over $way 'send:TCPMUX\r\n' eof | exactly)" "$refusal"
  while IFS='	' read -r what octets; do
    is "$way: $what is refused" "$(over $way "send:$octets" shut eof | lines)" '-malformed request|'
  done <<END
a name of 64 octets	${long}x\\r\\n
an empty name	\\r\\n
a bare LF	echo\\n
CR without LF	echo\\recho\\r\\n
NUL in a name	echo\\0\\r\\n
NUL	\\0
a space	echo x\\r\\n
a slash	says/run\\r\\n
a leading dot	../echo\\r\\n
an escape sequence	\\x1b[2J\\r\\n
a letter beyond ASCII	\\xc3\\xa9cho\\r\\n
the end before CR LF	echo
the end before LF	echo\\r
the end before anything	
END
done

for way in tcp pair; do
  is "$way: a line of 300 octets gets its - without a reset" "$(over $way fill:300 'send:\r\n' eof | lines)" \
    '-malformed request|'
  is "$way: a mebibyte without CR LF gets its - without a reset" "$(over $way fill:1048576 shut eof | lines)" \
    '-malformed request|'
  is "$way: what is sent with a name that is refused does not destroy the reply" \
    "$(over $way 'send:nosuch\r\n' fill:200000 eof | lines)" '-service not available|'
done

is "after a refusal tcpmuxd closes its direction at once and then waits for the client to close" \
  "$($client pair 'send:nosuch\r\n' eof alive shut status -- "$mux" "$services" | lines)" '-service not available|alive100'
is "... but not for ever" "$($client pair 'send:nosuch\r\n' eof status -- "$mux" "$services" | lines)" \
  '-service not available|100'

is "pipe: a name and CR LF select the service" "$(printf 'HELLO\r\n' | "$mux" "$services" | lines)" '+|hello|'
is "pipe: what follows the line belongs to the service" \
  "$(printf 'echo\r\n\nmore\r\n' | "$mux" "$services" | exactly)" " + \\r \\n \\n m o r e \\r \\n "
is "pipe: the octets of a request may come slowly" \
  "$( (printf ec; sleep 0.05; printf 'ho\r'; sleep 0.05; printf '\nmore') | "$mux" "$services" | lines)" '+|more'
is "pipe: a malformed request is refused" "$(printf 'no such\r\n' | "$mux" "$services" | lines)" '-malformed request|'
printf 'echo\r\nfrom a file\n' > "$work/request"
is "file: a request and its data can come from one" "$("$mux" "$services" < "$work/request" | lines)" '+|from a file|'

serve lf -HRl0 127.0.0.1 0 "$mux" -L "$services"
is "-L takes a bare LF" "$($client "tcp:$port" 'send:echo\nmore' shut eof | lines)" '+|more'
is "-L still takes CR LF" "$($client "tcp:$port" 'send:echo\r\nmore' shut eof | lines)" '+|more'
is "-L does not take CR alone" "$($client "tcp:$port" 'send:echo\rmore\n' shut eof | lines)" '-malformed request|'

# Time. -t 1 is the shortest there is.
is "a client that sends nothing is refused when the time is over" \
  "$($client pair eof status -- "$mux" -t 1 "$services" | lines)" '-request took too long|100'
is "the time is for the whole line: a client that sends on and on, slowly, is refused too" \
  "$($client pair slow:aaaaaaaaaaaa eof status -- "$mux" -t 1 "$services" | lines)" \
  '-request took too long|100'
mkfifo "$work/fifo"
exec 3<> "$work/fifo"
is "pipe: a writer that sends nothing is refused when the time is over" \
  "$( { "$mux" -t 1 "$services" < "$work/fifo"; echo $?; } | lines)" '-request took too long|100|'

# Clients that do not play by the rules must not leave a process behind, nor do harm to the next one.
is "a client that has gone before its request was complete ends tcpmuxd" \
  "$($client pair 'send:ech' reset status -- "$mux" "$services")" 100
is "a client that has gone before its + ends tcpmuxd, and not by a signal" \
  "$($client pair 'send:hello\r\n' reset start status -- "$mux" -v "$services" 2> "$work/err")" 100
like "that is logged" "$(cat "$work/err")" '^tcpmuxd: deny [0-9]+ hello from unknown closed$'
printf 'hello\r\n' > "$work/request"
"$mux" -v "$services" < "$work/request" 2> "$work/err" >&-
is "a closed standard output is a failure" $? 111
# A pipe that is full: nothing can be written to it, and nobody reads.
is "a reply that nobody takes is given up when the time is over" "$(perl -e '
  use Fcntl; pipe(my $r, my $w); fcntl($w, F_SETFL, fcntl($w, F_GETFL, 0) | O_NONBLOCK);
  1 while syswrite($w, "x" x 4096); 1 while syswrite($w, "x");
  fcntl($w, F_SETFL, fcntl($w, F_GETFL, 0) & ~O_NONBLOCK);
  open(STDIN, "<", $ARGV[0]); open(STDOUT, ">&", $w); alarm 20;
  exit system(@ARGV[1..3]) >> 8' "$work/request" "$mux" -t1 "$services" 2>&1; echo $?)" 100
is "a reader that has closed its pipe ends tcpmuxd, and not by a signal" "$(perl -e '
  pipe(my $r, my $w); close $r; open(STDIN, "<", $ARGV[0]); open(STDOUT, ">&", $w);
  exit system(@ARGV[1..3]) >> 8' "$work/request" "$mux" -v "$services" 2>&1 | sed 's/[0-9][0-9]*/PID/'; )" \
  "tcpmuxd: deny PID hello from unknown closed"

# The log never shows what a client sent unless it could be the name of a service.
ok "the log names services" grep -q '^tcpmuxd: ok [0-9]* echo from 127.0.0.1$' "$log"
ok "the log names an unknown service in lower case" grep -q '^tcpmuxd: deny [0-9]* nosuch from 127.0.0.1 unknown$' "$log"
ok "the log has - for what is no name" grep -q '^tcpmuxd: deny [0-9]* - from 127.0.0.1 request$' "$log"
is "the log shows nothing else" \
  "$(grep -a '^tcpmuxd: ' "$log" | grep -avE '^tcpmuxd: (ok [0-9]+ (echo|hello|count|says|0*7) from (127\.0\.0\.1|unknown)|deny [0-9]+ (-|nosuch|tcpmux) from (127\.0\.0\.1|unknown) (unknown|request))$')" ''
done_testing
