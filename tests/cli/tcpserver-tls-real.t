#!/bin/sh
# tcpserver and tcptls together, with a real client: what it sees, what it can't, and what is left when something ends
. "$(dirname "$0")/../lib.sh"
. "$root/tests/tls.sh"
. "$root/tests/cli/tcpserver-clients.sh"
need pgrep procps
need strace strace
ulimit -S -n 8192 2> /dev/null
good=$certs/server.pem


# --- what the program and the client see ----------------------------------------------------------------------------

serving plain -4HRl0 -v -z -e h2,http/1.1 -n "$good" 127.0.0.1 0 \
  sh -c 'env | grep -E "^(SSL_P|SSL_CIPHER|SSL_TLS|TLS_P|TCPREMOTEIP)" | sort; cat; echo end'
# It leaves as soon as its input ends, which must not be before it has got its text back.
: > "$work/facts"
(echo text; wait_for grep -qx text "$work/facts") | timeout 30 openssl s_client -quiet -verify_quiet -no_ign_eof -CAfile "$certs/ca.pem" \
  -verify_return_error -servername www.example.org -alpn http/1.1 -connect "127.0.0.1:$port" > "$work/facts" 2> /dev/null
is "openssl's client is served, and the program knows the facts" "$(sed 's/=TLS_[A-Z0-9_]*/=TLS_X/; s/bits=.*/bits/' "$work/facts")" \
  'SSL_CIPHER=TLS_X
SSL_PROTOCOL=TLSv1.3
SSL_TLS_ALPN=http/1.1
SSL_TLS_SNI_SERVERNAME=www.example.org
TCPREMOTEIP=127.0.0.1
TLS_PROVIDER=tcpserver, TLS Server=TLSv1.3, Client=TLSv1.3, Ciphers=TLS_X, bits
text'
like "TLS 1.2, too" "$(client -2 127.0.0.1 "$port")" 'SSL_PROTOCOL=TLSv1.2'
is "the last octets arrive each of 200 times" "$(client -n 200 127.0.0.1 "$port" 'x\n' | tail -n 1)" end
peer 127.0.0.1 "$port" 'GET / HTTP/1.0\r\n\r\n' > "$work/out"
not_ok "who does not speak TLS sees nothing of the program" grep -q end "$work/out"
logs "... and is in the log" plain 'deny 0 0:127\.0\.0\.1:[0-9]+ :127\.0\.0\.1::[0-9]+ tls [a-z ]*(http|wrong version)[a-z ]*'
client -2 -C "$certs/other-ca.pem" 127.0.0.1 "$port" > "$work/out" 2>&1
logs "so is who does not believe the certificate" plain ' tls .*unknown ca'
peer 127.0.0.1 "$port" > "$work/out"
is "... and who leaves" "$(wait_for sh -c "[ \$(grep -c 'deny 0 .* tls ' '$work/plain.log') = 3 ]"; grep -c 'deny 0 .* tls ' "$work/plain.log")" 3
stop "$server"

tcprules "$work/cdb" "$work/tmp" <<'RULES'
127.0.0.2:deny,DIEMSG="go away"
RULES
serving banner -HRl0 -v -B 'banner\r\n' -x "$work/cdb" -C 2 -n "$good" 127.0.0.1 0 echo served
is "the banner is inside TLS" "$(client 127.0.0.1 "$port")" 'banner\r\nserved'
is "... and not outside" "$(peer -b 127.0.0.3 127.0.0.1 "$port" | grep -c -e banner -e served)" 0
is "who is refused by a rule gets nothing at all" "$(peer -b 127.0.0.2 127.0.0.1 "$port")" ''
logs "... before TLS" banner ' rule 127\.0\.0\.2$'
settled banner
before=$(descriptors)
crowd held 2 127.0.0.1 "$port" 127.0.0.4
wait_for has_descriptors "$((before + 2))"
is "-C counts handshakes" "$(peer -b 127.0.0.4 127.0.0.1 "$port")" ''
logs "... and says so" banner ' perip 2$'
tell held reset
logs "... until they end" banner ' tls .*' 
ok "... no descriptor is left" wait_for has_descriptors "$before"
stop "$server"

