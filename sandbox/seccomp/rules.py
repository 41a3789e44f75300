"""What the profiles beside this file are written from: allow-lists by purpose; the rest is refused with EPERM.

Starting point is what engines allow to a container without capabilities, less every call that a build or a computation
can do without and that has been a way into the kernel: namespaces, mounts, bpf, key rings, userfaultfd, io_uring, perf,
tracing and reading other processes, file handles, and every socket family but AF_UNIX. The 32-bit ABIs are off, so the
lists hold native 64-bit names only. Containers with a GPU may also say on which memory node their buffers lie; that is
the whole difference. gVisor applies a profile inside its own kernel (`--oci-seccomp`), but gives every refused call the
same error, and C libraries need ENOSYS from clone3: there the call is let through to gVisor, which has none.
`python -m sandbox.seccomp.rules` rewrites the files.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

Variant = Literal["runner", "gpu", "gvisor"]
VARIANTS: tuple[Variant, ...] = ("runner", "gpu", "gvisor")

AF_UNIX = 1
ENOSYS = 38
CLONE_NEW = 0x7E020000
"""CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET, from the kernel's uapi/linux/sched.h."""
PERSONALITIES = (0x0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)
"""Linux, 32-bit Linux, each with old uname; and the question which one is set. None disables address randomisation."""

ALLOWED: dict[str, str] = {
    "files": """access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2
        fadvise64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync flock fstat fstatfs fsync
        ftruncate futimesat getcwd getdents getdents64 ioctl lchown link linkat lseek lstat mkdir mkdirat mknod mknodat
        newfstatat open openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead
        readlink readlinkat readv rename renameat renameat2 rmdir sendfile splice stat statfs statx symlink symlinkat
        sync sync_file_range syncfs tee truncate umask unlink unlinkat utime utimensat utimes write writev""",
    "extended attributes": """fgetxattr flistxattr fremovexattr fsetxattr getxattr lgetxattr listxattr llistxattr
        lremovexattr lsetxattr removexattr setxattr""",
    "waiting for files": """epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2
        inotify_add_watch inotify_init inotify_init1 inotify_rm_watch poll ppoll pselect6 select signalfd signalfd4
        timerfd_create timerfd_gettime timerfd_settime""",
    "asynchronous files, the old kind": "io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit",
    "memory": """brk madvise membarrier memfd_create mincore mlock mlock2 mlockall mmap mprotect mremap msync munlock
        munlockall munmap pkey_alloc pkey_free pkey_mprotect""",
    "processes": """arch_prctl capget capset execve execveat exit exit_group fork getegid geteuid getgid getgroups
        getpgid getpgrp getpid getppid getpriority getresgid getresuid getrlimit getrusage getsid gettid getuid kill
        pidfd_open pidfd_send_signal prctl prlimit64 restart_syscall seccomp set_robust_list get_robust_list
        set_tid_address setfsgid setfsuid setgid setgroups setpgid setpriority setregid setresgid setresuid setreuid
        setrlimit setsid setuid tgkill tkill vfork wait4 waitid""",
    "scheduling": """getcpu ioprio_get ioprio_set rseq sched_get_priority_max sched_get_priority_min sched_getaffinity
        sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr
        sched_setparam sched_setscheduler sched_yield""",
    "signals": """pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
        rt_sigtimedwait rt_tgsigqueueinfo sigaltstack""",
    "locks": "futex futex_waitv",
    "time": """alarm clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time
        timer_create timer_delete timer_getoverrun timer_gettime timer_settime times""",
    "messages between own processes": """mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl
        msgget msgrcv msgsnd semctl semget semop semtimedop shmat shmctl shmdt shmget""",
    "local sockets": """accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg
        sendmmsg sendmsg sendto setsockopt shutdown""",
    "own restrictions": "landlock_add_rule landlock_create_ruleset landlock_restrict_self",
    "facts": "getrandom sysinfo uname",
}
PLACEMENT = {"memory placement": "get_mempolicy mbind set_mempolicy"}
"""GPU runtimes place their buffers by node. The engine's own profile ties these to a capability, which is why people
run GPU containers unconfined."""


def file_of(variant: Variant) -> Path:
    """Where a profile is kept."""
    return Path(__file__).with_name(f"{variant}.json")


def document(variant: Variant) -> dict[str, Any]:
    """A profile in the engine's format (Docker 20.10 and newer)."""

    def allow(names: list[str], *args: dict[str, Any], comment: str) -> dict[str, Any]:
        return {"names": names, "action": "SCMP_ACT_ALLOW", "args": list(args), "comment": comment}

    def argument(index: int, value: int, operator: str, second: int = 0) -> dict[str, Any]:
        return {"index": index, "value": value, "valueTwo": second, "op": operator}

    purposes = ALLOWED | PLACEMENT if variant == "gpu" else ALLOWED
    rules = [allow(sorted(names.split()), comment=purpose) for purpose, names in purposes.items()]
    for family_call in ("socket", "socketpair"):
        only_local = argument(0, AF_UNIX, "SCMP_CMP_EQ")
        rules.append(allow([family_call], only_local, comment="AF_UNIX only: no network, netlink, vsock or alg family"))
    for persona in PERSONALITIES:
        rules.append(allow(["personality"], argument(0, persona, "SCMP_CMP_EQ"), comment="known personalities"))
    without_namespaces = argument(0, CLONE_NEW, "SCMP_CMP_MASKED_EQ")
    rules.append(allow(["clone"], without_namespaces, comment="threads and processes, without new namespaces"))
    rules.append(
        allow(["clone3"], comment="gVisor answers ENOSYS itself")
        if variant == "gvisor"
        else {
            "names": ["clone3"],
            "action": "SCMP_ACT_ERRNO",
            "errnoRet": ENOSYS,
            "comment": "its flags lie in memory, out of a filter's sight; C libraries fall back to clone on ENOSYS",
        }
    )
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 1,
        "archMap": [
            {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": []},
            {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": []},
        ],
        "syscalls": rules,
    }


def rendered(variant: Variant) -> str:
    """The text that belongs in the variant's file."""
    return json.dumps(document(variant), indent=1) + "\n"


@cache
def profile(variant: Variant) -> str:
    """A shipped profile as one compact JSON text, as the engine's API wants it."""
    return json.dumps(json.loads(file_of(variant).read_text()), separators=(",", ":"), sort_keys=True)


if __name__ == "__main__":
    for each in VARIANTS:
        file_of(each).write_text(rendered(each))
