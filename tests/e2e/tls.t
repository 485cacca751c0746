#!/bin/sh
# What bad input gets from tcpserver -n: clients that speak something else, or no good TLS, or stop in the middle; bad
# certificates, bad keys; programs that misbehave, and the helper's death under load. With openssl's client, and octets that
# no library would send. Each time: nothing in the clear, no program, a reason in the log, and others are served.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/tls.sh"
. "$root/tests/cli/tcpserver-clients.sh"
need perl perl
need pgrep procps
ulimit -S -n 4096 2> /dev/null
good=$certs/server.pem

raw()
{
  timeout 60 perl "$root/tests/tls/raw.pl" "$port" "$@"
}
# refused NAME SERVER ERE cmd…: passes if one client more is refused by the command, for that reason
refused()
{
  refused_name=$1
  refused_server=$2
  refused_ere=$3
  shift 3
  refused_before=$(refusals "$refused_server")
  "$@" > "$work/out" 2>&1
  wait_for has_refusals "$refused_server" "$((refused_before + 1))"
  like "$refused_name" "$(grep '^tcpserver: deny 0 ' "$work/$refused_server.log" | tail -n +"$((refused_before + 1))")" \
    "^tcpserver: deny 0 0:127\\.0\\.0\\.1:$port :127\\.0\\.0\\.1::[0-9]+ tls ($refused_ere)\$"
}
# What openssl's client gets, till the server ends the connection.
says()
{
  says_port=$1
  shift
  echo hello | timeout 20 openssl s_client -quiet -connect "127.0.0.1:$says_port" "$@" 2> "$work/says"
}

# --- what is offered -------------------------------------------------------------------------------------------------

serving offered -v -HRl0 -n "$good" 127.0.0.1 0 echo served
is 'ECDSA: of all ciphers six are taken, three of TLS 1.2 and three of TLS 1.3' "$(raw ciphers)" 'c02b c02c cca9 1301 1302 1303'
is '… the server chooses' "$(raw choice c02c,c02b,cca9)" c02b
is '… but for clients whose processor has no AES' "$(raw choice cca9,c02c,c02b)" cca9
is '… and of all groups three' "$(raw groups)" '0017 0018 001d'
is '… and TLS 1.2 and 1.3' "$(raw versions)" '0303 0304'
stop
serving rsa -v -HRl0 -n "$certs/server-rsa.pem" 127.0.0.1 0 echo served
is 'RSA: six likewise' "$(raw ciphers)" 'c02f c030 cca8 1301 1302 1303'
stop
serving all -v -HRl0 -f 'ALL:COMPLEMENTOFALL:@SECLEVEL=0' -n "$certs/server-rsa.pem" 127.0.0.1 0 echo served
all=$(raw ciphers)
like 'With all that OpenSSL has in -f, more are taken' "$all" '\<002f\>'
unlike '… but none without encryption, or without authentication' "$all" \
  '\<(000[0-2]|00(17|18|19|1a|1b|2c|2d|2e|34|3a|3b|46|6c|6d|89|9b|a6|a7|b0|b1|b4|b5|b8|b9|bf|c5)|c0(01|06|0b|10|15|16|17|18|19|39|3a|3b))\>'
stop
serving old -v -HRl0 -M TLSv1 -n "$good" 127.0.0.1 0 echo served
is 'With -M TLSv1 old clients are served' "$(raw versions)" '0301 0302 0303 0304'
stop
serving version -v -HRl0 -M TLSv1_2 -n "$good" 127.0.0.1 0 echo served
is '-M TLSv1_2 needs no ciphers' "$(raw versions)" '0303 0304'
stop
TLS_CIPHER_LIST=HIGH serving high -v -HRl0 -n "$good" 127.0.0.1 0 sh -c 'echo "served${TLS_PROVIDER-}"'
is '$TLS_CIPHER_LIST may be HIGH' "$(says "$port" -tls1_2)" served
is '… for TLS 1.3, too, and without -z there is no TLS_PROVIDER' "$(says "$port" -tls1_3)" served
stop

# --- who speaks no TLS, or no good one -----------------------------------------------------------------------------------

