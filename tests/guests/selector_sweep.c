/*
 * selector_sweep.c - the whole descriptor table as a guest can see it, asked by LAR.
 *
 * LAR tells the access rights of every descriptor whose DPL lets the guest have it (SDM vol. 2 "LAR"). Among those
 * there must be no gate and no 64-bit code segment (L = 1): a guest could jump there and would leave its 32-bit
 * world. Then null is loaded into ES, FS and GS, as odd guests do, and hypercalls must go on working.
 */
#include "test.h"

#define RIGHTS_CODE_OR_DATA 0x1000u
#define RIGHTS_CODE 0x0800u
#define RIGHTS_LONG 0x200000u

static bool rights_read(uint32_t selector, uint32_t *rights)
{
    bool valid;

    __asm__ volatile("larl %2, %0" : "=r"(*rights), "=@ccz"(valid) : "r"(selector));
    return valid;
}

int main(void)
{
    uint32_t rights = 0, visible = 0;

    for (uint32_t selector = 0; selector < 0x10000; selector++) {
        if (!rights_read(selector, &rights))
            continue;
        visible++;
        if (!CHECK((rights & RIGHTS_CODE_OR_DATA) != 0) ||
            !CHECK((rights & RIGHTS_CODE) == 0 || (rights & RIGHTS_LONG) == 0))
            printf("selector 0x%04x has access rights 0x%08x\n", selector, rights);
    }
    CHECK(visible > 0);
    __asm__ volatile("pushl %%es; movw %0, %%es; movw %0, %%fs; movw %0, %%gs; popl %%es" : : "r"((uint16_t)0));
    CHECK_EQUAL(hv_magic(), HV_MAGIC);
    print_string("hypercalls work with null in FS and GS\n");
    return test_result();
}
