# names.sh - sourced after lib.sh by tests of names and ident: runs the test again in a network namespace of its
# own, where nothing is but loopback and every port is free, so that port 53 and 113 of 127.0.0.0/8 are the test's.
# Root makes the namespace as root, anybody else as the root of a user namespace, and a caller that made one says so
# with UCSPI_TEST_NAMESPACE=root-of-the-tree; where the system allows none, the test fails with the reason. Nothing
# of the machine is touched: programs are sent to the test's DNS server by $DNSCACHEIP, and its own file of rewriting
# rules, which is empty, is in $DNSREWRITEFILE.
#
#   zone                      the DNS server's records from stdin (see names/dnsserver), replacing what was there
#   serve_dns [args…]         starts the DNS server on port 53 of 127.0.0.1 (-l address: of those); $pid
#   asked NAME [TYPE]         how often it was asked so, by UDP or TCP
#   asked_by FIELD            a column of its log, sorted, each value once: 1 transport, 2 source port, 3 id
#   serve_ident ADDR=MODE…    starts ident servers (see names/identserver) on port 113; $pid
#   ident_asked ADDR          how many connections that ident server had
# Nobody listens on port 53 of 127.0.0.2: whoever asks there is refused by ICMP.

if [ "${UCSPI_TEST_NAMESPACE:-}" != "$root" ]; then
  for names_tool in unshare:util-linux ip:iproute2 perl:perl; do
    need "${names_tool%:*}" "${names_tool#*:}"
  done
  names_how=
  # A container's root may lack the right to make a namespace and still be let make one as a user.
  [ "$(id -u)" != 0 ] || ! unshare -n true 2> "$work/err" || names_how=-n
  [ -n "$names_how" ] || ! unshare -rn true 2> "$work/err" || names_how=-rn
  if [ -z "$names_how" ]; then
    result 1 "this test needs a network namespace of its own: $(head -n 1 "$work/err"); see unshare(1), user_namespaces(7)"
    done_testing
  fi
  rm -rf "$work"
  UCSPI_TEST_NAMESPACE=$root
  UCSPI_TEST_NAMESPACE_IS=mine
  export UCSPI_TEST_NAMESPACE UCSPI_TEST_NAMESPACE_IS
  exec unshare "$names_how" -- sh "$0" "$@"
fi
# In a namespace that was given other tests may want the same ports: one after the other.
if [ "${UCSPI_TEST_NAMESPACE_IS:-}" != mine ]; then
  need flock util-linux
  rm -rf "$work"
  UCSPI_TEST_NAMESPACE_IS=mine
  export UCSPI_TEST_NAMESPACE_IS
  exec flock -o "${TMPDIR:-/tmp}/ucspi-test-names.lock" sh "$0" "$@"
fi
# For a test that this one starts.
unset UCSPI_TEST_NAMESPACE UCSPI_TEST_NAMESPACE_IS

# Who was given a namespace may lack the right to change it, and need not.
if [ -z "$(ip -o link show lo up)" ] && ! ip link set lo up 2> "$work/err"; then
  result 1 "loopback comes up in the namespace: $(cat "$work/err")"
  done_testing
fi

# c-ares reads RES_OPTIONS: an answer that doesn't come is given up after a second.
DNSCACHEIP=127.0.0.1
DNSREWRITEFILE=$work/dnsrewrite
RES_OPTIONS='timeout:1 attempts:1'
export DNSCACHEIP DNSREWRITEFILE RES_OPTIONS
unset LOCALDOMAIN HOSTALIASES
: > "$DNSREWRITEFILE"
: > "$work/zone"
: > "$work/dns.queries"
: > "$work/ident.questions"

zone()
{
  # Renamed, so that the server sees the old records or the new.
  cat > "$work/zone.new" && mv "$work/zone.new" "$work/zone"
}

serve_dns()
{
  background dns perl "$root/tests/names/dnsserver" -L "$work/dns.queries" "$@" "$work/zone"
  serve_wait dns
}

asked()
{
  awk -v name="$1" -v type="${2:-}" '$4 == name && (type == "" || $5 == type) { n++ } END { print n + 0 }' \
    "$work/dns.queries"
}

asked_by()
{
  awk -v field="$1" '{ print $field }' "$work/dns.queries" | sort -u
}

serve_ident()
{
  background ident perl "$root/tests/names/identserver" -L "$work/ident.questions" "$@"
  serve_wait ident
}

ident_asked()
{
  awk -v address="$1" '$1 == address && $2 == "connected" { n++ } END { print n + 0 }' "$work/ident.questions"
}
