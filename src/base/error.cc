#include "base/result.h"

namespace hasten {

std::string Error::line() const { return hint.empty() ? what : what + ". " + hint; }

}  // namespace hasten
