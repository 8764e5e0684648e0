#include "compile/types/methods.h"

#include "compile/types/buffers.h"
#include "runtime/planted.h"

#include <algorithm>
#include <string_view>

namespace hasten::compile {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view kTextToText[] = {
    "lower",    "upper",      "strip",     "lstrip",     "rstrip",     "join",         "replace",
    "title",    "capitalize", "ljust",     "center",     "rjust",      "zfill",        "format",
    "casefold", "swapcase",   "translate", "format_map", "expandtabs", "removeprefix", "removesuffix"};
constexpr std::string_view kTextTests[] = {"startswith", "endswith", "isalpha",      "isdigit",    "isalnum",
                                           "isspace",    "isupper",  "islower",      "istitle",    "isdecimal",
                                           "isnumeric",  "isascii",  "isidentifier", "isprintable"};
constexpr std::string_view kCharTests[] = {"isalpha", "isdigit", "isalnum",   "isspace",
                                           "isupper", "islower", "isdecimal", "isnumeric"};
constexpr std::string_view kSearches[] = {"find", "rfind", "index", "rindex", "count"};
constexpr std::string_view kTextSearches[] = {"find", "rfind", "index", "rindex", "count", "startswith", "endswith"};
constexpr std::string_view kSplits[] = {"split", "rsplit", "splitlines"};
constexpr std::string_view kPartitions[] = {"partition", "rpartition"};
constexpr std::string_view kBytesToBytes[] = {"lower",   "upper", "strip",  "lstrip", "rstrip", "join",
                                              "replace", "ljust", "center", "rjust",  "zfill"};
constexpr std::string_view kNothing[] = {"sort",   "reverse", "extend", "insert",  "clear",      "remove",
                                         "append", "add",     "update", "discard", "appendleft", "extendleft"};

bool is_in(Names names, std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); }

std::string_view text_of(PyObject* name) {
  const char* text = PyUnicode_AsUTF8(name);
  if (!text)
    PyErr_Clear();
  return text ? text : "";
}

Type list_of(const Type& item, SiteTable& sites, const std::function<SiteId()>& fresh) {
  const SiteId site = fresh();
  sites.widen(site, item);
  return Type::list(site);
}

}  // namespace

namespace {

/// A class of the C module _collections, which must have been imported; kept for ever.
PyTypeObject* class_of_collections(const char* name) {
  PyObject* module_name = PyUnicode_FromString("_collections");
  PyObject* module = module_name ? PyImport_GetModule(module_name) : nullptr;
  PyObject* found = module ? PyObject_GetAttrString(module, name) : nullptr;
  Py_XDECREF(module_name);
  Py_XDECREF(module);
  PyErr_Clear();
  if (found && !PyType_Check(found))
    Py_CLEAR(found);
  return reinterpret_cast<PyTypeObject*>(found);
}

}  // namespace

bool is_default_dict(const PyTypeObject* cls) {
  static PyTypeObject* known = nullptr;
  if (!known && cls && std::string_view(cls->tp_name) == "collections.defaultdict")
    known = class_of_collections("defaultdict");
  return cls && cls == known;
}

PyTypeObject* deque_class() {
  static PyTypeObject* known = nullptr;
  if (!known)
    known = class_of_collections("deque");
  return known;
}

bool is_deque(const PyTypeObject* cls) {
  return cls && std::string_view(cls->tp_name) == "collections.deque" && cls == deque_class();
}

bool is_mapping(const PyTypeObject* cls) { return cls == &PyDict_Type || is_default_dict(cls); }

bool Type::is_dict() const { return object && !may_be_unbound() && is_mapping(cls); }

PyTypeObject* followed_class(PyTypeObject* cls) {
  if (is_default_dict(cls) || is_deque(cls) || is_array(cls) || is_memory_view(cls))
    return cls;
  for (PyTypeObject* one : {&PyUnicode_Type, &PyDict_Type, &PySet_Type, &PyTuple_Type, &PyBytes_Type, &PyByteArray_Type,
                            &PyFrozenSet_Type, &PySetIter_Type, &PyDictItems_Type, &PyDictIterItem_Type,
                            &PyDictValues_Type, &PyDictIterValue_Type, &PyDictKeys_Type, &PyDictIterKey_Type}) {
    if (cls == one)
      return cls;
  }
  return nullptr;
}

PyTypeObject* class_of(const Type& t) {
  if (t.object)
    return t.cls;
  switch (t.kinds & ~static_cast<Kinds>(kUnbound)) {
    case kKnown:
      return Py_TYPE(t.known);
    case kChar:
      return &PyUnicode_Type;
    case kList:
      return &PyList_Type;
    case kTuple:
      return &PyTuple_Type;
    case kInt:
    case kWide:
      return &PyLong_Type;
    case kFloat:
      return &PyFloat_Type;
    default:
      return nullptr;
  }
}

