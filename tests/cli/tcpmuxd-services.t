#!/bin/sh
# The service directory: what is a service, what it is given when it runs, and what keeps it from being offered.
. "$(dirname "$0")/../lib.sh"
need perl perl

mux=$work/tcpmuxd
cp "$COMMAND_DIR/tcpmuxd" "$mux"
client="perl $root/tests/cli/tcpmuxd-client.pl"
services=$work/services
mkdir "$services"
# The tests that are about permissions run tcpmuxd as somebody who is not root.
chmod 755 "$work" "$services"
if [ "$(id -u)" = 0 ]; then
  need setpriv util-linux
  unprivileged() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
else
  unprivileged() { "$@"; }
fi

# script PATH LINE…: an executable file with these lines
script()
{
  script_path=$1
  shift
  printf '%s\n' "$@" > "$script_path"
  chmod 755 "$script_path"
}
# service NAME LINE…: a service directory with this run script
service()
{
  service_name=$1
  shift
  mkdir -p "$services/$service_name"
  script "$services/$service_name/run" '#!/bin/sh' "$@"
}
lines() { tr -d '\r' | tr '\n' '|'; }
# ask NAME [option…]: what a client gets that asks over a pipe; the log is $work/log, the exit status in $work/status
ask()
{
  ask_name=$1
  shift
  { printf '%s\r\n' "$ask_name" | "$mux" -v "$@" "$services" 2> "$work/log"; echo $? > "$work/status"; } | lines
}
# refused DESCRIPTION NAME STATUS REASON: NAME is refused with this exit status and a deny line with this reason
refused()
{
  is "$1: refused" "$(ask "$2")" '-service not available|'
  is "$1: exit status" "$(cat "$work/status")" "$3"
  is "$1: logged" "$(sed -n 's/^tcpmuxd: deny [0-9]* //p' "$work/log")" "$2 from ${TCPREMOTEIP:-unknown} $4"
}

# --- What runs, and how ------------------------------------------------------------------------------------

script "$services/where" '#!/bin/sh' 'pwd; echo "$0"'
service inside 'pwd; echo "$0"'
script "$services/acme-print_2.1+" '#!/bin/sh' 'echo "$TCPMUXSERVICE"'
script "$services/env" '#!/bin/sh' 'exec env'
script "$services/descriptors" '#!/bin/sh' 'exec ls /proc/self/fd'
script "$services/ignored" '#!/bin/sh' 'exec grep SigIgn /proc/self/status'
script "$services/flags" '#!/bin/sh' 'exec grep flags /proc/self/fdinfo/0'
ln -s where "$services/alias"
ln -s inside "$services/linked"
cp "$(command -v cat)" "$services/binary"

here=$(pwd)
is "a file is run in the current directory, under the path that was given" "$(ask where)" "+|$here|$services/where|"
is "a directory's run is run inside it" "$(ask inside)" "+|$services/inside|./run|"
is "a link to a file is run under its own name" "$(ask alias)" "+|$here|$services/alias|"
is "a link to a directory is a service" "$(ask linked)" "+|$services/inside|./run|"
is "a name may have . - _ + and digits, and TCPMUXSERVICE is the configured spelling" \
  "$(ask ACME-Print_2.1+)" '+|acme-print_2.1+|'
is "a program is run as well as a script" "$(printf 'binary\r\nsome data' | "$mux" "$services" | lines)" '+|some data'
is "the directory may be relative" "$(cd "$work" && printf 'inside\r\n' | ./tcpmuxd services | lines)" \
  "+|$services/inside|./run|"
is "the service keeps the environment of tcpserver" \
  "$(export TCPREMOTEIP=10.1.2.3 TCPREMOTEPORT=4 PROTO=TCP; ask env | tr '|' '\n' | grep -E '^(TCP|PROTO)' | sort | lines)" \
  'PROTO=TCP|TCPMUXSERVICE=env|TCPREMOTEIP=10.1.2.3|TCPREMOTEPORT=4|'
