// Each CKR that the library can give is explained (cs2sim explain).
#include "host-lib/pkcs11/ckr_advice.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "host-lib/pkcs11/cryptoki/names.h"
#include "test/places.h"

using namespace cs2sim::p11;

namespace {

std::set<std::string> ckrs_in_sources() {
    std::set<std::string> names;
    const std::regex ckr("CKR_[A-Z0-9_]+");
    for (const auto& file :
         std::filesystem::directory_iterator(cs2sim::source_folder() / "host-lib/pkcs11")) {
        const std::string kind = file.path().extension();
        if (kind != ".cpp" && file.path().filename() != "errors.inc") continue;
        std::ifstream stream(file.path());
        const std::string text(std::istreambuf_iterator<char>(stream), {});
        for (std::sregex_iterator at(text.begin(), text.end(), ckr), end; at != end; ++at)
            names.insert(at->str());
    }
    return names;
}

}  // namespace

TEST_CASE("every CKR that the library's sources name has its advice, and every advice a CKR") {
    const auto names = ckrs_in_sources();
    REQUIRE(names.size() > 40);
    for (const std::string& name : names) {
        INFO(name);
        const auto number = constant_number(name);
        REQUIRE(number);
        CHECK(find_ckr_advice(*number) != nullptr);
    }
    std::set<CK_RV> once;
    for (const CkrAdvice& row : ckr_advice()) {
        INFO(constant_name("CKR", row.ckr));
        CHECK(constant_name("CKR", row.ckr).starts_with("CKR_"));
        CHECK(once.insert(row.ckr).second);
        CHECK_FALSE(row.provoked_by.empty());
        CHECK_FALSE(row.remedy.empty());
    }
}
