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

}  // namespace cs2sim
