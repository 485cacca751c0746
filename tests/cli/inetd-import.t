#!/bin/sh
# inetd-import: for each attribute of xinetd.conf(5) and each form of a line of inetd.conf, what is written; and the
# services that are written, started as they stand, do what the source says. In a network of the test's own.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/names.sh"
. "$root/tests/cli/inetd-import.sh"
for tool in setuidgid envdir multilog svscan svc svstat svok; do need "$tool" daemontools; done
for tool in setpriv prlimit; do need "$tool" util-linux; done
need awk mawk
need xinetd xinetd

cat > show << 'SHOW'
#!/bin/sh
echo "zero $0"
for word; do echo "word $word"; done
echo "umask $(umask)"
echo "nice $(nice)"
echo "files $(ulimit -Hn) cpu $(ulimit -Ht) data $(ulimit -Hd) stack $(ulimit -Hs) as $(ulimit -Hv)"
echo "id $(id -un) $(id -gn) $(id -G | wc -w)"
env | sed 's/^/env /'
SHOW
cat > reply << 'REPLY'
#!/bin/sh
printf '+mine\r\n'
REPLY
cat > accepts << 'ACCEPTS'
#!/usr/bin/perl
# A program for wait = yes: it accepts at descriptor 0.
while (accept my $client, STDIN) {
  print $client "accepted, umask ", sprintf('%03o', umask), " @ARGV\n";
  close $client;
}
ACCEPTS
printf '#!/bin/sh\nread -r line; echo answer; exit 3\n' > three
chmod 755 show reply accepts three .
printf 'hello\r\n' > hello
printf 'go away\r\n' > away
zone << 'ZONE'
127.0.0.3 PTR 60 trusted.example.org
trusted.example.org A 60 127.0.0.3
ZONE
serve_dns
serve_ident 127.0.0.2=user:joe 127.0.0.1=error:NO-USER

# --- The program and what it gets -------------------------------------------------------------------------------
service args 7001 > xinetd.conf << 'E'
user = ME
server = @/show
server_args = plain "two words" ' $(touch @/pwned) `touch @/pwned` ; & | > # \ * ~ $HOME -n
umask = 027
nice = 5
rlimit_files = 77
rlimit_cpu = 60
rlimit_data = 900M
rlimit_stack = 4096K
rlimit_as = 1000M
env = COLOUR=red QUOTED='"$(touch
env += MORE=x
E
import 0 'server, server_args, umask, nice, rlimit_*, env' xinetd.conf
start args 7001
answer=$(peer 127.0.0.1 7001)
finish
is 'the arguments are those of the source, octet by octet' "$(printf '%s\n' "$answer" | sed -n 's/^word //p' | tr '\n' '!')" \
  "plain!\"two!words\"!'!\$(touch!$work/pwned)!\`touch!$work/pwned\`!;!&!|!>!#!\\!*!~!\$HOME!-n!"
not_ok 'no shell has run any of them' test -e pwned
like 'umask' "$answer" '^umask 0?027$'
niceness=$(($(nice) + 5))
like 'nice' "$answer" "^nice $((niceness > 19 ? 19 : niceness))\$"
like 'rlimit_files, rlimit_cpu, rlimit_data, rlimit_stack and rlimit_as' "$answer" \
  '^files 77 cpu 60 data 921600 stack 4096 as 1024000$'
like 'env' "$answer" '^env COLOUR=red$'
like '... with quotes in it' "$answer" "^env QUOTED='\"\\\$\\(touch\$"
like '... and what was added' "$answer" '^env MORE=x$'

