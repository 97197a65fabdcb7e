// Bare echoes, each served for ever in the calling process.
#pragma once

#include <functional>
#include <string>

namespace cs2sim::bench {

// `spinning` asks for requests again and again where the others sleep until one comes.
enum class Loop { single, threads, clone_fd, spinning };
void echo_fuse(const std::string& path, Loop loop, const std::function<void()>& ready);
void echo_cuse(const std::string& path, Loop loop, const std::function<void()>& ready);

// A thread a caller on a listening socket; blocking calls, a frame read as header and rest.
void echo_socket(int listening);

}  // namespace cs2sim::bench
