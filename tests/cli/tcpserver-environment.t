#!/bin/sh
# The environment of prog: what is set, what is not, and that nothing stale gets through.
. "$(dirname "$0")/../lib.sh"

# environment address port [peer options]: what env prints there, sorted, cut to what tcpserver may set
environment()
{
  environment_address=$1
  environment_port=$2
  shift 2
  peer "$@" "$environment_address" "$environment_port" | grep -E '^(TCP|PROTO|LISTEN|NOTIFY)' | sort
}
# A tcplookup of the test's own, by default one that never knows anything.
. "$root/tests/cli/tcpserver-names.sh"
cat > "$NAMES_FOLDER/behaviour" << 'B'
127.0.0.20 answer host=client.example info=joe local=server.example
127.0.0.21 answer unconfirmed=client.example
B

PROTO=stale TCPREMOTEHOST=stale TCPREMOTEINFO=stale TCPPARANOID=stale TCPLOCALHOST=stale TCP6REMOTEHOST=stale
TCP6REMOTEINFO=stale TCPINTERFACE=stale TCP6INTERFACE=stale TCP6LOCALHOST=stale TCPCONNNUM=stale
LISTEN_FDNAMES=stale TCPMUXSERVICE=stale OTHER='kept as it is' TCPOTHER=kept
export PROTO TCPREMOTEHOST TCPREMOTEINFO TCPPARANOID TCPLOCALHOST TCP6REMOTEHOST TCP6REMOTEINFO TCPINTERFACE \
  TCP6INTERFACE TCP6LOCALHOST TCPCONNNUM LISTEN_FDNAMES TCPMUXSERVICE OTHER TCPOTHER

serve four 127.0.0.1 0 env
got=$(environment 127.0.0.1 "$port" | sed 's/REMOTEPORT=[0-9]*$/REMOTEPORT=N/')
is "an IPv4 peer: TCP and TCP6 variables, no stale ones" "$got" "PROTO=TCP
TCP6LOCALIP=::ffff:127.0.0.1
TCP6LOCALPORT=$port
TCP6REMOTEIP=::ffff:127.0.0.1
TCP6REMOTEPORT=N
TCPCONNNUM=1
TCPLOCALIP=127.0.0.1
TCPLOCALPORT=$port
TCPOTHER=kept
TCPREMOTEIP=127.0.0.1
TCPREMOTEPORT=N"
like "other variables are inherited" "$(peer 127.0.0.1 "$port")" '^OTHER=kept as it is$'
got=$(peer -b 127.9.8.7 127.0.0.1 "$port")
like "the peer's address is the peer's" "$got" '^TCPREMOTEIP=127\.9\.8\.7$'
got=$(environment 127.0.0.1 "$port" -b 127.0.0.20 | grep -E 'HOST|INFO|PARANOID')
is "names and ident, under both their names" "$got" "TCP6LOCALHOST=server.example
TCP6REMOTEHOST=client.example
TCP6REMOTEINFO=joe
TCPLOCALHOST=server.example
TCPREMOTEHOST=client.example
TCPREMOTEINFO=joe"
stop
serve paranoid -p 127.0.0.1 0 env
got=$(environment 127.0.0.1 "$port" -b 127.0.0.21 | grep -E 'HOST|INFO|PARANOID')
is "-p: a name that is not confirmed is in TCPPARANOID alone" "$got" "TCP6PARANOID=client.example
TCPPARANOID=client.example"
stop
serve names4 -4 -l myname 127.0.0.1 0 env
got=$(environment 127.0.0.1 "$port" -b 127.0.0.20 | grep -E 'HOST|INFO|PARANOID')
is "-4: under one name; -l: instead of what was looked up" "$got" "TCPLOCALHOST=myname
TCPREMOTEHOST=client.example
TCPREMOTEINFO=joe"
stop

serve only4 -HR -4 -l myname 127.0.0.1 0 env
got=$(environment 127.0.0.1 "$port" | grep -v PORT)
is "-4: no TCP6 variables; -l: TCPLOCALHOST" "$got" "PROTO=TCP
TCPCONNNUM=1
TCPLOCALHOST=myname
TCPLOCALIP=127.0.0.1
TCPOTHER=kept
TCPREMOTEIP=127.0.0.1"