{
  service env-only 7002 << 'E'
user = ME
server = @/show
passenv = KEPT PATH 1BAD
E
  service name-in-args 7003 << 'E'
user = ME
server = /bin/cat
flags = NAMEINARGS
server_args = another-name /proc/self/cmdline
E
  service unlimited 7004 << 'E'
user = ME
server = @/show
rlimit_rss = UNLIMITED
nice = -1
rlimit_cpu = 9
E
} > xinetd.conf
import 1 'passenv, NAMEINARGS, limits that are lifted' xinetd.conf
ok 'a name that the shell can not pass on is said' said 'xinetd.conf:10: passenv: .*1BAD'
KEPT='kept one' LOST=lost
export KEPT LOST
start env-only 7002
answer=$(peer 127.0.0.1 7002)
finish
unset KEPT LOST
like 'passenv passes what it names' "$answer" '^env KEPT=kept one$'
unlike '... and nothing else' "$answer" '^env LOST'
start name-in-args 7003
is 'NAMEINARGS: argument 0 is the first of server_args' "$(peer 127.0.0.1 7003 | tr '\0' ' ')" 'another-name /proc/self/cmdline '
finish
ok 'what takes rights is done before they are given up' has unlimited 'exec prlimit --rss=unlimited nice -n -1 tcpserver'
ok '... and what takes none after that' has unlimited "7004 prlimit --cpu=9 $work/show"

# --- Users ------------------------------------------------------------------------------------------------------
{
  service plain-user 7005 << 'E'
user = nobody
server = @/show
E
  service with-groups 7006 << 'E'
user = nobody
groups = yes
group = daemon
server = @/show
E
  service number 7007 << 'E'
user = 1
group = 2
server = @/show
E
} > xinetd.conf
import 0 'user, group, groups' xinetd.conf
# shellcheck disable=SC2016 # as it stands in the script
ok 'a user without groups becomes a number' has plain-user '-u "$(id -u -- nobody)" -g "$(id -g -- nobody)"'
ok 'one with groups stays a name' has with-groups '-u nobody -g daemon'
ok 'a number stays one' has number '-u 1 -g 2'
if [ "$(id -u)" = 0 ] && can_become_nobody; then
  start plain-user 7005
  is 'user: the program runs as this user, in one group' "$(peer 127.0.0.1 7005 | grep '^id')" "id nobody $(id -gn nobody) 1"
  finish
  start with-groups 7006
  like 'group: and as a member of this group' "$(peer 127.0.0.1 7006 | grep '^id')" '^id nobody daemon '
  finish
fi

# --- Who may ----------------------------------------------------------------------------------------------------
{
  service only 7010 << 'E'
user = ME
server = @/show
only_from = 127.0.0.9
only_from = 127.0.1.0 127.0.2.{3,5} 127.0.4.0/25 2001:db8::/32 ::1 127.0.5.6
only_from += 127.0.7.7
only_from -= 127.0.5.6
no_access = 127.0.1.9 127.0.7.7
E
  service nobody-may 7011 << 'E'
user = ME
server = @/show
only_from =
E
  service most 7012 << 'E'
user = ME
server = @/show
no_access = 127.0.0.2
E
  service named 7013 << 'E'
user = ME
server = @/show
only_from = .example.org other.example.net
E
  service every 7014 << 'E'
user = ME
server = @/show
only_from = 0.0.0.0 loopback
E
} > xinetd.conf
import 0 'only_from, no_access' xinetd.conf
is 'the rules as text' "$(cat made/only/rules)" '127.0.1.0/24:allow
127.0.2.3:allow
127.0.2.5:allow
127.0.4.0/25:allow
2001:db8::/32:allow
::1:allow
127.0.1.9:deny
127.0.7.7:deny
:deny'
exits 'they compile to what is there' 0 sh -c 'tcprules again.cdb again.tmp < made/only/rules && cmp again.cdb made/only/rules.cdb'
admits()
{
  test -n "$(peer -b "$1" 127.0.0.1 "$2")"
}
start only 7010
for from in 127.0.1.1 127.0.2.3 127.0.2.5 127.0.4.1; do ok "$from is admitted" admits "$from" 7010; done
for from in 127.0.0.1 127.0.0.9 127.0.1.9 127.0.2.4 127.0.4.200 127.0.5.6 127.0.7.7; do
  not_ok "$from is refused" admits "$from" 7010
