#!/bin/sh
# vsftpd with listen=NO: lists and downloads with curl, by port and through TCPMUX.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/services.sh"
need vsftpd vsftpd
need curl curl

make_ftp_folder
mkdir "$work/ftp/pub"
seq 1 100000 > "$work/ftp/pub/numbers"
head -c 1000000 /dev/urandom > "$work/ftp/pub/random"
configure_vsftpd 'ftpd_banner=files for everybody'

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