serving bad -v -HRl0 -B 'banner ' -S 20 -j 1 -n "$good" 127.0.0.1 0 echo served
before=$(descriptors)
# The worker's; only root may see them.
worker_descriptors()
{
  [ "$(id -u)" != 0 ] || ls "/proc/$(workers)/fd" | wc -l
}
# Once it has begun: when it has as many as a moment before.
worker_has_begun()
{
  [ -n "$(workers)" ] && worker_before=$(worker_descriptors) && sleep 0.1 && worker_has_as_before
}
worker_has_as_before()
{
  [ "$(worker_descriptors)" = "$worker_before" ]
}
wait_for worker_has_begun
while read -r what answer reason; do
  refused "$what" bad "$reason" raw send "$what"
  like '… gets an alert or nothing' "$(cat "$work/out")" "^($answer)\$"
done <<'LIST'
http nothing http request
https-proxy nothing https proxy request
smtp nothing wrong version number
garbage nothing wrong version number
zeros nothing wrong version number
ones nothing wrong version number
sslv2 alert.70 unknown protocol
sslv3 alert.40 version too low
tls1.0 alert.70 unsupported protocol
tls1.1 alert.70 unsupported protocol
no-cipher alert.40 no shared cipher
no-null-compression alert.50 no compression specified
no-group alert.40 no suitable key share
long-record alert.22 packet length too long
long-message alert.47|nothing excessive message size
empty-records alert.10 record too small
cut-extensions alert.50 bad extension
alert alert.10 unexpected message
warnings alert.10 unexpected message
data-first alert.10 unexpected message
changes-first alert.10 unexpected message
server-hello alert.10 unexpected message
heartbeat alert.10 unexpected message
hello-and-garbage alert.70.hello wrong version number
hello13-and-garbage hello.sealed wrong version number
hello-twice alert.70.hello wrong version number
hello13-and-data hello.sealed decryption failed or bad record mac
LIST
for old in tls1 tls1_1; do
  refused "openssl's client that speaks nothing but $old" bad 'unsupported protocol' says "$port" "-$old" -cipher 'ALL:@SECLEVEL=0'
  unlike '… sees nothing of the program' "$(cat "$work/out")" 'banner|served'
done
for weak in eNULL aNULL AES128-SHA AES128-GCM-SHA256 DHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES128-SHA; do
  refused "openssl's client that speaks nothing but $weak" bad 'no shared cipher' says "$port" -tls1_2 -cipher "$weak:@SECLEVEL=0"
done
is 'Not one of them cost a program' "$(grep -c ' ok ' "$work/bad.log")" 0
is '… nor a descriptor that is left' "$(wait_for has_descriptors "$before"; descriptors)" "$before"
is '… in tcptls either' "$(wait_for worker_has_as_before; worker_descriptors)" "$worker_before"
is '… nor a worker' "$(grep -c 'worker' "$work/bad.log")" 0
is '… others are served' "$(says "$port")" 'banner served'
stop "$server"

serving slow -v -HRl0 -S 2 -c 5 -n "$good" 127.0.0.1 0 echo served
background drip perl "$root/tests/tls/raw.pl" "$port" slow 50
drip=$pid
is 'While fifty say their hello an octet at a time another is served' "$(says "$port")" served
wait "$drip"
like '… and -S ends them all in time' "$(cat "$work/drip.out")" '^50 ended in ([2-9]|1[0-5]) seconds$'
wait_for has_refusals slow 50
logs_times '… for that reason' slow ' tls no handshake in time$' 50
stop "$server"

# --- who stops in the middle -----------------------------------------------------------------------------------------------

for version in 3 2; do
  for how in end reset; do
    serving cut -v -HRl0 -n "$good" 127.0.0.1 0 "$tools/service" count
    before=$(descriptors)
    result=$(timeout 200 perl "$root/tests/tls/cut.pl" "$port" 3 "$how" client \
      "$tools/client" "-$version" 127.0.0.1 PORT)
    count=${result%% *}
    ok "TLS 1.$version, $how after every third octet of the client's: ${result%:*}" test "$count" -gt 90
    ok '… each is in the log' wait_for sh -c '[ "$(grep -cE "^tcpserver: (deny|end) " "$1")" -gt "$2" ]' sh "$work/cut.log" "$count"
    is '… before the handshake was over it was refused' \
      "$(sed -n 's/.* deny .* tls //p' "$work/cut.log" | sort -u | tr '\n' ';')" \
      "$(case $how in end) echo 'unexpected eof while reading;' ;; *) echo 'connection reset by peer;' ;; esac)"
    logs_times '… after it the program saw a reset, never an end, but once' cut ' status 1792$' 1
    is '… and nothing else' "$(grep ' end ' "$work/cut.log" | grep -cvE ' status (1792|2304)$')" 0
    is '… no descriptor is left' "$(wait_for has_descriptors "$before"; descriptors)" "$before"
    stop "$server"
  done