done
finish
# xinetd itself, with the same file: whom it admits. (It can't become a user either where we can't.)
if [ "$(id -u)" != 0 ] || can_become_nobody; then
  background xinetd xinetd -dontfork -f xinetd.conf -pidfile "$work/xinetd.pid"
  ok 'xinetd starts' wait_for connects 127.0.0.1 7010
  for from in 127.0.1.1 127.0.2.3 127.0.2.5 127.0.4.1; do ok "xinetd admits $from, too" admits "$from" 7010; done
  for from in 127.0.0.1 127.0.0.9 127.0.1.9 127.0.2.4 127.0.4.200 127.0.5.6 127.0.7.7; do
    not_ok "xinetd refuses $from, too" admits "$from" 7010
  done
  not_ok 'with no value of only_from it admits nobody' admits 127.0.0.1 7011
  ok 'with no_access alone it admits others' admits 127.0.0.1 7012
  not_ok '... and refuses whom it names' admits 127.0.0.2 7012
  finish
  ok 'it has ended, and who served for it' wait_for nobody_at 127.0.0.1 7010
fi
start nobody-may 7011
not_ok 'only_from without values admits nobody' admits 127.0.0.1 7011
finish
start most 7012
ok 'no_access alone admits others' admits 127.0.0.1 7012
not_ok '... and refuses whom it names' admits 127.0.0.2 7012
finish
ok 'host names are looked up, and believed if they have the address' has named 'tcpserver -p -R'
start named 7013
ok 'a host of the domain is admitted' admits 127.0.0.3 7013
not_ok 'one without a name is refused' admits 127.0.0.1 7013
finish
is '0.0.0.0 is every IPv4 address, a name may be that of a network' "$(tr '\n' ' ' < made/every/rules)" \
  '0.0.0.0/0:allow 127.0.0.0/8:allow :deny '

{
  service idonly 7015 << 'E'
user = ME
server = @/show
flags = IDONLY
log_on_failure = USERID
E
  service hours 7016 << 'E'
user = ME
server = @/show
access_times = 0:00-23:59 1:05-2:09
E
  # Hours that are far from now.
  sed "s/THEN/$(case $(date +%H) in 0[4-9] | 1[0-5]) echo 20:00-22:00 ;; *) echo 8:00-11:59 ;; esac)/" << 'E' | service closed 7027
user = ME
server = @/show
access_times = THEN
log_on_failure = HOST
E
  service load 7017 << 'E'
user = ME
server = @/show
max_load = 12.5
only_from = 10.0.0.0
E
  service limits 7018 << 'E'
user = ME
server = /bin/cat
instances = 3
per_source = 1
log_on_success = PID DURATION
E
  service logged 7020 << 'E'
user = ME
server = @/three
no_access = 127.0.0.2
log_on_success = PID HOST EXIT DURATION TRAFFIC
log_on_failure = HOST ATTEMPT
E
  service endless 7023 << 'E'
user = ME
server = /bin/cat
cps = 2000000 10
E
  service cps 7019 << 'E'
user = ME
server = @/show
cps = 2 10
log_on_failure = HOST
E
} > xinetd.conf
import 0 'IDONLY, access_times, max_load, instances, per_source, cps, log_on_*' xinetd.conf
start idonly 7015
ok 'IDONLY: who is identified is served' admits 127.0.0.2 7015
not_ok 'IDONLY: who is not is not' admits 127.0.0.1 7015
finish
is 'access_times is HOURS in the rules' "$(cat made/hours/rules)" ':allow,HOURS="00:00-24:00,01:05-02:10"'
start hours 7016
ok '... and within them it is served' admits 127.0.0.1 7016
finish
start closed 7027
not_ok '... and beyond them nobody' admits 127.0.0.1 7027
ok '... which is in the log' wait_for grep -Eq 'deny 0 .*:127\.0\.0\.1::[0-9]+ time' closed.out
finish
is 'max_load is MAXLOAD in hundredths, for all that are admitted' "$(cat made/load/rules)" '10.0.0.0/8:allow,MAXLOAD="1250"
:deny'
start limits 7018
limits=$pid
# The one that has found it started.
wait_for grep -q '^tcpserver: end ' limits.out
hold first 127.0.0.1 7018
peer 127.0.0.1 7018 > second
ok 'instances is -c, and log_on_success the log' wait_for grep -q 'status: 1/3$' limits.out
ok 'per_source is -C' wait_for grep -q 'deny 0 .* perip 1$' limits.out
stop
two_ends() { [ "$(grep -Ec 'end [0-9]+ .* seconds [0-9.]+ ' limits.out)" = 2 ]; }
ok 'DURATION is -V' wait_for two_ends
stop "$limits"
start logged 7020
peer 127.0.0.1 7020 'four\n' > answered
peer -b 127.0.0.2 127.0.0.1 7020 > answered
ok 'ATTEMPT: who is refused is in the log' wait_for grep -Eq 'deny 0 .*:127\.0\.0\.2::[0-9]+ rule 127\.0\.0\.2$' logged.out
server=$(sed -n 's/^tcpserver: pid \([0-9]*\) from 127\.0\.0\.1 .*/\1/p' logged.out | tail -n 1)
ok 'PID and HOST: who is served, by which process' wait_for grep -Eq "ok $server .*:127\.0\.0\.1::[0-9]+\$" logged.out
ok 'EXIT, DURATION, TRAFFIC: how it ended, when, and after how much' \
  wait_for grep -Eq "^tcpserver: end $server status 768 exit 3 seconds [0-9.]+ in 5 out 7 from 127\.0\.0\.1" logged.out
