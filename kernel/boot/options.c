/*
 * Boot options. A mistake ends the boot, because a machine should not run with other options than it was
 * given.
 */
#include "boot/options.h"

#include "boot/fail.h"
#include "check/check.h"
#include "lib/print.h"
#include "lib/string.h"
#include "thread/hart.h"

#define WORD_MAX 40

/* The kernel fills almost 2^6 slots itself; 2^28 slots take 8 GiB. */
#define CNODE_BITS_MIN     6
#define CNODE_BITS_MAX     28
#define CNODE_BITS_DEFAULT 12

struct boot_options boot_options;

/* Returns a decimal number of one to nine digits, or 0 for anything else. */
static unsigned parse_number(const char *text)
{
    unsigned number = 0;
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++) {
        if (length > 9 || text[i] < '0' || text[i] > '9') {
            return 0;
        }
        number = number * 10 + (unsigned)(text[i] - '0');
    }
    return number;
}

/* Returns the index of the value among count names; powers off if it is none of them. */
static unsigned parse_choice(const char *option, const char *value, const char *const *names, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (string_equal(value, names[i])) {
            return i;
        }
    }
    boot_fail("boot option %s=%s is not understood", option, value);
}

static void parse_harts(const char *value, unsigned harts_present)
{
    unsigned harts = parse_number(value);

    if (harts < 1 || harts > harts_present) {
        boot_fail("boot option harts=%s: not a number from 1 to %u, the harts present", value, harts_present);
    }
    if (REL4_NUM_DOMAINS > 1 && harts > 1) {
        boot_fail("boot option harts=%s: a kernel with more than one domain runs on one hart", value);
    }
    boot_options.harts = harts;
}

static void parse_check(const char *value)
{
#if REL4_DEBUG
    check_interval = parse_number(value);
    if (check_interval == 0 && !string_equal(value, "0")) {
        boot_fail("boot option check=%s: not a number of kernel entries, 0 or more", value);
    }
#else
    boot_fail("boot option check=%s: only a debug kernel has the checker", value);
#endif
}

static void parse_option(const char *name, const char *value, unsigned harts_present)
{
    static const char *const abis[] = { "smp", "up" };
    static const char *const switches[] = { "off", "on" };
    static const char *const levels[] = { "none", "error", "info", "debug" };
    static const char *const backends[] = { "auto", "plain", "emulated", "none" };

    if (string_equal(name, "abi")) {
        boot_options.abi_up = parse_choice(name, value, abis, ARRAY_SIZE(abis));
    } else if (string_equal(name, "asids")) {
        boot_options.asids = parse_choice(name, value, switches, ARRAY_SIZE(switches));
    } else if (string_equal(name, "console")) {
        boot_options.console = parse_choice(name, value, switches, ARRAY_SIZE(switches));
    } else if (string_equal(name, "log")) {
        log_level = (enum log_level)parse_choice(name, value, levels, ARRAY_SIZE(levels));
    } else if (string_equal(name, "check")) {
        parse_check(value);
    } else if (string_equal(name, "uintr")) {
        boot_options.uintr = (enum uintr_option)parse_choice(name, value, backends, ARRAY_SIZE(backends));
    } else if (string_equal(name, "harts")) {
        parse_harts(value, harts_present);
    } else if (string_equal(name, "root_cnode_bits")) {
        boot_options.root_cnode_bits = parse_number(value);
        if (boot_options.root_cnode_bits < CNODE_BITS_MIN || boot_options.root_cnode_bits > CNODE_BITS_MAX) {
            boot_fail("boot option root_cnode_bits=%s: not a number from %d to %d", value, CNODE_BITS_MIN,
                      CNODE_BITS_MAX);
        }
    } else {
        boot_fail("boot option %s is unknown; there are abi, harts, root_cnode_bits, uintr, asids, console, "
                  "log, check",
                  name);
    }
}

/* Copies the next word, or as much of it as an option can need. Replaces characters that could upset a
 * terminal. */
static const uint8_t *next_word(const uint8_t *at, const uint8_t *end, char word[WORD_MAX])
{
    unsigned length = 0;

    while (at < end && *at == ' ') {
        at++;
    }
    for (; at < end && *at && *at != ' '; at++) {
        if (length < WORD_MAX - 1) {
            word[length++] = (char)(*at > ' ' && *at < 127 ? *at : '?');
        }
    }
    word[length] = '\0';
    return at;
}

void options_parse(const struct fdt_property *arguments, unsigned harts_present)
{
    const uint8_t *at = arguments->data;
    const uint8_t *end = at + arguments->size;
    char word[WORD_MAX];

    boot_options = (struct boot_options){
        .asids = true,
        .console = true,
        .root_cnode_bits = CNODE_BITS_DEFAULT,
    };
    for (at = next_word(at, end, word); word[0] && !string_equal(word, "--"); at = next_word(at, end, word)) {
        char *value = word;
        while (*value && *value != '=') {
            value++;
        }
        if (*value) {
            *value++ = '\0';
        }
        parse_option(word, value, harts_present);
    }
    if (!boot_options.harts) {
        /* With abi=up there is one node. More harts would only run workers, and a program without
         * workers should not pay for the kernel lock. */
        boot_options.harts = REL4_NUM_DOMAINS > 1 || boot_options.abi_up ? 1 : harts_present;
    }
}
