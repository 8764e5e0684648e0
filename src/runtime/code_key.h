// What compiled code depends on, as a fingerprint: the code object of the function, and the process that it was made for.
#pragma once

#include <Python.h>

#include <array>
#include <cstdint>
#include <string>

namespace hasten::runtime {

using Fingerprint = std::array<uint64_t, 2>;

/// Of everything in a code object that can be seen, nested ones included: two with the same fingerprint are the same program.
/// Costs some microseconds. False: it holds a constant that none of CPython's compilers makes.
bool fingerprint_of(PyCodeObject* code, Fingerprint* out);

/// Of this CPython, the offsets of its objects, this processor and this build of Hasten. Empty if one of them cannot be told.
const std::string& process_key();

/// XXH3.
Fingerprint fingerprint_of(const std::string& bytes);
uint64_t checksum_of(const void* bytes, size_t count, uint64_t seed);

}  // namespace hasten::runtime
