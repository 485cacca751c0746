#!/bin/sh
# tcp-env with its real tcplookup, a DNS server and ident servers: what each option has the program know, whatever they
# answer.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../names.sh"
. "$(dirname "$0")/tcp-env.sh"

# 127.0.0.1 is the server. 7 has a confirmed name, 8 one that is somebody else's, 9 none, 10 and 11 one that DNS can't or
# won't tell, 12 one whose addresses can't be told, 13 one that is no host name.
zone <<'ZONE'
127.0.0.1 PTR 60 server.test
127.0.0.7 PTR 60 client.test
client.test A 60 127.0.0.7
127.0.0.8 PTR 60 liar.test
liar.test A 60 192.0.2.1
127.0.0.10 PTR 60 unseen.test
127.0.0.10 !servfail
127.0.0.11 PTR 60 unseen.test
127.0.0.11 !silent
127.0.0.12 PTR 60 unsure.test
unsure.test A 60 127.0.0.12
unsure.test !servfail
127.0.0.13 PTR 60 a\032b.test
::1 PTR 60 six.test
six.test AAAA 60 ::1
ZONE
serve_dns
serve_ident 127.0.0.7=user:joe 127.0.0.8=silent 127.0.0.9=error:NO-USER '127.0.0.10=user:a b\x01c' 127.0.0.11=close \
  127.0.0.12=late:4000 127.0.0.13=big:900 ::1=user:six

# told LAST-OCTET [option...]: TCPREMOTEHOST, TCPREMOTEINFO, TCPLOCALHOST and TCPPARANOID of a client at 127.0.0.LAST-OCTET
told()
{
  told_at=127.0.0.$1
  shift
  inetd tcp-env "$@" env
  call -b "$told_at"
  echo "$(got TCPREMOTEHOST) $(got TCPREMOTEINFO) $(got TCPLOCALHOST) $(got TCPPARANOID)"
  [ "$(status)" = 0 ] || echo "status $(status)"
}
# questions: who was asked since `forget`: the client's name, the server's, the name's address, ident
questions()
{
  echo "$(asked 7.0.0.127.in-addr.arpa PTR) $(asked 1.0.0.127.in-addr.arpa PTR) $(asked client.test A) $(ident_asked 127.0.0.7)"
}
forget() { : > "$work/dns.queries"; : > "$work/ident.questions"; }
now_ms() { perl -MTime::HiRes=time -e 'printf "%d\n", time * 1000'; }

# --- each option ------------------------------------------------------------------------------------------------
# What is asked for on the command line, what the program is told of 127.0.0.7, and how often who is asked.
while IFS='|' read -r options wanted asks; do
  forget
  # shellcheck disable=SC2086
  is "options '$options': what the program is told" "$(told 7 $options)" "$wanted"
  is "... and who was asked" "$(questions)" "$asks"
done <<'END'
|client.test joe server.test unset|1 1 0 1
-h|client.test joe server.test unset|1 1 0 1
-H|unset joe server.test unset|0 1 0 1
-Hh|client.test joe server.test unset|1 1 0 1
-hH|unset joe server.test unset|0 1 0 1
-p|client.test joe server.test unset|1 1 1 1
-pP|client.test joe server.test unset|1 1 0 1
-Pp|client.test joe server.test unset|1 1 1 1
-pH|unset joe server.test unset|0 1 0 1
-r|client.test joe server.test unset|1 1 0 1
-R|client.test unset server.test unset|1 1 0 0
-Rr|client.test joe server.test unset|1 1 0 1
-rR|client.test unset server.test unset|1 1 0 0
-t0|client.test unset server.test unset|1 1 0 0
-t 5|client.test joe server.test unset|1 1 0 1
-l here.test|client.test joe here.test unset|1 0 0 1
-l0 -R|client.test unset 0 unset|1 0 0 0
-HR|unset unset server.test unset|0 1 0 0
-HRl0|unset unset 0 unset|0 0 0 0
END
forget
inetd tcp-env env
call -b 127.0.0.7
is 'the TCP6 set is told the same' "$(got TCP6REMOTEHOST) $(got TCP6REMOTEINFO) $(got TCP6LOCALHOST)" 'client.test joe server.test'
like 'ident is asked about this connection' "$(cat "$work/ident.questions")" \
  "^127\\.0\\.0\\.7 $(got TCPREMOTEPORT) $(got TCPLOCALPORT)\$"
at=::1
inetd -a ::1 tcp-env -p env
call
is 'so it is on IPv6' "$(got TCPREMOTEHOST) $(got TCPREMOTEINFO) $(got TCPLOCALHOST) $(got PROTO)" 'six.test six six.test TCP6'
at=127.0.0.1

# --- answers that are none, or not to be believed -----------------------------------------------------------------
is 'a name that is another host'"'"'s is told' "$(told 8 -R)" 'liar.test unset server.test unset'
is '... but with -p it is no more than a claim' "$(told 8 -Rp)" 'unset unset server.test liar.test'
is '... so is one whose addresses cannot be found out' "$(told 12 -Rp)" 'unset unset server.test unsure.test'
is '... which is told without -p' "$(told 12 -R)" 'unsure.test unset server.test unset'
is 'who has no name has none, and an error of ident is no user' "$(told 9)" 'unset unset server.test unset'
is 'nor has one if DNS fails; of a user id the printable octets are told' "$(told 10)" 'unset abc server.test unset'
is '... or does not answer; nor has a user where ident hangs up' "$(told 11)" 'unset unset server.test unset'
is 'a name that is no host name is not told; a user id ends after 512 octets' "$(told 13)" \
  "unset $(printf '%0512d' 0 | tr 0 x) server.test unset"
start_ms=$(now_ms)
is 'ident that does not answer within the seconds of -t is left' "$(told 8 -t 1)" 'liar.test unset server.test unset'
took_ms=$(($(now_ms) - start_ms))
ok '... when they are over, not before nor long after' test "$took_ms" -ge 1000 -a "$took_ms" -lt 8000
is 'one that answers a moment later is heard if -t allows it' "$(told 12 -Ht 10)" 'unset late server.test unset'
is '... and else is not' "$(told 12 -Ht 1)" 'unset unset server.test unset'
DNSCACHEIP=127.0.0.2
is 'without a DNS server there is still ident' "$(told 7)" 'unset joe unset unset'
DNSCACHEIP=nonsense
is 'so it is with settings that are wrong' "$(told 7)" 'unset joe unset unset'
like '... of which tcplookup complains' "$(cat "$work/inetd.log")" '^tcplookup: .*DNSCACHEIP: not an IP address: nonsense'
inetd -2 tcp-env sh -c 'echo "$TCPREMOTEINFO"'
call -b 127.0.0.7
is '... but not to the client' "$(cat "$work/got")" joe
DNSCACHEIP=127.0.0.1

# --- nothing is left ----------------------------------------------------------------------------------------------
open='open my $c, "<", "/proc/$$/task/$$/children" or die; print "children:", <$c>, " ", grep { -e "/proc/self/fd/$_" } 4 .. 99'
inetd perl -e "$open"
call
without=$(cat "$work/got")
inetd tcp-env perl -e "$open"
call -b 127.0.0.7
is 'the program has no child and no descriptor of tcplookup' "$(cat "$work/got")" "$without"
done_testing
