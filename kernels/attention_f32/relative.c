/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Biases that depend on the distance of key and query alone, as one row for all queries; see rvtile_kernels.h. */
#include "rvtile_kernels.h"

void alibi_relative(float slope, size_t queries, size_t keys, float *row) {
    /* Entry i belongs to the distance i - (keys - 1): the last query stands at the last key. */
    for (size_t i = 0; i < queries + keys - 1; i++)
        row[i] = slope * ((float)i - (float)(keys - 1));
}

/* 32 buckets up to distance 128: of 16 buckets a sign, the distances below 8 have their own and the rest is logarithmic, 8 * 2^(k/2);
 * one-sided, those below 16 have their own, then 16 * 8^(k/16). These are the first distances of the logarithmic buckets. */
static const unsigned char two_sided[] = {8, 12, 16, 23, 32, 46, 64, 91};
static const unsigned char one_sided[] = {16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113};

static size_t bucket(size_t distance, const unsigned char *first, size_t count) {
    if (distance < first[0])
        return distance;
    size_t k = 1;
    while (k < count && distance >= first[k])
        k++;
    return count + k - 1;
}

void t5_relative(const float *table, int bidirectional, size_t queries, size_t keys, float *row) {
    for (size_t i = 0; i < queries + keys - 1; i++) {
        size_t ahead = i > keys - 1 ? i - (keys - 1) : 0, behind = i < keys - 1 ? keys - 1 - i : 0;
        if (bidirectional)
            row[i] = table[bucket(ahead + behind, two_sided, 8) + (ahead ? 16 : 0)];
        else
            row[i] = table[bucket(behind, one_sided, 16)];
    }
}
