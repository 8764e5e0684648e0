#include "runtime/libm.h"

#include <dlfcn.h>

#include <cmath>
#include <type_traits>

namespace hasten::runtime {
namespace {

/// glibc's exp, log and others are wrappers: they call the function proper, then look whether errno is to be set, which takes as long as
/// half of the function. Compiled code looks at the result itself, as math does. The functions proper are exported for
/// programs that were linked with -ffinite-math-only before glibc 2.31; they compute every argument, for the wrappers call them with all.
void* without_wrapper(const char* name, void* ordinary) {
#if defined(__GLIBC__) && defined(__x86_64__)
  Dl_info known{};
  // Of the library that the ordinary one comes from, which need not be glibc's.
  if (!name || !dladdr(ordinary, &known) || !known.dli_fname)
    return ordinary;
  void* library = dlopen(known.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (!library)
    return ordinary;
  void* direct = dlvsym(library, name, "GLIBC_2.15");
  dlclose(library);  // loaded as long as we are
  return direct ? direct : ordinary;
#else
  static_cast<void>(name);
  return ordinary;
#endif
}

template <typename Function = Unary>
LibmSymbol symbol(const char* name, std::type_identity_t<Function> function, const char* direct = nullptr) {
  auto* ordinary = reinterpret_cast<void*>(function);
  return {name, ordinary, without_wrapper(direct, ordinary), std::is_same_v<Function, Binary>};
}

}  // namespace

std::span<const LibmSymbol> libm_symbols() {
  static const LibmSymbol kSymbols[] = {
      symbol("hj_sin", &std::sin),
      symbol("hj_cos", &std::cos),
      symbol("hj_tan", &std::tan),
      symbol("hj_asin", &std::asin, "__asin_finite"),
      symbol("hj_acos", &std::acos, "__acos_finite"),
      symbol("hj_atan", &std::atan),
      symbol("hj_sinh", &std::sinh, "__sinh_finite"),
      symbol("hj_cosh", &std::cosh, "__cosh_finite"),
      symbol("hj_tanh", &std::tanh),
      symbol("hj_asinh", &std::asinh),
      symbol("hj_acosh", &std::acosh, "__acosh_finite"),
      symbol("hj_atanh", &std::atanh, "__atanh_finite"),
      symbol("hj_exp", &std::exp, "__exp_finite"),
      symbol("hj_expm1", &std::expm1),
      symbol("hj_log", &std::log, "__log_finite"),
      symbol("hj_log2", &std::log2, "__log2_finite"),
      symbol("hj_log10", &std::log10, "__log10_finite"),
      symbol("hj_log1p", &std::log1p),
      symbol("hj_exp2", &std::exp2, "__exp2_finite"),
      symbol("hj_cbrt", &std::cbrt),
      symbol("hj_erf", &std::erf),
      symbol("hj_erfc", &std::erfc),
      symbol<Binary>("hj_pow", &std::pow, "__pow_finite"),
  };
  return kSymbols;
}

}  // namespace hasten::runtime
