record=/var/lib/lvsprov/records/000003
rm -f "$record/stays"
u=chrony.service
s=$(systemctl --no-pager show -p LoadState,ActiveState,NeedDaemonReload "$u")
case $s in *LoadState=not-found*) echo "there is no unit $u: declare the package or file that brings it before it" >&2; exit 1;; esac
case $s in *NeedDaemonReload=yes*) systemctl daemon-reload;; esac
systemctl disable "$u"
systemctl stop "$u"
rm -f /run/lvsprov/stale/chrony.service.restart
rm -f /run/lvsprov/stale/chrony.service.reload
rmdir /run/lvsprov/stale /run/lvsprov 2>/dev/null || :
