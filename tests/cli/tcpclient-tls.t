#!/bin/sh
# tcpclient -n: who is believed, what is asked for, STARTTLS, and that a connection through TLS ends as one without. The
# servers are openssl's, and tcpserver with tcptls in front of a program.
. "$(dirname "$0")/../lib.sh"
need openssl openssl
need perl perl

certificates=$work/certificates
sh "$root/tests/tls/make-certificates" "$certificates" || diag 'no certificates'

# openssl_serve NAME option…: openssl's server that reverses each line; sets $port
openssl_serve()
{
  openssl_name=$1
  shift
  background "$openssl_name" openssl s_server -accept 127.0.0.1:0 -rev "$@"
  wait_for grep -q '^ACCEPT 127.0.0.1:' "$work/$openssl_name.out" || diag "$(cat "$work/$openssl_name.log")"
  port=$(sed -n 's/^ACCEPT 127.0.0.1://p' "$work/$openssl_name.out" | head -n 1)
}

# with_certificate NAME: such a server with that certificate
with_certificate()
{
  openssl_serve "$1" -cert "$certificates/$1.pem" -key "$certificates/$1.pem" -cert_chain "$certificates/$1.pem"
}

# behind_tls NAME [tcptls options…] -- prog…: tcpserver with tcptls
behind_tls()
{
  behind_name=$1
  shift
  serve "$behind_name" -HRl0 127.0.0.1 0 tcptls -n "$certificates/server.pem" "$@"
}

# client option… : connects to 127.0.0.1 $port as mail.example.org, believing the good CA
client()
{
  timeout 20 tcpclient -RHl0 -n '' -c "$certificates/ca.crt" "$@"
}

asks()
{
  # shellcheck disable=SC2016 # for the other shell
  client "$@" 127.0.0.1 "$port" sh -c 'echo hello >&7; read -r answer <&6; echo "$answer"'
}

# --- Who is believed ------------------------------------------------------------------------------------

with_certificate server
exits 'a good certificate' 0 asks -m mail.example.org
is 'is believed, and the line comes back' "$(cat "$work/out")" olleh
exits 'the address that was connected to' 0 asks
exits 'a name of the certificate, however it is spelled' 0 asks -m MAIL.example.ORG
exits 'another name of it' 0 asks -m www.example.org
exits 'the host argument' 0 client localhost "$port" true
exits 'with -4 too, by name' 0 client -4 localhost "$port" true
exits 'a name that it does not have' 111 asks -m other.example.org
like 'is refused, and the reason told' "$(cat "$work/err")" \
  "^tcpclient: fatal: unable to start TLS with 127\.0\.0\.1 port $port: certificate verify failed: .*[Hh]ostname mismatch"
exits 'an address that it does not have' 111 asks -m 127.0.0.2
like '... likewise' "$(cat "$work/err")" 'certificate verify failed: ip address mismatch'
exits 'a name that is none' 111 asks -m 'a b'
like '... is not even asked' "$(cat "$work/err")" 'not a name that a certificate could have: a b'
exits 'without the CA' 111 timeout 20 tcpclient -RHl0 -n '' -m mail.example.org 127.0.0.1 "$port" true
like 'the system believes nobody here' "$(cat "$work/err")" 'certificate verify failed: (unable to get local issuer|self.signed) certificate'
exits 'but for -k' 0 timeout 20 tcpclient -RHl0 -n '' -k -m other.example.org 127.0.0.1 "$port" true
exits 'and $SSL_CERT_FILE, which OpenSSL reads' 0 env "SSL_CERT_FILE=$certificates/ca.crt" \
  timeout 20 tcpclient -RHl0 -n '' -m mail.example.org 127.0.0.1 "$port" true

refused()
{
  with_certificate "$1"
  exits "$1" 111 asks -m "$2"
  like "... is refused" "$(cat "$work/err")" "certificate verify failed: .*$3"
  unlike '... and the program has not begun' "$(cat "$work/out")" .
}
refused server-expired mail.example.org 'certificate has expired'
refused server-not-yet mail.example.org 'not yet valid'
refused server-wrong-host mail.example.org 'ostname mismatch'
refused server-other-ca mail.example.org 'unable to get local issuer certificate'
refused server-self-signed mail.example.org 'self.signed certificate'
refused server-purpose mail.example.org 'unsuitable certificate purpose|unsupported certificate purpose'
refused server-partial mx.part.example.org 'ostname mismatch'
refused server-cn-ignored mail.example.org 'ostname mismatch'

with_certificate server-wildcard
exits 'a wildcard' 0 asks -m a.wild.example.org
exits 'is for one label' 111 asks -m a.b.wild.example.org
exits '... not for none' 111 asks -m wild.example.org
with_certificate server-address
exits 'a certificate for an address' 0 asks
exits '... is for no name' 111 asks -m localhost

