// How compiled code is told to those who look at programs from outside (see announce()).
#include "runtime/native_unit.h"

#include <Python.h>

#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace hasten::runtime {
namespace {

// As in probe/hasten_probe.h; the library is loaded only under `hasten run`, so it is found by name.
struct ProbeLine {
  uint32_t offset;
  uint32_t line;
};
using RegisterCode = int (*)(const void* begin, const void* end, const char* file, const char* function,
                             uint32_t first_line, const ProbeLine* lines, size_t line_count);

struct PythonName {
  std::string file, function;
  uint32_t first_line = 0;
};

PythonName name_of(const mir::MirFunction& f) {
  PythonName name;
  auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(f.function));
  const char* file = PyUnicode_AsUTF8(code->co_filename);
  const char* function = PyUnicode_AsUTF8(code->co_qualname);
  if (file)
    name.file = file;
  if (function)
    name.function = function;
  PyErr_Clear();
  name.first_line = static_cast<uint32_t>(code->co_firstlineno);
  return name;
}

bool is_set(const char* variable) {
  const char* text = std::getenv(variable);
  return text && *text && *text != '0';
}

RegisterCode registrar() {
  static const auto found = reinterpret_cast<RegisterCode>(dlsym(RTLD_DEFAULT, "hasten_probe_register_code"));
  return found;
}

std::FILE* perf_map() {
  static std::FILE* const file = []() -> std::FILE* {
    if (!is_set("HASTEN_PERF_MAP")) {
      return nullptr;
    }
    return std::fopen(("/tmp/perf-" + std::to_string(getpid()) + ".map").c_str(), "a");
  }();
  return file;
}

}  // namespace

bool wants_debug_object() {
  static const bool wanted = is_set("HASTEN_JIT_GDB");
  return wanted;
}

bool wants_lines() { return registrar() || is_set("HASTEN_PERF_MAP") || wants_debug_object(); }

void announce(const NativeUnit& unit) {
  const RegisterCode register_code = registrar();
  std::FILE* const map = perf_map();
  if (!register_code && !map) {
    return;
  }
  const UnitFacts& facts = unit.facts();
  const auto tell = [&](const NativeVersion& body, uint32_t offset, uint32_t bytes, const Part& lines) {
    const uint8_t* begin = unit.code->begin() + offset;
    const PythonName name = name_of(*body.function);
    if (register_code) {
      std::vector<ProbeLine> told{{0, name.first_line}};
      for (uint32_t k = 0; k < lines.count; ++k) {
        const CodeLine& line = unit.part<CodeLine>(lines)[k];
        told.push_back({line.offset, line.line});
      }
      register_code(begin, begin + bytes, name.file.c_str(), name.function.c_str(), name.first_line, told.data(),
                    told.size());
    }
    if (map) {
      // tidy: printf: perf's own text format, appended to a FILE that stays open.
      std::fprintf(map, "%lx %x hasten:%s (%s:%u)\n", reinterpret_cast<unsigned long>(begin), bytes,
                   name.function.c_str(), name.file.c_str(), name.first_line);
      std::fflush(map);
    }
  };
  tell(unit.bodies[0].version, facts.entry, facts.entry_bytes, {});
  for (uint32_t k = 0; k < unit.body_count; ++k) {
    const BodyFacts& body = unit.part<BodyFacts>(facts.bodies)[k];
    if (body.code_bytes > 0) {  // else it was inlined everywhere
      tell(unit.bodies[k].version, body.code_offset, body.code_bytes, body.lines);
    }
  }
}

}  // namespace hasten::runtime
