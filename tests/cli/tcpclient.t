#!/bin/sh
# tcpclient: its command line, and what the program finds: descriptors, environment, signals.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/tcpclient.sh"

listen echo echo

# --- command line ---------------------------------------------------------------------------------------
exits 'no arguments at all: usage' 100 tcpclient
like 'the usage line says how it goes' "$(err)" '^tcpclient: usage: tcpclient .* host port'
exits 'a host alone: usage' 100 tcpclient -RHl0 127.0.0.1
exits 'an unknown option: usage' 100 tcpclient -Z 0 "$port" true
like 'it is named' "$(err)" '^tcpclient: usage: -Z is not an option'
exits 'an option without its argument: usage' 100 tcpclient -RHl0 -i
like 'it is named, too' "$(err)" '^tcpclient: usage: -i needs an argument'
for option in '-c x' '-L x' '-f x' '-M x' '-m x' '-s smtp' '-S 9' '-e x' -k; do
  # shellcheck disable=SC2086
  exits "$option without -n is refused" 100 tcpclient -RHl0 $option 0 "$port" true
  like '... and said to need it' "$(err)" '^tcpclient: usage: .*: they need -n$'
done
for timeout in '' x -1 1x 86401 99999999999; do
  exits "-t '$timeout' is refused" 100 tcpclient -t "$timeout" 0 "$port" true
done
like 'it takes seconds' "$(err)" '^tcpclient: usage: -t takes seconds, 0 to 86400, not 99999999999'
for timeouts in '' x 0 0+0 2+ +58 2+x 2+58s -1 86401 1+86401 99999999999 2+58+1; do
  exits "-T '$timeouts' is refused" 100 tcpclient -RHl0 -T "$timeouts" 0 "$port" true
done
like 'the message says what is taken' "$(err)" 'each 0 to 86400 but not all 0, not 2\+58\+1$'
for timeouts in 1 1+1 0+1 2+58 86400+86400; do
  exits "-T $timeouts is taken" 0 tcpclient -RHl0 -T "$timeouts" 0 "$port" true
done
for local in '' 300.1.1.1 127.1 localhost 127.0.0.1x ::g; do
  exits "-i '$local' is refused" 100 tcpclient -RHl0 -i "$local" 0 "$port" true
done
for number in '' x 65536 -1 1x; do
  exits "-p '$number' is refused" 100 tcpclient -RHl0 -p "$number" 0 "$port" true
done
exits 'all harmless options together' 0 tcpclient -RHl0 -qQvdDhHrR4 -l0 -t 26 -i 127.0.0.1 -p0 -T2+58 -- 127.0.0.1 "$port" true
exits '--version is answered' 0 tcpclient --version
like 'with name and version' "$(cat "$work/out")" '^tcpclient \(ucspi-tcpmux\) [0-9]'
exits '--help is answered' 0 tcpclient --help
missing= undocumented=
for letter in q Q v 4 6 I i p l T d D x X P h H r R t; do
  grep -q -e "-$letter" "$work/out" || missing="$missing $letter"
  grep -q "^\.It Fl $letter" "$root/doc/tcpclient.1" || undocumented="$undocumented $letter"
done
is 'the help text has every option' "$missing" ''
is 'so has the manual page' "$undocumented" ''
exits 'options end at the first non-option' 3 tcpclient -RHl0 127.0.0.1 "$port" sh -c 'exit 3' -z

# --- host and port --------------------------------------------------------------------------------------
for host in 0 '' 127.0.0.1 '[127.0.0.1]' localhost ::ffff:127.0.0.1 '[::ffff:127.0.0.1]'; do
  exits "host '$host' is this machine" 0 tcpclient -RHl0 -4 "$host" "$port" true
