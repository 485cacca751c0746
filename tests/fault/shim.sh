# shim.sh - sourced after lib.sh by tests of faults: the library to preload is $shim (see shim.c).
shim=$tools/shim.so
