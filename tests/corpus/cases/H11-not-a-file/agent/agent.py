import os
import socket

OUT = "/out/bundle.json"


def tries():
    yield lambda: os.rename(OUT, "/out/other")
    yield lambda: os.unlink(OUT)
    yield lambda: os.symlink("/etc/shadow", OUT)
    yield lambda: os.mkfifo(OUT)
    yield lambda: os.mkdir(OUT)
    yield lambda: socket.socket(socket.AF_UNIX).bind(OUT)
    yield lambda: os.symlink("/etc/shadow", "/work/link") or os.rename("/work/link", OUT)
    yield lambda: os.link("/etc/passwd", OUT)


for one in tries():
    try:
        one()
    except OSError:
        continue
