// Key files against vectors of the openssl command and python (test/vectors/make_key_files.py).
#include <openssl/pem.h>

#include "host-lib/cards/key_source.h"
#include "host-lib/cards/key_tasks.h"
#include "host-lib/files/key_file.h"

#include "host-lib/files/host_file.h"
#include "test/bad_input.h"
#include "test/places.h"
#include "test/unit/scratch.h"

using namespace cs2sim;
using namespace cs2sim::host;

namespace {

const std::filesystem::path kVectors = source_folder() / "test/vectors/key_files";
const std::string kPassword = "correct horse #1";

std::optional<SecretBytes> password(std::string_view text = kPassword) { return to_secret(as_bytes(text)); }

SecretBytes vector_file(const std::string& name) {
    auto text = read_host_file(kVectors / name, 1 << 20);
    REQUIRE(text);
    return *text;
}

// The public key as openssl wrote it.
Bytes public_der(const std::string& name) {
    const SecretBytes text = vector_file(name + ".public.pem");
    const Handle<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    const Handle<EVP_PKEY> key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
    REQUIRE(key);
    return public_key_der(*key);
}

bool signs_for(const KeyFile& file, ByteView der) {
    const auto signature = sign_sha256(*file.key, as_bytes("message"));
    const auto peer = public_key_from_der(der);
    return signature && peer && verify_sha256(**peer, as_bytes("message"), *signature);
}

SecretBytes text_of(std::string_view text) { return to_secret(as_bytes(text)); }

}  // namespace

TEST_CASE("key files of every kind load and sign for the right public key") {
    const std::string name = GENERATE("p256", "p320", "p521", "rsa1024", "rsa2048", "rsa4096");
    const Bytes der = public_der(name);
    for (const char* form : {".clear.key", ".pkcs8.pem", ".traditional.pem"}) {
        CAPTURE(name, form);
        const SecretBytes text = vector_file(name + form);
        CHECK_FALSE(key_text_is_protected(text));
        const auto file = parse_key_text(text, std::nullopt);
        REQUIRE(code_of(file) == 0);
        CHECK(file->has_private);
        CHECK(public_key_der(*file->key) == der);
        CHECK(signs_for(*file, der));
        CHECK(code_of(parse_key_text(text, password())) == 0);  // a password that is not needed does no harm
    }
    for (const char* form : {".protected.key", ".pkcs8enc.pem", ".traditionalenc.pem"}) {
        CAPTURE(name, form);
        const SecretBytes text = vector_file(name + form);
        CHECK(key_text_is_protected(text));
        const auto file = parse_key_text(text, password());
        REQUIRE(code_of(file) == 0);
        CHECK(signs_for(*file, der));
        CHECK(code_of(parse_key_text(text, std::nullopt)) == E_CSA_KEY_PASSWORD);
        CHECK(code_of(parse_key_text(text, password("wrong"))) == E_CSA_KEY_PASSWORD);
        CHECK(code_of(parse_key_text(text, password(""))) == E_CSA_KEY_PASSWORD);
    }
}

TEST_CASE("protected EC files of earlier versions, with another padding, are still read") {
    const std::string name = GENERATE("p256", "p320", "p521");
    CAPTURE(name);
    const auto file = parse_key_text(vector_file(name + ".earlier.key"), password());
    REQUIRE(code_of(file) == 0);
    CHECK(signs_for(*file, public_der(name)));
    CHECK(code_of(parse_key_text(vector_file(name + ".earlier.key"), password("wrong"))) ==
          E_CSA_KEY_PASSWORD);
}

TEST_CASE("key files that earlier versions wrote are read") {
    const auto read = [](const char* name, std::string_view secret) {
        const auto text = read_host_file(kVectors / "../earlier" / name, 1 << 16);
        REQUIRE(text);
        return parse_key_text(*text, to_secret(as_bytes(secret)));
    };
    const auto ec = read("ec.key", "ec-pass");
    REQUIRE(code_of(ec) == 0);
    CHECK(ec->has_private);
    const auto rsa = read("rsa1032.key", "rsa-pass");
    REQUIRE(code_of(rsa) == 0);
    CHECK(rsa->has_private);
    CHECK(rsa->owner == "Ann");
}

