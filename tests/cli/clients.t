#!/bin/sh
# tcpcat, who@, date@ and finger@: what they ask and print, at ports that are not theirs to choose.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/names.sh"
. "$root/tests/cli/tcpclient.sh"
for program in who@ date@ finger@ tcpcat; do
  [ -x "/usr/bin/$program" ] || { result 1 "this test needs $program of ucspi-tcp: install the package ucspi-tcp"; done_testing; }
done

# Every octet, lines with and without CR, and no end of line at the end.
perl -e 'print map { chr } 0 .. 255; print "\r\nline\r\n\r\r\nbare\n\n\r\n\xc3\xa4 last\r"' > "$work/octets"
for program in who@:11 date@:13 finger@:79 tcpcat:17; do
  port=${program#*:}
  program=${program%:*}
  # A server that ends with a request unread resets the connection.
  case $program in finger@) reads=request ;; *) reads= ;; esac
  # shellcheck disable=SC2086
  listen "$program" -p "$port" $reads "file=$work/octets"
  for host in 127.0.0.1 0 '' '[127.0.0.1]' none; do
    case $host in none) set -- ;; *) set -- "$host" ;; esac
    timeout 10 "$program" "$@" > "$work/got" < /dev/null
    is "$program with host '$host' succeeds" "$?" 0
    [ "$program" = tcpcat ] && cp "$work/octets" "$work/expected" || {
      printf '%s' "$("/usr/bin/$program" 127.0.0.1 < /dev/null; echo .)" > "$work/expected"
      printf '%s' "$(cat "$work/got"; echo .)" > "$work/got.new" && mv "$work/got.new" "$work/got"
    }
    ok 'and prints what that of ucspi-tcp does, or the octets themselves' cmp "$work/got" "$work/expected"
  done
  stop
  # shellcheck disable=SC2086
  listen "$program-6" -6 -p "$port" $reads 'send=six\n'
  for host in ::1 '[::1]'; do
    is "$program reaches $host" "$(timeout 10 "$program" "$host" < /dev/null)" six
  done
  stop
  # shellcheck disable=SC2086
  listen "$program-reset" -p "$port" $reads 'send=part\n' "wait=$work/broken-$program" reset
  timeout 10 "$program" 127.0.0.1 > "$work/got" 2> "$work/err" < /dev/null &
  client=$!
  wait_for grep -q part "$work/got"
  : > "$work/broken-$program"
  wait "$client"
  is "$program prints what came before the connection broke" "$? $(cat "$work/got")" "$([ "$program" = tcpcat ] && echo 1 || echo 0) part"
  like 'and a message says that it did' "$(cat "$work/err")" 'Connection reset by peer'
  stop
  exits "$program fails where nobody listens" 111 "$program" 127.0.0.3
  like 'and says whom it could not reach' "$(cat "$work/err")" "127\\.0\\.0\\.3 port $port: Connection refused"
  cd "$work" || exit 1
  for host in 'a b' "it's" '"$(touch run)"' '`touch run`' '; touch run' '*' '-l' '--' '--help me' "$(printf 'two\nlines')"; do
    exits "$program takes '$(echo "$host" | tr '\n' ' ')' for a host, which nobody has" 111 "$program" "$host"
  done
  not_ok 'and runs nothing of it' test -e run
  like "$program --version" "$("$program" --version)" "^$program \\(ucspi-tcpmux\\) [0-9]"
  like "$program --help" "$("$program" --help)" "^usage: $program \\[ host"
  exits "$program takes no more arguments than it uses" 100 "$program" a b c d
  like 'and says so' "$(cat "$work/err")" "^$program: usage: $program \\[ host"
done
zone <<'ZONE'
named.test A 60 127.0.0.1
ZONE
serve_dns
listen named -p 13 'send=today\r\n'
is 'a host may be a name' "$(date@ named.test)" today
stop

# --- the examples of the manual -------------------------------------------------------------------------------
# example PAGE PATTERN: that line of it, with this machine in place of those that are not there
example() { sed -n "s/^\\.Dl \\($2\\)/\\1/p" "$root/doc/$1.1" | sed 's/192\.0\.2\.1/127.0.0.1/'; }
for program in who date; do
  background "$program-server" sh -c "exec $(example "$program@" tcpserver | sed 's/^tcpserver/& -1/')"
  serve_wait "$program-server"
  eval "$(example "$program@" "$program@")" > "$work/got" 2> "$work/err"
  is "the examples of $program@ fit each other" "$? $(cat "$work/err")" '0 '
  stop
done
like 'date is what date@ prints' "$(cat "$work/got")" '[0-9]{2}:[0-9]{2}:[0-9]{2}'
echo content > "$work/file"
background tcpcat-server sh -c "cd '$work' && exec $(sed -n 's/^\.Ql \(tcpserver.*\) :/\1/p' "$root/doc/tcpcat.1" | sed 's/^tcpserver/& -1/')"
serve_wait tcpcat-server
(cd "$work" && eval "$(example tcpcat 'tcpcat .* > copy')")
is 'those of tcpcat, too' "$(cat "$work/copy")" content
stop

# --- tcpcat's port --------------------------------------------------------------------------------------------
listen other 'send=other\n'
is 'tcpcat takes a port' "$(tcpcat 127.0.0.1 "$port")" other
listen echoes request
exits 'tcpcat sends nothing' 124 timeout 0.3 tcpcat 127.0.0.1 "$port"
listen flood flood=100000000
is 'when nobody reads what comes tcpcat ends' "$(tcpcat 127.0.0.1 "$port" | head -c 1000 | wc -c | tr -d ' ')" 1000

# --- finger@'s request ------------------------------------------------------------------------------------------
# The server sends back what it was asked.
listen fingers -p 79 request 'send=answer\r\n'
asked_for() { tail -n 1 "$work/fingers.log"; }
is 'the answer is printed' "$(finger@ 127.0.0.1 joe)" answer
is 'a user is asked for with CR LF' "$(asked_for)" 'request joe\r\n'
for user in '' ' ' '-l' '-n' '--' 'a b  c' '/W joe' "it's" '"quoted"' '$(touch run)' '`touch run`' '%s%n' '*' '&;|<>'; do
  finger@ 0 "$user" > "$work/got"
  is "the user '$user' is asked for just so" "$(asked_for)" "request $user\\r\\n"
done
finger@ 0 'a\nb\c' > "$work/got"
like 'backslashes are not special' "$(tail -n 1 "$work/fingers.log" | tr '\\' /)" '^request a/*nb/*c/r/n$'
not_ok 'nothing of it was run' test -e run
lines=$(wc -l < "$work/fingers.log")
for user in "$(printf 'a\nb')" "$(printf 'a\rb')" "$(printf '\033[2J')" "$(printf '\177')"; do
  exits 'control characters are refused' 100 finger@ 127.0.0.1 "$user"
  is 'with a message' "$(cat "$work/err")" 'finger@: usage: control characters in the user'
done
is 'and not sent' "$(wc -l < "$work/fingers.log")" "$lines"
stop
listen hasty -p 79 'send=busy\r\n'
is 'a server that does not listen is heard' "$(finger@ 127.0.0.1 joe 2> "$work/err")" busy
stop
done_testing
