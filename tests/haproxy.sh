# haproxy.sh - sourced after lib.sh by tests with HAProxy as the peer.
need haproxy haproxy

# haproxy_serve NAME 'bind options' 'server options' TO: HAProxy at a socket of tcpbind's in front of port TO; sets $port
haproxy_serve()
{
  cat > "$work/$1.cfg" << C
global
  maxconn 100
defaults
  mode tcp
  timeout connect 10s
  timeout client 30s
  timeout server 30s
listen test
  bind fd@3 $2
  server s 127.0.0.1:$4 $3
C
  background "$1" tcpbind -1 127.0.0.1 0 sh -c 'exec 3<&0 < /dev/null; exec haproxy -db -q -f "$1"' sh "$work/$1.cfg"
  serve_wait "$1"
}
