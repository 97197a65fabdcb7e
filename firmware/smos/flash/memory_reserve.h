// Memory for the rest of a command that has stored something: its answer must tell so, and not that there was
// no memory. Where operator new finds none for such a command, a reserve of the process is given back to the
// host, and it is asked again. What others take of that meanwhile is theirs: under many of them a command may
// still lose its answer, as when its caller hangs up.
#pragma once

namespace cs2sim {

// A command, on the thread that runs it. In one that is run for another, what it stored counts for both.
class CommandMemory {
public:
    CommandMemory();  // fills the reserve up again, when there is memory for it
    ~CommandMemory();
    CommandMemory(const CommandMemory&) = delete;

    // What this thread's command has changed stands, whatever comes. Never fails.
    static void stored();

private:
    const bool before_;
};

}  // namespace cs2sim
