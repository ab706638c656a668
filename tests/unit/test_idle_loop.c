/*
 * test_idle_loop.c - loops as compilers make them, each with the answer that is right for it: a loop that waits for an
 * interrupt is found wherever in it the guest stands; one that computes, in registers or in memory, never.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/desc.h"
#include "fake_mmu.h"
#include "guest/guest.h"
#include "guest/idle_loop.h"
#include "pagetable/gwalk.h"

#define FRAMES 16u
#define CODE 0x4000u
#define DATA 0x5000u        /* zero at first */
#define STACK 0x7000u
#define DIRECTORY 1u
#define TABLE 2u
#define CODE_BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static struct guest guest;

static int setup(void **state)
{
    machine_start(state);
    memset(&guest, 0, sizeof(guest));
    assert_true(machine_make(&guest.space, &guest.ram, &guest.state.paging, FRAMES));
    gspace_load(&guest.space);
    guest.state.frame = (struct trap_frame){ .eax = 1, .ebx = 2, .ecx = 3, .edx = 4, .esi = 5, .edi = 6, .ebp = STACK,
        .esp = STACK - 0x40, .eip = CODE, .cs = SEL_GUEST_KERNEL_CS, .eflags = HV_LAUNCH_EFLAGS };
    return 0;
}

static int teardown(void **state)
{
    machine_unmake(&guest.space);
    return machine_stop(state);
}

static void put(uint32_t address, const void *bytes, size_t count)
{
    assert_true(ram_store(&guest.ram, GPA(address), bytes, count));
}

/* Does this code, entered at its start with the registers of setup, come to nothing? */
static bool idles(const uint8_t *code, size_t count)
{
    put(CODE, code, count);
    return idle_loop_holds(&guest);
}

static void test_waits(void **state)
{
    (void)state;
    assert_true(idles(CODE_BYTES(0xEB, 0xFE)));                                     /* jmp . */
    assert_true(idles(CODE_BYTES(0xE9, 0xFB, 0xFF, 0xFF, 0xFF)));                   /* the same, long */
    assert_true(idles(CODE_BYTES(0xF3, 0x90, 0xEB, 0xFC)));                         /* pause */
    assert_true(idles(CODE_BYTES(0xA1, 0, 0x50, 0, 0, 0x85, 0xC0, 0x74, 0xF7)));    /* while (flag == 0) */
    assert_true(idles(CODE_BYTES(0x83, 0x3D, 0, 0x50, 0, 0, 0, 0x74, 0xF7)));       /* the same: cmp $0, flag */
    assert_true(idles(CODE_BYTES(0x80, 0x3D, 0, 0x50, 0, 0, 5, 0x75, 0xF7)));       /* a byte that is not 5 yet */
    assert_true(idles(CODE_BYTES(0x0F, 0xB6, 0x05, 0, 0x50, 0, 0, 0x84, 0xC0, 0x0F, 0x84, 0xF1, 0xFF, 0xFF, 0xFF)));
    assert_true(idles(CODE_BYTES(0x8B, 0x45, 0xF8, 0x3B, 0x45, 0xF4, 0x74, 0xF8))); /* two locals are equal */
    assert_true(idles(CODE_BYTES(0x8D, 0x76, 0x00, 0x0F, 0x1F, 0x40, 0x00, 0xEB, 0xF7)));
    /* while (!is_done()), with a frame: push ebp; mov esp, ebp; mov flag, eax; pop ebp; ret */
    assert_true(idles(CODE_BYTES(0xE8, 0x04, 0, 0, 0, 0x85, 0xC0, 0x74, 0xF7,
                                 0x55, 0x89, 0xE5, 0xA1, 0, 0x50, 0, 0, 0x5D, 0xC3)) == false);
    /* Once round, the stack has what the calls push: nothing is new any more. */
    uint32_t pushed[] = { STACK, CODE + 5 };
    put(STACK - 0x48, pushed, sizeof(pushed));
    assert_true(idle_loop_holds(&guest));
}

/* From wherever in the loop it was interrupted. */
static void test_in_the_middle(void **state)
{
    (void)state;
    assert_true(idles(CODE_BYTES(0xA1, 0, 0x50, 0, 0, 0x85, 0xC0, 0x74, 0xF7)));
    guest.state.frame.eip = CODE + 5;
    guest.state.frame.eax = 0;
    assert_true(idle_loop_holds(&guest));
    guest.state.frame.eip = CODE + 7;
    guest.state.frame.eflags |= EFLAGS_ZF | EFLAGS_PF;
    assert_true(idle_loop_holds(&guest));
}

