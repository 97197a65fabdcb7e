// Key wrap and MACs over long data: what OpenSSL makes of them, and that they end when nobody waits.
#include <thread>

#include "firmware/crypto/random.h"
#include "firmware/cxi/work/key_wrap.h"
#include "firmware/cxi/work/mac.h"
#include "test/unit/cxi/properties.h"

using namespace cs2sim;

namespace {

// Another thread withdraws the command in the middle of `work`.
template <class Work>
std::uint32_t withdrawn(const Work& work) {
    Abandonment abandonment;
    std::thread hangs_up([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        abandonment.withdraw();
    });
    const std::uint32_t code = code_of(work(&abandonment));
    hangs_up.join();
    return code;
}

Handle<EVP_CIPHER_CTX> blocks_of(ByteView key, bool encrypt) {
    Handle<EVP_CIPHER_CTX> blocks(EVP_CIPHER_CTX_new());
    REQUIRE(EVP_CipherInit_ex(blocks.get(), EVP_aes_256_ecb(), nullptr, key.data(), nullptr,
                              encrypt ? 1 : 0) == 1);
    EVP_CIPHER_CTX_set_padding(blocks.get(), 0);
    return blocks;
}

Bytes by_openssl(ByteView key, bool padded, ByteView data) {
    const Handle<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
    EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    REQUIRE(EVP_EncryptInit_ex(context.get(), padded ? EVP_aes_256_wrap_pad() : EVP_aes_256_wrap(), nullptr,
                               key.data(), nullptr) == 1);
    Bytes out(data.size() + 16);
    int size = 0;
    REQUIRE(EVP_EncryptUpdate(context.get(), out.data(), &size, data.data(), static_cast<int>(data.size())) ==
            1);
    out.resize(static_cast<std::size_t>(size));
    return out;
}

LoadedKey des_key() {
    LoadedKey key;
    key.object.properties.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_DES);
    key.object.properties.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_SECRET);
    key.object.material = to_secret(random_bytes(24));
    return key;
}

}  // namespace

TEST_CASE("key wrap makes what OpenSSL makes, unwraps it, and nothing that was altered") {
    const Bytes key = random_bytes(32);
    for (const bool padded : {false, true})
        for (const std::size_t size : {1u, 8u, 9u, 16u, 24u, 33u, 4096u, 20000u, 50001u}) {
            INFO((padded ? "KWP of " : "KW of ") << size << " bytes");
            const Bytes data = random_bytes(size);
            const auto wrapped = key_wrap(blocks_of(key, true).get(), {true, padded, 100}, data, nullptr);
            if (!padded && (size < 16 || size % 8 != 0)) {
                CHECK(code_of(wrapped) == E_CXI_CRYPT_DATA_LEN);
                continue;
            }
            REQUIRE(code_of(wrapped) == 0);
            CHECK(*wrapped == by_openssl(key, padded, data));
            const KeyWrap back{false, padded, 100};
            CHECK(key_wrap(blocks_of(key, false).get(), back, *wrapped, nullptr) == data);
            Bytes altered = *wrapped;
            altered[size / 2] ^= 1;
            CHECK(code_of(key_wrap(blocks_of(key, false).get(), back, altered, nullptr)) == E_AES_KEYWRAP);
        }
}

TEST_CASE("key wrap and MACs of DES end in the middle when nobody waits") {
    const Bytes key = random_bytes(32), much(48 << 20, 1);
    for (const bool encrypt : {true, false})
        CHECK(withdrawn([&](const Abandonment* abandonment) {
                  return key_wrap(blocks_of(key, encrypt).get(), {encrypt, false, 12288}, much, abandonment);
              }) == E_OS_PCI_CANCEL);
    const LoadedKey des = des_key();
    for (const std::uint32_t mechanism :
         {CXI_MECH_CHAIN_CMAC | 0u, CXI_MECH_CHAIN_CBC_RETAIL | CXI_MECH_PAD_ISO7816})
        CHECK(withdrawn([&](const Abandonment* abandonment) {
                  return make_mac(des, {mechanism}, much, {}, abandonment);
              }) == E_OS_PCI_CANCEL);
}

