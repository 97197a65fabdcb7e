// The least that libfuse can do: a file that gives back what was written.
#define FUSE_USE_VERSION 35
#include "test/bench/device/echo.h"

#include <cuse_lowlevel.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace cs2sim::bench {
namespace {

std::vector<char>& written(const fuse_file_info* info) {
    return *reinterpret_cast<std::vector<char>*>(info->fh);
}

void open(fuse_req_t request, fuse_file_info* info) {
    info->fh = reinterpret_cast<std::uintptr_t>(new std::vector<char>());
    info->direct_io = 1;
    info->nonseekable = 1;
    fuse_reply_open(request, info);
}

void write(fuse_req_t request, const char* data, size_t size, fuse_file_info* info) {
    written(info).assign(data, data + size);
    fuse_reply_write(request, size);
}

void read(fuse_req_t request, size_t size, fuse_file_info* info) {
    fuse_reply_buf(request, written(info).data(), std::min(size, written(info).size()));
}

void release(fuse_req_t request, fuse_file_info* info) {
    delete &written(info);
    fuse_reply_err(request, 0);
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
    ops.open = [](fuse_req_t request, fuse_ino_t, fuse_file_info* info) { open(request, info); };
    ops.write = [](fuse_req_t request, fuse_ino_t, const char* data, size_t size, off_t,
                   fuse_file_info* info) { write(request, data, size, info); };
    ops.read = [](fuse_req_t request, fuse_ino_t, size_t size, off_t, fuse_file_info* info) {
        read(request, size, info);
    };
    ops.release = [](fuse_req_t request, fuse_ino_t, fuse_file_info* info) { release(request, info); };
    return ops;
}

cuse_lowlevel_ops device_operations() {
    cuse_lowlevel_ops ops{};
    ops.open = open;
    ops.write = [](fuse_req_t request, const char* data, size_t size, off_t, fuse_file_info* info) {
        write(request, data, size, info);
    };
    ops.read = [](fuse_req_t request, size_t size, off_t, fuse_file_info* info) {
        read(request, size, info);
    };
    ops.release = release;
    return ops;
}

void serve(fuse_session* session, Loop loop) {
    fuse_loop_config config{};
    config.clone_fd = loop == Loop::clone_fd ? 1 : 0;
    config.max_idle_threads = 10;
    if (loop == Loop::threads || loop == Loop::clone_fd) {
        fuse_session_loop_mt(session, &config);
    } else if (loop == Loop::single) {
        fuse_session_loop(session);
    } else {
        const int fd = fuse_session_fd(session);
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        fuse_buf buffer{};
        for (int got = 1; got > 0 || got == -EAGAIN || got == -EINTR;)
            if ((got = fuse_session_receive_buf(session, &buffer)) > 0)
                fuse_session_process_buf(session, &buffer);
    }
}

}  // namespace

void echo_fuse(const std::string& path, Loop loop, const std::function<void()>& ready) {
    const fuse_lowlevel_ops ops = operations();
    char* arguments[] = {const_cast<char*>("echo")};
    fuse_args args = FUSE_ARGS_INIT(1, arguments);
    fuse_session* session = fuse_session_new(&args, &ops, sizeof ops, nullptr);
    if (session == nullptr || fuse_session_mount(session, path.c_str()) != 0) std::exit(1);
    ready();
    serve(session, loop);
}

void echo_cuse(const std::string& path, Loop loop, const std::function<void()>& ready) {
    const cuse_lowlevel_ops ops = device_operations();
    const std::string name = "DEVNAME=" + path.substr(std::string("/dev/").size());
    const char* device[] = {name.c_str()};
    const cuse_info info{
        .dev_major = 0, .dev_minor = 0, .dev_info_argc = 1, .dev_info_argv = device, .flags = 0};
    char* arguments[] = {const_cast<char*>("echo")};
    fuse_args args = FUSE_ARGS_INIT(1, arguments);
    const int control = ::open("/dev/cuse", O_RDWR | O_CLOEXEC);
    fuse_session* session = cuse_lowlevel_new(&args, &info, &ops, nullptr);
    if (session == nullptr || control < 0 ||
        fuse_session_mount(session, ("/dev/fd/" + std::to_string(control)).c_str()) != 0)
        std::exit(1);
    ready();
    serve(session, loop);
}

}  // namespace cs2sim::bench
