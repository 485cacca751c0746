#!/bin/sh
# tcp-env: what it tells a program of the connection that inetd left on descriptor 0, whom it believes, and that the peer
# hears nothing but the program.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/tcp-env.sh"

mkdir "$work/bin" "$work/libexec"
cp "$(command -v tcp-env)" "$work/bin/tcp-env"
cp "$root/tests/cli/tcpclient-lookup.pl" "$work/libexec/tcplookup"
chmod 755 "$work/libexec/tcplookup"
PATH=$work/bin:$PATH
FAKE_LOG=$work/questions FAKE_PEER=
export FAKE_LOG FAKE_PEER

asked() { [ ! -e "$FAKE_LOG" ] || sed -E 's/^start [0-9]+/start/; s/ (local|remote) ([^ ]*) [0-9]+/ \1 \2 n/g' "$FAKE_LOG"; }

# --- the addresses --------------------------------------------------------------------------------------------
inetd tcp-env -HRl0 env
call -b 127.0.0.7
is 'an IPv4 connection is TCP' "$(got PROTO)" TCP
is 'its local address is the one that was reached' "$(got TCPLOCALIP) $(got TCPLOCALPORT)" "127.0.0.1 $port"
is 'its remote address is the peer' "$(got TCPREMOTEIP)" 127.0.0.7
like 'so is the port' "$(got TCPREMOTEPORT)" '^[1-9][0-9]*$'
is 'both have a TCP6 twin, mapped' "$(got TCP6LOCALIP) $(got TCP6REMOTEIP)" '::ffff:127.0.0.1 ::ffff:127.0.0.7'
is 'so have the ports' "$(got TCP6LOCALPORT) $(got TCP6REMOTEPORT)" "$port $(got TCPREMOTEPORT)"
is 'the local name is that of -l' "$(got TCPLOCALHOST) $(got TCP6LOCALHOST)" '0 0'
is 'what was not asked is unset' "$(got TCPREMOTEHOST) $(got TCPREMOTEINFO) $(got TCPPARANOID)" 'unset unset unset'
is 'with -H, -R and -l nobody is asked' "$(asked)" ''
is 'the exit status is that of the program' "$(status)" 0

at=::1
inetd -a ::1 tcp-env -HRl0 env
call
is 'an IPv6 connection is TCP6' "$(got PROTO)" TCP6
is 'its addresses are the same in both sets' \
  "$(got TCPLOCALIP) $(got TCPREMOTEIP) $(got TCP6LOCALIP) $(got TCP6REMOTEIP)" '::1 ::1 ::1 ::1'
at=127.0.0.1
inetd -a :: tcp-env -HRl0 env
call
is 'an IPv4 client of an IPv6 socket is an IPv4 client' "$(got PROTO) $(got TCPREMOTEIP) $(got TCPLOCALIP)" \
  'TCP 127.0.0.1 127.0.0.1'

# --- names and ident ------------------------------------------------------------------------------------------
FAKE_PEER='host=client.example local=server.example info=joe peer'
inetd tcp-env env
call
is 'by default everything is asked, ident for 30 seconds' "$(asked)" 'start -s -w 2
peer 7 timeout 30 local 127.0.0.1 n remote 127.0.0.1 n'
is 'and told' "$(got TCPREMOTEHOST) $(got TCPREMOTEINFO) $(got TCPLOCALHOST)" 'client.example joe server.example'
is 'in both sets' "$(got TCP6REMOTEHOST) $(got TCP6REMOTEINFO) $(got TCP6LOCALHOST)" 'client.example joe server.example'
while IFS='|' read -r options wanted; do
  # shellcheck disable=SC2086
  inetd tcp-env $options env
  call
  is "with $options that much is asked" "$(asked | sed 1d | cut -d ' ' -f 2-4)" "$wanted"
done <<'END'
-H|6 timeout 30
-R|3 timeout 0
-t0|3 timeout 0
-t 5|7 timeout 5
-l0|5 timeout 30
-p|15 timeout 30
-pP|7 timeout 30
-HhRr|7 timeout 30
-Hp|6 timeout 30
END
FAKE_PEER='peer'
inetd tcp-env env
call
is 'what could not be found out is unset, not empty' "$(got TCPREMOTEHOST) $(got TCPREMOTEINFO) $(got TCPLOCALHOST)" \
  'unset unset unset'
# A shell would take note of children that it did not start, and forget them.
children='open my $c, "<", "/proc/$$/task/$$/children" or die; print "children:", <$c>'
for FAKE_PEER in peer 'peer stop'; do
  inetd tcp-env perl -e "$children"
  call
  is "tcplookup is no child of the program, not even a dead one ($FAKE_PEER)" "$(cat "$work/got")" 'children:'
  not_ok "... and has ended" test -e "/proc/$(sed -n 's/^start \([0-9]*\).*/\1/p' "$FAKE_LOG")"
