#include "host-lib/pkcs11/token_time.h"

#include <ctime>

namespace cs2sim::p11 {

Result<std::string> token_time(Token& token) {
    CS2SIM_TRY_LET(answer, token.ask(FC_ADM, SFC_ADM_GET_TIME, {}));
    const auto seconds = static_cast<std::time_t>(answer.block.u64("milliseconds") / 1000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y%m%d%H%M%S00", &parts);
    return text;
}

}  // namespace cs2sim::p11
