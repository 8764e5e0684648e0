#include "profile/text_recording.h"

#include <algorithm>
#include <sstream>
#include <string>

#include "base/check.h"

namespace hasten::profile {
namespace {

constexpr int64_t kSampleNs = 1'000'000;

template <class T>
uint32_t index_in(std::vector<T>& all, const T& item) {
  const auto at = std::find(all.begin(), all.end(), item);
  if (at != all.end()) {
    return static_cast<uint32_t>(at - all.begin());
  }
  all.push_back(item);
  return static_cast<uint32_t>(all.size() - 1);
}

struct Cell {
  Frame frame;
  Side side = Side::Bytecode;
};

Cell cell_from(Recording& recording, std::string text) {
  Cell cell;
  if (const size_t at = text.find('@'); at != std::string::npos) {
    const char letter = text.at(at + 1);
    for (size_t s = 0; s < kSideCount; ++s) {
      if (kSideNames[s][0] == letter) {
        cell.side = static_cast<Side>(s);
      }
    }
    text.resize(at);
  }
  if (const size_t at = text.find(':'); at != std::string::npos) {
    cell.frame.position.line = cell.frame.position.end_line = std::stoi(text.substr(at + 1));
    text.resize(at);
  }
  std::string file = "/home/user/app.py";
  if (const size_t at = text.find('/'); at != std::string::npos) {
    const std::string package = text.substr(0, at);
    file =
        package == "std" ? "/usr/lib/python3.11/std.py" : "/usr/lib/python3.11/site-packages/" + package + "/core.py";
    text = text.substr(at + 1);
  }
  cell.frame.function_idx = index_in(recording.functions, Function{file, text, 1});
  return cell;
}

}  // namespace

void add_thread_from_text(Recording& recording, std::string_view picture, int64_t start_ms) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines{std::string(picture)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream cells(line);
    std::vector<std::string> row;
    for (std::string cell; cells >> cell;) {
      row.push_back(cell);
    }
    if (!row.empty()) {
      rows.push_back(row);
    }
  }
  CHECK(!rows.empty(), "an empty picture");
  const uint32_t thread_idx = recording.samples.empty() ? 0 : recording.samples.back().thread_idx + 1;
  for (size_t column = 0; column < rows.front().size(); ++column) {
    std::vector<Frame> stack;
    Side side = Side::Bytecode;
    for (const auto& row : rows) {
      CHECK(row.size() == rows.front().size(), "a row of {} cells under one of {}", row.size(), rows.front().size());
      if (row[column] != ".") {
        const Cell cell = cell_from(recording, row[column]);
        stack.insert(stack.begin(), cell.frame);
        side = cell.side;
      }
    }
    Sample sample;
    sample.thread_idx = thread_idx;
    sample.end_ns = (start_ms + static_cast<int64_t>(column) + 1) * kSampleNs;
    (side == Side::Kernel ? sample.kernel_ns : sample.user_ns) = kSampleNs;
    sample.side = side;
    sample.stack_idx = index_in(recording.stacks, stack);
    recording.samples.push_back(sample);
    recording.wall_ns = std::max(recording.wall_ns, sample.end_ns);
  }
}

Recording recording_from_text(std::string_view picture) {
  Recording recording;
  add_thread_from_text(recording, picture, 0);
  return recording;
}

}  // namespace hasten::profile
