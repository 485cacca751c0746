#!/bin/sh
# One address, several machines: the configuration of doc/scaling.7 as it stands there, with other addresses. HAProxy and
# two machines, which are two tcpservers below supervise: clients by the hundred, while rules are copied, one machine is
# killed and one is drained. In a network of the test's own.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/names.sh"
. "$root/tests/examples.sh"
. "$root/tests/e2e/user.sh"
for tool in supervise svc svstat svok; do need "$tool" daemontools; done
need haproxy haproxy
need rsync rsync
need pgrep procps
need ss iproute2
need perl perl
cd "$work" || exit 1
mkdir bin
PATH=$work/bin:$PATH
HOME=$work
export HOME
address=127.0.0.25 balancer=127.0.0.31 unwelcome=127.0.0.9

# here: the example on standard input, with the test's addresses
here()
{
  sed -e "s/192\.0\.2\.25/$address/g; s/192\.0\.2\.7/$unwelcome/g; s/10\.0\.0\.1\([^0-9]\|\$\)/$balancer\1/g" \
    -e 's/10\.0\.0\.1\([12]\)/127.0.0.4\1/g'
}
# The machines differ in their address alone.
for machine in a b; do
  mkdir -p "$machine.example.org/service/smtp"
  ln -s "$machine.example.org/service/smtp" "$machine"
  example scaling.7 'exec tcpserver' | here > "$machine/run"
  chmod 755 "$machine/run"
done
sed -i 's/127\.0\.0\.41/127.0.0.42/' b/run
cat > bin/qmail-smtpd << 'P'
#!/bin/sh
machine=${PWD%.example.org*}
echo "220 ${machine##*/} serves $TCPREMOTEIP of $TCPLOCALIP by $TCPPROXYIP"
exec cat
P
# Each machine's folders are in a folder of ours.
cat > bin/ssh << P
#!/bin/sh
host=\$1
shift
eval "exec \$(printf '%s ' "\$@" | sed "s| /service/| $work/\$host/service/|")"
P
chmod 755 bin/qmail-smtpd bin/ssh

up() { svstat "$1" | grep -q ': up'; }
down() { svstat "$1" | grep -q ': down'; }
server_of() { svstat "$1" | sed -n 's/.*(pid \([0-9]*\)).*/\1/p'; }
# svc, as the page has it, for a machine
control()
{
  sh -c "$(example scaling.7 "^$2\$" | sed "s|/service/smtp|$work/$1|")"
}
stop_machines()
{
  for machine in a b; do
    svc -dx "$machine"
    wait_for sh -c "! svok $machine" && rm -f "$machine"
  done
  cleanup
}
logged() { grep -Eq -e "$2" "$work/machine-$1.out"; }

# greeting FROM: what a client from there is told. (HAProxy drops one that has nothing to say and stops sending before a
# machine has answered.)
greeting() { peer -b "$1" "$address" 25 'QUIT\n' | head -n 1 | tr -d '\r'; }
answers() { greeting "$1" | grep -q '^220'; }
served_by() { [ "$(greeting 127.0.0.5 | cut -c 1-5)" = "220 $1" ]; }

# Four clients at a time, again and again, until the file `enough` is there; then how many each machine has served, and what
# became of the others.
cat > crowd << 'P'
use strict; use Socket qw(:all);
my ($address) = @ARGV;
my $server = pack_sockaddr_in(25, inet_aton($address));
$| = 1;
my @worker;
for my $n (1 .. 4) {
  pipe my $r, my $w;
  unless (fork) {
    my %seen;
    until (-e 'enough') {
      alarm 20;
      socket(my $s, AF_INET, SOCK_STREAM, 0) or die $!;
      bind $s, pack_sockaddr_in(0, inet_aton("127.0.0.5")) or die $!;
      unless (connect $s, $server) { $seen{"no connection: $!"}++; next }
      my $got = '';
      syswrite $s, "QUIT\n";
      shutdown $s, 1;
      while (1) { my $n = sysread $s, $got, 200, length $got; last if defined $n && $n == 0; unless (defined $n) { $got .= "($!)"; last } }
      $seen{$got =~ /^220 ([ab]) serves 127\.0\.0\.5 .*\nQUIT\n\z/ ? $1 : "lost: '$got'"}++;
      select undef, undef, undef, 0.005;
    }
    print $w "$seen{$_} $_\n" for keys %seen;
    exit 0;
  }
  close $w;
  push @worker, $r;
}
print "begun\n";
my %all;
for my $r (@worker) { while (<$r>) { /(\d+) (.*)/ and $all{$2} += $1 } }
print "$_: $all{$_}\n" for sort keys %all;
P
crowd_begins()
{
  rm -f enough
  background crowd perl crowd "$address"
  crowd=$pid
  wait_for grep -q begun crowd.out
}
# count WHAT: of the last crowd, for an ERE
count() { awk -F ': ' -v what="^($1)" '$0 ~ what { n += $NF } END { print n + 0 }' crowd.out; }
crowd_ends()
{
  : > enough
  wait "$crowd"
  [ "$(count '(lost|no connection)')" = 0 ] || diag "$(cat crowd.out)"
}

