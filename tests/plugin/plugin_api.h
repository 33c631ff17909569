/*
 * The part of QEMU's plugin interface that the plugins of these tests use. Debian's package of QEMU has the
 * interface but no header for it. QEMU refuses a plugin whose version it does not know: that of Debian 12
 * takes version 1, that of Debian 13 takes 2 to 4. What differs between them is in plugin_api.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLUGIN_EXPORT  __attribute__((visibility("default")))
#define PLUGIN_NO_REGS 0 /* the callback does not look at registers */
#define PLUGIN_MEM_RW  3 /* loads and stores */

/* Where the kernel's addresses begin; everything below is user mode's, or of a hart without translation. */
#define KERNEL_BASE 0xffffffc000000000u

struct qemu_plugin_tb;   /* a block of instructions that is being translated */
struct qemu_plugin_insn; /* one of its instructions */

typedef uint64_t plugin_id;
typedef uint32_t plugin_access; /* what a load or store is like */
typedef void (*plugin_translate_function)(plugin_id id, struct qemu_plugin_tb *block);
typedef void (*plugin_execute_function)(unsigned vcpu, void *data);
typedef void (*plugin_access_function)(unsigned vcpu, plugin_access access, uint64_t address, void *data);
typedef void (*plugin_exit_function)(plugin_id id, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, plugin_translate_function function);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, plugin_execute_function function,
                                          int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, plugin_execute_function function,
                                            int flags, void *data);
/* The function is called behind each access that has succeeded. */
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, plugin_access_function function,
                                      int flags, int which, void *data);
void qemu_plugin_register_atexit_cb(plugin_id id, plugin_exit_function function, void *data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
unsigned qemu_plugin_mem_size_shift(plugin_access access); /* log2 of its bytes */
bool qemu_plugin_mem_is_store(plugin_access access);

/* Where the access of a callback went; valid in the callback only. */
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(plugin_access access, uint64_t address);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *place);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *place);

/* What QEMU says about itself to qemu_plugin_install(). */
struct plugin_machine {
    const char *target;
    struct {
        int least, current; /* versions of the interface */
    } version;
};

/* The name that QEMU looks for: the version that it takes, found when the plugin is loaded. */
PLUGIN_EXPORT extern int qemu_plugin_version;

/* The same in all versions. machine is what qemu_plugin_install() got. */
uint32_t plugin_insn_code(const struct plugin_machine *machine, const struct qemu_plugin_insn *insn);
int plugin_vcpu_count(void);
