/*
 * A reset clears all state of user interrupts. The machine is reset once; memory that no file is loaded to
 * tells the second start from the first.
 */
#include "state.h"

#define SECOND_START    (MEMORY_END - 8)
#define SECOND_START_IS 0x7265736574
#define POWER           0x100000ul
#define POWER_RESET     0x7777u

int main(void)
{
    if (load64(SECOND_START) != SECOND_START_IS) {
        write_csr(MEDELEG, 1 << CAUSE_BREAKPOINT);
        fill_state();
        store64(SECOND_START, SECOND_START_IS);
        store32(POWER, POWER_RESET);
        for (;;) {
            ;
        }
    }
    test("a reset clears every register, slot and wake bit", check_cleared);
    finish();
}
