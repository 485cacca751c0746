# tcp-env.sh - sourced by tests of tcp-env after ../lib.sh: programs below a server that is like inetd.
#
#   inetd [option...] [--] program...   starts the server for one connection (options: see tcp-env-inetd.pl); sets $port;
#                                       what the program says on descriptor 2 is in $work/inetd.log
#   call [peer's options]               connects to $at (127.0.0.1); what the client gets is in $work/got; returns when
#                                       the program has ended
#   status                              the program's exit status
#   got VARIABLE                        what $work/got, the output of env, has of it; "unset" if nothing
need perl perl-base

inetd()
{
  rm -f "$work/inetd.status" "$work/questions" # the latter is of a test with a tcplookup of its own
  background inetd sh -c 'status=$1; shift; perl "$@"; echo $? > "$status"' sh "$work/inetd.status" \
    "$root/tests/cli/tcp-env-inetd.pl" "$@"
  serve_wait inetd
}
call()
{
  peer "$@" "${at-127.0.0.1}" "$port" > "$work/got"
  wait_for test -s "$work/inetd.status"
}
status() { cat "$work/inetd.status"; }
got()
{
  sed -n "s/^$1=//p; t" "$work/got" | grep . || { grep -q "^$1=" "$work/got" && echo empty || echo unset; }
}
