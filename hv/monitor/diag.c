/*
 * diag.c - one page on this machine. docs/pc-checklist.md tells people to send it.
 */
#include "monitor/diag.h"

#include "base/format.h"
#include "base/frames.h"
#include "base/log.h"
#include "base/string.h"
#include "cpu/insn.h"
#include "cpu/x86.h"
#include "io/pci.h"
#include "io/pci_function.h"
#include "io/ps2.h"
#include "io/serial.h"
#include "io/usb/usb.h"
#include "irq/acpi.h"
#include "irq/irq.h"
#include "irq/reference.h"
#include "irq/timer.h"
#include "irq/tsc_watch.h"
#include "monitor/shell_output.h"

#define ROW_BYTES 80            /* 79 columns: the last one stays free */
#define PCI_COLUMNS 3
#define PCI_CELL_BYTES 22
#define USB_ROWS_MAX 6
#define CPUID_EXTENDED 0x80000000u
#define CPUID_NAME 0x80000002u  /* and the two above: SDM vol. 2 "CPUID", processor brand string */
#define NS_PER_MS 1000000u

static const struct boot_info *machine;
static unsigned rows;

void diag_init(const struct boot_info *info)
{
    machine = info;
}

static void __attribute__((format(printf, 2, 3))) print_row(const char *label, const char *format, ...)
{
    char row[ROW_BYTES];
    va_list arguments;

    size_t used = format_string(row, sizeof(row), "%-11s", label);
    va_start(arguments, format);
    format_string_v(row + used, sizeof(row) - used, format, arguments);
    va_end(arguments);
    shell_print("%s", row);
    rows++;
}

static const char *yes_no(bool is_so)
{
    return is_so ? "yes" : "no";
}

static void print_firmware(void)
{
    print_row("firmware", "%s, revision %#x; UEFI %u.%u; ACPI %s",
              machine->firmware[0] ? machine->firmware : "(no name)", machine->firmware_revision,
              machine->uefi_revision >> 16, (machine->uefi_revision & 0xFFFF) / 10,
              machine->rsdp == 0 ? "none" : irq_acpi_facts()->have_madt ? "with MADT" : "without MADT");
}

static void print_processor(void)
{
    uint32_t vendor[4], version[4], features[4], power[4] = { 0 };
    char name[49] = "", maker[13] = "";

    insn_cpuid(0, 0, vendor);
    memcpy(maker, &vendor[1], 4);
    memcpy(maker + 4, &vendor[3], 4);
    memcpy(maker + 8, &vendor[2], 4);
    insn_cpuid(1, 0, version);
    insn_cpuid(CPUID_EXTENDED, 0, features);
    uint32_t last = features[0];
    for (unsigned i = 0; last >= CPUID_NAME + 2 && i < 3; i++) {
        insn_cpuid(CPUID_NAME + i, 0, features);
        memcpy(name + 16 * i, features, 16);
    }
    if (last >= CPUID_POWER)
        insn_cpuid(CPUID_POWER, 0, power);
    insn_cpuid(CPUID_EXTENDED + 1, 0, features);
    print_row("processor", "%s", name[0] ? name : "(no name)");
    print_row("", "%s %#x; NX: %s, steady TSC: %s, virtual: %s", maker, version[0],
              yes_no(features[3] & CPUID_80000001_EDX_NX), yes_no(power[3] & CPUID_POWER_EDX_STEADY_TSC),
              yes_no(version[2] & CPUID_1_ECX_HYPERVISOR));
}

static void print_display(void)
{
    const struct boot_framebuffer *shown = &machine->framebuffer;

    if (shown->width == 0)
        print_row("display", "none: serial only");
    else
        print_row("display", "%ux%u, %u bits, %u bytes a line, at %#llx", shown->width, shown->height,
                  8 * shown->bytes_per_pixel, shown->pitch, (unsigned long long)shown->address);
}

static void print_interrupts_and_timers(void)
{
    const struct acpi_facts *facts = irq_acpi_facts();
    struct timer_choice choice = timer_choice();

    print_row("interrupts", "%s, %u I/O APIC%s, 8259: %s", irq_apic_mode(), facts->ioapic_count,
              facts->ioapic_count == 1 ? "" : "s", facts->have_madt ? yes_no(facts->have_8259) : "assumed");
    print_row("timers", "%s; %s; %s", reference_verdict(0), reference_verdict(1), reference_verdict(2));
    print_row("", "TSC %llu kHz by %s%s, alarm by %s", (unsigned long long)timer_span_tsc(NS_PER_MS), choice.source,
              tsc_is_unsteady() ? ", not steady" : tsc_is_watched() ? ", watched" : "", choice.alarm);
}

