"""A GPU's driver library through ctypes: the few calls that a launch takes, and every error in words."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_size_t, c_uint, c_uint64, c_void_p
from typing import Any

from .dialects import DIALECTS, Dialect

THREADS_ATTRIBUTE, SHARED_ATTRIBUTE = 0, 1
"""Most threads of a block that a function can be launched with, and its own shared memory in bytes: same in both."""


class DriverError(Exception):
    """The driver said no. `name` is its word for the reason, `call` ours for what was tried."""

    def __init__(self, call: str, code: int, name: str) -> None:
        super().__init__(f"{call}: {name} ({code})")
        self.call = call
        self.code = code
        self.name = name


class Driver:
    """One device, the first that the driver shows: a container is given no other."""

    def __init__(self, vendor: str, library: str = "") -> None:
        self.dialect: Dialect = DIALECTS[vendor]
        try:
            self._library = ctypes.CDLL(library or self.dialect.library)
        except OSError as error:
            raise DriverError("library", -1, str(error)) from error
        self._call("init", c_uint(0))
        self._select()

    def load(self, image: bytes) -> c_void_p:
        """A module from a compiled object. Raises DriverError when the driver does not take it."""
        module = c_void_p()
        self._call("load", byref(module), c_char_p(image))
        return module

    def function(self, module: c_void_p, symbol: str) -> c_void_p:
        """A kernel by name."""
        found = c_void_p()
        self._call("function", byref(found), module, c_char_p(symbol.encode()))
        return found

    def attribute(self, function: c_void_p, which: int) -> int:
        """A fact about a kernel."""
        value = c_int()
        self._call("function_attribute", byref(value), c_int(which), function)
        return value.value

    def memory(self) -> tuple[int, int]:
        """Bytes of device memory: free, and altogether."""
        free, total = c_size_t(), c_size_t()
        self._call("memory", byref(free), byref(total))
        return free.value, total.value

    def allocate(self, size: int) -> int:
        """Address of fresh memory, with whatever was there before. Raises DriverError when there is too little."""
        address = c_uint64()
        self._call("allocate", byref(address), c_size_t(size))
        return address.value

    def free(self, address: int) -> None:
        """Give memory back."""
        self._call("free", c_uint64(address))

    def fill(self, address: int, word: int, count: int) -> None:
        """Write `count` equal 32-bit words."""
        self._call("fill", c_uint64(address), c_uint(word), c_size_t(count))

    def put(self, address: int, data: bytes | bytearray) -> None:
        """Copy to the device."""
        source = (ctypes.c_char * len(data)).from_buffer_copy(data)
        self._call("put", c_uint64(address), source, c_size_t(len(data)))

    def get(self, address: int, size: int) -> bytearray:
        """Copy from the device."""
        data = bytearray(size)
        self._call("get", (ctypes.c_char * size).from_buffer(data), c_uint64(address), c_size_t(size))
        return data

    def launch(self, function: c_void_p, grid: int, threads: int, shared: int, arguments: list[Any]) -> None:
        """Queue one launch. `arguments` are ctypes values. Raises DriverError at once if it cannot start."""
        pointers = (c_void_p * max(1, len(arguments)))(*(ctypes.addressof(value) for value in arguments))
        sizes = [c_uint(number) for number in (grid, 1, 1, threads, 1, 1, shared)]
        self._call("launch", function, *sizes, c_void_p(), pointers, c_void_p())

    def wait(self) -> None:
        """Until everything in the queue is done. Raises DriverError for what went wrong there."""
        self._call("wait")

    @contextlib.contextmanager
    def timed(self) -> Iterator[list[float]]:
        """Time what the block puts into the queue by the device's own clock: the list holds seconds after `wait`."""
        start, stop, seconds = c_void_p(), c_void_p(), c_float()
        self._call("event", byref(start), c_uint(0))
        self._call("event", byref(stop), c_uint(0))
        self._call("record", start, c_void_p())
        found: list[float] = []
        yield found
        self._call("record", stop, c_void_p())
        self.wait()
        self._call("elapsed", byref(seconds), start, stop)
        found.append(seconds.value / 1000.0)

    def shared_limit(self) -> int:
        """Most shared memory, in bytes, that one block may have."""
        return self.dialect.shared_bytes

    def _select(self) -> None:
        if self.dialect.vendor == "cuda":
            device, context = c_int(), c_void_p()
            self._named("cuDeviceGet", byref(device), c_int(0))
            self._named("cuDevicePrimaryCtxRetain", byref(context), device)
            self._named("cuCtxSetCurrent", context)
        else:
            self._named("hipSetDevice", c_int(0))

    def _call(self, call: str, *arguments: Any) -> None:
        self._named(self.dialect.names[call], *arguments)

    def _named(self, name: str, *arguments: Any) -> None:
        try:
            function = getattr(self._library, name)
        except AttributeError as error:
            raise DriverError(name, -1, "the library has no such function") from error
        function.restype = c_int
        code = function(*arguments)
        if code != 0:
            raise DriverError(name, code, self._word(code))

    def _word(self, code: int) -> str:
        """The driver's name for an error: CUDA writes it to a place, HIP returns it."""
        if self.dialect.vendor == "cuda":
            place = c_char_p()
            self._library.cuGetErrorName.argtypes = [c_int, POINTER(c_char_p)]
            self._library.cuGetErrorName(code, byref(place))
            name = place.value
        else:
            self._library.hipGetErrorName.restype = c_char_p
            name = self._library.hipGetErrorName(c_int(code))
        return name.decode("ascii", "replace") if name else "unknown error"
