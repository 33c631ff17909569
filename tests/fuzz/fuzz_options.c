/*
 * Boot options: the input is the bootargs property. Either the machine does not boot, or each option has a
 * permitted value.
 */
#include "boot/options.h"
#include "fuzz.h"
#include "lib/print.h"

#define HARTS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *volatile text = fuzz_copy(data, size);
    struct fdt_property arguments = { text, (uint32_t)size };

    if (!setjmp(fuzz_refused)) { /* NOLINT(cert-err52-cpp) */
        options_parse(&arguments, HARTS);
        require(boot_options.harts >= 1 && boot_options.harts <= HARTS);
        require(boot_options.root_cnode_bits >= 6 && boot_options.root_cnode_bits <= 28);
        require(log_level >= LOG_NONE && log_level <= LOG_DEBUG);
    }
    free(text);
    return 0;
}
