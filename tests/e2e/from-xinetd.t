#!/bin/sh
# doc/from-xinetd.7: services of xinetd, and the same ones imported, asked the same; the recipes of the page; what xinetd
# does itself, under tcpmuxd; and that all that xinetd.conf(5) names is named in the page and in a test.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/names.sh"
. "$root/tests/examples.sh"
. "$root/tests/cli/inetd-import.sh"
for tool in setuidgid envdir setlock; do need "$tool" daemontools; done
need prlimit util-linux
need logger bsdutils
need xinetd xinetd

cat > show << 'SHOW'
#!/bin/sh
echo "zero $0 words $*"
echo "umask $(umask) nice $(nice)"
echo "files $(ulimit -Hn) $(ulimit -Sn) cpu $(ulimit -Ht) data $(ulimit -Hd) stack $(ulimit -Hs) rss $(ulimit -Hm) as $(ulimit -Hv)"
echo "id $(id -u) $(id -g) $(id -G)"
env | grep -E '^(COLOUR|KEPT|LOST)=' | sort
SHOW
chmod 755 show .
printf 'hello\r\n' > hello
printf 'go away\r\n' > away

# --- Both, side by side -----------------------------------------------------------------------------------------------
KEPT='kept one' LOST=lost
export KEPT LOST
{
  service args 7101 << 'E'
user = ME
server = @/show
server_args = one "two three"
umask = 027
nice = 3
rlimit_files = 77
rlimit_cpu = 60
rlimit_data = 900M
rlimit_stack = 4096K
rlimit_rss = 900M
rlimit_as = 1000M
max_load = 9999999
env = COLOUR=red
E
  service environment 7102 << 'E'
user = ME
server = @/show
passenv = KEPT PATH
umask = 022
E
  service name 7103 << 'E'
user = ME
server = /bin/cat
flags = NAMEINARGS
server_args = another-name /proc/self/cmdline
E
  service banners 7104 << 'E'
user = ME
server = /bin/cat
banner = @/hello
banner_success = @/hello
banner_fail = @/away
no_access = 127.0.0.2
E
  service relay 7105 << 'E'
user = ME
redirect = 127.0.0.1 7112
E
  service target 7106 << 'E'
user = ME
server = /bin/cat
bind = 127.0.0.1
flags = NODELAY KEEPALIVE IPv4
E
  service elsewhere 7107 << 'E'
user = ME
server = /bin/cat
interface = 127.0.0.5
E
  service one-each 7108 << 'E'
user = ME
server = /bin/cat
per_source = 1
E
  for name in echo:7110 discard:7111 daytime:7112 time:7113 chargen:7114; do
    echo 'user = ME' | type='INTERNAL UNLISTED' service "${name%:*}" "${name#*:}"
  done
} > xinetd.conf
import 0 'services for both' xinetd.conf

# about_now SECONDS: says so, or which second else
about_now()
{
  late=$(($(date +%s) - ${1:-0}))
  if [ "$late" -ge 0 ] && [ "$late" -le 100 ]; then echo now; else echo "${1:-nothing}"; fi
}
# moment: the form of the line that daytime says, and whether it is about now
moment()
{
  said=$(tr '\r' '.')
  printf '%s\n' "$said" | sed 's/[0-9]/9/g; s/ [A-Z]\{3\} / MON /'
  about_now "$(date -d "${said%.}" +%s)"
}
# ask NAME PORT [TEXT]: what a client is told
ask()
{
  case $1 in
    banners) peer 127.0.0.1 "$2" x; peer -b 127.0.0.2 127.0.0.1 "$2" ;;
    elsewhere) peer 127.0.0.1 "$2" x; peer 127.0.0.5 "$2" x ;;
    one-each)
      hold first 127.0.0.1 "$2"
      # A client from elsewhere: by then the first one has its place.
      peer -b 127.0.0.3 127.0.0.1 "$2" x
      peer 127.0.0.1 "$2"
      stop
      rm -f first.in
      ;;
    daytime) peer 127.0.0.1 "$2" | moment ;;
    time) about_now "$(peer 127.0.0.1 "$2" | od -An -tu1 | awk '{ printf "%d", (($1 * 256 + $2) * 256 + $3) * 256 + $4 - 2208988800 }')" ;;
    # The first lines; which 72 characters a line has is left open by RFC 864.
    # shellcheck disable=SC2016 # Perl's
    chargen) perl -MIO::Socket::INET -e '
      $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]"); read $s, $b, 740; $b =~ s/[!-~ ]/x/g; print $b' "$2" ;;
    # xinetd ends at once when one side has nothing more to say, so nobody says so first.
    relay) peer -k 127.0.0.1 "$2" | moment ;;
    args | environment | name) peer 127.0.0.1 "$2" ;;
    *) peer 127.0.0.1 "$2" 'what is said