done

serving cut-client -v -HRl0 -n "$good" 127.0.0.1 0 "$tools/service" first 1000
for how in end reset; do
  result=$(timeout 200 perl "$root/tests/tls/cut.pl" "$port" 23 "$how" server \
    tcpclient -RHl0 -q -n '' -c "$certs/ca.crt" 127.0.0.1 PORT sh -c 'cat <&6 2> /dev/null || exit 3')
  ok "$how after octets of the server's: ${result%:*}" test "${result%% *}" -gt 70
  is '… tcpclient runs no program before the handshake is over, and one sees a reset after it, never an end' "${result#*: }" '3 111'
done
stop "$server"

# --- renegotiation -----------------------------------------------------------------------------------------------------------

# renegotiates NAME OPTION…: a client of TLS 1.2 that wants to, between two lines; passes if both come back
renegotiates()
{
  # shellcheck disable=SC2086
  serving "$1" -v -HRl0 -n "$good" $2 127.0.0.1 0 cat
  rm -f "$work/to"
  mkfifo "$work/to"
  timeout 20 openssl s_client -tls1_2 -connect "127.0.0.1:$port" < "$work/to" > "$work/renegotiation" 2>&1 &
  asking=$!
  exec 3> "$work/to"
  echo first >&3
  wait_for grep -q '^first' "$work/renegotiation"
  echo R >&3
  wait_for grep -q RENEGOTIATING "$work/renegotiation"
  wait_for sh -c '! kill -0 "$1" 2> "$3" || grep -qE "no renegotiation|^verify return" "$2"' sh "$asking" "$work/renegotiation" "$work/err"
  sleep 0.3
  echo second >&3 2> "$work/err"
  wait_for sh -c '! kill -0 "$1" 2> "$3" || grep -q "^second" "$2"' sh "$asking" "$work/renegotiation" "$work/err"
  exec 3>&-
  wait "$asking"
  grep -q '^second' "$work/renegotiation"
}
trap '' PIPE
not_ok 'A client of TLS 1.2 may not renegotiate' renegotiates without ''
ok '… and is told so' grep -q 'no renegotiation' "$work/renegotiation"
is '… others are served' "$(client -2 127.0.0.1 "$port" hello)" hello
stop "$server"
ok '… unless -N' renegotiates with -N
stop "$server"

# --- client certificates ---------------------------------------------------------------------------------------------------------

serving wanted -v -HRl0 -a "$certs/ca.pem" -L "$certs/crl-all.pem" -n "$good" 127.0.0.1 0 echo served
for version in tls1_3 tls1_2; do
  is "$version: a client with a certificate is served" "$(says "$port" -$version -cert "$certs/client.pem")" served
  is '… also from below another CA' \
    "$(says "$port" -$version -cert "$certs/client-chain.pem" -cert_chain "$certs/intermediate.crt")" served
  refused '… not one without that CA' wanted 'certificate verify failed: unable to get (local )?issuer certificate' \
    says "$port" -$version -cert "$certs/client-chain.crt" -key "$certs/client-chain.key"
  refused '… not one without a certificate' wanted 'peer did not return a certificate' says "$port" -$version
  unlike '… who sees nothing of the program' "$(cat "$work/out")" served
  while read -r bad reason; do
    refused "… not one whose certificate is no good: $bad" wanted "certificate verify failed: $reason" \
      says "$port" -$version -cert "$certs/client-$bad.pem"
    unlike '… who sees nothing of the program' "$(cat "$work/out")" served
  done <<'LIST'
