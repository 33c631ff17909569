/*
 * The smallest useful root task: prints a greeting and what the kernel has handed over. A starting point for
 * other root tasks.
 */
#include <stdio.h>

#include <sel4/sel4.h>

int main(void)
{
    const seL4_BootInfo *bi = seL4_GetBootInfo();
    seL4_Word memory = 0;

    for (seL4_Word i = 0; i < bi->untyped.end - bi->untyped.start; i++) {
        if (!bi->untypedList[i].isDevice) {
            memory += LIBSEL4_BIT(bi->untypedList[i].sizeBits);
        }
    }

    printf("Hello from a root task.\n");
    printf("  nodes          %lu\n", bi->numNodes);
    printf("  free memory    %lu KiB\n", memory / 1024);
    printf("  image          %lu pages\n", bi->userImageFrames.end - bi->userImageFrames.start);
    printf("  empty slots    %lu to %lu\n", bi->empty.start, bi->empty.end - 1);
    printf("  IPC buffer at  %p\n", (void *)bi->ipcBuffer);
    printf("  device tree    %lu bytes of extra information\n", bi->extraLen);
    return 0;
}