twice' ;;
  esac
}
names=$(sed -n 's/^service //p' xinetd.conf)
port_of() { sed -n "/^service $1\$/,/^}/ s/.*port = //p" xinetd.conf; }
# xinetd can't become a user where we can't.
if [ "$(id -u)" != 0 ] || can_become_nobody; then
  background xinetd xinetd -dontfork -f xinetd.conf -pidfile "$work/xinetd.pid"
  xinetd=$pid
  ok 'xinetd starts' wait_for connects 127.0.0.1 7114
  for name in $names; do ask "$name" "$(port_of "$name")" > "$name.xinetd" 2>&1; done
  stop "$xinetd"
  ok 'it has ended, and who served for it' wait_for nobody_at 127.0.0.1 7114
  start target 7106
  target=$pid
  start daytime 7112
  daytime=$pid
  for name in $names; do
    case $name in
      target | daytime) ask "$name" "$(port_of "$name")" > "$name.ours" 2>&1 ;;
      elsewhere) start elsewhere 7107 127.0.0.5; ask elsewhere 7107 > elsewhere.ours 2>&1; finish ;;
      *)
        port=$(port_of "$name")
        start "$name" "$port"
        service=$pid
        ask "$name" "$port" > "$name.ours" 2>&1
        stop "$service"
        ;;
    esac
    ok "$name: a client is told the same by both" cmp "$name.ours" "$name.xinetd"
    case $name in
      discard) ;;
      *) ok '... and is told something' test -s "$name.ours" ;;
    esac
  done
  stop "$target"
  stop "$daytime"
fi
unset KEPT LOST

# --- What xinetd does itself, under tcpmuxd -----------------------------------------------------------------------------
{
  echo 'user = ME' | type='INTERNAL UNLISTED' service tcpmux 7120
  for name in echo discard daytime time chargen; do
    echo 'user = ME' | type='INTERNAL TCPMUXPLUS UNLISTED' service "$name" ''
  done
} > xinetd.conf
import 0 'INTERNAL and TCPMUXPLUS at once' xinetd.conf
start tcpmux 7120
# muxed NAME [TEXT]: the reply, and what the service says
muxed() { peer 127.0.0.1 7120 "$1\r\n${2-}" | tr '\r' '.'; }
is 'echo under tcpmuxd' "$(muxed echo 'said')" '+.
said'
is 'discard under tcpmuxd' "$(muxed discard 'said')" '+.'
like 'daytime under tcpmuxd' "$(muxed daytime | tail -n 1)" '^[0-9]{2} [A-Z]{3} [0-9]{4} [0-9:]{8} [A-Z]+\.$'
is 'time under tcpmuxd: four octets' "$(peer 127.0.0.1 7120 'time\r\n' | wc -c | tr -d ' ')" 7
# shellcheck disable=SC2016 # Perl's
is 'chargen under tcpmuxd' "$(perl -MIO::Socket::INET -e '
  $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:7120"); print $s "chargen\r\n"; read $s, $b, 77; print length((split /\r\n/, $b)[1])')" 72
finish