is "the service has the descriptors that tcpmuxd was given (and what ls opens), no others" \
  "$(ask descriptors)" "+|$(: | ls /proc/self/fd | lines)"
is "the service does not ignore SIGPIPE, even if tcpmuxd did when it started" \
  "$(perl -e '$SIG{PIPE} = "IGNORE"; exec @ARGV' sh -c "printf 'ignored\\r\\n' | '$mux' '$services'" |
    perl -ne 'print hex($1) & 0x1000 ? "ignored" : "default" if /SigIgn:\s*(\w+)/')" default
for way in pair:0 nonblocking-pair:1; do
  is "the service gets its descriptors blocking or not, as they were (${way%:*})" \
    "$($client "${way%:*}" 'send:flags\r\n' eof -- "$mux" "$services" | perl -ne 'print oct($1) & 04000 ? 1 : 0 if /flags:\s*(\d+)/')" \
    "${way#*:}"
done
is "a nonblocking socket without a request is waited for" \
  "$($client nonblocking-pair 'slow:wh' 'send:ere\r\n' eof -- "$mux" "$services" | lines)" "+|$here|$services/where|"

# --- Names -------------------------------------------------------------------------------------------------

script "$services/Upper" '#!/bin/sh' 'echo upper'
script "$services/.dot" '#!/bin/sh' 'echo dot'
script "$services/sp ace" '#!/bin/sh' 'echo space'
script "$services/help" '#!/bin/sh' 'echo help'
script "$services/tcpmux" '#!/bin/sh' 'echo tcpmux'
refused "a name with a capital" upper 100 unknown
refused "tcpmux, though there is a file" tcpmux 100 unknown
refused "nothing there" nothing 100 unknown
like "HELP is answered by tcpmuxd, though there is a file" "$(ask help)" '^acme-print_2.1\+\|alias\|'

# --- What can't run is refused before "+" ----------------------------------------------------------------

mkdir "$services/norun" "$services/rundir" "$services/rundir/run" "$services/runtext"
printf '#!/bin/sh\n' > "$services/runtext/run"
printf '#!/bin/sh\n' > "$services/text"
ln -s nowhere "$services/dangling"
ln -s loop "$services/loop"
ln -s /dev/zero "$services/device"
mkfifo "$services/fifo"
chmod 755 "$services/fifo"
perl -MIO::Socket::UNIX -e 'chdir shift; IO::Socket::UNIX->new(Local => "socket", Listen => 1) or die' "$services"
script "$services/nointerpreter" '#!/no/such/interpreter'
script "$services/relative" '#!bin/sh'
script "$services/onlyhashbang" '#!'
script "$services/interpreterdir" '#!/tmp'
script "$services/itself" "#!$services/itself"
script "$services/plaintext" 'echo no interpreter line'
script "$services/longline" "#!/$(printf '%0300d' 0)"
: > "$services/empty"
chmod 755 "$services/empty"
program=$(command -v cat)
# broken PATH PERL: the program with PERL done to its octets
broken()
{
  perl -0777 -pe "$2" "$program" > "$services/$1"
  chmod 755 "$services/$1"
}
broken elf4 '$_ = substr $_, 0, 4'
broken elf20 '$_ = substr $_, 0, 20'
broken elf63 '$_ = substr $_, 0, 63'
broken elf64 '$_ = substr $_, 0, 64'
broken elfmachine 'substr($_, 18, 2) = "\xff\xff"'
broken elfinterpreter 's{/lib(\d*)/ld-}{/xxx$1/ld-}'
broken elfobject 'substr($_, 16, 1) = "\1"'
broken elfsegments 'substr($_, 32, 8) = "\xff" x 8'

while read -r name reason; do
  refused "$name" "$name" 111 "exec $reason"
  like "$name: the log says why" "$(cat "$work/log")" "^tcpmuxd: warning: service $name: .*$reason"
