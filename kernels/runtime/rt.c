/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "rt.h"
#include "rt_sys.h"
#include "rvtile.h"

/* ---- memory and arrays ------------------------------------------------------------------------------------------- */

struct rvtile_array rvtile_arrays[RT_MAX_ARRAYS + 1];
static enum rt_dtype array_dtype[RT_MAX_ARRAYS];
static enum rt_role array_role[RT_MAX_ARRAYS];
static unsigned array_count;
static enum rt_pattern pattern;
static uint64_t seed = 1;
static int guard;

static const struct rt_kernel *rt_kernel = rt_kernels;

static const char *const dtype_name[] = {"f32", "f16", "bf16", "i8", "i32"};
static const uint64_t dtype_bytes[] = {4, 2, 2, 1, 4};
static const char *const pattern_name[] = {"uniform", "wide", "large", "equal", "neginf",
                                           "extreme", "zero", "tiny",  "ties",  "special"};

__attribute__((noreturn)) static void fail(int status, const char *why) {
    put(rt_kernel->name);
    put(": ");
    put(why);
    put("\n");
    flush(2);
    rt_exit(status);
}

static char *map(uint64_t bytes) {
    long p = syscall6(SYS_MMAP, 0, (long)bytes, PROT_RW, MAP_PRIVATE_ANONYMOUS, -1, 0);
    if (p < 0 && p > -PAGE)
        fail(3, "out of memory");
    return (char *)p;
}

/* Every block has pages of its own. With `guard` it ends directly before an unmapped page; its start then has only the
 * alignment that its size leaves, which is that of its elements. */
static char *allocate(uint64_t bytes) {
    uint64_t whole = (bytes + PAGE - 1) & -(uint64_t)PAGE;
    if (!guard)
        return map(whole ? whole : PAGE);
    char *p = map(whole + PAGE);
    syscall6(SYS_MUNMAP, (long)(p + whole), PAGE, 0, 0, 0, 0);
    return p + whole - bytes;
}

void *rt_scratch(uint64_t bytes) { return allocate((bytes + 63) & -(uint64_t)64); }

static uint64_t elements(const struct rvtile_array *a) {
    uint64_t n = 1;
    for (unsigned i = 0; i < RT_ARRAY_DIMS && a->dims[i]; i++)
        n *= a->dims[i];
    return n;
}

void *rt_array(const char *name, enum rt_dtype dtype, enum rt_role role, uint64_t d0, uint64_t d1) {
    if (array_count == RT_MAX_ARRAYS)
        fail(3, "too many arrays");
    struct rvtile_array *a = &rvtile_arrays[array_count];
    a->name = name;
    a->dtype = dtype_name[dtype];
    a->dims[0] = d0;
    a->dims[1] = d1;
    a->data = allocate(elements(a) * dtype_bytes[dtype]);
    array_dtype[array_count] = dtype;
    array_role[array_count] = role;
    array_count++;
    return a->data;
}

/* ---- inputs ------------------------------------------------------------------------------------------------------
 *
 * Stream n of seed s starts at state (s + n) * 0x9e3779b97f4a7c15 mod 2^64. Each element first steps
 *     state = state * 6364136223846793005 + 1442695040888963407 mod 2^64
 * and then takes the top bits of the state. With u24, u7 and u8 = its top 24, 7 and 8 bits the uniform pattern is
 *     f32: u24 / 2^23 - 1    f16, bf16: u7 / 2^6 - 1    i8: u8 - 128       (floats in [-1, 1), all exact)
 * The other patterns change a uniform value x of an f32 or i8 array:
 *     wide:    x * 2^4                neginf:  -infinity where the low bit of u24 is 1 and the column index is not 0
 *     large:   x * 2^13               extreme: -128 (i8 only)
 *     equal:   0.75                   ties:    x rounded down to a multiple of 1/4
 *     zero:    0                      tiny:    x * 2^-130, mostly subnormal
 *     special: infinity, -infinity or NaN where the low five bits of u24 are 0, 1 or 2
 * src/inputs.rs says the same to the host; keep the two together. */

static const float infinity = __builtin_inff();
static const float special[] = {__builtin_inff(), -__builtin_inff(), __builtin_nanf("")};

