#include "compile/syntax/source.h"

#include "compile/syntax/excerpt.h"
#include "compile/syntax/nested_code.h"

#include <sys/stat.h>

#include <cstdio>
#include <deque>
#include <string>
#include <vector>

namespace hasten::compile::syntax {
namespace {

using runtime::ObjectRef;

/// Keeps compile() quiet: the user has seen the warnings of this file when it was imported.
class SilencedWarnings {
 public:
  SilencedWarnings() {
    PyObject* modules = PyImport_GetModuleDict();  // borrowed
    PyObject* module = PyDict_GetItemString(modules, "warnings");
    ObjectRef own = module ? ObjectRef::share(module) : ObjectRef::steal(PyImport_ImportModule("_warnings"));
    filters_ = ObjectRef::steal(own ? PyObject_GetAttrString(own.get(), "filters") : nullptr);
    item_ = ObjectRef::steal(Py_BuildValue("(sOOOi)", "ignore", Py_None, PyExc_Warning, Py_None, 0));
    if (!filters_ || !item_ || !PyList_Check(filters_.get()) || PyList_Insert(filters_.get(), 0, item_.get()) < 0) {
      PyErr_Clear();
      item_ = {};
    }
  }
  ~SilencedWarnings() {
    for (Py_ssize_t i = 0; item_ && i < PyList_GET_SIZE(filters_.get()); ++i) {
      if (PyList_GET_ITEM(filters_.get(), i) == item_.get()) {
        PyList_SetSlice(filters_.get(), i, i + 1, nullptr);
        break;
      }
    }
  }
  SilencedWarnings(const SilencedWarnings&) = delete;
  SilencedWarnings& operator=(const SilencedWarnings&) = delete;