int64_t char_of(const Type& t) {
  if (!t.only(kKnown) || !PyUnicode_CheckExact(t.known) || PyUnicode_GET_LENGTH(t.known) != 1)
    return -1;
  const Py_UCS4 c = PyUnicode_READ_CHAR(t.known, 0);
  PyObject* one = c < 256 ? PyUnicode_FromOrdinal(static_cast<int>(c)) : nullptr;
  const bool is_the_one = one == t.known;  // else the object would not come back
  Py_XDECREF(one);
  PyErr_Clear();
  return is_the_one ? static_cast<int64_t>(c) : -1;
}

Type element_of(const Type& t, SiteTable& sites) {
  if (t.only(kList) || (t.object && !t.may_be_unbound() && t.cls && t.site != kNoSite &&
                        (t.cls == &PyTuple_Type || t.is_set() || t.cls == &PySetIter_Type ||
                         t.cls == &PyDictValues_Type || t.cls == &PyDictIterValue_Type)))
    return sites.element(t.site);
  if ((t.is_exactly(&PyDictItems_Type) || t.is_exactly(&PyDictIterItem_Type)) && t.site != kNoSite) {
    const Type key = sites.key(t.site), value = sites.element(t.site);
    return key.never() || value.never() ? Type{} : Type::with_items(kTuple, {key, value});
  }
  if ((t.is_dict() || t.is_exactly(&PyDictKeys_Type) || t.is_exactly(&PyDictIterKey_Type)) && t.site != kNoSite)
    return sites.key(t.site);
  if (is_text(t))
    return Type::exact(&PyUnicode_Type);
  if (t.only(kTuple)) {
    Type common;
    for (const Type& item : *t.items) common = join(common, item, sites);
    return common;
  }
  if (t.only(kRange))
    return Type::of(kInt);
  if (const auto format = item_format(t))
    return format->type();
  return Type::any();
}

std::optional<Method> method_of(const Type& receiver, PyObject* name) {
  PyTypeObject* cls = receiver.may_be_unbound() ? nullptr : class_of(receiver);
  if (!cls || (cls != &PyList_Type && cls != followed_class(cls)))
    return {};
  PyObject* found = _PyType_Lookup(cls, name);
  if (!found || Py_TYPE(found) != &PyMethodDescr_Type)
    return {};
  Method method;
  method.definition = reinterpret_cast<PyMethodDescrObject*>(found)->d_method;
  const std::string_view text = text_of(name);
  if (cls == &PyUnicode_Type && is_in(kTextSearches, text)) {
    method.id = MethodId::TextSearch;
    return method;
  }
  switch (method.definition->ml_flags & ~METH_COEXIST) {
    case METH_NOARGS:
    case METH_O:
    case METH_FASTCALL:
    case METH_FASTCALL | METH_KEYWORDS:
      break;
    default:
      return {};
  }
  if (receiver.only(kList) && (text == "append" || text == "pop"))
    method.id = text == "pop" ? MethodId::ListPop : MethodId::ListAppend;
  else if (receiver.only(kList) && text == "sort")
    method.id = MethodId::ListSort;
  else if (is_mapping(cls) && text == "get")
    method.id = MethodId::DictGet;
  else if (is_mapping(cls) && text == "setdefault")
    method.id = MethodId::DictSetDefault;
  else if (cls == &PySet_Type && text == "add")
    method.id = MethodId::SetAdd;
  else if (text == "append" && item_format(receiver))
    method.id = MethodId::BufferAppend;
  else if (receiver.only(kChar) && is_in(kCharTests, text))
    method.id = MethodId::CharTest;
  else if (receiver.only(kChar) && (text == "lower" || text == "upper"))
    method.id = MethodId::CharCase;
  return method;
}

