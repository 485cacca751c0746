#!/bin/sh
# tcpserver -Y: who is let in and who is not, that nothing but the header is taken from the connection, and that from then
# on the client is meant and no longer the proxy. The proxies are tcpserver-proxy.pl, tcpclient -y, and HAProxy.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpserver-clients.sh"
. "$root/tests/examples.sh"
. "$root/tests/haproxy.sh"
need openssl openssl
ulimit -S -n 8192 2> /dev/null

serving()
{
  serve "$@"
  server=$pid
}
# proxy args…: tcpserver-proxy.pl from 127.0.0.1 to the server
proxy()
{
  timeout 60 perl "$root/tests/cli/tcpserver-proxy.pl" "$@"
}
sends()
{
  proxy 127.0.0.1 "$port" send "$@"
}
reasons()
{
  sed -n 's/^tcpserver: deny 0 .* proxy //p' "$work/$1.log"
}
# wait_reasons NAME N: till there are so many; clients see their ends before
wait_reasons()
{
  wait_for has_times "$1" '^tcpserver: deny 0 .* proxy ' "$2"
}
no_program()
{
  ! pgrep -P "$server" > "$work/programs"
}
show='echo "$TCPREMOTEIP $TCPREMOTEPORT $TCPLOCALIP $TCPLOCALPORT ${TCPPROXYIP-none} ${TCPPROXYPORT-none} $PROTO"; cat'

# --- in time, or not: they take their time while the rest goes on ---------------------------------------------------

serving late -v -HRl0 -Y 127.0.0.1 127.0.0.1 0 sh -c "$show"
late=$server
ticks()
{
  awk '{ print $14 + $15 }' "/proc/$late/stat"
}
late_ticks=$(ticks)
proxy 127.0.0.1 "$port" late > "$work/late.took" &
late_client=$!

# --- what is served -------------------------------------------------------------------------------------------------

serving plain -v -HRl0 -Y 10.0.0.0/8,127.0.0.1,127.0.0.8/30 127.0.0.1 0 sh -c "$show"
while read -r header expected; do
  is "$header: the program is told of the client, the log, too" "$(sends "$header")" "$expected"
done <<'LIST'
v1 192.0.2.7 4242 198.51.100.1 25 127.0.0.1 # TCP
v1-6 2001:db8::7 4242 2001:db8::1 25 127.0.0.1 # TCP6
v2 192.0.2.7 4242 198.51.100.1 25 127.0.0.1 # TCP
v2-6 2001:db8::7 4242 2001:db8::1 25 127.0.0.1 # TCP6
v2-mapped 192.0.2.7 4242 198.51.100.1 25 127.0.0.1 # TCP
v2-facts 192.0.2.7 4242 198.51.100.1 25 127.0.0.1 # TCP
v2-long 192.0.2.7 4242 198.51.100.1 25 127.0.0.1 # TCP
LIST
is "... in each line" "$(sed -n 's/^tcpserver: \(ok [0-9]*\|pid [0-9]* from\) //p' "$work/plain.log" | sort | uniq -c | tr -s ' ' | tr '\n' ';')" \
  ' 5 0:198.51.100.1:25 :192.0.2.7::4242; 2 0:[2001:db8::1]:25 :[2001:db8::7]::4242; 5 192.0.2.7; 2 [2001:db8::7];'
is "local: the connection is the proxy's own" "$(sends local)" "127.0.0.1 # 127.0.0.1 $port none none TCP"
is "... whatever else it says" "$(sends local-family)" "127.0.0.1 # 127.0.0.1 $port none none TCP"
for header in v1 v2 v2-facts; do
  is "$header: what follows in the same packet arrives whole" "$(sends $header "$(seq 2000)" | tail -n +2)" "$(seq 2000)"
  is "... another header, too" "$(sends $header 'PROXY TCP4 1.1.1.1 2.2.2.2 3 4' | tail -n 1)" 'PROXY TCP4 1.1.1.1 2.2.2.2 3 4'
  is "... and octet by octet" "$(proxy 127.0.0.1 "$port" bytes $header hello | tail -n 1)" hello
