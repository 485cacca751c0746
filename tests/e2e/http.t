#!/bin/sh
# micro-httpd with curl: pages, errors and many requests at once, by port and through TCPMUX.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/services.sh"
need micro-httpd micro-httpd
need curl curl

mkdir "$work/www"
echo '<p>hello</p>' > "$work/www/page.html"
head -c 2000000 /dev/urandom > "$work/www/random"

get()
{
  curl -sS --noproxy '*' --max-time 60 "http://127.0.0.1:$port/$1"
}

# micro-httpd has no Content-Length for the end to be seen by: the server closing the connection is the end.
downloads()
{
  get "$1" > "$work/got" && cmp "$work/got" "$work/www/$1"
}

thirty_at_once()
{
  seq 1 30 | xargs -P 10 -I N curl -sS --noproxy '*' --max-time 60 "http://127.0.0.1:$port/page.html" > "$work/thirty"
}

for way in port name; do
  case $way in
    port) serve_by_port http micro-httpd "$work/www" ;;
    name)
      mux_service http micro-httpd "$work/www"
      serve_mux
      forward http
      ;;
  esac
  is "a page comes whole by $way" "$(get page.html)" '<p>hello</p>'
  ok "two megabytes come whole by $way" downloads random
  is "a page that does not exist is micro-httpd's own 404 by $way" \
    "$(curl -s --noproxy '*' --max-time 60 -o "$work/got" -w '%{http_code}' "http://127.0.0.1:$port/nothing")" 404
  ok "thirty requests, ten at once, succeed by $way" thirty_at_once
  is "all thirty have their page by $way" "$(grep -c hello "$work/thirty")" 30
done
done_testing
