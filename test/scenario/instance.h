// An instance as its operator handles it, by the words of cs2sim.
#pragma once

#include <sys/types.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "test/scenario/process.h"

namespace cs2sim::scenario {

// The rest of the first line of `text` that begins with `word`; empty when there is none.
inline std::string line_of(const std::string& text, const std::string& word) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(word)) return line.substr(line.find_first_not_of(' ', word.size()));
    return {};
}

// An instance with sockets only, on whatever a test gives it; stopped at the end.
struct Instance {
    Folder folder;
    std::string state = folder / "state";
    std::map<std::string, std::string> environment{{"XDG_RUNTIME_DIR", folder / "run"}, {"CS2SIM_STATE", ""}};

    Instance() { std::filesystem::create_directory(folder / "run"); }  // a plain user's node goes there

    Outcome cs2sim(std::vector<std::string> words) const {
        words.insert(words.begin(), built_program("cs2sim"));
        words.insert(words.end(), {"--state", state});
        RunOptions options;
        options.environment = environment;
        return run(words, options);
    }
    pid_t pid() const {
        const std::string text = line_of(cs2sim({"status"}).out, "running");
        REQUIRE(text.starts_with("pid "));
        return std::stoi(text.substr(4));
    }
    ~Instance() { cs2sim({"stop"}); }
};

}  // namespace cs2sim::scenario