done
is "an address of a network is a proxy's" "$(proxy -b 127.0.0.11 127.0.0.1 "$port" send v1)" '192.0.2.7 4242 198.51.100.1 25 127.0.0.11 # TCP'
unlike "nobody was refused" "$(cat "$work/plain.log")" deny

# --- what is not ----------------------------------------------------------------------------------------------------

for header in v1 v2 v2-facts; do
  proxy 127.0.0.1 "$port" cut $header
done > "$work/cut"
is "half a header is none, wherever it ends" "$(cut -d ' ' -f 1 "$work/cut" | tr '\n' ' ')" '0 0 0 '
cut=$(awk '{ n += $3 } END { print n }' "$work/cut")
wait_reasons plain "$cut"
is "... which the log tells of each" "$(reasons plain | sort | uniq -c | tr -s ' ' | tr '\n' ';')" \
  " 3 header: none before the connection's end; $((cut - 3)) header: not whole at the connection's end;"
before=$(reasons plain | wc -l)
is "a header that is wrong is refused at once, without an answer" "$(proxy 127.0.0.1 "$port" bad)" done
proxy reasons | sed 's/^/header: /' > "$work/expected"
wait_reasons plain $((before + $(wc -l < "$work/expected")))
is "... with what is wrong" "$(reasons plain | tail -n +$((before + 1)))" "$(cat "$work/expected")"
before=$(reasons plain | wc -l)
for header in unknown unknown-tcp unspecified datagram unix; do
  is "$header: who does not say who the client is is refused" "$(sends "$header" hello)" ''
done
wait_reasons plain $((before + 5))
is "... with the reason" "$(reasons plain | tail -n +$((before + 1)) | uniq -c | tr -s ' ' | tr '\n' ';')" \
  " 4 header: without the client's address; 1 header: of a client without an IP address;"
is "who is no proxy is refused, header or not" "$(proxy -b 127.0.0.7 127.0.0.1 "$port" send v1)$(proxy -b 127.0.0.12 127.0.0.1 "$port" send nothing hello)" ''
wait_reasons plain $((before + 7))
is "... which the log tells, with the address" "$(sed -n 's/^tcpserver: deny 0 .* :\(.*\)::[0-9]* proxy not listed$/\1/p' "$work/plain.log" | tr '\n' ' ')" '127.0.0.7 127.0.0.12 '
proxy 127.0.0.1 "$port" reset v1
is "a header and a reset: whoever is next is served" "$(sends v1 | cut -d ' ' -f 1)" 192.0.2.7
stop "$server"

# --- the environment ------------------------------------------------------------------------------------------------

PROXY_AUTHORITY=old PROXY_SSL_CN=old TCPPROXYIP=old TCP6PROXYPORT=old PROXY_HOME=kept
export PROXY_AUTHORITY PROXY_SSL_CN TCPPROXYIP TCP6PROXYPORT PROXY_HOME
serving facts -HRl0 -Y 127.0.0.1 127.0.0.1 0 sh -c 'env | grep -E "^(PROXY_|TCP6?PROXY)" | sort'
is "what the proxy says besides is in the environment" "$(sends v2-facts | sed 's/PORT=.*/PORT=#/')" "PROXY_ALPN=h2
PROXY_AUTHORITY=mail.example.org
PROXY_HOME=kept
PROXY_NETNS=blue
PROXY_SSL_CIPHER=AES
PROXY_SSL_CN=$(printf 'Jos\303\251')
PROXY_SSL_KEY_ALG=RSA
PROXY_SSL_SIG_ALG=SHA256
PROXY_SSL_VERSION=TLSv1.3
PROXY_UNIQUE_ID=unique-1
TCP6PROXYIP=::ffff:127.0.0.1
TCP6PROXYPORT=#
TCPPROXYIP=127.0.0.1
TCPPROXYPORT=#"
is "... and nothing that was inherited" "$(sends v1 | sed 's/PORT=.*/PORT=#/' | tr '\n' ' ')" \
  'PROXY_HOME=kept TCP6PROXYIP=::ffff:127.0.0.1 TCP6PROXYPORT=# TCPPROXYIP=127.0.0.1 TCPPROXYPORT=# '
