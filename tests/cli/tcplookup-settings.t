#!/bin/sh
# Which servers are asked and what becomes of a host argument, in tcplookup, tcpclient and tcpserver; and that changes of
# the files are noticed.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/names.sh"
tcplookup=${COMMAND_DIR%/*}/libexec/tcplookup

# What a run printed on both outputs, lines joined by ';', and its exit status.
run()
{
  timeout 10 "$@" > "$work/out" 2> "$work/err"
  run_status=$?
  printf '%s%s%s' "$(tr '\n' ';' < "$work/out")" "$(tr '\n' ';' < "$work/err")" "$run_status"
}

# Two servers that don't agree, and by that can be told from each other.
if ! ip -6 address show dev lo | grep -q 'fe80::53/' && ! ip -6 address add fe80::53/64 dev lo nodad 2> "$work/err"; then
  result 1 "loopback gets a link-local address in the namespace: $(cat "$work/err")"
fi
zone <<'ZONE'
a.test A 60 127.1.0.1
127.3.0.1 PTR 60 one.test
whole.test A 60 127.1.0.2
end.new.test A 60 127.1.0.3
short.local.test A 60 127.1.0.4
short.other.test A 60 127.1.0.5
ZONE
cat > "$work/zone2" <<'ZONE'
a.test A 60 127.2.0.1
127.3.0.1 PTR 60 two.test
short.local.test A 60 127.2.0.4
ZONE
serve_dns
background dns2 perl "$root/tests/names/dnsserver" -L "$work/dns2.queries" -l 127.0.0.3 -l ::1 -l fe80::53%lo "$work/zone2"
serve_wait dns2

# --- $DNSCACHEIP ------------------------------------------------------------------------------------------------------

while IFS='|' read -r name servers expected; do
  is "$name" "$(DNSCACHEIP=$servers run "$tcplookup" -a -4 a.test)" "$expected"
done <<'END'
One server is asked|127.0.0.3|127.2.0.1;0
Of two the first is|127.0.0.1 127.0.0.3|127.1.0.1;0
If that is not there the second|127.0.0.2 127.0.0.3|127.2.0.1;0
Four may be joined by dots|127.0.0.2.127.0.0.2.127.0.0.2.127.0.0.3|127.2.0.1;0
Of these, too, the first comes first|127.0.0.1.127.0.0.3.127.0.0.3.127.0.0.3|127.1.0.1;0
A server may have an IPv6 address|::1|127.2.0.1;0
It may be link-local, with its interface|fe80::53%lo|127.2.0.1;0
It may come after others|127.0.0.2 fe80::53%lo|127.2.0.1;0
END
for junk in 127.0.0.3.127.0.0.3.127.0.0.3.127.0.0.300 fe80::53%nosuchif 127.0.0.3%lo 1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20; do
  is "$junk is a clear error" "$(DNSCACHEIP="127.0.0.3 $junk" run "$tcplookup" -a -4 a.test)" \
    "tcplookup: fatal: \$DNSCACHEIP: not an IP address: $junk;111"
done
like 'So it is in tcpclient, at once' "$(DNSCACHEIP=junk run tcpclient -HRl0 a.test 1 true)" \
  'DNSCACHEIP: not an IP address: junk;.*a\.test.*;111$'
like 'and in tcpserver' "$(DNSCACHEIP=junk run tcpserver -HRl0 a.test 0 true)" \
  'DNSCACHEIP: not an IP address: junk;.*a\.test.*;111$'

# --- host arguments ---------------------------------------------------------------------------------------------------

cat > "$work/rules" <<'END'
# The four kinds of djbdns.
=alone:whole.test
*.old:.new.test
-.drop:whole.test
?:.local.test
END
serve where -HRl0 0 0 sh -c 'echo "$TCPLOCALIP"'
# reaches NAME HOST ADDRESS: tcplookup says, and tcpclient connects to, this address of the host
reaches()
{
  is "$1: tcplookup" "$(run "$tcplookup" -a -4 "$2")" "$3;0"
  is "$1: tcpclient" "$(run tcpclient -4HRl0 "$2" "$port" sh -c 'exec cat <&6')" "$3;0"
}
DNSREWRITEFILE=$work/rules
reaches '=from:to replaces a name' alone 127.1.0.2
reaches '*suffix:to replaces an end' end.old 127.1.0.3
reaches '-suffix:to replaces a name with that end' any.drop 127.1.0.2
reaches '?suffix:to completes a name without dot' short 127.1.0.4
reaches 'another name stays as it is' a.test 127.1.0.1
DNSREWRITEFILE=$work/none
LOCALDOMAIN=local.test reaches '$LOCALDOMAIN completes one if there are no rules' short 127.1.0.4
LOCALDOMAIN='nowhere.test other.test' reaches 'Each of its domains is tried' short 127.1.0.5
DNSREWRITEFILE=$work/rules
serve there -HRl0 alone 0 echo hello
is 'tcpserver listens at the address of its host argument' "$(run tcpclient -HRl0 127.1.0.2 "$port" sh -c 'exec cat <&6')" 'hello;0'
exits 'and at no other' 111 tcpclient -qHRl0 127.1.0.4 "$port" true

# --- files that change ------------------------------------------------------------------------------------------------

helper()
{
  perl "$root/tests/cli/tcplookup-helper.pl" "$tcplookup" "$@" 2> "$work/helper.err" | tr '\n' ';'
}
late=3.2 # they are looked at every three seconds

DNSREWRITEFILE=$work/changing
echo '=x:a.test' > "$work/changing"
is 'A helper notices new rules, wrong ones and none within seconds' "$(
  helper host 1 4 x answers 1 shell "echo '=x:whole.test' > $work/changing" sleep "$late" host 2 4 x answers 1 \
    shell "echo nonsense > $work/changing" sleep "$late" host 3 4 x peer 4 127.3.0.1 1 127.0.0.1 answers 2 \
    shell "rm $work/changing" sleep "$late" host 5 4 a.test answers 1 | tr ';' '\n' | sort -k 2n | tr '\n' ';'
)" "host 1 family 4 status 0 127.1.0.1;host 2 family 4 status 0 127.1.0.2;host 3 family 4 status 3;peer 4 known 1 'one.test' '' '';host 5 family 4 status 0 127.1.0.1;"
is 'Of wrong ones it says once what is wrong' "$(cat "$work/helper.err")" "tcplookup: warning: $work/changing: line 1 is not a rule"
DNSREWRITEFILE=$work/none

# /etc/resolv.conf is one of the test's, for what runs in a mount namespace.
cat > "$work/with_conf" <<'END'
#!/bin/sh
# with_conf FILE command…
# In a chroot / is no mount whose propagation could be changed; it need not be where no mount is shared anyway.
how=
grep -q ' shared:' /proc/self/mountinfo || how='--propagation unchanged'
exec unshare -m $how sh -c 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"' sh "$@"
END
chmod 755 "$work/with_conf"
with_conf="$work/with_conf $work/resolv.conf"
: > "$work/resolv.conf"
[ -e /etc/resolv.conf ] || diag 'there is no /etc/resolv.conf'
if $with_conf true 2> "$work/err"; then
  unset DNSCACHEIP
  is 'Without a server in resolv.conf this machine is asked' "$(run $with_conf "$tcplookup" -a -4 a.test)" '127.1.0.1;0'
  echo 'nameserver 127.0.0.3' > "$work/resolv.conf"
  is 'The server in resolv.conf is' "$(run $with_conf "$tcplookup" -a -4 a.test)" '127.2.0.1;0'
  echo 'nameserver fe80::53%lo' > "$work/resolv.conf"
  is 'It may be link-local' "$(run $with_conf "$tcplookup" -a -4 a.test)" '127.2.0.1;0'
  is '$DNSCACHEIP comes before it' "$(DNSCACHEIP=127.0.0.1 run $with_conf "$tcplookup" -a -4 a.test)" '127.1.0.1;0'
  echo 'search nowhere.test local.test' > "$work/resolv.conf"
  is 'Its domains complete a name' "$(run $with_conf "$tcplookup" -a -4 short)" '127.1.0.4;0'
  is '$LOCALDOMAIN comes before them' "$(LOCALDOMAIN=other.test run $with_conf "$tcplookup" -a -4 short)" '127.1.0.5;0'
  is 'and rules before both' \
    "$(DNSREWRITEFILE=$work/rules LOCALDOMAIN=other.test run $with_conf "$tcplookup" -a -4 short)" '127.1.0.4;0'
  printf 'nameserver 127.0.0.4\nnameserver 127.0.0.3\noptions timeout:1 attempts:1\n' > "$work/resolv.conf"
  # Nobody is at 127.0.0.4, but whoever asks there is not refused.
  background silent perl -MSocket -e '$| = 1; socket(my $s, AF_INET, SOCK_DGRAM, 0); bind($s, pack_sockaddr_in(53, inet_aton("127.0.0.4"))) or die; print "53\n"; sleep 100'
  serve_wait silent
  unset RES_OPTIONS
  before=$(date +%s)
  is 'Its options say how long a silent server is waited for' "$(run $with_conf "$tcplookup" -a -4 a.test)" '127.2.0.1;0'
  ok '(five seconds else)' test $(($(date +%s) - before)) -lt 5
  RES_OPTIONS='timeout:1 attempts:1'
  export RES_OPTIONS
  echo 'nameserver 127.0.0.1' > "$work/resolv.conf"
  is 'A helper notices a new resolv.conf, and forgets what others said' "$(
    $with_conf perl "$root/tests/cli/tcplookup-helper.pl" "$tcplookup" host 1 4 a.test answers 1 \
      peer 1 127.3.0.1 1 127.0.0.1 answers 1 shell "echo 'nameserver 127.0.0.3' > $work/resolv.conf" \
      peer 1 127.3.0.1 1 127.0.0.1 answers 1 sleep "$late" peer 1 127.3.0.1 1 127.0.0.1 answers 1 host 1 4 a.test answers 1 | tr '\n' ';'
  )" "host 1 family 4 status 0 127.1.0.1;peer 1 known 1 'one.test' '' '';peer 1 known 1 'one.test' '' '';peer 1 known 1 'two.test' '' '';host 1 family 4 status 0 127.2.0.1;"
elif [ "$(id -u)" = 0 ]; then
  result 1 "root puts a file in the place of /etc/resolv.conf: $(cat "$work/err")"
else
  diag "only root can try /etc/resolv.conf here: $(cat "$work/err")"
fi

done_testing
