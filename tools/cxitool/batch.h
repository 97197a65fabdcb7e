// One command for many keys or files: a progress bar, and which one it was that failed.
#pragma once

#include <functional>
#include <string>

#include "tools/session/session.h"

namespace cs2sim::tools {

// Runs work(0) to work(count - 1). The first error ends it; a note on stderr says title(i) of the one that
// failed, and how many were done. The bar is gone when it returns.
Result<void> run_batch(ToolSession& session, std::size_t count,
                       const std::function<std::string(std::size_t)>& title,
                       const std::function<Result<void>(std::size_t)>& work);

// "1 key", "2 keys".
std::string keys_text(std::size_t count);

}  // namespace cs2sim::tools