is "... of the proxy's own connection not even that" "$(sends local)" PROXY_HOME=kept
stop "$server"
serving none -HRl0 127.0.0.1 0 sh -c 'env | grep -E "^(PROXY_|TCP6?PROXY)" | sort'
is "... nor without -Y" "$(peer 127.0.0.1 "$port")" PROXY_HOME=kept
stop "$server"
unset PROXY_AUTHORITY PROXY_SSL_CN TCPPROXYIP TCP6PROXYPORT PROXY_HOME
serving env -HRl0 -Y 127.0.0.1 127.0.0.1 0 tcp-env -HRl1 sh -c 'echo "$TCPREMOTEIP $TCPLOCALIP $TCPLOCALHOST"'
is "tcp-env lets the description stand" "$(sends v1)" '192.0.2.7 198.51.100.1 0'
stop "$server"

# --- rules, limits, banner ------------------------------------------------------------------------------------------

tcprules "$work/cdb" "$work/tmp" << 'RULES'
192.0.2.10:deny,DIEMSG="not you"
192.0.2.11:allow,MAXPERIP="1"
192.0.2.:allow,RULE="client"
127.:deny
RULES
serving rules -v -HRl0 -Y 127.0.0.1 -x "$work/cdb" -C 2 -B 'welcome;' 127.0.0.1 0 sh -c 'echo "${RULE-none} $TCPCONNNUM"; read -r line'
is "rules are about the client, and the banner comes before them" "$(sends v1-12 'x')" 'welcome;client 1'
is "... who is refused, and told so" "$(sends v1-10 hello | tr -d '\r')" 'welcome;not you'
logs "... under its address" rules '^tcpserver: deny 0 0:198\.51\.100\.1:25 :192\.0\.2\.10::4242 rule 192\.0\.2\.10$'
is "... and the proxy itself under its own" "$(sends local)" 'welcome;'
logs "... as the rule says" rules "^tcpserver: deny 0 0:127\\.0\\.0\\.1:$port :127\\.0\\.0\\.1::[0-9]+ rule 127\\.\$"
for n in 1 2; do
  keep_client "held$n" perl "$root/tests/cli/tcpserver-proxy.pl" 127.0.0.1 "$port" hold v1-13
done
wait_for grep -q 'client 2' "$work/held2.out"
is "limits count clients" "$(sends v1-13 x)" 'welcome;'
logs "... whose third connection is one too many" rules ' :192\.0\.2\.13::4242 perip 2$'
is "... and not the proxy, whose others are served" "$(sends v1-14 x)" 'welcome;client 1'
keep_client one perl "$root/tests/cli/tcpserver-proxy.pl" 127.0.0.1 "$port" hold v1-11
wait_for grep -q 'none 1' "$work/one.out"
is "so do those of a rule" "$(sends v1-11 x)" 'welcome;'
logs "... which is the client's" rules ' :192\.0\.2\.11::4242 perip 1$'
is "who is no proxy gets no banner" "$(proxy -b 127.0.0.2 127.0.0.1 "$port" send v1)" ''
is "... nor does who has sent no header" "$(peer 127.0.0.1 "$port" PROXY)" ''
stop "$server"
serving rate -v -HRl0 -Y 127.0.0.1 -k 2/1000 127.0.0.1 0 echo ok
is "so do rates" "$(for n in 21 21 21 22; do sends v1-$n; done | tr '\n' ' ')" 'ok ok ok '
is "... which count clients" "$(sed -n 's/.* :\(192.*\)::4242 rate$/\1/p' "$work/rate.log")" 192.0.2.21
stop "$server"
serving count -v -HRl0 -Y 127.0.0.1 -x "$work/cdb" -C 1 127.0.0.1 0 echo ok
for n in 1 2 3; do
  sends v1-20 > "$work/out"
  sends v1-10 > "$work/out"
  proxy 127.0.0.1 "$port" reset v1-20