with_certificate server-revoked
exits 'a revoked certificate without a list' 0 asks -m mail.example.org
exits 'with it' 111 asks -m mail.example.org -L "$certificates/crl.pem"
like '... is refused' "$(cat "$work/err")" 'certificate verify failed: certificate revoked'
with_certificate server
exits 'the list has nothing against another' 0 asks -m mail.example.org -L "$certificates/crl.pem"
exits 'a list out of date' 111 asks -m mail.example.org -L "$certificates/crl-expired.pem"
like '... is none' "$(cat "$work/err")" 'crl has expired'

# --- What is shown to the server --------------------------------------------------------------------------

openssl_serve wants -cert "$certificates/server.pem" -key "$certificates/server.pem" -Verify 3 -verify_return_error \
  -CAfile "$certificates/ca.crt"
exits 'a server that wants a certificate' 0 timeout 20 tcpclient -RHl0 -n "$certificates/client.pem" -c "$certificates/ca.crt" \
  127.0.0.1 "$port" sh -c 'echo hello >&7; read -r answer <&6; echo "$answer"'
is '... gets it' "$(cat "$work/out")" olleh
client 127.0.0.1 "$port" sh -c 'echo hello >&7; cat <&6' > "$work/out" 2> "$work/err"
is 'none' "$(cat "$work/out")" ''
ok '... ends the connection, with the reason' wait_for grep -Eq \
  '^tcpclient: warning: TLS has ended early: .*certificate required' "$work/err"
exits 'a certificate whose key is not there' 111 timeout 20 tcpclient -RHl0 -n "$certificates/no-key.pem" 127.0.0.1 "$port" true
like '... is named' "$(cat "$work/err")" '^tcpclient: fatal: .*no-key\.pem'
exits 'a file of authorities that is not there' 111 timeout 20 tcpclient -RHl0 -n '' -c "$work/none" 127.0.0.1 "$port" true
like '... is named' "$(cat "$work/err")" "^tcpclient: fatal: .*$work/none: No such file"

openssl_serve old -cert "$certificates/server.pem" -key "$certificates/server.pem" -tls1_2 -alpn smtp,imap
exits 'TLS 1.2 is spoken' 0 asks -m mail.example.org
exits 'but for -M TLSv1_3' 111 asks -M TLSv1_3
like '... with the reason' "$(cat "$work/err")" 'unable to start TLS with .*: .*protocol version'
exits 'a protocol is agreed on' 0 client -m mail.example.org -e pop3,imap 127.0.0.1 "$port" env
like '... and told' "$(cat "$work/out")" '^SSL_TLS_ALPN=imap$'
like 'with the version' "$(cat "$work/out")" '^SSL_PROTOCOL=TLSv1.2$'
like '... the cipher' "$(cat "$work/out")" '^SSL_CIPHER=ECDHE-'
like '... what was asked for' "$(cat "$work/out")" '^SSL_TLS_SNI_SERVERNAME=mail\.example\.org$'
like '... whom the certificate names' "$(cat "$work/out")" '^SSL_PEER_CERT_SUBJECT=.*CN=mail\.example\.org'
like '... its hash' "$(cat "$work/out")" "^SSL_PEER_CERT_HASH=$(openssl x509 -in "$certificates/server.crt" -outform DER |
  openssl dgst -sha256 -r | cut -d' ' -f1)\$"
like '... and the connection itself' "$(cat "$work/out")" "^TCPREMOTEPORT=$port\$"
exits 'no cipher in common' 111 asks -M TLSv1_2 -f ECDHE-RSA-AES128-GCM-SHA256
exits 'an address is verified' 0 client 127.0.0.1 "$port" env
unlike '... but not asked for' "$(cat "$work/out")" SSL_TLS_SNI
exits 'what is inherited' 0 env SSL_PEER_CERT_SUBJECT=CN=root SSLCTLFD=3 TLS_PROVIDER=x SSL_TLS_ALPN=x \
  timeout 20 tcpclient -RHl0 -n '' -k 127.0.0.1 "$port" env
unlike '... does not pass for this connection' "$(cat "$work/out")" 'CN=root|SSLCTLFD|TLS_PROVIDER|ALPN'
serve plain -HRl0 127.0.0.1 0 cat
exits '... nor without TLS' 0 env SSL_PEER_CERT_SUBJECT=CN=root tcpclient -RHl0 127.0.0.1 "$port" env
unlike '... either' "$(cat "$work/out")" CN=root

# --- Who does not speak TLS ---------------------------------------------------------------------------------

