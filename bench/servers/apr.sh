# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Read by what builds Apache httpd: the libraries under it, from Debian's sources, by their own configure and make with $CC.

# shellcheck shell=bash

# unpack PACKAGE DIRECTORY: a copy of the package's sources, to build in.
unpack() {
    fetch "$1"
    rm -rf "$2"
    mkdir -p "$(dirname "$2")"
    cp -a "$source" "$2"
    cd "$2"
    touch libtoolT # apr's configure removes it, there or not, and is loud where it is not
}

# install_package PACKAGE DIRECTORY PREFIX FLAG...: built under DIRECTORY.
install_package() {
    local package=$1 directory=$2 prefix=$3
    shift 3
    unpack "$package" "$directory/$package"
    ./configure -q --prefix="$prefix" "$@"
    make -s -j "$jobs"
    make -s install
}

# install_apr DIRECTORY PREFIX FLAG...: apr and apr-util; the flags say whether static or shared.
install_apr() {
    local directory=$1 prefix=$2
    shift 2
    install_package apr "$directory" "$prefix" "$@"
    install_package apr-util "$directory" "$prefix" --with-apr="$prefix" --without-crypto --disable-util-dso "$@"
}

# install_pcre2 DIRECTORY PREFIX FLAG...
install_pcre2() { install_package pcre2 "$@"; }
