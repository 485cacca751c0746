#!/bin/sh
# -u, -g and -U: who prog runs as. Most of it needs root; an ordinary user checks what is left.
. "$(dirname "$0")/../lib.sh"
need pgrep procps

ids='echo "$(id -u) $(id -g) $(id -G)"; sed -n "s/^\(Uid\|Gid\|CapEff\):[[:space:]]*//p" /proc/self/status | tr "\t\n" " "'
who()
{
  peer 127.0.0.1 "$port" | head -n 1
}
everyone()
{
  peer 127.0.0.1 "$port" | tail -n 1
}

exits "an unknown user is fatal" 111 tcpserver -u no-such-user 127.0.0.1 0 true
like "... and named" "$(cat "$work/err")" '^tcpserver: fatal: unknown user: no-such-user$'
exits "an unknown group is fatal" 111 tcpserver -g no-such-group 127.0.0.1 0 true
like "... and named" "$(cat "$work/err")" '^tcpserver: fatal: unknown group: no-such-group$'
exits "a user number without an entry needs a group" 111 tcpserver -u 987654 127.0.0.1 0 true
like "... and the message says so" "$(cat "$work/err")" 'user 987654 is not in the user database: name a group with -g too'
exits "-U without \$UID is fatal" 111 env -u UID GID=1 tcpserver -U 127.0.0.1 0 true
like "... and named" "$(cat "$work/err")" '^tcpserver: fatal: -U was given, but \$UID is not set$'
exits "-U without \$GID is fatal" 111 env -u GID UID=1 tcpserver -U 127.0.0.1 0 true
exits "-U with a word for \$UID is fatal" 111 env UID=root GID=1 tcpserver -U 127.0.0.1 0 true
exits "-U with a bad \$GIDLIST is fatal" 111 env UID=1 GID=1 GIDLIST=1,x tcpserver -U 127.0.0.1 0 true

if [ "$(id -u)" = 0 ]; then
  user=nobody
  uid=$(id -u nobody)
  gid=$(id -g nobody)
  serve name -HRl0 -u nobody 127.0.0.1 0 sh -c "$ids"
  is "-u name: uid, gid and groups are that user's" "$(who)" "$uid $gid $(id -G nobody)"
  is "... real, effective and saved, with no capability left" "$(everyone)" "$uid $uid $uid $uid $gid $gid $gid $gid 0000000000000000 "
  is "... tcpserver itself too" "$(sed -n 's/^Uid:[[:space:]]*//p' "/proc/$pid/status" | tr '\t' ' ')" "$uid $uid $uid $uid"
  stop
  serve number -HRl0 -u "$uid" 127.0.0.1 0 sh -c "$ids"
  is "-u number: its entry's group, and no other" "$(who)" "$uid $gid $gid"
  stop
  serve both -HRl0 -u 12345 -g 23456 127.0.0.1 0 sh -c "$ids"
  is "-u number -g number: just these" "$(who)" "12345 23456 23456"
  stop
  # tcplookup is started after that. A copy: the tree may be where other users can't go.
  chmod 711 "$work"
  mkdir "$work/bin" "$work/libexec"
  cp "$(command -v tcpserver)" "$work/bin"
  cp "${COMMAND_DIR%/*}/libexec/tcplookup" "$work/libexec"
  background names "$work/bin/tcpserver" -1 -Rl0 -u 12345 -g 23456 127.0.0.1 0 true
  serve_wait names
  peer 127.0.0.1 "$port" > "$work/out"
  helper=/proc/$(pgrep -P "$pid" -f tcplookup)
  like "tcplookup runs" "$(tr '\0' ' ' < "$helper/cmdline")" 'tcplookup -s '
  is "... as that user, with that group and no capability" \
    "$(sed -n 's/^\(Uid\|Gid\|Groups\|CapEff\):[[:space:]]*//p' "$helper/status" | tr '\t\n' ' ' | tr -s ' ')" \
    "12345 12345 12345 12345 23456 23456 23456 23456 23456 0000000000000000 "
  stop
  # So it is for the host argument, before tcpserver itself has dropped anything.
  mv "$work/libexec/tcplookup" "$work/libexec/real"
  : > "$work/ran"
  chmod 666 "$work/ran"
  printf '#!/bin/sh\necho "$(id -u) $(id -g) $(id -G)" >> "%s"\nexec "%s" "$@"\n' "$work/ran" "$work/libexec/real" \
    > "$work/libexec/tcplookup"
  chmod 755 "$work/libexec/tcplookup"
  background host "$work/bin/tcpserver" -1 -HRl0 -u 12345 -g 23456 localhost 0 echo here
  serve_wait host
  is "a name as host is served" "$(peer 127.0.0.1 "$port")" here
  is "... and was looked up as that user, too" "$(cat "$work/ran")" "12345 23456 23456"
  stop
  exits "a name that is none is fatal then, too" 111 "$work/bin/tcpserver" -u 12345 -g 23456 no_.such..name 0 true
  is "... which is said once" "$(cat "$work/err")" "tcpserver: fatal: no IP address for no_.such..name"
  printf '#!/bin/sh\nkill -KILL $PPID\n' > "$work/libexec/tcplookup"
  exits "so it is if the process that asks is killed" 111 "$work/bin/tcpserver" -u 12345 -g 23456 localhost 0 true
  like "... which is said" "$(cat "$work/err")" '^tcpserver: fatal: temporarily unable .* localhost: .*killed$'
  serve group -HRl0 -u nobody -g daemon 127.0.0.1 0 sh -c "$ids"
  is "-u name -g name: the group is the main one" "$(who | cut -d ' ' -f 1,2)" "$uid $(id -g daemon)"
  stop
  serve onlygroup -HRl0 -g 23456 127.0.0.1 0 sh -c "$ids"
  is "-g alone: the user stays, the groups go" "$(who)" "0 23456 23456"
  stop
  # A name's supplementary groups: whichever user has some, in the database of the machine or one of our own.
  background list env UID=12345 GID=23456 GIDLIST=23456,4,5 tcpserver -1 -HRl0 -U 127.0.0.1 0 sh -c "$ids"
  serve_wait list
  is "-U: UID, GID and GIDLIST" "$(who)" "12345 23456 23456 4 5"
  stop
  background nolist env -u GIDLIST UID=12345 GID=23456 tcpserver -1 -HRl0 -U 127.0.0.1 0 sh -c "$ids"
  serve_wait nolist
  is "-U without GIDLIST: no supplementary groups but GID" "$(who)" "12345 23456 23456"
  stop
else
  serve self -HRl0 -u "$(id -u)" -g "$(id -g)" 127.0.0.1 0 sh -c "$ids"
  is "an ordinary user may ask for what it is" "$(who | cut -d ' ' -f 1,2)" "$(id -u) $(id -g)"
  stop
  exits "... and for nothing else" 111 tcpserver -u 0 -g 0 127.0.0.1 0 true
  like "... the message says what failed" "$(cat "$work/err")" '^tcpserver: fatal: unable to set '
fi
done_testing
