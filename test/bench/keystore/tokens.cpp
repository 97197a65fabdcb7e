#include "test/bench/keystore/tokens.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <thread>

namespace cs2sim::keystore {
namespace {

std::string settings(const std::string& connection) {
    return "KeysExternal = true\n[KeyStorage]\nKeyStorageType = postgresql\nKeyStorageConfig = \"" +
           connection + "\"";
}

}  // namespace

bench::Subject subject(const clients::Token& token) {
    return {"cs2sim", token.library(), clients::kPin, "CS_PKCS11_R3_CFG", token.file("cs_pkcs11_R3.cfg")};
}

std::unique_ptr<clients::Token> quiet_token(const std::string& connection) {
    auto token = std::make_unique<clients::Token>(scenario::Way::mount, settings(connection));
    const std::filesystem::path config = token->file("cs_pkcs11_R3.cfg");
    const std::string all = "Logging = 4";
    std::string text = scenario::read_file(config);
    text.replace(text.find(all), all.size(), "Logging = 1");
    scenario::write_file(config, text);
    return token;
}

void await_own_key(const clients::Token& token) {
    const std::filesystem::path made = token.simulator().state() / "flash" / "files" / "hsmauth.key";
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(10);
    while (!std::filesystem::exists(made) && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    REQUIRE(std::filesystem::exists(made));
}

}  // namespace cs2sim::keystore