# The client's hello is taken off first: to close with it unread would be a reset.
serve http -HRl0 127.0.0.1 0 sh -c 'dd bs=1 count=5 > /dev/null 2>&1; echo "HTTP/1.0 400 Bad"; exec cat > /dev/null'
exits 'a server that speaks something else' 111 asks
like '... is refused' "$(cat "$work/err")" 'unable to start TLS with .*: wrong version number'
serve silent -HRl0 127.0.0.1 0 sh -c 'exec cat > /dev/null'
exits 'a server that says nothing' 111 client -S 1 127.0.0.1 "$port" true
like '... is not waited for longer than -S' "$(cat "$work/err")" 'unable to start TLS with .*: no handshake in time'
serve gone -HRl0 127.0.0.1 0 true
exits 'a server that closes at once' 111 asks
like '... is told of' "$(cat "$work/err")" 'unable to start TLS with .*: .'

# --- Ends ---------------------------------------------------------------------------------------------------

behind_tls status sh -c 'cat > /dev/null'
exits "the program's exit status" 7 client 127.0.0.1 "$port" sh -c 'exit 7'
client 127.0.0.1 "$port" sh -c 'kill -KILL $$' 2> /dev/null
is '... or signal is that of tcpclient' $? 137
exits 'the program has no children that it did not start' 0 client 127.0.0.1 "$port" \
  perl -e 'exit(wait() == -1 ? 0 : 1)'

behind_tls upper tr a-z A-Z
printf 'one\ntwo' > "$work/in"
# shellcheck disable=SC2016
exits 'the end of input reaches the server, and its answer comes after it' 0 \
  sh -c 'timeout 20 tcpclient -n "" -c "$1" 127.0.0.1 "$2" < "$3"' x "$certificates/ca.crt" "$port" "$work/in"
is '... whole' "$(cat "$work/out")" 'ONE
TWO'
perl -e 'my $t = ""; for (my $i = 0; length $t < 3 << 20; $i++) { $t .= "$i " } print $t' > "$work/large"
behind_tls echo cat
# shellcheck disable=SC2016
exits '3 MiB there and back' 0 sh -c 'timeout 60 tcpclient -n "" -k 127.0.0.1 "$1" < "$2"' x "$port" "$work/large"
ok '... every octet' cmp "$work/large" "$work/out"
lost=0
for round in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do
  client 127.0.0.1 "$port" sh -c "echo round $round >&7; head -n 1 <&6" > "$work/out" 2> "$work/err" || lost=$((lost + 1))
  [ "$(cat "$work/out")" = "round $round" ] || lost=$((lost + 1))
done
is 'twenty times a line' "$lost" 0
behind_tls taken sh -c "cat > '$work/taken.new'; mv '$work/taken.new' '$work/taken'"
exits 'a program that writes and is gone' 0 client 127.0.0.1 "$port" sh -c "cat '$work/large' >&7"
ok '... has written all of it' wait_for cmp "$work/large" "$work/taken"

