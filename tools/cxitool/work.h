// What the commands that work with keys share: which key, which hash, which padding, where the result goes.
#pragma once

#include <string_view>
#include <vector>

#include "firmware/protocol/cxi/constants.h"
#include "tools/session/session.h"

namespace cs2sim::tools {

struct HashWord {
    std::string_view word;
    std::uint32_t id;
    const char* openssl;
};

// Hash=, SHA256 without it. Error: E_CSA_SYNTAX.
Result<const HashWord*> hash_of(const ToolSession& session);

std::vector<std::string_view> hash_words();

// What a key does, as far as the padding is concerned.
enum class PadUse : std::uint8_t { rsa_sign, rsa_request, rsa_crypt, blocks, other };

// Pad= as CXI_MECH_PAD_*; without it the first word of its use. Error: E_CSA_SYNTAX for a word of another
// use, told of where it stands: in Pad=, or in the terms of the command that kTerms names ("Sign").
inline constexpr std::string_view kTerms = "Terms of";
Result<std::uint32_t> pad_of(const ToolSession& session, PadUse use);
std::vector<std::string_view> pad_words();  // of all uses, each once

// Chain=, CMAC among them. Its meaning: crypt.cpp, and sign.cpp of CMAC.
std::vector<std::string_view> chain_words();

// Which way a key signs and encrypts.
struct WorkKind {
    std::uint32_t algorithm = 0;
    bool edwards = false;
    bool rsa() const { return algorithm == CXI_KEY_ALGO_RSA; }
    bool secret() const { return algorithm <= CXI_KEY_ALGO_AES; }
};

// The key that Name= or ExternalKey= names.
struct WorkKey {
    Bytes reference;
    WorkKind kind;
};
Result<WorkKey> work_key(ToolSession& session);

// Most bytes of a file in one command; the rest follows in further ones.
inline constexpr std::size_t kPart = 256 * 1024;

// To Out=, else in hexadecimal to stdout.
Result<void> deliver(ToolSession& session, ByteView content);

// Handlers.
Result<void> sign(ToolSession& session, const std::string& value);        // sign.cpp
Result<void> verify(ToolSession& session, const std::string& value);      // sign.cpp
Result<void> encrypt(ToolSession& session, const std::string& value);     // crypt.cpp
Result<void> decrypt(ToolSession& session, const std::string& value);     // crypt.cpp
Result<void> export_p10(ToolSession& session, const std::string& value);  // request.cpp

}  // namespace cs2sim::tools
