#!/bin/sh
# tcpclient and TCPMUX (RFC 1078): what it asks, when it asks, and what it makes of every kind of answer.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpclient.sh"

# mux ARGUMENT…: tcpclient -X for the service "svc" at $port, whose program prints all it gets
mux()
{
  timeout 20 tcpclient -RHl0 -P "$port" "$@" -X 127.0.0.1 svc sh -c 'cat <&6'
}

refusal()
{
  printf 'tcpclient: fatal: unable to get service svc from TCPMUX at 127.0.0.1 port %s: %s' "$port" "$1"
}

# --- what is asked --------------------------------------------------------------------------------------
listen plain request 'send=+\r\n' hold
exits 'a service is asked for' 0 tcpclient -RHl0 -P "$port" -X 127.0.0.1 Some-Service_1.0+x env
wait_for test -s "$work/plain.log"
is 'by its name and CR LF' "$(cat "$work/plain.log")" 'request Some-Service_1.0+x\r\n'
like 'TCPMUXSERVICE is the name in lower case' "$(cat "$work/out")" '^TCPMUXSERVICE=some-service_1\.0\+x$'
like 'TCPREMOTEPORT is where the connection goes' "$(cat "$work/out")" "^TCPREMOTEPORT=$port\$"
: > "$work/plain.log"
exits 'a number is asked for by its name in the services database' 0 tcpclient -RHl0 -P "$port" -X 127.0.0.1 25 true
wait_for test -s "$work/plain.log"
is 'which for 25 is smtp' "$(cat "$work/plain.log")" 'request smtp\r\n'
exits 'a number without a name is fatal' 111 tcpclient -RHl0 -P "$port" -X 127.0.0.1 64999 true
is 'and says so' "$(err)" 'tcpclient: fatal: unable to figure out service name for port 64999'
exits 'a name of 63 octets is taken' 0 tcpclient -RHl0 -P "$port" -X 127.0.0.1 "$(printf %063d 0 | tr 0 a)" true
for name in '' "$(printf %064d 0 | tr 0 a)" 'a b' "$(printf 'a\r')" "$(printf 'a\nb')" "$(printf 'a\tb')" "$(printf 'a\177')" \
  "$(printf 'caf\303\251')"; do
  exits "'$(printf %s "$name" | tr -d '\r\n\t\177' | head -c 20)' can't be asked for" 100 \
    tcpclient -RHl0 -P "$port" -X 127.0.0.1 "$name" true
done
for muxport in 0 65536 x '' nosuchservice; do
  exits "-P '$muxport' is refused" 111 tcpclient -RHl0 -P "$muxport" -X 127.0.0.1 svc true
done
exits 'without -P it is port 1' 111 tcpclient -RHl0 -X 127.0.0.1 svc true
is 'where nobody is' "$(err)" 'tcpclient: unable to connect to 127.0.0.1 port 1: Connection refused'
exits '-P takes a service name, too' 111 tcpclient -RHl0 -P tcpmux -X 127.0.0.1 svc true
is 'as any port' "$(err)" 'tcpclient: unable to connect to 127.0.0.1 port 1: Connection refused'

served=0
# --- what is answered: taken ----------------------------------------------------------------------------
# taken NAME WHAT-FOLLOWS STEP…: the request is read last, so that no reply waits for it
taken()
{
  taken_name=$1
  taken_expected=$2
  shift 2
  served=$((served + 1))
  listen "taken$served" "$@" request
  exits "$taken_name" 0 mux
  printf "$taken_expected" > "$work/expected"
  ok "$taken_name: nothing more than the line is taken away" cmp "$work/expected" "$work/out"
  is "$taken_name: not a word" "$(err)" ''
  stop "$pid"
}
taken 'a bare plus' '' 'send=+\r\n'
taken 'a plus with text' '' 'send=+Go ahead\r\n'
taken 'data in the same segment' 'hello\n' 'send=+\r\nhello\n'
taken 'a line that drips' 'hello\n' 'drip=+Go ahead\r\n' 'send=hello\n'
taken 'CR and LF apart, LF and data together' 'hello\n' 'drip=+\r' 'send=\nhello\n'
taken 'a reply before the request was read' 'x' 'send=+\r\nx'
taken 'a lone LF ends the line, too' 'hello' 'send=+Go\nhello'
taken "the NUL that xinetd's TCPMUXPLUS sends is the service's" '\000hi' 'send=+Go\r\n\0hi'
taken 'empty lines after the reply are data' '\r\n\r\n' 'send=+\r\n\r\n\r\n'
taken 'a second reply line is data' '+more\r\n' 'send=+\r\n+more\r\n'
taken 'control octets in the text do no harm' 'x' 'send=+\e[2J\0\xff\r\nx'
taken 'a line of 1024 octets' 'x' "send=+$(printf %01021d 0)\\r\\nx"

