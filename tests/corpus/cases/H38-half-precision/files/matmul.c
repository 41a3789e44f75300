void matmul(const float *a, const float *b, float *c, int n, int m, int k)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < m; j++) c[i * m + j] = 0.0f;
        for (int p = 0; p < k; p++) {
            float x = (float)(_Float16)a[i * k + p];
            for (int j = 0; j < m; j++) c[i * m + j] += x * (float)(_Float16)b[p * m + j];
        }
    }
}
