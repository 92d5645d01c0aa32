/* SPDX-License-Identifier: MIT OR Apache-2.0
 * y[i][j] = exp(x[i][j] - max of row i) / sum over the row, fp32. Inputs may be -infinity, as masks are; a row of nothing
 * but -infinity, an input +infinity or NaN gives NaN or an unspecified value. */
#ifndef SOFTMAX_H
#define SOFTMAX_H

#include "rt.h"
#include "rt_math.h"

static size_t rows, cols;
static const float *x;
static float *y;

static void softmax_scalar(void) {
    for (size_t i = 0; i < rows; i++) {
        const float *in = x + i * cols;
        float *out = y + i * cols;
        float max = in[0];
        for (size_t j = 1; j < cols; j++)
            if (in[j] > max)
                max = in[j];
        float sum = 0;
        for (size_t j = 0; j < cols; j++) {
            out[j] = rt_expf(in[j] - max);
            sum += out[j];
        }
        float scale = 1 / sum;
        for (size_t j = 0; j < cols; j++)
            out[j] *= scale;
    }
}

static void setup(const uint64_t *dims) {
    rows = dims[0], cols = dims[1];
    x = rt_input("x", RT_F32, rows, cols);
    y = rt_array("y", RT_F32, RT_OUTPUT, rows, cols);
}

static const char *validate(const uint64_t *dims) { return dims[0] && dims[1] ? NULL : "rows and cols must be at least 1"; }

/* It needs a function `run`. */
#define SOFTMAX(NAME, SETUP)                                                                                           \
    {                                                                                                                  \
        .name = NAME, .dims_help = "<rows> <cols>", .dims = 2,                                                         \
        .patterns = 1 << RT_WIDE | 1 << RT_LARGE | 1 << RT_EQUAL | 1 << RT_NEGINF, .validate = validate,               \
        .setup = SETUP, .run = run,                                                                                    \
    }

#endif
