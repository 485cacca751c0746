#!/bin/sh
# rblsmtpd between tcpserver and a real SMTP server, aiosmtpd, with lists that dnsmasq serves; curl is the client.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/names.sh"
. "$root/tests/e2e/dnsmasq.sh"
need aiosmtpd python3-aiosmtpd
need curl curl
unset RBLSMTPD RES_OPTIONS

# 127.1.0.2 is on both lists, 127.1.0.3 there and on that of friends, ::1 on the first.
serve_dnsmasq <<'CONF'
local=/test/
txt-record=2.0.1.127.text.test,"127.1.0.2 sends spam, ","see http://text.test/"
txt-record=3.0.1.127.text.test,"127.1.0.3 sends spam, too"
txt-record=1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.text.test,"::1 sends spam"
host-record=2.0.1.127.address.test,127.0.0.2
host-record=3.0.1.127.address.test,127.0.0.2
host-record=3.0.1.127.friends.test,127.0.0.3
cname=4.0.1.127.text.test,2.0.1.127.text.test
CONF
dnsmasq=$pid
smtp_port=2525 # of this namespace
background aiosmtpd env PYTHONUNBUFFERED=1 aiosmtpd -n -l 127.0.0.1:$smtp_port -c aiosmtpd.handlers.Debugging stdout
listens() { ss -ltn | grep -q "127\.0\.0\.1:$smtp_port "; }
ok 'aiosmtpd runs' wait_for listens

# mail_server NAME args…: rblsmtpd with these lists before it
mail_server()
{
  mail_server_name=$1
  shift
  serve "$mail_server_name" -v -HRl0 -x "$work/rules.cdb" 0 0 rblsmtpd "$@" tcpclient -HRl0 127.0.0.1 $smtp_port
}

# mail FROM SUBJECT: a letter from a client at that address; what curl says of it, and the server's words, in $work/curl
mail()
{
  printf 'Subject: %s\r\n\r\nHello.\r\n..\r\n' "$2" > "$work/letter"
  case $1 in *:*) mail_to="[$1]" ;; *) mail_to=127.0.0.1 ;; esac
  curl -sS -v --max-time 30 --interface "$1" "smtp://$mail_to:$port/there" --mail-from me@here.test --mail-rcpt you@there.test \
    --upload-file "$work/letter" > "$work/curl" 2>&1
  echo $?
}
arrived() { grep -q "Subject: $1" "$work/aiosmtpd.out"; }
refusal() { tr -d '\r' < "$work/curl" | sed -n 's/^< \([45]..\)/\1/p'; }
printf '127.1.0.9:allow,RBLSMTPD="-Not you."\n127.1.0.8:allow,RBLSMTPD=""\n:allow\n' > "$work/rules"
tcprules "$work/rules.cdb" "$work/rules.tmp" < "$work/rules"

mail_server lists -a friends.test -r text.test -r 'address.test:No mail from %IP%'
is 'a letter from a client on no list arrives' "$(mail 127.1.0.1 unlisted)" 0
ok '... at the SMTP server' wait_for arrived unlisted
like 'the server and not rblsmtpd has greeted it' "$(cat "$work/curl")" '^< 220 .*SMTP'
is 'one from a client on a list does not' "$(mail 127.1.0.2 listed)" 55
is '... for the reason that the list has' "$(refusal)" '451 127.1.0.2 sends spam, see http://text.test/'
logs '... in the log, too' lists '^rblsmtpd: 127\.1\.0\.2 pid [0-9]+: 451 127\.1\.0\.2 sends spam, see'
logs '... and rblsmtpd has ended well' lists "^tcpserver: end $(sed -n 's/^rblsmtpd: 127.1.0.2 pid \([0-9]*\): .*/\1/p' "$work/lists.log") status 0"
is 'one from a friend arrives, whatever lists say' "$(mail 127.1.0.3 friend)" 0
is 'an alias of a listed name is listed' "$(mail 127.1.0.4 alias; refusal)" "55
451 127.1.0.2 sends spam, see http://text.test/"
is 'an IPv6 client that is listed is refused' "$(mail ::1 six; refusal)" "55
451 ::1 sends spam"
is 'a rule can refuse' "$(mail 127.1.0.9 rule; refusal)" "55
553 Not you."
stop

mail_server final -b -r 'address.test:No mail from %IP%, friend or not' -a friends.test
is 'a list of addresses has our text, and -b is final' "$(mail 127.1.0.3 final; refusal)" "55
553 No mail from 127.1.0.3, friend or not"
is 'a list that does not know the client by IPv6 lets it in' "$(mail ::1 six2)" 0
stop

mail_server informs -i -r text.test
is '-i lets a client in that is listed' "$(mail 127.1.0.2 informed)" 0
logs '... and says so' informs '^rblsmtpd: 127\.1\.0\.2 pid [0-9]+: \[RBL info\] 127\.1\.0\.2 sends spam'
stop

mail_server closed -c -r text.test
stop "$dnsmasq"
is 'without a DNS server -c keeps clients away for now' "$(mail 127.1.0.1 closed; refusal)" "55
451 temporary RBL lookup error"
logs '... with a line for the list and one for the refusal' closed \
  '^rblsmtpd: 127\.1\.0\.1 pid [0-9]+: lookup error: text\.test: every server failed$'
mail_server open -r text.test
is '... and else they are let in' "$(mail 127.1.0.1 open)" 0
logs '... but the log tells that the list was of no use' open '^rblsmtpd: 127\.1\.0\.1 pid [0-9]+: lookup error: text\.test: '
done_testing