 private:
  ObjectRef filters_, item_;
};

struct FileText {
  std::string bytes;
  int64_t mtime_ns = 0;
};

bool read_file(const char* path, FileText* text) {
  struct stat status;
  FILE* file = std::fopen(path, "rbe");
  if (!file) {
    return false;
  }
  bool ok = fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode);
  if (ok) {
    text->mtime_ns = status.st_mtim.tv_sec * 1'000'000'000L + status.st_mtim.tv_nsec;
    text->bytes.resize(static_cast<size_t>(status.st_size));
    ok = std::fread(text->bytes.data(), 1, text->bytes.size(), file) == text->bytes.size();
  }
  std::fclose(file);
  return ok;
}

/// Source that exists only in memory: notebooks and some REPLs put it into linecache.
bool read_linecache(PyObject* name, FileText* text) {
  PyObject* module = PyDict_GetItemString(PyImport_GetModuleDict(), "linecache");
  ObjectRef cache = ObjectRef::steal(module ? PyObject_GetAttrString(module, "cache") : nullptr);
  PyObject* entry = cache && PyDict_Check(cache.get()) ? PyDict_GetItem(cache.get(), name) : nullptr;
  PyErr_Clear();
  if (!entry || !PyTuple_Check(entry) || PyTuple_GET_SIZE(entry) != 4) {
    return false;
  }
  ObjectRef empty = ObjectRef::steal(PyUnicode_FromString(""));
  ObjectRef joined = ObjectRef::steal(PyUnicode_Join(empty.get(), PyTuple_GET_ITEM(entry, 2)));
  Py_ssize_t size = 0;
  const char* utf8 = joined ? PyUnicode_AsUTF8AndSize(joined.get(), &size) : nullptr;
  if (!utf8) {
    PyErr_Clear();
    return false;
  }
  text->bytes.assign(utf8, static_cast<size_t>(size));
  text->mtime_ns = -1;
  return true;
}

/// Source that the module's loader alone has: an archive, or text that stands in for a file (`hasten fix` tries
/// changes that way).
bool read_loader(PyObject* function, FileText* text) {
  PyObject* globals = PyFunction_GET_GLOBALS(function);
  PyObject* loader = PyDict_GetItemString(globals, "__loader__");  // borrowed
  PyObject* name = PyDict_GetItemString(globals, "__name__");      // borrowed
  ObjectRef source = ObjectRef::steal(loader && name ? PyObject_CallMethod(loader, "get_source", "O", name) : nullptr);
  Py_ssize_t size = 0;
  const char* utf8 = source && PyUnicode_Check(source.get()) ? PyUnicode_AsUTF8AndSize(source.get(), &size) : nullptr;
  if (!utf8) {
    PyErr_Clear();
    return false;
  }
  text->bytes.assign(utf8, static_cast<size_t>(size));
  text->mtime_ns = -1;
  return true;
}

/// The trees read last. A tree takes about 20 times the bytes of its text, so only a few are kept.
struct ParsedFile {
  ObjectRef name;
  FileText text;
  ObjectRef tree;
};
constexpr size_t kParsedFilesKept = 4;
std::deque<ParsedFile>& parsed_files() {
  static auto* files = new std::deque<ParsedFile>;  // never destroyed: the interpreter may be gone by then
  return *files;
}

ObjectRef parse(PyObject* name, FileText text) {
  auto& files = parsed_files();
  for (ParsedFile& file : files) {
    if (PyUnicode_Compare(file.name.get(), name) == 0 && file.text.mtime_ns == text.mtime_ns &&
        file.text.bytes == text.bytes) {
      return file.tree;
    }
  }
  SilencedWarnings quiet;
  PyCompilerFlags flags = {};
  flags.cf_flags = PyCF_ONLY_AST;
  flags.cf_feature_version = PY_MINOR_VERSION;
  if (text.mtime_ns == -1) {
    flags.cf_flags |= PyCF_IGNORE_COOKIE;
  }
  ObjectRef tree = ObjectRef::steal(Py_CompileStringObject(text.bytes.c_str(), name, Py_file_input, &flags, -1));
  if (tree) {
    files.push_front({ObjectRef::share(name), std::move(text), tree});
    if (files.size() > kParsedFilesKept) {
      files.pop_back();
    }
  }
  return tree;
}

/// A definition found by place; whether it is the right one is proven afterwards.
struct Candidate {
  Node node;
  PyObject* class_name;
  Node top;  ///< the statement of the module that it is in
};

class Locator {
 public:
  Locator(PyObject* name, long line) : name_(name), line_(line) {}

  std::optional<Candidate> find(Node module) {
    for (Node statement : module.list(Field::body)) {
      top_ = statement;
      visit(statement, nullptr);
      if (found_) {
        break;
      }
    }
    return found_;
  }

 private:
  void visit_all(NodeList statements, PyObject* class_name) {
    for (Node statement : statements) {
      if (!found_) {
        visit(statement, class_name);
      }
    }
  }

  void visit(Node node, PyObject* class_name) {
    switch (node.kind()) {
      case Kind::FunctionDef:
      case Kind::AsyncFunctionDef: {
        NodeList decorators = node.list(Field::decorator_list);
        long first_line = (decorators.empty() ? node : decorators[0]).integer(Field::lineno);
        if (first_line == line_ && PyUnicode_Compare(node.object(Field::name), name_) == 0) {
          found_ = Candidate{node, class_name, top_};
          return;
        }
        break;
      }
      case Kind::ClassDef:
        class_name = node.object(Field::name);
        break;
      case Kind::If:
      case Kind::For:
      case Kind::While:
      case Kind::Try:
      case Kind::TryStar:
      case Kind::With:
      case Kind::AsyncFor:
      case Kind::AsyncWith:
      case Kind::Match:
        break;
      default:
        return;
    }
    if (node.kind() == Kind::Try || node.kind() == Kind::TryStar) {
      for (Node handler : node.list(Field::handlers)) {
        visit_all(handler.list(Field::body), class_name);
      }
    }
    if (node.kind() == Kind::Match) {
      for (Node match_case : node.list(Field::cases)) {
        visit_all(match_case.list(Field::body), class_name);
      }
    }
    visit_all(node.list(Field::body), class_name);
    visit_all(node.list(Field::orelse), class_name);
    visit_all(node.list(Field::finalbody), class_name);
  }

