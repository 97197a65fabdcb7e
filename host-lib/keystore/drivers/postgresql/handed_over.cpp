#include "host-lib/keystore/drivers/postgresql/handed_over.h"

#include <soci/version.h>

#include <utility>

namespace cs2sim::keystore {
namespace {

thread_local Raw* offered = nullptr;

}  // namespace

HandedOver::HandedOver(Raw& connection) : connection_(connection.get()) { offered = &connection; }

HandedOver::~HandedOver() {
    constexpr bool kSociForgets = SOCI_VERSION < 400100;  // of later ones it is not known
    if (kSociForgets && taken() && !in_use_) PQfinish(connection_);
    offered = nullptr;
}

bool HandedOver::taken() const { return offered == nullptr; }

}  // namespace cs2sim::keystore

// In libpq's place, also for our own use.
extern "C" __attribute__((visibility("default"))) PGconn* PQconnectdb(const char* conninfo) {
    if (auto* const ours = std::exchange(cs2sim::keystore::offered, nullptr)) return ours->release();
    const char* const words[] = {"dbname", nullptr};
    const char* const values[] = {conninfo, nullptr};
    return PQconnectdbParams(words, values, 1);  // reads in `dbname` what PQconnectdb takes
}
