#!/bin/sh
# The examples of the manual pages, run as they stand there, in a network of the test's own, where every port is free and
# its DNS server knows the hosts of the examples. Only what a test can't have is put in another place: folders of the
# system, users, addresses of other machines, and mail servers.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/names.sh"
. "$root/tests/examples.sh"
. "$root/tests/cli/tcpclient.sh"
. "$root/tests/e2e/user.sh"
need nc netcat-traditional
need git git
need pgrep procps
need rsync rsync
need systemd-socket-activate systemd
need systemd-analyze systemd
for tool in multilog softlimit envuidgid; do need "$tool" daemontools; done
unset RBLSMTPD
me=$($as_user id -un)
cd "$work" || exit 1
mkdir bin etc
PATH=$work/bin:$PATH
# A shell that is started for a client must not take the test's for its own.
HOME=$work
GIT_CONFIG_NOSYSTEM=1
export HOME GIT_CONFIG_NOSYSTEM

zone <<'ZONE'
mail.example.org A 60 127.0.0.1
pop.example.org A 60 127.0.0.1
time.example.org A 60 127.0.0.1
www.example.org A 60 127.0.0.1
server.example.org A 60 127.0.0.1
127.0.0.1 PTR 60 mail.example.org
127.0.0.8 PTR 60 confirmed.example.org
confirmed.example.org A 60 127.0.0.8
127.0.0.9 PTR 60 liar.example.org
2.0.0.127.bl.example.org TXT 60 listed
3.0.0.127.dul.example.net A 60 127.0.0.2
4.0.0.127.friends.example.org A 60 127.0.0.2
4.0.0.127.enemies.example.org TXT 60 enemy
5.0.0.127.enemies.example.org TXT 60 enemy
ZONE
serve_dns
serve_ident 127.0.0.1=user:joe 127.0.0.8=error:NO-USER 127.0.0.9=user:root 127.0.0.10=user:root