  PyObject* name_;
  long line_;
  Node top_;
  std::optional<Candidate> found_;
};

/// Finds lambdas, which have no name to go by.
class LambdaLocator {
 public:
  explicit LambdaLocator(PyCodeObject* code) : code_(code) {}

  std::optional<Candidate> find(Node module) {
    for (Node statement : module.list(Field::body)) {
      top_ = statement;
      visit(statement, nullptr);
    }
    if (found_.size() > 1) {
      std::erase_if(found_, [&](const Candidate& one) { return !does_the_same(code_, one.node); });
    }
    return found_.size() == 1 ? std::optional(found_.front()) : std::nullopt;
  }

 private:
  void visit(Node node, PyObject* class_name) {
    if (node.kind() == Kind::Lambda && node.integer(Field::lineno) == code_->co_firstlineno &&
        may_stand_in(code_, node)) {
      found_.push_back({node, class_name, top_});
    }
    if (node.kind() == Kind::ClassDef) {
      class_name = node.object(Field::name);
    }
    // Any field may hold an expression; `_fields` names them all.
    ObjectRef fields =
        ObjectRef::steal(PyObject_GetAttrString(reinterpret_cast<PyObject*>(Py_TYPE(node.object())), "_fields"));
    for (Py_ssize_t i = 0; fields && i < PyTuple_GET_SIZE(fields.get()); ++i) {
      ObjectRef child = ObjectRef::steal(PyObject_GetAttr(node.object(), PyTuple_GET_ITEM(fields.get(), i)));
      if (!child) {
        PyErr_Clear();
      } else if (PyList_Check(child.get())) {
        for (Node item : NodeList(child.get())) {
          visit_any(item, class_name);
        }
      } else {
        visit_any(Node(child.get()), class_name);
      }
    }
    PyErr_Clear();
  }

  void visit_any(Node node, PyObject* class_name) {
    if (PyObject_HasAttrString(node.object(), "_fields")) {
      visit(node, class_name);
    }
  }

  PyCodeObject* code_;
  Node top_;
  std::vector<Candidate> found_;
};

bool is_lambda(PyCodeObject* code) { return PyUnicode_CompareWithASCIIString(code->co_name, "<lambda>") == 0; }

/// Appends every import statement of the module's own scope to `body`. False on failure.
bool append_imports(NodeList statements, PyObject* body) {
  for (Node statement : statements) {
    switch (statement.kind()) {
      case Kind::Import:
      case Kind::ImportFrom:
        if (PyList_Append(body, statement.object()) < 0) {
          return false;
        }
        break;
      case Kind::FunctionDef:
      case Kind::AsyncFunctionDef:
      case Kind::ClassDef:
      case Kind::Expr:
      case Kind::Assign:
        break;
      default:
        for (Field field : {Field::body, Field::orelse, Field::finalbody, Field::handlers, Field::cases}) {
          if (!append_imports(statement.list(field), body)) {
            return false;
          }
        }
    }
  }
  return true;
}

/// A module of only the statement that holds the function and the module's imports, compiled. The imports matter: of
/// __future__, and because CPython calls `math.sqrt(x)` by other bytecode when `math` is imported in the module.
/// `features` are the __future__ flags of the function's code: a caller of compile() may have passed on its own.
ObjectRef compile_around(Node module, Node top, PyObject* file, int features) {
  ObjectRef body = ObjectRef::steal(PyList_New(0));
  if (!body || !append_imports(module.list(Field::body), body.get()) || PyList_Append(body.get(), top.object()) < 0) {
    return {};
  }
  ObjectRef ignores = ObjectRef::steal(PyList_New(0));
  PyObject* module_type = reinterpret_cast<PyObject*>(Py_TYPE(module.object()));
  ObjectRef reduced = ObjectRef::steal(PyObject_CallFunctionObjArgs(module_type, body.get(), ignores.get(), nullptr));
  ObjectRef builtins = ObjectRef::steal(PyImport_ImportModule("builtins"));
  if (!reduced || !builtins) {
    return {};
  }
  SilencedWarnings quiet;
  return ObjectRef::steal(
      PyObject_CallMethod(builtins.get(), "compile", "OOsii", reduced.get(), file, "exec", features, 1));
}

/// Whether `code` or one nested in it equals `wanted` (name, line, bytecode, constants, names, positions).
bool contains_code(PyObject* code, PyObject* wanted) {
  int same = PyObject_RichCompareBool(code, wanted, Py_EQ);
  if (same != 0) {
    PyErr_Clear();
    return same > 0;
  }
  PyObject* consts = reinterpret_cast<PyCodeObject*>(code)->co_consts;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(consts); ++i) {
    PyObject* item = PyTuple_GET_ITEM(consts, i);
    if (PyCode_Check(item) && contains_code(item, wanted)) {
      return true;
    }
  }
  return false;
}

