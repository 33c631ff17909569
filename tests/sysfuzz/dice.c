/*
 * Pseudo-random numbers, and words that are likely to be wrong.
 */
#include "sysfuzz.h"

struct dice dice_new(uint64_t seed, uint64_t thread, uint64_t number)
{
    struct dice dice = { seed * 0xd1342543de82ef95 + thread * 0x9e3779b97f4a7c15 +
                         number * 0xbf58476d1ce4e5b9 };

    dice_roll(&dice);
    return dice;
}

uint64_t dice_roll(struct dice *dice)
{
    uint64_t z = dice->state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

uint32_t dice_below(struct dice *dice, uint32_t limit)
{
    return (uint32_t)((dice_roll(dice) >> 32) * limit >> 32);
}

bool dice_one_in(struct dice *dice, uint32_t odds)
{
    return dice_below(dice, odds) == 0;
}

seL4_Word dice_any_word(struct dice *dice)
{
    static const seL4_Word special[] = {
        0,
        1,
        2,
        63,
        64,
        127,
        128,
        4095,
        4096,
        0x7fffffff,
        0x80000000,
        0xffffffff,
        0x100000000,
        0x3fffffffff,
        0x4000000000,
        0x7fffffffffffffff,
        0x8000000000000000,
        0xffffffffffffffff,
        0xffffffc000000000,
        0xffffffc080200000,
        0x3ffffff000,
    };

    switch (dice_below(dice, 4)) {
    case 0:
        return dice_roll(dice);
    case 1:
        return 1ul << dice_below(dice, 64);
    case 2:
        return dice_below(dice, 256);
    default:
        return special[dice_below(dice, COUNT(special))];
    }
}

seL4_Word dice_bend(struct dice *dice, seL4_Word value)
{
    switch (dice_below(dice, 4)) {
    case 0:
        return value + 1;
    case 1:
        return value - 1;
    case 2:
        return value ^ 1ul << dice_below(dice, 64);
    default:
        return dice_any_word(dice);
    }
}
