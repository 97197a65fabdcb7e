// The argument grammar of csadm and cxitool.
#include "tools/session/arguments.h"
#include "firmware/protocol/bytes.h"

using namespace cs2sim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text({data, size});
    const tools::Argument argument = tools::parse_argument(text);
    const std::string_view value = argument.value ? std::string_view(*argument.value) : text;
    for (const std::string& member : tools::split_list(value)) {
        (void)tools::parse_decimal(member);
        (void)tools::parse_hex(member);
    }
    (void)tools::split_list(value, 3);
    return 0;
}
