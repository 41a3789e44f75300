/* A driver library without a device: the entry points that the launcher uses, under CUDA's names or HIP's.
 *
 * Device memory is a file (FAKE_VRAM), so that it outlives processes as a card's does; an object is the text
 * "\x7fELF" and the name of one of the kernels below. FAKE_FAULT makes a call fail or the device misbehave.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#ifdef AS_HIP
#define N(cuda, hip) hip
#else
#define N(cuda, hip) cuda
#endif

enum { INVALID = 1, MEMORY = 2, NOT_FOUND = 500, LAUNCH = 719, BAD_IMAGE = 200 };
#define BASE 0x7000000000ULL

static unsigned char *vram;
static size_t total;
static struct { size_t at, size; } blocks[4096];
static int used;
static int failed; /* as a device does: the next wait tells */
static double clock_seconds;

static int fault(const char *name)
{
    const char *wanted = getenv("FAKE_FAULT");
    return wanted && strcmp(wanted, name) == 0;
}

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec * 1e-9;
}

int N(cuInit, hipInit)(unsigned flags)
{
    const char *path = getenv("FAKE_VRAM"), *size = getenv("FAKE_VRAM_BYTES");
    if (flags || fault("init")) return INVALID;
    total = size ? strtoull(size, 0, 10) : 64u << 20;
    int file = path ? open(path, O_RDWR | O_CREAT, 0600) : memfd_create("vram", 0);
    if (file < 0 || ftruncate(file, total)) return INVALID;
    vram = mmap(0, total, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return vram == MAP_FAILED ? INVALID : 0;
}

#ifdef AS_HIP
int hipSetDevice(int device) { return device != 0; }
const char *hipGetErrorName(int code) { return code == LAUNCH ? "hipErrorLaunchFailure" : "hipErrorInvalidValue"; }
#else
int cuDeviceGet(int *device, int number) { *device = 0; return number != 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) { *context = vram; return device; }
int cuCtxSetCurrent(void *context) { return context != vram; }
int cuGetErrorName(int code, const char **name)
{
    *name = code == LAUNCH ? "CUDA_ERROR_LAUNCH_FAILED" : code == MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_INVALID_VALUE";
    return 0;
}
#endif

static unsigned char *host(uint64_t address, size_t size)
{
    if (address < BASE || address - BASE + size > total) return 0;
    return vram + (address - BASE);
}

int N(cuMemGetInfo_v2, hipMemGetInfo)(size_t *free_, size_t *all)
{
    size_t taken = 0;
    for (int i = 0; i < used; i++) taken += blocks[i].size;
    *free_ = total - taken;
    *all = total;
    return 0;
}

int N(cuMemAlloc_v2, hipMalloc)(uint64_t *address, size_t size)
{
    size_t at = 0;
    for (int i = 0; i < used; i++) /* kept in order: first gap that fits */
    {
        if (blocks[i].at - at >= size) break;
        at = blocks[i].at + blocks[i].size;
    }
    if (used == 4096 || at + size > total || fault("allocate")) return MEMORY;
    int place = used++;
    while (place > 0 && blocks[place - 1].at > at) { blocks[place] = blocks[place - 1]; place--; }
    blocks[place].at = at;
    blocks[place].size = size;
    *address = BASE + at;
    return 0;
}

int N(cuMemFree_v2, hipFree)(uint64_t address)
{
    for (int i = 0; i < used; i++)
        if (blocks[i].at == address - BASE)
        {
            memmove(blocks + i, blocks + i + 1, (--used - i) * sizeof *blocks);
            return 0;
        }
    return INVALID;
}

int N(cuMemsetD32_v2, hipMemsetD32)(uint64_t address, unsigned word, size_t count)
{
    unsigned char *to = host(address, 4 * count);
    if (!to) return INVALID;
    for (size_t i = 0; i < count; i++) memcpy(to + 4 * i, &word, 4);
    if (fault("memory")) to[7] ^= 1;
    clock_seconds += fault("clock") ? 0 : 1e-6;
    return 0;
}

int N(cuMemcpyHtoD_v2, hipMemcpyHtoD)(uint64_t to, const void *from, size_t size)
{
    if (!host(to, size)) return INVALID;
    memcpy(host(to, size), from, size);
    return 0;
}

int N(cuMemcpyDtoH_v2, hipMemcpyDtoH)(void *to, uint64_t from, size_t size)
{
    if (!host(from, size)) return INVALID;
    memcpy(to, host(from, size), size);
    return 0;
}

int N(cuModuleLoadData, hipModuleLoadData)(void **module, const char *image)
{
    if (memcmp(image, "\x7f" "ELF", 4)) return BAD_IMAGE;
    *module = strdup(image + 4);
    return 0;
}

int N(cuModuleUnload, hipModuleUnload)(void *module) { free(module); return 0; }

int N(cuModuleGetFunction, hipModuleGetFunction)(void **function, void *module, const char *name)
{
    *function = module;
    return strcmp(name, "rows_kernel") ? NOT_FOUND : 0;
}

int N(cuFuncGetAttribute, hipFuncGetAttribute)(int *value, int which, void *function)
{
    *value = which == 0 ? 512 : strcmp(function, "greedy") == 0 ? 65792 : 0;
    return 0;
}

/* y = x * w, row by row, and what a cheat or a mistake might do instead */
int N(cuLaunchKernel, hipModuleLaunchKernel)(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                                             unsigned by, unsigned bz, unsigned shared, void *stream, void **given,
                                             void **extra)
{
    const char *name = function;
    if (fault("launch") || strcmp(name, "refused") == 0) return INVALID;
    if (strcmp(name, "crash") == 0) { failed = LAUNCH; return 0; }
    if (strcmp(name, "hang") == 0) for (;;) pause();
    uint64_t x = *(uint64_t *)given[0], w = *(uint64_t *)given[1], y = *(uint64_t *)given[2];
    int rows = *(int *)given[3], columns = *(int *)given[4];
    size_t size = 4ul * rows * columns;
    float *from = (float *)host(x, size), *by_ = (float *)host(w, 4ul * columns), *to = (float *)host(y, size);
    if (!from || !by_ || !to || gy * gz * by * bz != 1 || bx == 0 || shared > 65536 || stream || extra) return INVALID;
    double started = now();
    long done = strcmp(name, "half") == 0 ? (long)rows / 2 : (long)gx < rows ? (long)gx : rows;
    if (strcmp(name, "nothing") != 0)
        for (long i = 0; i < done; i++)
            for (int j = 0; j < columns; j++) to[i * columns + j] = from[i * columns + j] * by_[j];
    if (strcmp(name, "overrun") == 0) to[(long)rows * columns] = 1.0f;
    if (strcmp(name, "underrun") == 0) to[-1] = 1.0f;
    if (strcmp(name, "mutate") == 0) from[0] += 1.0f;
    if (strcmp(name, "slow") == 0) usleep(20000);
    clock_seconds += strcmp(name, "early") == 0 ? 1e-6 : now() - started + 2e-6;
    if (strcmp(name, "early") == 0) usleep(20000);
    return 0;
}

int N(cuCtxSynchronize, hipDeviceSynchronize)(void)
{
    int told = failed;
    return told;
}

int N(cuEventCreate, hipEventCreateWithFlags)(void **event, unsigned flags)
{
    *event = calloc(1, sizeof(double));
    return flags != 0;
}

int N(cuEventRecord, hipEventRecord)(void *event, void *stream)
{
    *(double *)event = clock_seconds;
    return stream != 0;
}

int N(cuEventElapsedTime, hipEventElapsedTime)(float *milliseconds, void *start, void *stop)
{
    *milliseconds = (float)((*(double *)stop - *(double *)start) * 1e3);
    return failed;
}