listen large request 'send=+\r\n' flood=3000000
timeout 20 tcpclient -RHl0 -P "$port" -X 127.0.0.1 svc < /dev/null > "$work/out"
is 'without a program the rest is relayed' "$(wc -c < "$work/out")" 3000000
listen blocking request 'send=+\r\n' hold
flags=$(tcpclient -RHl0 -P "$port" -X 0 svc sh -c 'sed -n "s/^flags:[^0-9]*//p" /proc/$$/fdinfo/6')
unlike 'the connection blocks, as programs expect' "$flags" '4...$'
listen verbose request 'send=+Go\e\r\n'
exits '-v says what was answered' 0 mux -v
is 'cleaned' "$(err)" "tcpclient: connected to 127.0.0.1 port $port
tcpclient: TCPMUX service svc: Go?"

# --- what is answered: not taken ------------------------------------------------------------------------
# refused NAME MESSAGE STEP…
refused()
{
  refused_name=$1
  refused_text=$2
  shift 2
  served=$((served + 1))
  listen "refused$served" "$@"
  exits "$refused_name" 111 timeout 60 tcpclient -RHl0 -T 20 -P "$port" -X 127.0.0.1 svc sh -c 'touch "$1"' x "$work/ran"
  is "$refused_name: the message" "$(err)" "$(refusal "$refused_text")"
  not_ok "$refused_name: no program is run" test -e "$work/ran"
  stop "$pid"
}
refused 'a minus with text' 'Service not available' request 'send=-Service not available\r\n'
refused 'a minus that drips' 'No' request 'drip=-No\r\n'
refused 'a bare minus' 'refused' request 'send=-\r\n'
refused 'a minus with terminal tricks' '?[31m?]0;x????' request 'send=-\e[31m\e]0;x\x07\0\x7f\xc3\r\n'
refused 'a long refusal is cut' "$(printf %0200d 0)..." request "send=-$(printf %0900d 0)\\r\\n"
refused 'neither plus nor minus' 'not a TCPMUX reply: SSH-2.0-OpenSSH' 'send=SSH-2.0-OpenSSH\r\n' hold
refused 'a plus that is not the first octet' 'not a TCPMUX reply:  +Go' request 'send= +Go\r\n'
refused 'a NUL in front' 'not a TCPMUX reply: ?+Go' request 'send=\0+Go\r\n'
refused 'an empty line' 'not a TCPMUX reply: ' request 'send=\r\n+\r\n'
refused 'no line at all' 'connection closed before the reply' request
refused 'half a line' 'connection closed before the reply' request 'send=+Go'
refused 'CR without LF' 'connection closed before the reply' request 'send=+Go\r'
refused 'a megabyte without a newline' "not a TCPMUX reply: $(printf %0200d 0 | tr 0 x)..." request flood=1000000
refused 'a line of 1025 octets' "not a TCPMUX reply: +$(printf %0199d 0)..." request "send=+$(printf %01022d 0)\\r\\n"
refused 'a reset instead of a reply' 'Connection reset by peer' request reset

listen silent request hold
exits 'a server that says nothing is given up' 111 timeout 20 tcpclient -RHl0 -T 1 -P "$port" -X 127.0.0.1 svc true
is 'after the seconds of -T' "$(err)" "$(refusal 'Connection timed out')"
listen dripping request "drip=+$(printf %01000d 0)\\r\\n"
exits 'so is one that drips for longer than that in all' 111 timeout 20 tcpclient -RHl0 -T 1 -P "$port" -X 127.0.0.1 svc true
is 'with the same words' "$(err)" "$(refusal 'Connection timed out')"
exits '-q: not a word' 111 tcpclient -RHl0 -qT 1 -P "$port" -X 127.0.0.1 svc true
is 'indeed' "$(err)" ''

# --- HELP -----------------------------------------------------------------------------------------------
listen help request 'send=echo\r\nrsync\r\n'
for name in help HELP; do
  timeout 20 tcpclient -RHl0 -P "$port" -X 127.0.0.1 $name < /dev/null > "$work/out" 2> "$work/err"
  is "$name has no reply line: the list is passed on whole" "$(tr -d '\r' < "$work/out")" 'echo
