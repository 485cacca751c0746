# services.sh - sourced by the end-to-end tests after ../lib.sh: real services, reached by port and by name.
#
#   serve_by_port NAME prog…   tcpserver runs prog; sets $port
#   mux_service NAME prog…     adds a service that runs prog to the TCPMUX server's directory
#   serve_mux                  starts tcpserver and tcpmuxd on that directory; sets $mux_port; log: $work/mux.log
#   by_name NAME               command line that connects 0 and 1 to the service NAME, for programs that take one
#   forward NAME               a port of its own for the service NAME, for clients that only know ports; sets $port
#   serve_nginx [line…]        nginx serves $work/www, with those lines in its server block; sets $port and $pid
#   activate [options] prog…   systemd-socket-activate listens at 127.0.0.1; sets $port and $pid; log: $work/activated.log
#   make_ftp_folder            $work/ftp, for files that vsftpd is to serve
#   configure_vsftpd [line]    once they are there: $work/vsftpd.conf, with that line, for a vsftpd that serves one client
#   quote ARG…                 the arguments as one line of shell
#   quietly cmd…               runs cmd, which is expected to complain; what it says is in $work/err

mkdir "$work/services"

serve_by_port()
{
  by_port_name=$1
  shift
  serve "$by_port_name" -v -RHl0 127.0.0.1 0 "$@"
}

quietly()
{
  "$@" 2> "$work/err"
}

quote()
{
  for quote_arg in "$@"; do
    printf "'%s' " "$(printf '%s' "$quote_arg" | sed "s/'/'\\\\''/g")"
  done
}

mux_service()
{
  mux_service_name=$1
  shift
  printf '#!/bin/sh\nexec %s\n' "$(quote "$@")" > "$work/services/$mux_service_name"
  chmod 755 "$work/services/$mux_service_name"
}

serve_mux()
{
  serve mux -v -RHl0 127.0.0.1 0 tcpmuxd -v "$work/services"
  mux_port=$port
}

by_name()
{
  echo "tcpclient -RHl0 -X -P $mux_port 127.0.0.1 $1"
}

forward()
{
  # The words of by_name are our own, without blanks.
  # shellcheck disable=SC2046
  serve "forward-$1" -RHl0 127.0.0.1 0 $(by_name "$1")
}

# nginx can't find a free port itself, and somebody else may take it between finding and using it.
serve_nginx()
{
  for nginx_attempt in 1 2 3 4 5; do
    serve "free-port-$nginx_attempt" -RHl0 127.0.0.1 0 true
    stop
    cat > "$work/nginx.conf" << CONF
daemon off;
master_process off;
pid $work/nginx.pid;
error_log $work/nginx.log;
events { }
http {
  access_log $work/access.log;
  client_body_temp_path $work/nginx1;
  proxy_temp_path $work/nginx2;
  fastcgi_temp_path $work/nginx3;
  scgi_temp_path $work/nginx4;
  uwsgi_temp_path $work/nginx5;
  server {
    listen 127.0.0.1:$port;
    listen [::1]:$port;
    server_name _;
    root $work/www;
$(printf '    %s\n' "$@")
  }
}
CONF
    background nginx nginx -e "$work/nginx.log" -c "$work/nginx.conf"
    wait_for sh -c 'test -e "$1/nginx.pid" || ! kill -0 "$2"' sh "$work" "$pid"
    wait_for sh -c 'tcpclient -qRHl0 ::1 "$1" true || ! kill -0 "$2"' sh "$port" "$pid"
    kill -0 "$pid" 2> /dev/null && return 0
  done
  cat "$work/nginx.log"
  return 1
}

# Like nginx it can't find a free port itself, but it says so.
activate()
{
  for activate_attempt in 1 2 3 4 5; do
    serve "free-port-$activate_attempt" -RHl0 127.0.0.1 0 true
    stop
    background activated systemd-socket-activate -l "127.0.0.1:$port" "$@"
    wait_for grep -Eq 'Listening on|Failed to' "$work/activated.log"
    ! grep -q 'Listening on' "$work/activated.log" || return 0
  done
  return 1
}

# As root, vsftpd runs as its user ftp, locked into an empty folder of root's; as anybody else, as that user.
make_ftp_folder()
{
  mkdir "$work/ftp" "$work/empty"
  chmod 711 "$work"
  chmod 555 "$work/empty"
  trap restore_ftp_folder EXIT
}

restore_ftp_folder()
{
  chmod -R u+w "$work/ftp"
  cleanup
}

configure_vsftpd()
{
  chmod -R a+rX,a-w "$work/ftp"
  cat > "$work/vsftpd.conf" << CONF
listen=NO
listen_ipv6=NO
anonymous_enable=YES
no_anon_password=YES
local_enable=NO
anon_root=$work/ftp
secure_chroot_dir=$work/empty
connect_from_port_20=NO
seccomp_sandbox=NO
xferlog_enable=NO
${1:-}
$([ "$(id -u)" = 0 ] || echo run_as_launching_user=YES)
CONF
}