done
# An answer that says PARANOID (8): remote_host is a name that was not confirmed.
FAKE_PEER="evil=08000000$(printf liar.example | od -An -tx1 | tr -d ' \n')"
inetd tcp-env -p env
call
is 'with -p a name that is not confirmed is not the host' "$(got TCPREMOTEHOST) $(got TCPPARANOID) $(got TCP6PARANOID)" \
  'unset liar.example liar.example'
for answer in die garbage evil=ffffffff; do
  FAKE_PEER=$answer
  inetd tcp-env env
  call
  is "a tcplookup that fails ($answer) leaves the program without names" \
    "$(got TCPREMOTEIP) $(got TCPREMOTEHOST) $(status)" '127.0.0.1 unset 0'
  like "and a message says so ($answer)" "$(cat "$work/inetd.log")" \
    '^tcp-env: unable to look up host names and user: tcplookup '
done
mv "$work/libexec/tcplookup" "$work/libexec/away"
inetd tcp-env env
call
is 'without a tcplookup the program runs' "$(got TCPREMOTEIP) $(status)" '127.0.0.1 0'
like 'and a message says which file is missing' "$(cat "$work/inetd.log")" \
  "^tcp-env: unable to look up host names and user: unable to run $work/libexec/tcplookup: "
inetd -2 tcp-env sh -c 'echo program; echo complaint >&2'
call
is 'but if descriptor 2 is the connection the peer hears the program alone' "$(cat "$work/got")" 'program
complaint'
mv "$work/libexec/away" "$work/libexec/tcplookup"
# Whoever runs instead of tcplookup complains into descriptor 2.
cat > "$work/libexec/loud" <<'LOUD'
#!/bin/sh
echo loud >&2
LOUD
chmod 755 "$work/libexec/loud"
mv "$work/libexec/tcplookup" "$work/libexec/away" && mv "$work/libexec/loud" "$work/libexec/tcplookup"
inetd -2 tcp-env sh -c 'echo program'
call
is 'nor does it hear tcplookup' "$(cat "$work/got")" program
mv "$work/libexec/away" "$work/libexec/tcplookup"
FAKE_PEER='stop peer'
inetd tcp-env -t 1 sh -c 'ps -o pid= --ppid $$ | wc -l'
sed -n 1p "$work/inetd.out" > /dev/null
"$tools/peer" 127.0.0.1 "$port" > "$work/got" &
waiting=$!
ok 'a tcplookup that is stopped is asked' wait_for test -s "$FAKE_LOG"
wait_for grep -q '^peer' "$FAKE_LOG"
kill -KILL "$(sed -n 's/^start \([0-9]*\).*/\1/p' "$FAKE_LOG")"
wait "$waiting"
is 'and leaves no child to the program when it is gone' "$(tr -d ' ' < "$work/got")" 2

# --- what was inherited ---------------------------------------------------------------------------------------
FAKE_PEER='host=client.example local=server.example info=joe peer'
stale='PROTO=TCP TCPREMOTEIP=192.0.2.1 TCPREMOTEPORT=1 TCPREMOTEHOST=evil.example TCPREMOTEINFO=root TCPLOCALIP=192.0.2.2
  TCPLOCALPORT=2 TCPLOCALHOST=evil TCP6REMOTEIP=::2 TCP6REMOTEHOST=evil TCPPARANOID=evil TCPCONNNUM=7 TCPINTERFACE=evil0
  TCP6INTERFACE=evil0 TCPMUXSERVICE=evil TCP6PARANOID=evil TCP6CONNNUM=7 TCP6REMOTEINFO=root'
# shellcheck disable=SC2086
inetd env $stale OTHER=kept tcp-env -HR env
call
is 'variables of another connection do not get through, though PROTO is TCP' \
  "$(grep -E '^(TCP|PROTO)' "$work/got" | grep -E 'evil|root|192\.0\.2|::2$|CONNNUM|MUX|PARANOID|INTERFACE')" ''
is 'those of this one do' "$(got PROTO) $(got TCPREMOTEIP) $(got TCPLOCALHOST)" 'TCP 127.0.0.1 server.example'
is 'other variables stay' "$(got OTHER)" kept
# described [VARIABLE=VALUE...]: tcp-env under tcpserver, which has described the connection
serve described -HRl0 127.0.0.1 0 env TCPREMOTEINFO=rule tcp-env env
rm -f "$FAKE_LOG"
call
is 'below tcpserver what is said of the connection stays, as a rule may have changed it' \
  "$(got TCPREMOTEINFO) $(got TCPLOCALHOST) $(got TCPCONNNUM) $(got TCPREMOTEHOST)" 'rule 0 1 unset'
is 'and nobody is asked' "$(asked)" ''
serve described6 -HRl0 ::1 0 env TCPREMOTEINFO=rule tcp-env env
at=::1 call
is 'so it is for IPv6' "$(got PROTO) $(got TCPREMOTEINFO)" 'TCP6 rule'
for change in PROTO=UNIX TCPREMOTEPORT=1 TCPREMOTEPORT= TCPREMOTEIP=127.0.0.9 TCPREMOTEIP=::ffff:127.0.0.9 TCPLOCALPORT=9 \
  TCPLOCALIP=127.0.0.9 TCPLOCALIP=junk; do
  serve changed -HRl0 127.0.0.1 0 env TCPREMOTEINFO=rule $change tcp-env -HRl0 env
  call
  is "$change is not this connection: it is described anew" \
    "$(got PROTO) $(got TCPREMOTEIP) $(got TCPREMOTEINFO) $(got TCPCONNNUM) $(got TCPLOCALPORT)" "TCP 127.0.0.1 unset unset $port"
  stop