static void fill_f32(float *p, uint64_t n, uint64_t columns, uint64_t state) {
    uint64_t column = 0;
    for (uint64_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        int32_t top = (int32_t)(state >> 40);
        float x = (float)(top - (1 << 23)) * 0x1p-23f;
        if (pattern == RT_WIDE)
            x *= 0x1p4f;
        else if (pattern == RT_LARGE)
            x *= 0x1p13f;
        else if (pattern == RT_EQUAL)
            x = 0.75f;
        else if (pattern == RT_NEGINF && (top & 1) && column)
            x = -infinity;
        else if (pattern == RT_ZERO)
            x = 0;
        else if (pattern == RT_TINY)
            x = x * 0x1p-65f * 0x1p-65f;
        else if (pattern == RT_TIES)
            x = (float)((top >> 21) - 4) * 0.25f;
        else if (pattern == RT_SPECIAL && (top & 31) < 3)
            x = special[top & 31];
        p[i] = x;
        if (++column == columns)
            column = 0;
    }
}

/* (u7 - 64) / 64 as half-precision bits, by integer arithmetic alone: no instruction of Zfh needed here. */
static uint16_t f16_from_64ths(int v) {
    if (!v)
        return 0;
    unsigned sign = v < 0 ? 0x8000 : 0;
    unsigned magnitude = (unsigned)(v < 0 ? -v : v);
    unsigned shift = 0;
    while (!(magnitude & 64)) {
        magnitude <<= 1;
        shift++;
    }
    return (uint16_t)(sign | (15 - shift) << 10 | (magnitude & 63) << 4);
}

static void fill_f16(uint16_t *p, uint64_t n, uint64_t state) {
    for (uint64_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        p[i] = f16_from_64ths((int)(state >> 57) - 64);
    }
}

static void fill_bf16(uint16_t *p, uint64_t n, uint64_t state) {
    for (uint64_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        union {
            float f;
            uint32_t u;
        } x = {(float)((int)(state >> 57) - 64) * 0x1p-6f};
        p[i] = (uint16_t)(x.u >> 16);
    }
}

static void fill_i8(int8_t *p, uint64_t n, uint64_t state) {
    for (uint64_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        p[i] = pattern == RT_EXTREME ? -128 : (int8_t)((int)(state >> 56) - 128);
    }
}

void *rt_input(const char *name, enum rt_dtype dtype, uint64_t d0, uint64_t d1) {
    uint64_t state = (seed + array_count) * 0x9e3779b97f4a7c15u;
    void *data = rt_array(name, dtype, RT_INPUT, d0, d1);
    uint64_t n = elements(&rvtile_arrays[array_count - 1]);
    if (dtype == RT_F32)
        fill_f32(data, n, d1 ? d1 : d0, state);
    else if (dtype == RT_F16)
        fill_f16(data, n, state);
    else if (dtype == RT_BF16)
        fill_bf16(data, n, state);
    else if (dtype == RT_I8)
        fill_i8(data, n, state);
    return data;
}

/* ---- output ------------------------------------------------------------------------------------------------------ */

/* h = h * 31 + element bits, over all output arrays in order. */
static uint64_t checksum(void) {
    uint64_t h = 0;
    for (unsigned a = 0; a < array_count; a++) {
        if (array_role[a] != RT_OUTPUT)
            continue;
        uint64_t n = elements(&rvtile_arrays[a]);
        const void *data = rvtile_arrays[a].data;
        for (uint64_t i = 0; i < n; i++) {
            uint64_t bits = dtype_bytes[array_dtype[a]] == 4   ? ((const uint32_t *)data)[i]
                            : dtype_bytes[array_dtype[a]] == 2 ? ((const uint16_t *)data)[i]
                                                               : ((const uint8_t *)data)[i];
            h = h * 31 + bits;
        }
    }
    return h;
}

