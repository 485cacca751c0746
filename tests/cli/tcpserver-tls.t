#!/bin/sh
# TLS in tcpserver: what it does with connections, options, rules, the log, signals, with a tcptls that does what it should.
# What it does with one that does not is in tcpserver-tls-helper.t, and what a real one does in tcpserver-tls-real.t.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpserver-tls.sh"
need pgrep procps
ulimit -S -n 4096 2> /dev/null
SSL_PROTOCOL=inherited SSL_TLS_ALPN=inherited TLS_PROVIDER=inherited SSLCTLFD=inherited
export SSL_PROTOCOL SSL_TLS_ALPN TLS_PROVIDER SSLCTLFD
tls='env | grep -E "^(SSL_P|SSL_CIPHER|SSL_TLS|SSLCTL|TLS_P)" | sort | tr "\n" ";"'

# --- the program ---------------------------------------------------------------------------------------------

serving plain -4HRl0 -v -n cert 127.0.0.1 0 sh -c "$tls; echo; env | grep -E '^(PROTO|TCP)' | sort | sed 's/PORT=.*/PORT/' | tr '\n' ';'; echo; cat"
is "the program serves what is in TLS: its input and output, and it knows the facts" \
  "$(peer 127.0.0.1 "$port" 'hello sni=a.example cipher=C\nsome text\n')" \
  "SSL_CIPHER=C;SSL_PROTOCOL=TLSv1.3;SSL_TLS_SNI_SERVERNAME=a.example;
PROTO=TCP;TCPCONNNUM=1;TCPLOCALHOST=0;TCPLOCALIP=127.0.0.1;TCPLOCALPORT;TCPREMOTEIP=127.0.0.1;TCPREMOTEPORT;
some text"
like "all of them" "$(peer 127.0.0.1 "$port" "hello subject=CN=joe hash=$(printf %064d 7) alpn=h2\\n")" \
  "SSL_CIPHER=FAKE_CIPHER;SSL_PEER_CERT_HASH=0*7;SSL_PEER_CERT_SUBJECT=CN=joe;SSL_PROTOCOL=TLSv1.3;SSL_TLS_ALPN=h2;$"
logs "the log is as without TLS" plain ' ok [0-9]+ 0:127\.0\.0\.1:[0-9]+ :127\.0\.0\.1::[0-9]+$'
logs "... to the end" plain ' end [0-9]+ status 0$'
stop "$server"
serve plain -HRl0 127.0.0.1 0 sh -c "$tls"
is "without TLS nothing of the kind is inherited" "$(peer 127.0.0.1 "$port")" ''
stop
serving provider -HRl0 -n cert -z 127.0.0.1 0 sh -c "$tls"
like "-z: TLS_PROVIDER" "$(peer 127.0.0.1 "$port" 'hello\n')" \
  ';TLS_PROVIDER=tcpserver, TLS Server=TLSv1.3, Client=TLSv1.3, Ciphers=FAKE_CIPHER, bits=256;$'
stop "$server"
serving status -HRl0 -v -n cert 127.0.0.1 0 sh -c 'head -n 1; exit 7'
is "a client that closes for writing gets the whole answer" "$(peer 127.0.0.1 "$port" 'hello\nlast words\n')" 'last words'
logs "... and the status is the program's" status ' end [0-9]+ status 1792$'
stop "$server"
serving input -HRl0 -n cert 127.0.0.1 0 ls -l /proc/self/fd
is "the program has its end of the pair, the log, and nothing else" \
  "$(peer 127.0.0.1 "$port" 'hello\n' | sed -n 's,.* \([0-9]* -> [a-z/]*\).*,\1,p' | tr '\n' ';')" \
  "0 -> socket;1 -> socket;2 -> $(echo "$work" | sed 's/[^a-z\/].*//');3 -> /proc/;"
stop "$server"
chmod 755 "$work"
cc -shared -fPIC -std=gnu11 -D_GNU_SOURCE -I"$root/src/service" -o "$work/shows.so" "$root/tests/cli/tcpserver-objects.c"
serving object -HRl0 -v -n cert 127.0.0.1 0 "$work/shows.so"
reply=$(peer 127.0.0.1 "$port" 'hello sni=a.example\n')
like "a function in a shared object serves what is in TLS, and knows the facts" "$reply" '^SSL_TLS_SNI_SERVERNAME=a.example$'
like "... and has no other descriptors" "$reply" '^descriptors 0 1 2$'
logs "... and the log is as with a program" object ' end [0-9]+ status 0$'
stop "$server"