serve dual -HR -6 -l 0 0 0 env
got=$(environment 127.0.0.7 "$port" | grep -v PORT)
is "-6: PROTO is TCP6 for IPv4 peers; TCPLOCALIP is the address reached, not the wildcard" "$got" "PROTO=TCP6
TCP6LOCALHOST=0
TCP6LOCALIP=::ffff:127.0.0.7
TCP6REMOTEIP=::ffff:127.0.0.1
TCPCONNNUM=1
TCPLOCALHOST=0
TCPLOCALIP=127.0.0.7
TCPOTHER=kept
TCPREMOTEIP=127.0.0.1"

serve six 0 0 env
got=$(environment ::1 "$port" | sed 's/REMOTEPORT=[0-9]*$/REMOTEPORT=N/')
is "an IPv6 peer on the dual-stack listener" "$got" "PROTO=TCP6
TCP6LOCALIP=::1
TCP6LOCALPORT=$port
TCP6REMOTEIP=::1
TCP6REMOTEPORT=N
TCPCONNNUM=1
TCPLOCALIP=::1
TCPLOCALPORT=$port
TCPOTHER=kept
TCPREMOTEIP=::1
TCPREMOTEPORT=N"
is "an IPv4 peer there is an IPv4 peer" "$(environment 127.0.0.1 "$port" | grep '^TCPREMOTEIP')" \
  "TCPREMOTEIP=127.0.0.1"

# Rules set variables after tcpserver did, and may override or unset them.
tcprules "$work/cdb" "$work/tmp" << 'R'
127.0.0.2:allow,RELAYCLIENT="",TCPLOCALHOST="by rule",!TCPCONNNUM,!OTHER,PATH="/nowhere"
127.0.0.3:allow,LONG="0123456789012345678901234567890123456789012345678901234567890123456789",A=x1x,B=x2x
:allow
R
serve ruled -HR -l mine -x "$work/cdb" 127.0.0.1 0 env
got=$(peer -b 127.0.0.2 127.0.0.1 "$port")
like "a rule sets a variable to nothing" "$got" '^RELAYCLIENT=$'
is "a rule overrides what tcpserver set, once" "$(echo "$got" | grep TCPLOCALHOST)" "TCPLOCALHOST=by rule"
unlike "a rule unsets what tcpserver set" "$got" '^TCPCONNNUM'
unlike "a rule unsets what was inherited" "$got" '^OTHER'
is "a rule's PATH is for prog; it is found by tcpserver's own" "$(echo "$got" | grep '^PATH=')" "PATH=/nowhere"
got=$(peer -b 127.0.0.3 127.0.0.1 "$port")
like "several variables at once" "$(echo "$got" | grep -E '^(A|B|LONG)=' | sort | tr '\n' ' ')" \
  '^A=1 B=2 LONG=0123456789.*'
got=$(peer -b 127.0.0.4 127.0.0.1 "$port")
like "the edits of one connection do not reach the next" "$got" '^OTHER=kept as it is$'
unlike "... none of them" "$got" '^(RELAYCLIENT|A|B)='

# A name that is there twice, as only a strange parent leaves it.
printf ':allow,!TWICE,OTHER="once"\n' | tcprules "$work/cdb" "$work/tmp"
cat > "$work/twice.c" << 'C'
#include <unistd.h>
int main(int argc, char **argv)
{
  char *environment[] = {"TWICE=1", "OTHER=1", "TWICE=2", "OTHER=2", "TCPREMOTEHOST=1", "TCPREMOTEHOST=2",
                         "PATH=/usr/bin:/bin", 0};
  (void)argc;
  return execve(argv[1], argv + 1, environment);
}
C
# shellcheck disable=SC2046
$(head -n 1 "$root/conf-cc") -o "$work/twice" "$work/twice.c"
background twice "$work/twice" "$work/bin/tcpserver" -1 -x "$work/cdb" 127.0.0.1 0 env
serve_wait twice
is "a name that is inherited twice is unset, and set, as one" \
  "$(peer 127.0.0.1 "$port" | grep -E '^(TWICE|OTHER|TCPREMOTEHOST)')" "OTHER=once"
stop

serve counting -HRl0 127.0.0.1 0 sh -c 'echo $TCPCONNNUM; cat'
hold one 127.0.0.1 "$port"
hold two 127.0.0.1 "$port"
is "TCPCONNNUM counts this address's connections, this one included" "$(peer 127.0.0.1 "$port")" 3
is "... and no other address's" "$(peer -b 127.0.0.9 127.0.0.1 "$port")" 1
done_testing
