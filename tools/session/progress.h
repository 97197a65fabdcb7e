// A counter on stderr while a long command runs, or a bar when it is known how many there will be, and they
// are many; silent when stderr is no terminal. The bar comes at once, the counter after a quarter of a
// second.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace cs2sim::tools {

class Progress {
public:
    explicit Progress(std::string what, std::uint64_t total = 0);  // "user.db"
    ~Progress();                                                   // wipes its line
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void show(std::uint64_t entries);

    // Replaces its line by "WHAT: TEXT", which stays. On a terminal only.
    void finish(std::string_view text);

private:
    std::string what_;
    std::uint64_t total_;
    bool wanted_;
    bool shown_ = false;
    std::chrono::steady_clock::time_point next_;
};

}  // namespace cs2sim::tools
