# dnsmasq.sh - sourced after names.sh by end-to-end tests that have their answers from a real DNS server.
#
#   serve_dnsmasq        starts dnsmasq on port 53 of 127.0.0.1, with the records that stdin has, as lines of its
#                        configuration; it asks nobody else; $pid; its log is $work/dnsmasq.log
#   $as_user cmd… $as_root   how to run a server that, started by root, wants to become somebody else and takes -u and -g
#                            (see user.sh)
need dnsmasq dnsmasq-base

. "$root/tests/e2e/user.sh"
as_root=''
[ "$(id -u)" != 0 ] || [ -n "$as_user" ] || as_root='-u root -g root'

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
