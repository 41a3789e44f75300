"""The trusted program beside a GPU: loads compiled device code only, launches it, times it, and cleans up after it.

No candidate code ever runs in this process: what a candidate wrote was compiled in another container, and what comes
from there is an object for the GPU's driver and three numbers. See README.md for what that leaves open.
"""
