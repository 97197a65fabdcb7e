// Files that take their places together: all or none, even when the program is killed in between.
//
// A journal in the folder of the first target names the targets before anything else is written, and is
// durable by then. Each new file stands beside its target as .cs2sim-restore.N.new, what stood there before
// as .cs2sim-restore.N.before. While the journal bears its first name, whatever was begun is taken back;
// renamed to .cs2sim-restore.done, all are in place and only what was kept is still to go.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "firmware/crypto/secret.h"
#include "firmware/protocol/error.h"
#include "host-lib/files/file_descriptor.h"

namespace cs2sim::governance {

class Replacement {
public:
    // Errors of all: words.
    static tl::expected<std::unique_ptr<Replacement>, std::string> begin(
        const std::vector<std::filesystem::path>& targets);
    ~Replacement();  // takes back what was begun and is not placed

    tl::expected<void, std::string> write(std::size_t number, ByteView content, std::uint32_t mode);
    tl::expected<void, std::string> place();

private:
    struct Target;
    struct Journal;
    friend tl::expected<std::string, std::string> end_earlier_restore(const std::filesystem::path& target);
    explicit Replacement(std::unique_ptr<Journal> journal);
    std::unique_ptr<Journal> journal_;
};

// What a restore that was killed left in the folder of this (the first) target is taken back, or ended where
// all was in place. What was done, in words; empty when nothing was left. Errors in words: another restore is
// at work there, or a file cannot be put back.
tl::expected<std::string, std::string> end_earlier_restore(const std::filesystem::path& target);

}  // namespace cs2sim::governance
