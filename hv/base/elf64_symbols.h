/*
 * elf64_symbols.h - names for addresses, from the symbol table of an ELF64 file in memory (PURE).
 *
 * Serves panic backtraces with hv.elf itself. The file may be damaged: every offset is checked, nothing is assumed.
 */
#ifndef BASE_ELF64_SYMBOLS_H
#define BASE_ELF64_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

/* What is left of one file, in which it lies: from table up to the end of the file it must stay in memory. */
struct elf64_symbols {
    const uint8_t *table;
    uint64_t count;
    uint64_t high;          /* upper half of every address, the lower half 0 */
    const char *names;
    uint64_t names_bytes;
};

/*
 * Find .symtab and its string table, and keep of the first what names code, in a shorter form that is written over its
 * end. Symbols must lie in the same 4 GiB. False, and no symbols, when there are none or the file is malformed.
 */
bool elf64_symbols_keep(struct elf64_symbols *symbols, void *file, uint64_t file_bytes);

/*
 * The function or label that covers address, and the distance from its start; NULL when there is none. A symbol without
 * a size (a label in assembly) reaches to the next symbol, but at most 64 KiB.
 */
const char *elf64_symbols_find(const struct elf64_symbols *symbols, uint64_t address, uint64_t *offset);

#endif