# Cut off: openssl's server is killed after its answer.
with_certificate server
cat > "$work/reads.pl" <<'END'
open my $in, '<&=', 6; open my $out, '>&=', 7;
syswrite $out, "hello\n"; sysread $in, my $line, 100; print $line;
kill 'KILL', $ARGV[0];
my $n = sysread $in, my $rest, 100;
print defined $n ? "end $n" : $!{ECONNRESET} ? 'reset' : "error $!", "\n";
END
exits 'a server that is killed' 0 client 127.0.0.1 "$port" perl "$work/reads.pl" "$pid"
like '... looks to the program like a reset, not like an end' "$(cat "$work/out")" "^$(
  case $COMMAND_DIR in */portable/*) echo 'end 0' ;; *) echo reset ;; esac)\$"

# --- STARTTLS -----------------------------------------------------------------------------------------------

# says PROTOCOL SCRIPT: a server that reads a line for each line that it has said and then is TLS; "<" lines are said,
# ">" lines are what must come
cat > "$work/says.pl" <<'END'
use strict; use warnings;
$| = 1;
open my $script, '<', shift or die;
while (<$script>) {
  chomp; s/\\r/\r/g; s/\\n/\n/g;
  if (s/^< //) { print "$_\r\n" }
  elsif (s/^> //) {
    my $line = '';
    while ($line !~ /\n\z/) { sysread(STDIN, $line, 1, length $line) or exit 1 }
    $line eq "$_\r\n" or do { print STDERR "got $line"; exit 1 };
  }
}
exec @ARGV;
END
says()
{
  says_name=$1
  cat > "$work/$says_name.script"
  serve "$says_name" -HRl0 127.0.0.1 0 perl "$work/says.pl" "$work/$says_name.script" \
    tcptls -n "$certificates/server.pem" cat
}

says smtp <<'END'
< 220-mail.example.org
< 220 ESMTP
> EHLO [127.0.0.1]
< 250-mail.example.org
< 250-SIZE 1000
< 250-STARTTLS
< 250 HELP
> STARTTLS
< 220 go
END
smtp_port=$port
# shellcheck disable=SC2016
exits 'STARTTLS of SMTP' 0 client -s smtp -m mail.example.org 127.0.0.1 "$port" sh -c 'echo EHLO me >&7; head -n 1 <&6'
is '... and then the program' "$(cat "$work/out")" 'EHLO me'
says pop3 <<'END'
< +OK ready
> STLS
< +OK go
END
exits 'STLS of POP3' 0 client -s pop3 127.0.0.1 "$port" sh -c 'echo USER me >&7; head -n 1 <&6'
is '... and then the program' "$(cat "$work/out")" 'USER me'
says imap <<'END'
< * OK [CAPABILITY STARTTLS] ready
> a STARTTLS
< * CAPABILITY STARTTLS
< a OK go
END
exits 'STARTTLS of IMAP' 0 client -s imap 127.0.0.1 "$port" sh -c 'echo b NOOP >&7; head -n 1 <&6'
is '... and then the program' "$(cat "$work/out")" 'b NOOP'
port=$smtp_port
exits 'the certificate is verified all the same' 111 client -s smtp -m other.example.org 127.0.0.1 "$port" true

fails_with()
{
  exits "$1" 111 client -s "$2" 127.0.0.1 "$port" true
  like '... with the reason' "$(cat "$work/err")" "unable to start TLS with 127\.0\.0\.1 port $port: $3"
}
says without <<'END'
< 220 ESMTP
> EHLO [127.0.0.1]
< 250 mail.example.org
END
fails_with 'a server without STARTTLS' smtp 'the server does not offer STARTTLS'
says refuses <<'END'
< 220 ESMTP
> EHLO [127.0.0.1]
< 250 STARTTLS
> STARTTLS
< 454 TLS not available
END
fails_with 'a server that refuses' smtp 'the server says 454 TLS not available'
says injects <<'END'
< 220 ESMTP
> EHLO [127.0.0.1]
< 250 STARTTLS
> STARTTLS
< 220 go\r\n250 injected
END
fails_with 'a server, or somebody before it, that adds to the go-ahead' smtp 'the server has sent more than the go-ahead'
says preauth <<'END'
< * PREAUTH welcome
END
fails_with 'who is logged in already' imap 'the server says \* PREAUTH welcome'
serve mute -HRl0 127.0.0.1 0 sh -c 'exec cat > /dev/null'
exits 'a server that does not greet' 111 client -S 1 -s smtp 127.0.0.1 "$port" true
like '... is not waited for longer than -S' "$(cat "$work/err")" 'timed out before TLS'
serve shut -HRl0 127.0.0.1 0 echo '220 x'
exits 'a server that greets and goes' 111 client -s smtp 127.0.0.1 "$port" true

# --- What outlives the program ------------------------------------------------------------------------------

mkfifo "$work/inherited"
behind_tls idle -- sh -c 'until [ -e "$0" ]; do sleep 0.02; done' "$work/over"
client 127.0.0.1 "$port" true 9> "$work/inherited" &
ok 'what the program has inherited ends with it, not with the connection' timeout 20 cat "$work/inherited"
exits 'without standard error' 0 sh -c 'exec "$@" 2>&-' sh timeout 20 tcpclient -RHl0 -n '' \
  -c "$certificates/ca.crt" 127.0.0.1 "$port" true
: > "$work/over"

# --- The command line ---------------------------------------------------------------------------------------

for bad in '-s ftp' '-S 0' '-S x' '-M TLSv9' '-M SSLv3' '-f NOCIPHER' '-e ,'; do
  # shellcheck disable=SC2086
  exits "$bad is wrong" 100 timeout 20 tcpclient -RHl0 -n '' $bad 127.0.0.1 "$smtp_port" true
  like '... and said to be' "$(cat "$work/err")" '^tcpclient: usage: '
done
exits 'options of TLS need -n' 100 tcpclient -RHl0 -k 127.0.0.1 "$smtp_port" true
mkdir "$work/bare"
cp "$(command -v tcpclient)" "$work/bare/tcpclient"
exits 'without tlsconnect' 111 "$work/bare/tcpclient" -RHl0 -n '' 127.0.0.1 "$smtp_port" true
like '... it is said where it should be, and why it may not' "$(cat "$work/err")" \
  "^tcpclient: fatal: unable to run $work/libexec/tlsconnect: there is none; it is made where OpenSSL 3 is"
exits '-q says nothing' 111 timeout 20 tcpclient -q -RHl0 -n '' 127.0.0.1 "$smtp_port" true
is '... at all' "$(cat "$work/err")" ''
done_testing
