// Calls a second of many processes together, with what they cost of processor time, and pgbench's beside
// them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace cs2sim::keystore {

inline constexpr std::chrono::seconds kTime{5};

struct Rate {
    double calls = 0;       // a second
    double of_callers = 0;  // microseconds of processor time a call
    std::vector<double> of_others;
};
// Those who work for the callers.
using Others = std::vector<std::function<std::vector<::pid_t>()>>;

// Calls of `once` a second, of `processes` processes together. Each makes its own by `prepare`, with its
// number, and begins when all are ready.
Rate rate(int processes, const std::function<std::function<bool()>(int number)>& prepare,
          const Others& others = {}, std::chrono::seconds time = kTime);

enum class Content { row, transaction };

// With nothing of ours between: pgbench, with a blob of so many bytes. The row alone, or all that one key is
// to the store: its audit too, and 64 specifiers for each 64th. Of others: the server, and pgbench itself.
Rate pgbench_rate(const std::string& database, int clients, Content content, std::size_t blob,
                  std::chrono::seconds time = kTime);

}  // namespace cs2sim::keystore
