/* What a step of an exported model takes on a Cortex-M, for bench/export.py: instructions, and bytes of stack.
 *
 * Run by qemu-system-arm with -icount shift=0, where every instruction takes one nanosecond of the machine's own time;
 * its system timer counts at 25 MHz, so that one tick is 40 instructions. A real core takes more than one cycle for
 * some of them (a division of floats 14, loads from slow flash some more): cycles are the maker's to tell. */
#include <stdint.h>
#include <stdio.h>

#include "case.h" /* written by bench/export.py */

#define TIMER ((volatile uint32_t *)0xE000E010u) /* control, reload, value */
#define PER_TICK 40
#define PAINT 0x5AFEC0DEu

static uint32_t ticks(void) { return 0xFFFFFFu - (TIMER[2] & 0xFFFFFFu); }

/* Paints below the stack and looks how far down a call has written. */
static __attribute__((noinline)) unsigned stack_of(void (*call)(int)) {
    enum { WORDS = 16384 };
    uint32_t *here = (uint32_t *)__builtin_frame_address(0), *bottom = here - WORDS;
    volatile uint32_t *p;
    register char *now __asm__("sp");
    for (p = bottom; p < (uint32_t *)now - 16; p++)
        *p = PAINT;
    call(0);
    for (p = bottom; p < here && *p == PAINT; p++)
        ;
    return (unsigned)((char *)now - (char *)p);
}

static unsigned instructions(void (*call)(int), int calls) {
    int i;
    const uint32_t begin = ticks();
    for (i = 0; i < calls; i++)
        call(i);
    return (unsigned)((uint64_t)(ticks() - begin) * PER_TICK / (unsigned)calls);
}

static void hundred(int t) { /* to show that the count is right: 4 * 100 instructions */
    int i = 100;
    (void)t;
    __asm__ volatile("1: nop\n nop\n subs %0, #1\n bne 1b" : "+r"(i)::"cc");
}

int main(void) {
    TIMER[1] = 0xFFFFFFu;
    TIMER[2] = 0;
    TIMER[0] = 5; /* on, at the speed of the processor */
    begin();
    printf("{\"check\": %u, ", instructions(hundred, 1000));
    printf("\"stack\": %u, ", stack_of(whole));
    printf("\"whole\": %u, ", instructions(whole, CALLS) / STEPS);
    printf("\"layer\": %u}\n", instructions(layer, CALLS) / STEPS);
    return 0;
}
