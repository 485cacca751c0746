# dnsmasq.sh - sourced after names.sh by end-to-end tests that have their answers from a real DNS server.
#
#   serve_dnsmasq        starts dnsmasq on port 53 of 127.0.0.1, with the records that stdin has, as lines of its
#                        configuration; it asks nobody else; $pid; its log is $work/dnsmasq.log
#   $as_user cmd… $as_root   how to run a server that, started by root, wants to become somebody else and takes -u and -g
need dnsmasq dnsmasq-base

# Servers fail at that where it is the root of a user namespace only that starts them: there they get an inner one, where
# they aren't root, and the test's ports are anybody's.
as_user='' as_root=''
if [ "$(id -u)" = 0 ] && [ "$(cat /proc/self/setgroups)" = deny ]; then
  as_user='unshare -U --map-user=65534 --map-group=65534'
  echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start
elif [ "$(id -u)" = 0 ]; then
  as_root='-u root -g root'
fi

serve_dnsmasq()
{
  {
    cat <<'CONF'
keep-in-foreground
no-resolv
no-hosts
no-poll
pid-file
port=53
listen-address=127.0.0.1
bind-interfaces
log-queries
log-facility=-
CONF
    cat
  } > "$work/dnsmasq.conf"
  # shellcheck disable=SC2086
  background dnsmasq $as_user dnsmasq -C "$work/dnsmasq.conf" $as_root
  ok 'dnsmasq runs' wait_for grep -q 'started, version' "$work/dnsmasq.log"
}
