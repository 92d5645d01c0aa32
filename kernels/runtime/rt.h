/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Runtime shared by all kernels: program start, arguments, inputs, measured region, array manifest, output.
 *
 * A kernel program defines the list `const struct rt_kernel rt_kernels[]`, ended by one without a name, and links with
 * crt.S, rt.c and the kernel library. With several kernels in the list argv[0] says which one is meant. The command line is
 *
 *     <variant> <dims...> [pattern=<name>] [runs=<n>] [seed=<n>] [guard] [dump]
 *
 * variant   rvv or scalar
 * pattern   which inputs to generate (default: uniform); names in rt.c, accepted per kernel by its `patterns` mask
 * runs      how often the kernel is called; the region marks the LAST call, so 2 (the default) means one warm-up call
 * seed      of the input generator (default 1)
 * guard     puts every array directly before an unmapped page, so that reading past its end is a fault
 * dump      writes every array as `array <name> <dtype> <d0>x<d1>... <nbytes>\n<raw bytes>` after the result line
 *
 * A wrong command line prints a usage line to fd 2 and exits with status 2; missing memory exits with status 3.
 */
#ifndef RT_H
#define RT_H

#include <stddef.h>
#include <stdint.h>

#define RT_MAX_DIMS 6
#define RT_MAX_ARRAYS 15
#define RT_ARRAY_DIMS 4

/* One entry of the manifest `rvtile_arrays`, read by the simulator out of guest memory; ends with name == NULL. */
struct rvtile_array {
    const char *name;
    const char *dtype; /* "f32", "f16", "bf16", "i8" or "i32" */
    void *data;
    uint64_t dims[RT_ARRAY_DIMS]; /* row-major, outermost first; unused ones are 0 */
};

enum rt_dtype { RT_F32, RT_F16, RT_BF16, RT_I8, RT_I32 };
enum rt_role { RT_INPUT, RT_OUTPUT };
enum rt_pattern {
    RT_UNIFORM,
    RT_WIDE,
    RT_LARGE,
    RT_EQUAL,
    RT_NEGINF,
    RT_EXTREME,
    RT_ZERO,
    RT_TINY,
    RT_TIES,
    RT_SPECIAL,
    RT_PATTERNS
};
enum rt_variant { RT_RVV, RT_SCALAR };

struct rt_kernel {
    const char *name;      /* also the name of the measured region */
    const char *dims_help; /* e.g. "<M> <K> <N>" */
    unsigned dims;         /* how many numbers the command line must give */
    unsigned patterns;     /* mask of 1 << enum rt_pattern; RT_UNIFORM is always accepted */
    unsigned scalar_runs;  /* default of `runs` for the scalar twin; 0 means as for rvv, 2 */
    /* Checks the dimensions; NULL if they are fine, else why not. */
    const char *(*validate)(const uint64_t *dims);
    /* Makes arrays and scratch memory, fills the inputs. Not measured. */
    void (*setup)(const uint64_t *dims);
    void (*run)(enum rt_variant variant);
};

extern const struct rt_kernel rt_kernels[];

/* A fresh array in the manifest; the n-th one (from 0) has input stream n. Dimensions that do not exist are 0. */
void *rt_array(const char *name, enum rt_dtype dtype, enum rt_role role, uint64_t d0, uint64_t d1);
/* The same array filled by the generator and the pattern of the command line. */
void *rt_input(const char *name, enum rt_dtype dtype, uint64_t d0, uint64_t d1);
/* Zeroed scratch memory, 64-byte aligned, outside the manifest. */
void *rt_scratch(uint64_t bytes);

static inline uint64_t rt_min(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* The value of a bf16. */
static inline float rt_from_bf16(uint16_t bits) {
    union {
        uint32_t u;
        float f;
    } y = {(uint32_t)bits << 16};
    return y.f;
}

#endif
