/*
 * A source is enabled for one hart, its target. An APLIC has no state "claimed", so the hart that claims a
 * source disables it until the interrupt is completed. The source's level may still be up then, and no
 * message would announce it; or it may have gone up after a message that is on its way, because the message
 * of a disabled source is put back.
 */
#include "arch/riscv64/aplic.h"

#include "arch/riscv64/imsic.h"
#include "arch/riscv64/probe.h"
#include "arch/window.h"
#include "thread/hart.h"

/* Registers of a domain. Those with a bit for each source have 32 bits in a word. */
enum {
    DOMAIN_CONFIGURATION = 0,
    SOURCE_CONFIGURATION = 0, /* of source 0, which does not exist */
    SET_PENDING_BY_NUMBER = 0x1cdc,
    INPUTS = 0x1d00,
    ENABLED = 0x1e00,
    ENABLE_BY_NUMBER = 0x1edc,
    DISABLE_BY_NUMBER = 0x1fdc,
    TARGET = 0x3000, /* of source 0 */
};

#define DOMAIN_SIGNATURE 0x80 /* in the highest byte, if the byte order is little-endian */
#define DOMAIN_MESSAGES  0x4
#define DOMAIN_ENABLE    0x100

#define SOURCE_INACTIVE 0
#define SOURCE_EDGE     4 /* rising */
#define SOURCE_LEVEL    6 /* high */

#define TARGET_HART_SHIFT 18
#define TARGET_PRIORITY   1

/* Registers of an interrupt delivery control structure. */
enum {
    DELIVERY = 0x0,
    FORCE = 0x4,
    THRESHOLD = 0x8,
    CLAIM = 0x1c,
};

static unsigned aplic_last_source;
static unsigned imsic_last_identity; /* 0: direct delivery */

static volatile uint32_t *aplic_register(word_t aplic, word_t offset)
{
    return phys_to_ptr(aplic + offset);
}

static volatile uint32_t *of_source(const struct hart *hart, word_t registers, unsigned source)
{
    return aplic_register(hart->arch.aplic, registers + 4ul * source);
}

static volatile uint32_t *of_hart(const struct hart *hart, word_t offset)
{
    return aplic_register(hart->arch.aplic,
                          APLIC_DELIVERY + APLIC_DELIVERY_SIZE * hart->arch.interrupt_context + offset);
}

static bool has_bit(const struct hart *hart, word_t registers, unsigned source)
{
    return *of_source(hart, registers, source / 32) & 1u << source % 32;
}

static void by_number(const struct hart *hart, word_t what, unsigned source)
{
    *aplic_register(hart->arch.aplic, what) = source;
}

static bool is_level(const struct hart *hart, unsigned source)
{
    return *of_source(hart, SOURCE_CONFIGURATION, source) == SOURCE_LEVEL;
}

const char *aplic_init(word_t phys, unsigned last_source, unsigned last_identity)
{
    volatile uint32_t *domain = aplic_register(phys, DOMAIN_CONFIGURATION);
    uint32_t configuration = DOMAIN_ENABLE | (last_identity ? DOMAIN_MESSAGES : 0);
    bool delegated = false;

    if (!instruction_runs("lw %0, 0(%[domain])", [domain] "r"(domain)) || *domain >> 24 != DOMAIN_SIGNATURE) {
        return "where the device tree has an APLIC there is none";
    }
    *domain = 0;
    for (unsigned source = 1; source <= last_source; source++) {
        volatile uint32_t *mode = aplic_register(phys, SOURCE_CONFIGURATION + 4ul * source);
        *mode = SOURCE_LEVEL;
        delegated = delegated || *mode != SOURCE_INACTIVE;
        *mode = SOURCE_INACTIVE; /* disables it */
    }
    if (!delegated) {
        return "the firmware keeps all sources of the APLIC for itself";
    }
    *domain = configuration;
    if ((*domain & (DOMAIN_ENABLE | DOMAIN_MESSAGES)) != configuration) {
        return "the APLIC does not deliver as the device tree says";
    }
    aplic_last_source = last_source;
    imsic_last_identity = last_identity;
    return NULL;
}

bool aplic_init_hart(const struct hart *hart)
{
    if (imsic_last_identity) {
        return imsic_init_hart(imsic_last_identity, aplic_last_source);
    }
    *of_hart(hart, FORCE) = 0;
    *of_hart(hart, THRESHOLD) = 0;
    *of_hart(hart, DELIVERY) = 1;
    return true;
}

void aplic_configure(const struct hart *hart, unsigned source, bool edge)
{
    volatile uint32_t *mode = of_source(hart, SOURCE_CONFIGURATION, source);
    uint32_t wanted = edge ? SOURCE_EDGE : SOURCE_LEVEL;

    *mode = wanted;
    /* If edges are not possible, leave the source off: a level that is completed at once would keep its
     * hart in the kernel. */
    if (edge && *mode != wanted) {
        *mode = SOURCE_INACTIVE;
    }
    *of_source(hart, TARGET, source) = (uint32_t)hart->arch.interrupt_context << TARGET_HART_SHIFT |
                                       (imsic_last_identity ? source : TARGET_PRIORITY);
}

void aplic_enable(const struct hart *hart, unsigned source)
{
    /* A level that stays up is sent only once. Make it pending before enabling it, so that it is not
     * sent twice. */
    if (is_level(hart, source) && has_bit(hart, INPUTS, source)) {
        by_number(hart, SET_PENDING_BY_NUMBER, source);
    }
    by_number(hart, ENABLE_BY_NUMBER, source);
}

void aplic_disable(const struct hart *hart, unsigned source)
{
    by_number(hart, DISABLE_BY_NUMBER, source);
}

/* Returns false if the source was disabled after it sent its message; then it is made pending again. */
static bool is_wanted(const struct hart *hart, unsigned source)
{
    if (source > aplic_last_source) {
        return false;
    }
    if (!has_bit(hart, ENABLED, source)) {
        by_number(hart, SET_PENDING_BY_NUMBER, source);
        return false;
    }
    return true;
}

unsigned aplic_claim(const struct hart *hart)
{
    if (!hart->arch.aplic) {
        return 0;
    }
    unsigned source = imsic_last_identity ? imsic_claim() : *of_hart(hart, CLAIM) >> 16;

    io_fence(); /* claim before reading the level, which may go up in between */
    if (source == 0 || !is_wanted(hart, source)) {
        return 0;
    }
    /* Ignore a level that is down again. QEMU keeps it pending. */
    if (is_level(hart, source) && !has_bit(hart, INPUTS, source)) {
        return 0;
    }
    by_number(hart, DISABLE_BY_NUMBER, source);
    return source;
}
