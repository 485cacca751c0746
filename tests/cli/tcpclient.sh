# tcpclient.sh - sourced after lib.sh by the tests of tcpclient.
need perl perl-base
peer=$root/tests/cli/tcpclient-peer.pl

# listen NAME [option…] step…: starts a peer; sets $port and $pid; what it says is in $work/NAME.log
listen()
{
  listen_name=$1
  shift
  background "$listen_name" perl "$peer" "$@"
  serve_wait "$listen_name"
}

# what the last `exits` printed on standard error
err()
{
  cat "$work/err"
}
