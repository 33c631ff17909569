#include "plugin_api.h"

#include <string.h>

/* The first version in which each is so. */
#define VERSION_NUM_VCPUS 2
#define VERSION_COPIES    3

/* Up to version 1, and from version 2 on. */
__attribute__((weak)) int qemu_plugin_n_vcpus(void);
__attribute__((weak)) int qemu_plugin_num_vcpus(void);

/* Up to version 2 the result is the address of the code, and there is one argument; from version 3 on it is
 * how many bytes have been copied. */
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
typedef size_t (*copy_function)(const struct qemu_plugin_insn *insn, void *to, size_t length);

int qemu_plugin_version = 1;

/* Runs before QEMU looks at the version. */
__attribute__((constructor)) static void choose_version(void)
{
    if (qemu_plugin_num_vcpus) {
        qemu_plugin_version = VERSION_NUM_VCPUS;
    }
}

int plugin_vcpu_count(void)
{
    return qemu_plugin_num_vcpus ? qemu_plugin_num_vcpus() : qemu_plugin_n_vcpus();
}

uint32_t plugin_insn_code(const struct plugin_machine *machine, const struct qemu_plugin_insn *insn)
{
    uint32_t code = 0;

    if (machine->version.current >= VERSION_COPIES) {
        copy_function copy = (copy_function)(void (*)(void))qemu_plugin_insn_data;
        copy(insn, &code, sizeof(code));
    } else {
        memcpy(&code, qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn));
    }
    return code;
}
