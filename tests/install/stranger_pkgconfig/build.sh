#!/bin/sh
# build.sh COMPILER OUTPUT: a stranger's build without CMake; PKG_CONFIG_PATH says where slicepool is installed.
set -eu
# shellcheck disable=SC2046  # the flags are meant to be split
"$1" -std=c++20 "$(dirname "$0")/../stranger.cpp" -o "$2" $(pkg-config --cflags --libs slicepool)
"$2"
