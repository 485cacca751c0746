# shim.sh - sourced after lib.sh by tests of faults: compiles shim.c, which is to be preloaded as $shim.
shim=$work/shim.so
# shellcheck disable=SC2046
if ! $(head -n 1 "$root/conf-cc") -D_GNU_SOURCE -shared -fPIC -o "$shim" "$root/tests/fault/shim.c" -ldl 2> "$work/err"; then
  diag "$(cat "$work/err")"
  result 1 "the preloaded library compiles"
  done_testing
fi