finish
ok 'cps is -K, in a second' has cps '-K 2/1'
not_ok 'what no server could reach is no limit' grep -e ' -K' made/endless/run
ok '... which is said' said 'xinetd.conf:[0-9]+: 2000000 in 1 seconds is no limit'
start cps 7019
ok '... and it is served' admits 127.0.0.1 7019
perl "$root/tests/cli/tcpserver-crowd.pl" 6 127.0.0.1 7019 127.0.0.1 < /dev/null > crowd
ok '... and beyond the rate new connections wait' wait_for grep -q 'pause rate 2/1' cps.out
ok '... until they are served' admits 127.0.0.1 7019
finish

# --- Banners, redirect, the socket ------------------------------------------------------------------------------------
{
  service banners 7021 << 'E'
user = ME
server = @/show
banner = @/hello
banner_success = @/hello
banner_fail = @/away
no_access = 127.0.0.2
E
  service redirect 7022 << 'E'
user = ME
redirect = 127.0.0.1 7023
E
  service target 7023 << 'E'
user = ME
server = /bin/cat
bind = 127.0.0.1
flags = NODELAY KEEPALIVE IPv4 NORETRY REUSE
E
  service bound 7024 << 'E'
user = ME
server = /bin/cat
interface = 127.0.0.5
E
  service six 7025 << 'E'
user = ME
server = /bin/cat
flags = IPv6
v6only = yes
E
} > xinetd.conf
import 0 'banner, banner_success, banner_fail, redirect, bind, interface, v6only, flags' xinetd.conf
start banners 7021
is 'banner is for everybody, banner_success for who is admitted' "$(peer 127.0.0.1 7021 | head -n 3 | tr -d '\r' | tr '\n' ' ')" \
  "hello hello zero $work/show "
is 'banner_fail is for who is refused' "$(peer -b 127.0.0.2 127.0.0.1 7021 | tr -d '\r' | tr '\n' ' ')" 'hello go away '
finish
start target 7023
target=$pid
ok 'flags are options' has target '-D -A -4'
start redirect 7022
is 'redirect relays in both directions' "$(peer 127.0.0.1 7022 'there and back')" 'there and back'
finish
stop "$target"
start bound 7024 127.0.0.5
like 'bind: at no other address' "$(peer 127.0.0.1 7024 x)" 'peer: connect'
finish
start six 7025 ::1
is 'v6only: IPv6' "$(peer ::1 7025 x)" x
like '... alone' "$(peer 127.0.0.1 7025 x)" 'peer: connect'
finish