done
for host in 300.1.1.1 127.1 127 0x7f.1 0x7f000001 2130706433 0177.0.0.1 127.0.0.1. 127.0.0.01 '[127.0.0.1' '[localhost]' '[]' \
  '[[::1]]' ::g 'a b' '127.0.0.1 ' ./x 'x:25' '%' '::1%nosuch' 'fe80::1%'; do
  exits "host '$host' is no address and no name" 111 tcpclient -RHl0 "$host" "$port" true
  is "host '$host': the message names it" "$(err)" "tcpclient: fatal: no IP address for $host"
done
exits 'an IPv6 address does not go with -4' 111 tcpclient -RHl0 -4 ::1 "$port" true
is 'and the message says so' "$(err)" 'tcpclient: fatal: no IPv4 address for ::1'
exits 'an IPv4 address does not go with -6' 111 tcpclient -RHl0 -6 127.0.0.1 "$port" true
exits 'an IPv4 address does not go with a local IPv6 address' 111 tcpclient -RHl0 -i ::1 127.0.0.1 "$port" true
for service in 0 65536 99999999999999999999 25x +25 -1 '' nosuchservice ' 25'; do
  exits "port '$service' is refused" 111 tcpclient -- 127.0.0.1 "$service" true
  like "port '$service': the message names it" "$(err)" \
    "^tcpclient: fatal: unable to figure out port number for $(printf %s "$service" | sed 's/+/[+]/'): "
done
exits 'a service name is looked up (nobody listens there)' 111 tcpclient -RHl0 127.0.0.1 tcpmux true
like 'its number is in the message' "$(err)" '^tcpclient: unable to connect to 127.0.0.1 port 1: '
exits '-I with an interface that does not exist is fatal' 111 tcpclient -RHl0 -I nosuchif 127.0.0.1 "$port" true
like 'and is named' "$(err)" '^tcpclient: fatal: unable to find interface nosuchif: '
exits '-I with one that exists' 0 tcpclient -RHl0 -I lo 127.0.0.1 "$port" true

# --- verbosity ------------------------------------------------------------------------------------------
exits 'connecting says nothing' 0 tcpclient -RHl0 127.0.0.1 "$port" true
is 'indeed nothing' "$(err)" ''
exits '-v says where' 0 tcpclient -RHl0 -v 127.0.0.1 "$port" true
is 'as ucspi-tcp does' "$(err)" "tcpclient: connected to 127.0.0.1 port $port"
exits '-q: a refused connection' 111 tcpclient -RHl0 -q 127.0.0.1 1 true
is '-q: says nothing about it' "$(err)" ''
exits '-q: a bad port' 111 tcpclient -RHl0 -q 127.0.0.1 70000 true
is '-q: says nothing about that either' "$(err)" ''
exits '-q: a missing program' 111 tcpclient -RHl0 -q 127.0.0.1 "$port" /nonexistent/prog
is '-q: nor about that' "$(err)" ''

# --- the program ----------------------------------------------------------------------------------------
exits "the program's exit status is tcpclient's" 5 tcpclient -RHl0 0 "$port" sh -c 'exit 5'
tcpclient -RHl0 0 "$port" sh -c 'kill -9 $$' 2> /dev/null
is 'a signal that ends the program ends tcpclient' $? 137
# A folder in PATH that can't be read would make it "Permission denied".
PATH=$COMMAND_DIR:/usr/bin:/bin
exits 'a missing program' 111 tcpclient -RHl0 0 "$port" nosuchprogram
is 'is named with the reason' "$(err)" 'tcpclient: fatal: unable to run nosuchprogram: No such file or directory'
exits 'a file that is not executable' 111 tcpclient -RHl0 0 "$port" /dev/null
like 'is named with the reason' "$(err)" 'tcpclient: fatal: unable to run /dev/null: Permission denied'
exits 'an empty program name' 111 tcpclient -RHl0 0 "$port" ''
mkdir "$work/here"
printf '#!/bin/sh\necho found\n' > "$work/here/in-this-folder"
chmod 755 "$work/here/in-this-folder"
for path in '' /nowhere:; do
  is "an empty element of PATH is the current folder ('$path')" \
    "$(cd "$work/here" && PATH=$path "$COMMAND_DIR/tcpclient" -RHl0 127.0.0.1 "$port" in-this-folder 2>&1)" found