expired certificate has expired
not-yet certificate is not yet valid
revoked certificate revoked
other-ca unable to get local issuer certificate
self-signed self.signed certificate
purpose (unsuitable|unsupported) certificate purpose
LIST
done
logs_times 'Nobody else has had a program' wanted ' ok ' 4
stop "$server"
for list in crl:client-chain:'unable to get certificate CRL' crl-expired:client:'CRL has expired'; do
  who=${list#*:}
  serving "list-${list%%:*}" -v -HRl0 -a "$certs/ca.pem" -L "$certs/${list%%:*}.pem" -n "$good" 127.0.0.1 0 echo served
  refused "A list that does not say: ${who#*:}" "list-${list%%:*}" "certificate verify failed: ([Uu]nable to get certificate CRL|CRL has expired|crl has expired|unable to get certificate crl)" \
    says "$port" -cert "$certs/${who%%:*}.pem" -cert_chain "$certs/intermediate.crt"
  stop "$server"
done

# --- files that change, HUP -------------------------------------------------------------------------------------------------------

cp "$certs/crl-nobody.pem" "$work/crl.pem"
cat "$certs/ca.pem" "$certs/other-ca.pem" > "$work/authorities.pem"
cp "$good" "$work/live.pem"
serving live -v -HRl0 -j 2 -a "$certs/ca.pem" -L "$work/crl.pem" -n "$work/live.pem" 127.0.0.1 0 echo served
ticket="-tls1_2 -cert $certs/client-revoked.pem"
# shellcheck disable=SC2086
is 'Who is not revoked yet is served' "$(says "$port" $ticket -sess_out "$work/session")" served
# shellcheck disable=SC2086
like '… and may come back with his session' \
  "$(printf 'x\n' | timeout 20 openssl s_client $ticket -no_ign_eof -connect "127.0.0.1:$port" -sess_in "$work/session" 2>&1)" '^Reused'
cp "$certs/crl.pem" "$work/crl.pem"
kill -HUP "$server"
is_revoked()
{
  for is_revoked_worker in 1 2; do
    says "$port" -cert "$certs/client-revoked.pem" | grep -q served && return 1
  done
  return 0
}
ok 'HUP: a new list is taken, by all workers' wait_for is_revoked
# shellcheck disable=SC2086
refused '… and a session of before is no way around it' live 'certificate verify failed: certificate revoked' \
  says "$port" $ticket -sess_in "$work/session"
is '… others are served' "$(says "$port" -cert "$certs/client.pem")" served
stays()
{
  [ "$(grep -c "^tcptls: warning: keys and certificates stay as they were: .*$1" "$work/live.log")" = "$2" ]
}
turn=0
for bad in server-mismatch cut garbage empty no-key; do
  turn=$((turn + 1))
  cp "$certs/$bad.pem" "$work/live.pem"
  kill -HUP "$server"
  ok "HUP with $bad.pem: the log tells" wait_for stays 'live\.pem' "$turn"
  is '… and the old one serves' "$(says "$port" -cert "$certs/client.pem" -CAfile "$certs/ca.pem" -verify_return_error)" served
done
cp "$certs/garbage.pem" "$work/crl.pem"
cp "$good" "$work/live.pem"
kill -HUP "$server"
ok 'HUP with a list that is none: the log tells' wait_for stays 'crl\.pem' 1
is '… and the old one counts' "$(says "$port" -cert "$certs/client-revoked.pem" | grep -c served)" 0
stop "$server"

# --- keys -----------------------------------------------------------------------------------------------------------------------------

for bad in server-mismatch garbage empty cut no-key no-certificate server-encrypted none; do
  exits "tcpserver does not start with $bad.pem" 111 timeout 20 tcpserver -HRl0 -n "$certs/$bad.pem" 127.0.0.1 0 true
  like '… and says which file it is' "$(cat "$work/err")" "^tcptls: fatal: .*/$bad\\.pem"
done
chmod 755 "$work"
cp "$good" "$work/key.pem"
if [ "$(id -u)" = 0 ]; then
  need setpriv util-linux
  chmod 600 "$work/key.pem"
  as_nobody='setpriv --reuid 65534 --regid 65534 --clear-groups'
else
  chmod 000 "$work/key.pem"
  as_nobody=
fi
# shellcheck disable=SC2086
exits 'tcpserver does not start with a key that it may not read' 111 timeout 20 $as_nobody tcpserver -HRl0 -n "$work/key.pem" 127.0.0.1 0 true
like '… and says so' "$(cat "$work/err")" '^tcptls: fatal: .*/key\.pem: Permission denied'
chmod 600 "$work/key.pem"
serving private -v -HRl0 -n "$work/key.pem" 127.0.0.1 0 echo served
is 'A private key' "$(says "$port")" served
unlike '… is nothing to warn about' "$(cat "$work/private.log")" 'warning'
stop "$server"
chmod 604 "$work/key.pem"
serving public -v -HRl0 -n "$work/key.pem" 127.0.0.1 0 echo served
is 'One that everybody may read serves' "$(says "$port")" served
logs '… with a warning' public '^tcptls: warning: .*/key\.pem: everybody may read the private key in it$'
stop "$server"

# The key itself, as it is in the file and as OpenSSL has it, in what a process has in memory.
cat > "$work/has-key" <<'SCRIPT'
use strict; use warnings;
my ($pid, $file, $scalar) = @ARGV;
my @words = (pack('H*', $scalar), scalar reverse(pack('H*', $scalar)));
open my $in, '<', $file or die; while (<$in>) { chomp; push @words, $_ and last if /^MI/ }
open my $maps, '<', "/proc/$pid/maps" or do { print "unreadable\n"; exit };
open my $memory, '<:raw', "/proc/$pid/mem" or do { print "unreadable\n"; exit };
while (<$maps>) {
  my ($from, $to) = /^([0-9a-f]+)-([0-9a-f]+) r/ or next;
  next if /\[v(var|syscall)/;
  no warnings 'portable';
  my $at = hex $from; my $left = hex($to) - $at; my $tail = '';
  next if $left > 1 << 28 or !sysseek($memory, $at, 0);
  while ($left > 0) {
    my $n = sysread($memory, my $octets, $left < 1 << 20 ? $left : 1 << 20) or last;
    $octets = $tail . $octets;
    for my $word (@words) { if (index($octets, $word) >= 0) { print "found\n"; exit } }
    $tail = substr($octets, -100) if length $octets > 100;
    $left -= $n;
  }
}
print "none\n";
SCRIPT
if [ "$(id -u)" = 0 ]; then
  scalar=$(openssl ec -in "$certs/server.key" -noout -text 2> /dev/null | sed -n '/^priv:/,/^pub:/p' | grep '^ ' | tr -d ' :\n')
  has_key()
  {
    perl "$work/has-key" "$1" "$good" "$scalar"
  }
  serving memory -v -HRl0 -u 65534 -g 65534 -j 1 -n "$good" 127.0.0.1 0 cat
  keep_client kept "$tools/client" -h 127.0.0.1 "$port" x
  is 'The key is in the memory of the worker' "$(has_key "$(workers)")" found
  is '… not in that of tcpserver' "$(has_key "$server")" none
  program=$(wait_for pgrep -P "$server" -x cat)
  is '… nor of the program' "$(has_key "$program")" none
  stop "$server"
fi
serving quick -v -HRl0 -j 1 -n "$good" 127.0.0.1 0 echo served
is 'Nothing is computed for long at the start' "$(awk '$14 + $15 > 50' "/proc/$(workers)/stat" "/proc/$(keepers)/stat")" ''
stop "$server"
serving workers -v -HRl0 -n "$good" 127.0.0.1 0 echo served
processors=$(nproc)
[ "$processors" -lt 4 ] || processors=4
has_workers() { [ "$(workers | wc -l)" = "$1" ]; }
is 'There are as many workers as processors, up to four' "$(wait_for has_workers "$processors"; workers | wc -l)" "$processors"
stop "$server"

# --- programs ------------------------------------------------------------------------------------------------------------------------------

serving status -v -HRl0 -n "$good" 127.0.0.1 0 sh -c 'read -r what; eval "$what"'
is 'The exit status of the program' "$(client 127.0.0.1 "$port" 'echo bye; exit 7\n')" bye
logs '… is in the log' status '^tcpserver: end [0-9]+ status 1792$'
client 127.0.0.1 "$port" 'kill -KILL $$\n' > "$work/out"
logs '… so is the signal that killed it' status '^tcpserver: end [0-9]+ status 9$'
client 127.0.0.1 "$port" 'exit 0\n' > "$work/out"
logs '… so is success' status '^tcpserver: end [0-9]+ status 0$'
stop "$server"

serving deaf -v -HRl0 -j 1 -n "$good" 127.0.0.1 0 "$tools/service" deaf "$work/hear"
memory()
{
  awk '/^VmRSS/ { print $2 }' "/proc/$(workers)/status"
}
first=$(memory)
background pushing "$tools/client" -b 20000000 127.0.0.1 "$port"
pushing=$pid
said()
{
  sed -n 's/^wchar: //p' "/proc/$pushing/io"
}
is_stuck()
{
  said_before=$(said)
  sleep 0.3
  [ "$said_before" -gt 100000 ] && [ "$(said)" = "$said_before" ]
}
ok 'A client of a program that does not read can say no more' wait_for is_stuck
ok '… tcptls holds next to nothing of it' test "$(($(memory) - first))" -lt 2000
touch "$work/hear"
wait "$pushing"
is '… when the program reads it gets all' "$(tail -n 1 "$work/pushing.out")" 20000000
rm "$work/hear"
keep_client giving "$tools/client" -h -b 30000 127.0.0.1 "$port"
giving=$pid
kill -KILL "$giving"
touch "$work/hear"
ok 'One whose client has gone meanwhile' wait_for has_ends deaf 2
logs '… sees a reset, or can say nothing' deaf '^tcpserver: end [0-9]+ status (2304|2816|13)$'
stop "$server"
serving full -v -HRl0 -j 1 -n "$good" 127.0.0.1 0 "$tools/service" first 50000000
first=$(memory)
keep_client unheard "$tools/client" -h 127.0.0.1 "$port"
unheard=$pid
pushing=$(wait_for pgrep -P "$server" -x service)
ok 'A program whose client does not read can say no more' wait_for is_stuck
ok '… tcptls holds next to nothing of it' test "$(($(memory) - first))" -lt 2000
kill -KILL "$unheard"
logs '… when the client has gone it can say nothing at all' full '^tcpserver: end [0-9]+ status (2816|13)$'
stop "$server"

serving idle -v -HRl0 -T 1 -n "$good" 127.0.0.1 0 "$tools/service" count
is '-T: a connection on which nothing moves is ended in order' "$(client -w keep 127.0.0.1 "$port" x; echo $?)" 0
logs '… and the program sees a reset' idle '^tcpserver: end [0-9]+ status 2304$'
stop "$server"

# --- the helper dies under load ---------------------------------------------------------------------------------------------------------------

has_children() { [ "$(pgrep -P "$server" | wc -l)" = "$1" ]; }
serving death -v -HRl0 -j 2 -c 200 -n "$good" 127.0.0.1 0 "$tools/service" count
before=$(descriptors)
keep_client held "$tools/client" -m 60 127.0.0.1 "$port" x
held=$pid
is 'Sixty connections cost a process each, and tcptls' "$(wait_for has_children 61; pgrep -P "$server" | wc -l)" 61
for lane in 1 2; do
  background "load$lane" sh -c 'while [ ! -e "$1/enough" ]; do "$1/client" -n 50 127.0.0.1 "$2"; done' sh "$work" "$port"
  eval "load$lane=\$pid"
done
wait_for has_ends death 100
kill -KILL "$(workers | head -n 1)"
began=$(date +%s%N)
is 'A worker is killed under load: new clients are served' "$(client -n 4 127.0.0.1 "$port")" 0
ok '… and do not wait for long' test "$((($(date +%s%N) - began) / 1000000))" -lt 10000
resets()
{
  [ "$(grep -c '^tcpserver: end [0-9]* status 2304$' "$work/death.log")" -ge "$1" ]
}
ok '… programs see a reset' wait_for resets 20
ok '… there are two again' wait_for sh -c '[ "$(pgrep -P "$1" | wc -l)" = 2 ]' sh "$(keepers)"
kept=$(keepers)
kill -KILL "$kept"
began=$(date +%s%N)
is 'The keeper is killed under load: new clients are served' "$(client -n 4 127.0.0.1 "$port")" 0
ok '… and do not wait for long' test "$((($(date +%s%N) - began) / 1000000))" -lt 10000
new_keeper()
{
  [ -n "$(keepers)" ] && [ "$(keepers)" != "$kept" ] && [ -n "$(workers)" ]
}
ok '… there is another' wait_for new_keeper
is '… and a worker of that serves' "$(client -n 20 127.0.0.1 "$port")" 0
touch "$work/enough"
# shellcheck disable=SC2154
wait "$load1" "$load2"
echo > "$work/held.in"
wait "$held"
like 'Of the sixty, those of the other worker have gone on through all that' "$(tail -n 1 "$work/held.out")" \
  '^[23][0-9] answered, [23][0-9] cut off$'
cut=$(sed -n 's/.* answered, \([0-9]*\) cut off$/\1/p' "$work/held.out")
ok "… and the programs of $cut others have all seen a reset" wait_for resets "${cut:-60}"
is '… and no descriptor is left' "$(wait_for has_descriptors "$before"; descriptors)" "$before"
kill -TERM "$server"
wait "$server"
is 'TERM ends it' "$?" 0
done_testing
