#include "tools/session/nearest_word.h"

#include <algorithm>
#include <vector>

#include "tools/session/arguments.h"
#include "tools/session/output.h"

namespace cs2sim::tools {
namespace {

constexpr std::size_t kLongest = 40;

// Letters to insert, to leave out, to replace, or to swap with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> steps(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) steps[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) steps[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i)
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
            steps[i][j] =
                std::min({steps[i - 1][j] + 1, steps[i][j - 1] + 1, steps[i - 1][j - 1] + other});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                steps[i][j] = std::min(steps[i][j], steps[i - 2][j - 2] + 1);
        }
    return steps[a.size()][b.size()];
}

}  // namespace

std::string nearest_word(std::string_view word, std::span<const std::string_view> words) {
    if (word.empty() || word.size() > kLongest) return {};
    const std::string lower = lower_case(word);
    std::size_t fewest = std::max<std::size_t>(1, word.size() / 3) + 1;
    std::string nearest;
    std::string only_longer;
    std::size_t longer = 0;
    for (const std::string_view candidate : words) {
        const std::string other = lower_case(candidate);
        if (const std::size_t steps = distance(lower, other); steps < fewest) {
            fewest = steps;
            nearest = candidate;
        }
        if (other.starts_with(lower) && ++longer == 1) only_longer = candidate;
    }
    if (!nearest.empty()) return nearest;
    return longer == 1 ? only_longer : std::string();
}

}  // namespace cs2sim::tools
