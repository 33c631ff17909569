#!/bin/bash
# Apt with sources, lists, state and caches of its own, for what this release of Debian does not have. Of the machine's
# apt it reads which mirrors there are and how they are reached, such as proxies, and changes nothing. Needs no root.
#
# usage: apt-private.sh source RELEASE PACKAGE FOLDER    the upstream archive of a source package, into FOLDER
#        apt-private.sh mirror RELEASE                   prints the first mirror that has RELEASE
# RELEASE is a name, such as bookworm. The group "source" of setup.sh has the keys that its signature is checked with.
set -euo pipefail

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
    echo "apt-private.sh: $*" >&2
    exit 1
}

# The mirrors of the machine, and in case it has none of Debian's, Debian's own.
mirrors() {
    local uri
    { apt-get indextargets --format '$(REPO_URI)' || true; } | while read -r uri; do
        case $uri in
        # A file with a mirror per line.
        mirror+file:*) uri=${uri#mirror+file:} && sed -nE 's/^[[:space:]]*(https?:[^[:space:]]+).*/\1/p' "${uri%/}" ;;
        http:* | https:* | file:* | copy:*) echo "$uri" ;;
        esac
    done
    echo http://deb.debian.org/debian/
}

configure() {
    mkdir -p "$own"/{state/lists,cache/archives}/partial
    : > "$own/status"
    apt-config dump | grep '^Acquire::' > "$own/apt.conf" || true
    # The user that apt downloads as otherwise may not enter this folder.
    cat >> "$own/apt.conf" <<EOF
Dir::Etc::Main "/dev/null";
Dir::Etc::Parts "/dev/null";
Dir::Etc::SourceList "$own/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "$own/state";
Dir::State::Status "$own/status";
Dir::Cache "$own/cache";
Dir::Log "$own";
APT::Sandbox::User "root";
#clear Acquire::Languages;
Acquire::Languages "none";
EOF
    export APT_CONFIG=$own/apt.conf
}

# Sets $mirror, and leaves its lists of TYPE (deb or deb-src).
update() {
    local type=$1 release=$2
    for mirror in $candidates; do
        echo "$type [signed-by=$keyring] $mirror $release main" > "$own/sources.list"
        # Without that option it succeeds when a mirror does not answer.
        ! apt-get -q -o APT::Update::Error-Mode=any update >> "$own/log" 2>&1 || return 0
    done
    cat "$own/log" >&2
    fail "no mirror of this machine has Debian's release $release"
}

[ -e "$keyring" ] || fail "$keyring is missing; the package debian-archive-keyring has it"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rel4
mkdir -p "$cache"
own=$(mktemp -d "$cache/apt.XXXXXX")
trap 'rm -rf "$own"' EXIT
candidates=$(mirrors | awk '!seen[$0]++')
configure
case $#:${1:-} in
4:source)
    update deb-src "$2"
    mkdir -p "$4"
    (cd "$4" && apt-get -q source --download-only --tar-only --only-source "$3" > "$own/log" 2>&1) ||
        { cat "$own/log" >&2; fail "apt-get source failed"; }
    ;;
2:mirror)
    update deb "$2"
    echo "$mirror"
    ;;
*)
    sed -nE 's/^# (usage:|      ) //p' "$0" >&2
    exit 2
    ;;
esac