TEST_CASE("who needs the public part only needs no password, and MOD and PEXP are enough") {
    const std::string name = GENERATE("p256", "p320", "p521", "rsa1024", "rsa2048", "rsa4096");
    CAPTURE(name);
    const SecretBytes text = vector_file(name + ".protected.key");
    CHECK_FALSE(key_text_is_protected(text, KeyPart::public_only));
    const auto file = parse_key_text(text, std::nullopt, KeyPart::public_only);
    REQUIRE(code_of(file) == 0);
    CHECK_FALSE(file->has_private);
    CHECK(public_key_der(*file->key) == public_der(name));
    const std::string path = kVectors / (name + ".protected.key");
    CHECK(code_of(read_key_file(*parse_key_spec(path + "#wrong"), {}, KeyPart::public_only)) == 0);

    if (name.starts_with("p")) return;
    std::string fields;
    std::istringstream lines{std::string(as_text(text))};
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("MOD=") || line.starts_with("PEXP=")) fields += line + "\n";
    const auto bare = parse_key_text(text_of(fields), std::nullopt);
    REQUIRE(code_of(bare) == 0);
    CHECK(public_key_der(*bare->key) == public_der(name));

    const std::size_t exponent = fields.find("PEXP=");
    REQUIRE(exponent != std::string::npos);
    fields.replace(exponent, std::string::npos, "PEXP=10001\n");  // as a script's "%x" writes it
    const auto odd = parse_key_text(text_of(fields), std::nullopt);
    REQUIRE(code_of(odd) == 0);
    CHECK(public_key_der(*odd->key) == public_der(name));
}

TEST_CASE("owner and public-only files") {
    const auto file = parse_key_text(vector_file("p320.clear.key"), std::nullopt);
    REQUIRE(file);
    CHECK(file->owner == "p320 owner");

    const auto pem = parse_key_text(vector_file("rsa2048.public.pem"), std::nullopt);
    REQUIRE(code_of(pem) == 0);
    CHECK_FALSE(pem->has_private);
    CHECK(public_key_der(*pem->key) == public_der("rsa2048"));

    const auto text = format_key_text(*file->key, "me", std::nullopt, false);
    REQUIRE(text);
    CHECK(as_text(*text).find("PRV") == std::string_view::npos);
    const auto again = parse_key_text(*text, std::nullopt);
    REQUIRE(code_of(again) == 0);
    CHECK_FALSE(again->has_private);
    CHECK(code_of(format_key_text(*again->key, "me", std::nullopt)) == E_CSA_KEY_TYPE);
}

TEST_CASE("files are written byte for byte as the vendor's tool does") {
    const std::string name = GENERATE("p256", "p320", "p521", "rsa1024", "rsa2048", "rsa4096");
    CAPTURE(name);
    const SecretBytes clear = vector_file(name + ".clear.key");
    const auto file = parse_key_text(clear, std::nullopt);
    REQUIRE(file);
    const auto written = format_key_text(*file->key, file->owner, std::nullopt);
    REQUIRE(written);
    CHECK(as_text(*written) == as_text(clear));
    const auto hidden = format_key_text(*file->key, file->owner, password());
    REQUIRE(hidden);
    CHECK(as_text(*hidden) == as_text(vector_file(name + ".protected.key")));
}

TEST_CASE("keywords in either case, CRLF, missing CURVE") {
    const SecretBytes vector = vector_file("p320.protected.key");
    std::string text(as_text(vector));
    text.replace(text.find("CURVE=brainpoolP320t1\n"), 22, "");
    text.replace(text.find("PUB="), 4, "pub = ");
    std::string crlf;
    for (char c : text) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
    CHECK(code_of(parse_key_text(text_of(crlf), password())) == 0);
}

