/*
 * The instructions of user interrupts as functions of one word, all of the same length, and a handler. The
 * order is that of uintr_names in generate.c.
 */
#include <rel4/abi.h>

.option norvc
.option norelax

.section .text.uintr_stubs, "ax"
.globl uintr_stubs, uintr_handler
.balign 8
uintr_stubs:
    .insn r REL4_UIPI_OPCODE, REL4_UIPI_FUNCT3, REL4_UIPI_SEND, x0, a0, x0
    ret
    .insn r REL4_UIPI_OPCODE, REL4_UIPI_FUNCT3, REL4_UIPI_READ, a0, x0, x0
    ret
    .insn r REL4_UIPI_OPCODE, REL4_UIPI_FUNCT3, REL4_UIPI_WRITE, x0, a0, x0
    ret
    .insn r REL4_UIPI_OPCODE, REL4_UIPI_FUNCT3, REL4_UIPI_ACTIVATE, x0, x0, x0
    ret
    .insn r REL4_UIPI_OPCODE, REL4_UIPI_FUNCT3, REL4_UIPI_DEACTIVATE, x0, x0, x0
    ret
    .word REL4_URET
    ret
.irp csr, REL4_CSR_USTATUS, REL4_CSR_UIE, REL4_CSR_UTVEC, REL4_CSR_USCRATCH, REL4_CSR_UEPC, REL4_CSR_UCAUSE, REL4_CSR_UTVAL, REL4_CSR_UIP
    csrrw   a0, \csr, a0
    ret
    csrrs   a0, \csr, a0
    ret
    csrrc   a0, \csr, a0
    ret
.endr

/* Takes what is pending, and changes no register. */
.balign 8
uintr_handler:
    csrci   REL4_CSR_UIP, REL4_UI_SOFTWARE
    .insn r REL4_UIPI_OPCODE, REL4_UIPI_FUNCT3, REL4_UIPI_READ, x0, x0, x0
    .word REL4_URET
