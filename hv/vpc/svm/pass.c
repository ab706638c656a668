/*
 * pass.c - see pass.h (PURE).
 */
#include "vpc/svm/pass.h"

_Static_assert(SVM_AGAIN == 0 && SVM_STIRRED == 1, "what vpc_wants_look says");

/* What is shown of the local APIC is true again, too: it may have been given an interrupt that has to wait. */
enum svm_next svm_look_closely(struct vpc *vpc)
{
    const struct svm *svm = vpc->svm;

    svm_refresh_apic(vpc);
    if (has_news(vpc, svm->vmcb) || interp_is_stopping(&vpc->interp) || vpc->due_ns != svm->alarm_ns ||
        svm->nested.must_flush || svm->moves)
        return SVM_DONE;
    vpc->is_stirred = false;
    return SVM_AGAIN;
}
