/*
 * Extensions of the SBI (RISC-V SBI specification 1.0), for C and assembly.
 */
#pragma once

#define SBI_LEGACY_PUT_CHAR 1
#define SBI_LEGACY_SHUTDOWN 8

#define SBI_EXT_BASE   0x10
#define SBI_EXT_TIME   0x54494d45
#define SBI_EXT_IPI    0x735049
#define SBI_EXT_RFENCE 0x52464e43
#define SBI_EXT_HSM    0x48534d
#define SBI_EXT_SRST   0x53525354
