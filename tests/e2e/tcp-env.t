#!/bin/sh
# tcp-env below inetd, xinetd and systemd: programs of this kit that need to know the connection work there. The
# servers are set up as the manual shows, at the port that it names, in a network of the test's own.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/names.sh"
. "$root/tests/e2e/services.sh"
. "$root/tests/e2e/user.sh"
PATH=$PATH:/usr/local/lib/ucspi-tcpmux-check/usr/sbin # where package/deps puts inetd, which can't be installed beside xinetd
need inetd openbsd-inetd
need xinetd xinetd
need systemd-socket-activate systemd
need systemd-analyze systemd
page=$root/doc/tcp-env.1
tcp_env=$(command -v tcp-env)
tcpmuxd=$(command -v tcpmuxd)

# What they run: a TCPMUX server, which refuses everybody of whom it does not know where he is from, with a service for
# 127.0.0.1 and ::1, and for two who must be known by name and user.
mkdir "$work/services/guarded"
tcprules "$work/services/guarded/rules.cdb" "$work/tmp" <<'RULES'
127.0.0.1:allow,FROM="rule"
::1:allow,FROM="rule6"
joe@127.0.0.7:allow,FROM="user"
=client.test:allow,FROM="name"
:deny
RULES
cat > "$work/services/guarded/run" <<'RUN'
#!/bin/sh
echo "$PROTO $FROM $TCPREMOTEIP $TCPLOCALHOST ${TCPREMOTEHOST-unset} ${TCPREMOTEINFO-unset}"
RUN
chmod 755 "$work/services/guarded/run"
zone <<'ZONE'
127.0.0.1 PTR 60 server.test
127.0.0.7 PTR 60 friend.test
127.0.0.8 PTR 60 client.test
client.test A 60 127.0.0.8
127.0.0.9 PTR 60 client.test
2.0.0.127.bl.test TXT 60 listed
fails.test !servfail
*.fails.test !servfail
ZONE
serve_dns
serve_ident 127.0.0.7=user:joe 127.0.0.8=error:NO-USER 127.0.0.9=close

# display WORDS: the page's display in which these words are, as it is shown
display()
{
  awk -v words="$1" '/^\.Bd/ { text = ""; inside = 1; next }
    /^\.Ed/ { if (inside && index(text, words)) printf "%s", text; inside = 0 }
    inside { text = text $0 "\n" }' "$page" | sed 's/\\e/\\/g'
}
# here OPTIONS: standard input with the programs under test, the test's services, and OPTIONS of tcp-env in place of the
# example's
here()
{
  sed -e "s|/usr/local/bin/tcp-env|$tcp_env|" -e "s|/usr/local/bin/tcpmuxd|$tcpmuxd|" -e "s|/etc/services.d|$work/services|" \
    -e "s/-HRl0/$1/"
}
listens() { ss -ltn | grep -q ':1 '; }
silent() { ! listens; }

# run_SERVER OPTIONS: starts it
run_inetd()
{
  # The manual has the line in two.
  display 'tcpmux stream tcp nowait' | sed -e ':a' -e '/\\$/N; s/\\\n *//; ta' | here "$1" |
    sed "s/ nowait root / nowait $(id -un) /" > "$work/inetd.conf"
  is 'the line for inetd.conf is one' "$(wc -l < "$work/inetd.conf" | tr -d ' ')" 1
  background inetd inetd -i "$work/inetd.conf"
}
run_xinetd()
{
  display 'service tcpmux' | here "$1" |
    sed -e "s/user = root/user = $($as_user id -un)/" -e 's/^}/  flags = IPv6\n  env = PROTO=TCP TCPREMOTEIP=127.0.0.1\n}/' > "$work/xinetd.conf"
  # shellcheck disable=SC2086
  background xinetd $as_user xinetd -dontfork -f "$work/xinetd.conf" -pidfile "$work/xinetd.pid"
}
# Its units are checked below.
run_systemd()
{
  set -- "$(display 'ExecStart=' | here "$1" | sed -e ':a' -e '/\\$/N; s/\\\n *//; ta' | sed -n 's/^ExecStart=//p')"
  # shellcheck disable=SC2086
  background systemd systemd-socket-activate --accept --inetd -l '[::]:1' -E DNSCACHEIP -E RES_OPTIONS $1
}

