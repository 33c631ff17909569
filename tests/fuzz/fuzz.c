/*
 * What stands in for the end of the machine: boot_fail() returns to the fuzz target, a broken promise aborts.
 */
#include "fuzz.h"

#include "host.h"

#include <stdio.h>
#include <string.h>

jmp_buf fuzz_refused;

int LLVMFuzzerInitialize(int *argc, char ***argv);
const char *__asan_default_options(void);

/* The kernel frees nothing, so freed memory need not be kept out of use for long. */
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1";
}

/* The unit tests' panic() reports to cmocka, which outside of a test would merely exit. libFuzzer says what
 * the parameters are. NOLINTNEXTLINE(readability-non-const-parameter) */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    host_refused = &fuzz_refused;
    return setenv("CMOCKA_TEST_ABORT", "1", 1);
}

_Noreturn void fuzz_fail(const char *file, int line, const char *condition)
{
    (void)fprintf(stderr, "%s:%d: not true: %s\n", file, line, condition);
    abort();
}

void *fuzz_copy(const void *data, size_t size)
{
    void *copy = malloc(size ? size : 1);

    require(copy);
    if (size) {
        memcpy(copy, data, size);
    }
    return copy;
}
