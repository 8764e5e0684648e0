// Numbers of texts, texts of numbers.
#include <string_view>

#include "compile/lower/body.h"

namespace hasten::compile {

using Effects = ModuleContext::Effects;
using mir::ValueId;

namespace {

struct IntFormat {
  int fill = ' ', type = 'd';
  int64_t width = 0;
};

/// A format specification of an int that is no more than a width, zeros before, and a base.
bool read_format(PyObject* spec, IntFormat* format) {
  constexpr int64_t kWidthMax = 1000;
  const char* text = spec && PyUnicode_CheckExact(spec) ? PyUnicode_AsUTF8(spec) : nullptr;
  if (!text) {
    PyErr_Clear();
    return spec == nullptr;
  }
  std::string_view rest = text;
  if (rest.starts_with('0')) {
    format->fill = '0';
    rest.remove_prefix(1);
  }
  for (; !rest.empty() && rest[0] >= '0' && rest[0] <= '9' && format->width <= kWidthMax; rest.remove_prefix(1))
    format->width = format->width * 10 + (rest[0] - '0');
  if (!rest.empty()) {
    format->type = rest[0];
    rest.remove_prefix(1);
  }
  return rest.empty() && format->width <= kWidthMax &&
         std::string_view("dboxX").find(static_cast<char>(format->type)) != std::string_view::npos;
}

}  // namespace

/// `{value!conversion:spec}`.
Value BodyLowering::lower_format(ValueId v) {
  const mir::Instr& i = instr(v);
  const Value value = use(v, 0);
  const bool has_spec = i.arg_count > 1;
  if (!has_spec && is_text(value.type) && (i.sub == 0 || i.sub == 's'))
    return own_as(value, s_.types[v]);
  if (value.type.only(kInt) && !value.constant && (i.sub == 0 || (!has_spec && i.sub != 'a'))) {
    const Value spec = has_spec ? use(v, 1) : Value{};
    IntFormat format;
    if (!has_spec || (spec.type.only(kKnown) && read_format(spec.type.known, &format))) {
      llvm::Value* text =
          format.width == 0 && format.type == 'd'
              ? b.CreateCall(m_.helper("hj_int_text", m_.ptr, {m_.i64}, Effects::Any), {value.parts[0]})
              : b.CreateCall(
                    m_.helper("hj_format_int", m_.ptr, {m_.i64, m_.i32, m_.i32, m_.i64}, Effects::Any),
                    {value.parts[0], b.getInt32(static_cast<uint32_t>(format.type)),
                     b.getInt32(static_cast<uint32_t>(format.fill)), b.getInt64(static_cast<uint64_t>(format.width))});
      return boxed_result(v, checked_object(v, text));
    }
  }
  return boxed_instr(v);
}

/// str(value) or bin(value) of an int.
Value BodyLowering::text_of_int(ValueId v, const char* helper, const Value& value) {
  llvm::Value* text = b.CreateCall(m_.helper(helper, m_.ptr, {m_.i64}, Effects::Any), {value.parts[0]});
  return boxed_result(v, checked_object(v, text));
}

/// int(text) and float(text).
Value BodyLowering::number_of_text(ValueId v, const Value& text) {
  const Type& t = s_.types[v];
  const bool is_int = t.only(kInt);
  llvm::Type* number = is_int ? m_.i64 : m_.f64;
  llvm::Value* both = b.CreateCall(m_.helper(is_int ? "hj_text_int" : "hj_text_float",
                                             llvm::StructType::get(number, m_.i64), {m_.ptr}, Effects::Reads),
                                   {pointer_of(text)});
  return choose(
      b.CreateICmpNE(b.CreateExtractValue(both, 1), b.getInt64(0)), t,
      [&] { return from_parts(Type::of(is_int ? kInt : kFloat), {b.CreateExtractValue(both, 0)}); },
      [&] { return boxed_instr(v); }, false);
}

/// A slice of a text whose step is a constant and whose bounds are ints or left out; false: another one.
bool BodyLowering::stride_bounds(const Value& slice, llvm::SmallVectorImpl<llvm::Value*>& bounds) {
  const auto parts = items_of(slice);
  if (!parts[2].type.is_constant() || parts[2].type.interval.low == 0 || parts[2].type.interval.low == Interval{}.low)
    return false;
  const int64_t step = parts[2].type.interval.low;
  const int64_t otherwise[2] = {step < 0 ? PY_SSIZE_T_MAX : 0, step < 0 ? PY_SSIZE_T_MIN : PY_SSIZE_T_MAX};
  for (size_t k = 0; k < 2; ++k) {
    if (parts[k].type.only(kNoneType))
      bounds.push_back(b.getInt64(static_cast<uint64_t>(otherwise[k])));
    else if (parts[k].type.within(kInt | kBool) && !parts[k].is_union())
      bounds.push_back(as_int(parts[k]));
    else
      return false;
  }
  bounds.push_back(b.getInt64(static_cast<uint64_t>(step)));
  return true;
}

}  // namespace hasten::compile
