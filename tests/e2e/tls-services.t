#!/bin/sh
# Real clients and services through TLS: curl and micro-httpd, an SMTP server that speaks UCSPI-TLS, and tcptls below
# xinetd and systemd.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/tls.sh"
. "$(dirname "$0")/services.sh"
. "$root/tests/e2e/user.sh"
need micro-httpd micro-httpd
need curl curl
need perl perl
need xinetd xinetd
need systemd-socket-activate systemd
good=$certs/server.pem

# --- https ------------------------------------------------------------------------------------------------------------

mkdir "$work/www"
echo '<p>hello</p>' > "$work/www/page.html"
head -c 3000000 /dev/urandom > "$work/www/random"

# gets NAME curl's options…: what curl gets of https://NAME:$port
gets()
{
  gets_name=$1
  shift
  curl -sS --noproxy '*' --max-time 60 --resolve "$gets_name:$port:127.0.0.1" --cacert "$certs/ca.pem" "$@" 2> "$work/err"
}
site=https://mail.example.org
mkdir "$work/names"
cp "$good" "$work/names/default.pem"
cp "$certs/server-wrong-host.pem" "$certs/server-wildcard.pem" "$work/names"
for way in tcpserver tcptls; do
  case $way in
    tcpserver) serve https -v -RHl0 -n "$work/names" 127.0.0.1 0 micro-httpd "$work/www" ;;
    tcptls) serve https -v -RHl0 127.0.0.1 0 tcptls -n "$work/names" micro-httpd "$work/www" ;;
  esac
  is "$way: curl gets a page" "$(gets mail.example.org "$site:$port/page.html")" '<p>hello</p>'
  is '… as the server of that name' "$(gets wrong.example.org "https://wrong.example.org:$port/page.html")" '<p>hello</p>'
  is '… and as one that a wildcard stands for' "$(gets a.wild.example.org "https://a.wild.example.org:$port/page.html")" '<p>hello</p>'
  exits '… but not as one that it is not' 60 gets other.example.org "https://other.example.org:$port/page.html"
  is '… with TLS 1.2 alone' "$(gets mail.example.org --tls-max 1.2 "$site:$port/page.html")" '<p>hello</p>'
  exits '… not with less' 35 gets mail.example.org --tlsv1.0 --tls-max 1.1 --ciphers 'ALL:@SECLEVEL=0' "$site:$port/page.html"
  exits '… three megabytes' 0 gets mail.example.org -o "$work/got" "$site:$port/random"
  ok '… whole' cmp "$work/got" "$work/www/random"
  is '… a page that is not there is micro-httpd'"'"'s own 404' \
    "$(gets mail.example.org -o "$work/got" -w '%{http_code}' "$site:$port/nothing")" 404
  seq 1 30 | xargs -P 10 -I @@ curl -sS --noproxy '*' --max-time 60 --resolve "mail.example.org:$port:127.0.0.1" \
    --cacert "$certs/ca.pem" "$site:$port/page.html" > "$work/thirty" 2>&1
  is '… thirty, ten at once, too' "$(sort "$work/thirty" | uniq -c | tr -s ' ')" ' 30 <p>hello</p>'
  case $way in
    tcpserver)
      is '… three, one after the other' "$(gets mail.example.org -v "$site:$port/page.html" "$site:$port/page.html" "$site:$port/page.html" | grep -c hello)" 3
      is '… two of which go on with the session of the first' "$(grep -ci 're-using session' "$work/err")" 2
      ;;
  esac
  stop
done
serve clients -v -RHl0 -n "$good" -a "$certs/ca.pem" 127.0.0.1 0 micro-httpd "$work/www"
is 'curl with a certificate gets the page' "$(gets mail.example.org --cert "$certs/client.pem" "$site:$port/page.html")" '<p>hello</p>'
for bad in '' client-expired client-other-ca; do
  # shellcheck disable=SC2086
  not_ok "… not ${bad:-without}" gets mail.example.org ${bad:+--cert "$certs/$bad.pem"} "$site:$port/page.html"
done
stop
serve protocols -v -RHl0 -n "$good" -e h2,http/1.1 127.0.0.1 0 sh -c \
  'printf "HTTP/1.0 200 OK\r\n\r\n%s\n" "$SSL_TLS_ALPN"; while read -r line; do case $line in ?) exit ;; esac; done'
is 'ALPN chooses what both speak' "$(gets mail.example.org --http1.1 "$site:$port/")" http/1.1
stop
serve again -RHl0 -n "$good" 127.0.0.1 0 micro-httpd "$work/www"
again=$pid
serve front -RHl0 127.0.0.1 0 tcpclient -RHl0 -n '' -c "$certs/ca.pem" -m mail.example.org 127.0.0.1 "$port"
is 'http@ gets a page through TLS' "$(http@ 127.0.0.1 page.html "$port")" '<p>hello</p>'
stop
stop "$again"

# --- SMTP with STARTTLS ------------------------------------------------------------------------------------------------

