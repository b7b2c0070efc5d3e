#!/bin/sh
# A Slurm of one login host and two nodes, each with an A100 that is /dev/null, on this machine.
#
# `unshare ... start.sh FOLDER SHARED...`, as root, in namespaces of its own for mounts, network,
# processes and the host's name (tests/support/cluster.py): so nothing outside is changed, neither /etc/slurm
# nor a Slurm that runs there, and all of it ends with this process. FOLDER takes logs and state.
# The nodes have a network of their own that reaches the login host and nothing else, not even its
# loopback, and a small /tmp; below /tmp they see only SHARED.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
shift

hostname login
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /etc/munge
mount -t tmpfs tmpfs /etc/slurm
printf '127.0.0.1 localhost\n192.0.2.1 login\n192.0.2.2 node1 node2\n' > "$folder/hosts"
mount --bind "$folder/hosts" /etc/hosts
mkdir -p /run/munge "$folder/state" "$folder/node1" "$folder/node2"

# The network of the nodes, and a cable to it.
unshare --net --mount sleep infinity &
nodes=$!
on_nodes() { nsenter --target "$nodes" --net --mount "$@"; }
until [ "$(readlink "/proc/$nodes/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
ip link set lo up
ip link add login type veth peer name nodes netns "$nodes"
ip address add 192.0.2.1/24 dev login
ip link set login up
on_nodes ip link set lo up
on_nodes ip address add 192.0.2.2/24 dev nodes
on_nodes ip link set nodes up

# The nodes' own /tmp.
number=0
for path in "$@"; do
    number=$((number + 1))
    mkdir "/run/shared$number"
    on_nodes mount --bind "$path" "/run/shared$number"
done
on_nodes mount -t tmpfs -o size=64m tmpfs /tmp
number=0
for path in "$@"; do
    number=$((number + 1))
    case $path in
    /tmp/*)
        on_nodes mkdir -p "$path"
        on_nodes mount --bind "/run/shared$number" "$path"
        ;;
    esac
done

chown munge: /run/munge /etc/munge
head -c 1024 /dev/urandom > /etc/munge/munge.key
chown munge: /etc/munge/munge.key
chmod 400 /etc/munge/munge.key
setpriv --reuid munge --regid munge --clear-groups \
    munged --log-file /run/munge/log --pid-file /run/munge/pid --seed-file /run/munge/seed

sed "s|FOLDER|$folder|" "$here/slurm.conf" > /etc/slurm/slurm.conf
cp "$here/gres.conf" "$here/cgroup.conf" /etc/slurm/
slurmctld
on_nodes slurmd -N node1
on_nodes slurmd -N node2
echo "$nodes" > "$folder/nodes.pid"
wait "$nodes"