TEST_CASE("damaged key files are refused, never crash") {
    const std::string name =
        GENERATE("p320.clear.key", "p320.protected.key", "rsa1024.clear.key", "rsa1024.protected.key",
                 "p256.pkcs8.pem", "rsa1024.traditionalenc.pem");
    const SecretBytes whole = vector_file(name);
    SECTION("cut anywhere") {
        for (std::size_t size = 0; size < whole.size(); size += 13) {
            test::bad_input("key files, damaged");
            const auto file = parse_key_text(ByteView(whole).first(size), password());
            if (!file) CHECK((file.error().code >> 16 == 0xB906));
        }
    }
    SECTION("a byte changed anywhere") {
        for (std::size_t at = 0; at < whole.size(); at += 29)
            for (const std::uint8_t byte : {0x00, 0x0A, 0x30, 0x21, 0x3D, 0xFF}) {
                SecretBytes changed = whole;
                changed[at] = byte;
                test::bad_input("key files, damaged");
                const auto file = parse_key_text(changed, password());
                if (!file) CHECK((file.error().code >> 16 == 0xB906));
            }
    }
}

TEST_CASE("hostile numbers in key files") {
    const char* const texts[] = {
        "",
        "\n\n\n",
        "# RSA key\n",
        "# RSA key\nMOD=00\nPEXP=03\n",
        "# RSA key\nMOD=\nPEXP=\n",
        "# ECC key\nCURVE=nonsense\nPUB=04\nPRV=01\n",
        "# ECC key\nPUB=04\nPRV=00\n",
        "# ECC key\nPRV=00\n",
        "# ECC key\nPRV=!00\n",
        "# ECC key\nPRV=!\n",
        "# ECC key\nPRV=123\n",
        "PRV=01\nPRV=02\n",
        "no field at all",
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    };
    for (const char* text : texts) {
        CAPTURE(text);
        test::bad_input("key files, damaged");
        const auto file = parse_key_text(text_of(text), password());
        REQUIRE_FALSE(file);
        CHECK((file.error().code == E_CSA_KEY_FORMAT || file.error().code == E_CSA_KEY_PASSWORD));
    }
    std::string many;
    for (int i = 0; i < 5000; ++i) many += "F" + std::to_string(i) + "=1\n";
    CHECK(code_of(parse_key_text(text_of(many), {})) == E_CSA_KEY_FORMAT);

    // Secrets that belong to another key, or are zero.
    const SecretBytes rsa = vector_file("rsa1024.clear.key");
    for (const char* field : {"SEXP=", "P=", "Q=", "U=", "DP=", "DQ=", "MOD=", "PEXP="}) {
        std::string text(as_text(rsa));
        const auto from = text.find(field) + std::string(field).size();
        const auto to = text.find('\n', from);
        for (const std::string& value :
             {std::string(to - from, '0'), std::string(to - from, 'F'), std::string("02")}) {
            CAPTURE(field, value);
            std::string changed = text;
            changed.replace(from, to - from, value);
            test::bad_input("key files, damaged");
            const auto file = parse_key_text(text_of(changed), {});
            if (file)
                CHECK(signs_for(*file, public_der("rsa1024")));  // OpenSSL recovers from bad CRT numbers
        }
    }
}

TEST_CASE("public parts that no key has are a malformed file, not a wrong password") {
    const std::string secret(96, 'A');
    const std::string texts[] = {
        "# ECC key\nCURVE=NIST-P256\nPUB=00\nPRV=!" + secret + "\n",
        "# ECC key\nCURVE=NIST-P256\nPUB=" + std::string(130, '0') + "\nPRV=!" + secret + "\n",
        "# RSA key\nMOD=00\nPEXP=010001\nSEXP=!" + secret + "\n",
        "# RSA key\nMOD=" + std::string(512, 'F') + "\nPEXP=00\nSEXP=!" + secret + "\n",
    };
    for (const std::string& text : texts) {
        CAPTURE(text);
        CHECK(code_of(parse_key_text(text_of(text), password())) == E_CSA_KEY_FORMAT);
        CHECK(code_of(parse_key_text(text_of(text), std::nullopt, KeyPart::public_only)) == E_CSA_KEY_FORMAT);
    }
}

TEST_CASE("PEM of other kinds of keys is refused") {
    const char* const ed25519 =
        "-----BEGIN PRIVATE KEY-----\n"
        "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
        "-----END PRIVATE KEY-----\n";
    CHECK(code_of(parse_key_text(text_of(ed25519), {})) == E_CSA_KEY_TYPE);
}

