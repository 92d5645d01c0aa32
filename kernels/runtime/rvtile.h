/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * rvtile.h: mark a region of a RISC-V program for the rvtile simulator.
 *
 * Stand-alone: copy this file into any C or C++ program. The marks are HINT instructions from the space the ISA manual
 * designates for custom use (slti with rd = x0), so they do nothing on other machines and cost one integer slot.
 *
 *     slti x0, rs1, 1    begin of the region whose NUL-terminated name rs1 points to
 *     slti x0, rs1, 2    end of that region
 *
 * Regions may nest and may be entered many times. The "memory" clobber keeps the compiler from moving loads and stores
 * across a mark; arithmetic on registers can still move, so put whole calls between the marks.
 */
#ifndef RVTILE_H
#define RVTILE_H

#ifdef __cplusplus
extern "C" {
#endif

static inline void rvtile_region_begin(const char *name) {
    __asm__ volatile("slti x0, %0, 1" : : "r"(name) : "memory");
}

static inline void rvtile_region_end(const char *name) {
    __asm__ volatile("slti x0, %0, 2" : : "r"(name) : "memory");
}

#ifdef __cplusplus
}
#endif
#endif
