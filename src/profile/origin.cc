#include "profile/origin.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace hasten::profile {
namespace {

/// The first path component after `marker`, without ".py"; empty if the marker does not occur.
std::string_view component_after(std::string_view file, std::string_view marker) {
  const size_t at = file.rfind(marker);
  if (at == std::string_view::npos) {
    return {};
  }
  std::string_view rest = file.substr(at + marker.size());
  while (rest.starts_with('/')) {
    rest.remove_prefix(1);
  }
  if (rest.ends_with(".py") && rest.find('/') == std::string_view::npos) {
    rest.remove_suffix(3);
  }
  return rest.substr(0, rest.find('/'));
}

/// The module of a file in "/lib/python3.11/", "/lib64/python3.13/" or the zipped "/lib/python311.zip/";
/// empty for any other file.
std::string_view standard_module(std::string_view file) {
  for (const std::string_view marker : {"/lib/python3", "/lib64/python3"}) {
    const size_t at = file.find(marker);
    if (at == std::string_view::npos) {
      continue;
    }
    const std::string_view rest = file.substr(at + marker.size());
    const std::string_view version = rest.substr(0, rest.find('/'));
    const std::string_view digits = version.ends_with(".zip")  ? version.substr(0, version.size() - 4)
                                    : version.starts_with('.') ? version.substr(1)
                                                               : std::string_view{};
    if (!digits.empty() && digits.size() <= 3 && version.size() < rest.size() &&
        std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isalnum(c) != 0; })) {
      return component_after(rest, version);
    }
  }
  return {};
}

/// "os" of "<frozen os>", "importlib" of "<frozen importlib._bootstrap>".
std::string_view frozen_module(std::string_view file) {
  constexpr std::string_view kStart = "<frozen ";
  if (!file.starts_with(kStart)) {
    return {};
  }
  return file.substr(kStart.size(), file.find_first_of(".>") - kStart.size());
}

}  // namespace

Origin origin_of(std::string_view file, bool string_is_own) {
  for (const std::string_view marker : {"/site-packages/", "/dist-packages/"}) {
    const std::string_view package = component_after(file, marker);
    if (!package.empty()) {
      return {OriginKind::Package, std::string(package)};
    }
  }
  for (const std::string_view module : {frozen_module(file), standard_module(file)}) {
    if (!module.empty()) {
      return {OriginKind::Standard, std::string(module)};
    }
  }
  // <stdin> is a script from a pipe, the other a cell: what the user wrote.
  if (file.starts_with('<') && file != "<stdin>" && !file.starts_with("<ipython-input-") &&
      !(string_is_own && file == "<string>")) {
    return {OriginKind::Generated, "generated code"};
  }
  return {OriginKind::Own, {}};
}

std::string_view to_text(OriginKind kind) {
  constexpr std::array<std::string_view, 4> kTexts{"own", "package", "standard library", "generated"};
  return kTexts[static_cast<size_t>(kind)];
}

}  // namespace hasten::profile
