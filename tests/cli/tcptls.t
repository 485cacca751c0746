#!/bin/sh
# tcptls as a program: TLS on one connection, then the program behind it; nothing that either says is lost on the way.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/tls.sh"
need perl perl
need ps procps

# tls NAME [tcptls option…] -- program…: tcpserver, with tcptls and the program for each connection
tls()
{
  tls_name=$1
  shift
  tls_options=
  while [ "$1" != -- ]; do
    tls_options="$tls_options $1"
    shift
  done
  shift
  # shellcheck disable=SC2086
  serve "$tls_name" -v -HR -l test 127.0.0.1 0 tcptls $tls_options "$@"
}

# ended NAME STATUS: passes when a program's end was logged with that wait status
ended()
{
  logs "$1" "$2" "end [0-9]+ status $3\$"
}

good=$certs/server.pem

# --- The command line

like '--help shows the usage' "$(tcptls --help)" '^usage: tcptls '
like '--version names the kit' "$(tcptls --version)" '^tcptls \(ucspi-tcpmux\)'
exits 'Without a program there is nothing to do' 100 tcptls -n "$good"
like '… and that is said' "$(cat "$work/err")" '^tcptls: usage: '
exits 'An unknown option is refused' 100 tcptls -Q true
exits 'An option without its argument is refused' 100 tcptls -n
exits 'A handshake needs some time' 100 tcptls -S 0 true
exits 'Seconds are a number' 100 tcptls -T soon true
exits 'A number has no end but its last digit' 100 tcptls -S 5s true
exits '-j is for the helper' 100 tcptls -j 2 true
exits '… and so is -v' 100 tcptls -v true
exits 'The helper runs no program' 100 tcptls -H -n "$good" true
exits '-H and -u exclude each other' 100 tcptls -H -u
exits 'So many workers are a mistake' 100 tcptls -H -j 65
exits 'Revocations without authorities would be ignored' 100 tcptls -L "$certs/crl.pem" true
exits 'No file of authorities is not nobody' 100 tcptls -a '' true
exits 'Ciphers that do not exist are refused' 100 tcptls -f NONSENSE true
like '… by name' "$(cat "$work/err")" 'usage: .*-f'
TLS_CIPHER_LIST=NONSENSE exits '… also from the environment' 100 tcptls true
exits 'A version that does not exist is refused' 100 tcptls -M TLSv2 true
exits '… and one that OpenSSL has no longer' 100 tcptls -M SSLv3 true
like '… by name' "$(cat "$work/err")" 'usage: .*-M'
exits 'A list of protocols with a hole in it is refused' 100 tcptls -e smtp,,pop3 true

# --- What it is given

exits 'Descriptor 0 must be a connection' 111 tcptls -n "$good" true < /dev/null
like '… and that is said' "$(cat "$work/err")" '^tcptls: fatal: descriptor 0 is not a connection'
exits 'Descriptor 0 must be open' 111 sh -c 'exec tcptls -n "$1" true <&-' sh "$good"
exits 'A pipe is no connection' 111 sh -c 'true | tcptls -n "$1" true' sh "$good"

# socket cmd…: with a socket as descriptor 0, whose other end is read to its end by nobody
on_socket()
{
  perl -MSocket -e 'socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or die; open STDIN, "<&", $b or die; exit(system(@ARGV) >> 8)' "$@"
}
for bad in no-key no-certificate garbage cut empty encrypted mismatch; do
  file=$certs/$bad.pem
  [ "$bad" != encrypted ] && [ "$bad" != mismatch ] || file=$certs/server-$bad.pem
  exits "With $bad.pem nothing runs" 111 on_socket tcptls -n "$file" touch "$work/ran"
  like '… and the message names the file' "$(cat "$work/err")" "^tcptls: fatal: .*${file##*/}"
done
for old in expired not-yet; do
  on_socket tcptls -S 1 -n "$certs/server-$old.pem" true 2> "$work/err"
  like "A certificate that is $old is warned about" "$(cat "$work/err")" \
    "^tcptls: warning: .*/server-$old\\.pem: its certificate (has expired|is not valid yet): clients will refuse it"
