/*
 * machine.c - a virtual PC as a guest: its turns, its keys, its console, its end.
 *
 * A turn is interpretation in pieces until 0.35 milliseconds are over, with interrupts off; then what came meanwhile is
 * taken, and the run loop looks around. So a virtual PC holds nobody up for longer than a long hypercall does.
 */
#include "vpc/machine.h"

#include "base/format.h"
#include "base/log.h"
#include "base/string.h"
#include "cpu/insn.h"
#include "guest/guest.h"
#include "guest/processor.h"
#include "guest/tick.h"
#include "io/power.h"
#include "irq/timer.h"
#include "pagetable/vmap.h"
#include "vpc/machine_parts.h"
#include "vpc/machine_report.h"
#include "vpc/svm/host.h"
#include "vpc/svm/lockstep.h"
#include "vpc/unit.h"

_Static_assert(GUEST_MOVES_AT_RANDOM == SVM_MOVES_AT_RANDOM, "one word of two layers");

#define TURN_NS 350000u
#define SVM_TURN_NS 4000000u        /* an interrupt ends it long before, unless none gets in */
#define PIECE 256u                  /* instructions between two looks at the clock */
#define COPY_PAGES 128u             /* of files in a turn: some 0.2 ms of the counting machine */
#define LOAD_STEPS 400u             /* 600 KiB are zeroed, and 6,700 memos of nothing written */

static struct vpc_file as_vpc_file(const struct guest_file *file)
{
    return (struct vpc_file){ file->bytes, file->count };
}

static bool choose(struct vpc_boot *boot, const struct request_start *start, const char *command_line, char *reason)
{
    return vpc_boot_choose(boot, (struct vpc_file){ start->image, start->image_bytes },
                           as_vpc_file(&start->equipment->initrd), command_line, start->memory_bytes, reason,
                           GUEST_REASON_BYTES);
}

static bool check_machine(const struct request_start *start, struct elf32_image *parsed, char *reason)
{
    static struct vpc_boot boot;
    const char *line = start->equipment->command_line;

    (void)parsed;
    return choose(&boot, start, line != NULL ? line : "", reason);
}

static bool check_machine_svm(const struct request_start *start, struct elf32_image *parsed, char *reason)
{
    const struct guest_equipment *equipment = start->equipment;
    const char *obstacle = svm_host_obstacle();

    if (equipment->counts_time)
        obstacle = "it does not count instructions, as clock=instructions wants";
    else if (equipment->compares && LOCKSTEP_RUN == NULL)
        obstacle = "lock-step is in a build with -Daudit=true only";
    if (obstacle == NULL)
        return check_machine(start, parsed, reason);
    format_string(reason, GUEST_REASON_BYTES, "engine=svm: %s; engine=interp runs everywhere", obstacle);
    return false;
}

static bool load_machine(struct guest *guest, const struct request_start *start, const struct elf32_image *parsed,
                         char *reason)
{
    const struct guest_equipment *equipment = start->equipment;
    struct machine *machine = vmap_alloc(sizeof(*machine));

    (void)parsed;
    guest->machine = machine;
    if (machine == NULL) {
        format_string(reason, GUEST_REASON_BYTES, "no memory left for a virtual PC");
        return false;
    }
    if (equipment->command_line != NULL)
        memcpy(machine->command_line, equipment->command_line, strlen(equipment->command_line) + 1);
    if (!choose(&machine->boot, start, machine->command_line, reason))
        return false;
    machine_start_clock(guest, 0, 0);
    struct vpc_clock clock = { .now_ns = machine_now_ns, .owner = guest, .is_counted = equipment->counts_time };
    vpc_init(&machine->vpc, &guest->ram, &clock, &vpc_bus, unit_execute);
    bool is_disk = machine->boot.kind == VPC_BOOT_SECTOR && equipment->disks[0].bytes == NULL;
    if (is_disk && start->image_goes) {
        format_string(reason, GUEST_REASON_BYTES, "it begins with a boot sector, so it is its own disk, which has to "
                      "stay: it must be a file of the machine, or have another as its disk");
        return false;
    }
    struct guest_file itself = { start->image, start->image_bytes };
    for (unsigned i = 0; i < 2; i++) {
        const struct guest_file *disk = is_disk && i == 0 ? &itself : &equipment->disks[i];
        if (disk_open(&machine->vpc.ide.disks[i], disk->bytes, disk->count))
            continue;
        format_string(reason, GUEST_REASON_BYTES, "disk=: no memory for it, or it is larger than 4 GiB");
        return false;
    }
    if (start->kind == &machine_svm && !svm_host_attach(&machine->vpc, &machine->svm, machine_set_alarm)) {
        format_string(reason, GUEST_REASON_BYTES, "no memory left for a virtual PC");
        return false;
    }
    machine->svm.moves = equipment->moves;
    if (equipment->compares)
        machine->svm.steps_by = LOCKSTEP_RUN;
    machine->vpc.text.console = &guest->console.vcon;
    machine->keys.takes_serial_input = equipment->takes_serial_input;
    machine->is_overheard = debugcon_present(DEBUGCON_COM1);
    guest->image = (struct image_bytes){ start->image, start->image_bytes };
    guest->state.frame.eip = UINT64_MAX;        /* trap_may_enter: never entered */
    log_info("%s: a virtual PC of %u KiB, %s", start->name, start->memory_bytes / 1024,
             machine->vpc.svm != NULL ? "under SVM" : "interpreted");
    return true;
}

