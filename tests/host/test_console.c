/*
 * The console against a UART that is played here. It takes a character when its clock says so, and to be
 * given one before is a mistake of the kernel's.
 */
#include "arch/console.h"
#include "host.h"
#include "lib/print.h"

#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FREQUENCY 1000000ul /* a count is a microsecond */
#define PATIENCE  (FREQUENCY / 100)

#define SLOW 87 /* microseconds: a character at 115200 baud */

#define LINE_STATUS 5
#define IS_FREE     0x20
#define ENDLESS     (~0u)

static struct {
    word_t phys;
    unsigned shift, width;
    word_t now;
    word_t character;  /* how long one takes */
    word_t free_at;    /* when the last one is gone */
    unsigned room;     /* how many it takes before it is stuck */
    unsigned recovers; /* behind so many looks without room, there is room for ever; 0: never */
    unsigned looks;
    unsigned stands_still; /* the hart does, for a second, behind so many looks at the clock */
    char taken[256];
    unsigned length;
    char firmware;
    word_t firmware_takes;
} device;

static word_t play_time(void)
{
    if (device.stands_still && --device.stands_still == 0) {
        device.now += FREQUENCY;
    }
    return device.now;
}

static bool is_free(void)
{
    return device.room && device.now >= device.free_at;
}

/* A count passes for each look. The other bits are of no interest. */
static uint32_t play_read(word_t phys, unsigned width)
{
    check(phys == device.phys + ((word_t)LINE_STATUS << device.shift) && width == device.width);
    device.looks++;
    device.now++;
    if (device.room == 0 && device.recovers && --device.recovers == 0) {
        device.room = ENDLESS;
    }
    return is_free() ? ~0x41u : ~(uint32_t)IS_FREE;
}

static void play_write(word_t phys, unsigned width, uint32_t value)
{
    check(phys == device.phys && width == device.width && value <= 0xff);
    check(is_free() && device.length + 1 < sizeof(device.taken));
    device.taken[device.length++] = (char)value;
    device.free_at = device.now + device.character;
    device.room -= device.room != ENDLESS;
}

static void play_firmware(char c)
{
    device.firmware = c;
    device.now += device.firmware_takes;
}

/* Nothing is left of the test before. */
static void start(unsigned shift, unsigned width)
{
    memset(&device, 0, sizeof(device));
    device.phys = 0x10000000;
    device.shift = shift;
    device.width = width;
    device.room = ENDLESS;
    host_devices = (struct host_devices){ play_time, play_read, play_write, play_firmware };
    log_level = LOG_NONE;
    console_init(FREQUENCY);
    console_use_uart(device.phys, shift, width);
    console_put(' ');
    device.length = 0;
    log_level = LOG_ERROR;
}

static void expect_taken(const char *text)
{
    device.taken[device.length] = 0;
    assert_string_equal(device.taken, text);
    device.length = 0;
}

/* How long console_put() takes. */
static word_t put(char c, bool waits)
{
    word_t before = device.now;

    assert_int_equal(console_put(c), waits);
    return device.now - before;
}

/* For cmocka: a UART of the kind that most tests have; and the same that takes a while for a character, and
 * has just been given one. */
static int start_bytes(void **state)
{
    start(0, 1);
    return 0;
}

static int start_slow(void **state)
{
    start_bytes(state);
    device.character = SLOW;
    put('a', false);
    return 0;
}

static void characters_are_written_where_the_registers_are(void **state)
{
    unsigned kinds = 0;

    for (unsigned shift = 0; shift <= 4; shift++) {
        for (unsigned width = 1; width <= 4; width++) {
            if (console_knows_uart(0x100, shift, width)) {
                kinds++;
                start(shift, width);
                put('a', false);
                put('\n', false);
                put((char)0xff, false);
                expect_taken("a\r\n\xff");
            }
        }
    }
    assert_int_equal(kinds, 8); /* bytes at any distance, words four bytes apart or more */
}

static void it_says_whether_it_had_to_wait(void **state)
{
    assert_in_range(put('b', true), 85, 90);
    device.now += 100;
    put('c', false);
    assert_in_range(put('\n', true), 170, 180); /* two characters */
    device.now += 100;
    assert_in_range(put('\n', true), 85, 90); /* only the second of them had to wait */
    expect_taken("abc\r\n\r\n");
}