# guarded ADDRESS [peer's options]: what the service says
guarded()
{
  guarded_at=$1
  shift
  peer "$@" "$guarded_at" 1 'guarded\r\n' | tr -d '\r'
}

for server in inetd xinetd systemd; do
  "run_$server" '-HRl server.example'
  ok "$server runs" wait_for listens
  is "below $server the service and its rules know the client" "$(guarded 127.0.0.1)" '+
TCP rule 127.0.0.1 server.example unset unset'
  is "an IPv6 client of $server is known as one" "$(guarded ::1)" '+
TCP6 rule6 ::1 server.example unset unset'
  like "another client of $server is refused, whatever $server says of clients" "$(guarded 127.0.0.1 -b 127.0.0.2)" '^-'
  stop
  wait_for silent
  "run_$server" '-p'
  ok "$server runs again, to ask for names and users" wait_for listens
  is "below $server a client is known by its user" "$(guarded 127.0.0.1 -b 127.0.0.7)" '+
TCP user 127.0.0.7 server.test unset joe'
  is '... or by its name' "$(guarded 127.0.0.1 -b 127.0.0.8)" '+
TCP name 127.0.0.8 server.test client.test unset'
  like '... if that is confirmed' "$(guarded 127.0.0.1 -b 127.0.0.9)" '^-'
  stop
  wait_for silent
done

# --- inetd's client, and the log --------------------------------------------------------------------------------------
# inetd leaves the connection at descriptor 2, and its programs no PATH.
cat > "$work/inetd.conf" <<CONF
25 stream tcp nowait $(id -un) $tcp_env tcp-env -HRl0 $(command -v rblsmtpd) -r fails.test -r bl.test -i -c -r fails.test /usr/bin/printenv RBLSMTPD
26 stream tcp nowait $(id -un) $tcp_env tcp-env -HRl0 $(command -v rblsmtpd) -r fails.test -r bl.test /bin/cat
27 stream tcp nowait $(id -un) $(command -v recordio) recordio $(command -v fixcrio) /bin/cat
CONF
background inetd inetd -i "$work/inetd.conf"
listens_at_27() { ss -ltn | grep -q ':27 '; }
ok 'inetd runs a mail server' wait_for listens_at_27
is 'whom a list has hears no more than a refusal' "$(peer -b 127.0.0.2 127.0.0.1 26 'RCPT\r\nQUIT\r\n' | tr -d '\r')" '220 rblsmtpd.local
451 listed
221 rblsmtpd.local'
is 'whom none has hears the mail server only, though a list has failed' "$(peer 127.0.0.1 26 'HELO\r\n' | tr -d '\r')" HELO
is 'the server is told what lists say, and the client nothing else' "$(peer -b 127.0.0.2 127.0.0.1 25)" '[RBL info] listed'
is 'a record of what was said is not for the client' "$(peer 127.0.0.1 27 'HELO\n' | tr -d '\r')" HELO
stop
wait_for silent

# --- the other examples -------------------------------------------------------------------------------------------
display 'systemd-socket-activate' | sed 's/^systemd-socket-activate/exec &/' > "$work/example"
listens_at_7777() { ss -ltn | grep -q '127\.0\.0\.1:7777 '; }
background activated sh "$work/example"
ok 'the example for those who want to look runs' wait_for listens_at_7777
like 'and shows what a program is told' "$(peer 127.0.0.1 7777)" '^TCPREMOTEIP=127\.0\.0\.1$'
stop
mkdir "$work/units"
for unit in tcpmux.socket tcpmux@.service; do
  display '[Service]' | awk -v unit="# $unit" '/^# / { inside = 0 } inside; $0 == unit { inside = 1 }' | here -HRl0 > "$work/units/$unit"
  ok "the manual has a unit $unit" test -s "$work/units/$unit"
done
is 'systemd finds nothing wrong with them' "$(cd "$work/units" && systemd-analyze --man=no verify ./tcpmux.socket ./tcpmux@.service 2>&1; echo $?)" 0
done_testing
