#!/bin/sh
# rsync --daemon, one process per connection: copies in both directions, by port and through TCPMUX.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/services.sh"
need rsync rsync
HOME=$work
export HOME

# rsync drops root for nobody unless told otherwise, and nobody can't enter the scratch folder.
cat > "$work/rsyncd.conf" << CONF
use chroot = no
reverse lookup = no
log file = $work/rsyncd.log
$([ "$(id -u)" != 0 ] || printf 'uid = 0\ngid = 0\n')
[data]
path = $work/data
[inbox]
path = $work/inbox
read only = no
CONF

mkdir -p "$work/data/deep/folder" "$work/inbox"
head -c 3000000 /dev/urandom > "$work/data/random"
seq 1 200000 > "$work/data/deep/numbers"
: > "$work/data/deep/folder/empty"

same()
{
  diff -r "$1" "$2"
}

serve_by_port rsync rsync --daemon --config="$work/rsyncd.conf"
ok 'the daemon lists its modules to a client that comes by port' \
  sh -c "rsync rsync://127.0.0.1:$port/ | grep -q '^inbox'"
ok 'a copy from the daemon by port succeeds' rsync -r "rsync://127.0.0.1:$port/data/" "$work/by-port/"
ok 'what came by port is what was there' same "$work/data" "$work/by-port"
ok 'a copy to the daemon by port succeeds' rsync -r "$work/data/" "rsync://127.0.0.1:$port/inbox/by-port/"
ok 'what went by port is what was there' same "$work/data" "$work/inbox/by-port"
exits 'a module that does not exist is refused by the daemon, not by us' 5 \
  rsync "rsync://127.0.0.1:$port/nothing/"
like 'the daemon says so to the client' "$(cat "$work/err")" "Unknown module 'nothing'"

mux_service rsync rsync --daemon --config="$work/rsyncd.conf"
serve_mux
RSYNC_CONNECT_PROG=$(by_name rsync)
export RSYNC_CONNECT_PROG
ok 'a copy from the daemon through TCPMUX succeeds' rsync -r rsync://127.0.0.1/data/ "$work/by-name/"
ok 'what came through TCPMUX is what was there' same "$work/data" "$work/by-name"
ok 'a copy to the daemon through TCPMUX succeeds' rsync -r "$work/data/" rsync://127.0.0.1/inbox/by-name/
ok 'what went through TCPMUX is what was there' same "$work/data" "$work/inbox/by-name"
logs 'tcpmuxd logged the service by its name' mux '^tcpmuxd: ok [0-9]+ rsync from 127\.0\.0\.1$'

RSYNC_CONNECT_PROG=$(by_name nothing)
not_ok 'a copy from a service that does not exist fails' quietly rsync -r rsync://127.0.0.1/data/ "$work/nowhere/"
logs 'tcpmuxd logged why' mux '^tcpmuxd: deny [0-9]+ .* unknown$'
done_testing
