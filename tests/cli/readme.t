#!/bin/sh
# Runs every example in README.md as it stands there. Only these are put in another place: ports (any free one),
# /service and /srv/git (the scratch folder) and the addresses listened at (the loopback interface).
. "$(dirname "$0")/../lib.sh"
need rsync rsync
need git git
need openssl openssl
for tool in supervise svscan svc svok multilog; do need "$tool" daemontools; done
readme=$root/README.md

# example NAME: the fenced block after <!-- example: NAME -->
example()
{
  echo "$1" >> "$work/used"
  awk -v "marker=<!-- example: $1 -->" '
    $0 == marker { found = 1; next }
    found && /^```/ { if (inside) exit; inside = 1; next }
    inside' "$readme" > "$work/example"
  [ -s "$work/example" ] || echo "no example $1" >&2
  cat "$work/example"
}
# here: the example on standard input, with folders, addresses and ports put where the test may have them. A server's
# port becomes 0, for any free one, which -1 prints; a client's, $port.
here()
{
  sed -e "s|/service|$work/service|g" -e "s|/srv/git|$work/srv/git|g" -e 's/^\(exec \)\{0,1\}tcpserver /&-1 /' \
    -e '/tcpserver -1/s/ 0 \(1\|7777\) / 127.0.0.1 0 /' -e '/tcpserver -1/s/ 7778 / 0 /' \
    -e "s/ 7777 / $port /" -e "s/tcpclient -X/tcpclient -X -P $mux_port/"
}
port=0
mux_port=0
# run_server NAME: starts the one command of an example
run_server()
{
  example "$1" | here > "$work/$1.sh"
  background "$1" sh -c "exec $(cat "$work/$1.sh")"
  serve_wait "$1"
}
run()
{
  example "$1" | here > "$work/$1.sh"
  sh -e "$work/$1.sh" 2> "$work/err"
}
# A server in one line, its client and its log.
cd "$work" || exit 1
run_server server
like 'the server in one line serves the client' "$(run client)" '^[A-Z][a-z]{2} .*[0-9]{2}:[0-9]{2}:[0-9]{2}'
# The log that README shows, with what differs each time left out.
shape()
{
  sed -E 's/(pid|ok|end) [0-9]+/\1 N/; s/:[0-9]+ :/:PORT :/; s/::[0-9]+( |$)/::PORT\1/'
}
server_log()
{
  sed 1d "$work/server.log" | shape
}
expected_log=$(example server-log | shape)
complete()
{
  [ "$(server_log)" = "$expected_log" ]
}
wait_for complete
is 'the log is the one shown' "$(server_log)" "$expected_log"
stop

# The same in TLS.
ok 'a key and a certificate are made' run certificate
run_server tls-server
like 'the server serves the client in TLS' "$(run tls-client)" '^[A-Z][a-z]{2} .*[0-9]{2}:[0-9]{2}:[0-9]{2}'
# What a browser sends to http://.
printf 'GET / HTTP/1.0\r\n\r\n' | tcpclient 127.0.0.1 "$port" > out 2> err
tls_refusal()
{
  sed -n '/ deny /p' "$work/tls-server.log" | shape
}
refused() { [ -n "$(tls_refusal)" ]; }
wait_for refused
is 'who speaks no TLS is refused as shown' "$(tls_refusal)" "$(example tls-log | shape)"
stop

# The folder for supervise.
run folders
for file in greet rules run; do example "$file" | here > "service/greet/$file"; done
example log-run > service/greet/log/run
# supervise gives run's standard output and error to the log: this is where -1 prints the port.
ok 'the rules compile' run compile
cd service/greet || exit 1
is 'the rules are explained as shown' "$(run explain)" "$(example explained)"
background svscan svscan "$work/service"
svscan_pid=$pid
up() { svok "$work/service/greet" && svok "$work/service/greet/log"; }
down() { ! svok "$work/service/greet" && ! svok "$work/service/greet/log"; }
# Told before it has its pipes, a supervise would not hear of its end. Told more than once, it sends SIGCONT to a server that
# is about to end, and a sanitized one then waits for ever: it stops itself to look for leaks.
stop_service()
{
  wait_for up
  stop "$svscan_pid"
  svc -dx "$work/service/greet" "$work/service/greet/log"
  wait_for down
  cleanup
}
trap stop_service EXIT
find_port()
{
  port=$(sed -n '/^@[0-9a-f]* [0-9]*$/s/.* //p' log/main/current | head -n 1)
  [ -n "$port" ]
}
greeting_from()
{
  tcpclient -i "$1" 127.0.0.1 "$port" < /dev/null 2> "$work/err"
}
ok 'supervise starts the server' wait_for find_port
is 'a neighbour is greeted as such' "$(greeting_from 127.0.0.1)" 'hello neighbour, you are 127.0.0.1'
is 'who is denied gets nothing' "$(greeting_from 127.0.0.2)" ''
ok 'multilog keeps the log' wait_for grep -q 'tcpserver: deny 0 .*:127\.0\.0\.2::[0-9]* rule 127\.0\.0\.2$' log/main/current

# Many services at one port.
cd "$work" || exit 1
offered=$(run services)
like 'the services folder offers date' "$offered" '^date '
like 'the services folder offers git' "$offered" '^git '
like 'the services folder offers rsync, ten at once' "$offered" '^rsync .*10'
run_server mux
mux_port=$port
by_name=$(run by-name)
like 'date is served by name' "$by_name" '[0-9]{2}:[0-9]{2}:[0-9]{2}'
like 'rsync lists files by name' "$by_name" '^d[rwx-]{9} .* [0-9]{4}/[0-9]{2}/[0-9]{2} '

HOME=$work
GIT_CONFIG_NOSYSTEM=1
export HOME GIT_CONFIG_NOSYSTEM
git init -q srv/git/project.git
git -C srv/git/project.git -c user.name=Tester -c user.email=tester@example.org commit -q --allow-empty -m 'first'
example git-proxy | here > proxy
chmod 755 proxy
ok 'git clones by name with the script as its proxy' \
  git -c core.gitProxy="$work/proxy" clone -q git://127.0.0.1/project.git clone
run_server forward
like 'a port of its own leads to a service by name' "$(tcpclient 127.0.0.1 "$port" < /dev/null)" '[0-9]{2}:[0-9]{2}:[0-9]{2}'

# From xinetd.
is 'what inetd-import makes is what is shown' "$(run import)" "$(example imported)"

# What is not run above: package/demo and package/check are run by who checks; the path is the tests' own.
is 'the two commands are there' "$(example two-commands)" "sh package/demo
sh package/check"
ok 'and the scripts that they run' test -f "$root/package/demo" -a -f "$root/package/check"
is 'installing is what tests/cli/install.t does' "$(example install)" "make
make install"
is 'the folder for PATH is where make leaves programs' "$(example path)" 'PATH=$PWD/command:$PATH'

is 'no example escapes this test' \
  "$(sed -n 's/^<!-- example: \(.*\) -->$/\1/p' "$readme" | sort)" "$(sort -u "$work/used")"
is 'every block is an example' "$(grep -c '^```' "$readme")" "$(($(grep -c '^<!-- example: ' "$readme") * 2))"
for document in $(grep -o 'doc/[a-z.@0-9-]*[a-z0-9]' "$readme" | sort -u) INSTALL CHANGES LICENSE; do
  ok "$document exists" test -e "$root/$document"
done
done_testing