# --- What xinetd does itself --------------------------------------------------------------------------------------------
{
  port=7030
  for name in echo discard daytime time chargen; do
    echo 'user = ME' | type='INTERNAL UNLISTED' service "$name" "$port"
    port=$((port + 1))
  done
  echo 'id = off-list' | type='INTERNAL UNLISTED' service services 7035
} > xinetd.conf
import 1 'INTERNAL' xinetd.conf
ok 'those that only xinetd has are left out' said 'there is no INTERNAL service services'
start echo 7030
is 'echo' "$(peer 127.0.0.1 7030 'one
two')" 'one
two'
finish
start discard 7031
is 'discard' "$(peer 127.0.0.1 7031 'one')" ''
finish
start daytime 7032
like 'daytime, as xinetd has it' "$(peer 127.0.0.1 7032 | tr '\r' '.')" '^[0-9]{2} [A-Z]{3} [0-9]{4} [0-9:]{8} [A-Z]+\.$'
finish
start time 7033
seconds=$(peer 127.0.0.1 7033 | od -An -tu1 | awk '{ printf "%d", (($1 * 256 + $2) * 256 + $3) * 256 + $4 - 2208988800 }')
late=$(($(date +%s) - seconds))
ok 'time is that of the clock, as four octets' test "$late" -ge 0 -a "$late" -le 20
finish
start chargen 7034
# shellcheck disable=SC2016 # Perl's
is 'chargen: lines of 72 characters, each one further' "$(perl -MIO::Socket::INET -e '
  $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:7034"); read $s, $b, 74 * 96;
  @l = split /\r\n/, $b; print join "|", scalar(@l), length($l[0]), substr($l[0], 0, 3), substr($l[1], 0, 3), $l[0] eq $l[95]')" \
  '96|72| !"|!"#|1'
finish

echo 'user = root' | type='INTERNAL UNLISTED' service echo 7030 > xinetd.conf
import 0 'INTERNAL with user root' xinetd.conf
ok '... becomes nobody: it needs no rights' has echo '-u nobody'

# --- TCPMUX -----------------------------------------------------------------------------------------------------------
{
  type=INTERNAL service tcpmux '' << 'E'
user = root
log_on_success = HOST
E
  type='TCPMUXPLUS UNLISTED' service Acme-Show '' << 'E'
user = ME
server = @/show
server_args = x
umask = 077
env = INNER=1
only_from = 127.0.0.1
instances = 2
E
  type='TCPMUX UNLISTED' service acme-reply '' << 'E'
user = ME
server = @/reply
per_source = 4
E
  type='TCPMUX UNLISTED' service help '' << 'E'
user = ME
server = @/reply
E
  type='TCPMUX UNLISTED' service acme-off '' << 'E'
user = ME
server = @/reply
disable = yes
E
} > xinetd.conf
import 1 'TCPMUX, TCPMUXPLUS' xinetd.conf
ok 'what a muxed service can not have is said' said 'per_source: it is for tcpmux as a whole'
ok 'reserved names are said' said 'tcpmuxd can.t have a service of the name help'
ok '... and left out' said 'the service help is left out'
is 'the directory is one that tcpmuxd likes' "$(tcpmuxd -n made/tcpmux/services 2>&1)" 'acme-off directory down own-reply
acme-reply directory own-reply
acme-show directory limit 2 rules.cdb'
start tcpmux 1
answer=$(peer 127.0.0.1 1 'acme-SHOW\r\n')
like 'TCPMUXPLUS: the multiplexer replies' "$(echo "$answer" | head -n 1 | tr -d '\r')" '^\+$'
like '... and the service runs with its arguments' "$answer" '^word x$'
like '... its umask' "$answer" '^umask 0?077$'
like '... and its environment' "$answer" '^env INNER=1$'
like '... for whom its rules admit' "$(peer -b 127.0.0.2 127.0.0.1 1 'acme-show\r\n')" '^-'
is 'TCPMUX: the service replies' "$(peer 127.0.0.1 1 'acme-reply\r\n' | tr -d '\r')" '+mine'
like 'one that is disabled is not there' "$(peer 127.0.0.1 1 'acme-off\r\n')" '^-'
finish
sed '1,/^}/d' xinetd.conf > only-muxed.conf
import 1 'services without tcpmux' only-muxed.conf
ok '... are there, and tcpmux is down' test -e made/tcpmux/down -a -x made/tcpmux/services/acme-show/run
ok '... which is said' said 'there is no service tcpmux'

