import sys
from tests.bench.throughput.campaign import measured
n, flight, model, ev = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
print(measured(n, flight, model=model, evaluation=ev))
