# tls.sh - sourced after lib.sh by tests of TLS: certificates in $certs (tests/tls/make-certificates says which), and
# the programs of tests/tls in $tools: client (a TLS client), helped (plays tcpserver for tcptls -H), service and ucspitls (services),
# raw.pl (sends what no client should), cut.pl (cuts connections off).
need openssl openssl
certs=$work/certificates
sh "$root/tests/tls/make-certificates" "$certs" || { result 1 'certificates can be made'; done_testing; }

# Where there is no epoll the program can't tell a connection that was cut off from one that has ended.
case $COMMAND_DIR in */portable/*) portable=yes ;; *) portable= ;; esac

# resets NAME SERVER ERE: passes when the log of that server matches, where the program can see a reset
resets()
{
  if [ -n "$portable" ]; then
    result 0 "$1 (not in this build)"
  else
    logs "$@"
  fi
}

# client args…: see tests/tls/client.c
client()
{
  "$tools/client" "$@"
}

# s_client PORT args…: openssl's client, which sends nothing and stays until what it prints has come; prints that
s_client()
{
  s_client_port=$1
  shift
  timeout 10 openssl s_client -connect "127.0.0.1:$s_client_port" "$@" < /dev/null 2>&1
}

# subject args…: the common name in the certificate that is served on $port
subject()
{
  s_client "$port" "$@" | sed -n 's/^subject=.*CN = //p'
}

# is_now NAME: two workers in turn serve the certificate of that name
is_now()
{
  [ "$(subject)" = "$1" ] && [ "$(subject)" = "$1" ]
}