done
round_trips count
wait_for sh -c "[ \$(grep -c ' end ' '$work/count.log') = \$(grep -c ' ok ' '$work/count.log') ]"
round_trips count
is "counts are right on every way out" "$(grep -o 'table: [0-9].*' "$work/count.log" | tail -n 1)" \
  'table: 0/40 connections, 0 addresses'
stop "$server"

# --- waiting ---------------------------------------------------------------------------------------------------------

# All come while the server stands still: the 3 seconds that it gives them are not for making clients.
serving many -v -HRl0 -Y 127.0.0.1,127.0.0.2 -c 1 127.0.0.1 0 sh -c "$show"
sends v1 > "$work/out"
before=$(descriptors)
pause
crowd silent 300 127.0.0.1 "$port" 127.0.0.2
sends v1 hello > "$work/other" &
other=$!
wait_for connections 301
go_on
wait "$other"
is "nobody else waits for those of a proxy that say nothing" "$(cat "$work/other")" '192.0.2.7 4242 198.51.100.1 25 127.0.0.1 # TCP
hello'
ok "... who all are there, three hundred, in their 3 seconds" wait_for has_descriptors "$((before + 300))"
ok "... without a process or a place" wait_for no_program
is "... or a line in the log" "$(grep -c '127\.0\.0\.2' "$work/many.log")" 0
tell silent reset
proxy 127.0.0.1 "$port" reset half
ok "... reset they are forgotten" wait_for has_descriptors "$before"
unlike "... without a line in the log" "$(cat "$work/many.log")" deny
stop "$server"

serving bounded -v -HRl0 -Y 127.0.0.1,127.0.0.2 -w 3 127.0.0.1 0 sh -c "$show"
pause
crowd room 3 127.0.0.1 "$port" 127.0.0.2
sends v1 > "$work/fourth" &
fourth=$!
wait_for connections 4
go_on
round_trips bounded
is "with -w 3 nobody is taken while three wait" "$(cat "$work/fourth")" ''
logs "... which the log tells" bounded 'unable to accept connections: 3 wait for PROXY headers already$'
tell room 'reset 0'
wait "$fourth"
like "... and everybody once one of them has gone" "$(cat "$work/fourth")" '^192\.0\.2\.7 '
like "USR1 counts them" "$(cat "$work/bounded.log")" 'table: 0/40 connections, 0 addresses, 3 waiting$'
stop "$server"

# All places taken: who is refused by a rule is refused at once, who is admitted gets his banner and then the next place.
serving full -v -HRl0 -Y 127.0.0.1 -x "$work/cdb" -C 1 -B 'welcome;' -c 1 127.0.0.1 0 sh -c 'echo "${RULE-none} $TCPREMOTEIP"; read -r line'
before=$(descriptors)
pause
keep_client later perl "$root/tests/cli/tcpserver-proxy.pl" 127.0.0.1 "$port" later v1-13 v1-14 v1-10 v1-15
keep_client place perl "$root/tests/cli/tcpserver-proxy.pl" 127.0.0.1 "$port" hold v1-15
go_on
wait_for has_descriptors "$((before + 4))"
wait_for grep -q 'client' "$work/place.out"
tell later go
logs "while all places are taken a rule refuses at once" full 'rule 192\.0\.2\.10$'
logs "... and so does a limit" full ' :192\.0\.2\.15::4242 perip 1$'
ok "... who is admitted has his banner, and no program" wait_for sh -c "[ \$(grep -c ': welcome;' '$work/later.out') = 4 ]"
is "... but is counted" "$(kill -USR1 "$server"; wait_for grep -q 'table:' "$work/full.log"; grep -o '[0-9]* addresses.*' "$work/full.log")" '3 addresses, 2 waiting'
echo > "$work/place.in"
ok "... and is served when a place is free" wait_for grep -q '^v1-1[34]: client' "$work/later.out"
is "... once, and one at a time" "$(grep -v v1-10 "$work/later.out" | sed 's/1[34]: client 192.0.2.1[34]/served/' | sort | tr '\n' ' ')" \
  'connected v1-13: welcome; v1-14: welcome; v1-15: welcome; v1-served '