{
  type=INTERNAL service tcpmux '' << 'E'
user = root
E
  type='TCPMUXPLUS UNLISTED' service a '' << 'E'
user = nobody
server = /bin/cat
E
  type='TCPMUXPLUS UNLISTED' service b '' << 'E'
user = daemon
group = bin
groups = yes
server = /bin/cat
E
} > xinetd.conf
import 0 'services of several users' xinetd.conf
ok 'each becomes its own, by setuidgid' has tcpmux/services/a 'exec setuidgid nobody /bin/cat'
ok '... or setpriv' has tcpmux/services/b 'exec setpriv --reuid daemon --regid bin --init-groups /bin/cat'
unlike '... and the multiplexer stays root' "$(run_of tcpmux)" ' -u '

# --- Logs, switches, defaults ---------------------------------------------------------------------------------------------
{
  cat << 'E'
defaults
{
	log_type = SYSLOG daemon notice
	instances = 6
	only_from = 127.0.0.1
	only_from = 127.0.0.2
	disabled = b
	disabled = c
}
E
  service a 7040 << 'E'
user = ME
server = /bin/cat
only_from += 127.0.0.3
only_from -= 127.0.0.2
E
  service b 7041 << 'E'
user = ME
server = /bin/cat
instances = UNLIMITED
only_from = 127.0.0.4
log_type = FILE /var/log/b 20000 30000
E
  service x 7042 << 'E'
id = c
user = ME
server = /bin/cat
disable = yes
E
} > xinetd.conf
import 1 'defaults, disabled, disable, id, log_type' xinetd.conf
is '+= and -= begin with the defaults' "$(tr '\n' ' ' < made/a/rules)" '127.0.0.1:allow 127.0.0.3:allow :deny '
is '= replaces them' "$(tr '\n' ' ' < made/b/rules)" '127.0.0.4:allow :deny '
ok 'a default holds where nothing else is said' has a '-c 6'
ok '... and not elsewhere' has b '-c 10000'
not_ok 'a service that is enabled is not down' test -e made/a/down
ok 'disabled: down' test -e made/b/down
ok '... by id' test -e made/c/down
is 'SYSLOG is logger' "$(tail -n 1 made/a/log/run)" 'exec logger -p daemon.notice -t a'
is 'FILE is multilog' "$(tail -n 1 made/b/log/run)" 'exec multilog t s20000 n10 ./main'
ok '... which is said' said 'xinetd.conf:[0-9]+: log_type: the log is not in /var/log/b'
ok '... in run, too' grep -q '^# Not carried over: .*log_type' made/b/run
exits 'log/run runs' 0 sh -c 'cd made/b/log && echo a line | ./run'
ok '... and keeps the log' grep -q 'a line$' made/b/log/main/current
{
  printf 'defaults\n{\n enabled = e\n}\n'
  for name in d e; do
    service "$name" 7043 << 'E'
user = ME
server = /bin/cat
E
  done
} > xinetd.conf
import 0 'enabled' xinetd.conf
ok 'what is not among enabled is down' test -e made/d/down -a ! -e made/e/down