done
on_socket tcptls -S 1 -n "$good" true 2> "$work/err"
unlike '… and no other' "$(cat "$work/err")" warning
exits 'Nor without the file' 111 on_socket tcptls -n "$certs/none.pem" touch "$work/ran"
like '… and the message says so' "$(cat "$work/err")" '^tcptls: fatal: .*none.pem.*No such file'
mkdir "$work/folder"
exits 'Nor with a folder without certificates' 111 on_socket tcptls -n "$work/folder" touch "$work/ran"
CERTDIR=$work/folder exits 'Without -n, servercert.pem in $CERTDIR is taken' 111 on_socket tcptls touch "$work/ran"
like '… and that is what is missed' "$(cat "$work/err")" "$work/folder/servercert.pem"
exits '… or in the folder of -i' 111 on_socket tcptls -i "$work/folder" -s touch "$work/ran"
like '… and that is what is missed' "$(cat "$work/err")" "$work/folder/servercert.pem"
TLS_CERTFILE=$work/named.pem exits '… unless $TLS_CERTFILE names another' 111 on_socket tcptls -n '' touch "$work/ran"
like '… and that is what is missed' "$(cat "$work/err")" "$work/named.pem"
not_ok 'No program has run in all this' test -e "$work/ran"
if [ "$(id -u)" = 0 ]; then
  cp "$good" "$work/secret.pem"
  chmod 600 "$work/secret.pem"
  chmod 755 "$work"
  exits 'A key that may not be read is an error' 111 on_socket setpriv --reuid 65534 --clear-groups tcptls -n "$work/secret.pem" true
else
  cp "$good" "$work/secret.pem"
  chmod 000 "$work/secret.pem"
  exits 'A key that may not be read is an error' 111 on_socket tcptls -n "$work/secret.pem" true
fi
like '… and the message says so' "$(cat "$work/err")" '^tcptls: fatal: .*secret.pem: Permission denied'

# --- Handshakes

serve variables -v -HR -l test 127.0.0.1 0 env SSL_PROTOCOL=forged SSL_PEER_CERT_SUBJECT=forged SSL_TLS_ALPN=forged \
  TLS_PROVIDER=forged SSLCTLFD=9 tcptls -n "$good" sh -c 'env | grep -E "^(SSL|TLS)" | sort; echo "$PROTO $TCPREMOTEIP"'
like 'TLS 1.3 is spoken' "$(client -3 -C "$certs/ca.pem" 127.0.0.1 "$port")" '^SSL_PROTOCOL=TLSv1.3$'
like 'TLS 1.2 is spoken' "$(client -2 127.0.0.1 "$port")" '^SSL_PROTOCOL=TLSv1.2$'
got=$(client -s mail.example.org 127.0.0.1 "$port")
like 'The program learns the cipher' "$got" '^SSL_CIPHER=TLS_[A-Z0-9_]+$'
like 'The program learns the name that was asked for' "$got" '^SSL_TLS_SNI_SERVERNAME=mail.example.org$'
unlike 'Inherited variables of another connection do not get through' "$got" 'forged|SSLCTLFD|TLS_PROVIDER'
like 'Those of the connection itself do' "$got" '^TCP 127\.0\.0\.1$'
unlike 'A name that is none is not passed on' "$(client -s 'a$b' 127.0.0.1 "$port")" SNI
for version in 0x0301 0x0302; do
  client -v $version 127.0.0.1 "$port" > "$work/out"
  is "TLS version $version is refused" $? 1
done
logs '… for that reason' variables '^tcptls: fatal: no TLS with [0-9a-f.:]+ port [0-9]+: .*(version|protocol)'
ended '… and with an exit status' variables 28416
peer 127.0.0.1 "$port" 'GET / HTTP/1.0\r\n\r\n' > "$work/out"
logs 'An HTTP request is no TLS' variables '^tcptls: fatal: no TLS with [0-9a-f.:]+ port [0-9]+: http request'
from=$(sed -n 's/^tcptls: fatal: no TLS with 127\.0\.0\.1 port \([0-9]*\): http request$/\1/p' "$work/variables.log")
like '… and the line tells which client that was' "$(cat "$work/variables.log")" "^tcpserver: ok .*:127\\.0\\.0\\.1::$from\$"
perl -MSocket -e '
  socketpair(my $ours, my $client, AF_UNIX, SOCK_STREAM, 0) or die;
  if (fork) { syswrite $ours, "GET / HTTP/1.0\r\n\r\n"; wait; exit }
  open(STDIN, "<&", $client); exec @ARGV' tcptls -n "$good" true 2> "$work/err"
is '… unless it has no address' "$(cat "$work/err")" 'tcptls: fatal: no TLS: http request'
perl -e 'print "x" x 3000' | head -c 3000 > "$work/junk"
peer 127.0.0.1 "$port" "$(cat "$work/junk")" > "$work/out"
logs 'Nor is rubbish' variables '^tcptls: fatal: no TLS with [0-9a-f.:]+ port [0-9]+: wrong version number'
stop