static void a_character_that_does_not_leave_within_10_ms_is_dropped(void **state)
{
    device.character = PATIENCE - 10;
    put('a', false);
    put('b', true);
    expect_taken("ab");
    device.room = 0;
    assert_in_range(put('c', true), PATIENCE, PATIENCE + 10);
    expect_taken("");
}

static void while_it_is_stuck_a_character_costs_one_look(void **state)
{
    device.room = 0;
    put('x', true);
    for (unsigned i = 0; i < 1000; i++) {
        device.looks = 0;
        put("ab\n"[i % 3], true);
        assert_in_range(device.looks, 1, 2);
    }
    device.room = ENDLESS;
    put('y', true);
    put('z', false);
    expect_taken("\r\nrel4: 1001 characters were lost\r\nyz");
}

static void when_characters_leave_again_it_waits_again(void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        device.room = 0;
        assert_in_range(put('x', true), PATIENCE, PATIENCE + 10);
        device.room = ENDLESS;
        put('y', true);
        expect_taken("\r\nrel4: 1 characters were lost\r\ny");
    }
}

static void half_a_newline_is_one_character_lost(void **state)
{
    device.room = 1;
    put('\n', true);
    expect_taken("\r");
    put('\n', true);
    device.room = ENDLESS;
    put('.', true);
    expect_taken("\r\nrel4: 2 characters were lost\r\n.");
}

/* Its own line gets stuck behind each of its bytes: for good, or the UART takes one again right afterwards.
 */
static void what_is_lost_is_reported_whole(void **state)
{
    static const char line[] = "\r\nrel4: 2 characters were lost\r\n";

    for (unsigned room = 1; room < sizeof(line) - 1; room++) {
        for (unsigned recovers = 0; recovers < 2; recovers++) {
            char taken[sizeof(line)] = { 0 };
            start(0, 1);
            device.room = 0;
            put('a', true);
            put('b', true);
            device.room = room;
            device.recovers = recovers ? PATIENCE + 3 : 0; /* at the look behind the wait */
            assert_in_range(put('c', true), PATIENCE, PATIENCE + 100);
            memcpy(taken, line, room);
            if (recovers) {
                taken[room] = 'c';
            }
            expect_taken(taken);
            device.room = ENDLESS;
            put('d', true);
            expect_taken(recovers ? "\r\nrel4: 2 characters were lost\r\nd"
                                  : "\r\nrel4: 3 characters were lost\r\nd");
        }
    }
}

static void log_none_is_silent_about_it(void **state)
{
    log_level = LOG_NONE;
    device.room = 0;
    put('a', true);
    device.room = ENDLESS;
    put('b', true);
    log_level = LOG_ERROR;
    put('c', false);
    expect_taken("bc");
}

static void time_during_which_the_hart_stood_still_drops_nothing(void **state)
{
    device.stands_still = 2;
    put('b', true);
    expect_taken("ab");
}

static void the_time_counter_may_wrap(void **state)
{
    device.character = SLOW;
    device.now = -(word_t)50;
    device.free_at = 0;
    device.room = 0;
    assert_in_range(put('a', true), PATIENCE, PATIENCE + 10);
}

static void without_a_uart_the_firmware_prints(void **state)
{
    console_use_uart(0, 0, 0);
    device.firmware_takes = 1;
    put('\n', false);
    assert_int_equal(device.firmware, '\n');
    device.firmware_takes = SLOW;
    put('a', true);
    assert_int_equal(device.firmware, 'a');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_are_written_where_the_registers_are),
        cmocka_unit_test_setup(it_says_whether_it_had_to_wait, start_slow),
        cmocka_unit_test_setup(a_character_that_does_not_leave_within_10_ms_is_dropped, start_bytes),
        cmocka_unit_test_setup(while_it_is_stuck_a_character_costs_one_look, start_bytes),
        cmocka_unit_test_setup(when_characters_leave_again_it_waits_again, start_bytes),
        cmocka_unit_test_setup(half_a_newline_is_one_character_lost, start_bytes),
        cmocka_unit_test(what_is_lost_is_reported_whole),
        cmocka_unit_test_setup(log_none_is_silent_about_it, start_bytes),
        cmocka_unit_test_setup(time_during_which_the_hart_stood_still_drops_nothing, start_slow),
        cmocka_unit_test_setup(the_time_counter_may_wrap, start_bytes),
        cmocka_unit_test_setup(without_a_uart_the_firmware_prints, start_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
