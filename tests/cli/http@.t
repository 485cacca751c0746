#!/bin/sh
# http@ and http-get: what is asked, what comes out, and what a server or an argument can't do.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpclient.sh"
get() { timeout 20 http@ "$@"; }
# asked: the request that the last server saw, CR LF as the end of each line
asked() { tr -d '\r' < "$work/request"; }

# A server that takes a whole request and then says what it was told to.
cat > "$work/server.pl" <<'PERL'
use strict;
use warnings;
use IO::Socket::IP;
my ($address, $request, $answer) = @ARGV;
$SIG{PIPE} = 'IGNORE';
my $listener = IO::Socket::IP->new(LocalHost => $address, LocalPort => 0, Listen => 5, Proto => 'tcp') or die $@;
$| = 1;
print $listener->sockport, "\n";
while (my $c = $listener->accept) {
  my $got = '';
  while ($got !~ /\r\n\r\n/) { sysread $c, $got, 65536, length $got or last }
  open my $out, '>', "$request.new" or die $!;
  print $out $got;
  close $out;
  rename "$request.new", $request;
  open my $in, '<', $answer or die $!;
  while (sysread $in, my $piece, 65536) { syswrite $c, $piece }
  close $c;
}
PERL
: > "$work/answer"
background server perl "$work/server.pl" 127.0.0.1 "$work/request" "$work/answer"
serve_wait server
# answers FORMAT: what the server says from now on
answers() { printf "$@" > "$work/answer"; }

# --- the request --------------------------------------------------------------------------------------------
answers 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n'
is 'a page is printed' "$(get 127.0.0.1 index.html "$port")" hello
version=$(tcpclient --version | sed 's/.* //')
is 'the request is that of HTTP/1.1' "$(asked)" "GET /index.html HTTP/1.1
Host: 127.0.0.1:$port
User-Agent: ucspi-tcpmux/$version
Accept-Encoding: identity
Connection: close"
is 'each line ends in CR LF' "$(grep -c "$(printf '\r')\$" "$work/request")" "$(wc -l < "$work/request" | tr -d ' ')"
target() { asked | sed -n '1s/^GET \(.*\) HTTP\/1\.1$/\1/p'; }
while IFS='|' read -r page expected; do
  get 127.0.0.1 "$page" "$port" > "$work/got"
  is "the page '$page' is asked for so" "$(target)" "$expected"
