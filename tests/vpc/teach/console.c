/*
 * console.c - one console of three devices: keys by interrupt 1 or bytes of the serial line by 4, whichever come;
 * what is written goes to the serial line and to the screen. A line is shown as it is read, so what is typed early
 * spoils no row.
 */
#include "teach.h"

#define ROWS 25u
#define COLUMNS 80u
#define BLANK 0x0720u
#define INPUT_BYTES 512u
#define BACKSPACE '\b'
#define HASH_START 0x811C9DC5u          /* FNV-1a */
#define HASH_FACTOR 0x01000193u

/* By scancode of set 1, as far as it goes. */
static const char letters[] = "\0\0" "1234567890-=" "\b\0" "qwertyuiop" "\0\0\n\0" "asdfghjkl" "\0\0\0\0\0" "zxcvbnm,./"
                              "\0\0\0" " ";
static volatile uint16_t *const page = (volatile uint16_t *)(KERNEL_BASE + 0xB8000);
static volatile char input[INPUT_BYTES];
static volatile unsigned given, taken;
static unsigned cursor;
static uint32_t serial_bytes, serial_hash = HASH_START;

static void give(char letter)
{
    if (letter == '\0' || given - taken == INPUT_BYTES)
        return;
    input[given++ % INPUT_BYTES] = letter;
    wake(&given);
}

void on_keyboard(void)
{
    uint8_t code;

    check(inb(0x64) & 1, "a key");
    code = inb(0x60);
    if (code < sizeof(letters))
        give(letters[code]);
}

void on_serial(void)
{
    (void)inb(COM1 + 2);
    while (inb(COM1 + 5) & 1) {
        char letter = (char)inb(COM1);
        give(letter == '\r' ? '\n' : letter);
    }
}

void use_console(void)
{
    outb(0x3D4, 14);
    outb(0x3D5, 0);
    outb(0x3D4, 15);
    outb(0x3D5, 80);
    page[80] = 0x0700 | '$';
    outb(0x3D4, 15);
    check(inb(0x3D5) == 80 && (page[80] & 0xFF) == '$', "text page");
    outb(0x64, 0xD2);                   /* a key, as if it had been pressed */
    outb(0x60, 0x1E);
    wait_for(LINE_KEYBOARD, 1);
    check(given == 1 && input[0] == 'a', "key");
    taken = given;
    outb(COM1 + 4, 0);
    outb(COM1 + 1, 2);
    wait_for(LINE_SERIAL, 1);
    outb(COM1 + 1, 0);
    say("a key, the serial line\n");
}

void begin_session(void)
{
    for (unsigned at = 0; at < ROWS * COLUMNS; at++)
        page[at] = BLANK;
    cursor = 0;
    outb(COM1 + 1, 1);
}

static void put_on_line(char character)
{
    put_character(character);
    serial_bytes++;
    serial_hash = (serial_hash ^ (uint8_t)character) * HASH_FACTOR;
}

/* All rows one up, cell by cell from the first on. */
static void scroll(void)
{
    for (unsigned at = 0; at < (ROWS - 1) * COLUMNS; at++)
        page[at] = page[at + COLUMNS];
    for (unsigned at = (ROWS - 1) * COLUMNS; at < ROWS * COLUMNS; at++)
        page[at] = BLANK;
    cursor -= COLUMNS;
}

static void put_on_screen(char character)
{
    if (character == '\n')
        cursor += COLUMNS - cursor % COLUMNS;
    else if (character == BACKSPACE)
        cursor -= cursor > 0;
    else
        page[cursor++] = (uint16_t)(0x0700 | (uint8_t)character);
    if (cursor >= ROWS * COLUMNS)
        scroll();
    outb(0x3D4, 14);
    outb(0x3D5, (uint8_t)(cursor >> 8));
    outb(0x3D4, 15);
    outb(0x3D5, (uint8_t)cursor);
    page[cursor] = BLANK;
}

void put(char character)
{
    put_on_line(character);
    put_on_screen(character);
}

void put_text(const char *text, uint32_t bytes)
{
    while (bytes-- > 0)
        put(*text++);
}

void print(const char *text)
{
    while (*text != '\0')
        put(*text++);
}

void print_number(uint32_t number, uint32_t base, unsigned digits)
{
    if (number >= base || digits > 1)
        print_number(number / base, base, digits > 1 ? digits - 1 : 1);
    put("0123456789abcdef"[number % base]);
}

static char take_letter(void)
{
    uint32_t flags = hold();
    char letter;

    while (given == taken)
        sleep_on(&given);
    letter = input[taken++ % INPUT_BYTES];
    let_go(flags);
    return letter;
}

/* With its end, and a zero behind that; what has no room is not shown either. */
uint32_t take_line(char *line, uint32_t room)
{
    uint32_t length = 0;

    for (char letter; (letter = take_letter()) != '\n';) {
        if (letter == BACKSPACE && length > 0) {
            length--;
            print("\b \b");
        } else if (letter != BACKSPACE && length + 2 < room) {
            line[length++] = letter;
            put(letter);
        }
    }
    put('\n');
    line[length++] = '\n';
    if (length < room)
        line[length] = '\0';
    return length;
}

void tell_serial(void)
{
    uint32_t bytes = serial_bytes, hash = serial_hash;

    print("serial line: ");
    print_number(bytes, 10, 1);
    print(" bytes, ");
    print_number(hash, 16, 8);
    print("\n");
}
