"""The seeds that the tuner knows shapes of."""

from pathlib import Path

_KERNELS = Path(__file__).resolve().parents[4] / "kernels"
MATMUL = (_KERNELS / "matmul" / "seed" / "matmul.c").read_text()
PACKING = (_KERNELS / "packing" / "seed" / "packing.py").read_text()