/* The rest of what it starts with, some pages of it. False: it cannot run yet, or is to end. */
static bool start_machine(struct machine *machine)
{
    switch (vpc_boot_step(&machine->boot, &machine->vpc, COPY_PAGES)) {
    case VPC_BOOT_NO_MEMORY:
        vpc_finish(&machine->vpc, VPC_END_MEMORY, 0,
                   "the machine has no memory left for what this virtual PC starts with");
        return false;
    case VPC_BOOT_COPIES:
        return false;
    case VPC_BOOT_DONE:
        break;
    }
    machine->is_started = true;
    return true;
}

/* An image that goes is put into RAM now, a page a step; others as turns come. */
static enum guest_fill fill_machine(struct guest *guest, const struct request_start *start,
                                    const struct elf32_image *parsed, struct guest_filling *filling, uint32_t *steps)
{
    struct machine *machine = guest->machine;
    enum vpc_boot_state state = VPC_BOOT_COPIES;

    (void)parsed, (void)filling;
    for (; start->image_goes && state == VPC_BOOT_COPIES && *steps > 0; --*steps)
        state = vpc_boot_step(&machine->boot, &machine->vpc, 1);
    machine->is_started = state == VPC_BOOT_DONE;
    if (state == VPC_BOOT_NO_MEMORY)
        return GUEST_FILL_NO_MEMORY;
    return start->image_goes && state == VPC_BOOT_COPIES ? GUEST_FILL_GOES_ON : GUEST_FILL_DONE;
}

/* The last thing in a turn: where memory is out its report may be kept where the machine was, which is gone then. */
static void end_machine(struct guest *guest, const struct vpc *vpc)
{
    machine_log_exits(guest, vpc);
    if (vpc->end == VPC_END_EXIT) {
        guest_end_exit(guest, vpc->status);
        return;
    }
    guest->life.lacks_memory = vpc->end == VPC_END_MEMORY;
    guest_crash(guest, "%s", vpc->reason);
}

/* Asleep until a device is due. A clock=run wakes with the machine's ticks, perhaps too early, and sleeps again. */
static void sleep_machine(struct guest *guest, const struct vpc *vpc)
{
    uint64_t now_ns = machine_now_ns(guest), until_ns = now_ns + MACHINE_LOOK_NS;

    if (!vpc->clock.is_counted && vpc->due_ns < until_ns)
        until_ns = vpc->due_ns;
    guest->state.clock.next_tick_ns = until_ns + ((const struct machine *)guest->machine)->origin_ns;
    guest->life.activity = GUEST_HALTED;
}

/* Is it somebody else's turn? An interrupt tells where one can end a run; the clock, where none can or none gets in. */
static bool is_turn_over(const struct machine *machine, uint64_t until_tsc)
{
    return (machine->vpc.svm != NULL && machine->svm.is_interrupted) || insn_rdtsc() >= until_tsc;
}