done
exits 'arguments arrive as they are, empty ones too' 0 tcpclient -RHl0 0 "$port" sh -c 'printf "<%s>" "$@"' x '' 'a b' '*' ''
is 'all of them' "$(cat "$work/out")" '<><a b><*><>'
exits 'descriptors 6 and 7 are the connection' 0 \
  tcpclient -RHl0 0 "$port" sh -c 'echo hello >&7; IFS= read -r line <&6; echo "got $line"'
is 'both ways' "$(cat "$work/out")" 'got hello'

# What is open in a program, other than what it opened itself.
cat > "$work/descriptors" << 'EOF'
for fd in /proc/$$/fd/*; do [ -e "$fd" ] && printf '%s ' "${fd##*/}"; done
EOF
before=$(sh -c '. "$1"' x "$work/descriptors" < /dev/null)
exits 'the program gets' 0 tcpclient -RHl0 0 "$port" sh -c '. "$1"' x "$work/descriptors"
added=
for fd in $(cat "$work/out"); do
  case " $before " in *" $fd "*) ;; *) added="$added $fd" ;; esac
done
is 'no descriptor more than 6 and 7' "$added" ' 6 7'

cat > "$work/talk" << 'EOF'
echo hello >&7 || exit 1
IFS= read -r line <&6 || exit 2
[ "$line" = hello ] || exit 3
for fd; do
  # No pipeline here: its pipe would take the free number.
  [ -e /proc/$$/fd/$fd ] && exit 4
done
exit 0
EOF
exits 'closed descriptor 0: it works, and stays closed for the program' 0 \
  sh -c 'exec tcpclient -RHl0 0 "$1" sh "$2" 0 <&-' x "$port" "$work/talk"
exits 'closed descriptor 1: it works, and stays closed for the program' 0 \
  sh -c 'exec tcpclient -RHl0 0 "$1" sh "$2" 1 >&-' x "$port" "$work/talk"
exits 'closed descriptor 2: it works' 0 sh -c 'exec tcpclient -RHl0 0 "$1" sh "$2" 2>&-' x "$port" "$work/talk"
exits 'closed descriptors 0, 1 and 2: it works' 0 \
  sh -c 'exec tcpclient -RHl0 0 "$1" sh "$2" <&- >&- 2>&-' x "$port" "$work/talk"
exits 'closed descriptors 6 and 7: it works' 0 \
  sh -c 'exec tcpclient -RHl0 0 "$1" sh "$2" 6>&- 7>&-' x "$port" "$work/talk"
exits 'occupied descriptors 6 and 7 are replaced' 0 \
  sh -c 'exec tcpclient -RHl0 0 "$1" sh "$2" 6</dev/null 7</dev/null' x "$port" "$work/talk"
exits 'the socket falls on 6: it works' 0 \
  sh -c 'exec tcpclient -RHl0 0 "$1" sh "$2" 3</dev/null 4<&3 5<&3 6>&- 7>&-' x "$port" "$work/talk"
exits 'the socket falls on 7: it works' 0 \
  sh -c 'exec tcpclient -RHl0 0 "$1" sh "$2" 3</dev/null 4<&3 5<&3 6<&3 7>&-' x "$port" "$work/talk"

flags=$(tcpclient -RHl0 0 "$port" sh -c 'sed -n "s/^flags:[^0-9]*//p" /proc/$$/fdinfo/6 /proc/$$/fdinfo/7')
unlike 'the connection blocks, as programs expect' "$flags" '4...$'
ignored=$(
  trap '' PIPE HUP
  tcpclient -RHl0 0 "$port" sed -n 's/^SigIgn:.*\(....\)$/\1/p' /proc/self/status
)
is 'SIGPIPE is reset for the program; what nohup ignores stays ignored' "$ignored" 0001

