# The floor: reads, in one script and as few processes as a practised hand needs, all that lvsprov's probes read on a
# host of that role. `ssh HOST "sh -s ROLE" < probe.sh`
role=$1
LC_ALL=C; export LC_ALL
read -r hostname </proc/sys/kernel/hostname
read -r kernel </proc/sys/kernel/osrelease
read -r boot </proc/sys/kernel/random/boot_id
echo "$hostname $kernel $boot $SSH_CONNECTION"
. /etc/os-release
echo "$ID $VERSION_ID"
read -r forwards </proc/sys/net/ipv4/ip_forward
read -r forwards6 </proc/sys/net/ipv6/conf/all/forwarding
echo "$forwards $forwards6"
ip -o addr show

packages() { dpkg-query -W -f '${Package} ${db:Status-Status} ${db:Status-Eflag} ${Version}\n' "$@" 2>/dev/null; }
units() { systemctl --no-pager show -p Id,LoadState,ActiveState,SubState,UnitFileState "$@"; }

case $role in
  real_server)
    packages apache2 chrony
    units apache2 chrony
    stat -L -c '%f %u %g %s %n' /var/www/html/index.html /etc/chrony/chrony.conf
    ip route show default
    ip route get fibmatch "${SSH_CONNECTION%% *}"
    grep -sH '' /var/www/html/index.html /etc/chrony/chrony.conf /etc/network/interfaces /etc/network/interfaces.d/*
    ;;
  director)
    packages ipvsadm chrony curl
    units chrony
    stat -L -c '%f %u %g %s %n' /etc/chrony/chrony.conf
    for module in ip_vs ip_vs_rr; do [ -d "/sys/module/$module" ] && echo "loaded $module"; done
    ipvsadm -Ln --thresholds
    for link in /etc/rc[2-4].d/S??ipvsadm; do [ -L "$link" ] && echo enabled; done
    grep -sH '' /proc/sys/net/ipv4/ip_forward /proc/net/ip_vs /etc/chrony/chrony.conf /etc/ipvsadm.rules \
      /etc/default/ipvsadm /var/lib/lvsprov/records/*/touched \
      /etc/sysctl.conf /etc/sysctl.d/*.conf /run/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf \
      /usr/lib/sysctl.d/*.conf /etc/modules-load.d/*.conf /run/modules-load.d/*.conf \
      /usr/local/lib/modules-load.d/*.conf /usr/lib/modules-load.d/*.conf
    ;;
  client)
    packages curl
    ;;
esac
exit 0