static enum vpc_state run_pieces(struct guest *guest, struct machine *machine)
{
    struct vpc *vpc = &machine->vpc;
    uint64_t until_tsc = insn_rdtsc() + timer_span_tsc(vpc->svm != NULL ? SVM_TURN_NS : TURN_NS);
    enum vpc_state state;

    if (vpc->svm == NULL && guest->processor->turn.other_tsc < until_tsc)
        until_tsc = guest->processor->turn.other_tsc;
    do {
        keys_feed(&machine->keys, &guest->state.virq, vpc);
        state = vpc_run(vpc, PIECE);
        if (state == VPC_WAITS && vpc->clock.is_counted && vpc_skip(vpc))
            state = VPC_RUNS;
    } while (state == VPC_RUNS && vpc->output_count < VPC_OUTPUT_STOP && !rowlog_is_full(&guest->row_log) &&
             !is_turn_over(machine, until_tsc));
    return state;
}

/* Bytes of COM1 as they are, which a console does not show: a line ID NAME COUNT, and so many of them. */
static void tell_output(const struct guest *guest, const struct vpc *vpc)
{
    char head[GUEST_NAME_BYTES + 32];
    size_t length = format_string(head, sizeof(head), "%u %s %u\n", guest->life.id, guest->life.name,
                                  vpc->output_count);

    debugcon_write(DEBUGCON_COM1, head, (uint32_t)length);
    debugcon_write(DEBUGCON_COM1, (const char *)vpc->output, vpc->output_count);
}

static void turn_machine(struct guest *guest)
{
    struct machine *machine = guest->machine;
    enum vpc_state state = VPC_RUNS;

    insn_sti_nop_cli();         /* a look came before: what waits since then does not wait for this turn, too */
    guest->state.virq.pending &= (uint16_t)~VIRQ_MASK(VIRQ_TIMER);      /* it has clocks of its own */
    if (rowlog_is_full(&guest->row_log))
        return;
    if (machine->is_still)      /* nothing of what passed since it was copied has passed for it */
        machine_start_clock(guest, machine->stands_at_ns, machine->stands_at_tsc);
    machine_turn_begins(guest);
    if (machine->is_started || start_machine(machine))
        state = run_pieces(guest, machine);
    else if (machine->vpc.end != VPC_END_NONE)
        state = VPC_ENDED;
    machine_turn_ends(guest);
    if (machine->is_overheard && machine->vpc.output_count > 0)
        tell_output(guest, &machine->vpc);
    if (machine->is_started)
        display_update(&machine->display, &machine->vpc, &guest->console.vcon, state != VPC_RUNS);
    if (state == VPC_ENDED)
        end_machine(guest, &machine->vpc);
    else if (state == VPC_WAITS && !keys_wait(&machine->keys, &guest->state.virq, &machine->vpc))
        sleep_machine(guest, &machine->vpc);
    insn_sti_nop_cli();
}

/* One step besides the disks': what it has is some pages. */
static bool destroy_machine(struct guest *guest, uint32_t *steps)
{
    struct machine *machine = guest->machine;

    if (machine == NULL)
        return true;
    for (unsigned i = 0; i < 2; i++)
        if (!disk_close(&machine->vpc.ide.disks[i], steps))
            return false;
    if (!svm_host_detach(&machine->vpc, steps) || *steps == 0)
        return false;
    --*steps;
    vmap_free(guest->machine);
    guest->machine = NULL;
    return true;
}

const struct guest_kind machine_interp = {
    .check = check_machine, .load = load_machine, .load_steps = LOAD_STEPS, .fill = fill_machine,
    .turn = turn_machine, .describe = machine_describe, .inform = machine_inform, .count = machine_count,
    .share = machine_share, .copy = machine_copy, .destroy = destroy_machine,
};

const struct guest_kind machine_svm = {
    .check = check_machine_svm, .load = load_machine, .load_steps = LOAD_STEPS, .fill = fill_machine,
    .turn = turn_machine, .describe = machine_describe, .inform = machine_inform, .count = machine_count,
    .share = machine_share, .copy = machine_copy, .destroy = destroy_machine,
};

const struct guest_kind *const guest_engines[HV_ENGINES] = {
    [HV_ENGINE_INTERP] = &machine_interp, [HV_ENGINE_SVM] = &machine_svm,
};