{
  service sensor 7044 << 'E'
user = ME
server = /bin/cat
flags = SENSOR
deny_time = 60
E
  service odd 7045 << 'E'
user = ME
server = /bin/cat
flags = LABELED NOLIBWRAP INTERCEPT
mdns = yes
libwrap = other
rpc_version = 2
rpc_number = 3
E
  wait=yes service waits 7046 << 'E'
user = ME
server = @/accepts
server_args = word
umask = 037
bind = 127.0.0.1
only_from = 127.0.0.1
E
  wait=yes service waits-for-all 7049 << 'E'
user = ME
server = @/accepts
E
  type=TCPMUXPLUS service timed '' << 'E'
user = ME
server = /bin/cat
access_times = 8:00-9:00
E
  socket=dgram protocol=udp service dgram-one 7047 << 'E'
user = ME
server = /bin/cat
E
  socket=dgram protocol=udp service dgram-off 7048 << 'E'
user = ME
server = /bin/cat
disable = yes
E
  type='RPC UNLISTED' service rpc '' << 'E'
user = ME
server = /bin/cat
E
} > xinetd.conf
import 1 'what has no counterpart, wait = yes, what is not of TCP' xinetd.conf
for what in 'SENSOR' 'deny_time has no' 'LABELED' 'mdns' 'tcpd looks for rules of cat' 'rpc_version has no' \
  'rpc_number has no' 'only_from: the program accepts' 'dgram-one is not of TCP' 'rpc is not of TCP'; do
  ok "it is said: $what" said "not carried over: .*$what"
done
ok 'a datagram service that is off is no loss' said 'inetd-import: xinetd.conf:[0-9]+: dgram-off is not of TCP, and switched off'
is 'they are left out' "$(ls made | tr '\n' ' ')" 'odd tcpmux waits waits-for-all '
ok 'libwrap is tcpd' has odd 'argv0 tcpd /bin/cat'
ok 'a program that accepts itself does not run without its only_from' test -e made/waits/down -a ! -e made/waits-for-all/down
ok '... which is said' said 'not carried over: .*only_from: so the service is made, but down'
ok 'a service of tcpmux does not run without its hours' test -e made/tcpmux/services/timed/down
ok 'wait = yes is tcpbind' has waits 'tcpbind 127.0.0.1 7046'
start waits 7046
is '... whose program accepts' "$(peer 127.0.0.1 7046)" 'accepted, umask 037 word'
is '... one client after the other' "$(peer 127.0.0.1 7046)" 'accepted, umask 037 word'
finish

# --- inetd.conf -----------------------------------------------------------------------------------------------------------
sed "s|@|$work|g; s|ME|$me|g" > inetd.conf << 'E'
# comment
7050	stream	tcp	nowait	ME	@/show	show one "two words"
	three
7051 stream tcp4 nowait.60 ME /bin/cat cat
7052 stream tcp6 nowait/5/9/2 ME /bin/cat cat
7053 stream tcp46 nowait:20 nobody:daemon /bin/cat cat
127.0.0.1,[::1]:7054 stream tcp nowait nobody.daemon/class /bin/cat cat
127.0.0.6:
7055 stream tcp wait ME /bin/cat dog
*:7056 stream tcp,rcvbuf=16k nowait ME /bin/cat dog
*:
echo stream tcp nowait ME internal
tcpmux stream tcp nowait root internal
tcpmux/acme stream tcp nowait ME @/reply reply
tcpmux/+show stream tcp nowait ME @/show show
walld/1-3 dgram rpc/udp wait root /usr/sbin/rpc.rwalld rpc.rwalld
#off: 7057 stream tcp nowait root /bin/cat cat
E
import 1 'inetd.conf' inetd.conf
ok 'an internal service on its port' has echo '0 echo cat'
start 7050 7050
answer=$(peer 127.0.0.1 7050)
is 'arguments, quoted and on the next line' "$(printf '%s\n' "$answer" | sed -n 's/^word //p' | tr '\n' '!')" 'one!two words!three!'
finish
ok 'tcp4 is -4, and nowait.60 how often in a minute' has 7051 '-K 60/60 -4'
ok 'tcp6 is IPv6 alone' has 7052 ':: 7052'
ok 'numbers of FreeBSD' has 7052 '-c 5 -C 2 -k 9/60'
ok 'tcp46 is both, and nowait:20 as well' has 7053 '-K 20/60 -u nobody -g daemon 0 7053'
ok 'an address' has 7054-127.0.0.1 '127.0.0.1 7054'
ok '... and another' has 7054-__1 '::1 7054'
ok 'user.group' has 7054-__1 '-u nobody -g daemon'
ok 'a login class is said' said 'inetd.conf:7: the login class'
ok 'an address for what follows, and wait' has 7055-127.0.0.6 'tcpbind 127.0.0.6 7055'
ok 'another name than the program has' has 7056 '0 7056 argv0 /bin/cat dog'
ok 'buffers are said' said 'inetd.conf:10: the sizes of buffers'
ok 'RPC is said' said 'inetd.conf:16: walld/1-3 is not of TCP'
not_ok 'a comment is none' test -e made/7057
start tcpmux 1
is 'tcpmux/name' "$(peer 127.0.0.1 1 'acme\r\n' | tr -d '\r')" '+mine'
is 'tcpmux/+name, and a request that ends in LF' "$(peer 127.0.0.1 1 'show\n' | head -n 1 | tr -d '\r')" '+'
finish
start 7051 7051
is '... both with the rates' "$(peer 127.0.0.1 7051 x)" x
finish
start 7052 7052 ::1
is '... of a minute' "$(peer ::1 7052 x)" x
finish

