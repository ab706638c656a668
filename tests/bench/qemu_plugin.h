/*
 * qemu_plugin.h - what the plugins of this folder use of QEMU's interface for them, version 1: "QEMU TCG Plugins" of
 * its documentation.
 */
#ifndef TESTS_BENCH_QEMU_PLUGIN_H
#define TESTS_BENCH_QEMU_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define PLUGIN_ADD 0                            /* the one inline operation there is */
#define PLUGIN_NO_REGISTERS 0

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void plugin_translated(uint64_t id, struct qemu_plugin_tb *block);
typedef void plugin_executed(unsigned processor, void *data);
typedef void plugin_ends(uint64_t id, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, plugin_translated *call);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, plugin_executed *call, int flags, void *data);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int operation, void *counter, uint64_t add);
void qemu_plugin_register_atexit_cb(uint64_t id, plugin_ends *call, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);

/* What QEMU looks for; the plugin defines both. */
extern int qemu_plugin_version;
int qemu_plugin_install(uint64_t id, const void *info, int count, char **arguments);

#endif