# --- client certificates ----------------------------------------------------------------------------------------------

serving wanted -HRl0 -v -a "$certs/ca.pem" -L "$certs/crl.pem" -n "$good" 127.0.0.1 0 sh -c 'echo "$SSL_PEER_CERT_SUBJECT ${#SSL_PEER_CERT_HASH}"'
is "with -a a client's certificate is told to the program" "$(client -c "$certs/client.pem" 127.0.0.1 "$port")" 'CN=alice,O=Example 64'
for bad in expired revoked other-ca self-signed not-yet purpose; do
  client -c "$certs/client-$bad.pem" 127.0.0.1 "$port" > "$work/out" 2>&1
  unlike "... one that is no good ($bad) is not" "$(cat "$work/out")" alice
done
client 127.0.0.1 "$port" > "$work/out" 2>&1
unlike "... nor none" "$(cat "$work/out")" ' [0-9]'
for reason in expired revoked 'issuer|self' 'not yet valid' 'purpose|unsuitable' 'did not return a certificate'; do
  logs "... the log tells ($reason)" wanted "deny 0 .* tls .*($reason)"
done
logs_times "... there was one program" wanted ' ok ' 1
stop "$server"

# --- what is wrong at the start -------------------------------------------------------------------------------------------

exits "a missing key is fatal" 111 tcpserver -HRl0 -n "$work/none.pem" 127.0.0.1 0 true
like "... and named" "$(cat "$work/err")" "^tcptls: fatal: .*$work/none.pem"
exits "a key that is not the certificate's is fatal" 111 tcpserver -HRl0 -n "$certs/server-mismatch.pem" 127.0.0.1 0 true
for usage in '-f NONSENSE' '-M SSLv2' '-S x' '-T x' '-j 0' '-L x'; do
  # shellcheck disable=SC2086
  exits "$usage is a usage error" 100 tcpserver -HRl0 $usage -n "$good" 127.0.0.1 0 true
  like "... as tcptls says" "$(cat "$work/err")" '^tcptls: usage: '
done

# --- signals -----------------------------------------------------------------------------------------------------------------

# A handshake with RSA costs a millisecond or more.
serving flood -HRl0 -c 10 -j 1 -n "$certs/server-rsa.pem" 127.0.0.1 0 \
  sh -c 'echo there; while [ -d "${1%/*}" ] && [ ! -e "$1" ]; do sleep 0.01; done; echo line; : > "$1.said"; cat' sh "$work/say"
is "who is served does not wait for the handshakes of others" \
  "$(timeout 60 perl "$root/tests/tls/flood.pl" "$port" 400 "$(workers)" "$work/say" 2> /dev/null)" 'at once'
stop

cp "$good" "$work/live.pem"
serving reload -HRl0 -v -j 2 -n "$work/live.pem" 127.0.0.1 0 sh -c 'echo begun; cat; echo ended'
keep_client kept "$tools/client" -h 127.0.0.1 "$port" before
held=$pid
cp "$certs/server-wrong-host.pem" "$work/live.pem"
kill -HUP "$server"
ok "HUP: certificates are read again" wait_for is_now wrong.example.org
logs "... which -v tells" reload '^tcptls: keys and certificates reread$'
cp "$certs/cut.pem" "$work/live.pem"
kill -HUP "$server"
logs "... a bad one is told" reload '^tcptls: warning: .*stay as they were'
is "... and the old one stays" "$(subject)" wrong.example.org
cp "$certs/server-expired.pem" "$work/live.pem"
kill -HUP "$server"
logs "... one that has expired is warned about" reload "^tcptls: warning: $work/live\\.pem: its certificate has expired"
ok "... and served" wait_for is_now mail.example.org
logs_times "... each file is told of once, whatever the number of workers" reload '^tcptls: ' 4
ok "... who was served before still is" kill -0 "$held"
kept=$(keepers)
kill -TERM "$server"
wait "$server"
is "TERM: it exits 0" "$?" 0
ok "... tcptls does, too" wait_for ended "$kept"
ok "... but who is served still is" kill -0 "$held"
those_left()
{
  pgrep -f "tcptls -Hv* -j 2 -n $work/live.pem"
}
is_one_left()
{
  [ "$(those_left | wc -l)" = 1 ]
}
ok "... by a worker, and there is none without work" wait_for is_one_left
left=$(those_left)
stop "$held"
ok "... and then that ends" wait_for ended "$left"

