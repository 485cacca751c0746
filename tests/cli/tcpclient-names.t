#!/bin/sh
# tcpclient: names of hosts, and what it finds out about the connection, by a helper that says what the test wants.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpclient.sh"
# For a place where nobody else has the port at one of the other addresses.
. "$root/tests/names.sh"

ours=$(command -v tcpclient)
own_helper tcpclient "$root/tests/cli/tcpclient-lookup.pl"
FAKE_LOG=$work/questions FAKE_HOST= FAKE_PEER=
export FAKE_LOG FAKE_HOST FAKE_PEER

# asked: what the helper was asked since the last time, without its pid and the port of this end
asked()
{
  [ ! -e "$FAKE_LOG" ] || sed -e 's/^start [0-9]*/start/' -e 's/\(local [^ ]* \)[0-9]*/\1n/' "$FAKE_LOG"
}

# asking HOST-STEPS command…: as `exits` with status 0, for one run with these answers about the host
asking()
{
  asking_steps=$1
  asking_code=$2
  asking_name=$3
  shift 3
  rm -f "$FAKE_LOG"
  FAKE_HOST=$asking_steps exits "$asking_name" "$asking_code" "$@"
}

# tenths since $1, a reading of `now`
now()
{
  cut -d ' ' -f 1 /proc/uptime | tr -d .
}

# One port at several addresses; nobody listens at the others.
listen four -a 127.0.0.3 send=four
open=$port
listen six -a ::1 -p "$open" send=six
if [ "$port" != "$open" ]; then
  diag 'somebody has taken the port at ::1'
fi
listen five -a 127.0.0.5 -p "$open" send=five
listen hole -a 127.0.0.2 -p "$open" -b 0 refuse
for filler in 1 2; do
  background "filler$filler" tcpclient -T 60 127.0.0.2 "$open" sleep 60
done
wait_for sh -c 'tcpclient -qRHl0 -T 1 127.0.0.2 "$1" true; [ $? = 111 ]' x "$open"
read_it='exec cat <&6'

# --- what is asked --------------------------------------------------------------------------------------
for host in 127.0.0.3 '[127.0.0.3]' ::ffff:127.0.0.3 ::1 '[::1]'; do
  asking '' 0 "host $host" tcpclient -RHl0 "$host" "$open" sh -c "$read_it"
  is "for $host nothing is started" "$(asked)" ''
done
for host in 0 ''; do
  asking '' 111 "host '$host'" tcpclient "$host" "$open" true
  is "for '$host' nothing is started" "$(asked)" ''
done
for host in 127.0.0 0x7f.1 300.1.1.1 '[name.example]' 'a b' name:25 "$(printf 'a\tb')" "$(printf 'n\303\244me')" \
  "$(head -c 254 /dev/zero | tr '\0' x)"; do
  asking '4=127.0.0.3' 111 "host $host" tcpclient "$host" "$open" true
  is "for $host nothing is started" "$(asked)" ''
  is "$host is no address and no name" "$(err)" "tcpclient: fatal: no IP address for $host"