# --- options -------------------------------------------------------------------------------------------------

serving handed -HRl0 -s -n '' -i dir -a ca -L crl -f 'HIGH:!x' -M TLSv1_2 -N -S 7 -z -T 9 -j 3 -e h2,http/1.1 -Z 127.0.0.1 0 true
is "tcptls gets its options as they are" "$(sed -n 's/^start [0-9]* //p' "$TLS_FOLDER/notes")" \
  '[-H] [-s] [-n] [] [-i] [dir] [-a] [ca] [-L] [crl] [-f] [HIGH:!x] [-M] [TLSv1_2] [-N] [-S] [7] [-z] [-T] [9] [-j] [3] [-e] [h2,http/1.1] [-Z]'
stop "$server"
serving many -HRl0 -sNNNNNNNNNNNNNNNNNNNNN 127.0.0.1 0 true
is "... however often they are given" "$(sed -n 's/^start [0-9]* //p' "$TLS_FOLDER/notes")" \
  "[-H] [-s]$(printf ' [-N]%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21)"
stop "$server"
for option in "-i d" "-a f" "-L f" "-f x" "-M x" -N "-S 3" -z "-j 2" "-e h2" -Z; do
  # shellcheck disable=SC2086
  exits "$option without -n or -s is a usage error" 100 tcpserver $option 127.0.0.1 0 true
  like "... and the message names it" "$(cat "$work/err")" "^tcpserver: usage: option ${option%% *} needs TLS"
done
exits "-n without its argument is a usage error" 100 tcpserver -n
for code in 100 111; do
  keeper "exit $code"
  exits "tcptls exits $code at once: so does tcpserver" "$code" tcpserver -HRl0 -n cert 127.0.0.1 0 true
  keeper "exit-begin $code"
  exits "... also if it does when it has been told whom to serve" "$code" tcpserver -HRl0 -n cert 127.0.0.1 0 true
  is "... and leaves the reason to it" "$(cat "$work/err")" ''
done
keeper "exit 0"
exits "it exits 0: tcpserver exits 111" 111 tcpserver -HRl0 -n cert 127.0.0.1 0 true
is "... and says so" "$(cat "$work/err")" 'tcpserver: fatal: unable to speak TLS: tcptls has ended'
keeper kill
exits "it is killed: likewise" 111 tcpserver -HRl0 -n cert 127.0.0.1 0 true
is "... and says so" "$(cat "$work/err")" 'tcpserver: fatal: unable to speak TLS: tcptls has ended'
keeper silent
: > "$TLS_FOLDER/notes"
background early tcpserver -1 -HRl0 -n cert 127.0.0.1 0 true
noted 1 '^begin'
is "while tcptls is not ready tcpserver is not" "$(cat "$work/early.out")" ''
helper=$(pgrep -P "$pid")
stop
ok "... TERM ends it" ended "$pid"
ok "... and tcptls does" wait_for ended "$helper"
rm "$TLS_FOLDER/keeper"
mv "$work/bin/tcptls" "$work/bin/away"
exits "without tcptls there is no TLS" 111 tcpserver -HRl0 -n cert 127.0.0.1 0 true
is "... and tcpserver says what is missing" "$(cat "$work/err")" \
  "tcpserver: fatal: unable to run $work/bin/tcptls: No such file or directory (it is made where OpenSSL 3 is when ucspi-tcpmux is built)"
serve without -HRl0 127.0.0.1 0 echo served
is "... everything else works" "$(peer 127.0.0.1 "$port")" served
stop
mv "$work/bin/away" "$work/bin/tcptls"

# --- the banner, socket options --------------------------------------------------------------------------------