# --- What is not xinetd's to show -------------------------------------------------------------------------------------
mkdir bin
PATH=$work/bin:$PATH
# tcpd asks hosts_access(5), which is the whole machine's: a shell in its place shows what it would be asked about.
ln -s /bin/sh bin/tcpd
# logger, but its messages go where the test reads them.
cat > bin/logger << P
#!/bin/sh
exec $(command -v logger) -u "$work/syslog" "\$@"
P
chmod 755 bin/logger
cat > syslog.pl << 'P'
use strict; use Socket;
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die $!;
bind($s, pack_sockaddr_un($ARGV[0])) or die $!;
$| = 1;
while (defined recv $s, my $message, 4096, 0) { print "$message\n" }
P
background syslog perl syslog.pl "$work/syslog"
syslog=$pid
wait_for test -S syslog
{
  service wrapped 7121 << 'E'
user = ME
server = /usr/sbin/acmed
server_args = -c echo${IFS}$0
libwrap = acmed
log_type = SYSLOG daemon notice
log_on_success = HOST
E
} > xinetd.conf
import 0 'libwrap, SYSLOG' xinetd.conf
start wrapped 7121
is 'libwrap: tcpd is run, and asked about the server' "$(peer 127.0.0.1 7121)" /usr/sbin/acmed
finish
(cd made/wrapped/log && ./run) < wrapped.out
ok 'SYSLOG: what tcpserver logs gets there, with facility and level' \
  wait_for grep -Eq '^<29>.* wrapped: tcpserver: ok [0-9]+ .*:127\.0\.0\.1::' syslog.out
stop "$syslog"

# --- The recipes ----------------------------------------------------------------------------------------------------------
# recipe NAME WORDS: this example of the page, from the directory NAME, with the test's addresses and users; sets $pid
recipe()
{
  mkdir -p "recipes/$1"
  example from-xinetd.7 "$2" |
    sed 's/setuidgid [a-z]* //; s/192\.0\.2\.1 /127.0.0.7 /; s/192\.0\.2\.0\/24/127.0.0.2/' > "recipes/$1/run"
  # shellcheck disable=SC2016 # expanded by the shell inside
  background "$1" sh -c 'cd "$1" && . ./run' sh "recipes/$1"
}
mkdir recipes recipes/away
printf '#!/bin/sh\necho served\n' > bin/acmed
chmod 755 bin/acmed
printf 'This is not\r\nfor you.\r\n' > recipes/away/away
{ example from-xinetd.7 'AWAY="away"' | sed 's/192\.0\.2\.0\/24/127.0.0.2/'; echo ':allow'; } > recipes/away/rules
tcprules recipes/away/rules.cdb recipes/away/rules.tmp < recipes/away/rules
recipe away 'exec cat "$AWAY"'
ok 'banner_fail: the service starts' wait_for connects 127.0.0.1 7001
is '... and tells a text of several lines' "$(peer -b 127.0.0.2 127.0.0.1 7001 | tr '\r' '.')" 'This is not.
for you..'
is '... but to others' "$(peer 127.0.0.1 7001)" served
finish

cat > bin/acmed << 'ACMED'
#!/usr/bin/perl
use Socket;
while (my $peer = accept my $client, STDIN) {
  print $client "accepted from ", inet_ntoa((unpack_sockaddr_in $peer)[1]), "\n";
  close $client;
}
ACMED
recipe accepting 'exec tcpbind'
accepting=$pid
wait_for connects 127.0.0.1 7002
mkdir -p recipes/filter
echo '127.0.0.2:deny' | tcprules recipes/filter/rules.cdb recipes/filter/rules.tmp
recipe filter 'tcpclient -RHl0'
ok 'INTERCEPT: the filter starts' wait_for connects 127.0.0.7 7002
is '... relays to a program that accepts' "$(peer -k 127.0.0.7 7002)" 'accepted from 127.0.0.1'
is '... but for whom its rules refuse' "$(peer -b 127.0.0.2 127.0.0.7 7002)" ''
ok '... and logs it' wait_for grep -q 'deny 0 .*:127\.0\.0\.2::[0-9]* rule 127\.0\.0\.2' filter.log
finish
stop "$accepting"

