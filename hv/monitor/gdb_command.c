/*
 * gdb_command.c - what gdb has no packets for: the guest's tables, its vIDT, what waits for it.
 */
#include "monitor/gdb_command.h"

#include <stdarg.h>

#include "base/format.h"
#include "base/string.h"
#include "base/text.h"
#include "guest/debug_stop.h"
#include "guest/guest.h"

struct output {
    char *text;
    size_t bytes, used;
};

static void __attribute__((format(printf, 2, 3))) say_line(struct output *output, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    format_string_v(output->text + output->used, output->bytes - output->used, format, arguments);
    va_end(arguments);
    output->used += strlen(output->text + output->used);
}

static void print_tables(struct output *output, const struct guest *guest, const char *address)
{
    uint64_t value;
    char text[256];

    if (text_parse_u64(address, &value) == NULL || value > HV_MAX_GVA) {
        say_line(output, "write: tables ADDRESS, as in tables 0x100000\n");
        return;
    }
    gspace_explain(&guest->space, GVA(value), text, sizeof(text));
    say_line(output, "%s\n", text);
}

static void print_vidt(struct output *output, const struct guest *guest)
{
    for (unsigned slot = 0; slot < HV_IDT_SLOTS; slot++) {
        const struct guest_gate *gate = &guest->state.idt[slot];
        if (gate->eip != 0)
            say_line(output, "0x%02x %08x%s\n", slot, gate->eip, gate->privileged ? "" : ", user may call it");
    }
}

static void print_pending(struct output *output, const struct guest *guest)
{
    const struct virq *virq = &guest->state.virq;

    say_line(output, "virtual IF %s; waiting: tick %s, %u keys\n", virq->enabled ? "on" : "off",
          virq_has(virq, VIRQ_TIMER) ? "yes" : "no", virq->key_count);
}

void gdb_command(const char *line, char *text, size_t bytes)
{
    struct output output = { text, bytes, 0 };
    const struct guest *guest = debug_stop.guest;

    text[0] = '\0';
    if (guest == NULL || guest->life.activity == GUEST_ENDED)
        say_line(&output, "the guest has ended: %s\n", guest != NULL ? guest->life.reason : "");
    else if (strncmp(line, "tables", strlen("tables")) == 0)
        print_tables(&output, guest, line + strlen("tables") + (line[strlen("tables")] == ' '));
    else if (strcmp(line, "vidt") == 0)
        print_vidt(&output, guest);
    else if (strcmp(line, "pending") == 0)
        print_pending(&output, guest);
    else if (strcmp(line, "reason") == 0)
        say_line(&output, "%s\n", debug_stop.why == DEBUG_CRASHES ? guest->life.reason : "it is not about to crash");
    else
        say_line(&output, "tables ADDRESS   what the guest's page tables say of an address\n"
                       "vidt             the slots that are set\n"
                       "pending          virtual interrupts that wait\n"
                       "reason           why it is about to crash\n");
}