rsync'
done

# --- -x -------------------------------------------------------------------------------------------------
listen direct request
direct=$port
listen fallback request 'send=+\r\n' hold
exits '-x: a port where somebody listens is used' 0 \
  tcpclient -RHl0 -x -P "$port" 127.0.0.1 "$direct" sh -c 'echo hi >&7; echo "$TCPREMOTEPORT ${TCPMUXSERVICE-none}"'
is 'without TCPMUX' "$(cat "$work/out")" "$direct none"
is '-x: and TCPMUX is not asked' "$(cat "$work/fallback.log")" ''
exits '-x: a name that is in no services database goes to TCPMUX' 0 \
  tcpclient -RHl0 -x -P "$port" 127.0.0.1 no-such-service sh -c 'echo "$TCPREMOTEPORT $TCPMUXSERVICE"'
is 'by that name' "$(cat "$work/out")" "$port no-such-service"
exits '-x: a service whose port refuses goes to TCPMUX' 0 tcpclient -RHl0 -x -P "$port" 127.0.0.1 systat sh -c 'echo "$TCPMUXSERVICE"'
is 'by its name' "$(cat "$work/out")" systat
is 'without a word' "$(err)" ''
exits '-x: a port given as a number goes by its name' 0 tcpclient -RHl0 -x -P "$port" 127.0.0.1 11 sh -c 'echo "$TCPMUXSERVICE"'
is 'which for 11 is systat' "$(cat "$work/out")" systat
exits '-x: a number without a name has nothing to ask for' 111 tcpclient -RHl0 -x -P "$port" 127.0.0.1 2 true
is 'and is just refused' "$(err)" 'tcpclient: unable to connect to 127.0.0.1 port 2: Connection refused'
exits 'without -x or -X TCPMUX is never asked' 111 tcpclient -RHl0 -P "$port" 127.0.0.1 systat true
exits '-x -X: the last one counts' 0 tcpclient -RHl0 -x -X -P "$port" 127.0.0.1 smtp true
exits '-x: when TCPMUX is not there either' 111 tcpclient -RHl0 -x -P 2 127.0.0.1 systat true
is 'both failures are told' "$(err)" 'tcpclient: unable to connect to 127.0.0.1 port 11: Connection refused
tcpclient: unable to connect to 127.0.0.1 port 2: Connection refused'
exits '-x: a host that is out of reach is not asked for TCPMUX either' 111 \
  tcpclient -RHl0 -x -T 1 -P "$port" -i 127.0.0.1 192.0.2.1 systat true
like 'there is one failure to tell' "$(cat "$work/err")" '^tcpclient: unable to connect to 192.0.2.1 port 11: '
is 'and no more' "$(wc -l < "$work/err")" 1
exits '-x: TCPMUX may be reached by IPv6' 111 tcpclient -RHl0 -x -P 2 ::1 systat true
like 'at the same host' "$(err)" 'to ::1 port 2: '

# --- tcpmuxd --------------------------------------------------------------------------------------------
mkdir "$work/services"
printf '#!/bin/sh\nexec cat\n' > "$work/services/echo"
printf '#!/bin/sh\necho "$TCPMUXSERVICE for $TCPREMOTEIP"\n' > "$work/services/who"
chmod 755 "$work/services" "$work/services/echo" "$work/services/who"
serve tcpmuxd -HRl0 127.0.0.1 0 tcpmuxd "$work/services"
exits "tcpmuxd's services" 0 tcpclient -RHl0 -P "$port" -i 127.0.0.9 -X 127.0.0.1 Who sh -c 'cat <&6'
is 'are reached' "$(cat "$work/out")" 'who for 127.0.0.9'
head -c 1000000 /dev/urandom > "$work/random"
timeout 20 tcpclient -RHl0 -P "$port" -X 127.0.0.1 echo < "$work/random" > "$work/back"
ok 'relayed in both directions to the last octet' cmp "$work/random" "$work/back"
exits 'what it does not have' 111 tcpclient -RHl0 -P "$port" -X 127.0.0.1 nosuch true
is 'is refused in its words' "$(err)" \
  "tcpclient: fatal: unable to get service nosuch from TCPMUX at 127.0.0.1 port $port: service not available"
timeout 20 tcpclient -RHl0 -P "$port" -X 127.0.0.1 help < /dev/null > "$work/out"
is 'its list is shown' "$(tr -d '\r' < "$work/out")" 'echo
who'

done_testing
