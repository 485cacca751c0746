#!/bin/sh
# vsftpd with listen=NO: lists and downloads with curl, by port and through TCPMUX.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/services.sh"
need vsftpd vsftpd
need curl curl

# As root, vsftpd runs as its user ftp, locked into an empty folder of root's; as anybody else, as that user.
mkdir "$work/ftp" "$work/ftp/pub" "$work/empty"
chmod 711 "$work"
chmod 555 "$work/empty"
seq 1 100000 > "$work/ftp/pub/numbers"
head -c 1000000 /dev/urandom > "$work/ftp/pub/random"
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
ftpd_banner=files for everybody
$([ "$(id -u)" = 0 ] || echo run_as_launching_user=YES)
CONF
restore()
{
  chmod -R u+w "$work/ftp"
  cleanup
}
trap restore EXIT

fetch()
{
  curl -sS --noproxy '*' --max-time 60 "ftp://127.0.0.1:$port/$1"
}

downloads()
{
  fetch "pub/$1" > "$work/got" && cmp "$work/got" "$work/ftp/pub/$1"
}

for way in port name; do
  case $way in
    port) serve_by_port ftp vsftpd "$work/vsftpd.conf" ;;
    name)
      mux_service ftp vsftpd "$work/vsftpd.conf"
      serve_mux
      forward ftp
      ;;
  esac
  like "vsftpd lists its folder to a client that comes by $way" "$(fetch pub/)" ' numbers$'
  ok "a text downloads whole by $way" downloads numbers
  ok "a binary downloads whole by $way" downloads random
  exits "a file that does not exist is refused by $way" 78 fetch pub/nothing
done
done_testing
