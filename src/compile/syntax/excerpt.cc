#include "compile/syntax/excerpt.h"

#include <algorithm>
#include <vector>

namespace hasten::compile::syntax {
namespace {

constexpr size_t kLinesWorthCutting = 80;

bool begins(std::string_view line, std::string_view word) { return line.substr(0, word.size()) == word; }

/// A line that can begin a top-level statement: neither indented, nor blank, nor a comment, nor a closing bracket.
bool begins_statement(std::string_view line) {
  return !line.empty() && std::string_view(" \t\r\n\f#)]}").find(line[0]) == std::string_view::npos;
}

/// Whether a top-level line goes on with the statement before it.
bool continues_statement(std::string_view line) {
  return begins(line, "else") || begins(line, "elif") || begins(line, "except") || begins(line, "finally");
}

}  // namespace

std::optional<std::string> excerpt_around(std::string_view text, uint32_t line) {
  std::vector<std::string_view> lines;
  for (size_t at = 0; at < text.size();) {
    size_t end = text.find('\n', at);
    end = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(at, end - at));
    at = end;
  }
  bool has_cookie = false;
  for (size_t i = 0; i < std::min<size_t>(2, lines.size()); ++i) {
    has_cookie = has_cookie || lines[i].find("coding") != std::string_view::npos;
  }
  if (lines.size() < kLinesWorthCutting || line == 0 || line > lines.size() || has_cookie) {
    return {};
  }
  size_t first = line - 1;
  while (first > 0 && (!begins_statement(lines[first]) || continues_statement(lines[first]))) {
    --first;
  }
  while (first > 0 && begins(lines[first - 1], "@")) {
    --first;
  }
  // Decorators, each on a line of its own at the margin, come before the def line.
  size_t head = first;
  while (head + 1 < lines.size() && begins(lines[head], "@")) {
    ++head;
    while (head + 1 < lines.size() && !begins_statement(lines[head])) {
      ++head;
    }
  }
  size_t end = std::max<size_t>(head + 1, line);
  while (end < lines.size() && (!begins_statement(lines[end]) || continues_statement(lines[end]))) {
    ++end;
  }
  std::string cut;
  cut.reserve(text.size() / 4 + lines.size());
  bool in_import = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    bool is_import = begins(lines[i], "import ") || begins(lines[i], "from ");
    in_import = in_import || is_import;
    cut += (i >= first && i < end) || in_import ? lines[i] : std::string_view("\n");
    if (in_import) {
      bool opens = is_import && lines[i].find('(') != std::string_view::npos;
      bool closes = lines[i].find(')') != std::string_view::npos;
      in_import = (opens || !is_import) && !closes;
    }
  }
  return cut;
}

}  // namespace hasten::compile::syntax