done <<'END'
norun not found
rundir not a regular file
runtext not executable
text not executable
dangling not found
loop not found
device not a regular file
fifo not a regular file
socket not a regular file
nointerpreter not found
relative interpreter is not an absolute path
onlyhashbang bad interpreter line
interpreterdir not a regular file
itself too many interpreters
plaintext neither a script nor an ELF program
longline bad interpreter line
empty neither a script nor an ELF program
elf4 not an executable for this machine
elf20 not an executable for this machine
elf63 not an executable for this machine
elf64 damaged ELF header
elfmachine not an executable for this machine
elfinterpreter not found
elfobject not an executable for this machine
elfsegments damaged ELF header
END

# What nobody can know beforehand: a program that is being written to can't be executed. No second reply then.
cp "$program" "$services/busy"
chmod 755 "$services/busy"
exec 3>> "$services/busy"
is "a program that can't be executed after all leaves a + and the end" "$(ask busy)" '+|'
exec 3>&-
is "... and fails" "$(cat "$work/status")" 111
like "... and the log says why" "$(cat "$work/log")" "^tcpmuxd: warning: unable to run .*busy: Text file busy"

# --- Marks -------------------------------------------------------------------------------------------------

service down 'echo up'
: > "$services/down/down"
refused "down" down 100 down
service downlink 'echo up'
ln -s nowhere "$services/downlink/down"
refused "down, as a link to nowhere" downlink 100 down
service secret 'echo found'
: > "$services/secret/hidden"
is "a hidden service is served" "$(ask secret)" '+|found|'
service says 'printf "%s\r\n" "-not today"'
mkdir "$services/says/own-reply"
is "with own-reply all that the client gets is the service's" "$(ask says)" '-not today|'

# --- Rules -------------------------------------------------------------------------------------------------

service ruled 'echo "$KIND.${UNWANTED-unset}.$TCPMUXSERVICE"'
printf '%s\n' '127.0.0.1:allow,KIND="local",!UNWANTED' '=good.example:allow,KIND="named"' \
  'friend@10.0.0.9:allow,KIND="known"' ':deny' > "$work/rules"
rules=$services/ruled/rules.cdb
tcprules "$rules" "$work/rules.tmp" < "$work/rules" || diag 'tcprules failed'
TCPREMOTEIP=127.0.0.1
UNWANTED=inherited
export TCPREMOTEIP UNWANTED
is "a rule admits and sets and unsets variables" "$(ask ruled)" '+|local.unset.ruled|'
is "an IPv4-mapped peer is an IPv4 peer" "$(TCPREMOTEIP=::ffff:127.0.0.1; ask ruled)" '+|local.unset.ruled|'
like "... in the log too" "$(cat "$work/log")" 'ok [0-9]+ ruled from 127\.0\.0\.1$'
TCPREMOTEIP=127.0.0.2
refused "a rule that denies" ruled 100 'rule :'
unset UNWANTED
is "a name admits" "$(export TCPREMOTEHOST=good.example; ask ruled)" '+|named.unset.ruled|'
is "what ident said admits" "$(export TCPREMOTEINFO=friend; TCPREMOTEIP=10.0.0.9; ask ruled)" '+|known.unset.ruled|'
TCPREMOTEIP=2001:db8::1
ask ruled > /dev/null
like "IPv6 stands in brackets in the log" "$(cat "$work/log")" 'ruled from \[2001:db8::1\] rule :$'
printf '%s\n' '127.0.0.3:deny' ':allow' | tcprules "$rules" "$work/rules.tmp" || diag 'tcprules failed'
TCPREMOTEIP=127.0.0.3
refused "a rule with a key that denies" ruled 100 'rule 127.0.0.3'
tcprules "$rules" "$work/rules.tmp" < "$work/rules" || diag 'tcprules failed'
for ip in '' 127.0.0.1x 127.1 '127.0.0.1
127.0.0.1'; do
  TCPREMOTEIP=$ip
  is "rules and the odd address '$ip' do not go together" "$(ask ruled)" '-service not available|'
  is "... which is a failure" "$(cat "$work/status")" 111
  like "... that is logged" "$(cat "$work/log")" 'deny [0-9]+ ruled from unknown noaddress'
