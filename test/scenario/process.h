// Runs programs as a user's shell would: no terminal, output captured, a time limit.
#pragma once

#include <chrono>
#include <filesystem>
#include <future>
#include <map>
#include <string>
#include <vector>

namespace cs2sim::scenario {

struct Outcome {
    int status = -1;  // exit status; 128 + n when signal n ended it
    std::string out;
    std::string err;
    std::chrono::milliseconds time{};
    long peak_kilobytes = 0;  // of resident memory
    std::string trouble{};    // what kept it from being run to its end; such a one has no status
};

struct RunOptions {
    std::filesystem::path folder = "/";                // working directory
    std::map<std::string, std::string> environment{};  // an empty value unsets the variable
    std::chrono::seconds limit{120};                   // then it is killed, and the test fails
    std::string terminal_input{};  // not empty: a terminal of its own, a line of this typed at each prompt
};

// A program that cannot be started, or does not end in time, fails the test loudly. With a terminal, what the
// program shows there is in `out` too.
Outcome run(const std::vector<std::string>& arguments, const RunOptions& options = {});

// The same, but asserts nothing, so that any thread may use it: `trouble` says what would fail the test.
Outcome run_quietly(const std::vector<std::string>& arguments, const RunOptions& options = {});

// A program that runs beside the test. Catch2's macros, INFO too, are for the test's own thread: the thread
// that reads the program's output uses none, and who takes the outcome judges it. The end of the object is
// that of the program.
class RunsBeside {
public:
    explicit RunsBeside(std::vector<std::string> arguments, RunOptions options = {});
    bool ended(std::chrono::milliseconds within = {}) const {
        return outcome_.wait_for(within) == std::future_status::ready;
    }
    Outcome get();  // waits; fails the test as run() does

private:
    std::string title_;
    std::future<Outcome> outcome_;
};

// Full path of a program of this build; fails the test loudly when it is missing.
std::string built_program(const std::string& name);

// A folder of its own under the system's temporary one, gone at the end.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& path);  // fails the test when it is not there
void write_file(const std::filesystem::path& path, const std::string& content);
std::vector<std::string> names_in(const std::filesystem::path& folder);  // sorted

}  // namespace cs2sim::scenario
