// The node as FUSE on a regular file: the mount's root is the file itself.
#include <fcntl.h>
#include <grp.h>
#include <linux/fuse.h>
#include <spdlog/spdlog.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>

#include "driver/kernel_node.h"
#include "driver/mount_point.h"

#ifndef FOPEN_PARALLEL_DIRECT_WRITES  // headers of Linux before 6.2, as Debian 12 has them for arm64
#define FOPEN_PARALLEL_DIRECT_WRITES (1 << 6)
#endif

namespace cs2sim {
namespace {

// Bytes between the caller's memory and ours: a plain FUSE file has no other way for an argument whose size
// the command number does not tell (device-notes.md). Gives an errno.
using Copy = ssize_t (*)(pid_t, const iovec*, unsigned long, const iovec*, unsigned long, unsigned long);
int copy(Copy direction, pid_t pid, void* theirs, void* ours, std::size_t size) {
    const iovec local{ours, size};
    const iovec remote{theirs, size};
    const ssize_t copied = direction(pid, &local, 1, &remote, 1, 0);
    if (copied == static_cast<ssize_t>(size)) return 0;
    if (copied >= 0) return EFAULT;
    if (errno != EPERM && errno != ESRCH && errno != ENOSYS) return errno;

    static std::once_flag once;
    std::call_once(once, [pid, error = errno] {
        spdlog::warn(
            "ioctl 0x6b02: no right to the memory of process {} ({}); start the simulator as root, "
            "or as that user with sysctl kernel.yama.ptrace_scope=0, and in its PID namespace, "
            "or let the client wait by read() or poll()",
            pid, std::strerror(error));
    });
    return EPERM;
}

class FuseNode final : public KernelNode {
public:
    FuseNode(MountPoint point, Answerer answerer, const NodeOptions& options, gid_t group)
        : KernelNode(point.path(), std::move(answerer), options.memory), point_(std::move(point)) {
        attributes_.st_ino = FUSE_ROOT_ID;
        attributes_.st_mode = S_IFREG | (options.mode & 07777);
        attributes_.st_nlink = 1;
        attributes_.st_uid = geteuid();
        attributes_.st_gid = group;
        clock_gettime(CLOCK_REALTIME, &attributes_.st_mtim);
        attributes_.st_atim = attributes_.st_ctim = attributes_.st_mtim;
    }
    ~FuseNode() override { stop(); }

    Opened<void> mount();
    void reply_attributes(fuse_req_t request, const struct stat* wanted, int what);

private:
    int reply_open(fuse_req_t request, fuse_file_info* info) override;
    bool fetch(fuse_req_t request, void* from, const void* in, std::size_t in_size,
               AwaitArgument& into) override;
    void reply_await(fuse_req_t request, void* to, const AwaitArgument& argument) override;
    void unmounted() override { point_.remove_if_made(); }

