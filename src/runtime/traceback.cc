// An entry is what types.TracebackType(next, frame, lasti, lineno) makes, with a frame object that never ran. `lasti` must be the
// offset of the bytecode instruction that would have raised: traceback printers ask the code object for its columns.
#include "runtime/traceback.h"

#include <frameobject.h>

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/code_places.h"
#include "runtime/object_layout.h"
#include "runtime/object_ref.h"
#include "runtime/operations.h"
#include "runtime/planted.h"

namespace hasten::runtime {
namespace {

/// What comes out of a generator that let StopIteration through.
void raise_from_stop_iteration() {
  PyObject* stop = take_raised();
  PyErr_SetString(PyExc_RuntimeError, "generator raised StopIteration");
  PyObject* error = take_raised();
  PyException_SetCause(error, Py_NewRef(stop));
  PyException_SetContext(error, stop);
  PyErr_Restore(Py_NewRef(Py_TYPE(error)), error, PyException_GetTraceback(error));
}

struct Entry {
  PyCodeObject* code;  ///< the function's, or one in its constants
  int offset, line;
  bool is_generator_expression;
  ObjectRef frame;  ///< of the last traceback: made again only if somebody still looks at that
};

/// As PyTraceBack_Here does, with a frame that has not run.
void push_entry(Entry& entry, PyObject* function) {
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  if (!entry.frame || Py_REFCNT(entry.frame.get()) > 1) {
    PyObject* globals = PyFunction_GET_GLOBALS(function);
    entry.frame =
        ObjectRef::steal(reinterpret_cast<PyObject*>(PyFrame_New(PyThreadState_Get(), entry.code, globals, nullptr)));
    if (entry.frame) {
      const bool is_own = reinterpret_cast<PyObject*>(entry.code) == PyFunction_GET_CODE(function);
      set_frame_closure(reinterpret_cast<PyFrameObject*>(entry.frame.get()), entry.code,
                        is_own ? PyFunction_GET_CLOSURE(function) : nullptr);
    }
  }
  PyTracebackObject* made = entry.frame ? PyObject_GC_New(PyTracebackObject, &PyTraceBack_Type) : nullptr;
  if (made) {
    auto* frame = reinterpret_cast<PyFrameObject*>(Py_NewRef(entry.frame.get()));
    set_frame_line(frame, entry.line);
    made->tb_next = reinterpret_cast<PyTracebackObject*>(std::exchange(trace, reinterpret_cast<PyObject*>(made)));
    made->tb_frame = frame;
    made->tb_lasti = entry.offset;
    made->tb_lineno = entry.line;
    PyObject_GC_Track(made);
  } else {
    PyErr_Clear();  // out of memory: the exception matters more than its traceback
  }
  PyErr_Restore(type, value, trace);
}

/// What is known of the instructions of a function that have raised: to find it takes longer than all the rest.
struct Places {
  ObjectRef code;
  std::unordered_map<uint32_t, std::vector<Entry>> entries;
};

/// Room for a few calls of Python's own, also for a RecursionError, which leaves none.
class SomeCalls {
 public:
  SomeCalls() : budget_(python_call_budget(PyThreadState_Get())) { *budget_ += kCalls; }
  ~SomeCalls() { *budget_ -= kCalls; }
  SomeCalls(const SomeCalls&) = delete;
  SomeCalls& operator=(const SomeCalls&) = delete;

 private:
  static constexpr int kCalls = 50;
  int* budget_;
};

/// Innermost last. Runs Python code.
std::vector<Entry> find_entries(const mir::MirFunction& function, PyCodeObject* code, uint32_t index) {
  const SomeCalls room;
  std::vector<Entry> entries;
  for (const CodePlace& place : CodePlaces(code).find(function, index)) {
    entries.push_back({place.code, place.offset, place.line, is_named(place.code, "<genexpr>"), {}});
  }
  return entries;
}

std::unordered_map<const mir::MirFunction*, Places>& places() {
  static auto* map = new std::unordered_map<const mir::MirFunction*, Places>;
  return *map;
}

}  // namespace

void add_traceback(const mir::MirFunction& function, uint32_t index) {
  index -= planted_bug(Plant::TracebackPrevious) && index > 0;
  auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(function.function));
  Places& known = places()[&function];  // stays where it is until forget_tracebacks
  if (!known.code) {
    known.code = ObjectRef::share(reinterpret_cast<PyObject*>(code));
  }
  const bool same_code = known.code.get() == reinterpret_cast<PyObject*>(code);
  auto found = known.entries.find(index);
  std::vector<Entry> of_other_code;
  if (!same_code || found == known.entries.end()) {
    std::vector<Entry> fresh;
    {
      const KeepError keep;  // the lookups run Python code
      fresh = find_entries(function, code, index);
    }
    if (same_code) {
      found = known.entries.try_emplace(index, std::move(fresh)).first;  // that Python code may have raised here too
    } else {
      of_other_code = std::move(fresh);
    }
  }
  std::vector<Entry>& entries = same_code ? found->second : of_other_code;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    push_entry(*entry, function.function);
    if (entry->is_generator_expression && PyErr_ExceptionMatches(PyExc_StopIteration)) {
      raise_from_stop_iteration();
    }
  }
}

void forget_tracebacks(const mir::MirFunction* function) { places().erase(function); }

}  // namespace hasten::runtime
