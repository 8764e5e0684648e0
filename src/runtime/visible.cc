// How compiled code is told to those who look at programs from outside (see announce()).
#include "runtime/native_unit.h"

#include <Python.h>

#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

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

std::FILE* perf_map() {
  static std::FILE* const file = []() -> std::FILE* {
    const char* wanted = std::getenv("HASTEN_PERF_MAP");
    if (!wanted || *wanted == '0' || !*wanted)
      return nullptr;
    return std::fopen(("/tmp/perf-" + std::to_string(getpid()) + ".map").c_str(), "a");
  }();
  return file;
}

}  // namespace

void announce(const NativeUnit& unit) {
  static const auto register_code = reinterpret_cast<RegisterCode>(dlsym(RTLD_DEFAULT, "hasten_probe_register_code"));
  std::FILE* const map = perf_map();
  if (!register_code && !map) {
    return;
  }
  const UnitFacts& facts = unit.facts();
  const auto tell = [&](const NativeVersion& body, uint32_t offset, uint32_t bytes) {
    const uint8_t* begin = unit.code->begin() + offset;
    const PythonName name = name_of(*body.function);
    if (register_code) {
      const ProbeLine start{0, name.first_line};
      register_code(begin, begin + bytes, name.file.c_str(), name.function.c_str(), name.first_line, &start, 1);
    }
    if (map) {
      // tidy: printf: perf's own text format, appended to a FILE that stays open.
      std::fprintf(map, "%lx %x hasten:%s (%s:%u)\n", reinterpret_cast<unsigned long>(begin), bytes,
                   name.function.c_str(), name.file.c_str(), name.first_line);
      std::fflush(map);
    }
  };
  tell(unit.bodies[0].version, facts.entry, facts.entry_bytes);
  for (uint32_t k = 0; k < unit.body_count; ++k) {
    const BodyFacts& body = unit.part<BodyFacts>(facts.bodies)[k];
    if (body.code_bytes > 0) {  // else it was inlined everywhere
      tell(unit.bodies[k].version, body.code_offset, body.code_bytes);
    }
  }
}

}  // namespace hasten::runtime