# --- Files that include files ---------------------------------------------------------------------------------------------
mkdir -p conf/d conf/loop
service in-folder 7060 > conf/d/one << 'E'
user = ME
server = /bin/cat
E
for passed_over in conf/d/two.rpmsave conf/d/three~; do sed 's/in-folder/passed-over/' conf/d/one > "$passed_over"; done
sed 's/in-folder/in-file/' conf/d/one > conf/file
printf 'includedir %s\ninclude %s\n' "$work/conf/loop" "$work/conf/loop/again" > conf/loop/again
printf 'include %s\nincludedir %s\nincludedir %s\ninclude %s\nincludedir\n' "$work/conf/file" "$work/conf/d" \
  "$work/conf/loop" "$work/conf/missing" > xinetd.conf
import 1 'include, includedir' xinetd.conf
is 'services of included files are there' "$(ls made | tr '\n' ' ')" 'in-file in-folder '
ok 'a loop ends, and is said' said 'loop/again:1: .*conf/loop: it was read already'
ok 'a missing file is said' said 'xinetd.conf:4: unable to read .*missing: No such file'
ok 'a name is wanted' said 'xinetd.conf:5: includedir takes one name'

# --- Under svscan -----------------------------------------------------------------------------------------------------------
{
  service scanned 7070 << 'E'
user = ME
server = /bin/cat
log_on_success = HOST
E
  service resting 7071 << 'E'
user = ME
server = /bin/cat
disable = yes
E
} > xinetd.conf
import 0 'for svscan' xinetd.conf
background svscan svscan "$out"
svscan=$pid
svscan_stop()
{
  # Told before it has its pipes, a supervise would not hear of its end.
  for scanned in scanned/log resting/log scanned resting; do wait_for svok "$out/$scanned"; done
  stop "$svscan"
  for scanned in scanned resting; do svc -dx "$out/$scanned" "$out/$scanned/log"; done
  # shellcheck disable=SC2016 # expanded by the shell inside
  for scanned in scanned/log resting/log scanned resting; do wait_for sh -c '! svok "$1"' sh "$out/$scanned"; done
}
trap 'svscan_stop; cleanup' EXIT
ok 'svscan starts what is written' wait_for connects 127.0.0.1 7070
is '... and it serves' "$(peer 127.0.0.1 7070 hello)" hello
ok 'log/run keeps its log' wait_for grep -q ' tcpserver: ok [0-9]* .*:127\.0\.0\.1::' "$out/scanned/log/main/current"
# shellcheck disable=SC2016 # expanded by the shell inside
ok 'what is down stays down' wait_for sh -c 'svstat "$1" | grep -q ": down"' sh "$out/resting"
not_ok '... and nobody is served there' connects 127.0.0.1 7071
svscan_stop
trap cleanup EXIT
done_testing