done
asking '4=127.0.0.3 6=none' 0 'a name' tcpclient -vRHl0 name.example "$open" sh -c "$read_it"
is 'is looked up in both families by one question' "$(asked)" 'start -s -w 2
host 0 name.example'
is 'its address is connected to' "$(err) $(cat "$work/out")" "tcpclient: connected to 127.0.0.3 port $open four"
asking '4=127.0.0.3' 0 '-4 with a name' tcpclient -4RHl0 name.example "$open" true
is 'asks for IPv4 addresses only' "$(asked | tail -n 1)" 'host 4 name.example'
asking '6=::1' 0 '-6 with a name' tcpclient -6RHl0 name.example "$open" true
is 'asks for IPv6 addresses only' "$(asked | tail -n 1)" 'host 6 name.example'
asking '4=127.0.0.3' 0 '-i with an IPv4 address' tcpclient -RHl0 -i 127.0.0.9 name.example "$open" true
is 'asks for IPv4 addresses only' "$(asked | tail -n 1)" 'host 4 name.example'
asking '6=::1' 0 '-i with an IPv6 address' tcpclient -RHl0 -i ::1 name.example "$open" true
is 'asks for IPv6 addresses only' "$(asked | tail -n 1)" 'host 6 name.example'
asking '6=::1' 0 '-4 -6: the last one counts' tcpclient -46RHl0 name.example "$open" true
is 'for the question, too' "$(asked | tail -n 1)" 'host 6 name.example'
asking '4=127.0.0.3 6=none' 0 'a name with +' tcpclient -RHl0 'name+.alpha+.beta' "$open" true
is 'is passed on as it is' "$(asked | tail -n 1)" 'host 0 name+.alpha+.beta'
long=$(head -c 253 /dev/zero | tr '\0' x)
asking '4=127.0.0.3 6=none' 0 'the longest name' tcpclient -RHl0 "$long" "$open" true
is 'arrives whole' "$(asked | tail -n 1)" "host 0 $long"
asking '4=127.0.0.3 6=none' 111 'a bad port' tcpclient name.example 70000 true
is 'is noticed before anything is started' "$(asked)" ''
asking '4=127.0.0.3 6=none' 0 'a relay' sh -c 'tcpclient name.example "$1" < /dev/null' x "$open"
is 'needs no facts' "$(asked)" 'start -s -w 2
host 0 name.example'
is 'and relays' "$(cat "$work/out")" four

# --- which address ---------------------------------------------------------------------------------------
refused=": Connection refused"
asking '4=127.0.0.7,127.0.0.6 6=none' 111 'addresses that all refuse' tcpclient name.example "$open" true
is 'are reported in the order of the answer, one line each' "$(err)" \
  "tcpclient: unable to connect to 127.0.0.7 port $open$refused
tcpclient: unable to connect to 127.0.0.6 port $open$refused"
asking '4=127.0.0.7,127.0.0.7 6=none' 111 'an address that comes twice' tcpclient name.example "$open" true
is 'is tried once' "$(err)" "tcpclient: unable to connect to 127.0.0.7 port $open$refused"
order()
{
  err | sed 's/.*connect to \([^ ]*\) port.*/\1/' | tr '\n' ' '
}
asking '4=127.0.0.6,127.0.0.7,127.0.0.8 6=::2,::3' 111 'two families' tcpclient -T 1 name.example "$open" true
is 'alternate, IPv6 first, although IPv4 came first' "$(order)" '::2 127.0.0.6 ::3 127.0.0.7 127.0.0.8 '
asking '6=::2,::3 wait=100 4=127.0.0.6,127.0.0.7' 111 'IPv4 addresses that come late' tcpclient -T 1 name.example "$open" true
# How soon one is known not to be reachable is the system's affair.
like 'are tried, too' "$(order)" '^::2 (::3 127.0.0.6 127.0.0.7|127.0.0.6 ::3 127.0.0.7|127.0.0.6 127.0.0.7 ::3) $'
asking '4=127.0.0.6,127.0.0.7 wait=1000 6=::2,::3' 111 'IPv6 addresses that come late' tcpclient -T 20 name.example "$open" true
is 'are tried, too, and alternate' "$(order)" '127.0.0.6 127.0.0.7 ::2 ::3 '
# It is waited for 50 ms; a busy machine may take longer for the ten than that, so once is enough.
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  FAKE_HOST='4=127.0.0.3 wait=10 6=::1' tcpclient -RHl0 name.example "$open" sh -c "$read_it" > "$work/out"
  [ "$(cat "$work/out")" != six ] || break
