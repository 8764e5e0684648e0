#include "runtime/code_key.h"

#include <cpuid.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "runtime/native_unit.h"
#include "runtime/object_layout.h"

namespace hasten::runtime {
namespace {

void put(std::string& out, const void* bytes, size_t count) {
  const uint64_t size = count;
  out.append(reinterpret_cast<const char*>(&size), sizeof size);
  out.append(static_cast<const char*>(bytes), count);
}

template <class T>
void put_number(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_text(std::string& out, PyObject* text) {
  out += 't';
  put_number(out, static_cast<int>(PyUnicode_KIND(text)));
  put(out, PyUnicode_DATA(text), static_cast<size_t>(PyUnicode_GET_LENGTH(text) * PyUnicode_KIND(text)));
}

bool put_code(std::string& out, PyCodeObject* code);

bool put_constant(std::string& out, PyObject* object) {
  if (PyUnicode_CheckExact(object)) {
    put_text(out, object);
    return true;
  }
  if (PyTuple_CheckExact(object)) {
    out += '(';
    put_number(out, PyTuple_GET_SIZE(object));
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(object); ++i) {
      if (!put_constant(out, PyTuple_GET_ITEM(object, i))) {
        return false;
      }
    }
    return true;
  }
  if (PyFrozenSet_CheckExact(object)) {  // in an order that does not depend on hashes
    std::vector<std::string> items;
    PyObject* iterator = PyObject_GetIter(object);
    bool ok = iterator != nullptr;
    while (PyObject* item = ok ? PyIter_Next(iterator) : nullptr) {
      ok = put_constant(items.emplace_back(), item);
      Py_DECREF(item);
    }
    Py_XDECREF(iterator);
    std::sort(items.begin(), items.end());
    out += '{';
    for (const std::string& item : items) {
      put(out, item.data(), item.size());
    }
    return ok && !PyErr_Occurred();
  }
  if (PyCode_Check(object)) {
    return put_code(out, reinterpret_cast<PyCodeObject*>(object));
  }
  if (PyFloat_CheckExact(object)) {
    out += 'f';
    put_number(out, PyFloat_AS_DOUBLE(object));
    return true;
  }
  if (PyComplex_CheckExact(object)) {
    out += 'c';
    put_number(out, PyComplex_AsCComplex(object));
    return true;
  }
  if (PyBytes_CheckExact(object)) {
    out += 'b';
    put(out, PyBytes_AS_STRING(object), static_cast<size_t>(PyBytes_GET_SIZE(object)));
    return true;
  }
  if (PyLong_CheckExact(object)) {
    PyObject* digits = PyNumber_ToBase(object, 16);
    if (!digits) {
      return false;
    }
    out += 'i';
    put_text(out, digits);
    Py_DECREF(digits);
    return true;
  }
  for (PyObject* one : {Py_None, Py_True, Py_False, Py_Ellipsis}) {
    if (object == one) {
      out += one == Py_None ? 'N' : one == Py_True ? 'T' : one == Py_False ? 'F' : 'E';
      return true;
    }
  }
  return false;
}

bool put_code(std::string& out, PyCodeObject* code) {
  out += 'C';
  for (const int number : {code->co_argcount, code->co_posonlyargcount, code->co_kwonlyargcount, code->co_flags,
                           code->co_firstlineno, code->co_stacksize}) {
    put_number(out, number);
  }
  for (const char* field : {"co_code", "co_varnames", "co_freevars", "co_cellvars"}) {
    PyObject* value = PyObject_GetAttrString(reinterpret_cast<PyObject*>(code), field);
    const bool ok = value && put_constant(out, value);
    Py_XDECREF(value);
    if (!ok) {
      return false;
    }
  }
  for (PyObject* value : {code->co_names, code->co_name, code->co_qualname, code->co_filename, code->co_linetable,
                          code->co_exceptiontable, code->co_consts}) {
    if (!put_constant(out, value)) {
      return false;
    }
  }
  return true;
}

/// GNU's note of a shared library; empty without one.
std::string build_id_of(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return {};
  }
  alignas(8) char head[8192] = {};
  const ssize_t count = pread(file, head, sizeof head, 0);
  close(file);
  const auto* elf = reinterpret_cast<const Elf64_Ehdr*>(head);
  if (count < static_cast<ssize_t>(sizeof *elf) || std::memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0) {
    return {};
  }
  const auto inside = [&](uint64_t offset, uint64_t bytes) {
    return bytes <= static_cast<uint64_t>(count) && offset <= static_cast<uint64_t>(count) - bytes;
  };
  for (uint16_t i = 0; i < elf->e_phnum; ++i) {
    const uint64_t at = elf->e_phoff + uint64_t{i} * sizeof(Elf64_Phdr);
    if (!inside(at, sizeof(Elf64_Phdr))) {
      return {};
    }
    const auto* part = reinterpret_cast<const Elf64_Phdr*>(head + at);
    if (part->p_type != PT_NOTE) {
      continue;
    }
    for (uint64_t note_at = part->p_offset;
         inside(note_at, sizeof(Elf64_Nhdr)) && note_at < part->p_offset + part->p_filesz;) {
      const auto* note = reinterpret_cast<const Elf64_Nhdr*>(head + note_at);
      const uint64_t name = note_at + sizeof *note, value = name + (note->n_namesz + 3) / 4 * 4;
      if (!inside(value, note->n_descsz)) {
        return {};
      }
      if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && std::memcmp(head + name, "GNU", 4) == 0) {
        return {head + value, note->n_descsz};
      }
      note_at = value + (note->n_descsz + 3) / 4 * 4;
    }
  }
  return {};
}