static void test_computes(void **state)
{
    (void)state;
    assert_false(idles(CODE_BYTES(0x49, 0x75, 0xFD)));                              /* dec %ecx; jnz */
    assert_false(idles(CODE_BYTES(0x83, 0xE9, 0x01, 0x75, 0xFB)));                  /* sub $1, %ecx; jnz: runs out */
    guest.state.frame.ecx = 1000000;
    assert_false(idles(CODE_BYTES(0x83, 0xE9, 0x01, 0x75, 0xFB)));                  /* and when it does not */
    assert_false(idles(CODE_BYTES(0x83, 0x05, 0, 0x50, 0, 0, 1, 0xEB, 0xF7)));      /* counts in memory, for ever */
    assert_false(idles(CODE_BYTES(0x83, 0x2D, 0, 0x50, 0, 0, 1, 0x75, 0xF7)));      /* a delay loop in memory */
    assert_false(idles(CODE_BYTES(0xFF, 0x05, 0, 0x50, 0, 0, 0xEB, 0xF8)));         /* incl memory */
    assert_false(idles(CODE_BYTES(0x89, 0x0D, 0, 0x50, 0, 0, 0xEB, 0xF8)));         /* a store of something else */
    assert_false(idles(CODE_BYTES(0x0F, 0x31, 0xEB, 0xFC)));                        /* rdtsc */
    assert_false(idles(CODE_BYTES(0x50, 0xEB, 0xFD)));                              /* push, for ever */
    assert_false(idles(CODE_BYTES(0xF3, 0xA4, 0xEB, 0xFC)));                        /* rep movsb */
    assert_false(idles(CODE_BYTES(0x01, 0xD0, 0xEB, 0xFC)));                        /* add %edx, %eax */
    assert_false(idles(CODE_BYTES(0xCD, 0xDE, 0xEB, 0xFC)));                        /* a hypercall */
    assert_false(idles(CODE_BYTES(0xF4, 0xEB, 0xFD)));                              /* hlt says it itself */
}

static void test_cannot_be_told(void **state)
{
    (void)state;
    assert_false(idles(CODE_BYTES(0xA1, 0, 0, 2, 0, 0xEB, 0xF9)));                  /* beyond RAM: a fault */
    assert_false(idles(CODE_BYTES(0xE9, 0, 0, 0x10, 0)));                           /* a jump there */
    assert_false(idles(CODE_BYTES(0x66, 0x90, 0xEB, 0xFC)));                        /* a prefix nobody needs */
    assert_true(idles(CODE_BYTES(0xEB, 0xFE)));
    guest.state.frame.eflags |= EFLAGS_TF;
    assert_false(idle_loop_holds(&guest));
    guest.state.frame.eflags &= ~(uint64_t)EFLAGS_TF;
    guest.state.frame.cs = SEL_GUEST_USER_CS;       /* paging is off */
    assert_false(idle_loop_holds(&guest));
    guest.state.frame.cs = SEL_GUEST_KERNEL_CS;
    guest.state.frame.eip = 0xFEFFFFFF;
    assert_false(idle_loop_holds(&guest));
}

/* An unbacked frame reads as zero, and zeroes are add %al, (%eax): a store that changes nothing at first. */
static void test_untouched(void **state)
{
    (void)state;
    guest.state.frame.eip = 0x9000;
    assert_false(idle_loop_holds(&guest));
    assert_null(ram_peek(&guest.ram, 9));
}

/* Through the guest's tables, with the rights of its mode. */
static void test_paging(void **state)
{
    (void)state;
    uint32_t pde = TABLE << GPTE_FRAME_SHIFT | GPTE_P | GPTE_W | GPTE_U, pte = CODE | GPTE_P;
    const uint32_t user = 0x1000000;

    put(CODE, CODE_BYTES(0xEB, 0xFE));
    put(DIRECTORY << PAGE_SHIFT | user >> 22 << 2, &pde, sizeof(pde));
    put(TABLE << PAGE_SHIFT, &pte, sizeof(pte));
    guest.state.paging = (struct guest_paging){ .is_on = true, .directory = GPA(DIRECTORY << PAGE_SHIFT), .wp = 1 };
    guest.state.frame.eip = user;
    assert_true(idle_loop_holds(&guest));
    guest.state.frame.cs = SEL_GUEST_USER_CS;
    assert_false(idle_loop_holds(&guest));
    pte |= GPTE_U;
    put(TABLE << PAGE_SHIFT, &pte, sizeof(pte));
    assert_true(idle_loop_holds(&guest));
    guest.state.frame.eip = user + PAGE_SIZE;
    assert_false(idle_loop_holds(&guest));
    guest.state.paging.is_on = false;
}

/* Conditions and flags: the jump goes where a processor's would. */
static void test_flags(void **state)
{
    (void)state;
    guest.state.frame.eax = 0x80000000;
    assert_true(idles(CODE_BYTES(0x83, 0xF8, 0x01, 0x7C, 0xFB)));       /* cmp $1, %eax; jl: less, with overflow */
    assert_false(idles(CODE_BYTES(0x83, 0xF8, 0x01, 0x72, 0xFB)));      /* jb: not below */
    guest.state.frame.eax = 0xFF;
    assert_true(idles(CODE_BYTES(0x3C, 0xFF, 0x74, 0xFC)));             /* cmp $-1, %al; je */
    assert_true(idles(CODE_BYTES(0x3C, 0x00, 0x78, 0xFC)));             /* js */
    assert_true(idles(CODE_BYTES(0xA8, 0x0F, 0x7A, 0xFC)));             /* test $15, %al; jp: four bits */
    assert_false(idles(CODE_BYTES(0xA8, 0x07, 0x7A, 0xFC)));            /* three */
    guest.state.frame.eax = 0x1234;
    assert_true(idles(CODE_BYTES(0x80, 0xFC, 0x12, 0x74, 0xFB)));       /* cmp $0x12, %ah */
    assert_true(idles(CODE_BYTES(0x39, 0xC0, 0x76, 0xFC)));             /* cmp %eax, %eax; jbe */
    assert_true(idles(CODE_BYTES(0x39, 0xC0, 0x7E, 0xFC)));             /* jle */
    assert_false(idles(CODE_BYTES(0x39, 0xC0, 0x7F, 0xFC)));            /* jg */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_in_the_middle, setup, teardown),
        cmocka_unit_test_setup_teardown(test_computes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cannot_be_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_untouched, setup, teardown),
        cmocka_unit_test_setup_teardown(test_paging, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flags, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