serving banner -HRl0 -v -B 'banner ' -n cert 127.0.0.1 0 sh -c 'echo program'
is "the banner comes inside TLS, before the program" "$(peer 127.0.0.1 "$port" 'hello\n')" 'banner program'
is "... and not without TLS" "$(peer 127.0.0.1 "$port" 'refuse no\n')" ''
stop "$server"
need strace strace
for options in '' -D -d -dD -Dd -A; do
  case $options in '' | -D | -dD) expected=1 ;; -A) expected='1 keepalive' ;; *) expected= ;; esac
  : > "$TLS_FOLDER/notes"
  # shellcheck disable=SC2086
  background options strace -o "$work/trace" -e trace=setsockopt,sendmsg tcpserver -1 -HRl0 $options -n cert 127.0.0.1 0 true
  serve_wait options
  peer 127.0.0.1 "$port" 'hello\n'
  kill -TERM "$(pgrep -P "$pid")"
  wait "$pid"
  is "TCP_NODELAY with TLS and '$options'" "$(sed -n '
    s/.*TCP_NODELAY, \[\(.\)\].*/\1/p
    s/.*SO_KEEPALIVE.*/keepalive/p' "$work/trace" | tr '\n' ' ' | sed 's/ $//')" "$expected"
done

# --- rules, limits, the log ------------------------------------------------------------------------------------

tcprules "$work/cdb" "$work/tmp" <<'RULES'
127.0.0.2:deny,DIEMSG="go away"
127.0.0.3:allow,COLOUR="green",SSL_CIPHER="overridden"
RULES
serving rules -HRl0 -v -x "$work/cdb" -C 2 -n cert 127.0.0.1 0 sh -c 'echo "$COLOUR $SSL_CIPHER $TCPCONNNUM"'
before=$(descriptors)
is "who is refused by a rule is told nothing in clear" "$(peer -b 127.0.0.2 127.0.0.1 "$port")" ''
logs "... the log knows why" rules 'deny 0 0:127\.0\.0\.1:[0-9]+ :127\.0\.0\.2::[0-9]+ rule 127\.0\.0\.2$'
is "... and he never gets to TLS" "$(notes '^open')" 0
is "a rule's variables get to the program, and go before those of TLS" \
  "$(peer -b 127.0.0.3 127.0.0.1 "$port" 'hello\n')" 'green overridden 1'
is "a refusal tells the client nothing" "$(peer 127.0.0.1 "$port" 'refuse certificate verify failed: 100% broken\n')" ''
logs "... and the log why" rules 'deny 0 0:127\.0\.0\.1:[0-9]+ :127\.0\.0\.1::[0-9]+ tls certificate verify failed: 100% broken$'
logs_times "... and there was no program" rules ' pid ' 1
ok "no descriptor is left" wait_for has_descriptors "$before"
crowd held 2 127.0.0.1 "$port" 127.0.0.4
is "-C counts handshakes" "$(peer -b 127.0.0.4 127.0.0.1 "$port")" ''
logs "... and says so" rules 'deny 0 .*127\.0\.0\.4::[0-9]+ perip 2$'
is "... others are served meanwhile" "$(peer -b 127.0.0.3 127.0.0.1 "$port" 'hello\n')" 'green overridden 1'
tell held reset
ok "... and no more when they have gone" wait_for has_descriptors "$before"
like "... then that client is served, too" "$(peer -b 127.0.0.4 127.0.0.1 "$port" 'hello\n')" '1$'
echo '127.0.0.5:deny,DIEMSG="too late"' | tcprules "$work/cdb" "$work/tmp"
stop "$server"

