/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Attention of a prompt: routines that a decoded token does not call. They are linked behind all others, so that those lie together. */
#include "rvtile_kernels.h"

_Static_assert(sizeof(struct attention) == 112, "fourteen words, as sim/src/model/prompt.rs writes them");

__attribute__((used)) static const void *const routines[] = {attention_f32, attention_bf16_qqq};
