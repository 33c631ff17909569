#!/bin/bash
# Prints a path of a file or folder that make can use: its own, absolute one, or, if that has characters which mean
# something to make or to a shell, that of a link to it in LINKS. Prints nothing if it is not there.
#
# usage: plain-path.sh PATH LINKS
set -euo pipefail

path=$(realpath -e -- "$1" 2> /dev/null) || exit 0
if [[ $path =~ ^[A-Za-z0-9/._+@,-]+$ ]]; then
    echo "$path"
    exit
fi
name=${path##*/}
link=$2/$(cksum <<< "$path" | tr ' ' -)/${name//[^A-Za-z0-9._+@,-]/_}
mkdir -p "${link%/*}"
ln -sfn "$path" "$link"
echo "$link"
