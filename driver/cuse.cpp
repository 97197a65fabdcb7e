// The node as a true character device, where the kernel has CUSE.
#include <cuse_lowlevel.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "driver/kernel_node.h"
#include "driver/mount_point.h"

namespace cs2sim {
namespace {

constexpr const char* kControl = "/dev/cuse";
constexpr std::string_view kFolder = "/dev/";

class CuseNode final : public KernelNode {
public:
    CuseNode(std::string path, Answerer answerer, std::shared_ptr<CallerMemory> memory)
        : KernelNode(std::move(path), std::move(answerer), std::move(memory)) {}
    ~CuseNode() override { stop(); }

    Opened<void> make(const NodeOptions& options, gid_t group);

private:
    int reply_open(fuse_req_t request, fuse_file_info* info) override {
        return fuse_reply_open(request, info);
    }
    bool fetch(fuse_req_t request, void* from, const void* in, std::size_t in_size,
               AwaitArgument& into) override;
    void reply_await(fuse_req_t request, void* to, const AwaitArgument& argument) override;
    Opened<void> appear(const NodeOptions& options, gid_t group);
    bool answers() const;
};

cuse_lowlevel_ops operations() {
    cuse_lowlevel_ops ops{};
    ops.open = [](fuse_req_t request, fuse_file_info* info) { KernelNode::of(request).open(request, info); };
    ops.read = [](fuse_req_t request, size_t size, off_t, fuse_file_info* info) {
        KernelNode::read(request, size, info);
    };
    ops.write = [](fuse_req_t request, const char* data, size_t size, off_t, fuse_file_info* info) {
        KernelNode::write(request, data, size, info);
    };
    ops.ioctl = [](fuse_req_t request, int command, void* argument, fuse_file_info* info, unsigned,
                   const void* in, size_t in_size, size_t) {
        KernelNode::ioctl(request, static_cast<unsigned>(command), argument, info, in, in_size);
    };
    ops.poll = [](fuse_req_t request, fuse_file_info* info, fuse_pollhandle* handle) {
        KernelNode::poll(request, info, handle);
    };
    ops.release = [](fuse_req_t request, fuse_file_info* info) { KernelNode::release(request, info); };
    ops.fsync = [](fuse_req_t request, int, fuse_file_info*) { fuse_reply_err(request, 0); };
    return ops;
}

Opened<void> CuseNode::make(const NodeOptions& options, gid_t group) {
    static const cuse_lowlevel_ops ops = operations();
    const std::string name = "DEVNAME=" + path_.substr(kFolder.size());
    const char* device[] = {name.c_str()};
    const cuse_info info{.dev_major = 0,
                         .dev_minor = 0,
                         .dev_info_argc = 1,
                         .dev_info_argv = device,
                         .flags = CUSE_UNRESTRICTED_IOCTL};

    const int control = ::open(kControl, O_RDWR | O_CLOEXEC);
    if (control < 0) return tl::make_unexpected(std::string(kControl) + ": " + std::strerror(errno));
    char* arguments[] = {const_cast<char*>("cs2sim")};
    fuse_args args = FUSE_ARGS_INIT(1, arguments);
    fuse_session* session = cuse_lowlevel_new(&args, &info, &ops, static_cast<KernelNode*>(this));
    fuse_opt_free_args(&args);
    // libfuse takes an open descriptor under this name.
    if (session == nullptr ||
        fuse_session_mount(session, ("/dev/fd/" + std::to_string(control)).c_str()) != 0) {
        if (session != nullptr) fuse_session_destroy(session);
        ::close(control);
        return tl::make_unexpected(std::string("CUSE does not start"));
    }
    CS2SIM_TRY(serve(session));
    return appear(options, group);
}

// The kernel makes the device once it has been told about it; devtmpfs or udev then makes the node.
Opened<void> CuseNode::appear(const NodeOptions& options, gid_t group) {
    using namespace std::chrono_literals;
    for (auto waited = 0us; waited < 3s; waited += 500us) {
        struct stat found {};
        if (stat(path_.c_str(), &found) == 0 && S_ISCHR(found.st_mode)) {
            if (chown(path_.c_str(), geteuid(), group) != 0 ||
                chmod(path_.c_str(), options.mode & 07777) != 0)
                return tl::make_unexpected(path_ + ": " + std::strerror(errno));
            if (answers()) return {};
        }
        std::this_thread::sleep_for(500us);
    }
    return tl::make_unexpected(path_ + " did not appear: no devtmpfs on /dev, or the name is taken");
}

// The kernel shows the node a moment before it lets anybody open it (ENXIO until then).
bool CuseNode::answers() const {
    const int fd = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return errno != ENXIO;
    ::close(fd);
    return true;
}

// The first call of an unrestricted ioctl brings no data; the kernel is told what to bring.
bool CuseNode::fetch(fuse_req_t request, void* from, const void* in, std::size_t in_size,
                     AwaitArgument& into) {
    if (in_size < sizeof into) {
        const iovec both{from, sizeof into};
        fuse_reply_ioctl_retry(request, &both, 1, &both, 1);
        return false;
    }
    std::memcpy(&into, in, sizeof into);
    return true;
}

void CuseNode::reply_await(fuse_req_t request, void*, const AwaitArgument& argument) {
    fuse_reply_ioctl(request, 0, &argument, sizeof argument);
}

}  // namespace

bool cuse_available() { return access(kControl, R_OK | W_OK) == 0; }

Opened<std::unique_ptr<Listener>> mount_cuse(const std::string& path, Answerer answerer,
                                             const NodeOptions& options) {
    if (!std::string_view(path).starts_with(kFolder) || path.size() == kFolder.size() ||
        path.find('/', kFolder.size()) != std::string::npos)
        return tl::make_unexpected(path + ": a CUSE device lies directly under /dev/");
    CS2SIM_TRY_LET(group, group_id(options.group));
    if (access(path.c_str(), F_OK) == 0) return tl::make_unexpected(path + ": is taken");
    auto node = std::make_unique<CuseNode>(path, std::move(answerer), options.memory);
    CS2SIM_TRY(node->make(options, group));
    return node;
}

}  // namespace cs2sim