# A server as qmail-smtpd with its TLS patch is one, to tcptls -u. What was said before TLS is forgotten.
cat > "$work/smtpd" <<'SCRIPT'
use strict; use warnings;
my ($in, $out, $tls, $from, $at) = (\*STDIN, \*STDOUT, '', '', '');
sub line { while ($at !~ /\n/) { sysread($in, $at, 4096, length $at) or exit 1 } $at =~ s/^(.*?)\r?\n//s; return $1 }
sub say_ { my $text = join('', map { "$_\r\n" } @_); syswrite($out, $text) == length $text or exit 1 }
say_('220 mail.example.org');
while (1) {
  my $line = line();
  if ($line =~ /^ehlo/i) { say_($tls ? '250 mail.example.org' : ('250-mail.example.org', '250 STARTTLS')) }
  elsif ($line =~ /^starttls/i) {
    say_('220 go');
    open my $control, '+<&=', $ENV{SSLCTLFD} or die; syswrite($control, 'Y');
    my $text = ''; 1 while $text !~ /(^|\0)\0\z/ && sysread($control, $text, 4096, length $text);
    $text =~ /SSL_PROTOCOL=([^\0]*)/ or exit 3;
    $tls = $1; $at = ''; $from = '';
    open $in, '<&=', $ENV{SSLREADFD} or die; open $out, '>&=', $ENV{SSLWRITEFD} or die;
  }
  elsif ($line =~ /^mail from:(\S*)/i) { $from = $1; say_($tls ? '250 ok' : '530 STARTTLS first') }
  elsif ($line =~ /^rcpt/i) { say_($from ? '250 ok' : '503 MAIL first') }
  elsif ($line =~ /^data/i) {
    say_('354 go');
    open my $letter, '>', $ARGV[0] or die; print $letter "$tls $from\n";
    while ((my $text = line()) ne '.') { print $letter "$text\n" }
    close $letter; say_('250 taken');
  }
  elsif ($line =~ /^quit/i) { say_('221 bye'); exit 5 }
  else { say_('500 what?') }
}
SCRIPT
printf 'Subject: hello\r\n\r\nHello.\r\n' > "$work/letter"
serve smtp -v -RHl0 127.0.0.1 0 tcptls -u -n "$good" perl "$work/smtpd" "$work/delivered"
mails()
{
  gets mail.example.org "smtp://mail.example.org:$port/there" --mail-from me@example.org --mail-rcpt you@example.org -T "$work/letter" "$@"
}
exits 'curl delivers a letter with STARTTLS' 0 mails --ssl-reqd
is '… in TLS' "$(tr -d '\r' < "$work/delivered" | tr '\n' ';')" 'TLSv1.3 <me@example.org>;Subject: hello;;Hello.;'
logs '… and the exit status is the server'"'"'s' smtp ' end [0-9]+ status 1280$'
exits '… with TLS 1.2' 0 mails --ssl-reqd --tls-max 1.2
is '… in that' "$(head -n 1 "$work/delivered")" 'TLSv1.2 <me@example.org>'
rm "$work/delivered"
exits '… but not without TLS' 55 mails
not_ok '… nothing is delivered then' test -e "$work/delivered"
like 'openssl does STARTTLS, too' "$(printf 'EHLO me\r\nQUIT\r\n' |
  timeout 20 openssl s_client -quiet -starttls smtp -connect "127.0.0.1:$port" 2> "$work/err" | tr -d '\r' | tail -n 2 | tr '\n' ' ')" \
  '^250 mail\.example\.org 221 bye $'
is '… and tcpclient' "$(printf 'EHLO me\r\nQUIT\r\n' |
  timeout 20 tcpclient -RHl0 -n '' -c "$certs/ca.pem" -s smtp 127.0.0.1 "$port" | tr -d '\r' | tr '\n' ' ')" '250 mail.example.org 221 bye '
stop

# --- other servers -------------------------------------------------------------------------------------------------------

# A port that is free; somebody else may take it before it is used, so another is tried then.
free_port()
{
  serve "free-port-$1" -RHl0 127.0.0.1 0 true
  stop
}
tcptls=$(command -v tcptls)
run_systemd()
{
  background systemd systemd-socket-activate --accept --inetd -l "127.0.0.1:$port" \
    "$tcptls" -n "$good" sh -c 'echo "begun $SSL_PROTOCOL"; cat; echo ended'
}
run_xinetd()
{
  printf '#!/bin/sh\necho "begun $SSL_PROTOCOL"; cat; echo ended\n' > "$work/service"
  chmod 755 "$work" "$work/service"
  cat > "$work/xinetd.conf" <<CONF
service tls
{
  type = UNLISTED
  port = $port
  bind = 127.0.0.1
  socket_type = stream
  protocol = tcp
  wait = no
  user = $($as_user id -un)
  server = $tcptls
  server_args = -n $good $work/service
}
CONF
  # shellcheck disable=SC2086
  background xinetd $as_user xinetd -dontfork -f "$work/xinetd.conf" -pidfile "$work/xinetd.pid"
}
listens()
{
  ss -ltn | grep -q "127\.0\.0\.1:$port "
}
for server in systemd xinetd; do
  for attempt in 1 2 3 4 5; do
    free_port "$server-$attempt"
    "run_$server"
    wait_for sh -c 'ss -ltn | grep -q "127\.0\.0\.1:$1 " || ! kill -0 "$2" 2> /dev/null' sh "$port" "$pid"
    kill -0 "$pid" 2> /dev/null && break
  done
  is "tcptls below $server" "$(client -n 20 -C "$certs/ca.pem" 127.0.0.1 "$port" 'text\n' | tr '\n' ' ')" 'begun TLSv1.3 text ended '
  is '… says nothing in the clear to who speaks no TLS' "$(peer 127.0.0.1 "$port" 'GET / HTTP/1.0\r\n\r\n')" ''
  stop
done
done_testing