done

# --- no TCP connection ----------------------------------------------------------------------------------------
# piped: tcp-env with a pipe as descriptor 0
piped() { : | env "$@" > "$work/out" 2> "$work/err"; }
for proto in TCP TCP6; do
  ok "a pipe below a server that says $proto is let through" piped PROTO=$proto TCPREMOTEIP=192.0.2.9 tcp-env env
  like 'with the variables as they are' "$(cat "$work/out")" '^TCPREMOTEIP=192\.0\.2\.9$'
done
for proto in PROTO=UNIX PROTO= PROTO=tcp UNSET=1; do
  piped $proto tcp-env env
  is "a pipe with $proto is an error" "$? $(cat "$work/err")" '111 tcp-env: fatal: descriptor 0 is no TCP connection'
  is 'and the program does not run' "$(cat "$work/out")" ''
done
sh -c 'exec tcp-env true <> "$1" 2<&0' sh "$work/terminal" > "$work/out"
is 'a file that is not the connection hears of an error, though it is descriptor 0 as well, as a terminal is' \
  "$? $(cat "$work/terminal")" '111 tcp-env: fatal: descriptor 0 is no TCP connection'
exits 'a closed descriptor 0 is an error' 111 sh -c 'exec tcp-env true <&-'
rm -f "$work/inetd.status"
background unix sh -c 'perl "$1/tests/cli/tcp-env-inetd.pl" -u tcp-env env; echo $? > "$2"' sh "$root" "$work/inetd.status"
wait_for test -s "$work/inetd.status"
is 'a UNIX socket is an error' "$(status) $(cat "$work/unix.log")" '111 tcp-env: fatal: descriptor 0 is no TCP connection'
inetd -n tcp-env env
wait_for test -s "$work/inetd.status"
like 'a socket that listens is an error' "$(status) $(cat "$work/inetd.log")" '^111 tcp-env: fatal: descriptor 0 has no peer: '
inetd -2 tcp-env -Z env
call
is 'a usage error is not for the peer' "$(status) $(cat "$work/got")" '100 '
inetd -2 tcp-env -HRl0 "$work/nothing"
call
is 'nor is a program that cannot be run' "$(status) $(cat "$work/got")" '111 '
mkdir "$work/here"
printf '#!/bin/sh\necho found\n' > "$work/here/in-this-folder"
chmod 755 "$work/here/in-this-folder"
for path in '' /nowhere:; do
  inetd /usr/bin/env --chdir="$work/here" PATH="$path" "$work/bin/tcp-env" -HRl0 in-this-folder
  call
  is "an empty element of PATH is the current folder ('$path')" "$(cat "$work/got" "$work/inetd.log")" found
done
inetd tcp-env -HRl0 "$work/nothing"
call
like 'of which there is a message otherwise' "$(cat "$work/inetd.log")" "^tcp-env: fatal: unable to run $work/nothing: No such"

# --- the program ----------------------------------------------------------------------------------------------
cat > "$work/show" <<'SHOW'
#!/bin/sh
printf '<%s>' "$@"
ls /proc/self/fd | tr '\n' ' '
SHOW
chmod 755 "$work/show"
FAKE_PEER='host=client.example peer'
set -- "$work/show" 'a b' '' "it's" "$(printf 'two\nlines')" -x
inetd -2 "$@"
call
without=$(cat "$work/got")
inetd -2 tcp-env -- "$@"
call
is 'arguments arrive as they are, and no descriptor is left over' "$(cat "$work/got")" "$without"
like 'the arguments are those' "$without" '^<a b><><it.s><two$'
inetd tcp-env -HRl0 sh -c 'cat; exit 5'
peer 127.0.0.1 "$port" 'early\nlate' > "$work/got"
wait_for test -s "$work/inetd.status"
is 'what the peer sent is the program'"'"'s' "$(cat "$work/got")" 'early
late'
is 'its status is the status' "$(status)" 5
for wrong in '' '-Z true' '-t' '-t x true' '-t 86401 true' '-t -1 true' '-l'; do
  # shellcheck disable=SC2086
  exits "tcp-env $wrong is a usage error" 100 env PROTO=TCP tcp-env $wrong
  like 'that says so' "$(cat "$work/err")" '^tcp-env: usage: '
done
exits '--version is answered' 0 tcp-env --version
like 'with name and version' "$(cat "$work/out")" '^tcp-env \(ucspi-tcpmux\) [0-9]'
exits '--help is answered' 0 tcp-env --help
like 'with the usage' "$(cat "$work/out")" '^usage: tcp-env \[ -hHpPrR \]'
done_testing
