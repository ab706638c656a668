/*
 * welcome.c - the first screen: for a person, without a figure.
 */
#include "monitor/welcome.h"

#include <stddef.h>
#include <stdint.h>

#include "base/format.h"
#include "io/ps2.h"
#include "io/serial.h"
#include "io/usb/usb.h"
#include "monitor/shell_output.h"

static const char *describe_keyboards(void)
{
    bool usb = usb_next_ns() != UINT64_MAX;     /* there is a controller that is driven; keyboards are found later */

    if (ps2_present())
        return usb ? "PS/2; one on USB is named below when it is found" : "PS/2";
    if (usb)
        return "no PS/2; one on USB is named below when it is found";
    return "none: no PS/2, and no USB controller that Cobble can use";
}

/* As people call them: the four that PCs have always had. */
static void describe_serial(char *text, size_t bytes)
{
    static const uint16_t ports[] = { 0x3F8, 0x2F8, 0x3E8, 0x2E8 };
    unsigned port = serial_port();

    if (port == 0) {
        format_string(text, bytes, "none: nothing answers at COM1 to COM4");
        return;
    }
    for (unsigned i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        if (port != ports[i])
            continue;
        format_string(text, bytes, "COM%u, 115200 bits a second, 8N1: it shows this, too, and types", i + 1);
        return;
    }
    format_string(text, bytes, "port 0x%x, 115200 bits a second, 8N1: it shows this, too, and types", port);
}

void welcome_show(void)
{
    char serial[72];

    describe_serial(serial, sizeof(serial));
    shell_print("Cobble %s runs small kernels side by side, each with its own screen.\n"
                "\n"
                "  ls                   shows which there are\n"
                "  run hello            runs one of them; run tumble is a game\n"
                "  help                 shows what else you can type\n"
                "  Alt+F1, Alt+F2 ...   go to this screen, to the first kernel's ...", COBBLE_VERSION);
    shell_print("\nKeyboard     %s\nSerial line  %s\n", describe_keyboards(), serial);
}