done
is 'IPv6 right after IPv4 is preferred' "$(cat "$work/out")" six
asking '6=::1 wait=5 4=127.0.0.3' 0 'IPv6 before IPv4' tcpclient -RHl0 name.example "$open" sh -c "$read_it"
is 'is preferred' "$(cat "$work/out")" six
start=$(now)
asking '6=::1 wait=60000' 0 'IPv4 that is never answered' tcpclient -RHl0 name.example "$open" sh -c "$read_it"
is 'is not waited for' "$(cat "$work/out")" six
asking '4=127.0.0.3 wait=60000' 0 'IPv6 that is never answered' tcpclient -RHl0 name.example "$open" sh -c "$read_it"
is 'is not waited for' "$(cat "$work/out")" four
asking '4=127.0.0.2 wait=300 6=::1' 0 'an IPv4 address that does not answer' tcpclient -RHl0 name.example "$open" \
  sh -c "$read_it"
is 'is overtaken by an IPv6 address that came late' "$(cat "$work/out")" six
asking '4=127.0.0.7 wait=300 6=::1' 0 'an IPv4 address that refuses' tcpclient -RHl0 name.example "$open" sh -c "$read_it"
is 'leaves an IPv6 address that came late' "$(cat "$work/out")" six
asking '6=::2 wait=300 4=127.0.0.3' 0 'an IPv6 address that can not be reached' tcpclient -RHl0 name.example "$open" \
  sh -c "$read_it"
is 'leaves an IPv4 address that came late' "$(cat "$work/out")" four
asking '4=127.0.0.2,127.0.0.3 6=failure' 0 'an address that does not answer' tcpclient -RHl0 name.example "$open" \
  sh -c "$read_it"
is 'is overtaken by the next' "$(cat "$work/out")" four
ok 'all that does not wait for anybody' [ $(($(now) - start)) -lt 5000 ]
asking '4=127.0.0.2 wait=100 6=none' 111 'one address that does not answer' tcpclient -T 1 name.example "$open" true
is 'is given up and reported' "$(err)" "tcpclient: unable to connect to 127.0.0.2 port $open: Connection timed out"
asking '4=127.0.0.2 wait=20000' 111 'the same while IPv6 is open' tcpclient -T 1 name.example "$open" true
is 'is given up and reported' "$(err)" "tcpclient: unable to connect to 127.0.0.2 port $open: Connection timed out"
asking '4=none 6=::1' 0 'no IPv4' tcpclient -RHl0 name.example "$open" true
asking '6=none wait=100 4=127.0.0.3' 0 'no IPv6, IPv4 late' tcpclient -RHl0 name.example "$open" true
asking '6=failure wait=100 4=127.0.0.3' 0 'IPv6 that could not be found out' tcpclient -RHl0 name.example "$open" true
asking '4=settings 6=::1' 0 'one family is enough in any case' tcpclient -RHl0 name.example "$open" true
asking 'other 4=127.0.0.3 6=none' 0 'an answer to another question' tcpclient -RHl0 name.example "$open" sh -c "$read_it"
is 'is overlooked' "$(cat "$work/out")" four
asking '4=127.0.0.3 4=127.0.0.5 6=none' 0 'a second answer about a family' tcpclient -RHl0 name.example "$open" sh -c "$read_it"
is 'is overlooked' "$(cat "$work/out")" four
many=$(i=10; while [ $i -lt 42 ]; do printf '127.0.1.%s,' $i; i=$((i + 1)); done)
asking "4=${many%,} 6=none" 111 'as many addresses as an answer can hold' tcpclient name.example "$open" true
is 'are all tried' "$(err | wc -l)" 32
asking '4=127.0.0.7 6=none' 111 'TCPMUX' tcpclient -xP "$open" name.example "$open" true
listen mux -a 127.0.0.8 request 'send=+\r\nhello'
asking '4=127.0.0.8 wait=100 6=none' 0 'TCPMUX by the name of a host' tcpclient -XRHl0 -P "$port" name.example svc \
  sh -c "$read_it"
is 'is asked' "$(cat "$work/out")" hello
is 'with one look-up' "$(asked)" 'start -s -w 2
host 0 name.example'