static void print_input(void)
{
    unsigned irq = serial_isa_irq();

    if (!serial_present())
        print_row("serial", "none");
    else if (irq == SERIAL_NO_ISA_IRQ)
        print_row("serial", "port %#x, polled", serial_port());
    else
        print_row("serial", "port %#x, interrupt %u", serial_port(), irq);
    print_row("keyboard", "PS/2: %s; the firmware says that there is a controller: %s", yes_no(ps2_present()),
              irq_acpi_facts()->boot_flags == 0xFFFF ? "nothing" : yes_no(irq_acpi_facts()->boot_flags & 2));
}

static void print_ram(void)
{
    uint64_t ours_kib = 0;
    const struct boot_range *ranges = hpa_to_ptr(HPA(machine->ranges));

    for (uint64_t i = 0; i < machine->range_count; i++)
        ours_kib += ranges[i].kind == BOOT_RANGE_OURS ? ranges[i].length >> 10 : 0;
    print_row("memory", "%llu MiB usable, %llu free, %llu KiB loaded; map of %llu entries",
              (unsigned long long)frames_count_total() >> 8, (unsigned long long)frames_count_free() >> 8,
              (unsigned long long)ours_kib, (unsigned long long)machine->map_entries);
}

static void print_usb(void)
{
    char line[ROW_BYTES];
    unsigned i = 0;

    for (; i < USB_ROWS_MAX && usb_describe(i, line, sizeof(line)); i++)
        print_row(i == 0 ? "USB" : "", "%s", line);
    if (i == 0)
        print_row("USB", "no controller");
    else if (usb_describe(i, line, sizeof(line)))
        print_row("", "and more");
}

/* "00:1f.2 0106 8086:2922", of a bridge "00:1c.0>01 8086:3420", of another segment a little cut. */
static void describe_function(const struct pci_function *function, char cell[PCI_CELL_BYTES + 1])
{
    char name[PCI_NAME_BYTES];

    pci_name(function->place, name);
    if (function->header == 1)
        format_string(cell, PCI_CELL_BYTES + 1, "%s>%02x %04x:%04x", name, function->secondary, function->vendor,
                      function->device);
    else
        format_string(cell, PCI_CELL_BYTES + 1, "%s %04x %04x:%04x", name, function->class, function->vendor,
                      function->device);
}

static void print_pci(unsigned rows_left)
{
    char line[ROW_BYTES], cell[PCI_CELL_BYTES + 1];
    unsigned i = 0, count = 0;

    while (pci_function(count))
        count++;
    print_row("PCI", "%u functions: place, class or bus behind the bridge, maker:device", count);
    for (; i < count && rows_left > 1; rows_left--) {
        line[0] = '\0';
        for (unsigned column = 0; column < PCI_COLUMNS && i < count; column++) {
            size_t used = strnlen(line, sizeof(line));
            describe_function(pci_function(i++), cell);
            format_string(line + used, sizeof(line) - used, "%s%-*s", column == 0 ? "" : " ", PCI_CELL_BYTES, cell);
        }
        print_row("", "%s", line);
    }
    if (i < count)
        print_row("", "and %u more", count - i);
}

static unsigned count_refused(void)
{
    unsigned count = 0;

    while (log_kept(count))
        count++;
    return count;
}

static void print_refused(void)
{
    const char *line;

    for (unsigned i = 0; (line = log_kept(i)) != NULL; i++)
        print_row(i == 0 ? "refused" : "", "%s", line);
    if (count_refused() == 0)
        print_row("refused", "nothing, and nothing is missing");
}

void diag_show(void)
{
    unsigned refused = count_refused() ? count_refused() : 1;

    rows = 0;
    shell_clear();
    print_row("Cobble", "%s; docs/pc-checklist.md says what to send with this page", COBBLE_VERSION);
    print_firmware();
    print_processor();
    print_display();
    print_interrupts_and_timers();
    print_input();
    print_ram();
    print_usb();
    print_pci(DIAG_ROWS - 1 - rows - refused);
    print_refused();
}