/// A failure of parsing or compiling is a reason, except where the program must hear of it.
bool must_propagate() {
  return PyErr_ExceptionMatches(PyExc_KeyboardInterrupt) || PyErr_ExceptionMatches(PyExc_MemoryError) ||
         PyErr_ExceptionMatches(PyExc_SystemExit);
}

/// The definition of `code` in `text`, proven. Nothing if it is not there; a Python exception may be set.
std::optional<Definition> find_in(FileText text, PyCodeObject* code) {
  Definition definition;
  definition.tree = parse(code->co_filename, std::move(text));
  if (!definition.tree) {
    return {};
  }
  Node module(definition.tree.get());
  auto candidate =
      is_lambda(code) ? LambdaLocator(code).find(module) : Locator(code->co_name, code->co_firstlineno).find(module);
  if (!candidate) {
    return {};
  }
  ObjectRef compiled = compile_around(module, candidate->top, code->co_filename, code->co_flags & PyCF_MASK);
  if (!compiled || !contains_code(compiled.get(), reinterpret_cast<PyObject*>(code))) {
    return {};
  }
  definition.node = candidate->node;
  definition.class_name = candidate->class_name;
  return definition;
}

}  // namespace

std::optional<Definition> find_definition(PyObject* function, std::optional<Refusal>* refusal) {
  auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(function));
  PyObject* file = code->co_filename;
  FileText text;
  const char* path = PyUnicode_AsUTF8(file);
  if (!path) {
    PyErr_Clear();
  }
  if (!(path && read_file(path, &text)) && !read_linecache(file, &text) && !read_loader(function, &text)) {
    *refusal = Refusal{"C100", 0, 0, "the source text cannot be read", "define the function in a file"};
    return {};
  }
  const Refusal changed{"C101", 0, 0,
                        "the source text is not the code that runs (edited since, or rewritten at import)",
                        "restart the program"};
  // The statement around the function first, the whole file if that did not lead to the code that runs.
  std::vector<FileText> attempts;
  const auto attempt_with = [&](FileText whole) {
    if (auto excerpt = excerpt_around(whole.bytes, static_cast<uint32_t>(code->co_firstlineno))) {
      attempts.push_back({std::move(*excerpt), whole.mtime_ns});
    }
    attempts.push_back(std::move(whole));
  };
  attempt_with(std::move(text));
  for (bool asked_loader : {false, true}) {
    if (asked_loader) {
      attempts.clear();
      if (FileText loaded; read_loader(function, &loaded)) {
        attempt_with(std::move(loaded));
      }
    }
    for (FileText& attempt : attempts) {
      if (auto definition = find_in(std::move(attempt), code)) {
        return definition;
      }
      if (PyErr_Occurred()) {
        if (must_propagate()) {
          return {};
        }
        PyErr_Clear();
      }
    }
  }
  *refusal =
      is_lambda(code) ? Refusal{"C102", 0, 0, "the text of this lambda was not found", "write it as a def"} : changed;
  return {};
}

}  // namespace hasten::compile::syntax
