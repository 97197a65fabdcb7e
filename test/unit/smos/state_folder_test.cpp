// The state folder of an earlier version, moved over; killed at every step of it.
#include "firmware/smos/flash/state_folder.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <map>

#include "firmware/smos/flash/fault_points.h"
#include "firmware/smos/smos.h"
#include "test/places.h"
#include "test/unit/scratch.h"

using namespace cs2sim;
namespace fs = std::filesystem;

namespace {

std::string content_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, std::string> contents_of(const fs::path& folder) {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::directory_iterator(folder))
        if (entry.is_regular_file()) all[entry.path().filename().string()] = content_of(entry.path());
    return all;
}

const fs::path& earlier_state() {
    static const fs::path folder = source_folder() / "test" / "vectors" / "state_0.1.0";
    return folder;
}

void take_earlier_state(const fs::path& to) { fs::copy(earlier_state(), to, fs::copy_options::recursive); }

void check_moved(const StateFolder& state, std::map<std::string, std::string> earlier) {
    std::map<std::string, std::string> files;
    std::map<std::string, std::string> databases;
    for (auto& [name, content] : earlier)
        (name.find(".db") == std::string::npos ? files : databases)[name] = content;
    CHECK(contents_of(state.files()) == files);
    CHECK(contents_of(state.databases()) == databases);
    CHECK(contents_of(state.root / "flash").empty());
}

class KilledAt final : public FaultObserver {
public:
    explicit KilledAt(unsigned step) : step_(step) {}
    Result<void> reached(FaultPoint point, std::string_view, ByteView) override {
        if (point == FaultPoint::state_move && step_-- == 0) ::kill(::getpid(), SIGKILL);
        return {};
    }

private:
    unsigned step_;
};