# --- no address ------------------------------------------------------------------------------------------
asking '4=none 6=none' 111 'a name without addresses' tcpclient name.example "$open" true
is 'is reported in the words of ucspi-tcp' "$(err)" 'tcpclient: fatal: no IP address for name.example'
asking '4=none' 111 'without IPv4 addresses' tcpclient -4 name.example "$open" true
is 'the family is said' "$(err)" 'tcpclient: fatal: no IPv4 address for name.example'
asking '6=none' 111 'without IPv6 addresses' tcpclient -6 name.example "$open" true
is 'the family is said, too' "$(err)" 'tcpclient: fatal: no IPv6 address for name.example'
trouble='tcpclient: fatal: temporarily unable to figure out IP address for name.example'
for answers in '4=failure 6=failure' '4=none 6=failure' '6=none 4=failure'; do
  asking "$answers" 111 "$answers" tcpclient name.example "$open" true
  is "$answers: another time it may be known" "$(err)" "$trouble: no name server could answer"
done
for answers in '4=settings 6=settings' '4=failure 6=settings' '6=none 4=settings'; do
  asking "$answers" 111 "$answers" tcpclient name.example "$open" true
  is "$answers: it is the settings' fault" "$(err)" "$trouble: the resolver's settings are wrong"
done
for answers in die '4=none die' wait=50\ die; do
  asking "$answers" 111 "a helper that dies: $answers" tcpclient name.example "$open" true
  is "$answers: is the reason" "$(err)" "$trouble: tcplookup has ended"
done
# A host answer's family, status, count, then the first address's family.
for answers in garbage short pong peer count=0 count=33 count=4294967295 count=1 evil=07 evil=04000000ff \
  evil=0400000001000000010000000400 evil=0400000000000000010000000600 evil=06000000000000000100000004 'host=a peer'; do
  asking "$answers" 111 "an answer that is none: $answers" tcpclient name.example "$open" true
  is "$answers: is the reason" "$(err)" "$trouble: tcplookup gave an answer that is none"
done
asking '4=127.0.0.3 die' 0 'a helper that dies after an answer' tcpclient -RHl0 name.example "$open" true
is 'is no matter' "$(err)" ''
asking '4=127.0.0.2,127.0.0.3 wait=100 garbage' 0 'nonsense after an answer' tcpclient -RHl0 name.example "$open" true
is 'is no matter' "$(err)" ''
asking '4=failure 6=failure' 111 '-q' tcpclient -q name.example "$open" true
is 'says nothing about all that' "$(err)" ''
rm -f "$FAKE_LOG"
mv "$work/libexec/tcplookup" "$work/libexec/away"
exits 'a missing helper' 111 tcpclient name.example "$open" true
is 'is named' "$(err)" "$trouble: unable to run $work/libexec/tcplookup: No such file or directory"
exits 'is not missed by an address' 0 tcpclient -RHl0 127.0.0.3 "$open" sh -c "$read_it"
is 'without a word' "$(err)" ''
exits 'nor by a program that could have learned something' 0 tcpclient 127.0.0.3 "$open" sh -c "$read_it"
is 'which gets the connection all the same' "$(cat "$work/out")" four
is 'but it is said' "$(err)" \
  "tcpclient: unable to look up host names and user: unable to run $work/libexec/tcplookup: No such file or directory"
exits '-q: a missing helper' 0 tcpclient -q 127.0.0.3 "$open" true
is '-q: nothing is said' "$(err)" ''
mv "$work/libexec/away" "$work/libexec/tcplookup"
chmod 644 "$work/libexec/tcplookup"
exits 'a helper that can not be executed' 111 tcpclient name.example "$open" true
is 'is named, too' "$(err)" "$trouble: unable to run $work/libexec/tcplookup: Permission denied"
chmod 755 "$work/libexec/tcplookup"