tls provider -z -n "$good" -- sh -c 'echo "$TLS_PROVIDER"'
like 'TLS_PROVIDER is there with -z' "$(client 127.0.0.1 "$port")" '^tcptls, TLS Server=TLSv1.3, Client=TLSv1.3, Ciphers=TLS_.*, bits=(128|256)$'
stop
tls only -M TLSv1_3 -n "$good" -- echo hello
is 'With -M another version is refused' "$(client -2 127.0.0.1 "$port" | grep -c '(client: handshake')" 1
is '… and that one is spoken' "$(client -3 127.0.0.1 "$port")" hello
stop
tls cipher -f ECDHE-ECDSA-CHACHA20-POLY1305:TLS_CHACHA20_POLY1305_SHA256 -n "$good" -- sh -c 'echo "$SSL_CIPHER"'
is '-f chooses ciphers of TLS 1.2' "$(client -2 127.0.0.1 "$port")" ECDHE-ECDSA-CHACHA20-POLY1305
is '… and of TLS 1.3' "$(client -3 127.0.0.1 "$port")" TLS_CHACHA20_POLY1305_SHA256
stop
tls alpn -e h2,http/1.1 -n "$good" -- sh -c 'echo "$SSL_TLS_ALPN"'
is 'The server decides which protocol is best' "$(client -i -a http/1.1,h2 127.0.0.1 "$port" | tr '\n' ' ')" 'TLSv1.3 new h2 h2 '
is 'A client without ALPN is served' "$(client 127.0.0.1 "$port")" ''
like 'A client with other protocols is refused' "$(client -a smtp 127.0.0.1 "$port")" 'no application protocol'
stop

# --- Certificates

mkdir "$work/names"
cp "$certs/server.pem" "$work/names/default.pem"
cp "$certs/server-wildcard.pem" "$certs/server-wrong-host.pem" "$work/names"
tls names -n "$work/names" -- cat
is 'The name that is asked for chooses' "$(subject -servername wrong.example.org)" wrong.example.org
is '… also among wildcards' "$(subject -servername a.wild.example.org)" wild
is 'Another name gets default.pem' "$(subject -servername nobody.example.org)" mail.example.org
is '… and no name as well' "$(subject -noservername)" mail.example.org
stop
cp "$certs/server.pem" "$certs/server.ocsp" "$work"
mv "$work/server.ocsp" "$work/server.pem.ocsp"
tls staple -n "$work/server.pem" -- cat
like 'An OCSP response beside the certificate is stapled' "$(s_client "$port" -status)" 'Cert Status: good'
stop
tls bare -n "$good" -- cat
like '… and without one there is none' "$(s_client "$port" -status)" 'OCSP response: no response sent'
stop
chmod 644 "$work/server.pem"
tls readable -n "$work/server.pem" -- echo hello
is 'A key that everybody may read serves' "$(client 127.0.0.1 "$port")" hello
logs '… but is warned about' readable '^tcptls: warning: .*server.pem: '
stop

tls wanted -n "$good" -a "$certs/ca.pem" -- sh -c 'echo "$SSL_PEER_CERT_SUBJECT"; echo "$SSL_PEER_CERT_HASH"'
is 'The program learns who the client is' "$(client -c "$certs/client.pem" 127.0.0.1 "$port" | head -n 1)" 'CN=alice,O=Example'
is '… and the hash of its certificate' "$(client -c "$certs/client.pem" 127.0.0.1 "$port" | tail -n 1)" \
  "$(openssl x509 -in "$certs/client.crt" -outform DER | sha256sum | cut -d ' ' -f 1)"
not_ok 'With -a a client without certificate is refused' client 127.0.0.1 "$port"
logs '… for that reason' wanted 'no TLS with [0-9a-f.:]+ port [0-9]+: .*did not return a certificate'
for bad in other-ca:issuer expired:expired self-signed:self.signed not-yet:not.yet.valid purpose:purpose; do
  client -c "$certs/client-${bad%%:*}.pem" 127.0.0.1 "$port" > "$work/out"
  logs "A client certificate is refused: ${bad%%:*}" wanted "no TLS with [0-9a-f.:]+ port [0-9]+: .*verify failed: .*${bad#*:}"