stop "$server"

# --- signals, and sockets of every kind ------------------------------------------------------------------------------

echo '192.0.2.:allow' | tcprules "$work/cdb" "$work/tmp"
serving drained -v -HRl0 -x "$work/cdb" -Y 127.0.0.1 127.0.0.1 0 sh -c "$show"
before=$(descriptors)
echo '192.0.2.:allow,RULE="new"' | tcprules "$work/new.cdb" "$work/tmp"
pause
crowd waits 2 127.0.0.1 "$port" 127.0.0.1
go_on
wait_for has_descriptors "$((before + 2))"
mv "$work/new.cdb" "$work/cdb"
kill -HUP "$server"
kill -ALRM "$server"
ok "ALRM: nobody new is taken" wait_for sh -c "'$tools/peer' 127.0.0.1 $port | grep -q refused"
tell waits 'say 0 PROXY TCP4 192.0.2.30 198.51.100.1 4242 25\r'
tell waits 'reset 1'
tell waits half
tell waits read
ok "... who has not sent all of his header yet is served" wait_for grep -q '^1 192\.0\.2\.30 ' "$work/waits.out"
wait "$server"
is "... and then it exits 0, also if one of them goes" "$?" 0

background inherited tcpbind -1 0 0 tcpserver -v -HRl0 -Y ::ffff:127.0.0.1,::1 - - sh -c "$show"
serve_wait inherited
is "a socket that was passed in; an IPv4 proxy of a socket for both families" "$(sends v1-6 hello | tr '\n' ' ')" \
  '2001:db8::7 4242 2001:db8::1 25 127.0.0.1 # TCP6 hello'
is "... an IPv6 proxy" "$(proxy ::1 "$port" send v2 hello | tr '\n' ' ')" '192.0.2.7 4242 198.51.100.1 25 ::1 # TCP hello'
is "... and one that is none" "$(proxy -b 127.0.0.2 127.0.0.1 "$port" send v2 hello)" ''
stop "$pid"

# --- those that came late --------------------------------------------------------------------------------------------

wait "$late_client"
like "3 seconds are given, however much comes meanwhile" "$(cat "$work/late.took")" '^((29|[3-8][0-9])( |$)){3}'
ok "... and that costs no time of ours" test $(($(ticks) - late_ticks)) -lt 50
wait_reasons late 3
is "... the log tells why" "$(reasons late | sort | tr '\n' ';')" 'header: none within 3 seconds;header: not whole within 3 seconds;header: not whole within 3 seconds;'
stop "$late"

# --- TLS -------------------------------------------------------------------------------------------------------------

sh "$root/tests/tls/make-certificates" "$work/certificates" || diag 'no certificates'
certificates=$work/certificates
serving tls -v -HRl0 -Y 127.0.0.1 -B 'welcome;' -n "$certificates/server.pem" 127.0.0.1 0 sh -c 'echo "$TCPREMOTEIP $TCPPROXYIP $SSL_PROTOCOL"; cat'
TCPREMOTEIP=192.0.2.7 TCPREMOTEPORT=4242 TCPLOCALIP=198.51.100.1 TCPLOCALPORT=25
export TCPREMOTEIP TCPREMOTEPORT TCPLOCALIP TCPLOCALPORT
for version in 1 2; do
  is "tcpclient -y $version: the header goes in clear, TLS behind it" \
    "$(echo hello | timeout 20 tcpclient -RHl0 -y $version -n '' -c "$certificates/ca.crt" -m mail.example.org 127.0.0.1 "$port")" \
    'welcome;192.0.2.7 127.0.0.1 TLSv1.3
