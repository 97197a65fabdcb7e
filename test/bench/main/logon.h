// Logons and sealed commands a second, through host-lib and a real simulator.
#pragma once

#include <filesystem>
#include <string>

namespace cs2sim::bench {

// `device`: specifier of a simulator that runs with a fresh state; `admin_key`: key file of its ADMIN.
void bench_sessions(const std::string& device, const std::filesystem::path& admin_key);

}  // namespace cs2sim::bench
