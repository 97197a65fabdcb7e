// What PostgreSQL's answers mean for a store.
#pragma once

#include <string_view>

#include "host-lib/keystore/drivers/connection.h"

namespace cs2sim::keystore {

// By SQLSTATE (PostgreSQL's manual, appendix A); refused with E_CSA_STORE_FAILED when it is none that we
// know.
Failure failure_of_sqlstate(std::string_view sqlstate, std::string words);

// Of a connection that did not come about. The words are libpq's, in English; a server's refusal is told by
// the SQLSTATE in them (PQERRORS_SQLSTATE).
Failure failure_to_connect(const std::string& words);

}  // namespace cs2sim::keystore