done
is 'A chain is followed' "$(client -c "$certs/client-chain.pem" 127.0.0.1 "$port" | head -n 1)" 'CN=alice,O=Example'
stop
tls revoked -n "$good" -a "$certs/ca.pem" -L "$certs/crl.pem" -- echo hello
is 'With -L others are served' "$(client -c "$certs/client.pem" 127.0.0.1 "$port")" hello
client -c "$certs/client-revoked.pem" 127.0.0.1 "$port" > "$work/out"
logs '… and a revoked certificate is refused' revoked 'no TLS with [0-9a-f.:]+ port [0-9]+: .*revoked'
stop

# --- Both directions to their ends

tls echo -n "$good" -- sh -c 'cat; echo end; exit 5'
is 'A client that ends its direction gets the whole answer' "$(client 127.0.0.1 "$port" one two)" 'onetwoend'
ended 'The exit status is the program'"'"'s' echo 1280
is 'The last octets arrive each of 50 times, TLS 1.3' "$(client -n 50 127.0.0.1 "$port" x)" xend
is '… and TLS 1.2' "$(client -2 -n 50 127.0.0.1 "$port" x)" xend
stop
tls cut -n "$good" -- sh -c 'wc -c; cat'
client -w close 127.0.0.1 "$port" cut > "$work/out"
resets 'A connection that was cut off is no end of input' cut 'wc: .*reset'
stop
tls reset -n "$good" -- sh -c 'wc -c; cat'
client -w reset 127.0.0.1 "$port" cut > "$work/out"
resets '… nor is a reset' reset 'wc: .*reset'
stop
tls killed -n "$good" -- sh -c 'echo hello; kill -KILL $$'
is 'What a program has said before it was killed arrives' "$(client 127.0.0.1 "$port")" hello
ended '… and tcptls dies by the same signal' killed 9
stop
tls count -n "$good" -- wc -c
is 'Ten million octets arrive' "$(client -b 10000000 127.0.0.1 "$port")" 10000000
stop
tls source -n "$good" -- head -c 10000000 /dev/zero
is 'Ten million octets come back' "$(client -q 127.0.0.1 "$port")" 10000000
stop
tls first -n "$good" -- sh -c 'echo bye'
is 'A program that ends before it has read is heard' "$(client -n 50 127.0.0.1 "$port" 'never read')" bye
is '… also by one who keeps sending' "$(client -w keep 127.0.0.1 "$port" 'never read')" bye
stop
tls deaf -n "$good" -- sh -c 'exec sleep 600'
client -w reset -b 100000 127.0.0.1 "$port" > "$work/out"
# The client has written all into its socket, and may have gone before there is a program.
has_service()
{
  relay=$(ps --ppid "$pid" -o pid= | tr -d ' ')
  service=$(ps --ppid "${relay:-0}" -o pid= | tr -d ' ')
  [ "$service" ] && grep -qx sleep "/proc/$service/comm"
}
wait_for has_service
ok 'A program that never reads is there when the client has gone' kill -0 "$service"
kill -TERM "$relay"
ended 'A signal to tcptls is passed on to the program' deaf 15
ok '… which is gone then' sh -c '! kill -0 "$1" 2> "$2"' sh "$service" "$work/err"
stop
tls orphan -n "$good" -- sh -c 'exec 3<&0; (read -r line <&3; echo "late $line") & exit 3'
is 'What the program has started is served when it has ended itself' "$(client 127.0.0.1 "$port" 'word\n')" 'late word'
ended '… and the status is still its own' orphan 768
stop
tls missing -n "$good" -- "$work/no-such-program"
is 'Without the program the client gets an orderly end' "$(client 127.0.0.1 "$port"; echo $?)" 0
logs '… and that is said' missing '^tcptls: fatal: unable to run .*no-such-program: No such file'
ended '… with an exit status' missing 28416
stop
# With the one that the shell looks into the folder with.
tls open -n "$good" -- sh -c 'cd /proc/$$/fd && echo [0-9]*'
is 'The program has no descriptor of ours' "$(client 127.0.0.1 "$port")" '0 1 2 3'
stop
serve inetd -v -HR -l test 127.0.0.1 0 sh -c 'exec tcptls -n "$1" sh -c "echo noise >&2; echo hello" 2>&0' sh "$good"
is 'Where standard error is the connection nothing is said there' "$(client 127.0.0.1 "$port"; echo $?)" 'hello
0'
stop
cat > "$work/ignores" <<'SCRIPT'
$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'DEFAULT';
exec @ARGV;
SCRIPT
serve ignored -v -HR -l test 127.0.0.1 0 perl "$work/ignores" tcptls -n "$good" sh -c 'cat; exit 4'
is 'Who ignores its children makes no difference' "$(client 127.0.0.1 "$port" x)" x
ended '… to the status either' ignored 1024
stop