tcprules "$work/cdb" "$work/tmp" < /dev/null
serving changed -HRl0 -v -x "$work/cdb" -n cert 127.0.0.1 0 echo served
crowd late 1 127.0.0.1 "$port" 127.0.0.5
noted 1 '^open'
echo '127.0.0.5:deny,DIEMSG="too late"' | tcprules "$work/cdb" "$work/tmp"
cat > "$work/slow.pl" <<'PERL'
# slow.pl ADDRESS PORT FROM FILE: connects, says it is connected, sends a line when FILE is there, prints the answer
use strict; use warnings; use Socket;
my ($address, $port, $from, $file) = @ARGV;
socket(my $s, AF_INET, SOCK_STREAM, 0) or die;
bind($s, pack_sockaddr_in(0, inet_aton($from))) or die;
connect($s, pack_sockaddr_in($port, inet_aton($address))) or die;
$| = 1; print "connected\n";
select(undef, undef, undef, 0.01) until -e $file;
syswrite($s, "hello\n");
print while <$s>;
PERL
tell late reset
background slow perl "$work/slow.pl" 127.0.0.1 "$port" 127.0.0.6 "$work/go"
wait_for grep -q connected "$work/slow.out"
noted 2 '^open'
echo '127.0.0.6:deny,DIEMSG="too late"' | tcprules "$work/cdb" "$work/tmp"
touch "$work/go"
wait "$pid"
is "rules that change during the handshake hold, and what they say is inside TLS" "$(tail -n 1 "$work/slow.out" | tr -d '\r')" 'too late'
logs "... the log says so" changed 'deny 0 .*127\.0\.0\.6::[0-9]+ rule 127\.0\.0\.6$'
stop "$server"
rm "$work/go"
echo '127.0.0.6:allow,COLOUR="green"' | tcprules "$work/cdb" "$work/tmp"
serving vanished -HRl0 -v -x "$work/cdb" -X -n cert 127.0.0.1 0 sh -c 'echo "colour ${COLOUR-none}"'
background slow perl "$work/slow.pl" 127.0.0.1 "$port" 127.0.0.6 "$work/go"
noted 1 '^open'
rm "$work/cdb"
touch "$work/go"
wait "$pid"
is "... so do those that have vanished, where they may: nothing is left of them" "$(tail -n 1 "$work/slow.out")" 'colour none'
stop "$server"

# --- -c, -w ------------------------------------------------------------------------------------------------------

turns='echo "$TCPREMOTEIP" >> "$work/turns"; while [ -d "$work" ] && [ ! -e "$work/turn.$TCPREMOTEIP" ]; do sleep 0.01; done; echo served'
export work
has_turns()
{
  [ "$(wc -l < "$work/turns")" -ge "$1" ]
}
serving places -HRl0 -v -c 1 -n cert 127.0.0.1 0 sh -c "$turns"
before=$(descriptors)
crowd silent 20 127.0.0.1 "$port" 127.0.0.2
noted 20 '^open'
is "twenty handshakes cost no process" "$(pgrep -P "$server" | wc -l)" 1
ok "... and a descriptor each" wait_for has_descriptors "$((before + 20))"
is "... which is not the client's" "$(ss -tnp 2> /dev/null | grep -c "pid=$server,")" 0
crowd four 4 127.0.0.1 "$port" 127.0.0.11 127.0.0.12 127.0.0.13 127.0.0.14
noted 24 '^open'
tell four 'say 0 hello'
ok "... nor a place under -c: who has finished his is served" wait_for has_turns 1
is "... he, in spite of those that were before him" "$(cat "$work/turns")" 127.0.0.11
for n in 2 1 3; do
  before=$(notes '^done')
  tell four "say $n hello"
  noted "$((before + 1))" '^done'
  round_trips places
done
ok "... others who have finished theirs wait for a place" table_says places '1/1 connections, [0-9]+ addresses, 23 waiting'
is "... not one is served before there is one" "$(wc -l < "$work/turns")" 1
tell silent 'say 0 refuse not you'
logs "... whose handshake fails need not wait for that" places 'deny 0 .* tls not you$'
tell four 'reset 3'
ok "... who leaves meanwhile is let go" table_says places '1/1 connections, [0-9]+ addresses, 21 waiting'
touch "$work/turn.127.0.0.11"
ok "... then the next one" wait_for has_turns 2
touch "$work/turn.127.0.0.12" "$work/turn.127.0.0.13"
tell silent reset
tell four read
ok "... and they are all served" wait_for grep -q '^done' "$work/four.out"
is "... in the order in which they had finished" "$(tr '\n' ' ' < "$work/turns")" '127.0.0.11 127.0.0.13 127.0.0.12 '
is "... never two at once" "$(grep -c 'status: [2-9]/' "$work/places.log")" 0
stop "$server"

