// A value or an Error. Causes outside the program (files, kernel limits, input) travel as Result<T>;
// exceptions are born only in src/bindings.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace hasten {

/// What went wrong, for a person: one line of fact and one line of remedy.
struct Error {
  std::string code;  ///< short and stable, e.g. "record.truncated"
  std::string what;  ///< what happened, with names and values
  std::string hint;  ///< what to do about it; may be empty

  /// One line: `what` followed by the hint, if there is one.
  std::string line() const;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// REQUIRES: ok().
  T& value() & {
    CHECK(ok(), "value() of a failed Result: {}", error().what);
    return std::get<0>(state_);
  }
  const T& value() const& {
    CHECK(ok(), "value() of a failed Result: {}", error().what);
    return std::get<0>(state_);
  }
  T&& value() && {
    CHECK(ok(), "value() of a failed Result: {}", error().what);
    return std::get<0>(std::move(state_));
  }
  /// REQUIRES: !ok().
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace hasten