cp "$certs/server-not-yet.pem" "$work/live.pem"
serving early -HRl0 -j 2 -n "$work/live.pem" 127.0.0.1 0 echo served
is "a certificate that is not valid yet is served from the start" "$(client 127.0.0.1 "$port")" served
cp "$certs/server-wrong-host.pem" "$work/live.pem"
kill -HUP "$server"
ok "... until there is another" wait_for is_now wrong.example.org
is "... with one warning; without -v nothing tells of a HUP" "$(cat "$work/early.log")" \
  "tcptls: warning: $work/live.pem: its certificate is not valid yet: clients will refuse it"
stop "$server"

# --- a worker killed under load ---------------------------------------------------------------------------------------------

serving killed -HRl0 -v -j 2 -c 100 -n "$good" 127.0.0.1 0 sh -c 'echo served; cat > /dev/null'
before=$(descriptors)
crowd shaking 100 127.0.0.1 "$port" 127.0.0.2
wait_for has_descriptors "$((before + 100))"
keep_client cut "$tools/client" -h 127.0.0.1 "$port"
keep_client cut2 "$tools/client" -h 127.0.0.1 "$port"
first=$(workers | head -n 1)
kill -KILL "$first"
# What it is given and does not read ends with it.
wait_for ended "$first"
began=$(date +%s%N)
is "a worker is killed: new ones are served" "$(client -n 4 127.0.0.1 "$port")" served
# Its silence would be noticed after five.
ok "... within three seconds" test "$((($(date +%s%N) - began) / 1000000))" -lt 3000
logs "... who shook hands there is refused" killed 'deny 0 .*127\.0\.0\.2::[0-9]+ tls tcptls has ended$'
logs_times "... half of them" killed 'tls tcptls has ended' 50
logs "... and both logs tell" killed "^tcptls: warning: worker $first was killed by signal 9"
kill -KILL "$(keepers)"
logs "tcptls is killed: another is started" killed 'unable to keep TLS workers going: tcptls has ended$'
is "... clients are served" "$(client -n 4 127.0.0.1 "$port")" served
ok "... by its workers" wait_for sh -c "pgrep -P $server -x tcptls > /dev/null"
logs_times "... still nobody else is refused" killed ' deny ' 50
tell shaking reset
stop "$server"

# --- a thousand who say nothing -----------------------------------------------------------------------------------------------

serving silent -HRl0 -v -S 8 -j 2 -c 10 -n "$good" 127.0.0.1 0 echo served
before=$(descriptors)
crowd thousand 1000 127.0.0.1 "$port" 127.0.0.2
ok "a thousand clients that say nothing: a descriptor each" wait_for has_descriptors "$((before + 1000))"
is "... no process, no place under -c: an honest one is served" "$(timeout 6 "$tools/client" 127.0.0.1 "$port")" served
is_alone()
{
  [ "$(pgrep -P "$server")" = "$(keepers)" ]
}
ok "... there is tcptls and nothing else" wait_for is_alone
wait_for has_times silent 'tls no handshake in time' 1000
logs_times "... -S ends them" silent 'tls no handshake in time' 1000
ok "... nothing is left" wait_for has_descriptors "$before"
tell thousand read
ok "... their connections have ended" wait_for grep -q '^1000 nothing' "$work/thousand.out"
is "... and the honest one is served as before" "$(client 127.0.0.1 "$port")" served
stop "$server"