TEST_CASE("KEYSPEC") {
    const auto plain = parse_key_spec(" keys/my.key ");
    REQUIRE(plain);
    CHECK(plain->place == "keys/my.key");
    CHECK_FALSE(plain->password);
    const auto with = parse_key_spec("my.key#a#b ");
    REQUIRE(with);
    CHECK(with->place == "my.key");
    CHECK(as_text(*with->password) == "a#b ");
    CHECK(parse_key_spec("my.key#ask")->ask);
    CHECK(parse_key_spec(":cs2:cjo:USB0")->card);
    CHECK(parse_key_spec("my.key#")->password->empty());
    for (const char* bad : {"", "  ", "#password"}) CHECK(code_of(parse_key_spec(bad)) == E_CSA_PARAM);
}

TEST_CASE("read_key_file asks for the password of a protected file, once") {
    int asked = 0;
    Terminal terminal;
    terminal.ask_secret = [&](const std::string& prompt) -> Result<SecretBytes> {
        ++asked;
        CHECK(prompt.find("p320.protected.key") != std::string::npos);
        return to_secret(as_bytes(kPassword));
    };
    const std::string path = kVectors / "p320.protected.key";
    CHECK(code_of(read_key_file(*parse_key_spec(path), terminal)) == 0);
    CHECK(asked == 1);
    CHECK(code_of(read_key_file(*parse_key_spec(path + "#ask"), terminal)) == 0);
    CHECK(asked == 2);
    CHECK(code_of(read_key_file(*parse_key_spec(path + "#" + kPassword), terminal)) == 0);
    CHECK(code_of(read_key_file(*parse_key_spec((kVectors / "p320.clear.key").string()), terminal)) == 0);
    CHECK(asked == 2);
    CHECK(code_of(read_key_file(*parse_key_spec(path))) == E_CSA_KEY_PASSWORD);
    CHECK(code_of(read_key_file(*parse_key_spec("/nonexistent/x.key"))) == E_CSA_KEY_OPEN);
    CHECK(code_of(read_key_file(*parse_key_spec("/tmp"))) == E_CSA_KEY_OPEN);
    CHECK(code_of(read_key_file(*parse_key_spec("/dev/zero"))) == E_CSA_KEY_OPEN);
}

TEST_CASE("generate, copy, change password, save public part") {
    const ScratchFolder folder;
    const std::string rsa = folder.path() / "rsa.key";
    const std::string ec = folder.path() / "ec.key";
    const auto made = generate_key(KeyFileKind::rsa, rsa + "#pw", "1024", "Ann");
    REQUIRE(code_of(made) == 0);
    CHECK(made->bits == 1024);
    const auto made_ec = generate_key(KeyFileKind::ec, ec, "", "Bob");
    REQUIRE(code_of(made_ec) == 0);
    CHECK(made_ec->curve == "brainpoolP320t1");
    CHECK(made_ec->bits == 320);
    CHECK(code_of(generate_key(KeyFileKind::ec, ec, "NIST-P256", "Bob")) == 0);
    CHECK(code_of(generate_key(KeyFileKind::ec, ec, "no-curve", "Bob")) == E_ECA_NOT_FOUND);
    for (const char* size : {"512", "9000", "1025", "x", "2048x", "-2048"})
        CHECK(code_of(generate_key(KeyFileKind::rsa, rsa, size, "")) == E_CSA_KEY_LENGTH);
    CHECK(code_of(generate_key(KeyFileKind::rsa, "/nonexistent/x.key", "1024", "")) == E_CSA_KEY_WRITE);
    CHECK(code_of(generate_key(KeyFileKind::ec, ec, "", "two\nlines")) == E_CSA_PARAM);

    const auto file = read_key_file(*parse_key_spec(rsa + "#pw"));
    REQUIRE(code_of(file) == 0);
    CHECK(file->owner == "Ann");
    CHECK(code_of(read_key_file(*parse_key_spec(rsa + "#no"))) == E_CSA_KEY_PASSWORD);
    CHECK((std::filesystem::status(rsa).permissions() & std::filesystem::perms::group_read) ==
          std::filesystem::perms::none);

    CHECK(code_of(change_key_password(rsa + "#no", as_bytes("new"))) == E_CSA_KEY_PASSWORD);
    REQUIRE(code_of(change_key_password(rsa + "#pw", as_bytes("new"))) == 0);
    CHECK(code_of(read_key_file(*parse_key_spec(rsa + "#pw"))) == E_CSA_KEY_PASSWORD);
    const std::string copy = folder.path() / "copy.key";
    REQUIRE(code_of(copy_key(rsa + "#new", copy)) == 0);
    const auto copied = read_key_file(*parse_key_spec(copy));
    REQUIRE(code_of(copied) == 0);
    CHECK(copied->owner == "Ann");
    CHECK(signs_for(*copied, public_key_der(*file->key)));
    const std::string pub = folder.path() / "public.key";
    REQUIRE(code_of(save_public_key(rsa + "#new", pub)) == 0);
    CHECK_FALSE(read_key_file(*parse_key_spec(pub))->has_private);
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 4);  // no temporary left
}