# --- Time

tls hurry -S 3 -n "$good" -- echo hello
is 'Who never begins with the handshake is sent away' "$(peer -k 127.0.0.1 "$port")" ''
logs '… for that reason' hurry 'no TLS with [0-9a-f.:]+ port [0-9]+: no handshake in time'
is 'Others are served' "$(client 127.0.0.1 "$port")" hello
perl -MSocket -e '
  socket(my $s, AF_INET, SOCK_STREAM, 0); connect($s, pack_sockaddr_in($ARGV[0], inet_aton("127.0.0.1"))) or die;
  $SIG{PIPE} = "IGNORE";
  my $ended;
  for my $octet (split //, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . "r" x 40) {
    my $r = ""; vec($r, fileno $s, 1) = 1;
    last if $ended = !syswrite($s, $octet) || select($r, undef, undef, 0.3);
  }
  print $ended ? "ended" : "not ended in fifteen seconds"' "$port" > "$work/out"
is 'An octet now and then does not prolong it' "$(cat "$work/out")" ended
logs_times '… and the reason is the same' hurry 'no handshake in time$' 2
stop
tls idle -T 3 -n "$good" -- sh -c 'cat; echo "cat: $?" >&2'
is 'A connection on which nothing moves is ended' "$(client -w keep 127.0.0.1 "$port" hello)" hello
resets '… which the program sees as a reset' idle 'cat: .*reset'
stop
tls busy -T 3 -n "$good" -- sh -c 'for i in 1 2 3 4 5; do echo $i; sleep 1; done'
is 'One on which something moves in one direction is not' "$(client -w keep 127.0.0.1 "$port" | tr -d '\n')" 12345
stop
tls patient -T 0 -n "$good" -- sh -c 'sleep 1.5; echo late'
is 'With -T 0 it never is' "$(client 127.0.0.1 "$port")" late
stop

# --- UCSPI-TLS

tls demand -u -n "$good" -- "$tools/ucspitls"
is 'Without asking for it there is no TLS' "$(peer 127.0.0.1 "$port" 'a\nquit\n' | tr '\n' ' ')" 'hello a '
ended '… and the exit status is the program'"'"'s' demand 1792
is 'TLS begins when the program says so' "$(client -t 'a\ntls\n' -s mail.example.org 127.0.0.1 "$port" 'b\nquit\n' | tr '\n' ' ')" 'hello a go b '
like 'It may ask to be told about it' "$(client -t 'a\nTLS\n' -s mail.example.org 127.0.0.1 "$port" 'b\nquit\n' | tr '\n' ' ')" \
  '^hello a go SSL_PROTOCOL=TLSv1\.3 SSL_CIPHER=TLS_[A-Z0-9_]+ SSL_TLS_SNI_SERVERNAME=mail\.example\.org \. b $'
is 'The last octets arrive each of 20 times' "$(client -n 20 -t 'TLS\n' 127.0.0.1 "$port" 'b\nquit\n' | tail -n 1)" b
peer 127.0.0.1 "$port" 'tls\nno hello\n' > "$work/out"
logs 'What is no handshake is refused' demand 'fatal: no TLS with [0-9a-f.:]+ port [0-9]+: wrong version number'
resets '… and the program sees a reset' demand 'ucspitls: read: .*reset'
peer 127.0.0.1 "$port" 'TLS\nno hello\n' > "$work/out"
ended 'A program that was told nothing knows that there is no TLS' demand '(13|2304)'
peer 127.0.0.1 "$port" 'bad\n' > "$work/out"
logs 'What is not in UCSPI-TLS is refused' demand 'asked for what is not in UCSPI-TLS'
is 'A program may say that it will never ask' "$(peer 127.0.0.1 "$port" 'close\na\nquit\n' | tr '\n' ' ')" 'hello a '
client -t 'tls\n' -w close 127.0.0.1 "$port" x > "$work/out"
stop
tls slow -u -S 1 -n "$good" -- "$tools/ucspitls"
is 'The handshake that was asked for has its deadline' "$(peer -k 127.0.0.1 "$port" 'tls\n' | tr '\n' ' ')" 'hello go '
logs '… and its reason' slow 'fatal: no TLS with [0-9a-f.:]+ port [0-9]+: no handshake in time'
stop

done_testing
