// MIR as text, for people and for tests.
#pragma once

#include <Python.h>

#include <string>

#include "runtime/mir.h"

namespace hasten::runtime {

/// One line per instruction: `v7 = Binary.Add v3, v6  ; 12:8-12:13`. Needs the GIL (constants are shown by repr).
std::string mir_text(const mir::MirFunction& function);

/// The name of an instruction's operation, with its UnaryOp, BinaryOp or CompareOp: "Compare.Lt".
std::string operation_name(const mir::Instr& instr);

}  // namespace hasten::runtime
