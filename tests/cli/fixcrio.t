#!/bin/sh
# fixcrio: a CR before each LF that has none, both ways, as ucspi-tcp's does; and nothing else changes.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/cli/filters.sh"
filter=fixcrio
. "$root/tests/cli/filters-relay.sh"

readable()
{
  od -An -c | tr -s ' \n' ' '
}
is 'a program reads lines with CR LF' "$(printf 'a\nb\r\n\n\0\r\r\nc' | limited fixcrio od -An -c | tr -d '\r' | tr -s ' \n' ' ')" \
  "$(printf 'a\r\nb\r\n\r\n\0\r\r\nc' | readable)"
is 'and what it writes has CR LF' "$(limited fixcrio printf 'a\nb\r\n\n\r\r\nc' < /dev/null | readable)" \
  "$(printf 'a\r\nb\r\n\r\n\r\r\nc' | readable)"
is 'a last line without LF stays without' "$(limited fixcrio printf 'a\r' < /dev/null | readable)" "$(printf 'a\r' | readable)"
mkfifo "$work/cut"
background cut sh -c 'exec fixcrio sh -c "cat > \"\$1\"" sh "$1" < "$2"' sh "$work/cut.got" "$work/cut"
exec 8> "$work/cut"
printf 'a\r' >&8
wait_for grep -q a "$work/cut.got"
printf '\nb' >&8
wait_for grep -q b "$work/cut.got"
printf '\n' >&8
exec 8>&-
wait "$pid"
is 'CR and LF that come separately belong together' "$(wait_for grep -c b "$work/cut.got" > /dev/null; readable < "$work/cut.got")" "$(printf 'a\r\nb\r\n' | readable)"
done_testing
