#!/bin/sh
# Builds the base image of the lab's guests: build.sh RECIPE WORK IMAGE RELEASE SUITE [MIRROR-LINES...]
#   RECIPE   the folder that this file lies in           WORK     an empty folder, for the root file system
#   IMAGE    the file to write                           RELEASE  of the User-mode Linux kernel, e.g. 6.1.176
#   SUITE    Debian's, by its code name                the rest: lines for sources.list; without any, mmdebstrap's own
#            choice
# A line "step: NAME" on stdout begins each step. What a distribution makes of the packages that are offered is in its own
# packages.sh, which is read in the second step.
set -eu
recipe=$1 work=$2 image=$3 release=$4 suite=$5
shift 5
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
list() { (cd "$recipe" && sed 's/ *#.*//; /^$/d' "$@"); }
root=$work/root
OFFERED=$(list offered.txt | tr '\n' ' ')
export OFFERED

echo 'step: bootstrap'
# What a deploy may install is fetched with all it needs, but not installed: installing is what gets rehearsed.
mmdebstrap --quiet --mode=root --format=directory --variant=minbase \
    --include="$(list installed.txt distribution.txt owner.txt | paste -sd,)" --aptopt="$recipe/apt.conf" --dpkgopt="$recipe/dpkg.cfg" \
    --customize-hook='mkdir "$1/srv/packages" && rm -f "$1"/var/cache/apt/archives/*.deb &&
        APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get install --yes -qq --download-only --reinstall $OFFERED >&2 &&
        mv "$1"/var/cache/apt/archives/*.deb "$1/srv/packages/"' \
    "$suite" "$root" "$@" >&2

echo 'step: packages'
. "$recipe/packages.sh"

echo 'step: configuration'
mkdir -p "$root/lib/modules"
cp -a "/usr/lib/uml/modules/$release" "$root/lib/modules/"
depmod --basedir "$root" "$release"
for unit in $(list enabled.txt); do chroot "$root" systemctl --quiet enable "$unit"; done
for unit in $(list masked.txt); do ln -sf /dev/null "$root/etc/systemd/system/$unit"; done
mkdir -p "$root/etc/systemd/system-generators"
for generator in $(list generators.txt); do ln -sf /dev/null "$root/etc/systemd/system-generators/$generator"; done
mkdir -p "$root/var/lib/lab"
install -m 755 "$recipe/init" "$root/usr/sbin/lab-init"
install -m 644 "$recipe/sshd.conf" "$root/etc/ssh/sshd_config.d/lab.conf"
rm -f "$root"/etc/ssh/ssh_host_*
# The message of the day takes four processes at each login, and nobody is there to read it.
sed -i '/pam_motd/d' "$root/etc/pam.d/sshd"
# User-mode Linux offers a watchdog whose program Debian does not ship; systemd would reach for it at every shutdown.
mkdir -p "$root/etc/systemd/system.conf.d"
printf '[Manager]\nRebootWatchdogSec=off\n' >"$root/etc/systemd/system.conf.d/lab.conf"
# The journal would turn kernel auditing on, and half of what it kept were records of logins. Not `audit=0` for the kernel:
# without the protocol each login looks for its module four times, and takes a third longer.
mkdir -p "$root/etc/systemd/journald.conf.d"
printf '[Journal]\nAudit=no\n' >"$root/etc/systemd/journald.conf.d/lab.conf"
# Nobody answers DNS here: a look-up would hang until its time is out.
: >"$root/etc/resolv.conf"
sed -i 's/^hosts:.*/hosts: files/' "$root/etc/nsswitch.conf"
echo '/dev/ubda / ext4 defaults 0 1' >"$root/etc/fstab"

echo 'step: filesystem'
truncate -s 2G "$image"
mke2fs -q -F -t ext4 -E lazy_itable_init=0,nodiscard -d "$root" "$image" >&2
