# user.sh - sourced after names.sh by end-to-end tests of servers that, started by root, want to become somebody else.
# They fail at that where it is the root of a user namespace only that starts them: there they get an inner one, where
# they aren't root, and the test's ports are anybody's.
#
#   $as_user cmd…      how to run such a server; empty if there is nothing to be done
if [ "$(id -u)" = 0 ] && [ "$(cat /proc/self/setgroups)" = deny ]; then
  as_user='unshare -U --map-user=65534 --map-group=65534'
  echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start
else
  as_user=''
fi
