#!/bin/sh
# tcp-env below xinetd and systemd: programs of this kit that need to know the connection work there.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/services.sh"
need xinetd xinetd
need systemd-socket-activate systemd

# What they run: a TCPMUX server, which refuses everybody of whom it does not know where he is from, with a service for
# 127.0.0.1 and ::1.
mkdir "$work/services/guarded"
printf '127.0.0.1:allow,FROM="rule"\n::1:allow,FROM="rule6"\n:deny\n' | tcprules "$work/services/guarded/rules.cdb" "$work/tmp"
cat > "$work/services/guarded/run" <<'RUN'
#!/bin/sh
echo "$PROTO $FROM $TCPREMOTEIP $TCPLOCALHOST"
RUN
chmod 755 "$work/services/guarded/run"
tcp_env=$(command -v tcp-env)
tcpmuxd=$(command -v tcpmuxd)

# Neither can find a free port itself; somebody else may take it between finding and using it: then another is tried.
free_port()
{
  serve "free-port-$attempt" -RHl0 127.0.0.1 0 true
  stop
}
listens()
{
  ss -ltnp | grep -q ":$port .*pid=$pid,"
}
xinetd_runs()
{
  for attempt in 1 2 3 4 5; do
    free_port
    # The manual's example, with what is different here.
    sed -n '/^service tcpmux$/,/^}$/p' "$root/doc/tcp-env.1" | sed -e "s|/usr/local/bin/tcp-env|$tcp_env|" \
      -e "s|/usr/local/bin/tcpmuxd|$tcpmuxd -q|" -e "s|/etc/services.d|$work/services|" -e "s/-HRl0/-HRl server.example/" \
      -e "s/port = 1$/port = $port/" -e "s/user = root/user = $(id -un)/" \
      -e "s/^}/  bind = $2\\n  flags = $1\\n  env = PROTO=TCP TCPREMOTEIP=127.0.0.1\\n}/" > "$work/xinetd.conf"
    background xinetd xinetd -dontfork -f "$work/xinetd.conf" -pidfile "$work/xinetd.pid"
    wait_for listens && return 0
  done
  cat "$work/xinetd.log"
  return 1
}
systemd_runs()
{
  for attempt in 1 2 3 4 5; do
    free_port
    background activated systemd-socket-activate --accept --inetd -l "$1:$port" "$tcp_env" -HRl server.example -- \
      "$tcpmuxd" -q "$work/services"
    wait_for grep -Eq 'Listening on|Failed to' "$work/activated.log"
    grep -q 'Listening on' "$work/activated.log" && return 0
  done
  cat "$work/activated.log"
  return 1
}

systemd_shows()
{
  for attempt in 1 2 3 4 5; do
    free_port
    sed -n '/^systemd-socket-activate/,/^\.Ed/p' "$root/doc/tcp-env.1" | sed -e '/^\.Ed/d' -e 's/\\e$/\\/' \
      -e "s/7777/$port/; s/systemd-socket-activate/exec &/" > "$work/example"
    background activated sh "$work/example"
    wait_for grep -Eq 'Listening on|Failed to' "$work/activated.log"
    grep -q 'Listening on' "$work/activated.log" && return 0
  done
  return 1
}

# guarded ADDRESS [peer's options]: what the service says
guarded()
{
  guarded_at=$1
  shift
  peer "$@" "$guarded_at" "$port" 'guarded\r\n' | tr -d '\r'
}

for server in xinetd systemd; do
  case $server in
    xinetd) ok "$server runs" xinetd_runs IPv4 127.0.0.1 ;;
    systemd) ok "$server runs" systemd_runs 127.0.0.1 ;;
  esac
  is "below $server the service and its rules know the client" "$(guarded 127.0.0.1)" '+
TCP rule 127.0.0.1 server.example'
  like "another client of $server is refused, whatever $server says of clients" \
    "$(guarded 127.0.0.1 -b 127.0.0.2)" '^-'
  stop
done
ok 'the example of the manual for those who want to look runs' systemd_shows 127.0.0.1
like 'and shows what a program is told' "$(peer 127.0.0.1 "$port")" '^TCPREMOTEIP=127\.0\.0\.1$'
stop
ok 'xinetd runs on IPv6' xinetd_runs IPv6 ::1
is 'an IPv6 client of xinetd is known as one' "$(guarded ::1)" '+
TCP6 rule6 ::1 server.example'
stop
ok 'systemd runs on IPv6' systemd_runs '[::1]'
is 'an IPv6 client of systemd is known as one' "$(guarded ::1)" '+
TCP6 rule6 ::1 server.example'
stop
done_testing
