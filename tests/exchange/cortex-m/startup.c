/* From reset to main on a Cortex-M: the table of exceptions, the floating-point unit, .data and .bss. Input and output
 * go through semihosting (newlib's rdimon), so that qemu shows what the program prints and returns its exit code. */
#include <stdint.h>
#include <stdlib.h>

extern uint32_t data_from[], data_begin[], data_end[], bss_begin[], bss_end[], stack_top[]; /* link.ld */
void initialise_monitor_handles(void);
int main(void);

#define CPACR (*(volatile uint32_t *)0xE000ED88u) /* who may use the coprocessors */

static void stop(void) {
    for (;;)
        __asm__ volatile("bkpt 0"); /* qemu ends with an error */
}

static void reset(void) {
    const uint32_t *from = data_from;
    uint32_t *to;
    CPACR |= 0xFu << 20; /* 10 and 11: the floating-point unit */
    __asm__ volatile("dsb\n isb");
    for (to = data_begin; to < data_end;)
        *to++ = *from++;
    for (to = bss_begin; to < bss_end;)
        *to++ = 0;
    initialise_monitor_handles();
    exit(main());
}

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handler[15])(void);
} vectors = {stack_top, {reset, stop, stop, stop, stop, stop, 0, 0, 0, 0, stop, stop, 0, stop, stop}};

/* newlib wants them; nothing is to be done before main */
void _init(void);
void _init(void) {}
void _fini(void);
void _fini(void) {}