hello'
done
is "... who speaks TLS at once is refused" "$(timeout 20 tcpclient -RHl0 -n '' -c "$certificates/ca.crt" 127.0.0.1 "$port" 2> "$work/err")" ''
wait_reasons tls 1
is "... which the log tells" "$(reasons tls)" 'header: does not begin like one'
is "... so does who speaks none behind it, with the client's address" "$(sends v2 hello | grep -c 192)" 0
logs "... and TLS's reason" tls '^tcpserver: deny 0 0:198\.51\.100\.1:25 :192\.0\.2\.7::4242 tls '
stop "$server"
unset TCPREMOTEIP TCPREMOTEPORT TCPLOCALIP TCPLOCALPORT

# --- chains ----------------------------------------------------------------------------------------------------------

serving last -v -HRl0 -Y 127.0.0.1 127.0.0.1 0 sh -c "$show"
for version in 1 2; do
  serve "middle$version" -HRl0 -Y 127.0.0.1 127.0.0.1 0 tcpclient -y $version -RHl0 127.0.0.1 "$(head -n 1 "$work/last.out")"
  is "tcpserver -Y, tcpclient -y $version, tcpserver -Y: the client's address is kept" "$(sends v2-6 hello | sed 's/1 [0-9]* TCP6/1 # TCP6/')" \
    '2001:db8::7 4242 2001:db8::1 25 127.0.0.1 # TCP6
hello'
  stop
done

stop "$server"
# Who has sent his end before HAProxy is connected to the server is given up by it: clients read all first.
serving last -v -HRl0 -Y 127.0.0.1 127.0.0.1 0 sh -c \
  'echo "$TCPREMOTEIP $TCPLOCALPORT ${TCPPROXYIP-none} ${PROXY_SSL_VERSION-none} ${PROXY_SSL_CN-none} ${PROXY_AUTHORITY-none}"'
last=$port
for how in send-proxy send-proxy-v2; do
  haproxy_serve $how '' "$how" "$last"
  is "HAProxy, $how: the client is known" "$(peer -k -b 127.0.0.9 127.0.0.1 "$port")" "127.0.0.9 $port 127.0.0.1 none none none"
  stop
done
haproxy_serve ssl "ssl crt $certificates/server.pem ca-file $certificates/ca.crt verify optional" \
  'send-proxy-v2-ssl-cn proxy-v2-options ssl,cert-cn,authority,crc32c check inter 200' "$last"
reads_all()
{
  timeout 20 tcpclient -RHl0 "$@" -c "$certificates/ca.crt" -m mail.example.org 127.0.0.1 "$port" sh -c 'cat <&6'
}
is "HAProxy, send-proxy-v2-ssl-cn: the client's certificate is known, and what it asked for" \
  "$(reads_all -n "$certificates/client.pem")" "127.0.0.1 $port 127.0.0.1 TLSv1.3 alice mail.example.org"
is "... and that there is none" "$(reads_all -n '')" "127.0.0.1 $port 127.0.0.1 TLSv1.3 none mail.example.org"
unlike "... HAProxy's checks are served, or forgotten" "$(cat "$work/last.log")" deny
stop
stop "$server"

# The example of doc/tcpserver.1, with other addresses.
mkdir "$work/example"
cd "$work/example" || exit 1
printf '#!/bin/sh\necho "hello $TCPREMOTEIP"\n' > greet
chmod 755 greet
tcprules rules.cdb rules.tmp < /dev/null
example tcpserver.1 '-Y 192' | sed 's/192\.0\.2\.7,192\.0\.2\.8/127.0.0.7,127.0.0.8/; s/^tcpserver/exec tcpserver -1/; s/ 0 7000 greet/ 127.0.0.1 0 .\/greet/' > run.sh
background example sh run.sh
serve_wait example
is "the example of the manual page serves two proxies" \
  "$(for n in 7 8 9; do proxy -b 127.0.0.$n 127.0.0.1 "$port" send v1; done | tr '\n' ';')" 'hello 192.0.2.7;hello 192.0.2.7;'
cd "$root" || exit 1
done_testing
