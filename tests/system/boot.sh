#!/bin/sh
# Boots a Debian tree as a container. Runs in a mount namespace of its own, which dies with it, and all its mounts with it.
# usage: boot.sh TREE WORK CGROUP NSPAWN-OPTION...
set -eu
tree=$1
work=$2
group=/sys/fs/cgroup/$3
shift 3

# systemd 257 boots on the unified hierarchy only, also on a host that has the old one.
umount -R /sys/fs/cgroup 2>/dev/null || :
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# A cgroup of its own: machines that share one kill each other's services.
mkdir "$group"
# Where the host lends controllers, limits such as MemoryMax= work inside too; it boots without.
sed 's/[^ ]\+/+&/g' "$group/cgroup.controllers" >"$group/cgroup.subtree_control" || :

# What systemd-nspawn notes down in /run goes away with this namespace too.
mkdir "$work/disk"
mount -t tmpfs -o mode=0755 tmpfs /run
mount -t tmpfs -o mode=0755 tmpfs "$work/disk"
mkdir "$work/disk/upper" "$work/disk/scratch" "$work/disk/root"
mount -t overlay overlay \
    -o "lowerdir=$tree,upperdir=$work/disk/upper,workdir=$work/disk/scratch" "$work/disk/root"

boot() { # CGROUP NSPAWN-OPTION...
    mkdir "$1"
    # shellcheck disable=SC2016
    setpriv --pdeathsig=KILL sh -euc 'echo $$ >"$1/cgroup.procs"; shift; exec systemd-nspawn "$@"' sh "$@"
}

number=1
status=133
# 133 is systemd-nspawn's word for "it wants to reboot".
while [ "$status" = 133 ]; do
    status=0
    boot "$group/$number" --directory="$work/disk/root" --boot --register=no --keep-unit --console=pipe \
        --notify-ready=yes "$@" || status=$?
    number=$((number + 1))
done
exit "$status"
