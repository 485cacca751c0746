#!/bin/sh
# Access rules in tcpserver: who gets in, and that whatever is wrong with the file keeps everybody out.
. "$(dirname "$0")/../lib.sh"

rules()
{
  tcprules "$work/cdb" "$work/tmp"
}

# from address [server address]: what a client with that source address is told
from()
{
  peer -b "$1" "${2:-127.0.0.1}" "$port"
}

rules << 'R'
127.0.0.2:deny
127.0.1.:deny
127.0.1.7:allow
127.2.0.0/15:deny
127.3.3.0/25:allow
127.0.0.3:deny,DIEMSG="not you"
127.5.0.1-3:deny
:allow
R
serve ruled -HRl0 -x "$work/cdb" 127.0.0.1 0 echo served
is "an address that no rule names falls through to the empty key" "$(from 127.0.0.1)" served
is "an address is refused by its own rule" "$(from 127.0.0.2)" ""
is "... by its prefix" "$(from 127.0.1.8)" ""
is "... and admitted by its own before its prefix" "$(from 127.0.1.7)" served
is "a CIDR network is refused" "$(from 127.3.9.9)" ""
is "... and a longer one in it admitted" "$(from 127.3.3.127)" served
is "... as far as it goes" "$(from 127.3.3.128)" ""
is "a range is refused" "$(from 127.5.0.3)" ""
is "... and no more" "$(from 127.5.0.4)" served
is "DIEMSG is sent before the refusal, with CR LF" "$(from 127.0.0.3 | od -An -c | tr -d ' \n')" 'notyou\r\n'
is "... and arrives although the client has said something" \
  "$(peer -b 127.0.0.3 127.0.0.1 "$port" 'HELO me\r\nMAIL FROM:<>\r\n' | tr -d '\r')" "not you"

# A new file counts from the next connection on.
printf ':deny\n' | rules
is "a replaced file takes effect at once" "$(from 127.0.0.1)" ""
printf ':allow\n' | rules
is "... every time" "$(from 127.0.0.1)" served
printf ':deny\n' > "$work/other"
tcprules "$work/other.cdb" "$work/tmp" < "$work/other"
cat "$work/other.cdb" > "$work/cdb"
is "a file that is overwritten in place takes effect, too" "$(from 127.0.0.1)" ""
rm "$work/cdb"
is "a file that is removed refuses" "$(from 127.0.0.1)" ""
printf ':allow\n' | rules
is "... until it is there again" "$(from 127.0.0.1)" served
logs "the log says that there was no file" ruled \
  "^tcpserver: warning: dropping connection, unable to read $work/cdb: No such file or directory\$"

# Damage of every kind refuses, and the server lives.
: > "$work/cdb"
is "an empty file refuses" "$(from 127.0.0.1)" ""
printf ':allow\n' | rules
size=$(wc -c < "$work/cdb")
cp "$work/cdb" "$work/whole"
for keep in 1 2047 2048 $((size - 17)) $((size - 1)); do
  head -c "$keep" "$work/whole" > "$work/cdb"
  is "a file cut after $keep of $((size)) bytes refuses" "$(from 127.0.0.1)" ""
done
head -c "$size" /dev/urandom > "$work/cdb"
is "a file of noise refuses" "$(from 127.0.0.1)" ""
logs "... and the log says why" ruled \
  "^tcpserver: warning: dropping connection, unable to read $work/cdb: it is no sound cdb of rules\$"
rm "$work/cdb"
mkdir "$work/cdb"
is "a directory refuses" "$(from 127.0.0.1)" ""
rmdir "$work/cdb"
mkfifo "$work/cdb"
is "a fifo refuses, and stalls nobody" "$(from 127.0.0.1)" ""
rm "$work/cdb"
ln -s cdb "$work/cdb"
is "a symbolic link to itself refuses" "$(from 127.0.0.1)" ""
rm "$work/cdb"
mv "$work/whole" "$work/cdb"
is "and a sound file serves again" "$(from 127.0.0.1)" served
ok "... by the same server" kill -0 "$pid"
stop

