/*
 * opcode_files.c - which file executes which opcode (PURE).
 */
#include <stddef.h>

#include "vpc/x86/fault.h"
#include "vpc/x86/operations.h"

/*
 *   a arith  b bits  c bcd  e exchange  f fpu  g flagop  h shift  i ident  j branch  k stack  l far  m move  p portio
 *   s stringop  u muldiv  v segop  y sysreg  . nobody, or a group whose reg decides
 */
static const char one_byte_files[257] =
    "aaaaaavvaaaaaav." "aaaaaavvaaaaaavv" "aaaaaa.caaaaaa.c" "aaaaaa.caaaaaa.c"
    "aaaaaaaaaaaaaaaa" "kkkkkkkkkkkkkkkk" "kkjv....kukupppp" "jjjjjjjjjjjjjjjj"
    "aaaaaaeemmmmvmvk" "eeeeeeeemmlfgggg" "mmmmssssaassssss" "mmmmmmmmmmmmmmmm"
    "hhjjvvmmkkllllll" "hhhhcc.mffffffff" "jjjjppppjjljpppp" ".l..yg..ggggggaa";
static const char two_byte_files[257] =
    ".yvv..y.yy......" "ffffffffmmmmmmmm" "yyyy....ffffffff" "iiiiii.........."
    "mmmmmmmmmmmmmmmm" "ffffffffffffffff" "ffffffffffffffff" "ffffffff......ff"
    "jjjjjjjjjjjjjjjj" "mmmmmmmmmmmmmmmm" "vvibhh..vv.bhhfu" "eevbvvmm..bbbbmm"
    "eeffffffmmmmmmmm" "ffffffffffffffff" "ffffffffffffffff" "ffffffffffffffff";

static char file_of_group(const struct instruction *insn)
{
    if (insn->map == MAP_TWO_BYTES)
        return insn->opcode != 0x00 ? '.' : insn->reg < 4 ? 'y' : insn->reg < 6 ? 'v' : '.';
    if (insn->opcode == 0xF6 || insn->opcode == 0xF7)
        return insn->reg < 4 ? 'a' : 'u';
    return '.';
}

/* FF holds a bit of everything. */
static char file_of_ff(const struct instruction *insn)
{
    static const char files[8] = { 'a', 'a', 'j', 'l', 'j', 'l', 'k', '.' };

    return files[insn->reg];
}

static char file_of(const struct instruction *insn)
{
    if (insn->map == MAP_ONE_BYTE && insn->opcode == 0xFF)
        return file_of_ff(insn);
    if (insn->map == MAP_TWO_BYTES && insn->opcode == 0xC7)
        return 'e';
    char file = (insn->map == MAP_ONE_BYTE ? one_byte_files : two_byte_files)[insn->opcode];
    return file == '.' ? file_of_group(insn) : file;
}

handler_t dispatch_find(const struct instruction *insn)
{
    static const finder_t finders[26] = {
        ['a' - 'a'] = arith_find, ['b' - 'a'] = bits_find, ['c' - 'a'] = bcd_find, ['e' - 'a'] = exchange_find,
        ['f' - 'a'] = fpu_find, ['g' - 'a'] = flagop_find, ['h' - 'a'] = shift_find, ['i' - 'a'] = ident_find,
        ['j' - 'a'] = branch_find, ['k' - 'a'] = stack_find, ['l' - 'a'] = far_find, ['m' - 'a'] = move_find,
        ['p' - 'a'] = portio_find, ['s' - 'a'] = stringop_find, ['u' - 'a'] = muldiv_find, ['v' - 'a'] = segop_find,
        ['y' - 'a'] = sysreg_find,
    };
    char file = file_of(insn);
    handler_t handler = file == '.' ? NULL : finders[file - 'a'](insn);

    return handler != NULL ? handler : op_undefined;
}
