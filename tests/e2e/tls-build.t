#!/bin/sh
# Where OpenSSL is: only tcptls and tlsconnect have it. Where it is not, the kit builds, works, and -n is a clear error.
. "$(dirname "$0")/../lib.sh"
need perl perl
make=$(command -v gmake || echo make)

# needs_of PROGRAM: the libraries of OpenSSL that it is linked with
needs_of()
{
  objdump -p "$1" 2> /dev/null | sed -n 's/^ *NEEDED *//p' | grep -E '^lib(ssl|crypto)\.' | sort | tr '\n' ' '
}
programs=0
for program in "$COMMAND_DIR"/* "${COMMAND_DIR%command}libexec"/*; do
  case ${program##*/} in
    tcptls | tlsconnect)
      like "${program##*/} is linked with OpenSSL" "$(needs_of "$program")" 'libcrypto.*libssl' ;;
    *)
      programs=$((programs + 1))
      [ -z "$(needs_of "$program")" ] || is "${program##*/} is linked without OpenSSL" "$(needs_of "$program")" ''
      ;;
  esac
done
ok "none of the other $programs programs is" test "$programs" -gt 15
unlike 'nor is it loaded by one of their libraries' "$(ldd "$(command -v tcpserver)" "$(command -v tcpclient)" "$(command -v tcprules)")" 'ssl|crypto'
is 'No source of theirs includes it' "$(cd "$root/src" && grep -rlE '^ *# *include *<openssl/' . | grep -vE '^\./(tls|tcptls|tlsconnect)/')" ''

# As on a system without OpenSSL: its headers can't be included. Without optimization this takes half the time.
mkdir -p "$work/none/openssl"
cat "$root"/src/*/*.[ch] | sed -n 's/^# *include <openssl\/\(.*\)>.*/\1/p' | sort -u | while read -r header; do
  echo '#error there is no OpenSSL' > "$work/none/openssl/$header"
done
home=$work/home
"$make" -s -j2 -C "$root" WERROR=1 CC="$(head -n 1 "$root/conf-cc") -O0 -I$work/none" \
  B="$work/build" COMMAND="$home/bin" LIBEXEC="$home/libexec" all > "$work/make" 2>&1
is 'Without OpenSSL the kit builds' "$?" 0
grep -E 'error|warning' "$work/make" | head -n 10 | sed 's/^/# /'
for program in "$home"/bin/* "$home"/libexec/*; do
  echo "${program##*/}"
done | sort > "$work/built"
for program in "$COMMAND_DIR"/* "${COMMAND_DIR%command}libexec"/*; do
  echo "${program##*/}"
done | sort > "$work/expected"
is '… all but the two that speak TLS' "$(diff "$work/built" "$work/expected" | grep '^[<>]' | tr '\n' ' ')" '> tcptls > tlsconnect '
PATH=$home/bin:$PATH
serve plain -RHl0 127.0.0.1 0 echo served
is '… and works' "$(tcpclient -RHl0 127.0.0.1 "$port" sh -c 'cat <&6')" served
exits 'tcpserver -n is an error then' 111 tcpserver -RHl0 -n server.pem 127.0.0.1 0 true
like '… and says what is missing, and why' "$(cat "$work/err")" \
  "^tcpserver: fatal: unable to run $home/bin/tcptls: No such file or directory .*OpenSSL"
exits 'So is tcpclient -n' 111 tcpclient -RHl0 -n '' 127.0.0.1 "$port" true
like '… and says what is missing, and why' "$(cat "$work/err")" \
  "^tcpclient: fatal: unable to run $home/libexec/tlsconnect: .*OpenSSL"
done_testing
