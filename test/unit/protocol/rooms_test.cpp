// The arrows of the design, enforced: what a room includes stands in its DEPENDS, or in those of what it
// depends on (tools/cmake/room.cmake writes them down while it configures).
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "test/places.h"

using namespace cs2sim;

namespace {

namespace fs = std::filesystem;

struct Room {
    std::string folder;
    std::set<std::string> depends;
};

std::map<std::string, Room> rooms() {
    std::map<std::string, Room> all;
    std::ifstream table(bin_folder().parent_path() / "rooms.txt");
    REQUIRE(table);
    for (std::string line; std::getline(table, line);) {
        std::istringstream fields(line);
        std::string name, depends;
        Room room;
        std::getline(fields, name, ';');
        std::getline(fields, room.folder, ';');
        std::getline(fields, depends);
        std::istringstream words(depends);
        for (std::string word; words >> word;) room.depends.insert(word);
        all.emplace(name, std::move(room));
    }
    return all;
}

// The room itself and everything below it.
void gather(const std::map<std::string, Room>& all, const std::string& name, std::set<std::string>& below) {
    const auto room = all.find(name);
    if (room == all.end() || !below.insert(name).second) return;  // a library of the system's
    for (const std::string& each : room->second.depends) gather(all, each, below);
}

bool is_source(const fs::path& path) {
    return path.extension() == ".cpp" || path.extension() == ".h" || path.extension() == ".inc" ||
           path.extension() == ".c";
}

// Installed for others to include; they include from no room.
const std::set<std::string> kPublished = {"host-lib/include/csxapi", "cryptoserversdk",
                                          "firmware/sdk/include/cryptoserversdk",
                                          "firmware/sdk/template/src"};

}  // namespace

TEST_CASE("every folder with sources is a room") {
    std::set<std::string> known = kPublished;
    for (const auto& [name, room] : rooms()) known.insert(room.folder);
    for (const char* const part : {"firmware", "driver", "host-lib", "tools"})
        for (const auto& entry : fs::recursive_directory_iterator(source_folder() / part)) {
            if (!is_source(entry.path()) || entry.path().parent_path().filename() == "cmake") continue;
            const std::string folder = fs::relative(entry.path().parent_path(), source_folder()).string();
            INFO(entry.path());
            CHECK(known.contains(folder));
        }
}

TEST_CASE("no room includes what it does not depend on") {
    const auto all = rooms();
    REQUIRE(all.size() > 20);
    std::map<std::string, std::string> room_of_folder;
    for (const auto& [name, room] : all) room_of_folder[room.folder] = name;
    const std::regex include(R"re(^\s*#include "([^"]+)/[^"/]+")re");
    std::size_t seen = 0;
    for (const auto& [name, room] : all) {
        std::set<std::string> below;
        gather(all, name, below);
        for (const auto& entry : fs::directory_iterator(source_folder() / room.folder)) {
            if (!is_source(entry.path())) continue;
            std::ifstream file(entry.path());
            for (std::string line; std::getline(file, line);) {
                std::smatch found;
                if (!std::regex_search(line, found, include)) continue;
                if (kPublished.contains(found[1])) continue;
                INFO(entry.path().string() << ": " << line);
                const auto target = room_of_folder.find(found[1]);
                REQUIRE(target != room_of_folder.end());
                CHECK(below.contains(target->second));
                ++seen;
            }
        }
    }
    CHECK(seen > 500);
}

// A call of OPENSSL_free() behind anything that may throw leaks when there is no memory.
TEST_CASE("memory of OpenSSL belongs to the wrapper alone") {
    std::set<std::string> found;
    for (const char* const part : {"firmware", "driver", "host-lib", "tools", "test"})
        for (const auto& entry : fs::recursive_directory_iterator(source_folder() / part)) {
            if (!is_source(entry.path()) || entry.path().filename() == "rooms_test.cpp") continue;
            std::ifstream file(entry.path());
            for (std::string line; std::getline(file, line);)
                if (line.find("OPENSSL_free(") != std::string::npos)
                    found.insert(fs::relative(entry.path(), source_folder()).string());
        }
    CHECK(found == std::set<std::string>{"firmware/crypto/openssl.h"});
}

TEST_CASE("rooms depend on each other in one direction") {
    const auto all = rooms();
    for (const auto& [name, room] : all)
        for (const std::string& each : room.depends) {
            std::set<std::string> below;
            gather(all, each, below);
            INFO(name << " and " << each);
            CHECK_FALSE(below.contains(name));
        }
}