    MountPoint point_;
    std::mutex mutex_;
    struct stat attributes_ {};
};

FuseNode& node_of(fuse_req_t request) { return static_cast<FuseNode&>(KernelNode::of(request)); }

fuse_lowlevel_ops operations() {
    fuse_lowlevel_ops ops{};
    ops.init = [](void*, fuse_conn_info* connection) {
        connection->want &= ~static_cast<unsigned>(FUSE_CAP_AUTO_INVAL_DATA);
    };
    ops.getattr = [](fuse_req_t request, fuse_ino_t, fuse_file_info*) {
        node_of(request).reply_attributes(request, nullptr, 0);
    };
    // chmod and chown work; `> /dev/cs2a` truncates nothing, as on a device.
    ops.setattr = [](fuse_req_t request, fuse_ino_t, struct stat* wanted, int what, fuse_file_info*) {
        node_of(request).reply_attributes(request, wanted, what);
    };
    ops.open = [](fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
        node_of(request).open(request, info);
    };
    ops.read = [](fuse_req_t request, fuse_ino_t, size_t size, off_t, fuse_file_info* info) {
        KernelNode::read(request, size, info);
    };
    ops.write = [](fuse_req_t request, fuse_ino_t, const char* data, size_t size, off_t,
                   fuse_file_info* info) { KernelNode::write(request, data, size, info); };
    ops.ioctl = [](fuse_req_t request, fuse_ino_t, unsigned command, void* argument, fuse_file_info* info,
                   unsigned, const void* in, size_t in_size,
                   size_t) { KernelNode::ioctl(request, command, argument, info, in, in_size); };
    ops.poll = [](fuse_req_t request, fuse_ino_t, fuse_file_info* info, fuse_pollhandle* handle) {
        KernelNode::poll(request, info, handle);
    };
    ops.release = [](fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
        KernelNode::release(request, info);
    };
    ops.fsync = [](fuse_req_t request, fuse_ino_t, int, fuse_file_info*) { fuse_reply_err(request, 0); };
    return ops;
}

Opened<void> FuseNode::mount() {
    static const fuse_lowlevel_ops ops = operations();
    // The kernel checks the permissions; root's node is everybody's whom they let in.
    std::string mount_options = "fsname=cs2sim,subtype=cs2sim,default_permissions";
    if (geteuid() == 0) mount_options += ",allow_other";
    char* arguments[] = {const_cast<char*>("cs2sim"), const_cast<char*>("-o"), mount_options.data()};
    fuse_args args = FUSE_ARGS_INIT(3, arguments);
    fuse_session* session = fuse_session_new(&args, &ops, sizeof ops, static_cast<KernelNode*>(this));
    fuse_opt_free_args(&args);
    if (session == nullptr) return tl::make_unexpected(std::string("FUSE does not start"));
    if (fuse_session_mount(session, path_.c_str()) != 0) {
        fuse_session_destroy(session);
        const char* reason = access("/dev/fuse", F_OK) != 0          ? ": there is no /dev/fuse"
                             : access("/dev/fuse", R_OK | W_OK) != 0 ? ": this user may not open /dev/fuse"
                                                                     : "";
        return tl::make_unexpected("FUSE cannot be mounted on " + path_ + reason);
    }
    return serve(session);
}

void FuseNode::reply_attributes(fuse_req_t request, const struct stat* wanted, int what) {
    struct stat now {};
    {
        std::lock_guard lock(mutex_);
        if ((what & FUSE_SET_ATTR_MODE) != 0) attributes_.st_mode = S_IFREG | (wanted->st_mode & 07777);
        if ((what & FUSE_SET_ATTR_UID) != 0) attributes_.st_uid = wanted->st_uid;
        if ((what & FUSE_SET_ATTR_GID) != 0) attributes_.st_gid = wanted->st_gid;
        now = attributes_;
    }
    fuse_reply_attr(request, &now, 0);
}

// libfuse 3.14 has no word for FOPEN_STREAM, so the reply is written by hand. A stream has no file position:
// without it the kernel would let a blocked read() hold up a write() on the same open file, and count
// positions up to the limits of 32-bit callers and `ulimit -f`.
int FuseNode::reply_open(fuse_req_t request, fuse_file_info* info) {
    fuse_open_out out{};
    out.fh = info->fh;
    out.open_flags = FOPEN_DIRECT_IO | FOPEN_STREAM | FOPEN_NOFLUSH | FOPEN_PARALLEL_DIRECT_WRITES;
    return fuse_reply_buf(request, reinterpret_cast<const char*>(&out), sizeof out);
}

bool FuseNode::fetch(fuse_req_t request, void* from, const void*, std::size_t, AwaitArgument& into) {
    const int error = copy(process_vm_readv, fuse_req_ctx(request)->pid, from, &into, sizeof into);
    if (error != 0) fuse_reply_err(request, error);
    return error == 0;
}

// The caller is still inside its ioctl, so the process is the one that asked.
void FuseNode::reply_await(fuse_req_t request, void* to, const AwaitArgument& argument) {
    AwaitArgument result = argument;
    const int error = copy(process_vm_writev, fuse_req_ctx(request)->pid, to, &result, sizeof result);
    if (error != 0)
        fuse_reply_err(request, error);
    else
        fuse_reply_ioctl(request, 0, nullptr, 0);
}

}  // namespace

Opened<std::unique_ptr<Listener>> mount_fuse(const std::string& path, Answerer answerer,
                                             const NodeOptions& options) {
    CS2SIM_TRY_LET(group, group_id(options.group));
    CS2SIM_TRY_LET(point, MountPoint::claim(path));
    auto node = std::make_unique<FuseNode>(std::move(point), std::move(answerer), options, group);
    CS2SIM_TRY(node->mount());
    return node;
}

}  // namespace cs2sim