# What -H and -R keep from being known no rule can ask for: tcpserver says so when it opens the rules.
host='some are by host name, which -H does not look up'
info='some are by ident, which -R does not look up'
while read -r rule option missing; do
  printf '%s\n:allow\n' "$rule" | tcprules "$work/names.cdb" "$work/tmp"
  serve names "$option" -l0 -x "$work/names.cdb" 127.0.0.1 0 echo served
  logs "with $option a rule by name ($rule) is not passed over in silence" names \
    "^tcpserver: warning: unable to apply all rules of $work/names.cdb: $missing\$"
  stop
done << R
=.example.org:deny -H $host
=host.example.org:deny -HR $host
=:deny -H $host
info@127.0.0.1:deny -R $info
info@=host.example.org:deny -R $info
info@=host.example.org:deny -H $host
info@=host.example.org:deny -HR $host
R
printf '=.example.org:deny\n:allow\n' | tcprules "$work/names.cdb" "$work/tmp"
serve known -Rl0 -x "$work/names.cdb" 127.0.0.1 0 echo served
is "... and where it can be known, nothing is said" "$(cat "$work/known.log")" ""
stop
serve nonames -HRl0 -x "$work/cdb" 127.0.0.1 0 echo served
is "... and where there is none, nothing is said" "$(cat "$work/nonames.log")" ""
stop

serve optional -HRl0 -X -x "$work/none" 127.0.0.1 0 echo served
is "-X: a file that does not exist allows" "$(from 127.0.0.1)" served
: > "$work/none"
is "-X: an unreadable one still refuses" "$(from 127.0.0.1)" ""
rm "$work/none"
ln -s /proc/self/mem/x "$work/none"
is "-X: ... also when it is not the file that is missing" "$(from 127.0.0.1)" ""
stop
serve strict -HRl0 -x "$work/none/such" 127.0.0.1 0 echo served
is "without -X a file that does not exist refuses" "$(from 127.0.0.1)" ""
stop

# Rules replaced under load: everybody is served by one version or the other.
printf ':allow,V="0"\n' | rules
serve load -HRl0 -c 100 -x "$work/cdb" 127.0.0.1 0 sh -c 'echo served by $V'
: > "$work/swapping"
(
  i=0
  while [ -e "$work/swapping" ]; do
    i=$((i + 1))
    printf ':allow,V="%s"\n' "$i" | tcprules "$work/cdb" "$work/tmp"
    : > "$work/swapping.$i"
    [ $i -lt 400 ] || break
  done
) &
swapper=$!
served=0
clients=0
while [ $clients -lt 30 ] || { [ ! -e "$work/swapping.20" ] && [ $clients -lt 5000 ]; }; do
  clients=$((clients + 1))
  case $(peer 127.0.0.1 "$port") in "served by "*) served=$((served + 1)) ;; esac
done
rm "$work/swapping"
wait "$swapper"
is "replacing the rules loses no connection" "$served" "$clients"
ok "... while they were replaced many times" test -e "$work/swapping.20"
is "... and nothing was logged" "$(cat "$work/load.log")" ""
last=$(ls "$work" | sed -n 's/^swapping\.//p' | sort -n | tail -n 1)
is "... and the last version is the one that counts" "$(peer 127.0.0.1 "$port")" "served by $last"
stop

# IPv6
rules << 'R'
::1:allow,SIX="exact"
2001:db8::/32:deny
127.0.0.1:allow,FOUR="exact"
:deny
R
serve six -HRl0 -x "$work/cdb" 0 0 sh -c 'echo ${SIX-unset} ${FOUR-unset}'
is "an IPv6 rule admits an IPv6 peer" "$(peer ::1 "$port")" "exact unset"
is "an IPv4 rule admits an IPv4 peer on the dual-stack listener" "$(peer 127.0.0.1 "$port")" "unset exact"
is "... and refuses others" "$(peer -b 127.0.0.2 127.0.0.1 "$port")" ""
done_testing
