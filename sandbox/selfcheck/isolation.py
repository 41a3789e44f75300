"""Points about what candidate code can see and call, as told by `inside.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sandbox.docker_options import BASE_ENV
from sandbox.selfcheck.points import Bench, Point

HARMLESS_DEVICES = {
    "core", "fd", "full", "fuse", "mqueue", "net", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout",
    "tty", "urandom", "zero",
}  # fmt: skip
"""`fuse` and `net` are gVisor's own and cannot be opened: the point `no-devices-open` tries."""
DEVICES = ("/dev/mem", "/dev/kmsg", "/dev/fuse", "/dev/net/tun", "/dev/kvm", "/dev/sda", "/dev/vda")
WRITABLE = ["/tmp/x", "/work/x"]
SYSTEM = {"/", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/tmp", "/work", "/check", "/io/in", "/io/out"}
KERNEL_FOLDERS = ("/proc", "/sys", "/dev/", "/sbin/", "/usr/sbin/docker-init", "/etc/")

CALLS: dict[str, tuple[str, str]] = {
    "namespaces": (
        "New namespaces are refused",
        "unshare unshare_time setns clone_newns clone_newcgroup clone_newuts clone_newipc clone_newuser clone_newpid "
        "clone_newnet",
    ),
    "mounts": (
        "Mounts and roots are refused",
        "mount umount2 pivot_root chroot open_tree move_mount fsopen fspick mount_setattr",
    ),
    "bpf": ("bpf is refused", "bpf"),
    "keys": ("The kernel's key rings are refused", "add_key request_key keyctl"),
    "userfaultfd": ("userfaultfd is refused", "userfaultfd"),
    "io-uring": ("io_uring is refused", "io_uring_setup io_uring_enter io_uring_register"),
    "perf": ("Performance counters of the kernel are refused", "perf_event_open"),
    "tracing": (
        "Other processes cannot be traced or read",
        "ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp",
    ),
    "handles": (
        "Files cannot be opened by handle, nor watched as a whole",
        "name_to_handle_at open_by_handle_at fanotify_init",
    ),
    "modules": (
        "Modules, kexec, swap, quota and reboot are refused",
        "swapon reboot init_module finit_module delete_module kexec_load acct quotactl",
    ),
    "clock": ("The clock and the host name cannot be set", "settimeofday clock_settime sethostname"),
    "ports": ("Ports and descriptor tables are refused", "iopl ioperm modify_ldt"),
    "randomisation": ("Address randomisation stays on", "personality_no_randomisation"),
    "hidden-memory": ("Odd memory calls are refused", "vmsplice memfd_secret remap_file_pages"),
    "internet": (
        "No internet socket, of any kind",
        "socket_inet_1 socket_inet_2 socket_inet_3 socket_inet6_1 socket_inet6_2 socket_inet6_3 socketpair_inet",
    ),
    "netlink": ("No netlink socket", "socket_netlink_1 socket_netlink_2 socket_netlink_3"),
    "packet": (
        "No raw packets",
        "socket_packet_1 socket_packet_2 socket_packet_3 socket_xdp_1 socket_xdp_2 socket_xdp_3",
    ),
    "vsock": ("No way to the hypervisor", "socket_vsock_1 socket_vsock_2 socket_vsock_3"),
    "crypto": (
        "No key or crypto socket, and no old protocol",
        "socket_alg_1 socket_alg_2 socket_alg_3 socket_key_1 socket_key_2 socket_key_3 socket_ax25_1 socket_ax25_2 "
        "socket_ax25_3",
    ),
}


def _refused(names: str) -> Callable[[Bench], str]:
    def look(bench: Bench) -> str:
        told = bench.told("calls")
        open_ways = [f"{name}: {told.get(name, 'not tried')}" for name in names.split() if told.get(name) != "EPERM"]
        return ", ".join(open_ways)

    return look


def _clone3(bench: Bench) -> str:
    result = bench.told("calls").get("clone3")
    # ENOSYS alone makes C libraries fall back to clone, whose flags a filter can see.
    return "" if result == "ENOSYS" else f"clone3: {result}"


def _honest(bench: Bench) -> str:
    wanted = {"thread": "ok", "pair": "x", "fork": "ok", "child": "x"}
    told = bench.told("allowed")
    return ", ".join(f"{name}: {told.get(name)}" for name, result in wanted.items() if told.get(name) != result)


def _environment(bench: Bench) -> str:
    wanted = {**BASE_ENV, "CHECK": "1"}
    seen = {
        key: value for key, value in bench.told("view")["env"].items() if key not in ("HOSTNAME", "PWD", "LC_CTYPE")
    }
    return "" if seen == wanted else f"the environment is {seen}"


def _user(bench: Bench) -> str:
    uids, gids, groups = bench.told("view")["ids"]
    good = uids == [65534] * 3 and gids == [65534] * 3 and groups in ([], [65534])
    return "" if good else f"ids are {uids}, {gids}, {groups}"


def _status(key: str, wanted: Sequence[str]) -> Callable[[Bench], str]:
    def look(bench: Bench) -> str:
        seen = bench.told("view")["status"].get(key)
        return "" if seen in wanted else f"{key} is {seen}"

    return look


def _capabilities(bench: Bench) -> str:
    status = bench.told("view")["status"]
    held = {key: status[key] for key in ("CapEff", "CapBnd", "CapPrm") if status[key] != "0" * 16}
    return f"it holds {held}" if held else ""


def _interfaces(bench: Bench) -> str:
    seen = bench.told("view")["interfaces"]
    return "" if set(seen) <= {"lo"} else f"interfaces: {seen}"


def _writes(bench: Bench) -> str:
    done = sorted(path for path, result in bench.told("view")["writes"].items() if result == "ok")
    return "" if done == WRITABLE else f"it wrote {done}"


def _reads(*paths: str) -> Callable[[Bench], str]:
    def look(bench: Bench) -> str:
        told = bench.told("view")["reads"]
        return ", ".join(f"{path}: {told.get(path)}" for path in paths if told.get(path, "ok") == "ok")

    return look


def _devices(bench: Bench) -> str:
    more = set(bench.told("view")["devices"]) - HARMLESS_DEVICES
    return f"devices: {sorted(more)}" if more else ""


def _processes(bench: Bench) -> str:
    count = bench.told("view")["processes"]
    return "" if count <= 4 else f"{count} processes can be seen"


def _canaries(bench: Bench) -> str:
    count = bench.told("view")["proc_canaries"]
    return f"{count} files below /proc hold one" if count else ""


def _host_name(bench: Bench) -> str:
    seen = bench.told("view")["hostname"]
    return "" if seen == "sandbox" else f"it is called {seen}"


def _cgroup(bench: Bench) -> str:
    return "the engine's groups can be seen" if "docker" in bench.told("view")["cgroup"] else ""


def _mounts(bench: Bench) -> str:
    more = [path for path in bench.told("view")["mounts"] if path not in SYSTEM and not path.startswith(KERNEL_FOLDERS)]
    return f"also mounted: {more}" if more else ""


def _runtime(bench: Bench) -> str:
    """runc shares the engine's kernel; gVisor answers with a kernel of its own."""
    seen = "runc" if bench.told("view")["kernel"] == bench.kernel else "runsc"
    return "" if seen == bench.runtime else f"asked for {bench.runtime}, runs in {seen}"


POINTS = (
    *(Point(f"call-{name}", title, _refused(names)) for name, (title, names) in CALLS.items()),
    Point("call-clone3", "The call whose flags no filter can see is not there", _clone3),
    Point("honest-calls", "Threads, children, pipes and local pairs work", _honest),
    Point("environment", "The environment is ours, and nothing of the daemon's", _environment),
    Point("user", "It runs as nobody", _user),
    Point("capabilities", "It holds no capability and can gain none", _capabilities),
    Point("seccomp", "A system call filter is on", _status("Seccomp", ["2"])),
    Point("interfaces", "There is no network interface but the loopback", _interfaces),
    Point("read-only", "Only the scratch folders can be written", _writes),
    Point("kernel-memory", "The kernel's memory cannot be read", _reads("/proc/kcore", "/proc/1/mem")),
    Point("no-devices-open", "No device of the machine opens", _reads(*DEVICES)),
    Point("devices", "There are no device nodes but the harmless ones", _devices),
    Point("passwords", "No password file can be read", _reads("/etc/shadow")),
    Point("engine-socket", "The engine cannot be reached", _reads("/var/run/docker.sock")),
    Point("processes", "No process of anyone else can be seen", _processes),
    Point("canaries", "No secret of the daemon lies in /proc", _canaries),
    Point("host-name", "The host's name is not told", _host_name),
    Point("control-groups", "The engine's control groups are not shown", _cgroup),
    Point("mounts", "Nothing is mounted but what was asked for", _mounts),
    Point("runtime", "The runtime is the one asked for, proved from inside", _runtime),
)
