#include "tools/session/terminal.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "firmware/protocol/terminal_text.h"

namespace cs2sim::tools {
namespace {

constexpr std::size_t kLongestInput = 1024;

// /dev/tty while it lives; with echo off when asked for.
class Tty {
public:
    explicit Tty(bool echo) : fd_(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)) {
        if (fd_ < 0 || echo || ::tcgetattr(fd_, &before_) != 0) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        silent_ = ::tcsetattr(fd_, TCSAFLUSH, &silent) == 0;
    }
    ~Tty() {
        if (silent_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
        if (fd_ >= 0) ::close(fd_);
    }
    Tty(const Tty&) = delete;
    Tty& operator=(const Tty&) = delete;

    bool there() const { return fd_ >= 0; }
    bool silent() const { return silent_; }

    void show(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t written = ::write(fd_, text.data(), text.size());
            if (written <= 0) return;
            text.remove_prefix(static_cast<std::size_t>(written));
        }
    }

    // One line without its end; nothing at the end of input or when it is too long.
    std::optional<SecretBytes> read_line() const {
        SecretBytes line;
        for (std::uint8_t c = 0; ::read(fd_, &c, 1) == 1;) {
            if (c == '\n') return line;
            if (line.size() == kLongestInput) return std::nullopt;
            line.push_back(c);
        }
        return std::nullopt;
    }

private:
    int fd_;
    termios before_{};
    bool silent_ = false;
};

Result<SecretBytes> ask_secret(const std::string& prompt) {
    const Tty tty(false);
    if (!tty.there() || !tty.silent()) {
        std::fprintf(stderr, "%s: no terminal to ask at (/dev/tty) for: %s\n", program_invocation_short_name,
                     terminal_text(prompt).c_str());
        return fail(E_CSA_KEY_PASSWORD);
    }
    tty.show(terminal_lines(prompt));
    auto line = tty.read_line();
    tty.show("\n");
    if (!line) return fail(E_CSA_KEY_PASSWORD);
    return std::move(*line);
}

bool confirm(const std::string& message) {
    const Tty tty(true);
    if (!tty.there()) return false;
    tty.show(terminal_lines(message) + " [Enter, or q to give up] ");
    const auto line = tty.read_line();
    return line && as_text(*line) != "q";
}

}  // namespace

host::Terminal controlling_terminal() { return {ask_secret, confirm}; }

Result<SecretBytes> ask_new_secret(const host::Terminal& terminal) {
    auto fresh = terminal.ask_secret("New password: ");
    CS2SIM_TRY(fresh);
    CS2SIM_TRY_LET(again, terminal.ask_secret("New password again: "));
    if (!equal_in_constant_time(*fresh, again)) return fail(E_PP_PIN_REPETITION);
    return fresh;
}

}  // namespace cs2sim::tools
