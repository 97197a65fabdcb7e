// Where a store's file lies on a FUSE file system: real mounts, which call themselves what they are told to.
#define FUSE_USE_VERSION 35
#include <fuse_lowlevel.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "host-lib/keystore/drivers/sqlite/sqlite_file.h"
#include "test/unit/keystore/conformance.h"

namespace cs2sim::keystore {
namespace {

// A file system that is one file, which is empty. Mounted with a type of its own behind "fuse.".
class MountedFile {
public:
    MountedFile(const std::filesystem::path& place, const std::string& type) {
        std::ofstream(place).put('x');
        const std::string name = "subtype=" + type;
        const char* words[] = {"file", "-o", name.c_str()};
        fuse_args arguments = FUSE_ARGS_INIT(std::size(words), const_cast<char**>(words));
        fuse_lowlevel_ops operations{};
        operations.getattr = [](fuse_req_t request, fuse_ino_t, fuse_file_info*) {
            struct ::stat status {};
            status.st_mode = S_IFREG | 0600;
            status.st_nlink = 1;
            fuse_reply_attr(request, &status, 1);
        };
        session_ = fuse_session_new(&arguments, &operations, sizeof operations, nullptr);
        REQUIRE(session_);
        INFO("it takes /dev/fuse");
        REQUIRE(fuse_session_mount(session_, place.c_str()) == 0);
        server_ = std::thread([this] { fuse_session_loop(session_); });
        fuse_opt_free_args(&arguments);
    }
    ~MountedFile() {
        fuse_session_exit(session_);
        fuse_session_unmount(session_);
        server_.join();
        fuse_session_destroy(session_);
    }

private:
    fuse_session* session_;
    std::thread server_;
};

std::uint32_t code_at(const std::filesystem::path& file) {
    const auto prepared = prepare_file(file);
    return prepared ? 0 : prepared.error().code;
}

}  // namespace

TEST_CASE("network file systems behind FUSE are refused by what the table of mounts calls them") {
    const ScratchFolder folder;
    const auto file = folder.path() / "store.db";
    for (const char* type : {"sshfs", "glusterfs", "rclone"}) {
        CAPTURE(type);
        const MountedFile mounted(file, type);
        const auto prepared = prepare_file(file);
        REQUIRE_FALSE(prepared);
        CHECK(prepared.error().code == E_CSA_STORE_CONFIG);
        CHECK(prepared.error().words.find("network file system") != std::string::npos);
    }
    const MountedFile mounted(file, "of-this-host");
    CHECK(code_at(file) == 0);
}

TEST_CASE("the table of mounts is read by the device's number") {
    const auto type = [](const char* table) {
        std::istringstream lines(table);
        return mounted_type(lines, makedev(0, 44));
    };
    CHECK(type("72 27 0:4 / /a rw - ext4 /dev/sda rw\n"
               "73 27 0:44 / /with\\040blank rw,nosuid shared:5 master:1 - fuse.sshfs me@there:/ rw\n") ==
          "fuse.sshfs");
    CHECK(type("73 27 0:44 / /b rw - fuse.s3fs s3fs rw\n") == "fuse.s3fs");
    CHECK(type("73 27 0:45 / /b rw - fuse.s3fs s3fs rw\n").empty());
    CHECK(type("73 27 0:44 / /b rw\n").empty());
    CHECK(type("").empty());
}

}  // namespace cs2sim::keystore
