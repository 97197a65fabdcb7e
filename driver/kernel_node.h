// What FUSE and CUSE have in common: the requests of the kernel, carried to the node's state machine.
#pragma once

#include <fuse_lowlevel.h>

#include <atomic>
#include <memory>
#include <string>

#include "driver/listener.h"
#include "driver/node.h"
#include "driver/session_loop.h"
#include "firmware/protocol/node_ioctls.h"

namespace cs2sim {

class KernelNode : public Listener {
public:
    ~KernelNode() override;  // derived nodes stop() in theirs, while their unmounted() is still there
    std::string address() const override { return path_; }
    void stop() override;

    // Handlers of the two shims; each answers `request`, at once or later.
    void open(fuse_req_t request, fuse_file_info* info);
    static void read(fuse_req_t request, std::size_t size, fuse_file_info* info);
    static void write(fuse_req_t request, const char* data, std::size_t size, fuse_file_info* info);
    static void ioctl(fuse_req_t request, unsigned command, void* argument, fuse_file_info* info,
                      const void* in, std::size_t in_size);
    static void poll(fuse_req_t request, fuse_file_info* info, fuse_pollhandle* handle);
    static void release(fuse_req_t request, fuse_file_info* info);

    static KernelNode& of(fuse_req_t request) {
        return *static_cast<KernelNode*>(fuse_req_userdata(request));
    }

protected:
    KernelNode(std::string path, Answerer answerer, std::shared_ptr<CallerMemory> memory)
        : path_(std::move(path)), answerer_(std::move(answerer)), node_(std::move(memory)) {}
    Opened<void> serve(fuse_session* session);  // mounted; owned from here on

    virtual int reply_open(fuse_req_t request, fuse_file_info* info) = 0;
    // Has AwaitArgument come with the request? If so, true. If not, the shim answers the request or fetches
    // it.
    virtual bool fetch(fuse_req_t request, void* from, const void* in, std::size_t in_size,
                       AwaitArgument& into) = 0;
    // Ends kIoctlAwait well, with `argument` for the caller's memory at `to`.
    virtual void reply_await(fuse_req_t request, void* to, const AwaitArgument& argument) = 0;
    virtual void unmounted() {}

    const std::string path_;

private:
    static void answer_ioctl(fuse_req_t request, unsigned command, void* argument, fuse_file_info* info,
                             const void* in, std::size_t in_size);
    static void share_window(fuse_req_t request, fuse_file_info* info, int descriptor);
    static void exchange_in_window(fuse_req_t request, fuse_file_info* info,
                                   std::chrono::milliseconds timeout);
    static void exchange_small(fuse_req_t request, fuse_file_info* info, ByteView argument);
    static void exchange(fuse_req_t request, fuse_file_info* info, std::unique_ptr<NodeRequest> waiting,
                         ByteView frame, std::size_t space, std::chrono::milliseconds timeout);

    static void run(NodeFile& file, SessionLoop& loop);

    class Request;
    friend class Request;

    Answerer answerer_;
    Node node_;
    fuse_session* session_ = nullptr;
    std::unique_ptr<SessionLoop> loop_;
};

}  // namespace cs2sim
