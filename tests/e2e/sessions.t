#!/bin/sh
# Sessions of SMTP, FTP and HTTP that are written down in sessions/, played to real servers through recordio and through
# fixcrio: clients hear what they hear without, but for the CRs that fixcrio adds, and the record tells all of it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/services.sh"
need nginx nginx-light
need busybox busybox
need micro-httpd micro-httpd
need vsftpd vsftpd
need aiosmtpd python3-aiosmtpd
need perl perl
sessions=$root/tests/e2e/sessions

# play NAME FOLDER… -- prog…: the sessions in FOLDER with a server below tcpserver; the name says which server that is
play()
{
  play_name=$1
  play_folders=
  shift
  while [ "$1" != -- ]; do
    play_folders="$play_folders $1"
    shift
  done
  shift
  serve_by_port "$play_name" "$@"
  play_port=$port
  serve_by_port "$play_name-record" recordio "$@"
  play_record=$port
  serve_by_port "$play_name-fix-record" fixcrio recordio "$@"
  play_fix_record=$port
  serve_by_port "$play_name-record-fix" recordio fixcrio "$@"
  play_record_fix=$port
  for play_folder in $play_folders; do
    timeout -k 1 300 perl "$root/tests/e2e/sessions.pl" "$sessions/$play_folder" "$play_port" \
      recordio "$play_record" "$work/$play_name-record.log" \
      'fixcrio recordio' "$play_fix_record" "$work/$play_name-fix-record.log" \
      'recordio fixcrio' "$play_record_fix" "$work/$play_name-record-fix.log" > "$work/verdicts" 2> "$work/err"
    is "$play_name: the sessions in $play_folder are played" "$? $(cat "$work/err")" '0 '
    while read -r play_verdict play_what; do
      case $play_verdict in
        0 | 1) result "$play_verdict" "$play_name: $play_what" ;;
        *) diag "$play_what" ;;
      esac
    done < "$work/verdicts"
  done
}

# --- HTTP -------------------------------------------------------------------------------------------------------
mkdir "$work/www" "$work/www/put" "$work/www/cgi-bin"
echo '<p>hello</p>' > "$work/www/page.html"
head -c 2000000 /dev/urandom > "$work/www/random"
perl -e 'srand 1; my @c = ("\r", "\n", "\r\n", "\0", "\r\r\n");
  print rand() < 0.3 ? $c[rand @c] : chr rand 256 for 1 .. 50000; print "end\r"' > "$work/www/octets"
printf '<p>before</p><!--#include virtual="/page.html" --><p>after</p>\n' > "$work/www/page.shtml"
cat > "$work/www/cgi-bin/echo" << 'CGI'
#!/bin/sh
cat > "$UCSPI_TEST_FOLDER/body.$$"
size=$(wc -c < "$UCSPI_TEST_FOLDER/body.$$")
printf 'Content-Type: text/plain\r\nContent-Length: %s\r\n\r\n%s %s\n' $((size + 6 + ${#size})) "$REQUEST_METHOD" "$size"
cat "$UCSPI_TEST_FOLDER/body.$$"
CGI
chmod -R a+rX "$work/www"
chmod 755 "$work/www/cgi-bin/echo"
chmod a+x "$work"

play micro-httpd http -- micro-httpd "$work/www"
UCSPI_TEST_FOLDER=$work
export UCSPI_TEST_FOLDER
play busybox http busybox -- busybox httpd -i -h "$work/www"
busybox_port=$play_port

# shellcheck disable=SC2016 # a variable of nginx
ok 'nginx runs' serve_nginx 'location = /page.shtml { ssi on; ssi_types *; }' \
  'location /put/ { dav_methods PUT DELETE; }' \
  "location /cgi-bin/ { proxy_pass http://127.0.0.1:$busybox_port; proxy_http_version 1.1; proxy_set_header Connection close; }"
play nginx http nginx -- tcpclient -HRl0 127.0.0.1 "$port"

# --- FTP: vsftpd insists on a connection of its own, so a relay leads to it -------------------------------------
make_ftp_folder
mkdir "$work/ftp/pub"
cp "$work/www/octets" "$work/www/page.html" "$work/ftp"
cp "$work/www/page.html" "$work/ftp/pub"
configure_vsftpd 'ftpd_banner=files for everybody'
serve_by_port vsftpd-alone vsftpd "$work/vsftpd.conf"
play vsftpd vsftpd -- tcpclient -HRl0 127.0.0.1 "$port"

# --- SMTP -------------------------------------------------------------------------------------------------------
# aiosmtpd on a port of its own choice, which the program aiosmtpd can't; the interpreter is that program's. It writes a
# line for each letter.
python=$(sed -n '1s/^#! *//p' "$(command -v aiosmtpd)")
# shellcheck disable=SC2086 # it may have arguments
background aiosmtpd-alone $python -u -c '
import asyncio
from aiosmtpd.smtp import SMTP
class Letters:
    async def handle_DATA(self, server, session, envelope):
        print(envelope.mail_from, envelope.rcpt_tos, envelope.content)
        return "250 OK"
async def main():
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Letters(), hostname="there.test"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1])
    await server.serve_forever()
asyncio.run(main())'
serve_wait aiosmtpd-alone
play aiosmtpd aiosmtpd -- tcpclient -HRl0 127.0.0.1 "$port"
sed 1d "$work/aiosmtpd-alone.out" | sort | uniq -c > "$work/letters"
is 'every letter arrived four times, always the same' "$(awk '$1 != 4' "$work/letters" | cut -c 1-300)" ''
is '... all of them' "$(wc -l < "$work/letters" | tr -d ' ')" "$(cat "$sessions/aiosmtpd"/* | grep '^> .*Subject: ' | grep -vc 'cut off')"
done_testing
