"""Mount sources as they are on the host: links resolved, kinds checked. The only part of a spec that needs the disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from sandbox.refusals import Finding, finding, forbidden_source
from sandbox.spec import ContainerSpec
from workflows.ports import InfrastructureError


def resolve_roots(roots: Sequence[Path]) -> list[str]:
    """The allowed roots without links."""
    return [os.path.realpath(root) for root in roots]


def resolve(spec: ContainerSpec) -> tuple[ContainerSpec, list[Finding]]:
    """The spec with real mount sources, and what is wrong with them.

    The engine would follow links by itself, so that a link below an allowed root could show anything of the host.
    Raises InfrastructureError for a source that does not exist.
    """
    findings: list[Finding] = []
    mounts = []
    for mount in spec.mounts:
        shown = f"{mount.source!r} at {mount.target!r}"
        if forbidden_source(mount.source):
            findings.append(finding("mount-control-socket", shown))
        if not Path(mount.source).is_absolute():
            findings.append(finding("mount-path", shown))
            continue
        source = os.path.realpath(mount.source)
        try:
            mode = Path(source).stat().st_mode
        except OSError as error:
            if not findings:
                raise InfrastructureError(f"sandbox: mount source {mount.source}: {error.strerror}") from error
            continue
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISSOCK(mode)):
            findings.append(finding("mount-path", f"{shown} is neither file, folder nor socket"))
        if not mount.read_only and spec.role != "judge" and not stat.S_ISREG(mode):
            findings.append(finding("mount-writable", f"{shown} for role {spec.role}"))
        mounts.append(mount.model_copy(update={"source": source}))
    return spec.model_copy(update={"mounts": tuple(mounts)}), findings
