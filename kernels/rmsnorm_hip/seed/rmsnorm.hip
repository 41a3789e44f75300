/* RMS normalisation: y[r][c] = w[c] * x[r][c] / sqrt(mean over c of x[r][c]^2 + 1e-6).
 *
 * x and y are rows x columns, w has columns elements; row-major, packed, 256-byte aligned, and none overlaps another.
 * A block takes one row and has a power of two of threads (see launch.json); columns need not be a multiple of anything.
 * Write every element of y.
 */
#include <hip/hip_runtime.h>

#define MOST_THREADS 1024

extern "C" __global__ void rmsnorm(const float *x, const float *w, float *y, int rows, int columns)
{
    __shared__ float part[MOST_THREADS];
    const long start = (long)blockIdx.x * columns;
    float sum = 0.0f;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) {
        sum += x[start + c] * x[start + c];
    }
    part[threadIdx.x] = sum;
    __syncthreads();
    for (int half = blockDim.x / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) {
            part[threadIdx.x] += part[threadIdx.x + half];
        }
        __syncthreads();
    }
    const float scale = 1.0f / sqrtf(part[0] / columns + 1e-6f);
    for (int c = threadIdx.x; c < columns; c += blockDim.x) {
        y[start + c] = x[start + c] * scale * w[c];
    }
}