background scarce sh -c 'ulimit -n 200; exec tcpserver -1 -HRl0 -V -c 10 "$@"' sh -j 2 -n "$good" 127.0.0.1 0 echo served
serve_wait scarce
server=$pid
before=$(descriptors)
crowd flood 300 127.0.0.1 "$port" 127.0.0.2
logs "where 200 descriptors may be open, fewer wait" scarce '^tcpserver: warning: unable to accept connections: [5-9][0-9] wait for TLS already$'
unlike "... and none is missed" "$(cat "$work/scarce.log")" 'Too many open files'
tell flood reset
ok "... then there is room again" wait_for has_descriptors "$before"
is "... and service" "$(client 127.0.0.1 "$port")" served
stop "$server"

# --- descriptors, privileges --------------------------------------------------------------------------------------------------

serving descriptors -HRl0 -v -j 1 -n "$good" 127.0.0.1 0 sh -c 'ls -l /proc/self/fd; cat > /dev/null'
keep_client one "$tools/client" -h 127.0.0.1 "$port"
wait_for grep -q ' ok ' "$work/descriptors.log"
sockets()
{
  find "/proc/$server/fd" -type l -exec readlink '{}' + | grep -c '^socket:'
}
round_trips descriptors
during=$(sockets)
stop "$pid"
settled descriptors
is "tcpserver has nothing of a connection that is served" "$during" "$(sockets)"
stop "$server"
if [ "$(id -u)" = 0 ]; then
  need setpriv util-linux
  chmod 755 "$work"
  cp "$good" "$work/secret.pem"
  chmod 600 "$work/secret.pem"
  serving rights -HRl0 -v -u 65534 -g 65533 -j 1 -n "$work/secret.pem" 127.0.0.1 0 sh -c 'id -u; id -g; cat "$1" || echo unreadable' sh "$work/secret.pem"
  is "keys that only root can read serve, and the program can't" "$(client 127.0.0.1 "$port" | tr '\n' ' ')" '65534 65533 unreadable '
  worker=$(workers)
  kept=$(keepers)
  is "a worker has tcpserver's ids" "$(grep -E '^(Uid|Gid|Groups)' "/proc/$worker/status")" "$(grep -E '^(Uid|Gid|Groups)' "/proc/$server/status")"
  is "... which are those asked for" "$(awk '/^(Uid|Gid)/ { print $2 }' "/proc/$worker/status" | tr '\n' ' ')" '65534 65533 '
  # A sanitized program lets itself be looked into.
  case $COMMAND_DIR in */san/*) spied= ;; *) spied="$worker $kept" ;; esac
  for who in $spied; do
    while read -r what command; do
      not_ok "a process of that user can't $what" \
        setpriv --reuid 65534 --regid 65533 --clear-groups sh -c "exec > /dev/null 2>&1; ${command%WHO*}$who${command#*WHO}"
    done <<'LIST'
read-its-memory head -c 1 < /proc/WHO/mem
see-its-environment cat /proc/WHO/environ
see-its-descriptors ls /proc/WHO/fd/
trace-it timeout 5 strace -o /dev/null -p WHO
LIST
  done
  kill -KILL "$kept"
  logs "tcptls is killed, and no new one may read the keys" rights '^tcptls: fatal: .*secret\.pem'
  is "... the workers go on" "$(client 127.0.0.1 "$port" | head -n 1)" 65534
  kill -KILL "$worker"
  wait "$server"
  is "... until there are none: then it exits 111" "$?" 111
  logs "... saying why" rights '^tcpserver: fatal: nothing is left that speaks TLS, and no new tcptls gets ready$'
fi
done_testing
