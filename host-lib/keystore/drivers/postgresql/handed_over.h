// Gives SOCI a connection that we made. Its session (4.0.3) makes its own by PQconnectdb, and sends a
// statement there at once and waits for the answer without end, before anybody else can know the socket; when
// that statement fails, it forgets the connection.
#pragma once

#include <libpq-fe.h>

#include <memory>

namespace cs2sim::keystore {

using Raw = std::unique_ptr<PGconn, decltype(&PQfinish)>;

// As long as this lives, the next PQconnectdb of SOCI's in this thread takes `connection` instead of making
// one. SOCI's library calls ours, which stands before libpq's where a module and what came with it are
// searched; only not in a program that itself is linked with libpq or SOCI.
class HandedOver {
public:
    explicit HandedOver(Raw& connection);
    ~HandedOver();
    HandedOver(const HandedOver&) = delete;
    HandedOver& operator=(const HandedOver&) = delete;

    bool taken() const;
    void is_in_use() { in_use_ = true; }  // by a session; else what was taken is finished with this

private:
    PGconn* const connection_;
    bool in_use_ = false;
};

}  // namespace cs2sim::keystore