bool killed_at_step(const fs::path& folder, unsigned step) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        KilledAt observer(step);
        const FaultObserverScope scope(&observer);
        BootLog log;
        ::_exit(prepare_state_folder({folder}, log) ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (WIFEXITED(status)) REQUIRE(WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

}  // namespace

TEST_CASE("files and databases of an earlier version move to folders of their own, whenever a kill comes") {
    const auto earlier = contents_of(earlier_state() / "flash");
    REQUIRE(earlier.size() == 11);
    unsigned steps = 0;
    for (bool killed = true; killed; ++steps) {
        ScratchFolder scratch;
        const StateFolder state{scratch.path() / "state"};
        take_earlier_state(state.root);
        killed = killed_at_step(state.root, steps);
        BootLog log;
        REQUIRE(prepare_state_folder(state, log));
        check_moved(state, earlier);
        CHECK(log.text().empty());
        REQUIRE(prepare_state_folder(state, log));
        check_moved(state, earlier);
    }
    CHECK(steps > earlier.size());
}

TEST_CASE("what an earlier version's kill left half-written goes, and SQLite's index is made anew") {
    ScratchFolder scratch;
    const StateFolder state{scratch.path() / "state"};
    take_earlier_state(state.root);
    for (const char* left : {".tmp3", ".new-user.db", ".new-user.db-wal", ".staging0", "user.db-shm"})
        std::ofstream(state.root / "flash" / left) << "half";
    // An upload of that name, beside no database, is a file as any other.
    std::ofstream(state.root / "flash" / "gone.db-wal") << "a host's";
    BootLog log;
    REQUIRE(prepare_state_folder(state, log));
    auto earlier = contents_of(earlier_state() / "flash");
    CHECK(content_of(state.files() / "gone.db-wal") == "a host's");
    fs::remove(state.files() / "gone.db-wal");
    check_moved(state, earlier);
}

TEST_CASE("a file that lies at its old and its new place ends the start, and is named") {
    ScratchFolder scratch;
    const StateFolder state{scratch.path() / "state"};
    take_earlier_state(state.root);
    BootLog log;
    REQUIRE(prepare_state_folder(state, log));
    std::ofstream(state.root / "flash" / "user.db") << "by an older version";
    CHECK(code_of(prepare_state_folder(state, log)) == E_OS_FILE_EXIST);
    CHECK(log.text().find("flash/user.db: lies there and at ") != std::string::npos);
    CHECK(content_of(state.databases() / "user.db") == content_of(earlier_state() / "flash" / "user.db"));
    CHECK(content_of(state.root / "flash" / "user.db") == "by an older version");
}

TEST_CASE("a file in the place of a folder, and a log that is no file, are noticed at the start") {
    ScratchFolder scratch;
    const StateFolder state{scratch.path() / "state"};
    BootLog log;
    REQUIRE(prepare_state_folder(state, log));
    fs::remove(state.files());
    std::ofstream(state.files()) << "in the way";
    REQUIRE(prepare_state_folder(state, log));
    CHECK(log.text().find("flash/files: is a file, not the folder of that name") != std::string::npos);
    CHECK(content_of(state.files() / "files") == "in the way");
    const fs::path audit = state.audit() / "audit.1";
    REQUIRE(::mkfifo(audit.c_str(), 0600) == 0);
    CHECK(code_of(prepare_state_folder(state, log)) == E_OS_FILE_CORR);
    CHECK(log.text().find("audit.1: is no regular file") != std::string::npos);
}

TEST_CASE("folders of the state are closed to others, whatever the umask and whoever made them") {
    ScratchFolder scratch;
    const StateFolder state{scratch.path() / "state"};
    const mode_t before = ::umask(0);
    fs::create_directories(state.root / "flash");  // open to all
    const auto smos = Smos::open(state.root);
    ::umask(before);
    REQUIRE(smos);
    for (const auto& entry : fs::recursive_directory_iterator(state.root)) {
        INFO(entry.path());
        CHECK((entry.status().permissions() & fs::perms(0077)) == fs::perms::none);
    }
    CHECK((fs::status(state.root).permissions() & fs::perms(0777)) == fs::perms(0700));
}

TEST_CASE("a state folder that holds something else too keeps its mode, and others' files keep theirs") {
    ScratchFolder scratch;
    const StateFolder state{scratch.path() / "state"};
    fs::create_directories(state.root);
    const fs::path notes = state.root / "notes", unfinished = state.root / ".tmp-notes";
    for (const fs::path& file : {notes, unfinished}) {
        std::ofstream(file) << "the user's";
        REQUIRE(::chmod(file.c_str(), 0644) == 0);
    }
    const auto mode = [](const fs::path& path) { return fs::status(path).permissions() & fs::perms(0777); };
    BootLog log;
    SECTION("one that others may read") {
        REQUIRE(::chmod(state.root.c_str(), 0755) == 0);
        REQUIRE(prepare_state_folder(state, log));
        REQUIRE(prepare_state_folder(state, log));
        CHECK(mode(state.root) == fs::perms(0755));
        CHECK(mode(state.root / "flash") == fs::perms(0700));
    }
    SECTION("one that others may write is not taken") {
        REQUIRE(::chmod(state.root.c_str(), 01777) == 0);
        CHECK(code_of(prepare_state_folder(state, log)) == E_OS_FILE_CORR);
        CHECK(log.text().find("others may write there") != std::string::npos);
        CHECK(mode(state.root) == fs::perms(0777));
        CHECK_FALSE(fs::exists(state.root / "flash"));
    }
    CHECK(content_of(notes) == "the user's");
    CHECK(mode(notes) == fs::perms(0644));
    CHECK(fs::exists(unfinished));
}

TEST_CASE(
    "a folder of the user's in the place of one of a new device's is left alone, and nothing is started") {
    ScratchFolder scratch;
    const StateFolder state{scratch.path() / "state"};
    const fs::path own = state.root / GENERATE("flash/image.bin", "flash/.gitignore", "audit/report.txt");
    fs::create_directories(own.parent_path());
    std::ofstream(own) << "the user's";
    REQUIRE(::chmod(own.c_str(), 0644) == 0);
    BootLog log;
    CHECK(code_of(prepare_state_folder(state, log)) == E_OS_FILE_CORR);
    CHECK(log.text().find(own.string() + " is no simulator's") != std::string::npos);
    CHECK(content_of(own) == "the user's");
    CHECK((fs::status(own).permissions() & fs::perms(0777)) == fs::perms(0644));
}

TEST_CASE("a state folder is closed again, whatever tools made there") {
    ScratchFolder scratch;
    const StateFolder state{scratch.path() / "state"};
    BootLog log;
    REQUIRE(prepare_state_folder(state, log));
    for (const char* name :
         {"run.lock", "host.sock.lock", "instance.toml", "instance.toml.new", ".tmp0", "lock", "cs2sim.log"})
        std::ofstream(state.root / name) << "x";
    fs::create_symlink("/nowhere", state.root / "preload-1.so");
    REQUIRE(::chmod(state.root.c_str(), 0775) == 0);
    REQUIRE(prepare_state_folder(state, log));
    CHECK((fs::status(state.root).permissions() & fs::perms(0777)) == fs::perms(0700));
}

TEST_CASE("a folder of everybody's is no state folder, be it empty or not") {
    ScratchFolder scratch;
    const StateFolder state{scratch.path() / "state"};
    fs::create_directories(state.root);
    REQUIRE(::chmod(state.root.c_str(), 01777) == 0);
    BootLog log;
    CHECK(code_of(prepare_state_folder(state, log)) == E_OS_FILE_CORR);
    struct stat info {};
    REQUIRE(::stat(state.root.c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 01777);
}
