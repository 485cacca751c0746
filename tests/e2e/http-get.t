#!/bin/sh
# http@ with real servers: nginx, which sends chunks, counts, errors and redirections; busybox's httpd and micro-httpd
# below tcpserver, the one of which counts and the other only ends.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/services.sh"
need nginx nginx-light
need busybox busybox
need micro-httpd micro-httpd

mkdir "$work/www" "$work/www/list" "$work/www/a b"
echo '<p>hello</p>' > "$work/www/page.html"
head -c 2000000 /dev/urandom > "$work/www/random"
perl -e 'print "line $_ of many that nginx includes\n" for 1 .. 20000' > "$work/www/large.txt"
printf '<!--#include virtual="/large.txt" -->end\n' > "$work/www/page.shtml"
echo spaced > "$work/www/a b/it's.txt"
: > "$work/www/empty"
: > "$work/www/list/one-file"
chmod -R a+rX "$work/www" && chmod a+x "$work"

nginx_runs()
{
  serve_nginx 'location /list/ { autoindex on; }' \
    'location = /page.shtml { ssi on; ssi_types *; }' \
    'location = /moved { return 301 /page.html; }' \
    'location = /nothing { return 204; }' \
    'location = /host { return 200 "$host $http_host $server_protocol $http_connection\n"; }'
}
get() { timeout 60 http@ "$at" "$1" "$port"; }
downloads() { get "$1" > "$work/got" && cmp "$work/got" "$work/www/$1"; }

for server in nginx busybox micro-httpd; do
  at=127.0.0.1
  case $server in
    nginx) ok "$server runs" nginx_runs ;;
    busybox) serve_by_port busybox busybox httpd -i -h "$work/www" ;;
    micro-httpd) serve_by_port micro micro-httpd "$work/www" ;;
  esac
  ok "a page of $server comes whole" downloads page.html
  ok "so do two megabytes" downloads random
  ok "and an empty file" downloads empty
  exits "a page that $server does not have" 1 get nowhere
  like 'is told with its status' "$(cat "$work/err")" '^http-get: HTTP/1\.[01] 404 '
  is 'and nothing on standard output' "$(cat "$work/out")" ''
  is "a page of $server whose name has blanks and quotes" "$(get "a b/it's.txt")" spaced
  case $server in
    nginx)
      { sed -n p "$work/www/large.txt"; echo end; } > "$work/expected"
      is 'a page that nginx composes comes in chunks' "$(printf 'GET /page.shtml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' |
        tcpclient 127.0.0.1 "$port" | tr -d '\r' | grep -i '^transfer-encoding')" 'Transfer-Encoding: chunked'
      get page.shtml > "$work/got"
      ok 'and is printed without their marks' cmp "$work/got" "$work/expected"
      like 'a list that nginx makes is there to its end' "$(get list/ | tr -d '\r\n')" '^<html>.*one-file.*</html>$'
      exits 'a redirection is not followed' 1 get moved
      is 'but told' "$(cat "$work/err")" 'http-get: HTTP/1.1 301 Moved Permanently'
      exits 'a page of nothing' 0 get nothing
      is 'is nothing' "$(cat "$work/out" "$work/err")" ''
      is 'nginx knows by which name it was called' "$(get host)" "127.0.0.1 127.0.0.1:$port HTTP/1.1 close"
      at=::1
      is 'on IPv6, too' "$(get host)" "[::1] [::1]:$port HTTP/1.1 close"
      ok 'where two megabytes come whole as well' downloads random
      ;;
  esac
  stop
done

# The examples of the manual.
mkdir "$work/there" && cd "$work/there" || exit 1
sed -n '/^\.Sh EXAMPLES/,/^\.Sh /{/^\.Dl /s/^\.Dl //p}' "$root/doc/http@.1" > "$work/examples"
serve_by_port micro micro-httpd "$work/www"
while read -r example; do
  printf '%s\n' "$example" | sed -e "s/www\\.example\\.org/127.0.0.1/; s/2001:db8::80/127.0.0.1/; s/8080/$port/" > "$work/example"
  ok "an example of the manual: $example" sh -e "$work/example"
done < "$work/examples"
is 'there are examples' "$(wc -l < "$work/examples")" 2
ok 'they have got what they say' cmp "$work/there/random" "$work/www/random"
done_testing
