/* Dense single-precision product: c = a * b.
 *
 * a is n x k, b is k x m, c is n x m; all row-major and packed, 64-byte aligned, and none overlaps another.
 * n, m and k are at least 1 and need not be multiples of anything. c holds garbage on entry: write every element.
 */

#define ROW_TILE 1024  // tunable: 4 8 16 32 64 128 1024
#define COL_TILE 1024  // tunable: 8 16 32 64 128 256 1024

static int least(int x, int y)
{
    return x < y ? x : y;
}

void matmul(const float *a, const float *b, float *c, int n, int m, int k)
{
    for (int i0 = 0; i0 < n; i0 += ROW_TILE) {
        for (int j0 = 0; j0 < m; j0 += COL_TILE) {
            for (int i = i0; i < least(i0 + ROW_TILE, n); i++) {
                for (int j = j0; j < least(j0 + COL_TILE, m); j++) {
                    float sum = 0.0f;
                    for (int p = 0; p < k; p++) {
                        sum += a[i * k + p] * b[p * m + j];
                    }
                    c[i * m + j] = sum;
                }
            }
        }
    }
}