# here: the example on standard input, with what the test has instead
here()
{
  sed -e 's/192\.0\.2\.7/127.0.0.9/g; s/192\.0\.2\.25/127.0.0.25/g; s/198\.51\.100\.7/127.0.0.7/g; s/192\.0\.2\.1/127.0.0.1/g' \
    -e "s|/etc/|$work/etc/|g; s|/srv/|$work/srv/|g; s|/usr/local/libexec/|${COMMAND_DIR%command}libexec/|g" \
    -e "s|/var/qmail/bin/|$work/bin/|g; s|/usr/local/bin/greet|$work/bin/greet|g; s|/usr/local/bin/tcpserver|$(command -v tcpserver)|g" \
    -e "s|/usr/local/bin/git-tcpmux|$work/bin/git-tcpmux|g" \
    -e 's/ -u [a-z]* -g [a-z]* / /; s/setuidgid [a-z]* //; /^chown mux /d'
}
# runs PAGE WORDS [as who]: the whole example, in the scratch folder
runs()
{
  example "$1" "$2" | here > "$work/run.sh"
  shift 2
  "$@" sh -e "$work/run.sh" 2> "$work/err"
}
listens() { ss -ltn | grep -q ":$1 "; }
silent() { ! listens "$1"; }
# up PORT PAGE WORDS: the server that the example starts, which listens there
up()
{
  up_port=$1
  [ $# = 1 ] || example "$2" "$3" | here > run.sh
  # shellcheck disable=SC2086
  background server $as_user sh -c "exec $(cat run.sh)"
  ok "the server runs ($(head -n 1 run.sh | cut -c 1-60))" wait_for listens "$up_port"
}
# pid_here ARGUMENTS: of the tcpserver that has been called with them, and not by another test
pid_here()
{
  for pid_found in $(pgrep -fx "tcpserver $1.*"); do
    [ "$(readlink "/proc/$pid_found/ns/net")" != "$(readlink /proc/self/ns/net)" ] || echo "$pid_found"
  done
}
down()
{
  stop
  wait_for silent "$up_port"
}
program()
{
  cat > "$work/bin/$1"
  chmod 755 "$work/bin/$1"
}
program qmail-smtpd <<'P'
#!/bin/sh
echo '220 mail.example.org'
read -r line && echo "250 $line"
P

# --- filters ------------------------------------------------------------------------------------------------------
listen smtp -p 25 request request 'send=220 mail.example.org\r\n'
example addcr.1 'nc mail.example.org' | sed 's/mail\.example\.org/127.0.0.1/' > run.sh
timeout 10 sh run.sh > got
is 'addcr: the server gets lines with CR LF' "$(cat smtp.log)" 'request HELO example.org\r\n
request QUIT\r\n'
stop
printf 'a\r\nb\r\n' > dos.txt
runs delcr.1 'dos.txt'
is 'delcr: the file has lines with LF' "$(cat unix.txt)" 'a
b'
is 'argv0: the shell takes itself for a login shell' "$(echo 'echo $0' | runs argv0.1 '-sh')" -sh
ln -s /bin/sh bin/tcpd
up 21 argv0.1 'ftp argv0'
is 'argv0: the program is found as tcpd, and called ftpd' "$(tcpclient 127.0.0.1 21 < /dev/null; printf 'echo $0 $-; exit\n' | tcpclient 127.0.0.1 21)" 'ftpd s'
down
up 13 fixcrio.1 'fixcrio date'
like 'fixcrio: the date ends in CR LF' "$(tcpclient -RHl0 127.0.0.1 13 sh -c 'exec cat -v <&6')" '[0-9]{2}:[0-9]{2}:[0-9]{2}.*\^M$'
is 'tcpclient: so it is with a program and without one' "$(runs tcpclient.1 'time.example.org 13' | grep -c ':..:')$(runs tcpclient.1 'daytime' | grep -c ':..:')" 11
down
example recordio.1 'qmail-smtpd' | here > run.sh
background record $as_user sh -c '(. ./run.sh) & echo $! > record.pid; wait'
ok 'recordio: the server runs' wait_for listens 25
printf 'HELO me\n' | mconnect 127.0.0.1 > got
ok '... and keeps a record' wait_for grep -Eq '^@[0-9a-f]+ [0-9]+ < HELO me' main/current
kill -TERM $(pid_here '-HRl0 0 25 recordio')
wait "$pid"
wait_for silent 25
ran_elsewhere recordio.1 'you said $line' cli/recordio.t
ran_elsewhere recordio.1 '5135 < hello' cli/recordio.t

# --- clients ------------------------------------------------------------------------------------------------------
listen fingers -p 79 request 'send=answer\r\n'
is 'finger@: both questions are answered' "$(runs finger@.1 'joe')" 'answer
answer'
is '... the second is about the user' "$(sed -n 's/^request //p' fingers.log)" '\r\n
joe\r\n'
stop
listen smtp -p 25 'send=220 hello\r\n' request 'send=250 PIPELINING\r\n' request 'send=221 bye\r\n'
like 'mconnect: the server offers something' "$(runs mconnect.1 'EHLO' | tr -d '\r')" '^250 PIPELINING$'
is '... asked for with CR LF' "$(sed -n 's/^request //p' smtp.log | head -n 1 | cut -c 1-11)" 'EHLO me\r\n'
stop
listen pop -p 110 'send=+OK\r\n' request 'send=+OK bye\r\n'
is 'mconnect-io: talks to the server' "$(echo QUIT | runs mconnect-io.1 'pop.example.org' | tr -d '\r')" '+OK
+OK bye'
is '... with CR LF' "$(sed -n 's/^request //p' pop.log)" 'QUIT\r\n'
stop
listen quote -p 17 'send=wisdom\r\n'
is 'tcpcat: prints the quote of the day' "$(runs tcpcat.1 '^tcpcat$' | tr -d '\r')" wisdom
stop
ran_elsewhere tcpcat.1 'tcpcat 192' cli/clients.t
for page in who@.1 date@.1; do
  ran_elsewhere $page "${page%.1} 192.0.2.1" cli/clients.t
  ran_elsewhere $page 'tcpserver -RHl0 0' cli/clients.t
done
ran_elsewhere http@.1 page.html e2e/http-get.t
ran_elsewhere http@.1 random.new e2e/http-get.t
listen web -p 80 'request' 'slurp=request' 'send=HTTP/1.0 200 OK\r\n\r\nhello\n'
is 'tcpclient: the reply comes after the end of the request' "$(runs tcpclient.1 'www.example.org 80' | tail -n 1)" hello
stop
like 'tcplookup: the name of a peer is shown as the page shows it' \
  "$(example tcplookup.8 'tcplookup -p' | commands | here | sh)" "^$(example tcplookup.8 'tcplookup -p' | tail -n 1)\$"
is '... so is its user' "$(example tcplookup.8 '40000' | commands | here | sh)" "$(example tcplookup.8 '40000' | tail -n 1)"

# --- a TCPMUX server and its clients -------------------------------------------------------------------------------
mkdir -p etc/tcpmux srv
git init -q srv/git/project.git
git -C srv/git/project.git -c user.name=Tester -c user.email=tester@example.org commit -q --allow-empty -m first
like 'tcpmuxd: a service is made, and its check finds it right' "$(runs tcpmuxd.1 'mkdir -p')" '^acme-time .*10'
is '... it can be asked without a network' "$(runs tcpmuxd.1 'ACME-Time' | sed -n '1p; 2s/.*\(UTC\).*/\1/p' | tr -d '\r')" '+
UTC'
offered=$(runs tcpmux-services.5 'cat > git/run' | cut -d ' ' -f 1 | tr '\n' ' ')
is 'tcpmux-services: the services are offered' "$offered" 'acme-time git rsync '
is '... rsync to one network only' "$(tcprulescheck etc/tcpmux/rsync/rules.cdb 192.168.7.9 | tail -n 1) $(tcprulescheck etc/tcpmux/rsync/rules.cdb 127.0.0.1 | tail -n 1)" \
  'allow connection deny connection'
example tcpmux-services.5 'rsync/down' | here > run.sh
like '... a service can be switched off' "$(sed -n 1p run.sh | sh; tcpmuxd -n etc/tcpmux)" '^rsync .* down( |$)'
unlike '... and on' "$(sed -n 2p run.sh | sh; tcpmuxd -n etc/tcpmux)" '^rsync .* down( |$)'
mkdir -p srv/queue etc/tcpmux/queue
example tcpmux-services.5 '-queue is full' | here > etc/tcpmux/queue/run
printf '#!/bin/sh\necho received\n' > srv/queue/receive
: > etc/tcpmux/queue/own-reply
chmod 755 etc/tcpmux/queue/run srv/queue/receive
# The network of the example is not ours.
printf '127.:allow\n' | tcprules etc/tcpmux/rsync/rules.cdb etc/tcpmux/rsync/rules.tmp
mkdir data
echo content > data/file
printf '[module]\npath = %s/data\nuse chroot = no\n' "$work" > etc/tcpmux/rsync/rsyncd.conf
chmod 711 "$work"
up 1 tcpmuxd.1 'tcpserver -v'
like 'tcpclient: the services of a server are listed' "$(runs tcpclient.1 '-X server.example.org help' | tr -d '\r')" '^git$'
queue() { tcpclient -X 127.0.0.1 queue < /dev/null 2>&1; }
is 'tcpmux-services: a service that decides itself is there' "$(queue)" received
: > srv/queue/full
like '... or is not' "$(queue)" 'queue is full, come back tomorrow'
# shellcheck disable=SC2086
ok 'tcpclient: rsync copies by name' runs tcpclient.1 RSYNC_CONNECT_PROG $as_user
is '... the file' "$(cat copy/file)" content
example tcpclient.1 'exec tcpclient -X "$1" git' | program git-tcpmux
ok 'tcpclient: git clones by name' runs tcpclient.1 core.gitProxy
is '... the repository' "$(git -C project log --format=%s)" first
program program <<'P'
#!/bin/sh
printf '0032git-upload-pack /project.git\0host=example.org\0'
timeout 30 head -n 1 | tr '\0' '\n' > "$HOME/refs"
P
runs tcpclient.1 'exec program'
like 'tcpclient: where a service has no port its name is asked for' "$(cat refs)" ' HEAD$'
listen git -p 9418 'send=its own port\n'
rm refs
runs tcpclient.1 'exec program'
is '... and where it has one, that is' "$(cat refs)" 'its own port'
stop
pid=$(pid_here '-v -HRl0 -c 100 0 1 ')
kill "$pid"
wait_for silent 1
# Users are made by root, and not for a test.
like 'tcpmuxd: useradd has the options of the example' "$(example tcpmuxd.1 'useradd'; /usr/sbin/useradd --help 2>&1)" '-r, --system'

# --- rules --------------------------------------------------------------------------------------------------------
printf '127.:allow\n:deny\n:deny\n' > etc/tcp.smtp
runs tcprules.1 'tcp.smtp.cdb' > got || :
not_ok 'tcprules: rules that are wrong are not compiled' test -e etc/tcp.smtp.cdb
is '... but -w says what is' "$(example tcprules.1 '-w check.cdb' | commands | here | sh 2>&1 | grep -c '^tcprules: warning: ')" 1
printf '127.:allow\n:deny\n' > etc/tcp.smtp
example tcprules.1 'tcp.smtp.cdb' | commands | here | sh
like 'tcprules: rules that are right are' "$(tcprulescheck etc/tcp.smtp.cdb 10.0.0.1)" '^deny connection$'
printf '127.0.0.1:allow\n' > local.rules
printf ':deny\n' > fetched.rules
ok 'tcprules: several files make one' runs tcprules.1 'fetched.rules'
before=$(cksum < rules.cdb)
rm fetched.rules
not_ok '... or none, if one is missing' runs tcprules.1 'fetched.rules'
is '... and then nothing changes' "$(cksum < rules.cdb)" "$before"
program vi <<'P'
#!/bin/sh
echo '127.0.0.2:deny' >> "$1"
P
example tcprulescheck.1 '-d rules.cdb' | commands | sh
is 'tcprulescheck: rules whose text was lost can be changed' \
  "$(tcprulescheck rules.cdb 127.0.0.2 | tail -n 1) $(tcprulescheck rules.cdb 127.0.0.1 | tail -n 1)" 'deny connection allow connection'
ran_elsewhere tcprules.5 'scanner' cli/tcprules.t
ran_elsewhere tcprulescheck.1 'tcprulescheck /etc/tcp.smtp.cdb' cli/tcprules.t
ran_elsewhere tcprulescheck.1 'tcprulescheck -v' cli/tcprules.t

# --- rblsmtpd -----------------------------------------------------------------------------------------------------
# refusal ADDRESS: what a client there is told at port 25
refusal()
{
  peer -b "$1" 127.0.0.1 25 'RCPT\r\nQUIT\r\n' | tr -d '\r' | sed -n '/^[45]/p; s/^\(220 mail\).*/\1/p'
}
up 25 rblsmtpd.1 'dul.example.net'
is 'rblsmtpd: of two lists each refuses its own' "$(refusal 127.0.0.1) $(refusal 127.0.0.2) $(refusal 127.0.0.3)" \
  '220 mail 451 listed 451 Use the mail server of your provider, 127.0.0.3'
down
rbl() { printf 'RCPT\r\nQUIT\r\n' | TCPREMOTEIP=$1 runs rblsmtpd.1 'friends.example.org' | sed -n '/^[45]/p; s/^\(220 mail\).*/\1/p' | tr -d '\r'; }
is 'rblsmtpd: friends come first, and enemies are refused for good' "$(rbl 127.0.0.1) $(rbl 127.0.0.4) $(rbl 127.0.0.5)" \
  '220 mail 220 mail 553 enemy'
example rblsmtpd.1 "cat > rules" | sed 's/192\.0\.2\./127.0.1./; s/198\.51\.100\.7/127.0.0.2/; s/-Mail from 192\.0\.2/-Mail from 127.0.1/' > run.sh
grep -v '^tcpserver' run.sh | sh
sed -i '/^tcpserver/!d' run.sh
up 25
is 'rblsmtpd: rules decide before lists' "$(refusal 127.0.1.9) $(refusal 127.0.0.2)" '553 Mail from 127.0.1.* is not wanted. 220 mail'
down
for words in '$ ln -s' '^service acme$' 'The service acme of' '192.0.2.0/24:allow'; do
  ran_elsewhere inetd-import.1 "$words" cli/inetd-import-junk.t
done
for words in 'AWAY="away"' 'exec cat "$AWAY"' 'exec tcpbind' 'tcpclient -RHl0' '0 7003 ./trap' 'caught.lock'; do
  ran_elsewhere from-xinetd.7 "$words" e2e/from-xinetd.t
done
for words in 'default-server' 'exec tcpserver' ':allow' 'rsync rules' '^svc -oa /service/smtp$' '^svc -u /service/smtp$'; do
  ran_elsewhere scaling.7 "$words" e2e/scaling.t
done
ran_elsewhere rblsmtpd.1 'Not now.' cli/rblsmtpd-dialogue.t

# --- tcpserver ----------------------------------------------------------------------------------------------------
# A sanitized program has no room in so little memory.
(ulimit -v 64000 && tcpserver --version > /dev/null 2>&1) 2> /dev/null || program softlimit <<'P'
#!/bin/sh
shift 2
exec "$@"
P
example tcpserver.1 'softlimit' | here > run.sh
background mail $as_user sh run.sh
ok 'tcpserver: the run script for mail runs' wait_for listens 25
like '... and serves' "$(peer 127.0.0.1 25 'x\r\n')" '^250 x'
stop
wait_for silent 25
mkdir services
printf '#!/bin/sh\necho there\n' > services/there
chmod 755 services/there
echo 5 > limit
chmod a+rx "$work"
example tcpserver.1 'envuidgid' | here | sed "s/envuidgid tcpmux/envuidgid $me/" > run.sh
background mux $as_user sh run.sh
ok 'tcpserver: one with a limit in a file and another user runs' wait_for listens 1
is '... and serves' "$(tcpclient -X 127.0.0.1 there < /dev/null)" there
stop
wait_for silent 1
program greet <<'P'
#!/bin/sh
echo hello
P
mkdir units
for unit in greet.socket greet.service; do
  example tcpserver.1 'ListenStream=7000' | awk -v unit="# $unit" '/^# / { inside = 0 } inside; $0 == unit { inside = 1 }' | here > "units/$unit"
  ok "tcpserver: there is a unit $unit" test -s "units/$unit"
done
is '... systemd finds nothing wrong with them' "$(cd units && systemd-analyze --man=no verify ./greet.socket ./greet.service 2>&1; echo $?)" 0
# shellcheck disable=SC2046
background activated systemd-socket-activate -l 127.0.0.1:7000 $(sed -n 's/^ExecStart=//p' units/greet.service)
ok '... a socket like that wakes the server' wait_for listens 7000
is '... which serves' "$(tcpclient 127.0.0.1 7000 < /dev/null)" hello
stop
wait_for silent 7000
example tcpserver.1 '>&3' | here > run.sh
background s6 sh -c 'exec sh run.sh 3> ready'
ok 'tcpserver: s6 is told by descriptor 3' wait_for grep -qx 7000 ready
is '... when the server is ready' "$(tcpclient 127.0.0.1 7000 < /dev/null)" hello
stop
wait_for silent 7000
example tcpserver.1 '=.example.org:allow' | commands | here > run.sh
grep -v '^tcpserver' run.sh | sh
sed -i '/^tcpserver/!d' run.sh
up 7000
by_name() { peer -b "$1" 127.0.0.1 7000; }
is 'tcpserver: a confirmed name is let in, and a user at an address' "$(by_name 127.0.0.8) $(by_name 127.0.0.9)" 'hello hello'
unlike '... nobody else is' "$(by_name 127.0.0.10)" hello
down
# The output that is shown differs from run to run in these.
shape() { sed -E 's/(pid|ok|end) [0-9]+/\1 N/; s/:[0-9]+ :/:PORT :/; s/::[0-9]+$/::PORT/; s/^[0-9]+$/PORT/'; }
background try sh -c "exec $(example tcpserver.1 '127.0.0.1 0 date' | commands)"
serve_wait try
peer 127.0.0.1 "$port" > got
example tcpserver.1 '127.0.0.1 0 date' | sed 1d | shape > expected
try_log() { { cat try.out; cat try.log; } | shape; }
same() { [ "$(try_log)" = "$(cat expected)" ]; }
wait_for same
is 'tcpserver: to try something out shows what the page shows' "$(try_log)" "$(cat expected)"
stop

# --- tcpbind --------------------------------------------------------------------------------------------------------
echo 'be nice' > etc/motd
up 79 tcpbind.1 'setuidgid nobody'
is 'tcpbind: tcpserver serves a port that it could not take' "$(peer 127.0.0.1 79)" 'be nice'
down
example tcpbind.1 'exec 3<&0' > keep-serving
up 7777 tcpbind.1 'keep-serving'
is 'tcpbind: a shell keeps the socket for tcpserver' "$(peer 127.0.0.1 7777)" hello
first=$(pgrep -P "$pid" tcpserver)
kill -HUP "$pid"
replaced() { [ "$(pgrep -P "$pid" tcpserver | tail -n 1)" != "$first" ] && [ "$(pgrep -c -P "$pid" tcpserver)" = 1 ]; }
ok 'tcpbind: a HUP replaces it' wait_for replaced
is '... by one that serves' "$(peer 127.0.0.1 7777)" hello
down

# --- the environment ----------------------------------------------------------------------------------------------
serve env -v -RH -l mail.example.org 127.0.0.25 25 env
peer -b 127.0.0.7 127.0.0.25 25 | grep -E '^(PROTO|TCP)' | sed -E 's/(REMOTEPORT)=.*/\1=50836/' | sort > got
is 'ucspi-environ: a program sees what the page shows' "$(cat got)" "$(example ucspi-environ.5 'PROTO=TCP' | here | sort)"
stop
example ucspi-environ.5 'You come from' > run.sh
is 'ucspi-environ: a script tells the address' "$(TCPREMOTEIP=192.0.2.7 sh run.sh | cat -v) $(env -u TCPREMOTEIP sh run.sh | cat -v)" \
  'You come from 192.0.2.7.^M You come from nowhere.^M'

# --- TLS ------------------------------------------------------------------------------------------------------------
. "$root/tests/tls.sh"
ok 'tcptls: a key and a certificate are made' runs tcptls.1 'CN=localhost'
ok '... and a client' runs tcptls.1 'CN=alice'
mkdir etc/tcptls
cp server.pem etc/tcptls/mail.pem
chown -R "$me" etc/tcptls server.pem 2> err
up 8443 tcptls.1 'server.pem cat'
is 'tcptls: what is sent in TLS comes back' "$(client 127.0.0.1 8443 hello)" hello
like 'tcptls: who asks which certificate there is sees it' "$(runs tcptls.1 's_client' | tr -d ' ' | tr '\n' ' ')" \
  '^subject=CN=localhost notAfter=.'
down
up 8443 tcptls.1 'systemd-socket-activate'
client 127.0.0.1 8443 > got
is 'tcptls: below systemd a program knows its client, and TLS' "$(grep -cE '^(TCPREMOTEIP=127|SSL_PROTOCOL=TLS)' got)" 2
down
up 8443 tcptls.1 '-a ca.pem'
is 'tcptls: a client is known by its certificate' \
  "$(tcpclient -RHl0 -n alice.pem -c cert.pem -m localhost 127.0.0.1 8443 < /dev/null)" 'CN=alice'
down
up 25 tcptls.1 'qmail-smtpd'
is 'tcptls: without STARTTLS the connection is plain' "$(peer 127.0.0.1 25 'HELO me\r\n' | tr -d '\r')" '220 mail.example.org
250 HELO me'
down

example tcpserver.1 'smtps' | here > run.sh
# shellcheck disable=SC2086
background server $as_user sh run.sh
ok 'tcpserver: the script serves TLS' wait_for listens 465
is '... for the mail server' "$(client 127.0.0.1 465 | tr -d '\r')" '220 mail.example.org'
up_port=465
down
cp "$certs/server.pem" mail.pem
chown "$me" mail.pem 2> err
SSL_CERT_FILE=$certs/ca.crt
export SSL_CERT_FILE
printf 'printf "HTTP/1.0 200 OK\\r\\n\\r\\n"; read -r request; echo "$request"' > web.sh
echo 'tcpserver -HRl0 -n mail.pem 127.0.0.1 443 sh web.sh' > run.sh
up 443
is 'tcpclient: a web server answers through TLS' "$(runs tcpclient.1 'www.example.org 443' | tr -d '\r' | tail -n 1)" 'GET / HTTP/1.0'
down
cat > starttls.sh <<'S'
printf '220 mail.example.org ESMTP\r\n'; read -r ehlo
printf '250 STARTTLS\r\n'; read -r starttls
printf '220 go\r\n'
exec tcptls -n mail.pem qmail-smtpd
S
echo 'tcpserver -HRl0 127.0.0.1 25 sh starttls.sh' > run.sh
up 25
is 'tcpclient: a mail server is talked to after STARTTLS' "$(echo HELO me | runs tcpclient.1 '-s smtp' | tr -d '\r')" '220 mail.example.org
250 HELO me'
down

for words in 'tcpmux stream' 'service tcpmux' 'ExecStart' 'systemd-socket-activate'; do
  ran_elsewhere tcp-env.1 "$words" e2e/tcp-env.t
done
ran_elsewhere tcpclient.1 '-y 2' cli/tcpclient-proxy.t
ran_elsewhere tcpserver.1 smtp_init cli/ucspi-service.t
ran_elsewhere ucspi-service.3 counter_init cli/ucspi-service.t
ran_elsewhere ucspi-service.3 recordio.so cli/ucspi-service.t
ran_elsewhere tcpsql.8 "GRANT SELECT" cli/tcpserver-sql.t
ran_elsewhere tcpsql.8 "umask 077" cli/tcpserver-sql.t
ran_elsewhere tcpsql.8 "MYSQL_CA" cli/tcpserver-sql-tls.t
ran_elsewhere tcpserver.1 '-Y 192' cli/tcpserver-proxy.t
all_ran
done_testing
