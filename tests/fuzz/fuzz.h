/*
 * What the fuzz targets share. Each is one function, LLVMFuzzerTestOneInput(), that libFuzzer calls with
 * bytes; what goes wrong is found by the sanitizers, by the kernel's assertions or by require().
 */
#pragma once

#include "lib/types.h"

#include <setjmp.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Stops with this input as the culprit. */
_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

#define require(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))

/* Where boot_fail() ends: what the kernel refuses to boot with is no mistake. Set it before calling what may
 * fail, with if (setjmp(fuzz_refused)) return 0. */
extern jmp_buf fuzz_refused;

/* A copy of exactly these bytes, so that reading beyond them is seen. The caller frees it. */
void *fuzz_copy(const void *data, size_t size);
