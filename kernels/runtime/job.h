/* SPDX-License-Identifier: MIT OR Apache-2.0
 * What tiles of packed products are told (packed.h), for C and assembly. */
#ifndef JOB_H
#define JOB_H

#define JOB_STRIPS 0
#define JOB_PANELS 8
#define JOB_KSTEPS 16
#define JOB_A 24
#define JOB_B 32
#define JOB_C 40
#define JOB_STRIP_STEP 48
#define JOB_PANEL_STEP 56
#define JOB_OFFSETS 64
#define JOB_OFFSETS_END 72
#define JOB_SCRATCH 80
#define JOB_WORDS 88
#define JOB_STARTS 96
#define JOB_NARROW 104
#define JOB_NARROW_END 112

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct job {
    size_t strips, panels, ksteps;
    const void *a;
    const void *b;
    void *c;
    size_t strip_step, panel_step; /* bytes of C from a tile to the one below, to the one beside it */
    const int64_t *offsets, *offsets_end;
    void *scratch;
    size_t words; /* of 8 bytes in a block of C, where a block has its own registers */
    /* Of strips of two heights, in place of strip_step: where each begins, in bytes of C, how many of the lower ones are the last, and
     * their offsets_end. */
    const int64_t *starts;
    size_t narrow;
    const int64_t *narrow_end;
};

_Static_assert(offsetof(struct job, narrow_end) == JOB_NARROW_END, "as the assembly has it");
#endif
#endif
