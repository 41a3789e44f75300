"""What two drivers call the same thing: functions of libcuda (driver API) and of libamdhip64, by what they do here.

Names and argument orders are those of cuda.h (CUDA 12 driver API) and hip_runtime_api.h (ROCm 5 and newer).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """One driver's words."""

    vendor: str
    library: str
    """What the dynamic loader knows it as."""
    names: dict[str, str]
    """What we call it → what the library does."""
    shared_bytes: int
    """Most shared memory of one block. ROCm lets more pass, and computes nonsense."""


CUDA = Dialect(
    "cuda",
    "libcuda.so.1",
    {
        "init": "cuInit",
        "load": "cuModuleLoadData",
        "unload": "cuModuleUnload",
        "function": "cuModuleGetFunction",
        "function_attribute": "cuFuncGetAttribute",
        "allocate": "cuMemAlloc_v2",
        "free": "cuMemFree_v2",
        "memory": "cuMemGetInfo_v2",
        "fill": "cuMemsetD32_v2",
        "put": "cuMemcpyHtoD_v2",
        "get": "cuMemcpyDtoH_v2",
        "launch": "cuLaunchKernel",
        "wait": "cuCtxSynchronize",
        "event": "cuEventCreate",
        "record": "cuEventRecord",
        "elapsed": "cuEventElapsedTime",
    },
    shared_bytes=48 * 1024,
)
HIP = Dialect(
    "rocm",
    "libamdhip64.so.5",
    {
        "init": "hipInit",
        "load": "hipModuleLoadData",
        "unload": "hipModuleUnload",
        "function": "hipModuleGetFunction",
        "function_attribute": "hipFuncGetAttribute",
        "allocate": "hipMalloc",
        "free": "hipFree",
        "memory": "hipMemGetInfo",
        "fill": "hipMemsetD32",
        "put": "hipMemcpyHtoD",
        "get": "hipMemcpyDtoH",
        "launch": "hipModuleLaunchKernel",
        "wait": "hipDeviceSynchronize",
        "event": "hipEventCreateWithFlags",
        "record": "hipEventRecord",
        "elapsed": "hipEventElapsedTime",
    },
    shared_bytes=64 * 1024,
)
DIALECTS = {dialect.vendor: dialect for dialect in (CUDA, HIP)}