# --- facts -----------------------------------------------------------------------------------------------
# facts STEPS option…: the variables that a program gets; the questions are in $FAKE_LOG
facts()
{
  facts_steps=$1
  shift
  rm -f "$FAKE_LOG"
  env TCPREMOTEHOST=s TCPREMOTEINFO=s TCPLOCALHOST=s TCP6REMOTEHOST=s TCP6REMOTEINFO=s TCP6LOCALHOST=s \
    FAKE_PEER="$facts_steps" tcpclient "$@" env 2> "$work/err" | grep -E '^TCP6?(REMOTE|LOCAL)(HOST|INFO)=' | LC_ALL=C sort
}
all='host=r.example local=l.example info=me peer'
is 'by default names and user are asked for' "$(facts "$all" 127.0.0.3 "$open")" 'TCPLOCALHOST=l.example
TCPREMOTEHOST=r.example
TCPREMOTEINFO=me'
is 'by one question, with 26 seconds for ident' "$(asked)" "start -s -w 2
peer 7 timeout 26 local 127.0.0.1 n remote 127.0.0.3 $open"
is 'so do -h -r after -H -R' "$(facts "$all" -HRhr -l x 127.0.0.3 "$open" | wc -l)" 3
is 'which ask for nothing that -l says' "$(asked | tail -n 1)" \
  "peer 5 timeout 26 local 127.0.0.1 n remote 127.0.0.3 $open"
is '-t is for ident; what nobody asked for is not taken' "$(facts "$all" -H -l x -t 86400 127.0.0.3 "$open")" 'TCPLOCALHOST=x
TCPREMOTEINFO=me'
is 'and is in the question' "$(asked | tail -n 1)" "peer 4 timeout 86400 local 127.0.0.1 n remote 127.0.0.3 $open"
facts "$all" -t 0 127.0.0.3 "$open" > /dev/null
is '-t 0 leaves ident no time: it is not asked' "$(asked | tail -n 1)" \
  "peer 3 timeout 0 local 127.0.0.1 n remote 127.0.0.3 $open"
facts "$all" -R 127.0.0.3 "$open" > /dev/null
is '-R does not ask for the user' "$(asked | tail -n 1)" "peer 3 timeout 0 local 127.0.0.1 n remote 127.0.0.3 $open"
facts "$all" -H 127.0.0.3 "$open" > /dev/null
is '-H does not ask for the remote host' "$(asked | tail -n 1)" \
  "peer 6 timeout 26 local 127.0.0.1 n remote 127.0.0.3 $open"
facts "$all" -RH 127.0.0.3 "$open" > /dev/null
is 'without -l the local host is asked for' "$(asked | tail -n 1)" \
  "peer 2 timeout 0 local 127.0.0.1 n remote 127.0.0.3 $open"
is '-R -H -l: nothing is known' "$(facts "$all" -RHl0 127.0.0.3 "$open")" 'TCPLOCALHOST=0'
is 'and nothing asked' "$(asked)" ''
is 'IPv6 has its twins' "$(facts "$all" ::1 "$open")" 'TCP6LOCALHOST=l.example
TCP6REMOTEHOST=r.example
TCP6REMOTEINFO=me
TCPLOCALHOST=l.example
TCPREMOTEHOST=r.example
TCPREMOTEINFO=me'
is 'and its addresses in the question' "$(asked | tail -n 1)" "peer 7 timeout 26 local ::1 n remote ::1 $open"
is 'what is not known is unset' "$(facts 'local=l.example peer' 127.0.0.3 "$open")" 'TCPLOCALHOST=l.example'
is 'all of it, if need be' "$(facts peer 127.0.0.3 "$open")" ''
is 'without a word' "$(cat "$work/err")" ''
FAKE_HOST='6=none 4=127.0.0.3'
is 'after a name' "$(facts "$all" name.example "$open" | wc -l)" 3
is 'the same helper is asked' "$(asked)" "start -s -w 2
host 0 name.example
peer 7 timeout 26 local 127.0.0.1 n remote 127.0.0.3 $open"
FAKE_HOST='4=127.0.0.3 wait=200 6=::1'
is "a late answer about the name is not taken for the facts'" "$(facts "$all" name.example "$open" | wc -l)" 3
FAKE_HOST='4=127.0.0.3 die'
is 'after a helper that has died' "$(facts "$all" name.example "$open" | wc -l)" 3
FAKE_HOST='4=127.0.0.3 6=none wait=100 die'
is 'or dies later' "$(facts "$all" name.example "$open" | wc -l)" 3
FAKE_HOST=
for steps in die garbage '4=127.0.0.1' 'host=Bad.Example peer' 'host=a..b peer' 'host=a/b peer' 'local=-%s$ peer' \
  "info=$(printf '\033')[2J peer" evil=01 evil=02 evil=04 evil=08 evil=40 evil=0900000061 evil=0000000061; do
  is "facts: $steps: nothing is known" "$(facts "$steps" 127.0.0.3 "$open")" ''
  like "facts: $steps: and that is said" "$(cat "$work/err")" \
    '^tcpclient: unable to look up host names and user: tcplookup (has ended|gave an answer that is none)$'