TEST_CASE("every command that wraps or makes a MAC ends when nobody waits, and leaves nothing") {
    CxiBench bench;
    const auto abandonment = std::make_shared<Abandonment>();
    bench.context.abandonment = abandonment;
    const Bytes aes = bench.aes("G", "aes");
    const Bytes des =
        CxiBench::reference(bench.generate(CxiBench::key_template(CXI_KEY_ALGO_DES, 192, "G", "des")));
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RAW, 256, "G", "raw");
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    const Bytes raw = CxiBench::reference(bench.generate(list));
    const Bytes data(40000, 1);
    const std::uint32_t kw = CXI_MECH_CHAIN_KEY_WRAP, retail = CXI_MECH_CHAIN_CBC_RETAIL;
    const auto mac = bench.sign(des, CXI_MECH_CHAIN_CMAC, data, false);
    const auto wrapped = bench.run(SFC_CXI_KEY_WRAP, {kw, raw, aes, ByteView()});
    REQUIRE(code_of(wrapped) == 0);
    PropertyList back = CxiBench::key_template(CXI_KEY_ALGO_RAW, 256, "G", "back");
    const std::pair<const char*, std::function<Result<Bytes>()>> commands[] = {
        {"CRYPT by key wrap", [&] { return bench.crypt(aes, CXI_MECH_MODE_ENCRYPT | kw, {}, data); }},
        {"CRYPT by a MAC",
         [&] { return bench.crypt(des, CXI_MECH_MODE_MAC_SINGLE | CXI_MECH_CHAIN_CMAC, {}, data); }},
        {"SIGN by CMAC", [&] { return bench.sign(des, CXI_MECH_CHAIN_CMAC, data, false); }},
        {"SIGN by the retail MAC", [&] { return bench.sign(des, retail, data, false); }},
        {"VERIFY by CMAC", [&] { return bench.verify(des, CXI_MECH_CHAIN_CMAC, data, *mac, false); }},
        {"HASH_COMPUTE by CMAC",
         [&] {
             return bench.run(SFC_CXI_HASH_COMPUTE, {CXI_FLAG_HASH_PART, CXI_MECH_CHAIN_CMAC, 0, des, data});
         }},
        {"KEY_WRAP",
         [&] {
             return bench.run(SFC_CXI_KEY_WRAP, {kw, raw, aes, ByteView()});
         }},
        {"KEY_UNWRAP",
         [&] {
             return bench.run(SFC_CXI_KEY_UNWRAP, {0, kw, aes, ByteView(), back.encode(), *wrapped});
         }},
    };
    const std::size_t keys = *bench.cxi.keys.count();
    for (const auto& [name, command] : commands) {
        INFO(name);
        const std::size_t handles = bench.context.handles.size();
        abandonment->withdraw();
        CHECK(code_of(command()) == E_OS_PCI_CANCEL);
        CHECK(bench.context.handles.size() == handles);
        CHECK(*bench.cxi.keys.count() == keys);
        abandonment->begin();
        CHECK(code_of(command()) == 0);
    }
}

TEST_CASE("the import of a long RSA key ends in the middle when nobody waits, and leaves nothing") {
    CxiBench bench;
    const auto abandonment = std::make_shared<Abandonment>();
    bench.context.abandonment = abandonment;
    const SecretBytes key = private_key_der(**generate_rsa(4096));
    const PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, "G", "long");
    const auto import = [&] {
        return code_of(bench.run(SFC_CXI_KEY_IMPORT, {0, CXI_KEY_TYPE_PRIVATE, 0, list.encode(), ByteView(),
                                                      ByteView(key), ByteView()}));
    };
    std::thread hangs_up([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        abandonment->withdraw();
    });
    CHECK(import() == E_OS_PCI_CANCEL);
    hangs_up.join();
    CHECK(*bench.cxi.keys.count() == 0);
    abandonment->begin();
    CHECK(import() == 0);
}
