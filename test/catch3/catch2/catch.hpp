// Catch2 3 under the header name and the spellings of Catch2 2, in which the tests are written.
#pragma once

#include <catch2/catch_all.hpp>

namespace Catch {

using TestEventListenerBase = EventListenerBase;
inline auto Contains(const std::string& text) { return Matchers::ContainsSubstring(text); }
inline auto StartsWith(const std::string& text) { return Matchers::StartsWith(text); }

}  // namespace Catch

using Catch::Approx;