done <<'END'
|/
a/b?c=d&e=%20f+g|/a/b?c=d&e=%20f+g
/rooted|//rooted
a b|/a%20b
it's|/it's
say "x"|/say%20%22x%22
a#b|/a%23b
<a>\^`{b}&#124;|/%3Ca%3E%5C%5E%60%7Bb%7D&%23124;
$(touch x)`touch y`;&*?[a]~!|/$(touch%20x)%60touch%20y%60;&*?[a]~!
-n|/-n
--help|/--help
%s%n|/%s%n
näme|/n%C3%A4me
HTTP/1.0 x|/HTTP/1.0%20x
END
cd "$work" || exit 1
not_ok 'nothing of it was run' test -e x -o -e y
head -c 16384 /dev/zero | tr '\0' a > "$work/long"
exits 'a page of 16 KiB can be asked for' 0 http@ 127.0.0.1 "$(cat "$work/long")" "$port"
is 'in full' "$(target)" "/$(cat "$work/long")"
rm -f "$work/request"
exits 'a longer one can not' 100 http@ 127.0.0.1 "$(cat "$work/long")a" "$port"
wait_for test -e "$work/request"
is 'and nothing is sent' "$(cat "$work/request")" ''
rm -f "$work/request"
for bad in '\n' '\r' 'a\r\nX: y' '\t' '\033[2J' '\177' 'a\001' '\nGET / HTTP/1.0\n\n'; do
  argument=$(printf "$bad.") && argument=${argument%.}
  bad=$(printf %s "$bad" | tr '\\' /)
  exits "a page with $bad is refused" 100 http@ 127.0.0.1 "$argument" "$port"
  is 'with a message' "$(cat "$work/err")" 'http@: usage: control characters in host or page'
  exits "a host with $bad is refused" 100 http@ "$argument" page "$port"
  exits "http-get refuses a page with $bad itself" 100 "$COMMAND_DIR/../libexec/http-get" 127.0.0.1 "$argument"
  exits 'and a host' 100 "$COMMAND_DIR/../libexec/http-get" "$argument" page
done
not_ok 'the server heard nothing of them' test -e "$work/request"
host_line() { asked | sed -n 's/^Host: //p'; }
for host in 0 ''; do
  get "$host" x "$port" > "$work/got"
  is "host '$host' is this machine, by the address that was reached" "$(host_line)" "127.0.0.1:$port"
done
get '[127.0.0.1]' x "$port" > "$work/got"
is 'an IPv4 address has no brackets' "$(host_line)" "127.0.0.1:$port"
for host in 'a b' 'a/b' 'user@127.0.0.1' '-6' '--help' 'x"y' "it's" '127.0.0.1:80' '$(id)' "$(printf 'n\303\244me')"; do
  exits "the host '$host' is not one" 111 http@ "$host" page "$port"
done
# Did tcpclient find it, http-get would not say its name.
exits 'http-get refuses a host that cannot stand in a header' 100 sh -c 'exec "$1" "a b" page 6< /dev/null 7> "$2"' sh \
  "$COMMAND_DIR/../libexec/http-get" "$work/sent"
is 'and sends nothing' "$(cat "$work/sent")" ''
request_of() { TCPREMOTEPORT=$1 "$COMMAND_DIR/../libexec/http-get" "$2" '' 6< /dev/null 7> "$work/request" 2> "$work/err"; }
while read -r at host expected; do
  request_of "$at" "$host"
  is "the server at port $at of $host is called so" "$(host_line)" "$expected"
done <<'END'
80 www.example.org www.example.org
8080 www.example.org www.example.org:8080
80 WWW.Example.org. WWW.Example.org.
80 a_b-c.example a_b-c.example
80 ::1 [::1]
8080 [::1] [::1]:8080
80 [2001:DB8:0::1] [2001:db8::1]
80 fe80::1%lo [fe80::1]
80 192.0.2.1 192.0.2.1
END

# --- the answer ---------------------------------------------------------------------------------------------
head -c 200000 /dev/urandom > "$work/random"
{ printf 'HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n'; cat "$work/random"; echo more; } > "$work/answer"
get 127.0.0.1 x "$port" > "$work/got"
ok 'a counted body comes as it is, and no more' cmp "$work/got" "$work/random"
{ printf 'HTTP/1.0 200 OK\n\n'; cat "$work/random"; } > "$work/answer"
get 127.0.0.1 x "$port" > "$work/got"
ok 'so does one without length' cmp "$work/got" "$work/random"
{
  printf 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
  perl -e 'my $i = 0; while (read STDIN, my $c, ++$i * 7) { printf "%x\r\n%s\r\n", length $c, $c }' < "$work/random"
  printf '0\r\nX: y\r\n\r\n'
} > "$work/answer"
get 127.0.0.1 x "$port" > "$work/got"
is 'chunks become' "$?" 0
ok 'what they were' cmp "$work/got" "$work/random"
answers 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\na\r\n\000b\r\n0\r\n\r\n'
is 'CR, LF and NUL of a body stay' "$(get 127.0.0.1 x "$port" | od -An -c | tr -d ' ')" 'a\r\n\0b'
answers 'HTTP/1.1 204 No Content\r\n\r\n'
exits 'an answer without a body is a success' 0 http@ 127.0.0.1 x "$port"
is 'of nothing' "$(cat "$work/out" "$work/err")" ''
answers 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\n\r\nmade\n'
exits 'an interim answer is passed over' 0 http@ 127.0.0.1 x "$port"
is 'and 201 is a success' "$(cat "$work/out")" made
for status in '301 Moved Permanently' '304 Not Modified' '404 Not Found' '500 Internal Server Error' 418 '999 Denied'; do
  answers "HTTP/1.1 $status\\r\\nContent-Length: 5\\r\\n\\r\\nsorry"
  exits "$status is not" 1 http@ 127.0.0.1 x "$port"
  is 'the status line is on standard error' "$(cat "$work/err")" "http-get: HTTP/1.1 $status"
  is 'and nothing on standard output' "$(cat "$work/out")" ''
done
answers 'HTTP/1.1 404 \033[2J\377\r\n\r\n'
exits 'a status line with escape sequences' 1 http@ 127.0.0.1 x "$port"
is 'does not reach the terminal as it is' "$(cat "$work/err")" 'http-get: HTTP/1.1 404 ?[2J?'

# broken ANSWER REASON BODY
broken()
{
  answers "$1"
  exits "an answer that is wrong: $2" 111 http@ 127.0.0.1 x "$port"
  is 'the message says what is' "$(cat "$work/err")" "http-get: fatal: the server sent $2"
  is 'what came before is printed' "$(cat "$work/out")" "$3"
}
broken '' 'no answer' ''
broken 'SSH-2.0-OpenSSH\r\n' 'what is no HTTP/1 answer' ''
broken 'HTTP/1.1 200 OK\r\n' 'an answer that is cut off' ''
broken 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello' 'an answer that is cut off' hello
broken 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n' 'an answer that is cut off' hello
broken 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n' 'a chunk longer than its size' hell
broken 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhello' 'two Content-Lengths' ''
broken 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello' 'a Transfer-Encoding other than chunked' ''
broken 'HTTP/1.1 200 OK\r\nX: a\000b\r\n\r\nhello' 'NUL or CR within a line' ''
(printf 'HTTP/1.1 200 OK\r\nX: '; head -c 9000 "$work/long") > "$work/answer"
exits 'a line without end is an error' 111 http@ 127.0.0.1 x "$port"
is 'of its own' "$(cat "$work/err")" 'http-get: fatal: the server sent a line too long'
(printf 'HTTP/1.1 200 OK\r\n'; yes 'X: y' | head -c 1000000) > "$work/answer"
exits 'so is a header without end' 111 http@ 127.0.0.1 x "$port"
is 'with its own message' "$(cat "$work/err")" 'http-get: fatal: the server sent a header too long'
stop

listen rst request 'send=HTTP/1.1 200 OK\r\n\r\nhello' reset
http@ 127.0.0.1 x "$port" > "$work/out" 2> "$work/err"
is 'a connection that is reset is a failure' "$?" 111
stop
# It answers before it has read the request, and does not read it.
listen early 'send=HTTP/1.1 400 Bad Request\r\n\r\n'
exits 'a server that refuses without listening is heard' 1 http@ 127.0.0.1 x "$port"
is 'with its reason' "$(cat "$work/err")" 'http-get: HTTP/1.1 400 Bad Request'
stop
listen endless request 'send=HTTP/1.1 200 OK\r\n\r\n' flood=300000000
is 'when nobody reads what comes http@ ends' "$(get 127.0.0.1 x "$port" 2> "$work/err" | head -c 100000 | wc -c | tr -d ' ')" 100000
is 'as any filter does, without a word' "$(cat "$work/err")" ''
stop
# The server has closed before it has got anything: 7 is a pipe that nobody reads.
mkfifo "$work/closed"
answers 'HTTP/1.1 503 Busy\r\n\r\n'
sh -c 'exec 8<> "$1" 7> "$1" 8>&- && exec "$2" 127.0.0.1 x 6< "$3"' sh "$work/closed" "$COMMAND_DIR/../libexec/http-get" \
  "$work/answer" 2> "$work/err"
is 'a server that has closed already is heard, too' "$? $(cat "$work/err")" '1 http-get: HTTP/1.1 503 Busy'
answers 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n'
background server6 perl "$work/server.pl" ::1 "$work/request" "$work/answer"
serve_wait server6
for host in ::1 '[::1]' 0:0:0::1; do
  is "an IPv6 host, $host" "$(get "$host" six "$port")" hello
  is 'is called in brackets' "$(host_line)" "[::1]:$port"
done
exits 'a standard output that is full is a failure' 111 sh -c 'http@ ::1 x "$1" > /dev/full' sh "$port"
like 'with a message' "$(cat "$work/err")" '^http-get: fatal: unable to write standard output: No space'

# --- the command line, and where it is --------------------------------------------------------------------------
exits 'http@ takes three arguments at most' 100 http@ a b c d
is 'and says so' "$(cat "$work/err")" 'http@: usage: http@ [ host [ page [ port ] ] ]'
exits 'http-get takes two' 100 "$COMMAND_DIR/../libexec/http-get" a
like 'http@ --version' "$(http@ --version)" '^http@ \(ucspi-tcpmux\) [0-9]'
like 'http@ --help' "$(http@ --help)" '^usage: http@ \[ host'
mkdir "$work/a folder" && ln -s "$(command -v http@)" "$work/a folder/link@"
is 'http@ finds its helpers behind a link, in a folder with a blank' "$("$work/a folder/link@" ::1 x "$port")" hello
mkdir -p "$work/moved to/bin" "$work/moved to/libexec"
cp "$(command -v http@)" "$(command -v tcpclient)" "$work/moved to/bin"
cp "$COMMAND_DIR/../libexec/http-get" "$work/moved to/libexec"
is 'and beside itself wherever that is' "$(env PATH=/usr/bin:/bin "$work/moved to/bin/http@" ::1 x "$port")" hello
cd "$work/moved to/bin" || exit 1
is 'even if it is called from there' "$(env PATH=/usr/bin:/bin ./http@ ::1 x "$port") $(env PATH=/usr/bin:/bin sh http@ ::1 x "$port")" 'hello hello'
done_testing
