// A simulator of a test's own: the real cs2sim with a private state, device node and port, and an operator
// who works on it with the real tools.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "test/scenario/process.h"

namespace cs2sim::scenario {

enum class Way { mount, tcp };  // how tools reach the device

class Simulator {
public:
    // Starts; fails the test loudly when that does not work (a binary or /dev/fuse missing).
    explicit Simulator(std::string profile = "se-gen2");
    // On a copy of a state folder that is there already.
    struct State {
        std::filesystem::path folder;
    };
    explicit Simulator(const State& copied);
    ~Simulator();  // stops
    Simulator(const Simulator&) = delete;
    Simulator& operator=(const Simulator&) = delete;

    std::string start();  // what it said on stderr
    void stop();
    void ended();             // by itself: waits until it is gone
    void kill();              // SIGKILL to the daemon, in the middle of whatever it does
    ::pid_t process() const;  // the daemon's, which runs

    // cs2sim, with CS2SIM_STATE naming this one.
    Outcome steer(std::vector<std::string> arguments) const;
    // steer(), which must succeed; what it printed.
    std::string steered(std::vector<std::string> arguments) const;

    std::string device(Way way) const;
    std::filesystem::path state() const { return folder_ / "state"; }
    std::filesystem::path admin_key() const { return state() / "ADMIN.key"; }

private:
    Outcome command(std::vector<std::string> arguments) const;

    Folder folder_;
    std::string profile_;
    unsigned port_;
    bool running_ = false;
};

// A port that nobody has at the moment.
unsigned free_port();

// Somebody with a shell in a working directory of their own, CRYPTOSERVER pointing at a simulator.
class Operator {
public:
    Operator(const Simulator& simulator, Way way);

    Outcome csadm(std::vector<std::string> arguments) const { return tool("csadm", std::move(arguments)); }
    Outcome tool(const std::string& program, std::vector<std::string> arguments) const;

    // csadm with the factory ADMIN logged on.
    Outcome as_admin(std::vector<std::string> arguments) const;
    // as_admin(), which must succeed; what it printed.
    std::string admin_does(std::vector<std::string> arguments) const;

    // Generates an MBK of two shares in s1.key and s2.key, which goes into slot 3.
    void make_mbk() const;
    // Imports an MBK from another operator's s1.key and s2.key.
    void import_mbk_of(const Operator& other) const;

    std::string users() const;  // what ListUsers prints

    const std::filesystem::path& folder() const { return folder_->path(); }
    std::filesystem::path file(const std::string& name) const { return folder() / name; }
    std::string admin_logon() const;  // "LogonSign=ADMIN,<key>"

    RunOptions options;  // for csadm() and tool()

private:
    const Simulator& simulator_;
    std::unique_ptr<Folder> folder_;
};

}  // namespace cs2sim::scenario