serving bounded -HRl0 -v -w 3 -n cert 127.0.0.1 0 echo served
crowd room 3 127.0.0.1 "$port" 127.0.0.2
noted 3 '^open'
crowd outside 1 127.0.0.1 "$port" 127.0.0.3
tell outside 'say 0 hello'
logs "with -w 3 three handshakes go on at a time" bounded '^tcpserver: warning: unable to accept connections: 3 wait for TLS already$'
is "... and nobody else's" "$(notes '^open')" 3
tell room 'say 1 refuse no'
tell outside read
ok "... till one of them is over" wait_for grep -q '^1 served;' "$work/outside.out"
stop "$server"

# --- -V, signals -------------------------------------------------------------------------------------------------

serving detail -HRl0 -V -n cert 127.0.0.1 0 sh -c 'read -r word; echo 12345678'
is "with -V" "$(peer 127.0.0.1 "$port" 'hello\nword\n')" 12345678
logs "... the octets on the wire are counted" detail ' end [0-9]+ status 0 exit 0 seconds [0-9.]+ in [1-9][0-9]* out [0-9]+ from 127\.0\.0\.1$'
stop "$server"

serving signals -HRl0 -v -n cert 127.0.0.1 0 sh -c 'echo begun; cat; echo ended'
kill -HUP "$server"
ok "HUP: tcptls is told to read its files again" noted 1 '^reload$'
crowd running 1 127.0.0.1 "$port" 127.0.0.2
noted 1 '^open'
tell running 'say 0 hello'
logs "TERM" signals ' ok '
kill -TERM "$server"
wait "$server"
is "... exits 0" "$?" 0
tell running 'say 0 after'
tell running half
tell running read
ok "... and leaves those alone that are served" wait_for grep -q '^1 begun;after;ended;' "$work/running.out"

serving alarm -HRl0 -v -n cert 127.0.0.1 0 echo served
crowd shaking 1 127.0.0.1 "$port" 127.0.0.2
noted 1 '^open'
kill -ALRM "$server"
ok "ALRM: nobody new is taken" wait_for sh -c "'$tools/peer' 127.0.0.1 $port | grep -q refused"
tell shaking 'say 0 hello'
tell shaking read
ok "... who was taken is served" wait_for grep -q '^1 served;' "$work/shaking.out"
wait "$server"
is "... and then it exits 0" "$?" 0
ok "... tcptls ends with it" wait_for ended "$(sed -n 's/^start \([0-9]*\).*/\1/p' "$TLS_FOLDER/notes")"

# --- names first ---------------------------------------------------------------------------------------------------

mkdir "$work/libexec" "$work/names"
cp "$root/tests/cli/tcpserver-names-helper.pl" "$work/libexec/tcplookup"
chmod 755 "$work/libexec/tcplookup"
NAMES_FOLDER=$work/names
export NAMES_FOLDER
cat > "$NAMES_FOLDER/behaviour" <<'TABLE'
127.0.0.2 answer host=bad.example
127.0.0.3 hold
* later host=good.example info=joe
TABLE
tcprules "$work/cdb" "$work/tmp" <<'RULES'
=bad.example:deny
=good.example:allow,GREETING="hello"
RULES
serving named -l0 -v -C 5 -c 1 -x "$work/cdb" -n cert 127.0.0.1 0 sh -c 'echo "$TCPREMOTEHOST $TCPREMOTEINFO $GREETING $SSL_PROTOCOL"; while [ -d "$work" ] && [ ! -e "$work/end" ]; do sleep 0.01; done'
before=$(descriptors)
is "who is refused by name" "$(peer -b 127.0.0.2 127.0.0.1 "$port")" ''
is "... never gets to TLS" "$(notes '^open')" 0
crowd both 2 127.0.0.1 "$port" 127.0.0.4
crowd nameless 1 127.0.0.1 "$port" 127.0.0.3
tell both 'say * hello'
wait_for sh -c "[ \"\$(grep -c '^peer' '$NAMES_FOLDER/asked')\" -ge 4 ]"
is "nobody gets there before his name is known" "$(notes '^open')" 0
echo reverse > "$NAMES_FOLDER/release"
ok "with -c 1 both get there nevertheless when they are" noted 2 '^open'
touch "$work/end"
tell both read
ok "who has waited for his name waits for TLS, and is then served with both" \
  wait_for grep -q '^2 good.example joe hello TLSv1.3;' "$work/both.out"
tell nameless reset
ok "... no descriptor is left" wait_for has_descriptors "$before"
stop "$server"
done_testing
