# Of build.sh: the offered packages become a repository of Debian's, and apt's only source.
# Repacked without compression, since a guest unpacks slowly and nobody sends the image anywhere.
for deb in "$root"/srv/packages/*.deb; do
    dpkg-deb --raw-extract "$deb" "$work/deb"
    for unread in doc man locale; do rm -rf "$work/deb/usr/share/$unread"; done
    dpkg-deb --root-owner-group -Znone --build "$work/deb" "$deb.new" >/dev/null
    mv "$deb.new" "$deb"
    rm -rf "$work/deb"
done
(cd "$root/srv/packages" && dpkg-scanpackages --multiversion . >Packages 2>/dev/null)
rm -rf "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/* "$root"/var/lib/apt/lists/*
echo 'deb [trusted=yes] file:/srv/packages ./' >"$root/etc/apt/sources.list"
chroot "$root" apt-get -qq update >&2
# Asks questions ahead of an installation, if apt-utils were there; it is not, but finding that out takes a second.
rm -f "$root/etc/apt/apt.conf.d/70debconf"
