// The least that libfuse can do: a file that gives back what was written.
#define FUSE_USE_VERSION 35
#include "test/bench/device/echo.h"

#include <fuse_lowlevel.h>
#include <sys/stat.h>

#include <cstdlib>
#include <vector>

namespace cs2sim::bench {
namespace {

std::vector<char>& written(const fuse_file_info* info) {
    return *reinterpret_cast<std::vector<char>*>(info->fh);
}

fuse_lowlevel_ops operations() {
    fuse_lowlevel_ops ops{};
    ops.getattr = [](fuse_req_t request, fuse_ino_t, fuse_file_info*) {
        struct stat attributes {};
        attributes.st_ino = FUSE_ROOT_ID;
        attributes.st_mode = S_IFREG | 0660;
        attributes.st_nlink = 1;
        fuse_reply_attr(request, &attributes, 0);
    };
    ops.open = [](fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
        info->fh = reinterpret_cast<std::uintptr_t>(new std::vector<char>());
        info->direct_io = 1;
        info->nonseekable = 1;
        fuse_reply_open(request, info);
    };
    ops.write = [](fuse_req_t request, fuse_ino_t, const char* data, size_t size, off_t,
                   fuse_file_info* info) {
        written(info).assign(data, data + size);
        fuse_reply_write(request, size);
    };
    ops.read = [](fuse_req_t request, fuse_ino_t, size_t size, off_t, fuse_file_info* info) {
        fuse_reply_buf(request, written(info).data(), std::min(size, written(info).size()));
    };
    ops.release = [](fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
        delete &written(info);
        fuse_reply_err(request, 0);
    };
    return ops;
}

}  // namespace

void echo_fuse(const std::string& path, Loop loop, const std::function<void()>& ready) {
    const fuse_lowlevel_ops ops = operations();
    char* arguments[] = {const_cast<char*>("echo")};
    fuse_args args = FUSE_ARGS_INIT(1, arguments);
    fuse_session* session = fuse_session_new(&args, &ops, sizeof ops, nullptr);
    if (session == nullptr || fuse_session_mount(session, path.c_str()) != 0) std::exit(1);
    ready();
    fuse_loop_config config{};
    config.clone_fd = loop == Loop::clone_fd ? 1 : 0;
    config.max_idle_threads = 10;
    if (loop == Loop::single)
        fuse_session_loop(session);
    else
        fuse_session_loop_mt(session, &config);
}

}  // namespace cs2sim::bench
