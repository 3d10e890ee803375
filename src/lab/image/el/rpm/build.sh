#!/bin/sh
# Builds the RPMs of an EL-like guest, in the guest: build.sh DEBS REPOSITORY
#   DEBS         a folder of unpacked Debian packages, each by its name      REPOSITORY   the folder for the RPMs
set -eu
recipe=$(dirname "$0") debs=$1 repository=$2
top=/srv/rpmbuild
export LC_ALL=C.UTF-8

build() { # SPEC [OPTION...]
    spec=$1
    shift
    rpmbuild --quiet --define "_topdir $top" --define "recipe $recipe" --load="$recipe/build-macros" "$@" -bb "$recipe/$spec"
}

# The libraries of these packages of Debian's become one of EL's name, and are taken away, so that the last has the rest.
library() { # NAME NEEDS DEB...
    name=$1 needs=$2
    shift 2
    mkdir -p "$top/trees/$name"
    for deb; do
        if ! [ -d "$debs/$deb" ]; then continue; fi
        cp -a "$debs/$deb/." "$top/trees/$name/"
        rm -r "$debs/$deb"
    done
    # The guest's /lib is a link to /usr/lib.
    if [ -d "$top/trees/$name/lib" ]; then
        mkdir -p "$top/trees/$name/usr"
        cp -a "$top/trees/$name/lib" "$top/trees/$name/usr/"
        rm -r "$top/trees/$name/lib"
    fi
    rm -rf "$top/trees/$name/etc" "$top/trees/$name/var" "$top/trees/$name/usr/share"
    build library.spec --define "library $name" --define "tree $top/trees/$name" ${needs:+--define "needs $needs"}
}

# An upgrade of ipvsadm is rehearsed with a later release, which is in no repository.
build ipvsadm.spec --define "tree $debs/ipvsadm" --define "rel 7"
mkdir "$(dirname "$repository")/updates"
mv "$top"/RPMS/*/*.rpm "$(dirname "$repository")/updates/"

build release.spec
build httpd.spec --define "tree $debs/apache2-bin"
build ipvsadm.spec --define "tree $debs/ipvsadm"
build chrony.spec --define "tree $debs/chrony"
build curl.spec --define "tree $debs/curl"
build keepalived.spec --define "tree $debs/keepalived"
library apr '' libapr1
library apr-util 'apr lab-libraries' libaprutil1
library libnl3 '' libnl-3-200 libnl-genl-3-200
library libcurl lab-libraries libcurl4
library net-snmp-libs lab-libraries libsnmp40 libsnmp-base
library lab-libraries '' $(cd "$debs" && ls -d lib* | grep -v '^libperl')

cp "$top"/RPMS/*/*.rpm "$repository/"
rm -r "$top"
createrepo_c --quiet --no-database --simple-md-filenames --general-compress-type=gz "$repository"
