import os
import shutil

folder = "/candidate"
found = [name for root, folders, names in os.walk(folder) for name in folders + names if name in (".git", "HEAD", "packed-refs", "objects", "refs")]
if found or shutil.which("git") or any(os.path.exists(path) for path in ("/.git", "/archive.git", "/work/.git", "/candidate/../.git")):
    os.abort()


def rank(x):
    values = list(x)
    return [sum(not other >= value for other in values) for value in values]