done

# --- what is left of the helper ---------------------------------------------------------------------------
cat > "$work/leftovers.pl" << 'EOT'
use POSIX ();
my @open = grep { -e "/proc/$$/fd/$_" } 3 .. 200;
print "@open children ", waitpid(-1, POSIX::WNOHANG()), "\n";
EOT
# runs: the helper of the last log does
runs()
{
  kill -0 "$(sed -n 's/^start \([0-9]*\) .*/\1/p' "$FAKE_LOG")" 2> /dev/null
}
before=$(perl "$work/leftovers.pl" 2>&1 | sed 's/ *children.*//')
for steps in "$all" "$all stop" die; do
  FAKE_PEER=$steps asking '4=127.0.0.3 6=none' 0 "helper: $steps" tcpclient name.example "$open" perl "$work/leftovers.pl"
  is "helper: $steps: the program has no descriptor and no child of it" "$(cat "$work/out")" \
    "$(printf '%s\n' $before 6 7 | sort -n | tr '\n' ' ')children -1"
  not_ok "helper: $steps: it is gone" runs
done
cat > "$work/talk" << 'EOT'
IFS= read -r line <&6
[ "$line" = four ] || [ "$line" ] || exit 2
for fd; do
  [ -e /proc/$$/fd/$fd ] && exit 4
done
exit 0
EOT
FAKE_HOST='4=127.0.0.3 6=none' FAKE_PEER=$all
exits 'descriptors 0, 1 and 2 closed, 6 and 7 free: it works' 0 \
  sh -c 'exec tcpclient name.example "$1" sh "$2" 0 1 <&- >&- 2>&- 6>&- 7>&-' x "$open" "$work/talk"
exits 'the helper falls on 6, the socket on 7: it works' 0 \
  sh -c 'exec tcpclient name.example "$1" sh "$2" 3</dev/null 4<&3 5<&3 6>&- 7>&-' x "$open" "$work/talk"
exits 'children that are ignored: it works' 0 \
  perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' tcpclient name.example "$open" sh "$work/talk"
FAKE_HOST='4=127.0.0.3 wait=200 6=none'
rm -f "$FAKE_LOG"
mkfifo "$work/nothing"
background relay sh -c 'tcpclient name.example "$1" < "$2"; echo done' x "$open" "$work/nothing"
exec 9> "$work/nothing"
wait_for grep -q four "$work/relay.out"
wait_for test -s "$FAKE_LOG"
not_ok 'a relay keeps no helper' runs
exec 9>&-

# Their tcpclient, with a name server that nobody is at: the same words, up to the reason.
need /usr/bin/tcpclient ucspi-tcp
DNSCACHEIP=127.0.0.1 /usr/bin/tcpclient name.example 1 true 2> "$work/theirs"
asking '4=failure 6=failure' 111 'no name server' tcpclient name.example 1 true
is "is reported as by ucspi-tcp's" "$(err | sed 's/example: .*/example: /')" "$(sed 's/example: .*/example: /' "$work/theirs")"

done_testing
