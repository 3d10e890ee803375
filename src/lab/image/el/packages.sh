# Of build.sh: the offered packages become RPMs with EL's names, paths and units, and dnf's only repository. rpmbuild and
# createrepo_c run in the guest itself, so that this machine needs neither.
rpms=$root/srv/rpm debs=$root/srv/debs
mkdir "$rpms" "$debs"
for deb in "$root"/srv/packages/*.deb; do
    name=$(basename "$deb")
    dpkg-deb --extract "$deb" "$debs/${name%%_*}"
    rm "$deb"
done
cp "$recipe"/rpm/* "$rpms/"
mkdir -p "$root/etc/rpm" "$root/var/lib/rpm" "$root/etc/sysconfig" "$root/etc/dnf" "$root/etc/yum.repos.d"
cp "$rpms/macros" "$root/etc/rpm/macros.el"
cp "$rpms/dnf.conf" "$root/etc/dnf/dnf.conf"
rm -f "$root/etc/os-release"
cp "$rpms/os-release" "$root/etc/os-release"
ln -sf dnf-3 "$root/usr/bin/yum"
chroot "$root" sh /srv/rpm/build.sh /srv/debs /srv/packages >&2
chroot "$root" rpm --initdb
# What every other package of the guest needs, this one says that it is there.
chroot "$root" sh -c 'rpm --install --nodeps /srv/packages/rocky-release-*.rpm' >&2
chroot "$root" dnf --quiet makecache >&2
rm -r "$rpms" "$debs"

chroot "$root" update-alternatives --quiet --set iptables /usr/sbin/iptables-legacy
chroot "$root" update-alternatives --quiet --set ip6tables /usr/sbin/ip6tables-legacy
sed -i 's/^FirewallBackend=.*/FirewallBackend=iptables/' "$root/etc/firewalld/firewalld.conf"
chroot "$root" systemctl --quiet disable firewalld.service
rm -rf "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin
# EL's sh is bash.
ln -sf bash "$root/bin/sh"