done
unset TCPREMOTEIP
refused "rules and no address" ruled 111 noaddress
is "no rules need no address" "$(ask inside)" "+|$services/inside|./run|"

TCPREMOTEIP=127.0.0.1
export TCPREMOTEIP
size=$(wc -c < "$rules")
cp "$rules" "$work/good.cdb"
for n in 0 1 100 2047 2048 $((size - 8)) $((size - 1)); do
  head -c "$n" "$work/good.cdb" > "$rules"
  refused "rules cut off after $n octets" ruled 111 norules
done
like "the log names the file" "$(cat "$work/log")" '^tcpmuxd: warning: service ruled: rules.cdb: '
perl -e 'print "\xff" x 3000' > "$rules"
refused "rules that are rubbish" ruled 111 norules
rm "$rules"
mkfifo "$rules"
refused "rules that are a fifo" ruled 111 norules
rm "$rules"
ln -s nowhere "$rules"
refused "rules that are a link to nowhere" ruled 111 norules
rm "$rules"
mkdir "$rules"
refused "rules that are a directory" ruled 111 norules
rmdir "$rules"
ln -s "$work/good.cdb" "$rules"
is "rules may be a link to a file" "$(ask ruled)" '+|local.unset.ruled|'

# --- Permissions -------------------------------------------------------------------------------------------

ask_unprivileged()
{
  { printf '%s\r\n' "$1" | unprivileged "$mux" -v "$services" 2> "$work/log"; echo $? > "$work/status"; } | lines
}
cp "$(command -v cat)" "$services/unreadable"
chmod 111 "$services/unreadable"
is "a program that may be run but not read is run" "$(ask_unprivileged unreadable)" '+|'
service closed 'echo open'
chmod 000 "$services/closed"
is "a directory that can't be entered is refused" "$(ask_unprivileged closed)" '-service not available|'
like "... and logged" "$(cat "$work/log")" '^tcpmuxd: warning: service closed: .*Permission denied'
chmod 700 "$services/closed"
chmod 755 "$services/closed"
cp "$work/good.cdb" "$services/closed/rules.cdb"
chmod 000 "$services/closed/rules.cdb"
is "rules that can't be read are refused" "$(ask_unprivileged closed)" '-service not available|'
like "... and logged" "$(cat "$work/log")" 'deny [0-9]+ closed from 127.0.0.1 norules'
rm -f "$services/closed/rules.cdb"
echo 5 > "$services/closed/limit"
chmod 444 "$services/closed/limit"
is "a limit that can't be locked is refused" "$(ask_unprivileged closed)" '-service not available|'
like "... and logged" "$(cat "$work/log")" '^tcpmuxd: warning: service closed: limit: .*Permission denied'
chmod 311 "$services"
is "a directory that can be searched but not listed serves" "$(ask_unprivileged inside)" "+|$services/inside|./run|"
is "... but not HELP" "$(ask_unprivileged help)" '-service not available|'
chmod 000 "$services"
is "a directory that can't be searched refuses" "$(ask_unprivileged inside)" '-service not available|'
is "... and fails" "$(cat "$work/status")" 111
chmod 755 "$services"
is "a directory that is not there refuses" "$(printf 'echo\r\n' | "$mux" -q "$work/nosuch" | lines)" \
  '-service not available|'
is "a file in place of the directory refuses" "$(printf 'echo\r\n' | "$mux" -q "$mux" | lines)" \
  '-service not available|'

# --- A tcpmuxd behind tcpmuxd ------------------------------------------------------------------------------

script "$services/again" '#!/bin/sh' "exec '$mux' '$services'"
is "tcpmuxd refuses to be its own service" "$(printf 'again\r\ninside\r\n' | "$mux" -q "$services" 2> "$work/log" | lines)" \
  '+|-service not available|'
like "... and says why" "$(cat "$work/log")" '^tcpmuxd: warning: TCPMUXSERVICE is set'
done_testing
