#!/bin/sh
# Under daemontools: supervise runs tcpserver, multilog keeps its log; HUP keeps connections and re-reads the limit,
# TERM makes a new server while old connections go on.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/services.sh"
for tool in supervise svc svstat svok multilog; do need "$tool" daemontools; done

service=$work/service
mkdir "$service" "$service/log"
mkfifo "$work/typed"
echo 40 > "$service/limit"
echo 0 > "$service/port"
cat > "$service/run" << 'RUN'
#!/bin/sh
exec 2>&1
exec tcpserver -v -1 -RHl0 -c limit 127.0.0.1 "$(cat port)" sh -c 'echo "hello from $$"; exec cat' > listening
RUN
chmod 755 "$service/run"

svc_stop()
{
  exec 9>&-
  svc -dx "$service"
  wait_for not svok "$service"
  cleanup
}
not()
{
  ! "$@"
}
server_pid()
{
  svstat "$service" | sed -n 's/.*(pid \([0-9]*\)).*/\1/p'
}
logged()
{
  grep -Eq -e "$1" "$service/log/current"
}
greeting()
{
  tcpclient -RHl0 127.0.0.1 "$port" sh -c 'exec head -n 1 <&6' < /dev/null
}
restarted()
{
  new=$(server_pid)
  test -n "$new" && test "$new" != "$1"
}
says_hello()
{
  greeting | grep -q '^hello from'
}
# types LINE into the connection that is held open, and waits until it came back
echoes()
{
  echo "$1" >&9
  wait_for grep -qx "$1" "$work/client.out"
}

background supervise sh -c 'cd "$1" && supervise . | multilog t ./log' sh "$service"
ok 'supervise starts the server' wait_for svok "$service"
trap svc_stop EXIT
ok 'the server says where it listens' wait_for test -s "$service/listening"
port=$(cat "$service/listening")
echo "$port" > "$service/port"
# supervise writes that down after it has started it.
is_up()
{
  svstat "$service" | grep -q ': up (pid [0-9]*)'
}
ok 'svstat calls it up' wait_for is_up
like 'a client is served' "$(greeting)" '^hello from [0-9]+$'
ok 'multilog has its status' wait_for logged '^@[0-9a-f]{24} tcpserver: status: 1/40$'
ok 'multilog has its pid' wait_for logged '^@[0-9a-f]{24} tcpserver: pid [0-9]+ from 127\.0\.0\.1$'
ok 'multilog has its verdict' wait_for logged \
  "^@[0-9a-f]{24} tcpserver: ok [0-9]+ 0:127\\.0\\.0\\.1:$port :127\\.0\\.0\\.1::[0-9]+\$"
ok 'multilog has its end' wait_for logged '^@[0-9a-f]{24} tcpserver: end [0-9]+ status [0-9]+$'

# A connection that stays open: what goes into the pipe goes to the server, what comes back goes to client.out.
background client tcpclient -RHl0 127.0.0.1 "$port" sh -c 'cat "$1" >&7 & exec cat <&6' sh "$work/typed"
exec 9<> "$work/typed"
ok 'a long connection is served' echoes before

before=$(server_pid)
echo 3 > "$service/limit"
svc -h "$service"
ok 'after HUP the connection goes on' echoes after-hup
# The signal is handled some time after svc returns; the next client's status line tells the limit in force.
limit_is_3()
{
  greeting > /dev/null
  logged 'tcpserver: status: [0-9]+/3$'
}
ok 'after HUP the limit is what its file says now' wait_for limit_is_3
is 'after HUP it is the same server' "$(server_pid)" "$before"

svc -t "$service"
ok 'after TERM supervise starts a new server' wait_for restarted "$before"
ok 'after TERM the connection goes on' echoes after-term
ok 'the new server serves new clients at the same port' wait_for says_hello

svc -d "$service"
ok 'svc -d takes it down' wait_for sh -c 'svstat "$1" | grep -q ": down"' sh "$service"
not_ok 'when it is down nobody is served' quietly says_hello
ok 'when it is down the connection goes on' echoes after-down
svc -u "$service"
ok 'svc -u brings it up again' wait_for says_hello
done_testing