mkdir -p recipes/sensor/caught recipes/guarded
example from-xinetd.7 'caught.lock' > recipes/sensor/trap
chmod 755 recipes/sensor/trap
printf '127.0.0.2:allow\n:allow\n' > recipes/guarded/rules
rm -r recipes/away recipes/filter
(cd recipes/sensor && ./trap)
serve guarded -HRl0 -x recipes/guarded/rules.cdb 0 0 echo served
guarded=$pid
guarded_port=$port
recipe sensor '0 7003 ./trap'
ok 'SENSOR: the trap waits' wait_for connects 127.0.0.1 7003
told() { peer -b "$1" "$2" "$guarded_port"; }
refused() { [ -z "$(told "$@")" ]; }
ok 'who has been there is refused elsewhere' wait_for refused 127.0.0.1 127.0.0.1
is '... and nobody else' "$(told 127.0.0.2 127.0.0.1)" served
peer -b 127.0.0.2 127.0.0.1 7003 > told
ok '... until he goes there, whatever the rules say of him' wait_for refused 127.0.0.2 127.0.0.1
is 'IPv6 is another matter' "$(told ::1 ::1)" served
peer ::1 7003 > told
ok '... and as easily caught' wait_for refused ::1 ::1
touch -d '61 minutes ago' recipes/sensor/caught/127.0.0.1
(cd recipes/sensor && env -u TCPREMOTEIP ./trap 2> "$work/err")
is 'an hour later it is forgotten' "$(told 127.0.0.1 127.0.0.1)" served
ok '... not that of others' refused 127.0.0.2 127.0.0.1
is 'tcprules has had nothing to say but of what is there twice' "$(grep -cv 'warning' sensor.log | tr -d ' ')" "$(grep -c '^tcpserver' sensor.log)"
finish
stop "$guarded"

# --- Everything that xinetd.conf(5) names ---------------------------------------------------------------------------------
attributes='id type flags disable socket_type protocol wait user group instances nice server server_args libwrap only_from
  no_access access_times log_type log_on_success log_on_failure rpc_version rpc_number env passenv port redirect bind
  interface banner banner_success banner_fail per_source cps max_load groups mdns umask enabled include includedir
  rlimit_as rlimit_files rlimit_cpu rlimit_data rlimit_rss rlimit_stack deny_time'
words='RPC INTERNAL TCPMUX TCPMUXPLUS UNLISTED INTERCEPT NORETRY IDONLY NAMEINARGS NODELAY KEEPALIVE NOLIBWRAP SENSOR IPv4
  IPv6 LABELED REUSE SYSLOG FILE PID HOST USERID EXIT DURATION TRAFFIC ATTEMPT'
# Machines without manual pages have no list to compare with: it is the one above then.
page=/usr/share/man/man5/xinetd.conf.5.gz
if [ -e "$page" ]; then
  named()
  {
    zcat "$page" | sed '/^You don.t need to specify/,$d' | grep -A 1 '^\.TP' | sed -n 's/^\.B "*\([A-Za-z0-9_/]*\).*/\1/p' |
      tr / '\n' | grep -E "$1" | sort -u
  }
  is 'xinetd.conf(5) has these attributes' "$(named '^[a-z0-9_]{2,}$')" "$(printf '%s\n' $attributes | sort -u)"
  is '... and these words' "$(named '^([A-Z]{2,}|IPv[46])$')" "$(printf '%s\n' $words | sort -u)"
fi
sources=$(cat "$root"/tests/cli/inetd-import.t "$root"/tests/cli/inetd-import.sh "$root/tests/e2e/from-xinetd.t")
for attribute in $attributes disabled v6only; do
  ok "$attribute has its place in the page" grep -Eq "^\.(It|Sq|and|or) *.*\b$attribute\b|^\.(Sq|Va) $attribute\b" "$root/doc/from-xinetd.7"
  ok '... and in a source of the tests' sh -c 'printf "%s\n" "$1" | grep -Eq "(^|[^a-z_])$2( \+?-?= |= ?| %s)"' sh "$sources" "$attribute"
done
for word in $words; do
  ok "$word has its place in the page" grep -Eq "^\.(It|Sq) .*\b$word\b|^$word\b" "$root/doc/from-xinetd.7"
  ok '... and in a source of the tests' sh -c 'printf "%s\n" "$1" | grep -Eq "= .*$2|type=.*$2"' sh "$sources" "$word"
done
done_testing
