// A state folder that is this user's own, and holds nothing that leads elsewhere.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace cs2sim {

// What in the state folder `root` another user may have put there, in words with its path; nothing when all
// is well, or when there is no folder yet. Looked at are the folder and the files and folders by which the
// simulator keeps its state: each must belong to this user, root or not, and be no link, whoever made it.
// `root` itself may be a link of this user's, or of root's. What lies there besides is not ours to judge.
// Precondition of what it says lasting: the folder is closed to others, and those above it are nobody's who
// would exchange it.
std::optional<std::string> not_our_own(const std::filesystem::path& root);

// Closes the state folder `root` to others, whatever the umask. One that holds something else, too, keeps its
// mode: it may be a user's home. Nothing, or words with its path: others may write there, or it cannot be
// closed.
std::optional<std::string> close_root(const std::filesystem::path& root);

// Whether it is a simulator's file of that name that lies in a state folder itself.
bool is_own_file(const std::string& name);
// Whether it is one of what a simulator and its tools make there, folders and sockets included, but for what
// outlives it (`run.lock`).
bool is_own_name(const std::string& name);
// Whether what was being written there had that name when its writer was killed (write_atomically(), Nvram).
bool is_unfinished(const std::string& name);

}  // namespace cs2sim