/// This library and the compiler's, which lies beside it.
std::string build_ids() {
  Dl_info info = {};
  if (!dladdr(reinterpret_cast<const void*>(&process_key), &info) || !info.dli_fname) {
    return {};
  }
  const std::string ours = info.dli_fname;
  const size_t at = ours.rfind("_runtime.");
  if (at == std::string::npos) {
    return {};
  }
  std::string theirs = ours;
  theirs.replace(at, std::strlen("_runtime."), "_compile.");
  const std::string first = build_id_of(ours), second = build_id_of(theirs);
  return first.empty() || second.empty() ? std::string() : first + second;
}

void put_processor(std::string& out) {
  for (const unsigned leaf : {0u, 1u, 7u, 0xdu, 0x80000001u}) {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid_count(leaf, 0, &a, &b, &c, &d)) {
      if (leaf == 1) {
        b = 0;                  // which core answers
        if (c & bit_OSXSAVE) {  // which registers the kernel saves
          unsigned low = 0, high = 0;
          asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
          put_number(out, low);
        }
      }
      if (leaf == 0xd) {
        b = 0;  // of what is in use now
      }
      for (const unsigned word : {a, b, c, d}) {
        put_number(out, word);
      }
    }
  }
}

std::string make_process_key() {
  const std::string builds = build_ids();
  if (builds.empty()) {
    return {};
  }
  std::string key = builds;
  key += Py_GetVersion();
  // Its numbers, not its addresses.
  ObjectLayout numbers = object_layout();
  numbers.small_ints = nullptr;
  numbers.characters = nullptr;
  for (PyObject** object : {&numbers.true_object, &numbers.false_object, &numbers.none_object, &numbers.long_type,
                            &numbers.float_type, &numbers.complex_type, &numbers.bool_type, &numbers.list_type,
                            &numbers.tuple_type, &numbers.range_type, &numbers.text_type}) {
    *object = nullptr;
  }
  key.append(reinterpret_cast<const char*>(&numbers), sizeof numbers);
  put_processor(key);
  key += wants_lines() ? 'l' : '-';  // of those without, nobody would see the lines
  return key;
}

}  // namespace

Fingerprint fingerprint_of(const std::string& bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

uint64_t checksum_of(const void* bytes, size_t count, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes, count, seed);
}

bool fingerprint_of(PyCodeObject* code, Fingerprint* out) {
  std::string bytes;
  if (!put_code(bytes, code)) {
    PyErr_Clear();
    return false;
  }
  *out = fingerprint_of(bytes);
  return true;
}

const std::string& process_key() {
  static const std::string key = make_process_key();
  return key;
}

}  // namespace hasten::runtime