example scaling.7 ':allow' | here > rules
example scaling.7 'rsync rules' | sed 's/rsync/rsync -e ssh/' > publish
ok 'rules are compiled and copied to the machines' sh -e publish
for machine in a b; do ok "... to $machine" test -s "$machine/rules.cdb"; done
for machine in a b; do
  # shellcheck disable=SC2086
  background "machine-$machine" $as_user sh -c 'cd "$1" && exec supervise .' sh "$work/$machine"
done
trap stop_machines EXIT
for machine in a b; do ok "machine $machine is up" wait_for up "$machine"; done
example scaling.7 'default-server' | here > haproxy.cfg
background haproxy haproxy -db -q -f haproxy.cfg
haproxy=$pid
ok 'HAProxy serves the address' wait_for answers 127.0.0.5
is 'a client is known by its own address, and reaches that of the service' "$(greeting 127.0.0.6 | cut -d ' ' -f 3-)" \
  "serves 127.0.0.6 of $address by $balancer"
ok '... so is it in the log' wait_for sh -c "cat machine-[ab].out | grep -Eq 'ok [0-9]+ .*:127\.0\.0\.6::'"
is 'rules are about clients' "$(greeting "$unwelcome")" ''
ok '... and in the log' wait_for sh -c "cat machine-[ab].out | grep -Eq 'deny 0 .*:127\.0\.0\.9::[0-9]+ rule 127\.0\.0\.9$'"
is 'who does not come from the balancer is refused' "$(peer -b 127.0.0.5 127.0.0.41 25)" ''
ok '... and in the log' wait_for logged a 'deny 0 .*:127\.0\.0\.5::[0-9]+ proxy'
for machine in a b; do
  ok "checks of $machine are denied by rule" wait_for logged "$machine" "deny 0 .*:127\.0\.0\.31::[0-9]+ rule 127\.0\.0\.31\$"
done

crowd_begins
printf '127.0.0.6:deny\n' >> rules
ok 'rules are copied again, while clients come' sh -e publish
is '... and decide about the next one' "$(greeting 127.0.0.6)$(greeting 127.0.0.6)" ''
cp a/rules.cdb before.cdb
printf '127.0.0.6:dney\n' >> rules
not_ok 'rules that are wrong are not copied' sh -e publish 2> err
ok '... and the machines keep theirs' cmp before.cdb a/rules.cdb

# Clients that stay, until each machine has some.
holders=
for n in 1 2 3 4 5 6; do
  mkfifo "typed.$n"
  tcpclient -RHl0 "$address" 25 < "typed.$n" > "held.$n" 2> "held.$n.err" &
  holders="$holders $!"
  started="$started $!"
  # Keeps the fifo open for writing.
  eval "exec $((n + 2))> typed.$n"
done
greeted() { [ "$(cat held.[1-6] | grep -c '^220')" = 6 ]; }
ok 'six clients stay' wait_for greeted
ok '... in connections that the balancer watches over' wait_for \
  sh -c "[ \$(ss -Htno state established src $balancer dport = :25 | grep -c 'timer:(keepalive,[12][0-9]') -ge 6 ]"
held_by() { grep -l "^220 $1 " held.[1-6] | tr -dc '1-6\n'; }
ok '... at both machines' test -n "$(held_by a)" -a -n "$(held_by b)"
# echoes N WORD: that connection is alive
echoes()
{
  printf '%s\n' "$2" > "typed.$1"
  wait_for grep -qx "$2" "held.$1"
}

# --- One machine is killed ------------------------------------------------------------------------------------------------
kill -KILL $(pgrep -P "$(server_of a)") 2> err
svc -ok a
ok 'a machine is gone' wait_for down a
is 'the next client is served by the other' "$(greeting 127.0.0.5 | cut -c 1-5)" '220 b'
control a 'svc -u /service/smtp'
ok 'it is back' wait_for up a
ok '... and serves again' wait_for served_by a
crowd_ends
is 'while it was gone nobody was refused' "$(count 'no connection')" 0
ok "... no more were lost than were there: $(count lost)" test "$(count lost)" -le 4
ok "both have served many ($(count a), $(count b))" test "$(count a)" -ge 5 -a "$(count b)" -ge 5
for n in $(held_by b); do ok 'who was at the other machine has noticed nothing' echoes "$n" still; done
for n in $(held_by a); do not_ok 'who was there has lost the connection' sh -c "echo x > typed.$n; sleep 0.1; grep -qx x held.$n"; done

# --- One is drained -------------------------------------------------------------------------------------------------------
crowd_begins
server=$(server_of b)
control b 'svc -oa /service/smtp'
refuses() { peer -b "$balancer" 127.0.0.42 25 | grep -q refused; }
ok 'a machine that is drained listens no more' wait_for refuses
is '... and the next client is served by the other' "$(greeting 127.0.0.5 | cut -c 1-5)" '220 a'
for n in $(held_by b); do ok '... but for those that it has' echoes "$n" again; done
ok '... for which it waits' kill -0 "$server"
# shellcheck disable=SC2086
kill $holders
ok 'when they have gone it ends' wait_for down b
control b 'svc -u /service/smtp'
ok 'it is back' wait_for served_by b
crowd_ends
is 'not one client has noticed' "$(count '(lost|no connection)')" 0
ok "both have served many ($(count a), $(count b))" test "$(count a)" -ge 5 -a "$(count b)" -ge 5
stop "$haproxy"
done_testing