nodelay='open my $s, "+<&=", 6; print unpack "i", getsockopt $s, 6, 1'
is 'TCP_NODELAY is off for a program' "$(tcpclient -RHl0 0 "$port" perl -e "$nodelay")" 0
is '-D sets it' "$(tcpclient -RHl0 -D 0 "$port" perl -e "$nodelay")" 1
is '-D -d: the last one counts' "$(tcpclient -RHl0 -D -d 0 "$port" perl -e "$nodelay")" 0

# --- environment ----------------------------------------------------------------------------------------
# stale: runs a command with everything inherited that must not pass
stale()
{
  env -i PATH="$PATH" A=b PROTO=UDP TCPLOCALIP=s TCPLOCALPORT=s TCPLOCALHOST=s TCPREMOTEIP=s TCPREMOTEPORT=s \
    TCPREMOTEHOST=s TCPREMOTEINFO=s TCPCONNNUM=s TCPPARANOID=s TCPINTERFACE=s TCPMUXSERVICE=s \
    TCP6LOCALIP=s TCP6LOCALPORT=s TCP6LOCALHOST=s TCP6REMOTEIP=s TCP6REMOTEPORT=s TCP6REMOTEHOST=s \
    TCP6REMOTEINFO=s TCP6INTERFACE=s TCP6PARANOID=s "$@"
}
variables()
{
  grep -E '^(A|PROTO|TCP[0-9A-Z]*)=' | LC_ALL=C sort
}

got=$(stale tcpclient -RHl0 -i 127.0.0.2 127.0.0.1 "$port" env | variables | sed 's/^TCPLOCALPORT=[1-9][0-9]*$/TCPLOCALPORT=n/')
is 'for IPv4 the program finds PROTO and TCP*, and nothing stale' "$got" "A=b
PROTO=TCP
TCPLOCALHOST=0
TCPLOCALIP=127.0.0.2
TCPLOCALPORT=n
TCPREMOTEIP=127.0.0.1
TCPREMOTEPORT=$port"
like '-l sets TCPLOCALHOST' "$(stale tcpclient -RHl0 -l here 0 "$port" env)" '^TCPLOCALHOST=here$'
like '-l may be empty' "$(stale tcpclient -RHl0 -l '' 0 "$port" env)" '^TCPLOCALHOST=$'
exits 'a -l that does not fit is fatal' 111 tcpclient -RHl0 -l "$(head -c 20000 /dev/zero | tr '\0' x)" 0 "$port" true
like 'and says why' "$(err)" '^tcpclient: fatal: unable to make the environment: '

need /usr/bin/tcpclient ucspi-tcp
ask='env -i PATH='"$PATH"' A=b'
theirs=$($ask /usr/bin/tcpclient -RHl0 -i 127.0.0.3 127.0.0.1 "$port" env | variables | grep -v LOCALPORT)
ours=$($ask tcpclient -RHl0 -i 127.0.0.3 127.0.0.1 "$port" env | variables | grep -v LOCALPORT)
is "the environment is that of ucspi-tcp's tcpclient" "$ours" "$theirs"
/usr/bin/tcpclient -v 127.0.0.1 1 true 2> "$work/theirs"
tcpclient -RHl0 -v 127.0.0.1 1 true 2> "$work/ours"
is 'a refused connection is reported in its words' "$(tr A-Z a-z < "$work/ours")" "$(tr A-Z a-z < "$work/theirs")"
/usr/bin/tcpclient -vRHl0 127.0.0.1 "$port" nosuchprogram 2>&1 | sed 's/: file does not exist//' > "$work/theirs"
tcpclient -RHl0 -vRHl0 127.0.0.1 "$port" nosuchprogram 2>&1 | sed 's/: No such file or directory//' > "$work/ours"
is 'so are the connection and a missing program' "$(cat "$work/ours")" "$(cat "$work/theirs")"

done_testing
