#!/bin/sh
# package/demo: shows everything, notices when something is not as it says, and leaves nothing behind.
. "$(dirname "$0")/../lib.sh"
need rsync rsync
need git git

mkdir "$work/tmp"
TMPDIR=$work/tmp
export TMPDIR
# In a copy, because one of its programs is about to be replaced by a liar.
mkdir "$work/tree"
(cd "$root" && tar -cf - --exclude=./.git --exclude=./build/san --exclude=./tmp .) | tar -xf - -C "$work/tree"

exits 'the demonstration succeeds' 0 sh "$work/tree/package/demo"
cp "$work/out" "$work/shown"
for shown in 'hello neighbour, you are 127.0.0.1' 'rule 127.0.0.2' 'Served by name' 'tcpmuxd: ok .* rsync from 127.0.0.1'; do
  ok "it shows '$shown'" grep -q "$shown" "$work/shown"
done
is 'it leaves nothing in the folder for scratch files' "$(ls "$work/tmp")" ''
# Who was stopped may have had somebody to serve, who ends a moment later.
nothing_runs() { ! ls -l /proc/[0-9]*/exe 2> /dev/null | grep -F " $work/tree/command/" > "$work/running"; }
ok 'it leaves no server running' wait_for nothing_runs || diag "$(cat "$work/running")"

printf '#!/bin/sh\necho allow connection\n' > "$work/tree/command/tcprulescheck"
exits 'a demonstration that sees something else fails' 1 sh "$work/tree/package/demo"
ok 'and it says what is not so' grep -q 'NOT SO: 127.0.0.2 may not' "$work/out"
done_testing
