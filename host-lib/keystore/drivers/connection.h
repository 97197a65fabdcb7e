// One connection to a database, and what its driver knows of the DBMS. Used by one thread at a time.
#pragma once

#include <soci/soci.h>

#include <chrono>
#include <memory>
#include <string>

#include "host-lib/keystore/drivers/dialect.h"
#include "host-lib/keystore/drivers/prepared.h"
#include "host-lib/keystore/key_store.h"

namespace cs2sim::keystore {

using Clock = std::chrono::steady_clock;

// What a failure means for the call that met it.
enum class Trouble : std::uint8_t {
    refused,  // ends the call with the code
    present,  // a row of that key, or of that operation, is there
    again,    // others were in the way: the transaction may be tried again
    lost,     // the connection is gone; what was committed last may have happened or not
    waits,    // the server takes no further connection now
};

struct Failure {
    Trouble trouble = Trouble::refused;
    std::uint32_t code = E_CSA_STORE_FAILED;
    std::string words;
};

inline Failure no_answer_in_time() {
    return {Trouble::refused, E_CSA_STORE_TIMEOUT, "the key store did not answer in time"};
}

class Connection {
public:
    virtual ~Connection() = default;
    virtual soci::session& session() = 0;
    virtual const Dialect& dialect() const = 0;
    // Of a dialect that prepares; null elsewhere.
    virtual PreparedStatements* prepared() { return nullptr; }

    virtual void begin() { session().begin(); }
    virtual void commit() { session().commit(); }
    virtual void rollback() { session().rollback(); }
    // While true, a commit need not wait for the disk: a later one of false takes it along.
    virtual void commit_lazily(bool) {}

    virtual Failure classify(const soci::soci_error& error) = 0;

    // From now to disarm() calls end by the deadline, as lost; fired() tells afterwards whether one did.
    virtual void arm(Clock::time_point deadline) = 0;
    virtual void disarm() = 0;
    virtual bool fired() const = 0;

    // The connection is the one of its process that hears what others change; hear() appends it. `answered`:
    // the last statement's answer has just come, and with it all that was told before.
    virtual void listen() = 0;
    virtual void hear(Changes& changes, bool answered) = 0;

    virtual bool writable() = 0;
    // In a child of the process that made it: lets go of it without a word to the server.
    virtual void abandon() = 0;
};

// Opens connections. Safe to use from several threads at once.
class Driver {
public:
    virtual ~Driver() = default;
    // Connected, but nothing is known about tables yet. Ends by `deadline`. The Failure says why not.
    virtual tl::expected<std::unique_ptr<Connection>, Failure> connect(Clock::time_point deadline) = 0;
    // Are missing tables made when a connection finds none (a file of one's own), or is that init()'s?
    virtual bool makes_tables() const = 0;
    // Does the database's own library work in this process, under locks that a child after fork() needs? Then
    // fork() waits until no connection is on loan. A server's answer is nothing to wait for.
    virtual bool works_in_process() const = 0;
};

}  // namespace cs2sim::keystore
