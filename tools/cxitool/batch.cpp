#include "tools/cxitool/batch.h"

#include "tools/session/progress.h"

namespace cs2sim::tools {

Result<void> run_batch(ToolSession& session, std::size_t count,
                       const std::function<std::string(std::size_t)>& title,
                       const std::function<Result<void>(std::size_t)>& work) {
    Result<void> done;
    std::size_t i = 0;
    {
        Progress progress("keys", count);  // its line is wiped before anything else is said
        for (; i < count; ++i) {
            done = work(i);
            if (!done) break;
            progress.show(i + 1);
        }
    }
    if (!done)
        session.note(
            "failed at " + title(i) +
            (count > 1 ? "; " + std::to_string(i) + " of " + std::to_string(count) + " were done" : ""));
    return done;
}

std::string keys_text(std::size_t count) { return std::to_string(count) + (count == 1 ? " key" : " keys"); }

}  // namespace cs2sim::tools
