#!/bin/sh
# Debian's ucspi-tcp and ours, each way: compiled rules, servers, clients, chained programs, environment.
. "$(dirname "$0")/../lib.sh"
for tool in tcpserver tcpclient tcprules tcprulescheck recordio; do need "/usr/bin/$tool" ucspi-tcp; done
ours=$COMMAND_DIR
theirs=/usr/bin

cat > "$work/rules" << 'RULES'
127.0.0.2:deny
127.0.0.3:allow,GREETING="friend",COLOUR="red"
127.0.0.4-6:deny
someone@127.0.0.7:deny
=host.example.org:deny
=.example.net:deny
127.1-3.:deny
127.:allow
:deny
RULES
ok 'their tcprules compiles the rules' sh -c "$theirs/tcprules $work/theirs.cdb $work/tmp < $work/rules"
ok 'our tcprules compiles the same rules' sh -c "$ours/tcprules $work/ours.cdb $work/tmp < $work/rules"

answers()
{
  for address in 127.0.0.1 127.0.0.2 127.0.0.3 127.0.0.4 127.0.0.6 127.0.0.7 127.0.1.1 127.2.3.4 127.4.1.1 10.1.2.3; do
    echo "$address: $(TCPREMOTEIP=$address "$1/tcprulescheck" "$2")"
    echo "$address someone: $(TCPREMOTEIP=$address TCPREMOTEINFO=someone "$1/tcprulescheck" "$2")"
    for host in host.example.org a.example.net example.com; do
      echo "$address $host: $(TCPREMOTEIP=$address TCPREMOTEHOST=$host "$1/tcprulescheck" "$2")"
    done
  done
}
reference=$(answers "$theirs" "$work/theirs.cdb")
is 'their tcprulescheck answers the same on our cdb' "$(answers "$theirs" "$work/ours.cdb")" "$reference"
is 'our tcprulescheck answers as theirs on their cdb' "$(answers "$ours" "$work/theirs.cdb")" "$reference"
is 'our tcprulescheck answers as theirs on our cdb' "$(answers "$ours" "$work/ours.cdb")" "$reference"

# listen NAME DIR prog…: DIR's tcpserver
listen()
{
  listen_name=$1
  listen_dir=$2
  shift 2
  background "$listen_name" "$listen_dir/tcpserver" -1 -v -RHl0 "$@"
  serve_wait "$listen_name"
}
# ask DIR SOURCE: DIR's tcpclient
ask()
{
  "$1/tcpclient" -RHl0 -i "$2" 127.0.0.1 "$port" sh -c 'exec cat <&6' < /dev/null 2> "$work/err"
}

listen theirs-ours "$theirs" -x "$work/ours.cdb" 127.0.0.1 0 sh -c 'echo "hello ${GREETING-stranger}"'
for client in theirs ours; do
  eval "dir=\$$client"
  is "their tcpserver admits by our cdb ($client client)" "$(ask "$dir" 127.0.0.1)" 'hello stranger'
  is "their tcpserver sets the variables of our cdb ($client client)" "$(ask "$dir" 127.0.0.3)" 'hello friend'
  is "their tcpserver refuses by our cdb ($client client)" "$(ask "$dir" 127.0.0.2)" ''
  is "their tcpserver refuses a range of our cdb ($client client)" "$(ask "$dir" 127.0.0.5)" ''
done
listen ours-theirs "$ours" -x "$work/theirs.cdb" 127.0.0.1 0 sh -c 'echo "hello ${GREETING-stranger}"'
for client in theirs ours; do
  eval "dir=\$$client"
  is "our tcpserver admits by their cdb ($client client)" "$(ask "$dir" 127.0.0.1)" 'hello stranger'
  is "our tcpserver sets the variables of their cdb ($client client)" "$(ask "$dir" 127.0.0.3)" 'hello friend'
  is "our tcpserver refuses by their cdb ($client client)" "$(ask "$dir" 127.0.0.2)" ''
  is "our tcpserver refuses a range of their cdb ($client client)" "$(ask "$dir" 127.0.0.5)" ''
done

# What a service of theirs finds in its environment, it finds in ours.
show_environment='env | grep -E "^(PROTO|TCP(LOCAL|REMOTE)(IP|HOST|INFO))=" | sort'
listen theirs-env "$theirs" 127.0.0.1 0 sh -c "$show_environment"
expected=$(ask "$theirs" 127.0.0.9)
listen ours-env "$ours" 127.0.0.1 0 sh -c "$show_environment"
is 'the environment of a service has the same classic variables' "$(ask "$theirs" 127.0.0.9)" "$expected"
show_client='env | grep -E "^(PROTO|TCP(LOCAL|REMOTE)(IP|HOST|INFO))=" | sort'
is 'the environment of a client has the same classic variables' \
  "$("$ours/tcpclient" -RHl0 -i 127.0.0.9 127.0.0.1 "$port" sh -c "$show_client")" \
  "$("$theirs/tcpclient" -RHl0 -i 127.0.0.9 127.0.0.1 "$port" sh -c "$show_client")"

# Their chained programs, below our server and our client.
listen chained "$ours" 127.0.0.1 0 "$theirs/recordio" head -n 1
is 'their recordio works below our tcpserver' \
  "$("$ours/tcpclient" -RHl0 127.0.0.1 "$port" sh -c 'echo ping >&7; exec head -n 1 <&6')" ping
ok 'recordio recorded what the client sent' wait_for grep -Eq '^[0-9]+ < ping' "$work/chained.log"
is 'their mconnect-io works below our tcpclient, adding its CR' \
  "$(echo ping | "$ours/tcpclient" -RHl0 127.0.0.1 "$port" "$theirs/mconnect-io" | od -An -c | tr -d ' ')" 'ping\r\n'
done_testing