static void dump_arrays(void) {
    for (unsigned a = 0; a < array_count; a++) {
        uint64_t bytes = elements(&rvtile_arrays[a]) * dtype_bytes[array_dtype[a]];
        put("array ");
        put(rvtile_arrays[a].name);
        put(" ");
        put(rvtile_arrays[a].dtype);
        for (unsigned i = 0; i < RT_ARRAY_DIMS && rvtile_arrays[a].dims[i]; i++) {
            put(i ? "x" : " ");
            put_number(rvtile_arrays[a].dims[i], 10, 1);
        }
        put(" ");
        put_number(bytes, 10, 1);
        put("\n");
        flush(1);
        write_all(1, rvtile_arrays[a].data, bytes);
    }
}

/* ---- the program ------------------------------------------------------------------------------------------------- */

__attribute__((noreturn)) static void usage(const char *why) {
    put(rt_kernel->name);
    put(": ");
    put(why);
    put("\nusage: ");
    put(rt_kernel->name);
    put(" rvv|scalar ");
    put(rt_kernel->dims_help);
    put(" [pattern=uniform");
    for (unsigned i = 1; i < RT_PATTERNS; i++) {
        if (rt_kernel->patterns >> i & 1) {
            put("|");
            put(pattern_name[i]);
        }
    }
    put("] [runs=<n>] [seed=<n>] [guard] [dump]\n");
    flush(2);
    rt_exit(2);
}

/* The kernel that the last part of the program's path names; the first one if none. */
static void select_kernel(const char *path) {
    const char *base = path;
    for (const char *p = path; *p; p++)
        if (*p == '/')
            base = p + 1;
    for (const struct rt_kernel *k = rt_kernels; k->name; k++)
        if (equal(base, k->name))
            rt_kernel = k;
}

static enum rt_pattern find_pattern(const char *name) {
    for (unsigned i = 0; i < RT_PATTERNS; i++)
        if (equal(name, pattern_name[i]) && (i == RT_UNIFORM || (rt_kernel->patterns >> i & 1)))
            return (enum rt_pattern)i;
    usage("this kernel has no such pattern");
}

__attribute__((noreturn, used)) void rt_start(const uint64_t *stack) {
    uint64_t argc = stack[0];
    const char *const *argv = (const char *const *)(stack + 1);
    uint64_t dims[RT_MAX_DIMS] = {0};
    uint64_t runs = 2;
    int dump = 0;
    enum rt_variant variant;

    select_kernel(argv[0]);
    if (argc < 2 + (uint64_t)rt_kernel->dims)
        usage("too few arguments");
    if (equal(argv[1], "rvv")) {
        variant = RT_RVV;
    } else if (equal(argv[1], "scalar")) {
        variant = RT_SCALAR;
        if (rt_kernel->scalar_runs)
            runs = rt_kernel->scalar_runs;
    } else {
        usage("unknown variant");
    }
    for (unsigned i = 0; i < rt_kernel->dims; i++)
        if (!parse_u64(argv[2 + i], &dims[i]) || dims[i] > (1u << 30))
            usage("a dimension is no number, or above 2^30");
    for (uint64_t i = 2 + rt_kernel->dims; i < argc; i++) {
        const char *value;
        if (equal(argv[i], "dump"))
            dump = 1;
        else if (equal(argv[i], "guard"))
            guard = 1;
        else if ((value = after(argv[i], "pattern=")))
            pattern = find_pattern(value);
        else if ((value = after(argv[i], "runs=")) && parse_u64(value, &runs) && runs)
            ;
        else if ((value = after(argv[i], "seed=")) && parse_u64(value, &seed))
            ;
        else
            usage("unknown argument");
    }
    const char *why = rt_kernel->validate(dims);
    if (why)
        usage(why);

    rt_kernel->setup(dims);
    for (uint64_t i = 1; i < runs; i++)
        rt_kernel->run(variant);
    rvtile_region_begin(rt_kernel->name);
    rt_kernel->run(variant);
    rvtile_region_end(rt_kernel->name);

    put(rt_kernel->name);
    put(" ");
    put(argv[1]);
    for (unsigned i = 0; i < rt_kernel->dims; i++) {
        put(i ? "x" : " ");
        put_number(dims[i], 10, 1);
    }
    put(" checksum 0x");
    put_number(checksum(), 16, 16);
    put("\n");
    flush(1);
    if (dump)
        dump_arrays();
    rt_exit(0);
}