TEST_CASE("keys of every curve come back from their files") {
    const ScratchFolder folder;
    for (const std::string curve :
         {"NIST-P192", "NIST-P224", "NIST-P256", "NIST-P384", "NIST-P521", "secp256r1", "P-384", "secp256k1",
          "brainpoolP192r1", "brainpoolP224t1", "brainpoolP256r1", "brainpoolP320r1", "brainpoolP320t1",
          "brainpoolP384t1", "brainpoolP512r1"}) {
        INFO(curve);
        const std::string path = folder.path() / "ec.key";
        const auto made = generate_key(KeyFileKind::ec, path + "#pw", curve, "Bob");
        REQUIRE(code_of(made) == 0);
        const auto file = read_key_file(*parse_key_spec(path + "#pw"));
        REQUIRE(code_of(file) == 0);
        CHECK(signs_for(*file, public_key_der(*file->key)));
    }
}

TEST_CASE("a new password is asked for twice") {
    const ScratchFolder folder;
    const std::string path = folder.path() / "ec.key";
    std::vector<std::string> answers;
    Terminal terminal;
    terminal.ask_secret = [&](const std::string&) -> Result<SecretBytes> {
        const std::string answer = answers.back();
        answers.pop_back();
        return to_secret(as_bytes(answer));
    };
    answers = {"tipped", "typed"};
    CHECK(code_of(generate_key(KeyFileKind::ec, path + "#ask", "", "Bob", terminal)) == E_PP_PIN_REPETITION);
    CHECK_FALSE(std::filesystem::exists(path));
    answers = {"typed", "typed"};
    REQUIRE(code_of(generate_key(KeyFileKind::ec, path + "#ask", "", "Bob", terminal)) == 0);
    CHECK(code_of(read_key_file(*parse_key_spec(path + "#typed"))) == 0);
}

TEST_CASE("key sources") {
    const std::string path = kVectors / "rsa1024.protected.key";
    const auto rsa = open_key_source(path + "#" + kPassword);
    REQUIRE(code_of(rsa) == 0);
    CHECK((*rsa)->mechanism() == 0);
    const auto token = (*rsa)->token();
    REQUIRE(token);
    CHECK(to_bytes(*token) == public_der("rsa1024"));
    const auto signature = (*rsa)->sign("ANN", as_bytes("message"));
    REQUIRE(signature);
    CHECK(verify_sha256(**public_key_from_der(*token), as_bytes("message"), *signature));
    CHECK(code_of((*rsa)->password()) == E_CSA_KEY_TYPE);
    CHECK((*open_key_source((kVectors / "p320.clear.key").string()))->mechanism() == 5);

    const auto pub = open_key_source((kVectors / "rsa2048.public.pem").string());
    REQUIRE(code_of(pub) == 0);
    CHECK(code_of((*pub)->sign("ANN", {})) == E_CSA_KEY_TYPE);

    const auto typed = open_password("secret");
    REQUIRE(typed);
    CHECK_FALSE((*typed)->mechanism());
    CHECK(as_text(*(*typed)->password()) == "secret");
    CHECK(code_of((*typed)->sign("ANN", {})) == E_CSA_KEY_TYPE);
    CHECK(code_of(open_password("ask")) == E_CSA_KEY_PASSWORD);
    Terminal terminal;
    terminal.ask_secret = [](const std::string&) -> Result<SecretBytes> {
        return to_secret(as_bytes("typed"));
    };
    CHECK(as_text(*(*open_password("ask", terminal))->password()) == "typed");
    CHECK(as_text(*password_source(as_bytes("ask"))->password()) == "ask");
}