Type method_result(PyTypeObject* cls, const char* method, const Type& receiver, std::span<const Type> operands,
                   SiteTable& sites, const std::function<SiteId()>& fresh) {
  const std::string_view name = method;
  const Type text = Type::exact(&PyUnicode_Type);
  const Type size = Type::integer(planted_bug(Plant::FindInterval) ? 0 : -1, int64_t{1} << 60);
  if (receiver.only(kChar) && operands.empty() && (name == "lower" || name == "upper"))
    return Type::of(kChar);
  if (cls == &PyUnicode_Type) {
    if (is_in(kTextTests, name))
      return Type::of(kBool);
    if (is_in(kTextToText, name))
      return text;
    if (is_in(kSearches, name))
      return size;
    if (is_in(kSplits, name))
      return list_of(text, sites, fresh);
    if (is_in(kPartitions, name))
      return Type::with_items(kTuple, {text, text, text});
    if (name == "encode")
      return Type::exact(&PyBytes_Type);
    return Type::any();
  }
  if (cls == &PyBytes_Type || cls == &PyByteArray_Type) {
    if (is_in(kTextTests, name))
      return Type::of(kBool);
    if (is_in(kBytesToBytes, name))
      return Type::exact(cls);
    if (is_in(kSearches, name))
      return size;
    if (is_in(kSplits, name))
      return list_of(Type::exact(cls), sites, fresh);
    if (name == "hex" || name == "decode")
      return text;
    if (cls == &PyByteArray_Type && name == "pop")
      return Type::integer(0, 255);
    if (cls == &PyByteArray_Type && name == "copy")
      return Type::exact(cls);
    return cls == &PyByteArray_Type && is_in(kNothing, name) ? Type::of(kNoneType) : Type::any();
  }
  if (item_format(receiver)) {
    if (name == "pop")
      return item_format(receiver)->type();
    return is_in(kNothing, name) || name == "release" ? Type::of(kNoneType) : Type::any();
  }
  if (receiver.only(kList)) {
    if (name == "pop")
      return sites.element(receiver.site);
    if (name == "copy")
      return list_of(sites.element(receiver.site), sites, fresh);
    if (name == "index" || name == "count")
      return Type::integer(0, int64_t{1} << 60);
    if (name == "insert" && operands.size() == 2)
      sites.widen(receiver.site, operands[1]);
    if (name == "append" && operands.size() == 1)
      sites.widen(receiver.site, operands[0]);
    if (name == "extend" && operands.size() == 1 && operands[0].only(kList))
      sites.widen(receiver.site, sites.element(operands[0].site));
    if (name == "extend" && operands.size() == 1 && is_text(operands[0]))
      sites.widen(receiver.site, text);
  }
  if (receiver.is_dict() && receiver.site != kNoSite) {
    if (name == "get" || name == "setdefault" || name == "pop") {
      const Type otherwise = operands.size() > 1 ? operands[1] : name == "pop" ? Type{} : Type::of(kNoneType);
      if (name == "setdefault") {
        sites.widen(receiver.site, otherwise);
        if (!operands.empty())
          sites.widen_key(receiver.site, operands[0]);
      }
      const Type item = sites.element(receiver.site);
      return join(item, otherwise, sites);
    }
    if (name == "update") {
      const bool is_known = operands.size() == 1 && operands[0].is_dict() && operands[0].site != kNoSite;
      sites.widen(receiver.site, is_known ? sites.element(operands[0].site) : Type::any());
      sites.widen_key(receiver.site, is_known ? sites.key(operands[0].site) : Type::any());
    }
    if (name == "copy")
      return receiver.cls == &PyDict_Type ? receiver : Type::any();
    if (name == "items" || name == "values" || name == "keys")
      return Type::holder(name == "items"    ? &PyDictItems_Type
                          : name == "values" ? &PyDictValues_Type
                                             : &PyDictKeys_Type,
                          receiver.site);
  }
  if (receiver.is_set() && receiver.site != kNoSite) {
    if (name == "add" && operands.size() == 1)
      sites.widen(receiver.site, operands[0]);
    if (name == "update")
      sites.widen(receiver.site, operands.size() == 1 ? element_of(operands[0], sites) : Type::any());
    if (name == "pop")
      return sites.element(receiver.site);
    if (name == "copy" || name == "difference")
      return receiver;
  }
  if (cls == &PyDict_Type && name == "copy")
    return Type::exact(cls);
  if (is_deque(cls) && receiver.site != kNoSite) {
    if ((name == "append" || name == "appendleft") && operands.size() == 1)
      sites.widen(receiver.site, operands[0]);
    if ((name == "extend" || name == "extendleft") && operands.size() == 1)
      sites.widen(receiver.site, element_of(operands[0], sites));
    if (name == "pop" || name == "popleft")
      return sites.element(receiver.site);
  }
  if (cls == &PySet_Type || cls == &PyFrozenSet_Type) {
    if (name == "copy" || name == "union" || name == "difference" || name == "intersection" ||
        name == "symmetric_difference")
      return Type::exact(cls);
    if (name == "issubset" || name == "issuperset" || name == "isdisjoint")
      return Type::of(kBool);
  }
  return is_in(kNothing, name) ? Type::of(kNoneType) : Type::any();
}

}  // namespace hasten::compile
