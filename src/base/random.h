/* Randomness from the kernel. */
#ifndef PARVIS_BASE_RANDOM_H
#define PARVIS_BASE_RANDOM_H

#include <stddef.h>

/**
 * Fills p with n unpredictable bytes (getrandom(2), buffered a thread and wiped as it is used); aborts if there are
 * none.
 */
void random_bytes(void *p, size_t n);

#endif
