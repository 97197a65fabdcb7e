// A device beside the openssl command line: files in a folder that both read.
#pragma once

#include <cstdlib>
#include <fstream>

#include "test/unit/cxi/cxi_bench.h"

namespace cs2sim {

class Interop {
public:
    CxiBench bench;
    const Bytes data = to_bytes(as_bytes("what users sign and encrypt, 43 bytes of it"));

    Interop() { put("data", data); }
    std::string file(const std::string& name) const { return (folder_.path() / name).string(); }
    void put(const std::string& name, ByteView content) const {
        std::ofstream(file(name), std::ios::binary)
            .write(reinterpret_cast<const char*>(content.data()),
                   static_cast<std::streamsize>(content.size()));
    }
    Bytes get(const std::string& name) const {
        std::ifstream in(file(name), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    // Runs `openssl …` in the folder.
    bool openssl(const std::string& arguments) const {
        const std::string line =
            "cd '" + folder_.path().string() + "' && openssl " + arguments + " >out 2>err";
        return std::system(line.c_str()) == 0;
    }
    // A key pair from the command line, imported as `name`; its files are name.der (PKCS#8) and name.pub.
    Bytes foreign(const std::string& name, const std::string& genpkey) {
        REQUIRE(openssl("genpkey " + genpkey + " -outform DER -out " + name + ".trad"));
        REQUIRE(openssl("pkcs8 -topk8 -nocrypt -inform DER -outform DER -in " + name + ".trad -out " + name +
                        ".der"));
        REQUIRE(openssl("pkey -inform DER -in " + name + ".der -pubout -outform DER -out " + name + ".pub"));
        PropertyList list;
        list.set(CXI_PROP_KEY_NAME, name);
        list.set(CXI_PROP_KEY_GROUP, "G");
        return bench.import(CXI_KEY_TYPE_PRIVATE, list, get(name + ".der"));
    }
    Bytes secret(const std::string& name, std::uint32_t algorithm, ByteView value) {
        PropertyList list = CxiBench::key_template(algorithm, 0, "G", name);
        return bench.import(CXI_KEY_TYPE_SECRET, list, value);
    }
    // Signs here and verifies there, then the reverse, then checks that a changed signature is refused.
    void signatures(ByteView key, const std::string& name, std::uint32_t mechanism,
                    const std::string& options) {
        INFO(name << " " << options);
        const auto made = bench.sign(key, mechanism, data);
        REQUIRE(made);
        put("sig", *made);
        CHECK(openssl("dgst " + options + " -keyform DER -verify " + name + ".pub -signature sig data"));
        REQUIRE(openssl("dgst " + options + " -keyform DER -sign " + name + ".der -out sig2 data"));
        Bytes signature = get("sig2");
        CHECK(code_of(bench.verify(key, mechanism, data, signature)) == 0);
        signature[signature.size() / 2] ^= 1;
        CHECK(code_of(bench.verify(key, mechanism, data, signature)) == E_CXI_CRYPT_SIGN_VERIFY);
        CHECK(code_of(bench.verify(key, mechanism, data, {})) == E_CXI_CRYPT_SIGN_VERIFY);
    }

private:
    ScratchFolder folder_;
};

}  // namespace cs2sim
