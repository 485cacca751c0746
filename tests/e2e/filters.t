#!/bin/sh
# SMTP, FTP and HTTP sessions of real clients and servers, through recordio and through fixcrio: they go as without, the
# record has every octet of them, and clients that end lines in LF alone are understood.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/services.sh"
need vsftpd vsftpd
need micro-httpd micro-httpd
need aiosmtpd python3-aiosmtpd
need curl curl

make_ftp_folder
mkdir "$work/www"
perl -e 'print "line $_\n" for 1 .. 20000' > "$work/www/text.html"
head -c 2000000 /dev/urandom > "$work/www/random"
cp "$work/www/random" "$work/ftp/random"

curl_()
{
  curl -sS --noproxy '*' --max-time 30 "$@"
}
# recorded MARK NAME: the octets that the record of the server NAME shows in that direction
recorded()
{
  perl -e 'my $mark = shift; while (<STDIN>) {
    next unless s/^\d+ $mark //; next if /^\[EOF\]$/;
    s/\+\n$// or s/ \n$/\n/ or die "no line: $_"; print }' "$1" < "$work/$2.log"
}
# talk FILE: sends its lines to $port one at a time, each after the answer to the one before; prints the answers
talk()
{
  timeout -k 1 30 perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die;
    sub answer { while (<$s>) { print; last unless /^\d+-/ } }
    answer();
    while (my $line = <STDIN>) {
      print $s $line;
      $data = $line =~ /^DATA/ || $data && $line !~ /^\.$/;
      answer() unless $data && $line !~ /^DATA/;
    }' "$port" < "$1"
}

# --- HTTP -------------------------------------------------------------------------------------------------------
serve_by_port http recordio micro-httpd "$work/www"
ok 'HTTP: curl gets two megabytes through recordio' sh -c \
  'curl -sS --noproxy "*" --max-time 30 -D "$2" "http://127.0.0.1:$1/random" > "$3" && cmp "$3" "$4"' sh \
  "$port" "$work/headers" "$work/got" "$work/www/random"
wait_for grep -q '> \[EOF\]$' "$work/http.log"
cat "$work/headers" "$work/got" > "$work/whole"
recorded '>' http > "$work/recorded"
ok 'the record has every octet of the answer' cmp "$work/recorded" "$work/whole"
like '... and of the request' "$(recorded '<' http | head -n 1 | tr '\r' '$')" '^GET /random HTTP/1\.[01]\$$'
logs 'tcpserver sees how the server ended' http '^tcpserver: end [0-9]* status 0$'
is "the record begins with tcpserver's pid of the server" "$(sed -n 's/ > .*//p' "$work/http.log" | sort -u)" \
  "$(sed -n 's/^tcpserver: pid \([0-9]*\) .*/\1/p' "$work/http.log")"

serve_by_port fixed fixcrio micro-httpd "$work/www"
printf 'GET /text.html HTTP/1.0\n\n' > "$work/request"
timeout 30 tcpclient -HRl0 127.0.0.1 "$port" < "$work/request" > "$work/got"
is 'HTTP: a client that sends LF alone is answered through fixcrio' "$(head -n 1 "$work/got" | grep -c '^HTTP/1.[01] 200')" 1
is '... in lines that end in CR LF only' "$(grep -vc "$(printf '\r')\$" "$work/got")" 0
sed '1,/^.$/d' "$work/got" | tr -d '\r' > "$work/body"
ok '... and otherwise with what is in the file' cmp "$work/body" "$work/www/text.html"

# --- FTP: vsftpd insists on a connection of its own, so a relay leads to it -------------------------------------
configure_vsftpd
serve_by_port vsftpd vsftpd "$work/vsftpd.conf"
vsftpd_port=$port
serve_by_port ftp recordio tcpclient -HRl0 127.0.0.1 "$vsftpd_port"
ok 'FTP: curl gets two megabytes through recordio' sh -c \
  'curl -sS --noproxy "*" --max-time 30 "ftp://127.0.0.1:$1/random" > "$2" && cmp "$2" "$3"' sh \
  "$port" "$work/got" "$work/ftp/random"
logs 'the record has the greeting' ftp "^[0-9]* > 220 .*$(printf '\r') \$"
logs '... the command' ftp "^[0-9]* < RETR random$(printf '\r') \$"
logs '... what it was answered' ftp "^[0-9]* > 226 .*$(printf '\r') \$"
logs '... and the end of both directions' ftp '^[0-9]* < \[EOF\]$'
serve_by_port ftp-fixed fixcrio recordio tcpclient -HRl0 127.0.0.1 "$vsftpd_port"
printf 'USER anonymous\nPWD\nQUIT\n' > "$work/commands"
is 'FTP: a client that sends LF alone is served through fixcrio' "$(talk "$work/commands" | cut -c 1-4 | tr '\n' ' ')" \
  '220  230  257  221  '
wait_for grep -q QUIT "$work/ftp-fixed.log"
is '... because the server gets CR LF' "$(recorded '<' ftp-fixed | tr '\r' '$')" 'USER anonymous$
PWD$
QUIT$'

# --- SMTP -------------------------------------------------------------------------------------------------------
# On a port of its own choice, which the program aiosmtpd can't; the interpreter is that program's.
python=$(sed -n '1s/^#! *//p' "$(command -v aiosmtpd)")
# shellcheck disable=SC2086 # it may have arguments
background aiosmtpd $python -u -c '
import asyncio
import sys
from aiosmtpd.handlers import Debugging
from aiosmtpd.smtp import SMTP
async def main():
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Debugging(sys.stdout)), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1])
    await server.serve_forever()
asyncio.run(main())'
serve_wait aiosmtpd
smtp_port=$port
serve_by_port smtp recordio tcpclient -HRl0 127.0.0.1 "$smtp_port"
perl -e 'print "Subject: recorded\r\n\r\n"; print "text $_\r\n..\r\n" for 1 .. 2000' > "$work/letter"
is 'SMTP: curl delivers a letter through recordio' "$(curl_ "smtp://127.0.0.1:$port/there" --mail-from me@here.test \
  --mail-rcpt you@there.test --upload-file "$work/letter" 2>&1; echo $?)" 0
ok 'it arrives' wait_for grep -q '^Subject: recorded' "$work/aiosmtpd.out"
logs 'the record has the greeting' smtp '^[0-9]* > 220 '
logs '... and the end' smtp "^[0-9]* < QUIT$(printf '\r') \$"
recorded '<' smtp | sed -n '/^Subject: /,/^\.\r$/p' | sed -e '$d' -e 's/^\.//' > "$work/recorded"
ok 'the record has every octet of the letter' cmp "$work/recorded" "$work/letter"
serve_by_port smtp-fixed fixcrio recordio tcpclient -HRl0 127.0.0.1 "$smtp_port"
printf 'HELO here.test\nMAIL FROM:<me@here.test>\nRCPT TO:<you@there.test>\nDATA\nSubject: fixed\n\ntext\n.\nQUIT\n' > "$work/commands"
is 'SMTP: a client that sends LF alone is served through fixcrio' "$(talk "$work/commands" | cut -c 1-3 | tr '\n' ' ')" \
  '220 250 250 250 354 250 221 '
ok 'its letter arrives' wait_for grep -q '^Subject: fixed' "$work/aiosmtpd.out"
wait_for grep -q QUIT "$work/smtp-fixed.log"
is '... because the server gets CR LF' "$(recorded '<' smtp-fixed | grep -vc "$(printf '\r')\$")" 0
done_testing
