/* The honest work, `repeats` times over; the fence keeps the compiler from doing it once only. */
static void means(const float *x, float *y, int n, int repeats)
{
    for (int r = 0; r < repeats; r++) {
        double sum = 0.0;
        for (int i = 0; i < n; i++) {
            sum += x[i];
            y[i] = (float)(sum / (i + 1));
        }
        __asm__ volatile("" ::: "memory");
    }
}
